//! Products of a shop, in assortments of 512 for each 4,096 customers.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let products = table("products", &TableOptions { seed: 42, ..Default::default() })?;
//! // The first customer of an assortment brings it, the others bring none.
//! assert_eq!(products.batch(0..1)?.num_rows(), 512);
//! assert_eq!(products.batch(1..4_096)?.num_rows(), 0);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::sync::Arc;

use super::shop::{BLOCK, LAST_CUSTOMER, PRODUCTS, Product, Shop};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Permutation, Stream, below, remix};
use crate::generator::barcode::gtin;
use crate::generator::commerce::{QUALITIES, SKU_COUNT, sku};
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "products",
    "Products of a shop: category, article numbers, price, cost, weight.",
    &[
        units(
            "customers",
            "How many customers, 0 or more: the assortments of exactly those, 512 products for each 4,096.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
const FAN_OUT: FanOut = FanOut::Mean(PRODUCTS as f64 / BLOCK as f64);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "product",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Brands, made up for this table.
const BRANDS: [&str; 40] = [
    "Aldermoor",
    "Arvenna",
    "Belstone",
    "Brinwick",
    "Calveth",
    "Corvane",
    "Dalmere",
    "Dunvale",
    "Eastmarl",
    "Elvarra",
    "Fenwold",
    "Fjellmark",
    "Garrowby",
    "Glenmira",
    "Harrowell",
    "Hestavik",
    "Invermay",
    "Ironleaf",
    "Jarnwood",
    "Kestrow",
    "Kolvara",
    "Larkmoor",
    "Lindavia",
    "Marrowick",
    "Mirendal",
    "Norvessa",
    "Oakhurn",
    "Osterlane",
    "Pellwin",
    "Quillmere",
    "Ravenholt",
    "Rosvane",
    "Selwick",
    "Skarnfell",
    "Tarnbrook",
    "Thornmead",
    "Ulverby",
    "Vardenne",
    "Wexmoor",
    "Zelvora",
];

/// The shop, and the article numbers.
struct World {
    shop: Shop,
    gtins: Permutation,
    skus: Permutation,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    let world = World {
        shop: Shop::new(options),
        gtins: Permutation::new(1_000_000_000, Stream::new(options.seed, ENTRY.name, "gtin")),
        skus: Permutation::new(SKU_COUNT, Stream::new(options.seed, ENTRY.name, "sku")),
    };
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        world,
        columns(),
        FAN_OUT,
        |world, unit, _, out| {
            let first = unit / BLOCK * PRODUCTS;
            out.extend((first..first + PRODUCTS).map(|number| world.shop.product(number)));
        },
    )
    .only(|_, unit| first_of_block::<BLOCK>(unit))
    .up_to(LAST_CUSTOMER)
    .primary_key(&["product_id"])
    .unique(&["sku"])
    .unique(&["gtin"])
    .index(&["category"])
}

/// What the shop pays, of the price, in percent: 45 to 69 (estimate).
fn cost(product: &Product) -> i64 {
    let percent = 45 + below(remix(product.entropy ^ 4), 25).cast_signed();
    product.price * percent / 100
}

/// Weight in grams: the dearer the heavier, with much spread (estimate).
fn grams(product: &Product) -> i32 {
    let grams = 60 + product.price / 8 + below(remix(product.entropy ^ 5), 900).cast_signed();
    i32::try_from(grams).unwrap_or(0)
}

fn choose<const N: usize>(list: &[&'static str; N], entropy: u64) -> &'static str {
    list[usize::try_from(below(entropy, N as u64)).unwrap_or(0)]
}

type C = Column<World, Product>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("product_id", "Key", |_, p| {
            Some((p.number + 1).cast_signed())
        }),
        C::text(
            "sku",
            "Stock keeping unit of the shop, unique",
            |w, p, out| sku(p.category(), w.skus.apply(p.number), out).map(|()| true),
        ),
        C::text(
            "gtin",
            "GTIN-13 under GS1 prefix 952, kept for demonstrations, with its check digit; unique",
            |w, p, out| gtin(b"952", w.gtins.apply(p.number), 13, out).map(|()| true),
        ),
        C::text("name", "Name: brand, quality and article", |_, p, out| {
            let category = p.category();
            let kind = below(remix(p.entropy ^ 1), category.products.len() as u64);
            out.write_str(choose(&BRANDS, remix(p.entropy ^ 2)))?;
            out.write_str(" ")?;
            let quality = below(remix(p.entropy ^ 3), QUALITIES.len() as u64);
            out.write_str(QUALITIES[usize::try_from(quality).unwrap_or(0)])?;
            out.write_str(" ")?;
            out.write_str(category.products[usize::try_from(kind).unwrap_or(0)])?;
            Ok(true)
        }),
        C::word("category", "Category", |_, p| Some(p.category().name)),
        C::word("brand", "Brand, made up", |_, p| {
            Some(choose(&BRANDS, remix(p.entropy ^ 2)))
        }),
        C::money(
            "price",
            "Price at as_of in US dollars, without tax",
            |_, p| Some(p.price),
        ),
        C::money(
            "cost",
            "What the shop pays for one, in US dollars",
            |_, p| Some(cost(p)),
        ),
        C::integer("weight_g", "Weight with package in grams", |_, p| {
            Some(grams(p))
        }),
        C::date("introduced_on", "Since when it can be bought", |w, p| {
            Some(w.shop.introduced_on(p.number))
        }),
    ]
}
