//! Detection: which columns hold data of people, told from names and from samples of values.
//!
//! A [`Sample`] counts values as they come and keeps none. [`classify`] weighs what the name says
//! against what the values are (`evidence`) and proposes a rule that fits the column.
//!
//! ```
//! use synth_engine::detect::{self, Category, Kind, Sample};
//! use synth_engine::mask::Target;
//! use synth_engine::schema::ColumnType;
//!
//! let mut sample = Sample::new(Kind::Text);
//! for value in ["ann@corp.example", "bob@corp.example", "eve@corp.example"] {
//!     sample.add(Some(value));
//! }
//! let target = Target::new(ColumnType::Text);
//! let column = detect::Column {
//!     table: "t", name: "c7", comment: None, kind: Kind::Text, target: &target, unique: true, key: false,
//! };
//! let found = &detect::classify(&column, &sample)[0];
//! assert_eq!(found.category, Category::Email);
//! assert!(found.confidence > 0.95);
//! assert_eq!(found.rule().unwrap().to_string(), "MASKED WITH email");
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `category` | what there is, with the HIPAA and GDPR classes |
//! | `name` | what a name says |
//! | `value`, `check`, `form`, `dictionary` | what a value may be |
//! | `inside` | identifiers inside longer text |
//! | `document` | JSON by path |
//! | `sample` | counting |
//! | `together` | what values say together |
//! | `origin` | the locale of names, places and telephone numbers |
//! | `evidence` | how sure a finding is |
//! | `propose` | a rule that fits |

mod category;
mod check;
mod dictionary;
mod document;
mod evidence;
mod form;
mod inside;
mod name;
mod origin;
mod propose;
mod sample;
mod together;
mod value;

pub use category::{Category, Gdpr, Hipaa};
pub use sample::Sample;

use crate::fill::class::Class;
use crate::mask::{Rule, Target};
use evidence::{LISTED, NAMED, SHAPED, STRICT, Strength};
use name::Said;

/// The least confidence of a finding that is told.
const LEAST: f64 = 0.25;

/// Kinds of types, as far as they matter to what a column may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Character strings.
    Text,
    /// Numbers.
    Number,
    /// Dates and timestamps.
    Moment,
    /// JSON documents.
    Json,
    /// Byte strings.
    Bytes,
    /// Addresses of the net.
    Inet,
    /// Hardware addresses.
    Mac,
    /// Truth values.
    Boolean,
    /// Points of a plane, or of the globe.
    Point,
    /// Anything else: enumerations, types of users.
    Other,
}

impl Kind {
    /// The kind of a class; of an array, that of its elements.
    pub fn of(class: &Class) -> Self {
        match class {
            Class::Text { .. } | Class::Name => Self::Text,
            Class::Integer { .. } | Class::Decimal { .. } | Class::Float { .. } => Self::Number,
            Class::Date | Class::Timestamp | Class::TimestampTz => Self::Moment,
            Class::Json { .. } => Self::Json,
            Class::Bytes => Self::Bytes,
            Class::Inet | Class::Cidr => Self::Inet,
            Class::MacAddr { .. } => Self::Mac,
            Class::Boolean => Self::Boolean,
            Class::Point => Self::Point,
            Class::Array { element } => Self::of(element),
            _ => Self::Other,
        }
    }

    /// Whether a column of this kind can hold values of a category.
    pub fn accepts(self, category: Category) -> bool {
        #[allow(clippy::enum_glob_use, reason = "a table of categories")]
        use Category::*;
        match self {
            Self::Text => true,
            Self::Number => {
                category.is_national_id() && !matches!(category, Nino | Dni | CodiceFiscale)
                    || matches!(
                        category,
                        Phone
                            | Fax
                            | Mrn
                            | HealthPlan
                            | Npi
                            | Passport
                            | License
                            | EmployeeNumber
                            | CardNumber
                            | CardCode
                            | Account
                            | Routing
                            | Postcode
                            | Age
                            | Income
                            | Coordinates
                            | Imei
                            | Device
                            | Secret
                            | TaxNumber
                            | Health
                    )
            }
            Self::Moment => matches!(category, BirthDate | DeathDate | EventDate),
            Self::Bytes => matches!(category, Photo | Biometric | Secret | Genetic),
            Self::Inet => category == IpAddress,
            Self::Mac => category == MacAddress,
            Self::Boolean => matches!(category, Health | Union | Religion | Politics),
            Self::Point => category == Coordinates,
            Self::Json => matches!(category, Biometric | Genetic),
            Self::Other => matches!(
                category,
                Gender
                    | MaritalStatus
                    | Nationality
                    | Ethnicity
                    | Religion
                    | Politics
                    | Orientation
                    | Health
                    | Coordinates
                    | Age
            ),
        }
    }
}

