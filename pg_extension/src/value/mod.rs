//! Values: `synth(...)` for every generator by name, and a function each.
//!
//! All functions of single generators share one symbol: which generator is meant is looked up by the
//! name of the SQL function, once for each place of a query that calls it. A generator is bound to its
//! arguments there too, so that a call is a draw and a copy of the result.

mod argument;
mod emit;
mod site;

use std::cell::Cell;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{pg_arg_is_null, pg_getarg, pg_getarg_datum_raw};
use pgrx::pg_sys::{Datum, FunctionCallInfo};
use synth_engine::generator::{self, Bound};
use synth_engine::series::Series;

use crate::boundary::sql_function;
use crate::error::{or_raise, raise, raise_null};
use crate::generate::{fresh_seed, remember_seed};
use argument::Slot;
use site::{Choice, Site};

thread_local! {
    /// The seed of this session's values where none is given, and how many were drawn without a row.
    static SESSION: Cell<(Option<i64>, u64)> = const { Cell::new((None, 0)) };
}

/// The seed of this session's values.
pub fn session_seed() -> i64 {
    let (seed, drawn) = SESSION.get();
    seed.unwrap_or_else(|| {
        let seed = fresh_seed();
        SESSION.set((Some(seed), drawn));
        seed
    })
}

/// The number of a call without a row and a seed.
fn next_draw() -> u64 {
    let (seed, drawn) = SESSION.get();
    SESSION.set((seed, drawn.wrapping_add(1)));
    drawn
}

/// The row and seed of a call: a call without a row is a row of its own. Without a seed it counts
/// over the session, with one it counts the calls of this place of the query; parallel workers count
/// from numbers of their own.
fn row_and_seed(site: &mut Site, row: Option<i64>, seed: Option<i64>) -> (u64, i64) {
    let row = match (row, seed) {
        (Some(row), _) => row.cast_unsigned(),
        (None, None) => next_draw(),
        (None, Some(_)) => site.count_call(),
    };
    let seed = seed.unwrap_or_else(session_seed);
    remember_seed(seed);
    (row, seed)
}

sql_function! {
    /// `synth_<generator>(...)`, each declared in SQL with the generator's parameters and type.
    synth_value(fcinfo) {
        // SAFETY: a site is found for the function that is called and its arguments; its slots are
        // arguments of the types declared.
        unsafe {
            let site = Site::of(fcinfo, Choice::declared);
            if !site.fixed {
                let literals = Slot::literals(&site.slots, fcinfo);
                if site.literals != literals {
                    let generator = site.generator;
                    site.rebind(literals, |literals| {
                        let given: Vec<(&str, &str)> = site_arguments(literals);
                        (or_raise(generator.bind(&given)), false)
                    });
                }
            }
            let (row, seed) = (site.row(fcinfo), site.seed(fcinfo));
            let (row, seed) = row_and_seed(site, row, seed);
            let unique = site.unique_at.is_some_and(|at| pg_getarg(fcinfo, at) == Some(true));
            site.value(row, seed, unique)
        }
    }
}

fn site_arguments<'a>(
    literals: &'a [(&'static str, Option<String>)],
) -> Vec<(&'static str, &'a str)> {
    literals
        .iter()
        .filter_map(|(name, value)| value.as_deref().map(|value| (*name, value)))
        .collect()
}

sql_function! {
    /// `synth(generator text, "row" bigint, seed bigint, options jsonb) RETURNS text`
    synth_by_name(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        unsafe {
            if pg_arg_is_null(fcinfo, 0) {
                raise_null("generator");
            }
            let site = Site::of(fcinfo, Choice::by_name);
            let literals = if site.fixed { None } else { Some(Slot::literals(&site.slots, fcinfo)) };
            if let Some(literals) = literals.filter(|literals| site.literals != *literals) {
                let name = literals[0].1.clone().unwrap_or_default();
                site.choose(or_raise(generator::find(&name)));
                site.rebind(literals, |literals| {
                    let options = literals[1].1.as_deref().unwrap_or("{}");
                    or_raise(generator::bind_options(&name, options))
                });
            }
            let (row, seed) = (site.row(fcinfo), site.seed(fcinfo));
            let (row, seed) = row_and_seed(site, row, seed);
            let unique = site.unique;
            site.value(row, seed, unique)
        }
    }
}

