//! The conditions of one patient.

use super::model::{Course, FACTORS, TABLES, whole_and_part};
use super::normal::{Normal, quantile};
use super::{CHRONIC, Disease};
use crate::domain::healthcare::life::{Life, World};
use crate::entropy::{below, remix, unit};

/// Weights of the z-scores of weight and height in that of body mass: BMI is weight over height squared,
/// the logarithms have standard deviations of about 0.22 and 0.04, and their scores correlate by 0.5.
const BMI_OF_WEIGHT: f64 = 1.140_5;
const BMI_OF_HEIGHT: f64 = -0.414_7;

/// Length of the slots in which episodes are drawn, in days.
pub(in crate::domain::healthcare) const SLOT: i32 = 365;

/// A diagnosis of a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Its place among the patient's conditions: of the key.
    pub ordinal: u16,
    /// What it is.
    pub disease: Disease,
    /// The ICD-10-CM code, for [`code`](super::code).
    pub code: u16,
    /// Day of onset, not before birth and not after the patient's last day.
    pub onset: i32,
    /// Day on which it was over; none: it lasts.
    pub abatement: Option<i32>,
    /// The ordinal of the encounter that recorded it: the patient's first, or one of its own.
    pub encounter: u32,
}

impl Condition {
    /// Whether the patient has it on a day.
    #[inline]
    pub fn lasts_on(&self, day: i32) -> bool {
        self.onset <= day && self.abatement.is_none_or(|end| day < end)
    }

    /// Whether it began after registration, so that an encounter of its own records it.
    #[inline]
    pub fn is_incident(&self) -> bool {
        self.encounter > 0
    }
}

/// The conditions of a patient; filled anew for each by [`World::history`].
#[derive(Debug, Default, Clone)]
pub struct History {
    /// In the order of their ordinals.
    pub conditions: Vec<Condition>,
    ever: u128,
    incident: u32,
}

impl History {
    /// Whether the patient ever had a disease: for chronic ones since birth, for others since
    /// registration.
    #[inline]
    pub fn has(&self, disease: Disease) -> bool {
        self.ever >> disease as u32 & 1 == 1
    }

    /// The first condition of a disease.
    #[inline]
    pub fn first(&self, disease: Disease) -> Option<&Condition> {
        if !self.has(disease) {
            return None;
        }
        self.conditions.iter().find(|c| c.disease == disease)
    }

    /// Whether the patient has a disease on a day.
    #[inline]
    pub fn has_on(&self, disease: Disease, day: i32) -> bool {
        let is = |c: &Condition| c.disease == disease && c.lasts_on(day);
        self.has(disease) && self.conditions.iter().any(is)
    }

    /// How many conditions have an encounter of their own: the encounters 1 up to this.
    #[inline]
    pub fn incident(&self) -> u32 {
        self.incident
    }

    fn push(&mut self, life: &Life, disease: Disease, onset: i32, end: Option<i32>, entropy: u64) {
        let onset = onset.clamp(life.birth, life.end);
        let abatement = end.map(|end| end.max(onset)).filter(|end| *end <= life.end);
        let encounter = if onset >= life.registered_day {
            self.incident += 1;
            self.incident
        } else {
            0
        };
        let (first, codes) = &TABLES.diseases[disease as usize].codes;
        self.ever |= 1 << disease as u32;
        self.conditions.push(Condition {
            ordinal: u16::try_from(self.conditions.len()).unwrap_or(u16::MAX),
            disease,
            code: first + u16::try_from(codes.pick(remix(entropy))).unwrap_or(0),
            onset,
            abatement,
            encounter,
        });
    }
}

/// What replaces what: a stage ends when the next begins.
pub(super) const STAGES: [(Disease, Disease); 3] = [
    (Disease::Prediabetes, Disease::Type2Diabetes),
    (Disease::Ckd3, Disease::Ckd4),
    (Disease::Ckd4, Disease::Ckd5),
];

impl World {
    /// The conditions of a patient, in place of those that `history` holds.
    pub fn history(&self, life: &Life, history: &mut History) {
        history.conditions.clear();
        // Most have fewer, and the space is kept.
        history.conditions.reserve(16);
        (history.ever, history.incident) = (0, 0);
        self.chronic(life, history);
        self.episodes(life, history);
    }

