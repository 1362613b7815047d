//! Subscribers of a mobile network: who they are, their numbers, their plan, from when to when.

use std::sync::Arc;

use super::network::{LAST_SUBSCRIBER, NUMBERS, Network, Subscriber};
use crate::domain::linked::{Column, Linked};
use crate::domain::resident::{Resident, facts};
use crate::domain::{
    AS_OF, FanOut, ROWS, SEED, START, Table, TableEntry, TableOptions, table_entry, units_of_root,
};
use crate::entropy::{Permutation, Stream};
use crate::generator::device::luhn_number;
use crate::generator::identifier::write_padded;
use crate::registry::Entry;
use std::fmt::Write;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "subscribers",
    "Subscribers of a mobile network: identity, numbers, plan, status.",
    &[ROWS, SEED, START, AS_OF],
);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "subscriber",
    fan_out: FanOut::One,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// Needs the plan and the days.
const CONTRACT: u32 = facts::FREE;

/// The network, and the numbers of telephones.
struct World {
    network: Network,
    imei: Permutation,
}

struct Row {
    person: Resident,
    contract: Subscriber,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    let world = World {
        network: Network::new(options),
        imei: Permutation::new(100 * NUMBERS, Stream::new(options.seed, ENTRY.name, "imei")),
    };
    Linked::new(
        ENTRY.name,
        ENTRY.summary,
        world,
        columns(),
        FanOut::One,
        |world, unit, needs, out| {
            let contract = if needs & CONTRACT == 0 {
                Subscriber {
                    unit,
                    plan: 0,
                    activated_on: 0,
                    churned_on: None,
                    level: 0,
                }
            } else {
                world.network.subscriber(unit)
            };
            let person = world.network.people.adult(unit, needs);
            out.push(Row { person, contract });
        },
    )
    .up_to(LAST_SUBSCRIBER)
    .primary_key(&["subscriber_id"])
    .references(&["plan_id"], "plans", &["plan_id"])
    .unique(&["msisdn"])
    .unique(&["imsi"])
    .unique(&["imei"])
    .unique(&["email"])
    .index(&["plan_id"])
    .index(&["last_name", "first_name"])
}

type C = Column<World, Row>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("subscriber_id", "Key", |_, r| {
            Some((r.contract.unit + 1).cast_signed())
        }),
        C::big_int("plan_id", "The plan", |_, r| Some(r.contract.plan_key())).needs(CONTRACT),
        C::word("first_name", "First name", |_, r| Some(r.person.first_name)).needs(facts::NAME),
        C::word("last_name", "Last name", |_, r| Some(r.person.last_name)).needs(facts::NAME),
        C::date(
            "birth_date",
            "Date of birth, at least 18 years before as_of",
            |_, r| Some(r.person.birth_date),
        )
        .needs(facts::BIRTH),
        C::text(
            "email",
            "E-mail under a reserved domain, unique",
            |w, r, out| {
                let people = &w.network.people;
                people
                    .write_email(r.contract.unit, &r.person, out)
                    .map(|()| true)
            },
        )
        .needs(facts::NAME),
        C::text("street_address", "House number and street", |w, r, out| {
            w.network
                .people
                .write_street(r.contract.unit, out)
                .map(|()| true)
        }),
        C::word("city", "City", |_, r| Some(r.person.place.city)).needs(facts::PLACE),
        C::word("state", "Two-letter state code", |_, r| {
            Some(r.person.place.state)
        })
        .needs(facts::PLACE),
        C::word("zip", "ZIP code of the city", |_, r| {
            Some(r.person.place.zip)
        })
        .needs(facts::PLACE),
        C::text(
            "msisdn",
            "Telephone number under country code 999, which ITU-T keeps in reserve; unique",
            |w, r, out| w.network.write_msisdn(r.contract.unit, out).map(|()| true),
        ),
        C::text(
            "imsi",
            "Number of the SIM card in test network 001-01 (ITU-T E.212), unique",
            |w, r, out| {
                out.write_str("00101")?;
                write_padded(w.network.imsi(r.contract.unit), 10, out).map(|()| true)
            },
        ),
        C::text(
            "imei",
            "Number of the telephone, starting with 00 as test telephones do, with its Luhn digit; unique",
            |w, r, out| luhn_number::<15>(b"00", w.imei.apply(r.contract.unit), out).map(|()| true),
        ),
        C::date(
            "activated_on",
            "Since when, in the last four years",
            |_, r| Some(r.contract.activated_on),
        )
        .needs(CONTRACT),
        C::word("status", "active or churned, at as_of", |_, r| {
            Some(r.contract.churned_on.map_or("active", |_| "churned"))
        })
        .needs(CONTRACT),
        C::date("churned_on", "The last day, if that is over", |_, r| {
            r.contract.churned_on
        })
        .nullable()
        .needs(CONTRACT),
    ]
}
