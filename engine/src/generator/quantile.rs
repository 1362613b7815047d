//! Quantiles: from a uniform draw to one of a given distribution, one draw a value, so that a value
//! stays a function of its own entropy and order is kept.
//!
//! `ln`, `exp` and `powf` are the platform's: the last digit may differ between machines.

/// 64 uniform bits as a number strictly between 0 and 1.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
pub(super) fn open_unit(entropy: u64) -> f64 {
    ((entropy >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0)
}

fn ratio(x: f64, numerator: [f64; 8], denominator: [f64; 7]) -> f64 {
    let above = numerator.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let below = denominator.iter().rev().fold(0.0, |sum, c| sum * x + c) * x + 1.0;
    above / below
}

/// The standard normal quantile to about 16 digits: Wichura, "Algorithm AS 241: The Percentage
/// Points of the Normal Distribution" (Applied Statistics 37, 1988).
#[inline]
#[expect(clippy::excessive_precision, reason = "coefficients as published")]
pub(super) fn normal(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        return q * ratio(
            0.180625 - q * q,
            [
                3.3871328727963666080,
                1.3314166789178437745e2,
                1.9715909503065514427e3,
                1.3731693765509461125e4,
                4.5921953931549871457e4,
                6.7265770927008700853e4,
                3.3430575583588128105e4,
                2.5090809287301226727e3,
            ],
            [
                4.2313330701600911252e1,
                6.8718700749205790830e2,
                5.3941960214247511077e3,
                2.1213794301586595867e4,
                3.9307895800092710610e4,
                2.8729085735721942674e4,
                5.2264952788528545610e3,
            ],
        );
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-tail.ln()).sqrt();
    let value = if r <= 5.0 {
        ratio(
            r - 1.6,
            [
                1.42343711074968357734,
                4.63033784615654529590,
                5.76949722146069140550,
                3.64784832476320460504,
                1.27045825245236838258,
                2.41780725177450611770e-1,
                2.27238449892691845833e-2,
                7.74545014278341407640e-4,
            ],
            [
                2.05319162663775882187,
                1.67638483018380384940,
                6.89767334985100004550e-1,
                1.48103976427480074590e-1,
                1.51986665636164571966e-2,
                5.47593808499534494600e-4,
                1.05075007164441684324e-9,
            ],
        )
    } else {
        ratio(
            r - 5.0,
            [
                6.65790464350110377720,
                5.46378491116411436990,
                1.78482653991729133580,
                2.96560571828504891230e-1,
                2.65321895265761230930e-2,
                1.24266094738807843860e-3,
                2.71155556874348757815e-5,
                2.01033439929228813265e-7,
            ],
            [
                5.99832206555887937690e-1,
                1.36929880922735805310e-1,
                1.48753612908506148525e-2,
                7.86869131145613259100e-4,
                1.84631831751005468180e-5,
                1.42151175831644588870e-7,
                2.04426310338993978564e-15,
            ],
        )
    };
    if q < 0.0 { -value } else { value }
}

/// Quantiles of a distribution over whole numbers from a table of cumulative weights.
#[derive(Debug, Clone)]
pub(super) struct Table {
    first: i64,
    cumulative: Vec<f64>,
}

impl Table {
    /// Weights of `first`, `first + 1` and so on; at least one above 0.
    pub(super) fn new(first: i64, weights: &[f64]) -> Self {
        let total: f64 = weights.iter().sum();
        let mut sum = 0.0;
        let cumulative = weights
            .iter()
            .map(|weight| {
                sum += weight;
                sum / total
            })
            .collect();
        Self { first, cumulative }
    }

    /// The smallest number whose cumulative probability is above p.
    #[inline]
    pub(super) fn at(&self, p: f64) -> i64 {
        let index = self
            .cumulative
            .partition_point(|&c| c <= p)
            .min(self.cumulative.len().saturating_sub(1));
        self.first
            .saturating_add(i64::try_from(index).unwrap_or(i64::MAX))
    }
}

/// The largest mean of a Poisson distribution: its table has some 20,000 cells.
pub(super) const MOST_POISSON_MEAN: f64 = 1e6;

/// The Poisson distribution with a mean from 0 to [`MOST_POISSON_MEAN`]: exact within 10 standard
/// deviations, beyond which less than 1e-20 lies.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "means of up to a million"
)]
pub(super) fn poisson(mean: f64) -> Table {
    let spread = 10.0 * mean.sqrt() + 40.0;
    let (low, mode, high) = (
        (mean - spread).max(0.0) as i64,
        mean as i64,
        (mean + spread) as i64,
    );
    // Relative to the weight of the mode: p(k + 1) = p(k) mean / (k + 1).
    let mut below = Vec::new();
    let mut weight = 1.0;
    for k in (low..mode).rev() {
        weight *= (k + 1) as f64 / mean;
        below.push(weight);
    }
    let mut weights: Vec<f64> = below.into_iter().rev().collect();
    weights.push(1.0);
    weight = 1.0;
    for k in mode..high {
        weight *= mean / (k + 1) as f64;
        weights.push(weight);
    }
    Table::new(low, &weights)
}

