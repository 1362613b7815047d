//! The batches of a request, made ahead by a thread once it is clear that many are wanted.
//!
//! A backend has one thread, and Postgres's functions may only be called from it. The helper thread
//! calls none: it runs the engine, which is pure, and hands batches over. It starts with all signals
//! blocked, so that Postgres's handlers stay on the main thread, and it ends when the channel's other
//! end is dropped. So rows are made while the ones before are stored. Like any parallelism of a query it
//! is switched off by `max_parallel_workers_per_gather = 0`; a query that has parallel workers has
//! no thread, neither in the leader nor in them.

use std::ops::Range;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use arrow_array::RecordBatch;
use pgrx::pg_sys;

use crate::boundary::check_for_interrupts;
use crate::error::{defect, or_raise};
use crate::generate::Request;

/// Rows a batch, on average: small enough for the cache and for Ctrl-C, large enough to spread dispatch.
pub const BATCH_ROWS: u64 = 1024;

/// Batches that are made on the main thread before the helper starts: what LIMIT asks for is made
/// without one.
const BATCHES_ALONE: u64 = 8;

/// Batches that may wait to be taken.
const BATCHES_AHEAD: usize = 4;

/// Threads that one session may have at a time, however many cursors it opens.
const MOST_HELPERS: usize = 4;

/// Threads of this session that have not ended.
static HELPERS: AtomicUsize = AtomicUsize::new(0);

/// Counts a thread as long as it lives.
struct Helper;

impl Helper {
    /// None if there are enough.
    fn count() -> Option<Self> {
        HELPERS
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                (n < MOST_HELPERS).then_some(n + 1)
            })
            .ok()
            .map(|_| Self)
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        HELPERS.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Batches of a request: all of them in order, or those that this process takes in turn with others.
pub struct Batches {
    request: Request,
    /// The wanted columns, by place; none: all.
    columns: Option<Arc<[usize]>>,
    /// Where the next rows are taken that several processes share.
    shared: Option<NonNull<AtomicU64>>,
    taken: u64,
    ahead: Option<Receiver<synth_engine::Result<RecordBatch>>>,
}

impl Batches {
    /// All rows and columns of a request.
    pub fn new(request: Request) -> Self {
        Self {
            request,
            columns: None,
            shared: None,
            taken: 0,
            ahead: None,
        }
    }

    /// The same with some columns only, by place.
    pub fn project(mut self, columns: Arc<[usize]>) -> Self {
        self.columns = Some(columns);
        self
    }

    /// The same, dealt out among processes: each takes its next rows from where `next` stands, and
    /// moves it on.
    ///
    /// # Safety
    /// `next` stays valid as long as batches are asked for.
    pub unsafe fn share(mut self, next: NonNull<AtomicU64>) -> Self {
        self.shared = Some(next);
        self
    }

    /// How many have been taken here.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// The next batch that has rows; none at the end.
    pub fn next(&mut self) -> Option<RecordBatch> {
        loop {
            let batch = self.next_of_any_size()?;
            if batch.num_rows() > 0 {
                return Some(batch);
            }
        }
    }

    fn next_of_any_size(&mut self) -> Option<RecordBatch> {
        let units = self.next_units()?;
        if self.taken == BATCHES_ALONE && self.shared.is_none() && may_use_thread() {
            self.ahead = make_ahead(self.request.clone(), self.columns.clone());
        } else if let Some(ahead) = &self.ahead {
            return match ahead.recv() {
                Ok(batch) => Some(or_raise(batch)),
                Err(_) => defect("the thread that makes rows has ended early".to_owned()),
            };
        }
        Some(or_raise(make(
            &self.request,
            self.columns.as_deref(),
            units,
        )))
    }

    /// How many rows the next batch has, without making their columns; none at the end.
    pub fn next_count(&mut self) -> Option<u64> {
        loop {
            let units = self.next_units()?;
            let count = if self.request.is_one_row_a_unit() {
                units.end - units.start
            } else {
                or_raise(self.request.table.project(units, &[])).num_rows() as u64
            };
            if count > 0 {
                return Some(count);
            }
        }
    }

    /// Takes the next units; none at the end.
    fn next_units(&mut self) -> Option<Range<u64>> {
        check_for_interrupts();
        // At the end this process stops asking, so that the counter cannot run over.
        if let Some(next) = self
            .shared
            .filter(|_| self.request.start < self.request.end)
        {
            let units = self.request.batch_units;
            // SAFETY: valid by the promise made to `share`.
            let start = unsafe { next.as_ref() }.fetch_add(units, Ordering::Relaxed);
            self.request.start = start.min(self.request.end);
        }
        let units = self.request.next_units()?;
        self.taken += 1;
        Some(units)
    }
}

impl Request {
    /// Takes the next units off the request.
    fn next_units(&mut self) -> Option<Range<u64>> {
        let start = self.start;
        self.start = self.end.min(start.saturating_add(self.batch_units));
        (start < self.end).then_some(start..self.start)
    }

    /// How many batches units up to `next` make.
    pub fn batches_until(&self, next: u64) -> u64 {
        next.min(self.end)
            .saturating_sub(self.start)
            .div_ceil(self.batch_units)
    }
}

/// Some rows and columns of a request.
fn make(
    request: &Request,
    columns: Option<&[usize]>,
    units: Range<u64>,
) -> synth_engine::Result<RecordBatch> {
    match columns {
        None => request.table.batch(units),
        Some(columns) => request.table.project(units, columns),
    }
}

/// Whether the user lets a query use more than one core here, and it has no workers to do so.
fn may_use_thread() -> bool {
    // SAFETY: reads variables of the backend.
    unsafe { pg_sys::max_parallel_workers_per_gather > 0 && !pg_sys::IsInParallelMode() }
}

/// Whether a scan of so many rows is likely to have the thread, for the planner.
pub fn may_have_helper(rows: f64) -> bool {
    // SAFETY: reads a variable of the backend.
    let allowed = unsafe { pg_sys::max_parallel_workers_per_gather } > 0;
    allowed && rows > 2.0 * (BATCHES_ALONE * BATCH_ROWS) as f64
}

/// Starts a thread that makes the batches of a request; none if the session has enough, or the
/// system has no thread to give.
fn make_ahead(
    mut request: Request,
    columns: Option<Arc<[usize]>>,
) -> Option<Receiver<synth_engine::Result<RecordBatch>>> {
    let helper = Helper::count()?;
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    let work = move || {
        let _helper = helper;
        while let Some(units) = request.next_units() {
            // The receiver is gone when the query has ended.
            let batch = make(&request, columns.as_deref(), units);
            if sender.send(batch).is_err() {
                break;
            }
        }
    };
    // SAFETY: the masks are valid; the main thread's is put back right after. A thread inherits the
    // mask of the one that starts it.
    let started = unsafe {
        let mut all = std::mem::zeroed();
        let mut before = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
        let started = std::thread::Builder::new()
            .name("pg_synth".to_owned())
            .spawn(work);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const before, std::ptr::null_mut());
        started
    };
    started.ok().map(|_| receiver)
}
