//! What many values say together that none of them says by itself: bare Social Security numbers,
//! postal codes and dates of birth are numbers and dates like any other, one by one.
//!
//! The odds given here, as logarithms, are of this engine's own making. They are set so that a
//! column whose name says nothing is told of (a confidence of 0.3 to 0.75), and left to the owner
//! rather than masked at the usual least confidence of 0.8; where the name agrees, both together
//! are beyond 0.9.

use std::collections::HashSet;

use super::category::Category;
use super::check::is_shaped;
use super::{Kind, form};

/// Odds that values add to a name that says the same: as [`super::evidence::SHAPED`] at most.
const WITH_A_NAME: f64 = 1.2;
/// The fewest distinct values that are judged.
const FEWEST: u32 = 20;
/// The first year that is counted.
const FIRST_YEAR: u32 = 1880;

/// Counts over the distinct values of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Together {
    /// Nine digits that a Social Security number may have, and the areas (first three) seen.
    ssn: u32,
    areas: HashSet<u16>,
    /// Postal codes with letters, and with a mark among digits.
    lettered: u32,
    marked: u32,
    /// Five digits as text, and those of them that begin with 0.
    five: u32,
    zero: u32,
    /// Dates without a time of day, by decade.
    decades: [u32; 16],
}

/// Odds of a category.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Odds {
    /// Where the name says nothing.
    pub alone: f64,
    /// What they add to a name that says the same.
    pub named: f64,
}

impl Together {
    pub fn add(&mut self, text: &str, kind: Kind) {
        let bytes = text.as_bytes();
        let digits = bytes.iter().all(u8::is_ascii_digit);
        match (kind, bytes) {
            (Kind::Text | Kind::Number, [a, b, c, group @ .., _, _, _, _])
                if digits && group.len() == 2 =>
            {
                let area = [a, b, c]
                    .iter()
                    .fold(0, |n, &d| n * 10 + u16::from(d - b'0'));
                // The rules of the Social Security Administration for numbers issued since 2011.
                if (1..900).contains(&area)
                    && area != 666
                    && group != b"00"
                    && !text.ends_with("0000")
                {
                    self.ssn += 1;
                    self.areas.insert(area);
                }
            }
            (Kind::Text, [first, ..]) if digits && bytes.len() == 5 => {
                self.five += 1;
                self.zero += u32::from(*first == b'0');
            }
            (Kind::Text | Kind::Moment, _) if is_day(text) => {
                let year = form::date_year(text).and_then(|year| year.checked_sub(FIRST_YEAR));
                let decade = year.and_then(|year| self.decades.get_mut(year as usize / 10));
                if let Some(decade) = decade {
                    *decade += 1;
                }
            }
            (Kind::Text, _) if bytes.len() <= 10 => {
                let marked = ["#####-####", "##-###", "#####-###", "###-####"];
                if marked.iter().any(|shape| is_shaped(text, shape.as_bytes())) {
                    self.marked += 1;
                } else if text.contains(' ') && bytes.iter().any(u8::is_ascii_uppercase) {
                    form::postcode(text, &mut |_| self.lettered += 1);
                }
            }
            _ => {}
        }
    }

    /// What the values say of a category; `None`: nothing.
    pub fn says(&self, category: Category, distinct: u32) -> Option<Odds> {
        if distinct < FEWEST {
            return None;
        }
        let nearly_all = |count: u32| f64::from(count) >= 0.95 * f64::from(distinct);
        let alone = match category {
            // Numbers that are counted up share their first digits.
            Category::Ssn => {
                let areas = u32::try_from(self.areas.len()).unwrap_or(u32::MAX);
                let spread = f64::from(areas) >= 0.4 * f64::from(distinct.min(200));
                (nearly_all(self.ssn) && spread).then_some(3.3)
            }
            Category::Postcode if nearly_all(self.lettered) => Some(5.0),
            Category::Postcode if nearly_all(self.marked + self.five) => {
                // A number counts from 1; a code of a place may begin with 0.
                let zeros = f64::from(self.zero) >= 0.02 * f64::from(distinct);
                if self.marked > self.five {
                    Some(3.6)
                } else {
                    zeros.then_some(3.2)
                }
            }
            Category::BirthDate => self.is_births(distinct).then_some(4.3),
            _ => None,
        };
        alone.map(|alone| Odds {
            alone,
            named: WITH_A_NAME,
        })
    }

    /// Whether dates are spread as births of living people are: over four decades or more, no decade
    /// with more than half of them. What a business dates is of the last years.
    fn is_births(&self, distinct: u32) -> bool {
        let all: u32 = self.decades.iter().sum();
        let most = self.decades.iter().max().copied().unwrap_or(0);
        let peopled = self.decades.iter().filter(|&&n| n * 33 >= all).count();
        f64::from(all) >= 0.95 * f64::from(distinct) && most * 2 <= all && peopled >= 4
    }
}

/// A date, or a timestamp at midnight.
fn is_day(text: &str) -> bool {
    text.len() == 10 || text.len() > 10 && text.get(11..19) == Some("00:00:00")
}
