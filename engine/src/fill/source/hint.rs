//! Values made of the constants in constraints that are not understood.
//!
//! `data @> '{"kind": "a"}'`, `address << '10.0.0.0/8'` or `place[0] > 5` say by their constants what a
//! value has to look like. Values are tried against the constraint anyway, so a guess need not be
//! right, only right often enough.
//!
//! Numbers are computed by `+`, `-`, `*` and `/` alone, which agree on every machine.

use std::fmt::Write;
use std::net::IpAddr;

use serde_json::{Map, Value};

use crate::entropy::{Stream, below, unit};
use crate::fill::cell;
use crate::fill::class::Class;
use crate::pattern::Pattern;

/// The constants of one or several constraints.
#[derive(Debug, Clone, Default)]
pub(in crate::fill) struct Hints {
    /// Quoted constants.
    pub texts: Vec<String>,
    /// Numbers, also those within quoted constants, ascending.
    numbers: Vec<f64>,
    /// Quoted constants that are JSON documents.
    documents: Vec<Value>,
    /// Quoted constants that are addresses or networks, with the length of their prefix.
    networks: Vec<(IpAddr, u8)>,
}

impl Hints {
    /// The constants of expressions as a database prints them, or of the source of functions.
    pub fn read<'a>(expressions: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hints = Self::default();
        for expression in expressions {
            hints.scan(expression);
        }
        hints.texts.sort_unstable();
        hints.texts.dedup();
        for text in &hints.texts {
            match serde_json::from_str::<Value>(text) {
                Ok(Value::Number(_)) | Err(_) => {}
                Ok(document) => hints.documents.push(document),
            }
            hints.networks.extend(network(text));
            numbers(text, &mut hints.numbers);
        }
        hints.numbers.sort_unstable_by(f64::total_cmp);
        hints.numbers.dedup();
        hints
    }

    /// Constants of an expression: what stands in single quotes, and numbers outside of them.
    fn scan(&mut self, expression: &str) {
        let mut rest = expression;
        while let Some(at) = [rest.find(['\'', '"']), rest.find("--")]
            .into_iter()
            .flatten()
            .min()
        {
            numbers(&rest[..at], &mut self.numbers);
            let after = &rest[at + 1..];
            rest = match rest.as_bytes()[at] {
                // The rest of the line is a comment.
                b'-' => after.find('\n').map_or("", |end| &after[end..]),
                b'"' => after.find('"').map_or("", |end| &after[end + 1..]),
                _ => {
                    let (text, after) = quoted(after);
                    if !text.is_empty() && text.len() <= 10_000 {
                        self.texts.push(text);
                    }
                    after
                }
            };
        }
        numbers(rest, &mut self.numbers);
    }

    /// Quoted constants that are patterns of whole texts.
    pub fn patterns(&self) -> Vec<Pattern> {
        let whole = self.texts.iter().filter(|text| text.starts_with('^'));
        whole.filter_map(|text| Pattern::parse(text).ok()).collect()
    }

    /// Writes a value of a class, if the constants suggest one.
    pub fn write(&self, class: &Class, entropy: u64, out: &mut String) -> bool {
        let stream = Stream::from_key(entropy);
        let mut place = 0;
        let mut draw = || {
            place += 1;
            stream.draw(place)
        };
        match class {
            Class::Json { .. } => self.json(&mut draw, out),
            Class::Inet | Class::Cidr => {
                let Some((address, prefix)) = one(&self.networks, draw()) else {
                    return false;
                };
                let whole = matches!(class, Class::Cidr);
                within(*address, *prefix, whole, draw(), draw(), out);
                true
            }
            Class::Point => self.points(1, &mut draw, out),
            Class::Box | Class::Segment => self.points(2, &mut draw, out),
            Class::Circle => {
                out.push('<');
                let written = self.points(1, &mut draw, out);
                let radius = self.number(draw()).unwrap_or(1.0);
                let radius = if radius < 0.0 { -radius } else { radius };
                let _ = write!(out, ",{radius}>");
                written
            }
            Class::Array { element } => self.array(element, &mut draw, out),
            Class::TextSearchVector => {
                let Some(text) = one(&self.texts, draw()) else {
                    return false;
                };
                let words = text.split(|c: char| !c.is_alphanumeric());
                for (place, word) in words.filter(|word| !word.is_empty()).enumerate() {
                    let _ = write!(out, "'{}':{} ", word.to_lowercase(), place + 1);
                }
                true
            }
            _ => false,
        }
    }

    /// A number between two constants that follow each other, or beyond the first or last.
    fn number(&self, entropy: u64) -> Option<f64> {
        let (first, last) = (self.numbers.first()?, self.numbers.last()?);
        let magnitude = |number: f64| if number < 0.0 { -number } else { number };
        let count = self.numbers.len() as u64;
        let gap = usize::try_from(below(entropy, count + 1)).unwrap_or(0);
        let low = match gap.checked_sub(1).and_then(|at| self.numbers.get(at)) {
            Some(number) => *number,
            None => first - magnitude(*first) - 1.0,
        };
        let high = self.numbers.get(gap).copied();
        let high = high.unwrap_or(last + magnitude(*last) + 1.0);
        // Bits that did not choose the gap; in thousandths, which are easier to read.
        let share = unit(crate::entropy::remix(entropy));
        let number = low + (high - low) * crate::entropy::round(share * 1000.0) / 1000.0;
        number.is_finite().then_some(number)
    }

    fn points(&self, count: u32, draw: &mut dyn FnMut() -> u64, out: &mut String) -> bool {
        for point in 0..count {
            let (Some(x), Some(y)) = (self.number(draw()), self.number(draw())) else {
                return false;
            };
            let _ = write!(out, "{}({x},{y})", if point > 0 { "," } else { "" });
        }
        true
    }

    fn json(&self, draw: &mut dyn FnMut() -> u64, out: &mut String) -> bool {
        if self.texts.is_empty() {
            return false;
        }
        let mut value = match one(&self.documents, draw()) {
            Some(document) => document.clone(),
            None => Value::Object(Map::new()),
        };
        for document in &self.documents {
            if draw().is_multiple_of(2) {
                merge(&mut value, document);
            }
        }
        // Constants may be keys of an object, and values of them.
        let is_word = |text: &&String| !text.contains(['{', '[', '"']);
        let words: Vec<&String> = self.texts.iter().filter(is_word).collect();
        if let Value::Object(object) = &mut value {
            for key in &words {
                let value = match draw() % 4 {
                    0 => self.number(draw()).map(whole_or_not),
                    1 => None,
                    _ => one(&words, draw()).map(|word| Value::from(word.as_str())),
                };
                if !object.contains_key(*key) {
                    let drawn = || Value::from(cell::word(draw()));
                    object.insert((*key).clone(), value.unwrap_or_else(drawn));
                }
            }
            if !object.contains_key("id") {
                object.insert("id".to_owned(), Value::from(draw() % 100_000));
            }
        }
        let _ = write!(out, "{value}");
        true
    }

    fn array(&self, element: &Class, draw: &mut dyn FnMut() -> u64, out: &mut String) -> bool {
        let items = 1 + draw() % 3;
        let whole: Vec<&String> = self.texts.iter().filter(|t| t.starts_with('{')).collect();
        if let Some(array) = one(&whole, draw()) {
            out.push_str(array);
            return true;
        }
        out.push('{');
        for place in 0..items {
            if place > 0 {
                out.push(',');
            }
            if element.is_text() {
                let Some(text) = one(&self.texts, draw()) else {
                    return false;
                };
                cell::quote(text, "\\\"", out);
            } else if matches!(element, Class::Integer { .. }) {
                let Some(number) = self.number(draw()) else {
                    return false;
                };
                let _ = write!(out, "{}", crate::entropy::round(number));
            } else {
                return false;
            }
        }
        out.push('}');
        true
    }
}

