//! Functions of Postgres that can be computed here with the same result.

use super::decimal::Decimal;
use super::literal::Literal;
use crate::calendar::{self, MICROS_PER_DAY};

/// Names of functions that [`call`] computes for arguments of the right types.
const COMPUTED: &[&str] = &[
    "abs",
    "btrim",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "date",
    "extract",
    "greatest",
    "int4",
    "least",
    "left",
    "length",
    "lower",
    "ltrim",
    "mod",
    "negate",
    "nullif",
    "num_nonnulls",
    "num_nulls",
    "octet_length",
    "position",
    "replace",
    "right",
    "round",
    "rtrim",
    "scale",
    "sign",
    "starts_with",
    "strpos",
    "substring",
    "text",
    "upper",
];

/// Functions that do not give NULL whenever an argument is NULL.
const NOT_STRICT: &[&str] = &[
    "coalesce",
    "concat",
    "greatest",
    "least",
    "nullif",
    "num_nonnulls",
    "num_nulls",
];

/// Whether [`call`] knows the function.
pub(super) fn is_computed(name: &str) -> bool {
    COMPUTED.binary_search(&name).is_ok()
}

/// Whether the function gives NULL whenever an argument is NULL.
pub(super) fn is_strict(name: &str) -> bool {
    !NOT_STRICT.contains(&name)
}

/// The function's value; `None` where it is not known.
pub(super) fn call(name: &str, values: &[Literal]) -> Option<Literal> {
    match name {
        "num_nulls" => return count(values, true),
        "num_nonnulls" => return count(values, false),
        "coalesce" => {
            let first = values.iter().find(|value| **value != Literal::Null);
            return Some(first.cloned().unwrap_or(Literal::Null));
        }
        "nullif" => {
            let [a, b] = values else { return None };
            let same = *a != Literal::Null && *b != Literal::Null && a.equals(b)?;
            return Some(if same { Literal::Null } else { a.clone() });
        }
        "greatest" | "least" => return extreme(values, name == "greatest"),
        "concat" => {
            let mut text = String::new();
            for value in values {
                match value {
                    Literal::Text(part) => text.push_str(part),
                    Literal::Null => {}
                    _ => return None,
                }
            }
            return Some(Literal::Text(text));
        }
        _ => {}
    }
    if values.contains(&Literal::Null) {
        return Some(Literal::Null);
    }
    match values {
        [Literal::Text(text)] => of_text(name, text),
        [Literal::Number(number)] => of_number(name, *number),
        [Literal::Boolean(value)] if name == "int4" => Some(Literal::whole(i128::from(*value))),
        [value @ (Literal::Date(_) | Literal::Timestamp(_))] if name == "date" => {
            i32::try_from(value.micros()?.div_euclid(MICROS_PER_DAY))
                .ok()
                .map(Literal::Date)
        }
        [Literal::Date(_)] if name == "text" => Some(Literal::Text(values[0].to_string())),
        [Literal::Number(a), Literal::Number(b)] => match name {
            "mod" => a.remainder(*b).map(Literal::Number),
            "round" => a
                .rounded(u32::try_from(b.rescaled(0)?.units).ok()?)
                .map(Literal::Number),
            _ => None,
        },
        [Literal::Text(field), moment] if name == "extract" => extract(field, moment),
        [Literal::Text(text), Literal::Text(other)] => match name {
            "starts_with" => Some(Literal::Boolean(text.starts_with(other.as_str()))),
            "strpos" => Some(position(text, other)),
            "position" => Some(position(other, text)),
            "btrim" => Some(Literal::Text(
                text.trim_matches(|c| other.contains(c)).to_owned(),
            )),
            _ => None,
        },
        [Literal::Text(text), Literal::Number(count)] => {
            let count = count.rescaled(0)?.units;
            let chars = i128::try_from(text.chars().count()).ok()?;
            // A negative count means all but so many.
            let kept = if count < 0 {
                (chars + count).max(0)
            } else {
                count.min(chars)
            };
            match name {
                "left" => Some(substring(text, 1, kept)),
                "right" => Some(substring(text, chars - kept + 1, kept)),
                "substring" => Some(substring(text, count, chars.checked_sub(count)?.max(0) + 1)),
                _ => None,
            }
        }
        [
            Literal::Text(text),
            Literal::Number(from),
            Literal::Number(length),
        ] if name == "substring" => {
            let (from, length) = (from.rescaled(0)?.units, length.rescaled(0)?.units);
            (length >= 0).then(|| substring(text, from, length))
        }
        [Literal::Text(text), Literal::Text(from), Literal::Text(to)] if name == "replace" => {
            let replaced = if from.is_empty() {
                text.clone()
            } else {
                text.replace(from.as_str(), to)
            };
            Some(Literal::Text(replaced))
        }
        _ => None,
    }
}

