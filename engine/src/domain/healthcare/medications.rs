//! Medications: the courses of drugs of a patient, each with the condition that it is for.
//!
//! What is prescribed, when and why is decided in [`treatment`](super::treatment); here a course becomes
//! a row. The product code has the shape of a National Drug Code under a labeler that the FDA has never
//! assigned: 00000.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let medications = table("medications", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(medications.batch(0..100)?.num_rows() > 200);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::{Arc, LazyLock};

use super::disease::{History, code};
use super::life::{LAST_PATIENT, World as Patients, key};
use super::treatment::{Course, Treatments};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, remix};
use crate::error::Result;
use crate::generator::data::HEALTHCARE_DRUGS;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "medications",
        "Drugs prescribed to patients: product, dose, frequency, refills, from when until when and why.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all medications of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "medication",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(4.2);

/// Makers of a drug.
const MAKERS: usize = 4;

/// The product codes, `00000-pppp-kk`: for each drug one a maker.
static PRODUCT_CODES: LazyLock<Vec<[String; MAKERS]>> = LazyLock::new(|| {
    let drugs = HEALTHCARE_DRUGS.iter().enumerate();
    drugs
        .map(|(index, drug)| {
            // 11 and 10,000 have no common divisor: products are distinct, but not in a row.
            std::array::from_fn(|maker| {
                let product = ((index * MAKERS + maker) * 11 + 1_207) % 10_000;
                format!("00000-{product:04}-{:02}", drug.quantity % 100)
            })
        })
        .collect()
});

/// What all rows share.
struct World {
    patients: Patients,
    treatments: Treatments,
    keys: Stream,
}

/// A course and whose it is.
struct Row {
    unit: u64,
    ordinal: u32,
    /// The ICD-10-CM code of the condition.
    reason: u16,
    course: Course,
}

fn table(options: &TableOptions) -> Result<Linked<World, Row>> {
    options.check_day(TABLE.entry.name)?;
    let patients = Patients::new(options)?;
    let world = World {
        treatments: Treatments::new(&patients),
        keys: patients.stream("medications", "medication_id"),
        patients,
    };
    let made = Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        world,
        columns(),
        FAN_OUT,
        |world, unit, _, out| world.rows(unit, out),
    );
    Ok(made
        .up_to(LAST_PATIENT)
        .primary_key(&["medication_id"])
        .references(&["patient_id"], "patients", &["patient_id"])
        .references(&["encounter_id"], "encounters", &["encounter_id"])
        .references(&["prescriber_id"], "providers", &["provider_id"])
        .references(&["condition_id"], "conditions", &["condition_id"])
        .index(&["patient_id"])
        .index(&["encounter_id"])
        .index(&["generic_name"]))
}

fn columns() -> Vec<Column<World, Row>> {
    vec![
        Column::uuid("medication_id", "Key", |w: &World, m: &Row| {
            Some(key(w.keys, m.unit, m.ordinal))
        }),
        Column::uuid("patient_id", "Patient", |w, m| {
            Some(w.patients.patient_id(m.unit))
        }),
        Column::uuid(
            "encounter_id",
            "Encounter in which it was prescribed, or recorded",
            |w, m| Some(w.patients.encounter_id(m.unit, m.course.encounter)),
        ),
        Column::uuid(
            "prescriber_id",
            "Provider who prescribed or recorded it",
            |w, m| {
                let block = m.unit / super::life::BLOCK;
                Some(w.patients.provider_id(block, m.course.provider))
            },
        ),
        Column::uuid("condition_id", "Condition that it is for", |w, m| {
            Some(
                w.patients
                    .condition_id(m.unit, u32::from(m.course.condition)),
            )
        }),
        Column::word("reason_code", "The same, ICD-10-CM code", |_, m| {
            Some(code(m.reason).code)
        }),
        Column::word(
            "ndc",
            "Product in the shape of an NDC (5-4-2), labeler never assigned",
            |_, m| {
                let maker = usize::try_from(m.course.entropy >> 62).unwrap_or(0);
                Some(PRODUCT_CODES[usize::from(m.course.drug)][maker].as_str())
            },
        ),
        Column::word("generic_name", "Generic name", |_, m| {
            Some(m.course.drug().generic)
        }),
        Column::word(
            "brand_name",
            "Brand name; NULL where none is usual",
            |_, m: &Row| Some(m.course.drug().brand).filter(|brand| !brand.is_empty()),
        )
        .nullable(),
        Column::word("drug_class", "Class", |_, m| {
            Some(m.course.drug().drug_class)
        }),
        Column::word("strength", "Strength of one unit", |_, m| {
            Some(m.course.drug().strength)
        }),
        Column::word("form", "Dosage form", |_, m| Some(m.course.drug().form)),
        Column::word("route", "Route", |_, m| Some(m.course.drug().route)),
        Column::word("frequency", "How often it is taken", |_, m| {
            Some(m.course.drug().frequency)
        }),
        Column::integer(
            "quantity",
            "Units, millilitres or packages dispensed at a time",
            |_, m| i32::try_from(m.course.drug().quantity).ok(),
        ),
        Column::small_int("days_supply", "Days that the quantity lasts", |_, m| {
            i16::try_from(m.course.drug().days).ok()
        }),
        Column::small_int("refills", "Refills authorised", |_, m| {
            i16::try_from(m.course.drug().refills).ok()
        }),
        Column::word(
            "status",
            "active, completed, or stopped ahead of time",
            |_, m| {
                Some(match (m.course.stopped, m.course.planned) {
                    (None, _) => "active",
                    (Some(_), true) => "completed",
                    (Some(_), false) => "stopped",
                })
            },
        ),
        Column::date("started_on", "First day", |_, m| Some(m.course.started)),
        Column::date(
            "stopped_on",
            "Last day; NULL while it goes on",
            |_, m: &Row| m.course.stopped,
        )
        .nullable(),
    ]
}

impl World {
    fn rows(&self, unit: u64, out: &mut Vec<Row>) {
        let life = self.patients.life(unit);
        let mut history = History::default();
        self.patients.history(&life, &mut history);
        if !self.treatments.any(&life, &history) {
            return;
        }
        let (mut encounters, mut courses) = (Vec::with_capacity(32), Vec::with_capacity(8));
        self.patients.encounters(&life, &history, &mut encounters);
        self.treatments
            .courses(&life, &history, &encounters, &mut courses);
        out.extend((0_u32..).zip(courses).map(|(ordinal, course)| {
            Row {
                unit,
                ordinal,
                reason: history
                    .conditions
                    .get(usize::from(course.condition))
                    .map_or(0, |c| c.code),
                course: Course {
                    entropy: remix(course.entropy),
                    ..course
                },
            }
        }));
    }
}

#[cfg(test)]
mod tests;
