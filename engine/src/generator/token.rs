//! Identifiers that computers give: UUIDs of every version, ULIDs and their like, and the shapes
//! of hashes. Their times lie in 2016 to 2025.

use std::fmt::{self, Write};

use super::draw::{Chain, HEX, numbered, spell, write_ascii};
use super::{Bound, Generator, Make, Scalar};
use crate::entropy::{below, remix};
use crate::schema::ColumnType;

/// 2016-01-01 in milliseconds since 1970, and how many follow until 2026-01-01.
const START: u64 = 1_451_606_400_000;
const SPAN: u64 = 315_619_200_000;

/// Between 1582-10-15, where UUIDs of versions 1 and 6 count from, and 1970, in 100 ns.
const GREGORIAN: u64 = 0x01B2_1DD2_1381_4000;

/// Twitter's epoch, 2010-11-04, in milliseconds since 1970.
const TWITTER: u64 = 1_288_834_974_657;

/// 2^61: what the variable part of each version holds at least.
const COUNT: u64 = 1 << 61;

const CROCKFORD: &[u8] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const NANO: &[u8] = b"_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE64: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// The entry of a UUID of a version.
macro_rules! uuid {
    ($name:expr, $summary:expr, $make:expr) => {
        Generator::new($name, $summary, &[], ColumnType::Uuid, Make::Uuid($make))
            .enumerated(COUNT, |index, out| {
                Scalar::Uuid($make(node(index))).write(out)
            })
    };
}

pub(super) const ENTRIES: &[Generator] = &[
    Generator::text(
        "base64",
        "24 bytes in Base64 (RFC 4648), 32 characters.",
        |e, out| write_long::<32>(BASE64, 10, e, out),
    ),
    Generator::text(
        "md5",
        "32 hexadecimal digits, as of an MD5 hash.",
        |e, out| write_hex(e, 32, out),
    ),
    Generator::text(
        "nanoid",
        "Nano ID: 21 characters that a URL takes.",
        |e, out| write_long::<21>(NANO, 10, e, out),
    ),
    Generator::text(
        "object_id",
        "ObjectId of MongoDB, 24 hexadecimal digits; its seconds are of 2016 to 2025.",
        |e, out| {
            let mut text = [b'0'; 24];
            spell((START + below(e, SPAN)) / 1000, HEX, &mut text[..8]);
            spell(remix(e), HEX, &mut text[8..]);
            write_ascii(&text, out)
        },
    ),
    Generator::text(
        "sha1",
        "40 hexadecimal digits, as of a SHA-1 hash.",
        |e, out| write_hex(e, 40, out),
    ),
    Generator::text(
        "sha256",
        "64 hexadecimal digits, as of a SHA-256 hash.",
        |e, out| write_hex(e, 64, out),
    ),
    Generator::bound(
        "snowflake_id",
        "Snowflake ID as Twitter made them, of 2016 to 2025.",
        &[],
        ColumnType::BigInt,
        |_| {
            Ok(Bound::big_int(|e| {
                (since_twitter(e) << 22 | remix(e) >> 42).cast_signed()
            }))
        },
    ),
    numbered!(
        "ulid",
        "ULID of 26 characters; its time is of 2016 to 2025.",
        COUNT,
        |index, out| ulid(index, out),
    ),
    uuid!(
        "uuidv1",
        "UUID in the form of version 1, with a random node.",
        uuid_v1
    ),
    uuid!(
        "uuidv3",
        "UUID in the form of version 3 (MD5 of a name).",
        uuid_v3
    ),
    uuid!("uuidv4", "UUID in the form of version 4 (random).", uuid_v4),
    uuid!(
        "uuidv5",
        "UUID in the form of version 5 (SHA-1 of a name).",
        uuid_v5
    ),
    uuid!(
        "uuidv6",
        "UUID in the form of version 6: version 1 in order of time.",
        uuid_v6
    ),
    uuid!(
        "uuidv7",
        "UUID in the form of version 7: in order of time, of 2016 to 2025.",
        uuid_v7
    ),
    uuid!(
        "uuidv8",
        "UUID in the form of version 8 (free form).",
        uuid_v8
    ),
];

