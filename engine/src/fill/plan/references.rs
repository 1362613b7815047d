//! References: which keys a row may take, and what references over the same columns have to agree in.

use std::collections::{HashMap, HashSet};

use super::{NULL_FRACTION, PlannedReference, Planner, Shared};
use crate::fill::check::Nullness;
use crate::fill::domain::KeyTest;
use crate::fill::source::share;
use crate::fill::table::{Reference, Values};

impl Planner {
    /// References in order, widest first; a column belongs to the first that has it.
    pub(super) fn resolve_references(&mut self) {
        let mut places: Vec<usize> = (0..self.table.references.len()).collect();
        places.sort_by_key(|&place| std::cmp::Reverse(self.table.references[place].columns.len()));
        for place in places {
            let reference = self.table.references[place].clone();
            let wished = reference
                .columns
                .iter()
                .any(|&c| self.table.columns[c].wish.values.is_some() || !self.written[c]);
            if let Some(own) = &reference.own {
                for (&column, &source) in reference.columns.iter().zip(own) {
                    if self.keys[column].is_none() && column != source {
                        self.copies[column] = Some(source);
                        self.describe(column, "its own key", "the row refers to itself");
                    }
                }
                continue;
            }
            if let ([column], true) = (&reference.columns[..], reference.keys.complete)
                && let Some(Values::List(values)) = &self.table.columns[*column].wish.values
            {
                let keys: HashSet<&str> = (0..reference.keys.len())
                    .map(|key| reference.keys.part(0, key))
                    .collect();
                let unknown = values.iter().any(|(value, _)| {
                    value
                        .as_ref()
                        .is_some_and(|value| !keys.contains(value.as_str()))
                });
                if unknown {
                    let message = format!(
                        "constraint {} on column {}: overrides give a value that {} does not have",
                        reference.name,
                        self.name(*column),
                        reference.table
                    );
                    let hint = "Give keys of rows that are there.";
                    self.problem(Some(&reference.name), &[*column], message, hint);
                    continue;
                }
            }
            if wished {
                // Values that the caller gives, or the database, are the caller's to get right.
                self.unproven.insert(reference.name.clone());
                continue;
            }
            let refuses: Vec<usize> = reference
                .columns
                .iter()
                .copied()
                .filter(|&c| self.table.columns[c].not_null)
                .collect();
            // Keys that are all in use are a question of room: the unique constraint says so.
            let used_up = reference.unused_only && reference.keys.is_empty();
            if reference.keys.is_empty() && !refuses.is_empty() && !used_up {
                if self.leave_empty(&reference) {
                    continue;
                }
                let message = format!(
                    "constraint {} on column {} refers to {}, which has no rows to refer to",
                    reference.name,
                    self.name(refuses[0]),
                    reference.table
                );
                let hint = format!(
                    "Fill {} first, or fill both with synth_fill_schema.",
                    reference.table
                );
                self.problem(Some(&reference.name), &reference.columns, message, &hint);
                continue;
            }
            let here = self.references.len();
            let mut shared = Vec::new();
            for (part, &column) in reference.columns.iter().enumerate() {
                match self.keys[column] {
                    Some((earlier, their_part)) => shared.push(Shared {
                        reference: earlier,
                        their_part,
                        our_part: part,
                    }),
                    None => self.keys[column] = Some((here, part)),
                }
            }
            let groups = groups(&reference, &shared);
            for &column in &reference.columns {
                let reason = format!("{} refers to {}", reference.name, reference.table);
                self.describe(column, "key of a row referred to", &reason);
            }
            self.references.push(PlannedReference {
                place,
                stream: self.stream(&format!("reference {}", reference.name)),
                digit: None,
                nulls: Vec::new(),
                allowed: Vec::new(),
                shared,
                groups,
            });
        }
    }

    /// Where there is nothing to refer to, a reference over several columns is none if one of them
    /// is NULL. Whether that can be.
    fn leave_empty(&mut self, reference: &Reference) -> bool {
        let possible = |variant: &usize| !self.optional_part(reference, *variant).is_empty();
        let kept: Vec<usize> = (0..self.variants.len()).filter(possible).collect();
        let Some(&first) = kept.first() else {
            return false;
        };
        let open = self.optional_part(reference, first);
        let names: Vec<String> = open.iter().map(|&c| self.name(c).to_owned()).collect();
        let variants = std::mem::take(&mut self.variants);
        let numbered = variants.into_iter().enumerate();
        self.variants = numbered
            .filter(|(number, _)| kept.contains(number))
            .map(|(_, mut variant)| {
                for name in &names {
                    let domain = variant.domains.entry(name.clone()).or_default();
                    domain.null = Nullness::MustBeNull;
                }
                variant
            })
            .collect();
        for column in open {
            let reason = format!("{} has no rows to refer to", reference.table);
            self.describe(column, "NULL", &reason);
        }
        true
    }

    /// The columns that may be NULL in a variant so that a reference with others that may not be is
    /// none.
    fn optional_part(&self, reference: &Reference, variant: usize) -> Vec<usize> {
        let nullable = |&&column: &&usize| !self.table.columns[column].not_null;
        let open: Vec<usize> = reference.columns.iter().filter(nullable).copied().collect();
        let mixed = !open.is_empty() && open.len() < reference.columns.len();
        let may_be = |&column: &usize| self.domain(variant, column).null != Nullness::MustNotBeNull;
        if mixed && !reference.match_full && open.iter().all(may_be) {
            open
        } else {
            Vec::new()
        }
    }

