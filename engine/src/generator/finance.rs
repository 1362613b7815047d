//! Banks, securities and payments: identifiers with right check digits from ranges that are set
//! aside or not assigned.

use std::fmt::{self, Write};

use super::check_digit::{aba, cusip, digit, isin, mod97, sedol};
use super::country::COUNTRIES;
use super::draw::{
    ALPHANUMERIC, Chain, DIGITS, choose, numbered, spell, write_ascii, write_hundredths,
};
use super::{Generator, Group};

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Digits and the letters of CUSIPs and SEDOLs that are not mistaken for them: no I and O, and in
/// SEDOLs no vowels.
const CUSIP_LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRSTUVWXYZ";
const SEDOL_LETTERS: &[u8] = b"0123456789BCDFGHJKLMNPQRSTVWXYZ";

/// Characters of Bech32 (BIP 173).
const BECH32: &[u8] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

const BIC_BANKS: u64 = 26 * 26 * 26 * 26;
const BIC_COUNT: u64 = BIC_BANKS * 36 * COUNTRIES.len() as u64;
const ABA_PREFIXES: u64 = 28;

pub(super) const ENTRIES: &[Generator] = &[
    numbered!(
        "aba_routing_number",
        "US bank routing number of nine digits, prefix 33 to 60, never assigned; check digit right.",
        ABA_PREFIXES * 1_000_000,
        |index, out| aba_routing_number(index, out),
    )
    .in_group(Group::Bank),
    Generator::text("account_type", "Type of a bank account.", |e, out| {
        out.write_str(choose(ACCOUNT_TYPES, e))
    }),
    Generator::text(
        "amount",
        "Amount of money with two decimals, 1.00 to 9999.99; small ones are more common.",
        |e, out| {
            let mut draws = Chain::new(e);
            let magnitude = draws.choose(&[1_000, 10_000, 10_000, 100_000, 999_999]);
            write_hundredths(draws.between(100, magnitude), out)
        },
    ),
    numbered!(
        "bank_account",
        "Bank account number of ten digits, of no bank in particular.",
        10_000_000_000,
        |index, out| super::identifier::write_padded(index, 10, out),
    ),
    numbered!(
        "bic",
        "BIC (SWIFT code) of eight characters, the last 0: test codes of ISO 9362.",
        BIC_COUNT,
        |index, out| bic(index, out),
    )
    .in_group(Group::Bank),
    Generator::text(
        "bitcoin_address",
        "Bitcoin address in the shape of bc1q and 38 characters; its checksum is not kept.",
        bitcoin_address,
    ),
    numbered!(
        "cusip",
        "CUSIP of nine characters, issuer 99: kept for private use; check digit right.",
        1_000 * 34 * 34 * 34,
        |index, out| write_cusip(index, out),
    ),
    Generator::text(
        "ethereum_address",
        "Ethereum address: 0x and 40 hexadecimal digits in lower case.",
        |e, out| {
            out.write_str("0x")?;
            super::token::write_hex(e, 40, out)
        },
    ),
    numbered!(
        "isin",
        "ISIN of twelve characters under ZZ, which ISO 3166 gives to no country; check digit right.",
        ISIN_COUNT,
        |index, out| write_isin(index, out),
    ),
    numbered!(
        "lei",
        "Legal Entity Identifier of 20 characters, issuer 0000, never assigned; check digits right.",
        36_u64.pow(12),
        |index, out| lei(index, out),
    ),
    Generator::text("payment_method", "Means of payment.", |e, out| {
        out.write_str(choose(PAYMENT_METHODS, e))
    }),
    numbered!(
        "sedol",
        "SEDOL of seven characters, the first 9: kept for private use; check digit right.",
        31_u64.pow(5),
        |index, out| write_sedol(index, out),
    ),
    Generator::text("transaction_type", "Type of a bank transaction.", |e, out| {
        out.write_str(choose(TRANSACTION_TYPES, e))
    }),
];

const ACCOUNT_TYPES: &[&str] = &[
    "checking",
    "checking",
    "savings",
    "savings",
    "credit card",
    "money market",
    "mortgage",
    "auto loan",
    "personal loan",
    "investment",
    "business checking",
];

const PAYMENT_METHODS: &[&str] = &[
    "credit card",
    "credit card",
    "debit card",
    "debit card",
    "cash",
    "bank transfer",
    "direct debit",
    "digital wallet",
    "check",
    "gift card",
    "invoice",
];

const TRANSACTION_TYPES: &[&str] = &[
    "purchase",
    "purchase",
    "purchase",
    "payment",
    "deposit",
    "withdrawal",
    "transfer",
    "refund",
    "fee",
    "interest",
    "direct debit",
];

