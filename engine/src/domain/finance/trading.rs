//! What a customer orders and how the orders are executed: the facts behind orders, trades and FIX.
//!
//! Three in ten customers trade, from the day on which they became customers. A customer has four securities of the own block in view, sells only
//! what was bought before, and places orders that end with the day. Whether a limit or stop price is
//! reached, and what is paid, follows from the bar of that day; partial fills leave a rest that lapses
//! at the close. Only days are traded on whose trades settle by `as_of`.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::finance::trading::Trading;
//!
//! let trading = Trading::new(&TableOptions::default())?;
//! for customer in 0..100 {
//!     trading.orders(customer, |order| {
//!         assert!(order.filled() <= order.quantity);
//!     });
//! }
//! # Ok::<(), synth_engine::Error>(())
//! ```

use super::bank::Bank;
use super::keys::{CUSTOMERS_PER_BLOCK, SECURITIES_PER_BLOCK};
use super::price_path::{Bar, Prices};
use super::profile::Profile;
use super::securities::Security;
use super::trading_days::{Session, settlement_lag};
use crate::domain::TableOptions;
use crate::entropy::{Stream, below, remix, unit};
use crate::error::Result;

/// No customer places more orders.
pub const MOST_ORDERS: usize = 64;
/// No order has more executions.
pub const MOST_FILLS: usize = 4;
/// Orders a customer, on average: of 30 % who trade.
pub const MEAN_ORDERS: f64 = 2.15;
/// Executions a customer, on average.
pub const MEAN_TRADES: f64 = 2.8;

const TRADERS_PERCENT: u64 = 30;
/// Securities that a customer has in view.
const IN_VIEW: usize = 4;

/// Buy or sell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Buy.
    Buy,
    /// Sell.
    Sell,
}

/// How an order names its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderType {
    /// At whatever the market gives.
    Market,
    /// At this price in cents or a better one.
    Limit(u32),
    /// As a market order once this price in cents is reached.
    Stop(u32),
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Executed in full.
    Filled,
    /// Executed in part; the rest lapsed.
    Partial,
    /// Withdrawn, or lapsed at the close.
    Cancelled,
    /// Not accepted, for a reason.
    Rejected(&'static str),
}

/// One execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fill {
    /// Units.
    pub quantity: u32,
    /// Price in cents.
    pub price: u32,
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub executed_at: i64,
}

impl Fill {
    /// Quantity times price, in cents.
    pub fn gross(&self) -> i64 {
        i64::from(self.quantity) * i64::from(self.price)
    }

    /// Half a cent a unit, at least a dollar, at most one percent of the amount, in cents.
    pub fn commission(&self) -> i64 {
        i64::from(self.quantity.div_ceil(2))
            .max(100)
            .min(self.gross() / 100)
    }
}

/// An order and its executions.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// Number of the customer.
    pub customer: u64,
    /// Number of the order among the customer's, in the order of time.
    pub ordinal: u64,
    /// Number of the security.
    pub security: u64,
    /// Number of the session in the window.
    pub session: usize,
    /// Side.
    pub side: Side,
    /// Type with its price.
    pub order_type: OrderType,
    /// Units ordered.
    pub quantity: u32,
    /// Microseconds since 1970-01-01 00:00 UTC.
    pub placed_at: i64,
    /// When it was filled, rejected or cancelled, or lapsed.
    pub closed_at: i64,
    /// Outcome.
    pub status: Status,
    fills: [Fill; MOST_FILLS],
    fill_count: usize,
}

impl Order {
    const fn empty(customer: u64, ordinal: u64) -> Self {
        Self {
            customer,
            ordinal,
            security: 0,
            session: 0,
            side: Side::Buy,
            order_type: OrderType::Market,
            quantity: 0,
            placed_at: 0,
            closed_at: 0,
            status: Status::Cancelled,
            fills: [Fill {
                quantity: 0,
                price: 0,
                executed_at: 0,
            }; MOST_FILLS],
            fill_count: 0,
        }
    }

    /// Its executions, in the order of time.
    pub fn fills(&self) -> &[Fill] {
        &self.fills[..self.fill_count]
    }

