//! Masking while others write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{next, nothing_left, rule, same_rows};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    nothing_is_lost_under_load,
    a_vacuumed_place_is_not_mistaken,
    changes_before_the_swap_are_in_the_proof,
];

/// Writers keep a mirror of the table, in the same transactions. A reader holds the swap up until
/// they have stopped: what they write after it is not masked, and not meant to be.
fn nothing_is_lost_under_load(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id bigint PRIMARY KEY, email text UNIQUE, note text, n int);
         INSERT INTO t SELECT i, 'person' || i || '@real.org', repeat('note ' || i, 20), 0 FROM generate_series(1, 4000) i;
         CREATE TABLE mirror (LIKE t INCLUDING ALL);
         INSERT INTO mirror TABLE t;
         CREATE SEQUENCE fresh START 100000",
    );
    for table in ["t", "mirror"] {
        rule(&mut session, table, "email", "MASKED WITH email");
        rule(&mut session, table, "note", "MASKED WITH hash");
    }
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM t");
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..3_u64)
        .map(|number| {
            let mut writer = session.another(pg);
            let stop = Arc::clone(&stop);
            thread::spawn(move || {
                let mut state = 0x5EED + number;
                let mut written = 0;
                while !stop.load(Ordering::Relaxed) {
                    let key = next(&mut state) % 1400 * 3 + number;
                    let both = |sql: &str| {
                        ["t", "mirror"].map(|table| sql.replace("$t", table)).join("; ")
                    };
                    let change = match next(&mut state) % 6 {
                        0 => format!(
                            "SELECT nextval('fresh'); {}",
                            both("INSERT INTO $t SELECT currval('fresh'), 'new' || currval('fresh') || '@real.org', 'new', 1")
                        ),
                        1 => both(&format!("DELETE FROM $t WHERE id = {key}")),
                        2 => both(&format!("UPDATE $t SET note = note || 'x', email = 'changed' || id || '@real.org' WHERE id = {key}")),
                        // Two rows swap their unique values.
                        3 => format!(
                            "{}; {}; {}",
                            both(&format!("UPDATE $t SET email = 'between{number}' WHERE id = {key}")),
                            both(&format!("UPDATE $t SET email = (SELECT 'moved' || id || '@real.org') WHERE id = {}", key + 3)),
                            both(&format!("UPDATE $t SET email = 'person' || id || '@real.org' WHERE id = {key}"))
                        ),
                        4 => both(&format!("UPDATE $t SET n = n + 1 WHERE id BETWEEN {key} AND {key} + 6 AND id % 3 = {number}")),
                        _ => both(&format!("UPDATE $t SET id = id + 10000000 WHERE id = {key}")),
                    };
                    let end = if next(&mut state).is_multiple_of(8) { "ROLLBACK" } else { "COMMIT" };
                    if writer.attempt(&format!("BEGIN; {change}; {end}")).is_err() {
                        writer.run("ROLLBACK");
                    } else {
                        written += 1;
                    }
                }
                written
            })
        })
        .collect();
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt(
            "CALL synth_mask_table_online('t', batch_rows => 100, rows_per_second => 8000, lock_timeout => '50 ms')",
        )
    });
    let mut waited = String::new();
    for _ in 0..1500 {
        waited = session
            .column(
                "SELECT phase || ' ' || waiting_for FROM synth.progress WHERE waiting_for = 'lock'",
            )
            .pop()
            .unwrap_or_default();
        if waited == "catch up lock" || masking.is_finished() {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    stop.store(true, Ordering::Relaxed);
    let written: usize = writers.into_iter().map(|w| w.join().unwrap()).sum();
    assert_eq!(
        waited, "catch up lock",
        "the swap did not wait for a reader"
    );
    reader.run("COMMIT");
    let outcome = masking.join().unwrap();
    assert!(
        outcome.is_ok(),
        "masking fails under load: {}",
        outcome.unwrap_err()
    );
    assert!(
        written > 50,
        "only {written} changes: this test shows nothing"
    );
    session.run("SELECT synth_mask_table('mirror')");
    same_rows(&mut session, "t", "mirror");
    assert_eq!(
        session.value("SELECT count(*) FROM t WHERE email LIKE '%real.org' OR length(note) <> 64"),
        "0",
        "originals are left"
    );
    nothing_left(&mut session);
}

/// A row is deleted after it was copied, its place is vacuumed, and another row takes it.
fn a_vacuumed_place_is_not_mistaken(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, v text);
         INSERT INTO t SELECT i, 'value ' || i FROM generate_series(1, 1000) i;
         CREATE TABLE mirror AS TABLE t",
    );
    rule(&mut session, "t", "v", "MASKED WITH hash(20)");
    rule(&mut session, "mirror", "v", "MASKED WITH hash(20)");
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT 1 FROM t LIMIT 1");
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt("CALL synth_mask_table_online('t', 100, lock_timeout => '20 ms')")
    });
    for _ in 0..1000 {
        if session.column("SELECT phase FROM synth.progress WHERE waiting_for = 'lock'")
            == ["catch up"]
        {
            break;
        }
        thread::sleep(Duration::from_millis(10));
    }
    // The reader holds up the swap all the while, and not VACUUM: it has no snapshot.
    for table in ["t", "mirror"] {
        session.run(&format!("DELETE FROM {table} WHERE id <= 300"));
    }
    session.run("VACUUM t");
    for table in ["t", "mirror"] {
        session.run(&format!(
            "INSERT INTO {table} SELECT i, 'late ' || i FROM generate_series(2000, 2250) i; UPDATE {table} SET v = v || ' more' WHERE id % 50 = 0"
        ));
    }
    assert_eq!(
        session.value("SELECT count(*) > 0 FROM t WHERE id BETWEEN 2000 AND 2250 AND (ctid::text::point)[0] < 3"),
        "t",
        "no place was taken again: this test shows nothing"
    );
    reader.run("COMMIT");
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    session.run("SELECT synth_mask_table('mirror')");
    same_rows(&mut session, "t", "mirror");
}

