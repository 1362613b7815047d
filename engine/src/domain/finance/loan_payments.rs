//! Payments of loans: the amortisation schedule up to `as_of`, and whether and when each was paid.
//!
//! The principal parts of all payments of a loan add up to its principal; those so far and the balance
//! that remains do so too. A loan in default has no payments after the one with which it was charged off.

use std::sync::Arc;

use super::bank::{Bank, loan_id};
use super::lending::{KINDS, Loan, Payment, delinquency};
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
        "loan_payments",
        "Payments that have fallen due on loans: amortisation, dates, delinquency.",
        &[
            units(
                "customers",
                "How many customers, 0 or more: all payments on loans of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "loan_payment",
    fan_out: FanOut::Mean(50.0),
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

struct Row {
    unit: u64,
    loan: Loan,
    payment: Payment,
    due: i32,
    paid: Option<i32>,
}

fn rows(bank: &Bank, unit: u64, _: u32, out: &mut Vec<Row>) {
    let profile = Profile::of(bank, unit);
    for kind in KINDS {
        let Some(loan) = Loan::of(bank, &profile, kind) else {
            continue;
        };
        let last = loan.due_by(bank.as_of);
        for payment in loan.schedule().take(usize::try_from(last).unwrap_or(0)) {
            out.push(Row {
                unit,
                loan,
                due: loan.due(payment.number),
                payment,
                paid: loan.paid(payment.number).filter(|day| *day < bank.as_of),
            });
        }
    }
}

fn table(options: &TableOptions) -> Result<impl Table + use<>> {
    let bank = Bank::new(TABLE.entry.name, options)?;
    let (name, summary) = ("loan_payments", TABLE.entry.summary);
    Ok(
        Linked::new(name, summary, bank, columns(), TABLE.fan_out, rows)
            .up_to(LAST_UNIT)
            .primary_key(&["loan_payment_id"])
            .references(&["loan_id"], "loans", &["loan_id"])
            .index(&["loan_id", "due_on"]),
    )
}

fn status(bank: &Bank, row: &Row) -> &'static str {
    match row.paid {
        Some(paid) if paid > row.due + 15 => "paid_late",
        Some(_) => "paid",
        None if row.due + 15 < bank.as_of => "missed",
        None => "due",
    }
}

fn columns() -> Vec<Column<Bank, Row>> {
    vec![
        Column::big_int("loan_payment_id", "Key", |_, row: &Row| {
            // Up to 360 payments for each of four loans.
            let number = u64::from(row.payment.number.unsigned_abs());
            Some((row.unit * 4096 + row.loan.kind as u64 * 512 + number + 1).cast_signed())
        }),
        Column::big_int("loan_id", "Loan", |_, row: &Row| {
            Some(loan_id(row.unit, row.loan.kind as u8))
        }),
        Column::small_int("number", "Number of the payment, from 1", |_, row: &Row| {
            i16::try_from(row.payment.number).ok()
        }),
        Column::date("due_on", "When it was due", |_, row: &Row| Some(row.due)),
        Column::date("paid_on", "When it was paid", |_, row: &Row| row.paid).nullable(),
        Column::money(
            "scheduled_payment",
            "What was due: principal and interest, US dollars",
            |_, row: &Row| Some(row.payment.principal + row.payment.interest),
        ),
        Column::money(
            "principal",
            "The part that pays the loan back, US dollars",
            |_, row: &Row| Some(row.payment.principal),
        ),
        Column::money(
            "interest",
            "The part that is interest, US dollars",
            |_, row: &Row| Some(row.payment.interest),
        ),
        Column::money(
            "remaining_balance",
            "What the schedule leaves to be paid back after it, US dollars",
            |_, row: &Row| Some(row.payment.balance),
        ),
        Column::integer(
            "days_past_due",
            "Days from due date to payment, or to as_of where it is unpaid; 0 if none",
            |bank: &Bank, row: &Row| Some((row.paid.unwrap_or(bank.as_of) - row.due).max(0)),
        ),
        Column::word(
            "status",
            "paid, paid_late, missed or due",
            |bank: &Bank, row: &Row| Some(status(bank, row)),
        ),
        Column::word(
            "delinquency",
            "State of the loan before the next due date: current, 30_days, 60_days, 90_days or default",
            |bank: &Bank, row: &Row| {
                Some(delinquency(
                    row.loan.missed_after(row.payment.number, bank.as_of),
                ))
            },
        ),
    ]
}
