//! International Bank Account Numbers (ISO 13616) of every SEPA country, at banks that do not
//! exist.
//!
//! Lengths and structures are those of the SWIFT IBAN Registry. The bank code is one that the
//! national authority has not assigned: zeros, since every registry of numeric codes starts above
//! them, except in Belgium, where 000 is the post's and 999 is free; and XXXX where the code is
//! four letters, since a BIC's first letters are taken from an institution's name. Iceland's
//! numbers end in the owner's national number; here its day of birth is the 99th. The check
//! digits over all (MOD 97-10) are right, and so are the national ones of the countries that
//! keep them inside the number, where this says so.

use std::fmt::{self, Write};

use super::check_digit::{digit, luhn, mod97, value};
use super::draw::{DIGITS, choose, spell, write_ascii};
use super::{Bound, Generator, Group};
use crate::entropy::{below, remix};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// The national check digits inside a BBAN.
#[derive(Debug, Clone, Copy)]
enum National {
    /// None, or none that is checked in general.
    None,
    /// The last two digits: the number before them modulo 97, 97 for zero (Belgium).
    Belgium,
    /// The last two digits make the whole number leave 1 modulo 97 (ISO/IEC 7064).
    Mod97,
    /// Two digits after bank and branch, modulo 11 (Spain).
    Spain,
    /// The last two digits, the clé RIB (France, Monaco).
    France,
    /// A letter at the front, the CIN (Italy, San Marino).
    Italy,
    /// The last digit modulo 11 (Norway).
    Norway,
    /// The last digit by Luhn (Finland).
    Finland,
    /// The last digit, weights 7, 3, 1 from the right (Estonia).
    Estonia,
}

/// A country's IBANs.
#[derive(Debug)]
struct Country {
    code: &'static str,
    /// What stands before the digits of the account: bank and branch that are not assigned.
    bank: &'static str,
    /// How many digits of the account are free.
    account: usize,
    national: National,
}

const fn country(
    code: &'static str,
    bank: &'static str,
    account: usize,
    national: National,
) -> Country {
    Country {
        code,
        bank,
        account,
        national,
    }
}

/// Longest IBAN of the table: Malta's.
const LONGEST: usize = 31;

/// Free digits of an account are at most these many, so that a number has 64 bits.
const FREE: usize = 18;

static COUNTRIES: &[Country] = &[
    country("AD", "00000000", 12, National::None),
    country("AL", "00000000", 16, National::None),
    country("AT", "00000", 11, National::None),
    country("BE", "999", 7, National::Belgium),
    country("BG", "XXXX000000", 8, National::None),
    country("CH", "00000", 12, National::None),
    country("CY", "00000000", 16, National::None),
    country("CZ", "0000000000", 10, National::None),
    country("DE", "00000000", 10, National::None),
    country("DK", "0000", 10, National::None),
    country("EE", "0000", 11, National::Estonia),
    country("ES", "00000000", 10, National::Spain),
    country("FI", "000", 10, National::Finland),
    country("FR", "0000000000", 11, National::France),
    country("GB", "XXXX000000", 8, National::None),
    country("GI", "XXXX", 15, National::None),
    country("GR", "0000000", 16, National::None),
    country("HR", "0000000", 10, National::None),
    country("HU", "00000000", 16, National::None),
    country("IE", "XXXX000000", 8, National::None),
    country("IS", "00000000000099", 8, National::None),
    country("IT", "0000000000", 12, National::Italy),
    country("LI", "00000", 12, National::None),
    country("LT", "00000", 11, National::None),
    country("LU", "000", 13, National::None),
    country("LV", "XXXX", 13, National::None),
    country("MC", "0000000000", 11, National::France),
    country("MD", "XX", 18, National::None),
    country("ME", "000", 13, National::Mod97),
    country("MK", "000", 10, National::Mod97),
    country("MT", "XXXX00000", 18, National::None),
    country("NL", "XXXX", 10, National::None),
    country("NO", "0000", 6, National::Norway),
    country("PL", "00000000", 16, National::None),
    country("PT", "00000000", 11, National::Mod97),
    country("RO", "XXXX", 16, National::None),
    country("RS", "000", 13, National::Mod97),
    country("SE", "000", 17, National::None),
    country("SI", "00000", 8, National::Mod97),
    country("SK", "0000000000", 10, National::None),
    country("SM", "0000000000", 12, National::Italy),
    country("VA", "000", 15, National::None),
];

