//! With whose rights what runs.

use super::{assert_harmless, attacked};
use crate::extension::{fresh, tests};
use crate::servers::postgres::Postgres;

tests![
    code_runs_as_the_owner_of_its_table,
    functions_in_sql_pin_their_path,
    casts_and_domains_have_no_rights_of_their_own,
    a_job_altered_by_another,
    no_original_stays_where_triggers_fire,
];

/// Checks, domains, generated columns, index expressions, policies and triggers of a table, run by every
/// function that a superuser may call on it.
fn code_runs_as_the_owner_of_its_table(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    session.run(&format!("CREATE SCHEMA theirs AUTHORIZATION {role}"));
    mallory.run(
        "CREATE TABLE theirs.bait (id int PRIMARY KEY, v text CHECK (holds(v)), d hostile, g text GENERATED ALWAYS AS (same(v)) STORED, w text DEFAULT same('x'));
         CREATE INDEX ON theirs.bait (same(v)); CREATE INDEX ON theirs.bait (id) WHERE holds(v); CREATE STATISTICS theirs.st ON (same(v)), id FROM theirs.bait;
         CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('trigger ' || TG_LEVEL); IF TG_LEVEL = 'ROW' THEN RETURN NEW; END IF; RETURN NULL; END $$;
         CREATE TRIGGER a BEFORE UPDATE OR INSERT ON theirs.bait FOR EACH ROW EXECUTE FUNCTION fired(); CREATE TRIGGER b AFTER UPDATE OR INSERT ON theirs.bait FOR EACH STATEMENT EXECUTE FUNCTION fired();
         CREATE MATERIALIZED VIEW theirs.m AS SELECT same(v) AS v FROM theirs.bait;
         INSERT INTO theirs.bait (id, v, d) VALUES (1, 'Mine', 'Mine'); DROP TABLE IF EXISTS planted",
    );
    session.run("SELECT synth_set_rule('theirs.bait', 'v', 'MASKED WITH hash'), synth_set_rule('theirs.bait', 'd', 'MASKED WITH hash'), synth_set_rule('theirs.bait', 'id', 'NOT MASKED'), synth_set_rule('theirs.bait', 'w', 'NOT MASKED')");
    mallory.run("DROP TABLE IF EXISTS planted; TRUNCATE seen");
    for call in [
        "SELECT * FROM synth_detect('theirs')",
        "SELECT * FROM synth_validate_rules('theirs')",
        "SELECT * FROM synth_plan_mask('theirs.bait')",
        "SELECT * FROM synth_plan_copy('theirs')",
        "SELECT synth_mask_table('theirs.bait')",
        "SELECT synth_mask_table('theirs.bait', fire_triggers => true)",
        "SELECT * FROM synth_mask_schema('theirs')",
        "CALL synth_mask_table_online('theirs.bait')",
        "SELECT * FROM synth_verify_masked('theirs.bait')",
        "SELECT * FROM synth_copy_masked('theirs', 'copied')",
        "SELECT synth_protect('theirs.bait')",
    ] {
        if let Err(error) = session.attempt(call) {
            // What must be refused is refused before anything runs.
            assert_ne!(error.code, "XX000", "{call}: {error}");
        }
        let who = session.column("SELECT DISTINCT who FROM seen");
        assert!(
            who.iter().all(|who| *who == role),
            "{call}: code of {role} ran as {who:?}"
        );
        let ran = !who.is_empty();
        assert_harmless(&mut session, &role, ran);
        mallory.run("TRUNCATE seen");
    }
    // Triggers have run, and as nobody else.
    mallory.run("TRUNCATE seen");
    session.run("SELECT synth_mask_table('theirs.bait', fire_triggers => true)");
    assert_eq!(
        session.column("SELECT DISTINCT what FROM seen WHERE what LIKE 'trigger%' ORDER BY 1"),
        ["trigger ROW", "trigger STATEMENT"]
    );
    assert_harmless(&mut session, &role, true);
}

/// Functions and procedures in SQL and PL/pgSQL search nothing but the system's catalogs, the temporary
/// schema last, or have a body that was bound when they were made; and none runs with its owner's rights.
fn functions_in_sql_pin_their_path(pg: &Postgres) {
    let mut session = fresh(pg);
    assert_eq!(
        session.column(
            "SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
             JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
             WHERE l.lanname <> 'c' AND p.prosqlbody IS NULL AND p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'] OR p.prosecdef"
        ),
        Vec::<String>::new(),
        "functions that look elsewhere"
    );
}

