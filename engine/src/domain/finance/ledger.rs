//! The ledger of a customer: every posting on every account, in order, with the balance after it.
//!
//! A month needs nothing of the months before it. What the accounts hold at the start of a month is a
//! function of the customer and the month: the checking account is brought to a drawn balance at the end
//! of each month by a transfer to or from an account elsewhere; savings grow by interest and a standing
//! order; and what is owed on the credit card is a revolving part that stays, and the purchases of the
//! month before, which this month's payment settles. So the current balance of an account costs a month
//! or two, not the whole history.
//!
//! A day is posted in this order: a batch at 10:00 UTC on which income, card purchases of the days since
//! the last business day, bills and loan payments follow each other by a second, and then what is posted
//! at once: withdrawals, transfers. Times of a customer therefore ascend strictly, but that both sides of
//! a transfer between own accounts have the same.

use std::ops::Range;

use super::bank::{
    Bank, HISTORY, business_day, cents, exp, float, is_business_day, month_and_day, weekday,
};
use super::fraud::{Episode, Event, Pattern};
use super::lending::{KINDS, Loan, LoanKind};
use super::profile::{CHECKING, CREDIT, Employment, Profile, SAVINGS, days_below};
use super::spending::{Day, Habits, Trip, merchant_of};
use crate::entropy::{below, normal, remix, unit};

/// No account, card, merchant or episode.
pub const NONE: u8 = u8::MAX;
/// No merchant.
pub const NOWHERE: u16 = u16::MAX;

/// A fee for an overdraft: 27.08 dollars on average in 2024 (Bankrate, from memory), here 27.00.
const OVERDRAFT_FEE: i64 = 2_700;
/// A fee for keeping a small account.
const MAINTENANCE_FEE: i64 = 500;
/// A fee for a late payment of a credit card.
const LATE_FEE: i64 = 3_000;

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$of])* $variant,)* }

        impl $name {
            /// In words.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

named! {
    /// What a transaction is.
    Kind {
        /// Bought by card.
        Purchase = "purchase",
        /// Back from a merchant.
        Refund = "refund",
        /// Wages.
        Salary = "salary",
        /// Income of one's own business.
        Deposit = "deposit",
        /// Social Security and pension.
        Pension = "pension",
        /// Unemployment benefits.
        Benefit = "benefit",
        /// Rent.
        Rent = "rent",
        /// Utilities, insurance, telephone.
        BillPayment = "bill_payment",
        /// A payment on a loan.
        LoanPayment = "loan_payment",
        /// From checking to the credit card.
        CardPayment = "card_payment",
        /// To an account elsewhere.
        TransferOut = "transfer_out",
        /// From an account elsewhere.
        TransferIn = "transfer_in",
        /// Between own accounts.
        InternalTransfer = "internal_transfer",
        /// To or from another person.
        PeerPayment = "peer_payment",
        /// Cash.
        Withdrawal = "withdrawal",
        /// A fee of the bank.
        Fee = "fee",
        /// Interest, received or paid.
        Interest = "interest",
        /// The bank makes good for fraud.
        FraudRefund = "fraud_refund",
        /// A refund that was none is taken back.
        Chargeback = "chargeback",
    }
}

named! {
    /// How a transaction came about.
    Channel {
        /// At a terminal.
        CardPresent = "card_present",
        /// By card, online.
        Online = "online",
        /// By card, every month.
        Recurring = "recurring",
        /// At a cash machine.
        Atm = "atm",
        /// Automated Clearing House.
        Ach = "ach",
        /// By wire.
        Wire = "wire",
        /// In the bank's application.
        Mobile = "mobile",
        /// By the bank itself.
        Bank = "bank",
    }
}

/// When a transaction was authorised.
#[derive(Debug, Clone, Copy)]
pub enum Moment {
    /// At this second since 1970-01-01 00:00 UTC.
    At(i64),
    /// In the course of a day, at the usual time at the merchant.
    During(i32),
}

/// A posting.
#[derive(Debug, Clone, Copy)]
pub struct Entry {
    /// Account.
    pub account: u8,
    /// What it is.
    pub kind: Kind,
    /// How.
    pub channel: Channel,
    /// Card, or [`NONE`].
    pub card: u8,
    /// The other of the own accounts, or [`NONE`].
    pub counter_account: u8,
    /// The year of the episode of fraud that it belongs to, or [`NONE`].
    pub episode: u8,
    /// Whether somebody else did it.
    pub is_fraud: bool,
    /// Merchant of the block, or [`NOWHERE`].
    pub merchant: u16,
    /// In cents; negative leaves the account.
    pub amount: i64,
    /// What the account holds after it, in cents; negative is owed.
    pub balance: i64,
    /// When it was authorised.
    pub authorised: Moment,
    /// When it was posted, in seconds since 1970-01-01 00:00 UTC.
    pub posted: i64,
    /// For names and times.
    pub entropy: u64,
}

/// What the accounts hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Checking, savings and credit, in cents; negative is owed.
    pub balances: [i64; 3],
    /// Purchases of the month before, by credit card.
    pub due: i64,
}

