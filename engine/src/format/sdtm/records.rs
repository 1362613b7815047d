//! The records of each dataset, for one participant.

use std::fmt::Write;

use super::dose::dosing;
use super::line::Line;
use crate::domain::healthcare::research::{
    Action, Arm, Baseline, Event, Outcome, Participant, Relation, Research, Status, Treatment,
    Visit,
};
use crate::entropy::round;
use crate::generator::identifier::write_padded;
use crate::generator::name::Sex;

/// The planned day of screening: two weeks before the first dose.
const SCREENING_DAY: i32 = -14;

/// DM.
pub(super) fn demographics(
    research: &Research,
    participant: &Participant,
    events: &[Event],
    out: &mut Vec<u8>,
) {
    let life = &participant.life;
    let race = research.world.race(life.unit);
    let doses = dosing(participant, events);
    let died = participant.status == Status::Died;
    let mut record = Line::new(participant, "DM", out);
    record
        .with(|line| write_padded(participant.number(), 4, line))
        .date(participant.randomised)
        .date(participant.treated_until)
        .date(doses.first().map(|dose| dose.from))
        .date(doses.last().map(|dose| dose.to))
        .date(participant.consented)
        .date(participant.left)
        .date(participant.left.filter(|_| died))
        .flag(died)
        .with(|line| write_padded(participant.site(), 3, line))
        .date(life.birth)
        .number(full_years(life.age_on(participant.consented)))
        .text("YEARS")
        .text(life.sex.code())
        .text(race_term(race.race))
        .text(match race.ethnicity {
            "Hispanic or Latino" => "HISPANIC OR LATINO",
            _ => "NOT HISPANIC OR LATINO",
        });
    // The planned and the actual arm: nobody gets another one than planned.
    for _ in 0..2 {
        match participant.arm() {
            Some(arm) => record
                .with(|line| arm_code(arm, line))
                .with(|line| arm_name(participant, arm, line)),
            None => record.empty().empty(),
        };
    }
    record
        .text(match (participant.arm, participant.status) {
            (Some(_), _) => "",
            (None, Status::ScreenFailure) => "SCREEN FAILURE",
            (None, _) => "NOT ASSIGNED",
        })
        .text("USA");
}

/// AE.
pub(super) fn adverse_events(participant: &Participant, events: &[Event], out: &mut Vec<u8>) {
    for (sequence, event) in (1..).zip(events) {
        let grade = event.grade;
        Line::new(participant, "AE", out)
            .number(sequence)
            .text(event.term.term)
            .text(event.term.term)
            .text(event.term.body_system)
            .text(match grade {
                ..=1 => "MILD",
                2 => "MODERATE",
                _ => "SEVERE",
            })
            .yes_or_no(event.serious)
            .text(match event.action {
                Action::Unchanged => "DOSE NOT CHANGED",
                Action::Reduced => "DOSE REDUCED",
                Action::Interrupted => "DRUG INTERRUPTED",
                Action::Withdrawn => "DRUG WITHDRAWN",
                Action::NotApplicable => "NOT APPLICABLE",
            })
            .text(match event.relation {
                Relation::None => "NOT RELATED",
                Relation::Unlikely => "UNLIKELY RELATED",
                Relation::Possible => "POSSIBLY RELATED",
                Relation::Related => "RELATED",
            })
            .text(match event.outcome {
                Outcome::Recovered => "RECOVERED/RESOLVED",
                Outcome::Sequelae => "RECOVERED/RESOLVED WITH SEQUELAE",
                Outcome::Recovering => "RECOVERING/RESOLVING",
                Outcome::NotRecovered => "NOT RECOVERED/NOT RESOLVED",
                Outcome::Fatal => "FATAL",
            })
            .yes_or_no(grade == 5)
            .yes_or_no(event.serious && grade <= 3)
            .yes_or_no(grade == 4)
            .number(i32::from(grade))
            .text(epoch(participant, event.started))
            .date(event.started)
            .date(event.ended)
            .number_or_empty(participant.study_day(event.started))
            .number_or_empty(event.ended.and_then(|day| participant.study_day(day)));
    }
}

