//! `generalize`: rounds numbers down to multiples of a width.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::{Literal, Mask, integer};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "width",
    parameter_type: ParameterType::Integer,
    default: None,
    summary: "Width of a class, 1 to 1000000000: 10 turns 37 into 30.",
}];

struct Generalize {
    width: i64,
}

pub(super) fn build(arguments: &[Literal]) -> Result<Box<dyn Mask>> {
    let width = arguments.first().unwrap_or(&Literal::Null);
    let width = integer("generalize", "width", width, 1..=1_000_000_000)?;
    Ok(Box::new(Generalize { width }))
}

impl Generalize {
    /// The multiple of the width at or below a value; the lowest one within `low..` where there
    /// is none.
    fn class(&self, value: i64, low: i64) -> i64 {
        let rest = value.rem_euclid(self.width);
        match value.checked_sub(rest) {
            Some(class) if class >= low => class,
            _ => value.saturating_add(self.width - rest),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a width has 30 bits")]
    fn float_class(&self, value: f64) -> f64 {
        let width = self.width as f64;
        (value / width).floor() * width
    }
}

impl Mask for Generalize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a class of an f32 is an f32 at its scale"
    )]
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef> {
        Ok(match values.data_type() {
            DataType::Int16 => {
                let class = |v: i16| {
                    i16::try_from(self.class(i64::from(v), i64::from(i16::MIN))).unwrap_or(0)
                };
                Arc::new(
                    values
                        .as_primitive::<Int16Type>()
                        .unary::<_, Int16Type>(class),
                )
            }
            DataType::Int32 => {
                let class = |v: i32| {
                    i32::try_from(self.class(i64::from(v), i64::from(i32::MIN))).unwrap_or(0)
                };
                Arc::new(
                    values
                        .as_primitive::<Int32Type>()
                        .unary::<_, Int32Type>(class),
                )
            }
            DataType::Int64 => {
                let class = |v: i64| self.class(v, i64::MIN);
                Arc::new(
                    values
                        .as_primitive::<Int64Type>()
                        .unary::<_, Int64Type>(class),
                )
            }
            DataType::Float32 => {
                let class = |v: f32| self.float_class(f64::from(v)) as f32;
                Arc::new(
                    values
                        .as_primitive::<Float32Type>()
                        .unary::<_, Float32Type>(class),
                )
            }
            DataType::Float64 => {
                let class = |v: f64| self.float_class(v);
                Arc::new(
                    values
                        .as_primitive::<Float64Type>()
                        .unary::<_, Float64Type>(class),
                )
            }
            other => return Err(Error::Arrow(format!("generalize cannot take {other}"))),
        })
    }
}
