//! Values in constraints, and the arithmetic Postgres does with them.

use std::cmp::Ordering;
use std::fmt;

use super::decimal::Decimal;
use crate::calendar::{self, MICROS_PER_DAY};

/// A value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Literal {
    /// NULL.
    Null,
    /// A truth value.
    Boolean(bool),
    /// A number of any numeric type.
    Number(Decimal),
    /// Text of any character type; also the label of an enumerated type.
    Text(String),
    /// A date in days since 1970-01-01.
    Date(i32),
    /// A time of day in microseconds since midnight.
    Time(i64),
    /// A timestamp in microseconds since 1970-01-01 00:00. With time zone: UTC.
    Timestamp(i64),
    /// A span of time.
    Interval(Interval),
    /// A value of another type in its text form.
    Other {
        /// The text, without quotes.
        text: String,
        /// The type's name.
        type_name: String,
    },
}

/// A span of time in the three parts that Postgres keeps apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    /// Months, a year being twelve.
    pub months: i32,
    /// Days.
    pub days: i32,
    /// Microseconds.
    pub micros: i64,
}

impl Interval {
    /// Length in microseconds with days of 24 hours and months of 30 days, by which Postgres
    /// compares intervals.
    pub fn span(self) -> i128 {
        let days = i128::from(self.months) * 30 + i128::from(self.days);
        days * i128::from(MICROS_PER_DAY) + i128::from(self.micros)
    }

    /// The opposite span.
    #[must_use]
    pub const fn negated(self) -> Self {
        Self {
            months: self.months.wrapping_neg(),
            days: self.days.wrapping_neg(),
            micros: self.micros.wrapping_neg(),
        }
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            micros: self.micros.checked_add(other.micros)?,
        })
    }

    /// Reads what Postgres prints under `IntervalStyle` postgres: `1 year 2 mons -3 days
    /// 04:05:06.7`; also `30 minutes` and other units.
    pub fn parse(text: &str) -> Option<Self> {
        let mut interval = Self::default();
        let mut words = text.split_whitespace();
        let mut any = false;
        while let Some(word) = words.next() {
            any = true;
            if word.contains(':') {
                let (negative, clock) = match word.strip_prefix('-') {
                    Some(rest) => (true, rest),
                    None => (false, word.strip_prefix('+').unwrap_or(word)),
                };
                let micros = parse_clock(clock)?;
                interval.micros =
                    interval
                        .micros
                        .checked_add(if negative { -micros } else { micros })?;
                continue;
            }
            let count: i32 = word.parse().ok()?;
            let unit = words.next()?.to_ascii_lowercase();
            let unit = unit.strip_suffix('s').unwrap_or(&unit);
            let micros_each = match unit {
                "year" => {
                    interval.months = interval.months.checked_add(count.checked_mul(12)?)?;
                    0
                }
                "mon" | "month" => {
                    interval.months = interval.months.checked_add(count)?;
                    0
                }
                "week" => {
                    interval.days = interval.days.checked_add(count.checked_mul(7)?)?;
                    0
                }
                "day" => {
                    interval.days = interval.days.checked_add(count)?;
                    0
                }
                "hour" => 3_600_000_000,
                "minute" | "min" => 60_000_000,
                "second" | "sec" => 1_000_000,
                _ => return None,
            };
            interval.micros = interval
                .micros
                .checked_add(i64::from(count).checked_mul(micros_each)?)?;
        }
        any.then_some(interval)
    }
}

/// `HH:MM[:SS[.ffffff]]` in microseconds.
fn parse_clock(text: &str) -> Option<i64> {
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let seconds = Decimal::parse(parts.next().unwrap_or("0"))?;
    let micros = i64::try_from(seconds.rescaled(6)?.units).ok()?;
    if parts.next().is_some() || !(0..60).contains(&minutes) {
        return None;
    }
    hours
        .checked_mul(3600)?
        .checked_add(minutes * 60)?
        .checked_mul(1_000_000)?
        .checked_add(micros)
}

