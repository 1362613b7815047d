//! What masking tables will do: their rules, resolved over inheritance trees and references, and
//! what they would break, found before a row is touched.

use std::collections::{HashMap, HashSet};
use std::ops::Deref;

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use synth_engine::mask::{self, Rule, Target};

use super::owner::require_ownership;
use super::rulebook::{Rulebook, Selection, is_injective};
use super::{carry, catalog, protect};
use crate::boundary::{find_all_inheritors, has_partition_attrs, oids, relation_name};
use crate::error::{raise, raise_engine_about, raise_with_detail};
use crate::rule::Column;

/// The rules that mask something, by table and column name.
#[derive(Debug, Default, Clone)]
pub struct Rules {
    /// The rules.
    pub by_column: HashMap<(Oid, String), Rule>,
    /// What columns are masked as, where that is not their own type: see [`Column::masked_as`].
    pub targets: HashMap<(Oid, String), Target>,
}

impl Deref for Rules {
    type Target = HashMap<(Oid, String), Rule>;

    fn deref(&self) -> &Self::Target {
        &self.by_column
    }
}

/// What to do with some tables, those below them and those that refer to their keys.
pub struct Plan {
    /// Tables that store rows and have a rule, each locked.
    pub tables: Vec<Oid>,
    /// The tables that were named and those below them; others refer to keys of these.
    pub named: HashSet<Oid>,
    /// All tables that are masked, and those above them: statistics and dependents of these hold
    /// originals.
    pub affected: Vec<Oid>,
    /// The rules.
    pub rules: Rules,
    /// Topmost partitioned tables whose partition keys are masked, so that rows move.
    pub routed: Vec<Oid>,
    /// Columns that are masked together with a key elsewhere, and that key, as
    /// `schema.table.column`.
    pub elsewhere: Vec<(String, String)>,
}

/// Locks a table, those below it and those that refer to its keys, and plans. Raises an error,
/// before anything is changed, for what cannot be masked.
pub fn plan(target: Oid) -> Plan {
    plan_all(&[target])
}

/// The same for several tables, in one go.
pub fn plan_all(targets: &[Oid]) -> Plan {
    plan_under(targets, pg_sys::AccessExclusiveLock as i32)
}

/// The same under locks of another mode.
pub fn plan_under(targets: &[Oid], lock: pg_sys::LOCKMODE) -> Plan {
    for &target in targets {
        check_kind(target);
        // Before the lock: who may not mask must not be able to block.
        require_ownership(target);
    }
    let mut members: Vec<Oid> = Vec::new();
    for &target in targets {
        for member in lock_tree(target, lock) {
            if !members.contains(&member) {
                check_kind(member);
                require_ownership(member);
                members.push(member);
            }
        }
    }
    // Locks are waited for: what is found after the last one holds.
    let mut locked: HashSet<Oid> = HashSet::new();
    let (book, selection) = loop {
        let book = Rulebook::read();
        let selection = book.select(&members);
        let fresh = selection.referring.iter().copied();
        let fresh: Vec<Oid> = fresh.filter(|relid| !locked.contains(relid)).collect();
        if fresh.is_empty() {
            break (book, selection);
        }
        for relid in fresh {
            check_kind(relid);
            require_ownership_of_referring(relid, &selection);
            // SAFETY: locks the table for this transaction.
            unsafe { pg_sys::LockRelationOid(relid, lock) };
            locked.insert(relid);
        }
    };
    finish(members, &book, selection)
}

/// Locks a table and those below it; gives all.
fn lock_tree(target: Oid, lock: pg_sys::LOCKMODE) -> Vec<Oid> {
    // SAFETY: locks the table and its descendants for this transaction.
    unsafe {
        pg_sys::LockRelationOid(target, lock);
        oids(find_all_inheritors(target, lock, std::ptr::null_mut()))
    }
}

