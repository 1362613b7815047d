//! Procedures: what was done in encounters (HCPCS Level II and ICD-10-PCS).
//!
//! CPT, which is HCPCS Level I, is licensed by the American Medical Association: neither its codes nor its
//! texts are here, so an office visit as such has no row.

use std::sync::Arc;

use super::care::Encounter;
use super::disease::History;
use super::life::{LAST_PATIENT, World, key};
use super::services::{Done, Service};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::Stream;
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "procedures",
        "What was done in encounters: HCPCS Level II and ICD-10-PCS, with charges.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all procedures of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "procedure",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(12.0);

struct Procedures {
    world: World,
    key: Stream,
}

struct Row {
    unit: u64,
    /// Place among the patient's procedures.
    ordinal: u32,
    block: u64,
    patient_id: [u8; 16],
    encounter: Encounter,
    service: Service,
}

fn table(options: &TableOptions) -> Result<Linked<Procedures, Row>> {
    let world = World::new(options)?;
    let columns = vec![
        Column::uuid("procedure_id", "Key", |p: &Procedures, r: &Row| {
            Some(key(p.key, r.unit, r.ordinal))
        }),
        Column::uuid("patient_id", "The patient", |_, r| Some(r.patient_id)),
        Column::uuid("encounter_id", "In which encounter", |p, r| {
            Some(p.world.encounter_id(r.unit, r.encounter.ordinal))
        }),
        Column::uuid("provider_id", "By whom", |p, r| {
            Some(p.world.provider_id(r.block, r.encounter.provider))
        }),
        Column::word("code", "Code in the code system", |_, r| {
            Some(r.service.facts().code)
        }),
        Column::word("code_system", "HCPCS (Level II) or ICD-10-PCS", |_, r| {
            Some(r.service.facts().system)
        }),
        Column::word("description", "What was done", |_, r| {
            Some(r.service.facts().description)
        }),
        Column::instant("performed_at", "When, within the encounter", |_, r| {
            Some(r.service.performed)
        }),
        Column::money("charge", "As billed, in dollars", |_, r| {
            Some(r.service.charge)
        }),
    ];
    let world = Procedures {
        key: world.stream("procedures", "procedure_id"),
        world,
    };
    let summary = TABLE.entry.summary;
    Ok(
        Linked::new("procedures", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .primary_key(&["procedure_id"])
            .references(&["patient_id"], "patients", &["patient_id"])
            .references(&["encounter_id"], "encounters", &["encounter_id"])
            .references(&["provider_id"], "providers", &["provider_id"])
            .index(&["patient_id"])
            .index(&["encounter_id"])
            .index(&["provider_id"])
            .index(&["code"]),
    )
}

fn rows(p: &Procedures, unit: u64, _: u32, out: &mut Vec<Row>) {
    let life = p.world.life(unit);
    let mut history = History::default();
    p.world.history(&life, &mut history);
    let mut encounters = Vec::with_capacity(32);
    p.world.encounters(&life, &history, &mut encounters);
    let (patient_id, block) = (p.world.patient_id(unit), life.block());
    let (mut services, mut done, mut ordinal) = (Vec::new(), Done::default(), 0);
    for encounter in encounters {
        services.clear();
        p.world
            .services(&life, &encounter, &mut done, &mut services);
        for &service in &services {
            out.push(Row {
                unit,
                ordinal,
                block,
                patient_id,
                encounter,
                service,
            });
            ordinal += 1;
        }
    }
}
