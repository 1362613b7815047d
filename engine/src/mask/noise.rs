//! `noise`: moves a number by a keyed amount.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::Mask;
use super::arguments::Arguments;
use super::decimal::{Decimal, of_literal, of_numeric};
use super::map::{text_of, unexpected};
use crate::entropy::unit;
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "ratio",
        parameter_type: ParameterType::Number,
        default: Some("0.1"),
        summary: "The most by which a number moves, as a part of it, above 0 to 10: 0.1 is a tenth. At least by one of its last digit.",
    },
    Parameter {
        name: "amount",
        parameter_type: ParameterType::Number,
        default: Some("NULL"),
        summary: "The most by which a number moves, in its unit, above 0 to 10^15, instead of ratio.",
    },
    Parameter {
        name: "minimum",
        parameter_type: ParameterType::Number,
        default: Some("NULL"),
        summary: "Results are not below it.",
    },
    Parameter {
        name: "maximum",
        parameter_type: ParameterType::Number,
        default: Some("NULL"),
        summary: "Results are not above it.",
    },
];

struct Noise {
    key: DomainKey,
    ratio: f64,
    amount: Option<Decimal>,
    minimum: Option<Decimal>,
    maximum: Option<Decimal>,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    column_type: ColumnType,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let number = |name: &str| -> Result<Option<Decimal>> {
        match arguments.number(name)? {
            None => Ok(None),
            Some(literal) => of_literal(literal)
                .filter(|number| {
                    number.units.unsigned_abs() < 10_u128.pow(30) && number.scale <= 15
                })
                .map(Some)
                .ok_or_else(|| arguments.error(format!("{name} has too many digits"))),
        }
    };
    let positive = |name: &str, most: i128, words: &str| -> Result<Option<Decimal>> {
        let number = number(name)?;
        let good = number.is_none_or(|n| n.units > 0 && n.compare(Decimal::whole(most)).is_le());
        good.then_some(number).ok_or_else(|| {
            arguments.error(format!("{name} must be a number above 0, up to {words}"))
        })
    };
    let ratio = positive("ratio", 10, "10")?;
    let amount = positive("amount", 1_000_000_000_000_000, "10^15")?;
    let (minimum, maximum) = (number("minimum")?, number("maximum")?);
    if let (Some(low), Some(high)) = (minimum, maximum)
        && low.compare(high).is_ge()
    {
        return Err(arguments.error("minimum must be below maximum"));
    }
    let (least, most) = range(column_type);
    let (low, high) = (
        minimum.map_or(least, as_double),
        maximum.map_or(most, as_double),
    );
    let possible = if is_whole(column_type) {
        low.ceil() <= high.floor() && low <= most && high >= least
    } else {
        Floats::of(column_type).within(low, high).is_some()
    };
    if !possible {
        return Err(
            arguments.error("no value of the column's type lies between minimum and maximum")
        );
    }
    if amount.is_none() && ratio.is_none() {
        return Err(arguments.error("takes ratio or amount"));
    }
    if is_whole(column_type) && amount.is_some_and(|amount| amount.floor() < 1) {
        return Err(arguments.error("amount must be 1 or more for whole numbers"));
    }
    Ok(Box::new(Noise {
        key: secret.key("noise"),
        ratio: ratio.map_or(0.0, as_double),
        amount,
        minimum,
        maximum,
    }))
}

fn is_whole(column_type: ColumnType) -> bool {
    !matches!(
        column_type,
        ColumnType::Real | ColumnType::Double | ColumnType::Numeric
    )
}

/// The least and greatest number of a type, as far as a double tells them.
#[expect(
    clippy::cast_precision_loss,
    reason = "the ends of a bigint, rounded outwards"
)]
fn range(column_type: ColumnType) -> (f64, f64) {
    match column_type {
        ColumnType::SmallInt => (f64::from(i16::MIN), f64::from(i16::MAX)),
        ColumnType::Integer => (f64::from(i32::MIN), f64::from(i32::MAX)),
        ColumnType::BigInt => (i64::MIN as f64, i64::MAX as f64),
        ColumnType::Real => (f64::from(f32::MIN), f64::from(f32::MAX)),
        _ => (f64::MIN, f64::MAX),
    }
}

