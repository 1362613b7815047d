//! Values of every type of Postgres as the text its input function reads, for columns about which
//! nothing but the type is known, and for the elements of arrays, composites and ranges.
//!
//! A value made from an index differs from that of any other index, where the type has room for it.
//!
//! ```
//! use synth_engine::fill::{cell, class::Class};
//!
//! let mut out = String::new();
//! cell::write(&Class::Array { element: Box::new(Class::Boolean) }, 7, None, &mut out);
//! assert!(out.starts_with('{') && out.ends_with('}'));
//! ```

use std::fmt::Write;

use super::class::Class;
use super::ordinal::{Codec, SECOND};
use crate::calendar::REFERENCE_DATE;
use crate::entropy::{Stream, below, remix};
use crate::generator::identifier::{uuid_v4, write_padded};

/// Names that every database resolves, by registered type.
const REGISTERED: &[(&str, &[&str])] = &[
    (
        "regclass",
        &[
            "pg_catalog.pg_class",
            "pg_catalog.pg_type",
            "pg_catalog.pg_proc",
        ],
    ),
    ("regtype", &["integer", "text", "boolean", "uuid"]),
    ("regnamespace", &["pg_catalog"]),
    ("regproc", &["pg_catalog.now", "pg_catalog.pg_backend_pid"]),
    (
        "regprocedure",
        &["pg_catalog.now()", "pg_catalog.lower(text)"],
    ),
    ("regoper", &["pg_catalog.||/", "pg_catalog.|/"]),
    (
        "regoperator",
        &["pg_catalog.+(integer,integer)", "pg_catalog.=(text,text)"],
    ),
    ("regrole", &["pg_monitor", "pg_read_all_data"]),
    ("regconfig", &["pg_catalog.english", "pg_catalog.simple"]),
    (
        "regdictionary",
        &["pg_catalog.simple", "pg_catalog.english_stem"],
    ),
    (
        "regcollation",
        &["pg_catalog.\"C\"", "pg_catalog.\"POSIX\""],
    ),
];

/// Types without an order of use to a person, by name: how a number becomes one of their values.
fn system_value(name: &str, number: u64, out: &mut String) -> bool {
    let low = number & 0x7FFF_FFFF;
    let _ = match name {
        "xid" | "cid" | "xid8" => write!(out, "{}", 3 + low),
        "tid" => write!(out, "({},{})", low, 1 + number % 100),
        "int2vector" | "oidvector" => write!(out, "{} {}", 1 + low % 9999, 1 + number % 100),
        "jsonpath" => write!(out, "$.\"item{low}\""),
        "pg_snapshot" | "txid_snapshot" => {
            write!(out, "{}:{}:{}", 10 + low, 20 + low, 12 + low)
        }
        "aclitem" => write!(out, "=r/pg_read_all_data"),
        "refcursor" => write!(out, "cursor{low}"),
        "ltree" => write!(out, "top.branch{}.leaf{low}", number % 10),
        "lquery" | "ltxtquery" => write!(out, "leaf{low}"),
        "hstore" => write!(out, "\"item\"=>\"{low}\""),
        "cube" => write!(out, "({low}, {})", number % 100),
        "seg" => write!(out, "{}", low % 100_000),
        _ => return false,
    };
    true
}

/// How many distinct values [`write()`] gives from indexes: `None` if there is no end to them.
pub fn distinct(class: &Class) -> Option<u64> {
    match class {
        Class::Boolean => Some(2),
        Class::Enum { labels } => Some(labels.len() as u64),
        Class::Bits {
            length: Some(length),
            ..
        } if *length < 63 => Some(1 << length),
        Class::Registered(_) => Some(1),
        Class::Char1 => Some(26),
        Class::Text {
            max_chars: Some(chars),
            ..
        } if *chars < 13 => Some(36_u64.pow(*chars)),
        Class::Composite { fields } => fields
            .iter()
            .try_fold(1_u64, |most, (_, field)| Some(most.max(distinct(field)?))),
        Class::Array { element } => distinct(element),
        Class::Other { name, .. } if name == "aclitem" => Some(1),
        Class::Other { .. } | Class::SystemIdentifiers => Some(1 << 31),
        Class::Inet | Class::Cidr => Some(1 << 32),
        class => Codec::of(class, 0).and_then(|codec| {
            let (low, high) = codec.limits();
            high.checked_sub(low).map(|span| span.unsigned_abs() + 1)
        }),
    }
}

