//! What a proof remembers of original values: keyed hashes in a set of bounded size.
//!
//! A value is hashed with SipHash-2-4 (Aumasson and Bernstein 2012) under a key derived from the
//! secret, so without the secret nobody can test guesses against the set. Up to [`EXACT`] distinct
//! values the set holds their hashes; two values fall together once in 2⁶⁴. Above, it becomes a
//! split block Bloom filter (Putze, Sanders and Singler 2007; the layout of Apache Parquet) of at
//! most 64 MiB. What would not fit into that is sampled by hash, so that a value is either looked
//! for everywhere or nowhere: [`ValueSet::looks_for`].
//!
//! ```
//! use synth_engine::proof::{Class, ValueHash, ValueSet};
//! use synth_engine::secret::Secret;
//!
//! let hash = ValueHash::new(&Secret::new([7; 32]));
//! let mut originals = ValueSet::new(1000);
//! originals.insert(hash.value(Class::Text, b"Ann"));
//! assert!(originals.contains(hash.value(Class::Text, b"Ann")));
//! assert!(!originals.contains(hash.value(Class::Text, b"Bob")));
//! assert_eq!(ValueSet::from_bytes(&originals.to_bytes()), Some(originals));
//! ```

use std::collections::HashSet;
use std::hash::{BuildHasherDefault, Hasher};

use siphasher::sip::SipHasher24;

use crate::secret::Secret;

/// So many distinct values are kept exactly.
pub const EXACT: usize = 1 << 20;
/// Words of a block: each takes one bit of a value.
const BLOCK: usize = 8;
/// The smallest filter, in blocks (1 MiB), and the largest (64 MiB).
const BLOCKS: std::ops::RangeInclusive<u64> = (1 << 15)..=(1 << 21);
/// Bits a value that a filter is made for, before values are sampled.
const BITS_WANTED: u64 = 32;
/// Bits a value below which values are sampled.
const BITS_NEEDED: u64 = 16;
/// Odd multipliers that choose a bit in each word (Apache Parquet, `BloomFilter.md`).
const SALT: [u32; BLOCK] = [
    0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
];

/// Types whose values can be equal across columns; values of different classes never are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Text of any kind, without the blanks that pad it.
    Text,
    /// Whole numbers of any width, as eight bytes, little-endian.
    Integer,
    /// A type of its own, by a number that stands for it.
    Other(u32),
}

impl Class {
    const fn number(self) -> u64 {
        match self {
            Self::Text => 1,
            Self::Integer => 2,
            Self::Other(number) => (1 << 32) | number as u64,
        }
    }
}

/// Hashes values under a key.
#[derive(Clone)]
pub struct ValueHash([u8; 16]);

impl std::fmt::Debug for ValueHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ValueHash(..)")
    }
}

impl ValueHash {
    /// Derives the key from a secret.
    pub fn new(secret: &Secret) -> Self {
        let digest = secret.key("pg_synth fingerprint").digest(b"");
        let mut key = [0; 16];
        key.copy_from_slice(&digest[..16]);
        Self(key)
    }

    /// The hash of a value's bytes.
    #[inline]
    pub fn value(&self, class: Class, bytes: &[u8]) -> u64 {
        let mut hash = SipHasher24::new_with_key(&self.0);
        hash.write_u64(class.number());
        hash.write(bytes);
        hash.finish()
    }
}

/// Hashes are random already.
#[derive(Debug, Default, Clone, Copy)]
struct Identity(u64);

impl Hasher for Identity {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 << 8) | u64::from(byte);
        }
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = value;
    }
}

type Hashes = HashSet<u64, BuildHasherDefault<Identity>>;

/// A set of hashes of bounded size: it may hold what was never put in (see
/// [`ValueSet::false_positives`]), and it holds all that was and that it [looks
/// for](ValueSet::looks_for).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueSet {
    /// How many values may come.
    expected: u64,
    form: Form,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Form {
    Exact(Hashes),
    Bloom {
        /// Values are looked for if so many bits of their hash are 0.
        sample: u32,
        blocks: Vec<[u32; BLOCK]>,
        /// Distinct values put in, but for false positives.
        distinct: u64,
    },
}

impl ValueSet {
    /// An empty set for about so many values; more may come, at the price of false positives.
    pub fn new(expected: u64) -> Self {
        Self {
            expected,
            form: Form::Exact(Hashes::default()),
        }
    }

    /// Puts a hash in.
    #[inline]
    pub fn insert(&mut self, hash: u64) {
        match &mut self.form {
            Form::Exact(hashes) => {
                hashes.insert(hash);
                if hashes.len() > EXACT {
                    self.become_filter();
                }
            }
            Form::Bloom {
                sample,
                blocks,
                distinct,
            } => {
                if is_sampled(hash, *sample) && set(blocks, hash) {
                    *distinct += 1;
                }
            }
        }
    }

