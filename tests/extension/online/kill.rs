//! Kills at random points: of the backend, and of the whole server. What was begun is resumed by
//! the same call, and the result is that of a run that nobody disturbed.

use std::process::Stdio;
use std::thread;
use std::time::Duration;

use super::same_rows;
use crate::extension::{Session, tests};
use crate::servers::postgres::Postgres;

tests![killed_at_random_points];

/// Kills of each form of masking.
const KILLS: usize = 25;

fn next(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6364136223846793005)
        .wrapping_add(1442695040888963407);
    *state >> 33
}

/// Runs a statement in a process of its own, and kills it after some time: the backend, or the
/// whole server. Gives whether the statement had ended before.
fn run_and_kill(pg: &Postgres, sql: &str, after: Duration, whole_server: bool) -> bool {
    let mut client = pg
        .program("psql")
        .args(["-X", "-q", "-d", "killed", "-c", sql])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    thread::sleep(after);
    if let Ok(Some(status)) = client.try_wait() {
        assert!(status.success(), "the call fails by itself");
        return true;
    }
    if whole_server {
        pg.restart("KILL");
    } else {
        let pid = pg.psql("killed", "SELECT pid FROM pg_stat_activity WHERE application_name = 'psql' AND pid <> pg_backend_pid()");
        if let Ok(pid) = pid
            .map_err(|_| ())
            .and_then(|pid| pid.parse().map_err(|_| ()))
        {
            crate::signal(pid, "KILL");
        }
        let _ = client.wait();
        pg.wait_until_ready()
            .unwrap_or_else(|e| panic!("the server does not recover: {e}"));
    }
    let _ = client.wait();
    false
}

fn killed_at_random_points(_: &Postgres) {
    let pg = Postgres::start_with("-kill", &["log_min_messages=fatal"])
        .unwrap_or_else(|e| panic!("no cluster: {e}"));
    let database = "killed";
    pg.psql("postgres", "CREATE DATABASE killed").unwrap();
    let mut session = Session::open(&pg, database);
    session.run(
        "CREATE EXTENSION pg_synth;
         CREATE TABLE original (id int PRIMARY KEY, email text UNIQUE, note text, born date);
         INSERT INTO original SELECT i, 'p' || i || '@real.org',
            CASE WHEN i % 20 = 0 THEN repeat(md5(i::text), 200) ELSE 'note ' || i END, date '1970-01-01' + i
         FROM generate_series(1, 3000) i;
         CREATE TABLE masked (LIKE original INCLUDING ALL);
         INSERT INTO masked TABLE original",
    );
    let rules = [
        ("email", "MASKED WITH email"),
        ("note", "MASKED WITH hash"),
        ("born", "MASKED WITH date_shift(30)"),
    ];
    for (column, masked) in rules {
        super::rule(&mut session, "masked", column, masked);
    }
    session.run("SELECT synth_mask_table('masked'); CHECKPOINT");
    session.close();
    let mut state = 0x000F_EED5;
    for (form, call, is_online) in [
        (
            "online",
            "CALL synth_mask_table_online('t', 100, rows_per_second => 12000)",
            true,
        ),
        ("rewrite", "SELECT synth_mask_table('t')", false),
    ] {
        let (mut kills, mut runs, mut phases) = (0, 0, Vec::new());
        while kills < KILLS {
            let mut session = Session::open(&pg, database);
            session.run(
                "DROP TABLE IF EXISTS t CASCADE; CREATE TABLE t (LIKE original INCLUDING ALL); INSERT INTO t TABLE original",
            );
            for (column, masked) in rules {
                super::rule(&mut session, "t", column, masked);
            }
            session.close();
            runs += 1;
            loop {
                let longest = if is_online { 220 } else { 60 };
                let after = Duration::from_millis(10 + next(&mut state) % longest);
                let whole_server = next(&mut state).is_multiple_of(2);
                let ended = run_and_kill(&pg, call, after, whole_server);
                let mut session = Session::open(&pg, database);
                let finished = if is_online {
                    let phase = super::phase(&mut session, "t");
                    phases.push(phase.clone());
                    phase == "done"
                } else {
                    session.value("SELECT email NOT LIKE '%real.org' FROM t WHERE id = 1") == "t"
                };
                if !ended {
                    kills += 1;
                }
                let expected = if finished { "masked" } else { "original" };
                if ["done", "refresh"].contains(&phases.last().map_or("", String::as_str))
                    && is_online
                {
                    same_rows(&mut session, "t", "masked");
                } else {
                    same_rows(&mut session, "t", expected);
                }
                session.close();
                if finished {
                    break;
                }
                if kills >= KILLS {
                    let mut session = Session::open(&pg, database);
                    session.run(call);
                    same_rows(&mut session, "t", "masked");
                    session.close();
                    break;
                }
            }
            let mut session = Session::open(&pg, database);
            super::nothing_left(&mut session);
            session.run("SET enable_seqscan = off");
            assert_eq!(
                session.value(
                    "SELECT count(*) FROM t JOIN masked USING (email) WHERE t.id = masked.id"
                ),
                "3000",
                "the index does not find the rows"
            );
            session.close();
        }
        eprintln!("{form}: {kills} kills in {runs} runs; phases {phases:?}");
    }
}
