//! Adverse events: what befell participants, how badly, and whether it had to do with the treatment.
//!
//! Terms are names of the NCI's Common Terminology Criteria for Adverse Events (CTCAE) 5.0, grades go from 1
//! to 5. Grade 5 is death: whoever dies while taking part has exactly one such event, which ends on that
//! day, and nobody else has one.

use std::sync::LazyLock;

use super::super::disease::Disease;
use super::{Participant, Research, Status, Treatment};
use crate::dictionary::Weighted;
use crate::entropy::{below, remix, unit};
use crate::generator::data::{AdverseEventTerm, HEALTHCARE_ADVERSE_EVENTS};

/// Events of a participant are numbered below this; of those drawn, the last two are left free.
const EVENTS: u64 = 64;
/// The event because of which a participant left.
const LEADING_TO_WITHDRAWAL: u64 = EVENTS - 2;
/// The event of which a participant died.
const FATAL: u64 = EVENTS - 1;

/// Terms of fatal events with weights (estimate).
const DEADLY: [(&str, u64); 7] = [
    ("Myocardial infarction", 24),
    ("Heart failure", 18),
    ("Stroke", 14),
    ("Sepsis", 16),
    ("Lung infection", 16),
    ("Thromboembolic event", 8),
    ("Acute kidney injury", 4),
];

/// Whether the physician thinks that the treatment caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// No.
    None,
    /// Hardly.
    Unlikely,
    /// Perhaps.
    Possible,
    /// Yes.
    Related,
}

impl Relation {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "not related",
            Self::Unlikely => "unlikely related",
            Self::Possible => "possibly related",
            Self::Related => "related",
        }
    }
}

/// How it went on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is over.
    Recovered,
    /// It is over, but something stays.
    Sequelae,
    /// It gets better.
    Recovering,
    /// It goes on.
    NotRecovered,
    /// Death.
    Fatal,
}

impl Outcome {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recovered => "recovered",
            Self::Sequelae => "recovered with sequelae",
            Self::Recovering => "recovering",
            Self::NotRecovered => "not recovered",
            Self::Fatal => "fatal",
        }
    }
}

/// What was done with the treatment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Nothing.
    Unchanged,
    /// Less of it.
    Reduced,
    /// A pause.
    Interrupted,
    /// The end of it.
    Withdrawn,
    /// There was none on that day.
    NotApplicable,
}

impl Action {
    /// The word in the column.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "dose not changed",
            Self::Reduced => "dose reduced",
            Self::Interrupted => "drug interrupted",
            Self::Withdrawn => "drug withdrawn",
            Self::NotApplicable => "not applicable",
        }
    }
}

/// An adverse event.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    /// The patient.
    pub unit: u64,
    /// Its number within the participant.
    pub number: u32,
    /// What.
    pub term: &'static AdverseEventTerm,
    /// 1 to 5.
    pub grade: i16,
    /// Whether it is serious: deadly, life-threatening, or a reason for a stay in hospital.
    pub serious: bool,
    /// Whether the treatment caused it.
    pub relation: Relation,
    /// What was done with the treatment.
    pub action: Action,
    /// How it went on.
    pub outcome: Outcome,
    /// First day.
    pub started: i32,
    /// Last day, if it is over.
    pub ended: Option<i32>,
}

struct Tables {
    /// Terms without and with the drug.
    terms: [Weighted; 2],
    /// Events in a year without and with the drug.
    yearly: [f64; 2],
    grades: Vec<Weighted>,
    deadly: Weighted,
    /// Terms of [`DEADLY`] as indexes, and the progress of a disease at the end.
    deadly_terms: Vec<usize>,
}

static TABLES: LazyLock<Tables> = LazyLock::new(|| {
    let terms = HEALTHCARE_ADVERSE_EVENTS;
    let weights = [false, true].map(|drug| {
        let weight = |term: &AdverseEventTerm| {
            term.per_thousand_years * if drug { term.drug_percent } else { 100 }
        };
        terms.iter().map(weight).collect::<Vec<_>>()
    });
    let index = |name: &str| terms.iter().position(|term| term.term == name).unwrap_or(0);
    #[expect(clippy::cast_precision_loss, reason = "a small number")]
    let yearly = [0, 1].map(|drug| weights[drug].iter().sum::<u64>() as f64 / 100_000.0);
    Tables {
        terms: [Weighted::new(&weights[0]), Weighted::new(&weights[1])],
        yearly,
        grades: terms
            .iter()
            .map(|t| Weighted::new(&[t.grade1, t.grade2, t.grade3, t.grade4]))
            .collect(),
        deadly: Weighted::new(&DEADLY.map(|term| term.1)),
        deadly_terms: DEADLY
            .iter()
            .map(|term| index(term.0))
            .chain([index("Disease progression")])
            .collect(),
    }
});

impl Research {
    /// Adds the adverse events of a participant to `out`, by their first day.
    pub fn events(&self, participant: &Participant, out: &mut Vec<Event>) {
        let start = out.len();
        let first = participant.life.unit * EVENTS;
        let on_drug = matches!(
            participant.arm().map(|arm| arm.treatment),
            Some(Treatment::Drug(_))
        );
        let days = f64::from(participant.until - participant.consented + 1);
        let entropy = self.event.draw(!participant.life.unit);
        // Some have hardly any, some have many.
        let luck = unit(entropy);
        let expected =
            TABLES.yearly[usize::from(on_drug)] * days / 365.0 * (0.25 + 2.25 * luck * luck);
        let count = floor(expected + unit(remix(entropy))).min(EVENTS - 2);
        for number in 0..count {
            let event = Self::event(
                participant,
                number,
                self.event.draw(first + number),
                on_drug,
            );
            out.push(event);
        }
        if participant.reason == Some("adverse event") {
            let entropy = self.event.draw(first + LEADING_TO_WITHDRAWAL);
            out.push(Self::withdrawing(participant, entropy, on_drug));
        }
        if participant.status == Status::Died {
            let entropy = self.event.draw(first + FATAL);
            out.push(Self::fatal(participant, entropy));
        }
        let events = out.get_mut(start..).unwrap_or_default();
        events.sort_unstable_by_key(|event| (event.started, event.number));
    }

