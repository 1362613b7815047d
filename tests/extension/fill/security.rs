//! Whose rights a fill has: the caller's, and no more.

use std::time::{Duration, Instant};

use super::{anew, assert_rows_hold, prepared};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    those_without_rights_may_not,
    insert_on_some_columns_suffices,
    parents_must_be_readable,
    row_level_security_holds,
    an_ordinary_role_fills_its_own_schema,
    read_only_transactions_stay_so,
    code_runs_as_the_caller,
    nothing_is_taken_from_the_search_path,
    others_temporary_tables_and_system_tables,
    a_cancelled_fill_leaves_nothing,
    a_fill_rolls_back,
];

/// A role of its own for a test; gives its name.
fn role(session: &mut Session) -> String {
    let name = format!("filler_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA t TO {name}"
    ));
    name
}

fn those_without_rights_may_not(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    owner.run("CREATE TABLE target (id integer PRIMARY KEY, name text)");
    let name = role(&mut owner);
    let mut session = owner.role(pg, &name);
    for call in [
        "SELECT synth_fill('t.target', 10)",
        "SELECT * FROM synth_fill_schema('t', 10)",
    ] {
        session.refused(call, "42501", "target");
    }
    owner.run(&format!("GRANT SELECT ON target TO {name}"));
    session.refused("SELECT synth_fill('t.target', 10)", "42501", "target");
    owner.run(&format!("GRANT INSERT ON target TO {name}"));
    assert_eq!(session.value("SELECT synth_fill('t.target', 10)"), "10");
    owner.run(&format!("REVOKE USAGE ON SCHEMA t FROM {name}"));
    session.refused("SELECT * FROM synth_fill_schema('t', 10)", "42501", "t");
    assert_eq!(owner.value("SELECT count(*) FROM target"), "10");
}

fn insert_on_some_columns_suffices(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    owner.run(
        "CREATE TABLE target (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, secret text DEFAULT 'default', other text NOT NULL DEFAULT 'x')",
    );
    let name = role(&mut owner);
    owner.run(&format!("GRANT INSERT (name) ON target TO {name}"));
    let mut session = owner.role(pg, &name);
    assert_eq!(session.value("SELECT synth_fill('t.target', 20)"), "20");
    assert_eq!(
        owner.value("SELECT bool_and(secret = 'default' AND other = 'x') FROM target"),
        "t",
        "columns that the caller may not write keep their defaults"
    );
    owner.run("ALTER TABLE target ALTER other DROP DEFAULT");
    session.refused("SELECT synth_fill('t.target', 20)", "42501", "target");
    session.refused(
        "SELECT synth_fill('t.target', 20, overrides => '{\"secret\": {\"value\": \"x\"}}')",
        "42501",
        "secret",
    );
}

fn parents_must_be_readable(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    owner.run("CREATE TABLE parent (id integer PRIMARY KEY, private text); INSERT INTO parent VALUES (123456, 'x'); CREATE TABLE target (parent_id integer NOT NULL REFERENCES parent)");
    let name = role(&mut owner);
    owner.run(&format!("GRANT INSERT, SELECT ON target TO {name}"));
    let mut session = owner.role(pg, &name);
    // What the caller may not read must not show in what it can.
    let refusal = session.refused("SELECT synth_fill('t.target', 20)", "42501", "parent");
    assert!(!refusal.to_string().contains("123456"), "{refusal}");
    owner.run(&format!("GRANT SELECT (id) ON parent TO {name}"));
    assert_eq!(session.value("SELECT synth_fill('t.target', 20)"), "20");
    owner.run("ALTER TABLE parent ENABLE ROW LEVEL SECURITY");
    let refused = session.attempt("SELECT synth_fill('t.target', 20)");
    assert!(
        refused.is_err(),
        "a parent whose rows a policy hides was referred to"
    );
}

