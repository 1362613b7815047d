//! The book of a bank for each block of 1,024 customers: what it is exposed to, what capital it has,
//! and what it could pay in a month of stress.
//!
//! Exposures follow the standardised approach of Basel III (CRE20), liquidity the coverage ratio (LCR30
//! and LCR40). A book is stated at the last four ends of a quarter. Everything in it belongs to the
//! block and not to single customers, so that risk-weighted assets, capital ratios and the liquidity
//! coverage ratio of a book always can be computed from its rows: amounts are whole hundreds of
//! dollars, which makes all products exact in cents.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::finance::book::Books;
//!
//! let book = Books::new(&TableOptions::default()).book(0, 0);
//! let sum: i64 = book.exposures.iter().map(|exposure| exposure.risk_weighted_assets()).sum();
//! assert_eq!(sum, book.risk_weighted_assets);
//! ```

use std::sync::LazyLock;

use super::keys::CUSTOMERS_PER_BLOCK;
use crate::calendar::{date_from_days, days_from_date};
use crate::dictionary::Weighted;
use crate::domain::TableOptions;
use crate::entropy::{Stream, below, remix, unit};
use crate::generator::data::{
    ConversionFactor, FINANCE_CONVERSION_FACTORS, FINANCE_LIQUIDITY_FACTORS, FINANCE_RISK_WEIGHTS,
    LiquidityFactor, RiskWeight,
};

/// Exposures of a book.
pub const EXPOSURES: usize = 96;
/// Ends of quarters for which a book is stated.
pub const QUARTERS: u64 = 4;
/// Inflows count up to this share of outflows, in percent (LCR40.1).
pub const INFLOW_CAP: i64 = 75;

/// A hundred dollars, in cents.
const HUNDRED: i64 = 10_000;

/// One exposure on one day. Amounts are in cents.
#[derive(Debug, Clone, Copy)]
pub struct Exposure {
    /// Number in the book: the same counterparty at every date.
    pub number: u64,
    /// Asset class, bucket and risk weight.
    pub class: &'static RiskWeight,
    /// External rating, where the bucket is one of ratings.
    pub rating: Option<&'static str>,
    /// Loan to value in percent, where the bucket is one of such.
    pub loan_to_value: Option<i64>,
    /// What is owed.
    pub drawn: i64,
    /// What is committed and not drawn.
    pub undrawn: i64,
    /// How the undrawn amount is converted, where there is one.
    pub facility: Option<&'static ConversionFactor>,
    /// Decides the counterparty's name.
    pub entropy: u64,
}

impl Exposure {
    /// Credit conversion factor in percent.
    pub fn conversion_factor(&self) -> i64 {
        self.facility
            .map_or(0, |facility| facility.factor.cast_signed())
    }

    /// What is owed, and what is likely to be drawn before a default.
    pub fn at_default(&self) -> i64 {
        self.drawn + self.undrawn * self.conversion_factor() / 100
    }

    /// Exposure at default times risk weight: exact, since amounts are whole hundreds of dollars.
    pub fn risk_weighted_assets(&self) -> i64 {
        self.at_default() * self.class.risk_weight.cast_signed() / 100
    }
}

/// One item of the liquidity coverage ratio. Amounts are in cents.
#[derive(Debug, Clone, Copy)]
pub struct LiquidityItem {
    /// Section, item and factor.
    pub class: &'static LiquidityFactor,
    /// Before the factor.
    pub amount: i64,
}

impl LiquidityItem {
    /// Amount times factor: exact, since amounts are whole hundreds of dollars.
    pub fn weighted(&self) -> i64 {
        self.amount * self.class.factor.cast_signed() / 100
    }
}

/// A book on one day. Amounts are in cents.
#[derive(Debug, Clone)]
pub struct Book {
    /// Number of the block.
    pub block: u64,
    /// The date, 0 for the last.
    pub quarters_ago: u64,
    /// End of a quarter, days since 1970-01-01.
    pub reported_on: i32,
    /// Exposures.
    pub exposures: Vec<Exposure>,
    /// Their risk-weighted assets.
    pub risk_weighted_assets: i64,
    /// Common Equity Tier 1.
    pub cet1: i64,
    /// Additional Tier 1.
    pub at1: i64,
    /// Tier 2.
    pub tier2: i64,
    /// Assets, outflows and inflows.
    pub liquidity: Vec<LiquidityItem>,
}

impl Book {
    /// The weighted sum of a section of liquidity.
    pub fn weighted(&self, section: &str) -> i64 {
        let items = self
            .liquidity
            .iter()
            .filter(|item| item.class.section == section);
        items.map(LiquidityItem::weighted).sum()
    }

