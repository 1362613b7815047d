//! What holds across the tables of the domain: times, sums, who treats whom, and published rates.
//!
//! Rates are those of 30,000 patients over the years since their registration. A tolerance covers the
//! sample and what the model leaves out; each source names the publisher and year.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Decimal128Type, Int32Type, TimestampMicrosecondType};
use arrow_array::{Array, RecordBatch};

use super::care::{Encounter, Kind};
use super::clock::Clock;
use super::disease::{Disease, History, code};
use super::life::{BLOCK, World};
use super::services::{Done, Service};
use super::sites::SITES;
use crate::calendar::{AS_OF_RANGE, MICROS_PER_DAY, REFERENCE_DATE, parse_date};
use crate::domain::finance::bank_days::is_business_day;
use crate::domain::{TableOptions, table};
use crate::generator::name::Sex;

const PATIENTS: u64 = 30_000;

fn options(seed: u64) -> TableOptions {
    TableOptions {
        seed,
        ..Default::default()
    }
}

/// The bands by which Health, United States gives visits: under 18, 18 to 44, 45 to 64, 65 to 74, 75 and
/// over.
const BANDS: [f64; 5] = [0.0, 18.0, 45.0, 65.0, 75.0];

fn band(age: f64) -> usize {
    BANDS.partition_point(|from| *from <= age.max(0.0)) - 1
}

/// What the patients of a sample went through.
struct Sample {
    /// By band, in person-years.
    years: [f64; 5],
    /// By kind and band.
    visits: [[f64; 5]; 5],
    stays: Vec<i32>,
    stay_charges: f64,
    deliveries: HashMap<&'static str, f64>,
    women_15_to_44: f64,
    deaths: f64,
    deaths_in_hospital: f64,
    reasons: HashMap<&'static str, f64>,
}

fn sample() -> Sample {
    let world = World::new(&options(11)).unwrap();
    let mut sample = Sample {
        years: [0.0; 5],
        visits: [[0.0; 5]; 5],
        stays: Vec::new(),
        stay_charges: 0.0,
        deliveries: HashMap::new(),
        women_15_to_44: 0.0,
        deaths: 0.0,
        deaths_in_hospital: 0.0,
        reasons: HashMap::new(),
    };
    let mut history = History::default();
    let mut encounters: Vec<Encounter> = Vec::new();
    let mut services: Vec<Service> = Vec::new();
    for unit in 0..PATIENTS {
        let life = world.life(unit);
        world.history(&life, &mut history);
        encounters.clear();
        world.encounters(&life, &history, &mut encounters);
        for day in (life.registered_day..life.end).step_by(30) {
            let age = life.age_on(day);
            sample.years[band(age)] += 30.0 / 365.25;
            if life.sex == Sex::Female && (15.0..45.0).contains(&age) {
                sample.women_15_to_44 += 30.0 / 365.25;
            }
        }
        sample.deaths += f64::from(u8::from(life.death.is_some()));
        let mut done = Done::default();
        for encounter in &encounters {
            services.clear();
            world.services(&life, encounter, &mut done, &mut services);
            sample.visits[encounter.kind as usize][band(life.age_on(encounter.day()))] += 1.0;
            sample.deaths_in_hospital += f64::from(u8::from(encounter.died));
            if encounter.kind == Kind::Inpatient {
                sample.stays.push(encounter.days());
                sample.stay_charges +=
                    world.total_charge(&life, encounter, &services) as f64 / 100.0;
                let reason = code(encounter.code);
                *sample.reasons.entry(reason.key).or_default() += 1.0;
                if reason.key == Disease::Delivery.key() {
                    *sample.deliveries.entry(reason.code).or_default() += 1.0;
                }
            }
        }
    }
    sample
}

#[track_caller]
fn near(what: &str, value: f64, published: f64, tolerance: f64) {
    assert!(
        (value / published - 1.0).abs() <= tolerance,
        "{what}: {value:.4}, published {published}"
    );
}

