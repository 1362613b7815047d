//! `synth_mask_table`: what it masks, what it leaves, what it refuses, and that originals are gone.

mod masks;
mod originals;
mod refusals;
mod structure;
mod transactions;

use super::{Session, Test};

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        masks::tests(),
        originals::tests(),
        structure::tests(),
        refusals::tests(),
        transactions::tests(),
    ]
    .concat()
}

/// Sets a rule.
fn rule(session: &mut Session, table: &str, column: &str, rule: &str) {
    let rule = rule.replace('\'', "''");
    session.run(&format!(
        "SELECT synth_set_rule('{table}', '{column}', '{rule}')"
    ));
}

/// Masks a table; gives the number of rows.
#[track_caller]
fn mask(session: &mut Session, table: &str) -> String {
    session.value(&format!("SELECT synth_mask_table('{table}')"))
}
