//! Formats in which rows leave: CSV for tables, and those that are exchanged in their fields.

pub mod csv;
pub mod export;
pub mod fhir;
pub mod fix;
pub mod hl7;
pub mod json;
pub mod pain001;
pub mod sdtm;
pub(crate) mod text;
