//! The text of a masking rule, as it stands in a security label.
//!
//! ```text
//! MASKED WITH <mask>[(literal, ...)] [WHEN <condition>]    each literal may be named: name => literal
//! MASKED WITH VALUE <literal> [WHEN <condition>]
//! MASKED WITH FUNCTION <schema>.<name>[(literal, ...)] [WHEN <condition>]
//! NOT MASKED
//!
//! condition:  <column> = | <> | < | <= | > | >= <literal>
//!             <column> IS NULL | IS NOT NULL
//! ```
//! Names of schemas, functions and columns are identifiers of SQL: folded to lower case unless they
//! stand in double quotes.
//! Literals are whole and decimal numbers, `'text'` (with `''` for a quote), `true`, `false` and
//! `null`. The text is read into a registry entry with literal arguments and never becomes SQL.
//!
//! ```
//! use synth_engine::mask::{Literal, Rule};
//!
//! let rule: Rule = "masked with hash(length => 32)".parse()?;
//! assert_eq!(rule.to_string(), "MASKED WITH hash(length => 32)");
//! assert_eq!("MASKED WITH VALUE 'x'".parse::<Rule>()?, Rule::Value(Literal::Text("x".into())));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt;
use std::str::FromStr;

use super::condition::{Condition, identifier};
use super::grammar::Parser;
use crate::error::{Error, Result};
use crate::registry::{Entry, ParameterType};

/// The longest rule, in bytes.
const LONGEST_RULE: usize = 10_000;

/// A literal argument.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Literal {
    /// Whole number.
    Integer(i64),
    /// Number with a decimal point, or beyond 64 bits, as written.
    Decimal(String),
    /// Text.
    Text(String),
    /// Truth value.
    Boolean(bool),
    /// NULL.
    Null,
}

impl Literal {
    /// The characters that a type's input function reads; `None` for NULL.
    pub fn as_input(&self) -> Option<String> {
        match self {
            Self::Integer(value) => Some(value.to_string()),
            Self::Decimal(text) | Self::Text(text) => Some(text.clone()),
            Self::Boolean(value) => Some(value.to_string()),
            Self::Null => None,
        }
    }

    /// Reads an argument given as text, by the type of its parameter.
    pub fn from_text(text: &str, parameter_type: ParameterType) -> Self {
        let as_number = || {
            let mut parser = Parser::new(text);
            let literal = parser.literal().ok()?;
            let is_number = matches!(literal, Self::Integer(_) | Self::Decimal(_));
            (is_number && parser.at_end()).then_some(literal)
        };
        match parameter_type {
            ParameterType::Integer => text
                .parse()
                .map_or_else(|_| Self::Text(text.to_owned()), Self::Integer),
            ParameterType::Number | ParameterType::Literal => {
                as_number().unwrap_or_else(|| Self::Text(text.to_owned()))
            }
            ParameterType::Boolean => text
                .parse()
                .map_or_else(|_| Self::Text(text.to_owned()), Self::Boolean),
            _ => Self::Text(text.to_owned()),
        }
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(text) => f.write_str(text),
            Self::Text(text) => write!(f, "'{}'", text.replace('\'', "''")),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Null => f.write_str("NULL"),
        }
    }
}

/// An argument as written: its name, if given, and the literal.
pub type Argument = (Option<String>, Literal);

/// A masking rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `MASKED WITH <mask>[(...)]`.
    Mask {
        /// The mask's name, lower case.
        name: String,
        /// Arguments as written.
        arguments: Vec<Argument>,
    },
    /// `MASKED WITH VALUE <literal>`.
    Value(Literal),
    /// `MASKED WITH FUNCTION <schema>.<name>[(...)]`: a function of the user's, which takes the
    /// value and then the literals.
    Function {
        /// The function's schema.
        schema: String,
        /// The function's name.
        name: String,
        /// What it is given after the value.
        arguments: Vec<Literal>,
    },
    /// `... WHEN <condition>`: for rows where the condition holds; others stay as they are.
    When {
        /// What happens where it holds; never `When` or `NotMasked`.
        rule: Box<Rule>,
        /// When it happens.
        condition: Condition,
    },
    /// `NOT MASKED`: looked at and left as it is.
    NotMasked,
}

