//! When, where and for how much customers buy: what a reader of the transactions would see, against
//! literal factors, so that a flat week, year or day would not pass.

use std::collections::HashMap;

use arrow_array::RecordBatch;

use super::bank::{Bank, month_and_day, weekday};
use super::banking_tests::{ids, money};
use super::banking_tests::{instants, keys, options, rows, words};
use super::profile::Profile;
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE};

const CUSTOMERS: u64 = 800;

/// A purchase by card that was made once, not every month.
struct Purchase {
    row: usize,
    unit: u64,
    merchant: i64,
    /// Day and second of the day where the customer lives.
    day: i32,
    second: i64,
}

fn purchases(bank: &Bank, batch: &RecordBatch) -> Vec<Purchase> {
    let (kind, channel) = (words(batch, "transaction_type"), words(batch, "channel"));
    let (account, merchant) = (keys(batch, "account_id"), ids(batch, "merchant_id"));
    let status = words(batch, "status");
    let mut hours: HashMap<u64, i64> = HashMap::new();
    let at = instants(batch, "authorised_at");
    let is_purchase = |row: &usize| {
        kind[*row] == Some("purchase")
            && channel[*row] != Some("recurring")
            && status[*row] == Some("posted")
    };
    (0..batch.num_rows())
        .filter(is_purchase)
        .map(|row| {
            let unit = ((account[row] - 1) / 4).unsigned_abs();
            let hours = *hours.entry(unit).or_insert_with(|| {
                let profile = Profile::of(bank, unit);
                i64::from(bank.area(profile.block, u64::from(profile.area)).hours)
            });
            let local = at[row] + hours * 3_600_000_000;
            Purchase {
                row,
                unit,
                merchant: merchant[row].unwrap(),
                day: i32::try_from(local.div_euclid(MICROS_PER_DAY)).unwrap(),
                second: local.rem_euclid(MICROS_PER_DAY) / 1_000_000,
            }
        })
        .collect()
}

/// The merchant category codes of the first block's merchants.
fn categories() -> HashMap<i64, String> {
    let merchants = rows("merchants", &options(0.0, REFERENCE_DATE), 0..1);
    let codes = words(&merchants, "mcc")
        .into_iter()
        .map(|mcc| mcc.unwrap().to_owned());
    keys(&merchants, "merchant_id")
        .into_iter()
        .zip(codes)
        .collect()
}

