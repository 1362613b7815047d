//! What a measurement gives: the level of a person, moved by diseases, drugs and chance.
//!
//! A person keeps a place among others of the same sex and age for life (a score a person and analyte);
//! visits vary by the within-person variation. Diseases move the level from their onset on, drugs move it
//! back over weeks. Derived quantities are computed, not drawn: total cholesterol by Friedewald's formula,
//! creatinine from the filtration rate by CKD-EPI 2021, body mass index from height and weight.

mod effect;
mod function;
mod laboratory;
mod vital;

use effect::{EFFECTS, Effect, effects};
use function::exp;

use super::Analyte as A;
use super::panel::INFECTIONS;
use crate::domain::healthcare::care::{Encounter, Kind};
use crate::domain::healthcare::disease::{Disease as D, History, code};
use crate::domain::healthcare::life::{Life, World};
use crate::domain::healthcare::treatment::Course;
use crate::entropy::{normal, remix, round};
use crate::generator::name::Sex;

/// A span of days, empty if it begins after it ends.
type Span = (i32, i32);

const NEVER: Span = (i32::MAX, i32::MIN);

/// A patient, made ready for many measurements.
pub struct Subject<'a> {
    world: &'a World,
    life: &'a Life,
    history: &'a History,
    own: u64,
    /// When each chronic disease lasts.
    diseases: [Span; D::LungCancer as usize + 1],
    /// When drugs of each effect are taken.
    drugs: [Span; EFFECTS],
    /// The level of filtration that the code of kidney disease of stage 3 names.
    stage_3: (f64, f64),
    iron_deficient: bool,
    pregnant: bool,
    adult_height: f64,
}

/// An encounter, made ready.
#[derive(Clone, Copy)]
pub struct Visit {
    pub day: i32,
    pub age: f64,
    kind: Kind,
    own: u64,
    /// What the visit is about.
    about: Option<D>,
    /// Days until a birth, if there is one within 300 days.
    term: Option<f64>,
    infection: Option<(bool, f64)>,
}

impl Visit {
    /// The disease that the visit is about.
    #[inline]
    pub fn about(&self) -> Option<D> {
        self.about
    }
}

/// From 0 to 1 over some days.
#[inline]
fn ramp(since: i32, days: f64) -> f64 {
    (f64::from(since) / days).clamp(0.0, 1.0)
}

impl<'a> Subject<'a> {
    /// A patient; `own` is entropy of the patient's.
    pub fn new(
        world: &'a World,
        life: &'a Life,
        history: &'a History,
        courses: &[Course],
        own: u64,
    ) -> Self {
        let mut subject = Self {
            world,
            life,
            history,
            own,
            diseases: [NEVER; D::LungCancer as usize + 1],
            drugs: [NEVER; EFFECTS],
            stage_3: (31.0, 59.0),
            iron_deficient: false,
            pregnant: history.has(D::Pregnancy),
            adult_height: world.body(life, life.exact_age).0,
        };
        for condition in &history.conditions {
            let Some(span) = subject.diseases.get_mut(condition.disease as usize) else {
                continue;
            };
            *span = (condition.onset, condition.abatement.unwrap_or(i32::MAX));
            match code(condition.code).code {
                "N18.31" => subject.stage_3 = (45.0, 59.0),
                "N18.32" => subject.stage_3 = (31.0, 44.0),
                "D50.9" => subject.iron_deficient = true,
                _ => {}
            }
        }
        for course in courses {
            let drug = course.drug();
            for effect in effects(drug.drug_class, drug.generic) {
                let span = &mut subject.drugs[*effect as usize];
                let stopped = course.stopped.unwrap_or(i32::MAX);
                // Gaps between courses of one effect are passed over.
                *span = (span.0.min(course.started), span.1.max(stopped));
            }
        }
        subject
    }

    /// An encounter of the patient.
    #[inline]
    pub fn visit(&self, encounter: &Encounter, own: u64) -> Visit {
        let day = encounter.day();
        let condition = encounter
            .condition
            .and_then(|c| self.history.conditions.get(usize::from(c)));
        let about = condition.map(|c| c.disease);
        let pregnancy = if self.pregnant {
            let mut conditions = self.history.conditions.iter();
            conditions.find(|c| c.disease == D::Pregnancy && c.lasts_on(day))
        } else {
            None
        };
        let mut infection = about.and_then(|d| INFECTIONS[d as usize]);
        // A second look finds less.
        if let (Some((_, fever)), false) = (&mut infection, encounter.first) {
            *fever *= 0.3;
        }
        Visit {
            day,
            age: self.life.age_on(day).max(0.0),
            kind: encounter.kind,
            own,
            about,
            // Noticed in the seventh week.
            term: pregnancy.map(|c| f64::from(day - c.onset + 45)),
            infection,
        }
    }

