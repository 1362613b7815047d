//! Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.

// Banking.
pub mod accounts;
pub mod bank;
pub mod bank_days;
pub mod cards;
pub mod credit_scores;
pub mod customers;
pub mod fraud;
pub mod fraud_episodes;
pub mod ledger;
pub mod lending;
pub mod loan_payments;
pub mod loans;
pub mod merchants;
pub mod profile;
pub mod spending;
pub mod transactions;
// Markets and regulation.
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
        // Banking.
        &customers::TABLE,
        &accounts::TABLE,
        &cards::TABLE,
        &merchants::TABLE,
        &fraud_episodes::TABLE,
        &transactions::TABLE,
        &loans::TABLE,
        &loan_payments::TABLE,
        &credit_scores::TABLE,
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

#[cfg(test)]
mod banking_tests;
#[cfg(test)]
mod income_tests;
#[cfg(test)]
mod limits_tests;
#[cfg(test)]
mod rhythm_tests;
