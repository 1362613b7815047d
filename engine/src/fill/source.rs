//! Where the values of one column come from, one kind of source a kind of column: numbers and
//! moments, text, a list, any other type. A source takes the entropy of a row, or an index where
//! values must differ, and writes the text of one value.

use std::fmt::Write;

use regex::Regex;

use super::cell;
use super::class::Class;
use super::ordinal::{Codec, SECOND};
use crate::calendar::MICROS_PER_DAY;
use crate::dictionary::Weighted;
use crate::entropy::{Permutation, Stream, below, normal, remix};
use crate::generator::Bound;
use crate::pattern::Pattern;

/// Values of one column.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// NULL in every row.
    Null,
    /// Numbers and moments.
    Ordered(Ordered),
    /// Text.
    Text(Text),
    /// One of a list.
    List(List),
    /// A value of any other type.
    Cell(Cell),
    /// Numbers and moments that a generator of the registry gives, as far as they are allowed.
    Drawn {
        bound: Bound,
        codec: Codec,
        low: i64,
        high: i64,
    },
}

impl Source {
    /// How many distinct values there are by index; `None` if there is no end to them.
    pub fn distinct(&self) -> Option<u64> {
        match self {
            // Values of a generator may repeat.
            Self::Null | Self::Drawn { .. } => Some(0),
            Self::Ordered(ordered) => Some(ordered.total),
            Self::Text(text) => text.distinct(),
            Self::List(list) => Some(list.values.len() as u64),
            Self::Cell(cell) => cell.distinct(),
        }
    }
}

/// How numbers are spread over their range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Spread {
    /// Evenly.
    Even,
    /// Bell-shaped, in counts.
    Bell { mean: f64, deviation: f64 },
    /// Many small and few large, in counts above the lower end of the type.
    Skewed { median: f64, sigma: f64 },
}

/// Numbers and moments: counts of a codec within intervals.
#[derive(Debug, Clone)]
pub(super) struct Ordered {
    pub codec: Codec,
    /// Ascending, apart from each other, ends included, both on the step's grid.
    intervals: Vec<(i64, i64)>,
    step: i64,
    total: u64,
    pub spread: Spread,
    /// Moments are whole days, hours or minutes: constraints that are not understood often ask for
    /// that.
    pub rounded: bool,
}

