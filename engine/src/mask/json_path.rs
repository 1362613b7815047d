//! `json_path`: masks for what paths find in JSON documents.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, StringArray};

use super::arguments::Arguments;
use super::grammar::Parser;
use super::json::{Path, decode, encode, find};
use super::map::text_of;
use super::{Literal, Mask, Rule, Target};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;
use crate::secret::Secret;

/// The mask's name: more pairs of arguments may follow.
pub(super) const NAME: &str = "json_path";

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "path",
        parameter_type: ParameterType::Text,
        default: None,
        summary: "What is masked: $.contact[*].email, $..phone, $['odd name'], $.list[0], $.*.name. Strings and numbers below it belong to it.",
    },
    Parameter {
        name: "mask",
        parameter_type: ParameterType::Text,
        default: None,
        summary: "A mask for text or numbers as rules write it: 'email', 'partial(2)', 'value ''x'''. Up to 30 more pairs of path and mask may follow; the first path that leads to a value counts.",
    },
];

/// Most pairs of path and mask.
const MOST_PAIRS: usize = 31;

/// The paths of a rule, for looking at what they find without masking it.
#[derive(Debug, Clone)]
pub struct JsonPaths(Vec<Path>);

impl JsonPaths {
    /// The paths of a `json_path` rule; `None` for another.
    ///
    /// ```
    /// use synth_engine::mask::{JsonPaths, Rule};
    ///
    /// let rule: Rule = "MASKED WITH json_path('$.mail', 'email')".parse()?;
    /// let paths = JsonPaths::of(&rule).ok_or("no paths")?;
    /// assert_eq!(paths.values(r#"{"mail": "a@b.org", "n": 7}"#)?, ["a@b.org"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(rule: &Rule) -> Option<Self> {
        let Rule::Mask { name, arguments } = rule.action() else {
            return None;
        };
        if name != NAME {
            return None;
        }
        let paths = arguments
            .iter()
            .enumerate()
            .filter(|(at, (name, _))| match name {
                Some(name) => name == "path",
                None => at % 2 == 0,
            })
            .map(|(_, (_, literal))| match literal {
                Literal::Text(path) => Path::parse(path).ok(),
                _ => None,
            });
        paths.collect::<Option<Vec<_>>>().map(Self)
    }

    /// Paths that find every string and number.
    pub fn all() -> Self {
        Self(Path::parse("$").into_iter().collect())
    }

    /// The strings, decoded, and the numbers, as they are written, that the paths find.
    pub fn values(&self, document: &str) -> Result<Vec<String>> {
        Ok(find(document, &self.0)?
            .into_iter()
            .map(|found| {
                let written = &document[found.range];
                if found.is_string {
                    decode(written).unwrap_or_default()
                } else {
                    written.to_owned()
                }
            })
            .collect())
    }
}

/// What happens to what a path finds.
enum Part {
    /// It is replaced by a JSON value.
    Constant(String),
    Computed {
        text: Option<Box<dyn Mask>>,
        number: Option<Box<dyn Mask>>,
    },
}

struct JsonPath {
    paths: Vec<Path>,
    parts: Vec<Part>,
    reversible: bool,
}

fn parsed(mask: &str) -> Result<Rule> {
    let mut parser = Parser::new(mask);
    let rule = parser.action()?;
    if !parser.at_end() {
        return Err(parser.error("expected the end of the mask"));
    }
    Ok(rule)
}

/// Whether all of its masks can be undone. What they could not take was replaced by null and stays
/// so; a number that a mask for text has made a string comes back as a string.
pub(super) fn is_reversible(arguments: &Arguments<'_>) -> bool {
    let pairs = arguments.literals.as_chunks::<2>().0;
    pairs.iter().all(|pair| {
        let Literal::Text(mask) = &pair[1] else {
            return false;
        };
        let properties = parsed(mask).and_then(|rule| super::properties(&rule));
        properties.is_ok_and(|found| found.is_some_and(|mask| mask.reversible))
    })
}

