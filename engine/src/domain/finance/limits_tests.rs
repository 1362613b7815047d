//! What accounts can give: declines for lack of funds, overdrafts, credit limits.

use std::collections::HashMap;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Decimal128Type;

use super::bank::month_and_day;
use super::banking_tests::{flags, instants, keys, money, options, rows, words};
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE};
use crate::domain::TableOptions;

/// How far below zero a checking account may be taken by card or at a machine, as `docs/domains.md` says.
const OVERDRAFT: i64 = 50_000;

/// Credit limits of the credit accounts of customers.
fn limits(options: &TableOptions, units: std::ops::Range<u64>) -> HashMap<i64, i64> {
    let accounts = rows("accounts", options, units);
    let limit = accounts.column_by_name("credit_limit").unwrap();
    let limit = limit.as_primitive::<Decimal128Type>();
    keys(&accounts, "account_id")
        .into_iter()
        .enumerate()
        .filter(|(row, _)| limit.is_valid(*row))
        .map(|(row, id)| (id, i64::try_from(limit.value(row)).unwrap()))
        .collect()
}

/// Who is told that the funds are insufficient asked for more than there was: more than the balance and
/// the overdraft of a checking account, more than what the limit of a credit card left. And what was
/// there to be had was had: no purchase and no withdrawal that was posted took more.
#[test]
fn declines_for_lack_of_funds_are_true() {
    for (rate, as_of, first) in [(0.03, REFERENCE_DATE, 0), (1.0, REFERENCE_DATE + 19, 5_000)] {
        let options = options(rate, as_of);
        let units = first..first + 300;
        let limits = limits(&options, units.clone());
        let batch = rows("transactions", &options, units);
        let account = keys(&batch, "account_id");
        let (amount, after) = (money(&batch, "amount"), money(&batch, "balance_after"));
        let key = keys(&batch, "transaction_id");
        let kind = words(&batch, "transaction_type");
        let reason = words(&batch, "decline_reason");
        let fraud = flags(&batch, "is_fraud");
        let (mut funds, mut others, mut of_credit) = (0, 0, 0);
        for row in 0..batch.num_rows() {
            let beyond = limits.get(&account[row]).copied().unwrap_or(OVERDRAFT);
            let what = format!(
                "transaction {}, {} cents: {:?}, {} in the account and {beyond} beyond it",
                key[row], amount[row], reason[row], after[row]
            );
            match reason[row] {
                Some("insufficient_funds") => {
                    assert!(-amount[row] > after[row] + beyond, "{what}");
                    funds += usize::from(!fraud[row]);
                    of_credit += usize::from(limits.contains_key(&account[row]));
                }
                Some(_) => others += usize::from(!fraud[row]),
                None if matches!(kind[row], Some("purchase" | "withdrawal")) => {
                    assert!(after[row] + beyond >= 0, "{what}");
                }
                None => {}
            }
        }
        // Of the customers' own attempts some are for lack of funds, on either kind of card.
        let share = funds * 100 / (funds + others);
        assert!((10..70).contains(&share), "{share} of a hundred");
        assert!(of_credit > 0, "no credit card was declined");
    }
}

/// What is owed on a credit card stays within its limit, interest, fees and fraud included; and limits
/// are of use: some accounts use more than four fifths of theirs.
#[test]
fn credit_limits_hold() {
    let mut used = [0; 2];
    for (rate, as_of) in [(0.03, REFERENCE_DATE), (1.0, REFERENCE_DATE + 19)] {
        let options = options(rate, as_of);
        let limits = limits(&options, 0..500);
        let batch = rows("transactions", &options, 0..500);
        let (key, after) = (
            keys(&batch, "transaction_id"),
            money(&batch, "balance_after"),
        );
        let mut most: HashMap<i64, i64> = HashMap::new();
        for (row, account) in keys(&batch, "account_id").into_iter().enumerate() {
            if let Some(limit) = limits.get(&account) {
                assert!(
                    -after[row] <= *limit,
                    "transaction {}: {} owed, limit {limit}",
                    key[row],
                    -after[row]
                );
                let most = most.entry(account).or_default();
                *most = (-after[row]).max(*most);
            }
        }
        for (account, most) in most {
            used[0] += 1;
            used[1] += usize::from(most * 5 > limits[&account] * 4);
        }
    }
    assert!(used[0] > 600 && used[1] * 50 > used[0], "{used:?}");
}

/// An overdraft costs a fee at most once a month, and only who is overdrawn pays it.
#[test]
fn overdraft_fees_follow_overdrafts() {
    let batch = rows("transactions", &options(0.03, REFERENCE_DATE), 0..300);
    let account = keys(&batch, "account_id");
    let (amount, after) = (money(&batch, "amount"), money(&batch, "balance_after"));
    let kind = words(&batch, "transaction_type");
    let mut fees: HashMap<(i64, i32), usize> = HashMap::new();
    for (row, posted) in instants(&batch, "posted_at").into_iter().enumerate() {
        if kind[row] == Some("fee") && amount[row] == -2_700 {
            assert!(after[row] < -2_700, "account {}", account[row]);
            let day = i32::try_from(posted.div_euclid(MICROS_PER_DAY)).unwrap();
            let (month, _) = month_and_day(day);
            *fees.entry((account[row], month)).or_default() += 1;
        }
    }
    assert!(fees.len() > 10, "{}", fees.len());
    assert!(fees.values().all(|fees| *fees == 1));
}
