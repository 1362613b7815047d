//! What the user sees: every error leaves with SQLSTATE, message and, where there is one, a hint.

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, function_name};
use synth_engine::Error;

/// What to do about an error that should not be possible.
const DEFECT: &str = "This is a defect of pg_synth: please report it.";

/// Raises an error. The hint says what to do about it.
pub fn raise(code: PgSqlErrorCode, message: String, hint: impl Into<Option<String>>) -> ! {
    let mut report = ErrorReport::new(code, message, function_name!());
    let hint = hint
        .into()
        .or_else(|| (code == ERRCODE_INTERNAL_ERROR).then(|| DEFECT.to_owned()));
    if let Some(hint) = hint {
        report = report.set_hint(hint);
    }
    report.report(PgLogLevel::ERROR);
    unreachable!("an ERROR report does not return")
}

/// Raises an error with a detail line.
pub fn raise_with_detail(code: PgSqlErrorCode, message: String, detail: String, hint: &str) -> ! {
    ErrorReport::new(code, message, function_name!())
        .set_detail(detail)
        .set_hint(hint)
        .report(PgLogLevel::ERROR);
    unreachable!("an ERROR report does not return")
}

/// Raises the error for what should not be possible: nothing of the statement stays.
pub fn defect(message: String) -> ! {
    raise_with_detail(
        ERRCODE_INTERNAL_ERROR,
        message,
        "The statement has ended, and what it did in this transaction is undone.".to_owned(),
        DEFECT,
    )
}

/// Tells the client something, without raising an error.
pub fn notice(message: String, hint: Option<&str>) {
    let mut report = ErrorReport::new(ERRCODE_SUCCESSFUL_COMPLETION, message, function_name!());
    if let Some(hint) = hint {
        report = report.set_hint(hint);
    }
    report.report(PgLogLevel::NOTICE);
}

/// Raises an engine error under the SQLSTATE that fits its kind.
pub fn raise_engine(error: &Error) -> ! {
    raise_engine_about(error, "")
}

/// The same, with the object it is about in front, as in `column public.t.c: `.
pub fn raise_engine_about(error: &Error, about: &str) -> ! {
    let code = match error {
        Error::Unknown { .. } => ERRCODE_UNDEFINED_OBJECT,
        Error::Argument { .. } => ERRCODE_INVALID_PARAMETER_VALUE,
        Error::Rule { .. } => ERRCODE_SYNTAX_ERROR,
        Error::Pattern { .. } => ERRCODE_INVALID_REGULAR_EXPRESSION,
        Error::NotReversible { .. } => ERRCODE_FEATURE_NOT_SUPPORTED,
        Error::MaskType { .. } => ERRCODE_DATATYPE_MISMATCH,
        Error::RowRange { .. } => ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
        Error::Jsonb => ERRCODE_PROGRAM_LIMIT_EXCEEDED,
        _ => ERRCODE_INTERNAL_ERROR,
    };
    raise(code, format!("{about}{error}"), error.hint())
}

/// Raises the error for a NULL argument.
pub fn raise_null(argument: &str) -> ! {
    raise(
        ERRCODE_NULL_VALUE_NOT_ALLOWED,
        format!("{argument} must not be null"),
        Some(format!("Pass a value for {argument}.")),
    )
}

/// Unwraps an engine result or raises its error.
pub fn or_raise<T>(result: synth_engine::Result<T>) -> T {
    result.unwrap_or_else(|error| raise_engine(&error))
}

/// Replaces the panic hook: errors raised here travel as panics, which are no news, and a backtrace
/// (pgrx would take one where `RUST_BACKTRACE` is set) does not belong in a message to a client.
/// A panic of any other kind is a defect: where it happened goes to the server's log.
pub fn install_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        if panic.payload_as_str().is_some() {
            eprintln!(
                "pg_synth: internal error at {}",
                panic
                    .location()
                    .map_or_else(String::new, ToString::to_string)
            );
        }
    }));
}
