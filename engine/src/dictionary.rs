//! Weighted choice in constant time: Vose's alias method over integers.
//!
//! ```
//! use synth_engine::dictionary::Weighted;
//!
//! let sizes = Weighted::new(&[90, 10]);
//! let large = (0..10_000_u64).filter(|row| {
//!     let entropy = synth_engine::entropy::remix(*row);
//!     sizes.pick(entropy) == 1
//! });
//! let count = large.count();
//! assert!((900..1_100).contains(&count), "{count}");
//! ```

use crate::entropy::below;

/// An alias table: picks index i with probability weight\[i\] / sum, to within 2^-32.
#[derive(Debug, Clone)]
pub struct Weighted {
    /// For each column: the threshold in 32 bits below which the column itself is meant, and the
    /// other index that shares it.
    columns: Vec<(u32, u32)>,
}

impl Weighted {
    /// Builds a table. No weights, or all zero, gives a table that always picks index 0.
    pub fn new(weights: &[u64]) -> Self {
        let n = weights.len().max(1) as u128;
        let total: u128 = weights.iter().map(|&w| u128::from(w)).sum::<u128>().max(1);
        // Scaled so that the average column holds `total`.
        let mut scaled: Vec<u128> = weights.iter().map(|&w| u128::from(w) * n).collect();
        if scaled.iter().all(|&w| w == 0) {
            return Self {
                columns: vec![(u32::MAX, 0)],
            };
        }
        let mut columns = vec![(u32::MAX, 0_u32); scaled.len()];
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..scaled.len()).partition(|&i| scaled[i] < total);
        for (i, column) in columns.iter_mut().enumerate() {
            column.1 = u32::try_from(i).unwrap_or(u32::MAX);
        }
        while let (Some(less), Some(&more)) = (small.pop(), large.last()) {
            let threshold = (scaled[less] << 32) / total;
            columns[less] = (
                u32::try_from(threshold).unwrap_or(u32::MAX),
                u32::try_from(more).unwrap_or(0),
            );
            scaled[more] -= total - scaled[less];
            if scaled[more] < total {
                large.pop();
                small.push(more);
            }
        }
        Self { columns }
    }

    /// Picks an index by 64 uniform bits: the high part chooses the column, the low 32 bits the
    /// side of it.
    #[inline]
    pub fn pick(&self, entropy: u64) -> usize {
        let column = usize::try_from(below(entropy, self.columns.len() as u64)).unwrap_or(0);
        let (threshold, other) = self.columns[column];
        if entropy & 0xFFFF_FFFF < u64::from(threshold) {
            column
        } else {
            other as usize
        }
    }

    /// How many indexes there are.
    pub fn len(&self) -> usize {
        self.columns.len()
    }

    /// Never: there is always at least index 0.
    pub fn is_empty(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Stream;
    use proptest::prelude::*;

    proptest! {
        /// Every index is picked about as often as its weight says: 5 standard errors.
        #[test]
        fn picks_follow_weights(weights in proptest::collection::vec(0_u64..1_000, 1..20), key: u64) {
            let total: u64 = weights.iter().sum();
            prop_assume!(total > 0);
            let table = Weighted::new(&weights);
            let stream = Stream::from_key(key);
            let mut counts = vec![0_u32; weights.len()];
            for row in 0..20_000 {
                counts[table.pick(stream.draw(row))] += 1;
            }
            for (count, weight) in counts.iter().zip(&weights) {
                let p = *weight as f64 / total as f64;
                let error = (20_000.0 * p * (1.0 - p)).sqrt();
                prop_assert!((f64::from(*count) - 20_000.0 * p).abs() <= 5.0 * error + 0.01,
                    "weight {weight} of {total}: {count} of 20000");
            }
        }
    }

    #[test]
    fn nothing_to_pick_from_gives_the_first() {
        assert_eq!(Weighted::new(&[]).pick(u64::MAX), 0);
        assert_eq!(Weighted::new(&[0, 0]).pick(u64::MAX), 0);
    }
}
