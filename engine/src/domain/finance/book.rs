//! The book of a bank for each block of 1,024 customers: what it is exposed to, what capital it has,
//! and what it could pay in a month of stress.
//!
//! Exposures follow the standardised approach of Basel III (CRE20), liquidity the coverage ratio (LCR30
//! and LCR40). A book is stated at the last four ends of a quarter. Everything in it belongs to the
//! block and not to single customers, so that risk-weighted assets, capital ratios and the liquidity
//! coverage ratio of a book always can be computed from its rows.
//!
//! The sums come first: what a bank's risk-weighted assets, liquid assets, outflows and inflows are on a
//! day is drawn, and the rows share it out. One row of each sum, with a weight of 100 %, takes what is
//! left: premises and equipment, central bank reserves, deposits of banks, loans to banks. So the ratios
//! of a day cost no look at its rows. All other amounts are whole hundreds of dollars, which makes all
//! products exact in cents.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::finance::book::Books;
//!
//! let books = Books::new(&TableOptions::default());
//! let mut sum = 0;
//! books.exposures(0, |position, exposure| {
//!     sum += if position.quarters_ago == 0 { exposure.risk_weighted_assets() } else { 0 };
//! });
//! assert_eq!(sum, books.positions(0)[3].risk_weighted_assets);
//! ```

use std::sync::LazyLock;

use super::bank::exp;
use crate::calendar::{date_from_days, days_from_date};
use crate::dictionary::Weighted;
use crate::domain::TableOptions;
use crate::entropy::{Stream, below, normal, remix, unit};
use crate::generator::data::{
    ConversionFactor, FINANCE_CONVERSION_FACTORS, FINANCE_LIQUIDITY_FACTORS, FINANCE_RISK_WEIGHTS,
    LiquidityFactor, RiskWeight,
};

/// Exposures of a book.
pub const EXPOSURES: usize = 96;
/// Ends of quarters for which a book is stated.
pub const QUARTERS: usize = 4;
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

/// What a book adds up to on one day. Amounts are in cents.
#[derive(Debug, Clone, Copy)]
pub struct Position {
    /// Number of the block.
    pub block: u64,
    /// The date, 0 for the last.
    pub quarters_ago: u64,
    /// End of a quarter, days since 1970-01-01.
    pub reported_on: i32,
    /// The sum over exposures.
    pub risk_weighted_assets: i64,
    /// Common Equity Tier 1.
    pub cet1: i64,
    /// Additional Tier 1.
    pub at1: i64,
    /// Tier 2.
    pub tier2: i64,
    /// High-quality liquid assets: the weighted sum.
    pub liquid_assets: i64,
    /// Outflows of a month of stress: the weighted sum.
    pub outflows: i64,
    /// Inflows: the weighted sum.
    pub inflows: i64,
}

impl Position {
    /// Outflows less inflows, of which at most 75 % of outflows count.
    pub fn net_outflows(&self) -> i64 {
        self.outflows - self.inflows.min(self.outflows * INFLOW_CAP / 100)
    }

    const fn number(&self) -> u64 {
        self.block * QUARTERS as u64 + (QUARTERS as u64 - 1 - self.quarters_ago)
    }

    /// The key of the capital position: of no other book and date.
    pub const fn capital_position_id(&self) -> i64 {
        self.number().cast_signed() + 1
    }

    /// The key of a row of the book, exposure or liquidity item.
    pub const fn row_id(&self, number: u64) -> i64 {
        (self.number() << 7 | number).cast_signed() + 1
    }
}

/// A ratio with six decimals, in units of the last, halves up.
pub fn ratio(part: i64, whole: i64) -> i64 {
    let whole = whole.max(1);
    // Amounts of banks leave room in 64 bits.
    if let Some(scaled) = part.checked_mul(2_000_000)
        && let Some(sum) = scaled.checked_add(whole)
    {
        return sum / (2 * whole);
    }
    let (part, whole) = (i128::from(part), i128::from(whole));
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

/// Lines of credit that a class has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Lines {
    None,
    Corporate,
    Retail,
}

