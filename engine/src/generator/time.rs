//! Dates, times of day and spans of time. Past and future are seen from a date that is an
//! argument, since the engine has no clock.

use std::fmt::{self, Write};

use super::draw::{Chain, listed, write_number};
use super::{Bound, Generator, Group};
use crate::calendar::{AS_OF_RANGE, years_before};
use crate::entropy::below;
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

const AS_OF: Parameter = Parameter {
    name: "as_of",
    parameter_type: ParameterType::Date,
    default: Some("'2026-01-01'"),
    summary: "The day that counts as today, 1900-01-01 to 2199-12-31.",
};

const YEARS: Parameter = Parameter {
    name: "years",
    parameter_type: ParameterType::Integer,
    default: Some("10"),
    summary: "How many years to go at most, 1 to 1000.",
};

const BETWEEN: &[Parameter] = &[
    Parameter {
        name: "earliest",
        parameter_type: ParameterType::Timestamp,
        default: Some("'2016-01-01'"),
        summary: "First instant (RFC 3339) or day.",
    },
    Parameter {
        name: "latest",
        parameter_type: ParameterType::Timestamp,
        default: Some("'2026-01-01'"),
        summary: "Instant (RFC 3339) or day before which all are.",
    },
];

const WEEKDAYS: &[&str] = &[
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

const MONTHS: &[&str] = &[
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

pub(super) const ENTRIES: &[Generator] = &[
    Generator::bound(
        "date",
        "Date between two others.",
        &[
            Parameter {
                name: "earliest",
                parameter_type: ParameterType::Date,
                default: Some("'2016-01-01'"),
                summary: "First day, in the years 1 to 9999.",
            },
            Parameter {
                name: "latest",
                parameter_type: ParameterType::Date,
                default: Some("'2025-12-31'"),
                summary: "Last day, not before the first.",
            },
        ],
        ColumnType::Date,
        |arguments| {
            let (earliest, latest) = (arguments.date("earliest")?, arguments.date("latest")?);
            if latest < earliest {
                return Err(arguments.error("latest must not be before earliest".to_owned()));
            }
            Ok(days(earliest, latest))
        },
    ),
    Generator::bound(
        "date_of_birth",
        "Date of birth of somebody whose age lies between two.",
        &[
            Parameter {
                name: "minimum_age",
                parameter_type: ParameterType::Integer,
                default: Some("18"),
                summary: "Least age in years, 0 to 120.",
            },
            Parameter {
                name: "maximum_age",
                parameter_type: ParameterType::Integer,
                default: Some("90"),
                summary: "Greatest age in years, minimum_age to 120.",
            },
            AS_OF,
        ],
        ColumnType::Date,
        |arguments| {
            let as_of = as_of(arguments)?;
            let minimum = arguments.integer("minimum_age", 0..=120)?;
            let maximum = arguments.integer("maximum_age", minimum..=120)?;
            let years = |years: i64| years_before(as_of, i32::try_from(years).unwrap_or(0));
            Ok(days(years(maximum + 1) + 1, years(minimum)))
        },
    )
    .in_group(Group::Person),
    Generator::bound(
        "duration",
        "Span of time as ISO 8601 writes it, such as PT2H5M30S, one second to two days.",
        &[],
        ColumnType::Text,
        |_| Ok(Bound::text(duration)),
    ),
    Generator::bound(
        "future_date",
        "Date after as_of, within some years.",
        &[YEARS, AS_OF],
        ColumnType::Date,
        |arguments| {
            let (as_of, years) = (as_of(arguments)?, years(arguments)?);
            Ok(days(as_of + 1, years_before(as_of, -years)))
        },
    ),
    listed!("month_name", "English name of a month.", MONTHS, |item| {
        item
    }),
    Generator::bound(
        "past_date",
        "Date before as_of, within some years.",
        &[YEARS, AS_OF],
        ColumnType::Date,
        |arguments| {
            let (as_of, years) = (as_of(arguments)?, years(arguments)?);
            Ok(days(years_before(as_of, years), as_of - 1))
        },
    ),
    Generator::bound(
        "time_of_day",
        "Time of day in whole seconds.",
        &[],
        ColumnType::Time,
        |_| Ok(Bound::time(|e| below(e, 86_400).cast_signed() * 1_000_000)),
    ),
    Generator::bound(
        "timestamp",
        "Date and time of day without zone between two, in whole seconds.",
        BETWEEN,
        ColumnType::Timestamp,
        |arguments| {
            let (start, seconds) = between(arguments)?;
            Ok(Bound::timestamp(move |e| at(start, below(e, seconds))))
        },
    ),
    Generator::bound(
        "timestamptz",
        "Instant between two, in whole seconds.",
        BETWEEN,
        ColumnType::TimestampTz,
        |arguments| {
            let (start, seconds) = between(arguments)?;
            Ok(Bound::timestamp_tz(move |e| at(start, below(e, seconds))))
        },
    ),
    Generator::bound(
        "unix_time",
        "Seconds since 1970-01-01 00:00 UTC, of an instant between two.",
        BETWEEN,
        ColumnType::BigInt,
        |arguments| {
            let (start, seconds) = between(arguments)?;
            Ok(Bound::big_int(move |e| {
                at(start, below(e, seconds)).div_euclid(1_000_000)
            }))
        },
    ),
    listed!(
        "weekday",
        "English name of a day of the week.",
        WEEKDAYS,
        |item| item
    ),
    Generator::bound(
        "year",
        "Year, 1950 to 2025.",
        &[],
        ColumnType::Integer,
        |_| {
            Ok(Bound::integer(|e| {
                1950 + i32::try_from(below(e, 76)).unwrap_or(0)
            }))
        },
    ),
];

fn as_of(arguments: &super::Arguments<'_>) -> Result<i32> {
    let days = arguments.date("as_of")?;
    if AS_OF_RANGE.contains(&days) {
        return Ok(days);
    }
    Err(arguments.error("as_of must be a date from 1900-01-01 to 2199-12-31".to_owned()))
}

fn years(arguments: &super::Arguments<'_>) -> Result<i32> {
    Ok(i32::try_from(arguments.integer("years", 1..=1000)?).unwrap_or(1))
}

/// Dates from the first to the last.
fn days(first: i32, last: i32) -> Bound {
    let count = i64::from(last) - i64::from(first) + 1;
    let count = u64::try_from(count).unwrap_or(1);
    let at = move |index: u64| first.saturating_add(i32::try_from(index).unwrap_or(0));
    Bound::date(move |e| at(below(e, count))).counted(count, move |index, out| {
        out.write_str(&crate::calendar::format_date(at(index)))
    })
}

/// The start in microseconds, and how many seconds follow.
fn between(arguments: &super::Arguments<'_>) -> Result<(i64, u64)> {
    let (earliest, latest) = (
        arguments.timestamp("earliest")?,
        arguments.timestamp("latest")?,
    );
    match u64::try_from((latest - earliest) / 1_000_000) {
        Ok(seconds) if seconds > 0 => Ok((earliest, seconds)),
        _ => Err(arguments.error("latest must be a second or more after earliest".to_owned())),
    }
}

const fn at(start: i64, seconds: u64) -> i64 {
    start + seconds.cast_signed() * 1_000_000
}

fn duration(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let limit = draws.choose(&[60, 3_600, 3_600, 28_800, 172_800]);
    let seconds = draws.between(1, limit);
    out.write_str("PT")?;
    for (length, unit) in [(3_600, "H"), (60, "M"), (1, "S")] {
        let count = match length {
            3_600 => seconds / 3_600,
            length => seconds / length % 60,
        };
        if count > 0 {
            write_number(count, out)?;
            out.write_str(unit)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::calendar::{REFERENCE_DATE, parse_date};
    use crate::entropy::remix;
    use crate::generator::find;

    #[test]
    fn births_are_of_the_ages_asked() {
        let bound = find("date_of_birth")
            .unwrap()
            .bind(&[
                ("minimum_age", "18"),
                ("maximum_age", "18"),
                ("as_of", "2024-02-29"),
            ])
            .unwrap();
        for row in 0..1_000 {
            let born = parse_date(&bound.value(remix(row))).unwrap();
            assert!(born > parse_date("2005-02-28").unwrap(), "{born} is 19");
            assert!(born <= parse_date("2006-02-28").unwrap(), "{born} is 17");
        }
    }

    #[test]
    fn past_and_future_do_not_hold_the_present() {
        for row in 0..2_000 {
            let day = |name: &str| parse_date(&find(name).unwrap().value(remix(row))).unwrap();
            assert!(day("past_date") < REFERENCE_DATE);
            assert!(day("future_date") > REFERENCE_DATE);
        }
        let error = find("timestamp")
            .unwrap()
            .bind(&[("earliest", "2027-01-01")])
            .unwrap_err();
        assert!(error.to_string().contains("after earliest"), "{error}");
    }
}
