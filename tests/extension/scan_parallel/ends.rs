//! Errors, timeouts, cancels and killed processes end a query with all of its workers.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{EAGER, assert_shared, eager};
use crate::extension::session::Refusal;
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![
    errors_in_workers_arrive_whole,
    a_timeout_ends_all_workers,
    a_worker_that_is_killed_ends_the_query,
    a_cancel_ends_all_workers,
    a_session_that_is_killed_takes_its_workers,
];

fn errors_in_workers_arrive_whole(pg: &Postgres) {
    let mut session = eager(pg);
    session.run(
        "CREATE FUNCTION fails(text) RETURNS boolean LANGUAGE plpgsql PARALLEL SAFE AS $$ BEGIN
            RAISE EXCEPTION 'it fails' USING ERRCODE = 'P0123', DETAIL = 'in a worker', HINT = 'Do not.'; END $$",
    );
    let query = "SELECT count(*) FROM synth_patients(100000) WHERE fails(mrn)";
    assert_shared(&mut session, query);
    for settings in [
        "SET parallel_leader_participation = off",
        "SET parallel_leader_participation = on",
        "SET max_parallel_workers_per_gather = 0",
    ] {
        session.run(settings);
        let error = session.refused(query, "P0123", "it fails");
        assert_eq!(error.hint, "Do not.", "the hint is lost");
        assert_eq!(error.detail, "in a worker", "the detail is lost");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
    until_no_worker(&mut session);
}

/// Waits until all parallel workers have ended.
fn until_no_worker(session: &mut Session) {
    let workers = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'parallel worker' AND datname = current_database()";
    for _ in 0..250 {
        if session.value(workers) == "0" {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("workers outlive their query");
}

/// Minutes of work for any number of workers, of which a test waits for one at most.
const ENDLESS: &[&str] = &[
    "SELECT avg(bmi) FROM synth_patients(1000000000000, 1)",
    "SELECT count(*) FROM synth_patients(100000000000000)",
    "CREATE TABLE t AS SELECT * FROM synth_patients(1000000000000) WHERE bmi < 0",
];

fn a_timeout_ends_all_workers(pg: &Postgres) {
    let mut session = eager(pg);
    let mut watcher = session.another(pg);
    for query in ENDLESS {
        assert_shared(&mut session, query);
        session.run("SET statement_timeout = 300");
        session.refused(query, "57014", "statement timeout");
        session.run("SET statement_timeout = 0");
        until_no_worker(&mut watcher);
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

/// Runs a statement while another session does something to one of its processes; gives the error.
fn disturbed(
    pg: &Postgres,
    session: &mut Session,
    query: &str,
    action: &str,
    processes: &str,
) -> Refusal {
    let pid = session.pid();
    let mut other = session.another(pg);
    let act = format!(
        "SELECT count({action}(pid)) FROM (SELECT pid FROM pg_stat_activity WHERE {} AND query LIKE '%synth_patients%' AND state = 'active' LIMIT 1) p",
        processes.replace("PID", &pid)
    );
    // Workers have started, and rows are being made.
    let ready = format!("SELECT count(*) FROM pg_stat_activity WHERE leader_pid = {pid}");
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        let disturber = scope.spawn(|| {
            while other.value(&ready) == "0" {
                thread::sleep(Duration::from_millis(5));
            }
            thread::sleep(Duration::from_millis(50));
            // What is hit may have been on its way out: until the statement has ended.
            while !ended.load(Ordering::Relaxed) {
                other.run(&act);
                thread::sleep(Duration::from_millis(20));
            }
            until_no_worker(&mut other);
        });
        let answer = session.attempt(query);
        ended.store(true, Ordering::Relaxed);
        disturber.join().unwrap();
        match answer {
            Ok(rows) => panic!("an answer in spite of {action}: {rows:?}"),
            Err(error) => error,
        }
    })
}

fn a_worker_that_is_killed_ends_the_query(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        // Either no row is missing, or there is an error.
        let error = disturbed(
            pg,
            &mut session,
            query,
            "pg_terminate_backend",
            "leader_pid = PID",
        );
        assert_eq!(error.code, "57P01", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

fn a_cancel_ends_all_workers(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        let error = disturbed(pg, &mut session, query, "pg_cancel_backend", "pid = PID");
        assert_eq!(error.code, "57014", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}

fn a_session_that_is_killed_takes_its_workers(pg: &Postgres) {
    let mut session = eager(pg);
    for query in ENDLESS {
        let mut killed = session.another(pg);
        killed.run(EAGER);
        // The disturber waits until all workers have ended.
        let error = disturbed(pg, &mut killed, query, "pg_terminate_backend", "pid = PID");
        assert_eq!(error.code, "57P01", "{error}");
        assert_eq!(
            session.value("SELECT count(*) FROM synth_patients(5000)"),
            "5000"
        );
    }
}
