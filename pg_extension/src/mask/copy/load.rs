//! Rows of a table, masked, into its copy: read under the copy's snapshot, taken apart and masked in
//! memory, checked, and written many at a time. An original is written nowhere.
//!
//! What belongs to the table (checks, domains, generated columns, type input) runs as its owner;
//! queries that choose rows run as the caller.

use std::collections::HashMap;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};

use super::snapshot::Snapshot;
use crate::boundary::check_for_interrupts;
use crate::mask::batch::{Batch, ColumnMask, column_masks};
use crate::mask::demands::Demands;
use crate::mask::owner::AsOwner;
use crate::mask::plan::Rules;

/// Rows written at a time.
const CHUNK: usize = 128;

/// A table and its copy, open for loading.
struct Load {
    relid: Oid,
    old: pg_sys::Relation,
    slot: *mut pg_sys::TupleTableSlot,
    masks: Vec<ColumnMask>,
    batch: Batch,
    memory: PgMemoryContexts,
    writer: Writer,
    rows: i64,
}

impl Load {
    /// Opens a table, which is locked, and its copy.
    fn new(relid: Oid, copy: Oid, rules: &Rules) -> Self {
        // SAFETY: closed by `finish`; after an error the transaction's end frees all.
        unsafe {
            let old = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
            let new = pg_sys::table_open(copy, pg_sys::RowExclusiveLock as i32);
            let masks = {
                // Literals are read by input functions of the column's type.
                let _owner = AsOwner::of(relid);
                column_masks(old, rules)
            };
            let batch = Batch::new(old, &masks);
            Self {
                relid,
                old,
                slot: pg_sys::table_slot_create(old, std::ptr::null_mut()),
                writer: Writer::new(old, new),
                masks,
                batch,
                memory: PgMemoryContexts::new("pg_synth copying batch"),
                rows: 0,
            }
        }
    }

    /// Takes over the row in the slot.
    fn push(&mut self) {
        let Self {
            batch,
            memory,
            slot,
            ..
        } = self;
        // SAFETY: the slot holds a row of the batch's relation.
        unsafe { memory.switch_to(|_| batch.push(*slot)) };
        if self.batch.is_full() {
            self.flush();
        }
    }

    /// Masks and writes what was taken over.
    fn flush(&mut self) {
        check_for_interrupts();
        if self.batch.rows == 0 {
            return;
        }
        let Self {
            batch,
            memory,
            writer,
            masks,
            relid,
            ..
        } = self;
        let _owner = AsOwner::of(*relid);
        // SAFETY: the masks are those of the batch's relation, and the writer was made for them.
        unsafe {
            memory.switch_to(|_| {
                batch.mask(masks);
                writer.write(batch, masks);
            });
        }
        self.rows += self.batch.rows as i64;
        self.batch.clear();
        // SAFETY: nothing of the batch is used any more.
        unsafe { self.memory.reset() };
    }

    /// Writes the rest and closes; gives the number of rows.
    fn finish(mut self) -> i64 {
        self.flush();
        // SAFETY: opened by `new`; locks are held until the transaction ends.
        unsafe {
            self.writer.finish();
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::table_close(self.old, pg_sys::NoLock as i32);
        }
        self.rows
    }
}

