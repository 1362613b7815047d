//! Text in which somebody may be identified: what stands inside a longer text.

use super::category::Category;
use super::{dictionary, form, value};

/// The most words of a text that are looked at.
const MOST_WORDS: usize = 2_000;

/// Share of texts in which something looks like an identifier by chance.
pub(super) const CHANCE: f64 = 0.005;

/// Words after which a name follows.
const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "dr",
    "prof",
    "herr",
    "frau",
    "herrn",
    "mme",
    "mlle",
    "señor",
    "señora",
    "sra",
    "signor",
    "signora",
    "patient",
    "patientin",
    "dhr",
    "mevr",
    "senhor",
    "senhora",
];

/// Whether a text is several words, as a sentence is.
pub(super) fn is_prose(text: &str) -> bool {
    text.len() >= 25 && text.split_whitespace().take(5).count() >= 5
        || !text.is_ascii() && text.chars().take(20).count() >= 20
}

/// Whether a text holds an e-mail address, a number with check digits, a telephone number, an
/// address of the net, or a name after a title or as first and last name.
pub(super) fn identifies(text: &str) -> bool {
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || ",;\"<>[]{}|".contains(c))
        .map(|word| word.trim_matches(|c: char| ".:!?'()".contains(c)))
        .filter(|word| !word.is_empty())
        .take(MOST_WORDS)
        .collect();
    words.iter().enumerate().any(|(at, word)| {
        let next = words.get(at + 1).copied().unwrap_or_default();
        is_identifier(word) || is_name(word, next)
    }) || has_grouped_number(text)
}

fn is_identifier(word: &str) -> bool {
    if word.contains('@') {
        return form::is_email(word);
    }
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    if digits < 4 || form::is_uuid(word) {
        return false;
    }
    let mut found = false;
    value::matches(word, &mut |hit| {
        found |= hit.checked != Some(false)
            && hit.chance <= 0.05
            && !matches!(
                hit.category,
                Category::Postcode | Category::Url | Category::Health | Category::Routing
            );
    });
    found
}

fn is_capitalized(word: &str) -> bool {
    let mut letters = word.chars();
    letters.next().is_some_and(char::is_uppercase)
        && letters.clone().count() >= 1
        && letters.all(|c| c.is_lowercase() || c == '-' || c == '\'')
}

fn is_name(word: &str, next: &str) -> bool {
    if !is_capitalized(next) || !word.starts_with(char::is_uppercase) && !TITLES.contains(&word) {
        return false;
    }
    let word_lower = word.trim_end_matches('.').to_lowercase();
    let next_lower = next.to_lowercase();
    if TITLES.contains(&word_lower.as_str()) {
        return dictionary::is_last_name(&next_lower) || dictionary::is_first_name(&next_lower);
    }
    is_capitalized(word)
        && dictionary::is_first_name(&word_lower)
        && dictionary::is_last_name(&next_lower)
}

/// Numbers in groups: telephone numbers, cards and account numbers written with spaces.
fn has_grouped_number(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_digit() || " -()+./".contains(c);
    text.split(|c| !is_part(c))
        .map(|run| run.trim_matches(|c: char| " -./".contains(c)))
        .filter(|run| run.len() >= 9 && run.len() <= 30 && run.contains([' ', '-', '(', '.']))
        .any(|run| {
            let mut found = false;
            value::matches(run, &mut |hit| {
                found |= hit.checked != Some(false)
                    && hit.chance <= 0.06
                    && matches!(
                        hit.category,
                        Category::Phone
                            | Category::CardNumber
                            | Category::Ssn
                            | Category::Cpf
                            | Category::Nir
                    );
            });
            found
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_inside_text() {
        for text in [
            "Please write to jane.roe@example.com before noon.",
            "Called back on (212) 555-0143, no answer there.",
            "Patient Smith was seen today with cough.",
            "Spoke with Maria Garcia about the new dose.",
            "Card 4111 1111 1111 1111 was declined again.",
            "Her number is 123-45-6789 as she said.",
        ] {
            assert!(is_prose(text) && identifies(text), "{text}");
        }
        for text in [
            "The quick brown fox jumps over the lazy dog.",
            "Order shipped on 2024-05-06 in 3 parcels of 2 kg.",
            "Version 10.2.3 fixes 12 defects and adds 4 features.",
            "Grant access to the Mark Two unit in May.",
            "Lorem ipsum dolor sit amet, consectetur adipiscing elit.",
        ] {
            assert!(!identifies(text), "{text}");
        }
    }
}