/// Consumers spend substantially more on Fridays and Saturdays than on any other day of the week
/// (J.P. Morgan Chase Institute, Local Consumer Commerce Index, August 2016); how much more is an
/// estimate: a quarter to two fifths more purchases than on a Monday. December is the strongest month of
/// retail and February among the weakest (Census Bureau, Monthly Retail Trade, not adjusted): here 1.3
/// times as many purchases a day (estimate). Four standard errors of a ratio are 0.04 at most.
#[test]
fn weeks_and_years_have_their_rhythm() {
    let options = options(0.0, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let batch = rows("transactions", &options, 0..CUSTOMERS);
    // Whole weeks of customers who were there all the time.
    let begin = bank.months.of(0).start + 30;
    let mut there: HashMap<u64, bool> = HashMap::new();
    let (mut days, mut months) = ([0.0_f64; 7], [0.0_f64; 12]);
    for bought in purchases(&bank, &batch) {
        let stays = there.entry(bought.unit).or_insert_with(|| {
            let profile = Profile::of(&bank, bought.unit);
            profile.first_month == 0 && profile.closed_on(&bank).is_none()
        });
        if *stays && bought.day >= begin && bought.day < begin + 7 * 98 {
            days[weekday(bought.day)] += 1.0;
        }
        let (month, _) = month_and_day(bought.day);
        // The second year; its December is cut at the end, where nothing is posted yet.
        if *stays && month >= bank.this_month - 13 && month < bank.this_month - 1 {
            months[usize::try_from(month % 12).unwrap()] += 1.0;
        }
    }
    let [monday, .., thursday, friday, saturday, sunday] = days;
    for (day, count) in [("Friday", friday), ("Saturday", saturday)] {
        let factor = count / monday;
        assert!((1.22..1.42).contains(&factor), "{day}: {factor:.3} Mondays");
        assert!(count > 1.1 * thursday.max(sunday), "{day}: {days:?}");
    }
    let factor = (months[11] / 31.0) / (months[1] / 28.0);
    assert!(
        (1.2..1.42).contains(&factor),
        "December: {factor:.3} Februaries"
    );
    let most = months.iter().copied().fold(0.0, f64::max);
    assert!(most <= months[11], "{months:?}");
}

/// Restaurants have two peaks, noon and evening, at least twice as high as the afternoon between them
/// (estimate); at terminals hardly anything is bought from two to five at night.
#[test]
fn days_have_their_rhythm() {
    let options = options(0.0, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let batch = rows("transactions", &options, 0..CUSTOMERS);
    let category = categories();
    let channel = words(&batch, "channel");
    let (mut meals, mut terminals, mut online) = ([0_usize; 24], [0_usize; 24], [0_usize; 24]);
    for bought in purchases(&bank, &batch) {
        let hour = usize::try_from(bought.second / 3_600).unwrap();
        match channel[bought.row] {
            Some("card_present") => terminals[hour] += 1,
            _ => online[hour] += 1,
        }
        if matches!(category[&bought.merchant].as_str(), "5812" | "5814") {
            meals[hour] += 1;
        }
    }
    let (lunch, afternoon, dinner) = (
        meals[12] + meals[13],
        meals[15] + meals[16],
        meals[18] + meals[19],
    );
    assert!(lunch > 2 * afternoon && dinner > 2 * afternoon, "{meals:?}");
    let night = |hours: &[usize; 24]| {
        hours[2..5].iter().sum::<usize>() as f64 / hours.iter().sum::<usize>() as f64
    };
    assert!(night(&terminals) < 0.01, "{terminals:?}");
    assert!(night(&online) > 2.0 * night(&terminals), "{online:?}");
}

/// What is paid in a category, from the rows: median and mean in dollars, against ranges around what was
/// looked up for `merchant_categories.csv` (groceries 64.91 by card, Boston Fed, 2013; restaurants 34
/// by debit card and 51 by credit card, PYMNTS and Payroc, 2023) and around estimates where nothing
/// was.
#[test]
fn amounts_follow_the_category() {
    let options = options(0.0, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let batch = rows("transactions", &options, 0..CUSTOMERS);
    let (category, amount) = (categories(), money(&batch, "amount"));
    let mut of: HashMap<&str, Vec<i64>> = HashMap::new();
    for bought in purchases(&bank, &batch) {
        of.entry(category[&bought.merchant].as_str())
            .or_default()
            .push(-amount[bought.row]);
    }
    // Category, least and largest median, least and largest mean.
    for (mcc, median, mean) in [
        ("5411", 24.0..48.0, 40.0..66.0),     // groceries
        ("5812", 22.0..42.0, 30.0..52.0),     // restaurants
        ("5814", 9.0..16.0, 11.0..19.0),      // fast food
        ("5541", 28.0..46.0, 33.0..52.0),     // fuel
        ("4111", 3.0..7.0, 5.0..9.0),         // local transport
        ("5732", 70.0..150.0, 120.0..230.0),  // electronics
        ("4511", 190.0..380.0, 250.0..480.0), // airlines
        ("5815", 9.0..16.0, 11.0..17.0),      // streaming
    ] {
        let amounts = of.get_mut(mcc).unwrap();
        assert!(amounts.len() > 100, "{mcc}: {} purchases", amounts.len());
        amounts.sort_unstable();
        let middle = amounts[amounts.len() / 2] as f64 / 100.0;
        let average = amounts.iter().sum::<i64>() as f64 / amounts.len() as f64 / 100.0;
        assert!(median.contains(&middle), "{mcc}: median {middle:.2}");
        assert!(mean.contains(&average), "{mcc}: mean {average:.2}");
        assert!(average > middle, "{mcc}: amounts are skewed to the right");
    }
}

/// Purchases at terminals name the merchant's city and country, those online none; cash is drawn where
/// the customer lives. Nine of ten purchases at terminals and more are made near home, some abroad, all
/// of those on journeys of a few days (shares: estimates, from about two journeys a year of which one in four
/// goes abroad).
#[test]
fn transactions_are_where_their_merchants_are() {
    let options = options(0.0, REFERENCE_DATE);
    let batch = rows("transactions", &options, 0..CUSTOMERS);
    let merchants = rows("merchants", &options, 0..1);
    let (of, cities) = (keys(&merchants, "merchant_id"), words(&merchants, "city"));
    let countries = words(&merchants, "country");
    let place: HashMap<i64, (Option<&str>, Option<&str>)> = of
        .into_iter()
        .zip(cities.into_iter().zip(countries))
        .collect();
    let customers = rows("customers", &options, 0..CUSTOMERS);
    let home = words(&customers, "city");
    let account = keys(&batch, "account_id");
    let (channel, merchant) = (words(&batch, "channel"), ids(&batch, "merchant_id"));
    let (city, country) = (words(&batch, "city"), words(&batch, "country"));
    let (mut near, mut far, mut abroad, mut cash) = (0, 0, 0, 0);
    for row in 0..batch.num_rows() {
        let home = home[usize::try_from((account[row] - 1) / 4).unwrap()];
        match channel[row] {
            Some("card_present") => {
                let there = place[&merchant[row].unwrap()];
                assert_eq!((city[row], country[row]), there, "row {row}");
                match (city[row] == home, country[row]) {
                    (true, _) => near += 1,
                    (false, Some("US")) => far += 1,
                    _ => abroad += 1,
                }
            }
            Some("atm") => {
                assert_eq!((city[row], country[row]), (home, Some("US")), "row {row}");
                cash += 1;
            }
            _ => assert_eq!((city[row], country[row]), (None, None), "row {row}"),
        }
    }
    let all = f64::from(near + far + abroad);
    let (near, abroad) = (f64::from(near) / all, f64::from(abroad) / all);
    assert!((0.9..0.99).contains(&near), "{near:.3} near home");
    assert!((0.003..0.03).contains(&abroad), "{abroad:.4} abroad");
    assert!(cash > 5_000, "{cash}");
}
