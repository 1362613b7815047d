//! Which candidates of a plan a table takes, found before the first of them is written: they pass
//! its conditions, and its indexes refuse none of them beside the rows that are there and the
//! candidates taken before. So a shortage is said beforehand, and the load has only to write.
//!
//! | file | subject |
//! |---|---|
//! | `indexes` | unique indexes and exclusion constraints as SQL over candidates |
//! | `in_memory` | keys that differ, compared by hashes |
//! | `in_table` | what exclusion constraints compare, and very many keys: a temporary table |

mod in_memory;
mod in_table;
mod indexes;

use std::collections::BTreeMap;

use fixedbitset::FixedBitSet;
use pgrx::spi::SpiHeapTupleData;
use synth_engine::fill::{Batch, Plan};

use super::catalog::Described;
use super::gate::{BATCH, Gate, Reading};
use super::insert::PATIENCE;
use super::privileges;
use crate::boundary::check_for_interrupts;
use in_memory::Search;
use indexes::Index;

/// Candidates that are taken, a bit for each that was looked at.
pub struct Selection {
    start: u64,
    taken: FixedBitSet,
    /// How many are taken.
    pub count: u64,
    /// The candidate after the last one that is taken.
    last: u64,
    /// The candidate after the last one that was looked at.
    pub end: u64,
    /// How many candidates each index refused, as far as that is known.
    refusals: BTreeMap<String, u64>,
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
        for (row, refused) in gate.select(&reading, &batch, self.end - start, &read) {
            if !self.holds(start + row as u64) {
                for (count, refused) in counts.iter_mut().zip(refused) {
                    *count += u64::from(refused);
                }
            }
        }
        counts
    }
}

/// The rows to look for.
#[derive(Clone, Copy)]
pub struct Wanted {
    /// The first candidate.
    pub start: u64,
    /// So many rows.
    pub rows: u64,
    /// Rows that are there already.
    pub existing: u64,
    /// Candidates are looked at before this one.
    pub end: u64,
}

impl Wanted {
    /// Goes through candidates in batches until as many are taken as are wanted, or none has been for
    /// long. `take` takes up to so many of a batch of so many rows, whose first is where the
    /// selection ends.
    pub fn through(
        self,
        plan: &Plan,
        mut take: impl FnMut(&Batch, u64, u64, &mut Selection),
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
            take(&batch, batch_end - first, left, &mut selection);
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
        let selection = by_indexes(described, plan, gate, &indexes, among_them)?;
        return (selection.count < wanted.rows).then_some(selection);
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
    if indexes.iter().all(Index::is_unique)
        && let Some(selection) = Search::new(described, plan, gate, indexes, wanted).selection()
    {
        return Some(selection);
    }
    in_table::is_possible().then(|| in_table::selection(described, plan, gate, indexes, wanted))
}

/// Candidates that pass the conditions, where no index has to be asked.
fn by_conditions(plan: &Plan, gate: &Gate, wanted: Wanted) -> Selection {
    wanted.through(plan, |batch, rows, left, selection| {
        let first = selection.end;
        let passing = gate.passing(batch, rows).into_iter();
        for row in passing.take(left as usize) {
            selection.take(first + row as u64);
        }
    })
}
