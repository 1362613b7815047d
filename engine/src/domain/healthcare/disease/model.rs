//! The tables of the model, made ready: thresholds by sex and age, shares of causes, rates of episodes.

use std::sync::LazyLock;

use super::normal::{exp, quantile};
use super::{CHRONIC, Disease};
use crate::dictionary::Weighted;
use crate::domain::healthcare::sites::Specialty;
use crate::generator::data::{
    DiseaseFacts, HEALTHCARE_DISEASE_CODES, HEALTHCARE_DISEASES, HEALTHCARE_OCCURRENCE, Occurrence,
    SMOKING,
};
use crate::generator::name::Sex;

/// Ages with a figure: 0 to 123, so that there is a next one to every age that occurs.
pub(super) const AGES: usize = 124;

/// Common causes: body mass, smoking, frailty, mood, allergy.
pub(super) const FACTORS: usize = 5;

/// Beyond every liability: nobody has it.
const NEVER: f64 = 9.0;

/// Up to so many episodes a year.
const MOST_EPISODES: u32 = 15;

/// The ages of the columns of `occurrence.csv`.
const KNOTS: [u32; 12] = [0, 5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90];

/// How the course of a disease is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Prevalent from onset on, or until the curve falls below the patient's liability.
    Liability,
    /// Follows from what is known of the patient.
    Rule,
    /// Episodes at a rate.
    Acute,
    /// Follows from an episode.
    Outcome,
}

/// A disease, made ready.
#[derive(Debug)]
pub(super) struct Model {
    pub course: Course,
    pub specialty: Specialty,
    pub factors: [f64; FACTORS],
    pub parents: [(usize, f64); 2],
    /// The share of the liability that is the disease's own.
    pub own: f64,
    pub curves: [Curve; 2],
    /// Index into the codes, and the table that picks among them.
    pub codes: (u16, Weighted),
}

impl Model {
    /// The liability of a patient: of the disease's own draw, the common causes, and the liabilities of
    /// its parents.
    #[inline]
    pub fn liability(&self, own: f64, factors: &[f64; FACTORS], of: &[f64]) -> f64 {
        let mut sum = self.own * own;
        for (weight, factor) in self.factors.iter().zip(factors) {
            sum += weight * factor;
        }
        for (parent, weight) in self.parents {
            sum += weight * of[parent];
        }
        sum
    }
}

/// For each age the liability from which on the disease is prevalent.
#[derive(Debug)]
pub(super) struct Curve {
    pub threshold: Vec<f64>,
    /// The least threshold up to that age.
    pub least: Vec<f64>,
}

impl Curve {
    fn of(percent: &[f64]) -> Self {
        let threshold: Vec<f64> = percent
            .iter()
            .map(|p| {
                if *p > 0.0 {
                    -quantile(p / 100.0)
                } else {
                    NEVER
                }
            })
            .collect();
        let mut lowest = NEVER;
        let least = threshold
            .iter()
            .map(|t| {
                lowest = lowest.min(*t);
                lowest
            })
            .collect();
        Self { threshold, least }
    }

    /// The threshold at an age in full years and the part of the next.
    #[inline]
    fn at(&self, (year, part): (usize, f64)) -> f64 {
        self.threshold[year] + (self.threshold[year + 1] - self.threshold[year]) * part
    }

    /// Ages at which someone of this liability has the disease up to `age`, given in full years and the
    /// part of the next: from, and until where it ended before. The curve rises, then may fall; it does
    /// not rise again.
    #[inline]
    pub fn span(&self, liability: f64, age: (usize, f64)) -> Option<(f64, Option<f64>)> {
        let (year, now) = (age.0, self.at(age));
        if liability < self.least[year].min(now) {
            return None;
        }
        let first = self.least[..=year + 1].partition_point(|t| *t > liability);
        let onset = if first == 0 {
            0.0
        } else {
            crossing(&self.threshold, first, liability)
        };
        if liability >= now {
            return Some((onset, None));
        }
        let mut last = first;
        while last <= year && self.threshold[last + 1] <= liability {
            last += 1;
        }
        Some((onset, Some(crossing(&self.threshold, last + 1, liability))))
    }
}

