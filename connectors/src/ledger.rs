//! The ledger: which chunks of which load are committed.
//!
//! It is a table next to the target, written in the same transaction as the rows it tells of, so
//! a load cut at any moment can go on with nothing lost and nothing twice.

use std::ops::Range;

use sha2::{Digest, Sha256};
use synth_engine::domain::TableOptions;

/// Name of the ledger's table.
pub const TABLE: &str = "synth_ledger";

/// Rows in a chunk: few enough to lose little, and enough to make a commit cheap. Random keys touch
/// every page of an index, so that a commit of 20,000 rows costs as much as one of 50,000. Part of
/// a load's identity, so that all loaders of a load cut it alike.
pub const CHUNK_ROWS: u64 = 24 * 2_048;

/// Which edition of the engine's rows this is: raised when a seed comes to mean other rows, so
/// that a load begun before is not finished with rows that do not join.
pub const DATA_EDITION: u32 = 2;

/// Everything that decides what a load writes, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    /// The table or generator of the registry.
    pub generator: String,
    /// Seed and date.
    pub options: TableOptions,
    /// First row.
    pub start: u64,
    /// Number of rows.
    pub rows: u64,
    /// The target table.
    pub target: String,
}

impl Load {
    /// The rows of the load.
    pub fn range(&self) -> Range<u64> {
        self.start..self.start.saturating_add(self.rows)
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
        hash.update(self.rows.to_be_bytes());
        hash.update(CHUNK_ROWS.to_be_bytes());
        hash.update(DATA_EDITION.to_be_bytes());
        hash.finalize()
            .iter()
            .fold(String::with_capacity(64), |mut out, byte| {
                let _ = write!(out, "{byte:02x}");
                out
            })
    }

    /// The rows that are not yet committed: the gaps that `committed`, ranges in order, leaves in
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
pub fn chunks(gap: Range<u64>) -> impl Iterator<Item = Range<u64>> {
    crate::load::pieces(gap, CHUNK_ROWS)
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

    fn load() -> Load {
        Load {
            generator: "patients".to_owned(),
            options: TableOptions {
                seed: 42,
                as_of: 20_454,
            },
            start: 5,
            rows: 2 * CHUNK_ROWS + 1,
            target: "public.patients".to_owned(),
        }
    }

    #[test]
    fn the_identity_is_frozen_and_depends_on_every_part() {
        let base = load();
        assert_eq!(
            base.id(),
            "84290940432332d19f22f38622543b8a27393ea6b1f3ea5d799d61803c8cd67f"
        );
        let mut others = vec![base.clone(); 6];
        others[0].generator = "encounters".to_owned();
        others[1].options.seed = 43;
        others[2].options.as_of = 20_455;
        others[3].start = 6;
        others[4].rows += 1;
        others[5].target = "public.patients2".to_owned();
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
                .flat_map(chunks)
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
            rows: i64::MAX.unsigned_abs(),
            ..load()
        };
        let committed = merge([0..CHUNK_ROWS, CHUNK_ROWS..2 * CHUNK_ROWS]);
        let gaps = load.missing(&committed);
        assert_eq!(gaps.len(), 1);
        let second = gaps.into_iter().flat_map(chunks).nth(1);
        assert_eq!(second, Some(3 * CHUNK_ROWS..4 * CHUNK_ROWS));
    }
}
