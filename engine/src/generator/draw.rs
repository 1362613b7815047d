//! What the families share: successive draws out of one entropy, picking from lists, and spelling
//! numbers in an alphabet, without allocating.

use std::fmt::{self, Write};

use crate::entropy::{below, remix, remix_at};

/// Upper-case letters and digits, in the order that gives a letter its value 10 to 35.
pub(super) const ALPHANUMERIC: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Lower-case hexadecimal digits.
pub(super) const HEX: &[u8] = b"0123456789abcdef";

/// Decimal digits.
pub(super) const DIGITS: &[u8] = b"0123456789";

/// Successive draws out of one entropy; the first is the entropy itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chain(u64);

impl Chain {
    pub(super) const fn new(entropy: u64) -> Self {
        Self(entropy)
    }

    /// The next 64 bits.
    #[inline]
    pub(super) const fn bits(&mut self) -> u64 {
        let bits = self.0;
        self.0 = remix(bits);
        bits
    }

    /// The next number below `n`.
    #[inline]
    pub(super) const fn below(&mut self, n: u64) -> u64 {
        below(self.bits(), n)
    }

    /// The next number from `low` to `high`, both included.
    #[inline]
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// The next element of a list that is not empty.
    #[inline]
    pub(super) fn choose<T: Copy>(&mut self, list: &[T]) -> T {
        choose(list, self.bits())
    }

    /// True once in `n` draws.
    #[inline]
    pub(super) const fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }
}

/// Small draws out of one word: each takes what it needs of the word's digits, so none waits for a
/// word to be mixed. Chances are off by no more than the product of all `n` by 2^64.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fields(u64);

impl Fields {
    pub(super) const fn new(word: u64) -> Self {
        Self(word)
    }

    /// The next number below `n`.
    #[inline]
    pub(super) const fn below(&mut self, n: u64) -> u64 {
        // The word as a fraction times `n`: the whole part is drawn, the fraction remains.
        let drawn = below(self.0, n);
        self.0 = self.0.wrapping_mul(n);
        drawn
    }

    /// The next number from `low` to `high`, both included.
    #[inline]
    pub(super) const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high - low + 1)
    }

    /// The next element of a list that is not empty.
    #[inline]
    pub(super) fn choose<T: Copy>(&mut self, list: &[T]) -> T {
        list[usize::try_from(self.below(list.len() as u64)).unwrap_or(0)]
    }
}

/// A supply of words of 64 bits out of one entropy, for texts of any length: none waits for the one
/// before it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Supply {
    entropy: u64,
    index: u64,
}

impl Supply {
    pub(super) const fn new(entropy: u64) -> Self {
        Self {
            entropy: remix(entropy),
            index: 0,
        }
    }

    /// Small draws out of the next word.
    #[inline]
    pub(super) const fn fields(&mut self) -> Fields {
        let word = remix_at(self.entropy, self.index);
        self.index += 1;
        Fields::new(word)
    }
}

/// The entry of a generator whose values are numbered from 0: name, summary, how many, and what
/// writes the one with a number.
macro_rules! numbered {
    ($name:expr, $summary:expr, $count:expr, $nth:expr $(,)?) => {
        $crate::generator::Generator::text($name, $summary, |entropy, out| {
            let nth: fn(u64, &mut dyn std::fmt::Write) -> std::fmt::Result = $nth;
            nth($crate::entropy::below(entropy, $count), out)
        })
        .enumerated($count, $nth)
    };
}
pub(super) use numbered;

/// The entry of a generator of the elements of a list without repetitions: name, summary, list,
/// and the text of an element.
macro_rules! listed {
    ($name:expr, $summary:expr, $list:expr, |$item:ident| $text:expr) => {
        $crate::generator::Generator::text($name, $summary, |entropy, out| {
            let $item = $crate::generator::draw::choose($list, entropy);
            out.write_str($text)
        })
        .enumerated($list.len() as u64, |index, out| {
            let place = usize::try_from(index).unwrap_or(usize::MAX);
            $list
                .get(place)
                .map_or(Err(std::fmt::Error), |$item| out.write_str($text))
        })
    };
}
pub(super) use listed;

/// The element of a list, which is not empty, that 64 uniform bits pick.
#[inline]
pub(super) fn choose<T: Copy>(list: &[T], entropy: u64) -> T {
    list[usize::try_from(below(entropy, list.len() as u64)).unwrap_or(0)]
}

/// Spells `number` in an alphabet over the whole of `text`, most significant place first; what
/// does not fit is lost. Returns what was lost.
#[inline]
pub(super) fn spell(mut number: u64, alphabet: &[u8], text: &mut [u8]) -> u64 {
    let base = alphabet.len() as u64;
    for place in text.iter_mut().rev() {
        *place = alphabet[usize::try_from(number % base).unwrap_or(0)];
        number /= base;
    }
    number
}

/// Writes ASCII bytes.
#[inline]
pub(super) fn write_ascii(text: &[u8], out: &mut dyn Write) -> fmt::Result {
    out.write_str(std::str::from_utf8(text).unwrap_or_default())
}

/// Writes a whole number.
#[inline]
pub(super) fn write_number(number: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(itoa::Buffer::new().format(number))
}

/// Writes hundredths as a number with two decimals.
#[inline]
pub(super) fn write_hundredths(hundredths: u64, out: &mut dyn Write) -> fmt::Result {
    write_number(hundredths / 100, out)?;
    out.write_str(".")?;
    super::identifier::write_padded(hundredths % 100, 2, out)
}

/// Writes a word with its first letter in upper case.
pub(super) fn write_capitalized(word: &str, out: &mut dyn Write) -> fmt::Result {
    let mut letters = word.chars();
    if let Some(first) = letters.next() {
        out.write_char(first.to_ascii_uppercase())?;
    }
    out.write_str(letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_spelled_from_the_right() {
        let mut text = [0_u8; 3];
        assert_eq!(spell(36 * 36 + 35, ALPHANUMERIC, &mut text), 0);
        assert_eq!(&text, b"10Z");
        assert_eq!(spell(12_345, DIGITS, &mut text), 12);
        assert_eq!(&text, b"345");
    }

    /// Every combination is as likely as any other.
    #[test]
    fn fields_of_a_word_are_independent() {
        let combinations: std::collections::HashSet<_> = (0..256_u64)
            .map(|byte| {
                let mut fields = Fields::new(byte << 56);
                (fields.below(4), fields.between(1, 2), fields.below(32))
            })
            .collect();
        assert_eq!(combinations.len(), 256);
        let mut fields = Fields::new(u64::MAX);
        assert_eq!([3, 10, 7].map(|n| fields.below(n)), [2, 9, 6]);
    }

    #[test]
    fn hundredths_have_two_decimals() {
        let mut out = String::new();
        write_hundredths(1_205, &mut out).unwrap();
        assert_eq!(out, "12.05");
    }

    /// Law 3, in full where there are few values: a column that is unique takes each once.
    #[test]
    fn short_enumerations_hold_each_value_once() {
        for generator in crate::generator::GENERATORS.iter() {
            let Ok(bound) = generator.bind(generator.example) else {
                continue;
            };
            let Some(count) = bound.distinct().filter(|count| *count <= 20_000) else {
                continue;
            };
            let mut seen = std::collections::HashSet::new();
            for index in 0..count {
                let mut text = String::new();
                bound.nth(index, &mut text).unwrap();
                assert!(!text.is_empty(), "{} {index}", generator.entry.name);
                assert!(
                    seen.insert(text.clone()),
                    "{} has {text} twice",
                    generator.entry.name
                );
            }
        }
    }
}
