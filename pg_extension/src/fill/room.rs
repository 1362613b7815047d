//! Candidates whose keys differ, where only unique indexes refuse rows: the keys are compared
//! without writing them, as the load would.
//!
//! Keys are compared by hashes of 64 bits. As many as fit into memory are looked at in one pass,
//! each candidate taken or refused as the load does. For more, where the caller may not make a
//! temporary table, there are several passes over the same candidates, each of which looks at the
//! keys whose hash has one remainder: memory stays the same, whatever the number of rows, but which
//! candidates are taken is not known, and not always how many.

use std::collections::HashSet;

use fixedbitset::FixedBitSet;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::spi::SpiHeapTupleData;
use synth_engine::fill::Plan;

use super::catalog::Described;
use super::gate::{Gate, Reading};
use super::indexes::{self, Index};
use super::insert::PATIENCE;
use super::selection::{Found, Selection, Wanted};
use super::subtransaction::attempt;
use crate::query::scan;

/// So many keys are kept in memory, at about 20 bytes each.
const MOST_KEYS: u64 = 4_000_000;

/// The most passes over the candidates.
const MOST_PASSES: u64 = 64;

/// Candidates are looked at up to so many times the rows asked for, where several passes are needed.
const MOST_CANDIDATES: u64 = 4;

/// Rows that are there are asked one by one for the keys of candidates where there are more than so
/// many times the rows asked for; fewer are all read.
const READ: u64 = 2;

/// Hashes of keys; of types that have no hash function, of their text.
const OF_VALUES: &str = "pg_catalog.hash_record_extended({}, 0)";
const OF_TEXT: &str = "pg_catalog.hashtextextended({}::pg_catalog.text, 0)";

fn hashes(row: &SpiHeapTupleData) -> pgrx::spi::Result<Option<Vec<Option<i64>>>> {
    row.get::<Vec<Option<i64>>>(1)
}

/// A search for candidates whose keys differ.
pub struct Search<'a> {
    plan: &'a Plan,
    gate: &'a Gate,
    indexes: &'a [Index],
    wanted: Wanted,
    /// The hashes of all keys of a candidate.
    reading: Reading,
    /// How many rows that are there are read, and the query that does.
    read: u64,
    stored: String,
}

impl<'a> Search<'a> {
    pub fn new(
        described: &Described,
        plan: &'a Plan,
        gate: &'a Gate,
        indexes: &'a [Index],
        wanted: Wanted,
    ) -> Self {
        let function = if has_hash(plan, gate, indexes) {
            OF_VALUES
        } else {
            OF_TEXT
        };
        let keys: Vec<String> = indexes.iter().map(|index| index.hash(function)).collect();
        let keys = format!("ARRAY[{}]::pg_catalog.int8[]", keys.join(", "));
        let stored = format!("SELECT {keys} FROM {} t", indexes::relation(described));
        let many = wanted.existing > wanted.rows.saturating_mul(READ);
        let refused = many.then(|| indexes::refused_by_rows(indexes)).flatten();
        let (read, computed, unless) = match refused {
            Some(unless) => (
                0,
                format!("{keys} AS keys, {}", indexes::computed(indexes)),
                unless,
            ),
            None => (wanted.existing, format!("{keys} AS keys"), Vec::new()),
        };
        Self {
            plan,
            gate,
            indexes,
            wanted,
            reading: Reading {
                computed,
                read: "synth_new.keys".to_owned(),
                unless,
            },
            read,
            stored,
        }
    }

    /// How many passes it takes to look at so many candidates.
    fn passes(&self, candidates: u64) -> u64 {
        let keys = self
            .read
            .saturating_add(candidates)
            .saturating_mul(self.indexes.len() as u64);
        keys.div_ceil(MOST_KEYS).max(1)
    }

    /// Whether one pass is enough.
    pub fn fits_into_memory(&self) -> bool {
        self.passes(self.wanted.rows) == 1
    }

    /// The keys of rows that are there, as far as the caller sees them and they are read.
    fn existing(&self, mut read: impl FnMut(Vec<Option<i64>>)) {
        if self.read > 0 {
            scan(&self.stored, |row| {
                if let Some(hashes) = hashes(row)? {
                    read(hashes);
                }
                Ok(())
            });
        }
    }

