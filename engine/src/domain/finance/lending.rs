//! Loans: what was lent at which rate, the schedule by which it is paid back, and what happens when it
//! is not.
//!
//! A schedule is exact in cents: a level payment, rounded up to the cent, of which interest is the balance
//! times a twelfth of the rate, rounded, and the rest principal; the last payment is what is left, some
//! cents or dollars more or less. Rates
//! are those of the year (`loan_rates.csv`) with a spread for the score. Who stops paying follows the score
//! by the published default rates (see [`Profile::trouble`]).

use super::bank::{Bank, HISTORY, cents, exp, first_of_month, float, month_and_day};
use super::bank_days::business_day;
use super::profile::{Employment, Profile, days_below};
use crate::entropy::{below, normal, remix, unit};
use crate::generator::data::{FINANCE_LOAN_RATES as LOAN_RATES, LoanRate};

/// Kinds of loans; their order is that of their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoanKind {
    /// Secured by the borrower's home.
    Mortgage,
    /// Secured by a vehicle.
    Auto,
    /// Unsecured.
    Personal,
    /// For education.
    Student,
}

/// All kinds.
pub const KINDS: [LoanKind; 4] = [
    LoanKind::Mortgage,
    LoanKind::Auto,
    LoanKind::Personal,
    LoanKind::Student,
];

impl LoanKind {
    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mortgage => "mortgage",
            Self::Auto => "auto",
            Self::Personal => "personal",
            Self::Student => "student",
        }
    }

    /// How many percent have one. Families with such a debt in 2019: 42.1 percent a mortgage, 36.9 a
    /// vehicle loan, 21.5 an education loan, 10.5 another instalment loan (Survey of Consumer
    /// Finances); the split by age is an estimate. Shorter loans are drawn more often, since some have
    /// been paid off.
    const fn share(self, age: u32) -> u64 {
        match self {
            Self::Mortgage => match age {
                ..25 => 6,
                25..35 => 40,
                35..65 => 60,
                _ => 30,
            },
            Self::Auto => match age {
                ..65 => 46,
                _ => 30,
            },
            Self::Personal => 13,
            Self::Student => match age {
                ..25 => 38,
                25..40 => 48,
                40..60 => 20,
                _ => 3,
            },
        }
    }
}

/// Missed payments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trouble {
    /// The first payment that is missed, counted from 1.
    pub first: i32,
    /// How many are missed.
    pub missed: i32,
    /// Whether the arrears are paid with the payment after them; otherwise the loan is in default.
    pub cured: bool,
}

/// Missed payments after which a loan is in default: 120 days past due, when it is charged off (Uniform
/// Retail Credit Classification, 2000, for closed-end loans).
pub const DEFAULT_AFTER: i32 = 4;

/// A loan.
#[derive(Debug, Clone, Copy)]
pub struct Loan {
    /// Its kind, whose place among [`KINDS`] is its number.
    pub kind: LoanKind,
    /// What was lent, in cents.
    pub principal: i64,
    /// Yearly rate in thousandths of a percent.
    pub rate: i64,
    /// How many monthly payments.
    pub term: i32,
    /// The level payment, in cents.
    pub payment: i64,
    /// When it was paid out.
    pub originated: i32,
    /// The month of the first payment, counted from January of year 0.
    first_month: i32,
    /// The day of the month on which payments are due.
    due_day: i32,
    /// Missed payments.
    pub trouble: Option<Trouble>,
    entropy: u64,
}

/// A payment of a schedule.
#[derive(Debug, Clone, Copy)]
pub struct Payment {
    /// Counted from 1.
    pub number: i32,
    /// Interest in cents.
    pub interest: i64,
    /// Principal in cents.
    pub principal: i64,
    /// What is owed when this payment and those before it have been made.
    pub balance: i64,
}

impl Loan {
    /// Whether a customer of an age may have taken out a loan of any kind.
    pub fn may_exist(bank: &Bank, customer: u64, age: u32) -> bool {
        KINDS
            .iter()
            .any(|&kind| Self::drawn(bank, customer, age, kind).is_some())
    }

    /// The draw of a loan of a kind, if a customer of an age has one.
    #[inline]
    fn drawn(bank: &Bank, customer: u64, age: u32, kind: LoanKind) -> Option<u64> {
        let draw = bank.streams.loan.draw(customer * 4 + kind as u64);
        (below(draw, 100) < kind.share(age)).then_some(draw)
    }

