//! Civil dates as days since 1970-01-01, the unit of Arrow's `Date32`.
//!
//! ```
//! use synth_engine::calendar::{days_from_date, parse_date};
//!
//! assert_eq!(days_from_date(1970, 1, 2), Some(1));
//! assert_eq!(parse_date("2026-01-01"), Some(20_454));
//! ```

use chrono::{Datelike, NaiveDate};

/// The date at which generated data stands still unless told otherwise: 2026-01-01. It is a
/// constant, so that a seed gives the same rows in ten years.
pub const REFERENCE_DATE: i32 = 20_454;

/// Earliest and latest `as_of`: 1900-01-01 and 2199-12-31.
pub const AS_OF_RANGE: std::ops::RangeInclusive<i32> = -25_567..=84_005;

/// Microseconds in a day.
pub const MICROS_PER_DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01 of a civil date, if there is such a date.
pub fn days_from_date(year: i32, month: u32, day: u32) -> Option<i32> {
    NaiveDate::from_ymd_opt(year, month, day).map(|date| date.to_epoch_days())
}

/// Year, month and day; `None` outside the years -262143 to 262142.
pub fn date_from_days(days: i32) -> Option<(i32, u32, u32)> {
    NaiveDate::from_epoch_days(days).map(|date| (date.year(), date.month(), date.day()))
}

/// Reads `YYYY-MM-DD`.
pub fn parse_date(text: &str) -> Option<i32> {
    let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
    Some(date.to_epoch_days())
}

/// `YYYY-MM-DD`, the inverse of [`parse_date`].
pub fn format_date(days: i32) -> String {
    NaiveDate::from_epoch_days(days).map_or_else(|| days.to_string(), |date| date.to_string())
}

/// The same calendar day `years` earlier; 29 February becomes 28 February where there is none.
pub fn years_before(days: i32, years: i32) -> i32 {
    let Some((year, month, day)) = date_from_days(days) else {
        return days;
    };
    days_from_date(year - years, month, day)
        .or_else(|| days_from_date(year - years, month, day - 1))
        .unwrap_or(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_the_dates_they_say() {
        assert_eq!(parse_date("2026-01-01"), Some(REFERENCE_DATE));
        assert_eq!(parse_date("1900-01-01"), Some(*AS_OF_RANGE.start()));
        assert_eq!(parse_date("2199-12-31"), Some(*AS_OF_RANGE.end()));
    }

    #[test]
    fn leap_days_have_an_anniversary_every_year() {
        let leap = days_from_date(2024, 2, 29).unwrap();
        assert_eq!(years_before(leap, 1), days_from_date(2023, 2, 28).unwrap());
        assert_eq!(years_before(leap, 4), days_from_date(2020, 2, 29).unwrap());
    }
}
