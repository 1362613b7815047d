//! Masking with triggers, where that is asked for: the rows are updated by one UPDATE, before the
//! table is written anew.
//!
//! A trigger may change a row once more. What is stored afterwards is compared with what the masks
//! gave, row by row, before anything is recorded: a trigger that puts an original back into a masked
//! column is refused, and control totals are those of the rows as they are stored.

use std::ffi::{CStr, CString};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use super::batch::{ColumnMask, column_masks};
use super::catalog;
use super::demands::Demands;
use super::owner::AsOwner;
use super::plan::{Plan, Rules};
use super::reading::{Progress, read_seen};
use super::withheld::withholding_messages;
use crate::boundary::{check_for_interrupts, relation_name, string};
use crate::error::{defect, notice, raise};
use crate::proof::Fingerprint;
use crate::query::with_settings;

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

/// Updates all rows of a table in one statement, as a user's UPDATE would: triggers for statements
/// fire once, with all rows in their transition tables. The lock on the table is held.
///
/// The rows are masked first, and held with their places in a tuple store, which is joined to the
/// table: it holds no original of a masked column. Gives the number of rows.
pub fn update(relid: Oid, rules: &Rules) -> i64 {
    let _owner = AsOwner::of(relid);
    let lock = pg_sys::NoLock as i32;
    // SAFETY: the relation is open meanwhile; the store outlives the plan that reads it; after an
    // error the transaction's end frees all.
    unsafe {
        let relation = pg_sys::table_open(relid, lock);
        pg_sys::CheckTableNotInUse(relation, c"synth_mask_table".as_ptr());
        let masks = column_masks(relation, rules);
        let mut store = Store::new(&masks);
        // Domains are checked by the update too, of which no message is told.
        let mut demands = Demands::new(relation);
        let (rows, mut fingerprint) = read_seen(relation, &masks, rules, false, |batch, places| {
            for (row, place) in places.iter_mut().enumerate() {
                demands.check_domains(batch.row(row), &masks);
                store.put(place, batch.row(row), &masks);
            }
        });
        demands.finish();
        pg_sys::SPI_connect();
        store.register();
        let plan = prepare(relid, &masks);
        let none = std::ptr::null_mut();
        let whose = || {
            format!(
                "the update of {}, with code of its triggers,",
                relation_name(relid)
            )
        };
        let status = withholding_messages(whose, || {
            pg_sys::SPI_execute_plan(plan, none, std::ptr::null(), false, 0)
        });
        if status != pg_sys::SPI_OK_UPDATE as i32 || pg_sys::SPI_processed != store.rows {
            refuse_skipped(relid);
        }
        Progress::end();
        pg_sys::SPI_finish();
        pg_sys::CommandCounterIncrement();
        compare_stored(relation, &store, &mut fingerprint);
        store.end();
        pg_sys::table_close(relation, lock);
        let (before, after) = fingerprint.store();
        if before["unmasked_columns"] != after["unmasked_columns"] {
            tell_of_changes(relid);
        }
        rows
    }
}

/// Rows are counted, with those that triggers have added: they went through no mask.
pub fn refuse_added(relid: Oid, updated: i64, stored: i64) {
    if updated != stored {
        raise(
            ERRCODE_TRIGGERED_ACTION_EXCEPTION,
            format!(
                "triggers of {} have added rows, which are not masked",
                relation_name(relid)
            ),
            Some("Let them add rows to other tables, or mask without fire_triggers.".to_owned()),
        );
    }
}

/// How many rows are compared before their memory is freed.
const COMPARED: u64 = 1024;

