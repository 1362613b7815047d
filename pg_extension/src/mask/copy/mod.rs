//! `synth_copy_masked`: the tables of a schema in another schema, masked, all rows or a consistent
//! subset of them.
//!
//! | file | subject |
//! |---|---|
//! | `request` | what the caller asks for |
//! | `condition` | conditions of the caller as nodes |
//! | `source` | the tables of the schema, and what a copy leaves out |
//! | `decide` | what becomes of each column |
//! | `snapshot` | one view of the database for all tables |
//! | `subset` | rows to start from, closed over references |
//! | `definition` | tables made anew |
//! | `inheritance` | partitions and tables that inherit |
//! | `sequence` | sequences and their next values |
//! | `load` | rows, masked on their way |
//! | `grants` | who may do what with the copy |

mod condition;
mod decide;
mod definition;
mod grants;
mod inheritance;
mod load;
mod request;
mod sequence;
mod snapshot;
mod source;
mod subset;

use std::collections::HashMap;
use std::ffi::CString;

use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Oid};
use pgrx::prelude::*;

use crate::audit;
use crate::boundary::require_utf8;
use crate::mask::protect;
use crate::mask::rulebook::Rulebook;
use crate::mask::withheld::withholding;
use crate::query::query;
use crate::rule::PROVIDER;
use crate::sqlstate;
use decide::Decisions;
use definition::Definition;
use request::Request;
use snapshot::Snapshot;
use source::{Source, Table, oid_list};
use subset::Subset;

/// A row of what `synth_copy_masked` gives.
#[derive(Default)]
struct Copied {
    table: String,
    /// Rows of the source.
    of: Option<i64>,
    /// Rows of the copy.
    rows: Option<i64>,
    masked: Option<Vec<String>>,
    seconds: Option<f64>,
    note: Option<String>,
}

/// `synth_copy_masked(source_schema, target_schema, subset, children, depth, undecided)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_copy_masked(
    fcinfo: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(table_name, Option<String>),
        name!(source_rows, Option<i64>),
        name!(copied_rows, Option<i64>),
        name!(masked_columns, Option<Vec<String>>),
        name!(seconds, Option<f64>),
        name!(note, Option<String>),
    ),
> {
    let rows = sqlstate::kept(|| {
        require_utf8();
        // SAFETY: raises an error or does nothing.
        unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_copy_masked()".as_ptr()) };
        // SAFETY: declared with these arguments.
        let request = unsafe { Request::read(fcinfo, true) };
        copy(&request)
    });
    TableIterator::new(rows.into_iter().map(|row| {
        (
            Some(row.table),
            row.of,
            row.rows,
            row.masked,
            row.seconds,
            row.note,
        )
    }))
}

/// `synth_plan_copy(source_schema, subset, children, depth, undecided)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_plan_copy(
    fcinfo: pg_sys::FunctionCallInfo,
) -> TableIterator<
    'static,
    (
        name!(table_name, Option<String>),
        name!(source_rows, Option<i64>),
        name!(copied_rows, Option<i64>),
        name!(masked_columns, Option<Vec<String>>),
        name!(undecided_columns, Option<Vec<String>>),
        name!(note, Option<String>),
        name!(problem, Option<String>),
    ),
> {
    let rows = sqlstate::kept(|| {
        // SAFETY: declared with these arguments.
        let request = unsafe { Request::read(fcinfo, false) };
        plan(&request)
    });
    TableIterator::new(rows.into_iter().map(|row| {
        (
            Some(row.copied.table),
            row.copied.of,
            row.copied.rows,
            row.copied.masked,
            row.undecided,
            row.copied.note,
            row.problem,
        )
    }))
}

