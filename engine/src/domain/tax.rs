//! Sales tax by state.

use std::sync::LazyLock;

use crate::generator::address::Place;
use crate::generator::data::{SALES_TAX, US_STATES};

/// Rates by index of the state, in thousandths of a percent.
static RATES: LazyLock<Vec<i64>> = LazyLock::new(|| {
    let of = |state: &str| SALES_TAX.iter().find(|tax| tax.state == state);
    US_STATES
        .iter()
        .map(|state| of(state.state).map_or(0, |tax| tax.percent.cast_signed()))
        .collect()
});

/// The general sales tax of a place's state, in thousandths of a percent, without local taxes.
#[inline]
pub(super) fn sales_tax(place: &Place) -> i64 {
    RATES[place.state_index]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_has_a_rate() {
        assert_eq!(SALES_TAX.len(), US_STATES.len());
        for state in US_STATES {
            assert!(
                SALES_TAX.iter().any(|tax| tax.state == state.state),
                "{}",
                state.state
            );
        }
        // California's is the highest.
        assert_eq!(RATES.iter().max(), Some(&7_250));
    }
}
