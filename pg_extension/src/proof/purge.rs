//! `synth_purge_statistics`: what ANALYZE knew of originals stays in dead rows of its catalogs after a
//! masking, until nobody can see them any more and they are removed. Pruning would leave their bytes
//! between the live ones, so the catalogs are written anew, by Postgres's own code for VACUUM FULL.
//! The transaction that masked cannot do that: its own dead rows are still to be seen by others.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use pgrx::PgSqlErrorCode::*;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{PgLogLevel, function_name};

use super::statistics::EXTENDED;
use super::{elsewhere, pages};
use crate::boundary::sql_function;
use crate::mask::owner::AsOwner;
use crate::query::with_settings;
use crate::sqlstate::call;

/// How long others may queue behind it, while planning needs what is locked.
const LOCK_TIMEOUT: &std::ffi::CStr = c"2s";
/// How often it is tried where the caller waits anyway, and the pause in between.
const ATTEMPTS: u32 = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// commands/cluster.h
#[repr(C)]
struct ClusterParams {
    options: u32,
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn cluster_rel(table: Oid, index: Oid, params: *mut ClusterParams);
}

const CATALOGS: [Oid; 2] = [pg_sys::StatisticRelationId, EXTENDED];

sql_function! {
    /// `synth_purge_statistics() RETURNS bigint`: how many dead rows are left.
    synth_purge_statistics(_fcinfo) {
        // SAFETY: raises an error or does nothing.
        unsafe {
            pg_sys::PreventCommandIfReadOnly(c"synth_purge_statistics()".as_ptr());
            pg_sys::PreventCommandDuringRecovery(c"synth_purge_statistics()".as_ptr());
        }
        let left = with_settings(&[(c"lock_timeout", LOCK_TIMEOUT)], || {
            let locked = AssertUnwindSafe(rewrite);
            PgTryBuilder::new(move || call(locked))
                .catch_when(ERRCODE_LOCK_NOT_AVAILABLE, |_| {
                    crate::error::raise(
                        ERRCODE_LOCK_NOT_AVAILABLE,
                        "could not lock the catalogs of statistics in 2 seconds".to_owned(),
                        Some("Call again when no ANALYZE is at work.".to_owned()),
                    )
                })
                .execute()
        });
        if left > 0 {
            ErrorReport::new(
                ERRCODE_SUCCESSFUL_COMPLETION,
                format!("{left} dead rows of statistics are left"),
                function_name!(),
            )
            .set_hint("Older transactions may still see them, also those of other databases that have written: call again when they have ended (pg_stat_activity, backend_xid and backend_xmin).".to_owned())
            .report(PgLogLevel::NOTICE);
        }
        Datum::from(left as i64)
    }
}

/// Writes both catalogs anew in the current transaction; gives how many dead rows are left.
fn rewrite() -> u64 {
    // As any VACUUM FULL of a catalog: by its owner, with nothing of a user's around.
    let _owner = AsOwner::of(pg_sys::StatisticRelationId);
    for catalog in CATALOGS {
        let mut params = ClusterParams { options: 0 };
        // SAFETY: locks, rewrites and swaps the catalog's files, transactionally; it is not open here.
        unsafe {
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
            cluster_rel(catalog, pg_sys::InvalidOid, &raw mut params);
            pg_sys::PopActiveSnapshot();
            pg_sys::CommandCounterIncrement();
        }
    }
    CATALOGS.into_iter().map(dead_rows).sum()
}

/// Tuple versions of a catalog that are stored and not alive.
fn dead_rows(catalog: Oid) -> u64 {
    let (mut stored, mut alive) = (0_u64, 0_u64);
    // SAFETY: opened and closed here.
    unsafe {
        let lock = pg_sys::AccessShareLock as i32;
        let relation = pg_sys::table_open(catalog, lock);
        pages::each(relation, |_, page| stored += page.items().len() as u64);
        elsewhere::each_row(relation, |_, _| alive += 1);
        pg_sys::table_close(relation, lock);
    }
    stored.saturating_sub(alive)
}

/// The same, each attempt in a transaction of its own that `in_transaction` provides: until nothing is
/// left, for about a second. A lock that cannot be had is not waited for.
pub fn purge(mut in_transaction: impl FnMut(&dyn Fn() -> u64) -> Option<u64>) {
    for attempt in 0..ATTEMPTS {
        if attempt > 0 {
            std::thread::sleep(PAUSE);
        }
        let left = in_transaction(&|| {
            // SAFETY: locks that are not waited for, until the transaction ends.
            let free = CATALOGS.into_iter().all(|catalog| unsafe {
                pg_sys::ConditionalLockRelationOid(catalog, pg_sys::AccessExclusiveLock as i32)
            });
            if free { rewrite() } else { u64::MAX }
        });
        if left == Some(0) {
            return;
        }
    }
}
