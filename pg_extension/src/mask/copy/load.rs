//! Rows of a table, masked, into its copy: read under the copy's snapshot, taken apart and masked in
//! memory, checked, and written many at a time. An original is written nowhere.
//!
//! What belongs to the table (checks, domains, generated columns, type input) runs as its owner;
//! queries that choose rows run as the caller.

use std::collections::HashMap;
use std::rc::Rc;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};

use super::snapshot::Snapshot;
use crate::boundary::check_for_interrupts;
use crate::error::defect;
use crate::mask::batch::{Batch, ColumnMask, column_masks};
use crate::mask::demands::Demands;
use crate::mask::owner::AsOwner;
use crate::mask::plan::Rules;
use crate::mask::route::{PINNED_PARTITIONS, Router};

/// Rows written at a time.
const CHUNK: usize = 128;

/// A table that stores rows, open for reading.
struct Load {
    relid: Oid,
    old: pg_sys::Relation,
    slot: *mut pg_sys::TupleTableSlot,
    masks: Rc<Vec<ColumnMask>>,
    batch: Batch,
    memory: PgMemoryContexts,
}

impl Load {
    /// Opens a table, which is locked, and has a writer to its copy made by `targets`.
    fn new(relid: Oid, copy: Oid, rules: &Rules, targets: &mut Targets) -> Self {
        // SAFETY: closed by `close`; after an error the transaction's end frees all.
        unsafe {
            let old = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
            let masks = {
                // Literals are read by input functions of the column's type.
                let _owner = AsOwner::of(relid);
                Rc::new(column_masks(old, rules))
            };
            targets.add(old, copy, &masks);
            Self {
                relid,
                old,
                slot: pg_sys::table_slot_create(old, std::ptr::null_mut()),
                batch: Batch::new(old, &masks),
                masks,
                memory: PgMemoryContexts::new("pg_synth copying batch"),
            }
        }
    }

    /// Whether masks have to see all rows before the first is masked.
    fn gathers(&self) -> bool {
        self.masks.iter().any(ColumnMask::deals)
    }

    /// Shows the row in the slot to such masks.
    fn gather(&self) {
        check_for_interrupts();
        let _owner = AsOwner::of(self.relid);
        for mask in self.masks.iter() {
            // SAFETY: the slot holds a row of the masks' relation.
            unsafe { mask.gather(self.old, self.slot) };
        }
    }

    /// Takes over the row in the slot.
    fn push(&mut self, targets: &mut Targets) {
        let Self {
            batch,
            memory,
            slot,
            ..
        } = self;
        // SAFETY: the slot holds a row of the batch's relation.
        unsafe { memory.switch_to(|_| batch.push(*slot)) };
        if self.batch.is_full() {
            self.flush(targets);
        }
    }

    /// Masks and writes what was taken over.
    fn flush(&mut self, targets: &mut Targets) {
        check_for_interrupts();
        if self.batch.rows == 0 {
            return;
        }
        let Self {
            batch,
            memory,
            masks,
            relid,
            old,
            ..
        } = self;
        // SAFETY: the masks are those of the batch's relation, for which there is a writer.
        unsafe {
            memory.switch_to(|_| {
                {
                    let _owner = AsOwner::of(*relid);
                    batch.mask(masks);
                }
                targets.write(*old, batch);
            });
        }
        self.batch.clear();
        // SAFETY: nothing of the batch is used any more.
        unsafe { self.memory.reset() };
    }

    /// Writes the rest and closes.
    fn close(mut self, targets: &mut Targets) {
        self.flush(targets);
        // SAFETY: opened by `new`; locks are held until the transaction ends.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::table_close(self.old, pg_sys::NoLock as i32);
        }
    }
}

