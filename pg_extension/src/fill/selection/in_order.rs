//! Candidates that exclusion constraints take, found in memory: what they compare are intervals,
//! which are kept in order, so that those a candidate has points in common with are next to it.
//! Where an interval does not tell all, as of circles, the operators of the constraint are asked about
//! these.

use std::collections::{BTreeMap, HashSet};

use pgrx::IntoDatum;
use pgrx::pg_sys;
use pgrx::spi::{Result, SpiHeapTupleData};
use synth_engine::fill::Plan;

use super::indexes::{self, Index};
use super::interval::{Ends, Interval, intervals};
use super::{Selection, Wanted};
use crate::boundary::check_for_interrupts;
use crate::fill::catalog::Described;
use crate::fill::gate::{Gate, Reading};
use crate::query::{query, scan, with_settings};
use crate::scratch::freed;

/// So much memory is taken where `maintenance_work_mem` is less, in bytes.
const MEMORY: u64 = 1 << 27;

/// What a row takes for one index, at most, in bytes.
const EXACT: u64 = 100;
const WITH_TEXTS: u64 = 400;

/// So many candidates are looked at together, and so many pairs of rows compared by one query.
const TOGETHER: usize = 64;
const PAIRS: usize = 16_384;

/// What an index compares of a row; none if it lets it pass.
type Key = Option<Compared>;

#[derive(Clone)]
struct Compared {
    key: i64,
    low: i64,
    high: i64,
    rest: Rest,
}

/// What else there is to compare where intervals do not tell all.
#[derive(Clone)]
struct Rest {
    /// The ends in a second direction.
    across: (i64, i64),
    texts: Box<[String]>,
}

/// The rows that are taken, as one index has them in order.
#[derive(Default)]
struct Taken {
    /// By key, width in bits, beginning and number: among intervals of like width those that have a
    /// point in common with another begin near it.
    rows: BTreeMap<(i64, u32, i64, u64), (i64, Rest)>,
    /// The widths that there are, a bit for each.
    widths: u128,
}

impl Taken {
    fn add(&mut self, row: Compared, number: u64) {
        let width = i64::abs_diff(row.high, row.low);
        let bits = u64::BITS - width.leading_zeros();
        self.widths |= 1 << bits;
        let place = (row.key, bits, row.low, number);
        self.rows.insert(place, (row.high, row.rest));
    }

    /// Those that have points in common with a row: their numbers and texts.
    fn beside(&self, row: &Compared) -> impl Iterator<Item = (u64, &[String])> {
        let (key, low, high) = (row.key, row.low, row.high);
        let across = row.rest.across;
        let widths = (0..=u64::BITS).filter(|bits| self.widths & (1 << bits) != 0);
        widths.flat_map(move |bits| {
            let widest = 1_u64.checked_shl(bits).map_or(u64::MAX, |width| width - 1);
            let from = low.saturating_sub_unsigned(widest);
            let near = self
                .rows
                .range((key, bits, from, 0)..=(key, bits, high, u64::MAX));
            near.filter(move |(_, (end, rest))| {
                *end >= low && rest.across.0 <= across.1 && rest.across.1 >= across.0
            })
            .map(|(&(_, _, _, number), (_, rest))| (number, &*rest.texts))
        })
    }
}

/// Places of candidates that conflict with an earlier one, the place of that, and for which index.
type Conflicts = BTreeMap<(usize, usize), usize>;

