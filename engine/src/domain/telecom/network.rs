//! What the tables of a network share: who subscribes to which plan from when to when, and the months for
//! which there are records.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use super::super::resident::Residents;
use super::super::{LAST_UNIT, TableOptions};
use crate::calendar::{date_from_days, days_from_date};
use crate::dictionary::Weighted;
use crate::entropy::{Permutation, Stream, below, remix};
use crate::generator::data::TELECOM_PLANS;
use crate::generator::identifier::write_padded;

/// So many subscribers share a list of plans.
pub const BLOCK: u64 = 4_096;
/// Plans of a list.
pub const PLANS: u64 = 16;
/// There are so many numbers of subscribers.
pub const NUMBERS: u64 = 10_000_000_000;
/// The largest subscriber.
pub const LAST_SUBSCRIBER: u64 = if NUMBERS - 1 < LAST_UNIT {
    NUMBERS - 1
} else {
    LAST_UNIT
};

/// The months for which there are call records, the last one incomplete.
pub const MONTHS: usize = 4;

/// Subscribers came during so many days before `as_of`: four years.
const HISTORY: i32 = 1_461;

/// Subscribers who leave in a month, of those who are there, by kind of plan: postpaid 0.89 percent
/// (T-Mobile US, third quarter of 2019), prepaid almost 3 points more (see the tests).
const CHURN: [f64; 2] = [0.0089, 0.0378];

/// The mean length of a month in hundredths of a day.
const MONTH: u64 = 3_044;

/// How much subscribers use, in percent of the mean, and how many in a hundred do (estimate).
const LEVELS: [(u64, u64); 6] = [(20, 20), (50, 25), (100, 25), (160, 18), (260, 9), (400, 3)];

/// Subscribers out of 1 who are still there after a number of months, by kind of plan.
static STAYING: LazyLock<[Vec<f64>; 2]> = LazyLock::new(|| {
    CHURN.map(|churn| {
        let mut staying = 1.0;
        let after = (0..64).map(|_| {
            staying *= 1.0 - churn;
            staying
        });
        after.collect()
    })
});

/// What a plan includes and costs.
#[derive(Debug, Clone, Copy)]
pub struct Plan {
    /// Its name.
    pub name: &'static str,
    /// Whether it is paid for beforehand.
    pub prepaid: bool,
    /// For a month, in cents.
    pub fee: i64,
    /// Minutes of outgoing calls included in a month; none: without limit.
    pub minutes: Option<i64>,
    /// Messages sent that are included; none: without limit.
    pub messages: Option<i64>,
    /// Megabytes included; none: without limit.
    pub megabytes: Option<i64>,
    /// Price of a further minute, message, megabyte in cents.
    pub rates: [i64; 3],
}

/// Price of a minute, message and megabyte in a foreign network, in cents.
pub const ROAMING: [i64; 3] = [35, 20, 3];

/// The plans of a list.
pub static PLAN_LIST: LazyLock<Vec<Plan>> = LazyLock::new(|| {
    let limit = |limit: u64| (limit > 0).then_some(limit.cast_signed());
    TELECOM_PLANS
        .iter()
        .map(|plan| {
            let prepaid = plan.kind == "prepaid";
            Plan {
                name: plan.name,
                prepaid,
                fee: plan.fee_cents.cast_signed(),
                minutes: limit(plan.minutes),
                messages: limit(plan.messages),
                megabytes: limit(plan.megabytes),
                rates: if prepaid { [10, 5, 2] } else { [15, 10, 1] },
            }
        })
        .collect()
});

/// A calendar month, as far as it has come.
#[derive(Debug, Clone, Copy)]
pub struct Month {
    /// Its first day.
    pub first: i32,
    /// Its last day.
    pub last: i32,
    /// Whether it is over.
    pub complete: bool,
}

/// A subscriber.
#[derive(Debug, Clone, Copy)]
pub struct Subscriber {
    /// The number: the key less one.
    pub unit: u64,
    /// Index into [`PLAN_LIST`].
    pub plan: usize,
    /// Since when.
    pub activated_on: i32,
    /// Until when, if that is over.
    pub churned_on: Option<i32>,
    /// How much he or she uses, in percent of the mean.
    pub level: u64,
}