    #[cold]
    fn become_filter(&mut self) {
        let expected = self.expected.max(2 * EXACT as u64);
        let block_bits = 32 * BLOCK as u64;
        let size = (expected.saturating_mul(BITS_WANTED) / block_bits)
            .checked_next_power_of_two()
            .unwrap_or(u64::MAX)
            .clamp(*BLOCKS.start(), *BLOCKS.end());
        let fits = size * block_bits / BITS_NEEDED;
        let sample = expected
            .div_ceil(fits)
            .checked_next_power_of_two()
            .map_or(16, u64::trailing_zeros)
            .min(16);
        let length = usize::try_from(size).unwrap_or(usize::MAX);
        let filter = Form::Bloom {
            sample,
            blocks: vec![[0; BLOCK]; length],
            distinct: 0,
        };
        if let Form::Exact(hashes) = std::mem::replace(&mut self.form, filter) {
            for hash in hashes {
                self.insert(hash);
            }
        }
    }

    /// Whether a hash was put in, or seems to have been.
    #[inline]
    pub fn contains(&self, hash: u64) -> bool {
        match &self.form {
            Form::Exact(hashes) => hashes.contains(&hash),
            Form::Bloom { sample, blocks, .. } => is_sampled(hash, *sample) && is_set(blocks, hash),
        }
    }

    /// Whether a hash was put in, as far as the set can say: what it does not look for may have been.
    #[inline]
    pub fn may_contain(&self, hash: u64) -> bool {
        match &self.form {
            Form::Exact(hashes) => hashes.contains(&hash),
            Form::Bloom { sample, blocks, .. } => {
                !is_sampled(hash, *sample) || is_set(blocks, hash)
            }
        }
    }

    /// Leaves only what another set has, too, where it knows its members one by one.
    pub fn keep_common(&mut self, other: &Self) {
        if let Form::Exact(hashes) = &mut self.form {
            hashes.retain(|hash| other.contains(*hash));
        }
    }

    /// The share of values that are looked for: 1, or less where the set would be too large.
    pub fn looks_for(&self) -> f64 {
        match &self.form {
            Form::Exact(_) => 1.0,
            Form::Bloom { sample, .. } => 0.5_f64.powi(i32::try_from(*sample).unwrap_or(16)),
        }
    }

    /// How many distinct values were put in, of those that are looked for.
    pub fn distinct(&self) -> u64 {
        match &self.form {
            Form::Exact(hashes) => hashes.len() as u64,
            Form::Bloom { distinct, .. } => *distinct,
        }
    }

    /// The chance that a value that was never put in seems to have been, from how full the set is.
    pub fn false_positives(&self) -> f64 {
        match &self.form {
            #[expect(clippy::cast_precision_loss, reason = "a rate, about 1e-13")]
            Form::Exact(hashes) => hashes.len() as f64 / 2_f64.powi(64),
            Form::Bloom { blocks, .. } => {
                #[expect(clippy::cast_precision_loss, reason = "at most 2^21 blocks")]
                let count = blocks.len() as f64;
                let passing: f64 = blocks
                    .iter()
                    .map(|block| {
                        block
                            .iter()
                            .map(|word| f64::from(word.count_ones()) / 32.0)
                            .product::<f64>()
                    })
                    .sum();
                self.looks_for() * passing / count
            }
        }
    }

    /// As bytes, for [`ValueSet::from_bytes`].
    pub fn to_bytes(&self) -> Vec<u8> {
        match &self.form {
            Form::Exact(hashes) => {
                let mut sorted: Vec<u64> = hashes.iter().copied().collect();
                sorted.sort_unstable();
                let mut out = vec![b'E'];
                out.extend(self.expected.to_le_bytes());
                out.extend(sorted.into_iter().flat_map(u64::to_le_bytes));
                out
            }
            Form::Bloom {
                sample,
                blocks,
                distinct,
            } => {
                let mut out = Vec::with_capacity(21 + blocks.len() * 4 * BLOCK);
                out.push(b'B');
                out.extend(self.expected.to_le_bytes());
                out.extend(sample.to_le_bytes());
                out.extend(distinct.to_le_bytes());
                for word in blocks.as_flattened() {
                    out.extend(word.to_le_bytes());
                }
                out
            }
        }
    }

