//! Heap tuples straight from Arrow columns.
//!
//! Forming a tuple from Datums looks at each cell's type and copies it with code made for any
//! length; that takes as long as making the row. Here each column is written into all tuples of a
//! batch at once: one pass to find where values go, one to put them there. Layout: access/htup_details.h
//! and `heap_form_tuple`.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use pgrx::pg_sys;

use crate::column::{date_to_postgres, timestamp_to_postgres};
use crate::numeric;

/// Tuples start on this boundary, and so does their data.
const MAXALIGN: usize = 8;
/// Size of the fixed part of a tuple's header, where the null bitmap starts.
const HEADER: usize = std::mem::offset_of!(pg_sys::HeapTupleHeaderData, t_bits);
/// A copy of up to so many bytes is done in one go, past the value's end.
const CHUNK: usize = 16;

/// The tuples of a batch.
#[derive(Default)]
pub struct Tuples {
    /// Tuples one after the other, in words so that each starts aligned.
    buffer: Vec<u64>,
    /// Where each tuple starts, in bytes, and where the last one ends.
    starts: Vec<usize>,
    /// Length of each tuple without padding.
    lengths: Vec<u32>,
    /// Where the next value of each tuple goes, counted from the start of its data.
    cursors: Vec<usize>,
}

/// The row type that tuples carry.
#[derive(Debug, Clone, Copy)]
pub struct RowType {
    /// OID of the type.
    pub type_id: pg_sys::Oid,
    /// Its modifier.
    pub typmod: i32,
    /// Number of attributes.
    pub attributes: usize,
}

impl Tuples {
    /// How many tuples there are.
    pub fn len(&self) -> usize {
        self.lengths.len()
    }

    /// A tuple: where it is, and its length.
    #[inline]
    pub fn get(&mut self, index: usize) -> (pg_sys::HeapTupleHeader, u32) {
        let word = self.starts[index] / size_of::<u64>();
        (self.buffer[word..].as_mut_ptr().cast(), self.lengths[index])
    }

    /// Forms the tuples of a batch; false if a column has a type that is not laid out here.
    pub fn load(&mut self, batch: &RecordBatch, row_type: RowType) -> bool {
        let columns: Option<Vec<Layout<'_>>> = batch.columns().iter().map(Layout::of).collect();
        let Some(columns) = columns.filter(|c| c.len() == row_type.attributes) else {
            return false;
        };
        let rows = batch.num_rows();
        let plain_header = HEADER.next_multiple_of(MAXALIGN);
        let null_header = (HEADER + columns.len().div_ceil(8)).next_multiple_of(MAXALIGN);
        let nulls = null_bitmaps(batch);

        // First pass: how much data each tuple has.
        self.cursors.clear();
        self.cursors.resize(rows, 0);
        for column in &columns {
            column.measure(&mut self.cursors);
        }
        self.starts.clear();
        self.lengths.clear();
        let mut end = 0;
        for (row, data) in self.cursors.iter().enumerate() {
            let header = if nulls.has_null(row) {
                null_header
            } else {
                plain_header
            };
            self.starts.push(end);
            self.lengths.push((header + data) as u32);
            end += (header + data).next_multiple_of(MAXALIGN);
        }
        self.starts.push(end);
        self.buffer.clear();
        self.buffer.resize(end / size_of::<u64>(), 0);

        // SAFETY: u64s are bytes; the slice spans the vector.
        let bytes: &mut [u8] = unsafe {
            std::slice::from_raw_parts_mut(
                self.buffer.as_mut_ptr().cast(),
                self.buffer.len() * size_of::<u64>(),
            )
        };
        for row in 0..rows {
            let header = if nulls.has_null(row) {
                null_header
            } else {
                plain_header
            };
            let start = self.starts[row];
            write_header(
                &mut bytes[start..start + header],
                self.lengths[row],
                row_type,
                nulls.bitmap(row),
            );
            // From here on, where the next value goes in the buffer.
            self.cursors[row] = start + header;
        }
        // Second pass: the values. Data starts on MAXALIGN, so alignment within the buffer is
        // alignment within the data.
        for column in &columns {
            column.write(&self.starts, &mut self.cursors, bytes);
        }
        true
    }
}

/// Null bitmaps of a batch, one a row, in Postgres's sense: a set bit is a value.
struct NullBitmaps {
    width: usize,
    bits: Vec<u8>,
    has_null: Vec<bool>,
}

impl NullBitmaps {
    fn has_null(&self, row: usize) -> bool {
        self.has_null[row]
    }

    fn bitmap(&self, row: usize) -> Option<&[u8]> {
        self.has_null[row].then(|| &self.bits[row * self.width..(row + 1) * self.width])
    }
}

