use std::collections::{HashMap, HashSet};

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Date32Type;

use super::*;
use crate::domain::Table;
use crate::domain::healthcare::allergies::{self, Allergies};
use crate::domain::healthcare::care::Encounter;
use crate::domain::healthcare::disease::Disease;
use crate::domain::healthcare::life::Life;
use crate::generator::data::HEALTHCARE_TREATMENTS;

fn options() -> TableOptions {
    TableOptions {
        seed: 17,
        ..Default::default()
    }
}

struct Case {
    life: Life,
    history: History,
    encounters: Vec<Encounter>,
    courses: Vec<Course>,
}

fn cases(units: std::ops::Range<u64>) -> impl Iterator<Item = Case> {
    let patients = Patients::new(&options()).unwrap();
    let treatments = Treatments::new(&patients);
    units.map(move |unit| {
        let life = patients.life(unit);
        let mut history = History::default();
        patients.history(&life, &mut history);
        let (mut encounters, mut courses) = (Vec::new(), Vec::new());
        patients.encounters(&life, &history, &mut encounters);
        treatments.courses(&life, &history, &encounters, &mut courses);
        Case {
            life,
            history,
            encounters,
            courses,
        }
    })
}

impl Case {
    /// Whether a drug of one of these classes is taken at the end.
    fn takes(&self, classes: &[&str]) -> bool {
        let takes = |c: &Course| c.stopped.is_none() && classes.contains(&c.drug().drug_class);
        self.courses.iter().any(takes)
    }
}

const ANTIHYPERTENSIVES: &[&str] = &[
    "ACE inhibitor",
    "angiotensin receptor blocker",
    "calcium channel blocker",
    "thiazide",
    "beta blocker",
];

/// Of the living with a disease, the share that takes what it calls for; sources at each.
#[test]
fn drugs_follow_diseases_as_published() {
    let mut counts: HashMap<&str, (f64, f64)> = HashMap::new();
    for case in cases(0..12_000).filter(|case| case.life.death.is_none() && case.life.age >= 20) {
        let end = case.life.end;
        let ever = |generic: &str| case.courses.iter().any(|c| c.drug().generic == generic);
        let mut count = |what, those: bool, takes: bool| {
            let count = counts.entry(what).or_default();
            count.0 += f64::from(u8::from(those));
            count.1 += f64::from(u8::from(those && takes));
        };
        let with = |disease| case.history.has_on(disease, end - 200);
        count("metformin", with(Disease::Type2Diabetes), ever("metformin"));
        count(
            "pressure",
            with(Disease::Hypertension),
            case.takes(ANTIHYPERTENSIVES),
        );
        count(
            "statin",
            with(Disease::Hyperlipidemia),
            case.takes(&["statin"]),
        );
        count(
            "thyroid",
            with(Disease::Hypothyroidism),
            case.takes(&["thyroid hormone"]),
        );
        count(
            "insulin",
            with(Disease::Type1Diabetes),
            case.takes(&["insulin"]),
        );
        count(
            "antidepressant",
            true,
            case.takes(&["SSRI", "SNRI", "antidepressant"]),
        );
    }
    for (what, published, tolerance) in [
        // Montvida et al., Diabetes Care 2018: metformin begun first by 77 percent in 2016 (from memory).
        ("metformin", 77.0, 7.0),
        // NHANES 2017-2020: of those aware of their hypertension some 80 to 85 percent take drugs (from
        // memory).
        ("pressure", 82.0, 6.0),
        // CDC: of those who could benefit 54.5 percent take cholesterol drugs (NHANES 2013-2016, from
        // memory); those diagnosed somewhat more.
        ("statin", 57.0, 7.0),
        // Nearly all: hormone replacement is the only treatment.
        ("thyroid", 86.0, 9.0),
        ("insulin", 98.0, 8.0),
        // NCHS Data Brief 377: 13.2 percent of adults, 2015-2018 (from memory).
        ("antidepressant", 13.2, 4.0),
    ] {
        let (all, those) = counts[what];
        assert!(all > 30.0, "{what}: {all}");
        let share = 100.0 * those / all;
        assert!(
            (share - published).abs() < tolerance,
            "{what}: {share:.1}, published {published}"
        );
    }
}

/// Onset before treatment, treatment at an encounter, nothing before birth or after the last day.
#[test]
fn time_runs_forward() {
    let mut at_diagnosis = 0;
    for case in cases(0..4_000) {
        for course in &case.courses {
            let condition = &case.history.conditions[usize::from(course.condition)];
            assert!(
                condition.onset <= course.started,
                "{:?} before onset",
                course.drug().generic
            );
            assert!(
                condition
                    .abatement
                    .is_none_or(|over| course.started <= over)
            );
            assert!(course.started <= case.life.end);
            if let Some(stopped) = course.stopped {
                assert!(course.started <= stopped && stopped <= case.life.end);
                assert!(
                    stopped >= case.life.registered_day,
                    "over before registration"
                );
            }
            let own = |e: &&Encounter| e.ordinal == course.encounter;
            let encounter = case.encounters.iter().find(own).unwrap();
            assert_eq!(encounter.provider, course.provider);
            if course.started >= case.life.registered_day {
                assert_eq!(encounter.day(), course.started);
            } else {
                assert_eq!(course.encounter, 0, "recorded at registration");
            }
            at_diagnosis += usize::from(condition.encounter == course.encounter);
        }
    }
    assert!(at_diagnosis > 4_000, "{at_diagnosis}");
}

