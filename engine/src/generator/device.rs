//! Numbers of vehicles, telephones and SIM cards, from ranges for tests or of no country.

use std::fmt::{self, Write};

use super::check_digit::{luhn, vin};
use super::draw::{DIGITS, choose, listed, numbered, spell, write_ascii};
use super::{Generator, Group};
use crate::entropy::remix;

/// Characters of a VIN: no I, O and Q (ISO 3779).
const VIN_CHARACTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
/// Those of the model year (49 CFR 565.15): neither U, Z nor 0 either.
const VIN_YEARS: &[u8] = b"ABCDEFGHJKLMNPRSTVWXY123456789";

/// Seven free characters, a model year, six digits.
const VIN_COUNT: u64 = 33_u64.pow(7) * 30 * 1_000_000;

/// Makes with a model of each.
const VEHICLES: &[(&str, &str)] = &[
    ("Audi", "A4"),
    ("Audi", "Q5"),
    ("BMW", "3 Series"),
    ("BMW", "X5"),
    ("Chevrolet", "Equinox"),
    ("Chevrolet", "Silverado"),
    ("Citroën", "C3"),
    ("Dacia", "Sandero"),
    ("Fiat", "500"),
    ("Fiat", "Panda"),
    ("Ford", "Escape"),
    ("Ford", "F-150"),
    ("Ford", "Focus"),
    ("Honda", "Accord"),
    ("Honda", "Civic"),
    ("Honda", "CR-V"),
    ("Hyundai", "Elantra"),
    ("Hyundai", "Tucson"),
    ("Jeep", "Wrangler"),
    ("Kia", "Sorento"),
    ("Kia", "Sportage"),
    ("Mazda", "CX-5"),
    ("Mazda", "Mazda3"),
    ("Mercedes-Benz", "C-Class"),
    ("Mercedes-Benz", "GLC"),
    ("Nissan", "Altima"),
    ("Nissan", "Qashqai"),
    ("Opel", "Corsa"),
    ("Peugeot", "208"),
    ("Peugeot", "3008"),
    ("Renault", "Clio"),
    ("Renault", "Megane"),
    ("Seat", "Ibiza"),
    ("Skoda", "Octavia"),
    ("Subaru", "Forester"),
    ("Suzuki", "Swift"),
    ("Tesla", "Model 3"),
    ("Tesla", "Model Y"),
    ("Toyota", "Camry"),
    ("Toyota", "Corolla"),
    ("Toyota", "RAV4"),
    ("Toyota", "Yaris"),
    ("Volkswagen", "Golf"),
    ("Volkswagen", "Polo"),
    ("Volkswagen", "Tiguan"),
    ("Volvo", "XC60"),
];

pub(super) const ENTRIES: &[Generator] = &[
    numbered!(
        "iccid",
        "SIM card number of 20 digits under country 999, which nobody has; Luhn digit right.",
        100_000_000_000_000,
        |index, out| luhn_number::<20>(b"89999", index, out),
    ),
    numbered!(
        "imei",
        "IMEI of 15 digits starting with 00, kept for test telephones (GSMA); Luhn digit right.",
        1_000_000_000_000,
        |index, out| luhn_number::<15>(b"00", index, out),
    ),
    numbered!(
        "imsi",
        "IMSI of 15 digits in test network 001-01 (ITU-T E.212).",
        10_000_000_000,
        |index, out| {
            out.write_str("00101")?;
            super::identifier::write_padded(index, 10, out)
        },
    ),
    numbered!(
        "serial_number",
        "Serial number of a device: SN, four letters or digits and eight digits.",
        34_u64.pow(4) * 100_000_000,
        |index, out| serial_number(index, out),
    ),
    Generator::text("vehicle_make", "Make of a car.", |e, out| {
        out.write_str(choose(VEHICLES, e).0)
    })
    .in_group(Group::Vehicle),
    listed!("vehicle_model", "Model of a car, of that make.", VEHICLES, |item| item.1)
    .in_group(Group::Vehicle),
    Generator::text("vehicle_year", "Model year of a car, 2005 to 2026.", |e, out| {
        super::draw::write_number(2005 + crate::entropy::below(remix(e), 22), out)
    })
    .in_group(Group::Vehicle),
    numbered!(
        "vin",
        "Vehicle identification number starting with 0, which ISO 3780 gives to no country; check digit right.",
        VIN_COUNT,
        |index, out| write_vin(index, out),
    )
    .in_group(Group::Vehicle),
];

/// A prefix, a number and the Luhn digit, `LENGTH` digits in all.
pub(crate) fn luhn_number<const LENGTH: usize>(
    prefix: &[u8],
    index: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    let mut text = [b'0'; LENGTH];
    text[..prefix.len()].copy_from_slice(prefix);
    spell(index, DIGITS, &mut text[prefix.len()..LENGTH - 1]);
    text[LENGTH - 1] = luhn(&text[..LENGTH - 1]);
    write_ascii(&text, out)
}

fn serial_number(index: u64, out: &mut dyn Write) -> fmt::Result {
    const CHARACTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
    let mut text = *b"SN000000000000";
    let rest = spell(index, DIGITS, &mut text[6..]);
    spell(rest, CHARACTERS, &mut text[2..6]);
    write_ascii(&text, out)
}

fn write_vin(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"0AA00000000000000";
    let rest = spell(index, DIGITS, &mut text[11..]);
    let rest = spell(rest, VIN_YEARS, &mut text[9..10]);
    let rest = spell(rest, VIN_CHARACTERS, &mut text[10..11]);
    let rest = spell(rest, VIN_CHARACTERS, &mut text[3..8]);
    spell(rest, VIN_CHARACTERS, &mut text[2..3]);
    text[8] = vin(&text);
    write_ascii(&text, out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::find;

    #[test]
    fn check_digits_and_reserved_ranges() {
        for row in 0..2_000 {
            let value = |name: &str| find(name).unwrap().value(remix(row));
            let imei = value("imei");
            assert!(imei.starts_with("00") && imei.len() == 15, "{imei}");
            assert!(luhn3::decimal::valid(imei.as_bytes()), "{imei}");
            let iccid = value("iccid");
            assert!(iccid.starts_with("89999") && iccid.len() == 20, "{iccid}");
            assert!(luhn3::decimal::valid(iccid.as_bytes()), "{iccid}");
            assert!(value("imsi").starts_with("00101"));
            let number = value("vin");
            assert!(number.starts_with('0') && number.len() == 17, "{number}");
            assert!(
                number.bytes().all(|b| VIN_CHARACTERS.contains(&b)),
                "{number}"
            );
            let mut text = *b"00000000000000000";
            text.copy_from_slice(number.as_bytes());
            assert_eq!(vin(&text), text[8], "{number}");
        }
    }
}
