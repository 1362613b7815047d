//! Clinical trials: four in each block of patients, and who of the block takes part.
//!
//! A trial studies a disease. Of each [`GROUP`] patients a few are looked at, and the first who probably has
//! a disease that one of the block's trials studies is asked, by what is cheap to know: age, sex, and the
//! patient's own part of the liability. Only for those who are asked more is worked out: they take part if
//! they have the disease on a day of the trial's recruitment, are old and young enough, and not pregnant.
//! Arms are balanced over the block: they are the remainders of a permutation of its patients.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::research::Research;
//!
//! let research = Research::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let taking_part = (0..4_096).filter_map(|unit| research.participant(unit));
//! for participant in taking_part.take(5) {
//!     assert!(participant.consented <= participant.until);
//! }
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod event;
mod participant;
mod visit;

pub use event::{Action, Event, Outcome, Relation};
pub use participant::{Participant, Status};
pub use visit::{Baseline, Laboratory, Visit, Vitals};

use super::disease::Disease;
use super::life::{BLOCK, World, key};
use crate::domain::TableOptions;
use crate::entropy::{Stream, below, remix};
use crate::error::Result;
use crate::generator::name::Sex;

/// Trials of a block of patients.
pub const TRIALS: u64 = 4;

/// [`TRIALS`] as a length.
const STUDIES: usize = 4;

/// Of so many patients in a row at most one is asked.
pub const GROUP: u64 = 16;

/// Days between the end of treatment and the follow-up visit.
pub const FOLLOW_UP: i32 = 28;

/// What is studied in a disease.
#[derive(Debug)]
pub struct Study {
    /// The disease.
    pub disease: Disease,
    /// Its name within a title.
    pub name: &'static str,
    /// Ages in full years.
    pub ages: (i32, i32),
    /// The sex that can take part; none: both.
    pub sex: Option<Sex>,
    /// The weeks of the visits during treatment; the last is the end of treatment.
    pub weeks: &'static [i32],
    /// Participants that are planned for in a block.
    pub planned: i32,
    /// Whether the drug is injected once a week; otherwise it is taken once a day.
    pub injected: bool,
}

const fn study(
    disease: Disease,
    name: &'static str,
    ages: (i32, i32),
    weeks: &'static [i32],
    planned: i32,
    injected: bool,
) -> Study {
    Study {
        disease,
        name,
        ages,
        sex: None,
        weeks,
        planned,
        injected,
    }
}

const WEEKS_8: &[i32] = &[1, 2, 4, 6, 8];
const WEEKS_12: &[i32] = &[2, 4, 8, 12];
const WEEKS_16: &[i32] = &[2, 4, 8, 12, 16];
const WEEKS_24: &[i32] = &[4, 8, 12, 18, 24];
const WEEKS_52: &[i32] = &[4, 12, 24, 36, 52];

/// Studies of common diseases: a block has three.
static COMMON: [Study; 6] = [
    study(
        Disease::Hypertension,
        "Hypertension",
        (18, 80),
        WEEKS_12,
        70,
        false,
    ),
    study(
        Disease::Hyperlipidemia,
        "Hyperlipidemia",
        (18, 80),
        WEEKS_24,
        75,
        false,
    ),
    study(
        Disease::Type2Diabetes,
        "Type 2 Diabetes",
        (18, 80),
        WEEKS_24,
        25,
        true,
    ),
    study(Disease::Obesity, "Obesity", (18, 75), WEEKS_52, 110, true),
    study(
        Disease::Osteoarthritis,
        "Osteoarthritis",
        (40, 85),
        WEEKS_12,
        60,
        false,
    ),
    study(
        Disease::Depression,
        "Depressive Disorder",
        (18, 70),
        WEEKS_8,
        40,
        false,
    ),
];

