//! Decimal numbers, exact.

use std::cmp::Ordering;
use std::fmt;

/// A decimal number: `units` times ten to the power of minus `scale`. Two numbers are equal if
/// they are written alike; [`Decimal::compare`] compares them by value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits.
    pub units: i128,
    /// How many of them stand after the point.
    pub scale: u32,
}

/// Digits after the point beyond which numbers are not computed with.
const MAX_SCALE: u32 = 30;

impl Decimal {
    /// A whole number.
    pub const fn whole(units: i128) -> Self {
        Self { units, scale: 0 }
    }

    /// Reads `-12.50`, `3`, `1e-3`; `None` if it is no number or has too many digits.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (negative, digits) = match mantissa.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, mantissa.strip_prefix('+').unwrap_or(mantissa)),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0 {
            return None;
        }
        let mut units = 0_i128;
        for digit in whole.chars().chain(fraction.chars()) {
            let digit = i128::from(digit.to_digit(10)?);
            units = units.checked_mul(10)?.checked_add(digit)?;
        }
        if negative {
            units = -units;
        }
        let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        match u32::try_from(scale) {
            Ok(scale) if scale <= MAX_SCALE => Some(Self { units, scale }),
            Ok(_) => None,
            Err(_) => Some(Self::whole(
                units.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?,
            )),
        }
    }

    /// The same number with `scale` digits after the point, if it has no more than these.
    pub fn rescaled(self, scale: u32) -> Option<Self> {
        let units = if scale >= self.scale {
            self.units
                .checked_mul(10_i128.checked_pow(scale - self.scale)?)?
        } else {
            let divisor = 10_i128.checked_pow(self.scale - scale)?;
            if self.units % divisor != 0 {
                return None;
            }
            self.units / divisor
        };
        Some(Self { units, scale })
    }

    /// Rounded to `scale` digits after the point, halves away from zero, as `round(numeric)` does.
    pub fn rounded(self, scale: u32) -> Option<Self> {
        if scale >= self.scale {
            return self.rescaled(scale);
        }
        let divisor = 10_i128.checked_pow(self.scale - scale)?;
        let (quotient, rest) = (self.units / divisor, self.units % divisor);
        let away = i128::from(rest.abs() * 2 >= divisor) * self.units.signum();
        Some(Self {
            units: quotient + away,
            scale,
        })
    }

    /// The number without needless zeros after the point.
    #[must_use]
    pub fn normalized(self) -> Self {
        let mut number = self;
        while number.scale > 0 && number.units % 10 == 0 {
            number.units /= 10;
            number.scale -= 1;
        }
        number
    }

    /// The largest whole number not above it.
    pub fn floor(self) -> i128 {
        10_i128
            .checked_pow(self.scale)
            .map_or(0, |divisor| self.units.div_euclid(divisor))
    }

    /// Whether there are no digits but zeros after the point.
    pub fn is_whole(self) -> bool {
        self.normalized().scale == 0
    }

    fn aligned(self, other: Self) -> Option<(i128, i128, u32)> {
        let scale = self.scale.max(other.scale);
        Some((
            self.rescaled(scale)?.units,
            other.rescaled(scale)?.units,
            scale,
        ))
    }

    /// The sum.
    pub fn plus(self, other: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(other)?;
        Some(Self {
            units: a.checked_add(b)?,
            scale,
        })
    }

    /// The product.
    pub fn times(self, other: Self) -> Option<Self> {
        let scale = self.scale + other.scale;
        (scale <= MAX_SCALE).then_some(())?;
        Some(Self {
            units: self.units.checked_mul(other.units)?,
            scale,
        })
    }

    /// The quotient, where it has an end; an unending one Postgres rounds by rules of its own.
    pub fn quotient(self, divisor: Self) -> Option<Self> {
        let (a, b, _) = self.aligned(divisor)?;
        (0..=16).find_map(|scale| {
            let a = a.checked_mul(10_i128.checked_pow(scale)?)?;
            let units = a.checked_div(b)?;
            (units * b == a).then_some(Self { units, scale })
        })
    }

    /// The remainder, with the sign of the dividend.
    pub fn remainder(self, divisor: Self) -> Option<Self> {
        let (a, b, scale) = self.aligned(divisor)?;
        Some(Self {
            units: a.checked_rem(b)?,
            scale,
        })
    }

    /// The number with the opposite sign.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            units: self.units.wrapping_neg(),
            scale: self.scale,
        }
    }

    /// Compares by value.
    pub fn compare(self, other: Self) -> Ordering {
        self.aligned(other).map_or_else(
            // Too large to align: the whole parts decide.
            || self.floor().cmp(&other.floor()),
            |(a, b, _)| a.cmp(&b),
        )
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.units < 0 {
            f.write_str("-")?;
        }
        let digits = self.units.unsigned_abs().to_string();
        let scale = usize::try_from(self.scale).unwrap_or(0);
        if scale == 0 {
            return f.write_str(&digits);
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        write!(f, "{whole}.{fraction}")
    }
}