/// One of a list.
fn one<T>(list: &[T], entropy: u64) -> Option<&T> {
    cell::nth(list, below(entropy, list.len() as u64))
}

/// A number of JSON, without a fraction in half of the cases.
fn whole_or_not(number: f64) -> Value {
    let rounded = crate::entropy::round(number);
    match format!("{rounded}").parse::<i64>() {
        Ok(whole) if whole % 2 == 0 => Value::from(whole),
        _ => Value::from(number),
    }
}

/// What follows a single quote, up to the next that is not doubled; and what is left.
fn quoted(text: &str) -> (String, &str) {
    let mut out = String::new();
    let mut rest = text;
    while let Some(end) = rest.find('\'') {
        out.push_str(&rest[..end]);
        rest = &rest[end + 1..];
        if !rest.starts_with('\'') {
            break;
        }
        out.push('\'');
        rest = &rest[1..];
    }
    (out, rest)
}

/// The numbers in a text, where they are no part of a name.
fn numbers(text: &str, out: &mut Vec<f64>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && out.len() < 1_000 {
        let starts = bytes[at].is_ascii_digit()
            && (at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_'));
        if !starts {
            at += 1;
            continue;
        }
        let length = text[at..].find(|c: char| !c.is_ascii_digit() && c != '.');
        let end = length.map_or(text.len(), |length| at + length);
        if let Ok(number) = text[at..end].parse::<f64>() {
            let negative = at > 0 && bytes[at - 1] == b'-';
            out.push(if negative { -number } else { number });
        }
        at = end;
    }
}

/// An address with or without the length of its prefix.
fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix.parse::<u8>().ok()?)),
        None => (text, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let prefix = prefix.unwrap_or(bits);
    (prefix <= bits).then_some((address, prefix))
}

