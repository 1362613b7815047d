//! Errors without their details. Postgres puts the row that fails into the DETAIL of an error, and so
//! into the log: while rows are masked that would be a real one.

use std::panic::AssertUnwindSafe;

use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;

use crate::error::raise;

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
