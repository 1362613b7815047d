//! Filling a table of any shape: what its constraints allow, which values suit its columns.

pub mod check;
pub mod class;
pub mod recognize;
