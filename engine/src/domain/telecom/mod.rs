//! Subscribers of a mobile network, plans, call records and invoices.
//!
//! Call records cover the three complete calendar months before the month of `as_of`, and that month up to
//! `as_of`. Each complete month has an invoice, whose usage charge is the sum of the charges on the month's
//! call records.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let options = TableOptions { seed: 42, ..Default::default() };
//! let calls = table("call_records", &options)?.batch(0..20)?;
//! let invoices = table("invoices", &options)?.batch(0..20)?;
//! assert!(calls.num_rows() > 20 * invoices.num_rows());
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub mod call_records;
pub mod invoices;
pub mod network;
pub mod plans;
mod stock;
pub mod subscribers;
pub mod usage;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "telecom",
    summary: "Subscribers, plans, call records and invoices.",
    root: "subscribers",
    tables: &[
        &plans::TABLE,
        &subscribers::TABLE,
        &call_records::TABLE,
        &invoices::TABLE,
    ],
};

#[cfg(test)]
mod tests;
