//! Observations: the vital signs and laboratory results of encounters, with units, reference ranges and
//! flags.
//!
//! What is measured, and what comes out, is decided in `measure`: values follow age,
//! sex, body, diseases and drugs, and a patient stays the same person from visit to visit.
//!
//! LOINC codes and names: see the notice of LOINC in NOTICE.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let observations = table("observations", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(observations.batch(0..10)?.num_rows() > 100);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::Arc;

use super::disease::History;
use super::life::{LAST_PATIENT, World as Patients, key};
use super::measure::panel::{VITAL_SIGNS, measured};
use super::measure::value::Subject;
use super::measure::{Analyte, Range};
use super::treatment::Treatments;
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "observations",
        "Vital signs and laboratory results of patients: LOINC code, value, unit, range, flag.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all observations of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "observation",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(200.0);

/// What columns need, as bits: values, for which drugs have to be known.
const VALUE: u32 = 1;

const MINUTE: i64 = 60_000_000;

/// What all rows share.
struct World {
    patients: Patients,
    treatments: Treatments,
    draws: Stream,
    keys: Stream,
}

/// A result.
struct Row {
    unit: u64,
    ordinal: u32,
    encounter: u32,
    at: i64,
    value: f64,
    analyte: Analyte,
    range: &'static Range,
}

fn table(options: &TableOptions) -> Result<Linked<World, Row>> {
    options.check_day(TABLE.entry.name)?;
    let patients = Patients::new(options)?;
    let world = World {
        treatments: Treatments::new(&patients),
        draws: patients.stream("observations", "value"),
        keys: patients.stream("observations", "observation_id"),
        patients,
    };
    let made = Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        world,
        columns(),
        FAN_OUT,
        World::rows,
    );
    Ok(made
        .up_to(LAST_PATIENT)
        .primary_key(&["observation_id"])
        .references(&["patient_id"], "patients", &["patient_id"])
        .references(&["encounter_id"], "encounters", &["encounter_id"])
        .index(&["patient_id", "loinc_code"])
        .index(&["encounter_id"]))
}

fn columns() -> Vec<Column<World, Row>> {
    vec![
        Column::uuid("observation_id", "Key", |w: &World, o: &Row| {
            Some(key(w.keys, o.unit, o.ordinal))
        }),
        Column::uuid("patient_id", "Patient", |w, o| {
            Some(w.patients.patient_id(o.unit))
        }),
        Column::uuid("encounter_id", "Encounter", |w, o| {
            Some(w.patients.encounter_id(o.unit, o.encounter))
        }),
        Column::word("category", "vital-signs or laboratory", |_, o| {
            Some(if VITAL_SIGNS & o.analyte.bit() == 0 {
                "laboratory"
            } else {
                "vital-signs"
            })
        }),
        Column::word("loinc_code", "What was measured, LOINC code", |_, o| {
            Some(o.analyte.facts().loinc)
        }),
        Column::word("loinc_name", "The same, LOINC short name", |_, o| {
            Some(o.analyte.facts().name)
        }),
        Column::double("value", "Result in the unit", |_, o: &Row| Some(o.value)).needs(VALUE),
        Column::word("unit", "Unit, UCUM code", |_, o| {
            Some(o.analyte.facts().unit)
        }),
        Column::double(
            "reference_low",
            "Lower end of the reference range; NULL: open",
            |_, o: &Row| Some(o.range.low).filter(|low| low.is_finite()),
        )
        .nullable(),
        Column::double(
            "reference_high",
            "Upper end of the reference range; NULL: open",
            |_, o: &Row| Some(o.range.high).filter(|high| high.is_finite()),
        )
        .nullable(),
        Column::word(
            "abnormal_flag",
            "N normal, L or H outside the range, LL or HH critical",
            |_, o: &Row| Some(o.range.flag(o.value)),
        )
        .needs(VALUE),
        Column::instant(
            "observed_at",
            "When it was measured, or the blood drawn",
            |_, o| Some(o.at),
        ),
    ]
}

impl World {
    fn rows(&self, unit: u64, needs: u32, out: &mut Vec<Row>) {
        let life = self.patients.life(unit);
        let mut history = History::default();
        self.patients.history(&life, &mut history);
        let mut encounters = Vec::with_capacity(32);
        self.patients.encounters(&life, &history, &mut encounters);
        let mut courses = Vec::new();
        if needs & VALUE != 0 {
            self.treatments
                .courses(&life, &history, &encounters, &mut courses);
        }
        let own = self.draws.draw(unit);
        let subject = Subject::new(&self.patients, &life, &history, &courses, own);
        let mut ordinal = 0;
        for encounter in &encounters {
            let entropy = remix(own ^ u64::from(encounter.ordinal) << 20);
            let visit = subject.visit(encounter, entropy);
            let about = visit.about();
            let diabetic = subject.diabetic(&visit);
            let mut set = measured(
                encounter.kind,
                about,
                life.sex,
                visit.age,
                diabetic,
                remix(entropy ^ 1),
            );
            let signs_at = later(
                encounter.admitted,
                encounter.discharged,
                2 + below(entropy, 8),
            );
            let drawn_at = later(
                encounter.admitted,
                encounter.discharged,
                11 + below(remix(entropy), 9),
            );
            while set != 0 {
                let analyte = Analyte::ALL[set.trailing_zeros() as usize];
                set &= set - 1;
                let sign = VITAL_SIGNS & analyte.bit() != 0;
                out.push(Row {
                    unit,
                    ordinal,
                    encounter: encounter.ordinal,
                    at: if sign { signs_at } else { drawn_at },
                    value: if needs & VALUE == 0 {
                        0.0
                    } else {
                        subject.value(analyte, &visit)
                    },
                    analyte,
                    range: analyte.range(life.sex, visit.age),
                });
                ordinal += 1;
            }
        }
    }
}

/// So many minutes after arrival, but before departure.
#[inline]
fn later(admitted: i64, discharged: i64, minutes: u64) -> i64 {
    (admitted + i64::try_from(minutes).unwrap_or(0) * MINUTE).min(discharged)
}

#[cfg(test)]
mod tests;
