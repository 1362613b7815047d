//! Identifiers of persons. The comment of each says which numbers are used and why nobody has them.

use std::fmt::{self, Write};

use super::digit::{
    ascii, brazilian, codice_fiscale, dni, luhn, mod_11_2, mod_11_10, number, weighted,
};
use super::{Buffer, Digits, Scheme};
use crate::entropy::{below, remix};
use crate::generator::identifier::{SSN_COUNT, write_ssn};
use crate::generator::name::Sex;
use crate::generator::person;
use crate::locale::Locale;

/// US Social Security number: areas 900 to 999 are never issued (SSA).
pub static SSN: Scheme = Scheme::new(SSN_COUNT, |index, out| write_ssn(index, out));

/// GB National Insurance number: HMRC issues no prefix BG, GB, KN, NK, NT, TN, ZZ (manual
/// NIM39110), and QQ only in examples.
pub static NINO: Scheme = Scheme::new(8 * 4_000_000, |index, out| {
    const PREFIXES: [&[u8]; 8] = [b"QQ", b"BG", b"GB", b"KN", b"NK", b"NT", b"TN", b"ZZ"];
    let mut digits = Digits::new(index);
    let mut text = Buffer::new();
    text.push(PREFIXES[digits.index(8)]);
    text.number(digits.take(1_000_000), 6);
    text.push(&[b"ABCD"[digits.index(4)]]);
    text.finish(out)
});

/// German tax identification number: those that begin with 0 are for tests (`BZSt`); one of the
/// first ten digits occurs twice, the others at most once.
pub static STEUER_ID: Scheme = Scheme::new(9 * 362_880 + 72 * 36 * 5_040, |index, out| {
    let mut text = Buffer::new();
    text.push(b"0");
    // Which of 1 to 9 is missing, with 0 twice; or which is missing and which other is twice.
    let zeros_twice = index < 9 * 362_880;
    let mut digits = Digits::new(if zeros_twice {
        index
    } else {
        index - 9 * 362_880
    });
    let mut pool: Vec<u8> = (b'1'..=b'9').collect();
    pool.remove(digits.index(9));
    let mut tail = [0_u8; 9];
    if zeros_twice {
        pool.push(b'0');
    } else {
        let twice = pool.remove(digits.index(8));
        // The two places of the digit that is twice: i < j of 9.
        let pair = digits.index(36);
        let (i, j) = (0..9)
            .flat_map(|i| (i + 1..9).map(move |j| (i, j)))
            .nth(pair)
            .unwrap_or((0, 1));
        tail[i] = twice;
        tail[j] = twice;
    }
    for place in &mut tail {
        if *place == 0 && !pool.is_empty() {
            let choice = digits.index(pool.len() as u64);
            *place = pool.remove(choice);
        }
    }
    text.push(&tail);
    let check = mod_11_10(text.bytes());
    text.push(&[check]);
    text.finish(out)
});

/// French NIR: sex, year and month of birth, department, commune, order, key. Orders begin at 001
/// (INSEE), so 000 is nobody's.
pub static NIR: Scheme = Scheme::sexed(2 * 100 * 12 * 94 * 500, |index, out| {
    let mut digits = Digits::new(index);
    let mut text = Buffer::new();
    text.push(&[b"21"[digits.index(2)]]);
    text.number(digits.take(100), 2);
    text.number(1 + digits.take(12), 2);
    // 01 to 95 without 20: Corsica has 2A and 2B.
    let department = 1 + digits.take(94);
    text.number(department + u64::from(department >= 20), 2);
    text.number(1 + digits.take(500), 3);
    text.push(b"000");
    let key = 97 - number(text.bytes()) % 97;
    text.number(key, 2);
    text.finish(out)
});

/// Spanish DNI: 99,000,000 and up, far above the lots handed out to the police offices; the
/// specimens of the police and of the tax office are from there (99999999R). No authority reserves
/// a range.
pub static DNI: Scheme = Scheme::new(1_000_000, |index, out| {
    let number = 99_000_000 + index;
    let mut text = Buffer::new();
    text.number(number, 8);
    text.push(&[dni(number)]);
    text.finish(out)
});

