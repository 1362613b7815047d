//! What those may not do who do not own, and what may not be done to those who do.

use std::time::{Duration, Instant};

use super::session::Cells;
use super::{Session, fresh, row, tests};
use crate::servers::postgres::Postgres;

tests![
    functions_are_granted_to_those_listed,
    others_may_not_mask_and_do_not_wait,
    the_secret_is_not_read,
    members_of_the_owner_may,
    code_of_a_table_runs_as_its_owner,
    code_of_a_literals_type_runs_as_the_owner,
    nothing_is_taken_from_the_search_path,
    a_schema_that_is_there_is_not_taken_over,
    hostile_arguments_do_not_crash,
];

/// A role of its own for a test, which may create tables; gives its name.
pub fn attacker(session: &mut Session) -> String {
    let role = format!("mallory_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role}"
    ));
    role
}

#[expect(clippy::too_many_lines, reason = "the list of functions")]
fn functions_are_granted_to_those_listed(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    let functions = session.rows(&format!(
        "SELECT p.oid::regprocedure, has_function_privilege('{role}', p.oid, 'EXECUTE'), l.lanname, p.prosecdef
         FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
         JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
         JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
         WHERE p.prosrc <> 'synth_value' AND (p.prosupport = 0 OR p.proname = 'synth_patients')
         ORDER BY p.oid::regprocedure::text COLLATE \"C\""
    ));
    let mut expected: Vec<Cells> = [
        ("synth(text,bigint,bigint,jsonb)", "t", "c"),
        ("synth.function_digest(oid)", "t", "sql"),
        ("synth.look_at_jobs()", "f", "c"),
        ("synth.next_run(text,text,timestamp with time zone)", "t", "c"),
        ("synth.online_capture()", "f", "c"),
        ("synth.point_count(bigint)", "t", "c"),
        ("synth.random_secret()", "f", "c"),
        ("synth.registry_entries()", "t", "c"),
        ("synth.rows_support(internal)", "t", "c"),
        ("synth.rule_problem(regclass,smallint,text)", "t", "c"),
        ("synth.series_value(bigint,bigint,double precision,double precision,double precision,double precision,double precision,double precision,bigint)", "t", "c"),
        ("synth.session_seed()", "t", "c"),
        ("synth.table_changed()", "t", "c"),
        ("synth.this_database()", "t", "c"),
        ("synth_apply_detected(name,double precision)", "t", "c"),
        ("synth_audit_verify(bigint,text)", "f", "c"),
        ("synth_copy_masked(text,text,jsonb,boolean,integer,text)", "t", "c"),
        ("synth_create(text,bigint,text,bigint,date,jsonb)", "t", "c"),
        ("synth_detect(name,bigint)", "t", "c"),
        ("synth_distrust_function(regprocedure)", "f", "sql"),
        ("synth_drop_reference(regclass,name[],regclass,name[])", "t", "c"),
        ("synth_drop_rule(regclass,name)", "t", "c"),
        ("synth_fhir_bundle(bigint,bigint,bigint,date)", "t", "c"),
        ("synth_fill(regclass,bigint,bigint,jsonb)", "t", "c"),
        ("synth_fill_schema(text,bigint,bigint,jsonb)", "t", "c"),
        ("synth_fix_message(bigint,bigint,bigint,date)", "t", "c"),
        ("synth_grant_unmask(regrole,regclass,name)", "f", "c"),
        ("synth_hl7_message(bigint,bigint,bigint,date)", "t", "c"),
        ("synth_import_rules(text,boolean)", "t", "c"),
        ("synth_last_seed()", "t", "c"),
        ("synth_mask(text,anyelement,text[])", "f", "c"),
        ("synth_mask(text,text,text[])", "f", "c"),
        ("synth_mask_online_abort(regclass)", "t", "c"),
        ("synth_mask_schema(name,boolean,boolean,boolean)", "t", "c"),
        ("synth_mask_table(regclass,boolean,boolean,boolean)", "t", "c"),
        ("synth_mask_table_online(regclass,integer,integer,interval,interval,integer)", "t", "c"),
        ("synth_pain001(bigint,bigint,bigint,date)", "t", "c"),
        ("synth_patients(bigint,bigint,bigint,date)", "t", "c"),
        ("synth_pause(text)", "t", "c"),
        ("synth_plan_copy(text,jsonb,boolean,integer,text)", "t", "c"),
        ("synth_plan_fill(regclass,bigint,jsonb)", "t", "c"),
        ("synth_plan_mask(regclass)", "t", "c"),
        ("synth_protect(regclass)", "t", "c"),
        ("synth_purge_statistics()", "f", "c"),
        ("synth_reference(regclass,name[],regclass,name[])", "t", "c"),
        ("synth_resume(text)", "t", "c"),
        ("synth_revoke_unmask(regrole,regclass,name)", "f", "c"),
        ("synth_rotate_secret()", "f", "c"),
        ("synth_run_now(text,boolean)", "t", "c"),
        ("synth_schedule(text,text,text,text,text,integer,interval,time without time zone,time without time zone,text)", "f", "c"),
        ("synth_set_rule(regclass,name,text)", "t", "c"),
        ("synth_shred_secret(integer)", "f", "c"),
        ("synth_timeseries(timestamp with time zone,interval,bigint,bigint,double precision,double precision,double precision,double precision,double precision,double precision,bigint)", "t", "sql"),
        ("synth_trust_function(regprocedure)", "f", "sql"),
        ("synth_unmask(regclass,name,anyelement,integer,text[])", "t", "c"),
        ("synth_unmask(regclass,name,text,integer,text[])", "t", "c"),
        ("synth_unprotect(regclass)", "t", "c"),
        ("synth_unschedule(text)", "t", "c"),
        ("synth_validate_rules(name)", "t", "c"),
        ("synth_verify_masked(regclass,boolean)", "t", "c"),
    ]
    .map(|(function, granted, language)| row(&[function, granted, language, "f"]))
    .into();
    expected.sort();
    assert_eq!(
        functions, expected,
        "functions, whether PUBLIC may call them, language, SECURITY DEFINER"
    );
    // One function for each generator, all of them on one entry point of the library.
    assert_eq!(
        session.column(&format!(
            "SELECT p.proname FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
             WHERE p.prosrc = 'synth_value' AND (p.prosecdef OR l.lanname <> 'c'
                 OR p.pronamespace <> 'public'::regnamespace
                 OR NOT has_function_privilege('{role}', p.oid, 'EXECUTE')
                 OR NOT EXISTS (SELECT FROM synth.registry r
                     WHERE r.kind = 'generator' AND p.proname = 'synth_' || r.name))"
        )),
        Vec::<String>::new(),
        "functions of generators that others may not call, or that are no generator's"
    );
    assert_eq!(
        session.value("SELECT count(*) > 100 FROM pg_proc WHERE prosrc = 'synth_value'"),
        "t"
    );
    let relations = session.rows(&format!(
        "SELECT c.relname, string_agg(privilege, ',' ORDER BY privilege)
         FROM pg_class c CROSS JOIN unnest('{{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}}'::text[]) privilege
         WHERE relnamespace = 'synth'::regnamespace AND relkind IN ('r', 'v') AND has_table_privilege('{role}', c.oid, privilege)
         GROUP BY 1 ORDER BY 1"
    ));
    assert_eq!(
        relations,
        [
            "audit_log",
            "job",
            "job_run",
            "jobs",
            "progress",
            "reference",
            "registry",
            "rules",
            "secret_versions",
            "trusted_functions",
        ]
        .map(|relation| row(&[relation, "SELECT"]))
    );
    assert_eq!(
        session.value(&format!(
            "SELECT has_schema_privilege('{role}', 'synth', 'CREATE')"
        )),
        "f"
    );
    let mut mallory = session.role(pg, &role);
    assert_eq!(
        mallory.value("SELECT count(*) FROM synth_patients(5, 1)"),
        "5"
    );
    assert_eq!(
        mallory.value("SELECT count(*) > 10 FROM synth.registry"),
        "t"
    );
    mallory.run("SELECT * FROM synth.rules");
}

