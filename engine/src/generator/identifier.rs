//! Identifiers with real formats and right check digits that are provably nobody's (law 8).

use std::fmt::Write;

use super::{Generator, Make, Scalar};
use crate::entropy::{below, remix};
use crate::schema::ColumnType;

/// How many Social Security numbers there are in the range used: areas 900 to 999 were never
/// issued by the SSA; within them the IRS uses groups 50 and up (ITIN, ATIN), so groups 01 to 49
/// with serials 0001 to 9999 belong to nobody.
pub const SSN_COUNT: u64 = 100 * 49 * 9999;

/// How many NPIs there are in the range used: assigned NPIs start with 1 or 2 (CMS), these with 9.
pub const NPI_COUNT: u64 = 100_000_000;

/// Reduces entropy to a number of `digits` digits.
#[inline]
pub const fn below_digits(entropy: u64, digits: u32) -> u64 {
    below(entropy, 10_u64.pow(digits))
}

/// Writes `number` with at least `digits` digits, zeros in front.
#[inline]
pub fn write_padded<W: Write + ?Sized>(number: u64, digits: u32, out: &mut W) -> std::fmt::Result {
    const ZEROS: &str = "00000000000000000000";
    let mut buffer = itoa::Buffer::new();
    let text = buffer.format(number);
    let width = digits as usize;
    if text.len() < width {
        out.write_str(&ZEROS[..(width - text.len()).min(ZEROS.len())])?;
    }
    out.write_str(text)
}

/// The Social Security number with this index, 0 to [`SSN_COUNT`] - 1, as `9xx-gg-ssss`.
#[inline]
pub fn write_ssn<W: Write + ?Sized>(index: u64, out: &mut W) -> std::fmt::Result {
    let (area, rest) = (900 + index / (49 * 9999), index % (49 * 9999));
    write_padded(area, 3, out)?;
    out.write_str("-")?;
    write_padded(1 + rest / 9999, 2, out)?;
    out.write_str("-")?;
    write_padded(1 + rest % 9999, 4, out)
}

/// A medical record number: `MRN` and at least `digits` digits.
#[inline]
pub fn write_mrn<W: Write + ?Sized>(number: u64, digits: u32, out: &mut W) -> std::fmt::Result {
    out.write_str("MRN")?;
    write_padded(number, digits, out)
}

/// The National Provider Identifier with this index, 0 to [`NPI_COUNT`] - 1: 9, eight digits and
/// the Luhn digit over 80840 and those nine (45 CFR 162.406).
#[inline]
pub fn write_npi<W: Write + ?Sized>(index: u64, out: &mut W) -> std::fmt::Result {
    let mut digits = *b"808409000000000";
    let mut rest = index;
    for place in (6..14).rev() {
        digits[place] = digit(rest % 10);
        rest /= 10;
    }
    digits[14] = luhn3::decimal::checksum(&digits[..14]).unwrap_or(b'0');
    // Digits are ASCII.
    out.write_str(std::str::from_utf8(&digits[5..]).unwrap_or_default())
}

const fn digit(value: u64) -> u8 {
    b'0' + (value % 10) as u8
}

/// A UUID in the form of version 4 from two words. Distinct first words give distinct UUIDs.
#[inline]
pub const fn uuid_v4(unique: u64, rest: u64) -> [u8; 16] {
    // 48 + 12 + 4 bits of `unique` and 58 of `rest` around version and variant (RFC 9562).
    let high = (unique & 0xFFFF_FFFF_FFFF_0000) | 0x4000 | (unique >> 4 & 0x0FFF);
    let low = 0x8000_0000_0000_0000 | (unique & 0xF) << 58 | (rest >> 6);
    ((high as u128) << 64 | low as u128).to_be_bytes()
}

/// The same, both words from one draw.
pub const fn uuid_of(entropy: u64) -> [u8; 16] {
    uuid_v4(entropy, remix(entropy))
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "mrn",
        "Medical record number: MRN and eight digits.",
        |e, out| write_mrn(below_digits(e, 8), 8, out),
    )
    .enumerated(100_000_000, |index, out| write_mrn(index, 8, out)),
    Generator::text(
        "npi",
        "National Provider Identifier with a right check digit, from a series never assigned.",
        |e, out| write_npi(below(e, NPI_COUNT), out),
    )
    .enumerated(NPI_COUNT, |index, out| write_npi(index, out)),
    Generator::text(
        "ssn",
        "Social Security number from area numbers never issued (900 to 999, outside the ITIN groups).",
        |e, out| write_ssn(below(e, SSN_COUNT), out),
    )
    .enumerated(SSN_COUNT, |index, out| write_ssn(index, out)),
    Generator::new(
        "uuid",
        "UUID in the form of version 4.",
        &[],
        ColumnType::Uuid,
        Make::Uuid(|e| uuid_v4(e, remix(e))),
    )
    .enumerated(u64::MAX, |index, out| {
        Scalar::Uuid(uuid_v4(remix(index), remix(!index))).write(out)
    }),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl Fn(&mut String) -> std::fmt::Result) -> String {
        let mut out = String::new();
        write(&mut out).unwrap();
        out
    }

    /// CMS's published example: 123456789 has check digit 3.
    #[test]
    fn luhn_is_the_one_cms_publishes() {
        assert_eq!(luhn3::decimal::checksum(b"80840123456789"), Some(b'3'));
    }

    #[test]
    fn ends_of_the_ranges() {
        assert_eq!(text(|out| write_ssn(0, out)), "900-01-0001");
        assert_eq!(text(|out| write_ssn(SSN_COUNT - 1, out)), "999-49-9999");
        assert_eq!(text(|out| write_mrn(7, 8, out)), "MRN00000007");
        assert_eq!(&text(|out| write_npi(NPI_COUNT - 1, out))[..9], "999999999");
    }

    proptest! {
        #[test]
        fn distinct_indexes_give_distinct_identifiers(a in 0..SSN_COUNT, b in 0..SSN_COUNT) {
            prop_assert_eq!(a == b, text(|out| write_ssn(a, out)) == text(|out| write_ssn(b, out)));
            prop_assert_eq!(a == b, text(|out| write_npi(a, out)) == text(|out| write_npi(b, out)));
        }

        #[test]
        fn uuids_are_version_4_and_unique_by_the_first_word(a: u64, b: u64, rest: u64) {
            let uuid = uuid::Uuid::from_bytes(uuid_v4(a, rest));
            prop_assert_eq!(uuid.get_version_num(), 4);
            prop_assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122);
            prop_assert_eq!(a == b, uuid_v4(a, rest) == uuid_v4(b, rest));
        }
    }
}
