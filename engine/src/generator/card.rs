//! Payment cards: numbers under the test BINs that payment processors publish, with a right Luhn
//! digit.

use std::fmt::{self, Write};

use super::check_digit::luhn;
use super::draw::{Chain, DIGITS, choose, spell, write_ascii};
use super::identifier::write_padded;
use super::{Bound, Generator, Group};
use crate::entropy::{below, remix};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// A brand of cards.
#[derive(Debug)]
struct Brand {
    name: &'static str,
    /// What an argument calls it.
    key: &'static str,
    /// The first eight digits of published test numbers (4111 1111 1111 1111, 4242 4242 4242
    /// 4242, 5555 5555 5555 4444, 2223 0000 4841 0010, 3782 822463 10005 and so on).
    bins: &'static [&'static str],
    /// Digits of a number.
    length: usize,
    /// Digits of the verification value.
    verification: u32,
    /// How often it is drawn.
    weight: u64,
}

/// The order is that of the weights' thresholds.
static BRANDS: &[Brand] = &[
    Brand {
        name: "Visa",
        key: "visa",
        bins: &["41111111", "42424242"],
        length: 16,
        verification: 3,
        weight: 50,
    },
    Brand {
        name: "Mastercard",
        key: "mastercard",
        bins: &["55555555", "22230000"],
        length: 16,
        verification: 3,
        weight: 27,
    },
    Brand {
        name: "American Express",
        key: "amex",
        bins: &["37828224", "37144963"],
        length: 15,
        verification: 4,
        weight: 8,
    },
    Brand {
        name: "Discover",
        key: "discover",
        bins: &["60111111", "60110009"],
        length: 16,
        verification: 3,
        weight: 5,
    },
    Brand {
        name: "UnionPay",
        key: "unionpay",
        bins: &["62000000"],
        length: 16,
        verification: 3,
        weight: 4,
    },
    Brand {
        name: "JCB",
        key: "jcb",
        bins: &["35301113", "35660020"],
        length: 16,
        verification: 3,
        weight: 3,
    },
    Brand {
        name: "Maestro",
        key: "maestro",
        bins: &["67596498"],
        length: 16,
        verification: 3,
        weight: 2,
    },
    Brand {
        name: "Diners Club",
        key: "diners",
        bins: &["30569309", "38520000"],
        length: 14,
        verification: 3,
        weight: 1,
    },
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "credit_card_brand",
        "Brand of a payment card, that of credit_card_number.",
        |e, out| out.write_str(brand(e).name),
    )
    .in_group(Group::Card),
    Generator::text(
        "credit_card_expiry",
        "Expiry of a payment card as MM/YY, January 2026 to December 2030.",
        expiry,
    )
    .in_group(Group::Card),
    Generator::bound(
        "credit_card_number",
        "Card number under a published test BIN, 14 to 16 digits by brand; Luhn digit right.",
        &[Parameter {
            name: "brand",
            parameter_type: ParameterType::Text,
            default: Some("NULL"),
            summary: "visa, mastercard, amex, discover, unionpay, jcb, maestro or diners; NULL: any.",
        }],
        ColumnType::Text,
        |arguments| match arguments.optional("brand") {
            None => Ok(Bound::text(|e, out| brand(e).draw(e, out)).counted(total(), nth)),
            Some(key) => {
                let known = BRANDS.iter().find(|b| b.key.eq_ignore_ascii_case(key));
                let brand = known.ok_or_else(|| {
                    arguments.error(
                        "brand must be visa, mastercard, amex, discover, unionpay, jcb, maestro or diners"
                            .to_owned(),
                    )
                })?;
                Ok(Bound::text(|e, out| brand.draw(e, out))
                    .counted(brand.count(), |index, out| brand.write(index, out)))
            }
        },
    )
    .in_group(Group::Card),
    Generator::text(
        "cvv",
        "Card verification value: three digits, four of American Express.",
        |e, out| {
            let digits = brand(e).verification;
            write_padded(below(remix(!e), 10_u64.pow(digits)), digits, out)
        },
    )
    .in_group(Group::Card),
];

/// The brand of a card.
fn brand(entropy: u64) -> &'static Brand {
    let mut rest = below(entropy, BRANDS.iter().map(|b| b.weight).sum());
    for brand in BRANDS {
        if rest < brand.weight {
            return brand;
        }
        rest -= brand.weight;
    }
    &BRANDS[0]
}

impl Brand {
    fn free_digits(&self) -> u32 {
        u32::try_from(self.length - 9).unwrap_or(0)
    }

    fn count(&self) -> u64 {
        self.bins.len() as u64 * 10_u64.pow(self.free_digits())
    }

    fn draw(&self, entropy: u64, out: &mut dyn Write) -> fmt::Result {
        self.write(below(remix(entropy), self.count()), out)
    }

    /// The number of the card with an index below [`Self::count`].
    fn write(&self, index: u64, out: &mut dyn Write) -> fmt::Result {
        let mut text = [b'0'; 16];
        let last = self.length - 1;
        let bin = spell(index, DIGITS, &mut text[8..last]);
        let bin = self.bins[usize::try_from(bin).unwrap_or(0) % self.bins.len()];
        text[..8].copy_from_slice(bin.as_bytes());
        text[last] = luhn(&text[..last]);
        write_ascii(&text[..self.length], out)
    }
}

/// All cards of all brands.
fn total() -> u64 {
    BRANDS.iter().map(Brand::count).sum()
}

fn nth(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut rest = index;
    for brand in BRANDS {
        if rest < brand.count() {
            return brand.write(rest, out);
        }
        rest -= brand.count();
    }
    Err(fmt::Error)
}

fn expiry(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(remix(remix(entropy)));
    write_padded(draws.between(1, 12), 2, out)?;
    out.write_str("/")?;
    out.write_str(choose(&["26", "27", "28", "29", "30"], draws.bits()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generator::find;

    /// The published number that each BIN is taken from is one of ours.
    #[test]
    fn published_test_numbers_are_among_them() {
        for number in [
            "4111111111111111",
            "4242424242424242",
            "5555555555554444",
            "2223000048410010",
            "378282246310005",
            "371449635398431",
            "6011111111111117",
            "6011000990139424",
            "30569309025904",
            "38520000023237",
            "3530111333300000",
            "3566002020360505",
            "6200000000000005",
            "6759649826438453",
        ] {
            assert!(luhn3::decimal::valid(number.as_bytes()), "{number}");
            let brand = BRANDS
                .iter()
                .find(|b| b.bins.contains(&&number[..8]))
                .unwrap_or_else(|| panic!("{number}"));
            assert_eq!(brand.length, number.len(), "{number}");
            let place = brand.bins.iter().position(|b| *b == &number[..8]).unwrap() as u64;
            let middle = &number[8..number.len() - 1];
            let index = place * 10_u64.pow(brand.free_digits()) + middle.parse::<u64>().unwrap();
            let mut text = String::new();
            brand.write(index, &mut text).unwrap();
            assert_eq!(text, number);
        }
    }

    #[test]
    fn brand_and_number_agree() {
        for row in 0..2_000 {
            let e = remix(row);
            let value = |name: &str| find(name).unwrap().value(e);
            let (number, name) = (value("credit_card_number"), value("credit_card_brand"));
            let brand = BRANDS.iter().find(|b| b.name == name).unwrap();
            assert!(
                brand.bins.iter().any(|bin| number.starts_with(bin)),
                "{name} {number}"
            );
            assert_eq!(value("cvv").len(), brand.verification as usize, "{name}");
        }
    }
}
