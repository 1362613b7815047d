//! What is refused before anything is made.

use super::{clinic, decide_rest};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    targets_that_are_there,
    sources_that_cannot_be_copied,
    masks_that_would_break_something,
    arguments_that_make_no_sense,
    read_only_transactions,
];

fn targets_that_are_there(pg: &Postgres) {
    let mut session = clinic(pg);
    for object in [
        "TABLE full.t ()",
        "VIEW full.v AS SELECT 1",
        "FUNCTION full.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "TYPE full.e AS ENUM ()",
        "SEQUENCE full.s",
        "DOMAIN full.d AS int",
    ] {
        session.run(&format!(
            "CREATE SCHEMA \"full\"; CREATE {}",
            object.replace("full.", "\"full\".")
        ));
        let error = session.refused(
            "SELECT synth_copy_masked('clinic', 'full')",
            "42710",
            "is not empty",
        );
        assert!(error.hint.contains("overwrites nothing"), "{error}");
        session.run("DROP SCHEMA \"full\" CASCADE");
    }
    session.run("CREATE SCHEMA empty; SELECT synth_copy_masked('clinic', 'empty')");
    session.refused(
        "SELECT synth_copy_masked('clinic', 'empty')",
        "42710",
        "is not empty",
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', 'clinic')",
        "22023",
        "into itself",
    );
    for schema in [
        "pg_catalog",
        "pg_temp",
        "pg_toast",
        "information_schema",
        "synth",
        "pg_new",
    ] {
        session.refused(
            &format!("SELECT synth_copy_masked('clinic', '{schema}')"),
            "3F000",
            "system",
        );
        session.refused(
            &format!("SELECT synth_copy_masked('{schema}', 'x')"),
            "3F000",
            "system",
        );
    }
}

fn sources_that_cannot_be_copied(pg: &Postgres) {
    let mut session = fresh(pg);
    session.refused(
        "SELECT synth_copy_masked('nowhere', 'x')",
        "3F000",
        "does not exist",
    );
    session.run("CREATE SCHEMA s; CREATE VIEW s.v AS SELECT 1");
    session.refused("SELECT synth_copy_masked('s', 'x')", "55000", "no tables");
    session.run("CREATE TABLE s.p (k int) PARTITION BY LIST (k); CREATE TABLE public.p1 PARTITION OF s.p FOR VALUES IN (1)");
    decide_rest(&mut session, "s");
    session.refused(
        "SELECT synth_copy_masked('s', 'x')",
        "0A000",
        "in another schema",
    );
}

fn masks_that_would_break_something(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("SELECT synth_set_rule('clinic.patients', 'email', 'MASKED WITH VALUE ''x''')");
    session.refused(
        "SELECT synth_copy_masked('clinic', 'x')",
        "55000",
        "patients_email_key",
    );
    session.run("SELECT synth_set_rule('clinic.patients', 'email', 'MASKED WITH null')");
    session.run("SELECT synth_copy_masked('clinic', 'x')");
    assert_eq!(session.value("SELECT count(email) FROM x.patients"), "0");
    session.run(
        "SELECT synth_set_rule('clinic.patients', 'email', 'MASKED WITH shuffle WHEN doctor = 1')",
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', 'y')",
        "55000",
        "patients_email_key",
    );
    session.run("SELECT synth_set_rule('clinic.patients', 'email', 'MASKED WITH null'); CREATE SCHEMA q; CREATE SCHEMA p; CREATE TABLE p.t (k text) PARTITION BY LIST (k); CREATE TABLE q.t1 PARTITION OF p.t DEFAULT PARTITION BY LIST (k); CREATE TABLE q.t2 PARTITION OF q.t1 DEFAULT; SELECT synth_set_rule('p.t', 'k', 'MASKED WITH hash')");
    session.refused("SELECT synth_copy_masked('q', 'y')", "0A000", "elsewhere");
    session.run("ALTER TABLE clinic.patients ALTER birth_date TYPE text");
    session.refused(
        "SELECT synth_copy_masked('clinic', 'y')",
        "42804",
        "date_shift",
    );
}

fn arguments_that_make_no_sense(pg: &Postgres) {
    let mut session = clinic(pg);
    for (subset, code, says) in [
        ("{}", "22023", "names no table"),
        ("[1]", "22023", "must be an object"),
        ("{\"patients\": 1}", "22023", "neither"),
        ("{\"patients\": {\"percent\": 101}}", "22023", "percent"),
        ("{\"patients\": {\"rows\": -1}}", "22023", "rows"),
        ("{\"patients\": {\"rows\": 1e30}}", "22023", "rows"),
        ("{\"patients\": {\"limit\": 3}}", "22023", "limit"),
        ("{\"nobody\": \"true\"}", "42P01", "nobody"),
    ] {
        session.refused(
            &format!("SELECT synth_copy_masked('clinic', 'x', subset => '{subset}')"),
            code,
            says,
        );
    }
    session.refused(
        "SELECT synth_copy_masked(NULL, 'x')",
        "22004",
        "source_schema",
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', NULL)",
        "22004",
        "target_schema",
    );
    session.refused(
        "SELECT synth_copy_masked('clinic', '')",
        "42601",
        "zero-length",
    );
}

fn read_only_transactions(pg: &Postgres) {
    let mut session = clinic(pg);
    session.run("BEGIN READ ONLY");
    session.refused(
        "SELECT synth_copy_masked('clinic', 'x')",
        "25006",
        "read-only",
    );
    session.run("ROLLBACK; BEGIN READ ONLY; SELECT synth_plan_copy('clinic'); COMMIT");
}
