//! What becomes of each column: the rule that holds for it by the rulebook, carried over to columns
//! that refer to a key, and what a copy would break, found before a row is read.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::Oid;
use synth_engine::mask::{Literal, Rule};

use super::request::Undecided;
use super::source::{Source, oid_list, qualified};
use crate::error::raise;
use crate::mask::catalog;
use crate::mask::plan::{Rules, clashing, masked_partition_key};
use crate::mask::rulebook::Rulebook;
use crate::query::query;

/// A column: its table and name.
type ColumnName = (Oid, String);

/// What is decided for the columns of a schema.
pub struct Decisions {
    /// Rules that change something.
    pub rules: Rules,
    /// Columns without a decision, in the order of their tables.
    pub undecided: Vec<ColumnName>,
    /// What stands against a copy.
    pub problems: Vec<Problem>,
    /// Partitioned tables whose rows may change their partition.
    pub moving: HashSet<Oid>,
}

/// A reason to refuse.
pub struct Problem {
    pub code: PgSqlErrorCode,
    /// The table it is about.
    pub relid: Oid,
    pub message: String,
    pub hint: String,
}

impl Problem {
    /// Raises it as an error.
    pub fn raise(&self) -> ! {
        raise(self.code, self.message.clone(), Some(self.hint.clone()))
    }
}

/// A column that can carry a rule.
struct Candidate {
    column: ColumnName,
    attnum: i16,
    not_null: bool,
}

impl Decisions {
    /// Resolves the rules of a schema.
    pub fn of(source: &Source, book: &Rulebook, undecided: Undecided) -> Self {
        let relids = source.relids();
        let mut decisions = Self {
            rules: book.rules_of(&relids),
            undecided: Vec::new(),
            problems: Vec::new(),
            moving: HashSet::new(),
        };
        for problem in &book.problems {
            let columns = problem.others.iter().chain([&problem.column]);
            let about = columns
                .map(|column| column.0)
                .find(|relid| source.table(*relid).is_some());
            if let Some(relid) = about {
                let mut message = problem.message.clone();
                if !problem.detail.is_empty() {
                    message = format!("{message}: {}", problem.detail);
                }
                decisions.problem(problem.code, relid, message, &problem.hint);
            }
        }
        let candidates = candidates(source);
        let decided = decided(source, book, &candidates);
        for candidate in candidates {
            if decided.contains(&candidate.column) {
                continue;
            }
            decisions.undecided.push(candidate.column.clone());
            match undecided {
                Undecided::Copy | Undecided::Refuse => {}
                Undecided::Null if !candidate.not_null => {
                    let null = Rule::Value(Literal::Null);
                    decisions.rules.by_column.insert(candidate.column, null);
                }
                Undecided::Null => {
                    let message = format!(
                        "column {} has no masking rule and cannot be NULL",
                        display(source, &candidate.column)
                    );
                    decisions.problem(
                        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                        candidate.column.0,
                        message,
                        "Give it a rule, NOT MASKED if it may be copied as it is.",
                    );
                }
            }
        }
        if undecided == Undecided::Refuse {
            decisions.refuse_undecided(source);
        }
        decisions.find_clashes(source);
        decisions.find_moving(source);
        decisions
    }

    /// The names of a table's masked columns with their rules, in those of its partitions, too.
    pub fn of_table(&self, source: &Source, top: Oid) -> BTreeMap<String, String> {
        self.rules
            .iter()
            .filter(|((relid, _), _)| {
                source.table(*relid).is_some() && source.top_of(*relid) == top
            })
            .map(|((_, column), rule)| (column.clone(), rule.to_string()))
            .collect()
    }

    /// The names of a table's columns without a decision.
    pub fn undecided_of(&self, source: &Source, top: Oid) -> BTreeSet<String> {
        self.undecided
            .iter()
            .filter(|(relid, _)| source.top_of(*relid) == top)
            .map(|(_, column)| column.clone())
            .collect()
    }

    fn problem(&mut self, code: PgSqlErrorCode, relid: Oid, message: String, hint: &str) {
        self.problems.push(Problem {
            code,
            relid,
            message,
            hint: hint.to_owned(),
        });
    }