/// Tables that refer to a masked key are masked with it, which takes their owner.
fn require_ownership_of_referring(relid: Oid, selection: &Selection) {
    // SAFETY: catalog look-up.
    if unsafe { pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) } {
        return;
    }
    let mut columns = selection.rules.keys().filter(|(table, _)| *table == relid);
    let column = columns.next().map_or("", |(_, column)| column);
    raise(
        ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!(
            "column {}.{column} refers to a key that is masked, and you do not own the table",
            relation_name(relid)
        ),
        Some(
            "Keys and what refers to them are masked together: let a role that owns both tables, or a superuser, do it."
                .to_owned(),
        ),
    );
}

fn finish(members: Vec<Oid>, book: &Rulebook, selection: Selection) -> Plan {
    let named: HashSet<Oid> = members.iter().copied().collect();
    let mut all = members.clone();
    all.extend(selection.referring.iter().copied());
    refuse_problems(&all, book);
    let elsewhere: Vec<(String, String)> = selection
        .elsewhere
        .iter()
        .map(|&(column, key)| (book.display(column), book.display(key)))
        .collect();
    let rules = selection.rules;
    if !rules.keys().any(|(relid, _)| named.contains(relid)) {
        refuse_without_rule(members[0], &elsewhere);
    }
    if let Some(&(column, outside)) = selection.torn.first() {
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!(
                "column {} is a key that other tables refer to, and part of it is in {}",
                book.display(column),
                relation_name(outside.0)
            ),
            Some(
                "Mask the topmost table of the tree: references need the whole key masked."
                    .to_owned(),
            ),
        );
    }
    let affected = catalog::ancestors(&all);
    refuse_clashes(&all, &rules);
    let routed = routed(&affected, &all, &rules);
    protect::require_decided(&all);
    let ruled: HashSet<Oid> = rules.keys().map(|(relid, _)| *relid).collect();
    let tables = all
        .into_iter()
        .filter(|relid| ruled.contains(relid))
        // SAFETY: catalog look-up.
        .filter(
            |&relid| unsafe { pg_sys::get_rel_relkind(relid) } as u8 == pg_sys::RELKIND_RELATION,
        )
        .collect();
    Plan {
        tables,
        named,
        affected,
        rules,
        routed,
        elsewhere,
    }
}

/// Raises the first problem that concerns one of these tables.
fn refuse_problems(relids: &[Oid], book: &Rulebook) {
    let concerns = |column: &(Oid, i16)| relids.contains(&column.0);
    let problem = book
        .problems
        .iter()
        .find(|problem| concerns(&problem.column) || problem.others.iter().any(concerns));
    match problem {
        None => {}
        Some(problem) if problem.detail.is_empty() => {
            raise(problem.code, problem.message.clone(), problem.hint.clone());
        }
        Some(problem) => raise_with_detail(
            problem.code,
            problem.message.clone(),
            problem.detail.clone(),
            &problem.hint,
        ),
    }
}

fn refuse_without_rule(target: Oid, elsewhere: &[(String, String)]) -> ! {
    match elsewhere.first() {
        Some((column, key)) => raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!(
                "{} has no masking rule of its own: column {column} is masked together with {key}",
                relation_name(target)
            ),
            Some(
                "Mask the table of the key: what refers to it is masked in the same transaction."
                    .to_owned(),
            ),
        ),
        None => raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{} has no masking rule", relation_name(target)),
            Some(
                "Set one: SELECT synth_set_rule('<table>', '<column>', 'MASKED WITH email')."
                    .to_owned(),
            ),
        ),
    }
}

/// Only tables are masked, and not the catalogs.
fn check_kind(relid: Oid) {
    // SAFETY: catalog look-ups.
    let (kind, is_catalog) = unsafe {
        (
            pg_sys::get_rel_relkind(relid) as u8,
            pg_sys::IsCatalogRelationOid(relid),
        )
    };
    let hint = match kind {
        0 => "The table may have been dropped meanwhile.",
        pg_sys::RELKIND_RELATION | pg_sys::RELKIND_PARTITIONED_TABLE if !is_catalog => return,
        pg_sys::RELKIND_FOREIGN_TABLE => "Mask the rows of a foreign table on its own server.",
        _ => "Mask the tables that store the rows.",
    };
    raise(
        ERRCODE_WRONG_OBJECT_TYPE,
        format!("{} is not a table that can be masked", relation_name(relid)),
        Some(hint.to_owned()),
    );
}

