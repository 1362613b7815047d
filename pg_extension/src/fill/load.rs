//! Writing rows of a plan: all through COPY where construction promises them or a selection has found
//! them, otherwise through INSERT, which passes over those that are refused.

use std::rc::Rc;

use synth_engine::fill::Plan;

use super::filling::{Filling, has_expressions};
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
        if plan.written.is_empty() {
            self.written += insert::defaults(&self.described, wanted);
            return;
        }
        if plan.unproven.is_empty() && self.policies.is_empty() {
            self.load(plan, None, wanted);
            return;
        }
        let gate = Gate::new(&self.described, plan, &self.policies);
        let selection = self.select(plan, &gate, wanted).map(Rc::new);
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
        if self.written < until {
            self.explain(plan, &gate);
        }
    }

    /// The candidates that the table takes, where they can be known before one is written. Where fewer
    /// than asked for are an error and there are fewer, this raises it.
    pub fn select(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        let selection = self.find(plan, gate, rows)?;
        if selection.count < rows && self.strict {
            let why = self.short(plan, gate, &selection);
            self.refuse_shortage(selection.count, &why);
        }
        Some(selection)
    }

    /// Looks for rows that the table takes, without writing one. What triggers make of rows is not
    /// known then.
    pub fn find(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        if self.drops_rows() {
            return None;
        }
        self.find_without_triggers(plan, gate, rows)
    }

    /// The same as if triggers left all rows as they are.
    pub fn find_without_triggers(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        let existing = self.described.table.existing_rows;
        let wanted = Wanted {
            start: self.next,
            rows,
            existing: existing.saturating_add(self.written),
            end: u64::MAX,
        };
        selection::find(&self.described, plan, gate, wanted)
    }

    /// Why a selection holds fewer rows than are wanted.
    pub fn short(&self, plan: &Plan, gate: &Gate, selection: &Selection) -> String {
        let refused = refused_by_conditions(plan, gate, selection.end);
        let index = selection.refusing().map(|index| {
            let columns = columns_of(&self.described, index);
            let most = selection.count;
            format!("constraint {index}{columns} leaves room for {most} rows")
        });
        let said: Vec<String> = index.into_iter().chain(refused).collect();
        if said.is_empty() {
            return "the values that the constraints leave were all tried".to_owned();
        }
        said.join("; ")
    }

    /// Where fewer rows than asked for are an error, raises it before a row is written.
    fn refuse_shortage(&self, more: u64, why: &str) {
        if self.strict {
            let most = self.written + more;
            insert::raise_full(&self.described, self.rows, most, why);
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
    /// others may write meanwhile: then rows are found one by one.
    fn load(&mut self, plan: &Plan, selection: Option<&Rc<Selection>>, wanted: u64) {
        let (relid, start) = (self.described.relid, self.next);
        // What a trigger makes of a row may be refused, too.
        let of_row = selection.is_some() || has_expressions(plan.table()) || self.drops_rows();
        let expected = if of_row { is_of_row } else { is_data_error };
        let copy = || copy::copy(relid, plan, selection, start, wanted);
        let loaded = attempt(
            || {
                if selection.is_some() && !self.described.deferrable.is_empty() {
                    insert::immediately(&self.described, copy)
                } else {
                    copy()
                }
            },
            expected,
        );
        let (arrived, next) = match loaded {
            Ok((arrived, next)) => (arrived, selection.map_or(next, |selection| selection.end)),
            Err(refused) => {
                let gate = Gate::new(&self.described, plan, &self.policies);
                let (arrived, next) =
                    insert::insert(&self.described, plan, &gate, None, start, wanted, true);
                if arrived == 0 {
                    rethrow(refused);
                }
                (arrived, next)
            }
        };
        self.next = next;
        self.written += arrived;
        if arrived == wanted || selection.is_some() {
            return;
        }
        let triggers = self.row_triggers();
        if triggers.is_empty() {
            let gate = Gate::new(&self.described, plan, &self.policies);
            self.explain(plan, &gate);
        } else {
            let names = triggers.join(", ");
            let note = format!("trigger {names} let {arrived} of {wanted} rows pass");
            self.note.get_or_insert(note);
            self.dropped = true;
        }
    }
}
