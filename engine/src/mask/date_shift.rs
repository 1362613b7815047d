//! `date_shift`: moves dates by a keyed number of days.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, TimestampMicrosecondType};
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

use super::{Literal, Mask, integer};
use crate::calendar::MICROS_PER_DAY;
use crate::entropy::below;
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "days",
    parameter_type: ParameterType::Integer,
    default: Some("365"),
    summary: "The most days by which a date moves, 1 to 36500.",
}];

struct DateShift {
    key: DomainKey,
    days: u64,
}

pub(super) fn build(arguments: &[Literal], secret: &Secret) -> Result<Box<dyn Mask>> {
    let days = arguments.first().unwrap_or(&Literal::Null);
    let days = integer("date_shift", "days", days, 1..=36_500)?;
    Ok(Box::new(DateShift {
        key: secret.key("date_shift"),
        days: days.unsigned_abs(),
    }))
}

impl DateShift {
    /// How far to move what happened on a day: from -days to -1 and from 1 to days.
    fn shift(&self, day: i64) -> i64 {
        let draw = below(self.key.words(&day.to_le_bytes())[0], 2 * self.days);
        let shift = draw.cast_signed() - self.days.cast_signed();
        if shift < 0 { shift } else { shift + 1 }
    }
}

impl Mask for DateShift {
    /// The extreme values stand for infinite dates and stay.
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef> {
        match values.data_type() {
            DataType::Date32 => Ok(Arc::new(
                values
                    .as_primitive::<Date32Type>()
                    .unary::<_, Date32Type>(|day| match day {
                        i32::MIN | i32::MAX => day,
                        _ => {
                            let moved = i64::from(day) + self.shift(i64::from(day));
                            i32::try_from(moved).unwrap_or(day)
                        }
                    }),
            )),
            DataType::Timestamp(TimeUnit::Microsecond, zone) => {
                let moved = values
                    .as_primitive::<TimestampMicrosecondType>()
                    .unary::<_, TimestampMicrosecondType>(|micros| match micros {
                    i64::MIN | i64::MAX => micros,
                    _ => {
                        let shift = self.shift(micros.div_euclid(MICROS_PER_DAY));
                        let moved = micros.saturating_add(shift * MICROS_PER_DAY);
                        // A finite time stays finite.
                        moved.clamp(i64::MIN + 1, i64::MAX - 1)
                    }
                });
                Ok(Arc::new(moved.with_timezone_opt(zone.clone())))
            }
            other => Err(Error::Arrow(format!("date_shift cannot take {other}"))),
        }
    }
}
