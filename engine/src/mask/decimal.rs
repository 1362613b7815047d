//! Numbers as masks see them: decimals, whatever type carries them, so that equal numbers are masked
//! equally in columns of different types.

use std::fmt::Write;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::Literal;
use super::map::unexpected;
use crate::error::{Error, Result};
pub(super) use crate::fill::check::decimal::Decimal;

/// The number of a literal.
pub(super) fn of_literal(literal: &Literal) -> Option<Decimal> {
    match literal {
        Literal::Integer(value) => Some(Decimal::whole(i128::from(*value))),
        Literal::Decimal(text) => Decimal::parse(text),
        _ => None,
    }
}

/// Reads a number of a numeric column, without needless zeros; `None` for NaN and infinities.
pub(super) fn of_numeric(mask: &'static str, text: &str) -> Result<Option<Decimal>> {
    if matches!(text, "NaN" | "Infinity" | "-Infinity") {
        return Ok(None);
    }
    match Decimal::parse(text) {
        Some(number) if number.units.unsigned_abs() < 10_u128.pow(38) => {
            Ok(Some(number.normalized()))
        }
        _ => Err(Error::Argument {
            entry: mask,
            problem: "a number has more than 38 digits or 30 after the point; use MASKED WITH VALUE or null"
                .to_owned(),
        }),
    }
}

/// Calls a function with the text form of each value: what a keyed hash is taken of, so that equal
/// values of different types agree.
pub(super) fn each_text(values: &ArrayRef, mut see: impl FnMut(Option<&str>)) -> Result<()> {
    macro_rules! whole {
        ($type:ty) => {{
            let mut buffer = itoa::Buffer::new();
            for value in values.as_primitive::<$type>() {
                see(value.map(|value| buffer.format(value)));
            }
        }};
    }
    let mut text = String::new();
    match values.data_type() {
        DataType::Utf8 => values.as_string::<i32>().iter().for_each(see),
        DataType::Int16 => whole!(Int16Type),
        DataType::Int32 => whole!(Int32Type),
        DataType::Int64 => whole!(Int64Type),
        DataType::Date32 => whole!(Date32Type),
        DataType::Time64(TimeUnit::Microsecond) => whole!(Time64MicrosecondType),
        DataType::Timestamp(TimeUnit::Microsecond, _) => whole!(TimestampMicrosecondType),
        DataType::Float32 => {
            for value in values.as_primitive::<Float32Type>() {
                text.clear();
                see(value.map(|value| {
                    // A String accepts every write.
                    let _ = write!(text, "{value}");
                    text.as_str()
                }));
            }
        }
        DataType::Float64 => {
            for value in values.as_primitive::<Float64Type>() {
                text.clear();
                see(value.map(|value| {
                    let _ = write!(text, "{value}");
                    text.as_str()
                }));
            }
        }
        DataType::Boolean => {
            for value in values.as_boolean() {
                see(value.map(|value| if value { "true" } else { "false" }));
            }
        }
        DataType::FixedSizeBinary(16) => {
            for value in values.as_fixed_size_binary() {
                text.clear();
                see(value.map(|value| {
                    for byte in value {
                        let _ = write!(text, "{byte:02x}");
                    }
                    text.as_str()
                }));
            }
        }
        _ => return Err(unexpected("this mask", values)),
    }
    Ok(())
}
