//! `bucket`: replaces a number or date by the lower bound of the bucket it falls into.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Float32Type, Float64Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::Mask;
use super::arguments::{Arguments, limits};
use super::decimal::{Decimal, of_numeric};
use super::map::{text_of, unexpected};
use crate::calendar::{MICROS_PER_DAY, parse_date};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "bounds",
    parameter_type: ParameterType::Text,
    default: None,
    summary: "Lower bounds of the buckets in order, separated by commas, up to 1000: '0,18,30,50,65', or dates. What is below the first goes to the first.",
}];

struct Bucket {
    /// In order. Dates are microseconds since 1970-01-01.
    bounds: Vec<Decimal>,
}

pub(super) fn build(arguments: &Arguments<'_>, column_type: ColumnType) -> Result<Box<dyn Mask>> {
    let is_date = matches!(
        column_type,
        ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz
    );
    let text = arguments.text("bounds", 1..=9000)?;
    let bounds: Option<Vec<Decimal>> = text
        .split(',')
        .map(|bound| {
            let bound = bound.trim();
            if is_date {
                let days = parse_date(bound).filter(|days| days.unsigned_abs() < 3_000_000)?;
                Some(Decimal::whole(i128::from(i64::from(days) * MICROS_PER_DAY)))
            } else {
                let number = Decimal::parse(bound)?.normalized();
                (number.units.unsigned_abs() < 10_u128.pow(20) && number.scale <= 10)
                    .then_some(number)
            }
        })
        .collect();
    let kind = if is_date {
        "dates YYYY-MM-DD"
    } else {
        "numbers"
    };
    let bounds = bounds
        .filter(|bounds| bounds.len() <= 1000)
        .filter(|bounds| {
            bounds
                .windows(2)
                .all(|pair| pair[0].compare(pair[1]).is_lt())
        })
        .ok_or_else(|| {
            arguments.error(format!(
                "bounds must be up to 1000 {kind} in ascending order, separated by commas"
            ))
        })?;
    if let Some((low, high)) = limits(column_type)
        && !bounds.iter().all(|bound| {
            bound.scale == 0 && (i128::from(low)..=i128::from(high)).contains(&bound.units)
        })
    {
        return Err(arguments.error(format!(
            "bounds must be whole numbers from {low} to {high} in a column of this type"
        )));
    }
    Ok(Box::new(Bucket { bounds }))
}

impl Bucket {
    fn of(&self, value: Decimal) -> Decimal {
        let above = self
            .bounds
            .partition_point(|bound| bound.compare(value).is_le());
        self.bounds[above.saturating_sub(1)]
    }

    fn whole(&self, value: i64) -> i64 {
        i64::try_from(self.of(Decimal::whole(i128::from(value))).units).unwrap_or(0)
    }

    fn double(&self, value: f64) -> f64 {
        let as_double = |bound: &Decimal| bound.to_string().parse::<f64>().unwrap_or(0.0);
        if value.is_nan() {
            return value;
        }
        let above = self
            .bounds
            .partition_point(|bound| as_double(bound) <= value);
        as_double(&self.bounds[above.saturating_sub(1)])
    }
}

impl Mask for Bucket {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real is a rounded double"
    )]
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        macro_rules! whole {
            ($type:ty, $native:ty) => {
                Arc::new(values.as_primitive::<$type>().unary::<_, $type>(|v| {
                    <$native>::try_from(self.whole(i64::from(v))).unwrap_or(0)
                }))
            };
        }
        Ok(match values.data_type() {
            DataType::Int16 => whole!(Int16Type, i16),
            DataType::Int32 => whole!(Int32Type, i32),
            DataType::Int64 => whole!(Int64Type, i64),
            DataType::Float32 => Arc::new(
                values
                    .as_primitive::<Float32Type>()
                    .unary::<_, Float32Type>(|v| self.double(f64::from(v)) as f32),
            ),
            DataType::Float64 => Arc::new(
                values
                    .as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(|v| self.double(v)),
            ),
            DataType::Date32 => {
                Arc::new(values.as_primitive::<Date32Type>().unary::<_, Date32Type>(
                    |day| match day {
                        i32::MIN | i32::MAX => day,
                        _ => {
                            // Days of Postgres reach farther than microseconds: those lie beyond
                            // every bound.
                            let start = self.whole(i64::from(day).saturating_mul(MICROS_PER_DAY));
                            i32::try_from(start / MICROS_PER_DAY).unwrap_or(day)
                        }
                    },
                ))
            }
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let starts = values
                    .as_primitive::<TimestampMicrosecondType>()
                    .unary::<_, TimestampMicrosecondType>(|micros| match micros {
                    i64::MIN | i64::MAX => micros,
                    _ => self.whole(micros),
                });
                Arc::new(starts.with_timezone_opt(zone.clone()))
            }
            DataType::Utf8 => {
                let mut out = StringBuilder::new();
                for text in text_of(values)? {
                    let bound = match text {
                        None => None,
                        Some(text) => Some(match of_numeric("bucket", text)? {
                            None => text.to_owned(),
                            Some(number) => self.of(number).to_string(),
                        }),
                    };
                    out.append_option(bound);
                }
                Arc::new(out.finish())
            }
            _ => return Err(unexpected("bucket", values)),
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "bucket" })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Date32Array;

    use super::*;
    use crate::mask::{Rule, Target, build};
    use crate::secret::Secret;

    /// A date of Postgres may be 5,874,897 years after Christ, which is more microseconds than an
    /// i64 holds.
    #[test]
    fn days_beyond_microseconds_are_in_the_last_bucket() {
        let rule: Rule = "MASKED WITH bucket('1900-01-01,2000-01-01')"
            .parse()
            .unwrap();
        let mask = build(&rule, &Target::new(ColumnType::Date), &Secret::new([0; 32])).unwrap();
        let days: ArrayRef = Arc::new(Date32Array::from(vec![-730_000, 20_000, 2_145_031_948]));
        let masked = mask.apply(&days, &[]).unwrap();
        let masked: Vec<i32> = masked.as_primitive::<Date32Type>().values().to_vec();
        assert_eq!(masked, [-25_567, 10_957, 10_957]);
    }
}
