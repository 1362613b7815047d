//! Check digits of national schemes, over ASCII digits (values 0 to 9), as their authorities
//! define them. Each is tested against a published example.

/// Sum of digits times weights; surplus on either side does not count.
pub fn weighted(digits: &[u8], weights: &[u32]) -> u32 {
    digits
        .iter()
        .zip(weights)
        .map(|(digit, weight)| u32::from(value(*digit)) * weight)
        .sum()
}

/// The value of an ASCII digit.
pub const fn value(digit: u8) -> u8 {
    digit.wrapping_sub(b'0')
}

/// The ASCII digit of a number below 10.
pub fn ascii(number: u32) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or(0)
}

/// The digits as a number.
pub fn number(digits: &[u8]) -> u64 {
    digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u64::from(value(*digit)))
}

/// Luhn digit (ISO/IEC 7812-1).
pub fn luhn(digits: &[u8]) -> u8 {
    luhn3::decimal::checksum(digits).unwrap_or(b'0')
}

/// ISO 7064 MOD 11,10: German tax and VAT numbers.
pub fn mod_11_10(digits: &[u8]) -> u8 {
    let product = digits.iter().fold(10, |product, digit| {
        let sum = (u32::from(value(*digit)) + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    ascii(11 - product)
}

/// ISO 7064 MOD 11-2: Chinese resident numbers; 10 is `X`.
pub fn mod_11_2(digits: &[u8]) -> u8 {
    let sum = digits
        .iter()
        .fold(0, |sum, digit| (sum + u32::from(value(*digit))) * 2 % 11);
    match (12 - sum) % 11 {
        10 => b'X',
        digit => ascii(digit),
    }
}

/// Brazilian digit: weights 2, 3, .. `last` from the right, then 2 again; remainders 0 and 1 give 0.
pub fn brazilian(digits: &[u8], last: u32) -> u8 {
    let weights: u32 = digits
        .iter()
        .rev()
        .zip((2..=last).cycle())
        .map(|(digit, weight)| u32::from(value(*digit)) * weight)
        .sum();
    match weights % 11 {
        0 | 1 => b'0',
        rest => ascii(11 - rest),
    }
}

/// Letter of a Spanish DNI.
pub fn dni(number: u64) -> u8 {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    LETTERS[usize::try_from(number % 23).unwrap_or(0)]
}

/// Control letter of an Italian codice fiscale: the values of characters at odd places (counted
/// from 1) are permuted (decree of 23 December 1976), modulo 26.
pub fn codice_fiscale(text: &[u8]) -> u8 {
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    let sum: u32 = text
        .iter()
        .enumerate()
        .map(|(place, symbol)| {
            let rank = if symbol.is_ascii_digit() {
                value(*symbol)
            } else {
                symbol.wrapping_sub(b'A')
            };
            if place % 2 == 0 {
                ODD[usize::from(rank % 26)]
            } else {
                u32::from(rank)
            }
        })
        .sum();
    b'A' + u8::try_from(sum % 26).unwrap_or(0)
}

/// Value of a character in a Chinese unified social credit code (GB 32100-2015): digits, then
/// letters without I, O, S, V, Z.
pub fn credit_value(symbol: u8) -> u32 {
    const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    SYMBOLS
        .iter()
        .position(|s| *s == symbol)
        .and_then(|place| u32::try_from(place).ok())
        .unwrap_or(0)
}

/// Check character of such a code over 17 characters: weights 3^i modulo 31.
pub fn credit_code(text: &[u8]) -> u8 {
    const SYMBOLS: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let (sum, _) = text.iter().fold((0, 1), |(sum, weight), symbol| {
        (sum + credit_value(*symbol) * weight, weight * 3 % 31)
    });
    SYMBOLS[usize::try_from((31 - sum % 31) % 31).unwrap_or(0)]
}

/// Check character of a Chinese organization code over eight characters (GB 11714-1997).
pub fn organization(text: &[u8]) -> u8 {
    let sum: u32 = text
        .iter()
        .zip([3, 7, 9, 10, 5, 8, 4, 2])
        .map(|(symbol, weight)| credit_value(*symbol) * weight)
        .sum();
    match 11 - sum % 11 {
        10 => b'X',
        11 => b'0',
        digit => ascii(digit),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Examples that authorities or standards publish.
    #[test]
    fn published_examples() {
        // BZSt's example of an identification number: 86095742719; a well-known one: 47036892816.
        assert_eq!(mod_11_10(b"8609574271"), b'9');
        assert_eq!(mod_11_10(b"4703689281"), b'6');
        // VAT number of the German statistics example 136695976.
        assert_eq!(mod_11_10(b"13669597"), b'6');
        // GB 11643-1999, the standard's own examples.
        assert_eq!(mod_11_2(b"11010519491231002"), b'X');
        assert_eq!(mod_11_2(b"44052418800101001"), b'4');
        // Receita Federal's example: CPF 111.444.777-35; Banco do Brasil: 00.000.000/0001-91.
        assert_eq!(brazilian(b"111444777", 11), b'3');
        assert_eq!(brazilian(b"1114447773", 11), b'5');
        assert_eq!(brazilian(b"000000000001", 9), b'9');
        assert_eq!(brazilian(b"0000000000019", 9), b'1');
        // The specimen DNI: 99999999R; and 12345678Z.
        assert_eq!(dni(99_999_999), b'R');
        assert_eq!(dni(12_345_678), b'Z');
        // The usual specimen: RSSMRA85T10A562S.
        assert_eq!(codice_fiscale(b"RSSMRA85T10A562"), b'S');
        // Published in GB 32100-2015's commentary: 91350100M000100Y43.
        assert_eq!(organization(b"M000100Y"), b'4');
        assert_eq!(credit_code(b"91350100M000100Y4"), b'3');
        assert_eq!(luhn(b"7992739871"), b'3');
    }
}
