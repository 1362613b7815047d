//! What is posted of cards on a day: purchases, refunds, subscriptions, and what a fraudster does.

use super::{Channel, Kind, Ledger, Moment, Posting};
use crate::domain::finance::bank::{is_business_day, weekday};
use crate::domain::finance::fraud::Event;
use crate::domain::finance::profile::{CHECKING, CREDIT};
use crate::domain::finance::spending::{Day, FIRST_NATIONAL, Trip};
use crate::entropy::remix;

impl Ledger<'_> {
    /// The card of an account on a day: a new one after each episode that blocked the old.
    #[inline]
    pub fn card(&self, account: u8, day: i32) -> u8 {
        let blocked = self.episodes.iter().flatten().filter(|episode| {
            episode.account == account && episode.blocks_card() && episode.detected < day
        });
        let first = if account == CREDIT { 3 } else { 0 };
        first + u8::try_from(blocked.count()).unwrap_or(0)
    }

    /// Card transactions that are posted on a day, with the moment of their authorisation; if
    /// `only_credit`, those of the debit card may be left out.
    #[inline]
    pub(super) fn cards(
        &self,
        month: usize,
        day: i32,
        trips: &[Trip; 2],
        only_credit: bool,
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
                if !only_credit || self.habits.is_by_credit(&today, number) {
                    self.purchase(&today, number, trips, post);
                }
            }
            if !only_credit {
                self.refund(authorised, season(authorised - 7), trips, post);
            }
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
        let channel = if bought.merchant < FIRST_NATIONAL {
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
        for bill in &self.subscriptions {
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
        posting.episode = episode.year;
        let second = i64::from(event.second - self.hours * 3_600);
        post(Moment::At(i64::from(event.day) * 86_400 + second), posting);
    }
}
