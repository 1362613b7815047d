//! What the tables of a shop share: when it sells, what a product costs on a day, what a customer ordered,
//! and what came back.
//!
//! Orders of a customer are drawn one from each of equal shares of the time that the customer is known,
//! weighted by season and weekday: so they are in order without sorting.

use super::super::days::{Days, Hours, MICROS_PER_SECOND, day_of, end_of, stratum, weekday};
use super::super::resident::Residents;
use super::super::tax::sales_tax;
use super::super::{LAST_UNIT, TableOptions};
use crate::calendar::{MICROS_PER_DAY, date_from_days};
use crate::dictionary::Weighted;
use crate::entropy::{Stream, below, remix};
use crate::generator::address::{PLACES, Place};
use crate::generator::commerce::{CATEGORIES, Category};

/// So many customers share an assortment.
pub const BLOCK: u64 = 4_096;
/// Products of an assortment.
pub const PRODUCTS: u64 = 512;
/// Products that were there when the shop opened; the others came later, one after the other.
const FIRST_PRODUCTS: u64 = 256;
/// The largest customer: there are 10^9 article numbers, so many products, and eight times as many customers.
pub const LAST_CUSTOMER: u64 = {
    let last = 1_000_000_000 / PRODUCTS * BLOCK - 1;
    if last < LAST_UNIT { last } else { LAST_UNIT }
};

/// Orders of a customer are numbered in this space, ...
pub const ORDERS: u64 = 256;
/// ... items of an order in this.
pub const ITEMS: u64 = 16;

/// How long ago the shop opened, in days: five years.
const HISTORY: i32 = 1_826;

/// Sales by month in thousandths of a mean month, per day: the quarters follow the Census Bureau's
/// estimates of e-commerce, not adjusted (see `engine/data/README.md`); within a quarter an estimate.
const SEASON: [u64; 12] = [
    925, 900, 935, 915, 940, 935, 985, 925, 920, 965, 1_230, 1_360,
];
/// Sales by weekday from Monday on, in thousandths of a mean day (estimate).
const WEEK: [u64; 7] = [1_100, 1_060, 1_030, 1_000, 950, 880, 980];
/// Sales by hour from midnight on (estimate).
const DAY: [u64; 24] = [
    22, 13, 8, 6, 6, 9, 18, 30, 42, 51, 57, 59, 60, 58, 56, 54, 53, 53, 54, 58, 64, 66, 58, 41,
];
/// The sales of a day in its first year, in thousandths of those at the end; they grow in a straight line.
const GROWTH_FROM: u64 = 600;

/// How often customers order after the first time: a year's orders in quarters, and how many customers
/// in a thousand do (estimate: most order seldom, few often).
const FREQUENCIES: [(u64, u64); 7] = [
    (1, 280),
    (3, 260),
    (6, 210),
    (12, 140),
    (24, 75),
    (48, 28),
    (96, 7),
];
/// One customer in so many has registered and never ordered.
const NEVER_ORDERED: u64 = 10;

/// How many orders of a thousand have 1, 2, 3 ... items (estimate).
const BASKET: [u64; 8] = [460, 250, 130, 75, 40, 22, 13, 10];
/// How many items of a hundred are bought once, twice ... (estimate).
const QUANTITY: [u64; 4] = [82, 12, 4, 2];

/// Of a thousand items of each category of [`CATEGORIES`] so many come back. The online return rate is
/// NRF's (see the tests); how categories differ is an estimate.
const RETURNED: [u64; 17] = [
    160, 150, 115, 85, 390, 230, 205, 150, 30, 115, 185, 185, 110, 110, 220, 160, 150,
];

/// Reasons of returns with weights for clothing and for the rest (estimate).
const REASONS: [(&str, u64, u64); 7] = [
    ("wrong size or fit", 52, 4),
    ("changed mind", 18, 30),
    ("not as described", 12, 20),
    ("defective", 5, 18),
    ("damaged in transit", 4, 14),
    ("wrong item", 5, 7),
    ("arrived too late", 4, 7),
];