/// The eight countries drawn where none is asked for: the largest by accounts.
const COMMON: &[&str] = &["DE", "FR", "IT", "ES", "PL", "NL", "AT", "BE"];

pub(super) const ENTRIES: &[Generator] = &[Generator::bound(
    "iban",
    "IBAN without spaces, at a bank code that is not assigned; check digits right.",
    &[Parameter {
        name: "country",
        parameter_type: ParameterType::Text,
        default: Some("NULL"),
        summary: "Two letters (ISO 3166) of a SEPA country; NULL: eight of the largest.",
    }],
    ColumnType::Text,
    |arguments| match arguments.optional("country") {
        Some(code) => {
            let known = COUNTRIES.iter().find(|c| c.code.eq_ignore_ascii_case(code));
            known.map(of_country).ok_or_else(|| {
                arguments
                    .error("country must be two letters of a SEPA country, as in DE".to_owned())
            })
        }
        None => Ok(of_common()),
    },
)
.in_group(Group::Bank)];

fn of_country(country: &'static Country) -> Bound {
    let count = country.count();
    Bound::text(move |e, out| country.write(below(e, count), out))
        .counted(count, move |index, out| country.write(index, out))
}

fn of_common() -> Bound {
    let common: Vec<&'static Country> = COMMON
        .iter()
        .filter_map(|code| COUNTRIES.iter().find(|c| c.code == *code))
        .collect();
    let least = common.iter().map(|c| c.count()).min().unwrap_or(1);
    let countries = common.len() as u64;
    let all = common.clone();
    Bound::text(move |e, out| {
        let country = choose(&common, e);
        country.write(below(remix(e), country.count()), out)
    })
    .counted(least * countries, move |index, out| {
        let country = usize::try_from(index % countries).unwrap_or(0);
        all[country].write(index / countries, out)
    })
}

impl Country {
    /// How many accounts there are: 10 to the power of the free digits, in Norway less one in ten.
    fn count(&self) -> u64 {
        let digits = u32::try_from(self.account.min(FREE)).unwrap_or(0);
        match self.national {
            National::Norway => 10_u64.pow(digits) / 10 * 9,
            _ => 10_u64.pow(digits),
        }
    }

    /// Writes the IBAN of the account with a number below [`Self::count`].
    fn write(&self, index: u64, out: &mut dyn Write) -> fmt::Result {
        let mut text = [b'0'; LONGEST];
        text[..2].copy_from_slice(self.code.as_bytes());
        let bban = self.national.length() + self.bank.len() + self.account;
        let length = 4 + bban;
        self.write_bban(index, &mut text[4..length]);
        // The country and zeros behind, what is missing to 98.
        let mut turned = [0_u8; LONGEST + 2];
        turned[..bban].copy_from_slice(&text[4..length]);
        turned[bban..bban + 4].copy_from_slice(&text[..4]);
        let check = 98 - mod97(&turned[..bban + 4]);
        text[2] = digit(check / 10);
        text[3] = digit(check);
        write_ascii(&text[..length], out)
    }

    fn write_bban(&self, index: u64, text: &mut [u8]) {
        let bank = self.bank.as_bytes();
        let start = match self.national {
            National::Italy => 1,
            _ => 0,
        };
        let account = match self.national {
            National::Spain => bank.len() + 2,
            _ => start + bank.len(),
        };
        text[start..start + bank.len()].copy_from_slice(bank);
        let free = account..account + self.account;
        let end = free.end;
        spell(index, DIGITS, &mut text[free]);
        match self.national {
            National::None => {}
            National::Belgium => {
                let check = match mod97(&text[..end]) {
                    0 => 97,
                    rest => rest,
                };
                write_pair(check, &mut text[end..]);
            }
            National::Mod97 => {
                let check = 98 - (mod97(&text[..end]) * 100) % 97;
                write_pair(check, &mut text[end..]);
            }
            National::France => {
                // 89 * bank + 15 * branch + 3 * account, of digits; bank and branch are zero.
                let check = 97 - (3 * mod97(&text[bank.len()..end])) % 97;
                write_pair(check, &mut text[end..]);
            }
            National::Spain => {
                const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
                let eleven = |digits: &[u8], weights: &[u32]| {
                    let sum: u32 = digits.iter().zip(weights).map(|(&d, w)| value(d) * w).sum();
                    match 11 - sum % 11 {
                        11 => 0,
                        10 => 1,
                        rest => rest,
                    }
                };
                text[8] = digit(eleven(&text[..8], &WEIGHTS[2..]));
                text[9] = digit(eleven(&text[10..20], &WEIGHTS));
            }
            National::Italy => text[0] = cin(&text[1..end]),
            National::Norway => {
                // One of the eleven remainders has no digit. It comes of at most one last digit of
                // the account, so each of the nine other choices of it has a number of its own.
                spell(index / 9, DIGITS, &mut text[4..9]);
                let mut choice = index % 9;
                for last in 0..10 {
                    text[9] = digit(last);
                    let sum: u32 = text[..10]
                        .iter()
                        .zip([5, 4, 3, 2, 7, 6, 5, 4, 3, 2])
                        .map(|(&d, weight)| value(d) * weight)
                        .sum();
                    match (11 - sum % 11) % 11 {
                        10 => {}
                        check if choice == 0 => {
                            text[10] = digit(check);
                            break;
                        }
                        _ => choice -= 1,
                    }
                }
            }
            National::Finland => text[end] = luhn(&text[..end]),
            National::Estonia => {
                let sum: u32 = text[2..end]
                    .iter()
                    .rev()
                    .zip([7, 3, 1].iter().cycle())
                    .map(|(&d, weight)| value(d) * weight)
                    .sum();
                text[end] = digit((10 - sum % 10) % 10);
            }
        }
    }
}

