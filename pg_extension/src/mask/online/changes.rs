//! Carrying over what has changed since the run began.
//!
//! For each place that the log names, what the shadow holds for it is deleted, and what the table
//! holds there now, if anything, is masked and inserted. That depends on the state of the table and
//! not on the order of changes, and doing it twice does no harm. A place that has been vacuumed and
//! taken by another row is no exception.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::{self, Datum};
use pgrx::{FromDatum, PgMemoryContexts};

use super::super::batch::{Batch, column_masks};
use super::super::owner::AsOwner;
use super::super::plan::Rules;
use super::copy;
use super::destination::Destination;
use super::group::Group;
use super::map::{self, Map, Place};
use super::state::Part;
use crate::boundary::check_for_interrupts;
use crate::proof::Fingerprint;

/// What was carried over.
pub struct Applied {
    /// Entries of the logs.
    pub entries: usize,
    /// Rows that the shadows have more, for each part that they are of.
    pub rows: Vec<i64>,
}

/// Carries over at most so many entries of the logs of a group. Where shadows have unique indexes, all
/// entries are to be carried over at once: in between, two rows could have one key.
///
/// Fingerprints that were taken before, one a part, learn of what has changed since: what the rows hold
/// now are originals as well, and the control totals are those of the rows that are there.
pub fn apply(
    group: &Group,
    rules: &Rules,
    most: usize,
    mut fingerprints: Option<&mut [Fingerprint]>,
) -> Applied {
    let mut entries = 0;
    let logs: Vec<PlacesByBlock> = group
        .parts
        .iter()
        .map(|part| {
            let (places, taken) = take_log(part, most - entries);
            entries += taken;
            places
        })
        .collect();
    let mut rows = vec![0; logs.len()];
    if entries == 0 {
        return Applied { entries, rows };
    }
    delete(group, &logs, fingerprints.as_deref_mut(), &mut rows);
    // SAFETY: makes visible to what follows what was done.
    unsafe { pg_sys::CommandCounterIncrement() };
    for (number, places) in logs
        .iter()
        .enumerate()
        .filter(|(_, places)| !places.is_empty())
    {
        let fingerprint = fingerprints
            .as_deref_mut()
            .and_then(|all| all.get_mut(number));
        rows[number] += insert(group, number, rules, places, fingerprint);
    }
    Applied { entries, rows }
}

/// Lines by block.
type PlacesByBlock = BTreeMap<u32, BTreeSet<u16>>;

