//! Writing masked rows into a new heap.

use pgrx::pg_sys::{self, Datum};

use super::batch::ColumnMask;
use crate::boundary::ExecComputeStoredGenerated;

/// Writes rows into the new heap, checking what the table demands.
pub struct Writer {
    relation: pg_sys::Relation,
    columns: usize,
    slot: *mut pg_sys::TupleTableSlot,
    estate: *mut pg_sys::EState,
    result: *mut pg_sys::ResultRelInfo,
    bulk: pg_sys::BulkInsertState,
    command: pg_sys::CommandId,
    has_constraints: bool,
    has_generated: bool,
    domain_checks: Vec<*mut std::ffi::c_void>,
}

impl Writer {
    /// # Safety
    /// Both relations stay open as long as the writer.
    pub unsafe fn new(old: pg_sys::Relation, new: pg_sys::Relation) -> Self {
        // SAFETY: by the caller's promise; constraints are those of the old relation.
        unsafe {
            let constraints = (*(*old).rd_att).constr;
            let estate = pg_sys::CreateExecutorState();
            let result =
                pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
            pg_sys::InitResultRelInfo(result, old, 0, std::ptr::null_mut(), 0);
            Self {
                relation: new,
                columns: (*(*old).rd_att).natts as usize,
                slot: pg_sys::MakeSingleTupleTableSlot(
                    (*old).rd_att,
                    pg_sys::table_slot_callbacks(new),
                ),
                estate,
                result,
                bulk: pg_sys::GetBulkInsertState(),
                command: pg_sys::GetCurrentCommandId(true),
                has_constraints: !constraints.is_null(),
                has_generated: !constraints.is_null() && (*constraints).has_generated_stored,
                domain_checks: Vec::new(),
            }
        }
    }

    /// # Safety
    /// The cells are those of a row of the relation.
    pub unsafe fn write(&mut self, (values, nulls): (&[Datum], &[bool]), masks: &[ColumnMask]) {
        self.domain_checks.resize(masks.len(), std::ptr::null_mut());
        // SAFETY: the slot has one cell an attribute; the executor state is ours.
        unsafe {
            for (mask, extra) in masks.iter().zip(&mut self.domain_checks) {
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
            let slot = self.slot;
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, self.columns);
            std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, self.columns);
            pg_sys::ExecStoreVirtualTuple(slot);
            if self.has_generated {
                ExecComputeStoredGenerated(
                    self.result,
                    self.estate,
                    slot,
                    pg_sys::CmdType::CMD_INSERT,
                );
            }
            if self.has_constraints {
                pg_sys::ExecConstraints(self.result, slot, self.estate);
            }
            pg_sys::table_tuple_insert(
                self.relation,
                slot,
                self.command,
                pg_sys::TABLE_INSERT_SKIP_FSM as i32,
                self.bulk,
            );
            let per_tuple = (*self.estate).es_per_tuple_exprcontext;
            if !per_tuple.is_null() {
                pg_sys::MemoryContextReset((*per_tuple).ecxt_per_tuple_memory);
            }
        }
    }

    /// Lets go of the page that was written last.
    pub fn unpin(&self) {
        // SAFETY: made by `new`; the next write pins a page again.
        unsafe { pg_sys::ReleaseBulkInsertStatePin(self.bulk) };
    }

    /// # Safety
    /// Nothing is written afterwards.
    pub unsafe fn finish(self) {
        // SAFETY: all were made by `new`.
        unsafe {
            pg_sys::FreeBulkInsertState(self.bulk);
            pg_sys::table_finish_bulk_insert(self.relation, pg_sys::TABLE_INSERT_SKIP_FSM as i32);
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::FreeExecutorState(self.estate);
        }
    }
}
