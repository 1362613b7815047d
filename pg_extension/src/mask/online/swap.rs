//! The masked files take the place of the table's: heap, TOAST and indexes at once, as
//! `swap_relation_files` and `finish_heap_swap` of commands/cluster.c do, but with indexes that are
//! built already, so that the lock is short.

use std::ffi::CString;
use std::mem::swap;

use pgrx::pg_sys::{self, Oid};

use super::deal;
use super::index::{self, Index};
use super::setup::{class_of, drop_relation, drop_trigger};
use super::state::{self, Part, oid};
use crate::boundary::{TransferPredicateLocksToHeapRelation, oids};

/// The indexes of a table with those of its shadow; none if one is missing.
pub fn pairs(part: &Part) -> Option<Vec<(Oid, Oid)>> {
    index::indexes(part)
        .into_iter()
        .map(|Index { relid, shadow, .. }| shadow.map(|shadow| (relid, shadow)))
        .collect()
}

/// Puts the shadow's files in the table's place and drops the shadow, the log, the map and the
/// trigger. The old files go away when the transaction commits.
pub fn swap_part(part: &Part, indexes: &[(Oid, Oid)]) {
    // SAFETY: the table is locked against everybody; it is opened and closed here, and not open
    // while its files are swapped.
    unsafe {
        let table = pg_sys::table_open(part.relid, pg_sys::NoLock as i32);
        pg_sys::CheckTableNotInUse(table, c"synth_mask_table_online".as_ptr());
        TransferPredicateLocksToHeapRelation(table);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        pg_sys::LockRelationOid(part.shadow, pg_sys::AccessExclusiveLock as i32);
        for &(index, shadow) in indexes {
            pg_sys::LockRelationOid(index, pg_sys::AccessExclusiveLock as i32);
            pg_sys::LockRelationOid(shadow, pg_sys::AccessExclusiveLock as i32);
            let index = pg_sys::index_open(index, pg_sys::NoLock as i32);
            TransferPredicateLocksToHeapRelation(index);
            pg_sys::index_close(index, pg_sys::NoLock as i32);
        }
        drop_trigger(part);
        // Statistics of the masked rows, instead of those of the originals.
        for (to, from) in indexes.iter().copied().chain([(part.relid, part.shadow)]) {
            pg_sys::RemoveStatistics(to, 0);
            pg_sys::CopyStatistics(from, to);
        }
        swap_files(part.relid, part.shadow, true);
        for &(index, shadow) in indexes {
            swap_files(index, shadow, false);
        }
        drop_relation(part.shadow);
        rename_toast(part.relid);
        // Defaults of columns added without a rewrite are in the rows now.
        let table = pg_sys::table_open(part.relid, pg_sys::NoLock as i32);
        pg_sys::RelationClearMissing(table);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        pg_sys::CommandCounterIncrement();
    }
    drop_relation(part.log);
    drop_relation(part.map);
    deal::drop_all(part.relid);
    state::run(
        "DELETE FROM synth.online_index WHERE relid = $1",
        &[oid(part.relid)],
    );
}

/// Swaps the files of two relations, with what the catalog says of their contents.
///
/// # Safety
/// Both are locked against everybody, neither is open.
unsafe fn swap_files(one: Oid, other: Oid, is_heap: bool) {
    // SAFETY: copies of catalog rows, written back; invalidation messages follow from that.
    unsafe {
        let classes =
            pg_sys::table_open(pg_sys::RelationRelationId, pg_sys::RowExclusiveLock as i32);
        let (first, second) = (class_of(one), class_of(other));
        let a = &mut *pg_sys::GETSTRUCT(first).cast::<pg_sys::FormData_pg_class>();
        let b = &mut *pg_sys::GETSTRUCT(second).cast::<pg_sys::FormData_pg_class>();
        swap(&mut a.relfilenode, &mut b.relfilenode);
        swap(&mut a.reltablespace, &mut b.reltablespace);
        swap(&mut a.relpages, &mut b.relpages);
        swap(&mut a.reltuples, &mut b.reltuples);
        swap(&mut a.relallvisible, &mut b.relallvisible);
        if is_heap {
            swap(&mut a.reltoastrelid, &mut b.reltoastrelid);
            // They bound what is in the files.
            swap(&mut a.relfrozenxid, &mut b.relfrozenxid);
            swap(&mut a.relminmxid, &mut b.relminmxid);
        }
        let (toast, other_toast) = (a.reltoastrelid, b.reltoastrelid);
        pg_sys::CatalogTupleUpdate(classes, &raw mut (*first).t_self, first);
        pg_sys::CatalogTupleUpdate(classes, &raw mut (*second).t_self, second);
        pg_sys::heap_freetuple(first);
        pg_sys::heap_freetuple(second);
        pg_sys::table_close(classes, pg_sys::RowExclusiveLock as i32);
        if is_heap {
            // A TOAST table depends on its owner and on nothing else.
            let links = [(toast, one), (other_toast, other)];
            for (toast, _) in links
                .into_iter()
                .filter(|link| link.0 != pg_sys::InvalidOid)
            {
                pg_sys::deleteDependencyRecordsFor(pg_sys::RelationRelationId, toast, false);
            }
            for (toast, owner) in links
                .into_iter()
                .filter(|link| link.0 != pg_sys::InvalidOid)
            {
                let address = |relid| pg_sys::ObjectAddress {
                    classId: pg_sys::RelationRelationId,
                    objectId: relid,
                    objectSubId: 0,
                };
                let (depender, referenced) = (address(toast), address(owner));
                pg_sys::recordDependencyOn(
                    &raw const depender,
                    &raw const referenced,
                    pg_sys::DependencyType::DEPENDENCY_INTERNAL,
                );
            }
        }
        pg_sys::RelationCloseSmgrByOid(one);
        pg_sys::RelationCloseSmgrByOid(other);
        pg_sys::CommandCounterIncrement();
    }
}

/// Gives a table's TOAST table, which was the shadow's, the name that it should have, and has
/// logical decoding look at it again.
///
/// # Safety
/// The table is locked against everybody.
unsafe fn rename_toast(relid: Oid) {
    // SAFETY: by the caller's promise; relations are opened and closed here.
    unsafe {
        let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let toast = (*(*table).rd_rel).reltoastrelid;
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        if toast == pg_sys::InvalidOid {
            return;
        }
        let relation = pg_sys::table_open(toast, pg_sys::AccessExclusiveLock as i32);
        let indexes = oids(pg_sys::RelationGetIndexList(relation));
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        let name = format!("pg_toast_{}", relid.to_u32());
        let rename = |relid, name: &str, is_index| {
            let name = CString::new(name).unwrap_or_default();
            pg_sys::RenameRelationInternal(relid, name.as_ptr(), true, is_index);
            pg_sys::CommandCounterIncrement();
        };
        rename(toast, &name, false);
        for index in indexes {
            rename(index, &format!("{name}_index"), true);
        }
        pg_sys::ResetRelRewrite(toast);
        pg_sys::CommandCounterIncrement();
    }
}