/// A search for candidates that conflict neither with each other nor with rows that are there.
pub struct Search<'a> {
    plan: &'a Plan,
    gate: &'a Gate,
    indexes: &'a [Index],
    intervals: Vec<Interval>,
    wanted: Wanted<'a>,
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
        wanted: Wanted<'a>,
    ) -> Self {
        let intervals = intervals(plan, gate, indexes);
        let computed = indexes::computed(indexes);
        let null = || "NULL".to_owned();
        let (mut counts, mut numbers) = (Vec::new(), Vec::new());
        for interval in &intervals {
            let (exact, near) = match &interval.ends {
                Ends::Exact(ends) => (ends.clone(), [(); 4].map(|()| null())),
                Ends::Near(ends) => ([(); 2].map(|()| null()), ends.clone()),
            };
            counts.push(interval.key.clone());
            counts.extend(exact);
            numbers.extend(near);
        }
        let (counts, numbers) = (counts.join(", "), numbers.join(", "));
        let texts = intervals.iter().flat_map(|interval| interval.texts.clone());
        let texts: Vec<String> = texts.collect();
        let texts = texts.join(", ");
        let read = format!(
            "ARRAY[{counts}]::pg_catalog.int8[], ARRAY[{numbers}]::pg_catalog.float8[],
             ARRAY[{texts}]::pg_catalog.text[]"
        );
        let stored = format!(
            "SELECT {read} FROM (SELECT {computed} FROM {} t) synth_new",
            indexes::relation(described)
        );
        let asked = super::are_asked(wanted)
            .then(|| indexes::refused_by_rows(indexes))
            .flatten();
        Self {
            plan,
            gate,
            indexes,
            intervals,
            read: if asked.is_some() { 0 } else { wanted.existing },
            wanted,
            reading: Reading {
                computed,
                read,
                unless: asked.unwrap_or_default(),
            },
            stored,
        }
    }

    /// Whether intervals tell all that is compared.
    pub fn is_exact(&self) -> bool {
        self.intervals.iter().all(Interval::is_exact)
    }

    /// Whether all rows find room in memory.
    pub fn fits(&self) -> bool {
        let rows = self
            .read
            .saturating_add(self.wanted.rows)
            .saturating_add(super::count(self.wanted.found));
        let bytes = self.intervals.iter().map(|interval| match interval.ends {
            Ends::Exact(_) => EXACT,
            Ends::Near(_) => WITH_TEXTS,
        });
        rows.saturating_mul(bytes.sum()) <= super::memory(MEMORY)
    }

    /// What the indexes compare of a row.
    fn keys(&self, row: &SpiHeapTupleData) -> Result<Option<Vec<Key>>> {
        let counts: Vec<Option<i64>> = row.get(1)?.unwrap_or_default();
        let numbers: Vec<Option<f64>> = row.get(2)?.unwrap_or_default();
        let mut texts = row
            .get::<Vec<Option<String>>>(3)?
            .unwrap_or_default()
            .into_iter();
        let keys = self.intervals.iter().enumerate().map(|(number, interval)| {
            let texts = texts.by_ref().take(interval.texts.len());
            let texts = texts.map(Option::unwrap_or_default).collect();
            let count = |place: usize| counts.get(3 * number + place).copied().flatten();
            let end = |place: usize| {
                let end = numbers.get(4 * number + place).copied().flatten();
                end.map(in_order)
            };
            let (low, high, across) = match interval.ends {
                Ends::Exact(_) => (count(1)?, count(2)?, (0, 0)),
                Ends::Near(_) => (end(0)?, end(1)?, (end(2)?, end(3)?)),
            };
            Some(Compared {
                key: count(0)?,
                low,
                high,
                rest: Rest { across, texts },
            })
        });
        Ok(Some(keys.collect()))
    }

    /// Takes each candidate that conflicts with none before it.
    pub fn selection(&self) -> Selection {
        // Texts have to tell numbers as they are.
        with_settings(&[(c"extra_float_digits", c"3")], || self.select())
    }

    fn select(&self) -> Selection {
        let mut taken: Vec<Taken> = self.indexes.iter().map(|_| Taken::default()).collect();
        let mut number = 0;
        let mut take = |keys: &[Key], taken: &mut [Taken]| {
            for (key, taken) in keys.iter().zip(taken) {
                if let Some(key) = key {
                    taken.add(key.clone(), number);
                }
            }
            number += 1;
        };
        if self.read > 0 {
            scan(&self.stored, |row| {
                if let Some(keys) = self.keys(row)? {
                    take(&keys, &mut taken);
                }
                Ok(())
            });
        }
        let of_found = Reading {
            unless: Vec::new(),
            ..self.reading.clone()
        };
        let read = |row: &SpiHeapTupleData| self.keys(row);
        for found in self.wanted.found {
            found.read(&of_found, &read, |keys| take(&keys, &mut taken));
        }
        let mut selection = self
            .wanted
            .through(self.plan, |candidates, left, selection| {
                let first = selection.end;
                let most = selection.count + left;
                let passing = self.gate.select(&self.reading, candidates, &read);
                for together in passing.chunks(TOGETHER) {
                    let (mut refusing, conflicts) = self.judge(together, &taken);
                    let mut arrived: HashSet<usize> = HashSet::new();
                    for (place, (row, keys)) in together.iter().enumerate() {
                        let with = conflicts.range((place, 0)..(place + 1, 0));
                        let mut with = with.filter(|((_, other), _)| arrived.contains(other));
                        let refused = refusing[place]
                            .take()
                            .or_else(|| with.next().map(|(_, index)| *index))
                            .or_else(|| self.refused_exactly(keys, &taken));
                        if let Some(index) = refused {
                            selection.refuse(&self.indexes[index].name, 1);
                        } else if selection.count < most {
                            arrived.insert(place);
                            selection.take(first + *row as u64);
                            take(keys, &mut taken);
                        }
                    }
                }
            });
        if selection.count < self.wanted.rows {
            selection.refuse_by_rows(self.plan, self.gate, self.indexes, &self.reading);
        }
        selection
    }

    /// The index that refuses a row for those that are taken, of those whose intervals tell all.
    fn refused_exactly(&self, keys: &[Key], taken: &[Taken]) -> Option<usize> {
        let mut pairs = keys.iter().zip(taken).zip(&self.intervals);
        pairs.position(|((key, taken), interval)| {
            let mut beside = key.iter().flat_map(|key| taken.beside(key));
            interval.is_exact() && beside.next().is_some()
        })
    }

    /// The index that refuses each of some candidates for rows that are taken; and for which index
    /// others conflict with one of those before.
    fn judge(
        &self,
        candidates: &[(usize, Vec<Key>)],
        taken: &[Taken],
    ) -> (Vec<Option<usize>>, Conflicts) {
        let mut conflicts = Conflicts::new();
        let refused = candidates.iter();
        let mut refused: Vec<Option<usize>> = refused
            .map(|(_, keys)| self.refused_exactly(keys, taken))
            .collect();
        for (index, (interval, taken)) in self.intervals.iter().zip(taken).enumerate() {
            if interval.is_exact() {
                continue;
            }
            let left = |refused: &[Option<usize>]| {
                let left = candidates.iter().zip(refused).enumerate();
                let left = left.filter(|(_, (_, refused))| refused.is_none());
                let left = left.filter_map(|(place, ((_, keys), _))| {
                    keys[index].as_ref().map(|key| (place, key))
                });
                left.collect::<Vec<_>>()
            };
            // Most are refused by one of the first rows that are asked.
            let mut some = 4;
            let mut asked: Vec<(usize, &Compared, Vec<&[String]>)> = left(&refused)
                .into_iter()
                .map(|(place, key)| {
                    let beside = taken.beside(key).map(|(_, texts)| texts);
                    (place, key, beside.collect())
                })
                .collect();
            while !asked.is_empty() {
                check_for_interrupts();
                let mut pairs = Pairs::new(interval);
                for (place, key, beside) in &mut asked {
                    for texts in beside.split_off(beside.len().saturating_sub(some)) {
                        pairs.add(*place, &key.rest.texts, 0, texts);
                    }
                }
                for (place, _) in pairs.conflicts() {
                    refused[place] = Some(index);
                }
                asked.retain(|(place, _, beside)| refused[*place].is_none() && !beside.is_empty());
                some = (some * 4).min(PAIRS / TOGETHER);
            }
            let mut pairs = Pairs::new(interval);
            let mut before = Taken::default();
            for (place, key) in left(&refused) {
                for (other, texts) in before.beside(key) {
                    pairs.add(place, &key.rest.texts, other as usize, texts);
                }
                before.add(key.clone(), place as u64);
            }
            conflicts.extend(pairs.conflicts().into_iter().map(|pair| (pair, index)));
        }
        (refused, conflicts)
    }
}

