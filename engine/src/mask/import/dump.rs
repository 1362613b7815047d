//! Finding SECURITY LABEL statements in the text of a dump: comments, quoted text, dollar quotes
//! and the rows of COPY are passed over.

use super::Literal;
use super::call::text_literal;

/// The most labels of a dump.
const MOST_LABELS: usize = 100_000;

/// A label as it stands in a dump.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Line of the dump, from 1.
    pub line: usize,
    /// The provider: `anon`, or the name of another masking policy.
    pub provider: String,
    /// What it is on, in capitals: `COLUMN`, `ROLE`, `TABLE`, ...
    pub kind: String,
    /// Parts of the object's name, quotes taken off.
    pub object: Vec<String>,
    /// The label; `None`: `IS NULL`.
    pub text: Option<String>,
}

impl Label {
    pub(super) fn starts_with(&self, word: &str) -> bool {
        self.text.as_deref().is_some_and(|text| {
            text.trim_start()
                .get(..word.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(word))
        })
    }
}

/// The labels of a dump for PostgreSQL Anonymizer: of provider `anon`, and of others whose text is
/// a masking rule of it. Those of `pg_synth` are none.
pub fn labels(dump: &str) -> Vec<Label> {
    let mut reader = Reader::new(dump);
    let mut found = Vec::new();
    while let Some(token) = reader.next() {
        if found.len() >= MOST_LABELS {
            break;
        }
        let line = reader.line;
        let Token::Word(word) = token else {
            reader.at_start = matches!(token, Token::Symbol(';'));
            continue;
        };
        if !reader.at_start {
            continue;
        }
        reader.at_start = false;
        if word.eq_ignore_ascii_case("copy") {
            reader.skip_copy();
            reader.at_start = true;
        } else if word.eq_ignore_ascii_case("security")
            && let Some(mut label) = reader.label()
        {
            label.line = line;
            let masks = label.provider != "pg_synth" && label.starts_with("MASKED WITH");
            if label.provider == "anon" || masks {
                found.push(label);
            }
        }
    }
    found
}

/// A token of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An identifier or keyword without quotes, as written.
    Word(String),
    /// An identifier in double quotes.
    Quoted(String),
    /// Text in quotes of any kind.
    Text(String),
    /// A number.
    Number(String),
    /// Anything else.
    Symbol(char),
}

impl Token {
    /// As an identifier: without quotes it is in lower case.
    pub(super) fn identifier(&self) -> Option<String> {
        match self {
            Self::Word(word) => Some(word.to_lowercase()),
            Self::Quoted(name) => Some(name.clone()),
            _ => None,
        }
    }

    pub(super) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Word(written) if written.eq_ignore_ascii_case(word))
    }
}

/// Reads tokens of SQL.
pub(super) struct Reader<'a> {
    text: &'a str,
    position: usize,
    line: usize,
    counted: usize,
    at_start: bool,
}

