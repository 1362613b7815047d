//! Which rule holds for which column, over the whole database.
//!
//! A rule stands on one column as a label and holds for more: up and down the inheritance or
//! partition tree, as far as the column is inherited, and, on a key, for every column that refers to
//! it, declared as a foreign key or by `synth_reference`, over any number of steps. Columns that a
//! masked key ties together are masked together, from one place, the key's own table: then each
//! original is replaced once, whatever order tables are masked in, and references hold.
//!
//! Everything is read in a handful of queries, whatever the number of tables.

mod disjoint;
mod place;
mod select;
mod tie;

use std::collections::{HashMap, HashSet};

use pgrx::PgSqlErrorCode;
use pgrx::pg_sys::Oid;
use synth_engine::mask::{self, Literal, Rule, Target};
use synth_engine::schema::ColumnType;

use super::catalog::{self, Attribute, Link};
use super::plan::Rules;
use crate::boundary::relation_name;
use disjoint::Disjoint;

/// A column: its table and number.
pub type ColumnId = (Oid, i16);

/// Why a rule cannot hold, found before a row is touched.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The column it is about.
    pub column: ColumnId,
    /// Other columns that it touches.
    pub others: Vec<ColumnId>,
    /// The subject, as `synth_validate_rules` names it.
    pub check: &'static str,
    /// SQLSTATE of the refusal.
    pub code: PgSqlErrorCode,
    /// What is wrong.
    pub message: String,
    /// The rules in question.
    pub detail: String,
    /// What to do about it.
    pub hint: String,
}

/// Columns that are one column by inheritance, and the rule that holds for them.
#[derive(Debug, Default)]
struct Family {
    columns: Vec<ColumnId>,
    /// The column whose label it is, and what it says.
    labels: Vec<(ColumnId, Rule)>,
    /// The rule that holds.
    rule: Option<Rule>,
    /// Masked columns tied together by references.
    group: Option<usize>,
}

/// Columns tied together by references to a masked key.
#[derive(Debug)]
struct Group {
    families: Vec<usize>,
    /// The family of the key.
    home: usize,
    /// Families that refer to the key and become NULL, which has to happen with it.
    emptied: Vec<usize>,
    /// What all are masked as, where their types differ.
    target: Option<Target>,
}

/// The rules of a database.
#[derive(Default)]
pub struct Rulebook {
    attributes: HashMap<ColumnId, Attribute>,
    family: HashMap<ColumnId, usize>,
    families: Vec<Family>,
    groups: Vec<Group>,
    /// Foreign keys and declared references.
    pub links: Vec<Link>,
    /// What cannot hold.
    pub problems: Vec<Problem>,
}

/// What is masked when some tables are.
#[derive(Default)]
pub struct Selection {
    /// The rules, those of referring columns in other tables included.
    pub rules: Rules,
    /// Tables beyond those named, which refer to their keys.
    pub referring: Vec<Oid>,
    /// Columns of the named tables that are masked together with a key of another table, and the key.
    pub elsewhere: Vec<(ColumnId, ColumnId)>,
    /// A masked key of a named table that continues in tables of its tree which are not named.
    pub torn: Vec<(ColumnId, ColumnId)>,
}

impl Rulebook {
    /// Reads the catalogs.
    pub fn read() -> Self {
        let labels = catalog::labels();
        let links = catalog::links();
        let inherits = catalog::inherits();
        let mut neighbours: HashMap<Oid, Vec<Oid>> = HashMap::new();
        for &(child, parent) in &inherits {
            neighbours.entry(child).or_default().push(parent);
            neighbours.entry(parent).or_default().push(child);
        }
        // Only tables with a rule, or tied to one, matter.
        let mut tied = neighbours;
        for link in &links {
            tied.entry(link.from).or_default().push(link.to);
            tied.entry(link.to).or_default().push(link.from);
        }
        let mut relids: HashSet<Oid> = HashSet::new();
        let mut stack: Vec<Oid> = labels.iter().map(|label| label.column.0).collect();
        while let Some(relid) = stack.pop() {
            if relids.insert(relid) {
                stack.extend(tied.get(&relid).into_iter().flatten());
            }
        }
        let mut book = Self {
            links: links
                .into_iter()
                .filter(|link| relids.contains(&link.from) || relids.contains(&link.to))
                .collect(),
            ..Self::default()
        };
        let mut by_name: HashMap<(Oid, &str), ColumnId> = HashMap::new();
        let attributes = catalog::attributes(&relids.into_iter().collect::<Vec<Oid>>());
        let mut of_table: HashMap<Oid, Vec<(&str, ColumnId)>> = HashMap::new();
        for (column, attribute) in &attributes {
            let columns = of_table.entry(column.0).or_default();
            columns.push((&attribute.name, *column));
            by_name.insert((column.0, &attribute.name), *column);
        }
        let mut families = Disjoint::default();
        for (column, _) in &attributes {
            families.add(order(*column));
        }
        for (child, parent) in &inherits {
            for (name, column) in of_table.get(child).into_iter().flatten() {
                if let Some(above) = by_name.get(&(*parent, *name)) {
                    families.join(order(*column), order(*above));
                }
            }
        }
        for set in families.sets() {
            let set: Vec<ColumnId> = set
                .into_iter()
                .map(|(relid, attnum)| (Oid::from(relid), attnum))
                .collect();
            for column in &set {
                book.family.insert(*column, book.families.len());
            }
            book.families.push(Family {
                columns: set,
                ..Family::default()
            });
        }
        book.attributes = attributes.into_iter().collect();
        book.place(labels);
        book.carry_over();
        book.tie();
        book
    }