    /// Reads [`ValueSet::to_bytes`]; `None` for bytes that are no set.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (kind, rest) = bytes.split_first()?;
        let (expected, rest) = rest.split_first_chunk()?;
        let expected = u64::from_le_bytes(*expected);
        let form = match kind {
            b'E' => {
                let (hashes, []) = rest.as_chunks() else {
                    return None;
                };
                Form::Exact(
                    hashes
                        .iter()
                        .map(|hash| u64::from_le_bytes(*hash))
                        .collect(),
                )
            }
            b'B' => {
                let (sample, rest) = rest.split_first_chunk()?;
                let (distinct, rest) = rest.split_first_chunk()?;
                let (words, []) = rest.as_chunks() else {
                    return None;
                };
                let words: Vec<u32> = words.iter().map(|word| u32::from_le_bytes(*word)).collect();
                let (blocks, []) = words.as_chunks() else {
                    return None;
                };
                if !blocks.len().is_power_of_two() {
                    return None;
                }
                Form::Bloom {
                    sample: u32::from_le_bytes(*sample),
                    blocks: blocks.to_vec(),
                    distinct: u64::from_le_bytes(*distinct),
                }
            }
            _ => return None,
        };
        Some(Self { expected, form })
    }
}

/// A uniform sample of distinct hashes, of bounded size: those whose lowest bits are 0.
#[derive(Debug, Clone, Default)]
pub struct Sample {
    bits: u32,
    hashes: Hashes,
}

/// So many hashes a [`Sample`] holds at most.
const SAMPLE: usize = 1 << 14;

impl Sample {
    /// Takes a hash, if it is one of the sample.
    #[inline]
    pub fn insert(&mut self, hash: u64) {
        if hash.trailing_zeros() >= self.bits {
            self.take(hash);
        }
    }

    fn take(&mut self, hash: u64) {
        self.hashes.insert(hash);
        while self.hashes.len() > SAMPLE {
            self.bits += 1;
            let bits = self.bits;
            self.hashes.retain(|hash| hash.trailing_zeros() >= bits);
        }
    }

    /// How many distinct hashes it holds.
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }

    /// How many of them another set has, too.
    pub fn common(&self, set: &ValueSet) -> usize {
        self.hashes
            .iter()
            .filter(|hash| set.contains(**hash))
            .count()
    }
}

/// How often values occur before and after, for a uniform sample of them: how many rows would keep
/// their value if results were dealt out blindly.
#[derive(Debug, Clone, Default)]
pub struct Deal {
    bits: u32,
    counts: std::collections::HashMap<u64, (u64, u64), BuildHasherDefault<Identity>>,
    rows: u64,
}

impl Deal {
    /// Counts a row that is not NULL, before and after.
    pub fn count(&mut self, before: Option<u64>, after: Option<u64>) {
        self.rows += u64::from(before.is_some());
        for (hash, is_after) in [(before, false), (after, true)] {
            let Some(hash) = hash.filter(|hash| hash.trailing_zeros() >= self.bits) else {
                continue;
            };
            let entry = self.counts.entry(hash).or_default();
            if is_after {
                entry.1 += 1;
            } else {
                entry.0 += 1;
            }
        }
        while self.counts.len() > EXACT {
            self.bits += 1;
            let bits = self.bits;
            self.counts.retain(|hash, _| hash.trailing_zeros() >= bits);
        }
    }

    /// The rows that keep their value if results fall on rows at random: for each value, the rows
    /// that had it times the share of rows that it is given to.
    #[expect(clippy::cast_precision_loss, reason = "an expectation")]
    pub fn expected(&self) -> f64 {
        if self.rows == 0 {
            return 0.0;
        }
        let pairs: f64 = self
            .counts
            .values()
            .map(|(before, after)| *before as f64 * *after as f64)
            .sum();
        let mut share = 1.0;
        for _ in 0..self.bits {
            share *= 2.0;
        }
        pairs * share / self.rows as f64
    }
}

/// Bits from the middle: the upper half chooses the block, the lower one the bits in it.
fn is_sampled(hash: u64, sample: u32) -> bool {
    (hash >> 24) & ((1 << sample.min(16)) - 1) == 0
}

/// The block of a hash and its bit in each word.
fn place(blocks: usize, hash: u64) -> (usize, [u32; BLOCK]) {
    let (upper, lower) = (hash >> 32, hash & u64::from(u32::MAX));
    let block = (upper * blocks as u64) >> 32;
    let lower = u32::try_from(lower).unwrap_or_default();
    let bits = SALT.map(|salt| 1 << (lower.wrapping_mul(salt) >> 27));
    (usize::try_from(block).unwrap_or_default(), bits)
}