/// VS.
pub(super) fn vital_signs(
    research: &Research,
    participant: &Participant,
    baseline: &Baseline,
    out: &mut Vec<u8>,
) {
    let mut sequence = 0;
    research.visits(participant, |visit| {
        let Some(day) = visit.took_place else { return };
        let vitals = Research::vitals(baseline, &visit);
        let height = baseline.height;
        // Test, name, value in units of the last place, places, unit.
        let signs = [
            (
                "SYSBP",
                "Systolic Blood Pressure",
                vitals.systolic,
                0,
                "mmHg",
            ),
            (
                "DIABP",
                "Diastolic Blood Pressure",
                vitals.diastolic,
                0,
                "mmHg",
            ),
            ("PULSE", "Pulse Rate", vitals.pulse, 0, "beats/min"),
            ("TEMP", "Temperature", vitals.temperature, 1, "C"),
            ("WEIGHT", "Weight", vitals.weight, 1, "kg"),
            ("HEIGHT", "Height", height, 1, "cm"),
        ];
        // Height once, at screening.
        let signs = if visit.number == 1 {
            &signs[..]
        } else {
            &signs[..5]
        };
        for &(code, name, value, places, unit) in signs {
            sequence += 1;
            let mut line = Line::new(participant, "VS", out);
            line.number(sequence)
                .text(code)
                .text(name)
                .decimal(value, places)
                .text(unit)
                .decimal(value, places)
                .decimal(value, places)
                .text(unit)
                .flag(
                    is_last_before(participant, &visit)
                        || code == "HEIGHT" && participant.arm.is_some(),
                );
            end_of_finding(&mut line, &visit, day);
        }
    });
}

/// A laboratory test: how it is reported and how in standard units.
struct Test {
    code: &'static str,
    name: &'static str,
    category: &'static str,
    specimen: &'static str,
    unit: &'static str,
    places: u32,
    /// In units of the last place.
    value: i32,
    range: (i32, i32),
    standard_unit: &'static str,
    standard_places: u32,
    /// From the reported number, in units of its last place, to the standard one likewise.
    factor: f64,
}

/// LB.
pub(super) fn laboratory(
    research: &Research,
    participant: &Participant,
    baseline: &Baseline,
    out: &mut Vec<u8>,
) {
    let mut sequence = 0;
    research.visits(participant, |visit| {
        let Some(day) = visit.took_place.filter(|_| visit.with_blood) else {
            return;
        };
        for test in tests(baseline, &visit) {
            sequence += 1;
            let standard = |value: i32| whole(f64::from(value) * test.factor);
            let mut line = Line::new(participant, "LB", out);
            line.number(sequence)
                .text(test.code)
                .text(test.name)
                .text(test.category)
                .decimal(test.value, test.places)
                .text(test.unit)
                .decimal(test.range.0, test.places)
                .decimal(test.range.1, test.places)
                .decimal(standard(test.value), test.standard_places)
                .decimal(standard(test.value), test.standard_places)
                .text(test.standard_unit)
                .decimal(standard(test.range.0), test.standard_places)
                .decimal(standard(test.range.1), test.standard_places)
                .text(match test.value {
                    value if value < test.range.0 => "LOW",
                    value if value > test.range.1 => "HIGH",
                    _ => "NORMAL",
                })
                .text(test.specimen)
                .flag(is_last_before(participant, &visit));
            end_of_finding(&mut line, &visit, day);
        }
    });
}

/// The tests of a visit. Reference ranges are those of many US laboratories (from memory).
fn tests(baseline: &Baseline, visit: &Visit) -> [Test; 5] {
    let blood = Research::laboratory(baseline, visit);
    let hemoglobin = match visit.participant.life.sex {
        Sex::Female => (120, 155),
        Sex::Male => (135, 175),
    };
    let test = |code, name, value, range| Test {
        code,
        name,
        category: "CHEMISTRY",
        specimen: "SERUM",
        unit: "mg/dL",
        places: 0,
        value,
        range,
        standard_unit: "U/L",
        standard_places: 0,
        factor: 1.0,
    };
    [
        Test {
            unit: "U/L",
            ..test("ALT", "Alanine Aminotransferase", blood.alt, (7, 56))
        },
        Test {
            places: 2,
            // Molar mass 113.12 g/mol.
            factor: 0.884_0,
            standard_unit: "umol/L",
            ..test("CREAT", "Creatinine", blood.creatinine, (60, 130))
        },
        Test {
            // Molar mass 180.16 g/mol; tenths of mmol/L.
            factor: 0.555_1,
            standard_places: 1,
            standard_unit: "mmol/L",
            ..test("GLUC", "Glucose", blood.glucose, (70, 99))
        },
        Test {
            specimen: "BLOOD",
            unit: "%",
            places: 1,
            standard_places: 1,
            standard_unit: "%",
            ..test(
                "HBA1CHGB",
                "Hemoglobin A1C/Hemoglobin",
                blood.hba1c,
                (40, 56),
            )
        },
        Test {
            category: "HEMATOLOGY",
            specimen: "BLOOD",
            unit: "g/dL",
            places: 1,
            standard_unit: "g/L",
            ..test("HGB", "Hemoglobin", blood.hemoglobin, hemoglobin)
        },
    ]
}