impl Rule {
    /// What happens to the rows it holds for.
    pub fn action(&self) -> &Self {
        match self {
            Self::When { rule, .. } => rule,
            other => other,
        }
    }

    /// The condition, if it has one.
    pub fn condition(&self) -> Option<&Condition> {
        match self {
            Self::When { condition, .. } => Some(condition),
            _ => None,
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMasked => f.write_str("NOT MASKED"),
            Self::Value(literal) => write!(f, "MASKED WITH VALUE {literal}"),
            Self::When { rule, condition } => write!(f, "{rule} WHEN {condition}"),
            Self::Function {
                schema,
                name,
                arguments,
            } => {
                let (schema, name) = (identifier(schema), identifier(name));
                write!(f, "MASKED WITH FUNCTION {schema}.{name}")?;
                for (i, literal) in arguments.iter().enumerate() {
                    write!(f, "{}{literal}", if i == 0 { "(" } else { ", " })?;
                }
                f.write_str(if arguments.is_empty() { "" } else { ")" })
            }
            Self::Mask { name, arguments } => {
                write!(f, "MASKED WITH {name}")?;
                for (i, (parameter, literal)) in arguments.iter().enumerate() {
                    f.write_str(if i == 0 { "(" } else { ", " })?;
                    if let Some(parameter) = parameter {
                        write!(f, "{parameter} => ")?;
                    }
                    write!(f, "{literal}")?;
                }
                f.write_str(if arguments.is_empty() { "" } else { ")" })
            }
        }
    }
}

impl FromStr for Rule {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let mut parser = Parser::new(text);
        if text.len() > LONGEST_RULE {
            return Err(parser.error("a rule has at most 10,000 bytes"));
        }
        let rule = parser.rule()?;
        if !parser.at_end() {
            return Err(parser.error("expected the end of the rule"));
        }
        Ok(rule)
    }
}

/// Puts arguments into the order of the entry's parameters and fills in defaults.
pub fn resolve(entry: &'static Entry, arguments: &[Argument]) -> Result<Vec<Literal>> {
    let problem = |problem: String| Error::Argument {
        entry: entry.name,
        problem,
    };
    let mut given: Vec<Option<Literal>> = vec![None; entry.parameters.len()];
    let mut named = false;
    // More pairs of path and mask may follow the first.
    let more = if entry.name == super::json_path::NAME {
        arguments.len().saturating_sub(given.len())
    } else {
        0
    };
    let (arguments, rest) = arguments.split_at(arguments.len() - more);
    for (i, (name, literal)) in arguments.iter().enumerate() {
        let index = match name {
            None if named => {
                return Err(problem(
                    "a positional argument follows a named one".to_owned(),
                ));
            }
            None => Some(i).filter(|&i| i < given.len()),
            Some(name) => {
                named = true;
                entry.parameters.iter().position(|p| p.name == name)
            }
        };
        let slot = index.and_then(|index| given.get_mut(index));
        match slot {
            None => return Err(problem(format!("takes {}", signature(entry)))),
            Some(Some(_)) => return Err(problem("an argument is given twice".to_owned())),
            Some(slot) => *slot = Some(literal.clone()),
        }
    }
    if rest.iter().any(|(name, _)| name.is_some()) {
        return Err(problem("only the first arguments may be named".to_owned()));
    }
    given
        .into_iter()
        .zip(entry.parameters)
        .map(|(literal, parameter)| match (literal, parameter.default) {
            (Some(literal), _) => Ok(literal),
            (None, Some(default)) => Parser::new(default).literal(),
            (None, None) => Err(problem(format!("takes {}", signature(entry)))),
        })
        .chain(rest.iter().map(|(_, literal)| Ok(literal.clone())))
        .collect()
}

