//! Securities: stocks, funds and bonds of companies that do not exist.
//!
//! Every block of 1,024 customers has 64 securities of its own, which its customers trade.
//!
//! ```
//! use arrow_array::cast::AsArray;
//! use synth_engine::domain::{TableOptions, table};
//!
//! let batch = table("securities", &TableOptions { seed: 42, ..Default::default() })?.batch(0..3)?;
//! let isin = batch.column_by_name("isin").unwrap().as_string::<i32>();
//! assert!(isin.value(0).starts_with("ZZ"));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::{self, Write};
use std::sync::{Arc, LazyLock};

use super::keys::{CUSTOMERS_PER_BLOCK, SECURITIES_PER_BLOCK, security_id};
use super::price_path::{Market, SESSIONS};
use super::trading_days::{Session, trades_on};
use crate::dictionary::Weighted;
use crate::domain::linked::{Column, Linked, Text};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, ROWS, SEED, START, TableEntry, TableOptions, table_entry,
};
use crate::entropy::{Permutation, Stream, below, remix, round, unit};
use crate::generator::data::{FINANCE_SECTORS, Sector};
use crate::generator::finance::{ISIN_COUNT, write_isin};
use crate::generator::{name, work};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "securities",
        "Stocks, funds and bonds that customers trade; 64 for each 1,024 customers.",
        &[ROWS, SEED, START, AS_OF],
    ),
    row: "security",
    fan_out: FanOut::One,
    units_at: securities_at,
    build: |options| Ok(Arc::new(table(options))),
};

/// The largest security: that of the last customer.
pub const LAST_SECURITY: u64 = (LAST_UNIT + 1) / CUSTOMERS_PER_BLOCK * SECURITIES_PER_BLOCK - 1;

/// How many securities go with so many customers.
pub fn securities_at(customers: u64) -> u64 {
    customers
        .div_ceil(CUSTOMERS_PER_BLOCK)
        .saturating_mul(SECURITIES_PER_BLOCK)
}

/// What kind of security it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecurityType {
    /// Shares of a company.
    Equity,
    /// Exchange-traded fund.
    Etf,
    /// Bond, priced in percent of its face value of 100.
    Bond,
}

impl SecurityType {
    const fn word(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Etf => "etf",
            Self::Bond => "bond",
        }
    }
}

/// What orders, trades and bars need to know of a security.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Security {
    /// Number of the security.
    pub unit: u64,
    /// Kind.
    pub security_type: SecurityType,
    /// Place in the list of sectors.
    pub sector: usize,
    /// Price before the first session, in dollars.
    pub first_price: f64,
    /// How much of the market's return it takes part in.
    pub beta: f64,
    /// Standard deviation of its own daily return.
    pub volatility: f64,
    /// Units that there are.
    pub shares: i64,
    /// Units traded on an ordinary day.
    pub daily_volume: f64,
    /// Its first session in the window: 0 unless it was listed later.
    pub first_session: usize,
}

/// Makes securities.
#[derive(Debug)]
pub struct SecurityFacts {
    facts: Stream,
    size: Stream,
    name: Stream,
    listed: Stream,
    symbols: [Permutation; 2],
    isins: Permutation,
    first_day: i32,
    session_days: Vec<i32>,
}

/// Symbols of four letters after the prefix, and of eight once those are used up.
const SYMBOLS: [u64; 2] = [26_u64.pow(4), 26_u64.pow(8)];

/// One in so many was listed within the window, and then at least so many sessions before its end.
const NEWCOMERS: u64 = 16;
const NEWCOMER_SESSIONS: usize = 64;

static SECTORS: LazyLock<Weighted> =
    LazyLock::new(|| Weighted::new(&FINANCE_SECTORS.iter().map(|s| s.weight).collect::<Vec<_>>()));

impl SecurityFacts {
    /// The securities of a world with these sessions.
    pub fn new(options: &TableOptions, sessions: &[Session]) -> Self {
        let stream = |column: &str| Stream::new(options.seed, "securities", column);
        Self {
            facts: stream("security_type"),
            size: stream("shares_outstanding"),
            name: stream("name"),
            listed: stream("listed_on"),
            symbols: SYMBOLS.map(|count| Permutation::new(count, stream("symbol").split(count))),
            isins: Permutation::new(ISIN_COUNT, stream("isin")),
            first_day: sessions
                .first()
                .map_or(options.as_of, |session| session.day),
            session_days: sessions.iter().map(|session| session.day).collect(),
        }
    }

