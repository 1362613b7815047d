//! What backends, the launcher and its workers tell each other, in shared memory. It is there only
//! where the library is among `shared_preload_libraries`.

use std::cell::Cell;
use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, Ordering};

use pgrx::lwlock::PgLwLock;
use pgrx::pg_sys::{self, Oid, XactEvent};
use pgrx::shmem::{PGRXSharedMemory, PgSharedMemoryInitialization};

/// The most runs at a time, in all databases.
pub const MOST_RUNS: usize = 32;

/// Databases that can be named at once as having something new; more mean all.
const MOST_CHANGED: usize = 64;

/// Where the library was loaded by the postmaster, which forks everything else.
static PRELOADED: AtomicBool = AtomicBool::new(false);

// SAFETY: the name is used once.
static SHARED: PgLwLock<Shared> = unsafe { PgLwLock::new(c"pg_synth_schedule") };

/// A run that a pass asks the launcher to start, until its process has ended.
#[derive(Clone, Copy, Default)]
pub struct Slot {
    /// Of `synth.job_run`; 0 marks a free slot.
    pub run_id: i64,
    /// The run's database.
    pub database: u32,
    /// The role to connect as.
    pub role: u32,
    /// Whether the launcher has taken it up.
    pub taken: bool,
}

/// What a pass over the jobs of a database found.
#[derive(Clone, Copy, Default)]
pub struct Report {
    /// The database; 0 for none.
    pub database: u32,
    /// When to look again: seconds since 1970, or 0 for no time.
    pub wake: i64,
    /// Whether a run waits for one of the slots.
    pub starved: bool,
}

#[derive(Clone, Copy)]
struct Shared {
    launcher: i32,
    slots: [Slot; MOST_RUNS],
    report: Report,
    changed: [u32; MOST_CHANGED],
    changes: usize,
}

// SAFETY: plain numbers.
unsafe impl PGRXSharedMemory for Shared {}

/// Hooks that were there before.
static mut REQUEST_BEFORE: pg_sys::shmem_request_hook_type = None;
static mut STARTUP_BEFORE: pg_sys::shmem_startup_hook_type = None;

/// Reserves the memory; for `_PG_init` in the postmaster.
pub fn reserve() {
    // SAFETY: the postmaster has one thread.
    unsafe {
        REQUEST_BEFORE = pg_sys::shmem_request_hook;
        pg_sys::shmem_request_hook = Some(request_memory);
        STARTUP_BEFORE = pg_sys::shmem_startup_hook;
        pg_sys::shmem_startup_hook = Some(set_up_memory);
    }
    PRELOADED.store(true, Ordering::Relaxed);
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn request_memory() {
    // SAFETY: called by the postmaster for this; an earlier hook is called as it would have been.
    unsafe {
        if let Some(before) = REQUEST_BEFORE {
            before();
        }
        SHARED.on_shmem_request();
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn set_up_memory() {
    // SAFETY: as above.
    unsafe {
        if let Some(before) = STARTUP_BEFORE {
            before();
        }
        SHARED.on_shmem_startup(EMPTY);
    }
}

const EMPTY: Shared = Shared {
    launcher: 0,
    slots: [Slot {
        run_id: 0,
        database: 0,
        role: 0,
        taken: false,
    }; MOST_RUNS],
    report: Report {
        database: 0,
        wake: 0,
        starved: false,
    },
    changed: [0; MOST_CHANGED],
    changes: 0,
};

/// Whether there is a launcher to talk to.
pub fn preloaded() -> bool {
    PRELOADED.load(Ordering::Relaxed)
}

/// A launcher begins: nothing that an earlier one has started is its own.
pub fn launcher_begins() {
    let mut shared = SHARED.exclusive();
    // SAFETY: the process's own number.
    shared.launcher = unsafe { pg_sys::MyProcPid };
    shared.slots = [Slot::default(); MOST_RUNS];
    shared.report = Report::default();
    shared.changes = 0;
}

/// The slots as they are.
pub fn slots() -> [Slot; MOST_RUNS] {
    SHARED.share().slots
}

/// Marks a slot as taken up, or gives it back.
pub fn set_slot(place: usize, slot: Slot) {
    SHARED.exclusive().slots[place] = slot;
}

/// Asks the launcher to start runs; those that find no slot are given back.
pub fn request(runs: &[Slot]) -> Vec<Slot> {
    let mut shared = SHARED.exclusive();
    let mut left = runs.iter();
    for slot in &mut shared.slots {
        if slot.run_id == 0 {
            let Some(run) = left.next() else { break };
            *slot = *run;
        }
    }
    left.copied().collect()
}

/// A pass tells what it found.
pub fn report(report: Report) {
    SHARED.exclusive().report = report;
}

/// What the last pass found; told once.
pub fn take_report() -> Report {
    std::mem::take(&mut SHARED.exclusive().report)
}

/// Databases whose jobs have changed; None for all.
pub fn take_changed() -> Option<Vec<u32>> {
    let mut shared = SHARED.exclusive();
    let count = std::mem::take(&mut shared.changes);
    (count <= MOST_CHANGED).then(|| shared.changed[..count].to_vec())
}

/// Tells the launcher, once this transaction has committed, that the jobs of this database have
/// changed.
pub fn changed_at_commit() {
    thread_local! {
        static REGISTERED: Cell<bool> = const { Cell::new(false) };
    }
    if !preloaded() {
        return;
    }
    PENDING.set(true);
    if !REGISTERED.replace(true) {
        // SAFETY: the callback lives as long as the process.
        unsafe { pg_sys::RegisterXactCallback(Some(at_end), std::ptr::null_mut()) };
    }
}

thread_local! {
    static PENDING: Cell<bool> = const { Cell::new(false) };
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn at_end(event: XactEvent::Type, _argument: *mut c_void) {
    match event {
        XactEvent::XACT_EVENT_COMMIT if PENDING.replace(false) => {
            // SAFETY: the process's own database.
            changed(unsafe { pg_sys::MyDatabaseId });
        }
        XactEvent::XACT_EVENT_ABORT | XactEvent::XACT_EVENT_PREPARE => PENDING.set(false),
        _ => {}
    }
}

/// Tells the launcher that the jobs of a database have changed.
pub fn changed(database: Oid) {
    let mut shared = SHARED.exclusive();
    let (database, count) = (database.to_u32(), shared.changes);
    let known = count.min(MOST_CHANGED);
    if count <= MOST_CHANGED && !shared.changed[..known].contains(&database) {
        if let Some(place) = shared.changed.get_mut(count) {
            *place = database;
        }
        shared.changes = count + 1;
    }
    let launcher = shared.launcher;
    drop(shared);
    wake(launcher);
}

fn wake(pid: i32) {
    // SAFETY: a process that is alive has a latch in shared memory; one that has ended meanwhile
    // leaves its place, with a latch, to another, which is woken for nothing.
    unsafe {
        let process = pg_sys::BackendPidGetProc(pid);
        if !process.is_null() {
            pg_sys::SetLatch(&raw mut (*process).procLatch);
        }
    }
}
