//! Linked tables of a field, one folder per domain and one file per table.

pub mod healthcare;
pub mod population;
mod single;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::calendar::REFERENCE_DATE;
use crate::error::{Error, Result};
use crate::registry::{self, Entry, Kind};
use crate::schema::TableSpec;

/// The largest row number of any table.
pub const LAST_ROW: u64 = i64::MAX.unsigned_abs();

/// A generated table: rows are a function of their number (law 2).
///
/// `rows(a..c)` equals `rows(a..b)` followed by `rows(b..c)`, so a load can be split, resumed and
/// spread over threads.
pub trait Table: Send + Sync {
    /// Columns and constraints.
    fn spec(&self) -> &TableSpec;

    /// The rows of a range, as Arrow columns in the order of [`Self::spec`].
    ///
    /// Memory is in proportion to the range: callers ask for some thousands of rows at a time.
    fn batch(&self, rows: Range<u64>) -> Result<RecordBatch> {
        let all: Vec<usize> = (0..self.spec().columns.len()).collect();
        self.project(rows, &all)
    }

    /// The same rows with some columns only, given by their places in [`Self::spec`], in this order.
    /// A column does not depend on which others are asked for: `project(rows, columns)` equals
    /// `batch(rows)` projected, and takes only the time that the columns need. Without columns it is
    /// a batch that has a number of rows and nothing else.
    fn project(&self, rows: Range<u64>, columns: &[usize]) -> Result<RecordBatch>;
}

/// What decides the content of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TableOptions {
    /// Seed: the same seed gives the same rows.
    pub seed: u64,
    /// The last day that the data may mention, in days since 1970-01-01.
    pub as_of: i32,
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            as_of: REFERENCE_DATE,
        }
    }
}

/// Registry entries of the tables.
pub static ENTRIES: &[Entry] = &[healthcare::patients::ENTRY];

/// The table, or the generator as a table of one column, of this name.
pub fn table(name: &str, options: &TableOptions) -> Result<Arc<dyn Table>> {
    match name {
        "patients" => Ok(Arc::new(healthcare::patients::Patients::new(options)?)),
        _ => match crate::generator::find(name) {
            Ok(generator) => Ok(Arc::new(single::SingleColumn::new(generator, options)?)),
            Err(_) => Err(Error::Unknown {
                kind: "table",
                name: name.to_owned(),
                known: format!(
                    "{}; as a table of one column: {}",
                    registry::names(Kind::Table),
                    registry::names(Kind::Generator)
                ),
            }),
        },
    }
}

/// Checks that a range of rows ends at [`LAST_ROW`] or before.
pub(crate) fn check_range(rows: &Range<u64>) -> Result<usize> {
    let length = rows.end.saturating_sub(rows.start);
    if rows.end > LAST_ROW + 1 {
        return Err(Error::RowRange {
            start: rows.start,
            end: rows.end,
            last: LAST_ROW,
        });
    }
    usize::try_from(length).map_err(|_| Error::RowRange {
        start: rows.start,
        end: rows.end,
        last: LAST_ROW,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_name() -> Vec<&'static str> {
        registry::entries()
            .filter(|e| match e.kind {
                Kind::Table => true,
                Kind::Generator => e.parameters.iter().all(|p| p.default.is_some()),
                Kind::Mask => false,
            })
            .map(|e| e.name)
            .collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// Law 2 for every table, near the start and far from it.
        #[test]
        fn rows_are_seekable(
            seed: u64,
            start in prop_oneof![0_u64..100, (1_u64 << 40)..(1 << 41), Just(LAST_ROW - 70)],
            length in 0_u64..64,
            cut in 0_u64..64,
        ) {
            let cut = start + cut.min(length);
            let end = start + length;
            for name in every_name() {
                let options = TableOptions { seed, ..Default::default() };
                let whole = table(name, &options)?.batch(start..end)?;
                let again = table(name, &options)?;
                let (head, tail) = (again.batch(start..cut)?, again.batch(cut..end)?);
                let joined = usize::try_from(cut - start).unwrap();
                prop_assert_eq!(whole.num_rows(), usize::try_from(length).unwrap());
                prop_assert_eq!(&whole.slice(0, joined), &head, "{}", name);
                prop_assert_eq!(&whole.slice(joined, tail.num_rows()), &tail, "{}", name);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        /// A column is the same whichever others are made with it, in whatever order.
        #[test]
        fn columns_do_not_depend_on_each_other(
            seed: u64,
            start in prop_oneof![0_u64..100, (1_u64 << 40)..(1 << 41)],
            length in 0_u64..48,
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 0..6),
        ) {
            for name in every_name() {
                let table = table(name, &TableOptions { seed, ..Default::default() })?;
                let columns: Vec<usize> =
                    picks.iter().map(|pick| pick.index(table.spec().columns.len())).collect();
                let rows = start..start + length;
                let whole = table.batch(rows.clone())?.project(&columns)?;
                prop_assert_eq!(table.project(rows, &columns)?, whole, "{}", name);
            }
        }
    }

    #[test]
    fn each_column_alone_is_that_of_the_whole() {
        for name in every_name() {
            let table = table(name, &TableOptions::default()).unwrap();
            let whole = table.batch(0..500).unwrap();
            for (index, column) in table.spec().columns.iter().enumerate() {
                let alone = table.project(0..500, &[index]).unwrap();
                assert_eq!(
                    alone.column(0),
                    whole.column(index),
                    "{name}.{}",
                    column.name
                );
            }
            assert_eq!(
                table.project(0..500, &[]).unwrap().num_rows(),
                500,
                "{name}"
            );
        }
    }

    #[test]
    fn specs_describe_the_batches() {
        for name in every_name() {
            let table = table(name, &TableOptions::default()).unwrap();
            let batch = table.batch(0..100).unwrap();
            assert_eq!(batch.schema(), table.spec().arrow_schema(), "{name}");
            for (column, array) in table.spec().columns.iter().zip(batch.columns()) {
                assert!(column.nullable || arrow_array::Array::null_count(array) == 0);
                assert!(!column.comment.is_empty(), "{name}.{}", column.name);
            }
        }
    }

    #[test]
    fn seeds_give_different_rows() {
        for name in every_name() {
            let [a, b] = [1, 2].map(|seed| {
                table(
                    name,
                    &TableOptions {
                        seed,
                        ..Default::default()
                    },
                )
                .unwrap()
                .batch(0..50)
                .unwrap()
            });
            assert_ne!(a, b, "{name}");
        }
    }

    #[test]
    fn out_of_range_is_an_error() {
        let patients = table("patients", &TableOptions::default()).unwrap();
        assert!(matches!(
            patients.batch(LAST_ROW..LAST_ROW + 2),
            Err(Error::RowRange { .. })
        ));
        assert!(matches!(
            table("patient", &TableOptions::default()).map(|_| ()),
            Err(Error::Unknown { .. })
        ));
        let early = TableOptions {
            as_of: i32::MIN,
            ..Default::default()
        };
        assert!(matches!(
            table("patients", &early).map(|_| ()),
            Err(Error::Argument { .. })
        ));
    }
}
