//! Detection of what to mask, and rules of other tools.
//!
//! | file | subject |
//! |---|---|
//! | `catalog` | the columns of a schema, with what a rule has to fit |
//! | `sampling` | values as the caller sees them, counted and not kept |
//! | `apply` | setting the rules that were found |
//! | `import` | rules of PostgreSQL Anonymizer from the text of a dump |
//!
//! Nothing here gives a value out: evidence is counts, and an error while a table is read is told
//! by its SQLSTATE alone.

mod apply;
mod catalog;
mod import;
mod sampling;

use std::ffi::CStr;

use pgrx::JsonB;
use pgrx::PgSqlErrorCode::*;
use pgrx::iter::TableIterator;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::prelude::*;
use serde_json::json;
use synth_engine::detect::{self, Finding, Proposal, Sample};

use crate::boundary::check_for_interrupts;
use crate::error::{raise, raise_null};
use crate::sqlstate;
use crate::subtransaction::tried;
use catalog::{Column, Table};

/// The most rows of a table that are looked at.
const MOST_ROWS: i64 = 10_000;

/// A column with what was found in it.
struct Detected {
    column: Column,
    /// What the column holds, and each path of its documents; the surest first.
    findings: Vec<Finding>,
    /// Why values were not looked at.
    unread: Option<String>,
}

/// Classifies every column of a schema.
fn detect(schema: &str, sample_rows: i64) -> Vec<(Table, Vec<Detected>)> {
    if !(0..=MOST_ROWS).contains(&sample_rows) {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("sample_rows must be 0 to {MOST_ROWS}"),
            Some("0 looks at names only.".to_owned()),
        );
    }
    crate::boundary::require_utf8();
    let mut detected = Vec::new();
    for (table, columns) in catalog::tables(schema) {
        check_for_interrupts();
        let (samples, unread) = sampling::samples(&table, &columns, sample_rows);
        let columns = columns
            .into_iter()
            .zip(samples)
            .map(|(column, sample)| {
                let findings = classify(&table, &column, sample.as_ref());
                let unread = match (&unread, sample) {
                    (Some(why), _) => Some(why.clone()),
                    (None, None) => column.unreadable(),
                    (None, Some(_)) => None,
                };
                Detected {
                    column,
                    findings,
                    unread,
                }
            })
            .collect();
        detected.push((table, columns));
    }
    detected
}

fn classify(table: &Table, column: &Column, sample: Option<&Sample>) -> Vec<Finding> {
    let nothing;
    let sample = if let Some(sample) = sample {
        sample
    } else {
        nothing = Sample::new(column.kind);
        &nothing
    };
    let Some(target) = &column.target else {
        return Vec::new();
    };
    detect::classify(
        &detect::Column {
            table: &table.name,
            name: &column.name,
            comment: column.comment.as_deref(),
            kind: column.kind,
            target,
            unique: column.unique,
            // Rows under different values of a partition key are to stay in different partitions, as far
            // as there are any.
            key: column.referenced || column.in_partition_key,
        },
        sample,
    )
}

impl Detected {
    /// What a rule on a partition key does besides.
    fn moves(&self) -> Option<&'static str> {
        self.column.in_partition_key.then_some(
            "part of the partition key: rows move to the partition of their new value, which there must be; copies refuse it",
        )
    }

    /// The rule proposed for a finding, or why there is none.
    fn proposal(&self, finding: &Finding) -> (Option<String>, Option<String>) {
        if let Some(target) = &self.column.follows {
            let note = format!("refers to {target}: masking that key carries over to it");
            return (None, Some(note));
        }
        match &finding.proposal {
            Proposal::Rule(rule) => {
                let key = self
                    .column
                    .referenced
                    .then_some("a key: columns that refer to it follow");
                let notes: Vec<&str> = key.into_iter().chain(self.moves()).collect();
                let note = (!notes.is_empty()).then(|| notes.join("; "));
                (Some(rule.to_string()), note)
            }
            Proposal::Open(why) => (None, Some(why.clone())),
        }
    }
}

/// A row of what `synth_detect` says.
type Row = (
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<f64>,
    Option<JsonB>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
    Option<String>,
);

/// `synth_detect(schema name, sample_rows bigint)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_detect(
    schema: Option<&CStr>,
    sample_rows: Option<i64>,
) -> TableIterator<
    'static,
    (
        name!(schema_name, Option<String>),
        name!(table_name, Option<String>),
        name!(column_name, Option<String>),
        name!(json_path, Option<String>),
        name!(data_type, Option<String>),
        name!(category, Option<String>),
        name!(confidence, Option<f64>),
        name!(evidence, Option<JsonB>),
        name!(hipaa, Option<String>),
        name!(gdpr, Option<String>),
        name!(proposed_rule, Option<String>),
        name!(current_rule, Option<String>),
        name!(note, Option<String>),
    ),
