//! `synth_plan_mask`: what `synth_mask_table` would do, step by step, before anything is locked or
//! changed.

use std::collections::HashSet;

use pgrx::PgSqlErrorCode::ERRCODE_WRONG_OBJECT_TYPE;
use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Oid};
use pgrx::prelude::*;

use super::findings::{self, Masked};
use super::rulebook::{ColumnId, Rulebook, is_injective};
use super::{catalog, verify};
use crate::boundary::relation_name;
use crate::error::{raise, raise_null};

/// A step.
#[derive(Default)]
struct Step {
    action: &'static str,
    table: String,
    column: Option<String>,
    rule: Option<String>,
    detail: Option<String>,
    rows: Option<i64>,
    bytes: Option<i64>,
}

/// `synth_plan_mask(target regclass)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_plan_mask(
    target: Option<Oid>,
) -> TableIterator<
    'static,
    (
        name!(step, Option<i32>),
        name!(action, Option<&'static str>),
        name!(table_name, Option<String>),
        name!(column_name, Option<String>),
        name!(rule, Option<String>),
        name!(detail, Option<String>),
        name!(estimated_rows, Option<i64>),
        name!(disk_bytes, Option<i64>),
    ),
> {
    let target = target.unwrap_or_else(|| raise_null("target"));
    let steps = steps(target);
    TableIterator::new(steps.into_iter().zip(1..).map(|(step, number)| {
        (
            Some(number),
            Some(step.action),
            Some(step.table),
            step.column,
            step.rule,
            step.detail,
            step.rows,
            step.bytes,
        )
    }))
}

fn steps(target: Oid) -> Vec<Step> {
    // SAFETY: catalog look-up.
    let kind = unsafe { pg_sys::get_rel_relkind(target) } as u8;
    if ![pg_sys::RELKIND_RELATION, pg_sys::RELKIND_PARTITIONED_TABLE].contains(&kind) {
        raise(
            ERRCODE_WRONG_OBJECT_TYPE,
            format!(
                "{} is not a table that can be masked",
                relation_name(target)
            ),
            Some("Mask the tables that store the rows.".to_owned()),
        );
    }
    let book = Rulebook::read();
    let members = catalog::descendants(&[target]);
    let selection = book.select(&members);
    let mut all = members.clone();
    all.extend(selection.referring.iter().copied());
    let mut steps = Vec::new();
    let concerns = |column: &ColumnId| all.contains(&column.0);
    for problem in &book.problems {
        if concerns(&problem.column) || problem.others.iter().any(concerns) {
            steps.push(Step {
                action: "refuse",
                table: relation_name(problem.column.0),
                column: Some(book.name(problem.column).to_owned()),
                detail: Some(format!("{}. {}", problem.message, problem.hint)),
                ..Step::default()
            });
        }
    }
    let mut masked = Vec::new();
    for (column, attribute) in catalog::attributes(&all) {
        let Some(rule) = selection.rules.get(&(column.0, attribute.name.clone())) else {
            continue;
        };
        masked.push(Masked {
            column,
            injective: is_injective(rule),
        });
        let key = book.key_of(column);
        steps.push(Step {
            action: if key.is_some() { "carry" } else { "mask" },
            table: relation_name(column.0),
            column: Some(attribute.name),
            rule: Some(rule.to_string()),
            detail: key.map(|key| format!("refers to {}", book.display(key))),
            ..Step::default()
        });
    }
    for &(column, key) in &selection.elsewhere {
        steps.push(Step {
            action: "leave",
            table: relation_name(column.0),
            column: Some(book.name(column).to_owned()),
            rule: book.rule(column).map(ToString::to_string),
            detail: Some(format!("masked together with {}", book.display(key))),
            ..Step::default()
        });
    }
    consequences(&masked, &all, &book, &mut steps);
    steps
}

/// What follows from masking these columns.
fn consequences(masked: &[Masked], all: &[Oid], book: &Rulebook, steps: &mut Vec<Step>) {
    let ruled: HashSet<Oid> = masked.iter().map(|masked| masked.column.0).collect();
    for size in catalog::sizes(&ruled.iter().copied().collect::<Vec<Oid>>()) {
        steps.push(Step {
            action: "rewrite",
            table: relation_name(size.relid),
            detail: Some("a second copy of the table and its indexes until the end".to_owned()),
            rows: size.rows,
            bytes: Some(size.bytes),
            ..Step::default()
        });
    }
    for generated in findings::generated(masked) {
        steps.push(Step {
            action: "compute",
            table: relation_name(generated.column.0),
            detail: Some(format!("from {}", book.name(generated.column))),
            column: Some(generated.name),
            ..Step::default()
        });
    }
    if masked.is_empty() {
        return;
    }
    let tables: Vec<Oid> = all
        .iter()
        .copied()
        .filter(|relid| ruled.contains(relid))
        .collect();
    for key in verify::foreign_keys_of(&tables) {
        steps.push(Step {
            action: "verify",
            table: relation_name(key.from),
            detail: Some(format!("foreign key \"{}\"", key.name)),
            ..Step::default()
        });
    }
    let affected = catalog::ancestors(&tables);
    let views = catalog::materialized_views(&affected);
    for (view, _) in views.iter().filter(|(_, filled)| *filled) {
        steps.push(Step {
            action: "refresh",
            table: relation_name(*view),
            ..Step::default()
        });
    }
    for relid in catalog::without_partitions(&affected) {
        steps.push(Step {
            action: "analyze",
            table: relation_name(relid),
            ..Step::default()
        });
    }
}