/// Compares each row, as it is stored now, with what the masks gave for it, and counts it. The row is
/// found from its place before the update: a version that was updated names the next one.
///
/// # Safety
/// The update has been done; the relation is open, and its rows are the store's.
unsafe fn compare_stored(relation: pg_sys::Relation, store: &Store, fingerprint: &mut Fingerprint) {
    fingerprint.count_stored();
    let mut memory = pgrx::PgMemoryContexts::new("pg_synth stored rows");
    // SAFETY: by the caller's promise. What is made is freed here; an error ends the transaction.
    unsafe {
        let relid = (*relation).rd_id;
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(relation, snapshot, 0, std::ptr::null_mut());
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        let columns = (*(*relation).rd_att).natts as usize;
        let mut compared = 0_u64;
        store.each(|cells, nulls| {
            let mut place = *cells[0].cast_mut_ptr::<pg_sys::ItemPointerData>();
            pg_sys::table_tuple_get_latest_tid(scan, &raw mut place);
            if !pg_sys::table_tuple_fetch_row_version(relation, &raw mut place, snapshot, slot) {
                refuse_skipped(relid);
            }
            pg_sys::slot_getallattrs(slot);
            let values = std::slice::from_raw_parts((*slot).tts_values, columns);
            let flags = std::slice::from_raw_parts((*slot).tts_isnull, columns);
            let found = memory
                .switch_to(|_| fingerprint.stored((&cells[1..], &nulls[1..]), (values, flags)));
            if let Err(column) = found {
                refuse_changed(relid, &column);
            }
            compared += 1;
            if compared.is_multiple_of(COMPARED) {
                check_for_interrupts();
                memory.reset();
            }
        });
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
    }
}

/// The name under which the update sees the masked rows; it comes before tables of that name.
const STORE: &CStr = c"pg_synth_masked_rows";

/// Places of rows and their masked values.
struct Store {
    state: *mut pg_sys::Tuplestorestate,
    descriptor: pg_sys::TupleDesc,
    rows: u64,
}

impl Store {
    /// # Safety
    /// It lives in the current memory context.
    unsafe fn new(masks: &[ColumnMask]) -> Self {
        // SAFETY: one attribute more than there are masks. Values are of base types: the update
        // checks them against domains and widths.
        unsafe {
            let descriptor = pg_sys::CreateTemplateTupleDesc(masks.len() as i32 + 1);
            let entry = |number: usize, name: &str, kind: Oid| {
                let name = CString::new(name).unwrap_or_default();
                pg_sys::TupleDescInitEntry(descriptor, number as i16, name.as_ptr(), kind, -1, 0);
            };
            entry(1, "place", pg_sys::TIDOID);
            for (index, mask) in masks.iter().enumerate() {
                entry(index + 2, &format!("c{index}"), mask.column.base_oid);
            }
            Self {
                state: pg_sys::tuplestore_begin_heap(false, false, pg_sys::work_mem),
                descriptor,
                rows: 0,
            }
        }
    }

    /// # Safety
    /// The cells are those of a row of the masks' relation.
    unsafe fn put(
        &mut self,
        place: &mut pg_sys::ItemPointerData,
        (values, nulls): (&[Datum], &[bool]),
        masks: &[ColumnMask],
    ) {
        let columns = masks.iter().map(|mask| mask.index);
        let mut cells = vec![Datum::from(std::ptr::from_mut(place))];
        cells.extend(columns.clone().map(|index| values[index]));
        let mut flags = vec![false];
        flags.extend(columns.map(|index| nulls[index]));
        // SAFETY: as many cells as attributes; they are copied.
        unsafe {
            let (cells, flags) = (cells.as_mut_ptr(), flags.as_mut_ptr());
            pg_sys::tuplestore_putvalues(self.state, self.descriptor, cells, flags);
        }
        self.rows += 1;
    }

    /// Makes the rows known to statements.
    ///
    /// # Safety
    /// SPI is connected.
    unsafe fn register(&self) {
        // SAFETY: palloc'd, with a name that lives as long as the library.
        unsafe {
            let relation = pg_sys::palloc0(size_of::<pg_sys::EphemeralNamedRelationData>())
                .cast::<pg_sys::EphemeralNamedRelationData>();
            (*relation).md.name = STORE.as_ptr().cast_mut();
            (*relation).md.tupdesc = self.descriptor;
            (*relation).md.enrtype = pg_sys::EphemeralNameRelationType::ENR_NAMED_TUPLESTORE;
            (*relation).md.enrtuples = self.rows as f64;
            (*relation).reldata = self.state.cast();
            pg_sys::SPI_register_relation(relation);
        }
    }

