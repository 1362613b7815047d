//! A panic inside a mask: an error that gives no value away, and nothing else.

use super::attacked;
use crate::extension::{Session, fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    a_panic_in_every_form_of_masking,
    the_switch_is_for_superusers,
];

fn faulty(session: &mut Session) {
    session.run("SET pg_synth.fault = 'panic_in_mask'");
}

/// Says what was done and that it is a defect, and keeps the panic's text, which holds the value.
#[track_caller]
fn panics(session: &mut Session, sql: &str, says: &str) {
    let error = session.refused(sql, "XX000", says);
    let text = error.to_string();
    assert!(error.hint.contains("defect"), "{text}");
    assert!(
        !text.contains("Original"),
        "the error holds a value: {text}"
    );
    assert!(
        !text.contains("pg_synth.fault"),
        "the panic's text is told: {text}"
    );
}

fn a_panic_in_every_form_of_masking(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, v text); INSERT INTO s.t SELECT i, 'Original ' || i FROM generate_series(1, 3000) i;
         SELECT synth_set_rule('s.t', 'v', 'MASKED WITH hash'), synth_set_rule('s.t', 'id', 'NOT MASKED');
         CREATE TABLE kept (n int); CREATE TABLE before AS TABLE s.t;
         CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER passing BEFORE UPDATE ON s.t FOR EACH ROW EXECUTE FUNCTION pass()",
    );
    let pid = session.pid();
    let file = session.value("SELECT pg_relation_filenode('s.t')");
    let forms = [
        ("SELECT synth_mask_table('s.t')", "masking s.t.v"),
        (
            "SELECT synth_mask_table('s.t', fire_triggers => true)",
            "masking s.t.v",
        ),
        ("SELECT * FROM synth_mask_schema('s')", "masking s.t.v"),
        (
            "SELECT * FROM synth_copy_masked('s', 'copied')",
            "masking s.t.v",
        ),
        (
            "SELECT synth_mask('hash', 'Original'::text)",
            "masking a value",
        ),
        (
            "DO $$ BEGIN PERFORM synth_mask_table('s.t'); END $$",
            "masking s.t.v",
        ),
    ];
    faulty(&mut session);
    for (sql, says) in forms {
        panics(&mut session, sql, says);
        // In a transaction: what was done before is there after the savepoint.
        session.run("BEGIN; INSERT INTO kept VALUES (1); SAVEPOINT s");
        panics(&mut session, sql, says);
        session.run("ROLLBACK TO s; COMMIT");
        // Caught, as any error is.
        session.run(&format!(
            "DO $x$ BEGIN {}; RAISE 'no error'; EXCEPTION WHEN internal_error THEN NULL; END $x$",
            sql.replacen("SELECT * FROM", "PERFORM * FROM", 1)
                .replacen("SELECT ", "PERFORM ", 1)
                .replacen("DO $$ BEGIN ", "", 1)
                .replace("; END $$", "")
        ));
    }
    panics(
        &mut session,
        "CALL synth_mask_table_online('s.t')",
        "masking s.t.v",
    );
    session.run("SELECT synth_mask_online_abort('s.t')");
    assert_eq!(session.value("SELECT count(*) FROM kept"), "6");
    assert_eq!(
        session.value("SELECT pg_relation_filenode('s.t')"),
        file,
        "the table was written anew"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM ((TABLE s.t EXCEPT TABLE before) UNION (TABLE before EXCEPT TABLE s.t)) d"),
        "0",
        "rows have changed"
    );
    assert_eq!(
        session.value("SELECT to_regnamespace('copied') IS NULL"),
        "t"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM synth.audit_log WHERE operation LIKE 'mask%'"),
        "0"
    );
    // The same backend masks, once the fault is gone.
    session.run("RESET pg_synth.fault");
    assert_eq!(session.value("SELECT synth_mask_table('s.t')"), "3000");
    assert_eq!(session.pid(), pid);
    assert_eq!(
        session.value("SELECT count(*) FROM s.t WHERE v ~ '^[0-9a-f]{64}$'"),
        "3000"
    );
    // Where it happened is in the server's log, and no value.
    let log = pg.log();
    assert!(
        log.contains("pg_synth: internal error at "),
        "the log does not say where"
    );
    assert!(!log.contains("Original 1"), "the log holds a value");
    // Unmasking is a mask at work, too.
    session.run("CREATE TABLE u (v text); SELECT synth_set_rule('u', 'v', 'MASKED WITH fpe')");
    faulty(&mut session);
    panics(
        &mut session,
        "SELECT synth_unmask('u', 'v', 'Original 12'::text)",
        "masking a value",
    );
}

/// Others cannot set it, neither now nor before the library is loaded, and nobody in a file.
fn the_switch_is_for_superusers(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    mallory.run("SELECT synth_last_seed()");
    mallory.refused(
        "SET pg_synth.fault = 'panic_in_mask'",
        "42501",
        "pg_synth.fault",
    );
    // A fresh session, in which the name says nothing yet.
    let mut early = session.role(pg, &role);
    early.run("SET pg_synth.fault = 'panic_in_mask'; SELECT synth_set_rule('own', 'v', 'MASKED WITH hash')");
    assert_eq!(early.value("SELECT synth_mask_table('own')"), "1");
    session.run("SELECT synth_last_seed()");
    session.refused(
        "ALTER SYSTEM SET pg_synth.fault = 'panic_in_mask'",
        "55P02",
        "pg_synth.fault",
    );
    assert_eq!(
        session.value("SELECT count(*) FROM pg_settings WHERE name = 'pg_synth.fault'"),
        "0"
    );
    session.run("SET pg_synth.fault = 'something else'; SELECT synth_mask_table('superusers')");
}
