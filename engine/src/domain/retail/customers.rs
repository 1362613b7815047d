//! Customers of a shop: who they are, where they live, since when they are known.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let customers = table("retail_customers", &TableOptions { seed: 42, ..Default::default() })?;
//! assert_eq!(customers.spec().name, "customers");
//! assert_eq!(customers.batch(0..3)?.num_rows(), 3);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::shop::{LAST_CUSTOMER, Shop};
use crate::domain::linked::{Column, Linked};
use crate::domain::resident::{Resident, facts};
use crate::domain::{
    AS_OF, FanOut, ROWS, SEED, START, Table, TableEntry, TableOptions, table_entry, units_of_root,
};
use crate::entropy::Stream;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "retail_customers",
    "Customers of a shop: identity, address, since when they are known.",
    &[ROWS, SEED, START, AS_OF],
);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "retail_customer",
    fan_out: FanOut::One,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options))),
};

/// The shop, and a draw of the table's own.
struct World {
    shop: Shop,
    consent: Stream,
}

struct Customer {
    unit: u64,
    person: Resident,
}

fn build(options: &TableOptions) -> impl Table + use<> {
    let world = World {
        shop: Shop::new(options),
        consent: Stream::new(options.seed, ENTRY.name, "marketing_consent"),
    };
    Linked::new(
        "customers",
        ENTRY.summary,
        world,
        columns(),
        FanOut::One,
        |world, unit, needs, out| {
            let person = world.shop.people.adult(unit, needs);
            out.push(Customer { unit, person });
        },
    )
    .up_to(LAST_CUSTOMER)
    .primary_key(&["customer_id"])
    .unique(&["email"])
    .index(&["last_name", "first_name"])
}

type C = Column<World, Customer>;

fn columns() -> Vec<C> {
    vec![
        C::big_int("customer_id", "Key", |_, c| {
            Some((c.unit + 1).cast_signed())
        }),
        C::word("first_name", "First name", |_, c| Some(c.person.first_name)).needs(facts::NAME),
        C::word("last_name", "Last name", |_, c| Some(c.person.last_name)).needs(facts::NAME),
        C::text(
            "email",
            "E-mail under a reserved domain, unique",
            |w, c, out| {
                w.shop
                    .people
                    .write_email(c.unit, &c.person, out)
                    .map(|()| true)
            },
        )
        .needs(facts::NAME),
        C::text(
            "phone",
            "Telephone: an area code of the city, fictitious exchange",
            |w, c, out| {
                w.shop
                    .people
                    .write_phone(c.unit, c.person.place, out)
                    .map(|()| true)
            },
        )
        .needs(facts::PLACE),
        C::date(
            "birth_date",
            "Date of birth, at least 18 years before as_of",
            |_, c| Some(c.person.birth_date),
        )
        .needs(facts::BIRTH),
        C::text("street_address", "House number and street", |w, c, out| {
            w.shop.people.write_street(c.unit, out).map(|()| true)
        }),
        C::word("city", "City", |_, c| Some(c.person.place.city)).needs(facts::PLACE),
        C::word("state", "Two-letter state code", |_, c| {
            Some(c.person.place.state)
        })
        .needs(facts::PLACE),
        C::word("zip", "ZIP code of the city", |_, c| {
            Some(c.person.place.zip)
        })
        .needs(facts::PLACE),
        C::instant(
            "registered_at",
            "When the customer registered, in the last five years",
            |w, c| Some(w.shop.registered_at(c.unit)),
        ),
        C::word(
            "tier",
            "standard, silver or gold, by how often the customer orders",
            |w, c| Some(w.shop.tier(c.unit)),
        ),
        C::boolean(
            "marketing_consent",
            "Whether the customer may be sent advertisements",
            |w, c| {
                // 5 of 8 (estimate).
                Some(w.consent.draw(c.unit) & 7 < 5)
            },
        ),
    ]
}
