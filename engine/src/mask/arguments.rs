//! Arguments of a mask: literals by parameter, checked as they are read.

use std::ops::RangeInclusive;

use super::{Literal, Target};
use crate::error::{Error, Result};
use crate::locale::{self, Locale};
use crate::registry::Entry;
use crate::schema::ColumnType;

/// The least and the greatest number of a type of whole numbers; `None` for other types.
pub(super) fn limits(column_type: ColumnType) -> Option<(i64, i64)> {
    match column_type {
        ColumnType::SmallInt => Some((i16::MIN.into(), i16::MAX.into())),
        ColumnType::Integer => Some((i32::MIN.into(), i32::MAX.into())),
        ColumnType::BigInt => Some((i64::MIN, i64::MAX)),
        _ => None,
    }
}

/// The literals of one rule in the order of the parameters, none missing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arguments<'a> {
    pub entry: &'static Entry,
    pub literals: &'a [Literal],
}

impl<'a> Arguments<'a> {
    pub fn new(entry: &'static Entry, literals: &'a [Literal]) -> Self {
        Self { entry, literals }
    }

    /// An error about this rule.
    pub fn error(&self, problem: impl Into<String>) -> Error {
        Error::Argument {
            entry: self.entry.name,
            problem: problem.into(),
        }
    }

    /// The literal of a parameter; NULL where there is no such parameter.
    pub fn literal(&self, name: &str) -> &'a Literal {
        self.entry
            .parameters
            .iter()
            .position(|p| p.name == name)
            .and_then(|index| self.literals.get(index))
            .unwrap_or(&Literal::Null)
    }

    /// A whole number within a range.
    pub fn integer(&self, name: &str, range: RangeInclusive<i64>) -> Result<i64> {
        match self.literal(name) {
            Literal::Integer(value) if range.contains(value) => Ok(*value),
            _ => Err(self.error(format!(
                "{name} must be a whole number from {} to {}",
                range.start(),
                range.end()
            ))),
        }
    }

    /// The same; `None` for NULL.
    pub fn optional_integer(&self, name: &str, range: RangeInclusive<i64>) -> Result<Option<i64>> {
        match self.literal(name) {
            Literal::Null => Ok(None),
            _ => self.integer(name, range).map(Some),
        }
    }

    /// A count within a range that memory holds.
    pub fn count(&self, name: &str, range: RangeInclusive<i64>) -> Result<usize> {
        Ok(usize::try_from(self.integer(name, range)?).unwrap_or(0))
    }

    /// A finite number as written; `None` for NULL.
    pub fn number(&self, name: &str) -> Result<Option<&'a Literal>> {
        let literal = self.literal(name);
        match literal {
            Literal::Null => Ok(None),
            Literal::Integer(_) => Ok(Some(literal)),
            Literal::Decimal(text) if text.len() <= 40 => Ok(Some(literal)),
            _ => Err(self.error(format!("{name} must be a number of at most 40 digits"))),
        }
    }

    /// Text of some characters.
    pub fn text(&self, name: &str, chars: RangeInclusive<usize>) -> Result<&'a str> {
        match self.literal(name) {
            Literal::Text(text) if chars.contains(&text.chars().count()) => Ok(text),
            _ => Err(self.error(format!(
                "{name} must be text of {} to {} characters",
                chars.start(),
                chars.end()
            ))),
        }
    }

    /// The same; `None` for NULL.
    pub fn optional_text(
        &self,
        name: &str,
        chars: RangeInclusive<usize>,
    ) -> Result<Option<&'a str>> {
        match self.literal(name) {
            Literal::Null => Ok(None),
            _ => self.text(name, chars).map(Some),
        }
    }

    /// True or false.
    pub fn boolean(&self, name: &str) -> Result<bool> {
        match self.literal(name) {
            Literal::Boolean(value) => Ok(*value),
            _ => Err(self.error(format!("{name} must be true or false"))),
        }
    }

    /// The locale of the parameter `locale`.
    pub fn locale(&self) -> Result<&'static Locale> {
        locale::find(self.text("locale", 1..=20)?)
    }

    /// One of some words.
    pub fn choice<T: Copy>(&self, name: &str, choices: &[(&str, T)]) -> Result<T> {
        let given = match self.literal(name) {
            Literal::Text(text) => Some(text.as_str()),
            _ => None,
        };
        choices
            .iter()
            .find(|(word, _)| Some(*word) == given)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let words: Vec<String> = choices.iter().map(|(w, _)| format!("'{w}'")).collect();
                self.error(format!("{name} must be one of {}", words.join(", ")))
            })
    }

    /// Refuses a mask whose longest result does not fit the column.
    pub fn check_width(&self, target: &Target, needed: usize, otherwise: &str) -> Result<()> {
        match target.max_chars {
            Some(limit) if limit < needed => Err(self.error(format!(
                "needs {needed} characters, the column holds {limit}{otherwise}"
            ))),
            _ => Ok(()),
        }
    }
}
