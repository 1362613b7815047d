//! Errors without their details. Postgres puts the row that fails into the DETAIL of an error, and so
//! into the log: while rows are masked that would be a real one. Code of the user's, which is given
//! real values, may put one into the message itself (`invalid input syntax for type integer: ".."`):
//! of its errors the SQLSTATE is told, and whose they are.

use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;

use pgrx::PgSqlErrorCode::*;

use crate::error::raise;
use crate::sqlstate;

/// Runs what masks a table in place.
pub fn withholding_details<T>(work: impl FnOnce() -> T) -> T {
    withholding("The table is unchanged.", work)
}

/// Runs what reads real rows; `state` says what has become of the work where it fails.
pub fn withholding<T>(state: &str, work: impl FnOnce() -> T) -> T {
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_others(|caught| match caught {
            CaughtError::PostgresError(report) => raise(
                report.sql_error_code(),
                report.message().to_owned(),
                report.hint().map(str::to_owned).or_else(|| {
                    report.detail().map(|_| {
                        format!("{state} The detail is withheld: it may hold real values.")
                    })
                }),
            ),
            other => other.rethrow(),
        })
        .execute()
}

/// What Postgres itself says where a statement is ended from outside; there is no value in it.
const ENDED: [&str; 3] = [
    "canceling statement due to user request",
    "canceling statement due to statement timeout",
    "canceling statement due to lock timeout",
];

/// Runs code of the user's on real values; `whose` says of an error whose code it was.
pub fn withholding_messages<T>(whose: impl FnOnce() -> String, run: impl FnOnce() -> T) -> T {
    let caught = match sqlstate::caught(run) {
        Ok(value) => return value,
        Err(caught) => caught,
    };
    let (CaughtError::PostgresError(report)
    | CaughtError::ErrorReport(report)
    | CaughtError::RustPanic {
        ereport: report, ..
    }) = &caught;
    if ENDED.contains(&report.message()) {
        caught.rethrow();
    }
    // An SQLSTATE of the user's own, which has no name, is told in the message alone.
    let code = match report.sql_error_code() {
        ERRCODE_INTERNAL_ERROR => ERRCODE_EXTERNAL_ROUTINE_EXCEPTION,
        known => known,
    };
    let sqlstate = sqlstate::letters(sqlstate::code(&caught));
    raise(
        code,
        format!("{} has failed with SQLSTATE {sqlstate}", whose()),
        Some(
            "Its message is withheld: it may hold real values. Try the code on made-up values to see it."
                .to_owned(),
        ),
    )
}