    /// Gives each row: its place, and what the masks gave.
    ///
    /// # Safety
    /// No plan reads it any more.
    unsafe fn each(&self, mut look: impl FnMut(&[Datum], &[bool])) {
        // SAFETY: made by `new`; the slot is of its descriptor, and dropped here.
        unsafe {
            let columns = (*self.descriptor).natts as usize;
            let slot = pg_sys::MakeSingleTupleTableSlot(
                self.descriptor,
                &raw const pg_sys::TTSOpsMinimalTuple,
            );
            pg_sys::tuplestore_select_read_pointer(self.state, 0);
            pg_sys::tuplestore_rescan(self.state);
            while pg_sys::tuplestore_gettupleslot(self.state, true, false, slot) {
                pg_sys::slot_getallattrs(slot);
                look(
                    std::slice::from_raw_parts((*slot).tts_values, columns),
                    std::slice::from_raw_parts((*slot).tts_isnull, columns),
                );
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
    }

    /// # Safety
    /// No plan reads it any more.
    unsafe fn end(self) {
        // SAFETY: made by `new`.
        unsafe { pg_sys::tuplestore_end(self.state) };
    }
}

/// The update of all rows by their places.
///
/// It is planned without joins that write rows of the table to temporary files, where originals
/// would stay behind on the disk: each row is looked up by its place. What triggers run is planned as
/// ever.
///
/// # Safety
/// SPI is connected, and knows the store.
unsafe fn prepare(relid: Oid, masks: &[ColumnMask]) -> pg_sys::SPIPlanPtr {
    let sets: Vec<String> = masks
        .iter()
        .enumerate()
        .map(|(index, mask)| format!("{} = m.c{index}", quoted(&mask.column.name)))
        .collect();
    let statement = format!(
        "UPDATE ONLY {} AS o SET {} FROM {} AS m WHERE o.ctid OPERATOR(pg_catalog.=) m.place",
        relation_name(relid),
        sets.join(", "),
        STORE.to_string_lossy(),
    );
    let text = CString::new(statement).unwrap_or_default();
    let settings = [
        (c"search_path", c"pg_catalog, pg_temp"),
        (c"enable_hashjoin", c"off"),
        (c"enable_mergejoin", c"off"),
    ];
    // SAFETY: by the caller's promise. A plan without parameters is kept once it is made.
    with_settings(&settings, || unsafe {
        let plan = pg_sys::SPI_prepare(text.as_ptr(), 0, std::ptr::null_mut());
        let cached = if plan.is_null() {
            std::ptr::null_mut()
        } else {
            pg_sys::SPI_plan_get_cached_plan(plan)
        };
        if cached.is_null() {
            defect(format!(
                "could not prepare the update of {}",
                relation_name(relid)
            ));
        }
        pg_sys::ReleaseCachedPlan(cached, std::ptr::null_mut());
        plan
    })
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

fn refuse_changed(relid: Oid, column: &str) -> ! {
    raise(
        ERRCODE_TRIGGERED_ACTION_EXCEPTION,
        format!(
            "column {column} of {} does not hold what its rule gave: a trigger has changed it",
            relation_name(relid)
        ),
        Some(
            "Let the trigger leave masked columns as they come, or mask without fire_triggers."
                .to_owned(),
        ),
    )
}

fn tell_of_changes(relid: Oid) {
    notice(
        format!(
            "triggers have changed columns of {} that have no rule",
            relation_name(relid)
        ),
        Some("See to it that they copy no original there: the record's control totals differ."),
    );
}
