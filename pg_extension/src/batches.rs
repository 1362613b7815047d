//! The batches of a request, made ahead by a thread once it is clear that many are wanted.
//!
//! A backend has one thread, and Postgres's functions may only be called from it. The helper thread
//! calls none: it runs the engine, which is pure, and hands batches over. It starts with all signals
//! blocked, so that Postgres's handlers stay on the main thread, and it ends when the channel's other
//! end is dropped. So rows are made while the ones before are stored. Like any parallelism of a query it
//! is switched off by `max_parallel_workers_per_gather = 0`, and parallel workers have none.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use arrow_array::RecordBatch;
use pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR;
use pgrx::pg_sys;

use crate::boundary::check_for_interrupts;
use crate::error::{or_raise, raise};
use crate::generate::Request;

/// Rows a batch: small enough for the cache and for Ctrl-C, large enough to spread dispatch.
const BATCH_ROWS: u64 = 1024;

/// Batches that are made on the main thread before the helper starts: what LIMIT asks for is made
/// without one.
const BATCHES_ALONE: u32 = 8;

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

/// Batches of a request in order.
pub struct Batches {
    request: Request,
    taken: u32,
    ahead: Option<Receiver<synth_engine::Result<RecordBatch>>>,
}

impl Batches {
    /// All rows of a request.
    pub fn new(request: Request) -> Self {
        Self {
            request,
            taken: 0,
            ahead: None,
        }
    }

    /// The next batch; none at the end.
    pub fn next(&mut self) -> Option<RecordBatch> {
        check_for_interrupts();
        let rows = self.request.next_rows()?;
        self.taken = self.taken.saturating_add(1);
        if self.taken == BATCHES_ALONE && may_use_thread() {
            self.ahead = make_ahead(self.request.clone());
            return Some(or_raise(self.request.table.batch(rows)));
        }
        let Some(ahead) = &self.ahead else {
            return Some(or_raise(self.request.table.batch(rows)));
        };
        match ahead.recv() {
            Ok(batch) => Some(or_raise(batch)),
            Err(_) => raise(
                ERRCODE_INTERNAL_ERROR,
                "the thread that makes rows has ended early".to_owned(),
                None,
            ),
        }
    }
}

impl Request {
    /// Takes the next rows off the request.
    fn next_rows(&mut self) -> Option<std::ops::Range<u64>> {
        let start = self.start;
        self.start = self.end.min(start + BATCH_ROWS);
        (start < self.end).then_some(start..self.start)
    }
}

/// Whether the user lets a query use more than one core here.
fn may_use_thread() -> bool {
    // SAFETY: reads variables of the backend.
    unsafe { pg_sys::max_parallel_workers_per_gather > 0 && pg_sys::ParallelWorkerNumber < 0 }
}

/// Starts a thread that makes the batches of a request; none if the session has enough, or the
/// system has no thread to give.
fn make_ahead(mut request: Request) -> Option<Receiver<synth_engine::Result<RecordBatch>>> {
    let helper = Helper::count()?;
    let (sender, receiver) = sync_channel(BATCHES_AHEAD);
    let work = move || {
        let _helper = helper;
        while let Some(rows) = request.next_rows() {
            // The receiver is gone when the query has ended.
            if sender.send(request.table.batch(rows)).is_err() {
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
