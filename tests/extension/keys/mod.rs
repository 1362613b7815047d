//! Rules on keys carry over to what refers to them; rules are validated before a row is touched;
//! protected tables refuse columns that nobody has decided on.

mod carry;
mod declared;
mod options;
mod protect;
mod route;
mod validate;

use super::{Session, Test};

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        carry::tests(),
        declared::tests(),
        options::tests(),
        protect::tests(),
        route::tests(),
        validate::tests(),
    ]
    .concat()
}

/// Sets a rule.
#[track_caller]
fn rule(session: &mut Session, table: &str, column: &str, rule: &str) {
    let quoted = |text: &str| text.replace('\'', "''");
    session.run(&format!(
        "SELECT synth_set_rule('{}', '{}', '{}')",
        quoted(table),
        quoted(column),
        quoted(rule)
    ));
}

/// Masks a table; gives the number of rows.
#[track_caller]
fn mask(session: &mut Session, table: &str) -> String {
    session.value(&format!(
        "SELECT synth_mask_table('{}')",
        table.replace('\'', "''")
    ))
}
