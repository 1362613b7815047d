//! Jobs: `synth_schedule` and what it promises. These tests have a cluster of their own, which
//! preloads the library. None waits for the clock: what has to be due is made due, and what has to
//! happen is waited for in the history.

mod commands;
mod databases;
mod pg_cron;
mod restarts;
mod roles;
mod times;
mod timing;
mod upgraded;
pub mod without;

use std::path::Path;
use std::process::Command;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use super::{Session, Test};
use crate::servers::postgres::Postgres;

/// How long something may take that takes milliseconds on an idle machine.
const PATIENCE: Duration = Duration::from_mins(1);

/// Tests that stop the server hold it alone.
static SERVER: RwLock<()> = RwLock::new(());

fn shared() -> RwLockReadGuard<'static, ()> {
    SERVER.read().unwrap_or_else(PoisonError::into_inner)
}

fn alone() -> RwLockWriteGuard<'static, ()> {
    SERVER.write().unwrap_or_else(PoisonError::into_inner)
}

/// The tests of all files here, but for those of a cluster that does not preload the library.
pub fn tests() -> Vec<Test> {
    [
        commands::tests(),
        databases::tests(),
        pg_cron::tests(),
        restarts::tests(),
        roles::tests(),
        times::tests(),
        timing::tests(),
        upgraded::tests(),
    ]
    .concat()
}

/// Starts the cluster.
pub fn start() -> Postgres {
    let libraries = if has_pg_cron() {
        "shared_preload_libraries=pg_cron,pg_synth"
    } else {
        "shared_preload_libraries=pg_synth"
    };
    let postgres = Postgres::start_with(
        "-jobs",
        &[
            libraries,
            "cron.use_background_workers=on",
            "max_worker_processes=40",
            "log_min_messages=warning",
        ],
    )
    .unwrap_or_else(|e| panic!("{e}"));
    // Not on the command line, which would take precedence over what a test sets.
    for command in [MANY_RUNS, "SELECT pg_reload_conf()"] {
        postgres
            .psql("postgres", command)
            .unwrap_or_else(|e| panic!("{e}"));
    }
    postgres
}

/// Enough for all tests that run at a time.
const MANY_RUNS: &str = "ALTER SYSTEM SET pg_synth.max_running_jobs = 20";

/// Whether the server has `pg_cron`: the Debian package postgresql-15-cron.
fn has_pg_cron() -> bool {
    let pg_config = std::env::var("PG_CONFIG").unwrap_or_else(|_| "pg_config".to_owned());
    let output = Command::new(pg_config).arg("--pkglibdir").output();
    output.is_ok_and(|output| {
        let directory = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        Path::new(&directory).join("pg_cron.so").exists()
    })
}

/// A fresh database with the extension, the session of its superuser, and a role in it that may
/// schedule and create tables.
fn prepared(pg: &Postgres) -> (Session, String) {
    let mut session = super::fresh(pg);
    let role = format!("worker_{}", session.database);
    session.run(&format!(
        "CREATE ROLE {role} LOGIN; GRANT CREATE ON SCHEMA public TO {role};
         GRANT EXECUTE ON FUNCTION synth_schedule TO {role}"
    ));
    (session, role)
}

/// Makes a job due, and has it looked at.
#[track_caller]
fn due(session: &mut Session, job: &str) {
    session.run(&format!(
        "UPDATE synth.job SET next_run = now() - interval '1 second' WHERE name = '{job}';
         SELECT synth.look_at_jobs()"
    ));
}

/// Waits until a query gives a value; gives up with what is to be seen of the jobs.
#[track_caller]
fn until(session: &mut Session, query: &str, wanted: &str) {
    let begun = Instant::now();
    let mut seen = String::new();
    while begun.elapsed() < PATIENCE {
        seen = session.column(query).join(",");
        if seen == wanted {
            return;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let jobs = session.rows("SELECT name, active::text, next_run::text FROM synth.job");
    let runs = session.rows(
        "SELECT run_id::text, job, reason, attempt::text, status, due::text, sqlstate, message FROM synth.job_run ORDER BY run_id",
    );
    panic!("{query}\nnever gives {wanted:?}, but {seen:?}\njobs {jobs:?}\nruns {runs:?}");
}

/// Waits until the runs of a job have these states, the first run first.
#[track_caller]
fn until_runs(session: &mut Session, job: &str, states: &str) {
    until(
        session,
        &format!("SELECT status FROM synth.job_run WHERE job = '{job}' ORDER BY run_id"),
        states,
    );
}

/// Runs a job by `synth_run_now` and waits for its end; gives a column of its history.
#[track_caller]
pub fn run_now(session: &mut Session, job: &str, state: &str, column: &str) -> String {
    let run = session.value(&format!("SELECT synth_run_now('{job}')"));
    until(
        session,
        &format!("SELECT status FROM synth.job_run WHERE run_id = {run}"),
        state,
    );
    session.value(&format!(
        "SELECT {column} FROM synth.job_run WHERE run_id = {run}"
    ))
}