    /// Outflows less inflows, of which at most 75 % of outflows count.
    pub fn net_outflows(&self) -> i64 {
        let outflows = self.weighted("Outflow");
        outflows - self.weighted("Inflow").min(outflows * INFLOW_CAP / 100)
    }

    /// The key of its capital position: of no other book and date.
    pub const fn capital_position_id(&self) -> i64 {
        (self.block * QUARTERS + (QUARTERS - 1 - self.quarters_ago)).cast_signed() + 1
    }

    /// The key of a row of the book, exposure or liquidity item.
    pub fn row_id(&self, number: u64) -> i64 {
        ((self.block * QUARTERS + (QUARTERS - 1 - self.quarters_ago)) << 7 | number).cast_signed()
            + 1
    }
}

/// A ratio with six decimals, in units of the last, halves up.
pub fn ratio(part: i64, whole: i64) -> i64 {
    let (part, whole) = (i128::from(part), i128::from(whole.max(1)));
    i64::try_from((part * 2_000_000 + whole) / (2 * whole)).unwrap_or(i64::MAX)
}

/// Makes books.
#[derive(Debug)]
pub struct Books {
    dates: Vec<i32>,
    class: Stream,
    amount: Stream,
    capital: Stream,
    liquidity: Stream,
}

struct Picks {
    classes: Weighted,
    corporate: Weighted,
    retail: Weighted,
}

static PICKS: LazyLock<Picks> = LazyLock::new(|| {
    let weights = |weight: fn(&ConversionFactor) -> u64| {
        Weighted::new(
            &FINANCE_CONVERSION_FACTORS
                .iter()
                .map(weight)
                .collect::<Vec<_>>(),
        )
    };
    Picks {
        classes: Weighted::new(
            &FINANCE_RISK_WEIGHTS
                .iter()
                .map(|r| r.weight)
                .collect::<Vec<_>>(),
        ),
        corporate: weights(|f| f.corporate),
        retail: weights(|f| f.retail),
    }
});

impl Books {
    /// The books of a world.
    pub fn new(options: &TableOptions) -> Self {
        let stream = |column: &str| Stream::new(options.seed, "exposures", column);
        Self {
            dates: quarter_ends(options.as_of),
            class: stream("asset_class"),
            amount: stream("drawn_amount"),
            capital: stream("capital"),
            liquidity: stream("liquidity"),
        }
    }

    /// The block whose book comes with a customer: that of which it is the first.
    pub fn block_of(customer: u64) -> Option<u64> {
        customer
            .is_multiple_of(CUSTOMERS_PER_BLOCK)
            .then_some(customer / CUSTOMERS_PER_BLOCK)
    }

    /// The books that come with a customer, in the order of time.
    pub fn of_customer(&self, customer: u64) -> impl Iterator<Item = Book> {
        let block = Self::block_of(customer);
        block
            .into_iter()
            .flat_map(move |block| (0..QUARTERS).rev().map(move |ago| self.book(block, ago)))
    }

    /// The book of a block, some quarters ago (0 to 3).
    pub fn book(&self, block: u64, quarters_ago: u64) -> Book {
        let exposures: Vec<Exposure> = (0..EXPOSURES as u64)
            .map(|number| self.exposure(block, number, quarters_ago))
            .collect();
        let assets: i64 = exposures.iter().map(Exposure::risk_weighted_assets).sum();
        let at_default: i64 = exposures.iter().map(Exposure::at_default).sum();
        let health = self.capital.draw(block);
        let drift = self
            .capital
            .draw((block * QUARTERS + quarters_ago) ^ (1 << 60));
        // Ratios of mid-sized banks in 2019 to 2024 (estimate): CET1 11 to 16 %, AT1 0.8 to 2 %, Tier
        // 2 1.5 to 2.8 %; they move by up to half a point a quarter. In units of 0.01 %.
        let points =
            |low: u64, high: u64, draw: u64| (low + below(draw, high - low + 1)).cast_signed();
        let share = |points: i64| assets / 10_000 * points / HUNDRED * HUNDRED;
        let other = remix(health);
        Book {
            block,
            quarters_ago,
            reported_on: self.dates[usize::try_from(quarters_ago).unwrap_or(0).min(3)],
            risk_weighted_assets: assets,
            cet1: share(points(1_100, 1_600, health) + points(0, 100, drift) - 50),
            at1: share(points(80, 200, other)),
            tier2: share(points(150, 280, remix(other))),
            liquidity: self.liquidity_of(block, quarters_ago, at_default),
            exposures,
        }
    }

