//! Clinical notes: a case fixes complaint, findings, assessment and plan, so that they fit each
//! other; the patient's age, history, medicines and vital signs are drawn.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use super::case::{CASES, FEVER, FREQUENCIES, HISTORY, HYPOXIA, PRESSURE, RETURNS, SOCIAL};
use super::{ALLERGENS, DRUGS};
use crate::generator::draft::{Draft, Piece, Pool, draft};
use crate::generator::draw::{Chain, write_number};

/// What is said of a case.
struct Said {
    complaint: Vec<Piece>,
    symptoms: Listed,
    denied: Piece,
    examination: Vec<Piece>,
    assessment: Vec<Piece>,
    plan: Vec<Piece>,
    vitals: u8,
    days: (u64, u64),
}

/// Words of which one or two are named.
struct Listed {
    /// Followed by a second.
    first: Vec<Piece>,
    /// After a first.
    second: Vec<Piece>,
    alone: Vec<Piece>,
}

impl Listed {
    fn new(pool: &mut Pool, words: &[&str], between: &str, behind: [&str; 2]) -> Self {
        Self {
            first: pool.add_all("", words, between),
            second: pool.add_all("", words, behind[0]),
            alone: pool.add_all("", words, behind[1]),
        }
    }

    #[inline]
    fn write(&self, draws: &mut Chain, out: &mut Draft<'_>) {
        let count = self.alone.len() as u64;
        let place = |index: u64| usize::try_from(index % count).unwrap_or(0);
        let first = draws.below(count);
        if draws.one_in(3) {
            out.push::<64>(self.alone[place(first)]);
        } else {
            out.push::<64>(self.first[place(first)]);
            out.push::<64>(self.second[place(first + 1 + draws.below(count - 1))]);
        }
    }
}

/// The pieces of all notes, each with what always stands before and behind it.
struct Pieces {
    pool: Pool,
    cases: Vec<Said>,
    /// By age in years.
    ages: Vec<Piece>,
    sexes: [Piece; 2],
    /// By days.
    spans: Vec<Piece>,
    no_history: Piece,
    history: Listed,
    no_medications: Piece,
    /// By medicine and dose.
    medications: Vec<Vec<Piece>>,
    frequencies: Vec<Piece>,
    last_frequencies: Vec<Piece>,
    no_allergies: Piece,
    allergies: Vec<Piece>,
    social: Vec<Piece>,
    /// By number.
    systolic: Vec<Piece>,
    diastolic: Vec<Piece>,
    heart_rate: Vec<Piece>,
    respiration: Vec<Piece>,
    saturation: Vec<Piece>,
    /// By tenths of a degree Celsius above [`COLDEST`].
    temperatures: Vec<Piece>,
    openers: Vec<Piece>,
    returns: Vec<Piece>,
}

/// No temperature is lower, in tenths of a degree Celsius.
const COLDEST: u64 = 350;

