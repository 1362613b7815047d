//! Masks: from an array to an array of the same length and type (law 4).
//!
//! NULL stays NULL. The same input gives the same output in every table, every run and every
//! database that shares the secret, whatever the width of the column. One file per mask; rules are
//! read by [`rule`].
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
//! let masked = mask.apply(&values, &[])?;
//! let masked: Vec<Option<&str>> = masked.as_string::<i32>().iter().collect();
//! assert_eq!(masked, [Some("1***45"), None, Some("***")]);
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod arguments;
mod bucket;
mod card_number;
pub mod condition;
mod date_shift;
mod decimal;
mod email;
mod entries;
mod fpe;
mod generalize;
mod grammar;
mod hash;
pub mod import;
mod json;
mod json_path;
mod map;
mod noise;
mod numbered;
mod partial;
mod permutation;
mod placeholder;
mod pseudonym;
mod redact;
mod regex_replace;
pub mod rule;

use arrow_array::ArrayRef;

use crate::error::{Error, Result};
use crate::registry::{self, Entry, Kind, MaskProperties};
use crate::schema::ColumnType;
use crate::secret::Secret;
pub use condition::Condition;
pub use entries::ENTRIES;
pub use json_path::JsonPaths;
pub use rule::{Literal, Rule};

/// Replaces the values of a column.
pub trait Mask: Send + Sync {
    /// An array of the same length and type; NULL stays NULL.
    ///
    /// `companions` are the columns named by [`Mask::companions`], in this order and of the same
    /// length: each value in its text form, as Utf8, before anything is masked.
    fn apply(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef>;

    /// Names of the columns of the same row that it reads besides its own.
    fn companions(&self) -> &[String] {
        &[]
    }

    /// What [`Mask::apply`] was given, from what it gave; companions as they were then.
    /// [`Error::NotReversible`] unless [`properties`] say reversible.
    fn unmask(&self, values: &ArrayRef, companions: &[ArrayRef]) -> Result<ArrayRef>;
}

/// The column a mask is put on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its type, or that of its elements; `None` for a type the engine does not compute with.
    pub column_type: Option<ColumnType>,
    /// The type's name, for messages.
    pub type_name: String,
    /// The most characters it or an element of it holds, where that is bounded.
    pub max_chars: Option<usize>,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Whether it is an array of such values, masked element by element.
    pub array: bool,
}

impl Target {
    /// An unbounded, nullable column of a type.
    pub fn new(column_type: ColumnType) -> Self {
        Self {
            column_type: Some(column_type),
            type_name: column_type.sql().to_owned(),
            max_chars: None,
            not_null: false,
            array: false,
        }
    }
}

/// The registry entry of a mask.
pub fn find(name: &str) -> Result<&'static Entry> {
    registry::find(Kind::Mask, name).ok_or_else(|| Error::Unknown {
        kind: "mask",
        name: name.to_owned(),
        known: registry::names(Kind::Mask),
    })
}

/// The mask that puts values of other rows in the place of a value: whoever holds the rows does it.
pub const SHUFFLE: &str = "shuffle";

/// Masks that compute nothing from the value: the caller does what they say.
pub fn is_computed(name: &str) -> bool {
    !["null", "value", SHUFFLE].contains(&name)
}

