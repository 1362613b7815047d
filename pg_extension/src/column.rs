//! Arrow columns to Datums and back. The type is looked at once per column per batch.

use std::mem::size_of;

use arrow_array::builder::{BinaryBuilder, FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Float32Array, Float64Array, Int16Array, Int32Array,
    Int64Array, RecordBatch, Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use pgrx::pg_sys::{self, Datum};
use std::sync::Arc;
use synth_engine::schema::ColumnType;

use crate::error::defect;
use crate::numeric;

/// 2000-01-01, where Postgres starts to count, in days since 1970-01-01.
pub const POSTGRES_EPOCH_DAYS: i32 = 10_957;
const POSTGRES_EPOCH_MICROS: i64 = POSTGRES_EPOCH_DAYS as i64 * 86_400_000_000;

/// The range of finite dates and timestamps, in Postgres's own counts (datatype/timestamp.h).
const DATES: std::ops::RangeInclusive<i32> = -2_451_545..=2_145_031_948;
const TIMESTAMPS: std::ops::RangeInclusive<i64> =
    -211_813_488_000_000_000..=9_223_371_331_199_999_999;

/// The cells of a batch, row after row, as Postgres forms tuples from them.
///
/// Text lives in scratch memory that the next batch reuses; other values that are passed by
/// reference point into the batch, which is kept.
#[derive(Default)]
pub struct Rows {
    columns: usize,
    values: Vec<Datum>,
    nulls: Vec<bool>,
    scratch: Vec<Vec<u8>>,
    batch: Option<RecordBatch>,
}

impl Rows {
    /// Takes a batch over.
    pub fn load(&mut self, batch: RecordBatch) {
        let (rows, columns) = (batch.num_rows(), batch.num_columns());
        self.columns = columns;
        self.values.clear();
        self.values.resize(rows * columns, Datum::null());
        self.nulls.clear();
        self.nulls.resize(rows * columns, false);
        self.scratch.resize_with(columns, Vec::new);
        for (index, array) in batch.columns().iter().enumerate() {
            let values = self.values.iter_mut().skip(index).step_by(columns);
            datums(array, &mut self.scratch[index], values);
            if let Some(nulls) = array.nulls() {
                for (cell, valid) in self
                    .nulls
                    .iter_mut()
                    .skip(index)
                    .step_by(columns)
                    .zip(nulls.iter())
                {
                    *cell = !valid;
                }
            }
        }
        self.batch = Some(batch);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.batch.as_ref().map_or(0, RecordBatch::num_rows)
    }

    /// The values and null flags of a row.
    #[inline]
    pub fn row(&mut self, index: usize) -> (&mut [Datum], &mut [bool]) {
        let range = index * self.columns..(index + 1) * self.columns;
        (&mut self.values[range.clone()], &mut self.nulls[range])
    }
}

/// Writes the Datums of an array. Text is laid out in `scratch`, which must outlive them, as must
/// the array. NULL slots get some Datum that nobody reads.
pub fn datums<'a>(
    array: &ArrayRef,
    scratch: &mut Vec<u8>,
    out: impl Iterator<Item = &'a mut Datum>,
) {
    match array.data_type() {
        DataType::Utf8 => text_datums(array, scratch, out),
        DataType::Int16 => fill(array.as_primitive::<Int16Type>().values(), out, Datum::from),
        DataType::Int32 => fill(array.as_primitive::<Int32Type>().values(), out, Datum::from),
        DataType::Int64 => fill(array.as_primitive::<Int64Type>().values(), out, Datum::from),
        DataType::Float32 => {
            fill(
                array.as_primitive::<Float32Type>().values(),
                out,
                |v: f32| Datum::from(v.to_bits()),
            );
        }
        DataType::Float64 => {
            fill(
                array.as_primitive::<Float64Type>().values(),
                out,
                |v: f64| Datum::from(v.to_bits()),
            );
        }
        DataType::Date32 => {
            fill(array.as_primitive::<Date32Type>().values(), out, |days| {
                Datum::from(date_to_postgres(days))
            });
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            fill(
                array.as_primitive::<TimestampMicrosecondType>().values(),
                out,
                |micros| Datum::from(timestamp_to_postgres(micros)),
            );
        }
        DataType::Boolean => {
            let values = array.as_boolean().values();
            for (row, cell) in out.enumerate().take(array.len()) {
                *cell = Datum::from(values.value(row));
            }
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            fill(
                array.as_primitive::<Time64MicrosecondType>().values(),
                out,
                Datum::from,
            );
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>();
            let total = bytes.value_data().len();
            varlena_datums(bytes.len(), total, |row| bytes.value(row), scratch, out);
        }
        DataType::Decimal128(_, scale) => {
            let values = array.as_primitive::<Decimal128Type>().values();
            scratch.clear();
            // Never grows after this, so that pointers into it stay good.
            scratch.reserve(values.len() * numeric::LONGEST);
            for (value, cell) in values.iter().zip(out) {
                let at = scratch.len();
                let stored = numeric::Stored::new(*value as i64, scale.unsigned_abs());
                scratch.extend_from_slice(stored.bytes());
                *cell = Datum::from(scratch[at..].as_ptr());
            }
        }
        DataType::FixedSizeBinary(16) => {
            let bytes = array.as_fixed_size_binary();
            for (row, cell) in out.enumerate().take(array.len()) {
                *cell = Datum::from(bytes.value(row).as_ptr());
            }
        }
        other => defect(format!("no Datum for {other}")),
    }
}

