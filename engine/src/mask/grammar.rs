//! Reading the text of a rule: a parser by hand, which says where it stopped and what it expected.

use super::condition::{Comparison, Condition, Test};
use super::rule::{Argument, Literal, Rule};
use crate::error::{Error, Result};

/// Reads a text from the front.
pub(super) struct Parser<'a> {
    text: &'a str,
    position: usize,
}

impl<'a> Parser<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, position: 0 }
    }

    /// Whether nothing but blanks is left.
    pub(super) fn at_end(&mut self) -> bool {
        self.skip_space();
        self.position >= self.text.len()
    }

    pub(super) fn error(&self, problem: &str) -> Error {
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

    /// A whole rule.
    pub(super) fn rule(&mut self) -> Result<Rule> {
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
        let rule = self.action()?;
        let start = self.position;
        match self.word() {
            Some(word) if word.eq_ignore_ascii_case("WHEN") => Ok(Rule::When {
                rule: Box::new(rule),
                condition: self.condition()?,
            }),
            _ => {
                self.position = start;
                Ok(rule)
            }
        }
    }

    /// What stands after MASKED WITH, up to WHEN.
    pub(super) fn action(&mut self) -> Result<Rule> {
        let Some(name) = self.word() else {
            return Err(self.error("expected the name of a mask"));
        };
        let name = name.to_ascii_lowercase();
        match name.as_str() {
            "value" => Ok(Rule::Value(self.literal()?)),
            "function" => self.function(),
            _ => {
                let arguments = self.list(Self::argument)?;
                Ok(Rule::Mask { name, arguments })
            }
        }
    }

    fn function(&mut self) -> Result<Rule> {
        let schema = self.identifier("the function's schema and name")?;
        if !self.symbol(".") {
            return Err(self.error("expected the function's schema and a dot before its name"));
        }
        let name = self.identifier("the function's name")?;
        let arguments = self.list(Self::literal)?;
        Ok(Rule::Function {
            schema,
            name,
            arguments,
        })
    }

    fn condition(&mut self) -> Result<Condition> {
        let column = self.identifier("the name of a column")?;
        for (symbol, comparison) in Comparison::SYMBOLS {
            if self.symbol(symbol) {
                let start = self.position;
                let literal = self.literal()?;
                if literal == Literal::Null {
                    self.position = start;
                    self.skip_space();
                    return Err(self.error("nothing equals NULL: write IS NULL or IS NOT NULL"));
                }
                let test = Test::Compare(*comparison, literal);
                return Ok(Condition { column, test });
            }
        }
        if self.keyword("IS").is_err() {
            return Err(self.error("expected =, <>, <, <=, >, >= or IS"));
        }
        let test = if self.keyword("NOT").is_ok() {
            Test::IsNotNull
        } else {
            Test::IsNull
        };
        self.keyword("NULL")?;
        Ok(Condition { column, test })
    }

    /// What stands in parentheses, separated by commas; nothing without parentheses.
    fn list<T>(&mut self, mut item: impl FnMut(&mut Self) -> Result<T>) -> Result<Vec<T>> {
        let mut items = Vec::new();
        if self.symbol("(") && !self.symbol(")") {
            loop {
                items.push(item(self)?);
                if self.symbol(")") {
                    break;
                }
                if !self.symbol(",") {
                    return Err(self.error("expected , or )"));
                }
            }
        }
        Ok(items)
    }

    /// An identifier of SQL: a word, folded to lower case, or anything in double quotes.
    fn identifier(&mut self, what: &str) -> Result<String> {
        self.skip_space();
        if self.rest().starts_with('"') {
            return self.quoted('"', "the quoted name does not end");
        }
        match self.word() {
            Some(word) => Ok(word.to_ascii_lowercase()),
            None => Err(self.error(&format!("expected {what}"))),
        }
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

    /// A literal.
    pub(super) fn literal(&mut self) -> Result<Literal> {
        self.skip_space();
        let rest = self.rest();
        if rest.starts_with('\'') {
            return self
                .quoted('\'', "the quoted text does not end")
                .map(Literal::Text);
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

    /// What stands between two quotes; the quote itself is doubled there.
    fn quoted(&mut self, quote: char, problem: &str) -> Result<String> {
        let mut value = String::new();
        let mut quotes = self
            .rest()
            .match_indices(quote)
            .map(|(at, _)| at)
            .skip(1)
            .peekable();
        let rest = self.rest();
        let mut from = 1;
        while let Some(at) = quotes.next() {
            value.push_str(&rest[from..at]);
            if quotes.next_if_eq(&(at + 1)).is_none() {
                self.position += at + 1;
                return Ok(value);
            }
            value.push(quote);
            from = at + 2;
        }
        Err(self.error(problem))
    }
}