/// Checks that a rule can be put on a column: the mask exists, its arguments are right and it fits
/// the type. `Ok` does not promise that a literal can be read by the column's type, nor that there
/// is such a function, companion or column of the condition.
pub fn check(rule: &Rule, target: &Target) -> Result<()> {
    match rule.action() {
        Rule::Value(Literal::Null) => check_null(target),
        Rule::NotMasked | Rule::Value(_) | Rule::Function { .. } | Rule::When { .. } => Ok(()),
        Rule::Mask { name, .. } if !is_computed(name) => {
            arguments(rule)?;
            if name == "null" {
                check_null(target)?;
            }
            Ok(())
        }
        // Any secret will do to see whether the mask can be built.
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
/// `FUNCTION`, `null`, `shuffle`) have none: the caller sees them in [`Rule::action`].
pub fn build(rule: &Rule, target: &Target, secret: &Secret) -> Result<Box<dyn Mask>> {
    let (entry, arguments) = arguments(rule)?;
    let accepts = entry.mask.map_or(&[][..], |mask| mask.accepts);
    let Some(column_type) = target
        .column_type
        .filter(|column_type| accepts.contains(column_type))
    else {
        return Err(Error::MaskType {
            mask: entry.name,
            column: target.type_name.clone(),
            fitting: fitting(target),
        });
    };
    let arguments = arguments::Arguments::new(entry, &arguments);
    match entry.name {
        "bucket" => bucket::build(&arguments, column_type),
        "card_number" => card_number::build(&arguments, target, secret),
        "date_shift" => date_shift::build(&arguments, secret),
        "email" => email::build(&arguments, target, secret),
        "fpe" => fpe::build(&arguments, secret),
        "generalize" => generalize::build(&arguments, column_type),
        "hash" => hash::build(&arguments, target, secret),
        json_path::NAME => json_path::build(&arguments, secret),
        "noise" => noise::build(&arguments, column_type, secret),
        "partial" => partial::build(&arguments, target),
        "permutation" => permutation::build(&arguments, column_type, secret),
        "placeholder" => placeholder::build(&arguments),
        "pseudonym" => pseudonym::build(&arguments, target, column_type, secret),
        "redact" => redact::build(&arguments, target, column_type, secret),
        "regex_replace" => regex_replace::build(&arguments, target),
        _ => pseudonym::dictionary(&arguments, target, secret),
    }
}

/// What holds of a rule, with its arguments and its condition; `None` for `NOT MASKED`.
///
/// ```
/// use synth_engine::mask;
///
/// let injective = |rule: &str| mask::properties(&rule.parse().unwrap()).unwrap().unwrap().injective;
/// assert!(injective("MASKED WITH email"));
/// assert!(injective("MASKED WITH card_number(keep_bin => true)"));
/// assert!(!injective("MASKED WITH card_number"));
/// assert!(!injective("MASKED WITH email WHEN country = 'DE'"));
/// ```
pub fn properties(rule: &Rule) -> Result<Option<MaskProperties>> {
    let mut properties = match rule.action() {
        Rule::NotMasked => return Ok(None),
        // What the user's code does is not known.
        Rule::Function { .. } => MaskProperties {
            accepts: &[],
            injective: false,
            consistent: false,
            pseudonymous: false,
            reversible: false,
        },
        action => {
            let (entry, arguments) = arguments(action)?;
            let Some(mut properties) = entry.mask else {
                return Ok(None);
            };
            let arguments = arguments::Arguments::new(entry, &arguments);
            match entry.name {
                "card_number" if arguments.boolean("keep_bin")? => {
                    properties.injective = true;
                    properties.reversible = true;
                }
                "date_shift" if arguments.literal("subject") != &Literal::Null => {
                    properties.reversible = true;
                }
                "pseudonym" => properties.injective = arguments.boolean("is_unique")?,
                json_path::NAME => properties.reversible = json_path::is_reversible(&arguments),
                _ => {}
            }
            properties
        }
    };
    if rule.condition().is_some() {
        // A result may equal a value that stays as it is.
        properties.injective = false;
    }
    Ok(Some(properties))
}

/// The masks that can be put on a column, comma separated.
pub fn fitting(target: &Target) -> String {
    names(target, |entry| entry.name != "null" || !target.not_null)
}

/// The masks that compute something from a value of this type, comma separated.
pub fn computing(target: &Target) -> String {
    names(target, |entry| is_computed(entry.name))
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
    let none = |problem: &str| {
        Err(Error::Argument {
            entry: "value",
            problem: problem.to_owned(),
        })
    };
    match rule.action() {
        Rule::Mask { name, arguments } => {
            let entry = find(name)?;
            Ok((entry, rule::resolve(entry, arguments)?))
        }
        Rule::Value(literal) => Ok((find("value")?, vec![literal.clone()])),
        Rule::Function { .. } => none("a function is no mask of the registry"),
        Rule::NotMasked | Rule::When { .. } => none("NOT MASKED has no mask"),
    }
}

#[cfg(test)]
mod tests;
