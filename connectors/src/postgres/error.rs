//! SQLSTATEs as [`Error`]s. The server's message is passed on only for states whose messages name
//! objects and never values; details and contexts, which quote rows, never are.

use super::NAME;
use crate::error::Error;

/// Maps an error of sqlx; `table` is what was being read or written.
pub(super) fn map(error: sqlx::Error, table: &str) -> Error {
    match error {
        sqlx::Error::Database(error) => {
            let code = error.code().unwrap_or_default();
            from_sqlstate(&code, error.message(), table)
        }
        sqlx::Error::Io(error) => Error::Lost {
            driver: NAME,
            reason: error.kind().to_string(),
        },
        sqlx::Error::Tls(_) => Error::Connect {
            driver: NAME,
            reason: "TLS could not be agreed on, or the server's certificate is not trusted"
                .to_owned(),
        },
        sqlx::Error::Configuration(_) => Error::Destination {
            driver: NAME,
            problem: "the URL or a parameter of it cannot be read".to_owned(),
        },
        _ => Error::Database {
            driver: NAME,
            code: "driver".to_owned(),
            message: "unexpected answer".to_owned(),
        },
    }
}

/// Maps an error of opening a connection: there, a broken connection is a server not reached.
pub(super) fn map_connect(error: sqlx::Error) -> Error {
    match map(error, "") {
        Error::Lost { driver, reason } => Error::Connect { driver, reason },
        other => other,
    }
}

/// Maps an SQLSTATE (<https://www.postgresql.org/docs/current/errcodes-appendix.html>).
fn from_sqlstate(code: &str, message: &str, table: &str) -> Error {
    let connect = |reason: &str| Error::Connect {
        driver: NAME,
        reason: reason.to_owned(),
    };
    let other = |message: &str| Error::Database {
        driver: NAME,
        code: code.to_owned(),
        message: message.to_owned(),
    };
    match code {
        "28P01" | "28000" => Error::Authentication { driver: NAME },
        "3D000" => connect("the server has no such database"),
        "53300" => connect("the server has no connections left"),
        "57P03" => connect("the server is starting up or shutting down"),
        "53100" => Error::DiskFull { driver: NAME },
        "23505" => Error::Duplicate {
            table: table.to_owned(),
        },
        "42501" => Error::Permission {
            action: message.to_owned(),
        },
        "25006" => Error::Permission {
            action: "writing: the server or the role is read-only".to_owned(),
        },
        "57P01" | "57P02" => Error::Lost {
            driver: NAME,
            reason: "the server ended it".to_owned(),
        },
        "55P03" => Error::Busy { driver: NAME },
        "57014" => other("the statement was cancelled or took longer than the server allows"),
        // These messages name relations, columns, constraints and schemas only.
        "23502" | "23503" | "23514" | "3F000" | "42P01" | "42703" | "42P07" | "42809" => {
            other(message)
        }
        _ if code.starts_with("22") => other("a value does not fit its column"),
        _ if code.starts_with("08") => Error::Lost {
            driver: NAME,
            reason: "the connection failed".to_owned(),
        },
        _ if code.starts_with("53") => other("the server is short of memory or other resources"),
        _ => other("the server refused the statement"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn states_become_kinds_and_values_stay_out() {
        for (state, kind) in [
            ("53100", ErrorKind::DiskFull),
            ("28P01", ErrorKind::Permission),
            ("42501", ErrorKind::Permission),
            ("25006", ErrorKind::Permission),
            ("3D000", ErrorKind::Connection),
            ("57P01", ErrorKind::Connection),
            ("08006", ErrorKind::Connection),
            ("23505", ErrorKind::Conflict),
            ("22P02", ErrorKind::Database),
            ("P0001", ErrorKind::Database),
            ("XX000", ErrorKind::Database),
        ] {
            let secret = match state {
                "42501" => "permission denied for schema x",
                _ => "row holds SECRET",
            };
            let error = from_sqlstate(state, secret, "t");
            assert_eq!(error.kind(), kind, "{state}");
            assert!(!error.to_string().contains("SECRET"), "{state}: {error}");
        }
    }
}
