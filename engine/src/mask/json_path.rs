//! `json_path`: masks for what paths find in JSON documents.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef, StringArray};

use super::arguments::Arguments;
use super::decimal::Decimal;
use super::grammar::Parser;
use super::json::{Found, Path, decode, encode, find};
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
        let mut values = Vec::new();
        find(document, &self.0, &mut |found| {
            values.push(said(document, &found));
            Ok(())
        })?;
        Ok(values)
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

/// What is found in a document says.
fn said(document: &str, found: &Found) -> String {
    let written = &document[found.range.clone()];
    if found.is_string {
        decode(written).unwrap_or_default()
    } else {
        written.to_owned()
    }
}

/// So many values are masked at once: of a document with more, a part after the other.
const MOST_VALUES: usize = 1 << 14;

/// What comes next on the way through documents.
enum Next {
    /// A value, and what stands in its place.
    Value(Range<usize>, Instead),
    /// The end of a document.
    End,
    /// A document that is NULL.
    Null,
}

/// What stands in a value's place.
#[derive(Clone, Copy)]
enum Instead {
    /// What the part of a path says.
    Constant(usize),
    Null,
    /// The next result of the mask of a path for text, or for numbers.
    Masked {
        path: usize,
        by: Kind,
        /// Whether it is written as a JSON string.
        quoted: bool,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
}

type Apply<'a> = &'a dyn Fn(&dyn Mask, &ArrayRef) -> Result<ArrayRef>;

/// Documents on their way through the masks.
struct Run<'a> {
    parts: &'a [Part],
    documents: &'a StringArray,
    apply: Apply<'a>,
    waiting: Vec<Next>,
    /// What waits to be masked, by path: as text, and as numbers.
    values: Vec<[Vec<String>; 2]>,
    /// The document that is written, and how far it has been.
    row: usize,
    from: usize,
    buffer: String,
    out: StringBuilder,
}

impl Run<'_> {
    fn document(&mut self, document: &str, paths: &[Path]) -> Result<()> {
        find(document, paths, &mut |found| {
            let instead = self.instead(document, &found);
            self.waiting.push(Next::Value(found.range, instead));
            if self.waiting.len() < MOST_VALUES {
                return Ok(());
            }
            self.write()
        })?;
        self.waiting.push(Next::End);
        Ok(())
    }

    fn instead(&mut self, document: &str, found: &Found) -> Instead {
        let path = found.path;
        let Part::Computed { text, number } = &self.parts[path] else {
            return Instead::Constant(path);
        };
        let said = said(document, found);
        // A number under a mask for numbers stays a number; a string under one is masked as the
        // number it says, or is gone.
        let by_number = number.is_some() && (!found.is_string || text.is_none());
        let (fits, by, quoted) = if by_number {
            let is_number = Decimal::parse(&said).is_some();
            (is_number, Kind::Number, found.is_string)
        } else {
            (text.is_some(), Kind::Text, true)
        };
        if !fits {
            return Instead::Null;
        }
        self.values[path][by as usize].push(said);
        Instead::Masked { path, by, quoted }
    }

    /// Masks what waits, each mask all of its values at once, and writes documents that far.
    fn write(&mut self) -> Result<()> {
        let mut masked = Vec::with_capacity(self.parts.len());
        for (part, values) in self.parts.iter().zip(&mut self.values) {
            let mut results = [None, None];
            if let Part::Computed { text, number } = part {
                for ((mask, said), result) in
                    [text, number].into_iter().zip(values).zip(&mut results)
                {
                    if let Some(mask) = mask
                        && !said.is_empty()
                    {
                        let input: ArrayRef =
                            Arc::new(StringArray::from_iter_values(said.drain(..)));
                        *result = Some(((self.apply)(mask.as_ref(), &input)?, 0));
                    }
                }
            }
            masked.push(results);
        }
        for next in self.waiting.drain(..) {
            match next {
                Next::Value(range, instead) => {
                    let document = self.documents.value(self.row);
                    self.buffer.push_str(&document[self.from..range.start]);
                    self.from = range.end;
                    match instead {
                        Instead::Null => self.buffer.push_str("null"),
                        Instead::Constant(path) => {
                            if let Part::Constant(value) = &self.parts[path] {
                                self.buffer.push_str(value);
                            }
                        }
                        Instead::Masked { path, by, quoted } => {
                            let Some((results, at)) = &mut masked[path][by as usize] else {
                                continue;
                            };
                            let results = text_of(results)?;
                            match results.is_valid(*at).then(|| results.value(*at)) {
                                None => self.buffer.push_str("null"),
                                Some(text) if quoted => self.buffer.push_str(&encode(text)),
                                Some(text) => self.buffer.push_str(text),
                            }
                            *at += 1;
                        }
                    }
                }
                Next::End => {
                    self.buffer
                        .push_str(&self.documents.value(self.row)[self.from..]);
                    self.out.append_value(&self.buffer);
                    self.buffer.clear();
                    (self.row, self.from) = (self.row + 1, 0);
                }
                Next::Null => {
                    self.out.append_null();
                    self.row += 1;
                }
            }
        }
        Ok(())
    }
}

