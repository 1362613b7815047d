//! Rows of a table, some at a time: taken apart, masked column by column, and given back.

use std::cell::RefCell;
use std::rc::Rc;

use arrow_array::ArrayRef;
use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::mask::{self, Mask, Rule};
use synth_engine::schema::ColumnType;
use synth_engine::secret::Secret;

use super::carry;
use super::codec::{Codec, Shapes};
use super::function::Call;
use super::other::{Other, Reader, Tester};
use super::plan::{self, Rules};
use super::shuffle::{self, Shuffle};
use super::withheld::withholding_messages;
use crate::defect;
use crate::error::or_raise;
use crate::rule::{Column, Refusal};
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
    /// For rows that pass; `None`: for all.
    condition: Option<Tester>,
}

pub enum Action {
    /// The same value for every row; `None` is NULL.
    Constant(Option<Datum>),
    /// A computation.
    Mask(Computation),
    /// A function of the user's.
    Function(Call),
    /// Values of other rows; the column is read when the first batch is masked.
    Shuffle(RefCell<Option<Shuffle>>),
    /// Values of other rows, which somebody else has read.
    Dealt(Rc<RefCell<dyn Deal>>),
}

/// Gives rows the values of others.
pub trait Deal {
    /// The value of a row in place of its own, in the current memory context.
    fn next(&mut self, own: Datum) -> Datum;
}

/// A mask with what reads and writes the column.
pub struct Computation {
    /// What it is doing, for the message about a defect.
    doing: String,
    mask: Box<dyn Mask>,
    codec: Codec,
    companions: Vec<Reader>,
}

/// What happens to each column that has a rule.
///
/// # Safety
/// `relation` is open; constants live in the current memory context.
pub unsafe fn column_masks(relation: pg_sys::Relation, rules: &Rules) -> Vec<ColumnMask> {
    let secret = secret::current();
    // SAFETY: by the caller's promise.
    unsafe { column_masks_under(relation, rules, &secret) }
}

/// The same, under a given secret.
///
/// # Safety
/// As [`column_masks`].
pub unsafe fn column_masks_under(
    relation: pg_sys::Relation,
    rules: &Rules,
    secret: &Secret,
) -> Vec<ColumnMask> {
    // SAFETY: by the caller's promise.
    unsafe {
        plan::columns(relation, rules)
            .into_iter()
            .map(|(column, rule)| column_mask(column, &rule, secret))
            .collect()
    }
}

/// # Safety
/// What is prepared lives in the current memory context.
unsafe fn column_mask(column: Column, rule: &Rule, secret: &Secret) -> ColumnMask {
    let other = |name: &str| Other::find(column.relid(), name).unwrap_or_else(Refusal::raise_for);
    // SAFETY: by the caller's promise.
    unsafe {
        let action = match rule.action() {
            Rule::Value(literal) => Action::Constant(column.input(literal)),
            Rule::Mask { name, .. } if name == "null" => Action::Constant(None),
            Rule::Mask { name, .. } if name == mask::SHUFFLE => Action::Shuffle(RefCell::default()),
            Rule::Function { .. } => Action::Function(Call::new(&column, rule)),
            action => {
                let mask = or_raise(carry::build(action, &column, secret));
                let companions = mask
                    .companions()
                    .iter()
                    .map(|name| other(name).reader())
                    .collect();
                let column_type = column.target.column_type.unwrap_or(ColumnType::Text);
                let codec = Codec::new(
                    column.base_oid,
                    column.base_typmod,
                    column_type,
                    column.padded_to,
                );
                Action::Mask(Computation {
                    doing: format!("masking {}", column.display()),
                    mask,
                    codec,
                    companions,
                })
            }
        };
        let condition = rule
            .condition()
            .map(|condition| other(&condition.column).tester(&condition.test));
        ColumnMask {
            index: usize::from(column.attnum.unsigned_abs()) - 1,
            column,
            action,
            condition,
        }
    }
}

impl ColumnMask {
    /// Whether rows get the values of others, so that all rows have to be seen before the first is masked.
    pub fn deals(&self) -> bool {
        matches!(self.action, Action::Shuffle(_) | Action::Dealt(_))
    }

    /// Whether its rule is for rows under a condition only.
    pub fn is_conditional(&self) -> bool {
        self.condition.is_some()
    }

    /// The value of a row that is dealt to another.
    ///
    /// # Safety
    /// The slot holds a row of the relation that the mask was prepared for.
    pub unsafe fn dealt_value(&self, row: *mut pg_sys::TupleTableSlot) -> Option<Datum> {
        // SAFETY: by the caller's promise.
        unsafe { shuffle::dealt_value(row, self.index, self.condition.as_ref()) }
    }

