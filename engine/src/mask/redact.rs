//! `redact`: finds what identifies somebody in free text and replaces it by tags or pseudonyms.
//!
//! E-mail addresses, IBANs, card numbers, telephone numbers, identifiers and IP addresses are found
//! by their form and check digits; names by dictionaries of the locale and of `en_US`, titles and what
//! stands next to them. It finds what it knows: a name that is in no dictionary, without a title or
//! a first name before it, stays.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use arrow_array::ArrayRef;
use regex::Regex;

use super::arguments::Arguments;
use super::map::{cut, map_text};
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::generator::{self, Bound, LOCALE};
use crate::locale::{self, Locale};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::{Alphabet, DomainKey, FormatPreserving, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "style",
        parameter_type: ParameterType::Text,
        default: Some("'tag'"),
        summary: "What stands for a find: 'tag' ([NAME], [EMAIL], ...) or 'pseudonym' (another of its kind, the same for the same).",
    },
    Parameter {
        name: "kinds",
        parameter_type: ParameterType::Text,
        default: Some("'email,iban,card,phone,id,ip,name'"),
        summary: "What is looked for, separated by commas, out of email, iban, card, phone, id, ip and name.",
    },
    LOCALE,
];

/// What can be found, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Email,
    Iban,
    Card,
    Ip,
    Phone,
    Id,
    Name,
}

const KINDS: [(Kind, &str, &str); 7] = [
    (Kind::Email, "email", "[EMAIL]"),
    (Kind::Iban, "iban", "[IBAN]"),
    (Kind::Card, "card", "[CARD]"),
    (Kind::Ip, "ip", "[IP]"),
    (Kind::Phone, "phone", "[PHONE]"),
    (Kind::Id, "id", "[ID]"),
    (Kind::Name, "name", "[NAME]"),
];