    /// Whether the patient has diabetes on the day of a visit.
    #[inline]
    pub fn diabetic(&self, visit: &Visit) -> bool {
        self.has(D::Type2Diabetes, visit) || self.has(D::Type1Diabetes, visit)
    }

    /// Days since the onset of a chronic disease that lasts.
    #[inline]
    fn since(&self, disease: D, visit: &Visit) -> Option<i32> {
        let (onset, end) = self.diseases[disease as usize];
        (onset <= visit.day && visit.day < end).then(|| visit.day - onset)
    }

    #[inline]
    fn has(&self, disease: D, visit: &Visit) -> bool {
        self.since(disease, visit).is_some()
    }

    /// How far a drug has come into effect, 0 to 1, if it does so over some days.
    #[inline]
    fn treated(&self, effect: Effect, visit: &Visit, days: f64) -> f64 {
        let (from, to) = self.drugs[effect as usize];
        if from > visit.day {
            0.0
        } else {
            // It wears off twice as fast.
            let off = ramp(visit.day.saturating_sub(to).max(0), days / 2.0);
            ramp(visit.day - from, days) * (1.0 - off)
        }
    }

    /// The score of the person for an analyte.
    #[inline]
    fn person(&self, analyte: A) -> f64 {
        normal(remix(self.own ^ (analyte as u64) << 32))
    }

    /// A second score.
    #[inline]
    fn person_too(&self, analyte: A) -> f64 {
        normal(remix(self.own ^ (analyte as u64 + 128) << 32))
    }

    /// The value of an analyte at a visit, rounded as it is reported.
    pub fn value(&self, analyte: A, visit: &Visit) -> f64 {
        let value = self.exact(analyte, visit);
        match analyte.facts().decimals {
            0 => round(value),
            1 => round(value * 10.0) / 10.0,
            _ => round(value * 100.0) / 100.0,
        }
    }

    fn exact(&self, analyte: A, visit: &Visit) -> f64 {
        match analyte {
            A::Systolic | A::Diastolic => self.pressure(analyte, visit),
            A::HeartRate | A::RespiratoryRate | A::Temperature | A::OxygenSaturation => {
                self.vital(analyte, visit)
            }
            A::Height => self.height(visit),
            A::Weight => self.weight(visit),
            A::Bmi => {
                let metres = self.value(A::Height, visit) / 100.0;
                self.value(A::Weight, visit) / (metres * metres)
            }
            A::Hba1c => self.hba1c(visit, true).clamp(3.9, 16.0),
            A::Glucose => self.glucose(visit),
            A::Egfr => self.filtration(visit),
            A::Creatinine => self.creatinine(visit),
            A::Cholesterol => {
                self.value(A::Ldl, visit)
                    + self.value(A::Hdl, visit)
                    + self.value(A::Triglycerides, visit) / 5.0
            }
            A::Hematocrit => self.value(A::Hemoglobin, visit) * 2.94 + self.scatter(analyte, visit),
            _ if analyte.facts().scale == "log" => {
                let typical = analyte.typical(self.life.sex, visit.age);
                typical * exp(self.scatter(analyte, visit)) * self.factor(analyte, visit)
            }
            _ => {
                let typical = analyte.typical(self.life.sex, visit.age);
                let value = typical + self.scatter(analyte, visit) + self.shift(analyte, visit);
                if analyte == A::Ldl {
                    self.ldl(value, visit)
                } else {
                    value.max(0.1)
                }
            }
        }
    }

    /// How far a person at a visit is from the typical.
    #[inline]
    fn scatter(&self, analyte: A, visit: &Visit) -> f64 {
        let facts = analyte.facts();
        facts.between * self.person(analyte) + facts.within * chance(analyte, visit)
    }
}

/// The score of a visit for an analyte.
#[inline]
fn chance(analyte: A, visit: &Visit) -> f64 {
    normal(remix(visit.own ^ (analyte as u64) << 40))
}