    /// Units executed.
    pub fn filled(&self) -> u32 {
        self.fills().iter().map(|fill| fill.quantity).sum()
    }

    /// The key: of no other order, of any customer.
    pub const fn order_id(&self) -> i64 {
        (self.customer << 12 | self.ordinal).cast_signed() + 1
    }

    /// The key of one of its executions.
    pub const fn trade_id(&self, fill: usize) -> i64 {
        (self.customer << 12 | (self.ordinal * MOST_FILLS as u64) | fill as u64).cast_signed() + 1
    }
}

/// Orders of a world.
#[derive(Debug)]
pub struct Trading {
    /// Prices of the securities.
    pub prices: Prices,
    bank: Bank,
    trader: Stream,
    time: Stream,
    order: Stream,
    /// The last session whose trades settle within the window.
    last_session: usize,
}

/// A security in view, what is known of it, and what of it is held.
struct Position {
    security: Security,
    held: u32,
}

impl Trading {
    /// The orders of a world.
    pub fn new(options: &TableOptions) -> Result<Self> {
        let prices = Prices::new(options);
        let stream = |column: &str| Stream::new(options.seed, "market_orders", column);
        let sessions = &prices.market.sessions;
        let settles = |session: usize| session + settlement_lag(sessions[session].day);
        let last_session = (0..sessions.len())
            .rev()
            .find(|&session| settles(session) < sessions.len())
            .unwrap_or(0);
        Ok(Self {
            bank: Bank::new("market_orders", options)?,
            trader: stream("customer_id"),
            time: stream("placed_at"),
            order: stream("quantity"),
            last_session,
            prices,
        })
    }

    /// The session in which a trade of another settles.
    pub fn settlement(&self, session: usize) -> Session {
        let sessions = &self.prices.market.sessions;
        let settles = session + settlement_lag(sessions[session].day);
        sessions[settles.min(sessions.len() - 1)]
    }

    /// How many orders a customer places, and from which session on.
    fn count(&self, customer: u64) -> (usize, usize) {
        let draw = self.trader.draw(customer);
        if below(draw, 100) >= TRADERS_PERCENT {
            return (0, 0);
        }
        let profile = Profile::of(&self.bank, customer);
        // Who leaves the bank has no securities there.
        if profile.closed_on(&self.bank).is_some() {
            return (0, 0);
        }
        // From the day after the first account was opened.
        let since = profile.since;
        let sessions = &self.prices.market.sessions[..=self.last_session];
        let first = sessions.partition_point(|session| session.day <= since);
        let open = sessions.len() - first;
        let draw = remix(draw);
        // Most place a few, one in sixteen many: 1 to 22, and 24 to 63.
        let count = if draw & 15 == 0 {
            24 + below(remix(draw), 40)
        } else {
            1 + below(draw, 22) * below(remix(draw), 22) / 22
        };
        // New customers have placed fewer.
        let count = usize::try_from(count).unwrap_or(0) * open;
        (count.div_ceil(sessions.len()).min(MOST_ORDERS), first)
    }

    /// The orders of a customer without content: as many as there are, with their keys.
    pub fn keys(&self, customer: u64, mut each: impl FnMut(Order)) {
        for ordinal in 0..self.count(customer).0 as u64 {
            each(Order::empty(customer, ordinal));
        }
    }

