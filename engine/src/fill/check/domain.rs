//! What domains and branches have in common: both at once, or a contradiction.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::decimal::Decimal;
use super::literal::Literal;
use super::{Bound, Branch, Column, Comparison, Domain, Modulus, Nullness, Relation};
use crate::calendar::MICROS_PER_DAY;
use crate::fill::class::Class;

impl Domain {
    /// NULL only.
    pub(super) fn nothing() -> Self {
        Self {
            null: Nullness::MustBeNull,
            ..Self::default()
        }
    }

    /// Only these values.
    pub(super) fn one_of(values: Vec<Literal>) -> Self {
        Self {
            allowed: Some(values),
            ..Self::default()
        }
    }

    /// Only values that compare so with `value`, by the order of their type.
    pub(super) fn compared(operator: Comparison, value: Literal) -> Self {
        let bound = |inclusive| {
            Some(Bound {
                value: value.clone(),
                inclusive,
            })
        };
        let mut domain = Self::default();
        match operator {
            Comparison::Less => domain.upper = bound(false),
            Comparison::LessOrEqual => domain.upper = bound(true),
            Comparison::Greater => domain.lower = bound(false),
            Comparison::GreaterOrEqual => domain.lower = bound(true),
            Comparison::Equal => domain.allowed = Some(vec![value]),
            Comparison::NotEqual => domain.excluded.push(value),
        }
        domain
    }

    /// Whether any value is demanded or refused.
    fn restricts_values(&self) -> bool {
        *self
            != Self {
                null: self.null,
                ..Self::default()
            }
    }

    /// What satisfies both; `None` if nothing does, not even NULL.
    pub(super) fn meet(&self, other: &Self, column: Option<&Column<'_>>) -> Option<Self> {
        let class = column.map(|column| column.class);
        let null = match (self.null, other.null) {
            (Nullness::Free, null) | (null, Nullness::Free) => null,
            (a, b) if a == b => a,
            _ => return None,
        };
        if null == Nullness::MustBeNull {
            return column
                .is_none_or(|column| !column.not_null)
                .then(Self::nothing);
        }
        match self.meet_values(other, class) {
            Some(values) => Some(Self { null, ..values }),
            // No value passes, but NULL does.
            None if null == Nullness::Free && column.is_none_or(|column| !column.not_null) => {
                Some(Self::nothing())
            }
            None => None,
        }
    }

