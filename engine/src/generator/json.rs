//! JSON by example: a document of the same shape with other values.
//!
//! Keys and values tell what a leaf is: `first_name`, `email` or `city` take the generator of that
//! name, a date stays a date, an identifier keeps its form, a number its magnitude and decimals.
//! Lists vary in length. What an object says of one person or place agrees.

use std::fmt::{self, Write};

use fake::locales::{Data, EN};
use serde_json::{Number, Value};

use super::draw::write_capitalized;
use super::identifier::write_padded;
use super::{Arguments, Bound, Generator, Scalar, Subject, find};
use crate::calendar::{MICROS_PER_DAY, date_from_days, format_date, parse_date};
use crate::entropy::{Stream, below, remix, unit};
use crate::error::Result;
use crate::format::text::write_float;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// Lists within so many lists vary in length; those further inside keep it, so that a document does
/// not grow without bound.
const VARYING_DEPTH: usize = 3;

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[Generator::bound(
    "json",
    "JSON document of the shape of an example, with other values.",
    &[Parameter {
        name: "example",
        parameter_type: ParameterType::Json,
        default: None,
        summary: "The document to take the shape from.",
    }],
    ColumnType::Json,
    json,
)
.with_example(&[(
    "example",
    r#"{"name": "Ann Lee", "email": "a@b.c", "age": 34, "tags": ["red"], "since": "2024-05-01"}"#,
)])
.of_whole_row()];

/// Keys, without case and punctuation, and the generator that fits: the first that there is.
const KEYS: &[(&[&str], &[&str])] = &[
    (&["firstname", "givenname", "forename"], &["first_name"]),
    (&["lastname", "surname", "familyname"], &["last_name"]),
    (
        &[
            "name",
            "fullname",
            "customername",
            "contactname",
            "author",
            "owner",
            "patient",
        ],
        &["full_name"],
    ),
    (&["email", "emailaddress", "mail"], &["email"]),
    (&["username", "login", "user", "handle"], &["username"]),
    (
        &[
            "phone",
            "phonenumber",
            "telephone",
            "tel",
            "mobile",
            "cell",
            "fax",
        ],
        &["phone"],
    ),
    (
        &[
            "street",
            "streetaddress",
            "address",
            "address1",
            "addressline1",
        ],
        &["street_address"],
    ),
    (&["city", "town"], &["city"]),
    (&["state", "province", "region"], &["state"]),
    (
        &["zip", "zipcode", "postcode", "postalcode"],
        &["zip", "postcode"],
    ),
    (&["country"], &["country"]),
    (
        &[
            "company",
            "companyname",
            "organization",
            "organisation",
            "employer",
        ],
        &["company"],
    ),
    (
        &["job", "jobtitle", "position", "profession", "occupation"],
        &["job_title"],
    ),
    (&["iban"], &["iban"]),
    (&["ssn"], &["ssn"]),
    (&["currency", "currencycode"], &["currency_code"]),
    (&["ip", "ipaddress", "ipv4"], &["ipv4"]),
    (&["useragent"], &["user_agent"]),
    (&["color", "colour"], &["color_name", "color"]),
];

/// Powers of ten, for numbers of few decimals.
const SCALES: [f64; 5] = [1.0, 10.0, 100.0, 1_000.0, 10_000.0];

enum Shape {
    Null,
    Boolean,
    Integer(i64, i64),
    /// Smallest and largest value and decimals.
    Number(f64, f64, usize),
    Generated(Bound, Subject),
    /// Days since 1970-01-01 of the example.
    Date(i32),
    /// Microseconds since 1970-01-01 00:00 UTC of the example.
    Instant(i64),
    Uuid,
    Url,
    /// Letters and digits replaced by others, the rest kept.
    Code(String),
    Words(String),
    List(Vec<Shape>, bool),
    /// Keys as JSON writes them, with a comma before and a colon behind, and with what tells their
    /// entropy apart.
    Object(Vec<(String, Stream, Shape)>),
}

fn json(arguments: &Arguments<'_>) -> Result<Bound> {
    let shape = Shape::of("", &arguments.json("example")?, 0)?;
    Ok(Bound::json(move |row, out| {
        // Of many short parts: put together where a part costs no call.
        let mut text = String::with_capacity(256);
        shape.write(row, row, &mut text)?;
        out.write_str(&text)
    }))
}