/// Numbers of a binary type, as doubles.
#[derive(Clone, Copy)]
struct Floats {
    single: bool,
}

impl Floats {
    fn of(column_type: ColumnType) -> Self {
        Self {
            single: column_type == ColumnType::Real,
        }
    }

    /// The nearest number of the type; infinite beyond its range.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real is a rounded double"
    )]
    fn round(self, value: f64) -> f64 {
        if self.single {
            f64::from(value as f32)
        } else {
            value
        }
    }

    /// The next number of the type.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real is a rounded double"
    )]
    fn next(self, value: f64, up: bool) -> f64 {
        match (self.single, up) {
            (true, true) => f64::from((value as f32).next_up()),
            (true, false) => f64::from((value as f32).next_down()),
            (false, true) => value.next_up(),
            (false, false) => value.next_down(),
        }
    }

    /// The least and the greatest number of the type within bounds, if there is one.
    fn within(self, low: f64, high: f64) -> Option<(f64, f64)> {
        let (mut least, mut most) = (self.round(low), self.round(high));
        if least < low {
            least = self.next(least, true);
        }
        if most > high {
            most = self.next(most, false);
        }
        (least <= most && least.is_finite() && most.is_finite()).then_some((least, most))
    }
}

fn as_double(number: Decimal) -> f64 {
    number.to_string().parse().unwrap_or(0.0)
}

impl Noise {
    fn entropy(&self, text: &str) -> u64 {
        self.key.words(text.as_bytes())[0]
    }

