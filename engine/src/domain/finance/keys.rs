//! Keys and blocks that tables of the domain know of each other without asking (law 3).
//!
//! ```
//! use synth_engine::domain::finance::keys::{customer_id, security_id};
//!
//! assert_eq!([customer_id(0), security_id(0)], [1, 1]);
//! ```

/// So many customers share a block: its securities, and a book of exposures.
pub use super::bank::BLOCK as CUSTOMERS_PER_BLOCK;
pub use super::bank::customer_id;

/// So many securities there are for each block of customers.
pub const SECURITIES_PER_BLOCK: u64 = 64;

/// The key of a security.
#[inline]
pub const fn security_id(unit: u64) -> i64 {
    (unit + 1).cast_signed()
}