    /// The loan of a kind, if the customer has one.
    #[inline]
    pub fn of(bank: &Bank, customer: &Profile, kind: LoanKind) -> Option<Self> {
        let draw = Self::drawn(bank, customer.unit, customer.age, kind)?;
        if kind == LoanKind::Mortgage && customer.employment == Employment::Student {
            return None;
        }
        let entropy = remix(draw);
        let draw = |purpose: u64| remix(entropy ^ purpose);
        let terms: &[i32] = match kind {
            LoanKind::Mortgage => &[360, 360, 360, 360, 180],
            LoanKind::Auto => &[36, 48, 60, 60, 72, 72, 84],
            LoanKind::Personal => &[24, 36, 36, 48, 60],
            LoanKind::Student => &[120],
        };
        let term = terms[usize::try_from(below(draw(1), terms.len() as u64)).unwrap_or(0)];
        let now = bank.this_month;
        let (since, _) = month_and_day(customer.since);
        // Up to somewhat more than its term ago, but not before the customer came.
        let longest = (term * 5 / 4).min(180).min(now - since - 1);
        if longest < 1 {
            return None;
        }
        let age = 1 + days_below(draw(2), longest);
        let first_month = now - age + 1;
        let originated = first_of_month(first_month - 1) + days_below(draw(3), 28);
        let due_day = 1 + days_below(draw(4), 18);
        let rate = rate(kind, first_month - 1, customer.score, draw(5));
        let principal = principal(kind, customer, draw(6));
        let payment = level_payment(principal, rate, term);
        let mut loan = Self {
            kind,
            principal,
            rate,
            term,
            payment,
            originated,
            first_month,
            due_day,
            trouble: None,
            entropy,
        };
        loan.trouble = loan.troubles(customer, now);
        Some(loan)
    }

    fn troubles(&self, customer: &Profile, now: i32) -> Option<Trouble> {
        let history = i32::try_from(HISTORY).unwrap_or(0);
        let draw = remix(self.entropy ^ 7);
        // Whole months of the history are those before `now`.
        let at = |month: i32| now - history + month - self.first_month + 1;
        let fits = |first: i32| first >= 1 && first + 6 <= self.term;
        if let Some(month) = customer.trouble() {
            let first = at(i32::try_from(month).unwrap_or(0));
            let cured = below(draw, 100) < 35;
            let missed = if cured { 3 } else { DEFAULT_AFTER };
            return fits(first).then_some(Trouble {
                first,
                missed,
                cured,
            });
        }
        // A payment or two forgotten: more often with lower scores.
        let chance = match customer.score {
            ..620 => 25,
            620..680 => 14,
            680..740 => 6,
            _ => 2,
        };
        if below(draw, 100) >= chance {
            return None;
        }
        let first = at(days_below(remix(draw), history));
        fits(first).then_some(Trouble {
            first,
            missed: 1 + i32::from(remix(draw) & 3 == 0),
            cured: true,
        })
    }

    /// When a payment is due.
    #[inline]
    pub fn due(&self, number: i32) -> i32 {
        first_of_month(self.first_month + number - 1) + self.due_day - 1
    }

    /// The number of the payment that is due in a month counted from January of year 0, if any is.
    #[inline]
    pub fn number_in(&self, month: i32) -> Option<i32> {
        let number = month - self.first_month + 1;
        (1..=self.last_number()).contains(&number).then_some(number)
    }

    /// The last payment that falls due: that of the term, or the one at default.
    #[inline]
    pub fn last_number(&self) -> i32 {
        match self.trouble {
            Some(trouble) if !trouble.cured => trouble.first + DEFAULT_AFTER - 1,
            _ => self.term,
        }
    }

    /// The last payment that was due by a day: 0 if there is none.
    #[inline]
    pub fn due_by(&self, day: i32) -> i32 {
        let (month, of_month) = month_and_day(day);
        let number = month - self.first_month + 1 - i32::from(of_month < self.due_day);
        number.clamp(0, self.last_number())
    }

    /// When a payment was made; none if it never will be.
    #[inline]
    pub fn paid(&self, number: i32) -> Option<i32> {
        if let Some(trouble) = self.trouble
            && number >= trouble.first
        {
            let cure = trouble.first + trouble.missed;
            if !trouble.cured {
                return None;
            }
            if number <= cure {
                return Some(business_day(self.due(cure)));
            }
        }
        let draw = remix(self.entropy ^ u64::from(number.unsigned_abs()) << 8);
        // One in eight is some days late, within the usual days of grace.
        let late = if draw & 7 == 0 {
            days_below(draw, 6)
        } else {
            0
        };
        Some(business_day(self.due(number) + late))
    }

    /// How many payments from the first on have been made before a day, of which `last` is the last that
    /// was due by then.
    #[inline]
    pub fn paid_before(&self, day: i32, last: i32) -> i32 {
        if let Some(trouble) = self.trouble
            && last >= trouble.first
        {
            let cure = trouble.first + trouble.missed;
            if !trouble.cured || last < cure || business_day(self.due(cure)) >= day {
                return trouble.first - 1;
            }
        }
        // Due dates are four weeks apart at least, and who pays late does so within ten days.
        let is_paid = last < 1 || self.paid(last).is_some_and(|paid| paid < day);
        last - i32::from(!is_paid)
    }

    /// What is owed after so many payments.
    #[inline]
    pub fn owed_after(&self, payments: i32) -> i64 {
        if payments >= self.term {
            return 0;
        }
        let mut owed = self.principal;
        for _ in 0..payments {
            owed -= (self.payment - self.interest(owed)).min(owed);
        }
        owed
    }

