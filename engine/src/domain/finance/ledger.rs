//! The ledger of a customer: every posting on every account, in order, with the balance after it.
//!
//! A month needs nothing of the months before it. What the accounts hold at the start of a month is a
//! function of the customer and the month: the checking account is brought to a drawn balance on the last
//! business day of each month by a transfer to or from an account elsewhere; savings grow by interest and
//! a standing order; and what is owed on the credit card is a revolving part that stays, and the purchases
//! of the month before, which this month's payment settles. So the current balance of an account costs a
//! month or two, not the whole history.
//!
//! Accounts give what they can. Payments that are due are made: where the checking account would be left
//! with less than the customer's cushion, money comes from elsewhere in the morning. Purchases by debit card
//! and withdrawals may take it up to [`OVERDRAFT`](super::profile::OVERDRAFT) below zero, and are declined
//! beyond. Purchases by credit card fit under the limit by a budget for each month ([`Credit`]), and what
//! exceeds that is paid by debit card. What an episode of fraud takes is decided by the episode ([`super::fraud`]), so that its
//! sums need no ledger; in that month the rest leaves it so much.
//!
//! Who leaves the bank does so at the end of a month: savings and what is owed on the credit card go over
//! the checking account, what it holds then goes elsewhere, and all accounts are closed.
//!
//! A day is posted in this order: a batch at 10:00 UTC on which income, bills and loan payments, and card
//! purchases of the days since the last business day follow each other by a second, and then what is
//! posted at once: wires, withdrawals, payments between people. Times of a customer therefore ascend
//! strictly, but that both sides of a transfer between own accounts have the same.

mod agenda;
mod card;
mod entry;

use std::ops::Range;

use self::agenda::{AT_ONCE, Bill};
pub use self::card::card_on;
pub use self::entry::{Channel, Decline, Entry, Kind, Moment, NONE, NOWHERE};
use self::entry::{Posting, Reserve, Writer};
use super::bank::{Bank, HISTORY, cents, exp};
use super::bank_days::{is_business_day, last_business_day};
use super::fraud::{Episode, Event, Pattern};
use super::lending::{KINDS, Loan};
use super::profile::{CHECKING, CREDIT, Credit, OVERDRAFT_FEE, Profile, SAVINGS, days_below};
use super::spending::Habits;
use crate::entropy::{normal, remix};

/// What people send each other in the days after the last business day of a month is at most this, so that
/// the balance at its end can be foreseen.
const LAST_PEER: i64 = 10_000;

/// What the accounts hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct State {
    /// Checking, savings and credit, in cents; negative is owed.
    pub balances: [i64; 3],
    /// Purchases of the month before, by credit card.
    pub due: i64,
}

/// Something that is posted on a day of the month; `order` says when.
#[derive(Debug, Clone, Copy)]
struct Item {
    day: i32,
    order: u8,
    posting: Posting,
}

/// A customer's accounts.
pub struct Ledger<'a> {
    bank: &'a Bank,
    /// The customer.
    pub customer: &'a Profile,
    habits: Habits,
    /// Purchases that repeat every month.
    subscriptions: [Option<Bill>; 3],
    /// Whether bills and loans have been worked out: the balance at the start of a month needs neither.
    is_prepared: bool,
    bills: Vec<Bill>,
    loans: [Option<Loan>; 4],
    episodes: [Option<Episode>; 2],
    events: Vec<Event>,
    credit: Credit,
    /// What is bought by credit card in a month at most, subscriptions not counted.
    by_credit: i64,
    hours: i32,
    /// First day with transactions.
    begin: i32,
    agenda: Vec<Item>,
    pay: Vec<i32>,
}

