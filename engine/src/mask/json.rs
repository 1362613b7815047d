//! Finding values in the text of a JSON document by path.
//!
//! Only what a path finds is touched; all else stays as it was written: the order of keys, numbers of
//! any length, blanks.

use crate::error::{Error, Result};
use crate::interrupt;

/// The deepest nesting, and the most values found in one document.
const DEEPEST: usize = 500;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// `.name`
    Key(String),
    /// `.*`
    AnyKey,
    /// `[3]`
    Index(usize),
    /// `[*]`
    AnyIndex,
    /// `..`: any number of steps.
    Descend,
}

/// A path such as `$.contact[*].email` or `$..phone`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Path(Vec<Step>);

impl Path {
    /// Reads a path; the error says what is wrong and where.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let Some(mut rest) = text.trim().strip_prefix('$') else {
            return Err("a path begins with $, as in '$.contact[*].email'".to_owned());
        };
        let mut steps = Vec::new();
        while !rest.is_empty() {
            let at = text.len() - rest.len() + 1;
            let problem = |what: &str| format!("path at character {at}: {what}");
            if let Some(after) = rest.strip_prefix('[') {
                let (inside, after) = after
                    .split_once(']')
                    .ok_or_else(|| problem("the bracket is not closed"))?;
                rest = after;
                let inside = inside.trim();
                steps.push(if inside == "*" {
                    Step::AnyIndex
                } else if let Ok(index) = inside.parse() {
                    Step::Index(index)
                } else {
                    let name = ['\'', '"']
                        .into_iter()
                        .find_map(|quote| inside.strip_prefix(quote)?.strip_suffix(quote));
                    match name {
                        Some(name) => Step::Key(name.to_owned()),
                        None => return Err(problem("expected [*], [number] or ['name']")),
                    }
                });
                continue;
            }
            let Some(after) = rest.strip_prefix('.') else {
                return Err(problem("expected . or ["));
            };
            rest = after;
            if let Some(after) = rest.strip_prefix('.') {
                steps.push(Step::Descend);
                rest = after;
            }
            if let Some(after) = rest.strip_prefix('*') {
                steps.push(Step::AnyKey);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('"') {
                let (name, after) = after
                    .split_once('"')
                    .ok_or_else(|| problem("the quoted name does not end"))?;
                steps.push(Step::Key(name.to_owned()));
                rest = after;
            } else {
                let end = rest.find(['.', '[']).unwrap_or(rest.len());
                if end == 0 {
                    return Err(problem("expected a name or *"));
                }
                steps.push(Step::Key(rest[..end].to_owned()));
                rest = &rest[end..];
            }
        }
        if steps.len() > 50 {
            return Err("a path has at most 50 steps".to_owned());
        }
        Ok(Self(steps))
    }
}

/// What was found in a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where it stands, in bytes.
    pub range: std::ops::Range<usize>,
    /// Whether it is a string; else it is a number.
    pub is_string: bool,
    /// The first path that leads to it.
    pub path: usize,
}

/// Every string and number that a path leads to, or that lies below what a path leads to, in order.
pub(super) fn find(
    text: &str,
    paths: &[Path],
    each: &mut dyn FnMut(Found) -> Result<()>,
) -> Result<()> {
    let mut walk = Walk {
        text,
        bytes: text.as_bytes(),
        at: 0,
        paths,
        each,
    };
    let start: Vec<(usize, usize)> = (0..paths.len()).map(|path| (path, 0)).collect();
    let start = walk.opened(&start);
    walk.value(&start, 0)
}

/// A path, and how many of its steps have been taken.
type State = (usize, usize);

enum Move<'a> {
    Key(&'a str),
    Index(usize),
}

struct Walk<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    paths: &'a [Path],
    each: &'a mut dyn FnMut(Found) -> Result<()>,
}

fn unreadable() -> Error {
    Error::Argument {
        entry: super::json_path::NAME,
        problem: "a document cannot be read, or is nested more than 500 deep".to_owned(),
    }
}

