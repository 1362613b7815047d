//! `synth_mask_table_online`: what it gives, while the table is used, and after kills.

mod control;
mod dealt;
mod kill;
mod load;
mod results;
mod routed;
mod standby;

use std::thread;
use std::time::Duration;

use super::{Session, Test};

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        results::tests(),
        routed::tests(),
        load::tests(),
        dealt::tests(),
        control::tests(),
        kill::tests(),
        standby::tests(),
    ]
    .concat()
}

/// Numbers that decide what a test does.
fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    *state >> 33
}

/// Sets a rule.
fn rule(session: &mut Session, table: &str, column: &str, rule: &str) {
    let rule = rule.replace('\'', "''");
    session.run(&format!(
        "SELECT synth_set_rule('{table}', '{column}', '{rule}')"
    ));
}

/// Asserts that two tables hold the same rows.
#[track_caller]
fn same_rows(session: &mut Session, one: &str, other: &str) {
    let differences = format!(
        "SELECT count(*) FROM ((TABLE {one} EXCEPT ALL TABLE {other}) UNION ALL (TABLE {other} EXCEPT ALL TABLE {one})) d"
    );
    assert_eq!(
        session.value(&differences),
        "0",
        "{one} and {other} are not the same"
    );
}

/// Asserts that a run has left nothing but masked rows.
#[track_caller]
fn nothing_left(session: &mut Session) {
    assert_eq!(
        session.column(
            "SELECT relname FROM pg_class WHERE relname ~ '^online_(shadow|log|map|deal|deck)_'"
        ),
        Vec::<String>::new(),
        "tables of a run are left"
    );
    assert_eq!(
        session.value(
            "SELECT count(*) FROM pg_trigger WHERE tgfoid = 'synth.online_capture'::regproc"
        ),
        "0",
        "a trigger is left"
    );
}

/// Waits until a run waits for the lock of its swap, or until it is over.
fn until_the_swap_waits(session: &mut Session, is_over: impl Fn() -> bool) {
    for _ in 0..3000 {
        let waited = session.column(
            "SELECT phase || ' ' || waiting_for FROM synth.progress WHERE waiting_for = 'lock'",
        );
        if waited == ["catch up lock"] || is_over() {
            return;
        }
        thread::sleep(Duration::from_millis(10));
    }
    panic!("the swap does not wait for a lock");
}

/// The phase that a table's owner sees.
fn phase(session: &mut Session, table: &str) -> String {
    session
        .column(&format!(
            "SELECT phase FROM synth.progress WHERE table_name = '{table}'"
        ))
        .pop()
        .unwrap_or_default()
}
