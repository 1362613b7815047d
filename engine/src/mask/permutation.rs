//! `permutation`: a keyed permutation of whole numbers, decimals and UUIDs, which can be undone.
//!
//! A number stays within its class, so that the result fits every type that holds the number and
//! does not depend on the column's: -32768 to -1, 1 to 32767, then up to 31 bits, then up to 63, on
//! either side of 0, which stays. Keys of type integer and references of type bigint so agree. A
//! decimal keeps its sign, its number of digits and how many of them stand after the point. A UUID
//! keeps its version and variant.

use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, Int32Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;

use super::arguments::{Arguments, limits};
use super::decimal::{Decimal, of_numeric};
use super::map::{text_of, unexpected};
use super::{Literal, Mask};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::{Cipher, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "minimum",
        parameter_type: ParameterType::Integer,
        default: Some("NULL"),
        summary: "Least of the values that are permuted among themselves, with maximum; whole numbers only. A value outside is an error.",
    },
    Parameter {
        name: "maximum",
        parameter_type: ParameterType::Integer,
        default: Some("NULL"),
        summary: "Greatest of these values.",
    },
];

struct Permuted {
    cipher: Cipher,
    bounds: Option<(i64, i64)>,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    column_type: ColumnType,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let limits = limits(column_type).unwrap_or((i64::MIN, i64::MAX));
    let bounds = match (arguments.literal("minimum"), arguments.literal("maximum")) {
        (Literal::Null, Literal::Null) => None,
        _ if matches!(column_type, ColumnType::Uuid | ColumnType::Numeric) => {
            return Err(arguments.error("minimum and maximum are for whole numbers"));
        }
        (Literal::Integer(low), Literal::Integer(high))
            if low < high && *low >= limits.0 && *high <= limits.1 =>
        {
            Some((*low, *high))
        }
        _ => {
            return Err(arguments.error(format!(
                "minimum and maximum must both be given as whole numbers from {} to {}, the first below the second",
                limits.0, limits.1
            )));
        }
    };
    Ok(Box::new(Permuted {
        cipher: secret.cipher("permutation"),
        bounds,
    }))
}

/// Tweaks of decimals, of bounded ranges and of UUIDs start here; classes of whole numbers are below.
const DECIMALS: u32 = 1 << 16;
const BOUNDED: u32 = 1 << 8;

/// First and last magnitude of a class, minus one.
const CLASSES: [(u64, u64); 3] = [
    (0, (1 << 15) - 2),
    ((1 << 15) - 1, (1 << 31) - 2),
    ((1 << 31) - 1, (1 << 63) - 2),
];

impl Permuted {
    fn permute(&self, n: u128, index: u128, tweak: u32, forward: bool) -> u128 {
        if forward {
            self.cipher.permute(n, index, tweak)
        } else {
            self.cipher.unpermute(n, index, tweak)
        }
    }

    fn whole(&self, value: i64, forward: bool) -> Result<i64> {
        if let Some((low, high)) = self.bounds {
            if !(low..=high).contains(&value) {
                return Err(Error::Argument {
                    entry: "permutation",
                    problem: "a value is outside minimum and maximum; widen them".to_owned(),
                });
            }
            let n = u128::from(high.abs_diff(low)) + 1;
            let index = u128::from(value.abs_diff(low));
            let to = self.permute(n, index, BOUNDED, forward);
            let to = i128::from(low) + i128::try_from(to).unwrap_or(0);
            return Ok(i64::try_from(to).unwrap_or(value));
        }
        if value == 0 {
            return Ok(0);
        }
        // Magnitudes count from 0; the least number of each type has a class mate less.
        let magnitude = value.unsigned_abs() - 1;
        for (class, (first, last)) in (0_u32..).zip(CLASSES) {
            // Negative numbers have one more: -32768 fits where 32768 does not.
            let (first, last) = if value < 0 {
                (if first == 0 { 0 } else { first + 1 }, last + 1)
            } else {
                (first, last)
            };
            if !(first..=last).contains(&magnitude) {
                continue;
            }
            let tweak = class * 2 + u32::from(value < 0);
            let n = u128::from(last - first) + 1;
            let to = self.permute(n, u128::from(magnitude - first), tweak, forward);
            let magnitude = i128::from(first) + i128::try_from(to).unwrap_or(0) + 1;
            let signed = if value < 0 { -magnitude } else { magnitude };
            return Ok(i64::try_from(signed).unwrap_or(value));
        }
        Ok(value)
    }

    fn decimal(&self, number: Decimal, forward: bool) -> Decimal {
        let units = number.units.unsigned_abs();
        if units == 0 {
            return number;
        }
        let digits = units.ilog10();
        let first = 10_u128.pow(digits);
        let n = 9 * first;
        let sign = u32::from(number.units < 0);
        let tweak = DECIMALS + ((number.scale * 64 + digits) * 2 + sign);
        let mut to = units;
        // A last zero after the point would be dropped: walk on to the next that has none.
        loop {
            to = first + self.permute(n, to - first, tweak, forward);
            if number.scale == 0 || !to.is_multiple_of(10) {
                break;
            }
        }
        let to = i128::try_from(to).unwrap_or(0);
        Decimal {
            units: if number.units < 0 { -to } else { to },
            scale: number.scale,
        }
    }

    fn uuid(&self, bytes: [u8; 16], forward: bool) -> [u8; 16] {
        // Version in the high half of byte 6, variant in the high bits of byte 8 (RFC 9562).
        let class = |bytes: &[u8; 16]| (bytes[6] & 0xF0, bytes[8] & 0xC0);
        let mut to = bytes;
        loop {
            to = if forward {
                self.cipher.encrypt(to)
            } else {
                self.cipher.decrypt(to)
            };
            if class(&to) == class(&bytes) {
                return to;
            }
        }
    }

    fn run(&self, values: &ArrayRef, forward: bool) -> Result<ArrayRef> {
        macro_rules! whole {
            ($type:ty, $native:ty) => {
                Arc::new(
                    values
                        .as_primitive::<$type>()
                        .try_unary::<_, $type, _>(|v| {
                            let to = self.whole(i64::from(v), forward)?;
                            Ok::<_, Error>(<$native>::try_from(to).unwrap_or(v))
                        })?,
                )
            };
        }
        Ok(match values.data_type() {
            DataType::Int16 => whole!(Int16Type, i16),
            DataType::Int32 => whole!(Int32Type, i32),
            DataType::Int64 => whole!(Int64Type, i64),
            DataType::FixedSizeBinary(16) => {
                let mut out = FixedSizeBinaryBuilder::with_capacity(values.len(), 16);
                for value in values.as_fixed_size_binary() {
                    match value.and_then(|value| <[u8; 16]>::try_from(value).ok()) {
                        Some(bytes) => out.append_value(self.uuid(bytes, forward))?,
                        None => out.append_null(),
                    }
                }
                Arc::new(out.finish())
            }
            DataType::Utf8 => {
                let mut out = StringBuilder::new();
                for text in text_of(values)? {
                    let masked = match text {
                        None => None,
                        Some(text) => Some(match of_numeric("permutation", text)? {
                            None => text.to_owned(),
                            Some(number) => self.decimal(number, forward).to_string(),
                        }),
                    };
                    out.append_option(masked);
                }
                Arc::new(out.finish())
            }
            _ => return Err(unexpected("permutation", values)),
        })
    }
}

impl Mask for Permuted {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, true)
    }

    fn unmask(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, false)
    }
}
