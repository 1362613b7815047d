//! What subscribers use: calls, messages and data of a month, and what is charged for it.
//!
//! Charges are those of the order in time: what goes beyond the plan's allowance is charged on the record
//! that goes beyond. Their sum depends on the month's totals alone, so an invoice does not need the times.

use super::super::TableOptions;
use super::super::days::{Days, Hours, MICROS_PER_SECOND, stratum, weekday};
use super::network::{BLOCK, MONTHS, Network, Plan, ROAMING, Subscriber};
use super::stock::{Groups, megabytes, minutes, session_bytes};
use crate::calendar::MICROS_PER_DAY;
use crate::entropy::{Stream, below, remix};
use crate::generator::address::{PLACES, Place};

/// Records of a subscriber and month are numbered in this space.
const RECORDS: u64 = 1_024;
/// Records of one kind in it; no more are made.
const OF_A_KIND: u64 = 256;
/// The first of the numbers that are left, under which groups of records are drawn.
const GROUPS: u64 = 3 * OF_A_KIND + 1;

/// What a record is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A call.
    Voice,
    /// A text message.
    Message,
    /// A data session.
    Data,
}

impl Kind {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Voice => "voice",
            Self::Message => "sms",
            Self::Data => "data",
        }
    }
}

const KINDS: [Kind; 3] = [Kind::Voice, Kind::Message, Kind::Data];

/// Records of a kind a day in hundredths, at mean use (estimate).
const A_DAY: [u64; 3] = [100, 80, 140];

/// Use by weekday from Monday on, in percent of a mean day (estimate).
const WEEK: [u64; 7] = [103, 104, 105, 105, 108, 93, 82];

/// Use by hour from midnight on, of calls, messages and data (estimate).
const DAY: [[u64; 24]; 3] = [
    [
        4, 2, 1, 1, 1, 3, 10, 25, 45, 58, 63, 65, 66, 62, 60, 63, 70, 78, 74, 62, 48, 32, 18, 9,
    ],
    [
        14, 8, 4, 3, 3, 6, 18, 35, 46, 50, 53, 55, 58, 54, 53, 56, 60, 62, 64, 66, 64, 56, 42, 26,
    ],
    [
        28, 18, 11, 8, 8, 12, 24, 38, 42, 42, 44, 46, 50, 46, 45, 47, 50, 54, 58, 64, 68, 66, 56,
        42,
    ],
];

/// The longest call or session in seconds: the record ends on the day on which it began.
pub(super) const LONGEST: i64 = 7_200;

/// A call, message or data session.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// Its key.
    pub key: i64,
    /// The subscriber.
    pub unit: u64,
    /// What it is about.
    pub kind: Kind,
    /// When it began.
    pub started_at: i64,
    /// How long it took.
    pub seconds: i64,
    /// Data in bytes.
    pub bytes: i64,
    /// Whether the subscriber called or sent.
    pub outgoing: bool,
    /// Whether it went over a foreign network.
    pub roaming: bool,
    /// In cents.
    pub charge: i64,
    /// Its draw, for further facts.
    pub entropy: u64,
}

impl Record {
    /// What counts against the allowance: begun minutes, messages, begun megabytes.
    #[inline]
    const fn units(&self) -> i64 {
        match self.kind {
            Kind::Voice => minutes(self.seconds),
            Kind::Message => 1,
            Kind::Data => megabytes(self.bytes),
        }
    }

    /// Whether it counts against the allowance: what comes in does not.
    #[inline]
    fn counts(&self) -> bool {
        self.outgoing || self.kind == Kind::Data
    }
}

/// The other end of a call or message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// A subscriber of the network.
    Subscriber(u64),
    /// A number of another one.
    Other(u64),
}

/// All that subscribers use.
pub struct Usage {
    /// Subscribers and months.
    pub network: Network,
    days: Days,
    hours: [Hours; 3],
    records: Stream,
    trips: Stream,
    contacts: Stream,
}

impl Usage {
    /// Under a seed, at a day.
    pub fn new(options: &TableOptions) -> Self {
        let network = Network::new(options);
        let stream = |column: &str| Stream::new(options.seed, "call_records", column);
        Self {
            days: Days::new(network.months[0].first, options.as_of, |day| {
                WEEK[weekday(day)]
            }),
            hours: [
                Hours::new(&DAY[0]),
                Hours::new(&DAY[1]),
                Hours::new(&DAY[2]),
            ],
            records: stream("record"),
            trips: stream("roaming"),
            contacts: stream("other_party"),
            network,
        }
    }

