//! A role that is there to read masked rows, as the masked role of tools that mask what is read: it
//! must not find out what the rows were.

use super::super::Session;
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    what_a_reader_may_not_read,
    what_a_reader_may_not_call,
    guesses_are_not_tried,
];

/// What nobody may see.
const ORIGINALS: &str = "Original|123-45-6789|555-01|original.org";

/// A schema and its masked copy, a table that was masked in place, and a role that reads both results.
/// Gives the superuser's session and the reader's.
fn masked(pg: &Postgres) -> (Session, Session) {
    let mut session = fresh(pg);
    let reader = format!("reader_{}", session.database);
    session.run(&format!(
        "CREATE SCHEMA clinic; CREATE SCHEMA hr;
         CREATE TABLE clinic.patient (id int PRIMARY KEY, name text, ssn text, phone text, note text);
         INSERT INTO clinic.patient SELECT i, 'Original ' || i, '123-45-' || 6789 + i, '555-01' || i, repeat('Seen by Mary Jones, a@original.org. ', 300) || i FROM generate_series(1, 200) i;
         CREATE TABLE hr.staff (LIKE clinic.patient INCLUDING ALL); INSERT INTO hr.staff TABLE clinic.patient;
         CREATE INDEX ON hr.staff (name); CREATE STATISTICS hr.both ON name, ssn FROM hr.staff; ANALYZE clinic.patient; ANALYZE hr.staff;
         CREATE MATERIALIZED VIEW hr.names AS SELECT name FROM hr.staff;
         SELECT synth_set_rule(t, 'id', 'NOT MASKED'), synth_set_rule(t, 'name', 'MASKED WITH full_name'), synth_set_rule(t, 'ssn', 'MASKED WITH fpe'),
                synth_set_rule(t, 'phone', 'MASKED WITH hash'), synth_set_rule(t, 'note', 'MASKED WITH redact')
         FROM unnest(ARRAY['clinic.patient', 'hr.staff']::regclass[]) t;
         SELECT synth_copy_masked('clinic', 'open');
         SELECT synth_mask_table('hr.staff');
         SELECT synth_purge_statistics(); ANALYZE open.patient;
         CREATE ROLE {reader} LOGIN; GRANT USAGE ON SCHEMA open, hr TO {reader};
         GRANT SELECT ON ALL TABLES IN SCHEMA open, hr TO {reader};
         REVOKE EXECUTE ON FUNCTION synth_mask_table, synth_mask_schema, synth_copy_masked FROM PUBLIC;
         REVOKE EXECUTE ON PROCEDURE synth_mask_table_online FROM PUBLIC"
    ));
    let reader = session.role(pg, &reader);
    (session, reader)
}

/// The source, what Postgres remembers of it, and every table and view of the extension.
fn what_a_reader_may_not_read(pg: &Postgres) {
    let (mut session, mut reader) = masked(pg);
    for relation in ["open.patient", "hr.staff"] {
        assert_eq!(
            reader.value(&format!(
                "SELECT count(*) || ' ' || count(*) FILTER (WHERE r::text ~ '{ORIGINALS}') FROM {relation} r"
            )),
            "200 0",
            "{relation}"
        );
    }
    for sql in [
        "SELECT * FROM clinic.patient",
        "COPY clinic.patient TO STDOUT",
        "TABLE clinic.patient",
        "SELECT count(*) FROM clinic.patient WHERE name LIKE 'O%'",
        "EXPLAIN ANALYZE SELECT * FROM clinic.patient",
        "CREATE TEMP TABLE c (LIKE clinic.patient INCLUDING STATISTICS)",
        "SELECT * FROM pg_statistic",
        "SELECT * FROM pg_statistic_ext_data",
        "SELECT pg_read_file('postgresql.conf')",
    ] {
        let error = reader.attempt(sql).expect_err(sql);
        assert_eq!(error.code, "42501", "{sql}: {error}");
    }
    // Views that show what a role may see.
    for view in ["pg_stats", "pg_stats_ext", "pg_stats_ext_exprs"] {
        assert_eq!(
            reader.value(&format!(
                "SELECT count(*) FROM {view} v WHERE v::text ~ '{ORIGINALS}'"
            )),
            "0",
            "{view}"
        );
    }
    let own = session.column(
        "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'synth' AND c.relkind IN ('r', 'v', 'm', 'p') ORDER BY 1",
    );
    assert!(own.len() > 5, "{own:?}");
    for relation in own {
        match reader.attempt(&format!("SELECT r::text FROM {relation} r")) {
            Err(error) => assert_eq!(error.code, "42501", "{relation}: {error}"),
            Ok(rows) => {
                let text = format!("{rows:?}");
                assert!(
                    !text.contains("Original") && !text.contains("123-45"),
                    "{relation} shows {text}"
                );
            }
        }
    }
}

