//! A value generator as a table of one column.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::{RecordBatch, RecordBatchOptions};

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

    fn project(&self, rows: Range<u64>, columns: &[usize]) -> Result<RecordBatch> {
        let length = check_range(&rows)?;
        let schema = Arc::new(self.spec.arrow_schema().project(columns)?);
        let entropy: Vec<u64> = if columns.is_empty() {
            Vec::new()
        } else {
            rows.map(|row| self.stream.draw(row)).collect()
        };
        let values = columns.iter().map(|_| self.bound.values(&entropy));
        let options = RecordBatchOptions::new().with_row_count(Some(length));
        Ok(RecordBatch::try_new_with_options(
            schema,
            values.collect(),
            &options,
        )?)
    }
}
