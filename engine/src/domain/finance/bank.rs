//! The bank: what its tables have in common. Streams of draws, the months of the transaction history,
//! the places of a block of customers, and keys.
//!
//! A block of [`BLOCK`] customers is a network of branches: its customers live in sixteen areas, travel
//! between them and to four cities abroad, and buy at merchants there or online.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::finance::bank::{Bank, HISTORY};
//!
//! let bank = Bank::new("transactions", &TableOptions::default())?;
//! assert_eq!(bank.months.of(0).start, 19_723, "2024-01-01");
//! assert_eq!(bank.months.of(HISTORY).start, 20_454, "2026-01-01");
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::ops::Range;

use crate::calendar::years_before;
use crate::domain::TableOptions;
use crate::entropy::{Stream, round};
use crate::error::{Error, Result};
use crate::generator::address::{PLACES, Place};
use crate::generator::data::FINANCE_FOREIGN_CITIES as FOREIGN_CITIES;
use crate::registry::{Parameter, ParameterType};

/// Customers that share branches and merchants.
pub const BLOCK: u64 = 1024;
/// Areas of a block in the US, where its customers live.
pub const HOME_AREAS: u64 = 16;
/// Cities abroad that its customers travel to.
const ABROAD: u64 = 4;
/// All areas.
pub const AREAS: u64 = HOME_AREAS + ABROAD;

/// Whole months of transaction history, before the month of `as_of`.
pub const HISTORY: usize = 24;

/// The share of customers who become victims of fraud, where nothing else is asked for.
const DEFAULT_FRAUD_RATE: f64 = 0.03;

/// Parameter of the tables in which fraud shows.
pub const FRAUD_RATE: Parameter = Parameter {
    name: "fraud_rate",
    parameter_type: ParameterType::Number,
    default: Some("0.03"),
    summary: "Share of customers with an episode of fraud a year, 0 to 1; the same for all tables of a set.",
};

/// What the tables have in common.
#[derive(Debug, Clone)]
pub struct Bank {
    /// The last day that the data may mention.
    pub as_of: i32,
    /// The month that day lies in, counted from January of year 0.
    pub this_month: i32,
    /// The months of the transaction history.
    pub months: Months,
    /// Draws by customer or block.
    pub streams: Streams,
    /// Share of customers with an episode of fraud a year.
    pub fraud_rate: f64,
    /// For each number of years the day so many years before `as_of`.
    pub anniversaries: Vec<i32>,
}

/// The streams of draws.
#[derive(Debug, Clone, Copy)]
pub struct Streams {
    /// Where the areas of a block are.
    pub area: Stream,
    /// Merchants by number.
    pub merchant: Stream,
    /// What a customer is; splits are decisions.
    pub customer: Stream,
    /// Days of a customer's spending.
    pub spending: Stream,
    /// Episodes of fraud.
    pub fraud: Stream,
    /// Loans.
    pub loan: Stream,
    /// Cards.
    pub card: Stream,
    /// Accounts.
    pub account: Stream,
    /// Scores.
    pub score: Stream,
}

impl Bank {
    /// The bank of a seed and day; `entry` is the table that asks. `options.own[0]` is
    /// [`FRAUD_RATE`].
    pub fn new(entry: &'static str, options: &TableOptions) -> Result<Self> {
        options.check_day(entry)?;
        let fraud_rate = options.own[0].unwrap_or(DEFAULT_FRAUD_RATE);
        if !(0.0..=1.0).contains(&fraud_rate) {
            return Err(Error::Argument {
                entry,
                problem: "fraud_rate must lie between 0 and 1".to_owned(),
            });
        }
        let stream = |name| Stream::new(options.seed, "finance", name);
        Ok(Self {
            as_of: options.as_of,
            this_month: month_and_day(options.as_of).0,
            months: Months::before(options.as_of),
            streams: Streams {
                area: stream("area"),
                merchant: stream("merchant"),
                customer: stream("customer"),
                spending: stream("spending"),
                fraud: stream("fraud"),
                loan: stream("loan"),
                card: stream("card"),
                account: stream("account"),
                score: stream("score"),
            },
            fraud_rate,
            anniversaries: (0..=120).map(|y| years_before(options.as_of, y)).collect(),
        })
    }

