//! How sure a finding is: Bayes' rule over what the name says and what the values are.
//!
//! The name gives odds to begin with (`prior`). Each distinct value then multiplies them: one that
//! matches by (share of right values among those of a true column) / (share of random values of
//! its shape that would match by chance), one that does not by the counterpart. One random number
//! in ten passes Luhn, so a card number counts for ln(0.97 / 0.1) of evidence only, an address
//! with an @ for much more. Equal values count once. Since values of a column are alike, and not
//! independent as the rule has it, what content may say is bounded on both sides (`Strength`).

use super::together::Odds;

/// The odds' logarithm beyond which nothing is surer: confidence 0.99.
const MOST: f64 = 4.595;

/// What values of a category may say, in natural logarithms of odds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Strength {
    /// Share of the values of a true column that match.
    pub share: f64,
    /// The most that matches count.
    pub most: f64,
    /// The most that a lack of matches counts against it.
    pub least: f64,
    /// Odds to begin with where the name says nothing.
    pub base: f64,
}

/// Formats with check digits or signs of their own: a column without them is something else.
pub(super) const STRICT: Strength = Strength {
    share: 0.97,
    most: 12.0,
    least: 8.0,
    base: 0.02,
};
/// Lists that are never complete: a lack of matches says little.
pub(super) const LISTED: Strength = Strength {
    share: 0.6,
    most: 9.0,
    least: 0.6,
    base: 0.005,
};
/// Shapes of many other things: what the name does not say, they cannot.
pub(super) const SHAPED: Strength = Strength {
    share: 0.95,
    most: 1.2,
    least: 1.5,
    base: 0.02,
};
/// No test of values at all.
pub(super) const NAMED: Strength = Strength {
    share: 0.5,
    most: 0.0,
    least: 0.0,
    base: 0.0,
};

/// What the distinct values of a column say about a category.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Tally {
    /// Distinct values that match.
    pub hits: u32,
    /// Distinct values of the right shape whose check digits are wrong.
    pub near: u32,
    /// Sum of the logarithms of chances of the hits, negative.
    pub chance: f64,
}

/// Logarithm of odds.
pub(super) fn logit(probability: f64) -> f64 {
    let p = probability.clamp(0.0001, 0.99);
    (p / (1.0 - p)).ln()
}

/// Confidence from the name's, what the values say, and how many distinct ones there are.
pub(super) fn confidence(
    named: Option<f64>,
    strength: &Strength,
    tally: &Tally,
    distinct: u32,
) -> f64 {
    let evidence = evidence(strength, tally, distinct);
    let prior = logit(named.unwrap_or(strength.base));
    let odds = (prior + evidence).min(MOST);
    let confidence = 1.0 / (1.0 + (-odds).exp());
    (confidence * 1000.0).round() / 1000.0
}

/// Confidence where values say something together only.
pub(super) fn together(named: Option<f64>, odds: Odds) -> f64 {
    let sum = match named {
        Some(named) => logit(named) + odds.named,
        None => logit(SHAPED.base) + odds.alone,
    };
    let confidence = 1.0 / (1.0 + (-sum.min(MOST)).exp());
    (confidence * 1000.0).round() / 1000.0
}

/// What the values say, in logarithms of odds, within the bounds of the category.
pub(super) fn evidence(strength: &Strength, tally: &Tally, distinct: u32) -> f64 {
    if distinct == 0 || strength.most == 0.0 && strength.least == 0.0 {
        return 0.0;
    }
    let hits = f64::from(tally.hits);
    let misses = f64::from(distinct.saturating_sub(tally.hits));
    // A value that does not match is no wonder under any other hypothesis.
    let against = (1.0 - strength.share).ln() - 0.9_f64.ln();
    let sum = hits * strength.share.ln() - tally.chance + misses * against;
    // Numbers of the right shape with wrong check digits are test data of the same kind as often
    // as they are something else.
    let least = if tally.hits + tally.near >= distinct.div_ceil(2) {
        strength.least.min(1.0)
    } else {
        strength.least
    };
    sum.clamp(-least, strength.most)
}

/// Confidence that at least some cells hold what chance does not explain: `hits` of `cells`, each
/// of which would by chance with probability `chance`. The likelihood ratio takes the share found.
pub(super) fn presence(named: Option<f64>, hits: u32, cells: u32, chance: f64) -> f64 {
    let mut evidence = 0.0;
    if cells > 0 {
        let share = f64::from(hits) / f64::from(cells);
        if share > chance {
            let misses = f64::from(cells - hits.min(cells));
            evidence = f64::from(hits) * (share / chance).ln();
            if share < 1.0 {
                evidence += misses * ((1.0 - share) / (1.0 - chance)).ln();
            }
        } else if cells >= 50 {
            evidence = -1.0;
        }
    }
    let prior = logit(named.unwrap_or(0.02));
    let odds = (prior + evidence.min(12.0)).min(MOST);
    let confidence = 1.0 / (1.0 + (-odds).exp());
    (confidence * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn luhn(valid: u32, of: u32) -> f64 {
        let tally = Tally {
            hits: valid,
            near: of - valid,
            chance: f64::from(valid) * 0.1_f64.ln(),
        };
        confidence(None, &STRICT, &tally, of)
    }

    /// One in ten numbers passes Luhn: that is no evidence, nine in ten is.
    #[test]
    fn chance_is_no_evidence() {
        assert!(luhn(100, 1_000) < 0.05, "{}", luhn(100, 1_000));
        assert!(luhn(1, 1) < 0.5, "{}", luhn(1, 1));
        assert!(luhn(90, 100) > 0.95, "{}", luhn(90, 100));
        assert!(luhn(5, 5) > luhn(2, 2));
    }

    #[test]
    fn presence_needs_more_than_chance() {
        assert!(presence(None, 0, 1_000, 0.002) < 0.1);
        assert!(presence(None, 2, 1_000, 0.002) < 0.1);
        assert!(presence(None, 30, 1_000, 0.002) > 0.95);
    }
}
