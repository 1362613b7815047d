//! Places and addresses by locale. Fed with the same entropy, city, region, postal code and
//! coordinates are of one place.

use std::fmt::{self, Write};

use super::person::choose;
use super::{Bound, Generator, Group, LOCALE_ONLY, address};
use crate::entropy::{below, remix};
use crate::locale::{Field, Locale};
use crate::schema::ColumnType;

/// City, by population.
pub fn city(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(locale.cities.pick(entropy).name)
}

/// State, province or region of the city.
pub fn state(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(locale.cities.pick(entropy).region)
}

/// Its code.
pub fn state_abbr(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(locale.cities.pick(entropy).region_code)
}

/// Postal code of the city.
pub fn postcode(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    locale.cities.pick(entropy).postcode(entropy, out)
}

/// Beginning of a city's name.
pub fn city_prefix(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    // Some prefixes end with a blank because they are written apart.
    out.write_str(choose(&locale.city_prefixes, entropy).trim_end())
}

/// End of a city's name.
pub fn city_suffix(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    out.write_str(choose(&locale.city_suffixes, entropy))
}

/// Name of a street with its kind, that of [`street_address`].
pub fn street_name(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    if locale.is_us() {
        return address::street_name(entropy, out);
    }
    out.write_str(locale.streets.pick(entropy))
}

/// Kind of a street.
pub fn street_suffix(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    if locale.is_us() {
        return out.write_str(address::street_suffix(entropy));
    }
    out.write_str(choose(&locale.street_suffixes, entropy))
}

/// House number, that of [`street_address`].
pub fn building_number(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    if locale.is_us() {
        return address::building_number(entropy, out);
    }
    let second = remix(entropy);
    let count = locale.numbers.len() as u64;
    // The shape by the high bits, the number by the rest.
    let shape = usize::try_from(below(second, count)).unwrap_or(0);
    match locale.numbers.get(shape) {
        Some(pattern) => pattern.write(remix(second), out),
        None => Ok(()),
    }
}

/// Street and house number in the order of the country.
pub fn street_address(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    if locale.is_us() {
        return address::street_address(entropy, out);
    }
    locale.street.write(out, |field, out| match field {
        Field::Name => street_name(locale, entropy, out),
        Field::Number => building_number(locale, entropy, out),
        _ => Ok(()),
    })
}

/// Kind of a unit in a building.
pub fn secondary_address_type(
    locale: &'static Locale,
    entropy: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    out.write_str(choose(&locale.secondary_types, entropy))
}

/// Unit in a building.
pub fn secondary_address(
    locale: &'static Locale,
    entropy: u64,
    out: &mut dyn Write,
) -> fmt::Result {
    locale.secondary.write(out, |field, out| match field {
        Field::Name => secondary_address_type(locale, entropy, out),
        Field::Number => locale.secondary_numbers.write(remix(entropy), out),
        _ => Ok(()),
    })
}

/// Whole address in the lines of the country, without the country: the city is that of the same
/// entropy, the street that of the same entropy remixed.
pub fn full_address(locale: &'static Locale, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let place = locale.cities.pick(entropy);
    locale.address.write(out, |field, out| match field {
        Field::Street => street_address(locale, remix(entropy), out),
        Field::City => out.write_str(place.name),
        Field::FullCity => {
            if !place.name.starts_with(place.region) {
                out.write_str(place.region)?;
            }
            out.write_str(place.name)
        }
        Field::Region => out.write_str(place.region),
        Field::RegionCode => out.write_str(place.region_code),
        Field::Postcode => place.postcode(entropy, out),
        _ => Ok(()),
    })
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::local(
        "building_number",
        "House number, that of street_address.",
        building_number,
    )
    .remixed_in_group(Group::Place),
    Generator::local("city", "Real city, by population.", city).in_group(Group::Place),
    Generator::local("city_prefix", "Beginning of a city's name.", city_prefix),
    Generator::local("city_suffix", "End of a city's name.", city_suffix),
    Generator::local(
        "full_address",
        "Street, city and postal code that agree, in the lines of the country.",
        full_address,
    )
    .in_group(Group::Place),
    Generator::bound(
        "latitude",
        "Degrees north of a point within 2 km of the centre of city.",
        LOCALE_ONLY,
        ColumnType::Double,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(Bound::double(move |e| locale.cities.pick(e).latitude(e)))
        },
    )
    .in_group(Group::Place),
    Generator::bound(
        "longitude",
        "Degrees east of a point within 2 km of the centre of city.",
        LOCALE_ONLY,
        ColumnType::Double,
        |arguments| {
            let locale = arguments.locale()?;
            Ok(Bound::double(move |e| locale.cities.pick(e).longitude(e)))
        },
    )
    .in_group(Group::Place),
    Generator::local(
        "postcode",
        "Postal code that fits city (beyond its prefix the digits are drawn, except in en_US).",
        postcode,
    )
    .in_group(Group::Place),
    Generator::local(
        "secondary_address",
        "Unit in a building, such as an apartment.",
        secondary_address,
    ),
    Generator::local(
        "secondary_address_type",
        "Kind of a unit in a building.",
        secondary_address_type,
    ),
    Generator::local(
        "state",
        "State, province or region of city, by name.",
        state,
    )
    .in_group(Group::Place),
    Generator::local("state_abbr", "Code of state.", state_abbr).in_group(Group::Place),
    Generator::local(
        "street_address",
        "Street and house number in the order of the country; in en_US, for one in eight, an apartment.",
        street_address,
    )
    .remixed_in_group(Group::Place),
    Generator::local(
        "street_name",
        "Common street name, that of street_address.",
        street_name,
    )
    .remixed_in_group(Group::Place),
    Generator::local("street_suffix", "Kind of a street.", street_suffix),
    Generator::local(
        "zip",
        "Postal code that fits city, as postcode.",
        postcode,
    )
    .in_group(Group::Place),
];
