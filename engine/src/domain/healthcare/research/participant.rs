//! Who takes part in a trial, in which arm, from when to when.

use super::super::disease::Courses;
use super::super::life::{BLOCK, Life};
use super::{
    Arm, FOLLOW_UP, GROUP, Research, SCREENING, SCREENING_MOST, STUDIES, Study, TRIALS, Trial,
};
use crate::entropy::{below, remix};
use crate::generator::name::Sex;

/// A participant has had the disease for so many days, at least.
const DIAGNOSED: i32 = 30;
/// Of a hundred who agree, so many turn out not to fit (estimate).
const SCREEN_FAILURE: u64 = 16;
/// Of a thousand who are randomised, so many leave before the end (see the tests).
const DROPOUT: u64 = 191;

/// Why participants leave, with weights (estimate); the words are CDISC's.
const REASONS: [(&str, u64); 5] = [
    ("adverse event", 30),
    ("withdrawal by subject", 36),
    ("lost to follow-up", 20),
    ("lack of efficacy", 9),
    ("protocol deviation", 5),
];

/// How things stand with a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// Not yet randomised.
    Screening,
    /// Did not fit.
    ScreenFailure,
    /// Gets the treatment.
    Treatment,
    /// Has had it.
    FollowUp,
    /// Has come to the end.
    Completed,
    /// Has left before.
    Withdrawn,
    /// Has died before.
    Died,
}

impl Status {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Screening => "screening",
            Self::ScreenFailure => "screen failure",
            Self::Treatment => "on treatment",
            Self::FollowUp => "in follow-up",
            Self::Completed => "completed",
            Self::Withdrawn => "withdrawn",
            Self::Died => "died",
        }
    }
}

/// A patient who takes part in a trial.
#[derive(Debug, Clone, Copy)]
pub struct Participant {
    /// The patient's dates.
    pub life: Life,
    /// The trial.
    pub trial: Trial,
    /// Index of the arm, of those who were randomised.
    pub arm: Option<usize>,
    /// When he or she agreed to take part.
    pub consented: i32,
    /// When he or she was randomised and got the first dose.
    pub randomised: Option<i32>,
    /// The last day of treatment so far.
    pub treated_until: Option<i32>,
    /// Status at `as_of`.
    pub status: Status,
    /// When he or she completed, left or died.
    pub left: Option<i32>,
    /// Why he or she left, of those who did.
    pub reason: Option<&'static str>,
    /// The last day of which the trial knows: nothing is recorded after.
    pub until: i32,
    /// A draw, for further facts.
    pub entropy: u64,
}

impl Participant {
    /// The arm, of those who were randomised.
    pub fn arm(&self) -> Option<&'static Arm> {
        self.arm.and_then(|arm| self.trial.arms.get(arm))
    }

    /// Number of the site, from 1.
    pub const fn site(&self) -> u64 {
        1 + below(remix(self.entropy ^ 2), 12)
    }

    /// Number within the trial.
    pub const fn number(&self) -> u64 {
        self.life.unit % BLOCK + 1
    }

    /// The day of the study: the first dose is on day 1, the day before is day -1.
    pub fn study_day(&self, day: i32) -> Option<i32> {
        self.randomised.map(|first| {
            let days = day - first;
            if days >= 0 { days + 1 } else { days }
        })
    }
}

/// How many patients of a group are looked at, until one is asked.
const LOOKS: u32 = 5;
/// From this age on a patient is looked at for each trial, before for one.
const ELDER: u32 = 40;

