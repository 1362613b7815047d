//! The extension's own tables, in schema `synth`: read and written by the library itself, past
//! grants, row security and triggers, after the caller has been authorized.

use std::ffi::CStr;

use pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE;
use pgrx::pg_sys::{self, Datum, Oid};

use crate::boundary::string;
use crate::error::raise;

/// An open table of schema `synth`. It is closed when dropped; the lock of a reader goes with it, that
/// of a writer is kept to the end of the transaction.
pub struct OwnTable {
    /// The table.
    pub relation: pg_sys::Relation,
    columns: usize,
    lock: u32,
}

/// The OID of a table of schema `synth`; invalid if it is not there.
fn find(name: &CStr) -> Oid {
    // SAFETY: catalog look-ups by NUL-terminated names.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"synth".as_ptr(), true);
        if schema == pg_sys::InvalidOid {
            pg_sys::InvalidOid
        } else {
            pg_sys::get_relname_relid(name.as_ptr(), schema)
        }
    }
}

/// Whether a table is there: objects of an earlier version, before ALTER EXTENSION UPDATE, may lack
/// it, and the library serves them meanwhile.
pub fn exists(name: &CStr) -> bool {
    find(name) != pg_sys::InvalidOid
}

/// The OID of a table of schema `synth`.
pub fn relid(name: &CStr) -> Oid {
    let relid = find(name);
    if relid == pg_sys::InvalidOid {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("the table synth.{} is missing", name.to_string_lossy()),
            Some(
                "Run CREATE EXTENSION pg_synth in this database, or ALTER EXTENSION pg_synth UPDATE."
                    .to_owned(),
            ),
        );
    }
    relid
}

impl OwnTable {
    /// Opens a table whose first columns must have these types.
    pub fn open(name: &CStr, types: &[Oid], lock: u32) -> Self {
        let relid = relid(name);
        // SAFETY: the table exists; attributes 0..natts follow its descriptor.
        unsafe {
            let relation = pg_sys::table_open(relid, lock as i32);
            let columns = (*(*relation).rd_att).natts as usize;
            let attributes = (*(*relation).rd_att).attrs.as_slice(columns);
            let found = attributes.iter().take(types.len()).map(|a| a.atttypid);
            if !found.eq(types.iter().copied()) {
                let names: Vec<String> = types
                    .iter()
                    .map(|oid| string(pg_sys::format_type_be(*oid)))
                    .collect();
                raise(
                    ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    format!(
                        "the table synth.{} has been altered",
                        name.to_string_lossy()
                    ),
                    Some(format!(
                        "Its first columns have the types {}.",
                        names.join(", ")
                    )),
                );
            }
            Self {
                relation,
                columns,
                lock,
            }
        }
    }

    /// Reads every row as it is now, whatever the transaction's snapshot (in a parallel plan, where no
    /// other may be taken, as the query sees it): where it stands, and its cells. Cells passed by reference are good until `read` returns.
    pub fn scan(&self, mut read: impl FnMut(pg_sys::ItemPointerData, &[Option<Datum>])) {
        let mut values = vec![Datum::null(); self.columns];
        let mut nulls = vec![true; self.columns];
        // SAFETY: scan and snapshot are closed here; an error in between is cleaned up by the
        // transaction's end; the vectors have a cell an attribute.
        unsafe {
            let now = if pg_sys::IsInParallelMode() {
                pg_sys::GetActiveSnapshot()
            } else {
                pg_sys::GetLatestSnapshot()
            };
            let snapshot = pg_sys::RegisterSnapshot(now);
            let scan = pg_sys::table_beginscan(self.relation, snapshot, 0, std::ptr::null_mut());
            loop {
                let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
                if tuple.is_null() {
                    break;
                }
                pg_sys::heap_deform_tuple(
                    tuple,
                    (*self.relation).rd_att,
                    values.as_mut_ptr(),
                    nulls.as_mut_ptr(),
                );
                let cells: Vec<Option<Datum>> = values
                    .iter()
                    .zip(&nulls)
                    .map(|(value, null)| (!null).then_some(*value))
                    .collect();
                read((*tuple).t_self, &cells);
            }
            pg_sys::table_endscan(scan);
            pg_sys::UnregisterSnapshot(snapshot);
        }
    }

    /// Adds a row; columns that are not given are NULL.
    pub fn insert(&self, cells: &[Option<Datum>]) {
        // SAFETY: the tuple is formed for this relation, which is open.
        unsafe {
            let tuple = self.form(cells);
            pg_sys::CatalogTupleInsert(self.relation, tuple);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Replaces the row at a place.
    pub fn update(&self, mut place: pg_sys::ItemPointerData, cells: &[Option<Datum>]) {
        // SAFETY: as above; the place is that of a row seen under this table's lock.
        unsafe {
            let tuple = self.form(cells);
            pg_sys::CatalogTupleUpdate(self.relation, &raw mut place, tuple);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Forms a row.
    ///
    /// # Safety
    /// The cells are of the table's types.
    pub unsafe fn form(&self, cells: &[Option<Datum>]) -> pg_sys::HeapTuple {
        let mut values = vec![Datum::null(); self.columns];
        let mut nulls = vec![true; self.columns];
        for (index, cell) in cells.iter().enumerate() {
            if let Some(value) = cell {
                values[index] = *value;
                nulls[index] = false;
            }
        }
        // SAFETY: the vectors have a cell an attribute.
        unsafe {
            pg_sys::heap_form_tuple(
                (*self.relation).rd_att,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            )
        }
    }
}

impl Drop for OwnTable {
    fn drop(&mut self) {
        // After an error the transaction's end closes it.
        if !std::thread::panicking() {
            let lock = if self.lock == pg_sys::AccessShareLock {
                self.lock
            } else {
                pg_sys::NoLock
            };
            // SAFETY: opened by `open`.
            unsafe { pg_sys::table_close(self.relation, lock as i32) };
        }
    }
}

/// The bytes of a bytea or text.
///
/// # Safety
/// `datum` is a varlena; the bytes are good as long as the current memory context.
pub unsafe fn bytes<'a>(datum: Datum) -> &'a [u8] {
    // SAFETY: a varlena by the caller's promise; detoasted into the current context.
    unsafe {
        let varlena = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        std::slice::from_raw_parts(
            pgrx::vardata_any(varlena).cast::<u8>(),
            pgrx::varsize_any_exhdr(varlena),
        )
    }
}
