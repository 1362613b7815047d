//! Prices of securities, day by day: returns come in clusters of quiet and wild days, have fat tails,
//! and share a market.
//!
//! The return of a day is `beta * market + own`. Both parts are GARCH(1,1) processes (Bollerslev,
//! "Generalized Autoregressive Conditional Heteroskedasticity", 1986): the variance of a day follows
//! from the variance and the squared return of the day before. Their shocks are a mixture of two
//! normals. Together they show what Cont ("Empirical properties of asset returns: stylized facts and
//! statistical issues", 2001) finds everywhere: no autocorrelation of returns, a positive one of their
//! absolute values, and a kurtosis well above 3.
//!
//! A path is walked from the first day of the window to the last, so it belongs to one security and
//! nothing else. Orders and trades, which need a day or two of it, keep the paths of a few blocks.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::finance::price_path::Market;
//!
//! let market = Market::new(&TableOptions::default());
//! let bars = market.bars(&market.security(0));
//! assert!(bars.iter().all(|bar| bar.low <= bar.open.min(bar.close)));
//! ```

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::keys::SECURITIES_PER_BLOCK;
use super::securities::{Security, SecurityFacts, SecurityType};
use super::trading_days::{Session, last_sessions};
use crate::domain::TableOptions;
use crate::entropy::{Stream, normal, remix, round, unit};

/// How many sessions there are prices for: two years.
pub const SESSIONS: usize = 504;

/// Weight of yesterday's squared return in today's variance.
const REACTION: f64 = 0.08;
/// Weight of yesterday's variance in today's; the sum of both is how long clusters last (0.98: half
/// of an excitement is gone after seven weeks).
const PERSISTENCE: f64 = 0.90;
/// What remains for the long-term variance.
const REVERSION: f64 = 1.0 - REACTION - PERSISTENCE;

/// Standard deviation of the market's daily return: 16 % a year.
const MARKET_VOLATILITY: f64 = 0.01;
/// What stocks gain a day: 7 % a year.
const DRIFT: f64 = 0.000_28;
/// The largest loss and gain of a day.
const LIMITS: (f64, f64) = (-0.4, 0.5);
/// No price falls below this.
const LOWEST_PRICE: f64 = 1.0;

/// Paths of this many blocks are kept.
const KEPT_BLOCKS: usize = 4;

/// A day of a security. Prices are in cents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bar {
    /// First price.
    pub open: u32,
    /// Highest price.
    pub high: u32,
    /// Lowest price.
    pub low: u32,
    /// Last price.
    pub close: u32,
    /// Units traded.
    pub volume: u32,
}

/// The sessions of a world, and the market that all securities share.
#[derive(Debug)]
pub struct Market {
    /// The securities.
    pub securities: SecurityFacts,
    /// The last two years of trading days up to `as_of`, in order.
    pub sessions: Vec<Session>,
    returns: Vec<f64>,
    shocks: Stream,
}

impl Market {
    /// The market of a world.
    pub fn new(options: &TableOptions) -> Self {
        let sessions = last_sessions(options.as_of, SESSIONS);
        let stream = Stream::new(options.seed, "market_bars", "market");
        let mut cluster = Cluster::new(MARKET_VOLATILITY, 1.0);
        // The first hundred days are for the variance to forget where it began.
        let returns = (0..SESSIONS as u64 + 100)
            .map(|day| cluster.next(stream.draw(day)))
            .skip(100)
            .collect();
        Self {
            securities: SecurityFacts::new(options, &sessions),
            sessions,
            returns,
            shocks: Stream::new(options.seed, "market_bars", "close"),
        }
    }

    /// The security of a unit.
    pub fn security(&self, unit: u64) -> Security {
        self.securities.security(unit)
    }

    /// The bars of a security from its first session in the window on.
    pub fn bars(&self, security: &Security) -> Vec<Bar> {
        let mut bars = Vec::with_capacity(SESSIONS - security.first_session);
        self.walk(security, |_, bar| bars.push(bar));
        bars
    }

    /// Walks along the bars of a security, with the number of the session.
    #[inline]
    pub fn walk(&self, security: &Security, mut each: impl FnMut(usize, Bar)) {
        self.closes(security, |session, last, close| {
            each(session, self.bar(security, session, last, close));
        });
    }