static PIECES: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pool = Pool::default();
    let all = &mut pool;
    let numbers = |pool: &mut Pool, behind: &str| {
        pool.add_all("", (0..256).map(|number: u32| number.to_string()), behind)
    };
    let written = |write: &dyn Fn(&mut String) -> fmt::Result| {
        let mut text = String::new();
        // A String accepts every write.
        let _ = write(&mut text);
        text
    };
    let longest = CASES.iter().map(|case| case.days.1).max().unwrap_or(0);
    let cases = CASES
        .iter()
        .map(|case| Said {
            complaint: all.add_all("CHIEF COMPLAINT: ", case.complaint, ".\nHISTORY: "),
            symptoms: Listed::new(all, case.symptoms, " and ", [", ", " "]),
            denied: all.add_all("", [case.denied], ". Past medical history: ")[0],
            examination: all.add_all("", case.examination, "\nASSESSMENT: "),
            assessment: all.add_all("", case.assessment, "\nPLAN: "),
            plan: all.add_all("", case.plan, " "),
            vitals: case.vitals,
            days: case.days,
        })
        .collect();
    Pieces {
        cases,
        ages: numbers(all, "-year-old "),
        sexes: ["woman with ", "man with "].map(|sex| all.add(|pool| pool.push_str(sex))),
        spans: all.add_all(
            "",
            (0..=longest).map(|days| written(&|out| write_span(days, out))),
            ". Denies ",
        ),
        no_history: all.add(|pool| pool.push_str("none. Medications: ")),
        history: Listed::new(all, HISTORY, ", ", [". Medications: "; 2]),
        no_medications: all.add(|pool| pool.push_str("none. Allergies: ")),
        medications: DRUGS
            .iter()
            .map(|(name, _, doses)| all.add_all(&format!("{name} "), *doses, " "))
            .collect(),
        frequencies: all.add_all("", FREQUENCIES, ", "),
        last_frequencies: all.add_all("", FREQUENCIES, ". Allergies: "),
        no_allergies: all.add(|pool| pool.push_str("none known. ")),
        allergies: all.add_all("", ALLERGENS, ". "),
        social: all.add_all("", SOCIAL, "\nVITALS: BP "),
        systolic: numbers(all, "/"),
        diastolic: numbers(all, " mmHg, HR "),
        heart_rate: numbers(all, "/min, RR "),
        respiration: numbers(all, "/min, Temp "),
        saturation: numbers(all, "%.\nEXAM: "),
        temperatures: all.add_all(
            "",
            (COLDEST..=420).map(|tenths| written(&|out| write_tenths(tenths, out))),
            "",
        ),
        openers: all.add_all(
            "",
            [
                "Alert, in no acute distress. ",
                "Alert and oriented, comfortable. ",
                "Well appearing. ",
            ],
            "",
        ),
        returns: all.add_all("", RETURNS, ""),
        pool: pool.closed(),
    }
});

/// The piece of a number.
#[inline]
fn of(pieces: &[Piece], number: u64) -> Piece {
    pieces[usize::try_from(number).unwrap_or(0)]
}

pub(super) fn clinical_note(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let pieces = &*PIECES;
    draft(&pieces.pool, out, |out| {
        write_note(pieces, &mut Chain::new(entropy), out);
    })
}

fn write_note(pieces: &Pieces, draws: &mut Chain, out: &mut Draft<'_>) {
    let case = &pieces.cases[usize::try_from(draws.below(CASES.len() as u64)).unwrap_or(0)];
    let age = 18 + draws.below(38) + draws.below(38);
    let days = draws.between(case.days.0, case.days.1);

    out.push::<64>(draws.choose(&case.complaint));
    out.push::<16>(of(&pieces.ages, age));
    out.push::<16>(pieces.sexes[usize::from(draws.one_in(2))]);
    case.symptoms.write(draws, out);
    out.push::<32>(of(&pieces.spans, days));
    out.push::<64>(case.denied);
    if draws.one_in(5) {
        out.push::<32>(pieces.no_history);
    } else {
        pieces.history.write(draws, out);
    }
    medications(pieces, draws, out);
    out.push::<32>(if draws.one_in(3) {
        draws.choose(&pieces.allergies)
    } else {
        pieces.no_allergies
    });
    out.push::<64>(draws.choose(&pieces.social));
    vitals(pieces, case.vitals, draws, out);
    out.push::<64>(draws.choose(&pieces.openers));
    out.push::<128>(draws.choose(&case.examination));
    out.push::<64>(draws.choose(&case.assessment));
    // Each measure of the case with probability 3/4, the first always.
    if let Some((first, rest)) = case.plan.split_first() {
        out.push::<64>(*first);
        for measure in rest {
            out.push_if::<64>(!draws.one_in(4), *measure);
        }
    }
    out.push::<64>(draws.choose(&pieces.returns));
}

/// Days, weeks or months.
fn write_span(days: u64, out: &mut dyn Write) -> fmt::Result {
    let (count, unit) = match days {
        0..15 => (days, " day"),
        15..60 => (days / 7, " week"),
        _ => (days / 30, " month"),
    };
    out.write_str("for ")?;
    write_number(count, out)?;
    out.write_str(unit)?;
    out.write_str(if count == 1 { "" } else { "s" })
}

fn medications(pieces: &Pieces, draws: &mut Chain, out: &mut Draft<'_>) {
    let count = draws.below(4);
    if count == 0 {
        out.push::<32>(pieces.no_medications);
        return;
    }
    let start = draws.below(DRUGS.len() as u64);
    for i in 0..count {
        // Steps of 17 through 60: different medicines.
        let place = usize::try_from(start + 17 * i).unwrap_or(0) % DRUGS.len();
        out.push::<32>(draws.choose(&pieces.medications[place]));
        let frequencies = if i + 1 < count {
            &pieces.frequencies
        } else {
            &pieces.last_frequencies
        };
        out.push::<32>(draws.choose(frequencies));
    }
}