sql_function! {
    /// `synth.session_seed() RETURNS bigint`: the seed of calls without one.
    synth_session_seed(_fcinfo) {
        let seed = session_seed();
        remember_seed(seed);
        Datum::from(seed)
    }
}

sql_function! {
    /// `synth.point_count(points bigint) RETURNS bigint`: the points of a series, of which there cannot be
    /// fewer than none.
    synth_point_count(fcinfo) {
        // SAFETY: one argument, declared as bigint in SQL.
        let points = unsafe { pg_getarg::<i64>(fcinfo, 0) };
        match points {
            Some(points) if points >= 0 => Datum::from(points),
            Some(points) => raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("points must not be negative, got {points}"),
                "Pass how many points the series has.".to_owned(),
            ),
            None => raise_null("points"),
        }
    }
}

sql_function! {
    /// `synth.series_value(index bigint, seed bigint, base double precision, ...)`
    synth_series_value(fcinfo) {
        // SAFETY: STRICT, with arguments of the types declared in SQL.
        let (index, seed, [base, trend, season_period, season_amplitude, noise, gaps], gap_length) = unsafe {
            let whole = |at| pg_getarg_datum_raw(fcinfo, at).value() as i64;
            let number = |at| f64::from_bits(pg_getarg_datum_raw(fcinfo, at).value() as u64);
            (whole(0), whole(1), [2, 3, 4, 5, 6, 7].map(number), whole(8))
        };
        let refuse = |name: &str, range: &str| -> ! {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("{name} is out of range"),
                Some(format!("Pass {range} for {name}.")),
            )
        };
        if !(0.0..=1.0).contains(&gaps) {
            refuse("gaps", "a share from 0 to 1");
        }
        if !(0.0..=f64::MAX).contains(&noise) {
            refuse("noise", "a standard deviation of 0 or more");
        }
        if !(0.0..=f64::MAX).contains(&season_period) {
            refuse("season_period", "a number of points, or 0 for no season,");
        }
        let Some(gap_length) = u64::try_from(gap_length).ok().filter(|&length| length > 0) else {
            refuse("gap_length", "1 point or more");
        };
        let series = Series {
            base,
            trend,
            season_period,
            season_amplitude,
            noise,
            gaps,
            gap_length,
        };
        remember_seed(seed);
        match series.at(seed.cast_unsigned(), index.cast_unsigned()) {
            Some(value) => Datum::from(value.to_bits()),
            // SAFETY: Postgres passes valid call information.
            None => unsafe { pgrx::fcinfo::pg_return_null(fcinfo) },
        }
    }
}

/// Refuses a row beyond the distinct values of a generator.
fn raise_exhausted(name: &str, bound: &Bound, row: u64) -> ! {
    match bound.distinct() {
        None => raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("{name}: values cannot be enumerated, so they may repeat"),
            Some("Ask without unique, or use a pattern.".to_owned()),
        ),
        Some(count) => raise(
            ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
            format!(
                "{name} has {count} distinct values, none of them for row {}",
                row.cast_signed()
            ),
            Some(format!(
                "Number rows from 0 to {}, or allow more values by other arguments.",
                count.saturating_sub(1)
            )),
        ),
    }
}

/// The raw datum of an argument; nothing for NULL.
///
/// # Safety
/// The function has an argument at this place.
unsafe fn argument(fcinfo: FunctionCallInfo, at: usize) -> Option<Datum> {
    // SAFETY: by the caller's promise.
    unsafe { (!pg_arg_is_null(fcinfo, at)).then(|| pg_getarg_datum_raw(fcinfo, at)) }
}
