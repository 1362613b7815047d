//! `synth_validate_rules`: what masking by the rules would break, told before a row is touched.
//!
//! A handful of queries over all tables at once, so that a thousand tables take no longer than the
//! catalogs take to read.

use std::collections::{HashMap, HashSet};

use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Oid};
use pgrx::prelude::*;
use synth_engine::mask::{self, Rule, Target};

use super::findings::{self, Finding, Masked, Table};
use super::plan::{Rules, clashing, masked_partition_key};
use super::rulebook::{ColumnId, Rulebook, gives_null, integer_width, is_injective};
use super::{carry, catalog, protect};
use crate::boundary::relation_name;
use crate::error::raise;
use crate::rule::{Column, Refusal};

/// `synth_validate_rules(schema name)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_validate_rules(
    schema: Option<&std::ffi::CStr>,
) -> TableIterator<
    'static,
    (
        name!(schema_name, Option<String>),
        name!(table_name, Option<String>),
        name!(column_name, Option<String>),
        name!(severity, Option<&'static str>),
        name!(check_name, Option<&'static str>),
        name!(message, Option<String>),
        name!(hint, Option<String>),
    ),
> {
    let schema = schema.map(|schema| {
        require_schema(schema);
        schema.to_string_lossy().into_owned()
    });
    let mut validation = Validation::new(schema.as_deref());
    validation.run();
    TableIterator::new(validation.sorted().into_iter().map(|(place, finding)| {
        let (schema, table) = place.unzip();
        (
            schema,
            table,
            finding.column,
            Some(if finding.is_error { "error" } else { "warning" }),
            Some(finding.check),
            Some(finding.message),
            Some(finding.hint),
        )
    }))
}

fn require_schema(schema: &std::ffi::CStr) {
    // SAFETY: catalog look-up by a NUL-terminated name.
    let oid = unsafe { pg_sys::get_namespace_oid(schema.as_ptr(), true) };
    if oid == pg_sys::InvalidOid {
        raise(
            PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{}\" does not exist", schema.to_string_lossy()),
            Some("Give the schema's name as the catalog has it, or none for all.".to_owned()),
        );
    }
}

/// Rules, the tables they concern and what has been found.
struct Validation {
    book: Rulebook,
    /// Tables in question, by OID.
    tables: HashMap<Oid, Table>,
    masked: Vec<Masked>,
    findings: Vec<Finding>,
    /// Findings told, by table tree, so that each partition does not repeat them.
    told: HashSet<(usize, &'static str)>,
}

impl Validation {
    fn new(schema: Option<&str>) -> Self {
        let book = Rulebook::read();
        let tables: HashMap<Oid, Table> = findings::tables()
            .into_iter()
            .filter(|table| schema.is_none_or(|schema| table.schema == schema))
            .map(|table| (table.relid, table))
            .collect();
        let masked = book
            .masked()
            .filter(|(column, _)| tables.contains_key(&column.0))
            .map(|(column, rule)| Masked {
                column,
                injective: is_injective(rule) || gives_null(rule),
            })
            .collect();
        Self {
            book,
            tables,
            masked,
            findings: Vec::new(),
            told: HashSet::new(),
        }
    }

    fn run(&mut self) {
        self.encoding();
        self.problems();
        self.fit();
        self.indexes();
        self.values();
        self.computed();
        self.triggers();
        self.partition_keys();
        self.security();
        self.replicas();
        self.owners();
        self.undecided();
    }

    /// Each finding with the schema and name of its table, in their order.
    fn sorted(self) -> Vec<(Option<(String, String)>, Finding)> {
        let tables = self.tables;
        let mut findings: Vec<_> = self
            .findings
            .into_iter()
            .map(|finding| {
                let table = finding.relid.and_then(|relid| tables.get(&relid));
                let place = table.map(|table| (table.schema.clone(), table.name.clone()));
                (place, finding)
            })
            .collect();
        findings.sort_by(|(place, a), (other, b)| {
            (place, &a.column, !a.is_error, a.check, &a.message).cmp(&(
                other,
                &b.column,
                !b.is_error,
                b.check,
                &b.message,
            ))
        });
        findings
    }

    fn column(
        &mut self,
        column: ColumnId,
        check: &'static str,
        is_error: bool,
        texts: [String; 2],
    ) {
        let [message, hint] = texts;
        self.findings.push(Finding {
            relid: Some(column.0),
            column: Some(self.book.name(column).to_owned()),
            is_error,
            check,
            message,
            hint,
        });
    }

    fn table(&mut self, relid: Oid, check: &'static str, is_error: bool, texts: [String; 2]) {
        let [message, hint] = texts;
        self.findings.push(Finding {
            relid: Some(relid),
            column: None,
            is_error,
            check,
            message,
            hint,
        });
    }

    /// The tables with a masked column, in order.
    fn ruled(&self) -> Vec<Oid> {
        let mut relids: Vec<Oid> = self.masked.iter().map(|masked| masked.column.0).collect();
        relids.dedup();
        relids.sort_by_key(|relid| relid.to_u32());
        relids.dedup();
        relids
    }

    fn encoding(&mut self) {
        // SAFETY: reads a variable of the backend.
        let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
        if encoding != pg_sys::pg_enc::PG_UTF8 as i32 {
            self.findings.push(Finding {
                relid: None,
                column: None,
                is_error: true,
                check: "encoding",
                message: "masks need a database in encoding UTF8".to_owned(),
                hint: "Create the database with ENCODING 'UTF8' TEMPLATE template0.".to_owned(),
            });
        }
    }

    /// Rules that cannot be read, that contradict each other or the keys they refer to.
    fn problems(&mut self) {
        for problem in self.book.problems.clone() {
            if !self.tables.contains_key(&problem.column.0) {
                continue;
            }
            let message = match problem.detail.as_str() {
                "" => problem.message,
                detail => format!("{}: {detail}", problem.message),
            };
            self.column(problem.column, problem.check, true, [message, problem.hint]);
        }
    }

    /// Rules that do not fit their columns any more: types, NOT NULL, lengths.
    fn fit(&mut self) {
        let columns: Vec<ColumnId> = self.masked.iter().map(|masked| masked.column).collect();
        let rules = self.book.rules_of(&self.ruled());
        for column in columns {
            let Some(rule) = self.book.rule(column).cloned() else {
                continue;
            };
            let (check, message, hint) = match Column::find(column.0, column.1) {
                Err(refusal) => (
                    if self.tables[&column.0].is_foreign {
                        "kind"
                    } else {
                        "generated"
                    },
                    refusal.message,
                    "Drop the rule, or mask the rows where they are stored.".to_owned(),
                ),
                Ok(mut found) => {
                    let key = (column.0, found.name.clone());
                    found.masked_as = rules.targets.get(&key).cloned();
                    let missing = |refusal: Refusal| {
                        let hint = refusal.hint.unwrap_or("Set a rule that fits.");
                        ("rule", refusal.message, hint.to_owned())
                    };
                    let found = misfit(&rule, &found)
                        .or_else(|| found.check_references(&rule).err().map(missing));
                    let Some(misfit) = found else {
                        continue;
                    };
                    misfit
                }
            };
            if self.told.insert((self.book.family_of(column), check)) {
                let message = format!("column {}: {message}", self.book.display(column));
                self.column(column, check, true, [message, hint]);
            }
        }
    }

    /// Unique and exclusion indexes.
    fn indexes(&mut self) {
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
    fn values(&mut self) {
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
    fn computed(&mut self) {
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

    fn triggers(&mut self) {
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

    fn partition_keys(&mut self) {
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

    fn security(&mut self) {
        for relid in self.ruled() {
            if self.tables[&relid].forces_policies {
                let texts = [
                    format!(
                        "row-level security of {} is not applied: rows that its owner does not see are masked, too",
                        relation_name(relid)
                    ),
                    "Nothing is to be done if that is what is wanted.".to_owned(),
                ];
                self.table(relid, "row_security", false, texts);
            }
        }
        for policy in findings::policies(&self.masked) {
            let texts = [
                format!(
                    "policy \"{}\" reads column {}: after masking it shows other rows",
                    policy.name,
                    self.book.display(policy.column)
                ),
                "Leave the column NOT MASKED, or rewrite the policy.".to_owned(),
            ];
            self.column(policy.column, "row_security", false, texts);
        }
    }

    /// Copies elsewhere that keep originals.
    fn replicas(&mut self) {
        let ruled = self.ruled();
        for relid in &ruled {
            if self.tables[relid].is_published {
                let texts = [
                    format!(
                        "{} is published: its subscribers keep the originals",
                        relation_name(*relid)
                    ),
                    "A table written anew is not replicated: mask it on the subscribers, too."
                        .to_owned(),
                ];
                self.table(*relid, "publication", false, texts);
            }
        }
        if ruled.is_empty() {
            return;
        }
        for (view, filled) in catalog::materialized_views(&catalog::ancestors(&ruled)) {
            // SAFETY: catalog look-up.
            let owns = unsafe { pg_sys::pg_class_ownercheck(view, pg_sys::GetUserId()) };
            if !filled || owns {
                continue;
            }
            let texts = [
                format!(
                    "materialized view {} holds values of masked tables, and you do not own it",
                    relation_name(view)
                ),
                "Let its owner drop it, or mask as a superuser.".to_owned(),
            ];
            let relid = catalog::sources(view)
                .into_iter()
                .find(|relid| ruled.contains(relid))
                .unwrap_or(ruled[0]);
            self.table(relid, "materialized_view", true, texts);
        }
    }

    fn owners(&mut self) {
        for relid in self.ruled() {
            // SAFETY: catalog look-up.
            if unsafe { pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) } {
                continue;
            }
            let key = self
                .masked
                .iter()
                .filter(|masked| masked.column.0 == relid)
                .find_map(|masked| Some((masked.column, self.book.key_of(masked.column)?)));
            let message = match key {
                Some((column, key)) => format!(
                    "column {} refers to masked key {}, and you do not own the table",
                    self.book.display(column),
                    self.book.display(key)
                ),
                None => format!("must be owner of table {}", relation_name(relid)),
            };
            let hint = "Mask as a role that owns every table concerned, or as a superuser.";
            self.table(relid, "owner", true, [message, hint.to_owned()]);
        }
    }

    fn undecided(&mut self) {
        let protected: HashSet<Oid> = protect::tables().into_iter().collect();
        let relids: Vec<Oid> = self.tables.keys().copied().collect();
        for undecided in protect::undecided(&relids, &self.book) {
            let relid = undecided.column.0;
            let table = &self.tables[&relid];
            // A part is decided on with the whole, in whichever schema that is.
            if table.is_partition {
                continue;
            }
            let is_error = protected.contains(&relid);
            let message = format!(
                "column {}.{} has no masking rule and no NOT MASKED{}",
                relation_name(relid),
                undecided.name,
                if is_error {
                    ", and its table is protected"
                } else {
                    ""
                }
            );
            self.findings.push(Finding {
                relid: Some(relid),
                column: Some(undecided.name),
                is_error,
                check: "undecided",
                message,
                hint: "Decide with synth_set_rule: a mask, or NOT MASKED.".to_owned(),
            });
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

/// Why a rule does not fit its column: the subject, what is wrong, and what to do.
fn misfit(rule: &Rule, column: &Column) -> Option<(&'static str, String, String)> {
    let again = || "Set a rule that fits with synth_set_rule.".to_owned();
    if gives_null(rule) && column.target.not_null {
        return Some((
            "not_null",
            "the rule gives NULL and the column is NOT NULL".to_owned(),
            "Use another mask, or MASKED WITH VALUE.".to_owned(),
        ));
    }
    if let Rule::Value(literal) = rule.action() {
        let text = literal.as_input()?;
        let chars = text.trim_end_matches(' ').chars().count();
        if let Some(limit) = column.target.max_chars.filter(|limit| *limit < chars) {
            return Some((
                "type_modifier",
                format!("the value has {chars} characters, the column holds {limit}"),
                again(),
            ));
        }
        let width = column.target.column_type.and_then(integer_width);
        if let Some(width) = width
            && !text
                .trim()
                .parse::<i64>()
                .is_ok_and(|number| number.unsigned_abs() <= (1_u64 << (width - 1)))
        {
            let message = format!("the value is not one of type {}", column.target.type_name);
            return Some(("rule", message, again()));
        }
        return None;
    }
    for target in [&column.target, carry::target(column)] {
        if let Err(error) = mask::check(rule, target) {
            let unbounded = Target {
                max_chars: None,
                ..target.clone()
            };
            let check = if mask::check(rule, &unbounded).is_ok() {
                "type_modifier"
            } else {
                "rule"
            };
            return Some((check, error.to_string(), error.hint().unwrap_or_else(again)));
        }
    }
    None
}
