//! Keyed pseudorandom functions: the only place that touches originals with a key.
//!
//! `prf(secret, domain, original)` is HMAC-SHA-256 (RFC 2104), so without the secret a result says
//! nothing about the original, and with it the same original gives the same result everywhere.
//! The domain (a mask's name) keeps results of one mask from linking to another's.
//!
//! ```
//! use synth_engine::secret::Secret;
//!
//! let secret = Secret::new([7; 32]);
//! let key = secret.key("email");
//! assert_eq!(key.digest(b"ann@corp.test"), secret.key("email").digest(b"ann@corp.test"));
//! assert_ne!(key.digest(b"ann@corp.test"), secret.key("phone").digest(b"ann@corp.test"));
//! assert_eq!(format!("{secret:?}"), "Secret(..)");
//! ```

mod cipher;
mod format_preserving;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

pub use cipher::Cipher;
pub use format_preserving::{Alphabet, FormatPreserving};

/// Length of a secret in bytes.
pub const SECRET_LENGTH: usize = 32;

/// A database's secret. It cannot be printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; SECRET_LENGTH]);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(..)")
    }
}

impl Secret {
    /// Wraps 32 random bytes.
    pub const fn new(bytes: [u8; SECRET_LENGTH]) -> Self {
        Self(bytes)
    }

    /// The key of a domain: the secret's HMAC of the domain's name.
    pub fn key(&self, domain: &str) -> DomainKey {
        DomainKey::from_bytes(&self.derived(domain))
    }

    /// The block cipher of a domain, for permutations that can be undone.
    pub fn cipher(&self, domain: &str) -> Cipher {
        Cipher::new(&self.derived(domain))
    }

    /// Format-preserving encryption of a domain over an alphabet.
    pub fn format_preserving(&self, domain: &str, alphabet: Alphabet) -> FormatPreserving {
        FormatPreserving::new(&self.derived(domain), alphabet)
    }

    fn derived(&self, domain: &str) -> [u8; SECRET_LENGTH] {
        DomainKey::from_bytes(&self.0).digest(domain.as_bytes())
    }
}

/// A key for one domain, with its padded blocks hashed in advance.
#[derive(Clone)]
pub struct DomainKey(Hmac<Sha256>);

impl std::fmt::Debug for DomainKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DomainKey(..)")
    }
}

impl DomainKey {
    fn from_bytes(key: &[u8; SECRET_LENGTH]) -> Self {
        // HMAC pads a key with zeros to the block length.
        let mut block = [0; 64];
        block[..SECRET_LENGTH].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// All 256 bits for an original.
    pub fn digest(&self, original: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(original);
        mac.finalize().into_bytes().into()
    }

    /// Four words of entropy for an original.
    pub fn words(&self, original: &[u8]) -> [u64; 4] {
        let digest = self.digest(original);
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(digest.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        words
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::fmt::Write;

    /// Lower-case hexadecimal.
    pub(crate) fn hex(bytes: &[u8]) -> String {
        bytes.iter().fold(String::new(), |mut out, byte| {
            let _ = write!(out, "{byte:02x}");
            out
        })
    }

    /// RFC 4231 gives HMAC-SHA-256 vectors; this is test case 2 with its key padded by zeros to the
    /// block length, which HMAC does itself.
    #[test]
    fn digest_is_hmac_sha_256() {
        let mut key = [0; 32];
        key[..4].copy_from_slice(b"Jefe");
        let digest = DomainKey::from_bytes(&key).digest(b"what do ya want for nothing?");
        assert_eq!(
            hex(&digest),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
