//! Writing masked rows into a new heap.

use pgrx::pg_sys::{self, Datum};

use super::batch::ColumnMask;
use super::demands::Demands;

/// Writes rows into the new heap, checking what the table demands.
pub struct Writer {
    relation: pg_sys::Relation,
    slot: *mut pg_sys::TupleTableSlot,
    demands: Demands,
    bulk: pg_sys::BulkInsertState,
    command: pg_sys::CommandId,
}

impl Writer {
    /// # Safety
    /// Both relations stay open as long as the writer.
    pub unsafe fn new(old: pg_sys::Relation, new: pg_sys::Relation) -> Self {
        // SAFETY: by the caller's promise; constraints are those of the old relation.
        unsafe {
            let callbacks = pg_sys::table_slot_callbacks(new);
            Self {
                relation: new,
                slot: pg_sys::MakeSingleTupleTableSlot((*old).rd_att, callbacks),
                demands: Demands::new(old),
                bulk: pg_sys::GetBulkInsertState(),
                command: pg_sys::GetCurrentCommandId(true),
            }
        }
    }

    /// # Safety
    /// The cells are those of a row of the relation.
    pub unsafe fn write(&mut self, cells: (&[Datum], &[bool]), masks: &[ColumnMask]) {
        // SAFETY: the slot has one cell an attribute.
        unsafe {
            self.demands.fill(self.slot, cells, masks);
            pg_sys::table_tuple_insert(
                self.relation,
                self.slot,
                self.command,
                pg_sys::TABLE_INSERT_SKIP_FSM as i32,
                self.bulk,
            );
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
            self.demands.finish();
        }
    }
}
