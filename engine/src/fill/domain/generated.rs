//! Values of a generator of the registry, asked for or suited, in a column of any class.

use std::fmt::Display;

use super::ordered::interval;
use super::text::conditions;
use super::{Made, is_silent, is_text_like};
use crate::fill::check::Domain;
use crate::fill::ordinal::Codec;
use crate::fill::recognize::{Recognition, Recognized};
use crate::fill::source::{Base, Cell, Source};
use crate::fill::table::Column;
use crate::generator::{self, Bound};

pub(super) fn wished(
    column: &Column,
    domain: &Domain,
    name: &str,
    arguments: &[(String, String)],
) -> Result<Made, String> {
    let borrowed: Vec<(&str, &str)> = arguments
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let entry = generator::find(name).map_err(|error| with_hint(&error))?;
    let bound = entry.bind(&borrowed).map_err(|error| with_hint(&error))?;
    let group = entry.group.map(|group| format!("group {group:?}"));
    let mut made = from_generator(column, domain, bound, name, "overrides say so".to_owned())?;
    made.arguments = written(arguments);
    made.group = group;
    Ok(made)
}

fn with_hint(error: &crate::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

/// Values of a generator in a column of any class.
fn from_generator(
    column: &Column,
    domain: &Domain,
    bound: Bound,
    name: &str,
    reason: String,
) -> Result<Made, String> {
    let class = &column.class;
    if class.is_text() || is_text_like(class) {
        let (text, proven) = conditions(column, domain, Base::Generator(bound))?;
        let mut made = Made::new(Source::Text(text), name, reason);
        made.proven = proven;
        return Ok(made);
    }
    if let Some(codec) = Codec::of(class, 6) {
        let readable = |entropy: u64| {
            let mut text = String::new();
            bound.write(entropy, &mut text).is_ok() && codec.read(&text).is_some()
        };
        if !(0..16).any(|n| readable(crate::entropy::remix(n))) {
            return Err(format!(
                "generator {name} gives no values of type {}",
                column.type_name
            ));
        }
        let limits = interval(&codec, domain, codec.limits())?;
        return Ok(Made::new(
            Source::Drawn {
                bound,
                codec,
                low: limits.0,
                high: limits.1,
            },
            name,
            reason,
        ));
    }
    let mut cell = Cell::new(class.clone());
    cell.generator = Some(bound);
    let mut made = Made::new(Source::Cell(cell), name, reason);
    made.proven = is_silent(domain);
    Ok(made)
}

/// A generator that suits a column by what the column is about.
pub(super) struct Suited<'a> {
    bound: Bound,
    name: &'static str,
    arguments: &'a [(&'static str, String)],
    group: &'a Option<String>,
    reason: &'a str,
}

impl<'a> Suited<'a> {
    /// None if it is about nothing that a generator gives.
    pub fn new(recognized: Option<&'a Recognized>) -> Option<Self> {
        let recognized = recognized?;
        let Recognition::Generator {
            name,
            arguments,
            group,
        } = &recognized.recognition
        else {
            return None;
        };
        let borrowed: Vec<(&str, &str)> = arguments
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        Some(Self {
            bound: generator::find(name).ok()?.bind(&borrowed).ok()?,
            name,
            arguments,
            group,
            reason: &recognized.reason,
        })
    }

    /// Its numbers or moments, between two ends.
    pub fn drawn(self, codec: Codec, low: i64, high: i64) -> Made {
        let source = Source::Drawn {
            bound: self.bound,
            codec,
            low,
            high,
        };
        let mut made = Made::new(source, self.name, self.reason);
        made.group.clone_from(self.group);
        made
    }

    /// Its values in a column.
    pub fn make(self, column: &Column, domain: &Domain) -> Result<Made, String> {
        let reason = self.reason.to_owned();
        let mut made = from_generator(column, domain, self.bound, self.name, reason)?;
        made.group.clone_from(self.group);
        Ok(made.with(written(self.arguments)))
    }
}

/// Arguments as a person reads them.
fn written<N: Display>(arguments: &[(N, String)]) -> String {
    let each: Vec<String> = arguments
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    each.join(", ")
}
