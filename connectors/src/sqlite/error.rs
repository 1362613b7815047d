//! SQLite's result codes as [`Error`]s. Its messages are not passed on.

use super::NAME;
use crate::error::Error;

/// Maps an error of sqlx.
pub(super) fn map(error: sqlx::Error, table: &str) -> Error {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().and_then(|code| code.parse().ok()).unwrap_or(1);
            from_code(code, table)
        }
        sqlx::Error::Io(error) => Error::Lost {
            driver: NAME,
            reason: error.kind().to_string(),
        },
        sqlx::Error::Configuration(_) => Error::Destination {
            driver: NAME,
            problem: "the path or a parameter cannot be read".to_owned(),
        },
        sqlx::Error::WorkerCrashed => Error::Thread,
        _ => Error::Database {
            driver: NAME,
            code: "driver".to_owned(),
            message: "unexpected answer".to_owned(),
        },
    }
}

/// Maps a result code, primary or extended (<https://www.sqlite.org/rescode.html>).
fn from_code(code: u32, table: &str) -> Error {
    let connect = |reason: &str| Error::Connect {
        driver: NAME,
        reason: reason.to_owned(),
    };
    let other = |message: &str| Error::Database {
        driver: NAME,
        code: code.to_string(),
        message: message.to_owned(),
    };
    match (code, code & 0xff) {
        // SQLITE_CONSTRAINT_PRIMARYKEY, _UNIQUE, _ROWID.
        (1555 | 2067 | 2579, _) => Error::Duplicate {
            table: table.to_owned(),
        },
        (_, 19) => other("a constraint of the table refused a row"),
        (_, 13) => Error::DiskFull { driver: NAME },
        (_, 5 | 6) => Error::Busy { driver: NAME },
        (_, 3 | 23) => Error::Permission {
            action: "opening the database".to_owned(),
        },
        (_, 8) => Error::Permission {
            action: "writing to the database".to_owned(),
        },
        (_, 14) => connect("the file cannot be opened or created"),
        (_, 26) => connect("the file is not an SQLite database"),
        (_, 11) => other("the database file is damaged"),
        (_, 10) => other("the file could not be read or written"),
        (_, 18) => other("a value is too big"),
        (_, 1) => other("the database refused the statement"),
        _ => other("unexpected result code"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn codes_become_kinds() {
        for (code, kind) in [
            (13, ErrorKind::DiskFull),
            (1555, ErrorKind::Conflict),
            (2067, ErrorKind::Conflict),
            (1299, ErrorKind::Database),
            (5, ErrorKind::Database),
            (517, ErrorKind::Database),
            (14, ErrorKind::Connection),
            (8, ErrorKind::Permission),
        ] {
            assert_eq!(from_code(code, "t").kind(), kind, "{code}");
        }
    }
}
