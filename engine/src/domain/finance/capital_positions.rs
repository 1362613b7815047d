//! Capital of a bank and its ratios at ends of quarters: they follow from the bank's exposures and
//! liquidity positions.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let capital = table("capital_positions", &TableOptions { seed: 42, ..Default::default() })?;
//! assert_eq!(capital.batch(0..1_000)?.num_rows(), 4);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::book::{Books, Position, ratio};
use super::keys::CUSTOMERS_PER_BLOCK;
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "capital_positions",
        "Regulatory capital, capital ratios and liquidity coverage; four quarters for each 1,024 customers.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all capital positions of the banks of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "capital_position",
    fan_out: FanOut::Mean(4.0 / 1_024.0),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options))),
};

fn table(options: &TableOptions) -> Linked<Books, Position> {
    let columns = vec![
        Column::big_int("capital_position_id", "Key", |_, b: &Position| {
            Some(b.capital_position_id())
        }),
        Column::big_int("bank_id", "The bank, of 1,024 customers", |_, b| {
            Some((b.block + 1).cast_signed())
        }),
        Column::date("reported_on", "End of the quarter", |_, b| {
            Some(b.reported_on)
        }),
        Column::money(
            "common_equity_tier1",
            "Common Equity Tier 1 capital (CET1)",
            |_, b| Some(b.cet1),
        ),
        Column::money(
            "additional_tier1",
            "Additional Tier 1 capital (AT1)",
            |_, b| Some(b.at1),
        ),
        Column::money("tier2", "Tier 2 capital", |_, b| Some(b.tier2)),
        Column::money(
            "risk_weighted_assets",
            "For credit risk: the sum over the bank's exposures of that day",
            |_, b| Some(b.risk_weighted_assets),
        ),
        Column::decimal(
            "cet1_ratio",
            6,
            "CET1 by risk-weighted assets, 1 is 100 %; at least 0.045",
            |_, b| Some(ratio(b.cet1, b.risk_weighted_assets)),
        ),
        Column::decimal(
            "tier1_ratio",
            6,
            "CET1 and AT1 by risk-weighted assets; at least 0.06",
            |_, b| Some(ratio(b.cet1 + b.at1, b.risk_weighted_assets)),
        ),
        Column::decimal(
            "total_capital_ratio",
            6,
            "CET1, AT1 and Tier 2 by risk-weighted assets; at least 0.08",
            |_, b| Some(ratio(b.cet1 + b.at1 + b.tier2, b.risk_weighted_assets)),
        ),
        Column::money(
            "high_quality_liquid_assets",
            "The sum of weighted HQLA over the bank's liquidity positions",
            |_, b: &Position| Some(b.liquid_assets),
        ),
        Column::money(
            "net_cash_outflows",
            "Weighted outflows less weighted inflows, which count up to 75 % of outflows",
            |_, b: &Position| Some(b.net_outflows()),
        ),
        Column::decimal(
            "liquidity_coverage_ratio",
            6,
            "High-quality liquid assets by net cash outflows; at least 1",
            |_, b: &Position| Some(ratio(b.liquid_assets, b.net_outflows())),
        ),
    ];
    Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Books::new(options),
        columns,
        TABLE.fan_out,
        |books, customer, _, out| out.extend(books.positions(customer / CUSTOMERS_PER_BLOCK)),
    )
    .only(|_, unit| first_of_block::<CUSTOMERS_PER_BLOCK>(unit))
    .up_to(LAST_UNIT)
    .primary_key(&["capital_position_id"])
    .unique(&["bank_id", "reported_on"])
}
