//! SQLite through sqlx, which brings SQLite along.

mod error;
mod options;
mod reader;
mod types;
mod writer;

pub use reader::SqliteReader;
pub use writer::SqliteWriter;

/// Name of the driver.
pub const NAME: &str = "SQLite";