    fn event(participant: &Participant, number: u64, entropy: u64, on_drug: bool) -> Event {
        let span = participant.until - participant.consented + 1;
        let more = remix(entropy);
        let started = participant.consented + below_days(more, span);
        let treated = is_treated(participant, started);
        let index = TABLES.terms[usize::from(on_drug && treated)].pick(entropy);
        let term = &HEALTHCARE_ADVERSE_EVENTS[index];
        let third = remix(more);
        let grade = i16::try_from(TABLES.grades[index].pick(third)).unwrap_or(0) + 1;
        let days = i32::try_from(term.days).unwrap_or(1);
        // A third to one and two thirds of the mean.
        let ends = started + days / 3 + below_days(remix(third), days * 4 / 3 + 1);
        let fourth = remix(third ^ 1);
        let ended = (ends <= participant.until && fourth & 15 > 0).then_some(ends);
        let outcome = match ended {
            Some(_) if grade >= 3 && fourth >> 4 & 15 == 0 => Outcome::Sequelae,
            Some(_) => Outcome::Recovered,
            None if fourth >> 8 & 3 < 2 => Outcome::Recovering,
            None => Outcome::NotRecovered,
        };
        let action = match (treated, grade, fourth >> 12 & 15) {
            (false, _, _) => Action::NotApplicable,
            (true, 3.., 0..5) => Action::Interrupted,
            (true, 3.., 5..8) | (true, 2, 0) => Action::Reduced,
            _ => Action::Unchanged,
        };
        Event {
            unit: participant.life.unit,
            number: u32::try_from(number).unwrap_or(0),
            term,
            grade,
            // Half of those of grade 3 need a stay in hospital.
            serious: grade >= 4 || grade == 3 && fourth >> 16 & 1 == 1,
            relation: relation(term, on_drug && treated, treated, remix(fourth)),
            action,
            outcome,
            started,
            ended,
        }
    }

    /// The event because of which a participant left: begun on the days before.
    fn withdrawing(participant: &Participant, entropy: u64, on_drug: bool) -> Event {
        let mut event = Self::event(participant, LEADING_TO_WITHDRAWAL, entropy, on_drug);
        let first = participant.randomised.unwrap_or(participant.consented);
        event.started = (participant.until - 1 - below_days(remix(entropy ^ 2), 10)).max(first);
        event.ended = None;
        event.outcome = Outcome::Recovering;
        event.action = Action::Withdrawn;
        event.grade = event
            .grade
            .max(2)
            .min(i16::try_from(event.term.highest_grade).unwrap_or(5));
        event.serious |= event.grade >= 4;
        event.relation = if on_drug {
            Relation::Related
        } else {
            Relation::Possible
        };
        event
    }

    /// The event of which a participant died.
    fn fatal(participant: &Participant, entropy: u64) -> Event {
        let mut event = Self::event(participant, FATAL, entropy, false);
        let cancer = matches!(
            participant.trial.study.disease,
            Disease::BreastCancer | Disease::ProstateCancer
        );
        // In trials of cancer most die of it.
        let place = if cancer && entropy & 3 > 0 {
            DEADLY.len()
        } else {
            TABLES.deadly.pick(remix(entropy ^ 3))
        };
        event.term = &HEALTHCARE_ADVERSE_EVENTS[TABLES.deadly_terms[place]];
        let days = below_days(remix(entropy ^ 4), 12);
        event.started = (participant.until - days).max(participant.consented);
        event.ended = Some(participant.until);
        event.grade = 5;
        event.serious = true;
        event.outcome = Outcome::Fatal;
        event.action = if is_treated(participant, event.started) {
            Action::Withdrawn
        } else {
            Action::NotApplicable
        };
        event.relation = if entropy >> 8 & 15 == 0 {
            Relation::Possible
        } else {
            Relation::None
        };
        event
    }
}

/// Whether a participant was treated on a day.
fn is_treated(participant: &Participant, day: i32) -> bool {
    let first = participant.randomised.is_some_and(|first| first <= day);
    first && participant.treated_until.is_some_and(|last| day <= last)
}

/// What the drug is known for is rather thought to come from it; the blinded think so of placebo, too.
fn relation(term: &AdverseEventTerm, on_drug: bool, treated: bool, entropy: u64) -> Relation {
    if !treated {
        return Relation::None;
    }
    let known = on_drug && term.drug_percent >= 130;
    let [related, possible, unlikely] = match (known, on_drug) {
        (true, _) => [28, 38, 16],
        (false, true) => [8, 24, 28],
        (false, false) => [4, 18, 28],
    };
    match below(entropy, 100) {
        n if n < related => Relation::Related,
        n if n < related + possible => Relation::Possible,
        n if n < related + possible + unlikely => Relation::Unlikely,
        _ => Relation::None,
    }
}

fn below_days(entropy: u64, n: i32) -> i32 {
    i32::try_from(below(entropy, u64::from(n.max(1).unsigned_abs()))).unwrap_or(0)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a small number that is not negative"
)]
fn floor(value: f64) -> u64 {
    value.max(0.0) as u64
}
