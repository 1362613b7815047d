//! Filling tables of any shape with rows that Postgres accepts.
//!
//! | file | subject |
//! |---|---|
//! | `catalog` | a table as the catalogs describe it, in the engine's terms |
//! | `partitions` | what partitions demand of a row |
//! | `inline` | CHECKs that call functions of the user's |
//! | `implied` | what generated columns and ranges demand of the columns they are made of |
//! | `types` | types as classes |
//! | `keys` | the keys that references may point to |
//! | `overrides` | what the caller asks for, column by column |
//! | `policies` | conditions of row-level security |
//! | `privileges` | what the caller may write |
//! | `filling` | one table: its plan, and what is said of it beforehand |
//! | `load` | writing its rows |
//! | `rounds` | tables that refer to themselves |
//! | `report` | what `synth_plan_fill` says |
//! | `state` | what is in a table already |
//! | `shortage` | why fewer rows arrived than were asked for |
//! | `schema` | all tables of a schema, in order |
//! | `copy` | loading what construction promises, through COPY |
//! | `gate` | what has to be tried, as conditions over candidates |
//! | `selection/` | the candidates that a table takes, found before the first is written |
//! | `insert` | loading through INSERT: under row-level security, and what only writing can tell |

mod catalog;
mod copy;
mod filling;
mod gate;
mod implied;
mod inline;
mod insert;
mod keys;
mod load;
mod overrides;
mod partitions;
mod policies;
mod privileges;
mod report;
mod rounds;
mod schema;
mod selection;
mod shortage;
mod state;
mod types;

use pgrx::iter::TableIterator;
use pgrx::pg_sys::Oid;
use pgrx::prelude::*;
use serde_json::{Map, Value};

use crate::boundary::string;
use crate::error::{raise, raise_null};
use crate::generate::seed_of_call;
use crate::query::with_settings;
use crate::sqlstate;
use crate::subtransaction;
use filling::{Filling, Round, row_count};

/// `synth_fill(target regclass, rows bigint, seed bigint, overrides jsonb) RETURNS bigint`
#[pg_extern(sql = false)]
fn synth_fill(
    target: Option<Oid>,
    rows: Option<i64>,
    seed: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> i64 {
    // SAFETY: declared with overrides as the fourth argument.
    sqlstate::kept(|| without_jit(|| fill(target, rows, seed, &unsafe { wishes(fcinfo, 3) })))
}

fn fill(
    target: Option<Oid>,
    rows: Option<i64>,
    seed: Option<i64>,
    wishes: &Map<String, Value>,
) -> i64 {
    privileges::require_writing(c"synth_fill()");
    let target = target.unwrap_or_else(|| raise_null("target"));
    let rows = row_count(rows);
    let mut filling = Filling::new(target, rows, seed_of_call(seed), wishes);
    filling.strict = true;
    filling.fill(u64::MAX, &mut Round::default());
    filling.finish();

    if filling.rows < rows || (filling.written < rows && !filling.dropped) {
        let note = filling.note.clone().unwrap_or_default();
        let most = filling.written.min(filling.rows);
        insert::raise_full(&filling.described, rows, most, &note);
    }
    filling.written.cast_signed()
}

/// `synth_fill_schema(schema name, rows bigint, seed bigint, overrides jsonb)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_fill_schema(
    schema: Option<&str>,
    rows: Option<i64>,
    seed: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(table_name, Option<String>),
        name!(rows_asked, Option<i64>),
        name!(rows_written, Option<i64>),
        name!(note, Option<String>),
    ),
> {
    let filled = sqlstate::kept(|| {
        privileges::require_writing(c"synth_fill_schema()");
        let schema = schema.unwrap_or_else(|| raise_null("schema"));
        let rows = row_count(rows);
        // SAFETY: declared with overrides as the fourth argument.
        let wishes = unsafe { wishes(fcinfo, 3) };
        without_jit(|| schema::fill(schema, rows, seed_of_call(seed), &wishes))
    });
    TableIterator::new(filled.into_iter().map(|table| {
        (
            Some(filling::name(table.relid)),
            Some(table.asked.cast_signed()),
            Some(table.written.cast_signed()),
            table.note,
        )
    }))
}

/// `synth_plan_fill(target regclass, rows bigint, overrides jsonb)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_plan_fill(
    target: Option<Oid>,
    rows: Option<i64>,
    fcinfo: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(column_name, Option<String>),
        name!(data_type, Option<String>),
        name!(generator, Option<String>),
        name!(arguments, Option<String>),
        name!(reason, Option<String>),
        name!(problem, Option<String>),
    ),
> {
    let target = target.unwrap_or_else(|| raise_null("target"));
    let rows = row_count(rows);
    // SAFETY: declared with overrides as the third argument.
    let wishes = unsafe { wishes(fcinfo, 2) };
    let report = without_jit(|| Filling::new(target, rows, 0, &wishes).report());
    TableIterator::new(report.into_iter().map(|row| {
        (
            row.column,
            row.data_type,
            row.generator,
            row.arguments,
            row.reason,
            row.problem,
        )
    }))
}

/// Runs a call without the server's compiler of expressions: what tries candidates looks expensive to
/// the planner and runs for milliseconds, while to compile it takes seconds.
fn without_jit<T>(run: impl FnOnce() -> T) -> T {
    with_settings(&[(c"jit", c"off")], run)
}

/// The overrides of a call; none for NULL.
///
/// # Safety
/// `fcinfo` is the information of a call whose argument `at` is a jsonb.
unsafe fn wishes(fcinfo: pg_sys::FunctionCallInfo, at: usize) -> Map<String, Value> {
    // SAFETY: by the caller's promise; the output function gives a NUL-terminated text.
    let text = unsafe {
        let Some(datum) = pgrx::fcinfo::pg_getarg_datum(fcinfo, at) else {
            return Map::new();
        };
        let output = Oid::from(pg_sys::F_JSONB_OUT);
        string(pg_sys::OidOutputFunctionCall(output, datum))
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(overrides) => overrides::object(&overrides),
        Err(error) => raise(
            PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
            format!("overrides cannot be read: {error}"),
            Some("Nest values less deeply, and write numbers that a double can hold.".to_owned()),
        ),
    }
}
