//! A job's command: one statement, run as `psql -c` would run it. It is not inside a transaction
//! block, so that a procedure can commit and VACUUM can run.

use std::ffi::{CStr, CString};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::{self, DestReceiver, List, NodeTag, RawStmt};

use super::run::{End, shortened};
use super::{messages, process, validate};
use crate::error::raise;
use crate::proof::purge;
use crate::sqlstate;

/// The longest command, in bytes.
const LONGEST: usize = 100_000;

/// Refuses what is not one statement that can run without a client.
pub fn check(command: &str) {
    if command.len() > LONGEST {
        raise(
            ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!("the command is longer than {LONGEST} bytes"),
            Some("Put it into a procedure, and CALL that.".to_owned()),
        );
    }
    let text = CString::new(command).unwrap_or_default();
    // SAFETY: the text is NUL-terminated; syntax errors are raised.
    unsafe { statement(&text) };
}

/// The statement of a command.
///
/// # Safety
/// The result is valid as long as the current memory context.
unsafe fn statement(text: &CStr) -> *mut RawStmt {
    // SAFETY: parsing reads the text; the list holds RawStmts, whose statements are nodes.
    unsafe {
        let list = pg_sys::pg_parse_query(text.as_ptr());
        let count = if list.is_null() { 0 } else { (*list).length };
        if count != 1 {
            raise(
                ERRCODE_SYNTAX_ERROR,
                format!("a job has one command, not {count}"),
                Some("Put several into a procedure or a DO block.".to_owned()),
            );
        }
        let raw = pg_sys::list_nth(list, 0).cast::<RawStmt>();
        let refusal = match (*(*raw).stmt).type_ {
            NodeTag::T_TransactionStmt => Some((
                "a job's command cannot begin or end a transaction",
                "Each command is its own; a procedure may COMMIT.",
            )),
            NodeTag::T_CopyStmt if (*(*raw).stmt.cast::<pg_sys::CopyStmt>()).filename.is_null() => {
                Some((
                    "a job has no client to COPY to or from",
                    "Copy between tables with INSERT ... SELECT.",
                ))
            }
            _ => None,
        };
        if let Some((message, hint)) = refusal {
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                message.to_owned(),
                Some(hint.to_owned()),
            );
        }
        raw
    }
}

/// Runs a command; its errors end it, and not the process.
pub fn run(command: &str) -> End {
    let text = CString::new(command).unwrap_or_default();
    purge::will_follow();
    #[expect(
        clippy::result_large_err,
        reason = "made once a command, where an error is caught"
    )]
    let (outcome, notices) = messages::kept(|| {
        let outcome = sqlstate::caught(|| execute(&text));
        if outcome.is_err() {
            // SAFETY: ends the transaction that the error has broken off.
            unsafe { pg_sys::AbortCurrentTransaction() };
        } else if purge::is_due() {
            clear_statistics();
        }
        outcome
    });
    // SAFETY: the text goes out of scope.
    unsafe {
        pg_sys::debug_query_string = std::ptr::null();
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_IDLE, std::ptr::null());
    }
    let mut end = match outcome {
        Ok(end) => end,
        Err(error) => failure(&error),
    };
    end.notices = notices;
    end
}

/// Clears what ANALYZE knew of originals, now that their masking has committed. A failure leaves a
/// notice, and the command has succeeded all the same.
fn clear_statistics() {
    purge::purge(|work| {
        let cleared = sqlstate::caught(|| process::transaction(work));
        if cleared.is_err() {
            // SAFETY: as above.
            unsafe { pg_sys::AbortCurrentTransaction() };
        }
        cleared.ok()
    });
}

fn failure(error: &CaughtError) -> End {
    let (CaughtError::PostgresError(report)
    | CaughtError::ErrorReport(report)
    | CaughtError::RustPanic {
        ereport: report, ..
    }) = error;
    let mut end = End::because(
        "failed",
        &sqlstate::letters(sqlstate::code(error)),
        report.message().to_owned(),
    );
    // DETAIL is left out: there Postgres shows rows.
    end.hint = report.hint().map(str::to_owned);
    end
}

