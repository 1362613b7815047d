//! The US population: age and sex, mortality, and what follows them, from published tables.
//!
//! Every function maps entropy and a person's facts to one more fact. Only additions,
//! multiplications and divisions of f64 are used, so results agree on every machine.

use std::sync::LazyLock;

use crate::dictionary::Weighted;
use crate::entropy::{below, remix, round};
use crate::generator::data::{
    BLOOD_TYPE, BODY, BodySize, INSURANCE, LANGUAGE, LIFE_TABLE, MARITAL, POPULATION,
    RACE_ETHNICITY, SMOKING,
};
use crate::generator::name::{Sex, SurnameGroup};

/// The oldest age, in full years, that is generated.
pub const OLDEST: u32 = 114;

/// Ages for which tables are indexed: 0 to 119, the length of the life table.
const AGES: usize = 120;

const MARITAL_STATUS: [&str; 5] = [
    "Never married",
    "Married",
    "Separated",
    "Divorced",
    "Widowed",
];
const INSURANCE_TYPE: [&str; 6] = [
    "Employer",
    "Direct purchase",
    "Medicare",
    "Medicaid",
    "Military",
    "Uninsured",
];
const SMOKING_STATUS: [&str; 3] = ["Current", "Former", "Never"];

/// z-scores of the percentiles 5, 10, 25, 50, 75, 90 and 95.
const PERCENTILE_Z: [f64; 7] = [-1.6449, -1.2816, -0.6745, 0.0, 0.6745, 1.2816, 1.6449];

/// A row of `body.csv`: an age and the seven percentiles.
type Knot = (f64, [f64; 7]);

/// The rows of a measure and sex, in the order of age.
struct Knots {
    rows: Vec<Knot>,
    /// For each full year of age the first row that may lie beyond it: where a search starts.
    from: Vec<usize>,
}

impl Knots {
    fn new(rows: Vec<Knot>) -> Self {
        let from = (0_u32..120)
            .map(|year| rows.partition_point(|row| row.0 <= f64::from(year)))
            .collect();
        Self { rows, from }
    }

    /// The first row beyond an age; their number if there is none.
    #[inline]
    fn after(&self, age: f64) -> usize {
        let mut after = self.from[whole_and_part(age).0.min(self.from.len() - 1)];
        while after < self.rows.len() && self.rows[after].0 <= age {
            after += 1;
        }
        after
    }
}

/// What a body measure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Height in centimetres.
    Height,
    /// Weight in kilograms.
    Weight,
}

struct ByAge {
    tables: Vec<Weighted>,
    /// For each age the index into `tables`; `None` below the first group.
    of_age: [Option<usize>; AGES],
}

impl ByAge {
    fn new(groups: &[(u64, Vec<u64>)]) -> Self {
        let mut of_age = [None; AGES];
        for (index, (from, _)) in groups.iter().enumerate() {
            let from = usize::try_from(*from).unwrap_or(AGES).min(AGES);
            of_age[from..].fill(Some(index));
        }
        Self {
            tables: groups
                .iter()
                .map(|(_, weights)| Weighted::new(weights))
                .collect(),
            of_age,
        }
    }

    #[inline]
    fn pick(&self, entropy: u64, age: u32) -> Option<usize> {
        let group = self.of_age[(age as usize).min(AGES - 1)]?;
        Some(self.tables[group].pick(entropy))
    }
}

struct Population {
    age_sex: Weighted,
    /// Survivors to exact age x out of 1, by sex.
    survivors: [[f64; AGES + 1]; 2],
    marital: [ByAge; 2],
    insurance: ByAge,
    smoking: [ByAge; 2],
    body: [[Knots; 2]; 2],
    race_ethnicity: Weighted,
    language: [(usize, Weighted); 3],
    blood_type: [(usize, Weighted); 5],
}

const SEXES: [Sex; 2] = [Sex::Female, Sex::Male];

