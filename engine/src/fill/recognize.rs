//! What a column is about, told from its name, its table, its comment and its type.
//!
//! ```
//! use synth_engine::fill::class::Class;
//! use synth_engine::fill::recognize::{Column, Recognition, recognize};
//!
//! let class = Class::text();
//! let column = Column { table: "customers", name: "billing_email", comment: None, class: &class };
//! let found = recognize(&column).unwrap();
//! assert!(matches!(found.recognition, Recognition::Generator { name: "email", .. }));
//! ```

mod order;
mod ranges;
mod rules;
pub(crate) mod words;

pub use order::ordered_pairs;

use self::ranges::{NUMBERS, TIMES, TRUTHS};
use self::rules::{Kinds, NAMED, TEXTS, Text};
use self::words::{Words, words};
use super::class::Class;

/// A column to be recognised.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Name of its table.
    pub table: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its comment.
    pub comment: Option<&'a str>,
    /// The class of its type; of an array, give the class of its elements.
    pub class: &'a Class,
}

/// What was recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct Recognized {
    /// What to fill the column with.
    pub recognition: Recognition,
    /// Why, as a clause: `the name ends in "email"`.
    pub reason: String,
    /// How sure that is.
    pub confidence: Confidence,
}

/// How sure a recognition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// A guess from a general word such as `code`, or from the comment.
    Low,
    /// One word that has another meaning now and then.
    Medium,
    /// The name says it.
    High,
}

/// What suits a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Recognition {
    /// A generator of the registry.
    Generator {
        /// Its name.
        name: &'static str,
        /// Arguments by name.
        arguments: Vec<(&'static str, String)>,
        /// Columns of a row with the same subject describe one thing and share their entropy:
        /// `person`, `place`, `card`, with a number behind where the name has a qualifier
        /// (`billing_city` and `shipping_city` are two places).
        group: Option<String>,
    },
    /// A number in a range.
    Number {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
        /// How values are spread over it.
        distribution: Distribution,
    },
    /// A date or time with a meaning.
    Time {
        /// What happens then.
        role: TimeRole,
    },
    /// A truth value.
    Boolean {
        /// Share of true.
        probability: f64,
    },
    /// One word of a short list, as a status.
    Words {
        /// The words.
        words: &'static [&'static str],
    },
}

/// How numbers are spread over a range.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Distribution {
    /// Evenly.
    Uniform,
    /// Bell-shaped around a mean.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        deviation: f64,
    },
    /// Many small values and few large ones.
    LogNormal {
        /// Median.
        median: f64,
        /// Standard deviation of the natural logarithm.
        sigma: f64,
    },
}

/// What a date or time means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TimeRole {
    /// The row came into being: within the last years.
    Created,
    /// The row was changed: not before it was created.
    Updated,
    /// The row was deleted or archived: mostly NULL where that is allowed.
    Deleted,
    /// A birth: 18 to 90 years ago.
    Birth,
    /// A death.
    Death,
    /// Somebody was hired: within the last twenty years.
    Hired,
    /// Something begins.
    Start,
    /// Something ends: after it began.
    End,
    /// Something lapses: mostly in the future.
    Expires,
    /// Something is due: in the near past or future.
    Due,
    /// Something happened: within the last years.
    Event,
}

/// Recognises a column; `None` if neither name nor comment says anything.
///
/// The end of the name decides (`billing_email` is an e-mail address, `email_count` is not), words
/// of other languages and abbreviations are translated, and a general word such as `name` is
/// understood from the words before it and from the table.
pub fn recognize(column: &Column<'_>) -> Option<Recognized> {
    let words = words(column.name);
    let table = words::words(column.table);
    let found = by_name(column, &words, &table);
    if found
        .as_ref()
        .is_some_and(|found| found.confidence > Confidence::Low)
    {
        return found;
    }
    by_comment(column).or(found)
}

fn by_name(column: &Column<'_>, words: &Words, table: &Words) -> Option<Recognized> {
    match Kinds::of(column.class)? {
        Kinds::Text => text(column, words, table),
        Kinds::Number => number(words),
        Kinds::Time => time(words),
        Kinds::Boolean => truth(words),
        Kinds::Address => of_address(column.class),
    }
}

fn text(column: &Column<'_>, words: &Words, table: &Words) -> Option<Recognized> {
    let rule = longest(words, TEXTS, |rule| rule.phrase);
    // `user_name` is not the name of a user.
    let phrase = rule.filter(|(rule, _)| rule.phrase.contains(' '));
    let found = if let (None, Some(found)) = (phrase, general(words, table)) {
        found
    } else {
        let (rule, place) = rule?;
        named(rule, words, place)
    };
    Some(fitted(column, found))
}

/// What a general word means after the words before it, or in its table.
fn general(words: &Words, table: &Words) -> Option<Recognized> {
    let last = words.meaningful().checked_sub(1)?;
    let word = words.canonical(last)?;
    let of_word = || NAMED.iter().filter(|rule| rule.word == word);
    if let Some(before) = last.checked_sub(1) {
        let before = words.canonical(before)?;
        let rule = of_word().find(|rule| rule.of.contains(&before))?;
        return Some(Recognized {
            recognition: generator(rule.generator, rule.group, words.before(last)),
            reason: format!("the name ends in \"{}\"", words.tail(last - 1)),
            confidence: Confidence::High,
        });
    }
    let subject = table.canonical(table.len().checked_sub(1)?)?;
    let singular = words::singular(subject);
    let rule =
        of_word().find(|rule| rule.of.contains(&subject) || rule.of.contains(&&*singular))?;
    Some(Recognized {
        recognition: generator(rule.generator, rule.group, None),
        reason: format!("\"{word}\" of a table about \"{singular}\""),
        confidence: Confidence::High,
    })
}

