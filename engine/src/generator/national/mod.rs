//! National identifiers and tax numbers by locale, with the right check digits and nobody's
//! (law 8): what is never issued differs by country, see [`id`] and [`vat`].
//!
//! ```
//! use synth_engine::generator;
//!
//! let bsn = generator::find("national_id")?.bind(&[("locale", "nl_NL")])?;
//! assert!(bsn.value(1).starts_with('9'));
//! assert_eq!(bsn.distinct(), Some(9_000_000));
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub(crate) mod digit;
pub mod id;
pub mod vat;

use std::fmt::{self, Write};

use super::{Bound, Generator, Group, LOCALE_ONLY, person};
use crate::entropy::{below, remix};
use crate::locale::Locale;
use crate::schema::ColumnType;

/// Writes the number of the person of this entropy.
type OfPerson = fn(&'static Locale, u64, &mut dyn Write) -> fmt::Result;

/// Numbers that can be counted and addressed by index.
pub struct Scheme {
    count: u64,
    nth: fn(u64, &mut dyn Write) -> fmt::Result,
    /// Even indexes are women's, odd ones men's.
    sexed: bool,
    /// Where the number is made of a person's name too: that of the person of this entropy.
    person: Option<OfPerson>,
}

impl Scheme {
    const fn new(count: u64, nth: fn(u64, &mut dyn Write) -> fmt::Result) -> Self {
        Self {
            count,
            nth,
            sexed: false,
            person: None,
        }
    }

    const fn sexed(count: u64, nth: fn(u64, &mut dyn Write) -> fmt::Result) -> Self {
        Self {
            sexed: true,
            ..Self::new(count, nth)
        }
    }

    fn write(&self, locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
        if let Some(write) = self.person {
            return write(locale, entropy, out);
        }
        let own = remix(entropy ^ 4);
        let index = if self.sexed {
            let sex = person::given(locale, entropy).sex;
            below(own, self.count / 2) * 2 + id::sex_bit(sex)
        } else {
            below(own, self.count)
        };
        (self.nth)(index, out)
    }

    fn bind(&'static self, locale: &'static Locale) -> Bound {
        Bound::text(move |entropy, out| self.write(locale, entropy, out))
            .counted(self.count, self.nth)
    }
}

/// A number taken apart by mixed radix: distinct numbers give distinct parts.
pub struct Digits(u64);

impl Digits {
    fn new(index: u64) -> Self {
        Self(index)
    }

    /// The next part, below `radix`.
    fn take(&mut self, radix: u64) -> u64 {
        let part = self.0 % radix;
        self.0 /= radix;
        part
    }

    /// The same as an index.
    fn index(&mut self, radix: u64) -> usize {
        usize::try_from(self.take(radix)).unwrap_or(0)
    }
}

/// Up to 32 ASCII characters without allocating.
pub struct Buffer {
    bytes: [u8; 32],
    length: usize,
}

impl Buffer {
    fn new() -> Self {
        Self {
            bytes: [0; 32],
            length: 0,
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }

    fn push(&mut self, text: &[u8]) {
        for (place, byte) in self.bytes[self.length..].iter_mut().zip(text) {
            *place = *byte;
            self.length += 1;
        }
    }

    /// Adds a number of `width` digits, zeros in front.
    fn number(&mut self, number: u64, width: usize) {
        let mut rest = number;
        let end = (self.length + width).min(self.bytes.len());
        for place in self.bytes[self.length..end].iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or(0);
            rest /= 10;
        }
        self.length = end;
    }

    fn finish(&self, out: &mut dyn Write) -> fmt::Result {
        out.write_str(std::str::from_utf8(self.bytes()).unwrap_or_default())
    }
}

/// What a country gives its people, and its companies.
fn schemes(locale: &Locale) -> (&'static Scheme, &'static Scheme) {
    match locale.country_code {
        "BR" => (&id::CPF, &vat::CNPJ),
        "CN" => (&id::RESIDENT_ID, &vat::CN),
        "DE" => (&id::STEUER_ID, &vat::DE),
        "ES" => (&id::DNI, &vat::ES),
        "FR" => (&id::NIR, &vat::FR),
        "GB" => (&id::NINO, &vat::GB),
        "IT" => (&id::CODICE_FISCALE, &vat::IT),
        "JP" => (&id::MY_NUMBER, &vat::JP),
        "NL" => (&id::BSN, &vat::NL),
        "PL" => (&id::PESEL, &vat::PL),
        "SA" => (&id::SAUDI_ID, &vat::SA),
        _ => (&id::SSN, &vat::EIN),
    }
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::new(
        "health_insurance_code",
        "French social security number (NIR) with its key; the order 000 is nobody's.",
        &[],
        ColumnType::Text,
        super::Make::Bind(|_| Ok(id::NIR.bind(crate::locale::find("fr_FR")?))),
    )
    .in_group(Group::Person),
    Generator::bound(
        "national_id",
        "National identifier with the right check digits, of a range that is not issued (pt_BR and ja_JP: no such range exists): SSN, NINO, Steuer-ID, NIR, DNI, codice fiscale, CPF, BSN, PESEL, My Number, resident identity number, Saudi ID.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(schemes(locale).0.bind(locale))
        },
    )
    .in_group(Group::Person),
    Generator::bound(
        "vat_number",
        "Tax number of a company with the right check digits, of a range that is not issued: EIN, VAT number, CNPJ, invoice issuer number, unified social credit code.",
        LOCALE_ONLY,
        ColumnType::Text,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(schemes(locale).1.bind(locale))
        },
    )
    .in_group(Group::Company),
];