/// Italian codice fiscale: place codes begin with A to M (communes) or Z (countries), so X, as
/// here, is no place.
pub static CODICE_FISCALE: Scheme = Scheme {
    person: Some(codice_fiscale_of),
    ..Scheme::sexed(BIRTHS * 64_000_000, |index, out| {
        let mut digits = Digits::new(index);
        let birth = digits.take(BIRTHS);
        let mut letters = [b'X'; 6];
        for letter in &mut letters {
            *letter = b"BCDFGHLMNPRSTVZKJWXY"[digits.index(20)];
        }
        codice_fiscale_with(letters, birth, out)
    })
};

/// Sex, day, month, year and place of birth of a codice fiscale.
const BIRTHS: u64 = 2 * 28 * 12 * 100 * 1_000;

fn codice_fiscale_with(letters: [u8; 6], birth: u64, out: &mut dyn Write) -> fmt::Result {
    let mut digits = Digits::new(birth);
    let female = digits.take(2) == 0;
    let day = 1 + digits.take(28) + if female { 40 } else { 0 };
    let mut text = Buffer::new();
    text.push(&letters);
    let month = b"ABCDEHLMPRST"[digits.index(12)];
    text.number(digits.take(100), 2);
    text.push(&[month]);
    text.number(day, 2);
    text.push(b"X");
    text.number(digits.take(1_000), 3);
    let check = codice_fiscale(text.bytes());
    text.push(&[check]);
    text.finish(out)
}

/// The code of the person of this entropy.
fn codice_fiscale_of(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let (first, last) = person::romanized(locale, entropy);
    let sex = person::given(locale, entropy).sex;
    let mut letters = [b'X'; 6];
    letters[..3].copy_from_slice(&name_code(last, false));
    letters[3..].copy_from_slice(&name_code(first, true));
    let rest = below(remix(entropy ^ 4), BIRTHS / 2);
    codice_fiscale_with(letters, rest * 2 + sex.index() as u64, out)
}

/// Three letters of a name: its consonants, then its vowels, then X; of a first name with four
/// consonants or more the first, third and fourth.
fn name_code(name: &str, first: bool) -> [u8; 3] {
    let vowel = |letter: &u8| b"aeiou".contains(letter);
    let consonants = name.bytes().filter(|b| !vowel(b));
    let skip = if first && consonants.clone().count() > 3 {
        1
    } else {
        usize::MAX
    };
    let mut code = [b'X'; 3];
    let letters = consonants
        .enumerate()
        .filter(|(place, _)| *place != skip)
        .map(|(_, letter)| letter)
        .chain(name.bytes().filter(vowel));
    for (place, letter) in code.iter_mut().zip(letters) {
        *place = letter.to_ascii_uppercase();
    }
    code
}

/// Brazilian CPF: **no range is reserved, and none is known not to be issued**; these are of the
/// series 000. Ask for another generator where that does not do.
pub static CPF: Scheme = Scheme::new(999_999, |index, out| {
    let mut text = Buffer::new();
    text.number(1 + index, 9);
    let first = brazilian(text.bytes(), 11);
    text.push(&[first]);
    let second = brazilian(text.bytes(), 11);
    text.push(&[second]);
    let digits = text.bytes();
    let mut form = Buffer::new();
    for (group, mark) in [(0..3, b"."), (3..6, b"."), (6..9, b"-")] {
        form.push(&digits[group]);
        form.push(mark);
    }
    form.push(&digits[9..]);
    form.finish(out)
});

/// Dutch BSN: numbers that begin with 9 are the government's test series (`RvIG`).
pub static BSN: Scheme = Scheme::new(9_000_000, |index, out| {
    let mut text = Buffer::new();
    bsn(index, &mut text);
    text.finish(out)
});

/// Nine digits that begin with 9 and pass the eleven test: 9, 8, .. 2 and -1 times the digits is a
/// multiple of 11.
pub fn bsn(index: u64, text: &mut Buffer) {
    let mut digits = Digits::new(index);
    let choice = digits.take(9);
    let from = text.bytes().len();
    text.push(b"9");
    text.number(digits.take(1_000_000), 6);
    let sum = weighted(&text.bytes()[from..], &[9, 8, 7, 6, 5, 4, 3]);
    push_with_check(text, sum, 2, choice);
}

