//! Jobs: commands that run at their time, in background workers of the extension.
//!
//! | file | subject |
//! |---|---|
//! | `launcher` | the process that knows when each database wants to be looked at |
//! | `pass` | a look at the jobs of a database: what is due, what starts, what has to end |
//! | `worker` | the process of one run, as the role of the job |
//! | `command` | running the command |
//! | `messages` | what the command says besides |
//! | `validate` | refusing to run under rules that no longer fit |
//! | `run` | the end of a run, retries, and who is told |
//! | `cron` | cron expressions, time zones and time windows |
//! | `authority` | who may alter a job |
//! | `tables` | `synth.job` and `synth.job_run`, written as their owner |
//! | `shared` | what the processes tell each other |
//! | `process` | background workers in general |

mod authority;
mod command;
mod cron;
mod launcher;
mod messages;
mod pass;
mod process;
mod run;
mod shared;
mod tables;
mod validate;
mod worker;

use pgrx::PgSqlErrorCode::*;
use pgrx::datum::{Interval, TimestampWithTimeZone};
use pgrx::fcinfo::{pg_getarg, pg_getarg_datum};
use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{IntoDatum, PgLogLevel, function_name, pg_extern};

use crate::error::{raise, raise_null};
use authority::{authorized, lock, not_yours, require_schedulable_role};
use cron::{Timing, Window};
use tables::{Tables, home, now, oid, text};

/// `pg_synth.max_running_jobs`
static mut MAX_RUNNING_JOBS: i32 = 4;

/// Registers the launcher, its memory and its setting; for `_PG_init`, which calls this in every
/// process, though only the postmaster can.
pub fn install() {
    // SAFETY: reads a variable of the process; the setting's variable lives as long as it.
    unsafe {
        if !pg_sys::process_shared_preload_libraries_in_progress {
            return;
        }
        pg_sys::DefineCustomIntVariable(
            c"pg_synth.max_running_jobs".as_ptr(),
            c"The most jobs of synth_schedule that run at a time, in all databases; 0 starts none."
                .as_ptr(),
            std::ptr::null(),
            &raw mut MAX_RUNNING_JOBS,
            4,
            0,
            shared::MOST_RUNS as i32,
            pg_sys::GucContext::PGC_SIGHUP,
            0,
            None,
            None,
            None,
        );
        shared::reserve();
        let mut launcher = process::worker("pg_synth launcher", c"synth_schedule_launcher", 0);
        launcher.bgw_restart_time = 5;
        pg_sys::RegisterBackgroundWorker(&raw mut launcher);
    }
}

/// The most runs at a time.
fn most_runs() -> usize {
    // SAFETY: written by Postgres in this thread only.
    usize::try_from(unsafe { MAX_RUNNING_JOBS }).unwrap_or_default()
}

