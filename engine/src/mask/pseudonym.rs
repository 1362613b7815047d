//! Pseudonyms: a generator fed with the keyed hash of the original (law 1).

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Date32Builder, FixedSizeBinaryBuilder, Float32Builder, Float64Builder,
    Int16Builder, Int32Builder, Int64Builder, StringBuilder, Time64MicrosecondBuilder,
    TimestampMicrosecondBuilder,
};
use arrow_array::{Array, ArrayRef};

use super::arguments::Arguments;
use super::decimal::each_text;
use super::map::{cut, map_text, try_map_text};
use super::numbered::{self, Numbered};
use super::{Literal, Mask, Target};
use crate::entropy::remix;
use crate::error::{Error, Result};
use crate::generator::{self, Bound, LOCALE, Scalar};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::{DomainKey, Secret};

/// How often a value that is too long is drawn anew before it is cut.
const REDRAWS: usize = 32;

/// A cap that depends on nothing but the rule: the column's width may not decide a pseudonym.
macro_rules! max_length {
    ($default:literal) => {
        Parameter {
            name: "max_length",
            parameter_type: ParameterType::Integer,
            default: Some($default),
            summary: "Most characters of a result, 2 to 1000; longer ones are drawn anew, in the end cut. The column must hold as many, and columns that should agree need the same.",
        }
    };
}

/// Parameters of masks from dictionaries of up to 20, 40 and 80 characters.
pub(super) const SHORT: &[Parameter] = &[LOCALE, max_length!("20")];
pub(super) const MEDIUM: &[Parameter] = &[LOCALE, max_length!("40")];
pub(super) const LONG: &[Parameter] = &[LOCALE, max_length!("80")];
/// Country names are in English.
pub(super) const COUNTRY: &[Parameter] = &[max_length!("60")];

pub(super) const IBAN: &[Parameter] = &[Parameter {
    name: "country",
    parameter_type: ParameterType::Text,
    default: Some("NULL"),
    summary: "Country of the new numbers, two letters; NULL: that of the original, DE where there is none.",
}];

pub(super) const PSEUDONYM: &[Parameter] = &[
    Parameter {
        name: "generator",
        parameter_type: ParameterType::Text,
        default: None,
        summary: "A generator of this registry.",
    },
    Parameter {
        name: "options",
        parameter_type: ParameterType::Text,
        default: Some("'{}'"),
        summary: "The generator's parameters as a JSON object.",
    },
    Parameter {
        name: "is_unique",
        parameter_type: ParameterType::Boolean,
        default: Some("false"),
        summary: "Whether distinct values get distinct pseudonyms. From generators with 2^64 values or more, such as pattern, any values do (up to collisions of a keyed hash of 64 bits); from one with n values, whole numbers from 0 to n - 1 and as many texts of digits, and any other value is an error.",
    },
    Parameter {
        name: "max_length",
        parameter_type: ParameterType::Integer,
        default: Some("NULL"),
        summary: "Most characters of a result, 2 to 1000; NULL: any. A column of limited width needs it.",
    },
];

