//! The text of a label: `MASKED WITH FUNCTION schema.name(arguments)` and its like.

use super::Literal;
use super::dump::{Reader, Token, literal};

/// What a label says of a column.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Masked {
    /// `NOT MASKED`.
    Not,
    /// `MASKED WITH VALUE expression`.
    Value(Argument),
    /// `MASKED WITH FUNCTION schema.name(...)`.
    Function(Call),
}

/// A call of a function.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Call {
    pub schema: String,
    pub name: String,
    pub arguments: Vec<Argument>,
}

/// An argument of a call.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    /// A literal, casts taken off.
    Literal(Literal),
    /// A column of the same row.
    Column(String),
    /// `ARRAY[...]` of literals.
    Array(Vec<Literal>),
    /// Anything else.
    Expression,
}

impl Argument {
    /// The literal, if it is one.
    pub(super) fn literal(&self) -> Option<&Literal> {
        match self {
            Self::Literal(literal) => Some(literal),
            _ => None,
        }
    }
}

/// Text as a literal.
pub(super) fn text_literal(text: &str) -> Literal {
    Literal::Text(text.to_owned())
}

/// Reads a label's text; the error says what is not understood.
pub(super) fn read(text: &str) -> Result<Masked, String> {
    let mut tokens = Vec::new();
    let mut reader = Reader::new(text);
    while let Some(token) = reader.next() {
        tokens.push(token);
        if tokens.len() > 2_000 {
            return Err("the label is too long".to_owned());
        }
    }
    let mut parser = Parser { tokens, at: 0 };
    let words = |parser: &mut Parser, words: &[&str]| words.iter().all(|word| parser.word(word));
    if words(&mut parser, &["not", "masked"]) {
        return Ok(Masked::Not);
    }
    parser.at = 0;
    if !words(&mut parser, &["masked", "with"]) {
        return Err("the label is no masking rule".to_owned());
    }
    if parser.word("value") || parser.word("constant") {
        return Ok(Masked::Value(parser.argument(0)));
    }
    if !parser.word("function") {
        return Err("the label names neither a function nor a value".to_owned());
    }
    parser.call().map(Masked::Function)
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn word(&mut self, word: &str) -> bool {
        let found = self.peek().is_some_and(|token| token.is(word));
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let found = self.peek() == Some(&Token::Symbol(symbol));
        self.at += usize::from(found);
        found
    }

    fn call(&mut self) -> Result<Call, String> {
        let mut path = Vec::new();
        loop {
            let part = self
                .peek()
                .and_then(Token::identifier)
                .ok_or("the function's name cannot be read")?;
            self.at += 1;
            path.push(part);
            if !self.symbol('.') {
                break;
            }
        }
        if !self.symbol('(') {
            return Err("the function has no arguments in parentheses".to_owned());
        }
        let mut arguments = Vec::new();
        if !self.symbol(')') {
            loop {
                arguments.push(self.argument(0));
                if self.symbol(')') {
                    break;
                }
                if !self.symbol(',') {
                    return Err("an argument cannot be read".to_owned());
                }
            }
        }
        let name = path.pop().unwrap_or_default();
        Ok(Call {
            schema: path.pop().unwrap_or_default(),
            name,
            arguments,
        })
    }

    /// An argument, up to the comma or parenthesis after it.
    fn argument(&mut self, depth: u32) -> Argument {
        let from = self.at;
        let found = self.simple(depth);
        self.casts();
        let at_end = matches!(
            self.peek(),
            None | Some(Token::Symbol(',' | ')' | ']' | ';'))
        );
        match found {
            Some(argument) if at_end => argument,
            _ => {
                self.at = from;
                self.skip_expression();
                Argument::Expression
            }
        }
    }

    fn simple(&mut self, depth: u32) -> Option<Argument> {
        // `name => value` and `name := value`.
        if let (Some(_), Some(Token::Symbol(a)), Some(Token::Symbol(b))) = (
            self.peek().and_then(Token::identifier),
            self.tokens.get(self.at + 1),
            self.tokens.get(self.at + 2),
        ) && matches!((a, b), ('=', '>') | (':', '='))
        {
            self.at += 3;
        }
        if self.symbol('(') && depth < 20 {
            let inner = self.argument(depth + 1);
            return self.symbol(')').then_some(inner);
        }
        let negative = self.symbol('-');
        let token = self.peek()?.clone();
        self.at += 1;
        if let Some(literal) = literal(&token, negative) {
            return Some(Argument::Literal(literal));
        }
        if negative {
            return None;
        }
        if token.is("array") && self.symbol('[') {
            let mut literals = Vec::new();
            while !self.symbol(']') {
                literals.push(self.argument(depth + 1).literal()?.clone());
                self.symbol(',');
                self.peek()?;
            }
            return Some(Argument::Array(literals));
        }
        // `DATE '2020-01-01'`.
        if let (Token::Word(_), Some(Token::Text(text))) = (&token, self.peek()) {
            let literal = text_literal(text);
            self.at += 1;
            return Some(Argument::Literal(literal));
        }
        let name = token.identifier()?;
        if self.symbol('.') {
            // `table.column`, also `NEW.column`.
            let column = self.peek()?.identifier()?;
            self.at += 1;
            return (self.peek() != Some(&Token::Symbol('('))).then_some(Argument::Column(column));
        }
        (self.peek() != Some(&Token::Symbol('('))).then_some(Argument::Column(name))
    }

    /// `::type(…)[]`, any number of them.
    fn casts(&mut self) {
        while self.peek() == Some(&Token::Symbol(':'))
            && self.tokens.get(self.at + 1) == Some(&Token::Symbol(':'))
        {
            self.at += 2;
            while self
                .peek()
                .is_some_and(|token| token.identifier().is_some() || *token == Token::Symbol('.'))
            {
                self.at += 1;
            }
            if self.symbol('(') {
                self.skip_expression();
                self.symbol(')');
            }
            while self.symbol('[') {
                self.symbol(']');
            }
        }
    }

    fn skip_expression(&mut self) {
        let mut depth = 0_u32;
        while let Some(token) = self.peek() {
            match token {
                Token::Symbol('(' | '[') => depth += 1,
                Token::Symbol(')' | ']' | ',') if depth == 0 => return,
                Token::Symbol(')' | ']') => depth -= 1,
                _ => {}
            }
            self.at += 1;
        }
    }
}