impl Shape {
    fn of(key: &str, value: &Value, lists: usize) -> Result<Self> {
        Ok(match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Boolean,
            Value::Number(number) => Self::of_number(number),
            Value::String(text) => Self::of_text(key, text)?,
            Value::Array(items) => Self::List(
                items
                    .iter()
                    .map(|item| Self::of(key, item, lists + 1))
                    .collect::<Result<_>>()?,
                lists < VARYING_DEPTH,
            ),
            Value::Object(items) => Self::Object(
                items
                    .iter()
                    .map(|(key, value)| {
                        let stream = Stream::new(0, "json", key);
                        let shape = Self::of(key, value, lists)?;
                        Ok((format!(",{}:", Value::String(key.clone())), stream, shape))
                    })
                    .collect::<Result<_>>()?,
            ),
        })
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "bounds of a range around an example"
    )]
    fn of_number(number: &Number) -> Self {
        if let Some(whole) = number.as_i64() {
            let size = whole.unsigned_abs();
            let (low, high) = match size {
                0..=9 => (0, 9),
                1900..=2100 => (size - 20, size + 5),
                _ => {
                    let least = 10_u64.pow(size.ilog10());
                    (least, least.saturating_mul(10) - 1)
                }
            };
            let low = i64::try_from(low).unwrap_or(i64::MAX);
            let high = i64::try_from(high).unwrap_or(i64::MAX);
            return if whole < 0 {
                Self::Integer(-high, -low)
            } else {
                Self::Integer(low, high)
            };
        }
        let value = number.as_f64().unwrap_or_default();
        let text = number.to_string();
        let decimals = match text.split_once('.') {
            Some((_, decimals)) if !text.contains('e') => decimals.len().min(17),
            _ if value.abs() >= 1e15 => 0,
            _ => (-value.abs().max(1e-300).log10().floor() as i64 + 2).clamp(1, 300) as usize,
        };
        let (a, b) = (value * 0.5, value * 1.5);
        Self::Number(a.min(b), a.max(b).min(f64::MAX), decimals)
    }

    fn of_text(key: &str, text: &str) -> Result<Self> {
        if uuid::Uuid::try_parse(text).is_ok() {
            return Ok(Self::Uuid);
        }
        if let Some(days) = parse_date(text) {
            return Ok(Self::Date(days));
        }
        if let Ok(instant) = chrono::DateTime::parse_from_rfc3339(text) {
            return Ok(Self::Instant(instant.timestamp_micros()));
        }
        if let Some(generator) = by_key(key) {
            return Ok(Self::Generated(generator.bind(&[])?, generator.subject()));
        }
        if text.contains('@') && !text.contains(' ') {
            let email = find("email")?;
            return Ok(Self::Generated(email.bind(&[])?, email.subject()));
        }
        Ok(if text.contains("://") {
            Self::Url
        } else if text.is_empty() {
            Self::Words(String::new())
        } else if text.chars().any(|c| c.is_ascii_digit())
            || (text.len() <= 12 && !text.chars().any(char::is_lowercase))
        {
            Self::Code(text.to_owned())
        } else {
            Self::Words(text.to_owned())
        })
    }

    /// Writes a value. `row` is the entropy of the object around it, from which groups derive
    /// theirs; `entropy` is its own.
    fn write(&self, row: u64, entropy: u64, out: &mut String) -> fmt::Result {
        match self {
            Self::Null => out.write_str("null"),
            Self::Boolean => out.write_str(if entropy & 1 == 0 { "false" } else { "true" }),
            Self::Integer(low, high) => {
                let width = high.abs_diff(*low).saturating_add(1);
                let value = low.wrapping_add(below(entropy, width).cast_signed());
                out.write_str(itoa::Buffer::new().format(value))
            }
            Self::Number(low, high, decimals) => {
                let value = low + (high - low) * unit(entropy);
                if let Some(scale) = SCALES.get(*decimals).filter(|_| value.abs() < 1e9) {
                    let mut bytes = Vec::with_capacity(24);
                    write_float((value * scale).round() / scale, &mut bytes);
                    return out.write_str(std::str::from_utf8(&bytes).unwrap_or("0"));
                }
                write!(out, "{value:.decimals$}")
            }
            Self::Generated(bound, subject) => quoted(out, |out| bound.write(subject.of(row), out)),
            // Up to two years either way.
            Self::Date(days) => {
                let moved = days.saturating_add(shift(entropy, 730));
                quoted(out, |out| write_date(moved, out))
            }
            Self::Instant(micros) => {
                let days = i64::from(shift(entropy, 730)) * MICROS_PER_DAY;
                let within = below(remix(entropy), 86_400).cast_signed() * 1_000_000;
                let moved = micros.saturating_add(days + within);
                let second = moved - moved.rem_euclid(1_000_000);
                quoted(out, |out| Scalar::TimestampTz(second).write(out))
            }
            Self::Uuid => {
                let uuid = super::identifier::uuid_of(entropy);
                quoted(out, |out| Scalar::Uuid(uuid).write(out))
            }
            Self::Url => {
                out.write_str("\"https://www.example.com/")?;
                out.write_str(word(entropy))?;
                out.write_char('/')?;
                out.write_str(word(remix(entropy)))?;
                out.write_char('"')
            }
            Self::Code(example) => quoted(out, |out| out.write_str(&code(example, entropy))),
            Self::Words(example) => quoted(out, |out| write_words(example, entropy, out)),
            Self::List(items, varies) => {
                let count = items.len() as u64;
                // From half as many to half as many more, at least one.
                let length = if *varies && count > 0 {
                    count.div_ceil(2) + below(entropy, count + 1)
                } else {
                    count
                };
                out.write_char('[')?;
                for index in 0..length {
                    if index > 0 {
                        out.write_char(',')?;
                    }
                    let item = &items[usize::try_from(index % count).unwrap_or(0)];
                    let own = remix(entropy ^ (index + 1));
                    item.write(own, own, out)?;
                }
                out.write_char(']')
            }
            Self::Object(items) => {
                out.write_char('{')?;
                for (index, (key, stream, shape)) in items.iter().enumerate() {
                    out.write_str(if index > 0 { key } else { &key[1..] })?;
                    let own = stream.draw(row);
                    // An object within is another person or place.
                    let around = if matches!(shape, Self::Object(_)) {
                        own
                    } else {
                        row
                    };
                    shape.write(around, own, out)?;
                }
                out.write_char('}')
            }
        }
    }
}

