//! Healthcare: patients and what happens to them.

pub mod patients;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "healthcare",
    summary: "Patients, their providers, encounters, diagnoses, measurements, treatments and claims.",
    root: "patients",
    tables: &[&patients::TABLE],
};
