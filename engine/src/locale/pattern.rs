//! Numbers by pattern: `#` is a digit, `%` a digit but zero, `?` a letter of the locale; every
//! other character stands for itself.
//!
//! A list of patterns is a set of values that can be counted and addressed by index, so unique
//! columns need no look-up (law 3).

use std::fmt::{self, Write};

use crate::entropy::below;

#[derive(Debug, Clone)]
struct Pattern {
    text: &'static str,
    count: u64,
    /// Values of the patterns before it.
    before: u64,
}

/// Alternative patterns. Each value of each is equally likely.
///
/// ```
/// let phones = &synth_engine::locale::find("fr_FR")?.phones;
/// let mut out = String::new();
/// phones.nth(1234, &mut out).unwrap();
/// assert_eq!((out.as_str(), phones.count()), ("01 99 00 12 34", 50_000));
/// # Ok::<(), synth_engine::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Patterns {
    list: Vec<Pattern>,
    letters: Vec<char>,
    count: u64,
}

impl Patterns {
    /// Patterns that share an alphabet for `?`. Written without repetition, their values are
    /// distinct.
    pub fn new(patterns: &[&'static str], letters: &'static str) -> Self {
        let letters: Vec<char> = letters.chars().collect();
        let mut count = 0_u64;
        let mut list = Vec::with_capacity(patterns.len());
        for text in patterns {
            let own = text
                .chars()
                .map(|symbol| radix(symbol, letters.len() as u64))
                .fold(1, u64::saturating_mul);
            list.push(Pattern {
                text,
                count: own,
                before: count,
            });
            count = count.saturating_add(own);
        }
        Self {
            list,
            letters,
            count,
        }
    }

    /// How many values there are.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// Writes the value chosen by entropy.
    #[inline]
    pub fn write<W: Write + ?Sized>(&self, entropy: u64, out: &mut W) -> fmt::Result {
        self.nth(below(entropy, self.count), out)
    }

    /// Writes the value with an index below [`Self::count`]; fails where there is none.
    #[inline]
    pub fn nth<W: Write + ?Sized>(&self, index: u64, out: &mut W) -> fmt::Result {
        let pattern = self
            .list
            .iter()
            .rev()
            .find(|pattern| pattern.before <= index)
            .ok_or(fmt::Error)?;
        let (mut rest, mut count) = (index - pattern.before, pattern.count);
        if rest >= count {
            return Err(fmt::Error);
        }
        // Long enough for every pattern there is; what is longer is written in pieces.
        let mut buffer = [0_u8; 32];
        let mut length = 0;
        for symbol in pattern.text.chars() {
            let radix = radix(symbol, self.letters.len() as u64);
            // Powers of ten, of nine and of the alphabet: constants but for the last.
            count = match radix {
                1 => count,
                9 => count / 9,
                10 => count / 10,
                radix => count / radix,
            };
            let digit = if radix == 1 { 0 } else { rest / count };
            rest -= digit * count;
            let letter = match symbol {
                '#' => char::from(ascii(digit)),
                '%' => char::from(ascii(digit + 1)),
                '?' => usize::try_from(digit)
                    .ok()
                    .and_then(|digit| self.letters.get(digit).copied())
                    .unwrap_or('?'),
                literal => literal,
            };
            if length + 4 > buffer.len() {
                out.write_str(std::str::from_utf8(&buffer[..length]).unwrap_or_default())?;
                length = 0;
            }
            length += letter.encode_utf8(&mut buffer[length..]).len();
        }
        out.write_str(std::str::from_utf8(&buffer[..length]).unwrap_or_default())
    }
}

#[inline]
fn radix(symbol: char, letters: u64) -> u64 {
    match symbol {
        '#' => 10,
        '%' => 9,
        '?' => letters.max(1),
        _ => 1,
    }
}

#[inline]
fn ascii(digit: u64) -> u8 {
    b'0' + u8::try_from(digit).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn every_index_is_another_value() {
        let patterns = Patterns::new(&["A-%?", "0#", "fixed"], "xyé");
        assert_eq!(patterns.count(), 27 + 10 + 1);
        let all: HashSet<String> = (0..patterns.count())
            .map(|index| {
                let mut out = String::new();
                patterns.nth(index, &mut out).unwrap();
                out
            })
            .collect();
        assert_eq!(all.len(), 38);
        assert!(all.contains("A-9é") && all.contains("00") && all.contains("fixed"));
        assert!(patterns.nth(38, &mut String::new()).is_err());
    }

    #[test]
    fn long_patterns_are_whole() {
        let text = "東京都千代田区千代田一丁目一番一号 ### 東京都千代田区千代田";
        let mut out = String::new();
        Patterns::new(&[text], "").nth(42, &mut out).unwrap();
        assert_eq!(out, text.replace("###", "042"));
    }
}