pub(super) fn build(arguments: &Arguments<'_>, secret: &Secret) -> Result<Box<dyn Mask>> {
    let pairs = arguments.literals.as_chunks::<2>();
    if !pairs.1.is_empty() || pairs.0.is_empty() || pairs.0.len() > MOST_PAIRS {
        return Err(arguments.error("takes 1 to 31 pairs of path and mask"));
    }
    let (mut paths, mut parts) = (Vec::new(), Vec::new());
    for pair in pairs.0 {
        let [Literal::Text(path), Literal::Text(mask)] = pair else {
            return Err(arguments.error("path and mask must be text in quotes"));
        };
        paths.push(Path::parse(path).map_err(|problem| arguments.error(problem))?);
        parts.push(part(mask, arguments, secret)?);
    }
    Ok(Box::new(JsonPath {
        paths,
        parts,
        reversible: is_reversible(arguments),
    }))
}

fn part(mask: &str, arguments: &Arguments<'_>, secret: &Secret) -> Result<Part> {
    let rule = parsed(mask)?;
    match &rule {
        Rule::Value(literal) => {
            return Ok(Part::Constant(match literal {
                Literal::Text(text) => encode(text),
                Literal::Decimal(number) => serde_json::from_str::<serde_json::Number>(number)
                    .map(|_| number.clone())
                    .map_err(|_| {
                        arguments
                            .error("a value in JSON must be a number, text, true, false or null")
                    })?,
                Literal::Integer(number) => number.to_string(),
                Literal::Boolean(value) => value.to_string(),
                Literal::Null => "null".to_owned(),
            }));
        }
        Rule::Mask { name, .. } if name == "null" => {
            return Ok(Part::Constant("null".to_owned()));
        }
        Rule::Mask { name, .. } if super::is_computed(name) && name != NAME => {}
        _ => {
            return Err(arguments.error(
                "what a path finds takes a mask for text or numbers, not shuffle, json_path or a function",
            ));
        }
    }
    let text = super::build(&rule, &Target::new(ColumnType::Text), secret);
    let number = super::build(&rule, &Target::new(ColumnType::Numeric), secret);
    match (text, number) {
        (Err(Error::MaskType { .. }), Err(error)) | (Err(error), Err(_)) => Err(error),
        (text, number) => {
            // Masks that read companions take dates, which are neither.
            Ok(Part::Computed {
                text: text.ok(),
                number: number.ok(),
            })
        }
    }
}

/// Where a value stands, and in what form it is masked.
struct Slot {
    document: usize,
    range: std::ops::Range<usize>,
    /// Whether the result is written as a JSON string.
    quoted: bool,
}