    /// An area of a block, 0 to [`AREAS`] - 1.
    #[inline]
    pub fn area(&self, block: u64, area: u64) -> Area {
        if area < HOME_AREAS {
            let draw = self.streams.area.draw(block * HOME_AREAS + area);
            return Area::home(&PLACES.places()[PLACES.pick(draw)]);
        }
        // The step has no factor in common with the number of cities, so four of them differ.
        let cities = FOREIGN_CITIES.len() as u64;
        let first = self.streams.area.split(1).draw(block) % cities;
        let city = (first + (area - HOME_AREAS) * 5) % cities;
        let city = &FOREIGN_CITIES[usize::try_from(city).unwrap_or(0)];
        Area {
            city: city.city,
            state: None,
            zip: None,
            country: city.country,
            latitude: city.latitude,
            longitude: city.longitude,
            hours: whole_hours(city.hours),
            place: None,
        }
    }
}

/// A town.
#[derive(Debug, Clone, Copy)]
pub struct Area {
    /// City.
    pub city: &'static str,
    /// Two-letter state code; none abroad.
    pub state: Option<&'static str>,
    /// ZIP code; none abroad.
    pub zip: Option<&'static str>,
    /// Two-letter country code.
    pub country: &'static str,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// What to add to UTC to have local time, in hours. In the US by longitude, without summer time.
    pub hours: i32,
    /// The US place.
    pub place: Option<&'static Place>,
}

impl Area {
    #[inline]
    /// The town of a US place.
    pub fn home(place: &'static Place) -> Self {
        Self {
            city: place.city,
            state: Some(place.state),
            zip: Some(place.zip),
            country: "US",
            latitude: place.latitude,
            longitude: place.longitude,
            hours: whole_hours(place.longitude / 15.0),
            place: Some(place),
        }
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "hours of a day")]
fn whole_hours(hours: f64) -> i32 {
    round(hours) as i32
}

/// The months of the history: the whole ones before that of `as_of`, and this one as far as it is past.
#[derive(Debug, Clone)]
pub struct Months {
    /// Where each begins; the last is the end.
    starts: Vec<i32>,
    /// The calendar month of the first, 0 for January.
    first: usize,
}

impl Months {
    fn before(as_of: i32) -> Self {
        let (now, _) = month_and_day(as_of);
        let history = i32::try_from(HISTORY).unwrap_or(0);
        let mut starts: Vec<i32> = (now - history..=now)
            .map(|number| first_of_month(number).min(as_of))
            .collect();
        starts.push(as_of);
        Self {
            starts,
            first: usize::try_from((now - history).rem_euclid(12)).unwrap_or(0),
        }
    }

    /// The days of a month, 0 to [`HISTORY`]; the last may be none.
    #[inline]
    pub fn of(&self, month: usize) -> Range<i32> {
        self.starts[month.min(HISTORY)]..self.starts[month.min(HISTORY) + 1]
    }

    /// The first month that begins after a day: [`HISTORY`] + 1 if there is none.
    #[inline]
    pub fn after(&self, day: i32) -> usize {
        self.starts[..=HISTORY].partition_point(|start| *start <= day)
    }

    /// The calendar month of a month of the history, 0 for January.
    #[inline]
    pub fn calendar(&self, month: usize) -> usize {
        (self.first + month) % 12
    }
}

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i32 = 719_468;

/// The first day of a month, counted from January of year 0. Years are counted from March, so that the
/// leap day is their last (Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013): without a
/// look-up, as it is called for each payment of a loan.
#[inline]
pub fn first_of_month(number: i32) -> i32 {
    let from_march = number - 2;
    let (year, month) = (from_march.div_euclid(12), from_march.rem_euclid(12));
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let days = of_era * 365 + of_era / 4 - of_era / 100 + (153 * month + 2) / 5;
    era * 146_097 + days - EPOCH
}

