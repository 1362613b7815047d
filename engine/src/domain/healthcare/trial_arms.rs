//! Arms of clinical trials: what their participants get.

use std::fmt::Write;
use std::sync::Arc;

use super::LAST_PATIENT;
use super::life::BLOCK;
use super::research::{Arm, Research, TRIALS, Treatment, Trial};
use super::trials::kind;
use crate::domain::linked::{Column, Linked, first_of_block};
use crate::domain::{
    AS_OF, FanOut, SEED, START, Table, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::error::Result;
use crate::generator::identifier::write_padded;
use crate::registry::Entry;

/// Registry entry.
pub const ENTRY: Entry = table_entry(
    "trial_arms",
    "Arms of clinical trials: treatment, dose, allocation.",
    &[
        units(
            "patients",
            "How many patients, 0 or more: the arms of the trials of exactly those.",
        ),
        SEED,
        START,
        AS_OF,
    ],
);

const FAN_OUT: FanOut = FanOut::Mean(0.0022);

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: ENTRY,
    row: "trial_arm",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(build(options)?)),
};

struct Row {
    trial: Trial,
    index: usize,
    arm: &'static Arm,
}

impl Row {
    fn dose(&self) -> Option<i32> {
        match self.arm.treatment {
            Treatment::Drug(dose) => Some(dose),
            _ => None,
        }
    }
}

fn build(options: &TableOptions) -> Result<impl Table + use<>> {
    Ok(Linked::new(
        ENTRY.name,
        ENTRY.summary,
        Research::new(options)?,
        columns(),
        FAN_OUT,
        |research, unit, _, out| {
            let first = unit / BLOCK * TRIALS;
            for trial in (first..first + TRIALS).map(|number| research.trial(number)) {
                let arms = trial.arms.iter().enumerate();
                out.extend(arms.map(|(index, arm)| Row { trial, index, arm }));
            }
        },
    )
    .only(|_, unit| first_of_block::<BLOCK>(unit))
    .up_to(LAST_PATIENT)
    .primary_key(&["arm_id"])
    .references(&["trial_id"], "trials", &["trial_id"])
    .unique(&["trial_id", "arm_number"]))
}

type C = Column<Research, Row>;

fn columns() -> Vec<C> {
    vec![
        C::uuid("arm_id", "Key", |r, a| {
            Some(r.arm_id(a.trial.number, a.index))
        }),
        C::uuid("trial_id", "The trial", |r, a| {
            Some(r.trial_id(a.trial.number))
        }),
        C::small_int("arm_number", "From 1", |_, a| {
            i16::try_from(a.index + 1).ok()
        }),
        C::text("name", "Treatment and dose", |_, a, out| {
            match a.arm.treatment {
                Treatment::Drug(dose) => {
                    out.write_str("SYN-")?;
                    write_padded(a.trial.drug(), 4, out)?;
                    out.write_str(" ")?;
                    write_padded(u64::from(dose.unsigned_abs()), 1, out)?;
                    out.write_str(" mg")?;
                }
                Treatment::Placebo => out.write_str("Placebo")?,
                Treatment::Usual => out.write_str("Standard of care")?,
            }
            Ok(true)
        }),
        C::word(
            "kind",
            "experimental, placebo comparator or active comparator",
            |_, a| Some(kind(a.arm.treatment)),
        ),
        C::integer(
            "dose_mg",
            "Milligrams of the drug that is studied; NULL without it",
            |_, a| a.dose(),
        )
        .nullable(),
        C::word("frequency", "once daily or once weekly", |_, a| {
            Some(if a.trial.study.injected {
                "once weekly"
            } else {
                "once daily"
            })
        }),
        C::word("route", "oral or subcutaneous", |_, a| {
            Some(if a.trial.study.injected {
                "subcutaneous"
            } else {
                "oral"
            })
        }),
        C::small_int("allocation", "Part in the allocation ratio", |_, a| {
            i16::try_from(a.arm.ratio).ok()
        }),
    ]
}