/// The generator of text that a key names.
fn by_key(key: &str) -> Option<&'static Generator> {
    let key: String = key
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect();
    KEYS.iter()
        .filter(|(keys, _)| keys.contains(&key.as_str()))
        .flat_map(|(_, names)| names.iter())
        .find_map(|name| find(name).ok())
        .filter(|generator| generator.entry.output == Some(ColumnType::Text))
}

/// A number of days from -most to most.
fn shift(entropy: u64, most: i32) -> i32 {
    let width = 2 * u64::from(most.unsigned_abs()) + 1;
    i32::try_from(below(entropy, width)).unwrap_or(0) - most
}

fn word(entropy: u64) -> &'static str {
    let words = EN::LOREM_WORD;
    let index = usize::try_from(below(entropy, words.len() as u64)).unwrap_or(0);
    words.get(index).copied().unwrap_or_default()
}

/// Other letters and digits in the same places.
fn code(example: &str, mut entropy: u64) -> String {
    let mut pick = |base: u8, n: u64| {
        entropy = remix(entropy);
        char::from(base + u8::try_from(below(entropy, n)).unwrap_or(0))
    };
    example
        .chars()
        .map(|c| match c {
            'a'..='z' => pick(b'a', 26),
            'A'..='Z' => pick(b'A', 26),
            '0'..='9' => pick(b'0', 10),
            other => other,
        })
        .collect()
}

/// As many words, with capitals and the last mark where the example has them.
fn write_words(example: &str, mut entropy: u64, out: &mut String) -> fmt::Result {
    for (index, part) in example.split_whitespace().enumerate() {
        if index > 0 {
            out.push(' ');
        }
        entropy = remix(entropy);
        let word = word(entropy);
        if part.chars().next().is_some_and(char::is_uppercase) {
            write_capitalized(word, out)?;
        } else {
            out.push_str(word);
        }
        out.extend(part.chars().last().filter(|c| ",.;:!?".contains(*c)));
    }
    Ok(())
}

