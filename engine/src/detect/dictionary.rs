//! Names of people and places of the twelve locales, as lists to look up.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::category::Category;
use super::value::{Hit, sign, weak};
use crate::generator::data::{COUNTRIES, STREET_NAMES};
use crate::locale::{self, NAMES};

const FIRST: u8 = 1;
const LAST: u8 = 2;
const CITY: u8 = 4;
const REGION: u8 = 8;
const COUNTRY: u8 = 16;
const STREET: u8 = 32;
const SUFFIX: u8 = 64;

/// Names that are words of other lists as often: colours, months, trades, points of the compass.
/// From memory.
const WORDS: &[&str] = &[
    "amber",
    "angel",
    "april",
    "art",
    "august",
    "autumn",
    "baker",
    "bank",
    "banks",
    "basil",
    "berry",
    "best",
    "black",
    "bush",
    "carpenter",
    "case",
    "cash",
    "check",
    "cherry",
    "child",
    "church",
    "cook",
    "coral",
    "crystal",
    "daisy",
    "day",
    "duke",
    "east",
    "faith",
    "field",
    "forest",
    "frank",
    "general",
    "ginger",
    "gold",
    "golden",
    "grace",
    "grant",
    "gray",
    "green",
    "hall",
    "hazel",
    "hill",
    "hope",
    "house",
    "iris",
    "ivory",
    "ivy",
    "jade",
    "joy",
    "june",
    "king",
    "lake",
    "lavender",
    "lily",
    "long",
    "love",
    "low",
    "major",
    "mark",
    "mason",
    "max",
    "may",
    "miller",
    "mini",
    "new",
    "night",
    "north",
    "olive",
    "orange",
    "page",
    "park",
    "pearl",
    "pepper",
    "pink",
    "power",
    "price",
    "prince",
    "queen",
    "rice",
    "rich",
    "rose",
    "ruby",
    "sage",
    "self",
    "short",
    "silver",
    "small",
    "south",
    "star",
    "stone",
    "street",
    "summer",
    "violet",
    "west",
    "white",
    "will",
    "winter",
    "wood",
    "woods",
    "young",
    "brown",
    "red",
    "blue",
    "steel",
    "cotton",
    "standard",
    "regular",
    "premium",
    "basic",
    "core",
    "shipping",
    "sales",
    "high",
];

static LISTS: LazyLock<HashMap<Box<str>, u8>> = LazyLock::new(|| {
    let mut lists: HashMap<Box<str>, u8> = HashMap::new();
    let mut add = |name: &str, list: u8| {
        if !name.is_empty() {
            *lists.entry(name.to_lowercase().into()).or_default() |= list;
        }
    };
    for locale in NAMES.iter().filter_map(|name| locale::find(name).ok()) {
        for given in locale.first_names.list() {
            add(given.name, FIRST);
            add(given.romanized, FIRST);
        }
        for surname in locale.last_names.list() {
            for name in surname.name.iter().chain(&surname.romanized) {
                add(name, LAST);
            }
        }
        for city in locale.cities.list() {
            add(city.name, CITY);
            add(city.region, REGION);
            // Two letters are many things.
            if city.region_code.len() > 2 {
                add(city.region_code, REGION);
            }
        }
        for suffix in &locale.street_suffixes {
            add(suffix.trim_end_matches('.'), SUFFIX);
        }
        for street in locale.streets.names() {
            add(street, STREET);
        }
        add(locale.country, COUNTRY);
    }
    for street in STREET_NAMES {
        add(street.name, STREET);
    }
    for suffix in [
        "street",
        "st",
        "avenue",
        "ave",
        "road",
        "rd",
        "drive",
        "dr",
        "lane",
        "ln",
        "court",
        "ct",
        "boulevard",
        "blvd",
        "place",
        "pl",
        "way",
        "terrace",
        "circle",
        "highway",
        "close",
        "rue",
        "calle",
        "via",
        "viale",
        "piazza",
        "rua",
        "avenida",
        "ulica",
        "ul",
        "weg",
        "straat",
        "laan",
        "plein",
        "allée",
        "chemin",
        "impasse",
        "paseo",
        "plaza",
        "شارع",
        "طريق",
    ] {
        add(suffix, SUFFIX);
    }
    for country in COUNTRIES {
        add(country.name, COUNTRY);
    }
    lists
});

fn lists(word: &str) -> u8 {
    LISTS.get(word).copied().unwrap_or(0)
}

