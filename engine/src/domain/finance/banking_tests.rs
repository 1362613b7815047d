//! Sums, times and figures of the banking tables.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Int16Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, RecordBatch};

use super::bank::{Bank, HISTORY, weekday};
use super::bank_days::is_business_day;
use super::ledger::Ledger;
use super::lending::{KINDS, Loan};
use super::profile::{PayDays, Profile};
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE};
use crate::domain::{self, TableOptions};
use crate::generator::data::{
    FINANCE_SCORE_BANDS as SCORE_BANDS, FINANCE_SCORE_DEFAULTS as SCORE_DEFAULTS,
};

pub(super) fn options(fraud_rate: f64, as_of: i32) -> TableOptions {
    TableOptions {
        seed: 11,
        as_of,
        own: [Some(fraud_rate), None],
    }
}

pub(super) fn rows(name: &str, options: &TableOptions, units: std::ops::Range<u64>) -> RecordBatch {
    domain::table(name, options).unwrap().batch(units).unwrap()
}

pub(super) fn ids(batch: &RecordBatch, name: &str) -> Vec<Option<i64>> {
    let column = batch.column_by_name(name).unwrap();
    column.as_primitive::<Int64Type>().iter().collect()
}

pub(super) fn keys(batch: &RecordBatch, name: &str) -> Vec<i64> {
    ids(batch, name).into_iter().map(Option::unwrap).collect()
}

pub(super) fn money(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let column = batch.column_by_name(name).unwrap();
    let values = column.as_primitive::<Decimal128Type>().values();
    values.iter().map(|v| i64::try_from(*v).unwrap()).collect()
}

pub(super) fn words<'a>(batch: &'a RecordBatch, name: &str) -> Vec<Option<&'a str>> {
    let column = batch.column_by_name(name).unwrap();
    column.as_string::<i32>().iter().collect()
}

pub(super) fn instants(batch: &RecordBatch, name: &str) -> Vec<i64> {
    let column = batch.column_by_name(name).unwrap();
    column
        .as_primitive::<TimestampMicrosecondType>()
        .values()
        .to_vec()
}

pub(super) fn days(batch: &RecordBatch, name: &str) -> Vec<Option<i32>> {
    let column = batch.column_by_name(name).unwrap();
    column.as_primitive::<Date32Type>().iter().collect()
}

pub(super) fn flags(batch: &RecordBatch, name: &str) -> Vec<bool> {
    let column = batch.column_by_name(name).unwrap().as_boolean();
    (0..column.len()).map(|row| column.value(row)).collect()
}

/// A share `found` of `n` lies within four standard errors, and a margin, of `expected`.
pub(super) fn close(what: &str, found: usize, n: usize, expected: f64, margin: f64) {
    let share = found as f64 / n as f64;
    let error = 4.0 * (expected * (1.0 - expected) / n as f64).sqrt() + margin;
    assert!(
        (share - expected).abs() <= error,
        "{what}: {share:.4} of {n}, published {expected:.4} +- {error:.4}"
    );
}

