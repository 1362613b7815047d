//! From what a column may hold and what it is about to where its values come from.

use std::fmt::Write;

use regex::RegexBuilder;

use super::cell;
use super::check::{Bound as End, Domain, Literal, Nullness, TextPattern};
use super::class::Class;
use super::ordinal::{Codec, SECOND, new_year, places};
use super::recognize::{Distribution, Recognition, Recognized, TimeRole};
use super::source::{Base, Case, Cell, List, Ordered, Source, Spread, Text, share, whole};
use super::table::{Column, Values};
use crate::calendar::{REFERENCE_DATE, date_from_days};
use crate::generator::{self, Bound};
use crate::pattern::Pattern;

/// A source, and how to tell about it.
#[derive(Debug, Clone)]
pub(super) struct Made {
    pub source: Source,
    /// Name of the generator, distribution or kind of value.
    pub generator: String,
    /// Its arguments, as a person reads them.
    pub arguments: String,
    /// Why it was chosen.
    pub reason: String,
    /// Whether every value meets the domain, so that the database need not be asked.
    pub proven: bool,
    /// Name of the entropy that columns of one subject share.
    pub group: Option<String>,
}

impl Made {
    fn new(source: Source, generator: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            source,
            generator: generator.into(),
            arguments: String::new(),
            reason: reason.into(),
            proven: true,
            group: None,
        }
    }

    fn with(mut self, arguments: String) -> Self {
        self.arguments = arguments;
        self
    }
}

/// Chooses where the values of a column come from; the error says why there can be none.
pub(super) fn make(
    column: &Column,
    domain: &Domain,
    suited: Option<&Recognized>,
) -> Result<Made, String> {
    match &column.wish.values {
        Some(Values::List(values)) => return wished_list(column, domain, values),
        Some(Values::Generator { name, arguments }) => {
            return wished_generator(column, domain, name, arguments);
        }
        _ => {}
    }
    let mut codec = Codec::of(&column.class, decimal_places(domain));
    if let Some(codec) = &mut codec {
        widen_for(codec, domain);
    }
    if let Some(allowed) = &domain.allowed {
        return listed(allowed, &domain.excluded, codec);
    }
    if let Some(made) = long_interval(column, domain) {
        return Ok(made);
    }
    match (&column.class, codec) {
        (_, Some(codec)) => ordered(domain, suited, codec),
        (Class::Enum { labels }, None) => {
            let values: Vec<_> = labels
                .iter()
                .filter(|label| !excludes(domain, label))
                .map(|label| (Some(label.clone()), 1))
                .collect();
            if values.is_empty() {
                return Err(format!("no label of {} is allowed", column.type_name));
            }
            Ok(Made::new(
                Source::List(List::new(values, None)),
                "one of the labels",
                format!("its type is {}", column.type_name),
            ))
        }
        (class, None) if class.is_text() || is_text_like(class) => text(column, domain, suited),
        (class, None) => other(column, class, domain, suited),
    }
}

/// Whether a domain says nothing of values.
pub(super) fn is_silent(domain: &Domain) -> bool {
    Domain {
        null: Nullness::Free,
        ..domain.clone()
    } == Domain::default()
}

/// Extension types that are text with a difference, such as `citext`.
fn is_text_like(class: &Class) -> bool {
    matches!(class, Class::Other { category: 'S', .. })
}

/// Counts tens, hundreds, and so on, where the bounds of an unlimited number are too large to count
/// in units.
fn widen_for(codec: &mut Codec, domain: &Domain) {
    let ends = [&domain.lower, &domain.upper];
    for _ in 0..400 {
        let fits = |end: &&Option<End>| {
            end.as_ref()
                .is_none_or(|end| literal_text(&end.value).is_none_or(|text| codec.fits(&text)))
        };
        if ends.iter().all(fits) || !codec.coarsen() {
            return;
        }
    }
}

