//! Locales: names, places and formats by language and country.
//!
//! A locale is a folder of CSV files in `engine/data/locale/`, compiled in: names with weights and
//! romanized forms, cities with region, postal code and coordinates, streets, and `format.csv`
//! with templates and patterns. What a country needs code for (its national identifier, its VAT
//! number) is found by name in [`crate::generator`].
//!
//! ```
//! use synth_engine::locale;
//!
//! let poland = locale::find("pl_PL")?;
//! assert_eq!(poland.currency, "PLN");
//! let error = locale::find("tlh_QO").unwrap_err();
//! assert!(error.hint().unwrap().contains("pl_PL"));
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod data;
mod name;
mod pattern;
mod place;
mod template;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

pub use data::NAMES;
use data::{LOCALES, LocaleData};
pub use name::{FirstNames, Given, LastNames, Surname};
pub use pattern::Patterns;
pub use place::{Cities, City};
pub use template::{Field, Template};

use crate::dictionary::Weighted;
use crate::error::{Error, Result};

/// A language and country: what its names, places and numbers look like.
#[derive(Debug)]
pub struct Locale {
    /// Name, as in `en_US`.
    pub name: &'static str,
    /// The country in its own language.
    pub country: &'static str,
    /// ISO 3166-1 alpha-2.
    pub country_code: &'static str,
    /// Country code of the locale's bank accounts; `None` where there are no IBANs.
    pub iban_country: Option<&'static str>,
    /// ISO 4217.
    pub currency: &'static str,
    /// First names.
    pub first_names: FirstNames,
    /// Last names.
    pub last_names: LastNames,
    /// Cities.
    pub cities: Cities,
    /// Streets; empty for `en_US`, whose streets are made of name and suffix.
    pub streets: Streets,
    /// How a full name is written.
    pub full_name: Template,
    /// How a name with a title is written.
    pub name_with_title: Template,
    /// Titles by [`crate::generator::name::Sex::index`].
    pub titles: [Vec<&'static str>; 2],
    /// Daughter and son, where a full name tells the father's.
    pub child: [&'static str; 2],
    /// What may follow a name.
    pub name_suffixes: Vec<&'static str>,
    /// Kinds of streets.
    pub street_suffixes: Vec<&'static str>,
    /// House numbers; every pattern is as frequent as the others.
    pub numbers: Vec<Patterns>,
    /// How street and house number are written.
    pub street: Template,
    /// Kinds of units in a building.
    pub secondary_types: Vec<&'static str>,
    /// Numbers of units in a building.
    pub secondary_numbers: Patterns,
    /// How a unit is written.
    pub secondary: Template,
    /// How an address is written, several lines.
    pub address: Template,
    /// Beginnings of city names.
    pub city_prefixes: Vec<&'static str>,
    /// Ends of city names.
    pub city_suffixes: Vec<&'static str>,
    /// Fixed-line telephone numbers that are nobody's; none for `en_US`, see
    /// [`crate::generator::contact::phone`].
    pub phones: Patterns,
    /// Mobile telephone numbers that are nobody's; as above.
    pub cells: Patterns,
    /// Licence plates never issued.
    pub plates: Patterns,
    /// How a company's name is written.
    pub companies: Vec<Template>,
    /// What companies do, as a part of their names.
    pub company_words: Vec<&'static str>,
    /// Legal forms.
    pub company_suffixes: Vec<&'static str>,
}

/// Street names with their weights.
#[derive(Debug)]
pub struct Streets {
    names: &'static [data::LocalStreet],
    table: Weighted,
}

impl Streets {
    /// A street by weight; empty for `en_US`.
    #[inline]
    pub fn pick(&self, entropy: u64) -> &'static str {
        self.names
            .get(self.table.pick(entropy))
            .map_or("", |street| street.name)
    }

    /// The names.
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.names.iter().map(|street| street.name)
    }
}

/// The locale of this name, such as `de_DE`.
pub fn find(name: &str) -> Result<&'static Locale> {
    static BUILT: [OnceLock<Locale>; LOCALES.len()] = [const { OnceLock::new() }; LOCALES.len()];
    LOCALES
        .iter()
        .zip(&BUILT)
        .find(|(data, _)| data.name == name)
        .map(|(data, built)| built.get_or_init(|| Locale::new(data)))
        .ok_or_else(|| Error::Unknown {
            kind: "locale",
            name: name.to_owned(),
            known: NAMES.join(", "),
        })
}

impl PartialEq for Locale {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Locale {}

impl Locale {
    fn new(data: &'static LocaleData) -> Self {
        let many = |key: &str| -> Vec<&'static str> {
            data.format
                .iter()
                .filter(|setting| setting.key == key)
                .map(|setting| setting.value)
                .collect()
        };
        let one = |key: &str| many(key).first().copied().unwrap_or_default();
        let letters = one("letters");
        let template = |key: &str| Template::new(one(key));
        Self {
            name: data.name,
            country: one("country"),
            country_code: one("country_code"),
            iban_country: many("iban_country").first().copied(),
            currency: one("currency"),
            first_names: FirstNames::new(data.first_names),
            last_names: LastNames::new(data.last_names, one("surnames") == "2"),
            cities: Cities::new(data.cities, letters),
            streets: Streets {
                names: data.streets,
                table: Weighted::new(&data.streets.iter().map(|s| s.weight).collect::<Vec<_>>()),
            },
            full_name: template("full_name"),
            name_with_title: template("name_with_title"),
            titles: [many("title_female"), many("title_male")],
            child: [one("child_female"), one("child_male")],
            name_suffixes: many("name_suffix"),
            street_suffixes: many("street_suffix"),
            numbers: many("number")
                .into_iter()
                .map(|pattern| Patterns::new(&[pattern], letters))
                .collect(),
            street: template("street"),
            secondary_types: many("secondary_type"),
            secondary_numbers: match many("secondary_number").as_slice() {
                [] => Patterns::new(&["%", "%#"], letters),
                patterns => Patterns::new(patterns, letters),
            },
            secondary: template("secondary"),
            address: template("address"),
            city_prefixes: many("city_prefix"),
            city_suffixes: many("city_suffix"),
            phones: Patterns::new(&many("phone"), letters),
            cells: Patterns::new(&many("cell"), letters),
            plates: Patterns::new(&many("plate"), letters),
            companies: many("company").into_iter().map(Template::new).collect(),
            company_words: many("company_word"),
            company_suffixes: many("company_suffix"),
        }
    }

    /// Whether its first names, last names and places are the US statistics of
    /// [`crate::generator::data`].
    #[inline]
    pub fn is_us(&self) -> bool {
        self.country_code == "US"
    }
}
