//! The texts of a pattern in order, each once, by a deterministic automaton.
//!
//! Repetition is bounded, so the automaton has no cycle, and from each state there is a finite
//! number of texts. Counting those makes the text with a given index a walk of one step a character;
//! a text that the pattern matches in several ways is still counted once.

use std::collections::HashMap;
use std::fmt::{self, Write};

use super::{Node, char_at, size};
use crate::entropy::{below, remix};

/// The most states; beyond, a pattern counts as too ambiguous to enumerate.
const MOST_STATES: usize = 20_000;

/// The most steps of the construction: some tenths of a second.
const MOST_WORK: usize = 1_000_000;

/// Counts saturate here.
const MANY: u64 = u64::MAX;

#[derive(Debug)]
pub(super) struct Automaton {
    states: Vec<State>,
}

#[derive(Debug, Default)]
struct State {
    accepts: bool,
    /// Ranges in order that do not overlap, and the state each leads to.
    steps: Vec<((char, char), usize)>,
    /// How many texts there are from here.
    count: u64,
}

impl Automaton {
    /// `None` if it would have too many states.
    pub(super) fn new(root: &Node) -> Option<Self> {
        let mut nfa = Nfa::default();
        let accept = nfa.add(Place::Accept)?;
        let start = nfa.build(root, accept)?;
        let mut automaton = Self { states: Vec::new() };
        automaton.determinize(&nfa, start)?;
        automaton.count_texts()?;
        Some(automaton)
    }

    /// How many texts there are; `u64::MAX`: that many or more.
    pub(super) fn count(&self) -> u64 {
        self.states.first().map_or(0, |state| state.count)
    }

    /// Writes the text with an index below [`Self::count`].
    pub(super) fn write(&self, index: u64, out: &mut dyn Write) -> fmt::Result {
        let (mut at, mut index) = (0, index);
        let mut entropy = remix(index);
        while let Some(state) = self.states.get(at) {
            // Where one step leads to more texts than there are indexes, which one is taken may
            // depend on the index in any way: texts differ here or, the index being carried on,
            // later. So long texts do not all begin alike.
            let wide = |step: &&((char, char), usize)| self.states[step.1].count == MANY;
            let choices = state.steps.iter().filter(wide).count() as u64;
            if choices > 0 {
                entropy = remix(entropy);
                let choice = usize::try_from(below(entropy, choices)).unwrap_or(0);
                if let Some(&(range, next)) = state.steps.iter().filter(wide).nth(choice) {
                    entropy = remix(entropy);
                    out.write_char(char_at(range, below(entropy, size(range))))?;
                    at = next;
                    continue;
                }
            }
            if state.accepts {
                if index == 0 {
                    return Ok(());
                }
                index -= 1;
            }
            let mut found = false;
            for &(range, next) in &state.steps {
                let each = self.states[next].count.max(1);
                let all = u128::from(size(range)) * u128::from(each);
                if u128::from(index) < all {
                    out.write_char(char_at(range, index / each))?;
                    (at, index, found) = (next, index % each, true);
                    break;
                }
                index -= u64::try_from(all).unwrap_or(index);
            }
            if !found {
                return Err(fmt::Error);
            }
        }
        Ok(())
    }

    fn determinize(&mut self, nfa: &Nfa, start: usize) -> Option<()> {
        let mut known: HashMap<Vec<usize>, usize> = HashMap::new();
        let mut sets = vec![nfa.closure(&[start])];
        known.insert(sets[0].clone(), 0);
        self.states.push(State::default());
        let mut work = 0;
        let mut at = 0;
        while at < sets.len() {
            let set = std::mem::take(&mut sets[at]);
            // Ranges cut where any of them begins or ends.
            let mut ranges: Vec<(u32, u32, usize)> = Vec::new();
            for &place in &set {
                match &nfa.places[place] {
                    Place::Accept => self.states[at].accepts = true,
                    Place::Class(class, next) => ranges.extend(
                        class
                            .iter()
                            .map(|&(a, b)| (u32::from(a), u32::from(b), *next)),
                    ),
                    Place::Fork(_) => {}
                }
            }
            let mut cuts: Vec<u32> = ranges.iter().flat_map(|r| [r.0, r.1 + 1]).collect();
            cuts.sort_unstable();
            cuts.dedup();
            work += set.len() + ranges.len() * cuts.len();
            let mut steps: Vec<((char, char), usize)> = Vec::new();
            for cut in cuts.windows(2) {
                let targets: Vec<usize> = ranges
                    .iter()
                    .filter(|r| r.0 <= cut[0] && cut[0] <= r.1)
                    .map(|r| r.2)
                    .collect();
                let (Some(from), Some(to)) = (char::from_u32(cut[0]), char::from_u32(cut[1] - 1))
                else {
                    continue;
                };
                if targets.is_empty() {
                    continue;
                }
                let closure = nfa.closure(&targets);
                work += closure.len();
                let next = *known.entry(closure).or_insert_with_key(|closure| {
                    sets.push(closure.clone());
                    self.states.push(State::default());
                    sets.len() - 1
                });
                match steps.last_mut() {
                    Some((range, target))
                        if *target == next && u32::from(range.1) + 1 == cut[0] =>
                    {
                        range.1 = to;
                    }
                    _ => steps.push(((from, to), next)),
                }
            }
            self.states[at].steps = steps;
            if self.states.len() > MOST_STATES || work > MOST_WORK {
                return None;
            }
            at += 1;
        }
        Some(())
    }

