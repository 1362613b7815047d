//! How long calls are, how large data sessions, and which end they came from, eight records at a time.
//!
//! The records of a month are put together from groups of eight, drawn out of a stock of 256 groups a
//! kind. The stock as a whole has the published distribution at 2,048 even steps, in a random order. What
//! the first records of a group use of an allowance is known beforehand, so that an invoice needs a look
//! at a group only and not at each record.

use std::sync::LazyLock;

use super::network::{PLAN_LIST, Plan};
use crate::entropy::{Permutation, Stream};
use crate::generator::data::TELECOM_QUANTILES;

/// Records of a group.
pub const GROUP: usize = 8;
/// Groups of a kind, so that a byte is the number of one.
const GROUPS: usize = 256;
/// Records of a kind in the stock.
const STOCK: usize = GROUP * GROUPS;

/// Data a month at mean use, in megabytes, where a plan sets no limit (estimate).
const UNLIMITED_MEGABYTES: i64 = 24_000;

/// A record of the stock.
#[derive(Debug, Clone, Copy)]
pub struct Model {
    /// Seconds of a call, thousandths of the mean size of a data session.
    pub amount: i64,
    /// Whether the subscriber called or sent.
    pub outgoing: bool,
}

/// What the first 0 to 8 records of a group count against the allowance.
type Counted = [i64; GROUP + 1];

/// The stock of calls, messages and data sessions.
struct Stock {
    models: [Vec<Model>; 3],
    minutes: Vec<Counted>,
    messages: Vec<Counted>,
    /// For each plan.
    megabytes: Vec<Vec<Counted>>,
}

static STOCKS: LazyLock<Stock> = LazyLock::new(|| {
    let table = |amount: fn(usize) -> u64| -> Vec<u64> {
        (0..TELECOM_QUANTILES.len()).map(amount).collect()
    };
    let models = |kind: u64, table: &[u64], outgoing: u64| -> Vec<Model> {
        // The same for all seeds: groups are drawn by seed.
        let order = Stream::from_key(kind);
        let amounts = Permutation::new(STOCK as u64, order.split(0));
        let ends = Permutation::new(STOCK as u64, order.split(1));
        (0..STOCK as u64)
            .map(|place| Model {
                amount: quantile(table, amounts.apply(place)),
                outgoing: ends.apply(place) < outgoing,
            })
            .collect()
    };
    // 55 calls of 100 and 45 messages are the subscriber's own; data always count.
    let calls = models(
        0,
        &table(|step| TELECOM_QUANTILES[step].call_seconds),
        1_128,
    );
    let messages = models(1, &[0; 129], 920);
    let sessions = table(|step| TELECOM_QUANTILES[step].session_thousandths);
    let sessions = models(2, &sessions, 920);
    let own = |model: &Model| i64::from(model.outgoing);
    Stock {
        minutes: counted(&calls, |call| own(call) * minutes(call.amount)),
        messages: counted(&messages, own),
        megabytes: PLAN_LIST
            .iter()
            .map(|plan| {
                counted(&sessions, |session| {
                    megabytes(session_bytes(plan, session.amount))
                })
            })
            .collect(),
        models: [calls, messages, sessions],
    }
});

fn counted(models: &[Model], units: impl Fn(&Model) -> i64) -> Vec<Counted> {
    let groups = models.chunks(GROUP);
    groups
        .map(|group| {
            let mut counted = [0; GROUP + 1];
            for (place, model) in group.iter().enumerate() {
                counted[place + 1] = counted[place] + units(model);
            }
            counted
        })
        .collect()
}

/// The quantile in the middle of a step out of [`STOCK`], linear between the rows of a table that are
/// 1/128 apart.
fn quantile(table: &[u64], step: u64) -> i64 {
    const WITHIN: u64 = STOCK as u64 / 128;
    let row = usize::try_from(step / WITHIN).unwrap_or(0).min(127);
    let (low, high) = (table[row], table[row + 1]);
    let part = 2 * (step % WITHIN) + 1;
    (low + (high - low) * part / (2 * WITHIN)).cast_signed()
}