/// A bill that comes every month.
#[derive(Debug, Clone, Copy)]
struct Bill {
    day: i32,
    kind: Kind,
    merchant: u16,
    amount: i64,
    by_card: bool,
    account: u8,
    seasonal: bool,
    entropy: u64,
}

/// Something that is posted on a day of the month; `order` says when.
#[derive(Debug, Clone, Copy)]
struct Item {
    day: i32,
    order: u8,
    posting: Posting,
}

/// What is posted, without time and balance.
#[derive(Debug, Clone, Copy)]
struct Posting {
    account: u8,
    kind: Kind,
    channel: Channel,
    counter_account: u8,
    card: u8,
    episode: u8,
    is_fraud: bool,
    merchant: u16,
    amount: i64,
    entropy: u64,
}

impl Posting {
    const fn new(account: u8, kind: Kind, channel: Channel, amount: i64) -> Self {
        Self {
            account,
            kind,
            channel,
            counter_account: NONE,
            card: NONE,
            episode: NONE,
            is_fraud: false,
            merchant: NOWHERE,
            amount,
            entropy: 0,
        }
    }
}

/// Order within a day: before the cards, after them, and at once.
const FIRST: u8 = 0;
const CARDS: u8 = 50;
const BILLS: u8 = 60;
const AT_ONCE: u8 = 100;

/// What subscriptions cost.
const PRICES: [i64; 8] = [499, 799, 999, 1_199, 1_549, 1_799, 2_299, 2_999];

/// The utilities' share of their yearly mean by calendar month: heating and cooling (estimate after the
/// EIA's residential bills).
const UTILITIES: [f64; 12] = [
    1.25, 1.2, 1.0, 0.85, 0.8, 0.95, 1.15, 1.2, 1.0, 0.8, 0.85, 1.05,
];

/// A customer's accounts.
pub struct Ledger<'a> {
    bank: &'a Bank,
    /// The customer.
    pub customer: &'a Profile,
    habits: Habits,
    bills: Vec<Bill>,
    loans: [Option<Loan>; 4],
    episodes: [Option<Episode>; 2],
    events: Vec<Event>,
    revolving: i64,
    interest: i64,
    hours: i32,
    /// First day with transactions.
    begin: i32,
    agenda: Vec<Item>,
    pay: Vec<i32>,
}

impl<'a> Ledger<'a> {
    /// The accounts of a customer.
    pub fn new(bank: &'a Bank, customer: &'a Profile) -> Self {
        let revolving = if customer.has_credit {
            customer.revolving()
        } else {
            0
        };
        let mut ledger = Self {
            bank,
            customer,
            habits: Habits::of(customer),
            bills: Vec::with_capacity(10),
            loans: KINDS.map(|kind| Loan::of(bank, customer, kind)),
            episodes: Episode::both(bank, customer),
            events: Vec::new(),
            revolving,
            interest: revolving * customer.credit_rate() / 120_000,
            hours: bank.area(customer.block, u64::from(customer.area)).hours,
            begin: bank.months.of(customer.first_month.min(HISTORY)).start,
            agenda: Vec::with_capacity(32),
            pay: Vec::with_capacity(5),
        };
        ledger.add_bills();
        ledger
    }

