//! Values of a type that is neither ordered nor text, under what constraints say of it.

use std::fmt::Write;

use super::{Hints, is_among, share};
use crate::entropy::{Stream, below, remix};
use crate::fill::cell;
use crate::fill::class::Class;
use crate::generator::Bound;

/// A value of a type that is neither ordered nor text.
#[derive(Debug, Clone)]
pub(in crate::fill) struct Cell {
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
    /// Constants of constraints that are not understood: most values are made of them, since such
    /// constraints often ask for a part.
    pub hints: Hints,
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
            hints: Hints::default(),
            generator: None,
        }
    }

    pub fn distinct(&self) -> Option<u64> {
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
        if index.is_none() && remix(entropy) % 8 < 7 {
            let start = out.len();
            if self.hints.write(&self.class, entropy, out) {
                return;
            }
            out.truncate(start);
        }
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
