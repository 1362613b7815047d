//! New versions of the secret, and the end of old ones.

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg;
use pgrx::pg_sys::{self, Datum};
use pgrx::{IntoDatum, notice};

use crate::audit;
use crate::boundary::{finish_heap_swap, make_new_heap, require_utf8, sql_function};
use crate::error::{raise, raise_null};
use crate::mask::owner::AsOwner;
use crate::own::{self, OwnTable};
use crate::query::execute;
use crate::secret;

const TYPES: [pg_sys::Oid; 4] = [
    pg_sys::INT4OID,
    pg_sys::BYTEAOID,
    pg_sys::TIMESTAMPTZOID,
    pg_sys::TIMESTAMPTZOID,
];

fn audited(operation: &'static str, version: i32) {
    audit::record(&audit::Run {
        key_version: Some(version),
        rows: 1,
        ..audit::Run::about(operation, "synth.secret".to_owned())
    });
}

fn now() -> Datum {
    // SAFETY: reads the transaction's state.
    Datum::from(unsafe { pg_sys::GetCurrentTransactionStartTimestamp() })
}

sql_function! {
    /// `synth_rotate_secret() RETURNS integer`: the version that is in use from now on.
    synth_rotate_secret(_fcinfo) {
        require_utf8();
        // SAFETY: raises an error or does nothing.
        unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_rotate_secret()".as_ptr()) };
        audit::lock();
        let table = OwnTable::open(c"secret", &TYPES, pg_sys::ShareRowExclusiveLock);
        let last = secret::versions().last().map_or(0, |(version, _)| *version);
        let Some(version) = last.checked_add(1) else {
            raise(
                ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                format!("there is no version after {last}"),
                Some("Versions are numbers of type integer.".to_owned()),
            );
        };
        table.insert(&[
            Some(Datum::from(version)),
            Some(secret::bytea(&secret::random())),
            Some(now()),
        ]);
        audited("rotate_secret", version);
        Datum::from(version)
    }
}

sql_function! {
    /// `synth_shred_secret(version integer) RETURNS void`
    synth_shred_secret(fcinfo) {
        // SAFETY: the argument type is the one declared in SQL.
        let version: i32 = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_else(|| raise_null("version"));
        // SAFETY: raises an error or does nothing.
        unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_shred_secret()".as_ptr()) };
        // What appending to the audit will need is about to be locked.
        audit::lock();
        // SAFETY: locks a table that exists.
        unsafe {
            pg_sys::LockRelationOid(own::relid(c"secret"), pg_sys::AccessExclusiveLock as i32);
        }
        let _gone = secret::version(version);
        if secret::newest().is_some_and(|(newest, _)| newest == version) {
            raise(
                ERRCODE_OBJECT_IN_USE,
                format!("secret version {version} is in use"),
                Some("Make a new one first: SELECT synth_rotate_secret().".to_owned()),
            );
        }
        // SAFETY: the table is locked, and not open in this session.
        unsafe { rewrite_without(version) };
        {
            // Fingerprints under that version can no longer be compared with anything.
            let _owner = AsOwner::of(own::relid(c"fingerprint"));
            crate::query::with_safe_path(|| execute(
                "DELETE FROM synth.fingerprint WHERE key_version OPERATOR(pg_catalog.=) $1",
                &[(pg_sys::INT4OID, version.into_datum())],
            ));
        }
        audited("shred_secret", version);
        notice!(
            "secret version {version} is no longer in this table once the transaction has committed. Not reached: WAL and its archive, base backups, copies in other databases, files of standbys until they have replayed this, and disk blocks that held the old file"
        );
        Datum::null()
    }
}

/// Writes the table anew, with one key left out: no dead tuple keeps it. The old file goes when the
/// transaction commits.
///
/// # Safety
/// The table is locked, and not open in this session.
unsafe fn rewrite_without(version: i32) {
    let lock = pg_sys::AccessExclusiveLock;
    // SAFETY: the order of calls is that of ATRewriteTables in tablecmds.c; tuples are formed for
    // the relation, whose columns the new heap has, too.
    unsafe {
        let relid = own::relid(c"secret");
        let (new_relid, persistence) = {
            let old = OwnTable::open(c"secret", &TYPES, lock);
            let form = &*(*old.relation).rd_rel;
            let (space, method, persistence) =
                (form.reltablespace, form.relam, form.relpersistence);
            let new_relid = make_new_heap(relid, space, method, persistence, lock as i32);
            let new = pg_sys::table_open(new_relid, lock as i32);
            old.scan(|_, cells| {
                let mut cells = cells.to_vec();
                if cells[0].is_some_and(|cell| cell.value() as i32 == version) {
                    cells[1] = None;
                    cells[3] = Some(now());
                }
                let tuple = old.form(&cells);
                pg_sys::simple_heap_insert(new, tuple);
                pg_sys::heap_freetuple(tuple);
            });
            pg_sys::table_close(new, pg_sys::NoLock as i32);
            (new_relid, persistence)
        };
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
    }
}