impl Ordered {
    /// Counts within `intervals` at distances of `step` from the lower end of each.
    pub fn new(codec: Codec, intervals: Vec<(i64, i64)>, step: i64, spread: Spread) -> Self {
        let step = step.max(1);
        let mut whole: Vec<(i64, i64)> = intervals
            .into_iter()
            .filter(|(low, high)| low <= high)
            .map(|(low, high)| {
                let steps = high.abs_diff(low) / step.unsigned_abs();
                (low, offset(low, steps, step))
            })
            .collect();
        whole.sort_unstable();
        let total = whole.iter().fold(0_u64, |sum, &(low, high)| {
            sum.saturating_add(count(low, high, step))
        });
        Self {
            codec,
            intervals: whole,
            step,
            total,
            spread,
            rounded: false,
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Smallest and largest value.
    pub fn ends(&self) -> (i64, i64) {
        let low = self.intervals.first().map_or(0, |i| i.0);
        let high = self.intervals.last().map_or(0, |i| i.1);
        (low, high)
    }

    /// The same without what lies outside of these ends.
    pub fn within(&self, low: i64, high: i64) -> Self {
        let intervals = self
            .intervals
            .iter()
            .filter_map(|&(a, b)| self.clip(a, b, low, high))
            .collect();
        Self::new(self.codec, intervals, self.step, self.spread)
    }

    /// The part of an interval between two ends, on its grid.
    fn clip(&self, a: i64, b: i64, low: i64, high: i64) -> Option<(i64, i64)> {
        let from = if low > a {
            let steps = low.abs_diff(a).div_ceil(self.step.unsigned_abs());
            i64::try_from(i128::from(a) + i128::from(steps) * i128::from(self.step)).ok()?
        } else {
            a
        };
        let to = b.min(high);
        (from <= to).then_some((from, to))
    }

    /// The value of an index below [`Source::distinct`]; ascending.
    pub fn nth(&self, index: u64) -> i64 {
        let mut rest = index;
        for &(low, high) in &self.intervals {
            let here = count(low, high, self.step);
            if rest < here {
                return offset(low, rest, self.step);
            }
            rest -= here;
        }
        self.ends().1
    }

    /// How many values there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// A value between two ends; `None` if there is none there.
    #[inline]
    pub fn draw(&self, entropy: u64, low: i64, high: i64) -> Option<i64> {
        if let [(a, b)] = self.intervals[..] {
            let (from, to) = self.clip(a, b, low, high)?;
            let drawn = self.pick(entropy, from, to);
            if self.rounded {
                let unit = match remix(entropy) % 4 {
                    0 | 1 => MICROS_PER_DAY,
                    2 => 3_600 * SECOND,
                    _ => 60 * SECOND,
                };
                let whole = drawn - drawn.rem_euclid(unit);
                return Some(if whole >= from { whole } else { drawn });
            }
            return Some(drawn);
        }
        let clipped = |&(a, b): &(i64, i64)| self.clip(a, b, low, high);
        let total = self
            .intervals
            .iter()
            .filter_map(clipped)
            .fold(0_u64, |sum, (a, b)| {
                sum.saturating_add(count(a, b, self.step))
            });
        let mut rest = below(entropy, total);
        for (from, to) in self.intervals.iter().filter_map(clipped) {
            let here = count(from, to, self.step);
            if rest < here {
                return Some(offset(from, rest, self.step));
            }
            rest -= here;
        }
        None
    }

    #[inline]
    fn pick(&self, entropy: u64, from: i64, to: i64) -> i64 {
        let steps = count(from, to, self.step);
        let place = match self.spread {
            Spread::Even => return offset(from, below(entropy, steps), self.step),
            Spread::Bell { mean, deviation } => mean + deviation * normal(entropy),
            Spread::Skewed { median, sigma } => median * (sigma * normal(entropy)).exp(),
        };
        let drawn = whole(place);
        if drawn < from || drawn > to {
            // Tails are folded back evenly, so that no end is heaped up.
            return offset(from, below(remix(entropy), steps), self.step);
        }
        offset(
            from,
            drawn.abs_diff(from) / self.step.unsigned_abs(),
            self.step,
        )
    }
}

/// How many steps an interval has.
#[inline]
fn count(low: i64, high: i64, step: i64) -> u64 {
    (high.abs_diff(low) / step.unsigned_abs()).saturating_add(1)
}

#[inline]
fn offset(low: i64, steps: u64, step: i64) -> i64 {
    let value = i128::from(low) + i128::from(steps) * i128::from(step);
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The nearest whole number, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float saturates"
)]
pub(super) fn whole(value: f64) -> i64 {
    value.round() as i64
}

/// The fraction of rows below which a draw says NULL.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product lies in 0 to 2^53"
)]
pub(super) fn share(fraction: f64) -> u64 {
    (fraction.clamp(0.0, 1.0) * 9_007_199_254_740_992.0) as u64
}

/// Whether a row is among the share.
#[inline]
pub(super) fn is_among(share: u64, entropy: u64) -> bool {
    entropy >> 11 < share
}

/// One of a list; `None` is NULL.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub values: Vec<Option<String>>,
    /// The counts of the values, for a type with an order.
    pub counts: Vec<Option<i64>>,
    pub codec: Option<Codec>,
    table: Weighted,
}

impl List {
    /// A list with a weight for each value.
    pub fn new(values: Vec<(Option<String>, u64)>, codec: Option<Codec>) -> Self {
        let weights: Vec<u64> = values.iter().map(|(_, weight)| (*weight).max(1)).collect();
        let values: Vec<Option<String>> = values.into_iter().map(|(value, _)| value).collect();
        let counts = values
            .iter()
            .map(|value| Some(codec?.read(value.as_deref()?)?.0))
            .collect();
        Self {
            values,
            counts,
            codec,
            table: Weighted::new(&weights),
        }
    }