/// In the order of keys, on every account: the balance before and the amount make the balance after;
/// the opening balance and all amounts make the current balance. Also in the middle of a month, and
/// where every customer is a victim of fraud.
#[test]
fn balances_add_up_in_cents() {
    for (rate, as_of, first) in [
        (0.03, REFERENCE_DATE, 0),
        (1.0, REFERENCE_DATE + 19, 5_000),
        (1.0, -20_000, 0),
    ] {
        let options = options(rate, as_of);
        let units = first..first + 150;
        let accounts = rows("accounts", &options, units.clone());
        let mut balances: HashMap<i64, i64> = keys(&accounts, "account_id")
            .into_iter()
            .zip(money(&accounts, "opening_balance"))
            .collect();
        let batch = rows("transactions", &options, units);
        let account = keys(&batch, "account_id");
        let (amount, after) = (money(&batch, "amount"), money(&batch, "balance_after"));
        let (authorised, posted) = (
            instants(&batch, "authorised_at"),
            instants(&batch, "posted_at"),
        );
        let key = keys(&batch, "transaction_id");
        let (status, reason) = (words(&batch, "status"), words(&batch, "decline_reason"));
        let mut declined = 0;
        assert!(batch.num_rows() > 40_000, "{} rows", batch.num_rows());
        for row in 0..batch.num_rows() {
            let balance = balances.get_mut(&account[row]).unwrap();
            if status[row] == Some("posted") {
                *balance += amount[row];
            } else {
                declined += 1;
                assert!(reason[row].is_some(), "transaction {}", key[row]);
            }
            assert_eq!(*balance, after[row], "transaction {}", key[row]);
            assert_ne!(amount[row], 0, "transaction {}", key[row]);
            assert!(
                authorised[row] <= posted[row],
                "transaction {}: posted before authorised",
                key[row]
            );
            assert!(posted[row] < (i64::from(as_of) + 1) * MICROS_PER_DAY);
            if row > 0 {
                assert!(key[row] > key[row - 1]);
                let same_customer = (account[row] - 1) / 4 == (account[row - 1] - 1) / 4;
                assert!(
                    !same_customer || posted[row] >= posted[row - 1],
                    "transaction {}: out of order",
                    key[row]
                );
            }
        }
        for (id, balance) in keys(&accounts, "account_id")
            .into_iter()
            .zip(money(&accounts, "balance"))
        {
            assert_eq!(balances[&id], balance, "account {id}, as_of {as_of}");
        }
        // Two or three of a hundred purchases have a declined attempt (estimate), and about half of
        // transactions are purchases; card testing has many.
        let share = batch.num_rows() / declined;
        assert!((20..120).contains(&share), "one of {share} is declined");
    }
}

/// Who leaves takes everything along: accounts are closed on one day with a balance of 0, and nothing is
/// done with them or the cards after it; nobody leaves who has a loan. Every tenth of those without does
/// so a year (estimate), which is two to seven of a hundred customers in two years.
#[test]
fn nothing_happens_after_closing() {
    let options = options(0.3, REFERENCE_DATE + 12);
    let n = 1_200;
    let accounts = rows("accounts", &options, 0..n);
    let (id, status) = (keys(&accounts, "account_id"), words(&accounts, "status"));
    let balance = money(&accounts, "balance");
    let closed: HashMap<i64, i32> = id
        .iter()
        .zip(days(&accounts, "closed_on"))
        .filter_map(|(id, day)| day.map(|day| (*id, day)))
        .collect();
    let customers: std::collections::HashSet<i64> = closed.keys().map(|id| (id - 1) / 4).collect();
    assert!((24..84).contains(&customers.len()), "{}", customers.len());
    for (row, id) in id.iter().enumerate() {
        assert_eq!(closed.contains_key(id), status[row] == Some("closed"));
        assert_eq!(
            customers.contains(&((id - 1) / 4)),
            closed.contains_key(id),
            "account {id} remains"
        );
        assert!(
            !closed.contains_key(id) || balance[row] == 0,
            "account {id}"
        );
    }
    let batch = rows("transactions", &options, 0..n);
    let mut last: HashMap<i64, (i32, i64)> = HashMap::new();
    let after = money(&batch, "balance_after");
    let account = keys(&batch, "account_id");
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        // Honolulu is ten hours behind Greenwich.
        let local = posted - 11 * MICROS_PER_DAY / 24;
        let day = i32::try_from(local.div_euclid(MICROS_PER_DAY)).unwrap();
        last.insert(account[row], (day, after[row]));
    }
    for (id, closed) in &closed {
        if let Some((day, balance)) = last.get(id) {
            assert!(day <= closed, "account {id}, closed on {closed}: {day}");
            assert_eq!(*balance, 0, "account {id}");
        }
    }
    let left = |table: &str, key: &str, of_customer: i64| {
        let keys = keys(&rows(table, &options, 0..n), key);
        let left = keys
            .iter()
            .filter(|key| customers.contains(&((*key - 1) / of_customer)));
        left.count()
    };
    assert_eq!(left("loans", "loan_id", 8), 0);
    assert_eq!(left("market_orders", "customer_id", 1), 0);
    let scores = rows("credit_scores", &options, 0..n);
    let of_customer = keys(&scores, "customer_id");
    for (row, day) in days(&scores, "scored_on").into_iter().enumerate() {
        if let Some(closed) = closed.get(&((of_customer[row] - 1) * 4 + 1)) {
            assert!(day.unwrap() <= *closed);
        }
    }
    let cards = rows("cards", &options, 0..n);
    let of_card = keys(&cards, "account_id");
    for (row, status) in words(&cards, "status").into_iter().enumerate() {
        let is_closed = closed.contains_key(&of_card[row]);
        assert!(status == Some("blocked") || is_closed == (status == Some("closed")));
    }
}

