//! Masking with triggers, where that is asked for: the rows are updated by one UPDATE, before the
//! table is written anew.

use std::ffi::{CStr, CString};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use super::batch::{ColumnMask, column_masks};
use super::catalog;
use super::owner::AsOwner;
use super::plan::{Plan, Rules};
use super::reading::{Progress, read_masked};
use crate::boundary::{relation_name, string};
use crate::error::{defect, raise};
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
/// table: it holds no original of a masked column.
pub fn update(relid: Oid, rules: &Rules) {
    let _owner = AsOwner::of(relid);
    let lock = pg_sys::NoLock as i32;
    // SAFETY: the relation is open meanwhile; the store outlives the plan that reads it; after an
    // error the transaction's end frees all.
    unsafe {
        let relation = pg_sys::table_open(relid, lock);
        pg_sys::CheckTableNotInUse(relation, c"synth_mask_table".as_ptr());
        let masks = column_masks(relation, rules);
        let mut store = Store::new(&masks);
        read_masked(relation, &masks, rules, false, |batch, places| {
            for (row, place) in places.iter_mut().enumerate() {
                store.put(place, batch.row(row), &masks);
            }
        });
        pg_sys::SPI_connect();
        store.register();
        let plan = prepare(relid, &masks);
        let none = std::ptr::null_mut();
        let status = pg_sys::SPI_execute_plan(plan, none, std::ptr::null(), false, 0);
        if status != pg_sys::SPI_OK_UPDATE as i32 || pg_sys::SPI_processed != store.rows {
            refuse_skipped(relid);
        }
        Progress::end();
        pg_sys::SPI_finish();
        store.end();
        pg_sys::table_close(relation, lock);
        pg_sys::CommandCounterIncrement();
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
