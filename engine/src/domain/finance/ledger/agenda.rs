//! What is known of a month beforehand: income, bills, payments of loans and cards, standing orders, and
//! what an episode of fraud brings besides card transactions.

use std::ops::Range;

use super::{Channel, Item, Kind, Ledger, Posting};
use crate::domain::finance::bank::{cents, exp, first_of_month, float, month_and_day};
use crate::domain::finance::bank_days::business_day;
use crate::domain::finance::fraud::Pattern;
use crate::domain::finance::lending::LoanKind;
use crate::domain::finance::profile::{
    CHECKING, CREDIT, Employment, LATE_FEE, SAVINGS, days_below,
};
use crate::domain::finance::spending::merchant_of;
use crate::entropy::{below, normal, remix, unit};

/// A fee for keeping a small account.
const MAINTENANCE_FEE: i64 = 500;
/// Order within a day: what comes in, what is due, both before the cards; and at once, after them.
const FIRST: u8 = 0;
const BILLS: u8 = 60;
pub(super) const AT_ONCE: u8 = 100;

/// What subscriptions cost.
const PRICES: [i64; 8] = [499, 799, 999, 1_199, 1_549, 1_799, 2_299, 2_999];

/// The utilities' share of their yearly mean by calendar month: heating and cooling (estimate after the
/// EIA's residential bills).
const UTILITIES: [f64; 12] = [
    1.25, 1.2, 1.0, 0.85, 0.8, 0.95, 1.15, 1.2, 1.0, 0.8, 0.85, 1.05,
];

/// A bill that comes every month.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bill {
    pub(super) day: i32,
    pub(super) kind: Kind,
    pub(super) merchant: u16,
    pub(super) amount: i64,
    pub(super) account: u8,
    pub(super) seasonal: bool,
    pub(super) entropy: u64,
}

