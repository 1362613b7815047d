//! Writing rows of a plan: all through COPY where construction promises them or a selection has found
//! them, otherwise through INSERT, which passes over those that are refused.

use std::rc::Rc;

use synth_engine::fill::Plan;

use super::filling::{Filling, Round, has_expressions};
use super::gate::Gate;
use super::selection::{self, Selection, Wanted};
use super::shortage::{cause, columns_of, refused_by_conditions};
use super::subtransaction::{attempt, is_data_error, is_of_row};
use super::{copy, insert};
use crate::sqlstate::rethrow;

impl Filling {
    /// Writes rows until there are `until` of them.
    pub fn write(&mut self, plan: &Plan, until: u64) {
        let wanted = until.saturating_sub(self.written);
        if wanted == 0 {
            return;
        }
        let foreseen = self
            .selections
            .pop_front()
            .filter(|selection| selection.start == self.next && selection.count <= wanted);
        if plan.written.is_empty() {
            self.written += insert::defaults(&self.described, wanted);
            return;
        }
        if plan.unproven.is_empty() && self.policies.is_empty() {
            self.load(plan, None, wanted);
            return;
        }
        let gate = self.gate(plan);
        let expected = match &foreseen {
            Some(selection) => self.written + selection.count,
            None => until,
        };
        let selection = foreseen.or_else(|| self.find(plan, &gate, wanted).map(Rc::new));
        if self.strict {
            self.refuse_shortage(plan, &gate, selection.as_deref(), wanted);
        }
        if let Some(selection) = &selection
            && self.policies.is_empty()
        {
            self.load(plan, Some(selection), selection.count);
        } else {
            let selected = selection.as_deref();
            let start = self.next;
            let (arrived, next) =
                insert::insert(&self.described, plan, &gate, selected, start, wanted, false);
            self.next = next;
            self.written += arrived;
        }
        if self.written < expected {
            self.explain(plan, &gate);
        }
    }

    /// The plan of a round, and the candidates of it that the table takes, for the load to find:
    /// where they are too few, with numbers from more of what they may be.
    pub fn plan_with_room(&mut self, round: &Round, until: u64) -> Plan {
        loop {
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            let wanted = until.min(self.rows).saturating_sub(self.written);
            if !plan.is_cut || plan.unproven.is_empty() {
                return plan;
            }
            let gate = self.gate(&plan);
            let Some(selection) = self.find(&plan, &gate, wanted) else {
                return plan;
            };
            if selection.count >= wanted || !self.make_room(&plan) {
                self.selections.push_back(Rc::new(selection));
                return plan;
            }
        }
    }

    /// Looks for rows that the table takes, without writing one. What triggers make of rows is not
    /// known then.
    pub fn find(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        if self.drops_rows() {
            return None;
        }
        let selection = self.find_without_triggers(plan, gate, rows)?;
        (selection.is_certain || selection.count < rows).then_some(selection)
    }

    /// The same as if triggers left all rows as they are.
    pub fn find_without_triggers(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        let written = match self.rehearsal {
            Some(_) => 0,
            None => self.written,
        };
        let wanted = Wanted {
            start: self.next,
            rows,
            existing: self.described.table.existing_rows.saturating_add(written),
            found: self.found(),
            end: u64::MAX,
        };
        selection::find(&self.described, plan, gate, wanted)
    }

    /// Why a selection holds fewer rows than are wanted.
    pub fn short(&self, plan: &Plan, gate: &Gate, selection: &Selection) -> String {
        let refused = refused_by_conditions(plan, gate, selection.end);
        let index = selection.refusing().map(|index| {
            let columns = columns_of(&self.described, index);
            let most = self.written + selection.count;
            format!("constraint {index}{columns} leaves room for {most} rows")
        });
        let said: Vec<String> = index.into_iter().chain(refused).collect();
        if said.is_empty() {
            return "the values that the constraints leave were all tried".to_owned();
        }
        said.join("; ")
    }

    /// Raises the error for a selection of fewer rows than are wanted, before one is written.
    fn refuse_shortage(
        &self,
        plan: &Plan,
        gate: &Gate,
        selection: Option<&Selection>,
        wanted: u64,
    ) {
        if let Some(selection) = selection
            && selection.count < wanted
        {
            let why = self.short(plan, gate, selection);
            let most = self.written + selection.count;
            insert::raise_full(&self.described, self.rows, most, &why);
        }
    }

    /// Notes why fewer rows arrived than were to be written.
    fn explain(&mut self, plan: &Plan, gate: &Gate) {
        if self.note.is_none() {
            let triggers = self.row_triggers();
            let (why, dropped) = cause(&self.described, plan, gate, self.next, &triggers);
            self.note = Some(why);
            self.dropped |= dropped;
        }
    }

    /// Loads rows that satisfy every constraint, by construction or by selection. An expression of the
    /// table may still raise an error for some of them, say a generated column that divides, and
    /// others may write meanwhile: then rows are looked for again, beside those, and where that does
    /// not help found one by one.
    fn load(&mut self, plan: &Plan, selection: Option<&Rc<Selection>>, wanted: u64) {
        let (relid, start) = (self.described.relid, self.next);
        // What a trigger makes of a row may be refused, too.
        let of_row = selection.is_some() || has_expressions(plan.table()) || self.drops_rows();
        let expected = if of_row { is_of_row } else { is_data_error };
        let copied = |selection: Option<&Rc<Selection>>, wanted: u64| {
            let copy = || copy::copy(relid, plan, selection, start, wanted);
            let immediately = selection.is_some() && !self.described.deferrable.is_empty();
            let copy = || {
                if immediately {
                    insert::immediately(&self.described, copy)
                } else {
                    copy()
                }
            };
            let end = |next| selection.map_or(next, |selection| selection.end);
            let copied = attempt(copy, expected).map_err(Box::new);
            copied.map(|(arrived, next)| (arrived, end(next)))
        };
        let one_by_one = || {
            let gate = self.gate(plan);
            insert::insert(&self.described, plan, &gate, None, start, wanted, true)
        };
        let (arrived, next) = copied(selection, wanted).unwrap_or_else(|refused| {
            let gate = self.gate(plan);
            let again = self.find(plan, &gate, wanted).map(Rc::new);
            let again = again.and_then(|found| copied(Some(&found), found.count).ok());
            let (arrived, next) = again.unwrap_or_else(one_by_one);
            if arrived == 0 {
                rethrow(*refused);
            }
            (arrived, next)
        });
        self.next = next;
        self.written += arrived;
        if arrived == wanted || selection.is_some() {
            return;
        }
        let triggers = self.row_triggers();
        if triggers.is_empty() {
            let gate = self.gate(plan);
            self.explain(plan, &gate);
        } else {
            let names = triggers.join(", ");
            let note = format!("trigger {names} let {arrived} of {wanted} rows pass");
            self.note.get_or_insert(note);
            self.dropped = true;
        }
    }
}