fn write_date(days: i32, out: &mut String) -> fmt::Result {
    match date_from_days(days) {
        Some((year @ 0..=9999, month, day)) => {
            write_padded(year.unsigned_abs().into(), 4, out)?;
            out.push('-');
            write_padded(month.into(), 2, out)?;
            out.push('-');
            write_padded(day.into(), 2, out)
        }
        _ => out.write_str(&format_date(days)),
    }
}

/// Writes what `write` writes as a JSON string.
fn quoted(out: &mut String, write: impl FnOnce(&mut String) -> fmt::Result) -> fmt::Result {
    out.push('"');
    let start = out.len();
    write(out)?;
    let special = |byte: &u8| *byte < b' ' || *byte == b'"' || *byte == b'\\';
    if out.as_bytes()[start..].iter().any(special) {
        let text = out.split_off(start);
        out.pop();
        out.push_str(&Value::String(text).to_string());
    } else {
        out.push('"');
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn make(example: &str, row: u64) -> Value {
        let generator = find("json").unwrap();
        let bound = generator.bind(&[("example", example)]).unwrap();
        serde_json::from_str(&bound.value(generator.draws(1).at(row))).unwrap()
    }

    #[test]
    fn shape_stays_and_values_change() {
        let example = r#"{"id": "7f1b8f3e-9a52-4b3e-8f67-0f1f8f2b7c11", "first_name": "Ann",
            "email": "ann@work.test", "age": 34, "price": 19.99, "active": true, "none": null,
            "born": "1990-04-01", "seen": "2026-01-01T10:00:00Z", "sku": "AB-123", "site": "http://x.y",
            "note": "Likes tea, often.", "items": [{"qty": 2, "name": "x"}], "empty": [], "o": {}}"#;
        let (a, b) = (make(example, 1), make(example, 2));
        assert_ne!(a, b);
        assert_eq!(a, make(example, 1));
        let email = a["email"].as_str().unwrap();
        let first = a["first_name"].as_str().unwrap().to_lowercase();
        assert!(
            email.starts_with(&first) && email.contains("@example."),
            "{a}"
        );
        assert!((10..=99).contains(&a["age"].as_i64().unwrap()));
        assert!((9.99..=29.99).contains(&a["price"].as_f64().unwrap()));
        assert!(uuid::Uuid::try_parse(a["id"].as_str().unwrap()).is_ok());
        assert!(parse_date(a["born"].as_str().unwrap()).is_some());
        assert!(chrono::DateTime::parse_from_rfc3339(a["seen"].as_str().unwrap()).is_ok());
        assert_eq!(a["note"].as_str().unwrap().split(' ').count(), 3);
        assert_eq!(a["sku"].as_str().unwrap().len(), 6);
        assert_eq!(a["empty"], serde_json::json!([]));
        let lengths: std::collections::BTreeSet<usize> = (0..50)
            .map(|row| make(example, row)["items"].as_array().unwrap().len())
            .collect();
        assert!(lengths.len() > 1 && !lengths.contains(&0), "{lengths:?}");
        // The person of the document is the person of the row.
        let name = find("first_name").unwrap();
        assert_eq!(a["first_name"], name.value(name.draws(1).at(1)));
    }

    #[test]
    fn deep_documents_do_not_grow() {
        let deep = format!("{}1{}", "[".repeat(120), "]".repeat(120));
        make(&deep, 1);
        let generator = find("json").unwrap();
        let deeper = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(generator.bind(&[("example", &deeper)]).is_err());
    }

    /// Same kinds and keys, level by level.
    fn alike(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Null, Value::Null)
            | (Value::Bool(_), Value::Bool(_))
            | (Value::Number(_), Value::Number(_))
            | (Value::String(_), Value::String(_)) => true,
            (Value::Array(a), Value::Array(b)) => {
                a.is_empty() == b.is_empty()
                    && b.iter().enumerate().all(|(i, b)| alike(&a[i % a.len()], b))
            }
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|w| alike(v, w)))
            }
            _ => false,
        }
    }

    fn document() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter_map("finite", |f| Number::from_f64(f).map(Value::from)),
            any::<u64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 30, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::btree_map(".{0,6}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn any_document_keeps_its_shape(example in document(), row: u64) {
            let made = make(&example.to_string(), row);
            prop_assert!(alike(&example, &made), "{} became {}", example, made);
        }
    }
}
