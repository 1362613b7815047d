//! Patients hold together, and follow the published figures.
//!
//! Shares are checked within five standard errors of their sample, so a correct generator fails
//! once in two million runs; seeds are fixed, so it fails always or never.

use std::collections::{HashMap, HashSet};

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, TimestampMicrosecondType};
use arrow_array::{Array, Float64Array, StringArray};

use super::*;
use crate::calendar::{REFERENCE_DATE, parse_date};
use crate::domain::LAST_ROW;
use crate::generator::data::{
    FIRST_NAMES, INSURANCE, LAST_NAMES, MARITAL, POPULATION, RACE_ETHNICITY, SMOKING, State,
    US_PLACES, US_STATES,
};
use crate::secret::tests::hex;

const ROWS: u64 = 60_000;

struct Sample(RecordBatch);

impl Sample {
    fn of(seed: u64, rows: Range<u64>) -> Self {
        let options = TableOptions {
            seed,
            ..Default::default()
        };
        Self(Patients::new(&options).unwrap().batch(rows).unwrap())
    }

    fn text(&self, name: &str) -> &StringArray {
        self.0.column_by_name(name).unwrap().as_string()
    }

    fn float(&self, name: &str) -> &Float64Array {
        self.0
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Float64Type>()
    }

    fn date(&self, name: &str, row: usize) -> Option<i32> {
        let dates = self
            .0
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Date32Type>();
        dates.is_valid(row).then(|| dates.value(row))
    }

    fn rows(&self) -> Range<usize> {
        0..self.0.num_rows()
    }

    /// Age in full years at `as_of` or at death.
    fn age(&self, row: usize) -> u32 {
        let birth = self.date("birth_date", row).unwrap();
        let end = self.date("death_date", row).unwrap_or(REFERENCE_DATE);
        let mut age = 0;
        while years_before(end, age + 1) >= birth {
            age += 1;
        }
        age.cast_unsigned()
    }
}

/// Whether a count is within five standard errors of a share of n.
#[track_caller]
fn assert_share(what: &str, count: usize, n: usize, share: f64) {
    let (count, n) = (count as f64, n as f64);
    let error = (n * share * (1.0 - share)).sqrt();
    assert!(
        (count - n * share).abs() <= 5.0 * error + 1.0,
        "{what}: {count} of {n}, published {share:.4}"
    );
}

#[test]
fn dates_are_in_order() {
    let sample = Sample::of(1, 0..ROWS);
    let created = sample.0.column_by_name("created_at").unwrap();
    let created = created.as_primitive::<TimestampMicrosecondType>();
    let mut dead = 0;
    for row in sample.rows() {
        let birth = sample.date("birth_date", row).unwrap();
        let registered = i32::try_from(created.value(row).div_euclid(MICROS_PER_DAY)).unwrap();
        assert!(
            birth <= registered && registered <= REFERENCE_DATE,
            "row {row}"
        );
        assert!(
            registered >= years_before(REFERENCE_DATE, REGISTRY_YEARS),
            "row {row}"
        );
        if let Some(death) = sample.date("death_date", row) {
            assert!(registered <= death && death <= REFERENCE_DATE, "row {row}");
            dead += 1;
        }
        assert!(
            sample.age(row) <= OLDEST + 1,
            "row {row}: {}",
            sample.age(row)
        );
    }
    // About five years on average at a crude death rate of 1 % (2020).
    assert!(
        (0.03..0.07).contains(&(f64::from(dead) / ROWS as f64)),
        "{dead} dead"
    );
}

/// Census Vintage 2022, by ten-year group and sex.
#[test]
fn age_and_sex_follow_the_population() {
    let sample = Sample::of(2, 0..ROWS);
    let mut counts = [[0_usize; 2]; 11];
    for row in sample.rows() {
        let birth = sample.date("birth_date", row).unwrap();
        let mut age = 0;
        while years_before(REFERENCE_DATE, age + 1) >= birth {
            age += 1;
        }
        let sex = Sex::from_code(sample.text("sex").value(row)).unwrap();
        counts[usize::try_from(age / 10).unwrap().min(10)][sex.index()] += 1;
    }
    let total: u64 = POPULATION.iter().map(|p| p.male + p.female).sum();
    for (group, counts) in counts.iter().enumerate() {
        let published = POPULATION
            .iter()
            .filter(|p| (p.age / 10).min(10) == group as u64)
            .fold([0, 0], |sum, p| [sum[0] + p.female, sum[1] + p.male]);
        for sex in 0..2 {
            let share = published[sex] as f64 / total as f64;
            assert_share(
                &format!("sex {sex} age {group}0s"),
                counts[sex],
                sample.0.num_rows(),
                share,
            );
        }
    }
}

