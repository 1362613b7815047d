//! Exclusion constraints: rows that cannot conflict, by construction.
//!
//! An exclusion is met if one of its elements never conflicts between two rows. Equality does not
//! where values are unique, inequality not where they are all the same, and overlap not where ranges
//! are laid out next to each other. A range over columns, such as `tstzrange(begins, ends)`, is laid
//! out in slots: its beginnings stand on a grid, and each end lies before the next beginning. Beside
//! elements compared by equality a slot may repeat: then beginning and those are unique together.
//!
//! ```
//! use synth_engine::fill::{Column, Element, Exclusion, Plan, Table, class::Class};
//!
//! let column = |name: &str| Column {
//!     not_null: true,
//!     ..Column::new(name, "timestamp", Class::Timestamp)
//! };
//! let table = Table {
//!     name: "bookings".to_owned(),
//!     columns: vec![column("begins"), column("ends")],
//!     exclusions: vec![Exclusion {
//!         name: "apart".to_owned(),
//!         elements: vec![Element {
//!             column: None,
//!             expression: "tsrange(begins, ends)".to_owned(),
//!             operator: "&&".to_owned(),
//!         }],
//!         columns: vec![0, 1],
//!         plain: true,
//!     }],
//!     ..Table::default()
//! };
//! let plan = Plan::new(table, 1_000_000, 1);
//! assert!(plan.unproven.is_empty() && plan.capacity.is_none());
//! let rows = plan.batch(0..2).columns;
//! assert!(rows[0].value(0) < rows[1].value(0) && rows[1].value(0) <= rows[0].value(1));
//! ```

use super::uniques::everything;
use super::{Planner, same_values};
use crate::calendar::MICROS_PER_DAY;
use crate::fill::cell;
use crate::fill::check::{self, Comparison, Expr, Literal, Operator, Relation};
use crate::fill::class::Class;
use crate::fill::domain::{is_silent, make};
use crate::fill::ordinal::{Codec, SECOND};
use crate::fill::source::{Ordered, Source, Spread};
use crate::fill::table::{Exclusion, Given, Unique};
use crate::fill::unique::Digit;

/// A range over columns that is laid out in slots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// The column of the beginning.
    pub lower: usize,
    /// The column of the end; the same where an end is computed from the beginning.
    pub upper: usize,
    /// How far the end lies behind the beginning, at least and at most, in counts.
    pub least: i64,
    pub width: i64,
}

impl Slot {
    pub fn has(&self, column: usize) -> bool {
        self.lower == column || self.upper == column
    }
}

/// A range as an expression over columns.
struct Range {
    lower: usize,
    upper: usize,
    /// How far its ends lie outside of the columns, in counts.
    margin: i64,
    /// Whether its end belongs to it.
    closed: bool,
}

impl Planner {
    /// Meets exclusion constraints, before unique ones: they become unique constraints where that
    /// suffices.
    pub(super) fn meet_exclusions(&mut self) {
        for exclusion in self.table.exclusions.clone() {
            let met = self.equal_only(&exclusion)
                || self.slots_of_columns(&exclusion)
                || self.slots_of_ranges(&exclusion)
                || self.all_the_same(&exclusion);
            if !met {
                self.unproven.insert(exclusion.name);
            }
        }
    }

