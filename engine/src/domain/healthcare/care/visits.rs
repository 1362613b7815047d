//! The encounters of one patient, one by one: on which day, by whom, for how long.

use std::sync::LazyLock;

use super::{Encounter, Kind};
use crate::calendar::MICROS_PER_DAY;
use crate::domain::finance::bank_days::{business_day, last_business_day};
use crate::domain::healthcare::care::day_of;
use crate::domain::healthcare::clock::Clock;
use crate::domain::healthcare::disease::normal::exponential;
use crate::domain::healthcare::disease::{Condition, History, code_of, day_below};
use crate::domain::healthcare::life::Life;
use crate::domain::healthcare::sites::{SITES, Specialty};
use crate::entropy::{below, remix, unit};

const MINUTE: i64 = 60_000_000;

/// Of those who die, so many do in hospital: 35 % in 2018 (CDC, from memory), 32 % in 2007 (HCUP).
const DEATHS_IN_HOSPITAL: f64 = 0.35;

/// What an encounter is about.
#[derive(Clone, Copy)]
struct About {
    condition: Option<u16>,
    code: u16,
    first: bool,
    /// Not before this day.
    since: i32,
}

impl About {
    /// A condition; `first`: which is recorded.
    fn condition(condition: &Condition, first: bool) -> Self {
        Self {
            condition: Some(condition.ordinal),
            code: condition.code,
            first,
            since: condition.onset,
        }
    }

    /// No condition.
    fn code(code: u16) -> Self {
        Self {
            condition: None,
            code,
            first: false,
            since: i32::MIN,
        }
    }
}

/// One patient's encounters, being made.
pub(super) struct Visits<'a> {
    pub(super) life: &'a Life,
    state: usize,
    clock: Clock,
    primary: u16,
    out: &'a mut Vec<Encounter>,
    start: usize,
}

impl<'a> Visits<'a> {
    /// Of a patient who lives in a state and has a primary provider; encounters are added to `out`.
    pub(super) fn new(
        life: &'a Life,
        state: usize,
        primary: u16,
        out: &'a mut Vec<Encounter>,
    ) -> Self {
        Self {
            life,
            state,
            clock: Clock::of(state),
            primary,
            start: out.len(),
            out,
        }
    }

