//! Every statement form is a door: each leads to the same check.

use super::attacked;
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    internals_through_every_door,
    masking_functions_through_every_door,
    parallel_plans_give_the_same,
];

/// Statements that call an expression, each in another form.
fn forms_of_call(call: &str) -> Vec<String> {
    [
        "SELECT {}",
        "SELECT 1 WHERE ({}) IS NULL",
        "SELECT count(*) FROM (VALUES (1)) v (x) GROUP BY ({})",
        "SELECT x FROM (VALUES (1)) v (x) ORDER BY ({})",
        "SELECT x FROM (VALUES (1)) v (x) LIMIT length(({})::text)",
        "WITH c AS MATERIALIZED (SELECT {} AS x) SELECT * FROM c",
        "WITH c AS (INSERT INTO own (v) VALUES (({})::text) RETURNING v) SELECT * FROM c",
        "VALUES ({})",
        "BEGIN; DECLARE door CURSOR FOR SELECT {}; FETCH door; COMMIT",
        "PREPARE door AS SELECT {}; EXECUTE door",
        "INSERT INTO own (v) VALUES ('x') RETURNING {}",
        "INSERT INTO own (v) VALUES (({})::text)",
        "UPDATE own SET v = ({})::text",
        "UPDATE own SET w = v RETURNING {}",
        "DELETE FROM own WHERE ({}) IS NULL",
        "MERGE INTO own USING (SELECT 1) s ON true WHEN MATCHED THEN UPDATE SET v = ({})::text",
        "MERGE INTO own USING (SELECT ({})::text AS x) s ON false WHEN NOT MATCHED THEN INSERT (v) VALUES (s.x)",
        "DO $do$ BEGIN PERFORM {}; END $do$",
        "DO $do$ BEGIN EXECUTE $q$SELECT {}$q$; END $do$",
        "EXPLAIN ANALYZE SELECT {}",
        "CREATE TABLE door_made AS SELECT {} AS x",
        "CREATE MATERIALIZED VIEW door_stored AS SELECT {} AS x",
        "CREATE VIEW door_view AS SELECT ({})::text AS x; SELECT * FROM door_view",
        "ALTER TABLE own ALTER w SET DEFAULT ({})::text; INSERT INTO own (v) VALUES ('x')",
        "CREATE FUNCTION door_function() RETURNS text LANGUAGE sql AS $f$ SELECT ({})::text $f$; SELECT door_function()",
        "CREATE FUNCTION door_begin() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT ({})::text; END; SELECT door_begin()",
        "CREATE PROCEDURE door_procedure() LANGUAGE plpgsql AS $f$ BEGIN PERFORM {}; END $f$; CALL door_procedure()",
        "CREATE FUNCTION door_fires() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN PERFORM {}; RETURN NEW; END $f$;
         CREATE TRIGGER door BEFORE INSERT ON own FOR EACH ROW EXECUTE FUNCTION door_fires(); INSERT INTO own (v) VALUES ('x')",
        "CREATE POLICY door ON own USING (({}) IS NOT NULL); ALTER TABLE own ENABLE ROW LEVEL SECURITY; ALTER TABLE own FORCE ROW LEVEL SECURITY; SELECT * FROM own",
        "SET force_parallel_mode = on; SELECT {}",
    ]
    .iter()
    .map(|form| form.replace("{}", call))
    .collect()
}

/// Tries a statement and undoes what it did.
#[track_caller]
fn denied(session: &mut Session, statement: &str) {
    let outcome = session.attempt(statement);
    let _ = session.attempt("ROLLBACK");
    let _ = session.attempt("DEALLOCATE ALL; RESET force_parallel_mode; DROP MATERIALIZED VIEW IF EXISTS door_stored; DROP VIEW IF EXISTS door_view; DROP TABLE IF EXISTS door_made; DROP TRIGGER IF EXISTS door ON own; DROP POLICY IF EXISTS door ON own; ALTER TABLE own DISABLE ROW LEVEL SECURITY, ALTER w DROP DEFAULT");
    let _ = session.attempt("DROP FUNCTION IF EXISTS door_function, door_begin, door_fires; DROP PROCEDURE IF EXISTS door_procedure");
    match outcome {
        Ok(rows) => panic!("no error from\n{statement}\nbut {rows:?}"),
        Err(error) => assert_eq!(error.code, "42501", "{statement}\ngives {error}"),
    }
}