/// `synth_schedule(name, cron, command, ...)`
#[pg_extern(sql = false)]
fn synth_schedule(
    name: Option<&str>,
    cron: Option<&str>,
    command: Option<&str>,
    time_zone: Option<&str>,
    overlap: Option<&str>,
    attempts: Option<i32>,
    retry_delay: Option<Interval>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> Option<TimestampWithTimeZone> {
    // SAFETY: declared with these three after the others. Times are passed on as they are: the type
    // of pgrx would make 00:00 of 24:00.
    let (window_start, window_stop, missed) = unsafe {
        (
            pg_getarg_datum(fcinfo, 7),
            pg_getarg_datum(fcinfo, 8),
            pg_getarg::<&str>(fcinfo, 9),
        )
    };
    let name = name.unwrap_or_else(|| raise_null("name"));
    let cron = cron.unwrap_or_else(|| raise_null("cron"));
    let text_of_command = command.unwrap_or_else(|| raise_null("command"));
    let overlap = overlap.unwrap_or_else(|| raise_null("overlap"));
    let attempts = attempts.unwrap_or_else(|| raise_null("attempts"));
    let retry_delay = retry_delay.unwrap_or_else(|| raise_null("retry_delay"));
    let missed = missed.unwrap_or_else(|| raise_null("missed"));
    one_of("overlap", overlap, &["skip", "queue", "allow"]);
    one_of("missed", missed, &["skip", "run"]);
    if name.is_empty() || name.chars().count() > 200 {
        invalid("name", "has 1 to 200 characters");
    }
    if !(1..=100).contains(&attempts) {
        invalid("attempts", "is a number from 1 to 100");
    }
    if window_start.is_some() != window_stop.is_some() {
        invalid("window_start", "needs window_stop, and the other way round");
    }
    let role = require_schedulable_role();
    command::check(text_of_command);
    let zone = time_zone.map_or_else(cron::server_zone, str::to_owned);
    let tables = Tables::open();
    let (window, delay) = times(&tables, window_start, window_stop, retry_delay);
    if !(1.0..=86_400.0).contains(&delay) {
        invalid("retry_delay", "is an interval from 1 second to 1 day");
    }
    let timing = Timing::new(cron, &zone, window);
    let next = timing.next(now()).unwrap_or_else(|| {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("job {name:?} would never run: no time matches {cron:?}"),
            Some(
                "Look at day and month of the expression, and at the time window if there is one."
                    .to_owned(),
            ),
        )
    });
    if let Some(job) = lock(&tables, name)
        && job.owner != role
    {
        not_yours(
            name,
            "scheduled by another role, and only that one can replace it",
        );
    }
    let planned = tables.run(
        "INSERT INTO synth.job AS j (name, owner, owner_oid, home, cron, time_zone, command, overlap,
                attempts, retry_delay, window_start, window_stop, missed, active, next_run)
         SELECT $1, a.rolname, a.oid, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, true,
                pg_catalog.to_timestamp($13)
         FROM pg_catalog.pg_roles a WHERE a.oid = $2
         ON CONFLICT (name) DO UPDATE
         SET owner = excluded.owner, home = excluded.home, cron = excluded.cron,
             time_zone = excluded.time_zone, command = excluded.command, overlap = excluded.overlap,
             attempts = excluded.attempts, retry_delay = excluded.retry_delay,
             window_start = excluded.window_start, window_stop = excluded.window_stop,
             missed = excluded.missed, active = true, next_run = excluded.next_run
         WHERE j.owner_oid = excluded.owner_oid
         RETURNING next_run",
        &[
            text(name),
            oid(role),
            text(&home()),
            text(cron),
            text(&zone),
            text(text_of_command),
            text(overlap),
            (pg_sys::INT4OID, attempts.into_datum()),
            (pg_sys::INTERVALOID, retry_delay.into_datum()),
            (pg_sys::TIMEOID, window_start),
            (pg_sys::TIMEOID, window_stop),
            text(missed),
            (pg_sys::FLOAT8OID, (next as f64).into_datum()),
        ],
        |row| row.get::<TimestampWithTimeZone>(1),
    );
    if planned.is_empty() {
        not_yours(
            name,
            "scheduled by another role, and only that one can replace it",
        );
    }
    forget_waiting(&tables, name);
    announce();
    planned.into_iter().next()
}

/// `synth_unschedule(name)`
#[pg_extern(sql = false)]
fn synth_unschedule(name: Option<&str>) {
    let (tables, name) = authorized(name);
    forget_waiting(&tables, name);
    tables.change("DELETE FROM synth.job WHERE name = $1", &[text(name)]);
    shared::changed_at_commit();
}

/// `synth_pause(name)`
#[pg_extern(sql = false)]
fn synth_pause(name: Option<&str>) {
    let (tables, name) = authorized(name);
    tables.change(
        "UPDATE synth.job SET active = false WHERE name = $1",
        &[text(name)],
    );
    shared::changed_at_commit();
}