fn fill<'a, T: Copy>(
    values: &[T],
    out: impl Iterator<Item = &'a mut Datum>,
    convert: impl Fn(T) -> Datum,
) {
    for (cell, value) in out.zip(values) {
        *cell = convert(*value);
    }
}

fn text_datums<'a>(
    array: &ArrayRef,
    scratch: &mut Vec<u8>,
    out: impl Iterator<Item = &'a mut Datum>,
) {
    let text = array.as_string::<i32>();
    let total = text.value_data().len();
    let value = |row| text.value(row).as_bytes();
    varlena_datums(text.len(), total, value, scratch, out);
}

/// Lays values out as varlena: with a header of one byte up to 126 bytes, as in stored tuples, else
/// of four, aligned. `total` is how many bytes the values have.
fn varlena_datums<'a, 'b>(
    rows: usize,
    total: usize,
    value: impl Fn(usize) -> &'b [u8],
    scratch: &mut Vec<u8>,
    out: impl Iterator<Item = &'a mut Datum>,
) {
    const LONG_HEADER: usize = 4;
    scratch.clear();
    // Header and up to three bytes of padding a value: it never grows after this, so that
    // pointers into it stay good.
    scratch.reserve(total + rows * (LONG_HEADER + 3) + LONG_HEADER);
    for (row, cell) in out.enumerate().take(rows) {
        let value = value(row);
        if value.len() < 0x7F {
            let at = scratch.len();
            scratch.push(((value.len() as u8 + 1) << 1) | 1);
            scratch.extend_from_slice(value);
            *cell = Datum::from(scratch[at..].as_ptr());
        } else {
            let padding = scratch
                .as_ptr()
                .wrapping_add(scratch.len())
                .align_offset(LONG_HEADER);
            scratch.resize(scratch.len() + padding, 0);
            let at = scratch.len();
            let size = (value.len() + LONG_HEADER) as u32;
            scratch.extend_from_slice(&(size << 2).to_le_bytes());
            scratch.extend_from_slice(value);
            *cell = Datum::from(scratch[at..].as_ptr());
        }
    }
}

// The header layout above, and passing 64-bit values in the Datum itself.
const _: () = assert!(cfg!(target_endian = "little") && size_of::<usize>() == 8);

/// Days since 2000-01-01 of a date; the extremes stand for infinity.
pub fn date_to_postgres(days: i32) -> i32 {
    match days {
        i32::MIN | i32::MAX => days,
        _ => days
            .saturating_sub(POSTGRES_EPOCH_DAYS)
            .clamp(*DATES.start(), *DATES.end()),
    }
}

/// Microseconds since 2000-01-01 of an instant; the extremes stand for infinity.
pub fn timestamp_to_postgres(micros: i64) -> i64 {
    match micros {
        i64::MIN | i64::MAX => micros,
        _ => micros
            .saturating_sub(POSTGRES_EPOCH_MICROS)
            .clamp(*TIMESTAMPS.start(), *TIMESTAMPS.end()),
    }
}

/// Days since 1970-01-01 of a date of Postgres; the extremes stand for infinity.
pub fn date_from_postgres(days: i32) -> i32 {
    match days {
        i32::MIN | i32::MAX => days,
        _ => days.saturating_add(POSTGRES_EPOCH_DAYS),
    }
}

/// Microseconds since 1970-01-01 of an instant of Postgres; the extremes stand for infinity, and
/// the last years, which are beyond Arrow's, stay finite.
pub fn timestamp_from_postgres(micros: i64) -> i64 {
    match micros {
        i64::MIN | i64::MAX => micros,
        _ => micros
            .saturating_add(POSTGRES_EPOCH_MICROS)
            .min(i64::MAX - 1),
    }
}

