//! The datasets join, their terms are CDISC's, their days are counted right.

use std::collections::{HashMap, HashSet};

use super::*;
use crate::calendar::{date_from_days, parse_date};
use crate::domain::TableOptions;
use crate::generator::data::HEALTHCARE_SDTM_TERMS;

type Record = HashMap<String, String>;

const PATIENTS: u64 = 12_000;

fn research() -> Research {
    Research::new(&TableOptions {
        seed: 4,
        ..Default::default()
    })
    .unwrap()
}

fn records(research: &Research, dataset: Dataset, trial: Option<u64>) -> Vec<Record> {
    let mut out = Vec::new();
    write_header(dataset, &mut out);
    write(research, dataset, 0..PATIENTS, trial, &mut out).unwrap();
    // The reader refuses lines that have another number of values than the header.
    let mut reader = csv::Reader::from_reader(out.as_slice());
    let names = reader.headers().unwrap().clone();
    reader
        .records()
        .map(|record| {
            let record = record.unwrap();
            let values = names.iter().zip(&record);
            values
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        })
        .collect()
}

fn demographics(research: &Research) -> HashMap<String, Record> {
    let mut all = HashMap::new();
    for record in records(research, Dataset::Demographics, None) {
        let subject = record["USUBJID"].clone();
        assert!(
            all.insert(subject.clone(), record).is_none(),
            "{subject} twice"
        );
    }
    all
}

/// Every record belongs to a subject of DM, is numbered within it, and says its domain and study.
#[test]
fn datasets_join_and_are_numbered() {
    let research = research();
    let subjects = demographics(&research);
    assert!(subjects.len() > 200, "{}", subjects.len());
    for dataset in Dataset::ALL {
        let all = records(&research, dataset, None);
        assert!(all.len() >= 150, "{dataset:?}: {}", all.len());
        let mut last: HashMap<String, i32> = HashMap::new();
        for record in all {
            assert_eq!(record["DOMAIN"], dataset.code());
            let subject = &subjects[&record["USUBJID"]];
            assert_eq!(record["STUDYID"], subject["STUDYID"]);
            let parts = [&subject["STUDYID"], &subject["SITEID"], &subject["SUBJID"]];
            assert_eq!(record["USUBJID"], parts.map(String::as_str).join("-"));
            if dataset != Dataset::Demographics {
                let number = record[&format!("{}SEQ", dataset.code())]
                    .parse::<i32>()
                    .unwrap();
                let before = last.insert(record["USUBJID"].clone(), number).unwrap_or(0);
                assert_eq!(number, before + 1);
            }
        }
    }
}

/// Values of coded variables are in the lists of `sdtm_terms.csv`, and every list is used.
#[test]
fn terms_are_those_of_the_lists() {
    let research = research();
    let mut lists: HashMap<&str, HashSet<&str>> = HashMap::new();
    for row in HEALTHCARE_SDTM_TERMS {
        lists.entry(row.variable).or_default().insert(row.term);
    }
    let mut used: HashMap<String, HashSet<String>> = HashMap::new();
    for dataset in Dataset::ALL {
        for record in records(&research, dataset, None) {
            for (variable, value) in record {
                let Some(list) = lists.get(variable.as_str()) else {
                    continue;
                };
                assert!(
                    value.is_empty() || list.contains(value.as_str()),
                    "{variable}: {value}"
                );
                used.entry(variable).or_default().insert(value);
            }
        }
    }
    for variable in lists.keys() {
        assert!(used.contains_key(*variable), "{variable} is in no dataset");
    }
    // Names of tests go with their codes.
    for dataset in [Dataset::VitalSigns, Dataset::Laboratory] {
        let [code, name] = ["TESTCD", "TEST"].map(|v| format!("{}{v}", dataset.code()));
        let pairs: HashSet<(String, String)> = records(&research, dataset, None)
            .into_iter()
            .map(|record| (record[&code].clone(), record[&name].clone()))
            .collect();
        let codes: HashSet<&String> = pairs.iter().map(|pair| &pair.0).collect();
        assert_eq!(codes.len(), pairs.len());
        assert_eq!(codes.len(), lists[code.as_str()].len());
    }
}

