//! `synth_mask_table` and `synth_mask_schema`: tables masked in place, in the transaction of the
//! caller.

use std::time::Instant;

use pgrx::fcinfo::pg_getarg;
use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::prelude::*;
use serde_json::json;

use super::plan::{self, Plan, Rules};
use super::rulebook::Rulebook;
use super::withheld::withholding_details;
use super::{catalog, dependents, protect, rewrite, route, triggers, verify};
use crate::audit;
use crate::boundary::{relation_name, require_utf8, sql_function};
use crate::error::{notice, raise, raise_null};
use crate::proof;

/// How to mask.
#[derive(Clone, Copy)]
pub struct Options {
    /// Rows are updated, so that triggers of the tables fire.
    pub fire_triggers: bool,
    /// ANALYZE runs afterwards.
    pub gather_statistics: bool,
    /// Progress is told.
    pub progress: bool,
}

/// What was masked.
pub struct Masked {
    /// The table.
    pub relid: Oid,
    /// Its rows afterwards.
    pub rows: i64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

sql_function! {
    /// `synth_mask_table(target regclass, fire_triggers boolean, gather_statistics boolean, progress
    /// boolean) RETURNS bigint`: how many rows were masked.
    synth_mask_table(fcinfo) {
        // SAFETY: the argument types are those declared in SQL, where earlier versions have only
        // the first.
        let (target, options) = unsafe {
            let flag = |at: usize, name: &str, default: bool| {
                if at < usize::from((*fcinfo).nargs.unsigned_abs()) {
                    pg_getarg(fcinfo, at).unwrap_or_else(|| raise_null(name))
                } else {
                    default
                }
            };
            let target: Oid = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("target"));
            let options = Options {
                fire_triggers: flag(1, "fire_triggers", false),
                gather_statistics: flag(2, "gather_statistics", true),
                progress: flag(3, "progress", false),
            };
            pg_sys::PreventCommandIfReadOnly(c"synth_mask_table()".as_ptr());
            (target, options)
        };
        require_utf8();
        Verify::wanted(&[]);
        let plan = plan::plan(target);
        let masked = run(&plan, options);
        let name = relation_name(target);
        record("mask_table", name, &plan, rows_of(&masked), Verify::wanted(&[target]));
        tell(&plan, &masked);
        tell_of_statistics(&plan);
        let rows: i64 = masked
            .iter()
            .filter(|table| plan.named.contains(&table.relid))
            .map(|table| table.rows)
            .sum();
        Datum::from(rows)
    }
}

/// `synth_mask_schema(schema name, fire_triggers boolean, gather_statistics boolean, progress
/// boolean)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_mask_schema(
    schema: Option<&std::ffi::CStr>,
    fire_triggers: Option<bool>,
    gather_statistics: Option<bool>,
    progress: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(table_name, Option<String>),
        name!(rows_masked, Option<i64>),
        name!(seconds, Option<f64>),
    ),
> {
    // SAFETY: raises an error or does nothing.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_mask_schema()".as_ptr()) };
    require_utf8();
    let schema = schema.unwrap_or_else(|| raise_null("schema"));
    let options = Options {
        fire_triggers: fire_triggers.unwrap_or_else(|| raise_null("fire_triggers")),
        gather_statistics: gather_statistics.unwrap_or_else(|| raise_null("gather_statistics")),
        progress: progress.unwrap_or_else(|| raise_null("progress")),
    };
    let targets = ruled_tables(schema);
    let plan = plan::plan_all(&targets);
    let masked = run(&plan, options);
    let names: Vec<String> = targets.iter().map(|&relid| relation_name(relid)).collect();
    let verify = Verify::wanted(&targets);
    record(
        "mask_schema",
        names.join(", "),
        &plan,
        rows_of(&masked),
        verify,
    );
    tell_elsewhere(&plan);
    tell_of_statistics(&plan);
    TableIterator::new(masked.into_iter().map(|table| {
        (
            Some(relation_name(table.relid)),
            Some(table.rows),
            Some(table.seconds),
        )
    }))
}

/// The tables of a schema with a rule that masks; protected ones count, so that they are checked.
fn ruled_tables(schema: &std::ffi::CStr) -> Vec<Oid> {
    // SAFETY: catalog look-up by a NUL-terminated name.
    let oid = unsafe { pg_sys::get_namespace_oid(schema.as_ptr(), true) };
    let shown = schema.to_string_lossy();
    if oid == pg_sys::InvalidOid {
        raise(
            PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{shown}\" does not exist"),
            Some("Give the schema's name as the catalog has it.".to_owned()),
        );
    }
    let book = Rulebook::read();
    let mut tables: Vec<Oid> = book.masked().map(|((relid, _), _)| relid).collect();
    tables.extend(book.problems.iter().map(|problem| problem.column.0));
    tables.sort_by_key(|relid| relid.to_u32());
    tables.dedup();
    protect::require_decided(&catalog::tables_in(oid, &protect::tables()));
    let tables = catalog::tables_in(oid, &tables);
    if tables.is_empty() {
        raise(
            PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("no table of schema \"{shown}\" has a masking rule"),
            Some(
                "Set one: SELECT synth_set_rule('<table>', '<column>', 'MASKED WITH email')."
                    .to_owned(),
            ),
        );
    }
    tables
}

/// Masks what is planned, and what hangs on it.
pub fn run(plan: &Plan, options: Options) -> Vec<Masked> {
    let views = dependents::materialized_views(&plan.affected);
    if options.fire_triggers {
        triggers::refuse_what_cannot_fire(plan);
    }
    let masked = withholding_details(|| {
        let masked = mask_tables(plan, options);
        verify::foreign_keys(&plan.tables);
        masked
    });
    dependents::remove_statistics(plan, &views);
    withholding_details(|| dependents::refresh(&views));
    if options.gather_statistics {
        withholding_details(|| dependents::analyze(&plan.affected, &views));
    }
    masked
}

