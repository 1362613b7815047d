//! Decimal numbers as Postgres stores them.
//!
//! `numeric` is a variable-length value: a header with sign, places and weight, then digits to the base
//! 10,000 (utils/adt/numeric.c, short format). It is written straight from the whole number of last places
//! that a generated decimal is; going through text would take as long as making the row.

/// Bytes that a stored number takes at most: header of the value, header of the number, and six digits
/// to the base of 10,000, for 18 decimal digits split anywhere by the point.
pub const LONGEST: usize = 1 + 2 + 2 * 6;

const BASE: u64 = 10_000;
const BASE_DIGITS: u32 = 4;

/// A number in its stored form, with the header of one byte that short values have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stored {
    bytes: [u8; LONGEST],
    length: usize,
}

impl Stored {
    /// The number `value` in units of the last of `scale` places (0 to 18), of up to 18 digits.
    #[inline]
    pub fn new(value: i64, scale: u8) -> Self {
        let scale = u32::from(scale);
        let groups = scale.div_ceil(BASE_DIGITS);
        let unit = 10_u64.pow(scale);
        let magnitude = value.unsigned_abs();
        let (mut whole, fraction) = (magnitude / unit, magnitude % unit);
        // Digits from the last to the first.
        let mut digits = [0_u16; 11];
        let mut count = 0;
        let mut push = |digit: u64| {
            digits[count] = digit as u16;
            count += 1;
        };
        // At most 18 places make 5 groups of 4: padded to them the fraction is below 10^20.
        let padded = u128::from(fraction) * 10_u128.pow(groups * BASE_DIGITS - scale);
        let mut rest = padded;
        for _ in 0..groups {
            push((rest % u128::from(BASE)) as u64);
            rest /= u128::from(BASE);
        }
        while whole > 0 {
            push(whole % BASE);
            whole /= BASE;
        }
        let digits = &digits[..count];
        let first = digits.iter().take_while(|&&digit| digit == 0).count();
        let last = count - digits.iter().rev().take_while(|&&digit| digit == 0).count();
        let stored: &[u16] = if first < last {
            &digits[first..last]
        } else {
            &[]
        };

        let weight = if stored.is_empty() {
            0
        } else {
            last as i32 - 1 - groups as i32
        };
        let mut header = 0x8000_u16 | (scale as u16) << 7 | (weight as u16 & 0x3F);
        if weight < 0 {
            header |= 0x40;
        }
        if value < 0 && !stored.is_empty() {
            header |= 0x2000;
        }
        let mut bytes = [0; LONGEST];
        let length = 3 + 2 * stored.len();
        bytes[0] = ((length as u8) << 1) | 1;
        bytes[1..3].copy_from_slice(&header.to_ne_bytes());
        for (index, digit) in stored.iter().rev().enumerate() {
            bytes[3 + 2 * index..5 + 2 * index].copy_from_slice(&digit.to_ne_bytes());
        }
        Self { bytes, length }
    }

    /// The stored bytes.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
