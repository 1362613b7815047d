//! Proof that a table was masked: a keyed fingerprint of what its columns held, taken while they
//! were masked, and a search for any of that wherever Postgres keeps values.
//!
//! | file | subject |
//! |---|---|
//! | `fingerprint` | what is seen of originals while a table is masked |
//! | `totals` | control totals |
//! | `stored` | fingerprints as they are kept |
//! | `seen` | what the last masking saw, for its own record |
//! | `kind` | how values of a type are hashed |
//! | `chance` | which originals a mask gives by chance |
//! | `pages` | tuples as they stand in pages, dead ones too |
//! | `places` | heap, TOAST and B-trees |
//! | `indexes` | indexes of other methods, a file each |
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
pub mod purge;
mod report;
mod seen;
mod statistics;
mod stored;
mod totals;
mod verify;

pub use fingerprint::Fingerprint;
pub use seen::seen;
pub use verify::{summary_of, verify_and_record};
