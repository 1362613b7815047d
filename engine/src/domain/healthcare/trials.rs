//! Clinical trials: what they study, how, and how far they have come; four for each 4,096 patients.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let trials = table("trials", &TableOptions { seed: 42, ..Default::default() })?;
//! assert_eq!(trials.batch(0..4_096)?.num_rows(), 4);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt::Write;
use std::sync::Arc;

use super::LAST_PATIENT;
use super::life::BLOCK;
use super::research::{Research, TRIALS, Treatment, Trial};
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::remix;
use crate::error::Result;
use crate::generator::identifier::write_padded;
use crate::generator::work;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "trials",
    "Clinical trials: disease, phase, design, dates, status.",
    &[
        units(
            "patients",
            "How many patients, 0 or more: the trials of exactly those, 4 for each 4,096.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
const FAN_OUT: FanOut = FanOut::Mean(TRIALS as f64 / BLOCK as f64);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "trial",
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
        |research, unit, _, out| {
            let first = unit / BLOCK * TRIALS;
            out.extend((first..first + TRIALS).map(|number| research.trial(number)));
        },
    )
    .only(|_, unit| first_of_block::<BLOCK>(unit))
    .up_to(LAST_PATIENT)
    .primary_key(&["trial_id"])
    .unique(&["registry_number"]))
}

type C = Column<Research, Trial>;

fn columns() -> Vec<C> {
    vec![
        C::uuid("trial_id", "Key", |r, t| Some(r.trial_id(t.number))),
        C::text(
            "registry_number",
            "As in ClinicalTrials.gov, but from NCT9 on, where none is assigned; unique",
            |_, t, out| {
                out.write_str("NCT")?;
                write_padded(t.registry_number(), 8, out).map(|()| true)
            },
        ),
        C::text("title", "Title", |_, t, out| {
            out.write_str(if t.is_blind() {
                "A Randomized, Double-Blind, Placebo-Controlled Trial of SYN-"
            } else {
                "A Randomized, Open-Label Trial of SYN-"
            })?;
            write_padded(t.drug(), 4, out)?;
            out.write_str(" in ")?;
            out.write_str(t.study.name)?;
            Ok(true)
        }),
        C::small_int("phase", "2, 3 or 4", |_, t| Some(t.phase)),
        C::word(
            "condition",
            "The disease that is studied, as conditions of patients have it",
            |_, t| Some(t.study.disease.facts().name),
        ),
        C::text("drug", "The drug that is studied: a code", |_, t, out| {
            out.write_str("SYN-")?;
            write_padded(t.drug(), 4, out).map(|()| true)
        }),
        C::text("sponsor", "Company", |_, t, out| {
            work::company(remix(t.entropy ^ 4), out).map(|()| true)
        }),
        C::word("masking", "double-blind or open label", |_, t| {
            Some(if t.is_blind() {
                "double-blind"
            } else {
                "open label"
            })
        }),
        C::word(
            "status",
            "recruiting; active, not recruiting; or completed, at as_of",
            |r, t| Some(t.status(r.world.as_of)),
        ),
        C::integer(
            "planned_enrolment",
            "Participants that were planned for",
            |_, t| Some(t.study.planned),
        ),
        C::small_int("minimum_age", "In full years", |_, t| {
            i16::try_from(t.study.ages.0).ok()
        }),
        C::small_int("maximum_age", "In full years", |_, t| {
            i16::try_from(t.study.ages.1).ok()
        }),
        C::word("sex", "F, M or all: who can take part", |_, t| {
            Some(t.study.sex.map_or("all", |sex| sex.code()))
        }),
        C::small_int("treatment_weeks", "Weeks of treatment", |_, t| {
            i16::try_from(t.treatment_days() / 7).ok()
        }),
        C::date(
            "started_on",
            "From when on participants could come",
            |_, t| Some(t.started),
        ),
        C::date(
            "recruited_until",
            "Until when participants can come; NULL while they do",
            |r, t| (t.recruits_until <= r.world.as_of).then_some(t.recruits_until),
        )
        .nullable(),
        C::date(
            "completed_on",
            "When the last participant was seen; NULL before",
            |r, t| (t.ends() < r.world.as_of).then_some(t.ends()),
        )
        .nullable(),
    ]
}

/// The kind of an arm, in the words of `ClinicalTrials.gov`.
pub(super) const fn kind(treatment: Treatment) -> &'static str {
    match treatment {
        Treatment::Drug(_) => "experimental",
        Treatment::Placebo => "placebo comparator",
        Treatment::Usual => "active comparator",
    }
}
