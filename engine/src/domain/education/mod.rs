//! Students, courses, enrolments and grades.

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "education",
    summary: "Students, courses, enrolments and grades.",
    root: "students",
    tables: &[],
};
