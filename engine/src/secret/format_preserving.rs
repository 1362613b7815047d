//! Format-preserving encryption of the characters of an alphabet: FF1 (NIST SP 800-38G) through the
//! crate `fpe`, and a keyed table for texts that are too short for it.
//!
//! FF1 asks for a million texts or more (SP 800-38G Rev. 1). Shorter ones go by a random
//! permutation of all texts of their length, drawn once under the key: no cipher can do better on
//! so few, and whoever can ask for many pairs can write that table down.
//!
//! ```
//! use synth_engine::secret::{Alphabet, Secret};
//!
//! let digits = Secret::new([7; 32]).format_preserving("example", Alphabet::Digits);
//! let mut text = b"4711".to_vec();
//! digits.encrypt(&mut text);
//! assert!(text.iter().all(u8::is_ascii_digit));
//! digits.decrypt(&mut text);
//! assert_eq!(text, b"4711");
//! ```

use std::sync::OnceLock;

use aes::Aes256;
use fpe::ff1::{FF1, FlexibleNumeralString};

use super::{Cipher, SECRET_LENGTH};

/// The characters that are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    /// `0` to `9`.
    Digits,
    /// `A` to `Z`.
    Upper,
    /// `a` to `z`.
    Lower,
    /// Letters of either case.
    Letters,
    /// Digits and upper-case letters.
    UpperAlphanumeric,
    /// Digits and lower-case letters.
    LowerAlphanumeric,
    /// Digits and letters of either case.
    Alphanumeric,
}

impl Alphabet {
    /// Its characters in order.
    pub const fn characters(self) -> &'static [u8] {
        const ALL: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        match self {
            Self::Digits => b"0123456789",
            Self::Upper => b"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::Lower => b"abcdefghijklmnopqrstuvwxyz",
            Self::Letters => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
            Self::UpperAlphanumeric => b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
            Self::LowerAlphanumeric => b"0123456789abcdefghijklmnopqrstuvwxyz",
            Self::Alphanumeric => ALL,
        }
    }
}

/// The smallest set of texts that FF1 takes.
const LEAST: usize = 1_000_000;

/// FF1's cost grows with the square of the length: longer texts are cut into pieces, each with the
/// encrypted piece before it in its tweak.
const PIECE: usize = 64;

/// All texts of one length, permuted.
struct Table {
    forward: Vec<u32>,
    backward: Vec<u32>,
}

/// FF1 under the key of a domain, over an alphabet. It cannot be printed.
pub struct FormatPreserving {
    characters: &'static [u8],
    /// The place of each byte in the alphabet; [`NONE`] outside it.
    places: [u8; 256],
    ff1: Option<FF1<Aes256>>,
    cipher: Cipher,
    /// For lengths from 1, below [`Self::shortest`].
    tables: [OnceLock<Table>; 6],
}

const NONE: u8 = u8::MAX;

impl std::fmt::Debug for FormatPreserving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("FormatPreserving(..)")
    }
}

impl FormatPreserving {
    pub(super) fn new(key: &[u8; SECRET_LENGTH], alphabet: Alphabet) -> Self {
        let characters = alphabet.characters();
        let mut places = [NONE; 256];
        for (place, &character) in (0_u8..).zip(characters) {
            places[usize::from(character)] = place;
        }
        let radix = u32::try_from(characters.len()).unwrap_or(u32::MAX);
        Self {
            characters,
            places,
            // Radixes from 2 to 65536 are good.
            ff1: FF1::new(key, radix).ok(),
            cipher: Cipher::new(key),
            tables: [const { OnceLock::new() }; 6],
        }
    }

    /// Whether a byte is of the alphabet.
    #[inline]
    pub fn contains(&self, byte: u8) -> bool {
        self.places[usize::from(byte)] != NONE
    }

    /// The shortest text that FF1 takes.
    pub fn shortest(&self) -> usize {
        let radix = self.characters.len();
        let (mut length, mut texts) = (1, radix);
        while texts < LEAST {
            texts *= radix;
            length += 1;
        }
        length
    }

    /// Encrypts a text of the alphabet's characters in place; others stay as they are.
    pub fn encrypt(&self, text: &mut [u8]) {
        self.run(text, true);
    }

    /// The inverse of [`Self::encrypt`].
    pub fn decrypt(&self, text: &mut [u8]) {
        self.run(text, false);
    }

    fn run(&self, text: &mut [u8], forward: bool) {
        let numerals: Vec<u16> = text
            .iter()
            .map(|&byte| self.places[usize::from(byte)])
            .filter(|&place| place != NONE)
            .map(u16::from)
            .collect();
        if numerals.is_empty() {
            return;
        }
        let out = if numerals.len() < self.shortest() {
            self.look_up(&numerals, forward)
        } else {
            self.pieces(&numerals, forward)
        };
        let cells = text
            .iter_mut()
            .filter(|byte| self.places[usize::from(**byte)] != NONE);
        for (cell, numeral) in cells.zip(out) {
            *cell = self.characters[usize::from(numeral)];
        }
    }

