//! A pass over the jobs of a database: closes runs whose process is gone, makes runs of what is
//! due, names those that can start, ends those whose window has ended, and says when to look again.
//!
//! A pass is a process that lives for some milliseconds. Between passes nothing is connected to the
//! database, so that DROP DATABASE and CREATE DATABASE ... TEMPLATE find it free.

use std::collections::HashSet;

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};

use super::cron::{Problem, Timing, Window};
use super::process;
use super::run::{End, close};
use super::shared::{self, Report, Slot};
use super::tables::{Tables, home, now, number, text};

/// An occurrence this late, in seconds, was missed: the server was down, or busy.
const MISSED_AFTER: i64 = 300;

/// A run that does not heed the end of its window is ended after so many seconds.
const PATIENCE: i64 = 10;

/// A database with jobs is looked at at least this often, in seconds.
const LONGEST_SLEEP: i64 = 300;

/// The most runs looked at in a pass.
const MOST: i64 = 1000;

/// The process of a pass.
///
/// # Safety
/// Called by Postgres in a background worker.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn synth_schedule_pass(_argument: pg_sys::Datum) {
    let task = process::task();
    // No role is named: the process looks at the jobs of all roles, and runs nothing of theirs.
    process::connect(task.database, pg_sys::InvalidOid);
    let mut starting = Vec::new();
    let mut found = Report {
        database: task.database.to_u32(),
        ..Report::default()
    };
    process::transaction(|| {
        if let Some(tables) = Tables::find() {
            (starting, found) = pass(&tables, found);
        }
    });
    let refused = shared::request(&starting);
    if !refused.is_empty() {
        // Another database was quicker.
        found.starved = true;
        process::transaction(|| {
            if let Some(tables) = Tables::find() {
                for run in refused {
                    tables.change(
                        "UPDATE synth.job_run SET status = 'waiting' WHERE run_id = $1 AND status = 'starting'",
                        &[number(run.run_id)],
                    );
                }
            }
        });
    }
    shared::report(found);
}

fn pass(tables: &Tables, mut found: Report) -> (Vec<Slot>, Report) {
    follow_renames(tables);
    close_lost(tables, found.database);
    make_due(tables);
    let starting = start(tables, &mut found);
    end_windows(tables);
    found.wake = wake(tables);
    (starting, found)
}

/// A role that has been renamed keeps its jobs and its history.
fn follow_renames(tables: &Tables) {
    tables.change(
        "UPDATE synth.job j SET owner = a.rolname FROM pg_catalog.pg_roles a
         WHERE a.oid = j.owner_oid AND a.rolname <> j.owner AND j.home = $1",
        &[text(&home())],
    );
    tables.change(
        "UPDATE synth.job_run r SET owner = j.owner FROM synth.job j
         WHERE j.name = r.job AND j.owner_oid = r.owner_oid AND r.owner <> j.owner AND j.home = $1",
        &[text(&home())],
    );
}

/// Runs that ought to have a process and have none: it crashed, was ended, or the server was.
fn close_lost(tables: &Tables, database: u32) {
    let known: Vec<i64> = shared::slots()
        .iter()
        .filter(|slot| slot.run_id != 0 && slot.database == database)
        .map(|slot| slot.run_id)
        .collect();
    let lost = tables.run(
        "SELECT r.run_id, r.status FROM synth.job_run r
         WHERE r.status IN ('starting', 'running') AND r.run_id <> ALL ($1)
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a
                           WHERE a.pid = r.pid AND a.backend_start = r.backend_start)
         FOR UPDATE OF r SKIP LOCKED",
        &[(pg_sys::INT8ARRAYOID, known.into_datum())],
        |row| Ok(row.get::<i64>(1)?.zip(row.get::<String>(2)?)),
    );
    for (run_id, status) in lost {
        let end = if status == "running" {
            End::because(
                "interrupted",
                "57P01",
                "the process of the run ended before the command did".to_owned(),
            )
        } else {
            let mut end = End::because(
                "failed",
                "08006",
                "the process of the run ended before it began".to_owned(),
            );
            end.hint = Some("The server's log says why.".to_owned());
            end
        };
        close(tables, run_id, &end);
    }
}