/// An address within a network; now and then a network that holds it. `whole`: nothing beyond the
/// prefix may be set.
fn within(address: IpAddr, prefix: u8, whole: bool, choice: u64, entropy: u64, out: &mut String) {
    let (base, bits) = match address {
        IpAddr::V4(address) => (u128::from(u32::from(address)), 32_u8),
        IpAddr::V6(address) => (u128::from(address), 128),
    };
    let length = if choice.is_multiple_of(4) {
        u8::try_from(below(entropy, u64::from(prefix) + 1)).unwrap_or(prefix)
    } else if whole {
        let more = below(entropy, u64::from(bits - prefix) + 1);
        prefix + u8::try_from(more).unwrap_or(0)
    } else {
        bits
    };
    let mask = |length: u8| match u32::from(bits - length) {
        128 => 0,
        free => (u128::MAX << free) & (u128::MAX >> (128 - u32::from(bits))),
    };
    let random = u128::from(choice) << 64 | u128::from(crate::entropy::remix(entropy));
    let inside = (base & mask(prefix)) | (random & mask(bits) & !mask(prefix));
    let inside = inside & mask(length);
    let _ = match address {
        IpAddr::V4(_) => match u32::try_from(inside) {
            Ok(address) => write!(out, "{}", std::net::Ipv4Addr::from(address)),
            Err(_) => write!(out, "{address}"),
        },
        IpAddr::V6(_) => write!(out, "{}", std::net::Ipv6Addr::from(inside)),
    };
    if length < bits {
        let _ = write!(out, "/{length}");
    }
}

/// Puts what a document has into another, deeply.
fn merge(into: &mut Value, other: &Value) {
    match (into, other) {
        (Value::Object(into), Value::Object(other)) => {
            for (key, value) in other {
                match into.get_mut(key) {
                    Some(there) => merge(there, value),
                    None => {
                        into.insert(key.clone(), value.clone());
                    }
                }
            }
        }
        (Value::Array(into), Value::Array(other)) => {
            for value in other {
                if !into.contains(value) {
                    into.push(value.clone());
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(class: &Class, expression: &str) -> Vec<String> {
        let hints = Hints::read([expression]);
        let value = |entropy| {
            let mut out = String::new();
            hints.write(class, entropy, &mut out).then_some(out)
        };
        (0..200).filter_map(value).collect()
    }

    #[test]
    fn constants_are_read() {
        let hints = Hints::read(["(a = 'it''s') -- don't 7\n AND b2 > -3.5 AND \"x'9\" < 12 - 4"]);
        assert_eq!(hints.texts, ["it's"]);
        assert_eq!(hints.numbers, [-3.5, 4.0, 12.0]);
    }

    #[test]
    fn documents_hold_what_is_asked_for() {
        let json = Class::Json { binary: true };
        let asked = r#"(data @> '{"kind": "a", "tags": ["x"]}'::jsonb)"#;
        let found = values(&json, asked);
        assert_eq!(found.len(), 200);
        for text in &found {
            let value: Value = serde_json::from_str(text).unwrap();
            assert_eq!(value["kind"], "a", "{text}");
            assert_eq!(value["tags"][0], "x", "{text}");
        }
        let asked = "((data ->> 'state'::text) = 'open'::text)";
        let open = |text: &&String| text.contains(r#""state":"open""#);
        let count = values(&json, asked).iter().filter(open).count();
        assert!(count > 20, "{count} of 200 are open");
    }

    #[test]
    fn addresses_lie_in_their_network() {
        for text in values(&Class::Inet, "(a << '10.20.0.0/16'::inet)") {
            let inside = text.starts_with("10.20.") && !text.contains('/');
            assert!(inside || text.contains('/'), "{text}");
        }
        let six = values(&Class::Cidr, "(a <<= '2001:db8::/32'::cidr)");
        assert!(
            six.iter()
                .filter(|text| text.starts_with("2001:db8:"))
                .count()
                > 100
        );
        for text in six {
            let (address, prefix) = network(&text).unwrap();
            let IpAddr::V6(address) = address else {
                panic!("{text}")
            };
            let free = 128 - u32::from(prefix);
            let beyond = u128::from(address).trailing_zeros();
            assert!(beyond >= free, "{text} has bits beyond its prefix");
        }
    }

    #[test]
    fn points_lie_around_the_numbers() {
        let found = values(
            &Class::Point,
            "((p[0] >= 100) AND (p[0] <= 101) AND (p[1] < -5))",
        );
        let hits = found.iter().filter(|text| {
            let (x, y) = text[1..text.len() - 1].split_once(',').unwrap();
            let (x, y): (f64, f64) = (x.parse().unwrap(), y.parse().unwrap());
            (100.0..=101.0).contains(&x) && y < -5.0
        });
        assert!(hits.count() > 2);
    }
}