/// Charges for sending in cents, and from which value on the standard way is free.
const STANDARD: i64 = 599;
const EXPRESS: i64 = 1_499;
const FREE_SHIPPING: i64 = 5_000;

/// The state of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Nothing has been sent yet.
    Placed,
    /// On its way.
    Shipped,
    /// Delivered.
    Delivered,
    /// Cancelled before it was sent.
    Cancelled,
}

impl Status {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A product.
#[derive(Debug, Clone, Copy)]
pub struct Product {
    /// Its number: the key less one.
    pub number: u64,
    /// Its draw, for further facts.
    pub entropy: u64,
    /// Index of the category among those of the product generators.
    pub category: usize,
    /// The price at `as_of`, in cents.
    pub price: i64,
}

impl Product {
    /// Its category.
    pub(crate) fn category(&self) -> &'static Category {
        &CATEGORIES[self.category]
    }
}

/// An order; its sums are zero where they are not wanted.
#[derive(Debug, Clone, Copy)]
pub struct Order {
    /// The customer.
    pub unit: u64,
    /// The how manieth of the customer.
    pub ordinal: u64,
    /// Its draw, for further facts.
    pub entropy: u64,
    /// When it was placed.
    pub ordered_at: i64,
    /// Its state at `as_of`.
    pub status: Status,
    /// When it was sent, delivered, or cancelled.
    pub shipped_at: Option<i64>,
    /// When it was delivered.
    pub delivered_at: Option<i64>,
    /// When it was cancelled.
    pub cancelled_at: Option<i64>,
    /// Number of items.
    pub items: u64,
    /// Sum of the items in cents.
    pub subtotal: i64,
    /// Taken off the subtotal, in percent.
    pub percent_off: i64,
    /// Taken off the subtotal, in cents.
    pub discount: i64,
    /// Charged for sending, in cents.
    pub shipping: i64,
    /// Sales tax in cents.
    pub tax: i64,
    /// Where it goes.
    pub place: &'static Place,
}

impl Order {
    /// Its key.
    #[inline]
    pub fn key(&self) -> i64 {
        (self.unit * ORDERS + self.ordinal + 1).cast_signed()
    }

    /// What is taken off goods of a price in cents.
    #[inline]
    const fn discount_on(&self, goods: i64) -> i64 {
        (goods * self.percent_off + 50) / 100
    }

    /// The sales tax on what is paid for goods, in cents.
    #[inline]
    fn tax_on(&self, net: i64) -> i64 {
        (net * sales_tax(self.place) + 50_000) / 100_000
    }

    /// What the first goods of the order cost after discount and with tax, by their price in cents: the
    /// refund of an item is the difference between two such sums, so those of all items are what was
    /// paid for them, to the cent.
    #[inline]
    fn paid_for(&self, goods: i64) -> i64 {
        let net = goods - self.discount_on(goods);
        net + self.tax_on(net)
    }

    /// Whether it is sent by express.
    #[inline]
    pub const fn express(&self) -> bool {
        remix(self.entropy ^ 3) & 15 == 0
    }

    /// Whether it goes to somebody else's address.
    #[inline]
    pub const fn as_gift(&self) -> bool {
        below(remix(self.entropy ^ 5), 12) == 0
    }
}

/// An item of an order.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Its key.
    pub key: i64,
    /// The order's key.
    pub order: i64,
    /// Its place in the order, from 0.
    pub line: u64,
    /// Its draw, for further facts.
    pub entropy: u64,
    /// What it is.
    pub product: Product,
    /// How many.
    pub quantity: i64,
    /// What one cost on the day of the order, in cents.
    pub unit_price: i64,
    /// What the items before it in the order cost, in cents.
    pub before: i64,
}