/// `digits` hexadecimal digits, up to 64.
pub(super) fn write_hex(entropy: u64, digits: usize, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let mut text = [0_u8; 64];
    let text = &mut text[..digits.min(64)];
    for part in text.chunks_mut(16) {
        spell(draws.bits(), HEX, part);
    }
    write_ascii(text, out)
}

/// As many characters as asked, of an alphabet of 64, so many to a draw.
fn write_long<const LENGTH: usize>(
    alphabet: &[u8],
    to_a_draw: usize,
    entropy: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let mut text = [0_u8; LENGTH];
    for part in text.chunks_mut(to_a_draw) {
        spell(draws.bits(), alphabet, part);
    }
    write_ascii(&text, out)
}

/// Milliseconds since 1970, in 2016 to 2025.
const fn time(entropy: u64) -> u64 {
    START + below(remix(entropy), SPAN)
}

const fn since_twitter(entropy: u64) -> u64 {
    START + below(entropy, SPAN) - TWITTER
}

/// The number, which is below 2^61, makes the last places.
fn ulid(index: u64, out: &mut dyn Write) -> fmt::Result {
    let mut text = [b'0'; 26];
    spell(time(index), CROCKFORD, &mut text[..10]);
    let rest = remix(!index);
    spell(rest, CROCKFORD, &mut text[10..13]);
    spell(index, CROCKFORD, &mut text[13..]);
    write_ascii(&text, out)
}

/// Version and variant over two words (RFC 9562).
const fn assemble(version: u64, high: u64, low: u64) -> [u8; 16] {
    let high = high & 0xFFFF_FFFF_FFFF_0FFF | version << 12;
    let low = low & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000;
    ((high as u128) << 64 | low as u128).to_be_bytes()
}

/// 60 bits of 100 ns.
const fn ticks(entropy: u64) -> u64 {
    GREGORIAN + time(entropy) * 10_000 + below(remix(!entropy), 10_000)
}

/// A random node has the multicast bit set (RFC 9562, 6.10).
const MULTICAST: u64 = 1 << 40;

/// A number below 2^61 around that bit, so that distinct ones stay distinct.
const fn node(index: u64) -> u64 {
    index >> 40 << 41 | index & (MULTICAST - 1)
}

const fn uuid_v1(entropy: u64) -> [u8; 16] {
    let t = ticks(entropy);
    assemble(
        1,
        t << 32 | t >> 16 & 0xFFFF_0000 | t >> 48 & 0xFFF,
        entropy | MULTICAST,
    )
}

const fn uuid_v3(entropy: u64) -> [u8; 16] {
    assemble(3, remix(!entropy), entropy)
}

const fn uuid_v4(entropy: u64) -> [u8; 16] {
    super::identifier::uuid_of(entropy)
}

const fn uuid_v5(entropy: u64) -> [u8; 16] {
    assemble(5, remix(remix(entropy)), !entropy)
}

const fn uuid_v6(entropy: u64) -> [u8; 16] {
    let t = ticks(entropy);
    assemble(6, t >> 12 << 16 | t & 0xFFF, entropy | MULTICAST)
}

const fn uuid_v7(entropy: u64) -> [u8; 16] {
    assemble(7, time(entropy) << 16 | remix(!entropy) & 0xFFF, entropy)
}

const fn uuid_v8(entropy: u64) -> [u8; 16] {
    assemble(8, remix(remix(!entropy)), entropy ^ GREGORIAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn uuids_have_their_version_and_time() {
        for (version, make) in [
            (1, uuid_v1 as fn(u64) -> [u8; 16]),
            (3, uuid_v3),
            (4, uuid_v4),
            (5, uuid_v5),
            (6, uuid_v6),
            (7, uuid_v7),
            (8, uuid_v8),
        ] {
            for row in 0..500 {
                let entropy = remix(row);
                let uuid = Uuid::from_bytes(make(entropy));
                assert_eq!(uuid.get_version_num(), version, "{uuid}");
                assert_eq!(uuid.get_variant(), uuid::Variant::RFC4122, "{uuid}");
                if let Some(stamp) = uuid.get_timestamp() {
                    let (seconds, _) = stamp.to_unix();
                    assert_eq!(seconds, time(entropy) / 1000, "{uuid}");
                }
            }
        }
    }
}
