//! What is refused before a row is touched, and the odd tables that are not.

use super::{mask, rule};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    masks_that_would_clash_are_refused,
    temporary_and_unlogged_tables,
    what_is_not_a_table_with_rules,
    read_only_transactions_are_refused,
];

fn masks_that_would_clash_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (email text PRIMARY KEY, n int UNIQUE, w text); CREATE UNIQUE INDEX part ON t (w) WHERE n > 0; INSERT INTO t SELECT i || '@real.org', i, i FROM generate_series(1, 3000) i");
    for (column, masked, index) in [
        ("email", "first_name", "t_pkey"),
        ("email", "partial(1)", "t_pkey"),
        ("email", "VALUE 'x'", "t_pkey"),
        ("n", "generalize(10)", "t_n_key"),
        ("n", "VALUE 1", "t_n_key"),
        ("w", "phone", "part"),
    ] {
        rule(&mut session, "t", column, &format!("MASKED WITH {masked}"));
        let error = session.refused("SELECT synth_mask_table('t')", "55000", index);
        assert!(error.hint.contains("synth.registry"), "{error}");
        session.run(&format!("SELECT synth_drop_rule('t', '{column}')"));
    }
    rule(&mut session, "t", "email", "MASKED WITH email");
    rule(&mut session, "t", "n", "MASKED WITH null");
    rule(&mut session, "t", "w", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "t"), "3000");
    assert_eq!(
        session.value("SELECT count(DISTINCT email) + count(DISTINCT w) + count(n) FROM t"),
        "6000"
    );
}

fn owner_of(pg: &Postgres) -> (Option<u32>, Option<u32>) {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(pg.socket_dir()).unwrap();
    (Some(data.uid()), Some(data.gid()))
}

fn temporary_and_unlogged_tables(pg: &Postgres) {
    let mut session = fresh(pg);
    for kind in ["TEMP", "UNLOGGED", ""] {
        session.run(&format!("CREATE {kind} TABLE t (v text); INSERT INTO t SELECT 'Original' FROM generate_series(1, 3000)"));
        let persistence =
            session.value("SELECT relpersistence FROM pg_class WHERE oid = 't'::regclass");
        rule(&mut session, "t", "v", "MASKED WITH last_name");
        assert_eq!(mask(&mut session, "t"), "3000", "{kind}");
        assert_eq!(
            session.value("SELECT count(*) FROM t WHERE v = 'Original'"),
            "0"
        );
        assert_eq!(
            session.value("SELECT relpersistence FROM pg_class WHERE oid = 't'::regclass"),
            persistence
        );
        session.run("TRUNCATE t");
        assert_eq!(mask(&mut session, "t"), "0", "empty");
        session.run("DROP TABLE t");
    }
    session.run("BEGIN; CREATE TEMP TABLE d (v text) ON COMMIT DELETE ROWS; INSERT INTO d VALUES ('Original')");
    rule(&mut session, "d", "v", "MASKED WITH hash");
    assert_eq!(mask(&mut session, "d"), "1");
    session.run("COMMIT");
    session.run("CREATE TEMP TABLE other (v text)");
    let schema = session.value("SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()");
    rule(&mut session, "other", "v", "MASKED WITH hash");
    let mut intruder = session.another(pg);
    intruder.refused(
        &format!("SELECT synth_mask_table('{schema}.other')"),
        "0A000",
        "temporary tables of other sessions",
    );
    // Tables in a tablespace of their own stay there.
    let directory = format!("{}/space_{}", pg.socket_dir().display(), session.database);
    std::fs::create_dir(&directory).unwrap();
    std::os::unix::fs::chown(&directory, owner_of(pg).0, owner_of(pg).1).unwrap();
    let space = format!("space_{}", session.database);
    session.run(&format!("CREATE TABLESPACE {space} LOCATION '{directory}'"));
    session.run(&format!(
        "CREATE TABLE spaced (v text) TABLESPACE {space}; INSERT INTO spaced VALUES ('Original')"
    ));
    rule(&mut session, "spaced", "v", "MASKED WITH hash");
    mask(&mut session, "spaced");
    assert_eq!(session.value("SELECT spcname FROM pg_tablespace t JOIN pg_class c ON c.reltablespace = t.oid WHERE relname = 'spaced'"), space);
    session.run("DROP TABLE spaced");
    session.run(&format!("DROP TABLESPACE {space}"));
}

fn what_is_not_a_table_with_rules(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); CREATE INDEX i ON t (v); CREATE VIEW w AS SELECT * FROM t; CREATE MATERIALIZED VIEW m AS SELECT * FROM t; CREATE SEQUENCE s; CREATE TYPE c AS (a int)");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "Set one: SELECT synth_set_rule",
    );
    rule(&mut session, "t", "v", "NOT MASKED");
    session.refused(
        "SELECT synth_mask_table('t')",
        "55000",
        "has no masking rule",
    );
    for other in [
        "i",
        "w",
        "m",
        "s",
        "c",
        "pg_class",
        "pg_catalog.pg_authid",
        "pg_toast.pg_toast_1255",
    ] {
        session.refused(
            &format!("SELECT synth_mask_table('{other}')"),
            "42809",
            "is not a table that can be masked",
        );
    }
    session.refused("SELECT synth_mask_table(NULL)", "22004", "null");
    session.refused(
        "SELECT synth_mask_table(987654321)",
        "42809",
        "dropped meanwhile",
    );
    session.refused("SELECT synth_mask_table('missing')", "42P01", "missing");
    session.run("CREATE TABLE nothing ()");
    session.refused(
        "SELECT synth_mask_table('nothing')",
        "55000",
        "has no masking rule",
    );
}

fn read_only_transactions_are_refused(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run("CREATE TABLE t (v text); INSERT INTO t VALUES ('Original')");
    rule(&mut session, "t", "v", "MASKED WITH hash");
    for query in [
        "SELECT synth_mask_table('t')",
        "SELECT synth_set_rule('t', 'v', 'NOT MASKED')",
        "SELECT synth_drop_rule('t', 'v')",
    ] {
        session.run("BEGIN READ ONLY");
        session.refused(query, "25006", "read-only transaction");
        session.run("ROLLBACK");
    }
    assert_eq!(session.value("SELECT v FROM t"), "Original");
}