    fn pieces(&self, numerals: &[u16], forward: bool) -> Vec<u16> {
        let Some(ff1) = &self.ff1 else {
            return numerals.to_vec();
        };
        let mut out: Vec<u16> = Vec::with_capacity(numerals.len());
        let mut tweak: Vec<u8> = Vec::new();
        let mut rest = numerals;
        while !rest.is_empty() {
            // The last piece takes what would be too short by itself.
            let length = if rest.len() < 2 * PIECE {
                rest.len()
            } else {
                PIECE
            };
            let (piece, after) = rest.split_at(length);
            let text = FlexibleNumeralString::from(piece.to_vec());
            let done = if forward {
                ff1.encrypt(&tweak, &text)
            } else {
                ff1.decrypt(&tweak, &text)
            };
            // Every numeral is below the radix and the length is enough.
            let done: Vec<u16> = done.map_or_else(|_| piece.to_vec(), Vec::from);
            let encrypted = if forward { &done[..] } else { piece };
            tweak = encrypted.iter().flat_map(|n| n.to_be_bytes()).collect();
            out.extend_from_slice(&done);
            rest = after;
        }
        out
    }

    fn look_up(&self, numerals: &[u16], forward: bool) -> Vec<u16> {
        let radix = self.characters.len();
        let index = numerals
            .iter()
            .fold(0_usize, |index, &n| index * radix + usize::from(n));
        let Some(slot) = self.tables.get(numerals.len() - 1) else {
            return numerals.to_vec();
        };
        let table = slot.get_or_init(|| self.table(numerals.len()));
        let entries = if forward {
            &table.forward
        } else {
            &table.backward
        };
        let mut to = usize::try_from(entries[index]).unwrap_or(0);
        let mut out = vec![0; numerals.len()];
        for cell in out.iter_mut().rev() {
            *cell = u16::try_from(to % radix).unwrap_or(0);
            to /= radix;
        }
        out
    }

    /// A permutation of all texts of a length: Fisher and Yates's shuffle, drawn from AES of a
    /// counter.
    fn table(&self, length: usize) -> Table {
        let texts = (0..length).fold(1_u32, |texts, _| {
            texts * u32::try_from(self.characters.len()).unwrap_or(1)
        });
        let mut forward: Vec<u32> = (0..texts).collect();
        for last in (1..forward.len()).rev() {
            let mut block = [0; 16];
            block[0] = 0xFF;
            block[1] = u8::try_from(length).unwrap_or(0);
            block[8..].copy_from_slice(&u64::try_from(last).unwrap_or(0).to_le_bytes());
            let draw = u64::from_le_bytes(self.cipher.encrypt(block).as_chunks::<8>().0[0]);
            let bound = u64::try_from(last).unwrap_or(0) + 1;
            let other = crate::entropy::below(draw, bound);
            forward.swap(last, usize::try_from(other).unwrap_or(0));
        }
        let mut backward = vec![0; forward.len()];
        for (from, &to) in (0_u32..).zip(&forward) {
            backward[usize::try_from(to).unwrap_or(0)] = from;
        }
        Table { forward, backward }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use super::*;
    use proptest::prelude::*;

    const ALPHABETS: [Alphabet; 7] = [
        Alphabet::Digits,
        Alphabet::Upper,
        Alphabet::Lower,
        Alphabet::Letters,
        Alphabet::UpperAlphanumeric,
        Alphabet::LowerAlphanumeric,
        Alphabet::Alphanumeric,
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn every_length_is_undone_and_keeps_what_is_outside(text in "[ -~é]{0,300}", key: [u8; 32]) {
            for alphabet in ALPHABETS {
                let cipher = Secret::new(key).format_preserving("t", alphabet);
                let mut bytes = text.as_bytes().to_vec();
                cipher.encrypt(&mut bytes);
                for (before, after) in text.bytes().zip(&bytes) {
                    prop_assert_eq!(cipher.contains(before), cipher.contains(*after));
                    prop_assert!(cipher.contains(before) || before == *after);
                }
                cipher.decrypt(&mut bytes);
                prop_assert_eq!(&bytes[..], text.as_bytes());
            }
        }
    }

    #[test]
    fn short_texts_are_permuted_whole() {
        let digits = Secret::new([5; 32]).format_preserving("t", Alphabet::Digits);
        assert_eq!(digits.shortest(), 6);
        for (length, texts) in [(1, 10), (3, 1_000), (5, 100_000)] {
            let mut seen = std::collections::HashSet::new();
            for index in 0..texts {
                let mut text = format!("{index:0length$}").into_bytes();
                digits.encrypt(&mut text);
                assert!(seen.insert(text));
            }
        }
    }
}