fn vitals(pieces: &Pieces, signs: u8, draws: &mut Chain, out: &mut Draft<'_>) {
    let fever = signs & FEVER != 0 && !draws.one_in(3);
    let short = signs & HYPOXIA != 0;
    let raised = if signs & PRESSURE == 0 { 0 } else { 22 };
    let (systolic, diastolic) = pressures(draws, raised);
    out.push::<16>(of(&pieces.systolic, systolic));
    out.push::<16>(of(&pieces.diastolic, diastolic));
    let heart_rate = 60 + draws.below(30) + if fever { 15 } else { 0 };
    out.push::<16>(of(&pieces.heart_rate, heart_rate));
    let respiration = draws.between(12, 17) + if short { 4 } else { 0 };
    out.push::<16>(of(&pieces.respiration, respiration));
    out.push::<16>(of(&pieces.temperatures, tenths(draws, fever) - COLDEST));
    out.push_str(" °C, SpO2 ");
    let (least, most) = if short { (92, 97) } else { (96, 100) };
    out.push::<16>(of(&pieces.saturation, draws.between(least, most)));
}

/// Systolic and diastolic, raised by so many mmHg and half as many; at 0 the systolic is 92 to
/// 168, at 22 it is 114 to 190.
#[inline]
fn pressures(draws: &mut Chain, raised: u64) -> (u64, u64) {
    // Three draws: most lie in the middle. The diastolic follows the systolic.
    let above = draws.below(26) + draws.below(26) + draws.below(27);
    (
        92 + above + raised,
        56 + above / 2 + draws.below(9) + raised / 2,
    )
}

pub(super) fn blood_pressure(draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    let (systolic, diastolic) = pressures(draws, 0);
    write_number(systolic, out)?;
    out.write_str("/")?;
    write_number(diastolic, out)
}

/// Tenths of a degree Celsius.
#[inline]
fn tenths(draws: &mut Chain, fever: bool) -> u64 {
    let (least, most) = if fever { (378, 395) } else { (362, 375) };
    draws.between(least, most)
}

fn write_tenths(tenths: u64, out: &mut dyn Write) -> fmt::Result {
    write_number(tenths / 10, out)?;
    out.write_str(".")?;
    write_number(tenths % 10, out)
}

/// Degrees Celsius with one decimal.
pub(super) fn temperature(draws: &mut Chain, fever: bool, out: &mut dyn Write) -> fmt::Result {
    write_tenths(tenths(draws, fever), out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::remix;

    #[test]
    fn notes_have_all_sections_and_the_length_promised() {
        let mut kinds = std::collections::HashSet::new();
        for row in 0..20_000 {
            let mut note = String::new();
            clinical_note(remix(row), &mut note).unwrap();
            let length = note.chars().count();
            assert!((300..=1_500).contains(&length), "{length}: {note}");
            let sections: Vec<&str> = note
                .lines()
                .map(|line| line.split(':').next().unwrap())
                .collect();
            assert_eq!(
                sections,
                [
                    "CHIEF COMPLAINT",
                    "HISTORY",
                    "VITALS",
                    "EXAM",
                    "ASSESSMENT",
                    "PLAN"
                ]
            );
            assert!(
                !note.contains("  ") && !note.contains("..") && !note.contains(" ,"),
                "{note}"
            );
            kinds.insert(note);
        }
        assert!(kinds.len() > 19_900, "{}", kinds.len());
    }

    #[test]
    fn vital_signs_are_plausible() {
        for row in 0..5_000 {
            let mut text = String::new();
            blood_pressure(&mut Chain::new(remix(row)), &mut text).unwrap();
            let (systolic, diastolic) = text.split_once('/').unwrap();
            let (systolic, diastolic): (u32, u32) =
                (systolic.parse().unwrap(), diastolic.parse().unwrap());
            assert!(
                (92..=168).contains(&systolic) && (56..=102).contains(&diastolic),
                "{text}"
            );
            assert!(systolic >= diastolic + 25, "{text}");
        }
    }
}
