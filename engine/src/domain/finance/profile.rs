//! What a customer is to the bank: age, income, credit, accounts. Every table of banking starts here.
//!
//! Credit scores follow the national distribution (Fair Isaac, in the Federal Reserve's report to the
//! Congress of August 2007, table 1). Who is credited how much and when follows employment; incomes are
//! lognormal, their medians estimates after the Census and the SSA.

use std::sync::LazyLock;

use super::bank::{BLOCK, Bank, HISTORY, HOME_AREAS, cents, exp, float, month_and_day, weekday};
use super::bank_days::{business_day, last_business_day};
use super::lending::Loan;
use crate::dictionary::Weighted;
use crate::domain::population;
use crate::entropy::{Stream, below, normal, remix, unit};
use crate::generator::data::{
    FINANCE_SCORE_BANDS as SCORE_BANDS, FINANCE_SCORE_DEFAULTS as SCORE_DEFAULTS,
};
use crate::generator::name::Sex;

/// Checking account, by its place among a customer's accounts.
pub const CHECKING: u8 = 0;
/// Savings account.
pub const SAVINGS: u8 = 1;
/// Credit card account.
pub const CREDIT: u8 = 2;

/// How far below zero a purchase by debit card or a withdrawal may take a checking account, in cents.
/// Limits of 100 to 1,000 dollars are usual (American Bankers Association, quoted by sup.ai); here
/// everybody has 500 (estimate).
pub const OVERDRAFT: i64 = 50_000;
/// A fee for an overdraft: 27.08 dollars on average in 2024 (Bankrate, from memory), here 27.00.
pub const OVERDRAFT_FEE: i64 = 2_700;
/// A fee for a late payment of a credit card.
pub const LATE_FEE: i64 = 3_000;
/// The most that a customer buys within the hour in which a fraudster uses the same card elsewhere, in cents.
const MOST_GENUINE: i64 = 7_500;

/// The longest that somebody has been a customer, in years.
const TENURE: usize = 20;

/// How somebody earns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Employment {
    /// Wages.
    Employed,
    /// Own business: uneven income.
    SelfEmployed,
    /// Unemployment benefits.
    Unemployed,
    /// In education.
    Student,
    /// Social Security and pension.
    Retired,
    /// Without own earnings.
    Homemaker,
}

impl Employment {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Employed => "employed",
            Self::SelfEmployed => "self-employed",
            Self::Unemployed => "unemployed",
            Self::Student => "student",
            Self::Retired => "retired",
            Self::Homemaker => "homemaker",
        }
    }

    /// Median of the yearly gross income in cents, and the sigma of its logarithm (estimates: Census
    /// Bureau and SSA, about 2024).
    const fn income(self) -> (f64, f64) {
        match self {
            Self::Employed => (5_800_000.0, 0.6),
            Self::SelfEmployed => (5_200_000.0, 0.8),
            Self::Unemployed => (1_900_000.0, 0.35),
            Self::Student => (1_500_000.0, 0.45),
            Self::Retired => (3_400_000.0, 0.55),
            Self::Homemaker => (1_800_000.0, 0.5),
        }
    }
}

/// When income arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PayDays {
    /// Every Friday.
    Weekly,
    /// Every second Friday; which is the parity of the week.
    Biweekly(bool),
    /// On the 15th and the last day of the month.
    Semimonthly,
    /// On a day of the month.
    Monthly(i32),
    /// On the second, third or fourth Wednesday, by the day of birth: Social Security's rule.
    Wednesday(i32),
}

/// Weekly, biweekly, semimonthly, monthly: share of private businesses, per mille (BLS, Current
/// Employment Statistics, March 2013).
const PAY_PERIODS: [u64; 4] = [324, 365, 198, 113];

/// What a credit card gives, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Credit {
    /// The credit limit.
    pub limit: i64,
    /// What stays unpaid from month to month.
    pub revolving: i64,
    /// The interest of a month.
    pub interest: i64,
    /// What is bought by it in a month at most; what is more is paid by debit card.
    pub monthly: i64,
    /// What can be taken by fraud at any time.
    pub fraud: i64,
}

