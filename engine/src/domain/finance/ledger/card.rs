//! What is posted of cards on a day: purchases, refunds, subscriptions, and what a fraudster does.

use super::{Channel, Decline, Kind, Ledger, Moment, Posting};
use crate::domain::finance::bank_days::{business_day, is_business_day, last_business_day};
use crate::domain::finance::fraud::{Episode, Event};
use crate::domain::finance::profile::{CHECKING, CREDIT};
use crate::domain::finance::spending::{Day, FIRST_NATIONAL, Habits, Trip};
use crate::entropy::{below, remix};

/// What the cards of a month need to know of it and the month before.
pub(super) struct Season {
    /// The first day of the month.
    start: i32,
    /// Journeys of the month before and of the month.
    trips: [Trip; 2],
    /// Chances of purchases in the month before and in the month.
    chances: [[u64; 7]; 2],
}

impl Season {
    #[inline]
    fn chances(&self, day: i32) -> &[u64; 7] {
        &self.chances[usize::from(day >= self.start)]
    }
}

/// The card of an account on a day: a new one after each episode that blocked the old.
#[inline]
pub fn card_on(episodes: &[Option<Episode>; 2], account: u8, day: i32) -> u8 {
    let blocked = episodes.iter().flatten().filter(|episode| {
        episode.account == account && episode.blocks_card() && episode.detected < day
    });
    let first = if account == CREDIT { 3 } else { 0 };
    first + u8::try_from(blocked.count()).unwrap_or(0)
}

/// With some purchases goes an attempt that is declined: one in 200 does not look like the customer at
/// first, and before one in a hundred a wrong number is typed in; on the day of one in eight there is
/// something much dearer to be had, which is declined where it exceeds what the account gives, and else left
/// alone (see [`Writer`](super::entry::Writer)). Shares are estimates.
#[inline]
fn attempt(day: i32, purchase: Posting, post: &mut impl FnMut(Moment, Posting)) {
    let draw = remix(purchase.entropy ^ 0xDEC1);
    let reason = match below(draw, 200) {
        0 => Decline::Suspicion,
        1..3 if purchase.channel == Channel::Online => Decline::Code,
        1..3 => Decline::Pin,
        3..28 => Decline::Funds,
        _ => return,
    };
    let mut posting = purchase;
    posting.declined = Some(reason);
    if reason == Decline::Funds {
        let more = remix(draw);
        posting.amount *= 4 + below(more, 20).cast_signed();
        posting.entropy = more;
        post(Moment::During(day), posting);
    } else {
        post(Moment::Before(day), posting);
    }
}

impl Ledger<'_> {
    /// The season of a month of the history.
    pub(super) fn season(&self, month: usize) -> Season {
        let months = &self.bank.months;
        let before = if month == 0 {
            Trip::default()
        } else {
            Trip::of(self.customer, &months.of(month - 1))
        };
        let calendar = months.calendar(month);
        Season {
            start: months.of(month).start,
            trips: [before, Trip::of(self.customer, &months.of(month))],
            chances: [calendar + 11, calendar].map(|season| self.habits.chances(season)),
        }
    }

    /// The card of an account on a day.
    #[inline]
    pub(super) fn card(&self, account: u8, day: i32) -> u8 {
        card_on(&self.episodes, account, day)
    }

    /// The sum of what [`Self::cards`] posts on the credit account in a whole month: without the rest of
    /// it, since the current balance of an account needs no more.
    pub(super) fn spent_by_credit(&self, month: usize) -> i64 {
        let days = self.bank.months.of(month);
        let season = self.season(month);
        // From the last business day before the first one of the month to the day before its last one.
        let from = last_business_day(business_day(days.start) - 1).max(self.begin);
        let to = last_business_day(days.end - 1);
        let mut spent = self.habits.spent_by_credit(
            self.customer,
            from..to,
            |day| season.chances(day),
            &season.trips,
            self.by_credit,
        );
        for bill in self.subscriptions.iter().flatten() {
            let day = days.start + bill.day - 1;
            if bill.account == CREDIT && (from..to).contains(&day) {
                spent += bill.amount;
            }
        }
        // What a fraudster buys is made good in the same month; what the customer bought remains.
        for event in self.events.iter().filter(|event| !event.is_fraud) {
            self.event(event, &mut |_, posting| {
                if posting.account == CREDIT {
                    spent -= posting.amount;
                }
            });
        }
        spent
    }

    /// Card transactions that are posted on a day, with the moment of their authorisation; `charged` is
    /// what was bought by credit card in the month.
    #[inline]
    pub(super) fn cards(
        &self,
        day: i32,
        season: &Season,
        charged: &mut i64,
        post: &mut impl FnMut(Moment, Posting),
    ) {
        if !is_business_day(day) {
            return;
        }
        let first = last_business_day(day - 1);
        for authorised in first.max(self.begin)..day {
            let today = Habits::day(self.customer, authorised, season.chances(authorised));
            for number in 0..today.purchases {
                self.purchase(&today, number, &season.trips, charged, post);
            }
            self.refund(authorised, season, post);
            if authorised >= season.start {
                self.subscriptions(authorised - season.start + 1, authorised, post);
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
        charged: &mut i64,
        post: &mut impl FnMut(Moment, Posting),
    ) {
        let bought = self.habits.purchase(self.customer, day, number, trips);
        let by_credit = bought.by_credit && *charged + bought.amount <= self.by_credit;
        let account = if by_credit {
            *charged += bought.amount;
            CREDIT
        } else {
            CHECKING
        };
        let channel = if bought.merchant < FIRST_NATIONAL {
            Channel::CardPresent
        } else {
            Channel::Online
        };
        let mut posting = Posting::new(account, Kind::Purchase, channel, -bought.amount);
        posting.card = self.card(account, day.day);
        posting.merchant = bought.merchant;
        posting.entropy = bought.entropy;
        attempt(day.day, posting, post);
        // What is brought back a week later was bought.
        posting.is_certain = number == 0 && !bought.by_credit && day.regrets_first();
        post(Moment::During(day.day), posting);
    }

    /// One in 64 days' first purchases goes back to the shop a week later.
    #[inline]
    fn refund(&self, day: i32, season: &Season, post: &mut impl FnMut(Moment, Posting)) {
        let bought_on = day - 7;
        if bought_on < self.begin {
            return;
        }
        let old = Habits::day(self.customer, bought_on, season.chances(bought_on));
        if !old.regrets_first()
            || old.purchases == 0
            || season.trips.iter().any(|trip| trip.covers(bought_on))
        {
            return;
        }
        let bought = self.habits.purchase(self.customer, &old, 0, &season.trips);
        if bought.by_credit {
            return;
        }
        let mut posting = Posting::new(CHECKING, Kind::Refund, Channel::CardPresent, bought.amount);
        if bought.merchant >= FIRST_NATIONAL {
            posting.channel = Channel::Online;
        }
        posting.card = self.card(CHECKING, day);
        posting.merchant = bought.merchant;
        posting.entropy = remix(bought.entropy);
        post(Moment::During(day), posting);
    }

    #[inline]
    fn subscriptions(&self, of_month: i32, day: i32, post: &mut impl FnMut(Moment, Posting)) {
        for bill in self.subscriptions.iter().flatten() {
            if bill.day == of_month {
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
        posting.declined = event.declined;
        posting.is_certain = true;
        posting.episode = episode.year;
        let second = i64::from(event.second - self.hours * 3_600);
        post(Moment::At(i64::from(event.day) * 86_400 + second), posting);
    }
}