/// A column to be classified.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Name of its table.
    pub table: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its comment.
    pub comment: Option<&'a str>,
    /// The kind of its type.
    pub kind: Kind,
    /// What a mask has to fit.
    pub target: &'a Target,
    /// Whether its values are distinct by a constraint.
    pub unique: bool,
    /// Whether foreign keys refer to it.
    pub key: bool,
}

/// Counts behind a finding, never a value. Matches are counted over distinct values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Cells looked at.
    pub sampled: u32,
    /// Of them NULL.
    pub nulls: u32,
    /// Distinct values.
    pub distinct: u32,
    /// Distinct values of the category's form; for free text, those that identify somebody.
    pub matched: u32,
    /// Of them those whose check digits are right; `None`: the category has none.
    pub valid: Option<u32>,
}

/// What to do about a column.
#[derive(Debug, Clone, PartialEq)]
pub enum Proposal {
    /// Put this rule on it.
    Rule(Rule),
    /// Nothing is proposed, and why.
    Open(String),
}

/// What a column, or a path of its documents, holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// Path inside JSON documents, such as `$.contact[*].email`.
    pub path: Option<String>,
    /// The rule for what is at the path, of which [`document_rule`] makes one for the column.
    pub inner: Option<Rule>,
    /// The category.
    pub category: Category,
    /// 0 to 1: the share of such findings that are right, as far as the model goes.
    pub confidence: f64,
    /// What was counted.
    pub evidence: Evidence,
    /// Why, as a clause.
    pub reason: String,
    /// What to do.
    pub proposal: Proposal,
}

impl Finding {
    /// The rule proposed.
    pub fn rule(&self) -> Option<&Rule> {
        match &self.proposal {
            Proposal::Rule(rule) => Some(rule),
            Proposal::Open(_) => None,
        }
    }
}

/// What values say of a category.
fn strength(category: Category) -> Strength {
    #[allow(clippy::enum_glob_use, reason = "a table of categories")]
    use Category::*;
    match category {
        Email | IpAddress | MacAddress | UserAgent | CardNumber | Iban | Ssn | Nino | Nhs
        | SteuerId | Nir | Dni | CodiceFiscale | Cpf | Bsn | Pesel | MyNumber | ResidentId
        | SaudiId | TaxNumber | Npi | Routing | Vin | Imei => STRICT,
        Phone | Fax => Strength {
            share: 0.9,
            most: 8.0,
            least: 4.0,
            base: 0.02,
        },
        Url => Strength {
            most: 2.0,
            ..STRICT
        },
        Secret | Mrn => Strength {
            least: 0.3,
            ..STRICT
        },
        FirstName | LastName | FullName | City | Region | Country | StreetAddress | Health
        | MaritalStatus | Religion => LISTED,
        Postcode | BirthDate | Age | Coordinates | Gender => SHAPED,
        Passport | License | LicensePlate | HealthPlan | Account => Strength {
            most: 0.5,
            base: 0.0,
            ..SHAPED
        },
        _ => NAMED,
    }
}

/// What a column holds: one finding at most for the column, and one for each path of its documents
/// that holds something; the surest first.
pub fn classify(column: &Column<'_>, sample: &Sample) -> Vec<Finding> {
    let mut findings: Vec<Finding> = column_finding(column, sample).into_iter().collect();
    for (path, values) in &sample.paths {
        let target = Target::new(crate::schema::ColumnType::Text);
        let object = document::object(path);
        let inner = Column {
            table: if object.is_empty() {
                column.name
            } else {
                object
            },
            name: document::field(path),
            comment: None,
            kind: Kind::Text,
            target: &target,
            unique: false,
            key: false,
        };
        findings.extend(column_finding(&inner, values).map(|finding| {
            let proposal = match &finding.proposal {
                Proposal::Rule(rule) => document_rule(&[(path, rule)], column.target),
                Proposal::Open(why) => Proposal::Open(why.clone()),
            };
            Finding {
                path: Some(path.clone()),
                inner: finding.rule().cloned(),
                proposal,
                ..finding
            }
        }));
    }
    findings.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    findings
}

/// One rule for a column of JSON documents: pairs of a path and the rule for what is there, at most
/// 31 of them.
pub fn document_rule(parts: &[(&str, &Rule)], target: &Target) -> Proposal {
    propose::document(parts, target)
}

