//! Decimal numbers as Postgres's type `numeric` stores them, with their length word.
//!
//! The layout is that of Postgres's `utils/adt/numeric.c`: digits to the base 10,000, of which the first
//! has a weight; how many decimal digits are shown after the point (the scale) does not follow from
//! them, since 1.50 is not written as 1.5.

/// The base of digits.
const BASE: u64 = 10_000;
/// Decimal digits in a digit.
const WIDTH: usize = 4;

/// Appends `units`, divided by ten `places` times.
pub fn write(units: i64, places: u8, out: &mut Vec<u8>) {
    let places = usize::from(places);
    let filler = places.wrapping_neg() % WIDTH;
    let mut rest = u128::from(units.unsigned_abs()) * [1, 10, 100, 1000][filler];
    // 2^63 * 1000 has six digits to the base 10,000.
    let mut digits = [0; 6];
    let mut first = digits.len();
    while rest > 0 && first > 0 {
        first -= 1;
        digits[first] = u16::try_from(rest % u128::from(BASE)).unwrap_or(0);
        rest /= u128::from(BASE);
    }
    let whole = digits.len() - first;
    let weight = i32::try_from(whole).unwrap_or(0)
        - i32::try_from((places + filler) / WIDTH).unwrap_or(0)
        - 1;
    put(units < 0, weight, places, &digits[first..], out);
}

/// Appends a number of JSON; other text is read as far as it is one.
pub fn write_text(text: &[u8], out: &mut Vec<u8>) {
    let (negative, text) = match text.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let exponent = text.iter().position(|byte| matches!(byte, b'e' | b'E'));
    let (mantissa, exponent) = match exponent {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok()),
        None => (text, None),
    };
    let exponent: i32 = exponent.and_then(|text| text.parse().ok()).unwrap_or(0);
    let whole = (mantissa.iter().position(|&byte| byte == b'.')).unwrap_or(mantissa.len());
    let decimals: Vec<u8> = (mantissa.iter())
        .filter(|byte| byte.is_ascii_digit())
        .map(|byte| byte - b'0')
        .collect();
    let after = i32::try_from(decimals.len() - whole.min(decimals.len())).unwrap_or(0) - exponent;
    let scale = usize::try_from(after).unwrap_or(0);
    // How many decimal digits the first digit has: those before the point come in fours from there.
    let before = i32::try_from(whole).unwrap_or(0) + exponent;
    let weight = (before - 1).div_euclid(4);
    let lead = usize::try_from((weight + 1) * 4 - before).unwrap_or(0);
    let mut digits = vec![0_u16; (lead + decimals.len()).div_ceil(WIDTH)];
    for (place, &decimal) in decimals.iter().enumerate() {
        let place = lead + place;
        digits[place / WIDTH] += u16::from(decimal) * [1000, 100, 10, 1][place % WIDTH];
    }
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    let weight = weight - i32::try_from(zeros).unwrap_or(0);
    put(negative, weight, scale, &digits[zeros..], out);
}

/// Appends a number by its digits, the first of which is not 0.
fn put(negative: bool, weight: i32, scale: usize, digits: &[u16], out: &mut Vec<u8>) {
    let count = digits.len() - digits.iter().rev().take_while(|&&digit| digit == 0).count();
    // Zero has no digits, no sign and no weight.
    let (negative, weight) = if count == 0 {
        (false, 0)
    } else {
        (negative, weight)
    };
    let scale = u16::try_from(scale).unwrap_or(u16::MAX);
    let short = scale <= 0x3F && (-64..=63).contains(&weight);
    let length = 4 + if short { 2 } else { 4 } + 2 * count;
    let length = u32::try_from(length).unwrap_or(0);
    // The two lowest bits of the first byte tell that the length word has four bytes.
    let length = if cfg!(target_endian = "little") {
        length << 2
    } else {
        length
    };
    out.extend_from_slice(&length.to_ne_bytes());
    let weight = i16::try_from(weight).unwrap_or(0);
    if short {
        let sign = if negative { 0x2000 } else { 0 };
        // Seven bits of two's complement.
        let weight = weight.cast_unsigned() & 0x7F;
        out.extend_from_slice(&(0x8000 | sign | scale << 7 | weight).to_ne_bytes());
    } else {
        let sign = if negative { 0x4000 } else { 0 };
        out.extend_from_slice(&(sign | scale & 0x3FFF).to_ne_bytes());
        out.extend_from_slice(&weight.to_ne_bytes());
    }
    for digit in &digits[..count] {
        out.extend_from_slice(&digit.to_ne_bytes());
    }
}
