//! Protected tables: a column without a decision makes everything refuse.

use super::{mask, rule};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    undecided_columns_are_refused,
    what_is_protected,
    the_event_trigger_warns_and_never_blocks,
];

fn undecided_columns_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE person (code text PRIMARY KEY, name text, loud text GENERATED ALWAYS AS (upper(name)) STORED);
         CREATE TABLE visit (code text REFERENCES person); INSERT INTO person VALUES ('Real', 'Real'); INSERT INTO visit VALUES ('Real')",
    );
    rule(&mut session, "person", "name", "MASKED WITH first_name");
    session.run("SELECT synth_protect('person')");
    let refusal = session.refused(
        "SELECT synth_mask_table('person')",
        "55000",
        "column public.person.code of a protected table",
    );
    assert!(refusal.hint.contains("NOT MASKED"), "{refusal}");
    rule(&mut session, "person", "code", "NOT MASKED");
    assert_eq!(mask(&mut session, "person"), "1");
    // A column added later.
    session.run("ALTER TABLE person ADD \"Phone\" text DEFAULT 'Real'");
    let real = session.value("SELECT name FROM person");
    for query in [
        "SELECT synth_mask_table('person')",
        "SELECT * FROM synth_mask_schema('public')",
    ] {
        session.refused(query, "55000", "public.person.Phone");
    }
    assert_eq!(session.value("SELECT name FROM person"), real);
    assert_eq!(
        session.value("SELECT severity FROM synth_validate_rules() WHERE check_name = 'undecided' AND column_name = 'Phone'"),
        "error"
    );
    rule(&mut session, "person", "Phone", "MASKED WITH null");
    assert_eq!(mask(&mut session, "person"), "1");
    // What a key's rule carries over to is decided.
    session.run("SELECT synth_protect('visit')");
    rule(&mut session, "person", "code", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "person"), "1");
    // So is everything else of a referring table looked at.
    session.run("ALTER TABLE visit ADD note text");
    session.refused(
        "SELECT synth_mask_table('person')",
        "55000",
        "public.visit.note",
    );
    session.run("SELECT synth_unprotect('visit')");
    assert_eq!(mask(&mut session, "person"), "1");
}

fn what_is_protected(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "LOAD 'pg_synth'; CREATE TABLE t (a text, b text) PARTITION BY LIST (a); CREATE TABLE t1 PARTITION OF t FOR VALUES IN ('x'); CREATE TABLE t2 PARTITION OF t DEFAULT;
         CREATE TABLE parent (a text); CREATE TABLE child (b text) INHERITS (parent); CREATE VIEW v AS TABLE t",
    );
    rule(&mut session, "t", "a", "NOT MASKED");
    rule(&mut session, "t", "b", "MASKED WITH hash");
    rule(&mut session, "parent", "a", "MASKED WITH hash");
    session.run(
        "SECURITY LABEL FOR pg_synth ON TABLE t IS ' protected '; SELECT synth_protect('parent')",
    );
    assert_eq!(mask(&mut session, "t"), "0");
    session.refused(
        "SELECT synth_mask_table('parent')",
        "55000",
        "public.child.b",
    );
    session.refused(
        "SELECT synth_mask_table('child')",
        "55000",
        "public.child.b",
    );
    session.run("ALTER TABLE t ADD c int");
    session.refused(
        "SELECT synth_mask_table('t1')",
        "55000",
        ".c of a protected table",
    );
    session.run("SELECT synth_unprotect('t')");
    assert_eq!(mask(&mut session, "t"), "0");
    for (sql, code) in [
        ("SELECT synth_protect('v')", "42809"),
        ("SELECT synth_protect('pg_class')", "42809"),
        ("SELECT synth_protect(NULL)", "22004"),
        ("SELECT synth_unprotect(NULL)", "22004"),
        (
            "SECURITY LABEL FOR pg_synth ON TABLE t IS 'MASKED WITH hash'",
            "42809",
        ),
        (
            "SECURITY LABEL FOR pg_synth ON TABLE t IS 'PROTECTED; DROP'",
            "42809",
        ),
        (
            "SECURITY LABEL FOR pg_synth ON VIEW v IS 'PROTECTED'",
            "42809",
        ),
        (
            "SECURITY LABEL FOR pg_synth ON COLUMN t.a IS 'PROTECTED'",
            "42601",
        ),
    ] {
        let error = session.attempt(sql).expect_err(sql);
        assert!(
            error.code == code || error.code == "42501" && sql.contains("pg_class"),
            "{sql}: {error}"
        );
    }
    let role = format!("mallory_{}", session.database);
    session.run(&format!("CREATE ROLE {role} LOGIN"));
    let mut other = session.role(pg, &role);
    other.refused("SELECT synth_protect('t')", "42501", "owner");
    other.refused("SELECT synth_unprotect('parent')", "42501", "owner");
}

fn the_event_trigger_warns_and_never_blocks(pg: &Postgres) {
    let mut session = fresh(pg);
    session
        .run("CREATE TABLE t (a text); CREATE TABLE parts (a text, k int) PARTITION BY LIST (k)");
    rule(&mut session, "t", "a", "NOT MASKED");
    rule(&mut session, "parts", "a", "NOT MASKED");
    rule(&mut session, "parts", "k", "NOT MASKED");
    session.run("SELECT synth_protect('t'), synth_protect('parts')");
    let database = session.database.clone();
    let said = |sql: &str| {
        let output = pg.psql_output(&database, sql);
        assert!(output.status.success(), "{sql} fails");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    let warning = said("ALTER TABLE t ADD b text");
    assert!(
        warning.contains("WARNING:  column public.t.b of a protected table")
            && warning.contains("HINT:"),
        "{warning}"
    );
    let warning = said("CREATE TABLE heir (\"C c\" int) INHERITS (t)");
    assert!(warning.contains("public.heir.C c"), "{warning}");
    assert_eq!(said("CREATE TABLE part1 PARTITION OF parts DEFAULT"), "");
    for quiet in [
        "CREATE TABLE unrelated (a text)",
        "ALTER TABLE unrelated ADD b int",
        "CREATE TABLE taken AS SELECT 1 AS a",
        "SELECT 1 AS a INTO took",
        "DROP TABLE taken, took, unrelated",
    ] {
        assert_eq!(said(quiet), "", "{quiet}");
    }
    let role = format!("anybody_{database}");
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}"
    ));
    let mut anybody = session.role(pg, &role);
    anybody.run("CREATE TABLE own (a int); ALTER TABLE own RENAME a TO b; SELECT synth_protect('own'); ALTER TABLE own ADD c int; DROP TABLE own");
    anybody.refused("SELECT synth.table_changed()", "39P03", "event trigger");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid WHERE d.classid = 'pg_event_trigger'::regclass AND extname = 'pg_synth'"),
        "1",
        "DROP EXTENSION takes the event trigger along"
    );
    session.run("DROP EXTENSION pg_synth CASCADE; ALTER TABLE t ADD z int");
}
