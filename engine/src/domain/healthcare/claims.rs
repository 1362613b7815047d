//! Claims: what insurers were billed for encounters, and what they made of it.
//!
//! One claim for each encounter on a day on which the patient was insured, whose claim was submitted by
//! `as_of`. Who pays goes by the age on the day of service: Medicare from 65 on, for few before. To the cent,
//! `billed_amount = allowed_amount + adjustment_amount` and
//! `allowed_amount = paid_amount + patient_responsibility`; what is not yet adjudicated has neither.

use std::fmt::Write;
use std::sync::Arc;

use super::care::{Encounter, Kind};
use super::disease::{History, code};
use super::life::{LAST_PATIENT, World, key};
use super::services::Done;
use crate::calendar::date_from_days;
use crate::domain::linked::{Column, Linked};
use crate::domain::{
    AS_OF, FanOut, SEED, START, TableEntry, TableOptions, table_entry, units, units_of_root,
};
use crate::entropy::{Stream, below, remix};
use crate::error::Result;

/// The table.
pub static TABLE: TableEntry = TableEntry {
    entry: table_entry(
        "claims",
        "Claims to insurers for encounters: billed, allowed and paid amounts, status, denials.",
        &[
            units(
                "patients",
                "How many patients, 0 or more: all claims of exactly those.",
            ),
            SEED,
            START,
            AS_OF,
        ],
    ),
    row: "claim",
    fan_out: FAN_OUT,
    units_at: units_of_root,
    build: |options| Ok(Arc::new(table(options)?)),
};

const FAN_OUT: FanOut = FanOut::Mean(19.0);

/// What the columns need: amounts follow from the charges.
const AMOUNTS: u32 = 1;

/// Fictitious insurers of those insured by an employer or directly.
const INSURERS: [&str; 8] = [
    "Meadowlark Health Plan",
    "Granite Peak Mutual",
    "Tidewater Benefit Trust",
    "Larkspur Insurance",
    "Northfield Health Cooperative",
    "Copperline Health",
    "Juniper Mutual Health",
    "Bright River Insurance",
];

/// Why claims are denied, in the order of their frequency, with weights in percent (order and sizes
/// after KFF, "Claims Denials and Appeals in ACA Marketplace Plans in 2023"; estimate).
const DENIALS: [(&str, u64); 7] = [
    ("Missing or invalid information", 24),
    ("No prior authorization", 18),
    ("Service not covered by the plan", 17),
    ("Not medically necessary", 10),
    ("Coverage not in effect on the date of service", 13),
    ("Duplicate claim", 10),
    ("Filed after the time limit", 8),
];