/// The exact age in the year before `year` at which the thresholds cross a liability.
#[inline]
fn crossing(threshold: &[f64], year: usize, liability: f64) -> f64 {
    let (a, b) = (threshold[year - 1], threshold[year]);
    // Where nobody had it a year ago, the way down to the first few begins at four.
    let (a, liability) = (a.min(4.5), liability.min(4.5));
    let part = if (a - b).abs() < 1e-12 {
        0.0
    } else {
        (a - liability) / (a - b)
    };
    f64::from(u32::try_from(year - 1).unwrap_or(0)) + part.clamp(0.0, 1.0)
}

/// An age in full years, up to 120, and the part of the next.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "ages are between 0 and 120"
)]
pub(super) fn whole_and_part(age: f64) -> (usize, f64) {
    let age = age.clamp(0.0, 120.0);
    let year = age as usize;
    (year, age - year as f64)
}

/// Episodes of all acute diseases of a sex at an age.
#[derive(Debug)]
pub(super) struct Episodes {
    /// How many begin in a year.
    pub count: Weighted,
    /// Of which disease.
    pub disease: Weighted,
}

/// The model.
#[derive(Debug)]
pub(super) struct Tables {
    pub diseases: Vec<Model>,
    /// By sex and age the least threshold of each chronic disease up to there, all in a row: who is below
    /// has not had it.
    pub least: [Vec<[f64; CHRONIC]>; 2],
    /// By sex and age.
    pub episodes: [Vec<Episodes>; 2],
    /// The diseases that [`Episodes::disease`] picks from.
    pub acute: Vec<Disease>,
    /// By sex and age: the cumulative shares of those who never smoked, and of those and former smokers.
    pub smoking: [Vec<(f64, f64)>; 2],
}

pub(super) static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let mut diseases = Vec::new();
    // For each disease the weights of the factors, and of the own parts of the diseases.
    let mut make_up: Vec<Vec<f64>> = Vec::new();
    for (index, facts) in HEALTHCARE_DISEASES.iter().enumerate() {
        diseases.push(model(index, facts, &mut make_up));
    }
    let acute: Vec<Disease> = Disease::ALL
        .iter()
        .copied()
        .filter(|d| diseases[*d as usize].course == Course::Acute)
        .collect();
    let episodes = [Sex::Female, Sex::Male].map(|sex| {
        let rates: Vec<Vec<f64>> = acute.iter().map(|d| by_age(d.key(), sex)).collect();
        (0..AGES)
            .map(|age| episodes_of(&rates.iter().map(|r| r[age]).collect::<Vec<_>>()))
            .collect()
    });
    let least = [0, 1].map(|sex| {
        let at = |age: usize| std::array::from_fn(|i| diseases[i].curves[sex].least[age]);
        (0..AGES).map(at).collect()
    });
    Tables {
        diseases,
        least,
        episodes,
        acute,
        smoking: [Sex::Female, Sex::Male].map(smoking_of),
    }
});

