//! What can go wrong between the engine and a database or file.
//!
//! No message holds a URL, a password or a value out of a row: drivers' errors quote all three,
//! so each database's `error` module maps them by code instead of passing their text on.

use std::fmt;
use std::io;

/// A result with this crate's error.
pub type Result<T> = std::result::Result<T, Error>;

/// What sort of trouble it is, for callers that decide by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// What was asked for makes no sense or is not supported.
    Input,
    /// The server or file could not be reached.
    Connection,
    /// The server refused the user or the action.
    Permission,
    /// The table there does not fit.
    Schema,
    /// Rows or a load of the same identity are there already.
    Conflict,
    /// No space is left.
    DiskFull,
    /// The reader of the output went away; not a failure for a Unix tool.
    Closed,
    /// The database reported something else.
    Database,
    /// A defect here.
    Internal,
}

/// One way in which a table differs from what a load needs.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ColumnDifference {
    /// The table lacks the column.
    Missing {
        /// The column.
        column: String,
        /// The type it should have.
        expected: String,
    },
    /// The table has a column that the load does not fill.
    Unexpected {
        /// The column.
        column: String,
        /// Its type.
        found: String,
    },
    /// The types differ.
    Type {
        /// The column.
        column: String,
        /// The type it should have.
        expected: String,
        /// The type it has.
        found: String,
    },
    /// The column refuses NULL, and the load has NULLs for it.
    NotNull {
        /// The column.
        column: String,
    },
}

impl fmt::Display for ColumnDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing { column, expected } => write!(f, "- {column} {expected} is missing"),
            Self::Unexpected { column, found } => write!(f, "+ {column} {found} is not expected"),
            Self::Type {
                column,
                expected,
                found,
            } => write!(f, "~ {column} is {found}, should be {expected}"),
            Self::NotNull { column } => write!(f, "~ {column} is NOT NULL, should allow NULL"),
        }
    }
}

/// Why a connector refused or failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The URL's scheme belongs to no driver.
    #[error("no driver for this destination")]
    UnknownScheme {
        /// Examples of what there are drivers for.
        examples: String,
    },
    /// The URL names a driver, and the rest of it makes no sense to that driver.
    #[error("the {driver} destination is not valid: {problem}")]
    Destination {
        /// The driver.
        driver: &'static str,
        /// What is wrong, without quoting the URL.
        problem: String,
    },
    /// The name of a table cannot be used.
    #[error("table name: {problem}")]
    TableName {
        /// What is wrong with it.
        problem: String,
    },
    /// The server or file cannot be reached.
    #[error("cannot reach the {driver} destination: {reason}")]
    Connect {
        /// The driver.
        driver: &'static str,
        /// Why, in the operating system's words.
        reason: String,
    },
    /// The server does not accept the user or the password.
    #[error("{driver} refused the user name or password")]
    Authentication {
        /// The driver.
        driver: &'static str,
    },
    /// The user may not do this.
    #[error("not permitted: {action}")]
    Permission {
        /// What is not permitted.
        action: String,
    },
    /// What to read from is not there.
    #[error("there is no table {table}")]
    NoTable {
        /// The table.
        table: String,
    },
    /// What is there under the name is a view or the like.
    #[error("{table} is {what}, not a table")]
    NotATable {
        /// The name.
        table: String,
        /// What it is.
        what: String,
    },
    /// The table exists with other columns.
    #[error("table {table} exists with other columns:{}", lines(differences))]
    Columns {
        /// The table.
        table: String,
        /// How it differs; never empty.
        differences: Vec<ColumnDifference>,
    },
    /// The same load was begun before and is not finished.
    #[error("this load into {table} was begun before: {done} of {rows} rows are there")]
    Unfinished {
        /// The table.
        table: String,
        /// Rows committed.
        done: u64,
        /// Rows of the whole load.
        rows: u64,
    },
    /// The same load was finished before.
    #[error("this load into {table} is already complete: all {rows} rows are there")]
    AlreadyLoaded {
        /// The table.
        table: String,
        /// Rows of the load.
        rows: u64,
    },
    /// The destination cannot take up a load again.
    #[error("a load to {driver} cannot be resumed")]
    NotResumable {
        /// The driver.
        driver: &'static str,
    },
    /// The output file exists and may not be replaced.
    #[error("the output file exists already")]
    FileExists,
    /// Another process writes the same file.
    #[error("another process is writing the same file")]
    FileBusy,
    /// Rows with the same keys are in the table.
    #[error("rows with the same keys are in {table} already")]
    Duplicate {
        /// The table.
        table: String,
    },
    /// No space is left where the rows go.
    #[error("the disk of the {driver} destination is full")]
    DiskFull {
        /// The driver.
        driver: &'static str,
    },
    /// Whoever read the output went away.
    #[error("the output was closed")]
    Closed,
    /// Another connection holds a lock for too long.
    #[error("the {driver} database is locked by another connection")]
    Busy {
        /// The driver.
        driver: &'static str,
    },
    /// The connection broke.
    #[error("the connection to {driver} was lost: {reason}")]
    Lost {
        /// The driver.
        driver: &'static str,
        /// Why, as far as known.
        reason: String,
    },
    /// A value cannot be carried over.
    #[error("column {column} holds a value that {problem}")]
    Value {
        /// The column.
        column: String,
        /// What cannot be done with it; never the value.
        problem: &'static str,
    },
    /// The database reported an error of another sort.
    #[error("{driver} error {code}: {message}")]
    Database {
        /// The driver.
        driver: &'static str,
        /// SQLSTATE or result code.
        code: String,
        /// What it means.
        message: String,
    },
    /// A file could not be written.
    #[error("cannot write the output: {reason}")]
    Io {
        /// The operating system's reason.
        reason: String,
    },
    /// The engine refused.
    #[error(transparent)]
    Engine(#[from] synth_engine::Error),
    /// A thread died; a defect here.
    #[error("a worker thread ended unexpectedly")]
    Thread,
}

