//! The load: a generated table, written chunk by chunk into a sink.
//!
//! Generating runs ahead of writing by a few batches on a blocking thread, so that neither waits
//! for the other and memory stays flat.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;
use synth_engine::domain::Table;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::csv::CsvFile;
use crate::driver::Sink;
use crate::error::{Error, Result};
use crate::ledger::{Grain, Load, chunks};
use crate::writer::{ChunkBatches, ChunkOutcome, Writer};

/// Batches generated ahead of the one being written.
const BATCHES_AHEAD: usize = 4;

/// What a caller can see and do while a load runs.
#[derive(Clone)]
pub struct Control {
    /// Called with the units there are so far, of all units of the load; on any thread.
    pub progress: Arc<dyn Fn(u64) + Send + Sync>,
    /// Ends the load after the current chunk.
    pub stop: CancellationToken,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            progress: Arc::new(|_| {}),
            stop: CancellationToken::new(),
        }
    }
}

/// How a load ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Rows written by this call.
    pub rows_written: u64,
    /// Units written by this call: rows, or rows of the domain's root.
    pub units_written: u64,
    /// Units of the load that were there before.
    pub units_before: u64,
    /// Whether all are there; false if it was stopped.
    pub complete: bool,
}

/// Writes a load into a sink.
///
/// With `resume`, a load begun before goes on where it was cut, and a complete one is left as it
/// is. Without, both are errors: [`Error::Unfinished`] and [`Error::AlreadyLoaded`].
pub async fn run(
    sink: Sink,
    load: &Load,
    table: Arc<dyn Table>,
    resume: bool,
    control: &Control,
) -> Result<Outcome> {
    match sink {
        Sink::Database(mut writer) => {
            let outcome = into_database(&mut *writer, load, table, resume, control).await;
            let closed = writer.close().await;
            let outcome = outcome?;
            closed?;
            Ok(outcome)
        }
        Sink::File(_) if resume => Err(Error::NotResumable {
            driver: crate::csv::NAME,
        }),
        Sink::File(file) => into_file(file, load, table, control).await,
    }
}

async fn into_file(
    file: CsvFile,
    load: &Load,
    table: Arc<dyn Table>,
    control: &Control,
) -> Result<Outcome> {
    let control = control.clone();
    let (units, grain) = (load.range(), load.grain);
    tokio::task::spawn_blocking(move || file.write(&*table, units, grain, &control)).await?
}

async fn into_database(
    writer: &mut dyn Writer,
    load: &Load,
    table: Arc<dyn Table>,
    resume: bool,
    control: &Control,
) -> Result<Outcome> {
    // A hostile range is refused before anything is created.
    table.batch(load.range().end..load.range().end)?;
    let prepared = writer.prepare(load, table.spec()).await?;
    let committed = writer.committed(load).await?;
    let missing = load.missing(&committed);
    let left: u64 = missing.iter().map(|gap| gap.end - gap.start).sum();
    let before = load.units - left;
    tracing::debug!(?prepared, before, left, "prepared");
    if before > 0 && !resume {
        let table = load.target.clone();
        let rows = load.units;
        return Err(if left == 0 {
            Error::AlreadyLoaded { table, rows }
        } else {
            Error::Unfinished {
                table,
                done: before,
                rows,
            }
        });
    }
    let mut outcome = Outcome {
        rows_written: 0,
        units_written: 0,
        units_before: before,
        complete: false,
    };
    (control.progress)(before);
    let (sender, mut generated) = mpsc::channel(BATCHES_AHEAD);
    let producer = tokio::task::spawn_blocking({
        let (gaps, grain) = (missing.clone(), load.grain);
        move || generate(&*table, gaps, grain, &sender)
    });
    let chunks = missing.into_iter().flat_map(|gap| chunks(gap, load.grain));
    for chunk in chunks {
        if control.stop.is_cancelled() {
            return Ok(outcome);
        }
        let units = chunk.end - chunk.start;
        let count = batches(chunk.clone(), load.grain).count();
        let mut source = ChunkBatches::new(&mut generated, count);
        match writer.write(load, chunk, &mut source).await? {
            ChunkOutcome::Written => {
                outcome.units_written += units;
                outcome.rows_written += source.rows();
            }
            ChunkOutcome::AlreadyThere => {
                outcome.units_before += units;
                while let Some(batch) = source.next().await {
                    batch?;
                }
            }
        }
        (control.progress)(outcome.units_before + outcome.units_written);
    }
    producer.await?;
    outcome.complete = true;
    Ok(outcome)
}

/// Generates the chunks of gaps until all are sent or nobody wants them any more.
fn generate(
    table: &dyn Table,
    gaps: Vec<Range<u64>>,
    grain: Grain,
    sender: &mpsc::Sender<Result<RecordBatch>>,
) {
    let chunks = gaps.into_iter().flat_map(|gap| chunks(gap, grain));
    for units in chunks.flat_map(|chunk| batches(chunk, grain)) {
        let batch = table.batch(units).map_err(Error::from);
        if sender.blocking_send(batch).is_err() {
            return;
        }
    }
}

/// A range of units cut into batches.
pub(crate) fn batches(units: Range<u64>, grain: Grain) -> impl Iterator<Item = Range<u64>> {
    pieces(units, grain.batch)
}

/// A range cut into pieces of a size, the last one shorter.
pub(crate) fn pieces(rows: Range<u64>, size: u64) -> impl Iterator<Item = Range<u64>> {
    let count = (rows.end - rows.start).div_ceil(size);
    (0..count).map(move |i| {
        let from = rows.start + i * size;
        from..from.saturating_add(size).min(rows.end)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::BATCH_ROWS;

    #[test]
    fn batches_cover_a_range_once() {
        let batches = |rows: Range<u64>| pieces(rows, BATCH_ROWS as u64);
        let ranges: Vec<_> = batches(7..7 + 2 * BATCH_ROWS as u64 + 1).collect();
        assert_eq!(ranges.len(), 3);
        assert_eq!(ranges[0].start, 7);
        assert_eq!(ranges[2].end, 8 + 2 * BATCH_ROWS as u64);
        assert!(ranges.windows(2).all(|w| w[0].end == w[1].start));
        assert_eq!(batches(3..3).count(), 0);
        assert_eq!(batches(u64::MAX - 1..u64::MAX).count(), 1);
    }
}
