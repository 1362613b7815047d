//! Providers: the clinicians of a block of patients, in every state.

use std::sync::Arc;

use super::life::{BLOCK, LAST_PATIENT, World};
use super::sites::{PROVIDERS, Provider, SITES};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::error::Result;
use crate::generator::contact;
use crate::generator::data::US_STATES;
use crate::generator::name::{self, Sex};

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "providers",
        "Clinicians: 256 with each first patient of 4,096, in every state.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: the providers of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "provider",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

/// 256 in 4,096.
const FAN_OUT: FanOut = FanOut::Mean(0.062_5);

struct Providers {
    world: World,
    draw: Stream,
}

struct Row {
    block: u64,
    slot: u16,
    entropy: u64,
    site: &'static Provider,
    sex: Sex,
    first_name: &'static str,
    last_name: &'static str,
}

fn table(options: &TableOptions) -> Result<Linked<Providers, Row>> {
    let world = World::new(options)?;
    let draw = world.stream("providers", "name");
    let columns = vec![
        Column::uuid("provider_id", "Key", |p: &Providers, r: &Row| {
            Some(p.world.provider_id(r.block, r.slot))
        }),
        Column::text(
            "npi",
            "National Provider Identifier, unique, series never assigned",
            |p, r, out| {
                p.world
                    .patients
                    .write_npi(r.block, r.slot, out)
                    .map(|()| true)
            },
        ),
        Column::uuid("organization_id", "Where the provider works", |p, r| {
            Some(p.world.organization_id(r.block, r.site.organization))
        }),
        Column::word("first_name", "First name", |_, r| Some(r.first_name)),
        Column::word("last_name", "Last name", |_, r| Some(r.last_name)),
        Column::word("sex", "F or M", |_, r| Some(r.sex.code())),
        Column::word("credential", "MD, DO or NP", |_, r| {
            // One in ten physicians is a DO; in primary care one in four clinicians is a nurse
            // practitioner (estimates).
            let family = r.site.specialty.name() == "Family Medicine";
            Some(match below(remix(r.entropy ^ 3), 100) {
                0..10 => "DO",
                10..35 if family => "NP",
                _ => "MD",
            })
        }),
        Column::word("specialty", "Specialty, as boards name it", |_, r| {
            Some(r.site.specialty.name())
        }),
        Column::word(
            "state",
            "Two-letter code of the state of practice",
            |_, r| Some(US_STATES[r.site.state].state),
        ),
        Column::text("email", "E-mail under a reserved domain", |_, r, out| {
            let number = r.block * PROVIDERS + u64::from(r.slot);
            let unique = (number, 4);
            let entropy = remix(r.entropy ^ 4);
            contact::write_email(r.first_name, r.last_name, unique, entropy, out).map(|()| true)
        }),
    ];
    let summary = TABLE.entry.summary;
    let world = Providers { world, draw };
    Ok(
        Linked::new("providers", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .only(|_, unit| first_of_block::<BLOCK>(unit))
            .primary_key(&["provider_id"])
            .unique(&["npi"])
            .references(&["organization_id"], "organizations", &["organization_id"])
            .index(&["organization_id"])
            .index(&["state", "specialty"]),
    )
}

fn rows(p: &Providers, unit: u64, _: u32, out: &mut Vec<Row>) {
    let block = unit / BLOCK;
    out.extend((0_u16..).zip(&SITES.providers).map(|(slot, site)| {
        let entropy = p.draw.draw(block * PROVIDERS + u64::from(slot));
        // 38 % of active physicians are women (AAMC 2022, from memory).
        let sex = if below(entropy, 100) < 38 {
            Sex::Female
        } else {
            Sex::Male
        };
        let born = 1955 + i32::try_from(below(remix(entropy), 40)).unwrap_or(0);
        Row {
            block,
            slot,
            entropy,
            site,
            sex,
            first_name: name::first_name_of(remix(entropy ^ 1), sex, born),
            last_name: name::last_name(remix(entropy ^ 2)),
        }
    }));
}