/// How many values by index do not overlap; `None` if there is no end to them.
pub fn apart(class: &Class) -> Option<u64> {
    match class {
        Class::Range { element, name } | Class::MultiRange { element, name } => {
            let codec = Codec::of(element, 0)?;
            let (step, start) = stride(&codec, name);
            let span = codec.limits().1.saturating_sub(start);
            Some((span / step).unsigned_abs())
        }
        class => distinct(class),
    }
}

/// Whether [`write()`] knows a type at all.
pub fn is_known(class: &Class) -> bool {
    match class {
        Class::Other { name, category } => {
            *category == 'S' || system_value(name, 0, &mut String::new())
        }
        Class::Registered(name) => REGISTERED.iter().any(|(known, _)| known == name),
        Class::Array { element }
        | Class::Range { element, .. }
        | Class::MultiRange { element, .. } => is_known(element),
        Class::Composite { fields } => fields.iter().all(|(_, class)| is_known(class)),
        Class::Enum { labels } => !labels.is_empty(),
        _ => true,
    }
}

#[expect(clippy::too_many_lines, reason = "one line a type")]
/// Writes a value of a class. With an index, distinct indexes below [`distinct`] give distinct
/// values.
pub fn write(class: &Class, entropy: u64, index: Option<u64>, out: &mut String) {
    let number = index.unwrap_or_else(|| below(entropy, 100_000));
    // Writing to a string cannot fail.
    let _ = match class {
        Class::Boolean => {
            out.push(if index.unwrap_or(entropy >> 40) & 1 == 0 {
                't'
            } else {
                'f'
            });
            Ok(())
        }
        Class::Enum { labels } => {
            let labels_len = labels.len() as u64;
            let label = index.map_or_else(|| below(entropy, labels_len), |i| i % labels_len.max(1));
            out.push_str(nth(labels, label).map_or("", String::as_str));
            Ok(())
        }
        Class::Text { max_chars, .. } => {
            text(*max_chars, entropy, index, out);
            Ok(())
        }
        Class::Name | Class::Other { category: 'S', .. } => {
            text(Some(63), entropy, index, out);
            Ok(())
        }
        Class::Char1 => {
            out.push(char::from(b'a' + u8::try_from(number % 26).unwrap_or(0)));
            Ok(())
        }
        Class::Bytes => {
            out.push_str("\\x");
            hex(Stream::from_key(7).bijection(index.unwrap_or(entropy)), out)
        }
        Class::Uuid => {
            let unique = index.map_or(entropy, |i| Stream::from_key(11).bijection(i));
            write!(
                out,
                "{}",
                uuid::Uuid::from_bytes(uuid_v4(unique, remix(unique))).hyphenated()
            )
        }
        Class::Json { .. } => write!(
            out,
            r#"{{"id": {number}, "active": {}, "tags": ["{}", "{}"]}}"#,
            entropy & 1 == 0,
            word(entropy),
            word(remix(entropy))
        ),
        Class::Xml => write!(out, "<item id=\"{number}\">{}</item>", word(entropy)),
        Class::Inet => match index {
            // 2001:db8::/32 is set aside for documentation (RFC 3849).
            Some(index) => write!(
                out,
                "2001:db8::{:x}:{:x}",
                index >> 16 & 0xFFFF,
                index & 0xFFFF
            ),
            None => write!(out, "192.0.2.{}", below(entropy, 256)),
        },
        Class::Cidr => match index {
            Some(index) => write!(
                out,
                "2001:db8:{:x}:{:x}::/64",
                index >> 16 & 0xFFFF,
                index & 0xFFFF
            ),
            None => write!(out, "198.51.100.{}/30", below(entropy, 64) * 4),
        },
        Class::MacAddr { bytes } => {
            // 00-00-5E-00-53 is set aside for documentation (RFC 7042); locally administered
            // addresses (02) where that is too few.
            let tail = index.unwrap_or(entropy >> 24);
            out.push_str(if *bytes == 8 { "02:00:5e:" } else { "02:" });
            let mut shift = 32;
            loop {
                let _ = write!(out, "{:02x}", tail >> shift & 0xFF);
                if shift == 0 {
                    break Ok(());
                }
                out.push(':');
                shift -= 8;
            }
        }
        Class::Bits { length, varying } => {
            let most = length.unwrap_or(if *varying { 16 } else { 1 });
            let bits = index.unwrap_or(entropy);
            for place in (0..most).rev() {
                out.push(if place < 64 && bits >> place & 1 == 1 {
                    '1'
                } else {
                    '0'
                });
            }
            Ok(())
        }
        Class::Point => write!(out, "({number},{})", coordinate(entropy)),
        Class::Line => write!(out, "{{1,{},{number}}}", 1 + below(entropy, 9)),
        Class::Segment => write!(
            out,
            "[({number},{0}),({1},{0})]",
            coordinate(entropy),
            number + 1
        ),
        // Apart from each other: next to each other boxes and circles do not overlap.
        Class::Box => write!(out, "({},10),({},0)", 2 * number + 1, 2 * number),
        Class::Circle => write!(out, "<({},{}),1>", 3 * number, 0),
        Class::Path => write!(
            out,
            "[({number},0),({number},{}),({},5)]",
            1 + below(entropy, 9),
            number + 1
        ),
        Class::Polygon => write!(
            out,
            "(({0},0),({0},1),({1},1),({1},0))",
            2 * number,
            2 * number + 1
        ),
        Class::TextSearchVector => write!(out, "'{}':1 'n{number}':2", word(entropy)),
        Class::TextSearchQuery => write!(out, "'{}' & 'n{number}'", word(entropy)),
        Class::LogSequence => write!(out, "{:X}/{:X}", number >> 32, number & 0xFFFF_FFFF),
        Class::Registered(name) => {
            let names = REGISTERED
                .iter()
                .find(|(known, _)| known == name)
                .map_or(&[][..], |(_, names)| names);
            let place = if index.is_some() {
                0
            } else {
                below(entropy, names.len() as u64)
            };
            out.push_str(nth(names, place).copied().unwrap_or("-"));
            Ok(())
        }
        Class::Array { element } => {
            array(element, entropy, index, 1 + below(remix(entropy), 3), out);
            Ok(())
        }
        Class::Composite { fields } => {
            out.push('(');
            for (place, (_, field)) in (0_u64..).zip(fields) {
                if place > 0 {
                    out.push(',');
                }
                let mut text = String::new();
                write(
                    field,
                    Stream::from_key(entropy).draw(place),
                    index,
                    &mut text,
                );
                quote(&text, "\"\"", out);
            }
            out.push(')');
            Ok(())
        }
        Class::Range { element, name } => {
            range(element, name, entropy, index, out);
            Ok(())
        }
        Class::MultiRange { element, name } => {
            out.push('{');
            range(
                element,
                name.trim_end_matches("multirange"),
                entropy,
                index,
                out,
            );
            out.push('}');
            Ok(())
        }
        Class::SystemIdentifiers => write!(out, "{}", 3 + (number & 0x7FFF_FFFF)),
        Class::Other { name, .. } => {
            system_value(name, number, out);
            Ok(())
        }
        class => {
            ordered(class, entropy, index, out);
            Ok(())
        }
    };
}

