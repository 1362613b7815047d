//! Tables bound to others above them: partitions, and tables that inherit.

use std::ffi::CStr;

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use super::source::oid;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::query;

/// Runs a closure while a table belongs to the owner of another table, and gives it back. Nothing of
/// the table runs meanwhile but what the closure makes run.
pub fn lent(table: Option<Oid>, to_owner_of: Oid, run: impl FnOnce()) {
    let (Some(table), borrower) = (table, owner(to_owner_of)) else {
        return run();
    };
    let lender = owner(table);
    change_owner(table, lender, borrower);
    run();
    change_owner(table, borrower, lender);
}

/// The owner of a relation.
fn owner(relid: Oid) -> Oid {
    // SAFETY: a syscache look-up, released here.
    unsafe {
        let id = pg_sys::SysCacheIdentifier::RELOID as i32;
        let tuple = pg_sys::SearchSysCache1(id, Datum::from(relid));
        if tuple.is_null() {
            gone(relid);
        }
        let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relowner;
        pg_sys::ReleaseSysCache(tuple);
        owner
    }
}

/// Gives a table, its indexes, its row type and its sequences to a role. No grants are on it yet.
fn change_owner(relid: Oid, from: Oid, to: Oid) {
    if from == to {
        return;
    }
    // SAFETY: a catalog change. Privileges were looked at for the copy as a whole: both roles own
    // tables of it, and the table is back with its owner before anybody else sees it.
    unsafe {
        let lock = pg_sys::AccessExclusiveLock as i32;
        pg_sys::LockRelationOid(relid, lock);
        pg_sys::ATExecChangeOwner(relid, to, true, lock);
        pg_sys::CommandCounterIncrement();
    }
}

/// Columns and checks that the original has from the tables above it alone are inherited in the copy
/// too: they go when those of the table above go. (A table made by LIKE has them as its own; partitions
/// are marked by Postgres.)
pub fn mark(original: Oid, copy: Option<Oid>) {
    let Some(copy) = copy else { return };
    let columns = query(
        "SELECT b.attnum FROM pg_attribute a
         JOIN pg_attribute b ON b.attrelid = $2 AND b.attname = a.attname
         WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped AND NOT a.attislocal
           AND b.attinhcount > 0 AND b.attislocal",
        &[oid(original), oid(copy)],
        |row| row.get::<i16>(1),
    );
    let checks = query(
        "SELECT l.oid FROM pg_constraint k
         JOIN pg_constraint l ON l.conrelid = $2 AND l.conname = k.conname AND l.contype = 'c'
         WHERE k.conrelid = $1 AND k.contype = 'c' AND NOT k.conislocal
           AND l.coninhcount > 0 AND l.conislocal",
        &[oid(original), oid(copy)],
        |row| row.get::<Oid>(1),
    );
    for attnum in columns {
        // SAFETY: a copy of the catalog row, or NULL.
        let tuple = unsafe { pg_sys::SearchSysCacheCopyAttNum(copy, attnum) };
        set_false(c"pg_attribute", tuple, c"attislocal", copy);
    }
    for check in checks {
        let (id, none) = (pg_sys::SysCacheIdentifier::CONSTROID, Datum::null());
        // SAFETY: as above.
        let tuple =
            unsafe { pg_sys::SearchSysCacheCopy(id as i32, Datum::from(check), none, none, none) };
        set_false(c"pg_constraint", tuple, c"conislocal", copy);
    }
    // SAFETY: what was changed becomes visible.
    unsafe { pg_sys::CommandCounterIncrement() };
}

/// Sets a column of a catalog's row.
fn set_false(catalog: &CStr, tuple: pg_sys::HeapTuple, column: &CStr, copy: Oid) {
    if tuple.is_null() {
        gone(copy);
    }
    // SAFETY: the row is of the catalog; the arrays have a cell for each of its columns.
    unsafe {
        let system = Oid::from(pg_sys::PG_CATALOG_NAMESPACE);
        let catalog = pg_sys::get_relname_relid(catalog.as_ptr(), system);
        let relation = pg_sys::table_open(catalog, pg_sys::RowExclusiveLock as i32);
        let place = usize::try_from(pg_sys::get_attnum(catalog, column.as_ptr()) - 1).unwrap_or(0);
        let width = (*(*relation).rd_att).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::from(false); width], vec![false; width]);
        let mut replaced = vec![false; width];
        replaced[place] = true;
        let changed = pg_sys::heap_modify_tuple(
            tuple,
            (*relation).rd_att,
            values.as_mut_ptr(),
            nulls.as_mut_ptr(),
            replaced.as_mut_ptr(),
        );
        pg_sys::CatalogTupleUpdate(relation, &raw mut (*changed).t_self, changed);
        pg_sys::table_close(relation, pg_sys::RowExclusiveLock as i32);
    }
}

fn gone(relid: Oid) -> ! {
    raise(
        ERRCODE_UNDEFINED_TABLE,
        format!("{} has changed while it was copied", relation_name(relid)),
        Some("Copy again when nobody alters the schema.".to_owned()),
    )
}

/// The operator that compares a key with what refers to it, as SQL: that of the key's type for its
/// indexes, as a foreign key would take.
pub fn equality((key, key_column): (Oid, i16), (other, other_column): (Oid, i16)) -> String {
    let base = |relid, attnum| {
        // SAFETY: catalog look-ups of a column that exists.
        unsafe { pg_sys::getBaseType(pg_sys::get_atttype(relid, attnum)) }
    };
    let (key, other) = (base(key, key_column), base(other, other_column));
    let flags = pg_sys::TYPECACHE_EQ_OPR | pg_sys::TYPECACHE_BTREE_OPFAMILY;
    // SAFETY: the types exist while the columns do; cache entries are permanent.
    let operator = unsafe {
        let (left, right) = (
            &*pg_sys::lookup_type_cache(key, flags as i32),
            &*pg_sys::lookup_type_cache(other, flags as i32),
        );
        if key == other || left.eq_opr == right.eq_opr {
            left.eq_opr
        } else if left.btree_opf == Oid::INVALID {
            Oid::INVALID
        } else {
            let strategy = pg_sys::BTEqualStrategyNumber as i16;
            let (a, b) = (left.btree_opintype, right.btree_opintype);
            pg_sys::get_opfamily_member(left.btree_opf, a, b, strategy)
        }
    };
    query(
        "SELECT format('OPERATOR(%I.%s)', n.nspname, o.oprname)
         FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = $1",
        &[oid(operator)],
        |row| row.get::<String>(1),
    )
    .pop()
    .unwrap_or_else(|| "OPERATOR(pg_catalog.=)".to_owned())
}