/// `synth_resume(name)`: the next run is the next that is due from now on.
#[pg_extern(sql = false)]
fn synth_resume(name: Option<&str>) -> Option<TimestampWithTimeZone> {
    let (tables, name) = authorized(name);
    let times = tables.run(
        "SELECT cron, time_zone, pg_catalog.date_part('epoch', window_start)::bigint,
                pg_catalog.date_part('epoch', window_stop)::bigint, command
         FROM synth.job WHERE name = $1",
        &[text(name)],
        |row| {
            let window = row.get::<i64>(3)?.zip(row.get::<i64>(4)?);
            let window = window.map(|(start, stop)| Window { start, stop });
            Ok(Some((
                row.get::<String>(1)?.unwrap_or_default(),
                row.get::<String>(2)?.unwrap_or_default(),
                window,
                row.get::<String>(5)?.unwrap_or_default(),
            )))
        },
    );
    let (cron, zone, window, command) = times.into_iter().next()?;
    command::check(&command);
    let next = Timing::new(&cron, &zone, window).next(now());
    // A job that a dump has brought is the role's of its name here from now on.
    let resumed = tables.run(
        "UPDATE synth.job j
         SET active = true, home = $2, owner_oid = a.oid, owner = a.rolname,
             next_run = pg_catalog.to_timestamp($3)
         FROM pg_catalog.pg_roles a
         WHERE j.name = $1
           AND CASE WHEN j.home = $2 THEN a.oid = j.owner_oid ELSE a.rolname = j.owner END
         RETURNING j.next_run",
        &[
            text(name),
            text(&home()),
            (pg_sys::FLOAT8OID, next.map(|next| next as f64).into_datum()),
        ],
        |row| row.get::<TimestampWithTimeZone>(1),
    );
    if resumed.is_empty() {
        raise(
            ERRCODE_UNDEFINED_OBJECT,
            format!("the role of job {name:?} is not there"),
            Some("Create the role, or unschedule the job and schedule it as another.".to_owned()),
        );
    }
    announce();
    resumed.into_iter().next()
}

/// `synth_run_now(name, ignore_window)`: gives the number of the run.
#[pg_extern(sql = false)]
fn synth_run_now(name: Option<&str>, ignore_window: Option<bool>) -> Option<i64> {
    let ignore_window = ignore_window.unwrap_or_default();
    let (tables, name) = authorized(name);
    let found = tables.run(
        "SELECT j.home = $2, j.overlap,
                EXISTS (SELECT FROM synth.job_run r WHERE r.job = j.name AND r.status IN ('starting', 'running')),
                EXISTS (SELECT FROM synth.job_run r
                        WHERE r.job = j.name AND r.status = 'waiting' AND r.reason = 'request'),
                j.cron, j.time_zone, pg_catalog.date_part('epoch', j.window_start)::bigint,
                pg_catalog.date_part('epoch', j.window_stop)::bigint
         FROM synth.job j WHERE j.name = $1",
        &[text(name), text(&home())],
        |row| {
            let window = row.get::<i64>(7)?.zip(row.get::<i64>(8)?);
            let window = window.map(|(start, stop)| Window { start, stop });
            let text = |at| row.get::<String>(at).map(Option::unwrap_or_default);
            let is = |at| row.get::<bool>(at).map(Option::unwrap_or_default);
            Ok(Some((is(1)?, text(2)?, is(3)?, is(4)?, (text(5)?, text(6)?, window))))
        },
    );
    let (at_home, overlap, busy, asked, (cron, zone, window)) = found.into_iter().next()?;
    let refuse = |message: String, hint: &str| -> ! {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            message,
            Some(hint.to_owned()),
        )
    };
    if !at_home {
        refuse(
            format!("job {name:?} came with a dump and has not been resumed here"),
            "Look at its command, then call synth_resume.",
        );
    }
    if busy && overlap == "skip" {
        refuse(
            format!("job {name:?} is running"),
            "Wait for its end, or schedule it with overlap => 'queue' or 'allow'.",
        );
    }
    if asked {
        refuse(
            format!("a run of job {name:?} has been asked for and waits"),
            "synth.job_run shows what it waits for.",
        );
    }
    let outside = window.is_some()
        && Timing::new(&cron, &zone, window)
            .window_end(now())
            .is_none();
    if outside && !ignore_window {
        refuse(
            format!("job {name:?} may not run now: it is outside of its time window"),
            "Pass ignore_window => true to run it all the same.",
        );
    }
    let run = tables.run(
        "INSERT INTO synth.job_run (job, owner, owner_oid, command, reason, attempt, status, due, ignore_window)
         SELECT name, owner, owner_oid, command, 'request', 1, 'waiting', pg_catalog.clock_timestamp(), $2
         FROM synth.job WHERE name = $1 RETURNING run_id",
        &[text(name), (pg_sys::BOOLOID, ignore_window.into_datum())],
        |row| row.get::<i64>(1),
    );
    announce();
    run.into_iter().next()
}