impl JsonPath {
    fn run(
        &self,
        values: &ArrayRef,
        apply: impl Fn(&dyn Mask, &ArrayRef) -> Result<ArrayRef>,
    ) -> Result<ArrayRef> {
        let documents = text_of(values)?;
        // What is to stand where, by document; each mask computes all its values at once.
        let mut texts: Vec<(Vec<Slot>, Vec<String>)> = Vec::new();
        let mut numbers: Vec<(Vec<Slot>, Vec<String>)> = Vec::new();
        texts.resize_with(self.parts.len(), Default::default);
        numbers.resize_with(self.parts.len(), Default::default);
        let mut results: Vec<Vec<(std::ops::Range<usize>, String)>> =
            vec![Vec::new(); documents.len()];
        for (row, document) in documents.iter().enumerate() {
            let Some(document) = document else { continue };
            for found in find(document, &self.paths)? {
                let written = &document[found.range.clone()];
                let mut slot = Slot {
                    document: row,
                    range: found.range.clone(),
                    quoted: true,
                };
                match &self.parts[found.path] {
                    Part::Constant(value) => results[row].push((found.range, value.clone())),
                    Part::Computed { text, number } => {
                        let said = if found.is_string {
                            decode(written).unwrap_or_default()
                        } else {
                            written.to_owned()
                        };
                        // A number under a mask for numbers stays a number; a string under one is
                        // masked as the number it says, or is gone.
                        let is_number = super::decimal::Decimal::parse(&said).is_some();
                        let (masked, list) =
                            if number.is_some() && (!found.is_string || text.is_none()) {
                                slot.quoted = found.is_string;
                                (is_number, &mut numbers[found.path])
                            } else {
                                (text.is_some(), &mut texts[found.path])
                            };
                        if masked {
                            list.0.push(slot);
                            list.1.push(said);
                        } else {
                            results[row].push((found.range, "null".to_owned()));
                        }
                    }
                }
            }
        }
        for (index, part) in self.parts.iter().enumerate() {
            let Part::Computed { text, number } = part else {
                continue;
            };
            for (mask, (slots, said)) in [(text, &texts[index]), (number, &numbers[index])] {
                let Some(mask) = mask else { continue };
                if said.is_empty() {
                    continue;
                }
                let input: ArrayRef = Arc::new(StringArray::from_iter_values(said));
                let masked = apply(mask.as_ref(), &input)?;
                for (slot, masked) in slots.iter().zip(text_of(&masked)?) {
                    let written = match masked {
                        None => "null".to_owned(),
                        Some(masked) if slot.quoted => encode(masked),
                        Some(masked) => masked.to_owned(),
                    };
                    results[slot.document].push((slot.range.clone(), written));
                }
            }
        }
        let mut out = StringBuilder::with_capacity(documents.len(), documents.value_data().len());
        let mut buffer = String::new();
        for (document, mut replaced) in documents.iter().zip(results) {
            let Some(document) = document else {
                out.append_null();
                continue;
            };
            replaced.sort_by_key(|(range, _)| range.start);
            buffer.clear();
            let mut from = 0;
            for (range, written) in replaced {
                buffer.push_str(&document[from..range.start]);
                buffer.push_str(&written);
                from = range.end;
            }
            buffer.push_str(&document[from..]);
            out.append_value(&buffer);
        }
        Ok(Arc::new(out.finish()))
    }
}

impl Mask for JsonPath {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, |mask, input| mask.apply(input, &[]))
    }

    fn unmask(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        if !self.reversible {
            return Err(Error::NotReversible { mask: NAME });
        }
        self.run(values, |mask, input| mask.unmask(input, &[]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(rule: &str, document: &str) -> (String, Result<String>) {
        let rule: Rule = rule.parse().unwrap();
        let target = Target::new(ColumnType::Json);
        let mask = crate::mask::build(&rule, &target, &Secret::new([5; 32])).unwrap();
        let one = |array: &ArrayRef| text_of(array).unwrap().value(0).to_owned();
        let input: ArrayRef = Arc::new(StringArray::from(vec![document]));
        let masked = mask.apply(&input, &[]).unwrap();
        let back = mask.unmask(&masked, &[]).map(|back| one(&back));
        let told = crate::mask::properties(&rule).unwrap().unwrap().reversible;
        assert_eq!(told, back.is_ok(), "{rule}");
        (one(&masked), back)
    }

    #[test]
    fn what_reversible_masks_did_is_undone() {
        let document = r#"{"tel": "+49 30 123", "n": [17, 18], "k": "Ann", "x": null}"#;
        let (masked, back) = run(
            "MASKED WITH json_path('$.tel', 'fpe', '$.n[*]', 'permutation')",
            document,
        );
        assert_ne!(masked, document);
        assert!(masked.contains(r#""k": "Ann", "x": null"#), "{masked}");
        assert_eq!(back.unwrap(), document);
        for rule in [
            "MASKED WITH json_path('$.tel', 'fpe', '$.k', 'hash')",
            "MASKED WITH json_path('$.tel', 'value ''x''')",
            "MASKED WITH json_path('$.tel', 'null')",
        ] {
            assert!(run(rule, document).1.is_err(), "{rule}");
        }
    }
}
