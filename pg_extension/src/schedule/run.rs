//! The end of a run: what it leaves in the history, whether it is tried again, and who is told.

use pgrx::{PgLogLevel, PgSqlErrorCode};

use super::tables::{Tables, number, text, text_or_null};

/// Runs of a job that are kept; older ones go.
const KEPT: i64 = 1000;

/// The longest text kept of a message or a result, in characters.
pub const LONGEST: usize = 1000;

/// How a run ended.
#[derive(Default)]
pub struct End {
    /// `succeeded`, `failed`, `cancelled`, `interrupted`, `refused` or `skipped`.
    pub status: &'static str,
    /// Rows the command wrote or gave.
    pub rows: Option<i64>,
    /// The row, if the command gave one.
    pub result: Option<String>,
    /// NOTICEs and the like, a line each.
    pub notices: Option<String>,
    /// Of the error.
    pub sqlstate: Option<String>,
    /// Of the error.
    pub message: Option<String>,
    /// Of the error.
    pub hint: Option<String>,
}

impl End {
    /// An end without any output.
    pub fn because(status: &'static str, sqlstate: &str, message: String) -> Self {
        Self {
            status,
            sqlstate: Some(sqlstate.to_owned()),
            message: Some(message),
            ..Self::default()
        }
    }
}

/// Writes the end of a run that is waiting, starting or running, plans the next attempt if the job
/// asks for it, and tells the log and the channel `synth_jobs` if it went wrong. Neither is told
/// what the command said: that is for the job's owner, in `synth.job_run`.
pub fn close(tables: &Tables, run_id: i64, end: &End) {
    let closed = tables.run(
        "UPDATE synth.job_run
         SET status = CASE WHEN $2 = 'failed' AND $6 = '57014' THEN 'cancelled' ELSE $2 END,
             finished_at = pg_catalog.clock_timestamp(), rows = $3, result = $4, notices = $5,
             sqlstate = $6,
             message = CASE WHEN stopping_at IS NULL THEN $7 ELSE 'the time window ended' END,
             hint = $8
         WHERE run_id = $1 AND status IN ('waiting', 'starting', 'running')
         RETURNING job, status",
        &[
            number(run_id),
            text(end.status),
            (pgrx::pg_sys::INT8OID, pgrx::IntoDatum::into_datum(end.rows)),
            text_or_null(end.result.as_deref()),
            text_or_null(end.notices.as_deref()),
            text_or_null(end.sqlstate.as_deref()),
            text_or_null(end.message.as_deref().map(shortened)),
            text_or_null(end.hint.as_deref().map(shortened)),
        ],
        |row| Ok(row.get::<String>(1)?.zip(row.get::<String>(2)?)),
    );
    for (job, status) in closed {
        let again = again(tables, run_id);
        prune(tables, &job);
        if !matches!(&*status, "succeeded" | "skipped") {
            tell(tables, run_id, &job, &status, end, again);
        }
    }
}

/// Plans the next attempt, each delay twice the one before; whether there is one.
fn again(tables: &Tables, run_id: i64) -> bool {
    let planned = tables.run(
        "INSERT INTO synth.job_run (job, owner, owner_oid, command, reason, attempt, status, due, ignore_window)
         SELECT r.job, j.owner, j.owner_oid, j.command, 'retry', r.attempt + 1, 'waiting',
                pg_catalog.clock_timestamp()
                  + LEAST(j.retry_delay * pg_catalog.power(2, LEAST(r.attempt - 1, 30)), '1 day'::interval),
                r.ignore_window
         FROM synth.job_run r JOIN synth.job j ON j.name = r.job AND j.owner_oid = r.owner_oid
         WHERE r.run_id = $1 AND r.status IN ('failed', 'interrupted') AND r.attempt < j.attempts
           AND r.stopping_at IS NULL
           AND (j.active OR r.reason = 'request')
         RETURNING run_id",
        &[number(run_id)],
        |row| row.get::<i64>(1),
    );
    !planned.is_empty()
}

fn prune(tables: &Tables, job: &str) {
    tables.change(
        "DELETE FROM synth.job_run
         WHERE job = $1 AND status NOT IN ('waiting', 'starting', 'running')
           AND run_id <= (SELECT run_id FROM synth.job_run WHERE job = $1
                          ORDER BY run_id DESC OFFSET $2 LIMIT 1)",
        &[text(job), number(KEPT)],
    );
}

fn tell(tables: &Tables, run_id: i64, job: &str, status: &str, end: &End, again: bool) {
    let news = serde_json::json!({
        "job": job, "run_id": run_id, "status": status, "sqlstate": end.sqlstate, "retry": again,
    });
    tables.change(
        "SELECT pg_catalog.pg_notify('synth_jobs', $1)",
        &[text(&news.to_string())],
    );
    let sqlstate = end.sqlstate.as_deref().unwrap_or("00000");
    pgrx::pg_sys::panic::ErrorReport::new(
        PgSqlErrorCode::ERRCODE_WARNING,
        format!("pg_synth: run {run_id} of job {job:?}: {status} (SQLSTATE {sqlstate})"),
        pgrx::function_name!(),
    )
    .set_hint(format!(
        "SELECT message, hint FROM synth.job_run WHERE run_id = {run_id};"
    ))
    .report(PgLogLevel::WARNING);
}

/// The beginning of a text.
pub fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(LONGEST);
    &text[..end.map_or(text.len(), |(at, _)| at)]
}
