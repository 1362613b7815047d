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
    if amount.is_none() && ratio.is_none() {
        return Err(arguments.error("takes ratio or amount"));
    }
    let whole = !matches!(
        column_type,
        ColumnType::Real | ColumnType::Double | ColumnType::Numeric
    );
    if whole && amount.is_some_and(|amount| amount.floor() < 1) {
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
                Some(if up { floor + 1 } else { floor })
            });
            units.unwrap_or(end)
        };
        let low = bound(self.minimum, least, true).max(least);
        let high = bound(self.maximum, most, false).min(most);
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

    fn double(&self, value: f64) -> f64 {
        if !value.is_finite() {
            return value;
        }
        let entropy = self.entropy(&value.to_string());
        let reach = self.amount.map_or(value.abs() * self.ratio, as_double);
        let reach = if reach == 0.0 { self.ratio } else { reach };
        // Between a hundredth and the whole of it: never nothing.
        let step = reach * (0.01 + 0.99 * unit(entropy << 1));
        let step = if entropy >> 63 == 1 { step } else { -step };
        let low = self.minimum.map_or(f64::MIN, as_double);
        let high = self.maximum.map_or(f64::MAX, as_double);
        [value + step, value - step]
            .into_iter()
            .find(|moved| (low..=high).contains(moved))
            .unwrap_or_else(|| (low + (high - low) * unit(entropy)).clamp(low, high))
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
                    .unary::<_, Float32Type>(|v| self.double(f64::from(v)) as f32),
            ),
            DataType::Float64 => Arc::new(
                values
                    .as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(|v| self.double(v)),
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