#[test]
fn rates_are_the_published_ones() {
    let sample = sample();
    let of = |kind: Kind| sample.visits[kind as usize];
    let per_year = |visits: f64, band: usize| visits / sample.years[band];
    let all_years: f64 = sample.years.iter().sum();

    // Emergency departments, visits per 100 persons: 45, 49, 37, 41, 68 in 2009 (NCHS, Health, United
    // States, 2010, table 96); 43 in all, 66 from 75 on and 36 to 45 between 1 and 74 in 2021 (NCHS Data
    // Brief 478). One in eight is admitted and counts as a stay here, most of them old.
    for (band, published) in [0.43, 0.45, 0.37, 0.41, 0.63].into_iter().enumerate() {
        near(
            "emergencies",
            per_year(of(Kind::Emergency)[band], band),
            published,
            0.22,
        );
    }
    near(
        "emergencies",
        of(Kind::Emergency).iter().sum::<f64>() / all_years,
        0.43,
        0.12,
    );

    // Visits to physicians' offices and outpatient departments, per 100 persons, the same table: 277, 260,
    // 438, 708 and 850.
    for (band, published) in [2.77, 2.60, 4.38, 7.08, 8.50].into_iter().enumerate() {
        let visits: f64 = [Kind::Ambulatory, Kind::Wellness, Kind::Virtual]
            .map(|k| of(k)[band])
            .iter()
            .sum();
        near("visits", per_year(visits, band), published, 0.15);
    }

    // Stays per 100 persons, without newborns: 9.7 (HCUP Fast Stats: 35.8 million in 2017, less 3.8
    // million births).
    near(
        "stays",
        of(Kind::Inpatient).iter().sum::<f64>() / all_years,
        0.097,
        0.12,
    );
    assert!(per_year(of(Kind::Inpatient)[4], 4) > 2.5 * per_year(of(Kind::Inpatient)[2], 2));
    // Mean length of stay 4.6 days (HCUP Statistical Briefs 246 and Facts and Figures 2009).
    let days: f64 = sample.stays.iter().map(|days| f64::from(*days)).sum();
    near(
        "length of stay",
        days / sample.stays.len() as f64,
        4.6,
        0.06,
    );
    // Mean charges of a stay: about $ 50,000 (HCUPnet 2019, from memory).
    near(
        "charges of a stay",
        sample.stay_charges / sample.stays.len() as f64,
        50_000.0,
        0.15,
    );

    // 56.0 births per 1,000 women of 15 to 44 in 2022, 32.1 % of them by caesarean (NCHS, National Vital
    // Statistics Reports 73-2).
    let births: f64 = sample.deliveries.values().sum();
    near("births", births / sample.women_15_to_44, 0.056, 0.10);
    near("caesareans", sample.deliveries["O82"] / births, 0.321, 0.10);
    // Births are the commonest reason for a stay, then sepsis and heart failure (HCUP Statistical Brief
    // 277, 2018).
    let mut reasons: Vec<_> = sample.reasons.iter().collect();
    reasons.sort_by(|a, b| b.1.total_cmp(a.1));
    let first: Vec<&str> = reasons.iter().take(5).map(|r| *r.0).collect();
    assert_eq!(first[0], "delivery");
    assert!(
        first.contains(&"sepsis") && first.contains(&"heart_failure"),
        "{first:?}"
    );
    // 35 % of deaths in hospital (CDC, deaths by place, 2018, from memory; 32 % in 2007, HCUP Statistical
    // Brief 81).
    near(
        "deaths in hospital",
        sample.deaths_in_hospital / sample.deaths,
        0.35,
        0.10,
    );
}

