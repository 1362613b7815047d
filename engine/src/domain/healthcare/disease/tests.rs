//! The model is whole, time runs forward, and prevalences are the published ones.

use super::*;
use crate::domain::TableOptions;
use crate::domain::healthcare::life::World;
use crate::generator::data::HEALTHCARE_OCCURRENCE;
use crate::generator::name::Sex;
use model::{Course, by_age};

fn world(seed: u64) -> World {
    World::new(&TableOptions {
        seed,
        ..Default::default()
    })
    .unwrap()
}

#[test]
fn data_and_code_agree() {
    let keys: Vec<&str> = Disease::ALL.iter().map(|d| d.key()).collect();
    let rows: Vec<&str> = HEALTHCARE_DISEASES.iter().map(|d| d.key).collect();
    assert_eq!(keys, rows);
    assert!(keys.len() <= 128, "History keeps a bit for each");
    for (disease, model) in Disease::ALL.iter().zip(&TABLES.diseases) {
        let facts = disease.facts();
        let key = facts.key;
        assert!(Specialty::from_key(facts.specialty).is_some(), "{key}");
        let parents = [facts.parent, facts.second_parent];
        for (parent, weight) in parents.iter().zip(model.parents.map(|p| p.1)) {
            assert_eq!(parent.is_empty(), weight == 0.0, "{key}: parent {parent}");
        }
        let codes: Vec<_> = HEALTHCARE_DISEASE_CODES
            .iter()
            .filter(|c| c.key == key)
            .collect();
        assert_eq!(codes.len(), model.codes.1.len(), "{key}");
        assert!(!codes.is_empty() && code(model.codes.0).key == key, "{key}");
        assert_eq!(
            HEALTHCARE_OCCURRENCE.iter().any(|o| o.key == key),
            matches!(model.course, Course::Liability | Course::Acute),
            "{key}"
        );
        assert_eq!(
            disease.is_chronic(),
            matches!(model.course, Course::Liability | Course::Rule),
            "{key}"
        );
        let shares = facts.at_emergency + facts.at_inpatient + facts.at_virtual;
        assert!((0.0..=1.0).contains(&shares), "{key}");
        // Only a stage shares all of its liability with its parent.
        assert_eq!(
            model.own < 0.01,
            model.parents[0].1 == 1.0,
            "{key}: {}",
            model.own
        );
    }
    for row in HEALTHCARE_OCCURRENCE {
        assert!(keys.contains(&row.key), "{}", row.key);
    }
}

/// A chronic disease's prevalence rises with age, then may fall: otherwise someone would have it twice.
/// What is called lifelong never falls.
#[test]
fn prevalence_has_one_peak() {
    for disease in &Disease::ALL[..CHRONIC] {
        for sex in [Sex::Female, Sex::Male] {
            let curve = by_age(disease.key(), sex);
            let peak = (0..curve.len()).fold(
                0,
                |top, age| if curve[age] > curve[top] { age } else { top },
            );
            assert!(curve[..=peak].is_sorted(), "{disease:?} {sex:?}");
            assert!(
                curve[peak..].is_sorted_by(|a, b| a >= b),
                "{disease:?} {sex:?}"
            );
            assert!(
                disease.facts().course != "lifelong" || curve[peak] == curve[curve.len() - 1],
                "{disease:?} {sex:?}"
            );
        }
    }
}

#[test]
fn time_runs_forward() {
    let world = world(3);
    let mut history = History::default();
    for unit in 0..4_000 {
        let life = world.life(unit);
        world.history(&life, &mut history);
        let mut incident = 0;
        for (place, condition) in history.conditions.iter().enumerate() {
            assert_eq!(usize::from(condition.ordinal), place);
            assert!(
                life.birth <= condition.onset && condition.onset <= life.end,
                "{condition:?}"
            );
            assert!(
                condition
                    .abatement
                    .is_none_or(|end| condition.onset <= end && end <= life.end)
            );
            assert!(history.has(condition.disease));
            assert_eq!(code(condition.code).key, condition.disease.key());
            if condition.is_incident() {
                incident += 1;
                assert!(condition.onset >= life.registered_day);
                assert_eq!(condition.encounter, incident);
            } else {
                assert!(condition.onset < life.registered_day);
            }
        }
        assert_eq!(history.incident(), incident);
        for (earlier, later) in [
            (Disease::Prediabetes, Disease::Type2Diabetes),
            (Disease::Ckd3, Disease::Ckd4),
            (Disease::Ckd4, Disease::Ckd5),
            (Disease::Pregnancy, Disease::Delivery),
        ] {
            if let Some(later) = history.first(later) {
                let earlier = history.first(earlier).unwrap();
                assert!(earlier.onset <= later.onset, "{earlier:?} {later:?}");
            }
        }
        let both = history.has(Disease::Type1Diabetes) && history.has(Disease::Type2Diabetes);
        assert!(!both, "patient {unit} has two types of diabetes");
    }
}
