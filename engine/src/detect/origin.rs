//! Where the people of a column are from: the locale that a proposed rule names, so that German
//! names are replaced by German ones.

use std::collections::HashMap;
use std::sync::LazyLock;

use crate::locale::{self, NAMES};

/// The locale that masks take where none is named.
const DEFAULT: &str = "en_US";
/// The fewest values that are judged.
const FEWEST: u32 = 10;

/// International prefixes of the locales' countries (ITU-T E.164).
const PREFIXES: &[(&str, &str)] = &[
    ("+1", "en_US"),
    ("+31", "nl_NL"),
    ("+33", "fr_FR"),
    ("+34", "es_ES"),
    ("+39", "it_IT"),
    ("+44", "en_GB"),
    ("+48", "pl_PL"),
    ("+49", "de_DE"),
    ("+55", "pt_BR"),
    ("+81", "ja_JP"),
    ("+86", "zh_CN"),
    ("+966", "ar_SA"),
];

/// Names of people, cities and streets, each with the locales that have it, a bit each.
static WORDS: LazyLock<HashMap<Box<str>, u16>> = LazyLock::new(|| {
    let mut words: HashMap<Box<str>, u16> = HashMap::new();
    for (bit, name) in NAMES.iter().enumerate().take(16) {
        let Ok(locale) = locale::find(name) else {
            continue;
        };
        let mut add = |text: &str| {
            if !text.is_empty() {
                *words.entry(text.to_lowercase().into()).or_default() |= 1 << bit;
            }
        };
        for given in locale.first_names.list() {
            add(given.name);
            add(given.romanized);
        }
        for surname in locale.last_names.list() {
            for name in surname.name.iter().chain(&surname.romanized) {
                add(name);
            }
        }
        for city in locale.cities.list() {
            add(city.name);
        }
        for street in locale.streets.names() {
            add(street);
        }
    }
    words
});

/// Votes of the distinct values of a column.
#[derive(Debug, Clone, Default)]
pub(super) struct Origins {
    votes: [u32; 16],
    voted: u32,
}

impl Origins {
    /// Counts a value.
    pub fn add(&mut self, text: &str) {
        let locales = if text.starts_with('+') {
            of_phone(text)
        } else {
            of_words(text)
        };
        if locales == 0 {
            return;
        }
        self.voted += 1;
        for (bit, votes) in self.votes.iter_mut().enumerate() {
            *votes += u32::from(locales >> bit & 1);
        }
    }

    /// The locale that most values are of, and clearly more than of any other; `None`: the default,
    /// or not known.
    pub fn locale(&self) -> Option<&'static str> {
        let (best, votes) = self
            .votes
            .iter()
            .enumerate()
            .max_by_key(|(_, votes)| **votes)?;
        let second = self
            .votes
            .iter()
            .enumerate()
            .filter(|(bit, _)| *bit != best)
            .map(|(_, votes)| *votes)
            .max()?;
        let clear = self.voted >= FEWEST && votes * 10 >= self.voted * 6 && second * 4 <= votes * 3;
        NAMES
            .get(best)
            .copied()
            .filter(|name| clear && *name != DEFAULT)
    }
}

fn of_phone(text: &str) -> u16 {
    PREFIXES
        .iter()
        .filter(|(prefix, _)| text.starts_with(prefix))
        .filter_map(|(_, locale)| NAMES.iter().position(|name| name == locale))
        .fold(0, |bits, bit| bits | 1 << bit)
}

/// The locales that have all of the words that any has.
fn of_words(text: &str) -> u16 {
    if text.len() > 120 {
        return 0;
    }
    let lower = text.to_lowercase();
    let known = |word: &str| WORDS.get(word).copied().unwrap_or(0);
    let whole = known(&lower);
    if whole != 0 {
        return whole;
    }
    let of_words = lower
        .split(|c: char| !c.is_alphabetic() && c != '\'' && c != '-')
        .map(known)
        .filter(|bits| *bits != 0)
        .reduce(|all, bits| all & bits);
    of_words.unwrap_or_else(|| {
        // Chinese and Japanese names have no space between last and first.
        lower
            .char_indices()
            .skip(1)
            .take(4)
            .map(|(at, _)| known(&lower[..at]) & known(&lower[at..]))
            .fold(0, |all, bits| all | bits)
    })
}