    fn meet_values(&self, other: &Self, class: Option<&Class>) -> Option<Self> {
        let mut met = Self {
            lower: narrower(self.lower.as_ref(), other.lower.as_ref(), Ordering::Greater),
            upper: narrower(self.upper.as_ref(), other.upper.as_ref(), Ordering::Less),
            allowed: None,
            excluded: union(&self.excluded, &other.excluded),
            null: Nullness::Free,
            min_chars: self.min_chars.max(other.min_chars),
            max_chars: least(self.max_chars, other.max_chars),
            min_bytes: self.min_bytes.max(other.min_bytes),
            max_bytes: least(self.max_bytes, other.max_bytes),
            patterns: union(&self.patterns, &other.patterns),
            multiple_of: meet_modulus(self.multiple_of, other.multiple_of)?,
            max_scale: least(self.max_scale, other.max_scale),
            lower_case: self.lower_case || other.lower_case,
            upper_case: self.upper_case || other.upper_case,
            trimmed: self.trimmed || other.trimmed,
            not_blank: self.not_blank || other.not_blank,
            min_items: self.min_items.max(other.min_items),
            max_items: least(self.max_items, other.max_items),
            element: None,
            contains: union(&self.contains, &other.contains),
            json_types: Vec::new(),
            json_keys: union(&self.json_keys, &other.json_keys),
            not_empty: self.not_empty || other.not_empty,
            finite: self.finite || other.finite,
            family: match (self.family, other.family) {
                (Some(a), Some(b)) if a != b => return None,
                (a, b) => a.or(b),
            },
        };
        met.json_types = match (&*self.json_types, &*other.json_types) {
            ([], types) | (types, []) => types.to_vec(),
            (a, b) => {
                let both: Vec<_> = a.iter().filter(|name| b.contains(name)).cloned().collect();
                (!both.is_empty()).then_some(both)?
            }
        };
        met.element = match (&self.element, &other.element) {
            (Some(a), Some(b)) => Some(Box::new(a.meet(b, None)?)),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        let allowed = match (&self.allowed, &other.allowed) {
            (Some(a), Some(b)) => Some(a.iter().filter(|value| holds(b, value)).cloned().collect()),
            (a, b) => a.clone().or_else(|| b.clone()),
        };
        met.tighten(class)?;
        if let Some(values) = allowed {
            let mut kept: Vec<Literal> = Vec::new();
            for value in values {
                if met.accepts(&value, class) && !kept.contains(&value) {
                    kept.push(value);
                }
            }
            met.allowed = (!kept.is_empty()).then_some(Some(kept))?;
        }
        Some(met)
    }

    /// Brings bounds to the values the class has, and refuses what is then empty.
    fn tighten(&mut self, class: Option<&Class>) -> Option<()> {
        match class {
            Some(Class::Integer { bytes }) => self.tighten_whole(*bytes)?,
            Some(Class::Date) => self.tighten_days(),
            Some(Class::Boolean) if !self.excluded.is_empty() => {
                let rest = [false, true]
                    .map(Literal::Boolean)
                    .into_iter()
                    .filter(|value| !self.excluded.contains(value))
                    .collect::<Vec<_>>();
                (!rest.is_empty()).then_some(())?;
            }
            Some(Class::Text {
                max_chars: Some(most),
                ..
            }) => {
                (self.min_chars.unwrap_or(0) <= *most).then_some(())?;
            }
            _ => {}
        }
        if let (Some(lower), Some(upper)) = (&self.lower, &self.upper)
            && let Some(order) = lower.value.compare(&upper.value)
        {
            let one = order.is_eq() && lower.inclusive && upper.inclusive;
            (order.is_lt() || one).then_some(())?;
            if one && holds(&self.excluded, &lower.value) {
                return None;
            }
        }
        let fits = |low: Option<u32>, high: Option<u32>| match (low, high) {
            (Some(low), Some(high)) => low <= high,
            _ => true,
        };
        (fits(self.min_chars, self.max_chars)
            && fits(self.min_bytes, self.max_bytes)
            && fits(self.min_items, self.max_items)
            // So many characters are at least so many bytes.
            && fits(self.min_chars, self.max_bytes))
        .then_some(())
    }

    fn tighten_whole(&mut self, bytes: u8) -> Option<()> {
        let most = (1_i128 << (u32::from(bytes) * 8 - 1)) - 1;
        if let Some(Bound {
            value: Literal::Number(number),
            inclusive,
        }) = &mut self.lower
        {
            let floor = number.floor();
            let exact = number.is_whole() && *inclusive;
            *number = Decimal::whole(if exact { floor } else { floor + 1 });
            *inclusive = true;
            (number.units <= most).then_some(())?;
        }
        if let Some(Bound {
            value: Literal::Number(number),
            inclusive,
        }) = &mut self.upper
        {
            let floor = number.floor();
            let below = number.is_whole() && !*inclusive;
            *number = Decimal::whole(if below { floor - 1 } else { floor });
            *inclusive = true;
            (number.units >= -most - 1).then_some(())?;
        }
        // A narrow range may lie wholly between two multiples, or have every value excluded.
        if let (
            Some(Bound {
                value: Literal::Number(low),
                ..
            }),
            Some(Bound {
                value: Literal::Number(high),
                ..
            }),
        ) = (&self.lower, &self.upper)
            && high.units - low.units < 1000
        {
            let any = (low.units..=high.units).any(|number| {
                let value = Literal::whole(number);
                !holds(&self.excluded, &value) && self.divides(Decimal::whole(number))
            });
            any.then_some(())?;
        }
        Some(())
    }

    fn tighten_days(&mut self) {
        let day = |micros: i64| i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok();
        if let Some(bound) = &mut self.lower {
            let whole = match &bound.value {
                Literal::Timestamp(micros) => {
                    let midnight = micros % MICROS_PER_DAY == 0;
                    day(*micros).map(|day| {
                        if midnight && bound.inclusive {
                            day
                        } else {
                            day + 1
                        }
                    })
                }
                Literal::Date(day) => Some(if bound.inclusive { *day } else { day + 1 }),
                _ => None,
            };
            if let Some(day) = whole {
                *bound = Bound {
                    value: Literal::Date(day),
                    inclusive: true,
                };
            }
        }
        if let Some(bound) = &mut self.upper {
            let whole = match &bound.value {
                Literal::Timestamp(micros) => {
                    let midnight = micros % MICROS_PER_DAY == 0;
                    day(*micros).map(|day| {
                        if midnight && !bound.inclusive {
                            day - 1
                        } else {
                            day
                        }
                    })
                }
                Literal::Date(day) => Some(if bound.inclusive { *day } else { day - 1 }),
                _ => None,
            };
            if let Some(day) = whole {
                *bound = Bound {
                    value: Literal::Date(day),
                    inclusive: true,
                };
            }
        }
    }

    fn divides(&self, number: Decimal) -> bool {
        self.multiple_of.is_none_or(|modulus| {
            number.rescaled(0).is_some_and(|number| {
                number.units.checked_rem(modulus.divisor) == Some(modulus.remainder)
            })
        })
    }

    /// Whether a value is in the domain, as far as that can be told; patterns are not looked at.
    fn accepts(&self, value: &Literal, class: Option<&Class>) -> bool {
        let within = |bound: &Option<Bound>, side: Ordering| {
            bound.as_ref().is_none_or(|bound| {
                value
                    .compare(&bound.value)
                    .is_none_or(|order| order == side || (order.is_eq() && bound.inclusive))
            })
        };
        let text = match value {
            Literal::Text(text) => {
                let chars = u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
                let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
                let most = match class {
                    Some(Class::Text { max_chars, .. }) => max_chars.unwrap_or(u32::MAX),
                    _ => u32::MAX,
                };
                self.min_chars.is_none_or(|least| chars >= least)
                    && self.max_chars.is_none_or(|most| chars <= most)
                    && self.min_bytes.is_none_or(|least| bytes >= least)
                    && self.max_bytes.is_none_or(|most| bytes <= most)
                    && chars <= most
                    && !(self.not_blank && text.trim_matches(' ').is_empty())
                    && !(self.trimmed && text.trim_matches(' ') != text)
                    && !(self.lower_case && text.chars().any(|c| c.is_ascii_uppercase()))
                    && !(self.upper_case && text.chars().any(|c| c.is_ascii_lowercase()))
                    && match class {
                        Some(Class::Enum { labels }) => labels.contains(text),
                        _ => true,
                    }
            }
            Literal::Number(number) => {
                self.divides(*number)
                    && self
                        .max_scale
                        .is_none_or(|most| number.normalized().scale <= most)
                    && (number.is_whole() || !matches!(class, Some(Class::Integer { .. })))
            }
            // Not a midnight, or it would be a date.
            Literal::Timestamp(_) => !matches!(class, Some(Class::Date)),
            _ => true,
        };
        text && within(&self.lower, Ordering::Greater)
            && within(&self.upper, Ordering::Less)
            && !holds(&self.excluded, value)
    }
}

fn holds(values: &[Literal], value: &Literal) -> bool {
    values.iter().any(|other| other.equals(value) == Some(true))
}

fn union<T: Clone + PartialEq>(a: &[T], b: &[T]) -> Vec<T> {
    let mut all = a.to_vec();
    all.extend(b.iter().filter(|item| !a.contains(item)).cloned());
    all
}

fn least(a: Option<u32>, b: Option<u32>) -> Option<u32> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The narrower of two bounds: the greater of lower bounds, the less of upper ones.
fn narrower(a: Option<&Bound>, b: Option<&Bound>, side: Ordering) -> Option<Bound> {
    let (Some(a), Some(b)) = (a, b) else {
        return a.or(b).cloned();
    };
    // Bounds of one column are of one kind; if not, either is as good.
    let narrower = match a.value.compare(&b.value) {
        Some(Ordering::Equal) => {
            if a.inclusive {
                b
            } else {
                a
            }
        }
        Some(order) if order == side => a,
        Some(_) => b,
        None => a,
    };
    Some(narrower.clone())
}

#[expect(
    clippy::option_option,
    reason = "no modulus, and moduli that exclude each other, differ"
)]
fn meet_modulus(a: Option<Modulus>, b: Option<Modulus>) -> Option<Option<Modulus>> {
    let (Some(a), Some(b)) = (a, b) else {
        return Some(a.or(b));
    };
    // Searched, not solved: divisors in constraints are small.
    let (large, small) = if a.divisor >= b.divisor {
        (a, b)
    } else {
        (b, a)
    };
    let found = (0..small.divisor.min(10_000)).find_map(|step| {
        let number = large
            .divisor
            .checked_mul(step)?
            .checked_add(large.remainder)?;
        (number % small.divisor == small.remainder).then_some(number)
    })?;
    let (mut x, mut y) = (large.divisor, small.divisor);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    Some(Some(Modulus {
        divisor: (large.divisor / x).checked_mul(small.divisor)?,
        remainder: found,
    }))
}

