//! What the caller asks for.

use std::collections::BTreeMap;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{pg_getarg, pg_getarg_datum};
use pgrx::pg_sys::{self, Oid};
use serde_json::Value;

use super::condition::Condition;
use crate::boundary::string;
use crate::error::{raise, raise_null};

/// The most rows that a `rows` of a subset may ask for: their places are held in memory.
const MOST_ROWS: u64 = 1_000_000;

/// What becomes of a column that has no rule.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// The copy is refused.
    Refuse,
    /// It is copied as it is.
    Copy,
    /// It is NULL in the copy.
    Null,
}

/// Which rows of a table a subset starts from.
pub struct Start {
    pub condition: Option<Condition>,
    /// This share of them, from 0 to 100.
    pub percent: Option<f64>,
    /// At most so many of them.
    pub rows: Option<usize>,
}

/// A request for a copy or for the plan of one.
pub struct Request {
    pub source: String,
    pub target: Option<String>,
    /// By table; none: all rows of all tables.
    pub subset: Option<BTreeMap<String, Start>>,
    /// How many steps to follow references backwards, from a row to the rows that refer to it.
    pub children: u32,
    pub undecided: Undecided,
}

impl Request {
    /// Reads the arguments of a call: source schema, target schema where there is one, subset,
    /// children, depth, undecided.
    ///
    /// # Safety
    /// `fcinfo` is the information of a call of a function with these arguments.
    pub unsafe fn read(fcinfo: pg_sys::FunctionCallInfo, has_target: bool) -> Self {
        // SAFETY: the types are those declared in SQL.
        unsafe {
            let source = pg_getarg::<String>(fcinfo, 0);
            let target = has_target.then(|| pg_getarg::<String>(fcinfo, 1));
            let at = 1 + usize::from(has_target);
            let children = pg_getarg::<bool>(fcinfo, at + 1).unwrap_or(false);
            let depth = pg_getarg::<i32>(fcinfo, at + 2);
            let undecided = pg_getarg::<String>(fcinfo, at + 3);
            Self {
                source: source.unwrap_or_else(|| raise_null("source_schema")),
                target: target.map(|target| target.unwrap_or_else(|| raise_null("target_schema"))),
                subset: subset(fcinfo, at),
                children: steps(children, depth),
                undecided: self::undecided(undecided.as_deref()),
            }
        }
    }
}

fn steps(children: bool, depth: Option<i32>) -> u32 {
    match (children, depth.map(u32::try_from)) {
        (false, None) => 0,
        (true, None) => u32::MAX,
        (true, Some(Ok(depth))) => depth,
        (false, Some(_)) => refuse(
            "depth has no meaning without children".to_owned(),
            "Write children => true, depth => 1, or leave depth out.",
        ),
        (true, Some(Err(_))) => refuse(
            "depth must be 0 or more".to_owned(),
            "Leave it out to follow references as far as they go.",
        ),
    }
}

fn undecided(word: Option<&str>) -> Undecided {
    match word {
        None | Some("refuse") => Undecided::Refuse,
        Some("copy") => Undecided::Copy,
        Some("null") => Undecided::Null,
        Some(other) => refuse(
            format!("undecided cannot be '{other}'"),
            "One of 'refuse', 'copy' and 'null'.",
        ),
    }
}

/// # Safety
/// Argument `at` is a jsonb.
unsafe fn subset(fcinfo: pg_sys::FunctionCallInfo, at: usize) -> Option<BTreeMap<String, Start>> {
    // SAFETY: by the caller's promise; the output function gives a NUL-terminated text.
    let text = unsafe {
        let datum = pg_getarg_datum(fcinfo, at)?;
        string(pg_sys::OidOutputFunctionCall(
            Oid::from(pg_sys::F_JSONB_OUT),
            datum,
        ))
    };
    let hint = r#"Write {"<table>": "<condition>"} or {"<table>": {"where": "<condition>", "percent": 10, "rows": 500}}."#;
    let value: Value = serde_json::from_str(&text)
        .unwrap_or_else(|error| refuse(format!("subset cannot be read: {error}"), hint));
    let Value::Object(tables) = value else {
        refuse("subset must be an object".to_owned(), hint)
    };
    if tables.is_empty() {
        refuse(
            "subset names no table".to_owned(),
            "Leave subset out to copy all rows.",
        );
    }
    let starts = tables.into_iter().map(|(table, wish)| {
        let about = format!("subset of table {table}");
        let mut start = Start {
            condition: None,
            percent: None,
            rows: None,
        };
        match wish {
            Value::String(condition) => {
                start.condition = Some(Condition::parse(&about, &condition));
            }
            Value::Object(wishes) => {
                for (key, value) in wishes {
                    match (key.as_str(), &value) {
                        ("where", Value::String(condition)) => {
                            start.condition = Some(Condition::parse(&about, condition));
                        }
                        ("percent", Value::Number(number)) => {
                            start.percent = number.as_f64().filter(|p| (0.0..=100.0).contains(p));
                            if start.percent.is_none() {
                                refuse(format!("{about}: percent must be from 0 to 100"), hint);
                            }
                        }
                        ("rows", Value::Number(number)) => {
                            let rows = number.as_u64().filter(|&rows| rows <= MOST_ROWS);
                            start.rows = rows.and_then(|rows| usize::try_from(rows).ok());
                            if start.rows.is_none() {
                                refuse(
                                    format!("{about}: rows must be from 0 to {MOST_ROWS}"),
                                    "Ask for a percentage where more are wanted.",
                                );
                            }
                        }
                        _ => refuse(format!("{about}: \"{key}\" is not understood"), hint),
                    }
                }
            }
            _ => refuse(format!("{about} is neither a text nor an object"), hint),
        }
        (table, start)
    });
    Some(starts.collect())
}

fn refuse(message: String, hint: &str) -> ! {
    raise(
        ERRCODE_INVALID_PARAMETER_VALUE,
        message,
        Some(hint.to_owned()),
    )
}
