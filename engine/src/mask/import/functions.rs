//! What each function of schema `anon` becomes: the first of its candidates that the registry has
//! and that fits the column. Names and arguments are those of its documentation, versions 1 and 2.

use super::call::{Argument, Call};
use super::{Literal, Rule, Target, Translated};
use crate::generator;

/// What becomes of a function.
struct Mapping {
    /// Names, without schema.
    names: &'static [&'static str],
    /// Rules without `MASKED WITH`, best first; `{1}` is the first argument, a literal.
    rules: &'static [&'static str],
    /// What is different, or why there is no rule.
    note: &'static str,
}

const fn m(
    names: &'static [&'static str],
    rules: &'static [&'static str],
    note: &'static str,
) -> Mapping {
    Mapping { names, rules, note }
}

const KEYED: &str = "drawn by a keyed hash of the value, where the original drew at random";
const NO_MASK: &str = "there is no such mask";

/// Functions with rules of their own. Others named `fake_`, `dummy_`, `pseudo_` or `random_` and a
/// generator of the registry become its pseudonym.
const MAPPINGS: &[Mapping] = &[
    m(
        &["fake_first_name", "dummy_first_name", "random_first_name"],
        &["first_name"],
        KEYED,
    ),
    m(
        &["fake_last_name", "dummy_last_name", "random_last_name"],
        &["last_name"],
        KEYED,
    ),
    m(
        &[
            "dummy_name",
            "dummy_full_name",
            "fake_name",
            "dummy_name_with_title",
        ],
        &["full_name"],
        KEYED,
    ),
    m(
        &[
            "fake_email",
            "dummy_free_email",
            "dummy_safe_email",
            "random_email",
        ],
        &["email"],
        KEYED,
    ),
    m(
        &[
            "fake_phone",
            "random_phone",
            "dummy_phone_number",
            "dummy_cell_number",
        ],
        &["phone"],
        KEYED,
    ),
    m(&["pseudo_first_name"], &["first_name"], ""),
    m(&["pseudo_last_name"], &["last_name"], ""),
    m(
        &["pseudo_email"],
        &["email"],
        "distinct values stay distinct, which they did not there",
    ),
    m(
        &[
            "fake_address",
            "dummy_street_name",
            "pseudo_address",
            "dummy_address",
        ],
        &["street", "pseudonym('street_address')"],
        KEYED,
    ),
    m(
        &[
            "fake_city",
            "dummy_city_name",
            "pseudo_city",
            "fake_city_in_country",
            "dummy_city",
        ],
        &["city", "pseudonym('city')"],
        KEYED,
    ),
    m(
        &["fake_country", "dummy_country_name", "pseudo_country"],
        &["country", "pseudonym('country_name')"],
        KEYED,
    ),
    m(
        &[
            "fake_region",
            "dummy_state_name",
            "pseudo_region",
            "fake_region_in_country",
        ],
        &["state", "pseudonym('state')"],
        KEYED,
    ),
    m(
        &[
            "fake_postcode",
            "random_zip",
            "dummy_zip_code",
            "dummy_postcode",
            "pseudo_postcode",
        ],
        &["zip", "pseudonym('zip')"],
        KEYED,
    ),
    m(
        &["fake_company", "dummy_company_name", "pseudo_company"],
        &["company", "pseudonym('company')"],
        KEYED,
    ),
    m(
        &["fake_iban", "pseudo_iban"],
        &["iban", "pseudonym('iban')"],
        KEYED,
    ),
    m(
        &["dummy_credit_card_number"],
        &["card_number", "pseudonym('credit_card_number')"],
        KEYED,
    ),
    m(
        &["fake_siren", "fake_siret", "pseudo_siren", "pseudo_siret"],
        &["fpe"],
        "the digits are encrypted: the number keeps its form, not its check digit",
    ),
    m(&["partial"], &["partial({2}, {3}, {4})"], ""),
    m(
        &["partial_email"],
        &[
            r"regex_replace('^(..?)[^@]*@(..?)[^.]*', '$1******@$2******')",
            "email",
        ],
        "where there is no regex_replace: another address",
    ),
    m(
        &["hash", "random_hash", "digest"],
        &["hash", "hash(20)"],
        "keyed with the secret of the database, where the original used its own salt",
    ),
    m(
        &["md5"],
        &["hash(32)"],
        "keyed: an md5 without a key can be undone by guessing",
    ),
    m(
        &["sha224", "sha256", "sha384", "sha512"],
        &["hash"],
        "keyed: a hash without a key can be undone by guessing",
    ),
    m(
        &["noise"],
        &["noise({2})"],
        "at most by this part of the value, as there; drawn by a keyed hash of it",
    ),
    m(
        &[
            "generalize_int4range",
            "generalize_int8range",
            "generalize_numrange",
        ],
        &["generalize({2})"],
        "the lower bound of the range, so that the type of the column stays",
    ),
    m(
        &[
            "generalize_daterange",
            "generalize_tsrange",
            "generalize_tstzrange",
        ],
        &["generalize({2})", "generalize('month')"],
        "the lower bound of the range, so that the type of the column stays",
    ),
    m(
        &["random_string"],
        &["hash({1})", "hash(20)"],
        "a keyed hash, at least 20 characters long",
    ),
    m(
        &["random_date"],
        &["date_shift", "pseudonym('past_date')"],
        "moved by up to a year, where the original drew any date",
    ),
    m(
        &["random_date_between"],
        &["date_shift"],
        "moved by up to a year, where the original drew from its range",
    ),
    m(
        &[
            "random_int_between",
            "random_bigint_between",
            "random_in_int4range",
            "random_in_int8range",
        ],
        &[
            "pseudonym('uniform_integer', '{\"minimum\": {1}, \"maximum\": {2}}')",
            "permutation",
        ],
        KEYED,
    ),
    m(
        &["random_id", "random_id_int", "random_id_small_int"],
        &["permutation"],
        "a keyed permutation: distinct values stay distinct",
    ),
    m(
        &["image_blur"],
        &["placeholder('png')"],
        "a small picture that shows nothing",
    ),
    m(&["lorem_ipsum"], &["pseudonym('paragraph')"], KEYED),
    m(&["dnoise"], &[], ""),
    m(
        &[
            "random_in",
            "random_in_enum",
            "random_in_numrange",
            "random_in_daterange",
            "random_in_tsrange",
            "random_in_tstzrange",
        ],
        &[],
        "values of a list or range are not drawn by a mask; a generator of the registry may do: pseudonym('one_of', ...)",
    ),
    m(
        &["ternary"],
        &[],
        "a condition over expressions is no rule; write MASKED WITH ... WHEN column = value",
    ),
    m(&["shuffle", "shuffle_column"], &["shuffle"], ""),
    m(
        &[
            "concat",
            "upper",
            "lower",
            "substring",
            "substr",
            "replace",
            "overlay",
            "translate",
            "regexp_replace",
        ],
        &[],
        "an expression over the value is no rule: it would keep parts of it; choose a mask",
    ),
];

