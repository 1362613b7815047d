//! PostgreSQL through sqlx: COPY to write, a cursor in a READ ONLY transaction to read.

mod error;
mod options;
mod reader;
mod types;
mod writer;

pub use reader::PostgresReader;
pub use writer::PostgresWriter;

/// Name of the driver.
pub const NAME: &str = "PostgreSQL";