struct Picks {
    classes: Weighted,
    ratings: Vec<Vec<&'static str>>,
    lines: Vec<Lines>,
    corporate: Weighted,
    retail: Weighted,
    /// The class of the exposure that takes what is left.
    last: usize,
    /// Risk-weighted assets of an average book, in hundreds of dollars.
    typical: f64,
    sections: [Section; 3],
}

/// A section of liquidity items.
struct Section {
    items: &'static [LiquidityFactor],
    /// The item that takes what is left: the largest of those with a factor of 100 %.
    last: usize,
    /// The sum of shares times factors, in percent.
    weighted: u64,
}

impl Section {
    fn new(name: &str) -> Self {
        let all = FINANCE_LIQUIDITY_FACTORS;
        let first = all.iter().position(|f| f.section == name).unwrap_or(0);
        let count = all.iter().filter(|f| f.section == name).count();
        let items = &all[first..first + count];
        let whole = (0..count).filter(|&place| items[place].factor == 100);
        Self {
            items,
            last: whole.max_by_key(|&place| items[place].share).unwrap_or(0),
            weighted: items.iter().map(|f| f.share * f.factor).sum::<u64>().max(1),
        }
    }
}

static PICKS: LazyLock<Picks> = LazyLock::new(|| {
    let weights = |weight: fn(&ConversionFactor) -> u64| {
        let weights = FINANCE_CONVERSION_FACTORS.iter().map(weight);
        Weighted::new(&weights.collect::<Vec<_>>())
    };
    let classes = FINANCE_RISK_WEIGHTS;
    let other = |class: &RiskWeight| class.asset_class == "Other assets";
    let drawn = |class: &RiskWeight| if other(class) { 0 } else { class.weight };
    let total: u64 = classes.iter().map(drawn).sum();
    // An amount is 1.5 times what is typical, on average.
    let assets = |class: &RiskWeight| drawn(class) * class.thousands * 15 * class.risk_weight / 100;
    let all: u64 = classes.iter().map(assets).sum();
    Picks {
        classes: Weighted::new(&classes.iter().map(drawn).collect::<Vec<_>>()),
        ratings: classes
            .iter()
            .map(|class| class.ratings.split_whitespace().collect())
            .collect(),
        lines: classes
            .iter()
            .map(|class| match class.asset_class {
                "Corporate" | "Corporate SME" => Lines::Corporate,
                "Retail" => Lines::Retail,
                _ => Lines::None,
            })
            .collect(),
        corporate: weights(|f| f.corporate),
        retail: weights(|f| f.retail),
        last: classes.iter().position(other).unwrap_or(0),
        typical: float(all) / float(total.max(1)) * float(EXPOSURES as u64),
        sections: ["HQLA", "Outflow", "Inflow"].map(Section::new),
    }
});

