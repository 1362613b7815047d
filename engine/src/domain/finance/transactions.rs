//! Transactions: two years of postings on every account, with the balance after each.
//!
//! In the order of keys the postings of a customer ascend in time, and each balance is the one before it on
//! the same account and the amount, unless it was declined. See [`super::ledger`] for how they come about.
//!
//! ```
//! use arrow_array::cast::AsArray;
//! use arrow_array::types::Decimal128Type;
//! use synth_engine::domain::{TableOptions, table};
//!
//! let options = TableOptions { seed: 42, ..Default::default() };
//! let batch = table("transactions", &options)?.batch(0..1)?;
//! let column = |name| batch.column_by_name(name).unwrap().as_primitive::<Decimal128Type>();
//! let accounts = batch.column_by_name("account_id").unwrap();
//! let (amount, balance) = (column("amount"), column("balance_after"));
//! // The first two postings on the first account.
//! let checking: Vec<usize> = (0..batch.num_rows())
//!     .filter(|&row| accounts.slice(row, 1).as_ref() == accounts.slice(0, 1).as_ref())
//!     .collect();
//! let (first, second) = (checking[0], checking[1]);
//! assert_eq!(balance.value(second), balance.value(first) + amount.value(second));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::sync::Arc;

use super::bank::{Bank, FRAUD_RATE, HISTORY, account_id, card_id, fraud_episode_id, merchant_id};
use super::ledger::{Channel, Decline, Entry, Kind, Ledger, Moment, NONE, NOWHERE};
use super::profile::{Profile, days_below};
use super::spending::{area_of, second_of_day};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::remix;
use crate::error::Result;
use crate::generator::{name, work};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "transactions",
        "Two years of transactions on a bank's accounts, with running balances and labelled fraud.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all transactions of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
            FRAUD_RATE,
        ],
    ),
    row: "transaction",
    fan_out: FanOut::Mean(680.0),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Row {
    unit: u64,
    block: u64,
    ordinal: u64,
    area: u8,
    entry: Entry,
}

const MICROS: i64 = 1_000_000;

/// Keys leave room for so many transactions of a customer; there are some hundreds.
const KEYS: u64 = 1 << 16;

fn rows(bank: &Bank, unit: u64, _: u32, out: &mut Vec<Row>) {
    let profile = Profile::of(bank, unit);
    let mut ledger = Ledger::new(bank, &profile);
    let opening = ledger.opening();
    let mut ordinal = 0;
    ledger.run(profile.first_month..HISTORY + 1, opening, &mut |entry| {
        out.push(Row {
            unit,
            block: profile.block,
            ordinal,
            area: profile.area,
            entry: *entry,
        });
        ordinal += 1;
    });
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("transactions", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .up_to(LAST_UNIT)
            .primary_key(&["transaction_id"])
            .references(&["account_id"], "accounts", &["account_id"])
            .references(&["card_id"], "cards", &["card_id"])
            .references(&["merchant_id"], "merchants", &["merchant_id"])
            .references(&["counter_account_id"], "accounts", &["account_id"])
            .references(
                &["fraud_episode_id"],
                "fraud_episodes",
                &["fraud_episode_id"],
            )
            .index(&["account_id", "posted_at"])
            .index(&["card_id"])
            .index(&["merchant_id"])
            .index(&["counter_account_id"])
            .index(&["fraud_episode_id"])
            .index(&["posted_at"]),
    )
}

/// When it was authorised, in microseconds.
#[inline]
fn authorised(bank: &Bank, row: &Row) -> i64 {
    let entry = &row.entry;
    match entry.authorised {
        Moment::At(second) => second * MICROS,
        Moment::During(day) | Moment::Before(day) => {
            let area = area_of(entry.merchant).unwrap_or_else(|| u64::from(row.area));
            let hours = bank.area(row.block, area).hours;
            let mut second = second_of_day(entry.merchant, entry.entropy);
            if matches!(entry.authorised, Moment::Before(_)) {
                second = (second - 20 - days_below(entry.entropy, 100)).max(0);
            }
            let second = second - hours * 3_600;
            (i64::from(day) * 86_400 + i64::from(second)) * MICROS
        }
    }
}

