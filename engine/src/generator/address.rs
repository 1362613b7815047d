//! US places by population, in which city, state, ZIP code, coordinates and area codes agree, and
//! street addresses.

use std::fmt::Write;
use std::sync::LazyLock;

use super::data::{STREET_NAMES, US_PLACES, US_STATES};
use super::identifier::write_padded;
use crate::dictionary::Weighted;
use crate::entropy::{below, remix};

/// Street suffixes and how often each is used, in percent (an estimate; USPS spellings).
const SUFFIXES: [(&str, u64); 10] = [
    ("Street", 34),
    ("Avenue", 19),
    ("Drive", 15),
    ("Road", 12),
    ("Lane", 7),
    ("Court", 4),
    ("Boulevard", 3),
    ("Place", 3),
    ("Way", 2),
    ("Circle", 1),
];

/// A ZIP code area.
#[derive(Debug)]
pub struct Place {
    /// Two-letter state code.
    pub state: &'static str,
    /// Index of the state among [`US_STATES`].
    pub state_index: usize,
    /// City.
    pub city: &'static str,
    /// Five digits.
    pub zip: &'static str,
    /// Degrees north of the area's centre.
    pub latitude: f64,
    /// Degrees east of the area's centre; negative in the US.
    pub longitude: f64,
    area_codes: Vec<&'static str>,
}

impl Place {
    /// One of the telephone area codes in use there.
    #[inline]
    pub fn area_code(&self, entropy: u64) -> &'static str {
        let index = below(entropy, self.area_codes.len() as u64);
        self.area_codes[usize::try_from(index).unwrap_or(0)]
    }
}

/// All places with their weights: states by population, ZIP areas within a state by theirs.
#[derive(Debug)]
pub struct Places {
    places: Vec<Place>,
    table: Weighted,
}

/// The places compiled in.
pub static PLACES: LazyLock<Places> = LazyLock::new(|| {
    let mut places = Vec::with_capacity(US_PLACES.len());
    let mut weights = Vec::with_capacity(US_PLACES.len());
    for (state_index, state) in US_STATES.iter().enumerate() {
        let within = || US_PLACES.iter().filter(|p| p.state == state.state);
        let total: u64 = within().map(|p| p.population).sum::<u64>().max(1);
        for row in within() {
            places.push(Place {
                state: row.state,
                state_index,
                city: row.city,
                zip: row.zip,
                latitude: row.latitude,
                longitude: row.longitude,
                area_codes: row.area_codes.split(' ').collect(),
            });
            weights.push(row.population * state.population / total);
        }
    }
    Places {
        table: Weighted::new(&weights),
        places,
    }
});

impl Places {
    /// Picks a place: an index into [`Self::places`].
    #[inline]
    pub fn pick(&self, entropy: u64) -> usize {
        self.table.pick(entropy)
    }

    /// The places.
    #[inline]
    pub fn places(&self) -> &[Place] {
        &self.places
    }
}

struct Streets {
    names: Weighted,
    suffixes: Weighted,
}

static STREETS: LazyLock<Streets> = LazyLock::new(|| Streets {
    names: Weighted::new(&STREET_NAMES.iter().map(|s| s.weight).collect::<Vec<_>>()),
    suffixes: Weighted::new(&SUFFIXES.map(|s| s.1)),
});

/// A street address such as `1482 Maple Avenue` or `77 Lake Street Apt 12`.
#[inline]
pub fn street_address<W: Write + ?Sized>(entropy: u64, out: &mut W) -> std::fmt::Result {
    let second = remix(entropy);
    building_number(entropy, out)?;
    out.write_str(" ")?;
    street_name(entropy, out)?;
    if second >> 1 & 7 == 0 {
        out.write_str(" Apt ")?;
        write_padded(1 + below(remix(entropy ^ second), 48), 1, out)?;
    }
    Ok(())
}

/// The house number of [`street_address`].
#[inline]
pub fn building_number<W: Write + ?Sized>(entropy: u64, out: &mut W) -> std::fmt::Result {
    let second = remix(entropy);
    // House numbers: as many below 1,000 as there are up to 10,000.
    let number = if second & 1 == 0 {
        1 + below(second, 999)
    } else {
        1_000 + below(second, 9_000)
    };
    write_padded(number, 1, out)
}

/// The street of [`street_address`].
#[inline]
pub fn street_name<W: Write + ?Sized>(entropy: u64, out: &mut W) -> std::fmt::Result {
    out.write_str(STREET_NAMES[STREETS.names.pick(entropy)].name)?;
    out.write_str(" ")?;
    out.write_str(street_suffix(remix(remix(entropy))))
}

/// A street suffix by frequency.
#[inline]
pub fn street_suffix(entropy: u64) -> &'static str {
    SUFFIXES[STREETS.suffixes.pick(entropy)].0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Stream;
    use std::collections::HashMap;

    #[test]
    fn every_state_has_places_and_every_place_is_whole() {
        for state in US_STATES {
            assert!(
                PLACES.places().iter().any(|p| p.state == state.state),
                "{}",
                state.name
            );
        }
        assert_eq!(PLACES.places().len(), US_PLACES.len());
        let mut owner: HashMap<&str, &str> = HashMap::new();
        for place in PLACES.places() {
            assert!(place.zip.len() == 5 && place.zip.bytes().all(|b| b.is_ascii_digit()));
            assert!(
                (17.0..72.0).contains(&place.latitude)
                    && (-180.0..-64.0).contains(&place.longitude)
            );
            for code in &place.area_codes {
                assert!(
                    code.len() == 3 && code.bytes().all(|b| b.is_ascii_digit()),
                    "{code}"
                );
                assert_eq!(
                    *owner.entry(code).or_insert(place.state),
                    place.state,
                    "area code {code}"
                );
            }
        }
    }

    /// States by Census 2020 population: California 11.9 %, Texas 8.8 %, Wyoming 0.17 %; 5 standard
    /// errors of 200,000 draws.
    #[test]
    fn states_follow_their_population() {
        let stream = Stream::new(1, "test", "place");
        let n = 200_000_u32;
        let mut counts: HashMap<&str, f64> = HashMap::new();
        for row in 0..u64::from(n) {
            *counts
                .entry(PLACES.places()[PLACES.pick(stream.draw(row))].state)
                .or_default() += 1.0;
        }
        let total: u64 = US_STATES.iter().map(|s| s.population).sum();
        assert_eq!(total, 331_449_281);
        for state in US_STATES {
            let p = state.population as f64 / total as f64;
            let n = f64::from(n);
            let bound = 5.0 * (n * p * (1.0 - p)).sqrt();
            let count = counts.get(state.state).copied().unwrap_or_default();
            assert!((count - n * p).abs() < bound, "{}: {count}", state.name);
        }
    }
}
