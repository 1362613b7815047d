//! Arguments of a generator: literals by parameter name, checked as they are read.

use std::ops::RangeInclusive;

use crate::calendar::parse_date;
use crate::error::{Error, Result};
use crate::locale::{self, Locale};
use crate::registry::{Entry, Parameter, ParameterType};

/// The parameter `locale` of a generator that has one.
pub const LOCALE: Parameter = Parameter {
    name: "locale",
    parameter_type: ParameterType::Text,
    default: Some("'en_US'"),
    summary: "Language and country, as in de_DE.",
};

/// The longest JSON document.
pub(super) const MOST_BYTES: usize = 1 << 20;

/// The text of a JSON value: a string without its quotes.
pub(super) fn plain(value: serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    }
}

/// Only a locale.
pub const LOCALE_ONLY: &[Parameter] = &[LOCALE];

/// The arguments of one call. Every reader names the parameter in its error.
#[derive(Debug, Clone, Copy)]
pub struct Arguments<'a> {
    entry: &'static Entry,
    given: &'a [(&'a str, &'a str)],
}

impl<'a> Arguments<'a> {
    /// Checks that each argument has a parameter, none is given twice and none is missing.
    pub(super) fn new(entry: &'static Entry, given: &'a [(&'a str, &'a str)]) -> Result<Self> {
        let arguments = Self { entry, given };
        for (index, (name, _)) in given.iter().enumerate() {
            if !entry.parameters.iter().any(|p| p.name == *name) {
                let known: Vec<&str> = entry.parameters.iter().map(|p| p.name).collect();
                return Err(arguments.error(if known.is_empty() {
                    format!("there is no parameter \"{name}\", it takes none")
                } else {
                    format!(
                        "there is no parameter \"{name}\", it takes {}",
                        known.join(", ")
                    )
                }));
            }
            if given[..index].iter().any(|(other, _)| other == name) {
                return Err(arguments.error(format!("parameter \"{name}\" is given twice")));
            }
        }
        for parameter in entry.parameters {
            if parameter.default.is_none() && !given.iter().any(|(n, _)| *n == parameter.name) {
                return Err(arguments.error(format!("parameter \"{}\" is missing", parameter.name)));
            }
        }
        Ok(arguments)
    }

    /// The generator that is called.
    pub(super) fn entry(&self) -> &'static Entry {
        self.entry
    }

    /// An error about this call.
    pub fn error(&self, problem: String) -> Error {
        Error::Argument {
            entry: self.entry.name,
            problem,
        }
    }

    /// The text of an argument or of the parameter's default; `None` where the default is NULL.
    pub fn optional(&self, name: &str) -> Option<&'a str> {
        if let Some((_, value)) = self.given.iter().find(|(n, _)| *n == name) {
            return Some(value);
        }
        self.entry
            .parameters
            .iter()
            .find(|p| p.name == name)
            .and_then(|p| p.default)
            .filter(|default| *default != "NULL")
            .map(|default| {
                default
                    .strip_prefix('\'')
                    .and_then(|rest| rest.strip_suffix('\''))
                    .unwrap_or(default)
            })
    }

    /// The text of an argument.
    pub fn text(&self, name: &str) -> Result<&'a str> {
        self.optional(name)
            .ok_or_else(|| self.error(format!("parameter \"{name}\" is missing")))
    }

    /// A whole number within a range.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64> {
        let text = self.text(name)?;
        text.trim()
            .parse()
            .ok()
            .filter(|value| range.contains(value))
            .ok_or_else(|| {
                self.error(format!(
                    "{name} must be a whole number from {} to {}",
                    range.start(),
                    range.end()
                ))
            })
    }

    /// A finite number.
    pub fn number(&self, name: &str) -> Result<f64> {
        let value: Option<f64> = self.text(name)?.trim().parse().ok();
        value
            .filter(|value| value.is_finite())
            .ok_or_else(|| self.error(format!("{name} must be a finite number")))
    }

    /// A finite number within a range.
    pub fn number_in(&self, name: &str, range: RangeInclusive<f64>) -> Result<f64> {
        let value = self.number(name)?;
        if range.contains(&value) {
            return Ok(value);
        }
        Err(self.error(format!(
            "{name} must be a number from {} to {}",
            range.start(),
            range.end()
        )))
    }

    /// A finite number above zero.
    pub fn positive(&self, name: &str) -> Result<f64> {
        let value = self.number(name)?;
        if value > 0.0 {
            return Ok(value);
        }
        Err(self.error(format!("{name} must be a number above 0")))
    }

    /// True or false, as Postgres spells them or in full.
    pub fn boolean(&self, name: &str) -> Result<bool> {
        match self.text(name)? {
            "true" | "t" | "on" | "yes" | "1" => Ok(true),
            "false" | "f" | "off" | "no" | "0" => Ok(false),
            _ => Err(self.error(format!("{name} must be true or false"))),
        }
    }

    /// Days since 1970-01-01 of a date in the years 1 to 9999.
    pub fn date(&self, name: &str) -> Result<i32> {
        // 0001-01-01 to 9999-12-31.
        parse_date(self.text(name)?.trim())
            .filter(|days| (-719_162..=2_932_896).contains(days))
            .ok_or_else(|| {
                self.error(format!(
                    "{name} must be a date YYYY-MM-DD in the years 1 to 9999"
                ))
            })
    }

    /// Microseconds since 1970-01-01 00:00 UTC of an instant in the years 1 to 9999, as RFC 3339
    /// writes it; a date alone is its midnight in UTC.
    pub fn timestamp(&self, name: &str) -> Result<i64> {
        let text = self.text(name)?.trim();
        let micros = chrono::DateTime::parse_from_rfc3339(text).map_or_else(
            |_| parse_date(text).map(|days| i64::from(days) * crate::calendar::MICROS_PER_DAY),
            |instant| Some(instant.timestamp_micros()),
        );
        micros
            .filter(|micros| (-62_135_596_800_000_000..253_402_300_800_000_000).contains(micros))
            .ok_or_else(|| {
                self.error(format!(
                    "{name} must be an instant such as 2026-01-01T00:00:00Z in the years 1 to 9999"
                ))
            })
    }

    /// A JSON document of at most 1 MiB, at most 127 levels deep.
    pub fn json(&self, name: &str) -> Result<serde_json::Value> {
        let text = self.text(name)?;
        if text.len() > MOST_BYTES {
            return Err(self.error(format!("{name} must be at most 1 MiB long")));
        }
        // The message of the parser gives line and column, nothing out of the document.
        serde_json::from_str(text).map_err(|problem| {
            self.error(format!("{name} is not JSON that can be read: {problem}"))
        })
    }

    /// The locale of the parameter `locale`.
    pub fn locale(&self) -> Result<&'static Locale> {
        locale::find(self.text("locale")?)
    }
}
