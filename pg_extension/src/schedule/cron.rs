//! When a job is due: cron expressions and time windows, in the time zones of the server.
//!
//! Parsing and search are the crate `croner`'s; the clock is Postgres's. So the zones, and the days
//! on which clocks change, are those that `AT TIME ZONE` knows: what falls into the hour that a
//! change of clocks leaves out runs at its end, what falls into the hour that comes twice runs once
//! if it has a fixed time, and twice if it comes every so many minutes or hours.

use std::cmp::Ordering;
use std::ffi::CString;

use croner::errors::CronError;
use croner::parser::{CronParser, Seconds, Year};
use croner::{CivilDate, CivilDateTime, CivilTime, Cron, CronDateTime, Resolution, Weekday};
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys;

use crate::boundary::check_for_interrupts;
use crate::error::raise;

/// The longest expression, and the longest name of a zone, in bytes.
const LONGEST: usize = 200;

/// Julian day of 1970-01-01.
const EPOCH: i64 = pg_sys::UNIX_EPOCH_JDATE as i64;

const DAY: i64 = 86_400;

/// Occurrences that are looked at for one inside the window.
const MOST_LOOKED_AT: usize = 10_000;

/// The expression, the zone and the window of a job.
pub struct Timing {
    cron: Cron,
    zone: Zone,
    window: Option<Window>,
}

/// The hours in which a job may run: seconds of the day, in the job's zone. Where the end is not
/// after the start, it is on the next day.
#[derive(Clone, Copy)]
pub struct Window {
    /// First second.
    pub start: i64,
    /// The second after the last.
    pub stop: i64,
}

/// Why a timing cannot be read: message and hint.
pub type Problem = (String, &'static str);

impl Timing {
    /// Reads an expression of five fields, or a nickname such as `@daily`, and a zone's name.
    pub fn read(cron: &str, zone: &str, window: Option<Window>) -> Result<Self, Problem> {
        if window.is_some_and(|window| window.start == window.stop) {
            return Err((
                "the time window has no length".to_owned(),
                "Leave out window_start and window_stop for no window.",
            ));
        }
        Ok(Self {
            cron: parse(cron)?,
            zone: Zone::named(zone)?,
            window,
        })
    }

    /// The same, or an error.
    pub fn new(cron: &str, zone: &str, window: Option<Window>) -> Self {
        Self::read(cron, zone, window).unwrap_or_else(|(message, hint)| {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                message,
                Some(hint.to_owned()),
            )
        })
    }

    /// The next occurrence after a moment that falls into the window; None if there is none. Moments
    /// are seconds since 1970-01-01 00:00 UTC.
    pub fn next(&self, after: i64) -> Option<i64> {
        let mut moment = self.zone.at(after);
        for _ in 0..MOST_LOOKED_AT {
            check_for_interrupts();
            let next = self.cron.find_next_occurrence(&moment, false).ok()?;
            if next.unix <= moment.unix {
                return None;
            }
            if self.window.is_none() || self.window_end(next.unix).is_some() {
                return Some(next.unix);
            }
            moment = next;
        }
        None
    }

    /// Where the window ends that a moment falls into; None outside of it, and without one.
    pub fn window_end(&self, at: i64) -> Option<i64> {
        let window = self.window?;
        let civil = self.zone.at(at).to_civil();
        let (day, second) = (days(civil.date()), seconds(civil.time()));
        let (start, stop) = (window.start, window.stop);
        let end = match start < stop {
            true if second >= start && second < stop => day * DAY + stop,
            false if second < stop => day * DAY + stop,
            false if second >= start => (day + 1) * DAY + stop,
            _ => return None,
        };
        Some(self.zone.instant(end).max(at + 1))
    }

    /// When the window opens next, for a moment outside of it.
    pub fn window_opens(&self, at: i64) -> Option<i64> {
        let window = self.window?;
        let civil = self.zone.at(at).to_civil();
        let (day, second) = (days(civil.date()), seconds(civil.time()));
        let day = if second < window.start { day } else { day + 1 };
        Some(self.zone.instant(day * DAY + window.start).max(at + 1))
    }

    /// Whether there is a window.
    pub fn has_window(&self) -> bool {
        self.window.is_some()
    }
}

/// The name of the server's time zone: that of its log, which no session can change.
pub fn server_zone() -> String {
    // SAFETY: set before any session begins; the name is NUL-terminated.
    unsafe { crate::boundary::string(pg_sys::pg_get_timezone_name(pg_sys::log_timezone)) }
}

fn parse(expression: &str) -> Result<Cron, Problem> {
    let problem = |problem: &str| {
        (
            format!("cannot read the cron expression: {problem}"),
            "Write minute, hour, day of month, month and day of week, as in '30 2 * * 1-5', or one of @hourly, @daily, @weekly, @monthly and @yearly.",
        )
    };
    if expression.len() > LONGEST {
        return Err(problem("it is too long"));
    }
    CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build()
        .parse(expression)
        .map_err(|error| problem(error.to_string().trim_end_matches('.')))
}

