//! Whose a job is: it runs as the role that scheduled it, and only that role decides what it runs.

use super::{due, prepared, run_now, shared, until_runs};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    a_run_is_its_owner_and_stays_so,
    only_the_owner_alters,
    nobody_writes_the_tables,
    roles_that_are_gone_or_changed,
    scheduling_on_behalf_of_others,
    settings_left_behind_do_not_reach_the_record,
    impostor_tables_are_not_touched,
];

fn a_run_is_its_owner_and_stays_so(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    let mut owner = session.role(pg, &role);
    owner.run("CREATE TABLE seen (what text)");
    owner.run(
        "CREATE FUNCTION attempt(statement text) RETURNS void LANGUAGE plpgsql AS $$
         BEGIN
             EXECUTE statement;
             INSERT INTO seen VALUES (statement || ': ' || current_user || '/' || session_user || '/' || current_setting('is_superuser'));
         EXCEPTION WHEN OTHERS THEN INSERT INTO seen VALUES (statement || ': ' || sqlstate);
         END $$",
    );
    owner.run(
        "SELECT synth_schedule('escape', '@yearly', $$SELECT attempt(s) FROM unnest(ARRAY['SELECT 1', 'RESET ROLE', 'SET ROLE NONE',
            'RESET SESSION AUTHORIZATION', 'SET ROLE postgres', 'SET SESSION AUTHORIZATION postgres', 'TABLE pg_authid']) WITH ORDINALITY AS x (s, n) ORDER BY n$$)",
    );
    run_now(&mut owner, "escape", "succeeded", "status");
    let me = format!("{role}/{role}/off");
    assert_eq!(
        owner.column("TABLE seen"),
        [
            format!("SELECT 1: {me}"),
            format!("RESET ROLE: {me}"),
            format!("SET ROLE NONE: {me}"),
            format!("RESET SESSION AUTHORIZATION: {me}"),
            "SET ROLE postgres: 42501".to_owned(),
            "SET SESSION AUTHORIZATION postgres: 42501".to_owned(),
            "TABLE pg_authid: 42501".to_owned(),
        ]
    );
    // Settings of the role hold, as in a session of its own.
    session.run(&format!("ALTER ROLE {role} SET work_mem = '4321kB'; ALTER ROLE {role} SET default_transaction_read_only = on"));
    owner.run("SELECT synth_schedule('setting', '@yearly', 'SELECT current_setting(''work_mem''), current_setting(''transaction_read_only'')')");
    assert_eq!(
        run_now(&mut owner, "setting", "succeeded", "result"),
        "4321kB, on"
    );
}

fn only_the_owner_alters(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    let other = format!("other_{}", session.database);
    let member = format!("member_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {other} LOGIN; GRANT EXECUTE ON FUNCTION synth_schedule TO {other};
         CREATE ROLE {member} LOGIN NOINHERIT IN ROLE {role}; GRANT EXECUTE ON FUNCTION synth_schedule TO {member}"
    ));
    let mut owner = session.role(pg, &role);
    let mut stranger = session.role(pg, &other);
    let mut member = session.role(pg, &member);
    owner.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    run_now(&mut owner, "j", "succeeded", "status");
    for call in [
        "synth_schedule('j', '@yearly', 'SELECT 2')",
        "synth_pause('j')",
        "synth_resume('j')",
        "synth_run_now('j')",
        "synth_unschedule('j')",
    ] {
        stranger.refused(&format!("SELECT {call}"), "42501", "another role");
    }
    for table in ["synth.job", "synth.job_run", "synth.jobs"] {
        let count = format!("SELECT count(*) FROM {table}");
        assert_eq!(stranger.value(&count), "0", "a stranger sees {table}");
        assert_eq!(member.value(&count), "1", "a member does not see {table}");
    }
    stranger.refused("SELECT synth.look_at_jobs()", "42501", "permission denied");
    // Members and superusers may stop and start it, but not change what it runs as somebody else.
    member.run("SELECT synth_pause('j')");
    session.run("SELECT synth_resume('j')");
    for (who, name) in [(&mut member, "a member"), (&mut session, "a superuser")] {
        who.refused(
            "SELECT synth_schedule('j', '@yearly', 'SELECT 2')",
            "42501",
            "only that one can replace it",
        );
        assert_eq!(
            who.value("SELECT command FROM synth.jobs"),
            "SELECT 1",
            "{name}"
        );
    }
    let run = member.value("SELECT synth_run_now('j')");
    super::until(
        &mut session,
        &format!("SELECT owner || ' ' || status FROM synth.job_run WHERE run_id = {run}"),
        &format!("{role} succeeded"),
    );
    // Without the grant nothing can be scheduled.
    let bare = format!("bare_{}", session.database);
    session.run(&format!("CREATE ROLE {bare} LOGIN"));
    session.role(pg, &bare).refused(
        "SELECT synth_schedule('k', '@yearly', 'SELECT 1')",
        "42501",
        "permission denied",
    );
}

