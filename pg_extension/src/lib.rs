//! The Postgres extension `pg_synth`: a thin adapter between Postgres and the engine.
//!
//! SQL objects are declared by hand in `../sql`; each function there names an exported symbol
//! here. One file per subject; `unsafe` is the boundary to Postgres and nothing else.
//!
//! | room | subject |
//! |---|---|
//! | `generate` | `synth_patients` and the functions of other tables, `synth_last_seed` |
//! | `document` | `synth_fhir_bundle` and its like: documents of a format, one a row |
//! | `create` | `synth_create`: the tables of a domain |
//! | `scan` | generators in FROM as a scan node |
//! | `srf` | generators in the select list, and in FROM where a scan node cannot be |
//! | `batches` | the batches of a request, made ahead by a thread |
//! | `column` | Arrow columns to Datums and back |
//! | `tuple` | Arrow columns to heap tuples |
//! | `numeric` | decimal numbers as Postgres stores them |
//! | `value` | `synth` and the functions of single generators |
//! | `rule` | the label provider, `synth_set_rule`, `synth_drop_rule` |
//! | `detect` | `synth_detect`, `synth_apply_detected` and `synth_import_rules` |
//! | `fill` | `synth_fill`, `synth_fill_schema` and `synth_plan_fill` |
//! | `mask` | `synth_mask` on values and `synth_mask_table` on tables |
//! | `schedule` | jobs: `synth_schedule` and the background workers that run them |
//! | `query` | queries of our own, under a safe search path |
//! | `scratch` | memory of Postgres for the time of a closure |
//! | `own` | the extension's own tables |
//! | `secret` | the database's secrets |
//! | `proof` | fingerprints, and the search for originals |
//! | `rotation` | `synth_rotate_secret` and `synth_shred_secret` |
//! | `audit` | records of what was done, in a hash chain |
//! | `listing` | the registry as rows |
//! | `sqlstate` | errors of the user's code keep their SQLSTATE |
//! | `subtransaction` | work that may fail without the transaction |
//! | `error` | engine errors to SQLSTATE and hint |
//! | `defect` | what becomes of a panic |

// Boundary code reads like the C it talks to: Datums are cast to what they hold, catalog rows to
// their structures, names are those of Postgres, and an error names its SQLSTATE as the C code does.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_ptr_alignment,
    clippy::cast_sign_loss,
    clippy::doc_markdown,
    clippy::enum_glob_use,
    clippy::similar_names,
    clippy::too_many_arguments
)]

mod audit;
mod batches;
mod boundary;
mod column;
mod create;
mod defect;
mod detect;
mod document;
mod error;
mod fill;
mod generate;
mod listing;
mod mask;
mod numeric;
mod own;
mod proof;
mod query;
mod rotation;
mod rule;
mod scan;
mod schedule;
mod scratch;
mod secret;
mod sqlstate;
mod srf;
mod subtransaction;
mod tuple;
mod value;

// `#[pg_guard]` on foreign functions looks for this path.
use pgrx::pg_sys::ffi;

pgrx::pg_module_magic!(name, version);

/// Runs when the library is loaded: by the first function called in a session, by `LOAD`, by
/// `session_preload_libraries`, or in the postmaster by `shared_preload_libraries`.
#[pgrx::pg_guard]
pub extern "C-unwind" fn _PG_init() {
    error::install_panic_hook();
    defect::install();
    synth_engine::interrupt::set_check(boundary::check_for_interrupts);
    rule::register_provider();
    scan::install();
    audit::register();
    schedule::install();
}