/// A time zone of Postgres.
#[derive(Clone, Copy)]
struct Zone(*const pg_sys::pg_tz);

impl Zone {
    fn named(name: &str) -> Result<Self, Problem> {
        CString::new(name)
            .ok()
            .filter(|_| name.len() <= LONGEST)
            // SAFETY: the name is NUL-terminated; the zone is kept for the life of the process.
            .map(|name| unsafe { pg_sys::pg_tzset(name.as_ptr()) })
            .filter(|zone| !zone.is_null())
            // SAFETY: a zone that was found.
            .filter(|zone| unsafe { pg_sys::pg_tz_acceptable(*zone) })
            .map(|zone| Self(zone))
            .ok_or_else(|| {
                (
                    format!("there is no time zone {name:?}"),
                    "SELECT name FROM pg_timezone_names shows those that there are.",
                )
            })
    }

    fn at(self, unix: i64) -> Moment {
        Moment { unix, zone: self }
    }

    /// What the clock shows: seconds since 1970-01-01 00:00 as if it were UTC.
    fn wall(self, unix: i64) -> i64 {
        unix + self.offset(unix)
    }

    /// Seconds east of Greenwich.
    fn offset(self, unix: i64) -> i64 {
        // SAFETY: the zone is alive; the result is read at once.
        unsafe {
            let time: pg_sys::pg_time_t = unix;
            let local = pg_sys::pg_localtime(&raw const time, self.0);
            if local.is_null() {
                0
            } else {
                (*local).tm_gmtoff
            }
        }
    }

    /// The moments at which the clock shows this, the earlier first.
    fn moments(self, wall: i64) -> Vec<i64> {
        let mut found: Vec<i64> = [wall - DAY, wall + DAY]
            .into_iter()
            .map(|near| wall - self.offset(near))
            .filter(|unix| self.wall(*unix) == wall)
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// The moment at which the clock shows this last; after a gap if it never does.
    fn instant(self, wall: i64) -> i64 {
        let last = self.moments(wall).pop();
        last.unwrap_or_else(|| wall - self.offset(wall - DAY))
    }
}

/// A moment, seen in a zone.
#[derive(Clone)]
struct Moment {
    unix: i64,
    zone: Zone,
}

fn days(date: CivilDate) -> i64 {
    // SAFETY: arithmetic.
    let julian = unsafe { pg_sys::date2j(date.year(), date.month() as i32, date.day() as i32) };
    i64::from(julian) - EPOCH
}

fn seconds(time: CivilTime) -> i64 {
    i64::from(time.hour() * 3600 + time.minute() * 60 + time.second())
}

impl CronDateTime for Moment {
    fn to_civil(&self) -> CivilDateTime {
        let wall = self.zone.wall(self.unix);
        let (day, second) = (wall.div_euclid(DAY), wall.rem_euclid(DAY) as u32);
        let (mut year, mut month, mut of_month) = (0, 0, 0);
        // SAFETY: arithmetic; the results are written to the variables given.
        unsafe {
            pg_sys::j2date(
                (day + EPOCH) as i32,
                &raw mut year,
                &raw mut month,
                &raw mut of_month,
            );
        }
        CivilDateTime::from_ymd_hms_opt(
            year,
            month as u32,
            of_month as u32,
            second / 3600,
            second / 60 % 60,
            second % 60,
        )
        .unwrap_or_else(|| {
            raise(
                ERRCODE_DATETIME_FIELD_OVERFLOW,
                "the time is out of range".to_owned(),
                Some("Times run from 1970 to 5000.".to_owned()),
            )
        })
    }

    fn civil_weekday(&self) -> Weekday {
        // 1970-01-01 was a Thursday.
        let day = self.zone.wall(self.unix).div_euclid(DAY) + 4;
        Weekday::from_days_from_sunday(day.rem_euclid(7) as u32)
    }

    fn resolve_civil(&self, civil: CivilDateTime) -> Result<Resolution<Self>, CronError> {
        let moments = self
            .zone
            .moments(days(civil.date()) * DAY + seconds(civil.time()));
        Ok(match moments[..] {
            [] => Resolution::Gap,
            [only] => Resolution::Single(self.zone.at(only)),
            [earlier, .., later] => {
                Resolution::Ambiguous(self.zone.at(earlier), self.zone.at(later))
            }
        })
    }

    fn checked_add_seconds(&self, seconds: i64) -> Option<Self> {
        let unix = self.unix.checked_add(seconds)?;
        Some(self.zone.at(unix))
    }

    fn cmp_instant(&self, other: &Self) -> Ordering {
        self.unix.cmp(&other.unix)
    }
}
