//! Hostile use, rule by rule of the design's security rules and item by item of what an attacker has
//! at hand, over every function that the extension offers.
//!
//! | rule | file | test |
//! |---|---|---|
//! | 1 no SQL from text | `entry` | `text_is_never_statement`, `every_function_has_an_attack` |
//! | 1 | `names` | `labels_with_sql_in_them`, `names_that_need_quotes` |
//! | 2 with the owner's rights | `rights` | `code_runs_as_the_owner_of_its_table`, `a_job_altered_by_another` |
//! | 3 safe search path | `entry` | `nothing_is_found_through_the_search_path`; `rights`: `functions_in_sql_pin_their_path` |
//! | 4 the whole tree | `names` | `partitions_through_the_parent` |
//! | 5 bounds, no panic | `entry` | `huge_arguments`; `fault`: all |
//! | 6 every statement form | `doors` | all |
//! | 7 nothing stays behind | `rights` | `no_original_stays_where_triggers_fire`; and the tests of `mask_table::originals` |
//!
//! `reader` is about a role that may read masked rows and no others, the masked role of tools that
//! mask what is read.
//!
//! Rule 8 is the service's: `server_cli` and `server_mcp`. Attacks of one subject alone stand with it
//! (`security`, `copy_masked::security`, `schedule::roles`, `fill::security`, `detect`).

mod doors;
mod entry;
mod fault;
mod names;
mod reader;
mod rights;

use super::security::{assert_harmless, attacker, hostile_objects};
use super::{Session, Test, fresh};
use crate::servers::postgres::Postgres;

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        doors::tests(),
        entry::tests(),
        fault::tests(),
        names::tests(),
        reader::tests(),
        rights::tests(),
    ]
    .concat()
}

/// A database with a table of the superuser's that has a rule, and a role that owns a table of its own
/// and code that tells who runs it. Gives the superuser's session, the role and its session.
fn attacked(pg: &Postgres) -> (Session, String, Session) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    session.run(
        "CREATE TABLE superusers (v text, w text); INSERT INTO superusers VALUES ('Original', 'Other');
         SELECT synth_set_rule('superusers', 'v', 'MASKED WITH hash')",
    );
    let mut mallory = session.role(pg, &role);
    mallory.run(&hostile_objects(&role));
    mallory.run("CREATE TABLE own (v text, w text); INSERT INTO own VALUES ('Mine', 'Too'); DROP TABLE IF EXISTS planted; TRUNCATE seen");
    (session, role, mallory)
}
