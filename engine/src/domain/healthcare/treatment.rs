//! What a patient is treated with: the courses of drugs that follow from the conditions.
//!
//! `treatments.csv` gives each disease lines of treatment: the share of patients who get the line, the
//! drugs to choose from, when after the diagnosis it begins, and how long it takes. A drug is passed over
//! if the patient is allergic to its class, too young or pregnant, has a disease that forbids it, or takes
//! one of its class already; then the next of its line is tried. A course that a pregnancy forbids stops
//! with it, and is resumed afterwards.
//!
//! A course begins at an encounter: that of the diagnosis, or the first after its time has come. What a
//! patient takes already at registration has begun before, and is recorded in the first encounter.

use std::sync::LazyLock;

use super::allergies::{self, Allergies};
use super::care::Encounter;
use super::disease::{Condition, Disease, History};
use super::life::{Life, World};
use crate::dictionary::Weighted;
use crate::entropy::{Stream, below, remix};
use crate::generator::data::{Drug, HEALTHCARE_DRUGS, HEALTHCARE_TREATMENTS};
use crate::generator::name::Sex;

/// Days after onset until what was there before registration was treated, at least.
const WAIT: i32 = 20;

/// Lines that begin so many days after the diagnosis at the earliest are prescribed with it.
const AT_DIAGNOSIS: i32 = 3;

/// Days after a birth until what a pregnancy forbade is taken again.
const AFTER_BIRTH: i32 = 42;

/// Of open-ended courses so many percent are given up (estimate; a half of those for another drug).
const GIVEN_UP: u64 = 24;

/// From this age on liquids are for those only who have no other form to choose.
const SOLIDS_FROM: u64 = 12;

/// A course of a drug.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Course {
    /// The drug and its strength: an index into `drugs.csv`.
    pub drug: u16,
    /// The ordinal of the condition that it is for.
    pub condition: u16,
    /// The ordinal of the encounter that recorded it.
    pub encounter: u32,
    /// The slot of who prescribed it.
    pub provider: u16,
    /// First day.
    pub started: i32,
    /// Last day; none: it goes on.
    pub stopped: Option<i32>,
    /// Whether it was meant to end.
    pub planned: bool,
    /// For what else there is to draw.
    pub entropy: u64,
}

impl Course {
    /// What `drugs.csv` says.
    #[inline]
    pub fn drug(&self) -> &'static Drug {
        &HEALTHCARE_DRUGS[usize::from(self.drug)]
    }
}

/// What decides whether a drug may be given, as bits.
mod avoid {
    pub const PREGNANCY: u8 = 1;
    pub const KIDNEY: u8 = 2;
    pub const ASTHMA: u8 = 4;
    pub const EPILEPSY: u8 = 8;
    pub const WOMEN: u8 = 16;
}

/// A drug in all its strengths.
#[derive(Debug)]
struct Generic {
    /// Its rows of `drugs.csv`.
    rows: std::ops::Range<usize>,
    weights: Weighted,
    /// Those for children.
    has_liquid: bool,
    min_age: i32,
    /// Drugs of one group are not taken together.
    group: u16,
    avoid: u8,
    /// Allergies that rule it out.
    allergens: u32,
}

#[derive(Debug)]
struct Choice {
    generic: usize,
    course: i32,
}

#[derive(Debug)]
struct Line {
    /// In 2^-32.
    share: u64,
    from: i32,
    span: u64,
    weights: Weighted,
    choices: Vec<Choice>,
}

impl Line {
    /// Entropy of the line of this number, if it is followed where a condition has this draw.
    #[inline]
    fn drawn(&self, own: u64, number: u64) -> Option<u64> {
        let entropy = remix(own ^ number << 56);
        (entropy >> 32 < self.share).then_some(entropy)
    }
}

#[derive(Debug)]
struct Plans {
    generics: Vec<Generic>,
    /// By disease.
    lines: Vec<Vec<Line>>,
}

static PLANS: LazyLock<Plans> = LazyLock::new(|| {
    let (names, generics) = generics();
    let lines = Disease::ALL
        .iter()
        .map(|disease| lines_of(*disease, &names));
    Plans {
        lines: lines.collect(),
        generics,
    }
});

/// What is not taken together with a drug: others of its class; an ACE inhibitor with a receptor
/// blocker; but insulins of two kinds are.
fn group_of(drug: &Drug) -> &'static str {
    match drug.drug_class {
        "angiotensin receptor blocker" => "ACE inhibitor",
        "SNRI" => "SSRI",
        "insulin" | "vitamin" | "anticonvulsant" => drug.generic,
        class => class,
    }
}