/// Pairs of rows of which the operators of an index are asked.
struct Pairs<'a> {
    interval: &'a Interval,
    /// One and the other, by place.
    places: Vec<(usize, usize)>,
    /// What is compared of them: one's, then the other's, for each element.
    texts: Vec<[Vec<String>; 2]>,
}

impl<'a> Pairs<'a> {
    fn new(interval: &'a Interval) -> Self {
        Self {
            interval,
            places: Vec::new(),
            texts: interval.texts.iter().map(|_| Default::default()).collect(),
        }
    }

    fn add(&mut self, place: usize, mine: &[String], other: usize, others: &[String]) {
        self.places.push((place, other));
        for ((texts, mine), other) in self.texts.iter_mut().zip(mine).zip(others) {
            texts[0].push(mine.clone());
            texts[1].push(other.clone());
        }
    }

    /// The pairs that conflict.
    fn conflicts(self) -> Vec<(usize, usize)> {
        if self.places.is_empty() {
            return Vec::new();
        }
        let count = self.texts.len();
        let arrays: Vec<String> = (1..=2 * count)
            .map(|number| format!("pg_catalog.unnest(${number})"))
            .collect();
        let names: Vec<String> = (0..count)
            .flat_map(|place| [format!("mine{place}"), format!("other{place}")])
            .collect();
        let sql = format!(
            "SELECT v.pair FROM ROWS FROM ({}) WITH ORDINALITY v ({}, pair) WHERE {}",
            arrays.join(", "),
            names.join(", "),
            self.interval.conflict
        );
        let texts = self.texts.into_iter().flatten();
        freed(|| {
            let parameters: Vec<_> = texts
                .map(|texts| (pg_sys::TEXTARRAYOID, texts.into_datum()))
                .collect();
            query(&sql, &parameters, |row| row.get::<i64>(1))
        })
        .into_iter()
        .map(|pair| self.places[(pair - 1) as usize])
        .collect()
    }
}

/// A number as a count that is in the same order.
fn in_order(number: f64) -> i64 {
    // Zero has one count, whatever its sign.
    let bits = (number + 0.0).to_bits().cast_signed();
    bits ^ (((bits >> 63).cast_unsigned() >> 1).cast_signed())
}
