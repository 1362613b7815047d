//! What was done in an encounter, and what it is charged at.
//!
//! `procedures.csv` says for a kind of encounter and a reason (a disease, an ICD-10-CM code, or any) how
//! often a procedure is done, for which sex and ages, and its mean charge. Of those that exclude each other
//! (`one_of`) an encounter has one at most, and none within so many `years` after the last; the first of them
//! is the `initial` one; what `needs` another is done with it only. So encounters are asked in the order of
//! time, and [`Done`] remembers. The charge of an encounter is that of the visit or stay itself and of its
//! procedures.

use std::sync::LazyLock;

use super::care::{Encounter, Kind};
use super::life::{DAYS_PER_YEAR, Life, World};
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

/// So many groups of procedures are remembered.
const GROUPS: usize = 16;

/// The last of a group.
#[derive(Debug, Clone, Copy)]
struct Last {
    row: u16,
    day: i32,
}

/// What was done with a patient so far, as far as it decides what is done next.
#[derive(Debug, Default)]
pub struct Done {
    last: [Option<Last>; GROUPS],
    /// Of procedures that come once in several years the one that the patient has.
    kept: [Option<u16>; GROUPS],
}

/// What may be done.
#[derive(Debug, Clone, Copy)]
struct Candidate {
    row: u16,
    /// Which draw decides; those that exclude each other share one.
    draw: u8,
    /// The group that is remembered, if any.
    group: Option<u8>,
    /// Of 2^16: from where on it is done, and below where.
    from: u32,
    to: u32,
    /// The rows that are done the first time instead, and that must have been done.
    initial: Option<u16>,
    needs: Option<u16>,
}

/// For each kind of encounter and each code of a reason what may be done.
static CANDIDATES: LazyLock<Vec<Vec<Candidate>>> = LazyLock::new(|| {
    let remembered = remembered();
    let mut candidates = Vec::new();
    for kind in Kind::ALL {
        for reason in HEALTHCARE_DISEASE_CODES {
            let fits = |p: &ProcedureFacts| {
                p.kind == kind.name() && [reason.key, reason.code, "any"].contains(&p.reason)
            };
            let rows = (0_u16..).zip(HEALTHCARE_PROCEDURES);
            let rows: Vec<_> = rows.filter(|(_, p)| fits(p)).collect();
            candidates.push(candidates_of(&rows, &remembered));
        }
    }
    candidates
});

/// The groups that matter from encounter to encounter.
fn remembered() -> Vec<&'static str> {
    let mut groups = Vec::new();
    for facts in HEALTHCARE_PROCEDURES {
        let matters = facts.years > 0 || !facts.initial.is_empty();
        if matters && !groups.contains(&facts.one_of) {
            groups.push(facts.one_of);
        }
    }
    groups
}

