//! The model is whole, time runs forward, and prevalences are the published ones.

use super::*;
use crate::calendar::date_from_days;
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

/// Most influenza activity is from December to March (CDC, the influenza season); a sprain is of any season.
#[test]
fn influenza_comes_in_winter() {
    let world = world(8);
    let mut history = History::default();
    let mut cases = [(0, 0); 2];
    for unit in 0..12_000 {
        let life = world.life(unit);
        world.history(&life, &mut history);
        for condition in &history.conditions {
            let which = match condition.disease {
                Disease::Influenza => 0,
                Disease::JointSprain => 1,
                _ => continue,
            };
            let (_, month, _) = date_from_days(condition.onset).unwrap();
            cases[which].0 += u32::from(matches!(month, 12 | 1..=3));
            cases[which].1 += 1;
        }
    }
    let [influenza, sprains] = cases.map(|(winter, all)| f64::from(winter) / f64::from(all));
    assert!(
        (0.80..0.95).contains(&influenza),
        "{influenza} of influenza in winter"
    );
    // Four of twelve months.
    assert!(
        (sprains - 0.333).abs() < 0.04,
        "{sprains} of sprains in winter"
    );
}

/// A share of the living of some ages who have a disease, as published.
struct Published {
    disease: Disease,
    sex: Option<Sex>,
    ages: std::ops::Range<f64>,
    percent: f64,
    /// Of the percentage: what the sources differ by, and the sample of 40,000.
    tolerance: f64,
}

const fn published(
    disease: Disease,
    sex: Option<Sex>,
    ages: std::ops::Range<f64>,
    percent: f64,
    tolerance: f64,
) -> Published {
    Published {
        disease,
        sex,
        ages,
        percent,
        tolerance,
    }
}

