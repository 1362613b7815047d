//! Unique constraints: values by index, so that no look-up is needed.

use super::{Choice, Planned, Planner, same_values};
use crate::fill::check::{Comparison, Domain, Nullness, Relation};
use crate::fill::class::Class;
use crate::fill::domain::{Made, is_silent, make};
use crate::fill::recognize::{self, Recognition, Recognized};
use crate::fill::source::{Ordered, Source, Telling};
use crate::fill::table::{Given, Unique};
use crate::fill::unique::{Component, Digit, Member, scheme};

/// Numbers that a constraint refuses some of are drawn from at least so many times as many as there
/// are rows.
const ROOM: u64 = 16;

/// Values by index are gone through so many times where candidates may be refused.
const ROUNDS: u64 = 8;

impl Planner {
    /// Where NULLs count as equal one row may have NULL: alternatives that ask for it are left out
    /// where there are others.
    pub(super) fn leave_out_equal_nulls(&mut self) {
        for unique in &self.table.uniques {
            if !unique.plain || !unique.nulls_equal {
                continue;
            }
            let asks = |&variant: &usize| {
                let mut columns = unique.columns.iter();
                columns.all(|&column| self.domain(variant, column).null == Nullness::MustBeNull)
            };
            let (asking, others): (Vec<usize>, Vec<usize>) =
                (0..self.variants.len()).partition(asks);
            if asking.is_empty() || others.is_empty() {
                continue;
            }
            self.variants = others
                .into_iter()
                .map(|variant| std::mem::take(&mut self.variants[variant]))
                .collect();
        }
    }

    /// Indexes for unique columns; gives how rows choose their variant.
    pub(super) fn meet_uniques(&mut self) -> Choice {
        let mut choice = match self.variants.len() {
            1 => Choice::Only,
            _ => Choice::Drawn(self.stream("variant")),
        };
        let mut uniques = self.table.uniques.clone();
        // Narrow ones first: they leave the wider ones nothing to do.
        uniques.sort_by_key(|unique| (!unique.plain, unique.columns.len()));
        for unique in uniques {
            let written: Vec<usize> = unique
                .columns
                .iter()
                .copied()
                .filter(|&c| self.written[c])
                .collect();
            let by_database = unique
                .columns
                .iter()
                .any(|&c| !self.written[c] && self.table.columns[c].default == Given::Sequence);
            let alone = |&c: &usize| self.is_unique_alone(c);
            if unique.plain && (by_database || written.iter().any(alone)) {
                continue;
            }
            if !unique.plain || written.len() != unique.columns.len() {
                self.tell_apart(&unique);
                self.unproven.insert(unique.name);
                continue;
            }
            if let Some(by_index) = self.meet_unique(&unique) {
                choice = by_index;
            }
        }
        for exclusion in self.table.exclusions.clone() {
            if self.unproven.contains(&exclusion.name) {
                self.tell_apart(&Unique {
                    name: exclusion.name,
                    columns: exclusion.columns,
                    plain: false,
                    partial: false,
                    nulls_equal: false,
                });
            }
        }
        choice
    }

    /// Under an index on expressions or for some rows only: texts that differ help, whatever is made
    /// of them, and so do numbers from more of their domain.
    pub(super) fn tell_apart(&mut self, unique: &Unique) {
        let mut columns = unique.columns.clone();
        for &column in &unique.columns {
            if let Given::Generated(expression) = &self.table.columns[column].default {
                columns.extend((0..self.table.columns.len()).filter(|&other| {
                    other != column && Self::mentions(expression, self.name(other))
                }));
            }
        }
        columns.retain(|&column| {
            self.written[column] && self.keys[column].is_none() && self.digits[column].is_none()
        });
        let text = columns.iter().copied().find(|&column| {
            let mut made = self.made[column].iter();
            made.all(|made| matches!(made.source, Source::Text(_)))
        });
        if let Some(column) = text {
            self.make_unique(column, &unique.name);
            let limit = self.made[column]
                .first()
                .and_then(|made| made.source.distinct());
            self.digits[column] = Some(Digit::whole(self.table.existing_rows, limit));
            return;
        }
        // What differs in all rows differs in those that an index is about.
        let members: Vec<Member> = columns.iter().copied().map(Member::Column).collect();
        if unique.partial && self.one_alone(&members, unique) {
            return;
        }
        let room = self.room();
        for column in columns {
            let wished = self.table.columns[column].wish.values.is_some();
            let narrow = self.made[column].iter().any(|made| {
                matches!(&made.source, Source::Ordered(ordered)
                    if ordered.total() < room)
            });
            if narrow && !wished {
                self.widen(column, false);
                // No farther than that: sums and products of large numbers leave their type.
                let span = i64::try_from(room).unwrap_or(i64::MAX);
                let ordered_by_checks = self.is_ordered(column);
                for made in &mut self.made[column] {
                    if let Source::Ordered(ordered) = &mut made.source
                        && !ordered.codec.is_time()
                        && !ordered_by_checks
                    {
                        let (low, high) = ordered.ends();
                        self.is_cut |= high > low.saturating_add(span);
                        *ordered = ordered.within(low, high.min(low.saturating_add(span)));
                    }
                }
                "numbers".clone_into(&mut self.report[column].generator);
            } else if !wished {
                self.is_cut |= self.is_part(column);
            }
        }
    }

