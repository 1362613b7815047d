//! `synth_mask_table`: masks a table in place, in one transaction.
//!
//! Rows are read once and written to a new heap, which then takes the old one's place, as ALTER
//! TABLE does: no dead tuple and no TOAST chunk keeps an original, indexes are built anew,
//! constraints are checked, and triggers do not fire. Transactions that started before and have
//! not read the table yet will find it empty, as after any rewriting ALTER TABLE.

use std::panic::AssertUnwindSafe;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg;
use pgrx::pg_sys::panic::CaughtError;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{PgMemoryContexts, PgTryBuilder};
use synth_engine::mask::{self, Mask, Rule};
use synth_engine::schema::ColumnType;

use super::dependents;
use super::owner::AsOwner;
use super::plan::{self, Plan, Rules};
use crate::boundary::{
    ExecComputeStoredGenerated, check_for_interrupts, finish_heap_swap, make_new_heap,
    require_utf8, sql_function,
};
use crate::column;
use crate::error::{or_raise, raise, raise_null};
use crate::rule::Column;
use crate::secret;

/// Rows masked at a time.
const BATCH_ROWS: usize = 1024;
/// A batch ends early when its rows reach this many bytes.
const BATCH_BYTES: usize = 8 << 20;

sql_function! {
    /// `synth_mask_table(target regclass) RETURNS bigint`: how many rows were masked.
    synth_mask_table(fcinfo) {
        // SAFETY: the argument type is the one declared in SQL.
        let target: Oid = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_else(|| raise_null("target"));
        require_utf8();
        // SAFETY: raises an error or does nothing.
        unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_mask_table()".as_ptr()) };
        let plan = plan::plan(target);
        let views = dependents::materialized_views(&plan.affected);
        let rows = withholding_details(|| mask_tables(&plan));
        dependents::remove_statistics(&plan, &views);
        withholding_details(|| dependents::refresh(&views));
        Datum::from(rows)
    }
}

fn mask_tables(plan: &Plan) -> i64 {
    plan.tables
        .iter()
        .map(|&relid| rewrite(relid, &plan.rules))
        .sum()
}

/// Postgres puts the failing row into the DETAIL of constraint errors, and so into the log: such
/// details hold real values and are left out.
fn withholding_details<T>(work: impl FnOnce() -> T) -> T {
    PgTryBuilder::new(AssertUnwindSafe(work))
        .catch_others(|caught| match caught {
            CaughtError::PostgresError(report) => raise(
                report.sql_error_code(),
                report.message().to_owned(),
                report.hint().map(str::to_owned).or_else(|| {
                    report.detail().map(|_| {
                        "The table is unchanged. The detail is withheld: it may hold real values."
                            .to_owned()
                    })
                }),
            ),
            other => other.rethrow(),
        })
        .execute()
}

/// What happens to one column.
struct ColumnMask {
    /// Position among the table's attributes, from 0.
    index: usize,
    column: Column,
    action: Action,
}

enum Action {
    /// The same value for every row; `None` is NULL.
    Constant(Option<Datum>),
    /// A computation.
    Mask(Box<dyn Mask>, ColumnType),
}

/// Masks one table; its lock is held. Gives the number of rows.
fn rewrite(relid: Oid, rules: &Rules) -> i64 {
    let lock = pg_sys::AccessExclusiveLock as i32;
    // SAFETY: the order of calls is that of ATRewriteTables and ATRewriteTable in tablecmds.c.
    unsafe {
        let old = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let form = &*(*old).rd_rel;
        if form.relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP && !(*old).rd_islocaltemp {
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                "cannot mask temporary tables of other sessions".to_owned(),
                Some("Mask it in the session that made it.".to_owned()),
            );
        }
        pg_sys::CheckTableNotInUse(old, c"synth_mask_table".as_ptr());
        let (tablespace, method, persistence) =
            (form.reltablespace, form.relam, form.relpersistence);
        let new_relid = make_new_heap(relid, tablespace, method, persistence, lock);
        let new = pg_sys::table_open(new_relid, lock);
        let rows = {
            let _owner = AsOwner::of(relid);
            copy_masked(old, new, rules)
        };
        pg_sys::table_close(new, pg_sys::NoLock as i32);
        pg_sys::table_close(old, pg_sys::NoLock as i32);
        finish_heap_swap(
            relid,
            new_relid,
            false,
            false,
            true,
            true,
            pg_sys::RecentXmin,
            pg_sys::ReadNextMultiXactId(),
            persistence,
        );
        rows
    }
}