fn nobody_writes_the_tables(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    session.run(&format!("GRANT pg_write_all_data, pg_read_all_data TO {role}; SELECT synth_schedule('j', '@yearly', 'SELECT 1')"));
    let mut owner = session.role(pg, &role);
    owner.run("SELECT synth_schedule('mine', '@yearly', 'SELECT 1')");
    for statement in [
        "UPDATE synth.job SET command = 'evil', owner_oid = 10",
        "DELETE FROM synth.job",
        "UPDATE synth.job_run SET command = 'evil', status = 'starting'",
    ] {
        // Members of pg_write_all_data may write every table, but no row that no policy lets them.
        let _ = owner.attempt(statement);
    }
    assert!(owner.attempt("INSERT INTO synth.job SELECT 'evil', 'postgres', 10, home, cron, time_zone, command, overlap, attempts, retry_delay, NULL, NULL, missed, true, next_run FROM synth.job").is_err());
    assert!(owner.attempt("INSERT INTO synth.job_run (job, owner, owner_oid, command, reason, attempt, status, due) VALUES ('j', 'postgres', 10, 'evil', 'request', 1, 'waiting', now())").is_err());
    assert_eq!(
        session.value("SELECT string_agg(name || command, ',' ORDER BY name) FROM synth.job"),
        "jSELECT 1,mineSELECT 1"
    );
    assert_eq!(
        owner.value("SELECT count(*) FROM synth.job"),
        "1",
        "a job of another role is shown"
    );
}

fn roles_that_are_gone_or_changed(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    session
        .role(pg, &role)
        .run("SELECT synth_schedule('j', '@yearly', 'SELECT current_user', attempts => 3)");
    let mut refused = |what: &str, says: &str| {
        session.run(&format!("{what}; DELETE FROM synth.job_run"));
        due(&mut session, "j");
        until_runs(&mut session, "j", "refused");
        let message = session.value("SELECT message FROM synth.job_run");
        assert!(message.contains(says), "{what}: {message}");
    };
    refused(
        &format!("ALTER ROLE {role} NOLOGIN"),
        "may no longer log in",
    );
    refused(
        &format!(
            "ALTER ROLE {role} LOGIN; REVOKE CONNECT ON DATABASE \"{}\" FROM PUBLIC",
            session_name(&role)
        ),
        "may no longer connect",
    );
    refused(
        &format!(
            "GRANT CONNECT ON DATABASE \"{}\" TO PUBLIC; DROP OWNED BY {role}; DROP ROLE {role}",
            session_name(&role)
        ),
        "is no longer there",
    );
    // Another role of the name is another role.
    refused(
        &format!("CREATE ROLE {role} LOGIN SUPERUSER"),
        "is no longer there",
    );
    let mut namesake = session.role(pg, &role);
    session.run(&format!("ALTER ROLE {role} NOSUPERUSER"));
    assert_eq!(namesake.value("SELECT count(*) FROM synth.job_run"), "0");
    // The same role under another name is the same.
    session.run(&format!(
        "GRANT EXECUTE ON FUNCTION synth_schedule TO {role}"
    ));
    namesake.run("SELECT synth_schedule('k', '@yearly', 'SELECT current_user')");
    namesake.close();
    session.run(&format!("ALTER ROLE {role} RENAME TO {role}_2"));
    due(&mut session, "k");
    until_runs(&mut session, "k", "succeeded");
    assert_eq!(
        session.value("SELECT owner || ' ' || result FROM synth.job_run WHERE job = 'k'"),
        format!("{role}_2 {role}_2")
    );
}

/// The database of a role made by `prepared`.
fn session_name(role: &str) -> &str {
    role.trim_start_matches("worker_")
}

