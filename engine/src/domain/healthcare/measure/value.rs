//! What a measurement gives: the level of a person, moved by diseases, drugs and chance.
//!
//! A person keeps a place among others of the same sex and age for life (a score a person and analyte);
//! visits vary by the within-person variation. Diseases move the level from their onset on, drugs move it
//! back over weeks. Derived quantities are computed, not drawn: total cholesterol by Friedewald's formula,
//! creatinine from the filtration rate by CKD-EPI 2021, body mass index from height and weight.

use super::Analyte as A;
use super::panel::INFECTIONS;
use crate::domain::healthcare::care::{Encounter, Kind};
use crate::domain::healthcare::disease::{Disease as D, History, code};
use crate::domain::healthcare::life::{Life, World};
use crate::domain::healthcare::treatment::Course;
use crate::entropy::{normal, remix, round};
use crate::generator::name::Sex;

/// Drugs that move measurements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
enum Effect {
    Glucose,
    Pressure,
    Statin,
    Ezetimibe,
    Thyroid,
    HeartFailure,
    BetaBlocker,
    Renin,
    Diuretic,
    Iron,
    Urate,
    Prostate,
    Weight,
}

const EFFECTS: usize = 13;

/// What a class of drugs does.
fn effects(class: &str, generic: &str) -> &'static [Effect] {
    use Effect as E;
    match class {
        "biguanide" | "sulfonylurea" | "DPP-4 inhibitor" | "SGLT2 inhibitor" | "insulin" => {
            &[E::Glucose]
        }
        "GLP-1 agonist" => &[E::Glucose, E::Weight],
        "ACE inhibitor" | "angiotensin receptor blocker" if generic == "sacubitril-valsartan" => {
            &[E::Pressure, E::Renin, E::HeartFailure]
        }
        "ACE inhibitor" | "angiotensin receptor blocker" => &[E::Pressure, E::Renin],
        "calcium channel blocker" => &[E::Pressure],
        "thiazide" => &[E::Pressure, E::Diuretic],
        "beta blocker" => &[E::Pressure, E::BetaBlocker],
        "loop diuretic" => &[E::HeartFailure, E::Diuretic],
        "statin" => &[E::Statin],
        "cholesterol absorption inhibitor" => &[E::Ezetimibe],
        "thyroid hormone" => &[E::Thyroid],
        "iron" | "vitamin B12" => &[E::Iron],
        "xanthine oxidase inhibitor" => &[E::Urate],
        "5-alpha reductase inhibitor" | "GnRH agonist" | "antiandrogen" => &[E::Prostate],
        _ => &[],
    }
}

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

    /// Systolic pressure of people without hypertension is 116 on average, of those treated 130, of the
    /// untreated 146; diastolic 69, 75 and 85 (NHANES 2001-2008, National Health Statistics Reports 35).
    fn pressure(&self, analyte: A, visit: &Visit) -> f64 {
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

    fn vital(&self, analyte: A, visit: &Visit) -> f64 {
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

    fn height(&self, visit: &Visit) -> f64 {
        let height = if visit.age < 20.0 {
            self.world.body(self.life, visit.age).0
        } else {
            self.adult_height
        };
        height + A::Height.facts().within * chance(A::Height, visit)
    }

    fn weight(&self, visit: &Visit) -> f64 {
        let mut weight = self.world.body(self.life, visit.age).1;
        weight *= 1.0 + A::Weight.facts().within * chance(A::Weight, visit);
        weight *= 1.0 - 0.07 * self.treated(Effect::Weight, visit, 300.0);
        // 12.5 kg by term, most of it in the second half (Institute of Medicine, 2009).
        if let Some(days) = visit.term {
            weight += 12.5 * ramp_f(days - 60.0, 220.0);
        }
        weight.max(1.5)
    }

    /// Among people with diabetes that is treated the mean is 7.4, untreated 6.3 (NHANES 2005-2010); of
    /// those who will be treated it is higher before.
    fn hba1c(&self, visit: &Visit, with_chance: bool) -> f64 {
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
    fn glucose(&self, visit: &Visit) -> f64 {
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
    fn filtration(&self, visit: &Visit) -> f64 {
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
    fn creatinine(&self, visit: &Visit) -> f64 {
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

    fn ldl(&self, level: f64, visit: &Visit) -> f64 {
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
    fn shift(&self, analyte: A, visit: &Visit) -> f64 {
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
    fn hemoglobin(&self, visit: &Visit) -> f64 {
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
    fn factor(&self, analyte: A, visit: &Visit) -> f64 {
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

/// The score of a visit for an analyte.
#[inline]
fn chance(analyte: A, visit: &Visit) -> f64 {
    normal(remix(visit.own ^ (analyte as u64) << 40))
}

#[inline]
fn ramp_f(since: f64, days: f64) -> f64 {
    (since / days).clamp(0.0, 1.0)
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

/// e to the power of x, for x of -8 to 8, to three parts in 10,000: the power series of x/32, squared
/// five times. Only additions and multiplications, so that all machines agree.
#[inline]
fn exp(x: f64) -> f64 {
    let y = x.clamp(-8.0, 8.0) * (1.0 / 32.0);
    let series = 1.0 + y * (1.0 + y * (0.5 + y * (1.0 / 6.0 + y * (1.0 / 24.0))));
    let two = series * series;
    let four = two * two;
    let eight = four * four;
    let sixteen = eight * eight;
    sixteen * sixteen
}

/// The natural logarithm of a positive number of 0.1 to 1,000.
#[inline]
fn ln(x: f64) -> f64 {
    let (mut x, mut doublings) = (x.clamp(0.1, 1_000.0), 0.0);
    while x > 1.42 {
        x *= 0.5;
        doublings += 1.0;
    }
    while x < 0.71 {
        x *= 2.0;
        doublings -= 1.0;
    }
    // 2 artanh((x - 1) / (x + 1)).
    let t = (x - 1.0) / (x + 1.0);
    let square = t * t;
    let series = 1.0 + square * (1.0 / 3.0 + square * (0.2 + square * (1.0 / 7.0 + square / 9.0)));
    2.0 * t * series + doublings * std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_are_close_to_the_library() {
        for i in -60..=60 {
            let x = f64::from(i) / 10.0;
            assert!((exp(x) / x.exp() - 1.0).abs() < 3e-4, "exp({x})");
        }
        for i in 1..=1_000 {
            let x = f64::from(i) / 2.0;
            assert!((ln(x) - x.ln()).abs() < 1e-6, "ln({x})");
        }
    }
}