/// A job as far as time is concerned.
struct Due {
    name: String,
    timing: std::result::Result<Timing, Problem>,
    next: i64,
    busy: bool,
    overlap: String,
    missed: String,
}

/// Reads expression, zone and window from four columns. What cannot be read any more, as a zone that
/// an update has removed, must not keep other jobs from running.
fn timing(row: &SpiHeapTupleData, first: usize) -> Result<std::result::Result<Timing, Problem>> {
    let text = |at| row.get::<String>(at).map(Option::unwrap_or_default);
    let window = row.get::<i64>(first + 2)?.zip(row.get::<i64>(first + 3)?);
    let window = window.map(|(start, stop)| Window { start, stop });
    Ok(Timing::read(&text(first)?, &text(first + 1)?, window))
}

/// Pauses a job that has no time any more, and says so in its history.
fn pause(tables: &Tables, job: &str, (message, hint): Problem) {
    tables.change(
        "UPDATE synth.job SET active = false WHERE name = $1",
        &[text(job)],
    );
    let mut end = End::because("refused", "22023", message);
    end.hint = Some(format!("The job is paused. {hint}"));
    if let Some(run_id) = make_run(tables, job) {
        close(tables, run_id, &end);
    }
}

/// Makes a run of the occurrence that is due.
fn make_run(tables: &Tables, job: &str) -> Option<i64> {
    let made = tables.run(
        "INSERT INTO synth.job_run (job, owner, owner_oid, command, reason, attempt, status, due)
         SELECT name, owner, owner_oid, command, 'schedule', 1, 'waiting',
                COALESCE(next_run, pg_catalog.clock_timestamp())
         FROM synth.job WHERE name = $1 RETURNING run_id",
        &[text(job)],
        |row| row.get::<i64>(1),
    );
    made.first().copied()
}

/// Makes a run of each occurrence that is due, and plans the next.
fn make_due(tables: &Tables) {
    let due = tables.run(
        "SELECT j.name, pg_catalog.date_part('epoch', j.next_run)::bigint, j.overlap, j.missed,
                EXISTS (SELECT FROM synth.job_run r
                        WHERE r.job = j.name AND r.status IN ('waiting', 'starting', 'running')),
                j.cron, j.time_zone,
                pg_catalog.date_part('epoch', j.window_start)::bigint,
                pg_catalog.date_part('epoch', j.window_stop)::bigint
         FROM synth.job j
         WHERE j.active AND j.home = $1 AND j.next_run <= pg_catalog.clock_timestamp()
         ORDER BY j.next_run FOR UPDATE OF j SKIP LOCKED",
        &[text(&home())],
        |row| {
            Ok(Some(Due {
                name: row.get(1)?.unwrap_or_default(),
                timing: timing(row, 6)?,
                next: row.get(2)?.unwrap_or_default(),
                overlap: row.get(3)?.unwrap_or_default(),
                missed: row.get(4)?.unwrap_or_default(),
                busy: row.get(5)?.unwrap_or_default(),
            }))
        },
    );
    let now = now();
    for job in due {
        let timing = match job.timing {
            Ok(timing) => timing,
            Err(problem) => {
                pause(tables, &job.name, problem);
                continue;
            }
        };
        let missed = now - job.next > MISSED_AFTER;
        let why_not = if missed && job.missed == "skip" {
            Some("missed: the server was down or busy when it was due")
        } else if job.busy && job.overlap == "skip" {
            Some("the run before has not ended")
        } else if job.busy && is_queued(tables, &job.name) {
            Some("a run is queued already")
        } else {
            None
        };
        let run = make_run(tables, &job.name);
        if let (Some(why), Some(run_id)) = (why_not, run) {
            close(
                tables,
                run_id,
                &End {
                    status: "skipped",
                    message: Some(why.to_owned()),
                    ..End::default()
                },
            );
        }
        plan_next(tables, &job.name, timing.next(now));
    }
}