    /// Walks along the closing prices of a security in dollars: number of the session, the price
    /// before, and that of the session.
    #[inline]
    fn closes(&self, security: &Security, mut each: impl FnMut(usize, f64, f64)) {
        let mut walk = self.start(security);
        for (session, &market) in self.returns.iter().enumerate().skip(security.first_session) {
            let last = walk.last;
            walk.step(security, market, self.draw(security, session));
            each(session, last, walk.last);
        }
    }

    /// The price before the first session, and the closing prices, of some securities. They are walked
    /// side by side: a step has to wait for the one before it, so four paths take little longer than one.
    fn paths(&self, securities: &[Security; ABREAST]) -> [Vec<f64>; ABREAST] {
        let mut paths = securities
            .each_ref()
            .map(|security| vec![security.first_price; SESSIONS + 1 - security.first_session]);
        let [mut a, mut b, mut c, mut d] = securities.each_ref().map(|s| self.start(s));
        for step in 0..SESSIONS {
            self.advance(&mut a, &securities[0], step, &mut paths[0]);
            self.advance(&mut b, &securities[1], step, &mut paths[1]);
            self.advance(&mut c, &securities[2], step, &mut paths[2]);
            self.advance(&mut d, &securities[3], step, &mut paths[3]);
        }
        paths
    }

    #[inline]
    fn advance(&self, walk: &mut Walk, security: &Security, step: usize, path: &mut [f64]) {
        let session = security.first_session + step;
        if let (Some(&market), Some(close)) = (self.returns.get(session), path.get_mut(step + 1)) {
            walk.step(security, market, self.draw(security, session));
            *close = walk.last;
        }
    }

    fn start(&self, security: &Security) -> Walk {
        // Quiet and excited securities at the start of the window.
        let excitement = 0.5 + unit(self.draw(security, SESSIONS));
        Walk {
            cluster: Cluster::new(security.volatility, excitement),
            last: security.first_price,
        }
    }

    /// The bar of one session, from the closing prices before it and at its end.
    #[inline]
    fn bar(&self, security: &Security, session: usize, last: f64, close: f64) -> Bar {
        let bits = Bits(remix(self.draw(security, session)));
        let change = close / last - 1.0;
        let scale = security.volatility + security.beta * MARKET_VOLATILITY;
        // A third of the change comes overnight.
        let open = last * (1.0 + 0.33 * change + scale * (bits.slice(0) - 0.5));
        let open = open.max(LOWEST_PRICE);
        let (up, down) = (bits.slice(1), bits.slice(2));
        let high = open.max(close) * (1.0 + scale * up * (0.5 + up));
        let low = open.min(close) * (1.0 - (scale * down * (0.5 + down)).min(0.5));
        // The more a price moves, the more is traded.
        let stir = (change.abs() / scale).min(6.0);
        let volume = security.daily_volume * (0.4 + bits.slice(3)) * (0.6 + 0.5 * stir);
        Bar {
            open: cents(open),
            high: cents(high),
            low: cents(low),
            close: cents(close),
            volume: whole(volume).max(100),
        }
    }

    #[inline]
    fn draw(&self, security: &Security, session: usize) -> u64 {
        self.shocks.draw(security.unit << 10 | session as u64)
    }
}

/// Four numbers of the unit interval out of one word, 16 bits each.
#[derive(Clone, Copy)]
struct Bits(u64);

impl Bits {
    #[inline]
    #[expect(clippy::cast_precision_loss, reason = "16 bits")]
    fn slice(self, place: u32) -> f64 {
        (self.0 >> (16 * place) & 0xFFFF) as f64 * (1.0 / 65_536.0)
    }
}

/// Where the path of a security has come to.
struct Walk {
    cluster: Cluster,
    last: f64,
}

impl Walk {
    #[inline]
    fn step(&mut self, security: &Security, market: f64, entropy: u64) {
        let own = self.cluster.next(entropy);
        // Bonds are drawn to their face value.
        let drift = if security.security_type == SecurityType::Bond {
            0.02 * (1.0 - self.last / 100.0)
        } else {
            DRIFT
        };
        let change = (drift + security.beta * market + own).clamp(LIMITS.0, LIMITS.1);
        self.last = (self.last * (1.0 + change)).max(LOWEST_PRICE);
    }
}

/// A GARCH(1,1) process.
struct Cluster {
    long_term: f64,
    variance: f64,
}

impl Cluster {
    fn new(volatility: f64, excitement: f64) -> Self {
        let long_term = volatility * volatility;
        Self {
            long_term,
            variance: long_term * excitement,
        }
    }