/// Forms of everything but names.
static FORMS: LazyLock<Vec<(Kind, Regex)>> = LazyLock::new(|| {
    [
        (Kind::Email, r"[\w.+%'-]+@[\w-]+(?:\.[\w-]+)*"),
        (
            Kind::Iban,
            r"[A-Za-z]{2}[0-9]{2}(?:[ -]?[0-9A-Za-z]{2,4}){3,8}",
        ),
        (Kind::Card, r"[0-9](?:[ .-]?[0-9]){11,18}"),
        (
            Kind::Ip,
            r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|\b(?:[0-9A-Fa-f]{1,4}:){3,7}:?[0-9A-Fa-f]{1,4}\b",
        ),
        (
            Kind::Phone,
            r"(?:\+|\b00)[0-9](?:[ ./()-]{0,2}[0-9]){6,13}|\([0-9]{2,5}\)(?:[ ./-]?[0-9]){5,10}|\b0[0-9]{1,5}(?:[ /-]{1,2}[0-9]{2,8}){1,5}|\b[0-9]{3}[ .-][0-9]{3}[ .-][0-9]{4}\b|\b[0-9]{3}[.-][0-9]{4}\b",
        ),
        (
            Kind::Id,
            r"\b[0-9]{3}-[0-9]{2}-[0-9]{4}\b|\b[A-Za-z]{0,4}[ #:-]?[0-9]{6,}[A-Za-z]?\b|\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b|\b[A-Z]{2} ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        ),
    ]
    .into_iter()
    .filter_map(|(kind, pattern)| Some((kind, Regex::new(pattern).ok()?)))
    .collect()
});

/// A capitalized word.
static WORD: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\p{Lu}[\p{L}\p{M}]*(?:['’-]\p{L}[\p{L}\p{M}]*)*").ok());

const TITLES: &[&str] = &[
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "dr",
    "prof",
    "professor",
    "doctor",
    "sir",
    "madam",
    "nurse",
    "herr",
    "frau",
    "hr",
    "fr",
    "mme",
    "mlle",
    "monsieur",
    "madame",
    "sr",
    "sra",
    "srta",
    "don",
    "doña",
    "sig",
    "signor",
    "signora",
    "dott",
    "pan",
    "pani",
    "dhr",
    "mevr",
    "patient",
    "patientin",
];

/// Names that are common words too: by themselves they are taken for the word.
const WORDS: &[&str] = &[
    "april",
    "august",
    "autumn",
    "baker",
    "banks",
    "bell",
    "best",
    "black",
    "bond",
    "brown",
    "bush",
    "carpenter",
    "case",
    "chance",
    "christian",
    "church",
    "cole",
    "cook",
    "cross",
    "crystal",
    "day",
    "dean",
    "duke",
    "faith",
    "field",
    "fields",
    "fisher",
    "flowers",
    "ford",
    "fox",
    "frank",
    "freeman",
    "french",
    "glass",
    "gold",
    "good",
    "grace",
    "grant",
    "green",
    "hall",
    "hill",
    "holiday",
    "hope",
    "house",
    "hunter",
    "joy",
    "june",
    "king",
    "knight",
    "lake",
    "lane",
    "little",
    "long",
    "love",
    "major",
    "mark",
    "marsh",
    "mason",
    "may",
    "miles",
    "miller",
    "moon",
    "moss",
    "new",
    "north",
    "page",
    "park",
    "parks",
    "parish",
    "penny",
    "price",
    "prince",
    "ray",
    "reed",
    "rich",
    "rivers",
    "rose",
    "shepherd",
    "short",
    "small",
    "smith",
    "snow",
    "south",
    "star",
    "stone",
    "strong",
    "summer",
    "summers",
    "taylor",
    "virginia",
    "wall",
    "ward",
    "washington",
    "waters",
    "wells",
    "west",
    "white",
    "wise",
    "will",
    "winter",
    "winters",
    "wood",
    "woods",
    "york",
    "young",
    "bill",
    "drew",
    "art",
    "pat",
    "rob",
    "sue",
    "max",
    "rusty",
    "sandy",
    "melody",
    "amber",
    "ruby",
];

/// Words that are no surname after a first name.
const NO_SURNAMES: &[&str] = &[
    "the",
    "he",
    "she",
    "it",
    "they",
    "we",
    "i",
    "you",
    "and",
    "or",
    "but",
    "in",
    "on",
    "at",
    "to",
    "from",
    "with",
    "for",
    "of",
    "is",
    "was",
    "has",
    "had",
    "his",
    "her",
    "this",
    "that",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "january",
    "february",
    "march",
    "july",
    "september",
    "october",
    "november",
    "december",
    "email",
    "phone",
    "tel",
    "ssn",
    "mrn",
    "iban",
    "card",
    "id",
    "der",
    "die",
    "das",
    "und",
    "le",
    "la",
    "el",
    "los",
    "dob",
];

struct Redact {
    kinds: Vec<Kind>,
    first_names: HashSet<String>,
    last_names: HashSet<String>,
    pseudonyms: Option<Pseudonyms>,
    max_chars: Option<usize>,
}

/// What makes another of a kind.
struct Pseudonyms {
    key: DomainKey,
    generators: Vec<(Kind, Bound)>,
    first_name: Bound,
    digits: FormatPreserving,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    column_type: ColumnType,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    debug_assert_eq!(column_type, ColumnType::Text);
    let words = arguments.text("kinds", 1..=100)?;
    let kinds = words
        .split(',')
        .map(|word| {
            KINDS
                .iter()
                .find(|(_, name, _)| *name == word.trim())
                .map(|(kind, ..)| *kind)
                .ok_or_else(|| {
                    arguments.error("kinds must be some of email, iban, card, phone, id, ip and name, separated by commas")
                })
        })
        .collect::<Result<Vec<Kind>>>()?;
    let locale = arguments.locale()?;
    let pseudonyms = if arguments.choice("style", &[("tag", false), ("pseudonym", true)])? {
        let bind = |name: &str, local: bool| {
            let given = if local {
                vec![("locale", locale.name)]
            } else {
                vec![]
            };
            generator::find(name)?.bind(&given)
        };
        Some(Pseudonyms {
            key: secret.key("redact"),
            generators: vec![
                (Kind::Email, bind("email", true)?),
                (Kind::Iban, bind("iban", false)?),
                (Kind::Card, bind("credit_card_number", false)?),
                (Kind::Ip, bind("ipv4", false)?),
                (Kind::Phone, bind("phone", true)?),
                (Kind::Name, bind("full_name", true)?),
            ],
            first_name: bind("first_name", true)?,
            digits: secret.format_preserving("redact", Alphabet::Digits),
        })
    } else {
        None
    };
    let (mut first_names, mut last_names) = (HashSet::new(), HashSet::new());
    let mut add = |locale: &Locale| {
        first_names.extend(
            locale
                .first_names
                .list()
                .iter()
                .map(|n| n.name.to_lowercase()),
        );
        for surname in locale.last_names.list() {
            last_names.extend(surname.name.iter().map(|name| name.to_lowercase()));
        }
    };
    if kinds.contains(&Kind::Name) {
        add(locale);
        add(locale::find("en_US")?);
    }
    Ok(Box::new(Redact {
        kinds,
        first_names,
        last_names,
        pseudonyms,
        max_chars: target.max_chars,
    }))
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Whether what has the form is one.
fn confirmed(kind: Kind, text: &str) -> bool {
    match kind {
        Kind::Card => luhn3::decimal::valid(digits(text).as_bytes()),
        Kind::Iban => {
            let compact: String = text
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .map(|c| c.to_ascii_uppercase())
                .collect();
            (15..=34).contains(&compact.len()) && is_iban(&compact)
        }
        Kind::Ip if !text.contains(':') => text.split('.').all(|part| part.parse::<u8>().is_ok()),
        _ => true,
    }
}

/// MOD 97-10 of ISO/IEC 7064.
fn is_iban(compact: &str) -> bool {
    let (head, rest) = compact.split_at(4);
    let remainder = rest.chars().chain(head.chars()).fold(0, |sum: u32, c| {
        let value = c.to_digit(36).unwrap_or(0);
        (if value < 10 { sum * 10 } else { sum * 100 } + value) % 97
    });
    remainder == 1
}

impl Redact {
    /// What is found, in order, without overlaps.
    fn find(&self, text: &str) -> Vec<(Range<usize>, Kind)> {
        let mut found: Vec<(Range<usize>, Kind)> = Vec::new();
        for (kind, form) in FORMS.iter() {
            if !self.kinds.contains(kind) {
                continue;
            }
            let mut from = 0;
            while let Some(hit) = form.find_at(text, from) {
                // An IBAN's last group may have taken the next word: try without it.
                let mut range = hit.range();
                while !confirmed(*kind, &text[range.clone()]) {
                    match text[range.clone()].rfind([' ', '-']) {
                        Some(space) if *kind == Kind::Iban => range.end = range.start + space,
                        _ => {
                            range.end = range.start;
                            break;
                        }
                    }
                }
                let free = |(other, _): &(Range<usize>, Kind)| {
                    other.end <= range.start || other.start >= range.end
                };
                if range.is_empty() {
                    let skip = text[hit.start()..].chars().next().map_or(1, char::len_utf8);
                    from = hit.start() + skip;
                } else {
                    from = range.end;
                    if found.iter().all(free) {
                        found.push((range, *kind));
                    }
                }
                if from >= text.len() {
                    break;
                }
            }
        }
        found.sort_by_key(|(range, _)| range.start);
        if self.kinds.contains(&Kind::Name) {
            let names = self.names(text);
            for name in names {
                let at = found.partition_point(|(range, _)| range.start < name.start);
                let clear = found.get(at).is_none_or(|(next, _)| next.start >= name.end)
                    && (at == 0 || found[at - 1].0.end <= name.start);
                if clear {
                    found.insert(at, (name, Kind::Name));
                }
            }
        }
        found
    }

    fn names(&self, text: &str) -> Vec<Range<usize>> {
        let Some(word) = WORD.as_ref() else {
            return Vec::new();
        };
        let words: Vec<(Range<usize>, String)> = word
            .find_iter(text)
            .map(|found| (found.range(), found.as_str().to_lowercase()))
            .collect();
        let mut names: Vec<Range<usize>> = Vec::new();
        let mut at = 0;
        while at < words.len() {
            let (range, lower) = &words[at];
            let titled = TITLES.contains(&lower.as_str());
            let first = at + usize::from(titled);
            let is_name = |index: usize| {
                words
                    .get(index)
                    .is_some_and(|(_, lower)| self.is_name(lower))
            };
            let (start, sure) = if titled {
                match words.get(first) {
                    Some((next, lower))
                        if adjoining(text, range, next)
                            && !NO_SURNAMES.contains(&lower.as_str()) =>
                    {
                        (first, true)
                    }
                    _ => {
                        at += 1;
                        continue;
                    }
                }
            } else if is_name(at) {
                (at, !WORDS.contains(&lower.as_str()))
            } else {
                at += 1;
                continue;
            };
            // Up to three more words belong to it: initials, surnames known or not.
            let mut end = start;
            while end + 1 < words.len()
                && end - start < 3
                && adjoining(text, &words[end].0, &words[end + 1].0)
                && !NO_SURNAMES.contains(&words[end + 1].1.as_str())
                && !TITLES.contains(&words[end + 1].1.as_str())
            {
                end += 1;
            }
            // A name that is a word as well needs company that is a name.
            if sure || (start + 1..=end).any(is_name) {
                names.push(words[start].0.start..words[end].0.end);
            } else {
                end = start;
            }
            at = end + 1;
        }
        names
    }

    fn is_name(&self, lower: &str) -> bool {
        let lower = lower
            .strip_suffix("'s")
            .or_else(|| lower.strip_suffix("’s"))
            .unwrap_or(lower);
        let known = |part: &str| self.first_names.contains(part) || self.last_names.contains(part);
        lower.chars().nth(1).is_some() && (known(lower) || lower.split('-').any(known))
    }

    fn write(&self, kind: Kind, original: &str, out: &mut String) {
        let Some(pseudonyms) = &self.pseudonyms else {
            let tag = KINDS.iter().find(|(k, ..)| *k == kind);
            out.push_str(tag.map_or("[ID]", |(.., tag)| tag));
            return;
        };
        let key = match kind {
            Kind::Email | Kind::Name => original.to_lowercase(),
            _ => original
                .chars()
                .filter(char::is_ascii_alphanumeric)
                .collect(),
        };
        let entropy = pseudonyms.key.words(key.as_bytes())[0];
        if kind == Kind::Id {
            let mut bytes = original.as_bytes().to_vec();
            pseudonyms.digits.encrypt(&mut bytes);
            out.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
            return;
        }
        let one_word = kind == Kind::Name && !original.contains(' ');
        let generator = pseudonyms
            .generators
            .iter()
            .find(|(k, _)| *k == kind && !one_word)
            .map_or(&pseudonyms.first_name, |(_, generator)| generator);
        // A String accepts every write.
        let _ = generator.write(entropy, out);
    }
}

/// Whether two words are parts of one name: a blank between them, or the point of a title or an
/// initial and a blank.
fn adjoining(text: &str, one: &Range<usize>, next: &Range<usize>) -> bool {
    let between = &text[one.end..next.start];
    let short = text[one.clone()].chars().count() <= 5;
    let is_initial = text[one.clone()].chars().count() == 1;
    between == " "
        || is_initial && matches!(between, "." | ". ")
        || short && between == ". " && TITLES.contains(&text[one.clone()].to_lowercase().as_str())
}

impl Mask for Redact {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut buffer = String::new();
        map_text(values, 64, |original, out| {
            buffer.clear();
            let mut from = 0;
            for (range, kind) in self.find(original) {
                buffer.push_str(&original[from..range.start]);
                self.write(kind, &original[range.clone()], &mut buffer);
                from = range.end;
            }
            buffer.push_str(&original[from..]);
            std::fmt::Write::write_str(out, cut(&buffer, self.max_chars))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "redact" })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::StringArray;
    use arrow_array::cast::AsArray;

    use super::*;
    use crate::mask::{Rule, build};

    fn redacted(rule: &str, text: &str) -> String {
        let rule: Rule = rule.parse().unwrap();
        let mask = build(&rule, &Target::new(ColumnType::Text), &Secret::new([1; 32])).unwrap();
        let input: ArrayRef = Arc::new(StringArray::from(vec![text]));
        mask.apply(&input, &[])
            .unwrap()
            .as_string::<i32>()
            .value(0)
            .to_owned()
    }

    #[test]
    fn finds_are_tagged_and_the_rest_stays() {
        for (text, expected) in [
            (
                "Call Mary Johnson at (212) 555-0187 or mary.j@corp.test.",
                "Call [NAME] at [PHONE] or [EMAIL].",
            ),
            (
                "Dr. Xylander saw the patient on 2024-01-02.",
                "Dr. [NAME] saw the patient on 2024-01-02.",
            ),
            (
                "card 4111 1111 1111 1111, exp 08/30",
                "card [CARD], exp 08/30",
            ),
            (
                "IBAN DE89 3704 0044 0532 0130 00 please",
                "IBAN [IBAN] please",
            ),
            ("SSN 123-45-6789; MRN34732693", "SSN [ID]; [ID]"),
            ("from 192.0.2.7 to 300.1.1.1", "from [IP] to 300.1.1.1"),
            (
                "Will the White House wait until May?",
                "Will the White House wait until May?",
            ),
            ("Barbara O'Neill-Smith's visit", "[NAME] visit"),
            (
                "Reach me under +49 30 901820 tomorrow",
                "Reach me under [PHONE] tomorrow",
            ),
            (
                "Totals: 12.50 and 1,234 in 2024",
                "Totals: 12.50 and 1,234 in 2024",
            ),
            ("", ""),
            ("çok güzel 日本", "çok güzel 日本"),
        ] {
            assert_eq!(redacted("MASKED WITH redact", text), expected, "{text}");
        }
        assert_eq!(
            redacted("MASKED WITH redact(kinds => 'email')", "Mary a@b.test"),
            "Mary [EMAIL]"
        );
        assert_eq!(
            redacted(
                "MASKED WITH redact(locale => 'de_DE')",
                "Herr Müller und Sabine Krüger"
            ),
            "Herr [NAME] und [NAME]"
        );
    }

    #[test]
    fn pseudonyms_are_the_same_for_the_same() {
        let rule = "MASKED WITH redact('pseudonym')";
        let text = redacted(
            rule,
            "Mary Johnson met Paul; Mary Johnson paid with 4111111111111111",
        );
        assert!(
            !text.contains("Johnson")
                && !text.contains("Paul")
                && !text.contains("4111111111111111")
        );
        let name = text.split(" met").next().unwrap();
        assert_eq!(text.matches(name).count(), 2, "{text}");
    }
}