/// Whether a run of the job waits for one before it; not whether one waits to be tried again.
fn is_queued(tables: &Tables, job: &str) -> bool {
    let waiting = tables.run(
        "SELECT run_id FROM synth.job_run WHERE job = $1 AND status = 'waiting' AND attempt = 1",
        &[text(job)],
        |row| row.get::<i64>(1),
    );
    !waiting.is_empty()
}

/// Writes down when a job is due next.
fn plan_next(tables: &Tables, job: &str, next: Option<i64>) {
    tables.change(
        "UPDATE synth.job SET next_run = pg_catalog.to_timestamp($2) WHERE name = $1",
        &[
            text(job),
            (pg_sys::FLOAT8OID, next.map(|next| next as f64).into_datum()),
        ],
    );
}

/// A run that waits, and whose time has come.
struct Waiting {
    run_id: i64,
    job: String,
    role: Oid,
    refusal: Option<(String, String)>,
    ignores_window: bool,
    exclusive: bool,
    timing: std::result::Result<Timing, Problem>,
}

/// Names the runs that can start.
fn start(tables: &Tables, found: &mut Report) -> Vec<Slot> {
    let waiting = tables.run(
        "SELECT r.run_id, r.job, j.owner_oid,
                CASE WHEN a.oid IS NULL THEN '42704 the role ' || pg_catalog.quote_ident(j.owner) || ' is no longer there'
                     WHEN NOT a.rolcanlogin THEN '28000 the role ' || pg_catalog.quote_ident(a.rolname) || ' may no longer log in'
                     WHEN NOT pg_catalog.has_database_privilege(a.oid, d.oid, 'CONNECT')
                     THEN '42501 the role ' || pg_catalog.quote_ident(a.rolname) || ' may no longer connect to this database'
                END,
                r.ignore_window, j.overlap <> 'allow', j.cron, j.time_zone,
                pg_catalog.date_part('epoch', j.window_start)::bigint,
                pg_catalog.date_part('epoch', j.window_stop)::bigint
         FROM synth.job_run r
         JOIN synth.job j ON j.name = r.job AND j.owner_oid = r.owner_oid
         JOIN pg_catalog.pg_database d ON d.datname = pg_catalog.current_database()
         LEFT JOIN pg_catalog.pg_roles a ON a.oid = j.owner_oid
         WHERE r.status = 'waiting' AND r.due <= pg_catalog.clock_timestamp() AND j.home = $1
           AND (j.active OR r.reason = 'request')
           AND (j.overlap = 'allow'
                OR NOT EXISTS (SELECT FROM synth.job_run o
                               WHERE o.job = r.job AND o.status IN ('starting', 'running')))
         ORDER BY r.due, r.run_id LIMIT $2 FOR UPDATE OF r SKIP LOCKED",
        &[text(&home()), number(MOST)],
        |row| {
            let timing = timing(row, 7)?;
            let refusal = row.get::<String>(4)?;
            Ok(Some(Waiting {
                run_id: row.get(1)?.unwrap_or_default(),
                job: row.get(2)?.unwrap_or_default(),
                role: row.get(3)?.unwrap_or(pg_sys::InvalidOid),
                refusal: refusal.and_then(|text| {
                    let (code, message) = text.split_once(' ')?;
                    Some((code.to_owned(), message.to_owned()))
                }),
                ignores_window: row.get(5)?.unwrap_or_default(),
                exclusive: row.get(6)?.unwrap_or_default(),
                timing,
            }))
        },
    );
    let now = now();
    let used = shared::slots().iter().filter(|s| s.run_id != 0).count();
    let mut free = super::most_runs().saturating_sub(used);
    let mut started = HashSet::new();
    let mut starting = Vec::new();
    for run in waiting {
        if let Some((code, message)) = run.refusal {
            let mut end = End::because("refused", &code, message);
            end.hint = Some(
                "A superuser can unschedule the job; a job runs as the role that scheduled it, and as no other."
                    .to_owned(),
            );
            close(tables, run.run_id, &end);
            continue;
        }
        if run.exclusive && started.contains(&run.job) {
            continue;
        }
        let timing = match run.timing {
            Ok(timing) => timing,
            Err((message, hint)) => {
                let mut end = End::because("refused", "22023", message);
                end.hint = Some(hint.to_owned());
                close(tables, run.run_id, &end);
                continue;
            }
        };
        let stop = if run.ignores_window {
            None
        } else {
            timing.window_end(now)
        };
        if timing.has_window() && stop.is_none() && !run.ignores_window {
            postpone(tables, run.run_id, timing.window_opens(now));
            continue;
        }
        if free == 0 {
            found.starved = true;
            break;
        }
        free -= 1;
        tables.change(
            "UPDATE synth.job_run SET status = 'starting', stop_at = pg_catalog.to_timestamp($2)
             WHERE run_id = $1",
            &[
                number(run.run_id),
                (pg_sys::FLOAT8OID, stop.map(|stop| stop as f64).into_datum()),
            ],
        );
        starting.push(Slot {
            run_id: run.run_id,
            database: found.database,
            role: run.role.to_u32(),
            taken: false,
        });
        started.insert(run.job);
    }
    starting
}

