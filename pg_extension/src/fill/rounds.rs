//! Tables that refer to themselves: rows come in rounds that grow tenfold, so that later rows refer
//! to earlier ones.
//!
//! What a round has room for depends on the keys of those before it. So the rounds are rehearsed where
//! construction does not promise them: their rows are found as they would be written, with keys as the
//! database would give them, and the next round refers to these. Then a shortage is said before the
//! first row is written, and the load has only to write what was found.

use std::collections::VecDeque;
use std::rc::Rc;

use synth_engine::fill::{Given, Plan};

use super::filling::{Filling, Round};
use super::insert;
use super::selection::Found;

/// Rounds that are gone through without writing them.
#[derive(Clone, Default)]
pub struct Rehearsal {
    /// The rows that each of them found.
    pub found: Vec<Found>,
    /// Whether it ended early: all rows that are still to come are promised by construction, or
    /// cannot be known.
    pub leaves_rest: bool,
}

impl Filling {
    /// Fills the table: references to itself in rounds that grow tenfold, so that later rows refer
    /// to earlier ones. `round` says how other references are met.
    pub fn fill(&mut self, until: u64, round: &mut Round) {
        let references = self.described.references.iter();
        let met: Vec<String> = references
            .map(|reference| reference.name.clone())
            .filter(|name| !round.empty.contains(name))
            .collect();
        if self.strict && self.comes_in_rounds() && !self.drops_rows() {
            self.foresee(round);
        }
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
        if self.refer_to_themselves() {
            for name in &own {
                round.own.insert(name.clone());
                let numbers = self.their_numbers(name);
                self.make_explicit(&numbers);
            }
        }
        if own.is_empty() || own.iter().all(|name| round.own.contains(name)) {
            let plan = self.plan_with_room(round, until);
            self.write(&plan, until.min(self.rows));
            return;
        }
        let has_rows = self.described.table.existing_rows > 0 || self.written > 0;
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
            let is_written = self.rehearsal.is_none();
            if self.written == before && !(is_written && self.make_room(&plan)) {
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

    /// Whether each row refers to itself: there is one reference to each, and it must not be NULL.
    fn refer_to_themselves(&self) -> bool {
        let own = self.self_references();
        let mut own = own.iter();
        own.any(|name| !self.is_nullable(name) && self.is_one_to_one(name))
    }

    /// Whether rows refer to others of the same table.
    pub fn comes_in_rounds(&self) -> bool {
        !self.self_references().is_empty() && !self.refer_to_themselves()
    }

    /// Finds the rows of all rounds before the first is written. Where there are fewer than must come,
    /// this raises the error.
    fn foresee(&mut self, round: &Round) {
        let rehearsed = self.rehearse_rounds(round);
        if let Some((most, why)) = rehearsed.shortage(self.rows) {
            insert::raise_full(&self.described, self.rows, most, &why);
        }
        let rehearsal = rehearsed.rehearsal.unwrap_or_default();
        let selections = rehearsal.found.into_iter().map(|found| found.selection);
        let selections: VecDeque<_> = selections.collect();
        if !rehearsal.leaves_rest && selections.iter().all(|selection| selection.is_certain) {
            self.selections = selections;
        }
    }

    /// Goes through the rounds without writing them, as if triggers left rows as they are.
    pub fn rehearse_rounds(&mut self, round: &Round) -> Self {
        loop {
            let mut rehearsed = self.clone();
            rehearsed.rehearsal = Some(Rehearsal::default());
            rehearsed.fill_in_rounds(u64::MAX, &mut round.clone());
            let is_short = rehearsed.shortage(self.rows).is_some();
            let mut plans = rehearsed.found().iter().map(|found| &found.plan);
            let cut = plans.find(|plan| plan.is_cut).filter(|_| is_short);
            if !cut.is_some_and(|plan| self.make_room(plan)) {
                return rehearsed;
            }
        }
    }

    /// Whether the keys that its rows refer to are known before they are written.
    fn knows_keys(&self, plan: &Plan) -> bool {
        let own = self.self_references();
        let mut numbers = own.iter().flat_map(|name| self.their_numbers(name));
        numbers.all(|number| {
            let mut columns = self.described.columns.iter();
            columns
                .position(|column| column.number == number)
                .is_some_and(|place| {
                    let is_numbered = self.described.columns[place].numbers.is_some();
                    let default = &plan.table().columns[place].default;
                    plan.written.contains(&place)
                        || is_numbered
                        || matches!(default, Given::Generated(_) | Given::Constant(_))
                })
        })
    }

    /// Of rounds that were gone through: how many rows there is room for and why, where it is fewer.
    pub fn shortage(&self, rows: u64) -> Option<(u64, String)> {
        let leaves_rest = self.rehearsal.as_ref().is_none_or(|r| r.leaves_rest);
        let most = if leaves_rest {
            self.rows
        } else {
            self.written.min(self.rows)
        };
        (most < rows).then(|| (most, self.note.clone().unwrap_or_default()))
    }

    /// The rows that rounds found which are not written.
    pub fn found(&self) -> &[Found] {
        let rehearsal = self.rehearsal.as_ref();
        rehearsal.map_or(&[], |rehearsal| &rehearsal.found)
    }

    /// Finds the rows of a round.
    fn rehearse_round(&mut self, plan: &Plan, until: u64) {
        let wanted = until.saturating_sub(self.written);
        let opens = self.written == 0 && self.described.table.existing_rows == 0;
        let is_promised = !opens && plan.unproven.is_empty() && self.policies.is_empty();
        let gate = self.gate(plan);
        let selection = if plan.written.is_empty() || is_promised || !self.knows_keys(plan) {
            None
        } else {
            self.find_without_triggers(plan, &gate, wanted)
        };
        if let Some(selection) = &selection
            && selection.count < wanted
        {
            self.note = Some(self.short(plan, &gate, selection));
        }
        let Some(rehearsal) = &mut self.rehearsal else {
            return;
        };
        let Some(selection) = selection else {
            rehearsal.leaves_rest = true;
            return;
        };
        self.written += selection.count;
        self.next = selection.end;
        rehearsal.found.push(Found {
            plan: plan.clone(),
            gate,
            selection: Rc::new(selection),
        });
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
        if self.rehearsal.is_some() {
            self.rehearse_round(plan, until);
            return;
        }
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