/// Nothing that the patient is allergic to, too young for, or that a pregnancy or disease forbids; no two
/// drugs of one class at a time.
#[test]
fn nothing_is_contraindicated() {
    let allergic = Allergies::new(options().seed);
    let (mut pregnancies, mut resumed, mut spared) = (0, 0, 0);
    for case in cases(0..10_000) {
        let bits = allergic.drugs(&case.life);
        spared += usize::from(bits != 0);
        for course in &case.courses {
            let drug = course.drug();
            let end = course.stopped.unwrap_or(i32::MAX);
            assert_eq!(
                bits & allergies::rules_out(drug.drug_class),
                0,
                "{} allergic",
                drug.generic
            );
            let age = case.life.age_on(course.started);
            assert!(
                age + 0.01 >= drug.min_age as f64,
                "{} at {age:.1}",
                drug.generic
            );
            for condition in &case.history.conditions {
                let over = condition.abatement.unwrap_or(i32::MAX);
                let overlaps = condition.onset <= end && course.started < over;
                let forbids = match condition.disease {
                    Disease::Pregnancy => {
                        pregnancies += 1;
                        resumed += usize::from(course.started > over);
                        'P'
                    }
                    Disease::Ckd4 | Disease::Ckd5 => 'K',
                    Disease::Asthma => 'A',
                    Disease::Epilepsy => 'E',
                    _ => continue,
                };
                let ruled_out = overlaps && drug.avoid.contains(forbids);
                assert!(!ruled_out, "{} with {:?}", drug.generic, condition.disease);
            }
            if drug.generic == "isotretinoin" || drug.drug_class == "ACE inhibitor" {
                assert!(drug.avoid.contains('P'));
            }
        }
        let open = case.courses.iter().filter(|c| c.stopped.is_none());
        let mut classes = HashSet::new();
        for course in open
            .filter(|c| !["insulin", "vitamin", "anticonvulsant"].contains(&c.drug().drug_class))
        {
            let class = course.drug().drug_class;
            assert!(classes.insert(class), "two of class {class} at a time");
        }
        assert!(
            !(classes.contains("ACE inhibitor")
                && classes.contains("angiotensin receptor blocker")),
            "an ACE inhibitor and a receptor blocker"
        );
    }
    assert!(
        pregnancies > 500 && resumed > 100 && spared > 2_000,
        "{pregnancies} {resumed} {spared}"
    );
}

#[test]
fn rows_have_their_shapes() {
    let batch = table(&options()).unwrap().batch(0..3_000).unwrap();
    let text = |name| batch.column_by_name(name).unwrap().as_string::<i32>();
    let date = |name| {
        batch
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Date32Type>()
    };
    let (ndc, status, generic, reason) = (
        text("ndc"),
        text("status"),
        text("generic_name"),
        text("reason_code"),
    );
    let (started, stopped) = (date("started_on"), date("stopped_on"));
    let mut products: HashMap<&str, &str> = HashMap::new();
    for row in 0..batch.num_rows() {
        let code = ndc.value(row);
        let parts: Vec<&str> = code.split('-').collect();
        assert_eq!(
            parts.iter().map(|p| p.len()).collect::<Vec<_>>(),
            [5, 4, 2],
            "{code}"
        );
        assert_eq!(parts[0], "00000", "labeler never assigned");
        assert!(parts.concat().bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(
            products.entry(code).or_insert(generic.value(row)),
            &generic.value(row)
        );
        match status.value(row) {
            "active" => assert!(stopped.is_null(row)),
            "completed" | "stopped" => assert!(stopped.value(row) >= started.value(row)),
            other => panic!("{other}"),
        }
        assert!(reason.value(row).len() >= 3);
    }
    let mean = batch.num_rows() as f64 / 3_000.0;
    assert!(
        (mean / FAN_OUT.mean() - 1.0).abs() < 0.15,
        "{mean} medications a patient"
    );
    // All drugs of the file are prescribed for something.
    let used: HashSet<&str> = HEALTHCARE_TREATMENTS.iter().map(|t| t.generic).collect();
    for drug in HEALTHCARE_DRUGS {
        assert!(used.contains(drug.generic), "{}", drug.generic);
        assert!(
            drug.weight > 0 && drug.days > 0 && drug.quantity > 0,
            "{}",
            drug.generic
        );
    }
    for treatment in HEALTHCARE_TREATMENTS {
        assert!(
            HEALTHCARE_DRUGS
                .iter()
                .any(|d| d.generic == treatment.generic),
            "{treatment:?}"
        );
        assert!(
            Disease::ALL.iter().any(|d| d.key() == treatment.disease),
            "{treatment:?}"
        );
        assert!(
            treatment.share <= 100 && treatment.from_day <= treatment.to_day,
            "{treatment:?}"
        );
    }
}
