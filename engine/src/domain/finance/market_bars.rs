//! Daily bars: open, high, low, close and volume of every security on every trading day of two years.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let bars = table("market_bars", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(bars.batch(0..10)?.num_rows() > 4_000);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::keys::security_id;
use super::price_path::{Bar, Market};
use super::securities::{LAST_SECURITY, securities_at};
use crate::domain::linked::{Column, Linked};
use crate::domain::{AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "market_bars",
        "Daily prices and volumes of securities over the last 504 trading days.",
        &[
            units(
                "securities",
                "How many securities, 0 or more: all bars of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "market_bar",
    fan_out: FAN_OUT,
    units_at: securities_at,
    build: |options| Ok(Arc::new(table(options))),
};

/// 504, less what newcomers miss.
const FAN_OUT: FanOut = FanOut::Mean(490.0);

/// Needed for prices and volumes.
const PRICES: u32 = 1;

struct Row {
    security: u64,
    day: i32,
    bar: Bar,
}

fn table(options: &TableOptions) -> Linked<Market, Row> {
    let money = |name: &str, comment: &str, price: fn(&Market, &Row) -> Option<i64>| {
        Column::money(name, comment, price).needs(PRICES)
    };
    let columns = vec![
        Column::big_int("security_id", "The security", |_, row: &Row| {
            Some(security_id(row.security))
        }),
        Column::date("traded_on", "Trading day", |_, row| Some(row.day)),
        money("open", "First price of the day", |_, row| {
            Some(row.bar.open.into())
        }),
        money("high", "Highest price of the day", |_, row| {
            Some(row.bar.high.into())
        }),
        money("low", "Lowest price of the day", |_, row| {
            Some(row.bar.low.into())
        }),
        money("close", "Last price of the day", |_, row| {
            Some(row.bar.close.into())
        }),
        Column::big_int("volume", "Units traded", |_, row: &Row| {
            Some(row.bar.volume.into())
        })
        .needs(PRICES),
    ];
    Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Market::new(options),
        columns,
        FAN_OUT,
        |market, unit, needs, out| {
            let security = market.security(unit);
            let row = |session: usize, bar| Row {
                security: unit,
                day: market.sessions[session].day,
                bar,
            };
            if needs & PRICES == 0 {
                let sessions = security.first_session..market.sessions.len();
                out.extend(sessions.map(|session| row(session, Bar::default())));
            } else {
                market.walk(&security, |session, bar| out.push(row(session, bar)));
            }
        },
    )
    .up_to(LAST_SECURITY)
    .primary_key(&["security_id", "traded_on"])
    .references(&["security_id"], "securities", &["security_id"])
    .index(&["traded_on"])
}

#[cfg(test)]
mod tests;