    /// The slot that begins with a column.
    pub(super) fn slot(&self, lower: usize) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.lower == lower)
    }

    /// Equality alone is a unique index by another name.
    fn equal_only(&mut self, exclusion: &Exclusion) -> bool {
        let elements = &exclusion.elements;
        if elements.iter().any(|element| element.operator != "=") {
            return false;
        }
        let of_columns = elements.iter().all(|element| element.column.is_some());
        self.table.uniques.push(Unique {
            name: exclusion.name.clone(),
            columns: exclusion.columns.clone(),
            plain: exclusion.plain && of_columns,
            partial: false,
            nulls_equal: false,
        });
        true
    }

    /// Whether values of a column may be given by index.
    fn is_free(&self, column: usize) -> bool {
        self.written[column]
            && self.keys[column].is_none()
            && self.copies[column].is_none()
            && self.digits[column].is_none()
            && !self.slots.iter().any(|slot| slot.has(column))
    }

    /// Columns of ranges, shapes and networks, by index.
    fn slots_of_columns(&mut self, exclusion: &Exclusion) -> bool {
        let apart = exclusion.elements.iter().find_map(|element| {
            let column = element.column?;
            let operator = element.operator.as_str();
            let within = matches!(operator, "&&" | "@>" | "<@" | "=");
            let suits = match &self.table.columns[column].class {
                Class::Range { element, .. } | Class::MultiRange { element, .. } => {
                    Codec::of(element, 0).is_some() && within
                }
                Class::Box | Class::Circle => within || operator == "~=",
                Class::Point => operator == "~=",
                Class::Cidr | Class::Inet => operator == "&&",
                _ => operator == "=",
            };
            let sure = self.made[column]
                .iter()
                .all(|made| made.proven && matches!(made.source, Source::Cell(_)))
                && self
                    .variants
                    .iter()
                    .all(|variant| !variant.domains.contains_key(self.name(column)));
            (suits && sure && self.is_free(column)).then_some(column)
        });
        let Some(column) = apart else {
            return false;
        };
        let existing = self.table.existing_rows;
        let room = cell::apart(&self.table.columns[column].class);
        let needed = existing.saturating_add(self.rows);
        if room.is_some_and(|room| room < needed) {
            return false;
        }
        self.digits[column] = Some(Digit::whole(existing, None));
        // Where rows that are there lie is not known.
        existing == 0
    }

    /// Ranges over columns.
    fn slots_of_ranges(&mut self, exclusion: &Exclusion) -> bool {
        let mut beside = Vec::new();
        let (mut range, mut is_all) = (None, true);
        for element in &exclusion.elements {
            match (element.column, element.operator.as_str()) {
                (Some(column), "=") => beside.push(column),
                (column, "&&") if range.is_none() => {
                    let generated = column.map(|column| &self.table.columns[column].default);
                    let text = match generated {
                        Some(Given::Generated(text)) => text.clone(),
                        Some(_) => {
                            is_all = false;
                            continue;
                        }
                        None => element.expression.clone(),
                    };
                    range = self.range(&text);
                }
                // More elements make conflicts rarer, not more frequent.
                _ => is_all = false,
            }
        }
        let Some(range) = range else {
            return false;
        };
        let least = self.least_width(&range);
        // There is more room than slots between rows that are there, for rows with NULL beside, and for
        // those that something else tells apart.
        let is_certain = is_all
            && self.table.existing_rows == 0
            && beside.iter().all(|&c| self.table.columns[c].not_null);
        let Some(apart) = self.lay_out(&range, &beside, least.unwrap_or(0), is_certain) else {
            return false;
        };
        if apart {
            let mut columns = beside;
            columns.push(range.lower);
            self.table.uniques.push(Unique {
                name: exclusion.name.clone(),
                columns,
                plain: true,
                partial: false,
                nulls_equal: false,
            });
        }
        // What holds between these columns and others may move an end out of its slot.
        least.is_some()
    }

    /// Reads a range over one or two columns.
    fn range(&self, text: &str) -> Option<Range> {
        let columns: Vec<check::Column<'_>> = self
            .table
            .columns
            .iter()
            .map(|column| check::Column {
                name: &column.name,
                class: &column.class,
                not_null: column.not_null,
            })
            .collect();
        let Expr::Call { name, arguments } = check::expression(text, &columns, self.table.now)?
        else {
            return None;
        };
        let of_ranges = [
            "int4range",
            "int8range",
            "numrange",
            "daterange",
            "tsrange",
            "tstzrange",
        ];
        if !of_ranges.contains(&name.as_str()) {
            return None;
        }
        let closed = match arguments.get(2) {
            None => false,
            Some(Expr::Literal(Literal::Text(bounds))) => bounds != "[)",
            Some(_) => return None,
        };
        let (lower, before) = self.end(arguments.first()?)?;
        let (upper, after) = self.end(arguments.get(1)?)?;
        let suits = |column: usize| {
            self.is_free(column)
                && self.table.columns[column].wish.values.is_none()
                && self.made[column]
                    .windows(2)
                    .all(|pair| same_values(&pair[0].source, &pair[1].source))
        };
        // A beginning behind its column, or an end before it, would leave gaps only.
        let margin = before.checked_neg()?.max(0).checked_add(after.max(0))?;
        let apart = lower != upper && (before, after) != (0, 0);
        (suits(lower) && suits(upper) && !apart).then_some(Range {
            lower,
            upper,
            margin,
            closed,
        })
    }

    /// An end of a range: a column, and what is added to it, in counts.
    fn end(&self, expression: &Expr) -> Option<(usize, i64)> {
        let place = |name: &str| self.table.columns.iter().position(|c| c.name == name);
        match expression {
            Expr::Column(name) => Some((place(name)?, 0)),
            // What stands for NULL does not matter where there is none.
            Expr::Call { name, arguments } if name == "coalesce" => match &arguments[..] {
                [Expr::Column(name), Expr::Literal(_)] => Some((place(name)?, 0)),
                _ => None,
            },
            Expr::Binary {
                operator: operator @ (Operator::Add | Operator::Subtract),
                left,
                right,
            } => {
                let (Expr::Column(name), Expr::Literal(added)) = (&**left, &**right) else {
                    return None;
                };
                let column = place(name)?;
                let codec = self.codec(column)?;
                let counts = counts(&codec, added)?;
                let sign = if *operator == Operator::Add { 1 } else { -1 };
                Some((column, counts.checked_mul(sign)?))
            }
            _ => None,
        }
    }

    fn codec(&self, column: usize) -> Option<Codec> {
        match &self.made.get(column)?.first()?.source {
            Source::Ordered(ordered) => Some(ordered.codec),
            _ => None,
        }
    }

    /// Everything that the constraints leave to a column, if that is one interval: its ends and the
    /// distance between values.
    fn widest(&self, column: usize) -> Option<(i64, i64, i64)> {
        let domain = self.domain(0, column);
        let made = make(&self.table.columns[column], &domain, Some(&everything())).ok()?;
        let Source::Ordered(ordered) = made.source else {
            return None;
        };
        let (low, high) = ordered.ends();
        if ordered.codec.is_time() && is_silent(&domain) {
            // Moments go on beyond the years that are usual.
            return Some((low, ordered.codec.limits().1, ordered.step()));
        }
        let steps = high.abs_diff(low) / ordered.step().unsigned_abs();
        (ordered.total() == steps.saturating_add(1)).then_some((low, high, ordered.step()))
    }

    /// Puts the beginnings of a range on a grid and its ends before the next beginning; none where
    /// that cannot be. False where there is no room, so that all ranges are empty ones. `is_certain`
    /// says that there is no room but in them.
    fn lay_out(
        &mut self,
        range: &Range,
        beside: &[usize],
        least: i64,
        is_certain: bool,
    ) -> Option<bool> {
        let Range { lower, upper, .. } = *range;
        let codec = self.codec(lower)?;
        if self.codec(upper)? != codec {
            return None;
        }
        let (low, high, unit) = self.widest(lower)?;
        let (end_low, end_high, of_end) = self.widest(upper)?;
        let origin = low;
        if unit != of_end
            || i128::from(low).rem_euclid(unit.into())
                != i128::from(end_low).rem_euclid(unit.into())
        {
            return None;
        }
        let upwards = |count: i64| count.saturating_add(unit - 1) / unit * unit;
        let single = lower == upper;
        let least_width = if single {
            range.margin
        } else {
            upwards(least.max(1))
        };
        // Behind an end that belongs to its range the next one begins one value later.
        let gap = if range.closed { unit } else { 0 };
        // Where there is no room for that, ranges of one value.
        let narrow = if single || least > 0 { 0 } else { gap };
        let shortest = upwards(least_width.checked_add(gap)?).max(unit);
        let largest = |column: usize| {
            let value = self.table.columns[column].last.as_deref()?;
            Some(codec.read(value)?.0)
        };
        if self.table.existing_rows > 0 {
            largest(lower).and(largest(upper))?;
        }
        // After the last end there is, and so that no end lies outside of its column or type.
        let after = largest(lower)
            .max(largest(upper))
            .map(|value| value.saturating_add(range.margin).saturating_add(1));
        let (first, limit) = codec.limits();
        let aligned = |count: i64| {
            let above = count.saturating_sub(origin).max(0);
            origin.saturating_add(upwards(above))
        };
        let low = low
            .max(end_low)
            .max(first.saturating_add(range.margin))
            .max(after.unwrap_or(low));
        let low = aligned(low);
        let limit = limit.saturating_sub(1);
        let limit = if single {
            limit.saturating_sub(range.margin)
        } else {
            limit.min(end_high)
        };
        let needed = self.rows.div_ceil(self.combinations(beside)).max(1);
        let usual = match &self.made[lower][0].source {
            Source::Ordered(ordered) => ordered.ends(),
            _ => (low, high),
        };
        let width = |step: i64| if single { 0 } else { step - gap };
        // As far apart as there is room between two ends, at least as far as ranges reach.
        let grid = |from: i64, to: i64, most: i64| {
            let to = to.min(limit);
            let room = to.min(high.saturating_add(1)).saturating_sub(from).max(0);
            let step = room / i64::try_from(needed).unwrap_or(i64::MAX) / unit * unit;
            let step = step.min(most).max(shortest - narrow);
            let end = high.min(to.saturating_sub(width(step)));
            (
                Ordered::new(codec, vec![(from, end)], step, Spread::Even),
                step,
            )
        };
        let most = if codec.is_time() && codec.grain() == SECOND {
            3_600 * SECOND
        } else {
            upwards(10)
        };
        let enough = |(grid, _): &(Ordered, i64)| grid.total() >= needed && !grid.is_empty();
        let from = aligned(usual.0.max(low));
        let beyond = || Some(grid(from, limit, most)).filter(enough);
        let laid = Some(grid(from, usual.1, i64::MAX))
            .filter(enough)
            .or_else(beyond)
            .unwrap_or_else(|| grid(low, limit, most));
        if !enough(&laid) && !single && !range.closed && least == 0 {
            return self.make_empty(range, end_low, end_high);
        }
        if !enough(&laid) && !is_certain {
            return None;
        }
        let (grid, step) = laid;
        if grid.is_empty() {
            return None;
        }
        let width = width(step);
        let slot = Slot {
            lower,
            upper,
            least: least_width.min(width),
            width,
        };
        self.put(slot, &grid, unit);
        Some(true)
    }

    /// Ranges that end where they begin are empty and overlap none.
    fn make_empty(&mut self, range: &Range, end_low: i64, end_high: i64) -> Option<bool> {
        let Range { lower, upper, .. } = *range;
        let mut same = self.made[lower].clone();
        for made in &mut same {
            if let Source::Ordered(ordered) = &mut made.source {
                *ordered = ordered.within(end_low, end_high);
                if ordered.is_empty() {
                    return None;
                }
            }
        }
        self.made[lower].clone_from(&same);
        self.made[upper] = same;
        self.report[upper] = self.report[lower].clone();
        self.slots.push(Slot {
            lower,
            upper,
            least: 0,
            width: 0,
        });
        Some(false)
    }

    /// Beginnings from a grid, ends from the slots they open.
    fn put(&mut self, slot: Slot, grid: &Ordered, unit: i64) {
        let Slot { lower, upper, .. } = slot;
        let (from, to) = grid.ends();
        let interval = vec![(from, to.saturating_add(slot.width))];
        let ends = Ordered::new(grid.codec, interval, unit, Spread::Even);
        let (mut a, mut b) = (String::new(), String::new());
        grid.codec.write(from, &mut a);
        grid.codec.write(to, &mut b);
        for made in &mut self.made[lower] {
            made.source = Source::Ordered(grid.clone());
        }
        "slots next to each other".clone_into(&mut self.report[lower].generator);
        self.report[lower].arguments = format!("{a} to {b}");
        if lower != upper {
            for made in &mut self.made[upper] {
                made.source = Source::Ordered(ends.clone());
            }
            "end of the slot".clone_into(&mut self.report[upper].generator);
            self.report[upper].arguments = String::new();
        }
        self.slots.push(slot);
    }

    /// How many values the elements beside a range tell apart; those without number count as one.
    fn combinations(&self, beside: &[usize]) -> u64 {
        let mut references = Vec::new();
        let mut product = 1_u64;
        for &column in beside {
            let count = match self.keys[column] {
                Some((reference, _)) if references.contains(&reference) => 1,
                Some((reference, _)) => {
                    references.push(reference);
                    let place = self.references[reference].place;
                    self.table.references[place].keys.len() as u64
                }
                None => match self.made[column].first().map(|made| &made.source) {
                    Some(Source::List(list)) => list.values.len() as u64,
                    _ => 1,
                },
            };
            product = product.saturating_mul(count.max(1));
        }
        product
    }

    /// How far the end of a range has to lie behind its beginning, in counts; none if constraints say
    /// something else of its columns.
    fn least_width(&self, range: &Range) -> Option<i64> {
        let (lower, upper) = (self.name(range.lower), self.name(range.upper));
        if lower == upper {
            return Some(0);
        }
        // The beginning is given by index: other columns follow it.
        let has = |name: &str| name == upper;
        let codec = self.codec(range.lower)?;
        let (mut least, mut most) = (0, i64::MAX);
        for relation in self.variants.iter().flat_map(|variant| &variant.relations) {
            let (comparison, added) = match relation {
                Relation::Compare {
                    left,
                    operator,
                    right,
                    offset,
                } if has(left) || has(right) => {
                    let (comparison, offset) = if left == upper && right == lower {
                        (*operator, offset.clone())
                    } else if left == lower && right == upper {
                        let offset = match offset {
                            Some(offset) => Some(offset.negated()?),
                            None => None,
                        };
                        (operator.mirrored(), offset)
                    } else {
                        return None;
                    };
                    let added = match offset {
                        Some(offset) => counts(&codec, &offset)?,
                        None => 0,
                    };
                    (comparison, added)
                }
                Relation::Computed { column, expression } if has(column) => {
                    let (of, added) = self.end(expression)?;
                    if of != range.lower {
                        return None;
                    }
                    (Comparison::Equal, added)
                }
                Relation::Predicate { expression, .. }
                    if expression.columns().iter().any(|name| has(name)) =>
                {
                    return None;
                }
                _ => continue,
            };
            match comparison {
                Comparison::Greater => least = least.max(added.saturating_add(1)),
                Comparison::GreaterOrEqual => least = least.max(added),
                Comparison::Less => most = most.min(added.saturating_sub(1)),
                Comparison::LessOrEqual => most = most.min(added),
                Comparison::Equal => (least, most) = (least.max(added), most.min(added)),
                Comparison::NotEqual => return None,
            }
        }
        (most >= least.max(1)).then_some(least)
    }

    /// A column of which two values may not differ has one value.
    fn all_the_same(&mut self, exclusion: &Exclusion) -> bool {
        let mut elements = exclusion.elements.iter();
        let same = elements.find_map(|element| {
            let column = element.column.filter(|_| element.operator == "<>")?;
            let proven = self.made[column].len() == 1
                && self.made[column].iter().all(|made| {
                    made.proven && matches!(made.source, Source::List(_) | Source::Ordered(_))
                });
            (proven && self.is_free(column)).then_some(column)
        });
        let Some(column) = same.filter(|_| self.table.existing_rows == 0) else {
            return false;
        };
        self.make_unique(column, &exclusion.name);
        self.digits[column] = Some(Digit {
            modulus: Some(1),
            ..Digit::whole(0, None)
        });
        self.report[column].reason = format!("{} asks for one value", exclusion.name);
        true
    }
}