fn generics() -> (Vec<&'static str>, Vec<Generic>) {
    let (mut names, mut groups) = (Vec::new(), Vec::new());
    let mut generics: Vec<Generic> = Vec::new();
    let mut start = 0;
    while start < HEALTHCARE_DRUGS.len() {
        let drug = &HEALTHCARE_DRUGS[start];
        let same = |d: &&Drug| d.generic == drug.generic;
        let rows: Vec<&Drug> = HEALTHCARE_DRUGS[start..].iter().take_while(same).collect();
        let group = group_of(drug);
        let place = groups.iter().position(|g| *g == group);
        let place = place.unwrap_or_else(|| {
            groups.push(group);
            groups.len() - 1
        });
        let letters = rows.iter().flat_map(|d| d.avoid.chars());
        let (mut avoid, mut allergens) = (0, allergies::rules_out(drug.drug_class));
        for letter in letters {
            match letter {
                'P' => avoid |= avoid::PREGNANCY,
                'K' => avoid |= avoid::KIDNEY,
                'A' => avoid |= avoid::ASTHMA,
                'E' => avoid |= avoid::EPILEPSY,
                'F' => avoid |= avoid::WOMEN,
                _ => allergens |= allergies::rules_out("NSAID"),
            }
        }
        names.push(drug.generic);
        generics.push(Generic {
            weights: Weighted::new(&rows.iter().map(|d| d.weight).collect::<Vec<_>>()),
            has_liquid: rows.iter().any(|d| is_liquid(d)),
            min_age: years(rows.iter().map(|d| d.min_age).min().unwrap_or(0)),
            group: u16::try_from(place).unwrap_or(u16::MAX),
            avoid,
            allergens,
            rows: start..start + rows.len(),
        });
        start += rows.len();
    }
    (names, generics)
}

fn lines_of(disease: Disease, names: &[&str]) -> Vec<Line> {
    let rows = || {
        HEALTHCARE_TREATMENTS
            .iter()
            .filter(|t| t.disease == disease.key())
    };
    let count = rows().map(|t| t.line).max().unwrap_or(0);
    let line = |number: u64| {
        let rows: Vec<_> = rows().filter(|t| t.line == number).collect();
        let first = rows.first()?;
        let choices = rows.iter().filter_map(|t| {
            Some(Choice {
                generic: names.iter().position(|name| *name == t.generic)?,
                course: years(t.course),
            })
        });
        Some(Line {
            share: (first.share << 32) / 100,
            from: years(first.from_day),
            span: first.to_day.saturating_sub(first.from_day).max(1),
            weights: Weighted::new(&rows.iter().map(|t| t.weight).collect::<Vec<_>>()),
            choices: choices.collect(),
        })
    };
    (1..=count).filter_map(line).collect()
}

fn is_liquid(drug: &Drug) -> bool {
    matches!(
        drug.form,
        "suspension" | "oral solution" | "chewable tablet"
    )
}

/// A small number.
fn years(n: u64) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// A patient as far as prescribing goes.
struct Chart<'a> {
    life: &'a Life,
    history: &'a History,
    encounters: &'a [Encounter],
    allergic_to: u32,
    forbidden: u8,
    /// The first day of kidney disease of stage 4.
    kidney_from: i32,
    /// The place of the first encounter, the registration, among those by time.
    registration: usize,
    start: usize,
}

/// Who is treated with what.
pub struct Treatments {
    allergies: Allergies,
    draws: Stream,
}

impl Treatments {
    /// Those of a world.
    pub fn new(world: &World) -> Self {
        Self {
            allergies: Allergies::new(world.seed),
            draws: world.stream("medications", "generic_name"),
        }
    }

    /// Whether any line of treatment is followed: otherwise there are no courses, whatever the encounters.
    pub fn any(&self, life: &Life, history: &History) -> bool {
        history.conditions.iter().any(|condition| {
            let lines = &PLANS.lines[condition.disease as usize];
            let own = self.own(life, condition);
            (1..)
                .zip(lines)
                .any(|(k, line)| line.drawn(own, k).is_some())
        })
    }

    /// The draw of a condition.
    #[inline]
    fn own(&self, life: &Life, condition: &Condition) -> u64 {
        let number = life.unit << 10 | u64::from(condition.ordinal);
        self.draws.draw(number)
    }

