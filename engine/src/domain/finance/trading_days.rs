//! The days on which US securities trade, their hours, and the day on which a trade settles.
//!
//! Holidays follow the rules of the New York Stock Exchange as they are today, backwards and forwards
//! in time, apart from those that began within memory (Martin Luther King Jr. Day 1998, Juneteenth
//! 2022); extraordinary closings since 2001 are listed. Settlement is counted in trading days.
//!
//! ```
//! use synth_engine::calendar::parse_date;
//! use synth_engine::domain::finance::trading_days::{last_sessions, trades_on};
//!
//! let new_year = parse_date("2026-01-01").unwrap();
//! assert!(!trades_on(new_year));
//! assert_eq!(last_sessions(new_year, 1)[0].day, new_year - 1);
//! ```

use std::ops::RangeInclusive;
use std::sync::LazyLock;

use crate::calendar::{MICROS_PER_DAY, date_from_days, days_from_date};

const MICROS_PER_MINUTE: i64 = 60_000_000;

/// Closings that follow from no rule: 11 to 14 September 2001, mourning for Presidents Reagan, Ford,
/// Bush and Carter, and Hurricane Sandy.
const CLOSINGS: [(i32, u32, u32); 10] = [
    (2001, 9, 11),
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),
    (2007, 1, 2),
    (2012, 10, 29),
    (2012, 10, 30),
    (2018, 12, 5),
    (2025, 1, 9),
];

/// One day of trading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// Days since 1970-01-01.
    pub day: i32,
    /// 9:30 in New York, as microseconds since 1970-01-01 00:00 UTC.
    pub opens_at: i64,
    /// How long: 390 minutes, and 210 on days that end at 13:00.
    pub minutes: u32,
}

impl Session {
    /// The end of trading, as microseconds since 1970-01-01 00:00 UTC.
    pub fn closes_at(&self) -> i64 {
        self.opens_at + i64::from(self.minutes) * MICROS_PER_MINUTE
    }
}

/// The last `count` sessions up to a day, that day included, in order.
pub fn last_sessions(until: i32, count: usize) -> Vec<Session> {
    let mut sessions = Vec::with_capacity(count);
    let mut day = until;
    while sessions.len() < count {
        with_year(day, |year| {
            if year.trades_on(day) {
                sessions.push(year.session(day));
            }
        });
        day -= 1;
    }
    sessions.reverse();
    sessions
}

/// Whether securities trade on a day.
pub fn trades_on(day: i32) -> bool {
    with_year(day, |year| year.trades_on(day))
}

/// The years that generated data can touch, worked out once.
const YEARS: RangeInclusive<i32> = 1850..=2199;

/// Looks at the year of a day.
fn with_year<T>(day: i32, look: impl FnOnce(&Year) -> T) -> T {
    static KNOWN: LazyLock<Vec<Year>> = LazyLock::new(|| YEARS.map(Year::new).collect());
    let year = date_from_days(day).map_or(1970, |date| date.0);
    let place = usize::try_from(year - YEARS.start()).unwrap_or(usize::MAX);
    match KNOWN.get(place) {
        Some(known) => look(known),
        None => look(&Year::new(year)),
    }
}

/// How many trading days after the trade it settles: one for trades since 28 May 2024, two since
/// 5 September 2017, three before (SEC Rule 15c6-1).
pub fn settlement_lag(traded_on: i32) -> usize {
    const ONE_DAY: i32 = 19_871;
    const TWO_DAYS: i32 = 17_414;
    match traded_on {
        ONE_DAY.. => 1,
        TWO_DAYS.. => 2,
        _ => 3,
    }
}

/// A calendar year as the exchange has it.
struct Year {
    holidays: Vec<i32>,
    /// Days that end at 13:00.
    short: [i32; 3],
    /// The days between which New York has daylight saving time: the first and the one after the last.
    summer: (i32, i32),
}

impl Year {
    fn new(year: i32) -> Self {
        let on = |month, day| days_from_date(year, month, day).unwrap_or(0);
        // 0 is Sunday.
        let nth = |month, week_day: i32, n: i32| {
            let first = on(month, 1);
            first + (week_day - weekday(first)).rem_euclid(7) + 7 * (n - 1)
        };
        let (may_ends, thanksgiving) = (on(5, 31), nth(11, 4, 4));
        let mut holidays = vec![
            nth(2, 1, 3),
            easter(year, on(3, 1)) - 2,
            may_ends - (weekday(may_ends) - 1).rem_euclid(7),
            observed(on(7, 4)),
            nth(9, 1, 1),
            thanksgiving,
            observed(on(12, 25)),
        ];
        // New Year's Day on a Saturday is not made up for: the year before ends on a trading day.
        if weekday(on(1, 1)) != 6 {
            holidays.push(observed(on(1, 1)));
        }
        if year >= 1998 {
            holidays.push(nth(1, 1, 3));
        }
        if year >= 2022 {
            holidays.push(observed(on(6, 19)));
        }
        let closings = CLOSINGS.iter().filter(|closing| closing.0 == year);
        holidays.extend(closings.map(|closing| on(closing.1, closing.2)));
        Self {
            holidays,
            short: [on(7, 3), thanksgiving + 1, on(12, 24)],
            // Energy Policy Act of 2005; applied to every year.
            summer: (nth(3, 0, 2), nth(11, 0, 1)),
        }
    }

