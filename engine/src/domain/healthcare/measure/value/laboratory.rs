//! Laboratory results: sugar, kidneys and lipids, and by how much diseases and drugs move the others.

use super::effect::Effect;
use super::function::{exp, ln};
use super::{A, D, Kind, NEVER, Sex, Subject, Visit, chance, ramp};

impl Subject<'_> {
    /// Among people with diabetes that is treated the mean is 7.4, untreated 6.3 (NHANES 2005-2010); of
    /// those who will be treated it is higher before.
    pub(super) fn hba1c(&self, visit: &Visit, with_chance: bool) -> f64 {
        let facts = A::Hba1c.facts();
        let score = self.person(A::Hba1c);
        let by_chance = if with_chance {
            facts.within * chance(A::Hba1c, visit)
        } else {
            0.0
        };
        if self.has(D::Type1Diabetes, visit) {
            return 7.9 + 1.15 * score + 2.0 * by_chance;
        }
        if self.has(D::Type2Diabetes, visit) {
            if self.drugs[Effect::Glucose as usize] == NEVER {
                return 6.3 + 0.35 * score + by_chance;
            }
            let treated = 5.75 + 1.38 * exp(0.55 * score);
            let before = 1.0 - self.treated(Effect::Glucose, visit, 120.0);
            return treated + 1.5 * before + 2.0 * by_chance;
        }
        if self.has(D::Prediabetes, visit) {
            return 6.0 + 0.15 * score + by_chance;
        }
        let level = A::Hba1c.typical(self.life.sex, visit.age) + facts.between * score;
        let level = match visit.about {
            Some(D::GestationalDiabetes) => level + 0.4,
            _ => level,
        };
        // Who has more is prediabetic, and has that condition.
        level.min(5.75) + by_chance
    }

    /// From `HbA1c` by the formula of the ADAG study (Nathan 2008: 28.7 times it, less 46.7), less what
    /// fasting takes off.
    pub(super) fn glucose(&self, visit: &Visit) -> f64 {
        let hba1c = self.hba1c(visit, false);
        let by_chance = chance(A::Glucose, visit);
        if self.diabetic(visit) {
            let mean = 28.7 * hba1c - 46.7 - 12.0;
            return (mean + 0.16 * mean * by_chance).max(46.0);
        }
        let typical = A::Glucose.typical(self.life.sex, visit.age);
        let above = (hba1c - 5.2).max(-0.5) * 17.0;
        let pregnant = if visit.about == Some(D::GestationalDiabetes) {
            18.0
        } else {
            0.0
        };
        typical + above + pregnant + 4.0 * self.person(A::Glucose) + 5.0 * by_chance
    }

    /// By age, or by the stage of kidney disease (KDIGO: 3 is 30 to 59, 4 is 15 to 29, 5 below).
    pub(super) fn filtration(&self, visit: &Visit) -> f64 {
        let facts = A::Egfr.facts();
        let score = self.person(A::Egfr);
        let by_chance = chance(A::Egfr, visit);
        let years = |since: i32| f64::from(since) / 365.25;
        if self.has(D::Ckd5, visit) {
            return (9.5 + 2.0 * score).clamp(5.0, 14.0) + 0.6 * by_chance;
        }
        if self.has(D::Ckd4, visit) {
            return (22.0 + 3.5 * score).clamp(16.0, 28.5) + by_chance;
        }
        if let Some(since) = self.since(D::Ckd3, visit) {
            // It falls by a millilitre a year.
            let (low, high) = self.stage_3;
            let level = f64::midpoint(low, high) + 4.0 + 4.5 * score - years(since);
            return level.clamp(low + 1.0, high) + 1.6 * by_chance;
        }
        let level = A::Egfr.typical(self.life.sex, visit.age) + facts.between * score;
        let pregnant = if visit.term.is_some() { 18.0 } else { 0.0 };
        // Who has less has kidney disease, and that condition.
        (level + pregnant).clamp(64.0, 135.0) + facts.within * by_chance
    }

    /// CKD-EPI 2021 (Inker et al., New England Journal of Medicine 385), solved for creatinine.
    pub(super) fn creatinine(&self, visit: &Visit) -> f64 {
        if visit.age < 18.0 {
            let typical = A::Creatinine.typical(self.life.sex, visit.age);
            return typical * exp(self.scatter(A::Creatinine, visit));
        }
        let (kappa, alpha, factor) = match self.life.sex {
            Sex::Female => (0.7, 0.241, 1.012),
            Sex::Male => (0.9, 0.302, 1.0),
        };
        let age = f64::from(years_of(visit.age));
        let filtration = self.value(A::Egfr, visit).max(3.0);
        // ln of 142 and of 0.9938.
        let full = 4.955_827_057_601_26 + age * -0.006_219_300_4;
        let ratio = full + ln(factor) - ln(filtration);
        let power = if ratio > 0.0 {
            ratio / 1.2
        } else {
            ratio / alpha
        };
        kappa * exp(power)
    }

    pub(super) fn ldl(&self, level: f64, visit: &Visit) -> f64 {
        let mut value = level;
        // It rises in the years before it is diagnosed.
        let (onset, _) = self.diseases[D::Hyperlipidemia as usize];
        if onset < i32::MAX {
            value += 38.0 * ramp(visit.day.saturating_sub(onset - 1_000), 1_000.0);
        }
        // High-intensity statins halve it, moderate ones take a third (ACC/AHA 2018).
        value *= 1.0 - 0.36 * self.treated(Effect::Statin, visit, 42.0);
        value *= 1.0 - 0.15 * self.treated(Effect::Ezetimibe, visit, 42.0);
        value.max(22.0)
    }

    /// What diseases and drugs add.
    pub(super) fn shift(&self, analyte: A, visit: &Visit) -> f64 {
        let has = |disease| self.has(disease, visit);
        let if_so = |holds: bool, amount: f64| if holds { amount } else { 0.0 };
        let kidneys = has(D::Ckd4) || has(D::Ckd5);
        let pregnant = visit.term.is_some();
        match analyte {
            A::Sodium => {
                if_so(has(D::HeartFailure), -1.5)
                    - 1.2 * self.treated(Effect::Diuretic, visit, 20.0)
            }
            A::Potassium => {
                if_so(kidneys, 0.35) + 0.12 * self.treated(Effect::Renin, visit, 20.0)
                    - 0.22 * self.treated(Effect::Diuretic, visit, 20.0)
            }
            A::Bicarbonate => {
                if_so(kidneys, -3.2)
                    + if_so(has(D::Copd), 1.5)
                    + if_so(visit.about == Some(D::Sepsis), -4.0)
            }
            A::Calcium => if_so(has(D::Ckd5), -0.4),
            A::Albumin => {
                if_so(has(D::Ckd5), -0.4)
                    + if_so(has(D::ColorectalCancer) || has(D::LungCancer), -0.4)
                    + if_so(visit.about == Some(D::Sepsis), -0.9)
                    + if_so(pregnant, -0.7)
                    + if_so(visit.kind == Kind::Inpatient, -0.35)
            }
            A::Protein => if_so(visit.about == Some(D::Sepsis), -0.8) + if_so(pregnant, -0.6),
            A::Hemoglobin => self.hemoglobin(visit),
            A::Mcv => {
                let deficient = has(D::Anemia) && self.iron_deficient;
                if_so(
                    deficient,
                    -11.0 + 7.0 * self.treated(Effect::Iron, visit, 120.0),
                )
            }
            A::FreeT4 => {
                let off = 1.0 - self.treated(Effect::Thyroid, visit, 60.0);
                if_so(has(D::Hypothyroidism), -0.45 * off)
            }
            A::Urate => {
                if_so(has(D::Gout), 2.4) - 2.7 * self.treated(Effect::Urate, visit, 60.0)
                    + 0.4 * self.treated(Effect::Diuretic, visit, 30.0)
                    + if_so(has(D::Ckd3) || kidneys, 0.8)
            }
            _ => 0.0,
        }
    }

    /// Anaemia is below 12 g/dL in women and 13 in men (WHO).
    pub(super) fn hemoglobin(&self, visit: &Visit) -> f64 {
        let mut shift = 0.0;
        if self.has(D::Anemia, visit) {
            let least = if self.life.sex == Sex::Female {
                2.7
            } else {
                3.3
            };
            shift -= least * (1.0 - 0.6 * self.treated(Effect::Iron, visit, 100.0));
        }
        if self.has(D::Ckd5, visit) {
            shift -= 2.8;
        } else if self.has(D::Ckd4, visit) {
            shift -= 1.4;
        }
        if self.has(D::ColorectalCancer, visit) || self.has(D::LungCancer, visit) {
            shift -= 1.2;
        }
        if visit.term.is_some_and(|days| days > 90.0) {
            shift -= 1.6;
        }
        if visit.about == Some(D::HipFracture) || visit.about == Some(D::Sepsis) {
            shift -= 1.5;
        }
        shift
    }

    /// By how much diseases and drugs multiply what is spread like its logarithm.
    pub(super) fn factor(&self, analyte: A, visit: &Visit) -> f64 {
        let has = |disease| self.has(disease, visit);
        let if_so = |holds: bool, factor: f64| if holds { factor } else { 1.0 };
        let infected = |bacteria: f64, viruses: f64| match visit.infection {
            Some((true, fever)) => 1.0 + (bacteria - 1.0) * fever,
            Some((false, fever)) => 1.0 + (viruses - 1.0) * fever,
            None => 1.0,
        };
        match analyte {
            A::Bun => {
                let missing = (62.0 - self.filtration(visit)).max(0.0);
                (1.0 + missing * 0.026)
                    * if_so(visit.term.is_some(), 0.75)
                    * (1.0 + 0.12 * self.treated(Effect::Diuretic, visit, 20.0))
            }
            A::Alt => if_so(has(D::Obesity), 1.22) * if_so(has(D::Type2Diabetes), 1.2),
            A::Ast => if_so(has(D::Obesity), 1.06) * if_so(visit.about == Some(D::Sepsis), 1.6),
            A::Alp => {
                if_so(visit.term.is_some_and(|days| days > 180.0), 1.7)
                    * if_so(has(D::LungCancer) || has(D::ProstateCancer), 1.25)
            }
            A::Bilirubin => if_so(visit.about == Some(D::Cholelithiasis), 2.2),
            A::Hdl => if_so(has(D::Obesity), 0.93) * if_so(has(D::Type2Diabetes), 0.93),
            A::Triglycerides => {
                if_so(has(D::Hyperlipidemia), 1.3)
                    * if_so(has(D::Type2Diabetes), 1.22)
                    * if_so(has(D::Obesity), 1.15)
                    * if_so(visit.term.is_some(), 1.7)
                    * (1.0 - 0.14 * self.treated(Effect::Statin, visit, 42.0))
            }
            A::Leukocytes => {
                infected(1.62, 1.05)
                    * if_so(has(D::NicotineDependence), 1.13)
                    * if_so(visit.term.is_some(), 1.3)
            }
            A::Platelets => if_so(visit.about == Some(D::Sepsis), 0.72),
            A::Tsh => {
                let off = 1.0 - self.treated(Effect::Thyroid, visit, 60.0);
                if has(D::Hypothyroidism) {
                    1.3 + 5.2 * off
                } else {
                    1.0
                }
            }
            A::NtProbnp => {
                let relief = self.treated(Effect::HeartFailure, visit, 60.0);
                if_so(has(D::HeartFailure), 15.0 - 7.0 * relief)
                    * if_so(has(D::AtrialFibrillation), 2.4)
                    * if_so(has(D::Ckd4) || has(D::Ckd5), 3.0)
                    * if_so(visit.about == Some(D::MyocardialInfarction), 4.0)
            }
            A::UrineAlbumin => {
                let kidneys = match () {
                    () if has(D::Ckd5) => 45.0,
                    () if has(D::Ckd4) => 18.0,
                    () if has(D::Ckd3) => 3.6,
                    () => 1.0,
                };
                kidneys
                    * if_so(self.diabetic(visit), 1.9)
                    * if_so(has(D::Hypertension), 1.25)
                    * if_so(visit.about == Some(D::Preeclampsia), 40.0)
                    * (1.0 - 0.3 * self.treated(Effect::Renin, visit, 90.0))
            }
            A::Crp => {
                infected(28.0, 5.0)
                    * if_so(has(D::RheumatoidArthritis), 4.0)
                    * if_so(has(D::Obesity), 1.8)
                    * if_so(has(D::LungCancer) || has(D::ColorectalCancer), 3.0)
            }
            A::Ferritin => {
                let deficient = has(D::Anemia) && self.iron_deficient;
                if_so(
                    deficient,
                    0.12 + 0.45 * self.treated(Effect::Iron, visit, 150.0),
                )
            }
            A::Psa => {
                if_so(has(D::ProstateCancer), 7.0)
                    * if_so(has(D::ProstaticHyperplasia), 1.8)
                    * (1.0 - 0.6 * self.treated(Effect::Prostate, visit, 120.0))
            }
            _ => 1.0,
        }
    }
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "ages are between 0 and 120"
)]
fn years_of(age: f64) -> u32 {
    age.clamp(0.0, 120.0) as u32
}