#[test]
fn names_fit_sex_decade_and_group() {
    let sample = Sample::of(3, 0..ROWS);
    let mut decades: HashMap<&str, HashSet<(&str, u64)>> = HashMap::new();
    for name in FIRST_NAMES {
        decades
            .entry(name.name)
            .or_default()
            .insert((name.sex, name.decade));
    }
    for row in sample.rows() {
        let (year, ..) = date_from_days(sample.date("birth_date", row).unwrap()).unwrap();
        let decade = u64::try_from(year / 10 * 10).unwrap().clamp(1920, 2020);
        let sex = sample.text("sex").value(row);
        let first = sample.text("first_name").value(row);
        assert!(
            decades[first].contains(&(sex, decade)),
            "{first}, {sex}, {year}"
        );
        let middle = sample.text("middle_name");
        assert!(
            middle.is_null(row) || middle.value(row) != first,
            "{first} twice"
        );
    }
    // Garcia among Hispanic patients, against the Census count of Hispanic Garcias.
    let weight = |name: &crate::generator::data::LastName| (name.count * name.hispanic) as f64;
    let total: f64 = LAST_NAMES.iter().map(weight).sum();
    let garcia = LAST_NAMES
        .iter()
        .find(|n| n.name == "Garcia")
        .map(weight)
        .unwrap()
        / total;
    let hispanic: Vec<usize> = sample
        .rows()
        .filter(|row| sample.text("ethnicity").value(*row) == "Hispanic or Latino")
        .collect();
    let count = hispanic
        .iter()
        .filter(|row| sample.text("last_name").value(**row) == "Garcia")
        .count();
    assert_share("Garcia", count, hispanic.len(), garcia);
}

#[test]
fn places_agree() {
    let sample = Sample::of(4, 0..ROWS);
    let places: HashMap<&str, &crate::generator::data::Place> =
        US_PLACES.iter().map(|p| (p.zip, p)).collect();
    for row in sample.rows() {
        let place = places[sample.text("zip").value(row)];
        assert_eq!(sample.text("city").value(row), place.city);
        assert_eq!(sample.text("state").value(row), place.state);
        assert!((sample.float("latitude").value(row) - place.latitude).abs() <= 0.0101);
        assert!((sample.float("longitude").value(row) - place.longitude).abs() <= 0.0101);
        let phone = sample.text("phone").value(row);
        assert!(
            place.area_codes.split(' ').any(|code| code == &phone[1..4]),
            "{phone} in {}",
            place.city
        );
    }
    // A provider practises in one state.
    let mut states: HashMap<&str, &str> = HashMap::new();
    for row in sample.rows() {
        let state = sample.text("state").value(row);
        let npi = sample.text("primary_provider_npi").value(row);
        assert_eq!(*states.entry(npi).or_insert(state), state, "{npi}");
    }
    assert!(
        states.len() < sample.0.num_rows(),
        "providers have more than one patient"
    );
}

#[test]
fn bodies_are_human_and_bmi_is_computed() {
    let sample = Sample::of(5, 0..ROWS);
    let (height, weight, bmi) = (
        sample.float("height_cm"),
        sample.float("weight_kg"),
        sample.float("bmi"),
    );
    let mut men = Vec::new();
    for row in sample.rows() {
        let (h, w) = (height.value(row), weight.value(row));
        let expected = w / (h / 100.0).powi(2);
        assert!(
            (bmi.value(row) - expected).abs() <= 0.051,
            "{h} cm, {w} kg: {}",
            bmi.value(row)
        );
        let age = sample.age(row);
        assert!(
            (9.0..85.0).contains(&bmi.value(row)),
            "age {age}: {h} cm, {w} kg"
        );
        let (heights, weights) = match age {
            0..2 => (40.0..105.0, 1.5..18.0),
            2..13 => (70.0..190.0, 7.0..110.0),
            _ => (125.0..215.0, 25.0..230.0),
        };
        assert!(
            heights.contains(&h) && weights.contains(&w),
            "age {age}: {h} cm, {w} kg"
        );
        if (30..50).contains(&age) && sample.text("sex").value(row) == "M" {
            men.push((h, w));
        }
    }
    // NCHS Series 3 No. 50: the median man of 30 to 49 is about 176 cm, 90 kg.
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let height = median(&mut men.iter().map(|m| m.0).collect());
    let weight = median(&mut men.iter().map(|m| m.1).collect());
    assert!(
        (height - 176.0).abs() < 1.5 && (weight - 90.0).abs() < 3.0,
        "{height} cm, {weight} kg"
    );
}