fn rows_of(masked: &[Masked]) -> i64 {
    masked.iter().map(|table| table.rows).sum()
}

/// How a run is verified for its own record: `pg_synth.verify_runs`.
#[derive(Clone, Copy)]
pub enum Verify<'a> {
    /// Written values were compared with originals as they were written, and rows counted.
    Written,
    /// In full, as `synth_verify_masked` does, of these tables; other tables are left out.
    Searched(&'a [Oid]),
    /// In full, by a record of its own that follows.
    Later,
    /// Not at all.
    Skipped,
}

/// The setting.
const VERIFY_RUNS: &std::ffi::CStr = c"pg_synth.verify_runs";

impl<'a> Verify<'a> {
    /// What the session has set.
    pub fn wanted(tables: &'a [Oid]) -> Self {
        // SAFETY: a NUL-terminated text or NULL, for a setting that nobody has set.
        let set = unsafe {
            let value = pg_sys::GetConfigOption(VERIFY_RUNS.as_ptr(), true, false);
            crate::boundary::string(value)
        };
        match set.as_str() {
            "" | "written" => Self::Written,
            "full" => Self::Searched(tables),
            "off" => Self::Skipped,
            other => raise(
                PgSqlErrorCode::ERRCODE_INVALID_PARAMETER_VALUE,
                format!("invalid value for pg_synth.verify_runs: \"{other}\""),
                Some(
                    "It is written (the default), full or off: see \"Audit\" in docs/proof.md."
                        .to_owned(),
                ),
            ),
        }
    }
}

/// Leaves the record of a run in the audit chain.
pub fn record(operation: &'static str, target: String, plan: &Plan, rows: i64, verify: Verify<'_>) {
    let rules = plan.rules.iter().map(|((relid, column), rule)| {
        (
            format!("{}.{column}", relation_name(*relid)),
            rule.to_string(),
        )
    });
    let seen = proof::seen(&plan.tables);
    let verification = match verify {
        Verify::Written => seen.verification,
        Verify::Searched(tables) => {
            // Only tables that hold rows under rules have a fingerprint.
            let found = tables.iter().map(|&relid| {
                let summary = withholding_details(|| proof::summary_of(relid));
                (relation_name(relid), summary)
            });
            json!({ "method": "search", "written_values": seen.verification, "tables": found.collect::<serde_json::Map<_, _>>() })
        }
        Verify::Later => {
            json!({ "method": "written values", "written_values": seen.verification, "search": "in the verify_masked record that follows" })
        }
        Verify::Skipped => json!({ "method": "skipped" }),
    };
    audit::record(&audit::Run {
        before: seen.before,
        after: seen.after,
        verification,
        ..audit::Run::masking(operation, target, rules.collect(), rows)
    });
}

fn mask_tables(plan: &Plan, options: Options) -> Vec<Masked> {
    let mut masked = Vec::new();
    let mut timed = |work: &mut dyn FnMut() -> Vec<(Oid, i64)>| {
        let start = Instant::now();
        let rows = work();
        let seconds = start.elapsed().as_secs_f64() / rows.len().max(1) as f64;
        masked.extend(rows.into_iter().map(|(relid, rows)| Masked {
            relid,
            rows,
            seconds,
        }));
    };
    let mut moved = Vec::new();
    for &top in &plan.routed {
        let below = catalog::descendants(&[top]);
        let leaves: Vec<Oid> = plan
            .tables
            .iter()
            .copied()
            .filter(|relid| below.contains(relid))
            .collect();
        timed(&mut || route::rewrite_tree(top, &leaves, &plan.rules, options.progress));
        moved.extend(leaves);
    }
    for &relid in plan.tables.iter().filter(|relid| !moved.contains(relid)) {
        timed(&mut || {
            if options.fire_triggers && !triggers::firing(relid, &plan.rules).is_empty() {
                let updated = triggers::update(relid, &plan.rules);
                // The rows are only written anew, so that no dead one keeps an original.
                let rows = rewrite::rewrite(relid, &Rules::default(), options.progress);
                triggers::refuse_added(relid, updated, rows);
                return vec![(relid, rows)];
            }
            vec![(
                relid,
                rewrite::rewrite(relid, &plan.rules, options.progress),
            )]
        });
    }
    masked
}

/// Tells what was masked beyond what was asked for, and what was not.
fn tell(plan: &Plan, masked: &[Masked]) {
    for table in masked
        .iter()
        .filter(|table| !plan.named.contains(&table.relid))
    {
        let mut columns: Vec<&str> = plan
            .rules
            .keys()
            .filter(|(relid, _)| *relid == table.relid)
            .map(|(_, column)| column.as_str())
            .collect();
        columns.sort_unstable();
        notice(
            format!(
                "{} refers to a key that was masked: {} rows masked in {}",
                relation_name(table.relid),
                table.rows,
                columns.join(", ")
            ),
            None,
        );
    }
    tell_elsewhere(plan);
}

fn tell_elsewhere(plan: &Plan) {
    for (column, key) in &plan.elsewhere {
        notice(
            format!("column {column} was left as it is: it is masked together with {key}"),
            None,
        );
    }
}

/// What ANALYZE knew of originals cannot be cleared before the caller's transaction ends.
fn tell_of_statistics(plan: &Plan) {
    let views = catalog::materialized_views(&plan.affected);
    let views: Vec<Oid> = views.into_iter().map(|(view, _)| view).collect();
    proof::purge::tell(&plan.affected, &views);
}