/// Generators called otherwise there.
const ALIASES: &[(&str, &str)] = &[
    ("title", "name_title"),
    ("suffix", "name_suffix"),
    ("profession", "job_title"),
    ("timezone", "timezone"),
    ("street_suffix", "street_name"),
    ("state_abbr", "state_abbr"),
    ("ip", "ip"),
    ("uuidv4", "uuid"),
    ("uuidv2", "uuid"),
    ("buzzword", "buzzword_middle"),
    ("word", "word"),
    ("words", "words"),
    ("rfc_status_code", "valid_status_code"),
    ("valid_statux_code", "valid_status_code"),
    ("free_email_provider", "domain_name"),
    ("domain_suffix", "domain_name"),
    ("isbn", "isbn13"),
];

/// The rule of a call for the column `own`.
pub(super) fn translate(call: &Call, own: Option<&String>, target: Option<&Target>) -> Translated {
    let ours = ["anon", "pg_catalog", ""].contains(&call.schema.as_str());
    if !ours {
        return Translated::none(format!(
            "{}.{} is a function of your own: a rule names masks of the registry",
            call.schema, call.name
        ));
    }
    let name = call.name.strip_suffix("_locale").unwrap_or(&call.name);
    let localized = name.len() != call.name.len();
    let about_other = call.arguments.first().and_then(|argument| match argument {
        Argument::Column(column) if own.is_some_and(|own| own != column) => Some(column.as_str()),
        _ => None,
    });
    if name == "dnoise" {
        return shifted(call, target);
    }
    let (rules, note): (Vec<String>, &str) = if let Some(mapping) = MAPPINGS
        .iter()
        .find(|mapping| mapping.names.contains(&name))
    {
        if mapping.rules.is_empty() {
            return Translated::none(mapping.note);
        }
        let rules = mapping.rules.iter();
        let rules: Vec<String> = rules.filter_map(|rule| filled(rule, call)).collect();
        if rules.is_empty() {
            return Translated::none(format!(
                "the arguments of {} are not literals that a mask takes",
                call.name
            ));
        }
        (rules, mapping.note)
    } else if let Some(generator) = generator_of(name) {
        (vec![format!("pseudonym('{generator}')")], KEYED)
    } else {
        return Translated::none(format!("function {} is not known", call.name));
    };
    let mut translated = first(&rules, note, target);
    let mut add = |more: &str| {
        if translated.rule.is_some() {
            if !translated.reason.is_empty() {
                translated.reason.push_str("; ");
            }
            translated.reason.push_str(more);
        }
    };
    if localized {
        add("the locale is not carried over");
    }
    if let Some(other) = about_other {
        add(&format!(
            "made of column {other} there, of the value itself here"
        ));
    }
    translated
}

