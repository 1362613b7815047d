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
    let mut text = [0_u8; LONGEST];
    let text = &mut text[..precision.min(LONGEST)];
    let (mut east, mut north) = ((-180.0, 180.0), (-90.0, 90.0));
    let mut eastward = true;
    for character in text.iter_mut() {
        let mut index = 0;
        for _ in 0..5 {
            // Halve the longitudes and the latitudes in turn.
            let (range, value) = if eastward {
                (&mut east, longitude)
            } else {
                (&mut north, latitude)
            };
            let middle = f64::midpoint(range.0, range.1);
            index = index << 1 | usize::from(value >= middle);
            if value >= middle {
                range.0 = middle;
            } else {
                range.1 = middle;
            }
            eastward = !eastward;
        }
        *character = CHARACTERS[index];
    }
    write_ascii(text, out)
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
