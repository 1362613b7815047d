//! Copying a table into its shadow, some blocks at a time.

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::super::batch::{Batch, column_masks};
use super::super::owner::AsOwner;
use super::super::plan::Rules;
use super::destination::Destination;
use super::group::Group;
use super::map::{self, Map, Places};
use super::state::Part;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::error::raise;
use crate::proof::Fingerprint;

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

/// Copies the next blocks of a part of the group, until so many rows are copied; gives the part as it
/// is then, and the number of rows. Blocks are copied whole.
pub fn copy_batch(group: &Group, number: usize, rules: &Rules, batch_rows: usize) -> (Part, usize) {
    let mut part = group.parts[number];
    let mut copied = 0;
    // SAFETY: all is opened and closed here; after an error the transaction's end does it.
    unsafe {
        let table = open_table(&part);
        let owner = AsOwner::of(group.top.unwrap_or(part.relid));
        let masks = column_masks(table, rules);
        let mut writer = Destination::open(group, number, table, true);
        let mut map = Map::open(part.map, part.map_index);
        let mut batch = Batch::new(table, &masks);
        let mut memory = PgMemoryContexts::new("pg_synth masking batch");
        let flags = pg_sys::ScanOptions::SO_TYPE_SEQSCAN
            | pg_sys::ScanOptions::SO_ALLOW_STRAT
            | pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        let none = std::ptr::null_mut();
        let scan = pg_sys::heap_beginscan(
            table,
            pg_sys::GetActiveSnapshot(),
            0,
            none,
            std::ptr::null_mut(),
            flags,
        );
        // VACUUM may have cut off empty blocks at the end.
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        let last = pg_sys::RelationGetNumberOfBlocksInFork(table, main).min(part.blocks);
        let mut more = part.next_block < last;
        if more {
            pg_sys::heap_setscanlimits(scan, part.next_block, last - part.next_block);
        }
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let mut lines: Vec<(u32, u16)> = Vec::new();
        let mut block = part.next_block;
        let mut end = part.blocks;
        // The block whose places are being put together.
        let mut open_block: (u32, Places) = (part.next_block, Places::default());
        while more {
            check_for_interrupts();
            memory.switch_to(|_| {
                while !batch.is_full() {
                    more = pg_sys::heap_getnextslot(scan, forward, slot);
                    if !more {
                        break;
                    }
                    let place = map::parts((*slot).tts_tid);
                    if place.0 != block {
                        block = place.0;
                        if copied + batch.rows >= batch_rows {
                            end = block;
                            more = false;
                            break;
                        }
                    }
                    lines.push(place);
                    batch.push(slot);
                }
                batch.mask(&masks);
                let places = writer.write(&batch, &masks);
                for (&(block, line), place) in lines.iter().zip(places) {
                    if block != open_block.0 {
                        let full = std::mem::take(&mut open_block);
                        map.insert(full.0, &full.1);
                        open_block.0 = block;
                    }
                    open_block.1.set(line, Some(place));
                }
            });
            copied += batch.rows;
            lines.clear();
            batch.clear();
            memory.reset();
        }
        if copied > 0 {
            map.insert(open_block.0, &open_block.1);
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::heap_endscan(scan);
        map.close();
        writer.finish();
        drop(owner);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        part.next_block = end;
    }
    (part, copied)
}

/// Reads the whole table once more, while it holds its originals, for a fingerprint of them: as the
/// active snapshot sees it, under which changes have been carried over.
pub fn take_fingerprint(relid: Oid, rules: &Rules) -> Fingerprint {
    let _owner = AsOwner::of(relid);
    // SAFETY: the table is locked; all is opened and closed here.
    unsafe {
        let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let masks = column_masks(table, rules);
        let none = std::ptr::null_mut();
        let scan = pg_sys::table_beginscan(table, pg_sys::GetActiveSnapshot(), 0, none);
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let mut batch = Batch::new(table, &masks);
        let mut fingerprint = Fingerprint::new(table, &masks, rules);
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
                    batch.push(slot);
                }
                fingerprint.before(&batch);
                batch.mask(&masks);
                fingerprint.after(&batch);
            });
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        fingerprint
    }
}
