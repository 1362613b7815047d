//! Episodes of fraud: what somebody else does with a customer's accounts, as labelled patterns.
//!
//! A customer has an episode in a year of the history with the probability `fraud_rate`. An episode
//! begins in the first half of a month and is refunded in the same month, so months stay independent of
//! each other. The default rate is below the 4 percent whose card and the 3 percent whose bank account was
//! misused within a year (Bureau of Justice Statistics, Victims of Identity Theft, 2021), since victims
//! have accounts at several banks. Shares of the patterns and their sizes are estimates.
//!
//! An episode takes what the account can give ([`Episode::reach`]), and is declined beyond: so what it took
//! is known without the account's postings, which leave it so much.

use super::bank::{AREAS, Bank, HISTORY, HOME_AREAS, cents, float};
use super::bank_days::business_day;
use super::ledger::{Channel, Decline, Kind};
use super::profile::{CHECKING, CREDIT, OVERDRAFT, Profile, days_below};
use super::spending::{FIRST_NATIONAL, merchant_of};
use crate::entropy::{below, remix, unit};

/// What happens in an episode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pattern {
    /// Many small purchases online within minutes, many of them declined, then a few large ones.
    CardTesting,
    /// The contact data are changed, then money is transferred away.
    AccountTakeover,
    /// The card is present in two far places within an hour.
    GeographicImpossibility,
    /// Goods ordered online with stolen card data.
    CardNotPresent,
    /// Refunds for purchases that never were, until they are charged back.
    RefundAbuse,
}

impl Pattern {
    /// Share of episodes in percent.
    const ALL: [(Self, u64); 5] = [
        (Self::CardTesting, 30),
        (Self::CardNotPresent, 30),
        (Self::GeographicImpossibility, 15),
        (Self::AccountTakeover, 15),
        (Self::RefundAbuse, 10),
    ];

    /// In words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CardTesting => "card_testing",
            Self::AccountTakeover => "account_takeover",
            Self::GeographicImpossibility => "geographic_impossibility",
            Self::CardNotPresent => "card_not_present",
            Self::RefundAbuse => "refund_abuse",
        }
    }
}

/// An episode.
#[derive(Debug, Clone, Copy)]
pub struct Episode {
    /// Year of the history: 0 or 1.
    pub year: u8,
    /// Month of the history.
    pub month: usize,
    /// What happens.
    pub pattern: Pattern,
    /// The account concerned.
    pub account: u8,
    /// First day.
    pub start: i32,
    /// The day on which it is noticed; the card is blocked then.
    pub detected: i32,
    /// The day of the refund.
    pub refunded: i32,
    /// For what happens in it.
    entropy: u64,
}

/// A transaction of an episode.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// Day on which it is authorised.
    pub day: i32,
    /// Seconds after midnight, local time where the customer lives.
    pub second: i32,
    /// What it is.
    pub kind: Kind,
    /// How.
    pub channel: Channel,
    /// Where, for cards.
    pub merchant: u16,
    /// Cents; negative leaves the account.
    pub amount: i64,
    /// Whether the fraudster does it.
    pub is_fraud: bool,
    /// Why nothing came of it, if it was declined.
    pub declined: Option<Decline>,
}

impl Event {
    /// Whether the fraudster took something by it.
    pub const fn succeeds(&self) -> bool {
        self.is_fraud && self.declined.is_none()
    }
}

/// A credit card has to give a fraudster so much, in cents.
const LEAST_REACH: i64 = 40_000;

impl Episode {
    /// The episode of a customer in a year of the history, 0 or 1.
    #[inline]
    pub fn of(bank: &Bank, customer: &Profile, year: u8) -> Option<Self> {
        let draw = bank
            .streams
            .fraud
            .draw(customer.unit.wrapping_mul(2) + u64::from(year));
        if unit(draw) >= bank.fraud_rate {
            return None;
        }
        let first = (usize::from(year) * 12).max(customer.first_month);
        let end = ((usize::from(year) + 1) * (HISTORY / 2)).min(customer.until);
        if first >= end {
            return None;
        }
        let draw = remix(draw);
        let month = first + usize::try_from(below(draw, (end - first) as u64)).unwrap_or(0);
        let entropy = remix(draw);
        let mut rest = below(entropy, 100);
        let mut pattern = Pattern::CardTesting;
        for (kind, share) in Pattern::ALL {
            if rest < share {
                pattern = kind;
                break;
            }
            rest -= share;
        }
        let on_checking = matches!(pattern, Pattern::AccountTakeover | Pattern::RefundAbuse);
        let by_credit = customer.has_credit && !on_checking && entropy & 1 == 0;
        // Cards of small limits are of no use to a fraudster.
        let account = if by_credit && customer.credit().fraud >= LEAST_REACH {
            CREDIT
        } else {
            CHECKING
        };
        let mut start = bank.months.of(month).start + 1 + days_below(remix(entropy), 13);
        if pattern == Pattern::AccountTakeover {
            // Wires go out on business days.
            start = business_day(start);
        }
        let detected = start + 1 + i32::from(matches!(pattern, Pattern::CardNotPresent));
        let refunded = business_day(detected + 2 + days_below(remix(entropy ^ 1), 4));
        Some(Self {
            year,
            month,
            pattern,
            account,
            start,
            detected,
            refunded,
            entropy: remix(entropy ^ 2),
        })
    }