#[test]
fn prevalence_is_the_published_one() {
    use Disease::*;
    const F: Option<Sex> = Some(Sex::Female);
    const M: Option<Sex> = Some(Sex::Male);
    const ALL: Option<Sex> = None;
    let figures = [
        // CDC, National Diabetes Statistics Report 2022: 11.3 % of adults are diagnosed (28.5 million),
        // 90 to 95 % of them with type 2.
        published(Type2Diabetes, ALL, 18.0..130.0, 10.7, 0.10),
        published(Type2Diabetes, ALL, 18.0..45.0, 2.9, 0.20),
        published(Type2Diabetes, ALL, 65.0..130.0, 24.4, 0.10),
        published(Type1Diabetes, ALL, 20.0..130.0, 0.5, 0.35),
        // NCHS Data Brief 511, NHANES 2021-2023: hypertension times awareness: 6.4, 29.8, 52.8 %.
        published(Hypertension, ALL, 18.0..40.0, 6.4, 0.15),
        published(Hypertension, ALL, 40.0..60.0, 29.8, 0.08),
        published(Hypertension, ALL, 60.0..130.0, 52.8, 0.06),
        // NHIS 2021, table 4-1: current asthma.
        published(Asthma, M, 0.0..18.0, 7.3, 0.15),
        published(Asthma, F, 0.0..18.0, 5.6, 0.15),
        published(Asthma, M, 18.0..130.0, 6.2, 0.10),
        published(Asthma, F, 18.0..130.0, 9.7, 0.10),
        // BRFSS 2020, MMWR 72(24): ever diagnosed 18.4 % of adults.
        published(Depression, ALL, 18.0..130.0, 18.4, 0.08),
        // NHIS 2019, QuickStats MMWR 70(17): arthritis; other forms than osteoarthritis are about a tenth.
        published(Osteoarthritis, M, 18.0..45.0, 5.8, 0.15),
        published(Osteoarthritis, M, 45.0..65.0, 22.3, 0.12),
        published(Osteoarthritis, M, 65.0..75.0, 40.1, 0.12),
        published(Osteoarthritis, F, 18.0..45.0, 6.6, 0.15),
        published(Osteoarthritis, F, 45.0..65.0, 29.3, 0.12),
        published(Osteoarthritis, F, 75.0..130.0, 57.8, 0.10),
        // NHANES 2017-2018, NCHS Data Brief 405.
        published(Osteoporosis, F, 50.0..65.0, 13.1, 0.15),
        published(Osteoporosis, F, 65.0..130.0, 27.1, 0.10),
        published(Osteoporosis, M, 65.0..130.0, 5.7, 0.25),
        // From memory: NHIS 2018-2021 (coronary disease, COPD), NHANES 2017-2020 (heart failure, stroke:
        // AHA statistics 2023), Alzheimer's Association 2023, CDC CKD fact sheet 2021 (stages 3 to 5).
        published(CoronaryDisease, ALL, 18.0..130.0, 4.9, 0.12),
        published(Copd, ALL, 18.0..130.0, 5.6, 0.12),
        published(HeartFailure, ALL, 20.0..130.0, 2.4, 0.15),
        published(Stroke, ALL, 20.0..130.0, 3.0, 0.15),
        published(Dementia, ALL, 65.0..75.0, 5.0, 0.20),
        published(Ckd3, ALL, 20.0..130.0, 6.0, 0.15),
        // NHANES 2021-2023, NCHS Data Brief 508.
        published(Obesity, ALL, 20.0..130.0, 40.3, 0.08),
        published(Obesity, ALL, 20.0..40.0, 35.5, 0.10),
        published(Obesity, ALL, 40.0..60.0, 46.4, 0.10),
        published(Obesity, ALL, 60.0..130.0, 38.9, 0.12),
        // NHANES 2015-2016 (Chen-Xu and others 2019).
        published(Gout, M, 20.0..130.0, 5.2, 0.15),
        published(Gout, F, 20.0..130.0, 2.7, 0.20),
        // Who ever had a cancer: American Cancer Society, Cancer Treatment and Survivorship Statistics, 2022
        // (SEER; pubmed 35736631): on 1 January 2022 4,055,770 of 168.2 million women had had breast cancer,
        // 3,523,230 and 726,450 of 165.0 million men prostate and colorectal cancer; from memory of the same:
        // 710,670 women colorectal cancer, 287,050 men and 367,570 women lung cancer. People by the Census
        // Bureau (from memory). Of 20,000 of a sex some 40 have had lung cancer: hence 0.35.
        published(BreastCancer, F, 0.0..130.0, 2.41, 0.12),
        published(ProstateCancer, M, 0.0..130.0, 2.14, 0.12),
        published(ColorectalCancer, M, 0.0..130.0, 0.44, 0.25),
        published(ColorectalCancer, F, 0.0..130.0, 0.42, 0.25),
        published(LungCancer, M, 0.0..130.0, 0.17, 0.35),
        published(LungCancer, F, 0.0..130.0, 0.22, 0.35),
        // Stage 4: NHANES 2013-2016, USRDS 2018; kidney failure: 808,000 of 258 million adults in 2021, USRDS
        // 2023 (both from memory).
        published(Ckd4, ALL, 20.0..130.0, 0.40, 0.25),
        published(Ckd5, ALL, 20.0..130.0, 0.31, 0.25),
        // Alzheimer's Association, Facts and Figures 2023 (commongroundhealth.org has 5, 13 and a third).
        published(Dementia, ALL, 75.0..85.0, 13.1, 0.15),
        published(Dementia, ALL, 85.0..130.0, 33.3, 0.15),
        // Those who feel anxious daily, in place of a diagnosis: QuickStats, NHIS 2019 (MMWR, August 2021).
        published(Anxiety, F, 18.0..130.0, 15.0, 0.10),
        published(Anxiety, M, 18.0..130.0, 10.2, 0.10),
        // Ever told of high cholesterol: NHIS 2018 and 2019 (from memory).
        published(Hyperlipidemia, ALL, 18.0..130.0, 27.0, 0.10),
        published(Hyperlipidemia, ALL, 65.0..130.0, 52.0, 0.10),
        // NHANES 2009-2012, and claims of 2012 (Wyne and others 2022, PMC9706417); treated thyroid disease
        // from 60 on, NHANES 2015-2018 (Zhang and others 2023).
        published(Hypothyroidism, ALL, 20.0..130.0, 9.6, 0.10),
        published(Hypothyroidism, ALL, 60.0..130.0, 15.4, 0.15),
    ];
    let world = world(5);
    let mut history = History::default();
    let mut counts = vec![(0_u32, 0_u32); figures.len()];
    for unit in 0..40_000 {
        let life = world.life(unit);
        if life.death.is_some() {
            continue;
        }
        world.history(&life, &mut history);
        for (figure, (with, of)) in figures.iter().zip(&mut counts) {
            if figure.sex.is_none_or(|sex| sex == life.sex) && figure.ages.contains(&life.exact_age)
            {
                *of += 1;
                *with += u32::from(history.has_on(figure.disease, life.end));
            }
        }
    }
    for (figure, (with, of)) in figures.iter().zip(counts) {
        let percent = 100.0 * f64::from(with) / f64::from(of);
        assert!(
            (percent / figure.percent - 1.0).abs() <= figure.tolerance,
            "{:?} {:?} {:?}: {percent:.2} %, published {} %",
            figure.disease,
            figure.sex,
            figure.ages,
            figure.percent
        );
    }
}

