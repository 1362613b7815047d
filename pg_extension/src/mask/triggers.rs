//! Masking with triggers, where that is asked for: each row is updated as UPDATE does, before the
//! table is written anew.

use std::ffi::CString;

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use super::batch::{Batch, ColumnMask, column_masks};
use super::catalog;
use super::owner::AsOwner;
use super::plan::{Plan, Rules};
use crate::boundary::{check_for_interrupts, relation_name, string};
use crate::error::raise;
use crate::proof::Fingerprint;

/// Names of the triggers that an update of the masked columns fires.
pub fn firing(relid: Oid, rules: &Rules) -> Vec<String> {
    let columns: Vec<&str> = rules
        .keys()
        .filter(|(table, _)| *table == relid)
        .map(|(_, column)| column.as_str())
        .collect();
    catalog::update_triggers(&[relid])
        .into_iter()
        .filter(|trigger| {
            trigger.columns.is_empty()
                || trigger
                    .columns
                    .iter()
                    .any(|column| columns.contains(&column.as_str()))
        })
        .map(|trigger| trigger.name)
        .collect()
}

/// An update cannot change a key that others refer to, nor move a row that is read at the time.
pub fn refuse_what_cannot_fire(plan: &Plan) {
    for &relid in &plan.tables {
        let Some(trigger) = firing(relid, &plan.rules).into_iter().next() else {
            continue;
        };
        let keys = catalog::referencing_columns(&[relid]);
        let tied = keys
            .into_iter()
            .find(|(table, column)| plan.rules.contains_key(&(*table, column.clone())));
        let why = match tied {
            Some((_, column)) => format!("column {column} belongs to a foreign key"),
            None if !plan.routed.is_empty() => "rows move between partitions".to_owned(),
            None => continue,
        };
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!(
                "trigger \"{trigger}\" of {} cannot fire while it is masked: {why}",
                relation_name(relid)
            ),
            Some("Mask without fire_triggers, and do afterwards what the trigger does.".to_owned()),
        );
    }
}

/// Updates each row of a table; its lock is held.
pub fn update(relid: Oid, rules: &Rules) {
    let _owner = AsOwner::of(relid);
    let lock = pg_sys::NoLock as i32;
    // SAFETY: the relation is open meanwhile; slots, snapshot, scan and plan are made and freed
    // here; after an error the transaction's end frees them.
    unsafe {
        let relation = pg_sys::table_open(relid, lock);
        pg_sys::CheckTableNotInUse(relation, c"synth_mask_table".as_ptr());
        let masks = column_masks(relation, rules);
        // Before SPI, whose end frees what is made in between.
        let mut memory = PgMemoryContexts::new("pg_synth masking batch");
        pg_sys::SPI_connect();
        let plan = prepare(relid, &masks);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(relation, snapshot, 0, std::ptr::null_mut());
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        let mut batch = Batch::new(relation, &masks);
        let mut fingerprint = Fingerprint::new(relation, &masks, rules);
        let mut places: Vec<pg_sys::ItemPointerData> = Vec::new();
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
                    places.push((*slot).tts_tid);
                    batch.push(slot);
                }
                fingerprint.before(&batch);
                batch.mask(&masks);
                fingerprint.after(&batch);
                for (row, place) in places.iter_mut().enumerate() {
                    let (values, nulls) = batch.row(row);
                    let mut parameters: Vec<Datum> =
                        masks.iter().map(|mask| values[mask.index]).collect();
                    let mut flags: Vec<std::ffi::c_char> = masks
                        .iter()
                        .map(|mask| if nulls[mask.index] { b'n' } else { b' ' } as _)
                        .collect();
                    parameters.push(Datum::from(std::ptr::from_mut(place)));
                    flags.push(b' ' as _);
                    let status = pg_sys::SPI_execute_plan(
                        plan,
                        parameters.as_mut_ptr(),
                        flags.as_ptr(),
                        false,
                        0,
                    );
                    if status != pg_sys::SPI_OK_UPDATE as i32 || pg_sys::SPI_processed != 1 {
                        refuse_skipped(relid);
                    }
                }
            });
            places.clear();
            batch.clear();
            memory.reset();
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::SPI_finish();
        fingerprint.store();
        pg_sys::table_close(relation, lock);
        pg_sys::CommandCounterIncrement();
    }
}

/// The update of one row, by its place.
///
/// # Safety
/// SPI is connected.
unsafe fn prepare(relid: Oid, masks: &[ColumnMask]) -> pg_sys::SPIPlanPtr {
    let mut types: Vec<Oid> = masks.iter().map(|mask| mask.column.type_oid).collect();
    let sets: Vec<String> = masks
        .iter()
        .enumerate()
        .map(|(index, mask)| format!("{} = ${}", quoted(&mask.column.name), index + 1))
        .collect();
    types.push(pg_sys::TIDOID);
    let statement = format!(
        "UPDATE ONLY {} SET {} WHERE ctid OPERATOR(pg_catalog.=) ${}",
        relation_name(relid),
        sets.join(", "),
        types.len()
    );
    let text = CString::new(statement).unwrap_or_default();
    // SAFETY: by the caller's promise; as many types as parameters.
    let plan =
        unsafe { pg_sys::SPI_prepare(text.as_ptr(), types.len() as i32, types.as_mut_ptr()) };
    if plan.is_null() {
        raise(
            ERRCODE_INTERNAL_ERROR,
            format!("could not prepare the update of {}", relation_name(relid)),
            None,
        );
    }
    plan
}

/// An identifier, quoted where needed.
fn quoted(name: &str) -> String {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: gives its argument or a palloc'd copy.
    unsafe { string(pg_sys::quote_identifier(name.as_ptr())) }
}

fn refuse_skipped(relid: Oid) -> ! {
    raise(
        ERRCODE_TRIGGERED_ACTION_EXCEPTION,
        format!(
            "a row of {} was not masked: a trigger or a policy skipped its update",
            relation_name(relid)
        ),
        Some("Let the trigger pass the row on, or mask without fire_triggers.".to_owned()),
    )
}
