//! Counter-based entropy: every draw is `f(seed, stream, row)`, so row i costs the same whether or
//! not rows 0..i were made (laws 1 to 3 of the design).
//!
//! ```
//! use synth_engine::entropy::{Permutation, Stream};
//!
//! let height = Stream::new(42, "patients", "height_cm");
//! assert_eq!(height.draw(7), Stream::new(42, "patients", "height_cm").draw(7));
//!
//! // A unique column needs no look-up: it is a permutation of the row number.
//! let serial = Permutation::new(1_000, height);
//! let mut seen: Vec<u64> = (0..1_000).map(|row| serial.apply(row)).collect();
//! seen.sort_unstable();
//! assert_eq!(seen, (0..1_000).collect::<Vec<_>>());
//! ```

/// 2^64 divided by the golden ratio, odd: the increment of `SplitMix64`.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;

/// The finalizer of `SplitMix64` (variant 13 of Stafford, "Better Bit Mixing", 2011): a bijection
/// of 64 bits in which every input bit flips every output bit with probability close to 1/2.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A named sequence of 64-bit draws, addressed by row number.
///
/// The key has two words. The first is added to the counter and the second enters between the
/// two multiplications, so that two streams are not shifted copies of one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    offset: u64,
    tweak: u64,
}

impl Stream {
    /// The stream of one column of one table under a seed.
    pub fn new(seed: u64, table: &str, column: &str) -> Self {
        let mut key = mix(seed ^ GAMMA);
        for name in [table, column] {
            for byte in name.bytes() {
                key = mix(key ^ u64::from(byte)).wrapping_add(GAMMA);
            }
            // Names are delimited, so that ("ab", "c") and ("a", "bc") differ.
            key = mix(key ^ 0x100);
        }
        Self::from_key(key)
    }

    /// A stream keyed by 64 bits of entropy.
    pub const fn from_key(key: u64) -> Self {
        Self {
            offset: mix(key),
            tweak: mix(key ^ GAMMA),
        }
    }

    /// An independent stream within this one.
    #[must_use]
    pub const fn split(self, index: u64) -> Self {
        Self::from_key(mix(self.offset ^ mix(index.wrapping_add(GAMMA))) ^ self.tweak)
    }

    /// The draw of a row: 64 uniform bits.
    #[inline]
    pub const fn draw(self, row: u64) -> u64 {
        let mut z = row.wrapping_mul(GAMMA).wrapping_add(self.offset);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9) ^ self.tweak;
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A keyed bijection of the 64-bit integers: distinct rows give distinct values.
    #[inline]
    pub const fn bijection(self, row: u64) -> u64 {
        // `draw` composes bijections only (odd multiplications, xor-shifts, additions).
        self.draw(row)
    }
}

/// Second and later draws out of one: remixes entropy that has been used already.
#[inline]
pub const fn remix(entropy: u64) -> u64 {
    mix(entropy.wrapping_add(GAMMA))
}

/// The draw with an index out of one: [`remix`] at 0. Unlike draws remixed one after the other these
/// do not wait for each other.
#[inline]
pub const fn remix_at(entropy: u64, index: u64) -> u64 {
    remix(entropy.wrapping_add(GAMMA.wrapping_mul(index)))
}

/// What [`remix`] was given: two columns of one subject, of which one sees remixed entropy, can so
/// agree (a Polish last name has the sex of the first name).
#[inline]
pub const fn unremix(entropy: u64) -> u64 {
    // The steps of `mix` backwards; the factors are the inverses of its factors modulo 2^64.
    let mut z = entropy ^ (entropy >> 31) ^ (entropy >> 62);
    z = z.wrapping_mul(0x3196_42B2_D24D_8EC3);
    z = z ^ (z >> 27) ^ (z >> 54);
    z = z.wrapping_mul(0x96DE_1B17_3F11_9089);
    (z ^ (z >> 30) ^ (z >> 60)).wrapping_sub(GAMMA)
}

/// Maps 64 uniform bits to 0..n without division (Lemire, "Fast Random Integer Generation in an
/// Interval", 2019); the bias is below n / 2^64. `n` of 0 gives 0.
#[inline]
pub const fn below(entropy: u64, n: u64) -> u64 {
    high(entropy as u128 * n as u128)
}