    /// The security of a unit.
    pub fn security(&self, number: u64) -> Security {
        let draw = self.facts.draw(number);
        let sector = SECTORS.pick(remix(draw));
        let Sector {
            beta, volatility, ..
        } = FINANCE_SECTORS[sector];
        let size = self.size.draw(number);
        let [a, b, c] = [size, remix(size), remix(remix(size))].map(unit);
        // 75 % stocks, 15 % funds, 10 % bonds: an estimate.
        let (security_type, first_price, beta, volatility, shares, turnover) = match below(draw, 20)
        {
            0..15 => {
                let shares = 5e6 * cube(1.0 + 9.0 * a);
                let price = 8.0 * (1.0 + 6.0 * b) * (1.0 + 5.0 * c);
                // Small companies are wilder.
                let volatility = volatility * (1.5 - 0.8 * a);
                let beta = beta * (0.7 + 0.6 * unit(remix(draw)));
                let turnover = 0.002 + 0.008 * unit(remix(draw ^ size));
                (
                    SecurityType::Equity,
                    price,
                    beta,
                    volatility,
                    shares,
                    turnover,
                )
            }
            15..18 => {
                let shares = 1e6 * cube(1.0 + 6.0 * a);
                let price = 20.0 * (1.0 + 3.0 * b) * (1.0 + 2.0 * c);
                (
                    SecurityType::Etf,
                    price,
                    beta,
                    0.002,
                    shares,
                    0.01 + 0.03 * c,
                )
            }
            _ => {
                let shares = 3e6 * (1.0 + 9.0 * a);
                (
                    SecurityType::Bond,
                    90.0 + 20.0 * b,
                    0.03,
                    0.0025,
                    shares,
                    0.001 + 0.002 * c,
                )
            }
        };
        let listed = self.listed.draw(number);
        // The first of a block is always there to be traded.
        let newcomer =
            below(listed, NEWCOMERS) == 0 && !number.is_multiple_of(SECURITIES_PER_BLOCK);
        let latest = SESSIONS - NEWCOMER_SESSIONS;
        Security {
            unit: number,
            security_type,
            sector,
            first_price,
            beta,
            volatility,
            shares: whole(shares / 1_000.0) * 1_000,
            daily_volume: shares * turnover,
            first_session: if newcomer {
                1 + usize::try_from(below(remix(listed), latest as u64)).unwrap_or(0)
            } else {
                0
            },
        }
    }

    /// The day on which a security was first traded: in the window, or up to 40 years before.
    fn listed_on(&self, security: &Security) -> i32 {
        if security.first_session > 0 {
            return self.session_days[security.first_session];
        }
        let back = below(remix(self.listed.draw(security.unit)), 40 * 365);
        let mut day = self.first_day - i32::try_from(back).unwrap_or(0);
        while !trades_on(day) {
            day -= 1;
        }
        day
    }

    /// `ZZ` and four letters or more: symbols on US exchanges have at most five.
    pub fn write_symbol(&self, number: u64, out: &mut dyn Write) -> fmt::Result {
        let (mut index, letters) = if number < SYMBOLS[0] {
            (self.symbols[0].apply(number), 4)
        } else {
            (self.symbols[1].apply(number - SYMBOLS[0]), 8)
        };
        let mut text = *b"ZZAAAAAAAA";
        for place in text[2..2 + letters].iter_mut().rev() {
            *place = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[usize::try_from(index % 26).unwrap_or(0)];
            index /= 26;
        }
        out.write_str(std::str::from_utf8(&text[..2 + letters]).unwrap_or_default())
    }

    /// The ISIN: country code `ZZ`, which ISO 3166 leaves to users and no numbering agency has.
    pub fn write_isin(&self, number: u64, out: &mut dyn Write) -> fmt::Result {
        write_isin(self.isins.apply(number), out)
    }

    fn write_name(&self, security: &Security, out: &mut Text) -> fmt::Result {
        let draw = self.name.draw(security.unit);
        match security.security_type {
            SecurityType::Equity => work::company(draw, out),
            SecurityType::Etf => {
                out.write_str(name::last_name(draw))?;
                out.write_str(" ")?;
                out.write_str(FINANCE_SECTORS[security.sector].sector)?;
                out.write_str(" ETF")
            }
            SecurityType::Bond => {
                work::company(draw, out)?;
                out.write_str(if draw & 1 == 0 { " Notes" } else { " Bonds" })
            }
        }
    }

    /// Percent a year in eighths, in units of 0.0001: 2 to 6.875.
    fn coupon(&self, security: &Security) -> Option<i64> {
        let eighths = below(remix(self.name.draw(security.unit)), 40).cast_signed();
        (security.security_type == SecurityType::Bond).then_some(20_000 + eighths * 1_250)
    }
}