/// Copies all rows of tables that store rows; the caller may read all of them. `copies` are tables
/// with their copies; if they are partitions of a table and rows may change their place among them,
/// `moving` is that table.
pub fn whole(
    copies: &HashMap<Oid, Oid>,
    moving: Option<Oid>,
    rules: &Rules,
    snapshot: &Snapshot,
) -> i64 {
    let mut targets = Targets::new(moving);
    let mut load = |copies: &[(Oid, Oid)]| {
        let mut loads: Vec<Load> = copies
            .iter()
            .map(|&(relid, copy)| Load::new(relid, copy, rules, &mut targets))
            .collect();
        for load in &mut loads {
            if load.gathers() {
                scan(load, snapshot, |load| load.gather());
                load.masks.iter().for_each(ColumnMask::deal);
            }
            scan(load, snapshot, |load| load.push(&mut targets));
        }
        for load in loads {
            load.close(&mut targets);
        }
        targets.close();
    };
    let copies: Vec<(Oid, Oid)> = copies.iter().map(|(&relid, &copy)| (relid, copy)).collect();
    if moving.is_some() {
        load(&copies);
    } else {
        // One after the other: of many partitions few are open at a time.
        copies.chunks(1).for_each(load);
    }
    targets.rows
}

/// Reads a table under the copy's snapshot; `each` finds the row in the slot.
fn scan(load: &mut Load, snapshot: &Snapshot, mut each: impl FnMut(&mut Load)) {
    // SAFETY: the scan is begun and ended here, under a registered snapshot.
    unsafe {
        let scan = pg_sys::table_beginscan(load.old, snapshot.0, 0, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        while pg_sys::table_scan_getnextslot(scan, forward, load.slot) {
            each(load);
        }
        pg_sys::table_endscan(scan);
    }
}

/// Copies the rows whose places a query of the caller's gives; `copies` are the tables it may name.
pub fn chosen(
    places: &str,
    copies: &HashMap<Oid, Oid>,
    moving: Option<Oid>,
    rules: &Rules,
    snapshot: &Snapshot,
) -> i64 {
    let mut targets = Targets::new(moving);
    let mut loads: HashMap<Oid, Load> = copies
        .iter()
        .map(|(&relid, &copy)| (relid, Load::new(relid, copy, rules, &mut targets)))
        .collect();
    if loads.values().any(Load::gathers) {
        fetch(places, &mut loads, snapshot, |load| load.gather());
        for load in loads.values() {
            load.masks.iter().for_each(ColumnMask::deal);
        }
    }
    fetch(places, &mut loads, snapshot, |load| load.push(&mut targets));
    for load in loads.into_values() {
        load.close(&mut targets);
    }
    targets.close();
    targets.rows
}

/// Reads rows by their places; `each` finds the row in the slot.
fn fetch(
    places: &str,
    loads: &mut HashMap<Oid, Load>,
    snapshot: &Snapshot,
    mut each: impl FnMut(&mut Load),
) {
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
            each(load);
        }
    });
}

/// Where masked rows go: each to the copy of its table, or to that of the partition it now belongs to.
struct Targets {
    by_table: HashMap<Oid, Target>,
    /// Partitions of this table.
    moving: Option<Oid>,
    rows: i64,
}

/// A copy, and the masks of its table.
struct Target {
    writer: Writer,
    masks: Rc<Vec<ColumnMask>>,
}

impl Targets {
    fn new(moving: Option<Oid>) -> Self {
        Self {
            by_table: HashMap::new(),
            moving,
            rows: 0,
        }
    }

    /// # Safety
    /// The table stays open until `close`.
    unsafe fn add(&mut self, old: pg_sys::Relation, copy: Oid, masks: &Rc<Vec<ColumnMask>>) {
        // SAFETY: by the caller's promise; the writer closes the copy.
        unsafe {
            let new = pg_sys::table_open(copy, pg_sys::RowExclusiveLock as i32);
            let target = Target {
                writer: Writer::new(old, new),
                masks: Rc::clone(masks),
            };
            self.by_table.insert((*old).rd_id, target);
        }
    }

