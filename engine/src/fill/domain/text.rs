//! Text: what it is made of, and the conditions it has to meet.

use regex::RegexBuilder;

use super::generated::Suited;
use super::{Made, excludes, literal_text};
use crate::fill::check::{Domain, TextPattern};
use crate::fill::class::Class;
use crate::fill::recognize::{Recognition, Recognized};
use crate::fill::source::{Base, Case, List, Source, Text};
use crate::fill::table::Column;
use crate::pattern::Pattern;

/// Values of a type that is text.
pub(super) fn make(
    column: &Column,
    domain: &Domain,
    suited: Option<&Recognized>,
) -> Result<Made, String> {
    if let Some(suited) = Suited::new(suited) {
        return suited.make(column, domain);
    }
    let room = max_chars(&column.class, domain);
    if let Some(Recognized {
        recognition: Recognition::Words { words },
        reason,
        ..
    }) = suited
        && domain.patterns.is_empty()
    {
        let least = domain.min_chars.unwrap_or(0) as usize;
        let values: Vec<_> = words
            .iter()
            .filter(|word| (least..=room).contains(&word.len()) && !excludes(domain, word))
            .filter(|word| !domain.upper_case || word.to_uppercase() == **word)
            .map(|word| (Some((*word).to_owned()), 1))
            .collect();
        if !values.is_empty() {
            let source = Source::List(List::new(values, None));
            return Ok(Made::new(source, "one of a list", reason));
        }
    }
    let least = least_chars(domain);
    let pattern = joined(&domain.patterns).or_else(|| {
        let mut patterns = domain.patterns.iter();
        patterns.find_map(|pattern| positive(pattern, least))
    });
    let (base, name, reason) = match pattern {
        Some(pattern) => (
            Base::Pattern(pattern),
            "pattern",
            "its constraint asks for a pattern",
        ),
        None => (
            Base::Words(u32::try_from(room).ok()),
            "words",
            "nothing but its type is known",
        ),
    };
    let (text, proven) = conditions(column, domain, base)?;
    let mut made = Made::new(Source::Text(text), name, reason);
    made.proven = proven;
    Ok(made)
}

/// The characters there is room for.
fn max_chars(class: &Class, domain: &Domain) -> usize {
    let declared = match class {
        Class::Text {
            max_chars: Some(chars),
            ..
        } => *chars,
        Class::Name => 63,
        Class::Char1 => 1,
        _ => u32::MAX,
    };
    let most = declared
        .min(domain.max_chars.unwrap_or(u32::MAX))
        .min(domain.max_bytes.unwrap_or(u32::MAX));
    usize::try_from(most).unwrap_or(usize::MAX)
}

/// What a pattern of a constraint generates, if it says what text must look like.
fn positive(pattern: &TextPattern, least: usize) -> Option<Pattern> {
    match pattern {
        TextPattern::Regex {
            text,
            negated: false,
            ..
        } => long_enough(text, least),
        TextPattern::Like {
            text,
            negated: false,
            ..
        } => Pattern::parse(&like(text, "[a-z]{3,8}", "[a-z]")).ok(),
        _ => None,
    }
}

/// What several LIKE patterns generate together: the beginning of one, the end of another, and what
/// stands between in any. `None` if there is only one.
fn joined(patterns: &[TextPattern]) -> Option<Pattern> {
    let likes: Vec<Vec<String>> = patterns
        .iter()
        .filter_map(|pattern| match pattern {
            TextPattern::Like {
                text,
                negated: false,
                ..
            } => Some(segments(text)),
            _ => None,
        })
        .collect();
    if likes.len() < 2 || likes.iter().any(|segments| segments.len() < 2) {
        return None;
    }
    let longest = |texts: Vec<&String>| {
        let longest = texts.into_iter().max_by_key(|text| text.len());
        longest.cloned().unwrap_or_default()
    };
    let start = longest(
        likes
            .iter()
            .filter_map(|segments| segments.first())
            .collect(),
    );
    let end = longest(
        likes
            .iter()
            .filter_map(|segments| segments.last())
            .collect(),
    );
    let mut whole = start;
    for segments in &likes {
        for inner in &segments[1..segments.len() - 1] {
            whole.push('%');
            whole.push_str(inner);
        }
    }
    whole.push('%');
    whole.push_str(&end);
    Pattern::parse(&like(&whole, "[a-z]{3,8}", "[a-z]")).ok()
}

