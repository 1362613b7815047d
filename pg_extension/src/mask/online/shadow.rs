//! Writing masked rows into the shadow heap, which will take the table's place.

use pgrx::pg_sys::{self, Datum, ItemPointerData};

use super::super::batch::ColumnMask;
use super::super::demands::{Demands, result_info};

/// Writes rows into a shadow, checking what the table demands.
pub struct Shadow {
    relation: pg_sys::Relation,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    desc: pg_sys::TupleDesc,
    /// Those of the table.
    demands: Demands,
    /// Indexes: the shadow's.
    indexed: *mut pg_sys::ResultRelInfo,
    bulk: pg_sys::BulkInsertState,
    command: pg_sys::CommandId,
    options: u32,
    has_indexes: bool,
}

impl Shadow {
    /// `append`: rows go to the end, without a look for room.
    ///
    /// # Safety
    /// Both relations stay open as long as the writer, and have the same columns.
    pub unsafe fn new(table: pg_sys::Relation, shadow: pg_sys::Relation, append: bool) -> Self {
        // SAFETY: by the caller's promise; constraints are those of the table.
        unsafe {
            let of_shadow = result_info(shadow);
            pg_sys::ExecOpenIndices(of_shadow, false);
            Self {
                relation: shadow,
                slots: Vec::new(),
                desc: (*table).rd_att,
                demands: Demands::new(table),
                indexed: of_shadow,
                bulk: pg_sys::GetBulkInsertState(),
                command: pg_sys::GetCurrentCommandId(true),
                options: if append {
                    pg_sys::HEAP_INSERT_SKIP_FSM
                } else {
                    0
                },
                has_indexes: (*of_shadow).ri_NumIndices > 0,
            }
        }
    }

    /// Writes so many rows; gives the place of each.
    ///
    /// # Safety
    /// The cells are those of masked rows of the table, and the masks, if there are any, are those of
    /// the table. The current memory context outlives nothing but this call.
    pub unsafe fn write<'a>(
        &mut self,
        rows: usize,
        cells: impl Fn(usize) -> (&'a [Datum], &'a [bool]),
        masks: &[ColumnMask],
    ) -> Vec<ItemPointerData> {
        // SAFETY: each slot has one cell an attribute; the executor state is ours.
        unsafe {
            let long_lived = pg_sys::MemoryContextSwitchTo((*self.demands.estate()).es_query_cxt);
            while self.slots.len() < rows {
                self.slots.push(pg_sys::MakeSingleTupleTableSlot(
                    self.desc,
                    &raw const pg_sys::TTSOpsVirtual,
                ));
            }
            pg_sys::MemoryContextSwitchTo(long_lived);
            for row in 0..rows {
                self.demands.fill(self.slots[row], cells(row), masks);
            }
            if rows > 0 {
                pg_sys::heap_multi_insert(
                    self.relation,
                    self.slots.as_mut_ptr(),
                    rows as i32,
                    self.command,
                    self.options as i32,
                    self.bulk,
                );
            }
            let mut places = Vec::with_capacity(rows);
            for &slot in &self.slots[..rows] {
                places.push((*slot).tts_tid);
                if self.has_indexes {
                    self.index(slot);
                }
                // What it points to is gone after this call.
                (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            }
            places
        }
    }

    /// Lets go of the page that was written last.
    pub fn unpin(&self) {
        // SAFETY: made by `new`; the next write pins a page again.
        unsafe { pg_sys::ReleaseBulkInsertStatePin(self.bulk) };
    }

    /// Adds a row to the indexes, which checks uniqueness.
    ///
    /// # Safety
    /// The slot holds a row that has just been inserted.
    unsafe fn index(&self, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: by the caller's promise.
        unsafe {
            let estate = self.demands.estate();
            let context = if (*estate).es_per_tuple_exprcontext.is_null() {
                pg_sys::MakePerTupleExprContext(estate)
            } else {
                (*estate).es_per_tuple_exprcontext
            };
            (*context).ecxt_scantuple = slot;
            let unsure = pg_sys::ExecInsertIndexTuples(
                self.indexed,
                slot,
                estate,
                false,
                false,
                std::ptr::null_mut(),
                std::ptr::null_mut(),
            );
            // A deferrable constraint would be looked at again when the transaction ends; nobody
            // else writes here, so what clashes now clashes then.
            if !unsure.is_null() {
                crate::error::raise(
                    pgrx::PgSqlErrorCode::ERRCODE_UNIQUE_VIOLATION,
                    "masked values of a deferrable unique constraint are not distinct".to_owned(),
                    Some("Use masks that keep distinct values distinct: see injective in synth.registry.".to_owned()),
                );
            }
            self.demands.reset();
        }
    }

    /// # Safety
    /// Nothing is written afterwards.
    pub unsafe fn finish(self) {
        // SAFETY: all were made by `new`; slots lie in the memory of the executor state, and their
        // pins on the descriptor are released.
        unsafe {
            for slot in self.slots {
                pg_sys::ExecDropSingleTupleTableSlot(slot);
            }
            pg_sys::FreeBulkInsertState(self.bulk);
            pg_sys::ExecCloseIndices(self.indexed);
            self.demands.finish();
        }
    }
}
