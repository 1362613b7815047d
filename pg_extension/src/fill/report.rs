//! What `synth_plan_fill` says.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::apart;
use super::filling::{Filling, Round};
use super::gate::Gate;
use super::room::{self, Room};
use super::shortage::columns_of;
use super::subtransaction::undone;
use crate::query::query;

/// The most rows that a plan tries out by writing them.
const TRIED_OUT: u64 = 10_000;

/// The most rows, with those that are there, that a plan judges exclusion constraints for.
const JUDGED: u64 = 300_000;

/// The most passes that a plan makes over the candidates, each of 4 million keys.
const PASSES: u64 = 64;

/// A row of what `synth_plan_fill` says.
#[derive(Default)]
pub struct PlanRow {
    /// The column; none: what holds for the table as a whole.
    pub column: Option<String>,
    /// Its type.
    pub data_type: Option<String>,
    /// Where values come from.
    pub generator: Option<String>,
    /// Its arguments.
    pub arguments: Option<String>,
    /// Why it was chosen.
    pub reason: Option<String>,
    /// What cannot be met.
    pub problem: Option<String>,
}

impl Filling {
    /// Whether triggers may drop rows, so that fewer than written down arrive.
    pub fn drops_rows(&self) -> bool {
        !self.row_triggers().is_empty()
    }

    /// The triggers that may drop or change a row before it is written.
    pub fn row_triggers(&self) -> Vec<String> {
        query(
            "SELECT DISTINCT t.tgname::text FROM pg_trigger t
             WHERE t.tgrelid = ANY (array(SELECT relid::oid FROM pg_partition_tree($1) UNION SELECT $1))
               AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7
             ORDER BY 1",
            &[(pg_sys::OIDOID, self.described.relid.into_datum())],
            |row| row.get::<String>(1),
        )
    }

    /// Where uniqueness cannot be planned, how many rows there is room for is found out by trying:
    /// the keys of unique indexes are compared without writing, what exclusion constraints compare
    /// in a temporary table; where triggers may change rows, a moderate number is written and undone.
    fn try_out(&mut self, plan: &Plan) -> Option<String> {
        let table = plan.table();
        let unproven = |name: &&String| plan.unproven.contains(*name);
        let mut exclusions = table
            .exclusions
            .iter()
            .filter(|exclusion| exclusion.elements.iter().any(|e| e.operator != "="))
            .map(|exclusion| &exclusion.name);
        let exclusion = exclusions.find(unproven);
        let unique = table.uniques.iter().map(|u| &u.name).find(unproven);
        let rows = self.rows;
        let (name, tried) = match (exclusion, unique) {
            (None, None) => return None,
            (None, Some(_)) if !self.drops_rows() || rows > TRIED_OUT => {
                let gate = Gate::new(&self.described, plan, &self.policies);
                return match room::room(&self.described, plan, &gate, rows, PASSES) {
                    Room::Enough => None,
                    Room::For(most, index) => Some(format!(
                        "constraint {index}{} leaves room for {most} rows",
                        columns_of(&self.described, &index)
                    )),
                    Room::Atleast(seen) => Some(format!(
                        "unique indexes leave room for {seen} rows at least; whether {rows} fit shows when they are written"
                    )),
                };
            }
            (Some(name), _) if !self.drops_rows() && apart::is_possible(&self.described) => {
                let gate = Gate::new(&self.described, plan, &self.policies);
                let existing = self.described.table.existing_rows;
                let judged = rows.min(JUDGED.saturating_sub(existing));
                return match apart::room(&self.described, plan, &gate, judged) {
                    Room::For(most, index) => Some(format!(
                        "constraint {index}{} leaves room for {most} rows",
                        columns_of(&self.described, &index)
                    )),
                    _ if judged == rows => None,
                    _ => Some(format!(
                        "constraint {name} was judged for {judged} rows only; whether {rows} fit shows when they are written"
                    )),
                };
            }
            (Some(name), _) | (None, Some(name)) => (name, rows.min(TRIED_OUT)),
        };
        // SAFETY: reads a variable of the backend.
        if unsafe { pg_sys::XactReadOnly } {
            return Some(format!(
                "how many rows constraint {name} leaves room for is found out by trying, which a read-only transaction does not allow"
            ));
        }
        let written = undone(|| {
            self.write(plan, tried);
            self.written
        });
        if written < tried && !self.drops_rows() {
            let why = self.note.clone().unwrap_or_default();
            return Some(format!("there is room for {written} rows: {why}"));
        }
        (tried < rows).then(|| {
            format!(
                "constraint {name} was tried with {tried} rows only; whether {rows} fit shows when they are written"
            )
        })
    }

    /// What is planned for each column, and what cannot be met.
    pub fn report(&mut self) -> Vec<PlanRow> {
        let mut round = Round::default();
        if self.described.table.existing_rows == 0 {
            for name in self.self_references() {
                if self.is_nullable(&name) {
                    round.empty.insert(name);
                } else {
                    let numbers = self.their_numbers(&name);
                    self.make_explicit(&numbers);
                    round.own.insert(name);
                }
            }
        }
        let plan = self.plan(&round);
        let mut problems: Vec<(Vec<String>, String)> = plan
            .problems
            .iter()
            .map(|problem| {
                (
                    problem.columns.clone(),
                    format!("{}. {}", problem.message, problem.hint),
                )
            })
            .collect();
        if let Some((capacity, constraint)) = &plan.capacity {
            let table = plan.table();
            let about = table
                .uniques
                .iter()
                .find(|unique| unique.name == *constraint)
                .map(|unique| unique.columns.clone())
                .unwrap_or_default();
            problems.push((
                about
                    .iter()
                    .map(|&c| table.columns[c].name.clone())
                    .collect(),
                format!("constraint {constraint} leaves room for {capacity} rows"),
            ));
        }
        if plan.problems.is_empty()
            && let Some(refusing) = self.rehearse(&plan)
        {
            problems.push((
                Vec::new(),
                format!("no row was found that satisfies {refusing}"),
            ));
        }
        if problems.is_empty()
            && let Some(problem) = self.try_out(&plan)
        {
            problems.push((Vec::new(), problem));
        }
        let mut rows: Vec<PlanRow> = plan
            .table()
            .columns
            .iter()
            .zip(&plan.report)
            .map(|(column, report)| PlanRow {
                column: Some(column.name.clone()),
                data_type: Some(column.type_name.clone()),
                generator: Some(report.generator.clone()),
                arguments: Some(report.arguments.clone()).filter(|text| !text.is_empty()),
                reason: Some(report.reason.clone()),
                problem: problems
                    .iter()
                    .find(|(columns, _)| columns.contains(&column.name))
                    .map(|(_, message)| message.clone()),
            })
            .collect();
        rows.extend(
            problems
                .into_iter()
                .filter(|(columns, _)| columns.is_empty())
                .map(|(_, message)| PlanRow {
                    problem: Some(message),
                    ..PlanRow::default()
                }),
        );
        rows
    }
}