struct Claims {
    world: World,
    key: Stream,
    draw: Stream,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Status {
    Paid,
    Denied,
    Pending,
}

struct Row {
    unit: u64,
    block: u64,
    patient_id: [u8; 16],
    encounter: Encounter,
    insurance: &'static str,
    state: &'static str,
    insurer: &'static str,
    status: Status,
    submitted: i32,
    adjudicated: i32,
    entropy: u64,
    /// Whether the patient was in hospital within the 60 days before.
    same_period: bool,
    billed: i64,
    allowed: i64,
    paid: i64,
}

impl Row {
    /// An amount that adjudication decides.
    fn decided(&self, amount: i64) -> Option<i64> {
        (self.status != Status::Pending).then_some(amount)
    }
}

#[expect(clippy::too_many_lines, reason = "one entry a column")]
fn table(options: &TableOptions) -> Result<Linked<Claims, Row>> {
    let columns = vec![
        Column::uuid("claim_id", "Key", |c: &Claims, r: &Row| {
            Some(key(c.key, r.unit, r.encounter.ordinal))
        }),
        Column::uuid("encounter_id", "What is billed for", |c, r| {
            Some(c.world.encounter_id(r.unit, r.encounter.ordinal))
        }),
        Column::uuid("patient_id", "The patient", |_, r| Some(r.patient_id)),
        Column::uuid("provider_id", "Who bills", |c, r| {
            Some(c.world.provider_id(r.block, r.encounter.provider))
        }),
        Column::word(
            "insurance_type",
            "That of the patient on the day of service",
            |_, r| Some(r.insurance),
        ),
        Column::text("payer", "Who is billed", |_, r, out| {
            match r.insurance {
                "Medicare" => out.write_str("Medicare")?,
                "Military" => out.write_str("TRICARE")?,
                "Medicaid" => {
                    out.write_str(r.state)?;
                    out.write_str(" Medicaid")?;
                }
                _ => out.write_str(r.insurer)?,
            }
            Ok(true)
        }),
        Column::word("claim_type", "institutional or professional", |_, r| {
            Some(match r.encounter.kind {
                Kind::Emergency | Kind::Inpatient => "institutional",
                _ => "professional",
            })
        }),
        Column::word("icd10_code", "Principal diagnosis, ICD-10-CM", |_, r| {
            Some(code(r.encounter.code).code)
        }),
        Column::date("service_date", "First day of service", |_, r| {
            Some(r.encounter.day())
        }),
        Column::date("submitted_date", "Day of submission", |_, r| {
            Some(r.submitted)
        }),
        Column::date(
            "adjudicated_date",
            "Day of the decision; NULL while pending",
            |_, r: &Row| (r.status != Status::Pending).then_some(r.adjudicated),
        )
        .nullable(),
        Column::word("status", "paid, denied or pending", |_, r| {
            Some(match r.status {
                Status::Paid => "paid",
                Status::Denied => "denied",
                Status::Pending => "pending",
            })
        }),
        Column::word("denial_reason", "Why; NULL unless denied", |_, r: &Row| {
            if r.status != Status::Denied {
                return None;
            }
            let mut draw = below(remix(r.entropy ^ 2), 100);
            for (reason, weight) in DENIALS {
                if draw < weight {
                    return Some(reason);
                }
                draw -= weight;
            }
            Some(DENIALS[0].0)
        })
        .nullable(),
        Column::money("billed_amount", "As billed, in dollars", |_, r: &Row| {
            Some(r.billed)
        })
        .needs(AMOUNTS),
        Column::money(
            "allowed_amount",
            "What the payer accepts, at most what is billed; NULL while pending",
            |_, r: &Row| r.decided(r.allowed),
        )
        .needs(AMOUNTS)
        .nullable(),
        Column::money(
            "adjustment_amount",
            "Billed less allowed; NULL while pending",
            |_, r: &Row| r.decided(r.billed - r.allowed),
        )
        .needs(AMOUNTS)
        .nullable(),
        Column::money(
            "paid_amount",
            "What the payer pays; NULL while pending",
            |_, r: &Row| r.decided(r.paid),
        )
        .needs(AMOUNTS)
        .nullable(),
        Column::money(
            "patient_responsibility",
            "Allowed less paid: deductible, copayment, coinsurance; NULL while pending",
            |_, r: &Row| r.decided(r.allowed - r.paid),
        )
        .needs(AMOUNTS)
        .nullable(),
    ];
    let world = World::new(options)?;
    let world = Claims {
        key: world.stream("claims", "claim_id"),
        draw: world.stream("claims", "status"),
        world,
    };
    let summary = TABLE.entry.summary;
    Ok(
        Linked::new("claims", summary, world, columns, FAN_OUT, rows)
            .up_to(LAST_PATIENT)
            .primary_key(&["claim_id"])
            .unique(&["encounter_id"])
            .references(&["encounter_id"], "encounters", &["encounter_id"])
            .references(&["patient_id"], "patients", &["patient_id"])
            .references(&["provider_id"], "providers", &["provider_id"])
            .index(&["patient_id"])
            .index(&["provider_id"])
            .index(&["submitted_date"]),
    )
}

fn rows(c: &Claims, unit: u64, needs: u32, out: &mut Vec<Row>) {
    let life = c.world.life(unit);
    let mut history = History::default();
    c.world.history(&life, &mut history);
    let mut encounters = Vec::with_capacity(32);
    c.world.encounters(&life, &history, &mut encounters);
    let (patient_id, block) = (c.world.patient_id(unit), life.block());
    let state = c.world.place(unit).state;
    let person = c.draw.draw(unit << 16 | 0xFFFF);
    let insurer = INSURERS[usize::try_from(below(person, 8)).unwrap_or(0)];
    let (mut services, mut done) = (Vec::new(), Done::default());
    let mut left = i32::MIN / 2;
    for encounter in encounters {
        let same_period = encounter.day() <= left + BENEFIT_PERIOD;
        if encounter.kind == Kind::Inpatient {
            left = left.max(encounter.day() + encounter.days());
        }
        services.clear();
        if needs & AMOUNTS != 0 {
            c.world
                .services(&life, &encounter, &mut done, &mut services);
        }
        let insurance = c.world.insurance_on(&life, encounter.day());
        if insurance == "Uninsured" {
            continue;
        }
        let entropy = c.draw.draw(unit << 16 | u64::from(encounter.ordinal));
        let discharged = encounter.day() + encounter.days();
        let submitted = discharged + 1 + days(entropy, 12);
        if submitted > c.world.as_of {
            continue;
        }
        // Clean claims are decided within 30 days (Medicare: 42 U.S.C. 1395h(c)(2)); some take
        // longer.
        let more = remix(entropy);
        let long = if below(more, 10) == 0 { 45 } else { 0 };
        let adjudicated = submitted + 5 + days(more, 24) + long;
        let status = if adjudicated > c.world.as_of {
            Status::Pending
        } else if below(remix(more), 1_000) < denied(insurance) {
            Status::Denied
        } else {
            Status::Paid
        };
        let mut row = Row {
            unit,
            block,
            patient_id,
            encounter,
            insurance,
            state,
            insurer,
            status,
            submitted,
            adjudicated,
            entropy: more,
            same_period,
            billed: 0,
            allowed: 0,
            paid: 0,
        };
        if needs & AMOUNTS != 0 {
            row.billed = c.world.total_charge(&life, &encounter, &services);
            if status == Status::Paid {
                adjudicate(&mut row);
            }
        }
        out.push(row);
    }
}

/// The deductible of Medicare's Part A for stays from 2015 to 2026, in dollars (CMS, notices in the Federal
/// Register): 2015, 2016, 2021 and 2026 looked up (aha.org, reference.com, maxoutofpocket.com,
/// einpresswire.com), which gives 2020 and 2025 as well, and 2017; the others from memory.
const DEDUCTIBLES: [i64; 12] = [
    1_260, 1_288, 1_316, 1_340, 1_364, 1_408, 1_484, 1_556, 1_600, 1_632, 1_676, 1_736,
];

/// A benefit period ends so many days after the patient has left (42 CFR 409.60).
const BENEFIT_PERIOD: i32 = 60;

/// The deductible of a stay that begins on a day, in cents; before 2015 and after 2026 the nearest that is
/// known.
fn deductible(day: i32) -> i64 {
    let year = date_from_days(day).map_or(2015, |date| date.0);
    let place = usize::try_from((year - 2015).clamp(0, 11)).unwrap_or(0);
    DEDUCTIBLES[place] * 100
}

/// Denied claims in a thousand: marketplace plans deny 19 %, most of which are paid in the end (KFF 2023);
/// those that stay denied are an estimate.
fn denied(insurance: &str) -> u64 {
    match insurance {
        "Direct purchase" => 150,
        "Employer" => 95,
        "Medicaid" => 115,
        _ => 75,
    }
}

/// What the payer allows and pays.
fn adjudicate(row: &mut Row) {
    // Allowed in percent of billed, at least and at most: hospitals bill three times what they get,
    // offices less than twice (CMS cost-to-charge ratios and RAND hospital price studies; estimate).
    let institutional = matches!(row.encounter.kind, Kind::Emergency | Kind::Inpatient);
    let (from, to) = match (row.insurance, institutional) {
        ("Employer" | "Direct purchase", true) => (38, 62),
        ("Employer" | "Direct purchase", false) => (52, 82),
        ("Medicaid", true) => (17, 28),
        ("Medicaid", false) => (28, 45),
        (_, true) => (22, 34),
        (_, false) => (38, 60),
    };
    let span = u64::try_from(to - from).unwrap_or(0) * 100;
    let percent = from * 100 + i64::try_from(below(remix(row.entropy ^ 3), span)).unwrap_or(0);
    row.allowed = row.billed * percent / 10_000;
    // The patient's share: a copayment, or a share of what is large.
    let draw = below(remix(row.entropy ^ 4), 100);
    let wellness = row.encounter.kind == Kind::Wellness;
    let share = match row.insurance {
        // Preventive care costs the patient nothing (Affordable Care Act, section 2713).
        _ if wellness => 0,
        "Medicaid" => i64::from(draw < 15) * 400,
        // Part B's coinsurance is 20 %; Part A has a deductible in each benefit period.
        "Medicare" if row.encounter.kind == Kind::Inpatient => {
            if row.same_period {
                0
            } else {
                deductible(row.encounter.day())
            }
        }
        "Medicare" => row.allowed / 5,
        "Military" => row.allowed / 10,
        // A deductible not yet met, or a copayment.
        _ if draw < 30 => row.allowed.min(250_000),
        _ if institutional => row.allowed / 5,
        _ => 3_000,
    };
    row.paid = row.allowed - share.min(row.allowed);
}

/// A number of days below `n`.
fn days(entropy: u64, n: u64) -> i32 {
    i32::try_from(below(entropy, n)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::parse_date;

    /// CMS, as above.
    #[test]
    fn the_deductible_is_that_of_the_year() {
        for (day, dollars) in [
            ("2010-05-01", 1_260),
            ("2015-12-31", 1_260),
            ("2016-01-01", 1_288),
            ("2020-06-01", 1_408),
            ("2021-01-01", 1_484),
            ("2025-12-31", 1_676),
            ("2026-01-01", 1_736),
            ("2040-01-01", 1_736),
        ] {
            assert_eq!(deductible(parse_date(day).unwrap()), dollars * 100, "{day}");
        }
    }

    /// What Medicare's patients owe for a stay is the deductible of its year, or nothing within 60 days of
    /// the last.
    #[test]
    fn stays_are_charged_the_deductible_of_their_year() {
        let mut rows = Vec::new();
        let world = World::new(&TableOptions {
            seed: 26,
            ..Default::default()
        })
        .unwrap();
        let made = Claims {
            key: world.stream("claims", "claim_id"),
            draw: world.stream("claims", "status"),
            world,
        };
        let (mut charged, mut free, mut years) = (0, 0, std::collections::HashSet::new());
        for unit in 0..8_000 {
            rows.clear();
            super::rows(&made, unit, AMOUNTS, &mut rows);
            let mut left = i32::MIN / 2;
            for row in &rows {
                if row.encounter.kind != Kind::Inpatient {
                    continue;
                }
                let day = row.encounter.day();
                if row.insurance == "Medicare" && row.status == Status::Paid {
                    let owed = row.allowed - row.paid;
                    if day <= left + 60 {
                        assert_eq!(owed, 0);
                        free += 1;
                    } else if owed > 0 {
                        assert_eq!(owed, deductible(day).min(row.allowed));
                        charged += 1;
                        years.insert(owed);
                    }
                }
                left = day + row.encounter.days();
            }
        }
        assert!(
            charged > 500 && free > 30 && years.len() >= 10,
            "{charged}, {free}, {years:?}"
        );
    }
}
