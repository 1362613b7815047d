//! When a patient was seen, by whom, and why: the encounters between registration and the last day.
//!
//! The first encounter (ordinal 0) is the registration, which records what the patient has already. Then
//! come those that diagnose a condition, in the order of the conditions, so that a condition knows its
//! encounter without any other being made; then check-ups, follow-ups of chronic diseases, emergencies and
//! admissions because of them, pregnancies, and for some the stay in hospital in which they die. Ordinals
//! are places in this order; [`World::encounters`] gives the encounters by time.
//!
//! ```
//! use synth_engine::domain::TableOptions;
//! use synth_engine::domain::healthcare::disease::History;
//! use synth_engine::domain::healthcare::life::World;
//!
//! let world = World::new(&TableOptions { seed: 42, ..Default::default() })?;
//! let life = world.life(7);
//! let (mut history, mut encounters) = (History::default(), Vec::new());
//! world.history(&life, &mut history);
//! world.encounters(&life, &history, &mut encounters);
//! assert!(encounters.iter().all(|e| life.registered <= e.admitted && e.admitted <= e.discharged));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use super::disease::normal::exponential;
use super::disease::{Condition, Disease, History, SLOT, code_of, day_below, full_years};
use super::life::{Life, World};
use super::sites::{SITES, Specialty};
use crate::calendar::MICROS_PER_DAY;
use crate::entropy::{below, remix, unit};

const MINUTE: i64 = 60_000_000;

/// Of those who die, so many do in hospital: 35 % (CDC, NCHS Data Brief 427 and JAMA 2019: 35.1 % in 2018).
const DEATHS_IN_HOSPITAL: f64 = 0.35;

/// What kind of encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A visit to an office or clinic because of a complaint or disease.
    Ambulatory,
    /// At the emergency department, without admission.
    Emergency,
    /// A stay in hospital.
    Inpatient,
    /// A check-up.
    Wellness,
    /// By video or telephone.
    Virtual,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Ambulatory,
        Self::Emergency,
        Self::Inpatient,
        Self::Wellness,
        Self::Virtual,
    ];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ambulatory => "ambulatory",
            Self::Emergency => "emergency",
            Self::Inpatient => "inpatient",
            Self::Wellness => "wellness",
            Self::Virtual => "virtual",
        }
    }
}

/// An encounter of a patient.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Encounter {
    /// Its number within the patient, 0 to their count less 1: of the key.
    pub ordinal: u32,
    /// What kind.
    pub kind: Kind,
    /// Arrival, in microseconds since 1970-01-01 UTC.
    pub admitted: i64,
    /// Departure; on the same day except from hospital, or from the emergency department past midnight.
    pub discharged: i64,
    /// The slot of the provider in the patient's block.
    pub provider: u16,
    /// The slot of the organization.
    pub organization: u16,
    /// The ordinal of the condition it is about; none: a check-up.
    pub condition: Option<u16>,
    /// The ICD-10-CM code of the reason, for [`code`](super::disease::code).
    pub code: u16,
    /// Whether it is the one that recorded its condition.
    pub first: bool,
    /// Whether the patient died in it.
    pub died: bool,
}

impl Encounter {
    /// The day of arrival.
    #[inline]
    pub fn day(&self) -> i32 {
        day_of(self.admitted)
    }

    /// From the day of arrival to that of departure.
    #[inline]
    pub fn days(&self) -> i32 {
        day_of(self.discharged) - day_of(self.admitted)
    }
}

/// The day of an instant.
#[inline]
pub fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

/// One patient's encounters, being made.
struct Visits<'a> {
    life: &'a Life,
    state: usize,
    primary: u16,
    out: &'a mut Vec<Encounter>,
    start: usize,
}

