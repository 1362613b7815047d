//! Standard output. A reader that went away is no error, as with other Unix tools.

use std::io::{self, Write};
use std::process::ExitCode;

use crate::report;

/// Writes all of it.
pub fn print(text: &str) -> ExitCode {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => report::failure(
            &format!("cannot write to standard output: {}", error.kind()),
            &["Check what it is redirected to.".to_owned()],
        ),
    }
}