impl National {
    /// How many characters it takes.
    const fn length(self) -> usize {
        match self {
            Self::None => 0,
            Self::Belgium | Self::Mod97 | Self::Spain | Self::France => 2,
            Self::Italy | Self::Norway | Self::Finland | Self::Estonia => 1,
        }
    }
}

fn write_pair(check: u32, text: &mut [u8]) {
    text[0] = digit(check / 10);
    text[1] = digit(check);
}

/// The Italian control letter: odd places by table, even places by value, modulo 26.
fn cin(digits: &[u8]) -> u8 {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let sum: u32 = digits
        .iter()
        .enumerate()
        .map(|(place, &d)| {
            let value = value(d);
            if place % 2 == 0 {
                ODD[usize::try_from(value % 10).unwrap_or(0)]
            } else {
                value
            }
        })
        .sum();
    b'A' + u8::try_from(sum % 26).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::find;
    use ::iban::{Iban, IbanLike};
    use proptest::prelude::*;

    /// Every country: the `iban_validate` crate knows length, structure and check digits.
    #[test]
    fn ibans_are_valid_in_every_country() {
        for country in COUNTRIES {
            let bound = find("iban")
                .unwrap()
                .bind(&[("country", country.code)])
                .unwrap();
            let count = bound.distinct().unwrap();
            for index in [0, 1, 7, count / 3, count / 2, count - 1] {
                let mut text = String::new();
                bound.nth(index, &mut text).unwrap();
                let iban: Iban = text
                    .parse()
                    .unwrap_or_else(|e| panic!("{text} of {}: {e}", country.code));
                assert_eq!(iban.country_code(), country.code);
            }
        }
    }

    /// The national check digits of published examples. Their banks exist, so the digits are
    /// computed here by the parts.
    #[test]
    fn national_check_digits() {
        // SWIFT IBAN Registry: ES9121000418450200051332, IT60X0542811101000000123456,
        // NO9386011117947, BE68539007547034, PT50000201231234567890154.
        assert_eq!(cin(b"0542811101000000123456"), b'X');
        assert_eq!(mod97(b"5390075470"), 34);
        assert_eq!(98 - (mod97(b"0002012312345678901") * 100) % 97, 54);
        assert_eq!(luhn(b"1234560000078"), b'5');
    }

    #[test]
    fn unknown_countries_are_refused() {
        let error = find("iban")
            .unwrap()
            .bind(&[("country", "US")])
            .unwrap_err();
        assert!(error.to_string().contains("SEPA"), "{error}");
    }

    proptest! {
        #[test]
        fn accounts_of_a_country_are_distinct(a: u64, b: u64, near in 0_u64..20) {
            for country in COUNTRIES {
                let count = country.count();
                let text = |index: u64| {
                    let mut out = String::new();
                    country.write(index, &mut out).unwrap();
                    out
                };
                let a = a % count;
                for b in [b % count, (a + near) % count] {
                    prop_assert_eq!(a == b, text(a) == text(b), "{} {}", text(a), text(b));
                }
            }
        }
    }
}
