//! Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.

pub mod book;
pub mod capital_positions;
pub mod exposures;
pub mod keys;
pub mod liquidity_positions;
pub mod market_bars;
pub mod market_orders;
pub mod price_path;
pub mod securities;
pub mod trades;
pub mod trading;
pub mod trading_days;

use super::Domain;

/// The domain.
pub static DOMAIN: Domain = Domain {
    name: "finance",
    summary: "Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.",
    root: "customers",
    tables: &[
        // Markets and regulation.
        &securities::TABLE,
        &market_bars::TABLE,
        &market_orders::TABLE,
        &trades::TABLE,
        &capital_positions::TABLE,
        &exposures::TABLE,
        &liquidity_positions::TABLE,
    ],
};