fn scheduling_on_behalf_of_others(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    // Who has become a role schedules as that role.
    session.run(&format!("SET ROLE {role}; SELECT synth_schedule('as', '@yearly', 'SELECT current_user, session_user'); RESET ROLE"));
    assert_eq!(
        run_now(&mut session, "as", "succeeded", "result"),
        format!("{role}, {role}")
    );
    let group = format!("group_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {group}; GRANT EXECUTE ON FUNCTION synth_schedule TO {group}; SET ROLE {group}"
    ));
    session.refused(
        "SELECT synth_schedule('g', '@yearly', 'SELECT 1')",
        "55000",
        "LOGIN",
    );
    session.run("RESET ROLE");
    // Code that runs as somebody else for the moment leaves no job behind.
    let mut owner = session.role(pg, &role);
    owner.run(
        "CREATE FUNCTION trap(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$ BEGIN PERFORM public.synth_schedule('trap', '@daily', 'SELECT 1'); RETURN $1; END $$;
         CREATE TABLE t (i int); CREATE INDEX ON t (trap(i))",
    );
    assert!(owner.attempt("INSERT INTO t VALUES (1)").is_ok());
    owner.run("SELECT synth_unschedule('trap')");
    session.refused("REINDEX TABLE t", "42501", "security-restricted");
    assert_eq!(
        session.value("SELECT count(*) FROM synth.job WHERE name = 'trap'"),
        "0"
    );
}

fn settings_left_behind_do_not_reach_the_record(pg: &Postgres) {
    let _server = shared();
    let (session, role) = prepared(pg);
    let mut owner = session.role(pg, &role);
    owner.run("SELECT synth_schedule('j', '@yearly', 'CALL leave()')");
    owner.run(
        "CREATE PROCEDURE leave() LANGUAGE plpgsql AS $$ BEGIN
            CREATE TEMP TABLE job_run (run_id bigint, job text, status text);
            CREATE FUNCTION pg_temp.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS 'SELECT NULL::timestamptz';
            SET search_path = pg_temp, public;
            SET default_transaction_read_only = on;
            SET default_transaction_isolation = serializable;
            SET row_security = off;
            SET lock_timeout = 1;
            SET statement_timeout = 1;
         END $$",
    );
    assert_eq!(
        run_now(&mut owner, "j", "succeeded", "finished_at IS NOT NULL"),
        "t"
    );
}

fn impostor_tables_are_not_touched(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    session.run(&format!("GRANT CREATE ON DATABASE {} TO {role}; SELECT synth_schedule('j', '@yearly', 'SELECT 1'); DROP EXTENSION pg_synth", session.database));
    let mut attacker = session.role(pg, &role);
    attacker.run(&format!(
        "CREATE SCHEMA synth;
         CREATE TABLE synth.caught (who text);
         CREATE FUNCTION synth.caught() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO synth.caught VALUES (current_user); RETURN NEW; END $$;
         CREATE TABLE synth.job (name text, owner name, owner_oid oid, home text, cron text, time_zone text, command text, overlap text, attempts int, retry_delay interval, window_start time, window_stop time, missed text, active bool, next_run timestamptz);
         CREATE TABLE synth.job_run (run_id bigserial, job text, owner name, owner_oid oid, command text, reason text, attempt int, status text, due timestamptz, ignore_window bool, stop_at timestamptz, stopping_at timestamptz, pid int, backend_start timestamptz, started_at timestamptz, finished_at timestamptz);
         CREATE TRIGGER c BEFORE INSERT OR UPDATE ON synth.job FOR EACH ROW EXECUTE FUNCTION synth.caught();
         CREATE TRIGGER c BEFORE INSERT OR UPDATE ON synth.job_run FOR EACH ROW EXECUTE FUNCTION synth.caught();
         INSERT INTO synth.job SELECT 'evil', 'postgres', 10, (SELECT system_identifier FROM pg_control_system()) || '/{}', '* * * * *', 'UTC', 'CREATE TABLE public.gotcha ()', 'allow', 1, '1 minute', NULL, NULL, 'run', true, now();
         TRUNCATE synth.caught",
        session.value("SELECT oid FROM pg_database WHERE datname = current_database()")
    ));
    // A copy is a database that the launcher does not know: it looks at it when it reads its list.
    let (database, copy) = (
        session.database.clone(),
        format!("{}_copy", session.database),
    );
    attacker.close();
    session.close();
    let mut admin = Session::open(pg, "postgres");
    admin.run(&format!("CREATE DATABASE {copy} TEMPLATE {database}"));
    let mut session = Session::open(pg, &copy);
    session.run("UPDATE synth.job SET home = split_part(home, '/', 1) || '/' || (SELECT oid FROM pg_database WHERE datname = current_database()); TRUNCATE synth.caught");
    session.run("SELECT pg_reload_conf()");
    let (mut elsewhere, _) = prepared(pg);
    elsewhere.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    for _ in 0..3 {
        run_now(&mut elsewhere, "j", "succeeded", "status");
    }
    assert_eq!(
        session.value("SELECT count(*) FROM synth.caught"),
        "0",
        "triggers of an impostor ran"
    );
    assert_eq!(
        session.value("SELECT to_regclass('public.gotcha') IS NULL"),
        "t",
        "an impostor's command ran"
    );
    session.close();
    admin.run(&format!("DROP DATABASE {copy}"));
}