    /// How many values numbers are drawn from that a constraint refuses some of.
    fn room(&self) -> u64 {
        let rows = self.rows.saturating_add(self.table.existing_rows);
        rows.saturating_mul(self.table.room.max(ROOM))
    }

    /// Whether numbers are drawn from a part of what a column may be.
    fn is_part(&self, column: usize) -> bool {
        let made = self.made[column].iter().enumerate();
        let mut ordered = made.filter_map(|(variant, made)| match &made.source {
            Source::Ordered(ordered) => Some((variant, ordered)),
            _ => None,
        });
        ordered.any(|(variant, ordered)| {
            let domain = self.domain(variant, column);
            let whole = make(&self.table.columns[column], &domain, Some(&everything()));
            whole.is_ok_and(|whole| match whole.source {
                Source::Ordered(whole) => {
                    beyond_usual_years(&domain, whole).total() > ordered.total()
                }
                _ => false,
            })
        })
    }

    pub(super) fn is_unique_alone(&self, column: usize) -> bool {
        if let Some(copied) = self.copies[column] {
            return self.is_unique_alone(copied);
        }
        match (self.digits[column], self.keys[column]) {
            (Some(digit), _) => digit.modulus.is_none() && digit.divisor == 1,
            (None, Some((reference, _))) => self.references[reference].digit.is_some_and(|digit| {
                digit.modulus.is_none()
                    && digit.divisor == 1
                    && self.table.references[self.references[reference].place]
                        .columns
                        .len()
                        == 1
            }),
            (None, None) => false,
        }
    }

    pub(super) fn meet_unique(&mut self, unique: &Unique) -> Option<Choice> {
        let mut members = Vec::new();
        for &column in &unique.columns {
            let member = match self.keys[column] {
                Some((reference, _)) => Member::Reference(reference),
                None => Member::Column(column),
            };
            if !members.contains(&member) {
                members.push(member);
            }
        }
        let existing = self.table.existing_rows;
        let mut components = Vec::new();
        for &member in &members {
            let Some(component) = self.component(member, unique, members.len() == 1) else {
                // What rows that are there have is not known, so the database has to say it.
                if !self.one_alone(&members, unique) || existing > 0 {
                    self.unproven.insert(unique.name.clone());
                }
                return None;
            };
            components.push(component);
        }
        if unique.nulls_equal && members.len() > 1 {
            self.count_nulls(&mut components);
        }
        // Numbers go on after the largest there is: they need no other start. So do slots.
        let continues = matches!(&members[..], [Member::Column(column)] if self.goes_on(*column))
            || members.iter().any(
                |member| matches!(member, Member::Column(column) if self.slot(*column).is_some()),
            );
        // Of few values those that are left may be anywhere among them.
        let few = |component: &Component| {
            component
                .distinct
                .is_some_and(|count| count / 4 < existing.saturating_add(self.rows))
        };
        let start = if continues || self.is_fresh(&members) || components.iter().all(few) {
            0
        } else {
            existing
        };
        if existing > 0 && !continues && !self.is_fresh(&members) {
            self.unproven.insert(unique.name.clone());
        }
        let key = self.stream(&format!("unique {}", unique.name));
        let mut scheme = scheme(&components, start, self.rows, key);
        if let [Member::Reference(_)] = members[..]
            && self.is_fresh(&members)
        {
            // Rows of earlier rounds have used up what they refer to: the rest begins here.
            let begun = self.table.begun;
            for (_, digit) in &mut scheme.digits {
                digit.start = digit.start.wrapping_sub(begun);
            }
            scheme.capacity = scheme.capacity.map(|most| most.saturating_add(begun));
        }
        let nullable = !unique.nulls_equal
            && unique
                .columns
                .iter()
                .any(|&column| !self.table.columns[column].not_null && self.can_be_null(column));
        // What was asked for is not to be NULL instead.
        let nullable = nullable
            && !unique.columns.iter().any(|&column| {
                let wish = &self.table.columns[column].wish;
                wish.values.is_some() && wish.null_fraction.is_none()
            });
        let mut by_index = None;
        for (member, digit) in scheme.digits {
            match member {
                Member::Reference(reference) => self.references[reference].digit = Some(digit),
                Member::Column(column) => {
                    by_index = self.assign(column, digit, start, unique).or(by_index);
                }
            }
        }
        let mut capacity = scheme.capacity;
        // One row more has NULL where NULLs count as equal, if none has it yet.
        let one_null = unique.nulls_equal
            && existing == 0
            && matches!(&members[..], [Member::Column(column)]
                if !self.table.columns[*column].not_null && self.can_be_null(*column));
        if one_null {
            capacity = capacity.map(|capacity| capacity + 1);
        }
        let unknown = existing > 0 && !continues && !self.is_fresh(&members);
        if let (0, Some(all), true) = (start, capacity, unknown) {
            self.taken = self.taken.max(existing.min(all));
        }
        if let Some(Choice::ByIndex { ends, .. }) = &by_index {
            capacity = ends.last().map(|end| end.saturating_sub(start));
        }
        if let Some(capacity) = capacity
            && !nullable
        {
            let least = self.capacity.as_ref().map(|(least, _)| *least);
            if least.is_none_or(|least| capacity < least) {
                self.capacity = Some((capacity, unique.name.clone()));
            }
            self.counted.push(Counted {
                unique: unique.name.clone(),
                members: if one_null { Vec::new() } else { members },
                capacity,
            });
        }
        by_index
    }