/// EX.
pub(super) fn exposure(participant: &Participant, events: &[Event], out: &mut Vec<u8>) {
    let Some(arm) = participant.arm() else { return };
    let injected = participant.trial.study.injected;
    for (sequence, dose) in (1..).zip(dosing(participant, events)) {
        let mut line = Line::new(participant, "EX", out);
        line.number(sequence);
        line.with(|line| match arm.treatment {
            Treatment::Drug(_) => drug(participant, line),
            Treatment::Placebo => line.write_str("PLACEBO"),
            Treatment::Usual => line.write_str("STANDARD OF CARE"),
        });
        match dose.tenths {
            Some(tenths) if tenths % 10 == 0 => line.number(tenths / 10).empty().text("mg"),
            Some(tenths) => line.decimal(tenths, 1).empty().text("mg"),
            None => line.empty().text("AS PRESCRIBED").empty(),
        };
        line.text(if injected { "INJECTION" } else { "TABLET" })
            .text(if injected { "EVERY WEEK" } else { "QD" })
            .text(if injected { "SUBCUTANEOUS" } else { "ORAL" })
            .text("TREATMENT")
            .date(dose.from)
            .date(dose.to)
            .number_or_empty(participant.study_day(dose.from))
            .number_or_empty(participant.study_day(dose.to));
    }
}

/// The variables of a visit with which findings end.
fn end_of_finding(line: &mut Line<'_>, visit: &Visit, day: i32) {
    let participant = &visit.participant;
    line.number(i32::try_from(visit.number).unwrap_or(0))
        .text(visit.name());
    if visit.number == 1 {
        line.number(SCREENING_DAY);
    } else {
        line.number_or_empty(participant.study_day(visit.due));
    }
    line.text(visit.epoch())
        .date(day)
        .number_or_empty(participant.study_day(day));
}

/// Whether what was measured at a visit is the last before the first dose: at baseline, on that day.
fn is_last_before(participant: &Participant, visit: &Visit) -> bool {
    participant.arm.is_some() && visit.number == 2
}

/// The part of the trial in which a day lies.
fn epoch(participant: &Participant, day: i32) -> &'static str {
    match (participant.randomised, participant.treated_until) {
        (Some(first), Some(last)) if day > last && day >= first => "FOLLOW-UP",
        (Some(first), Some(_)) if day >= first => "TREATMENT",
        _ => "SCREENING",
    }
}

fn race_term(race: &str) -> &'static str {
    match race {
        "White" => "WHITE",
        "Black or African American" => "BLACK OR AFRICAN AMERICAN",
        "Asian" => "ASIAN",
        "American Indian or Alaska Native" => "AMERICAN INDIAN OR ALASKA NATIVE",
        "Native Hawaiian or Other Pacific Islander" => "NATIVE HAWAIIAN OR OTHER PACIFIC ISLANDER",
        // Of two or more races as well: CDISC's list has no term for that.
        _ => "OTHER",
    }
}

fn drug(participant: &Participant, line: &mut Line<'_>) -> std::fmt::Result {
    line.write_str("SYN-")?;
    write_padded(participant.trial.drug(), 4, line)
}

fn arm_code(arm: &Arm, line: &mut Line<'_>) -> std::fmt::Result {
    match arm.treatment {
        Treatment::Drug(dose) => {
            line.write_str("SYN")?;
            write_padded(u64::from(dose.unsigned_abs()), 1, line)
        }
        Treatment::Placebo => line.write_str("PBO"),
        Treatment::Usual => line.write_str("SOC"),
    }
}

fn arm_name(participant: &Participant, arm: &Arm, line: &mut Line<'_>) -> std::fmt::Result {
    match arm.treatment {
        Treatment::Drug(dose) => {
            drug(participant, line)?;
            line.write_str(" ")?;
            write_padded(u64::from(dose.unsigned_abs()), 1, line)?;
            line.write_str(" mg")
        }
        Treatment::Placebo => line.write_str("Placebo"),
        Treatment::Usual => line.write_str("Standard of care"),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "ages and measurements")]
fn full_years(age: f64) -> i32 {
    age.clamp(0.0, 130.0) as i32
}

#[expect(clippy::cast_possible_truncation, reason = "measurements of people")]
fn whole(value: f64) -> i32 {
    round(value) as i32
}
