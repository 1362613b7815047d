//! Errors of the user's own code, with the SQLSTATE it gave them. pgrx knows the SQLSTATEs of
//! Postgres; another, as `RAISE ... USING ERRCODE = 'TT001'` gives it, would arrive as XX000.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::AssertUnwindSafe;

use pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::{self, ErrorContextCallback, ErrorData};

unsafe extern "C-unwind" {
    /// utils/elog.h. Without a guard: it is called while an error is being reported.
    fn geterrcode() -> c_int;

    /// utils/elog.h. Without a guard, which would take the SQLSTATE away again; nothing of Rust's
    /// waits to be dropped where it is called.
    fn ThrowErrorData(data: *mut ErrorData);
}

thread_local! {
    /// The SQLSTATE of the last error or message reported.
    static LAST: Cell<c_int> = const { Cell::new(0) };
}

/// Runs a closure that may run code of the user's; its errors keep their SQLSTATE.
pub fn kept<T>(run: impl FnOnce() -> T) -> T {
    match caught(run) {
        Ok(value) => value,
        Err(caught) => rethrow(caught),
    }
}

/// The SQLSTATE of an error that was caught, as it is packed into an integer.
pub fn code(error: &CaughtError) -> c_int {
    let (CaughtError::PostgresError(report)
    | CaughtError::ErrorReport(report)
    | CaughtError::RustPanic {
        ereport: report, ..
    }) = error;
    let known = report.sql_error_code();
    if known == ERRCODE_INTERNAL_ERROR && matches!(error, CaughtError::PostgresError(_)) {
        LAST.get()
    } else {
        known as c_int
    }
}

/// An SQLSTATE as people write it: five characters of six bits each.
pub fn letters(code: c_int) -> String {
    (0..5)
        .map(|place| char::from(b'0' + ((code >> (6 * place)) & 0x3f) as u8))
        .collect()
}

/// Runs a closure that may run code of the user's, and catches its error.
#[expect(
    clippy::result_large_err,
    reason = "made once a call, where an error is caught"
)]
pub fn caught<T>(run: impl FnOnce() -> T) -> Result<T, CaughtError> {
    let mut callback = ErrorContextCallback {
        // SAFETY: the stack of the backend, read by its only thread.
        previous: unsafe { pg_sys::error_context_stack },
        callback: Some(note),
        arg: std::ptr::null_mut(),
    };
    let previous = callback.previous;
    // SAFETY: the callback is taken off below, before it goes out of scope, in either case.
    unsafe { pg_sys::error_context_stack = &raw mut callback };
    let run = AssertUnwindSafe(run);
    let outcome = PgTryBuilder::new(move || Ok(call(run)))
        .catch_others(Err)
        .catch_rust_panic(Err)
        .execute();
    // SAFETY: as it was.
    unsafe { pg_sys::error_context_stack = previous };
    outcome
}

/// Takes the closure as a whole, so that what it captures is asserted to be unwind safe.
pub fn call<T>(run: AssertUnwindSafe<impl FnOnce() -> T>) -> T {
    (run.0)()
}

/// # Safety
/// Called by Postgres while it reports an error.
unsafe extern "C-unwind" fn note(_: *mut c_void) {
    // SAFETY: an error is being reported.
    LAST.set(unsafe { geterrcode() });
}

/// Raises a caught error again, with the SQLSTATE that it had.
pub fn rethrow(caught: CaughtError) -> ! {
    let CaughtError::PostgresError(report) = &caught else {
        caught.rethrow()
    };
    let code = LAST.get();
    if report.sql_error_code() != ERRCODE_INTERNAL_ERROR || code == ERRCODE_INTERNAL_ERROR as c_int
    {
        caught.rethrow()
    }
    let mut data = ErrorData {
        elevel: pgrx::PgLogLevel::ERROR as c_int,
        sqlerrcode: code,
        message: copied(Some(report.message())),
        detail: copied(report.detail()),
        hint: copied(report.hint()),
        ..Default::default()
    };
    drop(caught);
    // SAFETY: what the data points to is palloc'd; it leaves by a jump, and does not return.
    unsafe { ThrowErrorData(&raw mut data) };
    unreachable!("an error does not return")
}

/// A text in Postgres's memory; NULL for none.
fn copied(text: Option<&str>) -> *mut c_char {
    let Some(text) = text.and_then(|text| CString::new(text).ok()) else {
        return std::ptr::null_mut();
    };
    // SAFETY: copies a NUL-terminated text.
    unsafe { pg_sys::pstrdup(text.as_ptr()) }
}