/// Makes a copy; gives a row for each table, and for each thing that a copy leaves out.
fn copy(request: &Request) -> Vec<Copied> {
    let mut source = Source::of(&request.source);
    let book = Rulebook::read();
    source.add_declared();
    let decisions = Decisions::of(&source, &book, request.undecided);
    if let Some(problem) = decisions.problems.first() {
        problem.raise();
    }
    protect::require_decided(&source.relids());
    let target = request.target.as_deref().unwrap_or_default();
    let namespace = grants::open_schema(target, &source);
    let snapshot = Snapshot::take();
    let subset = choose(&source, &snapshot, request);
    let mut definition = Definition::new(&source, target, namespace);
    let mut rows = Vec::new();
    withholding("Nothing was copied.", || {
        definition.begin();
        // SAFETY: what was just made becomes visible.
        unsafe { pg_sys::CommandCounterIncrement() };
        for top in source.tops() {
            rows.push(load_table(
                &source,
                top,
                &definition,
                &decisions,
                &snapshot,
                subset.is_some(),
            ));
        }
        definition.finish();
    });
    if subset.is_some() {
        Subset::end();
    }
    label(&definition, &decisions);
    grants::close_schema(target, &definition);
    record(&source, target, &decisions, &rows);
    rows.extend(left_out(&source));
    rows
}

/// Has the copy put on record.
fn record(source: &Source, target: &str, decisions: &Decisions, rows: &[Copied]) {
    let mut rules: Vec<(String, String)> = Vec::new();
    for top in source.tops() {
        let name = subset::display(source, &top.name);
        let of_table = decisions.of_table(source, top.relid).into_iter();
        rules.extend(of_table.map(|(column, rule)| (format!("{name}.{column}"), rule)));
    }
    let totals = |count: fn(&Copied) -> Option<i64>| {
        let of_table = rows
            .iter()
            .map(|row| (row.table.clone(), count(row).into()));
        serde_json::Value::Object(of_table.collect())
    };
    let copied = rows.iter().filter_map(|row| row.rows).sum();
    let target = format!("{} to {target}", source.schema);
    audit::record(&audit::Run {
        before: totals(|row| row.of),
        after: totals(|row| row.rows),
        ..audit::Run::masking("copy_masked", target, rules, copied)
    });
}

/// A row of what `synth_plan_copy` gives.
struct Planned {
    copied: Copied,
    undecided: Option<Vec<String>>,
    problem: Option<String>,
}

/// Says what a copy would do. Rows of a subset are chosen for that, and so counted.
fn plan(request: &Request) -> Vec<Planned> {
    let mut source = Source::of(&request.source);
    let book = Rulebook::read();
    source.add_declared();
    let decisions = Decisions::of(&source, &book, request.undecided);
    let snapshot = Snapshot::take();
    let subset = choose(&source, &snapshot, request);
    let mut rows = Vec::new();
    for top in source.tops() {
        let estimates = source.leaves(top.relid);
        let estimates: Option<Vec<i64>> = estimates
            .into_iter()
            .map(|leaf| source.table(leaf).and_then(|table| table.estimate))
            .collect();
        let estimate = estimates.map(|estimates| estimates.iter().sum());
        let masked = decisions.of_table(&source, top.relid).into_iter();
        let undecided = decisions.undecided_of(&source, top.relid);
        let problems: Vec<String> = decisions
            .problems
            .iter()
            .filter(|problem| source.top_of(problem.relid) == top.relid)
            .map(|problem| problem.message.clone())
            .collect();
        rows.push(Planned {
            copied: Copied {
                table: subset::display(&source, &top.name),
                of: estimate,
                rows: match &subset {
                    Some(subset) => Some(subset.count(top.relid)),
                    None => estimate,
                },
                masked: Some(
                    masked
                        .map(|(column, rule)| format!("{column}: {rule}"))
                        .collect(),
                ),
                note: note(top.relid),
                ..Copied::default()
            },
            undecided: Some(undecided.into_iter().collect()),
            problem: (!problems.is_empty()).then(|| problems.join("; ")),
        });
    }
    if subset.is_some() {
        Subset::end();
    }
    rows.extend(left_out(&source).into_iter().map(|copied| Planned {
        copied,
        undecided: None,
        problem: None,
    }));
    rows
}

