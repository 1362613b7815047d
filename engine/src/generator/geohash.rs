//! Geohashes: a place in so many characters, a longer one being nearer (Niemeyer, 2008).

use std::fmt::{self, Write};

use super::address::PLACES;
use super::draw::write_ascii;
use super::{Bound, Generator, Group};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

const CHARACTERS: &[u8; 32] = b"0123456789bcdefghjkmnpqrstuvwxyz";

/// A geohash of twelve characters is 4 by 2 centimetres at the equator.
const LONGEST: usize = 12;

pub(super) const ENTRIES: &[Generator] = &[Generator::bound(
    "geohash",
    "Geohash of the middle of a US city.",
    &[Parameter {
        name: "precision",
        parameter_type: ParameterType::Integer,
        default: Some("9"),
        summary: "How many characters, 1 to 12; 5 is about 5 km, 9 about 5 m.",
    }],
    ColumnType::Text,
    |arguments| {
        let precision = arguments.integer("precision", 1..=12)?;
        let precision = usize::try_from(precision).unwrap_or(LONGEST);
        Ok(Bound::text(move |e, out| {
            let place = &PLACES.places()[PLACES.pick(e)];
            geohash(place.latitude, place.longitude, precision, out)
        }))
    },
)
.in_group(Group::Place)];

/// The geohash of a point in degrees, 1 to 12 characters long.
pub(super) fn geohash(
    latitude: f64,
    longitude: f64,
    precision: usize,
    out: &mut dyn Write,
) -> fmt::Result {
    // The first bit is the longitude's, then they take turns.
    let bits = spread(cell(longitude, 180.0)) << 1 | spread(cell(latitude, 90.0));
    let text: [u8; LONGEST] =
        std::array::from_fn(|place| CHARACTERS[index(bits >> (59 - 5 * place) & 31)]);
    write_ascii(&text[..precision.min(LONGEST)], out)
}

#[inline]
fn index(bits: u64) -> usize {
    usize::try_from(bits).unwrap_or(0)
}

/// Which of 2^32 equal parts of -half to half a coordinate is in; what is outside is in the first or
/// the last.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast gives the nearest number there is"
)]
fn cell(degrees: f64, half: f64) -> u64 {
    let share = (degrees + half) / (2.0 * half);
    u64::from((share * 4_294_967_296.0) as u32)
}

/// The bits of a number of 32 bits, each with a zero before it.
#[inline]
fn spread(number: u64) -> u64 {
    let steps = [
        (16, 0x0000_ffff_0000_ffff),
        (8, 0x00ff_00ff_00ff_00ff),
        (4, 0x0f0f_0f0f_0f0f_0f0f),
        (2, 0x3333_3333_3333_3333),
        (1, 0x5555_5555_5555_5555),
    ];
    steps
        .iter()
        .fold(number, |bits, (by, mask)| (bits | bits << by) & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the encyclopedias: a place in Jutland, and the one of the first author.
    #[test]
    fn published_examples() {
        let text = |latitude, longitude, precision| {
            let mut out = String::new();
            geohash(latitude, longitude, precision, &mut out).unwrap();
            out
        };
        assert_eq!(text(57.64911, 10.40744, 11), "u4pruydqqvj");
        assert_eq!(text(42.6, -5.6, 5), "ezs42");
    }
}
