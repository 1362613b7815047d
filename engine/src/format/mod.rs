//! Formats in which rows leave: CSV, and FIX for orders and trades.

pub mod csv;
pub mod fix;
pub(crate) mod text;