fn others_may_not_mask_and_do_not_wait(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    session.run(&format!(
        "CREATE TABLE t (v text); INSERT INTO t VALUES ('Original'); SELECT synth_set_rule('t', 'v', 'MASKED WITH hash');
         GRANT ALL ON t TO {role}"
    ));
    session.run("BEGIN; LOCK TABLE t");
    let mut mallory = session.role(pg, &role);
    mallory.run("SET lock_timeout = 3000");
    for query in [
        "SELECT synth_mask_table('t')",
        "SELECT synth_set_rule('t', 'v', 'NOT MASKED')",
        "SELECT synth_drop_rule('t', 'v')",
        "SELECT synth_mask_table('synth.secret')",
        "SELECT synth_set_rule('synth.secret', 'key', 'MASKED WITH VALUE ''\\x00''')",
    ] {
        let begun = Instant::now();
        let error = mallory.refused(query, "42501", "must be owner");
        assert!(
            begun.elapsed() < Duration::from_secs(2),
            "{query} waited: {error}"
        );
    }
    mallory.run("BEGIN; SAVEPOINT s");
    mallory.refused("SELECT synth_mask_table('t')", "42501", "must be owner");
    mallory.run("ROLLBACK TO s");
    assert_eq!(
        mallory.value("SELECT count(*) FROM pg_locks WHERE relation = 't'::regclass AND pid = pg_backend_pid()"),
        "0",
        "a lock was taken on another's table"
    );
    mallory.run("ROLLBACK");
    session.run("COMMIT");
    assert_eq!(session.value("SELECT v FROM t"), "Original");
    assert_eq!(
        session.value("SELECT rule FROM synth.rules"),
        "MASKED WITH hash"
    );
    // A table of one's own above another's does not help.
    session.run(&format!("CREATE TABLE child (v text); INSERT INTO child VALUES ('Original'); GRANT ALL ON child TO {role}"));
    mallory.run("CREATE TABLE parent (v text)");
    session.run("ALTER TABLE child INHERIT parent");
    mallory.run("SELECT synth_set_rule('parent', 'v', 'MASKED WITH VALUE ''gone''')");
    mallory.refused(
        "SELECT synth_mask_table('parent')",
        "42501",
        "must be owner of table public.child",
    );
    assert_eq!(session.value("SELECT v FROM child"), "Original");
}