    /// The keys of a reference that a variant may use, by the domains of its columns and by what
    /// other references over the same columns have; and its share of NULLs.
    pub(super) fn restrict_references(&mut self) {
        for here in 0..self.references.len() {
            let reference = self.table.references[self.references[here].place].clone();
            let usable = self.usable_keys(here, &reference);
            for variant in 0..self.variants.len() {
                let mut allowed = usable.clone();
                let mut tested = false;
                let optional = self.optional_part(&reference, variant);
                let mut nulls = if optional.is_empty() {
                    share(self.null_fraction(&reference.columns))
                } else {
                    share(self.null_fraction(&optional))
                };
                for (part, &column) in reference.columns.iter().enumerate() {
                    if self.keys[column] != Some((here, part)) {
                        continue;
                    }
                    let domain = self.domain(variant, column);
                    let decides = optional.is_empty() || optional.contains(&column);
                    match domain.null {
                        _ if !decides => {}
                        Nullness::MustBeNull => nulls = u64::MAX,
                        Nullness::MustNotBeNull if nulls != u64::MAX => nulls = 0,
                        _ => {}
                    }
                    if let Some(test) = KeyTest::new(&self.table.columns[column].class, &domain) {
                        let all = allowed.take().unwrap_or_else(|| {
                            (0..u32::try_from(reference.keys.len()).unwrap_or(u32::MAX)).collect()
                        });
                        tested = true;
                        let keep =
                            |key: &u32| test.allows(reference.keys.part(part, *key as usize));
                        allowed = Some(all.into_iter().filter(keep).collect());
                    }
                }
                if tested && !optional.is_empty() && nulls != u64::MAX {
                    // A column that is set although the reference is none would have to be tested too.
                    nulls = 0;
                }
                if reference.keys.is_empty() {
                    nulls = u64::MAX;
                }
                self.references[here].nulls.push(nulls);
                self.references[here].allowed.push(allowed);
            }
            let digit = self.references[here].digit.is_some();
            let none_left = |(allowed, nulls): (&Option<Vec<u32>>, &u64)| {
                allowed.as_ref().is_some_and(Vec::is_empty) && *nulls != u64::MAX
            };
            let planned = &self.references[here];
            let restricted = planned.allowed.iter().any(Option::is_some);
            if digit && restricted {
                self.unproven.insert(reference.name.clone());
            }
            if planned.allowed.iter().zip(&planned.nulls).all(none_left)
                && !planned.allowed.is_empty()
                && reference
                    .columns
                    .iter()
                    .all(|&c| self.table.columns[c].not_null)
            {
                let message = format!(
                    "constraint {} on column {}: no row of {} has a key that the other constraints allow",
                    reference.name,
                    self.name(reference.columns[0]),
                    reference.table
                );
                self.problem(
                    Some(&reference.name),
                    &reference.columns,
                    message,
                    "Add rows to the table referred to that suit.",
                );
            }
        }
    }

    /// The keys of a reference for which those that share columns with it have one that agrees; none:
    /// all.
    fn usable_keys(&self, here: usize, reference: &Reference) -> Option<Vec<u32>> {
        let mut usable: Option<Vec<u32>> = None;
        for later in &self.references {
            let shared: Vec<&Shared> = later
                .shared
                .iter()
                .filter(|shared| shared.reference == here)
                .collect();
            if shared.is_empty() || shared.len() != later.shared.len() {
                continue;
            }
            let keep = |key: &u32| {
                let parts: Vec<&str> = shared
                    .iter()
                    .map(|shared| reference.keys.part(shared.their_part, *key as usize))
                    .collect();
                later.groups.contains_key(&parts.join("\u{1f}"))
            };
            let all = usable.take().unwrap_or_else(|| {
                (0..u32::try_from(reference.keys.len()).unwrap_or(u32::MAX)).collect()
            });
            let nullable = self.table.references[later.place]
                .columns
                .iter()
                .any(|&c| !self.table.columns[c].not_null);
            let kept: Vec<u32> = all.iter().copied().filter(keep).collect();
            usable = Some(if kept.is_empty() && nullable {
                all
            } else {
                kept
            });
        }
        usable
    }

    pub(super) fn null_fraction(&self, columns: &[usize]) -> f64 {
        if columns.iter().any(|&c| self.table.columns[c].not_null) {
            return 0.0;
        }
        columns
            .iter()
            .find_map(|&c| self.table.columns[c].wish.null_fraction)
            .unwrap_or(NULL_FRACTION)
    }
}

/// The keys of a reference by those of their parts that an earlier one has set.
fn groups(reference: &Reference, shared: &[Shared]) -> HashMap<String, Vec<u32>> {
    let mut groups: HashMap<String, Vec<u32>> = HashMap::new();
    if shared.is_empty() {
        return groups;
    }
    for (number, key) in (0_u32..).zip(0..reference.keys.len()) {
        let parts: Vec<&str> = shared
            .iter()
            .map(|shared| reference.keys.part(shared.our_part, key))
            .collect();
        groups.entry(parts.join("\u{1f}")).or_default().push(number);
    }
    groups
}