#[test]
fn encounters_are_in_order() {
    let worlds = [REFERENCE_DATE, *AS_OF_RANGE.start(), *AS_OF_RANGE.end()].map(|as_of| {
        let options = TableOptions {
            as_of,
            ..options(12)
        };
        World::new(&options).unwrap()
    });
    let (mut history, mut encounters) = (History::default(), Vec::new());
    let (mut all, mut during) = (0, 0);
    let first = (0..2_000).map(|unit| (&worlds[0], unit));
    let early = (0..500).map(|unit| (&worlds[1], unit));
    let late = (0..500).map(|unit| (&worlds[2], unit));
    for (world, unit) in first.chain(early).chain(late) {
        let life = world.life(unit);
        assert!(life.end <= world.as_of);
        world.history(&life, &mut history);
        encounters.clear();
        world.encounters(&life, &history, &mut encounters);
        let state = world.place(unit).state_index;
        assert!(encounters.is_sorted_by_key(|e| e.admitted));
        let mut ordinals: Vec<u32> = encounters.iter().map(|e| e.ordinal).collect();
        ordinals.sort_unstable();
        assert!(
            ordinals
                .into_iter()
                .eq(0..u32::try_from(encounters.len()).unwrap())
        );
        for encounter in &encounters {
            assert!(life.registered <= encounter.admitted, "{encounter:?}");
            assert!(encounter.admitted <= encounter.discharged, "{encounter:?}");
            assert!(
                encounter.discharged <= life.last_instant(),
                "{encounter:?} {life:?}"
            );
            assert!(
                encounter.kind == Kind::Inpatient || encounter.days() <= 1,
                "{encounter:?}"
            );
            let provider = SITES.providers[usize::from(encounter.provider)];
            let organization = SITES.organizations[usize::from(encounter.organization)];
            assert_eq!((provider.state, organization.state), (state, state));
            if let Some(ordinal) = encounter.condition {
                let condition = &history.conditions[usize::from(ordinal)];
                assert!(
                    condition.onset <= encounter.day(),
                    "{condition:?} {encounter:?}"
                );
                if encounter.first {
                    assert_eq!(condition.encounter, encounter.ordinal);
                }
            }
        }
        // Nobody is elsewhere while in hospital, but for some in the last days, where nothing is later.
        let mut until = i64::MIN;
        for encounter in &encounters {
            all += 1;
            during += usize::from(encounter.admitted < until);
            if encounter.kind == Kind::Inpatient {
                until = until.max(encounter.discharged);
            }
        }
        if let Some(death) = encounters.iter().find(|e| e.died) {
            assert_eq!(Some(death.ordinal), encounters.last().map(|e| e.ordinal));
        }
        for condition in &history.conditions {
            let recorded = encounters
                .iter()
                .find(|e| e.ordinal == condition.encounter)
                .unwrap();
            assert!(
                condition.onset <= recorded.day(),
                "{condition:?} {recorded:?}"
            );
            assert!(recorded.first);
        }
    }
    assert!(
        during * 2_000 < all,
        "{during} of {all} encounters during a stay"
    );
}

/// By the clock of the patient's state: offices see patients on business days between 8:00 and 17:00, and two
/// of three who come to a hospital do so between 9:00 and 21:00 (NHAMCS: about 65 %; from memory).
#[test]
fn visits_are_at_local_hours() {
    let worlds = [REFERENCE_DATE, REFERENCE_DATE + 200].map(|as_of| {
        let options = TableOptions {
            as_of,
            ..options(14)
        };
        World::new(&options).unwrap()
    });
    let (mut history, mut encounters) = (History::default(), Vec::new());
    let (mut visits, mut at_once, mut calls, mut by_day, mut hospital) = (0, 0, 0, 0, 0);
    for (world, unit) in (0..6_000).map(|unit| (&worlds[usize::from(unit % 2 == 0)], unit)) {
        let life = world.life(unit);
        world.history(&life, &mut history);
        encounters.clear();
        world.encounters(&life, &history, &mut encounters);
        let clock = Clock::of(world.place(unit).state_index);
        for encounter in &encounters {
            let (from, to) = (encounter.admitted, encounter.discharged);
            if matches!(encounter.kind, Kind::Emergency | Kind::Inpatient) {
                hospital += 1;
                by_day += usize::from((540..1_260).contains(&clock.minute(from)));
                continue;
            }
            visits += 1;
            // Where no business day is left after the registration, which is at any time.
            if encounter.day() == life.registered_day {
                at_once += 1;
                continue;
            }
            let hours = 480..=1_020;
            assert!(
                hours.contains(&clock.minute(from)) && hours.contains(&clock.minute(to)),
                "{encounter:?} from {} to {}",
                clock.minute(from),
                clock.minute(to)
            );
            let open = is_business_day(encounter.day());
            assert!(open || encounter.kind == Kind::Virtual, "{encounter:?}");
            calls += usize::from(!open);
        }
    }
    assert!(
        at_once * 1_000 < visits && calls * 500 < visits,
        "{at_once}, {calls} of {visits}"
    );
    let share = by_day as f64 / f64::from(hospital);
    near("arrivals between 9:00 and 21:00", share, 0.66, 0.06);
}

