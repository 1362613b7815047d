//! `synth_fill`, `synth_fill_schema` and `synth_plan_fill`: any schema is filled with rows that
//! hold, or the plan says beforehand why not.
//!
//! Postgres guarantees some constraints when rows come through INSERT; these rows do not, so every
//! test has `check_rows.sql` look at what arrived.

mod beforehand;
mod checks;
mod constraints;
mod errors;
mod keys;
mod overrides;
mod partitions;
mod plan;
mod random;
mod references;
mod rounds;
mod schema;
mod security;
mod selection;
mod types;
mod values;

use super::session::Refusal;
use super::{Session, Test, fresh};
use crate::servers::postgres::Postgres;

/// The tests of all files here.
pub fn tests() -> Vec<Test> {
    [
        beforehand::tests(),
        checks::tests(),
        constraints::tests(),
        errors::tests(),
        keys::tests(),
        overrides::tests(),
        partitions::tests(),
        plan::tests(),
        random::tests(),
        references::tests(),
        schema::tests(),
        security::tests(),
        rounds::tests(),
        selection::tests(),
        types::tests(),
        values::tests(),
    ]
    .concat()
}

/// A session in a fresh database that can look at rows.
fn prepared(pg: &Postgres) -> Session {
    let mut session = fresh(pg);
    session.run("SET client_min_messages = warning");
    session.run(include_str!("check_rows.sql"));
    session
}

/// An empty schema `t`, first in the search path.
fn anew(session: &mut Session) {
    session.run(
        "DROP SCHEMA IF EXISTS t CASCADE; CREATE SCHEMA t; SET search_path = t, public, pg_catalog",
    );
}

/// Every row of these schemas holds.
#[track_caller]
fn assert_rows_hold(session: &mut Session, schemas: &[&str]) {
    let problems = problems(session, schemas);
    assert!(
        problems.is_empty(),
        "rows that do not hold:\n{}",
        problems.join("\n")
    );
}

fn problems(session: &mut Session, schemas: &[&str]) -> Vec<String> {
    let list = schemas.join("', '");
    session.column(&format!("SELECT public.check_rows('{list}')"))
}

/// What a table holds, as one hash that does not depend on the order of its rows.
fn contents(session: &mut Session, table: &str) -> String {
    session.value(&format!(
        "SELECT count(*) || ' ' || coalesce(md5(string_agg(line, E'\\n' ORDER BY line COLLATE \"C\")), '')
         FROM (SELECT \"whole row\"::text AS line FROM {table} AS \"whole row\") lines"
    ))
}

/// Fills a table; gives the number of rows that it says.
#[track_caller]
fn fill(session: &mut Session, table: &str, rows: u32) -> String {
    session.value(&format!("SELECT synth_fill('{table}', {rows}, seed => 1)"))
}

/// Fills the tables of each definition in turn, in a schema of their own, with 200 rows each; all
/// failures at once.
#[track_caller]
fn assert_filled(session: &mut Session, definitions: &[&str]) {
    let mut failures = Vec::new();
    for definition in definitions {
        anew(session);
        session.run(definition);
        if let Err(failure) = filled(session, 200) {
            failures.push(format!("{definition}\n    {failure}"));
        }
    }
    assert!(
        failures.is_empty(),
        "{} of {} definitions:\n{}",
        failures.len(),
        definitions.len(),
        failures.join("\n")
    );
}

/// Fills schema `t`; every table must get all its rows, and they must hold.
fn filled(session: &mut Session, rows: u32) -> Result<(), String> {
    let report = session
        .attempt(&format!(
            "SELECT table_name, rows_asked, rows_written, note FROM synth_fill_schema('t', {rows}, seed => 1)"
        ))
        .map_err(|refusal| refusal.to_string())?;
    for line in &report {
        if line[1] != line[2] {
            return Err(format!("fewer rows than asked: {line:?}"));
        }
    }
    if report.is_empty() {
        return Err("no table was filled".to_owned());
    }
    let problems = problems(session, &["t"]);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(problems.join("\n    "))
    }
}

/// Definitions of `t.target` that cannot be met, with the words that name what is in the way.
type Impossible = (&'static str, &'static [&'static str]);

/// The plan announces each of these, `synth_fill` refuses with the same, and nothing is written.
#[track_caller]
fn assert_announced(session: &mut Session, cases: &[Impossible], rows: u32) {
    let mut failures = Vec::new();
    for (definition, words) in cases {
        anew(session);
        session.run(definition);
        let plan = session.attempt(&format!(
            "SELECT column_name, problem FROM synth_plan_fill('target', {rows}) WHERE problem IS NOT NULL"
        ));
        match plan {
            Err(refusal) => failures.push(format!("{definition}\n    the plan fails: {refusal}")),
            Ok(lines) if lines.is_empty() => {
                failures.push(format!("{definition}\n    the plan sees no problem"));
            }
            Ok(lines) => {
                let text = format!("{lines:?}");
                for word in words.iter().filter(|word| !text.contains(**word)) {
                    failures.push(format!(
                        "{definition}\n    no {word:?} in the plan's problem {text}"
                    ));
                }
            }
        }
        match session.attempt(&format!("SELECT synth_fill('target', {rows}, seed => 1)")) {
            Ok(_) => failures.push(format!("{definition}\n    filled all the same")),
            Err(refusal) => {
                if let Some(fault) = fault(&refusal) {
                    failures.push(format!("{definition}\n    {fault}: {refusal}"));
                }
                let text = refusal.to_string();
                for word in words.iter().filter(|word| !text.contains(**word)) {
                    failures.push(format!("{definition}\n    no {word:?} in the error {text}"));
                }
            }
        }
        if session.value("SELECT count(*) FROM target") != "0" {
            failures.push(format!("{definition}\n    rows were written"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is wrong with a refusal that should have been thought of: an error of the load itself, an
/// internal error, or no hint.
fn fault(refusal: &Refusal) -> Option<&'static str> {
    let load = [
        "new row for relation",
        "violates",
        "duplicate key",
        "no partition of relation",
        "out of range",
        "value too long",
    ];
    if refusal.code.starts_with("XX") {
        Some("an internal error")
    } else if load.iter().any(|words| refusal.message.contains(words)) {
        Some("an error of the load")
    } else if refusal.hint.is_empty() {
        Some("no hint")
    } else {
        None
    }
}

/// An error that the caller can act on, and nothing written to `table`.
#[track_caller]
fn assert_refused(session: &mut Session, call: &str, table: &str, says: &[&str]) -> Refusal {
    let before = contents(session, table);
    match session.attempt(call) {
        Ok(rows) => panic!("no error from\n{call}\nbut {rows:?}"),
        Err(refusal) => {
            let text = refusal.to_string();
            if let Some(fault) = fault(&refusal) {
                panic!("{fault} from\n{call}\n{text}");
            }
            for word in says {
                assert!(
                    text.contains(word),
                    "no {word:?} in what\n{call}\ngives:\n{text}"
                );
            }
            assert_eq!(
                before,
                contents(session, table),
                "rows were written by\n{call}"
            );
            refusal
        }
    }
}
