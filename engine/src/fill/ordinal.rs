//! Ordered values as whole numbers: an integer is itself, `numeric(8,2)` counts hundredths, a date
//! counts days, an instant microseconds. Ranges, uniqueness and comparisons across columns are then
//! arithmetic on `i64`, whatever the type.
//!
//! ```
//! use synth_engine::fill::class::Class;
//! use synth_engine::fill::ordinal::Codec;
//!
//! let codec = Codec::of(&Class::Decimal { precision: Some(8), scale: Some(2) }, 0).unwrap();
//! let mut out = String::new();
//! codec.write(-1_205, &mut out);
//! assert_eq!(out, "-12.05");
//! ```

use std::fmt::Write;

use super::class::Class;
use crate::calendar::{MICROS_PER_DAY, date_from_days, days_from_date, parse_date};
use crate::generator::identifier::write_padded;

/// How a class of values is counted and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Codec {
    unit: Unit,
    /// Decimal places that one count stands for; negative: counts tens, hundreds, ...
    scale: i32,
    lowest: i64,
    highest: i64,
    /// Stored as a float of four bytes.
    single: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Number,
    Days,
    /// Microseconds since 1970-01-01; with zone or not.
    Micros {
        zone: bool,
    },
    /// Microseconds of the day; with zone or not.
    TimeOfDay {
        zone: bool,
    },
    /// Seconds.
    Interval,
}

/// Microseconds in a second.
pub const SECOND: i64 = 1_000_000;

/// Whole numbers that fit an f64 exactly.
const EXACT: i64 = 1 << 53;

impl Codec {
    /// The codec of a class that has an order; none for text, shapes and documents. `places` is the
    /// number of decimal places that bounds on the column use.
    pub fn of(class: &Class, places: i32) -> Option<Self> {
        let number = |lowest, highest| Self {
            unit: Unit::Number,
            scale: 0,
            lowest,
            highest,
            single: false,
        };
        Some(match class {
            Class::Integer { bytes: 2 } => number(i16::MIN.into(), i16::MAX.into()),
            Class::Integer { bytes: 4 } => number(i32::MIN.into(), i32::MAX.into()),
            Class::Integer { .. } => number(i64::MIN + 1, i64::MAX),
            Class::ObjectId => number(0, u32::MAX.into()),
            Class::Decimal {
                precision: Some(precision),
                scale,
            } => {
                let largest = 10_i64
                    .checked_pow(*precision)
                    .map_or(i64::MAX / 2, |p| p - 1);
                Self {
                    scale: scale.unwrap_or(0),
                    ..number(-largest, largest)
                }
            }
            Class::Decimal { .. } | Class::Float { .. } => Self {
                scale: places.clamp(2, 9),
                single: *class == Class::Float { bytes: 4 },
                ..number(-EXACT, EXACT)
            },
            Class::Money => Self {
                scale: 2,
                ..number(-EXACT, EXACT)
            },
            Class::Date => Self {
                unit: Unit::Days,
                // Years 1 to 9999.
                ..number(-719_162, 2_932_896)
            },
            Class::Timestamp | Class::TimestampTz => Self {
                unit: Unit::Micros {
                    zone: *class == Class::TimestampTz,
                },
                ..number(-719_162 * MICROS_PER_DAY, 2_932_897 * MICROS_PER_DAY - 1)
            },
            Class::Time | Class::TimeTz => Self {
                unit: Unit::TimeOfDay {
                    zone: *class == Class::TimeTz,
                },
                ..number(0, MICROS_PER_DAY - 1)
            },
            Class::Interval => Self {
                unit: Unit::Interval,
                ..number(-EXACT, EXACT)
            },
            _ => return None,
        })
    }

    /// Smallest and largest count that the type holds.
    pub const fn limits(&self) -> (i64, i64) {
        (self.lowest, self.highest)
    }

    /// How many counts a whole unit has: 100 for hundredths, a second's microseconds for instants.
    pub fn grain(&self) -> i64 {
        match self.unit {
            Unit::Micros { .. } | Unit::TimeOfDay { .. } => SECOND,
            _ => 1,
        }
    }