impl<'a> Ledger<'a> {
    /// The accounts of a customer.
    pub fn new(bank: &'a Bank, customer: &'a Profile) -> Self {
        let credit = if customer.has_credit {
            customer.credit()
        } else {
            Credit::default()
        };
        let mut ledger = Self {
            bank,
            customer,
            habits: Habits::of(customer),
            subscriptions: [None; 3],
            is_prepared: false,
            bills: Vec::new(),
            loans: [None; 4],
            episodes: Episode::both(bank, customer),
            events: Vec::new(),
            credit,
            by_credit: 0,
            hours: bank.area(customer.block, u64::from(customer.area)).hours,
            begin: bank.months.of(customer.first_month.min(HISTORY)).start,
            agenda: Vec::new(),
            pay: Vec::new(),
        };
        ledger.add_subscriptions();
        ledger
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
                -self.credit.revolving,
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
        if month >= self.customer.until {
            return State {
                balances: [0; 3],
                due: 0,
            };
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
            state.balances[usize::from(CREDIT)] = -self.credit.revolving - state.due;
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
        self.spent_by_credit(month)
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
        let by_fraud = self.events.iter().filter(|event| event.succeeds());
        -by_fraud.map(|event| event.amount).sum::<i64>()
    }

    /// The postings of months, from what the accounts hold at their start, in order of time.
    pub fn run(
        &mut self,
        months: Range<usize>,
        mut state: State,
        out: &mut impl FnMut(&Entry),
    ) -> State {
        for month in months {
            if (self.customer.first_month..self.customer.until).contains(&month) {
                self.month(month, &mut state, out);
            }
        }
        state
    }

    fn prepare(&mut self) {
        if !self.is_prepared {
            self.is_prepared = true;
            self.loans = KINDS.map(|kind| Loan::of(self.bank, self.customer, kind));
            self.add_bills();
        }
    }

    fn month(&mut self, month: usize, state: &mut State, out: &mut impl FnMut(&Entry)) {
        if self.bank.months.of(month).is_empty() {
            return;
        }
        self.prepare();
        self.set_events(month);
        let savings = state.balances[usize::from(SAVINGS)];
        self.plan(month, savings, state.due);
        let season = self.season(month);
        let days = self.bank.months.of(month);
        let leaves = month + 1 == self.customer.until;
        // From the last business day on; a month that is not over has none.
        let settled = if month < HISTORY {
            last_business_day(days.end - 1)
        } else {
            days.end
        };
        let mut writer = Writer {
            state,
            out,
            limit: self.credit.limit,
            reserve: self.reserve(month),
            entropy: self.customer.draw(300),
            hours: self.hours,
            day: days.start,
            batch: 0,
            live: 0,
        };
        let cushion = writer
            .reserve
            .least_balance()
            .max(self.customer.cushion(month));
        let (mut spent, mut charged) = (0, 0);
        let mut rest = self.agenda.as_slice();
        let mut overdrawn = false;
        for day in days.clone() {
            (writer.day, writer.batch, writer.live) = (day, 0, 0);
            let (today, later) = rest.split_at(rest.partition_point(|item| item.day == day));
            rest = later;
            let (due, at_once) = today.split_at(today.partition_point(|item| item.order < AT_ONCE));
            if is_business_day(day) {
                writer.bring(missing(due, cushion, &writer.state.balances));
            }
            for item in due {
                spent -= on_credit(item);
                writer.post_in_batch(None, item.posting);
            }
            self.cards(day, &season, &mut charged, &mut |moment, posting| {
                if posting.account == CREDIT && posting.declined.is_none() {
                    spent -= posting.amount;
                }
                writer.post_card(moment, posting);
            });
            if day == settled {
                if leaves {
                    close(&mut writer);
                }
                self.level(month, day..days.end, &mut writer);
            }
            for item in at_once {
                writer.post_wire(item.posting);
            }
            if day >= settled {
                if !leaves {
                    let cash = self.cash(day, true);
                    cash.into_iter()
                        .flatten()
                        .for_each(|posting| writer.post_at_once(posting));
                }
                continue;
            }
            for posting in self.cash(day, false).into_iter().flatten() {
                match posting.kind {
                    Kind::Withdrawal => writer.post_cash(posting),
                    _ if writer.holds(-posting.amount) => writer.post_at_once(posting),
                    _ => {}
                }
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
        }
        state.due = if leaves { 0 } else { spent };
    }

    /// What the episode of a month is going to take from the checking account.
    fn reserve(&self, month: usize) -> Reserve {
        match self.episode_in(month) {
            Some(episode) if episode.account == CHECKING => Reserve {
                left: self
                    .events
                    .iter()
                    .filter(|event| event.declined.is_none() && event.amount < 0)
                    .map(|event| -event.amount)
                    .sum(),
                by_wire: episode.pattern == Pattern::AccountTakeover,
            },
            _ => Reserve::default(),
        }
    }

    /// Brings the checking account to what it holds at the start of the next month when what is drawn and
    /// sent in the rest of the month is done: nothing where it is closed.
    fn level(&self, month: usize, rest: Range<i32>, writer: &mut Writer<'_, impl FnMut(&Entry)>) {
        let next = if month + 1 == self.customer.until {
            0
        } else {
            let cash = rest.flat_map(|day| self.cash(day, true)).flatten();
            self.customer.checking_at(month + 1) - cash.map(|posting| posting.amount).sum::<i64>()
        };
        let amount = next - writer.state.balances[usize::from(CHECKING)];
        let kind = match amount {
            0 => return,
            1.. => Kind::TransferIn,
            _ => Kind::TransferOut,
        };
        let mut posting = Posting::new(CHECKING, kind, Channel::Ach, amount);
        posting.entropy = writer.entropy;
        writer.post_in_batch(None, posting);
    }

    /// Cash and payments between people on a day; `is_last` says whether it is one of those from the last
    /// business day of a month on.
    #[inline]
    fn cash(&self, day: i32, is_last: bool) -> [Option<Posting>; 2] {
        let mut postings = [None; 2];
        if day < self.begin {
            return postings;
        }
        let draw = remix(self.customer.days.draw(u64::from(day.cast_unsigned())) ^ 0x0CA5);
        if draw & 0xFFFF < 2_600 {
            let amount = 2_000 * (1 + i64::from(days_below(remix(draw), 10)));
            let mut posting = Posting::new(CHECKING, Kind::Withdrawal, Channel::Atm, -amount);
            posting.card = self.card(CHECKING, day);
            posting.entropy = draw;
            postings[0] = Some(posting);
        }
        let peer = (draw >> 16) & 0xFFFF;
        if peer < 4_600 {
            let mut amount = cents(35.0 * exp(0.9 * normal(remix(draw ^ 1)))).max(1) * 100;
            if is_last {
                amount = amount.min(LAST_PEER);
            }
            if peer < 2_900 {
                amount = -amount;
            }
            let mut posting = Posting::new(CHECKING, Kind::PeerPayment, Channel::Mobile, amount);
            posting.entropy = draw;
            postings[1] = Some(posting);
        }
        postings
    }
}

/// What has to come from elsewhere so that a day's payments leave the cushion on the checking account: nothing
/// where there are none.
#[inline]
fn missing(due: &[Item], cushion: i64, balances: &[i64; 3]) -> i64 {
    let on_checking = due.iter().filter(|item| item.posting.account == CHECKING);
    let (mut sum, mut pays) = (0, false);
    for item in on_checking {
        sum += item.posting.amount;
        pays |= item.posting.amount < 0;
    }
    if pays {
        cushion - balances[usize::from(CHECKING)] - sum
    } else {
        0
    }
}

/// Brings savings to the checking account, and pays what is owed on the credit card: the last business day.
fn close(writer: &mut Writer<'_, impl FnMut(&Entry)>) {
    let [checking, savings, credit] = writer.state.balances;
    writer.bring(-(checking + savings + credit));
    for (amount, kind, account) in [
        (savings, Kind::InternalTransfer, SAVINGS),
        (credit, Kind::CardPayment, CREDIT),
    ] {
        if amount != 0 {
            let mut posting = Posting::new(CHECKING, kind, Channel::Mobile, amount);
            posting.counter_account = account;
            writer.post_in_batch(None, posting);
        }
    }
}

/// What a refund for fraud takes off the month's purchases by credit card.
fn on_credit(item: &Item) -> i64 {
    if item.posting.account == CREDIT && item.posting.kind == Kind::FraudRefund {
        item.posting.amount
    } else {
        0
    }
}