    /// The place of a value.
    #[inline]
    pub fn place(&self, entropy: u64, index: Option<u64>) -> usize {
        match index {
            Some(index) => usize::try_from(index).unwrap_or(0) % self.values.len().max(1),
            None => self.table.pick(entropy),
        }
    }
}

/// A value of a type that is neither ordered nor text.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    pub class: Class,
    /// Bounds on items of an array or bytes of a byte string.
    pub least: Option<u32>,
    pub most: Option<u32>,
    /// The elements an array may have.
    pub elements: Option<Vec<String>>,
    /// Elements an array must have.
    pub contains: Vec<String>,
    /// The type of a JSON value.
    pub json_type: Option<String>,
    /// Keys of a JSON object.
    pub json_keys: Vec<String>,
    /// Share of true, of a truth value.
    pub truth: Option<u64>,
    /// Where values come from that a generator of the registry gives, if one suits.
    pub generator: Option<Bound>,
}

impl Cell {
    /// A value about which the type says all.
    pub fn new(class: Class) -> Self {
        Self {
            class,
            least: None,
            most: None,
            elements: None,
            contains: Vec::new(),
            json_type: None,
            json_keys: Vec::new(),
            truth: None,
            generator: None,
        }
    }

    fn distinct(&self) -> Option<u64> {
        if self.elements.is_some() || !self.contains.is_empty() {
            return Some(1);
        }
        match (&self.class, self.json_type.as_deref()) {
            (Class::Json { .. }, Some("boolean")) => Some(2),
            (Class::Json { .. }, Some("null")) => Some(1),
            (Class::Bytes, _) if self.most.is_some_and(|most| most < 8) => {
                Some(1_u64.checked_shl(8 * self.most.unwrap_or(0)).unwrap_or(1))
            }
            (class, _) => cell::distinct(class),
        }
    }

    /// Writes a value.
    pub fn write(&self, entropy: u64, index: Option<u64>, out: &mut String) {
        if let (Some(generator), None) = (&self.generator, index) {
            self.generated(generator, entropy, out);
            return;
        }
        match &self.class {
            Class::Boolean if index.is_none() => {
                let truth = self.truth.unwrap_or_else(|| share(0.5));
                out.push(if is_among(truth, remix(entropy)) {
                    't'
                } else {
                    'f'
                });
            }
            Class::Bytes if self.least.is_some() || self.most.is_some() => {
                self.bytes(entropy, index, out);
            }
            Class::Array { element } => self.array(element, entropy, index, out),
            Class::Json { .. } => self.json(entropy, index, out),
            class => cell::write(class, entropy, index, out),
        }
    }

    fn generated(&self, generator: &Bound, entropy: u64, out: &mut String) {
        let Class::Array { element } = &self.class else {
            // Writing to a string cannot fail.
            let _ = generator.write(entropy, out);
            return;
        };
        let stream = Stream::from_key(entropy);
        let mut text = String::new();
        out.push('{');
        for place in 0..self.items(entropy, 3) {
            if place > 0 {
                out.push(cell::delimiter(element));
            }
            text.clear();
            let _ = generator.write(stream.draw(place), &mut text);
            cell::quote(&text, "\\\"", out);
        }
        out.push('}');
    }

    fn items(&self, entropy: u64, usual: u32) -> u64 {
        let least = self.least.unwrap_or(1);
        let most = self.most.unwrap_or(least.saturating_add(usual)).max(least);
        // Nobody looks at more than that, and a bound may be large.
        let most = most.min(least.saturating_add(usual));
        u64::from(least) + below(remix(entropy), u64::from(most - least) + 1)
    }

    fn bytes(&self, entropy: u64, index: Option<u64>, out: &mut String) {
        let stream = Stream::from_key(index.unwrap_or(entropy));
        let length = self.items(entropy, 16);
        let unique = index.map(|index| Stream::from_key(7).bijection(index));
        out.push_str("\\x");
        for place in 0..length {
            let byte = match unique {
                Some(bits) if length >= 8 && place < 8 => bits >> (8 * place),
                // Too short for the bijection: the index itself, in base 256.
                Some(_) if length < 8 => index.unwrap_or(0) >> (8 * place),
                _ => stream.draw(place),
            };
            let _ = write!(out, "{:02x}", byte & 0xFF);
        }
    }

