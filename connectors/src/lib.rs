//! Readers and writers of Arrow batches for databases and files, and the resumable load.
//!
//! One folder per database, with the same files in each, so that knowing one is knowing all:
//! `options` opens a connection from a URL, `types` maps columns, `reader` and `writer` implement
//! [`Reader`] and [`Writer`], `error` maps what the server says to [`Error`]. The driver table in
//! [`driver`] chooses among them by URL scheme; [`load`] writes a generated table through any.
//!
//! ```
//! use synth_connectors::driver;
//!
//! assert_eq!(driver::find("sqlite:clinic.db")?.name, "SQLite");
//! assert_eq!(
//!     driver::redact("postgres://ann:secret@db.example/clinic?sslmode=require"),
//!     "postgres://db.example/clinic"
//! );
//! # Ok::<(), synth_connectors::Error>(())
//! ```
#![forbid(unsafe_code)]

pub mod csv;
pub mod driver;
mod error;
pub mod export;
pub mod ledger;
pub mod load;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod quote;
mod reader;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod writer;

pub use error::{ColumnDifference, Error, ErrorKind, Result};
pub use reader::{BATCH_ROWS, BatchStream, Reader};
pub use writer::{ChunkBatches, ChunkOutcome, Prepared, Writer};