/// Dates are ISO 8601, and study days count from the first dose without a day 0.
#[test]
fn study_days_agree_with_dates() {
    let research = research();
    let subjects = demographics(&research);
    let mut checked = 0;
    for dataset in Dataset::ALL {
        for record in records(&research, dataset, None) {
            for (variable, value) in &record {
                if !variable.ends_with("DTC") {
                    continue;
                }
                if value.is_empty() {
                    continue;
                }
                let day = parse_date(value).unwrap_or_else(|| panic!("{variable}: {value}"));
                let Some(study_day) = record.get(&variable.replace("DTC", "DY")) else {
                    continue;
                };
                let first = &subjects[&record["USUBJID"]]["RFSTDTC"];
                if first.is_empty() {
                    assert_eq!(study_day, "");
                    continue;
                }
                let days = day - parse_date(first).unwrap();
                let expected = if days < 0 { days } else { days + 1 };
                assert_eq!(study_day.parse::<i32>().unwrap(), expected);
                checked += 1;
            }
        }
    }
    assert!(checked > 5_000, "{checked}");
}

/// Nothing of a subject lies after death or the end of participation; a fatal event ends on the day of death.
#[test]
fn records_lie_within_participation() {
    let research = research();
    let subjects = demographics(&research);
    let mut fatal = 0;
    for record in records(&research, Dataset::AdverseEvents, None) {
        let subject = &subjects[&record["USUBJID"]];
        assert!(record["AESTDTC"] >= subject["RFICDTC"]);
        if !subject["RFPENDTC"].is_empty() {
            assert!(record["AESTDTC"] <= subject["RFPENDTC"]);
            assert!(record["AEENDTC"] <= subject["RFPENDTC"]);
        }
        assert_eq!(record["AEOUT"] == "FATAL", record["AETOXGR"] == "5");
        assert_eq!(record["AESDTH"] == "Y", record["AETOXGR"] == "5");
        let criteria = ["AESDTH", "AESHOSP", "AESLIFE"].map(|name| record[name] == "Y");
        assert_eq!(record["AESER"] == "Y", criteria.contains(&true));
        if record["AETOXGR"] == "5" {
            fatal += 1;
            assert_eq!(record["AEENDTC"], subject["DTHDTC"]);
            assert_eq!(subject["DTHFL"], "Y");
        }
    }
    let died = subjects.values().filter(|s| s["DTHFL"] == "Y").count();
    assert_eq!(fatal, died);
    for dataset in [Dataset::VitalSigns, Dataset::Laboratory] {
        let date = format!("{}DTC", dataset.code());
        for record in records(&research, dataset, None) {
            let subject = &subjects[&record["USUBJID"]];
            assert!(record[&date] >= subject["RFICDTC"]);
            assert!(subject["RFPENDTC"].is_empty() || record[&date] <= subject["RFPENDTC"]);
        }
    }
    for subject in subjects.values() {
        let born = parse_date(&subject["BRTHDTC"]).unwrap();
        let consented = parse_date(&subject["RFICDTC"]).unwrap();
        let (age, years) = (
            subject["AGE"].parse::<i32>().unwrap(),
            f64::from(consented - born) / 365.2425,
        );
        assert!(
            (years - f64::from(age) - 0.5).abs() < 0.502,
            "{age}: {years}"
        );
        assert!(date_from_days(born).is_some());
        assert_eq!(subject["ARM"].is_empty(), !subject["ARMNRS"].is_empty());
    }
}

