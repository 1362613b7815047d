//! A standby that falls behind holds a run up, and a crash empties unlogged tables.

use std::thread;
use std::time::Duration;

use super::{nothing_left, phase, rule};
use crate::extension::{Session, row, tests};
use crate::servers::postgres::Postgres;

tests![
    a_run_waits_for_a_standby,
    an_unlogged_table_is_empty_after_a_crash,
];

/// Waits until a query says something.
#[track_caller]
fn until(session: &mut Session, query: &str, says: &str) {
    let mut last = Vec::new();
    for _ in 0..1500 {
        last = session.column(query);
        if last == [says] {
            return;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{query} says {last:?}, not {says}");
}

fn a_run_waits_for_a_standby(_: &Postgres) {
    let primary = Postgres::start_with("-primary", &["log_min_messages=fatal"])
        .unwrap_or_else(|e| panic!("no cluster: {e}"));
    primary.psql("postgres", "CREATE DATABASE lagging").unwrap();
    let mut session = Session::open(&primary, "lagging");
    session.run(
        "CREATE EXTENSION pg_synth; CREATE TABLE t (id int PRIMARY KEY, v text);
         INSERT INTO t SELECT i, 'Original ' || i FROM generate_series(1, 20000) i",
    );
    rule(&mut session, "t", "v", "MASKED WITH hash(20)");
    let standby = primary
        .standby("-standby")
        .unwrap_or_else(|e| panic!("no standby: {e}"));
    until(
        &mut session,
        "SELECT state FROM pg_stat_replication",
        "streaming",
    );
    // Replay stands still, as behind a long query; the standby goes on to receive and to report.
    standby
        .psql("postgres", "SELECT pg_wal_replay_pause()")
        .unwrap();
    let mut masker = session.another(&primary);
    let masking = thread::spawn(move || {
        masker.attempt(
            "CALL synth_mask_table_online('t', batch_rows => 200, rows_per_second => 4000, max_replica_lag => '500 ms')",
        )
    });
    until(
        &mut session,
        "SELECT phase || ' ' || waiting_for FROM synth.progress",
        "copy replica",
    );
    let done = session.value("SELECT rows_done FROM synth.progress");
    thread::sleep(Duration::from_millis(1200));
    assert_eq!(
        session.value("SELECT rows_done FROM synth.progress"),
        done,
        "the run goes on although the standby is behind"
    );
    assert!(!masking.is_finished());
    standby
        .psql("postgres", "SELECT pg_wal_replay_resume()")
        .unwrap();
    let outcome = masking.join().unwrap();
    assert!(outcome.is_ok(), "{}", outcome.unwrap_err());
    assert_eq!(phase(&mut session, "t"), "done");
    nothing_left(&mut session);
    // What the standby has is masked, too.
    let mut there = Session::open(&standby, "lagging");
    until(
        &mut there,
        "SELECT count(*) FROM t WHERE v NOT LIKE 'Original%'",
        "20000",
    );
    there.close();
}

fn an_unlogged_table_is_empty_after_a_crash(_: &Postgres) {
    let pg = Postgres::start_with("-unlogged", &["log_min_messages=fatal"])
        .unwrap_or_else(|e| panic!("no cluster: {e}"));
    pg.psql("postgres", "CREATE DATABASE crashing").unwrap();
    let mut session = Session::open(&pg, "crashing");
    session.run(
        "CREATE EXTENSION pg_synth; CREATE UNLOGGED TABLE t (id int PRIMARY KEY, v text);
         INSERT INTO t SELECT i, 'Original ' || i FROM generate_series(1, 5000) i",
    );
    rule(&mut session, "t", "v", "MASKED WITH hash(20)");
    let mut masker = session.another(&pg);
    let masking = thread::spawn(move || {
        // The connection breaks, which a session takes for a defect.
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            masker.attempt(
                "CALL synth_mask_table_online('t', rows_per_second => 500, batch_rows => 100)",
            )
        }))
    });
    until(
        &mut session,
        "SELECT phase || ' ' || (rows_done > 300) FROM synth.progress",
        "copy true",
    );
    session.run("CHECKPOINT");
    session.close();
    pg.restart("KILL");
    let _ = masking.join();
    let mut session = Session::open(&pg, "crashing");
    assert_eq!(session.value("SELECT count(*) FROM t"), "0");
    session.run("INSERT INTO t SELECT i, 'Original ' || i FROM generate_series(1, 700) i");
    session.run("UPDATE t SET v = 'Original changed ' || id WHERE id % 7 = 0");
    session.run("CALL synth_mask_table_online('t')");
    assert_eq!(
        session.rows("SELECT count(*), count(DISTINCT v), count(*) FILTER (WHERE v LIKE 'Original%'), min(relpersistence) FROM t, pg_class WHERE relname = 't'"),
        [row(&["700", "700", "0", "u"])]
    );
    nothing_left(&mut session);
    session.run("SET enable_seqscan = off");
    assert_eq!(session.value("SELECT count(*) FROM t WHERE id = 350"), "1");
    session.close();
    // What was swapped in is unlogged as well: empty after the next crash, and usable.
    pg.restart("KILL");
    let mut session = Session::open(&pg, "crashing");
    assert_eq!(session.value("SELECT count(*) FROM t"), "0");
    session.run("INSERT INTO t VALUES (1, 'x')");
    session.close();
}