/// Studies of other diseases: a block has one.
static OTHER: [Study; 10] = [
    study(Disease::Asthma, "Asthma", (18, 75), WEEKS_24, 15, true),
    study(
        Disease::Copd,
        "Chronic Obstructive Pulmonary Disease",
        (40, 85),
        WEEKS_52,
        10,
        false,
    ),
    study(
        Disease::HeartFailure,
        "Heart Failure",
        (18, 90),
        WEEKS_52,
        5,
        false,
    ),
    study(
        Disease::AtrialFibrillation,
        "Atrial Fibrillation",
        (18, 90),
        WEEKS_52,
        5,
        false,
    ),
    study(
        Disease::Ckd3,
        "Chronic Kidney Disease",
        (18, 85),
        WEEKS_52,
        10,
        false,
    ),
    study(Disease::Migraine, "Migraine", (18, 65), WEEKS_12, 35, true),
    study(
        Disease::Psoriasis,
        "Psoriasis",
        (18, 75),
        WEEKS_16,
        10,
        true,
    ),
    study(
        Disease::RheumatoidArthritis,
        "Rheumatoid Arthritis",
        (18, 75),
        WEEKS_24,
        5,
        true,
    ),
    Study {
        sex: Some(Sex::Female),
        ..study(
            Disease::BreastCancer,
            "Breast Cancer",
            (18, 85),
            WEEKS_24,
            5,
            false,
        )
    },
    Study {
        sex: Some(Sex::Male),
        ..study(
            Disease::ProstateCancer,
            "Prostate Cancer",
            (40, 90),
            WEEKS_24,
            5,
            false,
        )
    },
];

/// What an arm gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Treatment {
    /// The drug that is studied, in this dose in milligrams.
    Drug(i32),
    /// Nothing but a placebo.
    Placebo,
    /// The usual treatment.
    Usual,
}

impl Treatment {
    /// How much of the effect it has.
    const fn strength(self) -> f64 {
        match self {
            Self::Drug(dose) if dose >= STRONG => 1.0,
            Self::Drug(_) => 0.75,
            Self::Usual => 0.8,
            Self::Placebo => 0.2,
        }
    }
}

/// From this dose on a drug has its full effect.
const STRONG: i32 = 20;

/// An arm of a trial.
#[derive(Debug, Clone, Copy)]
pub struct Arm {
    /// What it gets.
    pub treatment: Treatment,
    /// Its part in the allocation ratio.
    pub ratio: u64,
}

const fn arm(treatment: Treatment, ratio: u64) -> Arm {
    Arm { treatment, ratio }
}

/// The designs of trials of phase 2, 3 and 4.
static DESIGNS: [&[Arm]; 4] = [
    &[
        arm(Treatment::Drug(10), 1),
        arm(Treatment::Drug(40), 1),
        arm(Treatment::Placebo, 1),
    ],
    &[arm(Treatment::Drug(20), 1), arm(Treatment::Placebo, 1)],
    &[arm(Treatment::Drug(20), 2), arm(Treatment::Placebo, 1)],
    &[arm(Treatment::Drug(20), 1), arm(Treatment::Usual, 1)],
];

/// A trial.
#[derive(Debug, Clone, Copy)]
pub struct Trial {
    /// Its number: four times the block's, and its place in the block.
    pub number: u64,
    /// What is studied.
    pub study: &'static Study,
    /// 2, 3 or 4.
    pub phase: i16,
    /// The arms.
    pub arms: &'static [Arm],
    /// When the first participant could come.
    pub started: i32,
    /// When the last one could.
    pub recruits_until: i32,
    /// Its draw, for further facts.
    pub entropy: u64,
}

impl Trial {
    /// Days of treatment.
    #[inline]
    pub fn treatment_days(&self) -> i32 {
        self.study.weeks.last().copied().unwrap_or(0) * 7
    }

    /// When the last participant can have been seen.
    pub fn ends(&self) -> i32 {
        self.recruits_until + SCREENING_MOST + self.treatment_days() + FOLLOW_UP + 7
    }

    /// Whether neither participant nor physician knows the arm: of those that have a placebo.
    pub fn is_blind(&self) -> bool {
        self.arms
            .iter()
            .any(|arm| arm.treatment == Treatment::Placebo)
    }

    /// The name of the drug: a code, as such drugs have before they are named.
    pub fn drug(&self) -> u64 {
        1_000 + below(remix(self.entropy ^ 1), 9_000)
    }

    /// Status at a day, in the words of `ClinicalTrials.gov`.
    pub fn status(&self, day: i32) -> &'static str {
        if day <= self.recruits_until {
            "recruiting"
        } else if day <= self.ends() {
            "active, not recruiting"
        } else {
            "completed"
        }
    }

    /// The number in the registry: numbers that begin with NCT9 are not assigned (in 2026 those that
    /// begin with NCT07 were).
    pub const fn registry_number(&self) -> u64 {
        90_000_000 + self.number
    }
}

/// Days from consent to randomisation, least and most.
const SCREENING: i32 = 7;
const SCREENING_MOST: i32 = 21;

/// The trials of a world.
pub struct Research {
    /// The patients.
    pub world: World,
    trial: Stream,
    asked: Stream,
    allocation: Stream,
    visit: Stream,
    event: Stream,
    ids: [Stream; 5],
}

