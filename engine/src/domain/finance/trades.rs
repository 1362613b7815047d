//! Executions of customers' orders, with what they cost and when they settle.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let trades = table("trades", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(trades.batch(0..100)?.num_rows() > 50);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::keys::{customer_id, security_id};
use super::market_orders::side;
use super::trading::{Fill, MEAN_TRADES, Side, Trading};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "trades",
        "Executions of customers' orders, with amounts and settlement.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all trades of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "trade",
    fan_out: FanOut::Mean(MEAN_TRADES),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Trade {
    key: i64,
    order: i64,
    customer: u64,
    security: u64,
    session: usize,
    side: Side,
    fill: Fill,
}

fn table(options: &TableOptions) -> Result<Linked<Trading, Trade>> {
    let columns = vec![
        Column::big_int("trade_id", "Key", |_, t: &Trade| Some(t.key)),
        Column::big_int("order_id", "The order that was executed", |_, t| {
            Some(t.order)
        }),
        Column::big_int("customer_id", "Who ordered", |_, t| {
            Some(customer_id(t.customer))
        }),
        Column::big_int("security_id", "What was traded", |_, t| {
            Some(security_id(t.security))
        }),
        Column::date(
            "traded_on",
            "Trading day: with the security, a market bar",
            |w: &Trading, t| Some(w.prices.market.sessions[t.session].day),
        ),
        Column::word("side", "buy or sell", |_, t| Some(side(t.side))),
        Column::big_int("quantity", "Units", |_, t| Some(t.fill.quantity.into())),
        Column::money("price", "Price of a unit", |_, t| Some(t.fill.price.into())),
        Column::money("gross_amount", "Quantity times price", |_, t| {
            Some(t.fill.gross())
        }),
        Column::money("commission", "What the bank takes", |_, t| {
            Some(t.fill.commission())
        }),
        Column::money(
            "net_amount",
            "What the customer pays or is paid: with commission, or less it",
            |_, t| {
                Some(match t.side {
                    Side::Buy => t.fill.gross() + t.fill.commission(),
                    Side::Sell => t.fill.gross() - t.fill.commission(),
                })
            },
        ),
        Column::instant(
            "executed_at",
            "When it was executed: in trading hours",
            |_, t| Some(t.fill.executed_at),
        ),
        Column::date(
            "settles_on",
            "Settlement: one trading day after, two before 2024-05-28",
            |w: &Trading, t| Some(w.settlement(t.session).day),
        ),
    ];
    Ok(Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Trading::new(options)?,
        columns,
        TABLE.fan_out,
        |trading, customer, _, out| {
            trading.orders(customer, |order| {
                for (number, fill) in order.fills().iter().enumerate() {
                    out.push(Trade {
                        key: order.trade_id(number),
                        order: order.order_id(),
                        customer,
                        security: order.security,
                        session: order.session,
                        side: order.side,
                        fill: *fill,
                    });
                }
            });
        },
    )
    .up_to(LAST_UNIT)
    .primary_key(&["trade_id"])
    .references(&["order_id"], "market_orders", &["order_id"])
    .references(&["customer_id"], "customers", &["customer_id"])
    .references(&["security_id"], "securities", &["security_id"])
    .references(
        &["security_id", "traded_on"],
        "market_bars",
        &["security_id", "traded_on"],
    )
    .index(&["order_id"])
    .index(&["customer_id"])
    .index(&["security_id", "traded_on"])
    .index(&["executed_at"]))
}

#[cfg(test)]
mod tests;
