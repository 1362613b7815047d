//! What EXPLAIN shows of a scan: the generator, what it was asked for, and what it did.

use std::ffi::{CStr, CString};

use pgrx::PgList;
use pgrx::pg_sys;

use super::execute::Own;
use super::plan::{ROWS_ARGUMENT, SEED_ARGUMENT, START_ARGUMENT};
use super::rows::Wanted;

/// An argument as it is known before the scan runs.
enum Argument {
    Number(i64),
    Null,
    /// An expression, as SQL.
    Text(CString),
}

#[pgrx::pg_guard]
pub(super) unsafe extern "C-unwind" fn explain(
    node: *mut pg_sys::CustomScanState,
    ancestors: *mut pg_sys::List,
    es: *mut pg_sys::ExplainState,
) {
    // SAFETY: the node's plan was made by `plan_path`; labels and texts are NUL-terminated.
    unsafe {
        let scan = (*node).ss.ps.plan.cast::<pg_sys::CustomScan>();
        let own = Own::of(node);
        let number = |label: &CStr, value: i64| {
            pg_sys::ExplainPropertyInteger(label.as_ptr(), std::ptr::null(), value, es);
        };
        let text = |label: &CStr, value: &CStr| {
            pg_sys::ExplainPropertyText(label.as_ptr(), value.as_ptr(), es);
        };
        let entry = &own.table.entry;
        let name = CString::new(format!("synth_{}", entry.name)).unwrap_or_default();
        text(c"Generator", &name);

        let asked = own.request.as_ref().map(|request| request.arguments);
        let arguments = |position: usize| match asked {
            Some(asked) => match position {
                ROWS_ARGUMENT => asked.rows.map_or(Argument::Null, Argument::Number),
                SEED_ARGUMENT => asked.seed.map_or(Argument::Null, Argument::Number),
                _ => asked.start.map_or(Argument::Null, Argument::Number),
            },
            None => argument(scan, position, ancestors, es),
        };
        // As `Rows`, or `Patients`.
        let mut label = entry.parameters[0].name.to_owned();
        if let Some(first) = label.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let units = CString::new(label).unwrap_or_default();
        match arguments(ROWS_ARGUMENT) {
            Argument::Number(rows) => number(&units, rows),
            Argument::Text(rows) => text(&units, &rows),
            Argument::Null => text(&units, c"NULL"),
        }
        match arguments(SEED_ARGUMENT) {
            Argument::Number(seed) => number(c"Seed", seed),
            Argument::Text(seed) => text(c"Seed", &seed),
            Argument::Null => text(c"Seed", c"drawn when the scan starts"),
        }
        match arguments(START_ARGUMENT) {
            Argument::Number(0) | Argument::Null => {}
            Argument::Number(start) => number(c"Start", start),
            Argument::Text(start) => text(c"Start", &start),
        }

        let all = (*(*(*node).ss.ss_ScanTupleSlot).tts_tupleDescriptor).natts as usize;
        let (wanted, all) = match &own.wanted {
            Wanted::Tuples(_) => (all, all),
            // The whole row is one more.
            Wanted::CellsAndRow(_) => (all - 1, all - 1),
            Wanted::Number => (0, all),
            Wanted::Cells(columns) => (columns.len(), all),
        };
        let columns = CString::new(format!("{wanted} of {all}")).unwrap_or_default();
        text(c"Columns", &columns);
        if (*es).analyze {
            number(c"Batches", own.all_batches().cast_signed());
        }
    }
}

/// An argument of the call.
///
/// # Safety
/// `scan` is a plan made by `plan_path` that EXPLAIN is about to show.
unsafe fn argument(
    scan: *mut pg_sys::CustomScan,
    position: usize,
    ancestors: *mut pg_sys::List,
    es: *mut pg_sys::ExplainState,
) -> Argument {
    // SAFETY: tags are looked at before a node is taken for what it is.
    unsafe {
        let arguments = PgList::<pg_sys::Node>::from_pg((*scan).custom_exprs);
        let Some(argument) = arguments.get_ptr(position) else {
            return Argument::Null;
        };
        if (*argument).type_ == pg_sys::NodeTag::T_Const {
            let constant = argument.cast::<pg_sys::Const>();
            return if (*constant).constisnull {
                Argument::Null
            } else {
                Argument::Number((*constant).constvalue.value() as i64)
            };
        }
        let context = pg_sys::set_deparse_context_plan((*es).deparse_cxt, scan.cast(), ancestors);
        let text = pg_sys::deparse_expression(argument, context, true, false);
        Argument::Text(CStr::from_ptr(text).to_owned())
    }
}
