//! Why fewer rows arrived than were asked for: the last candidates are looked at one by one, and
//! each is said to have been refused by a constraint, an index, a policy or a trigger, with counts.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::panic::CaughtError;
use synth_engine::fill::{Batch, Plan};

use super::catalog::Described;
use super::gate::{BATCH, Candidates, Gate, parameters};
use super::insert::{make_immediate, statement};
use super::subtransaction::{attempt, is_of_row, undone};
use crate::query::execute;

/// So many candidates are tried one by one.
const TRIED: usize = 200;

/// The candidates before some place, and what refuses them.
struct Looked {
    batch: Batch,
    /// How many there are.
    count: usize,
    /// Those that pass the conditions of the table.
    passing: Vec<usize>,
    /// How many of the others each condition refuses.
    refusals: BTreeMap<String, usize>,
}

fn look(plan: &Plan, gate: &Gate, next: u64) -> Looked {
    let end = next.min(plan.candidates.unwrap_or(u64::MAX));
    let start = end.saturating_sub(BATCH);
    let batch = plan.batch(start..end);
    let looked = (start..end).count();
    let passing = gate.passing(&Candidates::first(&batch, end - start, 0));
    let mut refusals: BTreeMap<String, usize> = BTreeMap::new();
    let unmade = (0..looked).filter(|&row| !batch.is_row(row)).count();
    if unmade > 0 {
        refusals.insert(unmade_for(plan, &batch), unmade);
    }
    if passing.len() + unmade < looked {
        for (name, count) in gate.refusals(&batch.columns) {
            if let Some(count) = usize::try_from(count).ok().filter(|&count| count > 0) {
                let refused = refusals.entry(name).or_default();
                *refused = (*refused + count).min(looked);
            }
        }
    }
    Looked {
        batch,
        count: looked,
        passing,
        refusals,
    }
}

/// What of the conditions of a table refused the candidates before `next`, as a sentence without its
/// end; nothing is written. None where they refused none.
pub fn refused_by_conditions(plan: &Plan, gate: &Gate, next: u64) -> Option<String> {
    let looked = look(plan, gate, next);
    said(looked.refusals, looked.count)
}

/// What refused the candidates before `next`, as a sentence without its end; and whether there are
/// some that no constraint refuses, but a trigger may.
pub fn cause(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    next: u64,
    triggers: &[String],
) -> (String, bool) {
    let Looked {
        batch,
        count,
        passing,
        mut refusals,
    } = look(plan, gate, next);
    let tried = &passing[passing.len().saturating_sub(TRIED)..];
    let sql = statement(described, plan, "");
    let (mut arrived, mut dropped) = (0_usize, false);
    undone(|| {
        // What is put off would refuse nothing now.
        make_immediate(described);
        for row in tried {
            let run = || execute(&sql, &parameters(&batch.columns, Some(&[*row])));
            let said = |error| named(described, &error);
            let name = match undone(|| attempt(run, is_of_row).map_err(said)) {
                Ok(0) if triggers.is_empty() => "a rule".to_owned(),
                Ok(0) => {
                    dropped = true;
                    format!("trigger {}", triggers.join(" or "))
                }
                Ok(_) => {
                    arrived += 1;
                    continue;
                }
                Err(name) => name,
            };
            *refusals.entry(name).or_default() += 1;
        }
    });
    let of = count - passing.len() + tried.len();
    let said = said(refusals, of).unwrap_or_else(|| {
        format!(
            "the values that the constraints leave were all tried; of the last {of} candidates {arrived} would pass"
        )
    });
    (said, !triggers.is_empty() && (dropped || arrived > 0))
}

/// The conditions that refused most of so many candidates; none where there are none.
fn said(refusals: BTreeMap<String, usize>, of: usize) -> Option<String> {
    let mut refusals: Vec<(String, usize)> = refusals.into_iter().collect();
    refusals.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    refusals.truncate(5);
    if refusals.is_empty() {
        return None;
    }
    let counts: Vec<String> = refusals
        .into_iter()
        .map(|(name, count)| format!("{name} refused {count}"))
        .collect();
    Some(format!("of the last {of} candidates {}", counts.join(", ")))
}

/// The constraints for which values of a batch were drawn in vain.
pub fn unmade_for(plan: &Plan, batch: &Batch) -> String {
    let mut names: BTreeSet<String> = plan.searched.clone();
    for &column in &batch.at_a_loss {
        names.extend(plan.table().checks_about(column));
    }
    if names.is_empty() {
        return "conditions over several columns".to_owned();
    }
    let names: Vec<String> = names.into_iter().collect();
    names.join(", ")
}

/// What an error says.
pub fn message(error: &CaughtError) -> &str {
    let (CaughtError::PostgresError(report)
    | CaughtError::ErrorReport(report)
    | CaughtError::RustPanic {
        ereport: report, ..
    }) = error;
    report.message()
}

/// The constraint or index that an error names, with its columns.
fn named(described: &Described, error: &CaughtError) -> String {
    let table = &described.table;
    let message = message(error);
    let names = (table.uniques.iter().map(|unique| &unique.name))
        .chain(table.exclusions.iter().map(|exclusion| &exclusion.name))
        .chain(table.checks.iter().map(|(name, _)| name));
    // Messages are translated, names are not.
    let longest = names
        .filter(|name| message.contains(name.as_str()))
        .max_by_key(|name| name.len());
    longest.map_or_else(
        || "an error of one of their values".to_owned(),
        |name| format!("constraint {name}{}", columns_of(described, name)),
    )
}

/// The columns of a unique or exclusion constraint, in parentheses.
pub fn columns_of(described: &Described, constraint: &str) -> String {
    let table = &described.table;
    let uniques = table
        .uniques
        .iter()
        .map(|unique| (&unique.name, &unique.columns));
    let exclusions = table.exclusions.iter().map(|e| (&e.name, &e.columns));
    let columns = uniques
        .chain(exclusions)
        .find(|(name, columns)| *name == constraint && !columns.is_empty())
        .map(|(_, columns)| columns);
    columns.map_or_else(String::new, |columns| {
        let names: Vec<&str> = columns
            .iter()
            .map(|&column| table.columns[column].name.as_str())
            .collect();
        format!(" ({})", names.join(", "))
    })
}