impl World {
    /// Adds the encounters of a patient to `out`, by time.
    pub fn encounters(&self, life: &Life, history: &History, out: &mut Vec<Encounter>) {
        let start = out.len();
        let place = self.place(life.unit);
        let mut visits = Visits {
            life,
            state: place.state_index,
            primary: self.primary(life.unit),
            start,
            out,
        };
        visits.register(self.streams.onset_visit.draw(life.unit << 10));
        for condition in history.conditions.iter().filter(|c| c.is_incident()) {
            let number = life.unit << 10 | u64::from(condition.ordinal) + 1;
            visits.diagnose(condition, self.streams.onset_visit.draw(number));
        }
        self.check_ups(&mut visits);
        self.follow_ups(history, &mut visits);
        if life.death.is_some() {
            visits.die(history, self.streams.death.draw(life.unit));
        }
        out[start..].sort_unstable_by_key(|e| (e.admitted, e.ordinal));
    }

    /// Check-ups: infants by the schedule of the AAP, others about once in one to three years.
    fn check_ups(&self, visits: &mut Visits<'_>) {
        let life = visits.life;
        let mut from = life.registered_day;
        let mut slot = 0;
        while from <= life.end {
            let age = life.age_on(from + SLOT / 2);
            let entropy = self.streams.wellness.draw(life.unit << 4 | slot);
            // Visits a year: AAP periodicity for infants; for adults shares with a check-up in the last
            // year are 60 to 90 % by NHIS, of which a part is booked as an ordinary visit (estimate).
            let yearly = match full_years(age) {
                0 => 5.0,
                1 => 2.6,
                2..6 => 1.0,
                6..18 => 0.6,
                18..40 => 0.25,
                40..65 => 0.45,
                _ => 0.72,
            };
            for k in 0..times(yearly, entropy) {
                let draw = remix(entropy ^ u64::from(k));
                let day = from + day_below(draw, SLOT);
                if day <= life.end {
                    visits.check_up(day, remix(draw));
                }
            }
            from += SLOT;
            slot += 1;
        }
    }

    /// What chronic diseases and pregnancies need, year by year.
    fn follow_ups(&self, history: &History, visits: &mut Visits<'_>) {
        let life = visits.life;
        for condition in &history.conditions {
            let facts = condition.disease.facts();
            let number = life.unit << 10 | u64::from(condition.ordinal);
            let until = condition.abatement.unwrap_or(life.end).min(life.end);
            if !condition.disease.is_chronic() {
                let entropy = self.streams.visits.split(99).draw(number);
                match condition.disease {
                    Disease::Pregnancy => visits.antenatal(condition, until, entropy),
                    Disease::Delivery => visits.postpartum(condition, entropy),
                    _ => visits.check_on(condition, entropy),
                }
                continue;
            }
            let mut from = life.registered_day;
            let mut slot = 0;
            while from <= until {
                // Only the part of the year in which the patient has it.
                let begin = from.max(condition.onset + 14);
                let share = f64::from((from + SLOT).min(until + 1) - begin) / f64::from(SLOT);
                if share > 0.0 {
                    let entropy = self.streams.visits.draw(number << 4 | slot);
                    let days = (from + SLOT).min(until + 1) - begin;
                    let [a, b, c] = thirds(entropy);
                    let more = remix(entropy);
                    for k in 0..times(facts.visits * share, a) {
                        visits.follow(condition, begin, days, remix(more ^ u64::from(k)));
                    }
                    for k in 0..times(facts.emergencies * share, b) {
                        let draw = remix(more ^ u64::from(k) ^ 0x100);
                        visits.worsen(condition, Kind::Emergency, begin, days, draw);
                    }
                    for k in 0..times(facts.admissions * share, c) {
                        let draw = remix(more ^ u64::from(k) ^ 0x200);
                        visits.worsen(condition, Kind::Inpatient, begin, days, draw);
                    }
                }
                from += SLOT;
                slot += 1;
            }
        }
    }
}

/// A whole number whose mean is `rate`: the one below or the one above.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rates are below 10 a year"
)]
fn times(rate: f64, entropy: u64) -> u32 {
    (rate + unit(entropy)) as u32
}

/// Three numbers of 64 bits, uniform in their upper 21.
#[inline]
const fn thirds(entropy: u64) -> [u64; 3] {
    [entropy, entropy << 21, entropy << 42]
}

