//! What comes back of delivered orders: why, when, and what is refunded.

use std::sync::Arc;

use super::shop::{LAST_CUSTOMER, Return, Shop};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "returns",
    "Items that came back: reason, time, refund.",
    &[
        units(
            "customers",
            "How many customers, 0 or more: all that they sent back.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(1.0);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "return",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Shop::new(options),
        columns(),
        FAN_OUT,
        |shop, unit, _, out| {
            shop.orders(unit, false, |order| {
                if order.delivered_at.is_some() {
                    shop.items(&order, |item| out.extend(shop.sent_back(&order, &item)));
                }
            });
        },
    )
    .up_to(LAST_CUSTOMER)
    .primary_key(&["return_id"])
    .unique(&["order_item_id"])
    .references(&["order_item_id"], "order_items", &["order_item_id"])
    .references(&["order_id"], "orders", &["order_id"])
    .references(&["product_id"], "products", &["product_id"])
    .index(&["order_id"])
    .index(&["returned_at"])
}

type C = Column<Shop, Return>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("return_id", "Key", |_, r| Some(r.key)),
        C::big_int("order_item_id", "What came back", |_, r| Some(r.key)),
        C::big_int("order_id", "The order", |_, r| Some(r.order)),
        C::big_int("product_id", "The product", |_, r| {
            Some((r.product + 1).cast_signed())
        }),
        C::integer("quantity", "How many came back", |_, r| {
            i32::try_from(r.quantity).ok()
        }),
        C::word("reason", "Why, as the customer says", |_, r| Some(r.reason)),
        C::instant(
            "returned_at",
            "When it arrived, 1 to 45 days after delivery",
            |_, r| Some(r.returned_at),
        ),
        C::instant("refunded_at", "When the money was given back", |_, r| {
            r.refunded_at
        })
        .nullable(),
        C::money(
            "refund",
            "What was paid for the goods, sales tax included, in US dollars",
            |_, r| Some(r.refund),
        ),
    ]
}
