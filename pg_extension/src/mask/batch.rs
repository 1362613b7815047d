//! Rows of a table, some at a time: taken apart, masked column by column, and given back.

use pgrx::pg_sys::{self, Datum};
use synth_engine::mask::{Mask, Rule};
use synth_engine::schema::ColumnType;

use super::carry;
use super::plan::{self, Rules};
use crate::column;
use crate::error::or_raise;
use crate::rule::Column;
use crate::secret;

/// Rows masked at a time.
const BATCH_ROWS: usize = 1024;
/// A batch ends early when its rows reach this many bytes.
const BATCH_BYTES: usize = 8 << 20;

/// What happens to one column.
pub struct ColumnMask {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    pub column: Column,
    pub action: Action,
}

pub enum Action {
    /// The same value for every row; `None` is NULL.
    Constant(Option<Datum>),
    /// A computation.
    Mask(Box<dyn Mask>, ColumnType),
}

/// What happens to each column that has a rule.
///
/// # Safety
/// `relation` is open; constants live in the current memory context.
pub unsafe fn column_masks(relation: pg_sys::Relation, rules: &Rules) -> Vec<ColumnMask> {
    let secret = secret::current();
    // SAFETY: by the caller's promise.
    let columns = unsafe { plan::columns(relation, rules) };
    columns
        .into_iter()
        .map(|(column, rule)| {
            let action = match &rule {
                // SAFETY: by the caller's promise.
                Rule::Value(literal) => Action::Constant(unsafe { column.input(literal) }),
                Rule::Mask { name, .. } if name == "null" => Action::Constant(None),
                rule => {
                    let built = or_raise(carry::build(rule, &column, &secret));
                    Action::Mask(built, column.target.column_type.unwrap_or(ColumnType::Text))
                }
            };
            ColumnMask {
                index: usize::from(column.attnum.unsigned_abs()) - 1,
                column,
                action,
            }
        })
        .collect()
}

/// Some rows of a table, taken apart.
pub struct Batch {
    desc: pg_sys::TupleDesc,
    columns: usize,
    /// Positions of dropped columns: what they held is not carried over.
    dropped: Vec<usize>,
    /// Positions of columns whose text is read in full.
    text: Vec<usize>,
    /// How many there are.
    pub rows: usize,
    /// About how much memory the rows take while they are masked.
    bytes: usize,
    values: Vec<Datum>,
    nulls: Vec<bool>,
    /// Memory of the masked text, a buffer a masked column.
    scratch: Vec<Vec<u8>>,
    arrays: Vec<arrow_array::ArrayRef>,
}

impl Batch {
    /// # Safety
    /// `relation` stays open as long as the batch.
    pub unsafe fn new(relation: pg_sys::Relation, masks: &[ColumnMask]) -> Self {
        // SAFETY: an open relation has a descriptor.
        let desc = unsafe { (*relation).rd_att };
        // SAFETY: natts attributes follow.
        let attributes = unsafe { (*desc).attrs.as_slice((*desc).natts as usize) };
        let dropped = attributes
            .iter()
            .enumerate()
            .filter(|(_, attribute)| attribute.attisdropped)
            .map(|(index, _)| index)
            .collect();
        let text = masks
            .iter()
            .filter(|mask| matches!(mask.action, Action::Mask(_, ColumnType::Text)))
            .map(|mask| mask.index)
            .collect();
        Self {
            desc,
            columns: attributes.len(),
            dropped,
            text,
            rows: 0,
            bytes: 0,
            values: Vec::new(),
            nulls: Vec::new(),
            scratch: Vec::new(),
            arrays: Vec::new(),
        }
    }

    /// Makes room for the next rows.
    pub fn clear(&mut self) {
        self.rows = 0;
        self.bytes = 0;
        self.values.clear();
        self.nulls.clear();
        self.arrays.clear();
    }

    /// Whether it should be masked before more is read.
    pub fn is_full(&self) -> bool {
        self.rows >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }

    /// Copies the row in a slot into the current memory context and takes it apart.
    ///
    /// # Safety
    /// The slot holds a row of the batch's relation.
    pub unsafe fn push(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        let start = self.rows * self.columns;
        self.values.resize(start + self.columns, Datum::null());
        self.nulls.resize(start + self.columns, true);
        // SAFETY: the copy outlives the batch; the vectors have room for every attribute.
        unsafe {
            let tuple = pg_sys::ExecCopySlotHeapTuple(slot);
            self.bytes += (*tuple).t_len as usize;
            pg_sys::heap_deform_tuple(
                tuple,
                self.desc,
                self.values[start..].as_mut_ptr(),
                self.nulls[start..].as_mut_ptr(),
            );
        }
        for &index in &self.dropped {
            self.nulls[start + index] = true;
        }
        // Text may be stored out of line or compressed, and be a thousand times its size here.
        for &index in &self.text {
            if !self.nulls[start + index] {
                // SAFETY: a varlena, as text is.
                self.bytes += unsafe { pg_sys::toast_raw_datum_size(self.values[start + index]) };
            }
        }
        self.rows += 1;
    }

    /// The values and null flags of a row.
    pub fn row(&self, row: usize) -> (&[Datum], &[bool]) {
        let range = row * self.columns..(row + 1) * self.columns;
        (&self.values[range.clone()], &self.nulls[range])
    }

    /// Replaces the values of masked columns.
    ///
    /// # Safety
    /// The masks are those of the batch's relation.
    pub unsafe fn mask(&mut self, masks: &[ColumnMask]) {
        self.scratch.resize_with(masks.len(), Vec::new);
        for (column_mask, scratch) in masks.iter().zip(&mut self.scratch) {
            let index = column_mask.index;
            match &column_mask.action {
                Action::Constant(value) => {
                    let cells = self.values.iter_mut().skip(index).step_by(self.columns);
                    for cell in cells {
                        *cell = value.unwrap_or_else(Datum::null);
                    }
                    for null in self.nulls.iter_mut().skip(index).step_by(self.columns) {
                        *null = value.is_none();
                    }
                }
                Action::Mask(mask, column_type) => {
                    let values = self.values.iter().skip(index).step_by(self.columns);
                    let nulls = self.nulls.iter().skip(index).step_by(self.columns);
                    let input = values
                        .zip(nulls)
                        .map(|(value, null)| (!null).then_some(*value));
                    // SAFETY: the column is of this type by the plan.
                    let array =
                        unsafe { column::array(*column_type, column_mask.column.is_bpchar, input) };
                    let mut masked = or_raise(mask.apply(&array));
                    if let Some(width) = column_mask.column.padded_to {
                        masked = column::pad(&masked, width);
                    }
                    let cells = self.values.iter_mut().skip(index).step_by(self.columns);
                    column::datums(&masked, scratch, cells);
                    // NULL stays NULL: the null flags are right as they are.
                    self.arrays.push(masked);
                }
            }
        }
    }
}
