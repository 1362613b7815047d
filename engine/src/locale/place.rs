//! Cities of a locale: region, postal codes and coordinates that agree.

use std::fmt::{self, Write};

use super::data::LocalCity;
use super::pattern::Patterns;
use crate::dictionary::Weighted;
use crate::entropy::{remix, round, unit};
use crate::generator::address::PLACES;
use crate::generator::data::US_STATES;

/// A city, or for `en_US` a ZIP code area.
#[derive(Debug)]
pub struct City {
    /// Name.
    pub name: &'static str,
    /// State, province or the like.
    pub region: &'static str,
    /// Its code.
    pub region_code: &'static str,
    latitude: f64,
    longitude: f64,
    postcodes: Patterns,
}

impl City {
    /// Writes a postal code of the city.
    #[inline]
    pub fn postcode(&self, entropy: u64, out: &mut dyn Write) -> fmt::Result {
        self.postcodes.write(remix(entropy ^ 1), out)
    }

    /// Degrees north, within 0.02 degrees (2 km) of the centre, four decimals.
    #[inline]
    pub fn latitude(&self, entropy: u64) -> f64 {
        near(self.latitude, remix(entropy ^ 2))
    }

    /// Degrees east, within 0.02 degrees of the centre, four decimals.
    #[inline]
    pub fn longitude(&self, entropy: u64) -> f64 {
        near(self.longitude, remix(entropy ^ 3))
    }
}

fn near(centre: f64, entropy: u64) -> f64 {
    round((centre + (unit(entropy) - 0.5) * 0.04) * 10_000.0) / 10_000.0
}

/// Cities by population.
#[derive(Debug)]
pub struct Cities {
    list: Vec<City>,
    /// `None`: the US places, which have a table of their own.
    table: Option<Weighted>,
}

impl Cities {
    /// Cities of a file; without any, the US places.
    pub(super) fn new(rows: &'static [LocalCity], letters: &'static str) -> Self {
        if rows.is_empty() {
            let list = PLACES
                .places()
                .iter()
                .map(|place| City {
                    name: place.city,
                    region: US_STATES[place.state_index].name,
                    region_code: place.state,
                    latitude: place.latitude,
                    longitude: place.longitude,
                    postcodes: Patterns::new(&[place.zip], ""),
                })
                .collect();
            return Self { list, table: None };
        }
        // Postal codes take no letters that look like digits.
        let postal = if letters.is_ascii() {
            "ABDEFGHJLNPRSTUWXYZ"
        } else {
            ""
        };
        Self {
            list: rows
                .iter()
                .map(|row| City {
                    name: row.city,
                    region: row.region,
                    region_code: row.region_code,
                    latitude: row.latitude,
                    longitude: row.longitude,
                    postcodes: Patterns::new(&[row.postcode], postal),
                })
                .collect(),
            table: Some(Weighted::new(
                &rows.iter().map(|row| row.population).collect::<Vec<_>>(),
            )),
        }
    }

    /// A city by population.
    #[inline]
    pub fn pick(&self, entropy: u64) -> &City {
        let index = match &self.table {
            Some(table) => table.pick(entropy),
            None => PLACES.pick(entropy),
        };
        &self.list[index]
    }

    /// The cities.
    pub fn list(&self) -> &[City] {
        &self.list
    }
}
