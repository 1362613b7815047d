//! Reading a table to be masked: every row once, in batches, with a fingerprint of the originals.

use std::time::{Duration, Instant};

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, ItemPointerData, Oid};

use super::batch::{Batch, ColumnMask};
use super::plan::Rules;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::error::notice;
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
    each: impl FnMut(&Batch, &mut [ItemPointerData]),
) -> i64 {
    // SAFETY: by the caller's promise.
    let (rows, fingerprint) = unsafe { read_seen(table, masks, rules, progress, each) };
    fingerprint.store();
    rows
}

/// The same; the fingerprint is yet to be stored.
///
/// # Safety
/// As [`read_masked`].
pub unsafe fn read_seen(
    table: pg_sys::Relation,
    masks: &[ColumnMask],
    rules: &Rules,
    progress: bool,
    mut each: impl FnMut(&Batch, &mut [ItemPointerData]),
) -> (i64, Fingerprint) {
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
        let mut block = 0;
        while more {
            check_for_interrupts();
            memory.switch_to(|_| {
                while !batch.is_full() {
                    more = pg_sys::table_scan_getnextslot(scan, forward, slot);
                    if !more {
                        break;
                    }
                    places.push((*slot).tts_tid);
                    block = block_of(slot);
                    batch.push(slot);
                }
                fingerprint.before(&batch);
                batch.mask(masks);
                fingerprint.after(&batch);
                each(&batch, &mut places);
            });
            told.add(batch.rows, block);
            places.clear();
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        (told.rows, fingerprint)
    }
}

/// The block of the row in a slot.
///
/// # Safety
/// The slot holds a row of a heap.
unsafe fn block_of(slot: *mut pg_sys::TupleTableSlot) -> u32 {
    // SAFETY: by the caller's promise.
    let block = unsafe { (*slot).tts_tid.ip_blkid };
    u32::from(block.bi_hi) << 16 | u32::from(block.bi_lo)
}

/// Marks what `synth.progress` looks for among the rewrites that Postgres shows of its own.
const COMMAND: i64 = 4711;
/// Slots of the parameters of CLUSTER (commands/progress.h) that are ours, behind those in use.
const STARTED: i32 = 10;
const EXPECTED: i32 = 11;

/// Rows masked so far: shown in `synth.progress` to other sessions, and told now and then where that
/// is asked for. It is what Postgres has for CLUSTER, which rewrites tables as well, so phases of the
/// swap and of the indexes show by themselves.
pub struct Progress {
    /// How many.
    pub rows: i64,
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
        // SAFETY: by the caller's promise; what is shown lies in the backend's own slot.
        let (relid, expected) = unsafe {
            let (relid, expected) = ((*relation).rd_id, (*(*relation).rd_rel).reltuples);
            let main = pg_sys::ForkNumber::MAIN_FORKNUM;
            let blocks = pg_sys::RelationGetNumberOfBlocksInFork(relation, main);
            let kind = pg_sys::ProgressCommandType::PROGRESS_COMMAND_CLUSTER;
            pg_sys::pgstat_progress_start_command(kind, relid);
            for (slot, value) in [
                (pg_sys::PROGRESS_CLUSTER_COMMAND as i32, COMMAND),
                (
                    pg_sys::PROGRESS_CLUSTER_PHASE as i32,
                    i64::from(pg_sys::PROGRESS_CLUSTER_PHASE_SEQ_SCAN_HEAP),
                ),
                (
                    pg_sys::PROGRESS_CLUSTER_TOTAL_HEAP_BLKS as i32,
                    i64::from(blocks),
                ),
                (STARTED, pg_sys::GetCurrentTimestamp()),
                (EXPECTED, expected.max(0.0) as i64),
            ] {
                pg_sys::pgstat_progress_update_param(slot, value);
            }
            (relid, expected)
        };
        Self {
            rows: 0,
            relid,
            expected: expected.max(0.0) as i64,
            told: wanted.then(Instant::now),
        }
    }

    /// Counts rows, the last of which stands in this block.
    fn add(&mut self, rows: usize, block: u32) {
        self.rows += rows as i64;
        // SAFETY: the backend's own slot.
        unsafe {
            for (slot, value) in [
                (
                    pg_sys::PROGRESS_CLUSTER_HEAP_TUPLES_SCANNED as i32,
                    self.rows,
                ),
                (
                    pg_sys::PROGRESS_CLUSTER_HEAP_BLKS_SCANNED as i32,
                    i64::from(block),
                ),
            ] {
                pg_sys::pgstat_progress_update_param(slot, value);
            }
        }
        let Some(told) = self.told.filter(|told| told.elapsed() >= TELL_EVERY) else {
            return;
        };
        self.told = Some(told + told.elapsed());
        let of = match self.expected {
            0 => String::new(),
            expected => format!(" of about {expected}"),
        };
        let name = relation_name(self.relid);
        notice(format!("{name}: {}{of} rows masked", self.rows), None);
    }

    /// Shows nothing any more: the table is masked, its indexes are built.
    pub fn end() {
        // SAFETY: the backend's own slot.
        unsafe { pg_sys::pgstat_progress_end_command() };
    }
}
