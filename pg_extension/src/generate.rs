//! Generators of rows: `synth_patients`, and the seed that was last used.

use std::cell::Cell;
use std::sync::Arc;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{pg_getarg, pg_getarg_datum};
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use synth_engine::calendar::{AS_OF_RANGE, REFERENCE_DATE};
use synth_engine::domain::{self, Table, TableOptions};

use crate::boundary::sql_function;
use crate::column::POSTGRES_EPOCH_DAYS;
use crate::error::{or_raise, raise, raise_null};
use crate::srf;

thread_local! {
    /// The seed of the last generator called in this session.
    static LAST_SEED: Cell<Option<i64>> = const { Cell::new(None) };
}

/// The arguments that every generator of rows takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arguments {
    /// How many rows.
    pub rows: Option<i64>,
    /// Seed; none: a fresh one.
    pub seed: Option<i64>,
    /// First row.
    pub start: Option<i64>,
    /// Last day the data may mention, in Postgres's count of days.
    pub as_of: Option<i32>,
}

impl Arguments {
    /// Reads the arguments of a call.
    ///
    /// # Safety
    /// `fcinfo` is the call information of a function declared with (rows bigint, seed bigint,
    /// start bigint, `as_of` date).
    pub unsafe fn of(fcinfo: FunctionCallInfo) -> Self {
        // SAFETY: the types are those declared in SQL.
        unsafe {
            Self {
                rows: pg_getarg(fcinfo, 0),
                seed: pg_getarg(fcinfo, 1),
                start: pg_getarg(fcinfo, 2),
                as_of: pg_getarg_datum(fcinfo, 3).map(|date| date.value() as i32),
            }
        }
    }
}

/// A table and the range of its rows that a call asks for.
#[derive(Clone)]
pub struct Request {
    /// What was asked for, with the seed that was drawn if none was given: the same arguments give
    /// the same request in another process.
    pub arguments: Arguments,
    /// The table.
    pub table: Arc<dyn Table>,
    /// First row.
    pub start: u64,
    /// One past the last row.
    pub end: u64,
}

/// Checks the arguments of a call, draws a seed if there is none, and remembers it.
pub fn request(name: &str, arguments: &Arguments) -> Request {
    let not_negative = |name: &str, value: i64| {
        u64::try_from(value).unwrap_or_else(|_| {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("{name} must not be negative, got {value}"),
                Some(format!("Pass 0 or more for {name}.")),
            )
        })
    };
    let rows = not_negative("rows", arguments.rows.unwrap_or_else(|| raise_null("rows")));
    let start = not_negative(
        "start",
        arguments.start.unwrap_or_else(|| raise_null("start")),
    );
    let end = start + rows;
    if end > domain::LAST_ROW + 1 {
        raise(
            ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            format!("start {start} plus rows {rows} is beyond the last row"),
            Some(format!("The sum may be at most {}.", domain::LAST_ROW + 1)),
        );
    }
    let as_of = arguments.as_of.map_or(REFERENCE_DATE, |day| {
        day.saturating_add(POSTGRES_EPOCH_DAYS)
    });
    if !AS_OF_RANGE.contains(&as_of) {
        raise(
            ERRCODE_DATETIME_FIELD_OVERFLOW,
            "as_of is out of range".to_owned(),
            Some("Pass a date from 1900-01-01 to 2199-12-31.".to_owned()),
        );
    }
    let seed = seed_of_call(arguments.seed);
    let options = TableOptions { seed, as_of };
    Request {
        arguments: Arguments {
            seed: Some(seed.cast_signed()),
            ..*arguments
        },
        table: or_raise(domain::table(name, &options)),
        start,
        end,
    }
}

/// The seed of a call, a fresh one if none is given; remembered for `synth_last_seed`.
pub fn seed_of_call(given: Option<i64>) -> u64 {
    let seed = given.unwrap_or_else(fresh_seed);
    LAST_SEED.set(Some(seed));
    seed.cast_unsigned()
}

/// Takes note of a seed for `synth_last_seed`.
#[inline]
pub fn remember_seed(seed: i64) {
    LAST_SEED.set(Some(seed));
}

/// A seed from the operating system.
pub fn fresh_seed() -> i64 {
    match getrandom::u64() {
        Ok(seed) => seed.cast_signed(),
        Err(error) => raise(
            ERRCODE_SYSTEM_ERROR,
            format!("could not draw a seed: {error}"),
            Some("Pass seed => <number>.".to_owned()),
        ),
    }
}

sql_function! {
    /// `synth_patients(rows bigint, seed bigint, start bigint, as_of date) RETURNS SETOF synth_patient`
    synth_patients(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { srf::rows(fcinfo, || request("patients", &Arguments::of(fcinfo))) }
    }
}

sql_function! {
    /// `synth_last_seed() RETURNS bigint`: NULL before the first generator of the session.
    synth_last_seed(fcinfo) {
        match LAST_SEED.get() {
            Some(seed) => Datum::from(seed),
            // SAFETY: Postgres passes valid call information.
            None => unsafe { pgrx::fcinfo::pg_return_null(fcinfo) },
        }
    }
}
