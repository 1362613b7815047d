//! The extension, as SQL clients meet it.
//!
//! Each test has a database of its own. Where the server has no `pg_synth` (see `make install`),
//! these tests say so and are ignored.

mod copy_masked;
mod detect;
mod documents;
mod domains;
mod examples;
mod fill;
mod generate;
mod hostile;
mod keys;
mod mask_table;
mod mask_value;
mod masks;
mod online;
mod proof;
mod reference;
mod rules;
mod scan;
mod scan_parallel;
pub mod schedule;
mod security;
pub mod session;
mod upgrade;
mod values;

use libtest_mimic::Trial;

use crate::Fixture;
use crate::servers::postgres::Postgres;
pub use session::{Session, row};

/// The tests.
pub fn trials(fixture: &Fixture) -> Vec<Trial> {
    let tests: Vec<(&str, Vec<Test>)> = vec![
        ("detect", detect::tests()),
        ("documents", documents::tests()),
        ("domains", domains::tests()),
        ("fill", fill::tests()),
        ("generate", generate::tests()),
        ("scan", scan::tests()),
        ("scan_parallel", scan_parallel::tests()),
        ("rules", rules::tests()),
        ("values", values::tests()),
        ("upgrade", upgrade::tests()),
        ("keys", keys::tests()),
        ("mask_table", mask_table::tests()),
        ("mask_value", mask_value::tests()),
        ("masks", masks::tests()),
        ("masks", masks::reversing::tests()),
        ("copy_masked", copy_masked::tests()),
        ("online", online::tests()),
        ("proof", proof::tests()),
        ("hostile", hostile::tests()),
        ("schedule", schedule::without::tests()),
        ("security", security::tests()),
        ("examples", examples::tests()),
        ("reference", reference::tests()),
    ];
    let mut trials = Vec::new();
    for (subject, tests) in tests {
        for (name, test) in tests {
            trials.push(fixture.extension(&format!("extension::{subject}::{name}"), test));
        }
    }
    for (name, test) in schedule::tests() {
        trials.push(fixture.scheduling(&format!("extension::schedule::{name}"), test));
    }
    trials
}

/// Name and body of a test.
pub type Test = (&'static str, fn(&Postgres));

/// Lists functions as tests under their own names.
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        /// The tests of this file.
        pub fn tests() -> Vec<crate::extension::Test> {
            vec![$((stringify!($name), $name as fn(&crate::servers::postgres::Postgres))),*]
        }
    };
}
pub(crate) use tests;

/// A fresh database with the extension; gives its name.
pub fn database(pg: &Postgres) -> String {
    let name = pg.create_database();
    pg.psql(&name, "CREATE EXTENSION pg_synth")
        .unwrap_or_else(|e| panic!("CREATE EXTENSION fails:\n{e}"));
    name
}

/// A superuser's session in a fresh database with the extension.
pub fn fresh(pg: &Postgres) -> Session {
    Session::open(pg, &database(pg))
}
