//! Masks: from an array to an array of the same length and type (law 4).
//!
//! NULL stays NULL. The same input gives the same output in every table, every run and every
//! database that shares the secret. One file per mask; rules are read by [`rule`].
//!
//! ```
//! use std::sync::Arc;
//! use arrow_array::{ArrayRef, StringArray, cast::AsArray};
//! use synth_engine::mask::{self, Rule, Target};
//! use synth_engine::schema::ColumnType;
//! use synth_engine::secret::Secret;
//!
//! let rule: Rule = "MASKED WITH partial(1, '***', 2)".parse()?;
//! let target = Target::new(ColumnType::Text);
//! let mask = mask::build(&rule, &target, &Secret::new([0; 32]))?;
//! let values: ArrayRef = Arc::new(StringArray::from(vec![Some("12345"), None, Some("12")]));
//! let masked = mask.apply(&values)?;
//! let masked: Vec<Option<&str>> = masked.as_string::<i32>().iter().collect();
//! assert_eq!(masked, [Some("1***45"), None, Some("***")]);
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod date_shift;
mod email;
mod generalize;
mod hash;
pub mod import;
mod partial;
mod pseudonym;
pub mod rule;

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};

use crate::error::{Error, Result};
use crate::registry::{self, Entry, Kind, MaskProperties, Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::Secret;
pub use rule::{Literal, Rule};

/// Replaces the values of a column.
pub trait Mask: Send + Sync {
    /// An array of the same length and type; NULL stays NULL.
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef>;

    /// What [`Mask::apply`] was given, from what it gave.
    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::Argument {
            entry: "mask",
            problem: "is not reversible".to_owned(),
        })
    }
}

/// The column a mask is put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its type; `None` for a type the engine does not compute with.
    pub column_type: Option<ColumnType>,
    /// The type's name, for messages.
    pub type_name: String,
    /// The most characters it holds, where that is bounded.
    pub max_chars: Option<usize>,
    /// Whether it refuses NULL.
    pub not_null: bool,
}

impl Target {
    /// An unbounded, nullable column of a type.
    pub fn new(column_type: ColumnType) -> Self {
        Self {
            column_type: Some(column_type),
            type_name: column_type.sql().to_owned(),
            max_chars: None,
            not_null: false,
        }
    }
}

const TEXT: &[ColumnType] = &[ColumnType::Text];
const DATES: &[ColumnType] = &[
    ColumnType::Date,
    ColumnType::Timestamp,
    ColumnType::TimestampTz,
];
const NUMBERS: &[ColumnType] = &[
    ColumnType::SmallInt,
    ColumnType::Integer,
    ColumnType::BigInt,
    ColumnType::Real,
    ColumnType::Double,
];

const fn entry(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
    mask: MaskProperties,
) -> Entry {
    Entry {
        kind: Kind::Mask,
        name,
        summary,
        parameters,
        output: None,
        mask: Some(mask),
    }
}

/// A keyed mask from dictionaries or formats: consistent, pseudonymous, not injective.
const PSEUDONYM: MaskProperties = MaskProperties {
    accepts: TEXT,
    injective: false,
    consistent: true,
    pseudonymous: true,
};

/// A mask whose result does not depend on the value.
const CONSTANT: MaskProperties = MaskProperties {
    accepts: &[],
    injective: false,
    consistent: false,
    pseudonymous: false,
};

/// Every mask, in alphabetical order.
pub static ENTRIES: &[Entry] = &[
    entry(
        "date_shift",
        "Moves a date by up to so many days either way, never by 0; the time of day stays.",
        date_shift::PARAMETERS,
        MaskProperties {
            accepts: DATES,
            ..PSEUDONYM
        },
    ),
    entry(
        "email",
        "Replaces an address by first.last.<65 bits>@domain, unique for unique input.",
        email::PARAMETERS,
        MaskProperties {
            injective: true,
            ..PSEUDONYM
        },
    ),
    entry(
        "first_name",
        "Replaces text by a US first name.",
        &[],
        PSEUDONYM,
    ),
    entry(
        "full_name",
        "Replaces text by a US first and last name.",
        &[],
        PSEUDONYM,
    ),
    entry(
        "generalize",
        "Rounds a number down to a multiple of the width.",
        generalize::PARAMETERS,
        MaskProperties {
            accepts: NUMBERS,
            injective: false,
            consistent: true,
            pseudonymous: false,
        },
    ),
    entry(
        "hash",
        "Replaces text by its keyed hash (HMAC-SHA-256) in hexadecimal.",
        hash::PARAMETERS,
        MaskProperties {
            injective: true,
            ..PSEUDONYM
        },
    ),
    entry(
        "last_name",
        "Replaces text by a US last name.",
        &[],
        PSEUDONYM,
    ),
    entry("null", "Replaces the value by NULL.", &[], CONSTANT),
    entry(
        "partial",
        "Keeps the first and last characters and pads between; a value too short to hide anything becomes padding alone.",
        partial::PARAMETERS,
        MaskProperties {
            pseudonymous: false,
            ..PSEUDONYM
        },
    ),
    entry(
        "phone",
        "Replaces text by a US telephone number of the fictitious range.",
        &[],
        PSEUDONYM,
    ),
    entry(
        "value",
        "Replaces the value by a literal.",
        &[Parameter {
            name: "literal",
            parameter_type: ParameterType::Literal,
            default: None,
            summary: "Any literal that the column's type reads.",
        }],
        CONSTANT,
    ),
];

