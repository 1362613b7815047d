//! Rows of an engine table as a set-returning function.
//!
//! In the select list Postgres takes rows one at a time, so nothing is spooled and LIMIT stops the
//! work. In FROM it wants a tuplestore, and rows are put there batch by batch; but most calls in
//! FROM are planned as a scan of their own, see `scan`.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo};

use crate::batches::Batches;
use crate::column::Rows;
use crate::generate::Request;

/// A request in progress: its rows, made batch by batch.
pub struct Cursor {
    batches: Batches,
    rows: Rows,
    /// Next row within `rows`.
    position: usize,
}

impl Cursor {
    /// Before the first row.
    pub fn new(request: Request) -> Self {
        Self {
            batches: Batches::new(request),
            rows: Rows::default(),
            position: 0,
        }
    }

    /// Loads the next batch; false at the end.
    fn load(&mut self) -> bool {
        let Some(batch) = self.batches.next() else {
            return false;
        };
        self.rows.load(batch);
        self.position = 0;
        true
    }

    /// The next row: its values and null flags, good until the call after.
    #[inline]
    pub fn next_row(&mut self) -> Option<(&mut [Datum], &mut [bool])> {
        if self.position >= self.rows.len() && !self.load() {
            return None;
        }
        self.position += 1;
        Some(self.rows.row(self.position - 1))
    }
}

/// Answers a call of a set-returning function.
///
/// # Safety
/// `fcinfo` is the call information of a function that returns a set of a composite type with the
/// columns of the request's table; `request` reads its arguments.
pub unsafe fn rows(fcinfo: FunctionCallInfo, request: impl FnOnce() -> Request) -> Datum {
    // SAFETY: Postgres passes valid call information; resultinfo is NULL or a node.
    unsafe {
        let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        let is_set = !info.is_null() && (*info).type_ == pg_sys::NodeTag::T_ReturnSetInfo;
        let modes = if is_set {
            (*info).allowedModes as u32
        } else {
            0
        };
        let one_by_one = modes & pg_sys::SetFunctionReturnMode::SFRM_ValuePerCall != 0
            && modes & pg_sys::SetFunctionReturnMode::SFRM_Materialize_Preferred == 0;
        if one_by_one {
            value_per_call(fcinfo, request)
        } else {
            // Raises the usual error if the caller accepts no set.
            pg_sys::InitMaterializedSRF(fcinfo, 0);
            materialize(info, request());
            Datum::null()
        }
    }
}

/// Puts all rows into the tuplestore.
///
/// # Safety
/// `info` has been set up by `InitMaterializedSRF`.
unsafe fn materialize(info: *mut pg_sys::ReturnSetInfo, request: Request) {
    let mut cursor = Cursor::new(request);
    // SAFETY: set up by the caller.
    let (store, desc) = unsafe { ((*info).setResult, (*info).setDesc) };
    while let Some((values, nulls)) = cursor.next_row() {
        // SAFETY: the slices have one cell for each attribute; the store copies them.
        unsafe {
            pg_sys::tuplestore_putvalues(store, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
        }
    }
}

/// Gives the next row of a call in the select list.
///
/// # Safety
/// As for [`rows`].
unsafe fn value_per_call(fcinfo: FunctionCallInfo, request: impl FnOnce() -> Request) -> Datum {
    // SAFETY: the multi-call protocol of funcapi.h: fn_extra is NULL on the first call; the cursor
    // is dropped with the multi-call context; the tuple descriptor is copied into it.
    unsafe {
        let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        if (*(*fcinfo).flinfo).fn_extra.is_null() {
            let context = pg_sys::init_MultiFuncCall(fcinfo);
            let mut memory = PgMemoryContexts::For((*context).multi_call_memory_ctx);
            (*context).user_fctx = memory
                .leak_and_drop_on_delete(Cursor::new(request()))
                .cast();
            memory.switch_to(|_| {
                let mut desc = std::ptr::null_mut();
                let class =
                    pg_sys::get_call_result_type(fcinfo, std::ptr::null_mut(), &raw mut desc);
                if class != pg_sys::TypeFuncClass::TYPEFUNC_COMPOSITE {
                    crate::error::raise(
                        pgrx::PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
                        "function returning a row called where no row fits".to_owned(),
                        Some("Call it in FROM or in the select list.".to_owned()),
                    );
                }
                (*context).tuple_desc = pg_sys::BlessTupleDesc(desc);
            });
        }
        let context = pg_sys::per_MultiFuncCall(fcinfo);
        let cursor = &mut *(*context).user_fctx.cast::<Cursor>();
        let Some((values, nulls)) = cursor.next_row() else {
            pg_sys::end_MultiFuncCall(fcinfo, context);
            (*info).isDone = pg_sys::ExprDoneCond::ExprEndResult;
            return pgrx::fcinfo::pg_return_null(fcinfo);
        };
        let tuple = pg_sys::heap_form_tuple(
            (*context).tuple_desc,
            values.as_mut_ptr(),
            nulls.as_mut_ptr(),
        );
        (*context).call_cntr += 1;
        (*info).isDone = pg_sys::ExprDoneCond::ExprMultipleResult;
        pg_sys::HeapTupleHeaderGetDatum((*tuple).t_data)
    }
}
