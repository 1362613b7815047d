//! Single diseases of a patient, for whoever needs to know of a few and not the whole history.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::disease::{Courses, Disease, History};
//! use synth_engine::domain::healthcare::life::World;
//!
//! let world = World::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let mut history = History::default();
//! for unit in 0..100 {
//!     let life = world.life(unit);
//!     world.history(&life, &mut history);
//!     let whole = history.first(Disease::Hypertension).map(|c| (c.onset, c.abatement));
//!     assert_eq!(Courses::new(&world, &life).of(Disease::Hypertension), whole);
//! }
//! # Ok::<(), synth_engine::Error>(())
//! ```

use super::history::{SLOT, STAGES, body_mass, episode_number, full_years};
use super::model::{AGES, Course, FACTORS, TABLES, whole_and_part};
use super::normal::Normal;
use super::{CHRONIC, Disease, day_below};
use crate::domain::healthcare::life::{Life, World};
use crate::entropy::remix;
use crate::generator::name::Sex;

/// So many days a pregnancy lasts at most, from when it is noticed.
const PREGNANCY: i32 = 240;

/// Above this score of body mass most adults are obese: 42 % of them are (NHANES 2017 to 2020).
const OBESE: f64 = 0.4;

/// The first day of a disease, and the day on which it was over.
pub type Span = (i32, Option<i32>);

/// The chronic diseases of a patient one by one, as the patient's history has them.
pub struct Courses<'a> {
    world: &'a World,
    life: &'a Life,
    factors: [f64; FACTORS],
    /// Which liabilities are known, as bits.
    known: u64,
    liability: [f64; CHRONIC],
}

impl<'a> Courses<'a> {
    /// Those of a patient.
    #[inline]
    pub fn new(world: &'a World, life: &'a Life) -> Self {
        Self {
            world,
            life,
            factors: world.factors(life),
            known: 0,
            liability: [0.0; CHRONIC],
        }
    }

    /// Since when and until when the patient has had a chronic disease.
    #[inline]
    pub fn of(&mut self, disease: Disease) -> Option<Span> {
        let (onset, mut end) = self.alone(disease)?;
        let diabetes = matches!(disease, Disease::Type2Diabetes | Disease::Prediabetes);
        if diabetes && self.alone(Disease::Type1Diabetes).is_some() {
            return None;
        }
        let stage = STAGES.iter().find(|stage| stage.0 == disease);
        if let Some((begins, _)) = stage.and_then(|stage| self.of(stage.1)) {
            end = Some(begins.max(onset));
        }
        Some((onset, end))
    }

    /// Whether the patient has a chronic disease on a day.
    #[inline]
    pub fn has_on(&mut self, disease: Disease, day: i32) -> bool {
        let lasts = |(onset, end): Span| onset <= day && end.is_none_or(|end| day < end);
        self.of(disease).is_some_and(lasts)
    }

    /// Without regard to diseases that exclude or replace it.
    fn alone(&mut self, disease: Disease) -> Option<Span> {
        let (life, index) = (self.life, disease as usize);
        let model = TABLES.diseases.get(index).filter(|_| index < CHRONIC)?;
        let (onset, end) = if model.course == Course::Rule {
            let number = life.unit * CHRONIC as u64 + index as u64;
            let entropy = self.world.streams.condition.draw(number);
            (self.world.rule(life, disease, entropy)?.0, None)
        } else {
            let liability = self.liability(index);
            let age = whole_and_part(life.exact_age);
            if liability < TABLES.least[life.sex.index()][age.0 + 1][index] {
                return None;
            }
            model.curves[life.sex.index()].span(liability, age)?
        };
        let onset = life.day_at(onset).clamp(life.birth, life.end);
        let end = end.map(|end| life.day_at(end).max(onset));
        Some((onset, end.filter(|end| *end <= life.end)))
    }

    fn liability(&mut self, index: usize) -> f64 {
        let model = &TABLES.diseases[index];
        if self.known >> index & 1 == 1 || model.course == Course::Rule {
            return self.liability[index];
        }
        for (parent, weight) in model.parents {
            if weight != 0.0 {
                self.liability(parent);
            }
        }
        // Two diseases share a draw.
        let number = self.life.unit * CHRONIC as u64 + (index & !1) as u64;
        let own = Normal::standard().pair(self.world.streams.liability.draw(number));
        let own = if index.is_multiple_of(2) {
            own.0
        } else {
            own.1
        };
        let sum = model.liability(own, &self.factors, &self.liability);
        self.liability[index] = sum;
        self.known |= 1 << index;
        sum
    }
}

impl World {
    /// Whether a patient probably has a chronic disease at an age in full years: what is the patient's own
    /// in the liability reaches as far as all of it must. Of few words, to find some who have it among
    /// many; whether they do is for [`Courses`] to say.
    #[inline]
    pub fn is_likely(&self, disease: Disease, unit: u64, age: u32, sex: Sex) -> bool {
        let index = disease as usize;
        let Some(model) = TABLES.diseases.get(index).filter(|_| index < CHRONIC) else {
            return false;
        };
        if model.course == Course::Rule {
            return disease == Disease::Obesity
                && age >= 20
                && body_mass(self.patients.body_scores(unit)) > OBESE;
        }
        let number = unit * CHRONIC as u64 + (index & !1) as u64;
        let own = Normal::standard().pair(self.streams.liability.draw(number));
        let own = if index.is_multiple_of(2) {
            own.0
        } else {
            own.1
        };
        let least = &TABLES.least[sex.index()][(age as usize).min(AGES - 1)];
        model.own * own > least[index]
    }

    /// Whether a patient may be pregnant on a day: false where she is not; true also for some who are not.
    pub fn may_be_pregnant(&self, life: &Life, day: i32) -> bool {
        let by_age = &TABLES.episodes[life.sex.index()];
        let first = (day - PREGNANCY).max(life.registered_day);
        let slots = [first, day].map(|day| (day - life.registered_day) / SLOT);
        (slots[0].max(0)..=slots[1]).any(|slot| {
            let from = life.registered_day + slot * SLOT;
            let episodes = &by_age[full_years(life.age_on(from + SLOT / 2))];
            let number = episode_number(life, u64::from(slot.unsigned_abs()));
            let count = episodes.count.pick(self.streams.episodes.draw(number)) as u64;
            (1..=count).any(|k| {
                let entropy = self.streams.episodes.draw(number + k);
                let disease = TABLES.acute[episodes.disease.pick(remix(entropy))];
                let noticed = from + day_below(entropy, SLOT);
                disease == Disease::Pregnancy && (first..=day).contains(&noticed)
            })
        })
    }
}