    /// Takes over a row's value where masked rows get the values of others: all rows that are to be
    /// masked are gathered first, if they are not those of the whole table.
    ///
    /// # Safety
    /// The slot holds a row of the relation, which the mask was prepared for.
    pub unsafe fn gather(&self, relation: pg_sys::Relation, row: *mut pg_sys::TupleTableSlot) {
        if let Action::Shuffle(shuffle) = &self.action {
            let mut shuffle = shuffle.borrow_mut();
            // SAFETY: by the caller's promise. The sort outlives the masks.
            unsafe {
                let shuffle = shuffle.get_or_insert_with(|| {
                    PgMemoryContexts::TopTransactionContext
                        .switch_to(|_| Shuffle::empty(relation, self.index))
                });
                shuffle.gather(row, self.index, self.condition.as_ref());
            }
        }
    }

    /// Ends gathering.
    pub fn deal(&self) {
        if let Action::Shuffle(shuffle) = &self.action
            && let Some(shuffle) = shuffle.borrow_mut().as_mut()
        {
            // SAFETY: the context that it was made in.
            unsafe {
                PgMemoryContexts::TopTransactionContext.switch_to(|_| shuffle.sort());
            }
        }
    }

    /// Whether its results depend on other columns of the row.
    pub fn reads_others(&self) -> bool {
        matches!(&self.action, Action::Mask(computation) if !computation.companions.is_empty())
    }

    /// Positions of the columns it reads, its own and others, where values may be stored out of line.
    fn read_in_full(&self) -> Vec<usize> {
        let mut columns = Vec::new();
        if let Action::Mask(computation) = &self.action {
            columns.extend(computation.codec.is_varlena().then_some(self.index));
            columns.extend(computation.companions.iter().map(|reader| reader.index));
        }
        columns
    }
}

/// Some rows of a table, taken apart.
pub struct Batch {
    desc: pg_sys::TupleDesc,
    columns: usize,
    /// Positions of dropped columns: what they held is not carried over.
    dropped: Vec<usize>,
    relation: pg_sys::Relation,
    /// Positions of columns whose values are read in full.
    text: Vec<usize>,
    /// How many there are.
    pub rows: usize,
    /// About how much memory the rows take while they are masked.
    bytes: usize,
    values: Vec<Datum>,
    nulls: Vec<bool>,
    /// Memory of the masked text, a buffer a masked column.
    scratch: Vec<Vec<u8>>,
    arrays: Vec<ArrayRef>,
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
        let is_varlena = |index: &usize| attributes.get(*index).is_some_and(|a| a.attlen == -1);
        let mut text: Vec<usize> = masks.iter().flat_map(ColumnMask::read_in_full).collect();
        text.retain(is_varlena);
        text.sort_unstable();
        text.dedup();
        Self {
            relation,
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

    /// Puts a value into a row's place of a column.
    pub fn set(&mut self, row: usize, index: usize, value: Option<Datum>) {
        let at = row * self.columns + index;
        self.values[at] = value.unwrap_or_else(Datum::null);
        self.nulls[at] = value.is_none();
    }

    /// Replaces the values of masked columns.
    ///
    /// # Safety
    /// The masks are those of the batch's relation.
    pub unsafe fn mask(&mut self, masks: &[ColumnMask]) {
        self.scratch.resize_with(masks.len(), Vec::new);
        // Conditions and companions see the row as it was, so all are read before anything is masked.
        // SAFETY: by the caller's promise.
        let seen: Vec<Seen> = masks.iter().map(|mask| unsafe { self.see(mask) }).collect();
        for (number, (mask, seen)) in masks.iter().zip(&seen).enumerate() {
            // SAFETY: by the caller's promise.
            unsafe { self.apply(number, mask, seen, true) };
        }
    }

    /// Turns masked values back where masks are reversible; raises an error where one is not.
    /// Columns that others are computed from come first, so companions and conditions see originals.
    ///
    /// # Safety
    /// The masks are those of the batch's relation.
    #[allow(dead_code, reason = "synth_unmask is built on it")]
    pub unsafe fn unmask(&mut self, masks: &[ColumnMask]) {
        self.scratch.resize_with(masks.len(), Vec::new);
        let depends = |mask: &ColumnMask| {
            mask.condition.is_some()
                || matches!(&mask.action, Action::Mask(c) if !c.companions.is_empty())
        };
        for later in [false, true] {
            for (number, mask) in masks.iter().enumerate() {
                if depends(mask) == later {
                    // SAFETY: by the caller's promise.
                    unsafe {
                        let seen = self.see(mask);
                        self.apply(number, mask, &seen, false);
                    }
                }
            }
        }
    }

    /// The cells of a column.
    fn cells(&self, index: usize) -> impl Iterator<Item = Option<Datum>> + '_ {
        let values = self.values.iter().skip(index).step_by(self.columns);
        let nulls = self.nulls.iter().skip(index).step_by(self.columns);
        values
            .zip(nulls)
            .map(|(value, null)| (!null).then_some(*value))
    }

