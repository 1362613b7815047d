//! Which rule holds for which column, over the whole database.
//!
//! A rule stands on one column as a label and holds for more: up and down the inheritance or
//! partition tree, as far as the column is inherited, and, on a key, for every column that refers to
//! it, declared as a foreign key or by `synth_reference`, over any number of steps. Columns that a
//! masked key ties together are masked together, from one place, the key's own table: then each
//! original is replaced once, whatever order tables are masked in, and references hold.
//!
//! Everything is read in a handful of queries, whatever the number of tables.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::Oid;
use synth_engine::mask::{self, Literal, Rule, Target};
use synth_engine::schema::ColumnType;

use super::catalog::{self, Attribute, Link};
use super::plan::Rules;
use crate::boundary::relation_name;
use crate::rule::Column;

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

    /// Puts labels on families; two different ones in a family are a problem.
    fn place(&mut self, labels: Vec<catalog::Label>) {
        for label in labels {
            let Some(&family) = self.family.get(&label.column) else {
                continue;
            };
            match label.text.parse::<Rule>() {
                Ok(rule) => self.families[family].labels.push((label.column, rule)),
                Err(error) => self.problems.push(Problem {
                    column: label.column,
                    others: self.families[family].columns.clone(),
                    check: "rule",
                    code: ERRCODE_SYNTAX_ERROR,
                    message: format!("column {}: {error}", self.display(label.column)),
                    detail: String::new(),
                    hint: error.hint().unwrap_or_else(|| {
                        "Set the rule again with synth_set_rule, or drop it.".to_owned()
                    }),
                }),
            }
        }
        for index in 0..self.families.len() {
            self.families[index]
                .labels
                .sort_by_key(|label| order(label.0));
            let labels = &self.families[index].labels;
            let Some((first, rule)) = labels.first().cloned() else {
                continue;
            };
            if let Some((other, different)) = labels.iter().find(|(_, other)| *other != rule) {
                self.problems.push(Problem {
                    column: first,
                    others: self.families[index].columns.clone(),
                    check: "rule",
                    code: ERRCODE_INVALID_OBJECT_DEFINITION,
                    message: format!(
                        "column \"{}\" has two masking rules in one table tree",
                        self.name(first)
                    ),
                    detail: format!(
                        "{} says {rule}, {} says {different}.",
                        relation_name(first.0),
                        relation_name(other.0)
                    ),
                    hint: "Keep the rule on the topmost table and drop the other with synth_drop_rule."
                        .to_owned(),
                });
            }
            self.families[index].rule = Some(rule);
        }
    }

    /// Pairs of families that a reference ties: the referring one, the key's, and the link.
    fn pairs(&self) -> Vec<(ColumnId, ColumnId, usize)> {
        let mut pairs = Vec::new();
        for (index, link) in self.links.iter().enumerate() {
            for &(from, to) in &link.pairs {
                let (from, to) = ((link.from, from), (link.to, to));
                if let (Some(a), Some(b)) = (self.family.get(&from), self.family.get(&to))
                    && a != b
                {
                    pairs.push((from, to, index));
                }
            }
        }
        pairs
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

    /// Rules of keys go to what refers to them, step by step; then what disagrees is told.
    fn carry_over(&mut self) {
        let pairs = self.pairs();
        loop {
            let mut changed = false;
            for (from, to, _) in &pairs {
                if self.rule_of(*from).is_none()
                    && let Some(rule) = self.rule_of(*to).cloned()
                {
                    let family = self.family[from];
                    self.families[family].rule = Some(rule);
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut told = HashSet::new();
        for (from, to, link) in pairs {
            let link = &self.links[link];
            let (referring, key) = (self.rule_of(from), self.rule_of(to));
            let masks = |rule: Option<&Rule>| rule.is_some_and(|rule| *rule != Rule::NotMasked);
            let agree = referring == key
                || (!masks(referring) && !masks(key))
                || (link.match_simple && referring.is_some_and(empties));
            if !agree && told.insert((self.family[&from], self.family[&to])) {
                let problem = self.disagreement(from, to, link);
                self.problems.push(problem);
            }
        }
    }

    /// A column has another rule than the key it refers to.
    fn disagreement(&self, from: ColumnId, to: ColumnId, link: &Link) -> Problem {
        let says = |column: ColumnId| match self.rule_of(column) {
            None => format!("{} has no rule", self.display(column)),
            Some(rule) => format!("{} says {rule}", self.display(column)),
        };
        let hint = if self.rule_of(to).is_none_or(|rule| *rule == Rule::NotMasked) {
            format!(
                "Put the rule on {}: it carries over to the columns that refer to it.",
                self.display(to)
            )
        } else {
            format!(
                "Drop the rule of {}: that of the key carries over to it.",
                self.display(from)
            )
        };
        Problem {
            column: from,
            others: vec![to],
            check: "foreign_key",
            code: ERRCODE_INVALID_OBJECT_DEFINITION,
            message: format!(
                "column {} refers to {} by {} and has another rule",
                self.display(from),
                self.display(to),
                link.describe()
            ),
            detail: format!("{}, {}.", says(from), says(to)),
            hint,
        }
    }

    /// Makes groups of masked families that references tie together, and finds where each is at
    /// home; only injective masks, and types that hold the same values, go together.
    fn tie(&mut self) {
        let mut sets: Disjoint<usize> = Disjoint::default();
        let mut above: HashMap<usize, BTreeSet<usize>> = HashMap::new();
        let mut keys: BTreeMap<usize, (ColumnId, usize)> = BTreeMap::new();
        let mut emptied: Vec<(usize, usize)> = Vec::new();
        for (from, to, link) in self.pairs() {
            let (a, b) = (self.family[&from], self.family[&to]);
            let rule = self.families[b].rule.as_ref();
            if rule.is_none_or(|rule| *rule == Rule::NotMasked) {
                continue;
            }
            if self.families[a].rule.as_ref() != rule {
                if self.families[a].rule.as_ref().is_some_and(empties) {
                    sets.add(b);
                    emptied.push((a, b));
                }
                continue;
            }
            sets.add(a);
            sets.add(b);
            sets.join(a, b);
            above.entry(a).or_default().insert(b);
            keys.entry(b).or_insert((to, link));
        }
        for (family, (column, link)) in keys {
            if let Some(rule) = &self.families[family].rule
                && !is_injective(rule)
            {
                self.problems.push(Problem {
                    column,
                    others: vec![(self.links[link].from, 0)],
                    check: "foreign_key",
                    code: ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    message: format!(
                        "column {} is a key that {} refers to, and {rule} would give distinct keys the same value",
                        self.display(column),
                        self.links[link].describe()
                    ),
                    detail: String::new(),
                    hint: "Use a mask that keeps distinct values distinct: see injective in synth.registry."
                        .to_owned(),
                });
            }
        }
        for members in sets.sets() {
            let is_top = |family: &usize| {
                above
                    .get(family)
                    .is_none_or(|keys| keys.iter().all(|key| key == family))
            };
            let first = |families: Vec<usize>| {
                families.into_iter().min_by_key(|&family| {
                    (
                        self.families[family].labels.is_empty(),
                        self.families[family].columns.first().copied().map(order),
                    )
                })
            };
            let tops: Vec<usize> = members.iter().copied().filter(is_top).collect();
            let Some(home) = first(tops).or_else(|| first(members.clone())) else {
                continue;
            };
            let target = match self.common_target(&members) {
                Ok(target) => target,
                Err(problem) => {
                    self.problems.push(*problem);
                    None
                }
            };
            for &family in &members {
                self.families[family].group = Some(self.groups.len());
            }
            self.groups.push(Group {
                families: members,
                home,
                emptied: Vec::new(),
                target,
            });
        }
        for (from, to) in emptied {
            if let Some(group) = self.families[to].group {
                self.groups[group].emptied.push(from);
            }
        }
    }

    /// What columns of different types are masked as: the narrowest type, so that a result fits all.
    fn common_target(&self, families: &[usize]) -> Result<Option<Target>, Box<Problem>> {
        let mut targets: Vec<(ColumnId, Target)> = Vec::new();
        for &family in families {
            let found = self.families[family]
                .columns
                .iter()
                .find_map(|&column| Some((column, Column::find(column.0, column.1).ok()?.target)));
            targets.extend(found);
        }
        let Some((first, mut common)) = targets.first().cloned() else {
            return Ok(None);
        };
        let mut differ = false;
        for (column, target) in &targets[1..] {
            let (a, b) = (common.column_type, target.column_type);
            differ |= a != b || common.max_chars != target.max_chars;
            let narrower = match (a.and_then(integer_width), b.and_then(integer_width)) {
                (Some(a), Some(b)) => a > b,
                _ if a == b => false,
                _ => {
                    return Err(Box::new(Problem {
                        column: *column,
                        others: vec![first],
                        check: "foreign_key",
                        code: ERRCODE_DATATYPE_MISMATCH,
                        message: format!(
                            "columns {} and {} refer to each other and cannot be masked alike: their types are {} and {}",
                            self.display(*column),
                            self.display(first),
                            target.type_name,
                            common.type_name
                        ),
                        detail: String::new(),
                        hint: "Give both one type.".to_owned(),
                    }));
                }
            };
            if narrower {
                common.column_type = target.column_type;
                common.type_name.clone_from(&target.type_name);
            }
            common.max_chars = match (common.max_chars, target.max_chars) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        Ok(differ.then_some(common))
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

    /// What is masked when these tables are: their columns, and what refers to them; not what is
    /// masked together with another table's key.
    pub fn select(&self, members: &[Oid]) -> Selection {
        let members: HashSet<Oid> = members.iter().copied().collect();
        let mut selection = Selection::default();
        let mut seen = HashSet::new();
        for (column, _) in self.masked() {
            if !members.contains(&column.0) {
                continue;
            }
            let family = self.family[&column];
            if !seen.insert(family) {
                continue;
            }
            let Some(group) = self.families[family].group else {
                // Tables above hold statistics of the column.
                for &column in &self.families[family].columns {
                    self.add(column, &mut selection.rules);
                }
                continue;
            };
            let home = self.groups[group].home;
            if home != family {
                let at_home = self.families[home].columns.iter();
                if !at_home.clone().any(|key| members.contains(&key.0))
                    && let Some(key) = self.key_of(column)
                {
                    selection.elsewhere.push((column, key));
                }
                continue;
            }
            if let Some(outside) = self.families[home]
                .columns
                .iter()
                .find(|key| !members.contains(&key.0) && self.stores_rows(**key))
            {
                selection.torn.push((column, *outside));
            }
            let group = &self.groups[group];
            for &family in group.families.iter().chain(&group.emptied) {
                for &tied in &self.families[family].columns {
                    self.add(tied, &mut selection.rules);
                    if !members.contains(&tied.0) && !selection.referring.contains(&tied.0) {
                        selection.referring.push(tied.0);
                    }
                }
            }
        }
        selection.referring.sort_by_key(|relid| relid.to_u32());
        selection
    }

    /// A table above that is only a parent of partitions stores nothing.
    fn stores_rows(&self, column: ColumnId) -> bool {
        self.attributes
            .get(&column)
            .is_some_and(|attribute| attribute.relkind == b'r')
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

/// The rule gives NULL in every row.
fn empties(rule: &Rule) -> bool {
    gives_null(rule) && rule.condition().is_none()
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

/// Sets that are joined step by step.
#[derive(Default)]
struct Disjoint<T> {
    parent: HashMap<T, T>,
}

impl<T: Copy + Ord + std::hash::Hash> Disjoint<T> {
    fn add(&mut self, item: T) {
        self.parent.entry(item).or_insert(item);
    }

    fn top(&mut self, item: T) -> T {
        let mut top = item;
        while let Some(&next) = self.parent.get(&top)
            && next != top
        {
            top = next;
        }
        let mut at = item;
        while at != top {
            at = self.parent.insert(at, top).unwrap_or(top);
        }
        top
    }

    fn join(&mut self, a: T, b: T) {
        let (a, b) = (self.top(a), self.top(b));
        self.parent.insert(a.max(b), a.min(b));
    }

    /// The sets, each in order, in order of their first items.
    fn sets(mut self) -> Vec<Vec<T>> {
        let items: Vec<T> = self.parent.keys().copied().collect();
        let mut sets: BTreeMap<T, Vec<T>> = BTreeMap::new();
        for item in items {
            let top = self.top(item);
            sets.entry(top).or_default().push(item);
        }
        let mut sets: Vec<Vec<T>> = sets.into_values().collect();
        for set in &mut sets {
            set.sort_unstable();
        }
        sets
    }
}