    /// A number moved by at least one unit of its last digit.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a part of a number, cut to whole units"
    )]
    fn decimal(&self, value: Decimal, least: i128, most: i128) -> Option<Decimal> {
        let scale = value
            .scale
            .max(self.amount.map_or(0, |amount| amount.scale));
        let units = value.rescaled(scale)?.units;
        let reach = match self.amount {
            Some(amount) => amount.rescaled(scale)?.units,
            None => ((units.unsigned_abs() as f64) * self.ratio) as i128,
        }
        .max(1);
        let entropy = self.entropy(&value.to_string());
        let reach_64 = u64::try_from(reach)
            .unwrap_or(u64::MAX >> 1)
            .min(u64::MAX >> 1);
        // 1 to reach, either way; a reach beyond 63 bits is scaled up.
        let step = i128::from(crate::entropy::below(entropy << 1, reach_64)) + 1;
        let step = step.checked_mul(reach / i128::from(reach_64).max(1))?;
        let step = if entropy >> 63 == 1 { step } else { -step };
        let bound = |bound: Option<Decimal>, end: i128, up: bool| {
            let units = bound.and_then(|bound| {
                if let Some(bound) = bound.rescaled(scale) {
                    return Some(bound.units);
                }
                // More digits than the value: the next within.
                let cut = 10_i128.checked_pow(bound.scale.checked_sub(scale)?)?;
                let floor = bound.units.div_euclid(cut);
                let above = up && bound.units.rem_euclid(cut) != 0;
                Some(floor + i128::from(above))
            });
            units.unwrap_or(end)
        };
        let low = bound(self.minimum, least, true).max(least);
        let high = bound(self.maximum, most, false).min(most);
        if low > high {
            // Between 1.2 and 1.8 there is no whole number: one of as many digits as the bounds have.
            let bounds = [self.minimum, self.maximum].into_iter().flatten();
            let finer = bounds
                .map(|bound| bound.scale)
                .max()
                .filter(|s| *s > scale)?;
            return self.decimal(value.rescaled(finer)?, least, most);
        }
        // What would leave the bounds goes the other way.
        let moved = [units.saturating_add(step), units.saturating_sub(step)]
            .into_iter()
            .find(|moved| (low..=high).contains(moved))
            .unwrap_or_else(|| {
                // Neither fits: anywhere between the bounds.
                let width = u64::try_from(high.saturating_sub(low)).unwrap_or(u64::MAX - 1);
                low + i128::from(crate::entropy::below(entropy, width.saturating_add(1)))
            });
        Some(Decimal {
            units: moved,
            scale,
        })
    }

    fn whole(&self, value: i64, least: i64, most: i64) -> i64 {
        let value = Decimal::whole(i128::from(value));
        let (least, most) = (i128::from(least), i128::from(most));
        self.decimal(value, least, most)
            .and_then(|moved| i64::try_from(moved.floor()).ok())
            .unwrap_or(0)
    }

    #[expect(
        clippy::float_cmp,
        reason = "whether rounding has given the very same number"
    )]
    fn double(&self, value: f64, floats: Floats) -> f64 {
        if !value.is_finite() {
            return value;
        }
        let entropy = self.entropy(&value.to_string());
        let reach = self.amount.map_or(value.abs() * self.ratio, as_double);
        let reach = if reach == 0.0 { self.ratio } else { reach };
        // Between a hundredth and the whole of it: never nothing.
        let step = reach * (0.01 + 0.99 * unit(entropy << 1));
        let step = if entropy >> 63 == 1 { step } else { -step };
        let ends = if floats.single {
            range(ColumnType::Real)
        } else {
            range(ColumnType::Double)
        };
        let low = self.minimum.map_or(ends.0, as_double).max(ends.0);
        let high = self.maximum.map_or(ends.1, as_double).min(ends.1);
        let (low, high) = floats.within(low, high).unwrap_or(ends);
        [step, -step]
            .into_iter()
            .map(|step| {
                let moved = floats.round(value + step);
                // A step that the number's digits do not show is one of its last digit.
                if moved == value {
                    floats.next(value, step > 0.0)
                } else {
                    moved
                }
            })
            .find(|moved| (low..=high).contains(moved))
            .unwrap_or_else(|| {
                let part = unit(entropy);
                floats
                    .round(low * (1.0 - part) + high * part)
                    .clamp(low, high)
            })
    }
}

