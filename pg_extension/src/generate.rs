//! Generators of rows, a function a table of the engine, and the seed that was last used.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg_datum_raw;
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use synth_engine::calendar::{AS_OF_RANGE, REFERENCE_DATE};
use synth_engine::domain::{self, FanOut, OWN_PARAMETERS, Table, TableEntry, TableOptions};

use crate::batches::BATCH_ROWS;
use crate::boundary::sql_function;
use crate::column::POSTGRES_EPOCH_DAYS;
use crate::error::{defect, or_raise, raise, raise_null};
use crate::srf;

thread_local! {
    /// The seed of the last generator called in this session.
    static LAST_SEED: Cell<Option<i64>> = const { Cell::new(None) };
}

/// The arguments that a generator of rows takes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Arguments {
    /// How many units: rows, or rows of the domain's root.
    pub rows: Option<i64>,
    /// Seed; none: a fresh one.
    pub seed: Option<i64>,
    /// First row.
    pub start: Option<i64>,
    /// Last day the data may mention, in Postgres's count of days.
    pub as_of: Option<i32>,
    /// The table's own parameters.
    pub own: [Option<f64>; OWN_PARAMETERS],
}

impl Arguments {
    /// Reads the arguments of a call, by place.
    pub fn read(value: impl Fn(usize) -> Option<Datum>) -> Self {
        let number = |index| value(index).map(|v| v.value() as i64);
        Self {
            rows: number(0),
            seed: number(1),
            start: number(2),
            as_of: value(3).map(|v| v.value() as i32),
            own: std::array::from_fn(|i| value(4 + i).map(|v| f64::from_bits(v.value() as u64))),
        }
    }

    /// Reads the arguments of a call.
    ///
    /// # Safety
    /// `fcinfo` is the call information of a function declared with (units bigint, seed bigint,
    /// start bigint, `as_of` date), and doubles for the parameters of its own.
    pub unsafe fn of(fcinfo: FunctionCallInfo) -> Self {
        // SAFETY: as many arguments as are there; the types are those declared in SQL.
        unsafe {
            let count = usize::from((*fcinfo).nargs.cast_unsigned());
            Self::read(|index| {
                let given = index < count && !pgrx::fcinfo::pg_arg_is_null(fcinfo, index);
                given.then(|| pg_getarg_datum_raw(fcinfo, index))
            })
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
    /// First unit.
    pub start: u64,
    /// One past the last unit.
    pub end: u64,
    /// How many units make a batch.
    pub batch_units: u64,
}

impl Request {
    /// Whether units are rows, so that their number need not be asked for.
    pub fn is_one_row_a_unit(&self) -> bool {
        self.table.fan_out() == FanOut::One
    }
}

/// Checks the arguments of a call, draws a seed if there is none, and remembers it.
pub fn request(entry: &TableEntry, arguments: &Arguments) -> Request {
    let options = options(arguments);
    let table = or_raise((entry.build)(&options));
    let range = range(arguments, entry.entry.parameters[0].name, table.last_unit());
    Request {
        arguments: Arguments {
            seed: Some(options.seed.cast_signed()),
            ..*arguments
        },
        start: range.start,
        end: range.end,
        batch_units: table.fan_out().units_of(BATCH_ROWS),
        table,
    }
}

/// The units that a call asks for, which are called `name`; they end at `last`.
pub fn range(arguments: &Arguments, name: &str, last: u64) -> Range<u64> {
    let not_negative = |name: &str, value: Option<i64>| {
        let value = value.unwrap_or_else(|| raise_null(name));
        u64::try_from(value).unwrap_or_else(|_| {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("{name} must not be negative, got {value}"),
                Some(format!("Pass 0 or more for {name}.")),
            )
        })
    };
    let count = not_negative(name, arguments.rows);
    let start = not_negative("start", arguments.start);
    let end = start + count;
    if end > last + 1 {
        raise(
            ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            format!("start {start} plus {name} {count} is beyond the last one"),
            Some(format!("The sum may be at most {}.", last + 1)),
        );
    }
    start..end
}

/// What decides the content, with a fresh seed if none is given; it is remembered.
pub fn options(arguments: &Arguments) -> TableOptions {
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
    TableOptions {
        seed: seed_of_call(arguments.seed),
        as_of,
        own: arguments.own,
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

/// Declares the function of each table.
macro_rules! tables {
    ($($table:ident)*) => {
        pastey::paste! {
            $(sql_function! {
                /// `synth_<table>(units bigint, seed bigint, start bigint, as_of date, ...) RETURNS SETOF synth_<row>`
                [<synth_ $table>](fcinfo) {
                    let name = stringify!($table);
                    let entry = domain::find(name).unwrap_or_else(|| raise_missing(name));
                    // SAFETY: declared with these arguments and result in SQL.
                    unsafe { srf::rows(fcinfo, || request(entry, &Arguments::of(fcinfo))) }
                }
            })*
        }
    };
}

/// Raises the error for a function without a table.
fn raise_missing(name: &str) -> ! {
    defect(format!("the engine has no table {name}"))
}

// Healthcare, finance, retail, telecom, education.
tables! {
    organizations providers patients encounters conditions procedures claims immunizations allergies
    observations medications trials trial_arms trial_participants trial_visits adverse_events
    customers accounts cards merchants fraud_episodes transactions loans loan_payments credit_scores
    securities market_bars market_orders trades capital_positions exposures liquidity_positions
    retail_customers products orders order_items returns
    plans subscribers call_records invoices
    courses students enrolments grades transcripts
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