    /// The rest of what a customer pays every month.
    fn add_bills(&mut self) {
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
                NOWHERE,
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
        for number in 0..below(draw(14), 4) {
            let price = PRICES[usize::try_from(draw(20 + number) & 7).unwrap_or(0)];
            let mcc = if draw(30 + number) & 3 == 0 {
                "5968"
            } else {
                "5815"
            };
            self.bill(
                day(40 + number),
                Kind::Purchase,
                merchant(mcc, 50 + number),
                price,
                0,
            );
            let by_credit = customer.has_credit && self.habits.subscribes_by_credit();
            if let Some(last) = self.bills.last_mut() {
                last.by_card = true;
                last.account = if by_credit { CREDIT } else { CHECKING };
            }
        }
    }

    fn bill(&mut self, day: i32, kind: Kind, merchant: u16, amount: i64, entropy: u64) {
        self.bills.push(Bill {
            day,
            kind,
            merchant,
            amount,
            by_card: false,
            account: CHECKING,
            seasonal: false,
            entropy,
        });
    }

    /// What the accounts hold at the start of the first month with transactions: their opening
    /// balances.
    pub fn opening(&self) -> State {
        State {
            balances: [
                self.customer.checking_at(self.customer.first_month),
                if self.customer.has_savings {
                    self.customer.savings_at_first()
                } else {
                    0
                },
                -self.revolving,
            ],
            due: 0,
        }
    }

    /// What the accounts hold at the start of a month, which is the first with transactions or a later
    /// one.
    pub fn at(&mut self, month: usize) -> State {
        let mut state = self.opening();
        if month <= self.customer.first_month {
            return state;
        }
        state.balances[usize::from(CHECKING)] = self.customer.checking_at(month);
        let (saved, _) = self.customer.standing_order();
        let savings = &mut state.balances[usize::from(SAVINGS)];
        if self.customer.has_savings {
            for _ in self.customer.first_month..month {
                *savings += self.savings_interest(*savings) + saved;
            }
        }
        if self.customer.has_credit {
            state.due = self.card_spending(month - 1);
            state.balances[usize::from(CREDIT)] = -self.revolving - state.due;
        }
        state
    }

    /// The current balances.
    pub fn now(&mut self) -> State {
        let month = HISTORY.max(self.customer.first_month);
        let state = self.at(month);
        self.run(month..HISTORY + 1, state, &mut |_| {})
    }

    #[inline]
    fn savings_interest(&self, balance: i64) -> i64 {
        balance * self.customer.savings_rate() / 120_000
    }

    /// What a month's postings add to the debt of the credit card, without payment, interest and fee.
    fn card_spending(&mut self, month: usize) -> i64 {
        self.set_events(month);
        let trips = self.trips(month);
        let mut spent = 0;
        for day in self.bank.months.of(month) {
            self.cards(month, day, &trips, &mut |_, posting| {
                if posting.account == CREDIT {
                    spent -= posting.amount;
                }
            });
        }
        let refunds = self.episode_in(month).filter(|e| e.account == CREDIT);
        spent - refunds.map_or(0, |_| self.stolen())
    }

    fn episode_in(&self, month: usize) -> Option<Episode> {
        self.episodes
            .iter()
            .flatten()
            .find(|episode| episode.month == month)
            .copied()
    }

    fn set_events(&mut self, month: usize) {
        self.events.clear();
        if let Some(episode) = self.episode_in(month) {
            episode.events(self.bank, self.customer, &mut self.events);
        }
    }

    /// What the fraudster took in the episode whose events are set.
    fn stolen(&self) -> i64 {
        let by_fraud = self.events.iter().filter(|event| event.is_fraud);
        -by_fraud.map(|event| event.amount).sum::<i64>()
    }

    fn trips(&self, month: usize) -> [Trip; 2] {
        let before = if month == 0 {
            Trip::default()
        } else {
            Trip::of(self.customer, &self.bank.months.of(month - 1))
        };
        [before, Trip::of(self.customer, &self.bank.months.of(month))]
    }