/// Transfers between own accounts sum to zero; accounts are opened, and cards valid, before they are
/// used.
#[test]
fn accounts_and_cards_exist_before_they_are_used() {
    let options = options(1.0, REFERENCE_DATE);
    let batch = rows("transactions", &options, 0..200);
    let amount = money(&batch, "amount");
    let counter = ids(&batch, "counter_account_id");
    let own: i64 = (0..batch.num_rows())
        .filter(|row| counter[*row].is_some())
        .map(|row| amount[row])
        .sum();
    assert_eq!(own, 0);

    let accounts = rows("accounts", &options, 0..200);
    let opened: HashMap<i64, i32> = keys(&accounts, "account_id")
        .into_iter()
        .zip(days(&accounts, "opened_on").into_iter().flatten())
        .collect();
    let cards = rows("cards", &options, 0..200);
    let from = days(&cards, "issued_on");
    let (until, blocked) = (days(&cards, "expires_on"), days(&cards, "blocked_on"));
    let of_card = keys(&cards, "card_id");
    let validity: HashMap<i64, (i32, i32)> = (0..cards.num_rows())
        .map(|row| {
            let end = blocked[row].or(until[row]).unwrap();
            (of_card[row], (from[row].unwrap(), end))
        })
        .collect();
    let account = keys(&batch, "account_id");
    let card = ids(&batch, "card_id");
    let authorised = instants(&batch, "authorised_at");
    let mut after_renewal = 0;
    for row in 0..batch.num_rows() {
        let day = i32::try_from(authorised[row].div_euclid(MICROS_PER_DAY)).unwrap();
        assert!(opened[&account[row]] <= day, "account {}", account[row]);
        if let Some(card) = card[row] {
            let (from, until) = validity[&card];
            // The day where the customer lives may be the one before that in Greenwich.
            assert!(from - 1 <= day && day <= until + 1, "card {card}");
            after_renewal += usize::from((card - 1) % 8 % 3 > 0);
        }
    }
    assert!(after_renewal > 0, "no card was replaced");
    for number in words(&cards, "card_number").into_iter().flatten() {
        assert!(luhn3::decimal::valid(number.as_bytes()), "{number}");
    }
}