static TABLES: LazyLock<Population> = LazyLock::new(|| {
    let survivors = SEXES.map(|sex| {
        let mut alive = [0.0; AGES + 1];
        alive[0] = 1.0;
        for (x, row) in LIFE_TABLE.iter().enumerate().take(AGES) {
            let q = if sex == Sex::Female {
                row.female
            } else {
                row.male
            };
            alive[x + 1] = alive[x] * (1.0 - q);
        }
        alive
    });
    Population {
        age_sex: Weighted::new(
            &POPULATION
                .iter()
                .flat_map(|p| [p.female, p.male])
                .collect::<Vec<_>>(),
        ),
        survivors,
        marital: SEXES.map(|sex| {
            let rows = MARITAL.iter().filter(|m| m.sex == sex.code());
            ByAge::new(
                &rows
                    .map(|m| {
                        (
                            m.age,
                            vec![
                                m.never_married,
                                m.married,
                                m.separated,
                                m.divorced,
                                m.widowed,
                            ],
                        )
                    })
                    .collect::<Vec<_>>(),
            )
        }),
        insurance: ByAge::new(
            &INSURANCE
                .iter()
                .map(|i| {
                    let weights = [
                        i.employer,
                        i.direct_purchase,
                        i.medicare,
                        i.medicaid,
                        i.military,
                        i.uninsured,
                    ];
                    (i.age, weights.to_vec())
                })
                .collect::<Vec<_>>(),
        ),
        smoking: SEXES.map(|sex| {
            let rows = SMOKING.iter().filter(|s| s.sex == sex.code());
            ByAge::new(
                &rows
                    .map(|s| (s.age, vec![s.current, s.former, s.never]))
                    .collect::<Vec<_>>(),
            )
        }),
        body: ["height_cm", "weight_kg"].map(|measure| {
            SEXES.map(|sex| {
                let fits = |b: &&BodySize| b.measure == measure && b.sex == sex.code();
                let rows = BODY.iter().filter(fits);
                Knots::new(
                    rows.map(|b| (b.age, [b.p5, b.p10, b.p25, b.p50, b.p75, b.p90, b.p95]))
                        .collect(),
                )
            })
        }),
        race_ethnicity: Weighted::new(&RACE_ETHNICITY.iter().map(|r| r.weight).collect::<Vec<_>>()),
        language: ["hispanic", "asian", "other"]
            .map(|g| slice(LANGUAGE.iter().map(|l| (l.group == g, l.weight)))),
        blood_type: ["hispanic", "white", "black", "asian", "other"]
            .map(|g| slice(BLOOD_TYPE.iter().map(|b| (b.group == g, b.weight)))),
    }
});

/// The consecutive rows that fit: where they start, and their weights.
fn slice(rows: impl Iterator<Item = (bool, u64)> + Clone) -> (usize, Weighted) {
    let start = rows.clone().position(|(fits, _)| fits).unwrap_or(0);
    let weights: Vec<u64> = rows
        .filter(|(fits, _)| *fits)
        .map(|(_, weight)| weight)
        .collect();
    (start, Weighted::new(&weights))
}

/// Age in full years and sex, by the population pyramid. Those of 100 and over are spread by a
/// yearly survival of 0.6 up to [`OLDEST`].
#[inline]
pub fn age_and_sex(entropy: u64) -> (u32, Sex) {
    let cell = TABLES.age_sex.pick(entropy);
    let sex = SEXES[cell & 1];
    let mut age = u32::try_from(cell / 2).unwrap_or(0);
    if age >= 100 {
        let mut more = remix(entropy);
        while age < OLDEST && below(more, 10) < 6 {
            age += 1;
            more = remix(more);
        }
    }
    (age, sex)
}

/// Survivors to an exact age out of 1 at birth, linear within a year of age.
#[inline]
fn survivors(sex: Sex, age: f64) -> f64 {
    let table = &TABLES.survivors[sex.index()];
    let (year, part) = whole_and_part(age);
    let x = year.min(AGES - 1);
    table[x] + (table[x + 1] - table[x]) * part
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "ages are between 0 and 120"
)]
fn whole_and_part(age: f64) -> (usize, f64) {
    let age = age.clamp(0.0, 120.0);
    let year = age as usize;
    (year, age - year as f64)
}

