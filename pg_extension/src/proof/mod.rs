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
//! | `indexes` | indexes of other methods |
//! | `walk` | values of SP-GiST indexes, put together along their paths |
//! | `statistics` | what ANALYZE remembers |
//! | `elsewhere` | materialized views and other tables |
//! | `report` | counts and verdicts |
//! | `verify` | `synth_verify_masked` |
//! | `purge` | `synth_purge_statistics` |

mod chance;
mod elsewhere;
mod fingerprint;
mod indexes;
mod kind;
mod pages;
mod places;
mod purge;
mod report;
mod statistics;
mod verify;
mod walk;

pub use fingerprint::{Fingerprint, seen};
pub use purge::purge;
pub use verify::{summary_of, verify_and_record};
