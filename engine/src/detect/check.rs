//! Identifiers with check digits: whether a text is one, and how many random texts of its shape
//! would pass.
//!
//! Ranges that are never issued pass too: they are what this engine generates, and what test data
//! of others is made of. The formulas are those of the generators.

use super::category::Category;
use super::value::Hit;
use crate::generator::check_digit::{aba, luhn, mod97, vin};
use crate::generator::national::digit::{
    brazilian, codice_fiscale, dni, mod_11_2, mod_11_10, number, weighted,
};
use crate::generator::national::id::my_number;

/// Tests a text of digits and marks between them; `digits` are its digits alone.
pub(super) fn of_digits(text: &str, digits: &[u8], out: &mut impl FnMut(Hit)) {
    let bare = digits.len() == text.len();
    // Marks make a number's shape rarer than its digits alone.
    let marked = |chance: f64| if bare { chance } else { chance * 0.1 };
    let mut scheme = |category, valid: bool, chance: f64| {
        out(Hit {
            category,
            checked: Some(valid),
            chance: marked(chance),
        });
    };
    match digits.len() {
        9 => {
            if bare || is_shaped(text, b"###-##-####") || is_shaped(text, b"### ## ####") {
                let area = number(&digits[..3]);
                let valid = area != 0
                    && area != 666
                    && number(&digits[3..5]) != 0
                    && number(&digits[5..]) != 0;
                if bare {
                    // Any nine digits will do: only the name can say it.
                    scheme(Category::Ssn, false, 1.0);
                } else {
                    scheme(Category::Ssn, valid, 0.2);
                }
            }
            if bare {
                let sum = i64::from(weighted(digits, &[9, 8, 7, 6, 5, 4, 3, 2]));
                scheme(
                    Category::Bsn,
                    (sum - i64::from(digits[8] - b'0')) % 11 == 0,
                    0.09,
                );
                scheme(Category::Routing, aba(&digits[..8]) == digits[8], 0.1);
            }
        }
        10 => {
            if bare && matches!(digits[0], b'1' | b'2' | b'9') {
                let mut prefixed = *b"80840000000000";
                prefixed[5..].copy_from_slice(&digits[..9]);
                scheme(Category::Npi, luhn(&prefixed) == digits[9], 0.1);
            }
            if bare && matches!(digits[0], b'1' | b'2' | b'9') {
                scheme(Category::SaudiId, luhn(&digits[..9]) == digits[9], 0.1);
            }
            if bare || is_shaped(text, b"### ### ####") {
                let sum = weighted(digits, &[10, 9, 8, 7, 6, 5, 4, 3, 2]);
                let check = (11 - sum % 11) % 11;
                let valid = check < 10 && check == u32::from(digits[9] - b'0');
                scheme(Category::Nhs, valid, if bare { 0.09 } else { 0.9 });
            }
        }
        11 => {
            if bare {
                scheme(Category::SteuerId, is_steuer_id(digits), 0.03);
                scheme(Category::Pesel, is_pesel(digits), 0.02);
            }
            if bare || is_shaped(text, b"###.###.###-##") {
                let repeated = digits.iter().all(|d| *d == digits[0]);
                let valid = !repeated
                    && brazilian(&digits[..9], 11) == digits[9]
                    && brazilian(&digits[..10], 11) == digits[10];
                scheme(Category::Cpf, valid, 0.01);
            }
        }
        12 if bare => {
            scheme(
                Category::MyNumber,
                my_number(&digits[..11]) == digits[11],
                0.1,
            );
        }
        14 if is_shaped(text, b"##.###.###/####-##") => {
            let valid = brazilian(&digits[..12], 9) == digits[12]
                && brazilian(&digits[..13], 9) == digits[13];
            scheme(Category::TaxNumber, valid, 0.01);
        }
        15 if bare || is_shaped(text, b"# ## ## ## ### ### ##") => {
            let key = 97 - number(&digits[..13]) % 97;
            let valid = matches!(digits[0], b'1' | b'2') && key == number(&digits[13..]);
            scheme(Category::Nir, valid, 0.0021);
        }
        18 if bare => scheme(Category::ResidentId, is_resident_id(text), 0.002),
        _ => {}
    }
    if matches!(digits.len(), 12..=19) && is_grouped(text) {
        let valid = luhn(&digits[..digits.len() - 1]) == digits[digits.len() - 1];
        if let Some(share) = issuer(digits) {
            scheme(Category::CardNumber, valid, 0.1 * share);
        }
        if digits.len() == 15 {
            scheme(Category::Imei, valid, 0.1);
        }
    }
}

