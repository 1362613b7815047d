//! Text: what a base gives, brought into the shape that conditions ask for, and told apart where
//! values must differ.

use regex::Regex;

use crate::entropy::{Permutation, Stream, below, remix};
use crate::fill::cell;
use crate::fill::class::Class;
use crate::generator::Bound;
use crate::pattern::Pattern;

/// Where text comes from.
#[derive(Debug, Clone)]
pub(in crate::fill) enum Base {
    /// A generator of the registry.
    Generator(Bound),
    /// What matches a pattern.
    Pattern(Pattern),
    /// Words about which nothing is known.
    Words(Option<u32>),
}

/// Text.
#[derive(Debug, Clone)]
pub(in crate::fill) struct Text {
    pub base: Base,
    pub least: usize,
    pub most: usize,
    pub case: Case,
    /// Expressions to match, or not to match.
    pub matching: Vec<(Regex, bool)>,
    /// What to write where the base does not match.
    pub fallback: Option<Pattern>,
    pub excluded: Vec<String>,
    /// Constants of constraints that are not understood: text is made of them, since such
    /// constraints often ask for a part.
    pub parts: Vec<String>,
    /// Patterns among these constants.
    pub forms: Vec<Pattern>,
    /// How values are told apart where they must be; decided by [`Text::make_unique`].
    pub telling: Telling,
}

/// How values of a unique text are told apart.
#[derive(Debug, Clone)]
pub(in crate::fill) enum Telling {
    /// The base enumerates its values, in the order of a permutation.
    Enumerated(Permutation),
    /// A number is put in or behind the value.
    Number,
    /// A code of all characters there is room for.
    Code(Permutation),
    /// Values are drawn, and the database says which are taken.
    Drawn,
}

/// Which letters are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::fill) enum Case {
    Any,
    Lower,
    Upper,
}

impl Text {
    /// Text without any condition.
    pub fn new(base: Base) -> Self {
        Self {
            base,
            least: 0,
            most: usize::MAX,
            case: Case::Any,
            matching: Vec::new(),
            fallback: None,
            excluded: Vec::new(),
            parts: Vec::new(),
            forms: Vec::new(),
            telling: Telling::Number,
        }
    }

    fn enumerable(&self) -> Option<u64> {
        match &self.base {
            Base::Generator(bound) if self.matching.is_empty() => bound.distinct(),
            // More than 2^64 values: as many of them as an index can tell apart.
            Base::Pattern(pattern) => Some(pattern.capacity().unwrap_or(u64::MAX)),
            _ => None,
        }
    }

    /// Characters that telling apart by number takes for this many values.
    fn digits(values: u64) -> usize {
        values.max(1).ilog10() as usize + 2
    }

    /// Chooses how `values` values are told apart.
    ///
    /// Of a group, as a person's names and address, values stay those of the group, with a number.
    pub fn make_unique(&mut self, values: u64, key: Stream, grouped: bool) {
        let numbered = grouped && self.matching.is_empty() && self.most >= 40;
        let fixed_shape = matches!(self.base, Base::Pattern(_));
        let enough = |count: u64| count >= values || fixed_shape;
        self.telling = match self.enumerable() {
            Some(count) if !numbered && enough(count) && self.fits_as_it_is() => {
                Telling::Enumerated(Permutation::new(count, key))
            }
            _ if !self.matching.is_empty() && self.fallback_fits() => {
                // Nothing may be added to what has to match: the pattern alone decides.
                if let Some(pattern) = self.fallback.take() {
                    self.base = Base::Pattern(pattern);
                    // Of several patterns one says nothing of the others.
                    if self.matching.len() == 1 {
                        self.matching.clear();
                    }
                }
                let count = self.enumerable().unwrap_or(1);
                Telling::Enumerated(Permutation::new(count, key))
            }
            _ if fixed_shape || !self.matching.is_empty() || !self.forms.is_empty() => {
                Telling::Drawn
            }
            _ if self.most >= Self::digits(values) => Telling::Number,
            _ => Telling::Code(Permutation::new(code_count(self.most), key)),
        };
    }

