//! The normal distribution from tables that come out the same on every machine: only additions,
//! multiplications and divisions make them.
//!
//! [`entropy::normal`](crate::entropy::normal) is good enough for heights. Liabilities are compared with
//! thresholds far out in the tail, where it is not: a disease that one in five hundred has begins at 2.9
//! standard deviations.

use std::sync::LazyLock;

/// Cells of the table of quantiles, as bits.
const BITS: u32 = 12;
const CELLS: usize = 1 << BITS;

/// Where the table ends; one in 75,000 draws of a normal is farther out.
const LIMIT: f64 = 4.2;

/// Steps of the integration per unit.
const STEPS: u32 = 512;

/// e to the power of x, for x of -40 to 40: the power series of x/64, squared six times.
pub fn exp(x: f64) -> f64 {
    let small = x / 64.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for n in 1..16_u32 {
        term *= small / f64::from(n);
        sum += term;
    }
    for _ in 0..6 {
        sum *= sum;
    }
    sum
}

static QUANTILES: LazyLock<Box<[f64; CELLS + 1]>> = LazyLock::new(|| {
    // The distribution function by Simpson's rule from 0, then inverted between its points.
    let density = |z: f64| exp(-z * z / 2.0) * 0.398_942_280_401_432_7;
    let step = 1.0 / f64::from(STEPS);
    let mut upper = vec![(0.0, 0.5)];
    let mut below = 0.5;
    for i in 0..STEPS * 5 {
        let z = f64::from(i) * step;
        below += (density(z) + 4.0 * density(z + step / 2.0) + density(z + step)) * step / 6.0;
        upper.push((z + step, below));
    }
    let quantile = |p: f64| {
        let after = upper
            .partition_point(|point| point.1 < p)
            .clamp(1, upper.len() - 1);
        let (a, b) = (upper[after - 1], upper[after]);
        (a.0 + (b.0 - a.0) * ((p - a.1) / (b.1 - a.1))).min(LIMIT)
    };
    let mut table = Box::new([0.0; CELLS + 1]);
    for (i, value) in table.iter_mut().enumerate() {
        let p = part(i) / part(CELLS);
        *value = if p < 0.5 {
            -quantile(1.0 - p)
        } else {
            quantile(p)
        };
    }
    table
});

#[expect(clippy::cast_precision_loss, reason = "at most 2^12")]
fn part(i: usize) -> f64 {
    i as f64
}

/// The z-score below which a share `p` lies, of 0 to 1.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the table"
)]
pub fn quantile(p: f64) -> f64 {
    let at = p.clamp(0.0, 1.0) * part(CELLS);
    let cell = (at as usize).min(CELLS - 1);
    let table = &QUANTILES;
    table[cell] + (table[cell + 1] - table[cell]) * (at - part(cell))
}

/// The table of quantiles, looked up once for many draws.
#[derive(Clone, Copy)]
pub struct Normal(&'static [f64; CELLS + 1]);

impl Normal {
    /// The standard normal distribution.
    #[inline]
    pub fn standard() -> Self {
        Self(&QUANTILES)
    }

    /// A draw from 32 uniform bits.
    #[inline]
    pub fn from_bits(self, bits: u32) -> f64 {
        const REST: u32 = (1 << (32 - BITS)) - 1;
        let cell = (bits >> (32 - BITS)) as usize;
        let within = f64::from(bits & REST) * (1.0 / 1_048_576.0);
        self.0[cell] + (self.0[cell + 1] - self.0[cell]) * within
    }

    /// Two independent draws from 64 uniform bits.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the two halves")]
    pub fn pair(self, entropy: u64) -> (f64, f64) {
        (
            self.from_bits((entropy >> 32) as u32),
            self.from_bits(entropy as u32),
        )
    }
}

/// Waiting times of mean 1: the exponential distribution at the middle of 512 equal shares.
static EXPONENTIAL: LazyLock<Vec<f64>> = LazyLock::new(|| {
    // -ln(1 - p), as the x at which exp(-x) is 1 - p, by Newton's method.
    let mut x = 0.0;
    let waits: Vec<f64> = (0..512_u32)
        .map(|i| {
            let rest = 1.0 - (f64::from(i) + 0.5) / 512.0;
            for _ in 0..12 {
                x += 1.0 - rest * exp(x);
            }
            x
        })
        .collect();
    let mean = waits.iter().sum::<f64>() / 512.0;
    waits.iter().map(|wait| wait / mean).collect()
});

/// An exponential draw of mean 1, up to about 7.
#[inline]
pub fn exponential(entropy: u64) -> f64 {
    EXPONENTIAL[(entropy >> 55) as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Abramowitz and Stegun, tables 4.4 and 26.1.
    #[test]
    fn tables_are_the_published_ones() {
        for (x, published) in [(1.0, std::f64::consts::E), (-2.0, 0.135_335_283_237)] {
            assert!((exp(x) - published).abs() < 1e-11, "exp({x}) = {}", exp(x));
        }
        for (p, published) in [
            (0.5, 0.0),
            (0.975, 1.959_96),
            (0.99, 2.326_35),
            (0.001, -3.090_23),
        ] {
            assert!(
                (quantile(p) - published).abs() < 2e-3,
                "{p}: {}",
                quantile(p)
            );
        }
        assert_eq!(quantile(0.0), -LIMIT);
        assert_eq!(Normal::standard().from_bits(0), -LIMIT);
        assert_eq!(Normal::standard().from_bits(1 << 31), 0.0);
    }
}
