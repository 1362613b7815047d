//! Copies of masked values outside of the table: statistics and materialized views.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::catalog;
use super::plan::{self, Plan};
use crate::boundary::{oids, relation_name};
use crate::proof::purge;
use crate::rule::run_utility;

/// Materialized views that read these tables, and whether they are filled; the user must own the
/// filled ones to refresh them.
pub fn materialized_views(tables: &[Oid]) -> Vec<(Oid, bool)> {
    let views = catalog::materialized_views(tables);
    for &(view, _) in views.iter().filter(|(_, filled)| *filled) {
        // SAFETY: catalog look-up.
        if !unsafe { pg_sys::pg_class_ownercheck(view, pg_sys::GetUserId()) } {
            crate::error::raise(
                ERRCODE_INSUFFICIENT_PRIVILEGE,
                format!(
                    "materialized view {} holds values of the table, and you do not own it",
                    relation_name(view)
                ),
                Some("Let its owner drop it, or mask as a superuser.".to_owned()),
            );
        }
    }
    views
}

/// Fills materialized views anew, each after those it reads.
pub fn refresh(views: &[(Oid, bool)]) {
    for &(view, _) in views.iter().filter(|(_, filled)| *filled) {
        // SAFETY: names come from the catalog; the node is complete.
        unsafe {
            let mut statement = pgrx::PgBox::<pg_sys::RefreshMatViewStmt>::alloc_node(
                pg_sys::NodeTag::T_RefreshMatViewStmt,
            );
            statement.relation = pg_sys::makeRangeVar(
                pg_sys::get_namespace_name(pg_sys::get_rel_namespace(view)),
                pg_sys::get_rel_name(view),
                -1,
            );
            pg_sys::CommandCounterIncrement();
            run_utility(statement.into_pg().cast(), c"REFRESH MATERIALIZED VIEW");
        }
    }
}

/// Runs ANALYZE on what was masked and on materialized views that were filled anew, so that the
/// planner does not guess. It reads tables as their owners do; tables that the user does not own are
/// left out, of which there are only some above the masked ones.
pub fn analyze(tables: &[Oid], views: &[(Oid, bool)]) {
    let filled = views
        .iter()
        .filter(|(_, filled)| *filled)
        .map(|(view, _)| view);
    let mut list = std::ptr::null_mut();
    for &relid in catalog::without_partitions(tables).iter().chain(filled) {
        // SAFETY: catalog look-ups; nodes live in the current memory context.
        unsafe {
            if pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) {
                let none = std::ptr::null_mut();
                list = pg_sys::lappend(
                    list,
                    pg_sys::makeVacuumRelation(std::ptr::null_mut(), relid, none).cast(),
                );
            }
        }
    }
    if list.is_null() {
        return;
    }
    // SAFETY: the node is complete.
    unsafe {
        let mut statement =
            pgrx::PgBox::<pg_sys::VacuumStmt>::alloc_node(pg_sys::NodeTag::T_VacuumStmt);
        statement.rels = list;
        pg_sys::CommandCounterIncrement();
        run_utility(statement.into_pg().cast(), c"ANALYZE");
    }
}

/// Removes what ANALYZE learned of masked columns and of what is computed from them: most common
/// values, histograms, extended statistics, statistics of index expressions. They hold originals.
/// Those of a materialized view outlast its rows.
pub fn remove_statistics(plan: &Plan, views: &[(Oid, bool)]) {
    purge::mark_due();
    for &relid in &plan.affected {
        // SAFETY: the tables are opened and closed here; lists are the relation's own.
        unsafe {
            let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
            let attributes = (*(*relation).rd_att)
                .attrs
                .as_slice(usize::try_from((*(*relation).rd_att).natts).unwrap_or(0));
            for attribute in attributes.iter().filter(|a| a.attgenerated != 0) {
                pg_sys::RemoveStatistics(relid, attribute.attnum);
            }
            for (column, _) in plan::columns(relation, &plan.rules) {
                pg_sys::RemoveStatistics(relid, column.attnum);
            }
            remove_derived_statistics(relation);
            pg_sys::table_close(relation, pg_sys::NoLock as i32);
        }
    }
    for &(view, _) in views {
        // SAFETY: as above; attribute 0 stands for all.
        unsafe {
            let relation = pg_sys::table_open(view, pg_sys::AccessShareLock as i32);
            pg_sys::RemoveStatistics(view, 0);
            remove_derived_statistics(relation);
            pg_sys::table_close(relation, pg_sys::NoLock as i32);
        }
    }
}

/// # Safety
/// `relation` is open.
unsafe fn remove_derived_statistics(relation: pg_sys::Relation) {
    // SAFETY: lists are the relation's own.
    unsafe {
        for index in oids(pg_sys::RelationGetIndexList(relation)) {
            pg_sys::RemoveStatistics(index, 0);
        }
        for statistics in oids(pg_sys::RelationGetStatExtList(relation)) {
            pg_sys::RemoveStatisticsDataById(statistics, false);
            pg_sys::RemoveStatisticsDataById(statistics, true);
        }
    }
}
