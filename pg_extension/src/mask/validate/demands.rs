//! What tables demand of masked values: indexes, constraints, computed columns, triggers, partitions.

use std::collections::{HashMap, HashSet};

use pgrx::pg_sys::{self, Oid};

use super::Validation;
use super::rules::misfit;
use crate::boundary::relation_name;
use crate::mask::plan::{Rules, clashing, masked_partition_key};
use crate::mask::rulebook::gives_null;
use crate::mask::{catalog, findings};
use crate::rule::Column;

impl Validation {
    /// Unique and exclusion indexes.
    pub(super) fn indexes(&mut self) {
        for index in findings::indexes(&self.masked) {
            let [is_exclusion, is_key, is_alone, injective] = index.flags;
            let rule = self.book.rule(index.column).cloned();
            let mask = rule.as_ref().and_then(clashing).unwrap_or_default();
            let name = &index.name;
            let display = self.book.display(index.column);
            if is_exclusion {
                let texts = [
                    format!(
                        "exclusion constraint \"{name}\" may refuse masked values of {display}"
                    ),
                    "Try it on a copy; if it fails, the table stays as it was.".to_owned(),
                ];
                self.column(index.column, "exclusion", false, texts);
            } else if is_key && is_alone && !injective {
                let texts = [
                    format!("mask {mask} would give column {display} equal values, against unique index \"{name}\""),
                    "Use a mask that keeps distinct values distinct: see injective in synth.registry.".to_owned(),
                ];
                self.column(index.column, "unique", true, texts);
            } else if !is_key || !injective {
                let texts = [
                    format!("masked values of {display} may clash in unique index \"{name}\""),
                    "Use an injective mask, or try it on a copy; if it fails, the table stays as it was.".to_owned(),
                ];
                self.column(index.column, "unique", false, texts);
            }
        }
    }

    /// CHECK constraints and domains.
    pub(super) fn values(&mut self) {
        for check in findings::checks(&self.masked) {
            let texts = [
                format!(
                    "check constraint \"{}\" may refuse masked values of {}",
                    check.name,
                    self.book.display(check.column)
                ),
                "Try it on a copy; if it fails, the table stays as it was.".to_owned(),
            ];
            self.column(check.column, "check", false, texts);
        }
        for domain in findings::domains(&self.masked) {
            let [not_null, has_check, ..] = domain.flags;
            let display = self.book.display(domain.column);
            if not_null && self.book.rule(domain.column).is_some_and(gives_null) {
                let texts = [
                    format!(
                        "domain {} of column {display} does not allow NULL",
                        domain.name
                    ),
                    "Use another mask, or MASKED WITH VALUE.".to_owned(),
                ];
                self.column(domain.column, "not_null", true, texts);
            } else if has_check {
                let texts = [
                    format!(
                        "domain {} may refuse masked values of {display}",
                        domain.name
                    ),
                    "Try it on a copy; if it fails, the table stays as it was.".to_owned(),
                ];
                self.column(domain.column, "check", false, texts);
            }
        }
    }

    /// Generated columns and sequences.
    pub(super) fn computed(&mut self) {
        for generated in findings::generated(&self.masked) {
            let texts = [
                format!(
                    "generated column \"{}\" is computed anew from the masked values of {}",
                    generated.name,
                    self.book.display(generated.column)
                ),
                "Nothing is to be done unless its expression may fail.".to_owned(),
            ];
            self.column(generated.column, "generated", false, texts);
        }
        for identity in findings::identities(&self.masked) {
            let texts = [
                format!(
                    "column {} takes its values from sequence \"{}\", which does not know masked values",
                    self.book.display(identity.column),
                    identity.name
                ),
                "Later numbers may clash with masked ones: set the sequence beyond the greatest after masking.".to_owned(),
            ];
            self.column(identity.column, "identity", false, texts);
        }
    }

    pub(super) fn triggers(&mut self) {
        let ruled = self.ruled();
        let keys: HashSet<(Oid, String)> =
            catalog::referencing_columns(&ruled).into_iter().collect();
        let mut columns: HashMap<Oid, Vec<String>> = HashMap::new();
        for masked in &self.masked {
            let name = self.book.name(masked.column).to_owned();
            columns.entry(masked.column.0).or_default().push(name);
        }
        for trigger in catalog::update_triggers(&ruled) {
            let masked = columns.get(&trigger.relid).cloned().unwrap_or_default();
            let watches = trigger.columns.is_empty()
                || trigger.columns.iter().any(|column| masked.contains(column));
            if !watches {
                continue;
            }
            let tied = masked
                .iter()
                .any(|column| keys.contains(&(trigger.relid, column.clone())));
            let texts = [
                format!(
                    "trigger \"{}\" of {} does not fire when the table is masked",
                    trigger.name,
                    relation_name(trigger.relid)
                ),
                if tied {
                    "It cannot, since keys are masked: do afterwards what it does.".to_owned()
                } else {
                    "If it must, mask with fire_triggers => true.".to_owned()
                },
            ];
            self.table(trigger.relid, "trigger", false, texts);
        }
    }

    pub(super) fn partition_keys(&mut self) {
        let ruled = self.ruled();
        let rules: Rules = self.book.rules_of(&ruled);
        for relid in ruled {
            if let Some(column) = unfit_or_partition_key(relid, &rules) {
                let texts = [
                    format!(
                        "column {column} is part of the partition key: rows move to the partition of their new value"
                    ),
                    "Make sure that every value has a partition, such as a DEFAULT one, and mask the topmost table."
                        .to_owned(),
                ];
                self.table(relid, "partition_key", false, texts);
            }
        }
    }
}

/// Partition keys of a table whose rules fit; those that do not are told elsewhere.
fn unfit_or_partition_key(relid: Oid, rules: &Rules) -> Option<String> {
    // SAFETY: catalog look-up.
    let kind = unsafe { pg_sys::get_rel_relkind(relid) } as u8;
    if kind != pg_sys::RELKIND_PARTITIONED_TABLE {
        return None;
    }
    let mut fitting = Rules::default();
    for (column, attribute) in catalog::attributes(&[relid]) {
        let key = (relid, attribute.name);
        if let Some(rule) = rules.get(&key)
            && Column::find(column.0, column.1).is_ok_and(|found| misfit(rule, &found).is_none())
        {
            fitting.by_column.insert(key, rule.clone());
        }
    }
    masked_partition_key(relid, &fitting)
}
