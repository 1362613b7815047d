//! Records that stay whatever becomes of the transaction: an original that was shown cannot be taken
//! back by ROLLBACK. A background worker writes such a record in a transaction of its own, and the
//! caller waits for it.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum};

use super::{QUEUE, Run, describe};
use crate::error::{defect, raise};

/// What the caller and the worker share, in front of the record's text.
#[repr(C)]
struct Shared {
    length: usize,
    committed: bool,
}

/// The symbol below.
const ENTRY: &std::ffi::CStr = c"synth_audit_worker";

/// Appends a record now; it stays if the transaction is rolled back. Raises an error if that is not
/// possible: then what it is about must not happen.
pub fn record_now(run: &Run) {
    let text = describe(run).to_string();
    // SAFETY: the segment has room for both parts, and outlives the worker, which is waited for; an
    // error in between ends the transaction, and with it the mapping.
    let committed = unsafe {
        let segment = pg_sys::dsm_create(size_of::<Shared>() + text.len(), 0);
        let shared = pg_sys::dsm_segment_address(segment).cast::<Shared>();
        shared.write(Shared {
            length: text.len(),
            committed: false,
        });
        std::ptr::copy_nonoverlapping(text.as_ptr(), shared.add(1).cast::<u8>(), text.len());
        let mut worker = pg_sys::BackgroundWorker {
            bgw_flags: (pg_sys::BGWORKER_SHMEM_ACCESS
                | pg_sys::BGWORKER_BACKEND_DATABASE_CONNECTION) as i32,
            bgw_start_time: pg_sys::BgWorkerStartTime::BgWorkerStart_RecoveryFinished,
            bgw_restart_time: pg_sys::BGW_NEVER_RESTART,
            bgw_main_arg: Datum::from(pg_sys::dsm_segment_handle(segment)),
            bgw_notify_pid: pg_sys::MyProcPid,
            ..Default::default()
        };
        for (place, name) in [
            (&mut worker.bgw_name[..], c"pg_synth audit"),
            (&mut worker.bgw_type[..], c"pg_synth audit"),
            (&mut worker.bgw_library_name[..], c"pg_synth"),
            (&mut worker.bgw_function_name[..], ENTRY),
        ] {
            for (to, from) in place.iter_mut().zip(name.to_bytes_with_nul()) {
                *to = *from as _;
            }
        }
        let database = pg_sys::MyDatabaseId.to_u32().to_ne_bytes();
        for (to, from) in worker.bgw_extra.iter_mut().zip(database) {
            *to = from as _;
        }
        let mut handle = std::ptr::null_mut();
        let started = pg_sys::RegisterDynamicBackgroundWorker(&raw mut worker, &raw mut handle);
        let stopped = pg_sys::BgwHandleStatus::BGWH_STOPPED;
        let committed = started
            && pg_sys::WaitForBackgroundWorkerShutdown(handle) == stopped
            && std::ptr::read_volatile(&raw const (*shared).committed);
        pg_sys::dsm_detach(segment);
        committed
    };
    if !committed {
        raise(
            ERRCODE_CONFIGURATION_LIMIT_EXCEEDED,
            "the audit record could not be written".to_owned(),
            Some(
                "It takes a background worker for a moment: see max_worker_processes and the server log."
                    .to_owned(),
            ),
        );
    }
}

/// The worker.
///
/// # Safety
/// Called by Postgres in a fresh process, with the handle of a segment made above.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn synth_audit_worker(argument: Datum) {
    // SAFETY: the order of calls is that of any background worker with a database; the segment is
    // mapped within the transaction, and pinned to be written to after it.
    unsafe {
        pg_sys::BackgroundWorkerUnblockSignals();
        let mut database = [0_u8; 4];
        let extra = &(*pg_sys::MyBgworkerEntry).bgw_extra;
        for (to, from) in database.iter_mut().zip(extra) {
            *to = *from as u8;
        }
        let database = pg_sys::Oid::from(u32::from_ne_bytes(database));
        // Nothing but the lines below runs here, and they run no code of any user's.
        pg_sys::BackgroundWorkerInitializeConnectionByOid(database, pg_sys::InvalidOid, 0);
        pg_sys::StartTransactionCommand();
        let segment = pg_sys::dsm_attach(argument.value() as pg_sys::dsm_handle);
        if segment.is_null() {
            // The caller is gone.
            pg_sys::CommitTransactionCommand();
            return;
        }
        pg_sys::dsm_pin_mapping(segment);
        let shared = pg_sys::dsm_segment_address(segment).cast::<Shared>();
        let text = std::slice::from_raw_parts(shared.add(1).cast::<u8>(), (*shared).length);
        let Ok(record) = serde_json::from_slice(text) else {
            defect("an audit record arrived torn".to_owned())
        };
        let own = pg_sys::GetCurrentSubTransactionId();
        QUEUE.with_borrow_mut(|queue| queue.push((own, record)));
        pg_sys::CommitTransactionCommand();
        std::ptr::write_volatile(&raw mut (*shared).committed, true);
        pg_sys::dsm_detach(segment);
    }
}
