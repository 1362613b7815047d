//! What is known of a patient by number, without making the patient's row.
//!
//! A [`World`] is a seed and a day. It gives the [`Life`] of a patient (birth, registration, death, sex),
//! cheaply since every table of the domain begins with it, and on demand what few tables need: place,
//! race, body, smoking, insurance. All agree with the columns of `patients`.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::life::World;
//!
//! let world = World::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let life = world.life(7);
//! assert!(life.birth <= life.registered_day && life.registered_day <= life.end);
//! let (height, weight) = world.body(&life, life.exact_age);
//! assert!(height > 40.0 && weight > 1.0);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use crate::calendar::MICROS_PER_DAY;
use crate::domain::TableOptions;
use crate::domain::population::RaceEthnicityFacts;
use crate::entropy::{Stream, remix};
use crate::error::Result;
use crate::generator::address::Place;
use crate::generator::identifier;
use crate::generator::name::Sex;

use super::patients::Patients;
use super::sites::{ORGANIZATIONS, PROVIDERS};

/// So many patients share providers and organizations.
pub const BLOCK: u64 = 4_096;

/// The last patient whose providers have an NPI of their own: the largest unit of the tables of the
/// domain other than `patients`.
pub const LAST_PATIENT: u64 = identifier::NPI_COUNT / PROVIDERS * BLOCK - 1;

/// The mean length of a Gregorian year in days.
pub const DAYS_PER_YEAR: f64 = 365.2425;

/// Bits for the number of a row within a patient.
const ORDINAL_BITS: u32 = 20;

/// A patient's dates, in days since 1970-01-01.
#[derive(Debug, Clone, Copy)]
pub struct Life {
    /// The number of the patient.
    pub unit: u64,
    /// Sex.
    pub sex: Sex,
    /// Day of birth.
    pub birth: i32,
    /// Day of death.
    pub death: Option<i32>,
    /// When the patient was registered, in microseconds: nothing is recorded before.
    pub registered: i64,
    /// The day of it.
    pub registered_day: i32,
    /// The last day of which anything is known: of death, or `as_of`.
    pub end: i32,
    /// Age in full years at `end`.
    pub age: u32,
    /// Age in years at `end`.
    pub exact_age: f64,
}

impl Life {
    /// Age in years on a day; negative before birth.
    #[inline]
    pub fn age_on(&self, day: i32) -> f64 {
        f64::from(day - self.birth) / DAYS_PER_YEAR
    }

    /// Age in full years on a day, from 0 to [`Self::age`].
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "ages are between 0 and 130 years"
    )]
    pub fn years_on(&self, day: i32) -> u32 {
        if day >= self.end {
            return self.age;
        }
        (self.age_on(day).clamp(0.0, 130.0) as u32).min(self.age)
    }

    /// The day of an age in years, not after [`Self::end`].
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "ages are below 130 years")]
    pub fn day_at(&self, age: f64) -> i32 {
        let days = (age.clamp(0.0, 130.0) * DAYS_PER_YEAR) as i32;
        (self.birth + days).min(self.end)
    }

    /// The last instant of which anything is known, in microseconds.
    #[inline]
    pub fn last_instant(&self) -> i64 {
        (i64::from(self.end) + 1) * MICROS_PER_DAY - 1_000_000
    }

    /// The number of the patient's block.
    #[inline]
    pub fn block(&self) -> u64 {
        self.unit / BLOCK
    }
}

/// The streams of what is shared by several tables; a table has its own besides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Streams {
    pub factors: Stream,
    pub liability: Stream,
    pub condition: Stream,
    pub episodes: Stream,
    pub onset_visit: Stream,
    pub visits: Stream,
    pub episode_visits: Stream,
    pub wellness: Stream,
    pub death: Stream,
    pub services: Stream,
    pub charge: Stream,
    pub disposition: Stream,
    condition_id: Stream,
    encounter_id: Stream,
    provider_id: Stream,
    organization_id: Stream,
}

/// A seed and a day: all that the tables of the domain are made from.
pub struct World {
    /// The root table.
    pub(super) patients: Patients,
    /// The seed.
    pub seed: u64,
    /// The last day that the data may mention.
    pub as_of: i32,
    pub(super) streams: Streams,
}