    fn chronic(&self, life: &Life, history: &mut History) {
        let factors = self.factors(life);
        let (sex, age) = (life.sex.index(), whole_and_part(life.exact_age));
        let mut liability = [0.0; CHRONIC];
        let (normal, least) = (Normal::standard(), &TABLES.least[sex][age.0 + 1]);
        let mut spare = 0.0;
        for (index, model) in TABLES.diseases[..CHRONIC].iter().enumerate() {
            let disease = Disease::ALL[index];
            let number = life.unit * CHRONIC as u64 + index as u64;
            let own = if index % 2 == 0 {
                let drawn = normal.pair(self.streams.liability.draw(number));
                spare = drawn.1;
                drawn.0
            } else {
                spare
            };
            if model.course == Course::Rule {
                self.follow(life, disease, number, history);
                continue;
            }
            let sum = model.liability(own, &factors, &liability);
            liability[index] = sum;
            if sum < least[index] {
                continue;
            }
            let Some((onset, end)) = model.curves[sex].span(sum, age) else {
                continue;
            };
            if disease == Disease::Type2Diabetes && history.has(Disease::Type1Diabetes)
                || disease == Disease::Prediabetes && history.has(Disease::Type1Diabetes)
            {
                continue;
            }
            let days = (life.day_at(onset), end.map(|end| life.day_at(end)));
            let entropy = self.streams.condition.draw(number);
            history.push(life, disease, days.0, days.1, entropy);
        }
        for (stage, next) in STAGES {
            let Some(begins) = history.first(next).map(|c| c.onset) else {
                continue;
            };
            let earlier = history.conditions.iter_mut().find(|c| c.disease == stage);
            if let Some(earlier) = earlier {
                earlier.abatement = Some(begins.max(earlier.onset));
            }
        }
    }

    /// The scores of the common causes.
    #[inline]
    pub(super) fn factors(&self, life: &Life) -> [f64; FACTORS] {
        let entropy = self.streams.factors.draw(life.unit);
        let (height, weight) = self.patients.body_scores(life.unit);
        let age = (life.age as usize).min(119);
        let (never, former) = TABLES.smoking[life.sex.index()][age];
        // A normal score whose order is that of never, former and current smokers.
        let (from, to) = match self.smoking(life) {
            "Never" => (0.0, never),
            "Former" => (never, former),
            _ => (former, 1.0),
        };
        let smoking = quantile(from + (to - from) * unit(remix(entropy ^ 1)));
        let normal = Normal::standard();
        let (frailty, mood) = normal.pair(entropy);
        let (allergy, _) = normal.pair(remix(entropy));
        [body_mass((height, weight)), smoking, frailty, mood, allergy]
    }

    /// Diseases that follow from the patient's row.
    fn follow(&self, life: &Life, disease: Disease, number: u64, history: &mut History) {
        let entropy = self.streams.condition.draw(number);
        let Some((onset, bmi)) = self.rule(life, disease, entropy) else {
            return;
        };
        history.push(life, disease, life.day_at(onset), None, entropy);
        if disease == Disease::Obesity
            && let Some(last) = history.conditions.last_mut()
        {
            // E66.9, or E66.01 (morbid) from 40 on.
            last.code = TABLES.diseases[disease as usize].codes.0 + u16::from(bmi >= 40.0);
        }
    }

    /// The age from which on a patient has a disease that follows from the row, and the body mass index
    /// where that is why.
    pub(super) fn rule(&self, life: &Life, disease: Disease, entropy: u64) -> Option<(f64, f64)> {
        let mut bmi = 0.0;
        let onset = match disease {
            // The adult definition: a body mass index of 30 or more.
            Disease::Obesity if life.age >= 20 => {
                let (height, weight) = self.body(life, life.exact_age);
                let metres = height / 100.0;
                bmi = weight / (metres * metres);
                (bmi >= 30.0).then(|| 18.0 + (life.exact_age - 18.0) * unit(entropy))
            }
            // About half of those who smoke are diagnosed as dependent (estimate).
            Disease::NicotineDependence if life.age >= 18 => (self.smoking(life) == "Current"
                && entropy & 1 == 1)
                .then(|| 16.0 + (life.exact_age.min(30.0) - 16.0) * unit(entropy)),
            _ => None,
        };
        onset.map(|onset| (onset, bmi))
    }