fn candidates_of(rows: &[(u16, &'static ProcedureFacts)], remembered: &[&str]) -> Vec<Candidate> {
    let of_code = |code: &str| {
        let found = rows.iter().find(|(_, p)| p.code == code);
        found.map(|(row, _)| *row)
    };
    // Each group with its draw and how much of it is taken.
    let mut shared: Vec<(&str, u8, u32)> = Vec::new();
    let mut draws = 0;
    let mut candidates = Vec::new();
    for &(row, facts) in rows {
        let place = shared
            .iter()
            .position(|group| !facts.one_of.is_empty() && group.0 == facts.one_of);
        let place = place.unwrap_or_else(|| {
            shared.push((facts.one_of, draws, 0));
            draws += 1;
            shared.len() - 1
        });
        let (_, draw, taken) = &mut shared[place];
        let from = *taken;
        *taken += threshold(facts.share);
        let group = remembered.iter().position(|group| *group == facts.one_of);
        candidates.push(Candidate {
            row,
            draw: *draw,
            group: group.and_then(|group| u8::try_from(group).ok()),
            from,
            to: *taken,
            initial: of_code(facts.initial),
            needs: of_code(facts.needs),
        });
    }
    candidates.sort_by_key(|candidate| (candidate.draw, candidate.row));
    candidates.retain(|candidate| candidate.from < candidate.to);
    candidates
}

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

impl Candidate {
    /// The row of what is done on a day, after what was done before, unless it is too early.
    fn after(&self, done: &mut Done, life: &Life, day: i32) -> Option<u16> {
        let Some(group) = self.group.map(usize::from) else {
            return Some(self.row);
        };
        let facts = &HEALTHCARE_PROCEDURES[usize::from(self.row)];
        let mut row = self.row;
        if let Some(last) = done.last[group] {
            let years = HEALTHCARE_PROCEDURES[usize::from(last.row)].years;
            // A visit of every year may be a month early.
            if years > 0 && f64::from(day - last.day + 30) < in_years(years) * DAYS_PER_YEAR {
                return None;
            }
        } else if let Some(initial) = self.initial {
            // Medicare's first is at 65: who was older at registration has had it elsewhere.
            let before = life.age_on(life.registered_day) >= in_years(facts.from) + 1.0;
            if !(before && facts.from >= 65) {
                row = initial;
            }
        }
        if facts.years > 1 {
            row = *done.kept[group].get_or_insert(row);
        }
        done.last[group] = Some(Last { row, day });
        Some(row)
    }
}

fn in_years(years: u64) -> f64 {
    f64::from(u32::try_from(years).unwrap_or(0))
}

impl World {
    /// Adds what was done in an encounter of a patient to `out`. `done` is what was done in those before, by
    /// time, of which none may be left out.
    pub fn services(
        &self,
        life: &Life,
        encounter: &Encounter,
        done: &mut Done,
        out: &mut Vec<Service>,
    ) {
        let place = encounter.kind as usize * HEALTHCARE_DISEASE_CODES.len();
        let candidates = &CANDIDATES[place + usize::from(encounter.code)];
        if candidates.is_empty() {
            return;
        }
        let number = life.unit << 16 | u64::from(encounter.ordinal);
        let mut entropy = remix(self.streams.services.draw(number));
        let mut drawn = 0;
        let age = life.age_on(encounter.day());
        let first = out.len();
        for candidate in candidates {
            while drawn < candidate.draw / 4 {
                entropy = remix(entropy);
                drawn += 1;
            }
            let draw = entropy >> (candidate.draw % 4 * 16) & 0xFFFF;
            if draw < u64::from(candidate.from) || draw >= u64::from(candidate.to) {
                continue;
            }
            let facts = &HEALTHCARE_PROCEDURES[usize::from(candidate.row)];
            if age < in_years(facts.from)
                || age >= in_years(facts.to)
                || (facts.sex != "B" && facts.sex != life.sex.code())
            {
                continue;
            }
            let beside = |needed: u16| out[first..].iter().any(|service| service.row == needed);
            if candidate.needs.is_some_and(|needed| !beside(needed)) {
                continue;
            }
            let Some(row) = candidate.after(done, life, encounter.day()) else {
                continue;
            };
            let facts = &HEALTHCARE_PROCEDURES[usize::from(row)];
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TableOptions;
    use crate::domain::healthcare::disease::History;

    #[test]
    fn groups_are_whole() {
        let remembered = remembered();
        assert!(remembered.len() <= GROUPS && !remembered.contains(&""));
        for facts in HEALTHCARE_PROCEDURES {
            let code = facts.code;
            for other in [facts.initial, facts.needs]
                .into_iter()
                .filter(|c| !c.is_empty())
            {
                let same = |p: &&ProcedureFacts| {
                    p.code == other && p.kind == facts.kind && p.reason == facts.reason
                };
                let other = HEALTHCARE_PROCEDURES.iter().find(same);
                assert!(other.is_some(), "{code} names another");
            }
            if facts.share == 0.0 {
                let initial = |p: &ProcedureFacts| p.initial == code;
                assert!(
                    HEALTHCARE_PROCEDURES.iter().any(initial),
                    "{code} is never done"
                );
            }
        }
        for candidates in CANDIDATES.iter() {
            assert!(candidates.is_sorted_by_key(|c| c.draw));
            for candidate in candidates {
                assert!(
                    candidate.to <= 65_536,
                    "{candidate:?}: a group of more than all"
                );
            }
        }
    }

    /// Nobody has two of what excludes each other, an initial visit twice or after another, or a screening
    /// again before its time.
    #[test]
    fn procedures_do_not_contradict_each_other() {
        let options = TableOptions {
            seed: 31,
            ..Default::default()
        };
        let world = World::new(&options).unwrap();
        let (mut history, mut encounters, mut services) = (History::default(), vec![], vec![]);
        let mut counts = [0; 4];
        for unit in 0..12_000 {
            let life = world.life(unit);
            world.history(&life, &mut history);
            encounters.clear();
            world.encounters(&life, &history, &mut encounters);
            let mut done = Done::default();
            let mut of: Vec<(i32, &ProcedureFacts)> = Vec::new();
            for encounter in &encounters {
                services.clear();
                world.services(&life, encounter, &mut done, &mut services);
                for (k, service) in services.iter().enumerate() {
                    let facts = service.facts();
                    for other in &services[..k] {
                        let group = other.facts().one_of;
                        assert!(group.is_empty() || group != facts.one_of, "{services:?}");
                    }
                    let needed = facts.needs;
                    let beside = services[..k].iter().any(|s| s.facts().code == needed);
                    assert!(needed.is_empty() || beside, "{facts:?}");
                    assert!(!["G0008", "G0009", "G0010"].contains(&facts.code));
                    of.push((encounter.day(), facts));
                }
            }
            let days = |code: &str| -> Vec<i32> {
                let of = of.iter().filter(|(_, p)| p.code == code);
                of.map(|(day, _)| *day).collect()
            };
            for (initial, next) in [("G0438", "G0439"), ("G0245", "G0246")] {
                let (initial, next) = (days(initial), days(next));
                assert!(initial.len() <= 1, "{unit}: {initial:?}");
                let after = |first: &i32| next.iter().all(|day| first < day);
                assert!(initial.iter().all(after), "{unit}: {initial:?} {next:?}");
                counts[0] += initial.len();
                counts[1] += next.len();
            }
            let colonoscopies = [days("G0121"), days("G0105")];
            assert!(colonoscopies.contains(&Vec::new()), "{colonoscopies:?}");
            counts[2] += colonoscopies.iter().map(Vec::len).sum::<usize>();
            for (code, years) in [("G0439", 1), ("G0103", 1), ("G0121", 10), ("G0105", 2)] {
                for pair in days(code).windows(2) {
                    assert!(pair[1] - pair[0] >= years * 365 - 31, "{code}: {pair:?}");
                    counts[3] += 1;
                }
            }
        }
        assert!(counts.iter().all(|count| *count > 150), "{counts:?}");
    }
}
