//! Tables that refer to themselves: rows come in rounds that grow tenfold, so that later rows refer
//! to earlier ones.

use std::collections::HashSet;

use synth_engine::fill::{Given, Plan, mentions};

use super::filling::{Filling, Round};
use super::gate::Gate;

impl Filling {
    /// Fills the table: references to itself in rounds that grow tenfold, so that later rows refer
    /// to earlier ones. `round` says how other references are met.
    pub fn fill(&mut self, until: u64, round: &mut Round) {
        let references = self.described.references.iter();
        let met: Vec<String> = references
            .map(|reference| reference.name.clone())
            .filter(|name| !round.empty.contains(name))
            .collect();
        self.fill_in_rounds(until, round);
        if self.written > 0 {
            self.used.extend(met);
        }
    }

    fn fill_in_rounds(&mut self, until: u64, round: &mut Round) {
        if self.written >= self.rows.min(until) {
            return;
        }
        let own = self.self_references();
        if own
            .iter()
            .any(|name| !self.is_nullable(name) && self.is_one_to_one(name))
        {
            // Each row refers to itself: to other rows there is one reference only.
            for name in &own {
                round.own.insert(name.clone());
                let numbers = self.their_numbers(name);
                self.make_explicit(&numbers);
            }
        }
        if own.is_empty() || own.iter().all(|name| round.own.contains(name)) {
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            self.write(&plan, until.min(self.rows));
            return;
        }
        let has_rows = self.described.table.existing_rows > 0 || self.written > 0;
        self.foresee(round);
        if !has_rows {
            self.open(round);
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            self.write_round(&plan, 1.min(until).min(self.rows));
            for name in &own {
                round.empty.remove(name);
                round.own.remove(name);
            }
        }
        let mut mark = 10;
        while mark <= self.written {
            mark = mark.saturating_mul(10);
        }
        while self.written < until.min(self.rows) {
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            let before = self.written;
            self.write_round(&plan, mark.min(until).min(self.rows));
            if self.written == before {
                break;
            }
            mark = mark.saturating_mul(10);
        }
    }

    /// Says how references to the table itself are met where it has no rows.
    pub fn open(&mut self, round: &mut Round) {
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

    /// Looks for all rows of a table that refers to itself before the first round is written, as far
    /// as what they refer to does not matter.
    fn foresee(&mut self, round: &Round) {
        if !self.strict || self.written > 0 {
            return;
        }
        let mut round = round.clone();
        if self.described.table.existing_rows == 0 {
            self.open(&mut round);
        }
        let plan = self.plan(&round);
        self.check(&plan);
        self.limit(&plan);
        if !plan.unproven.is_empty() && self.is_foreseeable(&plan) {
            let gate = Gate::new(&self.described, &plan, &self.policies);
            self.select(&plan, &gate, self.rows);
        }
    }

    /// Whether nothing that refuses rows looks at what they refer to in the same table.
    pub fn is_foreseeable(&self, plan: &Plan) -> bool {
        let own = self.self_references();
        let references = self.described.references.iter();
        let columns: HashSet<usize> = references
            .filter(|reference| own.contains(&reference.name))
            .flat_map(|reference| reference.positions.clone())
            .collect();
        let table = plan.table();
        let checks = table.checks.iter().map(|(_, check)| check);
        let generated = table
            .columns
            .iter()
            .filter_map(|column| match &column.default {
                Given::Generated(expression) => Some(expression),
                _ => None,
            });
        let whole = format!("{}.*", pgrx::spi::quote_identifier(&table.name));
        let mut expressions = checks.chain(&self.described.partitions).chain(generated);
        let mentioned = expressions.any(|expression| {
            let mut names = columns.iter().map(|&column| &table.columns[column].name);
            // A row as a whole has them, too.
            expression.contains(&whole) || names.any(|name| mentions(expression, name))
        });
        // In an empty table they are NULL, or the row's own: an index refuses no row for them. Beside
        // rows that are there, later rounds have more to refer to than these.
        let begun = self.described.table.existing_rows > 0;
        let uniques = table.uniques.iter();
        let uniques = uniques
            .filter(|unique| begun || unique.nulls_equal)
            .map(|unique| (&unique.name, &unique.columns));
        let exclusions = table.exclusions.iter().filter(|_| begun);
        let exclusions = exclusions.map(|exclusion| (&exclusion.name, &exclusion.columns));
        let mut indexes = uniques
            .chain(exclusions)
            .filter(|(name, _)| plan.unproven.contains(*name));
        columns.is_empty()
            || !mentioned
                && !indexes.any(|(_, positions)| positions.iter().any(|c| columns.contains(c)))
    }

    /// Whether no two rows may refer to the same one.
    pub fn is_one_to_one(&self, name: &str) -> bool {
        let references = &self.described.references;
        references
            .iter()
            .find(|reference| reference.name == name)
            .is_some_and(|reference| {
                self.described.table.uniques.iter().any(|unique| {
                    unique.plain
                        && !unique.columns.is_empty()
                        && unique
                            .columns
                            .iter()
                            .all(|c| reference.positions.contains(c))
                })
            })
    }

    pub fn their_numbers(&self, name: &str) -> Vec<i16> {
        self.described
            .references
            .iter()
            .find(|reference| reference.name == name)
            .map(|reference| reference.their_numbers.clone())
            .unwrap_or_default()
    }

    /// Writes a round of rows that refer to each other; where it has no room for all, the next may.
    fn write_round(&mut self, plan: &Plan, until: u64) {
        let strict = std::mem::replace(&mut self.strict, false);
        self.write(plan, until);
        self.strict = strict;
    }

    /// References to the table itself.
    pub fn self_references(&self) -> Vec<String> {
        let own = self.described.relid;
        let references = self.described.references.iter();
        references
            .filter(|r| r.target() == own)
            .map(|r| r.name.clone())
            .collect()
    }

    /// Whether a reference may be NULL.
    pub fn is_nullable(&self, name: &str) -> bool {
        self.described
            .references
            .iter()
            .find(|reference| reference.name == name)
            .is_some_and(|reference| {
                let mut positions = reference.positions.iter();
                let nullable = |&p: &usize| !self.described.table.columns[p].not_null;
                if reference.match_full {
                    positions.all(nullable)
                } else {
                    positions.any(nullable)
                }
            })
    }
}
