//! A rule for a column: the first of a category's candidates that the registry has, that fits the
//! column's type and width, and that keeps a unique column unique.

use super::Proposal;
#[allow(clippy::enum_glob_use, reason = "tables of categories")]
use super::category::Category::{self, *};
use crate::mask::{self, Literal, Rule, Target};
use crate::schema::ColumnType;

/// Rules for text of a category, best first, without `MASKED WITH`. Which of them there are, and
/// which fit, is looked up.
fn of_text(category: Category) -> &'static [&'static str] {
    match category {
        FirstName => &["first_name", "pseudonym('first_name')"],
        LastName => &["last_name", "pseudonym('last_name')"],
        FullName => &["full_name", "pseudonym('full_name')"],
        Username => &["pseudonym('username')", "hash(20)"],
        Email => &["email", "email(domain => 'a.test')"],
        Phone | Fax => &["phone", "pseudonym('phone')", "fpe"],
        StreetAddress => &["street", "street_address", "pseudonym('street_address')"],
        City => &["city", "pseudonym('city')"],
        Postcode => &[
            "zip",
            "pseudonym('zip')",
            "partial(3, '**')",
            "partial(2, '**')",
            "partial(1, '*')",
        ],
        BirthDate | DeathDate | EventDate => &["partial(4, '-01-01')"],
        CardNumber => &[
            "card_number",
            "fpe",
            "partial(0, '**** **** **** ', 4)",
            "partial(0, '************', 4)",
        ],
        Iban => &["iban", "pseudonym('iban')", "fpe"],
        Ssn => &["ssn", "fpe", "partial(0, '***-**-', 4)"],
        Nino => &["national_id('en_GB')", "fpe('alphanumeric')"],
        SteuerId => &["national_id('de_DE')", "fpe('alphanumeric')"],
        Nir => &["national_id('fr_FR')", "fpe('alphanumeric')"],
        Dni => &["national_id('es_ES')", "fpe('alphanumeric')"],
        CodiceFiscale => &["national_id('it_IT')", "fpe('alphanumeric')"],
        Cpf => &["national_id('pt_BR')", "fpe('alphanumeric')"],
        Bsn => &["national_id('nl_NL')", "fpe('alphanumeric')"],
        Pesel => &["national_id('pl_PL')", "fpe('alphanumeric')"],
        MyNumber => &["national_id('ja_JP')", "fpe('alphanumeric')"],
        ResidentId => &["national_id('zh_CN')", "fpe('alphanumeric')"],
        SaudiId => &["national_id('ar_SA')", "fpe('alphanumeric')"],
        Npi => &["pseudonym('npi')", "fpe"],
        Vin => &["pseudonym('vin')", "fpe"],
        Imei => &["pseudonym('imei')", "fpe"],
        LicensePlate => &["pseudonym('licence_plate')", "fpe"],
        MacAddress => &["pseudonym('mac_address')"],
        IpAddress => &["pseudonym('ipv4')"],
        Url => &["pseudonym('url')", "VALUE 'https://example.com/'"],
        UserAgent => &["pseudonym('user_agent')"],
        JobTitle => &["pseudonym('job_title')"],
        Mrn | HealthPlan | Nhs | NationalId | TaxNumber | Passport | License | EmployeeNumber
        | Account | Device => &["fpe('alphanumeric')", "hash(20)"],
        FreeText => &["redact"],
        CardCode => &["fpe"],
        Secret | Photo | Ethnicity | Religion | Politics | Union | Orientation | Genetic
        | Biometric => &["null"],
        Coordinates => &["partial(4, '')"],
        _ => &[],
    }
}

/// Categories for which the decision is the owner's: they identify nobody by themselves.
fn is_left_to_the_owner(category: Category) -> Option<&'static str> {
    match category {
        Region | Country | Gender | MaritalStatus | Nationality | JobTitle => {
            Some("a quasi-identifier: decide whether to mask it or to say NOT MASKED")
        }
        Health => Some(
            "sensitive, but it identifies nobody once the identifiers are masked: decide whether to mask it or to say NOT MASKED",
        ),
        Routing => Some("a bank's number, nobody's"),
        _ => None,
    }
}

/// What is left where nothing better fits, best first.
fn last_resort(target: &Target) -> Vec<String> {
    let mut rules: Vec<String> = Vec::new();
    let mut add = |rule: &str| rules.push(rule.to_owned());
    match target.column_type {
        Some(ColumnType::Text) => {
            for rule in [
                "hash(64)",
                "hash(32)",
                "hash(20)",
                "fpe",
                "permutation",
                "null",
                "partial(0, '****')",
                "partial(0, '*')",
                "VALUE ''",
            ] {
                add(rule);
            }
        }
        Some(ColumnType::SmallInt | ColumnType::Integer | ColumnType::BigInt) => {
            for rule in ["permutation", "fpe", "null", "VALUE 0"] {
                add(rule);
            }
        }
        Some(ColumnType::Date | ColumnType::Timestamp | ColumnType::TimestampTz) => {
            for rule in ["date_shift", "null", "VALUE '2000-01-01'"] {
                add(rule);
            }
        }
        Some(ColumnType::Uuid) => {
            for rule in ["permutation", "null"] {
                add(rule);
            }
        }
        _ => {
            for rule in [
                "placeholder",
                "permutation",
                "json_path('$', 'null')",
                "null",
            ] {
                add(rule);
            }
            add(match target.type_name.as_str() {
                "inet" | "cidr" => "VALUE '192.0.2.0'",
                "macaddr" => "VALUE '00:00:5e:00:53:00'",
                "bytea" => "VALUE '\\x'",
                "point" => "VALUE '(0,0)'",
                name if name.starts_with("numeric") => "VALUE 0",
                _ => return rules,
            });
        }
    }
    rules
}