/// What came back of an item.
#[derive(Debug, Clone, Copy)]
pub struct Return {
    /// Its key, that of the item.
    pub key: i64,
    /// The order's key.
    pub order: i64,
    /// The product's number.
    pub product: u64,
    /// How many came back.
    pub quantity: i64,
    /// Why.
    pub reason: &'static str,
    /// When it arrived.
    pub returned_at: i64,
    /// When the money was given back.
    pub refunded_at: Option<i64>,
    /// The money, in cents: what was paid for the goods, with the sales tax on it.
    pub refund: i64,
}

/// The whole shop under a seed, at a day.
pub struct Shop {
    /// The last day.
    pub as_of: i32,
    /// The customers as people.
    pub people: Residents,
    opened: i32,
    days: Days,
    hours: Hours,
    registered: Stream,
    frequency: Stream,
    order: Stream,
    item: Stream,
    product: Stream,
    frequencies: Weighted,
    basket: Weighted,
    quantity: Weighted,
    reasons: [Weighted; 2],
}

impl Shop {
    /// The shop.
    pub fn new(options: &TableOptions) -> Self {
        let (as_of, opened) = (options.as_of, options.as_of - HISTORY);
        let stream = |table: &str, column: &str| Stream::new(options.seed, table, column);
        Self {
            as_of,
            people: Residents::new(options.seed, "retail_customers", as_of),
            opened,
            days: Days::new(opened, as_of, |day| {
                let month = date_from_days(day).map_or(0, |date| date.1 as usize - 1);
                let age = u64::from((day - opened).unsigned_abs());
                let growth = GROWTH_FROM + (1_000 - GROWTH_FROM) * age / 1_826;
                SEASON[month.min(11)] * WEEK[weekday(day)] * growth / 1_000_000
            }),
            hours: Hours::new(&DAY),
            registered: stream("retail_customers", "registered_at"),
            frequency: stream("retail_customers", "frequency"),
            order: stream("orders", "order"),
            item: stream("order_items", "item"),
            product: stream("products", "product"),
            frequencies: Weighted::new(&FREQUENCIES.map(|frequency| frequency.1)),
            basket: Weighted::new(&BASKET),
            quantity: Weighted::new(&QUANTITY),
            reasons: [
                Weighted::new(&REASONS.map(|reason| reason.1)),
                Weighted::new(&REASONS.map(|reason| reason.2)),
            ],
        }
    }

    /// When a customer registered.
    #[inline]
    pub fn registered_at(&self, unit: u64) -> i64 {
        let entropy = self.registered.draw(unit);
        let day = self.days.pick(self.opened, self.as_of, entropy);
        i64::from(day) * MICROS_PER_DAY + self.hours.pick(remix(entropy))
    }

    /// A customer's frequency: an index, the higher the oftener.
    #[inline]
    fn frequency(&self, unit: u64) -> usize {
        self.frequencies.pick(self.frequency.draw(unit))
    }

