//! Patients who take part in clinical trials: arm, dates, status.

use std::fmt::Write;
use std::sync::Arc;

use super::LAST_PATIENT;
use super::research::{Participant, Research};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::error::Result;
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "trial_participants",
    "Patients in clinical trials: arm, consent, randomisation, status.",
    &[
        units(
            "patients",
            "How many patients, 0 or more: those of exactly these who take part.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(0.03);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "trial_participant",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options)?)),
};

fn build(options: &TableOptions) -> Result<impl Table + use<>> {
    Ok(Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Research::new(options)?,
        columns(),
        FAN_OUT,
        |research, unit, _, out| out.extend(research.asked_to_take_part(unit)),
    )
    .only(Research::next_asked)
    .up_to(LAST_PATIENT)
    .primary_key(&["participant_id"])
    .references(&["trial_id"], "trials", &["trial_id"])
    .references(&["patient_id"], "patients", &["patient_id"])
    .references(&["arm_id"], "trial_arms", &["arm_id"])
    .unique(&["trial_id", "subject_number"])
    .index(&["patient_id"]))
}

/// The number of a participant in the trial: the site's and a running one.
pub(crate) fn write_subject<W: Write + ?Sized>(
    participant: &Participant,
    out: &mut W,
) -> std::fmt::Result {
    write_padded(participant.site(), 3, out)?;
    out.write_str("-")?;
    write_padded(participant.number(), 4, out)
}

type C = Column<Research, Participant>;

fn columns() -> Vec<C> {
    vec![
        C::uuid("participant_id", "Key", |r, p| {
            Some(r.participant_id(p.life.unit))
        }),
        C::uuid("trial_id", "The trial", |r, p| {
            Some(r.trial_id(p.trial.number))
        }),
        C::uuid(
            "patient_id",
            "The patient: has the disease that is studied",
            |r, p| Some(r.world.patient_id(p.life.unit)),
        ),
        C::uuid("arm_id", "The arm; NULL if not randomised", |r, p| {
            p.arm.map(|arm| r.arm_id(p.trial.number, arm))
        })
        .nullable(),
        C::text(
            "subject_number",
            "Number of the site and within the trial",
            |_, p, out| write_subject(p, out).map(|()| true),
        ),
        C::date(
            "consented_on",
            "When the patient agreed to take part",
            |_, p| Some(p.consented),
        ),
        C::date(
            "randomised_on",
            "When the patient was randomised and got the first dose",
            |_, p| p.randomised,
        )
        .nullable(),
        C::date(
            "treated_until",
            "The last day of treatment so far",
            |_, p| p.treated_until,
        )
        .nullable(),
        C::word(
            "status",
            "screening, screen failure, on treatment, in follow-up, completed, withdrawn or died, at as_of",
            |_, p| Some(p.status.word()),
        ),
        C::date(
            "left_on",
            "When the patient completed, left or died",
            |_, p| p.left,
        )
        .nullable(),
        C::word(
            "withdrawal_reason",
            "Why the patient left before the end",
            |_, p| p.reason,
        )
        .nullable(),
    ]
}
