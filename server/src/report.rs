//! How an error is shown on the command line: `error:` and then one or more `hint:` lines.

use std::process::ExitCode;

use synth_connectors::{Error, ErrorKind};

/// Status of a command line that makes no sense.
pub const USAGE: u8 = 2;
/// Status after Ctrl-C.
pub const INTERRUPTED: u8 = 130;

/// Shows an error; status 1.
pub fn failure(message: &str, hints: &[String]) -> ExitCode {
    eprintln!("error: {message}");
    for hint in hints {
        eprintln!("hint: {hint}");
    }
    ExitCode::FAILURE
}

/// Shows an error of a load. A closed pipe is no error.
pub fn connector(error: &Error) -> ExitCode {
    if error.kind() == ErrorKind::Closed {
        return ExitCode::SUCCESS;
    }
    failure(&error.to_string(), &[error.hint()])
}
