//! Rules of PostgreSQL Anonymizer from the text of a dump. The text is read, never run.

use std::ffi::CString;

use pgrx::pg_sys::{self, Oid};
use synth_engine::mask::import::{self, Label, Translated};

use super::attempt;
use crate::boundary::check_for_interrupts;
use crate::rule;

/// What became of a label.
pub struct Imported {
    /// Line of the dump.
    pub line: i64,
    /// What it is on.
    pub kind: String,
    /// The object's name, quoted where needed.
    pub object: String,
    /// The label's text.
    pub original: Option<String>,
    /// The rule.
    pub rule: Option<String>,
    /// Whether it was set.
    pub is_set: bool,
    /// Why there is none, why it was not set, or what is different about it.
    pub reason: Option<String>,
}

/// Translates the labels of a dump, and sets the rules if asked to.
pub fn import(dump: &str, apply: bool) -> Vec<Imported> {
    import::labels(dump)
        .into_iter()
        .map(|label| {
            check_for_interrupts();
            one(label, apply)
        })
        .collect()
}

fn one(label: Label, apply: bool) -> Imported {
    let place = (label.kind == "COLUMN").then(|| find(&label.object));
    let column = match &place {
        Some(Ok((relid, attnum))) => Some(rule::Column::find(*relid, *attnum)),
        _ => None,
    };
    let target = match &column {
        Some(Ok(column)) => Some(&column.target),
        _ => None,
    };
    let Translated { rule, reason } = import::translate(&label, target);
    let mut reasons: Vec<String> = Some(reason).filter(|r| !r.is_empty()).into_iter().collect();
    let mut is_set = false;
    if let Some(rule) = &rule {
        match (place, &column) {
            (Some(Err(why)), _) => reasons.push(why),
            (_, Some(Err(refusal))) => reasons.push(refusal.message().to_owned()),
            (Some(Ok((relid, _))), Some(Ok(column))) if apply => {
                match attempt(true, || rule::set(relid, &column.name, &rule.to_string())) {
                    Ok(()) => is_set = true,
                    Err(stopped) => reasons.push(stopped.message),
                }
            }
            _ => {}
        }
    }
    let object: Vec<String> = label
        .object
        .iter()
        .map(pgrx::spi::quote_identifier)
        .collect();
    Imported {
        line: label.line as i64,
        kind: label.kind,
        object: object.join("."),
        original: label.text,
        rule: rule.map(|rule| rule.to_string()),
        is_set,
        reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
    }
}

/// The column of `table.column` or `schema.table.column`.
fn find(object: &[String]) -> Result<(Oid, i16), String> {
    let (schema, table, column) = match object {
        [table, column] => (None, table, column),
        [schema, table, column] => (Some(schema), table, column),
        _ => return Err("the column's name cannot be read".to_owned()),
    };
    let c = |text: &String| CString::new(text.as_str()).unwrap_or_default();
    let schema = schema.map(c);
    let (table, column) = (c(table), c(column));
    if let Some(schema) = &schema {
        // The look-up by name raises an error in a schema that may not be used: a reason for this row,
        // and none to drop all others.
        // SAFETY: catalog look-ups by a NUL-terminated name.
        let closed = unsafe {
            let namespace = pg_sys::get_namespace_oid(schema.as_ptr(), true);
            namespace != pg_sys::InvalidOid
                && pg_sys::pg_namespace_aclcheck(namespace, pg_sys::GetUserId(), pg_sys::ACL_USAGE)
                    != pg_sys::AclResult::ACLCHECK_OK
        };
        if closed {
            return Err("permission denied for the table's schema".to_owned());
        }
    }
    // SAFETY: names are NUL-terminated and live until the look-ups are done; no lock is taken, and
    // a name that is not there is no error.
    unsafe {
        let range = pg_sys::makeRangeVar(
            schema
                .as_ref()
                .map_or(std::ptr::null_mut(), |s| s.as_ptr().cast_mut()),
            table.as_ptr().cast_mut(),
            -1,
        );
        let relid = pg_sys::RangeVarGetRelidExtended(
            range,
            pg_sys::NoLock as i32,
            pg_sys::RVROption::RVR_MISSING_OK,
            None,
            std::ptr::null_mut(),
        );
        if relid == pg_sys::InvalidOid {
            return Err("there is no such table in this database".to_owned());
        }
        let attnum = pg_sys::get_attnum(relid, column.as_ptr());
        if attnum <= 0 {
            return Err("the table has no such column".to_owned());
        }
        Ok((relid, attnum))
    }
}