    fn rule_of(&self, column: ColumnId) -> Option<&Rule> {
        self.family_with(column)
            .and_then(|family| family.rule.as_ref())
    }

    fn family_with(&self, column: ColumnId) -> Option<&Family> {
        self.family
            .get(&column)
            .map(|&family| &self.families[family])
    }

    /// The rule that holds for a column, carried over or its own; none: nobody has decided.
    pub fn rule(&self, column: ColumnId) -> Option<&Rule> {
        self.rule_of(column)
    }

    /// Whether the rule of a column is that of a key elsewhere: the key.
    pub fn key_of(&self, column: ColumnId) -> Option<ColumnId> {
        let family = *self.family.get(&column)?;
        let group = &self.groups[self.families[family].group?];
        if group.home == family {
            return None;
        }
        let home = &self.families[group.home];
        home.labels
            .first()
            .map(|(column, _)| *column)
            .or_else(|| home.columns.first().copied())
    }

    /// A number that columns share which are one column by inheritance.
    pub fn family_of(&self, column: ColumnId) -> usize {
        self.family.get(&column).copied().unwrap_or(usize::MAX)
    }

    /// All columns with a rule that masks, with the rule.
    pub fn masked(&self) -> impl Iterator<Item = (ColumnId, &Rule)> {
        self.families.iter().flat_map(|family| {
            let rule = family
                .rule
                .as_ref()
                .filter(|rule| **rule != Rule::NotMasked);
            family
                .columns
                .iter()
                .filter_map(move |&column| Some((column, rule?)))
        })
    }

    /// Every rule that masks a column of these tables, wherever it comes from: for copies.
    pub fn rules_of(&self, relids: &[Oid]) -> Rules {
        let relids: HashSet<Oid> = relids.iter().copied().collect();
        let mut rules = Rules::default();
        for (column, _) in self.masked() {
            if relids.contains(&column.0) {
                self.add(column, &mut rules);
            }
        }
        rules
    }

    fn add(&self, column: ColumnId, rules: &mut Rules) {
        let (Some(attribute), Some(family)) =
            (self.attributes.get(&column), self.family_with(column))
        else {
            return;
        };
        let Some(rule) = &family.rule else { return };
        let key = (column.0, attribute.name.clone());
        if let Some(target) = family
            .group
            .and_then(|group| self.groups[group].target.as_ref())
        {
            rules.targets.insert(key.clone(), target.clone());
        }
        rules.by_column.insert(key, rule.clone());
    }

    /// The column's name.
    pub fn name(&self, column: ColumnId) -> &str {
        self.attributes
            .get(&column)
            .map_or("?", |attribute| &attribute.name)
    }

    /// `schema.table.column`.
    pub fn display(&self, column: ColumnId) -> String {
        format!("{}.{}", relation_name(column.0), self.name(column))
    }
}

/// The rule gives NULL, which refers to nothing.
pub fn gives_null(rule: &Rule) -> bool {
    match rule.action() {
        Rule::Mask { name, .. } => name == "null",
        Rule::Value(literal) => *literal == Literal::Null,
        _ => false,
    }
}

/// Distinct values stay distinct under the rule.
pub fn is_injective(rule: &Rule) -> bool {
    match mask::properties(rule) {
        Ok(Some(properties)) => properties.injective,
        // NOT MASKED.
        Ok(None) => true,
        Err(_) => false,
    }
}

/// Bits of a whole-number type.
pub fn integer_width(column_type: ColumnType) -> Option<u32> {
    match column_type {
        ColumnType::SmallInt => Some(16),
        ColumnType::Integer => Some(32),
        ColumnType::BigInt => Some(64),
        _ => None,
    }
}

/// A column as something that can be put in order.
fn order(column: ColumnId) -> (u32, i16) {
    (column.0.to_u32(), column.1)
}