/// What stands between the elements of an array: a semicolon between boxes, which hold commas.
pub(super) fn delimiter(element: &Class) -> char {
    if *element == Class::Box { ';' } else { ',' }
}

/// An array of this many elements. With an index the first tells arrays apart.
pub fn array(element: &Class, entropy: u64, index: Option<u64>, items: u64, out: &mut String) {
    out.push('{');
    let mut text = String::new();
    for place in 0..items {
        if place > 0 {
            out.push(delimiter(element));
        }
        text.clear();
        let first = index.filter(|_| place == 0);
        write(
            element,
            Stream::from_key(entropy).draw(place),
            first,
            &mut text,
        );
        // An array within an array would be a further dimension, which Postgres has no type for.
        quote(&text, "\\\"", out);
    }
    out.push('}');
}

/// A range of a small width; with an index, ranges do not meet.
fn range(element: &Class, name: &str, entropy: u64, index: Option<u64>, out: &mut String) {
    let Some(codec) = Codec::of(element, 0) else {
        let mut bound = String::new();
        if element.is_text() {
            let mut digits = String::new();
            let _ = write_padded(
                index.unwrap_or_else(|| below(entropy, 100_000)),
                12,
                &mut digits,
            );
            let _ = write!(bound, "[a{digits},a{digits}z)");
        } else {
            let _ = write!(bound, "empty");
        }
        out.push_str(&bound);
        return;
    };
    let (step, start) = stride(&codec, name);
    let number = i64::try_from(index.unwrap_or_else(|| below(entropy, 10_000))).unwrap_or(i64::MAX);
    let lower = start.saturating_add(number.saturating_mul(step));
    let width = match index {
        Some(_) => step / 2,
        None => i64::try_from(1 + below(remix(entropy), step.unsigned_abs())).unwrap_or(1),
    };
    bounds(&codec, lower, lower.saturating_add(width.max(1)), out);
}

