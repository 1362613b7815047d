//! Numbers and moments: counts of a codec within intervals, spread over them.

use crate::calendar::MICROS_PER_DAY;
use crate::entropy::{below, normal, remix};
use crate::fill::ordinal::{Codec, SECOND};

/// How numbers are spread over their range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::fill) enum Spread {
    /// Evenly.
    Even,
    /// Bell-shaped, in counts.
    Bell { mean: f64, deviation: f64 },
    /// Many small and few large, in counts above the lower end of the type.
    Skewed { median: f64, sigma: f64 },
}

/// Numbers and moments: counts of a codec within intervals.
#[derive(Debug, Clone)]
pub(in crate::fill) struct Ordered {
    pub codec: Codec,
    /// Ascending, apart from each other, ends included, both on the step's grid.
    intervals: Vec<(i64, i64)>,
    step: i64,
    total: u64,
    pub spread: Spread,
    /// Moments are whole days, hours or minutes: constraints that are not understood often ask for
    /// that.
    pub rounded: bool,
}

impl Ordered {
    /// Counts within `intervals` at distances of `step` from the lower end of each.
    pub fn new(codec: Codec, intervals: Vec<(i64, i64)>, step: i64, spread: Spread) -> Self {
        let step = step.max(1);
        let mut whole: Vec<(i64, i64)> = intervals
            .into_iter()
            .filter(|(low, high)| low <= high)
            .map(|(low, high)| {
                let steps = high.abs_diff(low) / step.unsigned_abs();
                (low, offset(low, steps, step))
            })
            .collect();
        whole.sort_unstable();
        let total = whole.iter().fold(0_u64, |sum, &(low, high)| {
            sum.saturating_add(count(low, high, step))
        });
        Self {
            codec,
            intervals: whole,
            step,
            total,
            spread,
            rounded: false,
        }
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    /// Distance between neighbouring values.
    pub fn step(&self) -> i64 {
        self.step
    }

    /// Smallest and largest value.
    pub fn ends(&self) -> (i64, i64) {
        let low = self.intervals.first().map_or(0, |i| i.0);
        let high = self.intervals.last().map_or(0, |i| i.1);
        (low, high)
    }

    /// The same without what lies outside of these ends.
    pub fn within(&self, low: i64, high: i64) -> Self {
        let intervals = self
            .intervals
            .iter()
            .filter_map(|&(a, b)| self.clip(a, b, low, high))
            .collect();
        Self::new(self.codec, intervals, self.step, self.spread)
    }

    /// The part of an interval between two ends, on its grid.
    fn clip(&self, a: i64, b: i64, low: i64, high: i64) -> Option<(i64, i64)> {
        let from = if low > a {
            let steps = low.abs_diff(a).div_ceil(self.step.unsigned_abs());
            i64::try_from(i128::from(a) + i128::from(steps) * i128::from(self.step)).ok()?
        } else {
            a
        };
        let to = b.min(high);
        (from <= to).then_some((from, to))
    }

    /// The value of an index below `Source::distinct`; ascending.
    pub fn nth(&self, index: u64) -> i64 {
        let mut rest = index;
        for &(low, high) in &self.intervals {
            let here = count(low, high, self.step);
            if rest < here {
                return offset(low, rest, self.step);
            }
            rest -= here;
        }
        self.ends().1
    }

    /// How many values there are.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// A value between two ends; `None` if there is none there.
    #[inline]
    pub fn draw(&self, entropy: u64, low: i64, high: i64) -> Option<i64> {
        if let [(a, b)] = self.intervals[..] {
            let (from, to) = self.clip(a, b, low, high)?;
            let drawn = self.pick(entropy, from, to);
            if self.rounded {
                let unit = match remix(entropy) % 4 {
                    0 | 1 => MICROS_PER_DAY,
                    2 => 3_600 * SECOND,
                    _ => 60 * SECOND,
                };
                let whole = drawn - drawn.rem_euclid(unit);
                return Some(if whole >= from { whole } else { drawn });
            }
            return Some(drawn);
        }
        let clipped = |&(a, b): &(i64, i64)| self.clip(a, b, low, high);
        let total = self
            .intervals
            .iter()
            .filter_map(clipped)
            .fold(0_u64, |sum, (a, b)| {
                sum.saturating_add(count(a, b, self.step))
            });
        let mut rest = below(entropy, total);
        for (from, to) in self.intervals.iter().filter_map(clipped) {
            let here = count(from, to, self.step);
            if rest < here {
                return Some(offset(from, rest, self.step));
            }
            rest -= here;
        }
        None
    }

    #[inline]
    fn pick(&self, entropy: u64, from: i64, to: i64) -> i64 {
        let steps = count(from, to, self.step);
        let place = match self.spread {
            Spread::Even => return offset(from, below(entropy, steps), self.step),
            Spread::Bell { mean, deviation } => mean + deviation * normal(entropy),
            Spread::Skewed { median, sigma } => median * (sigma * normal(entropy)).exp(),
        };
        let drawn = whole(place);
        if drawn < from || drawn > to {
            // Tails are folded back evenly, so that no end is heaped up.
            return offset(from, below(remix(entropy), steps), self.step);
        }
        offset(
            from,
            drawn.abs_diff(from) / self.step.unsigned_abs(),
            self.step,
        )
    }
}

/// How many steps an interval has.
#[inline]
fn count(low: i64, high: i64, step: i64) -> u64 {
    (high.abs_diff(low) / step.unsigned_abs()).saturating_add(1)
}

#[inline]
fn offset(low: i64, steps: u64, step: i64) -> i64 {
    let value = i128::from(low) + i128::from(steps) * i128::from(step);
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The nearest whole number, saturating.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a cast of a float saturates"
)]
pub(in crate::fill) fn whole(value: f64) -> i64 {
    value.round() as i64
}
