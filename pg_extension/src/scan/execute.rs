//! Executing: rows are made batch by batch as the node above asks for them.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum};
use pgrx::{PgList, PgMemoryContexts};

use super::Static;
use crate::batches::Batches;
use crate::boundary::string;
use crate::error::raise;
use crate::generate::{Arguments, Request, request};
use crate::srf::Cursor;
use crate::tuple::{RowType, Tuples};
use pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR;

/// As EXPLAIN shows it: `Custom Scan (pg_synth)`.
pub(super) const NAME: &CStr = c"pg_synth";

pub(super) static SCAN_METHODS: Static<pg_sys::CustomScanMethods> =
    Static(pg_sys::CustomScanMethods {
        CustomName: NAME.as_ptr(),
        CreateCustomScanState: Some(create_state),
    });

static EXEC_METHODS: Static<pg_sys::CustomExecMethods> = Static(pg_sys::CustomExecMethods {
    CustomName: NAME.as_ptr(),
    BeginCustomScan: Some(begin),
    ExecCustomScan: Some(exec),
    EndCustomScan: Some(end),
    ReScanCustomScan: Some(rescan),
    MarkPosCustomScan: None,
    RestrPosCustomScan: None,
    EstimateDSMCustomScan: None,
    InitializeDSMCustomScan: None,
    ReInitializeDSMCustomScan: None,
    InitializeWorkerCustomScan: None,
    ShutdownCustomScan: None,
    ExplainCustomScan: Some(explain),
});

/// The node's state: Postgres's part first.
#[repr(C)]
struct ScanState {
    custom: pg_sys::CustomScanState,
    /// Ours; freed with the query's memory.
    own: *mut Own,
}

struct Own {
    table: String,
    arguments: *mut pg_sys::List,
    /// Parameters of the query that the arguments depend on.
    parameters: *mut pg_sys::Bitmapset,
    /// The arguments hold subqueries, which may depend on further parameters.
    has_subqueries: bool,
    /// What was asked for, kept so that a rescan gives the same rows.
    request: Option<Request>,
    /// Rows as Datums, for the executor to filter and project.
    cursor: Option<Cursor>,
    /// Rows as finished tuples, where the node above takes them as they are.
    tuples: Option<TupleCursor>,
}

