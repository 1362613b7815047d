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

use super::batch::{Batch, column_masks};
use super::dependents;
use super::owner::AsOwner;
use super::plan::{self, Plan, Rules};
use super::writer::Writer;
use crate::audit;
use crate::boundary::{
    check_for_interrupts, finish_heap_swap, make_new_heap, relation_name, require_utf8,
    sql_function,
};
use crate::error::{raise, raise_null};
use crate::secret;

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
        audit_run("mask_table", target, &plan, rows);
        Datum::from(rows)
    }
}

/// Leaves a record of a masking in place.
pub fn audit_run(operation: &'static str, target: Oid, plan: &Plan, rows: i64) {
    let rules = plan.rules.iter().map(|((relid, column), rule)| {
        (
            format!("{}.{column}", relation_name(*relid)),
            rule.to_string(),
        )
    });
    audit::record(&audit::Run {
        operation,
        target: relation_name(target),
        rules: rules.collect(),
        key_version: secret::newest().map(|(version, _)| version),
        rows,
        before: serde_json::Value::Null,
        after: serde_json::Value::Null,
        verification: serde_json::Value::Null,
    });
}

fn mask_tables(plan: &Plan) -> i64 {
    plan.tables
        .iter()
        .map(|&relid| rewrite(relid, &plan.rules))
        .sum()
}

/// Postgres puts the failing row into the DETAIL of constraint errors, and so into the log: such
/// details hold real values and are left out.
pub fn withholding_details<T>(work: impl FnOnce() -> T) -> T {
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
                while !batch.is_full() {
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
