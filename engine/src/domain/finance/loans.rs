//! Loans: mortgages, auto, personal and student loans, with what is owed and how far payments are behind.

use std::sync::Arc;

use super::bank::{Bank, customer_id, loan_id};
use super::lending::{KINDS, Loan, delinquency};
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
        "loans",
        "Loans of a bank's customers: principal, rate by score and year, delinquency.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all loans of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "loan",
    fan_out: FanOut::Mean(1.2),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Row {
    unit: u64,
    loan: Loan,
    /// The last payment that was due.
    last: i32,
    outstanding: i64,
}

const OUTSTANDING: u32 = 1;

fn rows(bank: &Bank, unit: u64, needs: u32, out: &mut Vec<Row>) {
    let profile = Profile::of(bank, unit);
    for kind in KINDS {
        let Some(loan) = Loan::of(bank, &profile, kind) else {
            continue;
        };
        let last = loan.due_by(bank.as_of);
        let outstanding = if needs & OUTSTANDING == 0 {
            0
        } else {
            loan.owed_after(loan.paid_before(bank.as_of, last))
        };
        out.push(Row {
            unit,
            loan,
            last,
            outstanding,
        });
    }
}

fn status(bank: &Bank, row: &Row) -> &'static str {
    let paid = |number| row.loan.paid(number).is_some_and(|day| day < bank.as_of);
    if row.last == row.loan.term && paid(row.last) {
        return "paid_off";
    }
    delinquency(row.loan.missed_after(row.last, bank.as_of))
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("loans", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .up_to(LAST_UNIT)
            .primary_key(&["loan_id"])
            .references(&["customer_id"], "customers", &["customer_id"])
            .index(&["customer_id"]),
    )
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("loan_id", "Key", |_, row: &Row| {
            Some(loan_id(row.unit, row.loan.kind as u8))
        }),
        Column::big_int("customer_id", "Borrower", |_, row: &Row| {
            Some(customer_id(row.unit))
        }),
        Column::word(
            "loan_type",
            "mortgage, auto, personal or student",
            |_, row: &Row| Some(row.loan.kind.name()),
        ),
        Column::money("principal", "What was lent, US dollars", |_, row: &Row| {
            Some(row.loan.principal)
        }),
        Column::decimal(
            "interest_rate",
            4,
            "Yearly interest rate in percent",
            |_, row: &Row| Some(row.loan.rate * 10),
        ),
        Column::small_int(
            "term_months",
            "Number of monthly payments",
            |_, row: &Row| i16::try_from(row.loan.term).ok(),
        ),
        Column::money(
            "monthly_payment",
            "The level payment, US dollars",
            |_, row: &Row| Some(row.loan.payment),
        ),
        Column::date("originated_on", "When it was paid out", |_, row: &Row| {
            Some(row.loan.originated)
        }),
        Column::date(
            "first_due_on",
            "When the first payment is due",
            |_, row: &Row| Some(row.loan.due(1)),
        ),
        Column::date(
            "matures_on",
            "When the last payment is due",
            |_, row: &Row| Some(row.loan.due(row.loan.term)),
        ),
        Column::money(
            "outstanding_principal",
            "The principal less what has been paid of it by as_of, US dollars",
            |_, row: &Row| Some(row.outstanding),
        )
        .needs(OUTSTANDING),
        Column::word(
            "status",
            "current, 30_days, 60_days, 90_days, default or paid_off",
            |bank: &Bank, row: &Row| Some(status(bank, row)),
        ),
    ]
}
