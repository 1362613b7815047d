//! What a database must offer to be written to.

use std::ops::Range;

use arrow_array::RecordBatch;
use async_trait::async_trait;
use synth_engine::schema::{ColumnSpec, TableSpec};
use tokio::sync::mpsc;

use crate::error::{ColumnDifference, Error, Result};
use crate::ledger::Load;

/// What was found when a table was prepared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prepared {
    /// The table was not there and is now.
    Created,
    /// The table was there, with equal columns.
    Existing,
}

/// What became of a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkOutcome {
    /// Rows and ledger entry are committed.
    Written,
    /// Another loader of the same load had committed it; nothing was written.
    AlreadyThere,
}

/// The batches of a chunk, as they are generated.
pub struct ChunkBatches<'a> {
    source: &'a mut mpsc::Receiver<Result<RecordBatch>>,
    left: usize,
    rows: u64,
}

impl<'a> ChunkBatches<'a> {
    /// The next so many batches of a channel.
    pub fn new(source: &'a mut mpsc::Receiver<Result<RecordBatch>>, left: usize) -> Self {
        Self {
            source,
            left,
            rows: 0,
        }
    }

    /// The next batch, or nothing at the chunk's end.
    pub async fn next(&mut self) -> Option<Result<RecordBatch>> {
        self.left = self.left.checked_sub(1)?;
        // A channel that ends early is a generator that died.
        let batch = self.source.recv().await.unwrap_or(Err(Error::Thread));
        if let Ok(batch) = &batch {
            self.rows += batch.num_rows() as u64;
        }
        Some(batch)
    }

    /// How many rows have been given out.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

/// Writes chunks of rows, each in one transaction with its ledger entry.
#[async_trait]
pub trait Writer: Send {
    /// Creates the table and the ledger if absent, else compares columns.
    async fn prepare(&mut self, load: &Load, spec: &TableSpec) -> Result<Prepared>;

    /// The ranges of rows of this load that are committed, in order.
    async fn committed(&mut self, load: &Load) -> Result<Vec<Range<u64>>>;

    /// Commits the rows of a chunk together with its ledger entry, or neither.
    async fn write(
        &mut self,
        load: &Load,
        chunk: Range<u64>,
        batches: &mut ChunkBatches<'_>,
    ) -> Result<ChunkOutcome>;

    /// Ends the connection in good order.
    async fn close(self: Box<Self>) -> Result<()>;
}

/// Whether a table can carry this name, of at most `limit` bytes.
pub(crate) fn check_name(name: &str, limit: usize) -> Result<()> {
    let problem = if name.is_empty() {
        "it is empty".to_owned()
    } else if name.len() > limit {
        format!("it has {} bytes, at most {limit} are possible", name.len())
    } else if name.chars().any(char::is_control) {
        "it holds a control character".to_owned()
    } else if name.eq_ignore_ascii_case(crate::ledger::TABLE) {
        "it is the name of the ledger of loads".to_owned()
    } else {
        return Ok(());
    };
    Err(Error::TableName { problem })
}

/// A column of a table that exists.
pub(crate) struct FoundColumn {
    pub name: String,
    pub sql_type: String,
    pub not_null: bool,
}

/// How a table that exists differs from what is needed; the order of columns does not matter.
pub(crate) fn differences(
    expected: &[ColumnSpec],
    sql_type: impl Fn(&ColumnSpec) -> &'static str,
    found: &[FoundColumn],
) -> Vec<ColumnDifference> {
    let mut out = Vec::new();
    for column in expected {
        let expected_type = sql_type(column);
        match found.iter().find(|f| f.name == column.name) {
            None => out.push(ColumnDifference::Missing {
                column: column.name.clone(),
                expected: expected_type.to_owned(),
            }),
            Some(f) if !f.sql_type.eq_ignore_ascii_case(expected_type) => {
                out.push(ColumnDifference::Type {
                    column: column.name.clone(),
                    expected: expected_type.to_owned(),
                    found: f.sql_type.clone(),
                });
            }
            Some(f) if f.not_null && column.nullable => out.push(ColumnDifference::NotNull {
                column: column.name.clone(),
            }),
            Some(_) => {}
        }
    }
    for f in found {
        if !expected.iter().any(|column| column.name == f.name) {
            out.push(ColumnDifference::Unexpected {
                column: f.name.clone(),
                found: f.sql_type.clone(),
            });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use synth_engine::schema::ColumnType;

    #[test]
    fn every_sort_of_difference_is_told() {
        let expected = [
            ColumnSpec::new("a", ColumnType::BigInt, ""),
            ColumnSpec::new("b", ColumnType::Text, ""),
            ColumnSpec::new("c", ColumnType::Text, "").nullable(),
            ColumnSpec::new("d", ColumnType::Text, ""),
        ];
        let found = |name: &str, sql_type: &str, not_null| FoundColumn {
            name: name.to_owned(),
            sql_type: sql_type.to_owned(),
            not_null,
        };
        let found = [
            found("d", "text", true),
            found("c", "text", true),
            found("b", "integer", false),
            found("e", "text", false),
        ];
        let text: Vec<String> = differences(&expected, |c| c.column_type.sql(), &found)
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            text,
            [
                "- a bigint is missing",
                "~ b is integer, should be text",
                "~ c is NOT NULL, should allow NULL",
                "+ e text is not expected",
            ]
        );
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for name in ["", "a\0b", "line\nbreak", "SYNTH_LEDGER", &"x".repeat(64)] {
            assert!(check_name(name, 63).is_err(), "{name:?}");
        }
        assert!(check_name("x\"; drop table y", 63).is_ok());
    }
}
