//! Writing masked rows into the shadow heap, which will take the table's place.

use pgrx::pg_sys::{self, ItemPointerData};

use super::super::batch::{Batch, ColumnMask};
use crate::boundary::ExecComputeStoredGenerated;

/// Writes rows into a shadow, checking what the table demands.
pub struct Shadow {
    relation: pg_sys::Relation,
    columns: usize,
    slots: Vec<*mut pg_sys::TupleTableSlot>,
    desc: pg_sys::TupleDesc,
    estate: *mut pg_sys::EState,
    /// Constraints and generated columns: the table's.
    table: *mut pg_sys::ResultRelInfo,
    /// Indexes: the shadow's.
    indexed: *mut pg_sys::ResultRelInfo,
    bulk: pg_sys::BulkInsertState,
    command: pg_sys::CommandId,
    options: u32,
    has_indexes: bool,
    has_constraints: bool,
    has_generated: bool,
    domain_checks: Vec<*mut std::ffi::c_void>,
}

impl Shadow {
    /// `append`: rows go to the end, without a look for room.
    ///
    /// # Safety
    /// Both relations stay open as long as the writer, and have the same columns.
    pub unsafe fn new(table: pg_sys::Relation, shadow: pg_sys::Relation, append: bool) -> Self {
        // SAFETY: by the caller's promise; constraints are those of the table.
        unsafe {
            let constraints = (*(*table).rd_att).constr;
            let result = |relation| {
                let result = pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>())
                    .cast::<pg_sys::ResultRelInfo>();
                pg_sys::InitResultRelInfo(result, relation, 0, std::ptr::null_mut(), 0);
                result
            };
            let (of_table, of_shadow) = (result(table), result(shadow));
            pg_sys::ExecOpenIndices(of_shadow, false);
            Self {
                relation: shadow,
                columns: (*(*table).rd_att).natts as usize,
                slots: Vec::new(),
                desc: (*table).rd_att,
                estate: pg_sys::CreateExecutorState(),
                table: of_table,
                indexed: of_shadow,
                bulk: pg_sys::GetBulkInsertState(),
                command: pg_sys::GetCurrentCommandId(true),
                options: if append {
                    pg_sys::HEAP_INSERT_SKIP_FSM
                } else {
                    0
                },
                has_indexes: (*of_shadow).ri_NumIndices > 0,
                has_constraints: !constraints.is_null(),
                has_generated: !constraints.is_null() && (*constraints).has_generated_stored,
                domain_checks: Vec::new(),
            }
        }
    }

    /// Writes a masked batch; gives the place of each row.
    ///
    /// # Safety
    /// The batch and the masks are those of the table. The current memory context outlives nothing
    /// but this call.
    pub unsafe fn write(&mut self, batch: &Batch, masks: &[ColumnMask]) -> Vec<ItemPointerData> {
        let rows = batch.rows;
        self.domain_checks.resize(masks.len(), std::ptr::null_mut());
        // SAFETY: each slot has one cell an attribute; the executor state is ours.
        unsafe {
            let long_lived = pg_sys::MemoryContextSwitchTo((*self.estate).es_query_cxt);
            while self.slots.len() < rows {
                self.slots.push(pg_sys::MakeSingleTupleTableSlot(
                    self.desc,
                    &raw const pg_sys::TTSOpsVirtual,
                ));
            }
            pg_sys::MemoryContextSwitchTo(long_lived);
            for row in 0..rows {
                let mut checks = std::mem::take(&mut self.domain_checks);
                self.fill(row, batch.row(row), masks, &mut checks);
                self.domain_checks = checks;
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

    /// # Safety
    /// As for `write`.
    unsafe fn fill(
        &self,
        row: usize,
        (values, nulls): (&[pg_sys::Datum], &[bool]),
        masks: &[ColumnMask],
        checks: &mut [*mut std::ffi::c_void],
    ) {
        let slot = self.slots[row];
        // SAFETY: as for `write`; domain_check keeps its state in memory of the executor state.
        unsafe {
            for (mask, extra) in masks.iter().zip(checks) {
                if mask.column.is_domain {
                    pg_sys::domain_check(
                        values[mask.index],
                        nulls[mask.index],
                        mask.column.type_oid,
                        &raw mut *extra,
                        (*self.estate).es_query_cxt,
                    );
                }
            }
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, self.columns);
            std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, self.columns);
            pg_sys::ExecStoreVirtualTuple(slot);
            if self.has_generated {
                ExecComputeStoredGenerated(
                    self.table,
                    self.estate,
                    slot,
                    pg_sys::CmdType::CMD_INSERT,
                );
            }
            if self.has_constraints {
                pg_sys::ExecConstraints(self.table, slot, self.estate);
            }
            self.reset();
        }
    }

    /// Adds a row to the indexes, which checks uniqueness.
    ///
    /// # Safety
    /// The slot holds a row that has just been inserted.
    unsafe fn index(&self, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: by the caller's promise.
        unsafe {
            let context = if (*self.estate).es_per_tuple_exprcontext.is_null() {
                pg_sys::MakePerTupleExprContext(self.estate)
            } else {
                (*self.estate).es_per_tuple_exprcontext
            };
            (*context).ecxt_scantuple = slot;
            let unsure = pg_sys::ExecInsertIndexTuples(
                self.indexed,
                slot,
                self.estate,
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
            self.reset();
        }
    }

    /// # Safety
    /// Nothing in the per-tuple memory is used any more.
    unsafe fn reset(&self) {
        // SAFETY: by the caller's promise.
        unsafe {
            let context = (*self.estate).es_per_tuple_exprcontext;
            if !context.is_null() {
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
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
            pg_sys::FreeExecutorState(self.estate);
        }
    }
}