/// The number of a day's month, counted from January of year 0, and its day of the month: the inverse
/// of [`first_of_month`].
#[inline]
pub fn month_and_day(day: i32) -> (i32, i32) {
    let days = day + EPOCH;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let of_month = of_year - (153 * month + 2) / 5 + 1;
    ((era * 400 + year) * 12 + month + 2, of_month)
}

/// The day of the week: 0 for Monday to 6 for Sunday.
#[inline]
pub fn weekday(day: i32) -> usize {
    // 1970-01-01 was a Thursday.
    usize::try_from((day + 3).rem_euclid(7)).unwrap_or(0)
}

/// Whole cents of an amount in cents, at least 0 and below 10^13.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "bounded on both sides")]
pub fn cents(amount: f64) -> i64 {
    round(amount.clamp(0.0, 1e13)) as i64
}

/// An amount of cents as a float: exact below 2^53.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "amounts are below 2^53 cents")]
pub fn float(cents: i64) -> f64 {
    cents as f64
}

/// e to the power of x, by the power series of x / 1024 squared ten times: only additions,
/// multiplications and divisions, so that it is the same on every machine. Relative error below
/// 1e-9 for |x| < 8.
#[inline]
pub fn exp(x: f64) -> f64 {
    let y = x / 1024.0;
    let mut power = 1.0 + y * (1.0 + y / 2.0 * (1.0 + y / 3.0 * (1.0 + y / 4.0)));
    for _ in 0..10 {
        power *= power;
    }
    power
}

/// The key of a customer.
#[inline]
pub const fn customer_id(unit: u64) -> i64 {
    (unit + 1).cast_signed()
}

/// The key of an account: 0 checking, 1 savings, 2 credit.
#[inline]
pub const fn account_id(unit: u64, account: u8) -> i64 {
    (unit * 4 + account as u64 + 1).cast_signed()
}

/// The key of a card: 0 to 2 of the checking account, 3 to 5 of the credit account.
#[inline]
pub const fn card_id(unit: u64, card: u8) -> i64 {
    (unit * 8 + card as u64 + 1).cast_signed()
}

/// The key of a merchant of a block, by its number there.
#[inline]
pub const fn merchant_id(block: u64, merchant: u16) -> i64 {
    (block * 1024 + merchant as u64 + 1).cast_signed()
}

/// The key of the episode of fraud in a year of the history, 0 or 1.
#[inline]
pub const fn fraud_episode_id(unit: u64, year: u8) -> i64 {
    (unit * 2 + year as u64 + 1).cast_signed()
}

/// The key of a loan.
#[inline]
pub const fn loan_id(unit: u64, loan: u8) -> i64 {
    (unit * 8 + loan as u64 + 1).cast_signed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{date_from_days, days_from_date};

    #[test]
    fn exp_is_exp() {
        for step in -80..=80 {
            let x = f64::from(step) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 1e-9, "{x}");
        }
    }

    /// Every day from 1880 to 2220, against the calendar of the crate chrono.
    #[test]
    fn days_and_months_are_those_of_the_calendar() {
        for day in -32_872..91_310 {
            let (year, month, of_month) = date_from_days(day).unwrap();
            let number = year * 12 + month as i32 - 1;
            assert_eq!(month_and_day(day), (number, of_month as i32));
            assert_eq!(Some(first_of_month(number)), days_from_date(year, month, 1));
        }
    }

    #[test]
    fn months_are_those_of_the_history() {
        let months = Months::before(20_454 + 10);
        assert_eq!(months.of(0), 19_723..19_754, "January 2024");
        assert_eq!(months.of(1), 19_754..19_783, "February 2024");
        assert_eq!(months.of(HISTORY), 20_454..20_464);
        assert_eq!(months.calendar(13), 1);
        assert_eq!(months.after(19_722), 0);
        assert_eq!(months.after(19_723), 1);
        assert_eq!(months.after(20_460), HISTORY + 1);
        assert_eq!(weekday(20_454), 3, "2026-01-01 was a Thursday");
    }
}