/// `["lower","upper")`.
pub(super) fn bounds(codec: &Codec, lower: i64, upper: i64, out: &mut String) {
    out.push_str("[\"");
    codec.write(lower, out);
    out.push_str("\",\"");
    codec.write(upper, out);
    out.push_str("\")");
}

/// Distance between ranges made from neighbouring indexes, and where the first begins.
fn stride(codec: &Codec, _name: &str) -> (i64, i64) {
    if !codec.is_time() {
        return (10 * codec.grain().min(60), 0);
    }
    let day = codec.day(REFERENCE_DATE) - codec.day(REFERENCE_DATE - 1);
    // Days, or hours of instants.
    let step = if codec.grain() == SECOND {
        3_600 * SECOND
    } else {
        2 * day
    };
    (step, codec.day(REFERENCE_DATE - 2_000))
}

/// A value of a class with an order.
fn ordered(class: &Class, entropy: u64, index: Option<u64>, out: &mut String) {
    let Some(codec) = Codec::of(class, 0) else {
        return;
    };
    let (low, high) = natural(&codec);
    let count = if let Some(index) = index {
        let from = if codec.is_time() { low } else { low.max(0) };
        // Beyond the natural range the type's own begins, from its low end.
        let count = i128::from(from) + i128::from(index) * i128::from(codec.grain());
        let (lowest, highest) = codec.limits();
        let span = i128::from(highest) - i128::from(lowest) + 1;
        i64::try_from((count - i128::from(lowest)).rem_euclid(span) + i128::from(lowest))
            .unwrap_or(from)
    } else {
        let grain = codec.grain();
        let steps = high.abs_diff(low) / grain.unsigned_abs() + 1;
        low + i64::try_from(below(entropy, steps)).unwrap_or(0) * grain
    };
    codec.write(count, out);
}

/// Where values of a codec lie if nothing is known of the column: numbers up to 1,000, moments of
/// the six years before the reference date.
pub fn natural(codec: &Codec) -> (i64, i64) {
    let (lowest, highest) = codec.limits();
    if codec.is_time() {
        (
            codec.day(REFERENCE_DATE - 2_191),
            codec.day(REFERENCE_DATE) - 1,
        )
    } else if codec.grain() == SECOND {
        (lowest, highest)
    } else {
        (lowest.max(0), highest.min(codec.counts(1_000).max(1)))
    }
}

/// Words for text of which nothing is known.
const WORDS: [&str; 32] = [
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "iris", "juniper",
    "kestrel", "lagoon", "maple", "nectar", "onyx", "prairie", "quartz", "river", "summit",
    "timber", "umber", "valley", "willow", "yarrow", "zephyr", "coral", "dune", "fern", "heron",
    "indigo", "lark", "meadow",
];

/// One of the words.
pub fn word(entropy: u64) -> &'static str {
    nth(&WORDS, below(entropy, WORDS.len() as u64))
        .copied()
        .unwrap_or("amber")
}

fn text(max_chars: Option<u32>, entropy: u64, index: Option<u64>, out: &mut String) {
    let room = usize::try_from(max_chars.unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
    let start = out.len();
    match index {
        // Short codes count in base 36, all places used.
        Some(index) if room < 13 => {
            let mut rest = index;
            for _ in 0..room {
                let digit = u32::try_from(rest % 36).unwrap_or(0);
                out.insert(
                    start,
                    char::from_digit(digit, 36)
                        .unwrap_or('0')
                        .to_ascii_uppercase(),
                );
                rest /= 36;
            }
        }
        Some(index) => {
            let _ = write!(out, "{}-{index}", word(entropy));
            if out.len() - start > room {
                out.truncate(start);
                let _ = write!(out, "{index}");
            }
        }
        None => {
            out.push_str(word(entropy));
            if room >= 20 {
                out.push(' ');
                out.push_str(word(remix(entropy)));
            }
            // The words are ASCII.
            out.truncate(start + room.min(out.len() - start));
        }
    }
}

fn coordinate(entropy: u64) -> u64 {
    below(remix(entropy), 1_000)
}

fn hex(bits: u64, out: &mut String) -> std::fmt::Result {
    write!(out, "{bits:016x}")
}

/// Quotes an element: `escaped_quote` stands for a quote within, a backslash is doubled.
pub(super) fn quote(text: &str, escaped_quote: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str(escaped_quote),
            '\\' => out.push_str("\\\\"),
            c => out.push(c),
        }
    }
    out.push('"');
}

pub(super) fn nth<T>(items: &[T], place: u64) -> Option<&T> {
    usize::try_from(place)
        .ok()
        .and_then(|place| items.get(place))
}
