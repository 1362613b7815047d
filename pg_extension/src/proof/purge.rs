//! `synth_purge_statistics`: what ANALYZE knew of originals stays in dead rows of its catalogs after a
//! masking, until nobody can see them any more and they are removed. Pruning would leave their bytes
//! between the live ones, so the catalogs are written anew, by Postgres's own code for VACUUM FULL.
//! The transaction that masked cannot do that: its own dead rows are still to be seen by others. It
//! tells its caller what is left to do; online masking and jobs, which go on after the commit, do it
//! themselves.

use std::cell::Cell;
use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::time::Duration;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::PgTryBuilder;
use pgrx::pg_sys::{self, Datum, Oid};

use super::statistics::EXTENDED;
use super::{elsewhere, pages};
use crate::boundary::sql_function;
use crate::error::{notice, raise};
use crate::mask::owner::AsOwner;
use crate::query::{query, with_settings};
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

/// What to do about dead rows of statistics.
const HINT: &str = "Older transactions may still see them, also those of other databases that have written: SELECT synth_purge_statistics() when they have ended (pg_stat_activity, backend_xid and backend_xmin).";

thread_local! {
    /// This process has masked, and what ANALYZE knew before has not been cleared since.
    static DUE: Cell<bool> = const { Cell::new(false) };
    /// This process clears it by itself, once the masking has committed.
    static BY_ITSELF: Cell<bool> = const { Cell::new(false) };
}

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
                    raise(
                        ERRCODE_LOCK_NOT_AVAILABLE,
                        "could not lock the catalogs of statistics in 2 seconds".to_owned(),
                        Some("Call again when no ANALYZE is at work.".to_owned()),
                    )
                })
                .execute()
        });
        if left > 0 {
            notice(format!("{left} dead rows of statistics are left"), Some(HINT));
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
    dead_rows_of(catalog, |_| true)
}

/// The same of the rows that begin with an OID which is wanted: that of a relation, or of a statistics
/// object.
fn dead_rows_of(catalog: Oid, is_wanted: impl Fn(u32) -> bool) -> u64 {
    let (mut stored, mut alive) = (0_u64, 0_u64);
    // SAFETY: opened and closed here; the first column of both catalogs is an OID that is never NULL.
    unsafe {
        let lock = pg_sys::AccessShareLock as i32;
        let relation = pg_sys::table_open(catalog, lock);
        pages::each(relation, |_, page| {
            for item in page.items() {
                let oid = first_oid(page.item(item));
                stored += u64::from(oid.is_some_and(&is_wanted));
            }
        });
        elsewhere::each_row(relation, |values, _| {
            alive += u64::from(is_wanted(values[0].value() as u32));
        });
        pg_sys::table_close(relation, lock);
    }
    stored.saturating_sub(alive)
}

/// The first four bytes of a stored tuple's data.
fn first_oid(tuple: &[u8]) -> Option<u32> {
    const DATA: usize = std::mem::offset_of!(pg_sys::HeapTupleHeaderData, t_hoff);
    let start = usize::from(*tuple.get(DATA)?);
    let bytes = tuple.get(start..start + 4)?;
    Some(u32::from_ne_bytes(bytes.try_into().ok()?))
}

/// Notes that the current transaction makes statistics of originals dead.
pub fn mark_due() {
    DUE.set(true);
}

/// Whether statistics of originals have been made dead by this process, and not been cleared since.
pub fn is_due() -> bool {
    DUE.get()
}

/// Has this process clear statistics by itself: its commands do not ask their caller to.
pub fn will_follow() {
    BY_ITSELF.set(true);
}

/// Tells the caller what is to be done after the commit, where these tables and views have dead
/// statistics now.
pub fn tell(tables: &[Oid], views: &[Oid]) {
    if BY_ITSELF.get() {
        return;
    }
    let relids: Vec<Oid> = tables.iter().chain(views).copied().collect();
    let parameter = || [(pg_sys::OIDARRAYOID, relids.clone().into_datum())];
    let read = |row: &pgrx::spi::SpiHeapTupleData| row.get::<Oid>(1);
    let indexes = query(
        "SELECT indexrelid FROM pg_catalog.pg_index WHERE indrelid = ANY ($1)",
        &parameter(),
        read,
    );
    let objects = query(
        "SELECT oid FROM pg_catalog.pg_statistic_ext WHERE stxrelid = ANY ($1)",
        &parameter(),
        read,
    );
    let numbers = |oids: &[Oid]| {
        oids.iter()
            .map(|oid| oid.to_u32())
            .collect::<HashSet<u32>>()
    };
    let (mut plain, extended) = (numbers(&relids), numbers(&objects));
    plain.extend(numbers(&indexes));
    let left = dead_rows_of(pg_sys::StatisticRelationId, |oid| plain.contains(&oid))
        + dead_rows_of(EXTENDED, |oid| extended.contains(&oid));
    if left > 0 {
        notice(
            format!("{left} dead rows of statistics may hold originals until they are cleared"),
            Some(
                "After COMMIT: SELECT synth_purge_statistics(). Jobs of synth_schedule and synth_mask_table_online do it by themselves.",
            ),
        );
    }
}

/// Clears the catalogs, each attempt in a transaction of its own that `in_transaction` provides: until
/// nothing is left, for about a second. A lock that cannot be had is not waited for. Where something
/// is left, or an attempt has failed, a notice says so.
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
        match left {
            Some(0) => {
                DUE.set(false);
                return;
            }
            Some(_) => {}
            None => break,
        }
    }
    notice(
        "dead rows of statistics, which may hold originals, could not be cleared yet".to_owned(),
        Some(HINT),
    );
}