    /// Where NULLs count as equal and values do not suffice, NULL is one more of each column that may
    /// have it.
    fn count_nulls(&self, components: &mut [Component]) {
        let needed = self.rows.saturating_add(self.table.existing_rows);
        let values = components.iter().try_fold(1_u64, |product, component| {
            Some(product.saturating_mul(component.distinct?))
        });
        if values.is_none_or(|values| values >= needed) {
            return;
        }
        for component in components {
            let Member::Column(column) = component.member else {
                continue;
            };
            let planned = &self.table.columns[column];
            let wished = planned.wish.values.is_some() && planned.wish.null_fraction.is_none();
            if !planned.not_null && self.can_be_null(column) && !wished {
                component.distinct = component.distinct.map(|count| count + 1);
                component.null = true;
            }
        }
    }

    /// Where candidates may be refused for another reason and values by index hardly suffice, those
    /// of a refused candidate come again with other values beside them, and the database says which
    /// are taken. Gives how many candidates there are.
    pub(super) fn go_around(
        &mut self,
        columns: &mut [Planned],
        choice: &Choice,
        limit: Option<u64>,
    ) -> Option<u64> {
        let most = limit?;
        if matches!(choice, Choice::ByIndex { .. }) {
            return limit;
        }
        let searched = self
            .verified
            .iter()
            .any(|conditions| !conditions.is_empty());
        let unproven = self.unproven.clone();
        let mut candidates = self.rows.max(most).saturating_mul(ROUNDS);
        for counted in std::mem::take(&mut self.counted) {
            let refused = searched || unproven.iter().any(|name| *name != counted.unique);
            let scarce = counted.capacity < self.rows.saturating_mul(ROUNDS);
            if !refused || !scarce || counted.members.is_empty() {
                candidates = candidates.min(counted.capacity);
                continue;
            }
            for member in counted.members {
                let digit = match member {
                    Member::Column(column) => &mut columns[column].digit,
                    Member::Reference(reference) => &mut self.references[reference].digit,
                };
                if let Some(digit) = digit {
                    digit.around = true;
                }
            }
            self.unproven.insert(counted.unique);
        }
        Some(candidates)
    }

    /// Where a reference that is in the constraint in part cannot be told apart: one of the other
    /// columns alone, if it has values enough.
    fn one_alone(&mut self, members: &[Member], unique: &Unique) -> bool {
        for &member in members {
            let Member::Column(column) = member else {
                continue;
            };
            let varies = self.made[column]
                .windows(2)
                .any(|pair| !same_values(&pair[0].source, &pair[1].source));
            let wished = self.table.columns[column].wish.values.is_some();
            if varies || wished || self.slot(column).is_some() || self.is_ordered(column) {
                continue;
            }
            let Some(component) = self.component(member, unique, true) else {
                continue;
            };
            let existing = self.table.existing_rows;
            let needed = self.rows.saturating_add(existing);
            if component.distinct.is_none_or(|count| count >= needed) {
                // Numbers go on after the largest there is.
                let start = if self.goes_on(column) { 0 } else { existing };
                self.digits[column] = Some(Digit::whole(start, component.distinct));
                return true;
            }
        }
        false
    }