/// Adds one free digit of this weight, and the digit equal to the sum modulo 11. Of the ten free
/// digits at most one leads to the impossible digit 10; `choice` of 0 to 8 passes over it.
pub fn push_with_check(text: &mut Buffer, sum: u32, weight: u32, choice: u64) {
    let check = |digit: u32| (sum + weight * digit) % 11;
    let choice = usize::try_from(choice).unwrap_or(0);
    let free = (0..10)
        .filter(|digit| check(*digit) < 10)
        .nth(choice)
        .unwrap_or(0);
    text.push(&[ascii(free), ascii(check(free))]);
}

/// Polish PESEL: of births from 1800 to 1849, marked by 80 on the month; numbers have been given
/// since 1979, to nobody that old. The tenth digit tells the sex.
pub static PESEL: Scheme = Scheme::sexed(2 * 5 * 1_000 * 28 * 12 * 50, |index, out| {
    let mut digits = Digits::new(index);
    let sex = digits.take(2);
    let mut text = Buffer::new();
    text.number(digits.take(50), 2);
    text.number(81 + digits.take(12), 2);
    text.number(1 + digits.take(28), 2);
    text.number(digits.take(1_000), 3);
    text.number(digits.take(5) * 2 + sex, 1);
    let sum = weighted(text.bytes(), &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]);
    text.push(&[ascii(10 - sum % 10)]);
    text.finish(out)
});

/// Japanese individual number: **no range is reserved**; about one in 800 numbers of twelve digits
/// is somebody's, whatever its first digits. These begin with 0000.
pub static MY_NUMBER: Scheme = Scheme::new(10_000_000, |index, out| {
    let mut text = Buffer::new();
    text.number(index, 11);
    text.push(&[my_number(text.bytes())]);
    text.finish(out)
});

/// Check digit of an individual number (ministerial ordinance 85 of 2014): weights 2 to 7 and 2 to
/// 6 from the right.
pub fn my_number(digits: &[u8]) -> u8 {
    match weighted(digits, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11 {
        0 | 1 => b'0',
        rest => ascii(11 - rest),
    }
}

/// Chinese resident identity number: provinces have codes 11 to 65, 71, 81 and 82 (GB/T 2260); 20
/// is none.
pub static RESIDENT_ID: Scheme = Scheme::sexed(2 * 500 * 28 * 12 * 60 * 10_000, |index, out| {
    let mut digits = Digits::new(index);
    let sex = digits.take(2);
    let mut text = Buffer::new();
    text.push(b"20");
    let (order, day, month) = (digits.take(500), digits.take(28), digits.take(12));
    let year = digits.take(60);
    text.number(digits.take(10_000), 4);
    text.number(1950 + year, 4);
    text.number(1 + month, 2);
    text.number(1 + day, 2);
    text.number(order * 2 + sex, 3);
    let check = mod_11_2(text.bytes());
    text.push(&[check]);
    text.finish(out)
});

/// Saudi national or residence number: citizens' begin with 1, residents' with 2; nobody's with 9.
pub static SAUDI_ID: Scheme = Scheme::new(100_000_000, |index, out| {
    let mut text = Buffer::new();
    text.push(b"9");
    text.number(index, 8);
    let check = luhn(text.bytes());
    text.push(&[check]);
    text.finish(out)
});

/// The sex that an index of a scheme with sex stands for.
pub const fn sex_bit(sex: Sex) -> u64 {
    match sex {
        Sex::Female => 0,
        Sex::Male => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The specimen of the ordinance's commentary, and the names of the specimen codice fiscale.
    #[test]
    fn published_examples() {
        assert_eq!(my_number(b"12345678901"), b'8');
        assert_eq!(name_code("rossi", false), *b"RSS");
        assert_eq!(name_code("mario", true), *b"MRA");
        assert_eq!(name_code("gianfranco", true), *b"GFR");
        assert_eq!(name_code("fo", false), *b"FOX");
    }
}
