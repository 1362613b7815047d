//! Customers of a shop, products, orders, items and returns.
//!
//! Money adds up in cents: an order's total is the sum of its items, less the discount, plus shipping and
//! tax. What is ordered costs what it cost on that day, and only what was delivered comes back.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//!
//! let options = TableOptions { seed: 42, ..Default::default() };
//! let orders = table("orders", &options)?.batch(0..100)?;
//! let items = table("order_items", &options)?.batch(0..100)?;
//! assert!(items.num_rows() > orders.num_rows());
//! # Ok::<(), synth_engine::Error>(())
//! ```

pub mod customers;
pub mod order_items;
pub mod orders;
pub mod products;
pub mod returns;
pub mod shop;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "retail",
    summary: "Customers of a shop, products, orders, items and returns.",
    root: "customers",
    tables: &[
        &customers::TABLE,
        &products::TABLE,
        &orders::TABLE,
        &order_items::TABLE,
        &returns::TABLE,
    ],
};

#[cfg(test)]
mod tests;
