//! What is due runs; overlap, retries, time windows, pauses and missed runs keep their rules.

use super::{due, prepared, run_now, shared, until, until_runs};
use crate::extension::tests;
use crate::servers::postgres::Postgres;

tests![
    a_job_runs_when_it_is_due,
    retries_back_off,
    overlap,
    a_window_bounds_runs,
    the_end_of_a_window_ends_a_run,
    pause_and_resume,
    replaced_and_unscheduled,
    missed_runs,
];

/// A job that waits for the lock that the test holds.
const WAITS: &str = "SELECT pg_advisory_lock(1), pg_advisory_unlock(1)";

fn a_job_runs_when_it_is_due(pg: &Postgres) {
    let _server = shared();
    let (mut session, role) = prepared(pg);
    let mut owner = session.role(pg, &role);
    owner.run("CREATE TABLE t (at timestamptz)");
    let first =
        owner.value("SELECT synth_schedule('j', '*/5 * * * *', 'INSERT INTO t VALUES (now())')");
    assert_eq!(
        session.value(&format!(
            "SELECT '{first}'::timestamptz > now() AND '{first}'::timestamptz <= now() + interval '5 minutes'
                    AND extract(minute FROM '{first}'::timestamptz)::int % 5 = 0"
        )),
        "t"
    );
    owner.run("SELECT synth_schedule('j', '@yearly', 'INSERT INTO t VALUES (now())')");
    assert_eq!(owner.value("SELECT state FROM synth.jobs"), "scheduled");
    due(&mut session, "j");
    until_runs(&mut session, "j", "succeeded");
    assert_eq!(owner.value("SELECT count(*) FROM t"), "1");
    assert_eq!(
        owner.rows("SELECT reason, attempt::text, rows::text, (started_at >= due)::text, (finished_at >= started_at)::text, owner::text FROM synth.job_run"),
        [crate::extension::row(&["schedule", "1", "1", "true", "true", &role])]
    );
    assert_eq!(
        owner.value("SELECT next_run > now() FROM synth.jobs"),
        "t",
        "the next run is not planned"
    );
    // Without being told of it: the launcher knows when the next is due.
    session.run(
        "UPDATE synth.job SET next_run = now() + interval '1 second'; SELECT synth.look_at_jobs()",
    );
    until_runs(&mut session, "j", "succeeded,succeeded");
    // A job that is rolled back is none.
    owner.run(
        "BEGIN; SELECT synth_schedule('no', '@yearly', 'INSERT INTO t VALUES (now())'); ROLLBACK",
    );
    assert_eq!(
        owner.value("SELECT string_agg(name, ',') FROM synth.jobs"),
        "j"
    );
}

fn retries_back_off(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run("CREATE TABLE fails (much bool); INSERT INTO fails VALUES (true)");
    session.run(
        "SELECT synth_schedule('j', '@yearly', $$SELECT 1 / (NOT much)::int FROM fails$$, attempts => 4, retry_delay => '10 minutes')",
    );
    due(&mut session, "j");
    for attempt in 1..4 {
        let before = vec!["failed"; attempt].join(",");
        until_runs(&mut session, "j", &format!("{before},waiting"));
        assert_eq!(
            session.value(
                "SELECT round(extract(epoch FROM w.due - f.finished_at) / 600)
                 FROM synth.job_run w JOIN synth.job_run f ON f.attempt = w.attempt - 1 WHERE w.status = 'waiting'"
            ),
            (1 << (attempt - 1)).to_string(),
            "the delays do not double"
        );
        if attempt == 3 {
            session.run("UPDATE fails SET much = false");
        }
        session.run("UPDATE synth.job_run SET due = now() WHERE status = 'waiting'; SELECT synth.look_at_jobs()");
    }
    until_runs(&mut session, "j", "failed,failed,failed,succeeded");
    assert_eq!(
        session
            .value("SELECT string_agg(reason || attempt, ',' ORDER BY run_id) FROM synth.job_run"),
        "schedule1,retry2,retry3,retry4"
    );
    // The last attempt is the last.
    session.run("UPDATE fails SET much = true; SELECT synth_schedule('once', '@yearly', $$SELECT 1 / (NOT much)::int FROM fails$$)");
    due(&mut session, "once");
    until_runs(&mut session, "once", "failed");
    // A cancelled run is not tried again.
    session.run("SELECT synth_schedule('long', '@yearly', 'SELECT pg_sleep(1000)', attempts => 5)");
    due(&mut session, "long");
    until_runs(&mut session, "long", "running");
    session.run("SELECT pg_cancel_backend(pid) FROM synth.job_run WHERE job = 'long'");
    until_runs(&mut session, "long", "cancelled");
    assert_eq!(
        session.value("SELECT sqlstate FROM synth.job_run WHERE job = 'long'"),
        "57014"
    );
}

