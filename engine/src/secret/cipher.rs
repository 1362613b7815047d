//! Keyed permutations that can be undone: AES-256 itself over 16 bytes, and a Feistel network with
//! AES as its round function over any range of whole numbers (Black and Rogaway, "Ciphers with
//! Arbitrary Finite Domains", 2002), with ten rounds as FF1 has.
//!
//! ```
//! use synth_engine::secret::Secret;
//!
//! let cipher = Secret::new([7; 32]).cipher("example");
//! let masked = cipher.permute(1_000, 42, 0);
//! assert!(masked < 1_000);
//! assert_eq!(cipher.unpermute(1_000, masked, 0), 42);
//! ```

use aes::Aes256;
use aes::cipher::{BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};

use super::SECRET_LENGTH;

/// Rounds of a Feistel network.
const ROUNDS: u8 = 10;

/// Up to this size a permutation is a card shuffle: a Feistel network on so few bits mixes badly.
const SMALL: u128 = 1 << 10;

/// Rounds of the shuffle (Hoang, Morris and Rogaway, "An Enciphering Scheme Based on a Card
/// Shuffle", 2012).
const SHUFFLE_ROUNDS: u8 = 64;

/// AES-256 under the key of a domain. It cannot be printed.
#[derive(Clone)]
pub struct Cipher(Aes256);

impl std::fmt::Debug for Cipher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Cipher(..)")
    }
}

impl Cipher {
    pub(super) fn new(key: &[u8; SECRET_LENGTH]) -> Self {
        Self(Aes256::new(&(*key).into()))
    }

    /// Encrypts 16 bytes.
    pub fn encrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = block.into();
        self.0.encrypt_block(&mut block);
        block.into()
    }

    /// Decrypts 16 bytes.
    pub fn decrypt(&self, block: [u8; 16]) -> [u8; 16] {
        let mut block = block.into();
        self.0.decrypt_block(&mut block);
        block.into()
    }

    /// The pseudorandom function of a round: 64 bits of AES of round, tweak and half.
    fn round(&self, number: u8, tweak: u32, half: u64) -> u64 {
        let mut block = [0; 16];
        block[0] = number;
        block[4..8].copy_from_slice(&tweak.to_le_bytes());
        block[8..].copy_from_slice(&half.to_le_bytes());
        let out = self.encrypt(block);
        u64::from_le_bytes(out.as_chunks::<8>().0[0])
    }

    /// Where `index` goes in the permutation of 0..n that belongs to the tweak; n is at most
    /// 2^127. An index of n or more is returned as it is.
    pub fn permute(&self, n: u128, index: u128, tweak: u32) -> u128 {
        self.walk(n, index, tweak, true)
    }

    /// Whence `index` came: the inverse of [`Self::permute`].
    pub fn unpermute(&self, n: u128, index: u128, tweak: u32) -> u128 {
        self.walk(n, index, tweak, false)
    }

    fn walk(&self, n: u128, index: u128, tweak: u32, forward: bool) -> u128 {
        if index >= n {
            return index;
        }
        if n <= SMALL {
            return self.shuffle(n, index, tweak, forward);
        }
        let bits = (u128::BITS - (n - 1).leading_zeros()).min(127);
        let mut value = index;
        // Walking stays within the cycle of `index`, which holds `index` itself, below n: it ends.
        loop {
            value = self.network(bits, value, tweak, forward);
            if value < n {
                return value;
            }
        }
    }

    fn network(&self, bits: u32, value: u128, tweak: u32, forward: bool) -> u128 {
        let low_bits = bits / 2;
        let mask = |bits: u32| (1_u128 << bits) - 1;
        let (low_mask, high_mask) = (mask(low_bits), mask(bits - low_bits));
        let (mut low, mut high) = (value & low_mask, value >> low_bits);
        let half = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
        for step in 0..ROUNDS {
            let number = if forward { step } else { ROUNDS - 1 - step };
            if number.is_multiple_of(2) {
                low ^= u128::from(self.round(number, tweak, half(high))) & low_mask;
            } else {
                high ^= u128::from(self.round(number, tweak, half(low))) & high_mask;
            }
        }
        high << low_bits | low
    }

    /// Swap-or-not: each round undoes itself, so backwards is the rounds in the other order.
    fn shuffle(&self, n: u128, index: u128, tweak: u32, forward: bool) -> u128 {
        let mut value = index;
        for step in 0..SHUFFLE_ROUNDS {
            let number = if forward {
                step
            } else {
                SHUFFLE_ROUNDS - 1 - step
            };
            // Round keys are drawn under numbers that the bits below do not use.
            let key = u128::from(self.round(number | 0x80, tweak, u64::MAX)) % n;
            let partner = (key + n - value) % n;
            let larger = u64::try_from(value.max(partner)).unwrap_or(0);
            if self.round(number, tweak, larger) & 1 == 1 {
                value = partner;
            }
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use super::super::Secret;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn permutations_are_undone_and_stay_in_range(n in 1..u128::MAX >> 1, index: u128, key: [u8; 32], tweak: u32, small in 1..5_000_u128) {
            let cipher = Secret::new(key).cipher("t");
            for n in [n, small] {
                let index = index % n;
                let there = cipher.permute(n, index, tweak);
                prop_assert!(there < n);
                prop_assert_eq!(cipher.unpermute(n, there, tweak), index);
            }
        }
    }

    #[test]
    fn small_ranges_are_permuted_whole_and_tweaks_differ() {
        let cipher = Secret::new([1; 32]).cipher("t");
        for n in [1_u128, 2, 3, 10, 1_024, 1_025, 3_000] {
            let images =
                |tweak| -> Vec<u128> { (0..n).map(|i| cipher.permute(n, i, tweak)).collect() };
            let (one, other) = (images(1), images(2));
            let distinct: std::collections::HashSet<_> = one.iter().collect();
            assert_eq!(distinct.len(), one.len());
            assert!(n < 10 || one != other);
        }
    }

    /// Where the first element goes is uniform over keys: a chi-squared statistic of 99 degrees of
    /// freedom stays below 160 (p = 10^-4).
    #[test]
    fn small_permutations_are_spread_over_keys() {
        let mut counts = [0_i64; 100];
        for key in 0..10_000_u32 {
            let mut bytes = [0; 32];
            bytes[..4].copy_from_slice(&key.to_le_bytes());
            let to = Secret::new(bytes).cipher("t").permute(100, 0, 0);
            counts[usize::try_from(to).unwrap()] += 1;
        }
        let chi: i64 = counts.iter().map(|c| (c - 100).pow(2)).sum::<i64>() / 100;
        assert!(chi < 160, "{chi}");
    }
}