#[cfg(test)]
mod tests {
    use super::digit::{number, value, weighted};
    use super::*;
    use crate::entropy::remix;
    use crate::generator;
    use crate::locale::{self, NAMES};

    fn digits(text: &str) -> Vec<u8> {
        text.bytes().filter(u8::is_ascii_digit).collect()
    }

    fn each(name: &str, locale: &str, check: impl Fn(&str)) {
        let bound = generator::find(name).unwrap();
        let bound = bound.bind(&[("locale", locale)]).unwrap();
        let count = bound.distinct().unwrap();
        for row in 0..2_000 {
            check(&bound.value(remix(row)));
            for index in [row, count - 1 - row, remix(row) % count] {
                let mut text = String::new();
                bound.nth(index, &mut text).unwrap();
                check(&text);
            }
        }
    }

    /// Law 8 and check digits of persons' numbers, each by the other form of its formula: the sum
    /// over the whole number, check digit and all.
    #[test]
    fn persons_numbers_are_right_and_nobodys() {
        each("national_id", "nl_NL", |id| {
            let sum = i64::from(weighted(id.as_bytes(), &[9, 8, 7, 6, 5, 4, 3, 2]));
            assert_eq!((sum - i64::from(value(id.as_bytes()[8]))) % 11, 0, "{id}");
            assert!(id.len() == 9 && id.starts_with('9'), "{id}");
        });
        each("national_id", "pl_PL", |id| {
            let weights = [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1];
            assert_eq!(weighted(id.as_bytes(), &weights) % 10, 0, "{id}");
            assert!(id.len() == 11 && ("81".."93").contains(&&id[2..4]), "{id}");
            assert!(id < "50", "{id}: born 1850 or later");
        });
        each("national_id", "fr_FR", |id| {
            let (body, key) = (number(&id.as_bytes()[..13]), number(&id.as_bytes()[13..]));
            assert_eq!((body + key) % 97, 0, "{id}");
            assert!(
                id.len() == 15 && &id[10..13] == "000" && &id[5..7] != "20",
                "{id}"
            );
        });
        each("national_id", "zh_CN", |id| {
            let sum: u32 = id
                .bytes()
                .enumerate()
                .map(|(place, symbol)| {
                    let value = if symbol == b'X' {
                        10
                    } else {
                        u32::from(value(symbol))
                    };
                    value * (1 << (17 - place))
                })
                .sum();
            assert_eq!(sum % 11, 1, "{id}");
            assert!(id.len() == 18 && id.starts_with("20"), "{id}");
        });
        each("national_id", "ar_SA", |id| {
            assert!(luhn3::decimal::valid(id.as_bytes()), "{id}");
            assert!(id.len() == 10 && id.starts_with('9'), "{id}");
        });
        each("national_id", "pt_BR", |id| {
            let all = digits(id);
            let (first, second) = (
                [10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
                [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
            );
            assert!(id.len() == 14 && weighted(&all, &first) % 11 <= 1, "{id}");
            assert!(weighted(&all, &second) % 11 <= 1, "{id}");
        });
        each("national_id", "de_DE", |id| {
            let counts: Vec<usize> = (b'0'..=b'9')
                .map(|digit| id[..10].matches(char::from(digit)).count())
                .collect();
            assert!(id.len() == 11 && id.starts_with('0'), "{id}");
            assert_eq!(counts.iter().filter(|c| **c == 2).count(), 1, "{id}");
            assert_eq!(counts.iter().filter(|c| **c == 0).count(), 1, "{id}");
        });
        each("national_id", "en_GB", |id| {
            assert_eq!(id.len(), 9, "{id}");
            let never = ["QQ", "BG", "GB", "KN", "NK", "NT", "TN", "ZZ"];
            assert!(
                never.contains(&&id[..2]) && b"ABCD".contains(&id.as_bytes()[8]),
                "{id}"
            );
        });
        each("national_id", "it_IT", |id| {
            assert!(id.len() == 16 && id.as_bytes()[11] == b'X', "{id}");
        });
        each("national_id", "es_ES", |id| {
            assert!(id.len() == 9 && id.starts_with("99"), "{id}");
        });
        each("national_id", "ja_JP", |id| {
            assert!(id.len() == 12 && id.starts_with("0000"), "{id}");
        });
        each("national_id", "en_US", |id| {
            assert!(id.len() == 11 && id.starts_with('9'), "{id}");
        });
    }

    /// The same of companies' numbers.
    #[test]
    fn companies_numbers_are_right_and_nobodys() {
        each("vat_number", "en_GB", |id| {
            let all = &id.as_bytes()[2..];
            assert_eq!(
                (weighted(all, &[8, 7, 6, 5, 4, 3, 2, 10, 1])) % 97,
                0,
                "{id}"
            );
            assert!((100_000..1_000_000).contains(&number(&all[..7])), "{id}");
        });
        each("vat_number", "fr_FR", |id| {
            assert!(luhn3::decimal::valid(&id.as_bytes()[4..]), "{id}");
            assert!(id.len() == 13 && &id[4..7] == "000", "{id}");
        });
        for (locale, start, place) in [("it_IT", 9, "000"), ("es_ES", 3, "00")] {
            each("vat_number", locale, |id| {
                let all = digits(id);
                assert!(luhn3::decimal::valid(&all), "{id}");
                assert!(id[start..].starts_with(place), "{id}");
            });
        }
        each("vat_number", "pl_PL", |id| {
            let all = digits(id);
            assert!(id.len() == 12 && id.starts_with("PL000"), "{id}");
            let sum = weighted(&all, &[6, 5, 7, 2, 3, 4, 5, 6, 7]);
            assert_eq!(sum % 11, u32::from(value(all[9])), "{id}");
        });
        each("vat_number", "pt_BR", |id| {
            let weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2, 1];
            assert!(weighted(&digits(id), &weights) % 11 <= 1, "{id}");
            assert!(id.len() == 18 && id.contains("/0000-"), "{id}");
        });
        each("vat_number", "de_DE", |id| {
            assert!(id.len() == 11 && id.starts_with("DE0"), "{id}");
        });
        each("vat_number", "nl_NL", |id| {
            assert!(
                id.len() == 14 && id.starts_with("NL9") && id.ends_with("B01"),
                "{id}"
            );
        });
        each("vat_number", "ja_JP", |id| {
            assert!(
                id.len() == 14 && id.starts_with('T') && &id[2..4] == "99",
                "{id}"
            );
        });
        each("vat_number", "zh_CN", |id| {
            assert!(id.len() == 18 && id.starts_with("9120"), "{id}");
        });
        each("vat_number", "ar_SA", |id| {
            assert!(
                id.len() == 15 && id.starts_with("399") && id.ends_with("03"),
                "{id}"
            );
        });
    }

    /// Law 3 in every locale: what is enumerated does not repeat, over the whole of small sets and
    /// over samples and neighbours of large ones.
    #[test]
    fn enumerated_values_do_not_repeat() {
        for name in [
            "cell_number",
            "licence_plate",
            "national_id",
            "phone",
            "vat_number",
        ] {
            for locale in NAMES {
                let bound = generator::find(name).unwrap();
                let bound = bound.bind(&[("locale", locale)]).unwrap();
                let count = bound.distinct().unwrap();
                let mut indexes: Vec<u64> = (0..20_000)
                    .flat_map(|row| [row, remix(row) % count, count.saturating_sub(row + 1)])
                    .filter(|index| *index < count)
                    .collect();
                indexes.sort_unstable();
                indexes.dedup();
                let mut seen = std::collections::HashSet::new();
                for index in indexes {
                    let mut text = String::new();
                    bound.nth(index, &mut text).unwrap();
                    assert!(
                        seen.insert(text.clone()),
                        "{name} in {locale}: {text} again at {index}"
                    );
                }
                assert!(
                    bound.nth(count, &mut String::new()).is_err(),
                    "{name} in {locale}"
                );
            }
        }
    }

    /// The numbers that tell the sex tell that of the first name.
    #[test]
    fn numbers_tell_the_sex_of_the_person() {
        for (name, at, men) in [
            ("fr_FR", 0, "1"),
            ("pl_PL", 9, "13579"),
            ("zh_CN", 16, "13579"),
        ] {
            let locale = locale::find(name).unwrap();
            let bound = generator::find("national_id").unwrap();
            let bound = bound.bind(&[("locale", name)]).unwrap();
            for row in 0..500 {
                let entropy = remix(row);
                let id = bound.value(entropy);
                let male = person::given(locale, entropy).sex == super::super::name::Sex::Male;
                assert_eq!(men.contains(&id[at..=at]), male, "{name}: {id}");
            }
        }
    }
}
