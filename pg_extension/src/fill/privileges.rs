//! What the caller may write, checked before anything is locked.

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::query;

/// Raises an error in a transaction that may not write.
pub fn require_writing(function: &std::ffi::CStr) {
    // SAFETY: raises an error or does nothing.
    unsafe { pg_sys::PreventCommandIfReadOnly(function.as_ptr()) };
}

/// The columns the caller may insert into, by number. Raises an error if there is none.
pub fn writable_columns(relid: Oid) -> Vec<i16> {
    let there = query(
        "SELECT count(*) FROM pg_class WHERE oid = $1",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<i64>(1),
    );
    if there.first() == Some(&0) {
        refuse_missing(relid);
    }
    let columns = query(
        "SELECT a.attnum FROM pg_attribute a
         WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
           AND has_column_privilege($1, a.attnum, 'INSERT')",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<i16>(1),
    );
    let whole = query(
        "SELECT has_table_privilege($1, 'INSERT')",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<bool>(1),
    );
    let extension = query(
        "SELECT e.extname::text FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
         WHERE d.classid = 'pg_class'::regclass AND d.objid = $1
           AND d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<String>(1),
    );
    if let Some(extension) = extension.first() {
        raise(
            ERRCODE_WRONG_OBJECT_TYPE,
            format!("{} belongs to extension {extension}", relation_name(relid)),
            Some("Name a table of your own.".to_owned()),
        );
    }
    if columns.is_empty() && whole.first() != Some(&true) {
        let name = relation_name(relid);
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("permission denied for table {name}"),
            Some(format!("GRANT INSERT ON {name} to the role that fills it.")),
        );
    }
    columns
}

/// Raises the error for an OID that is no table's.
pub fn refuse_missing(relid: Oid) -> ! {
    raise(
        ERRCODE_UNDEFINED_TABLE,
        format!("there is no table with OID {}", relid.to_u32()),
        Some("The table may have been dropped meanwhile.".to_owned()),
    )
}

/// Whether the caller may read a table.
pub fn may_read(relid: Oid) -> bool {
    let may = query(
        "SELECT has_table_privilege($1, 'SELECT')",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<bool>(1),
    );
    may.first() == Some(&true)
}

/// Raises the error for a column that has to be written and may not be.
pub fn refuse_column(relid: Oid, column: &str) -> ! {
    let name = relation_name(relid);
    raise(
        ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("permission denied for column {column} of table {name}"),
        Some(format!(
            "GRANT INSERT ON {name}, or give the column a default."
        )),
    )
}

/// Refuses the temporary tables of other sessions, which only these can read and write.
pub fn refuse_foreign_temporary(relid: Oid) {
    // SAFETY: the relation is locked; it is opened and closed here, its catalog row read between.
    let foreign = unsafe {
        let relation = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let persistence = (*(*relation).rd_rel).relpersistence as u8;
        let foreign = persistence == pg_sys::RELPERSISTENCE_TEMP && !(*relation).rd_islocaltemp;
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        foreign
    };
    if foreign {
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!(
                "{} is a temporary table of another session",
                relation_name(relid)
            ),
            Some("Fill it from the session that made it.".to_owned()),
        );
    }
}
