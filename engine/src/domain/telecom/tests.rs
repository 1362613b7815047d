//! The network holds together, adds up, and follows the published figures.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int32Type, Int64Type, TimestampMicrosecondType,
};

use super::network::{Network, PLAN_LIST};
use super::usage::{Party, Usage};
use crate::calendar::{REFERENCE_DATE, parse_date};
use crate::domain::days::{day_of, end_of};
use crate::domain::{TableOptions, table};

struct Rows(RecordBatch);

impl Rows {
    fn of(name: &str, subscribers: u64) -> Self {
        Self::at(name, subscribers, REFERENCE_DATE)
    }

    fn at(name: &str, subscribers: u64, as_of: i32) -> Self {
        let options = TableOptions {
            seed: 11,
            as_of,
            ..Default::default()
        };
        Self(
            table(name, &options)
                .unwrap()
                .batch(0..subscribers)
                .unwrap(),
        )
    }

    fn big(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int64Type>().values().to_vec()
    }

    fn int(&self, name: &str) -> Vec<Option<i32>> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int32Type>().iter().collect()
    }

    fn money(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        let values = column.as_primitive::<Decimal128Type>().values();
        values.iter().map(|v| i64::try_from(*v).unwrap()).collect()
    }

    fn instants(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_primitive::<TimestampMicrosecondType>();
        column.values().to_vec()
    }

    fn dates(&self, name: &str) -> Vec<Option<i32>> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Date32Type>().iter().collect()
    }

    fn text(&self, name: &str) -> Vec<Option<String>> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_string::<i32>();
        column.iter().map(|t| t.map(ToOwned::to_owned)).collect()
    }

    fn flags(&self, name: &str) -> Vec<bool> {
        let column = self.0.column_by_name(name).unwrap();
        column
            .as_boolean()
            .iter()
            .map(|flag| flag.unwrap())
            .collect()
    }
}

/// What a subscriber is charged in a month is charged on the call records, in whatever order they came.
#[test]
fn invoices_are_the_sums_of_the_call_records() {
    for as_of in [REFERENCE_DATE, parse_date("2024-02-29").unwrap()] {
        let (calls, invoices) = (
            Rows::at("call_records", 1_500, as_of),
            Rows::at("invoices", 1_500, as_of),
        );
        let mut sums: HashMap<(i64, i32), i64> = HashMap::new();
        let month = |day: i32| {
            let (year, month, _) = crate::calendar::date_from_days(day).unwrap();
            year * 12 + month.cast_signed()
        };
        for ((subscriber, at), charge) in calls
            .big("subscriber_id")
            .into_iter()
            .zip(calls.instants("started_at"))
            .zip(calls.money("charge"))
        {
            *sums.entry((subscriber, month(day_of(at)))).or_default() += charge;
        }
        let [fee, usage, tax, total] =
            ["plan_fee", "usage_charge", "tax", "total"].map(|name| invoices.money(name));
        let start = invoices.dates("period_start");
        let mut charged = 0;
        for (row, subscriber) in invoices.big("subscriber_id").into_iter().enumerate() {
            let of_month = sums
                .remove(&(subscriber, month(start[row].unwrap())))
                .unwrap_or(0);
            assert_eq!(usage[row], of_month, "subscriber {subscriber}");
            assert_eq!(total[row], fee[row] + usage[row] + tax[row]);
            charged += usize::from(usage[row] > 0);
        }
        // What is left belongs to the month that is not over.
        assert!(sums.keys().all(|(_, m)| *m == month(as_of)));
        assert!(charged * 20 > usage.len(), "{charged} of {}", usage.len());
    }
}

#[test]
fn time_runs_forward() {
    let (subscribers, calls) = (
        Rows::of("subscribers", 1_000),
        Rows::of("call_records", 1_000),
    );
    let invoices = Rows::of("invoices", 1_000);
    let (from, to) = (
        subscribers.dates("activated_on"),
        subscribers.dates("churned_on"),
    );
    let offered = Rows::of("plans", 1).dates("offered_from");
    for (from, to) in from.iter().zip(&to) {
        assert!(from.unwrap() <= REFERENCE_DATE && offered.iter().all(|day| *day < *from));
        assert!(to.is_none_or(|to| to > from.unwrap() && to <= REFERENCE_DATE));
    }
    let row = |subscriber: i64| usize::try_from(subscriber - 1).unwrap();
    let (kind, seconds) = (calls.text("kind"), calls.int("duration_s"));
    let started = calls.instants("started_at");
    let mut last_call = (0, 0);
    let mut last = (0, 0);
    for (n, subscriber) in calls.big("subscriber_id").into_iter().enumerate() {
        let began = started[n];
        let ended = began + i64::from(seconds[n].unwrap()) * 1_000_000;
        assert!(day_of(began) >= from[row(subscriber)].unwrap());
        let until = to[row(subscriber)].unwrap_or(REFERENCE_DATE);
        assert!(
            ended <= end_of(until),
            "a record ends when the subscriber is gone"
        );
        assert!(last.0 != subscriber || last.1 <= began, "by time");
        last = (subscriber, began);
        if kind[n].as_deref() == Some("voice") {
            assert!(
                last_call.0 != subscriber || last_call.1 < began,
                "two calls of {subscriber} at once"
            );
            last_call = (subscriber, ended);
        }
    }
    let [start, end, issued, due, paid] = [
        "period_start",
        "period_end",
        "issued_on",
        "due_on",
        "paid_on",
    ]
    .map(|name| invoices.dates(name));
    for (n, subscriber) in invoices.big("subscriber_id").into_iter().enumerate() {
        assert!(from[row(subscriber)] <= start[n] && start[n] <= end[n]);
        assert!(end[n] < issued[n] && issued[n] <= due[n]);
        assert!(issued[n].unwrap() <= REFERENCE_DATE);
        assert!(paid[n].is_none_or(|day| day >= issued[n].unwrap() && day <= REFERENCE_DATE));
    }
}