    /// Counts the texts from each state, those it leads to first.
    fn count_texts(&mut self) -> Option<()> {
        // States that have been entered, with the step to look at next; a stack of our own, since
        // a text may be thousands of steps long.
        let mut done = vec![false; self.states.len()];
        let mut stack = vec![(0, 0)];
        while let Some((at, step)) = stack.pop() {
            if let Some(&(_, next)) = self.states[at].steps.get(step) {
                stack.push((at, step + 1));
                if !done[next] {
                    stack.push((next, 0));
                }
                // No text is this long: there would be a cycle.
                if stack.len() > self.states.len() + 1 {
                    return None;
                }
                continue;
            }
            let state = &self.states[at];
            let count = state
                .steps
                .iter()
                .fold(u64::from(state.accepts), |sum, &(range, next)| {
                    sum.saturating_add(size(range).saturating_mul(self.states[next].count))
                });
            self.states[at].count = count;
            done[at] = true;
        }
        Some(())
    }
}

/// A place of the automaton that is not yet deterministic.
#[derive(Debug)]
enum Place {
    Accept,
    /// One of these characters, and where it leads.
    Class(Vec<(char, char)>, usize),
    /// Goes on at any of these places.
    Fork(Vec<usize>),
}

#[derive(Debug, Default)]
struct Nfa {
    places: Vec<Place>,
    /// Ranges of all classes: memory is in proportion.
    ranges: usize,
}

impl Nfa {
    fn add(&mut self, place: Place) -> Option<usize> {
        if let Place::Class(ranges, _) = &place {
            self.ranges += ranges.len();
        }
        self.places.push(place);
        (self.places.len() <= MOST_STATES && self.ranges <= MOST_WORK)
            .then_some(self.places.len() - 1)
    }

    /// Builds what matches a node and then goes on at `next`; gives where it begins.
    fn build(&mut self, node: &Node, next: usize) -> Option<usize> {
        match node {
            Node::Literal(text) => text
                .chars()
                .rev()
                .try_fold(next, |next, c| self.add(Place::Class(vec![(c, c)], next))),
            Node::Class(ranges, _) => self.add(Place::Class(ranges.clone(), next)),
            Node::Concat(parts) => parts
                .iter()
                .rev()
                .try_fold(next, |next, part| self.build(part, next)),
            Node::Alternation(branches) => {
                let starts: Option<Vec<usize>> = branches
                    .iter()
                    .map(|branch| self.build(branch, next))
                    .collect();
                self.add(Place::Fork(starts?))
            }
            Node::Repetition(node, least, most) => {
                let mut start = next;
                for _ in *least..*most {
                    let once = self.build(node, start)?;
                    start = self.add(Place::Fork(vec![next, once]))?;
                }
                for _ in 0..*least {
                    let before = self.places.len();
                    start = self.build(node, start)?;
                    if self.places.len() == before {
                        // What repeats is empty.
                        break;
                    }
                }
                Some(start)
            }
        }
    }

    /// The places reached without a character, sorted.
    fn closure(&self, from: &[usize]) -> Vec<usize> {
        let mut stack = from.to_vec();
        let mut forks = std::collections::HashSet::new();
        let mut out = Vec::new();
        while let Some(at) = stack.pop() {
            match &self.places[at] {
                Place::Fork(next) => {
                    if forks.insert(at) {
                        stack.extend(next);
                    }
                }
                _ => out.push(at),
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }
}
