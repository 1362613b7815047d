//! Trials hold together with the patients, run forward in time, and follow the published figures.

use std::collections::{HashMap, HashSet};

use super::super::disease::History;
use super::*;
use crate::calendar::parse_date;
use crate::generator::data::HEALTHCARE_ADVERSE_EVENTS;

fn research(seed: u64) -> Research {
    Research::new(&TableOptions {
        seed,
        ..Default::default()
    })
    .unwrap()
}

fn participants(research: &Research, patients: u64) -> Vec<Participant> {
    (0..patients)
        .filter_map(|unit| research.participant(unit))
        .collect()
}

#[test]
fn participants_have_the_disease_and_the_age() {
    let research = research(5);
    let all = participants(&research, 20_000);
    assert!(all.len() > 400, "{}", all.len());
    let mut history = History::default();
    for participant in &all {
        let Participant {
            life,
            trial,
            consented,
            ..
        } = participant;
        assert_eq!(trial.number / TRIALS, life.unit / BLOCK);
        assert!((trial.started..=trial.recruits_until).contains(consented));
        assert!(life.registered_day <= *consented && *consented <= participant.until);
        research.world.history(life, &mut history);
        assert!(
            history.has_on(trial.study.disease, *consented),
            "{:?}",
            trial.study.disease
        );
        let age = life.age_on(*consented);
        let (youngest, oldest) = trial.study.ages;
        assert!(age >= f64::from(youngest) && age < f64::from(oldest + 1));
        assert!(trial.study.sex.is_none_or(|sex| sex == life.sex));
    }
}

/// Whoever takes part is found by going from one who is asked to the next, wherever one begins.
#[test]
fn nobody_who_takes_part_is_passed_over() {
    let research = research(13);
    let mut asked = HashSet::new();
    let mut from = 0;
    while from < 12_000 {
        let (unit, later) = research.next_asked(from);
        assert!(from <= unit && unit < later);
        for between in [from, unit.saturating_sub(1).max(from), unit] {
            assert_eq!(research.next_asked(between).0, unit);
        }
        assert!(research.next_asked(unit + 1).0 >= later);
        asked.insert(unit);
        from = later;
    }
    let all = participants(&research, 12_000);
    assert!(
        all.iter()
            .all(|participant| asked.contains(&participant.life.unit))
    );
    // Most of those who are asked do: nothing else is worked out for the others.
    assert!(
        all.len() * 3 > asked.len(),
        "{} of {}",
        all.len(),
        asked.len()
    );
}

#[test]
fn time_runs_forward() {
    for as_of in ["2026-01-01", "2019-07-15"] {
        let options = TableOptions {
            seed: 6,
            as_of: parse_date(as_of).unwrap(),
            ..Default::default()
        };
        let research = Research::new(&options).unwrap();
        let mut events = Vec::new();
        for participant in participants(&research, 12_000) {
            let p = &participant;
            let last = p.life.death.unwrap_or(options.as_of).min(options.as_of);
            assert!(p.until <= last, "nothing after death or as_of");
            if let Some(first) = p.randomised {
                assert!(p.consented < first && first <= p.until);
                assert!(
                    p.treated_until
                        .is_some_and(|day| first <= day && day <= p.until)
                );
            }
            assert_eq!(p.randomised.is_some(), p.arm.is_some());
            assert!(p.left.is_none_or(|day| day == p.until));
            assert_eq!(p.reason.is_some(), p.status == Status::Withdrawn);
            let (mut before, mut number) = (i32::MIN, 0);
            let baseline = research.baseline(p);
            research.visits(p, |visit| {
                number += 1;
                assert_eq!(visit.number, number);
                assert!(!visit.name().is_empty());
                if let Some(day) = visit.took_place {
                    assert!(
                        (day - visit.due).abs() <= visit.window,
                        "visit within its window"
                    );
                    assert!(day > before && day <= p.until, "visits in order");
                    before = day;
                    let vitals = Research::vitals(&baseline, &visit);
                    assert!(vitals.systolic > vitals.diastolic);
                    let blood = Research::laboratory(&baseline, &visit);
                    assert!(blood.hba1c > 40 && blood.glucose > 50 && blood.alt > 5);
                }
            });
            events.clear();
            research.events(p, &mut events);
            assert!(events.is_sorted_by_key(|event| event.started));
            let mut numbers = HashSet::new();
            for event in &events {
                assert!(numbers.insert(event.number));
                assert!(p.consented <= event.started && event.started <= p.until);
                assert!(
                    event
                        .ended
                        .is_none_or(|day| event.started <= day && day <= p.until),
                    "{event:?}"
                );
            }
        }
    }
}

/// Grade 5 is death: one such event of whoever dies, on the patient's day of death, and no other.
#[test]
fn fatal_events_agree_with_deaths() {
    let research = research(7);
    let (mut deaths, mut events) = (0, Vec::new());
    for participant in participants(&research, 60_000) {
        events.clear();
        research.events(&participant, &mut events);
        let fatal: Vec<&Event> = events.iter().filter(|event| event.grade == 5).collect();
        for event in &events {
            let highest = event.term.highest_grade.cast_signed();
            assert!(
                i64::from(event.grade) <= highest && event.grade >= 1,
                "{event:?}"
            );
            assert_eq!(event.grade == 5, event.outcome == Outcome::Fatal);
            assert!(event.serious || event.grade < 4);
        }
        if participant.status == Status::Died {
            deaths += 1;
            assert_eq!(fatal.len(), 1);
            assert_eq!(fatal[0].ended, participant.life.death);
        } else {
            assert!(fatal.is_empty());
        }
    }
    assert!(deaths > 3, "{deaths}");
}