impl<'a> Walk<'a> {
    fn steps(&self, path: usize) -> &'a [Step] {
        &self.paths[path].0
    }

    /// The states with those behind a `..`, which may stand for no step.
    fn opened(&self, states: &[State]) -> Vec<State> {
        let mut out: Vec<State> = Vec::new();
        for &(path, step) in states {
            for state in [(path, step), (path, step + 1)] {
                let add = state.1 == step || self.steps(path).get(step) == Some(&Step::Descend);
                if add && !out.contains(&state) {
                    out.push(state);
                }
            }
        }
        out
    }

    fn moved(&self, states: &[State], to: &Move<'_>) -> Vec<State> {
        let mut out: Vec<State> = Vec::new();
        for &(path, step) in states {
            let next = match (self.steps(path).get(step), to) {
                // What lies below what was found is found.
                (None | Some(Step::Descend), _) => Some(step),
                (Some(Step::Key(name)), Move::Key(key)) => (name == key).then_some(step + 1),
                (Some(Step::AnyKey), _) | (Some(Step::AnyIndex), Move::Index(_)) => Some(step + 1),
                (Some(Step::Index(wanted)), Move::Index(index)) => {
                    (wanted == index).then_some(step + 1)
                }
                _ => None,
            };
            if let Some(next) = next
                && !out.contains(&(path, next))
            {
                out.push((path, next));
            }
        }
        self.opened(&out)
    }

    fn space(&mut self) {
        while matches!(self.bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<()> {
        self.space();
        if self.bytes.get(self.at) == Some(&byte) {
            self.at += 1;
            return Ok(());
        }
        Err(unreadable())
    }

    fn peek(&mut self) -> Option<u8> {
        self.space();
        self.bytes.get(self.at).copied()
    }

    /// The extent of a string, quotes included.
    fn string(&mut self) -> Result<std::ops::Range<usize>> {
        let start = self.at;
        self.expect(b'"')?;
        loop {
            match self.bytes.get(self.at) {
                None => return Err(unreadable()),
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    self.at += 1;
                    return Ok(start..self.at);
                }
                Some(_) => self.at += 1,
            }
        }
    }

    fn value(&mut self, states: &[State], depth: usize) -> Result<()> {
        interrupt::check();
        if depth > DEEPEST {
            return Err(unreadable());
        }
        let leaf = states
            .iter()
            .filter(|(path, step)| *step == self.steps(*path).len())
            .map(|(path, _)| *path)
            .min();
        match self.peek() {
            Some(b'{') => self.object(states, depth),
            Some(b'[') => self.array(states, depth),
            Some(b'"') => {
                let range = self.string()?;
                self.found(range, true, leaf)
            }
            Some(first) => {
                let start = self.at;
                while self.bytes.get(self.at).is_some_and(|b| {
                    !matches!(b, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r')
                }) {
                    self.at += 1;
                }
                if self.at == start {
                    return Err(unreadable());
                }
                if first == b'-' || first.is_ascii_digit() {
                    return self.found(start..self.at, false, leaf);
                }
                Ok(())
            }
            None => Err(unreadable()),
        }
    }

    fn found(
        &mut self,
        range: std::ops::Range<usize>,
        is_string: bool,
        leaf: Option<usize>,
    ) -> Result<()> {
        leaf.map_or(Ok(()), |path| {
            (self.each)(Found {
                range,
                is_string,
                path,
            })
        })
    }

    fn object(&mut self, states: &[State], depth: usize) -> Result<()> {
        self.expect(b'{')?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(());
        }
        loop {
            self.space();
            let key = self.string()?;
            let quoted = self.text.get(key).ok_or_else(unreadable)?;
            let key = decode(quoted).ok_or_else(unreadable)?;
            let moved = self.moved(states, &Move::Key(&key));
            self.expect(b':')?;
            self.value(&moved, depth + 1)?;
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            return self.expect(b'}');
        }
    }

    fn array(&mut self, states: &[State], depth: usize) -> Result<()> {
        self.expect(b'[')?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(());
        }
        for index in 0.. {
            let moved = self.moved(states, &Move::Index(index));
            self.value(&moved, depth + 1)?;
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        self.expect(b']')
    }
}

/// What a JSON string says; NUL is not among what Postgres's text holds.
pub(super) fn decode(quoted: &str) -> Option<String> {
    serde_json::from_str(quoted).ok()
}

/// A JSON string that says something.
pub(super) fn encode(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(document: &str, path: &str) -> Result<Vec<Found>> {
        let mut all = Vec::new();
        let paths = [Path::parse(path).unwrap()];
        find(document, &paths, &mut |found| {
            all.push(found);
            Ok(())
        })?;
        Ok(all)
    }

    fn texts(document: &str, path: &str) -> Vec<String> {
        found(document, path)
            .unwrap()
            .into_iter()
            .map(|found| document[found.range].to_owned())
            .collect()
    }

    #[test]
    fn paths_find_what_they_say() {
        let document = r#" {"a": [1, {"b": "x", "c\u0041": 2.50}], "contact": [{"email": "p"}, {"email": null, "n": {"email": "q\"]}"}}], "t": true, "": "e"} "#;
        for (path, expected) in [
            ("$.a[0]", vec!["1"]),
            ("$.a[*].b", vec!["\"x\""]),
            ("$.a[1]['cA']", vec!["2.50"]),
            ("$.a", vec!["1", "\"x\"", "2.50"]),
            ("$.contact[*].email", vec!["\"p\""]),
            ("$..email", vec!["\"p\"", "\"q\\\"]}\""]),
            (
                "$.*",
                vec!["1", "\"x\"", "2.50", "\"p\"", "\"q\\\"]}\"", "\"e\""],
            ),
            ("$[\"\"]", vec!["\"e\""]),
            ("$.nothing", vec![]),
            ("$.t", vec![]),
        ] {
            assert_eq!(texts(document, path), expected, "{path}");
        }
        assert_eq!(texts("\"x\"", "$"), ["\"x\""]);
        assert_eq!(texts("[[[7]]]", "$..*"), ["7"]);
    }

    #[test]
    fn bad_paths_and_deep_documents_are_refused() {
        for path in ["", "a", "$a", "$.", "$[", "$[x]", "$..", "$.a..", "$.\"a"] {
            assert!(Path::parse(path).is_err(), "{path}");
        }
        assert!(Path::parse(&"$.a".repeat(60)).is_err());
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(found(&deep, "$..*").is_err());
        for broken in ["", "{", "[1", "{\"a\"", "{\"a\":}", "\"\\"] {
            assert!(found(broken, "$..*").is_err(), "{broken}");
        }
    }
}
