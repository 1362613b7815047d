//! One of a list: of what constraints allow, or of what was asked for.

use super::{KeyTest, Made, is_silent, literal_text};
use crate::fill::check::{Domain, Literal};
use crate::fill::class::Class;
use crate::fill::ordinal::Codec;
use crate::fill::source::{List, Source};
use crate::fill::table::Column;

/// One of the values that constraints allow.
pub(super) fn allowed(
    allowed: &[Literal],
    excluded: &[Literal],
    codec: Option<Codec>,
) -> Result<Made, String> {
    let values: Vec<_> = allowed
        .iter()
        .filter(|literal| !excluded.contains(literal))
        .filter_map(literal_text)
        .map(|text| (Some(text), 1))
        .collect();
    if values.is_empty() {
        return Err("its constraints leave no value".to_owned());
    }
    let count = values.len();
    Ok(Made::new(
        Source::List(List::new(values, codec)),
        "one of a list",
        format!("its constraints allow {count} values"),
    ))
}

/// One of the values asked for.
pub(super) fn wished(
    column: &Column,
    domain: &Domain,
    values: &[(Option<String>, u64)],
) -> Result<Made, String> {
    if values.is_empty() {
        return Err("the list of values in overrides is empty".to_owned());
    }
    if column.not_null && values.iter().any(|(value, _)| value.is_none()) {
        return Err("overrides ask for NULL, which it refuses".to_owned());
    }
    if let Class::Text {
        max_chars: Some(most),
        ..
    } = column.class
    {
        let long = |value: &String| value.chars().count() > most as usize;
        if values
            .iter()
            .any(|(value, _)| value.as_ref().is_some_and(long))
        {
            return Err(format!(
                "a value in overrides is too long for type {}",
                column.type_name
            ));
        }
    }
    let codec = Codec::of(&column.class, 9);
    let mut kept = values.to_vec();
    if let Some(test) = KeyTest::new(&column.class, domain) {
        kept.retain(|(value, _)| value.as_ref().is_none_or(|value| test.allows(value)));
        if kept.is_empty() {
            return Err("its constraints allow none of the values in overrides".to_owned());
        }
    }
    let mut made = Made::new(
        Source::List(List::new(kept, codec)),
        "one of a list",
        "overrides say so",
    );
    made.proven = is_silent(domain);
    Ok(made)
}