/// The rule for a column of a category, or why there is none.
pub(super) fn rule(
    category: Category,
    target: &Target,
    unique: bool,
    key: bool,
    locale: Option<&str>,
) -> Proposal {
    if let Some(why) = is_left_to_the_owner(category) {
        return Proposal::Open(why.to_owned());
    }
    let mut candidates: Vec<String> = Vec::new();
    match target.column_type {
        Some(ColumnType::Text) => {
            for rule in of_text(category) {
                candidates.extend(locale.and_then(|locale| localized(rule, locale)));
                candidates.push((*rule).to_owned());
            }
        }
        Some(
            ColumnType::SmallInt
            | ColumnType::Integer
            | ColumnType::BigInt
            | ColumnType::Real
            | ColumnType::Double,
        ) if !unique => match category {
            Age => candidates.push("generalize(5)".to_owned()),
            BirthDate => candidates.push("generalize(10)".to_owned()),
            Income => candidates.push("generalize(1000)".to_owned()),
            Postcode => candidates.push("generalize(100)".to_owned()),
            Coordinates => candidates.push("generalize(1)".to_owned()),
            _ => {}
        },
        None if !unique && target.type_name.starts_with("numeric") => match category {
            Age => candidates.push("generalize(5)".to_owned()),
            Income => candidates.push("generalize(1000)".to_owned()),
            _ => {}
        },
        _ => {}
    }
    if unique || key {
        candidates.retain(|rule| !matches!(rule.as_str(), "null") && !rule.starts_with("VALUE"));
    }
    candidates.extend(last_resort(target));
    candidates
        .iter()
        .find_map(|text| fitting(text, target, unique || key))
        .map_or_else(
            || {
                Proposal::Open(if unique || key {
                    "no mask keeps this type unique".to_owned()
                } else {
                    format!("no mask fits type {}", target.type_name)
                })
            },
            Proposal::Rule,
        )
}

/// A candidate for people of a locale; whether its mask or generator knows locales is found out when
/// it is tried.
fn localized(rule: &str, locale: &str) -> Option<String> {
    if !rule.contains('(') {
        return Some(format!("{rule}(locale => '{locale}')"));
    }
    let generator = rule.strip_prefix("pseudonym('")?.strip_suffix("')")?;
    Some(format!(
        r#"pseudonym('{generator}', '{{"locale": "{locale}"}}')"#
    ))
}

/// The rule that masks values inside documents: pairs of a path and the rule for what is there.
pub(super) fn document(parts: &[(&str, &Rule)], target: &Target) -> Proposal {
    let mut arguments = Vec::new();
    // So many pairs a rule takes.
    for (path, rule) in parts.iter().take(31) {
        let text = rule.to_string();
        let mask = text.strip_prefix("MASKED WITH ").unwrap_or(&text);
        for text in [*path, mask] {
            arguments.push((None, Literal::Text(text.to_owned())));
        }
    }
    let rule = Rule::Mask {
        name: "json_path".to_owned(),
        arguments,
    };
    match mask::check(&rule, target) {
        Ok(()) => Proposal::Rule(rule),
        Err(error) => Proposal::Open(error.to_string()),
    }
}

/// The rule of a candidate, if there is such a mask, it fits the column, and keeps it unique.
fn fitting(candidate: &str, target: &Target, unique: bool) -> Option<Rule> {
    let rule: Rule = format!("MASKED WITH {candidate}").parse().ok()?;
    mask::check(&rule, target).ok()?;
    let injective =
        mask::properties(&rule).is_ok_and(|found| found.is_some_and(|mask| mask.injective));
    if unique && !injective {
        return None;
    }
    // A literal must fit the width too.
    if let (Rule::Value(literal), Some(most)) = (&rule, target.max_chars)
        && literal
            .as_input()
            .is_some_and(|text| text.chars().count() > most)
    {
        return None;
    }
    Some(rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(category: Category, target: &Target, unique: bool) -> String {
        match rule(category, target, unique, false, None) {
            Proposal::Rule(rule) => rule.to_string(),
            Proposal::Open(why) => why,
        }
    }

    #[test]
    fn rules_fit_type_width_and_uniqueness() {
        let text = Target::new(ColumnType::Text);
        assert_eq!(proposed(Email, &text, true), "MASKED WITH email");
        assert_eq!(proposed(FirstName, &text, false), "MASKED WITH first_name");
        let narrow = Target {
            max_chars: Some(4),
            not_null: true,
            ..text.clone()
        };
        for category in Category::ALL {
            match rule(*category, &narrow, false, false, Some("de_DE")) {
                Proposal::Rule(rule) => mask::check(&rule, &narrow).unwrap(),
                Proposal::Open(why) => assert!(!why.is_empty()),
            }
        }
        let date = Target::new(ColumnType::Date);
        assert_eq!(proposed(BirthDate, &date, false), "MASKED WITH date_shift");
        assert!(proposed(Phone, &text, true).starts_with("MASKED WITH"));
    }
}
