//! The engine: seekable synthetic tables and keyed masks over Arrow arrays.
//!
//! Pure functions only. No I/O, no clock, no hidden randomness: what comes out depends on the
//! arguments alone, so the same call gives the same rows on every machine and in every year.
//!
//! ```
//! use synth_engine::domain::{self, TableOptions};
//!
//! let patients = domain::table("patients", &TableOptions { seed: 42, ..Default::default() })?;
//! let whole = patients.batch(0..10)?;
//! let tail = patients.batch(6..10)?;
//! assert_eq!(whole.slice(6, 4), tail);
//! # Ok::<(), synth_engine::Error>(())
//! ```
#![forbid(unsafe_code)]
// Tests may cast and compare as they like: a wrong cast there fails the test.
#![cfg_attr(
    not(test),
    deny(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss
    )
)]
#![cfg_attr(
    test,
    allow(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        clippy::float_cmp
    )
)]

pub mod audit;
pub mod calendar;
pub mod detect;
pub mod dictionary;
pub mod domain;
pub mod entropy;
mod error;
pub mod fill;
pub mod format;
pub mod generator;
pub mod interrupt;
pub mod locale;
pub mod mask;
pub mod pattern;
pub mod proof;
pub mod registry;
pub mod schema;
pub mod secret;
pub mod series;

pub use error::{Error, Result};