/// Every function that masks, unmasks, looks for originals or decides on rules, on tables of others.
fn what_a_reader_may_not_call(pg: &Postgres) {
    let (mut session, mut reader) = masked(pg);
    let before = session.column("SELECT r::text FROM hr.staff r ORDER BY 1");
    for call in [
        "SELECT synth_unmask('hr.staff', 'ssn', (SELECT ssn FROM hr.staff LIMIT 1))",
        "SELECT synth_unmask('clinic.patient', 'ssn', (SELECT ssn FROM open.patient LIMIT 1))",
        "SELECT synth_unmask('open.patient', 'ssn', (SELECT ssn FROM open.patient LIMIT 1))",
        "SELECT synth_grant_unmask(current_user::regrole, 'hr.staff', 'ssn')",
        "SELECT synth_mask('hash', '555-011')",
        "SELECT synth_mask_table('hr.staff')",
        "SELECT * FROM synth_mask_schema('hr')",
        "CALL synth_mask_table_online('hr.staff')",
        "SELECT synth_mask_online_abort('hr.staff')",
        "SELECT * FROM synth_copy_masked('clinic', 'mine')",
        "SELECT * FROM synth_plan_copy('clinic')",
        "SELECT * FROM synth_verify_masked('hr.staff')",
        "SELECT synth_set_rule('hr.staff', 'name', 'NOT MASKED')",
        "SELECT synth_drop_rule('hr.staff', 'name')",
        "SECURITY LABEL FOR pg_synth ON COLUMN hr.staff.name IS 'NOT MASKED'",
        "SELECT synth_protect('hr.staff')",
        "SELECT synth_unprotect('hr.staff')",
        "SELECT synth_reference('hr.staff', '{id}', 'open.patient', '{id}')",
        "SELECT synth_schedule('j', '* * * * *', 'SELECT 1')",
        "SELECT synth_trust_function('lower(text)'::regprocedure)",
        "SELECT synth_rotate_secret()",
        "SELECT synth_shred_secret(1)",
        "SELECT synth_purge_statistics()",
        "SELECT * FROM synth_audit_verify()",
        "SELECT synth_fill('hr.staff', 1)",
        "SELECT synth.random_secret()",
        "CREATE FUNCTION pg_temp.f() RETURNS trigger LANGUAGE C AS '$libdir/pg_synth', 'online_capture'",
    ] {
        let error = reader.attempt(call).expect_err(call);
        assert_eq!(error.code, "42501", "{call}: {error}");
        assert!(
            !format!("{error:?}").contains("Original"),
            "{call}: {error}"
        );
    }
    // What looks at whole schemas leaves out what the role may not see.
    for call in [
        "SELECT * FROM synth_detect('clinic')",
        "SELECT * FROM synth_detect('hr')",
        "SELECT * FROM synth_validate_rules('clinic')",
        "SELECT * FROM synth_apply_detected('clinic', 0)",
    ] {
        match reader.attempt(call) {
            Err(error) => assert_eq!(error.code, "42501", "{call}: {error}"),
            Ok(rows) => assert!(
                !format!("{rows:?}").contains("Original"),
                "{call}: {rows:?}"
            ),
        }
    }
    assert_eq!(
        session.column("SELECT r::text FROM hr.staff r ORDER BY 1"),
        before
    );
}

/// A table of one's own, filled with guesses and masked under the same secret, would say which
/// pseudonym is whose: none of the ways to mask it is open.
fn guesses_are_not_tried(pg: &Postgres) {
    let (mut session, mut reader) = masked(pg);
    session.run("CREATE SCHEMA theirs; GRANT ALL ON SCHEMA theirs TO PUBLIC");
    for (table, schema) in [("pg_temp.guess", "pg_temp"), ("theirs.guess", "theirs")] {
        reader.run(&format!(
            "CREATE TABLE {table} (v text); INSERT INTO {table} SELECT '555-01' || i FROM generate_series(1, 200) i;
             SELECT synth_set_rule('{table}', 'v', 'MASKED WITH hash')"
        ));
        for call in [
            format!("SELECT synth_mask_table('{table}')"),
            format!("SELECT * FROM synth_mask_schema('{schema}')"),
            format!("CALL synth_mask_table_online('{table}')"),
            format!("SELECT * FROM synth_copy_masked('{schema}', 'copied')"),
        ] {
            let error = reader.attempt(&call).expect_err(&call);
            assert_eq!(error.code, "42501", "{call}: {error}");
        }
        assert_eq!(
            reader.value(&format!(
                "SELECT count(*) FROM {table} g JOIN hr.staff s ON s.phone = g.v"
            )),
            "0"
        );
    }
    // Who was let mask gets the pseudonyms that are in the tables, which is why this is not for readers.
    session.run("GRANT EXECUTE ON FUNCTION synth_mask_table TO PUBLIC");
    reader.run("SELECT synth_mask_table('theirs.guess')");
    assert_eq!(
        reader.value("SELECT count(*) FROM theirs.guess g JOIN hr.staff s ON s.phone = g.v"),
        "200"
    );
}