    /// The next return. The square root is exact on every machine (IEEE 754), unlike other functions.
    #[inline]
    fn next(&mut self, entropy: u64) -> f64 {
        let value = self.variance.sqrt() * fat_tailed(entropy);
        self.variance =
            REVERSION * self.long_term + REACTION * value * value + PERSISTENCE * self.variance;
        value
    }
}

/// A draw of mean 0 and variance 1 with a kurtosis of 5: one in sixteen normal draws is stretched by
/// 2.5, and all are divided by the standard deviation of the mixture.
#[inline]
fn fat_tailed(entropy: u64) -> f64 {
    const STRETCHED: f64 = 2.169_305_4;
    const PLAIN: f64 = 0.867_722_2;
    let z = normal(entropy);
    // Independent of the sum of the four parts of the word that make `z`.
    if remix(entropy ^ 0x5DEE_CE66) >> 60 == 0 {
        z * STRETCHED
    } else {
        z * PLAIN
    }
}

/// A price in cents.
#[inline]
fn cents(price: f64) -> u32 {
    whole(price * 100.0)
}

/// Rounds to a whole number below 2^32.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a double saturates; prices and volumes are positive"
)]
fn whole(value: f64) -> u32 {
    round(value) as u32
}

/// So many paths are walked side by side.
const ABREAST: usize = 4;

/// The closing prices of a block's securities, walked when they are first asked for.
#[derive(Debug)]
pub struct BlockPaths {
    block: u64,
    /// For each security the price before its first session, and after each.
    paths: Vec<OnceLock<[Vec<f64>; ABREAST]>>,
}

impl BlockPaths {
    /// The bar of a security of the block in a session since it was listed.
    #[inline]
    pub fn bar(&self, market: &Market, security: &Security, session: usize) -> Bar {
        let number = usize::try_from(security.unit % SECURITIES_PER_BLOCK).unwrap_or(0);
        let paths = self.paths[number / ABREAST].get_or_init(|| {
            let first = security.unit / ABREAST as u64 * ABREAST as u64;
            market.paths(&std::array::from_fn(|place| {
                market.security(first + place as u64)
            }))
        });
        let path = &paths[number % ABREAST];
        let place = session - security.first_session;
        market.bar(security, session, path[place], path[place + 1])
    }
}

/// A market with the paths of the blocks that were last looked at.
#[derive(Debug)]
pub struct Prices {
    /// The market.
    pub market: Market,
    kept: Mutex<VecDeque<Arc<BlockPaths>>>,
}

impl Prices {
    /// The prices of a world.
    pub fn new(options: &TableOptions) -> Self {
        Self {
            market: Market::new(options),
            kept: Mutex::new(VecDeque::new()),
        }
    }

    /// The paths of a block's securities.
    pub fn block(&self, block: u64) -> Arc<BlockPaths> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = kept.iter().find(|paths| paths.block == block) {
            return Arc::clone(found);
        }
        if kept.len() == KEPT_BLOCKS {
            kept.pop_front();
        }
        let paths = Arc::new(BlockPaths {
            block,
            paths: (0..SECURITIES_PER_BLOCK / ABREAST as u64)
                .map(|_| OnceLock::new())
                .collect(),
        });
        kept.push_back(Arc::clone(&paths));
        paths
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shocks_have_unit_variance_and_fat_tails() {
        let stream = Stream::new(1, "test", "shock");
        let draws: Vec<f64> = (0..200_000)
            .map(|row| fat_tailed(stream.draw(row)))
            .collect();
        let moment = |power| draws.iter().map(|z| z.powi(power)).sum::<f64>() / 200_000.0;
        assert!(moment(1).abs() < 0.01, "{}", moment(1));
        assert!((moment(2) - 1.0).abs() < 0.02, "{}", moment(2));
        assert!((4.6..5.8).contains(&moment(4)), "{}", moment(4));
    }

    #[test]
    fn single_bars_are_those_of_the_walk_and_few_blocks_are_kept() {
        let prices = Prices::new(&TableOptions::default());
        let market = &prices.market;
        for block in 0..20 {
            let security = market.security(block * SECURITIES_PER_BLOCK + 7);
            let paths = prices.block(block);
            market.walk(&security, |session, bar| {
                assert_eq!(paths.bar(market, &security, session), bar);
            });
        }
        assert_eq!(prices.kept.lock().unwrap().len(), KEPT_BLOCKS);
    }
}