    /// The orders of a customer, in the order of time.
    pub fn orders(&self, customer: u64, mut each: impl FnMut(Order)) {
        let (count, first) = self.count(customer);
        if count == 0 {
            return;
        }
        let mut times = [0_u64; MOST_ORDERS];
        for (k, time) in (customer << 6..).zip(&mut times[..count]) {
            let draw = self.time.draw(k);
            let session = first as u64 + below(draw, (self.last_session + 1 - first) as u64);
            *time = session << 32 | remix(draw) >> 32;
        }
        times[..count].sort_unstable();

        let block = customer / CUSTOMERS_PER_BLOCK;
        let paths = self.prices.block(block);
        let market = &self.prices.market;
        let view = remix(self.trader.draw(customer) ^ block);
        // The last is the block's first security, which is listed from the first session on.
        let mut positions: [Position; IN_VIEW + 1] = std::array::from_fn(|place| {
            let number = if place == IN_VIEW {
                0
            } else {
                (view >> (6 * place)) % SECURITIES_PER_BLOCK
            };
            Position {
                security: market.security(block * SECURITIES_PER_BLOCK + number),
                held: 0,
            }
        });
        for (ordinal, &time) in (0_u64..).zip(&times[..count]) {
            let session = usize::try_from(time >> 32).unwrap_or(0);
            let draw = self.order.draw(customer << 6 | ordinal);
            // The first in view is traded most.
            let wish = [0, 0, 0, 1, 1, 2, 2, 3][usize::try_from(draw & 7).unwrap_or(0)];
            let listed = |place: usize| positions[place].security.first_session <= session;
            let place = if listed(wish) { wish } else { IN_VIEW };
            let Position { security, held } = &mut positions[place];
            let order = Order {
                security: security.unit,
                session,
                ..Order::empty(customer, ordinal)
            };
            let order = trade(
                order,
                draw,
                &market.sessions[session],
                time & 0xFFFF_FFFF,
                paths.bar(market, security, session),
                *held,
            );
            *held = match order.side {
                Side::Buy => held.saturating_add(order.filled()),
                Side::Sell => held.saturating_sub(order.filled()),
            };
            each(order);
        }
    }
}

/// Fills in an order by what the day brings.
fn trade(order: Order, draw: u64, session: &Session, time: u64, bar: Bar, held: u32) -> Order {
    let mut order = order;
    let bits = remix(draw);
    let side = if held > 0 && bits & 0xFF < 115 {
        Side::Sell
    } else {
        Side::Buy
    };
    order.side = side;
    order.placed_at = placed_at(session, time);
    order.closed_at = session.closes_at();
    order.order_type = order_type(bits >> 8 & 0xFFFF, side, bar.open, held > 0);
    order.quantity = match side {
        // A quarter, a half or all of it.
        Side::Sell => match bits >> 24 & 3 {
            0 => held.div_ceil(4),
            1 => held.div_ceil(2),
            _ => held,
        },
        Side::Buy => quantity(draw, bar),
    };
    let (fate, more) = (bits >> 32 & 0xFF, remix(bits));
    if fate < 4 {
        let reasons = [
            "Insufficient funds",
            "Price outside limits",
            "Trading halted",
        ];
        order.status = Status::Rejected(reasons[usize::try_from(below(more, 3)).unwrap_or(0)]);
        order.closed_at = order.placed_at + 1_000 * (1 + (more & 7)).cast_signed();
        return order;
    }
    let reached = reached(order.order_type, side, bar);
    let withdrawn = fate < 14 && order.order_type != OrderType::Market;
    let Some((low, high)) = reached.filter(|_| !withdrawn) else {
        if withdrawn {
            order.closed_at = within(order.placed_at, order.closed_at, more);
        }
        return order;
    };
    let limit = matches!(order.order_type, OrderType::Limit(_));
    let part = if limit && fate < 34 && order.quantity > 1 {
        order.status = Status::Partial;
        let quarters = 1 + (more & 3).min(2);
        let part = u64::from(order.quantity) * quarters / 4;
        u32::try_from(part).unwrap_or(0).max(1)
    } else {
        order.status = Status::Filled;
        order.quantity
    };
    execute(&mut order, part, low, high, remix(more));
    if order.status == Status::Filled {
        order.closed_at = order.fills[order.fill_count - 1].executed_at;
    }
    order
}

/// More orders are placed near the opening and the close; the last ten seconds see none.
fn placed_at(session: &Session, time: u64) -> i64 {
    let milliseconds = i64::from(session.minutes) * 60_000 - 10_000;
    let draw = unit(time << 32);
    let edge = 0.5 * draw * draw;
    let share = if time & 1 == 0 { edge } else { 1.0 - edge };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "milliseconds of a day"
    )]
    let milliseconds = (milliseconds as f64 * share) as i64;
    session.opens_at + 1_000 * milliseconds
}

