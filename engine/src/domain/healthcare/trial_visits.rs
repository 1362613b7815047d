//! Visits of participants of clinical trials: due and actual days, vital signs, laboratory results.

use std::sync::Arc;

use super::LAST_PATIENT;
use super::research::{Laboratory, Research, Visit, Vitals};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::error::Result;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "trial_visits",
    "Visits of participants of clinical trials: days, vital signs, laboratory.",
    &[
        units(
            "patients",
            "How many patients, 0 or more: all visits to trials of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(0.2);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "trial_visit",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options)?)),
};

/// Needs the measurements.
const VITALS: u32 = 1;
const LABORATORY: u32 = 2;

struct Row {
    visit: Visit,
    vitals: Option<Vitals>,
    laboratory: Option<Laboratory>,
}

fn build(options: &TableOptions) -> Result<impl Table + use<>> {
    Ok(Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Research::new(options)?,
        columns(),
        FAN_OUT,
        |research, unit, needs, out| {
            let Some(participant) = research.asked_to_take_part(unit) else {
                return;
            };
            let baseline = (needs != 0).then(|| research.baseline(&participant));
            research.visits(&participant, |visit| {
                let seen = baseline.as_ref().filter(|_| visit.took_place.is_some());
                out.push(Row {
                    vitals: seen
                        .filter(|_| needs & VITALS != 0)
                        .map(|baseline| Research::vitals(baseline, &visit)),
                    laboratory: seen
                        .filter(|_| visit.with_blood && needs & LABORATORY != 0)
                        .map(|baseline| Research::laboratory(baseline, &visit)),
                    visit,
                });
            });
        },
    )
    .only(Research::next_asked)
    .up_to(LAST_PATIENT)
    .primary_key(&["visit_id"])
    .references(
        &["participant_id"],
        "trial_participants",
        &["participant_id"],
    )
    .unique(&["participant_id", "visit_number"]))
}

type C = Column<Research, Row>;

fn columns() -> Vec<C> {
    let vital = |name: &str, scale: u8, comment: &str, make: fn(&Research, &Row) -> Option<i64>| {
        C::decimal(name, scale, comment, make)
            .nullable()
            .needs(VITALS)
    };
    let blood = |name: &str, scale: u8, comment: &str, make: fn(&Research, &Row) -> Option<i64>| {
        C::decimal(name, scale, comment, make)
            .nullable()
            .needs(LABORATORY)
    };
    vec![
        C::uuid("visit_id", "Key", |r, v| Some(r.visit_id(&v.visit))),
        C::uuid("participant_id", "Who", |r, v| {
            Some(r.participant_id(v.visit.participant.life.unit))
        }),
        C::small_int("visit_number", "From 1", |_, v| {
            i16::try_from(v.visit.number).ok()
        }),
        C::word(
            "visit",
            "Screening, Baseline, Week 4 ... Follow-up",
            |_, v| Some(v.visit.name()),
        ),
        C::date("due_on", "The day of the protocol", |_, v| {
            Some(v.visit.due)
        }),
        C::small_int(
            "window_days",
            "So many days before or after are still in time",
            |_, v| i16::try_from(v.visit.window).ok(),
        ),
        C::date(
            "took_place_on",
            "The day of the visit; NULL if it was missed",
            |_, v| v.visit.took_place,
        )
        .nullable(),
        C::small_int(
            "study_day",
            "1 for the day of the first dose, -1 for the day before; there is no day 0",
            |_, v| {
                let day = v.visit.took_place?;
                i16::try_from(v.visit.participant.study_day(day)?).ok()
            },
        )
        .nullable(),
        C::word("status", "completed or missed", |_, v| {
            Some(v.visit.took_place.map_or("missed", |_| "completed"))
        }),
        vital("systolic_mmhg", 0, "Systolic blood pressure", |_, v| {
            v.vitals.map(|v| v.systolic.into())
        }),
        vital("diastolic_mmhg", 0, "Diastolic blood pressure", |_, v| {
            v.vitals.map(|v| v.diastolic.into())
        }),
        vital("pulse", 0, "Heart beats a minute", |_, v| {
            v.vitals.map(|v| v.pulse.into())
        }),
        vital("temperature_c", 1, "Degrees Celsius", |_, v| {
            v.vitals.map(|v| v.temperature.into())
        }),
        vital("weight_kg", 1, "Kilograms", |_, v| {
            v.vitals.map(|v| v.weight.into())
        }),
        blood(
            "alt_u_l",
            0,
            "Alanine aminotransferase in units a litre",
            |_, v| v.laboratory.map(|l| l.alt.into()),
        ),
        blood(
            "creatinine_mg_dl",
            2,
            "Creatinine in milligrams a decilitre",
            |_, v| v.laboratory.map(|l| l.creatinine.into()),
        ),
        blood(
            "glucose_mg_dl",
            0,
            "Glucose in milligrams a decilitre",
            |_, v| v.laboratory.map(|l| l.glucose.into()),
        ),
        blood(
            "hba1c_percent",
            1,
            "Hemoglobin A1c in percent of hemoglobin",
            |_, v| v.laboratory.map(|l| l.hba1c.into()),
        ),
        blood(
            "hemoglobin_g_dl",
            1,
            "Hemoglobin in grams a decilitre",
            |_, v| v.laboratory.map(|l| l.hemoglobin.into()),
        ),
    ]
}
