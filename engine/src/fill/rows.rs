//! Rows of a plan, batch by batch: any range of rows costs the same and is the same whether or not
//! those before it were made (law 2).

use std::ops::Range;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, StringArray};

use super::check::{Comparison, Expr, Literal, Operator};
use super::domain::count_of;
use super::ordinal::Codec;
use super::plan::{Bind, Choice, Plan, Planned, PlannedReference};
use super::source::{List, Ordered, Source, is_among};
use super::table::Keys;
use crate::entropy::{below, remix};

/// Values of a column made so far.
struct Made {
    text: StringArray,
    counts: Vec<Option<i64>>,
    codec: Option<Codec>,
    /// Places for which no value was found.
    refused: Vec<usize>,
}

/// Rows of a plan.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The written columns' values, in the order of [`Plan::written`].
    pub columns: Vec<StringArray>,
    /// Rows that are none: no values were found for them that meet a condition over several
    /// columns. Empty if there is no such row.
    pub rejected: Vec<bool>,
    /// Columns for which no value was found in some row, by position in the table.
    pub at_a_loss: Vec<usize>,
}

impl Batch {
    /// Whether a row is one.
    pub fn is_row(&self, row: usize) -> bool {
        !self.rejected.get(row).copied().unwrap_or(false)
    }
}

impl Plan {
    /// Rows `rows`, the same whenever they are made.
    pub fn batch(&self, rows: Range<u64>) -> Batch {
        let numbers: Vec<u64> = rows.collect();
        let variants: Vec<usize> = numbers.iter().map(|&row| self.variant(row)).collect();
        let keys = self.keys(&numbers, &variants);
        let mut made: Vec<Option<Made>> = self.columns.iter().map(|_| None).collect();
        for &column in &self.order {
            let values = self.column(column, &numbers, &variants, &keys, &made);
            made[column] = Some(values);
        }
        let rejected = self.rejected(&variants, &made);
        let is_at_a_loss = |(column, made): (usize, &Option<Made>)| {
            let refused = made.as_ref().is_some_and(|made| !made.refused.is_empty());
            refused.then_some(column)
        };
        let at_a_loss = made.iter().enumerate().filter_map(is_at_a_loss).collect();
        let columns = self
            .written
            .iter()
            .filter_map(|&column| made[column].take())
            .map(|made| made.text)
            .collect();
        Batch {
            columns,
            rejected,
            at_a_loss,
        }
    }

    fn rejected(&self, variants: &[usize], made: &[Option<Made>]) -> Vec<bool> {
        let refused = || made.iter().flatten().flat_map(|made| &made.refused);
        if self.verified.iter().all(Vec::is_empty) && refused().next().is_none() {
            return Vec::new();
        }
        let look = |(at, &variant): (usize, &usize)| {
            let literal = |name: &str| self.literal(made, at, name);
            self.verified.get(variant).is_some_and(|conditions| {
                conditions
                    .iter()
                    .any(|condition| is_false(condition, &literal))
            })
        };
        let mut rejected: Vec<bool> = variants.iter().enumerate().map(look).collect();
        for &at in refused() {
            rejected[at] = true;
        }
        if rejected.contains(&true) {
            rejected
        } else {
            Vec::new()
        }
    }

    /// The value of a column in a row, as conditions compute with it.
    fn literal(&self, made: &[Option<Made>], at: usize, name: &str) -> Option<Literal> {
        let columns = &self.table.columns;
        let column = columns.iter().position(|column| column.name == name)?;
        self.literal_of(made, at, column)
    }

    fn literal_of(&self, made: &[Option<Made>], at: usize, column: usize) -> Option<Literal> {
        let values = made[column].as_ref()?;
        if values.text.is_null(at) {
            return Some(Literal::Null);
        }
        let type_name = self.columns[column].plain_type;
        Some(Literal::typed(values.text.value(at), type_name))
    }