impl Visits<'_> {
    #[expect(clippy::too_many_arguments, reason = "what an encounter is")]
    #[inline]
    fn push(
        &mut self,
        kind: Kind,
        admitted: i64,
        discharged: i64,
        provider: u16,
        condition: Option<u16>,
        code: u16,
        first: bool,
    ) {
        let last = self.life.last_instant();
        let admitted = admitted.clamp(self.life.registered, last.max(self.life.registered));
        let organization = match kind {
            Kind::Emergency | Kind::Inpatient => SITES.hospital(self.state),
            _ => SITES.organization_of(provider),
        };
        self.out.push(Encounter {
            ordinal: u32::try_from(self.out.len() - self.start).unwrap_or(u32::MAX),
            kind,
            admitted,
            discharged: discharged.min(last).max(admitted),
            provider,
            organization,
            condition,
            code,
            first,
            died: false,
        });
    }

    /// By a provider of an office, on a working day.
    fn office(
        &mut self,
        kind: Kind,
        day: i32,
        provider: u16,
        condition: Option<u16>,
        code: u16,
        first: bool,
        entropy: u64,
    ) {
        // 1970-01-01 was a Thursday: Saturdays and Sundays go to Monday, or back to Friday at the end.
        let weekday = (day + 3).rem_euclid(7);
        let monday = day + 7 - weekday;
        let friday = day + 4 - weekday;
        let day = match weekday {
            5 | 6 if monday <= self.life.end => monday,
            5 | 6 if friday >= self.life.registered_day => friday,
            _ => day,
        };
        // From 8:00 on, every five minutes, up to 17:00.
        let minutes = 480 + 5 * low(below(entropy, 108));
        let lasts = match kind {
            Kind::Virtual => 10 + low(below(remix(entropy), 15)),
            Kind::Wellness => 25 + low(below(remix(entropy), 30)),
            _ => 15 + low(below(remix(entropy), 35)),
        };
        let admitted = i64::from(day) * MICROS_PER_DAY + minutes * MINUTE;
        self.push(
            kind,
            admitted,
            admitted + lasts * MINUTE,
            provider,
            condition,
            code,
            first,
        );
    }

    /// At the hospital, at any time of the day.
    fn hospital(&mut self, kind: Kind, day: i32, condition: &Condition, first: bool, entropy: u64) {
        // Two of three arrive between 9:00 and 21:00 (NHAMCS: about 65 %).
        let minutes = if below(entropy, 100) < 66 {
            540 + low(below(remix(entropy), 720))
        } else {
            (1_260 + low(below(remix(entropy), 720))) % 1_440
        };
        let admitted = i64::from(day) * MICROS_PER_DAY + minutes * MINUTE;
        let more = remix(entropy ^ 1);
        let stays = if kind == Kind::Inpatient {
            let discharge = i64::from(day) + i64::from(stay(condition.disease.facts().stay, more));
            // Discharged between 9:00 and 17:00.
            let minutes = 540 + low(below(remix(more), 480));
            discharge * MICROS_PER_DAY + minutes * MINUTE
        } else {
            // One and a half to six hours; NHAMCS has a median of about three.
            admitted + (80 + low(below(more, 150)) + low(below(remix(more), 130))) * MINUTE
        };
        let specialty = match (kind, condition.disease.specialty()) {
            (Kind::Emergency, _) => Specialty::Emergency,
            (
                _,
                specialty @ (Specialty::Obstetrics
                | Specialty::Cardiology
                | Specialty::Orthopedics
                | Specialty::Surgery
                | Specialty::Psychiatry
                | Specialty::Oncology),
            ) if self.has(specialty) => specialty,
            _ => Specialty::Internal,
        };
        let provider = SITES.specialist(self.state, specialty);
        let (ordinal, code) = (Some(condition.ordinal), condition.code);
        self.push(kind, admitted, stays, provider, ordinal, code, first);
    }

    /// Whether the state has a provider of a specialty.
    fn has(&self, specialty: Specialty) -> bool {
        let provider = SITES.specialist(self.state, specialty);
        SITES.providers[usize::from(provider)].specialty == specialty
    }

    /// Who sees the patient for a disease: for minor things and half of the follow-ups the primary
    /// provider.
    fn doctor(&self, condition: &Condition, entropy: u64) -> u16 {
        let specialty = condition.disease.specialty();
        match specialty {
            Specialty::Family | Specialty::Emergency | Specialty::Internal => self.primary,
            Specialty::Obstetrics | Specialty::Oncology | Specialty::Nephrology => {
                SITES.specialist(self.state, specialty)
            }
            _ if below(entropy, 2) == 0 => SITES.specialist(self.state, specialty),
            _ => self.primary,
        }
    }

    fn child(&self, day: i32) -> bool {
        self.life.age_on(day) < 18.0
    }

    fn check_up(&mut self, day: i32, entropy: u64) {
        let (provider, code) = if self.child(day) {
            let pediatrician = SITES.specialist(self.state, Specialty::Pediatrics);
            (pediatrician, *CHILD_EXAMINATION)
        } else {
            (self.primary, *EXAMINATION)
        };
        self.office(Kind::Wellness, day, provider, None, code, false, entropy);
    }

    /// The first encounter, half an hour after the registration.
    fn register(&mut self, entropy: u64) {
        let code = if self.child(self.life.registered_day) {
            *CHILD_EXAMINATION
        } else {
            *EXAMINATION
        };
        let admitted = self.life.registered + 30 * MINUTE;
        let lasts = 30 + low(below(entropy, 30));
        let primary = self.primary;
        self.push(
            Kind::Wellness,
            admitted,
            admitted + lasts * MINUTE,
            primary,
            None,
            code,
            true,
        );
    }

    /// The encounter that records a condition.
    fn diagnose(&mut self, condition: &Condition, entropy: u64) {
        let facts = condition.disease.facts();
        let share = unit(entropy);
        let more = remix(entropy);
        let kind = if share < facts.at_emergency {
            Kind::Emergency
        } else if share < facts.at_emergency + facts.at_inpatient {
            Kind::Inpatient
        } else if share < facts.at_emergency + facts.at_inpatient + facts.at_virtual {
            Kind::Virtual
        } else {
            Kind::Ambulatory
        };
        if matches!(kind, Kind::Emergency | Kind::Inpatient) {
            self.hospital(kind, condition.onset, condition, true, more);
            return;
        }
        // One waits for an appointment, but not longer than the condition lasts.
        let wait = if condition.disease.is_chronic() {
            20
        } else {
            3
        };
        let last = condition
            .abatement
            .unwrap_or(self.life.end)
            .min(self.life.end);
        let day = (condition.onset + day_below(more, wait)).min(last);
        let provider = self.doctor(condition, remix(more));
        let (ordinal, code) = (Some(condition.ordinal), condition.code);
        self.office(kind, day, provider, ordinal, code, true, remix(more ^ 1));
    }

    /// A planned visit for a chronic disease; one in ten from a distance.
    fn follow(&mut self, condition: &Condition, begin: i32, days: i32, entropy: u64) {
        let more = remix(entropy);
        let kind = if below(more, 100) < 10 {
            Kind::Virtual
        } else {
            Kind::Ambulatory
        };
        let provider = self.doctor(condition, remix(more));
        let day = begin + day_below(entropy, days);
        let (ordinal, code) = (Some(condition.ordinal), condition.code);
        self.office(kind, day, provider, ordinal, code, false, remix(more ^ 1));
    }

    /// An emergency or a stay because a chronic disease got worse.
    fn worsen(&mut self, condition: &Condition, kind: Kind, begin: i32, days: i32, entropy: u64) {
        let day = begin + day_below(entropy, days);
        self.hospital(kind, day, condition, false, remix(entropy));
    }

    /// One in seven episodes is looked at once more.
    fn check_on(&mut self, condition: &Condition, entropy: u64) {
        let Some(over) = condition.abatement else {
            return;
        };
        let long = condition.disease.facts().days > 20;
        if below(entropy, 100) >= if long { 55 } else { 9 } {
            return;
        }
        let more = remix(entropy);
        let last = over.min(self.life.end);
        let day = (condition.onset + 4 + day_below(more, over - condition.onset)).min(last);
        let provider = self.doctor(condition, remix(more));
        let (ordinal, code) = (Some(condition.ordinal), condition.code);
        self.office(
            Kind::Ambulatory,
            day,
            provider,
            ordinal,
            code,
            false,
            remix(more ^ 1),
        );
    }

    /// Antenatal visits: every four weeks, every two from the thirtieth week, at last weekly (ACOG).
    fn antenatal(&mut self, condition: &Condition, until: i32, entropy: u64) {
        let provider = SITES.specialist(self.state, Specialty::Obstetrics);
        let mut day = condition.onset + 21 + day_below(entropy, 14);
        let mut draw = remix(entropy);
        while day < until {
            let (ordinal, code) = (Some(condition.ordinal), condition.code);
            self.office(Kind::Ambulatory, day, provider, ordinal, code, false, draw);
            day += match day - condition.onset {
                ..154 => 28,
                154..196 => 14,
                _ => 7,
            };
            draw = remix(draw);
        }
    }

    /// Four to eight weeks after the delivery; three of five come (HEDIS and ACOG name 60 %).
    fn postpartum(&mut self, delivery: &Condition, entropy: u64) {
        let day = delivery.onset + 30 + day_below(entropy, 28);
        if below(remix(entropy), 100) < 60 && day <= self.life.end {
            let provider = SITES.specialist(self.state, Specialty::Obstetrics);
            let ordinal = Some(delivery.ordinal);
            let more = remix(entropy ^ 1);
            self.office(
                Kind::Ambulatory,
                day,
                provider,
                ordinal,
                *POSTPARTUM,
                false,
                more,
            );
        }
    }

    /// The stay in which a patient dies, because of the disease that most often needs a stay.
    fn die(&mut self, history: &History, entropy: u64) {
        let life = self.life;
        if unit(entropy) >= DEATHS_IN_HOSPITAL {
            return;
        }
        let more = remix(entropy);
        let cause = history
            .conditions
            .iter()
            .filter(|c| c.disease.is_chronic() && c.lasts_on(life.end))
            .max_by(|a, b| {
                let admissions = |c: &Condition| c.disease.facts().admissions;
                admissions(a).total_cmp(&admissions(b))
            });
        let day = (life.end - day_below(more, 12)).max(life.registered_day);
        let day = cause.map_or(day, |cause| day.max(cause.onset));
        let admitted = i64::from(day) * MICROS_PER_DAY + low(below(remix(more), 1_100)) * MINUTE;
        let died = i64::from(life.end) * MICROS_PER_DAY + (1_110 + low(below(more, 320))) * MINUTE;
        let provider = SITES.specialist(self.state, Specialty::Internal);
        let (ordinal, code) = (
            cause.map(|c| c.ordinal),
            cause.map_or(*CARDIAC_ARREST, |c| c.code),
        );
        self.push(
            Kind::Inpatient,
            admitted,
            died,
            provider,
            ordinal,
            code,
            false,
        );
        if let Some(last) = self.out.last_mut() {
            last.died = true;
        }
    }
}

/// Length of a stay in days, of this mean: one, and an exponential part.
#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "means are below 10, the exponential below 12"
)]
fn stay(mean: f64, entropy: u64) -> i32 {
    (0.6 + (mean + 0.3).max(0.5) * (0.25 + 0.75 * exponential(entropy))) as i32
}

#[inline]
fn low(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(0)
}

static EXAMINATION: std::sync::LazyLock<u16> = std::sync::LazyLock::new(|| code_of("examination"));
static CHILD_EXAMINATION: std::sync::LazyLock<u16> =
    std::sync::LazyLock::new(|| code_of("child_examination"));
static POSTPARTUM: std::sync::LazyLock<u16> = std::sync::LazyLock::new(|| code_of("postpartum"));
static CARDIAC_ARREST: std::sync::LazyLock<u16> =
    std::sync::LazyLock::new(|| code_of("cardiac_arrest"));
