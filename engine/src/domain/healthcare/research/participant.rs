//! Who takes part in a trial, in which arm, from when to when.

use super::super::disease::{Disease, History};
use super::super::life::{BLOCK, Life};
use super::{Arm, FOLLOW_UP, Research, SCREENING, SCREENING_MOST, TRIALS, Trial};
use crate::entropy::{below, remix};

/// Of a hundred patients who are asked, so many agree (estimate).
const CONSENT: u64 = 55;
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
    /// Diabetes, hypertension and chronic kidney disease, on the day of consent.
    pub diseases: [bool; 3],
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

impl Research {
    /// The patient's part in a trial, if any.
    #[inline]
    pub fn participant(&self, unit: u64) -> Option<Participant> {
        let entropy = self.asked.draw(unit);
        if below(entropy, 100) >= CONSENT {
            return None;
        }
        let more = remix(entropy);
        let trial = self.trial(unit / BLOCK * TRIALS + more % TRIALS);
        let period = u64::from((trial.recruits_until - trial.started + 1).unsigned_abs());
        let day = trial.started + i32::try_from(below(more, period)).unwrap_or(0);
        if day > self.world.as_of {
            return None;
        }
        let life = self.world.life(unit);
        let study = trial.study;
        let (youngest, oldest) = study.ages;
        let age = life.age_on(day);
        if life.registered_day > day
            || life.death.is_some_and(|death| death <= day)
            || study.sex.is_some_and(|sex| sex != life.sex)
            || age < f64::from(youngest)
            || age >= f64::from(oldest + 1)
        {
            return None;
        }
        let mut history = History::default();
        self.world.history(&life, &mut history);
        let fits = |disease: Disease| {
            history.has(disease)
                && history.conditions.iter().any(|condition| {
                    condition.disease == disease
                        && condition.onset + 30 <= day
                        && condition.lasts_on(day)
                })
        };
        if !fits(study.disease) || history.has_on(Disease::Pregnancy, day) {
            return None;
        }
        let has = |disease: Disease| history.has_on(disease, day);
        let diseases = [
            has(Disease::Type2Diabetes) || has(Disease::Type1Diabetes),
            has(Disease::Hypertension),
            has(Disease::Ckd3) || has(Disease::Ckd4) || has(Disease::Ckd5),
        ];
        let mut participant = Participant {
            life,
            trial,
            arm: None,
            consented: day,
            randomised: None,
            treated_until: None,
            status: Status::Screening,
            left: None,
            reason: None,
            until: life.end,
            diseases,
            entropy: remix(more),
        };
        self.follow(&mut participant);
        Some(participant)
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
