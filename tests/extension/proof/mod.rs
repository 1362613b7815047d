//! Proof, audit and secrets: what a DBA can show afterwards, and what an attacker cannot hide.

mod audit;
mod indexes;
mod kinds;
mod secrets;
mod verify;

use super::{Session, Test};

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        audit::tests(),
        indexes::tests(),
        kinds::tests(),
        secrets::tests(),
        verify::tests(),
    ]
    .concat()
}

/// A table of its own with a rule, masked.
fn masked(session: &mut Session, name: &str) {
    session.run(&format!(
        "CREATE TABLE {name} (id int, v text); INSERT INTO {name} VALUES (1, 'Original'), (2, NULL);
         SELECT synth_set_rule('{name}', 'v', 'MASKED WITH hash'); SELECT synth_mask_table('{name}')"
    ));
}
