//! The text of a masking rule, as it stands in a security label.
//!
//! ```text
//! MASKED WITH <mask>[(literal, ...)]     each literal may be named: name => literal
//! MASKED WITH VALUE <literal>
//! NOT MASKED
//! ```
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
        match (parameter_type, text.parse()) {
            (ParameterType::Integer, Ok(value)) => Self::Integer(value),
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
    /// `NOT MASKED`: looked at and left as it is.
    NotMasked,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotMasked => f.write_str("NOT MASKED"),
            Self::Value(literal) => write!(f, "MASKED WITH VALUE {literal}"),
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
        let mut parser = Parser { text, position: 0 };
        if text.len() > LONGEST_RULE {
            return Err(parser.error("a rule has at most 10,000 bytes"));
        }
        let rule = parser.rule()?;
        parser.skip_space();
        if parser.position < text.len() {
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
    given
        .into_iter()
        .zip(entry.parameters)
        .map(|(literal, parameter)| match (literal, parameter.default) {
            (Some(literal), _) => Ok(literal),
            (None, Some(default)) => Parser {
                text: default,
                position: 0,
            }
            .literal(),
            (None, None) => Err(problem(format!("takes {}", signature(entry)))),
        })
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

struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    fn error(&self, problem: &str) -> Error {
        let before = self.text.get(..self.position).unwrap_or(self.text);
        Error::Rule {
            position: before.chars().count() + 1,
            problem: problem.to_owned(),
        }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.position..]
    }

    fn skip_space(&mut self) {
        self.position = self.text.len() - self.rest().trim_start().len();
    }

    /// A run of letters, digits and underscores that starts with a letter or underscore.
    fn word(&mut self) -> Option<&'a str> {
        self.skip_space();
        let rest = self.rest();
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let word = &rest[..length];
        if word.is_empty() || word.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        self.position += length;
        Some(word)
    }

    fn keyword(&mut self, keyword: &str) -> Result<()> {
        let start = self.position;
        if self
            .word()
            .is_some_and(|word| word.eq_ignore_ascii_case(keyword))
        {
            return Ok(());
        }
        self.position = start;
        self.skip_space();
        Err(self.error(&format!("expected {keyword}")))
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.skip_space();
        let found = self.rest().starts_with(symbol);
        if found {
            self.position += symbol.len();
        }
        found
    }

    fn rule(&mut self) -> Result<Rule> {
        match self.word().map(str::to_ascii_uppercase).as_deref() {
            Some("NOT") => {
                self.keyword("MASKED")?;
                return Ok(Rule::NotMasked);
            }
            Some("MASKED") => {}
            _ => {
                self.position = 0;
                return Err(self.error("expected MASKED WITH or NOT MASKED"));
            }
        }
        self.keyword("WITH")?;
        let Some(name) = self.word() else {
            return Err(self.error("expected the name of a mask"));
        };
        let name = name.to_ascii_lowercase();
        if name == "value" {
            return Ok(Rule::Value(self.literal()?));
        }
        let mut arguments = Vec::new();
        if self.symbol("(") && !self.symbol(")") {
            loop {
                arguments.push(self.argument()?);
                if self.symbol(")") {
                    break;
                }
                if !self.symbol(",") {
                    return Err(self.error("expected , or )"));
                }
            }
        }
        Ok(Rule::Mask { name, arguments })
    }

    fn argument(&mut self) -> Result<Argument> {
        let start = self.position;
        if let Some(name) = self.word() {
            if self.symbol("=>") {
                return Ok((Some(name.to_ascii_lowercase()), self.literal()?));
            }
            self.position = start;
        }
        Ok((None, self.literal()?))
    }

    fn literal(&mut self) -> Result<Literal> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with('\'') {
            return self.text_literal();
        }
        if let Some(word) = self.word() {
            return match word.to_ascii_lowercase().as_str() {
                "true" => Ok(Literal::Boolean(true)),
                "false" => Ok(Literal::Boolean(false)),
                "null" => Ok(Literal::Null),
                _ => {
                    self.position -= word.len();
                    Err(self.error("expected a literal: a number, 'text', true, false or null"))
                }
            };
        }
        let length = rest
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+')))
            .unwrap_or(rest.len());
        let number = &rest[..length];
        let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
        let is_number = digits.starts_with(|c: char| c.is_ascii_digit())
            && digits.matches('.').count() <= 1
            && !digits.contains(['-', '+']);
        if !is_number {
            return Err(self.error("expected a literal: a number, 'text', true, false or null"));
        }
        self.position += length;
        Ok(number
            .parse()
            .map_or_else(|_| Literal::Decimal(number.to_owned()), Literal::Integer))
    }

    fn text_literal(&mut self) -> Result<Literal> {
        let mut value = String::new();
        let mut quotes = self
            .rest()
            .match_indices('\'')
            .map(|(at, _)| at)
            .skip(1)
            .peekable();
        let rest = self.rest();
        let mut from = 1;
        while let Some(at) = quotes.next() {
            value.push_str(&rest[from..at]);
            if quotes.next_if_eq(&(at + 1)).is_none() {
                self.position += at + 1;
                return Ok(Literal::Text(value));
            }
            value.push('\'');
            from = at + 2;
        }
        Err(self.error("the quoted text does not end"))
    }
}

#[cfg(test)]
mod tests {
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
        ) {
            prop_assume!(name != "value");
            for rule in [Rule::Mask { name, arguments }, Rule::Value(value), Rule::NotMasked] {
                prop_assert_eq!(rule.to_string().parse::<Rule>(), Ok(rule));
            }
        }

        #[test]
        fn no_text_panics(text in "(MASKED WITH )?[a-z(),'=> 0-9é;-]{0,30}") {
            let _ = text.parse::<Rule>();
        }
    }
}