/// A customer.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Number of the customer.
    pub unit: u64,
    /// Block of customers.
    pub block: u64,
    /// Area of the block where the customer lives.
    pub area: u8,
    /// Draws of this customer's days.
    pub days: Stream,
    /// Entropy for what is drawn once.
    pub key: u64,
    /// Sex.
    pub sex: Sex,
    /// Date of birth.
    pub birth_date: i32,
    /// Age at `as_of`.
    pub age: u32,
    /// Customer since this day.
    pub since: i32,
    /// First month of the history with transactions; [`HISTORY`] + 1 for none.
    pub first_month: usize,
    /// The month of the history at whose start the customer has left, with all accounts closed;
    /// [`HISTORY`] + 1 for those who stay.
    pub until: usize,
    /// Credit score at `as_of`.
    pub score: i32,
    /// How the customer earns.
    pub employment: Employment,
    /// Yearly gross income in cents.
    pub income: i64,
    /// Monthly net income in cents.
    pub net: f64,
    /// Whether there is a savings account.
    pub has_savings: bool,
    /// Whether there is a credit card.
    pub has_credit: bool,
}

struct Tables {
    score: Weighted,
    pay: Weighted,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables {
    score: Weighted::new(&SCORE_BANDS.iter().map(|b| b.people).collect::<Vec<_>>()),
    pay: Weighted::new(&PAY_PERIODS),
});

impl Profile {
    /// The customer with a number.
    #[inline]
    pub fn of(bank: &Bank, customer: u64) -> Self {
        let stream = &bank.streams.customer;
        let key = stream.draw(customer);
        let draw = |index: u64| remix(key ^ index.wrapping_mul(0xA076_1D64_78BD_642F));

        // The population pyramid from 18 on.
        let mut person = draw(1);
        let (mut age, mut sex) = population::age_and_sex(person);
        while age < 18 {
            person = remix(person);
            (age, sex) = population::age_and_sex(person);
        }
        let years = &bank.anniversaries;
        let (youngest, oldest) = (years[age as usize], years[age as usize + 1]);
        let birth_date = oldest + 1 + days_below(draw(2), youngest - oldest);
        let adult = birth_date + 6_575;
        let earliest = adult.max(years[TENURE]).min(bank.as_of);
        let since = earliest + days_below(draw(3), bank.as_of - earliest + 1);

        let scores = &SCORE_BANDS[TABLES.score.pick(draw(4))];
        let within = below(draw(5), scores.high - scores.low + 1);
        let score = i32::try_from(scores.low + within).unwrap_or(300);

        let employment = employment(draw(6), age);
        let (median, sigma) = employment.income();
        // Better scores go with higher incomes: a correlation of about a third.
        let credit = (f64::from(score) - 700.0) / 100.0;
        let z = 0.35 * credit + 0.93 * normal(draw(7));
        let young = if age < 30 { 0.75 } else { 1.0 };
        let income = (median * young * exp(sigma * z)).clamp(600_000.0, 200_000_000.0);
        let income = cents(income / 100.0) * 100;
        let share = match income {
            ..4_000_000 => 0.85,
            4_000_000..9_000_000 => 0.79,
            9_000_000..16_000_000 => 0.74,
            _ => 0.67,
        };
        let wants_credit = match score {
            ..580 => 35,
            580..670 => 65,
            670..740 => 80,
            _ => 88,
        };
        let first_month = bank.months.after(since);
        Self {
            unit: customer,
            block: customer / BLOCK,
            area: u8::try_from(below(draw(8), HOME_AREAS)).unwrap_or(0),
            days: Stream::from_key(bank.streams.spending.draw(customer)),
            key,
            sex,
            birth_date,
            age,
            since,
            first_month,
            until: until(bank, customer, age, first_month, draw(20)),
            score,
            employment,
            income,
            net: float(income) * share / 12.0,
            has_savings: below(draw(9), 100) < 62,
            has_credit: below(draw(10), 100) < wants_credit,
        }
    }