/// The age at which a person alive at `from` dies, if that is before `to`; `unit` is uniform.
#[inline]
pub fn age_at_death(unit: f64, sex: Sex, from: f64, to: f64) -> Option<f64> {
    let target = survivors(sex, from) * (1.0 - unit);
    if target <= survivors(sex, to) {
        return None;
    }
    let table = &TABLES.survivors[sex.index()];
    let mut year = whole_and_part(from).0.min(AGES - 1);
    while year + 1 < AGES && table[year + 1] >= target {
        year += 1;
    }
    let part = (table[year] - target) / (table[year] - table[year + 1]);
    let exact = f64::from(u32::try_from(year).unwrap_or(0)) + part;
    Some(exact.clamp(from, to))
}

/// Marital status; children under 15 have never married.
#[inline]
pub fn marital_status(entropy: u64, sex: Sex, age: u32) -> &'static str {
    MARITAL_STATUS[TABLES.marital[sex.index()].pick(entropy, age).unwrap_or(0)]
}

/// Primary health insurance, or `Uninsured`.
#[inline]
pub fn insurance_type(entropy: u64, age: u32) -> &'static str {
    INSURANCE_TYPE[TABLES.insurance.pick(entropy, age).unwrap_or(0)]
}

/// Cigarette smoking; children under 12 have never smoked.
#[inline]
pub fn smoking_status(entropy: u64, sex: Sex, age: u32) -> &'static str {
    SMOKING_STATUS[TABLES.smoking[sex.index()].pick(entropy, age).unwrap_or(2)]
}

/// A body measure at an exact age in years, from a z-score: linear between the published
/// percentiles and between the ages they hold for, one decimal.
#[inline]
pub fn body(measure: Measure, z: f64, sex: Sex, age: f64) -> f64 {
    let table = &TABLES.body[measure as usize][sex.index()];
    let (knots, after) = (&table.rows, table.after(age));
    let value = if after == 0 {
        at_z(&knots[0].1, z)
    } else if after == knots.len() {
        at_z(&knots[after - 1].1, z)
    } else {
        let (a, b) = (&knots[after - 1], &knots[after]);
        let part = (age - a.0) / (b.0 - a.0);
        let low = at_z(&a.1, z);
        low + (at_z(&b.1, z) - low) * part
    };
    round(value * 10.0) / 10.0
}

/// The value at a z-score: linear between percentiles. Above the last one its slope goes on; below
/// the first the value falls off as 1 / (1 + x), so that small ones stay positive and human.
#[inline]
fn at_z(percentiles: &[f64; 7], z: f64) -> f64 {
    if z < PERCENTILE_Z[0] {
        let slope = (percentiles[1] - percentiles[0]) / (PERCENTILE_Z[1] - PERCENTILE_Z[0]);
        return percentiles[0] / (1.0 + slope * (PERCENTILE_Z[0] - z) / percentiles[0]);
    }
    let mut segment = 0;
    while segment < 5 && z > PERCENTILE_Z[segment + 1] {
        segment += 1;
    }
    let (z0, z1) = (PERCENTILE_Z[segment], PERCENTILE_Z[segment + 1]);
    let (v0, v1) = (percentiles[segment], percentiles[segment + 1]);
    v0 + (v1 - v0) * ((z - z0) / (z1 - z0))
}

/// Race and ethnicity, jointly.
#[inline]
pub fn race_and_ethnicity(entropy: u64) -> RaceEthnicityFacts {
    let index = TABLES.race_ethnicity.pick(entropy);
    RaceEthnicityFacts::of(index)
}

/// Race, ethnicity and the groups by which other figures are published.
#[derive(Debug, Clone, Copy)]
pub struct RaceEthnicityFacts {
    /// Race, in the words of the Census.
    pub race: &'static str,
    /// Ethnicity, in the words of the Census.
    pub ethnicity: &'static str,
    /// Group of the surname figures.
    pub surname: SurnameGroup,
    language: u8,
    blood: u8,
}

