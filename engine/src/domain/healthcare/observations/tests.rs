use std::collections::HashMap;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, TimestampMicrosecondType};

use super::*;
use crate::calendar::MICROS_PER_DAY;
use crate::domain::Table;
use crate::domain::healthcare::care::Kind;
use crate::domain::healthcare::disease::Disease;
use crate::domain::healthcare::life::Life;
use crate::domain::healthcare::treatment::Course;
use crate::generator::data::HEALTHCARE_LOINC;
use crate::generator::name::Sex;

fn options() -> TableOptions {
    TableOptions {
        seed: 5,
        ..Default::default()
    }
}

fn world() -> World {
    let patients = Patients::new(&options()).unwrap();
    World {
        treatments: Treatments::new(&patients),
        draws: patients.stream("observations", "value"),
        keys: patients.stream("observations", "observation_id"),
        patients,
    }
}

/// A patient with all that the results follow from.
struct Case {
    life: Life,
    history: History,
    courses: Vec<Course>,
    /// Day, kind, analyte, value, by time.
    results: Vec<(i32, Kind, Analyte, f64)>,
}

fn cases(units: std::ops::Range<u64>) -> impl Iterator<Item = Case> {
    let world = world();
    units.map(move |unit| {
        let life = world.patients.life(unit);
        let mut history = History::default();
        world.patients.history(&life, &mut history);
        let (mut encounters, mut courses, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        world.patients.encounters(&life, &history, &mut encounters);
        world
            .treatments
            .courses(&life, &history, &encounters, &mut courses);
        world.rows(unit, VALUE, &mut rows);
        let kind_of: HashMap<u32, Kind> = encounters.iter().map(|e| (e.ordinal, e.kind)).collect();
        let results = rows.iter().map(|row| {
            let day = (row.at.div_euclid(MICROS_PER_DAY)) as i32;
            (day, kind_of[&row.encounter], row.analyte, row.value)
        });
        Case {
            results: results.collect(),
            life,
            history,
            courses,
        }
    })
}

impl Case {
    fn age(&self, day: i32) -> f64 {
        self.life.age_on(day)
    }

    fn has(&self, disease: Disease, day: i32) -> bool {
        self.history.has_on(disease, day)
    }

    fn takes(&self, class: &[&str], day: i32) -> bool {
        let takes = |c: &Course| {
            class.contains(&c.drug().drug_class)
                && c.started + 120 < day
                && c.stopped.is_none_or(|end| end > day)
        };
        self.courses.iter().any(takes)
    }

    /// The last result of an analyte, away from hospital.
    fn last(&self, analyte: Analyte) -> Option<(i32, f64)> {
        let office = |r: &&(i32, Kind, Analyte, f64)| {
            r.2 == analyte && matches!(r.1, Kind::Ambulatory | Kind::Wellness)
        };
        self.results.iter().rfind(office).map(|r| (r.0, r.3))
    }
}

#[derive(Default)]
struct Mean(f64, f64, u32);

impl Mean {
    fn add(&mut self, value: f64) {
        *self = Self(self.0 + value, self.1 + value * value, self.2 + 1);
    }

    fn mean(&self) -> f64 {
        self.0 / f64::from(self.2)
    }

    fn check(&self, what: &str, published: f64, tolerance: f64) {
        assert!(self.2 > 60, "{what}: {} results only", self.2);
        let mean = self.mean();
        assert!(
            (mean - published).abs() < tolerance,
            "{what}: {mean:.2}, published {published}"
        );
    }
}

const GLUCOSE: &[&str] = &[
    "biguanide",
    "sulfonylurea",
    "insulin",
    "GLP-1 agonist",
    "SGLT2 inhibitor",
    "DPP-4 inhibitor",
];
const PRESSURE: &[&str] = &[
    "ACE inhibitor",
    "angiotensin receptor blocker",
    "calcium channel blocker",
    "thiazide",
    "beta blocker",
];

/// Of whom and what the mean is, as published, and the tolerance.
const FIGURES: &[(&str, f64, f64)] = &[
    // Menke et al., Diabetes in America ch. 9: NHANES 2005-2010, diagnosed and treated 7.4, fasting
    // glucose 153; the trend to 2023 stays at 7.2 to 7.5.
    ("HbA1c, treated diabetes", 7.4, 0.3),
    ("glucose, treated diabetes", 153.0, 12.0),
    // NHANES 2011-2016, adults without diabetes: 5.4 (from memory).
    ("HbA1c, no diabetes", 5.4, 0.12),
    // NCHS, National Health Statistics Reports 35: NHANES 2001-2008, 18 and over. The untreated here
    // are diagnosed, there also the unaware; patients are older than the population.
    ("SBP", 122.0, 3.5),
    ("SBP normotensive", 116.0, 3.0),
    ("SBP treated", 130.0, 4.0),
    ("SBP untreated", 146.0, 6.0),
    ("DBP", 71.0, 3.0),
    ("DBP normotensive", 69.0, 3.0),
    ("DBP treated", 75.0, 4.0),
    ("DBP untreated", 85.0, 5.0),
    // The same by age and sex (from memory, hence 5).
    ("SBP men 18-39", 118.0, 5.0),
    ("SBP men 40-59", 124.0, 5.0),
    ("SBP men 60+", 132.0, 6.0),
    ("SBP women 18-39", 111.0, 5.0),
    ("SBP women 40-59", 121.0, 5.0),
    ("SBP women 60+", 134.0, 7.0),
    // Healthy People 2030, HDS-06: NHANES 2013-2016, 190.9. LDL 111 (NHANES 2013-2014), patients with
    // lipids on file being older and more often treated. HDL 54 (NHANES 2015-2018, from memory).
    ("cholesterol", 188.0, 10.0),
    ("LDL", 111.0, 8.0),
    ("HDL", 53.0, 3.0),
    // NHANES 1999-2018, adults (from memory).
    ("hemoglobin men", 15.0, 0.5),
    ("hemoglobin women", 13.5, 0.4),
];

/// One result a person, the last.
#[test]
fn means_are_as_published() {
    let mut of: HashMap<&str, Mean> = HashMap::new();
    for case in cases(0..9_000) {
        let mut add = |what, value| of.entry(what).or_default().add(value);
        let adult = |day| case.age(day) >= 20.0;
        if let Some((day, value)) = case.last(Analyte::Hba1c).filter(|(day, _)| adult(*day)) {
            let diabetic =
                case.has(Disease::Type2Diabetes, day) || case.has(Disease::Type1Diabetes, day);
            if diabetic && case.takes(GLUCOSE, day) {
                add("HbA1c, treated diabetes", value);
            } else if !diabetic && !case.has(Disease::Prediabetes, day) {
                add("HbA1c, no diabetes", value);
            }
        }
        let treated = |day| case.has(Disease::Type2Diabetes, day) && case.takes(GLUCOSE, day);
        let glucose = case.last(Analyte::Glucose);
        if let Some((_, value)) = glucose.filter(|(day, _)| adult(*day) && treated(*day)) {
            add("glucose, treated diabetes", value);
        }
        for (analyte, names) in [
            (
                Analyte::Systolic,
                ["SBP", "SBP normotensive", "SBP treated", "SBP untreated"],
            ),
            (
                Analyte::Diastolic,
                ["DBP", "DBP normotensive", "DBP treated", "DBP untreated"],
            ),
        ] {
            let last = case.last(analyte).filter(|(day, _)| case.age(*day) >= 18.0);
            let Some((day, value)) = last else { continue };
            add(names[0], value);
            if case.has(Disease::Hypertension, day) {
                add(names[if case.takes(PRESSURE, day) { 2 } else { 3 }], value);
            } else {
                add(names[1], value);
            }
            if analyte == Analyte::Systolic {
                add(
                    match (case.life.sex, case.age(day)) {
                        (Sex::Male, ..40.0) => "SBP men 18-39",
                        (Sex::Male, 40.0..60.0) => "SBP men 40-59",
                        (Sex::Male, _) => "SBP men 60+",
                        (Sex::Female, ..40.0) => "SBP women 18-39",
                        (Sex::Female, 40.0..60.0) => "SBP women 40-59",
                        (Sex::Female, _) => "SBP women 60+",
                    },
                    value,
                );
            }
        }
        for (analyte, name) in [
            (Analyte::Cholesterol, "cholesterol"),
            (Analyte::Ldl, "LDL"),
            (Analyte::Hdl, "HDL"),
        ] {
            if let Some((_, value)) = case.last(analyte).filter(|(day, _)| adult(*day)) {
                add(name, value);
            }
        }
        let healthy = |day| {
            adult(day) && !case.has(Disease::Anemia, day) && !case.history.has(Disease::Pregnancy)
        };
        let hemoglobin = case.last(Analyte::Hemoglobin);
        if let Some((_, value)) = hemoglobin.filter(|(day, _)| healthy(*day)) {
            let men = case.life.sex == Sex::Male;
            add(
                if men {
                    "hemoglobin men"
                } else {
                    "hemoglobin women"
                },
                value,
            );
        }
    }
    for (what, published, tolerance) in FIGURES {
        of.remove(what)
            .unwrap_or_default()
            .check(what, *published, *tolerance);
    }
}

/// A disease, an analyte, a side of its values, and the shares there: with it at least, without at most.
type Rule = (Disease, Analyte, fn(f64) -> bool, f64, f64);

/// Results follow the disease: for each disease the share of results on the side that it names, with it
/// and without. Limits are those that define the disease or that laboratories use; shares are bounds:
/// - kidneys: stage 3 is a filtration below 60 (KDOQI, guideline 1), so all but what rounds up; of people of
///   40 and over some 12 % are there (NHANES, USRDS 2018: 6.4 % of adults; at 60, a filtration of 60 is a
///   creatinine of 1.34 in men and 1.02 in women by CKD-EPI 2021);
/// - saturation below 96 %: estimate; GOLD asks for blood gases below 92 %;
/// - anemia: below 13.5 g/dL in men and 12.0 in women (KDOQI, anemia, 1.1.3); some are treated;
/// - heart failure: NT-proBNP below 125 pg/mL rules it out (ESC 2021), the median in trials is 1,600
///   (PARADIGM-HF 2014; both from memory);
/// - gout: treated to below 6 mg/dL (ACR 2020, from memory), which half do not reach; men without gout have a
///   mean of 6.0, women of 4.8 (NHANES 2015-2016, Chen-Xu and others 2019, from memory);
/// - diabetes: 6.5 % or more is diabetes (ADA), the treated have a mean of 7.4 (above);
/// - thyroid: of people without disease 2.5 % are above 4.1 mIU/L (NHANES III, Hollowell 2002), of the treated
///   a quarter to a third are above the range (Canaris 2000; both from memory).
#[test]
fn values_follow_diseases() {
    use Disease as D;
    let rules: [Rule; 8] = [
        (D::Ckd3, Analyte::Egfr, |v| v < 60.5, 0.95, 0.12),
        (D::Ckd3, Analyte::Creatinine, |v| v > 1.05, 0.75, 0.25),
        (D::Copd, Analyte::OxygenSaturation, |v| v < 96.0, 0.6, 0.15),
        (D::Anemia, Analyte::Hemoglobin, |v| v < 12.4, 0.55, 0.15),
        (
            D::HeartFailure,
            Analyte::NtProbnp,
            |v| v > 300.0,
            0.75,
            0.35,
        ),
        (D::Gout, Analyte::Urate, |v| v > 6.0, 0.45, 0.45),
        (D::Type2Diabetes, Analyte::Hba1c, |v| v > 6.25, 0.75, 0.12),
        (D::Hypothyroidism, Analyte::Tsh, |v| v > 3.0, 0.3, 0.25),
    ];
    let mut counts = vec![[(0, 0); 2]; rules.len()];
    for case in cases(0..6_000) {
        for (rule, count) in rules.iter().zip(&mut counts) {
            for (day, _, analyte, value) in &case.results {
                if *analyte == rule.1 && case.age(*day) >= 40.0 {
                    let with = usize::from(case.has(rule.0, *day));
                    count[with].0 += 1;
                    count[with].1 += usize::from((rule.2)(*value));
                }
            }
        }
    }
    for (rule, count) in rules.iter().zip(&counts) {
        let share = |(all, those): (usize, usize)| those as f64 / all.max(1) as f64;
        let (without, with) = (share(count[0]), share(count[1]));
        assert!(
            count[1].0 > 30,
            "{:?} with {:?}: {} results",
            rule.1,
            rule.0,
            count[1].0
        );
        assert!(
            with >= rule.3,
            "{:?} with {:?}: {with:.2} of {}",
            rule.1,
            rule.0,
            count[1].0
        );
        assert!(
            without <= rule.4,
            "{:?} without {:?}: {without:.2}",
            rule.1,
            rule.0
        );
    }
}

/// After a drug is begun the value moves: of those with results before and a year after.
#[test]
fn treatment_shows() {
    let mut changes: HashMap<&str, Mean> = HashMap::new();
    for case in cases(0..12_000) {
        for (class, analyte, disease) in [
            ("statin", Analyte::Ldl, Disease::Hyperlipidemia),
            ("thyroid hormone", Analyte::Tsh, Disease::Hypothyroidism),
            ("biguanide", Analyte::Hba1c, Disease::Type2Diabetes),
        ] {
            let course = case.courses.iter().find(|c| c.drug().drug_class == class);
            let onset = case.history.first(disease).map(|c| c.onset);
            let (Some(course), Some(onset)) = (course, onset) else {
                continue;
            };
            let of = |from: i32, to: i32| {
                let within =
                    |r: &&(i32, Kind, Analyte, f64)| r.2 == analyte && (from..=to).contains(&r.0);
                case.results.iter().find(within).map(|r| r.3)
            };
            let before = of(onset.max(course.started - 400), course.started);
            let stopped = course.stopped.unwrap_or(i32::MAX);
            let after = of(course.started + 130, (course.started + 1_000).min(stopped));
            if let (Some(before), Some(after)) = (before, after) {
                changes.entry(class).or_default().add(after / before);
            }
        }
    }
    // ACC/AHA 2018: moderate and high intensity statins take 30 to 50 percent of LDL; metformin takes
    // about 1.1 to 1.5 points of HbA1c (of about 8.5); levothyroxine restores TSH.
    for (class, least, most) in [
        ("statin", 0.55, 0.75),
        ("thyroid hormone", 0.1, 0.5),
        ("biguanide", 0.75, 0.93),
    ] {
        let change = changes.remove(class).unwrap_or_default();
        assert!(change.2 >= 15, "{class}: {} pairs", change.2);
        assert!(
            (least..most).contains(&change.mean()),
            "{class}: {:.2}",
            change.mean()
        );
    }
}

/// A patient is the same person next time: the results of one vary less than those of many.
#[test]
fn a_patient_is_consistent() {
    for (analyte, most) in [
        (Analyte::Hdl, 0.45),
        (Analyte::Alt, 0.6),
        (Analyte::Mcv, 0.4),
        (Analyte::Egfr, 0.75),
        (Analyte::Platelets, 0.6),
    ] {
        let (mut all, mut within) = (Mean::default(), Mean::default());
        for case in cases(0..1_500) {
            let adult = |r: &&(i32, Kind, Analyte, f64)| {
                r.2 == analyte
                    && matches!(r.1, Kind::Ambulatory | Kind::Wellness)
                    && (30.0..60.0).contains(&case.age(r.0))
            };
            let values: Vec<f64> = case.results.iter().filter(adult).map(|r| r.3).collect();
            for value in &values {
                all.add(*value);
            }
            for pair in values.windows(2) {
                within.add(pair[1] - pair[0]);
            }
        }
        let variance = all.1 / f64::from(all.2) - all.mean() * all.mean();
        // The variance of a difference is twice that of a result.
        let own = within.1 / f64::from(within.2) / 2.0;
        let ratio = (own / variance).sqrt();
        assert!(
            ratio < most,
            "{analyte:?}: deviation within patients {ratio:.2} of that of all"
        );
    }
}

/// eGFR is what CKD-EPI 2021 makes of the creatinine beside it, and has the code of that equation (98979-8;
/// 62238-1 is that of 2009); total cholesterol is Friedewald's sum;
/// body mass index is that of height and weight.
#[test]
fn derived_values_agree() {
    let world = world();
    let mut rows = Vec::new();
    let mut found = [0; 3];
    for unit in 0..1_500 {
        let life = world.patients.life(unit);
        rows.clear();
        world.rows(unit, VALUE, &mut rows);
        for at in rows.chunk_by(|a, b| a.encounter == b.encounter) {
            let of = |analyte| at.iter().find(|r| r.analyte == analyte).map(|r| r.value);
            if let (Some(creatinine), Some(egfr)) = (of(Analyte::Creatinine), of(Analyte::Egfr)) {
                let day = (at[0].at / MICROS_PER_DAY) as i32;
                let age = life.age_on(day).floor();
                let (kappa, alpha, factor) = match life.sex {
                    Sex::Female => (0.7_f64, -0.241, 1.012),
                    Sex::Male => (0.9, -0.302, 1.0),
                };
                let rate = |creatinine: f64| {
                    let ratio = creatinine / kappa;
                    let powers = ratio.min(1.0).powf(alpha) * ratio.max(1.0).powf(-1.2);
                    142.0 * powers * 0.9938_f64.powf(age) * factor
                };
                // Creatinine has two decimals: the rates of its neighbours enclose the reported one.
                let (least, most) = (rate(creatinine + 0.006), rate(creatinine - 0.006));
                assert!(
                    (least - 1.0..=most + 1.0).contains(&egfr),
                    "{creatinine} gives {egfr}"
                );
                found[0] += 1;
            }
            if let (Some(total), Some(ldl), Some(hdl), Some(fats)) = (
                of(Analyte::Cholesterol),
                of(Analyte::Ldl),
                of(Analyte::Hdl),
                of(Analyte::Triglycerides),
            ) {
                assert!((total - ldl - hdl - fats / 5.0).abs() <= 0.51);
                found[1] += 1;
            }
            if let (Some(bmi), Some(height), Some(weight)) =
                (of(Analyte::Bmi), of(Analyte::Height), of(Analyte::Weight))
            {
                assert!((bmi - weight / (height / 100.0) / (height / 100.0)).abs() <= 0.051);
                found[2] += 1;
            }
        }
    }
    assert!(found.iter().all(|found| *found > 300), "{found:?}");
    assert_eq!(Analyte::Egfr.facts().loinc, "98979-8");
}

#[test]
fn flags_times_and_units_agree() {
    let batch = table(&options()).unwrap().batch(0..400).unwrap();
    let text = |name| batch.column_by_name(name).unwrap().as_string::<i32>();
    let double = |name| {
        batch
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Float64Type>()
    };
    let (codes, flags, units) = (text("loinc_code"), text("abnormal_flag"), text("unit"));
    let (value, low, high) = (
        double("value"),
        double("reference_low"),
        double("reference_high"),
    );
    let at = batch.column_by_name("observed_at").unwrap();
    let at = at.as_primitive::<TimestampMicrosecondType>();
    let ids = batch
        .column_by_name("patient_id")
        .unwrap()
        .as_fixed_size_binary();
    let patients = Patients::new(&options()).unwrap();
    let lives: HashMap<Vec<u8>, Life> = (0..400)
        .map(|unit| (patients.patient_id(unit).to_vec(), patients.life(unit)))
        .collect();
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for row in 0..batch.num_rows() {
        let value = value.value(row);
        let below = low.is_valid(row) && value < low.value(row);
        let above = high.is_valid(row) && value > high.value(row);
        let flag = flags.value(row);
        match flag {
            "L" | "LL" => assert!(below, "{value} {flag}"),
            "H" | "HH" => assert!(above, "{value} {flag}"),
            _ => assert!(!below && !above && flag == "N", "{value} {flag}"),
        }
        *seen.entry(flag).or_default() += 1;
        let facts = HEALTHCARE_LOINC
            .iter()
            .find(|m| m.loinc == codes.value(row))
            .unwrap();
        assert_eq!(facts.unit, units.value(row));
        assert!(value > 0.0 && value < 60_000.0, "{} {value}", facts.name);
        let life = &lives[ids.value(row)];
        assert!(life.registered <= at.value(row) && at.value(row) <= life.last_instant());
        if row > 0 && ids.value(row - 1) == ids.value(row) {
            let day = |row| at.value(row) / MICROS_PER_DAY;
            assert!(day(row - 1) <= day(row), "by time");
        }
    }
    let normal = seen["N"] as f64 / batch.num_rows() as f64;
    assert!(
        (0.6..0.9).contains(&normal),
        "{normal:.2} of the results are normal"
    );
    assert!(seen["H"] > seen["HH"] && seen["L"] > seen["LL"], "{seen:?}");
    let mean = batch.num_rows() as f64 / 400.0;
    assert!(
        (mean / FAN_OUT.mean() - 1.0).abs() < 0.2,
        "{mean} results a patient"
    );
}
