//! The database's secret: made by CREATE EXTENSION, kept in `synth.secret`, which nobody is
//! granted. Code here reads the table itself, after the caller has been authorized; SQL cannot.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum};
use synth_engine::secret::{SECRET_LENGTH, Secret};

use crate::boundary::{require_utf8, sql_function};
use crate::error::raise;

sql_function! {
    /// `synth.random_secret() RETURNS bytea`: 32 bytes from the operating system.
    synth_random_secret(_fcinfo) {
        require_utf8();
        let mut bytes = [0_u8; SECRET_LENGTH];
        if let Err(error) = getrandom::fill(&mut bytes) {
            raise(ERRCODE_SYSTEM_ERROR, format!("could not draw a secret: {error}"), None);
        }
        // SAFETY: palloc'd copy with a header, as bytea is.
        unsafe {
            let size = SECRET_LENGTH + pg_sys::VARHDRSZ;
            let bytea = pg_sys::palloc(size).cast::<pg_sys::varlena>();
            pgrx::set_varsize_4b(bytea, size as i32);
            std::ptr::copy_nonoverlapping(
                bytes.as_ptr(),
                bytea.cast::<u8>().add(pg_sys::VARHDRSZ),
                SECRET_LENGTH,
            );
            Datum::from(bytea)
        }
    }
}

/// The current secret: the row of `synth.secret` with the highest version.
pub fn current() -> Secret {
    // SAFETY: opens the extension's own table by name, scans it under a registered snapshot and
    // closes what it opened; an error in between is cleaned up by the transaction's end.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"synth".as_ptr(), true);
        let relid = pg_sys::get_relname_relid(c"secret".as_ptr(), schema);
        if relid == pg_sys::InvalidOid {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the table synth.secret is missing".to_owned(),
                Some("Run CREATE EXTENSION pg_synth in this database.".to_owned()),
            );
        }
        let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
        let natts = (*(*relation).rd_att).natts as usize;
        let attributes = (*(*relation).rd_att).attrs.as_slice(natts);
        let types: Vec<_> = attributes.iter().take(2).map(|a| a.atttypid).collect();
        if types != [pg_sys::INT4OID, pg_sys::BYTEAOID] {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the table synth.secret has been altered".to_owned(),
                Some("Its first columns are version integer and key bytea.".to_owned()),
            );
        }
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::table_beginscan(relation, snapshot, 0, std::ptr::null_mut());
        let mut newest: Option<(i32, Secret)> = None;
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let mut cells = vec![Datum::null(); natts];
            let mut nulls = vec![false; natts];
            pg_sys::heap_deform_tuple(
                tuple,
                (*relation).rd_att,
                cells.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            let version = cells[0].value() as i32;
            if nulls[0] {
                continue;
            }
            if newest.as_ref().is_none_or(|(known, _)| *known < version)
                && let Some(secret) = (!nulls[1]).then(|| read(cells[1])).flatten()
            {
                newest = Some((version, secret));
            }
        }
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
        match newest {
            Some((_, secret)) => secret,
            None => raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "this database has no masking secret".to_owned(),
                Some(
                    "As a superuser: INSERT INTO synth.secret (version, key) VALUES (1, synth.random_secret())."
                        .to_owned(),
                ),
            ),
        }
    }
}

/// # Safety
/// `datum` is a bytea.
unsafe fn read(datum: Datum) -> Option<Secret> {
    // SAFETY: a varlena by the caller's promise.
    unsafe {
        let varlena = pg_sys::pg_detoast_datum_packed(datum.cast_mut_ptr());
        let bytes = std::slice::from_raw_parts(
            pgrx::vardata_any(varlena).cast::<u8>(),
            pgrx::varsize_any_exhdr(varlena),
        );
        bytes.try_into().ok().map(Secret::new)
    }
}
