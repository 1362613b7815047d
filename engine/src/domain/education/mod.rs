//! Students of a college, courses, enrolments, grades and transcripts.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let options = TableOptions { seed: 42, ..Default::default() };
//! let enrolments = table("enrolments", &options)?.batch(0..20)?;
//! let grades = table("grades", &options)?.batch(0..20)?;
//! assert!(grades.num_rows() > 3 * enrolments.num_rows());
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub mod college;
pub mod courses;
pub mod enrolments;
pub mod grades;
pub mod students;
pub mod transcripts;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "education",
    summary: "Students, courses, enrolments, grades and transcripts.",
    root: "students",
    tables: &[
        &courses::TABLE,
        &students::TABLE,
        &enrolments::TABLE,
        &grades::TABLE,
        &transcripts::TABLE,
    ],
};

#[cfg(test)]
mod tests;
