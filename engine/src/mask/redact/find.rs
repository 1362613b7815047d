//! What identifies somebody in a text, and where.

use std::collections::{HashSet, VecDeque};
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::caseless::Caseless;
use super::words::{ARTICLES, NO_SURNAMES, PARTICLES, TITLES, WORDS};
use crate::interrupt;
use crate::locale::Locale;

/// What can be found, in the order of precedence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Email,
    Iban,
    Card,
    Ip,
    Phone,
    Id,
    Name,
}

/// Kinds with their names in a rule, and their tags.
pub const KINDS: [(Kind, &str, &str); 7] = [
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
        // Before what looks like a card or a telephone number in them: CNPJ, and the French NIR with its
        // blanks.
        (
            Kind::Id,
            r"\b[0-9]{2}\.[0-9]{3}\.[0-9]{3}/[0-9]{4}-[0-9]{2}\b|\b[1-478] [0-9]{2} [0-9]{2} (?:[0-9]{2}|2[AB]) [0-9]{3} [0-9]{3}(?: [0-9]{2})?\b",
        ),
        (Kind::Card, r"[0-9](?:[ .-]?[0-9]){11,18}"),
        // Codice fiscale, and VIN.
        (
            Kind::Id,
            r"(?i:\b[A-Z]{6}[0-9L-NP-V]{2}[A-EHLMPR-T][0-9L-NP-V]{2}[A-Z][0-9L-NP-V]{3}[A-Z]\b)|\b[A-HJ-NPR-Z0-9]{17}\b",
        ),
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

/// Where a capitalized word stands, and what it is in lower case.
type Word = (Range<usize>, String);

/// So many words are looked at at once: a title, a name of four, and a surname of two behind it.
const AHEAD: usize = 8;

/// What is looked for.
pub struct Finder {
    kinds: Vec<Kind>,
    first_names: HashSet<String>,
    last_names: HashSet<String>,
    /// Names of the locales whose script has no capitals.
    caseless: Option<Caseless>,
}

impl Finder {
    /// Of these kinds; names are those of the locales.
    pub fn new(kinds: Vec<Kind>, locales: &[&'static Locale]) -> Self {
        let (mut first_names, mut last_names) = (HashSet::new(), HashSet::new());
        let mut caseless = None;
        if kinds.contains(&Kind::Name) {
            caseless = Caseless::new(locales);
            for locale in locales {
                let first = locale.first_names.list().iter();
                first_names.extend(first.clone().map(|known| known.name.to_lowercase()));
                first_names.extend(first.map(|known| known.romanized.to_lowercase()));
                for surname in locale.last_names.list() {
                    let written = surname.name.iter().chain(&surname.romanized);
                    // Of "van den Berg" the word that has a capital, too.
                    last_names.extend(written.flat_map(|name| {
                        let last = name.rsplit(' ').next().unwrap_or(name);
                        [name.to_lowercase(), last.to_lowercase()]
                    }));
                }
            }
        }
        Self {
            kinds,
            first_names,
            last_names,
            caseless,
        }
    }

    /// What is found, in order, without overlaps.
    pub fn find(&self, text: &str) -> Vec<(Range<usize>, Kind)> {
        let mut found = Vec::new();
        for (kind, form) in FORMS.iter().filter(|(kind, _)| self.kinds.contains(kind)) {
            add(&mut found, hits(*kind, form, text), *kind);
        }
        if self.kinds.contains(&Kind::Name) {
            add(&mut found, self.names(text), Kind::Name);
            if let Some(caseless) = &self.caseless {
                add(&mut found, caseless.find(text), Kind::Name);
            }
        }
        found
    }

    fn names(&self, text: &str) -> Vec<Range<usize>> {
        let Some(word) = WORD.as_ref() else {
            return Vec::new();
        };
        let mut rest = word
            .find_iter(text)
            .map(|found| (found.range(), found.as_str().to_lowercase()));
        let mut names = Vec::new();
        let mut ahead: VecDeque<Word> = VecDeque::new();
        loop {
            interrupt::check();
            let missing = AHEAD - ahead.len();
            ahead.extend(rest.by_ref().take(missing));
            if ahead.is_empty() {
                return names;
            }
            let (words, name) = self.name_at_start(text, ahead.make_contiguous());
            names.extend(name);
            ahead.drain(..words);
        }
    }

    /// The name that capitalized words begin with, and how many of them are done with.
    fn name_at_start(&self, text: &str, words: &[Word]) -> (usize, Option<Range<usize>>) {
        let (range, lower) = &words[0];
        let is_name = |index: usize| {
            words
                .get(index)
                .is_some_and(|(_, lower)| self.is_name(lower))
        };
        let (start, sure) = if TITLES.contains(&lower.as_str()) {
            match words.get(1) {
                Some((next, lower))
                    if adjoining(text, range, next) && !NO_SURNAMES.contains(&lower.as_str()) =>
                {
                    // Don is both.
                    (usize::from(!is_name(0)), true)
                }
                _ => return (1, None),
            }
        } else if is_name(0) {
            (0, !WORDS.contains(&lower.as_str()))
        } else {
            return (1, None);
        };
        // Up to three more words belong to it: initials, surnames known or not.
        let mut end = start;
        while end + 1 < words.len()
            && end - start < 3
            && adjoining(text, &words[end].0, &words[end + 1].0)
            && (!NO_SURNAMES.contains(&words[end + 1].1.as_str())
                || self.begins_surname(&words[end + 1..]))
            && !TITLES.contains(&words[end + 1].1.as_str())
        {
            end += 1;
        }
        // A name that is a word as well needs company that is a name.
        if sure || (start + 1..=end).any(is_name) {
            (end + 1, Some(words[start].0.start..words[end].0.end))
        } else {
            (start + 1, None)
        }
    }

    /// Whether a word is a surname all the same, as `Le` is, or two are, as `Le Gall`.
    fn begins_surname(&self, words: &[Word]) -> bool {
        match words {
            [(_, one), (_, other), ..] if self.last_names.contains(&format!("{one} {other}")) => {
                true
            }
            [(_, one), ..] => self.last_names.contains(one),
            [] => false,
        }
    }

    fn is_name(&self, lower: &str) -> bool {
        let lower = lower
            .strip_suffix("'s")
            .or_else(|| lower.strip_suffix("’s"))
            .unwrap_or(lower);
        let known = |part: &str| self.first_names.contains(part) || self.last_names.contains(part);
        lower.chars().nth(1).is_some() && (known(lower) || lower.split('-').any(known))
    }
}

/// Where a form stands that is confirmed, in order.
fn hits(kind: Kind, form: &Regex, text: &str) -> Vec<Range<usize>> {
    let mut hits = Vec::new();
    let mut from = 0;
    while let Some(hit) = form.find_at(text, from) {
        interrupt::check();
        // An IBAN's last group may have taken the next word: try without it.
        let mut range = hit.range();
        while !confirmed(kind, &text[range.clone()]) {
            match text[range.clone()].rfind([' ', '-']) {
                Some(space) if kind == Kind::Iban => range.end = range.start + space,
                _ => {
                    range.end = range.start;
                    break;
                }
            }
        }
        if range.is_empty() {
            let skip = text[hit.start()..].chars().next().map_or(1, char::len_utf8);
            from = hit.start() + skip;
        } else {
            from = range.end;
            hits.push(range);
        }
        if from >= text.len() {
            break;
        }
    }
    hits
}

/// Adds those ranges that overlap nothing found before; either are in order, without overlaps.
fn add(found: &mut Vec<(Range<usize>, Kind)>, ranges: Vec<Range<usize>>, kind: Kind) {
    let (before, mut at) = (found.len(), 0);
    for range in ranges {
        while at < before && found[at].0.end <= range.start {
            at += 1;
        }
        if at == before || found[at].0.start >= range.end {
            found.push((range, kind));
        }
    }
    // Of two runs in order this sort makes one by merging them.
    found.sort_by_key(|(range, _)| range.start);
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
        Kind::Phone => digits(text).len() >= 7 && !is_date(text),
        Kind::Id => text.contains(|c: char| c.is_ascii_digit()),
        Kind::Ip if !text.contains(':') => text.split('.').all(|part| part.parse::<u8>().is_ok()),
        _ => true,
    }
}

/// Three groups of digits, of which the first or the last is a year.
fn is_date(text: &str) -> bool {
    let groups: Vec<usize> = text
        .split(['-', '/', '.'])
        .map(|group| {
            let digits = group.bytes().all(|b| b.is_ascii_digit());
            if digits { group.len() } else { 0 }
        })
        .collect();
    matches!(groups.as_slice(), [4, 1 | 2, 1 | 2] | [1 | 2, 1 | 2, 4])
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

/// Whether two words are parts of one name: between them a blank, or the point of a title or an
/// initial, and perhaps the small words of a surname (`van den`).
fn adjoining(text: &str, one: &Range<usize>, next: &Range<usize>) -> bool {
    let word = &text[one.clone()];
    let between = &text[one.end..next.start];
    let letters = word.chars().count();
    let is_initial = letters == 1;
    let is_short_title = letters <= 5 && TITLES.contains(&word.to_lowercase().as_str());
    let rest = match between.strip_prefix('.') {
        Some("") => return is_initial,
        Some(rest) if is_initial || is_short_title => rest,
        Some(_) => return false,
        None => between,
    };
    let mut small = rest.split(' ').filter(|word| !word.is_empty());
    rest.starts_with(' ')
        && rest.ends_with(' ')
        && small.next().is_none_or(|first| PARTICLES.contains(&first))
        && small.all(|word| PARTICLES.contains(&word) || ARTICLES.contains(&word))
}
