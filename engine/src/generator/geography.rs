//! Points on the Earth, as `(longitude,latitude)` in degrees: the text of Postgres's type `point`,
//! with six decimals, a tenth of a metre.

use std::f64::consts::TAU;
use std::fmt::{self, Write};
use std::sync::LazyLock;

use super::address::PLACES;
use super::draw::write_ascii;
use super::{Arguments, Bound, Generator, Group};
use crate::entropy::{below, remix, unit};
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// Kilometres in a degree of latitude: a meridian of 40,007.9 km by 360 (WGS 84).
const KM_PER_DEGREE: f64 = 111.13;

const fn degrees(
    name: &'static str,
    default: Option<&'static str>,
    summary: &'static str,
) -> Parameter {
    Parameter {
        name,
        parameter_type: ParameterType::Number,
        default,
        summary,
    }
}

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[
    Generator::bound(
        "geo_point",
        "Point (longitude,latitude) in a box, evenly over its area.",
        &[
            degrees("south", Some("-90"), "Least latitude, -90 to 90."),
            degrees("west", Some("-180"), "Western longitude, -180 to 180."),
            degrees(
                "north",
                Some("90"),
                "Greatest latitude, at least the least.",
            ),
            degrees(
                "east",
                Some("180"),
                "Eastern longitude; less than the western: across the 180th meridian.",
            ),
        ],
        ColumnType::Text,
        within,
    ),
    Generator::bound(
        "geo_point_city",
        "Point (longitude,latitude) in a US city: within some kilometres of one of its ZIP areas.",
        &[
            Parameter {
                name: "city",
                parameter_type: ParameterType::Text,
                default: Some("NULL"),
                summary: "Name of the city; NULL: any, by population.",
            },
            degrees("radius_km", Some("5"), "Greatest distance, 0 to 1000 km."),
        ],
        ColumnType::Text,
        city,
    )
    .in_group(Group::Place),
    Generator::bound(
        "geo_point_near",
        "Point (longitude,latitude) around a centre, evenly over the circle.",
        &[
            degrees("latitude", None, "Latitude of the centre, -90 to 90."),
            degrees("longitude", None, "Longitude of the centre, -180 to 180."),
            degrees("radius_km", Some("10"), "Greatest distance, 0 to 20000 km."),
        ],
        ColumnType::Text,
        near,
    )
    .with_example(&[("latitude", "52.52"), ("longitude", "13.405")]),
];

fn write_point(longitude: f64, latitude: f64, out: &mut dyn Write) -> fmt::Result {
    /// Two numbers of up to eleven characters, with what stands around them.
    const LONGEST: usize = 32;
    let mut bytes = ([0_u8; LONGEST], 0);
    push(&mut bytes, b"(");
    push_degrees(longitude, &mut bytes);
    push(&mut bytes, b",");
    push_degrees(latitude, &mut bytes);
    push(&mut bytes, b")");
    write_ascii(&bytes.0[..bytes.1], out)
}

#[inline]
fn push<const N: usize>((bytes, length): &mut ([u8; N], usize), more: &[u8]) {
    bytes[*length..*length + more.len()].copy_from_slice(more);
    *length += more.len();
}

/// Degrees with up to six decimals, without zeros at their end.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "degrees are at most 360, and a digit is below 10"
)]
fn push_degrees<const N: usize>(degrees: f64, out: &mut ([u8; N], usize)) {
    // To the nearest, halves away from zero.
    let millionths = (degrees * 1e6 + 0.5_f64.copysign(degrees)) as i64;
    if millionths < 0 {
        push(out, b"-");
    }
    let millionths = millionths.unsigned_abs();
    let (whole, rest) = (millionths / 1_000_000, millionths % 1_000_000);
    push(out, itoa::Buffer::new().format(whole).as_bytes());
    if rest == 0 {
        return;
    }
    let mut decimals = *b".000000";
    // By pairs, which do not wait for each other.
    for (pair, place) in [rest / 10_000, rest / 100 % 100, rest % 100]
        .into_iter()
        .zip([1, 3, 5])
    {
        decimals[place] += (pair / 10) as u8;
        decimals[place + 1] += (pair % 10) as u8;
    }
    let length = decimals.iter().rposition(|&digit| digit != b'0');
    push(out, &decimals[..length.map_or(0, |last| last + 1)]);
}

fn within(arguments: &Arguments<'_>) -> Result<Bound> {
    let south = arguments.number_in("south", -90.0..=90.0)?;
    let north = arguments.number_in("north", -90.0..=90.0)?;
    let west = arguments.number_in("west", -180.0..=180.0)?;
    let east = arguments.number_in("east", -180.0..=180.0)?;
    if north < south {
        return Err(arguments.error("north must be at least south".to_owned()));
    }
    let width = if east < west {
        east + 360.0 - west
    } else {
        east - west
    };
    // Area goes by the sine of the latitude.
    let (low, high) = (south.to_radians().sin(), north.to_radians().sin());
    Ok(Bound::text(move |e, out| {
        let sine = low + (high - low) * unit(e);
        let latitude = sine.asin().to_degrees().clamp(south, north);
        write_point(wrapped(west + width * unit(remix(e))), latitude, out)
    }))
}

fn wrapped(longitude: f64) -> f64 {
    if longitude > 180.0 {
        longitude - 360.0
    } else if longitude < -180.0 {
        longitude + 360.0
    } else {
        longitude
    }
}

/// A place on the sphere, ready for points around it.
#[derive(Clone, Copy)]
struct Centre {
    longitude: f64,
    /// Of the latitude.
    sin: f64,
    cos: f64,
}

impl Centre {
    fn new(latitude: f64, longitude: f64) -> Self {
        let (sin, cos) = latitude.to_radians().sin_cos();
        Self {
            longitude,
            sin,
            cos,
        }
    }
}

