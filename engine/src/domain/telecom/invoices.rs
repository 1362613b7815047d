//! Invoices: one a subscriber and complete month, the plan's fee and the sum of the charges on the month's
//! call records.

use std::sync::Arc;

use super::network::{LAST_SUBSCRIBER, MONTHS};
use super::usage::Usage;
use crate::domain::linked::{Column, Linked};
use crate::domain::tax::sales_tax;
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "invoices",
    "Monthly invoices of subscribers: fee, usage, tax, total, payment.",
    &[
        units(
            "subscribers",
            "How many subscribers, 0 or more: all invoices of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(2.3);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "invoice",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Days from the invoice to the day when it has to be paid.
const DAYS_TO_PAY: i32 = 21;

/// Needs the charges of the month.
const USAGE: u32 = 1;
/// Needs the rate of tax.
const TAX: u32 = 2;

struct World {
    usage: Usage,
    payment: Stream,
}

struct Invoice {
    unit: u64,
    month: usize,
    from: i32,
    to: i32,
    issued_on: i32,
    due_on: i32,
    paid_on: Option<i32>,
    fee: i64,
    usage: i64,
    /// In thousandths of a percent.
    tax_rate: i64,
}

impl Invoice {
    fn tax(&self) -> i64 {
        ((self.fee + self.usage) * self.tax_rate + 50_000) / 100_000
    }
}

fn build(options: &TableOptions) -> impl Table + use<> {
    let world = World {
        usage: Usage::new(options),
        payment: Stream::new(options.seed, ENTRY.name, "paid_on"),
    };
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        world,
        columns(),
        FAN_OUT,
        World::invoices,
    )
    .up_to(LAST_SUBSCRIBER)
    .primary_key(&["invoice_id"])
    .references(&["subscriber_id"], "subscribers", &["subscriber_id"])
    .unique(&["subscriber_id", "period_start"])
    .index(&["due_on"])
}

impl World {
    fn invoices(&self, unit: u64, needs: u32, out: &mut Vec<Invoice>) {
        let network = &self.usage.network;
        let subscriber = network.subscriber(unit);
        let tax_rate = if needs & TAX == 0 {
            0
        } else {
            sales_tax(network.people.place(unit))
        };
        for (index, month) in network.months.iter().enumerate() {
            let Some((from, to)) = subscriber.days_in(month, network.as_of) else {
                continue;
            };
            if !month.complete {
                continue;
            }
            let plan = subscriber.plan();
            let (days, whole) = (
                i64::from(to - from + 1),
                i64::from(month.last - month.first + 1),
            );
            let issued_on = month.last + 1;
            let due_on = if plan.prepaid {
                issued_on
            } else {
                issued_on + DAYS_TO_PAY
            };
            let paid_on = if plan.prepaid {
                issued_on
            } else {
                issued_on + self.days_until_payment(unit, index)
            };
            out.push(Invoice {
                unit,
                month: index,
                from,
                to,
                issued_on,
                due_on,
                paid_on: (paid_on <= network.as_of).then_some(paid_on),
                fee: (plan.fee * days + whole / 2) / whole,
                usage: if needs & USAGE == 0 {
                    0
                } else {
                    self.usage.charge(&subscriber, index)
                },
                tax_rate,
            });
        }
    }

    /// Most let the network take the money at once, some pay when it is due, few are late (estimate).
    fn days_until_payment(&self, unit: u64, month: usize) -> i32 {
        let habit = below(self.payment.draw(unit), 100);
        let entropy = self.payment.draw(!(unit * MONTHS as u64 + month as u64));
        let late = below(entropy, 100) < if habit < 90 { 2 } else { 40 };
        let days = match (late, habit) {
            (true, _) => 22 + below(remix(entropy), 45),
            (false, 0..62) => 2,
            _ => 8 + below(remix(entropy), 14),
        };
        i32::try_from(days).unwrap_or(0)
    }
}

type C = Column<World, Invoice>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("invoice_id", "Key", |_, i| {
            Some((i.unit * MONTHS as u64 + i.month as u64 + 1).cast_signed())
        }),
        C::big_int("subscriber_id", "Whose", |_, i| {
            Some((i.unit + 1).cast_signed())
        }),
        C::date(
            "period_start",
            "First day of the month on which the subscriber was there",
            |_, i| Some(i.from),
        ),
        C::date(
            "period_end",
            "Last day of the month on which the subscriber was there",
            |_, i| Some(i.to),
        ),
        C::date("issued_on", "The first day of the month after", |_, i| {
            Some(i.issued_on)
        }),
        C::date(
            "due_on",
            "When it has to be paid: at once if prepaid, else in 21 days",
            |_, i| Some(i.due_on),
        ),
        C::date("paid_on", "When it was paid", |_, i| i.paid_on).nullable(),
        C::word("status", "paid, open or overdue, at as_of", |w, i| {
            Some(match i.paid_on {
                Some(_) => "paid",
                None if i.due_on < w.usage.network.as_of => "overdue",
                None => "open",
            })
        }),
        C::money(
            "plan_fee",
            "The plan's fee for the days of the period, in US dollars",
            |_, i| Some(i.fee),
        ),
        C::money(
            "usage_charge",
            "Sum of the charges on the month's call records, in US dollars",
            |_, i| Some(i.usage),
        )
        .needs(USAGE),
        C::money(
            "tax",
            "Sales tax of the subscriber's state on both, in US dollars",
            |_, i| Some(i.tax()),
        )
        .needs(USAGE | TAX),
        C::money("total", "Fee, usage and tax, in US dollars", |_, i| {
            Some(i.fee + i.usage + i.tax())
        })
        .needs(USAGE | TAX),
    ]
}