/// Rows that change between the pass for the fingerprint and the swap, which a reader holds up.
fn changes_before_the_swap_are_in_the_proof(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int PRIMARY KEY, v text, other int);
         INSERT INTO t SELECT i, 'Original ' || i, i FROM generate_series(1, 500) i;
         INSERT INTO t SELECT i, NULL, i FROM generate_series(501, 520) i",
    );
    rule(&mut session, "t", "v", "MASKED WITH hash(20)");
    let mut reader = session.another(pg);
    reader.run("BEGIN; SELECT count(*) FROM t");
    let mut masker = session.another(pg);
    let masking = thread::spawn(move || {
        masker.attempt("CALL synth_mask_table_online('t', lock_timeout => '50 ms')")
    });
    super::until_the_swap_waits(&mut session, || masking.is_finished());
    session.run(
        "INSERT INTO t SELECT i, 'Late original ' || i, i FROM generate_series(1001, 1010) i;
         UPDATE t SET v = 'Changed original', other = -1 WHERE id = 7;
         UPDATE t SET v = NULL WHERE id = 8;
         DELETE FROM t WHERE id BETWEEN 100 AND 120 OR id = 501",
    );
    reader.run("COMMIT");
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert_eq!(
        session.column(
            "SELECT place || ' ' || verdict FROM synth_verify_masked('t', false)
             WHERE place IN ('rows', 'NULLs', 'unmasked columns') ORDER BY 1"
        ),
        ["NULLs equal", "rows equal", "unmasked columns equal"],
        "what others changed before the swap is not in the control totals"
    );
    assert_eq!(
        session.column("SELECT concat_ws(' ', verification ->> 'rows', verification ->> 'clean', before #>> '{public.t,rows}') FROM synth.audit_log WHERE operation = 'mask_table_online'"),
        ["equal 1 508"]
    );
    for (found, late) in [("1", "Late original 1005"), ("2", "Changed original")] {
        session.run(&format!("UPDATE t SET v = '{late}' WHERE id = {found}"));
        assert_eq!(
            session.column(
                "SELECT surviving FROM synth_verify_masked('t', false) WHERE place = 'heap'"
            ),
            [found],
            "{late} is not known as an original"
        );
    }
}
