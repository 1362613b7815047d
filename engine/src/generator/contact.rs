//! E-mail addresses under reserved domains and telephone numbers from the fictitious exchange.

use std::fmt::Write;

use super::address::PLACES;
use super::identifier::{below_digits, write_padded};
use super::{Generator, Group, name};
use crate::entropy::{below, remix};

/// Domains that RFC 2606 reserves: nobody can receive mail there.
pub const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];

/// An address `first.last####@example.com`.
pub fn email(entropy: u64, out: &mut dyn Write) -> std::fmt::Result {
    let number = remix(remix(entropy));
    write_email(
        name::first_name(entropy),
        name::last_name(remix(entropy)),
        (below_digits(number, 4), 4),
        number,
        out,
    )
}

/// The address with an index: its number is the index, of four digits or more.
fn nth_email(index: u64, out: &mut dyn Write) -> std::fmt::Result {
    let entropy = remix(index);
    write_email(
        name::first_name(entropy),
        name::last_name(remix(entropy)),
        (index, 4),
        remix(remix(entropy)),
        out,
    )
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

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "email",
        "E-mail address built from a name, under a reserved domain (RFC 2606).",
        email,
    )
    .in_group(Group::Person)
    .enumerated(u64::MAX, nth_email),
    Generator::text(
        "phone",
        "US telephone number in the fictitious range 555-0100 to 555-0199 of a real area code.",
        phone,
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