/// The principal of each loan is what its payments pay back and what remains; what has been paid of it
/// is what is not outstanding any more; a loan that is paid off was paid back to the cent.
#[test]
fn schedules_amortise_exactly() {
    let options = options(0.03, REFERENCE_DATE);
    let loans = rows("loans", &options, 0..2_000);
    let payments = rows("loan_payments", &options, 0..2_000);
    let loan = keys(&payments, "loan_id");
    let (principal, interest) = (money(&payments, "principal"), money(&payments, "interest"));
    let scheduled = money(&payments, "scheduled_payment");
    let remaining = money(&payments, "remaining_balance");
    let paid = days(&payments, "paid_on");
    let due = days(&payments, "due_on");
    let state = words(&payments, "delinquency");
    let mut by_loan: HashMap<i64, Vec<usize>> = HashMap::new();
    for row in 0..payments.num_rows() {
        assert_eq!(scheduled[row], principal[row] + interest[row]);
        assert!(principal[row] > 0 && interest[row] >= 0);
        by_loan.entry(loan[row]).or_default().push(row);
    }
    let mut statuses: HashMap<&str, usize> = HashMap::new();
    let lent = money(&loans, "principal");
    let outstanding = money(&loans, "outstanding_principal");
    let level = money(&loans, "monthly_payment");
    let status = words(&loans, "status");
    let terms = loans.column_by_name("term_months").unwrap();
    let terms = terms.as_primitive::<Int16Type>();
    let ordered = ["current", "30_days", "60_days", "90_days", "default"];
    for (row, id) in keys(&loans, "loan_id").into_iter().enumerate() {
        let mut rest = lent[row];
        let mut owed = lent[row];
        let mut behind = 0;
        let none = Vec::new();
        let schedule = by_loan.get(&id).unwrap_or(&none);
        for (number, &payment) in schedule.iter().enumerate() {
            rest -= principal[payment];
            assert_eq!(remaining[payment], rest, "loan {id}");
            if paid[payment].is_some() {
                owed -= principal[payment];
            }
            if number + 1 < usize::try_from(terms.value(row)).unwrap() {
                assert_eq!(scheduled[payment], level[row], "loan {id}");
            } else {
                assert_eq!(rest, 0, "loan {id}");
                // The rounding of up to 360 payments.
                let rounding = scheduled[payment] - level[row];
                assert!(rounding.abs() < 4_000, "loan {id}: {rounding}");
            }
            if let Some(paid) = paid[payment] {
                assert!(paid >= due[payment].unwrap() && paid < REFERENCE_DATE);
            }
            // A month brings one more missed payment, or all are made good.
            let now = ordered
                .iter()
                .position(|name| Some(*name) == state[payment])
                .unwrap();
            assert!(now <= behind + 1, "loan {id} jumps to {now}");
            assert!(
                now == 0 || now >= behind,
                "loan {id} from {behind} to {now}"
            );
            behind = now;
        }
        assert_eq!(outstanding[row], owed, "loan {id}");
        let status = status[row].unwrap();
        *statuses.entry(status).or_default() += 1;
        if status == "paid_off" {
            assert_eq!(owed, 0, "loan {id}");
        } else {
            assert_eq!(status, ordered[behind], "loan {id}");
        }
    }
    for status in ordered.into_iter().chain(["paid_off"]) {
        assert!(
            statuses.contains_key(status),
            "no loan is {status}: {statuses:?}"
        );
    }
}

/// What is settled between banks is posted on their business days, also in a year of many holidays on
/// Mondays and Fridays: all of ACH and wire, transfers to and from elsewhere included.
#[test]
fn banks_settle_on_business_days() {
    let options = options(0.3, REFERENCE_DATE);
    let batch = rows("transactions", &options, 0..200);
    let (kind, channel) = (words(&batch, "transaction_type"), words(&batch, "channel"));
    let (mut settled, mut clearing) = (0, [0, 0]);
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        let day = i32::try_from(posted.div_euclid(MICROS_PER_DAY)).unwrap();
        let by_card = matches!(channel[row], Some("card_present" | "online" | "recurring"));
        let by_clearing = matches!(channel[row], Some("ach" | "wire"));
        clearing[usize::from(channel[row] == Some("wire"))] += usize::from(by_clearing);
        let between_banks = matches!(
            kind[row],
            Some(
                "salary"
                    | "pension"
                    | "benefit"
                    | "deposit"
                    | "rent"
                    | "bill_payment"
                    | "loan_payment"
                    | "card_payment"
                    | "fraud_refund"
                    | "chargeback"
            )
        );
        if by_card || by_clearing || between_banks {
            settled += 1;
            assert!(is_business_day(day), "{:?} posted on day {day}", kind[row]);
        }
    }
    assert!(settled > 50_000, "{settled}");
    assert!(clearing[0] > 5_000 && clearing[1] > 20, "{clearing:?}");
}

