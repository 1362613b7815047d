//! Column types: TEXT, INTEGER and REAL, with dates, instants and UUIDs as ISO text.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int16Type, Int32Type, Int64Type,
    Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray,
    Float64Array, Int16Array, Int32Array, Int64Array, RecordBatch, StringArray,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, NaiveDate, SecondsFormat};
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, Row, TypeInfo, ValueRef};
use synth_engine::schema::{ColumnSpec, ColumnType};
use uuid::Uuid;

use super::NAME;
use crate::error::{Error, Result};

/// The declared type of a column.
pub(super) fn sql_type(column: &ColumnSpec) -> &'static str {
    match column.column_type {
        ColumnType::BigInt | ColumnType::Integer | ColumnType::SmallInt | ColumnType::Boolean => {
            "INTEGER"
        }
        ColumnType::Double | ColumnType::Real => "REAL",
        // Text would sort and add wrongly; SQLite's NUMERIC keeps up to 15 digits exactly.
        ColumnType::Decimal(_) => "NUMERIC",
        _ => "TEXT",
    }
}

/// The type that a declared type stands for. The declared types that others use for dates,
/// instants and UUIDs are understood; plain TEXT is text.
pub(super) fn column_type(declared: &str) -> ColumnType {
    let declared = declared.to_ascii_uppercase();
    let has = |part: &str| declared.contains(part);
    if has("TIMESTAMP") || has("DATETIME") {
        ColumnType::TimestampTz
    } else if has("DATE") {
        ColumnType::Date
    } else if has("UUID") {
        ColumnType::Uuid
    } else if has("INT") {
        ColumnType::BigInt
    } else if has("REAL") || has("FLOA") || has("DOUB") {
        ColumnType::Double
    } else {
        ColumnType::Text
    }
}

