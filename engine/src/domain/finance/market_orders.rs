//! Orders of customers to buy and sell securities.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let orders = table("market_orders", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(orders.batch(0..100)?.num_rows() > 50);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::keys::{customer_id, security_id};
use super::trading::{MEAN_ORDERS, Order, OrderType, Side, Status, Trading};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "market_orders",
        "Orders of customers to buy and sell securities, and what became of them.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all orders of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "market_order",
    fan_out: FanOut::Mean(MEAN_ORDERS),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// Needed for all but the keys.
const CONTENT: u32 = 1;

pub(super) const fn side(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn columns() -> Vec<Column<Trading, Order>> {
    vec![
        Column::big_int("order_id", "Key", |_, o: &Order| Some(o.order_id())),
        Column::big_int("customer_id", "Who ordered", |_, o: &Order| {
            Some(customer_id(o.customer))
        }),
        Column::big_int("security_id", "What was ordered", |_, o: &Order| {
            Some(security_id(o.security))
        })
        .needs(CONTENT),
        Column::word("side", "buy or sell", |_, o: &Order| Some(side(o.side))).needs(CONTENT),
        Column::word("order_type", "market, limit or stop", |_, o: &Order| {
            Some(match o.order_type {
                OrderType::Market => "market",
                OrderType::Limit(_) => "limit",
                OrderType::Stop(_) => "stop",
            })
        })
        .needs(CONTENT),
        Column::word(
            "time_in_force",
            "day: what is not executed by the close lapses",
            |_, _| Some("day"),
        ),
        Column::big_int("quantity", "Units ordered", |_, o: &Order| {
            Some(o.quantity.into())
        })
        .needs(CONTENT),
        Column::money(
            "limit_price",
            "Worst price of a limit order",
            |_, o: &Order| match o.order_type {
                OrderType::Limit(cents) => Some(cents.into()),
                _ => None,
            },
        )
        .nullable()
        .needs(CONTENT),
        Column::money(
            "stop_price",
            "Price that sets off a stop order",
            |_, o: &Order| match o.order_type {
                OrderType::Stop(cents) => Some(cents.into()),
                _ => None,
            },
        )
        .nullable()
        .needs(CONTENT),
        Column::instant(
            "placed_at",
            "When it was placed: in trading hours",
            |_, o: &Order| Some(o.placed_at),
        )
        .needs(CONTENT),
        Column::instant(
            "closed_at",
            "When it was filled, rejected or cancelled, or lapsed at the close",
            |_, o: &Order| Some(o.closed_at),
        )
        .needs(CONTENT),
        Column::word(
            "status",
            "filled, partial, cancelled or rejected",
            |_, o: &Order| {
                Some(match o.status {
                    Status::Filled => "filled",
                    Status::Partial => "partial",
                    Status::Cancelled => "cancelled",
                    Status::Rejected(_) => "rejected",
                })
            },
        )
        .needs(CONTENT),
        Column::big_int(
            "filled_quantity",
            "Units executed: the sum over its trades",
            |_, o: &Order| Some(o.filled().into()),
        )
        .needs(CONTENT),
        Column::word(
            "rejection_reason",
            "Why it was rejected",
            |_, o: &Order| match o.status {
                Status::Rejected(reason) => Some(reason),
                _ => None,
            },
        )
        .nullable()
        .needs(CONTENT),
    ]
}

fn table(options: &TableOptions) -> Result<Linked<Trading, Order>> {
    Ok(Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Trading::new(options)?,
        columns(),
        TABLE.fan_out,
        |trading, customer, needs, out| {
            if needs & CONTENT == 0 {
                trading.keys(customer, |order| out.push(order));
            } else {
                trading.orders(customer, |order| out.push(order));
            }
        },
    )
    .up_to(LAST_UNIT)
    .primary_key(&["order_id"])
    .references(&["customer_id"], "customers", &["customer_id"])
    .references(&["security_id"], "securities", &["security_id"])
    .index(&["customer_id"])
    .index(&["security_id"])
    .index(&["placed_at"]))
}
