//! A value generator as a table of one column.

use std::ops::Range;

use arrow_array::RecordBatch;

use super::{Table, TableOptions, check_range};
use crate::entropy::Stream;
use crate::error::Result;
use crate::generator::{Bound, Generator};
use crate::schema::{ColumnSpec, ColumnType, TableSpec};

/// One generator, one column of the same name.
pub(super) struct SingleColumn {
    bound: Bound,
    spec: TableSpec,
    stream: Stream,
}

impl SingleColumn {
    pub(super) fn new(generator: &'static Generator, options: &TableOptions) -> Result<Self> {
        let entry = &generator.entry;
        let output = entry.output.unwrap_or(ColumnType::Text);
        Ok(Self {
            bound: generator.bind(&[])?,
            spec: TableSpec {
                name: entry.name.to_owned(),
                columns: vec![ColumnSpec::new(entry.name, output, entry.summary)],
                constraints: Vec::new(),
                comment: entry.summary.to_owned(),
            },
            stream: Stream::new(options.seed, entry.name, entry.name),
        })
    }
}

impl Table for SingleColumn {
    fn spec(&self) -> &TableSpec {
        &self.spec
    }

    fn batch(&self, rows: Range<u64>) -> Result<RecordBatch> {
        check_range(&rows)?;
        let entropy: Vec<u64> = rows.map(|row| self.stream.draw(row)).collect();
        let values = self.bound.values(&entropy);
        Ok(RecordBatch::try_new(
            self.spec.arrow_schema(),
            vec![values],
        )?)
    }
}
