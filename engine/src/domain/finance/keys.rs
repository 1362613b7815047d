//! Keys that tables of the domain know of each other without asking (law 3).
//!
//! ```
//! use synth_engine::domain::finance::keys::customer_id;
//!
//! assert_eq!(customer_id(0), 1);
//! ```

/// So many customers share a block: its securities, and a book of exposures.
pub const CUSTOMERS_PER_BLOCK: u64 = 1_024;

/// So many securities there are for each block of customers.
pub const SECURITIES_PER_BLOCK: u64 = 64;

/// The key of a customer: the number of the unit, counted from 1. Units end at
/// [`LAST_UNIT`](crate::domain::LAST_UNIT), so it cannot overflow.
#[inline]
pub const fn customer_id(unit: u64) -> i64 {
    (unit + 1).cast_signed()
}

/// The key of a security.
#[inline]
pub const fn security_id(unit: u64) -> i64 {
    (unit + 1).cast_signed()
}
