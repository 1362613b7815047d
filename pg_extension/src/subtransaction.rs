//! Work that may fail without the transaction: in subtransactions, as PL/pgSQL runs a block with an
//! exception clause.

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys;
use pgrx::pg_sys::panic::CaughtError;

use crate::sqlstate::{caught, rethrow};

/// Runs a closure; an error that `expected` knows undoes what it wrote and is given back, any other
/// is raised again.
#[expect(
    clippy::result_large_err,
    reason = "made once a batch, where an error is caught"
)]
pub fn attempt<T>(
    run: impl FnOnce() -> T,
    expected: fn(PgSqlErrorCode) -> bool,
) -> Result<T, CaughtError> {
    match tried(true, run) {
        Err(CaughtError::PostgresError(report)) if expected(report.sql_error_code()) => {
            Err(CaughtError::PostgresError(report))
        }
        Err(caught) => rethrow(caught),
        Ok(value) => Ok(value),
    }
}

/// Runs a closure, and gives its error back, which undoes what it wrote; `keep` says whether what it
/// wrote is kept where it ends well.
#[expect(
    clippy::result_large_err,
    reason = "made once a batch or table, where an error is caught"
)]
pub fn tried<T>(keep: bool, run: impl FnOnce() -> T) -> Result<T, CaughtError> {
    // SAFETY: the subtransaction is released or rolled back here, and memory context and resource
    // owner are put back; no error leaves `run` before, which would leave the session in a transaction
    // block that it never began.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let result = caught(run);
        if keep && result.is_ok() {
            pg_sys::ReleaseCurrentSubTransaction();
        } else {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        result
    }
}

/// Runs a closure whose writes are undone; its error is raised again after that.
pub fn undone<T>(run: impl FnOnce() -> T) -> T {
    tried(false, run).unwrap_or_else(|error| rethrow(error))
}

/// Whether an error tells of a value: division by zero, out of range, not a valid text of a type.
pub fn is_data_error(code: PgSqlErrorCode) -> bool {
    // The class is in the lowest two of the five characters of six bits each.
    const CLASS: i32 = (1 << 12) - 1;
    code as i32 & CLASS == ERRCODE_DATA_EXCEPTION as i32 & CLASS
}

/// Whether an error tells of a row that a constraint refuses, or of one of its values.
pub fn is_of_row(code: PgSqlErrorCode) -> bool {
    is_data_error(code)
        || matches!(
            code,
            ERRCODE_UNIQUE_VIOLATION
                | ERRCODE_EXCLUSION_VIOLATION
                | ERRCODE_NOT_NULL_VIOLATION
                | ERRCODE_CHECK_VIOLATION
        )
}
