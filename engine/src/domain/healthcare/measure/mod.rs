//! Measurements: what is measured at an encounter ([`panel`]), and what comes out ([`value`]).
//!
//! `loinc.csv` lists the [`Analyte`]s with code, unit, decimals, and how far people differ from each other
//! and from visit to visit; `observation_levels.csv` gives, by sex and age, the typical level of people
//! without disease and the reference range.

pub(super) mod panel;
pub(super) mod value;

use std::sync::LazyLock;

use crate::generator::data::{
    HEALTHCARE_LOINC, HEALTHCARE_OBSERVATION_LEVELS, Measurement, ObservationLevel,
};
use crate::generator::name::Sex;

macro_rules! analytes {
    ($($variant:ident $key:literal,)*) => {
        /// Something that is measured, in the order of `loinc.csv`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(u8)]
        pub(super) enum Analyte { $($variant,)* }

        impl Analyte {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The key in the data files.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$variant => $key,)* }
            }
        }
    };
}

analytes! {
    Systolic "systolic",
    Diastolic "diastolic",
    HeartRate "heart_rate",
    RespiratoryRate "respiratory_rate",
    Temperature "temperature",
    OxygenSaturation "oxygen_saturation",
    Height "height",
    Weight "weight",
    Bmi "bmi",
    Hba1c "hba1c",
    Glucose "glucose",
    Creatinine "creatinine",
    Egfr "egfr",
    Bun "bun",
    Sodium "sodium",
    Potassium "potassium",
    Chloride "chloride",
    Bicarbonate "bicarbonate",
    Calcium "calcium",
    Albumin "albumin",
    Protein "protein",
    Alt "alt",
    Ast "ast",
    Alp "alp",
    Bilirubin "bilirubin",
    Cholesterol "cholesterol",
    Hdl "hdl",
    Ldl "ldl",
    Triglycerides "triglycerides",
    Leukocytes "leukocytes",
    Hemoglobin "hemoglobin",
    Hematocrit "hematocrit",
    Mcv "mcv",
    Platelets "platelets",
    Tsh "tsh",
    FreeT4 "free_t4",
    NtProbnp "nt_probnp",
    UrineAlbumin "urine_albumin",
    Crp "crp",
    Ferritin "ferritin",
    Psa "psa",
    Urate "urate",
}

impl Analyte {
    /// The bit of a set of analytes.
    pub const fn bit(self) -> u64 {
        1 << self as u64
    }

    /// What `loinc.csv` says.
    #[inline]
    pub fn facts(self) -> &'static Measurement {
        &HEALTHCARE_LOINC[self as usize]
    }

    /// The typical level at an age, linear between those given.
    #[inline]
    pub fn typical(self, sex: Sex, age: f64) -> f64 {
        let (year, part) = year_of(age);
        let curve = &LEVELS.typical[sex.index()][self as usize];
        curve[year] + (curve[year + 1] - curve[year]) * part
    }

    /// The reference range of an age.
    #[inline]
    pub fn range(self, sex: Sex, age: f64) -> &'static Range {
        let index = LEVELS.range[sex.index()][self as usize][year_of(age).0];
        &LEVELS.ranges[usize::from(index)]
    }
}

/// A reference range with the limits beyond which a value is critical; an open end is infinite.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Range {
    pub low: f64,
    pub high: f64,
    critical_low: f64,
    critical_high: f64,
}

impl Range {
    /// HL7 table 0078 as far as it is used here.
    #[inline]
    pub fn flag(&self, value: f64) -> &'static str {
        if value < self.critical_low {
            "LL"
        } else if value < self.low {
            "L"
        } else if value > self.critical_high {
            "HH"
        } else if value > self.high {
            "H"
        } else {
            "N"
        }
    }
}

/// Ages 0 to 120.
const AGES: usize = 121;

struct Levels {
    /// By sex and analyte, at each age.
    typical: [Vec<Vec<f64>>; 2],
    /// The same, as indexes into `ranges`.
    range: [Vec<Vec<u16>>; 2],
    ranges: Vec<Range>,
}

static LEVELS: LazyLock<Levels> = LazyLock::new(|| {
    let mut ranges = Vec::new();
    let mut range = [Vec::new(), Vec::new()];
    for (sex, by_analyte) in [Sex::Female, Sex::Male].into_iter().zip(&mut range) {
        for analyte in Analyte::ALL {
            by_analyte.push(ranges_of(&rows_of(*analyte, sex), &mut ranges));
        }
    }
    let typical = [Sex::Female, Sex::Male].map(|sex| {
        let curves = Analyte::ALL
            .iter()
            .map(|analyte| curve_of(&rows_of(*analyte, sex)));
        curves.collect()
    });
    Levels {
        typical,
        range,
        ranges,
    }
});