    /// Whether there is a fallback, none of whose values would have to be cut.
    fn fallback_fits(&self) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|pattern| pattern.max_length() <= self.most)
    }

    /// Whether nothing is done to what the base gives.
    pub fn fits_as_it_is(&self) -> bool {
        let within = match &self.base {
            Base::Pattern(pattern) => {
                pattern.max_length() <= self.most && pattern.min_length() >= self.least
            }
            _ => self.most >= 40 && self.least <= 4,
        };
        within && self.case == Case::Any && self.excluded.is_empty()
    }

    /// How many values there are by index.
    pub fn distinct(&self) -> Option<u64> {
        match &self.telling {
            Telling::Drawn => None,
            Telling::Enumerated(permutation) => {
                Some(permutation.len()).filter(|&count| count < u64::MAX)
            }
            Telling::Code(permutation) => Some(permutation.len()),
            Telling::Number => self
                .most
                .checked_sub(1)
                .and_then(|digits| u32::try_from(digits).ok())
                .and_then(|digits| 10_u64.checked_pow(digits)),
        }
    }

    /// Whether conditions hold that are not met by construction for unique values.
    pub fn is_sure_when_unique(&self) -> bool {
        let plain = self.excluded.is_empty() && self.matching.is_empty();
        match self.telling {
            Telling::Enumerated(_) => self.fits_as_it_is() && self.matching.is_empty(),
            Telling::Drawn => true,
            Telling::Number => plain,
            Telling::Code(_) => plain && self.case != Case::Lower,
        }
    }

    /// Writes a value; false if none was found that meets every condition.
    pub fn write(&self, entropy: u64, index: Option<u64>, out: &mut String) -> bool {
        let start = out.len();
        if let Some(index) = index
            && !matches!(self.telling, Telling::Drawn)
        {
            self.write_unique(entropy, index, out);
            return true;
        }
        // A few tries with the base, then with the pattern that must be matched.
        let fixed_shape = matches!(self.base, Base::Pattern(_));
        let mut entropy = entropy;
        for attempt in 0..16 {
            out.truncate(start);
            match &self.fallback {
                Some(pattern) if attempt >= 4 => {
                    let _ = pattern.write(entropy, out);
                }
                // What the base gives is refused: plainer and plainer text.
                None if attempt >= 12 && !fixed_shape => {
                    out.push_str(itoa::Buffer::new().format(entropy >> 40));
                }
                None if attempt >= 6 && !fixed_shape => out.push_str(cell::word(entropy)),
                _ => self.write_base(entropy, out),
            }
            if self.fit(start, attempt >= 3, out) && self.is_allowed(&out[start..]) {
                return true;
            }
            entropy = remix(entropy);
        }
        false
    }

    fn write_base(&self, entropy: u64, out: &mut String) {
        let choice = remix(entropy) % 8;
        let of_forms = below(remix(entropy ^ 1), self.forms.len() as u64);
        if choice < 4
            && let Some(form) = cell::nth(&self.forms, of_forms)
        {
            let _ = form.write(entropy, out);
            return;
        }
        // What a pattern gives is what its constraint asks for as it is.
        let whole = matches!(self.base, Base::Pattern(_)) && self.matching.is_empty();
        if !whole
            && let Some(part) = cell::nth(&self.parts, below(entropy, self.parts.len() as u64))
            && choice < 6
        {
            let word = cell::word(entropy);
            let (before, after) = match choice {
                0 => ("", ""),
                1 | 2 => ("", word),
                3 => (word, ""),
                _ => (word, word),
            };
            out.push_str(before);
            out.push_str(part);
            out.push_str(after);
            return;
        }
        // Writing to a string cannot fail.
        let _ = match &self.base {
            Base::Generator(bound) => bound.write(entropy, out),
            Base::Pattern(pattern) => pattern.write(entropy, out),
            Base::Words(most) => {
                let class = Class::Text {
                    max_chars: *most,
                    fixed: false,
                };
                cell::write(&class, entropy, None, out);
                Ok(())
            }
        };
    }

    fn write_unique(&self, entropy: u64, index: u64, out: &mut String) {
        let start = out.len();
        match &self.telling {
            Telling::Enumerated(permutation) => {
                let index = permutation.apply(index);
                let _ = match &self.base {
                    Base::Generator(bound) => bound.nth(index, out),
                    Base::Pattern(pattern) => pattern.nth(index, out),
                    Base::Words(_) => Ok(()),
                };
                if matches!(self.base, Base::Generator(_)) {
                    self.abridge(start, index, out);
                }
            }
            Telling::Drawn => {}
            Telling::Code(permutation) => {
                let class = Class::Text {
                    max_chars: u32::try_from(self.most).ok(),
                    fixed: false,
                };
                cell::write(&class, entropy, Some(permutation.apply(index)), out);
            }
            Telling::Number => {
                self.write_base(entropy, out);
                let mut number = String::from("-");
                number.push_str(itoa::Buffer::new().format(index));
                // Before the domain of an address, behind anything else. What stands before the
                // hyphen ends in no digit that could be taken for one of the number's: the number
                // is what follows the last hyphen.
                let room = self.most.saturating_sub(number.len());
                let (head, tail) = match out[start..].split_once('@') {
                    Some((head, tail)) if tail.len() + 1 < room => (head, format!("@{tail}")),
                    _ => (&out[start..], String::new()),
                };
                let head: String = head
                    .chars()
                    .take(room.saturating_sub(tail.chars().count()))
                    .collect();
                out.truncate(start);
                out.push_str(head.trim_end());
                out.push_str(if out.len() == start {
                    &number[1..]
                } else {
                    &number
                });
                out.push_str(&tail);
            }
        }
        self.apply_case(start, out);
        self.pad(start, out);
    }

    /// What a generator gives may be longer than there is room for: then it ends in its number, behind
    /// a character that no generator ends a value with.
    fn abridge(&self, start: usize, index: u64, out: &mut String) {
        let chars = out[start..].char_indices();
        if out.len() - start <= self.most || chars.clone().count() <= self.most {
            return;
        }
        let number = format!("~{index}");
        let room = self.most.saturating_sub(number.len());
        if let Some((end, _)) = out[start..].char_indices().nth(room) {
            out.truncate(start + end);
        }
        out.push_str(&number);
    }

    fn apply_case(&self, start: usize, out: &mut String) {
        let changed = match self.case {
            Case::Any => return,
            Case::Lower => out[start..].to_lowercase(),
            Case::Upper => out[start..].to_uppercase(),
        };
        out.truncate(start);
        out.push_str(&changed);
    }

    fn pad(&self, start: usize, out: &mut String) {
        let chars = out[start..].chars().count();
        if chars < self.least {
            let filler = if self.case == Case::Upper { 'X' } else { 'x' };
            out.extend(std::iter::repeat_n(
                filler,
                (self.least - chars).min(1 << 20),
            ));
        }
    }

    /// Brings a value into shape; false if it would have to be cut and that is not yet allowed.
    fn fit(&self, start: usize, cut: bool, out: &mut String) -> bool {
        self.apply_case(start, out);
        if out.len() - start > self.most {
            let end = out[start..].char_indices().nth(self.most).map(|(at, _)| at);
            if let Some(end) = end {
                if !cut {
                    return false;
                }
                out.truncate(start + end);
                let kept = out[start..].trim_end().len();
                out.truncate(start + kept);
            }
        }
        let short = out[start..].chars().count() < self.least;
        if short && (matches!(self.base, Base::Pattern(_)) || !self.matching.is_empty()) {
            return false;
        }
        self.pad(start, out);
        true
    }

    fn is_allowed(&self, value: &str) -> bool {
        !self.excluded.iter().any(|excluded| excluded == value)
            && self
                .matching
                .iter()
                .all(|(regex, negated)| regex.is_match(value) != *negated)
    }
}

/// How many codes of up to 12 characters there are in base 36.
fn code_count(chars: usize) -> u64 {
    u32::try_from(chars)
        .ok()
        .and_then(|chars| 36_u64.checked_pow(chars.min(12)))
        .unwrap_or(u64::MAX)
}