fn column_finding(column: &Column<'_>, sample: &Sample) -> Option<Finding> {
    let said = type_says(column.kind)
        .unwrap_or_else(|| name::said(column.table, column.name, column.comment, column.kind));
    let mut candidates: Vec<(Category, f64)> = Category::ALL
        .iter()
        .filter(|category| column.kind.accepts(**category))
        .map(|&category| (category, sure(category, &said, sample)))
        .filter(|(_, confidence)| *confidence >= LEAST)
        .collect();
    // Long names and addresses are text that identifies somebody, but not free text.
    let is_whole = |category: Category| {
        let hits = sample.counts.get(&category).map_or(0, |c| c.tally.hits);
        category != Category::FreeText && hits > sample.distinct() / 2
    };
    if candidates
        .iter()
        .any(|(category, sure)| *sure >= 0.8 && is_whole(*category))
    {
        candidates.retain(|(category, _)| *category != Category::FreeText);
    }
    let (category, confidence) = candidates
        .into_iter()
        // Of equals, what the name says; else the one with the rarer values.
        .max_by(|a, b| {
            let key = |&(category, confidence): &(Category, f64)| {
                (
                    confidence,
                    prior(category, &said).unwrap_or(0.0),
                    weight(category, sample),
                )
            };
            let (a, b) = (key(a), key(b));
            a.0.total_cmp(&b.0)
                .then(a.1.total_cmp(&b.1))
                .then(a.2.total_cmp(&b.2))
        })?;
    let counts = sample.counts.get(&category).copied().unwrap_or_default();
    let free_text = category == Category::FreeText;
    let evidence = Evidence {
        sampled: sample.sampled,
        nulls: sample.nulls,
        distinct: sample.distinct(),
        matched: if free_text {
            sample.identifying
        } else {
            counts.tally.hits + counts.tally.near
        },
        valid: counts.valid,
    };
    let named = match &said {
        Said::Category(named, _, reason) if *named == category => Some(reason.clone()),
        _ => None,
    };
    let by_values = evidence.matched > 0 && (free_text || counts.tally.hits > 0);
    let reason = match (named, by_values) {
        (Some(name), true) => format!("{name}; values match"),
        (Some(name), false) => name,
        (None, _) if counts.tally.hits == 0 || strength(category) == SHAPED => {
            "the values look like it when taken together".to_owned()
        }
        (None, _) => "values match".to_owned(),
    };
    Some(Finding {
        path: None,
        inner: None,
        category,
        confidence,
        evidence,
        reason,
        proposal: propose::rule(
            category,
            column.target,
            column.unique,
            column.key,
            sample.origins.locale(),
        ),
    })
}

fn type_says(kind: Kind) -> Option<Said> {
    let category = match kind {
        Kind::Inet => Category::IpAddress,
        Kind::Mac => Category::MacAddress,
        _ => return None,
    };
    Some(Said::Category(
        category,
        0.93,
        "the type says it".to_owned(),
    ))
}

/// The odds that the name gives a category.
fn prior(category: Category, said: &Said) -> Option<f64> {
    match said {
        Said::Category(named, sure, _) if *named == category => Some(*sure),
        // `national_id` is one of them, and which one only the values say.
        Said::Category(Category::NationalId | Category::Ssn, sure, _)
            if category.is_national_id() =>
        {
            Some(sure * 0.3)
        }
        Said::Category(Category::Phone, sure, _) if category == Category::Fax => Some(sure * 0.01),
        _ => None,
    }
}

/// Evidence without bounds, for a choice between categories that are equally sure.
fn weight(category: Category, sample: &Sample) -> f64 {
    sample.counts.get(&category).map_or(0.0, |counts| {
        -counts.tally.chance - f64::from(sample.distinct().saturating_sub(counts.tally.hits))
    })
}

fn sure(category: Category, said: &Said, sample: &Sample) -> f64 {
    let named = prior(category, said);
    if category == Category::FreeText {
        if sample.prose == 0 && sample.distinct() > 0 {
            return named.map_or(0.0, |named| named * 0.4);
        }
        return evidence::presence(named, sample.identifying, sample.prose, inside::CHANCE);
    }
    let strength = strength(category);
    let counts = sample.counts.get(&category);
    if named.is_none() && (counts.is_none() || strength.base == 0.0) {
        return 0.0;
    }
    let tally = counts.map(|counts| counts.tally).unwrap_or_default();
    let listed = strength == LISTED;
    let named = match said {
        // `product_name` holds no people, though some share their names.
        Said::Nobody if listed => Some(0.0005),
        _ => named,
    };
    // A handful of words is on some list by chance.
    if named.is_none() && listed && sample.distinct() < 5 {
        return 0.0;
    }
    let sure = evidence::confidence(named, &strength, &tally, sample.distinct());
    match together(category, said, sample) {
        Some(odds) => sure.max(evidence::together(named, odds)),
        None => sure,
    }
}

/// What the values of a column say together.
fn together(category: Category, said: &Said, sample: &Sample) -> Option<together::Odds> {
    let odds = sample.together.says(category, sample.distinct());
    odds.filter(|_| !matches!(said, Said::Nobody))
}

#[cfg(test)]
mod tests;
