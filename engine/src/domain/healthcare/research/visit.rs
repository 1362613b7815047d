//! Visits of participants: when they were due, when they took place, what was measured.

use super::super::disease::{Courses, Disease};
use super::{FOLLOW_UP, Participant, Research, Treatment};
use crate::entropy::{normal, remix, round};
use crate::generator::name::Sex;

/// What is measured at each visit.
#[derive(Debug, Clone, Copy)]
pub struct Vitals {
    /// Millimetres of mercury.
    pub systolic: i32,
    /// Millimetres of mercury.
    pub diastolic: i32,
    /// Beats a minute.
    pub pulse: i32,
    /// Tenths of a degree Celsius.
    pub temperature: i32,
    /// Tenths of a kilogram.
    pub weight: i32,
}

/// What is measured in blood at some visits.
#[derive(Debug, Clone, Copy)]
pub struct Laboratory {
    /// Alanine aminotransferase in units a litre.
    pub alt: i32,
    /// Creatinine in hundredths of a milligram a decilitre.
    pub creatinine: i32,
    /// Glucose in milligrams a decilitre.
    pub glucose: i32,
    /// Hemoglobin A1c in tenths of a percent.
    pub hba1c: i32,
    /// Hemoglobin in tenths of a gram a decilitre.
    pub hemoglobin: i32,
}

/// What a participant is like apart from treatment and chance: means of what is measured.
#[derive(Debug, Clone, Copy)]
pub struct Baseline {
    /// Height in tenths of a centimetre.
    pub height: i32,
    weight: f64,
    systolic: f64,
    diastolic: f64,
    pulse: f64,
    hba1c: f64,
    creatinine: f64,
    alt: f64,
    hemoglobin: f64,
}

/// A visit.
#[derive(Debug, Clone, Copy)]
pub struct Visit {
    /// Who.
    pub participant: Participant,
    /// From 1 on: screening, baseline, the visits of treatment, follow-up.
    pub number: u32,
    /// The week after the first dose; -2 for screening.
    pub week: i32,
    /// The day on which it was due.
    pub due: i32,
    /// How many days before or after are still in time.
    pub window: i32,
    /// The day on which it took place; none: it was missed.
    pub took_place: Option<i32>,
    /// Whether blood was taken.
    pub with_blood: bool,
    entropy: u64,
}

impl Visit {
    /// Its name.
    pub fn name(&self) -> &'static str {
        const WEEKS: [(i32, &str); 13] = [
            (1, "Week 1"),
            (2, "Week 2"),
            (4, "Week 4"),
            (6, "Week 6"),
            (8, "Week 8"),
            (12, "Week 12"),
            (16, "Week 16"),
            (18, "Week 18"),
            (24, "Week 24"),
            (36, "Week 36"),
            (52, "Week 52"),
            (-2, "Screening"),
            (0, "Baseline"),
        ];
        if self.is_follow_up() {
            return "Follow-up";
        }
        let named = WEEKS.iter().find(|week| week.0 == self.week);
        named.map_or("", |week| week.1)
    }

    /// Whether it is the last one, after the treatment.
    pub fn is_follow_up(&self) -> bool {
        self.number as usize == self.participant.trial.study.weeks.len() + 3
    }

    /// The part of the trial.
    pub fn epoch(&self) -> &'static str {
        match self.week {
            _ if self.is_follow_up() => "FOLLOW-UP",
            ..=0 => "SCREENING",
            _ => "TREATMENT",
        }
    }
}

impl Research {
    /// Calls `each` with the visits of a participant that were due, in order.
    pub fn visits(&self, participant: &Participant, mut each: impl FnMut(Visit)) {
        let unit = participant.life.unit;
        let visit = |number: u32, week: i32, due: i32, window: i32| Visit {
            participant: *participant,
            number,
            week,
            due,
            window,
            took_place: Some(due),
            with_blood: true,
            entropy: self.visit.draw(unit * 16 + u64::from(number)),
        };
        // The screening visit is the day of consent.
        each(visit(1, -2, participant.consented, 0));
        let Some(first) = participant.randomised else {
            return;
        };
        each(visit(2, 0, first, 0));
        let weeks = participant.trial.study.weeks;
        let last = weeks.last().copied().unwrap_or(0);
        let treatment = weeks.iter().map(|week| (*week, first + week * 7));
        let follow_up = (last + FOLLOW_UP / 7, first + last * 7 + FOLLOW_UP);
        for (number, (week, due)) in (3..).zip(treatment.chain([follow_up])) {
            if due > participant.until {
                return;
            }
            // Within three days, later within a week: early visits are a week apart.
            let window = if week <= 12 { 3 } else { 7 };
            let mut next = visit(number, week, due, window);
            let span = i64::from(2 * window + 1);
            let days = ((next.entropy >> 32).cast_signed() * span) >> 32;
            let day = due - window + i32::try_from(days).unwrap_or(0);
            // Who leaves or completes on a day was seen on it; three in a hundred other visits are missed.
            let missed = next.entropy & 0xFF < 8 && due < participant.until;
            next.took_place = (!missed).then_some(day.min(participant.until));
            next.with_blood = number.is_multiple_of(2) || week >= last;
            each(next);
        }
    }

