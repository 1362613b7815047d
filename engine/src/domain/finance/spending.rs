//! What a customer buys: how many purchases a day has, where, for how much, at what time of day.
//!
//! A day's purchases are a function of the customer and the day, so that any month can be made alone.
//! Their number follows weekday and season; merchants are those of the area, of where a trip leads, or
//! online; amounts are lognormal by merchant category, with the means of `merchant_categories.csv`.

use std::sync::LazyLock;

use super::bank::{AREAS, HOME_AREAS, cents, exp, weekday};
use super::profile::Profile;
use crate::dictionary::Weighted;
use crate::entropy::{below, remix, unit};
use crate::generator::data::{
    FINANCE_MERCHANT_CATEGORIES as MERCHANT_CATEGORIES, MerchantCategory,
};

/// Merchants of an area.
pub const LOCAL: u16 = 32;
/// Merchants of a block that are everywhere: online, or with branches.
pub const NATIONAL: u16 = 128;
/// The number of the first of those.
#[expect(clippy::cast_possible_truncation, reason = "there are 20 areas")]
pub const FIRST_NATIONAL: u16 = AREAS as u16 * LOCAL;
/// Merchants of a block.
pub const MERCHANTS: u16 = FIRST_NATIONAL + NATIONAL;

/// The weekday's share of purchases: estimates, with Friday and Saturday highest as the J.P. Morgan Chase
/// Institute finds (Local Consumer Commerce Index, August 2016).
const WEEKDAYS: [f64; 7] = [0.9, 0.92, 0.96, 1.0, 1.18, 1.16, 0.88];

/// The calendar month's share of purchases, by the retail sales of the Census Bureau, not adjusted
/// (from memory).
const SEASONS: [f64; 12] = [
    0.91, 0.89, 1.0, 0.98, 1.03, 1.01, 1.01, 1.02, 0.97, 1.0, 1.02, 1.16,
];

/// Weights of the hours of a day, 0 to 23.
const HOURS: [(&str, [u64; 24]); 6] = [
    (
        "day",
        [
            1, 0, 0, 0, 0, 1, 4, 10, 16, 26, 38, 46, 52, 50, 48, 50, 56, 64, 60, 44, 28, 14, 6, 2,
        ],
    ),
    (
        "meal",
        [
            2, 1, 0, 0, 0, 1, 6, 18, 18, 10, 14, 48, 80, 58, 22, 16, 24, 58, 84, 66, 34, 18, 8, 4,
        ],
    ),
    (
        "evening",
        [
            6, 3, 1, 1, 1, 3, 10, 16, 16, 14, 16, 20, 24, 24, 26, 32, 40, 52, 60, 58, 48, 36, 24,
            12,
        ],
    ),
    (
        "night",
        [
            40, 28, 14, 6, 2, 1, 3, 6, 8, 8, 8, 10, 12, 12, 14, 18, 26, 36, 46, 54, 60, 64, 62, 52,
        ],
    ),
    (
        "work",
        [
            0, 0, 0, 0, 0, 0, 1, 8, 40, 60, 64, 54, 40, 50, 58, 54, 40, 16, 4, 1, 0, 0, 0, 0,
        ],
    ),
    (
        "any",
        [
            14, 8, 4, 3, 3, 5, 10, 18, 26, 34, 38, 40, 42, 40, 38, 38, 40, 42, 46, 52, 56, 54, 42,
            26,
        ],
    ),
];

/// A lognormal distribution of amounts, tabled over the z-score.
#[derive(Debug, Clone)]
struct Amounts {
    /// Cents at z = -3.5, and on in steps of 1/32.
    cents: Vec<f64>,
}

const STEPS: usize = 32 * 7;

impl Amounts {
    /// With a mean in dollars and the sigma of the logarithm.
    fn new(mean: f64, sigma: f64) -> Self {
        // What the normal draw, a sum of four uniforms, makes of the mean: (sinh(a) / a)^4 with
        // a = sigma * sqrt(3) / 2.
        let a = sigma * 0.866_025_403_784;
        let sinh = (exp(a) - 1.0 / exp(a)) / 2.0;
        let once = (sinh / a) * (sinh / a);
        let scale = mean * 100.0 / (once * once);
        let cents = (0_u32..)
            .take(STEPS + 2)
            .map(|step| scale * exp(sigma * (f64::from(step) / 32.0 - 3.5)))
            .collect();
        Self { cents }
    }