/// Finished tuples in a slot of their own.
struct TupleCursor {
    batches: Batches,
    tuples: Tuples,
    position: usize,
    row_type: RowType,
    slot: *mut pg_sys::TupleTableSlot,
    tuple: pg_sys::HeapTupleData,
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn create_state(scan: *mut pg_sys::CustomScan) -> *mut pg_sys::Node {
    let _ = scan;
    // SAFETY: zeroed memory is a valid state; the tag makes it a node.
    unsafe {
        let state = pg_sys::palloc0(size_of::<ScanState>()).cast::<ScanState>();
        (*state).custom.ss.ps.type_ = pg_sys::NodeTag::T_CustomScanState;
        (*state).custom.methods = &raw const EXEC_METHODS.0;
        state.cast()
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn begin(
    node: *mut pg_sys::CustomScanState,
    estate: *mut pg_sys::EState,
    _eflags: i32,
) {
    // SAFETY: the node was made by `create_state` for a plan made by `plan_path`.
    unsafe {
        let scan = (*node).ss.ps.plan.cast::<pg_sys::CustomScan>();
        let own = Own {
            table: table_name(scan),
            arguments: pg_sys::ExecInitExprList((*scan).custom_exprs, node.cast()),
            parameters: pg_sys::pull_paramids((*scan).custom_exprs.cast()),
            has_subqueries: pg_sys::contain_subplans((*scan).custom_exprs.cast()),
            request: None,
            cursor: None,
            tuples: None,
        };
        let ps = &raw mut (*node).ss.ps;
        if is_plain(ps) {
            // The slots that come out are not the virtual ones Postgres has announced.
            (*ps).resultopsset = true;
            (*ps).resultopsfixed = false;
            (*ps).resultops = &raw const pg_sys::TTSOpsHeapTuple;
        }
        (*node.cast::<ScanState>()).own =
            PgMemoryContexts::For((*estate).es_query_cxt).leak_and_drop_on_delete(own);
    }
}

/// # Safety
/// `scan` is a plan made by `plan_path`.
unsafe fn table_name(scan: *mut pg_sys::CustomScan) -> String {
    // SAFETY: the first private item is a String node.
    unsafe {
        let private = PgList::<pg_sys::String>::from_pg((*scan).custom_private);
        private
            .get_ptr(0)
            .map_or_else(String::new, |name| string((*name).sval))
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn exec(
    node: *mut pg_sys::CustomScanState,
) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: ExecScan filters and projects what `next` gives. Where there is nothing to filter or
    // project, which is what it looks at first, the call is spared: it costs more than the row.
    unsafe {
        let state = &raw mut (*node).ss;
        if is_plain(&raw mut (*state).ps) && (*(*state).ps.state).es_epq_active.is_null() {
            return next_tuple(state);
        }
        pg_sys::ExecScan(state, Some(next), Some(recheck))
    }
}

/// Whether the node above takes rows as they are: nothing to filter, nothing to project.
///
/// # Safety
/// `ps` is the plan state of one of our scans.
unsafe fn is_plain(ps: *mut pg_sys::PlanState) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { (*ps).qual.is_null() && (*ps).ps_ProjInfo.is_null() }
}

/// The next row as a heap tuple; an empty slot at the end.
///
/// # Safety
/// `node` is the state of one of our scans.
unsafe fn next_tuple(node: *mut pg_sys::ScanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: the tuple stays in the batch's buffer until the next batch is loaded, which is when
    // the node is asked again; the slot does not free it.
    unsafe {
        let own = &mut *(*node.cast::<ScanState>()).own;
        let request = own
            .request
            .get_or_insert_with(|| evaluate(&own.table, own.arguments, node));
        let cursor = own.tuples.get_or_insert_with(|| {
            let desc = (*(*node).ss_ScanTupleSlot).tts_tupleDescriptor;
            TupleCursor {
                batches: Batches::new(request.clone()),
                tuples: Tuples::default(),
                position: 0,
                row_type: RowType {
                    type_id: (*desc).tdtypeid,
                    typmod: (*desc).tdtypmod,
                    attributes: (*desc).natts as usize,
                },
                slot: pg_sys::MakeTupleTableSlot(desc, &raw const pg_sys::TTSOpsHeapTuple),
                // Its t_self, all ones and 0, is invalid: the tuple is in no table.
                tuple: pg_sys::HeapTupleData {
                    t_self: pg_sys::ItemPointerData {
                        ip_blkid: pg_sys::BlockIdData {
                            bi_hi: u16::MAX,
                            bi_lo: u16::MAX,
                        },
                        ip_posid: 0,
                    },
                    ..Default::default()
                },
            }
        });
        if cursor.position >= cursor.tuples.len() {
            let Some(batch) = cursor.batches.next() else {
                clear(cursor.slot);
                return cursor.slot;
            };
            if !cursor.tuples.load(&batch, cursor.row_type) {
                raise(
                    ERRCODE_INTERNAL_ERROR,
                    format!("a column of {} has a type without tuple layout", own.table),
                    None,
                );
            }
            cursor.position = 0;
        }
        let (header, length) = cursor.tuples.get(cursor.position);
        cursor.position += 1;
        cursor.tuple.t_len = length;
        cursor.tuple.t_data = header;
        store(&raw mut cursor.tuple, cursor.slot);
        cursor.slot
    }
}

/// Puts a tuple into a slot that does not own it, as ExecStoreHeapTuple does, which would cost a
/// guard a row.
///
/// # Safety
/// `slot` is a heap tuple slot; the tuple outlives its use.
unsafe fn store(tuple: pg_sys::HeapTuple, slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: by the caller's promise; the fields are those tts_heap_store_tuple sets.
    unsafe {
        clear(slot);
        let heap = slot.cast::<pg_sys::HeapTupleTableSlot>();
        (*slot).tts_nvalid = 0;
        (*heap).tuple = tuple;
        (*heap).off = 0;
        (*slot).tts_flags &= !(pg_sys::TTS_FLAG_EMPTY as u16 | pg_sys::TTS_FLAG_SHOULDFREE as u16);
        (*slot).tts_tid = (*tuple).t_self;
    }
}

/// [`next_row`], as ExecScan calls it.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn next(node: *mut pg_sys::ScanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: ExecScan passes the node it was given.
    unsafe { next_row(node) }
}

/// The next row, in the scan's slot; an empty slot at the end.
///
/// # Safety
/// `node` is the state of one of our scans.
unsafe fn next_row(node: *mut pg_sys::ScanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: the slot has one cell a column of the batch; its values stay until the next batch is
    // loaded, which is when the node is asked again.
    unsafe {
        let slot = (*node).ss_ScanTupleSlot;
        let own = &mut *(*node.cast::<ScanState>()).own;
        clear(slot);
        if own.cursor.is_none() {
            let request = own
                .request
                .get_or_insert_with(|| evaluate(&own.table, own.arguments, node));
            own.cursor = Some(Cursor::new(request.clone()));
        }
        if let Some(cursor) = &mut own.cursor
            && let Some((values, nulls)) = cursor.next_row()
        {
            let columns = values
                .len()
                .min((*(*slot).tts_tupleDescriptor).natts as usize);
            std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, columns);
            std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, columns);
            (*slot).tts_flags &= !(pg_sys::TTS_FLAG_EMPTY as u16);
            (*slot).tts_nvalid = columns as pg_sys::AttrNumber;
        }
        slot
    }
}

