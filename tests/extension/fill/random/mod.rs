//! Random schemas: rows arrive that satisfy them, or it is said beforehand what cannot be met.
//!
//! `SYNTH_FILL_SCHEMAS` says how many are drawn (50), `SYNTH_FILL_SEED` with which the first.

mod draw;
mod pieces;
mod schema;

use draw::{Draw, draw};
use schema::Schema;

use super::{Session, anew, fault, prepared, problems};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![postgres_accepts_what_is_drawn, random_schemas_are_filled];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

fn seeds() -> std::ops::Range<u64> {
    let first = setting("SYNTH_FILL_SEED", 1);
    first..first + setting("SYNTH_FILL_SCHEMAS", 50)
}

/// Not a test of the extension but of the test: schemas that are no SQL would show nothing.
fn postgres_accepts_what_is_drawn(pg: &Postgres) {
    let mut session = prepared(pg);
    for seed in seeds() {
        anew(&mut session);
        let schema = draw(seed);
        if let Err(refusal) = session.attempt(&schema.sql()) {
            panic!("seed {seed}: Postgres refuses\n{}\n{refusal}", schema.sql());
        }
        // The pieces can be left out one by one.
        for less in schema.smaller().iter().step_by(29) {
            anew(&mut session);
            if let Err(refusal) = session.attempt(&less.sql()) {
                panic!(
                    "seed {seed}, smaller: Postgres refuses\n{}\n{refusal}",
                    less.sql()
                );
            }
        }
    }
}

fn random_schemas_are_filled(pg: &Postgres) {
    let mut session = prepared(pg);
    // What does not end is a failure to be shrunk, too.
    session.run("SET statement_timeout = '20s'");
    let mut failures = Vec::new();
    for seed in seeds() {
        let schema = draw(seed);
        if let Err(failure) = tried(&mut session, &schema, seed) {
            eprintln!("seed {seed} fails: {failure}");
            let (schema, failure) = shrunk(&mut session, schema, failure, seed);
            let types = schema.sql();
            failures.push(format!("=== seed {seed}: {failure}\n{types}"));
        }
        if failures.len() == 5 {
            break;
        }
    }
    assert!(
        failures.is_empty(),
        "{} schemas failed:\n{}",
        failures.len(),
        failures.join("\n")
    );
}

/// The smallest schema found that fails in the same way.
fn shrunk(session: &mut Session, schema: Schema, failure: String, seed: u64) -> (Schema, String) {
    let kind = |failure: &str| failure.split(':').next().unwrap_or_default().to_owned();
    let (mut schema, mut failure) = (schema, failure);
    let mut patience = 60;
    'shrinking: loop {
        for less in schema.smaller() {
            patience -= 1;
            if patience == 0 {
                break 'shrinking;
            }
            if let Err(now) = tried(session, &less, seed)
                && kind(&now) == kind(&failure)
            {
                (schema, failure) = (less, now);
                continue 'shrinking;
            }
        }
        break;
    }
    (schema, failure)
}

/// Fills a schema; gives what is wrong, which begins with its kind.
fn tried(session: &mut Session, schema: &Schema, seed: u64) -> Result<(), String> {
    let _shown = ShownOnPanic(schema, seed);
    let rows = 3 + Draw(seed).below(120);
    anew(session);
    session.run(&schema.sql());
    let filled = session.attempt(&format!(
        "SELECT table_name::text::regclass, rows_asked, rows_written, note FROM synth_fill_schema('t', {rows}, seed => {seed})"
    ));
    let tables = session.column(
        "SELECT oid::regclass FROM pg_class WHERE relnamespace = 't'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY 1",
    );
    match (filled, &schema.contradiction) {
        (Ok(_), Some((table, constraint))) => Err(format!(
            "impossible rows: {constraint} of {table} cannot be met"
        )),
        (Err(refusal), None) => Err(match fault(&refusal) {
            Some(fault) => format!("{fault}: {refusal}"),
            None => format!("refused what can be met: {refusal}"),
        }),
        (Err(refusal), Some((table, constraint))) => {
            if let Some(fault) = fault(&refusal) {
                return Err(format!("{fault}: {refusal}"));
            }
            if !refusal.to_string().contains(constraint) {
                return Err(format!("constraint not named: {refusal}"));
            }
            let problem = session.column(&format!(
                "SELECT problem FROM synth_plan_fill('\"{}\"', {rows}) WHERE problem LIKE '%{constraint}%'",
                table.replace('\'', "''")
            ));
            if problem.is_empty() {
                return Err(format!("the plan does not say so: {refusal}"));
            }
            for table in tables {
                if session.value(&format!("SELECT count(*) FROM {table}")) != "0" {
                    return Err(format!("rows of a refused fill: in {table}"));
                }
            }
            Ok(())
        }
        (Ok(report), None) => {
            if report.len() != tables.len() {
                return Err(format!("tables missing from the report: {report:?}"));
            }
            for line in &report {
                if line[1] != line[2] && line[3].as_deref().unwrap_or_default().is_empty() {
                    return Err(format!("fewer rows without a note: {line:?}"));
                }
                let table = line[0].as_deref().unwrap_or_default();
                let there = session.value(&format!("SELECT count(*) FROM {table}"));
                if Some(there.as_str()) != line[2].as_deref() {
                    return Err(format!("rows miscounted: {there} in {line:?}"));
                }
            }
            held(session)?;
            again(session, &tables, seed)
        }
    }
}

/// Where the connection breaks, the schema is shown all the same.
struct ShownOnPanic<'a>(&'a Schema, u64);

impl Drop for ShownOnPanic<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("=== seed {}\n{}", self.1, self.0.sql());
        }
    }
}

fn held(session: &mut Session) -> Result<(), String> {
    let problems = problems(session, &["t"]);
    if problems.is_empty() {
        Ok(())
    } else {
        Err(format!("rows do not hold: {}", problems.join("\n")))
    }
}

/// Ten rows more for each table: where the plan sees no problem, they arrive.
fn again(session: &mut Session, tables: &[String], seed: u64) -> Result<(), String> {
    for table in tables {
        let literal = table.replace('\'', "''");
        let announced = session
            .attempt(&format!(
                "SELECT problem FROM synth_plan_fill('{literal}', 10) WHERE problem IS NOT NULL"
            ))
            .map_err(|refusal| format!("the plan fails: {table}: {refusal}"))?;
        let call = format!("SELECT synth_fill('{literal}', 10, seed => {})", seed + 1);
        match session.attempt(&call) {
            Ok(_) if announced.is_empty() => {}
            Ok(_) => {
                return Err(format!(
                    "needless problem in the plan: {table}: {announced:?}"
                ));
            }
            Err(refusal) if announced.is_empty() => {
                return Err(format!("not announced: {table}: {refusal}"));
            }
            Err(refusal) => {
                if let Some(fault) = fault(&refusal) {
                    return Err(format!("{fault}: {table}: {refusal}"));
                }
            }
        }
    }
    held(session)
}