/// On any day 0.12 % of all people are in hospital: 9.7 stays of 4.6 days per 100 persons and year (sources
/// above), in winter more, in summer less. Those of `as_of` have not left; nobody else's stay is open.
#[test]
fn some_are_still_in_hospital() {
    let options = TableOptions {
        as_of: parse_date("2025-10-01").unwrap(),
        ..options(13)
    };
    let world = World::new(&options).unwrap();
    let (mut history, mut encounters) = (History::default(), Vec::new());
    let (mut living, mut there) = (0.0, 0.0);
    for unit in 0..PATIENTS {
        let life = world.life(unit);
        world.history(&life, &mut history);
        encounters.clear();
        world.encounters(&life, &history, &mut encounters);
        living += f64::from(u8::from(life.death.is_none()));
        for encounter in &encounters {
            let hospital = matches!(encounter.kind, Kind::Inpatient | Kind::Emergency);
            let at_the_end = hospital && encounter.discharged == life.last_instant();
            if life.death.is_none() {
                assert_eq!(encounter.ended, !at_the_end, "{encounter:?}");
                let stays = encounter.kind == Kind::Inpatient && !encounter.ended;
                there += f64::from(u8::from(stays));
            } else {
                assert!(encounter.ended, "{encounter:?}");
            }
        }
    }
    // About 36 of 30,000, whose square root is 6.
    near("in hospital", there / living, 0.0012, 0.45);
}

/// A table of the domain and its columns.
struct Rows(RecordBatch);

impl Rows {
    fn of(name: &str, seed: u64, patients: std::ops::Range<u64>) -> Self {
        Self(
            table(name, &options(seed))
                .unwrap()
                .batch(patients)
                .unwrap(),
        )
    }

    fn len(&self) -> usize {
        self.0.num_rows()
    }

    fn id(&self, name: &str, row: usize) -> [u8; 16] {
        let column = self.0.column_by_name(name).unwrap().as_fixed_size_binary();
        column.value(row).try_into().unwrap()
    }

    fn text(&self, name: &str, row: usize) -> Option<&str> {
        let column = self.0.column_by_name(name).unwrap().as_string::<i32>();
        column.is_valid(row).then(|| column.value(row))
    }

    fn date(&self, name: &str, row: usize) -> Option<i32> {
        let column = self
            .0
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Date32Type>();
        column.is_valid(row).then(|| column.value(row))
    }

    fn instant(&self, name: &str, row: usize) -> i64 {
        self.maybe_instant(name, row).unwrap()
    }

    fn maybe_instant(&self, name: &str, row: usize) -> Option<i64> {
        let column = self.0.column_by_name(name).unwrap();
        let column = column.as_primitive::<TimestampMicrosecondType>();
        column.is_valid(row).then(|| column.value(row))
    }

    fn money(&self, name: &str, row: usize) -> Option<i128> {
        let column = self
            .0
            .column_by_name(name)
            .unwrap()
            .as_primitive::<Decimal128Type>();
        column.is_valid(row).then(|| column.value(row))
    }

    /// The row of each key.
    fn by(&self, name: &str) -> HashMap<[u8; 16], usize> {
        (0..self.len())
            .map(|row| (self.id(name, row), row))
            .collect()
    }
}

fn day(micros: i64) -> i32 {
    i32::try_from(micros.div_euclid(MICROS_PER_DAY)).unwrap()
}

