//! Income: how often it comes, on which days, and from whom.

use std::collections::HashMap;

use super::bank::{Bank, first_of_month, month_and_day, weekday};
use super::banking_tests::{instants, keys, options, rows, words};
use super::profile::{Employment, PayDays, Profile};
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE};

/// Days on which a customer has income of a kind, by customer.
fn income_days(kinds: &[&str], units: std::ops::Range<u64>) -> HashMap<u64, Vec<i32>> {
    let batch = rows("transactions", &options(0.03, REFERENCE_DATE), units);
    let kind = words(&batch, "transaction_type");
    let account = keys(&batch, "account_id");
    let mut days: HashMap<u64, Vec<i32>> = HashMap::new();
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        if kinds.contains(&kind[row].unwrap()) {
            let unit = ((account[row] - 1) / 4).unsigned_abs();
            let day = i32::try_from(posted.div_euclid(MICROS_PER_DAY)).unwrap();
            let days = days.entry(unit).or_default();
            if days.last() != Some(&day) {
                days.push(day);
            }
        }
    }
    days
}

/// The first days of the two whole years of the history, for who is there all the time.
fn whole_years(bank: &Bank, profile: &Profile) -> Option<[std::ops::Range<i32>; 2]> {
    let stays = profile.first_month == 0 && profile.closed_on(bank).is_none();
    let year = |number| first_of_month(number)..first_of_month(number + 12);
    stays.then(|| [year(bank.this_month - 24), year(bank.this_month - 12)])
}

/// Social Security pays every month, on the second, third or fourth Wednesday by the day of birth
/// (SSA, "Schedule of Social Security Benefit Payments": born on the 1st to 10th, 11th to 20th, 21st to
/// 31st), or the business day before: twelve times a year, whatever the day of birth.
#[test]
fn pensions_come_twelve_times_a_year() {
    let bank = Bank::new("test", &options(0.03, REFERENCE_DATE)).unwrap();
    let n = 2_000;
    let days = income_days(&["pension"], 0..n);
    let (mut retirees, mut of_day) = (0, [0; 32]);
    for unit in 0..n {
        let profile = Profile::of(&bank, unit);
        // Who is 62 at the start of the history has a claim.
        if profile.employment != Employment::Retired || profile.age < 65 {
            continue;
        }
        let Some(years) = whole_years(&bank, &profile) else {
            continue;
        };
        retirees += 1;
        let (_, born) = month_and_day(profile.birth_date);
        of_day[usize::try_from(born).unwrap()] += 1;
        let which = match born {
            1..=10 => 1,
            11..=20 => 2,
            _ => 3,
        };
        for year in years {
            let wednesdays = days[&unit].iter().filter(|day| {
                let (_, of_month) = month_and_day(**day);
                // The Wednesday itself, or up to two business days before it.
                let behind = (2 - i32::try_from(weekday(**day)).unwrap()).rem_euclid(7);
                year.contains(*day) && behind <= 2 && (of_month + behind - 1) / 7 == which
            });
            assert_eq!(
                wednesdays.count(),
                12,
                "customer {unit}, born on the {born}th"
            );
        }
    }
    assert!(retirees > 250, "{retirees}");
    assert!(of_day[31] > 0, "nobody was born on the 31st");
}

/// Wages come as often as the pay period says: 52 or 53 Fridays a year have a pay day, or 26 or 27, 24,
/// or 12 days.
#[test]
fn wages_come_as_often_as_the_pay_period_says() {
    let bank = Bank::new("test", &options(0.03, REFERENCE_DATE)).unwrap();
    let n = 1_000;
    let days = income_days(&["salary"], 0..n);
    let mut seen = [0; 4];
    for unit in 0..n {
        let profile = Profile::of(&bank, unit);
        if profile.employment != Employment::Employed {
            continue;
        }
        let Some(years) = whole_years(&bank, &profile) else {
            continue;
        };
        let (period, expected) = match profile.pay_days() {
            PayDays::Weekly => (0, 52..=53),
            PayDays::Biweekly(_) => (1, 26..=27),
            PayDays::Semimonthly => (2, 24..=24),
            PayDays::Monthly(_) | PayDays::Wednesday(_) => (3, 12..=12),
        };
        seen[period] += 1;
        for year in years {
            let paid = days[&unit].iter().filter(|day| year.contains(*day)).count();
            assert!(
                expected.contains(&paid),
                "customer {unit}, {:?}: {paid} pay days a year",
                profile.pay_days()
            );
        }
    }
    assert!(seen.iter().all(|count| *count > 20), "{seen:?}");
}