    /// The card of an account on a day: a new one after each episode that blocked the old.
    #[inline]
    pub fn card(&self, account: u8, day: i32) -> u8 {
        let blocked = self.episodes.iter().flatten().filter(|episode| {
            episode.account == account && episode.blocks_card() && episode.detected < day
        });
        let first = if account == CREDIT { 3 } else { 0 };
        first + u8::try_from(blocked.count()).unwrap_or(0)
    }

    /// Card transactions that are posted on a day, with the day and second of their authorisation.
    #[inline]
    fn cards(
        &self,
        month: usize,
        day: i32,
        trips: &[Trip; 2],
        post: &mut impl FnMut(Moment, Posting),
    ) {
        if !is_business_day(day) {
            return;
        }
        let start = self.bank.months.of(month).start;
        let first = if weekday(day) == 0 { day - 3 } else { day - 1 };
        for authorised in first.max(self.begin)..day {
            let season = |day: i32| {
                let this = month + 11 + usize::from(day >= start);
                self.bank.months.calendar(this)
            };
            let today = self
                .habits
                .day(self.customer, authorised, season(authorised));
            for number in 0..today.purchases {
                self.purchase(&today, number, trips, post);
            }
            self.refund(authorised, season(authorised - 7), trips, post);
            if authorised >= start {
                self.subscriptions(authorised - start + 1, authorised, post);
            }
            for event in self.events.iter().filter(|event| event.day == authorised) {
                self.event(event, post);
            }
        }
    }

    #[inline]
    fn purchase(
        &self,
        day: &Day,
        number: u64,
        trips: &[Trip; 2],
        post: &mut impl FnMut(Moment, Posting),
    ) {
        let bought = self.habits.purchase(self.customer, day, number, trips);
        let account = if bought.by_credit { CREDIT } else { CHECKING };
        let channel = if bought.merchant < super::spending::FIRST_NATIONAL {
            Channel::CardPresent
        } else {
            Channel::Online
        };
        let mut posting = Posting::new(account, Kind::Purchase, channel, -bought.amount);
        posting.card = self.card(account, day.day);
        posting.merchant = bought.merchant;
        posting.entropy = bought.entropy;
        post(Moment::During(day.day), posting);
    }

    /// One in 64 days' first purchases goes back to the shop a week later. The season is that of the
    /// day of purchase.
    #[inline]
    fn refund(
        &self,
        day: i32,
        season: usize,
        trips: &[Trip; 2],
        post: &mut impl FnMut(Moment, Posting),
    ) {
        let bought_on = day - 7;
        if bought_on < self.begin {
            return;
        }
        let old = self.habits.day(self.customer, bought_on, season);
        if old.other() & 63 != 0
            || old.purchases == 0
            || trips.iter().any(|trip| trip.covers(bought_on))
        {
            return;
        }
        let bought = self.habits.purchase(self.customer, &old, 0, trips);
        if bought.by_credit {
            return;
        }
        let mut posting = Posting::new(CHECKING, Kind::Refund, Channel::CardPresent, bought.amount);
        if bought.merchant >= super::spending::FIRST_NATIONAL {
            posting.channel = Channel::Online;
        }
        posting.card = self.card(CHECKING, day);
        posting.merchant = bought.merchant;
        posting.entropy = remix(bought.entropy);
        post(Moment::During(day), posting);
    }

    #[inline]
    fn subscriptions(&self, of_month: i32, day: i32, post: &mut impl FnMut(Moment, Posting)) {
        for bill in &self.bills {
            if bill.by_card && bill.day == of_month {
                let mut posting =
                    Posting::new(bill.account, bill.kind, Channel::Recurring, -bill.amount);
                posting.card = self.card(bill.account, day);
                posting.merchant = bill.merchant;
                posting.entropy = remix(self.customer.key ^ u64::from(bill.merchant));
                post(Moment::During(day), posting);
            }
        }
    }

    /// A card transaction of an episode of fraud.
    fn event(&self, event: &Event, post: &mut impl FnMut(Moment, Posting)) {
        let Some(episode) = self
            .episodes
            .iter()
            .flatten()
            .find(|episode| (episode.start..=episode.start + 1).contains(&event.day))
        else {
            return;
        };
        if event.channel == Channel::Wire {
            return;
        }
        let mut posting = Posting::new(episode.account, event.kind, event.channel, event.amount);
        posting.card = self.card(episode.account, event.day);
        posting.merchant = event.merchant;
        posting.is_fraud = event.is_fraud;
        posting.episode = episode.year;
        let second = i64::from(event.second - self.hours * 3_600);
        post(Moment::At(i64::from(event.day) * 86_400 + second), posting);
    }