    #[inline]
    fn draw(&self, entropy: u64) -> f64 {
        // The sum of four 16-bit uniforms, 0 to 2^18, as in `entropy::normal`; a z-score is 37,837.2.
        let sum = (entropy & 0xFFFF)
            + (entropy >> 16 & 0xFFFF)
            + (entropy >> 32 & 0xFFFF)
            + (entropy >> 48);
        // Steps of 1/32 from z = -3.5 as 1/1024: sum / 37837.2 * 32 * 1024, less what -3.464 is above.
        let place = (sum * 887) >> 10;
        let step = usize::try_from(place >> 10).unwrap_or(0).min(STEPS);
        let part = f64::from(u32::try_from(place & 1023).unwrap_or(0)) * (1.0 / 1024.0);
        let low = self.cents[step + OFFSET];
        low + (self.cents[step + OFFSET + 1] - low) * part
    }
}

/// The sum begins at z = -3.464, one step above -3.5.
const OFFSET: usize = 1;

/// A merchant by its number within an area or among the national ones.
struct Slot {
    category: usize,
    /// The first of its category, and how many these are.
    first: u16,
    count: u16,
}

/// Category codes have four digits.
const CODES: usize = 10_000;

struct Shops {
    slots: Vec<Slot>,
    /// For each category code its first slot.
    of_code: Vec<u16>,
    amounts: Vec<Amounts>,
    hours: Vec<Weighted>,
    hours_of: Vec<usize>,
    at_home: [Weighted; 2],
    away: Weighted,
}

static SHOPS: LazyLock<Shops> = LazyLock::new(|| {
    let mut slots: Vec<Slot> = Vec::new();
    for (category, row) in MERCHANT_CATEGORIES.iter().enumerate() {
        let first = u16::try_from(slots.len()).unwrap_or(0);
        let count = u16::try_from(row.slots).unwrap_or(1);
        slots.extend((0..count).map(|_| Slot {
            category,
            first,
            count,
        }));
    }
    let weights = |weight: &dyn Fn(&MerchantCategory) -> f64| {
        let of_slot = |slot: &Slot| {
            let row = &MERCHANT_CATEGORIES[slot.category];
            cents(weight(row) * 100.0 / f64::from(slot.count)).unsigned_abs()
        };
        Weighted::new(&slots.iter().map(of_slot).collect::<Vec<_>>())
    };
    let mut of_code = vec![0; CODES];
    for slot in &slots {
        let code = code(MERCHANT_CATEGORIES[slot.category].mcc);
        if let Some(first) = of_code.get_mut(code) {
            *first = slot.first;
        }
    }
    let visits = |row: &MerchantCategory| f64::from(u32::try_from(row.visits).unwrap_or(0));
    Shops {
        at_home: [
            weights(&|row| visits(row)),
            weights(&|row| visits(row) * row.weekend),
        ],
        away: weights(&|row| f64::from(u32::try_from(row.abroad).unwrap_or(0))),
        amounts: MERCHANT_CATEGORIES
            .iter()
            .map(|row| Amounts::new(row.mean, row.sigma))
            .collect(),
        hours: HOURS
            .iter()
            .map(|(_, hours)| Weighted::new(hours))
            .collect(),
        hours_of: MERCHANT_CATEGORIES
            .iter()
            .map(|row| HOURS.iter().position(|h| h.0 == row.hours).unwrap_or(0))
            .collect(),
        of_code,
        slots,
    }
});

impl Shops {
    /// Where one buys on a day, at home or away.
    #[inline]
    fn slots_at(&self, day: i32, away: bool) -> &Weighted {
        if away {
            &self.away
        } else {
            &self.at_home[usize::from(weekday(day) > 4)]
        }
    }
}

/// The slot of a merchant of a block: below [`LOCAL`] in an area, from there on national.
#[inline]
fn slot_of(merchant: u16) -> usize {
    usize::from(if merchant < FIRST_NATIONAL {
        merchant % LOCAL
    } else {
        merchant - FIRST_NATIONAL + LOCAL
    })
}

/// The category of a merchant of a block.
#[inline]
pub fn category(merchant: u16) -> &'static MerchantCategory {
    &MERCHANT_CATEGORIES[SHOPS.slots[slot_of(merchant)].category]
}

/// The area of a merchant of a block; none for those that are everywhere.
#[inline]
pub fn area_of(merchant: u16) -> Option<u64> {
    (merchant < FIRST_NATIONAL).then(|| u64::from(merchant / LOCAL))
}

/// A merchant of a category, by entropy: in an area, or national where the category is.
#[inline]
pub fn merchant_of(mcc: &str, area: u8, entropy: u64) -> u16 {
    let shops = &*SHOPS;
    let first = shops.of_code.get(code(mcc)).copied().unwrap_or(0);
    let slot = &shops.slots[usize::from(first)];
    let chosen = u16::try_from(below(entropy, u64::from(slot.count))).unwrap_or(0);
    number_of(slot.first + chosen, area)
}

