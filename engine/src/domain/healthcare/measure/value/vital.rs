//! Vital signs: pressure, pulse, breathing, temperature, oxygen, height and weight.

use super::effect::Effect;
use super::{A, D, Kind, NEVER, Subject, Visit, chance, ramp};

impl Subject<'_> {
    /// Systolic pressure of people without hypertension is 116 on average, of those treated 130, of the
    /// untreated 146; diastolic 69, 75 and 85 (NHANES 2001-2008, National Health Statistics Reports 35).
    pub(super) fn pressure(&self, analyte: A, visit: &Visit) -> f64 {
        let facts = analyte.facts();
        let systolic = analyte == A::Systolic;
        let score = self.person(A::Systolic);
        let score = if systolic {
            score
        } else {
            0.6 * score + 0.8 * self.person(analyte)
        };
        let mut value = analyte.typical(self.life.sex, visit.age)
            + facts.between * score
            + facts.within * chance(analyte, visit);
        // Pressure rises in the years before it is diagnosed.
        let rise = match self.diseases[D::Hypertension as usize] {
            (onset, end) if visit.day < end && onset < i32::MAX => {
                ramp(visit.day.saturating_sub(onset - 1_000), 1_000.0)
            }
            _ => 0.0,
        };
        if rise > 0.0 {
            let (untreated, treated) = if systolic { (29.0, 13.5) } else { (15.0, 5.0) };
            let effect = self.treated(Effect::Pressure, visit, 60.0);
            let residual = 5.0 * self.person_too(analyte) * effect;
            value += rise * (untreated + (treated - untreated) * effect) + residual;
        } else if self.drugs[Effect::Pressure as usize] != NEVER {
            value -= self.treated(Effect::Pressure, visit, 60.0) * 4.0;
        }
        value += match visit.about {
            Some(D::Sepsis) if systolic => -22.0,
            Some(D::Sepsis) => -12.0,
            Some(D::Preeclampsia) => 34.0,
            _ if visit.kind == Kind::Emergency => 5.0,
            _ => 0.0,
        };
        value.max(if systolic { 55.0 } else { 30.0 })
    }

    pub(super) fn vital(&self, analyte: A, visit: &Visit) -> f64 {
        let mut value = analyte.typical(self.life.sex, visit.age) + self.scatter(analyte, visit);
        let fever = visit.infection.map_or(0.0, |(_, fever)| {
            fever * (1.0 + 0.5 * chance(A::Crp, visit)).max(0.0)
        });
        match analyte {
            A::Temperature => (value + fever).min(41.2),
            A::HeartRate => {
                value += fever * 9.0 - 7.0 * self.treated(Effect::BetaBlocker, visit, 14.0);
                if self.has(D::AtrialFibrillation, visit) {
                    value += 7.0;
                }
                if self.has(D::HeartFailure, visit) || self.has(D::Copd, visit) {
                    value += 4.0;
                }
                if visit.kind == Kind::Emergency {
                    value += 8.0;
                }
                if visit.term.is_some() {
                    value += 9.0;
                }
                value.max(38.0)
            }
            A::RespiratoryRate => {
                if self.has(D::Copd, visit) {
                    value += 2.0;
                }
                value += match visit.about {
                    Some(D::Pneumonia | D::PulmonaryEmbolism) => 5.0,
                    Some(D::Sepsis) => 7.0,
                    Some(D::Asthma | D::HeartFailure) if visit.kind != Kind::Ambulatory => 6.0,
                    _ => 0.0,
                };
                value.max(8.0)
            }
            _ => {
                if self.has(D::Copd, visit) {
                    value -= 3.4 + 1.3 * self.person_too(analyte);
                }
                if self.has(D::HeartFailure, visit) {
                    value -= 1.0;
                }
                let sick = visit.kind != Kind::Ambulatory;
                value -= match visit.about {
                    Some(D::Pneumonia) => 3.5,
                    Some(D::PulmonaryEmbolism) => 5.0,
                    Some(D::Covid19) => 2.0,
                    Some(D::Sepsis) => 3.0,
                    Some(D::Asthma | D::Copd) if sick => 3.0,
                    Some(D::HeartFailure) if sick => 3.5,
                    _ => 0.0,
                };
                value.clamp(68.0, 100.0)
            }
        }
    }

    pub(super) fn height(&self, visit: &Visit) -> f64 {
        let height = if visit.age < 20.0 {
            self.world.body(self.life, visit.age).0
        } else {
            self.adult_height
        };
        height + A::Height.facts().within * chance(A::Height, visit)
    }

    pub(super) fn weight(&self, visit: &Visit) -> f64 {
        let mut weight = self.world.body(self.life, visit.age).1;
        weight *= 1.0 + A::Weight.facts().within * chance(A::Weight, visit);
        weight *= 1.0 - 0.07 * self.treated(Effect::Weight, visit, 300.0);
        // 12.5 kg by term, most of it in the second half (Institute of Medicine, 2009).
        if let Some(days) = visit.term {
            weight += 12.5 * ramp_f(days - 60.0, 220.0);
        }
        weight.max(1.5)
    }
}

#[inline]
fn ramp_f(since: f64, days: f64) -> f64 {
    (since / days).clamp(0.0, 1.0)
}
