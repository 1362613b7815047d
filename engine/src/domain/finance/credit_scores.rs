//! Credit scores: each quarter's, up to nine for a customer.
//!
//! The last is the customer's score. Before payments began to fail it was higher by 60 to 130 points, about
//! what Fair Isaac says that a delinquency of 90 days costs (from memory).

use std::sync::Arc;

use super::bank::{Bank, HISTORY, cents, customer_id};
use super::profile::{Profile, days_below};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{normal, remix};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "credit_scores",
        "Quarterly credit scores of a bank's customers, which fall when payments fail.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all scores of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "credit_score",
    fan_out: FanOut::Mean(8.5),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// Quarters of the history, and the current one.
const SCORES: usize = HISTORY / 3 + 1;

struct Row {
    unit: u64,
    number: usize,
    day: i32,
    score: i32,
}

/// The score of a customer in a month of the history.
pub(super) fn score_at(bank: &Bank, profile: &Profile, month: usize) -> i32 {
    if month >= HISTORY {
        return profile.score;
    }
    let draw = bank.streams.score.draw(profile.unit);
    let noise = normal(remix(draw ^ (month as u64 + 1))) * 7.0;
    let noise = i32::try_from(cents(noise + 100.0)).unwrap_or(100) - 100;
    let drop = 60 + days_below(draw, 71);
    let trouble = profile.trouble();
    // One payment after the other fails, then the score recovers by some points a year.
    let more = match trouble.map(|start| month.checked_sub(start)) {
        None => 0,
        Some(None | Some(0)) => drop,
        Some(Some(1)) => drop / 2,
        Some(Some(2)) => drop / 5,
        Some(Some(after)) => -i32::try_from((HISTORY - month).min(after) / 2).unwrap_or(0),
    };
    (profile.score + more + noise).clamp(300, 850)
}

fn rows(bank: &Bank, unit: u64, _: u32, out: &mut Vec<Row>) {
    let profile = Profile::of(bank, unit);
    for number in 0..SCORES {
        let month = number * 3;
        let day = bank.months.of(month).start;
        // The current one is there for all who have not left.
        if month < profile.until && (day > profile.since || number + 1 == SCORES) {
            out.push(Row {
                unit,
                number,
                day: if number + 1 == SCORES {
                    bank.as_of
                } else {
                    day
                },
                score: score_at(bank, &profile, month),
            });
        }
    }
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("credit_scores", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .up_to(LAST_UNIT)
            .primary_key(&["credit_score_id"])
            .references(&["customer_id"], "customers", &["customer_id"])
            .index(&["customer_id", "scored_on"]),
    )
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("credit_score_id", "Key", |_, row: &Row| {
            Some((row.unit * 16 + row.number as u64 + 1).cast_signed())
        }),
        Column::big_int("customer_id", "Customer", |_, row: &Row| {
            Some(customer_id(row.unit))
        }),
        Column::date(
            "scored_on",
            "First day of a quarter of the history, or as_of",
            |_, row: &Row| Some(row.day),
        ),
        Column::small_int("score", "Score, 300 to 850", |_, row: &Row| {
            i16::try_from(row.score).ok()
        }),
        Column::word(
            "rating",
            "poor below 580, fair, good from 670, very_good from 740, exceptional from 800 (FICO)",
            |_, row: &Row| {
                Some(match row.score {
                    ..580 => "poor",
                    580..670 => "fair",
                    670..740 => "good",
                    740..800 => "very_good",
                    _ => "exceptional",
                })
            },
        ),
    ]
}
