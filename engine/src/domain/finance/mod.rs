//! Customers of a bank, their accounts, cards, transactions and loans; markets and exposures.

// Banking.
pub mod accounts;
pub mod bank;
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
    ],
};

#[cfg(test)]
mod banking_tests;
