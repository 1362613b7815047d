//! Items of a bank's liquidity coverage ratio: liquid assets after haircuts, outflows and inflows of a
//! month of stress.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let items = table("liquidity_positions", &TableOptions { seed: 42, ..Default::default() })?;
//! assert_eq!(items.batch(0..1_000)?.num_rows(), 4 * 24);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::book::{Books, LiquidityItem};
use super::exposures::fraction;
use super::keys::CUSTOMERS_PER_BLOCK;
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "liquidity_positions",
        "Liquid assets, outflows and inflows of the liquidity coverage ratio; for each 1,024 customers.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all liquidity positions of the banks of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "liquidity_position",
    fan_out: FanOut::Mean(4.0 * 24.0 / 1_024.0),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options))),
};

struct Row {
    liquidity_position_id: i64,
    capital_position_id: i64,
    reported_on: i32,
    item: LiquidityItem,
}

fn table(options: &TableOptions) -> Linked<Books, Row> {
    let columns = vec![
        Column::big_int("liquidity_position_id", "Key", |_, r: &Row| {
            Some(r.liquidity_position_id)
        }),
        Column::big_int(
            "capital_position_id",
            "The bank's ratios on that day",
            |_, r| Some(r.capital_position_id),
        ),
        Column::date("reported_on", "End of the quarter", |_, r| {
            Some(r.reported_on)
        }),
        Column::word("section", "HQLA, Outflow or Inflow", |_, r: &Row| {
            Some(r.item.class.section)
        }),
        Column::word(
            "hqla_level",
            "Level of liquid assets: 1, 2A or 2B",
            |_, r: &Row| {
                let level = r.item.class.level;
                (!level.is_empty()).then_some(level)
            },
        )
        .nullable(),
        Column::word("item", "What it is", |_, r: &Row| Some(r.item.class.item)),
        Column::money(
            "amount",
            "Market value, balance or amount due within 30 days",
            |_, r| Some(r.item.amount),
        ),
        Column::decimal(
            "factor",
            4,
            "1 less the haircut, run-off rate, or inflow rate, 1 is 100 %",
            |_, r| Some(fraction(r.item.class.factor.cast_signed())),
        ),
        Column::money("weighted_amount", "Amount times factor", |_, r: &Row| {
            Some(r.item.weighted())
        }),
        Column::word(
            "paragraph",
            "Where the Basel Framework gives the factor",
            |_, r: &Row| Some(r.item.class.paragraph),
        ),
    ];
    Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Books::new(options),
        columns,
        TABLE.fan_out,
        |books, customer, _, out| {
            for position in books.positions(customer / CUSTOMERS_PER_BLOCK) {
                books.liquidity(&position, |number, item| {
                    out.push(Row {
                        liquidity_position_id: position.row_id(number),
                        capital_position_id: position.capital_position_id(),
                        reported_on: position.reported_on,
                        item,
                    });
                });
            }
        },
    )
    .only(|_, unit| first_of_block::<CUSTOMERS_PER_BLOCK>(unit))
    .up_to(LAST_UNIT)
    .primary_key(&["liquidity_position_id"])
    .references(
        &["capital_position_id"],
        "capital_positions",
        &["capital_position_id"],
    )
    .index(&["capital_position_id"])
}