    /// The days of a journey abroad in a month: one month in twenty has one, of three to ten days.
    #[inline]
    fn trip(&self, subscriber: &Subscriber, month: usize, (from, to): (i32, i32)) -> (i32, i32) {
        let entropy = self
            .trips
            .draw(subscriber.unit * MONTHS as u64 + month as u64);
        if below(entropy, 20) > 0 {
            return (i32::MAX, i32::MIN);
        }
        let more = remix(entropy);
        let days = u64::from((to - from + 1).unsigned_abs());
        let first = from + i32::try_from(below(more, days)).unwrap_or(0);
        (first, first + 2 + i32::try_from(more & 7).unwrap_or(0))
    }

    /// How many records of each kind there are in a month with so many days.
    #[inline]
    fn counts(&self, subscriber: &Subscriber, first: u64, days: i32) -> [u64; 3] {
        let mut entropy = self.records.draw(first);
        let days = u64::from(days.unsigned_abs());
        A_DAY.map(|a_day| {
            entropy = remix(entropy);
            // Between 0.7 and 1.3 times the mean.
            let factor = 700 + below(entropy, 601);
            let many = days * a_day * subscriber.level * factor + below(entropy << 20, 10_000_000);
            (many / 10_000_000).min(OF_A_KIND - 6)
        })
    }

    /// How long a data session takes: one to five megabits a second on average, at least ten seconds.
    #[inline]
    fn session_seconds(record: &Record) -> i64 {
        let a_second = 125_000 + below(remix(remix(record.entropy ^ 1)), 500_000);
        (10 + record.bytes / a_second.cast_signed()).min(LONGEST)
    }

    /// The groups of a month's records of a kind; `first` is the month's first number.
    #[inline]
    fn groups(&self, first: u64, kind: Kind) -> Groups {
        // A word for 64 records.
        let words = OF_A_KIND / 64;
        Groups::new(self.records, first + GROUPS + kind as u64 * words)
    }

    /// The record at a place in its groups, with a draw; its time, how long a data session takes, and
    /// what it costs come later.
    #[inline]
    fn record(
        subscriber: &Subscriber,
        kind: Kind,
        groups: Groups,
        place: u64,
        entropy: u64,
    ) -> Record {
        let model = groups.model(kind as usize, place);
        let (mut seconds, mut bytes) = (0, 0);
        match kind {
            Kind::Voice => seconds = model.amount,
            Kind::Message => {}
            Kind::Data => {
                let least = session_bytes(subscriber.plan(), model.amount);
                // Up to three percent more, but no further megabyte is begun.
                let room = (megabytes(least) * 1_000_000 - least).min(least / 32);
                let more = below(remix(entropy ^ 1), room.unsigned_abs() + 1);
                bytes = least + more.cast_signed();
            }
        }
        Record {
            key: 0,
            unit: subscriber.unit,
            kind,
            started_at: 0,
            seconds,
            bytes,
            outgoing: model.outgoing,
            roaming: false,
            charge: 0,
            entropy,
        }
    }

    /// Adds the records of a month to `out`, by time, with their charges.
    pub fn month(&self, subscriber: &Subscriber, month: usize, out: &mut Vec<Record>) {
        let place = &self.network.months[month];
        let Some(days) = subscriber.days_in(place, self.network.as_of) else {
            return;
        };
        let first = (subscriber.unit * MONTHS as u64 + month as u64) * RECORDS;
        let counts = self.counts(subscriber, first, days.1 - days.0 + 1);
        let trip = self.trip(subscriber, month, days);
        let start = out.len();
        for (index, kind) in KINDS.into_iter().enumerate() {
            let numbers = first + index as u64 * OF_A_KIND + 1;
            let groups = self.groups(first, kind);
            for k in 0..counts[index] {
                let entropy = self.records.draw(numbers + k);
                let mut record = Self::record(subscriber, kind, groups, k, entropy);
                if kind == Kind::Data {
                    record.seconds = Self::session_seconds(&record);
                }
                let day = self
                    .days
                    .pick(days.0, days.1, stratum(k, counts[index], entropy));
                record.roaming = (trip.0..=trip.1).contains(&day);
                let midnight = i64::from(day) * MICROS_PER_DAY;
                let latest = MICROS_PER_DAY - (record.seconds + 1) * MICROS_PER_SECOND;
                let time = self.hours[index].pick(remix(entropy ^ 2)).min(latest);
                record.started_at = midnight + time;
                out.push(record);
            }
            if kind == Kind::Voice {
                let calls = out.get_mut(start..).unwrap_or_default();
                calls.sort_unstable_by_key(|call| (call.started_at, call.entropy));
                one_after_the_other(calls);
            }
        }
        let records = out.get_mut(start..).unwrap_or_default();
        records.sort_unstable_by_key(|record| (record.started_at, record.kind, record.entropy));
        let mut charges = Charges::new(subscriber.plan());
        for (k, record) in records.iter_mut().enumerate() {
            record.key = (first + k as u64 + 1).cast_signed();
            record.charge = charges.add(record);
        }
    }