/// What an exposure is at every date.
struct Debtor {
    class: usize,
    /// A tenth to three times of what is typical, in tenths.
    tens: u64,
    size: u64,
    facility: Option<&'static ConversionFactor>,
    more: u64,
}

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

    /// What the book of a block adds up to, in the order of time.
    pub fn positions(&self, block: u64) -> [Position; QUARTERS] {
        let health = self.capital.draw(block);
        let bank = self.liquidity.draw(block);
        // Most banks have half to twice the average.
        let size = PICKS.typical * exp(0.4 * normal(remix(bank)));
        // One bank in eight is owed so much within a month that the cap on inflows binds.
        let more = remix(remix(bank));
        let inflows = match unit(more) {
            share if bank & 7 == 0 => 0.85 + 0.75 * share,
            share => 0.28 + 0.16 * share,
        };
        let outflows = 0.22 + 0.1 * unit(remix(more));
        // Liquid assets cover 1.1 to 1.8 times the net outflows.
        let cover = 1.15 + 0.6 * unit(remix(remix(more)));
        let other = remix(health);
        std::array::from_fn(|quarter| {
            let quarters_ago = (QUARTERS - 1 - quarter) as u64;
            let drift = self
                .capital
                .draw((block * QUARTERS as u64 + quarters_ago) ^ (1 << 60));
            // Up to two percent up or down.
            let part = |place: u32| slice(drift, place) - 0.5;
            let assets = hundreds(size * (1.0 + 0.04 * part(0))) * HUNDRED;
            // Ratios of mid-sized banks in 2019 to 2024 (estimate): CET1 11 to 16 %, AT1 0.8 to 2 %,
            // Tier 2 1.5 to 2.8 %; they move by up to half a point a quarter. In units of 0.01 %.
            let points =
                |low: u64, high: u64, draw: u64| (low + below(draw, high - low + 1)).cast_signed();
            let share = |points: i64| assets / 10_000 * points / HUNDRED * HUNDRED;
            let amount = |cents: f64| hundreds(cents * (1.0 / 10_000.0)) * HUNDRED;
            let outflows = amount(float(assets.unsigned_abs()) * outflows * (1.0 + 0.1 * part(1)));
            let inflows = amount(float(outflows.unsigned_abs()) * inflows * (1.0 + 0.1 * part(2)));
            let mut position = Position {
                block,
                quarters_ago,
                reported_on: self.dates.get(QUARTERS - 1 - quarter).copied().unwrap_or(0),
                risk_weighted_assets: assets,
                cet1: share(points(1_100, 1_600, health) + points(0, 100, remix(drift)) - 50),
                at1: share(points(80, 200, other)),
                tier2: share(points(150, 280, remix(other))),
                liquid_assets: 0,
                outflows,
                inflows,
            };
            let net = float(position.net_outflows().unsigned_abs());
            position.liquid_assets = amount(net * cover * (1.0 + 0.06 * part(3)));
            position
        })
    }

    /// Calls `each` with the exposures of a block, date by date in the order of time.
    pub fn exposures(&self, block: u64, mut each: impl FnMut(&Position, &Exposure)) {
        let debtors: [Debtor; EXPOSURES] =
            std::array::from_fn(|number| self.debtor(block << 7 | number as u64, number));
        for position in self.positions(block) {
            let dates: [u64; EXPOSURES] = std::array::from_fn(|number| {
                self.amount
                    .draw(debtors[number].size ^ position.quarters_ago)
            });
            // What everything would be in a book of average size.
            let wished = debtors.iter().zip(&dates).map(|(debtor, &date)| {
                float(debtor.hundreds(date)) * debtor.at_default(date) * debtor.weight()
            });
            let scale = float(position.risk_weighted_assets.unsigned_abs()) * (1.0 / 10_000.0)
                / wished.sum::<f64>().max(1.0);
            let mut left = position.risk_weighted_assets;
            for (number, (debtor, &date)) in (0_u64..).zip(debtors.iter().zip(&dates)) {
                let mut exposure = debtor.exposure(number);
                if number + 1 == EXPOSURES as u64 {
                    // Weighted with 100 %, and not a commitment.
                    exposure.drawn = left;
                } else {
                    let amount = hundreds(float(debtor.hundreds(date)) * scale);
                    let drawn = match debtor.facility {
                        Some(_) => amount * used(date).cast_signed() / 100,
                        None => amount,
                    };
                    exposure.drawn = drawn * HUNDRED;
                    exposure.undrawn = (amount - drawn) * HUNDRED;
                    left -= exposure.risk_weighted_assets();
                }
                each(&position, &exposure);
            }
        }
    }

    fn debtor(&self, key: u64, number: usize) -> Debtor {
        let picks = &*PICKS;
        let entropy = self.class.draw(key);
        let class = if number + 1 == EXPOSURES {
            picks.last
        } else {
            picks.classes.pick(entropy)
        };
        let more = remix(entropy);
        let size = self.amount.draw(key);
        let facility = match picks.lines[class] {
            // Two of five companies have a line that is not fully drawn.
            Lines::Corporate if more & 7 < 3 => Some(picks.corporate.pick(remix(more))),
            Lines::Retail if more & 7 < 5 => Some(picks.retail.pick(remix(more))),
            _ => None,
        };
        Debtor {
            class,
            tens: 1 + below(size, 10) + below(remix(size), 20),
            size,
            facility: facility.map(|place| &FINANCE_CONVERSION_FACTORS[place]),
            more,
        }
    }

    /// Calls `each` with the liquidity items of a position, by number.
    pub fn liquidity(&self, position: &Position, mut each: impl FnMut(u64, LiquidityItem)) {
        let sums = [position.liquid_assets, position.outflows, position.inflows];
        let mut number = 0;
        for (section, sum) in PICKS.sections.iter().zip(sums) {
            // In hundreds of dollars, for a share of one.
            let share = float(sum.unsigned_abs()) * (1.0 / 100.0) / float(section.weighted);
            let amount = |number: u64, class: &LiquidityFactor| {
                let draw = self
                    .liquidity
                    .draw(position.number() << 5 | number | 1 << 62);
                hundreds(share * float(class.share) * (0.85 + 0.3 * unit(draw))) * HUNDRED
            };
            let items = |number: u64| (number..).zip(section.items).zip(0_usize..);
            // Items jitter by 15 percent: less than the last has, so that something is left for it.
            let others = items(number).filter(|(_, place)| *place != section.last);
            let others = others.map(|((number, class), _)| LiquidityItem {
                class,
                amount: amount(number, class),
            });
            let left = sum - others.map(|item| item.weighted()).sum::<i64>();
            for ((number, class), place) in items(number) {
                let amount = if place == section.last {
                    left
                } else {
                    amount(number, class)
                };
                each(number, LiquidityItem { class, amount });
            }
            number += section.items.len() as u64;
        }
    }
}