/// Sets a hash's bits; whether one was not set yet.
fn set(blocks: &mut [[u32; BLOCK]], hash: u64) -> bool {
    let (index, bits) = place(blocks.len(), hash);
    let mut fresh = false;
    for (word, bit) in blocks[index].iter_mut().zip(bits) {
        fresh |= *word & bit == 0;
        *word |= bit;
    }
    fresh
}

fn is_set(blocks: &[[u32; BLOCK]], hash: u64) -> bool {
    let (index, bits) = place(blocks.len(), hash);
    blocks[index]
        .iter()
        .zip(bits)
        .all(|(word, bit)| word & bit != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(from: u64, count: u64) -> impl Iterator<Item = u64> {
        let hash = ValueHash::new(&Secret::new([1; 32]));
        (from..from + count).map(move |i| hash.value(Class::Integer, &i.to_le_bytes()))
    }

    fn filled(expected: u64, count: u64) -> ValueSet {
        let mut set = ValueSet::new(expected);
        hashes(0, count).for_each(|hash| set.insert(hash));
        set
    }

    #[test]
    fn classes_and_keys_do_not_mix() {
        let one = ValueHash::new(&Secret::new([1; 32]));
        let other = ValueHash::new(&Secret::new([2; 32]));
        assert_ne!(
            one.value(Class::Text, b"7"),
            one.value(Class::Other(7), b"7")
        );
        assert_ne!(one.value(Class::Text, b"7"), other.value(Class::Text, b"7"));
    }

    #[test]
    fn small_sets_are_exact() {
        let set = filled(10, 5000);
        assert_eq!(set.distinct(), 5000);
        assert!(hashes(0, 5000).all(|hash| set.contains(hash)));
        assert!(!hashes(5000, 100_000).any(|hash| set.contains(hash)));
        assert_eq!(ValueSet::from_bytes(&set.to_bytes()), Some(set));
    }

    #[test]
    fn large_sets_miss_nothing_and_know_their_false_positives() {
        let count = 2 * EXACT as u64;
        let set = filled(count, count);
        assert!(hashes(0, count).all(|hash| set.contains(hash)));
        let chance = set.false_positives();
        assert!(chance < 1e-4, "{chance}");
        let tries = 1_000_000;
        let wrong = hashes(count, tries)
            .filter(|hash| set.contains(*hash))
            .count() as f64;
        let expected = chance * tries as f64;
        assert!(
            (wrong - expected).abs() < 5.0 * expected.sqrt() + 5.0,
            "{wrong} false positives, {expected} expected"
        );
        assert_eq!(ValueSet::from_bytes(&set.to_bytes()), Some(set));
    }

    #[test]
    fn the_largest_set_samples_and_stays_bounded() {
        let mut set = ValueSet::new(200_000_000);
        hashes(0, EXACT as u64 + 1).for_each(|hash| set.insert(hash));
        assert_eq!(set.looks_for(), 0.125);
        let found = hashes(0, 100_000)
            .filter(|hash| set.contains(*hash))
            .count();
        assert!((12_000..13_000).contains(&found), "{found}");
        assert!(set.to_bytes().len() < 65 << 20);
    }

    #[test]
    fn a_sample_is_bounded_and_uniform() {
        let mut sample = Sample::default();
        hashes(0, 200_000).for_each(|hash| sample.insert(hash));
        assert!(
            (SAMPLE / 3..=SAMPLE).contains(&sample.len()),
            "{}",
            sample.len()
        );
        let half = filled(100_000, 100_000);
        let share = sample.common(&half) as f64 / sample.len() as f64;
        // Binomial, at least 5,000 draws: five standard deviations are 0.035.
        assert!((share - 0.5).abs() < 0.035, "{share}");
    }

    #[test]
    fn a_deal_expects_one_fixed_point_of_distinct_values() {
        let mut distinct = Deal::default();
        for hash in hashes(0, 1000) {
            distinct.count(Some(hash), Some(hash));
        }
        assert!((distinct.expected() - 1.0).abs() < 1e-9);
        let mut two = Deal::default();
        for row in 0..1000 {
            two.count(Some(row % 2), Some((row + 1) % 2));
        }
        assert!((two.expected() - 500.0).abs() < 1e-9);
    }

    #[test]
    fn what_is_common_stays() {
        let (mut set, other) = (filled(100, 100), filled(50, 50));
        set.keep_common(&other);
        assert_eq!(set.distinct(), 50);
        assert!(other.may_contain(hashes(0, 1).next().unwrap()));
    }

    #[test]
    fn bytes_that_are_no_set() {
        for bytes in [
            &b""[..],
            b"E",
            b"X00000000",
            b"E000000001",
            b"B0000000000000000000012",
        ] {
            assert_eq!(ValueSet::from_bytes(bytes), None);
        }
    }
}