/// Decimal places that the bounds of a domain use.
fn decimal_places(domain: &Domain) -> i32 {
    let of = |end: &Option<End>| match end {
        Some(End {
            value: Literal::Number(number),
            ..
        }) => places(&number.to_string()),
        _ => 0,
    };
    let bounds = of(&domain.lower).max(of(&domain.upper));
    match domain.max_scale {
        Some(scale) => bounds.min(i32::try_from(scale).unwrap_or(i32::MAX)),
        None => bounds,
    }
}

/// Intervals of months or years only: shorter ones would be cut to nothing.
fn long_interval(column: &Column, domain: &Domain) -> Option<Made> {
    let unit = match column.type_name.as_str() {
        "interval month" | "interval year to month" => "mons",
        "interval year" => "years",
        _ => return None,
    };
    is_silent(domain).then(|| {
        let values = (1..=120)
            .map(|n| (Some(format!("{n} {unit}")), 1))
            .collect();
        let source = Source::List(List::new(values, None));
        Made::new(source, "uniform", "nothing but its type is known")
            .with(format!("1 to 120 {unit}"))
    })
}

/// The text a literal has for the input function of its type.
pub(super) fn literal_text(literal: &Literal) -> Option<String> {
    let mut out = String::new();
    let written = |class: &Class, count: i64| {
        let mut out = String::new();
        Codec::of(class, 0)?.write(count, &mut out);
        Some(out)
    };
    match literal {
        Literal::Null => return None,
        Literal::Boolean(value) => out.push(if *value { 't' } else { 'f' }),
        Literal::Number(number) => {
            let _ = write!(out, "{number}");
        }
        Literal::Text(text) | Literal::Other { text, .. } => out.push_str(text),
        Literal::Date(days) => return written(&Class::Date, i64::from(*days)),
        Literal::Time(micros) => return written(&Class::Time, *micros),
        Literal::Timestamp(micros) => return written(&Class::TimestampTz, *micros),
        Literal::Interval(interval) => {
            let seconds = i64::try_from(interval.span() / i128::from(SECOND)).ok()?;
            return written(&Class::Interval, seconds);
        }
    }
    Some(out)
}

fn excludes(domain: &Domain, text: &str) -> bool {
    domain
        .excluded
        .iter()
        .any(|literal| literal_text(literal).as_deref() == Some(text))
}

fn listed(allowed: &[Literal], excluded: &[Literal], codec: Option<Codec>) -> Result<Made, String> {
    let values: Vec<_> = allowed
        .iter()
        .filter(|literal| !excluded.contains(literal))
        .filter_map(literal_text)
        .map(|text| (Some(text), 1))
        .collect();
    if values.is_empty() {
        return Err("its constraints leave no value".to_owned());
    }
    let count = values.len();
    Ok(Made::new(
        Source::List(List::new(values, codec)),
        "one of a list",
        format!("its constraints allow {count} values"),
    ))
}

fn wished_list(
    column: &Column,
    domain: &Domain,
    values: &[(Option<String>, u64)],
) -> Result<Made, String> {
    if values.is_empty() {
        return Err("the list of values in overrides is empty".to_owned());
    }
    if column.not_null && values.iter().any(|(value, _)| value.is_none()) {
        return Err("overrides ask for NULL, which it refuses".to_owned());
    }
    if let Class::Text {
        max_chars: Some(most),
        ..
    } = column.class
    {
        let long = |value: &String| value.chars().count() > most as usize;
        if values
            .iter()
            .any(|(value, _)| value.as_ref().is_some_and(long))
        {
            return Err(format!(
                "a value in overrides is too long for type {}",
                column.type_name
            ));
        }
    }
    let codec = Codec::of(&column.class, 9);
    let mut kept = values.to_vec();
    if let Some(test) = KeyTest::new(&column.class, domain) {
        kept.retain(|(value, _)| value.as_ref().is_none_or(|value| test.allows(value)));
        if kept.is_empty() {
            return Err("its constraints allow none of the values in overrides".to_owned());
        }
    }
    let mut made = Made::new(
        Source::List(List::new(kept, codec)),
        "one of a list",
        "overrides say so",
    );
    made.proven = is_silent(domain);
    Ok(made)
}

