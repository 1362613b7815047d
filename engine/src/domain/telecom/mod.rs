//! Subscribers, plans, call records and invoices.

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "telecom",
    summary: "Subscribers, plans, call records and invoices.",
    root: "subscribers",
    tables: &[],
};