    /// Adds the courses of a patient to `out`; `encounters` are all encounters of the patient, by time.
    pub fn courses(
        &self,
        life: &Life,
        history: &History,
        encounters: &[Encounter],
        out: &mut Vec<Course>,
    ) {
        let onset = |disease| history.first(disease).map_or(i32::MAX, |c| c.onset);
        let mut forbidden = 0;
        for (bit, holds) in [
            (avoid::ASTHMA, history.has(Disease::Asthma)),
            (avoid::EPILEPSY, history.has(Disease::Epilepsy)),
            (avoid::WOMEN, life.sex == Sex::Female),
        ] {
            forbidden |= if holds { bit } else { 0 };
        }
        let chart = Chart {
            life,
            history,
            encounters,
            allergic_to: self.allergies.drugs(life),
            forbidden,
            kidney_from: onset(Disease::Ckd4).min(onset(Disease::Ckd5)),
            registration: encounters.iter().position(|e| e.ordinal == 0).unwrap_or(0),
            start: out.len(),
        };
        // In the order in which they began, so that what is taken already is known.
        let treatable = |c: &&Condition| !PLANS.lines[c.disease as usize].is_empty();
        let mut conditions: Vec<&Condition> = history.conditions.iter().filter(treatable).collect();
        conditions.sort_by_key(|c| (c.onset, c.ordinal));
        for condition in conditions {
            let lines = &PLANS.lines[condition.disease as usize];
            let own = self.own(life, condition);
            let (base, diagnosed) = chart.diagnosis(condition);
            for (k, line) in (1_u64..).zip(lines) {
                if let Some(entropy) = line.drawn(own, k) {
                    chart.line(condition, line, (base, diagnosed), entropy, out);
                }
            }
        }
    }
}