    /// Counts of a number, such as 10 for `numeric(8,2)`: 1000; saturating.
    pub fn counts(&self, number: i64) -> i64 {
        let counts = self.scaled(i128::from(number), 0).0;
        i64::try_from(counts).unwrap_or(if number < 0 { i64::MIN + 1 } else { i64::MAX })
    }

    /// Reads a literal: the count at or below it, and whether it is exactly there.
    pub fn read(&self, literal: &str) -> Option<(i64, bool)> {
        let literal = literal.trim();
        let (count, exact) = match self.unit {
            Unit::Number => {
                let digits = literal.trim_start_matches('$').replace(',', "");
                let (mantissa, places) = decimal(&digits)?;
                self.scaled(mantissa, places)
            }
            Unit::Days => {
                let (date, rest) = literal.split_at_checked(10).unwrap_or((literal, ""));
                let midnight = rest
                    .bytes()
                    .all(|b| matches!(b, b'0' | b':' | b' ' | b'.' | b'+'));
                (i128::from(parse_date(date)?), midnight)
            }
            Unit::Micros { .. } => {
                let (date, rest) = literal.split_at_checked(10).unwrap_or((literal, ""));
                let days = i64::from(parse_date(date)?);
                let rest = rest.trim_start_matches(['T', ' ']);
                let (time, zone) = split_zone(rest);
                let micros = if time.is_empty() {
                    0
                } else {
                    time_of_day(time)?
                };
                let micros = days * MICROS_PER_DAY + micros - zone_offset(zone)?;
                (i128::from(micros), true)
            }
            Unit::TimeOfDay { .. } => {
                let (time, _) = split_zone(literal);
                (i128::from(time_of_day(time)?), true)
            }
            Unit::Interval => (i128::from(interval_seconds(literal)?), true),
        };
        Some((i64::try_from(count).ok()?, exact))
    }

    /// A decimal of `places` places as counts, rounded down, and whether that was exact.
    fn scaled(&self, mantissa: i128, places: i32) -> (i128, bool) {
        let shift = self.scale - places;
        if let Ok(shift) = u32::try_from(shift) {
            return match 10_i128.checked_pow(shift.min(38)) {
                Some(factor) => (mantissa.saturating_mul(factor), true),
                None => (mantissa, false),
            };
        }
        let Some(divisor) = 10_i128.checked_pow(shift.unsigned_abs().min(39)) else {
            return (if mantissa < 0 { -1 } else { 0 }, mantissa == 0);
        };
        (mantissa.div_euclid(divisor), mantissa % divisor == 0)
    }

    /// Writes the value with this count as Postgres reads it.
    pub fn write(&self, count: i64, out: &mut String) {
        match self.unit {
            Unit::Number => write_decimal(count, self.scale, out),
            Unit::Days => write_date(count, out),
            Unit::Micros { zone } => {
                write_date(count.div_euclid(MICROS_PER_DAY), out);
                out.push(' ');
                write_time(count.rem_euclid(MICROS_PER_DAY), out);
                if zone {
                    out.push_str("+00");
                }
            }
            Unit::TimeOfDay { zone } => {
                write_time(count, out);
                if zone {
                    out.push_str("+00");
                }
            }
            Unit::Interval => {
                let seconds = count.unsigned_abs();
                if count < 0 {
                    out.push('-');
                }
                padded(seconds / 3600, 2, out);
                out.push(':');
                padded(seconds / 60 % 60, 2, out);
                out.push(':');
                padded(seconds % 60, 2, out);
            }
        }
    }

    /// Whether a literal is within what can be counted exactly.
    pub fn fits(&self, literal: &str) -> bool {
        self.read(literal)
            .is_some_and(|(count, _)| (self.lowest..=self.highest).contains(&count))
    }

    /// Counts in units ten times as large, for numbers without a declared size; false for others.
    pub fn coarsen(&mut self) -> bool {
        let free = self.unit == Unit::Number && self.highest == EXACT;
        if free {
            self.scale -= 1;
        }
        free
    }

