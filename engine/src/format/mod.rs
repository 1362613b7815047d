//! Formats in which rows leave: CSV.

pub mod csv;
mod text;