/// Prefixes 33 to 60 lie between those of the Federal Reserve districts (01 to 12), of thrift
/// institutions (21 to 32) and of electronic transactions (61 to 72).
fn aba_routing_number(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = [b'0'; 9];
    let prefix = spell(index, DIGITS, &mut text[2..8]);
    spell(33 + prefix, DIGITS, &mut text[..2]);
    text[8] = aba(&text[..8]);
    write_ascii(&text, out)
}

/// Bank, country and location; 0 in the eighth place says test (ISO 9362).
fn bic(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = [b'0'; 8];
    let rest = spell(index % BIC_BANKS, LETTERS, &mut text[..4]) + index / BIC_BANKS;
    let (location, country) = (rest % 36, rest / 36);
    spell(location, ALPHANUMERIC, &mut text[6..7]);
    let country = usize::try_from(country).unwrap_or(0) % COUNTRIES.len();
    text[4..6].copy_from_slice(COUNTRIES[country].alpha2.as_bytes());
    write_ascii(&text, out)
}

/// How many ISINs there are under `ZZ`.
pub(crate) const ISIN_COUNT: u64 = 36_u64.pow(9);

/// The ISIN with this index, 0 to [`ISIN_COUNT`] - 1.
pub(crate) fn write_isin(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"ZZ0000000000";
    spell(index, ALPHANUMERIC, &mut text[2..11]);
    text[11] = isin(&text[..11]);
    write_ascii(&text, out)
}

/// Issuers 990000 to 99999Z are for users' own purposes (CUSIP Global Services).
fn write_cusip(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"990000000";
    let rest = spell(index, CUSIP_LETTERS, &mut text[5..8]);
    spell(rest, DIGITS, &mut text[2..5]);
    text[8] = cusip(&text[..8]);
    write_ascii(&text, out)
}

/// Codes that start with 9 are users' own (London Stock Exchange).
fn write_sedol(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"9000000";
    spell(index, SEDOL_LETTERS, &mut text[1..6]);
    text[6] = sedol(&text[..6]);
    write_ascii(&text, out)
}

/// ISO 17442: issuer, two zeros, twelve characters, two check digits (MOD 97-10).
fn lei(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = *b"00000000000000000000";
    spell(index, ALPHANUMERIC, &mut text[6..18]);
    let check = 98 - mod97(&text);
    text[18] = digit(check / 10);
    text[19] = digit(check);
    write_ascii(&text, out)
}

fn bitcoin_address(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let mut text = *b"bc1q00000000000000000000000000000000000000";
    for part in text[4..].chunks_mut(12) {
        spell(draws.bits(), BECH32, part);
    }
    write_ascii(&text, out)
}

#[cfg(test)]
mod tests {
    use crate::entropy::remix;
    use crate::generator::draw::HEX;
    use crate::generator::find;

    /// Two thousand of each; the crates `isin`, `cusip` and `lei` check the digits.
    #[test]
    fn check_digits_and_reserved_ranges() {
        for row in 0..2_000 {
            let value = |name: &str| find(name).unwrap().value(remix(row));

            let text = value("isin");
            assert!(text.starts_with("ZZ"), "{text}");
            ::isin::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));

            let text = value("cusip");
            assert!(text.starts_with("99"), "{text}");
            ::cusip::CUSIP::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));

            let text = value("lei");
            assert!(text.starts_with("000000"), "{text}");
            assert_eq!(super::mod97(text.as_bytes()), 1, "{text}");
            // Check digits are 02 to 98 (ISO/IEC 7064); the crate has 00 and 01 for the last two.
            if !text.ends_with("97") && !text.ends_with("98") {
                ::lei::parse(&text).unwrap_or_else(|e| panic!("{text}: {e}"));
            }

            let text = value("bic");
            assert!(text.len() == 8 && text.ends_with('0'), "{text}");

            let text = value("aba_routing_number");
            assert!(
                ("33"..="60").contains(&&text[..2]) && text.len() == 9,
                "{text}"
            );
            let sum: u32 = text
                .bytes()
                .zip([3, 7, 1].iter().cycle())
                .map(|(d, w)| u32::from(d - b'0') * w)
                .sum();
            assert_eq!(sum % 10, 0, "{text}");

            let text = value("sedol");
            assert!(text.len() == 7 && text.starts_with('9'), "{text}");
            let text = value("ethereum_address");
            assert!(
                text.len() == 42 && text[2..].bytes().all(|b| HEX.contains(&b)),
                "{text}"
            );
            assert_eq!(value("bitcoin_address").len(), 42);
        }
    }
}
