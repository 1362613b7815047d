//! Clinical notes: a case fixes complaint, findings, assessment and plan, so that they fit each
//! other; the patient's age, history, medicines and vital signs are drawn.

use std::fmt::{self, Write};
use std::sync::LazyLock;

use super::case::{CASES, Case, FEVER, FREQUENCIES, HISTORY, HYPOXIA, PRESSURE, RETURNS, SOCIAL};
use super::{ALLERGENS, DRUGS};
use crate::generator::draft::{Draft, Piece, Pool, draft};
use crate::generator::draw::{Chain, Fields, write_number};

/// What is said of a case. A list holds a piece as often as it is to be drawn, and a piece all that
/// depends on one draw: a note is made of few draws and few pieces.
struct Said {
    complaint: Vec<Piece>,
    symptoms: Vec<Piece>,
    /// For how long, by days, and what is denied.
    spans: Vec<Piece>,
    examination: Vec<Piece>,
    /// With the first measure of the plan.
    assessment: Vec<Piece>,
    /// The other measures, each named three times in four.
    measures: Vec<Piece>,
    vitals: u8,
}

/// The pieces of all notes, each with what always stands before and behind it.
struct Pieces {
    pool: Pool,
    cases: Vec<Said>,
    /// By age in years, women before men.
    patients: Vec<[Piece; 2]>,
    history: Vec<Piece>,
    no_medications: Piece,
    /// By medicine; dose and frequency are to be drawn.
    medications: Vec<Vec<Piece>>,
    /// Allergies and social history.
    habits: Vec<Piece>,
    /// By number.
    systolic: Vec<Piece>,
    diastolic: Vec<Piece>,
    heart_rate: Vec<Piece>,
    respiration: Vec<Piece>,
    saturation: Vec<Piece>,
    /// By tenths of a degree Celsius above [`COLDEST`].
    temperatures: Vec<Piece>,
    returns: Vec<Piece>,
}

/// No temperature is lower, in tenths of a degree Celsius.
const COLDEST: u64 = 350;

/// What stands before a medicine, but not before the first.
const SEPARATOR: &str = ", ";

const OPENERS: [&str; 3] = [
    "Alert, in no acute distress.",
    "Alert and oriented, comfortable.",
    "Well appearing.",
];

static PIECES: LazyLock<Pieces> = LazyLock::new(|| {
    let mut pool = Pool::default();
    let all = &mut pool;
    let numbers = |pool: &mut Pool, behind: &str| {
        pool.add_all("", (0..256).map(|number: u32| number.to_string()), behind)
    };
    let cases = CASES.iter().map(|case| Said::new(case, all)).collect();
    let mut history = one_or_two(all, HISTORY, ", ", ". Medications: ");
    // None one time in five.
    let none = all.join(&["none. Medications: "]);
    history.extend(std::iter::repeat_n(none, history.len() / 4));
    Pieces {
        cases,
        patients: (0..128)
            .map(|age| {
                ["woman", "man"].map(|sex| all.join(&[&format!("{age}-year-old {sex} with ")]))
            })
            .collect(),
        history,
        no_medications: all.join(&["none"]),
        medications: DRUGS
            .iter()
            .map(|(name, _, doses)| medication(all, name, doses))
            .collect(),
        habits: SOCIAL
            .iter()
            .flat_map(|social| habits(all, social))
            .collect(),
        systolic: numbers(all, "/"),
        diastolic: numbers(all, " mmHg, HR "),
        heart_rate: numbers(all, "/min, RR "),
        respiration: numbers(all, "/min, Temp "),
        saturation: numbers(all, "%.\nEXAM: "),
        temperatures: all.add_all(
            "",
            (COLDEST..=420).map(|tenths| text(|out| write_tenths(tenths, out))),
            " °C, SpO2 ",
        ),
        returns: all.add_all("", RETURNS, ""),
        pool,
    }
});

impl Said {
    fn new(case: &Case, pool: &mut Pool) -> Self {
        let (least, most) = case.days;
        let mut spans: Vec<Piece> = Vec::new();
        let mut before = String::new();
        for days in least..=most {
            let length = text(|out| write_span(days, out));
            // Days of one week or month are one piece.
            let piece = match spans.last() {
                Some(piece) if length == before => *piece,
                _ => pool.join(&[
                    &length,
                    ". Denies ",
                    case.denied,
                    ". Past medical history: ",
                ]),
            };
            spans.push(piece);
            before = length;
        }
        let (first, rest) = case.plan.split_first().unwrap_or((&"", &[]));
        Self {
            complaint: pool.add_all("CHIEF COMPLAINT: ", case.complaint, ".\nHISTORY: "),
            symptoms: one_or_two(pool, case.symptoms, " and ", " "),
            spans,
            examination: OPENERS
                .iter()
                .flat_map(|opener| {
                    pool.add_all(&format!("{opener} "), case.examination, "\nASSESSMENT: ")
                })
                .collect(),
            assessment: pool.add_all("", case.assessment, &format!("\nPLAN: {first} ")),
            measures: most_of(pool, rest),
            vitals: case.vitals,
        }
    }
}