fn overlap(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    let mut holder = session.another(pg);
    holder.run("SELECT pg_advisory_lock(1)");
    for rule in ["skip", "queue", "allow"] {
        session.run(&format!(
            "SELECT synth_schedule('{rule}', '@yearly', '{WAITS}', overlap => '{rule}')"
        ));
        due(&mut session, rule);
        until_runs(&mut session, rule, "running");
        due(&mut session, rule);
    }
    until_runs(&mut session, "skip", "running,skipped");
    until_runs(&mut session, "queue", "running,waiting");
    until_runs(&mut session, "allow", "running,running");
    assert_eq!(
        session.value("SELECT message FROM synth.job_run WHERE status = 'skipped'"),
        "the run before has not ended"
    );
    session.refused("SELECT synth_run_now('skip')", "55000", "is running");
    // A queue holds one.
    due(&mut session, "queue");
    until_runs(&mut session, "queue", "running,waiting,skipped");
    holder.run("SELECT pg_advisory_unlock(1)");
    until_runs(&mut session, "skip", "succeeded,skipped");
    until_runs(&mut session, "queue", "succeeded,succeeded,skipped");
    until_runs(&mut session, "allow", "succeeded,succeeded");
}

fn a_window_bounds_runs(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    // A window of two hours that begins in six; and one that began an hour ago.
    session.run(
        "CREATE TABLE windows AS SELECT (now() AT TIME ZONE 'UTC' + interval '6 hours')::time AS far, (now() AT TIME ZONE 'UTC' + interval '8 hours')::time AS farther,
                (now() AT TIME ZONE 'UTC' - interval '1 hour')::time AS near, (now() AT TIME ZONE 'UTC' + interval '1 hour')::time AS nearer",
    );
    session.run("SELECT synth_schedule('later', '*/20 * * * *', 'SELECT 1', time_zone => 'UTC', window_start => far, window_stop => farther, attempts => 2) FROM windows");
    session.run("SELECT synth_schedule('now', '*/20 * * * *', 'SELECT 1', time_zone => 'UTC', window_start => near, window_stop => nearer) FROM windows");
    let inside = "SELECT CASE WHEN window_start < window_stop THEN at >= window_start AND at < window_stop ELSE at >= window_start OR at < window_stop END
                  FROM (SELECT *, (next_run AT TIME ZONE 'UTC')::time AS at FROM synth.job) AS j WHERE name = 'later'";
    assert_eq!(
        session.value(inside),
        "t",
        "the first run is outside of the window"
    );
    session.refused(
        "SELECT synth_run_now('later')",
        "55000",
        "outside of its time window",
    );
    run_now(&mut session, "now", "succeeded", "status");
    assert_eq!(
        session.value("SELECT (stop_at AT TIME ZONE 'UTC')::time(0) = nearer::time(0) OR stop_at - now() < interval '61 minutes' FROM synth.job_run, windows WHERE job = 'now'"),
        "t"
    );
    let run = session.value("SELECT synth_run_now('later', ignore_window => true)");
    until(
        &mut session,
        &format!(
            "SELECT status || ' ' || (stop_at IS NULL) FROM synth.job_run WHERE run_id = {run}"
        ),
        "succeeded true",
    );
    // What becomes due outside of it waits for it.
    due(&mut session, "later");
    until(
        &mut session,
        "SELECT status || ' ' || (due > now() + interval '5 hours' AND due < now() + interval '7 hours') FROM synth.job_run WHERE job = 'later' AND reason = 'schedule'",
        "waiting true",
    );
    assert_eq!(
        session.value(inside),
        "t",
        "the next run is outside of the window"
    );
}