/// A dictionary mask: the generator of the same name, or of the nearest.
pub(super) fn dictionary(
    arguments: &Arguments<'_>,
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let name = arguments.entry.name;
    let key = secret.key(name);
    let source = match name {
        "country" => "country_name",
        "street" => "street_address",
        "zip" => "postcode",
        name => name,
    };
    let generator = generator::find(source)?;
    let has = |parameter: &str| {
        arguments
            .entry
            .parameters
            .iter()
            .any(|p| p.name == parameter)
    };
    if name == "iban" {
        return iban(arguments, target, key);
    }
    let bound = if has("locale") {
        // A misspelt locale gets its own hint.
        arguments.locale()?;
        generator.bind(&[("locale", arguments.text("locale", 1..=20)?)])?
    } else {
        generator.bind(&[])?
    };
    if has("max_length") {
        let cap = arguments.count("max_length", 2..=1000)?;
        arguments.check_width(target, cap, "; give max_length => a number that fits")?;
        return Ok(Box::new(Pseudonym {
            mask: name,
            generator: bound,
            key,
            cap: Some(cap),
            layout: false,
            unique: false,
        }));
    }
    // Identifiers have one length and take the separators of the original: a sample tells.
    let layout = name != "phone" || !arguments.locale()?.is_us();
    let longest = (0..64_u64)
        .map(|entropy| {
            let value = bound.value(remix(entropy));
            if layout {
                compact(&value).chars().count()
            } else {
                value.chars().count()
            }
        })
        .max()
        .unwrap_or(0);
    arguments.check_width(target, longest, "")?;
    Ok(Box::new(Pseudonym {
        mask: name,
        generator: bound,
        key,
        cap: None,
        layout,
        unique: false,
    }))
}

/// `pseudonym`: any generator.
pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    column_type: ColumnType,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let name = arguments.text("generator", 1..=63)?;
    let options = arguments.text("options", 2..=5000)?;
    let unique = arguments.boolean("is_unique")?;
    let (bound, order) = generator::bind_options(name, options)?;
    if order {
        return Err(arguments.error("unique in options is for rows; give is_unique => true"));
    }
    let count = match bound.distinct() {
        _ if !unique => None,
        Some(u64::MAX) => None,
        Some(count) if count > 0 && numbered::can_number(column_type) => Some(count),
        Some(count) => {
            return Err(arguments.error(format!(
                "generator {name} has {count} values: distinct pseudonyms can be promised to whole numbers and texts of digits only, not to values of type {}; take pattern with a longer pattern, fpe, permutation, email or hash",
                target.type_name
            )));
        }
        None => {
            return Err(arguments.error(format!(
                "the values of generator {name} cannot be numbered, so that distinct pseudonyms cannot be promised; take pattern, fpe, permutation, email or hash"
            )));
        }
    };
    let fits = match bound.output() {
        ColumnType::Text => matches!(
            column_type,
            ColumnType::Text | ColumnType::Enum | ColumnType::Inet | ColumnType::Numeric
        ),
        ColumnType::Integer | ColumnType::BigInt => matches!(
            column_type,
            ColumnType::Text
                | ColumnType::SmallInt
                | ColumnType::Integer
                | ColumnType::BigInt
                | ColumnType::Numeric
        ),
        ColumnType::Double => matches!(
            column_type,
            ColumnType::Text | ColumnType::Real | ColumnType::Double | ColumnType::Numeric
        ),
        other => other == column_type || column_type == ColumnType::Text,
    };
    if !fits {
        return Err(arguments.error(format!(
            "generator {name} gives {}, the column is of type {}",
            bound.output().sql(),
            target.type_name
        )));
    }
    let cap = arguments.optional_integer("max_length", 2..=1000)?;
    let cap = cap.and_then(|cap| usize::try_from(cap).ok());
    if target.max_chars.is_some() {
        let needed = cap.ok_or_else(|| {
            arguments.error("a column of limited width needs max_length => a number that fits")
        })?;
        arguments.check_width(target, needed, "; give a smaller max_length")?;
    }
    if unique
        && cap.is_some_and(|cap| (0..64_u64).any(|e| bound.value(remix(e)).chars().count() > cap))
    {
        return Err(arguments.error("unique pseudonyms would be longer than max_length"));
    }
    if let Some(count) = count {
        let cipher = secret.cipher(&format!("pseudonym/{name}"));
        return Ok(Box::new(Numbered {
            name: name.to_owned(),
            generator: bound,
            cipher,
            count,
            cap,
        }));
    }
    // The generator's name is part of the domain: two generators do not link.
    let key = secret.key(&format!("pseudonym/{name}"));
    if column_type == ColumnType::Text || column_type.arrow() == arrow_schema::DataType::Utf8 {
        return Ok(Box::new(Pseudonym {
            mask: "pseudonym",
            generator: bound,
            key,
            cap,
            layout: false,
            unique,
        }));
    }
    Ok(Box::new(Scalars {
        generator: bound,
        key,
        column_type,
    }))
}

