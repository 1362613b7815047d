//! What a run puts into the database, and how it is taken away again.
//!
//! The shadow is owned by the table's owner, has no grants, and lies in the schema `synth`, where
//! nobody else may make objects; so do the log and the map, which hold numbers of blocks and lines
//! and are the extension's own. All go with the table if it is dropped.

use std::ffi::CString;

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use super::super::batch::column_masks;
use super::super::catalog;
use super::super::owner::AsOwner;
use super::super::plan::Plan;
use super::deal;
use super::state::{self, Part, bigint, oid, text};
use crate::boundary::{make_new_heap, relation_name};
use crate::error::raise;

/// Refuses tables that cannot be masked online.
pub fn check(plan: &Plan) {
    if plan.tables.len() > usize::from(u16::MAX) {
        raise(
            ERRCODE_PROGRAM_LIMIT_EXCEEDED,
            format!(
                "{} tables are too many for one online masking",
                plan.tables.len()
            ),
            Some(format!(
                "At most {} are masked at once: mask parts of the tree, or use synth_mask_table().",
                u16::MAX
            )),
        );
    }
    for &top in &plan.routed {
        refuse_mixed(top, plan);
    }
    for &relid in &plan.tables {
        // SAFETY: the table is locked by the plan; it is opened and closed here.
        unsafe {
            let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
            let form = &*(*table).rd_rel;
            let problem = if form.relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP {
                Some("is a temporary table, which no other session uses")
            } else if form.relam != pg_sys::HEAP_TABLE_AM_OID {
                Some("is not stored as a heap")
            } else {
                None
            };
            if let Some(problem) = problem {
                raise(
                    ERRCODE_FEATURE_NOT_SUPPORTED,
                    format!(
                        "{} {problem}: it cannot be masked online",
                        relation_name(relid)
                    ),
                    Some(format!("SELECT synth_mask_table({}).", quoted(relid))),
                );
            }
            pg_sys::CheckTableNotInUse(table, c"synth_mask_table_online".as_ptr());
            // Literals are read by code of the table's.
            let owner = AsOwner::of(relid);
            let masks = column_masks(table, &plan.rules);
            drop(owner);
            deal::check(relid, &masks);
            pg_sys::table_close(table, pg_sys::NoLock as i32);
        }
    }
}

/// After a crash unlogged partitions are empty. Where only some are, rows that have moved from or to
/// them would be lost, or there twice.
fn refuse_mixed(top: Oid, plan: &Plan) {
    let tree = catalog::descendants(&[top]);
    let leaves: Vec<Oid> = plan
        .tables
        .iter()
        .copied()
        .filter(|relid| tree.contains(relid))
        .collect();
    let some = leaves.iter().find(|relid| is_unlogged(**relid));
    if let Some(&some) = some.filter(|_| !leaves.iter().all(|relid| is_unlogged(*relid))) {
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!(
                "{} is unlogged, other partitions are not, and rows move between them when they are masked: they cannot be masked online",
                relation_name(some)
            ),
            Some(format!(
                "SELECT synth_mask_table({}), which locks the tables until it has committed; or ALTER TABLE .. SET LOGGED.",
                quoted(top)
            )),
        );
    }
}

/// Begins a run on tables that are locked against writing.
pub fn begin(target: Oid, plan: &Plan, definition: &str) {
    let mut phase = state::Phase::Copy;
    for (place, &relid) in plan.tables.iter().enumerate() {
        if begin_part(target, place, relid, plan) {
            phase = state::Phase::Deal;
        }
    }
    state::run(
        "INSERT INTO synth.online_run (target, phase, definition, pid)
         VALUES ($1, $2, $3, pg_catalog.pg_backend_pid())",
        &[oid(target), text(phase.name()), text(definition)],
    );
}

