//! Tax numbers of companies. The comment of each says which numbers are used and why nobody has
//! them.

use super::digit::{
    ascii, brazilian, credit_code, luhn, mod_11_10, number, organization, weighted,
};
use super::id::{bsn, push_with_check};
use super::{Buffer, Digits, Scheme};

/// US employer identification number: the IRS uses no prefix such as 00, 07 or 96.
pub static EIN: Scheme = Scheme::new(17 * 10_000_000, |index, out| {
    const PREFIXES: [u64; 17] = [
        0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97,
    ];
    let mut digits = Digits::new(index);
    let mut text = Buffer::new();
    text.number(PREFIXES[digits.index(17)], 2);
    text.push(b"-");
    text.number(digits.take(10_000_000), 7);
    text.finish(out)
});

/// GB VAT number: 0100000 to 0999999 with check digits modulo 97 was never issued (HMRC).
pub static GB: Scheme = Scheme::new(900_000, |index, out| {
    let mut text = Buffer::new();
    text.push(b"GB");
    text.number(100_000 + index, 7);
    let sum = weighted(&text.bytes()[2..], &[8, 7, 6, 5, 4, 3, 2]);
    text.number(u64::from(97 - sum % 97), 2);
    text.finish(out)
});

/// German `USt-IdNr`: the first digit is 1 or more (`BZSt`); here it is 0.
pub static DE: Scheme = Scheme::new(10_000_000, |index, out| {
    let mut text = Buffer::new();
    text.push(b"DE");
    text.number(index, 8);
    let check = mod_11_10(&text.bytes()[2..]);
    text.push(&[check]);
    text.finish(out)
});

/// French VAT number over a SIREN that begins with 000, which INSEE gives to nobody.
pub static FR: Scheme = Scheme::new(99_999, |index, out| {
    let mut siren = Buffer::new();
    siren.number(index + 1, 8);
    let check = luhn(siren.bytes());
    siren.push(&[check]);
    let mut text = Buffer::new();
    text.push(b"FR");
    text.number((12 + 3 * (number(siren.bytes()) % 97)) % 97, 2);
    text.push(siren.bytes());
    text.finish(out)
});

/// Spanish NIF of a company: the digits after the letter are those of a province, 00 is none.
pub static ES: Scheme = Scheme::new(200_000, |index, out| {
    let mut digits = Digits::new(index);
    let mut text = Buffer::new();
    text.push(b"ES");
    text.push(&[b"AB"[digits.index(2)]]);
    text.number(digits.take(100_000), 7);
    let check = luhn(&text.bytes()[3..]);
    text.push(&[check]);
    text.finish(out)
});

/// Italian partita IVA: digits 8 to 10 are those of a tax office, 000 is none.
pub static IT: Scheme = Scheme::new(9_999_999, |index, out| {
    let mut text = Buffer::new();
    text.push(b"IT");
    text.number(index + 1, 7);
    text.push(b"000");
    let check = luhn(&text.bytes()[2..]);
    text.push(&[check]);
    text.finish(out)
});

/// Dutch VAT number over a BSN of the test series.
pub static NL: Scheme = Scheme::new(9_000_000, |index, out| {
    let mut text = Buffer::new();
    text.push(b"NL");
    bsn(index, &mut text);
    text.push(b"B01");
    text.finish(out)
});

/// Polish NIP: the first three digits are those of a tax office, 000 is none.
pub static PL: Scheme = Scheme::new(9 * 100_000, |index, out| {
    let mut digits = Digits::new(index);
    let choice = digits.take(9);
    let mut text = Buffer::new();
    text.push(b"PL000");
    text.number(digits.take(100_000), 5);
    let sum = weighted(&text.bytes()[2..], &[6, 5, 7, 2, 3, 4, 5, 6]);
    push_with_check(&mut text, sum, 7, choice);
    text.finish(out)
});

/// Brazilian CNPJ: establishments are numbered from 0001, so 0000 is nobody's.
pub static CNPJ: Scheme = Scheme::new(99_999_999, |index, out| {
    let mut text = Buffer::new();
    text.number(index + 1, 8);
    text.push(b"0000");
    for _ in 0..2 {
        let check = brazilian(text.bytes(), 9);
        text.push(&[check]);
    }
    let digits = text.bytes();
    let mut form = Buffer::new();
    for (group, mark) in [(0..2, b"."), (2..5, b"."), (5..8, b"/"), (8..12, b"-")] {
        form.push(&digits[group]);
        form.push(mark);
    }
    form.push(&digits[12..]);
    form.finish(out)
});

/// Japanese corporate number after the T of a qualified invoice issuer: the four digits after the
/// check digit are those of a registry office, none of which begins with 99.
pub static JP: Scheme = Scheme::new(10_000_000_000, |index, out| {
    let mut base = Buffer::new();
    base.push(b"99");
    base.number(index, 10);
    let mut text = Buffer::new();
    text.push(b"T");
    text.push(&[corporate(base.bytes())]);
    text.push(base.bytes());
    text.finish(out)
});

/// Check digit of a corporate number over twelve digits: weights 1 and 2 in turn from the right,
/// 9 less the remainder modulo 9.
fn corporate(digits: &[u8]) -> u8 {
    let sum = weighted(digits, &[2, 1, 2, 1, 2, 1, 2, 1, 2, 1, 2, 1]);
    ascii(9 - sum % 9)
}

/// Chinese unified social credit code: a company (91) of a region that begins with 20, which is
/// none (GB/T 2260).
pub static CN: Scheme = Scheme::new(10_000 * 100_000_000, |index, out| {
    let mut digits = Digits::new(index);
    let mut text = Buffer::new();
    text.push(b"9120");
    text.number(digits.take(10_000), 4);
    text.number(digits.take(100_000_000), 8);
    let check = organization(&text.bytes()[8..]);
    text.push(&[check]);
    let check = credit_code(text.bytes());
    text.push(&[check]);
    text.finish(out)
});

/// Saudi VAT number: 3, eight digits, a check digit of unpublished rule, branch and 03. Serials
/// that begin with 99 are not known to be issued; no range is reserved.
pub static SA: Scheme = Scheme::new(10_000_000, |index, out| {
    let mut text = Buffer::new();
    text.push(b"399");
    text.number(index, 7);
    text.push(b"00003");
    text.finish(out)
});

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of the National Tax Agency itself: 7000012050002.
    #[test]
    fn published_examples() {
        assert_eq!(corporate(b"000012050002"), b'7');
    }
}
