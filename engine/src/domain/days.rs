//! Days that are not alike: a period in which each day has a weight, from which a day is drawn in constant
//! time, and the hours within a day. This is where the seasons, weekdays and times of day of orders and
//! calls come from.
//!
//! ```
//! use synth_engine::domain::days::{Days, weekday};
//!
//! // A shop that is closed on Sundays.
//! let open = Days::new(20_454, 20_454 + 364, |day| if weekday(day) == 6 { 0 } else { 1 });
//! let day = open.pick(20_454, 20_454 + 364, u64::MAX / 3);
//! assert_ne!(weekday(day), 6);
//! ```

use crate::calendar::MICROS_PER_DAY;
use crate::dictionary::Weighted;
use crate::entropy::{below, remix};

/// Microseconds in a second.
pub const MICROS_PER_SECOND: i64 = 1_000_000;

/// The day of the week: 0 for Monday to 6 for Sunday.
#[inline]
pub fn weekday(day: i32) -> usize {
    // 1970-01-01 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// The last microsecond of a day.
#[inline]
pub fn end_of(day: i32) -> i64 {
    (i64::from(day) + 1) * MICROS_PER_DAY - 1
}

/// The day of an instant.
#[inline]
pub fn day_of(instant: i64) -> i32 {
    i32::try_from(instant.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

/// A fraction of 2^64 within the k-th of n equal parts: fractions for k = 0, 1, 2 ... are in order, so
/// events drawn with them need no sorting.
#[inline]
pub const fn stratum(k: u64, n: u64, entropy: u64) -> u64 {
    let width = u64::MAX / if n == 0 { 1 } else { n };
    k.wrapping_mul(width).wrapping_add(below(entropy, width))
}

/// A period of days with weights.
#[derive(Debug, Clone)]
pub struct Days {
    first: i32,
    /// Weights of the days before each day, and at the end the sum of all.
    before: Vec<u64>,
    /// For each stretch of 2^shift of weight the day in which it starts.
    guide: Vec<u32>,
    shift: u32,
}

impl Days {
    /// The days from `first` to `last` with the weights that a function gives them, below 2^32 each.
    pub fn new(first: i32, last: i32, weight: impl Fn(i32) -> u64) -> Self {
        let mut before = vec![0];
        let mut sum = 0_u64;
        for day in first..=last.max(first) {
            sum += weight(day);
            before.push(sum);
        }
        // About two stretches a day.
        let stretches = 2 * before.len() as u64;
        let shift = (sum / stretches).max(1).ilog2();
        let guide = (0..=sum >> shift)
            .map(|stretch| {
                let day = before.partition_point(|&weight| weight <= stretch << shift);
                u32::try_from(day.saturating_sub(1).min(before.len() - 2)).unwrap_or(0)
            })
            .collect();
        Self {
            first,
            before,
            guide,
            shift,
        }
    }

    /// The first day.
    pub const fn first(&self) -> i32 {
        self.first
    }

    fn place(&self, day: i32) -> usize {
        let place = usize::try_from(day - self.first).unwrap_or(0);
        place.min(self.before.len() - 1)
    }

    /// The day at a fraction (of 2^64) of the weight of the days `from` to `to`: uniform fractions give
    /// days by weight, greater fractions give later days. Days outside of the period are those at its ends.
    #[inline]
    pub fn pick(&self, from: i32, to: i32, fraction: u64) -> i32 {
        let low = self.before[self.place(from)];
        let high = self.before[self.place(to.max(from).saturating_add(1))];
        if high <= low {
            return from;
        }
        let target = low + below(fraction, high - low);
        let stretch = usize::try_from(target >> self.shift).unwrap_or(0);
        let mut day = self.guide[stretch.min(self.guide.len() - 1)] as usize;
        while day + 2 < self.before.len() && self.before[day + 1] <= target {
            day += 1;
        }
        self.first + i32::try_from(day).unwrap_or(0)
    }
}

/// Times of day by the weight of their hour.
#[derive(Debug, Clone)]
pub struct Hours(Weighted);

impl Hours {
    /// Weights of the hours from midnight on.
    pub fn new(weights: &[u64; 24]) -> Self {
        Self(Weighted::new(weights))
    }

    /// Microseconds since midnight, whole seconds.
    #[inline]
    pub fn pick(&self, entropy: u64) -> i64 {
        let hour = self.0.pick(entropy) as u64;
        let second = below(remix(entropy), 3_600);
        (hour * 3_600 + second).cast_signed() * MICROS_PER_SECOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Stream;

    #[test]
    fn days_are_drawn_by_weight_and_in_order() {
        // Weekdays weigh 3, week ends 1, the first day 0.
        let days = Days::new(100, 799, |day| match (day, weekday(day)) {
            (100, _) => 0,
            (_, 0..5) => 3,
            _ => 1,
        });
        let stream = Stream::new(1, "test", "days");
        let n = 40_000_u64;
        let (mut week_end, mut last) = (0, 0);
        for k in 0..n {
            let day = days.pick(100, 799, stratum(k, n, stream.draw(k)));
            assert!(
                (101..=799).contains(&day) && day >= last,
                "{day} after {last}"
            );
            last = day;
            week_end += u64::from(weekday(day) >= 5);
        }
        // 2 of 17.
        let share = week_end as f64 / n as f64;
        assert!((share - 2.0 / 17.0).abs() < 0.002, "{share}");
        for k in 0..1_000 {
            let day = days.pick(300, 302, stream.draw(k));
            assert!((300..=302).contains(&day));
            assert_eq!(days.pick(300, 300, stream.draw(k)), 300);
        }
    }

    #[test]
    fn weekdays_are_those_of_the_calendar() {
        // 2026-01-01 was a Thursday.
        assert_eq!(weekday(crate::calendar::REFERENCE_DATE), 3);
        assert_eq!(day_of(end_of(-5)), -5);
        assert_eq!(day_of(end_of(7) + 1), 8);
    }
}