/// Marital status, insurance and smoking by age, against the tables in `data/`.
#[test]
fn statuses_follow_age() {
    let sample = Sample::of(6, 0..ROWS);
    let share = |what: &str,
                 column: &str,
                 value: &str,
                 ages: Range<u32>,
                 sex: Option<&str>,
                 weights: &[u64],
                 index: usize| {
        let rows: Vec<usize> = sample
            .rows()
            .filter(|row| ages.contains(&sample.age(*row)))
            .filter(|row| sex.is_none_or(|sex| sample.text("sex").value(*row) == sex))
            .collect();
        assert!(rows.len() > 500, "{what}: only {} rows", rows.len());
        let count = rows
            .iter()
            .filter(|row| sample.text(column).value(**row) == value)
            .count();
        let published = weights[index] as f64 / weights.iter().sum::<u64>() as f64;
        assert_share(what, count, rows.len(), published);
    };
    let insurance = INSURANCE.iter().find(|i| i.age == 65).unwrap();
    let weights = [
        insurance.employer,
        insurance.direct_purchase,
        insurance.medicare,
        insurance.medicaid,
        insurance.military,
        insurance.uninsured,
    ];
    share(
        "Medicare, 65 to 74",
        "insurance_type",
        "Medicare",
        65..75,
        None,
        &weights,
        2,
    );
    let marital = MARITAL
        .iter()
        .find(|m| m.sex == "F" && m.age == 40)
        .unwrap();
    let weights = [
        marital.never_married,
        marital.married,
        marital.separated,
        marital.divorced,
        marital.widowed,
    ];
    share(
        "married women, 40 to 44",
        "marital_status",
        "Married",
        40..45,
        Some("F"),
        &weights,
        1,
    );
    let smoking = SMOKING
        .iter()
        .find(|s| s.sex == "M" && s.age == 45)
        .unwrap();
    let weights = [smoking.current, smoking.former, smoking.never];
    share(
        "men who smoke, 45 to 64",
        "smoking_status",
        "Current",
        45..65,
        Some("M"),
        &weights,
        0,
    );

    for row in sample.rows() {
        let age = sample.age(row);
        let (marital, smoking) = (
            sample.text("marital_status").value(row),
            sample.text("smoking_status").value(row),
        );
        assert!(
            age >= 15 || marital == "Never married",
            "{marital} at {age}"
        );
        assert!(age >= 12 || smoking == "Never", "{smoking} smoker at {age}");
        let insurance = sample.text("insurance_type").value(row);
        assert!(age >= 19 || insurance != "Medicare", "Medicare at {age}");
        assert_eq!(
            sample.text("insurance_member_id").is_null(row),
            insurance == "Uninsured",
            "{insurance}"
        );
    }
}

/// Census 2020, P.L. 94-171.
#[test]
fn race_and_ethnicity_follow_the_census() {
    let sample = Sample::of(7, 0..ROWS);
    let total: u64 = RACE_ETHNICITY.iter().map(|r| r.weight).sum();
    for group in RACE_ETHNICITY {
        let count = sample
            .rows()
            .filter(|row| {
                sample.text("race").value(*row) == group.race
                    && sample.text("ethnicity").value(*row) == group.ethnicity
            })
            .count();
        let share = group.weight as f64 / total as f64;
        assert_share(
            &format!("{}, {}", group.race, group.ethnicity),
            count,
            sample.0.num_rows(),
            share,
        );
    }
}

