use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;

fn options() -> TableOptions {
    TableOptions {
        seed: 42,
        ..TableOptions::default()
    }
}

/// Every `reference` in a value.
fn references(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Value::String(target)) = (name == "reference", value) {
                    out.insert(target.clone());
                }
                references(value, out);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| references(value, out)),
        _ => {}
    }
}

#[test]
fn references_resolve_within_a_bundle() {
    let bundles = Bundles::new(&options()).unwrap();
    let mut types = BTreeSet::new();
    for patient in (0..60).chain(4_090..4_100) {
        let mut out = Vec::new();
        bundles.write_bundle(patient, &mut out).unwrap();
        let bundle: Value = serde_json::from_slice(&out).unwrap();
        let mut known = BTreeSet::new();
        for entry in bundle["entry"].as_array().unwrap() {
            let resource = &entry["resource"];
            let kind = resource["resourceType"].as_str().unwrap();
            let name = format!("{kind}/{}", resource["id"].as_str().unwrap());
            assert_eq!(entry["fullUrl"], format!("{}/{name}", resource::BASE));
            assert!(known.insert(name), "twice in a bundle: {resource}");
            types.insert(kind.to_owned());
        }
        let mut wanted = BTreeSet::new();
        references(&bundle, &mut wanted);
        assert!(wanted.len() > 2);
        let missing: Vec<&String> = wanted.difference(&known).collect();
        assert!(missing.is_empty(), "patient {patient}: {missing:?}");
    }
    assert_eq!(types.len(), FILES.len(), "{types:?}");
}

#[test]
fn references_resolve_between_the_files_of_an_export() {
    let resources = (RESOURCES.build)(&options()).unwrap();
    let mut out = vec![Vec::new(); FILES.len()];
    let count = resources.write(0..40, &mut out).unwrap();
    let (mut known, mut wanted) = (BTreeSet::new(), BTreeSet::new());
    let mut lines = 0;
    for (file, bytes) in FILES.iter().zip(&out) {
        for line in std::str::from_utf8(bytes).unwrap().lines() {
            let resource: Value = serde_json::from_str(line).unwrap();
            let kind = resource["resourceType"].as_str().unwrap();
            assert_eq!(format!("{kind}.ndjson"), file.name);
            assert!(known.insert(format!("{kind}/{}", resource["id"].as_str().unwrap())));
            references(&resource, &mut wanted);
            lines += 1;
        }
    }
    assert_eq!(count, lines);
    assert!(wanted.is_subset(&known), "{:?}", wanted.difference(&known));
}

/// A bundle says what the rows say.
#[test]
fn a_bundle_has_the_rows_of_the_patient() {
    let bundles = Bundles::new(&options()).unwrap();
    for patient in 0..20_u64 {
        let mut out = Vec::new();
        bundles.write_bundle(patient, &mut out).unwrap();
        let bundle: Value = serde_json::from_slice(&out).unwrap();
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for entry in bundle["entry"].as_array().unwrap() {
            *counts
                .entry(entry["resource"]["resourceType"].as_str().unwrap())
                .or_default() += 1;
        }
        for (table, kind) in [
            ("encounters", "Encounter"),
            ("conditions", "Condition"),
            ("observations", "Observation"),
            ("medications", "MedicationRequest"),
            ("procedures", "Procedure"),
            ("immunizations", "Immunization"),
            ("allergies", "AllergyIntolerance"),
            ("claims", "Claim"),
        ] {
            let rows = crate::domain::table(table, &options())
                .unwrap()
                .batch(patient..patient + 1)
                .unwrap()
                .num_rows();
            assert_eq!(
                rows,
                counts.get(kind).copied().unwrap_or(0),
                "{table} of {patient}"
            );
        }
    }
}

/// A stay that goes beyond the last day is in progress: without end, length and disposition, and not billed.
#[test]
fn a_stay_that_goes_on_is_in_progress() {
    let encounters = crate::domain::table("encounters", &options()).unwrap();
    let open = |patient: &u64| {
        let rows = encounters.batch(*patient..patient + 1).unwrap();
        rows.column_by_name("discharged_at").unwrap().null_count() > 0
    };
    let patient = (0..20_000).find(open).unwrap();
    let mut out = Vec::new();
    let bundles = Bundles::new(&options()).unwrap();
    bundles.write_bundle(patient, &mut out).unwrap();
    let bundle: Value = serde_json::from_slice(&out).unwrap();
    let resources = bundle["entry"].as_array().unwrap().iter();
    let of = |kind: &'static str| {
        let resources = resources.clone().map(|entry| &entry["resource"]);
        resources.filter(move |resource| resource["resourceType"] == kind)
    };
    let going_on: Vec<_> = of("Encounter")
        .filter(|encounter| encounter["status"] == "in-progress")
        .collect();
    assert!(!going_on.is_empty());
    for stay in going_on {
        assert!(stay["period"]["start"].is_string() && stay["period"]["end"].is_null());
        assert!(stay["length"].is_null() && stay["hospitalization"].is_null());
        let id = format!("Encounter/{}", stay["id"].as_str().unwrap());
        let billed = |claim: &Value| claim["item"][0]["encounter"][0]["reference"] == *id;
        assert!(!of("Claim").any(billed), "{id}");
    }
    let finished = of("Encounter").filter(|e| e["status"] == "finished");
    assert!(finished.clone().count() > 0);
    assert!(finished.clone().all(|e| e["period"]["end"].is_string()));
}

/// A dose refers to the encounter in which it was given, where it was given in one.
#[test]
fn doses_refer_to_the_encounter_that_they_are_given_in() {
    let bundles = Bundles::new(&options()).unwrap();
    let (mut within, mut apart) = (0, 0);
    for patient in 0..120 {
        let mut out = Vec::new();
        bundles.write_bundle(patient, &mut out).unwrap();
        let bundle: Value = serde_json::from_slice(&out).unwrap();
        let entries = bundle["entry"].as_array().unwrap().iter();
        let resources: Vec<&Value> = entries.map(|entry| &entry["resource"]).collect();
        for dose in resources
            .iter()
            .filter(|r| r["resourceType"] == "Immunization")
        {
            let Some(of) = dose["encounter"]["reference"].as_str() else {
                apart += 1;
                continue;
            };
            let id = of.strip_prefix("Encounter/").unwrap();
            let period = &resources.iter().find(|r| r["id"] == id).unwrap()["period"];
            // To the second, in UTC: the order of texts is that of time.
            let at = dose["occurrenceDateTime"].as_str().unwrap();
            assert!(period["start"].as_str().unwrap() <= at);
            assert!(at <= period["end"].as_str().unwrap());
            within += 1;
        }
    }
    assert!(within > 50 && apart > 50, "{within}, {apart}");
}