fn execute(text: &CStr) -> End {
    // SAFETY: the steps of a simple query (tcop/postgres.c). Trees and plans are kept until the
    // process ends, which it does after the run, since a command that commits frees what its
    // transaction has allocated.
    unsafe {
        pg_sys::debug_query_string = text.as_ptr();
        pg_sys::pgstat_report_activity(pg_sys::BackendState::STATE_RUNNING, text.as_ptr());
        pg_sys::SetCurrentStatementStartTimestamp();
        pg_sys::StartTransactionCommand();
        pg_sys::MemoryContextSwitchTo(pg_sys::TopMemoryContext);
        let raw = statement(text);
        let tag = pg_sys::CreateCommandTag((*raw).stmt);
        let needs_snapshot = pg_sys::analyze_requires_snapshot(raw);
        if needs_snapshot {
            pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot());
        }
        let queries = pg_sys::pg_analyze_and_rewrite_fixedparams(
            raw,
            text.as_ptr(),
            std::ptr::null(),
            0,
            std::ptr::null_mut(),
        );
        if let Some(end) = validate::problem(queries) {
            if needs_snapshot {
                pg_sys::PopActiveSnapshot();
            }
            pg_sys::CommitTransactionCommand();
            return end;
        }
        let plans = pg_sys::pg_plan_queries(
            queries,
            text.as_ptr(),
            pg_sys::CURSOR_OPT_PARALLEL_OK as i32,
            std::ptr::null_mut(),
        );
        if needs_snapshot {
            pg_sys::PopActiveSnapshot();
        }
        portal(text, tag, plans)
    }
}

/// # Safety
/// In a transaction; the plans outlive it.
unsafe fn portal(text: &CStr, tag: pg_sys::CommandTag::Type, plans: *mut List) -> End {
    let mut sink = Sink::new();
    let mut done = pg_sys::QueryCompletion::default();
    // SAFETY: as above; the sink lives as long as the portal.
    unsafe {
        let portal = pg_sys::CreatePortal(c"".as_ptr(), true, true);
        (*portal).visible = false;
        pg_sys::PortalDefineQuery(
            portal,
            std::ptr::null(),
            text.as_ptr(),
            tag,
            plans,
            std::ptr::null_mut(),
        );
        pg_sys::PortalStart(portal, std::ptr::null_mut(), 0, std::ptr::null_mut());
        let receiver = (&raw mut sink).cast::<DestReceiver>();
        pg_sys::PortalRun(
            portal,
            std::ffi::c_long::MAX,
            true,
            true,
            receiver,
            receiver,
            &raw mut done,
        );
        pg_sys::PortalDrop(portal, false);
        pg_sys::CommitTransactionCommand();
    }
    End {
        status: "succeeded",
        rows: Some(done.nprocessed.max(sink.rows).cast_signed()),
        result: sink.only.filter(|_| sink.rows == 1),
        ..End::default()
    }
}

/// Takes the rows of a command: counts them, and keeps the first, for it may be the only one.
#[repr(C)]
struct Sink {
    receiver: DestReceiver,
    rows: u64,
    only: Option<String>,
}

impl Sink {
    fn new() -> Self {
        Self {
            receiver: DestReceiver {
                receiveSlot: Some(receive),
                rStartup: Some(begin),
                rShutdown: Some(end),
                rDestroy: Some(end),
                mydest: pg_sys::CommandDest::DestNone,
            },
            rows: 0,
            only: None,
        }
    }
}

unsafe extern "C-unwind" fn begin(_: *mut DestReceiver, _: i32, _: pg_sys::TupleDesc) {}

unsafe extern "C-unwind" fn end(_: *mut DestReceiver) {}

/// # Safety
/// Called by Postgres with a `Sink` and a row.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn receive(
    slot: *mut pg_sys::TupleTableSlot,
    receiver: *mut DestReceiver,
) -> bool {
    // SAFETY: made by `Sink::new`, which begins with the receiver.
    let sink = unsafe { &mut *receiver.cast::<Sink>() };
    sink.rows += 1;
    if sink.rows == 1 {
        // SAFETY: the row that was given.
        sink.only = Some(unsafe { row(slot) });
    }
    true
}

/// The values of a row, with a comma between them.
///
/// # Safety
/// `slot` holds a row.
unsafe fn row(slot: *mut pg_sys::TupleTableSlot) -> String {
    let mut cells = Vec::new();
    // SAFETY: values and nulls are as many as the row has columns; an output function gives a
    // NUL-terminated text.
    unsafe {
        pg_sys::slot_getallattrs(slot);
        let descriptor = (*slot).tts_tupleDescriptor;
        for place in 0..(*descriptor).natts as usize {
            if *(*slot).tts_isnull.add(place) {
                cells.push(String::new());
                continue;
            }
            let (mut output, mut varlena) = (pg_sys::InvalidOid, false);
            let column = (*descriptor).attrs.as_ptr().add(place);
            pg_sys::getTypeOutputInfo((*column).atttypid, &raw mut output, &raw mut varlena);
            let value = pg_sys::OidOutputFunctionCall(output, *(*slot).tts_values.add(place));
            cells.push(crate::boundary::string(value));
            pg_sys::pfree(value.cast());
        }
    }
    shortened(&cells.join(", ")).to_owned()
}