/// A cast of somebody's, a domain over a domain, an enumeration and a type with the name of a system's
/// do not decide what a literal means, and run nothing as somebody else.
fn casts_and_domains_have_no_rights_of_their_own(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    mallory.run(
        "CREATE DOMAIN over AS hostile CHECK (holds(VALUE));
         CREATE TYPE shade AS ENUM ('light', 'dark');
         CREATE FUNCTION convert_it(t text) RETURNS shade LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('cast'); RETURN 'dark'; END $$;
         CREATE CAST (text AS shade) WITH FUNCTION convert_it(text) AS IMPLICIT;
         CREATE FUNCTION back(s shade) RETURNS text LANGUAGE plpgsql AS $$ BEGIN PERFORM public.attempt('cast back'); RETURN 'x'; END $$;
         CREATE CAST (shade AS text) WITH FUNCTION back(shade) AS IMPLICIT;
         CREATE TABLE bait (o over, s shade, w text); INSERT INTO bait VALUES ('Mine', 'light', 'x'); DROP TABLE IF EXISTS planted",
    );
    mallory.run("DROP TABLE IF EXISTS planted; TRUNCATE seen");
    session.run("SELECT synth_set_rule('bait', 's', 'MASKED WITH VALUE ''dark'''), synth_set_rule('bait', 'w', 'MASKED WITH hash WHEN s = ''light'''), synth_set_rule('bait', 'o', 'MASKED WITH hash')");
    session.run("SELECT synth_mask_table('bait'); SELECT * FROM synth_detect('public'); SELECT * FROM synth.rules; SELECT * FROM synth_validate_rules('public')");
    assert_harmless(&mut session, &role, true);
    assert_eq!(
        session.column("SELECT DISTINCT what FROM seen WHERE what LIKE 'cast%'"),
        Vec::<String>::new(),
        "a cast of the attacker's was used"
    );
    mallory.run("DROP CAST (text AS shade); DROP CAST (shade AS text)");
    assert_eq!(
        session.value("SELECT count(*) FROM bait WHERE s = 'dark' AND length(w) = 64"),
        "1"
    );
}

/// Only the role of a job and its superiors change it, and what it runs then it runs as that role. (What
/// runs is tested where workers are, in `schedule::roles`; this is the matrix of who may call what.)
fn a_job_altered_by_another(pg: &Postgres) {
    let (mut session, role, mut mallory) = attacked(pg);
    let victim = format!("victim_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {victim} LOGIN; GRANT EXECUTE ON FUNCTION synth_schedule TO {victim}, {role}"
    ));
    // Without the library preloaded nothing runs, but jobs are kept; where that is refused, there is
    // no job to alter.
    let mut theirs = session.role(pg, &victim);
    let scheduled = theirs.attempt("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    for call in [
        "SELECT synth_schedule('j', '@hourly', 'SELECT attempt(''job'')')",
        "SELECT synth_pause('j')",
        "SELECT synth_resume('j')",
        "SELECT synth_run_now('j')",
        "SELECT synth_unschedule('j')",
        "UPDATE synth.job SET command = 'SELECT attempt(''job'')'",
        "DELETE FROM synth.job",
        "INSERT INTO synth.job SELECT * FROM synth.job",
        "UPDATE synth.job_run SET status = 'succeeded'",
    ] {
        let Err(error) = mallory.attempt(call) else {
            assert!(scheduled.is_err(), "{call} is allowed");
            let _ = session.attempt("DELETE FROM synth.job");
            continue;
        };
        if scheduled.is_ok() || call.contains("synth.job") {
            assert_eq!(error.code, "42501", "{call}: {error}");
        }
        assert_ne!(error.code, "XX000", "{call}: {error}");
    }
    assert_harmless(&mut session, &role, false);
}

/// Rows that triggers have been fired for leave no original in the table's files, not even out of line.
fn no_original_stays_where_triggers_fire(pg: &Postgres) {
    let mut session = fresh(pg);
    session.run(
        "CREATE TABLE t (id int, v text, big text); ALTER TABLE t ALTER big SET STORAGE EXTERNAL;
         INSERT INTO t SELECT i, 'Unmistakable' || i, repeat('Unmistakable', 500) FROM generate_series(1, 50) i;
         CREATE FUNCTION pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER passing BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION pass();
         SELECT synth_set_rule('t', 'v', 'MASKED WITH hash'), synth_set_rule('t', 'big', 'MASKED WITH hash'); CHECKPOINT",
    );
    let data = std::path::PathBuf::from(session.value("SHOW data_directory"));
    let files = "SELECT pg_relation_filepath(oid) FROM pg_class WHERE oid = 't'::regclass OR oid = (SELECT reltoastrelid FROM pg_class WHERE oid = 't'::regclass)";
    let held = |session: &mut crate::extension::Session| {
        session.run("CHECKPOINT");
        session.column(files).iter().any(|file| {
            let bytes = std::fs::read(data.join(file)).unwrap_or_default();
            bytes.windows(12).any(|part| part == b"Unmistakable")
        })
    };
    assert!(held(&mut session), "this test would not find an original");
    session.run("SELECT synth_mask_table('t', fire_triggers => true)");
    assert!(!held(&mut session), "an original is in a file of the table");
}
