//! What masking a table will do: its rules, resolved over the whole inheritance or partition tree,
//! and what they would break, found before a row is touched.

use std::collections::{HashMap, HashSet};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use synth_engine::mask::{self, Rule};

use super::catalog;
use super::owner::require_ownership;
use crate::boundary::{find_all_inheritors, has_partition_attrs, oids, relation_name};
use crate::error::{raise, raise_engine_about, raise_with_detail};
use crate::rule::Column;

/// The rules that mask something, by table and column name.
pub type Rules = HashMap<(Oid, String), Rule>;

/// What to do with a table and those below it.
pub struct Plan {
    /// Tables that store rows and have a rule, each locked.
    pub tables: Vec<Oid>,
    /// All tables that are masked, and those above them: statistics and dependents of these hold
    /// originals.
    pub affected: Vec<Oid>,
    /// The rules.
    pub rules: Rules,
}

/// Locks a table and those below it, and plans. Raises an error, before anything is changed, for
/// what cannot be masked.
pub fn plan(target: Oid) -> Plan {
    plan_under(target, pg_sys::AccessExclusiveLock as i32)
}

/// The same under a lock of another mode.
pub fn plan_under(target: Oid, lock: pg_sys::LOCKMODE) -> Plan {
    check_kind(target);
    // Before the lock: who may not mask must not be able to block.
    require_ownership(target);
    // SAFETY: locks the table and its descendants for this transaction.
    let members = unsafe {
        pg_sys::LockRelationOid(target, lock);
        oids(find_all_inheritors(target, lock, std::ptr::null_mut()))
    };
    for &member in &members {
        check_kind(member);
        require_ownership(member);
    }
    let rules = rules(&members, &catalog::tree(target));
    let affected = catalog::ancestors(&members);
    refuse_what_would_break(&members, &affected, &rules);
    let ruled: HashSet<Oid> = rules.keys().map(|(relid, _)| *relid).collect();
    let tables = members
        .into_iter()
        .filter(|relid| ruled.contains(relid))
        // SAFETY: catalog look-up.
        .filter(
            |&relid| unsafe { pg_sys::get_rel_relkind(relid) } as u8 == pg_sys::RELKIND_RELATION,
        )
        .collect();
    Plan {
        tables,
        affected,
        rules,
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

/// One rule for each column that there is in the tree; two different ones are refused.
fn rules(members: &[Oid], tree: &[Oid]) -> Rules {
    let mut found: HashMap<(Oid, String), (Oid, Rule)> = HashMap::new();
    for ruled in catalog::ruled_columns(tree) {
        let rule: Rule = match ruled.rule.parse() {
            Ok(rule) => rule,
            Err(error) => raise_engine_about(
                &error,
                &format!(
                    "column {}.{}: ",
                    relation_name(ruled.labelled),
                    ruled.column
                ),
            ),
        };
        let key = (ruled.relid, ruled.column);
        match found.get(&key) {
            Some((other, known)) if *known != rule => raise_with_detail(
                ERRCODE_INVALID_OBJECT_DEFINITION,
                format!(
                    "column \"{}\" has two masking rules in one table tree",
                    key.1
                ),
                format!(
                    "{} says {known}, {} says {rule}.",
                    relation_name(*other),
                    relation_name(ruled.labelled)
                ),
                "Keep the rule on the topmost table and drop the other with synth_drop_rule.",
            ),
            _ => {
                found.insert(key, (ruled.labelled, rule));
            }
        }
    }
    let rules: Rules = found
        .into_iter()
        .filter(|(_, (_, rule))| *rule != Rule::NotMasked)
        .map(|(column, (_, rule))| (column, rule))
        .collect();
    if !rules.keys().any(|(relid, _)| members.contains(relid)) {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{} has no masking rule", relation_name(members[0])),
            Some(
                "Set one: SELECT synth_set_rule('<table>', '<column>', 'MASKED WITH email')."
                    .to_owned(),
            ),
        );
    }
    rules
}

fn refuse_what_would_break(members: &[Oid], affected: &[Oid], rules: &Rules) {
    for (relid, column, constraint) in catalog::foreign_keys(members) {
        let key = (relid, column);
        if rules.contains_key(&key) {
            let (_, column) = key;
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                format!(
                    "column {}.{column} belongs to foreign key \"{constraint}\" and cannot be masked alone",
                    relation_name(relid)
                ),
                Some(
                    "Drop the foreign key, mask both tables under the same injective rule, and add it again: equal values stay equal."
                        .to_owned(),
                ),
            );
        }
    }
    for (relid, column, index) in catalog::unique_columns(members) {
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
    for &relid in affected {
        refuse_partition_keys(relid, rules);
    }
}

/// The name of the rule's mask if it may give distinct values the same result. NULLs do not clash.
fn clashing(rule: &Rule) -> Option<String> {
    match rule {
        Rule::Mask { name, .. } if name == "null" => None,
        Rule::Mask { name, .. } => {
            let injective = mask::find(name)
                .ok()
                .and_then(|entry| entry.mask)
                .is_some_and(|m| m.injective);
            (!injective).then(|| name.clone())
        }
        Rule::Value(mask::Literal::Null) | Rule::NotMasked => None,
        Rule::Value(_) => Some("value".to_owned()),
    }
}

/// A masked partition key would leave rows in the wrong partition.
fn refuse_partition_keys(relid: Oid, rules: &Rules) {
    // SAFETY: the relation is opened and closed here; the bitmap is built for it.
    unsafe {
        if pg_sys::get_rel_relkind(relid) as u8 != pg_sys::RELKIND_PARTITIONED_TABLE {
            return;
        }
        let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
        for column in columns(relation, rules) {
            let number = i32::from(column.0.attnum) - pg_sys::FirstLowInvalidHeapAttributeNumber;
            let attnums = pg_sys::bms_make_singleton(number);
            if has_partition_attrs(relation, attnums, std::ptr::null_mut()) {
                raise(
                    ERRCODE_FEATURE_NOT_SUPPORTED,
                    format!("column {} is part of the partition key", column.0.display()),
                    Some(
                        "Drop its rule, or attach masked partitions to a new partitioned table."
                            .to_owned(),
                    ),
                );
            }
        }
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
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
                let column = Column::from_attribute((*relation).rd_id, attribute)
                    .unwrap_or_else(|refusal| refusal.raise());
                // The type may have changed since the rule was set.
                if let Err(error) = column.check(rule) {
                    raise_engine_about(&error, &format!("column {}: ", column.display()));
                }
                out.push((column, rule.clone()));
            }
        }
    }
    out
}
