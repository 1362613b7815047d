//! A column's values as text, encoder chosen once per column per batch.

use std::borrow::Cow;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    ArrowPrimitiveType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int16Type, Int32Type,
    Int64Type, Time64MicrosecondType, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::{DataType, TimeUnit};

use crate::calendar::{MICROS_PER_DAY, date_from_days};
use crate::entropy::round;
use crate::error::{Error, Result};

/// Bytes of all values and the end of each; value i spans `ends[i]..ends[i + 1]`.
pub(crate) struct TextColumn<'a> {
    pub bytes: Cow<'a, [u8]>,
    pub offsets: Cow<'a, [i32]>,
    pub nulls: Option<&'a NullBuffer>,
    /// Whether the values came as text, and so may hold anything.
    pub is_text: bool,
}

/// Renders a column. ISO 8601 for dates and instants, shortest decimal for floats, hyphenated
/// lower case for UUIDs.
pub(crate) fn text_column(array: &ArrayRef) -> Result<TextColumn<'_>> {
    if let Some(text) = array.as_string_opt::<i32>() {
        return Ok(TextColumn {
            bytes: Cow::Borrowed(text.value_data()),
            offsets: Cow::Borrowed(text.value_offsets()),
            nulls: array.nulls(),
            is_text: true,
        });
    }
    let mut out = Encoder::new(array.len());
    match array.data_type() {
        DataType::Int16 => integers::<Int16Type>(array, &mut out),
        DataType::Int32 => integers::<Int32Type>(array, &mut out),
        DataType::Int64 => integers::<Int64Type>(array, &mut out),
        DataType::Float32 => {
            let mut buffer = ryu::Buffer::new();
            for value in array.as_primitive::<Float32Type>().values() {
                if value.is_finite() {
                    let text = buffer.format_finite(*value);
                    out.push(text.strip_suffix(".0").unwrap_or(text).as_bytes());
                } else {
                    out.push(not_finite(f64::from(*value)).as_bytes());
                }
            }
        }
        DataType::Float64 => {
            for value in array.as_primitive::<Float64Type>().values() {
                write_float(*value, &mut out.bytes);
                out.end();
            }
        }
        DataType::Decimal128(_, scale) => {
            let scale = usize::from(scale.unsigned_abs());
            for value in array.as_primitive::<Decimal128Type>().values() {
                write_decimal(*value, scale, &mut out.bytes);
                out.end();
            }
        }
        DataType::Date32 => {
            for days in array.as_primitive::<Date32Type>().values() {
                write_date(*days, &mut out.bytes);
                out.end();
            }
        }
        DataType::Timestamp(TimeUnit::Microsecond, zone) => {
            for micros in array.as_primitive::<TimestampMicrosecondType>().values() {
                write_timestamp(*micros, &mut out.bytes);
                if zone.is_some() {
                    out.bytes.push(b'Z');
                }
                out.end();
            }
        }
        DataType::Time64(TimeUnit::Microsecond) => {
            for micros in array.as_primitive::<Time64MicrosecondType>().values() {
                write_time(*micros, &mut out.bytes);
                out.end();
            }
        }
        DataType::Boolean => {
            for value in array.as_boolean().values() {
                out.push(if value { b"true" } else { b"false" });
            }
        }
        DataType::FixedSizeBinary(16) => {
            let array = array.as_fixed_size_binary();
            let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
            for i in 0..array.len() {
                let uuid = uuid::Uuid::from_slice(array.value(i)).unwrap_or_default();
                out.push(uuid.hyphenated().encode_lower(&mut buffer).as_bytes());
            }
        }
        other => return Err(Error::Arrow(format!("no text form for {other}"))),
    }
    Ok(TextColumn {
        bytes: Cow::Owned(out.bytes),
        offsets: Cow::Owned(out.offsets),
        nulls: array.nulls(),
        is_text: false,
    })
}

/// A decimal number in units of its last place: `-1250` with two places is `-12.50`.
pub(crate) fn write_decimal(value: i128, scale: usize, out: &mut Vec<u8>) {
    let mut buffer = itoa::Buffer::new();
    if value < 0 {
        out.push(b'-');
    }
    let digits = buffer.format(value.unsigned_abs()).as_bytes();
    let whole = digits.len().saturating_sub(scale);
    if whole == 0 {
        out.push(b'0');
    }
    out.extend_from_slice(&digits[..whole]);
    if scale > 0 {
        out.push(b'.');
        out.resize(out.len() + scale.saturating_sub(digits.len()), b'0');
        out.extend_from_slice(&digits[whole..]);
    }
}

struct Encoder {
    bytes: Vec<u8>,
    offsets: Vec<i32>,
}

impl Encoder {
    fn new(rows: usize) -> Self {
        let mut offsets = Vec::with_capacity(rows + 1);
        offsets.push(0);
        Self {
            bytes: Vec::with_capacity(rows * 24),
            offsets,
        }
    }

    #[inline]
    fn push(&mut self, value: &[u8]) {
        self.bytes.extend_from_slice(value);
        self.end();
    }

    #[inline]
    fn end(&mut self) {
        // A batch has some thousands of rows: its bytes are far below 2 GiB.
        self.offsets
            .push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }
}

/// Two digits of 0 to 99.
#[inline]
fn two_digits(value: u32) -> [u8; 2] {
    [b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]
}

