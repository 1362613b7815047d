//! `generalize`: rounds numbers down to multiples of a width, dates to the start of a span, addresses
//! to a network.

use std::net::IpAddr;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, Time64MicrosecondType,
    TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::arguments::Arguments;
use super::decimal::{Decimal, of_literal, of_numeric};
use super::map::{text_of, unexpected};
use super::{Literal, Mask};
use crate::calendar::{MICROS_PER_DAY, date_from_days, days_from_date};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "width",
    parameter_type: ParameterType::Literal,
    default: None,
    summary: "Width of a class. Numbers: 1 to 1000000000, where 10 turns 37 into 30 (numeric and floating point: also a fraction from 0.000001). Dates: 'day', 'week', 'month', 'quarter', 'year', 'decade' or 'century'; with a time of day also 'hour' or 'minute'. Addresses: bits of the network, 0 to 128 (version 4: at most 32).",
}];

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Span {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    Decade,
    Century,
}

enum Width {
    Whole(i64),
    Number(Decimal),
    Span(Span),
    Bits(u8),
}

struct Generalize {
    width: Width,
}

pub(super) fn build(arguments: &Arguments<'_>, column_type: ColumnType) -> Result<Box<dyn Mask>> {
    const SPANS: &[(&str, Span)] = &[
        ("minute", Span::Minute),
        ("hour", Span::Hour),
        ("day", Span::Day),
        ("week", Span::Week),
        ("month", Span::Month),
        ("quarter", Span::Quarter),
        ("year", Span::Year),
        ("decade", Span::Decade),
        ("century", Span::Century),
    ];
    let width = match column_type {
        ColumnType::Date => Width::Span(arguments.choice("width", &SPANS[2..])?),
        ColumnType::Time => Width::Span(arguments.choice("width", &SPANS[..2])?),
        ColumnType::Timestamp | ColumnType::TimestampTz => {
            Width::Span(arguments.choice("width", SPANS)?)
        }
        ColumnType::Inet => {
            let bits = arguments.integer("width", 0..=128)?;
            Width::Bits(u8::try_from(bits).unwrap_or(0))
        }
        ColumnType::Numeric | ColumnType::Real | ColumnType::Double => {
            let good = |width: &Decimal| {
                width.scale <= 6
                    && width.units > 0
                    && width.compare(Decimal::whole(1_000_000_000)).is_le()
            };
            Width::Number(
                of_literal(arguments.literal("width"))
                    .filter(good)
                    .ok_or_else(|| {
                        arguments.error("width must be a number from 0.000001 to 1000000000")
                    })?,
            )
        }
        _ => match arguments.literal("width") {
            Literal::Decimal(_) => {
                return Err(arguments.error("width must be a whole number for whole numbers"));
            }
            _ => Width::Whole(arguments.integer("width", 1..=1_000_000_000)?),
        },
    };
    Ok(Box::new(Generalize { width }))
}

/// The multiple of a width at or below a value; the lowest one within `low..` where there is none.
fn class(value: i64, width: i64, low: i64) -> i64 {
    let rest = value.rem_euclid(width);
    match value.checked_sub(rest) {
        Some(class) if class >= low => class,
        _ => value.saturating_add(width - rest),
    }
}

fn number_class(value: Decimal, width: Decimal) -> Option<Decimal> {
    let scale = value.scale.max(width.scale);
    let (units, width) = (value.rescaled(scale)?.units, width.rescaled(scale)?.units);
    let units = units.checked_sub(units.rem_euclid(width))?;
    Some(Decimal { units, scale }.normalized())
}

/// The first day of the span that holds a day; days beyond the calendar stay.
fn first_day(day: i32, span: Span) -> i32 {
    let Some((year, month, _)) = date_from_days(day) else {
        return day;
    };
    let first = |year, month| days_from_date(year, month, 1).unwrap_or(day);
    match span {
        Span::Minute | Span::Hour | Span::Day => day,
        // 1970-01-01 was a Thursday; weeks begin on Monday.
        Span::Week => day.saturating_sub((day.rem_euclid(7) + 3) % 7),
        Span::Month => first(year, month),
        Span::Quarter => first(year, (month - 1) / 3 * 3 + 1),
        Span::Year => first(year, 1),
        Span::Decade => first(year - year.rem_euclid(10), 1),
        Span::Century => first(year - (year - 1).rem_euclid(100), 1),
    }
}

fn span_start(micros: i64, span: Span) -> i64 {
    let within = match span {
        Span::Minute => 60_000_000,
        Span::Hour => 3_600_000_000,
        _ => {
            let days = micros.div_euclid(MICROS_PER_DAY);
            return match i32::try_from(days) {
                Ok(day) => i64::from(first_day(day, span))
                    .saturating_mul(MICROS_PER_DAY)
                    .max(i64::MIN + 1),
                Err(_) => micros,
            };
        }
    };
    micros
        .saturating_sub(micros.rem_euclid(within))
        .max(i64::MIN + 1)
}