fn the_secret_is_not_read(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    let mut mallory = session.role(pg, &role);
    for query in [
        "SELECT * FROM synth.secret",
        "SELECT synth_mask('hash', 'guess')",
        "SELECT synth_mask('generalize', 1, '10')",
        "SELECT synth.random_secret()",
        "UPDATE synth.secret SET version = 1",
        "COPY synth.secret TO STDOUT",
        "CREATE TABLE x (LIKE synth.secret); INSERT INTO x TABLE synth.secret",
        "SELECT synth.random_secret() FROM synth.registry",
    ] {
        mallory.refused(query, "42501", "permission denied");
    }
    mallory.run(
        "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$ SELECT synth_mask('hash', 'x') $$",
    );
    mallory.refused("SELECT f()", "42501", "permission denied");
    // Statistics of the secret's table are not for others either.
    session.run("ANALYZE synth.secret");
    assert_eq!(
        mallory.value("SELECT count(*) FROM pg_stats WHERE schemaname = 'synth'"),
        "0"
    );
    // Who was granted the function uses the secret without reading it.
    session.run(&format!(
        "GRANT EXECUTE ON FUNCTION synth_mask(text, text, text[]) TO {role}"
    ));
    assert_eq!(
        mallory.value("SELECT length(synth_mask('hash', 'x'))"),
        "64"
    );
    mallory.refused("SELECT * FROM synth.secret", "42501", "permission denied");
}

fn members_of_the_owner_may(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    let owners = format!("owners_{}", session.database);
    let outsider = format!("outsider_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {owners}; GRANT {owners} TO {role}; CREATE ROLE {outsider} LOGIN NOINHERIT; GRANT {owners} TO {outsider};
         CREATE TABLE t (v text); INSERT INTO t VALUES ('Original'); ALTER TABLE t OWNER TO {owners}"
    ));
    let mut member = session.role(pg, &role);
    member.run("SELECT synth_set_rule('t', 'v', 'MASKED WITH hash')");
    assert_eq!(member.value("SELECT synth_mask_table('t')"), "1");
    let mut outside = session.role(pg, &outsider);
    outside.refused("SELECT synth_mask_table('t')", "42501", "must be owner");
    outside.run(&format!("SET ROLE {owners}"));
    assert_eq!(outside.value("SELECT synth_mask_table('t')"), "1");
    assert_eq!(outside.value("SELECT current_user"), owners);
}

