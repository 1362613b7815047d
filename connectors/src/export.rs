//! Writes a format of several files into a directory: each file appears under its name only when all are
//! complete. Of a document that cannot be put together from pieces there is a file a piece.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use synth_engine::format::export::{Export, ExportEntry, ExportFile};

use crate::error::{Error, Result};
use crate::load::{Control, pieces};

/// As errors name the destination.
const NAME: &str = "directory";

/// Pieces that each thread may be ahead of the files.
const PIECES_AHEAD: usize = 2;

/// Threads that make documents, at most; one writes.
const MOST_THREADS: usize = 4;

/// How an export ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exported {
    /// Documents written: resources, messages, records.
    pub documents: u64,
    /// Units they belong to.
    pub units: u64,
    /// Whether all are there; false if it was stopped, and then no file is.
    pub complete: bool,
}

/// The names of the files that hold some units of a format.
pub fn names<'a>(
    entry: &'a ExportEntry,
    export: &'a dyn Export,
    units: Range<u64>,
) -> impl Iterator<Item = String> + 'a {
    export.files().iter().flat_map(move |file| {
        let joined = (!file.document).then(|| file.name.to_owned());
        let pieces = (file.document)
            .then(|| cut(entry, units.clone()).map(|piece| file.piece_name(piece.start)));
        joined.into_iter().chain(pieces.into_iter().flatten())
    })
}

/// The pieces in which units are made.
fn cut(entry: &ExportEntry, units: Range<u64>) -> impl Iterator<Item = Range<u64>> + use<> {
    pieces(units, entry.batch_units.max(1))
}

/// A file that grows under a name of its own.
struct Growing {
    file: File,
    pending: Pending,
}

/// A file that waits for its name.
struct Pending {
    part: PathBuf,
    path: PathBuf,
}

/// The files of an export while it runs.
struct Files<'a> {
    directory: &'a Path,
    formats: &'a [ExportFile],
    /// In the order of `formats`; none for documents, of which each piece is a file.
    growing: Vec<Option<Growing>>,
    /// The documents that are written.
    documents: Vec<Pending>,
}

impl Files<'_> {
    /// Begins each file that pieces are put into one after the other.
    fn begin(&mut self) -> Result<()> {
        for format in self.formats {
            let growing = if format.document {
                None
            } else {
                Some(grow(self.directory.join(format.name))?)
            };
            self.growing.push(growing);
            if let Some(Some(growing)) = self.growing.last_mut() {
                let written = growing.file.write_all(&format.head());
                written.map_err(|error| Error::from_io(NAME, &error))?;
            }
        }
        Ok(())
    }

    fn put(&mut self, first: u64, parts: &[Vec<u8>]) -> Result<()> {
        let from_io = |error: std::io::Error| Error::from_io(NAME, &error);
        for ((format, growing), bytes) in self.formats.iter().zip(&mut self.growing).zip(parts) {
            if let Some(growing) = growing {
                growing.file.write_all(bytes).map_err(from_io)?;
                continue;
            }
            // Closed at once, so that the number of open files does not grow.
            let Growing { mut file, pending } =
                grow(self.directory.join(format.piece_name(first)))?;
            self.documents.push(pending);
            file.write_all(bytes)
                .and_then(|()| file.sync_all())
                .map_err(from_io)?;
        }
        Ok(())
    }

    /// Gives all files their names, or removes them.
    fn end(self, complete: bool) -> Result<()> {
        let from_io = |error: std::io::Error| Error::from_io(NAME, &error);
        let mut pending = self.documents;
        for growing in self.growing.into_iter().flatten() {
            if complete {
                growing.file.sync_all().map_err(from_io)?;
            }
            pending.push(growing.pending);
        }
        for Pending { part, path } in pending {
            if complete {
                fs::rename(&part, &path).map_err(from_io)?;
            } else {
                // The error that ended the export is the one to tell of.
                let _ = fs::remove_file(&part);
            }
        }
        Ok(())
    }
}

/// Writes the units into files in `directory`, which is made if it is not there. Files that are there
/// are refused unless `replace`. Blocks.
pub fn write(
    entry: &ExportEntry,
    export: &dyn Export,
    units: Range<u64>,
    directory: &Path,
    replace: bool,
    control: &Control,
) -> Result<Exported> {
    let from_io = |error: std::io::Error| Error::from_io(NAME, &error);
    // A hostile range is refused before anything is created.
    export.write(
        units.end..units.end,
        &mut vec![Vec::new(); export.files().len()],
    )?;
    fs::create_dir_all(directory).map_err(from_io)?;
    let mut paths = names(entry, export, units.clone()).map(|name| directory.join(name));
    if !replace && paths.any(|path| path.exists()) {
        return Err(Error::FileExists);
    }
    let mut files = Files {
        directory,
        formats: export.files(),
        growing: Vec::new(),
        documents: Vec::new(),
    };
    let written = match files.begin() {
        Ok(()) => write_all(entry, export, &units, &mut files, control),
        Err(error) => Err(error),
    };
    let ended = files.end(matches!(&written, Ok(exported) if exported.complete));
    written.and_then(|exported| ended.map(|()| exported))
}

fn grow(path: PathBuf) -> Result<Growing> {
    let from_io = |error: std::io::Error| Error::from_io(NAME, &error);
    let mut part = path.clone().into_os_string();
    part.push(".part");
    let part = PathBuf::from(part);
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
    let pending = Pending { part, path };
    Ok(Growing { file, pending })
}

/// A piece that has been made: the parts of each file, and the number of documents in them.
type Made = Result<(Vec<Vec<u8>>, u64)>;

fn write_all(
    entry: &ExportEntry,
    export: &dyn Export,
    units: &Range<u64>,
    files: &mut Files<'_>,
    control: &Control,
) -> Result<Exported> {
    let cut = || cut(entry, units.clone());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.clamp(1, MOST_THREADS).min(cut().count().max(1));
    let mut exported = Exported {
        documents: 0,
        units: 0,
        complete: false,
    };
    thread::scope(|scope| {
        // Thread t makes pieces t, t + n, t + 2n, ...: the order of the files needs no sorting.
        let lanes: Vec<mpsc::Receiver<Made>> = (0..threads)
            .map(|lane| {
                let (full, made) = mpsc::sync_channel(PIECES_AHEAD);
                let pieces = cut().skip(lane).step_by(threads);
                scope.spawn(move || {
                    for piece in pieces {
                        let mut parts = vec![Vec::new(); export.files().len()];
                        let documents = export.write(piece, &mut parts).map_err(Error::from);
                        if full.send(documents.map(|count| (parts, count))).is_err() {
                            return;
                        }
                    }
                });
                made
            })
            .collect();
        for (index, piece) in cut().enumerate() {
            if control.stop.is_cancelled() {
                return Ok(exported);
            }
            let (parts, documents) = lanes[index % threads].recv().map_err(|_| Error::Thread)??;
            files.put(piece.start, &parts)?;
            exported.documents += documents;
            exported.units = piece.end - units.start;
            (control.progress)(exported.units);
        }
        exported.complete = true;
        Ok(exported)
    })
}