    /// # Safety
    /// The mask is one of the batch's relation.
    unsafe fn see(&self, mask: &ColumnMask) -> Seen {
        // SAFETY: by the caller's promise.
        unsafe {
            let chosen = mask.condition.as_ref().map(|tester| {
                self.cells(tester.index)
                    .map(|value| tester.holds(value))
                    .collect()
            });
            let companions = match &mask.action {
                Action::Mask(computation) => computation
                    .companions
                    .iter()
                    .map(|reader| reader.read(self.cells(reader.index)))
                    .collect(),
                _ => Vec::new(),
            };
            Seen { chosen, companions }
        }
    }

    /// # Safety
    /// The mask is one of the batch's relation.
    unsafe fn apply(&mut self, number: usize, mask: &ColumnMask, seen: &Seen, forward: bool) {
        let (index, columns) = (mask.index, self.columns);
        let is_chosen = |row: usize| seen.chosen.as_ref().is_none_or(|chosen| chosen[row]);
        if self.rows == 0 {
            return;
        }
        // What stays is not shown to the mask.
        let input: Vec<Option<Datum>> = self
            .cells(index)
            .enumerate()
            .map(|(row, value)| value.filter(|_| is_chosen(row)))
            .collect();
        let output: Vec<Option<Datum>> = match &mask.action {
            Action::Constant(value) => vec![*value; self.rows],
            // SAFETY: the column is of the codec's type by the plan.
            Action::Mask(computation) => unsafe {
                let (cells, array) =
                    computation.run(&input, &seen.companions, &mut self.scratch[number], forward);
                self.arrays.push(array);
                cells
            },
            // SAFETY: the values are of the column's type.
            Action::Function(call) => unsafe {
                let whose = || format!("the function that masks {}", mask.column.display());
                withholding_messages(whose, || {
                    input
                        .iter()
                        .map(|value| value.map(|value| call.run(value)))
                        .collect()
                })
            },
            Action::Shuffle(shuffle) => {
                let mut shuffle = shuffle.borrow_mut();
                // SAFETY: the relation stays open as long as the batch. The sort outlives the batch's
                // memory, which is the current context.
                let shuffle = shuffle.get_or_insert_with(|| unsafe {
                    PgMemoryContexts::TopTransactionContext
                        .switch_to(|_| Shuffle::new(self.relation, index, mask.condition.as_ref()))
                });
                input
                    .iter()
                    .map(|value| value.map(|_| shuffle.next()))
                    .collect()
            }
            Action::Dealt(deal) => {
                let mut deal = deal.borrow_mut();
                input
                    .iter()
                    .map(|value| value.map(|own| deal.next(own)))
                    .collect()
            }
        };
        let values = self.values.iter_mut().skip(index).step_by(columns);
        let nulls = self.nulls.iter_mut().skip(index).step_by(columns);
        for (row, (cell, (value, null))) in output.into_iter().zip(values.zip(nulls)).enumerate() {
            if is_chosen(row) {
                *value = cell.unwrap_or_else(Datum::null);
                *null = cell.is_none();
            }
        }
    }
}

/// What rules read of the rows before these are masked.
struct Seen {
    /// Rows that pass the condition; `None`: all.
    chosen: Option<Vec<bool>>,
    companions: Vec<ArrayRef>,
}

impl Computation {
    /// Prepares a mask for values without a row: no companions.
    ///
    /// # Safety
    /// As [`Codec::new`].
    pub unsafe fn of_value(
        mask: Box<dyn Mask>,
        base_oid: pg_sys::Oid,
        column_type: ColumnType,
    ) -> Self {
        // SAFETY: by the caller's promise.
        let codec = unsafe { Codec::new(base_oid, -1, column_type, None) };
        Self {
            doing: "masking a value".to_owned(),
            mask,
            codec,
            companions: Vec::new(),
        }
    }

    /// Masks cells, or unmasks them. Results live as long as the array given back, `scratch` and the
    /// current memory context.
    ///
    /// # Safety
    /// The cells are of the column's type.
    pub unsafe fn run(
        &self,
        input: &[Option<Datum>],
        companions: &[ArrayRef],
        scratch: &mut Vec<u8>,
        forward: bool,
    ) -> (Vec<Option<Datum>>, ArrayRef) {
        // SAFETY: by the caller's promise.
        let (array, shapes) = unsafe { self.codec.decode(input.iter().copied()) };
        let spread: Vec<ArrayRef> = companions
            .iter()
            .map(|c| Shapes::spread(&shapes, c))
            .collect();
        let masked = defect::contained(&self.doing, || {
            defect::panic_in_mask(|| format!("{array:?}"));
            if forward {
                self.mask.apply(&array, &spread)
            } else {
                self.mask.unmask(&array, &spread)
            }
        });
        let masked = or_raise(masked);
        // SAFETY: a mask gives as many values of the same type.
        unsafe { self.codec.encode(masked, &shapes, scratch) }
    }
}
