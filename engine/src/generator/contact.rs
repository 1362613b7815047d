//! E-mail addresses under reserved domains, telephone numbers and licence plates that are nobody's.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::LazyLock;

use super::address::PLACES;
use super::data::US_PLACES;
use super::identifier::{below_digits, write_padded};
use super::{Bound, Generator, Group, LOCALE_ONLY, person};
use crate::entropy::{below, remix};
use crate::locale::{Locale, Patterns};
use crate::schema::ColumnType;

/// Domains that RFC 2606 reserves: nobody can receive mail there.
pub const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// An address `first.last####@example.com` of a person; the names romanized.
pub fn email(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> std::fmt::Result {
    let number = remix(remix(entropy));
    let (first, last) = person::romanized(locale, entropy);
    write_email(first, last, (below_digits(number, 4), 4), number, out)
}

/// The address with an index: its number is the index, of four digits or more.
fn nth_email(locale: &'static Locale, index: u64, out: &mut dyn Write) -> std::fmt::Result {
    let entropy = remix(index);
    let (first, last) = person::romanized(locale, entropy);
    write_email(first, last, (index, 4), remix(remix(entropy)), out)
}

/// An address from a name and a number printed with a given count of digits. Names hold no
/// digits, so distinct numbers give distinct addresses.
#[inline]
pub fn write_email<W: Write + ?Sized>(
    first: &str,
    last: &str,
    (number, digits): (u64, u32),
    domain: u64,
    out: &mut W,
) -> std::fmt::Result {
    write_lower(first, out)?;
    out.write_str(".")?;
    write_lower(last, out)?;
    write_padded(number, digits, out)?;
    out.write_str("@")?;
    // Not evenly: half of the addresses are under .com.
    out.write_str(
        DOMAINS[usize::try_from(below(remix(domain), 4))
            .unwrap_or(0)
            .saturating_sub(1)],
    )
}

/// Lower-cases ASCII of up to 32 bytes (names are shorter) without allocating.
#[inline]
fn write_lower<W: Write + ?Sized>(word: &str, out: &mut W) -> std::fmt::Result {
    let mut buffer = [0_u8; 32];
    let length = word.len().min(buffer.len());
    buffer[..length].copy_from_slice(&word.as_bytes()[..length]);
    buffer[..length].make_ascii_lowercase();
    out.write_str(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
}

/// A telephone number `(NPA) 555-01xx`: 555-0100 to 555-0199 is set aside for fiction in every
/// area code (NANPA).
pub fn phone(entropy: u64, out: &mut dyn Write) -> std::fmt::Result {
    let place = &PLACES.places()[PLACES.pick(entropy)];
    write_phone(place.area_code(remix(entropy)), remix(remix(entropy)), out)
}

/// The same, within an area code.
#[inline]
pub fn write_phone<W: Write + ?Sized>(
    area_code: &str,
    entropy: u64,
    out: &mut W,
) -> std::fmt::Result {
    out.write_str("(")?;
    out.write_str(area_code)?;
    out.write_str(") 555-01")?;
    write_padded(below(entropy, 100), 2, out)
}

/// The US area codes, once each.
static AREA_CODES: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let all: BTreeSet<&'static str> = US_PLACES
        .iter()
        .flat_map(|place| place.area_codes.split(' '))
        .collect();
    all.into_iter().collect()
});

/// A number of [`phone`] by index: 100 an area code.
fn nth_us_phone(index: u64, out: &mut dyn Write) -> std::fmt::Result {
    let area_code = usize::try_from(index / 100)
        .ok()
        .and_then(|index| AREA_CODES.get(index))
        .ok_or(std::fmt::Error)?;
    write!(out, "({area_code}) 555-01")?;
    write_padded(index % 100, 2, out)
}

/// Numbers of the locale's patterns, or of the US.
fn bind_phone(
    locale: &'static Locale,
    patterns: fn(&'static Locale) -> &'static Patterns,
) -> Bound {
    if locale.is_us() {
        return Bound::text(phone).counted(AREA_CODES.len() as u64 * 100, nth_us_phone);
    }
    bind_patterns(patterns(locale))
}

fn bind_patterns(patterns: &'static Patterns) -> Bound {
    Bound::text(|e, out| patterns.write(e, out))
        .counted(patterns.count(), |index, out| patterns.nth(index, out))
}

/// The family's entries.
///
/// Whose telephone numbers they are: nobody's. Set aside for fiction: 555-0100 to 555-0199 in the
/// US (NANPA), Ofcom's in Great Britain, Bundesnetzagentur's drama numbers (notice 148/2021) in
/// Germany, Arcep's in France. The other countries set nothing aside, so these use what their
/// numbering plans, as of 2025, do not assign: area codes that are nobody's (Italy 0128 and 0129,
/// Brazil 20, 23, 25, 26 and 29, the Netherlands 0110 and 0119, Poland 92, 93, 96, 97, Saudi
/// Arabia 015, 018, 019), geographic numbers that begin with 99 (Spain), subscriber numbers that
/// begin with 0 (Japan, China), and mobile prefixes without an operator (Spain 76 and 77, Italy
/// 300 to 302, the Netherlands 06 9, Poland 98 and 99, Japan 090 0 and 080 00, China 154, Saudi
/// Arabia 052).
///
/// Licence plates hold letters that the country never uses in them (I, O, Q, U in Italy and the
/// like), numbers that it never issues (0000), or districts that do not exist; `en_US` has the
/// letters O and Q, which most states leave out.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::bound(
        "cell_number",
        "Mobile telephone number that is nobody's: set aside for fiction, or of a prefix without an operator.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| Ok(bind_phone(arguments.locale()?, |locale| &locale.cells)),
    ),
    Generator::bound(
        "email",
        "E-mail address built from a name, under a reserved domain (RFC 2606).",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(Bound::text(move |e, out| email(locale, e, out))
                .counted(u64::MAX, move |index, out| nth_email(locale, index, out)))
        },
    )
    .in_group(Group::Person),
    Generator::bound(
        "licence_plate",
        "Licence plate of a series that is not issued.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| Ok(bind_patterns(&arguments.locale()?.plates)),
    ),
    Generator::bound(
        "phone",
        "Telephone number that is nobody's: set aside for fiction (en_US: 555-0100 to 555-0199 of the area code of city), or of an area not assigned.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| Ok(bind_phone(arguments.locale()?, |locale| &locale.phones)),
    )
    .in_group(Group::Place),
];

#[cfg(test)]
mod tests {
    use crate::generator::data::{FIRST_NAMES, LAST_NAMES};

    /// What [`super::write_lower`] and the uniqueness of addresses rest on.
    #[test]
    fn names_are_short_ascii_letters() {
        let names = FIRST_NAMES
            .iter()
            .map(|n| n.name)
            .chain(LAST_NAMES.iter().map(|n| n.name));
        for name in names {
            assert!(
                name.len() <= 32 && name.bytes().all(|b| b.is_ascii_alphabetic()),
                "{name}"
            );
        }
    }
}