fn row_level_security_holds(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    owner.run(
        "CREATE TABLE target (id integer NOT NULL, tenant integer NOT NULL, who name NOT NULL DEFAULT CURRENT_USER, body text);
         ALTER TABLE target ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON target USING (tenant = 7) WITH CHECK (tenant = 7)",
    );
    let name = role(&mut owner);
    owner.run(&format!("GRANT SELECT, INSERT ON target TO {name}"));
    let mut session = owner.role(pg, &name);
    match session.attempt("SELECT synth_fill('t.target', 100, seed => 1)") {
        Ok(_) => assert_eq!(
            owner.value("SELECT count(*) FROM target WHERE tenant = 7"),
            "100"
        ),
        Err(refusal) => {
            assert!(
                super::fault(&refusal).is_none() && refusal.to_string().contains("own"),
                "{refusal}"
            );
            assert_eq!(owner.value("SELECT count(*) FROM target"), "0");
        }
    }
    // Told what to write, it goes.
    let before = owner.value("SELECT count(*) FROM target");
    assert_eq!(
        session.value(
            "SELECT synth_fill('t.target', 50, overrides => '{\"tenant\": {\"value\": 7}}')"
        ),
        "50"
    );
    assert_eq!(
        owner.value(&format!("SELECT count(*) - {before} FROM target")),
        "50"
    );
    let elsewhere = session
        .attempt("SELECT synth_fill('t.target', 50, overrides => '{\"tenant\": {\"value\": 8}}')");
    let refusal = elsewhere
        .err()
        .unwrap_or_else(|| panic!("rows that the policy forbids were written"));
    assert!(
        ["42501", "0A000"].contains(&refusal.code.as_str()),
        "{refusal}"
    );
    assert_eq!(
        owner.value("SELECT count(*) FROM target WHERE tenant <> 7"),
        "0"
    );
    owner.run("DROP POLICY own ON target");
    assert!(
        session.attempt("SELECT synth_fill('t.target', 5)").is_err(),
        "no policy lets a row in"
    );
}

fn an_ordinary_role_fills_its_own_schema(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    let name = role(&mut owner);
    owner.run(&format!("CREATE SCHEMA mine AUTHORIZATION {name}"));
    let mut session = owner.role(pg, &name);
    session.run(
        "SET search_path = mine, public;
         CREATE TABLE a (id serial PRIMARY KEY, email text UNIQUE NOT NULL, at timestamptz DEFAULT now());
         CREATE TABLE b (id uuid PRIMARY KEY, a_id integer NOT NULL REFERENCES a);
         CREATE TABLE c (day date NOT NULL) PARTITION BY RANGE (day); CREATE TABLE c1 PARTITION OF c FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')",
    );
    assert_eq!(
        session.value("SELECT sum(rows_written) FROM synth_fill_schema('mine', 100, seed => 1)"),
        "300"
    );
    assert_rows_hold(&mut owner, &["mine"]);
}

fn read_only_transactions_stay_so(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer)");
    session.refused(
        "BEGIN READ ONLY; SELECT synth_fill('target', 10)",
        "25006",
        "",
    );
    session.run("ROLLBACK");
    session.run("BEGIN READ ONLY; SELECT * FROM synth_plan_fill('target', 10); ROLLBACK");
}

/// A check, a default or a trigger that another role wrote must not get more than the caller has,
/// which is what INSERT gives it.
fn code_runs_as_the_caller(pg: &Postgres) {
    let mut owner = prepared(pg);
    anew(&mut owner);
    owner.run(
        "CREATE TABLE seen (who name);
         CREATE FUNCTION who(integer) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t.seen VALUES (current_user); RETURN true; END $$;
         CREATE FUNCTION who_default() RETURNS text LANGUAGE plpgsql AS $$ BEGIN INSERT INTO t.seen VALUES (current_user); RETURN 'x'; END $$;
         CREATE TABLE target (a integer NOT NULL CHECK (t.who(a)), b text DEFAULT t.who_default() NOT NULL)",
    );
    let name = role(&mut owner);
    owner.run(&format!(
        "GRANT INSERT, SELECT ON ALL TABLES IN SCHEMA t TO {name}"
    ));
    let mut session = owner.role(pg, &name);
    assert_eq!(session.value("SELECT synth_fill('t.target', 10)"), "10");
    assert_eq!(owner.column("SELECT DISTINCT who FROM seen"), [name]);
}

