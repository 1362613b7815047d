//! Healthcare: patients and what happens to them.
//!
//! # What a table builds on
//!
//! Everything is a function of a [`life::World`] (seed and `as_of`) and the number of a patient, the unit.
//! A table asks for as much as it needs, each step from the ones before:
//!
//! | fact | call | costs |
//! |---|---|---|
//! | dates of birth, registration, death; sex, age | `world.life(unit)` → [`life::Life`] | cheap |
//! | place, race, smoking, insurance on a day, body at an age, primary provider | `world.place(unit)`, `world.race(unit)`, `world.smoking(&life)`, `world.insurance_on(&life, day)`, `world.body(&life, age)`, `world.primary(unit)` | a draw each |
//! | a few diseases, without the others | [`disease::Courses`]`::new(&world, &life).of(disease)` | some draws |
//! | conditions with onset and abatement | `world.history(&life, &mut history)` → [`disease::History`] | about 40 draws |
//! | encounters by time | `world.encounters(&life, &history, &mut encounters)` → [`care::Encounter`] | some draws each |
//! | what was done in an encounter, and charges | `world.services(&life, &encounter, &mut done, &mut services)` → [`services::Service`], by time, `world.total_charge(..)` | a draw or two |
//!
//! Keys: `world.patient_id(unit)`, `world.encounter_id(unit, encounter.ordinal)`,
//! `world.condition_id(unit, condition.ordinal)`, `world.provider_id(life.block(), encounter.provider)`,
//! `world.organization_id(life.block(), encounter.organization)`; for a table of one's own
//! [`life::key`]`(world.stream("observations", "observation_id"), unit, ordinal)`.
//!
//! What holds: `birth <= registered_day <= end`, where `end` is the day of death or `as_of`; encounters
//! lie between `registered` and `life.last_instant()`; a condition's onset may lie before registration,
//! then ordinal 0, the visit that goes with registration (not always the first by time), records it, otherwise an encounter of its own does
//! (`condition.encounter` is the ordinal; `encounter.first` marks it); `encounter.condition` is the
//! ordinal of the condition it is about, an index into `history.conditions`.
//!
//! Instants are UTC, and dates those of UTC; hours of the day are those of the patient's state
//! ([`clock`]): offices see patients, and vaccines are given, from 8:00 to 17:00 on business days.
//!
//! Diseases are [`disease::Disease`], with `history.has(..)` (ever), `history.has_on(.., day)`,
//! `history.first(..)`; `condition.lasts_on(day)`; codes are indexes for [`disease::code`]. Who works
//! where is in [`sites`]: the same slots in every block of [`life::BLOCK`] patients. Tables other than
//! `patients` end at [`life::LAST_PATIENT`].

// What patients are given and what is measured.
pub mod allergies;
pub mod immunizations;
mod measure;
pub mod medications;
pub mod observations;
pub mod treatment;

pub mod adverse_events;
pub mod care;
pub mod claims;
pub mod clock;
pub mod conditions;
pub mod disease;
pub mod encounters;
pub mod life;
pub mod organizations;
pub mod patients;
pub mod procedures;
pub mod providers;
pub mod research;
pub mod services;
pub mod sites;
#[cfg(test)]
mod tests;
pub mod trial_arms;
pub mod trial_participants;
pub mod trial_visits;
pub mod trials;

use super::Domain;
pub use life::LAST_PATIENT;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "healthcare",
    summary: "Patients, their providers, encounters, diagnoses, measurements, treatments and claims.",
    root: "patients",
    tables: &[
        &organizations::TABLE,
        &providers::TABLE,
        &patients::TABLE,
        &encounters::TABLE,
        &conditions::TABLE,
        &procedures::TABLE,
        &claims::TABLE,
        // What patients are given and what is measured.
        &immunizations::TABLE,
        &allergies::TABLE,
        &observations::TABLE,
        &medications::TABLE,
        &trials::TABLE,
        &trial_arms::TABLE,
        &trial_participants::TABLE,
        &trial_visits::TABLE,
        &adverse_events::TABLE,
    ],
};