impl<'a> Reader<'a> {
    pub(super) const fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            line: 1,
            counted: 0,
            at_start: true,
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.position..).unwrap_or_default()
    }

    fn advance(&mut self, bytes: usize) {
        self.position = (self.position + bytes).min(self.text.len());
    }

    fn skip_space(&mut self) {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            self.advance(rest.len() - trimmed.len());
            if trimmed.starts_with("--") {
                self.advance(trimmed.find('\n').unwrap_or(trimmed.len()));
            } else if trimmed.starts_with("/*") {
                self.advance(comment(trimmed));
            } else if trimmed.starts_with('\\') && self.at_start {
                // A command of psql's.
                self.advance(trimmed.find('\n').unwrap_or(trimmed.len()));
            } else {
                return;
            }
        }
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Option<Token> {
        self.skip_space();
        let new_lines = self.text[self.counted..self.position].matches('\n').count();
        self.line += new_lines;
        self.counted = self.position;
        let rest = self.rest();
        let first = rest.chars().next()?;
        if first == '\'' {
            return Some(self.quoted_text(0, false));
        }
        if first == '"' {
            let (name, length) = doubled(rest, '"');
            self.advance(length);
            return Some(Token::Quoted(name));
        }
        if matches!(first, 'e' | 'E') && rest[1..].starts_with('\'') {
            return Some(self.quoted_text(1, true));
        }
        if matches!(first, 'n' | 'N') && rest[1..].starts_with('\'') {
            return Some(self.quoted_text(1, false));
        }
        if first == '$'
            && let Some((text, length)) = dollar(rest)
        {
            self.advance(length);
            return Some(Token::Text(text));
        }
        if first.is_alphabetic() || first == '_' {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
                .unwrap_or(rest.len());
            self.advance(length);
            return Some(Token::Word(rest[..length].to_owned()));
        }
        if first.is_ascii_digit() {
            let length = rest
                .find(|c: char| !(c.is_ascii_digit() || c == '.'))
                .unwrap_or(rest.len());
            self.advance(length);
            return Some(Token::Number(rest[..length].to_owned()));
        }
        self.advance(first.len_utf8());
        Some(Token::Symbol(first))
    }

    fn quoted_text(&mut self, prefix: usize, escapes: bool) -> Token {
        let rest = &self.rest()[prefix..];
        let (text, length) = if escapes {
            escaped(rest)
        } else {
            doubled(rest, '\'')
        };
        self.advance(prefix + length);
        Token::Text(text)
    }

    /// The rest of `COPY ... FROM stdin;`: its rows up to `\.`; of another COPY nothing.
    fn skip_copy(&mut self) {
        let mut from_client = false;
        while let Some(token) = self.next() {
            from_client |= token.is("stdin");
            if token == Token::Symbol(';') {
                break;
            }
        }
        if !from_client {
            return;
        }
        let rest = self.rest();
        let end = rest
            .find("\n\\.")
            .map_or(rest.len(), |at| at + "\n\\.".len());
        self.advance(end);
    }

    /// `LABEL [FOR provider] ON kind object IS 'label'`, after SECURITY.
    fn label(&mut self) -> Option<Label> {
        if !self.next()?.is("label") {
            return None;
        }
        let mut token = self.next()?;
        let mut provider = "anon".to_owned();
        if token.is("for") {
            provider = match self.next()? {
                Token::Text(name) => name,
                other => other.identifier()?,
            };
            token = self.next()?;
        }
        if !token.is("on") {
            return None;
        }
        let mut kind = match self.next()? {
            Token::Word(word) => word.to_uppercase(),
            _ => return None,
        };
        let mut object = Vec::new();
        let mut depth = 0_u32;
        loop {
            let token = self.next()?;
            match &token {
                Token::Symbol('(') => depth += 1,
                Token::Symbol(')') => depth = depth.saturating_sub(1),
                // What is between parentheses are argument types of a function.
                _ if depth > 0 => {}
                Token::Symbol('.') => {}
                Token::Symbol(_) => return None,
                _ if token.is("is") && !object.is_empty() => break,
                _ if token.is("view") && kind == "MATERIALIZED" => kind.push_str(" VIEW"),
                _ if token.is("table") && kind == "FOREIGN" => kind.push_str(" TABLE"),
                _ => object.push(token.identifier()?),
            }
        }
        let text = match self.next()? {
            Token::Text(text) => Some(self.continued(text)),
            token if token.is("null") => None,
            _ => return None,
        };
        Some(Label {
            line: 0,
            provider,
            kind,
            object,
            text,
        })
    }

    /// Text goes on where another quote follows on a later line.
    fn continued(&mut self, mut text: String) -> String {
        loop {
            let rest = self.rest();
            let trimmed = rest.trim_start();
            let space = &rest[..rest.len() - trimmed.len()];
            if !space.contains('\n') || !trimmed.starts_with('\'') {
                return text;
            }
            self.advance(space.len());
            if let Token::Text(more) = self.quoted_text(0, false) {
                text.push_str(&more);
            }
        }
    }
}

/// Length of a comment with others inside.
fn comment(text: &str) -> usize {
    let bytes = text.as_bytes();
    let (mut depth, mut at) = (0_u32, 0);
    while at < bytes.len() {
        match bytes.get(at..at + 2) {
            Some(b"/*") => {
                depth += 1;
                at += 2;
            }
            Some(b"*/") => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    text.len()
}

/// Text in quotes that stand doubled inside; gives its bytes with quotes too.
fn doubled(rest: &str, quote: char) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        if char != quote {
            text.push(char);
        } else if chars.next_if(|(_, next)| *next == quote).is_some() {
            text.push(quote);
        } else {
            return (text, at + 1);
        }
    }
    (text, rest.len())
}

/// Text of the form `E'...'`, from its quote on.
fn escaped(rest: &str) -> (String, usize) {
    let mut text = String::new();
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, char)) = chars.next() {
        match char {
            '\'' => {
                if chars.next_if(|(_, next)| *next == '\'').is_none() {
                    return (text, at + 1);
                }
                text.push('\'');
            }
            '\\' => match chars.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, 't')) => text.push('\t'),
                Some((_, 'r')) => text.push('\r'),
                Some((_, 'b')) => text.push('\u{8}'),
                Some((_, 'f')) => text.push('\u{c}'),
                Some((_, other)) => text.push(other),
                None => {}
            },
            _ => text.push(char),
        }
    }
    (text, rest.len())
}

/// Text in dollar quotes, if it is one; gives its bytes with quotes too.
fn dollar(rest: &str) -> Option<(String, usize)> {
    let tag_end = rest[1..].find('$')? + 2;
    let tag = &rest[..tag_end];
    let is_tag = tag[1..tag_end - 1]
        .chars()
        .all(|c| c.is_alphanumeric() || c == '_')
        && !tag[1..].starts_with(|c: char| c.is_ascii_digit());
    if !is_tag {
        return None;
    }
    let body = &rest[tag_end..];
    let length = body.find(tag).unwrap_or(body.len());
    let whole = (tag_end + length + tag.len()).min(rest.len());
    Some((body[..length].to_owned(), whole))
}

/// The literal of a token.
pub(super) fn literal(token: &Token, negative: bool) -> Option<Literal> {
    match token {
        Token::Text(text) if !negative => Some(text_literal(text)),
        Token::Number(digits) => {
            let number = if negative {
                format!("-{digits}")
            } else {
                digits.clone()
            };
            Some(
                number
                    .parse()
                    .map_or(Literal::Decimal(number), Literal::Integer),
            )
        }
        _ if negative => None,
        token if token.is("null") => Some(Literal::Null),
        token if token.is("true") => Some(Literal::Boolean(true)),
        token if token.is("false") => Some(Literal::Boolean(false)),
        _ => None,
    }
}
