//! CSV files and pipes, RFC 4180 with a header line, as the engine writes it.

mod options;
mod writer;

pub use options::CsvFile;

/// Name of the driver.
pub const NAME: &str = "CSV";
