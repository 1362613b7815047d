//! Candidates whose keys differ, where only unique indexes refuse rows: the keys are compared
//! without writing them, as the load would.
//!
//! Keys are compared by hashes of 64 bits. As many as fit into memory are looked at in one pass,
//! each candidate taken or refused as the load does. For more, a first pass over the candidates puts
//! all keys into a Bloom filter, which tells those that may come more than once; the second has to
//! remember only these. Both give the same selection.

use std::collections::HashSet;

use fixedbitset::FixedBitSet;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::spi::SpiHeapTupleData;
use synth_engine::fill::Plan;

use super::indexes::{self, Index};
use super::{Selection, Wanted};
use crate::fill::catalog::Described;
use crate::fill::gate::{Gate, Reading};
use crate::fill::insert::PATIENCE;
use crate::fill::subtransaction::attempt;
use crate::query::scan;

/// So many keys are kept in memory, at about 20 bytes each.
const MOST_KEYS: u64 = 4_000_000;

/// So many keys are put into a filter, at 10 to 20 bits each; more where `maintenance_work_mem` has
/// room for them.
const MOST_FILTERED: u64 = 100_000_000;

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
    wanted: Wanted<'a>,
    /// The hashes of all keys of a candidate.
    reading: Reading,
    /// The same of rows that were found before.
    of_found: Reading,
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
        wanted: Wanted<'a>,
    ) -> Self {
        let function = if has_hash(plan, gate, indexes) {
            OF_VALUES
        } else {
            OF_TEXT
        };
        let keys: Vec<String> = indexes.iter().map(|index| index.hash(function)).collect();
        let keys = format!("ARRAY[{}]::pg_catalog.int8[]", keys.join(", "));
        let stored = format!("SELECT {keys} FROM {} t", indexes::relation(described));
        let refused = super::are_asked(wanted)
            .then(|| indexes::refused_by_rows(indexes))
            .flatten();
        let (read, computed, unless) = match refused {
            Some(unless) => (
                0,
                format!("{keys} AS keys, {}", indexes::computed(indexes)),
                unless,
            ),
            None => (wanted.existing, format!("{keys} AS keys"), Vec::new()),
        };
        let read_keys = |computed: String, unless: Vec<String>| Reading {
            computed,
            read: "synth_new.keys".to_owned(),
            unless,
        };
        Self {
            plan,
            gate,
            indexes,
            wanted,
            reading: read_keys(computed, unless),
            of_found: read_keys(format!("{keys} AS keys"), Vec::new()),
            read,
            stored,
        }
    }

    /// So many keys are compared where so many candidates are looked at.
    fn keys(&self, candidates: u64) -> u64 {
        let rows = self.read.saturating_add(super::count(self.wanted.found));
        let rows = rows.saturating_add(candidates);
        rows.saturating_mul(self.indexes.len() as u64)
    }

    /// Takes each candidate whose keys are all new, as the load does; none where there are too many
    /// keys.
    pub fn selection(&self) -> Option<Selection> {
        let mut selection = if self.keys(self.wanted.rows) <= MOST_KEYS {
            self.take(self.wanted, |_, _| true)
        } else {
            self.in_two_passes()?
        };
        if selection.count < self.wanted.rows {
            selection.refuse_by_rows(self.plan, self.gate, self.indexes, &self.reading);
        }
        Some(selection)
    }

    /// The keys of rows that are there, as far as the caller sees them and they are read, and of those
    /// that were found before.
    fn existing(&self, mut read: impl FnMut(Vec<Option<i64>>)) {
        if self.read > 0 {
            scan(&self.stored, |row| {
                if let Some(hashes) = hashes(row)? {
                    read(hashes);
                }
                Ok(())
            });
        }
        for found in self.wanted.found {
            found.read(&self.of_found, &hashes, &mut read);
        }
    }

    /// Takes each candidate whose keys are all new. Only keys that may be repeated are remembered.
    fn take(&self, wanted: Wanted, is_repeated: impl Fn(usize, i64) -> bool) -> Selection {
        let mut taken: Vec<HashSet<i64>> = vec![HashSet::new(); self.indexes.len()];
        let remember = |keys: Vec<Option<i64>>, taken: &mut [HashSet<i64>]| {
            for (index, (key, taken)) in keys.into_iter().zip(taken).enumerate() {
                taken.extend(key.filter(|&key| is_repeated(index, key)));
            }
        };
        self.existing(|keys| remember(keys, &mut taken));
        wanted.through(self.plan, |candidates, left, selection| {
            let first = selection.end;
            let most = selection.count + left;
            for (row, keys) in self.gate.select(&self.reading, candidates, &hashes) {
                let mut pairs = keys.iter().zip(&taken);
                let clash =
                    pairs.position(|(key, taken)| key.is_some_and(|key| taken.contains(&key)));
                if let Some(index) = clash {
                    selection.refuse(&self.indexes[index].name, 1);
                } else if selection.count < most {
                    selection.take(first + row as u64);
                    remember(keys, &mut taken);
                }
            }
        })
    }

    /// The same for more keys than fit into memory: a first pass finds those that may be repeated, so
    /// that the second has to remember few.
    fn in_two_passes(&self) -> Option<Selection> {
        let mut candidates = self.wanted.rows;
        loop {
            let keys = self.keys(candidates);
            if keys > MOST_FILTERED.max(super::memory(0).saturating_mul(8) / 20) {
                return None;
            }
            let mut repeated: Vec<HashSet<i64>> = vec![HashSet::new(); self.indexes.len()];
            let mut filter = Filter::new(keys);
            let mut are_few = true;
            let mut note = |keys: Vec<Option<i64>>| {
                for (index, (key, repeated)) in keys.into_iter().zip(&mut repeated).enumerate() {
                    repeated.extend(key.filter(|&key| filter.add(index, key)));
                }
                repeated.iter().map(HashSet::len).sum::<usize>() as u64 <= MOST_KEYS
            };
            self.existing(|keys| are_few = are_few && note(keys));
            let all = Wanted {
                rows: candidates,
                ..self.wanted
            };
            let looked = all.through(self.plan, |candidates, left, looked| {
                if !are_few {
                    return;
                }
                let first = looked.end;
                let passing = self.gate.select(&self.reading, candidates, &hashes);
                for (row, keys) in passing.into_iter().take(left as usize) {
                    looked.take(first + row as u64);
                    are_few = are_few && note(keys);
                }
            });
            drop(filter);
            if !are_few {
                return None;
            }
            let seen = Wanted {
                end: looked.end,
                ..self.wanted
            };
            let selection = self.take(seen, |index, key| repeated[index].contains(&key));
            let missing = self.wanted.rows - selection.count;
            // There is nothing more to look at, or nothing more was found for long.
            if missing == 0 || looked.count < candidates || selection.end < looked.end {
                return Some(selection);
            }
            candidates = candidates.saturating_add(missing.saturating_mul(2).max(PATIENCE));
        }
    }
}

/// A Bloom filter: Burton H. Bloom, Space/time trade-offs in hash coding with allowable errors
/// (1970). With ten bits a key and more, and four of them set, it takes one key in a hundred or fewer
/// for one that was there.
struct Filter {
    bits: FixedBitSet,
}

impl Filter {
    fn new(keys: u64) -> Self {
        let bits = keys.saturating_mul(10).next_power_of_two();
        Self {
            bits: FixedBitSet::with_capacity(bits as usize),
        }
    }

    /// Adds a key of an index; whether it may have been there.
    fn add(&mut self, index: usize, key: i64) -> bool {
        let mixed = (key.cast_unsigned() ^ index as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let step = mixed.rotate_left(32) | 1;
        let places = (0..4).map(|turn| mixed.wrapping_add(step.wrapping_mul(turn)));
        let last = self.bits.len() as u64 - 1;
        let mut there = true;
        for place in places {
            there &= self.bits.put((place & last) as usize);
        }
        there
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
        || gate.of_nulls(&computed, &hash, plan.written.len(), |_| Ok(None::<()>)),
        no_function,
    )
    .is_ok()
}
