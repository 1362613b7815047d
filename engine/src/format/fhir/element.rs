//! Data types of FHIR that resources share. A name is that of the specification.

use super::codes::UCUM;
use crate::calendar::{MICROS_PER_DAY, date_from_days};
use crate::format::json::{Hyphenated, Out, Text, Value, object};
use crate::format::text::{write_date, write_timestamp};

/// A date: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

impl Value for Day {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.written(|text| write_date(self.0, text));
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

/// To the second.
impl Value for Instant {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        let within = self.0.rem_euclid(MICROS_PER_DAY);
        out.written(|text| {
            write_timestamp(self.0 - within % 1_000_000, text);
            text.push(b'Z');
        });
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

impl Value for Reference {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "reference": Target(self.0, self.1));
    }
}

/// What a reference says.
struct Target(&'static str, Hyphenated);

impl Value for Target {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.pieces([self.0.as_bytes(), b"/", &self.1.0]);
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

impl Value for Coding {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "system": self.system, "code": self.code, "display": self.display);
    }
}

/// `CodeableConcept` of one coding.
#[derive(Debug, Clone, Copy)]
pub struct Concept<C, D> {
    system: &'static str,
    code: C,
    display: Option<D>,
}

impl<C: Value, D: Value> Value for Concept<C, D> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out;
            "coding": [{ "system": self.system, "code": self.code, "display"?: self.display }],
            "text"?: self.display
        );
    }
}

/// A concept of a code system.
#[inline]
pub fn coded<C: Value, D: Value>(system: &'static str, code: C, display: D) -> Concept<C, D> {
    Concept {
        system,
        code,
        display: Some(display),
    }
}

/// A concept whose display is not carried.
#[inline]
pub fn code<C: Value>(system: &'static str, code: C) -> Concept<C, &'static str> {
    Concept {
        system,
        code,
        display: None,
    }
}

/// A concept of a word of ours.
#[inline]
pub fn concept(coding: Coding) -> Concept<&'static str, &'static str> {
    coded(coding.system, coding.code, coding.display)
}

/// A concept in words only.
pub struct Words<'a>(pub Text<'a>);

impl Value for Words<'_> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "text": self.0);
    }
}

/// Period, with an end or without.
pub struct Period<T>(pub T, pub Option<T>);

impl<T: Value> Value for Period<T> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "start": self.0, "end"?: self.1);
    }
}

/// Quantity with a UCUM unit.
#[derive(Debug, Clone, Copy)]
pub struct Quantity<U>(pub f64, pub U);

impl<U: Value> Value for Quantity<U> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "value": self.0, "unit": self.1, "system": UCUM, "code": self.1);
    }
}

/// Money, in cents of the US dollar.
#[derive(Debug, Clone, Copy)]
pub struct Money(pub i64);

impl Value for Money {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        object!(out; "value": Cents(self.0), "currency": "USD");
    }
}

/// Cents as a number with two places.
struct Cents(i64);

impl Value for Cents {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.decimal(self.0, 2);
    }
}