/// Maps 64 uniform bits to the unit interval [0, 1), on a grid of 2^-53.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit an f64 exactly")]
pub fn unit(entropy: u64) -> f64 {
    (entropy >> 11) as f64 * (1.0 / 9_007_199_254_740_992.0)
}

/// A standard normal draw by the sum of four 16-bit uniforms (Irwin-Hall): exact on every machine
/// since it needs no library function. Tails end at 3.46; the kurtosis is 2.7 where a normal has 3.
#[inline]
#[expect(clippy::cast_precision_loss, reason = "the sum is below 2^18")]
pub fn normal(entropy: u64) -> f64 {
    let sum =
        (entropy & 0xFFFF) + (entropy >> 16 & 0xFFFF) + (entropy >> 32 & 0xFFFF) + (entropy >> 48);
    // Mean 2 * 65535, variance 4 * (65536^2 - 1) / 12.
    (sum as f64 - 131_070.0) * (1.0 / 37_837.227_2)
}

/// Rounds to a whole number, halves to even, by the addition that leaves no room for a fraction:
/// one instruction where the library's function is a call. For magnitudes below 2^51.
#[inline]
pub fn round(value: f64) -> f64 {
    // 1.5 * 2^52: doubles of this size are whole numbers.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    (value + SHIFT) - SHIFT
}

const fn high(product: u128) -> u64 {
    (product >> 64) as u64
}

/// Up to this size a permutation is a card shuffle.
const SMALL: u64 = 1 << 10;

/// A keyed permutation of 0..n: an alternating Feistel network over the next power of two, with
/// cycle walking (Black and Rogaway, "Ciphers with Arbitrary Finite Domains", 2002). Sets too
/// small for a Feistel network to mix take a swap-or-not shuffle (Hoang, Morris and Rogaway, "An
/// Enciphering Scheme Based on a Card Shuffle", 2012).
///
/// It spreads unique values; it is not a cipher. What must not be inverted uses [`crate::secret`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permutation {
    n: u64,
    low_bits: u32,
    high_bits: u32,
    rounds: [u64; 6],
}

impl Permutation {
    /// A permutation of 0..n under a stream's key.
    pub const fn new(n: u64, key: Stream) -> Self {
        let bits = if n <= 4 {
            2
        } else {
            u64::BITS - (n - 1).leading_zeros()
        };
        let mut rounds = [0; 6];
        let mut i = 0;
        while i < rounds.len() {
            rounds[i] = key.split(i as u64).offset;
            i += 1;
        }
        Self {
            n,
            low_bits: bits / 2,
            high_bits: bits - bits / 2,
            rounds,
        }
    }

    /// How many values there are.
    pub const fn len(&self) -> u64 {
        self.n
    }

    /// Whether there is nothing to permute.
    pub const fn is_empty(&self) -> bool {
        self.n == 0
    }

    /// Where `index` goes. An index of n or more is returned as it is.
    #[inline]
    pub const fn apply(&self, index: u64) -> u64 {
        if index >= self.n {
            return index;
        }
        let mut value = index;
        if self.n <= SMALL {
            return self.swap_or_not(index);
        }
        // Walking stays within the cycle of `index`, which holds `index` itself, below n: it ends.
        loop {
            value = self.network(value);
            if value < self.n {
                return value;
            }
        }
    }

    const fn swap_or_not(&self, index: u64) -> u64 {
        let mut value = index;
        let mut round = 0;
        while round < 48 {
            let key = mix(self.rounds[0] ^ round);
            let partner = (below(key, self.n) + self.n - value) % self.n;
            let larger = if partner > value { partner } else { value };
            if mix(larger.wrapping_add(self.rounds[1]) ^ key) & 1 == 1 {
                value = partner;
            }
            round += 1;
        }
        value
    }

    #[inline]
    const fn network(&self, value: u64) -> u64 {
        let low_mask = (1_u64 << self.low_bits) - 1;
        let high_mask = (1_u64 << self.high_bits) - 1;
        let mut low = value & low_mask;
        let mut high = value >> self.low_bits;
        let mut i = 0;
        while i < self.rounds.len() {
            low ^= Self::round(high ^ self.rounds[i]) & low_mask;
            high ^= Self::round(low ^ self.rounds[i + 1]) & high_mask;
            i += 2;
        }
        high << self.low_bits | low
    }