/// A category code as a number: a code of other than four digits gives one that none has.
#[inline]
fn code(mcc: &str) -> usize {
    mcc.bytes().fold(0, |code, digit| {
        (code * 10 + usize::from(digit.wrapping_sub(b'0'))).min(CODES)
    })
}

#[inline]
fn number_of(slot: u16, area: u8) -> u16 {
    if slot < LOCAL {
        u16::from(area) * LOCAL + slot
    } else {
        FIRST_NATIONAL + slot - LOCAL
    }
}

/// The local time of a purchase at a merchant, in seconds after midnight.
#[inline]
pub fn second_of_day(merchant: u16, entropy: u64) -> i32 {
    let shops = &*SHOPS;
    let hours = &shops.hours[shops.hours_of[shops.slots[slot_of(merchant)].category]];
    let first = remix(entropy ^ 0x5EC0);
    let hour = i32::try_from(hours.pick(first)).unwrap_or(0);
    let within = i32::try_from(below(remix(first), 3_600)).unwrap_or(0);
    hour * 3_600 + within
}

/// A purchase.
#[derive(Debug, Clone, Copy)]
pub struct Purchase {
    /// Merchant of the block.
    pub merchant: u16,
    /// Amount in cents, positive.
    pub amount: i64,
    /// By credit card rather than debit card, where the month's purchases leave room for it.
    pub by_credit: bool,
    /// For its time of day.
    pub entropy: u64,
}

/// Days away from home.
#[derive(Debug, Clone, Copy, Default)]
pub struct Trip {
    start: i32,
    end: i32,
    area: u8,
}

impl Trip {
    /// The trip of a month, if there is one: about two a year; one in four goes abroad.
    #[inline]
    pub fn of(customer: &Profile, month: &std::ops::Range<i32>) -> Self {
        let draw = remix(customer.key ^ u64::from(month.start.unsigned_abs()) << 20 ^ 0x7219);
        // Those with more income travel more.
        let chance = if customer.income > 9_000_000 { 20 } else { 11 };
        if below(draw, 100) >= chance || month.end - month.start < 27 {
            return Self::default();
        }
        let draw = remix(draw);
        let length = 3 + i32::try_from(below(draw, 7)).unwrap_or(0);
        let start = month.start + i32::try_from(below(remix(draw), 18)).unwrap_or(0);
        let to = remix(remix(draw));
        let area = if to & 3 == 0 {
            HOME_AREAS + below(remix(to), AREAS - HOME_AREAS)
        } else {
            below(remix(to), HOME_AREAS)
        };
        Self {
            start,
            end: start + length,
            area: u8::try_from(area).unwrap_or(0),
        }
    }

    /// Whether a day is one of the trip.
    #[inline]
    pub fn covers(&self, day: i32) -> bool {
        self.start <= day && day < self.end
    }
}

/// How a customer spends, worked out once.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    /// Purchases on an average day, in 65536ths of a quarter.
    rate: f64,
    /// What amounts are multiplied with.
    scale: f64,
    /// Of 256 purchases, those by credit card.
    credit_share: u64,
}

/// The draws of a day.
#[derive(Debug, Clone, Copy)]
pub struct Day {
    /// The day.
    pub day: i32,
    word: u64,
    /// How many purchases it has.
    pub purchases: u64,
}

impl Habits {
    /// The habits of a customer: 0.2 to 0.8 purchases a day, as this bank is not the only one.
    #[inline]
    pub fn of(customer: &Profile) -> Self {
        let draw = customer.draw(100);
        let mean = 0.2 + 0.6 * unit(draw);
        // The root of the income in 4,000 dollars a month; IEEE 754 has it the same everywhere.
        let scale = (customer.net / 400_000.0).sqrt().clamp(0.55, 3.0);
        let credit_share = if customer.has_credit {
            30 + below(remix(draw), 180)
        } else {
            0
        };
        Self {
            rate: mean * 65_536.0 / 4.0,
            scale,
            credit_share,
        }
    }

    /// How likely each of four purchases is on a day, by weekday from Monday on, in 65536ths. The season
    /// is that of the calendar month, 0 for January.
    #[inline]
    pub fn chances(&self, season: usize) -> [u64; 7] {
        let rate = self.rate * SEASONS[season % 12];
        WEEKDAYS.map(|share| cents(rate * share).unsigned_abs())
    }

    /// A day's draws, with the chances of its month.
    #[inline]
    pub fn day(customer: &Profile, day: i32, chances: &[u64; 7]) -> Day {
        let word = customer.days.draw(u64::from(day.cast_unsigned()));
        let threshold = chances[weekday(day)];
        // Four chances of a purchase.
        let purchases = u64::from((word & 0xFFFF) < threshold)
            + u64::from((word >> 16 & 0xFFFF) < threshold)
            + u64::from((word >> 32 & 0xFFFF) < threshold)
            + u64::from((word >> 48) < threshold);
        Day {
            day,
            word,
            purchases,
        }
    }