/// `YYYY-MM-DD`; years outside 0 to 9999 with sign (ISO 8601 expanded).
#[inline]
pub(crate) fn write_date(days: i32, out: &mut Vec<u8>) {
    let Some((year, month, day)) = date_from_days(days) else {
        out.extend_from_slice(itoa::Buffer::new().format(days).as_bytes());
        return;
    };
    if let Ok(year @ 0..=9999) = u32::try_from(year) {
        let ([a, b], [c, d]) = (two_digits(year / 100), two_digits(year));
        let ([e, f], [g, h]) = (two_digits(month), two_digits(day));
        out.extend_from_slice(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    } else {
        out.extend_from_slice(format!("{year:+}-{month:02}-{day:02}").as_bytes());
    }
}

/// `YYYY-MM-DDTHH:MM:SS[.ffffff]`.
#[inline]
pub(crate) fn write_timestamp(micros: i64, out: &mut Vec<u8>) {
    let days = micros.div_euclid(MICROS_PER_DAY);
    write_date(i32::try_from(days).unwrap_or(i32::MAX), out);
    out.push(b'T');
    write_time(micros.rem_euclid(MICROS_PER_DAY), out);
}

/// `HH:MM:SS[.ffffff]` of microseconds since midnight.
#[inline]
pub(crate) fn write_time(micros: i64, out: &mut Vec<u8>) {
    let within = u64::try_from(micros).unwrap_or(0);
    let seconds = u32::try_from(within / 1_000_000).unwrap_or(0);
    let ([a, b], [c, d], [e, f]) = (
        two_digits(seconds / 3600),
        two_digits(seconds / 60 % 60),
        two_digits(seconds % 60),
    );
    out.extend_from_slice(&[a, b, b':', c, d, b':', e, f]);
    let fraction = within % 1_000_000;
    if fraction > 0 {
        out.extend_from_slice(format!(".{fraction:06}").as_bytes());
    }
}

/// A number in units of its fourth decimal place, if it has no more places and up to 13 digits.
///
/// Measures have few decimals. If a value is the double nearest to k / 10^4 for an integer k of up to 13
/// digits, then that decimal is the shortest one that reads back as it, and cheaper to write.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "guarded: the scaled number is an integer below 10^13, and must give the very same double"
)]
pub(crate) fn ten_thousandths(value: f64) -> Option<i64> {
    let scaled = value * 10_000.0;
    if scaled.abs() >= 1e13 || scaled.is_nan() {
        return None;
    }
    let whole = round(scaled);
    (whole.abs() < 1e13 && whole / 10_000.0 == value && whole != 0.0).then_some(whole as i64)
}

/// The shortest decimal that reads back as the same number.
#[inline]
pub(crate) fn write_float(value: f64, out: &mut Vec<u8>) {
    if let Some(k) = ten_thousandths(value) {
        if k < 0 {
            out.push(b'-');
        }
        let k = k.unsigned_abs();
        out.extend_from_slice(itoa::Buffer::new().format(k / 10_000).as_bytes());
        let fraction = u32::try_from(k % 10_000).unwrap_or(0);
        if fraction > 0 {
            let ([a, b], [c, d]) = (two_digits(fraction / 100), two_digits(fraction));
            let digits = [b'.', a, b, c, d];
            let kept = digits.iter().rposition(|&digit| digit != b'0').unwrap_or(0);
            out.extend_from_slice(&digits[..=kept]);
        }
    } else if value.is_finite() {
        let mut buffer = ryu::Buffer::new();
        let text = buffer.format_finite(value);
        out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
    } else {
        out.extend_from_slice(not_finite(value).as_bytes());
    }
}

/// The spellings Postgres reads.
fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

fn integers<T>(array: &ArrayRef, out: &mut Encoder)
where
    T: ArrowPrimitiveType,
    T::Native: itoa::Integer,
{
    let mut buffer = itoa::Buffer::new();
    for value in array.as_primitive::<T>().values() {
        out.push(buffer.format(*value).as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn float(value: f64) -> String {
        let mut out = Vec::new();
        write_float(value, &mut out);
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn floats_read_back(value in prop_oneof![any::<f64>(), (-1_000_000_i64..1_000_000).prop_map(|k| k as f64 / 10_000.0)]) {
            let text = float(value);
            let back: f64 = text.parse().unwrap();
            prop_assert!(back == value || (back.is_nan() && value.is_nan()), "{} became {}", value, text);
            if value.is_finite() && (1e-4..1e9).contains(&value.abs()) {
                prop_assert_eq!(text, format!("{value}"));
            }
        }

        #[test]
        fn timestamps_read_back(micros in -62_167_219_200_000_000_i64..253_402_300_800_000_000) {
            let mut out = Vec::new();
            write_timestamp(micros, &mut out);
            let text = String::from_utf8(out).unwrap() + "Z";
            let back = chrono::DateTime::parse_from_rfc3339(&text).unwrap();
            prop_assert_eq!(back.timestamp_micros(), micros, "{}", text);
        }
    }

    #[test]
    fn decimals_keep_their_places() {
        let decimal = |value, scale| {
            let mut out = Vec::new();
            write_decimal(value, scale, &mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(decimal(-1250, 2), "-12.50");
        assert_eq!(decimal(5, 2), "0.05");
        assert_eq!(decimal(0, 2), "0.00");
        assert_eq!(decimal(-7, 0), "-7");
        assert_eq!(decimal(123_456, 4), "12.3456");
    }

    #[test]
    fn floats_are_short() {
        assert_eq!(float(175.3), "175.3");
        assert_eq!(float(-87.0), "-87");
        assert_eq!(float(0.0), "0");
        assert_eq!(float(0.0001), "0.0001");
        assert_eq!(float(f64::NEG_INFINITY), "-Infinity");
    }
}