fn null_bitmaps(batch: &RecordBatch) -> NullBitmaps {
    let (rows, columns) = (batch.num_rows(), batch.num_columns());
    let width = columns.div_ceil(8);
    let mut full = vec![0xFF_u8; width];
    if columns % 8 != 0 {
        full[width - 1] = (1 << (columns % 8)) - 1;
    }
    let mut bitmaps = NullBitmaps {
        width,
        bits: full.repeat(rows),
        has_null: vec![false; rows],
    };
    for (index, array) in batch.columns().iter().enumerate() {
        let Some(nulls) = array.nulls().filter(|nulls| nulls.null_count() > 0) else {
            continue;
        };
        for (row, valid) in nulls.iter().enumerate() {
            if !valid {
                bitmaps.bits[row * width + index / 8] &= !(1 << (index % 8));
                bitmaps.has_null[row] = true;
            }
        }
    }
    bitmaps
}

/// Writes a tuple header, as `heap_form_tuple` does.
fn write_header(out: &mut [u8], length: u32, row_type: RowType, nulls: Option<&[u8]>) {
    // t_choice.t_datum: varlena length word, type modifier, type.
    out[0..4].copy_from_slice(&(length << 2).to_ne_bytes());
    out[4..8].copy_from_slice(&row_type.typmod.to_ne_bytes());
    out[8..12].copy_from_slice(&row_type.type_id.to_u32().to_ne_bytes());
    // t_ctid: invalid.
    out[12..18].copy_from_slice(&[0xFF, 0xFF, 0xFF, 0xFF, 0, 0]);
    let natts = row_type.attributes as u16;
    out[18..20].copy_from_slice(&natts.to_ne_bytes());
    let mut infomask = pg_sys::HEAP_HASVARWIDTH as u16;
    if nulls.is_some() {
        infomask |= pg_sys::HEAP_HASNULL as u16;
    }
    out[20..22].copy_from_slice(&infomask.to_ne_bytes());
    out[22] = out.len() as u8;
    if let Some(nulls) = nulls {
        out[HEADER..HEADER + nulls.len()].copy_from_slice(nulls);
    }
}

