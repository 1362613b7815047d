use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Int16Type, TimestampMicrosecondType};
use std::collections::HashMap;

use super::*;
use crate::calendar::{MICROS_PER_DAY, REFERENCE_DATE};
use crate::domain::Table;
use crate::domain::finance::bank_days::is_business_day;
use crate::domain::healthcare::care::{Encounter, Kind};
use crate::domain::healthcare::disease::History;

const PATIENTS: u64 = 30_000;

/// Age in days, sex, and the doses as CVX code and day.
type Story = (i32, Sex, Vec<(String, i32)>);

fn options() -> TableOptions {
    TableOptions {
        seed: 11,
        ..Default::default()
    }
}

/// One of each living patient.
fn histories() -> Vec<Story> {
    let patients = Patients::new(&options()).unwrap();
    let batch = table(&options()).unwrap().batch(0..PATIENTS).unwrap();
    let column = |name| batch.column_by_name(name).unwrap();
    let ids = column("patient_id").as_fixed_size_binary();
    let cvx = column("cvx_code").as_string::<i32>();
    let given = column("given_at").as_primitive::<TimestampMicrosecondType>();
    let mut by_patient: HashMap<Vec<u8>, Vec<(String, i32)>> = HashMap::new();
    for row in 0..batch.num_rows() {
        let day = (given.value(row) / MICROS_PER_DAY) as i32;
        let dose = (cvx.value(row).to_owned(), day);
        by_patient
            .entry(ids.value(row).to_vec())
            .or_default()
            .push(dose);
    }
    let lives = (0..PATIENTS).map(|unit| patients.life(unit));
    let living = lives.filter(|life| life.death.is_none());
    living
        .map(|life| {
            let doses = by_patient.remove(patients.patient_id(life.unit).as_slice());
            (life.end - life.birth, life.sex, doses.unwrap_or_default())
        })
        .collect()
}

/// The share of those of some age that had a number of doses of some vaccines since a day.
fn coverage(
    all: &[Story],
    ages: std::ops::Range<f64>,
    cvx: &[&str],
    doses: usize,
    since: i32,
) -> f64 {
    let of_age = all
        .iter()
        .filter(|one| ages.contains(&(f64::from(one.0) / 365.25)));
    let had = of_age.clone().filter(|one| {
        let fits = |dose: &&(String, i32)| cvx.contains(&dose.0.as_str()) && dose.1 >= since;
        one.2.iter().filter(fits).count() >= doses
    });
    had.count() as f64 / of_age.count() as f64
}

/// Coverage as CDC publishes it. NIS-Child, born 2015-2016, at 24 months (MMWR 68:41, 2019); NIS-Teen
/// 2022, ages 13 to 17 (MMWR 72:34, 2023); `FluVaxView` and the vaccination trends of April 2024 for
/// adults. Tolerances: 4 points, about three standard errors of the smallest group here and the change
/// between the years.
#[test]
fn coverage_is_as_published() {
    let all = histories();
    let forever = i32::MIN;
    // Season 2024-25 lies wholly before the day of reference.
    let season = days_from_date(2024, 8, 15).unwrap();
    for (what, published, ages, cvx, doses, since) in [
        ("DTaP 3", 93.8, 2.0..4.0, &["20"][..], 3, forever),
        ("DTaP 4", 80.3, 2.0..4.0, &["20"], 4, forever),
        ("polio 3", 92.7, 2.0..4.0, &["10"], 3, forever),
        ("MMR 1", 90.4, 2.0..6.0, &["03"], 1, forever),
        ("MMR 2", 91.2, 13.0..18.0, &["03"], 2, forever),
        ("rotavirus", 73.6, 2.0..6.0, &["116"], 3, forever),
        ("Tdap", 89.9, 13.0..18.0, &["115"], 1, forever),
        ("HPV 1", 76.0, 13.0..18.0, &["165"], 1, forever),
        ("MenACWY 1", 88.6, 13.0..18.0, &["203", "114"], 1, forever),
        (
            "influenza, 65 and over",
            70.0,
            66.5..120.0,
            &["135", "140"],
            1,
            season,
        ),
        ("influenza, 18 to 49", 35.0, 20.0..49.0, &["140"], 1, season),
        (
            "COVID-19 since September 2024, 65 and over",
            43.0,
            66.5..120.0,
            &["309"],
            1,
            season,
        ),
    ] {
        let end = days_from_date(2025, 8, 1).unwrap();
        let until: Vec<_> = all
            .iter()
            .map(|(age, sex, doses)| {
                let kept = doses.iter().filter(|dose| since == forever || dose.1 < end);
                (*age, *sex, kept.cloned().collect())
            })
            .collect();
        let share = 100.0 * coverage(&until, ages, cvx, doses, since);
        assert!(
            (share - published).abs() < 4.0,
            "{what}: {share:.1}, published {published}"
        );
    }
    // No vaccination at all: 1.3 percent of the children (NIS-Child, born 2015-2016), before influenza.
    let none = all.iter().filter(|one| (730..1825).contains(&one.0));
    let without = none
        .clone()
        .filter(|one| one.2.iter().all(|dose| dose.0 == "150" || dose.0 == "140"));
    let share = 100.0 * without.count() as f64 / none.count() as f64;
    assert!(
        (0.4..4.5).contains(&share),
        "unvaccinated: {share:.2} percent"
    );
}

