//! Healthcare: patients.

pub mod patients;
