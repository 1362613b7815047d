//! Documents of a format as a set: a FHIR bundle a patient, messages of HL7 and FIX, payments.
//!
//! They are made one unit at a time as they are asked for, so that LIMIT in the select list stops the
//! work and memory does not grow.

use std::ffi::CString;
use std::ops::Range;
use std::sync::Arc;

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo, Oid};
use synth_engine::format::export::{self, Export};
use synth_engine::format::pain001;

use crate::boundary::{check_for_interrupts, sql_function};
use crate::error::{defect, or_raise, raise};
use crate::generate::{Arguments, options, range};

/// The documents of some units, which stand in one file a line each.
struct Cursor {
    export: Arc<dyn Export>,
    units: Range<u64>,
    /// What the unit before `units.start` has written.
    lines: [Vec<u8>; 1],
    position: usize,
}

impl Cursor {
    fn new(format: &str, arguments: &Arguments) -> Self {
        let entry = or_raise(export::export(format));
        Self {
            export: or_raise((entry.build)(&options(arguments))),
            units: range(arguments, entry.units, entry.last_unit),
            lines: [Vec::new()],
            position: 0,
        }
    }

    /// The next document; none at the end.
    fn next(&mut self) -> Option<&[u8]> {
        while self.position >= self.lines[0].len() {
            let unit = self.units.next()?;
            check_for_interrupts();
            self.lines[0].clear();
            self.position = 0;
            or_raise(self.export.write(unit..unit + 1, &mut self.lines));
        }
        let rest = &self.lines[0][self.position..];
        let length = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(rest.len());
        self.position += length + 1;
        Some(&rest[..length])
    }
}

/// Gives the documents one after the other.
///
/// # Safety
/// `fcinfo` is the call information of a function declared with (units bigint, seed bigint, start bigint,
/// as_of date) that returns a set of what `datum` makes.
unsafe fn documents(fcinfo: FunctionCallInfo, format: &str, datum: fn(&[u8]) -> Datum) -> Datum {
    // SAFETY: the multi-call protocol of funcapi.h: fn_extra is NULL on the first call; the cursor is
    // dropped with the multi-call context; resultinfo is NULL or a node.
    unsafe {
        let info = (*fcinfo).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        if info.is_null() || (*info).type_ != pg_sys::NodeTag::T_ReturnSetInfo {
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                "function returning a set called where no set fits".to_owned(),
                "Call it in FROM or in the select list.".to_owned(),
            );
        }
        if (*(*fcinfo).flinfo).fn_extra.is_null() {
            let cursor = Cursor::new(format, &Arguments::of(fcinfo));
            let context = pg_sys::init_MultiFuncCall(fcinfo);
            let mut memory = PgMemoryContexts::For((*context).multi_call_memory_ctx);
            (*context).user_fctx = memory.leak_and_drop_on_delete(cursor).cast();
        }
        let context = pg_sys::per_MultiFuncCall(fcinfo);
        let Some(document) = (*(*context).user_fctx.cast::<Cursor>()).next() else {
            pg_sys::end_MultiFuncCall(fcinfo, context);
            (*info).isDone = pg_sys::ExprDoneCond::ExprEndResult;
            return pgrx::fcinfo::pg_return_null(fcinfo);
        };
        (*context).call_cntr += 1;
        (*info).isDone = pg_sys::ExprDoneCond::ExprMultipleResult;
        datum(document)
    }
}

/// A value of a type, out of its text form.
fn read(text: &[u8], input: u32) -> Datum {
    let text =
        CString::new(text).unwrap_or_else(|_| defect("a document holds a zero byte".to_owned()));
    // SAFETY: the input function of a type without modifier takes a NUL-terminated text.
    unsafe {
        pg_sys::OidInputFunctionCall(
            Oid::from(input),
            text.as_ptr().cast_mut(),
            pg_sys::InvalidOid,
            -1,
        )
    }
}

fn jsonb(text: &[u8]) -> Datum {
    read(text, pg_sys::F_JSONB_IN)
}

fn text(text: &[u8]) -> Datum {
    // SAFETY: copies as many bytes as there are.
    unsafe {
        Datum::from(pg_sys::cstring_to_text_with_len(
            text.as_ptr().cast(),
            text.len() as i32,
        ))
    }
}

sql_function! {
    /// `synth_fhir_bundle(patients bigint, seed bigint, start bigint, as_of date) RETURNS SETOF jsonb`
    synth_fhir_bundle(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, "fhir_bundles", jsonb) }
    }
}

sql_function! {
    /// `synth_hl7_message(patients bigint, seed bigint, start bigint, as_of date) RETURNS SETOF text`
    synth_hl7_message(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, "hl7", text) }
    }
}

sql_function! {
    /// `synth_fix_message(customers bigint, seed bigint, start bigint, as_of date) RETURNS SETOF text`
    synth_fix_message(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, "fix", text) }
    }
}

sql_function! {
    /// `synth_pain001(customers bigint, seed bigint, start bigint, as_of date) RETURNS text`: one document
    /// of the transfers of all these customers, since it holds their sums.
    synth_pain001(fcinfo) {
        // SAFETY: declared with these arguments in SQL.
        let arguments = unsafe { Arguments::of(fcinfo) };
        let table = options(&arguments);
        let customers = range(&arguments, "customers", synth_engine::domain::LAST_UNIT);
        let mut document = String::new();
        let options = pain001::Options { table, version: pain001::Version::default() };
        or_raise(pain001::write_document(&options, customers, &mut document));
        text(document.as_bytes())
    }
}
