//! Text that matches a regular expression.
//!
//! Syntax is that of the crate `regex`, which covers what Postgres's expressions and POSIX classes
//! usually hold; look-around, back references and word boundaries are refused. The whole text
//! matches, whether the pattern is anchored or not. A repetition without an upper bound repeats up to
//! [`MORE`] times more than it must. Classes that reach beyond ASCII, such as `.`, `\w` and `[^,]`,
//! give the visible ASCII characters among them.
//!
//! ```
//! use synth_engine::pattern::Pattern;
//!
//! let plate = Pattern::parse(r"[A-Z]{3}-\d{4}")?;
//! assert_eq!(plate.capacity(), Some(175_760_000));
//! let mut text = String::new();
//! plate.nth(12_345, &mut text).unwrap();
//! assert_eq!(text, "AAB-2345");
//! # Ok::<(), synth_engine::Error>(())
//! ```

mod automaton;

use std::fmt::{self, Write};
use std::sync::{Arc, OnceLock};

use regex_syntax::ParserBuilder;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

use self::automaton::Automaton;
use crate::entropy::{below, remix};
use crate::error::{Error, Result};

/// How many times more than it must a repetition without an upper bound repeats, at most.
pub const MORE: u32 = 8;

/// The longest pattern, in bytes.
pub const MOST_BYTES: usize = 2_000;

/// The longest text, in characters.
pub const MOST_CHARS: usize = 10_000;

/// The deepest nesting of groups, classes and repetitions.
const MOST_NESTED: u32 = 50;

/// Visible ASCII characters.
const VISIBLE: (char, char) = ('!', '~');

/// A parsed pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    root: Arc<Node>,
    lengths: (usize, usize),
    automaton: Arc<OnceLock<Option<Automaton>>>,
}

#[derive(Debug)]
enum Node {
    Literal(String),
    /// Ranges of characters, and how many there are.
    Class(Vec<(char, char)>, u64),
    Concat(Vec<Node>),
    Alternation(Vec<Node>),
    Repetition(Box<Node>, u32, u32),
}

impl Pattern {
    /// Parses a pattern, or says where it cannot be read or is too large.
    pub fn parse(pattern: &str) -> Result<Self> {
        if pattern.len() > MOST_BYTES {
            return Err(problem(
                1,
                format!("the pattern is longer than {MOST_BYTES} bytes"),
            ));
        }
        let hir = ParserBuilder::new()
            .nest_limit(MOST_NESTED)
            .build()
            .parse(pattern)
            .map_err(|error| match error {
                regex_syntax::Error::Parse(e) => {
                    problem(e.span().start.column, e.kind().to_string())
                }
                regex_syntax::Error::Translate(e) => {
                    problem(e.span().start.column, e.kind().to_string())
                }
                other => problem(1, other.to_string()),
            })?;
        let root = Reader { pattern }.node(&hir, (true, true))?;
        let (shortest, longest) = root.lengths();
        let longest = longest
            .filter(|&most| most <= MOST_CHARS)
            .ok_or_else(|| problem(1, format!("it may match more than {MOST_CHARS} characters")))?;
        Ok(Self {
            root: Arc::new(root),
            lengths: (shortest, longest),
            automaton: Arc::default(),
        })
    }

    /// The fewest characters.
    pub fn min_length(&self) -> usize {
        self.lengths.0
    }

    /// The most characters.
    pub fn max_length(&self) -> usize {
        self.lengths.1
    }

    /// How many texts there are; `None`: 2^64 - 1 or more. A pattern that is too ambiguous to
    /// count has `Some(0)`: its texts can be drawn but not enumerated.
    pub fn capacity(&self) -> Option<u64> {
        self.automaton()
            .map_or(Some(0), |automaton| match automaton.count() {
                u64::MAX => None,
                count => Some(count),
            })
    }

    /// Writes the text that entropy gives: branches of an alternation, numbers of repetitions and
    /// characters of a class are each equally likely.
    pub fn write(&self, entropy: u64, out: &mut dyn Write) -> fmt::Result {
        let mut entropy = entropy;
        self.root.write(&mut entropy, out)
    }