/// The network of an address, written as Postgres writes it.
fn network(text: &str, bits: u8) -> Option<String> {
    let (address, given) = match text.split_once('/') {
        Some((address, bits)) => (address, bits.parse().ok()?),
        None => (text, u8::MAX),
    };
    let (network, most) = match address.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => {
            let bits = bits.min(32).min(given);
            let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
            let network = u32::from(address) & mask;
            (IpAddr::V4(network.into()), bits)
        }
        IpAddr::V6(address) => {
            let bits = bits.min(given);
            let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
            let network = u128::from(address) & mask;
            (IpAddr::V6(network.into()), bits)
        }
    };
    Some(format!("{network}/{most}"))
}

impl Generalize {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a width has 50 bits before and after the point"
    )]
    fn double(&self, value: f64) -> f64 {
        let width = match &self.width {
            Width::Number(width) => width.units as f64 / 10_f64.powi(width.scale.cast_signed()),
            _ => return value,
        };
        (value / width).floor() * width
    }

    fn text(&self, text: &str) -> Result<Option<String>> {
        match &self.width {
            Width::Bits(bits) => Ok(network(text, *bits)),
            Width::Number(width) => Ok(match of_numeric("generalize", text)? {
                None => Some(text.to_owned()),
                Some(number) => number_class(number, *width).map(|class| class.to_string()),
            }),
            _ => Ok(None),
        }
    }
}

impl Mask for Generalize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a class of an f32 is an f32 at its scale"
    )]
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        macro_rules! whole {
            ($type:ty, $native:ty, $width:expr) => {
                Arc::new(values.as_primitive::<$type>().unary::<_, $type>(|v| {
                    let low = i64::from(<$native>::MIN);
                    <$native>::try_from(class(i64::from(v), $width, low)).unwrap_or(0)
                }))
            };
        }
        Ok(match (values.data_type(), &self.width) {
            (DataType::Int16, Width::Whole(width)) => whole!(Int16Type, i16, *width),
            (DataType::Int32, Width::Whole(width)) => whole!(Int32Type, i32, *width),
            (DataType::Int64, Width::Whole(width)) => whole!(Int64Type, i64, *width),
            (DataType::Float32, _) => Arc::new(
                values
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(|v| self.double(f64::from(v)) as f32),
            ),
            (DataType::Float64, _) => Arc::new(
                values
                    .as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(|v| self.double(v)),
            ),
            (DataType::Date32, Width::Span(span)) => {
                Arc::new(values.as_primitive::<Date32Type>().unary::<_, Date32Type>(
                    |day| match day {
                        i32::MIN | i32::MAX => day,
                        _ => first_day(day, *span),
                    },
                ))
            }
            (DataType::Time64(TimeUnit::Microsecond), Width::Span(span)) => Arc::new(
                values
                    .as_primitive::<Time64MicrosecondType>()
                    .unary::<_, Time64MicrosecondType>(|micros| span_start(micros, *span)),
            ),
            (DataType::Timestamp(TimeUnit::Microsecond, zone), Width::Span(span)) => {
                let starts = values
                    .as_primitive::<TimestampMicrosecondType>()
                    .unary::<_, TimestampMicrosecondType>(|micros| match micros {
                    i64::MIN | i64::MAX => micros,
                    _ => span_start(micros, *span),
                });
                Arc::new(starts.with_timezone_opt(zone.clone()))
            }
            (DataType::Utf8, _) => {
                let mut out = StringBuilder::new();
                for text in text_of(values)? {
                    let class = match text {
                        None => None,
                        // What cannot be computed is not shown either.
                        Some(text) => Some(self.text(text)?.unwrap_or_else(|| "0".to_owned())),
                    };
                    out.append_option(class);
                }
                Arc::new(out.finish())
            }
            _ => return Err(unexpected("generalize", values)),
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "generalize" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{format_date, parse_date};

    #[test]
    fn spans_begin_where_they_should() {
        for (span, expected) in [
            (Span::Day, "1987-06-05"),
            (Span::Week, "1987-06-01"),
            (Span::Month, "1987-06-01"),
            (Span::Quarter, "1987-04-01"),
            (Span::Year, "1987-01-01"),
            (Span::Decade, "1980-01-01"),
            (Span::Century, "1901-01-01"),
        ] {
            let day = parse_date("1987-06-05").unwrap();
            assert_eq!(format_date(first_day(day, span)), expected, "{span:?}");
            assert_eq!(first_day(first_day(day, span), span), first_day(day, span));
        }
    }

    #[test]
    fn networks() {
        for (address, bits, expected) in [
            ("192.0.2.77", 24, "192.0.2.0/24"),
            ("192.0.2.77", 128, "192.0.2.77/32"),
            ("192.0.2.77/16", 24, "192.0.0.0/16"),
            ("192.0.2.77", 0, "0.0.0.0/0"),
            ("2001:db8:1:2::9", 48, "2001:db8:1::/48"),
        ] {
            assert_eq!(network(address, bits).unwrap(), expected);
        }
    }
}
