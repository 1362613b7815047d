//! From what a column may hold and what it is about to where its values come from.

mod generated;
mod key_test;
mod list;
mod ordered;
mod other;
mod text;

pub(super) use key_test::KeyTest;
pub(super) use ordered::count_of;

use std::fmt::Write;

use super::check::{Domain, Literal, Nullness};
use super::class::Class;
use super::ordinal::{Codec, SECOND};
use super::recognize::Recognized;
use super::source::{List, Source};
use super::table::{Column, Values};

/// A source, and how to tell about it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub source: Source,
    /// Name of the generator, distribution or kind of value.
    pub generator: String,
    /// Its arguments, as a person reads them.
    pub arguments: String,
    /// Why it was chosen.
    pub reason: String,
    /// Whether every value meets the domain, so that the database need not be asked.
    pub proven: bool,
    /// Name of the entropy that columns of one subject share.
    pub group: Option<String>,
}

impl Made {
    fn new(source: Source, generator: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            source,
            generator: generator.into(),
            arguments: String::new(),
            reason: reason.into(),
            proven: true,
            group: None,
        }
    }

    fn with(mut self, arguments: String) -> Self {
        self.arguments = arguments;
        self
    }
}

/// Chooses where the values of a column come from; the error says why there can be none.
pub(super) fn make(
    column: &Column,
    domain: &Domain,
    suited: Option<&Recognized>,
) -> Result<Made, String> {
    match &column.wish.values {
        Some(Values::List(values)) => return list::wished(column, domain, values),
        Some(Values::Generator { name, arguments }) => {
            return generated::wished(column, domain, name, arguments);
        }
        _ => {}
    }
    let mut codec = Codec::of(&column.class, ordered::decimal_places(domain));
    if let Some(codec) = &mut codec {
        ordered::widen_for(codec, domain);
    }
    if let Some(allowed) = &domain.allowed {
        return list::allowed(allowed, &domain.excluded, codec);
    }
    if let Some(made) = long_interval(column, domain) {
        return Ok(made);
    }
    match (&column.class, codec) {
        (_, Some(codec)) => ordered::make(domain, suited, codec),
        (Class::Enum { labels }, None) => {
            let values: Vec<_> = labels
                .iter()
                .filter(|label| !excludes(domain, label))
                .map(|label| (Some(label.clone()), 1))
                .collect();
            if values.is_empty() {
                return Err(format!("no label of {} is allowed", column.type_name));
            }
            Ok(Made::new(
                Source::List(List::new(values, None)),
                "one of the labels",
                format!("its type is {}", column.type_name),
            ))
        }
        (class, None) if class.is_text() || is_text_like(class) => {
            text::make(column, domain, suited)
        }
        (class, None) => other::make(column, class, domain, suited),
    }
}

/// Whether a domain says nothing of values.
pub(super) fn is_silent(domain: &Domain) -> bool {
    Domain {
        null: Nullness::Free,
        ..domain.clone()
    } == Domain::default()
}

/// Extension types that are text with a difference, such as `citext`.
fn is_text_like(class: &Class) -> bool {
    matches!(class, Class::Other { category: 'S', .. })
}

/// Intervals of months or years only: shorter ones would be cut to nothing.
fn long_interval(column: &Column, domain: &Domain) -> Option<Made> {
    let unit = match column.type_name.as_str() {
        "interval month" | "interval year to month" => "mons",
        "interval year" => "years",
        _ => return None,
    };
    is_silent(domain).then(|| {
        let values = (1..=120)
            .map(|n| (Some(format!("{n} {unit}")), 1))
            .collect();
        let source = Source::List(List::new(values, None));
        Made::new(source, "uniform", "nothing but its type is known")
            .with(format!("1 to 120 {unit}"))
    })
}

/// The text a literal has for the input function of its type.
pub(super) fn literal_text(literal: &Literal) -> Option<String> {
    let mut out = String::new();
    let written = |class: &Class, count: i64| {
        let mut out = String::new();
        Codec::of(class, 0)?.write(count, &mut out);
        Some(out)
    };
    match literal {
        Literal::Null => return None,
        Literal::Boolean(value) => out.push(if *value { 't' } else { 'f' }),
        Literal::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Literal::Text(text) | Literal::Other { text, .. } => out.push_str(text),
        Literal::Date(days) => return written(&Class::Date, i64::from(*days)),
        Literal::Time(micros) => return written(&Class::Time, *micros),
        Literal::Timestamp(micros) => return written(&Class::TimestampTz, *micros),
        Literal::Interval(interval) => {
            let seconds = i64::try_from(interval.span() / i128::from(SECOND)).ok()?;
            return written(&Class::Interval, seconds);
        }
    }
    Some(out)
}

fn excludes(domain: &Domain, text: &str) -> bool {
    domain
        .excluded
        .iter()
        .any(|literal| literal_text(literal).as_deref() == Some(text))
}