impl Research {
    /// Under a seed, at a day.
    pub fn new(options: &TableOptions) -> Result<Self> {
        let world = World::new(options)?;
        let stream = |table: &str, column: &str| world.stream(table, column);
        Ok(Self {
            trial: stream("trials", "trial"),
            asked: stream("trial_participants", "asked"),
            allocation: stream("trial_participants", "arm_id"),
            visit: stream("trial_visits", "visit"),
            event: stream("adverse_events", "event"),
            ids: [
                stream("trials", "trial_id"),
                stream("trial_arms", "arm_id"),
                stream("trial_participants", "participant_id"),
                stream("trial_visits", "visit_id"),
                stream("adverse_events", "adverse_event_id"),
            ],
            world,
        })
    }

    /// What the trials of a block study: three different ones of the common diseases, and another.
    #[inline]
    fn studies(&self, block: u64) -> [&'static Study; STUDIES] {
        let drawn = self.trial.draw(!block);
        let first = below(drawn, COMMON.len() as u64);
        let common = |step: u64| &COMMON[usize::try_from(first + step).unwrap_or(0) % COMMON.len()];
        let other = usize::try_from(below(drawn << 32, OTHER.len() as u64)).unwrap_or(0);
        [
            common(0),
            common(1 + (drawn & 1)),
            common(3),
            &OTHER[other % OTHER.len()],
        ]
    }

    /// A trial by number.
    pub fn trial(&self, number: u64) -> Trial {
        let (block, place) = (number / TRIALS, number % TRIALS);
        let study = self.studies(block)[usize::try_from(place).unwrap_or(0)];
        let entropy = self.trial.draw(number);
        // A quarter is of phase 2, half of phase 3, a quarter of phase 4.
        let (phase, arms) = match entropy >> 60 {
            0..4 => (2, DESIGNS[0]),
            4..9 => (3, DESIGNS[1]),
            9..12 => (3, DESIGNS[2]),
            _ => (4, DESIGNS[3]),
        };
        let days = |entropy: u64, n: u64| i32::try_from(below(entropy, n)).unwrap_or(0);
        let more = remix(entropy);
        let started = self.world.as_of - 90 - days(more, 1_500);
        Trial {
            number,
            study,
            phase,
            arms,
            started,
            recruits_until: started + 240 + days(remix(more), 480),
            entropy,
        }
    }

    /// The arm of a patient who is randomised: an index.
    fn allocate(&self, trial: &Trial, unit: u64) -> usize {
        let sum: u64 = trial.arms.iter().map(|arm| arm.ratio).sum();
        let mut place = shuffled(unit % BLOCK, self.allocation.draw(trial.number)) % sum.max(1);
        for (index, arm) in trial.arms.iter().enumerate() {
            if place < arm.ratio {
                return index;
            }
            place -= arm.ratio;
        }
        0
    }

    /// The key of a trial.
    pub fn trial_id(&self, number: u64) -> [u8; 16] {
        let place = u32::try_from(number % TRIALS).unwrap_or(0);
        key(self.ids[0], number / TRIALS, place)
    }

    /// The key of an arm.
    pub fn arm_id(&self, trial: u64, arm: usize) -> [u8; 16] {
        let place = (trial % TRIALS) * 8 + arm as u64;
        key(
            self.ids[1],
            trial / TRIALS,
            u32::try_from(place).unwrap_or(0),
        )
    }

    /// The key of a patient who takes part.
    pub fn participant_id(&self, unit: u64) -> [u8; 16] {
        key(self.ids[2], unit, 0)
    }

    /// The key of a visit.
    pub fn visit_id(&self, visit: &Visit) -> [u8; 16] {
        key(self.ids[3], visit.participant.life.unit, visit.number)
    }

    /// The key of an adverse event.
    pub fn event_id(&self, event: &Event) -> [u8; 16] {
        key(self.ids[4], event.unit, event.number)
    }
}

/// Where a place in a block goes in an order that 64 bits decide: steps that each are a permutation of
/// its 2^12 places, multiplication by an odd number and addition of the upper half to the lower.
const fn shuffled(place: u64, entropy: u64) -> u64 {
    let mut place = place ^ entropy;
    let mut shift = 0;
    while shift < 36 {
        place = place.wrapping_mul(entropy >> (12 + shift) | 1) & (BLOCK - 1);
        place ^= place >> 6;
        shift += 12;
    }
    place
}

#[cfg(test)]
mod tests;
