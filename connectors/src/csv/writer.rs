//! Writes a table as CSV: whole files appear under their name only when they are complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use synth_engine::domain::Table;
use synth_engine::format::csv;

use super::{CsvFile, NAME};
use crate::error::{Error, Result};
use crate::ledger::Grain;
use crate::load::{Control, Outcome, batches};

/// Threads that generate, at most; one writes.
const MOST_THREADS: usize = 4;

/// Rendered batches that each thread may be ahead of the file.
const BATCHES_AHEAD: usize = 2;

/// Where bytes go until the file is complete.
struct Output {
    file: File,
    /// The partial file and the name it gets at the end.
    rename: Option<(PathBuf, PathBuf)>,
}

impl CsvFile {
    /// Writes header and rows. Blocks; runs on as many threads as there are processors.
    pub(crate) fn write(
        &self,
        table: &dyn Table,
        units: Range<u64>,
        grain: Grain,
        control: &Control,
    ) -> Result<Outcome> {
        table.batch(units.end..units.end)?;
        let mut output = self.open()?;
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let written = write_rows(
            &mut output.file,
            table,
            &units,
            grain,
            threads.min(MOST_THREADS),
            control,
        );
        let complete = matches!(written, Ok((count, _)) if count == units.end - units.start);
        let finished = output.finish(complete);
        let (units_written, rows_written) = written?;
        finished?;
        Ok(Outcome {
            rows_written,
            units_written,
            units_before: 0,
            complete,
        })
    }

    fn open(&self) -> Result<Output> {
        let from_io = |error: io::Error| Error::from_io(NAME, &error);
        let Some(path) = &self.path else {
            // The descriptor itself: no line buffering on the way.
            let stdout = io::stdout().as_fd().try_clone_to_owned().map_err(from_io)?;
            return Ok(Output {
                file: stdout.into(),
                rename: None,
            });
        };
        match fs::metadata(path) {
            Ok(found) if !found.is_file() => {
                // Devices and pipes cannot be renamed over.
                let file = OpenOptions::new().write(true).open(path).map_err(from_io)?;
                return Ok(Output { file, rename: None });
            }
            Ok(_) if !self.replace => return Err(Error::FileExists),
            _ => {}
        }
        // Through a symbolic link, the file it points to is replaced, not the link.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        let part = part_of(&path);
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&part)
            .map_err(from_io)?;
        // Some file systems have no locks: only a lock that another holds is a reason to stop.
        if let Err(fs::TryLockError::WouldBlock) = file.try_lock() {
            return Err(Error::FileBusy);
        }
        file.set_len(0).map_err(from_io)?;
        Ok(Output {
            file,
            rename: Some((part, path)),
        })
    }
}

/// The name under which a file grows.
fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    part.into()
}

impl Output {
    fn finish(self, complete: bool) -> Result<()> {
        let from_io = |error: io::Error| Error::from_io(NAME, &error);
        let Some((part, path)) = self.rename else {
            return Ok(());
        };
        if !complete {
            return fs::remove_file(part).map_err(from_io);
        }
        self.file.sync_all().map_err(from_io)?;
        fs::rename(part, path).map_err(from_io)
    }
}

/// Writes header and rows; returns how many units and rows were written, fewer if stopped.
fn write_rows(
    file: &mut File,
    table: &dyn Table,
    units: &Range<u64>,
    grain: Grain,
    threads: usize,
    control: &Control,
) -> Result<(u64, u64)> {
    let mut buffer = Vec::new();
    csv::write_header(&table.spec().arrow_schema(), &mut buffer);
    put(file, &buffer)?;
    let all = units.end - units.start;
    let mut rows_written = 0;
    let batch_count = batches(units.clone(), grain).count();
    let threads = threads.clamp(1, batch_count.max(1));
    if threads == 1 {
        for batch in batches(units.clone(), grain) {
            if control.stop.is_cancelled() {
                return Ok((batch.start - units.start, rows_written));
            }
            let end = batch.end;
            rows_written += render(table, batch, &mut buffer)?;
            put(file, &buffer)?;
            (control.progress)(end - units.start);
        }
        return Ok((all, rows_written));
    }
    thread::scope(|scope| {
        // Thread t renders batches t, t + n, t + 2n, ...: the order of the file needs no sorting,
        // and buffers go back to whoever filled them.
        let lanes: Vec<_> = (0..threads)
            .map(|lane| {
                let (full, rendered) = mpsc::sync_channel::<Result<(Vec<u8>, u64)>>(BATCHES_AHEAD);
                let (empty, spare) = mpsc::channel::<Vec<u8>>();
                let units = units.clone();
                scope.spawn(move || {
                    for batch in batches(units, grain).skip(lane).step_by(threads) {
                        let mut buffer = spare.try_recv().unwrap_or_default();
                        let rows = render(table, batch, &mut buffer);
                        if full.send(rows.map(|rows| (buffer, rows))).is_err() {
                            return;
                        }
                    }
                });
                (rendered, empty)
            })
            .collect();
        for (i, batch) in batches(units.clone(), grain).enumerate() {
            if control.stop.is_cancelled() {
                return Ok((batch.start - units.start, rows_written));
            }
            let (rendered, empty) = &lanes[i % threads];
            let (buffer, rows) = rendered.recv().map_err(|_| Error::Thread)??;
            rows_written += rows;
            put(file, &buffer)?;
            (control.progress)(batch.end - units.start);
            // The thread may have ended: then nobody needs the buffer.
            let _ = empty.send(buffer);
        }
        Ok((all, rows_written))
    })
}

/// Renders the rows of some units into the buffer; returns how many rows there are.
fn render(table: &dyn Table, units: Range<u64>, buffer: &mut Vec<u8>) -> Result<u64> {
    buffer.clear();
    let batch = table.batch(units)?;
    csv::write_batch(&batch, buffer)?;
    Ok(batch.num_rows() as u64)
}

fn put(file: &mut File, bytes: &[u8]) -> Result<()> {
    file.write_all(bytes)
        .map_err(|error| Error::from_io(NAME, &error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reader::BATCH_ROWS;
    use synth_engine::domain::{TableOptions, table};

    #[test]
    fn threads_make_no_difference() {
        let table = table("patients", &TableOptions::default()).unwrap();
        let directory = std::env::temp_dir();
        let write = |threads: usize, rows: Range<u64>| {
            let path = directory.join(format!(
                "synth-csv-{}-{threads}-{}.csv",
                std::process::id(),
                rows.end
            ));
            let mut file = File::create(&path).unwrap();
            let (grain, control) = (Grain::of(&*table), Control::default());
            write_rows(&mut file, &*table, &rows, grain, threads, &control).unwrap();
            let bytes = fs::read(&path).unwrap();
            fs::remove_file(path).unwrap();
            bytes
        };
        for rows in [0..0, 0..1, 5..5 + 5 * BATCH_ROWS as u64 + 3] {
            let one = write(1, rows.clone());
            assert_eq!(
                String::from_utf8_lossy(&one).lines().count() as u64,
                rows.end - rows.start + 1
            );
            assert!(one == write(3, rows.clone()), "{rows:?}");
            assert!(one == write(4, rows.clone()), "{rows:?}");
        }
    }
}
