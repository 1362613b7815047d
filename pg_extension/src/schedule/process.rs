//! Background workers: how they are started, what they are told, and how they begin.

use std::ffi::{CStr, c_char, c_int};

use pgrx::pg_sys::{self, BackgroundWorker, BackgroundWorkerHandle, Oid};

unsafe extern "C-unwind" {
    /// tcop/tcopprot.h. Without a guard: a signal can arrive anywhere.
    fn die(signal: c_int);

    /// postmaster/interrupt.h. Likewise.
    fn SignalHandlerForConfigReload(signal: c_int);
}

/// What a worker is told when it is started.
#[derive(Clone, Copy, Default)]
pub struct Task {
    /// The database to connect to.
    pub database: Oid,
    /// The role to connect as.
    pub role: Oid,
    /// The run to make.
    pub run_id: i64,
}

/// How to start a worker that the postmaster starts once, and does not start again.
pub fn dynamic(name: &str, function: &CStr, task: Task) -> BackgroundWorker {
    // SAFETY: reads the process's own number.
    let mut worker = worker(name, function, unsafe { pg_sys::MyProcPid });
    worker.bgw_restart_time = pg_sys::BGW_NEVER_RESTART;
    let words = [
        u64::from(task.database.to_u32()),
        u64::from(task.role.to_u32()),
        task.run_id.cast_unsigned(),
    ];
    let bytes = words.into_iter().flat_map(u64::to_ne_bytes);
    for (place, byte) in worker.bgw_extra.iter_mut().zip(bytes) {
        *place = byte as c_char;
    }
    worker
}

/// How to start a worker; `notified` is the process told when it starts and ends, or 0.
pub fn worker(name: &str, function: &CStr, notified: i32) -> BackgroundWorker {
    let mut worker = BackgroundWorker {
        bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION)
            as i32,
        bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
        bgw_notify_pid: notified,
        ..BackgroundWorker::default()
    };
    fill(&mut worker.bgw_name, name.as_bytes());
    fill(&mut worker.bgw_type, name.as_bytes());
    fill(&mut worker.bgw_library_name, b"pg_synth");
    fill(&mut worker.bgw_function_name, function.to_bytes());
    worker
}

/// Copies a name, which fits, and leaves the zeros after it.
fn fill(field: &mut [c_char], name: &[u8]) {
    let last = field.len() - 1;
    for (place, byte) in field[..last].iter_mut().zip(name) {
        *place = *byte as c_char;
    }
}

/// Starts a worker; None if the server has no process left for it.
pub fn start(mut worker: BackgroundWorker) -> Option<*mut BackgroundWorkerHandle> {
    let mut handle = std::ptr::null_mut();
    // SAFETY: the handle is allocated in memory that lives as long as this process.
    unsafe {
        let context = pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        let started = pg_sys::RegisterDynamicBackgroundWorker(&raw mut worker, &raw mut handle);
        pg_sys::MemoryContextSwitchTo(context);
        started.then_some(handle)
    }
}

/// Whether a worker has ended; its handle is freed if so.
pub fn ended(handle: *mut BackgroundWorkerHandle) -> bool {
    let mut pid = 0;
    // SAFETY: a handle of `start` that has not been freed.
    unsafe {
        let status = pg_sys::GetBackgroundWorkerPid(handle, &raw mut pid);
        let ended = status == pg_sys::BgwHandleStatus::BGWH_STOPPED;
        if ended {
            pg_sys::pfree(handle.cast());
        }
        ended
    }
}

/// What this worker was told.
pub fn task() -> Task {
    // SAFETY: set before a background worker's function is called.
    let extra = unsafe { (*pg_sys::MyBgworkerEntry).bgw_extra };
    let word = |place: usize| {
        let bytes: [u8; 8] = std::array::from_fn(|at| extra[place * 8 + at] as u8);
        u64::from_ne_bytes(bytes)
    };
    Task {
        database: Oid::from(word(0) as u32),
        role: Oid::from(word(1) as u32),
        run_id: word(2).cast_signed(),
    }
}

/// Begins the work of a background worker: it heeds signals and is connected to a database, as a
/// role. No database is none but the shared catalogs; no role is the bootstrap superuser's.
pub fn connect(database: Oid, role: Oid) {
    // SAFETY: the handlers are Postgres's; called once, before anything else.
    unsafe {
        pg_sys::pqsignal(pg_sys::SIGHUP as i32, Some(SignalHandlerForConfigReload));
        pg_sys::pqsignal(pg_sys::SIGTERM as i32, Some(die));
        pg_sys::BackgroundWorkerUnblockSignals();
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, role, 0);
    }
}

/// Runs a closure in a transaction that may write, whatever the defaults of database and role are.
pub fn transaction<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: no transaction is open; an error ends the process, and the transaction with it.
    unsafe {
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::XactReadOnly = false;
        pg_sys::XactIsoLevel = pg_sys::XACT_READ_COMMITTED as i32;
        pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        let result = run();
        pg_sys::PopActiveSnapshot();
        pg_sys::CommitTransactionCommand();
        result
    }
}