    /// How far from a bound values have to keep that are stored less exactly than they are counted.
    pub fn margin(&self, count: i64) -> i64 {
        if self.single {
            count.saturating_abs() / 4_000_000 + 1
        } else {
            0
        }
    }

    /// Whether the values are points in time.
    pub const fn is_time(&self) -> bool {
        matches!(self.unit, Unit::Days | Unit::Micros { .. })
    }

    /// The count at the beginning of a day; for points in time.
    pub fn day(&self, days: i32) -> i64 {
        match self.unit {
            Unit::Micros { .. } => i64::from(days) * MICROS_PER_DAY,
            _ => i64::from(days),
        }
    }
}

/// Writing to a string cannot fail.
fn padded(number: u64, digits: u32, out: &mut String) {
    let _ = write_padded(number, digits, out);
}

fn write_decimal(count: i64, scale: i32, out: &mut String) {
    let Ok(places) = u32::try_from(scale) else {
        out.push_str(itoa::Buffer::new().format(count));
        if count != 0 {
            out.extend(std::iter::repeat_n('0', scale.unsigned_abs() as usize));
        }
        return;
    };
    if places == 0 {
        out.push_str(itoa::Buffer::new().format(count));
        return;
    }
    if count < 0 {
        out.push('-');
    }
    let magnitude = count.unsigned_abs();
    if let Some(factor) = 10_u64.checked_pow(places) {
        out.push_str(itoa::Buffer::new().format(magnitude / factor));
        out.push('.');
        padded(magnitude % factor, places, out);
    } else {
        out.push_str("0.");
        out.extend(std::iter::repeat_n('0', places.saturating_sub(20) as usize));
        padded(magnitude, places.min(20), out);
    }
}

fn write_date(days: i64, out: &mut String) {
    let Some((year, month, day)) = i32::try_from(days).ok().and_then(date_from_days) else {
        return;
    };
    padded(u64::from(year.unsigned_abs()), 4, out);
    out.push('-');
    padded(month.into(), 2, out);
    out.push('-');
    padded(day.into(), 2, out);
}

fn write_time(micros: i64, out: &mut String) {
    let micros = micros.unsigned_abs();
    let (seconds, fraction) = (micros / 1_000_000, micros % 1_000_000);
    padded(seconds / 3600, 2, out);
    out.push(':');
    padded(seconds / 60 % 60, 2, out);
    out.push(':');
    padded(seconds % 60, 2, out);
    if fraction != 0 {
        out.push('.');
        padded(fraction, 6, out);
    }
}

/// Mantissa and places of a decimal literal; exponents are read too.
fn decimal(text: &str) -> Option<(i128, i32)> {
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let mut digits = String::with_capacity(whole.len() + fraction.len());
    let _ = write!(digits, "{whole}{fraction}");
    let places = i32::try_from(fraction.len()).ok()?;
    Some((digits.parse().ok()?, places.checked_sub(exponent)?))
}

/// Decimal places of a literal.
pub fn places(literal: &str) -> i32 {
    decimal(literal.trim()).map_or(0, |(_, places)| places.max(0))
}

/// Splits `12:00:00+02` into time and zone.
fn split_zone(text: &str) -> (&str, &str) {
    let text = text.trim_end_matches('Z');
    match text.rfind(['+', '-']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    }
}

/// Microseconds east of Greenwich of `+02`, `-05:30` or nothing.
fn zone_offset(zone: &str) -> Option<i64> {
    let Some(rest) = zone.get(1..) else {
        return Some(0);
    };
    let (hours, minutes) = rest.split_once(':').unwrap_or((rest, "0"));
    let minutes = hours.parse::<i64>().ok()? * 60 + minutes.parse::<i64>().ok()?;
    let micros = minutes * 60 * SECOND;
    Some(if zone.starts_with('-') {
        -micros
    } else {
        micros
    })
}