/// Minutes begun.
#[inline]
pub const fn minutes(seconds: i64) -> i64 {
    (seconds + 59) / 60
}

/// Megabytes begun.
#[inline]
pub const fn megabytes(bytes: i64) -> i64 {
    (bytes + 999_999) / 1_000_000
}

/// The size of a data session under a plan, in bytes, as thousandths of the mean, which is half of the
/// allowance over a mean month's sessions.
#[inline]
pub fn session_bytes(plan: &Plan, thousandths: i64) -> i64 {
    let megabytes = match plan.megabytes {
        Some(megabytes) => megabytes / 2,
        None => UNLIMITED_MEGABYTES,
    };
    // 1.4 sessions on each of 30 days.
    thousandths * (megabytes * 1_000_000 / 42) / 1_000
}

/// The groups of a kind of record in a month: a word has the numbers of eight.
#[derive(Debug, Clone, Copy)]
pub struct Groups {
    stream: Stream,
    first: u64,
}

impl Groups {
    /// Those whose numbers are the draws of a stream from one on.
    #[inline]
    pub const fn new(stream: Stream, first: u64) -> Self {
        Self { stream, first }
    }

    /// The record at a place, of a kind: 0 for calls, 1 for messages, 2 for data sessions.
    #[inline]
    pub fn model(self, kind: usize, place: u64) -> Model {
        let word = self.stream.draw(self.first + (place >> 6));
        let group = word >> (8 * (place >> 3 & 7)) & 0xFF;
        STOCKS.models[kind][usize::try_from(group << 3 | place & 7).unwrap_or(0)]
    }

    /// What so many records of a kind count against the allowance of a plan.
    pub fn counted(self, kind: usize, plan: usize, records: u64) -> i64 {
        let stock = &*STOCKS;
        let table = match kind {
            0 => &stock.minutes,
            1 => &stock.messages,
            _ => &stock.megabytes[plan],
        };
        let (mut sum, mut left) = (0, records);
        let mut number = self.first;
        while left > 0 {
            let word = self.stream.draw(number);
            for group in word.to_le_bytes() {
                let some = left.min(GROUP as u64);
                sum += table[usize::from(group)][usize::try_from(some).unwrap_or(0)];
                left -= some;
            }
            number += 1;
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::super::usage::LONGEST;
    use super::*;

    /// The mean and median of the stock are those of the table; a sum over groups is that over records.
    #[test]
    fn the_stock_has_the_distribution_of_the_table() {
        let mut calls: Vec<i64> = STOCKS.models[0].iter().map(|call| call.amount).collect();
        calls.sort_unstable();
        let middle = TELECOM_QUANTILES[64].call_seconds.cast_signed();
        assert!(
            (calls[STOCK / 2] - middle).abs() <= 1,
            "{}",
            calls[STOCK / 2]
        );
        let rows = TELECOM_QUANTILES.windows(2);
        let mean = rows
            .map(|pair| (pair[0].call_seconds + pair[1].call_seconds) as f64 / 256.0)
            .sum::<f64>();
        let found = calls.iter().sum::<i64>() as f64 / STOCK as f64;
        assert!((found - mean).abs() < 0.7, "{found} instead of {mean}");
        assert!(calls[STOCK - 1] <= LONGEST);
        let own = STOCKS.models[0].iter().filter(|call| call.outgoing);
        assert_eq!(own.count(), 1_128);

        let groups = Groups::new(Stream::from_key(5), 77);
        for records in [0, 1, 7, 8, 9, 64, 65, 250] {
            let models = (0..records).map(|place| groups.model(0, place));
            let sum: i64 = models
                .map(|call| i64::from(call.outgoing) * minutes(call.amount))
                .sum();
            assert_eq!(groups.counted(0, 0, records), sum, "{records} calls");
        }
    }
}
