//! What becomes of each column: the rules that hold for it, over the inheritance and partition tree
//! and along references, and what a copy would break under them, found before a row is read.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::{self, Oid};
use synth_engine::mask::{self, Literal, Rule};

use super::request::Undecided;
use super::source::{Source, oid_list, qualified};
use crate::boundary::has_partition_attrs;
use crate::error::raise;
use crate::mask::plan::Rules;
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
}

/// A reason to refuse.
pub struct Problem {
    pub code: PgSqlErrorCode,
    /// The table it is about.
    pub relid: Oid,
    pub message: String,
    pub hint: &'static str,
}

impl Problem {
    /// Raises it as an error.
    pub fn raise(&self) -> ! {
        raise(self.code, self.message.clone(), Some(self.hint.to_owned()))
    }
}

/// A column that can carry a rule.
struct Candidate {
    column: ColumnName,
    not_null: bool,
}

impl Decisions {
    /// Resolves the rules of a schema.
    pub fn of(source: &Source, undecided: Undecided) -> Self {
        let mut decisions = Self {
            rules: Rules::new(),
            undecided: Vec::new(),
            problems: Vec::new(),
        };
        let mut decided = decisions.labels(source);
        decisions.carry_over(source, &mut decided);
        for candidate in candidates(source) {
            if decided.contains_key(&candidate.column) {
                continue;
            }
            decisions.undecided.push(candidate.column.clone());
            match undecided {
                Undecided::Copy => {}
                Undecided::Null if !candidate.not_null => {
                    let null = Rule::Value(Literal::Null);
                    decided.insert(candidate.column, null);
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
                Undecided::Refuse => {}
            }
        }
        if undecided == Undecided::Refuse && !decisions.undecided.is_empty() {
            decisions.refuse_undecided(source);
        }
        let masks = |rule: &Rule| *rule != Rule::NotMasked;
        decisions.rules = decided
            .into_iter()
            .filter(|(_, rule)| masks(rule))
            .collect();
        decisions.find_clashes(source);
        decisions.find_partition_keys(source);
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

    fn problem(&mut self, code: PgSqlErrorCode, relid: Oid, message: String, hint: &'static str) {
        self.problems.push(Problem {
            code,
            relid,
            message,
            hint,
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
                    hint: "Give each a rule with synth_set_rule, NOT MASKED if it may be copied as it is; or pass undecided => 'null' or 'copy'.",
                }
            })
            .collect();
        self.problems.extend(problems);
    }

    /// Rules as they stand on columns, over the trees.
    fn labels(&mut self, source: &Source) -> HashMap<ColumnName, Rule> {
        let mut decided: HashMap<ColumnName, Rule> = HashMap::new();
        for (column, text) in labels(&source.relids()) {
            let rule: Rule = match text.parse() {
                Ok(rule) => rule,
                Err(error) => {
                    let message = format!("column {}: {error}", display(source, &column));
                    let hint = "Set the rule again with synth_set_rule, or drop it.";
                    self.problem(ERRCODE_SYNTAX_ERROR, column.0, message, hint);
                    continue;
                }
            };
            match decided.get(&column) {
                Some(other) if *other != rule => {
                    let message = format!(
                        "column {} has two masking rules in one table tree",
                        display(source, &column)
                    );
                    self.problem(
                        ERRCODE_INVALID_OBJECT_DEFINITION,
                        column.0,
                        message,
                        "Keep the rule on the topmost table and drop the other with synth_drop_rule.",
                    );
                }
                _ => {
                    decided.insert(column, rule);
                }
            }
        }
        decided
    }

    /// What is decided for a key holds for the columns that refer to it: equal values stay equal.
    fn carry_over(&mut self, source: &Source, decided: &mut HashMap<ColumnName, Rule>) {
        // A foreign key of a partitioned table holds for its partitions.
        let mut links: Vec<(ColumnName, ColumnName)> = Vec::new();
        for reference in &source.references {
            for (child, parent, _) in &reference.columns {
                let referring = below(source, reference.child);
                for relid in referring {
                    links.push(((relid, child.clone()), (reference.parent, parent.clone())));
                }
            }
        }
        loop {
            let mut grown = false;
            for (child, parent) in &links {
                if !decided.contains_key(child)
                    && let Some(rule) = decided.get(parent).cloned()
                {
                    decided.insert(child.clone(), rule);
                    grown = true;
                }
            }
            if !grown {
                break;
            }
        }
        for (child, parent) in &links {
            let (Some(of_child), of_parent) = (decided.get(child), decided.get(parent)) else {
                continue;
            };
            let same = of_parent.is_some_and(|rule| rule == of_child)
                || of_parent.is_none() && *of_child == Rule::NotMasked;
            if !same && !is_null(of_child) {
                let message = format!(
                    "column {} refers to {}, but the one is decided as {of_child} and the other as {}",
                    display(source, child),
                    display(source, parent),
                    of_parent.map_or_else(|| "nothing".to_owned(), ToString::to_string)
                );
                self.problem(
                    ERRCODE_INVALID_OBJECT_DEFINITION,
                    child.0,
                    message,
                    "Drop the rule of the referring column: it follows that of the key.",
                );
            }
        }
    }

    /// Masks that make distinct values equal, on columns that have to be unique.
    fn find_clashes(&mut self, source: &Source) {
        for (relid, column, index) in unique_columns(&source.relids()) {
            let key = (relid, column);
            if let Some(rule) = self.rules.get(&key)
                && !is_injective(rule)
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

    /// A masked partition key would leave rows in the wrong partition.
    fn find_partition_keys(&mut self, source: &Source) {
        for table in source.tables.iter().filter(|table| table.is_partitioned) {
            let columns: Vec<String> = self
                .rules
                .keys()
                .filter(|(relid, _)| *relid == table.relid)
                .map(|(_, column)| column.clone())
                .collect();
            for column in columns {
                if is_partition_key(table.relid, &column) {
                    let message = format!(
                        "column {} is part of the partition key",
                        display(source, &(table.relid, column))
                    );
                    self.problem(
                        ERRCODE_FEATURE_NOT_SUPPORTED,
                        table.relid,
                        message,
                        "Drop its rule, or set NOT MASKED.",
                    );
                }
            }
        }
    }
}

fn is_null(rule: &Rule) -> bool {
    match rule {
        Rule::Mask { name, .. } => name == "null",
        Rule::Value(Literal::Null) => true,
        _ => false,
    }
}

fn is_injective(rule: &Rule) -> bool {
    match rule {
        Rule::Mask { name, .. } => {
            let entry = mask::find(name).ok().and_then(|entry| entry.mask);
            is_null(rule) || entry.is_some_and(|mask| mask.injective)
        }
        rule => is_null(rule) || *rule == Rule::NotMasked,
    }
}

fn is_partition_key(relid: Oid, column: &str) -> bool {
    let Ok(name) = std::ffi::CString::new(column) else {
        return false;
    };
    // SAFETY: the relation is locked; it is opened and closed here, and the bitmap is built for it.
    unsafe {
        let attnum = i32::from(pg_sys::get_attnum(relid, name.as_ptr()));
        let relation = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let number = attnum - pg_sys::FirstLowInvalidHeapAttributeNumber;
        let attnums = pg_sys::bms_make_singleton(number);
        let found = has_partition_attrs(relation, attnums, std::ptr::null_mut());
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        found
    }
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

/// What labels on these tables, and on those above and below them, say about columns of these
/// tables: a rule holds up and down the tree as far as the column is inherited.
fn labels(relids: &[Oid]) -> Vec<(ColumnName, String)> {
    query(
        "WITH RECURSIVE tree (relid) AS (
            SELECT unnest($1)
          UNION
            SELECT CASE WHEN i.inhrelid = tree.relid THEN i.inhparent ELSE i.inhrelid END
            FROM tree JOIN pg_inherits i ON tree.relid IN (i.inhrelid, i.inhparent)
         ), ruled (relid, name, rule, labelled) AS (
            SELECT l.objoid, a.attname, l.label, l.objoid
            FROM pg_seclabel l
            JOIN pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid
            WHERE l.provider = 'pg_synth' AND l.classoid = 'pg_class'::regclass
              AND l.objoid IN (SELECT relid FROM tree) AND NOT a.attisdropped
          UNION
            SELECT a.attrelid, ruled.name, ruled.rule, ruled.labelled
            FROM ruled
            JOIN pg_inherits i ON ruled.relid IN (i.inhrelid, i.inhparent)
            JOIN pg_attribute a
              ON a.attrelid = CASE WHEN i.inhrelid = ruled.relid THEN i.inhparent ELSE i.inhrelid END
             AND a.attname = ruled.name AND NOT a.attisdropped
         )
         SELECT relid, name::text, rule FROM ruled WHERE relid = ANY ($1)
         ORDER BY name, relid, labelled",
        &[oid_list(relids)],
        |row| {
            let (relid, name, rule) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid.zip(name).zip(rule))
        },
    )
}

/// Unique indexes on one column: table, column, name of the index.
fn unique_columns(relids: &[Oid]) -> Vec<(Oid, String, String)> {
    query(
        "SELECT a.attrelid, a.attname::text, c.relname::text
         FROM pg_index i
         JOIN pg_class c ON c.oid = i.indexrelid
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indrelid = ANY ($1)
         ORDER BY a.attname, c.relname",
        &[oid_list(relids)],
        |row| {
            let (relid, name, index) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(name)
                .zip(index)
                .map(|((relid, name), index)| (relid, name, index)))
        },
    )
}

/// The columns a decision is needed for. A generated column is computed from others.
fn candidates(source: &Source) -> Vec<Candidate> {
    query(
        "SELECT a.attrelid, a.attname::text, a.attnotnull
         FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
           AND a.attgenerated = ''
         ORDER BY c.relname, a.attnum",
        &[oid_list(&source.relids())],
        |row| {
            let (relid, name, not_null) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(name)
                .zip(not_null)
                .map(|(column, not_null)| Candidate { column, not_null }))
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