/// Market orders are the most common; stops are there to limit losses.
fn order_type(bits: u64, side: Side, open: u32, holds: bool) -> OrderType {
    let tenths_of_percent = |steps: u64| u64::from(open) * steps / 1_000;
    let price = |cents: u64| u32::try_from(cents).unwrap_or(u32::MAX).max(1);
    let open = u64::from(open);
    match (bits & 0xFF, side) {
        (0..140, _) => OrderType::Market,
        // From 1.5 % better than the open to 0.5 % worse.
        (140..230, Side::Buy) => OrderType::Limit(price(
            open + tenths_of_percent(5) - tenths_of_percent(bits >> 8 & 15) * 4 / 3,
        )),
        (140..230, Side::Sell) => OrderType::Limit(price(
            open + tenths_of_percent(bits >> 8 & 15) * 4 / 3 - tenths_of_percent(5),
        )),
        (_, Side::Sell) => {
            OrderType::Stop(price(open - tenths_of_percent(1 + (bits >> 8 & 15)) - 1))
        }
        (_, Side::Buy) if holds => {
            OrderType::Stop(price(open + tenths_of_percent(1 + (bits >> 8 & 15)) + 1))
        }
        (_, Side::Buy) => OrderType::Market,
    }
}

/// Units for 250 to 20,000 dollars, in tens from a hundred on, at most a tenth of the day's volume.
fn quantity(draw: u64, bar: Bar) -> u32 {
    let amount = 25_000 * (1 + below(draw, 9)) * (1 + below(remix(draw ^ 1), 9));
    let units = (amount / u64::from(bar.open.max(1))).max(1);
    let units = if units < 100 { units } else { units / 10 * 10 };
    u32::try_from(units)
        .unwrap_or(u32::MAX)
        .min((bar.volume / 10).max(1))
}

/// The prices at which the order can be executed on that day, if there are any.
fn reached(order_type: OrderType, side: Side, bar: Bar) -> Option<(u32, u32)> {
    let (low, high) = match (order_type, side) {
        (OrderType::Market, _) => (bar.low, bar.high),
        (OrderType::Limit(limit), Side::Buy) => (bar.low, bar.high.min(limit)),
        (OrderType::Limit(limit), Side::Sell) => (bar.low.max(limit), bar.high),
        // Stops are executed near the price that sets them off.
        (OrderType::Stop(stop), Side::Buy) => (
            bar.low.max(stop),
            bar.high.min(stop.saturating_add(stop / 256)),
        ),
        (OrderType::Stop(stop), Side::Sell) => (bar.low.max(stop - stop / 256), bar.high.min(stop)),
    };
    (low <= high).then_some((low, high))
}

/// Splits a quantity over one to four executions, at prices near each other.
fn execute(order: &mut Order, quantity: u32, low: u32, high: u32, draw: u64) {
    let count: u32 = match draw & 31 {
        0..22 => 1,
        22..28 => 2,
        28..31 => 3,
        _ => 4,
    };
    let count = count.min(quantity);
    let first = low + word(below(remix(draw), u64::from(high - low) + 1));
    let closes_at = order.closed_at;
    let mut at = match order.order_type {
        OrderType::Market => order.placed_at + 1_000 * (20 + below(draw, 1_500)).cast_signed(),
        _ => within(order.placed_at, closes_at, draw),
    };
    let (mut rest, mut more) = (quantity, remix(draw ^ 2));
    for place in 0..count {
        let others = count - 1 - place;
        let part = if others == 0 {
            rest
        } else {
            1 + word(below(more, u64::from(rest - others)))
        };
        let step = word(more & 7);
        let price = if place == 0 {
            first
        } else {
            (first + step).saturating_sub(3).clamp(low, high)
        };
        order.fills[place as usize] = Fill {
            quantity: part,
            price,
            executed_at: at.min(closes_at),
        };
        rest -= part;
        at += 1_000 * (5 + below(more, 20_000)).cast_signed();
        more = remix(more);
    }
    order.fill_count = count as usize;
}

/// A moment after one and up to another, in whole milliseconds.
fn within(from: i64, to: i64, draw: u64) -> i64 {
    let milliseconds = (to - from).unsigned_abs() / 1_000;
    from + 1_000 * below(draw, milliseconds.max(1)).cast_signed()
}

fn word(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