    #[inline]
    const fn round(value: u64) -> u64 {
        let z = (value ^ (value >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        z ^ (z >> 29)
    }
}

/// Unique decimal numbers for any number of rows: rows are numbered in blocks of 10^d, each block
/// a permutation of the d-digit numbers, with d growing from `digits`.
///
/// Two rows never share both number and digit count, so the printed numbers never collide.
#[derive(Debug, Clone)]
pub struct UniqueNumbers {
    first_digits: u32,
    blocks: Vec<(u64, Permutation)>,
}

impl UniqueNumbers {
    /// Numbers of at least `digits` digits (1 to 18).
    pub fn new(digits: u32, key: Stream) -> Self {
        let first_digits = digits.clamp(1, 18);
        let mut start = 0_u64;
        let blocks = (first_digits..=19)
            .map(|d| {
                let size = 10_u64.pow(d);
                let block = (start, Permutation::new(size, key.split(u64::from(d))));
                start = start.saturating_add(size);
                block
            })
            .collect();
        Self {
            first_digits,
            blocks,
        }
    }

    /// The number of a row (up to 2^63) and how many digits to print it with.
    #[inline]
    pub fn at(&self, row: u64) -> (u64, u32) {
        let mut digits = self.first_digits;
        for window in self.blocks.windows(2) {
            if row < window[1].0 {
                return (window[0].1.apply(row - window[0].0), digits);
            }
            digits += 1;
        }
        let (start, last) = self.blocks[self.blocks.len() - 1];
        (last.apply(row - start), digits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DRAWS: u64 = 1 << 18;

    /// Pearson's chi-squared statistic of `bins` equally likely bins, as a z-score
    /// (normal approximation, fine from 50 bins).
    fn chi_squared_z(counts: &[u64]) -> f64 {
        let total: u64 = counts.iter().sum();
        let expected = total as f64 / counts.len() as f64;
        let chi: f64 = counts
            .iter()
            .map(|&c| (c as f64 - expected).powi(2) / expected)
            .sum();
        let freedom = counts.len() as f64 - 1.0;
        (chi - freedom) / (2.0 * freedom).sqrt()
    }

    /// Every byte of the draw is uniform: |z| < 4.5 has a false alarm rate of 7e-6 a test, and
    /// the seeds are fixed.
    #[test]
    fn every_byte_is_uniform() {
        for seed in [0, 1, 2, u64::MAX, 0xDEAD_BEEF] {
            let stream = Stream::new(seed, "patients", "sex");
            for shift in (0..64).step_by(8) {
                let mut counts = [0_u64; 256];
                for row in 0..DRAWS {
                    counts[usize::try_from(stream.draw(row) >> shift & 0xFF).unwrap()] += 1;
                }
                let z = chi_squared_z(&counts);
                assert!(z.abs() < 4.5, "seed {seed} byte at {shift}: z = {z}");
            }
        }
    }

    /// Draws next to each other in row, seed or stream are independent: a chi-squared test on the
    /// joint distribution of six bits of each.
    #[test]
    fn neighbours_are_independent() {
        type Draw = Box<dyn Fn(u64) -> u64>;
        let here = Stream::new(7, "patients", "sex");
        let pairs: [(&str, Draw); 5] = [
            ("row", Box::new(move |row| here.draw(row + 1))),
            ("far row", Box::new(move |row| here.draw(row + (1 << 32)))),
            (
                "seed",
                Box::new(|row| Stream::new(8, "patients", "sex").draw(row)),
            ),
            (
                "column",
                Box::new(|row| Stream::new(7, "patients", "sey").draw(row)),
            ),
            ("split", Box::new(move |row| here.split(1).draw(row))),
        ];
        for (what, other) in pairs {
            for (a, b) in [(0, 0), (58, 58), (0, 58), (20, 40)] {
                let mut counts = vec![0_u64; 4096];
                for row in 0..DRAWS {
                    let cell = (here.draw(row) >> a & 63) << 6 | (other(row) >> b & 63);
                    counts[usize::try_from(cell).unwrap()] += 1;
                }
                let z = chi_squared_z(&counts);
                assert!(z.abs() < 4.5, "{what}, bits {a} and {b}: z = {z}");
            }
        }
    }

    /// Flipping one bit of the row flips each bit of the draw half of the time (2^12 trials:
    /// standard error 0.0078, bound at 5.1 errors for 4096 pairs).
    #[test]
    fn avalanche() {
        let stream = Stream::new(3, "t", "c");
        for input in 0..64 {
            let mut flips = [0_u32; 64];
            for row in 0..4096_u64 {
                let changed = stream.draw(row) ^ stream.draw(row ^ 1 << input);
                for (bit, count) in flips.iter_mut().enumerate() {
                    *count += u32::from(changed >> bit & 1 == 1);
                }
            }
            for (bit, count) in flips.iter().enumerate() {
                let rate = f64::from(*count) / 4096.0;
                assert!(
                    (rate - 0.5).abs() < 0.04,
                    "row bit {input}, draw bit {bit}: {rate}"
                );
            }
        }
    }

    /// Mean, variance and the 5th and 95th percentile of [`normal`] (the approximation is within
    /// 0.02 of the normal there; sampling error at 2^18 draws is 0.005).
    #[test]
    fn normal_is_normal() {
        let stream = Stream::new(5, "t", "c");
        let mut draws: Vec<f64> = (0..DRAWS).map(|row| normal(stream.draw(row))).collect();
        draws.sort_by(f64::total_cmp);
        let n = draws.len() as f64;
        let mean = draws.iter().sum::<f64>() / n;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
        assert!(mean.abs() < 0.01, "mean {mean}");
        assert!((variance - 1.0).abs() < 0.01, "variance {variance}");
        assert!((draws[draws.len() / 20] + 1.645).abs() < 0.03);
        assert!((draws[draws.len() * 19 / 20] - 1.645).abs() < 0.03);
    }

    /// Where the first element of a small set goes is uniform over keys.
    #[test]
    fn permutations_are_spread_over_keys() {
        for n in [2_u64, 5, 52, 100] {
            let mut counts = vec![0_u64; usize::try_from(n).unwrap()];
            for key in 0..20_000 {
                let to = Permutation::new(n, Stream::from_key(key)).apply(0);
                counts[usize::try_from(to).unwrap()] += 1;
            }
            let z = chi_squared_z(&counts);
            assert!(z.abs() < 5.0, "n = {n}: z = {z}, {counts:?}");
        }
    }

    proptest! {
        #[test]
        fn permutation_is_a_bijection(n in 1_u64..5_000, key: u64) {
            let permutation = Permutation::new(n, Stream::from_key(key));
            let mut seen = vec![false; usize::try_from(n).unwrap()];
            for row in 0..n {
                let to = usize::try_from(permutation.apply(row)).unwrap();
                prop_assert!(!std::mem::replace(&mut seen[to], true), "{to} twice");
            }
        }

        #[test]
        fn large_permutations_stay_in_range_and_differ(n in 1_u64 << 33..u64::MAX, a: u64, b: u64, key: u64) {
            let permutation = Permutation::new(n, Stream::from_key(key));
            let (a, b) = (a % n, b % n);
            prop_assert!(permutation.apply(a) < n);
            prop_assert_eq!(a == b, permutation.apply(a) == permutation.apply(b));
        }

        #[test]
        fn round_rounds(value in -1e12..1e12) {
            prop_assert_eq!(round(value), f64::round_ties_even(value));
        }

        #[test]
        fn unremix_undoes_remix(entropy: u64) {
            prop_assert_eq!(unremix(remix(entropy)), entropy);
        }

        #[test]
        fn below_is_below(entropy: u64, n in 1_u64..) {
            prop_assert!(below(entropy, n) < n);
        }

        #[test]
        fn unique_numbers_are_unique_at_any_row(a in 0_u64..1 << 63, b in 0_u64..1 << 63, key: u64) {
            let numbers = UniqueNumbers::new(4, Stream::from_key(key));
            let (number, digits) = numbers.at(a);
            prop_assert!(digits == 19 || number < 10_u64.pow(digits));
            prop_assert_eq!(a == b, numbers.at(a) == numbers.at(b));
        }
    }

    #[test]
    fn unique_numbers_grow_by_a_digit_a_block() {
        let numbers = UniqueNumbers::new(2, Stream::from_key(1));
        let mut seen = std::collections::HashSet::new();
        for row in 0..1_200 {
            assert!(seen.insert(numbers.at(row)));
        }
        assert_eq!(seen.iter().filter(|(_, digits)| *digits == 2).count(), 100);
        assert_eq!(
            seen.iter().filter(|(_, digits)| *digits == 3).count(),
            1_000
        );
        assert_eq!(seen.iter().filter(|(_, digits)| *digits == 4).count(), 100);
    }
}
