//! Sets that are joined step by step.

use std::collections::{BTreeMap, HashMap};

/// Some sets.
#[derive(Default)]
pub struct Disjoint<T> {
    parent: HashMap<T, T>,
}

impl<T: Copy + Ord + std::hash::Hash> Disjoint<T> {
    /// A set of its own, unless it is in one.
    pub fn add(&mut self, item: T) {
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

    /// Makes one set of those of both.
    pub fn join(&mut self, a: T, b: T) {
        let (a, b) = (self.top(a), self.top(b));
        self.parent.insert(a.max(b), a.min(b));
    }

    /// The sets, each in order, in order of their first items.
    pub fn sets(mut self) -> Vec<Vec<T>> {
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