/// Reads entries of the log and deletes them.
fn take_log(part: &Part, most: usize) -> (PlacesByBlock, usize) {
    let mut places = PlacesByBlock::new();
    let mut entries = 0;
    // SAFETY: the log is a table of the extension's own, with two columns of type tid.
    unsafe {
        let log = pg_sys::table_open(part.log, pg_sys::RowExclusiveLock as i32);
        let none = std::ptr::null_mut();
        let scan = pg_sys::table_beginscan(log, pg_sys::GetActiveSnapshot(), 0, none);
        while entries < most {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            check_for_interrupts();
            let mut values = [Datum::null(); 2];
            let mut nulls = [true; 2];
            pg_sys::heap_deform_tuple(
                tuple,
                (*log).rd_att,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            for (value, null) in values.iter().zip(nulls) {
                if let Some(tid) = pg_sys::ItemPointerData::from_datum(*value, null) {
                    let (block, line) = map::parts(tid);
                    places.entry(block).or_default().insert(line);
                }
            }
            let mut place = (*tuple).t_self;
            pg_sys::simple_heap_delete(log, &raw mut place);
            entries += 1;
        }
        pg_sys::table_endscan(scan);
        pg_sys::table_close(log, pg_sys::NoLock as i32);
    }
    (places, entries)
}

/// Deletes what shadows hold for these places.
fn delete(
    group: &Group,
    logs: &[PlacesByBlock],
    mut fingerprints: Option<&mut [Fingerprint]>,
    rows: &mut [i64],
) {
    // SAFETY: opened and closed here; only this run writes to the shadows.
    unsafe {
        let mut shadows: BTreeMap<u16, pg_sys::Relation> = BTreeMap::new();
        for (number, places) in logs
            .iter()
            .enumerate()
            .filter(|(_, places)| !places.is_empty())
        {
            let part = &group.parts[number];
            let mut map = Map::open(part.map, part.map_index);
            let mut fingerprint = fingerprints
                .as_deref_mut()
                .and_then(|all| all.get_mut(number));
            for (&block, lines) in places {
                check_for_interrupts();
                let mut known = map.find(block);
                let mut deleted = 0;
                for &line in lines {
                    let Some(Place { part: at, mut tid }) = known.find(line) else {
                        continue;
                    };
                    let Some(other) = group.parts.get(usize::from(at)) else {
                        continue;
                    };
                    let shadow = *shadows.entry(at).or_insert_with(|| {
                        pg_sys::table_open(other.shadow, pg_sys::RowExclusiveLock as i32)
                    });
                    if let Some(fingerprint) = fingerprint.as_deref_mut() {
                        forget(part, shadow, tid, fingerprint);
                    }
                    pg_sys::simple_heap_delete(shadow, &raw mut tid);
                    known.set(line, None);
                    deleted += 1;
                }
                if deleted > 0 {
                    map.put(block, &known);
                    rows[number] -= deleted;
                }
            }
            map.close();
        }
        for shadow in shadows.into_values() {
            pg_sys::table_close(shadow, pg_sys::NoLock as i32);
        }
    }
}

/// Takes a row of a shadow out of the control totals of the part that it is of, which may be another
/// one's shadow.
///
/// # Safety
/// The shadow is open, and has a row at the place; the fingerprint is that of the part.
unsafe fn forget(
    part: &Part,
    shadow: pg_sys::Relation,
    place: pg_sys::ItemPointerData,
    fingerprint: &mut Fingerprint,
) {
    let mut memory = PgMemoryContexts::new("pg_synth changed row");
    let mut tuple = pg_sys::HeapTupleData {
        t_self: place,
        ..Default::default()
    };
    // SAFETY: by the caller's promise; the buffer stays pinned until the row has been read.
    unsafe {
        let mut buffer = 0;
        // Whether a snapshot sees it does not matter: nobody else writes here.
        let snapshot = &raw mut pg_sys::SnapshotSelfData;
        if !pg_sys::heap_fetch(shadow, snapshot, &raw mut tuple, &raw mut buffer, false) {
            return;
        }
        memory.switch_to(|_| {
            let table = pg_sys::table_open(part.relid, pg_sys::NoLock as i32);
            let desc = (*table).rd_att;
            let map = pg_sys::convert_tuples_by_name((*shadow).rd_att, desc);
            let own = if map.is_null() {
                &raw mut tuple
            } else {
                pg_sys::execute_attr_map_tuple(&raw mut tuple, map)
            };
            let columns = (*desc).natts as usize;
            let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
            pg_sys::heap_deform_tuple(own, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
            fingerprint.forget(&values, &nulls);
            pg_sys::table_close(table, pg_sys::NoLock as i32);
        });
        pg_sys::ReleaseBuffer(buffer);
    }
}

/// Masks what the table holds at these places, and inserts it.
fn insert(
    group: &Group,
    number: usize,
    rules: &Rules,
    places: &PlacesByBlock,
    mut fingerprint: Option<&mut Fingerprint>,
) -> i64 {
    let mut inserted = 0;
    // SAFETY: as for `copy_batch`.
    unsafe {
        let part = &group.parts[number];
        let table = copy::open_table(part);
        let owner = AsOwner::of(group.top.unwrap_or(part.relid));
        let masks = column_masks(table, rules);
        let mut writer = Destination::open(group, number, table, false);
        let mut map = Map::open(part.map, part.map_index);
        let mut batch = Batch::new(table, &masks);
        let mut memory = PgMemoryContexts::new("pg_synth masking batch");
        let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
        let blocks =
            pg_sys::RelationGetNumberOfBlocksInFork(table, pg_sys::ForkNumber::MAIN_FORKNUM);
        let mut todo = places
            .range(..blocks)
            .flat_map(|(&block, lines)| lines.iter().map(move |&line| (block, line)));
        let mut lines: Vec<(u32, u16)> = Vec::new();
        let mut more = true;
        while more {
            check_for_interrupts();
            memory.switch_to(|_| {
                while !batch.is_full() {
                    let Some((block, line)) = todo.next() else {
                        more = false;
                        break;
                    };
                    let mut tuple = pg_sys::HeapTupleData {
                        t_self: map::tid(block, line),
                        ..Default::default()
                    };
                    if fetch(table, &raw mut tuple, slot) {
                        lines.push((block, line));
                        batch.push(slot);
                        (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
                    }
                }
                if let Some(fingerprint) = fingerprint.as_deref_mut() {
                    fingerprint.before(&batch);
                }
                batch.mask(&masks);
                if let Some(fingerprint) = fingerprint.as_deref_mut() {
                    fingerprint.after(&batch);
                }
                let new = writer.write(&batch, &masks);
                let mut at = 0;
                while at < lines.len() {
                    let block = lines[at].0;
                    let mut known = map.find(block);
                    while at < lines.len() && lines[at].0 == block {
                        known.set(lines[at].1, Some(new[at]));
                        at += 1;
                    }
                    map.put(block, &known);
                }
            });
            // A block may go on in the next batch, which reads its places again.
            pg_sys::CommandCounterIncrement();
            inserted += batch.rows as i64;
            lines.clear();
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        map.close();
        writer.finish();
        drop(owner);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
    }
    inserted
}

/// Puts the row at the tuple's place into a slot, if there is one now.
///
/// # Safety
/// The slot is one of the table's, and is cleared before the tuple's header goes out of scope.
unsafe fn fetch(
    table: pg_sys::Relation,
    tuple: pg_sys::HeapTuple,
    slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    // SAFETY: by the caller's promise; the slot takes a pin of its own, ours is released.
    unsafe {
        let mut buffer = 0;
        let snapshot = pg_sys::GetActiveSnapshot();
        let found = pg_sys::heap_fetch(table, snapshot, tuple, &raw mut buffer, false);
        if found {
            (*slot).tts_tableOid = (*table).rd_id;
            pg_sys::ExecStoreBufferHeapTuple(tuple, slot, buffer);
            pg_sys::ReleaseBuffer(buffer);
        }
        found
    }
}