    /// A purchase of a day, by its number.
    #[inline]
    pub fn purchase(
        &self,
        customer: &Profile,
        day: &Day,
        number: u64,
        trips: &[Trip; 2],
    ) -> Purchase {
        let shops = &*SHOPS;
        let [first, second, third] = day.draws(number);
        let trip = trips.iter().find(|trip| trip.covers(day.day));
        let area = trip.map_or(customer.area, |trip| trip.area);
        let picked = shops.slots_at(day.day, trip.is_some()).pick(first);
        let slot = &shops.slots[picked];
        let mut chosen = u16::try_from(picked).unwrap_or(0);
        // Two of three times where one goes always.
        if slot.count > 1 && third & 3 != 0 {
            let habit = remix(customer.key ^ u64::from(slot.first));
            chosen = slot.first + u16::try_from(below(habit, u64::from(slot.count))).unwrap_or(0);
        }
        Purchase {
            merchant: number_of(chosen, area),
            amount: self.amount(slot.category, second),
            by_credit: self.chooses_credit(third),
            entropy: third,
        }
    }

    #[inline]
    fn chooses_credit(&self, third: u64) -> bool {
        (third >> 8 & 0xFF) < self.credit_share
    }

    /// The sum of purchases by credit card over days, those that would make it more than `most` left out:
    /// in three passes without a branch that depends on a draw, since a processor loses more time by
    /// guessing wrong than by work that is thrown away.
    pub fn spent_by_credit<'c>(
        &self,
        customer: &Profile,
        days: std::ops::Range<i32>,
        chances: impl Fn(i32) -> &'c [u64; 7],
        trips: &[Trip; 2],
        most: i64,
    ) -> i64 {
        // Between two last business days of months lie 36 days at most.
        const MOST: usize = 4 * 36;
        if self.credit_share == 0 {
            return 0;
        }
        let shops = &*SHOPS;
        let mut purchases = [(0, 0_u64); MOST + 4];
        let mut count = 0;
        for day in days {
            let today = Self::day(customer, day, chances(day));
            for (place, number) in purchases[count..count + 4].iter_mut().zip(0..) {
                *place = (day, first_draw(today.word, number));
            }
            count = (count + usize::try_from(today.purchases).unwrap_or(0)).min(MOST);
        }
        let mut chosen = 0;
        for place in 0..count {
            let (day, first) = purchases[place];
            purchases[chosen] = (day, first);
            chosen += usize::from(self.chooses_credit(remix(remix(first))));
        }
        let amount = |&(day, first): &(i32, u64)| {
            let away = trips.iter().any(|trip| trip.covers(day));
            let slot = shops.slots_at(day, away).pick(first);
            self.amount(shops.slots[slot].category, remix(first))
        };
        purchases[..chosen].iter().fold(0, |sum, purchase| {
            let more = sum + amount(purchase);
            if more <= most { more } else { sum }
        })
    }

    /// What is paid in a category, in cents.
    #[inline]
    fn amount(&self, category: usize, entropy: u64) -> i64 {
        cents(SHOPS.amounts[category].draw(entropy) * self.scale).max(50)
    }

    /// By what amounts are multiplied: bills scale as purchases do.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Whether purchases that repeat every month go to the credit card.
    pub fn subscribes_by_credit(&self) -> bool {
        self.credit_share > 60
    }
}

/// The first draw of a purchase, by the word of its day; the others follow from it.
#[inline]
const fn first_draw(word: u64, number: u64) -> u64 {
    remix(word.wrapping_add(number + 1))
}

impl Day {
    /// The draws of a purchase.
    #[inline]
    fn draws(&self, number: u64) -> [u64; 3] {
        let first = first_draw(self.word, number);
        let second = remix(first);
        [first, second, remix(second)]
    }

    /// Whether the day's first purchase goes back to the shop: one in 64 does.
    #[inline]
    pub fn regrets_first(&self) -> bool {
        remix(self.word ^ 0x0D0D) & 63 == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Means and medians of amounts against what the file says, without a customer's scale: four
    /// standard errors of 40,000 draws are below 4 percent for all sigmas.
    #[test]
    fn amounts_have_the_means_of_their_category() {
        assert_eq!(SHOPS.slots.len(), usize::from(LOCAL + NATIONAL));
        for (row, amounts) in MERCHANT_CATEGORIES.iter().zip(&SHOPS.amounts) {
            let mean = (0..40_000).map(|i| amounts.draw(remix(i))).sum::<f64>() / 40_000.0;
            let ratio = mean / (row.mean * 100.0);
            assert!((ratio - 1.0).abs() < 0.04, "{}: {ratio}", row.description);
        }
    }
}