/// Microseconds of `HH:MM[:SS[.ffffff]]` within a day.
fn time_of_day(text: &str) -> Option<i64> {
    clock(text).filter(|micros| (0..=MICROS_PER_DAY).contains(micros))
}

/// Microseconds of `HH:MM[:SS[.ffffff]]`, of any number of hours.
fn clock(text: &str) -> Option<i64> {
    let mut parts = text.trim().split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let (mantissa, places) = decimal(parts.next().unwrap_or("0"))?;
    let factor = 10_i128.checked_pow(u32::try_from(6 - places).ok()?)?;
    let seconds = i64::try_from(mantissa * factor).ok()?;
    (hours.checked_mul(60)?.checked_add(minutes)?)
        .checked_mul(60 * SECOND)?
        .checked_add(seconds)
}

/// Seconds of an interval as Postgres prints it: `1 day 02:03:04`, `2 mons`, `-00:05:00`. Months
/// count 30 days and years 365, so a bound in them is met with room to spare only.
pub(super) fn interval_seconds(text: &str) -> Option<i64> {
    let mut seconds = 0_i64;
    let mut words = text.split_whitespace();
    while let Some(word) = words.next() {
        if word.contains(':') {
            let negative = word.starts_with('-');
            let time = clock(word.trim_start_matches(['-', '+']))? / SECOND;
            seconds += if negative { -time } else { time };
            continue;
        }
        let number: i64 = word.parse().ok()?;
        let unit = match words.next()?.trim_end_matches('s') {
            "year" | "yr" => 365 * 86_400,
            "mon" | "month" => 30 * 86_400,
            "week" => 7 * 86_400,
            "day" => 86_400,
            "hour" => 3_600,
            "min" | "minute" => 60,
            "sec" | "second" => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    Some(seconds)
}

/// First day of a year.
pub(super) fn new_year(year: i32) -> i32 {
    days_from_date(year, 1, 1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn codec(class: &Class) -> Codec {
        Codec::of(class, 0).unwrap()
    }

    fn text(codec: Codec, count: i64) -> String {
        let mut out = String::new();
        codec.write(count, &mut out);
        out
    }

    #[test]
    fn literals_are_read_as_postgres_prints_them() {
        let hundredths = codec(&Class::Decimal {
            precision: Some(8),
            scale: Some(2),
        });
        assert_eq!(hundredths.read("9.999"), Some((999, false)));
        assert_eq!(hundredths.read("-0.01"), Some((-1, true)));
        assert_eq!(hundredths.read("1e3"), Some((100_000, true)));
        let thousands = codec(&Class::Decimal {
            precision: Some(3),
            scale: Some(-3),
        });
        assert_eq!(thousands.read("12500"), Some((12, false)));
        assert_eq!(text(thousands, 12), "12000");
        let instant = codec(&Class::TimestampTz);
        assert_eq!(
            instant.read("1970-01-01 02:00:00+02"),
            Some((0, true)),
            "zones count"
        );
        assert_eq!(text(instant, 1_500_000), "1970-01-01 00:00:01.500000+00");
        assert_eq!(
            codec(&Class::Interval).read("1 day 01:00:00"),
            Some((90_000, true))
        );
        assert_eq!(text(codec(&Class::Date), 20_454), "2026-01-01");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(count in -99_999_i64..100_000) {
            let classes = [
                Class::Integer { bytes: 4 },
                Class::Decimal { precision: Some(5), scale: Some(3) },
                Class::Decimal { precision: Some(5), scale: Some(-3) },
                Class::Decimal { precision: Some(5), scale: Some(25) },
                Class::Float { bytes: 8 },
                Class::Money,
                Class::Date,
                Class::Timestamp,
                Class::TimestampTz,
                Class::Interval,
            ];
            for class in classes {
                let codec = codec(&class);
                prop_assert_eq!(codec.read(&text(codec, count)), Some((count, true)), "{:?}", class);
            }
            let time = codec(&Class::Time);
            prop_assert_eq!(time.read(&text(time, count.abs())), Some((count.abs(), true)));
        }
    }
}
