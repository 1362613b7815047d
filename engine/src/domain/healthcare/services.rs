//! What was done in an encounter, and what it is charged at.
//!
//! `procedures.csv` says for a kind of encounter and a reason (a disease, an ICD-10-CM code, or any) how
//! often a procedure is done, for which sex and ages, and its mean charge. The charge of an encounter is
//! that of the visit or stay itself and of its procedures.

use std::sync::LazyLock;

use super::care::{Encounter, Kind};
use super::life::{Life, World};
use crate::entropy::{remix, unit};
use crate::generator::data::{HEALTHCARE_DISEASE_CODES, HEALTHCARE_PROCEDURES, ProcedureFacts};

/// A procedure done in an encounter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Service {
    /// Its row in `procedures.csv`.
    row: u16,
    /// When, in microseconds since 1970-01-01 UTC: within the encounter.
    pub performed: i64,
    /// What it is charged at, in cents.
    pub charge: i64,
}

impl Service {
    /// What `procedures.csv` says of it.
    #[inline]
    pub fn facts(&self) -> &'static ProcedureFacts {
        &HEALTHCARE_PROCEDURES[usize::from(self.row)]
    }
}

/// What may be done: the row, and the threshold of 16 bits below which it is.
type Candidate = (u16, u32);

/// For each kind of encounter and each code of a reason what may be done.
static CANDIDATES: LazyLock<Vec<Vec<Candidate>>> = LazyLock::new(|| {
    let mut candidates = Vec::new();
    for kind in Kind::ALL {
        for reason in HEALTHCARE_DISEASE_CODES {
            let fits = |p: &ProcedureFacts| {
                p.kind == kind.name() && [reason.key, reason.code, "any"].contains(&p.reason)
            };
            let rows = (0_u16..).zip(HEALTHCARE_PROCEDURES);
            candidates.push(
                rows.filter(|(_, p)| fits(p))
                    .map(|(row, p)| (row, threshold(p.share)))
                    .collect(),
            );
        }
    }
    candidates
});

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of 2^16"
)]
fn threshold(share: f64) -> u32 {
    (share.clamp(0.0, 1.0) * 65_536.0) as u32
}

/// Cents of dollars.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "charges are below 10^7")]
fn cents(dollars: f64) -> i64 {
    (dollars * 100.0) as i64
}

impl World {
    /// Adds what was done in an encounter of a patient to `out`.
    pub fn services(&self, life: &Life, encounter: &Encounter, out: &mut Vec<Service>) {
        let place = encounter.kind as usize * HEALTHCARE_DISEASE_CODES.len();
        let candidates = &CANDIDATES[place + usize::from(encounter.code)];
        if candidates.is_empty() {
            return;
        }
        let number = life.unit << 16 | u64::from(encounter.ordinal);
        let mut entropy = self.streams.services.draw(number);
        let age = life.age_on(encounter.day());
        for (k, &(row, threshold)) in candidates.iter().enumerate() {
            if k % 4 == 0 {
                entropy = remix(entropy);
            }
            let draw = entropy >> (k % 4 * 16) & 0xFFFF;
            if draw >= u64::from(threshold) {
                continue;
            }
            let facts = &HEALTHCARE_PROCEDURES[usize::from(row)];
            let in_years = |years: u64| f64::from(u32::try_from(years).unwrap_or(0));
            if age < in_years(facts.from)
                || age >= in_years(facts.to)
                || (facts.sex != "B" && facts.sex != life.sex.code())
            {
                continue;
            }
            let more = remix(entropy ^ u64::from(row));
            // Minutes or hours after arrival, in the first two thirds.
            let lasts = encounter.discharged - encounter.admitted;
            let part = 6 + i64::try_from(more & 63).unwrap_or(0);
            let minute = 60_000_000;
            let performed = encounter.admitted + lasts / 100 * part / minute * minute;
            out.push(Service {
                row,
                performed,
                charge: cents(facts.charge * (0.7 + 0.6 * unit(more))),
            });
        }
    }

    /// What the visit or stay itself is charged at, in cents, without procedures.
    ///
    /// Means are list prices, as billed: an office visit about $ 200, an emergency about $ 2,400, a stay
    /// about $ 9,000 and $ 7,200 a day (HCUP: mean charges of a stay about $ 50,000 in 2019).
    pub fn visit_charge(&self, life: &Life, encounter: &Encounter) -> i64 {
        let number = life.unit << 16 | u64::from(encounter.ordinal);
        let draw = unit(self.streams.charge.draw(number));
        // Skewed to the right: from a half to two and a half.
        let skewed = 0.5 + 2.0 * draw * draw * draw;
        let mean = match encounter.kind {
            Kind::Ambulatory => 200.0,
            Kind::Wellness => 225.0,
            Kind::Virtual => 105.0,
            Kind::Emergency => 2_400.0,
            Kind::Inpatient => 9_000.0 + 7_200.0 * f64::from(encounter.days().max(1)),
        };
        cents(mean * skewed)
    }

    /// The charge of an encounter with all that was done, in cents; `services` are those of
    /// [`Self::services`].
    pub fn total_charge(&self, life: &Life, encounter: &Encounter, services: &[Service]) -> i64 {
        let done: i64 = services.iter().map(|s| s.charge).sum();
        self.visit_charge(life, encounter) + done
    }
}
