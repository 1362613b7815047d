//! The trigger that notes which rows of a table change while it is masked.
//!
//! It notes where a row was and is, and not a value: the log never holds an original, and tables
//! need no key. What a place holds is looked up when the changes are carried over.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, ItemPointerData};

use super::state;
use crate::boundary::sql_function;
use crate::error::raise;

sql_function! {
    /// `synth.online_capture() RETURNS trigger`
    synth_online_capture(fcinfo) {
        // SAFETY: the node's tag says whether it is what a trigger is called with.
        unsafe {
            let data = (*fcinfo).context.cast::<pg_sys::TriggerData>();
            let row_after = pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_AFTER;
            let kind = pg_sys::TRIGGER_EVENT_ROW | pg_sys::TRIGGER_EVENT_TIMINGMASK;
            if data.is_null()
                || (*data).type_ != pg_sys::NodeTag::T_TriggerData
                || (*data).tg_event & kind != row_after
            {
                raise(
                    ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                    "synth.online_capture must be called as an AFTER ROW trigger".to_owned(),
                    Some("synth_mask_table_online makes and drops it.".to_owned()),
                );
            }
            note(&*data);
        }
        Datum::null()
    }
}

/// # Safety
/// The data is that of an AFTER ROW trigger.
unsafe fn note(data: &pg_sys::TriggerData) {
    // SAFETY: tuples of the trigger have the places that they are stored at; the log is opened and
    // closed here, and the lock on it is kept until the transaction ends, as after any INSERT.
    unsafe {
        let name = std::ffi::CString::new(state::name_of("log", (*data.tg_relation).rd_id))
            .unwrap_or_default();
        let log = pg_sys::get_relname_relid(name.as_ptr(), state::schema());
        if log == pg_sys::InvalidOid {
            // Nothing reads a log any more.
            return;
        }
        let row = (*data.tg_trigtuple).t_self;
        let (old, new) = match data.tg_event & pg_sys::TRIGGER_EVENT_OPMASK {
            pg_sys::TRIGGER_EVENT_INSERT => (None, Some(row)),
            pg_sys::TRIGGER_EVENT_DELETE => (Some(row), None),
            _ => (Some(row), Some((*data.tg_newtuple).t_self)),
        };
        let log = pg_sys::table_open(log, pg_sys::RowExclusiveLock as i32);
        write(log, old, new);
        pg_sys::table_close(log, pg_sys::NoLock as i32);
    }
}

/// Notes where a row was and is.
///
/// # Safety
/// The log is open for writing.
pub unsafe fn write(
    log: pg_sys::Relation,
    old: Option<ItemPointerData>,
    new: Option<ItemPointerData>,
) {
    let places = [old, new];
    let mut nulls = places.map(|place| place.is_none());
    let mut values = [Datum::null(); 2];
    for (value, place) in values.iter_mut().zip(&places) {
        if let Some(place) = place {
            *value = Datum::from(&raw const *place);
        }
    }
    // SAFETY: by the caller's promise; the tuple is formed for the log's two columns.
    unsafe {
        let tuple = pg_sys::heap_form_tuple((*log).rd_att, values.as_mut_ptr(), nulls.as_mut_ptr());
        pg_sys::simple_heap_insert(log, tuple);
        pg_sys::heap_freetuple(tuple);
    }
}