impl Mask for Noise {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real is a rounded double"
    )]
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        macro_rules! whole {
            ($type:ty, $native:ty) => {
                Arc::new(values.as_primitive::<$type>().unary::<_, $type>(|v| {
                    let (least, most) = (i64::from(<$native>::MIN), i64::from(<$native>::MAX));
                    <$native>::try_from(self.whole(i64::from(v), least, most)).unwrap_or(0)
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
                    .unary::<_, Float32Type>(|v| {
                        self.double(f64::from(v), Floats { single: true }) as f32
                    }),
            ),
            DataType::Float64 => Arc::new(
                values
                    .as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(|v| self.double(v, Floats { single: false })),
            ),
            DataType::Utf8 => {
                let mut out = StringBuilder::new();
                for text in text_of(values)? {
                    let masked = match text {
                        None => None,
                        Some(text) => match of_numeric("noise", text)? {
                            None => Some(text.to_owned()),
                            Some(number) => {
                                let limit = 10_i128.pow(38) - 1;
                                let moved = self.decimal(number, -limit, limit);
                                Some(moved.map_or_else(|| "0".to_owned(), |n| n.to_string()))
                            }
                        },
                    };
                    out.append_option(masked);
                }
                Arc::new(out.finish())
            }
            _ => return Err(unexpected("noise", values)),
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "noise" })
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::{Float32Array, Float64Array, Int16Array, StringArray};

    use super::*;
    use crate::mask::{Rule, Target, build};

    fn mask(rule: &str, column_type: ColumnType) -> Result<Box<dyn Mask>> {
        let rule: Rule = format!("MASKED WITH {rule}").parse()?;
        build(&rule, &Target::new(column_type), &Secret::new([1; 32]))
    }

    /// What no value can meet is refused with the rule, not written as something else.
    #[test]
    fn bounds_that_no_value_meets_are_refused() {
        for (rule, column_type) in [
            ("noise(minimum => 100000)", ColumnType::SmallInt),
            ("noise(maximum => -32769)", ColumnType::SmallInt),
            ("noise(minimum => 3000000000)", ColumnType::Integer),
            (
                "noise(maximum => -10000000000000000000)",
                ColumnType::BigInt,
            ),
            ("noise(minimum => 1.2, maximum => 1.8)", ColumnType::Integer),
            (
                "noise(minimum => 1.00000001, maximum => 1.00000002)",
                ColumnType::Real,
            ),
        ] {
            let refused = mask(rule, column_type).err().map(|error| error.to_string());
            assert!(
                refused
                    .as_ref()
                    .is_some_and(|why| why.contains("lies between")),
                "{rule}: {refused:?}"
            );
        }
        for (rule, column_type) in [
            (
                "noise(minimum => -100000, maximum => 100000)",
                ColumnType::SmallInt,
            ),
            ("noise(minimum => 1.2, maximum => 2)", ColumnType::Integer),
            ("noise(minimum => 1.2, maximum => 1.8)", ColumnType::Numeric),
        ] {
            assert!(mask(rule, column_type).is_ok(), "{rule}");
        }
    }

    #[test]
    fn bounds_hold_whatever_the_digits() {
        let values: ArrayRef = Arc::new(StringArray::from(vec!["1", "7", "1.25", "-3"]));
        let masked = mask("noise(minimum => 1.2, maximum => 1.8)", ColumnType::Numeric)
            .unwrap()
            .apply(&values, &[])
            .unwrap();
        for value in masked.as_string::<i32>() {
            let number: f64 = value.unwrap().parse().unwrap();
            assert!((1.2..=1.8).contains(&number), "{number}");
        }
        let values: ArrayRef = Arc::new(Int16Array::from_iter_values((0..50).map(|i| i * 600)));
        let masked = mask(
            "noise(minimum => 30000, maximum => 100000)",
            ColumnType::SmallInt,
        )
        .unwrap()
        .apply(&values, &[])
        .unwrap();
        for value in masked.as_primitive::<Int16Type>().values() {
            assert!(*value >= 30000, "{value}");
        }
    }

    /// A step smaller than the last digit of a number is one of that digit; a real stays finite.
    #[test]
    fn every_number_moves_and_stays_finite() {
        let large = [
            1e17,
            -1e17,
            1e300,
            4_503_599_627_370_496.5,
            f64::MAX,
            f64::MIN,
            0.0,
        ];
        let values: ArrayRef = Arc::new(Float64Array::from(large.to_vec()));
        for rule in ["noise(amount => 1)", "noise(10)"] {
            let masked = mask(rule, ColumnType::Double)
                .unwrap()
                .apply(&values, &[])
                .unwrap();
            for (value, masked) in large
                .iter()
                .zip(masked.as_primitive::<Float64Type>().values())
            {
                assert!(
                    masked != value && masked.is_finite(),
                    "{rule}: {value} gives {masked}"
                );
            }
        }
        let large = [1e10_f32, 3e38, f32::MAX, f32::MIN, 16_777_216.0];
        let values: ArrayRef = Arc::new(Float32Array::from(large.to_vec()));
        for rule in ["noise(amount => 1)", "noise(0.5)", "noise(10)"] {
            let masked = mask(rule, ColumnType::Real)
                .unwrap()
                .apply(&values, &[])
                .unwrap();
            for (value, masked) in large
                .iter()
                .zip(masked.as_primitive::<Float32Type>().values())
            {
                assert!(
                    masked != value && masked.is_finite(),
                    "{rule}: {value} gives {masked}"
                );
            }
        }
    }
}