> {
    let schema = name_argument(schema, "schema");
    let sample_rows = sample_rows.unwrap_or_else(|| raise_null("sample_rows"));
    let mut rows: Vec<Row> = Vec::new();
    for (table, columns) in detect(&schema, sample_rows) {
        for detected in columns {
            let column = &detected.column;
            let begin = |finding: Option<&Finding>| -> Row {
                let (rule, note) =
                    finding.map_or((None, None), |finding| detected.proposal(finding));
                let notes: Vec<String> = detected
                    .unread
                    .clone()
                    .into_iter()
                    .chain(column.refusal.clone())
                    .chain(finding.map(|finding| finding.reason.clone()))
                    .chain(note)
                    .collect();
                (
                    Some(schema.clone()),
                    Some(table.name.clone()),
                    Some(column.name.clone()),
                    finding.and_then(|finding| finding.path.clone()),
                    Some(column.type_name.clone()),
                    finding.map(|finding| finding.category.name().to_owned()),
                    finding.map(|finding| (finding.confidence * 1000.0).round() / 1000.0),
                    finding.map(|finding| JsonB(evidence(finding))),
                    finding
                        .and_then(|finding| finding.category.hipaa())
                        .map(|class| class.name().to_owned()),
                    finding.map(|finding| finding.category.gdpr().name().to_owned()),
                    rule,
                    column.rule.clone(),
                    (!notes.is_empty()).then(|| notes.join("; ")),
                )
            };
            if !detected.findings.iter().any(|f| f.path.is_none()) {
                rows.push(begin(None));
            }
            rows.extend(detected.findings.iter().map(|finding| begin(Some(finding))));
        }
    }
    TableIterator::new(rows)
}

fn evidence(finding: &Finding) -> serde_json::Value {
    let counts = &finding.evidence;
    json!({
        "sampled": counts.sampled,
        "nulls": counts.nulls,
        "distinct": counts.distinct,
        "matched": counts.matched,
        "checksum_valid": counts.valid,
    })
}

/// `synth_apply_detected(schema name, min_confidence double precision)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_apply_detected(
    schema: Option<&CStr>,
    min_confidence: Option<f64>,
) -> TableIterator<
    'static,
    (
        name!(table_name, Option<String>),
        name!(column_name, Option<String>),
        name!(category, Option<String>),
        name!(confidence, Option<f64>),
        name!(rule, Option<String>),
        name!(is_set, Option<bool>),
        name!(reason, Option<String>),
    ),
> {
    let schema = name_argument(schema, "schema");
    let least = min_confidence.unwrap_or_else(|| raise_null("min_confidence"));
    if !(0.0..=1.0).contains(&least) {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            "min_confidence must be 0 to 1".to_owned(),
            Some(
                "0.8 sets what is likely right; lower values need a look at each rule.".to_owned(),
            ),
        );
    }
    let rows = apply::apply(&schema, least);
    TableIterator::new(rows.into_iter().map(|row| {
        (
            Some(row.table),
            Some(row.column),
            Some(row.category),
            Some(row.confidence),
            row.rule,
            Some(row.is_set),
            row.reason,
        )
    }))
}

/// `synth_import_rules(dump text, apply boolean)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_import_rules(
    dump: Option<&str>,
    apply: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(line, Option<i64>),
        name!(object_type, Option<String>),
        name!(object, Option<String>),
        name!(original, Option<String>),
        name!(rule, Option<String>),
        name!(is_set, Option<bool>),
        name!(reason, Option<String>),
    ),
> {
    crate::boundary::require_utf8();
    let dump = dump.unwrap_or_else(|| raise_null("dump"));
    let apply = apply.unwrap_or_else(|| raise_null("apply"));
    let rows = import::import(dump, apply);
    TableIterator::new(rows.into_iter().map(|row| {
        (
            Some(row.line),
            Some(row.kind),
            Some(row.object),
            row.original,
            row.rule,
            Some(row.is_set),
            row.reason,
        )
    }))
}

fn name_argument(name: Option<&CStr>, argument: &str) -> String {
    name.unwrap_or_else(|| raise_null(argument))
        .to_string_lossy()
        .into_owned()
}

/// What stopped a closure: SQLSTATE and message.
pub(crate) struct Stopped {
    /// As five characters.
    pub code: String,
    /// For errors of our own only: others may hold values.
    pub message: String,
}

/// Runs a closure in a subtransaction, which is kept if it ends well and `keep` says so. An error
/// undoes what it did; a cancelled query stays cancelled.
fn attempt<T>(keep: bool, run: impl FnOnce() -> T) -> Result<T, Stopped> {
    tried(keep, run).map_err(|caught| match &caught {
        CaughtError::PostgresError(report) | CaughtError::ErrorReport(report)
            if !is_cancelled(report.sql_error_code()) =>
        {
            Stopped {
                code: sqlstate::letters(sqlstate::code(&caught)),
                message: report.message().to_owned(),
            }
        }
        _ => caught.rethrow(),
    })
}

fn is_cancelled(code: PgSqlErrorCode) -> bool {
    matches!(
        code,
        ERRCODE_QUERY_CANCELED | ERRCODE_ADMIN_SHUTDOWN | ERRCODE_CRASH_SHUTDOWN
    )
}
