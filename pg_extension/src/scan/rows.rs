//! Rows of a scan in the form that the node above wants: finished tuples, cells, or their number.

use std::sync::Arc;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys;

use crate::batches::Batches;
use crate::column::Rows;
use crate::error::defect;
use crate::tuple::{RowType, Tuples};

/// What the node above looks at.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// Rows as they are: nothing to filter, nothing to project.
    Tuples(RowType),
    /// That there is a row, as `count(*)` does.
    Number,
    /// Some columns, by place.
    Cells(Arc<[usize]>),
    /// Every column, and the whole row, of this type, as one more cell.
    CellsAndRow(pg_sys::Oid),
}

/// The rows in progress.
pub(super) enum Source {
    Tuples(TupleSource),
    Number { batches: Batches, left: u64 },
    Cells(CellSource),
}

impl Source {
    /// Before the first row. `slot` is the scan's own.
    ///
    /// # Safety
    /// `slot` is a valid slot with one cell a column; the current memory context lives as long as
    /// the scan.
    pub unsafe fn new(
        batches: Batches,
        wanted: &Wanted,
        slot: *mut pg_sys::TupleTableSlot,
    ) -> Self {
        match wanted {
            Wanted::Number => Self::Number { batches, left: 0 },
            Wanted::Cells(columns) => Self::Cells(CellSource {
                batches: batches.project(columns.clone()),
                columns: columns.clone(),
                rows: Rows::default(),
                row: None,
                position: 0,
            }),
            Wanted::CellsAndRow(row_type) => Self::Cells(CellSource {
                batches,
                columns: Arc::default(),
                rows: Rows::default(),
                // SAFETY: the type is a row type.
                row: Some(unsafe { pg_sys::lookup_rowtype_tupdesc_copy(*row_type, -1) }),
                position: 0,
            }),
            Wanted::Tuples(row_type) => Self::Tuples(TupleSource {
                batches,
                tuples: Tuples::default(),
                position: 0,
                row_type: *row_type,
                // SAFETY: the descriptor is that of a valid slot.
                slot: unsafe {
                    pg_sys::MakeTupleTableSlot(
                        (*slot).tts_tupleDescriptor,
                        &raw const pg_sys::TTSOpsHeapTuple,
                    )
                },
                // Its t_self, all ones and 0, is invalid: the tuple is in no table.
                tuple: pg_sys::HeapTupleData {
                    t_self: pg_sys::ItemPointerData {
                        ip_blkid: pg_sys::BlockIdData {
                            bi_hi: u16::MAX,
                            bi_lo: u16::MAX,
                        },
                        ip_posid: 0,
                    },
                    ..Default::default()
                },
            }),
        }
    }

    /// How many batches have been taken.
    pub fn taken(&self) -> u64 {
        match self {
            Self::Tuples(source) => source.batches.taken(),
            Self::Number { batches, .. } => batches.taken(),
            Self::Cells(source) => source.batches.taken(),
        }
    }
}

/// Finished tuples in a slot of their own.
pub(super) struct TupleSource {
    batches: Batches,
    tuples: Tuples,
    position: usize,
    row_type: RowType,
    slot: *mut pg_sys::TupleTableSlot,
    tuple: pg_sys::HeapTupleData,
}

impl TupleSource {
    /// The next row; an empty slot at the end.
    #[inline]
    pub fn next(&mut self) -> *mut pg_sys::TupleTableSlot {
        if self.position >= self.tuples.len() {
            let Some(batch) = self.batches.next() else {
                // SAFETY: a slot made by `Source::new`.
                unsafe { clear(self.slot) };
                return self.slot;
            };
            if !self.tuples.load(&batch, self.row_type) {
                defect("a generated column has a type without tuple layout".to_owned());
            }
            self.position = 0;
        }
        let (header, length) = self.tuples.get(self.position);
        self.position += 1;
        self.tuple.t_len = length;
        self.tuple.t_data = header;
        // SAFETY: the tuple stays in the batch's buffer until the next batch is loaded, which is
        // when the node is asked again; the slot does not free it.
        unsafe { store(&raw mut self.tuple, self.slot) };
        self.slot
    }
}

/// Cells, for the executor to filter and project.
pub(super) struct CellSource {
    batches: Batches,
    columns: Arc<[usize]>,
    rows: Rows,
    /// Of whole rows as composite values.
    row: Option<pg_sys::TupleDesc>,
    position: usize,
}

impl CellSource {
    /// Puts the next row's cells into the scan's slot; false at the end. Cells that nobody wants
    /// are null. A composite value is made in `memory`.
    ///
    /// # Safety
    /// `slot` is the virtual slot that the source was made for; `memory` lives until the next call.
    #[inline]
    pub unsafe fn next(
        &mut self,
        slot: *mut pg_sys::TupleTableSlot,
        memory: pg_sys::MemoryContext,
    ) -> bool {
        // SAFETY: places of columns lie within the slot, which has one cell more if the whole row is
        // wanted; cells stay valid until the next batch is loaded.
        unsafe {
            let natts = (*(*slot).tts_tupleDescriptor).natts as usize;
            if self.position >= self.rows.len() {
                let Some(batch) = self.batches.next() else {
                    return false;
                };
                std::slice::from_raw_parts_mut((*slot).tts_isnull, natts).fill(true);
                self.rows.load(batch);
                self.position = 0;
            }
            let (values, nulls) = self.rows.row(self.position);
            if let Some(row) = self.row {
                let columns = values.len().min(natts - 1);
                std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, columns);
                std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, columns);
                let tuple = PgMemoryContexts::For(memory).switch_to(|_| {
                    pg_sys::heap_form_tuple(row, values.as_mut_ptr(), nulls.as_mut_ptr())
                });
                *(*slot).tts_values.add(natts - 1) =
                    pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data);
                *(*slot).tts_isnull.add(natts - 1) = false;
            } else {
                for ((column, value), null) in self.columns.iter().zip(values).zip(nulls) {
                    *(*slot).tts_values.add(*column) = *value;
                    *(*slot).tts_isnull.add(*column) = *null;
                }
            }
            self.position += 1;
            fill(slot);
            true
        }
    }
}

/// Marks a virtual slot as holding a row.
///
/// # Safety
/// `slot` is a virtual slot whose cells have been set.
#[inline]
pub(super) unsafe fn fill(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: what ExecStoreVirtualTuple does.
    unsafe {
        (*slot).tts_flags &= !(pg_sys::TTS_FLAG_EMPTY as u16);
        (*slot).tts_nvalid = (*(*slot).tts_tupleDescriptor).natts as pg_sys::AttrNumber;
    }
}

/// Empties a slot that owns nothing.
///
/// # Safety
/// `slot` is a slot of the scan.
#[inline]
pub(super) unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: the slot's own clear function.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            clear(slot);
        }
    }
}

/// Puts a tuple into a slot that does not own it, as ExecStoreHeapTuple does, which would cost a
/// guard a row.
///
/// # Safety
/// `slot` is a heap tuple slot; the tuple outlives its use.
unsafe fn store(tuple: pg_sys::HeapTuple, slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: by the caller's promise; the fields are those tts_heap_store_tuple sets.
    unsafe {
        clear(slot);
        let heap = slot.cast::<pg_sys::HeapTupleTableSlot>();
        (*slot).tts_nvalid = 0;
        (*heap).tuple = tuple;
        (*heap).off = 0;
        (*slot).tts_flags &= !(pg_sys::TTS_FLAG_EMPTY as u16 | pg_sys::TTS_FLAG_SHOULDFREE as u16);
        (*slot).tts_tid = (*tuple).t_self;
    }
}
