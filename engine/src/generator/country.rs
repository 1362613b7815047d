//! Codes and names of countries, currencies, languages and time zones.

use super::data::{CURRENCIES, LANGUAGES};
use super::draw::{choose, listed};
use super::{Generator, Group};

pub(super) use super::data::COUNTRIES;

/// Zones of the IANA database: the capital's or largest city's, one for each usual offset.
const ZONES: &[&str] = &[
    "Africa/Algiers",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/Johannesburg",
    "Africa/Lagos",
    "Africa/Nairobi",
    "Africa/Tunis",
    "America/Anchorage",
    "America/Argentina/Buenos_Aires",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Denver",
    "America/Guatemala",
    "America/Halifax",
    "America/Havana",
    "America/Jamaica",
    "America/La_Paz",
    "America/Lima",
    "America/Los_Angeles",
    "America/Mexico_City",
    "America/Montevideo",
    "America/New_York",
    "America/Panama",
    "America/Phoenix",
    "America/Puerto_Rico",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Toronto",
    "America/Vancouver",
    "Asia/Almaty",
    "Asia/Amman",
    "Asia/Baghdad",
    "Asia/Baku",
    "Asia/Bangkok",
    "Asia/Beirut",
    "Asia/Colombo",
    "Asia/Dhaka",
    "Asia/Dubai",
    "Asia/Ho_Chi_Minh",
    "Asia/Hong_Kong",
    "Asia/Jakarta",
    "Asia/Jerusalem",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Kuala_Lumpur",
    "Asia/Kuwait",
    "Asia/Manila",
    "Asia/Riyadh",
    "Asia/Seoul",
    "Asia/Shanghai",
    "Asia/Singapore",
    "Asia/Taipei",
    "Asia/Tashkent",
    "Asia/Tbilisi",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Ulaanbaatar",
    "Asia/Vladivostok",
    "Asia/Yerevan",
    "Atlantic/Azores",
    "Atlantic/Reykjavik",
    "Australia/Adelaide",
    "Australia/Brisbane",
    "Australia/Darwin",
    "Australia/Melbourne",
    "Australia/Perth",
    "Australia/Sydney",
    "Europe/Amsterdam",
    "Europe/Athens",
    "Europe/Belgrade",
    "Europe/Berlin",
    "Europe/Brussels",
    "Europe/Bucharest",
    "Europe/Budapest",
    "Europe/Copenhagen",
    "Europe/Dublin",
    "Europe/Helsinki",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/Ljubljana",
    "Europe/London",
    "Europe/Madrid",
    "Europe/Minsk",
    "Europe/Moscow",
    "Europe/Oslo",
    "Europe/Paris",
    "Europe/Prague",
    "Europe/Riga",
    "Europe/Rome",
    "Europe/Sofia",
    "Europe/Stockholm",
    "Europe/Tallinn",
    "Europe/Vienna",
    "Europe/Vilnius",
    "Europe/Warsaw",
    "Europe/Zurich",
    "Pacific/Auckland",
    "Pacific/Fiji",
    "Pacific/Guam",
    "Pacific/Honolulu",
];

pub(super) const ENTRIES: &[Generator] = &[
    listed!(
        "country_code",
        "Country code of two letters (ISO 3166-1 alpha-2).",
        COUNTRIES,
        |item| item.alpha2
    )
    .in_group(Group::Country),
    listed!(
        "country_code_alpha3",
        "Country code of three letters (ISO 3166-1 alpha-3).",
        COUNTRIES,
        |item| item.alpha3
    )
    .in_group(Group::Country),
    listed!(
        "country_code_numeric",
        "Country code of three digits (ISO 3166-1 numeric).",
        COUNTRIES,
        |item| item.numeric
    )
    .in_group(Group::Country),
    listed!(
        "country_name",
        "English name of a country (ISO 3166-1).",
        COUNTRIES,
        |item| item.name
    )
    .in_group(Group::Country),
    listed!(
        "currency_code",
        "Currency code of three letters (ISO 4217).",
        CURRENCIES,
        |item| item.code
    )
    .in_group(Group::Currency),
    listed!(
        "currency_name",
        "English name of a currency (ISO 4217).",
        CURRENCIES,
        |item| item.name
    )
    .in_group(Group::Currency),
    Generator::text(
        "currency_symbol",
        "Symbol of a currency, such as €.",
        |e, out| out.write_str(choose(CURRENCIES, e).symbol),
    )
    .in_group(Group::Currency),
    listed!(
        "language_code",
        "Language code of two letters (ISO 639-1).",
        LANGUAGES,
        |item| item.code
    )
    .in_group(Group::Language),
    listed!(
        "language_name",
        "English name of a language (ISO 639-1).",
        LANGUAGES,
        |item| item.name
    )
    .in_group(Group::Language),
    listed!(
        "timezone",
        "Time zone of the IANA database, such as Europe/Paris.",
        ZONES,
        |item| item
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What makes the codes codes; the counts are ISO's.
    #[test]
    fn codes_are_distinct_and_well_formed() {
        assert_eq!(COUNTRIES.len(), 249);
        assert!(COUNTRIES.is_sorted_by(|a, b| a.alpha2 < b.alpha2));
        for codes in [
            COUNTRIES.iter().map(|c| c.alpha3).collect::<Vec<_>>(),
            COUNTRIES.iter().map(|c| c.numeric).collect(),
            COUNTRIES.iter().map(|c| c.name).collect(),
            CURRENCIES.iter().map(|c| c.code).collect(),
            LANGUAGES.iter().map(|c| c.code).collect(),
        ] {
            let mut distinct = codes.clone();
            distinct.sort_unstable();
            distinct.dedup();
            assert_eq!(distinct.len(), codes.len());
        }
        assert!(
            COUNTRIES
                .iter()
                .all(|c| c.alpha2.len() == 2 && c.alpha3.len() == 3)
        );
        assert!(
            COUNTRIES
                .iter()
                .all(|c| c.numeric.len() == 3 && c.numeric.parse::<u16>().is_ok())
        );
    }

    /// Columns of one row speak about one country, one currency, one language.
    #[test]
    fn codes_and_names_agree() {
        let value = |name: &str, row: u64| {
            let generator = crate::generator::find(name).unwrap();
            generator.value(generator.draws(7).at(row))
        };
        for row in 0..500 {
            let code = value("country_code", row);
            let country = COUNTRIES.iter().find(|c| c.alpha2 == code).unwrap();
            assert_eq!(value("country_code_alpha3", row), country.alpha3);
            assert_eq!(value("country_code_numeric", row), country.numeric);
            assert_eq!(value("country_name", row), country.name);
            let code = value("currency_code", row);
            let currency = CURRENCIES.iter().find(|c| c.code == code).unwrap();
            assert_eq!(value("currency_name", row), currency.name);
            assert_eq!(value("currency_symbol", row), currency.symbol);
            let code = value("language_code", row);
            let language = LANGUAGES.iter().find(|c| c.code == code).unwrap();
            assert_eq!(value("language_name", row), language.name);
        }
    }
}
