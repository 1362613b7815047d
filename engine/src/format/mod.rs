//! Formats in which rows leave: CSV, SDTM.

pub mod csv;
pub mod sdtm;
pub(crate) mod text;