impl RaceEthnicityFacts {
    fn of(index: usize) -> Self {
        static FACTS: LazyLock<Vec<RaceEthnicityFacts>> = LazyLock::new(|| {
            RACE_ETHNICITY
                .iter()
                .map(|r| RaceEthnicityFacts::new(r.race, r.ethnicity))
                .collect()
        });
        FACTS[index]
    }

    fn new(race: &'static str, ethnicity: &'static str) -> Self {
        let (surname, language, blood) = if ethnicity == "Hispanic or Latino" {
            (SurnameGroup::Hispanic, 0, 0)
        } else {
            match race {
                "Black or African American" => (SurnameGroup::Black, 2, 2),
                "Asian" => (SurnameGroup::AsianPacific, 1, 3),
                "Native Hawaiian or Other Pacific Islander" => (SurnameGroup::AsianPacific, 2, 4),
                "American Indian or Alaska Native" => (SurnameGroup::Native, 2, 4),
                "Two or More Races" => (SurnameGroup::TwoOrMore, 2, 4),
                "White" => (SurnameGroup::White, 2, 1),
                _ => (SurnameGroup::White, 2, 4),
            }
        };
        Self {
            race,
            ethnicity,
            surname,
            language,
            blood,
        }
    }

    /// Preferred language.
    #[inline]
    pub fn language(self, entropy: u64) -> &'static str {
        let (start, table) = &TABLES.language[usize::from(self.language)];
        LANGUAGE[start + table.pick(entropy)].language
    }

    /// Blood type.
    #[inline]
    pub fn blood_type(self, entropy: u64) -> &'static str {
        let (start, table) = &TABLES.blood_type[usize::from(self.blood)];
        BLOOD_TYPE[start + table.pick(entropy)].blood_type
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::{Stream, normal, unit};

    #[test]
    fn tables_are_whole() {
        assert_eq!(POPULATION.len(), 101);
        assert_eq!(LIFE_TABLE.len(), AGES);
        for measure in &TABLES.body {
            for knots in measure {
                let knots = &knots.rows;
                assert!(knots.len() > 20 && knots.is_sorted_by(|a, b| a.0 < b.0));
                assert!(knots.iter().all(|k| k.1.is_sorted_by(|a, b| a < b)));
            }
        }
        for (start, table) in &TABLES.blood_type {
            assert!(table.len() == 8 && BLOOD_TYPE[start + 7].group == BLOOD_TYPE[*start].group);
        }
    }

    /// Life expectancy from simulated deaths against the SSA's 2020 period table: 74.12 for men and
    /// 79.78 for women; standard error of 20,000 lives 0.13, bound at four.
    #[test]
    fn deaths_follow_the_life_table() {
        let stream = Stream::new(1, "test", "death");
        for (sex, published) in [(Sex::Male, 74.12), (Sex::Female, 79.78)] {
            let ages = (0..20_000)
                .map(|row| age_at_death(unit(stream.draw(row)), sex, 0.0, 120.0).unwrap_or(120.0));
            let mean = ages.sum::<f64>() / 20_000.0;
            assert!((mean - published).abs() < 0.52, "{sex:?}: {mean}");
        }
    }

    /// Heights and weights at 30 to 80 against the percentiles that went in, within 1.2 %.
    #[test]
    fn bodies_follow_the_published_percentiles() {
        let stream = Stream::new(1, "test", "body");
        for (measure, sex, age, p5, p50, p95) in BODY.iter().filter(|b| b.age > 20.0).map(|b| {
            let measure = if b.measure == "height_cm" {
                Measure::Height
            } else {
                Measure::Weight
            };
            (
                measure,
                Sex::from_code(b.sex).unwrap(),
                b.age,
                b.p5,
                b.p50,
                b.p95,
            )
        }) {
            let mut values: Vec<f64> = (0..40_000)
                .map(|row| body(measure, normal(stream.draw(row)), sex, age))
                .collect();
            values.sort_by(f64::total_cmp);
            for (rank, published) in [(2_000, p5), (20_000, p50), (38_000, p95)] {
                let ratio = values[rank] / published;
                assert!(
                    (ratio - 1.0).abs() < 0.012,
                    "{measure:?} {sex:?} at {age}: {} for {published}",
                    values[rank]
                );
            }
        }
    }
}
