//! Names by published frequency: first names by sex and birth decade (SSA), last names by race and
//! ethnicity (Census 2010).

use std::sync::LazyLock;

use super::data::{FIRST_NAMES, FirstName, LAST_NAMES, LastName};
use crate::dictionary::Weighted;

/// First decade with figures; the last is ten decades later.
const FIRST_DECADE: i32 = 1920;
const DECADES: usize = 11;

/// Sex, as the name statistics know it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sex {
    /// Female.
    Female,
    /// Male.
    Male,
}

impl Sex {
    /// `F` or `M`.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Female => "F",
            Self::Male => "M",
        }
    }

    /// 0 for female, 1 for male: an index.
    pub const fn index(self) -> usize {
        match self {
            Self::Female => 0,
            Self::Male => 1,
        }
    }

    /// Reads `F` or `M`.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "F" => Some(Self::Female),
            "M" => Some(Self::Male),
            _ => None,
        }
    }
}

/// The groups for which the Census counts surnames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SurnameGroup {
    /// White, not Hispanic.
    White,
    /// Black or African American, not Hispanic.
    Black,
    /// Asian or Pacific Islander, not Hispanic.
    AsianPacific,
    /// American Indian or Alaska Native, not Hispanic.
    Native,
    /// Two or more races, not Hispanic.
    TwoOrMore,
    /// Hispanic or Latino of any race.
    Hispanic,
}

struct Slice {
    start: usize,
    table: Weighted,
}

static BY_SEX_AND_DECADE: LazyLock<Vec<Slice>> = LazyLock::new(|| {
    let mut slices = Vec::new();
    for sex in [Sex::Female, Sex::Male] {
        for decade in (FIRST_DECADE..).step_by(10).take(DECADES) {
            let fits =
                |n: &FirstName| n.sex == sex.code() && i64::from(decade) == n.decade.cast_signed();
            let start = FIRST_NAMES.iter().position(fits).unwrap_or(0);
            let weights: Vec<u64> = FIRST_NAMES[start..]
                .iter()
                .take_while(|n| fits(n))
                .map(|n| n.weight)
                .collect();
            slices.push(Slice {
                start,
                table: Weighted::new(&weights),
            });
        }
    }
    slices
});

static ALL_FIRST: LazyLock<Weighted> =
    LazyLock::new(|| Weighted::new(&FIRST_NAMES.iter().map(|n| n.weight).collect::<Vec<_>>()));

static LAST_BY_GROUP: LazyLock<Vec<Weighted>> = LazyLock::new(|| {
    let shares: [fn(&LastName) -> u64; 6] = [
        |n| n.white,
        |n| n.black,
        |n| n.asian_pacific,
        |n| n.native,
        |n| n.two_or_more,
        |n| n.hispanic,
    ];
    shares
        .iter()
        .map(|share| {
            Weighted::new(
                &LAST_NAMES
                    .iter()
                    .map(|n| n.count * share(n))
                    .collect::<Vec<_>>(),
            )
        })
        .collect()
});

static ALL_LAST: LazyLock<Weighted> =
    LazyLock::new(|| Weighted::new(&LAST_NAMES.iter().map(|n| n.count).collect::<Vec<_>>()));

/// A first name that fits sex and year of birth; years outside 1920 to 2029 take the nearest decade.
#[inline]
pub fn first_name_of(entropy: u64, sex: Sex, birth_year: i32) -> &'static str {
    let decade = usize::try_from((birth_year - FIRST_DECADE).max(0) / 10).unwrap_or(0);
    let slice = &BY_SEX_AND_DECADE[sex.index() * DECADES + decade.min(DECADES - 1)];
    FIRST_NAMES[slice.start + slice.table.pick(entropy)].name
}

/// A last name that fits a group.
#[inline]
pub fn last_name_of(entropy: u64, group: SurnameGroup) -> &'static str {
    LAST_NAMES[LAST_BY_GROUP[group as usize].pick(entropy)].name
}

/// A first name by frequency over all decades and both sexes.
pub fn first_name(entropy: u64) -> &'static str {
    FIRST_NAMES[ALL_FIRST.pick(entropy)].name
}

/// A last name by frequency.
pub fn last_name(entropy: u64) -> &'static str {
    LAST_NAMES[ALL_LAST.pick(entropy)].name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::Stream;

    /// Shares of names in their decade against the SSA counts that went in, 5 standard errors.
    #[test]
    fn first_names_follow_sex_and_decade() {
        let stream = Stream::new(1, "test", "first_name");
        let n = 50_000;
        for (sex, year, name) in [
            (Sex::Female, 1935, "Mary"),
            (Sex::Female, 1985, "Jessica"),
            (Sex::Male, 1955, "James"),
            (Sex::Male, 2015, "Noah"),
        ] {
            let of_decade: Vec<&FirstName> = FIRST_NAMES
                .iter()
                .filter(|f| {
                    f.sex == sex.code() && f.decade == u64::try_from(year / 10 * 10).unwrap()
                })
                .collect();
            let total: u64 = of_decade.iter().map(|f| f.weight).sum();
            let weight = of_decade.iter().find(|f| f.name == name).unwrap().weight;
            let p = weight as f64 / total as f64;
            let hits = (0..n)
                .filter(|row| first_name_of(stream.draw(*row), sex, year) == name)
                .count();
            let bound = 5.0 * (n as f64 * p * (1.0 - p)).sqrt();
            assert!(
                (hits as f64 - n as f64 * p).abs() < bound,
                "{name}: {hits} of {n}, expected {p}"
            );
        }
    }

    #[test]
    fn every_slice_is_filled() {
        for slice in BY_SEX_AND_DECADE.iter() {
            assert!(slice.table.len() >= 60);
        }
        assert_eq!(
            first_name_of(9, Sex::Male, 1880),
            first_name_of(9, Sex::Male, 1925)
        );
        assert_eq!(
            first_name_of(9, Sex::Male, 2190),
            first_name_of(9, Sex::Male, 2021)
        );
    }
}