/// Doses do not overlap, begin with the first and end with the last day of exposure, and are those of the arm.
#[test]
fn doses_are_those_of_the_arm() {
    let research = research();
    let subjects = demographics(&research);
    let mut last: HashMap<String, (String, String)> = HashMap::new();
    let mut several = 0;
    for record in records(&research, Dataset::Exposure, None) {
        let subject = &subjects[&record["USUBJID"]];
        assert!(record["EXSTDTC"] <= record["EXENDTC"]);
        let key = record["USUBJID"].clone();
        match last.get(&key) {
            None => assert_eq!(record["EXSTDTC"], subject["RFXSTDTC"]),
            Some((end, _)) => {
                several += 1;
                assert!(*end < record["EXSTDTC"]);
            }
        }
        match subject["ARMCD"].as_str() {
            "PBO" => assert_eq!((&*record["EXTRT"], &*record["EXDOSE"]), ("PLACEBO", "0")),
            "SOC" => assert_eq!(
                (&*record["EXDOSE"], &*record["EXDOSTXT"]),
                ("", "AS PRESCRIBED")
            ),
            arm => {
                let full: f64 = arm.trim_start_matches("SYN").parse().unwrap();
                let dose: f64 = record["EXDOSE"].parse().unwrap();
                assert!(dose == full || dose == full / 2.0, "{dose} in {arm}");
                assert!(subject["ARM"].starts_with(&record["EXTRT"]));
            }
        }
        last.insert(key, (record["EXENDTC"].clone(), record["EXSTDTC"].clone()));
    }
    assert!(several > 0, "no dose was ever changed");
    for (key, subject) in &subjects {
        let end = last.get(key).map_or("", |dose| dose.0.as_str());
        assert_eq!(subject["RFXENDTC"], end);
    }
}

/// Law 2: the dataset of a range is that of its parts; a trial's is what the whole has of it.
#[test]
fn datasets_are_seekable_and_can_be_had_by_trial() {
    let research = research();
    for dataset in Dataset::ALL {
        let text = |patients, trial| {
            let mut out = Vec::new();
            write(&research, dataset, patients, trial, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        let whole = text(4_000..9_000, None);
        assert_eq!(whole, text(4_000..5_555, None) + &text(5_555..9_000, None));
        let of_trials: usize = (0..12)
            .map(|trial| text(4_000..9_000, Some(trial)).len())
            .sum();
        assert_eq!(of_trials, whole.len());
        let study = format!("NCT{}", research.trial(5).registry_number());
        assert!(
            text(4_000..9_000, Some(5))
                .lines()
                .all(|line| line.starts_with(&study))
        );
    }
    let mut out = Vec::new();
    let far = LAST_PATIENT..LAST_PATIENT + 2;
    assert!(write(&research, Dataset::Exposure, far, None, &mut out).is_err());
    assert!(out.is_empty());
}

/// Results in standard units are those in original units, converted: creatinine by 88.4, glucose by 0.0555.
#[test]
fn units_are_converted() {
    let research = research();
    let mut seen = HashSet::new();
    for record in records(&research, Dataset::Laboratory, None) {
        let number = |name: &str| record[name].parse::<f64>().unwrap();
        let (original, standard) = (number("LBORRES"), number("LBSTRESN"));
        let (factor, last) = match record["LBTESTCD"].as_str() {
            "CREAT" => (88.4, 1.0),
            "GLUC" => (0.05551, 0.1),
            "HGB" => (10.0, 1.0),
            _ => (1.0, 0.1),
        };
        assert!(
            (standard - original * factor).abs() <= last / 2.0 + 1e-6,
            "{record:?}"
        );
        let expected = match original {
            value if value < number("LBORNRLO") => "LOW",
            value if value > number("LBORNRHI") => "HIGH",
            _ => "NORMAL",
        };
        assert_eq!(record["LBNRIND"], expected);
        seen.insert(record["LBTESTCD"].clone());
    }
    assert_eq!(seen.len(), 5);
}
