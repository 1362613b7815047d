//! Formats in which rows leave: CSV, ISO 20022.

pub mod csv;
pub mod pain001;
pub(crate) mod text;