/// Reads every row of `old` and writes it masked to `new`.
///
/// # Safety
/// Both are open and locked, with the same columns.
unsafe fn copy_masked(old: pg_sys::Relation, new: pg_sys::Relation, rules: &Rules) -> i64 {
    let mut rows = 0;
    // SAFETY: slots, snapshot, scan and executor state are made and freed here; after an error
    // the transaction's end frees them.
    unsafe {
        let masks = column_masks(old, rules);
        let mut writer = Writer::new(old, new);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(old, snapshot, 0, std::ptr::null_mut());
        let slot = pg_sys::table_slot_create(old, std::ptr::null_mut());
        let mut batch = Batch::new(old, &masks);
        let mut memory = PgMemoryContexts::new("pg_synth masking batch");
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let mut more = true;
        while more {
            check_for_interrupts();
            memory.switch_to(|_| {
                while batch.rows < BATCH_ROWS && batch.bytes < BATCH_BYTES {
                    more = pg_sys::table_scan_getnextslot(scan, forward, slot);
                    if !more {
                        break;
                    }
                    batch.push(slot);
                }
                batch.mask(&masks);
                for row in 0..batch.rows {
                    writer.write(batch.row(row), &masks);
                }
            });
            rows += batch.rows as i64;
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        writer.finish();
    }
    rows
}

/// # Safety
/// `relation` is open; constants live in the current memory context.
unsafe fn column_masks(relation: pg_sys::Relation, rules: &Rules) -> Vec<ColumnMask> {
    let secret = secret::current();
    // SAFETY: by the caller's promise.
    let columns = unsafe { plan::columns(relation, rules) };
    columns
        .into_iter()
        .map(|(column, rule)| {
            let action = match &rule {
                // SAFETY: by the caller's promise.
                Rule::Value(literal) => Action::Constant(unsafe { column.input(literal) }),
                Rule::Mask { name, .. } if name == "null" => Action::Constant(None),
                rule => {
                    let built = or_raise(mask::build(rule, &column.target, &secret));
                    Action::Mask(built, column.target.column_type.unwrap_or(ColumnType::Text))
                }
            };
            ColumnMask {
                index: usize::from(column.attnum.unsigned_abs()) - 1,
                column,
                action,
            }
        })
        .collect()
}

/// Some rows of a table, taken apart.
struct Batch {
    desc: pg_sys::TupleDesc,
    columns: usize,
    /// Positions of dropped columns: what they held is not carried over.
    dropped: Vec<usize>,
    /// Positions of columns whose text is read in full.
    text: Vec<usize>,
    rows: usize,
    /// About how much memory the rows take while they are masked.
    bytes: usize,
    values: Vec<Datum>,
    nulls: Vec<bool>,
    /// Memory of the masked text, a buffer a masked column.
    scratch: Vec<Vec<u8>>,
    arrays: Vec<arrow_array::ArrayRef>,
}

impl Batch {
    /// # Safety
    /// `relation` stays open as long as the batch.
    unsafe fn new(relation: pg_sys::Relation, masks: &[ColumnMask]) -> Self {
        // SAFETY: an open relation has a descriptor.
        let desc = unsafe { (*relation).rd_att };
        // SAFETY: natts attributes follow.
        let attributes = unsafe { (*desc).attrs.as_slice((*desc).natts as usize) };
        let dropped = attributes
            .iter()
            .enumerate()
            .filter(|(_, attribute)| attribute.attisdropped)
            .map(|(index, _)| index)
            .collect();
        let text = masks
            .iter()
            .filter(|mask| matches!(mask.action, Action::Mask(_, ColumnType::Text)))
            .map(|mask| mask.index)
            .collect();
        Self {
            desc,
            columns: attributes.len(),
            dropped,
            text,
            rows: 0,
            bytes: 0,
            values: Vec::new(),
            nulls: Vec::new(),
            scratch: Vec::new(),
            arrays: Vec::new(),
        }
    }

    fn clear(&mut self) {
        self.rows = 0;
        self.bytes = 0;
        self.values.clear();
        self.nulls.clear();
        self.arrays.clear();
    }

    /// Copies the row in a slot into the current memory context and takes it apart.
    ///
    /// # Safety
    /// The slot holds a row of the batch's relation.
    unsafe fn push(&mut self, slot: *mut pg_sys::TupleTableSlot) {
        let start = self.rows * self.columns;
        self.values.resize(start + self.columns, Datum::null());
        self.nulls.resize(start + self.columns, true);
        // SAFETY: the copy outlives the batch; the vectors have room for every attribute.
        unsafe {
            let tuple = pg_sys::ExecCopySlotHeapTuple(slot);
            self.bytes += (*tuple).t_len as usize;
            pg_sys::heap_deform_tuple(
                tuple,
                self.desc,
                self.values[start..].as_mut_ptr(),
                self.nulls[start..].as_mut_ptr(),
            );
        }
        for &index in &self.dropped {
            self.nulls[start + index] = true;
        }
        // Text may be stored out of line or compressed, and be a thousand times its size here.
        for &index in &self.text {
            if !self.nulls[start + index] {
                // SAFETY: a varlena, as text is.
                self.bytes += unsafe { pg_sys::toast_raw_datum_size(self.values[start + index]) };
            }
        }
        self.rows += 1;
    }

    fn row(&self, row: usize) -> (&[Datum], &[bool]) {
        let range = row * self.columns..(row + 1) * self.columns;
        (&self.values[range.clone()], &self.nulls[range])
    }

    /// Replaces the values of masked columns.
    ///
    /// # Safety
    /// The masks are those of the batch's relation.
    unsafe fn mask(&mut self, masks: &[ColumnMask]) {
        self.scratch.resize_with(masks.len(), Vec::new);
        for (column_mask, scratch) in masks.iter().zip(&mut self.scratch) {
            let index = column_mask.index;
            match &column_mask.action {
                Action::Constant(value) => {
                    let cells = self.values.iter_mut().skip(index).step_by(self.columns);
                    for cell in cells {
                        *cell = value.unwrap_or_else(Datum::null);
                    }
                    for null in self.nulls.iter_mut().skip(index).step_by(self.columns) {
                        *null = value.is_none();
                    }
                }
                Action::Mask(mask, column_type) => {
                    let values = self.values.iter().skip(index).step_by(self.columns);
                    let nulls = self.nulls.iter().skip(index).step_by(self.columns);
                    let input = values
                        .zip(nulls)
                        .map(|(value, null)| (!null).then_some(*value));
                    // SAFETY: the column is of this type by the plan.
                    let array =
                        unsafe { column::array(*column_type, column_mask.column.is_bpchar, input) };
                    let mut masked = or_raise(mask.apply(&array));
                    if let Some(width) = column_mask.column.padded_to {
                        masked = column::pad(&masked, width);
                    }
                    let cells = self.values.iter_mut().skip(index).step_by(self.columns);
                    column::datums(&masked, scratch, cells);
                    // NULL stays NULL: the null flags are right as they are.
                    self.arrays.push(masked);
                }
            }
        }
    }
}

/// Writes rows into the new heap, checking what the table demands.
struct Writer {
    relation: pg_sys::Relation,
    columns: usize,
    slot: *mut pg_sys::TupleTableSlot,
    estate: *mut pg_sys::EState,
    result: *mut pg_sys::ResultRelInfo,
    bulk: pg_sys::BulkInsertState,
    command: pg_sys::CommandId,
    has_constraints: bool,
    has_generated: bool,
    domain_checks: Vec<*mut std::ffi::c_void>,
}

impl Writer {
    /// # Safety
    /// Both relations stay open as long as the writer.
    unsafe fn new(old: pg_sys::Relation, new: pg_sys::Relation) -> Self {
        // SAFETY: by the caller's promise; constraints are those of the old relation.
        unsafe {
            let constraints = (*(*old).rd_att).constr;
            let estate = pg_sys::CreateExecutorState();
            let result =
                pg_sys::palloc0(size_of::<pg_sys::ResultRelInfo>()).cast::<pg_sys::ResultRelInfo>();
            pg_sys::InitResultRelInfo(result, old, 0, std::ptr::null_mut(), 0);
            Self {
                relation: new,
                columns: (*(*old).rd_att).natts as usize,
                slot: pg_sys::MakeSingleTupleTableSlot(
                    (*old).rd_att,
                    pg_sys::table_slot_callbacks(new),
                ),
                estate,
                result,
                bulk: pg_sys::GetBulkInsertState(),
                command: pg_sys::GetCurrentCommandId(true),
                has_constraints: !constraints.is_null(),
                has_generated: !constraints.is_null() && (*constraints).has_generated_stored,
                domain_checks: Vec::new(),
            }
        }
    }

    /// # Safety
    /// The cells are those of a row of the relation.
    unsafe fn write(&mut self, (values, nulls): (&[Datum], &[bool]), masks: &[ColumnMask]) {
        self.domain_checks.resize(masks.len(), std::ptr::null_mut());
        // SAFETY: the slot has one cell an attribute; the executor state is ours.
        unsafe {
            for (mask, extra) in masks.iter().zip(&mut self.domain_checks) {
                if mask.column.is_domain {
                    pg_sys::domain_check(
                        values[mask.index],
                        nulls[mask.index],
                        mask.column.type_oid,
                        &raw mut *extra,
                        (*self.estate).es_query_cxt,
                    );
                }
            }
            let slot = self.slot;
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            std::ptr::copy_nonoverlapping(values.as_ptr(), (*slot).tts_values, self.columns);
            std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*slot).tts_isnull, self.columns);
            pg_sys::ExecStoreVirtualTuple(slot);
            if self.has_generated {
                ExecComputeStoredGenerated(
                    self.result,
                    self.estate,
                    slot,
                    pg_sys::CmdType::CMD_INSERT,
                );
            }
            if self.has_constraints {
                pg_sys::ExecConstraints(self.result, slot, self.estate);
            }
            pg_sys::table_tuple_insert(
                self.relation,
                slot,
                self.command,
                pg_sys::TABLE_INSERT_SKIP_FSM as i32,
                self.bulk,
            );
            let per_tuple = (*self.estate).es_per_tuple_exprcontext;
            if !per_tuple.is_null() {
                pg_sys::MemoryContextReset((*per_tuple).ecxt_per_tuple_memory);
            }
        }
    }

    /// # Safety
    /// Nothing is written afterwards.
    unsafe fn finish(self) {
        // SAFETY: all were made by `new`.
        unsafe {
            pg_sys::FreeBulkInsertState(self.bulk);
            pg_sys::table_finish_bulk_insert(self.relation, pg_sys::TABLE_INSERT_SKIP_FSM as i32);
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::FreeExecutorState(self.estate);
        }
    }
}