    /// One message for all columns that nobody has decided on.
    fn refuse_undecided(&mut self, source: &Source) {
        let mut tables: BTreeMap<&str, (Oid, BTreeSet<&str>)> = BTreeMap::new();
        for (relid, column) in &self.undecided {
            let top = source.top_of(*relid);
            let name = source.table(top).map_or("", |table| table.name.as_str());
            let entry = tables.entry(name).or_insert_with(|| (top, BTreeSet::new()));
            entry.1.insert(column);
        }
        let problems: Vec<Problem> = tables
            .iter()
            .map(|(name, (relid, columns))| {
                let shown: Vec<&str> = columns.iter().take(20).copied().collect();
                let more = columns.len() - shown.len();
                let more = match more {
                    0 => String::new(),
                    more => format!(" and {more} more"),
                };
                Problem {
                    code: ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    relid: *relid,
                    message: format!(
                        "nobody has decided what to do with columns of {}: {}{more}",
                        qualified(&source.schema, name),
                        shown.join(", ")
                    ),
                    hint: "Give each a rule with synth_set_rule, NOT MASKED if it may be copied as it is; or pass undecided => 'null' or 'copy'.".to_owned(),
                }
            })
            .collect();
        self.problems.extend(problems);
    }

    /// Masks that make distinct values equal, on columns that have to be unique.
    fn find_clashes(&mut self, source: &Source) {
        for (relid, column, index) in catalog::unique_columns(&source.relids()) {
            let key = (relid, column);
            if let Some(rule) = self.rules.get(&key)
                && clashing(rule).is_some()
            {
                let message = format!(
                    "{rule} would give column {} equal values, against unique index \"{index}\"",
                    display(source, &key)
                );
                self.problem(
                    ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    relid,
                    message,
                    "Use a mask that keeps distinct values distinct: see injective in synth.registry.",
                );
            }
        }
    }

    /// Masked partition keys: rows move to the partition of their new value, which may be any.
    fn find_moving(&mut self, source: &Source) {
        for table in source.tables.iter().filter(|table| table.is_partitioned) {
            let Some(column) = masked_partition_key(table.relid, &self.rules) else {
                continue;
            };
            let top = source.top_of(table.relid);
            if source.table(top).is_some_and(|top| top.parent.is_none()) {
                self.moving.insert(top);
                continue;
            }
            self.problem(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                table.relid,
                format!("column {column} is part of the partition key of a table elsewhere"),
                "Copy the schema of the whole partitioned table, drop the column's rule, or set NOT MASKED.",
            );
        }
    }
}

/// The columns that somebody has decided on. What is decided for a key, NOT MASKED as well, is
/// decided for the columns that refer to it.
fn decided(source: &Source, book: &Rulebook, candidates: &[Candidate]) -> HashSet<ColumnName> {
    let mut decided: HashSet<ColumnName> = candidates
        .iter()
        .filter(|candidate| book.rule((candidate.column.0, candidate.attnum)).is_some())
        .map(|candidate| candidate.column.clone())
        .collect();
    let mut links: Vec<(ColumnName, ColumnName)> = Vec::new();
    for reference in &source.references {
        for (child, parent, _) in &reference.columns {
            // A foreign key of a partitioned table holds for its partitions.
            for relid in below(source, reference.child) {
                links.push(((relid, child.clone()), (reference.parent, parent.clone())));
            }
        }
    }
    let mut grown = true;
    while grown {
        grown = false;
        for (child, parent) in &links {
            grown |= decided.contains(parent) && decided.insert(child.clone());
        }
    }
    decided
}

/// A table and its partitions, over all levels.
fn below(source: &Source, relid: Oid) -> Vec<Oid> {
    let is_below = |mut at: Oid| loop {
        if at == relid {
            return true;
        }
        match source.table(at).and_then(|table| table.parent) {
            Some(parent) => at = parent,
            None => return false,
        }
    };
    let relids = source.relids();
    relids.into_iter().filter(|&at| is_below(at)).collect()
}

/// The columns a decision is needed for. A generated column is computed from others.
fn candidates(source: &Source) -> Vec<Candidate> {
    query(
        "SELECT a.attrelid, a.attname::text, a.attnotnull, a.attnum
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
           AND a.attgenerated = ''
         ORDER BY c.relname, a.attnum",
        &[oid_list(&source.relids())],
        |row| {
            let (relid, name, not_null) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid.zip(name).zip(not_null).zip(row.get(4)?).map(
                |((column, not_null), attnum)| Candidate {
                    column,
                    attnum,
                    not_null,
                },
            ))
        },
    )
}

/// `schema.table.column`.
fn display(source: &Source, (relid, column): &ColumnName) -> String {
    let table = source.table(*relid).map_or("", |table| table.name.as_str());
    format!(
        "{}.{}",
        qualified(&source.schema, table),
        pgrx::spi::quote_identifier(column)
    )
}
