//! When a patient was seen, by whom, and why: the encounters between registration and the last day.
//!
//! Ordinal 0 is the visit that goes with the registration, which records what the patient has already; it
//! is on the next business day, so not always the first by time. Then come those that diagnose a condition, in the order of the conditions, so that a condition knows its
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

mod visits;

use super::clock::Clock;
use super::disease::{Disease, History, SLOT, day_below, full_years};
use super::life::{Life, World};
use crate::calendar::MICROS_PER_DAY;
use crate::entropy::{remix, unit};
use visits::Visits;

/// What kind of encounter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A visit to an office or clinic, on a business day, because of a complaint or disease.
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
    /// Departure; on the same day except from hospital, or from the emergency department past midnight. Of
    /// who has not left: the last instant of which anything is known.
    pub discharged: i64,
    /// Whether the patient has left; not where a stay goes beyond `as_of`.
    pub ended: bool,
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

/// The check-ups of a patient: an infant has most, about five in the first year.
#[derive(Debug, Default)]
pub(super) struct CheckUps {
    at: [i64; 24],
    count: usize,
}

impl CheckUps {
    /// When the one begins that is nearest to a day, if it is on one of some days around it.
    #[inline]
    pub fn near(&self, day: i32, days: std::ops::RangeInclusive<i32>) -> Option<i64> {
        let of_days = |at: &&i64| days.contains(&day_of(**at));
        let booked = self.at[..self.count].iter().filter(of_days);
        booked.min_by_key(|at| (day_of(**at) - day).abs()).copied()
    }
}

/// The day of an instant.
#[inline]
pub fn day_of(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap_or(0)
}

impl World {
    /// Adds the encounters of a patient to `out`, by time.
    pub fn encounters(&self, life: &Life, history: &History, out: &mut Vec<Encounter>) {
        let place = self.place(life.unit);
        let primary = self.primary(life.unit);
        let mut visits = Visits::new(life, place.state_index, primary, out);
        visits.register(self.streams.onset_visit.draw(life.unit << 10));
        for condition in history.conditions.iter().filter(|c| c.is_incident()) {
            let number = (life.unit << 10) + u64::from(condition.ordinal) + 1;
            visits.diagnose(condition, self.streams.onset_visit.draw(number));
        }
        self.each_check_up(life, |day, entropy| visits.check_up(day, entropy));
        self.follow_ups(history, &mut visits);
        visits.settle();
        visits.end();
        if life.death.is_some() {
            visits.die(history, self.streams.death.draw(life.unit));
        }
    }

    /// Check-ups: infants by the schedule of the AAP, others about once in one to three years. Takes the day
    /// for which each is wanted, and its entropy.
    fn each_check_up(&self, life: &Life, mut take: impl FnMut(i32, u64)) {
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
                18..40 => 0.15,
                40..65 => 0.45,
                _ => 0.72,
            };
            for k in 0..times(yearly, entropy) {
                let draw = remix(entropy ^ u64::from(k));
                let day = from + day_below(draw, SLOT);
                if day <= life.end {
                    take(day, remix(draw));
                }
            }
            from += SLOT;
            slot += 1;
        }
    }

    /// When the check-ups of a patient begin, as they are booked: one that falls into a stay in hospital is put
    /// off. For what else is done on the occasion.
    pub(super) fn check_ups(&self, life: &Life) -> CheckUps {
        let clock = Clock::of(self.place(life.unit).state_index);
        let mut booked = CheckUps::default();
        self.each_check_up(life, |day, entropy| {
            let (kind, at, _) = visits::book(life, clock, Kind::Wellness, day, i32::MIN, entropy);
            if kind == Kind::Wellness && booked.count < booked.at.len() {
                booked.at[booked.count] = at;
                booked.count += 1;
            }
        });
        booked
    }

    /// What chronic diseases and pregnancies need, year by year.
    fn follow_ups(&self, history: &History, visits: &mut Visits<'_>) {
        let life = visits.life;
        for condition in &history.conditions {
            let facts = condition.disease.facts();
            let number = life.unit << 10 | u64::from(condition.ordinal);
            let until = condition.abatement.unwrap_or(life.end).min(life.end);
            if !condition.disease.is_chronic() {
                let entropy = self.streams.episode_visits.draw(number);
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