    /// Writes the text with an index below [`Self::capacity`] (below 2^64 - 1 where that is
    /// `None`); distinct indexes give distinct texts. Fails beyond.
    pub fn nth(&self, index: u64, out: &mut dyn Write) -> fmt::Result {
        match self.automaton() {
            Some(automaton) if index < automaton.count() => automaton.write(index, out),
            _ => Err(fmt::Error),
        }
    }

    fn automaton(&self) -> Option<&Automaton> {
        self.automaton
            .get_or_init(|| Automaton::new(&self.root))
            .as_ref()
    }
}

fn problem(position: usize, problem: String) -> Error {
    Error::Pattern { position, problem }
}

/// Reads the parsed pattern.
struct Reader<'a> {
    pattern: &'a str,
}

impl Reader<'_> {
    /// A node; `ends` says whether it stands at the beginning and at the end of the text, where
    /// anchors may be.
    fn node(&self, hir: &Hir, ends: (bool, bool)) -> Result<Node> {
        Ok(match hir.kind() {
            HirKind::Empty => Node::Concat(Vec::new()),
            HirKind::Literal(literal) => Node::Literal(
                std::str::from_utf8(&literal.0)
                    .map_err(|_| problem(1, "it matches bytes that are not text".to_owned()))?
                    .to_owned(),
            ),
            HirKind::Class(class) => Self::class(class)?,
            HirKind::Look(Look::Start | Look::StartLF | Look::StartCRLF) if ends.0 => {
                Node::Concat(Vec::new())
            }
            HirKind::Look(Look::End | Look::EndLF | Look::EndCRLF) if ends.1 => {
                Node::Concat(Vec::new())
            }
            HirKind::Look(look) => return Err(self.look(*look)),
            HirKind::Repetition(repetition) => {
                let inside = self.node(&repetition.sub, (false, false))?;
                let most = repetition
                    .max
                    .unwrap_or_else(|| repetition.min.saturating_add(MORE));
                Node::Repetition(Box::new(inside), repetition.min, most)
            }
            HirKind::Capture(capture) => self.node(&capture.sub, ends)?,
            HirKind::Concat(parts) => {
                let nodes: Result<Vec<Node>> = parts
                    .iter()
                    .enumerate()
                    .map(|(i, part)| {
                        let first = ends.0 && parts[..i].iter().all(is_look);
                        let last = ends.1 && parts[i + 1..].iter().all(is_look);
                        self.node(part, (first, last))
                    })
                    .collect();
                Node::Concat(nodes?)
            }
            HirKind::Alternation(branches) => Node::Alternation(
                branches
                    .iter()
                    .map(|branch| self.node(branch, ends))
                    .collect::<Result<_>>()?,
            ),
        })
    }

    fn look(&self, look: Look) -> Error {
        let (sign, what) = match look {
            Look::Start | Look::StartLF | Look::StartCRLF => {
                ("^", "an anchor that is not at the beginning")
            }
            Look::End | Look::EndLF | Look::EndCRLF => ("$", "an anchor that is not at the end"),
            _ => ("\\b", "a word boundary"),
        };
        let at = self.pattern.find(sign).unwrap_or(0);
        problem(
            self.pattern[..at].chars().count() + 1,
            format!("{what} cannot be generated from"),
        )
    }

    fn class(class: &Class) -> Result<Node> {
        let mut ranges: Vec<(char, char)> = match class {
            Class::Unicode(class) => class.iter().map(|r| (r.start(), r.end())).collect(),
            Class::Bytes(class) => class
                .iter()
                .map(|r| (char::from(r.start()), char::from(r.end())))
                .collect(),
        };
        let within = |(low, high): (char, char)| -> Vec<(char, char)> {
            ranges
                .iter()
                .map(|&(start, end)| (start.max(low), end.min(high)))
                .filter(|(start, end)| start <= end)
                .collect()
        };
        if ranges.last().is_some_and(|last| last.1 > '~') {
            let visible = within(VISIBLE);
            // Controls are the last resort; Postgres's text cannot hold NUL at all.
            let printable = within((' ', char::MAX));
            let any = within(('\u{1}', char::MAX));
            ranges = [visible, printable, any]
                .into_iter()
                .find(|found| !found.is_empty())
                .unwrap_or_default();
        } else {
            ranges = within(('\u{1}', '~'));
        }
        if ranges.is_empty() {
            return Err(problem(1, "a class matches no character".to_owned()));
        }
        let count = ranges.iter().map(|&range| size(range)).sum();
        Ok(Node::Class(ranges, count))
    }
}

