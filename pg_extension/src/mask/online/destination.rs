//! Where masked rows go: into the shadow of their table, or, where the partition key is masked, into
//! that of the partition which their new values belong to.

use std::collections::BTreeMap;

use pgrx::pg_sys::{self, Datum, Oid};

use super::super::batch::{Batch, ColumnMask};
use super::super::demands::Demands;
use super::super::route::Router;
use super::copy;
use super::group::Group;
use super::map::Place;
use super::shadow::Shadow;

/// With more shadows open than this, none keeps a page pinned.
const PINNED: usize = 64;

/// Writes the masked rows of one table.
pub enum Destination {
    /// Into its own shadow.
    Own(Box<Target>),
    /// Into those of its group.
    Routed(Box<Routed>),
}

/// An open shadow.
pub struct Target {
    number: u16,
    table: Option<pg_sys::Relation>,
    relation: pg_sys::Relation,
    shadow: Shadow,
    /// Rows of the batch that are to be written, and their cells.
    rows: Vec<usize>,
    values: Vec<Datum>,
    nulls: Vec<bool>,
}

/// Shadows of partitions, opened as rows come to them.
pub struct Routed {
    group: *const Group,
    append: bool,
    root: pg_sys::Relation,
    router: Router,
    to_root: *mut pg_sys::TupleConversionMap,
    slot: *mut pg_sys::TupleTableSlot,
    /// Domains are checked before a row is routed.
    demands: Demands,
    /// By the number of the part.
    targets: BTreeMap<usize, Target>,
}

impl Destination {
    /// For the rows of a part of the group, whose table is open. `append`: rows go to the end, without
    /// a look for room.
    ///
    /// # Safety
    /// The group's tables are locked; group and table outlive the destination.
    pub unsafe fn open(
        group: &Group,
        number: usize,
        table: pg_sys::Relation,
        append: bool,
    ) -> Self {
        // SAFETY: by the caller's promise; closed by `finish`.
        unsafe {
            let Some(top) = group.top else {
                let relation = copy::open_shadow(&group.parts[number], table);
                return Self::Own(Box::new(Target {
                    number: number as u16,
                    table: None,
                    relation,
                    shadow: Shadow::new(table, relation, append),
                    rows: Vec::new(),
                    values: Vec::new(),
                    nulls: Vec::new(),
                }));
            };
            let root = pg_sys::table_open(top, pg_sys::RowExclusiveLock as i32);
            let desc = (*table).rd_att;
            Self::Routed(Box::new(Routed {
                group: &raw const *group,
                append,
                root,
                router: Router::new(root),
                to_root: pg_sys::convert_tuples_by_name(desc, (*root).rd_att),
                slot: pg_sys::MakeSingleTupleTableSlot(desc, &raw const pg_sys::TTSOpsVirtual),
                demands: Demands::new(table),
                targets: BTreeMap::new(),
            }))
        }
    }

    /// Writes a masked batch; gives the place of each row.
    ///
    /// # Safety
    /// The batch and the masks are those of the table.
    pub unsafe fn write(&mut self, batch: &Batch, masks: &[ColumnMask]) -> Vec<Place> {
        // SAFETY: by the caller's promise.
        unsafe {
            match self {
                Self::Own(target) => {
                    let written = target.shadow.write(batch.rows, |row| batch.row(row), masks);
                    let part = target.number;
                    written.into_iter().map(|tid| Place { part, tid }).collect()
                }
                Self::Routed(routed) => routed.write(batch, masks),
            }
        }
    }

    /// # Safety
    /// Nothing is written afterwards.
    pub unsafe fn finish(self) {
        // SAFETY: opened by `open` and `target`.
        unsafe {
            match self {
                Self::Own(target) => target.finish(),
                Self::Routed(routed) => routed.finish(),
            }
        }
    }
}

impl Target {
    /// # Safety
    /// Nothing is written afterwards.
    unsafe fn finish(self) {
        // SAFETY: by the caller's promise; locks stay until the transaction ends.
        unsafe {
            self.shadow.finish();
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
            if let Some(table) = self.table {
                pg_sys::table_close(table, pg_sys::NoLock as i32);
            }
        }
    }
}

impl Routed {
    /// # Safety
    /// As for [`Destination::write`].
    unsafe fn write(&mut self, batch: &Batch, masks: &[ColumnMask]) -> Vec<Place> {
        // SAFETY: the slot has the columns of the table; values that are passed by reference lie in the
        // batch's memory, which outlives this call.
        unsafe {
            for row in 0..batch.rows {
                let (values, nulls) = batch.row(row);
                self.demands.check_domains((values, nulls), masks);
                let slot = self.slot;
                (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
                std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, values.len());
                std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, nulls.len());
                pg_sys::ExecStoreVirtualTuple(slot);
                let (leaf, placed) = self.router.place(slot, self.to_root);
                let columns = (*(*placed).tts_tupleDescriptor).natts as usize;
                let values = std::slice::from_raw_parts((*placed).tts_values, columns);
                let nulls = std::slice::from_raw_parts((*placed).tts_isnull, columns);
                let target = self.target(leaf);
                target.rows.push(row);
                target.values.extend_from_slice(values);
                target.nulls.extend_from_slice(nulls);
                self.router.reset();
            }
            let mut places = vec![Place::default(); batch.rows];
            let unpin = self.targets.len() > PINNED;
            for target in self
                .targets
                .values_mut()
                .filter(|target| !target.rows.is_empty())
            {
                let columns = target.values.len() / target.rows.len();
                let cells = |row: usize| {
                    let range = row * columns..(row + 1) * columns;
                    (&target.values[range.clone()], &target.nulls[range])
                };
                let written = target.shadow.write(target.rows.len(), cells, &[]);
                for (&row, tid) in target.rows.iter().zip(written) {
                    let part = target.number;
                    places[row] = Place { part, tid };
                }
                if unpin {
                    target.shadow.unpin();
                }
                target.rows.clear();
                target.values.clear();
                target.nulls.clear();
            }
            places
        }
    }

    /// The shadow of a partition.
    ///
    /// # Safety
    /// The group's tables are locked.
    unsafe fn target(&mut self, leaf: Oid) -> &mut Target {
        // SAFETY: by the promise of `open`. What is made here lives as long as the transaction's step.
        unsafe {
            let group = &*self.group;
            let number = group.parts.iter().position(|part| part.relid == leaf);
            // A partition that has come meanwhile.
            let number = number.unwrap_or_else(|| copy::changed(group.top.unwrap_or(leaf)));
            self.targets.entry(number).or_insert_with(|| {
                let mut memory = pgrx::PgMemoryContexts::For((*self.demands.estate()).es_query_cxt);
                memory.switch_to(|_| {
                    let part = &group.parts[number];
                    let table = copy::open_table(part);
                    let relation = copy::open_shadow(part, table);
                    Target {
                        number: number as u16,
                        table: Some(table),
                        relation,
                        shadow: Shadow::new(table, relation, self.append),
                        rows: Vec::new(),
                        values: Vec::new(),
                        nulls: Vec::new(),
                    }
                })
            })
        }
    }

    /// # Safety
    /// Nothing is written afterwards.
    unsafe fn finish(self) {
        // SAFETY: made by `open`.
        unsafe {
            for target in self.targets.into_values() {
                target.finish();
            }
            if !self.to_root.is_null() {
                pg_sys::free_conversion_map(self.to_root);
            }
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            self.router.finish();
            self.demands.finish();
            pg_sys::table_close(self.root, pg_sys::NoLock as i32);
        }
    }
}