/// The sine of half the angle that a radius in km is seen under from the middle of the Earth.
fn half_sine(radius: f64) -> f64 {
    (radius / KM_PER_DEGREE / 2.0).min(90.0).to_radians().sin()
}

/// A point around a centre, where the sine of half the greatest distance is `most`.
fn around(centre: Centre, most: f64, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let direction = TAU * unit(entropy);
    // Areas of a cap go by 1 - cos of its radius; half the square of the sine of half of it.
    let half = most * unit(remix(entropy)).sqrt();
    let (far_sin, far_cos) = (
        2.0 * half * (1.0 - half * half).max(0.0).sqrt(),
        1.0 - 2.0 * half * half,
    );
    let Centre {
        longitude,
        sin,
        cos,
    } = centre;
    let (east, north) = direction.sin_cos();
    let to = (sin * far_cos + cos * far_sin * north).clamp(-1.0, 1.0);
    let turn = (east * far_sin * cos).atan2(far_cos - sin * to);
    write_point(
        wrapped(longitude + turn.to_degrees()),
        to.asin().to_degrees(),
        out,
    )
}

fn near(arguments: &Arguments<'_>) -> Result<Bound> {
    let latitude = arguments.number_in("latitude", -90.0..=90.0)?;
    let longitude = arguments.number_in("longitude", -180.0..=180.0)?;
    let most = half_sine(arguments.number_in("radius_km", 0.0..=20_000.0)?);
    let centre = Centre::new(latitude, longitude);
    Ok(Bound::text(move |e, out| around(centre, most, e, out)))
}

fn city(arguments: &Arguments<'_>) -> Result<Bound> {
    /// Those of the places, in their order.
    static CENTRES: LazyLock<Vec<Centre>> = LazyLock::new(|| {
        let places = PLACES.places().iter();
        places
            .map(|place| Centre::new(place.latitude, place.longitude))
            .collect()
    });

    let most = half_sine(arguments.number_in("radius_km", 0.0..=1_000.0)?);
    let Some(name) = arguments.optional("city") else {
        return Ok(Bound::text(move |e, out| {
            around(CENTRES[PLACES.pick(e)], most, remix(e), out)
        }));
    };
    let areas: Vec<Centre> = PLACES
        .places()
        .iter()
        .filter(|place| place.city.eq_ignore_ascii_case(name.trim()))
        .map(|place| Centre::new(place.latitude, place.longitude))
        .collect();
    if areas.is_empty() {
        return Err(arguments.error(
            "there is no such city among the US places; geo_point_near takes any centre".to_owned(),
        ));
    }
    Ok(Bound::text(move |e, out| {
        let index = usize::try_from(below(e, areas.len() as u64)).unwrap_or(0);
        around(areas[index], most, remix(e), out)
    }))
}

#[cfg(test)]
mod tests {
    use crate::entropy::remix;
    use crate::generator::find;

    fn points(name: &str, arguments: &[(&str, &str)]) -> Vec<(f64, f64)> {
        let bound = find(name).unwrap().bind(arguments).unwrap();
        (0..2_000)
            .map(|row| {
                let text = bound.value(remix(row));
                let (lon, lat) = text.trim_matches(['(', ')']).split_once(',').unwrap();
                (lon.parse().unwrap(), lat.parse().unwrap())
            })
            .collect()
    }

    /// Great-circle distance in km (haversine).
    fn distance((lon, lat): (f64, f64), (lon2, lat2): (f64, f64)) -> f64 {
        let (a, b) = (lat.to_radians(), lat2.to_radians());
        let h = ((b - a) / 2.0).sin().powi(2)
            + a.cos() * b.cos() * ((lon2 - lon).to_radians() / 2.0).sin().powi(2);
        2.0 * h.sqrt().min(1.0).asin().to_degrees() * super::KM_PER_DEGREE
    }

    #[test]
    fn points_lie_where_they_are_asked_for() {
        let fiji = [
            ("south", "-20"),
            ("north", "-12"),
            ("west", "177"),
            ("east", "-178"),
        ];
        for (lon, lat) in points("geo_point", &fiji) {
            assert!((-20.0..=-12.0).contains(&lat), "{lat}");
            assert!(
                (177.0..=180.0).contains(&lon) || (-180.0..=-178.0).contains(&lon),
                "{lon}"
            );
        }
        for (latitude, longitude) in [("52.52", "13.405"), ("89.99", "0"), ("-10", "179.99")] {
            let centre = (longitude.parse().unwrap(), latitude.parse().unwrap());
            let all = points(
                "geo_point_near",
                &[
                    ("latitude", latitude),
                    ("longitude", longitude),
                    ("radius_km", "50"),
                ],
            );
            let distances: Vec<f64> = all.iter().map(|p| distance(centre, *p)).collect();
            assert!(distances.iter().all(|d| *d < 50.01), "{centre:?}");
            // Half of the points lie beyond 1/sqrt(2) of the radius: 5 standard errors of 2,000.
            let far = distances
                .iter()
                .filter(|d| **d > 50.0 / 2.0_f64.sqrt())
                .count();
            assert!((888..=1_112).contains(&far), "{centre:?}: {far}");
        }
        for point in points("geo_point_city", &[("city", "boston"), ("radius_km", "3")]) {
            assert!(distance((-71.06, 42.36), point) < 40.0, "{point:?}");
        }
    }

    /// A third of the sphere lies beyond 41.8 degrees of latitude: 1 - sin(41.81).
    #[test]
    fn the_sphere_is_covered_evenly() {
        let polar = points("geo_point", &[])
            .iter()
            .filter(|p| p.1.abs() > 41.810_3)
            .count();
        assert!((561..=773).contains(&polar), "{polar}");
    }
}