    /// The postings of months, from what the accounts hold at their start, in order of time.
    pub fn run(
        &mut self,
        months: Range<usize>,
        mut state: State,
        out: &mut impl FnMut(&Entry),
    ) -> State {
        for month in months {
            if month >= self.customer.first_month {
                self.month(month, &mut state, out);
            }
        }
        state
    }

    fn month(&mut self, month: usize, state: &mut State, out: &mut impl FnMut(&Entry)) {
        self.set_events(month);
        let savings = state.balances[usize::from(SAVINGS)];
        self.plan(month, savings, state.due);
        let trips = self.trips(month);
        let days = self.bank.months.of(month);
        let mut writer = Writer {
            state,
            out,
            hours: self.hours,
            day: days.start,
            batch: 0,
            live: 0,
        };
        let mut spent = 0;
        let mut next = 0;
        let mut overdrawn = false;
        for day in days.clone() {
            (writer.day, writer.batch, writer.live) = (day, 0, 0);
            while let Some(item) = self.agenda.get(next)
                && item.day == day
                && item.order < CARDS
            {
                spent -= self.on_credit(item);
                writer.post_in_batch(None, item.posting);
                next += 1;
            }
            self.cards(month, day, &trips, &mut |moment, posting| {
                if posting.account == CREDIT {
                    spent -= posting.amount;
                }
                writer.post_in_batch(Some(moment), posting);
            });
            while let Some(item) = self.agenda.get(next)
                && item.day == day
                && item.order < AT_ONCE
            {
                writer.post_in_batch(None, item.posting);
                next += 1;
            }
            self.cash(day, &mut writer);
            while let Some(item) = self.agenda.get(next)
                && item.day == day
            {
                writer.post_at_once(item.posting);
                next += 1;
            }
            let checking = writer.state.balances[usize::from(CHECKING)];
            if checking < 0 && !overdrawn {
                overdrawn = true;
                writer.post_at_once(Posting::new(
                    CHECKING,
                    Kind::Fee,
                    Channel::Bank,
                    -OVERDRAFT_FEE,
                ));
            }
            if month < HISTORY && day + 1 == days.end {
                self.level(month, &mut writer);
            }
        }
        state.due = spent;
    }

    /// What a refund for fraud takes off the month's purchases by credit card.
    fn on_credit(&self, item: &Item) -> i64 {
        if item.posting.account == CREDIT && item.posting.kind == Kind::FraudRefund {
            item.posting.amount
        } else {
            0
        }
    }

    /// Brings the checking account to what it holds at the start of the next month.
    fn level(&self, month: usize, writer: &mut Writer<'_, impl FnMut(&Entry)>) {
        let next = self.customer.checking_at(month + 1);
        let amount = next - writer.state.balances[usize::from(CHECKING)];
        let kind = match amount {
            0 => return,
            1.. => Kind::TransferIn,
            _ => Kind::TransferOut,
        };
        let mut posting = Posting::new(CHECKING, kind, Channel::Ach, amount);
        posting.entropy = self.customer.draw(300);
        writer.post_at_once(posting);
    }

    /// Cash and payments between people on a day.
    #[inline]
    fn cash(&self, day: i32, writer: &mut Writer<'_, impl FnMut(&Entry)>) {
        if day < self.begin {
            return;
        }
        let draw = remix(self.customer.days.draw(u64::from(day.cast_unsigned())) ^ 0x0CA5);
        if draw & 0xFFFF < 2_600 {
            let amount = 2_000 * (1 + i64::from(days_below(remix(draw), 10)));
            let mut posting = Posting::new(CHECKING, Kind::Withdrawal, Channel::Atm, -amount);
            posting.card = self.card(CHECKING, day);
            posting.entropy = draw;
            writer.post_at_once(posting);
        }
        let peer = (draw >> 16) & 0xFFFF;
        if peer < 4_600 {
            let dollars = cents(35.0 * exp(0.9 * normal(remix(draw ^ 1)))).max(1);
            let amount = if peer < 2_900 { -dollars } else { dollars } * 100;
            let mut posting = Posting::new(CHECKING, Kind::PeerPayment, Channel::Mobile, amount);
            posting.entropy = draw;
            writer.post_at_once(posting);
        }
    }

