//! Proof that a table was masked: a keyed fingerprint of what its columns held, taken while they
//! were masked, and a search for any of that wherever Postgres keeps values.
//!
//! | file | subject |
//! |---|---|
//! | `fingerprint` | what is kept of originals, and control totals |
//! | `kind` | how values of a type are hashed |
//! | `chance` | which originals a mask gives by chance |
//! | `pages` | tuples as they stand in pages, dead ones too |
//! | `places` | heap, TOAST and B-trees |
//! | `statistics` | what ANALYZE remembers |
//! | `elsewhere` | materialized views and other tables |
//! | `report` | counts and verdicts |
//! | `verify` | `synth_verify_masked` |

mod chance;
mod elsewhere;
mod fingerprint;
mod kind;
mod pages;
mod places;
mod report;
mod statistics;
mod verify;

pub use fingerprint::{Fingerprint, totals};