/// The chosen rows, if a subset is asked for.
fn choose<'a>(source: &'a Source, snapshot: &'a Snapshot, request: &Request) -> Option<Subset<'a>> {
    let starts = request.subset.as_ref()?;
    Some(Subset::choose(source, snapshot, starts, request))
}

/// Copies the rows of a table and of its partitions.
fn load_table(
    source: &Source,
    top: &Table,
    definition: &Definition,
    decisions: &Decisions,
    snapshot: &Snapshot,
    is_subset: bool,
) -> Copied {
    let begun = std::time::Instant::now();
    let leaves: HashMap<Oid, Oid> = source
        .leaves(top.relid)
        .into_iter()
        .filter_map(|leaf| Some((leaf, *definition.copies.get(&leaf)?)))
        .collect();
    let rules = &decisions.rules;
    let restricted = is_restricted(top.relid);
    let moving = decisions.moving.contains(&top.relid).then_some(top.relid);
    let copied = if is_subset || restricted {
        let places = subset::places(&source.schema, top, is_subset);
        load::chosen(&places, &leaves, moving, rules, snapshot)
    } else {
        load::whole(&leaves, moving, rules, snapshot)
    };
    let source_rows = if is_subset {
        subset::count_visible(snapshot, source, top.relid)
    } else {
        copied
    };
    Copied {
        table: subset::display(source, &top.name),
        of: Some(source_rows),
        rows: Some(copied),
        masked: Some(decisions.of_table(source, top.relid).into_keys().collect()),
        seconds: Some(begun.elapsed().as_secs_f64()),
        note: note(top.relid),
    }
}

/// Whether row-level security hides rows of a table from the caller.
fn is_restricted(relid: Oid) -> bool {
    // SAFETY: a catalog look-up for the current role.
    let security = unsafe { pg_sys::check_enable_rls(relid, Oid::INVALID, false) };
    security == pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32
}

/// What is to be said about the rows of a table.
fn note(relid: Oid) -> Option<String> {
    is_restricted(relid).then(|| "only rows that row-level security lets you see".to_owned())
}

fn left_out(source: &Source) -> Vec<Copied> {
    source
        .left_out
        .iter()
        .map(|object| Copied {
            table: object.what.clone(),
            note: Some(format!("not copied: {}", object.note)),
            ..Copied::default()
        })
        .collect()
}

/// Marks what was decided as done: a masked copy is not to be masked again by accident. Columns that
/// nobody decided on stay undecided.
fn label(definition: &Definition, decisions: &Decisions) {
    let source = definition.source();
    let (relids, copies): (Vec<Oid>, Vec<Oid>) =
        definition.copies.iter().map(|(a, b)| (*a, *b)).unzip();
    let columns = query(
        "WITH copies (relid, copy) AS (SELECT * FROM unnest($1, $2))
         SELECT x.relid, x.copy, a.attnum, a.attname::text
         FROM copies x
         JOIN pg_class c ON c.oid = x.copy AND c.relkind IN ('r', 'p')
         JOIN pg_attribute a ON a.attrelid = x.copy
         WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''",
        &[oid_list(&relids), oid_list(&copies)],
        |row| {
            let (relid, copy) = (row.get::<Oid>(1)?, row.get::<Oid>(2)?);
            let (attnum, name) = (row.get::<i16>(3)?, row.get::<String>(4)?);
            Ok(relid.zip(copy).zip(attnum.zip(name)))
        },
    );
    let not_masked = CString::from(c"NOT MASKED");
    for ((relid, copy), (attnum, name)) in columns {
        let column = (relid, name);
        if source.table(relid).is_none()
            || decisions.undecided.contains(&column) && !decisions.rules.contains_key(&column)
        {
            continue;
        }
        let object = pg_sys::ObjectAddress {
            classId: pg_sys::RelationRelationId,
            objectId: copy,
            objectSubId: attnum.into(),
        };
        // SAFETY: a catalog change; texts are copied.
        unsafe {
            pg_sys::SetSecurityLabel(&raw const object, PROVIDER.as_ptr(), not_masked.as_ptr());
        }
    }
}
