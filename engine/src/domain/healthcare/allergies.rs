//! Allergies and intolerances of patients, with published prevalences, and the classes of drugs that
//! they rule out.
//!
//! Whether somebody is allergic to something is one draw, held against the shares of children and of
//! adults up to old age; the day on which it began follows from the same table. An allergy of childhood
//! that fewer adults have is outgrown.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let allergies = table("allergies", &TableOptions { seed: 42, ..Default::default() })?;
//! assert!(allergies.batch(0..100)?.num_rows() > 30);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::sync::{Arc, LazyLock};

use super::life::{LAST_PATIENT, Life, World as Patients, key};
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::error::Result;
use crate::generator::data::HEALTHCARE_ALLERGENS;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "allergies",
        "Allergies and intolerances of patients: allergen, reaction, severity, criticality, onset.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all allergies of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "allergy",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(0.68);

/// From this age the adults' share holds; until then the children's.
const ADULT: i32 = 18;

/// A row of `allergens.csv`, made ready.
#[derive(Debug)]
struct Allergen {
    name: &'static str,
    category: &'static str,
    kind: &'static str,
    /// The class of drugs that it rules out; empty: none.
    drug_class: &'static str,
    /// Shares of children and of adults, in 2^-32.
    child: u64,
    adult: u64,
    onset: (i32, i32),
    /// Percent.
    severe: u64,
    high: u64,
    reactions: Vec<&'static str>,
}

static LIST: LazyLock<Vec<Allergen>> = LazyLock::new(|| {
    let share = |thousandths_of_percent: u64| (thousandths_of_percent << 32) / 100_000;
    let years = |years: u64| i32::try_from(years).unwrap_or(100);
    let rows = HEALTHCARE_ALLERGENS.iter().map(|row| Allergen {
        name: row.allergen,
        category: row.category,
        kind: row.kind,
        drug_class: row.drug_class,
        child: share(row.child),
        adult: share(row.adult),
        onset: (years(row.first_year), years(row.last_year)),
        severe: row.severe,
        high: row.high,
        reactions: row.reactions.split('|').collect(),
    });
    rows.collect()
});

/// The allergens that rule out a class of drugs, as bits of [`Allergies::drugs`].
pub(super) fn rules_out(drug_class: &str) -> u32 {
    let bits = LIST.iter().enumerate();
    let fits = bits.filter(|(_, allergen)| allergen.drug_class == drug_class);
    fits.fold(0, |all, (bit, _)| all | 1 << bit)
}

/// An allergy of a patient.
pub(super) struct Allergy {
    unit: u64,
    allergen: usize,
    onset: i32,
    outgrown: bool,
    entropy: u64,
}

/// Who is allergic to what.
pub(super) struct Allergies {
    draws: Stream,
}

impl Allergies {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            draws: Stream::new(seed, TABLE.entry.name, "allergen"),
        }
    }

    /// Hands over each allergy that a patient had by the last day.
    #[inline]
    fn each(&self, life: &Life, mut found: impl FnMut(Allergy)) {
        let own = self.draws.draw(life.unit);
        for (index, allergen) in LIST.iter().enumerate() {
            let entropy = remix(own ^ (index as u64) << 48);
            let place = entropy >> 32;
            if place >= allergen.child.max(allergen.adult) {
                continue;
            }
            let began_as_child = place < allergen.child;
            let (first, last) = allergen.onset;
            let (from, to) = if began_as_child {
                (first.min(ADULT - 1), last.min(ADULT))
            } else {
                (first.max(ADULT), last.max(ADULT + 1))
            };
            let span = u64::from(((to - from) * 365).max(1).unsigned_abs());
            let after = i32::try_from(below(remix(entropy), span)).unwrap_or(0);
            let onset = life.birth + from * 365 + after + 60;
            if onset > life.end {
                continue;
            }
            let grown = life.end - life.birth >= ADULT * 366;
            found(Allergy {
                unit: life.unit,
                allergen: index,
                onset,
                outgrown: grown && place >= allergen.adult,
                entropy: remix(entropy ^ 1),
            });
        }
    }

    /// What a patient is or was allergic to, as bits: compare with [`rules_out`].
    #[inline]
    pub(super) fn drugs(&self, life: &Life) -> u32 {
        let mut bits = 0;
        self.each(life, |allergy| bits |= 1 << allergy.allergen);
        bits
    }
}

/// What all rows share.
struct World {
    patients: Patients,
    allergies: Allergies,
    keys: Stream,
}

fn table(options: &TableOptions) -> Result<Linked<World, Allergy>> {
    options.check_day(TABLE.entry.name)?;
    let columns = vec![
        Column::uuid("allergy_id", "Key", |w: &World, a: &Allergy| {
            Some(key(w.keys, a.unit, u32::try_from(a.allergen).unwrap_or(0)))
        }),
        Column::uuid("patient_id", "Patient", |w, a| {
            Some(w.patients.patient_id(a.unit))
        }),
        Column::word("allergen", "What the patient reacts to", |_, a| {
            Some(a.of().name)
        }),
        Column::word(
            "category",
            "medication, food, environment or biologic",
            |_, a| Some(a.of().category),
        ),
        Column::word("allergy_type", "allergy or intolerance", |_, a| {
            Some(a.of().kind)
        }),
        Column::word("reaction", "What happened", |_, a| Some(a.reaction())),
        Column::word("severity", "mild, moderate or severe", |_, a| {
            Some(a.severity())
        }),
        Column::word(
            "criticality",
            "Risk of a later reaction: low, high or unable-to-assess",
            |_, a| Some(a.criticality()),
        ),
        Column::word(
            "clinical_status",
            "active, or resolved where it is outgrown",
            |_, a| Some(if a.outgrown { "resolved" } else { "active" }),
        ),
        Column::date("onset_date", "Day of the first reaction", |_, a| {
            Some(a.onset)
        }),
    ];
    let world = World {
        patients: Patients::new(options)?,
        allergies: Allergies::new(options.seed),
        keys: Stream::new(options.seed, TABLE.entry.name, "allergy_id"),
    };
    let made = Linked::new(
        TABLE.entry.name,
        TABLE.entry.summary,
        world,
        columns,
        FAN_OUT,
        |world, unit, _, out| {
            let life = world.patients.life(unit);
            world.allergies.each(&life, |allergy| out.push(allergy));
        },
    );
    Ok(made
        .up_to(LAST_PATIENT)
        .primary_key(&["allergy_id"])
        .references(&["patient_id"], "patients", &["patient_id"])
        .index(&["patient_id"]))
}

impl Allergy {
    fn of(&self) -> &'static Allergen {
        &LIST[self.allergen]
    }

    fn reaction(&self) -> &'static str {
        let reactions = &self.of().reactions;
        let pick = below(self.entropy, reactions.len() as u64);
        reactions[usize::try_from(pick).unwrap_or(0)]
    }

    fn severity(&self) -> &'static str {
        let percent = below(remix(self.entropy), 100);
        let severe = self.of().severe;
        if self.reaction() == "Anaphylaxis" || self.reaction() == "Angioedema" || percent < severe {
            "severe"
        } else if percent < severe + (100 - severe) / 2 {
            "moderate"
        } else {
            "mild"
        }
    }

    fn criticality(&self) -> &'static str {
        let percent = below(remix(self.entropy ^ 3), 100);
        if self.severity() == "severe" || percent < self.of().high / 2 {
            "high"
        } else if percent >= 90 {
            "unable-to-assess"
        } else {
            "low"
        }
    }
}

#[cfg(test)]
mod tests;
