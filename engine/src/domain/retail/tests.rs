//! The shop holds together, adds up, and follows the published figures.

use std::collections::HashMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};

use super::shop::Shop;
use crate::calendar::REFERENCE_DATE;
use crate::domain::days::{day_of, end_of, weekday};
use crate::domain::{TableOptions, table};
use crate::generator::check_digit::gs1;

const CUSTOMERS: u64 = 6_000;

struct Rows(RecordBatch);

impl Rows {
    fn of(name: &str) -> Self {
        let options = TableOptions {
            seed: 11,
            ..Default::default()
        };
        Self(table(name, &options).unwrap().batch(0..CUSTOMERS).unwrap())
    }

    fn big(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int64Type>().values().to_vec()
    }

    fn int(&self, name: &str) -> Vec<i32> {
        let column = self.0.column_by_name(name).unwrap();
        column.as_primitive::<Int32Type>().values().to_vec()
    }

    fn money(&self, name: &str) -> Vec<i64> {
        let column = self.0.column_by_name(name).unwrap();
        let values = column.as_primitive::<Decimal128Type>().values();
        values.iter().map(|v| i64::try_from(*v).unwrap()).collect()
    }

    fn instants(&self, name: &str) -> Vec<Option<i64>> {
        let column = self.0.column_by_name(name).unwrap();
        column
            .as_primitive::<TimestampMicrosecondType>()
            .iter()
            .collect()
    }

    fn text(&self, name: &str) -> Vec<String> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_string::<i32>();
        column.iter().map(|t| t.unwrap().to_owned()).collect()
    }
}

#[test]
fn orders_are_the_sums_of_their_items() {
    let (orders, items) = (Rows::of("orders"), Rows::of("order_items"));
    let mut sums: HashMap<i64, i64> = HashMap::new();
    let mut lines: HashMap<i64, i16> = HashMap::new();
    let numbers = items.0.column_by_name("line_number").unwrap();
    let numbers = numbers.as_primitive::<Int16Type>();
    let (quantities, prices) = (items.int("quantity"), items.money("unit_price"));
    for (row, (order, total)) in items
        .big("order_id")
        .into_iter()
        .zip(items.money("line_total"))
        .enumerate()
    {
        assert_eq!(total, i64::from(quantities[row]) * prices[row]);
        let line = lines.entry(order).or_default();
        *line += 1;
        assert_eq!(numbers.value(row), *line, "lines of {order} are counted");
        *sums.entry(order).or_default() += total;
    }
    let keys = orders.big("order_id");
    let [subtotal, discount, shipping, tax, total] =
        ["subtotal", "discount", "shipping", "tax", "total"].map(|name| orders.money(name));
    for (row, key) in keys.iter().enumerate() {
        assert_eq!(subtotal[row], sums[key], "order {key}");
        assert_eq!(
            total[row],
            subtotal[row] - discount[row] + shipping[row] + tax[row],
            "order {key}"
        );
        assert!(discount[row] >= 0 && discount[row] * 5 <= subtotal[row] + 5);
        // No state takes more than 7.25 percent.
        assert!(tax[row] >= 0 && tax[row] * 1_000 <= subtotal[row] * 73 + 1_000);
    }
    assert_eq!(sums.len(), keys.len(), "every order has items");
}

#[test]
fn prices_are_those_of_the_products() {
    let (items, products) = (Rows::of("order_items"), Rows::of("products"));
    let now: HashMap<i64, i64> = products
        .big("product_id")
        .into_iter()
        .zip(products.money("price"))
        .collect();
    for (product, price) in items
        .big("product_id")
        .into_iter()
        .zip(items.money("unit_price"))
    {
        let ratio = price as f64 / now[&product] as f64;
        // Five years of 2.5 percent, and the rounding of the cheapest.
        assert!((0.82..=1.05).contains(&ratio), "{price} for {product}");
    }
    for (price, cost) in products
        .money("price")
        .into_iter()
        .zip(products.money("cost"))
    {
        assert!(0 < cost && cost < price && price % 10 == 9);
    }
    for gtin in products.text("gtin") {
        assert!(gtin.starts_with("952") && gtin.len() == 13, "{gtin}");
        assert_eq!(gs1(&gtin.as_bytes()[..12]), gtin.as_bytes()[12], "{gtin}");
    }
}

