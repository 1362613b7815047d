//! The ledger: which chunks of which load are committed.
//!
//! It is a table next to the target, written in the same transaction as the rows it tells of, so
//! a load cut at any moment can go on with nothing lost and nothing twice.

use std::ops::Range;

use sha2::{Digest, Sha256};
use synth_engine::domain::{Table, TableOptions};

use crate::reader::BATCH_ROWS;

/// Name of the ledger's table.
pub const TABLE: &str = "synth_ledger";

/// Batches in a chunk: few enough rows to lose little, and enough to make a commit cheap. Random keys
/// touch every page of an index, so that a commit of 20,000 rows costs as much as one of 50,000.
const CHUNK_BATCHES: u64 = 24;

/// Rows in a chunk of a table that has one row a unit.
pub const CHUNK_ROWS: u64 = CHUNK_BATCHES * BATCH_ROWS as u64;

/// How a load is cut: the units of a table that make a batch, and those that make a chunk. Part of a
/// load's identity, so that all loaders of a load cut it alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain {
    /// Units in a batch: about [`BATCH_ROWS`] rows.
    pub batch: u64,
    /// Units in a chunk, which is committed whole.
    pub chunk: u64,
}

impl Grain {
    /// That of a table.
    pub fn of(table: &dyn Table) -> Self {
        let batch = table.fan_out().units_of(BATCH_ROWS as u64);
        Self {
            batch,
            chunk: batch * CHUNK_BATCHES,
        }
    }
}

/// Which edition of the engine's rows this is: raised when a seed comes to mean other rows, so
/// that a load begun before is not finished with rows that do not join.
pub const DATA_EDITION: u32 = 3;

/// Everything that decides what a load writes, and where.
#[derive(Debug, Clone, PartialEq)]
pub struct Load {
    /// The table or generator of the registry.
    pub generator: String,
    /// Seed, date and the table's own parameters.
    pub options: TableOptions,
    /// First unit: a row, or a row of the domain's root.
    pub start: u64,
    /// Number of units.
    pub units: u64,
    /// How it is cut.
    pub grain: Grain,
    /// The target table.
    pub target: String,
}

impl Load {
    /// The units of the load.
    pub fn range(&self) -> Range<u64> {
        self.start..self.start.saturating_add(self.units)
    }

    /// The seed as SQL and people see it: the same 64 bits, signed.
    pub fn signed_seed(&self) -> i64 {
        self.options.seed.cast_signed()
    }

    /// The load's identity: equal for equal loads, on every machine.
    pub fn id(&self) -> String {
        use std::fmt::Write;
        let mut hash = Sha256::new();
        // Lengths first, so that no two loads give the same bytes.
        for text in [&self.generator, &self.target] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text.as_bytes());
        }
        hash.update(self.options.seed.to_be_bytes());
        hash.update(self.options.as_of.to_be_bytes());
        hash.update(self.start.to_be_bytes());
        hash.update(self.units.to_be_bytes());
        hash.update(self.grain.chunk.to_be_bytes());
        hash.update(DATA_EDITION.to_be_bytes());
        for (place, value) in self.options.own.iter().enumerate() {
            if let Some(value) = value {
                hash.update((place as u64).to_be_bytes());
                hash.update(value.to_be_bytes());
            }
        }
        hash.finalize()
            .iter()
            .fold(String::with_capacity(64), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            })
    }

    /// The units that are not yet committed: the gaps that `committed`, ranges in order, leaves in
    /// the load. Chunks are committed whole, so gaps start and end where chunks do.
    pub fn missing(&self, committed: &[Range<u64>]) -> Vec<Range<u64>> {
        let Range { start, end } = self.range();
        let mut out = Vec::new();
        let mut from = start;
        for done in committed {
            if from < done.start {
                out.push(from..done.start);
            }
            from = from.max(done.end);
        }
        if from < end {
            out.push(from..end);
        }
        out
    }
}

/// The chunks of a gap, made one at a time: a load may have more of them than memory holds.
pub fn chunks(gap: Range<u64>, grain: Grain) -> impl Iterator<Item = Range<u64>> {
    crate::load::pieces(gap, grain.chunk)
}

/// Joins ranges that touch; they come in order.
pub(crate) fn merge(ranges: impl IntoIterator<Item = Range<u64>>) -> Vec<Range<u64>> {
    let mut out: Vec<Range<u64>> = Vec::new();
    for range in ranges {
        match out.last_mut() {
            Some(last) if last.end == range.start => last.end = range.end,
            _ => out.push(range),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAIN: Grain = Grain {
        batch: BATCH_ROWS as u64,
        chunk: CHUNK_ROWS,
    };

    fn load() -> Load {
        Load {
            generator: "patients".to_owned(),
            options: TableOptions {
                seed: 42,
                as_of: 20_454,
                ..TableOptions::default()
            },
            start: 5,
            units: 2 * CHUNK_ROWS + 1,
            grain: GRAIN,
            target: "public.patients".to_owned(),
        }
    }

    #[test]
    fn the_identity_is_frozen_and_depends_on_every_part() {
        let base = load();
        assert_eq!(
            base.id(),
            "f789a23a106a1391a27b0487f41c8c866880fe9aec854d09f0f1cc118ce2f403"
        );
        let mut others = vec![base.clone(); 8];
        others[0].generator = "encounters".to_owned();
        others[1].options.seed = 43;
        others[2].options.as_of = 20_455;
        others[3].start = 6;
        others[4].units += 1;
        others[5].target = "public.patients2".to_owned();
        others[6].grain.chunk += 1;
        others[7].options.own[0] = Some(0.5);
        for other in others {
            assert_ne!(other.id(), base.id(), "{other:?}");
        }
    }

    #[test]
    fn chunks_that_are_missing_lie_on_the_same_grid() {
        let load = load();
        let missing = |committed: &[Range<u64>]| -> Vec<Range<u64>> {
            load.missing(committed)
                .into_iter()
                .flat_map(|gap| chunks(gap, GRAIN))
                .collect()
        };
        let all = missing(&[]);
        assert_eq!(all.len(), 3);
        assert_eq!(all[0], 5..5 + CHUNK_ROWS);
        assert_eq!(all[2], 5 + 2 * CHUNK_ROWS..6 + 2 * CHUNK_ROWS);
        let committed = merge([all[1].clone()]);
        assert_eq!(missing(&committed), [all[0].clone(), all[2].clone()]);
        assert!(missing(&merge(all)).is_empty());
    }

    #[test]
    fn the_largest_load_takes_no_memory() {
        let load = Load {
            start: 0,
            units: i64::MAX.unsigned_abs(),
            ..load()
        };
        let committed = merge([0..CHUNK_ROWS, CHUNK_ROWS..2 * CHUNK_ROWS]);
        let gaps = load.missing(&committed);
        assert_eq!(gaps.len(), 1);
        let second = gaps.into_iter().flat_map(|gap| chunks(gap, GRAIN)).nth(1);
        assert_eq!(second, Some(3 * CHUNK_ROWS..4 * CHUNK_ROWS));
    }
}
