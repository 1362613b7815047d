//! Check digits of the schemes that identifiers use, over ASCII digits and upper-case letters.

use super::draw::ALPHANUMERIC;

/// The value of a character: 0 to 9, then A to Z as 10 to 35.
pub(crate) const fn value(character: u8) -> u32 {
    match character {
        b'0'..=b'9' => (character - b'0') as u32,
        b'A'..=b'Z' => (character - b'A') as u32 + 10,
        _ => 0,
    }
}

/// The digit of a value below 10.
pub(crate) fn digit(value: u32) -> u8 {
    ALPHANUMERIC[usize::try_from(value % 10).unwrap_or(0)]
}

/// The remainder of division by 97 of the number that arises when each letter is replaced by its
/// value in two digits (ISO/IEC 7064 MOD 97-10).
pub(crate) fn mod97(text: &[u8]) -> u32 {
    // Reduced only when two more places might not fit: a division a character is slow.
    const FULL: u64 = u64::MAX / 200;
    let rest = text.iter().fold(0_u64, |rest, &character| {
        let rest = if rest > FULL { rest % 97 } else { rest };
        let value = value(character);
        let places = if value < 10 { 10 } else { 100 };
        rest * places + u64::from(value)
    });
    u32::try_from(rest % 97).unwrap_or(0)
}

/// The digit that makes a sum of digits, weighted 3 and 1 from the right, a multiple of ten
/// (GS1 General Specifications, 7.9; ISBN-13).
pub(crate) fn gs1(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([3, 1].iter().cycle())
        .map(|(&d, weight)| value(d) * weight)
        .sum();
    digit((10 - sum % 10) % 10)
}

/// The ISBN-10 check character: weights 10 down to 2, modulo 11, X for ten.
pub(crate) fn isbn10(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .zip((2..=10).rev())
        .map(|(&d, weight)| value(d) * weight)
        .sum();
    match (11 - sum % 11) % 11 {
        10 => b'X',
        rest => digit(rest),
    }
}

/// The digit of the Luhn scheme where a letter counts as its two digits (ISIN, ISO 6166).
pub(crate) fn isin(text: &[u8]) -> u8 {
    let mut sum = 0;
    let mut double = true;
    let mut add = |d: u32| {
        let d = if double { 2 * d } else { d };
        sum += d / 10 + d % 10;
        double = !double;
    };
    for &character in text.iter().rev() {
        let value = value(character);
        add(value % 10);
        if value >= 10 {
            add(value / 10);
        }
    }
    digit((10 - sum % 10) % 10)
}

/// The digit of a CUSIP: every second value doubled, the digits of all added (ANSI X9.6).
pub(crate) fn cusip(text: &[u8]) -> u8 {
    let sum: u32 = text
        .iter()
        .zip([1, 2].iter().cycle())
        .map(|(&c, weight)| {
            let product = value(c) * weight;
            product / 10 + product % 10
        })
        .sum();
    digit((10 - sum % 10) % 10)
}

/// The digit of a SEDOL: weights 1, 3, 1, 7, 3, 9, modulo ten.
pub(crate) fn sedol(text: &[u8]) -> u8 {
    let sum: u32 = text
        .iter()
        .zip([1, 3, 1, 7, 3, 9])
        .map(|(&c, weight)| value(c) * weight)
        .sum();
    digit((10 - sum % 10) % 10)
}

/// The digit of an ABA routing number: weights 3, 7, 1, modulo ten.
pub(crate) fn aba(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .zip([3, 7, 1].iter().cycle())
        .map(|(&d, weight)| value(d) * weight)
        .sum();
    digit((10 - sum % 10) % 10)
}

/// The check character of a 17-character VIN, whose ninth place it is (49 CFR 565.15(c)).
pub(crate) fn vin(text: &[u8; 17]) -> u8 {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = text
        .iter()
        .zip(WEIGHTS)
        .map(|(&c, weight)| transliterated(c) * weight)
        .sum();
    match sum % 11 {
        10 => b'X',
        rest => digit(rest),
    }
}

const fn transliterated(character: u8) -> u32 {
    match character {
        b'0'..=b'9' => (character - b'0') as u32,
        b'A'..=b'H' => (character - b'A') as u32 + 1,
        b'J'..=b'R' => (character - b'J') as u32 + 1,
        b'S'..=b'Z' => (character - b'S') as u32 + 2,
        _ => 0,
    }
}

/// The Luhn digit of decimal digits.
pub(crate) fn luhn(digits: &[u8]) -> u8 {
    luhn3::decimal::checksum(digits).unwrap_or(b'0')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Published examples of each scheme.
    #[test]
    fn published_examples() {
        // SWIFT IBAN Registry, Germany: the whole number leaves 1.
        assert_eq!(mod97(b"370400440532013000DE89"), 1);
        // GS1 General Specifications: GTIN-13 629104150021 has check digit 3.
        assert_eq!(gs1(b"629104150021"), b'3');
        // ISBN Users' Manual: 978-92-95055-12-4 and 92-95055-12-X's like, 0-8436-1072-7.
        assert_eq!(gs1(b"978929505512"), b'4');
        assert_eq!(isbn10(b"084361072"), b'7');
        assert_eq!(isbn10(b"080442957"), b'X');
        // Apple Inc.
        assert_eq!(isin(b"US037833100"), b'5');
        assert_eq!(cusip(b"03783310"), b'0');
        // British Airways in the London Stock Exchange's masterfile guide.
        assert_eq!(sedol(b"026349"), b'4');
        // Federal Reserve Bank of Boston.
        assert_eq!(aba(b"01100001"), b'5');
        // 49 CFR 565's example in common use.
        assert_eq!(vin(b"1M8GDM9A_KP042788"), b'X');
    }
}