impl World {
    /// The world of some options. `as_of` must lie in [`AS_OF_RANGE`](crate::calendar::AS_OF_RANGE).
    pub fn new(options: &TableOptions) -> Result<Self> {
        let stream = |table: &str, column: &str| Stream::new(options.seed, table, column);
        Ok(Self {
            patients: Patients::new(options)?,
            seed: options.seed,
            as_of: options.as_of,
            streams: Streams {
                factors: stream("conditions", "factors"),
                liability: stream("conditions", "liability"),
                condition: stream("conditions", "icd10_code"),
                episodes: stream("conditions", "episodes"),
                onset_visit: stream("encounters", "onset"),
                visits: stream("encounters", "visits"),
                episode_visits: stream("encounters", "episodes"),
                wellness: stream("encounters", "wellness"),
                death: stream("encounters", "death"),
                services: stream("procedures", "code"),
                charge: stream("encounters", "total_charge"),
                disposition: stream("encounters", "discharge_disposition"),
                condition_id: stream("conditions", "condition_id"),
                encounter_id: stream("encounters", "encounter_id"),
                provider_id: stream("providers", "provider_id"),
                organization_id: stream("organizations", "organization_id"),
            },
        })
    }

    /// A stream for a table's own draws.
    pub fn stream(&self, table: &str, column: &str) -> Stream {
        Stream::new(self.seed, table, column)
    }

    /// The dates of a patient.
    #[inline]
    pub fn life(&self, unit: u64) -> Life {
        self.patients.life(unit)
    }

    /// The key of a patient.
    #[inline]
    pub fn patient_id(&self, unit: u64) -> [u8; 16] {
        self.patients.patient_id(unit)
    }

    /// Where a patient lives.
    #[inline]
    pub fn place(&self, unit: u64) -> &'static Place {
        self.patients.place(unit)
    }

    /// Race, ethnicity and what follows from them.
    #[inline]
    pub fn race(&self, unit: u64) -> RaceEthnicityFacts {
        self.patients.race(unit)
    }

    /// `Current`, `Former` or `Never`.
    #[inline]
    pub fn smoking(&self, life: &Life) -> &'static str {
        self.patients.smoking(life)
    }

    /// The insurance on a day: at the patient's last day that of `patients`, before it what goes with the
    /// age. The draw is the same at every age, so most keep theirs until they turn 26 or 65.
    #[inline]
    pub fn insurance_on(&self, life: &Life, day: i32) -> &'static str {
        self.patients.insurance_at(life.unit, life.years_on(day))
    }

    /// Height in centimetres and weight in kilograms at an exact age; a patient keeps the place among
    /// those of the same sex and age for life. At `life.exact_age` it is what `patients` says.
    #[inline]
    pub fn body(&self, life: &Life, age: f64) -> (f64, f64) {
        self.patients.body(life, age)
    }

    /// The slot of a patient's primary provider.
    #[inline]
    pub fn primary(&self, unit: u64) -> u16 {
        self.patients.primary(unit)
    }

    /// The key of a condition of a patient.
    #[inline]
    pub fn condition_id(&self, unit: u64, ordinal: u32) -> [u8; 16] {
        key(self.streams.condition_id, unit, ordinal)
    }

    /// The key of an encounter of a patient.
    #[inline]
    pub fn encounter_id(&self, unit: u64, ordinal: u32) -> [u8; 16] {
        key(self.streams.encounter_id, unit, ordinal)
    }

    /// The key of a provider: a slot, below [`PROVIDERS`], of a block.
    #[inline]
    pub fn provider_id(&self, block: u64, slot: u16) -> [u8; 16] {
        uuid(
            self.streams.provider_id,
            block * PROVIDERS + u64::from(slot),
        )
    }

    /// The key of an organization: a slot, below [`ORGANIZATIONS`], of a block.
    #[inline]
    pub fn organization_id(&self, block: u64, slot: u16) -> [u8; 16] {
        let number = block * ORGANIZATIONS + u64::from(slot);
        uuid(self.streams.organization_id, number)
    }
}

/// A key made of a patient's number and a number within the patient, below 2^20: for tables of up to
/// [`LAST_PATIENT`], unique.
#[inline]
pub fn key(stream: Stream, unit: u64, ordinal: u32) -> [u8; 16] {
    uuid(stream, unit << ORDINAL_BITS | u64::from(ordinal))
}

#[inline]
fn uuid(stream: Stream, number: u64) -> [u8; 16] {
    let unique = stream.bijection(number);
    identifier::uuid_v4(unique, remix(unique))
}
