//! Filling a table of any shape: what its constraints allow, which values suit its columns, and the
//! rows.
//!
//! | file | subject |
//! |---|---|
//! | `table` | what a catalog says of a table |
//! | `class` | the class of a column's type |
//! | `check` | CHECK constraints to domains and relations |
//! | `recognize` | what a column is about, by its name |
//! | `ordinal` | ordered values as whole numbers |
//! | `cell` | values of any type |
//! | `source` | where values of one column come from |
//! | `domain` | choosing the source |
//! | `unique` | indexes of unique columns |
//! | `plan` | the plan of a table |
//! | `rows` | its rows |

pub mod cell;
pub mod check;
pub mod class;
mod domain;
pub mod ordinal;
mod plan;
pub mod recognize;
mod rows;
mod source;
mod table;
mod unique;

pub use plan::{ColumnReport, Plan, Problem};
pub use rows::Batch;
pub use table::{
    Column, Element, Exclusion, Given, Keys, Reference, Table, Unique, Values, Wish, mentions,
};
