//! Conditions: what a patient has or had, since when, and which encounter recorded it.

use std::sync::Arc;

use super::disease::{Condition, History, code};
use super::life::{LAST_PATIENT, World};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "conditions",
        "Diagnoses of patients (ICD-10-CM), by age, sex, risk factors and what else they have.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all conditions of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "condition",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(8.5);

struct Row {
    unit: u64,
    patient_id: [u8; 16],
    condition: Condition,
}

fn table(options: &TableOptions) -> Result<Linked<World, Row>> {
    let columns = vec![
        Column::uuid("condition_id", "Key", |w: &World, r: &Row| {
            Some(w.condition_id(r.unit, u32::from(r.condition.ordinal)))
        }),
        Column::uuid("patient_id", "The patient", |_, r| Some(r.patient_id)),
        Column::uuid(
            "encounter_id",
            "The encounter that recorded it: that of registration for what the patient had before",
            |w, r| Some(w.encounter_id(r.unit, r.condition.encounter)),
        ),
        Column::word("icd10_code", "ICD-10-CM code", |_, r| {
            Some(code(r.condition.code).code)
        }),
        Column::word("description", "What the code means", |_, r| {
            Some(code(r.condition.code).description)
        }),
        Column::word("category", "chronic or acute", |_, r| {
            Some(if r.condition.disease.is_chronic() {
                "chronic"
            } else {
                "acute"
            })
        }),
        Column::word("status", "active or resolved, at as_of or death", |_, r| {
            Some(if r.condition.abatement.is_none() {
                "active"
            } else {
                "resolved"
            })
        }),
        Column::date("onset_date", "Day on which it began", |_, r| {
            Some(r.condition.onset)
        }),
        Column::date(
            "abatement_date",
            "Day on which it was over; NULL: it lasts",
            |_, r: &Row| r.condition.abatement,
        )
        .nullable(),
    ];
    let (summary, world) = (TABLE.entry.summary, World::new(options)?);
    Ok(
        Linked::new("conditions", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .primary_key(&["condition_id"])
            .references(&["patient_id"], "patients", &["patient_id"])
            .references(&["encounter_id"], "encounters", &["encounter_id"])
            .index(&["patient_id"])
            .index(&["encounter_id"])
            .index(&["icd10_code"]),
    )
}

fn rows(world: &World, unit: u64, _: u32, out: &mut Vec<Row>) {
    let life = world.life(unit);
    let mut history = History::default();
    world.history(&life, &mut history);
    let patient_id = world.patient_id(unit);
    out.extend(history.conditions.iter().map(|&condition| Row {
        unit,
        patient_id,
        condition,
    }));
}