/// Loan payments leave the checking account on the days and with the amounts of the schedule.
#[test]
fn loan_payments_are_transactions() {
    let options = options(0.03, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let batch = rows("transactions", &options, 0..300);
    let (kind, amount) = (words(&batch, "transaction_type"), money(&batch, "amount"));
    let account = keys(&batch, "account_id");
    let posted = instants(&batch, "posted_at");
    let mut found: HashMap<(i64, i32), i64> = HashMap::new();
    for row in (0..batch.num_rows()).filter(|row| kind[*row] == Some("loan_payment")) {
        let day = i32::try_from(posted[row].div_euclid(MICROS_PER_DAY)).unwrap();
        *found.entry(((account[row] - 1) / 4, day)).or_default() -= amount[row];
    }
    let payments = rows("loan_payments", &options, 0..300);
    let mut expected: HashMap<(i64, i32), i64> = HashMap::new();
    let loan = keys(&payments, "loan_id");
    let scheduled = money(&payments, "scheduled_payment");
    for (row, paid) in days(&payments, "paid_on").into_iter().enumerate() {
        let unit = (loan[row] - 1) / 8;
        let profile = Profile::of(&bank, unit.unsigned_abs());
        let begin = bank.months.of(profile.first_month.min(HISTORY)).start;
        if let Some(paid) = paid.filter(|day| *day >= begin) {
            *expected.entry((unit, paid)).or_default() += scheduled[row];
        }
    }
    // The last payment of a matured loan before the history counts with neither.
    assert!(expected.len() > 1_000);
    assert_eq!(found, expected);
}

/// How many customers have an episode a year, against `fraud_rate`: those who came in the course of
/// the two years have less of them.
#[test]
fn fraud_comes_at_the_rate_asked_for() {
    for rate in [0.0, 0.03, 0.3] {
        let options = options(rate, REFERENCE_DATE);
        let bank = Bank::new("test", &options).unwrap();
        let n = 6_000;
        let years: usize = (0..n)
            .map(|unit| {
                let profile = Profile::of(&bank, unit);
                let there = |first: usize, end: usize| {
                    usize::from(profile.first_month.max(first) < profile.until.min(end))
                };
                there(0, 12) + there(12, 24)
            })
            .sum();
        let episodes = rows("fraud_episodes", &options, 0..n);
        close("episodes", episodes.num_rows(), years, rate, 0.0);
        if rate == 0.3 {
            let patterns = words(&episodes, "pattern");
            for (pattern, share) in [
                ("card_testing", 0.30),
                ("card_not_present", 0.30),
                ("geographic_impossibility", 0.15),
                ("account_takeover", 0.15),
                ("refund_abuse", 0.10),
            ] {
                let found = patterns.iter().filter(|p| **p == Some(pattern)).count();
                close(pattern, found, patterns.len(), share, 0.0);
            }
        }
    }
    let wrong = TableOptions {
        own: [Some(1.5), None],
        ..Default::default()
    };
    assert!(domain::table("transactions", &wrong).is_err());
}

/// Each pattern does what it is called, its transactions are those that are counted, and it is made
/// good to the cent.
#[test]
#[expect(clippy::too_many_lines, reason = "one arm a pattern")]
fn episodes_show_their_pattern() {
    let options = options(1.0, REFERENCE_DATE);
    let units = 0..400;
    let batch = rows("transactions", &options, units.clone());
    let episodes = rows("fraud_episodes", &options, units);
    let merchants = rows("merchants", &options, 0..1);
    let column = |name: &str| merchants.column_by_name(name).unwrap().clone();
    let (latitude, longitude) = (column("latitude"), column("longitude"));
    let place: HashMap<i64, (f64, f64)> = keys(&merchants, "merchant_id")
        .into_iter()
        .enumerate()
        .map(|(row, id)| {
            let at = |column: &dyn Array| {
                column
                    .as_primitive::<arrow_array::types::Float64Type>()
                    .value(row)
            };
            (id, (at(&latitude), at(&longitude)))
        })
        .collect();
    let (amount, fraud) = (money(&batch, "amount"), flags(&batch, "is_fraud"));
    let kind = words(&batch, "transaction_type");
    let channel = words(&batch, "channel");
    let at = instants(&batch, "authorised_at");
    let merchant = ids(&batch, "merchant_id");
    let mut of: HashMap<i64, Vec<usize>> = HashMap::new();
    for (row, episode) in ids(&batch, "fraud_episode_id").into_iter().enumerate() {
        match episode {
            Some(episode) => of.entry(episode).or_default().push(row),
            None => assert!(!fraud[row], "fraud without an episode"),
        }
    }
    let counts = episodes.column_by_name("transactions").unwrap();
    let counts = counts.as_primitive::<Int32Type>();
    let declines = episodes.column_by_name("declined").unwrap();
    let declines = declines.as_primitive::<Int32Type>();
    let status = words(&batch, "status");
    let started = instants(&episodes, "started_at");
    let detected = instants(&episodes, "detected_at");
    let patterns = words(&episodes, "pattern");
    let sums = money(&episodes, "amount");
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for (row, id) in keys(&episodes, "fraud_episode_id").into_iter().enumerate() {
        let pattern = patterns[row].unwrap();
        *seen.entry(pattern).or_default() += 1;
        let (all, refused): (Vec<usize>, Vec<usize>) = of[&id]
            .iter()
            .partition(|row| status[**row] == Some("posted"));
        assert!(refused.iter().all(|row| fraud[*row]), "{id}");
        assert_eq!(
            refused.len(),
            usize::try_from(declines.value(row)).unwrap(),
            "{id}"
        );
        let (bad, rest): (Vec<usize>, Vec<usize>) = all.iter().partition(|row| fraud[**row]);
        assert_eq!(
            bad.len(),
            usize::try_from(counts.value(row)).unwrap(),
            "{id}"
        );
        let sum: i64 = bad.iter().map(|row| amount[*row]).sum();
        assert_eq!(sum.abs(), sums[row], "{id}");
        let made_good = ["fraud_refund", "chargeback"];
        let good: i64 = rest
            .iter()
            .filter(|row| made_good.contains(&kind[**row].unwrap()))
            .map(|row| amount[*row])
            .sum();
        assert_eq!(good, -sum, "{id} {pattern}");
        for &row_of in &bad {
            assert!(
                started[row] <= at[row_of] && at[row_of] < detected[row],
                "{id} {pattern}"
            );
        }
        let minutes = |a: usize, b: usize| (at[b] - at[a]).abs() as f64 / 60_000_000.0;
        match pattern {
            "card_testing" => {
                let small: Vec<usize> = bad
                    .iter()
                    .copied()
                    .filter(|row| amount[*row] > -200)
                    .collect();
                // Two of five are declined, and so are those after the large ones.
                assert!(small.len() >= 2 && small.len() + refused.len() >= 13);
                assert!(refused.iter().any(|row| amount[*row] <= -15_000));
                assert!(minutes(small[0], small[small.len() - 1]) < 30.0);
                assert!(bad.iter().any(|row| amount[*row] <= -15_000));
            }
            "geographic_impossibility" => {
                let home = rest
                    .iter()
                    .copied()
                    .find(|row| kind[*row] == Some("purchase"))
                    .unwrap();
                for &far in &bad {
                    let (a, b) = (
                        place[&merchant[home].unwrap()],
                        place[&merchant[far].unwrap()],
                    );
                    assert_eq!(channel[far], Some("card_present"));
                    assert!(minutes(home, far) < 75.0);
                    assert!(kilometres(a, b) > 500.0, "{a:?} {b:?}");
                }
                assert!(minutes(home, bad[0]) < 60.0);
            }
            "account_takeover" => {
                assert!(bad.len() >= 2);
                assert!(bad.iter().all(|row| kind[*row] == Some("transfer_out")));
                assert!(bad.iter().all(|b| at[*b] - started[row] < MICROS_PER_DAY));
            }
            "refund_abuse" => assert!(bad.iter().all(|row| amount[*row] > 0)),
            _ => assert!(bad.iter().all(|row| channel[*row] == Some("online"))),
        }
    }
    assert_eq!(seen.len(), 5, "{seen:?}");
}

/// Distance over the sphere.
fn kilometres(a: (f64, f64), b: (f64, f64)) -> f64 {
    let (p, q) = (a.0.to_radians(), b.0.to_radians());
    let across = (b.1 - a.1).to_radians();
    let cosine = p.sin() * q.sin() + p.cos() * q.cos() * across.cos();
    6_371.0 * cosine.clamp(-1.0, 1.0).acos()
}

/// By default less than one in two hundred transactions is fraudulent, as card networks report tenths
/// of a percent at most (Federal Reserve Payments Study: about 0.1 percent of card payments by number
/// in 2016, from memory; here also the many small ones of card testing).
#[test]
fn most_transactions_are_honest() {
    let batch = rows("transactions", &options(0.03, REFERENCE_DATE), 0..500);
    let bad = flags(&batch, "is_fraud").into_iter().filter(|f| *f).count();
    assert!(bad > 0 && bad * 200 < batch.num_rows(), "{bad}");
}

/// Cards post on weekdays, as do wages, most of them on Fridays.
#[test]
fn pay_days_are_mostly_fridays() {
    let batch = rows("transactions", &options(0.0, REFERENCE_DATE), 0..400);
    let kind = words(&batch, "transaction_type");
    let channel = words(&batch, "channel");
    let (mut wages, mut fridays) = (0, 0);
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        let weekday = weekday(i32::try_from(posted.div_euclid(MICROS_PER_DAY)).unwrap());
        if kind[row] == Some("salary") {
            wages += 1;
            fridays += usize::from(weekday == 4);
        }
        if kind[row] == Some("salary") || channel[row] == Some("card_present") {
            assert!(weekday < 5, "{:?} posted on a weekend", kind[row]);
        }
    }
    assert!(fridays * 2 > wages, "{fridays} of {wages} on Fridays");
}

