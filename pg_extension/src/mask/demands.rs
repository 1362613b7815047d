//! What a table demands of a row that is about to be written: values of domains hold, stored
//! generated columns are computed, NOT NULL and CHECK hold.

use pgrx::pg_sys::{self, Datum};

use super::batch::ColumnMask;
use crate::boundary::ExecComputeStoredGenerated;

/// The demands of one table.
pub struct Demands {
    estate: *mut pg_sys::EState,
    table: *mut pg_sys::ResultRelInfo,
    has_constraints: bool,
    has_generated: bool,
    /// What `domain_check` remembers for each mask.
    domains: Vec<*mut std::ffi::c_void>,
}

impl Demands {
    /// # Safety
    /// The table stays open as long as this.
    pub unsafe fn new(table: pg_sys::Relation) -> Self {
        // SAFETY: by the caller's promise; freed by `finish`, or with the transaction.
        unsafe {
            let constraints = (*(*table).rd_att).constr;
            Self {
                estate: pg_sys::CreateExecutorState(),
                table: result_info(table),
                has_constraints: !constraints.is_null(),
                has_generated: !constraints.is_null() && (*constraints).has_generated_stored,
                domains: Vec::new(),
            }
        }
    }

    /// The executor state; memory of its query lives as long as this.
    pub fn estate(&self) -> *mut pg_sys::EState {
        self.estate
    }

    /// Puts a row into a slot with as many columns, and checks it.
    ///
    /// # Safety
    /// The cells are those of a row of the table, as masked by these masks.
    #[inline]
    pub unsafe fn fill(
        &mut self,
        slot: *mut pg_sys::TupleTableSlot,
        (values, nulls): (&[Datum], &[bool]),
        masks: &[ColumnMask],
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            self.check_domains((values, nulls), masks);
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, values.len());
            std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, nulls.len());
            self.complete(slot);
        }
    }

    /// Checks masked values of domains.
    ///
    /// # Safety
    /// As for `fill`.
    #[inline]
    pub unsafe fn check_domains(
        &mut self,
        (values, nulls): (&[Datum], &[bool]),
        masks: &[ColumnMask],
    ) {
        self.domains.resize(masks.len(), std::ptr::null_mut());
        for (mask, known) in masks.iter().zip(&mut self.domains) {
            if mask.column.is_domain {
                // SAFETY: by the caller's promise; what is remembered lives in the query's memory.
                unsafe {
                    pg_sys::domain_check(
                        values[mask.index],
                        nulls[mask.index],
                        mask.column.type_oid,
                        &raw mut *known,
                        (*self.estate).es_query_cxt,
                    );
                }
            }
        }
    }

    /// Marks the cells in a slot as a row, computes generated columns, and checks constraints.
    ///
    /// # Safety
    /// Cells and flags of all columns have been put into the slot.
    #[inline]
    pub unsafe fn complete(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        // SAFETY: by the caller's promise. Generated values are the slot's own afterwards.
        unsafe {
            pg_sys::ExecStoreVirtualTuple(slot);
            if self.has_generated {
                let insert = pg_sys::CmdType::CMD_INSERT;
                ExecComputeStoredGenerated(self.table, self.estate, slot, insert);
            }
            if self.has_constraints {
                pg_sys::ExecConstraints(self.table, slot, self.estate);
            }
            self.reset();
        }
    }

    /// Empties the memory that a row takes.
    ///
    /// # Safety
    /// Nothing in the per-tuple memory is used any more.
    #[inline]
    pub unsafe fn reset(&self) {
        // SAFETY: by the caller's promise.
        unsafe {
            let context = (*self.estate).es_per_tuple_exprcontext;
            if !context.is_null() {
                pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            }
        }
    }

    /// # Safety
    /// Nothing is checked afterwards.
    pub unsafe fn finish(self) {
        // SAFETY: made by `new`.
        unsafe { pg_sys::FreeExecutorState(self.estate) };
    }
}

/// What the executor knows of a table that is written.
///
/// # Safety
/// The relation stays open as long as the result is used.
pub unsafe fn result_info(relation: pg_sys::Relation) -> *mut pg_sys::ResultRelInfo {
    // SAFETY: zeroed memory of its size, filled by Postgres.
    unsafe {
        let result =
            pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
        (*result).type_ = pg_sys::NodeTag::T_ResultRelInfo;
        pg_sys::InitResultRelInfo(result, relation, 0, std::ptr::null_mut(), 0);
        result
    }
}
