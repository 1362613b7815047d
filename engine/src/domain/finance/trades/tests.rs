use super::*;
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE, parse_date};
use crate::domain;
use crate::domain::finance::{market_orders, trading_days};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int64Type, TimestampMicrosecondType};
use std::collections::HashMap;

fn whole(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let array = batch.column_by_name(name).unwrap();
    array.as_primitive::<Int64Type>().values().to_vec()
}

fn money(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let array = batch.column_by_name(name).unwrap();
    let values = array.as_primitive::<Decimal128Type>().values();
    values.iter().map(|&value| value as i64).collect()
}

fn dates(batch: &RecordBatch, name: &str) -> Vec<i32> {
    let array = batch.column_by_name(name).unwrap();
    array.as_primitive::<Date32Type>().values().to_vec()
}

fn instants(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let array = batch.column_by_name(name).unwrap();
    array
        .as_primitive::<TimestampMicrosecondType>()
        .values()
        .to_vec()
}

fn made(name: &str, units: std::ops::Range<u64>) -> RecordBatch {
    let options = TableOptions::default();
    domain::table(name, &options).unwrap().batch(units).unwrap()
}

#[test]
fn trades_add_up_to_their_orders() {
    let (orders, trades) = (made("market_orders", 0..2_500), made("trades", 0..2_500));
    let mut executed: HashMap<i64, i64> = HashMap::new();
    for (order, quantity) in whole(&trades, "order_id")
        .iter()
        .zip(whole(&trades, "quantity"))
    {
        *executed.entry(*order).or_default() += quantity;
    }
    let status = orders.column_by_name("status").unwrap().as_string::<i32>();
    let (keys, ordered) = (whole(&orders, "order_id"), whole(&orders, "quantity"));
    let filled = whole(&orders, "filled_quantity");
    for row in 0..orders.num_rows() {
        let sum = executed.remove(&keys[row]).unwrap_or(0);
        assert_eq!(sum, filled[row], "order {}", keys[row]);
        assert!(sum <= ordered[row]);
        assert_eq!(sum == ordered[row], status.value(row) == "filled");
        assert_eq!(sum > 0, matches!(status.value(row), "filled" | "partial"));
    }
    assert!(executed.is_empty());
}

#[test]
fn amounts_are_exact() {
    let trades = made("trades", 0..2_500);
    let side = trades.column_by_name("side").unwrap().as_string::<i32>();
    let (quantity, price) = (whole(&trades, "quantity"), money(&trades, "price"));
    let (gross, net) = (money(&trades, "gross_amount"), money(&trades, "net_amount"));
    let commission = money(&trades, "commission");
    for row in 0..trades.num_rows() {
        assert_eq!(gross[row], quantity[row] * price[row]);
        assert!(commission[row] >= 0 && commission[row] * 100 <= gross[row].max(1));
        let sign = if side.value(row) == "buy" { 1 } else { -1 };
        assert_eq!(net[row], gross[row] + sign * commission[row]);
    }
}

/// Prices lie between the low and the high of the security's bar on that day.
#[test]
fn prices_are_those_of_the_bars() {
    let (trades, bars) = (made("trades", 0..1_024), made("market_bars", 0..64));
    let (keys, days) = (whole(&bars, "security_id"), dates(&bars, "traded_on"));
    let (low, high) = (money(&bars, "low"), money(&bars, "high"));
    let range: HashMap<_, _> = (0..bars.num_rows())
        .map(|row| ((keys[row], days[row]), (low[row], high[row])))
        .collect();
    let (keys, days) = (whole(&trades, "security_id"), dates(&trades, "traded_on"));
    for (row, price) in money(&trades, "price").into_iter().enumerate() {
        let (low, high) = range[&(keys[row], days[row])];
        assert!(low <= price && price <= high, "{low} {price} {high}");
    }
}

/// One trading day after the trade since 2024-05-28, two before (SEC Rule 15c6-1), never later than
/// `as_of`; executed between 9:30 and 16:00 in New York.
#[test]
fn trades_settle_on_trading_days() {
    let change = parse_date("2024-05-28").unwrap();
    let trades = made("trades", 0..4_000);
    let (days, settles) = (dates(&trades, "traded_on"), dates(&trades, "settles_on"));
    let executed = instants(&trades, "executed_at");
    let mut before = 0;
    for row in 0..trades.num_rows() {
        assert!(trading_days::trades_on(days[row]) && trading_days::trades_on(settles[row]));
        let between = (days[row] + 1..=settles[row]).filter(|&d| trading_days::trades_on(d));
        let lag = if days[row] < change { 2 } else { 1 };
        assert_eq!(between.count(), lag);
        assert!(settles[row] <= REFERENCE_DATE);
        let session = trading_days::last_sessions(days[row], 1)[0];
        assert!((session.opens_at..=session.closes_at()).contains(&executed[row]));
        before += i32::from(lag == 2);
    }
    assert!(before > 100, "some trades settle after two days");
}

#[test]
fn means_are_as_announced() {
    for (table, mean) in [
        (&market_orders::TABLE, super::super::trading::MEAN_ORDERS),
        (&TABLE, MEAN_TRADES),
    ] {
        let made = (table.build)(&TableOptions::default()).unwrap();
        let rows = made.project(0..20_000, &[]).unwrap().num_rows() as f64 / 20_000.0;
        assert!(
            (rows / mean - 1.0).abs() < 0.1,
            "{}: {rows}",
            table.entry.name
        );
    }
}

/// Nobody trades before the day on which the first account was opened.
#[test]
fn orders_come_after_the_customer() {
    let (customers, orders) = (made("customers", 0..3_000), made("market_orders", 0..3_000));
    let since = dates(&customers, "customer_since");
    let placed = instants(&orders, "placed_at");
    let mut new = 0;
    for (row, customer) in whole(&orders, "customer_id").into_iter().enumerate() {
        let since = since[customer as usize - 1];
        assert!(placed[row] / MICROS_PER_DAY > i64::from(since));
        new += i32::from(since > REFERENCE_DATE - 500);
    }
    assert!(new > 10, "some customers are new");
}
