//! Which candidates of a plan a table takes, found before the first of them is written: they pass
//! its conditions, and its indexes refuse none of them beside the rows that are there and the
//! candidates taken before. So a shortage is said beforehand, and the load has only to write.
//!
//! | file | subject |
//! |---|---|
//! | `indexes` | unique indexes and exclusion constraints as SQL over candidates |
//! | `in_memory` | keys that differ, compared by hashes |
//! | `interval` | what indexes compare as intervals, as SQL |
//! | `in_order` | exclusion constraints, compared as intervals in order |
//! | `in_table` | other exclusion constraints, and very many keys: a temporary table |

mod in_memory;
mod in_order;
mod in_table;
mod indexes;
mod interval;

use std::collections::BTreeMap;
use std::rc::Rc;

use fixedbitset::FixedBitSet;
use pgrx::pg_sys;
use pgrx::spi::{Result, SpiHeapTupleData};
use synth_engine::fill::Plan;

use super::catalog::Described;
use super::gate::{BATCH, Candidates, Gate, Reading};
use super::insert::PATIENCE;
use super::privileges;
use crate::boundary::check_for_interrupts;
use indexes::Index;

/// Candidates that are taken, a bit for each that was looked at.
pub struct Selection {
    /// The first candidate that was looked at.
    pub start: u64,
    taken: FixedBitSet,
    /// How many are taken.
    pub count: u64,
    /// The candidate after the last one that is taken.
    last: u64,
    /// The candidate after the last one that was looked at.
    pub end: u64,
    /// How many candidates each index refused, as far as that is known.
    refusals: BTreeMap<String, u64>,
    /// Whether rows that are there were asked. Where the caller may not read them, it is known only
    /// what candidates refuse each other.
    pub is_certain: bool,
}

impl Selection {
    pub fn new(start: u64) -> Self {
        Self {
            start,
            taken: FixedBitSet::new(),
            count: 0,
            last: start,
            end: start,
            refusals: BTreeMap::new(),
            is_certain: true,
        }
    }

    /// Takes a candidate, which comes after all that were taken before.
    pub fn take(&mut self, candidate: u64) {
        self.taken
            .grow_and_insert((candidate - self.start) as usize);
        self.count += 1;
        self.last = candidate + 1;
    }

    /// Notes that an index refused candidates.
    pub fn refuse(&mut self, index: &str, count: u64) {
        if count > 0 {
            *self.refusals.entry(index.to_owned()).or_default() += count;
        }
    }

    /// The index that refused most candidates.
    pub fn refusing(&self) -> Option<&str> {
        let refusals = self.refusals.iter();
        let most = refusals.max_by_key(|&(_, &count)| count);
        most.map(|(index, _)| index.as_str())
    }

    /// Whether a candidate was taken.
    pub fn holds(&self, candidate: u64) -> bool {
        let place = candidate.checked_sub(self.start);
        place.is_some_and(|place| self.taken.contains(place as usize))
    }

    /// Notes which indexes refuse candidates for rows that are there, where these were asked.
    fn refuse_by_rows(&mut self, plan: &Plan, gate: &Gate, indexes: &[Index], reading: &Reading) {
        if reading.unless.is_empty() {
            return;
        }
        let counts = self.refusals(plan, gate, &reading.computed, &reading.unless);
        for (index, count) in indexes.iter().zip(counts) {
            self.refuse(&index.name, count);
        }
    }

    /// How many of the last candidates that are not taken each of some conditions refuses, over
    /// columns of `synth_new`.
    pub fn refusals(
        &self,
        plan: &Plan,
        gate: &Gate,
        computed: &str,
        refused: &[String],
    ) -> Vec<u64> {
        let refused = refused.iter();
        let refused: Vec<String> = refused
            .map(|condition| format!("({condition}) IS TRUE"))
            .collect();
        let reading = Reading {
            computed: computed.to_owned(),
            read: format!("ARRAY[{}]", refused.join(", ")),
            unless: Vec::new(),
        };
        let start = self.end.saturating_sub(BATCH).max(self.start);
        let batch = plan.batch(start..self.end);
        let read = |row: &SpiHeapTupleData| row.get::<Vec<bool>>(1);
        let mut counts = vec![0; refused.len()];
        let candidates = Candidates::first(&batch, self.end - start, self.count);
        for (row, refused) in gate.select(&reading, &candidates, &read) {
            if !self.holds(start + row as u64) {
                for (count, refused) in counts.iter_mut().zip(refused) {
                    *count += u64::from(refused);
                }
            }
        }
        counts
    }
}

/// Rows that were found in a round and are not written as yet.
#[derive(Clone)]
pub struct Found {
    pub plan: Plan,
    pub gate: Gate,
    pub selection: Rc<Selection>,
}