#[test]
fn keys_are_unique_near_and_far() {
    let mut seen: HashMap<&str, HashSet<String>> = HashMap::new();
    let columns = ["mrn", "ssn", "email", "insurance_member_id"];
    // Across the ends of the blocks of unique numbers, of the SSN series, and of the rows.
    for start in [
        0,
        9_990,
        99_999_950,
        identifier::SSN_COUNT - 50,
        1_000_010_000 - 50,
        LAST_ROW - 2_000,
    ] {
        let sample = Sample::of(8, start..start + 2_000);
        for column in columns {
            let seen = seen.entry(column).or_default();
            for value in sample.text(column).iter().flatten() {
                assert!(seen.insert(value.to_owned()), "{column} {value} twice");
            }
        }
        let ids = sample
            .0
            .column_by_name("patient_id")
            .unwrap()
            .as_fixed_size_binary();
        let seen = seen.entry("patient_id").or_default();
        for row in sample.rows() {
            let id = uuid::Uuid::from_slice(ids.value(row)).unwrap();
            assert!(seen.insert(id.to_string()), "{id} twice");
        }
        for row in sample.rows() {
            let number = start + row as u64;
            assert_eq!(
                sample.text("ssn").is_null(row),
                number >= identifier::SSN_COUNT,
                "row {number}"
            );
        }
    }
}

#[test]
fn email_comes_from_the_name() {
    let sample = Sample::of(9, 0..2_000);
    for row in sample.rows() {
        let name = format!(
            "{}.{}",
            sample.text("first_name").value(row).to_lowercase(),
            sample.text("last_name").value(row).to_lowercase()
        );
        let email = sample.text("email").value(row);
        assert!(email.starts_with(&name), "{email} for {name}");
        assert!(
            contact::DOMAINS
                .iter()
                .any(|d| email.ends_with(&format!("@{d}"))),
            "{email}"
        );
    }
}

#[test]
fn as_of_is_the_clock() {
    let early = parse_date("1950-06-15").unwrap();
    let options = TableOptions {
        seed: 1,
        as_of: early,
        ..Default::default()
    };
    let batch = Patients::new(&options).unwrap().batch(0..5_000).unwrap();
    let births = batch
        .column_by_name("birth_date")
        .unwrap()
        .as_primitive::<Date32Type>();
    assert!(births.values().iter().all(|birth| *birth <= early));
    assert!(
        births
            .values()
            .iter()
            .any(|birth| *birth > years_before(early, 2))
    );
}

/// The same rows on every machine and in every release: these bytes never change. If this fails,
/// a seed gives other rows than it gave users before.
#[test]
fn golden_bytes() {
    let mut out = Vec::new();
    let batch = Sample::of(42, 0..1_000).0;
    crate::format::csv::write_batch(&batch, &mut out).unwrap();
    let digest: [u8; 32] = sha2::Digest::finalize(sha2::Digest::chain_update(
        <sha2::Sha256 as sha2::Digest>::new(),
        &out,
    ))
    .into();
    assert_eq!(
        hex(&digest),
        "13fa733c0c58d01732eccc8da1a39ccc7b206a27c028ae3aa414dbd93d4ec9f5"
    );
}

/// Since 0.4.0 the column `primary_provider_npi` holds NPIs of the table of providers. With its former
/// values in their place, the bytes are those of 0.1.0: no other column changed.
#[test]
fn golden_bytes_of_the_first_release() {
    let batch = Sample::of(42, 0..1_000).0;
    let stream = Stream::new(42, "patients", "primary_provider_npi");
    let numbers = Permutation::new(identifier::NPI_COUNT, stream.split(1));
    let states = batch.column_by_name("state").unwrap().as_string::<i32>();
    let mut former = StringBuilder::new();
    for row in 0..1_000 {
        let before = US_STATES
            .iter()
            .take_while(|s| s.state != states.value(row));
        let providers = |state: &State| (state.population / 3_000).max(1);
        let first: u64 = before.map(providers).sum();
        let own = US_STATES
            .iter()
            .find(|s| s.state == states.value(row))
            .map(providers);
        let provider = first + below(stream.draw(row as u64), own.unwrap());
        identifier::write_npi(numbers.apply(provider), &mut former).unwrap();
        former.append_value("");
    }
    let place = batch.schema().index_of("primary_provider_npi").unwrap();
    let mut columns = batch.columns().to_vec();
    columns[place] = Arc::new(former.finish());
    let batch = RecordBatch::try_new(batch.schema(), columns).unwrap();
    let mut out = Vec::new();
    crate::format::csv::write_batch(&batch, &mut out).unwrap();
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&out).into();
    assert_eq!(
        hex(&digest),
        "53842a667e8dd5aa55c07c01c9829841d3293e267e4eaaf8f85f16e90f7428cd"
    );
}
