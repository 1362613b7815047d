//! Orders of a shop's customers: when, where to, what became of them, and sums that add up in cents.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let orders = table("orders", &TableOptions { seed: 42, ..Default::default() })?;
//! let (all, tail) = (orders.batch(0..50)?, orders.batch(20..50)?);
//! let (rows, last) = (all.num_rows(), tail.num_rows());
//! assert_eq!(all.slice(rows - last, last), tail);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::{Arc, LazyLock};

use super::shop::{LAST_CUSTOMER, Order, Shop};
use crate::dictionary::Weighted;
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::remix;
use crate::generator::address;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "orders",
    "Orders of a shop: times, status, address, and sums that add up.",
    &[
        units(
            "customers",
            "How many customers, 0 or more: all orders of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(3.4);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "order",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Needs the items of each order.
const SUMS: u32 = 1;

/// Ways to pay with weights (estimate).
const PAYMENT: [(&str, u64); 5] = [
    ("credit card", 42),
    ("digital wallet", 27),
    ("debit card", 22),
    ("gift card", 4),
    ("buy now, pay later", 5),
];

static PAYMENTS: LazyLock<Weighted> = LazyLock::new(|| Weighted::new(&PAYMENT.map(|p| p.1)));

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Shop::new(options),
        columns(),
        FAN_OUT,
        |shop, unit, needs, out| shop.orders(unit, needs & SUMS != 0, |order| out.push(order)),
    )
    .up_to(LAST_CUSTOMER)
    .primary_key(&["order_id"])
    .references(&["customer_id"], "customers", &["customer_id"])
    .index(&["customer_id"])
    .index(&["ordered_at"])
}

type C = Column<Shop, Order>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("order_id", "Key", |_, o| Some(o.key())),
        C::big_int("customer_id", "Who ordered", |_, o| {
            Some((o.unit + 1).cast_signed())
        }),
        C::instant("ordered_at", "When it was ordered", |_, o| {
            Some(o.ordered_at)
        }),
        C::word(
            "status",
            "placed, shipped, delivered or cancelled, at as_of",
            |_, o| Some(o.status.word()),
        ),
        C::instant("shipped_at", "When it was sent", |_, o| o.shipped_at).nullable(),
        C::instant("delivered_at", "When it arrived", |_, o| o.delivered_at).nullable(),
        C::instant("cancelled_at", "When it was cancelled", |_, o| {
            o.cancelled_at
        })
        .nullable(),
        C::word("shipping_method", "standard or express", |_, o| {
            Some(if o.express() { "express" } else { "standard" })
        }),
        C::word("payment_method", "How it is paid", |_, o| {
            Some(PAYMENT[PAYMENTS.pick(remix(o.entropy ^ 7))].0)
        }),
        C::text(
            "shipping_street_address",
            "Where it goes: the customer's address or, once in twelve times, another",
            |shop, o, out| {
                if o.as_gift() {
                    address::street_address(remix(o.entropy ^ 8), out)?;
                } else {
                    shop.people.write_street(o.unit, out)?;
                }
                Ok(true)
            },
        ),
        C::word("shipping_city", "City where it goes", |_, o| {
            Some(o.place.city)
        }),
        C::word(
            "shipping_state",
            "Two-letter state code where it goes",
            |_, o| Some(o.place.state),
        ),
        C::word("shipping_zip", "ZIP code where it goes", |_, o| {
            Some(o.place.zip)
        }),
        C::money(
            "subtotal",
            "Sum of the items' line totals in US dollars",
            |_, o| Some(o.subtotal),
        )
        .needs(SUMS),
        C::money(
            "discount",
            "Taken off the subtotal, in US dollars",
            |_, o| Some(o.discount),
        )
        .needs(SUMS),
        C::money("shipping", "Charged for sending, in US dollars", |_, o| {
            Some(o.shipping)
        })
        .needs(SUMS),
        C::money(
            "tax",
            "Sales tax of the state where it goes on subtotal less discount, in US dollars",
            |_, o| Some(o.tax),
        )
        .needs(SUMS),
        C::money(
            "total",
            "Subtotal less discount plus shipping and tax, in US dollars",
            |_, o| Some(o.subtotal - o.discount + o.shipping + o.tax),
        )
        .needs(SUMS),
    ]
}
