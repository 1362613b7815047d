use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

fn nth(pattern: &Pattern, index: u64) -> String {
    let mut out = String::new();
    pattern.nth(index, &mut out).unwrap();
    out
}

fn drawn(pattern: &Pattern, entropy: u64) -> String {
    let mut out = String::new();
    pattern.write(entropy, &mut out).unwrap();
    out
}

/// Patterns and how many texts each has.
const COUNTED: [(&str, Option<u64>); 16] = [
    (r"[A-Z]{3}-\d{4}", Some(175_760_000)),
    ("^(red|green|blue)$", Some(3)),
    ("a?b?c?", Some(8)),
    // Ambiguous: texts are counted, not the ways to them.
    ("(a|a|b)", Some(2)),
    ("(a|ab)(c|bc)", Some(3)),
    ("[a-c]*[a-c]*", Some(64_570_081)),
    ("(a*)*", Some(65)),
    (r"\d+", Some(1_111_111_110)),
    ("[[:upper:]][[:digit:]]", Some(260)),
    ("[^a-z]", Some(94 - 26)),
    ("(?i)ab", Some(4)),
    ("", Some(1)),
    (
        "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
        None,
    ),
    ("[a-z]{200}", None),
    ("é|ü|[α-γ]", Some(5)),
    (r"\p{Greek}", Some(518)),
];

#[test]
fn texts_are_counted() {
    for (text, count) in COUNTED {
        let pattern = Pattern::parse(text).unwrap();
        if text == r"\p{Greek}" {
            // The number grows with Unicode.
            assert!(pattern.capacity() > Some(400), "{text}");
        } else {
            assert_eq!(pattern.capacity(), count, "{text}");
        }
    }
}

/// Small languages are enumerated whole, each text once.
#[test]
fn every_text_comes_once() {
    for (text, count) in COUNTED {
        let (Some(count @ ..=300), pattern) = (count, Pattern::parse(text).unwrap()) else {
            continue;
        };
        let all: HashSet<String> = (0..count).map(|i| nth(&pattern, i)).collect();
        assert_eq!(all.len() as u64, count, "{text}: {all:?}");
        assert!(pattern.nth(count, &mut String::new()).is_err(), "{text}");
        let mut drawn_all: HashSet<String> = HashSet::new();
        for row in 0..20_000 {
            drawn_all.insert(drawn(&pattern, remix(row)));
        }
        assert!(drawn_all.is_subset(&all), "{text}");
    }
}

#[test]
fn problems_say_where() {
    for (text, position, says) in [
        ("[a-z", 1, "unclosed"),
        ("ab(cd", 3, "unclosed"),
        ("a{3,1}", 2, "range"),
        (r"a(?=b)", 2, "look"),
        (r"(a)\1", 4, "backreference"),
        (r"word\b", 5, "word boundary"),
        ("a^b", 2, "not at the beginning"),
        ("x{1000}{1000}", 1, "10000"),
        ("((x{99}){99}){99}", 1, "10000"),
        ("[^\\s\\S]", 1, "no character"),
    ] {
        let Error::Pattern {
            position: p,
            problem,
        } = Pattern::parse(text).unwrap_err()
        else {
            panic!("{text}");
        };
        assert!(problem.contains(says), "{text}: {problem}");
        assert_eq!(p, position, "{text}: {problem}");
    }
    assert!(Pattern::parse(&"a".repeat(MOST_BYTES + 1)).is_err());
    assert!(Pattern::parse(&"(".repeat(1_000)).is_err());
}

/// Hostile patterns are drawn from, or refused, in little time and memory.
#[test]
fn hostile_patterns_are_bounded() {
    let ambiguous = Pattern::parse("(a|b)*a(a|b){40}(a|b){0,40}").unwrap();
    assert!(drawn(&ambiguous, 1).len() > 40);
    for text in [
        "(a|b){0,300}a(a|b){300}",
        r"\w{10000}",
        "(.{0,9}){0,99}",
        "((((a{0,9}){0,9}){0,9}){0,9})",
        r"(\w|\d|.|\S){0,2000}",
    ] {
        let pattern = Pattern::parse(text).unwrap();
        if pattern.capacity() != Some(0) {
            assert!(nth(&pattern, 77).chars().count() <= MOST_CHARS);
        }
        drawn(&pattern, 5);
    }
}

proptest! {
    /// What is written lies between the lengths that are said, and is the same every time.
    #[test]
    fn texts_match(entropy: u64, a: u64, b: u64) {
        for (text, _) in COUNTED {
            let pattern = Pattern::parse(text)?;
            let matcher = regex::Regex::new(&format!("^(?:{text})$"))?;
            let count = pattern.capacity().unwrap_or(u64::MAX);
            for value in [drawn(&pattern, entropy), nth(&pattern, a % count)] {
                prop_assert!(matcher.is_match(&value), "{}: {}", text, value);
                let length = value.chars().count();
                prop_assert!((pattern.min_length()..=pattern.max_length()).contains(&length));
            }
            let (a, b) = (a % count, b % count);
            prop_assert_eq!(a == b, nth(&pattern, a) == nth(&pattern, b), "{}: {} {}", text, a, b);
        }
    }
}