/// The first rule that there is a mask for, and that fits.
fn first(rules: &[String], note: &str, target: Option<&Target>) -> Translated {
    let mut reason = NO_MASK.to_owned();
    for (place, text) in rules.iter().enumerate() {
        let rule: Rule = match format!("MASKED WITH {text}").parse() {
            Ok(rule) => rule,
            Err(error) => {
                reason = error.to_string();
                continue;
            }
        };
        let problem = match target {
            Some(target) => crate::mask::check(&rule, target)
                .err()
                .map(|e| e.to_string()),
            None => unknown(&rule),
        };
        match problem {
            None => {
                return Translated {
                    rule: Some(rule),
                    reason: note.to_owned(),
                };
            }
            // Why the best one does not do says the most.
            Some(problem) if place == 0 => reason = problem,
            Some(_) => {}
        }
    }
    Translated::none(reason)
}

/// Why a rule cannot be, as far as can be told without a column.
fn unknown(rule: &Rule) -> Option<String> {
    let Rule::Mask { name, .. } = rule else {
        return None;
    };
    crate::mask::find(name).err().map(|error| error.to_string())
}

/// `dnoise(value, interval)`: dates are moved by up to so many days.
fn shifted(call: &Call, target: Option<&Target>) -> Translated {
    let days =
        call.arguments
            .get(1)
            .and_then(Argument::literal)
            .and_then(|literal| match literal {
                Literal::Text(text) => days(text),
                _ => None,
            });
    match days {
        Some(days) => first(
            &[format!("date_shift({days})")],
            "all dates of one day move alike",
            target,
        ),
        None => {
            Translated::none("the interval of dnoise is not one of days, weeks, months or years")
        }
    }
}

/// Days of an interval such as `2 years`, rounded up, 1 to 36500.
fn days(interval: &str) -> Option<i64> {
    let mut words = interval.split_whitespace();
    let mut sum = 0_i64;
    while let Some(count) = words.next() {
        let count: i64 = count.parse().ok()?;
        let unit = words.next()?.trim_end_matches('s').to_ascii_lowercase();
        let unit = match unit.as_str() {
            "day" => 1,
            "week" => 7,
            "mon" | "month" => 30,
            "year" => 365,
            "hour" | "minute" | "second" => 0,
            _ => return None,
        };
        sum = sum.checked_add(count.checked_mul(unit)?)?;
    }
    (0..=36_500).contains(&sum).then_some(sum.max(1))
}

/// A rule with the arguments of the call in their places; `None`: one is missing or no literal.
fn filled(rule: &str, call: &Call) -> Option<String> {
    let mut text = rule.to_owned();
    for place in 1..=4 {
        let mark = format!("{{{place}}}");
        if !text.contains(&mark) {
            continue;
        }
        let literal = call.arguments.get(place - 1)?.literal()?;
        text = text.replace(&mark, &literal.to_string());
    }
    Some(text)
}

/// The generator of the registry that a function is named for.
fn generator_of(name: &str) -> Option<&'static str> {
    let bare = ["fake_", "dummy_", "pseudo_", "random_"]
        .iter()
        .find_map(|prefix| name.strip_prefix(prefix))?;
    let bare = ALIASES
        .iter()
        .find(|(theirs, _)| *theirs == bare)
        .map_or(bare, |(_, ours)| ours);
    generator::find(bare).ok().map(|found| found.entry.name)
}
