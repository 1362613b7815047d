//! The days on which banks settle: Monday to Friday without the holidays of the Federal Reserve Banks.
//!
//! Holidays follow the rules as they are today, backwards and forwards in time, apart from those that
//! began within memory (Martin Luther King Jr. Day 1986, Juneteenth 2022). A holiday on a Sunday is kept on
//! Monday; on the Friday before a holiday on a Saturday the Reserve Banks are open.
//!
//! ```
//! use synth_engine::calendar::parse_date;
//! use synth_engine::domain::finance::bank_days::{business_day, is_business_day, last_business_day};
//!
//! let christmas = parse_date("2025-12-25").unwrap();
//! assert!(!is_business_day(christmas) && is_business_day(christmas + 1));
//! assert_eq!(business_day(christmas), christmas + 1);
//! assert_eq!(last_business_day(christmas), christmas - 1);
//! ```

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use super::bank::weekday;
use crate::calendar::days_from_date;

/// The years that generated data can touch; before and after them only weekends count.
const YEARS: RangeInclusive<i32> = 1870..=2210;

/// No run of days without business is longer: a weekend and a holiday before or after it.
const LONGEST: i32 = 4;

/// For each day how far it is to the next business day, itself included, and back to the last.
struct Calendar {
    first: i32,
    steps: Vec<(u8, u8)>,
}

static CALENDAR: LazyLock<Calendar> = LazyLock::new(|| {
    let first = days_from_date(*YEARS.start(), 1, 1).unwrap_or(0);
    let end = days_from_date(*YEARS.end() + 1, 1, 1).unwrap_or(first);
    let mut open: Vec<bool> = (first..end).map(|day| weekday(day) < 5).collect();
    for holiday in YEARS.flat_map(holidays) {
        if let Ok(place) = usize::try_from(holiday - first)
            && let Some(open) = open.get_mut(place)
        {
            *open = false;
        }
    }
    // Before and after the calendar every day counts as open.
    let is_open = |day: i32| {
        let place = usize::try_from(day - first).unwrap_or(usize::MAX);
        open.get(place).copied().unwrap_or(true)
    };
    let steps = |day: i32, step: i32| {
        let far = (0..=LONGEST).find(|far| is_open(day + step * far));
        u8::try_from(far.unwrap_or(0)).unwrap_or(0)
    };
    Calendar {
        first,
        steps: (first..end)
            .map(|day| (steps(day, 1), steps(day, -1)))
            .collect(),
    }
});

/// The holidays of a year as they are kept.
fn holidays(year: i32) -> impl Iterator<Item = i32> {
    let on = move |month, day| days_from_date(year, month, day).unwrap_or(0);
    // The n-th of a weekday in a month; 0 is Monday.
    let nth = move |month, day_of_week: i32, n: i32| {
        let first = on(month, 1);
        first + (day_of_week - place_in_week(first)).rem_euclid(7) + 7 * (n - 1)
    };
    let may_ends = on(5, 31);
    let since = |first: i32, day: i32| (year >= first).then_some(day);
    [
        Some(on(1, 1)),
        since(1986, nth(1, 0, 3)),
        Some(nth(2, 0, 3)),
        Some(may_ends - place_in_week(may_ends)),
        since(2022, on(6, 19)),
        Some(on(7, 4)),
        Some(nth(9, 0, 1)),
        Some(nth(10, 0, 2)),
        Some(on(11, 11)),
        Some(nth(11, 3, 4)),
        Some(on(12, 25)),
    ]
    .into_iter()
    .flatten()
    // A Saturday is closed anyway.
    .map(|day| day + i32::from(weekday(day) == 6))
}

/// 0 for Monday to 6 for Sunday.
fn place_in_week(day: i32) -> i32 {
    i32::try_from(weekday(day)).unwrap_or(0)
}

/// How far it is to the next business day and to the last.
#[inline]
fn steps(day: i32) -> (u8, u8) {
    let calendar = &*CALENDAR;
    let place = usize::try_from(i64::from(day) - i64::from(calendar.first)).unwrap_or(usize::MAX);
    calendar
        .steps
        .get(place)
        .copied()
        .unwrap_or(match weekday(day) {
            5 => (2, 1),
            6 => (1, 2),
            _ => (0, 0),
        })
}

/// Whether banks settle on a day.
#[inline]
pub fn is_business_day(day: i32) -> bool {
    steps(day).0 == 0
}

/// The day itself or the next business day after it.
#[inline]
pub fn business_day(day: i32) -> i32 {
    day + i32::from(steps(day).0)
}

/// The day itself or the last business day before it.
#[inline]
pub fn last_business_day(day: i32) -> i32 {
    day - i32::from(steps(day).1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{format_date, parse_date};

    /// The holidays that the Federal Reserve Banks announced for 2009, 2010 and 2025.
    #[test]
    fn holidays_are_those_announced() {
        for (year, announced) in [
            (
                "2009",
                "01-01 01-19 02-16 05-25 09-07 10-12 11-11 11-26 12-25",
            ),
            (
                "2010",
                "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25",
            ),
            (
                "2025",
                "01-01 01-20 02-17 05-26 06-19 07-04 09-01 10-13 11-11 11-27 12-25",
            ),
        ] {
            let first = parse_date(&format!("{year}-01-01")).unwrap();
            let closed: Vec<String> = (first..first + 365)
                .filter(|day| weekday(*day) < 5 && !is_business_day(*day))
                .map(|day| format_date(day)[5..].to_owned())
                .collect();
            assert_eq!(closed.join(" "), announced, "{year}");
        }
    }

    #[test]
    fn steps_lead_to_business_days() {
        for day in (-36_524..88_000).chain([i32::MIN + 10, i32::MAX - 10]) {
            let (next, last) = (business_day(day), last_business_day(day));
            assert!(last <= day && day <= next && next - day <= LONGEST && day - last <= LONGEST);
            assert!(is_business_day(next) && is_business_day(last), "{day}");
            assert_eq!(next == day, last == day, "{day}");
        }
    }
}
