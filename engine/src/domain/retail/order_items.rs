//! Items of orders: a product, how many, and what one cost on that day.

use std::sync::Arc;

use super::shop::{Item, LAST_CUSTOMER, Shop};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "order_items",
    "Items of orders: product, quantity, price on that day.",
    &[
        units(
            "customers",
            "How many customers, 0 or more: all items of their orders.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(7.5);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "order_item",
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
                shop.items(&order, |item| out.push(item))
            });
        },
    )
    .up_to(LAST_CUSTOMER)
    .primary_key(&["order_item_id"])
    .unique(&["order_id", "line_number"])
    .references(&["order_id"], "orders", &["order_id"])
    .references(&["product_id"], "products", &["product_id"])
    .index(&["product_id"])
}

type C = Column<Shop, Item>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("order_item_id", "Key", |_, i| Some(i.key)),
        C::big_int("order_id", "The order", |_, i| Some(i.order)),
        C::small_int("line_number", "Place in the order, from 1", |_, i| {
            i16::try_from(i.line + 1).ok()
        }),
        C::big_int("product_id", "What is bought; once in an order", |_, i| {
            Some((i.product.number + 1).cast_signed())
        }),
        C::integer("quantity", "How many", |_, i| {
            i32::try_from(i.quantity).ok()
        }),
        C::money(
            "unit_price",
            "Price of one on the day of the order, in US dollars",
            |_, i| Some(i.unit_price),
        ),
        C::money(
            "line_total",
            "Quantity times unit price, in US dollars",
            |_, i| Some(i.quantity * i.unit_price),
        ),
    ]
}
