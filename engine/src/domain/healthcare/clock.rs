//! The clock on the wall: local time of states, and the hours at which offices see patients.
//!
//! Instants are UTC. A state has the time of most of its people, with daylight saving time by the rule of
//! today in every year. Whoever looks at dates does so in UTC, too, where an evening in the west is the
//! next day; so that a visit has one date by either clock, offices that are eight or more hours behind see
//! nobody after midnight UTC, which is 16:00 in California in winter and 14:00 in Hawaii.
//!
//! ```
//! use synth_engine::calendar::parse_date;
//! use synth_engine::domain::healthcare::clock::Clock;
//!
//! let california = Clock::of_state("CA");
//! let summer = parse_date("2025-07-01").unwrap();
//! assert_eq!(california.behind(summer), 7 * 60);
//! assert_eq!(california.behind(summer + 180), 8 * 60);
//! ```

use std::sync::LazyLock;

use crate::calendar::{MICROS_PER_DAY, date_from_days};
use crate::entropy::below;
use crate::generator::data::US_STATES;

const MINUTE: i64 = 60_000_000;

/// Minutes of a day.
const DAY: i64 = 1_440;

/// Offices are open from 8:00 to 17:00.
const OPENS: i64 = 8 * 60;
const CLOSES: i64 = 17 * 60;

/// Local time of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// Minutes behind UTC in winter.
    winter: i64,
    /// Whether it is put forward in summer.
    summer: bool,
}

/// By the index of the state.
static CLOCKS: LazyLock<Vec<Clock>> = LazyLock::new(|| {
    let states = US_STATES.iter();
    states.map(|state| Clock::of_state(state.state)).collect()
});

impl Clock {
    /// Of the state with an index among [`US_STATES`].
    #[inline]
    pub fn of(state: usize) -> Self {
        CLOCKS.get(state).copied().unwrap_or(Self::of_state(""))
    }

    /// Of the state with a code: the time zone of most of its people (US Department of Transportation, 49
    /// CFR part 71; from memory). Arizona and Hawaii keep standard time.
    pub fn of_state(code: &str) -> Self {
        let hours = match code {
            "HI" => 10,
            "AK" => 9,
            "CA" | "NV" | "OR" | "WA" => 8,
            "AZ" | "CO" | "ID" | "MT" | "NM" | "UT" | "WY" => 7,
            "AL" | "AR" | "IA" | "IL" | "KS" | "LA" | "MN" | "MO" | "MS" | "ND" | "NE" | "OK"
            | "SD" | "TN" | "TX" | "WI" => 6,
            _ => 5,
        };
        Self {
            winter: hours * 60,
            summer: !matches!(code, "AZ" | "HI"),
        }
    }

    /// Minutes behind UTC on a day.
    #[inline]
    pub fn behind(self, day: i32) -> i64 {
        if self.summer && is_summer(day) {
            self.winter - 60
        } else {
            self.winter
        }
    }

    /// The instant of a minute of the local day, on the date that it has in UTC.
    #[inline]
    pub fn at(self, day: i32, minute: i64) -> i64 {
        let minute = (minute + self.behind(day)).rem_euclid(DAY);
        i64::from(day) * MICROS_PER_DAY + minute * MINUTE
    }

    /// When a visit of so many minutes begins at an office: every five minutes, so that it is over when the
    /// office closes.
    #[inline]
    pub fn appointment(self, day: i32, minutes: i64, entropy: u64) -> i64 {
        let closes = CLOSES.min(DAY - 1 - self.behind(day));
        let slots = ((closes - OPENS - minutes) / 5 + 1).max(1);
        let slot = below(entropy, slots.unsigned_abs());
        self.at(day, OPENS + 5 * i64::try_from(slot).unwrap_or(0))
    }

    /// The minute of the local day at an instant.
    pub fn minute(self, instant: i64) -> i64 {
        let day = i32::try_from(instant.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
        (instant.div_euclid(MINUTE) - self.behind(day)).rem_euclid(DAY)
    }
}

/// From the second Sunday of March to the first of November (Energy Policy Act of 2005).
#[inline]
fn is_summer(day: i32) -> bool {
    let Some((_, month, of_month)) = date_from_days(day) else {
        return false;
    };
    // 1970-01-01 was a Thursday: days since the last Sunday, and the date of that.
    let sunday = i64::from(of_month) - i64::from((day + 4).rem_euclid(7));
    match month {
        3 => sunday >= 8,
        11 => sunday < 1,
        _ => (4..=10).contains(&month),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_date;

    fn day(text: &str) -> i32 {
        parse_date(text).unwrap()
    }

    /// Daylight saving time began and ended on these days (US Naval Observatory; from memory).
    #[test]
    fn summer_begins_and_ends_on_sundays() {
        for (from, to) in [
            ("2023-03-12", "2023-11-05"),
            ("2024-03-10", "2024-11-03"),
            ("2025-03-09", "2025-11-02"),
            ("2026-03-08", "2026-11-01"),
        ] {
            let (from, to) = (day(from), day(to));
            assert!(!is_summer(from - 1) && is_summer(from));
            assert!(is_summer(to - 1) && !is_summer(to));
        }
    }

    #[test]
    fn states_have_their_time() {
        let (winter, summer) = (day("2025-01-15"), day("2025-07-15"));
        for (state, in_winter, in_summer) in [
            ("NY", 5, 4),
            ("TX", 6, 5),
            ("CO", 7, 6),
            ("AZ", 7, 7),
            ("CA", 8, 7),
            ("AK", 9, 8),
            ("HI", 10, 10),
        ] {
            let place = US_STATES.iter().position(|s| s.state == state).unwrap();
            let clock = Clock::of(place);
            assert_eq!(clock.behind(winter), in_winter * 60, "{state}");
            assert_eq!(clock.behind(summer), in_summer * 60, "{state}");
            assert_eq!(clock.minute(clock.at(summer, 1_439)), 1_439);
        }
    }

    /// Appointments are within office hours by the local clock, and have one date by either.
    #[test]
    fn appointments_are_within_office_hours() {
        for state in 0..US_STATES.len() {
            let clock = Clock::of(state);
            for on in (day("2024-01-01")..day("2025-01-01")).step_by(9) {
                for (k, minutes) in [(0, 10), (1, 55), (u64::MAX / 2, 30), (u64::MAX, 55)] {
                    let from = clock.appointment(on, minutes, k);
                    let to = from + minutes * MINUTE;
                    assert!(clock.minute(from) >= OPENS && clock.minute(to) <= CLOSES);
                    for instant in [from, to] {
                        assert_eq!(instant.div_euclid(MICROS_PER_DAY), i64::from(on));
                        let local = instant - clock.behind(on) * MINUTE;
                        assert_eq!(local.div_euclid(MICROS_PER_DAY), i64::from(on));
                    }
                }
            }
        }
    }
}