fn count(values: &[Literal], nulls: bool) -> Option<Literal> {
    let count = values
        .iter()
        .filter(|value| (**value == Literal::Null) == nulls)
        .count();
    i128::try_from(count).ok().map(Literal::whole)
}

/// GREATEST and LEAST, which pass over NULL.
fn extreme(values: &[Literal], greatest: bool) -> Option<Literal> {
    let mut best = Literal::Null;
    for value in values.iter().filter(|value| **value != Literal::Null) {
        if best == Literal::Null || (value.compare(&best)?.is_gt() == greatest) {
            best = value.clone();
        }
    }
    Some(best)
}

fn of_text(name: &str, text: &str) -> Option<Literal> {
    let length = |count: usize| i128::try_from(count).ok().map(Literal::whole);
    let text = match name {
        "length" | "char_length" | "character_length" => return length(text.chars().count()),
        "octet_length" => return length(text.len()),
        // Beyond ASCII the mapping is the collation's.
        "lower" | "upper" if !text.is_ascii() => return None,
        "lower" => text.to_ascii_lowercase(),
        "upper" => text.to_ascii_uppercase(),
        "btrim" => text.trim_matches(' ').to_owned(),
        "ltrim" => text.trim_start_matches(' ').to_owned(),
        "rtrim" => text.trim_end_matches(' ').to_owned(),
        "text" => text.to_owned(),
        _ => return None,
    };
    Some(Literal::Text(text))
}

fn of_number(name: &str, number: Decimal) -> Option<Literal> {
    match name {
        "abs" if number.units < 0 => Some(Literal::Number(number.negated())),
        "abs" => Some(Literal::Number(number)),
        "negate" => Some(Literal::Number(number.negated())),
        "round" => number.rounded(0).map(Literal::Number),
        "sign" => Some(Literal::whole(number.units.signum())),
        "scale" => Some(Literal::whole(i128::from(number.scale))),
        "text" => Some(Literal::Text(number.to_string())),
        _ => None,
    }
}

fn position(text: &str, part: &str) -> Literal {
    Literal::whole(text.find(part).map_or(0, |at| {
        i128::try_from(text[..at].chars().count()).map_or(0, |chars| chars + 1)
    }))
}

fn substring(text: &str, from: i128, length: i128) -> Literal {
    let end = from.saturating_add(length);
    let kept = (1_i128..)
        .zip(text.chars())
        .filter(|(at, _)| *at >= from && *at < end)
        .map(|(_, char)| char)
        .collect();
    Literal::Text(kept)
}

fn extract(field: &str, moment: &Literal) -> Option<Literal> {
    let micros = moment.micros()?;
    let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
    let hours = micros.rem_euclid(MICROS_PER_DAY) / 3_600_000_000;
    let (year, month, of_month) = calendar::date_from_days(day)?;
    let value = match field {
        // Before the year 1 Postgres counts without a year zero.
        "year" if year > 0 => i64::from(year),
        "quarter" => i64::from((month - 1) / 3 + 1),
        "month" => i64::from(month),
        "day" => i64::from(of_month),
        // 1970-01-01 was a Thursday.
        "dow" => (i64::from(day) + 4).rem_euclid(7),
        "isodow" => (i64::from(day) + 3).rem_euclid(7) + 1,
        "hour" if !matches!(moment, Literal::Date(_)) => hours,
        _ => return None,
    };
    Some(Literal::whole(i128::from(value)))
}