    /// Writes the masked rows of a batch.
    ///
    /// # Safety
    /// They are rows of a table that was added.
    unsafe fn write(&mut self, old: pg_sys::Relation, batch: &Batch) {
        self.rows += batch.rows as i64;
        // SAFETY: by the caller's promise.
        unsafe {
            if let Some(top) = self.moving {
                self.move_rows(top, old, batch);
            } else if let Some(target) = self.by_table.get_mut(&(*old).rd_id) {
                let _owner = AsOwner::of((*old).rd_id);
                target.writer.write(batch, &target.masks);
            }
        }
    }

    /// # Safety
    /// As for `write`; the table is a partition of `top`, or of a partition of it.
    unsafe fn move_rows(&mut self, top: Oid, old: pg_sys::Relation, batch: &Batch) {
        // SAFETY: all that is opened or made here is closed or freed in reverse order.
        unsafe {
            let root = pg_sys::table_open(top, pg_sys::AccessShareLock as i32);
            let row =
                pg_sys::MakeSingleTupleTableSlot((*old).rd_att, &raw const pg_sys::TTSOpsVirtual);
            let to_root = pg_sys::convert_tuples_by_name((*old).rd_att, (*root).rd_att);
            let mut router = Router::new(root);
            for number in 0..batch.rows {
                let (values, nulls) = batch.row(number);
                (*(*row).tts_ops).clear.inspect(|clear| clear(row));
                std::ptr::copy_nonoverlapping(values.as_ptr(), (*row).tts_values, values.len());
                std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*row).tts_isnull, nulls.len());
                pg_sys::ExecStoreVirtualTuple(row);
                let (partition, placed) = {
                    // What computes a partition key is code of that table.
                    let _owner = AsOwner::of(top);
                    router.place(row, to_root)
                };
                let Some(target) = self.by_table.get_mut(&partition) else {
                    defect("a row belongs to a partition that is not copied".to_owned());
                };
                let columns = (*(*placed).tts_tupleDescriptor).natts as usize;
                let cells = (
                    std::slice::from_raw_parts((*placed).tts_values, columns),
                    std::slice::from_raw_parts((*placed).tts_isnull, columns),
                );
                let _owner = AsOwner::of(partition);
                target.writer.fill(0, cells, &target.masks);
                target.writer.insert(1);
                // Of many partitions none keeps a page for itself.
                if self.by_table.len() > PINNED_PARTITIONS {
                    self.by_table[&partition].writer.unpin();
                }
                router.reset();
            }
            router.finish();
            if !to_root.is_null() {
                pg_sys::free_conversion_map(to_root);
            }
            pg_sys::ExecDropSingleTupleTableSlot(row);
            pg_sys::table_close(root, pg_sys::NoLock as i32);
        }
    }

    /// Ends writing.
    fn close(&mut self) {
        for target in self.by_table.drain().map(|(_, target)| target) {
            // SAFETY: nothing is written afterwards.
            unsafe { target.writer.finish() };
        }
    }
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
                self.insert(end - row);
            }
            row = end;
        }
    }

    /// Writes the first so many slots.
    ///
    /// # Safety
    /// They have been filled, with values that are still there.
    unsafe fn insert(&mut self, count: usize) {
        // SAFETY: by the caller's promise.
        unsafe {
            pg_sys::table_multi_insert(
                self.relation,
                self.slots.as_mut_ptr(),
                count as i32,
                pg_sys::GetCurrentCommandId(true),
                pg_sys::TABLE_INSERT_SKIP_FSM as i32,
                self.bulk,
            );
            for &slot in &self.slots[..count] {
                (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            }
        }
    }

    /// Lets go of the page that was written last.
    fn unpin(&self) {
        // SAFETY: made by `new`; the next write pins a page again.
        unsafe { pg_sys::ReleaseBulkInsertStatePin(self.bulk) };
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
