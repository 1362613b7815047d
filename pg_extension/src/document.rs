//! Documents of a format as a set: a FHIR bundle a patient, messages of HL7 and FIX, payments.
//!
//! They are made a few units at a time as they are asked for, so that LIMIT in the select list stops the
//! work and memory does not grow. Bundles are made as `jsonb` stores them: reading their text would
//! take ten times as long as writing it.

use std::ops::Range;
use std::sync::Arc;

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED;
use pgrx::pg_sys::{self, Datum, FunctionCallInfo};
use synth_engine::format::export::{self, Export};
use synth_engine::format::fhir::{BUNDLES, Bundles};
use synth_engine::format::json::Jsonb;
use synth_engine::format::pain001;

use crate::boundary::{check_for_interrupts, sql_function};
use crate::error::{or_raise, raise};
use crate::generate::{Arguments, options, range};

/// Units, some at a time: one first, as of many none but the first is asked for, and then twice as many
/// each time.
struct Steps {
    units: Range<u64>,
    next: u64,
    most: u64,
}

impl Steps {
    fn new(units: Range<u64>, most: u64) -> Self {
        Self {
            units,
            next: 1,
            most,
        }
    }
}

impl Iterator for Steps {
    type Item = Range<u64>;

    fn next(&mut self) -> Option<Range<u64>> {
        check_for_interrupts();
        let start = self.units.start;
        let end = start.saturating_add(self.next).min(self.units.end);
        self.units.start = end;
        self.next = (2 * self.next).min(self.most);
        (start < end).then_some(start..end)
    }
}

/// Documents one after the other.
trait Documents {
    /// The next one as a value of the function's result type; none at the end.
    fn next(&mut self) -> Option<Datum>;
}

/// Documents that stand in one file a line each, as text.
struct Lines {
    export: Arc<dyn Export>,
    steps: Steps,
    /// What the last step has written.
    file: [Vec<u8>; 1],
    position: usize,
}

impl Lines {
    fn new(format: &str, arguments: &Arguments) -> Self {
        let entry = or_raise(export::export(format));
        let units = range(arguments, entry.units, entry.last_unit);
        Self {
            export: or_raise((entry.build)(&options(arguments))),
            steps: Steps::new(units, entry.batch_units),
            file: [Vec::new()],
            position: 0,
        }
    }
}

impl Documents for Lines {
    fn next(&mut self) -> Option<Datum> {
        while self.position >= self.file[0].len() {
            let units = self.steps.next()?;
            self.file[0].clear();
            self.position = 0;
            or_raise(self.export.write(units, &mut self.file));
        }
        let rest = &self.file[0][self.position..];
        let length = rest
            .iter()
            .position(|&byte| byte == b'\n')
            .unwrap_or(rest.len());
        self.position += length + 1;
        Some(varlena(&rest[..length]))
    }
}

/// FHIR bundles as `jsonb`.
struct BundleValues {
    bundles: Bundles,
    steps: Steps,
    /// What the last step has written.
    values: Jsonb,
    position: usize,
}

impl BundleValues {
    fn new(arguments: &Arguments) -> Self {
        let units = range(arguments, BUNDLES.units, BUNDLES.last_unit);
        Self {
            bundles: or_raise(Bundles::new(&options(arguments))),
            steps: Steps::new(units, BUNDLES.batch_units),
            values: Jsonb::default(),
            position: 0,
        }
    }
}

impl Documents for BundleValues {
    fn next(&mut self) -> Option<Datum> {
        if self.position >= self.values.len() {
            let patients = self.steps.next()?;
            self.values.clear();
            self.position = 0;
            or_raise(self.bundles.write_jsonb(patients, &mut self.values));
        }
        let value = self.values.document(self.position)?;
        self.position += 1;
        Some(varlena(value))
    }
}

/// Gives the documents one after the other.
///
/// # Safety
/// `fcinfo` is the call information of a function declared with (units bigint, seed bigint, start bigint,
/// as_of date) that returns a set of what the documents are.
unsafe fn documents<D: Documents>(
    fcinfo: FunctionCallInfo,
    begin: impl FnOnce(&Arguments) -> D,
) -> Datum {
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
            let documents = begin(&Arguments::of(fcinfo));
            let context = pg_sys::init_MultiFuncCall(fcinfo);
            let mut memory = PgMemoryContexts::For((*context).multi_call_memory_ctx);
            (*context).user_fctx = memory.leak_and_drop_on_delete(documents).cast();
        }
        let context = pg_sys::per_MultiFuncCall(fcinfo);
        let Some(document) = (*(*context).user_fctx.cast::<D>()).next() else {
            pg_sys::end_MultiFuncCall(fcinfo, context);
            (*info).isDone = pg_sys::ExprDoneCond::ExprEndResult;
            return pgrx::fcinfo::pg_return_null(fcinfo);
        };
        (*context).call_cntr += 1;
        (*info).isDone = pg_sys::ExprDoneCond::ExprMultipleResult;
        document
    }
}

/// A value of a type of variable length, by its bytes without the length word.
fn varlena(bytes: &[u8]) -> Datum {
    // SAFETY: allocates and copies as many bytes as there are, with a length word in front.
    unsafe {
        Datum::from(pg_sys::cstring_to_text_with_len(
            bytes.as_ptr().cast(),
            bytes.len() as i32,
        ))
    }
}

sql_function! {
    /// `synth_fhir_bundle(patients bigint, seed bigint, start bigint, as_of date) RETURNS SETOF jsonb`
    synth_fhir_bundle(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, BundleValues::new) }
    }
}

sql_function! {
    /// `synth_hl7_message(patients bigint, seed bigint, start bigint, as_of date) RETURNS SETOF text`
    synth_hl7_message(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, |arguments| Lines::new("hl7", arguments)) }
    }
}

sql_function! {
    /// `synth_fix_message(customers bigint, seed bigint, start bigint, as_of date) RETURNS SETOF text`
    synth_fix_message(fcinfo) {
        // SAFETY: declared with these arguments and result in SQL.
        unsafe { documents(fcinfo, |arguments| Lines::new("fix", arguments)) }
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
        let options = pain001::Options { table };
        or_raise(pain001::write_document(&options, customers, &mut document));
        varlena(document.as_bytes())
    }
}