/// Builds the Arrow array of a column from Datums.
///
/// # Safety
/// The Datums are of the type that `column_type` stands for; NULLs are `None`.
pub unsafe fn array(
    column_type: ColumnType,
    trim_blanks: bool,
    values: impl Iterator<Item = Option<Datum>>,
) -> ArrayRef {
    match column_type {
        ColumnType::SmallInt => Arc::new(
            values
                .map(|v| v.map(|d| d.value() as i16))
                .collect::<Int16Array>(),
        ),
        ColumnType::Integer => Arc::new(
            values
                .map(|v| v.map(|d| d.value() as i32))
                .collect::<Int32Array>(),
        ),
        ColumnType::BigInt => Arc::new(
            values
                .map(|v| v.map(|d| d.value() as i64))
                .collect::<Int64Array>(),
        ),
        ColumnType::Real => Arc::new(
            values
                .map(|v| v.map(|d| f32::from_bits(d.value() as u32)))
                .collect::<Float32Array>(),
        ),
        ColumnType::Double => Arc::new(
            values
                .map(|v| v.map(|d| f64::from_bits(d.value() as u64)))
                .collect::<Float64Array>(),
        ),
        ColumnType::Date => Arc::new(
            values
                .map(|v| v.map(|d| date_from_postgres(d.value() as i32)))
                .collect::<Date32Array>(),
        ),
        ColumnType::Timestamp | ColumnType::TimestampTz => {
            let micros: TimestampMicrosecondArray = values
                .map(|v| v.map(|d| timestamp_from_postgres(d.value() as i64)))
                .collect();
            match column_type {
                ColumnType::TimestampTz => Arc::new(micros.with_timezone("UTC")),
                _ => Arc::new(micros),
            }
        }
        ColumnType::Text => {
            let mut text = StringBuilder::new();
            for value in values {
                // SAFETY: a text-like Datum by the caller's promise.
                text.append_option(value.map(|datum| unsafe { text_of(datum, trim_blanks) }));
            }
            Arc::new(text.finish())
        }
        ColumnType::Boolean => Arc::new(
            values
                .map(|v| v.map(|d| d.value() != 0))
                .collect::<BooleanArray>(),
        ),
        ColumnType::Time => Arc::new(
            values
                .map(|v| v.map(|d| d.value() as i64))
                .collect::<Time64MicrosecondArray>(),
        ),
        ColumnType::Bytes => {
            let mut bytes = BinaryBuilder::new();
            for value in values {
                // SAFETY: a bytea by the caller's promise.
                bytes.append_option(value.map(|datum| unsafe { bytes_of(datum) }));
            }
            Arc::new(bytes.finish())
        }
        ColumnType::Uuid => {
            let mut uuids = FixedSizeBinaryBuilder::new(16);
            for value in values {
                match value {
                    // SAFETY: a uuid is a pointer to 16 bytes, which the builder copies.
                    Some(datum) => unsafe {
                        let bytes = std::slice::from_raw_parts(datum.cast_mut_ptr::<u8>(), 16);
                        // 16 bytes into a builder of width 16.
                        let _ = uuids.append_value(bytes);
                    },
                    None => uuids.append_null(),
                }
            }
            Arc::new(uuids.finish())
        }
        other => defect(format!("no array for {}", other.sql())),
    }
}

/// The bytes of a varlena, which live in the current context where they are detoasted.
///
/// # Safety
/// `datum` is a varlena, and the bytes are not used after it or the context is gone.
unsafe fn bytes_of<'a>(datum: Datum) -> &'a [u8] {
    // SAFETY: a varlena by the caller's promise; the detoasted copy lives in the current context.
    unsafe {
        let varlena = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        std::slice::from_raw_parts(
            pgrx::vardata_any(varlena).cast::<u8>(),
            pgrx::varsize_any_exhdr(varlena),
        )
    }
}

/// The characters of a text Datum, without the blanks that pad `char(n)`.
///
/// # Safety
/// `datum` is a `text`, `varchar` or `bpchar` of a database in UTF8, and the text is not used after it
/// or the current context is gone.
pub unsafe fn text_of<'a>(datum: Datum, trim_blanks: bool) -> &'a str {
    // SAFETY: by the caller's promise; Postgres has checked the bytes, and masking refuses databases
    // in other encodings (`require_utf8`).
    let text = unsafe { std::str::from_utf8_unchecked(bytes_of(datum)) };
    if trim_blanks {
        text.trim_end_matches(' ')
    } else {
        text
    }
}

/// Pads text with blanks, as `char(n)` stores it.
pub fn pad(array: &ArrayRef, width: usize) -> ArrayRef {
    let text = array.as_string::<i32>();
    let mut out = StringBuilder::with_capacity(text.len(), text.len() * width);
    for value in text {
        out.append_option(value.map(|value| format!("{value:width$}")));
    }
    Arc::new(out.finish())
}