impl Ledger<'_> {
    /// The rest of what a customer pays every month.
    pub(super) fn add_bills(&mut self) {
        let customer = self.customer;
        let draw = |purpose: u64| customer.draw(200 + purpose);
        let owns = self.loans[LoanKind::Mortgage as usize].is_some();
        // Without mortgage or rent: with parents, or in a house that is paid off.
        let free = match customer.age {
            ..25 => 50,
            25..60 => 8,
            _ => 60,
        };
        if !owns && below(draw(1), 100) >= free {
            let share = (0.33 * exp(0.2 * normal(draw(2)))).clamp(0.15, 0.55);
            let amount = cents(customer.net * share / 500.0) * 500;
            self.bill(
                1 + days_below(draw(3), 4),
                Kind::Rent,
                super::NOWHERE,
                amount,
                draw(4),
            );
        }
        let scale = self.habits.scale().clamp(0.7, 1.6);
        let dollars = |purpose: u64, low: f64, high: f64| {
            cents((low + (high - low) * unit(draw(purpose))) * scale * 100.0)
        };
        let day = |purpose: u64| 2 + days_below(draw(purpose), 22);
        let merchant = |mcc: &str, purpose: u64| merchant_of(mcc, customer.area, draw(purpose));
        if customer.age > 22 {
            let amount = dollars(5, 80.0, 200.0);
            self.bill(day(6), Kind::BillPayment, merchant("4900", 7), amount, 0);
            if let Some(last) = self.bills.last_mut() {
                last.seasonal = true;
            }
            let amount = dollars(8, 70.0, 220.0);
            self.bill(day(9), Kind::BillPayment, merchant("6300", 10), amount, 0);
        }
        let amount = dollars(11, 40.0, 130.0);
        self.bill(day(12), Kind::BillPayment, merchant("4814", 13), amount, 0);
    }

    /// Purchases that repeat every month: up to three.
    pub(super) fn add_subscriptions(&mut self) {
        let customer = self.customer;
        let draw = |purpose: u64| customer.draw(200 + purpose);
        // Three of the dearest are below a hundred dollars.
        let by_credit = self.credit.monthly >= 30_000 && self.habits.subscribes_by_credit();
        let count = usize::try_from(below(draw(14), 4)).unwrap_or(0);
        for (number, subscription) in (0..).zip(self.subscriptions.iter_mut().take(count)) {
            let price = PRICES[usize::try_from(draw(20 + number) & 7).unwrap_or(0)];
            let mcc = if draw(30 + number) & 3 == 0 {
                "5968"
            } else {
                "5815"
            };
            *subscription = Some(Bill {
                day: 2 + days_below(draw(40 + number), 22),
                kind: Kind::Purchase,
                merchant: merchant_of(mcc, customer.area, draw(50 + number)),
                amount: price,
                account: if by_credit { CREDIT } else { CHECKING },
                seasonal: false,
                entropy: 0,
            });
        }
        let subscribed = self.subscriptions.iter().flatten();
        let by_credit = subscribed.filter(|bill| bill.account == CREDIT);
        self.by_credit = self.credit.monthly - by_credit.map(|bill| bill.amount).sum::<i64>();
    }

    fn bill(&mut self, day: i32, kind: Kind, merchant: u16, amount: i64, entropy: u64) {
        self.bills.push(Bill {
            day,
            kind,
            merchant,
            amount,
            account: CHECKING,
            seasonal: false,
            entropy,
        });
    }

    /// Lists what is known of a month beforehand, in the order of posting.
    pub(super) fn plan(&mut self, month: usize, savings: i64, due: i64) {
        let mut agenda = std::mem::take(&mut self.agenda);
        agenda.clear();
        let days = self.bank.months.of(month);
        let mut add = |day: i32, order: u8, posting: Posting| {
            if days.contains(&day) {
                agenda.push(Item {
                    day,
                    order,
                    posting,
                });
            }
        };
        let customer = self.customer;
        self.plan_income(&days, month, &mut add);

        let monthly = customer.checking_at(month);
        if customer.segment() == "basic" && monthly < 50_000 {
            let fee = Posting::new(CHECKING, Kind::Fee, Channel::Bank, -MAINTENANCE_FEE);
            add(days.start, FIRST, fee);
        }
        let earned = self.savings_interest(savings);
        if earned > 0 {
            let interest = Posting::new(SAVINGS, Kind::Interest, Channel::Bank, earned);
            add(days.start, FIRST + 1, interest);
        }
        self.plan_card(&days, month, due, &mut add);

        let calendar = self.bank.months.calendar(month);
        for bill in &self.bills {
            let season = if bill.seasonal {
                UTILITIES[calendar % 12]
            } else {
                1.0
            };
            let amount = cents(float(bill.amount) * season);
            let mut posting = Posting::new(CHECKING, bill.kind, Channel::Ach, -amount);
            posting.merchant = bill.merchant;
            posting.entropy = bill.entropy;
            add(business_day(days.start + bill.day - 1), BILLS, posting);
        }
        self.plan_loans(&days, &mut add);

        let (saved, of_month) = customer.standing_order();
        if saved > 0 {
            let day = business_day(days.start + of_month - 1);
            let mut posting =
                Posting::new(CHECKING, Kind::InternalTransfer, Channel::Mobile, -saved);
            posting.counter_account = SAVINGS;
            add(day, BILLS + 4, posting);
        }
        self.plan_episode(month, &mut add);
        // Stable, so that equal places keep the order in which they were added.
        agenda.sort_by_key(|item| (item.day, item.order));
        self.agenda = agenda;
    }

    fn plan_income(
        &mut self,
        days: &Range<i32>,
        month: usize,
        add: &mut impl FnMut(i32, u8, Posting),
    ) {
        let customer = self.customer;
        self.pay.clear();
        // A month that is cut short has the pay days of a whole one.
        let whole = days.start..first_of_month(month_and_day(days.start).0 + 1);
        let periods = customer.pay_days_of(&whole, &mut self.pay);
        let (kind, channel) = match customer.employment {
            Employment::Employed => (Kind::Salary, Channel::Ach),
            Employment::SelfEmployed => (Kind::Deposit, Channel::Mobile),
            Employment::Unemployed => (Kind::Benefit, Channel::Ach),
            Employment::Retired => return self.plan_pensions(days, add),
            Employment::Student | Employment::Homemaker => (Kind::TransferIn, Channel::Ach),
        };
        for &day in &self.pay {
            let uneven = if customer.employment == Employment::SelfEmployed {
                0.6 + 0.8 * unit(customer.draw(400 + month as u64))
            } else {
                1.0
            };
            let amount = cents(customer.net * 12.0 / periods * uneven);
            let mut posting = Posting::new(CHECKING, kind, channel, amount);
            posting.entropy = customer.draw(301);
            add(day, FIRST + 2, posting);
        }
    }

    /// What retirees have: Social Security on its day, and the rest on the first business day.
    fn plan_pensions(&self, days: &Range<i32>, add: &mut impl FnMut(i32, u8, Posting)) {
        let customer = self.customer;
        let benefit = customer.social_security(days.start);
        let rest = cents(customer.net) - benefit;
        if rest > 0 {
            let mut posting = Posting::new(CHECKING, Kind::PrivatePension, Channel::Ach, rest);
            posting.entropy = customer.draw(303);
            add(business_day(days.start), FIRST + 2, posting);
        }
        if benefit > 0 {
            for &day in &self.pay {
                let posting = Posting::new(CHECKING, Kind::Pension, Channel::Ach, benefit);
                add(day, FIRST + 2, posting);
            }
        }
    }

    /// Interest, payment and late fee of the credit card.
    fn plan_card(
        &self,
        days: &Range<i32>,
        month: usize,
        due: i64,
        add: &mut impl FnMut(i32, u8, Posting),
    ) {
        let customer = self.customer;
        if !customer.has_credit {
            return;
        }
        if self.credit.interest > 0 {
            let interest =
                Posting::new(CREDIT, Kind::Interest, Channel::Bank, -self.credit.interest);
            add(days.start, FIRST + 1, interest);
        }
        let draw = customer.draw(500 + month as u64);
        let late = customer.score < 680 && below(draw, 100) < 8;
        let pay_on = days.start + 2 + days_below(customer.draw(302), 15);
        let fee = if late { LATE_FEE } else { 0 };
        let owed = due + self.credit.interest + fee;
        if late {
            let day = business_day(pay_on + 1);
            add(
                day,
                BILLS + 1,
                Posting::new(CREDIT, Kind::Fee, Channel::Bank, -fee),
            );
        }
        if owed > 0 {
            let day = business_day(pay_on + if late { 6 } else { 0 });
            let mut payment = Posting::new(CHECKING, Kind::CardPayment, Channel::Ach, -owed);
            payment.counter_account = CREDIT;
            add(day, BILLS + 2, payment);
        }
    }

    fn plan_loans(&self, days: &Range<i32>, add: &mut impl FnMut(i32, u8, Posting)) {
        let (calendar, _) = month_and_day(days.start);
        for loan in self.loans.iter().flatten() {
            let Some(number) = loan.number_in(calendar) else {
                continue;
            };
            let Some(paid) = loan.paid(number) else {
                continue;
            };
            let mut amount = loan.amount(number);
            if let Some(trouble) = loan.trouble {
                let cure = trouble.first + trouble.missed;
                if (trouble.first..cure).contains(&number) {
                    continue;
                }
                if number == cure {
                    amount = loan.payment * i64::from(trouble.missed + 1);
                }
            }
            let posting = Posting::new(CHECKING, Kind::LoanPayment, Channel::Ach, -amount);
            add(paid, BILLS + 3, posting);
        }
    }

    /// The transfers of a takeover, and what the bank does about an episode.
    fn plan_episode(&self, month: usize, add: &mut impl FnMut(i32, u8, Posting)) {
        let Some(episode) = self.episode_in(month) else {
            return;
        };
        if episode.pattern == Pattern::AccountTakeover {
            for (number, event) in self.events.iter().enumerate() {
                let mut posting =
                    Posting::new(episode.account, event.kind, event.channel, event.amount);
                posting.is_fraud = true;
                posting.episode = episode.year;
                posting.entropy = remix(self.customer.key ^ 0xF4A ^ number as u64);
                add(event.day, AT_ONCE + 1, posting);
            }
        }
        let stolen = self.stolen();
        let kind = if stolen > 0 {
            Kind::FraudRefund
        } else {
            Kind::Chargeback
        };
        let mut posting = Posting::new(episode.account, kind, Channel::Bank, stolen);
        posting.episode = episode.year;
        add(episode.refunded, FIRST + 3, posting);
    }
}