fn wished_generator(
    column: &Column,
    domain: &Domain,
    name: &str,
    arguments: &[(String, String)],
) -> Result<Made, String> {
    let borrowed: Vec<(&str, &str)> = arguments
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let entry = generator::find(name).map_err(|error| with_hint(&error))?;
    let bound = entry.bind(&borrowed).map_err(|error| with_hint(&error))?;
    let group = entry.group.map(|group| format!("group {group:?}"));
    let mut made = from_generator(column, domain, bound, name, "overrides say so".to_owned())?;
    made.arguments = arguments
        .iter()
        .map(|(name, value)| format!("{name} {value}"))
        .collect::<Vec<_>>()
        .join(", ");
    made.group = group;
    Ok(made)
}

fn with_hint(error: &crate::Error) -> String {
    match error.hint() {
        Some(hint) => format!("{error} ({hint})"),
        None => error.to_string(),
    }
}

/// Values of a generator in a column of any class.
fn from_generator(
    column: &Column,
    domain: &Domain,
    bound: Bound,
    name: &str,
    reason: String,
) -> Result<Made, String> {
    let class = &column.class;
    if class.is_text() || is_text_like(class) {
        let (text, proven) = conditions(column, domain, Base::Generator(bound))?;
        let mut made = Made::new(Source::Text(text), name, reason);
        made.proven = proven;
        return Ok(made);
    }
    if let Some(codec) = Codec::of(class, 6) {
        let readable = |entropy: u64| {
            let mut text = String::new();
            bound.write(entropy, &mut text).is_ok() && codec.read(&text).is_some()
        };
        if !(0..16).any(|n| readable(crate::entropy::remix(n))) {
            return Err(format!(
                "generator {name} gives no values of type {}",
                column.type_name
            ));
        }
        let limits = interval(&codec, domain, codec.limits())?;
        return Ok(Made::new(
            Source::Drawn {
                bound,
                codec,
                low: limits.0,
                high: limits.1,
            },
            name,
            reason,
        ));
    }
    let mut cell = Cell::new(class.clone());
    cell.generator = Some(bound);
    let mut made = Made::new(Source::Cell(cell), name, reason);
    made.proven = is_silent(domain);
    Ok(made)
}

/// The counts between the ends of a domain.
fn interval(codec: &Codec, domain: &Domain, within: (i64, i64)) -> Result<(i64, i64), String> {
    let (mut low, mut high) = within;
    if let Some(end) = &domain.lower
        && let Some((count, exact)) = count_of(codec, &end.value)
    {
        let above = !exact || !end.inclusive;
        low = low.max(count.saturating_add(i64::from(above)));
    }
    if let Some(end) = &domain.upper
        && let Some((count, exact)) = count_of(codec, &end.value)
    {
        let below = exact && !end.inclusive;
        high = high.min(count.saturating_sub(i64::from(below)));
    }
    if low > high {
        return Err("its constraints leave no value that its type can hold".to_owned());
    }
    // A float of four bytes is the nearest there is, which may lie beyond an end.
    let margin = |count: i64| codec.margin(count);
    let (inner_low, inner_high) = (
        low.saturating_add(if domain.lower.is_some() {
            margin(low)
        } else {
            0
        }),
        high.saturating_sub(if domain.upper.is_some() {
            margin(high)
        } else {
            0
        }),
    );
    Ok(if inner_low <= inner_high {
        (inner_low, inner_high)
    } else {
        (low, high)
    })
}

/// The count of a literal, or the one below it; and whether it is exact.
pub(super) fn count_of(codec: &Codec, literal: &Literal) -> Option<(i64, bool)> {
    codec.read(&literal_text(literal)?)
}