/// The rows of an analyte and sex, by age.
fn rows_of(analyte: Analyte, sex: Sex) -> Vec<&'static ObservationLevel> {
    let fits = |row: &&ObservationLevel| {
        row.analyte == analyte.key() && (row.sex == sex.code() || row.sex == "A")
    };
    let mut rows: Vec<_> = HEALTHCARE_OBSERVATION_LEVELS.iter().filter(fits).collect();
    rows.sort_by_key(|row| row.age);
    rows
}

fn curve_of(rows: &[&ObservationLevel]) -> Vec<f64> {
    let level = |age: u64| {
        let after = rows.partition_point(|row| row.age <= age);
        let (Some(a), b) = (rows.get(after.saturating_sub(1)), rows.get(after)) else {
            return 0.0;
        };
        let Some(b) = b else { return a.typical };
        let part = small(age - a.age) / small(b.age - a.age);
        a.typical + (b.typical - a.typical) * part
    };
    (0..AGES as u64).map(level).collect()
}

fn ranges_of(rows: &[&ObservationLevel], ranges: &mut Vec<Range>) -> Vec<u16> {
    let mut index_of = |row: &ObservationLevel| {
        let or = |limit: f64, none: f64| if limit < 0.0 { none } else { limit };
        let range = Range {
            low: or(row.low, f64::NEG_INFINITY),
            high: or(row.high, f64::INFINITY),
            critical_low: or(row.critical_low, f64::NEG_INFINITY),
            critical_high: or(row.critical_high, f64::INFINITY),
        };
        let place = ranges.iter().position(|r| *r == range).unwrap_or_else(|| {
            ranges.push(range);
            ranges.len() - 1
        });
        u16::try_from(place).unwrap_or(0)
    };
    (0..AGES as u64)
        .map(|age| {
            let after = rows.partition_point(|row| row.age <= age);
            rows.get(after.saturating_sub(1))
                .map_or(0, |row| index_of(row))
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "ages")]
fn small(n: u64) -> f64 {
    n as f64
}

/// Full years, at most 119, and what is more.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "clamped to ages"
)]
fn year_of(age: f64) -> (usize, f64) {
    let age = age.clamp(0.0, 119.0);
    let year = (age as usize).min(AGES - 2);
    (year, age - year as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_files_list_the_analytes() {
        let keys: Vec<&str> = HEALTHCARE_LOINC.iter().map(|row| row.analyte).collect();
        let ours: Vec<&str> = Analyte::ALL.iter().map(|a| a.key()).collect();
        assert_eq!(keys, ours);
        for analyte in Analyte::ALL {
            for sex in [Sex::Female, Sex::Male] {
                let rows = rows_of(*analyte, sex);
                assert_eq!(rows[0].age, 0, "{analyte:?}");
                assert!(rows.is_sorted_by(|a, b| a.age < b.age), "{analyte:?}");
                for row in rows {
                    let limits = [row.critical_low, row.low, row.high, row.critical_high];
                    let given: Vec<f64> = limits.into_iter().filter(|l| *l >= 0.0).collect();
                    assert!(given.is_sorted(), "{analyte:?} from {}: {given:?}", row.age);
                    // Typical people are within the range, but for LDL cholesterol, of which the range
                    // is a target.
                    let within = row.typical == 0.0
                        || (row.low < 0.0 || row.low < row.typical)
                            && (row.high < 0.0 || row.typical < row.high);
                    assert!(
                        within || *analyte == Analyte::Ldl,
                        "{analyte:?} from {}",
                        row.age
                    );
                }
            }
        }
        for row in HEALTHCARE_LOINC {
            // LOINC's check digit: Luhn's.
            let (number, check) = row.loinc.split_once('-').unwrap();
            let digit = luhn3::decimal::checksum(number.as_bytes()).unwrap();
            assert_eq!(check.as_bytes(), [digit], "{}", row.loinc);
            assert!(["normal", "log"].contains(&row.scale));
        }
    }

    #[test]
    fn flags_follow_the_range() {
        let adult = Analyte::Potassium.range(Sex::Male, 50.0);
        for (value, flag) in [
            (2.5, "LL"),
            (3.4, "L"),
            (3.5, "N"),
            (5.1, "N"),
            (5.2, "H"),
            (6.5, "HH"),
        ] {
            assert_eq!(adult.flag(value), flag, "{value}");
        }
        let open = Analyte::Egfr.range(Sex::Female, 50.0);
        assert_eq!(
            (open.flag(130.0), open.flag(59.0), open.flag(9.0)),
            ("N", "L", "LL")
        );
    }

    #[test]
    fn levels_are_linear_between_ages() {
        assert_eq!(Analyte::Systolic.typical(Sex::Male, 20.0), 115.0);
        assert_eq!(Analyte::Systolic.typical(Sex::Male, 50.0), 118.0);
        assert_eq!(Analyte::Systolic.typical(Sex::Male, 119.9), 121.0);
    }
}
