//! Writing JSON by pieces: what is the same in every resource stands in the code as it stands in the file,
//! and only values are formatted. A resource takes some hundred nanoseconds so, where a general
//! serializer takes some thousand.
//!
//! `put!(out, r#"{"id":""#, id, r#""}"#)` appends literals as they are, and values by [`Put`].

use crate::calendar::MICROS_PER_DAY;
use crate::format::text::{write_date, write_decimal, write_float, write_timestamp};

/// A value that knows its JSON.
pub trait Put {
    /// Appends it.
    fn put(&self, out: &mut Vec<u8>);
}

/// Appends literals as they are and values by [`Put`].
macro_rules! put {
    ($out:expr $(,)?) => {};
    ($out:expr, $text:literal $(, $($rest:tt)*)?) => {
        $out.extend_from_slice($text.as_bytes());
        $(put!($out, $($rest)*);)?
    };
    ($out:expr, $value:expr $(, $($rest:tt)*)?) => {
        $crate::format::fhir::json::Put::put(&$value, $out);
        $(put!($out, $($rest)*);)?
    };
}
pub(super) use put;

/// What stands between quotes in JSON and needs no escapes, without the quotes.
#[derive(Debug, Clone, Copy)]
pub struct Plain(pub &'static str);

impl Put for Plain {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.0.as_bytes());
    }
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    text: &'a str,
    plain: bool,
}

impl<'a> Text<'a> {
    /// Text; `plain` if it is known to need no escapes.
    #[inline]
    pub const fn of(text: &'a str, plain: bool) -> Self {
        Self { text, plain }
    }
}

impl Text<'static> {
    /// A word of ours, which needs no escapes.
    #[inline]
    pub const fn word(text: &'static str) -> Self {
        Self::of(text, true)
    }
}

impl Put for Text<'_> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        if self.plain {
            out.push(b'"');
            out.extend_from_slice(self.text.as_bytes());
            out.push(b'"');
        } else {
            // Writing to memory does not fail.
            _ = serde_json::to_writer(out, self.text);
        }
    }
}

/// Whether text needs no escapes.
pub fn is_plain(text: &[u8]) -> bool {
    // Without an early end, so that it takes many bytes at a time.
    let escaped = (text.iter())
        .map(|&byte| matches!(byte, 0..0x20 | b'"' | b'\\'))
        .fold(0, |some, escaped| some | u8::from(escaped));
    escaped == 0
}

/// A number.
impl Put for f64 {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        // JSON has no others.
        write_float(if self.is_finite() { *self } else { 0.0 }, out);
    }
}

/// A whole number.
impl Put for i32 {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(*self).as_bytes());
    }
}

/// `,"name":value`, or nothing where there is no value; the name comes with comma, quotes and colon.
pub struct Member<T>(pub &'static str, pub Option<T>);

impl<T: Put> Put for Member<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        if let Some(value) = &self.1 {
            out.extend_from_slice(self.0.as_bytes());
            value.put(out);
        }
    }
}

/// A UUID as it is written: hyphenated, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hyphenated(pub [u8; 36]);

impl Hyphenated {
    /// Writes the 16 bytes.
    #[inline]
    pub fn of(id: [u8; 16]) -> Self {
        let mut text = [0; 36];
        uuid::Uuid::from_bytes(id)
            .hyphenated()
            .encode_lower(&mut text);
        Self(text)
    }
}

impl Put for Hyphenated {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.0);
    }
}

/// Days since 1970-01-01 as a date, in quotes.
#[inline]
pub fn put_day(day: i32, out: &mut Vec<u8>) {
    out.push(b'"');
    write_date(day, out);
    out.push(b'"');
}

/// Microseconds since 1970-01-01 00:00 UTC as an instant to the second, in quotes.
#[inline]
pub fn put_instant(micros: i64, out: &mut Vec<u8>) {
    out.push(b'"');
    let within = micros.rem_euclid(MICROS_PER_DAY);
    write_timestamp(micros - within % 1_000_000, out);
    out.extend_from_slice(b"Z\"");
}

/// Cents as a number with two places.
#[inline]
pub fn put_cents(cents: i64, out: &mut Vec<u8>) {
    write_decimal(i128::from(cents), 2, out);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_reads_back(text: String) {
            let mut out = Vec::new();
            Text::of(&text, is_plain(text.as_bytes())).put(&mut out);
            let back: String = serde_json::from_slice(&out).unwrap();
            prop_assert_eq!(back, text);
        }

        #[test]
        fn ids_read_back(id: [u8; 16]) {
            let text = Hyphenated::of(id).0;
            let text = std::str::from_utf8(&text).unwrap();
            prop_assert_eq!(text, uuid::Uuid::from_bytes(id).hyphenated().to_string());
        }
    }

    #[test]
    fn members_without_a_value_are_left_out() {
        let mut out = Vec::new();
        put!(
            &mut out,
            "{\"a\":1",
            Member(",\"b\":", Some(2)),
            Member::<i32>(",\"c\":", None),
            "}"
        );
        assert_eq!(out, br#"{"a":1,"b":2}"#);
        assert!(!is_plain(b"a\"b") && !is_plain(b"\x1f") && is_plain("é~ ".as_bytes()));
    }
}