    /// The day on which the customer's accounts were closed: the last of a month.
    #[inline]
    pub fn closed_on(&self, bank: &Bank) -> Option<i32> {
        (self.until <= HISTORY).then(|| bank.months.of(self.until).start - 1)
    }

    /// A draw of this customer for a purpose; purposes below 100 are this file's.
    #[inline]
    pub fn draw(&self, purpose: u64) -> u64 {
        remix(self.key ^ purpose.wrapping_mul(0xA076_1D64_78BD_642F))
    }

    /// Segment of the bank's customers.
    pub fn segment(&self) -> &'static str {
        match self.income {
            35_000_000.. => "private",
            12_000_000.. => "affluent",
            _ if self.employment == Employment::Student => "student",
            5_000_000.. => "core",
            _ => "basic",
        }
    }

    /// When income arrives.
    #[inline]
    pub fn pay_days(&self) -> PayDays {
        let draw = self.draw(11);
        match self.employment {
            Employment::Retired => {
                let (_, day) = month_and_day(self.birth_date);
                // Born on the 1st to the 10th, on the 11th to the 20th, or later.
                PayDays::Wednesday(((day - 1) / 10 + 1).min(3))
            }
            Employment::Homemaker | Employment::Student | Employment::SelfEmployed => {
                PayDays::Monthly(2 + days_below(draw, 20))
            }
            Employment::Unemployed => PayDays::Biweekly(draw & 1 == 0),
            Employment::Employed => match TABLES.pay.pick(draw) {
                0 => PayDays::Weekly,
                1 => PayDays::Biweekly(remix(draw) & 1 == 0),
                2 => PayDays::Semimonthly,
                _ => PayDays::Monthly(25),
            },
        }
    }

    /// The days of a month on which income arrives, and how many a year there are.
    #[inline]
    pub fn pay_days_of(&self, month: &std::ops::Range<i32>, out: &mut Vec<i32>) -> f64 {
        let last = month.end - 1;
        match self.pay_days() {
            PayDays::Weekly => {
                fridays(month, |_| true, out);
                52.0
            }
            PayDays::Biweekly(odd) => {
                fridays(month, |friday| ((friday / 7) & 1 == 1) == odd, out);
                26.0
            }
            PayDays::Semimonthly => {
                for day in [month.start + 14, last] {
                    // Before a weekend or holiday rather than after it.
                    if month.contains(&day) {
                        out.push(last_business_day(day));
                    }
                }
                24.0
            }
            PayDays::Monthly(of_month) => {
                let day = business_day(month.start + of_month - 1);
                if month.contains(&day) {
                    out.push(day);
                }
                12.0
            }
            PayDays::Wednesday(which) => {
                let first = i32::try_from(weekday(month.start)).unwrap_or(0);
                let day = month.start + (2 - first).rem_euclid(7) + 7 * which;
                if month.contains(&day) {
                    out.push(last_business_day(day));
                }
                12.0
            }
        }
    }

    /// What the checking account holds at the start of a month: the rest goes elsewhere at the end of
    /// each month, so the balance is a function of the month alone. About half of a month's net income, of
    /// some people a tenth (estimates).
    #[inline]
    pub fn checking_at(&self, month: usize) -> i64 {
        let usual = self.net * exp(0.9 * normal(self.draw(12)) - 0.6);
        let now = unit(self.draw(1_000 + month as u64));
        cents((usual * (0.75 + 0.5 * now)).clamp(15_000.0, 50_000_000.0))
    }

    /// What the customer keeps in the checking account when payments of a month are due: up to a third of
    /// what it holds at the start. Where they would leave less, money comes from elsewhere before.
    #[inline]
    pub fn cushion(&self, month: usize) -> i64 {
        let share = 0.35 * unit(self.draw(600 + month as u64));
        cents(float(self.checking_at(month)) * share)
    }

    /// What Social Security pays of a month's income: nothing before 62, all of a small one, half of what is
    /// beyond 1,200 dollars, as the benefit formula gives less for more, and not more than the largest
    /// benefit at full retirement age of 2024, 3,822 dollars (SSA; 4,018 in 2025). In whole dollars.
    #[inline]
    pub fn social_security(&self, day: i32) -> i64 {
        const EARLIEST: i32 = 62 * 366;
        const FULL: i64 = 120_000;
        const MOST: i64 = 382_200;
        if day - self.birth_date < EARLIEST {
            return 0;
        }
        let net = cents(self.net);
        let benefit = (FULL + (net - FULL) / 2).clamp(FULL, MOST).min(net);
        // A pension of some dollars is not worth sending.
        if net - benefit < 5_000 {
            net
        } else {
            benefit / 100 * 100
        }
    }

    /// What the savings account held at the start of the history.
    #[inline]
    pub fn savings_at_first(&self) -> i64 {
        cents((float(self.income) * 0.12 * exp(1.1 * normal(self.draw(13)))).min(500_000_000.0))
    }

    /// The yearly rate of the savings account in hundredths of a percent.
    #[inline]
    pub fn savings_rate(&self) -> i64 {
        [1, 5, 40, 100, 350, 425][usize::try_from(below(self.draw(14), 6)).unwrap_or(0)]
    }

    /// The standing order from checking to savings, and the day of the month: 0 for none.
    #[inline]
    pub fn standing_order(&self) -> (i64, i32) {
        let draw = self.draw(15);
        if !self.has_savings || draw & 3 == 0 {
            return (0, 1);
        }
        let share = 0.03 + 0.07 * unit(remix(draw));
        // Multiples of five dollars.
        let amount = cents(self.net * share / 500.0).max(5) * 500;
        (amount, 5 + days_below(draw, 18))
    }

    /// The credit limit.
    #[inline]
    pub fn credit_limit(&self) -> i64 {
        let share = match self.score {
            ..580 => 0.02,
            580..670 => 0.07,
            670..740 => 0.14,
            _ => 0.22,
        };
        let spread = 0.6 + 0.8 * unit(self.draw(16));
        cents(float(self.income) * share * spread / 10_000.0).clamp(3, 500) * 10_000
    }

    /// What stays unpaid on the credit card from month to month. 45.4 percent of families carried a
    /// balance in 2019 (Survey of Consumer Finances); how it depends on the score is an estimate.
    #[inline]
    pub fn revolving(&self) -> i64 {
        self.revolving_under(self.credit_limit())
    }

    #[inline]
    fn revolving_under(&self, limit: i64) -> i64 {
        let (carries, least, most) = match self.score {
            ..580 => (90, 0.5, 0.85),
            580..670 => (88, 0.3, 0.8),
            670..740 => (74, 0.1, 0.5),
            _ => (40, 0.02, 0.2),
        };
        let draw = self.draw(17);
        if below(draw, 100) >= carries {
            return 0;
        }
        let use_of_limit = least + (most - least) * unit(remix(draw));
        cents(float(limit) * use_of_limit)
    }

    /// How the credit card stays within its limit: the revolving part, the largest interest and fee of a
    /// month, the purchases of the month before, which are owed until they are paid, those of the month
    /// and an episode of fraud fit under it together.
    #[inline]
    pub fn credit(&self) -> Credit {
        let limit = self.credit_limit();
        let revolving = self.revolving_under(limit);
        let interest = revolving * self.credit_rate() / 120_000;
        let room = (limit - revolving - interest - LATE_FEE - MOST_GENUINE).max(0);
        Credit {
            limit,
            revolving,
            interest,
            monthly: room * 2 / 5,
            fraud: room / 5,
        }
    }

    /// The yearly rate of the credit card in hundredths of a percent.
    #[inline]
    pub fn credit_rate(&self) -> i64 {
        let base = match self.score {
            ..580 => 2_849,
            580..670 => 2_649,
            670..740 => 2_299,
            _ => 1_899,
        };
        base + i64::from(days_below(self.draw(18), 4)) * 50
    }

    /// The month of the history in which payments begin to fail for good or for long, if they do. Those
    /// who are 90 days past due within the history are as many as published, by score; those whose
    /// payments began to fail in its last months are on the way there.
    #[inline]
    pub fn trouble(&self) -> Option<usize> {
        // A payment missed in one of the last three months is not 90 days past due yet.
        const MONTHS: usize = HISTORY - 1;
        const OVER: usize = HISTORY - 3;
        let band = SCORE_DEFAULTS
            .iter()
            .find(|band| u64::from(self.score.unsigned_abs()) <= band.high)?;
        let draw = self.draw(19);
        if unit(draw) * 100.0 * ratio(OVER, MONTHS) >= band.default_percent {
            return None;
        }
        usize::try_from(below(remix(draw), MONTHS as u64)).ok()
    }
}

