//! Encounters: every time a patient was seen since registration.

use std::sync::Arc;

use super::care::{Encounter, Kind};
use super::disease::{History, code};
use super::life::{LAST_PATIENT, World};
use super::services::Done;
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::unit;
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "encounters",
        "Visits and stays of patients: when, where, by whom, why, and at what charge.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all encounters of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "encounter",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(20.5);

/// What the columns need beyond the encounter itself.
const CHARGE: u32 = 1;

struct Row {
    unit: u64,
    block: u64,
    patient_id: [u8; 16],
    encounter: Encounter,
    /// In years, on arrival.
    age: f64,
    charge: i64,
}

fn table(options: &TableOptions) -> Result<Linked<World, Row>> {
    let columns = vec![
        Column::uuid("encounter_id", "Key", |w: &World, r: &Row| {
            Some(w.encounter_id(r.unit, r.encounter.ordinal))
        }),
        Column::uuid("patient_id", "The patient", |_, r| Some(r.patient_id)),
        Column::uuid("provider_id", "Who saw the patient", |w, r| {
            Some(w.provider_id(r.block, r.encounter.provider))
        }),
        Column::uuid("organization_id", "Where", |w, r| {
            Some(w.organization_id(r.block, r.encounter.organization))
        }),
        Column::word(
            "encounter_type",
            "ambulatory, emergency, inpatient, wellness or virtual",
            |_, r| Some(r.encounter.kind.name()),
        ),
        Column::instant("admitted_at", "Arrival", |_, r| Some(r.encounter.admitted)),
        Column::instant(
            "discharged_at",
            "Departure; NULL for who is still in hospital at the end of as_of",
            |_, r: &Row| r.encounter.ended.then_some(r.encounter.discharged),
        )
        .nullable(),
        Column::integer(
            "length_of_stay",
            "Days from the date of arrival to that of departure; NULL without departure",
            |_, r: &Row| r.encounter.ended.then(|| r.encounter.days()),
        )
        .nullable(),
        Column::word("icd10_code", "Principal diagnosis, ICD-10-CM", |_, r| {
            Some(code(r.encounter.code).code)
        }),
        Column::word("reason", "What the principal diagnosis is", |_, r| {
            Some(code(r.encounter.code).description)
        }),
        Column::word(
            "discharge_disposition",
            "Home, Home health care, Skilled nursing facility or Expired; NULL but for stays that have ended",
            disposition,
        )
        .nullable(),
        Column::money(
            "total_charge",
            "With procedures, in dollars; so far, without departure",
            |_, r: &Row| Some(r.charge),
        )
        .needs(CHARGE),
    ];
    let (summary, world) = (TABLE.entry.summary, World::new(options)?);
    Ok(
        Linked::new("encounters", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .primary_key(&["encounter_id"])
            .references(&["patient_id"], "patients", &["patient_id"])
            .references(&["provider_id"], "providers", &["provider_id"])
            .references(&["organization_id"], "organizations", &["organization_id"])
            .index(&["patient_id"])
            .index(&["provider_id"])
            .index(&["organization_id"])
            .index(&["admitted_at"]),
    )
}

/// Who needs care after a stay, by age from so many years on: of a hundred stays of middling length those that
/// lead on to a facility or to home health care, and of a hundred of these those to a facility. Set so that
/// totals are those of HCUP, Statistical Brief 205, 2013 (in the test); by age an estimate.
const CARE_AFTER: [(f64, f64, f64); 6] = [
    (85.0, 0.60, 0.64),
    (75.0, 0.48, 0.55),
    (65.0, 0.36, 0.46),
    (45.0, 0.18, 0.34),
    (18.0, 0.06, 0.20),
    (0.0, 0.015, 0.05),
];

/// How a stay ended: by age and length, and chance.
fn disposition(world: &World, row: &Row) -> Option<&'static str> {
    let encounter = &row.encounter;
    if encounter.kind != Kind::Inpatient || !encounter.ended {
        return None;
    }
    if encounter.died {
        return Some("Expired");
    }
    let of_age = CARE_AFTER.iter().find(|of_age| row.age >= of_age.0);
    let (_, care, facility) = of_age.copied().unwrap_or(CARE_AFTER[5]);
    // Stays that lead on to care are twice as long: 7.0 days against 3.6 (the same source).
    let longer = match encounter.days() {
        ..=2 => 0.6,
        3..=5 => 0.95,
        6..=9 => 1.5,
        _ => 1.9,
    };
    let number = row.unit << 16 | u64::from(encounter.ordinal);
    let draw = unit(world.streams.disposition.draw(number));
    let care = (care * longer).min(0.92);
    Some(if draw >= care {
        "Home"
    } else if draw < care * facility {
        "Skilled nursing facility"
    } else {
        "Home health care"
    })
}

fn rows(world: &World, number: u64, needs: u32, out: &mut Vec<Row>) {
    let life = world.life(number);
    let mut history = History::default();
    world.history(&life, &mut history);
    let mut encounters = Vec::with_capacity(32);
    world.encounters(&life, &history, &mut encounters);
    let (mut services, mut done) = (Vec::new(), Done::default());
    let patient_id = world.patient_id(number);
    let block = life.block();
    for encounter in encounters {
        let charge = if needs & CHARGE == 0 {
            0
        } else {
            services.clear();
            world.services(&life, &encounter, &mut done, &mut services);
            world.total_charge(&life, &encounter, &services)
        };
        out.push(Row {
            unit: number,
            block,
            patient_id,
            encounter,
            age: life.age_on(encounter.day()),
            charge,
        });
    }
}