fn model(index: usize, facts: &DiseaseFacts, make_up: &mut Vec<Vec<f64>>) -> Model {
    let factors = [
        facts.bmi,
        facts.smoking,
        facts.frailty,
        facts.mood,
        facts.allergy,
    ];
    let parents = [
        (facts.parent, facts.parent_weight),
        (facts.second_parent, facts.second_weight),
    ]
    .map(|(key, weight)| {
        let parent = HEALTHCARE_DISEASES[..index]
            .iter()
            .position(|d| d.key == key);
        parent.map_or((0, 0.0), |parent| (parent, weight))
    });
    // The liability is a sum of independent standard normals, so its variance is the sum of the squares
    // of their weights, and what is missing to 1 is the disease's own.
    let mut weights = vec![0.0; FACTORS + HEALTHCARE_DISEASES.len()];
    weights[..FACTORS].copy_from_slice(&factors);
    for (parent, weight) in parents {
        if weight != 0.0 {
            for (sum, part) in weights.iter_mut().zip(&make_up[parent]) {
                *sum += weight * part;
            }
        }
    }
    let explained: f64 = weights.iter().map(|w| w * w).sum();
    let own = (1.0 - explained).max(0.0).sqrt();
    weights[FACTORS + index] = own;
    make_up.push(weights);

    let first = HEALTHCARE_DISEASE_CODES
        .iter()
        .position(|c| c.key == facts.key);
    let codes: Vec<u64> = HEALTHCARE_DISEASE_CODES
        .iter()
        .filter(|c| c.key == facts.key)
        .map(|c| c.weight)
        .collect();
    Model {
        course: match facts.course {
            "acute" => Course::Acute,
            "rule" => Course::Rule,
            "outcome" => Course::Outcome,
            _ => Course::Liability,
        },
        specialty: Specialty::from_key(facts.specialty).unwrap_or(Specialty::Family),
        factors,
        parents,
        own,
        curves: if index < CHRONIC {
            [Sex::Female, Sex::Male].map(|sex| Curve::of(&by_age(facts.key, sex)))
        } else {
            [const { Vec::new() }; 2].map(|empty: Vec<f64>| Curve::of(&empty))
        },
        codes: (
            u16::try_from(first.unwrap_or(0)).unwrap_or(0),
            Weighted::new(&codes),
        ),
    }
}

/// The figures of `occurrence.csv` at each year of age, linear between the ages given.
pub(super) fn by_age(key: &str, sex: Sex) -> Vec<f64> {
    let fits = |o: &&Occurrence| o.key == key && (o.sex == sex.code() || o.sex == "B");
    let Some(o) = HEALTHCARE_OCCURRENCE.iter().find(fits) else {
        return vec![0.0; AGES];
    };
    let figures = [
        o.a0, o.a5, o.a10, o.a15, o.a20, o.a30, o.a40, o.a50, o.a60, o.a70, o.a80, o.a90,
    ];
    (0_u32..)
        .take(AGES)
        .map(|age| {
            let after = KNOTS.partition_point(|knot| *knot <= age);
            if after == KNOTS.len() {
                return figures[after - 1];
            }
            let (a, b) = (f64::from(KNOTS[after - 1]), f64::from(KNOTS[after]));
            let part = (f64::from(age) - a) / (b - a);
            figures[after - 1] + (figures[after] - figures[after - 1]) * part
        })
        .collect()
}

/// From rates per 100 persons and year: the number of episodes in a year is Poisson.
fn episodes_of(rates: &[f64]) -> Episodes {
    let mean = rates.iter().sum::<f64>() / 100.0;
    let mut probability = exp(-mean);
    let counts: Vec<u64> = (1..=MOST_EPISODES + 1)
        .map(|next| {
            let weight = scaled(probability);
            probability *= mean / f64::from(next);
            weight
        })
        .collect();
    Episodes {
        count: Weighted::new(&counts),
        disease: Weighted::new(&rates.iter().map(|r| scaled(r / 100.0)).collect::<Vec<_>>()),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "shares and rates are small and not negative"
)]
fn scaled(share: f64) -> u64 {
    (share * 4_294_967_296.0) as u64
}

/// Cumulative shares of never, and of never and former smokers; below the first age all never smoked.
fn smoking_of(sex: Sex) -> Vec<(f64, f64)> {
    (0..AGES as u64)
        .map(|age| {
            let group = SMOKING
                .iter()
                .rfind(|s| s.sex == sex.code() && s.age <= age);
            group.map_or((1.0, 1.0), |s| {
                let total = s.current + s.former + s.never;
                (ratio(s.never, total), ratio(s.never + s.former, total))
            })
        })
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "weights are small")]
fn ratio(a: u64, b: u64) -> f64 {
    a as f64 / b as f64
}
