//! Accounts: checking, savings and credit, with the balances at the start of the transaction history
//! and now, which differ by the transactions.

use std::fmt::Write;
use std::sync::Arc;

use super::bank::{Bank, FRAUD_RATE, account_id, customer_id};
use super::ledger::Ledger;
use super::profile::{CHECKING, CREDIT, Profile, SAVINGS, days_below};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, LAST_UNIT, SEED, START, Table, TableEntry, TableOptions, table_entry, units,
    units_of_root,
};
use crate::entropy::{Permutation, Stream, UniqueNumbers};
use crate::error::Result;
use crate::generator::{self, Bound, identifier};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "accounts",
        "Accounts of a bank's customers, with balances that agree with the transactions.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all accounts of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
            FRAUD_RATE,
        ],
    ),
    row: "account",
    fan_out: FanOut::Mean(2.4),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// Accounts under an IBAN of Luxembourg: 13 free digits, more than there are accounts.
const IBANS: u64 = 10_000_000_000_000;

/// The numbers of accounts.
pub(crate) struct Numbers {
    iban: Bound,
    iban_of: Permutation,
    routing: Bound,
    number: UniqueNumbers,
}

impl Numbers {
    /// Those of a seed.
    pub(crate) fn new(seed: u64) -> Result<Self> {
        Ok(Self {
            iban: generator::find("iban")?.bind(&[("country", "LU")])?,
            iban_of: Permutation::new(IBANS, Stream::new(seed, "accounts", "iban")),
            routing: generator::find("aba_routing_number")?.bind(&[])?,
            number: UniqueNumbers::new(10, Stream::new(seed, "accounts", "account_number")),
        })
    }

    /// Writes the IBAN of an account.
    pub(crate) fn write_iban(&self, account_id: i64, out: &mut dyn Write) -> std::fmt::Result {
        let index = self.iban_of.apply(account_id.unsigned_abs() - 1);
        self.iban.nth(index, out)
    }
}

struct World {
    bank: Bank,
    numbers: Numbers,
}

struct Row {
    profile: Profile,
    account: u8,
    opening: i64,
    balance: i64,
    opened: i32,
}

const BALANCE: u32 = 1;

fn rows(world: &World, unit: u64, needs: u32, out: &mut Vec<Row>) {
    let bank = &world.bank;
    let profile = Profile::of(bank, unit);
    let (opening, now) = if needs & BALANCE == 0 {
        ([0; 3], [0; 3])
    } else {
        let mut ledger = Ledger::new(bank, &profile);
        (ledger.opening().balances, ledger.now().balances)
    };
    for account in [CHECKING, SAVINGS, CREDIT] {
        let exists = match account {
            SAVINGS => profile.has_savings,
            CREDIT => profile.has_credit,
            _ => true,
        };
        if exists {
            out.push(Row {
                profile,
                account,
                opening: opening[usize::from(account)],
                balance: now[usize::from(account)],
                opened: opened(bank, &profile, account),
            });
        }
    }
}

/// When an account was opened: the checking account on the first day, the others before the first
/// transaction.
pub(super) fn opened(bank: &Bank, profile: &Profile, account: u8) -> i32 {
    if account == CHECKING {
        return profile.since;
    }
    let first = bank.months.of(profile.first_month).start.min(bank.as_of);
    let days = (first - profile.since).max(1);
    (profile.since + days_below(profile.draw(70 + u64::from(account)), days)).min(bank.as_of)
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let world = World {
        bank: Bank::new(TABLE.entry.name, options)?,
        numbers: Numbers::new(options.seed)?,
    };
    Ok(Linked::new(
        "accounts",
        TABLE.entry.summary,
        world,
        columns(),
        TABLE.fan_out,
        rows,
    )
    .up_to(LAST_UNIT)
    .primary_key(&["account_id"])
    .unique(&["account_number"])
    .unique(&["iban"])
    .references(&["customer_id"], "customers", &["customer_id"])
    .index(&["customer_id"]))
}

fn columns() -> Vec<Column<World, Row>> {
    vec![
        Column::big_int("account_id", "Key", |_, row: &Row| {
            Some(account_id(row.profile.unit, row.account))
        }),
        Column::big_int("customer_id", "Whose it is", |_, row: &Row| {
            Some(customer_id(row.profile.unit))
        }),
        Column::word("account_type", "checking, savings or credit", |_, row: &Row| {
            Some(match row.account {
                SAVINGS => "savings",
                CREDIT => "credit",
                _ => "checking",
            })
        }),
        Column::text(
            "routing_number",
            "US routing number of the branch network, prefix never assigned, right check digit",
            |world: &World, row: &Row, out| {
                let draw = world.bank.streams.account.draw(row.profile.block);
                world.numbers.routing.write(draw, out).map(|()| true)
            },
        ),
        Column::text("account_number", "Account number, unique", |world: &World, row: &Row, out| {
            let id = account_id(row.profile.unit, row.account).unsigned_abs();
            let (number, digits) = world.numbers.number.at(id);
            identifier::write_padded(number, digits, out).map(|()| true)
        }),
        Column::text(
            "iban",
            "IBAN for payments from abroad, at a bank code that is not assigned, unique",
            |world: &World, row: &Row, out| {
                let id = account_id(row.profile.unit, row.account);
                world.numbers.write_iban(id, out).map(|()| true)
            },
        ),
        Column::word("currency", "Currency (ISO 4217)", |_, _| Some("USD")),
        Column::word(
            "status",
            "open, restricted for 30 days after fraud was noticed, or closed",
            |world: &World, row: &Row| {
                if row.profile.closed_on(&world.bank).is_some() {
                    return Some("closed");
                }
                let restricted = super::fraud::Episode::both(&world.bank, &row.profile)
                    .iter()
                    .flatten()
                    .any(|episode| {
                        episode.account == row.account
                            && (episode.detected..episode.detected + 30).contains(&world.bank.as_of)
                    });
                Some(if restricted { "restricted" } else { "open" })
            },
        ),
        Column::date("opened_on", "Date of opening", |_, row: &Row| Some(row.opened)),
        Column::date(
            "closed_on",
            "Date of closing: no transactions after it, and a balance of 0",
            |world: &World, row: &Row| row.profile.closed_on(&world.bank),
        )
        .nullable(),
        Column::money("credit_limit", "Credit limit of credit accounts, US dollars", |_, row: &Row| {
            (row.account == CREDIT).then(|| row.profile.credit_limit())
        })
        .nullable(),
        Column::decimal("interest_rate", 4, "Yearly interest rate in percent", |_, row: &Row| {
            Some(match row.account {
                SAVINGS => row.profile.savings_rate() * 100,
                CREDIT => row.profile.credit_rate() * 100,
                _ => 0,
            })
        }),
        Column::money(
            "opening_balance",
            "Balance before the first transaction of the history, US dollars; negative is owed",
            |_, row: &Row| Some(row.opening),
        )
        .needs(BALANCE),
        Column::money(
            "balance",
            "Balance at as_of, US dollars: the opening balance and all transactions; negative is owed",
            |_, row: &Row| Some(row.balance),
        )
        .needs(BALANCE),
    ]
}