    /// Whether a customer may have an episode: not whether there is one, but quick.
    #[inline]
    pub fn may_happen(bank: &Bank, customer: u64) -> bool {
        let draw = |year| bank.streams.fraud.draw(customer.wrapping_mul(2) + year);
        unit(draw(0)) < bank.fraud_rate || unit(draw(1)) < bank.fraud_rate
    }

    /// Both years' episodes.
    #[inline]
    pub fn both(bank: &Bank, customer: &Profile) -> [Option<Self>; 2] {
        [Self::of(bank, customer, 0), Self::of(bank, customer, 1)]
    }

    /// Whether a card is blocked after it.
    pub fn blocks_card(&self) -> bool {
        !matches!(
            self.pattern,
            Pattern::AccountTakeover | Pattern::RefundAbuse
        )
    }

    /// When the contact data were changed, in seconds after midnight of the first day, local time.
    pub fn contact_change(&self) -> Option<i32> {
        (self.pattern == Pattern::AccountTakeover)
            .then(|| 6 * 3_600 + days_below(self.entropy, 2 * 3_600))
    }

    /// What the account can give to a fraudster at any time of the month, in cents: its part of the credit
    /// limit, or a third of what the checking account holds at the start of the month and its overdraft,
    /// and by wire, for which there is no overdraft, a half.
    pub fn reach(&self, customer: &Profile) -> i64 {
        match (self.pattern, self.account) {
            (Pattern::AccountTakeover, _) => customer.checking_at(self.month) / 2,
            (_, CREDIT) => customer.credit().fraud,
            _ => OVERDRAFT + customer.checking_at(self.month) / 3,
        }
    }

    /// What happens, in order.
    pub fn events(&self, bank: &Bank, customer: &Profile, out: &mut Vec<Event>) {
        let mut draws = Draws {
            last: self.entropy,
            left: self.reach(customer),
        };
        match self.pattern {
            Pattern::CardTesting => self.card_testing(customer, &mut draws, out),
            Pattern::CardNotPresent => self.card_not_present(customer, &mut draws, out),
            Pattern::GeographicImpossibility => self.two_places(bank, customer, &mut draws, out),
            Pattern::AccountTakeover => self.takeover(&mut draws, out),
            Pattern::RefundAbuse => self.refund_abuse(customer, &mut draws, out),
        }
    }

    fn purchase(day: i32, second: i32, merchant: u16, amount: i64) -> Event {
        Event {
            day,
            second,
            kind: Kind::Purchase,
            channel: if merchant < FIRST_NATIONAL {
                Channel::CardPresent
            } else {
                Channel::Online
            },
            merchant,
            amount: -amount,
            is_fraud: true,
            declined: None,
        }
    }

    /// A purchase by the fraudster on the first day, as far as the account can give it; the first one takes
    /// what is there.
    fn stolen(
        &self,
        second: i32,
        merchant: u16,
        amount: i64,
        is_first: bool,
        draws: &mut Draws,
    ) -> Event {
        let amount = if is_first {
            amount.min(draws.left)
        } else {
            amount
        };
        let mut event = Self::purchase(self.start, second, merchant, amount);
        if amount <= draws.left {
            draws.left -= amount;
        } else {
            event.declined = Some(Decline::Funds);
        }
        event
    }

    fn card_testing(&self, customer: &Profile, draws: &mut Draws, out: &mut Vec<Event>) {
        let merchant = merchant_of("5816", customer.area, draws.next());
        let mut second = 2 * 3_600 + draws.number_below(14 * 3_600);
        for _ in 0..12 + draws.number_below(24) {
            // Less than two dollars every few seconds; of two of five cards the code is not known.
            let amount = 50 + i64::from(draws.number_below(150));
            let mut test = Self::purchase(self.start, second, merchant, amount);
            if draws.number_below(5) < 2 {
                test.declined = Some(Decline::Code);
            } else {
                draws.left -= amount;
            }
            out.push(test);
            second += 4 + draws.number_below(26);
        }
        for number in 0..=draws.number_below(3) {
            second += 600 + draws.number_below(3_000);
            let shop = merchant_of("5732", customer.area, draws.next());
            let amount = 15_000 + i64::from(draws.number_below(75_000));
            out.push(self.stolen(second, shop, amount, number == 0, draws));
        }
        // Then the bank has seen enough.
        for _ in 0..=draws.number_below(3) {
            second += 60 + draws.number_below(600);
            let shop = merchant_of("5732", customer.area, draws.next());
            let amount = 15_000 + i64::from(draws.number_below(75_000));
            let mut attempt = Self::purchase(self.start, second, shop, amount);
            attempt.declined = Some(Decline::Suspicion);
            out.push(attempt);
        }
    }