fn nothing_is_taken_from_the_search_path(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run(
        "CREATE TABLE target (id integer PRIMARY KEY CHECK (id > 5), name text NOT NULL, parent integer REFERENCES target, at timestamptz DEFAULT now());
         CREATE SCHEMA trap;
         CREATE FUNCTION trap.fall() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'taken from the search path'; END $$;
         CREATE FUNCTION trap.eq(integer, integer) RETURNS boolean LANGUAGE sql AS 'SELECT trap.fall()';
         CREATE OPERATOR trap.= (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap.eq);
         CREATE OPERATOR trap.> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = trap.eq);
         CREATE FUNCTION trap.count(integer) RETURNS bigint LANGUAGE sql AS 'SELECT trap.fall()::integer::bigint';
         CREATE FUNCTION trap.now() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz WHERE trap.fall()';
         CREATE TABLE trap.pg_class (oid oid); CREATE TABLE trap.pg_attribute (attname name); CREATE TABLE trap.pg_type (oid oid);
         SET search_path = trap, t, pg_catalog, public",
    );
    assert_eq!(
        session.value("SELECT public.synth_fill('t.target', 50)"),
        "50"
    );
    session.run("SELECT * FROM public.synth_plan_fill('t.target', 50); SELECT * FROM public.synth_fill_schema('t', 50)");
}

fn others_temporary_tables_and_system_tables(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    let mut other = session.another(pg);
    other.run("CREATE TEMPORARY TABLE private (id integer)");
    let theirs =
        session.value("SELECT oid::regclass::text FROM pg_class WHERE relname = 'private'");
    let refusal = session
        .attempt(&format!("SELECT synth_fill('{theirs}', 10)"))
        .err();
    assert!(
        refusal.is_some_and(|refusal| super::fault(&refusal).is_none()),
        "another session's temporary table"
    );
    for table in [
        "pg_catalog.pg_class",
        "pg_catalog.pg_authid",
        "information_schema.sql_features",
        "synth.secret",
    ] {
        let refusal = session
            .attempt(&format!("SELECT synth_fill('{table}', 10)"))
            .err();
        let refusal = refusal.unwrap_or_else(|| panic!("{table} was filled"));
        assert!(super::fault(&refusal).is_none(), "{table}: {refusal}");
    }
    assert!(
        session
            .attempt("SELECT * FROM synth_fill_schema('pg_catalog', 10)")
            .is_err()
    );
    session.run(
        "CREATE TEMPORARY TABLE mine (id integer PRIMARY KEY, name text) ON COMMIT PRESERVE ROWS",
    );
    assert_eq!(session.value("SELECT synth_fill('mine', 10)"), "10");
}

fn a_cancelled_fill_leaves_nothing(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session
        .run("CREATE TABLE target (id integer PRIMARY KEY, email text UNIQUE NOT NULL, name text)");
    session.run("SELECT synth_fill('target', 10, seed => 1)");
    let pid = session.pid();
    let mut killer = session.another(pg);
    let waiting = std::thread::spawn(move || {
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            let working = killer.value(&format!(
                "SELECT count(*) FROM pg_stat_activity WHERE pid = {pid} AND state = 'active' AND query LIKE '%synth_fill%' AND now() - query_start > '500 ms'"
            ));
            if working == "1" {
                killer.run(&format!("SELECT pg_cancel_backend({pid})"));
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    session.refused(
        "SELECT synth_fill('target', 200000000, seed => 2)",
        "57014",
        "",
    );
    assert!(waiting.join().is_ok());
    assert_eq!(session.value("SELECT count(*) FROM target"), "10");
    assert_eq!(
        session.value("SELECT synth_fill('target', 10, seed => 3)"),
        "10",
        "the session lives on"
    );
    assert_rows_hold(&mut session, &["t"]);
}

fn a_fill_rolls_back(pg: &Postgres) {
    let mut session = prepared(pg);
    anew(&mut session);
    session.run("CREATE TABLE target (id integer PRIMARY KEY, email text UNIQUE NOT NULL)");
    session.run("BEGIN; SELECT synth_fill('target', 100, seed => 1); SAVEPOINT s; SELECT synth_fill('target', 100, seed => 2)");
    session.run("ROLLBACK TO s; SELECT synth_fill('target', 50, seed => 3)");
    assert_eq!(session.value("SELECT count(*) FROM target"), "150");
    session.run("ROLLBACK");
    assert_eq!(session.value("SELECT count(*) FROM target"), "0");
    session.run("DO $$ BEGIN PERFORM synth_fill('t.target', 10); END $$");
    assert_eq!(session.value("SELECT count(*) FROM target"), "10");
    assert_rows_hold(&mut session, &["t"]);
}
