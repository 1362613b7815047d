//! Formats in which rows leave: CSV.

pub mod csv;
pub(crate) mod text;
