//! Customers of a shop, products, orders, items and returns.

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "retail",
    summary: "Customers of a shop, products, orders, items and returns.",
    root: "customers",
    tables: &[],
};