/// `YYYY-MM-DD[ clock[zone]]` in microseconds UTC, and whether a zone was given.
fn parse_timestamp(text: &str) -> Option<(i64, bool)> {
    let (date, rest) = match text.split_once([' ', 'T']) {
        Some((date, rest)) => (date, rest.trim()),
        None => (text, ""),
    };
    let day = i64::from(calendar::parse_date(date)?).checked_mul(MICROS_PER_DAY)?;
    if rest.is_empty() {
        return Some((day, false));
    }
    let (clock, zone) = match rest.find(['+', '-', 'Z']) {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let (sign, digits) = zone.split_at(1);
            let seconds = if digits.contains(':') {
                parse_clock(digits)?
            } else {
                digits.parse::<i64>().ok()?.checked_mul(3_600_000_000)?
            };
            if sign == "-" { -seconds } else { seconds }
        }
    };
    let micros = day.checked_add(parse_clock(clock.trim())?)?;
    Some((micros.checked_sub(offset)?, !zone.is_empty()))
}

impl Literal {
    /// A whole number.
    pub const fn whole(number: i128) -> Self {
        Self::Number(Decimal::whole(number))
    }

    /// The value that `text` means as a value of a type, named as Postgres prints it.
    pub fn typed(text: &str, type_name: &str) -> Self {
        let known = match type_name {
            "text" | "character varying" | "bpchar" | "character" | "name" | "citext" => {
                Some(Self::Text(text.to_owned()))
            }
            "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "oid" => {
                Decimal::parse(text).map(Self::Number)
            }
            "boolean" => match text {
                "t" | "true" => Some(Self::Boolean(true)),
                "f" | "false" => Some(Self::Boolean(false)),
                _ => None,
            },
            "date" => calendar::parse_date(text).map(Self::Date),
            "time" | "time without time zone" => parse_clock(text).map(Self::Time),
            "timestamp" | "timestamp without time zone" => parse_timestamp(text)
                .and_then(|(micros, zone)| (!zone).then_some(Self::Timestamp(micros))),
            "timestamptz" | "timestamp with time zone" => parse_timestamp(text)
                .and_then(|(micros, zone)| zone.then_some(Self::Timestamp(micros))),
            "interval" => Interval::parse(text).map(Self::Interval),
            _ => None,
        };
        known.unwrap_or_else(|| Self::Other {
            text: text.to_owned(),
            type_name: type_name.to_owned(),
        })
    }

    /// Compares two values of one kind, dates with timestamps too; `None` where the order is not
    /// known: NULL, and texts that differ, whose order is the collation's.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => Some(a.compare(*b)),
            (Self::Boolean(a), Self::Boolean(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            (Self::Time(a), Self::Time(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => {
                Some(a.cmp(b))
            }
            (Self::Date(a), Self::Timestamp(b)) => Some((i64::from(*a) * MICROS_PER_DAY).cmp(b)),
            (Self::Timestamp(a), Self::Date(b)) => Some(a.cmp(&(i64::from(*b) * MICROS_PER_DAY))),
            (Self::Interval(a), Self::Interval(b)) => Some(a.span().cmp(&b.span())),
            (Self::Text(a), Self::Text(b)) if a == b => Some(Ordering::Equal),
            (Self::Other { text: a, .. }, Self::Other { text: b, .. }) if a == b => {
                Some(Ordering::Equal)
            }
            _ => None,
        }
    }

    /// Whether two values are equal; `None` where that is not known. Texts are equal if they are
    /// the same characters, as under any deterministic collation.
    pub fn equals(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => Some(a == b),
            (Self::Null, _) | (_, Self::Null) => None,
            // Spelt differently, they may still be equal: one uuid in capitals.
            _ => self.compare(other).map(Ordering::is_eq),
        }
    }

    /// The sum as Postgres computes it: of numbers, of a date and a number of days, of a date or
    /// timestamp and an interval (which gives a timestamp; months end on the last day there is),
    /// of intervals. `None` if there is none.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.plus(*b).map(Self::Number),
            (Self::Date(day), Self::Number(days)) | (Self::Number(days), Self::Date(day)) => {
                let days = i32::try_from(days.rescaled(0)?.units).ok()?;
                day.checked_add(days).map(Self::Date)
            }
            (Self::Date(day), Self::Interval(span)) | (Self::Interval(span), Self::Date(day)) => {
                Self::Timestamp(i64::from(*day) * MICROS_PER_DAY).plus(&Self::Interval(*span))
            }
            (Self::Timestamp(micros), Self::Interval(span))
            | (Self::Interval(span), Self::Timestamp(micros)) => {
                let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).ok()?;
                let clock = micros.rem_euclid(MICROS_PER_DAY);
                let day = plus_months(day, span.months)?.checked_add(span.days)?;
                i64::from(day)
                    .checked_mul(MICROS_PER_DAY)?
                    .checked_add(clock)?
                    .checked_add(span.micros)
                    .map(Self::Timestamp)
            }
            (Self::Date(day), Self::Time(clock)) => i64::from(*day)
                .checked_mul(MICROS_PER_DAY)?
                .checked_add(*clock)
                .map(Self::Timestamp),
            (Self::Interval(a), Self::Interval(b)) => a.plus(*b).map(Self::Interval),
            _ => None,
        }
    }

    /// The difference, as [`plus`](Self::plus); of two dates a number of days, of two timestamps
    /// an interval.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        match (self, other) {
            (Self::Date(a), Self::Date(b)) => Some(Self::whole(i128::from(*a) - i128::from(*b))),
            (Self::Date(_) | Self::Timestamp(_), Self::Date(_) | Self::Timestamp(_)) => {
                let (a, b) = (self.micros()?, other.micros()?);
                let span = a.checked_sub(b)?;
                Some(Self::Interval(Interval {
                    months: 0,
                    days: i32::try_from(span / MICROS_PER_DAY).ok()?,
                    micros: span % MICROS_PER_DAY,
                }))
            }
            _ => self.plus(&other.negated()?),
        }
    }

    /// The number or interval with the opposite sign.
    pub fn negated(&self) -> Option<Self> {
        match self {
            Self::Number(number) => Some(Self::Number(number.negated())),
            Self::Interval(span) => Some(Self::Interval(span.negated())),
            _ => None,
        }
    }

    /// Microseconds since 1970-01-01 00:00 of a date or timestamp.
    pub fn micros(&self) -> Option<i64> {
        match self {
            Self::Date(day) => Some(i64::from(*day) * MICROS_PER_DAY),
            Self::Timestamp(micros) => Some(*micros),
            _ => None,
        }
    }
}