    fn exposure(&self, block: u64, number: u64, quarters_ago: u64) -> Exposure {
        let entropy = self.class.draw(block << 7 | number);
        let class = &FINANCE_RISK_WEIGHTS[PICKS.classes.pick(entropy)];
        let more = remix(entropy);
        let size = self.amount.draw(block << 7 | number);
        let date = self.amount.draw(size ^ quarters_ago);
        // A tenth to three times of what is typical, and up to 5 % up or down a quarter: in hundreds.
        let tens = 1 + below(size, 10) + below(remix(size), 20);
        let movement = 950 + below(date, 101);
        let hundreds = (class.thousands * tens * movement / 1_000).cast_signed();
        let facility = match class.asset_class {
            // Two of five companies have a line that is not fully drawn.
            "Corporate" | "Corporate SME" if more & 7 < 3 => {
                Some(PICKS.corporate.pick(remix(more)))
            }
            "Retail" if more & 7 < 5 => Some(PICKS.retail.pick(remix(more))),
            _ => None,
        };
        let facility = facility.map(|place| &FINANCE_CONVERSION_FACTORS[place]);
        let used = 20 + below(remix(date), 61).cast_signed();
        let drawn = facility.map_or(hundreds, |_| hundreds * used / 100);
        let ratings = class.ratings.split(' ').filter(|rating| !rating.is_empty());
        let count = ratings.clone().count() as u64;
        Exposure {
            number,
            class,
            rating: ratings
                .into_iter()
                .nth(usize::try_from(below(more, count)).unwrap_or(0)),
            loan_to_value: (class.ltv_to > 0).then(|| {
                let span = class.ltv_to - class.ltv_from + 1;
                (class.ltv_from + below(more, span)).cast_signed()
            }),
            drawn: drawn * HUNDRED,
            undrawn: (hundreds - drawn) * HUNDRED,
            facility,
            entropy: remix(more),
        }
    }

    /// Deposits fund most of the book; liquid assets cover 1.05 to 2 times the net outflows. One bank
    /// in eight is owed so much within a month that the cap on inflows binds.
    fn liquidity_of(&self, block: u64, quarters_ago: u64, at_default: i64) -> Vec<LiquidityItem> {
        let bank = self.liquidity.draw(block << 12);
        let items = |section: &'static str| {
            (0_u64..)
                .zip(FINANCE_LIQUIDITY_FACTORS)
                .filter(move |(_, factor)| factor.section == section)
        };
        let jitter = |place: u64| {
            0.8 + 0.4
                * unit(
                    self.liquidity
                        .draw(block << 12 | quarters_ago << 8 | place << 1 | 1),
                )
        };
        let total = |section| items(section).map(|(_, factor)| factor.share).sum::<u64>();
        let section = |section, amount: f64| {
            let total = cents(total(section)).max(1.0);
            items(section).map(move |(place, class)| LiquidityItem {
                class,
                amount: hundreds(amount * cents(class.share) / total * jitter(place)) * HUNDRED,
            })
        };
        let inflows = if bank & 7 == 0 { 1.1 } else { 0.12 };
        let book = cents(at_default.unsigned_abs());
        let mut liquidity: Vec<LiquidityItem> = section("Outflow", book)
            .chain(section("Inflow", book * inflows))
            .collect();
        let flows = |wanted: &str| {
            let of_section = liquidity.iter().filter(|item| item.class.section == wanted);
            of_section.map(LiquidityItem::weighted).sum::<i64>()
        };
        let outflows = flows("Outflow");
        let net = outflows - flows("Inflow").min(outflows * INFLOW_CAP / 100);
        let cover = 1.30 + 0.4 * unit(remix(bank));
        let assets = section("HQLA", cents(net.unsigned_abs()) * cover * 1.05);
        liquidity.splice(0..0, assets);
        liquidity
    }
}

/// The ends of the last four quarters up to a day, the last first.
fn quarter_ends(as_of: i32) -> Vec<i32> {
    let (year, month, _) = date_from_days(as_of + 1).unwrap_or((1970, 1, 1));
    let month = month.cast_signed();
    // Months since year 0 of the quarter that the day after `as_of` lies in.
    let quarter = year * 12 + (month - 1) / 3 * 3;
    (0..QUARTERS)
        .filter_map(|ago| {
            let first = quarter - 3 * i32::try_from(ago).unwrap_or(0);
            let month = u32::try_from(first.rem_euclid(12) + 1).unwrap_or(1);
            days_from_date(first.div_euclid(12), month, 1).map(|day| day - 1)
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "amounts below 2^53 cents")]
fn cents(amount: u64) -> f64 {
    amount as f64
}

/// Whole hundreds of dollars out of cents, at least one.
#[expect(clippy::cast_possible_truncation, reason = "amounts below 2^53 cents")]
fn hundreds(amount: f64) -> i64 {
    ((amount / 10_000.0) as i64).max(1)
}

#[cfg(test)]
mod tests;
