//! A client's session with Postgres, statement by statement, each cell as text.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgDatabaseError, PgRow};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row, ValueRef};
use tokio::runtime::Runtime;

use crate::servers::postgres::{Postgres, SUPERUSER};

/// A row, each cell as Postgres writes it.
pub type Cells = Vec<Option<String>>;

/// A row of cells that are not NULL.
pub fn row(cells: &[&str]) -> Cells {
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}

/// An open session.
pub struct Session {
    connection: PgConnection,
    /// Name of the database.
    pub database: String,
}

/// An error as the client sees it.
#[derive(Debug)]
pub struct Refusal {
    pub code: String,
    pub message: String,
    pub detail: String,
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            message,
            detail,
            hint,
        } = self;
        write!(f, "{code}: {message}\nDETAIL: {detail}\nHINT: {hint}")
    }
}

/// One runtime for all sessions: connections live on it.
fn runtime() -> &'static Runtime {
    static RUNTIME: OnceLock<Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap_or_else(|e| panic!("no runtime: {e}"))
    })
}

impl Session {
    /// A session of the superuser.
    pub fn open(pg: &Postgres, database: &str) -> Self {
        Self::of_role(pg, database, SUPERUSER)
    }

    /// A session of a role, which needs no password.
    pub fn of_role(pg: &Postgres, database: &str, role: &str) -> Self {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(pg.port())
            .username(role)
            .database(database)
            .options([("TimeZone", "UTC")])
            .disable_statement_logging();
        let connection = runtime()
            .block_on(options.connect())
            .unwrap_or_else(|e| panic!("{role} cannot connect to {database}: {e}"));
        Self {
            connection,
            database: database.to_owned(),
        }
    }

    /// Another session of the superuser in the same database.
    pub fn another(&self, pg: &Postgres) -> Self {
        Self::open(pg, &self.database)
    }

    /// Another session, of a role, in the same database.
    pub fn role(&self, pg: &Postgres, role: &str) -> Self {
        Self::of_role(pg, &self.database, role)
    }

    /// Runs statements; gives the rows of all, or the error.
    pub fn attempt(&mut self, sql: &str) -> Result<Vec<Cells>, Refusal> {
        let fetched = runtime().block_on(async {
            sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
                .fetch_all(&mut self.connection)
                .await
        });
        match fetched {
            Ok(rows) => Ok(rows.iter().map(cells).collect()),
            Err(sqlx::Error::Database(error)) => {
                let error = error.downcast_ref::<PgDatabaseError>();
                let text = |part: Option<&str>| part.unwrap_or_default().to_owned();
                Err(Refusal {
                    code: error.code().to_owned(),
                    message: error.message().to_owned(),
                    detail: text(error.detail()),
                    hint: text(error.hint()),
                })
            }
            Err(error) => panic!("the connection broke at\n{}\n{error}", shortened(sql)),
        }
    }

    /// Runs statements that must succeed; gives the rows of all.
    #[track_caller]
    pub fn rows(&mut self, sql: &str) -> Vec<Cells> {
        match self.attempt(sql) {
            Ok(rows) => rows,
            Err(error) => panic!("the user sees an error at\n{}\n{error}", shortened(sql)),
        }
    }

    /// Runs statements that must succeed.
    #[track_caller]
    pub fn run(&mut self, sql: &str) {
        self.rows(sql);
    }

    /// The only cell of the only row; `NULL` for a null.
    #[track_caller]
    pub fn value(&mut self, sql: &str) -> String {
        let rows = self.rows(sql);
        match &rows[..] {
            [row] if row.len() == 1 => row[0].clone().unwrap_or_else(|| "NULL".to_owned()),
            _ => panic!("not one cell from\n{}\n{rows:?}", shortened(sql)),
        }
    }

    /// The first column, NULLs as `NULL`.
    #[track_caller]
    pub fn column(&mut self, sql: &str) -> Vec<String> {
        self.rows(sql)
            .into_iter()
            .map(|mut row| row.swap_remove(0).unwrap_or_else(|| "NULL".to_owned()))
            .collect()
    }

    /// Runs a statement that must fail with this SQLSTATE and say this somewhere.
    #[track_caller]
    pub fn refused(&mut self, sql: &str, code: &str, says: &str) -> Refusal {
        match self.attempt(sql) {
            Ok(rows) => panic!("no error from\n{}\nbut {rows:?}", shortened(sql)),
            Err(error) => {
                let text = error.to_string();
                assert_eq!(
                    error.code,
                    code,
                    "{}\ngives\n{}",
                    shortened(sql),
                    shortened(&text)
                );
                assert!(
                    text.contains(says),
                    "no {says:?} in what\n{}\ngives:\n{}",
                    shortened(sql),
                    shortened(&text)
                );
                error
            }
        }
    }

    /// The process that serves this session.
    pub fn pid(&mut self) -> String {
        self.value("SELECT pg_backend_pid()")
    }

    /// Waits until a session waits for a lock.
    pub fn until_blocked(&mut self, pid: &str) {
        let query =
            format!("SELECT coalesce(wait_event_type, '') FROM pg_stat_activity WHERE pid = {pid}");
        for _ in 0..500 {
            if self.column(&query) == ["Lock"] {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("process {pid} does not wait for a lock");
    }

    /// Waits until nobody may see what is dead by now, so that it can be removed: what holds it are
    /// snapshots of this database and of processes without one (autovacuum's launcher), and, as they
    /// hold this session's own snapshots back, open transactions of all other databases.
    pub fn until_the_dead_are_unseen(&mut self) {
        let now = self.value("SELECT pg_current_xact_id()");
        let query = format!(
            "SELECT (SELECT count(*) FROM pg_stat_activity
                     WHERE pid <> pg_backend_pid() AND (datname = current_database() OR datname IS NULL)
                       AND age(backend_xmin) > age('{now}'::xid))
                  + (pg_snapshot_xmin(pg_current_snapshot()) < '{now}')::int"
        );
        for _ in 0..6000 {
            if self.value(&query) == "0" {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("transactions as old as {now} are still open");
    }

    /// Ends the session, and waits until the server has seen it.
    pub fn close(self) {
        let _ = runtime().block_on(self.connection.close());
    }
}

fn cells(row: &PgRow) -> Cells {
    (0..row.len())
        .map(|index| {
            let value = row
                .try_get_raw(index)
                .unwrap_or_else(|e| panic!("no cell {index}: {e}"));
            let text = value.as_str();
            (!value.is_null()).then(|| text.unwrap_or_else(|e| panic!("no text: {e}")).to_owned())
        })
        .collect()
}

fn shortened(text: &str) -> &str {
    let end = text
        .char_indices()
        .nth(2000)
        .map_or(text.len(), |(at, _)| at);
    &text[..end]
}
