//! The hash chain of audit records.
//!
//! Each record's hash covers its number, the hash before it and its text, so a record that is
//! changed, deleted or moved no longer fits what follows. The form is plain enough to be checked
//! with other tools: SHA-256 (FIPS 180-4) over the lines `pg_synth audit 1`, the number in decimal,
//! the previous hash in lower-case hexadecimal, and then the text as it is.
//!
//! ```
//! use synth_engine::audit::{FIRST, record_hash};
//!
//! let first = record_hash(1, &FIRST, r#"{"operation":"mask_table"}"#);
//! let second = record_hash(2, &first, r#"{"operation":"unmask"}"#);
//! assert_ne!(second, record_hash(2, &FIRST, r#"{"operation":"unmask"}"#));
//! ```

use std::fmt::Write;

use sha2::{Digest, Sha256};

/// Length of a hash in bytes.
pub const HASH_LENGTH: usize = 32;

/// What stands in for the hash before the first record.
pub const FIRST: [u8; HASH_LENGTH] = [0; HASH_LENGTH];

/// The hash of a record: its number, from 1, the hash of the record before it ([`FIRST`] for the
/// first), and its text.
pub fn record_hash(id: i64, previous: &[u8; HASH_LENGTH], record: &str) -> [u8; HASH_LENGTH] {
    let mut hash = Sha256::new();
    hash.update(format!("pg_synth audit 1\n{id}\n{}\n", hex(previous)));
    hash.update(record);
    hash.finalize().into()
}

/// The hash of a set of masking rules, whatever their order: SHA-256 over one line for each,
/// `column`, a tab and `rule`, sorted bytewise.
pub fn rules_hash(rules: &[(String, String)]) -> [u8; HASH_LENGTH] {
    let mut lines: Vec<String> = rules
        .iter()
        .map(|(column, rule)| format!("{column}\t{rule}\n"))
        .collect();
    lines.sort_unstable();
    Sha256::digest(lines.concat()).into()
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        // A String accepts every write.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A released chain must verify for ever: these bytes may not change.
    #[test]
    fn the_form_is_fixed() {
        let first = record_hash(1, &FIRST, "{}");
        let by_hand = Sha256::digest(format!("pg_synth audit 1\n1\n{}\n{{}}", "00".repeat(32)));
        assert_eq!(first, <[u8; 32]>::from(by_hand));
    }

    #[test]
    fn number_predecessor_and_text_count() {
        let hash = record_hash(7, &[3; 32], "text");
        assert_ne!(hash, record_hash(8, &[3; 32], "text"));
        assert_ne!(hash, record_hash(7, &[4; 32], "text"));
        assert_ne!(hash, record_hash(7, &[3; 32], "texts"));
    }

    #[test]
    fn order_of_rules_does_not_count() {
        let rule = |a: &str, b: &str| (a.to_owned(), b.to_owned());
        let one = [rule("t.a", "hash"), rule("t.b", "email")];
        let other = [rule("t.b", "email"), rule("t.a", "hash")];
        assert_eq!(rules_hash(&one), rules_hash(&other));
        assert_ne!(rules_hash(&one), rules_hash(&one[..1]));
    }
}
