//! Data types of FHIR that resources share. A name is that of the specification.

use super::codes::UCUM;
use super::json::{Hyphenated, Plain, Put, Text, put, put_cents, put_day, put_instant};
use crate::calendar::{MICROS_PER_DAY, date_from_days};

/// A date: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Put for Day {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_day(self.0, out);
    }
}

impl Day {
    /// Year, month and day.
    pub fn parts(self) -> (i32, u32, u32) {
        date_from_days(self.0).unwrap_or((1, 1, 1))
    }
}

/// An instant: microseconds since 1970-01-01 00:00 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl Instant {
    /// Its day.
    pub fn day(self) -> Day {
        Day(i32::try_from(self.0.div_euclid(MICROS_PER_DAY)).unwrap_or(0))
    }

    /// Hour, minute and second of its day.
    pub fn clock(self) -> (i64, i64, i64) {
        let seconds = self.0.rem_euclid(MICROS_PER_DAY) / 1_000_000;
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl Put for Instant {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put_instant(self.0, out);
    }
}

/// Reference to a resource: its type, and its id.
#[derive(Debug, Clone, Copy)]
pub struct Reference(pub &'static str, pub Hyphenated);

/// A reference to a resource.
#[inline]
pub fn to(of: &'static str, id: [u8; 16]) -> Reference {
    Reference(of, Hyphenated::of(id))
}

impl Put for Reference {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(out, r#"{"reference":""#, Plain(self.0), "/", self.1, "\"}");
    }
}

/// Coding of a word of ours.
#[derive(Debug, Clone, Copy)]
pub struct Coding {
    /// The code system's URI.
    pub system: &'static str,
    /// The code.
    pub code: &'static str,
    /// What it means, in the system's words.
    pub display: &'static str,
}

impl Put for Coding {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(
            out,
            r#"{"system":""#,
            Plain(self.system),
            r#"","code":""#,
            Plain(self.code),
            r#"","display":""#,
            Plain(self.display),
            "\"}"
        );
    }
}

/// `CodeableConcept` of one coding.
#[derive(Debug, Clone, Copy)]
pub struct Concept<'a> {
    system: &'static str,
    code: Text<'a>,
    display: Option<Text<'a>>,
    text: Option<Text<'a>>,
}

impl Put for Concept<'_> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(
            out,
            r#"{"coding":[{"system":""#,
            Plain(self.system),
            r#"","code":"#,
            self.code
        );
        if let Some(display) = self.display {
            put!(out, r#","display":"#, display);
        }
        put!(out, "}]");
        if let Some(text) = self.text {
            put!(out, r#","text":"#, text);
        }
        put!(out, "}");
    }
}

/// A concept of a code system.
#[inline]
pub fn coded<'a>(system: &'static str, code: Text<'a>, display: Text<'a>) -> Concept<'a> {
    Concept {
        system,
        code,
        display: Some(display),
        text: Some(display),
    }
}

/// A concept whose display is not carried.
#[inline]
pub fn code<'a>(system: &'static str, code: Text<'a>) -> Concept<'a> {
    Concept {
        system,
        code,
        display: None,
        text: None,
    }
}

/// A concept of a word of ours.
#[inline]
pub fn concept(coding: Coding) -> Concept<'static> {
    coded(
        coding.system,
        Text::word(coding.code),
        Text::word(coding.display),
    )
}

/// A concept in words only.
pub struct Words<'a>(pub Text<'a>);

impl Put for Words<'_> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(out, r#"{"text":"#, self.0, "}");
    }
}

/// Period, with an end or without.
pub struct Period<T>(pub T, pub Option<T>);

impl<T: Put> Put for Period<T> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(out, r#"{"start":"#, self.0);
        if let Some(end) = &self.1 {
            put!(out, r#","end":"#, *end);
        }
        put!(out, "}");
    }
}

/// Quantity with a UCUM unit.
#[derive(Debug, Clone, Copy)]
pub struct Quantity<'a>(pub f64, pub Text<'a>);

impl Put for Quantity<'_> {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(
            out,
            r#"{"value":"#,
            self.0,
            r#","unit":"#,
            self.1,
            r#","system":""#,
            Plain(UCUM),
            r#"","code":"#,
            self.1,
            "}"
        );
    }
}

/// Money, in cents of the US dollar.
#[derive(Debug, Clone, Copy)]
pub struct Money(pub i64);

impl Put for Money {
    #[inline]
    fn put(&self, out: &mut Vec<u8>) {
        put!(out, r#"{"value":"#);
        put_cents(self.0, out);
        put!(out, r#","currency":"USD"}"#);
    }
}
