//! Clinical notes: a case fixes complaint, findings, assessment and plan, so that they fit each
//! other; the patient's age, history, medicines and vital signs are drawn.

use std::fmt::{self, Write};

use super::case::{CASES, FEVER, FREQUENCIES, HISTORY, HYPOXIA, PRESSURE, RETURNS, SOCIAL};
use super::{ALLERGENS, DRUGS};
use crate::generator::draw::{Chain, write_number};

pub(super) fn clinical_note(entropy: u64, out: &mut dyn Write) -> fmt::Result {
    let mut draws = Chain::new(entropy);
    let draws = &mut draws;
    let case = &CASES[usize::try_from(draws.below(CASES.len() as u64)).unwrap_or(0)];
    let age = 18 + draws.below(38) + draws.below(38);
    let days = draws.between(case.days.0, case.days.1);

    out.write_str("CHIEF COMPLAINT: ")?;
    out.write_str(draws.choose(case.complaint))?;
    out.write_str(".\nHISTORY: ")?;
    write_number(age, out)?;
    out.write_str(if draws.one_in(2) {
        "-year-old man with "
    } else {
        "-year-old woman with "
    })?;
    let first = two(case.symptoms, " and ", draws, out)?;
    out.write_str(if first { ", " } else { " " })?;
    write_span(days, out)?;
    out.write_str(". Denies ")?;
    out.write_str(case.denied)?;
    out.write_str(". Past medical history: ")?;
    if draws.one_in(5) {
        out.write_str("none")?;
    } else {
        two(HISTORY, ", ", draws, out)?;
    }
    out.write_str(". Medications: ")?;
    medications(draws, out)?;
    out.write_str(". Allergies: ")?;
    out.write_str(if draws.one_in(3) {
        draws.choose(ALLERGENS)
    } else {
        "none known"
    })?;
    out.write_str(". ")?;
    out.write_str(draws.choose(SOCIAL))?;
    out.write_str("\nVITALS: BP ")?;
    vitals(case.vitals, draws, out)?;
    out.write_str("\nEXAM: ")?;
    out.write_str(draws.choose(&[
        "Alert, in no acute distress. ",
        "Alert and oriented, comfortable. ",
        "Well appearing. ",
    ]))?;
    out.write_str(draws.choose(case.examination))?;
    out.write_str("\nASSESSMENT: ")?;
    out.write_str(draws.choose(case.assessment))?;
    out.write_str("\nPLAN: ")?;
    // Each measure of the case with probability 3/4, the first always.
    for (i, measure) in case.plan.iter().enumerate() {
        if i == 0 || !draws.one_in(4) {
            out.write_str(measure)?;
            out.write_str(" ")?;
        }
    }
    out.write_str(draws.choose(RETURNS))
}

/// One or two different words of a list; whether there are two.
fn two(
    words: &[&str],
    between: &str,
    draws: &mut Chain,
    out: &mut dyn Write,
) -> Result<bool, fmt::Error> {
    let count = words.len() as u64;
    let first = draws.below(count);
    let word = |index: u64| words[usize::try_from(index % count).unwrap_or(0)];
    out.write_str(word(first))?;
    let both = !draws.one_in(3);
    if both {
        out.write_str(between)?;
        out.write_str(word(first + 1 + draws.below(count - 1)))?;
    }
    Ok(both)
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

fn medications(draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    let count = draws.below(4);
    if count == 0 {
        return out.write_str("none");
    }
    let start = draws.below(DRUGS.len() as u64);
    for i in 0..count {
        if i > 0 {
            out.write_str(", ")?;
        }
        // Steps of 17 through 60: different medicines.
        let place = usize::try_from(start + 17 * i).unwrap_or(0) % DRUGS.len();
        let (name, _, doses) = DRUGS[place];
        out.write_str(name)?;
        out.write_str(" ")?;
        out.write_str(draws.choose(doses))?;
        out.write_str(" ")?;
        out.write_str(draws.choose(FREQUENCIES))?;
    }
    Ok(())
}

fn vitals(signs: u8, draws: &mut Chain, out: &mut dyn Write) -> fmt::Result {
    let fever = signs & FEVER != 0 && !draws.one_in(3);
    blood_pressure(draws, if signs & PRESSURE == 0 { 0 } else { 22 }, out)?;
    out.write_str(" mmHg, HR ")?;
    write_number(60 + draws.below(30) + if fever { 15 } else { 0 }, out)?;
    out.write_str("/min, RR ")?;
    write_number(
        draws.between(12, 17) + if signs & HYPOXIA == 0 { 0 } else { 4 },
        out,
    )?;
    out.write_str("/min, Temp ")?;
    temperature(draws, fever, out)?;
    out.write_str(" °C, SpO2 ")?;
    write_number(
        if signs & HYPOXIA == 0 {
            draws.between(96, 100)
        } else {
            draws.between(92, 97)
        },
        out,
    )?;
    out.write_str("%.")
}

/// Systolic and diastolic, raised by so many mmHg and half as many; at 0 the systolic is 92 to
/// 168, at 22 it is 114 to 190.
pub(super) fn blood_pressure(draws: &mut Chain, raised: u64, out: &mut dyn Write) -> fmt::Result {
    // Three draws: most lie in the middle. The diastolic follows the systolic.
    let above = draws.below(26) + draws.below(26) + draws.below(27);
    write_number(92 + above + raised, out)?;
    out.write_str("/")?;
    write_number(56 + above / 2 + draws.below(9) + raised / 2, out)
}

/// Degrees Celsius with one decimal.
pub(super) fn temperature(draws: &mut Chain, fever: bool, out: &mut dyn Write) -> fmt::Result {
    let tenths = if fever {
        draws.between(378, 395)
    } else {
        draws.between(362, 375)
    };
    write_number(tenths / 10, out)?;
    out.write_str(".")?;
    write_number(tenths % 10, out)
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
            blood_pressure(&mut Chain::new(remix(row)), 0, &mut text).unwrap();
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
