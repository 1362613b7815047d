//! Call records: each call, message and data session of the last months, with what it costs.

use std::fmt::Write;
use std::sync::Arc;

use super::network::{LAST_SUBSCRIBER, write_number};
use super::usage::{Kind, Party, Record, Usage};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "call_records",
    "Calls, messages and data sessions of the last three months and the current one.",
    &[
        units(
            "subscribers",
            "How many subscribers, 0 or more: all call records of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(240.0);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "call_record",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

fn build(options: &TableOptions) -> impl Table + use<> {
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Usage::new(options),
        columns(),
        FAN_OUT,
        |usage, unit, _, out| {
            let subscriber = usage.network.subscriber(unit);
            for month in 0..usage.network.months.len() {
                usage.month(&subscriber, month, out);
            }
        },
    )
    .up_to(LAST_SUBSCRIBER)
    .primary_key(&["call_record_id"])
    .references(&["subscriber_id"], "subscribers", &["subscriber_id"])
    .index(&["subscriber_id", "started_at"])
    .index(&["cell"])
}

type C = Column<Usage, Record>;

fn columns() -> Vec<C> {
    vec![
        C::big_int(
            "call_record_id",
            "Key; rises with time for a subscriber",
            |_, r| Some(r.key),
        ),
        C::big_int("subscriber_id", "Whose", |_, r| {
            Some((r.unit + 1).cast_signed())
        }),
        C::word("kind", "voice, sms or data", |_, r| Some(r.kind.word())),
        C::word(
            "direction",
            "outgoing or incoming; NULL for data",
            |_, r| {
                (r.kind != Kind::Data).then_some(if r.outgoing { "outgoing" } else { "incoming" })
            },
        )
        .nullable(),
        C::text(
            "other_party",
            "The number at the other end, now and then a subscriber of this network; NULL for data",
            |u, r, out| {
                if r.kind == Kind::Data {
                    return Ok(false);
                }
                match u.party(r) {
                    Party::Subscriber(unit) => u.network.write_msisdn(unit, out)?,
                    Party::Other(number) => write_number(number, out)?,
                }
                Ok(true)
            },
        )
        .nullable(),
        C::instant("started_at", "When it began", |_, r| Some(r.started_at)),
        C::integer(
            "duration_s",
            "How long it took, in seconds; 0 for messages",
            |_, r| i32::try_from(r.seconds).ok(),
        ),
        C::big_int(
            "bytes",
            "Data in both directions, in bytes; 0 for calls and messages",
            |_, r| Some(r.bytes),
        ),
        C::text(
            "cell",
            "The radio cell: network code (test networks), area (the ZIP code where it stands), number",
            |u, r, out| {
                let (place, number) = u.cell(r);
                out.write_str(if r.roaming { "001-02-" } else { "001-01-" })?;
                out.write_str(place.zip)?;
                out.write_str("-")?;
                write_padded(number, 3, out).map(|()| true)
            },
        ),
        C::boolean(
            "roaming",
            "Whether it went over a foreign network",
            |_, r| Some(r.roaming),
        ),
        C::money(
            "charge",
            "What is charged beyond the plan's allowance, in US dollars, without tax",
            |_, r| Some(r.charge),
        ),
    ]
}