fn postpone(tables: &Tables, run_id: i64, until: Option<i64>) {
    tables.change(
        "UPDATE synth.job_run SET due = pg_catalog.to_timestamp($2) WHERE run_id = $1",
        &[
            number(run_id),
            (
                pg_sys::FLOAT8OID,
                until.map(|until| until as f64).into_datum(),
            ),
        ],
    );
}

/// Cancels runs whose window has ended, and ends those that do not heed it.
fn end_windows(tables: &Tables) {
    tables.change(
        "WITH late AS (
            UPDATE synth.job_run r
            SET stopping_at = COALESCE(r.stopping_at, pg_catalog.clock_timestamp())
            FROM pg_catalog.pg_stat_activity a
            WHERE r.status = 'running' AND r.stop_at <= pg_catalog.clock_timestamp()
              AND a.pid = r.pid AND a.backend_start = r.backend_start
            RETURNING r.pid, r.stopping_at < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => $1) AS ignored
         )
         SELECT CASE WHEN ignored THEN pg_catalog.pg_terminate_backend(pid)
                     ELSE pg_catalog.pg_cancel_backend(pid) END
         FROM late",
        &[(pg_sys::FLOAT8OID, (PATIENCE as f64).into_datum())],
    );
}

/// When to look again; 0 for no time, where there are no jobs.
fn wake(tables: &Tables) -> i64 {
    let soonest = tables.run(
        "SELECT pg_catalog.ceil(pg_catalog.date_part('epoch', pg_catalog.min(at)))::bigint, pg_catalog.count(*)
         FROM (SELECT next_run FROM synth.job WHERE active AND home = $1
               UNION ALL
               SELECT due FROM synth.job_run WHERE status = 'waiting' AND due > pg_catalog.clock_timestamp()
               UNION ALL
               SELECT CASE WHEN stopping_at IS NULL THEN stop_at
                           ELSE pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => $2) END
               FROM synth.job_run WHERE status = 'running'
              ) AS soon (at)",
        &[
            text(&home()),
            (pg_sys::FLOAT8OID, (PATIENCE as f64).into_datum()),
        ],
        |row| Ok(Some((row.get::<i64>(1)?, row.get::<i64>(2)?))),
    );
    let now = now();
    match soonest.first() {
        Some((Some(at), _)) => (*at).clamp(now + 1, now + LONGEST_SLEEP),
        Some((None, Some(0))) | None => 0,
        Some(_) => now + LONGEST_SLEEP,
    }
}