    #[inline]
    fn push(&mut self, kind: Kind, admitted: i64, discharged: i64, provider: u16, about: About) {
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
            ended: true,
            provider,
            organization,
            condition: about.condition,
            code: about.code,
            first: about.first,
            died: false,
        });
    }

    /// By a provider of an office.
    fn office(&mut self, kind: Kind, day: i32, provider: u16, about: About, entropy: u64) {
        let (kind, from, to) = book(self.life, self.clock, kind, day, about.since, entropy);
        self.push(kind, from, to, provider, about);
    }

    /// At the hospital, at any time of the day.
    fn hospital(&mut self, kind: Kind, day: i32, condition: &Condition, first: bool, entropy: u64) {
        // Two of three arrive between 9:00 and 21:00 (NHAMCS: about 65 %).
        let minutes = if below(entropy, 100) < 66 {
            540 + low(below(remix(entropy), 720))
        } else {
            (1_260 + low(below(remix(entropy), 720))) % 1_440
        };
        let admitted = self.clock.at(day, minutes).max(self.life.registered);
        let more = remix(entropy ^ 1);
        let stays = if kind == Kind::Inpatient {
            let discharge = day + stay(condition.disease.facts().stay, more);
            // Discharged between 9:00 and 17:00, after six hours at least.
            let minutes = 540 + low(below(remix(more), 480));
            let discharged = self.clock.at(discharge, minutes);
            if discharged < admitted + 360 * MINUTE {
                discharged + MICROS_PER_DAY
            } else {
                discharged
            }
        } else {
            // One and a half to six hours; NHAMCS has a median of about three.
            admitted + (80 + low(below(more, 150)) + low(below(remix(more), 130))) * MINUTE
        };
        let provider = match (kind, condition.disease.specialty()) {
            (Kind::Emergency, _) => self.specialist(Specialty::Emergency),
            (_, Specialty::Obstetrics) => self.specialist(Specialty::Obstetrics),
            (
                _,
                specialty @ (Specialty::Cardiology
                | Specialty::Orthopedics
                | Specialty::Surgery
                | Specialty::Psychiatry
                | Specialty::Oncology),
            ) if self.specialist(specialty) != self.primary => self.specialist(specialty),
            _ => self.specialist(Specialty::Internal),
        };
        self.push(
            kind,
            admitted,
            stays,
            provider,
            About::condition(condition, first),
        );
    }

    /// Puts the encounters in the order of time, and visits that fell into a stay in hospital after it, where
    /// there is time left.
    pub(super) fn settle(&mut self) {
        let encounters = &mut self.out[self.start..];
        encounters.sort_unstable_by_key(|e| (e.admitted, e.ordinal));
        // What is moved may fall into the next stay, but hardly more often.
        for _ in 0..4 {
            let (mut until, mut moved) = (i64::MIN, false);
            for encounter in &mut *encounters {
                if encounter.admitted < until {
                    let days = (until - encounter.admitted) / MICROS_PER_DAY + 1;
                    let mut later = encounter.admitted + days * MICROS_PER_DAY;
                    let lasts = encounter.discharged - encounter.admitted;
                    if !matches!(encounter.kind, Kind::Emergency | Kind::Inpatient) {
                        later = reopened(self.clock, encounter.admitted, later, lasts);
                    }
                    if later + lasts.min(MICROS_PER_DAY / 4) <= self.life.last_instant() {
                        encounter.admitted = later;
                        encounter.discharged = (later + lasts).min(self.life.last_instant());
                        moved = true;
                    }
                }
                if encounter.kind == Kind::Inpatient {
                    until = until.max(encounter.discharged);
                }
            }
            if !moved {
                return;
            }
            encounters.sort_unstable_by_key(|e| (e.admitted, e.ordinal));
        }
    }

    /// What becomes of hospital stays and emergencies that reach the end of what is known: who lives is still
    /// there, who has died did so there.
    pub(super) fn end(&mut self) {
        let (last, lives) = (self.life.last_instant(), self.life.death.is_none());
        let encounters = &mut self.out[self.start..];
        if lives {
            for encounter in encounters {
                let hospital = matches!(encounter.kind, Kind::Emergency | Kind::Inpatient);
                encounter.ended = !hospital || encounter.discharged < last;
            }
        } else if let Some(stay) = encounters.last_mut() {
            stay.died = stay.kind == Kind::Inpatient && stay.discharged == last;
        }
    }

    /// A provider of a specialty in the state; where there is none, the primary provider.
    fn specialist(&self, specialty: Specialty) -> u16 {
        let provider = SITES.specialist(self.state, specialty);
        if SITES.providers[usize::from(provider)].specialty == specialty {
            provider
        } else {
            self.primary
        }
    }

    /// Who sees the patient for a disease: for minor things and half of the follow-ups the primary
    /// provider.
    fn doctor(&self, condition: &Condition, entropy: u64) -> u16 {
        let specialty = condition.disease.specialty();
        match specialty {
            Specialty::Family | Specialty::Emergency | Specialty::Internal => self.primary,
            Specialty::Obstetrics | Specialty::Oncology | Specialty::Nephrology => {
                self.specialist(specialty)
            }
            _ if below(entropy, 2) == 0 => self.specialist(specialty),
            _ => self.primary,
        }
    }

    fn child(&self, day: i32) -> bool {
        self.life.age_on(day) < 18.0
    }

    pub(super) fn check_up(&mut self, day: i32, entropy: u64) {
        let (provider, code) = if self.child(day) {
            let pediatrician = self.specialist(Specialty::Pediatrics);
            (pediatrician, *CHILD_EXAMINATION)
        } else {
            (self.primary, *EXAMINATION)
        };
        self.office(Kind::Wellness, day, provider, About::code(code), entropy);
    }

    /// The visit that goes with the registration: on the next business day, or at once where there is none.
    pub(super) fn register(&mut self, entropy: u64) {
        let code = if self.child(self.life.registered_day) {
            *CHILD_EXAMINATION
        } else {
            *EXAMINATION
        };
        let about = About {
            first: true,
            ..About::code(code)
        };
        let primary = self.primary;
        let day = self.life.registered_day + 1;
        if business_day(day) <= self.life.end {
            self.office(Kind::Wellness, day, primary, about, entropy);
            return;
        }
        let admitted = self.life.registered + 30 * MINUTE;
        let discharged = admitted + (30 + low(below(entropy, 30))) * MINUTE;
        self.push(Kind::Wellness, admitted, discharged, primary, about);
    }

    /// The encounter that records a condition.
    pub(super) fn diagnose(&mut self, condition: &Condition, entropy: u64) {
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
        self.office(
            kind,
            day,
            provider,
            About::condition(condition, true),
            remix(more ^ 1),
        );
    }

    /// A planned visit for a chronic disease; one in ten from a distance.
    pub(super) fn follow(&mut self, condition: &Condition, begin: i32, days: i32, entropy: u64) {
        let more = remix(entropy);
        let kind = if below(more, 100) < 10 {
            Kind::Virtual
        } else {
            Kind::Ambulatory
        };
        let provider = self.doctor(condition, remix(more));
        let day = begin + day_below(entropy, days);
        self.office(
            kind,
            day,
            provider,
            About::condition(condition, false),
            remix(more ^ 1),
        );
    }

    /// An emergency or a stay because a chronic disease got worse.
    pub(super) fn worsen(
        &mut self,
        condition: &Condition,
        kind: Kind,
        begin: i32,
        days: i32,
        entropy: u64,
    ) {
        let day = begin + day_below(entropy, days);
        self.hospital(kind, day, condition, false, remix(entropy));
    }

    /// One in seven episodes is looked at once more.
    pub(super) fn check_on(&mut self, condition: &Condition, entropy: u64) {
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
        self.office(
            Kind::Ambulatory,
            day,
            provider,
            About::condition(condition, false),
            remix(more ^ 1),
        );
    }

    /// Antenatal visits: every four weeks, every two from the thirtieth week, at last weekly (ACOG).
    pub(super) fn antenatal(&mut self, condition: &Condition, until: i32, entropy: u64) {
        let provider = self.specialist(Specialty::Obstetrics);
        let mut day = condition.onset + 21 + day_below(entropy, 14);
        let mut draw = remix(entropy);
        while day < until {
            self.office(
                Kind::Ambulatory,
                day,
                provider,
                About::condition(condition, false),
                draw,
            );
            day += match day - condition.onset {
                ..154 => 28,
                154..196 => 14,
                _ => 7,
            };
            draw = remix(draw);
        }
    }

    /// Four to eight weeks after the delivery; three of five come (HEDIS and ACOG name 60 %).
    pub(super) fn postpartum(&mut self, delivery: &Condition, entropy: u64) {
        let day = delivery.onset + 30 + day_below(entropy, 28);
        if below(remix(entropy), 100) < 60 && day <= self.life.end {
            let provider = self.specialist(Specialty::Obstetrics);
            let about = About {
                code: *POSTPARTUM,
                ..About::condition(delivery, false)
            };
            let more = remix(entropy ^ 1);
            self.office(Kind::Ambulatory, day, provider, about, more);
        }
    }

    /// The stay in which a patient dies, because of the disease that most often needs a stay.
    pub(super) fn die(&mut self, history: &History, entropy: u64) {
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
        // After the last other encounter: if that was on the last evening, there is no stay.
        let others = self.out[self.start..].iter().map(|e| e.discharged).max();
        let others = others.unwrap_or(life.registered) + 30 * MINUTE;
        let admitted = i64::from(day) * MICROS_PER_DAY + low(below(remix(more), 1_100)) * MINUTE;
        let admitted = admitted.max(others);
        let died = i64::from(life.end) * MICROS_PER_DAY + (1_110 + low(below(more, 320))) * MINUTE;
        if admitted + 60 * MINUTE > died {
            return;
        }
        let provider = self.specialist(Specialty::Internal);
        let about = cause.map_or(About::code(*CARDIAC_ARREST), |c| About::condition(c, false));
        self.push(Kind::Inpatient, admitted, died, provider, about);
        if let Some(last) = self.out.last_mut() {
            last.died = true;
        }
    }
}

