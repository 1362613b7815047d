//! Masking one table: rows are read once and written, masked, to a new heap, which then takes the
//! old one's place, as ALTER TABLE does: no dead tuple and no TOAST chunk keeps an original, indexes
//! are built anew, constraints are checked, and triggers do not fire. Transactions that started
//! before and have not read the table yet will find it empty, as after any rewriting ALTER TABLE.

use std::time::{Duration, Instant};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::{self, Oid};
use pgrx::{PgLogLevel, PgMemoryContexts, function_name};

use super::batch::{Batch, ColumnMask, column_masks};
use super::owner::AsOwner;
use super::plan::Rules;
use super::writer::Writer;
use crate::boundary::{check_for_interrupts, finish_heap_swap, make_new_heap, relation_name};
use crate::error::raise;
use crate::proof::Fingerprint;

/// How often progress is told, where that is asked for.
const TELL_EVERY: Duration = Duration::from_secs(10);

/// A table and the new heap that will take its place.
pub struct Rewrite {
    relid: Oid,
    new_relid: Oid,
    persistence: std::ffi::c_char,
    /// The table as it is.
    pub old: pg_sys::Relation,
    /// The heap to be written.
    pub new: pg_sys::Relation,
}

impl Rewrite {
    /// Makes the new heap.
    ///
    /// # Safety
    /// The table is locked; `finish` is called unless an error ends the transaction.
    pub unsafe fn begin(relid: Oid) -> Self {
        let lock = pg_sys::AccessExclusiveLock as i32;
        // SAFETY: the order of calls is that of ATRewriteTables and ATRewriteTable in tablecmds.c.
        unsafe {
            let old = pg_sys::table_open(relid, pg_sys::NoLock as i32);
            let form = &*(*old).rd_rel;
            if form.relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP && !(*old).rd_islocaltemp {
                raise(
                    ERRCODE_FEATURE_NOT_SUPPORTED,
                    "cannot mask temporary tables of other sessions".to_owned(),
                    Some("Mask it in the session that made it.".to_owned()),
                );
            }
            pg_sys::CheckTableNotInUse(old, c"synth_mask_table".as_ptr());
            let (tablespace, method, persistence) =
                (form.reltablespace, form.relam, form.relpersistence);
            let new_relid = make_new_heap(relid, tablespace, method, persistence, lock);
            Self {
                relid,
                new_relid,
                persistence,
                old,
                new: pg_sys::table_open(new_relid, lock),
            }
        }
    }

    /// Puts the new heap in the old one's place, and builds the indexes. Gives the table.
    ///
    /// # Safety
    /// Every row has been written; neither relation is used any more.
    pub unsafe fn finish(self) -> Oid {
        // SAFETY: by the caller's promise.
        unsafe {
            pg_sys::table_close(self.new, pg_sys::NoLock as i32);
            pg_sys::table_close(self.old, pg_sys::NoLock as i32);
            finish_heap_swap(
                self.relid,
                self.new_relid,
                false,
                false,
                true,
                true,
                pg_sys::RecentXmin,
                pg_sys::ReadNextMultiXactId(),
                self.persistence,
            );
        }
        self.relid
    }
}

/// Masks one table; its lock is held. Gives the number of rows.
pub fn rewrite(relid: Oid, rules: &Rules, progress: bool) -> i64 {
    // SAFETY: the lock is held; an error ends the transaction.
    unsafe {
        let rewrite = Rewrite::begin(relid);
        let rows = {
            let _owner = AsOwner::of(relid);
            copy_masked(rewrite.old, rewrite.new, rules, progress)
        };
        rewrite.finish();
        Progress::end();
        rows
    }
}

/// The block of the row in a slot.
///
/// # Safety
/// The slot holds a row of a heap.
pub unsafe fn block_of(slot: *mut pg_sys::TupleTableSlot) -> u32 {
    // SAFETY: by the caller's promise.
    let block = unsafe { (*slot).tts_tid.ip_blkid };
    u32::from(block.bi_hi) << 16 | u32::from(block.bi_lo)
}

/// Reads every row of `old` and writes it masked to `new`.
///
/// # Safety
/// Both are open and locked, with the same columns.
unsafe fn copy_masked(
    old: pg_sys::Relation,
    new: pg_sys::Relation,
    rules: &Rules,
    progress: bool,
) -> i64 {
    // SAFETY: by the caller's promise; the writer is ended once every row has been written.
    unsafe {
        let mut writer = Writer::new(old, new);
        let rows = read_masked(old, rules, progress, |batch, masks| {
            for row in 0..batch.rows {
                writer.write(batch.row(row), masks);
            }
        });
        writer.finish();
        rows
    }
}

/// Reads every row of a table and masks it, and keeps a fingerprint of the originals; `each` gets
/// the masked rows, a batch at a time. Gives the number of rows.
///
/// # Safety
/// The table is open and locked.
unsafe fn read_masked(
    old: pg_sys::Relation,
    rules: &Rules,
    progress: bool,
    mut each: impl FnMut(&Batch, &[ColumnMask]),
) -> i64 {
    // SAFETY: by the caller's promise.
    let mut told = unsafe { Progress::new(old, progress) };
    // SAFETY: slot, snapshot and scan are made and freed here; after an error the transaction's end
    // frees them.
    unsafe {
        let masks = column_masks(old, rules);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(old, snapshot, 0, std::ptr::null_mut());
        let slot = pg_sys::table_slot_create(old, std::ptr::null_mut());
        let mut batch = Batch::new(old, &masks);
        let mut fingerprint = Fingerprint::new(old, &masks, rules);
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
                    block = block_of(slot);
                    batch.push(slot);
                }
                fingerprint.before(&batch);
                batch.mask(&masks);
                fingerprint.after(&batch);
                each(&batch, &masks);
            });
            told.add(batch.rows, block);
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        fingerprint.store();
    }
    told.rows
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
    pub unsafe fn new(relation: pg_sys::Relation, wanted: bool) -> Self {
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
    pub fn add(&mut self, rows: usize, block: u32) {
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

    /// Shows nothing any more: the table is masked, its indexes are built.
    pub fn end() {
        // SAFETY: the backend's own slot.
        unsafe { pg_sys::pgstat_progress_end_command() };
    }
}
