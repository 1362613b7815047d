//! Income: how often it comes, on which days, and from whom.

use std::collections::HashMap;

use super::bank::{Bank, first_of_month, month_and_day, weekday};
use super::banking_tests::{instants, keys, money, options, rows, words};
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

/// Social Security pays 62 years olds and older, never more than the largest benefit at full retirement
/// age, 3,822 dollars in 2024 (SSA; 4,018 in 2025); what retirees have beyond it comes from a private
/// pension once a month, and both together are their income. The mean benefit of retired workers was 1,976
/// dollars in January 2025 (SSA): here within 15 percent of that.
#[test]
fn benefits_are_capped_and_pensions_make_up_the_rest() {
    let options = options(0.03, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let n = 2_000;
    let batch = rows("transactions", &options, 0..n);
    let (kind, amount) = (words(&batch, "transaction_type"), money(&batch, "amount"));
    let payer = words(&batch, "counterparty");
    let account = keys(&batch, "account_id");
    let mut sums: HashMap<u64, i64> = HashMap::new();
    let (mut benefits, mut of_benefits, mut private) = (0, 0, 0);
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        if kind[row] != Some("pension") {
            continue;
        }
        let unit = ((account[row] - 1) / 4).unsigned_abs();
        let profile = Profile::of(&bank, unit);
        assert_eq!(profile.employment, Employment::Retired);
        *sums.entry(unit).or_default() += amount[row];
        if payer[row] == Some("Social Security Administration") {
            assert!((1..=382_200).contains(&amount[row]), "{}", amount[row]);
            let day = i32::try_from(posted.div_euclid(MICROS_PER_DAY)).unwrap();
            assert!(day - profile.birth_date >= 62 * 365, "customer {unit}");
            benefits += 1;
            of_benefits += amount[row];
        } else {
            assert!(payer[row].is_some_and(|name| name.contains(' ')));
            private += 1;
        }
    }
    assert!(private > 1_000, "{private}");
    let mean = of_benefits as f64 / f64::from(benefits) / 100.0;
    assert!((1_680.0..2_272.0).contains(&mean), "mean benefit {mean:.2}");
    for (unit, sum) in sums {
        let profile = Profile::of(&bank, unit);
        if whole_years(&bank, &profile).is_some() {
            // A cent a payment for rounding.
            let expected = profile.net * 24.0;
            assert!(
                (sum as f64 - expected).abs() < 60.0,
                "customer {unit}: {sum}"
            );
        }
    }
}