impl Branch {
    /// One column's domain.
    pub(super) fn of(column: &str, domain: Domain) -> Self {
        Self {
            columns: BTreeMap::from([(column.to_owned(), domain)]),
            ..Self::default()
        }
    }

    /// One relation.
    pub(super) fn related(relation: Relation) -> Self {
        Self {
            relations: vec![relation],
            ..Self::default()
        }
    }

    /// A branch that leaves a constraint to the database.
    pub(super) fn unproven(check: usize) -> Self {
        Self {
            unproven: vec![check],
            ..Self::default()
        }
    }

    /// What satisfies both; `None` if nothing does.
    pub(super) fn meet(&self, other: &Self, columns: &BTreeMap<&str, Column<'_>>) -> Option<Self> {
        let mut met = self.clone();
        for (name, domain) in &other.columns {
            let column = columns.get(name.as_str());
            let before = met.columns.get(name).cloned().unwrap_or_default();
            met.columns
                .insert(name.clone(), before.meet(domain, column)?);
        }
        met.relations = union(&self.relations, &other.relations);
        met.unproven = union(&self.unproven, &other.unproven);
        met.unproven.sort_unstable();
        (!met.relations_contradict(columns)).then_some(met)
    }

    /// The branch with what its columns' definitions say; `None` if that excludes it.
    pub(super) fn settled(&self, columns: &BTreeMap<&str, Column<'_>>) -> Option<Self> {
        let nothing = Self::default();
        let mut settled = nothing.meet(self, columns)?;
        settled
            .columns
            .retain(|_, domain| domain.null != Nullness::Free || domain.restricts_values());
        // A relation with a column that is NULL holds by itself.
        let always_null: Vec<_> = settled
            .columns
            .iter()
            .filter(|(_, domain)| domain.null == Nullness::MustBeNull)
            .map(|(name, _)| name.clone())
            .collect();
        settled.relations.retain(|relation| match relation {
            Relation::Compare { left, right, .. } => {
                !always_null.contains(left) && !always_null.contains(right)
            }
            _ => true,
        });
        Some(settled)
    }