/// Zipf's distribution over ranks 1 to n: the probability of rank k is in proportion to k^-s.
#[derive(Debug, Clone)]
pub(super) struct Zipf {
    head: Table,
    /// Probability of the head.
    head_share: f64,
    /// One past the head, less a half: where the integral that stands for the tail begins.
    start: f64,
    ranks: u64,
    exponent: f64,
}

/// Ranks that have a cell of their own. Beyond, the sum over ranks is taken for the integral
/// around each: at rank 16384 the relative error is s (s + 1) / (24 rank^2), below 2e-9 for s = 2.
const HEAD: u64 = 1 << 14;

impl Zipf {
    /// Ranks 1 to `ranks`, exponent 0 to 20.
    #[expect(
        clippy::cast_precision_loss,
        reason = "ranks of the head; elsewhere an approximation"
    )]
    pub(super) fn new(ranks: u64, exponent: f64) -> Self {
        let weights: Vec<f64> = (1..=ranks.clamp(1, HEAD))
            .map(|rank| (rank as f64).powf(-exponent))
            .collect();
        let head: f64 = weights.iter().sum();
        let mut zipf = Self {
            head: Table::new(1, &weights),
            head_share: 1.0,
            start: HEAD as f64 + 0.5,
            ranks,
            exponent,
        };
        if ranks > HEAD {
            let tail = zipf.integral(ranks as f64 + 0.5);
            zipf.head_share = head / (head + tail);
        }
        zipf
    }

    /// The integral of x^-s from the start of the tail to `end`.
    fn integral(&self, end: f64) -> f64 {
        let t = 1.0 - self.exponent;
        let log = (end / self.start).ln();
        // (e^(t log) - 1) / t, which is log where t is 0.
        let factor = if t.abs() < 1e-12 {
            log
        } else {
            (t * log).exp_m1() / t
        };
        self.start.powf(t) * factor
    }

    /// The rank at probability p.
    #[inline]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a saturating cast of a number above 0, then clamped"
    )]
    pub(super) fn at(&self, p: f64) -> u64 {
        if p < self.head_share {
            return self.head.at(p / self.head_share).unsigned_abs();
        }
        let share = (p - self.head_share) / (1.0 - self.head_share);
        let area =
            share * self.integral(self.ranks as f64 + 0.5) / self.start.powf(1.0 - self.exponent);
        let t = 1.0 - self.exponent;
        let log = if t.abs() < 1e-12 {
            area
        } else {
            (t * area).ln_1p() / t
        };
        ((self.start * log.exp() + 0.5) as u64).clamp(HEAD + 1, self.ranks)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles from tables of the normal distribution (NIST handbook, 1.3.6.7.1, and R's qnorm).
    #[test]
    fn normal_quantiles_are_those_of_the_tables() {
        for (p, expected) in [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.975, 1.959_963_984_540_054),
            (0.999_999, 4.753_424_308_822_899),
            (1e-12, -7.034_483_825_011_5),
        ] {
            assert!((normal(p) - expected).abs() < 1e-9, "{p}: {}", normal(p));
        }
    }

    /// Probabilities of a Poisson distribution with mean 3, from its formula, as the width of steps.
    #[test]
    fn poisson_steps_are_the_formula() {
        let table = poisson(3.0);
        let mut expected = (-3.0_f64).exp();
        let mut sum = 0.0;
        for k in 0..15 {
            assert_eq!(table.at(sum + expected * 0.001), k);
            assert_eq!(table.at(sum + expected * 0.999), k);
            sum += expected;
            expected *= 3.0 / (k + 1) as f64;
        }
        assert_eq!(poisson(0.0).at(0.999), 0);
    }

    #[test]
    fn zipf_tail_goes_on_from_its_head() {
        for exponent in [0.0, 0.5, 1.0, 1.5, 3.0] {
            let zipf = Zipf::new(1_000_000_000, exponent);
            let last = zipf.at(zipf.head_share * (1.0 - 1e-12));
            assert!((HEAD - 10..=HEAD).contains(&last), "{exponent}: {last}");
            assert_eq!(zipf.at(zipf.head_share), HEAD + 1);
            assert!(zipf.at(1.0 - 1e-16) <= 1_000_000_000);
        }
        // Exponent 0 is uniform.
        let rank = Zipf::new(1_000_000, 0.0).at(0.25);
        assert!((249_999..=250_001).contains(&rank), "{rank}");
    }
}
