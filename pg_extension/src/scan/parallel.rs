//! A scan shared among the processes of a parallel query.
//!
//! The leader evaluates the arguments, draws the seed if none is given, and puts both into shared
//! memory together with the number of the next row. Each process, the leader too, takes a batch of
//! rows off that counter whenever it has used up its last, so every row is made exactly once however
//! many workers there are, and whenever they come or go.

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

use pgrx::pg_sys;

use super::execute::Own;
use crate::generate::{Arguments, Request, request};

/// What lies in shared memory.
#[repr(C)]
pub(super) struct Shared {
    arguments: Arguments,
    /// Number of the next row that nobody has taken.
    next: AtomicU64,
}

/// The place of a [`Shared`], valid until the scan is shut down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place(NonNull<Shared>);

impl Place {
    /// # Safety
    /// `memory` is what Postgres has set aside for [`Shared`].
    unsafe fn of(memory: *mut c_void) -> Option<Self> {
        NonNull::new(memory.cast()).map(Self)
    }

    /// Writes a request there, from its first row on.
    ///
    /// # Safety
    /// No other process reads it yet, or any more.
    unsafe fn begin(self, request: &Request) {
        // SAFETY: aligned and large enough; by the caller's promise nobody else looks.
        unsafe {
            self.0.write(Shared {
                arguments: request.arguments,
                next: AtomicU64::new(request.start),
            });
        }
    }

    /// The counter of rows.
    pub fn next(self) -> NonNull<AtomicU64> {
        // SAFETY: a field of what is there.
        unsafe { NonNull::from_ref(&self.0.as_ref().next) }
    }

    /// The row the counter stands at.
    fn position(self) -> u64 {
        // SAFETY: valid until the scan is shut down.
        unsafe { self.next().as_ref() }.load(Ordering::Relaxed)
    }

    fn arguments(self) -> Arguments {
        // SAFETY: written before workers start, and not changed while they run.
        unsafe { self.0.as_ref().arguments }
    }
}

impl Own {
    /// Adds the batches that were dealt to all processes to the count that EXPLAIN shows.
    fn count_shared(&mut self) {
        if let (Some(place), Some(request)) = (self.shared, &self.request) {
            self.batches += request.batches_until(place.position());
        }
    }
}

#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn estimate(
    _node: *mut pg_sys::CustomScanState,
    _context: *mut pg_sys::ParallelContext,
) -> pg_sys::Size {
    size_of::<Shared>()
}

/// In the leader, before workers start.
#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn initialize(
    node: *mut pg_sys::CustomScanState,
    _context: *mut pg_sys::ParallelContext,
    memory: *mut c_void,
) {
    // SAFETY: the node is ours; workers have not been started.
    unsafe {
        let own = Own::of(node);
        let request = own.prepare(node);
        own.shared = Place::of(memory);
        if let Some(place) = own.shared {
            place.begin(&request);
        }
    }
}

/// In the leader, before workers are started again to read the rows once more.
#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn reinitialize(
    node: *mut pg_sys::CustomScanState,
    context: *mut pg_sys::ParallelContext,
    memory: *mut c_void,
) {
    // SAFETY: as for `initialize`; the workers of the last time have ended.
    unsafe {
        let own = Own::of(node);
        own.count_shared();
        own.drop_source();
        initialize(node, context, memory);
    }
}

/// In a worker.
#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn initialize_worker(
    node: *mut pg_sys::CustomScanState,
    _toc: *mut pg_sys::shm_toc,
    memory: *mut c_void,
) {
    // SAFETY: the node is ours; the leader has written the memory before it started workers.
    unsafe {
        let own = Own::of(node);
        own.shared = Place::of(memory);
        if let Some(place) = own.shared {
            own.request = Some(request(own.table, &place.arguments()));
        }
    }
}

/// In every process, while the memory is still there.
#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn shutdown(node: *mut pg_sys::CustomScanState) {
    // SAFETY: the node is ours.
    unsafe {
        let own = Own::of(node);
        if own.shared.is_some() {
            own.count_shared();
            // What reads from the shared counter must not do so any more.
            own.drop_source();
            own.shared = None;
        }
    }
}