    /// Whether a column has a value in every row of the branch.
    fn has_value(&self, name: &str, columns: &BTreeMap<&str, Column<'_>>) -> bool {
        columns.get(name).is_some_and(|column| column.not_null)
            || self
                .columns
                .get(name)
                .is_some_and(|domain| domain.null == Nullness::MustNotBeNull)
    }

    /// Whether two comparisons, or one and the bounds of its columns, exclude each other.
    fn relations_contradict(&self, columns: &BTreeMap<&str, Column<'_>>) -> bool {
        let mut edges = Vec::new();
        for relation in &self.relations {
            let Relation::Compare {
                left,
                operator,
                right,
                offset: None,
            } = relation
            else {
                continue;
            };
            if !self.has_value(left, columns) || !self.has_value(right, columns) {
                continue;
            }
            let (less, operator, more) = match operator {
                Comparison::Greater | Comparison::GreaterOrEqual => {
                    (right, operator.mirrored(), left)
                }
                _ => (left, *operator, right),
            };
            edges.push((less, operator, more));
        }
        edges
            .iter()
            .enumerate()
            .any(|(index, (less, operator, more))| {
                let bounds = || {
                    let low = self.columns.get(*less)?.lower.as_ref()?;
                    let high = self.columns.get(*more)?.upper.as_ref()?;
                    let order = low.value.compare(&high.value)?;
                    Some(order.is_gt() || (order.is_eq() && *operator == Comparison::Less))
                };
                let ordered = matches!(operator, Comparison::Less | Comparison::LessOrEqual);
                let reversed = |other: &(&String, Comparison, &String)| {
                    let (less2, operator2, more2) = other;
                    let same = less2 == less && more2 == more;
                    let across = less2 == more && more2 == less;
                    match (operator, operator2) {
                        (Comparison::Less, Comparison::Less | Comparison::LessOrEqual)
                        | (Comparison::LessOrEqual, Comparison::Less) => across,
                        (Comparison::Equal, Comparison::Less | Comparison::NotEqual)
                        | (Comparison::Less | Comparison::NotEqual, Comparison::Equal) => {
                            same || across
                        }
                        _ => false,
                    }
                };
                (ordered && bounds() == Some(true)) || edges[index + 1..].iter().any(reversed)
            })
    }
}
