//! Copying a table into its shadow, some blocks at a time.

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::super::batch::{Batch, ColumnMask, column_masks};
use super::super::owner::AsOwner;
use super::super::plan::Rules;
use super::capture;
use super::deal::Deals;
use super::destination::Destination;
use super::group::Group;
use super::map::{self, Map, Places};
use super::state::Part;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::error::raise;

/// Raises an error where a table is no longer the one that a run was begun for.
pub fn changed(table: Oid) -> ! {
    raise(
        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!(
            "{} has been altered, rewritten or truncated while it was masked",
            relation_name(table)
        ),
        Some("The same call begins anew; synth_mask_online_abort() gives up.".to_owned()),
    )
}

/// Opens a table of a run, as it was when the run began.
///
/// # Safety
/// The table is locked; it is closed by the caller.
pub unsafe fn open_table(part: &Part) -> pg_sys::Relation {
    // SAFETY: by the caller's promise.
    unsafe {
        let table = pg_sys::table_open(part.relid, pg_sys::AccessShareLock as i32);
        if (*(*table).rd_rel).relfilenode != part.filenode {
            changed(part.relid);
        }
        table
    }
}

/// Opens the shadow of a table that is open, as it was when the run began.
///
/// # Safety
/// It is closed by the caller.
pub unsafe fn open_shadow(part: &Part, table: pg_sys::Relation) -> pg_sys::Relation {
    // SAFETY: by the caller's promise.
    unsafe {
        if !super::state::exists(part.shadow) {
            changed(part.relid);
        }
        let shadow = pg_sys::table_open(part.shadow, pg_sys::RowExclusiveLock as i32);
        // The map knows places in this file.
        let same = (*(*shadow).rd_rel).relfilenode == part.shadow_filenode
            && same_columns((*table).rd_att, (*shadow).rd_att);
        if !same {
            changed(part.relid);
        }
        shadow
    }
}

/// # Safety
/// Both are descriptors of open relations.
unsafe fn same_columns(one: pg_sys::TupleDesc, other: pg_sys::TupleDesc) -> bool {
    // SAFETY: by the caller's promise.
    unsafe {
        if (*one).natts != (*other).natts {
            return false;
        }
        let natts = (*one).natts as usize;
        (*one)
            .attrs
            .as_slice(natts)
            .iter()
            .zip((*other).attrs.as_slice(natts))
            .all(|(a, b)| {
                (a.atttypid, a.atttypmod, a.attisdropped, a.attnotnull)
                    == (b.atttypid, b.atttypmod, b.attisdropped, b.attnotnull)
            })
    }
}

/// Shows the rows of some blocks of a table, `first` to `last` without the last, in the order in which
/// they are stored, and whether a row is the first of a further block, to `row`, until it gives false;
/// gives the first block of which nothing has been taken.
///
/// # Safety
/// The table is open and locked.
pub unsafe fn scan_blocks(
    table: pg_sys::Relation,
    first: u32,
    last: u32,
    mut row: impl FnMut(*mut pg_sys::TupleTableSlot, bool) -> bool,
) -> u32 {
    // SAFETY: by the caller's promise; all is opened and closed here.
    unsafe {
        // VACUUM may have cut off empty blocks at the end.
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        let end = pg_sys::RelationGetNumberOfBlocksInFork(table, main).min(last);
        if first >= end {
            return last;
        }
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
            | pg_sys::ScanOptions::SO_ALLOW_STRAT
            | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let none = std::ptr::null_mut();
        let snapshot = pg_sys::GetActiveSnapshot();
        let scan = pg_sys::heap_beginscan(table, snapshot, 0, none, std::ptr::null_mut(), flags);
        pg_sys::heap_setscanlimits(scan, first, end - first);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let mut next = last;
        let mut block = first;
        while pg_sys::heap_getnextslot(scan, forward, slot) {
            check_for_interrupts();
            let (of, _) = map::parts((*slot).tts_tid);
            let is_further = of != block;
            block = of;
            if !row(slot, is_further) {
                next = block;
                break;
            }
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::heap_endscan(scan);
        next
    }
}

/// What copying some blocks of a part needs.
struct Copying<'a> {
    masks: &'a [ColumnMask],
    batch: Batch,
    /// Where the rows of the batch are.
    lines: Vec<(u32, u16)>,
    writer: Destination,
    map: Map,
    /// The block whose places are being put together.
    open_block: (u32, Places),
    memory: PgMemoryContexts,
    /// Rows that have been written.
    copied: usize,
}

impl Copying<'_> {
    /// Masks and writes the rows of the batch.
    ///
    /// # Safety
    /// Masks, batch and writer are those of one table, which is open.
    unsafe fn write(&mut self) {
        // SAFETY: by the caller's promise; nothing of the batch is used after it has been cleared.
        unsafe {
            self.memory.switch_to(|_| {
                self.batch.mask(self.masks);
                let places = self.writer.write(&self.batch, self.masks);
                for (&(block, line), place) in self.lines.iter().zip(places) {
                    if block != self.open_block.0 {
                        let full = std::mem::take(&mut self.open_block);
                        if !full.1.is_empty() {
                            self.map.insert(full.0, &full.1);
                        }
                        self.open_block.0 = block;
                    }
                    self.open_block.1.set(line, Some(place));
                }
            });
            self.copied += self.batch.rows;
            self.lines.clear();
            self.batch.clear();
            self.memory.reset();
        }
    }
}

/// Copies the next blocks of a part of the group, until so many rows are copied; gives the part as it
/// is then, and the number of rows. Blocks are copied whole.
pub fn copy_batch(group: &Group, number: usize, rules: &Rules, batch_rows: usize) -> (Part, usize) {
    let mut part = group.parts[number];
    // SAFETY: all is opened and closed here; after an error the transaction's end does it.
    unsafe {
        let table = open_table(&part);
        let mut masks = column_masks(table, rules);
        let deals = Deals::open(&part, table, &masks);
        deals.attach(&mut masks);
        let log = pg_sys::table_open(part.log, pg_sys::RowExclusiveLock as i32);
        let owner = AsOwner::of(group.top.unwrap_or(part.relid));
        let mut copying = Copying {
            masks: &masks,
            batch: Batch::new(table, &masks),
            lines: Vec::new(),
            writer: Destination::open(group, number, table, true),
            map: Map::open(part.map, part.map_index),
            open_block: (part.next_block, Places::default()),
            memory: PgMemoryContexts::new("pg_synth masking batch"),
            copied: 0,
        };
        let mut seen = 0;
        part.next_block = scan_blocks(table, part.next_block, part.blocks, |slot, is_further| {
            if is_further && seen >= batch_rows {
                return false;
            }
            seen += 1;
            let place = (*slot).tts_tid;
            if !deals.is_empty() && !deals.promise(&masks, slot) {
                // Values that are missing now come back as changes are carried over.
                capture::write(log, None, Some(place));
                return true;
            }
            copying.lines.push(map::parts(place));
            let batch = &mut copying.batch;
            copying.memory.switch_to(|_| batch.push(slot));
            if copying.batch.is_full() {
                copying.write();
            }
            true
        });
        copying.write();
        let Copying {
            writer,
            mut map,
            open_block,
            copied,
            ..
        } = copying;
        if !open_block.1.is_empty() {
            map.insert(open_block.0, &open_block.1);
        }
        map.close();
        writer.finish();
        drop(owner);
        drop(masks);
        deals.close();
        pg_sys::table_close(log, pg_sys::NoLock as i32);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        (part, copied)
    }
}