/// A column of a batch, with the encoder chosen.
enum Cells<'a> {
    Text(&'a StringArray),
    SmallInt(&'a Int16Array),
    Integer(&'a Int32Array),
    Decimal(&'a Decimal128Array),
    BigInt(&'a Int64Array),
    Boolean(&'a BooleanArray),
    Time(&'a Time64MicrosecondArray),
    Double(&'a Float64Array),
    Date(&'a Date32Array),
    Timestamp(&'a TimestampMicrosecondArray),
    Uuid(&'a FixedSizeBinaryArray),
}

impl<'a> Cells<'a> {
    fn of(array: &'a ArrayRef) -> Result<Self> {
        Ok(match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string()),
            DataType::Int16 => Self::SmallInt(array.as_primitive::<Int16Type>()),
            DataType::Int32 => Self::Integer(array.as_primitive::<Int32Type>()),
            DataType::Decimal128(_, _) => Self::Decimal(array.as_primitive::<Decimal128Type>()),
            DataType::Boolean => Self::Boolean(array.as_boolean()),
            DataType::Time64(TimeUnit::Microsecond) => {
                Self::Time(array.as_primitive::<Time64MicrosecondType>())
            }
            DataType::Int64 => Self::BigInt(array.as_primitive::<Int64Type>()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>()),
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>())
            }
            DataType::FixedSizeBinary(16) => Self::Uuid(array.as_fixed_size_binary()),
            other => {
                return Err(Error::Database {
                    driver: NAME,
                    code: "type".to_owned(),
                    message: format!("no SQL type for {other}"),
                });
            }
        })
    }

    fn bind(&self, row: usize, name: &str, out: &mut SqliteArguments) -> Result<()> {
        let added = match self {
            Self::Text(a) => out.add(a.value(row)),
            Self::SmallInt(a) => out.add(a.value(row)),
            Self::Integer(a) => out.add(a.value(row)),
            Self::Decimal(a) => out.add(a.value_as_string(row)),
            Self::BigInt(a) => out.add(a.value(row)),
            Self::Boolean(a) => out.add(i64::from(a.value(row))),
            Self::Time(a) => out.add(time_text(a.value(row), name)?),
            // SQLite turns NaN into NULL silently.
            Self::Double(a) if a.value(row).is_nan() => {
                return Err(unfit(name, "is not a number, which SQLite cannot store"));
            }
            Self::Double(a) => out.add(a.value(row)),
            Self::Date(a) => out.add(date_text(a.value(row), name)?),
            Self::Timestamp(a) => out.add(timestamp_text(a.value(row), name)?),
            Self::Uuid(a) => {
                let uuid = Uuid::from_slice(a.value(row)).unwrap_or_default();
                let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
                out.add(&*uuid.hyphenated().encode_lower(&mut buffer))
            }
        };
        added.map_err(|_| unfit(name, "cannot be bound"))
    }
}

fn unfit(column: &str, problem: &'static str) -> Error {
    Error::Value {
        column: column.to_owned(),
        problem,
    }
}

fn date_text(days: i32, column: &str) -> Result<String> {
    NaiveDate::from_epoch_days(days)
        .map(|date| date.to_string())
        .ok_or_else(|| unfit(column, "lies outside the calendar"))
}

fn time_text(micros: i64, column: &str) -> Result<String> {
    DateTime::from_timestamp_micros(micros)
        .map(|instant| instant.time().to_string())
        .ok_or_else(|| unfit(column, "lies outside the day"))
}

fn timestamp_text(micros: i64, column: &str) -> Result<String> {
    DateTime::from_timestamp_micros(micros)
        .map(|instant| instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
        .ok_or_else(|| unfit(column, "lies outside the calendar"))
}

/// The rows of a batch as arguments of multi-row INSERTs of `rows_each` rows; the last may have
/// fewer.
pub(super) fn arguments(
    batch: &RecordBatch,
    rows_each: usize,
) -> Result<Vec<(usize, SqliteArguments)>> {
    let schema = batch.schema();
    let columns: Vec<(&str, &ArrayRef, Cells<'_>)> = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .map(|(field, array)| Ok((field.name().as_str(), array, Cells::of(array)?)))
        .collect::<Result<_>>()?;
    let mut out = Vec::with_capacity(batch.num_rows().div_ceil(rows_each));
    let mut from = 0;
    while from < batch.num_rows() {
        let to = (from + rows_each).min(batch.num_rows());
        let mut arguments = SqliteArguments::default();
        arguments.reserve((to - from) * columns.len(), 0);
        for row in from..to {
            for (name, array, cells) in &columns {
                if array.is_null(row) {
                    arguments
                        .add(None::<i64>)
                        .map_err(|_| unfit(name, "cannot be bound"))?;
                } else {
                    cells.bind(row, name, &mut arguments)?;
                }
            }
        }
        out.push((to - from, arguments));
        from = to;
    }
    Ok(out)
}

/// One column of some rows as an array.
pub(super) fn array(rows: &[SqliteRow], index: usize, column: &ColumnSpec) -> Result<ArrayRef> {
    let name = column.name.as_str();
    Ok(match column.column_type {
        ColumnType::BigInt => {
            let values: Vec<Option<i64>> = collect(rows, index, name, &["INTEGER"])?;
            Arc::new(Int64Array::from(values))
        }
        ColumnType::Double => {
            let values: Vec<Option<f64>> = collect(rows, index, name, &["REAL", "INTEGER"])?;
            Arc::new(Float64Array::from(values))
        }
        ColumnType::Date => {
            let values = texts(rows, index, name, |text| {
                text.parse::<NaiveDate>().ok().map(|d| d.to_epoch_days())
            })?;
            Arc::new(Date32Array::from(values))
        }
        ColumnType::TimestampTz => {
            let values = texts(rows, index, name, |text| {
                // Years beyond four digits carry a sign, which RFC 3339 does not have.
                text.parse::<DateTime<chrono::Utc>>()
                    .ok()
                    .map(|instant| instant.timestamp_micros())
            })?;
            Arc::new(TimestampMicrosecondArray::from(values).with_timezone("UTC"))
        }
        ColumnType::Uuid => {
            let values = texts(rows, index, name, |text| {
                Uuid::try_parse(text).ok().map(Uuid::into_bytes)
            })?;
            let array =
                FixedSizeBinaryArray::try_from_sparse_iter_with_size(values.into_iter(), 16)
                    .map_err(|_| unfit(name, "is not a UUID"))?;
            Arc::new(array)
        }
        // Text, and what the engine may learn to know later.
        _ => {
            let values: Vec<Option<&str>> =
                collect(rows, index, name, &["TEXT", "INTEGER", "REAL"])?;
            Arc::new(StringArray::from(values))
        }
    })
}

/// The values of a column whose storage class must be among `classes`.
fn collect<'r, T>(
    rows: &'r [SqliteRow],
    index: usize,
    name: &str,
    classes: &[&str],
) -> Result<Vec<Option<T>>>
where
    T: sqlx::Decode<'r, sqlx::Sqlite>,
{
    rows.iter()
        .map(|row| {
            let value = row
                .try_get_raw(index)
                .map_err(|e| super::error::map(e, ""))?;
            if value.is_null() {
                return Ok(None);
            }
            if !classes.contains(&value.type_info().name()) {
                return Err(unfit(name, "is stored as another type"));
            }
            T::decode(value)
                .map(Some)
                .map_err(|_| unfit(name, "cannot be read as the column's type"))
        })
        .collect()
}

fn texts<T>(
    rows: &[SqliteRow],
    index: usize,
    name: &str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Vec<Option<T>>> {
    let values: Vec<Option<&str>> = collect(rows, index, name, &["TEXT"])?;
    values
        .into_iter()
        .map(|value| {
            value
                .map(|text| {
                    parse(text).ok_or_else(|| unfit(name, "cannot be read as the column's type"))
                })
                .transpose()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_instants_are_iso_text() {
        assert_eq!(date_text(20_454, "d").unwrap(), "2026-01-01");
        assert_eq!(timestamp_text(0, "t").unwrap(), "1970-01-01T00:00:00Z");
        assert_eq!(
            timestamp_text(-1, "t").unwrap(),
            "1969-12-31T23:59:59.999999Z"
        );
        assert!(timestamp_text(i64::MIN, "t").is_err());
    }

    #[test]
    fn declared_types_are_understood() {
        assert_eq!(column_type("integer"), ColumnType::BigInt);
        assert_eq!(column_type("DOUBLE PRECISION"), ColumnType::Double);
        assert_eq!(column_type("DATETIME"), ColumnType::TimestampTz);
        assert_eq!(column_type("date"), ColumnType::Date);
        assert_eq!(column_type("VARCHAR(20)"), ColumnType::Text);
    }
}