fn cube(value: f64) -> f64 {
    value * value * value
}

#[expect(clippy::cast_possible_truncation, reason = "below 2^33")]
fn whole(value: f64) -> i64 {
    round(value) as i64
}

fn table(options: &TableOptions) -> Linked<Market, Security> {
    let columns = vec![
        Column::big_int("security_id", "Key", |_, s: &Security| {
            Some(security_id(s.unit))
        }),
        Column::text(
            "symbol",
            "Trading symbol, unique: ZZ and four letters or more, which no exchange gives",
            |m: &Market, s, out| m.securities.write_symbol(s.unit, out).map(|()| true),
        ),
        Column::text("name", "Name of the company, fund or issue", |m, s, out| {
            m.securities.write_name(s, out).map(|()| true)
        }),
        Column::text(
            "isin",
            "ISIN, unique: country code ZZ, given to nobody; check digit right",
            |m, s, out| m.securities.write_isin(s.unit, out).map(|()| true),
        ),
        Column::word("security_type", "equity, etf or bond", |_, s| {
            Some(s.security_type.word())
        }),
        Column::word("sector", "Line of business", |_, s| {
            Some(FINANCE_SECTORS[s.sector].sector)
        }),
        Column::word("currency", "Currency of its prices, ISO 4217", |_, _| {
            Some("USD")
        }),
        Column::word(
            "exchange_mic",
            "Market, ISO 10383: XOFF, off-exchange, or XXXX, no market",
            |_, s| {
                Some(if s.security_type == SecurityType::Bond {
                    "XXXX"
                } else {
                    "XOFF"
                })
            },
        ),
        Column::date("listed_on", "First day of trading", |m, s| {
            Some(m.securities.listed_on(s))
        }),
        Column::big_int(
            "shares_outstanding",
            "Shares, or units of 100 of a bond's face value",
            |_, s| Some(s.shares),
        ),
        Column::decimal(
            "coupon_percent",
            4,
            "Interest of a bond in percent a year",
            |m: &Market, s: &Security| m.securities.coupon(s),
        )
        .nullable(),
    ];
    Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        Market::new(options),
        columns,
        FanOut::One,
        |market, unit, _, out| out.push(market.security(unit)),
    )
    .up_to(LAST_SECURITY)
    .primary_key(&["security_id"])
    .unique(&["symbol"])
    .unique(&["isin"])
    .index(&["sector"])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Table;
    use arrow_array::cast::AsArray;
    use arrow_array::types::{Date32Type, Int64Type};

    #[test]
    fn scale_is_in_whole_blocks() {
        assert_eq!([0, 1, 1024, 1025].map(securities_at), [0, 64, 64, 128]);
        assert_eq!(securities_at(LAST_UNIT + 1), LAST_SECURITY + 1);
    }

    #[test]
    fn securities_are_believable_and_nobodys() {
        let batch = table(&TableOptions::default()).batch(0..4_000).unwrap();
        let text = |name: &str| {
            batch
                .column_by_name(name)
                .unwrap()
                .as_string::<i32>()
                .clone()
        };
        let (symbols, isins, kinds) = (text("symbol"), text("isin"), text("security_type"));
        let listed = batch
            .column_by_name("listed_on")
            .unwrap()
            .as_primitive::<Date32Type>();
        let shares = batch
            .column_by_name("shares_outstanding")
            .unwrap()
            .as_primitive::<Int64Type>();
        let mut equities = 0;
        for row in 0..batch.num_rows() {
            assert!(symbols.value(row).starts_with("ZZ") && symbols.value(row).len() >= 6);
            assert!(isins.value(row).starts_with("ZZ"));
            ::isin::parse(isins.value(row)).unwrap_or_else(|e| panic!("{e}"));
            assert!(trades_on(listed.value(row)) && listed.value(row) <= 20_454);
            assert!((1_000_000..6_000_000_000).contains(&shares.value(row)));
            equities += usize::from(kinds.value(row) == "equity");
        }
        // Three in four, five standard errors of 0.7 %.
        assert!((2_860..3_140).contains(&equities), "{equities}");
    }

    #[test]
    fn symbols_grow_when_the_short_ones_are_used_up() {
        let market = Market::new(&TableOptions::default());
        let mut seen = std::collections::HashSet::new();
        for number in SYMBOLS[0] - 500..SYMBOLS[0] + 500 {
            let mut symbol = String::new();
            market.securities.write_symbol(number, &mut symbol).unwrap();
            assert_eq!(symbol.len(), if number < SYMBOLS[0] { 6 } else { 10 });
            assert!(seen.insert(symbol));
        }
    }
}