/// The registry entry of a mask.
pub fn find(name: &str) -> Result<&'static Entry> {
    registry::find(Kind::Mask, name).ok_or_else(|| Error::Unknown {
        kind: "mask",
        name: name.to_owned(),
        known: registry::names(Kind::Mask),
    })
}

/// Checks that a rule can be put on a column: the mask exists, its arguments are right and it fits
/// the type. `Ok` does not promise that a literal can be read by the column's type.
pub fn check(rule: &Rule, target: &Target) -> Result<()> {
    match rule {
        Rule::Value(Literal::Null) => check_null(target),
        Rule::NotMasked | Rule::Value(_) => Ok(()),
        // Any secret will do to see whether the mask can be built.
        Rule::Mask { name, .. } if name == "null" => {
            arguments(rule)?;
            check_null(target)
        }
        Rule::Mask { .. } => build(rule, target, &Secret::new([0; 32])).map(|_| ()),
    }
}

fn check_null(target: &Target) -> Result<()> {
    if target.not_null {
        return Err(Error::Argument {
            entry: "null",
            problem: "the column is NOT NULL; use another mask or MASKED WITH VALUE".to_owned(),
        });
    }
    Ok(())
}

/// Builds the mask of a rule for a column. Rules without a computation (`NOT MASKED`, `VALUE`,
/// `null`) have none: the caller sees them in [`Rule`].
pub fn build(rule: &Rule, target: &Target, secret: &Secret) -> Result<Box<dyn Mask>> {
    let (entry, arguments) = arguments(rule)?;
    let accepts = entry.mask.map_or(&[][..], |mask| mask.accepts);
    if !target
        .column_type
        .is_some_and(|column_type| accepts.contains(&column_type))
    {
        return Err(Error::MaskType {
            mask: entry.name,
            column: target.type_name.clone(),
            fitting: fitting(target),
        });
    }
    match entry.name {
        "date_shift" => date_shift::build(&arguments, secret),
        "email" => email::build(&arguments, target, secret),
        "generalize" => generalize::build(&arguments),
        "hash" => hash::build(&arguments, target, secret),
        "partial" => partial::build(&arguments, target),
        name => pseudonym::build(entry, crate::generator::find(name)?, target, secret),
    }
}

/// The masks that can be put on a column, comma separated.
pub fn fitting(target: &Target) -> String {
    names(target, |entry| entry.name != "null" || !target.not_null)
}

/// The masks that compute something from a value of this type, comma separated.
pub fn computing(target: &Target) -> String {
    names(target, |entry| !["null", "value"].contains(&entry.name))
}

fn names(target: &Target, wanted: impl Fn(&Entry) -> bool) -> String {
    let names: Vec<&str> = ENTRIES
        .iter()
        .filter(|entry| wanted(entry))
        .filter(|entry| {
            entry.mask.is_some_and(|mask| {
                mask.accepts.is_empty()
                    || target
                        .column_type
                        .is_some_and(|t| mask.accepts.contains(&t))
            })
        })
        .map(|entry| entry.name)
        .collect();
    names.join(", ")
}

/// The entry of a rule and its arguments in order, defaults filled in.
fn arguments(rule: &Rule) -> Result<(&'static Entry, Vec<Literal>)> {
    match rule {
        Rule::Mask { name, arguments } => {
            let entry = find(name)?;
            Ok((entry, rule::resolve(entry, arguments)?))
        }
        Rule::Value(literal) => Ok((find("value")?, vec![literal.clone()])),
        Rule::NotMasked => Err(Error::Argument {
            entry: "value",
            problem: "NOT MASKED has no mask".to_owned(),
        }),
    }
}

/// Reads an integer argument within bounds.
fn integer(
    entry: &'static str,
    name: &str,
    literal: &Literal,
    range: std::ops::RangeInclusive<i64>,
) -> Result<i64> {
    match literal {
        Literal::Integer(value) if range.contains(value) => Ok(*value),
        _ => Err(Error::Argument {
            entry,
            problem: format!(
                "{name} must be a whole number from {} to {}",
                range.start(),
                range.end()
            ),
        }),
    }
}

/// Refuses a mask whose shortest result does not fit the column.
fn check_width(entry: &'static str, target: &Target, needed: usize) -> Result<()> {
    match target.max_chars {
        Some(limit) if limit < needed => Err(Error::Argument {
            entry,
            problem: format!("needs {needed} characters, the column holds {limit}"),
        }),
        _ => Ok(()),
    }
}

/// Maps text to text value by value; NULL stays NULL.
fn map_text(
    values: &ArrayRef,
    width: usize,
    mut write: impl FnMut(&str, &mut StringBuilder) -> std::fmt::Result,
) -> Result<ArrayRef> {
    let text: &StringArray = values
        .as_string_opt::<i32>()
        .ok_or_else(|| Error::Arrow(format!("expected text, not {}", values.data_type())))?;
    let mut out = StringBuilder::with_capacity(text.len(), text.len() * width);
    for value in text {
        match value {
            Some(value) => {
                // A StringBuilder accepts every write.
                let _ = write(value, &mut out);
                out.append_value("");
            }
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

#[cfg(test)]
mod tests;