impl Subscriber {
    /// What the plan includes.
    #[inline]
    pub fn plan(&self) -> &'static Plan {
        &PLAN_LIST[self.plan]
    }

    /// Key of the plan.
    #[inline]
    pub fn plan_key(&self) -> i64 {
        (self.unit / BLOCK * PLANS + self.plan as u64 + 1).cast_signed()
    }

    /// The days of a month on which the subscriber is there, if any.
    #[inline]
    pub fn days_in(&self, month: &Month, as_of: i32) -> Option<(i32, i32)> {
        let from = month.first.max(self.activated_on);
        let to = month.last.min(as_of);
        let to = self.churned_on.map_or(to, |day| day.min(to));
        (from <= to).then_some((from, to))
    }
}

/// The subscribers and the months under a seed, at a day.
pub struct Network {
    /// The last day.
    pub as_of: i32,
    /// The subscribers as people.
    pub people: Residents,
    /// The months with call records, in order.
    pub months: [Month; MONTHS],
    plan: Stream,
    activated: Stream,
    msisdn: Permutation,
    imsi: Permutation,
    plans: Weighted,
    levels: Weighted,
}

impl Network {
    /// The network.
    pub fn new(options: &TableOptions) -> Self {
        let stream = |column: &str| Stream::new(options.seed, "subscribers", column);
        Self {
            as_of: options.as_of,
            people: Residents::new(options.seed, "subscribers", options.as_of),
            months: months(options.as_of),
            plan: stream("plan_id"),
            activated: stream("activated_on"),
            msisdn: Permutation::new(NUMBERS, stream("msisdn")),
            imsi: Permutation::new(NUMBERS, stream("imsi")),
            plans: Weighted::new(&TELECOM_PLANS.iter().map(|p| p.weight).collect::<Vec<_>>()),
            levels: Weighted::new(&LEVELS.map(|level| level.1)),
        }
    }

    /// A subscriber by number.
    #[inline]
    pub fn subscriber(&self, unit: u64) -> Subscriber {
        let entropy = self.plan.draw(unit);
        let plan = self.plans.pick(entropy);
        let coming = self.activated.draw(unit);
        let ago = i32::try_from(below(coming, u64::from(HISTORY.unsigned_abs()))).unwrap_or(0);
        let activated_on = self.as_of - ago;
        let kind = usize::from(PLAN_LIST[plan].prepaid);
        let leaving = remix(coming);
        let staying = crate::entropy::unit(leaving);
        let month = STAYING[kind].partition_point(|&share| share > staying) as u64;
        // A month later, at least a day after coming.
        let days = (month * MONTH + below(remix(leaving), MONTH)) / 100;
        let left = activated_on + 1 + i32::try_from(days).unwrap_or(0);
        Subscriber {
            unit,
            plan,
            activated_on,
            churned_on: (left <= self.as_of).then_some(left),
            level: LEVELS[self.levels.pick(remix(entropy))].0,
        }
    }

    /// A subscriber's number: country code 999, which ITU-T keeps in reserve, and ten digits.
    #[inline]
    pub fn write_msisdn<W: Write + ?Sized>(&self, unit: u64, out: &mut W) -> fmt::Result {
        write_number(self.msisdn.apply(unit), out)
    }

    /// The number of a subscriber's SIM card within the network.
    #[inline]
    pub fn imsi(&self, unit: u64) -> u64 {
        self.imsi.apply(unit)
    }
}

/// A telephone number under country code 999.
#[inline]
pub fn write_number<W: Write + ?Sized>(number: u64, out: &mut W) -> fmt::Result {
    out.write_str("+999")?;
    write_padded(number, 10, out)
}

/// The three calendar months before the one of a day, and that one.
fn months(as_of: i32) -> [Month; MONTHS] {
    let (year, month, _) = date_from_days(as_of).unwrap_or((1970, 1, 1));
    let number = year * 12 + month.cast_signed() - 1;
    let first = |number: i32| {
        let month = number.rem_euclid(12).unsigned_abs() + 1;
        days_from_date(number.div_euclid(12), month, 1).unwrap_or(as_of)
    };
    [3, 2, 1, 0].map(|back| Month {
        first: first(number - back),
        last: first(number - back + 1) - 1,
        complete: back > 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::{format_date, parse_date};

    #[test]
    fn months_lie_before_the_day() {
        let months = months(parse_date("2026-02-28").unwrap());
        let days = months.map(|m| (format_date(m.first), format_date(m.last)));
        assert_eq!(days[0], ("2025-11-01".to_owned(), "2025-11-30".to_owned()));
        assert_eq!(days[3], ("2026-02-01".to_owned(), "2026-02-28".to_owned()));
        assert!(months[2].complete && !months[3].complete);
        assert_eq!(PLAN_LIST.len() as u64, PLANS);
    }
}