/// A unique column keeps distinct values distinct.
fn refuse_clashes(relids: &[Oid], rules: &Rules) {
    for (relid, column, index) in catalog::unique_columns(relids) {
        let key = (relid, column);
        if let Some(rule) = rules.get(&key)
            && let Some(name) = clashing(rule)
        {
            let (_, column) = key;
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!(
                    "mask {name} would give column {}.{column} equal values, against unique index \"{index}\"",
                    relation_name(relid)
                ),
                Some("Use a mask that keeps distinct values distinct: see injective in synth.registry.".to_owned()),
            );
        }
    }
}

/// The name of the rule's mask if it may give distinct values the same result. NULLs do not clash.
pub fn clashing(rule: &Rule) -> Option<String> {
    let name = match rule.action() {
        Rule::Mask { name, .. } | Rule::Function { name, .. } => name.clone(),
        _ => "value".to_owned(),
    };
    match rule.action() {
        Rule::Mask { name, .. } if name == "null" => return None,
        // Values change places: none is there more often than before, unless some stay.
        Rule::Mask { name, .. } if name == mask::SHUFFLE && rule.condition().is_none() => {
            return None;
        }
        Rule::Value(mask::Literal::Null) | Rule::NotMasked => return None,
        _ => {}
    }
    (!is_injective(rule)).then_some(name)
}

/// The topmost partitioned tables with a masked partition key below: their rows move to the
/// partition of their new value, which takes the whole table.
fn routed(affected: &[Oid], all: &[Oid], rules: &Rules) -> Vec<Oid> {
    let mut routed = Vec::new();
    for &relid in affected {
        let Some(column) = masked_partition_key(relid, rules) else {
            continue;
        };
        let top = catalog::topmost(relid);
        if !all.contains(&top) {
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                format!("column {column} is part of the partition key"),
                Some(format!(
                    "Mask {}: rows move to the partition of their new value, and it may be any.",
                    relation_name(top)
                )),
            );
        }
        if !routed.contains(&top) {
            routed.push(top);
        }
    }
    routed
}

/// A column that decides where a row of a partitioned table lies and that is masked.
pub fn masked_partition_key(relid: Oid, rules: &Rules) -> Option<String> {
    // SAFETY: the relation is opened and closed here; the bitmap is built for it.
    unsafe {
        if pg_sys::get_rel_relkind(relid) as u8 != pg_sys::RELKIND_PARTITIONED_TABLE {
            return None;
        }
        let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
        let mut found = None;
        for (column, _) in columns(relation, rules) {
            let number = i32::from(column.attnum) - pg_sys::FirstLowInvalidHeapAttributeNumber;
            let attnums = pg_sys::bms_make_singleton(number);
            if has_partition_attrs(relation, attnums, std::ptr::null_mut()) {
                found = Some(column.display());
            }
        }
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        found
    }
}

/// The columns of a relation that have a rule, each checked against it.
///
/// # Safety
/// `relation` is open.
pub unsafe fn columns(relation: pg_sys::Relation, rules: &Rules) -> Vec<(Column, Rule)> {
    let mut out = Vec::new();
    // SAFETY: attributes 0..natts of an open relation's descriptor.
    unsafe {
        let attributes = (*(*relation).rd_att)
            .attrs
            .as_slice(usize::try_from((*(*relation).rd_att).natts).unwrap_or(0));
        for attribute in attributes.iter().filter(|a| !a.attisdropped) {
            let name = crate::boundary::string(attribute.attname.data.as_ptr());
            if let Some(rule) = rules.get(&((*relation).rd_id, name)) {
                let mut column = Column::from_attribute((*relation).rd_id, attribute)
                    .unwrap_or_else(|refusal| refusal.raise());
                let key = ((*relation).rd_id, column.name.clone());
                column.masked_as = rules.targets.get(&key).cloned();
                // The type may have changed since the rule was set.
                let fits = column
                    .check(rule)
                    .and_then(|()| mask::check(rule, carry::target(&column)));
                if let Err(error) = fits {
                    raise_engine_about(&error, &format!("column {}: ", column.display()));
                }
                out.push((column, rule.clone()));
            }
        }
    }
    out
}