/// Nothing before registration or after death; a stay's length is that of its dates; conditions begin
/// before the encounter that records them; procedures are done within theirs.
#[test]
fn tables_keep_time() {
    let patients = Rows::of("patients", 21, 0..1_500);
    let encounters = Rows::of("encounters", 21, 0..1_500);
    let (of_patient, of_encounter) = (patients.by("patient_id"), encounters.by("encounter_id"));
    let stays = encounters.0.column_by_name("length_of_stay").unwrap();
    for row in 0..encounters.len() {
        let patient = of_patient[&encounters.id("patient_id", row)];
        let from = encounters.instant("admitted_at", row);
        let Some(to) = encounters.maybe_instant("discharged_at", row) else {
            assert!(stays.is_null(row) && patients.date("death_date", patient).is_none());
            assert!(encounters.text("discharge_disposition", row).is_none());
            continue;
        };
        assert!(patients.instant("created_at", patient) <= from && from <= to);
        assert_eq!(
            stays.as_primitive::<Int32Type>().value(row),
            day(to) - day(from)
        );
        if let Some(death) = patients.date("death_date", patient) {
            assert!(day(to) <= death);
        }
        if encounters.text("discharge_disposition", row) == Some("Expired") {
            assert_eq!(patients.date("death_date", patient), Some(day(to)));
        }
    }
    let conditions = Rows::of("conditions", 21, 0..1_500);
    for row in 0..conditions.len() {
        let patient = of_patient[&conditions.id("patient_id", row)];
        let encounter = of_encounter[&conditions.id("encounter_id", row)];
        let onset = conditions.date("onset_date", row).unwrap();
        assert_eq!(
            encounters.id("patient_id", encounter),
            conditions.id("patient_id", row)
        );
        assert!(patients.date("birth_date", patient).unwrap() <= onset);
        assert!(onset <= day(encounters.instant("admitted_at", encounter)));
        let over = conditions.date("abatement_date", row);
        assert!(over.is_none_or(|over| onset <= over));
        let status = if over.is_none() { "active" } else { "resolved" };
        assert_eq!(conditions.text("status", row), Some(status));
    }
    let procedures = Rows::of("procedures", 21, 0..1_500);
    for row in 0..procedures.len() {
        let encounter = of_encounter[&procedures.id("encounter_id", row)];
        let at = procedures.instant("performed_at", row);
        assert!(encounters.instant("admitted_at", encounter) <= at);
        let left = encounters.maybe_instant("discharged_at", encounter);
        assert!(left.is_none_or(|left| at <= left));
        for column in ["patient_id", "provider_id"] {
            assert_eq!(procedures.id(column, row), encounters.id(column, encounter));
        }
    }
}

/// Where stays lead to. HCUP, Statistical Brief 205 (2013): 22.3 % of all discharges lead to care after the
/// stay, which is 25 % without newborns; 41.7 % of those that Medicare pays for, and 11.7 and 8.1 % of those of
/// private insurance and Medicaid; half of it is home health care; stays that lead on are longer, 7.0 against
/// 3.6 days. That hardly any child goes to a nursing facility is an estimate.
#[test]
fn care_after_a_stay_follows_age() {
    let world = World::new(&options(25)).unwrap();
    let lives: HashMap<_, _> = (0..12_000)
        .map(|unit| (world.patient_id(unit), world.life(unit)))
        .collect();
    let encounters = Rows::of("encounters", 25, 0..12_000);
    let stays = encounters.0.column_by_name("length_of_stay").unwrap();
    let stays = stays.as_primitive::<Int32Type>();
    // Home, home health care, facility: by age under 18, 18 to 64, from 65 on.
    let mut counts = [[0.0; 3]; 3];
    let mut days = [(0.0, 0.0); 2];
    for row in 0..encounters.len() {
        let Some(how) = encounters.text("discharge_disposition", row) else {
            continue;
        };
        let way = match how {
            "Expired" => continue,
            "Home" => 0,
            "Home health care" => 1,
            _ => 2,
        };
        let life = lives[&encounters.id("patient_id", row)];
        let age = life.age_on(day(encounters.instant("admitted_at", row)));
        counts[usize::from(age >= 18.0) + usize::from(age >= 65.0)][way] += 1.0;
        let led = usize::from(way > 0);
        days[led].0 += f64::from(stays.value(row));
        days[led].1 += 1.0;
    }
    let care = |groups: &[[f64; 3]]| {
        let all: f64 = groups.iter().flatten().sum();
        let home: f64 = groups.iter().map(|of| of[0]).sum();
        (all - home) / all
    };
    near("care after a stay", care(&counts), 0.25, 0.20);
    near("care after a stay, 65 on", care(&counts[2..]), 0.417, 0.15);
    near(
        "care after a stay, 18 to 64",
        care(&counts[1..2]),
        0.108,
        0.30,
    );
    let [health, facility] = [1, 2].map(|way| counts.iter().map(|of| of[way]).sum::<f64>());
    near("home health care", health / (health + facility), 0.5, 0.15);
    let children = counts[0][2] / counts[0].iter().sum::<f64>();
    assert!(children < 0.01, "{children} of children to a facility");
    let [home, led] = days.map(|(days, stays)| days / stays);
    assert!((1.25..2.2).contains(&(led / home)), "{home} and {led} days");
}