/// How pregnancies end. Miscarriages: 13 % of those recognized (NCHS estimates, from memory; textbooks have 10
/// to 20). Of births 10.4 % are preterm (NCHS, National Vital Statistics Reports 73-2, 2022), with gestational
/// diabetes 8.3 % (NCHS 2021, from memory; 6.0 % in 2016, MMWR 67(43), and rising) and with pre-eclampsia 5 %
/// (from memory; 4 % in a table of 2022, biomedcentral.com s40748-022-00139-9).
#[test]
fn pregnancies_end_as_published() {
    let world = world(17);
    let mut history = History::default();
    let [
        mut all,
        mut lost,
        mut born,
        mut early,
        mut diabetes,
        mut preeclampsia,
    ] = [0.0; 6];
    for unit in 0..60_000 {
        let life = world.life(unit);
        if life.sex != Sex::Female {
            continue;
        }
        world.history(&life, &mut history);
        let on = |disease: Disease, from: i32, to: i32| {
            let found = |c: &Condition| c.disease == disease && (from..=to).contains(&c.onset);
            f64::from(u8::from(history.conditions.iter().any(found)))
        };
        for pregnancy in &history.conditions {
            // Of those that may still end otherwise nothing is known.
            if pregnancy.disease != Disease::Pregnancy || pregnancy.onset + 240 > life.end {
                continue;
            }
            let over = pregnancy.abatement.unwrap();
            let birth = on(Disease::Delivery, over, over);
            all += 1.0;
            lost += on(Disease::Miscarriage, over, over);
            born += birth;
            // Noticed in the eighth week on average: week 37 begins 206 days later.
            early += birth * f64::from(u8::from(over - pregnancy.onset < 206));
            diabetes += birth * on(Disease::GestationalDiabetes, pregnancy.onset, over);
            preeclampsia += birth * on(Disease::Preeclampsia, pregnancy.onset, over);
        }
    }
    assert_eq!(all, lost + born, "pregnancies with another end");
    assert!(all > 2_000.0, "{all}");
    for (what, share, published, tolerance) in [
        ("miscarriages", lost / all, 0.13, 0.15),
        ("preterm births", early / born, 0.104, 0.15),
        ("gestational diabetes", diabetes / born, 0.083, 0.17),
        ("pre-eclampsia", preeclampsia / born, 0.05, 0.22),
    ] {
        assert!(
            (share / published - 1.0).abs() <= tolerance,
            "{what}: {share:.4}, published {published}"
        );
    }
}

