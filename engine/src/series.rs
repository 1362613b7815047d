//! Time series: trend, season, noise and gaps, as a function of the number of the point.
//!
//! ```
//! use synth_engine::series::Series;
//!
//! let load = Series { base: 100.0, season_period: 24.0, season_amplitude: 20.0, ..Series::default() };
//! assert_eq!(load.at(1, 6), Some(120.0));
//! assert_eq!(load.at(1, 18), Some(80.0));
//! ```

use std::f64::consts::TAU;

use crate::entropy::{Stream, unit};
use crate::generator::standard_normal;

/// What a series is made of; the default is constantly 0.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Series {
    /// Value at point 0.
    pub base: f64,
    /// What is added a point.
    pub trend: f64,
    /// Points a season; 0: no season.
    pub season_period: f64,
    /// How far a season goes up and down: a sine that begins at 0.
    pub season_amplitude: f64,
    /// Standard deviation of normal noise, independent from point to point.
    pub noise: f64,
    /// Share of points that are missing, 0 to 1.
    pub gaps: f64,
    /// Points a gap; 0 is taken for 1.
    pub gap_length: u64,
}

impl Series {
    /// The value at a point under a seed; none in a gap.
    #[expect(
        clippy::cast_precision_loss,
        reason = "numbers of points beyond 2^53 are rounded"
    )]
    pub fn at(&self, seed: u64, index: u64) -> Option<f64> {
        if self.gaps > 0.0 {
            let gap = Stream::new(seed, "series", "gap").draw(index / self.gap_length.max(1));
            if unit(gap) < self.gaps {
                return None;
            }
        }
        let point = index as f64;
        let mut value = self.base + self.trend * point;
        if self.season_period > 0.0 && self.season_amplitude != 0.0 {
            let phase = (point / self.season_period).fract();
            value += self.season_amplitude * (TAU * phase).sin();
        }
        if self.noise > 0.0 {
            let draw = Stream::new(seed, "series", "noise").draw(index);
            value += self.noise * standard_normal(draw);
        }
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Over 20,000 points: share of gaps, mean of the noise and its deviation, 5 standard errors.
    #[test]
    fn parts_are_as_large_as_asked_for() {
        let series = Series {
            base: 10.0,
            trend: 0.5,
            noise: 2.0,
            gaps: 0.1,
            gap_length: 4,
            ..Series::default()
        };
        let n = 20_000;
        let rest: Vec<f64> = (0..n)
            .filter_map(|i| series.at(7, i).map(|v| v - 10.0 - 0.5 * i as f64))
            .collect();
        let missing = 1.0 - rest.len() as f64 / n as f64;
        assert!(
            (missing - 0.1).abs() < 5.0 * (0.09_f64 * 4.0 / n as f64).sqrt(),
            "{missing}"
        );
        let mean = rest.iter().sum::<f64>() / rest.len() as f64;
        let deviation = (rest.iter().map(|x| x * x).sum::<f64>() / rest.len() as f64).sqrt();
        assert!(
            mean.abs() < 5.0 * 2.0 / (rest.len() as f64).sqrt(),
            "{mean}"
        );
        assert!((deviation - 2.0).abs() < 0.06, "{deviation}");
        // A gap is four points long.
        for block in 0..n / 4 {
            let of = |i| series.at(7, block * 4 + i).is_none();
            assert!((1..4).all(|i| of(i) == of(0)), "{block}");
        }
    }
}
