//! What `synth_plan_fill` says.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::filling::{Filling, Round};
use super::insert;
use crate::query::query;

/// The most rows that a plan tries out.
const TRIED_OUT: u64 = 10_000;

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
        query(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t
             JOIN pg_catalog.pg_partition_tree($1::pg_catalog.regclass) p ON p.relid = t.tgrelid
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7
             UNION ALL
             SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t
             WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7",
            &[(pg_sys::OIDOID, self.described.relid.into_datum())],
            |row| row.get::<i64>(1),
        )
        .iter()
        .any(|&count| count > 0)
    }

    /// Where uniqueness cannot be planned, only writing tells how many rows there is room for: a
    /// moderate number is written and undone.
    fn try_out(&mut self, plan: &Plan) -> Option<String> {
        // SAFETY: reads a variable of the backend.
        let read_only = unsafe { pg_sys::XactReadOnly };
        let unsure = plan.table().uniques.iter().map(|unique| &unique.name);
        let unsure = unsure.chain(
            plan.table()
                .exclusions
                .iter()
                .map(|exclusion| &exclusion.name),
        );
        if read_only
            || self.rows > TRIED_OUT
            || !unsure.into_iter().any(|name| plan.unproven.contains(name))
        {
            return None;
        }
        let rows = self.rows;
        let written = insert::undone(|| {
            self.write(plan, rows);
            self.written
        });
        (written < rows && !self.drops_rows()).then(|| {
            let names: Vec<&str> = plan.unproven.iter().map(String::as_str).collect();
            format!(
                "constraints leave room for {written} rows: {}",
                names.join(", ")
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
