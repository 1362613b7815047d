//! Cards: a debit card for each checking account and a credit card for each credit account, and new ones
//! in place of those that were blocked after fraud.

use std::sync::Arc;

use super::accounts::opened;
use super::bank::{
    Bank, FRAUD_RATE, account_id, card_id, customer_id, first_of_month, month_and_day,
};
use super::fraud::Episode;
use super::profile::{CHECKING, CREDIT, Profile, days_below};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{Permutation, Stream};
use crate::error::Result;
use crate::generator::{self, Bound};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "cards",
        "Debit and credit cards under test numbers, linked to accounts.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all cards of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
            FRAUD_RATE,
        ],
    ),
    row: "card",
    fan_out: FanOut::Mean(1.8),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// Days for which a card is valid, and then to the end of the month: four years.
const VALID: i32 = 1_461;

struct World {
    bank: Bank,
    visa: Bound,
    mastercard: Bound,
    numbers: Permutation,
}

struct Row {
    profile: Profile,
    account: u8,
    card: u8,
    issued: i32,
    blocked: Option<i32>,
}

fn rows(world: &World, unit: u64, _: u32, out: &mut Vec<Row>) {
    let bank = &world.bank;
    let profile = Profile::of(bank, unit);
    let episodes = Episode::both(bank, &profile);
    for (account, first) in [(CHECKING, 0), (CREDIT, 3)] {
        if account == CREDIT && !profile.has_credit {
            continue;
        }
        // The last renewal before the history, or the first card.
        let renewed = bank.months.of(0).start - 1 - days_below(profile.draw(80 + first), 600);
        let mut issued = opened(bank, &profile, account).max(renewed);
        let mut card = u8::try_from(first).unwrap_or(0);
        for episode in episodes.iter().flatten() {
            if episode.account == account && episode.blocks_card() {
                out.push(Row {
                    profile,
                    account,
                    card,
                    issued,
                    blocked: Some(episode.detected),
                });
                issued = episode.detected;
                card += 1;
            }
        }
        out.push(Row {
            profile,
            account,
            card,
            issued,
            blocked: None,
        });
    }
}

fn is_visa(row: &Row) -> bool {
    // Debit and credit cards of a customer may be of different networks.
    row.profile.draw(82 + u64::from(row.account)) % 100 < 65
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let brand = |key| generator::find("credit_card_number")?.bind(&[("brand", key)]);
    let visa = brand("visa")?;
    let world = World {
        bank: Bank::new(TABLE.entry.name, options)?,
        numbers: Permutation::new(
            visa.distinct().unwrap_or(1),
            Stream::new(options.seed, "cards", "card_number"),
        ),
        visa,
        mastercard: brand("mastercard")?,
    };
    Ok(Linked::new(
        "cards",
        TABLE.entry.summary,
        world,
        columns(),
        TABLE.fan_out,
        rows,
    )
    .up_to(LAST_UNIT)
    .primary_key(&["card_id"])
    .references(&["account_id"], "accounts", &["account_id"])
    .references(&["customer_id"], "customers", &["customer_id"])
    .index(&["account_id"])
    .index(&["customer_id"])
    .index(&["card_number"]))
}

fn columns() -> Vec<Column<World, Row>> {
    vec![
        Column::big_int("card_id", "Key", |_, row: &Row| {
            Some(card_id(row.profile.unit, row.card))
        }),
        Column::big_int("account_id", "Account that is charged", |_, row: &Row| {
            Some(account_id(row.profile.unit, row.account))
        }),
        Column::big_int("customer_id", "Holder", |_, row: &Row| {
            Some(customer_id(row.profile.unit))
        }),
        Column::text(
            "card_number",
            "Card number under a test BIN with a right Luhn digit; distinct for the first 2.5 million customers",
            |world: &World, row: &Row, out| {
                let id = card_id(row.profile.unit, row.card).unsigned_abs();
                let number = world.numbers.apply(id % world.numbers.len());
                let brand = if is_visa(row) {
                    &world.visa
                } else {
                    &world.mastercard
                };
                brand.nth(number, out).map(|()| true)
            },
        ),
        Column::word("network", "Visa or Mastercard", |_, row: &Row| {
            Some(if is_visa(row) { "Visa" } else { "Mastercard" })
        }),
        Column::word("card_type", "debit or credit", |_, row: &Row| {
            Some(if row.account == CREDIT {
                "credit"
            } else {
                "debit"
            })
        }),
        Column::word(
            "status",
            "active, blocked, or closed with the account",
            |world: &World, row: &Row| {
                Some(if row.blocked.is_some() {
                    "blocked"
                } else if row.profile.closed_on(&world.bank).is_some() {
                    "closed"
                } else {
                    "active"
                })
            },
        ),
        Column::date("issued_on", "Date of issue", |_, row: &Row| {
            Some(row.issued)
        }),
        Column::date("expires_on", "Last day of validity", |_, row: &Row| {
            let (month, _) = month_and_day(row.issued + VALID);
            Some(first_of_month(month + 1) - 1)
        }),
        Column::date(
            "blocked_on",
            "When it was blocked after fraud",
            |_, row: &Row| row.blocked,
        )
        .nullable(),
    ]
}
