//! What `synth_plan_fill` says.

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::filling::{Filling, Round};
use super::shortage::message;
use super::subtransaction::{attempt, undone};
use crate::query::query;

/// The most rows that a plan tries out by writing them.
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

/// How many rows there is room for, and why there is not for more.
fn room(most: u64, why: &str) -> String {
    if why.contains(&format!("leaves room for {most} rows")) {
        return why.to_owned();
    }
    format!("there is room for {most} rows: {why}")
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

    /// What is not promised by construction is found out for all the rows, without writing one; where
    /// only that tells, a moderate number is written and undone.
    fn try_out(&mut self, mut plan: Plan, round: &Round) -> Option<String> {
        if self.comes_in_rounds() {
            return self.try_out_rounds();
        }
        if plan.unproven.is_empty() || plan.written.is_empty() {
            return None;
        }
        let rows = self.rows;
        loop {
            let gate = self.gate(&plan);
            let Some(selection) = self.find(&plan, &gate, rows) else {
                let without_triggers = |filling: &Self| {
                    let selection = filling.find_without_triggers(&plan, &gate, rows)?;
                    let is_short = selection.count < rows;
                    is_short.then(|| filling.short(&plan, &gate, &selection))
                };
                return self.try_writing(&plan, without_triggers);
            };
            if selection.count >= rows {
                return None;
            }
            if !self.make_room(&plan) {
                let why = self.short(&plan, &gate, &selection);
                return Some(room(selection.count, &why));
            }
            plan = self.plan(round);
        }
    }

    /// The same for a table whose rows come in rounds.
    fn try_out_rounds(&mut self) -> Option<String> {
        let rows = self.rows;
        let known = |code| {
            matches!(
                code,
                ERRCODE_CHECK_VIOLATION
                    | ERRCODE_CARDINALITY_VIOLATION
                    | ERRCODE_INSUFFICIENT_PRIVILEGE
            )
        };
        let rehearsed = match attempt(|| self.rehearse_rounds(&Round::default()), known) {
            Ok(rehearsed) => rehearsed,
            Err(refused) => return Some(message(&refused).to_owned()),
        };
        let short = |rehearsed: &Self| {
            let (most, why) = rehearsed.shortage(rows)?;
            Some(room(most, &why))
        };
        let without_triggers = short(&rehearsed);
        let last = rehearsed.found().last().map(|found| &found.plan);
        match last {
            Some(plan) if self.drops_rows() => self.try_writing(plan, |_| without_triggers),
            _ => without_triggers,
        }
    }

    /// Writes rows and undoes that.
    fn try_writing(
        &mut self,
        plan: &Plan,
        without_triggers: impl FnOnce(&Self) -> Option<String>,
    ) -> Option<String> {
        let table = plan.table();
        let exclusions = table.exclusions.iter().map(|exclusion| &exclusion.name);
        let uniques = table.uniques.iter().map(|unique| &unique.name);
        let mut names = exclusions.chain(uniques);
        let name = names.find(|name| plan.unproven.contains(*name))?.clone();
        // SAFETY: reads a variable of the backend.
        if unsafe { pg_sys::XactReadOnly } {
            return Some(format!(
                "how many rows constraint {name} leaves room for is found out by trying, which a read-only transaction does not allow"
            ));
        }
        let rows = self.rows;
        let tried = rows.min(TRIED_OUT);
        let written = undone(|| {
            self.fill(tried, &mut Round::default());
            self.written
        });
        (self.written, self.next) = (0, 0);
        let triggers = self.row_triggers();
        if written < tried && triggers.is_empty() {
            let why = self.note.clone().unwrap_or_default();
            return Some(room(written, &why));
        }
        if tried == rows {
            return None;
        }
        if !triggers.is_empty()
            && let Some(short) = without_triggers(self)
        {
            let triggers = triggers.join(", ");
            return Some(format!(
                "{short}, unless trigger {triggers} changes rows; {tried} rows were tried"
            ));
        }
        Some(format!(
            "constraint {name} was tried with {tried} rows only; whether {rows} fit shows when they are written"
        ))
    }

    /// What is planned for each column, and what cannot be met.
    pub fn report(&mut self) -> Vec<PlanRow> {
        let mut round = Round::default();
        if self.described.table.existing_rows == 0 {
            self.open(&mut round);
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
            && let Some(problem) = self.try_out(plan.clone(), &round)
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
