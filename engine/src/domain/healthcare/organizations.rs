//! Organizations: the hospitals and clinics of a block of patients, in every state.

use std::fmt::Write;
use std::sync::Arc;

use super::life::{BLOCK, LAST_PATIENT, World};
use super::sites::{ORGANIZATIONS, SITES, place_in};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::error::Result;
use crate::generator::address::{self, Place};
use crate::generator::{contact, name};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "organizations",
        "Hospitals and clinics: 128 with each first patient of 4,096, in every state.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: the organizations of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "organization",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// 128 in 4,096.
const FAN_OUT: FanOut = FanOut::Mean(0.031_25);

struct Organizations {
    world: World,
    draw: Stream,
}

struct Row {
    block: u64,
    slot: u16,
    entropy: u64,
    place: &'static Place,
}

impl Row {
    fn hospital(&self) -> bool {
        SITES.organizations[usize::from(self.slot)].hospital
    }
}

const HOSPITALS: [&str; 4] = [
    " Memorial Hospital",
    " Medical Center",
    " Regional Hospital",
    " Community Hospital",
];
const CLINICS: [&str; 4] = [
    " Family Clinic",
    " Medical Group",
    " Health Center",
    " Physician Associates",
];

fn table(options: &TableOptions) -> Result<Linked<Organizations, Row>> {
    let world = World::new(options)?;
    let draw = world.stream("organizations", "name");
    let columns = vec![
        Column::uuid("organization_id", "Key", |o: &Organizations, r: &Row| {
            Some(o.world.organization_id(r.block, r.slot))
        }),
        Column::text("name", "Name, made of a surname", |_, r, out| {
            out.write_str(name::last_name(r.entropy))?;
            let kinds = if r.hospital() { HOSPITALS } else { CLINICS };
            let kind = below(remix(r.entropy), kinds.len() as u64);
            out.write_str(kinds[usize::try_from(kind).unwrap_or(0)])?;
            Ok(true)
        }),
        Column::word("type", "Hospital or Clinic", |_, r| {
            Some(if r.hospital() { "Hospital" } else { "Clinic" })
        }),
        Column::integer("beds", "Licensed beds; NULL for clinics", |_, r: &Row| {
            // Most hospitals are small: 25 to 625, a quarter above 190.
            let part = below(remix(r.entropy ^ 2), 101);
            let beds = 25 + 6 * part * part / 100;
            r.hospital().then_some(i32::try_from(beds).unwrap_or(25))
        })
        .nullable(),
        Column::text("street_address", "House number and street", |_, r, out| {
            address::street_address(remix(r.entropy ^ 3), out).map(|()| true)
        }),
        Column::word("city", "City", |_, r| Some(r.place.city)),
        Column::word("state", "Two-letter state code", |_, r| Some(r.place.state)),
        Column::word("zip", "ZIP code of the city", |_, r| Some(r.place.zip)),
        Column::text(
            "phone",
            "Telephone: an area code of the city, fictitious exchange",
            |_, r, out| {
                let entropy = remix(r.entropy ^ 4);
                contact::write_phone(r.place.area_code(entropy), remix(entropy), out).map(|()| true)
            },
        ),
    ];
    let summary = TABLE.entry.summary;
    let world = Organizations { world, draw };
    Ok(
        Linked::new("organizations", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .only(|_, unit| first_of_block::<BLOCK>(unit))
            .primary_key(&["organization_id"])
            .index(&["state"]),
    )
}

fn rows(o: &Organizations, unit: u64, _: u32, out: &mut Vec<Row>) {
    let block = unit / BLOCK;
    out.extend((0_u16..).zip(&SITES.organizations).map(|(slot, site)| {
        let entropy = o.draw.draw(block * ORGANIZATIONS + u64::from(slot));
        Row {
            block,
            slot,
            entropy,
            place: place_in(site.state, remix(entropy ^ 1)),
        }
    }));
}