/// Gives whether values are to be dealt.
fn begin_part(target: Oid, place: usize, relid: Oid, plan: &Plan) -> bool {
    let shadow = make_shadow(relid);
    let (log_name, map_name) = (state::name_of("log", relid), state::name_of("map", relid));
    // After a crash an unlogged table is empty, and so is its shadow: what is known of either is then
    // to be empty as well.
    let unlogged = if is_unlogged(relid) { "UNLOGGED " } else { "" };
    // The names are made of a number.
    state::run(
        &format!("CREATE {unlogged}TABLE synth.{log_name} (old_place tid, new_place tid)"),
        &[],
    );
    state::run(
        &format!(
            "CREATE {unlogged}TABLE synth.{map_name} (block bigint PRIMARY KEY, places bytea NOT NULL) WITH (fillfactor = 80)"
        ),
        &[],
    );
    let log = named(&log_name);
    let map = named(&map_name);
    for made in [shadow, log, map] {
        goes_with(made, relid);
    }
    for made in [log, map] {
        keep_from_subscribers(made, relid);
    }
    // SAFETY: the table is locked; it is opened and closed here.
    let masks = unsafe {
        let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let owner = AsOwner::of(relid);
        let masks = column_masks(table, &plan.rules);
        drop(owner);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        masks
    };
    let is_dealt = deal::begin(relid, &masks, unlogged);
    let trigger = make_trigger(relid);
    // SAFETY: the table is locked; opened and closed here.
    let (filenode, blocks, estimate, map_index) = unsafe {
        pg_sys::CommandCounterIncrement();
        let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        let blocks = pg_sys::RelationGetNumberOfBlocksInFork(table, main);
        let form = &*(*table).rd_rel;
        let found = (form.relfilenode, blocks, form.reltuples.max(0.0) as i64);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        let relation = pg_sys::table_open(map, pg_sys::AccessShareLock as i32);
        let indexes = crate::boundary::oids(pg_sys::RelationGetIndexList(relation));
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        (found.0, found.1, found.2, indexes[0])
    };
    state::run(
        "INSERT INTO synth.online_part (relid, target, place, shadow, log, map, map_index, trigger, filenode, blocks, rows_estimated, shadow_filenode)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            oid(relid),
            oid(target),
            bigint(place as i64),
            oid(shadow),
            oid(log),
            oid(map),
            oid(map_index),
            oid(trigger),
            oid(filenode),
            bigint(i64::from(blocks)),
            bigint(estimate),
            oid(file_of(shadow)),
        ],
    );
    is_dealt
}

/// The name of a table as a literal, for a statement in a hint.
pub fn quoted(relid: Oid) -> String {
    format!("'{}'", relation_name(relid).replace('\'', "''"))
}

fn is_unlogged(relid: Oid) -> bool {
    // SAFETY: catalog look-up.
    let persistence = unsafe { pg_sys::get_rel_persistence(relid) };
    persistence as u8 == pg_sys::RELPERSISTENCE_UNLOGGED
}

/// The number of a relation's file.
fn file_of(relid: Oid) -> Oid {
    let tuple = class_of(relid);
    // SAFETY: a copy of a row of pg_class.
    unsafe {
        let file = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relfilenode;
        pg_sys::heap_freetuple(tuple);
        file
    }
}

/// The table of this name in the schema `synth`.
pub fn named(name: &str) -> Oid {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: catalog look-up.
    unsafe { pg_sys::get_relname_relid(name.as_ptr(), state::schema()) }
}

/// Makes an empty heap with the columns of a table, and puts it where nobody else comes.
fn make_shadow(relid: Oid) -> Oid {
    let name = CString::new(state::name_of("shadow", relid)).unwrap_or_default();
    // SAFETY: the table is locked; the new heap is ours alone until this transaction commits.
    unsafe {
        let table = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let form = &*(*table).rd_rel;
        let (tablespace, method) = (form.reltablespace, form.relam);
        let (persistence, schema) = (form.relpersistence, form.relnamespace);
        pg_sys::table_close(table, pg_sys::NoLock as i32);
        let lock = pg_sys::ShareRowExclusiveLock as i32;
        let shadow = make_new_heap(relid, tablespace, method, persistence, lock);
        pg_sys::CommandCounterIncrement();
        pg_sys::RenameRelationInternal(shadow, name.as_ptr(), true, false);
        pg_sys::CommandCounterIncrement();
        let relation = pg_sys::table_open(shadow, pg_sys::AccessExclusiveLock as i32);
        let moved = pg_sys::new_object_addresses();
        pg_sys::AlterTableNamespaceInternal(relation, schema, state::schema(), moved);
        pg_sys::free_object_addresses(moved);
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        pg_sys::CommandCounterIncrement();
        shadow
    }
}

/// Has a relation dropped with the table.
pub fn goes_with(relid: Oid, table: Oid) {
    let address = |relid| pg_sys::ObjectAddress {
        classId: pg_sys::RelationRelationId,
        objectId: relid,
        objectSubId: 0,
    };
    let (depender, referenced) = (address(relid), address(table));
    // SAFETY: both are there.
    unsafe {
        pg_sys::recordDependencyOn(
            &raw const depender,
            &raw const referenced,
            pg_sys::DependencyType::DEPENDENCY_AUTO,
        );
    }
}