/// Copies all rows of a table that stores rows; the caller may read all of them.
pub fn whole(relid: Oid, copy: Oid, rules: &Rules, snapshot: &Snapshot) -> i64 {
    let mut load = Load::new(relid, copy, rules);
    // SAFETY: the scan is begun and ended here, under a registered snapshot.
    unsafe {
        let scan = pg_sys::table_beginscan(load.old, snapshot.0, 0, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        while pg_sys::table_scan_getnextslot(scan, forward, load.slot) {
            load.push();
        }
        pg_sys::table_endscan(scan);
    }
    load.finish()
}

/// Copies the rows whose places a query of the caller's gives; `copies` are the tables it may name.
pub fn chosen(places: &str, copies: &HashMap<Oid, Oid>, rules: &Rules, snapshot: &Snapshot) -> i64 {
    let mut loads: HashMap<Oid, Load> = copies
        .iter()
        .map(|(&relid, &copy)| (relid, Load::new(relid, copy, rules)))
        .collect();
    snapshot.rows(places, None, |place, _| {
        let Some(load) = loads.get_mut(&place.relid) else {
            return;
        };
        let mut pointer = pg_sys::ItemPointerData::default();
        pgrx::itemptr::u64_to_item_pointer(place.tid, &mut pointer);
        // SAFETY: the place was found under the same snapshot, which keeps the row's version.
        let found = unsafe {
            pg_sys::table_tuple_fetch_row_version(load.old, &raw mut pointer, snapshot.0, load.slot)
        };
        if found {
            load.push();
        }
    });
    loads.into_values().map(Load::finish).sum()
}

/// Writes rows of a table into its copy, checking what the copy demands.
struct Writer {
    relation: pg_sys::Relation,
    /// For each column of the copy: its place among the columns of the table; none for dropped ones.
    places: Vec<Option<usize>>,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    /// Those of the copy.
    demands: Demands,
    bulk: pg_sys::BulkInsertState,
}

impl Writer {
    /// # Safety
    /// Both relations stay open as long as the writer.
    unsafe fn new(old: pg_sys::Relation, new: pg_sys::Relation) -> Self {
        // SAFETY: descriptors of open relations; what is made is freed by `finish`.
        unsafe {
            Self {
                relation: new,
                places: places(old, new),
                slots: Vec::new(),
                demands: Demands::new(new),
                bulk: pg_sys::GetBulkInsertState(),
            }
        }
    }

    /// Writes the rows of a batch.
    ///
    /// # Safety
    /// The batch is of the table the writer was made for, and the masks are those of it.
    unsafe fn write(&mut self, batch: &Batch, masks: &[ColumnMask]) {
        let mut row = 0;
        while row < batch.rows {
            let end = batch.rows.min(row + CHUNK);
            // SAFETY: slots have one cell a column of the copy; values live in the batch's memory,
            // which outlives the insertion.
            unsafe {
                for (number, row) in (row..end).enumerate() {
                    self.fill(number, batch.row(row), masks);
                }
                let options = pg_sys::TABLE_INSERT_SKIP_FSM as i32;
                let command = pg_sys::GetCurrentCommandId(true);
                let slots = self.slots.as_mut_ptr();
                let count = (end - row) as i32;
                pg_sys::table_multi_insert(
                    self.relation,
                    slots,
                    count,
                    command,
                    options,
                    self.bulk,
                );
                for &slot in &self.slots[..end - row] {
                    (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
                }
            }
            row = end;
        }
    }

    /// # Safety
    /// The cells are those of a row of the table.
    unsafe fn fill(
        &mut self,
        number: usize,
        (values, nulls): (&[Datum], &[bool]),
        masks: &[ColumnMask],
    ) {
        // SAFETY: as for `write`.
        unsafe {
            if number == self.slots.len() {
                // In the memory of the executor state, which lives as long as the writer.
                let mut memory = PgMemoryContexts::For((*self.demands.estate()).es_query_cxt);
                let relation = self.relation;
                let slot = memory.switch_to(|_| {
                    let callbacks = pg_sys::table_slot_callbacks(relation);
                    pg_sys::MakeSingleTupleTableSlot((*relation).rd_att, callbacks)
                });
                self.slots.push(slot);
            }
            self.demands.check_domains((values, nulls), masks);
            let slot = self.slots[number];
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            for (column, place) in self.places.iter().enumerate() {
                let (value, null) = place.map_or((Datum::null(), true), |p| (values[p], nulls[p]));
                *(*slot).tts_values.add(column) = value;
                *(*slot).tts_isnull.add(column) = null;
            }
            self.demands.complete(slot);
        }
    }

    /// # Safety
    /// Nothing is written afterwards.
    unsafe fn finish(self) {
        // SAFETY: all were made by `new` and `fill`.
        unsafe {
            pg_sys::FreeBulkInsertState(self.bulk);
            pg_sys::table_finish_bulk_insert(self.relation, pg_sys::TABLE_INSERT_SKIP_FSM as i32);
            for slot in self.slots {
                pg_sys::ExecDropSingleTupleTableSlot(slot);
            }
            self.demands.finish();
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
        }
    }
}

/// For each column of a copy the place of the table's column of the same name.
///
/// # Safety
/// Both relations are open.
unsafe fn places(old: pg_sys::Relation, new: pg_sys::Relation) -> Vec<Option<usize>> {
    // SAFETY: natts attributes follow in each descriptor; names are NUL-terminated.
    unsafe {
        let columns = |relation: pg_sys::Relation| {
            let desc = (*relation).rd_att;
            let attributes = (*desc).attrs.as_slice((*desc).natts as usize);
            attributes
                .iter()
                .map(|a| {
                    let name = crate::boundary::string(a.attname.data.as_ptr());
                    // Generated columns are computed anew.
                    (!a.attisdropped && a.attgenerated == 0).then_some(name)
                })
                .collect::<Vec<_>>()
        };
        let known: HashMap<String, usize> = columns(old)
            .into_iter()
            .enumerate()
            .filter_map(|(place, name)| Some((name?, place)))
            .collect();
        columns(new)
            .into_iter()
            .map(|name| known.get(&name?).copied())
            .collect()
    }
}