impl Found {
    /// Goes through them in batches.
    pub fn batches(&self, mut take: impl FnMut(&Candidates)) {
        let selection = &self.selection;
        let (mut next, mut ahead) = (selection.start, 0);
        while next < selection.last {
            check_for_interrupts();
            let end = selection.last.min(next + BATCH);
            let batch = self.plan.batch(next..end);
            let held = |row: &usize| selection.holds(next + *row as u64);
            let rows: Vec<usize> = (0..(end - next) as usize).filter(held).collect();
            let candidates = Candidates {
                batch: &batch,
                rows,
                ahead,
            };
            take(&candidates);
            ahead += candidates.rows.len() as u64;
            next = end;
        }
    }

    /// Reads expressions over them.
    pub fn read<T>(
        &self,
        reading: &Reading,
        read: &impl Fn(&SpiHeapTupleData) -> Result<Option<T>>,
        mut take: impl FnMut(T),
    ) {
        self.batches(|candidates| {
            let found = self.gate.select(reading, candidates, read);
            for (_, value) in found {
                take(value);
            }
        });
    }
}

/// The rows to look for.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// The first candidate.
    pub start: u64,
    /// So many rows.
    pub rows: u64,
    /// Rows that are there already.
    pub existing: u64,
    /// Rows that will be there.
    pub found: &'a [Found],
    /// Candidates are looked at before this one.
    pub end: u64,
}

impl Wanted<'_> {
    /// Goes through candidates in batches until as many are taken as are wanted, or none has been for
    /// long. `take` takes up to so many of some that begin where the selection ends.
    pub fn through(
        self,
        plan: &Plan,
        mut take: impl FnMut(&Candidates, u64, &mut Selection),
    ) -> Selection {
        let mut selection = Selection::new(self.start);
        let end = self.end.min(plan.candidates.unwrap_or(u64::MAX));
        while selection.count < self.rows
            && selection.end < end
            && selection.end - selection.last < PATIENCE
        {
            check_for_interrupts();
            let left = self.rows - selection.count;
            let looked = left.saturating_add(left / 8 + 8).min(BATCH);
            let first = selection.end;
            let batch_end = end.min(first + looked);
            let batch = plan.batch(first..batch_end);
            let candidates = Candidates::first(&batch, batch_end - first, selection.count);
            take(&candidates, left, &mut selection);
            selection.end = batch_end;
        }
        if selection.count >= self.rows {
            // Candidates beyond the last one needed keep for later.
            selection.end = selection.last;
        }
        selection
    }
}

/// Looks for rows that a table without triggers on its rows takes; none where a row has to be written
/// to know what becomes of it.
pub fn find(described: &Described, plan: &Plan, gate: &Gate, wanted: Wanted) -> Option<Selection> {
    let indexes = indexes::unproven(described, plan);
    if indexes.is_empty() {
        return Some(by_conditions(plan, gate, wanted));
    }
    if wanted.existing > 0 && !privileges::may_read(described.relid) {
        // What candidates refuse each other is known all the same.
        let among_them = Wanted {
            existing: 0,
            ..wanted
        };
        let mut selection = by_indexes(described, plan, gate, &indexes, among_them)?;
        selection.is_certain = false;
        return Some(selection);
    }
    by_indexes(described, plan, gate, &indexes, wanted)
}

fn by_indexes(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    indexes: &[Index],
    wanted: Wanted,
) -> Option<Selection> {
    if indexes.iter().all(Index::is_unique) {
        let in_memory = in_memory::Search::new(described, plan, gate, indexes, wanted);
        if let Some(selection) = in_memory.selection() {
            return Some(selection);
        }
    }
    let in_order = in_order::Search::new(described, plan, gate, indexes, wanted);
    let fits = in_order.fits();
    if fits && in_order.is_exact() {
        return Some(in_order.selection());
    }
    if in_table::is_possible() {
        return Some(in_table::selection(described, plan, gate, indexes, wanted));
    }
    fits.then(|| in_order.selection())
}

/// Rows that are there are asked one by one where there are more than so many times the rows that are
/// wanted; fewer are all read.
const READ: u64 = 2;

/// Whether rows that are there are asked one by one, if their indexes answer.
fn are_asked(wanted: Wanted) -> bool {
    wanted.existing > wanted.rows.saturating_mul(READ)
}

/// How many rows were found before.
fn count(found: &[Found]) -> u64 {
    found.iter().map(|found| found.selection.count).sum()
}

/// So many bytes may be taken: at least so many, and what `maintenance_work_mem` allows.
fn memory(least: u64) -> u64 {
    // SAFETY: reads a setting of the session, in kilobytes.
    let allowed = unsafe { pg_sys::maintenance_work_mem };
    least.max(u64::from(allowed.unsigned_abs()) << 10)
}

/// Candidates that pass the conditions, where no index has to be asked.
fn by_conditions(plan: &Plan, gate: &Gate, wanted: Wanted) -> Selection {
    wanted.through(plan, |candidates, left, selection| {
        let first = selection.end;
        let passing = gate.passing(candidates).into_iter();
        for row in passing.take(left as usize) {
            selection.take(first + row as u64);
        }
    })
}