    fn variant(&self, row: u64) -> usize {
        match &self.choice {
            Choice::Only => 0,
            Choice::Drawn(stream) => {
                let count = self.variants.len() as u64;
                usize::try_from(below(stream.draw(row), count)).unwrap_or(0)
            }
            Choice::ByIndex { start, ends } => {
                let number = start + row;
                ends.partition_point(|&end| end <= number)
                    .min(self.variants.len() - 1)
            }
        }
    }

    /// For each reference the place of the key that each row refers to; none: NULL.
    fn keys(&self, rows: &[u64], variants: &[usize]) -> Vec<Vec<Option<u32>>> {
        let mut chosen: Vec<Vec<Option<u32>>> = Vec::with_capacity(self.references.len());
        for reference in &self.references {
            let keys = &self.table.references[reference.place].keys;
            let mut here = Vec::with_capacity(rows.len());
            for (at, (&row, &variant)) in rows.iter().zip(variants).enumerate() {
                let allowed = reference.allowed.get(variant).and_then(Option::as_ref);
                let entropy = reference.stream.draw(row);
                let is_null = reference
                    .nulls
                    .get(variant)
                    .is_some_and(|&share| is_among(share, remix(entropy)));
                if is_null {
                    here.push(None);
                    continue;
                }
                // Columns that an earlier reference has set: one of the keys that agree.
                let set: Vec<Option<&str>> = reference
                    .shared
                    .iter()
                    .map(|shared| self.set_by(&chosen, at, shared.reference, shared.their_part))
                    .collect();
                if set.iter().any(Option::is_some) {
                    here.push(agreeing(reference, keys, &set, entropy));
                    continue;
                }
                let count = allowed.map_or(keys.len(), Vec::len) as u64;
                let place = match &reference.digit {
                    Some(digit) => digit.at(row),
                    None => (count > 0).then(|| below(entropy, count)),
                };
                here.push(place.and_then(|place| {
                    let place = usize::try_from(place).ok()?;
                    match allowed {
                        Some(allowed) => allowed.get(place).copied(),
                        None => u32::try_from(place).ok().filter(|_| place < keys.len()),
                    }
                }));
            }
            chosen.push(here);
        }
        chosen
    }

    /// What a part of a reference is in a row: what its own key says, or, where it is none, that of
    /// the first other reference over the same column.
    fn set_by(
        &self,
        chosen: &[Vec<Option<u32>>],
        at: usize,
        reference: usize,
        part: usize,
    ) -> Option<&str> {
        let value = |by: usize, part: usize| {
            let key = (*chosen.get(by)?.get(at)?)?;
            let place = self.references[by].place;
            Some(self.table.references[place].keys.part(part, key as usize))
        };
        let others = || {
            (reference + 1..chosen.len()).find_map(|other| {
                let shared = self.references[other]
                    .shared
                    .iter()
                    .find(|shared| (shared.reference, shared.their_part) == (reference, part))?;
                value(other, shared.our_part)
            })
        };
        value(reference, part).or_else(others)
    }