#[test]
fn doses_follow_birth_each_other_and_the_licence() {
    let options = options();
    let patients = Patients::new(&options).unwrap();
    let world = World::new(&options).unwrap();
    let mut doses = Vec::new();
    for unit in 0..4_000 {
        let life = patients.life(unit);
        doses.clear();
        world.doses(unit, &mut doses);
        let mut last: HashMap<&str, (i16, i32)> = HashMap::new();
        for dose in &doses {
            let product = world.products[dose.product];
            assert!(
                life.birth <= dose.day && dose.day <= life.end,
                "{product:?}"
            );
            assert!(life.death.is_none_or(|death| dose.day < death));
            assert!(
                (product.days.0..=product.days.1).contains(&dose.day),
                "{product:?}"
            );
            assert!(dose.number >= 1);
            if let Some((number, day)) = last.insert(product.cvx, (dose.number, dose.day)) {
                assert!(
                    dose.number != number || product.route == "IM",
                    "{product:?}"
                );
                assert!(day < dose.day, "{product:?}: {day} then {}", dose.day);
            }
            if product.name.starts_with("HPV") {
                assert!(dose.day - life.birth >= 9 * 365);
            }
            if product.cvx == "116" {
                assert!(dose.day - life.birth <= 245, "rotavirus after 8 months");
            }
        }
    }
}

#[test]
fn codes_and_lots_have_their_shapes() {
    let batch: RecordBatch = table(&options()).unwrap().batch(0..2_000).unwrap();
    let column = |name| batch.column_by_name(name).unwrap();
    let (lots, cvx) = (
        column("lot_number").as_string::<i32>(),
        column("cvx_code").as_string::<i32>(),
    );
    let given = column("given_at").as_primitive::<TimestampMicrosecondType>();
    let expires = column("expiration_date").as_primitive::<Date32Type>();
    let numbers = column("dose_number").as_primitive::<Int16Type>();
    let mut lot_of: HashMap<&str, (&str, i32)> = HashMap::new();
    let (mut shared, mut clashes) = (0, 0);
    for row in 0..batch.num_rows() {
        let lot = lots.value(row);
        assert_eq!(lot.len(), 6, "{lot}");
        assert!(lot[..2].bytes().all(|b| b.is_ascii_uppercase()), "{lot}");
        assert!(lot[2..].bytes().all(|b| b.is_ascii_digit()), "{lot}");
        assert!(cvx.value(row).parse::<u16>().is_ok());
        assert!(expires.value(row) > (given.value(row) / MICROS_PER_DAY) as i32);
        assert!((1..=30).contains(&numbers.value(row)));
        if let Some(other) = lot_of.insert(lot, (cvx.value(row), expires.value(row))) {
            shared += 1;
            clashes += usize::from(other != (cvx.value(row), expires.value(row)));
        }
    }
    // A lot serves more than one patient, and is of one vaccine with one day of expiry (of two million
    // numbers a few coincide by chance).
    assert!(
        shared > batch.num_rows() / 4,
        "{shared} of {}",
        batch.num_rows()
    );
    assert!(clashes < batch.num_rows() / 50, "{clashes}");
}