fn ordered(domain: &Domain, suited: Option<&Recognized>, codec: Codec) -> Result<Made, String> {
    let (low, high) = interval(&codec, domain, codec.limits())?;
    if let Some(Recognized {
        recognition:
            Recognition::Generator {
                name,
                arguments,
                group,
            },
        reason,
        ..
    }) = suited
        && let Some(bound) = bind(name, arguments)
        && domain.multiple_of.is_none()
        && domain.excluded.is_empty()
    {
        let mut made = Made::new(
            Source::Drawn {
                bound,
                codec,
                low,
                high,
            },
            *name,
            reason.clone(),
        );
        made.group.clone_from(group);
        return Ok(made);
    }
    let (usual, spread, reason) = usual(&codec, suited);
    // What is usual counts only as far as it is allowed; where it is not, values stay near the end
    // that lies nearest.
    let span = usual.1.saturating_sub(usual.0);
    let (from, to) = match (low.max(usual.0), high.min(usual.1)) {
        (from, to) if from <= to => (from, to),
        _ if low > usual.1 => (low, high.min(low.saturating_add(span))),
        _ => (low.max(high.saturating_sub(span)), high),
    };
    let mut step = if to.abs_diff(from) / 3_600 >= codec.grain().unsigned_abs() {
        codec.grain()
    } else {
        1
    };
    let mut from = from;
    if let Some(modulus) = domain.multiple_of {
        let one = codec.counts(1);
        let divisor = i64::try_from(modulus.divisor).unwrap_or(i64::MAX);
        step = divisor.saturating_mul(one).max(1);
        let remainder = i64::try_from(modulus.remainder)
            .unwrap_or(0)
            .saturating_mul(one);
        from = aligned(from, step, remainder);
        if from > high {
            return Err("its constraints leave no value that its type can hold".to_owned());
        }
    } else if codec.grain() == SECOND && step == SECOND {
        let whole = aligned(from, SECOND, 0);
        from = if whole <= to { whole } else { from };
    }
    let to = to.max(from);
    let mut intervals = vec![(from, to)];
    for literal in &domain.excluded {
        if let Some((count, true)) = count_of(&codec, literal) {
            intervals = without(&intervals, count, step);
        }
    }
    let source = Ordered::new(codec, intervals, step, spread);
    if source.is_empty() {
        return Err("its constraints leave no value".to_owned());
    }
    let (low, high) = source.ends();
    let (mut a, mut b) = (String::new(), String::new());
    codec.write(low, &mut a);
    codec.write(high, &mut b);
    let name = match spread {
        Spread::Even => "uniform",
        Spread::Bell { .. } => "normal",
        Spread::Skewed { .. } => "lognormal",
    };
    Ok(Made::new(Source::Ordered(source), name, reason).with(format!("{a} to {b}")))
}

/// The smallest value from `from` on that leaves this remainder.
fn aligned(from: i64, step: i64, remainder: i64) -> i64 {
    let past = from.wrapping_sub(remainder).rem_euclid(step);
    if past == 0 {
        from
    } else {
        from.saturating_add(step - past)
    }
}

/// Intervals without a value of theirs.
fn without(intervals: &[(i64, i64)], hole: i64, step: i64) -> Vec<(i64, i64)> {
    let mut out = Vec::with_capacity(intervals.len() + 1);
    for &(low, high) in intervals {
        if hole < low || hole > high || hole.abs_diff(low) % step.unsigned_abs() != 0 {
            out.push((low, high));
            continue;
        }
        if hole > low {
            out.push((low, hole.saturating_sub(step)));
        }
        if hole < high {
            out.push((hole.saturating_add(step), high));
        }
    }
    out
}

