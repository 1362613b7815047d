//! Episodes of fraud, the labels of the transactions that belong to them.

use std::sync::Arc;

use super::bank::{BLOCK, Bank, FRAUD_RATE, account_id, card_id, customer_id, fraud_episode_id};
use super::fraud::{Episode, Event};
use super::ledger::card_on;
use super::profile::Profile;
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "fraud_episodes",
        "Episodes of fraud on a bank's accounts, by pattern: the labels of transactions.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all episodes of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
            FRAUD_RATE,
        ],
    ),
    row: "fraud_episode",
    fan_out: FanOut::Mean(0.06),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Row {
    profile: Profile,
    episode: Episode,
    /// Local time less UTC, in seconds.
    offset: i64,
    card: Option<u8>,
    started: i64,
    transactions: i32,
    declined: i32,
    amount: i64,
}

fn rows(bank: &Bank, unit: u64, _: u32, out: &mut Vec<Row>) {
    // Most customers have none: a draw or two show it.
    if !Episode::may_happen(bank, unit) {
        return;
    }
    let profile = Profile::of(bank, unit);
    let mut events: Vec<Event> = Vec::with_capacity(48);
    let episodes = Episode::both(bank, &profile);
    for episode in episodes.into_iter().flatten() {
        events.clear();
        episode.events(bank, &profile, &mut events);
        let by_fraud = || events.iter().filter(|event| event.is_fraud);
        let count = |fits: fn(&Event) -> bool| {
            let fitting = events.iter().filter(|event| fits(event));
            i32::try_from(fitting.count()).unwrap_or(0)
        };
        let first = episode
            .contact_change()
            .unwrap_or_else(|| by_fraud().map(|event| event.second).next().unwrap_or(0));
        let hours = bank.area(unit / BLOCK, u64::from(profile.area)).hours;
        let offset = i64::from(hours) * 3_600;
        let card = episode
            .blocks_card()
            .then(|| card_on(&episodes, episode.account, episode.start));
        out.push(Row {
            profile,
            episode,
            offset,
            card,
            started: i64::from(episode.start) * 86_400 + i64::from(first) - offset,
            transactions: count(Event::succeeds),
            declined: count(|event| event.is_fraud && !event.succeeds()),
            amount: by_fraud()
                .filter(|event| event.succeeds())
                .map(|event| event.amount.abs())
                .sum(),
        });
    }
}

/// The next customer who may have an episode: looks ahead some customers only, as there may be no fraud.
fn next(bank: &Bank, unit: u64) -> (u64, u64) {
    let (mut unit, end) = (unit, unit + 64);
    while unit < end && !Episode::may_happen(bank, unit) {
        unit += 1;
    }
    (unit, unit + 1)
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("fraud_episodes", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .only(next)
            .up_to(LAST_UNIT)
            .primary_key(&["fraud_episode_id"])
            .references(&["customer_id"], "customers", &["customer_id"])
            .references(&["account_id"], "accounts", &["account_id"])
            .references(&["card_id"], "cards", &["card_id"])
            .index(&["customer_id"])
            .index(&["account_id"])
            .index(&["card_id"]),
    )
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("fraud_episode_id", "Key", |_, row: &Row| {
            Some(fraud_episode_id(row.profile.unit, row.episode.year))
        }),
        Column::big_int("customer_id", "Victim", |_, row: &Row| {
            Some(customer_id(row.profile.unit))
        }),
        Column::big_int("account_id", "Account concerned", |_, row: &Row| {
            Some(account_id(row.profile.unit, row.episode.account))
        }),
        Column::big_int(
            "card_id",
            "Card that was misused and then blocked",
            |_, row: &Row| row.card.map(|card| card_id(row.profile.unit, card)),
        )
        .nullable(),
        Column::word(
            "pattern",
            "card_testing, card_not_present, geographic_impossibility, account_takeover or refund_abuse",
            |_, row: &Row| Some(row.episode.pattern.name()),
        ),
        Column::instant("started_at", "When it began", |_, row: &Row| {
            Some(row.started * 1_000_000)
        }),
        Column::instant(
            "contact_changed_at",
            "When e-mail and telephone of the account were changed, in a takeover",
            |_, row: &Row| {
                row.episode
                    .contact_change()
                    .map(|_| row.started * 1_000_000)
            },
        )
        .nullable(),
        Column::instant("detected_at", "When it was noticed", |_, row: &Row| {
            // Noon, where the customer lives.
            Some((i64::from(row.episode.detected) * 86_400 + 43_200 - row.offset) * 1_000_000)
        }),
        Column::integer(
            "transactions",
            "How many transactions the fraudster made that were not declined",
            |_, row: &Row| Some(row.transactions),
        ),
        Column::integer(
            "declined",
            "How many attempts of the fraudster were declined",
            |_, row: &Row| Some(row.declined),
        ),
        Column::money(
            "amount",
            "What was taken by the transactions, US dollars",
            |_, row: &Row| Some(row.amount),
        ),
        Column::date(
            "refunded_on",
            "When the bank made good for it, or took it back",
            |_, row: &Row| Some(row.episode.refunded),
        ),
    ]
}
