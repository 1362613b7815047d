//! Control totals of a table: rows, NULLs of each column, and a checksum of the columns that masking
//! leaves as they are, whatever order and place the rows stand in.

use pgrx::pg_sys::{self, Datum};
use serde_json::{Value, json};
use synth_engine::audit::hex;
use synth_engine::proof::{Class, ValueHash};

use super::kind::Kind;
use super::stored::EDITION;
use crate::boundary::string;
use crate::mask::batch::Batch;

/// Values that take more bytes count in the checksum with their length alone, wherever they stand.
const CHECKED_BYTES: usize = 1024;

/// Counts that masking must not change, or that tell what it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// NULLs in each attribute, dropped ones included.
    pub nulls: Vec<u64>,
    /// The sum, modulo 2^64, of a keyed hash of each row's unmasked columns.
    pub checksum: u64,
}

/// The columns that masking leaves as they are.
pub struct Unmasked {
    columns: Vec<(usize, Kind)>,
    scratch: Vec<u8>,
    edition: u64,
}

impl Unmasked {
    /// # Safety
    /// `desc` is a tuple descriptor.
    pub unsafe fn new(desc: pg_sys::TupleDesc, masked: &[usize], edition: u64) -> Self {
        let kind = if edition < EDITION {
            Kind::of_first_edition
        } else {
            Kind::of
        };
        // SAFETY: natts attributes follow.
        let attributes = unsafe { (*desc).attrs.as_slice((*desc).natts as usize) };
        let mut columns: Vec<(usize, Kind)> = attributes
            .iter()
            .enumerate()
            // Generated columns are computed anew from what is masked.
            .filter(|(index, a)| !a.attisdropped && a.attgenerated == 0 && !masked.contains(index))
            .map(|(index, attribute)| (index, kind(attribute.atttypid)))
            .collect();
        // Rows may move between partitions, whose columns stand in other orders.
        columns
            .sort_by_key(|(index, _)| unsafe { string(attributes[*index].attname.data.as_ptr()) });
        Self {
            columns,
            scratch: Vec::new(),
            edition,
        }
    }

    /// Whether a varlena counts with its length alone. Whether it stands out of line may depend on
    /// the columns beside it, which are masked: its size does not.
    ///
    /// # Safety
    /// The value is a varlena.
    unsafe fn is_long(&self, value: Datum) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            if self.edition < EDITION {
                is_external(value)
            } else {
                pg_sys::toast_raw_datum_size(value) > CHECKED_BYTES
            }
        }
    }

    /// The hash of a row's unmasked columns. Long values count with their length alone.
    ///
    /// # Safety
    /// The cells are those of a row of the relation.
    pub unsafe fn hash(&mut self, hash: &ValueHash, values: &[Datum], nulls: &[bool]) -> u64 {
        self.scratch.clear();
        for &(index, kind) in &self.columns {
            let cell = if nulls[index] {
                0
            } else if kind.is_varlena() && unsafe { self.is_long(values[index]) } {
                // SAFETY: a varlena by its kind.
                unsafe { pg_sys::toast_raw_datum_size(values[index]) as u64 }
            } else {
                // SAFETY: by the caller's promise.
                unsafe { kind.hash(hash, values[index]) }
            };
            self.scratch.extend(cell.to_le_bytes());
        }
        hash.value(Class::Other(0), &self.scratch)
    }
}

/// Whether a varlena stands in a TOAST table.
///
/// # Safety
/// The value is a varlena.
pub unsafe fn is_external(value: Datum) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { pgrx::varatt_is_1b_e(value.cast_mut_ptr()) }
}

impl Totals {
    /// Counts a row.
    pub fn add(&mut self, nulls: &[bool], checksum: u64) {
        self.rows += 1;
        self.nulls.resize(nulls.len().max(self.nulls.len()), 0);
        for (count, null) in self.nulls.iter_mut().zip(nulls) {
            *count += u64::from(*null);
        }
        self.checksum = self.checksum.wrapping_add(checksum);
    }

    /// Takes a row back.
    pub fn remove(&mut self, nulls: &[bool], checksum: u64) {
        self.rows = self.rows.saturating_sub(1);
        for (count, null) in self.nulls.iter_mut().zip(nulls) {
            *count = count.saturating_sub(u64::from(*null));
        }
        self.checksum = self.checksum.wrapping_sub(checksum);
    }

    /// As JSON, columns by name.
    pub fn to_json(&self, names: &[Option<String>]) -> Value {
        let nulls: serde_json::Map<String, Value> = names
            .iter()
            .enumerate()
            .filter_map(|(index, name)| {
                let count = self.nulls.get(index).copied().unwrap_or(0);
                Some((name.clone()?, json!(count)))
            })
            .collect();
        json!({
            "rows": self.rows,
            "nulls": nulls,
            "unmasked_columns": hex(&self.checksum.to_be_bytes()),
        })
    }
}

/// Names of attributes; `None` where dropped.
///
/// # Safety
/// `desc` is a tuple descriptor.
pub unsafe fn names(desc: pg_sys::TupleDesc) -> Vec<Option<String>> {
    // SAFETY: natts attributes follow; names are NUL-terminated.
    unsafe {
        (*desc)
            .attrs
            .as_slice((*desc).natts as usize)
            .iter()
            .map(|a| (!a.attisdropped).then(|| string(a.attname.data.as_ptr())))
            .collect()
    }
}

/// Counts the rows of a batch.
///
/// # Safety
/// The batch is one of the table that `unmasked` was made for.
pub unsafe fn count(totals: &mut Totals, unmasked: &mut Unmasked, hash: &ValueHash, batch: &Batch) {
    for row in 0..batch.rows {
        let (values, nulls) = batch.row(row);
        // SAFETY: by the caller's promise.
        let checksum = unsafe { unmasked.hash(hash, values, nulls) };
        totals.add(nulls, checksum);
    }
}