    /// Episodes from registration on.
    fn episodes(&self, life: &Life, history: &mut History) {
        let by_age = &TABLES.episodes[life.sex.index()];
        // No pregnancy begins before the last one is over, and some time.
        let mut next_pregnancy = i32::MIN;
        let mut from = life.registered_day;
        let mut slot = 0;
        while from <= life.end {
            let age = life.age_on(from + SLOT / 2);
            let episodes = &by_age[full_years(age)];
            let first = episode_number(life, slot);
            let entropy = self.streams.episodes.draw(first);
            let count = episodes.count.pick(entropy);
            let mut drawn = [(i32::MAX, 0_u64); 16];
            for (k, episode) in (1..).zip(drawn.iter_mut().take(count)) {
                let entropy = self.streams.episodes.draw(first + k);
                let more = remix(entropy);
                let disease = TABLES.acute[episodes.disease.pick(more)];
                let winter = disease.facts().winter;
                let day = if winter > 0.0 && unit(remix(more ^ 1)) < winter {
                    winter_day(from, entropy)
                } else {
                    from + day_below(entropy, SLOT)
                };
                *episode = (day, more);
            }
            if count > 1 {
                drawn[..count].sort_unstable();
            }
            for &(day, entropy) in &drawn[..count] {
                if day > life.end {
                    break;
                }
                let disease = TABLES.acute[episodes.disease.pick(entropy)];
                let more = remix(entropy);
                match disease {
                    Disease::Pregnancy => {
                        if day >= next_pregnancy {
                            next_pregnancy = pregnancy(life, day, more, history);
                        }
                    }
                    // Once only.
                    Disease::Appendicitis | Disease::Cholelithiasis if history.has(disease) => {}
                    _ => {
                        let days = i32::try_from(disease.facts().days).unwrap_or(0);
                        // Half to one and a half times the mean.
                        let lasts = days / 2 + day_below(more, days) + 1;
                        history.push(life, disease, day, Some(day + lasts), more);
                    }
                }
            }
            from += SLOT;
            slot += 1;
        }
    }
}

/// The z-score of body mass that goes with those of height and weight.
#[inline]
pub(super) fn body_mass((height, weight): (f64, f64)) -> f64 {
    BMI_OF_WEIGHT * weight + BMI_OF_HEIGHT * height
}

/// The number of the first draw of a slot.
#[inline]
pub(super) fn episode_number(life: &Life, slot: u64) -> u64 {
    (life.unit << 8) + slot * 16
}

/// A day within seven weeks of 25 January, in the slot that begins at `from`: the nearer, the likelier.
/// Influenza has its peak most often in February, then December and January (CDC, seasons 1982 to 2023).
#[inline]
fn winter_day(from: i32, entropy: u64) -> i32 {
    // 25 January is day 24 of the epoch; years of 365.2425 days from there.
    let year = ((i64::from(from) - 24) * 10_000).div_euclid(3_652_425) + 1;
    let peak = 24 + i32::try_from((year * 3_652_425).div_euclid(10_000)).unwrap_or(0);
    let around = day_below(entropy, 50) + day_below(remix(entropy), 50) - 49;
    from + (peak + around - from).rem_euclid(SLOT)
}

/// A pregnancy noticed on a day, and how it ends. Gives the day before which there is no next one.
fn pregnancy(life: &Life, day: i32, entropy: u64, history: &mut History) -> i32 {
    let more = remix(entropy);
    // 13 % of recognized pregnancies miscarry (NCHS estimates of pregnancy outcomes; from memory).
    if below(entropy, 100) < 13 {
        let end = day + 10 + day_below(more, 45);
        history.push(life, Disease::Pregnancy, day, Some(end), more);
        if end <= life.end {
            let days = i32::try_from(Disease::Miscarriage.facts().days).unwrap_or(0);
            history.push(life, Disease::Miscarriage, end, Some(end + days), more);
        }
        return end + 60;
    }
    // Noticed in week 6 to 9, born in week 37 to 41; 10.4 % up to five weeks earlier (NCHS 2022).
    let early = if below(remix(more), 1_000) < 104 {
        35
    } else {
        0
    };
    let birth = day + 206 + day_below(more, 30) - early;
    history.push(life, Disease::Pregnancy, day, Some(birth), more);
    // Gestational diabetes in 8 % (NCHS 2021), pre-eclampsia in 5 %.
    let diabetes = day + 115;
    if below(remix(more ^ 1), 100) < 8 && diabetes <= life.end {
        history.push(
            life,
            Disease::GestationalDiabetes,
            diabetes,
            Some(birth),
            more,
        );
    }
    let preeclampsia = birth - 25;
    if below(remix(more ^ 2), 100) < 5 && preeclampsia <= life.end {
        let over = birth + 15;
        history.push(life, Disease::Preeclampsia, preeclampsia, Some(over), more);
    }
    if birth <= life.end {
        let days = i32::try_from(Disease::Delivery.facts().days).unwrap_or(0);
        history.push(life, Disease::Delivery, birth, Some(birth + days), more);
    }
    birth + 90
}

/// A number of days below `n`.
#[inline]
pub(in crate::domain::healthcare) fn day_below(entropy: u64, n: i32) -> i32 {
    i32::try_from(below(entropy, u64::from(n.max(1).unsigned_abs()))).unwrap_or(0)
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to ages"
)]
pub(in crate::domain::healthcare) fn full_years(age: f64) -> usize {
    age.clamp(0.0, 120.0) as usize
}
