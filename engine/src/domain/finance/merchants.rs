//! Merchants: 768 for each block of 1,024 customers: 32 in each of sixteen US areas and four cities
//! abroad, and 128 that are everywhere. They come with the first customer of a block.

use std::fmt::Write;
use std::sync::Arc;

use super::bank::{Area, BLOCK, Bank, merchant_id};
use super::spending::{MERCHANTS, area_of, category};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{remix, round, unit};
use crate::error::Result;
use crate::generator::address::PLACES;
use crate::generator::data::MerchantCategory;
use crate::generator::name;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "merchants",
        "Merchants at which a bank's customers buy: category, place.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: the merchants of the blocks of 1,024 that begin among them.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "merchant",
    fan_out: FanOut::Mean(0.75),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Row {
    block: u64,
    number: u16,
    category: &'static MerchantCategory,
    area: Area,
    entropy: u64,
}

fn rows(bank: &Bank, unit: u64, _: u32, out: &mut Vec<Row>) {
    let block = unit / BLOCK;
    for number in 0..MERCHANTS {
        let entropy = bank.streams.merchant.draw(block * 1024 + u64::from(number));
        let area = match area_of(number) {
            Some(area) => bank.area(block, area),
            // The head office of one that is everywhere.
            None => Area::home(&PLACES.places()[PLACES.pick(remix(entropy))]),
        };
        out.push(Row {
            block,
            number,
            category: category(number),
            area,
            entropy,
        });
    }
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("merchants", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .only(|_, unit| first_of_block::<BLOCK>(unit))
            .up_to(LAST_UNIT)
            .primary_key(&["merchant_id"])
            .index(&["mcc"]),
    )
}

/// Within about five kilometres.
fn near(degrees: f64, entropy: u64) -> f64 {
    round((degrees + (unit(entropy) - 0.5) * 0.08) * 10_000.0) / 10_000.0
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("merchant_id", "Key", |_, row: &Row| {
            Some(merchant_id(row.block, row.number))
        }),
        Column::text(
            "name",
            "Name: a surname and a trade",
            |_, row: &Row, out| {
                out.write_str(name::last_name(row.entropy))?;
                out.write_str(" ")?;
                out.write_str(row.category.noun).map(|()| true)
            },
        ),
        Column::word(
            "mcc",
            "Merchant category code (ISO 18245), four digits",
            |_, row: &Row| Some(row.category.mcc),
        ),
        Column::word(
            "category",
            "What the category code means",
            |_, row: &Row| Some(row.category.description),
        ),
        Column::boolean(
            "is_online",
            "Whether it is without branches near the customers",
            |_, row: &Row| Some(area_of(row.number).is_none()),
        ),
        Column::word(
            "city",
            "City, of the head office where it is online",
            |_, row: &Row| Some(row.area.city),
        ),
        Column::word(
            "state",
            "Two-letter state code; NULL abroad",
            |_, row: &Row| row.area.state,
        )
        .nullable(),
        Column::word(
            "country",
            "Two-letter country code (ISO 3166)",
            |_, row: &Row| Some(row.area.country),
        ),
        Column::double("latitude", "Degrees north", |_, row: &Row| {
            Some(near(row.area.latitude, remix(row.entropy ^ 1)))
        }),
        Column::double("longitude", "Degrees east", |_, row: &Row| {
            Some(near(row.area.longitude, remix(row.entropy ^ 2)))
        }),
    ]
}
