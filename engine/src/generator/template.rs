//! Text out of other generators: templates.
//!
//! `{name}` stands for a value, `{name:argument}` for one with its required parameter and
//! `{name:parameter=value, ...}` for one with others; `{{` and `}}` are braces. Braces within an
//! argument must match, as they do in `{pattern:[A-Z]{3}}`. A variable wins over a generator of its
//! name.

use std::collections::HashMap;
use std::fmt::{self, Write};

use serde_json::Value;

use super::arguments::plain;
use super::{Arguments, Bound, Generator, Subject, find};
use crate::entropy::remix;
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::schema::ColumnType;

/// The longest template, in bytes.
const MOST_BYTES: usize = 64 << 10;

/// The most values in a template.
const MOST_VALUES: usize = 100;

/// The family's entries.
pub(super) const ENTRIES: &[Generator] = &[Generator::bound(
    "template",
    "Text with values in it: {first_name} {last_name} <{email}>.",
    &[
        Parameter {
            name: "template",
            parameter_type: ParameterType::Text,
            default: None,
            summary: "Text with {generator}, {generator:argument} or {variable} in it; {{ is a brace.",
        },
        Parameter {
            name: "variables",
            parameter_type: ParameterType::Json,
            default: Some("NULL"),
            summary: "Object of variables; they win over generators.",
        },
    ],
    ColumnType::Text,
    template,
)
.with_example(&[("template", "{first_name} {last_name} <{email}>")])
.of_whole_row()];

enum Part {
    Literal(String),
    Value {
        bound: Bound,
        subject: Subject,
        /// How often the same generator stands before, where it has no group: it is another value.
        again: u32,
    },
}

impl Part {
    fn write(&self, row: u64, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Literal(text) => out.write_str(text),
            Self::Value {
                bound,
                subject,
                again,
            } => {
                let entropy = (0..*again).fold(subject.of(row), |entropy, _| remix(entropy));
                bound.write(entropy, out)
            }
        }
    }
}

fn template(arguments: &Arguments<'_>) -> Result<Bound> {
    let text = arguments.text("template")?;
    if text.len() > MOST_BYTES {
        return Err(arguments.error(format!("template must be at most {MOST_BYTES} bytes long")));
    }
    let variables = match arguments.optional("variables") {
        None => serde_json::Map::new(),
        Some(_) => match arguments.json("variables")? {
            Value::Object(variables) => variables,
            Value::Null => serde_json::Map::new(),
            _ => return Err(arguments.error("variables must be a JSON object".to_owned())),
        },
    };
    let parts = Reader {
        arguments,
        variables,
        seen: HashMap::new(),
        parts: Vec::new(),
    }
    .read(text)?;
    Ok(Bound::text(move |row, out| {
        parts.iter().try_for_each(|part| part.write(row, out))
    }))
}

struct Reader<'a> {
    arguments: &'a Arguments<'a>,
    variables: serde_json::Map<String, Value>,
    seen: HashMap<&'static str, u32>,
    parts: Vec<Part>,
}