fn is_look(hir: &Hir) -> bool {
    matches!(hir.kind(), HirKind::Look(_))
}

/// Code points from U+D800 to U+DFFF are no characters.
const SURROGATES: (u32, u32) = (0xD800, 0xE000);

/// How many characters a range has.
fn size((start, end): (char, char)) -> u64 {
    let (start, end) = (u32::from(start), u32::from(end));
    let hole = if start < SURROGATES.0 && end >= SURROGATES.1 {
        SURROGATES.1 - SURROGATES.0
    } else {
        0
    };
    u64::from(end - start + 1 - hole)
}

/// The character at an offset of a range.
fn char_at((start, _): (char, char), offset: u64) -> char {
    let offset = u32::try_from(offset).unwrap_or(0);
    let code = u32::from(start) + offset;
    let code = if u32::from(start) < SURROGATES.0 && code >= SURROGATES.0 {
        code + (SURROGATES.1 - SURROGATES.0)
    } else {
        code
    };
    char::from_u32(code).unwrap_or(start)
}

impl Node {
    /// The fewest and the most characters; `None`: more than can be counted.
    fn lengths(&self) -> (usize, Option<usize>) {
        match self {
            Self::Literal(text) => {
                let length = text.chars().count();
                (length, Some(length))
            }
            Self::Class(..) => (1, Some(1)),
            Self::Concat(parts) => parts.iter().fold((0, Some(0)), |(least, most), part| {
                let (a, b) = part.lengths();
                (
                    least.saturating_add(a),
                    most.zip(b).and_then(|(most, b)| most.checked_add(b)),
                )
            }),
            Self::Alternation(branches) => branches
                .iter()
                .map(Self::lengths)
                .fold((usize::MAX, Some(0)), |(least, most), (a, b)| {
                    (least.min(a), most.zip(b).map(|(most, b)| most.max(b)))
                }),
            Self::Repetition(node, least, most) => {
                let (a, b) = node.lengths();
                (
                    a.saturating_mul(*least as usize),
                    b.and_then(|b| b.checked_mul(*most as usize)),
                )
            }
        }
    }

    fn write(&self, entropy: &mut u64, out: &mut dyn Write) -> fmt::Result {
        match self {
            Self::Literal(text) => out.write_str(text),
            Self::Class(ranges, count) => {
                let mut offset = below(*entropy, *count);
                *entropy = remix(*entropy);
                for &range in ranges {
                    let size = size(range);
                    if offset < size {
                        return out.write_char(char_at(range, offset));
                    }
                    offset -= size;
                }
                Ok(())
            }
            Self::Concat(parts) => parts.iter().try_for_each(|part| part.write(entropy, out)),
            Self::Alternation(branches) => {
                let index = below(*entropy, branches.len() as u64);
                *entropy = remix(*entropy);
                match usize::try_from(index).ok().and_then(|i| branches.get(i)) {
                    Some(branch) => branch.write(entropy, out),
                    None => Ok(()),
                }
            }
            Self::Repetition(node, least, most) => {
                let more = below(*entropy, u64::from(most - least) + 1);
                if most > least {
                    *entropy = remix(*entropy);
                }
                (0..u64::from(*least) + more).try_for_each(|_| node.write(entropy, out))
            }
        }
    }
}

#[cfg(test)]
mod tests;