    /// Takes each candidate whose keys are all new, as the load does.
    pub fn selection(&self) -> Selection {
        let mut taken: Vec<HashSet<i64>> = vec![HashSet::new(); self.indexes.len()];
        self.existing(|hashes| {
            for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                taken.extend(hash);
            }
        });
        let mut refusals = vec![0_u64; self.indexes.len()];
        let mut selection = self
            .wanted
            .through(self.plan, |batch, rows, left, selection| {
                let first = selection.end;
                let most = selection.count + left;
                for (row, keys) in self.gate.select(&self.reading, batch, rows, &hashes) {
                    let mut pairs = keys.iter().zip(&taken);
                    let clash =
                        pairs.position(|(key, taken)| key.is_some_and(|key| taken.contains(&key)));
                    if let Some(index) = clash {
                        refusals[index] += 1;
                    } else if selection.count < most {
                        selection.take(first + row as u64);
                        for (key, taken) in keys.into_iter().zip(&mut taken) {
                            taken.extend(key);
                        }
                    }
                }
            });
        let unless = &self.reading.unless;
        if selection.count < self.wanted.rows && !unless.is_empty() {
            let by_rows = selection.refusals(self.plan, self.gate, &self.reading.computed, unless);
            for (count, by_rows) in refusals.iter_mut().zip(by_rows) {
                *count += by_rows;
            }
        }
        if selection.count < self.wanted.rows {
            selection.refusing = indexes::refusing(self.indexes, &refusals);
        }
        selection
    }

    /// The same for more keys than fit into memory: more candidates until there are enough, or no
    /// new keys come.
    pub fn in_passes(&self) -> Found {
        let rows = self.wanted.rows;
        let mut candidates = rows;
        let mut before: Option<Distinct> = None;
        loop {
            if self.passes(candidates) > MOST_PASSES {
                return Found::AtLeast(before.map_or(0, |found| found.clean));
            }
            let found = self.distinct(candidates);
            if found.clean >= rows {
                return Found::AtLeast(rows);
            }
            let grown = before
                .as_ref()
                .map_or(u64::MAX, |before| found.most.saturating_sub(before.most));
            let looked = found.candidates - before.map_or(0, |before| before.candidates);
            let ended = found.candidates < candidates || grown < looked / PATIENCE;
            if ended && found.most < rows {
                return Found::Room(found.most, self.indexes[found.index].name.clone());
            }
            if ended || candidates >= rows.saturating_mul(MOST_CANDIDATES) {
                return Found::AtLeast(found.clean);
            }
            candidates = candidates.saturating_mul(2);
            before = Some(found);
        }
    }

    /// Counts the keys of so many candidates.
    fn distinct(&self, candidates: u64) -> Distinct {
        let passes = self.passes(candidates);
        let wanted = Wanted {
            rows: candidates,
            ..self.wanted
        };
        let mut counts = vec![0_u64; self.indexes.len()];
        // Whether another candidate has one of its keys before it.
        let mut repeated = FixedBitSet::new();
        let mut seen = 0_u64;
        for pass in 0..passes {
            let is_here = |hash: i64| hash.cast_unsigned() % passes == pass;
            let mut taken: Vec<HashSet<i64>> = vec![HashSet::new(); self.indexes.len()];
            self.existing(|hashes| {
                for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                    taken.extend(hash.filter(|&hash| is_here(hash)));
                }
            });
            let passing = wanted.through(self.plan, |batch, rows, left, selection| {
                let first = selection.end;
                let keys = self.gate.select(&self.reading, batch, rows, &hashes);
                for (row, keys) in keys.into_iter().take(left as usize) {
                    for ((key, taken), count) in keys.into_iter().zip(&mut taken).zip(&mut counts) {
                        let is_new = match key {
                            None => pass == 0,
                            Some(key) if !is_here(key) => continue,
                            Some(key) => taken.insert(key),
                        };
                        if is_new {
                            *count += 1;
                        } else if key.is_some() {
                            repeated.grow_and_insert(selection.count as usize);
                        }
                    }
                    selection.take(first + row as u64);
                }
            });
            seen = passing.count;
        }
        let (index, most) = (0..counts.len())
            .map(|index| (index, counts[index]))
            .min_by_key(|&(_, count)| count)
            .unwrap_or((0, seen));
        Distinct {
            candidates: seen,
            clean: seen - repeated.count_ones(..) as u64,
            most,
            index,
        }
    }
}

/// Whether all that the indexes compare has a hash function.
fn has_hash(plan: &Plan, gate: &Gate, indexes: &[Index]) -> bool {
    let numbered = indexes.iter().enumerate();
    let names: Vec<String> = numbered
        .flat_map(|(number, index)| index.names(number))
        .map(|name| format!("synth_new.{name}"))
        .collect();
    let hash = OF_VALUES.replace("{}", &format!("ROW({})", names.join(", ")));
    let computed = indexes::computed(indexes);
    let no_function = |code| code == ERRCODE_UNDEFINED_FUNCTION;
    attempt(
        || gate.of_nulls(&computed, &hash, plan.written.len()),
        no_function,
    )
    .is_ok()
}

/// What several passes found.
struct Distinct {
    /// So many candidates were looked at.
    candidates: u64,
    /// So many share no key with one before them.
    clean: u64,
    /// So many keys differ under the index that has the fewest: no more rows can be taken.
    most: u64,
    /// That index.
    index: usize,
}