/// Scores against the national distribution (Fair Isaac, in the Federal Reserve's Report to the
/// Congress on Credit Scoring, August 2007, table 1).
#[test]
fn scores_follow_the_published_distribution() {
    let batch = rows("customers", &options(0.03, REFERENCE_DATE), 0..20_000);
    let scores = batch.column_by_name("credit_score").unwrap();
    let scores = scores.as_primitive::<Int16Type>().values();
    let people: u64 = SCORE_BANDS.iter().map(|band| band.people).sum();
    for band in SCORE_BANDS {
        let within = (i16::try_from(band.low).unwrap())..=(i16::try_from(band.high).unwrap());
        let found = scores.iter().filter(|score| within.contains(score)).count();
        let expected = band.people as f64 / people as f64;
        close(
            &format!("score {within:?}"),
            found,
            scores.len(),
            expected,
            0.0,
        );
    }
    // The last of the quarterly scores is the customer's.
    let history = rows("credit_scores", &options(0.03, REFERENCE_DATE), 0..500);
    let values = history.column_by_name("score").unwrap();
    let values = values.as_primitive::<Int16Type>().values();
    let customer = keys(&history, "customer_id");
    let day = days(&history, "scored_on");
    for row in 0..history.num_rows() {
        if day[row] == Some(REFERENCE_DATE) {
            let unit = usize::try_from(customer[row] - 1).unwrap();
            assert_eq!(values[row], scores[unit]);
        }
    }
}