/// An appointment for a day, at an office that is open on business days: its kind, begin and end. Not before
/// `since`, nor on the day of the registration; where no business day is left before the patient's last day,
/// by telephone.
#[inline]
pub(super) fn book(
    life: &Life,
    clock: Clock,
    kind: Kind,
    day: i32,
    since: i32,
    entropy: u64,
) -> (Kind, i64, i64) {
    let (earliest, end) = (since.max(life.registered_day + 1), life.end);
    let (next, last) = (business_day(day.max(earliest)), last_business_day(end));
    let (kind, day) = if next <= end {
        (kind, next)
    } else if last >= earliest {
        (kind, last)
    } else {
        (Kind::Virtual, day.max(earliest).min(end))
    };
    let lasts = match kind {
        Kind::Virtual => 10 + low(below(remix(entropy), 15)),
        Kind::Wellness => 25 + low(below(remix(entropy), 30)),
        _ => 15 + low(below(remix(entropy), 35)),
    };
    let from = clock.appointment(day, lasts, entropy).max(life.registered);
    (kind, from, from + lasts * MINUTE)
}

/// On the next business day after a visit was put off, at the same hour by the clock.
fn reopened(clock: Clock, from: i64, later: i64, lasts: i64) -> i64 {
    let day = day_of(later);
    let open = business_day(day);
    let clocks = clock.behind(open) - clock.behind(day_of(from));
    let at = later + i64::from(open - day) * MICROS_PER_DAY + clocks * MINUTE;
    // What was the last hour in summer may be past midnight UTC in winter.
    if day_of(at + lasts) == open {
        at
    } else {
        at - 60 * MINUTE
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

static EXAMINATION: LazyLock<u16> = LazyLock::new(|| code_of("examination"));
static CHILD_EXAMINATION: LazyLock<u16> = LazyLock::new(|| code_of("child_examination"));
static POSTPARTUM: LazyLock<u16> = LazyLock::new(|| code_of("postpartum"));
static CARDIAC_ARREST: LazyLock<u16> = LazyLock::new(|| code_of("cardiac_arrest"));