impl Research {
    /// The place in the block of the trial that a patient is asked for, if looked at: one whose disease the
    /// patient probably has.
    #[inline]
    fn place_for(&self, unit: u64, studies: &[&'static Study; STUDIES]) -> Option<u64> {
        let (age, sex) = self.world.patients.age_and_sex(unit);
        let entropy = self.asked.draw(!unit);
        // The young seldom have any of the diseases.
        let tried = if age < ELDER { 1 } else { TRIALS };
        (0..tried)
            .map(|k| entropy.wrapping_add(k) % TRIALS)
            .find(|&place| {
                let study = studies[usize::try_from(place).unwrap_or(0)];
                let ages = study.ages.0.unsigned_abs()..=study.ages.1.unsigned_abs();
                ages.contains(&age) && self.world.is_likely(study.disease, unit, age, sex)
            })
    }

    /// The patient of a group who is asked, if any.
    #[inline]
    fn asked_of(&self, group: u64) -> Option<u64> {
        let studies = self.studies(group * GROUP / BLOCK);
        let mut entropy = self.asked.draw(group);
        for _ in 0..LOOKS {
            let unit = group * GROUP + entropy % GROUP;
            if self.place_for(unit, &studies).is_some() {
                return Some(unit);
            }
            entropy >>= 4;
        }
        None
    }

    /// The first patient from a number on who is asked whether to take part in a trial, and a later one
    /// before whom nobody else is.
    #[inline]
    pub fn next_asked(&self, unit: u64) -> (u64, u64) {
        let mut group = unit / GROUP;
        loop {
            let next = (group + 1) * GROUP;
            if let Some(asked) = self.asked_of(group).filter(|asked| *asked >= unit) {
                return (asked, next);
            }
            group += 1;
        }
    }

    /// The patient's part in a trial, if any.
    #[inline]
    pub fn participant(&self, unit: u64) -> Option<Participant> {
        let asked = self.asked_of(unit / GROUP) == Some(unit);
        asked.then(|| self.asked_to_take_part(unit)).flatten()
    }

    /// The part in a trial, if any, of a patient of whom [`Self::next_asked`] says that he or she is asked.
    #[inline]
    pub fn asked_to_take_part(&self, unit: u64) -> Option<Participant> {
        let block = unit / BLOCK;
        let place = self.place_for(unit, &self.studies(block))?;
        let trial = self.trial(block * TRIALS + place);
        let life = self.world.life(unit);
        let entropy = remix(self.asked.draw(!unit));
        let consented = self.fits(&trial, &life, entropy)?;
        let mut participant = Participant {
            life,
            trial,
            arm: None,
            consented,
            randomised: None,
            treated_until: None,
            status: Status::Screening,
            left: None,
            reason: None,
            until: life.end,
            entropy: remix(entropy),
        };
        self.follow(&mut participant);
        Some(participant)
    }

    /// A day on which a trial recruits and the patient can take part.
    #[inline]
    fn fits(&self, trial: &Trial, life: &Life, entropy: u64) -> Option<i32> {
        let study = trial.study;
        // Alive at the end of the day.
        let last = life.death.map_or(self.world.as_of, |death| death - 1);
        let (mut from, mut to) = (
            trial.started.max(life.registered_day),
            trial.recruits_until.min(last),
        );
        if from > to || study.sex.is_some_and(|sex| sex != life.sex) {
            return None;
        }
        let (onset, end) = Courses::new(&self.world, life).of(study.disease)?;
        from = from.max(onset + DIAGNOSED);
        to = to.min(end.map_or(to, |end| end - 1));
        if from > to {
            return None;
        }
        let period = u64::from((to - from + 1).unsigned_abs());
        let day = from + i32::try_from(below(entropy, period)).unwrap_or(0);
        let age = life.age_on(day);
        let (youngest, oldest) = study.ages;
        let fits = age >= f64::from(youngest)
            && age < f64::from(oldest + 1)
            && !(life.sex == Sex::Female && self.world.may_be_pregnant(life, day));
        fits.then_some(day)
    }

    /// What happens after consent, until the patient's last day.
    fn follow(&self, participant: &mut Participant) {
        let (life, trial) = (participant.life, participant.trial);
        let entropy = remix(participant.entropy ^ 3);
        let days = |entropy: u64, n: i32| {
            let n = u64::from(n.max(1).unsigned_abs());
            i32::try_from(below(entropy, n)).unwrap_or(0)
        };
        let screened =
            participant.consented + SCREENING + days(entropy, SCREENING_MOST - SCREENING + 1);
        let fails = below(remix(entropy), 100) < SCREEN_FAILURE;
        if life.death.is_some_and(|death| death <= screened) {
            participant.status = Status::Died;
            participant.left = life.death;
            return;
        }
        if screened > life.end {
            return;
        }
        if fails {
            participant.status = Status::ScreenFailure;
            participant.left = Some(screened);
            participant.until = screened;
            return;
        }
        participant.randomised = Some(screened);
        participant.arm = Some(self.allocate(&trial, life.unit));
        let treated = screened + trial.treatment_days();
        let ends = treated + FOLLOW_UP;
        let more = remix(entropy ^ 1);
        let leaves = (below(more, 1_000) < DROPOUT)
            .then(|| screened + 3 + days(remix(more), trial.treatment_days() - 3));
        let last = leaves.unwrap_or(ends);
        if let Some(death) = life.death.filter(|death| *death <= last) {
            participant.status = Status::Died;
            participant.left = Some(death);
            participant.until = death;
            participant.treated_until = Some(death.min(treated));
            return;
        }
        if last > life.end {
            // Not over yet.
            participant.status = if life.end <= treated {
                Status::Treatment
            } else {
                Status::FollowUp
            };
            participant.treated_until = Some(life.end.min(treated));
            return;
        }
        participant.until = last;
        participant.left = Some(last);
        participant.treated_until = Some(last.min(treated));
        participant.status = Status::Completed;
        if leaves.is_some() {
            participant.status = Status::Withdrawn;
            let mut place = below(remix(more ^ 1), REASONS.iter().map(|r| r.1).sum());
            for (reason, weight) in REASONS {
                if place < weight {
                    participant.reason = Some(reason);
                    break;
                }
                place -= weight;
            }
        }
    }
}