/// Text from a generator.
struct Pseudonym {
    mask: &'static str,
    generator: Bound,
    key: DomainKey,
    /// The most characters, by the rule.
    cap: Option<usize>,
    /// Separators are those of the original.
    layout: bool,
    /// The hash numbers one of the generator's distinct values.
    unique: bool,
}

impl Mask for Pseudonym {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut value = String::new();
        if self.unique {
            return try_map_text(values, 16, |original, out| {
                let entropy = self.key.words(original.as_bytes())[0];
                // Indexes are below u64::MAX. One that the generator does not have is a defect.
                let written = self.generator.nth(entropy.min(u64::MAX - 1), out);
                let fits = self.cap.is_none_or(|cap| out.chars().count() <= cap);
                if written.is_ok() && fits {
                    Ok(())
                } else {
                    Err(numbered::too_long())
                }
            });
        }
        map_text(values, 16, |original, out| {
            let mut entropy = self.key.words(original.as_bytes())[0];
            value.clear();
            self.generator.write(entropy, &mut value)?;
            if self.layout {
                return out.write_str(&like(original, &value));
            }
            if let Some(cap) = self.cap
                && value.len() > cap
            {
                for _ in 0..REDRAWS {
                    if value.chars().count() <= cap {
                        break;
                    }
                    entropy = remix(entropy);
                    value.clear();
                    self.generator.write(entropy, &mut value)?;
                }
            }
            out.write_str(cut(&value, self.cap))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: self.mask })
    }
}

/// Letters and digits alone.
fn compact(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

/// A generated identifier with the separators of the original, where both have as many letters and
/// digits; without separators where it would be longer than the original.
pub(super) fn like(original: &str, generated: &str) -> String {
    let mut characters = generated.chars().filter(|c| c.is_alphanumeric());
    let count = characters.clone().count();
    if original.chars().filter(|c| c.is_alphanumeric()).count() == count {
        return original
            .chars()
            .map(|c| {
                if c.is_alphanumeric() {
                    characters.next().unwrap_or(c)
                } else {
                    c
                }
            })
            .collect();
    }
    if original.chars().count() >= generated.chars().count() {
        generated.to_owned()
    } else {
        compact(generated)
    }
}

struct Iban {
    key: DomainKey,
    countries: HashMap<[u8; 2], Bound>,
    fixed: Option<[u8; 2]>,
}

fn iban(arguments: &Arguments<'_>, target: &Target, key: DomainKey) -> Result<Box<dyn Mask>> {
    let generator = generator::find("iban")?;
    let mut countries = HashMap::new();
    for first in b'A'..=b'Z' {
        for second in b'A'..=b'Z' {
            let code = [first, second];
            let text = String::from_utf8_lossy(&code);
            if let Ok(bound) = generator.bind(&[("country", &text)]) {
                countries.insert(code, bound);
            }
        }
    }
    let fixed = match arguments.literal("country") {
        Literal::Null => None,
        Literal::Text(text) => Some(
            <[u8; 2]>::try_from(text.as_bytes())
                .ok()
                .filter(|code| countries.contains_key(code))
                .ok_or_else(|| {
                    arguments
                        .error("country must be two letters of a country of SEPA, such as 'DE'")
                })?,
        ),
        _ => return Err(arguments.error("country must be two letters in quotes")),
    };
    arguments.check_width(target, 31, "")?;
    Ok(Box::new(Iban {
        key,
        countries,
        fixed,
    }))
}

impl Mask for Iban {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut value = String::new();
        map_text(values, 24, |original, out| {
            let characters = compact(original).to_ascii_uppercase();
            // With and without spaces it is one account.
            let entropy = self.key.words(characters.as_bytes())[0];
            let country = self
                .fixed
                .or_else(|| characters.as_bytes().first_chunk::<2>().copied())
                .filter(|code| self.countries.contains_key(code))
                .unwrap_or(*b"DE");
            value.clear();
            if let Some(generator) = self.countries.get(&country) {
                generator.write(entropy, &mut value)?;
            }
            out.write_str(&like(original, &value))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "iban" })
    }
}