/// Two different words, in any order, two times in three, else one.
fn one_or_two(pool: &mut Pool, words: &[&str], between: &str, behind: &str) -> Vec<Piece> {
    let mut list = Vec::new();
    for first in words {
        let alone = pool.join(&[first, behind]);
        for second in words.iter().filter(|second| *second != first) {
            let both = pool.join(&[first, between, second, behind]);
            list.extend([alone, both, both]);
        }
    }
    list
}

/// Some of the measures of a plan in their order, each with probability 3/4.
fn most_of(pool: &mut Pool, measures: &[&str]) -> Vec<Piece> {
    let mut list = Vec::new();
    for choice in 0..1_u32 << measures.len() {
        let named = |index: usize| choice >> index & 1 == 1;
        let piece = pool.add(|pool| {
            for (index, measure) in measures.iter().enumerate() {
                if named(index) {
                    pool.extend([measure, " "]);
                }
            }
        });
        list.extend(std::iter::repeat_n(piece, 3_usize.pow(choice.count_ones())));
    }
    list
}

/// A medicine in its doses and frequencies.
fn medication(pool: &mut Pool, name: &str, doses: &[&str]) -> Vec<Piece> {
    let mut list = Vec::new();
    for dose in doses {
        for (frequency, times) in FREQUENCIES {
            let piece = pool.join(&[SEPARATOR, name, " ", dose, " ", frequency]);
            list.extend(std::iter::repeat_n(piece, *times));
        }
    }
    list
}

/// An allergy one time in three, and then what is known of a patient's habits.
fn habits(pool: &mut Pool, social: &str) -> Vec<Piece> {
    let behind = [". ", social, "\nVITALS: BP "].concat();
    let mut list = pool.add_all(". Allergies: ", ALLERGENS, &behind);
    let none = pool.join(&[". Allergies: none known", &behind]);
    list.extend(std::iter::repeat_n(none, 2 * list.len()));
    list
}

/// What is written.
fn text(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
    let mut text = String::new();
    // A String accepts every write.
    let _ = write(&mut text);
    text
}

/// The piece of a number.
#[inline]
fn of(pieces: &[Piece], number: u64) -> Piece {
    pieces[place(number)]
}

/// A number as an index.
#[inline]
fn place(number: u64) -> usize {
    usize::try_from(number).unwrap_or(0)
}

pub(super) fn clinical_note(entropy: u64, memory: &mut Vec<u8>) -> usize {
    let pieces = &*PIECES;
    draft(&pieces.pool, memory, |out| {
        write_note(pieces, &mut Chain::new(entropy), out);
    })
}

