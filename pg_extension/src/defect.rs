//! Panics of the engine: what becomes of one, and a switch that causes one.
//!
//! A panic's text may hold what was being computed with (slicing a text in the middle of a character
//! prints the text), and so an original. [`contained`] stands around every call into the engine that
//! sees values out of rows: the panic becomes an error without the text, which ends the statement as
//! any error does. Where it happened is in the server's log.
//!
//! That this holds can be tried: for a superuser, `SET pg_synth.fault = 'panic_in_mask'` makes the
//! next mask panic. It is what Postgres's injection points are: hidden from SHOW ALL, not for
//! configuration files, and without any effect but an error.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR;
use pgrx::pg_sys;

use crate::error::raise;

/// `pg_synth.fault`
static mut FAULT: *mut c_char = std::ptr::null_mut();

/// Registers the setting; for `_PG_init`.
pub fn install() {
    let flags = pg_sys::GUC_NO_SHOW_ALL | pg_sys::GUC_NOT_IN_SAMPLE | pg_sys::GUC_DISALLOW_IN_FILE;
    // SAFETY: the setting's variable lives as long as the process. A value that an unprivileged role
    // has set before the library was loaded is refused by Postgres here.
    unsafe {
        pg_sys::DefineCustomStringVariable(
            c"pg_synth.fault".as_ptr(),
            c"Causes a fault, to try out what becomes of it: panic_in_mask.".as_ptr(),
            std::ptr::null(),
            &raw mut FAULT,
            c"".as_ptr(),
            pg_sys::GucContext::PGC_SUSET,
            flags as i32,
            None,
            None,
            None,
        );
    }
}

/// Whether a fault is asked for.
fn is_wanted(fault: &CStr) -> bool {
    // SAFETY: written by Postgres in this thread only; NULL or NUL-terminated.
    unsafe { !FAULT.is_null() && CStr::from_ptr(FAULT) == fault }
}

/// Panics, if that is asked for, with a text that holds a value.
pub fn panic_in_mask(value: impl FnOnce() -> String) {
    assert!(
        !is_wanted(c"panic_in_mask"),
        "the value is {}, by pg_synth.fault",
        value()
    );
}

/// Runs a computation of the engine. A panic in it becomes an error that names what was being done,
/// and nothing else.
pub fn contained<T>(what: &str, run: impl FnOnce() -> T) -> T {
    let payload = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(done) => return done,
        Err(payload) => payload,
    };
    // Errors of Postgres travel as panics of their own kind.
    if !payload.is::<String>() && !payload.is::<&'static str>() {
        resume_unwind(payload);
    }
    drop(payload);
    raise(
        ERRCODE_INTERNAL_ERROR,
        format!("internal error while {what}"),
        Some(
            "Nothing was changed. This is a defect of pg_synth: please report it with the place that the server's log names. Its text is withheld, since it may hold real values."
                .to_owned(),
        ),
    )
}
