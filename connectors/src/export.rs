//! Writes a format of several files into a directory: each file appears under its name only when all are
//! complete.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;

use synth_engine::format::export::{Export, ExportEntry};

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

/// A file that grows under a name of its own.
struct Growing {
    file: File,
    part: PathBuf,
    path: PathBuf,
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
    let paths = export.files().iter().map(|file| directory.join(file.name));
    if !replace && paths.clone().any(|path| path.exists()) {
        return Err(Error::FileExists);
    }
    let mut files = paths.map(grow).collect::<Result<Vec<Growing>>>()?;
    let written = write_all(entry, export, &units, &mut files, control);
    let complete = matches!(&written, Ok(exported) if exported.complete);
    for growing in files {
        if complete {
            growing.file.sync_all().map_err(from_io)?;
            fs::rename(&growing.part, &growing.path).map_err(from_io)?;
        } else {
            // The error that ended the export is the one to tell of.
            let _ = fs::remove_file(&growing.part);
        }
    }
    written
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
    Ok(Growing { file, part, path })
}

fn put(files: &mut [Growing], parts: &[Vec<u8>]) -> Result<()> {
    for (growing, bytes) in files.iter_mut().zip(parts) {
        growing
            .file
            .write_all(bytes)
            .map_err(|error| Error::from_io(NAME, &error))?;
    }
    Ok(())
}

/// A piece that has been made: the parts of each file, and the number of documents in them.
type Made = Result<(Vec<Vec<u8>>, u64)>;

fn write_all(
    entry: &ExportEntry,
    export: &dyn Export,
    units: &Range<u64>,
    files: &mut [Growing],
    control: &Control,
) -> Result<Exported> {
    let heads: Vec<Vec<u8>> = export
        .files()
        .iter()
        .map(|file| file.head.as_bytes().to_vec())
        .collect();
    put(files, &heads)?;
    let cut = || pieces(units.clone(), entry.batch_units.max(1));
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
            put(files, &parts)?;
            exported.documents += documents;
            exported.units = piece.end - units.start;
            (control.progress)(exported.units);
        }
        exported.complete = true;
        Ok(exported)
    })
}