/// The parameters of an entry, as in `(prefix integer, padding text = '*')`.
fn signature(entry: &Entry) -> String {
    if entry.parameters.is_empty() {
        return "no arguments".to_owned();
    }
    let parameters: Vec<String> = entry
        .parameters
        .iter()
        .map(|p| {
            let default = p.default.map(|d| format!(" = {d}")).unwrap_or_default();
            format!("{} {}{default}", p.name, p.parameter_type.name())
        })
        .collect();
    format!("({})", parameters.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::condition::{Comparison, Test};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn positions_and_problems_are_told() {
        for (text, position, expected) in [
            ("", 1, "MASKED WITH or NOT MASKED"),
            ("MASKED email", 8, "expected WITH"),
            ("MASKED WITH ", 13, "name of a mask"),
            ("MASKED WITH email(", 19, "expected a literal"),
            ("MASKED WITH email('é", 19, "does not end"),
            ("MASKED WITH email('é' 3", 23, "expected , or )"),
            ("MASKED WITH email) ", 18, "end of the rule"),
            ("MASKED WITH hash(lower(x))", 18, "expected a literal"),
            ("NOT MASKED; DROP TABLE t", 11, "end of the rule"),
            ("MASKED WITH pg_catalog.upper(x)", 23, "end of the rule"),
            ("MASKED WITH VALUE 1-2", 19, "expected a literal"),
            ("MASKED WITH email WHEN", 23, "name of a column"),
            (
                "MASKED WITH email WHEN a",
                25,
                "expected =, <>, <, <=, >, >= or IS",
            ),
            ("MASKED WITH email WHEN a = b", 28, "expected a literal"),
            ("MASKED WITH email WHEN a = NULL", 28, "IS NULL"),
            (
                "MASKED WITH email WHEN a = 1 OR true",
                30,
                "end of the rule",
            ),
            ("MASKED WITH email WHEN lower(a) = 'x'", 29, "expected ="),
            ("MASKED WITH email WHEN \"a = 1", 24, "does not end"),
            ("NOT MASKED WHEN a = 1", 12, "end of the rule"),
            ("MASKED WITH FUNCTION f(1)", 23, "schema and a dot"),
            ("MASKED WITH FUNCTION s.f(a => 1)", 26, "expected a literal"),
            (
                "MASKED WITH FUNCTION s.f(1); DROP TABLE t",
                28,
                "end of the rule",
            ),
        ] {
            match text.parse::<Rule>() {
                Err(Error::Rule {
                    position: at,
                    problem,
                }) => {
                    assert!(problem.contains(expected), "{text}: {problem}");
                    assert_eq!(at, position, "{text}: {problem}");
                }
                other => panic!("{text}: {other:?}"),
            }
        }
    }

    fn literal() -> impl Strategy<Value = Literal> {
        prop_oneof![
            any::<i64>().prop_map(Literal::Integer),
            any::<bool>().prop_map(Literal::Boolean),
            Just(Literal::Null),
            ".{0,20}".prop_map(Literal::Text),
            (0..1000_i32, 0..100_u32).prop_map(|(a, b)| Literal::Decimal(format!("{a}.{b}"))),
        ]
    }

    proptest! {
        #[test]
        fn printed_rules_read_back(
            name in "[a-z_][a-z0-9_]{0,10}",
            arguments in proptest::collection::vec((proptest::option::of("[a-z_]{1,8}"), literal()), 0..4),
            value in literal(),
            column in "[a-zA-Z_][a-z0-9_ \"é]{0,10}",
        ) {
            prop_assume!(name != "value" && name != "function");
            let literals = arguments.iter().map(|(_, literal)| literal.clone()).collect();
            let function = Rule::Function { schema: column.clone(), name: "F \"x".to_owned(), arguments: literals };
            let mut rules = vec![Rule::Mask { name, arguments }, Rule::Value(value.clone()), function];
            for test in [Test::IsNull, Test::IsNotNull, Test::Compare(Comparison::LessOrEqual, value.clone())] {
                if value == Literal::Null && matches!(test, Test::Compare(..)) {
                    continue;
                }
                let rule = Box::new(rules[0].clone());
                rules.push(Rule::When { rule, condition: Condition { column: column.clone(), test } });
            }
            rules.push(Rule::NotMasked);
            for rule in rules {
                prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
            }
        }

        #[test]
        fn no_text_panics(text in "(MASKED WITH )?[a-z(),'=> 0-9é;-]{0,30}") {
            let _ = text.parse::<Rule>();
        }
    }
}