/// To the cent: an encounter's charge covers its procedures, a claim bills the encounter's charge, and
/// billed is allowed and adjustment, allowed is paid and the patient's part.
#[test]
fn sums_add_up() {
    let patients = Rows::of("patients", 22, 0..1_500);
    let encounters = Rows::of("encounters", 22, 0..1_500);
    let procedures = Rows::of("procedures", 22, 0..1_500);
    let claims = Rows::of("claims", 22, 0..1_500);
    let (of_patient, of_encounter) = (patients.by("patient_id"), encounters.by("encounter_id"));
    let mut done: HashMap<[u8; 16], i128> = HashMap::new();
    for row in 0..procedures.len() {
        let charge = procedures.money("charge", row).unwrap();
        assert!(charge > 0);
        *done.entry(procedures.id("encounter_id", row)).or_default() += charge;
    }
    for row in 0..encounters.len() {
        let done = done
            .get(&encounters.id("encounter_id", row))
            .copied()
            .unwrap_or(0);
        assert!(encounters.money("total_charge", row).unwrap() > done);
    }
    let mut statuses: HashMap<String, usize> = HashMap::new();
    let mut insured = 0;
    for row in 0..claims.len() {
        let encounter = of_encounter[&claims.id("encounter_id", row)];
        let patient = of_patient[&claims.id("patient_id", row)];
        assert_eq!(
            claims.id("patient_id", row),
            encounters.id("patient_id", encounter)
        );
        assert_eq!(
            claims.id("provider_id", row),
            encounters.id("provider_id", encounter)
        );
        let insurance = claims.text("insurance_type", row).unwrap();
        assert_ne!(insurance, "Uninsured");
        let payer = claims.text("payer", row).unwrap();
        let state = patients.text("state", patient).unwrap();
        match insurance {
            "Medicare" => assert_eq!(payer, "Medicare"),
            "Medicaid" => assert_eq!(payer, format!("{state} Medicaid")),
            "Military" => assert_eq!(payer, "TRICARE"),
            _ => assert!(!payer.contains("Medic"), "{payer} for {insurance}"),
        }
        let billed = claims.money("billed_amount", row).unwrap();
        assert_eq!(Some(billed), encounters.money("total_charge", encounter));
        let decided = [
            "allowed_amount",
            "adjustment_amount",
            "paid_amount",
            "patient_responsibility",
        ]
        .map(|column| claims.money(column, row));
        let status = claims.text("status", row).unwrap();
        *statuses.entry(status.to_owned()).or_default() += 1;
        // Nothing is billed before the patient has left.
        let discharged = day(encounters.instant("discharged_at", encounter));
        let submitted = claims.date("submitted_date", row).unwrap();
        let adjudicated = claims.date("adjudicated_date", row);
        assert!(claims.date("service_date", row).unwrap() <= discharged && discharged < submitted);
        assert!(adjudicated.is_none_or(|day| submitted < day));
        assert!(adjudicated.unwrap_or(submitted) <= options(22).as_of);
        assert_eq!(
            claims.text("denial_reason", row).is_some(),
            status == "denied"
        );
        let [Some(allowed), Some(adjustment), Some(paid), Some(own)] = decided else {
            assert_eq!((status, decided, adjudicated), ("pending", [None; 4], None));
            continue;
        };
        assert_eq!(billed, allowed + adjustment);
        assert_eq!(allowed, paid + own);
        assert!(billed >= allowed && allowed >= paid && paid >= 0 && own >= 0);
        assert_eq!(status == "denied", allowed == 0, "{status}");
        insured += 1;
    }
    // Denied are about a tenth (Medicare 8 %, marketplace plans 19 % in 2023: KFF), pending few.
    let share = |status: &str| statuses[status] as f64 / claims.len() as f64;
    assert!((0.07..0.12).contains(&share("denied")), "{statuses:?}");
    assert!((0.002..0.03).contains(&share("pending")), "{statuses:?}");
    // One for each encounter of the insured, but for the last days.
    let world = World::new(&options(22)).unwrap();
    let lives: HashMap<_, _> = (0..1_500)
        .map(|unit| (world.patient_id(unit), world.life(unit)))
        .collect();
    let of_insured = (0..encounters.len()).filter(|row| {
        let life = lives[&encounters.id("patient_id", *row)];
        world.insurance_on(&life, day(encounters.instant("admitted_at", *row))) != "Uninsured"
    });
    let missing = of_insured.count() - claims.len();
    assert!(
        missing < claims.len() / 100,
        "{missing} of {insured} without a claim"
    );
}