/// A span of time, or a number, in counts of a codec; of months and days the longest there are.
fn counts(codec: &Codec, literal: &Literal) -> Option<i64> {
    match literal {
        Literal::Number(number) if !codec.is_time() => {
            let (count, exact) = codec.read(&number.to_string())?;
            exact.then_some(count)
        }
        Literal::Number(days) if codec.grain() != SECOND => {
            i64::try_from(days.rescaled(0)?.units).ok()
        }
        Literal::Interval(span) if codec.grain() == SECOND && codec.is_time() => {
            let negative = span.months < 0 || span.days < 0 || span.micros < 0;
            let days = i64::from(span.months)
                .checked_mul(31)?
                .checked_add(i64::from(span.days))?;
            // A day may have 25 hours where clocks change.
            let long = MICROS_PER_DAY + 3_600 * SECOND;
            let micros = days.checked_mul(long)?.checked_add(span.micros)?;
            (!negative).then_some(micros)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fill::Plan;
    use crate::fill::table::{Column, Element, Table};
    use arrow_array::Array;
    use proptest::prelude::*;

    fn table(class: &Class, expression: &str, checks: &[String], existing: Option<i64>) -> Table {
        let column = |name: &str| Column {
            not_null: true,
            last: existing.map(|last| last.to_string()),
            ..Column::new(name, "", class.clone())
        };
        let element = |column, expression: &str, operator: &str| Element {
            column,
            expression: expression.to_owned(),
            operator: operator.to_owned(),
        };
        let kind = Class::Enum {
            labels: vec!["x".to_owned(), "y".to_owned(), "z".to_owned()],
        };
        Table {
            name: "t".to_owned(),
            columns: vec![
                column("a"),
                column("b"),
                Column {
                    not_null: true,
                    ..Column::new("kind", "kind", kind)
                },
            ],
            checks: checks
                .iter()
                .map(|check| ("c".to_owned(), check.clone()))
                .collect(),
            exclusions: vec![Exclusion {
                name: "apart".to_owned(),
                elements: vec![
                    element(Some(2), "kind", "="),
                    element(None, expression, "&&"),
                ],
                columns: vec![0, 1, 2],
                plain: true,
            }],
            existing_rows: u64::from(existing.is_some()),
            ..Table::default()
        }
    }

    proptest! {
        /// Whatever the bounds and the least length: as many ranges as the plan promises do not
        /// overlap, keep to their CHECK, and lie after those that are there.
        #[test]
        fn ranges_do_not_overlap(
            closed: bool,
            small: bool,
            least in 0_i64..40,
            top in prop::option::of(100_i64..5_000),
            existing in prop::option::of(0_i64..90),
            rows in 1_u64..600,
            seed: u64,
        ) {
            let class = Class::Integer { bytes: if small { 2 } else { 8 } };
            let expression = if closed { "int8range(a, b, '[]'::text)" } else { "int8range(a, b)" };
            let mut checks = vec![format!("(b >= (a + {least}))")];
            checks.extend(top.map(|top| format!("(b <= {top})")));
            let plan = Plan::new(table(&class, expression, &checks, existing), rows, seed);
            if !plan.unproven.is_empty() {
                // After the last row there is no room for all: there may be some before it.
                prop_assert!(existing.is_some() && top.is_some(), "{:?}", plan.unproven);
                return Ok(());
            }
            prop_assert!(plan.problems.is_empty(), "{:?}", plan.problems);
            let promised = plan.rows(rows);
            prop_assert!(top.is_some() || promised == rows, "{promised} of {rows}");
            let columns = plan.batch(0..promised).columns;
            let number = |column: usize, row: usize| columns[column].value(row).parse::<i64>().unwrap();
            let mut ranges: Vec<(String, i64, i64)> = (0..columns[0].len())
                .map(|row| (columns[2].value(row).to_owned(), number(0, row), number(1, row)))
                .collect();
            ranges.sort();
            for (_, a, b) in &ranges {
                prop_assert!(a + least <= *b && top.is_none_or(|top| *b <= top), "{a} to {b}");
                prop_assert!(existing.is_none_or(|last| *a > last), "{a} after {existing:?}");
            }
            for pair in ranges.windows(2) {
                let apart = if closed { pair[0].2 < pair[1].1 } else { pair[0].2 <= pair[1].1 };
                prop_assert!(pair[0].0 != pair[1].0 || apart, "{pair:?}");
            }
        }
    }
}