    /// How far a participant's treatment has come to work at a visit: 0 to 1.
    fn effect(visit: &Visit) -> f64 {
        let arm = visit.participant.arm().map(|arm| arm.treatment);
        let weeks = f64::from(visit.week.clamp(0, 12));
        arm.map_or(0.0, Treatment::strength) * weeks / 12.0
    }

    /// What does not change from visit to visit.
    pub fn baseline(&self, participant: &Participant) -> Baseline {
        let (life, day) = (&participant.life, participant.consented);
        let mut courses = Courses::new(&self.world, life);
        let mut any = |diseases: &[Disease]| {
            let has = diseases.iter().any(|one| courses.has_on(*one, day));
            f64::from(u8::from(has))
        };
        let own = |n: u64| normal(remix(participant.entropy ^ n << 8));
        let diabetes = any(&[Disease::Type2Diabetes, Disease::Type1Diabetes]);
        let hypertension = any(&[Disease::Hypertension]);
        let kidney = any(&[Disease::Ckd3, Disease::Ckd4, Disease::Ckd5]);
        let male = f64::from(u8::from(life.sex == Sex::Male));
        let age = life.age_on(day);
        let (height, weight) = self.world.body(life, age);
        let spread = own(8);
        Baseline {
            height: whole(height * 10.0),
            weight,
            systolic: 115.0 + 0.22 * (age - 40.0) + 16.0 * hypertension + 8.0 * own(1),
            diastolic: 72.0 + 7.0 * hypertension + 5.5 * own(2),
            pulse: 71.0 + 8.0 * own(3),
            hba1c: 5.4 + 0.28 * own(4) + diabetes * (2.5 + 0.75 * own(5)),
            creatinine: 0.78 + 0.2 * male + 0.11 * own(6) + kidney * (0.62 + 0.2 * own(7)),
            // Skewed: a third of adults is above 27.
            alt: 20.0 + 4.0 * male + 7.0 * spread + 2.5 * spread * spread,
            hemoglobin: 13.4 + 1.5 * male - kidney * 1.1 + 0.8 * own(9),
        }
    }

    /// What was measured at a visit.
    pub fn vitals(baseline: &Baseline, visit: &Visit) -> Vitals {
        let disease = visit.participant.trial.study.disease;
        let z = |n: u64| normal(remix(visit.entropy ^ n));
        let effect = Self::effect(visit);
        let (pressure, loss) = match disease {
            Disease::Hypertension => (effect, 0.0),
            Disease::Obesity => (0.0, 0.09 * effect),
            Disease::Type2Diabetes => (0.0, 0.03 * effect),
            _ => (0.0, 0.0),
        };
        let systolic = baseline.systolic - 11.0 * pressure + 5.0 * z(1);
        let diastolic = baseline.diastolic - 6.0 * pressure + 3.5 * z(2);
        let weight = baseline.weight * (1.0 - loss) + 0.5 * z(5);
        let diastolic = whole(diastolic.clamp(45.0, 115.0));
        Vitals {
            systolic: whole(systolic.clamp(85.0, 210.0)).max(diastolic + 20),
            diastolic,
            pulse: whole((baseline.pulse + 4.0 * z(3)).clamp(42.0, 125.0)),
            temperature: whole(366.0 + 3.0 * z(4)),
            weight: whole((weight * 10.0).max(250.0)),
        }
    }

    /// What was measured in the blood taken at a visit.
    pub fn laboratory(baseline: &Baseline, visit: &Visit) -> Laboratory {
        let now = remix(visit.entropy ^ 0x15);
        let z = |n: u64| normal(remix(now ^ n));
        let sugar = if visit.participant.trial.study.disease == Disease::Type2Diabetes {
            Self::effect(visit)
        } else {
            0.0
        };
        let hba1c = (baseline.hba1c - 1.2 * sugar + 0.15 * z(1)).clamp(4.4, 13.5);
        // The mean glucose that goes with it: Nathan et al., Diabetes Care 31 (2008), from memory.
        let glucose = 28.7 * hba1c - 46.7 - 12.0 + 11.0 * z(2);
        let creatinine = baseline.creatinine + 0.05 * z(3);
        let alt = baseline.alt + 2.5 * z(4);
        let hemoglobin = baseline.hemoglobin + 0.35 * z(5);
        Laboratory {
            alt: whole(alt.clamp(6.0, 160.0)),
            creatinine: whole(creatinine.clamp(0.4, 6.0) * 100.0),
            glucose: whole(glucose.clamp(58.0, 390.0)),
            hba1c: whole(hba1c * 10.0),
            hemoglobin: whole(hemoglobin.clamp(8.0, 18.5) * 10.0),
        }
    }
}

#[inline]
#[expect(clippy::cast_possible_truncation, reason = "measurements of people")]
fn whole(value: f64) -> i32 {
    round(value) as i32
}
