//! Reading a table to be masked: every row once, in batches, with a fingerprint of the originals.

use std::time::{Duration, Instant};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::{self, ItemPointerData, Oid};
use pgrx::{PgLogLevel, PgMemoryContexts, function_name};

use super::batch::{Batch, ColumnMask};
use super::plan::Rules;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::proof::Fingerprint;

/// How often progress is told, where that is asked for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// Reads every row of a table and masks it, and keeps a fingerprint of the originals; `each` gets
/// the masked rows, a batch at a time, and where the rows stand. Gives the number of rows.
///
/// What `each` makes in the current memory context is gone after the batch.
///
/// # Safety
/// The table is open and locked; the masks are its own.
pub unsafe fn read_masked(
    table: pg_sys::Relation,
    masks: &[ColumnMask],
    rules: &Rules,
    progress: bool,
    mut each: impl FnMut(&Batch, &mut [ItemPointerData]),
) -> i64 {
    // SAFETY: by the caller's promise. Slot, snapshot and scan are made and freed here; after an
    // error the transaction's end frees them.
    unsafe {
        let mut told = Progress::new(table, progress);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(table, snapshot, 0, std::ptr::null_mut());
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let mut batch = Batch::new(table, masks);
        let mut places = Vec::new();
        let mut fingerprint = Fingerprint::new(table, masks, rules);
        let mut memory = PgMemoryContexts::new("pg_synth masking batch");
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let mut more = true;
        while more {
            check_for_interrupts();
            memory.switch_to(|_| {
                while !batch.is_full() {
                    more = pg_sys::table_scan_getnextslot(scan, forward, slot);
                    if !more {
                        break;
                    }
                    places.push((*slot).tts_tid);
                    batch.push(slot);
                }
                fingerprint.before(&batch);
                batch.mask(masks);
                fingerprint.after(&batch);
                each(&batch, &mut places);
            });
            told.add(batch.rows);
            places.clear();
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        fingerprint.store();
        told.rows
    }
}

/// Rows masked so far, told now and then where that is asked for.
struct Progress {
    /// How many.
    rows: i64,
    relid: Oid,
    expected: i64,
    told: Option<Instant>,
}

impl Progress {
    /// Starts at none.
    ///
    /// # Safety
    /// The relation is open.
    unsafe fn new(relation: pg_sys::Relation, wanted: bool) -> Self {
        // SAFETY: by the caller's promise.
        let (relid, expected) = unsafe { ((*relation).rd_id, (*(*relation).rd_rel).reltuples) };
        Self {
            rows: 0,
            relid,
            expected: expected.max(0.0) as i64,
            told: wanted.then(Instant::now),
        }
    }

    /// Counts rows.
    fn add(&mut self, rows: usize) {
        self.rows += rows as i64;
        let Some(told) = self.told.filter(|told| told.elapsed() >= TELL_EVERY) else {
            return;
        };
        self.told = Some(told + told.elapsed());
        let of = match self.expected {
            0 => String::new(),
            expected => format!(" of about {expected}"),
        };
        ErrorReport::new(
            ERRCODE_SUCCESSFUL_COMPLETION,
            format!(
                "{}: {}{of} rows masked",
                relation_name(self.relid),
                self.rows
            ),
            function_name!(),
        )
        .report(PgLogLevel::NOTICE);
    }
}