    /// The sum of the charges of a month, in cents.
    pub fn charge(&self, subscriber: &Subscriber, month: usize) -> i64 {
        let place = &self.network.months[month];
        let Some(days) = subscriber.days_in(place, self.network.as_of) else {
            return 0;
        };
        let plan = subscriber.plan();
        let limits = [plan.minutes, plan.messages, plan.megabytes];
        let trip = self.trip(subscriber, month, days);
        let at_home = trip.0 > trip.1;
        if at_home && limits.iter().all(Option::is_none) {
            return 0;
        }
        let first = (subscriber.unit * MONTHS as u64 + month as u64) * RECORDS;
        let counts = self.counts(subscriber, first, days.1 - days.0 + 1);
        let mut charges = Charges::new(plan);
        let mut sum = 0;
        for (index, kind) in KINDS.into_iter().enumerate() {
            let groups = self.groups(first, kind);
            if at_home {
                if let Some(limit) = limits[index] {
                    let used = groups.counted(index, subscriber.plan, counts[index]);
                    sum += (used - limit).max(0) * plan.rates[index];
                }
                continue;
            }
            let numbers = first + index as u64 * OF_A_KIND + 1;
            for k in 0..counts[index] {
                let entropy = self.records.draw(numbers + k);
                let mut record = Self::record(subscriber, kind, groups, k, entropy);
                let fraction = stratum(k, counts[index], entropy);
                let day = self.days.pick(days.0, days.1, fraction);
                record.roaming = (trip.0..=trip.1).contains(&day);
                sum += charges.add(&record);
            }
        }
        sum
    }

    /// Who is at the other end: one of 24 acquaintances, the first of them most often.
    #[inline]
    pub fn party(&self, record: &Record) -> Party {
        let entropy = remix(record.entropy ^ 3);
        let acquaintance = below(below(entropy, entropy), 24);
        let who = remix(self.contacts.draw(record.unit) ^ acquaintance);
        let neighbour = record.unit / BLOCK * BLOCK + below(remix(who), BLOCK);
        if below(who, 3) == 0 && neighbour != record.unit {
            Party::Subscriber(neighbour)
        } else {
            Party::Other(below(remix(who), super::network::NUMBERS))
        }
    }

    /// The area and number of the cell: at home, at work or somewhere; abroad anywhere.
    #[inline]
    pub fn cell(&self, record: &Record) -> (&'static Place, u64) {
        let entropy = remix(record.entropy ^ 4);
        let home = self.network.people.place(record.unit);
        let own = self.contacts.draw(!record.unit);
        match entropy & 0xF {
            _ if record.roaming => {
                let place = PLACES.pick(remix(entropy));
                (&PLACES.places()[place], below(entropy, 64))
            }
            0..9 => (home, own & 63),
            9..13 => (home, own >> 6 & 63),
            13..15 => (home, below(entropy, 64)),
            _ => {
                let place = PLACES.pick(remix(entropy));
                (&PLACES.places()[place], below(entropy, 64))
            }
        }
    }
}

/// Moves calls that would begin before the one before has ended: one telephone, one call at a time. A call
/// that would have to begin the day before stays where it is.
fn one_after_the_other(calls: &mut [Record]) {
    let mut next = i64::MAX;
    for call in calls.iter_mut().rev() {
        let length = (call.seconds + 2) * MICROS_PER_SECOND;
        if call.started_at > next - length {
            let midnight = call.started_at.div_euclid(MICROS_PER_DAY) * MICROS_PER_DAY;
            if next - length >= midnight {
                call.started_at = next - length;
            }
        }
        next = call.started_at;
    }
}

/// What has been used of a month's allowance.
struct Charges {
    plan: &'static Plan,
    used: [i64; 3],
}

impl Charges {
    fn new(plan: &'static Plan) -> Self {
        Self { plan, used: [0; 3] }
    }

    /// What a record costs, in cents.
    #[inline]
    fn add(&mut self, record: &Record) -> i64 {
        let kind = record.kind as usize;
        let units = record.units();
        if record.roaming {
            // Abroad, incoming calls cost as well, incoming messages do not.
            let free = record.kind == Kind::Message && !record.outgoing;
            return if free { 0 } else { units * ROAMING[kind] };
        }
        let limits = [self.plan.minutes, self.plan.messages, self.plan.megabytes];
        let Some(limit) = limits[kind] else { return 0 };
        if !record.counts() {
            return 0;
        }
        let before = (self.used[kind] - limit).max(0);
        self.used[kind] += units;
        let after = (self.used[kind] - limit).max(0);
        (after - before) * self.plan.rates[kind]
    }
}