/// Tests a text of letters and digits, in capitals, without spaces and dashes.
pub(super) fn of_letters(compact: &[u8], out: &mut impl FnMut(Hit)) {
    let mut test = |category, checked: Option<bool>, chance: f64| {
        out(Hit {
            category,
            checked,
            chance,
        });
    };
    let digits = |range: &[u8]| range.iter().all(u8::is_ascii_digit);
    let letters = |range: &[u8]| range.iter().all(u8::is_ascii_uppercase);
    let length = compact.len();
    if (15..=34).contains(&length) && letters(&compact[..2]) && digits(&compact[2..4]) {
        let turned = [&compact[4..], &compact[..4]].concat();
        test(Category::Iban, Some(mod97(&turned) == 1), 0.01);
    }
    match length {
        9 => {
            if letters(&compact[..2]) && digits(&compact[2..8]) && letters(&compact[8..]) {
                let suffix = matches!(compact[8], b'A'..=b'D');
                test(Category::Nino, None, if suffix { 0.002 } else { 0.1 });
            }
            if digits(&compact[..8]) && letters(&compact[8..]) {
                let letter = dni(number(&compact[..8]));
                test(Category::Dni, Some(letter == compact[8]), 0.04);
            } else if matches!(compact[0], b'X' | b'Y' | b'Z')
                && digits(&compact[1..8])
                && letters(&compact[8..])
            {
                let lead = u64::from(compact[0] - b'X') * 10_000_000;
                let letter = dni(lead + number(&compact[1..8]));
                test(Category::Dni, Some(letter == compact[8]), 0.04);
            }
        }
        16 if letters(&compact[..6]) && digits(&compact[6..8]) && letters(&compact[8..9]) => {
            let month = b"ABCDEHLMPRST".contains(&compact[8]);
            let valid = month && codice_fiscale(&compact[..15]) == compact[15];
            test(Category::CodiceFiscale, Some(valid), 0.02);
        }
        17 if !compact.iter().any(|c| b"IOQ".contains(c))
            && compact.iter().any(u8::is_ascii_uppercase) =>
        {
            if let Ok(text) = compact.try_into() {
                test(Category::Vin, Some(vin(text) == compact[8]), 0.09);
            }
        }
        18 if digits(&compact[..17]) && compact[17] == b'X' => {
            let valid = std::str::from_utf8(compact).is_ok_and(is_resident_id);
            test(Category::ResidentId, Some(valid), 0.002);
        }
        _ => {}
    }
    // The tax office's prefix of a country, then digits.
    if (10..=14).contains(&length)
        && [
            "DE", "FR", "GB", "IT", "ES", "NL", "PL", "AT", "BE", "DK", "SE", "FI", "IE", "PT",
        ]
        .iter()
        .any(|country| compact.starts_with(country.as_bytes()))
        && digits(&compact[5..9])
        && compact.iter().filter(|c| c.is_ascii_digit()).count() >= 7
    {
        test(Category::TaxNumber, None, 0.02);
    }
}

/// Whether the text has digits where the shape has `#`, and is the same elsewhere.
pub(super) fn is_shaped(text: &str, shape: &[u8]) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(symbol, place)| {
            if *place == b'#' {
                symbol.is_ascii_digit()
            } else {
                symbol == *place
            }
        })
}

/// Digits alone, or in groups of four to six between spaces or dashes, as on a card.
fn is_grouped(text: &str) -> bool {
    text.split([' ', '-'])
        .all(|group| group.len() >= 3 && group.bytes().all(|b| b.is_ascii_digit()))
}

/// Share of numbers of this length that begin as those of card issuers do, if this one does.
fn issuer(digits: &[u8]) -> Option<f64> {
    let two = number(&digits[..2]);
    let four = number(&digits[..4]);
    let known = match digits.len() {
        15 => matches!(two, 34 | 37),
        14 => matches!(two, 36 | 38 | 39) || matches!(four, 3000..=3059),
        13 | 16 | 19 => {
            digits[0] == b'4'
                || matches!(two, 35 | 51..=55 | 60..=65 | 81 | 50 | 56..=58 | 67)
                || matches!(four, 2200..=2204 | 2221..=2720)
        }
        _ => matches!(two, 50 | 56..=58 | 60..=69),
    };
    let share = match digits.len() {
        15 | 14 => 0.03,
        _ => 0.3,
    };
    known.then_some(share)
}

/// One of the first ten digits occurs twice or three times, and the check digit is right.
fn is_steuer_id(digits: &[u8]) -> bool {
    let mut counts = [0_u32; 10];
    for digit in &digits[..10] {
        counts[usize::from(digit - b'0') % 10] += 1;
    }
    let most = counts.iter().fold((0, 0), |(most, twice), &count| {
        (most.max(count), twice + u32::from(count > 1))
    });
    matches!(most, (2 | 3, 1)) && mod_11_10(&digits[..10]) == digits[10]
}

/// Month with the century's mark, day and check digit.
fn is_pesel(digits: &[u8]) -> bool {
    let month = number(&digits[2..4]) % 20;
    let day = number(&digits[4..6]);
    (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && weighted(digits, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]).is_multiple_of(10)
}

/// Date of birth and check digit.
fn is_resident_id(text: &str) -> bool {
    let digits = text.as_bytes();
    let (year, month, day) = (
        number(&digits[6..10]),
        number(&digits[10..12]),
        number(&digits[12..14]),
    );
    (1880..=2100).contains(&year)
        && (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && mod_11_2(&digits[..17]) == digits[17]
}