/// The arms of a trial are balanced: each patient of a block has a place, and places are shared out by the
/// allocation ratio, so the participants are a sample of them.
#[test]
fn arms_are_balanced() {
    let research = research(8);
    for number in 0..TRIALS {
        let trial = research.trial(number);
        let mut counts = vec![0_u64; trial.arms.len()];
        for unit in 0..BLOCK {
            counts[research.allocate(&trial, unit)] += 1;
        }
        let sum: u64 = trial.arms.iter().map(|arm| arm.ratio).sum();
        for (count, arm) in counts.iter().zip(trial.arms) {
            let exact = BLOCK as f64 * arm.ratio as f64 / sum as f64;
            assert!((*count as f64 - exact).abs() <= 2.0, "{counts:?}");
        }
    }
}

#[test]
fn trials_of_a_block_study_different_diseases() {
    let research = research(9);
    let mut numbers = HashSet::new();
    for block in 0..50 {
        let diseases: HashSet<Disease> = (0..TRIALS)
            .map(|place| research.trial(block * TRIALS + place).study.disease)
            .collect();
        assert_eq!(diseases.len() as u64, TRIALS);
        for place in 0..TRIALS {
            let trial = research.trial(block * TRIALS + place);
            assert!(numbers.insert(trial.registry_number()));
            assert!((90_000_000..100_000_000).contains(&trial.registry_number()));
        }
    }
    // Also the last trial has a number of eight digits.
    let last = super::super::LAST_PATIENT / BLOCK * TRIALS + TRIALS;
    assert!(last < 10_000_000);
}

/// Applied Clinical Trials, analysis of dropout over seven years: 19.1 percent of participants leave before
/// the end, on average over studies (looked up as quoted by 20/20 Onsite). Of those who did not die and
/// whose time would be over in any case, since who leaves has come to the end sooner than who stays;
/// standard error of 2,000: 0.9 points, bound at 3.4.
#[test]
fn dropout_follows_the_published_rate() {
    let research = research(10);
    let (mut left, mut all) = (0.0, 0.0);
    for participant in participants(&research, 100_000) {
        let stays = participant.trial.treatment_days() + FOLLOW_UP;
        let ends = participant.randomised.map(|first| first + stays);
        if ends.is_none_or(|day| day > research.world.as_of) {
            continue;
        }
        match participant.status {
            Status::Completed => all += 1.0,
            Status::Withdrawn => {
                all += 1.0;
                left += 1.0;
            }
            _ => {}
        }
    }
    let rate: f64 = left / all;
    assert!(
        all > 1_000.0 && (rate - 0.191).abs() < 0.034,
        "{rate} of {all}"
    );
}

/// Common Terminology Criteria for Adverse Events 5.0 (NCI, 2017): grades 1 to 5, some terms have no grade 4
/// or 5; most events are mild. The drug causes more of what it is known for than placebo does.
#[test]
fn drugs_have_side_effects() {
    for term in HEALTHCARE_ADVERSE_EVENTS {
        assert_eq!(term.grade1 + term.grade2 + term.grade3 + term.grade4, 100);
        assert!((2..=5).contains(&term.highest_grade), "{}", term.term);
    }
    let research = research(11);
    let mut nausea: HashMap<bool, (f64, f64)> = HashMap::new();
    let (mut grades, mut events) = ([0.0; 6], Vec::new());
    for participant in participants(&research, 80_000) {
        let (Some(arm), Some(last)) = (participant.arm(), participant.treated_until) else {
            continue;
        };
        let drug = matches!(arm.treatment, Treatment::Drug(_));
        events.clear();
        research.events(&participant, &mut events);
        let entry = nausea.entry(drug).or_default();
        entry.1 += f64::from(last - participant.consented) / 365.0;
        for event in &events {
            grades[usize::try_from(event.grade).unwrap()] += 1.0;
            entry.0 += f64::from(u8::from(event.term.term == "Nausea"));
        }
    }
    let rate = |drug: bool| nausea[&drug].0 / nausea[&drug].1;
    assert!(rate(true) > 1.2 * rate(false), "{nausea:?}");
    let total: f64 = grades.iter().sum();
    assert!(
        grades[1] / total > 0.5 && grades[3] / total < 0.12,
        "{grades:?}"
    );
}

/// A treatment works: pressure falls in trials of hypertension, more so with the drug.
#[test]
fn treatments_work() {
    let research = research(12);
    let mut change: HashMap<&str, (f64, f64)> = HashMap::new();
    for participant in participants(&research, 120_000) {
        if participant.trial.study.disease != Disease::Hypertension {
            continue;
        }
        let Some(arm) = participant.arm() else {
            continue;
        };
        let kind = if arm.treatment == Treatment::Placebo {
            "placebo"
        } else {
            "active"
        };
        let mut first = None;
        let baseline = research.baseline(&participant);
        research.visits(&participant, |visit| {
            let systolic = f64::from(Research::vitals(&baseline, &visit).systolic);
            if visit.number == 2 {
                first = Some(systolic);
            }
            if let (Some(first), 12) = (first, visit.week) {
                let sum = change.entry(kind).or_default();
                *sum = (sum.0 + systolic - first, sum.1 + 1.0);
            }
        });
    }
    let mean = |kind: &str| change[kind].0 / change[kind].1;
    assert!(mean("active") < -6.0, "{change:?}");
    assert!(
        mean("placebo") > -5.0 && mean("placebo") < 1.0,
        "{change:?}"
    );
}
