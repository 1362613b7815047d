//! The process of one run, connected as the role that the job belongs to: there is no other role to
//! go back to, whatever the command sets or resets.

use pgrx::pg_sys;

use super::tables::{Tables, number, oid};
use super::{command, process, run, shared};

/// The process of a run.
///
/// # Safety
/// Called by Postgres in a background worker.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn synth_schedule_run(_argument: pg_sys::Datum) {
    let task = process::task();
    if task.role == pg_sys::InvalidOid {
        // That would be the bootstrap superuser.
        return;
    }
    process::connect(task.database, task.role);
    // SAFETY: sets the name that pg_stat_activity shows.
    unsafe { pg_sys::pgstat_report_appname(c"pg_synth job".as_ptr()) };
    let Some(command) = process::transaction(|| begin(task.run_id, task.role)) else {
        // Closed meanwhile, or the extension is gone.
        return;
    };
    let end = command::run(&command);
    // A cancel that comes too late must not undo the record.
    // SAFETY: a counter of the process, which ends with it.
    unsafe { pg_sys::QueryCancelHoldoffCount += 1 };
    process::transaction(|| {
        if let Some(tables) = Tables::find() {
            run::close(&tables, task.run_id, &end);
        }
    });
    shared::changed(task.database);
}

/// Marks the run as running; gives its command, if it is this role's and has not been closed.
fn begin(run_id: i64, role: pg_sys::Oid) -> Option<String> {
    let command = Tables::find()?.run(
        "UPDATE synth.job_run
         SET status = 'running', started_at = pg_catalog.clock_timestamp(), pid = a.pid,
             backend_start = a.backend_start
         FROM pg_catalog.pg_stat_activity a
         WHERE run_id = $1 AND status = 'starting' AND owner_oid = $2
           AND a.pid = pg_catalog.pg_backend_pid()
         RETURNING command",
        &[number(run_id), oid(role)],
        |row| row.get::<String>(1),
    );
    command.into_iter().next()
}
