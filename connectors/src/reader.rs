//! What a database must offer to be read from.

use arrow_array::RecordBatch;
use async_trait::async_trait;
use futures::stream::BoxStream;
use synth_engine::schema::TableSpec;

use crate::error::Result;

/// Rows in a batch: a batch of this size stays in the processor's cache.
pub const BATCH_ROWS: usize = 2_048;

/// Batches of a table, in order.
pub type BatchStream<'a> = BoxStream<'a, Result<RecordBatch>>;

/// Reads tables, in a transaction that the database itself keeps from writing.
#[async_trait]
pub trait Reader: Send {
    /// Columns and constraints of a table, from the catalog.
    ///
    /// Column types without a counterpart in [`synth_engine::schema::ColumnType`] are described
    /// as text, and read in the database's text form.
    async fn describe(&mut self, table: &str) -> Result<TableSpec>;

    /// The table's rows in the order of the primary key (in no order without one), in batches of
    /// at most [`BATCH_ROWS`]. Memory does not grow with the table.
    ///
    /// `spec` gives the columns to read and the types to read them as; it comes from
    /// [`Self::describe`], or from whoever wrote the table.
    fn read<'a>(&'a mut self, table: &str, spec: &TableSpec) -> Result<BatchStream<'a>>;
}
