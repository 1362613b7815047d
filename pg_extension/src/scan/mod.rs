//! Generators in FROM as a scan node of their own.
//!
//! Postgres answers a function in FROM from a tuplestore that it fills first. For a generator the
//! planner is given a better path: a custom scan that makes rows as they are asked for, so LIMIT
//! stops the work, nothing is spooled, and rows stream into CREATE TABLE AS.
//!
//! The hook is in place whenever it is needed: planning a call runs the generator's support
//! function, which loads this library before paths are made.

mod execute;
mod explain;
mod parallel;
mod plan;
mod rows;

use pgrx::pg_sys::{self, Oid};
use synth_engine::domain::TableEntry;

/// Puts the hook in place and makes the scan's methods known to parallel workers.
pub fn install() {
    plan::install_hook();
    // SAFETY: called once, from _PG_init; the methods are static.
    unsafe { pg_sys::RegisterCustomScanMethods(&raw const execute::SCAN_METHODS.0) }
}

/// C structures of function pointers and names, which no thread writes.
#[repr(transparent)]
struct Static<T>(T);
// SAFETY: immutable after compilation.
unsafe impl<T> Sync for Static<T> {}

/// The engine table behind a generator: its SQL function is `synth_<table>` of this library.
fn table_of(function: Oid) -> Option<&'static TableEntry> {
    // SAFETY: a syscache look-up, released here; prosrc and probin are text where not null.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::PROCOID as i32,
            pg_sys::Datum::from(function),
        );
        if tuple.is_null() {
            return None;
        }
        let text = |attribute: u32| {
            let mut is_null = false;
            let datum = pg_sys::SysCacheGetAttr(
                pg_sys::SysCacheIdentifier::PROCOID as i32,
                tuple,
                attribute as pg_sys::AttrNumber,
                &raw mut is_null,
            );
            pgrx::FromDatum::from_datum(datum, is_null).unwrap_or_else(String::new)
        };
        let symbol = text(pg_sys::Anum_pg_proc_prosrc);
        let library = text(pg_sys::Anum_pg_proc_probin);
        pg_sys::ReleaseSysCache(tuple);
        if !library.ends_with("pg_synth") {
            return None;
        }
        symbol
            .strip_prefix("synth_")
            .and_then(synth_engine::domain::find)
    }
}