    /// Lists what is known of a month beforehand, in the order of posting.
    fn plan(&mut self, month: usize, savings: i64, due: i64) {
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
        for bill in self.bills.iter().filter(|bill| !bill.by_card) {
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
            let day = days.start + of_month - 1;
            let mut posting =
                Posting::new(CHECKING, Kind::InternalTransfer, Channel::Mobile, -saved);
            posting.counter_account = SAVINGS;
            add(day, AT_ONCE, posting);
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
        let whole = days.start..super::bank::first_of_month(month_and_day(days.start).0 + 1);
        let periods = customer.pay_days_of(&whole, &mut self.pay);
        let (kind, channel) = match customer.employment {
            Employment::Employed => (Kind::Salary, Channel::Ach),
            Employment::SelfEmployed => (Kind::Deposit, Channel::Mobile),
            Employment::Unemployed => (Kind::Benefit, Channel::Ach),
            Employment::Retired => (Kind::Pension, Channel::Ach),
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
        if self.interest > 0 {
            let interest = Posting::new(CREDIT, Kind::Interest, Channel::Bank, -self.interest);
            add(days.start, FIRST + 1, interest);
        }
        let draw = customer.draw(500 + month as u64);
        let late = customer.score < 680 && below(draw, 100) < 8;
        let pay_on = days.start + 2 + days_below(customer.draw(302), 15);
        let fee = if late { LATE_FEE } else { 0 };
        let owed = due + self.interest + fee;
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

/// Gives postings their time and balance.
struct Writer<'s, F> {
    state: &'s mut State,
    out: &'s mut F,
    hours: i32,
    day: i32,
    batch: i64,
    live: i64,
}

impl<F: FnMut(&Entry)> Writer<'_, F> {
    /// At 10:00 UTC and on: nobody in the US has still the day before.
    #[inline]
    fn post_in_batch(&mut self, authorised: Option<Moment>, posting: Posting) {
        let posted = i64::from(self.day) * 86_400 + 36_000 + self.batch;
        self.batch += 1;
        // Files of payments come in the evening before.
        let authorised = authorised.unwrap_or(Moment::At(posted - 28_800));
        self.write(authorised, posted, posting);
    }

    /// Between 9:00 and 23:00 local time, an hour and a half for each of up to nine.
    #[inline]
    fn post_at_once(&mut self, posting: Posting) {
        let within = below(
            remix(posting.entropy ^ u64::from(self.day.cast_unsigned())),
            5_200,
        );
        let second = 32_400 + self.live.min(8) * 5_400 + within.cast_signed();
        self.live += 1;
        let at = i64::from(self.day) * 86_400 + second - i64::from(self.hours) * 3_600;
        self.write(Moment::At(at), at + 2, posting);
    }

    #[inline]
    fn write(&mut self, authorised: Moment, posted: i64, posting: Posting) {
        self.side(authorised, posted, &posting);
        // The other side of a transfer between own accounts.
        if posting.counter_account != NONE {
            let mut other = posting;
            other.account = posting.counter_account;
            other.counter_account = posting.account;
            other.amount = -posting.amount;
            self.side(authorised, posted, &other);
        }
    }

    #[inline]
    fn side(&mut self, authorised: Moment, posted: i64, posting: &Posting) {
        let balance = &mut self.state.balances[usize::from(posting.account.min(2))];
        *balance += posting.amount;
        let entry = Entry {
            account: posting.account,
            kind: posting.kind,
            channel: posting.channel,
            card: posting.card,
            counter_account: posting.counter_account,
            episode: posting.episode,
            is_fraud: posting.is_fraud,
            merchant: posting.merchant,
            amount: posting.amount,
            balance: *balance,
            authorised,
            posted,
            entropy: posting.entropy,
        };
        (self.out)(&entry);
    }
}