impl Chart<'_> {
    /// The day from which a condition may be treated, and the place of the encounter that recorded it
    /// if that is one of its own.
    fn diagnosis(&self, condition: &Condition) -> (i32, Option<usize>) {
        if condition.is_incident() {
            let own = |e: &Encounter| e.ordinal == condition.encounter;
            if let Some(place) = self.encounters.iter().position(own) {
                // Seen on the Friday of a weekend on which it began, at the end of the records.
                let day = self.encounters[place].day().max(condition.onset);
                return (day, Some(place));
            }
        }
        (condition.onset + WAIT, None)
    }

    /// A line of treatment, as far as there is a drug that may be given.
    fn line(
        &self,
        condition: &Condition,
        line: &Line,
        (base, diagnosed): (i32, Option<usize>),
        entropy: u64,
        out: &mut Vec<Course>,
    ) {
        let more = remix(entropy);
        let wanted = base + line.from + years(below(more, line.span));
        let last = condition
            .abatement
            .unwrap_or(self.life.end)
            .min(self.life.end);
        let at_diagnosis = diagnosed
            .filter(|_| line.from <= AT_DIAGNOSIS)
            .map(|place| (base, place));
        let begins = at_diagnosis.or_else(|| self.begin(wanted));
        let Some((mut start, mut encounter)) = begins else {
            return;
        };
        let mut first = line.weights.pick(remix(more));
        // Once more where the first drug is given up for another.
        for attempt in 0..2_u64 {
            if start > last {
                return;
            }
            let count = line.choices.len();
            let mut choices = (0..count).map(|k| (first + k) % count);
            let Some((choice, drug)) = choices.find_map(|choice| {
                let drug = self.choose(&line.choices[choice], start, remix(more ^ attempt), out)?;
                Some((choice, drug))
            }) else {
                return;
            };
            let planned = line.choices[choice].course;
            let generic = &PLANS.generics[line.choices[choice].generic];
            let fate = remix(more ^ 0x10 ^ attempt);
            let given_up = planned == 0 && below(fate, 100) < GIVEN_UP;
            let end = if planned > 0 {
                start + planned - 1
            } else if given_up {
                let rest = u64::from((last - start).max(1).unsigned_abs());
                let over = condition.abatement.map_or(i32::MAX, |over| over - 1);
                (start + 30 + years(below(remix(fate), rest))).min(over)
            } else {
                condition.abatement.map_or(i32::MAX, |over| over - 1)
            };
            let course = Course {
                drug,
                condition: condition.ordinal,
                encounter: self.encounters.get(encounter).map_or(0, |e| e.ordinal),
                provider: self.encounters.get(encounter).map_or(0, |e| e.provider),
                started: start,
                stopped: Some(end),
                planned: planned > 0,
                entropy: fate,
            };
            self.push(course, generic, out);
            if !given_up || fate & 1 == 0 {
                return;
            }
            // Another drug, from the next encounter on.
            match self.begin(end + 1) {
                Some(next) => (start, encounter) = next,
                None => return,
            }
            first = choice + 1;
        }
    }

    /// The day and encounter with which a course begins that is due on a day.
    fn begin(&self, wanted: i32) -> Option<(i32, usize)> {
        if wanted < self.life.registered_day {
            return Some((wanted, self.registration));
        }
        let place = self.encounters.partition_point(|e| e.day() < wanted);
        let encounter = self.encounters.get(place)?;
        Some((encounter.day(), place))
    }

    /// The drug of a choice, in a strength that suits, if it may be given from a day on.
    fn choose(&self, choice: &Choice, day: i32, entropy: u64, others: &[Course]) -> Option<u16> {
        let generic = &PLANS.generics[choice.generic];
        let age = (day - self.life.birth).div_euclid(366);
        if age < generic.min_age
            || generic.allergens & self.allergic_to != 0
            || generic.avoid & self.forbidden != 0
            || generic.avoid & avoid::KIDNEY != 0 && day >= self.kidney_from
        {
            return None;
        }
        if generic.avoid & avoid::PREGNANCY != 0 && self.pregnancy(day).is_some() {
            return None;
        }
        let takes = |course: &Course| {
            let other = &PLANS.generics[generic_of(course.drug)];
            other.group == generic.group
                && course.stopped.is_none_or(|end| end >= day)
                && (choice.course == 0 || course.started <= day + choice.course)
        };
        if others[self.start..].iter().any(takes) {
            return None;
        }
        let age = u64::from(age.unsigned_abs());
        let suits = |row: usize| {
            let drug = &HEALTHCARE_DRUGS[row];
            drug.min_age <= age && !(generic.has_liquid && age >= SOLIDS_FROM && is_liquid(drug))
        };
        let picked = generic.rows.start + generic.weights.pick(entropy);
        let row = if suits(picked) {
            picked
        } else {
            let mut rows = generic.rows.clone();
            rows.clone()
                .find(|row| suits(*row))
                .or_else(|| rows.find(|row| HEALTHCARE_DRUGS[*row].min_age <= age))?
        };
        u16::try_from(row).ok()
    }

    /// The pregnancy of a day.
    fn pregnancy(&self, day: i32) -> Option<&Condition> {
        if !self.history.has(Disease::Pregnancy) {
            return None;
        }
        let on = |c: &&Condition| c.disease == Disease::Pregnancy && c.lasts_on(day);
        self.history.conditions.iter().find(on)
    }

    /// Adds a course, cut where a pregnancy or kidney disease forbids it, and with the last day. What
    /// ended before registration is not on record.
    fn push(&self, mut course: Course, generic: &Generic, out: &mut Vec<Course>) {
        let mut end = course.stopped.unwrap_or(i32::MAX);
        if generic.avoid & avoid::KIDNEY != 0 {
            end = end.min(self.kidney_from.saturating_sub(1));
        }
        if generic.avoid & avoid::PREGNANCY != 0 && self.history.has(Disease::Pregnancy) {
            let pregnancies = self.history.conditions.iter();
            for pregnancy in pregnancies.filter(|c| c.disease == Disease::Pregnancy) {
                if pregnancy.onset <= course.started || pregnancy.onset > end {
                    continue;
                }
                self.keep(course, pregnancy.onset - 1, out);
                let over = pregnancy.abatement.unwrap_or(i32::MAX - AFTER_BIRTH);
                let resumed = self.begin((over + AFTER_BIRTH).max(self.life.registered_day));
                let Some((start, place)) = resumed.filter(|(day, _)| *day <= end) else {
                    return;
                };
                if self.pregnancy(start).is_some() {
                    return;
                }
                course.started = start;
                course.encounter = self.encounters[place].ordinal;
                course.provider = self.encounters[place].provider;
            }
        }
        self.keep(course, end, out);
    }

    fn keep(&self, mut course: Course, end: i32, out: &mut Vec<Course>) {
        course.stopped = (end <= self.life.end).then_some(end);
        if end >= self.life.registered_day && end >= course.started {
            out.push(course);
        }
    }
}

/// Of each drug the generic it is.
static GENERIC_OF: LazyLock<Vec<usize>> = LazyLock::new(|| {
    let generics = PLANS.generics.iter().enumerate();
    generics
        .flat_map(|(index, g)| std::iter::repeat_n(index, g.rows.len()))
        .collect()
});

#[inline]
fn generic_of(drug: u16) -> usize {
    GENERIC_OF[usize::from(drug)]
}
