//! Foreign keys of masked tables, checked again by a query, as ALTER TABLE ... VALIDATE CONSTRAINT
//! does. They hold because masks on keys are injective; this tells where equality in the database is
//! another than equality of characters, as under a nondeterministic collation.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};

use super::owner::AsOwner;
use crate::boundary::check_for_interrupts;
use crate::error::notice;
use crate::query::query;

/// A foreign key to check.
pub struct ForeignKey {
    oid: Oid,
    /// Its name.
    pub name: String,
    /// The referring table.
    pub from: Oid,
    to: Oid,
    index: Oid,
}

/// Checks the validated foreign keys that have one of these tables on either side.
pub fn foreign_keys(relids: &[Oid]) {
    for key in foreign_keys_of(relids) {
        check_for_interrupts();
        check(&key);
    }
}

/// The validated foreign keys that have one of these tables on either side.
pub fn foreign_keys_of(relids: &[Oid]) -> Vec<ForeignKey> {
    query(
        // Of a partitioned table, its own constraint is checked, which stands for the copies below.
        "WITH RECURSIVE touched (oid, parent) AS (
            SELECT c.oid, c.conparentid FROM pg_catalog.pg_constraint c
            WHERE c.contype = 'f' AND (c.conrelid = ANY ($1) OR c.confrelid = ANY ($1))
          UNION
            SELECT above.oid, above.conparentid
            FROM touched JOIN pg_catalog.pg_constraint above ON above.oid = touched.parent
         )
         SELECT k.oid, k.conname::text, k.conrelid, k.confrelid, k.conindid
         FROM touched JOIN pg_catalog.pg_constraint k ON k.oid = touched.oid
         WHERE k.convalidated AND k.conparentid = 0 ORDER BY k.conname, k.oid",
        &[(pg_sys::OIDARRAYOID, relids.to_vec().into_datum())],
        |row| {
            let (oid, name) = (row.get(1)?, row.get(2)?);
            let (from, to, index) = (row.get(3)?, row.get(4)?, row.get(5)?);
            Ok(oid.zip(name).zip(from.zip(to).zip(index)).map(
                |((oid, name), ((from, to), index))| ForeignKey {
                    oid,
                    name,
                    from,
                    to,
                    index,
                },
            ))
        },
    )
}

/// Raises Postgres's own error if a row refers to nothing. Comparing runs code of the types, hence as
/// an owner; where neither may read both tables, it is said that nothing was checked.
fn check(key: &ForeignKey) {
    let Ok(name) = std::ffi::CString::new(key.name.as_str()) else {
        return;
    };
    let lock = pg_sys::AccessShareLock as i32;
    // SAFETY: the order of calls is that of validateForeignKeyConstraint in tablecmds.c; both tables
    // exist while the constraint does, and are opened and closed here.
    unsafe {
        let from = pg_sys::table_open(key.from, lock);
        let to = pg_sys::table_open(key.to, lock);
        let mut trigger = pg_sys::Trigger {
            tgoid: pg_sys::InvalidOid,
            tgname: name.as_ptr().cast_mut(),
            tgenabled: pg_sys::TRIGGER_FIRES_ON_ORIGIN as std::ffi::c_char,
            tgisinternal: true,
            tgconstrrelid: key.to,
            tgconstrindid: key.index,
            tgconstraint: key.oid,
            ..Default::default()
        };
        pg_sys::PushActiveSnapshot(pg_sys::GetLatestSnapshot());
        let checked = [key.from, key.to].into_iter().any(|owner| {
            let _owner = AsOwner::of(owner);
            pg_sys::RI_Initial_Check(&raw mut trigger, from, to)
        });
        pg_sys::PopActiveSnapshot();
        pg_sys::table_close(to, lock);
        pg_sys::table_close(from, lock);
        if !checked {
            notice(
                format!("foreign key \"{}\" was not checked again", key.name),
                Some(
                    "Neither owner may read both tables, or row-level security is on. Masks on keys are injective, so references hold; to have that checked, grant SELECT on one table to the owner of the other.",
                ),
            );
        }
    }
}