/// The share of borrowers who were 90 days past due within the two years, by score, against the default
/// rates of the same report (table 2: new accounts of October 2000 to April 2001).
#[test]
fn defaults_follow_the_score() {
    let options = options(0.03, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let mut found: HashMap<u64, (usize, usize)> = HashMap::new();
    let (mut before, mut after) = (0_i64, 0_i64);
    for unit in 0..60_000 {
        let profile = Profile::of(&bank, unit);
        let loans = KINDS.map(|kind| Loan::of(&bank, &profile, kind));
        // Loans that were running all the time.
        let mut running = loans.iter().flatten().filter(|loan| {
            loan.due(1) < bank.months.of(0).start && loan.due(loan.term) > REFERENCE_DATE + 200
        });
        let Some(loan) = running.next() else {
            continue;
        };
        let last = loan.due_by(REFERENCE_DATE);
        let bad = (1..=last).any(|number| loan.missed_after(number, REFERENCE_DATE) >= 3);
        let score = u64::from(profile.score.unsigned_abs());
        let rates = SCORE_DEFAULTS
            .iter()
            .find(|rates| score <= rates.high)
            .unwrap();
        let counts = found.entry(rates.low).or_default();
        counts.0 += usize::from(bad);
        counts.1 += 1;
        if bad {
            before += i64::from(super::credit_scores::score_at(&bank, &profile, 0));
            after += i64::from(profile.score);
        }
    }
    for rates in SCORE_DEFAULTS {
        let (bad, all) = found[&rates.low];
        let what = format!("score {} to {}", rates.low, rates.high);
        close(&what, bad, all, rates.default_percent / 100.0, 0.0);
    }
    assert!(before > after, "the scores of those in default fell");
}

/// Debts against the Survey of Consumer Finances 2019: 42.1 percent of families had a mortgage, 36.9 a
/// vehicle loan, 21.5 an education loan, 10.5 another instalment loan, 45.4 a balance on a credit card.
/// Margins of 5 points: these are persons, those are families.
#[test]
fn debts_are_about_as_common_as_in_the_survey() {
    let options = options(0.03, REFERENCE_DATE);
    let bank = Bank::new("test", &options).unwrap();
    let n = 20_000;
    let mut owing = [0_usize; 5];
    for unit in 0..n {
        let profile = Profile::of(&bank, unit);
        for (place, kind) in KINDS.into_iter().enumerate() {
            let open = Loan::of(&bank, &profile, kind)
                .is_some_and(|loan| loan.due_by(REFERENCE_DATE) < loan.term);
            owing[place] += usize::from(open);
        }
        owing[4] += usize::from(profile.has_credit && profile.revolving() > 0);
    }
    for (found, (what, published)) in owing.into_iter().zip([
        ("mortgage", 0.421),
        ("auto", 0.369),
        ("personal", 0.105),
        ("student", 0.215),
        ("credit card", 0.454),
    ]) {
        close(what, found, usize::try_from(n).unwrap(), published, 0.05);
    }
}

/// Pay periods of the employed against the BLS (Current Employment Statistics, March 2013): 32.4
/// percent of private businesses pay weekly, 36.5 every two weeks, 19.8 twice a month, 11.3 monthly.
#[test]
fn pay_periods_follow_the_bls() {
    let bank = Bank::new("test", &options(0.03, REFERENCE_DATE)).unwrap();
    let mut found = [0_usize; 4];
    for unit in 0..20_000 {
        let profile = Profile::of(&bank, unit);
        if profile.employment == super::profile::Employment::Employed {
            let which = match profile.pay_days() {
                PayDays::Weekly => 0,
                PayDays::Biweekly(_) => 1,
                PayDays::Semimonthly => 2,
                PayDays::Monthly(_) | PayDays::Wednesday(_) => 3,
            };
            found[which] += 1;
        }
    }
    let all = found.iter().sum();
    for (found, published) in found.into_iter().zip([0.324, 0.365, 0.198, 0.113]) {
        close("pay period", found, all, published, 0.0);
    }
}

/// A month alone gives what it gives in the run of all months: what makes current balances cheap.
#[test]
fn months_stand_alone() {
    for rate in [0.0, 1.0] {
        let bank = Bank::new("test", &options(rate, REFERENCE_DATE + 12)).unwrap();
        for unit in 0..120 {
            let profile = Profile::of(&bank, unit);
            let mut ledger = Ledger::new(&bank, &profile);
            let mut state = ledger.opening();
            for month in profile.first_month..=HISTORY {
                assert_eq!(ledger.at(month), state, "customer {unit}, month {month}");
                state = ledger.run(month..month + 1, state, &mut |_| {});
            }
            assert_eq!(ledger.now(), state, "customer {unit}");
        }
    }
}