/// `synth.next_run(cron, time_zone, after)`
#[pg_extern(sql = false)]
fn synth_next_run(
    cron: Option<&str>,
    time_zone: Option<&str>,
    after: Option<TimestampWithTimeZone>,
) -> Option<TimestampWithTimeZone> {
    let (cron, after) = (cron?, after?);
    let zone = time_zone.map_or_else(cron::server_zone, str::to_owned);
    let micros: i64 = after.into();
    let unix = micros.div_euclid(1_000_000) + tables::POSTGRES_EPOCH;
    let next = Timing::new(cron, &zone, None).next(unix)?;
    TimestampWithTimeZone::try_from((next - tables::POSTGRES_EPOCH) * 1_000_000).ok()
}

/// `synth.this_database()`: what `home` of a job is if it was scheduled here.
#[pg_extern(sql = false)]
fn synth_this_database() -> String {
    home()
}

/// `synth.look_at_jobs()`: for a superuser who has changed `synth.job` by hand.
#[pg_extern(sql = false)]
fn synth_look_at_jobs() {
    shared::changed_at_commit();
}

/// Window and delay in seconds.
fn times(
    tables: &Tables,
    start: Option<pg_sys::Datum>,
    stop: Option<pg_sys::Datum>,
    delay: Interval,
) -> (Option<Window>, f64) {
    let found = tables.run(
        "SELECT pg_catalog.date_part('epoch', $1)::bigint, pg_catalog.date_part('epoch', $2)::bigint,
                pg_catalog.date_part('epoch', $3)",
        &[
            (pg_sys::TIMEOID, start),
            (pg_sys::TIMEOID, stop),
            (pg_sys::INTERVALOID, delay.into_datum()),
        ],
        |row| {
            let window = row.get::<i64>(1)?.zip(row.get::<i64>(2)?);
            let window = window.map(|(start, stop)| Window { start, stop });
            Ok(Some((window, row.get::<f64>(3)?.unwrap_or_default())))
        },
    );
    found.into_iter().next().unwrap_or_default()
}

/// Runs that wait are made of the job as it was.
fn forget_waiting(tables: &Tables, name: &str) {
    tables.change(
        "DELETE FROM synth.job_run WHERE job = $1 AND status = 'waiting'",
        &[text(name)],
    );
}

fn one_of(argument: &str, value: &str, known: &[&str]) {
    if !known.contains(&value) {
        invalid(argument, &format!("is one of {}", known.join(", ")));
    }
}

fn invalid(argument: &str, says: &str) -> ! {
    raise(
        ERRCODE_INVALID_PARAMETER_VALUE,
        format!("{argument} does not fit: it {says}"),
        Some("docs/schedule.md describes each argument.".to_owned()),
    )
}

/// Tells the launcher; says how to get one where there is none.
fn announce() {
    shared::changed_at_commit();
    if shared::preloaded() {
        return;
    }
    ErrorReport::new(
        ERRCODE_WARNING,
        "the job is stored, but nothing runs it: pg_synth is not among shared_preload_libraries",
        function_name!(),
    )
    .set_hint(format!(
        "Put this line into postgresql.conf and restart the server: shared_preload_libraries = '{}'. Or let pg_cron run the command: SELECT cron.schedule(name, cron, command).",
        preload_line()
    ))
    .report(PgLogLevel::WARNING);
}

/// The libraries that are preloaded now, and this one.
fn preload_line() -> String {
    // SAFETY: a setting's text, or NULL.
    let now = unsafe { crate::boundary::string(pg_sys::shared_preload_libraries_string) };
    if now.is_empty() {
        "pg_synth".to_owned()
    } else {
        format!("{now}, pg_synth")
    }
}