/// A column as tuples hold it.
enum Layout<'a> {
    /// Values of one size and alignment.
    Fixed(Fixed<'a>),
    /// Text: a header of one byte up to 126 bytes, else of four on a boundary of four.
    Text(&'a arrow_array::StringArray),
    /// Decimal numbers, with a header of one byte: how each is stored.
    Decimal(&'a ArrayRef, Vec<numeric::Stored>),
}

struct Fixed<'a> {
    array: &'a ArrayRef,
    size: usize,
    align: usize,
}

const SHORT_TEXT: usize = 0x7F;

impl<'a> Layout<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        let (size, align) = match array.data_type() {
            DataType::Utf8 => return array.as_string_opt::<i32>().map(Self::Text),
            DataType::Int64 | DataType::Float64 | DataType::Timestamp(TimeUnit::Microsecond, _) => {
                (8, 8)
            }
            DataType::Decimal128(_, scale) => {
                let values = array.as_primitive::<Decimal128Type>().values();
                let stored = values
                    .iter()
                    .map(|value| numeric::Stored::new(*value as i64, scale.unsigned_abs()));
                return Some(Self::Decimal(array, stored.collect()));
            }
            DataType::Date32 | DataType::Int32 => (4, 4),
            DataType::Int16 => (2, 2),
            DataType::Boolean => (1, 1),
            DataType::FixedSizeBinary(16) => (16, 1),
            _ => return None,
        };
        Some(Self::Fixed(Fixed { array, size, align }))
    }

    /// Adds the room that each tuple's value takes.
    fn measure(&self, cursors: &mut [usize]) {
        match self {
            Self::Fixed(Fixed { array, size, align }) => match array.nulls() {
                None => {
                    for cursor in cursors {
                        *cursor = cursor.next_multiple_of(*align) + size;
                    }
                }
                Some(nulls) => {
                    for (cursor, valid) in cursors.iter_mut().zip(nulls.iter()) {
                        if valid {
                            *cursor = cursor.next_multiple_of(*align) + size;
                        }
                    }
                }
            },
            Self::Decimal(array, stored) => {
                for (row, (cursor, stored)) in cursors.iter_mut().zip(stored).enumerate() {
                    if array.is_valid(row) {
                        *cursor += stored.bytes().len();
                    }
                }
            }
            Self::Text(text) => {
                for (row, (cursor, ends)) in cursors
                    .iter_mut()
                    .zip(text.value_offsets().windows(2))
                    .enumerate()
                {
                    if text.is_valid(row) {
                        let length = (ends[1] - ends[0]) as usize;
                        *cursor = if length < SHORT_TEXT {
                            *cursor + 1 + length
                        } else {
                            cursor.next_multiple_of(4) + 4 + length
                        };
                    }
                }
            }
        }
    }

    /// Writes each tuple's value at its cursor and moves that on.
    fn write(&self, starts: &[usize], cursors: &mut [usize], out: &mut [u8]) {
        match self {
            Self::Fixed(Fixed { array, .. }) => match array.data_type() {
                DataType::Int64 => {
                    let values = array.as_primitive::<Int64Type>().values();
                    write_fixed(array, 8, cursors, out, |row| values[row].to_ne_bytes());
                }
                DataType::Float64 => {
                    let values = array.as_primitive::<Float64Type>().values();
                    write_fixed(array, 8, cursors, out, |row| values[row].to_ne_bytes());
                }
                DataType::Date32 => {
                    let values = array.as_primitive::<Date32Type>().values();
                    write_fixed(array, 4, cursors, out, |row| {
                        date_to_postgres(values[row]).to_ne_bytes()
                    });
                }
                DataType::Int32 => {
                    let values = array.as_primitive::<Int32Type>().values();
                    write_fixed(array, 4, cursors, out, |row| values[row].to_ne_bytes());
                }
                DataType::Int16 => {
                    let values = array.as_primitive::<Int16Type>().values();
                    write_fixed(array, 2, cursors, out, |row| values[row].to_ne_bytes());
                }
                DataType::Boolean => {
                    let values = array.as_boolean();
                    write_fixed(array, 1, cursors, out, |row| [u8::from(values.value(row))]);
                }
                DataType::FixedSizeBinary(_) => {
                    let values = array.as_fixed_size_binary();
                    write_fixed(array, 1, cursors, out, |row| {
                        let mut bytes = [0; 16];
                        bytes.copy_from_slice(values.value(row));
                        bytes
                    });
                }
                _ => {
                    let values = array.as_primitive::<TimestampMicrosecondType>().values();
                    write_fixed(array, 8, cursors, out, |row| {
                        timestamp_to_postgres(values[row]).to_ne_bytes()
                    });
                }
            },
            Self::Decimal(array, stored) => {
                for (row, (cursor, stored)) in cursors.iter_mut().zip(stored).enumerate() {
                    if array.is_valid(row) {
                        let bytes = stored.bytes();
                        out[*cursor..*cursor + bytes.len()].copy_from_slice(bytes);
                        *cursor += bytes.len();
                    }
                }
            }
            Self::Text(text) => write_text(text, starts, cursors, out),
        }
    }
}

#[inline]
fn write_fixed<const N: usize>(
    array: &ArrayRef,
    align: usize,
    cursors: &mut [usize],
    out: &mut [u8],
    bytes: impl Fn(usize) -> [u8; N],
) {
    for (row, cursor) in cursors.iter_mut().enumerate() {
        if array.is_valid(row) {
            let at = cursor.next_multiple_of(align);
            out[at..at + N].copy_from_slice(&bytes(row));
            *cursor = at + N;
        }
    }
}

fn write_text(
    text: &arrow_array::StringArray,
    starts: &[usize],
    cursors: &mut [usize],
    out: &mut [u8],
) {
    let data = text.value_data();
    for (row, (cursor, ends)) in cursors
        .iter_mut()
        .zip(text.value_offsets().windows(2))
        .enumerate()
    {
        if !text.is_valid(row) {
            continue;
        }
        let (start, end) = (ends[0] as usize, ends[1] as usize);
        let length = end - start;
        if length < SHORT_TEXT {
            out[*cursor] = ((length as u8 + 1) << 1) | 1;
            let at = *cursor + 1;
            // What is copied too much lies within the same tuple, and is overwritten by the values
            // that follow.
            if length <= CHUNK && start + CHUNK <= data.len() && at + CHUNK <= starts[row + 1] {
                out[at..at + CHUNK].copy_from_slice(&data[start..start + CHUNK]);
            } else {
                out[at..at + length].copy_from_slice(&data[start..end]);
            }
            *cursor = at + length;
        } else {
            let at = cursor.next_multiple_of(4);
            // Postgres takes a byte that is not zero for a header; what was copied too much may be here.
            out[*cursor..at].fill(0);
            out[at..at + 4].copy_from_slice(&(((length + 4) as u32) << 2).to_ne_bytes());
            out[at + 4..at + 4 + length].copy_from_slice(&data[start..end]);
            *cursor = at + 4 + length;
        }
    }
}