    fn card_not_present(&self, customer: &Profile, draws: &mut Draws, out: &mut Vec<Event>) {
        let mut second = 6 * 3_600 + draws.number_below(12 * 3_600);
        let count = 2 + draws.number_below(5);
        for number in 0..count {
            let mcc = ["5732", "5399", "5945", "4722"]
                [usize::from(draws.next() & 3 != 0) + usize::from(draws.next() & 1 == 0) * 2];
            let shop = merchant_of(mcc, customer.area, draws.next());
            let amount = 6_000 + i64::from(draws.number_below(60_000));
            let mut stolen = self.stolen(second, shop, amount, number == 0, draws);
            stolen.day += i32::from(number * 2 >= count);
            out.push(stolen);
            second = (second + 900 + draws.number_below(5_400)).min(80_000);
        }
    }

    /// A purchase near home by the customer, and within the hour others far away.
    fn two_places(&self, bank: &Bank, customer: &Profile, draws: &mut Draws, out: &mut Vec<Event>) {
        let mcc = ["5411", "5541", "5912"][usize::try_from(below(draws.next(), 3)).unwrap_or(0)];
        let shop = merchant_of(mcc, customer.area, draws.next());
        let mut second = 10 * 3_600 + draws.number_below(8 * 3_600);
        let amount = 1_500 + i64::from(draws.number_below(6_000));
        let mut genuine = Self::purchase(self.start, second, shop, amount);
        genuine.is_fraud = false;
        draws.left += genuine.amount;
        out.push(genuine);

        let home = bank.area(customer.block, u64::from(customer.area));
        let from = below(draws.next(), AREAS);
        // Far: more than eight degrees, at least 500 kilometres south of 60 degrees. Cities abroad
        // are the last resort.
        let far = (0..AREAS)
            .map(|step| (from + step) % AREAS)
            .find(|&area| {
                let there = bank.area(customer.block, area);
                let north = (there.latitude - home.latitude).abs();
                let east = (there.longitude - home.longitude).abs();
                north + east > 14.0
            })
            .unwrap_or(HOME_AREAS);
        let far = u8::try_from(far).unwrap_or(0);
        second += 600 + draws.number_below(2_000);
        for number in 0..=draws.number_below(3) {
            let mcc =
                ["5311", "5651", "5541", "5310"][usize::try_from(draws.next() & 3).unwrap_or(0)];
            let shop = merchant_of(mcc, far, draws.next());
            let amount = 8_000 + i64::from(draws.number_below(50_000));
            out.push(self.stolen(second, shop, amount, number == 0, draws));
            second += 200 + draws.number_below(300);
        }
    }

    /// Half of what the account held at the start of the month, or less, in two to four transfers.
    fn takeover(&self, draws: &mut Draws, out: &mut Vec<Event>) {
        for _ in 0..2 + draws.number_below(3) {
            let share = 0.35 + 0.3 * unit(draws.next());
            let amount = cents(float(draws.left) * share / 100.0).max(1) * 100;
            draws.left -= amount;
            out.push(Event {
                day: self.start,
                second: 0,
                kind: Kind::TransferOut,
                channel: Channel::Wire,
                merchant: u16::MAX,
                amount: -amount,
                is_fraud: true,
                declined: None,
            });
        }
    }

    fn refund_abuse(&self, customer: &Profile, draws: &mut Draws, out: &mut Vec<Event>) {
        let shop = merchant_of("5399", customer.area, draws.next());
        let mut second = 8 * 3_600 + draws.number_below(6 * 3_600);
        for _ in 0..2 + draws.number_below(4) {
            let amount = 8_000 + i64::from(draws.number_below(55_000));
            let mut refund = Self::purchase(self.start, second, shop, amount);
            refund.kind = Kind::Refund;
            refund.amount = amount;
            out.push(refund);
            second += 1_200 + draws.number_below(6_000);
        }
    }
}

/// Draws one after the other, and what the account can still give.
struct Draws {
    last: u64,
    left: i64,
}

impl Draws {
    fn next(&mut self) -> u64 {
        self.last = remix(self.last);
        self.last
    }

    fn number_below(&mut self, n: i32) -> i32 {
        days_below(self.next(), n)
    }
}
