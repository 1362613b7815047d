//! Plans of a mobile network, 16 for each 4,096 subscribers: what a month costs and includes.

use std::fmt::Write;
use std::sync::Arc;

use super::network::{BLOCK, LAST_SUBSCRIBER, PLAN_LIST, PLANS, Plan};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below};
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "plans",
    "Plans of a mobile network: monthly fee, allowances, prices beyond them.",
    &[
        units(
            "subscribers",
            "How many subscribers, 0 or more: the plans of exactly those, 16 for each 4,096.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
const FAN_OUT: FanOut = FanOut::Mean(PLANS as f64 / BLOCK as f64);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "plan",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// A plan of a list.
struct Row {
    number: u64,
    index: usize,
}

impl Row {
    fn plan(&self) -> &'static Plan {
        &PLAN_LIST[self.index]
    }
}

/// The draw of the days from which plans are offered, and the last day.
struct World {
    offered: Stream,
    as_of: i32,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    let world = World {
        offered: Stream::new(options.seed, ENTRY.name, "offered_from"),
        as_of: options.as_of,
    };
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        world,
        columns(),
        FAN_OUT,
        |_, unit, _, out| {
            let first = unit / BLOCK * PLANS;
            out.extend((0..PLAN_LIST.len()).map(|index| Row {
                number: first + index as u64,
                index,
            }));
        },
    )
    .only(|_, unit| first_of_block::<BLOCK>(unit))
    .up_to(LAST_SUBSCRIBER)
    .primary_key(&["plan_id"])
    .unique(&["code"])
}

type C = Column<World, Row>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("plan_id", "Key", |_, r| Some((r.number + 1).cast_signed())),
        C::text("code", "Code of the plan, unique", |_, r, out| {
            out.write_str(if r.plan().prepaid { "PRE-" } else { "PST-" })?;
            write_padded(r.number + 1, 5, out).map(|()| true)
        }),
        C::word("name", "Name", |_, r| Some(r.plan().name)),
        C::word("kind", "prepaid or postpaid", |_, r| {
            Some(if r.plan().prepaid {
                "prepaid"
            } else {
                "postpaid"
            })
        }),
        C::money(
            "monthly_fee",
            "For a month, in US dollars, without tax",
            |_, r| Some(r.plan().fee),
        ),
        C::integer(
            "included_minutes",
            "Minutes of outgoing calls a month; NULL: without limit",
            |_, r| r.plan().minutes.and_then(|limit| i32::try_from(limit).ok()),
        )
        .nullable(),
        C::integer(
            "included_messages",
            "Messages sent a month; NULL: without limit",
            |_, r| {
                r.plan()
                    .messages
                    .and_then(|limit| i32::try_from(limit).ok())
            },
        )
        .nullable(),
        C::integer(
            "included_megabytes",
            "Data a month in megabytes (10^6 bytes); NULL: without limit",
            |_, r| {
                r.plan()
                    .megabytes
                    .and_then(|limit| i32::try_from(limit).ok())
            },
        )
        .nullable(),
        C::money(
            "minute_price",
            "Of a further begun minute, in US dollars",
            |_, r| Some(r.plan().rates[0]),
        ),
        C::money(
            "message_price",
            "Of a further message, in US dollars",
            |_, r| Some(r.plan().rates[1]),
        ),
        C::money(
            "megabyte_price",
            "Of a further begun megabyte, in US dollars",
            |_, r| Some(r.plan().rates[2]),
        ),
        C::date("offered_from", "Since when it can be had", |w, r| {
            // Before the first subscriber, who came four years before as_of at most.
            let earlier = below(w.offered.draw(r.number), 1_500);
            Some(w.as_of - 1_500 - i32::try_from(earlier).unwrap_or(0))
        }),
    ]
}