/// Values of fixed size from a generator.
struct Scalars {
    generator: Bound,
    key: DomainKey,
    column_type: ColumnType,
}

impl Mask for Scalars {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a real is a rounded double"
    )]
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        macro_rules! built {
            ($builder:ty, $scalar:ident => $convert:expr) => {{
                let mut out = <$builder>::with_capacity(values.len());
                each_text(values, |text| {
                    let $scalar = text
                        .and_then(|text| self.generator.scalar(self.key.words(text.as_bytes())[0]));
                    out.append_option($scalar.and_then($convert));
                })?;
                Arc::new(out.finish()) as ArrayRef
            }};
        }
        let whole = |scalar| match scalar {
            Scalar::Integer(value) => Some(i64::from(value)),
            Scalar::BigInt(value) => Some(value),
            _ => None,
        };
        let double = |scalar| match scalar {
            Scalar::Double(value) => Some(value),
            _ => None,
        };
        let time = |scalar| match scalar {
            Scalar::Time(value) | Scalar::Timestamp(value) | Scalar::TimestampTz(value) => {
                Some(value)
            }
            _ => None,
        };
        Ok(match self.column_type {
            ColumnType::SmallInt => built!(Int16Builder, v => |v| whole(v)
                .map(|v| i16::try_from(v).unwrap_or(i16::MAX))),
            ColumnType::Integer => built!(Int32Builder, v => |v| whole(v)
                .map(|v| i32::try_from(v).unwrap_or(i32::MAX))),
            ColumnType::BigInt => built!(Int64Builder, v => whole),
            ColumnType::Real => built!(Float32Builder, v => |v| double(v).map(|v| v as f32)),
            ColumnType::Double => built!(Float64Builder, v => double),
            ColumnType::Date => built!(Date32Builder, v => |v| match v {
                Scalar::Date(days) => Some(days),
                _ => None,
            }),
            ColumnType::Time => built!(Time64MicrosecondBuilder, v => time),
            ColumnType::Timestamp => built!(TimestampMicrosecondBuilder, v => time),
            ColumnType::TimestampTz => {
                let micros = built!(TimestampMicrosecondBuilder, v => time);
                let micros = arrow_array::cast::AsArray::as_primitive::<
                    arrow_array::types::TimestampMicrosecondType,
                >(&micros);
                Arc::new(micros.clone().with_timezone("UTC"))
            }
            ColumnType::Boolean => built!(BooleanBuilder, v => |v| match v {
                Scalar::Boolean(value) => Some(value),
                _ => None,
            }),
            ColumnType::Uuid => {
                let mut out = FixedSizeBinaryBuilder::with_capacity(values.len(), 16);
                each_text(values, |text| {
                    let scalar = text
                        .and_then(|text| self.generator.scalar(self.key.words(text.as_bytes())[0]));
                    match scalar {
                        // 16 bytes into a builder of width 16.
                        Some(Scalar::Uuid(bytes)) => {
                            let _ = out.append_value(bytes);
                        }
                        _ => out.append_null(),
                    }
                })?;
                Arc::new(out.finish())
            }
            _ => {
                // Text forms are made by `Pseudonym`.
                let mut out = StringBuilder::new();
                each_text(values, |text| out.append_option(text.map(|_| "")))?;
                Arc::new(out.finish())
            }
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "pseudonym" })
    }
}
