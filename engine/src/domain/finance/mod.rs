//! Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.

pub mod keys;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "finance",
    summary: "Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.",
    root: "customers",
    tables: &[],
};