/// Objects of an attacker that try, whenever they are run, to become more than they are, and keep a
/// record of who ran them.
pub fn hostile_objects(role: &str) -> String {
    let attempts: Vec<String> = [
        format!("ALTER ROLE {role} SUPERUSER"),
        "SET ROLE postgres".to_owned(),
        "RESET ROLE".to_owned(),
        "SET SESSION AUTHORIZATION postgres".to_owned(),
        "RESET SESSION AUTHORIZATION".to_owned(),
        "CREATE TEMP TABLE planted ()".to_owned(),
        "CREATE TABLE made_by_masking ()".to_owned(),
        format!("GRANT postgres TO {role}"),
        "DELETE FROM synth.secret".to_owned(),
        "SELECT synth_mask(''hash'', ''x'')".to_owned(),
        "SELECT synth_mask_table(''superusers'')".to_owned(),
        "DECLARE planted CURSOR WITH HOLD FOR SELECT 1".to_owned(),
        "SET search_path = public, pg_catalog".to_owned(),
    ]
    .iter()
    .map(|attempt| format!("BEGIN EXECUTE '{attempt}'; EXCEPTION WHEN OTHERS THEN NULL; END;\n"))
    .collect();
    let attempts = attempts.concat();
    format!(
        "CREATE TABLE seen (who text, what text);
         CREATE FUNCTION attempt(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN
            {attempts} INSERT INTO public.seen VALUES (current_user, what); END $$;
         CREATE FUNCTION holds(v text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('check'); RETURN true; END $$;
         CREATE FUNCTION same(v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('expression'); RETURN v; END $$;
         CREATE DOMAIN hostile AS text CHECK (holds(VALUE))"
    )
}

/// Nobody but the attacker has run the attacker's code, and it has gained nothing.
#[track_caller]
pub fn assert_harmless(session: &mut Session, role: &str, ran: bool) {
    let who = session.column("SELECT DISTINCT who FROM seen");
    if ran {
        assert_eq!(who, [role], "code of the attacker ran as somebody else");
    } else {
        assert_eq!(who, Vec::<String>::new(), "code of the attacker ran");
    }
    assert_eq!(
        session.value(&format!(
            "SELECT rolsuper FROM pg_roles WHERE rolname = '{role}'"
        )),
        "f",
        "the attacker is superuser"
    );
    assert_eq!(
        session.value(&format!(
            "SELECT pg_has_role('{role}', 'postgres', 'MEMBER')"
        )),
        "f"
    );
    assert_eq!(session.value("SELECT count(*) FROM synth.secret"), "1");
    assert_eq!(session.value("SELECT v FROM superusers"), "Original");
    assert_eq!(
        session.value("SELECT count(*) FROM pg_class WHERE relname = 'planted'"),
        "0",
        "a temporary table was planted"
    );
    assert_eq!(
        session.value("SELECT count(*) FROM pg_cursors WHERE name = 'planted'"),
        "0"
    );
    assert_eq!(
        session.value("SELECT current_user || session_user"),
        "postgrespostgres"
    );
    assert_eq!(
        session.value("SHOW search_path"),
        "\"$user\", public",
        "a setting leaked out of the masking"
    );
}

fn code_of_a_table_runs_as_its_owner(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    session.run("CREATE TABLE superusers (v text); INSERT INTO superusers VALUES ('Original'); SELECT synth_set_rule('superusers', 'v', 'MASKED WITH hash')");
    let mut mallory = session.role(pg, &role);
    mallory.run(&hostile_objects(&role));
    mallory.run(
        "CREATE TABLE bait (v text CHECK (holds(v)), d hostile, g text GENERATED ALWAYS AS (same(v)) STORED, k int);
         CREATE INDEX ON bait (same(v)); CREATE INDEX ON bait (k) WHERE holds(v); CREATE STATISTICS st ON (same(v)), k FROM bait;
         INSERT INTO bait (v, d, k) VALUES ('Original', 'Original', 1);
         CREATE VIEW w AS SELECT same(v) AS v FROM bait; CREATE MATERIALIZED VIEW m AS SELECT same(v) AS v FROM w;
         CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('trigger'); RETURN NULL; END $$;
         ALTER TABLE bait ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON bait USING (holds(v));
         DROP TABLE IF EXISTS planted; TRUNCATE seen",
    );
    session.run("SELECT synth_set_rule('bait', 'v', 'MASKED WITH hash'), synth_set_rule('bait', 'd', 'MASKED WITH first_name')");
    assert_harmless(&mut session, &role, false);
    assert_eq!(session.value("SELECT synth_mask_table('bait')"), "1");
    assert_harmless(&mut session, &role, true);
    assert_eq!(
        session.value("SELECT string_agg(DISTINCT what, ',') FROM seen"),
        "check,expression",
        "the attacker's code was to run"
    );
    // What is put off to the end of the transaction would run as the superuser.
    mallory.run(
        "CREATE TRIGGER later BEFORE INSERT ON bait FOR EACH ROW EXECUTE FUNCTION fired(); TRUNCATE seen;
         CREATE TABLE trap (v text); CREATE FUNCTION sprung() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('deferred'); RETURN NULL; END $$;
         CREATE CONSTRAINT TRIGGER t AFTER INSERT ON trap DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION sprung();
         CREATE OR REPLACE FUNCTION attempt(what text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.trap VALUES (what); INSERT INTO public.seen VALUES (current_user, what); END $$",
    );
    session.refused(
        "SELECT synth_mask_table('bait')",
        "42501",
        "deferred trigger",
    );
    assert_harmless(&mut session, &role, false);
}

fn code_of_a_literals_type_runs_as_the_owner(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    session.run("CREATE TABLE superusers (v text); INSERT INTO superusers VALUES ('Original'); SELECT synth_set_rule('superusers', 'v', 'MASKED WITH hash')");
    let mut mallory = session.role(pg, &role);
    mallory.run(&hostile_objects(&role));
    mallory.run("CREATE TABLE bait (d hostile); INSERT INTO bait VALUES ('Original'); DROP TABLE IF EXISTS planted; TRUNCATE seen");
    session.run("SELECT synth_set_rule('bait', 'd', 'MASKED WITH VALUE ''x''')");
    assert_harmless(&mut session, &role, true);
    session.run(
        "TRUNCATE seen; SECURITY LABEL FOR pg_synth ON COLUMN bait.d IS 'MASKED WITH VALUE ''y'''",
    );
    assert_harmless(&mut session, &role, true);
    session.run("TRUNCATE seen; SELECT * FROM synth.rules");
    assert_harmless(&mut session, &role, false);
    session.run("SELECT synth_mask_table('bait')");
    assert_harmless(&mut session, &role, true);
    assert_eq!(session.value("SELECT d FROM bait"), "y");
}

fn nothing_is_taken_from_the_search_path(pg: &Postgres) {
    let mut session = fresh(pg);
    let role = attacker(&mut session);
    session.run(&format!("CREATE SCHEMA trap AUTHORIZATION {role}; CREATE TABLE superusers (v text); INSERT INTO superusers VALUES ('Original'); CREATE TABLE victim (a text, b text); INSERT INTO victim VALUES ('Original', 'Original')"));
    let mut mallory = session.role(pg, &role);
    mallory.run(&hostile_objects(&role));
    let record = |name: &str| {
        format!(
            "LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.seen VALUES (current_user, '{name}'); RETURN NULL; END $$"
        )
    };
    for (signature, result) in [
        ("unnest(oid[])", "SETOF oid"),
        ("max(int)", "int"),
        ("format_type(oid, int)", "text"),
        ("format_type(oid, integer, text)", "text"),
        ("octet_length(bytea)", "int"),
        ("now()", "timestamptz"),
        ("text(name)", "text"),
        ("regclass(oid)", "int"),
        ("rule_problem(oid, smallint, text)", "text"),
        ("synth_mask(text, text)", "text"),
        ("registry_entries()", "text"),
    ] {
        let body = if result.starts_with("SETOF") {
            record(signature).replace("RETURN NULL", "RETURN")
        } else {
            record(signature)
        };
        mallory.run(&format!(
            "CREATE FUNCTION trap.{signature} RETURNS {result} {body}"
        ));
    }
    for (name, left) in [
        ("=", "oid"),
        ("=", "name"),
        ("=", "text"),
        ("=", "smallint"),
        ("=", "int"),
        ("<>", "oid"),
        ("=", "\"char\""),
        ("+", "int"),
    ] {
        let function = format!("trap.operate_{}", left.replace('"', ""));
        let result = if name == "+" { "int" } else { "bool" };
        mallory.run(&format!(
            "CREATE OR REPLACE FUNCTION {function}_{result}({left}, {left}) RETURNS {result} {}",
            record("operator")
        ));
        mallory.run(&format!("CREATE OPERATOR trap.{name} (LEFTARG = {left}, RIGHTARG = {left}, FUNCTION = {function}_{result})"));
    }
    mallory.run(
        "CREATE VIEW trap.pg_seclabel AS SELECT 0::oid AS objoid, 0::oid AS classoid, 0 AS objsubid, 'pg_synth'::text AS provider, 'x'::text AS label WHERE public.holds('x');
         CREATE TABLE trap.pg_class (oid oid, relname name); CREATE TABLE trap.pg_attribute (attrelid oid); CREATE TABLE trap.pg_inherits (inhrelid oid, inhparent oid);
         CREATE TABLE trap.pg_index (a int); CREATE TABLE trap.pg_constraint (a int); CREATE TABLE trap.pg_depend (a int); CREATE TABLE trap.pg_rewrite (a int);
         CREATE TABLE trap.secret (version int, key bytea); CREATE DOMAIN trap.regclass AS int; CREATE DOMAIN trap.text AS pg_catalog.text CHECK (public.holds(VALUE)); CREATE DOMAIN trap.oid AS int;
         CREATE DOMAIN trap.name AS pg_catalog.text; CREATE TYPE trap.synth_patient AS (a int);
         GRANT USAGE ON SCHEMA trap TO PUBLIC; TRUNCATE seen",
    );
    // The superuser has been careless.
    session.run("SET search_path = trap, pg_catalog, public");
    session.run("SELECT public.synth_set_rule('public.victim', 'a', 'MASKED WITH hash'), public.synth_set_rule('public.victim', 'b', 'MASKED WITH VALUE ''b''')");
    assert_eq!(
        session
            .rows("SELECT table_name, rule, problem FROM synth.rules")
            .len(),
        2
    );
    session.run("TABLE synth.registry; SELECT * FROM public.synth_patients(3); CREATE MATERIALIZED VIEW public.m AS SELECT a FROM public.victim");
    assert_eq!(
        session.value("SELECT public.synth_mask_table('public.victim')"),
        "1"
    );
    assert_eq!(session.value("SELECT pg_catalog.length(public.synth_mask('hash'::pg_catalog.text, 'x'::pg_catalog.text))"), "64");
    session.run("SELECT public.synth_drop_rule('public.victim', 'b'); RESET search_path");
    assert_eq!(
        session.rows("SELECT length(victim.a), b, m.a = victim.a FROM victim, m"),
        [row(&["64", "b", "t"])]
    );
    assert_harmless(&mut session, &role, false);
    // The same objects in the session's temporary schema, which is searched first for tables and types.
    session.run("CREATE TEMP TABLE pg_seclabel (objoid oid, classoid oid, objsubid int, provider text, label text); CREATE TEMP TABLE secret (version int, key int);
                 CREATE DOMAIN pg_temp.oid AS int; CREATE TEMP TABLE pg_class (oid int); CREATE TEMP TABLE pg_inherits (a int); CREATE DOMAIN pg_temp.text AS int");
    assert_eq!(session.value("SELECT synth_mask_table('victim')"), "1");
    assert_eq!(session.value("SELECT count(*) FROM synth.rules"), "1");
}

fn a_schema_that_is_there_is_not_taken_over(pg: &Postgres) {
    let name = pg.create_database();
    let mut session = Session::open(pg, &name);
    let role = attacker(&mut session);
    session.run(&format!("GRANT CREATE ON DATABASE {name} TO {role}"));
    let mut mallory = session.role(pg, &role);
    mallory.run("CREATE SCHEMA synth; CREATE TABLE synth.secret (version int, key int)");
    session.refused(
        "CREATE EXTENSION pg_synth",
        "42P06",
        "schema \"synth\" already exists",
    );
    mallory.run("DROP SCHEMA synth CASCADE; CREATE TYPE synth_patient AS (a int)");
    session.refused("CREATE EXTENSION pg_synth", "42710", "synth_patient");
    mallory.run("DROP TYPE synth_patient; CREATE FUNCTION synth_last_seed() RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'");
    session.refused("CREATE EXTENSION pg_synth", "42723", "synth_last_seed");
    mallory.refused("CREATE EXTENSION pg_synth", "42501", "permission denied");
    mallory.run("DROP FUNCTION synth_last_seed()");
    session.run("CREATE EXTENSION pg_synth; DROP EXTENSION pg_synth; CREATE EXTENSION pg_synth");
    // Without UTF8 there is no masking, and generating works as far as the encoding does.
    session.run(&format!(
        "CREATE DATABASE {name}_latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
    ));
    let mut latin = Session::open(pg, &format!("{name}_latin"));
    let error = latin
        .attempt("CREATE EXTENSION pg_synth")
        .expect_err("masks need UTF8");
    assert_eq!(error.code, "0A000", "{error}");
    assert!(error.message.contains("UTF8"), "{error}");
}

fn hostile_arguments_do_not_crash(pg: &Postgres) {
    let mut session = fresh(pg);
    // A crash of any backend starts the checkpointer anew.
    let checkpointer = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'";
    let before = session.value(checkpointer);
    session.run(
        "CREATE TABLE t (v text); INSERT INTO t VALUES ('x'), (NULL), (''), (repeat('😀', 300000))",
    );
    let deep = "(".repeat(5_000);
    for query in [
        "SELECT synth_set_rule('t', 'v', repeat('MASKED WITH ', 1000000))".to_owned(),
        "SELECT synth_set_rule('t', repeat('v', 1000000)::name, 'NOT MASKED')".to_owned(),
        format!("SELECT synth_set_rule('t', 'v', 'MASKED WITH hash{deep}')"),
        format!("SELECT synth_set_rule('t', 'v', 'MASKED WITH hash({})')", "1,".repeat(4_000)),
        format!("SELECT synth_set_rule('t', 'v', 'MASKED WITH VALUE {}')", "9".repeat(9_000)),
        "SELECT synth_set_rule('t', 'v', 'MASKED WITH VALUE -')".to_owned(),
        "SELECT synth_set_rule('t', 'v', 'MASKED WITH VALUE 1.2.3')".to_owned(),
        "SELECT synth_set_rule('t', 'v', E'MASKED WITH \\u00a0\\u2003😀')".to_owned(),
        "SELECT synth_set_rule('t', 'v', E'😀MASKED WITH hash')".to_owned(),
        "SELECT synth_set_rule('t', 'v', E'MASKED WITH hash(😀')".to_owned(),
        "SELECT synth.rows_support(NULL)".to_owned(),
        "SELECT synth_mask('partial', repeat('x', 250000000), '1000', repeat('😀', 100), '1000')".to_owned(),
        "SELECT synth_mask('email', 'x', repeat('a', 101))".to_owned(),
        "SELECT synth_patients(9223372036854775807, -9223372036854775808, 9223372036854775807, '-infinity')".to_owned(),
        "SELECT * FROM synth_patients(9223372036854775807) LIMIT 1".to_owned(),
        "SELECT synth.rule_problem(NULL, 1::smallint, 'x')".to_owned(),
        "SELECT synth_mask_table(0)".to_owned(),
        "SELECT synth_mask_table(4294967295)".to_owned(),
        "SELECT synth_drop_rule(0, 'v')".to_owned(),
        "SELECT synth_set_rule(4294967295, 'v', 'NOT MASKED')".to_owned(),
    ] {
        // An error or an answer, but one of them.
        let _ = session.attempt(&query);
    }
    for mask in [
        "hash",
        "email",
        "first_name",
        "phone",
        "full_name",
        "partial(1000, '😀😀', 1000)",
        "partial(0, ' ', 1)",
    ] {
        session.run(&format!(
            "SELECT synth_set_rule('t', 'v', '{}')",
            format!("MASKED WITH {mask}").replace('\'', "''")
        ));
        session.run("BEGIN; SELECT synth_mask_table('t'); ROLLBACK");
    }
    // Functions that hold on to a generator while another runs, and errors half-way.
    session.run(
        "DO $$ DECLARE a record; n int := 0; BEGIN
            FOR a IN SELECT * FROM synth_patients(100) LOOP
                PERFORM synth_patients(3); PERFORM * FROM synth_patients(3) LIMIT 1; n := n + 1;
                BEGIN PERFORM 1 / (row_number() OVER () - 2) FROM synth_patients(2000); EXCEPTION WHEN division_by_zero THEN NULL; END;
            END LOOP; IF n <> 100 THEN RAISE 'rows were lost'; END IF; END $$",
    );
    assert_eq!(
        session.value(checkpointer),
        before,
        "a backend crashed: the server has restarted"
    );
    // Faults that `hostile::fault` causes are none of these.
    let log: String = pg
        .log()
        .lines()
        .filter(|line| !line.contains("src/defect.rs"))
        .collect::<Vec<_>>()
        .join("\n");
    for sign in ["terminated by signal", "internal error", "PANIC"] {
        assert!(
            !log.contains(sign),
            "the server's log says {sign:?}:\n{log}"
        );
    }
}