/// Empties a virtual slot that owns nothing.
///
/// # Safety
/// `slot` is the scan's own virtual slot.
unsafe fn clear(slot: *mut pg_sys::TupleTableSlot) {
    // SAFETY: the slot's own clear function.
    unsafe {
        if let Some(clear) = (*(*slot).tts_ops).clear {
            clear(slot);
        }
    }
}

/// Generated rows satisfy no condition that could have to be checked again.
unsafe extern "C-unwind" fn recheck(
    _node: *mut pg_sys::ScanState,
    _slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    true
}

/// Evaluates the arguments of the call.
///
/// # Safety
/// `arguments` are the initialized expressions of the node.
unsafe fn evaluate(
    table: &str,
    arguments: *mut pg_sys::List,
    node: *mut pg_sys::ScanState,
) -> Request {
    // SAFETY: by the caller's promise; the values are passed in the Datum itself.
    unsafe {
        let context = (*node).ps.ps_ExprContext;
        let values: Vec<Option<Datum>> = PgList::<pg_sys::ExprState>::from_pg(arguments)
            .iter_ptr()
            .map(|state| {
                let mut is_null = false;
                let value = (*state)
                    .evalfunc
                    .map(|eval| eval(state, context, &raw mut is_null));
                value.filter(|_| !is_null)
            })
            .collect();
        let value = |index: usize| values.get(index).copied().flatten().map(Datum::value);
        request(
            table,
            &Arguments {
                rows: value(0).map(|v| v as i64),
                seed: value(1).map(|v| v as i64),
                start: value(2).map(|v| v as i64),
                as_of: value(3).map(|v| v as i32),
            },
        )
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn rescan(node: *mut pg_sys::CustomScanState) {
    // SAFETY: the node is ours.
    unsafe {
        let own = &mut *(*node.cast::<ScanState>()).own;
        own.cursor = None;
        own.tuples = None;
        // Arguments are evaluated again only if they may have changed, as for a function scan: a
        // call without a seed gives the same rows each time it is read, whatever they are
        // compared with.
        let changed = (*node).ss.ps.chgParam;
        if pg_sys::bms_overlap(changed, own.parameters)
            || (own.has_subqueries && !changed.is_null())
        {
            own.request = None;
        }
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn end(node: *mut pg_sys::CustomScanState) {
    // SAFETY: the node is ours; what is left goes with the query's memory.
    unsafe {
        let own = (*node.cast::<ScanState>()).own;
        if !own.is_null() {
            (*own).cursor = None;
            (*own).tuples = None;
        }
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn explain(
    node: *mut pg_sys::CustomScanState,
    _ancestors: *mut pg_sys::List,
    es: *mut pg_sys::ExplainState,
) {
    // SAFETY: the node's plan was made by `plan_path`.
    unsafe {
        let table = table_name((*node).ss.ps.plan.cast());
        let name = std::ffi::CString::new(format!("synth_{table}")).unwrap_or_default();
        pg_sys::ExplainPropertyText(c"Generator".as_ptr(), name.as_ptr(), es);
    }
}