    fn column(
        &self,
        column: usize,
        rows: &[u64],
        variants: &[usize],
        keys: &[Vec<Option<u32>>],
        made: &[Option<Made>],
    ) -> Made {
        let planned = &self.columns[column];
        if let Some((reference, part)) = planned.key {
            return self.key_column(planned, (reference, part), (rows, variants), keys);
        }
        let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 16);
        let mut counts = Vec::with_capacity(if planned.keep_counts { rows.len() } else { 0 });
        let mut text = String::new();
        let mut refused = Vec::new();
        for (at, (&row, &variant)) in rows.iter().zip(variants).enumerate() {
            text.clear();
            let cell = Cell {
                column,
                plan: self,
                planned,
                made,
                at,
                variant,
            };
            let count = cell.write(row, &mut text);
            match count {
                Written::Null => out.append_null(),
                Written::Nothing => {
                    out.append_value(&text);
                    refused.push(at);
                }
                _ => out.append_value(&text),
            }
            if planned.keep_counts {
                counts.push(match count {
                    Written::Count(count) => Some(count),
                    _ => None,
                });
            }
        }
        Made {
            text: out.finish(),
            counts,
            codec: planned.codec,
            refused,
        }
    }

    fn key_column(
        &self,
        planned: &Planned,
        (reference, part): (usize, usize),
        (rows, variants): (&[u64], &[usize]),
        chosen: &[Vec<Option<u32>>],
    ) -> Made {
        let planned_reference = &self.references[reference];
        let keys = &self.table.references[planned_reference.place].keys;
        let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 8);
        let mut counts = Vec::new();
        for (at, (&row, &variant)) in rows.iter().zip(variants).enumerate() {
            let value = match chosen[reference][at] {
                Some(key) => Some(keys.part(part, key as usize)),
                // Where the reference is none, columns that refuse NULL take the key of another
                // reference that has them, or some value.
                None if !planned.nullable => {
                    let some = || {
                        let allowed = planned_reference.allowed.get(variant);
                        // Where a variant leaves none, a key that another one allows is still a key.
                        let allowed = allowed
                            .and_then(Option::as_ref)
                            .filter(|allowed| !allowed.is_empty());
                        let count = allowed.map_or(keys.len(), Vec::len);
                        if count == 0 {
                            return None;
                        }
                        let entropy = remix(planned_reference.stream.draw(row));
                        let place = usize::try_from(below(entropy, count as u64)).ok()?;
                        let place = allowed.map_or(place, |allowed| allowed[place] as usize);
                        Some(keys.part(part, place))
                    };
                    self.set_by(chosen, at, reference, part).or_else(some)
                }
                None => None,
            };
            out.append_option(value);
            if planned.keep_counts {
                let codec = planned.codec;
                counts.push(value.and_then(|value| Some(codec?.read(value)?.0)));
            }
        }
        Made {
            text: out.finish(),
            counts,
            codec: planned.codec,
            refused: Vec::new(),
        }
    }
}

/// A key that agrees with what is set of its shared parts.
fn agreeing(
    reference: &PlannedReference,
    keys: &Keys,
    set: &[Option<&str>],
    entropy: u64,
) -> Option<u32> {
    if let Some(all) = set.iter().copied().collect::<Option<Vec<&str>>>() {
        let group = reference.groups.get(&all.join("\u{1f}"))?;
        let place = below(entropy, group.len() as u64);
        return group.get(usize::try_from(place).ok()?).copied();
    }
    let count = keys.len() as u64;
    if count == 0 {
        return None;
    }
    let start = below(entropy, count);
    let agrees = |key: &u32| {
        let mut parts = reference.shared.iter().zip(set);
        parts.all(|(shared, set)| {
            set.is_none_or(|set| keys.part(shared.our_part, *key as usize) == set)
        })
    };
    (0..count)
        .filter_map(|step| u32::try_from((start + step) % count).ok())
        .find(agrees)
}

/// How often a value is drawn anew for a condition over several columns.
const TRIES: u32 = 200;

/// From this try on, draws are made where they may hit.
const FAR: u32 = 8;

/// Whether a condition refuses a row: a constraint that is NULL does not.
fn is_false(condition: &Expr, literal: &dyn Fn(&str) -> Option<Literal>) -> bool {
    condition.evaluate(literal) == Some(Literal::Boolean(false))
}

/// What was written for a value.
enum Written {
    Null,
    /// No value was found: the row is none.
    Nothing,
    Text,
    Count(i64),
}

/// One value about to be made.
struct Cell<'a> {
    column: usize,
    plan: &'a Plan,
    planned: &'a Planned,
    made: &'a [Option<Made>],
    at: usize,
    variant: usize,
}