    /// Whether a column has to be below or above another one: what counts through its values from the
    /// first on leaves nothing below.
    fn is_ordered(&self, column: usize) -> bool {
        let name = self.name(column);
        let mut relations = self.variants.iter().flat_map(|v| &v.relations);
        relations.any(|relation| match relation {
            Relation::Compare {
                left,
                operator,
                right,
                ..
            } => *operator != Comparison::NotEqual && (left == name || right == name),
            _ => false,
        })
    }

    pub(super) fn can_be_null(&self, column: usize) -> bool {
        (0..self.variants.len()).all(|variant| self.domain(variant, column).null == Nullness::Free)
    }

    /// Values by index that no existing row can have.
    pub(super) fn is_fresh(&self, members: &[Member]) -> bool {
        members.iter().any(|member| match member {
            // Keys that are still free are all that was read.
            Member::Reference(reference) => {
                members.len() == 1
                    && self.table.references[self.references[*reference].place].unused_only
            }
            Member::Column(column) => members.len() == 1 && self.table.columns[*column].untaken,
        })
    }

    /// Whether a column's values go on after the largest existing one.
    pub(super) fn goes_on(&self, column: usize) -> bool {
        self.table.columns[column].last.is_some()
            && self.made[column]
                .iter()
                .all(|made| matches!(made.source, Source::Ordered(_)))
    }

    pub(super) fn component(
        &mut self,
        member: Member,
        unique: &Unique,
        single: bool,
    ) -> Option<Component> {
        match member {
            Member::Reference(reference) => {
                let planned = &self.references[reference];
                let keys = &self.table.references[planned.place];
                // All columns of the reference, or its keys repeat.
                let whole = keys.columns.iter().all(|c| unique.columns.contains(c));
                if !whole || planned.digit.is_some() || !planned.shared.is_empty() {
                    return None;
                }
                Some(Component {
                    member,
                    distinct: Some(keys.keys.len() as u64),
                    null: false,
                    ordered: false,
                    alone: false,
                })
            }
            Member::Column(column) => {
                if self.digits[column].is_some() || self.copies[column].is_some() {
                    return None;
                }
                if single {
                    self.widen(column, true);
                }
                let made = &self.made[column];
                let varies = made
                    .windows(2)
                    .any(|pair| !same_values(&pair[0].source, &pair[1].source));
                let first = made.first()?;
                let ordered = matches!(first.source, Source::Ordered(_));
                if matches!(first.source, Source::Drawn { .. } | Source::Null) {
                    return None;
                }
                if varies && !(ordered && single) {
                    return None;
                }
                self.make_unique(column, &unique.name);
                let source = &self.made[column].first()?.source;
                if let Source::Text(text) = source
                    && matches!(text.telling, Telling::Drawn)
                {
                    return None;
                }
                Some(Component {
                    member,
                    distinct: source.distinct(),
                    null: false,
                    ordered,
                    alone: matches!(source, Source::Text(_))
                        || matches!(self.table.columns[column].class, Class::Uuid),
                })
            }
        }
    }

    /// Numbers of a unique column may use all of their domain, from the largest existing on; those
    /// of a key begin at one. Numbers that are not taken in order, of which some are refused, use all
    /// of it unless that leaves many.
    pub(super) fn widen(&mut self, column: usize, in_order: bool) {
        if self.slot(column).is_some() {
            return;
        }
        let rows = self.rows.saturating_add(self.table.existing_rows);
        for variant in 0..self.variants.len() {
            let domain = self.domain(variant, column);
            let definition = self.table.columns[column].clone();
            let Some(Made {
                source: Source::Ordered(ordered),
                ..
            }) = self.made[column].get(variant)
            else {
                continue;
            };
            let codec = ordered.codec;
            let after = definition
                .last
                .as_deref()
                .and_then(|last| codec.read(last))
                .map(|(count, _)| count.saturating_add(1));
            let least = if in_order { rows } else { self.room() };
            let narrow = ordered.total() < least || after.is_some() || !codec.is_time();
            if !narrow {
                continue;
            }
            let Ok(wide) = make(&definition, &domain, Some(&everything())) else {
                continue;
            };
            let Source::Ordered(mut wide_source) = wide.source else {
                continue;
            };
            if !in_order && self.table.room == u64::MAX {
                wide_source = beyond_usual_years(&domain, wide_source);
            }
            let (low, high) = wide_source.ends();
            let natural = if codec.is_time() {
                ordered.ends().0
            } else {
                codec.counts(1)
            };
            let from = after.unwrap_or(natural).max(low);
            let tail = wide_source.within(from, high);
            let room = if in_order { self.rows } else { self.room() };
            let enough = tail.total() >= room;
            let source = if enough
                || (in_order && after.is_some() && !tail.is_empty() && self.variants.len() > 1)
            {
                tail
            } else {
                // No room above: the whole domain, and the database says what is taken.
                self.table.columns[column].last = None;
                wide_source
            };
            let (mut a, mut b) = (String::new(), String::new());
            let (low, high) = source.ends();
            codec.write(low, &mut a);
            codec.write(high, &mut b);
            let report = &mut self.report[column];
            "numbers in order".clone_into(&mut report.generator);
            report.arguments = format!("{a} to {b}");
            self.made[column][variant].source = Source::Ordered(source);
        }
    }