/// Where the values of a column lie by what it is about, in counts.
fn usual(codec: &Codec, suited: Option<&Recognized>) -> ((i64, i64), Spread, String) {
    let factor = codec.counts(1).max(1);
    #[expect(clippy::cast_precision_loss, reason = "a power of ten")]
    let factor = factor as f64;
    match suited {
        Some(Recognized {
            recognition:
                Recognition::Number {
                    low,
                    high,
                    distribution,
                },
            reason,
            ..
        }) if !codec.is_time() => {
            let spread = match *distribution {
                Distribution::Uniform => Spread::Even,
                Distribution::Normal { mean, deviation } => Spread::Bell {
                    mean: mean * factor,
                    deviation: deviation * factor,
                },
                Distribution::LogNormal { median, sigma } => Spread::Skewed {
                    median: median * factor,
                    sigma,
                },
            };
            let (lowest, highest) = codec.limits();
            let low = whole(low * factor).clamp(lowest, highest);
            let high = whole(high * factor).clamp(low, highest);
            ((low, high), spread, reason.clone())
        }
        Some(Recognized {
            recognition: Recognition::Time { role },
            reason,
            ..
        }) if codec.is_time() => {
            let (low, high) = moments(*role);
            let end = codec.day(high.saturating_add(1)).saturating_sub(1);
            ((codec.day(low), end), Spread::Even, reason.clone())
        }
        _ => {
            let reason = "nothing but its type is known".to_owned();
            (cell::natural(codec), Spread::Even, reason)
        }
    }
}

/// First and last day on which something of this role happens, about the reference date.
fn moments(role: TimeRole) -> (i32, i32) {
    let today = REFERENCE_DATE;
    let year = date_from_days(today).map_or(2026, |(year, ..)| year);
    match role {
        TimeRole::Created
        | TimeRole::Event
        | TimeRole::Updated
        | TimeRole::Deleted
        | TimeRole::Start => (new_year(year - 3), today - 1),
        TimeRole::Birth => (new_year(year - 90), new_year(year - 18)),
        TimeRole::Death => (new_year(year - 10), today - 1),
        TimeRole::Hired => (new_year(year - 20), today - 1),
        TimeRole::End => (new_year(year - 3), today + 90),
        TimeRole::Expires => (today - 180, today + 3 * 365),
        TimeRole::Due => (today - 90, today + 90),
    }
}