fn lines(differences: &[ColumnDifference]) -> String {
    use fmt::Write;
    let mut out = String::new();
    for difference in differences {
        // Writing to a String cannot fail.
        let _ = write!(out, "\n  {difference}");
    }
    out
}

impl Error {
    /// What sort of trouble it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::UnknownScheme { .. }
            | Self::Destination { .. }
            | Self::TableName { .. }
            | Self::NotResumable { .. }
            | Self::Engine(_) => ErrorKind::Input,
            Self::Connect { .. } | Self::Lost { .. } => ErrorKind::Connection,
            Self::Authentication { .. } | Self::Permission { .. } => ErrorKind::Permission,
            Self::NoTable { .. } | Self::NotATable { .. } | Self::Columns { .. } => {
                ErrorKind::Schema
            }
            Self::Unfinished { .. }
            | Self::AlreadyLoaded { .. }
            | Self::FileExists
            | Self::FileBusy
            | Self::Duplicate { .. } => ErrorKind::Conflict,
            Self::DiskFull { .. } => ErrorKind::DiskFull,
            Self::Closed => ErrorKind::Closed,
            Self::Busy { .. } | Self::Value { .. } | Self::Database { .. } | Self::Io { .. } => {
                ErrorKind::Database
            }
            Self::Thread => ErrorKind::Internal,
        }
    }

    /// What the user can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::UnknownScheme { examples } => format!("Destinations look like {examples}."),
            Self::Destination { driver, .. } => {
                let example = crate::driver::drivers()
                    .iter()
                    .find(|d| d.name == *driver)
                    .map_or("", |d| d.example);
                format!("A {driver} destination looks like {example}.")
            }
            Self::TableName { .. } => "Use a plain name such as patients.".to_owned(),
            Self::Connect { .. } => {
                "Check host, port and path, that the server runs and that it accepts connections from here."
                    .to_owned()
            }
            Self::Authentication { .. } => {
                "Check user and password; for Postgres, PGPASSWORD and ~/.pgpass are read too.".to_owned()
            }
            Self::Permission { .. } => {
                "Ask the owner for the right to create tables in this schema, or name another table or schema."
                    .to_owned()
            }
            Self::NoTable { .. } => "Check the name and the schema.".to_owned(),
            Self::NotATable { .. } | Self::Columns { .. } => {
                "Choose another table name; tables are only created or appended to, never changed.".to_owned()
            }
            Self::Unfinished { .. } => {
                "Add --resume (resume: true over MCP) to write the rest.".to_owned()
            }
            Self::AlreadyLoaded { .. } => format!(
                "Choose another seed or start for other rows. If you emptied the table, delete the load's rows from {} first.",
                crate::ledger::TABLE
            ),
            Self::NotResumable { .. } => {
                "Run it again without --resume: the same seed gives the same rows.".to_owned()
            }
            Self::FileExists => "Move it away, or choose another name.".to_owned(),
            Self::FileBusy => "Wait for it, or choose another file name.".to_owned(),
            Self::Duplicate { .. } => {
                "Choose another seed, or a start after the rows that are there.".to_owned()
            }
            Self::DiskFull { .. } => {
                "Free some space; a load into a database then goes on with --resume.".to_owned()
            }
            Self::Closed => "Nothing to do if that was meant, as with head.".to_owned(),
            Self::Busy { .. } | Self::Lost { .. } => {
                "Try again with --resume: what is committed stays, and nothing is written twice.".to_owned()
            }
            Self::Value { .. } => "Leave the column out, or change its type.".to_owned(),
            Self::Database { .. } => "The server's log says more.".to_owned(),
            Self::Io { .. } => "Check that the directory exists and may be written.".to_owned(),
            Self::Engine(error) => error
                .hint()
                .unwrap_or_else(|| "Change the argument and try again.".to_owned()),
            Self::Thread => "This is a defect in synthd: please report it.".to_owned(),
        }
    }

    /// An error of writing a file or pipe.
    pub(crate) fn from_io(driver: &'static str, error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { driver },
            io::ErrorKind::BrokenPipe => Self::Closed,
            kind => Self::Io {
                reason: kind.to_string(),
            },
        }
    }
}

impl From<tokio::task::JoinError> for Error {
    fn from(_: tokio::task::JoinError) -> Self {
        Self::Thread
    }
}