#[test]
fn numbers_are_nobodys() {
    let subscribers = Rows::of("subscribers", 500);
    for imei in subscribers.text("imei").into_iter().flatten() {
        assert!(imei.starts_with("00") && imei.len() == 15, "{imei}");
        assert!(luhn3::decimal::valid(imei.as_bytes()), "{imei}");
    }
    for imsi in subscribers.text("imsi").into_iter().flatten() {
        assert!(imsi.starts_with("00101") && imsi.len() == 15, "{imsi}");
    }
    for number in subscribers.text("msisdn").into_iter().flatten() {
        assert!(number.starts_with("+999") && number.len() == 14, "{number}");
    }
    for number in Rows::of("call_records", 20)
        .text("other_party")
        .into_iter()
        .flatten()
    {
        assert!(number.starts_with("+999") && number.len() == 14, "{number}");
    }
}

/// A number at the other end that belongs to a subscriber is that subscriber's.
#[test]
fn acquaintances_are_subscribers_of_the_block() {
    let usage = Usage::new(&TableOptions::default());
    let (mut within, mut all) = (0, 0);
    for unit in 4_096..4_200 {
        let mut records = Vec::new();
        usage.month(&usage.network.subscriber(unit), 1, &mut records);
        for record in records {
            all += 1;
            if let Party::Subscriber(other) = usage.party(&record) {
                assert!(other != unit && other / 4_096 == 1);
                within += 1;
            }
        }
    }
    assert!(within * 5 > all && within * 2 < all, "{within} of {all}");
}

/// T-Mobile US, third quarter of 2019: 0.89 percent of postpaid subscribers leave in a month; prepaid churn
/// was almost 3 points higher in the second quarter. Tolerance: four standard errors of about 400,000
/// subscriber months (0.06 points) and of 50,000 (0.35 points).
#[test]
fn churn_follows_the_published_rates() {
    let network = Network::new(&TableOptions::default());
    let (mut months, mut left) = ([0.0; 2], [0.0; 2]);
    for unit in 0..30_000 {
        let subscriber = network.subscriber(unit);
        let kind = usize::from(PLAN_LIST[subscriber.plan].prepaid);
        let until = subscriber.churned_on.unwrap_or(REFERENCE_DATE);
        months[kind] += f64::from(until - subscriber.activated_on) / 30.44;
        left[kind] += f64::from(u8::from(subscriber.churned_on.is_some()));
    }
    let rate = [left[0] / months[0], left[1] / months[1]];
    assert!((rate[0] - 0.0089).abs() < 0.0006, "{rate:?}");
    assert!((rate[1] - 0.0378).abs() < 0.0035, "{rate:?}");
}

/// CTIA, Semi-Annual Wireless Industry Survey: the average call took 1.78 minutes at the end of 2011, the
/// last figure that was looked up. Tolerance 4 percent (the standard error of 50,000 calls is 0.7). The
/// median is far below the mean: the tail is heavy (log-normal, sigma 1.15, an estimate).
#[test]
fn calls_are_as_long_as_published() {
    let calls = Rows::of("call_records", 1_000);
    let (kind, seconds) = (calls.text("kind"), calls.int("duration_s"));
    let mut voice: Vec<i32> = kind
        .iter()
        .zip(seconds)
        .filter(|(kind, _)| kind.as_deref() == Some("voice"))
        .map(|(_, seconds)| seconds.unwrap())
        .collect();
    voice.sort_unstable();
    let mean = voice.iter().map(|s| f64::from(*s)).sum::<f64>() / voice.len() as f64;
    assert!((mean / 60.0 - 1.78).abs() < 0.07, "{mean} s");
    let median = voice[voice.len() / 2];
    assert!((50..=60).contains(&median), "{median} s");
    let hours: Vec<i64> = calls
        .instants("started_at")
        .iter()
        .map(|at| at.rem_euclid(86_400_000_000) / 3_600_000_000)
        .collect();
    let at = |hour: i64| hours.iter().filter(|h| **h == hour).count();
    assert!(
        at(18) > 6 * at(3),
        "more at six in the evening than at night"
    );
    let roaming = calls.flags("roaming");
    let share = roaming.iter().filter(|r| **r).count() as f64 / roaming.len() as f64;
    assert!((0.004..0.03).contains(&share), "{share}");
}