    fn trades_on(&self, day: i32) -> bool {
        !matches!(weekday(day), 0 | 6) && !self.holidays.contains(&day)
    }

    fn session(&self, day: i32) -> Session {
        let summer = (self.summer.0..self.summer.1).contains(&day);
        // 9:30 is 13:30 UTC in summer, 14:30 in winter.
        let minute = if summer { 810 } else { 870 };
        Session {
            day,
            opens_at: i64::from(day) * MICROS_PER_DAY + minute * MICROS_PER_MINUTE,
            minutes: if self.short.contains(&day) { 210 } else { 390 },
        }
    }
}

/// Day of the week, 0 for Sunday.
const fn weekday(day: i32) -> i32 {
    (day + 4).rem_euclid(7)
}

/// Holidays on a Saturday are kept on Friday, those on a Sunday on Monday.
const fn observed(day: i32) -> i32 {
    match weekday(day) {
        6 => day - 1,
        0 => day + 1,
        _ => day,
    }
}

/// Easter Sunday of the Gregorian calendar (the "anonymous" algorithm, Nature, 20 April 1876).
fn easter(year: i32, first_of_march: i32) -> i32 {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    // 22 March is the earliest.
    first_of_march + 21 + h + l - 7 * m
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{format_date, parse_date};

    fn sessions_of(year: i32) -> Vec<Session> {
        let last = days_from_date(year, 12, 31).unwrap();
        let first = days_from_date(year, 1, 1).unwrap();
        let mut sessions = last_sessions(last, 260);
        sessions.retain(|session| session.day >= first);
        sessions
    }

    /// Trading days a year as the NYSE had them: 2021 252, 2022 251, 2023 250, 2024 252, 2025 250
    /// (one less for President Carter), 2026 251.
    #[test]
    fn years_have_their_trading_days() {
        for (year, published) in [
            (2001, 248),
            (2021, 252),
            (2022, 251),
            (2023, 250),
            (2024, 252),
            (2025, 250),
            (2026, 251),
        ] {
            assert_eq!(sessions_of(year).len(), published, "{year}");
        }
    }

    /// nyse.com/markets/hours-calendars, 2024 to 2026.
    #[test]
    fn holidays_are_those_published() {
        for holiday in [
            "2024-01-01",
            "2024-01-15",
            "2024-02-19",
            "2024-03-29",
            "2024-05-27",
            "2024-06-19",
            "2024-07-04",
            "2024-09-02",
            "2024-11-28",
            "2024-12-25",
            "2025-01-01",
            "2025-01-20",
            "2025-02-17",
            "2025-04-18",
            "2025-05-26",
            "2025-06-19",
            "2025-07-04",
            "2025-09-01",
            "2025-11-27",
            "2025-12-25",
            "2026-01-01",
            "2026-01-19",
            "2026-02-16",
            "2026-04-03",
            "2026-05-25",
            "2026-06-19",
            "2026-07-03",
            "2026-09-07",
            "2026-11-26",
            "2026-12-25",
            "2022-12-26",
            "2020-07-03",
        ] {
            assert!(!trades_on(parse_date(holiday).unwrap()), "{holiday}");
        }
        for open in [
            "2021-12-31",
            "2010-12-31",
            "2025-10-13",
            "2025-11-11",
            "2021-06-18",
        ] {
            assert!(trades_on(parse_date(open).unwrap()), "{open}");
        }
    }

    #[test]
    fn hours_follow_new_york() {
        let on = |date: &str| last_sessions(parse_date(date).unwrap(), 1)[0];
        let midnight = |s: Session| i64::from(s.day) * MICROS_PER_DAY;
        let winter = on("2025-03-07");
        assert_eq!(winter.opens_at - midnight(winter), 870 * MICROS_PER_MINUTE);
        let summer = on("2025-03-10");
        assert_eq!(summer.opens_at - midnight(summer), 810 * MICROS_PER_MINUTE);
        assert_eq!(
            on("2025-11-03").opens_at % MICROS_PER_DAY,
            870 * MICROS_PER_MINUTE
        );
        for short in ["2025-07-03", "2025-11-28", "2025-12-24"] {
            assert_eq!(on(short).minutes, 210, "{short}");
        }
        assert_eq!(
            summer.closes_at() - summer.opens_at,
            390 * MICROS_PER_MINUTE
        );
    }

    #[test]
    fn settlement_became_quicker() {
        for (date, lag) in [
            ("2017-09-01", 3),
            ("2017-09-05", 2),
            ("2024-05-24", 2),
            ("2024-05-28", 1),
        ] {
            assert_eq!(settlement_lag(parse_date(date).unwrap()), lag, "{date}");
        }
    }

    #[test]
    fn every_window_is_full_and_in_order() {
        for until in ["1900-01-01", "1970-01-01", "2199-12-31"] {
            let until = parse_date(until).unwrap();
            let sessions = last_sessions(until, 504);
            assert_eq!(sessions.len(), 504);
            assert!(sessions.is_sorted_by(|a, b| a.day < b.day));
            let span = until - sessions[0].day;
            assert!((720..750).contains(&span), "{} {span}", format_date(until));
        }
    }
}