    /// The customer's standing, by how often he or she orders.
    pub fn tier(&self, unit: u64) -> &'static str {
        match self.frequency(unit) {
            0..=2 => "standard",
            3..=4 => "silver",
            _ => "gold",
        }
    }

    /// A product by number.
    #[inline]
    pub fn product(&self, number: u64) -> Product {
        let entropy = self.product.draw(number);
        let category = usize::try_from(below(entropy, CATEGORIES.len() as u64)).unwrap_or(0);
        let Category { least, most, .. } = CATEGORIES[category];
        // The lesser of two draws: cheap articles are common. Prices end in 9.
        let second = remix(entropy);
        let (a, b) = (
            below(second, most - least),
            below(remix(second), most - least),
        );
        let price = (least + a.min(b)) / 10 * 10 + 9;
        Product {
            number,
            entropy,
            category,
            price: price.cast_signed(),
        }
    }

    /// When a product came into the assortment.
    pub fn introduced_on(&self, number: u64) -> i32 {
        let later = (number % PRODUCTS).saturating_sub(FIRST_PRODUCTS - 1);
        let later = i32::try_from(later).unwrap_or(0);
        self.opened + later * (HISTORY - 1) / i32::try_from(PRODUCTS - FIRST_PRODUCTS).unwrap_or(1)
    }

    /// How many products of an assortment there are on a day.
    #[inline]
    fn products_on(&self, day: i32) -> u64 {
        let since = u64::from((day - self.opened).max(0).unsigned_abs());
        (FIRST_PRODUCTS + since * (PRODUCTS - FIRST_PRODUCTS) / u64::from(HISTORY.unsigned_abs()))
            .min(PRODUCTS)
    }

    /// The price of a product on a day, in cents: it rises by about 2.5 percent a year.
    #[inline]
    pub fn price_on(&self, product: &Product, day: i32) -> i64 {
        let years = i64::from((self.as_of - day) / 365);
        if years == 0 {
            return product.price;
        }
        product.price * (1_000 - 25 * years) / 10_000 * 10 + 9
    }

    /// Calls `each` with the orders of a customer, by time; with their sums if wanted.
    #[inline]
    pub fn orders(&self, unit: u64, sums: bool, mut each: impl FnMut(Order)) {
        let frequency = self.frequency.draw(unit);
        if below(remix(frequency), NEVER_ORDERED) == 0 {
            return;
        }
        let registered_at = self.registered_at(unit);
        let registered = day_of(registered_at);
        let known = u64::from((self.as_of - registered).max(0).unsigned_abs());
        // A quarter order a year in 1461 days.
        let a_year = FREQUENCIES[self.frequencies.pick(frequency)].0;
        let rest = below(remix(!frequency), 1_461);
        let later = ((a_year * known + rest) / 1_461).min(ORDERS - 1);
        let home = self.people.place(unit);
        for ordinal in 0..=later {
            let entropy = self.order.draw(unit * ORDERS + ordinal);
            let ordered_at = if ordinal == 0 {
                // Who registers is about to order.
                let minutes = 2 + below(remix(entropy), 40).cast_signed();
                (registered_at + minutes * 60 * MICROS_PER_SECOND).min(end_of(self.as_of))
            } else {
                let fraction = stratum(ordinal - 1, later, entropy);
                let day = self.days.pick(registered + 1, self.as_of, fraction);
                i64::from(day) * MICROS_PER_DAY + self.hours.pick(remix(entropy))
            };
            each(self.order(unit, ordinal, entropy, ordered_at, home, sums));
        }
    }

    #[inline]
    fn order(
        &self,
        unit: u64,
        ordinal: u64,
        entropy: u64,
        ordered_at: i64,
        home: &'static Place,
        sums: bool,
    ) -> Order {
        let more = remix(entropy ^ 1);
        let mut order = Order {
            unit,
            ordinal,
            entropy,
            ordered_at,
            status: Status::Placed,
            shipped_at: None,
            delivered_at: None,
            cancelled_at: None,
            items: self.basket.pick(remix(more)) as u64 + 1,
            subtotal: 0,
            percent_off: 0,
            discount: 0,
            shipping: 0,
            tax: 0,
            place: home,
        };
        if order.as_gift() {
            order.place = &PLACES.places()[PLACES.pick(remix(entropy ^ 6))];
        }
        // Every fifth order has a code for 5, 10, 15 or 20 percent off.
        if more & 0xFF < 51 {
            order.percent_off = (5 + 5 * (more >> 8 & 3)).cast_signed();
        }
        self.send(&mut order, more >> 16);
        if sums {
            self.add_up(&mut order);
        }
        order
    }

    /// What happened to an order until `as_of`; the entropy has 48 bits.
    #[inline]
    fn send(&self, order: &mut Order, entropy: u64) {
        let end = end_of(self.as_of);
        let hours = |least: u64, most: u64, bits: u64| {
            let seconds = least * 3_600 + (bits & 0xFFFF) * (most - least) * 3_600 / 0x1_0000;
            seconds.cast_signed() * MICROS_PER_SECOND
        };
        let prepared = order.ordered_at + hours(2, 48, entropy);
        // 3 in 100 are cancelled before they are sent.
        if entropy >> 16 & 0xFF < 8 {
            let cancelled = order.ordered_at + (prepared - order.ordered_at) / 3;
            if cancelled <= end {
                order.cancelled_at = Some(cancelled);
                order.status = Status::Cancelled;
            }
            return;
        }
        if prepared > end {
            return;
        }
        order.shipped_at = Some(prepared);
        order.status = Status::Shipped;
        let (least, most) = if order.express() { (14, 40) } else { (36, 150) };
        let delivered = prepared + hours(least, most, entropy >> 24);
        if delivered <= end {
            order.delivered_at = Some(delivered);
            order.status = Status::Delivered;
        }
    }

    fn add_up(&self, order: &mut Order) {
        let mut subtotal = 0;
        self.items(order, |item| subtotal += item.quantity * item.unit_price);
        order.subtotal = subtotal;
        order.discount = order.discount_on(subtotal);
        let net = subtotal - order.discount;
        order.shipping = match (order.express(), net >= FREE_SHIPPING) {
            (true, _) => EXPRESS,
            (false, true) => 0,
            (false, false) => STANDARD,
        };
        order.tax = order.tax_on(net);
    }

    /// Calls `each` with the items of an order.
    #[inline]
    pub fn items(&self, order: &Order, mut each: impl FnMut(Item)) {
        let day = day_of(order.ordered_at);
        let first = order.unit / BLOCK * PRODUCTS;
        let products = self.products_on(day);
        let mut taken = [u64::MAX; BASKET.len()];
        let mut before = 0;
        let numbers = (order.unit * ORDERS + order.ordinal) * ITEMS;
        for line in 0..order.items {
            let entropy = self.item.draw(numbers + line);
            // The square of a uniform fraction: what has been there for long sells best.
            let mut place = below(below(entropy, entropy), products);
            while taken.contains(&place) {
                place = (place + 1) % products;
            }
            taken[usize::try_from(line).unwrap_or(0) % BASKET.len()] = place;
            let product = self.product(first + place);
            let item = Item {
                key: (numbers + line + 1).cast_signed(),
                order: order.key(),
                line,
                entropy,
                product,
                quantity: 1 + i64::try_from(self.quantity.pick(remix(entropy))).unwrap_or(0),
                unit_price: self.price_on(&product, day),
                before,
            };
            before += item.quantity * item.unit_price;
            each(item);
        }
    }

    /// What comes back of an item of a delivered order, if anything does until `as_of`.
    #[inline]
    pub fn sent_back(&self, order: &Order, item: &Item) -> Option<Return> {
        let delivered_at = order.delivered_at?;
        let entropy = remix(item.entropy ^ 9);
        if below(entropy, 1_000) >= RETURNED[item.product.category] {
            return None;
        }
        // The lesser of two draws: most come back within two weeks, all within 45 days.
        let more = remix(entropy);
        let window = 44 * 86_400;
        let seconds = 86_400 + below(more, window).min(below(remix(more), window));
        let returned_at = delivered_at + seconds.cast_signed() * MICROS_PER_SECOND;
        let refunded_at =
            returned_at + (6 + below(more << 32, 160)).cast_signed() * 3_600 * MICROS_PER_SECOND;
        let end = end_of(self.as_of);
        if returned_at > end {
            return None;
        }
        let quantity = 1 + below(remix(more ^ 1), item.quantity.unsigned_abs()).cast_signed();
        let clothing = CATEGORIES[item.product.category].name == "Clothing";
        let reasons = &self.reasons[usize::from(!clothing)];
        Some(Return {
            key: item.key,
            order: item.order,
            product: item.product.number,
            quantity,
            reason: REASONS[reasons.pick(remix(more ^ 2))].0,
            returned_at,
            refunded_at: (refunded_at <= end).then_some(refunded_at),
            refund: order.paid_for(item.before + quantity * item.unit_price)
                - order.paid_for(item.before),
        })
    }
}
