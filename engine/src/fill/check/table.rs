//! All constraints of a table together.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use super::expression::Expr;
use super::normal::{Normal, Want, spread};
use super::parse::{Scope, parse_conditions};
use super::{Analysis, Branch, Check, Column, Contradiction, MAX_BRANCHES, simplify};
use crate::entropy::{below, remix};

/// A constraint that was read.
struct Read {
    position: usize,
    columns: Vec<String>,
    alternatives: Vec<Branch>,
    /// Whether there are more alternatives than these.
    thinned: bool,
}

pub(super) fn analyse(checks: &[Check], columns: &[Column<'_>], now: i64) -> Analysis {
    let columns: BTreeMap<&str, Column<'_>> = columns
        .iter()
        .map(|column| (column.name, *column))
        .collect();
    let mut unread = Vec::new();
    let mut read = Vec::new();
    for (position, check) in checks.iter().enumerate() {
        let scope = Scope {
            columns: &columns,
            value: check.value.as_deref(),
            now,
        };
        let (expr, complete) = parse_conditions(&check.expression, scope);
        read.extend(expr.map(|expr| read_one(position, &expr, scope)));
        if !complete {
            unread.push(position);
        }
    }

    let mut analysis = Analysis::default();
    let mut groups = Vec::new();
    for group in connected(read) {
        if let Some(branches) = combine(&group, &columns) {
            groups.push(branches);
            continue;
        }
        let guilty = core(&group, &columns);
        analysis
            .contradictions
            .push(contradiction(&guilty, checks, &columns));
    }
    if analysis.contradictions.is_empty() {
        analysis.branches = across(groups, &columns, &unread);
    }
    analysis
}

fn read_one(position: usize, expr: &Expr, scope: Scope<'_>) -> Read {
    let normal = Normal {
        scope,
        check: position,
        thinned: Cell::new(false),
    };
    let passes = Want {
        truth: true,
        strict: false,
    };
    Read {
        position,
        columns: expr.columns(),
        alternatives: normal.alternatives(expr, passes),
        thinned: normal.thinned.get(),
    }
}

/// Constraints that share columns, directly or through others; groups do not touch each other.
fn connected(read: Vec<Read>) -> Vec<Vec<Read>> {
    let mut groups: Vec<(BTreeSet<String>, Vec<Read>)> = Vec::new();
    for check in read {
        let mut columns: BTreeSet<String> = check.columns.iter().cloned().collect();
        let mut members = Vec::new();
        let mut rest = Vec::new();
        for (names, group) in groups {
            if names.is_disjoint(&columns) {
                rest.push((names, group));
            } else {
                columns.extend(names);
                members.extend(group);
            }
        }
        members.push(check);
        members.sort_by_key(|check| check.position);
        rest.push((columns, members));
        groups = rest;
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The alternatives of a group, fully expressed ones first; `None` if there are none.
fn combine(group: &[Read], columns: &BTreeMap<&str, Column<'_>>) -> Option<Vec<Branch>> {
    let scope = Scope {
        columns,
        value: None,
        now: 0,
    };
    let mut met = vec![Branch::default()];
    let mut thinned = false;
    for check in group {
        let normal = Normal {
            scope,
            check: check.position,
            thinned: Cell::new(false),
        };
        let next = normal.product(&met, &check.alternatives);
        thinned |= check.thinned || normal.thinned.get();
        if next.is_empty() && thinned {
            // An alternative that was left out might have fitted.
            met = normal.product(&met, &[Branch::unproven(check.position)]);
        } else {
            met = next;
        }
    }
    let mut settled: Vec<Branch> = Vec::new();
    for branch in met {
        if let Some(branch) = branch.settled(columns)
            && !settled.contains(&branch)
        {
            settled.push(branch);
        }
    }
    let mut settled = simplify::simplified(settled);
    settled.sort_by_key(|branch| branch.unproven.len());
    if settled.is_empty() && thinned {
        let mut unproven = Branch::default();
        unproven
            .unproven
            .extend(group.iter().map(|check| check.position));
        settled.push(unproven);
    }
    (!settled.is_empty()).then_some(settled)
}

/// Constraints of a group without one of which there would be no contradiction.
fn core<'a>(group: &'a [Read], columns: &BTreeMap<&str, Column<'_>>) -> Vec<&'a Read> {
    let contradict = |checks: &[&Read]| {
        let copies: Vec<Read> = checks
            .iter()
            .map(|check| Read {
                position: check.position,
                columns: check.columns.clone(),
                alternatives: check.alternatives.clone(),
                thinned: check.thinned,
            })
            .collect();
        combine(&copies, columns).is_none()
    };
    let mut guilty: Vec<&Read> = group.iter().collect();
    let mut at = 0;
    while at < guilty.len() {
        let mut fewer = guilty.clone();
        fewer.remove(at);
        if contradict(&fewer) {
            guilty = fewer;
        } else {
            at += 1;
        }
    }
    guilty
}

fn contradiction(
    guilty: &[&Read],
    checks: &[Check],
    columns: &BTreeMap<&str, Column<'_>>,
) -> Contradiction {
    let names: BTreeSet<&String> = guilty.iter().flat_map(|check| &check.columns).collect();
    let not_null: Vec<String> = names
        .iter()
        .filter(|name| {
            columns
                .get(name.as_str())
                .is_some_and(|column| column.not_null)
        })
        .map(|name| quoted(name))
        .collect();
    let constraints: Vec<String> = guilty
        .iter()
        .filter_map(|check| checks.get(check.position))
        .map(|check| quoted(&check.name))
        .collect();
    let about: Vec<String> = names.iter().map(|name| quoted(name)).collect();
    let (noun, verb) = if constraints.len() == 1 {
        ("constraint", "can never hold")
    } else {
        ("constraints", "cannot hold together")
    };
    let mut sentence = format!("{noun} {} {verb}", listed(&constraints));
    if !about.is_empty() {
        let noun = if about.len() == 1 {
            "column"
        } else {
            "columns"
        };
        sentence = format!("{sentence} for {noun} {}", listed(&about));
    }
    if !not_null.is_empty() {
        let verb = if not_null.len() == 1 { "is" } else { "are" };
        sentence = format!("{sentence}, where {} {verb} NOT NULL", listed(&not_null));
    }
    Contradiction {
        checks: guilty.iter().map(|check| check.position).collect(),
        columns: names.into_iter().cloned().collect(),
        sentence,
    }
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// `a`, `a and b`, `a, b and c`.
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

/// One branch of each group at a time: all of these, or a selection of [`MAX_BRANCHES`].
fn across(
    groups: Vec<Vec<Branch>>,
    columns: &BTreeMap<&str, Column<'_>>,
    unread: &[usize],
) -> Vec<Branch> {
    let groups: Vec<Vec<Branch>> = groups
        .into_iter()
        .map(|group| spread(group, MAX_BRANCHES))
        .collect();
    let all = groups
        .iter()
        .try_fold(1_usize, |all, group| all.checked_mul(group.len()))
        .unwrap_or(usize::MAX);
    let mut branches: Vec<Branch> = Vec::new();
    for number in 0..all.min(MAX_BRANCHES) {
        let mut branch = Branch {
            unproven: unread.to_vec(),
            ..Branch::default()
        };
        let mut rest = number;
        for (place, group) in groups.iter().enumerate() {
            let at = if all <= MAX_BRANCHES {
                let at = rest % group.len();
                rest /= group.len();
                at
            } else {
                // Each group goes round all its alternatives, every round from another start, so
                // that combinations differ.
                let round = u64::try_from(number / group.len()).unwrap_or(0);
                let place = u64::try_from(place).unwrap_or(0);
                let length = u64::try_from(group.len()).unwrap_or(1);
                let start = below(remix(round ^ remix(place)), length);
                let start = usize::try_from(start).unwrap_or(0);
                (number + start) % group.len()
            };
            if let Some(met) = group.get(at).and_then(|part| branch.meet(part, columns)) {
                branch = met;
            }
        }
        if !branches.contains(&branch) {
            branches.push(branch);
        }
    }
    branches.sort_by_key(|branch| branch.unproven.len());
    branches
}
