//! Column types, and values out of Postgres's binary format.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, Date32Array, FixedSizeBinaryArray, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use sqlx::postgres::{PgRow, PgValueFormat};
use sqlx::{Row, ValueRef};
use synth_engine::schema::{ColumnSpec, ColumnType};

use super::error;
use crate::error::{Error, Result};
use crate::quote;

/// Days from 1970-01-01 to 2000-01-01, from which Postgres counts.
const EPOCH_DAYS: i32 = 10_957;
/// The same in microseconds.
const EPOCH_MICROS: i64 = EPOCH_DAYS as i64 * 86_400_000_000;

/// The type of a column, as `format_type` spells it.
pub(super) fn sql_type(column: &ColumnSpec) -> &'static str {
    match column.column_type {
        ColumnType::TimestampTz => "timestamp with time zone",
        other => other.sql(),
    }
}

/// The type that a base type stands for; what has no counterpart is read as text.
pub(super) fn column_type(base: &str) -> ColumnType {
    match base {
        "smallint" | "integer" | "bigint" => ColumnType::BigInt,
        "real" | "double precision" => ColumnType::Double,
        "date" => ColumnType::Date,
        "timestamp with time zone" => ColumnType::TimestampTz,
        "uuid" => ColumnType::Uuid,
        _ => ColumnType::Text,
    }
}

/// A column in a select list, cast to the type it is read as.
pub(super) fn select_item(column: &ColumnSpec) -> String {
    let cast = match column.column_type {
        ColumnType::BigInt => "int8",
        ColumnType::Double => "float8",
        ColumnType::Date => "date",
        ColumnType::TimestampTz => "timestamptz",
        ColumnType::Uuid => "uuid",
        _ => "text",
    };
    format!("{}::pg_catalog.{cast}", quote::identifier(&column.name))
}

fn unfit(column: &str, problem: &'static str) -> Error {
    Error::Value {
        column: column.to_owned(),
        problem,
    }
}

/// One column of some rows as an array.
pub(super) fn array(rows: &[PgRow], index: usize, column: &ColumnSpec) -> Result<ArrayRef> {
    let name = column.name.as_str();
    Ok(match column.column_type {
        ColumnType::BigInt => {
            let values = collect(rows, index, name, |b| fixed(b).map(i64::from_be_bytes))?;
            Arc::new(Int64Array::from(values))
        }
        ColumnType::Double => {
            let values = collect(rows, index, name, |b| fixed(b).map(f64::from_be_bytes))?;
            Arc::new(Float64Array::from(values))
        }
        ColumnType::Date => {
            let values = collect(rows, index, name, |b| {
                let days = i32::from_be_bytes(fixed(b)?);
                days.checked_add(EPOCH_DAYS).filter(|_| days != i32::MIN)
            })?;
            Arc::new(Date32Array::from(values))
        }
        ColumnType::TimestampTz => {
            let values = collect(rows, index, name, |b| {
                let micros = i64::from_be_bytes(fixed(b)?);
                micros
                    .checked_add(EPOCH_MICROS)
                    .filter(|_| micros != i64::MIN)
            })?;
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
        }
        ColumnType::Uuid => {
            let values = collect(rows, index, name, fixed::<16>)?;
            let array =
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), 16)
                    .map_err(|_| unfit(name, "is not a UUID"))?;
            Arc::new(array)
        }
        // Text, and what the engine may learn to know later.
        _ => {
            let values = collect(rows, index, name, |b| std::str::from_utf8(b).ok())?;
            Arc::new(StringArray::from(values))
        }
    })
}

fn fixed<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.try_into().ok()
}

fn collect<'r, T>(
    rows: &'r [PgRow],
    index: usize,
    name: &str,
    decode: impl Fn(&'r [u8]) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    rows.iter()
        .map(|row| {
            let value = row.try_get_raw(index).map_err(|e| error::map(e, ""))?;
            if value.is_null() {
                return Ok(None);
            }
            if value.format() != PgValueFormat::Binary {
                return Err(unfit(name, "did not come in binary form"));
            }
            let bytes = value
                .as_bytes()
                .map_err(|_| unfit(name, "cannot be read"))?;
            decode(bytes)
                .map(Some)
                .ok_or_else(|| unfit(name, "is infinite or out of range"))
        })
        .collect()
}
