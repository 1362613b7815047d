//! Copies of masked values outside of the table: statistics and materialized views.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::{catalog, plan};
use crate::boundary::{oids, relation_name};
use crate::rule::run_utility;

/// Materialized views that hold values of these tables, and whether each is filled; the user must
/// own each to refresh it.
pub fn materialized_views(tree: &[Oid]) -> Vec<(Oid, bool)> {
    let views = catalog::materialized_views(tree);
    for &(view, _) in &views {
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

/// Fills materialized views anew, each after those it reads, and removes what ANALYZE learned of
/// them; an empty one may still have statistics.
pub fn refresh(views: &[(Oid, bool)]) {
    for &(view, is_filled) in views {
        remove_all_statistics(view);
        if !is_filled {
            continue;
        }
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

/// Removes what ANALYZE learned of masked columns: most common values, histograms, extended
/// statistics, statistics of index expressions. They hold originals.
pub fn remove_statistics(tree: &[Oid], rules: &plan::Rules) {
    for &relid in tree {
        // SAFETY: the tree's tables are opened and closed here; lists are the relation's own.
        unsafe {
            let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
            for (column, _) in plan::columns(relation, rules) {
                pg_sys::RemoveStatistics(relid, column.attnum);
            }
            remove_derived_statistics(relation);
            pg_sys::table_close(relation, pg_sys::NoLock as i32);
        }
    }
}

/// Removes all statistics of a relation.
fn remove_all_statistics(relid: Oid) {
    // SAFETY: the relation is opened and closed here; attribute 0 stands for all.
    unsafe {
        let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
        pg_sys::RemoveStatistics(relid, 0);
        remove_derived_statistics(relation);
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
    }
}

/// Removes the statistics of index expressions and the extended statistics of a relation.
///
/// # Safety
/// `relation` is open.
unsafe fn remove_derived_statistics(relation: pg_sys::Relation) {
    // SAFETY: by the caller's promise; the lists are the relation's own.
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
