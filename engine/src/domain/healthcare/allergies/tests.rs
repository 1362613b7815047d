use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;

use super::*;
use crate::domain::Table;

const PATIENTS: u64 = 60_000;

fn options() -> TableOptions {
    TableOptions {
        seed: 23,
        ..Default::default()
    }
}

/// The share of patients of some age with an active allergy to one of these, in percent.
fn share(ages: std::ops::Range<i32>, allergens: &[&str]) -> f64 {
    let patients = Patients::new(&options()).unwrap();
    let allergies = Allergies::new(options().seed);
    let (mut all, mut with) = (0, 0);
    for unit in 0..PATIENTS {
        let life = patients.life(unit);
        if life.death.is_none() && ages.contains(&((life.end - life.birth) / 365)) {
            all += 1;
            let mut has = false;
            allergies.each(&life, |a| {
                has |= !a.outgrown && allergens.contains(&a.of().name);
            });
            with += usize::from(has);
        }
    }
    100.0 * with as f64 / f64::from(all)
}

/// Prevalences as published, with a tolerance of a quarter (sampling error and the spread between
/// surveys). Drugs: Zhou et al., Allergy 2016 (records of 1.8 million patients: penicillins 12.8,
/// sulfonamides 7.4, opiates 6.8, NSAIDs 3.5; a hospital's patients are older and sicker than the
/// population, hence adults here) and CDC (about 10 percent of all report penicillin). Food: Gupta et
/// al., Pediatrics 2018 (children: peanut 2.2, milk 1.9, shellfish 1.3, tree nut 1.2), JAMA Network
/// Open 2019 (adults: shellfish 2.9, milk 1.9, peanut 1.8).
#[test]
fn prevalences_are_as_published() {
    for (allergen, published, ages) in [
        ("Penicillin", 10.0, 0..120),
        ("Penicillin", 12.8, 30..120),
        ("Sulfonamide antibiotics", 7.4, 30..120),
        ("Opioids", 6.8, 40..120),
        ("NSAIDs", 3.5, 30..120),
        ("Peanut", 2.2, 0..18),
        ("Milk", 1.9, 0..18),
        ("Shellfish", 1.3, 5..18),
        ("Tree nuts", 1.2, 0..18),
        ("Shellfish", 2.9, 30..120),
        ("Milk", 1.9, 18..120),
        ("Peanut", 1.8, 18..120),
    ] {
        let found = share(ages.clone(), &[allergen]);
        assert!(
            (found / published - 1.0).abs() < 0.25,
            "{allergen} at {ages:?}: {found:.2} percent, published {published}"
        );
    }
}

/// Over a third of the patients have a drug allergy on record (Zhou et al. 2016: 35.5 percent).
#[test]
fn a_third_of_older_adults_has_a_drug_allergy() {
    let drugs: Vec<&str> = LIST
        .iter()
        .filter(|a| a.category == "medication")
        .map(|a| a.name)
        .collect();
    let found = share(45..120, &drugs);
    assert!((28.0..42.0).contains(&found), "{found:.1}");
}

#[test]
fn onset_lies_within_life_and_anaphylaxis_is_severe() {
    let patients = Patients::new(&options()).unwrap();
    let allergies = Allergies::new(options().seed);
    for unit in 0..20_000 {
        let life = patients.life(unit);
        let mut bits = 0;
        allergies.each(&life, |allergy| {
            assert!(life.birth < allergy.onset && allergy.onset <= life.end);
            assert!(!allergy.outgrown || life.end - life.birth > 18 * 365);
            if allergy.reaction() == "Anaphylaxis" {
                assert_eq!(
                    (allergy.severity(), allergy.criticality()),
                    ("severe", "high")
                );
            }
            bits |= 1 << allergy.allergen;
        });
        assert_eq!(bits, allergies.drugs(&life));
    }
    assert_eq!(rules_out("penicillin").count_ones(), 1);
    assert_eq!(rules_out("statin").count_ones(), 1);
    assert_eq!(rules_out("biguanide"), 0);
}

#[test]
fn words_are_of_their_lists() {
    let batch = table(&options()).unwrap().batch(0..5_000).unwrap();
    let text = |name| {
        batch
            .column_by_name(name)
            .unwrap()
            .as_string::<i32>()
            .clone()
    };
    let (category, kind, status) = (
        text("category"),
        text("allergy_type"),
        text("clinical_status"),
    );
    for row in 0..batch.num_rows() {
        assert!(["food", "medication", "environment", "biologic"].contains(&category.value(row)));
        assert!(["allergy", "intolerance"].contains(&kind.value(row)));
        assert!(["active", "resolved"].contains(&status.value(row)));
    }
    let onset = batch
        .column_by_name("onset_date")
        .unwrap()
        .as_primitive::<Date32Type>();
    assert_eq!(onset.null_count(), 0);
    let mean = batch.num_rows() as f64 / 5_000.0;
    assert!(
        (mean / FAN_OUT.mean() - 1.0).abs() < 0.1,
        "{mean} allergies a patient"
    );
}