    /// A month's interest on a balance: half a cent is rounded up; 1,200,000 is twelve months times
    /// 100,000.
    #[inline]
    fn interest(&self, balance: i64) -> i64 {
        // Principals are below 2^40 cents and rates below 2^17, so 64 bits without sign are enough, and
        // quicker to divide.
        ((balance * self.rate + 600_000).cast_unsigned() / 1_200_000).cast_signed()
    }

    /// How many payments are 30 days or more past due at the end of the cycle that begins with a
    /// payment's due date, or at `as_of` if that comes first: 0 to [`DEFAULT_AFTER`].
    #[inline]
    pub fn missed_after(&self, number: i32, as_of: i32) -> i32 {
        let Some(trouble) = self.trouble else {
            return 0;
        };
        if number < trouble.first || (trouble.cured && number >= trouble.first + trouble.missed) {
            return 0;
        }
        let over = self.due(number + 1) <= as_of;
        (number - trouble.first + i32::from(over)).min(trouble.missed)
    }

    /// The schedule from the first payment on.
    #[inline]
    pub fn schedule(&self) -> impl Iterator<Item = Payment> + use<> {
        let loan = *self;
        let mut balance = loan.principal;
        (1..=loan.term).map(move |number| {
            let interest = loan.interest(balance);
            let principal = if number == loan.term {
                balance
            } else {
                (loan.payment - interest).min(balance)
            };
            balance -= principal;
            Payment {
                number,
                interest,
                principal,
                balance,
            }
        })
    }

    /// The amount of a payment, which the last one only has to be worked out for.
    #[inline]
    pub fn amount(&self, number: i32) -> i64 {
        if number < self.term {
            return self.payment;
        }
        let left = self.owed_after(self.term - 1);
        left + self.interest(left)
    }
}

/// What a number of missed payments is called.
pub const fn delinquency(missed: i32) -> &'static str {
    match missed {
        ..=0 => "current",
        1 => "30_days",
        2 => "60_days",
        3 => "90_days",
        _ => "default",
    }
}

/// The rate in thousandths of a percent: the year's, with a spread for the score. The spreads follow
/// the rates by score that Fair Isaac publishes (mortgages: Federal Reserve's report of August 2007,
/// table 3); those of other loans are estimates. Student loans of the government cost all the same.
fn rate(kind: LoanKind, month: i32, score: i32, entropy: u64) -> i64 {
    let year = u64::try_from(month.div_euclid(12)).unwrap_or(0);
    let row: &LoanRate = match LOAN_RATES.iter().rev().find(|row| row.year <= year) {
        Some(row) => row,
        None => &LOAN_RATES[0],
    };
    let (base, spreads) = match kind {
        LoanKind::Mortgage => (row.mortgage, [3.4, 2.8, 1.2, 0.4, 0.1, -0.1]),
        LoanKind::Auto => (row.auto, [7.5, 5.0, 2.8, 0.9, 0.0, -0.8]),
        LoanKind::Personal => (row.personal, [14.0, 10.5, 7.0, 3.5, 0.5, -2.0]),
        LoanKind::Student => (row.student, [0.0; 6]),
    };
    let band = match score {
        ..580 => 0,
        580..620 => 1,
        620..660 => 2,
        660..700 => 3,
        700..760 => 4,
        _ => 5,
    };
    let noise = if kind == LoanKind::Student {
        0.0
    } else {
        0.5 * (unit(entropy) - 0.5)
    };
    // Eighths of a percent, as rates are quoted; student loans have two decimals.
    let percent = base + spreads[band] + noise;
    if kind == LoanKind::Student {
        cents(percent * 100.0) * 10
    } else {
        cents(percent * 8.0) * 125
    }
    .max(500)
}

/// What was lent, in cents: multiples of 100 dollars.
fn principal(kind: LoanKind, customer: &Profile, entropy: u64) -> i64 {
    let income = float(customer.income);
    let z = normal(entropy);
    let amount = match kind {
        LoanKind::Mortgage => (income * (1.6 + 1.5 * unit(remix(entropy)))).max(5_000_000.0),
        LoanKind::Auto => (2_600_000.0 * exp(0.45 * z)).min(income * 0.7),
        LoanKind::Personal => (900_000.0 * exp(0.7 * z)).min(income * 0.35),
        LoanKind::Student => (2_300_000.0 * exp(0.8 * z)).min(12_000_000.0),
    };
    cents(amount / 10_000.0).max(10) * 10_000
}

/// The level payment P r / (1 - (1 + r)^-n), rounded up to the cent.
fn level_payment(principal: i64, rate: i64, term: i32) -> i64 {
    let monthly = float(rate) / 1_200_000.0;
    let (mut growth, mut power, mut left) = (1.0, 1.0 + monthly, term);
    while left > 0 {
        if left & 1 == 1 {
            growth *= power;
        }
        power *= power;
        left >>= 1;
    }
    cents(float(principal) * monthly * growth / (growth - 1.0) + 0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The level payment of 200,000 dollars at 6.5 percent over 30 years is 1,264.14 (any table of
    /// annuities).
    #[test]
    fn the_level_payment_is_that_of_the_tables() {
        assert_eq!(level_payment(20_000_000, 6_500, 360), 126_414);
    }
}