/// Risk factors and comorbidity, as ratios of prevalences among those of 50 to 80.
#[test]
fn diseases_go_together() {
    use Disease::*;
    let world = world(6);
    let mut history = History::default();
    let mut people = Vec::new();
    for unit in 0..40_000 {
        let life = world.life(unit);
        if (50.0..80.0).contains(&life.exact_age) {
            world.history(&life, &mut history);
            let (height, weight) = world.body(&life, life.exact_age);
            let bmi = weight / (height / 100.0) / (height / 100.0);
            people.push((history.clone(), bmi, world.smoking(&life)));
        }
    }
    let ratio = |disease: Disease, exposed: &dyn Fn(&(History, f64, &str)) -> bool| {
        let share = |with: bool| {
            let group = people.iter().filter(|p| exposed(p) == with);
            let (mut cases, mut all) = (0.0, 0.0);
            for person in group {
                all += 1.0;
                cases += f64::from(u8::from(person.0.has(disease)));
            }
            cases / all
        };
        share(true) / share(false)
    };
    // What studies find, within wide bounds: the model has correlations, not these ratios.
    for (what, value, from, to) in [
        (
            "diabetes, obese",
            ratio(Type2Diabetes, &|p| p.1 >= 30.0),
            1.7,
            4.0,
        ),
        (
            "sleep apnea, obese",
            ratio(SleepApnea, &|p| p.1 >= 30.0),
            1.8,
            6.0,
        ),
        (
            "COPD, smokers and former",
            ratio(Copd, &|p| p.2 != "Never"),
            2.5,
            9.0,
        ),
        (
            "lung cancer, current smokers",
            ratio(LungCancer, &|p| p.2 == "Current"),
            2.5,
            30.0,
        ),
        (
            "kidney disease, diabetics",
            ratio(Ckd3, &|p| p.0.has(Type2Diabetes)),
            1.7,
            5.0,
        ),
        (
            "heart failure, hypertensives",
            ratio(HeartFailure, &|p| p.0.has(Hypertension)),
            1.8,
            6.0,
        ),
        (
            "heart failure, coronary",
            ratio(HeartFailure, &|p| p.0.has(CoronaryDisease)),
            2.5,
            9.0,
        ),
        (
            "anxiety, depressed",
            ratio(Anxiety, &|p| p.0.has(Depression)),
            2.5,
            9.0,
        ),
        (
            "dementia, allergic",
            ratio(Dementia, &|p| p.0.has(AllergicRhinitis)),
            0.8,
            1.25,
        ),
    ] {
        assert!((from..to).contains(&value), "{what}: {value:.2} times");
    }
}

/// A disease asked for alone is that of the whole history; whoever is pregnant may be.
#[test]
fn single_diseases_are_those_of_the_history() {
    let world = world(15);
    let mut history = History::default();
    let (mut spans, mut pregnant, mut maybe) = (0, 0, 0);
    for unit in 0..4_000 {
        let life = world.life(unit);
        world.history(&life, &mut history);
        let mut courses = Courses::new(&world, &life);
        // Not in their order, since one asks for others.
        for &disease in Disease::ALL[..CHRONIC].iter().rev() {
            let whole = history.first(disease).map(|c| (c.onset, c.abatement));
            assert_eq!(courses.of(disease), whole, "{disease:?} of {unit}");
            let on = history.has_on(disease, life.end - 200);
            assert_eq!(courses.has_on(disease, life.end - 200), on);
            spans += usize::from(whole.is_some());
        }
        assert_eq!(courses.of(Disease::Influenza), None, "not chronic");
        for day in (life.registered_day..=life.end).step_by(97) {
            let possible = world.may_be_pregnant(&life, day);
            let is = history.has_on(Disease::Pregnancy, day);
            assert!(possible || !is, "{unit} is pregnant on {day}");
            pregnant += usize::from(is);
            maybe += usize::from(possible);
        }
    }
    assert!(spans > 8_000, "{spans}");
    assert!(
        pregnant > 300 && maybe < 2 * pregnant,
        "{pregnant}, {maybe}"
    );
}

/// Whoever is likely to have a disease mostly has it.
#[test]
fn likely_diseases_are_there() {
    let world = world(16);
    for disease in [Disease::Hypertension, Disease::Obesity, Disease::Depression] {
        let (mut likely, mut there) = (0.0, 0.0);
        for unit in 0..20_000 {
            let life = world.life(unit);
            if life.death.is_none() && world.is_likely(disease, unit, life.age, life.sex) {
                likely += 1.0;
                let has = Courses::new(&world, &life).has_on(disease, life.end);
                there += f64::from(u8::from(has));
            }
        }
        assert!(
            likely > 400.0 && there > 0.6 * likely,
            "{disease:?}: {there} of {likely}"
        );
    }
}