fn generator(name: &'static str, group: &str, qualifier: Option<String>) -> Recognition {
    Recognition::Generator {
        name,
        arguments: Vec::new(),
        group: (!group.is_empty()).then(|| match qualifier {
            Some(qualifier) => format!("{group} {qualifier}"),
            None => group.to_owned(),
        }),
    }
}

fn named(rule: &Text, words: &Words, place: usize) -> Recognized {
    let recognition = if rule.words.is_empty() {
        generator(rule.generator, rule.group, words.before(place))
    } else {
        Recognition::Words { words: rule.words }
    };
    Recognized {
        recognition,
        reason: format!("the name ends in \"{}\"", words.tail(place)),
        confidence: rule.confidence,
    }
}

/// Codes instead of names where there is room for no more.
fn fitted(column: &Column<'_>, mut found: Recognized) -> Recognized {
    let Class::Text {
        max_chars: Some(most),
        ..
    } = column.class
    else {
        return found;
    };
    let room = *most;
    match &mut found.recognition {
        Recognition::Generator { name, .. } => {
            let shorter = match (*name, room) {
                ("state", ..4) => Some("state_abbr"),
                ("country_name", 2) => Some("country_code"),
                ("country_name" | "country_code", 3) => Some("country_code_alpha3"),
                ("currency_name", 3) => Some("currency_code"),
                ("language_name", 2) => Some("language_code"),
                _ => None,
            };
            if let Some(shorter) = shorter {
                *name = shorter;
                found.reason += &*format!(" and there is room for {room} characters");
            }
        }
        Recognition::Words { words } if *words == rules::GENDERS && room < 6 => {
            *words = rules::GENDER_LETTERS;
        }
        _ => {}
    }
    found
}

fn number(words: &Words) -> Option<Recognized> {
    let (rule, place) = longest(words, NUMBERS, |rule| rule.phrase)?;
    Some(Recognized {
        recognition: Recognition::Number {
            low: rule.low,
            high: rule.high,
            distribution: rule.distribution,
        },
        reason: format!("the name ends in \"{}\"", words.tail(place)),
        confidence: rule.confidence,
    })
}

/// Of a date it is the verb that counts, wherever it stands.
fn time(words: &Words) -> Option<Recognized> {
    let (role, word) = TIMES.iter().find_map(|(role, verbs)| {
        let at = (0..words.len()).find(|at| {
            words
                .canonical(*at)
                .is_some_and(|word| verbs.contains(&word))
        })?;
        Some((*role, words.original(at)))
    })?;
    Some(Recognized {
        recognition: Recognition::Time { role },
        reason: format!("the name has the word \"{word}\""),
        confidence: if role == TimeRole::Event {
            Confidence::Medium
        } else {
            Confidence::High
        },
    })
}

fn truth(words: &Words) -> Option<Recognized> {
    let found = TRUTHS.iter().find_map(|(probability, known)| {
        let at = (0..words.len()).find(|at| {
            words
                .canonical(*at)
                .is_some_and(|word| known.contains(&word))
        })?;
        Some((*probability, words.original(at)))
    });
    let (probability, word) = found?;
    Some(Recognized {
        recognition: Recognition::Boolean { probability },
        reason: format!("the name has the word \"{word}\""),
        confidence: Confidence::Medium,
    })
}

fn of_address(class: &Class) -> Option<Recognized> {
    let name = match class {
        Class::Inet => "ipv4",
        Class::MacAddr { bytes: 6 } => "mac_address",
        Class::Uuid => "uuid",
        _ => return None,
    };
    Some(Recognized {
        recognition: generator(name, "", None),
        reason: "the type says it".to_owned(),
        confidence: Confidence::High,
    })
}

/// Words of the comment that say it without doubt.
fn by_comment(column: &Column<'_>) -> Option<Recognized> {
    if !column.class.is_text() {
        return None;
    }
    let words = words(column.comment?);
    let rule = TEXTS
        .iter()
        .filter(|rule| rule.confidence == Confidence::High && rule.words.is_empty())
        .filter(|rule| words.find(rule.phrase).is_some())
        .max_by_key(|rule| rule.phrase.len())?;
    let found = Recognized {
        recognition: generator(rule.generator, rule.group, None),
        reason: format!("the comment speaks of \"{}\"", rule.phrase),
        confidence: Confidence::Low,
    };
    Some(fitted(column, found))
}

/// The rule with the most words of those that the name ends in, and where its phrase begins.
fn longest<'a, R>(
    words: &Words,
    rules: &'a [R],
    phrase: impl Fn(&R) -> &str,
) -> Option<(&'a R, usize)> {
    rules
        .iter()
        .filter_map(|rule| Some((rule, words.ends_in(phrase(rule))?)))
        .min_by_key(|(_, place)| *place)
}

#[cfg(test)]
mod tests;