/// Who pays is a matter of the age on the day of service, and on the patient's last day what `patients` says.
/// Below 65 Medicare is for the disabled only: 5.9 % at 55 to 64 (`insurance.csv`), and who has it keeps it.
#[test]
fn payers_follow_the_age_at_service() {
    let patients = Rows::of("patients", 24, 0..6_000);
    let claims = Rows::of("claims", 24, 0..6_000);
    let world = World::new(&options(24)).unwrap();
    let lives: HashMap<_, _> = (0..6_000)
        .map(|unit| (world.patient_id(unit), world.life(unit)))
        .collect();
    for row in 0..patients.len() {
        let life = lives[&patients.id("patient_id", row)];
        let insurance = world.insurance_on(&life, life.end);
        assert_eq!(patients.text("insurance_type", row), Some(insurance));
    }
    // Claims and those to Medicare of people of 55 to 64, by whether they are 65 now, and from 65 on.
    let mut groups = [(0.0, 0.0); 3];
    for row in 0..claims.len() {
        let life = lives[&claims.id("patient_id", row)];
        let on = claims.date("service_date", row).unwrap();
        let insurance = claims.text("insurance_type", row).unwrap();
        assert_eq!(insurance, world.insurance_on(&life, on));
        let group = match life.age_on(on) {
            65.0.. => 2,
            55.0.. => usize::from(life.age >= 65),
            _ => continue,
        };
        groups[group].0 += 1.0;
        groups[group].1 += f64::from(u8::from(insurance == "Medicare"));
    }
    let [younger, now_old, old] = groups.map(|(all, medicare)| medicare / all);
    assert!(groups[1].0 > 1_500.0, "{groups:?}");
    // The disabled have more claims than others; samples are of some hundred people.
    for share in [younger, now_old] {
        assert!(
            (0.02..0.14).contains(&share),
            "{share} to Medicare before 65"
        );
    }
    assert!(old > 0.90, "{old} to Medicare from 65 on");
}

/// A primary provider is one of the patient's block and state, and works in an organization there.
#[test]
fn providers_are_of_the_patients_state() {
    for start in [0, 7 * BLOCK] {
        let units = start..start + 2_000;
        let providers = Rows::of("providers", 23, units.clone());
        let organizations = Rows::of("organizations", 23, units.clone());
        let patients = Rows::of("patients", 23, units);
        let of_organization = organizations.by("organization_id");
        let by_npi: HashMap<&str, usize> = (0..providers.len())
            .map(|row| (providers.text("npi", row).unwrap(), row))
            .collect();
        assert_eq!(by_npi.len(), providers.len());
        for row in 0..providers.len() {
            let organization = of_organization[&providers.id("organization_id", row)];
            assert_eq!(
                providers.text("state", row),
                organizations.text("state", organization)
            );
            let npi = providers.text("npi", row).unwrap();
            assert!(npi.starts_with('9') && npi.len() == 10, "{npi}");
        }
        for row in 0..patients.len() {
            let provider = by_npi[patients.text("primary_provider_npi", row).unwrap()];
            assert_eq!(
                providers.text("state", provider),
                patients.text("state", row)
            );
            assert_eq!(
                providers.text("specialty", provider),
                Some("Family Medicine")
            );
        }
    }
}

/// Keys stay unique to the last patient, and beyond it there is an error.
#[test]
fn tables_end_where_identifiers_do() {
    for name in [
        "providers",
        "organizations",
        "encounters",
        "conditions",
        "procedures",
        "claims",
    ] {
        let made = table(name, &options(1)).unwrap();
        assert_eq!(made.last_unit(), super::LAST_PATIENT, "{name}");
        assert!(
            made.batch(super::LAST_PATIENT..super::LAST_PATIENT + 2)
                .is_err(),
            "{name}"
        );
    }
    let block = super::LAST_PATIENT / BLOCK * BLOCK;
    let last = Rows::of("providers", 1, block..block + 1);
    let first = Rows::of("providers", 1, 0..1);
    let npi = |rows: &Rows| -> Vec<String> {
        (0..rows.len())
            .map(|row| rows.text("npi", row).unwrap().to_owned())
            .collect()
    };
    let known = npi(&first);
    assert!(npi(&last).iter().all(|npi| !known.contains(npi)));
}