impl Cell<'_> {
    #[inline]
    fn write(&self, row: u64, out: &mut String) -> Written {
        let mut entropy = self.planned.entropy(row);
        let conditions = self.planned.predicates.get(self.variant);
        let Some(conditions) = conditions.filter(|conditions| !conditions.is_empty()) else {
            return self.draw(row, entropy, out);
        };
        let name = &self.plan.table.columns[self.column].name;
        for attempt in 0..TRIES {
            out.clear();
            let written = match attempt {
                0..FAR => self.draw(row, entropy, out),
                _ => self.draw_closer(row, entropy, (attempt, conditions), out),
            };
            let literal = |asked: &str| {
                if asked != name {
                    return self.literal(asked);
                }
                Some(match written {
                    Written::Null => Literal::Null,
                    _ => Literal::typed(out, self.planned.plain_type),
                })
            };
            if !conditions
                .iter()
                .any(|condition| is_false(condition, &literal))
            {
                return written;
            }
            entropy = remix(entropy);
        }
        out.clear();
        self.draw(row, entropy, out)
    }

    /// Draws where most draws miss: numbers near an end of their range or near zero, by magnitude, and
    /// what the other columns of the conditions give together.
    fn draw_closer(
        &self,
        row: u64,
        entropy: u64,
        (attempt, conditions): (u32, &[Expr]),
        out: &mut String,
    ) -> Written {
        let planned = self.planned;
        let choice = &planned.choices[planned.of_variant.get(self.variant).copied().unwrap_or(0)];
        let fixed = planned.digit.is_some() || planned.copy_of.is_some();
        let computed = planned.computed.get(self.variant).and_then(Option::as_ref);
        let Source::Ordered(ordered) = &choice.source else {
            return self.draw(row, entropy, out);
        };
        if fixed || computed.is_some() {
            return self.draw(row, entropy, out);
        }
        let (first, last) = ordered.ends();
        let binds = planned.binds.get(self.variant);
        let binds = binds.map_or(&[][..], Vec::as_slice);
        let (low, high) = self.ends(&ordered.codec, first, last, binds);
        let bits = remix(entropy);
        let shift = u32::try_from(1 + below(bits, 50)).unwrap_or(1);
        let width = i64::try_from(high.abs_diff(low) >> shift).unwrap_or(i64::MAX);
        let count = match attempt % 4 {
            0 => self.drawn_by_others(&ordered.codec, conditions, bits),
            1 if low < 0 && high > 0 => ordered.draw(entropy, low.max(-width), high.min(width)),
            1 | 2 => ordered.draw(entropy, low, low.saturating_add(width)),
            _ => ordered.draw(entropy, high.saturating_sub(width), high),
        };
        let near =
            |count: i64| ordered.draw(entropy, count, count.saturating_add(ordered.step() - 1));
        match count
            .filter(|count| (low..=high).contains(count))
            .and_then(near)
        {
            Some(count) if self.differs(&ordered.codec, count, binds) => {
                ordered.codec.write(count, out);
                Written::Count(count)
            }
            _ => self.draw(row, entropy, out),
        }
    }

    /// A number that two of the other columns of a condition give: their sum, difference, product or
    /// quotient, or one of them.
    fn drawn_by_others(&self, codec: &Codec, conditions: &[Expr], entropy: u64) -> Option<i64> {
        let own = &self.plan.table.columns[self.column].name;
        let names = conditions.iter().flat_map(Expr::columns);
        let others: Vec<Literal> = names
            .filter(|name| name != own)
            .filter_map(|name| self.literal(&name))
            .collect();
        let one = |entropy: u64| {
            let place = usize::try_from(below(entropy, others.len() as u64)).ok()?;
            others.get(place).cloned()
        };
        let first = one(remix(entropy ^ 1))?;
        let operators = [
            Operator::Add,
            Operator::Subtract,
            Operator::Multiply,
            Operator::Divide,
        ];
        let operator = usize::try_from(below(entropy, 5)).unwrap_or(0);
        let value = match operators.get(operator) {
            None => first,
            Some(operator) => {
                let binary = Expr::Binary {
                    operator: *operator,
                    left: Box::new(Expr::Literal(first)),
                    right: Box::new(Expr::Literal(one(remix(entropy ^ 2))?)),
                };
                binary.evaluate(&|_| None)?
            }
        };
        count_of(codec, &value).map(|(count, _)| count)
    }

    #[inline]
    fn draw(&self, row: u64, entropy: u64, out: &mut String) -> Written {
        let planned = self.planned;
        let choice = &planned.choices[planned.of_variant.get(self.variant).copied().unwrap_or(0)];
        if choice.nulls > 0 && is_among(choice.nulls, remix(planned.stream.draw(row) ^ 0x6E75_6C6C))
        {
            return Written::Null;
        }
        if let Some(other) = planned.copy_of {
            return match &self.made[other] {
                Some(made) if made.text.is_valid(self.at) => {
                    out.push_str(made.text.value(self.at));
                    Written::Text
                }
                _ => Written::Null,
            };
        }
        let binds = planned
            .binds
            .get(self.variant)
            .map_or(&[][..], Vec::as_slice);
        let index = match &planned.digit {
            Some(digit) => match digit.at(row) {
                None if planned.nullable => return Written::Null,
                None => return Written::Nothing,
                index => index,
            },
            None => None,
        };
        if let Some(computed) = planned.computed.get(self.variant).and_then(Option::as_ref) {
            let value = computed.evaluate(&|name: &str| self.literal(name));
            match value {
                Some(Literal::Null) | None => {}
                Some(value) => return self.write_literal(&value, out),
            }
        }
        match &choice.source {
            Source::Null => Written::Null,
            Source::Ordered(ordered) => self.write_ordered(ordered, entropy, index, binds, out),
            Source::List(list) => self.write_list(list, entropy, index, binds, out),
            Source::Text(text) => {
                if text.write(entropy, index, out) {
                    Written::Text
                } else {
                    Written::Nothing
                }
            }
            Source::Cell(cell) => {
                cell.write(entropy, index, out);
                Written::Text
            }
            Source::Drawn {
                bound,
                codec,
                low,
                high,
            } => {
                let (low, high) = self.ends(codec, *low, *high, binds);
                let mut entropy = entropy;
                for _ in 0..16 {
                    out.clear();
                    // Writing to a string cannot fail.
                    let _ = bound.write(entropy, out);
                    match codec.read(out) {
                        Some((count, _)) if (low..=high).contains(&count) => {
                            out.clear();
                            codec.write(count, out);
                            return Written::Count(count);
                        }
                        _ => entropy = remix(entropy),
                    }
                }
                out.clear();
                codec.write(low, out);
                Written::Count(low)
            }
        }
    }

    fn write_ordered(
        &self,
        ordered: &Ordered,
        entropy: u64,
        index: Option<u64>,
        binds: &[Bind],
        out: &mut String,
    ) -> Written {
        let count = if let Some(index) = index {
            ordered.nth(index)
        } else {
            let (first, last) = ordered.ends();
            let (low, high) = if binds.is_empty() {
                (first, last)
            } else {
                self.ends(&ordered.codec, first, last, binds)
            };
            let mut drawn = ordered.draw(entropy, low, high);
            for attempt in 0..8 {
                match drawn {
                    Some(count) if self.differs(&ordered.codec, count, binds) => break,
                    Some(_) => drawn = ordered.draw(remix(entropy ^ attempt), low, high),
                    None => break,
                }
            }
            // Nothing in between: the nearest that there is.
            drawn
                .or_else(|| ordered.draw(entropy, low, last))
                .unwrap_or_else(|| low.clamp(first, last))
        };
        ordered.codec.write(count, out);
        Written::Count(count)
    }

    fn write_list(
        &self,
        list: &List,
        entropy: u64,
        index: Option<u64>,
        binds: &[Bind],
        out: &mut String,
    ) -> Written {
        let mut place = list.place(entropy, index);
        if let (Some(codec), false, None) = (&list.codec, binds.is_empty(), index) {
            let (low, high) = self.ends(codec, i64::MIN, i64::MAX, binds);
            let fits = |place: usize| {
                list.counts[place].is_none_or(|count| {
                    (low..=high).contains(&count) && self.differs(codec, count, binds)
                })
            };
            let count = list.values.len();
            if let Some(step) = (0..count).find(|step| fits((place + step) % count)) {
                place = (place + step) % count;
            }
        }
        match &list.values[place] {
            None => Written::Null,
            Some(value) => {
                out.push_str(value);
                list.counts[place].map_or(Written::Text, Written::Count)
            }
        }
    }

    /// The ends that columns made before leave to this one.
    fn ends(&self, codec: &Codec, first: i64, last: i64, binds: &[Bind]) -> (i64, i64) {
        let (mut low, mut high) = (first, last);
        let mut followed = None;
        for bind in binds {
            let Some(other) = self.bound(codec, bind) else {
                continue;
            };
            match bind.comparison {
                Comparison::Less => high = high.min(other.saturating_sub(1)),
                Comparison::LessOrEqual => high = high.min(other),
                Comparison::Equal => (low, high) = (low.max(other), high.min(other)),
                Comparison::GreaterOrEqual => low = low.max(other),
                Comparison::Greater => low = low.max(other.saturating_add(1)),
                Comparison::NotEqual => {}
            }
            if matches!(
                bind.comparison,
                Comparison::Greater | Comparison::GreaterOrEqual
            ) {
                followed = Some(low);
            }
        }
        // What follows something in time follows within three months, mostly.
        if let (Some(low), true) = (followed, codec.is_time()) {
            let quarter = codec.day(90);
            high = high.min(low.saturating_add(quarter)).max(low.min(high));
        }
        (low, high)
    }

    fn differs(&self, codec: &Codec, count: i64, binds: &[Bind]) -> bool {
        binds
            .iter()
            .filter(|bind| bind.comparison == Comparison::NotEqual)
            .all(|bind| self.bound(codec, bind) != Some(count))
    }

    /// The count that another column, moved by the offset, has in this column's codec.
    fn bound(&self, codec: &Codec, bind: &Bind) -> Option<i64> {
        let other = self.made[bind.other].as_ref()?;
        let count = other.counts.get(self.at).copied()??;
        if bind.offset.is_none() && other.codec.as_ref() == Some(codec) {
            return Some(count.saturating_add(bind.ahead));
        }
        let value = self.plan.literal_of(self.made, self.at, bind.other)?;
        let moved = match &bind.offset {
            Some(offset) => value.plus(offset)?,
            None => value,
        };
        let (count, exact) = count_of(codec, &moved)?;
        // A value between two counts: the stricter of them.
        let up = matches!(
            bind.comparison,
            Comparison::Greater | Comparison::GreaterOrEqual
        );
        Some(if !exact && up {
            count.saturating_add(1)
        } else {
            count
        })
    }

    fn literal(&self, name: &str) -> Option<Literal> {
        self.plan.literal(self.made, self.at, name)
    }

    fn write_literal(&self, value: &Literal, out: &mut String) -> Written {
        if let Some(codec) = self.planned.codec
            && let Some((count, exact)) = count_of(&codec, value)
        {
            // numeric rounds on assignment, but the check compares what is stored.
            let count = if exact { count } else { count + 1 };
            codec.write(count, out);
            return Written::Count(count);
        }
        match super::domain::literal_text(value) {
            Some(text) => {
                out.push_str(&text);
                Written::Text
            }
            None => Written::Null,
        }
    }
}
