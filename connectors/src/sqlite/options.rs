//! Connections from a `sqlite:` URL.

use std::str::FromStr;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use super::{NAME, error};
use crate::error::{Error, Result};

/// How long to wait for another connection's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

fn options(url: &str) -> Result<SqliteConnectOptions> {
    let problem = |problem: &str| Error::Destination {
        driver: NAME,
        problem: problem.to_owned(),
    };
    let path = url.split_once(':').map_or("", |(_, path)| path);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() {
        return Err(problem("the path is empty"));
    }
    if path.starts_with(":memory:") || path.contains("mode=memory") {
        return Err(problem("a database in memory would vanish with synthd"));
    }
    // The scheme again, in the one spelling that sqlx knows.
    Ok(SqliteConnectOptions::from_str(&format!("sqlite:{path}"))
        .map_err(|_| problem("the path or a parameter cannot be read"))?
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging())
}

/// A connection that writes, and creates the file if absent.
///
/// The write-ahead log with `synchronous = NORMAL` keeps every committed chunk through a crash of
/// the process; a power cut may cost the last ones, which a resumed load writes again.
pub(super) async fn connect_writer(url: &str) -> Result<SqliteConnection> {
    let options = options(url)?
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Normal)
        // 40 MiB: keys are random, and their indexes should stay in the cache as long as the whole
        // process is to stay below 100 MB.
        .pragma("cache_size", "-40960")
        // 64 MiB: a chunk touches pages all over the indexes, and copying them back into the file
        // after every chunk costs more than the chunk.
        .pragma("wal_autocheckpoint", "16384");
    SqliteConnection::connect_with(&options)
        .await
        .map_err(|e| error::map(e, ""))
}

/// A connection that cannot write.
pub(super) async fn connect_reader(url: &str) -> Result<SqliteConnection> {
    let options = options(url)?.read_only(true).pragma("query_only", "on");
    SqliteConnection::connect_with(&options)
        .await
        .map_err(|e| error::map(e, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_files() {
        for url in ["sqlite:a.db", "sqlite://a.db", "SQLITE:/tmp/a.db?mode=rwc"] {
            assert!(options(url).is_ok(), "{url}");
        }
        for url in [
            "sqlite:",
            "sqlite::memory:",
            "sqlite:x?mode=memory",
            "sqlite:x?y=z",
        ] {
            assert!(options(url).is_err(), "{url}");
        }
    }
}