impl Debtor {
    fn class(&self) -> &'static RiskWeight {
        &FINANCE_RISK_WEIGHTS[self.class]
    }

    /// What is owed and committed in a book of average size: up to 5 % up or down a quarter.
    fn hundreds(&self, date: u64) -> u64 {
        self.class().thousands * self.tens * (950 + below(date, 101)) / 1_000
    }

    /// The share of it that is owed or likely to be drawn before a default.
    fn at_default(&self, date: u64) -> f64 {
        self.facility.map_or(1.0, |facility| {
            let used = used(date);
            float(used * 100 + (100 - used) * facility.factor) * (1.0 / 10_000.0)
        })
    }

    fn weight(&self) -> f64 {
        float(self.class().risk_weight) * (1.0 / 100.0)
    }

    /// The exposure without its amounts.
    fn exposure(&self, number: u64) -> Exposure {
        let (class, more) = (self.class(), self.more);
        let ratings = &PICKS.ratings[self.class];
        Exposure {
            number,
            class,
            rating: ratings
                .get(usize::try_from(below(more, ratings.len() as u64)).unwrap_or(0))
                .copied(),
            loan_to_value: (class.ltv_to > 0).then(|| {
                let span = class.ltv_to - class.ltv_from + 1;
                (class.ltv_from + below(more, span)).cast_signed()
            }),
            drawn: 0,
            undrawn: 0,
            facility: self.facility,
            entropy: remix(more),
        }
    }
}

/// How much of a line is drawn, in percent: 20 to 80.
const fn used(date: u64) -> u64 {
    20 + below(remix(date), 61)
}

/// One of four numbers of the unit interval out of one word, 16 bits each.
fn slice(draw: u64, place: u32) -> f64 {
    float(draw >> (16 * place) & 0xFFFF) * (1.0 / 65_536.0)
}

/// The ends of the last four quarters up to a day, the last first.
fn quarter_ends(as_of: i32) -> Vec<i32> {
    let (year, month, _) = date_from_days(as_of + 1).unwrap_or((1970, 1, 1));
    let month = month.cast_signed();
    // Months since year 0 of the quarter that the day after `as_of` lies in.
    let quarter = year * 12 + (month - 1) / 3 * 3;
    (0..4)
        .filter_map(|ago| {
            let first = quarter - 3 * ago;
            let month = u32::try_from(first.rem_euclid(12) + 1).unwrap_or(1);
            days_from_date(first.div_euclid(12), month, 1).map(|day| day - 1)
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "amounts below 2^53 cents")]
fn float(amount: u64) -> f64 {
    amount as f64
}

/// Whole hundreds of dollars, at least one.
#[expect(clippy::cast_possible_truncation, reason = "amounts below 2^53 cents")]
fn hundreds(amount: f64) -> i64 {
    (amount as i64).max(1)
}

#[cfg(test)]
mod tests;