impl Reader<'_> {
    fn read(mut self, text: &str) -> Result<Vec<Part>> {
        let mut rest = text;
        let mut literal = String::new();
        while let Some(at) = rest.find(['{', '}']) {
            literal.push_str(&rest[..at]);
            let position = text[..text.len() - rest.len() + at].chars().count() + 1;
            let brace = &rest[at..=at];
            let after = &rest[at + 1..];
            if let Some(after) = after.strip_prefix(brace) {
                literal.push_str(brace);
                rest = after;
                continue;
            }
            let end = matching(after).filter(|_| brace == "{").ok_or_else(|| {
                self.problem(position, &format!("a {brace} without its counterpart"))
            })?;
            if !literal.is_empty() {
                self.parts.push(Part::Literal(std::mem::take(&mut literal)));
            }
            let part = self.value(&after[..end], position)?;
            self.parts.push(part);
            if self.parts.len() > 2 * MOST_VALUES {
                return Err(self.problem(position, &format!("more than {MOST_VALUES} values")));
            }
            rest = &after[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            self.parts.push(Part::Literal(literal));
        }
        Ok(self.parts)
    }

    fn value(&mut self, text: &str, position: usize) -> Result<Part> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name.trim(), Some(argument)),
            None => (text.trim(), None),
        };
        if let Some(value) = self.variables.get(name) {
            return Ok(Part::Literal(match value {
                Value::Null => String::new(),
                value => plain(value.clone()),
            }));
        }
        let generator = find(name).map_err(|error| match error {
            Error::Unknown { name, known, .. } => Error::Unknown {
                kind: "generator or variable",
                name,
                known,
            },
            other => other,
        })?;
        if generator.entry.name == self.arguments.entry().name {
            return Err(self.problem(position, "a template cannot stand in a template"));
        }
        let required = generator
            .entry
            .parameters
            .iter()
            .find(|p| p.default.is_none());
        let mut given: Vec<(&str, &str)> = Vec::new();
        match (argument, required) {
            (Some(argument), Some(required)) => given.push((required.name, argument)),
            (Some(argument), None) => {
                for pair in argument.split(',') {
                    let (name, value) = pair.split_once('=').ok_or_else(|| {
                        self.problem(
                            position,
                            "arguments are written {generator:parameter=value}",
                        )
                    })?;
                    given.push((name.trim(), value.trim()));
                }
            }
            (None, _) => {}
        }
        let bound = generator.bind(&given)?;
        let again = if generator.group.is_some() {
            0
        } else {
            let count = self.seen.entry(generator.entry.name).or_default();
            *count += 1;
            *count - 1
        };
        Ok(Part::Value {
            bound,
            subject: generator.subject(),
            again,
        })
    }

    fn problem(&self, position: usize, problem: &str) -> Error {
        self.arguments.error(format!(
            "{problem}, at character {position} of the template"
        ))
    }
}

/// Where the brace is that closes one opened before `text`.
fn matching(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return Some(at),
            '}' => depth -= 1,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use crate::generator::find;

    fn template(text: &str, variables: &str) -> crate::Result<String> {
        let generator = find("template").unwrap();
        let bound = generator.bind(&[("template", text), ("variables", variables)])?;
        Ok(bound.value(generator.draws(1).at(7)))
    }

    #[test]
    fn values_agree_with_each_other_and_with_columns() {
        let of = |name: &str| {
            let generator = find(name).unwrap();
            generator.value(generator.draws(1).at(7))
        };
        assert_eq!(
            template("{first_name} {last_name} <{email}>", "{}").unwrap(),
            format!("{} {} <{}>", of("first_name"), of("last_name"), of("email"))
        );
        // Values without a group are drawn anew.
        let two = template("{ssn}/{ssn}", "{}").unwrap();
        let (a, b) = two.split_once('/').unwrap();
        assert_eq!(a, of("ssn"));
        assert_ne!(a, b);
    }

    #[test]
    fn arguments_braces_and_variables() {
        let text = template(
            "{{{pattern:[A-Z]{3}}}} {uniform_integer:minimum=5, maximum=5}",
            "{}",
        );
        let text = text.unwrap();
        assert!(
            text.len() == 7 && text.starts_with('{') && text.ends_with("} 5"),
            "{text}"
        );
        assert_eq!(
            template(
                "{first_name} {n} {none}",
                r#"{"first_name": "Ada", "n": 3, "none": null}"#
            )
            .unwrap(),
            "Ada 3 "
        );
        assert_eq!(template("", "{}").unwrap(), "");
    }

    #[test]
    fn problems_say_where() {
        for (text, says) in [
            (
                "ab {first_name",
                "a { without its counterpart, at character 4",
            ),
            ("ab}", "a } without its counterpart, at character 3"),
            ("{nosuch}", "nosuch"),
            ("{ssn:x}", "parameter=value"),
            ("{pattern}", "missing"),
            ("{pattern:[}", "pattern at character"),
            ("{template:x}", "cannot stand in a template"),
        ] {
            let error = template(text, "{}").unwrap_err();
            assert!(error.to_string().contains(says), "{text}: {error}");
            assert!(error.hint().is_some());
        }
        assert!(template(&"{ssn} ".repeat(300), "{}").is_err());
    }
}