/// Customers of a thousand who close their accounts in the two years of the history, of those who owe the
/// bank nothing by loans: about one in ten a year (estimate; banks report that 10 to 15 percent of their
/// customers leave in a year, from memory, most of them new ones).
const LEAVING: u64 = 200;

/// The month at whose start a customer has left.
#[inline]
fn until(bank: &Bank, customer: u64, age: u32, first_month: usize, draw: u64) -> usize {
    const STAYS: usize = HISTORY + 1;
    if below(draw, 1_000) >= LEAVING {
        return STAYS;
    }
    let month = 1 + usize::try_from(below(remix(draw), HISTORY as u64)).unwrap_or(0);
    if month <= first_month || Loan::may_exist(bank, customer, age) {
        STAYS
    } else {
        month
    }
}

fn ratio(part: usize, whole: usize) -> f64 {
    f64::from(u32::try_from(part).unwrap_or(0)) / f64::from(u32::try_from(whole).unwrap_or(1))
}

fn fridays(month: &std::ops::Range<i32>, fits: impl Fn(i32) -> bool, out: &mut Vec<i32>) {
    let to_friday = (4 - i32::try_from(weekday(month.start)).unwrap_or(0)).rem_euclid(7);
    let mut friday = month.start + to_friday;
    while friday < month.end {
        // Fridays are 1 modulo 7.
        if fits(friday - 1) {
            // The day before a holiday, unless that is in another month.
            let early = last_business_day(friday);
            out.push(if early < month.start {
                business_day(friday)
            } else {
                early
            });
        }
        friday += 7;
    }
}

/// Employment by age: estimates after the BLS's employment-population ratios.
fn employment(entropy: u64, age: u32) -> Employment {
    use Employment::{Employed, Homemaker, Retired, SelfEmployed, Student, Unemployed};
    // Employed, self-employed, unemployed, student, retired; the rest are homemakers.
    let shares: [u64; 5] = match age {
        ..23 => [52, 2, 7, 36, 0],
        23..30 => [74, 5, 5, 9, 0],
        30..55 => [74, 9, 4, 1, 0],
        55..62 => [64, 10, 3, 0, 12],
        62..67 => [40, 8, 2, 0, 43],
        67..75 => [17, 6, 0, 0, 75],
        _ => [4, 2, 0, 0, 93],
    };
    let mut rest = below(entropy, 100);
    for (share, kind) in
        shares
            .into_iter()
            .zip([Employed, SelfEmployed, Unemployed, Student, Retired])
    {
        if rest < share {
            return kind;
        }
        rest -= share;
    }
    Homemaker
}

/// A number of days below `n`, which is positive.
#[inline]
pub fn days_below(entropy: u64, n: i32) -> i32 {
    i32::try_from(below(entropy, u64::from(n.max(1).unsigned_abs()))).unwrap_or(0)
}
