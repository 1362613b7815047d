//! Uniqueness by construction: a unique column takes its values by index, several columns together
//! take the digits of the index in a mixed radix.

use crate::entropy::{Permutation, Stream};

/// How the number of a row becomes the index of a value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Digit {
    /// Added to the number of the row, modulo 2^64.
    pub start: u64,
    /// Scrambles numbers below its length, block by block.
    pub scramble: Option<Permutation>,
    pub divisor: u64,
    /// No modulus: the highest digit.
    pub modulus: Option<u64>,
    /// Indexes from here on have no value: NULL where that is allowed.
    pub limit: Option<u64>,
    /// Indexes from the limit on begin anew, for rows that may yet be refused.
    pub around: bool,
    /// The index that means NULL, where NULLs count as equal.
    pub null: Option<u64>,
}

impl Digit {
    /// Every row its own index.
    pub const fn whole(start: u64, limit: Option<u64>) -> Self {
        Self {
            start,
            scramble: None,
            divisor: 1,
            modulus: None,
            limit,
            around: false,
            null: None,
        }
    }

    /// The index of a row; none for NULL and beyond the limit.
    #[inline]
    pub fn at(&self, row: u64) -> Option<u64> {
        let mut number = self.start.wrapping_add(row);
        if let Some(limit) = self.limit
            && number >= limit
        {
            if !self.around || limit == 0 {
                return None;
            }
            number %= limit;
        }
        let scrambled = match self.scramble {
            Some(permutation) => {
                let length = permutation.len().max(1);
                let block = number / length;
                block * length + permutation.apply(number % length)
            }
            None => number,
        };
        let digit = scrambled / self.divisor;
        let index = match self.modulus {
            Some(modulus) => digit % modulus.max(1),
            None => digit,
        };
        (self.null != Some(index)).then_some(index)
    }
}

/// A column or reference within a unique constraint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Member {
    Column(usize),
    Reference(usize),
}

/// What is known of a member.
#[derive(Debug, Clone, Copy)]
pub(super) struct Component {
    pub member: Member,
    /// How many values it has; `None`: no end.
    pub distinct: Option<u64>,
    /// Whether the last of them is NULL.
    pub null: bool,
    /// Whether counting through it looks natural next to a reference, as line numbers do.
    pub ordered: bool,
    /// Whether it may be unique on its own without looking odd, as text and UUIDs.
    pub alone: bool,
}

impl Component {
    /// The index of NULL.
    fn last_if_null(&self) -> Option<u64> {
        self.distinct?.checked_sub(1).filter(|_| self.null)
    }
}

/// Digits for the members of a unique constraint, and how many rows it can tell apart.
#[derive(Debug, Clone)]
pub(super) struct Scheme {
    pub digits: Vec<(Member, Digit)>,
    pub capacity: Option<u64>,
}

/// Chooses digits so that `rows` rows from `start` on differ, if there is room for them.
pub(super) fn scheme(components: &[Component], start: u64, rows: u64, key: Stream) -> Scheme {
    let needed = start.saturating_add(rows);
    let enough = |distinct: Option<u64>| distinct.is_none_or(|count| count >= needed);
    let single = |component: &Component| {
        let limit = component.distinct;
        // Scrambling a finite set spreads its values; text and UUIDs spread of their own.
        let scramble = match (component.member, limit) {
            (Member::Reference(_), Some(count)) => Some(Permutation::new(count, key)),
            _ => None,
        };
        Scheme {
            digits: vec![(
                component.member,
                Digit {
                    scramble,
                    null: component.last_if_null(),
                    ..Digit::whole(start, limit)
                },
            )],
            capacity: limit.map(|count| count.saturating_sub(start)),
        }
    };
    if let [component] = components {
        return single(component);
    }
    if let Some(component) = components.iter().find(|c| c.alone && enough(c.distinct)) {
        return single(component);
    }
    // The highest digit is the one there are most values of, of those that are counted through.
    let highest = components
        .iter()
        .filter(|component| component.ordered || component.alone)
        .max_by_key(|component| component.distinct.unwrap_or(u64::MAX))
        .map(|component| component.member);
    let mut product = 1_u64;
    let mut digits = Vec::new();
    for component in components.iter().filter(|c| Some(c.member) != highest) {
        let count = component.distinct.unwrap_or(u64::MAX).max(1);
        digits.push((component, product, count));
        product = product.saturating_mul(count);
    }
    let scramble = (product < u64::MAX).then(|| Permutation::new(product, key));
    let top = highest.map(|member| {
        let component = components.iter().find(|c| c.member == member);
        let distinct = component.and_then(|c| c.distinct);
        let null = component.and_then(Component::last_if_null);
        (member, distinct, null)
    });
    let capacity = match top {
        Some((_, Some(count), _)) => Some(product.saturating_mul(count)),
        Some((_, None, _)) => None,
        None => Some(product),
    }
    .filter(|&capacity| capacity < u64::MAX);
    let mut members: Vec<(Member, Digit)> = digits
        .into_iter()
        .map(|(component, divisor, modulus)| {
            (
                component.member,
                Digit {
                    start,
                    scramble,
                    divisor,
                    modulus: Some(modulus),
                    limit: capacity,
                    around: false,
                    null: component.last_if_null(),
                },
            )
        })
        .collect();
    if let Some((member, _, null)) = top {
        members.push((
            member,
            Digit {
                start,
                scramble: None,
                divisor: product,
                modulus: None,
                limit: capacity,
                around: false,
                null,
            },
        ));
    }
    Scheme {
        digits: members,
        capacity: capacity.map(|capacity| capacity.saturating_sub(start)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    proptest! {
        /// Whatever members a constraint has: as many rows differ as the scheme says there are.
        #[test]
        fn rows_differ_up_to_the_capacity(
            counts in proptest::collection::vec((1_u64..8, any::<bool>(), any::<bool>(), any::<bool>()), 1..4),
            start in 0_u64..5,
            key: u64,
        ) {
            let components: Vec<Component> = counts
                .iter()
                .enumerate()
                .map(|(place, &(distinct, ordered, alone, null))| Component {
                    member: if ordered { Member::Column(place) } else { Member::Reference(place) },
                    distinct: Some(distinct),
                    null,
                    ordered,
                    alone: ordered && alone,
                })
                .collect();
            let scheme = scheme(&components, start, 10, Stream::from_key(key));
            let capacity = scheme.capacity.unwrap();
            let mut seen = HashSet::new();
            for row in 0..capacity {
                let digits: Vec<_> = scheme
                    .digits
                    .iter()
                    .map(|(member, digit)| {
                        let (Member::Column(place) | Member::Reference(place)) = *member;
                        let (distinct, _, _, null) = counts[place];
                        let last = distinct - u64::from(null);
                        let index = digit.at(row).unwrap_or(last);
                        assert!(index < distinct, "{index} of {:?}", counts[place]);
                        (place, index)
                    })
                    .collect();
                prop_assert!(seen.insert(digits), "row {} repeats", row);
            }
            prop_assert!(scheme.digits.iter().all(|(_, digit)| digit.at(capacity).is_none()));
        }
    }
}