    fn array(&self, element: &Class, entropy: u64, index: Option<u64>, out: &mut String) {
        if self.elements.is_none() && self.contains.is_empty() {
            let items = match (self.least, self.most) {
                (None, None) => 1 + below(remix(entropy), 3),
                _ => self.items(entropy, 3),
            };
            if let (Some(0), Some(_)) = (self.most, index) {
                out.push_str("{}");
            } else {
                cell::array(element, entropy, index, items, out);
            }
            return;
        }
        let items = self.items(entropy, 2).max(self.contains.len() as u64);
        let stream = Stream::from_key(entropy);
        out.push('{');
        let mut text = String::new();
        for place in 0..items {
            if place > 0 {
                out.push(cell::delimiter(element));
            }
            text.clear();
            match (cell::nth(&self.contains, place), &self.elements) {
                (Some(contained), _) => text.push_str(contained),
                (None, Some(allowed)) => {
                    let choice = below(stream.draw(place), allowed.len() as u64);
                    text.push_str(cell::nth(allowed, choice).map_or("", String::as_str));
                }
                (None, None) => cell::write(element, stream.draw(place), None, &mut text),
            }
            cell::quote(&text, "\\\"", out);
        }
        out.push('}');
    }

    fn json(&self, entropy: u64, index: Option<u64>, out: &mut String) {
        let number = index.unwrap_or_else(|| below(entropy, 100_000));
        let _ = match self.json_type.as_deref() {
            Some("array") => write!(out, "[{number}, \"{}\"]", cell::word(entropy)),
            Some("string") => write!(out, "\"{} {number}\"", cell::word(entropy)),
            Some("number") => write!(out, "{number}"),
            Some("boolean") => write!(out, "{}", number & 1 == 0),
            Some("null") => write!(out, "null"),
            _ if self.json_keys.is_empty() => {
                cell::write(&self.class, entropy, index, out);
                Ok(())
            }
            _ => {
                out.push('{');
                for key in &self.json_keys {
                    let key = serde_json::Value::from(key.as_str());
                    let _ = write!(out, "{key}: \"{}\", ", cell::word(entropy));
                }
                write!(out, "\"id\": {number}}}")
            }
        };
    }
}

/// Where text comes from.
#[derive(Debug, Clone)]
pub(super) enum Base {
    /// A generator of the registry.
    Generator(Bound),
    /// What matches a pattern.
    Pattern(Pattern),
    /// Words about which nothing is known.
    Words(Option<u32>),
}

/// Text.
#[derive(Debug, Clone)]
pub(super) struct Text {
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
    /// How values are told apart where they must be; decided by [`Text::make_unique`].
    pub telling: Telling,
}

/// How values of a unique text are told apart.
#[derive(Debug, Clone)]
pub(super) enum Telling {
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
pub(super) enum Case {
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
            _ if !self.matching.is_empty() && self.fallback.is_some() => {
                // Nothing may be added to what has to match: the pattern alone decides.
                if let Some(pattern) = self.fallback.take() {
                    self.base = Base::Pattern(pattern);
                    self.matching.clear();
                }
                let count = self.enumerable().unwrap_or(1);
                Telling::Enumerated(Permutation::new(count, key))
            }
            _ if fixed_shape || !self.matching.is_empty() => Telling::Drawn,
            _ if self.most >= Self::digits(values) => Telling::Number,
            _ => Telling::Code(Permutation::new(code_count(self.most), key)),
        };
    }

    /// Whether nothing is done to what the base gives.
    fn fits_as_it_is(&self) -> bool {
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
            Telling::Enumerated(_) => self.fits_as_it_is(),
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
        if let Some(part) = cell::nth(&self.parts, below(entropy, self.parts.len() as u64))
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