#[test]
fn time_runs_forward() {
    let (customers, orders) = (Rows::of("retail_customers"), Rows::of("orders"));
    let (items, returns) = (Rows::of("order_items"), Rows::of("returns"));
    let end = end_of(REFERENCE_DATE);
    let registered = customers.instants("registered_at");
    let born = customers.0.column_by_name("birth_date").unwrap();
    let born = born.as_primitive::<Date32Type>();
    let [ordered, shipped, delivered, cancelled] =
        ["ordered_at", "shipped_at", "delivered_at", "cancelled_at"].map(|n| orders.instants(n));
    let status = orders.text("status");
    let mut last = (0, 0);
    for (row, customer) in orders.big("customer_id").into_iter().enumerate() {
        let at = ordered[row].unwrap();
        let since = registered[usize::try_from(customer - 1).unwrap()].unwrap();
        assert!(since <= at && at <= end, "customer {customer}");
        assert!(
            last.0 != customer || last.1 <= at,
            "orders of {customer} in order"
        );
        last = (customer, at);
        assert!(shipped[row].is_none_or(|t| t > at && t <= end));
        assert!(cancelled[row].is_none_or(|t| t >= at && t <= end));
        assert!(delivered[row].is_none_or(|t| t > shipped[row].unwrap() && t <= end));
        let expected = match (cancelled[row], shipped[row], delivered[row]) {
            (Some(_), None, None) => "cancelled",
            (None, None, None) => "placed",
            (None, Some(_), None) => "shipped",
            (None, Some(_), Some(_)) => "delivered",
            other => panic!("{other:?}"),
        };
        assert_eq!(status[row], expected);
    }
    for (at, born) in registered.iter().zip(born.values()) {
        assert!(day_of(at.unwrap()) > *born);
    }

    let delivered: HashMap<i64, i64> = orders
        .big("order_id")
        .into_iter()
        .zip(delivered)
        .filter_map(|(key, at)| Some((key, at?)))
        .collect();
    let quantities = items.int("quantity");
    let lines: HashMap<i64, (i32, i64)> = items
        .big("order_item_id")
        .into_iter()
        .zip(quantities.into_iter().zip(items.money("line_total")))
        .collect();
    let (at, refunded) = (
        returns.instants("returned_at"),
        returns.instants("refunded_at"),
    );
    let (quantity, refund) = (returns.int("quantity"), returns.money("refund"));
    let of = returns.big("order_id");
    for (row, item) in returns.big("order_item_id").into_iter().enumerate() {
        let at = at[row].unwrap();
        let from = delivered[&of[row]];
        assert!(
            from < at && at <= end && at - from <= 46 * 86_400_000_000,
            "item {item}"
        );
        assert!(refunded[row].is_none_or(|t| t > at && t <= end));
        let (bought, line_total) = lines[&item];
        assert!((1..=bought).contains(&quantity[row]), "item {item}");
        // No state's sales tax is above 7.25 percent.
        assert!(
            0 < refund[row] && refund[row] <= line_total * 10_725 / 10_000 + 1,
            "item {item}: {} of {line_total}",
            refund[row]
        );
    }
}

/// A refund is what was paid for the goods with the sales tax on it: where every item of an order came
/// back whole, all refunds are its total less shipping, to the cent; elsewhere they are the same share
/// of the tax as of the goods, to two cents an item for the rounding of discount and tax.
#[test]
fn refunds_include_the_sales_tax() {
    let (orders, items, returns) = (
        Rows::of("orders"),
        Rows::of("order_items"),
        Rows::of("returns"),
    );
    let [subtotal, discount, tax] = ["subtotal", "discount", "tax"].map(|name| orders.money(name));
    let paid: HashMap<i64, (i64, i64, i64)> = orders
        .big("order_id")
        .into_iter()
        .enumerate()
        .map(|(row, key)| {
            (
                key,
                (subtotal[row], subtotal[row] - discount[row], tax[row]),
            )
        })
        .collect();
    let price: HashMap<i64, i64> = items
        .big("order_item_id")
        .into_iter()
        .zip(items.money("unit_price"))
        .collect();
    // By order: what came back at the price in the shop, the refunds, and their number.
    let mut back: HashMap<i64, (i64, i64, i64)> = HashMap::new();
    let (of, quantity) = (returns.big("order_id"), returns.int("quantity"));
    let refund = returns.money("refund");
    for (row, item) in returns.big("order_item_id").into_iter().enumerate() {
        let sums = back.entry(of[row]).or_default();
        sums.0 += i64::from(quantity[row]) * price[&item];
        sums.1 += refund[row];
        sums.2 += 1;
    }
    let (mut whole, mut taxed) = (0, 0);
    for (order, (goods, refunds, count)) in back {
        let (subtotal, net, tax) = paid[&order];
        if goods == subtotal {
            assert_eq!(refunds, net + tax, "order {order}");
            whole += 1;
        }
        let share = goods as f64 / subtotal as f64 * (net + tax) as f64;
        assert!(
            (refunds as f64 - share).abs() <= 2.0 * count as f64 + 0.1,
            "order {order}: {refunds} refunded of {share:.1} paid"
        );
        taxed += usize::from(tax > 0);
    }
    assert!(whole > 200 && taxed > 1_000, "{whole} whole, {taxed} taxed");
}