    pub(super) fn make_unique(&mut self, column: usize, unique: &str) {
        let values = self.rows.saturating_add(self.table.existing_rows);
        let key = self.stream("unique value");
        let mut sure = true;
        for made in &mut self.made[column] {
            match &mut made.source {
                Source::Text(text) => {
                    text.make_unique(values, key, made.group.is_some());
                    sure &= text.is_sure_when_unique();
                }
                Source::Cell(cell) => cell.generator = None,
                _ => {}
            }
        }
        if !sure {
            let checks = self.checks_about(column);
            self.unproven.extend(checks);
        }
        let report = &mut self.report[column];
        if !report.reason.contains("unique") {
            report.reason = format!("{}; made unique for {unique}", report.reason);
        }
    }

    pub(super) fn assign(
        &mut self,
        column: usize,
        digit: Digit,
        start: u64,
        unique: &Unique,
    ) -> Option<Choice> {
        let made = &self.made[column];
        let varies = made
            .windows(2)
            .any(|pair| !same_values(&pair[0].source, &pair[1].source));
        if !varies {
            self.digits[column] = Some(digit);
            return None;
        }
        // Each variant has values of its own, as partitions by range do: rows go through them one
        // after the other, in the order of the values.
        let mut order: Vec<usize> = (0..self.variants.len()).collect();
        order.sort_by_key(|&variant| match &self.made[column][variant].source {
            Source::Ordered(ordered) => ordered.ends().0,
            _ => i64::MIN,
        });
        self.variants = order
            .iter()
            .map(|&v| std::mem::take(&mut self.variants[v]))
            .collect();
        for made in &mut self.made {
            if made.len() == order.len() {
                *made = order.iter().map(|&v| made[v].clone()).collect();
            }
        }
        let mut ends = Vec::new();
        let mut whole: Vec<(i64, i64)> = Vec::new();
        let mut sum = 0_u64;
        let mut overlap = false;
        for made in &self.made[column] {
            if let Source::Ordered(ordered) = &made.source {
                if !ordered.is_empty() {
                    let (low, high) = ordered.ends();
                    overlap |= whole.last().is_some_and(|last| last.1 >= low);
                    whole.push((low, high));
                }
                sum = sum.saturating_add(ordered.total());
            }
            ends.push(sum);
        }
        if overlap {
            self.unproven.insert(unique.name.clone());
            return None;
        }
        if let Some(Made {
            source: Source::Ordered(first),
            ..
        }) = self.made[column].first()
        {
            let joined = Ordered::new(first.codec, whole, 1, first.spread);
            for made in &mut self.made[column] {
                made.source = Source::Ordered(joined.clone());
            }
        }
        self.digits[column] = Some(Digit {
            limit: Some(sum),
            ..digit
        });
        Some(Choice::ByIndex { start, ends })
    }
}

/// A unique constraint whose values are counted through.
pub(super) struct Counted {
    unique: String,
    /// None where the last value is NULL.
    members: Vec<Member>,
    /// How many rows it tells apart.
    capacity: u64,
}

/// Moments that no constraint speaks of go on until the last day that has a year of four digits.
fn beyond_usual_years(domain: &Domain, usual: Ordered) -> Ordered {
    let codec = usual.codec;
    match codec.read("9999-12-31") {
        Some((last, _)) if codec.is_time() && is_silent(domain) => {
            let (low, _) = usual.ends();
            Ordered::new(codec, vec![(low, last)], usual.step(), usual.spread)
        }
        _ => usual,
    }
}

/// A recognition that asks for everything the type holds.
pub(super) fn everything() -> Recognized {
    Recognized {
        recognition: Recognition::Number {
            low: -9.0e18,
            high: 9.0e18,
            distribution: recognize::Distribution::Uniform,
        },
        reason: "it is unique".to_owned(),
        confidence: recognize::Confidence::High,
    }
}