impl JsonPath {
    fn run(&self, values: &ArrayRef, apply: Apply<'_>) -> Result<ArrayRef> {
        let documents = text_of(values)?;
        let mut run = Run {
            parts: &self.parts,
            documents,
            apply,
            waiting: Vec::new(),
            values: self.parts.iter().map(|_| Default::default()).collect(),
            row: 0,
            from: 0,
            buffer: String::new(),
            out: StringBuilder::with_capacity(documents.len(), documents.value_data().len()),
        };
        for document in documents {
            match document {
                Some(document) => run.document(document, &self.paths)?,
                None => run.waiting.push(Next::Null),
            }
        }
        run.write()?;
        Ok(Arc::new(run.out.finish()))
    }
}

impl Mask for JsonPath {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, &|mask, input| mask.apply(input, &[]))
    }

    fn unmask(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        if !self.reversible {
            return Err(Error::NotReversible { mask: NAME });
        }
        self.run(values, &|mask, input| mask.unmask(input, &[]))
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

    /// More values than are masked at once, in documents of all sizes, NULL among them.
    #[test]
    fn large_documents_are_masked_part_by_part() {
        let rule: Rule = "MASKED WITH json_path('$..s', 'fpe', '$..n', 'permutation')"
            .parse()
            .unwrap();
        let target = Target::new(ColumnType::Json);
        let mask = crate::mask::build(&rule, &target, &Secret::new([5; 32])).unwrap();
        let item = |i: usize| format!(r#"{{"s": "x{i}", "n": {i}, "k": "keep{i}"}}"#);
        let document = |count: usize| {
            let items: Vec<String> = (0..count).map(item).collect();
            format!("[{}]", items.join(", "))
        };
        let documents: Vec<Option<String>> = [3, 0, MOST_VALUES, 1, 5 * MOST_VALUES, 2]
            .into_iter()
            .flat_map(|count| [Some(document(count)), None])
            .collect();
        let input: ArrayRef = Arc::new(StringArray::from(documents.clone()));
        let masked = mask.apply(&input, &[]).unwrap();
        // Each value as a document by itself.
        let alone = |i: usize| {
            let one: ArrayRef = Arc::new(StringArray::from(vec![item(i)]));
            let one = mask.apply(&one, &[]).unwrap();
            text_of(&one).unwrap().value(0).to_owned()
        };
        let last = text_of(&masked).unwrap().value(8);
        for i in [0, 1, MOST_VALUES / 2, MOST_VALUES - 1, 5 * MOST_VALUES - 1] {
            assert!(last.contains(&alone(i)), "{i}");
        }
        let back = mask.unmask(&masked, &[]).unwrap();
        let again: Vec<Option<String>> = text_of(&back)
            .unwrap()
            .iter()
            .map(|document| document.map(str::to_owned))
            .collect();
        assert!(again == documents);
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