#[test]
fn a_day_before_the_vaccines_has_none_of_them() {
    let early = TableOptions {
        as_of: days_from_date(1940, 1, 1).unwrap(),
        ..options()
    };
    assert_eq!(table(&early).unwrap().batch(0..500).unwrap().num_rows(), 0);
    let late = TableOptions {
        as_of: days_from_date(2150, 6, 1).unwrap(),
        ..options()
    };
    assert!(table(&late).unwrap().batch(0..500).unwrap().num_rows() > 3_000);
    assert!(REFERENCE_DATE > early.as_of);
}

/// Offices are open on business days from 8:00 to 17:00, by the clock of the patient's state.
#[test]
fn doses_are_given_in_office_hours() {
    let batch = table(&options()).unwrap().batch(0..2_000).unwrap();
    let patients = Patients::new(&options()).unwrap();
    let states: HashMap<Vec<u8>, usize> = (0..2_000)
        .map(|unit| {
            let state = patients.place(unit).state_index;
            (patients.patient_id(unit).to_vec(), state)
        })
        .collect();
    let column = |name| batch.column_by_name(name).unwrap();
    let ids = column("patient_id").as_fixed_size_binary();
    let given = column("given_at").as_primitive::<TimestampMicrosecondType>();
    for row in 0..batch.num_rows() {
        let at = given.value(row);
        let minute = Clock::of(states[ids.value(row)]).minute(at);
        assert!((480..1_020).contains(&minute), "{minute}");
        let day = (at.div_euclid(MICROS_PER_DAY)) as i32;
        assert!(is_business_day(day), "{day}");
    }
}

/// Doses since the registration are often given at a check-up, and then during it.
#[test]
fn doses_are_given_at_check_ups() {
    let world = World::new(&options()).unwrap();
    let (mut doses, mut encounters) = (Vec::new(), Vec::new());
    let mut history = History::default();
    // Children under 3 and others: doses, those within a check-up, and those on the day of one.
    let mut counts = [[0_u32; 3]; 2];
    for unit in 0..4_000 {
        let life = world.patients.life(unit);
        doses.clear();
        world.doses(unit, &mut doses);
        world.patients.history(&life, &mut history);
        encounters.clear();
        world.patients.encounters(&life, &history, &mut encounters);
        let check_ups = || encounters.iter().filter(|e| e.kind == Kind::Wellness);
        for dose in doses.iter().filter(|d| d.day > life.registered_day) {
            let count = &mut counts[usize::from(life.age_on(dose.day) >= 3.0)];
            let within = |e: &Encounter| e.admitted <= dose.at && dose.at <= e.discharged;
            count[0] += 1;
            count[1] += u32::from(check_ups().any(within));
            count[2] += u32::from(check_ups().any(|e| e.day() == dose.day));
        }
    }
    let [children, others] = counts.map(|[all, within, on]| {
        // But for a second check-up on the day, or one that was put off.
        assert!(within * 50 >= on * 49, "{counts:?}");
        f64::from(within) / f64::from(all)
    });
    assert!(
        children > 0.4 && others > 0.08,
        "{children}, {others} at check-ups"
    );
}

/// The average that `FAN_OUT` promises.
#[test]
fn fan_out_is_the_average() {
    let rows = table(&options())
        .unwrap()
        .batch(0..10_000)
        .unwrap()
        .num_rows();
    let mean = rows as f64 / 10_000.0;
    assert!((mean / FAN_OUT.mean() - 1.0).abs() < 0.1, "{mean}");
}
