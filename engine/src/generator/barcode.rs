//! Article numbers with right check digits, from ranges that no shop sells and no publisher has.

use std::fmt::{self, Write};

use super::Generator;
use super::check_digit::{gs1, isbn10};
use super::draw::{DIGITS, numbered, spell, write_ascii};

/// Registration groups 66 to 69 of ISBN are not in use (International ISBN Agency, range message:
/// the two-digit groups of that block end at 65), each with seven free digits.
const ISBN_COUNT: u64 = 4 * 10_000_000;

pub(super) const ENTRIES: &[Generator] = &[
    numbered!(
        "ean13",
        "EAN-13 (GTIN-13) under GS1 prefix 952, which GS1 keeps for demonstrations; check digit right.",
        1_000_000_000,
        |index, out| gtin(b"952", index, 13, out),
    ),
    numbered!(
        "ean8",
        "EAN-8 (GTIN-8) starting with 2, restricted circulation within a company; check digit right.",
        1_000_000,
        |index, out| gtin(b"2", index, 8, out),
    ),
    numbered!(
        "gtin14",
        "GTIN-14 of a case (indicator 1) under GS1 prefix 952, kept for demonstrations; check digit right.",
        1_000_000_000,
        |index, out| gtin(b"1952", index, 14, out),
    ),
    numbered!(
        "isbn",
        "ISBN-13 with hyphens, 978-66 to 978-69: groups not in use; check digit right.",
        ISBN_COUNT,
        |index, out| isbn13(index, out),
    ),
    numbered!(
        "isbn10",
        "ISBN-10 with hyphens, groups 66 to 69, not in use; check character right.",
        ISBN_COUNT,
        |index, out| isbn_10(index, out),
    ),
    numbered!(
        "isbn13",
        "ISBN-13 with hyphens, 978-66 to 978-69: groups not in use; check digit right.",
        ISBN_COUNT,
        |index, out| isbn13(index, out),
    ),
    numbered!(
        "upc_a",
        "UPC-A (GTIN-12) starting with 4, kept for use within a shop; check digit right.",
        10_000_000_000,
        |index, out| gtin(b"4", index, 12, out),
    ),
];

/// A GTIN of `length` digits, 8 to 14: the prefix, the number and the check digit.
pub(crate) fn gtin(prefix: &[u8], index: u64, length: usize, out: &mut dyn Write) -> fmt::Result {
    let mut text = [b'0'; 14];
    text[..prefix.len()].copy_from_slice(prefix);
    spell(index, DIGITS, &mut text[prefix.len()..length - 1]);
    text[length - 1] = gs1(&text[..length - 1]);
    write_ascii(&text[..length], out)
}

/// The nine digits before the check digit: group, registrant, title.
fn isbn_digits(index: u64) -> [u8; 9] {
    let mut digits = *b"660000000";
    let group = spell(index, DIGITS, &mut digits[2..]);
    digits[1] += u8::try_from(group % 4).unwrap_or(0);
    digits
}

fn isbn13(index: u64, out: &mut dyn Write) -> fmt::Result {
    let nine = isbn_digits(index);
    let mut twelve = *b"978000000000";
    twelve[3..].copy_from_slice(&nine);
    out.write_str("978-")?;
    write_hyphenated(nine, gs1(&twelve), out)
}

fn isbn_10(index: u64, out: &mut dyn Write) -> fmt::Result {
    let nine = isbn_digits(index);
    write_hyphenated(nine, isbn10(&nine), out)
}

/// `gg-rrrr-ttt-c`.
fn write_hyphenated(nine: [u8; 9], check: u8, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"00-0000-000-0";
    text[..2].copy_from_slice(&nine[..2]);
    text[3..7].copy_from_slice(&nine[2..6]);
    text[8..11].copy_from_slice(&nine[6..]);
    text[12] = check;
    write_ascii(&text, out)
}

#[cfg(test)]
mod tests {
    use crate::entropy::remix;
    use crate::generator::find;

    /// The sum of digits weighted 1 and 3 from the right, the check digit with them.
    fn weighted(digits: &str) -> u32 {
        let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
        let weights = [1, 3].iter().cycle();
        digits.iter().rev().zip(weights).map(|(d, w)| d * w).sum()
    }

    #[test]
    fn check_digits_and_reserved_ranges() {
        for row in 0..2_000 {
            let value = |name: &str| find(name).unwrap().value(remix(row));
            for (name, prefix, length) in [
                ("ean13", "952", 13),
                ("ean8", "2", 8),
                ("gtin14", "1952", 14),
                ("upc_a", "4", 12),
                ("isbn", "978-6", 17),
                ("isbn13", "978-6", 17),
            ] {
                let text = value(name);
                assert!(
                    text.starts_with(prefix) && text.len() == length,
                    "{name} {text}"
                );
                assert_eq!(weighted(&text) % 10, 0, "{name} {text}");
            }
            for (text, group) in [(value("isbn"), 4..6), (value("isbn10"), 0..2)] {
                assert!(("66"..="69").contains(&&text[group]), "{text}");
            }
            let text = value("isbn10");
            let digits = text
                .chars()
                .filter(|c| *c != '-')
                .map(|c| c.to_digit(10).unwrap_or(10));
            let sum: u32 = digits.zip((1..=10).rev()).map(|(d, w)| d * w).sum();
            assert_eq!(sum % 11, 0, "{text}");
        }
    }
}