/// The area where it took place, for cards.
#[inline]
fn place(row: &Row) -> Option<u64> {
    if row.entry.merchant != NOWHERE && row.entry.channel == Channel::CardPresent {
        return area_of(row.entry.merchant);
    }
    (row.entry.channel == Channel::Atm).then(|| u64::from(row.area))
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("transaction_id", "Key; ascends with time within a customer", |_, row: &Row| {
            Some((row.unit * KEYS + row.ordinal + 1).cast_signed())
        }),
        Column::big_int("account_id", "Account", |_, row: &Row| {
            Some(account_id(row.unit, row.entry.account))
        }),
        Column::big_int("card_id", "Card that was used", |_, row: &Row| {
            (row.entry.card != NONE).then(|| card_id(row.unit, row.entry.card))
        })
        .nullable(),
        Column::big_int("merchant_id", "Merchant that was paid", |_, row: &Row| {
            (row.entry.merchant != NOWHERE).then(|| merchant_id(row.block, row.entry.merchant))
        })
        .nullable(),
        Column::big_int(
            "counter_account_id",
            "The other account of a transfer between own accounts",
            |_, row: &Row| {
                let other = row.entry.counter_account;
                (other != NONE).then(|| account_id(row.unit, other))
            },
        )
        .nullable(),
        Column::word(
            "transaction_type",
            "purchase, refund, salary, deposit, pension, benefit, rent, bill_payment, loan_payment, card_payment, transfer_out, transfer_in, internal_transfer, peer_payment, withdrawal, fee, interest, fraud_refund or chargeback",
            |_, row: &Row| Some(row.entry.kind.name()),
        ),
        Column::word(
            "channel",
            "card_present, online, recurring, atm, ach, wire, mobile or bank",
            |_, row: &Row| Some(row.entry.channel.name()),
        ),
        Column::money("amount", "US dollars; negative leaves the account", |_, row: &Row| {
            Some(row.entry.amount)
        }),
        Column::money(
            "balance_after",
            "Balance of the account after it, US dollars; negative is owed; the same as before if declined",
            |_, row: &Row| Some(row.entry.balance),
        ),
        Column::instant("authorised_at", "When it was authorised", |bank: &Bank, row: &Row| {
            Some(authorised(bank, row))
        }),
        Column::instant(
            "posted_at",
            "When it was posted, on a business day for cards; where it was declined, when that was recorded",
            |_, row: &Row| Some(row.entry.posted * MICROS),
        ),
        Column::word("status", "posted or declined", |_, row: &Row| {
            Some(if row.entry.declined.is_some() {
                "declined"
            } else {
                "posted"
            })
        }),
        Column::word(
            "decline_reason",
            "insufficient_funds, incorrect_pin, incorrect_security_code or suspected_fraud",
            |_, row: &Row| row.entry.declined.map(Decline::name),
        )
        .nullable(),
        Column::text(
            "counterparty",
            "Employer, landlord or person on the other side; NULL where there is a merchant or none",
            |_, row: &Row, out| counterparty(&row.entry, out),
        )
        .nullable(),
        Column::word("city", "City of a purchase at a terminal or a withdrawal", |bank: &Bank, row: &Row| {
            place(row).map(|area| bank.area(row.block, area).city)
        })
        .nullable(),
        Column::word("country", "Two-letter code of its country", |bank: &Bank, row: &Row| {
            place(row).map(|area| bank.area(row.block, area).country)
        })
        .nullable(),
        Column::boolean("is_fraud", "Whether somebody else than the customer did it", |_, row: &Row| {
            Some(row.entry.is_fraud)
        }),
        Column::big_int(
            "fraud_episode_id",
            "Episode of fraud that it belongs to, refunds included",
            |_, row: &Row| {
                let year = row.entry.episode;
                (year != NONE).then(|| fraud_episode_id(row.unit, year))
            },
        )
        .nullable(),
    ]
}

/// Writes who is on the other side; false where nobody is named.
pub(crate) fn counterparty<W: Write + ?Sized>(
    entry: &Entry,
    out: &mut W,
) -> std::result::Result<bool, std::fmt::Error> {
    let entropy = entry.entropy;
    match entry.kind {
        Kind::Salary => {
            // A company under a surname, one customer's employer all along.
            let mut out = Narrow(out);
            work::company(entropy, &mut out)?;
        }
        Kind::Rent => {
            out.write_str(name::last_name(entropy))?;
            out.write_str(" Properties")?;
        }
        Kind::Benefit => out.write_str("State Unemployment Insurance")?,
        Kind::Pension => out.write_str("Social Security Administration")?,
        Kind::PrivatePension => {
            const PAYERS: [&str; 4] = [
                " Pension Plan",
                " Retirement Trust",
                " Annuity Company",
                " Teachers Pension Fund",
            ];
            out.write_str(name::last_name(entropy))?;
            out.write_str(PAYERS[usize::try_from(remix(entropy) & 3).unwrap_or(0)])?;
        }
        Kind::PeerPayment => person(entropy, out)?,
        Kind::TransferOut if entry.is_fraud => person(entropy, out)?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// A writer behind a reference, for functions that take a trait object.
struct Narrow<'a, W: ?Sized>(&'a mut W);

impl<W: Write + ?Sized> Write for Narrow<'_, W> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.write_str(text)
    }
}

fn person<W: Write + ?Sized>(entropy: u64, out: &mut W) -> std::fmt::Result {
    out.write_str(name::first_name(entropy))?;
    out.write_str(" ")?;
    out.write_str(name::last_name(remix(entropy)))
}
