//! References: the rule of a key goes to what refers to it, and columns that a masked key ties together
//! are masked together, from the key's own table.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use pgrx::PgSqlErrorCode::*;
use synth_engine::mask::{Rule, Target};

use super::disjoint::Disjoint;
use super::{ColumnId, Group, Problem, Rulebook, gives_null, integer_width, is_injective, order};
use crate::mask::catalog::Link;
use crate::rule::Column;

impl Rulebook {
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

    /// Rules of keys go to what refers to them, step by step; then what disagrees is told.
    pub(super) fn carry_over(&mut self) {
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
    pub(super) fn tie(&mut self) {
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
}

/// The rule gives NULL in every row.
fn empties(rule: &Rule) -> bool {
    gives_null(rule) && rule.condition().is_none()
}
