//! Tables of a run that are dealt with together: a table by itself, or the partitions of a tree whose
//! rows move when they are masked.

use pgrx::pg_sys::{self, Oid};

use super::super::catalog;
use super::super::plan::Plan;
use super::state::{self, Part};

/// A table, or partitions among which rows move.
pub struct Group {
    /// The tables, in their order.
    pub parts: Vec<Part>,
    /// The topmost table of the tree, where rows move.
    pub top: Option<Oid>,
    /// What is locked while rows are carried over: the table, or the whole tree.
    pub tables: Vec<Oid>,
}

impl Group {
    /// The lock that carrying over takes. Tuple routing opens partitions as an INSERT does.
    pub fn lock(&self) -> u32 {
        if self.top.is_some() {
            pg_sys::RowExclusiveLock
        } else {
            pg_sys::AccessShareLock
        }
    }
}

/// The groups of a run.
pub fn groups(target: Oid, plan: &Plan) -> Vec<Group> {
    let trees: Vec<(Oid, Vec<Oid>)> = plan
        .routed
        .iter()
        .map(|&top| (top, catalog::descendants(&[top])))
        .collect();
    let mut groups: Vec<Group> = Vec::new();
    for part in state::parts(target) {
        let tree = trees
            .iter()
            .find(|(_, tables)| tables.contains(&part.relid));
        let top = tree.map(|(top, _)| *top);
        let known = groups
            .iter_mut()
            .find(|group| group.top.is_some() && group.top == top);
        match known {
            Some(group) => group.parts.push(part),
            None => groups.push(Group {
                parts: vec![part],
                top,
                tables: tree.map_or_else(|| vec![part.relid], |(_, tables)| tables.clone()),
            }),
        }
    }
    groups
}