/// Says what a text of words may be; `digits` is how many digits it has.
pub(super) fn matches(text: &str, digits: usize, out: &mut impl FnMut(Hit)) {
    let lower = text.to_lowercase();
    if lower.len() > 120 {
        return;
    }
    if digits > 0 {
        if is_street_with_number(&lower) {
            out(sign(Category::StreetAddress, 0.01));
        }
        return;
    }
    let whole = lists(&lower);
    let common = WORDS.contains(&lower.as_str());
    let mut found = |category, chance| {
        out(if common {
            weak(category)
        } else {
            sign(category, chance)
        });
    };
    if whole & COUNTRY != 0 {
        found(Category::Country, 0.003);
    }
    if whole & REGION != 0 {
        found(Category::Region, 0.01);
    }
    if whole & CITY != 0 {
        found(Category::City, 0.03);
    }
    let tokens: Vec<&str> = lower
        .split([' ', '-', '\u{3000}'])
        .filter(|t| !t.is_empty())
        .collect();
    let every = |list: u8| tokens.len() <= 3 && tokens.iter().all(|t| lists(t) & list != 0);
    if whole & FIRST != 0 || every(FIRST) {
        found(Category::FirstName, 0.03);
    }
    if whole & LAST != 0 || every(LAST) {
        found(Category::LastName, 0.05);
    }
    if is_full_name(&lower) {
        found(Category::FullName, 0.004);
    }
    if (whole & STREET != 0 && whole & (FIRST | LAST | CITY) == 0)
        || (tokens.len() > 1 && has_street_suffix(&tokens))
    {
        found(Category::StreetAddress, 0.03);
    }
}

fn has_street_suffix(tokens: &[&str]) -> bool {
    let is_suffix = |token: &&str| lists(token.trim_end_matches('.')) & SUFFIX != 0;
    tokens.first().is_some_and(is_suffix)
        || tokens.last().is_some_and(is_suffix)
        || tokens.iter().any(|token| is_compound(token))
}

fn is_compound(token: &str) -> bool {
    let token = token.trim_end_matches('.');
    [
        "straße", "strasse", "str", "weg", "gasse", "platz", "allee", "straat", "laan", "gracht",
        "plein", "kade", "路", "街", "大道", "丁目",
    ]
    .iter()
    .any(|end| token.ends_with(end) && token.len() > end.len() + 1)
}

fn is_street_with_number(lower: &str) -> bool {
    lower.split(['\n', ',']).any(|part| {
        // Japanese blocks are numbered right behind the name.
        let name = part.trim_end_matches(|c: char| c.is_ascii_digit() || c == '-');
        if !name.is_ascii() && lists(name) & STREET != 0 {
            return true;
        }
        let cjk = ["路", "街", "大道", "丁目", "番地", "号"]
            .iter()
            .any(|mark| part.contains(mark));
        let words: Vec<&str> = part
            .split_whitespace()
            .filter(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
            .collect();
        if cjk || words.is_empty() {
            return cjk;
        }
        has_street_suffix(&words)
            || words.iter().any(|w| {
                let w = w.trim_end_matches('.');
                lists(w) & SUFFIX != 0 && w.len() > 2
            })
            || lists(&words.join(" ")) & STREET != 0 && words.join(" ").len() > 4
    })
}

/// A first and a last name, in either order, with others or particles between.
pub(super) fn is_full_name(lower: &str) -> bool {
    let mut tokens: Vec<&str> = lower
        .split([' ', ',', '\u{3000}'])
        .filter(|token| !token.is_empty())
        .collect();
    while tokens.first().is_some_and(|t| {
        matches!(
            t.trim_end_matches('.'),
            "mr" | "mrs"
                | "ms"
                | "miss"
                | "dr"
                | "prof"
                | "herr"
                | "frau"
                | "m"
                | "mme"
                | "sr"
                | "sra"
                | "sig"
                | "dhr"
                | "mevr"
                | "pan"
                | "pani"
        )
    }) {
        tokens.remove(0);
    }
    while tokens.last().is_some_and(|t| {
        matches!(
            t.trim_end_matches('.'),
            "jr" | "sr" | "ii" | "iii" | "iv" | "md" | "phd" | "dds"
        )
    }) {
        tokens.pop();
    }
    if let [one] = tokens[..] {
        return is_chinese_name(one);
    }
    if !(2..=6).contains(&tokens.len()) {
        return false;
    }
    let is_first = |token: &str| token.split('-').any(|part| lists(part) & FIRST != 0);
    let is_last = |token: &str| token.split('-').any(|part| lists(part) & LAST != 0);
    let (front, back) = (tokens[0], tokens[tokens.len() - 1]);
    let tail = tokens[1..].join(" ");
    (is_first(front) && (is_last(back) || lists(&tail) & LAST != 0))
        || (is_last(front) && is_first(back))
}

/// A Chinese name of two to four characters without a space.
fn is_chinese_name(text: &str) -> bool {
    if text.is_ascii() || !(2..=4).contains(&text.chars().count()) {
        return false;
    }
    text.char_indices()
        .skip(1)
        .any(|(at, _)| lists(&text[..at]) & LAST != 0 && lists(&text[at..]) & FIRST != 0)
}

/// Whether a word is a first name, and no common word besides.
pub(super) fn is_first_name(lower: &str) -> bool {
    lists(lower) & FIRST != 0 && !WORDS.contains(&lower)
}

/// Whether a word is a last name, and no common word besides.
pub(super) fn is_last_name(lower: &str) -> bool {
    lists(lower) & LAST != 0 && !WORDS.contains(&lower)
}