/// The tables of the schema synth that are nobody's business, in each form that reads or writes.
fn internals_through_every_door(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    let hidden = session.column(&format!(
        "SELECT c.relname FROM pg_class c WHERE relnamespace = 'synth'::regnamespace AND relkind = 'r'
         AND NOT has_table_privilege('{role}', c.oid, 'SELECT') ORDER BY 1"
    ));
    assert!(hidden.contains(&"secret".to_owned()), "{hidden:?}");
    for table in hidden.iter().map(|table| format!("synth.{table}")) {
        for statement in [
            format!("TABLE {table}"),
            format!("COPY {table} TO STDOUT"),
            format!("COPY {table} FROM '/dev/null'"),
            format!("BEGIN; LOCK TABLE {table}; COMMIT"),
            format!("TRUNCATE {table}"),
            format!("DELETE FROM {table}"),
            format!("SELECT * FROM {table} FOR UPDATE"),
            format!("EXPLAIN ANALYZE TABLE {table}"),
            format!("BEGIN; DECLARE door CURSOR FOR TABLE {table}; FETCH door; COMMIT"),
            format!("PREPARE door AS TABLE {table}; EXECUTE door"),
            format!("CREATE TABLE door_made AS TABLE {table}"),
            format!(
                "CREATE VIEW door_view AS SELECT count(*)::text AS x FROM {table}; SELECT * FROM door_view"
            ),
            format!(
                "MERGE INTO own USING {table} s ON false WHEN NOT MATCHED THEN INSERT (v) VALUES (s::text)"
            ),
            format!("MERGE INTO {table} t USING own ON true WHEN MATCHED THEN DELETE"),
            format!("INSERT INTO own (v) SELECT x::text FROM {table} x RETURNING v"),
            format!("WITH gone AS (DELETE FROM {table} RETURNING *) SELECT * FROM gone"),
            format!(
                "DO $$ DECLARE r record; BEGIN FOR r IN SELECT * FROM {table} LOOP RAISE NOTICE '%', r; END LOOP; END $$"
            ),
            format!("SET force_parallel_mode = on; SELECT count(*) FROM {table}"),
            format!("CREATE TABLE door_made (LIKE {table}); ALTER TABLE door_made INHERIT {table}"),
            format!("SELECT synth_mask_table('{table}')"),
            format!("SELECT synth_verify_masked('{table}')"),
        ] {
            denied(&mut mallory, &statement);
        }
    }
    assert_eq!(session.value("SELECT count(*) FROM synth.secret"), "1");
}

/// What a role may not call it may not call in any form; nor through a view of somebody who may.
fn masking_functions_through_every_door(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    for call in [
        "synth_mask('hash', 'guess'::text)",
        "synth_mask_table('superusers')",
        "synth_unmask('superusers', 'v', 'x'::text)",
        "synth_rotate_secret()",
        "synth_set_rule('superusers', 'v', 'NOT MASKED')::text",
    ] {
        for statement in forms_of_call(call) {
            denied(&mut mallory, &statement);
        }
    }
    // COPY to the client, in its own program.
    let copy = pg
        .program("psql")
        .args(["-X", "-U", &role, "-d", &session.database, "-c"])
        .arg("COPY (SELECT synth_mask('hash', 'guess'::text)) TO STDOUT")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&copy.stderr);
    assert!(
        said.contains("permission denied for function synth_mask"),
        "{said}"
    );
    assert!(copy.stdout.is_empty());
    session.run(&format!(
        "CREATE VIEW through AS SELECT synth_mask('hash', v) AS v FROM superusers; GRANT SELECT ON through TO {role};
         CREATE FUNCTION helps(t text) RETURNS text LANGUAGE sql AS 'SELECT synth_mask(''hash'', t)'"
    ));
    denied(&mut mallory, "SELECT * FROM through");
    denied(&mut mallory, "SELECT helps('guess')");
    assert_eq!(session.value("SELECT v FROM superusers"), "Original");
    assert_eq!(session.value("SELECT count(*) FROM synth.secret"), "1");
}

/// In workers a mask gives what it gives in the leader, and a door of one is a door of the other.
fn parallel_plans_give_the_same(pg: &Postgres) {
    let (mut session, _, _) = attacked(pg);
    session.run(
        "CREATE TABLE many AS SELECT 'Original ' || i AS v FROM generate_series(1, 20000) i; ANALYZE many;
         SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0",
    );
    let query = "SELECT md5(string_agg(m, ',' ORDER BY m)) FROM (SELECT synth_mask('hash', v) AS m FROM many) s";
    session.run("SET max_parallel_workers_per_gather = 0");
    let alone = session.value(query);
    session.run("SET max_parallel_workers_per_gather = 2");
    assert_eq!(session.value(query), alone);
    session.run("PREPARE p AS SELECT count(*) FROM many WHERE synth_mask('hash', v) = v; SET force_parallel_mode = on");
    assert_eq!(session.value("EXECUTE p"), "0");
}