fn the_end_of_a_window_ends_a_run(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run("CREATE PROCEDURE stubborn() LANGUAGE plpgsql AS $$ BEGIN LOOP BEGIN PERFORM pg_sleep(1000); EXCEPTION WHEN query_canceled THEN NULL; END; END LOOP; END $$");
    for (job, command) in [
        ("heeds", "SELECT pg_sleep(1000)"),
        ("defies", "CALL stubborn()"),
    ] {
        session.run(&format!("SELECT synth_schedule('{job}', '@yearly', '{command}', attempts => 3, window_start => '00:00', window_stop => '24:00')"));
        due(&mut session, job);
        until_runs(&mut session, job, "running");
        session.run("UPDATE synth.job SET active = false");
    }
    session.run("UPDATE synth.job_run SET stop_at = now(); SELECT synth.look_at_jobs()");
    until_runs(&mut session, "heeds", "cancelled");
    assert_eq!(
        session.value("SELECT message FROM synth.job_run WHERE job = 'heeds'"),
        "the time window ended"
    );
    // One that catches the cancel is ended a little later.
    until(
        &mut session,
        "SELECT stopping_at IS NOT NULL FROM synth.job_run WHERE job = 'defies'",
        "t",
    );
    session.run("UPDATE synth.job_run SET stopping_at = now() - interval '1 minute' WHERE job = 'defies'; SELECT synth.look_at_jobs()");
    until_runs(&mut session, "defies", "interrupted");
    assert_eq!(
        session.value("SELECT message FROM synth.job_run WHERE job = 'defies'"),
        "the time window ended"
    );
}

fn pause_and_resume(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    session.run("SELECT synth_schedule('j', '@yearly', 'SELECT 1')");
    session.run("SELECT synth_schedule('other', '@yearly', 'SELECT 1')");
    session.run("SELECT synth_pause('j')");
    assert_eq!(
        session
            .value("SELECT state || coalesce(next_run::text, '') FROM synth.jobs WHERE name = 'j'"),
        "paused"
    );
    due(&mut session, "j");
    due(&mut session, "other");
    until_runs(&mut session, "other", "succeeded");
    until_runs(&mut session, "j", "");
    // Asked for, it runs all the same.
    run_now(&mut session, "j", "succeeded", "status");
    assert_eq!(
        session.value("SELECT synth_resume('j') > now()"),
        "t",
        "a run that was missed is made up for"
    );
    assert_eq!(
        session.value("SELECT state FROM synth.jobs WHERE name = 'j'"),
        "scheduled"
    );
    due(&mut session, "j");
    until_runs(&mut session, "j", "succeeded,succeeded");
}

fn replaced_and_unscheduled(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    let mut holder = session.another(pg);
    holder.run("SELECT pg_advisory_lock(1)");
    session.run(&format!(
        "SELECT synth_schedule('j', '@yearly', '{WAITS}', overlap => 'queue')"
    ));
    due(&mut session, "j");
    until_runs(&mut session, "j", "running");
    due(&mut session, "j");
    until_runs(&mut session, "j", "running,waiting");
    // What waits is forgotten, what runs goes on.
    session.run("SELECT synth_schedule('j', '@daily', 'SELECT 2')");
    until_runs(&mut session, "j", "running");
    assert_eq!(
        session.value("SELECT cron || ' ' || command FROM synth.job"),
        "@daily SELECT 2"
    );
    session.run("SELECT synth_unschedule('j')");
    assert_eq!(session.value("SELECT count(*) FROM synth.jobs"), "0");
    holder.run("SELECT pg_advisory_unlock(1)");
    until_runs(&mut session, "j", "succeeded");
}

fn missed_runs(pg: &Postgres) {
    let _server = shared();
    let (mut session, _) = prepared(pg);
    for rule in ["skip", "run"] {
        session.run(&format!(
            "SELECT synth_schedule('{rule}', '0 0 1 * *', 'SELECT 1', missed => '{rule}')"
        ));
    }
    session.run(
        "UPDATE synth.job SET next_run = now() - interval '100 days'; SELECT synth.look_at_jobs()",
    );
    until_runs(&mut session, "skip", "skipped");
    until_runs(&mut session, "run", "succeeded");
    assert_eq!(
        session.value("SELECT message FROM synth.job_run WHERE status = 'skipped'"),
        "missed: the server was down or busy when it was due"
    );
    assert_eq!(
        session.value("SELECT bool_and(next_run > now()) FROM synth.job"),
        "t"
    );
}