fn write_note(pieces: &Pieces, draws: &mut Chain, out: &mut Draft<'_>) {
    let mut of_visit = Fields::new(draws.bits());
    let mut of_patient = Fields::new(draws.bits());
    let mut of_signs = Fields::new(draws.bits());
    let case = &pieces.cases[place(of_visit.below(CASES.len() as u64))];
    let age = 18 + of_patient.below(38) + of_patient.below(38);

    out.push::<64>(of_visit.choose(&case.complaint));
    out.push::<32>(pieces.patients[place(age)][place(of_patient.below(2))]);
    out.push::<96>(of_visit.choose(&case.symptoms));
    out.push::<128>(of_visit.choose(&case.spans));
    out.push::<96>(of_patient.choose(&pieces.history));
    medications(pieces, &mut of_patient, out);
    out.push::<128>(of_visit.choose(&pieces.habits));
    vitals(pieces, case.vitals, &mut of_signs, out);
    out.push::<128>(of_visit.choose(&case.examination));
    out.push::<128>(of_visit.choose(&case.assessment));
    out.push::<128>(of_visit.choose(&case.measures));
    out.push::<64>(of_visit.choose(&pieces.returns));
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

/// None to three medicines.
#[inline]
fn medications(pieces: &Pieces, draws: &mut Fields, out: &mut Draft<'_>) {
    let count = draws.below(4);
    out.push_if::<8>(count == 0, pieces.no_medications);
    let start = draws.below(DRUGS.len() as u64);
    for i in 0..3 {
        // Steps of 17 through 60: different medicines.
        let medication = &pieces.medications[place(start + 17 * i) % DRUGS.len()];
        let piece = draws.choose(medication).without_if(SEPARATOR.len(), i == 0);
        out.push_if::<48>(i < count, piece);
    }
}

#[inline]
fn vitals(pieces: &Pieces, signs: u8, draws: &mut Fields, out: &mut Draft<'_>) {
    let fever = signs & FEVER != 0 && draws.below(3) != 0;
    let short = signs & HYPOXIA != 0;
    let raised = if signs & PRESSURE == 0 { 0 } else { 22 };
    let (systolic, diastolic) = pressures(|n| draws.below(n), raised);
    out.push::<16>(of(&pieces.systolic, systolic));
    out.push::<16>(of(&pieces.diastolic, diastolic));
    let heart_rate = 60 + draws.below(30) + if fever { 15 } else { 0 };
    out.push::<16>(of(&pieces.heart_rate, heart_rate));
    let respiration = draws.between(12, 17) + if short { 4 } else { 0 };
    out.push::<16>(of(&pieces.respiration, respiration));
    let tenths = tenths(|n| draws.below(n), fever);
    out.push::<16>(of(&pieces.temperatures, tenths - COLDEST));
    let (least, most) = if short { (92, 97) } else { (96, 100) };
    out.push::<16>(of(&pieces.saturation, draws.between(least, most)));
}

/// Systolic and diastolic, raised by so many mmHg and half as many; at 0 the systolic is 92 to
/// 168, at 22 it is 114 to 190.
#[inline]
fn pressures(mut below: impl FnMut(u64) -> u64, raised: u64) -> (u64, u64) {
    // Three draws: most lie in the middle. The diastolic follows the systolic.
    let above = below(26) + below(26) + below(27);
    (92 + above + raised, 56 + above / 2 + below(9) + raised / 2)
}

pub(super) fn blood_pressure(draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    let (systolic, diastolic) = pressures(|n| draws.below(n), 0);
    write_number(systolic, out)?;
    out.write_str("/")?;
    write_number(diastolic, out)
}

/// Tenths of a degree Celsius.
#[inline]
fn tenths(below: impl FnOnce(u64) -> u64, fever: bool) -> u64 {
    let (least, most) = if fever { (378, 395) } else { (362, 375) };
    least + below(most - least + 1)
}

fn write_tenths(tenths: u64, out: &mut dyn Write) -> fmt::Result {
    write_number(tenths / 10, out)?;
    out.write_str(".")?;
    write_number(tenths % 10, out)
}

/// Degrees Celsius with one decimal.
pub(super) fn temperature(draws: &mut Chain, fever: bool, out: &mut dyn Write) -> fmt::Result {
    write_tenths(tenths(|n| draws.below(n), fever), out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::remix;

    #[test]
    fn notes_have_all_sections_and_the_length_promised() {
        let mut kinds = std::collections::HashSet::new();
        let mut memory = Vec::new();
        for row in 0..20_000 {
            let length = clinical_note(remix(row), &mut memory);
            let note = std::str::from_utf8(&memory[..length]).unwrap();
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
            kinds.insert(note.to_owned());
        }
        assert!(kinds.len() > 19_900, "{}", kinds.len());
    }

    /// Two words two times in three, and a measure three times in four.
    #[test]
    fn lists_hold_pieces_as_often_as_they_are_drawn() {
        let mut pool = Pool::default();
        let listed = one_or_two(&mut pool, &["a", "b", "c"], "+", ";");
        let planned = most_of(&mut pool, &["x", "y"]);
        let texts = |pieces: &[Piece]| -> Vec<String> {
            let mut memory = Vec::new();
            pieces
                .iter()
                .map(|piece| {
                    let length = draft(&pool, &mut memory, |out| out.push::<8>(*piece));
                    String::from_utf8(memory[..length].to_vec()).unwrap()
                })
                .collect()
        };
        let listed = texts(&listed);
        let both = listed.iter().filter(|text| text.contains('+')).count();
        assert_eq!((both, listed.len()), (12, 18));
        for text in ["a;", "b;", "c;", "a+b;", "b+a;", "c+a;"] {
            assert_eq!(listed.iter().filter(|t| *t == text).count(), 2, "{text}");
        }
        let planned = texts(&planned);
        let with = |measure: &str| planned.iter().filter(|text| text.contains(measure)).count();
        assert_eq!((with("x "), with("y "), planned.len()), (12, 12, 16));
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
