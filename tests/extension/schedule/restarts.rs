//! Processes and servers that end: nothing is lost, and nothing runs twice by mistake.

use super::{alone, due, prepared, run_now, shared, until, until_runs};
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    a_run_that_is_terminated,
    the_server_restarts,
    a_run_is_killed,
    the_server_is_killed,
    the_launcher_ends,
    a_bound_on_runs,
];

/// The first attempt runs until it is ended, the second at once.
const TWICE: &str = "CREATE TABLE tries (n int);
    CREATE PROCEDURE attempt() LANGUAGE plpgsql AS $$ BEGIN
        INSERT INTO tries VALUES (1); COMMIT;
        IF (SELECT count(*) FROM tries) = 1 THEN PERFORM pg_sleep(1000); END IF;
    END $$;
    SELECT synth_schedule('twice', '@yearly', 'CALL attempt()', attempts => 2, retry_delay => '1 second');
    SELECT synth_schedule('once', '@yearly', 'SELECT pg_sleep(1000)')";

fn running(session: &mut Session) {
    session.run(TWICE);
    for job in ["twice", "once"] {
        due(session, job);
        until_runs(session, job, "running");
    }
    until(session, "SELECT count(*) FROM tries", "1");
}

fn interrupted(session: &mut Session) {
    until_runs(session, "twice", "interrupted,succeeded");
    until_runs(session, "once", "interrupted");
    assert_eq!(session.value("SELECT count(*) FROM tries"), "2");
    assert_eq!(
        session.value("SELECT string_agg(DISTINCT sqlstate, ',') FROM synth.job_run WHERE status = 'interrupted'"),
        "57P01"
    );
    // Others go on as before.
    session.run("SELECT synth_schedule('after', '@yearly', 'SELECT 1')");
    due(session, "after");
    until_runs(session, "after", "succeeded");
}

fn a_run_that_is_terminated(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    running(&mut session);
    session.run("SELECT pg_terminate_backend(pid) FROM synth.job_run WHERE status = 'running'");
    interrupted(&mut session);
}

fn the_server_restarts(pg: &Postgres) {
    let _server = alone();
    let (mut session, _) = prepared(pg);
    running(&mut session);
    pg.restart("INT");
    let mut session = Session::open(pg, &session.database);
    interrupted(&mut session);
}

fn a_run_is_killed(pg: &Postgres) {
    let _server = alone();
    let (mut session, _) = prepared(pg);
    running(&mut session);
    let pid = session.value("SELECT pid FROM synth.job_run WHERE job = 'twice'");
    let launcher = session.value(LAUNCHER);
    crate::signal(pid.parse().unwrap(), "KILL");
    // The postmaster ends every process, and starts anew.
    let mut session = reopened(pg, &session.database, &launcher);
    interrupted(&mut session);
}

const LAUNCHER: &str = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'pg_synth launcher'";

/// A session, once the server has started anew and has another launcher than before.
fn reopened(pg: &Postgres, database: &str, launcher: &str) -> Session {
    let begun = std::time::Instant::now();
    loop {
        let now = pg.psql(database, LAUNCHER).unwrap_or_default();
        if !now.is_empty() && now != launcher {
            return Session::open(pg, database);
        }
        assert!(
            begun.elapsed() < super::PATIENCE,
            "the server does not come back"
        );
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}

fn the_server_is_killed(pg: &Postgres) {
    let _server = alone();
    let (mut session, _) = prepared(pg);
    running(&mut session);
    pg.restart("KILL");
    let mut session = Session::open(pg, &session.database);
    interrupted(&mut session);
}

fn the_launcher_ends(pg: &Postgres) {
    let _server = alone();
    let (mut session, _) = prepared(pg);
    let mut holder = session.another(pg);
    holder.run("SELECT pg_advisory_lock(1)");
    session
        .run("SELECT synth_schedule('j', '@yearly', 'SELECT pg_advisory_lock(1)', attempts => 2)");
    run_now(&mut session, "j", "running", "status");
    let pid = session.value(LAUNCHER);
    session.run(&format!("SELECT pg_terminate_backend({pid})"));
    until(
        &mut session,
        &format!("SELECT count(*) FROM ({LAUNCHER}) AS l WHERE pid <> {pid}"),
        "1",
    );
    // A run that it had started goes on, and is not taken for lost.
    session.run("SELECT synth_schedule('k', '@yearly', 'SELECT 1')");
    run_now(&mut session, "k", "succeeded", "status");
    until_runs(&mut session, "j", "running");
    holder.run("SELECT pg_advisory_unlock(1)");
    until_runs(&mut session, "j", "succeeded");
}

fn a_bound_on_runs(pg: &Postgres) {
    let _server = alone();
    let (mut session, _) = prepared(pg);
    let mut holder = session.another(pg);
    holder.run("SELECT pg_advisory_lock(1)");
    session.run("ALTER SYSTEM SET pg_synth.max_running_jobs = 1");
    session.refused(
        "ALTER SYSTEM SET pg_synth.max_running_jobs = 1000",
        "22023",
        "outside the valid range",
    );
    session.run("SELECT pg_reload_conf()");
    until(&mut session, "SHOW pg_synth.max_running_jobs", "1");
    for job in ["a", "b"] {
        session.run(&format!("SELECT synth_schedule('{job}', '@yearly', 'SELECT pg_advisory_lock(1), pg_advisory_unlock(1)')"));
        due(&mut session, job);
    }
    until(
        &mut session,
        "SELECT string_agg(status, ',' ORDER BY status) FROM synth.job_run",
        "running,waiting",
    );
    holder.run("SELECT pg_advisory_unlock(1)");
    until(
        &mut session,
        "SELECT string_agg(status, ',' ORDER BY status) FROM synth.job_run",
        "succeeded,succeeded",
    );
    session.run(super::MANY_RUNS);
    session.run("SELECT pg_reload_conf()");
}