/// The parts of a LIKE pattern between its `%`.
fn segments(pattern: &str) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut escaped = false;
    for c in pattern.chars() {
        if c == '%' && !escaped {
            out.push(String::new());
            continue;
        }
        escaped = c == '\\' && !escaped;
        if let Some(last) = out.last_mut() {
            last.push(c);
        }
    }
    out
}

/// A pattern that gives texts of at least so many characters: where it ends open, letters follow;
/// else a repetition without end is made long enough.
fn long_enough(expression: &str, least: usize) -> Option<Pattern> {
    let pattern = Pattern::parse(expression).ok()?;
    if pattern.max_length() >= least {
        return Some(pattern);
    }
    let missing = least - pattern.min_length().min(least);
    let mut longer: Vec<String> = Vec::new();
    if !expression.ends_with('$') {
        longer.push(format!("{expression}[a-z]{{{missing}}}"));
    }
    let repeated = expression
        .char_indices()
        .filter(|(_, c)| matches!(c, '+' | '*'));
    longer.extend(repeated.map(|(at, _)| {
        let most = least + 4;
        format!(
            "{}{{{least},{most}}}{}",
            &expression[..at],
            &expression[at + 1..]
        )
    }));
    longer
        .iter()
        .filter_map(|expression| Pattern::parse(expression).ok())
        .find(|longer| longer.max_length() >= least)
        .or(Some(pattern))
}

/// A LIKE pattern as a regular expression, with what `%` and `_` stand for.
fn like(pattern: &str, many: &str, one: &str) -> String {
    let mut out = String::from("^");
    let mut escaped = false;
    for c in pattern.chars() {
        match c {
            _ if escaped => {
                out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4])));
                escaped = false;
            }
            '\\' => escaped = true,
            '%' => out.push_str(many),
            '_' => out.push_str(one),
            c => out.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out.push('$');
    out
}

/// The characters there have to be.
fn least_chars(domain: &Domain) -> usize {
    let chars = domain.min_chars.unwrap_or(u32::from(domain.not_blank));
    chars.max(domain.min_bytes.unwrap_or(0)) as usize
}

/// Text from a base under the conditions of a domain, and whether they are all met for certain.
pub(super) fn conditions(
    column: &Column,
    domain: &Domain,
    base: Base,
) -> Result<(Text, bool), String> {
    let mut text = Text::new(base);
    let mut proven = true;
    text.most = max_chars(&column.class, domain);
    text.least = least_chars(domain);
    if text.least > text.most {
        return Err("its constraints ask for more characters than its type holds".to_owned());
    }
    if text.least > 1 << 20 {
        return Err("its constraints ask for more than a million characters".to_owned());
    }
    // A few bytes a character: what fits in characters need not fit in bytes.
    proven &= domain.max_bytes.is_none();
    text.case = match (domain.lower_case, domain.upper_case) {
        (true, false) => Case::Lower,
        (false, true) => Case::Upper,
        _ => Case::Any,
    };
    text.excluded = domain.excluded.iter().filter_map(literal_text).collect();
    for pattern in &domain.patterns {
        let (expression, insensitive, negated) = match pattern {
            TextPattern::Regex {
                text,
                case_insensitive,
                negated,
            } => (text.clone(), *case_insensitive, *negated),
            TextPattern::Like {
                text,
                case_insensitive,
                negated,
            } => (like(text, "(?s:.*)", "(?s:.)"), *case_insensitive, *negated),
        };
        let regex = RegexBuilder::new(&expression)
            .case_insensitive(insensitive)
            .size_limit(1 << 20)
            .build();
        match regex {
            Ok(regex) => text.matching.push((regex, negated)),
            Err(_) => proven = false,
        }
        if !negated && text.fallback.is_none() {
            text.fallback = joined(&domain.patterns).or_else(|| positive(pattern, text.least));
        }
    }
    let as_it_is = text.fits_as_it_is() && text.excluded.is_empty();
    if matches!(text.base, Base::Pattern(_)) && domain.patterns.len() == 1 && proven && as_it_is {
        // The pattern itself is what is asked for: it needs no match, unless it is cut.
        text.matching.clear();
        text.fallback = None;
    }
    Ok((text, proven))
}
