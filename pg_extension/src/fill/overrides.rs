//! What the caller asks for column by column, as JSON.

use std::panic::AssertUnwindSafe;

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys;
use pgrx::{IntoDatum, PgTryBuilder};
use serde_json::{Map, Value};
use synth_engine::fill::class::Class;
use synth_engine::fill::{Table, Values, Wish};

use super::catalog::Described;
use crate::error::raise;
use crate::query::query;
use crate::sqlstate::call;

const HINT: &str = "An entry is {\"<column>\": {\"generator\": \"<name>\", \"arguments\": {...}}}, {\"values\": [...]}, {\"values\": {\"<value>\": <weight>}}, {\"value\": <value>}, {\"default\": true} or {\"null_fraction\": <0 to 1>}.";

/// Puts the caller's wishes into a table's columns.
pub fn apply(table: &mut Table, overrides: &Map<String, Value>) {
    for (name, entry) in overrides {
        let known: Vec<String> = table
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect();
        let Some(column) = table.columns.iter_mut().find(|column| column.name == *name) else {
            raise(
                ERRCODE_UNDEFINED_COLUMN,
                format!(
                    "overrides name column {name}, which table {} does not have",
                    table.name
                ),
                Some(format!("Columns: {}.", known.join(", "))),
            );
        };
        let refused = column.wish.values.is_some();
        column.wish = wish(name, entry, matches!(column.class, Class::Array { .. }));
        if refused && !matches!(column.wish.values, None | Some(Values::Default)) {
            raise(
                ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!(
                    "permission denied for column {name} of table {}",
                    table.name
                ),
                Some("GRANT INSERT on the column, or leave it out of overrides.".to_owned()),
            );
        }
        if refused {
            column.wish.values = Some(Values::Default);
        }
    }
}

/// Refuses values that the type of their column does not read.
pub fn check_values(described: &Described) {
    for (column, in_database) in described.table.columns.iter().zip(&described.columns) {
        let Some(Values::List(values)) = &column.wish.values else {
            continue;
        };
        let values: Vec<Option<String>> = values.iter().map(|(value, _)| value.clone()).collect();
        let sql = format!(
            "SELECT count(u.value::{}) FROM unnest($1) u (value)",
            in_database.base
        );
        let read = AssertUnwindSafe(|| {
            query(
                &sql,
                &[(pg_sys::TEXTARRAYOID, values.into_datum())],
                |row| row.get::<i64>(1),
            );
        });
        // The transaction ends with the error that is raised: nothing goes on after what was caught.
        PgTryBuilder::new(move || call(read))
            .catch_others(|_| {
                refuse(
                    &column.name,
                    &format!("a value is not one of type {}", column.type_name),
                )
            })
            .execute();
    }
}

/// The object that overrides must be.
pub fn object(overrides: &Value) -> Map<String, Value> {
    match overrides {
        Value::Object(entries) => entries.clone(),
        _ => raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            "overrides must be a JSON object".to_owned(),
            Some(HINT.to_owned()),
        ),
    }
}

fn refuse(column: &str, problem: &str) -> ! {
    raise(
        ERRCODE_INVALID_PARAMETER_VALUE,
        format!("overrides of column {column}: {problem}"),
        Some(HINT.to_owned()),
    )
}

fn wish(column: &str, entry: &Value, is_array: bool) -> Wish {
    let Value::Object(entries) = entry else {
        refuse(column, "an entry is an object")
    };
    if entries.is_empty() {
        refuse(column, "an entry must not be empty");
    }
    let mut out = Wish::default();
    for (key, value) in entries {
        let values = match (key.as_str(), value) {
            ("generator" | "distribution", Value::String(name)) => Values::Generator {
                name: name.clone(),
                arguments: arguments(column, entries.get("arguments")),
            },
            ("arguments", Value::Object(_)) => continue,
            ("values", Value::Array(list)) => Values::List(
                list.iter()
                    .map(|value| (given(value, is_array), 1))
                    .collect(),
            ),
            ("values", Value::Object(weights)) => Values::List(
                weights
                    .iter()
                    .map(|(value, weight)| (Some(value.clone()), thousandths(column, weight)))
                    .filter(|(_, weight)| *weight > 0)
                    .collect(),
            ),
            ("value", value) => Values::List(vec![(given(value, is_array), 1)]),
            ("default", Value::Bool(true)) => Values::Default,
            ("null_fraction", Value::Number(fraction)) => {
                let fraction = fraction.as_f64().unwrap_or(-1.0);
                if !(0.0..=1.0).contains(&fraction) {
                    refuse(column, "null_fraction must be 0 to 1");
                }
                out.null_fraction = Some(fraction);
                continue;
            }
            (key, _) => refuse(column, &format!("{key} is unknown or of the wrong type")),
        };
        if out.values.is_some() {
            refuse(
                column,
                "give one of generator, distribution, values, value and default",
            );
        }
        out.values = Some(values);
    }
    if entries.contains_key("arguments") && !matches!(out.values, Some(Values::Generator { .. })) {
        refuse(column, "arguments need a generator");
    }
    out
}

fn arguments(column: &str, given: Option<&Value>) -> Vec<(String, String)> {
    match given {
        None => Vec::new(),
        Some(Value::Object(entries)) => entries
            .iter()
            .map(|(name, value)| (name.clone(), text(value).unwrap_or_default()))
            .collect(),
        Some(_) => refuse(column, "arguments must be an object"),
    }
}

/// A JSON value as the text of a column: a JSON array in a column of an array type is that array.
fn given(value: &Value, is_array: bool) -> Option<String> {
    let Value::Array(items) = value else {
        return text(value);
    };
    if !is_array {
        return text(value);
    }
    let items: Vec<String> = items
        .iter()
        .map(|item| match (item, text(item)) {
            (Value::Array(_), _) => given(item, true).unwrap_or_default(),
            (_, None) => "NULL".to_owned(),
            (_, Some(text)) => {
                format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
            }
        })
        .collect();
    Some(format!("{{{}}}", items.join(",")))
}

/// A JSON value as the text of a column; NULL for null.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

/// A weight as a whole number, so that 0.5 and 0.25 keep their ratio.
fn thousandths(column: &str, weight: &Value) -> u64 {
    match weight.as_f64() {
        Some(0.0) => 0,
        Some(weight) if weight > 0.0 && weight <= 1e12 => (weight * 1000.0).round().max(1.0) as u64,
        _ => refuse(column, "weights must be numbers of 0 to 1e12"),
    }
}