fn bind(name: &str, arguments: &[(&'static str, String)]) -> Option<Bound> {
    let arguments: Vec<(&str, &str)> = arguments
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    generator::find(name).ok()?.bind(&arguments).ok()
}

fn text(column: &Column, domain: &Domain, suited: Option<&Recognized>) -> Result<Made, String> {
    let room = max_chars(&column.class, domain);
    match suited.map(|suited| (&suited.recognition, suited)) {
        Some((
            Recognition::Generator {
                name,
                arguments,
                group,
            },
            suited,
        )) => {
            if let Some(bound) = bind(name, arguments) {
                let mut made = from_generator(column, domain, bound, name, suited.reason.clone())?;
                made.group.clone_from(group);
                let arguments: Vec<String> = arguments
                    .iter()
                    .map(|(name, value)| format!("{name} {value}"))
                    .collect();
                return Ok(made.with(arguments.join(", ")));
            }
        }
        Some((Recognition::Words { words }, suited)) if domain.patterns.is_empty() => {
            let least = domain.min_chars.unwrap_or(0) as usize;
            let values: Vec<_> = words
                .iter()
                .filter(|word| (least..=room).contains(&word.len()) && !excludes(domain, word))
                .filter(|word| !domain.upper_case || word.to_uppercase() == **word)
                .map(|word| (Some((*word).to_owned()), 1))
                .collect();
            if !values.is_empty() {
                let source = Source::List(List::new(values, None));
                return Ok(Made::new(source, "one of a list", suited.reason.clone()));
            }
        }
        _ => {}
    }
    let least = least_chars(domain);
    let pattern = domain
        .patterns
        .iter()
        .find_map(|pattern| positive(pattern, least));
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
fn conditions(column: &Column, domain: &Domain, base: Base) -> Result<(Text, bool), String> {
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
            text.fallback = positive(pattern, text.least);
        }
    }
    if matches!(text.base, Base::Pattern(_)) && domain.patterns.len() == 1 && proven {
        // The pattern itself is what is asked for: it needs no match.
        text.matching.clear();
        text.fallback = None;
    }
    Ok((text, proven))
}

fn other(
    column: &Column,
    class: &Class,
    domain: &Domain,
    suited: Option<&Recognized>,
) -> Result<Made, String> {
    if !cell::is_known(class) {
        return Err(format!("no values are known for type {}", column.type_name));
    }
    if let Some(Recognized {
        recognition:
            Recognition::Generator {
                name,
                arguments,
                group,
            },
        reason,
        ..
    }) = suited
        && let Some(bound) = bind(name, arguments)
    {
        let mut made = from_generator(column, domain, bound, name, reason.clone())?;
        made.group.clone_from(group);
        return Ok(made);
    }
    let mut cell = Cell::new(class.clone());
    let mut reason = "nothing but its type is known".to_owned();
    let mut proven = domain.patterns.is_empty() && domain.lower.is_none() && domain.upper.is_none();
    match class {
        Class::Boolean => {
            if let Some(Recognized {
                recognition: Recognition::Boolean { probability },
                reason: said,
                ..
            }) = suited
            {
                cell.truth = Some(share(*probability));
                reason.clone_from(said);
            }
            proven &= domain.excluded.is_empty();
        }
        Class::Bytes => {
            cell.least = domain.min_bytes;
            cell.most = domain.max_bytes;
        }
        Class::Array { .. } => {
            cell.least = domain.min_items;
            cell.most = domain.max_items;
            cell.contains = domain.contains.iter().filter_map(literal_text).collect();
            if let Some(element) = &domain.element {
                let only_listed = Domain {
                    allowed: None,
                    ..(**element).clone()
                } == Domain::default();
                proven &= only_listed;
                cell.elements = element
                    .allowed
                    .as_ref()
                    .map(|allowed| allowed.iter().filter_map(literal_text).collect());
            }
        }
        Class::Json { .. } => {
            cell.json_keys.clone_from(&domain.json_keys);
            cell.json_type = domain.json_types.first().cloned();
        }
        _ => {}
    }
    proven &= domain.family.is_none_or(|family| family == 4);
    let mut made = Made::new(Source::Cell(cell), column.type_name.clone(), reason);
    made.proven = proven;
    Ok(made)
}

/// Whether a value that is given, as text, fits what a domain allows.
pub(super) struct KeyTest {
    codec: Option<Codec>,
    low: i64,
    high: i64,
    allowed: Option<Vec<String>>,
    excluded: Vec<String>,
}

impl KeyTest {
    /// None if the domain says nothing of values.
    pub(super) fn new(class: &Class, domain: &Domain) -> Option<Self> {
        if is_silent(domain) {
            return None;
        }
        let codec = Codec::of(class, 9);
        let end = |literal: &Literal| codec.and_then(|codec| count_of(&codec, literal));
        let low = domain.lower.as_ref().and_then(|bound| {
            end(&bound.value).map(|(count, exact)| count + i64::from(!exact || !bound.inclusive))
        });
        let high = domain.upper.as_ref().and_then(|bound| {
            end(&bound.value).map(|(count, exact)| count - i64::from(exact && !bound.inclusive))
        });
        Some(Self {
            codec,
            low: low.unwrap_or(i64::MIN),
            high: high.unwrap_or(i64::MAX),
            allowed: domain
                .allowed
                .as_ref()
                .map(|allowed| allowed.iter().filter_map(literal_text).collect()),
            excluded: domain.excluded.iter().filter_map(literal_text).collect(),
        })
    }

    pub(super) fn allows(&self, key: &str) -> bool {
        let same = |text: &String| {
            let codec = self.codec.as_ref();
            text == key
                || codec.is_some_and(|codec| {
                    codec
                        .read(text)
                        .is_some_and(|count| Some(count) == codec.read(key))
                })
        };
        if self
            .allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(same))
            || self.excluded.iter().any(same)
        {
            return false;
        }
        match self.codec.and_then(|codec| codec.read(key)) {
            Some((count, _)) => (self.low..=self.high).contains(&count),
            None => true,
        }
    }
}
