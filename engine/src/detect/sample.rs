//! What has been seen of a column: counts only, never a value.

use std::collections::{BTreeMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::category::Category;
use super::evidence::Tally;
use super::origin::Origins;
use super::together::Together;
use super::{Kind, document, inside, value};

/// Counts of one category over distinct values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub tally: Tally,
    /// Values with check digits that are right; `None`: the category has none.
    pub valid: Option<u32>,
}

/// Values of a column, counted as they come.
#[derive(Debug, Clone)]
pub struct Sample {
    kind: Kind,
    pub(super) sampled: u32,
    pub(super) nulls: u32,
    pub(super) counts: BTreeMap<Category, Counts>,
    /// Cells that are text of several words, and those of them in which somebody is identified.
    pub(super) prose: u32,
    pub(super) identifying: u32,
    /// Values found inside documents, by path.
    pub(super) paths: BTreeMap<String, Sample>,
    /// What values say together.
    pub(super) together: Together,
    /// Where the people are from.
    pub(super) origins: Origins,
    /// Hashes of the values seen.
    seen: HashSet<u64>,
}

impl Sample {
    /// Nothing seen yet of a column of this kind.
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            sampled: 0,
            nulls: 0,
            counts: BTreeMap::new(),
            prose: 0,
            identifying: 0,
            paths: BTreeMap::new(),
            together: Together::default(),
            origins: Origins::default(),
            seen: HashSet::new(),
        }
    }

    /// Counts a value as text; `None` is NULL.
    pub fn add(&mut self, value: Option<&str>) {
        self.sampled = self.sampled.saturating_add(1);
        let Some(text) = value else {
            self.nulls = self.nulls.saturating_add(1);
            return;
        };
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        if !self.seen.insert(hasher.finish()) {
            return;
        }
        match self.kind {
            Kind::Json => document::walk(text, self),
            Kind::Text | Kind::Number | Kind::Moment | Kind::Inet | Kind::Mac => {
                self.match_value(text);
            }
            _ => {}
        }
    }

    fn match_value(&mut self, text: &str) {
        let kind = self.kind;
        self.together.add(text.trim(), kind);
        if kind == Kind::Text {
            self.origins.add(text.trim());
        }
        let counts = &mut self.counts;
        // A category counts once a value, right before wrong.
        let mut found: Vec<value::Hit> = Vec::with_capacity(16);
        value::matches(text, &mut |hit| {
            if !kind.accepts(hit.category) {
                return;
            }
            match found
                .iter_mut()
                .find(|known| known.category == hit.category)
            {
                Some(known) if known.checked == Some(false) => *known = hit,
                Some(_) => {}
                None => found.push(hit),
            }
        });
        for hit in found {
            let counts = counts.entry(hit.category).or_default();
            if hit.checked == Some(false) {
                counts.tally.near += 1;
                // A shape alone: no check digit was looked at.
                if hit.chance < 1.0 {
                    counts.valid.get_or_insert(0);
                }
            } else {
                counts.tally.hits += 1;
                counts.tally.chance += hit.chance.ln();
                if hit.checked.is_some() {
                    *counts.valid.get_or_insert(0) += 1;
                }
            }
        }
        if kind == Kind::Text && inside::is_prose(text) {
            self.prose += 1;
            self.identifying += u32::from(inside::identifies(text));
        }
    }

    /// How many distinct values were seen.
    pub fn distinct(&self) -> u32 {
        u32::try_from(self.seen.len()).unwrap_or(u32::MAX)
    }

    /// How many cells were seen, NULL or not.
    pub fn sampled(&self) -> u32 {
        self.sampled
    }
}