/// Logical decoding passes over what is written to a heap that will take another's place, and
/// publications `FOR ALL TABLES` would have subscribers look for tables that they do not have.
pub fn keep_from_subscribers(relid: Oid, table: Oid) {
    // SAFETY: a copy of the catalog's row, written back.
    unsafe {
        let classes =
            pg_sys::table_open(pg_sys::RelationRelationId, pg_sys::RowExclusiveLock as i32);
        let tuple = class_of(relid);
        (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relrewrite = table;
        pg_sys::CatalogTupleUpdate(classes, &raw mut (*tuple).t_self, tuple);
        pg_sys::heap_freetuple(tuple);
        pg_sys::table_close(classes, pg_sys::RowExclusiveLock as i32);
        pg_sys::CommandCounterIncrement();
    }
}

/// A copy of a relation's row in pg_class, to be changed.
pub fn class_of(relid: Oid) -> pg_sys::HeapTuple {
    let none = Datum::null();
    // SAFETY: a palloc'd copy, or NULL.
    let tuple = unsafe {
        pg_sys::SearchSysCacheCopy(
            pg_sys::SysCacheIdentifier::RELOID as i32,
            Datum::from(relid),
            none,
            none,
            none,
        )
    };
    if tuple.is_null() {
        raise(
            ERRCODE_UNDEFINED_TABLE,
            format!("relation with OID {} does not exist", relid.to_u32()),
            Some("It may have been dropped meanwhile.".to_owned()),
        );
    }
    tuple
}

/// The trigger is internal: it is not dumped, `ALTER TABLE .. DISABLE TRIGGER USER` does not reach
/// it, and it fires under every `session_replication_role`, so that replicated changes are noted.
fn make_trigger(relid: Oid) -> Oid {
    let _owner = AsOwner::of(relid);
    // SAFETY: the node is complete; the function is the extension's own.
    unsafe {
        let mut statement =
            pgrx::PgBox::<pg_sys::CreateTrigStmt>::alloc_node(pg_sys::NodeTag::T_CreateTrigStmt);
        statement.trigname = pg_sys::pstrdup(c"synth_online_capture".as_ptr());
        statement.row = true;
        statement.timing = 0;
        statement.events = (pg_sys::TRIGGER_TYPE_INSERT
            | pg_sys::TRIGGER_TYPE_UPDATE
            | pg_sys::TRIGGER_TYPE_DELETE) as i16;
        let mut function = std::ptr::null_mut();
        for part in [c"synth", c"online_capture"] {
            let part = pg_sys::makeString(pg_sys::pstrdup(part.as_ptr()));
            function = pg_sys::lappend(function, part.cast());
        }
        statement.funcname = function;
        let none = pg_sys::InvalidOid;
        pg_sys::CreateTriggerFiringOn(
            statement.into_pg(),
            std::ptr::null(),
            relid,
            none,
            none,
            none,
            none,
            none,
            std::ptr::null_mut(),
            true,
            false,
            pg_sys::TRIGGER_FIRES_ALWAYS as _,
        )
        .objectId
    }
}

/// Whether something of a run is still in the database.
pub fn is_left(part: &Part) -> bool {
    [part.shadow, part.log, part.map]
        .into_iter()
        .any(state::exists)
        || has_trigger(part)
}

fn has_trigger(part: &Part) -> bool {
    trigger_state(part).is_some()
}

/// Whether all changes have been noted. `DISABLE TRIGGER ALL` stops that, and `ENABLE` leaves a mark.
pub fn notes_changes(part: &Part) -> bool {
    trigger_state(part) == Some(pg_sys::TRIGGER_FIRES_ALWAYS)
}

fn trigger_state(part: &Part) -> Option<u8> {
    state::read(
        "SELECT tgenabled FROM pg_catalog.pg_trigger WHERE oid = $1 AND tgrelid = $2",
        &[oid(part.trigger), oid(part.relid)],
        |row| row.get::<i8>(1),
    )
    .pop()
    .map(i8::cast_unsigned)
}

/// Drops what a run has put into the database for a table, whichever of it is still there.
pub fn drop_part(part: &Part) {
    drop_trigger(part);
    for relid in [part.shadow, part.log, part.map] {
        if state::exists(relid) {
            drop_relation(relid);
        }
    }
    deal::drop_all(part.relid);
}

/// Drops the trigger, unless that has happened; takes the lock that this needs.
pub fn drop_trigger(part: &Part) {
    if !has_trigger(part) {
        return;
    }
    let address = pg_sys::ObjectAddress {
        classId: pg_sys::TriggerRelationId,
        objectId: part.trigger,
        objectSubId: 0,
    };
    drop_object(&address);
}

/// Drops a relation.
pub fn drop_relation(relid: Oid) {
    let address = pg_sys::ObjectAddress {
        classId: pg_sys::RelationRelationId,
        objectId: relid,
        objectSubId: 0,
    };
    drop_object(&address);
}

fn drop_object(address: &pg_sys::ObjectAddress) {
    // SAFETY: the address is complete; what depends on it is refused, not dropped.
    unsafe {
        pg_sys::performDeletion(
            &raw const *address,
            pg_sys::DropBehavior::DROP_RESTRICT,
            pg_sys::PERFORM_DELETION_INTERNAL as i32,
        );
        pg_sys::CommandCounterIncrement();
    }
}