/// Products are not bought before they are there, nor do they come from another assortment.
#[test]
fn products_are_bought_when_they_are_there() {
    let shop = Shop::new(&TableOptions::default());
    for unit in [0, 5, 4_095, 4_096, 9_000] {
        shop.orders(unit, false, |order| {
            shop.items(&order, |item| {
                let number = item.product.number;
                assert_eq!(number / 512, unit / 4_096);
                assert!(shop.introduced_on(number) <= day_of(order.ordered_at));
            });
        });
    }
}

/// NRF and Appriss Retail, "2023 Consumer Returns in the Retail Industry": 17.6 percent of online sales by
/// value are returned. Orders of the last 60 days are left out: they may still come back. Tolerance 1.5
/// points: the standard error by value is about 0.4.
#[test]
fn returns_follow_the_published_rate() {
    let (orders, returns) = (Rows::of("orders"), Rows::of("returns"));
    let recent = end_of(REFERENCE_DATE - 60);
    let delivered = orders.instants("delivered_at");
    let old: HashMap<i64, i64> = orders
        .big("order_id")
        .into_iter()
        .zip(&delivered)
        .zip(orders.money("subtotal"))
        .zip(orders.money("discount"))
        .zip(orders.money("tax"))
        .filter(|((((_, at), _), _), _)| at.is_some_and(|t| t < recent))
        .map(|((((key, _), subtotal), discount), tax)| (key, subtotal - discount + tax))
        .collect();
    let sold: i64 = old.values().sum();
    let returned: i64 = returns
        .big("order_id")
        .into_iter()
        .zip(returns.money("refund"))
        .filter(|(order, _)| old.contains_key(order))
        .map(|(_, refund)| refund)
        .sum();
    let rate = returned as f64 / sold as f64;
    assert!((rate - 0.176).abs() < 0.015, "{rate}");
}

/// US Census Bureau, release CB24-76 of May 2024: e-commerce sales, not adjusted, were 17.0 percent lower in
/// the first quarter of 2024 than in the fourth of 2023. Here over four turns of the year, with 5 points of
/// tolerance for the growth of the shop and the sampling error of about 2.
#[test]
fn the_season_follows_the_census_bureau() {
    let orders = Rows::of("orders");
    let mut quarters: HashMap<(i32, u32), f64> = HashMap::new();
    let mut weekdays = [0_u32; 7];
    let mut hours = [0_u32; 24];
    for at in orders.instants("ordered_at").into_iter().flatten() {
        let (year, month, _) = crate::calendar::date_from_days(day_of(at)).unwrap();
        *quarters.entry((year, (month - 1) / 3)).or_default() += 1.0;
        weekdays[weekday(day_of(at))] += 1;
        hours[usize::try_from(at.rem_euclid(86_400_000_000) / 3_600_000_000).unwrap()] += 1;
    }
    let fourth: f64 = (2021..=2024).map(|year| quarters[&(year, 3)]).sum();
    let first: f64 = (2022..=2025).map(|year| quarters[&(year, 0)]).sum();
    let change = first / fourth - 1.0;
    assert!((change + 0.17).abs() < 0.05, "{change}");
    assert!(
        weekdays[0] > weekdays[5],
        "more on Mondays than on Saturdays"
    );
    assert!(hours[20] > 5 * hours[3], "more at eight than at three");
}