/// The day some months later; where there is no such day, the last one of the month.
fn plus_months(day: i32, months: i32) -> Option<i32> {
    if months == 0 {
        return Some(day);
    }
    let (year, month, of_month) = calendar::date_from_days(day)?;
    let count = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
    let year = i32::try_from(count.div_euclid(12)).ok()?;
    let month = u32::try_from(count.rem_euclid(12)).ok()? + 1;
    (28..=of_month)
        .rev()
        .chain(std::iter::once(of_month))
        .find_map(|day| calendar::days_from_date(year, month, day))
}

/// The text form, which Postgres reads back; a timestamp has no zone behind it. NULL is `NULL`.
impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Number(number) => write!(f, "{number}"),
            Self::Text(text) | Self::Other { text, .. } => f.write_str(text),
            Self::Date(day) => f.write_str(&calendar::format_date(*day)),
            Self::Time(micros) => write_clock(*micros, f),
            Self::Timestamp(micros) => {
                let day = i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0);
                write!(f, "{} ", calendar::format_date(day))?;
                write_clock(micros.rem_euclid(MICROS_PER_DAY), f)
            }
            Self::Interval(span) => {
                write!(f, "{} mons {} days ", span.months, span.days)?;
                if span.micros < 0 {
                    f.write_str("-")?;
                }
                write_clock(span.micros.saturating_abs(), f)
            }
        }
    }
}

fn write_clock(micros: i64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let seconds = micros / 1_000_000;
    let (hours, minutes, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    write!(f, "{hours:02}:{minutes:02}:{second:02}")?;
    match micros % 1_000_000 {
        0 => Ok(()),
        rest => write!(f, ".{rest:06}"),
    }
}
