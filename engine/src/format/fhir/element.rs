//! Data types of FHIR that resources share. A name is that of the specification.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::calendar::{MICROS_PER_DAY, date_from_days};

/// The base of `fullUrl`: a name that is reserved for documentation (RFC 2606).
pub const BASE: &str = "https://fhir.example.org/r4";

macro_rules! shown {
    ($($name:ident),*) => {$(
        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }
    )*};
}

/// A resource's id: a UUID, hyphenated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Id(pub [u8; 16]);

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
        let uuid = uuid::Uuid::from_bytes(self.0);
        f.write_str(uuid.hyphenated().encode_lower(&mut buffer))
    }
}

/// `Patient/<id>`.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// Resource type.
    pub of: &'static str,
    /// Its id.
    pub id: Id,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.of, self.id)
    }
}

/// The absolute URL of a resource in a bundle.
#[derive(Debug, Clone, Copy)]
pub struct FullUrl(pub Target);

impl fmt::Display for FullUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{BASE}/{}", self.0)
    }
}

/// A date: days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Day(pub i32);

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date_from_days(self.0).unwrap_or((1, 1, 1));
        write!(f, "{year:04}-{month:02}-{day:02}")
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

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (hour, minute, second) = self.clock();
        write!(f, "{}T{hour:02}:{minute:02}:{second:02}Z", self.day())
    }
}

shown!(Id, Target, FullUrl, Day, Instant);

/// Reference.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Reference {
    reference: Target,
}

/// A reference to a resource.
pub fn to(of: &'static str, id: [u8; 16]) -> Reference {
    Reference {
        reference: Target { of, id: Id(id) },
    }
}

/// A reference that only names what is meant.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Named<'a> {
    /// Text for people.
    pub display: &'a str,
}

/// Coding.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Coding<'a> {
    /// The code system's URI.
    pub system: &'static str,
    /// The code.
    pub code: &'a str,
    /// What it means, in the system's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'a str>,
}

/// `CodeableConcept`, with at most one coding.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Concept<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    coding: Option<[Coding<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

impl<'a> Concept<'a> {
    /// A concept of one coding.
    pub fn of(coding: Coding<'a>) -> Self {
        Self {
            coding: Some([coding]),
            text: coding.display,
        }
    }

    /// A coding, with other words for people.
    pub fn with_text(coding: Coding<'a>, text: &'a str) -> Self {
        Self {
            coding: Some([coding]),
            text: Some(text),
        }
    }
}

/// A concept of a code system.
pub fn coded<'a>(system: &'static str, code: &'a str, display: &'a str) -> Concept<'a> {
    Concept {
        coding: Some([Coding {
            system,
            code,
            display: Some(display),
        }]),
        text: Some(display),
    }
}

/// A concept whose display is not carried.
pub fn code<'a>(system: &'static str, code: &'a str) -> Concept<'a> {
    Concept {
        coding: Some([Coding {
            system,
            code,
            display: None,
        }]),
        text: None,
    }
}

/// A concept in words only.
pub fn words(text: &str) -> Concept<'_> {
    Concept {
        coding: None,
        text: Some(text),
    }
}

/// Identifier.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Identifier<'a> {
    /// What kind of identifier it is.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<Concept<'a>>,
    /// Namespace.
    pub system: &'static str,
    /// The identifier.
    pub value: &'a str,
}

/// `HumanName`.
#[derive(Debug, Clone, Serialize)]
pub struct HumanName<'a> {
    #[serde(rename = "use")]
    usage: &'static str,
    family: &'a str,
    given: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    suffix: Option<[&'a str; 1]>,
}

/// An official name.
pub fn name<'a>(
    first: &'a str,
    middle: Option<&'a str>,
    last: &'a str,
    suffix: Option<&'a str>,
) -> HumanName<'a> {
    HumanName {
        usage: "official",
        family: last,
        given: std::iter::once(first).chain(middle).collect(),
        suffix: suffix.map(|suffix| [suffix]),
    }
}

/// `ContactPoint`.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct ContactPoint<'a> {
    /// phone or email.
    pub system: &'static str,
    /// The number or address.
    pub value: &'a str,
    /// home or work.
    #[serde(rename = "use")]
    pub usage: &'static str,
}

/// Address.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Address<'a> {
    /// home or work; organizations have none.
    #[serde(rename = "use", skip_serializing_if = "Option::is_none")]
    pub usage: Option<&'static str>,
    /// House number and street.
    pub line: [&'a str; 1],
    /// City.
    pub city: &'a str,
    /// State.
    pub state: &'a str,
    /// ZIP code.
    pub postal_code: &'a str,
    /// Country.
    pub country: &'static str,
}

/// Period.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Period<T> {
    /// Its begin.
    pub start: T,
    /// Its end; none: it goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<T>,
}

/// Quantity with a UCUM unit.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Quantity<'a> {
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    system: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

/// A measure in a UCUM unit.
pub fn quantity(value: f64, unit: &str) -> Quantity<'_> {
    Quantity {
        value,
        unit: Some(unit),
        system: Some(super::codes::UCUM),
        code: Some(unit),
    }
}

/// A number of things.
pub fn count(value: i32) -> Quantity<'static> {
    Quantity {
        value: f64::from(value),
        unit: None,
        system: None,
        code: None,
    }
}

/// Money, in US dollars.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Money {
    value: f64,
    currency: &'static str,
}

/// An amount in cents.
#[expect(
    clippy::cast_precision_loss,
    reason = "amounts are far below 2^53 cents"
)]
pub fn dollars(cents: i64) -> Money {
    Money {
        value: cents as f64 / 100.0,
        currency: "USD",
    }
}

/// Extension.
#[expect(
    clippy::struct_field_names,
    reason = "names are those of the specification"
)]
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Extension<'a> {
    url: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_string: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_code: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    value_coding: Option<Coding<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extension: Vec<Extension<'a>>,
}

impl<'a> Extension<'a> {
    fn new(url: &'static str) -> Self {
        Self {
            url,
            value_string: None,
            value_code: None,
            value_coding: None,
            extension: Vec::new(),
        }
    }

    /// An extension with text.
    pub fn text(url: &'static str, text: &'a str) -> Self {
        Self {
            value_string: Some(text),
            ..Self::new(url)
        }
    }

    /// An extension with a code.
    pub fn code(url: &'static str, code: &'a str) -> Self {
        Self {
            value_code: Some(code),
            ..Self::new(url)
        }
    }

    /// An extension with a coding.
    pub fn coding(url: &'static str, coding: Coding<'a>) -> Self {
        Self {
            value_coding: Some(coding),
            ..Self::new(url)
        }
    }

    /// An extension made of others.
    pub fn of(url: &'static str, extension: Vec<Self>) -> Self {
        Self {
            extension,
            ..Self::new(url)
        }
    }
}
