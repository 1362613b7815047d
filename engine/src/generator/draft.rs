//! Long texts put together of many short pieces.
//!
//! Copying a piece costs little; what costs is a call for each, and the processor's wrong guesses of
//! its length. So pieces lie one behind the other in a pool and are copied in blocks of a fixed
//! size, of which what lies behind the piece is cut off again; the text is handed on whole.

use std::cell::Cell;
use std::fmt::{self, Write};

/// The longest block, in bytes.
const LONGEST: usize = 128;

/// Where a piece lies in its pool, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    start: usize,
    length: usize,
}

/// Texts one behind the other, of ASCII for the sake of speed.
#[derive(Debug, Default)]
pub(super) struct Pool(String);

impl Pool {
    /// Adds a piece: all that `write` writes.
    pub fn add(&mut self, write: impl FnOnce(&mut String)) -> Piece {
        let start = self.0.len();
        write(&mut self.0);
        Piece {
            start,
            length: self.0.len() - start,
        }
    }

    /// Adds a piece for each of some texts, each with the same text before and behind.
    pub fn add_all<T: AsRef<str>>(
        &mut self,
        before: &str,
        texts: impl IntoIterator<Item = T>,
        behind: &str,
    ) -> Vec<Piece> {
        texts
            .into_iter()
            .map(|text| {
                self.add(|pool| {
                    for part in [before, text.as_ref(), behind] {
                        pool.push_str(part);
                    }
                })
            })
            .collect()
    }

    /// The pool with room behind its last piece, so that this too is copied in blocks.
    pub fn closed(mut self) -> Self {
        self.0.extend([' '; LONGEST]);
        self
    }
}

/// A text in the making.
pub(super) struct Draft<'a> {
    pool: &'a str,
    text: String,
}

impl Draft<'_> {
    /// Appends a piece of the pool in blocks of `BLOCK` bytes, best no fewer than most pieces have.
    #[inline]
    pub fn push<const BLOCK: usize>(&mut self, piece: Piece) {
        const { assert!(BLOCK <= LONGEST) }
        let start = self.text.len();
        let mut done = 0;
        while done < piece.length {
            let at = piece.start + done;
            let Some(block) = self.pool.get(at..at + BLOCK) else {
                // Only beside a character of several bytes.
                self.text.truncate(start);
                self.text
                    .push_str(&self.pool[piece.start..piece.start + piece.length]);
                return;
            };
            self.text.push_str(block);
            done += BLOCK;
        }
        self.text.truncate(start + piece.length);
    }

    /// Appends a piece of at most `BLOCK` bytes if a condition holds, without a branch.
    #[inline]
    pub fn push_if<const BLOCK: usize>(&mut self, condition: bool, piece: Piece) {
        let length = piece.length * usize::from(condition);
        self.push::<BLOCK>(Piece { length, ..piece });
    }

    /// Appends a text that is always the same.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
    }
}

/// Writes what `make` makes of the pieces of a pool.
#[inline]
pub(super) fn draft(
    pool: &Pool,
    out: &mut dyn Write,
    make: impl FnOnce(&mut Draft<'_>),
) -> fmt::Result {
    thread_local! {
        /// Memory that the next text reuses.
        static MEMORY: Cell<String> = const { Cell::new(String::new()) };
    }
    /// More is given back.
    const KEPT: usize = 1 << 16;

    let mut text = MEMORY.take();
    text.clear();
    let mut draft = Draft {
        pool: &pool.0,
        text,
    };
    make(&mut draft);
    let written = out.write_str(&draft.text);
    if draft.text.capacity() <= KEPT {
        MEMORY.set(draft.text);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_length_and_alphabet_arrive_whole() {
        let texts = [
            "",
            "a",
            "Bb",
            "12345678",
            "123456789",
            "°",
            "37 °C",
            "ab°ab°ab°ab",
        ];
        let mut pool = Pool::default();
        let pieces = pool.add_all("", texts, "");
        let pool = pool.closed();
        let mut out = String::new();
        draft(&pool, &mut out, |draft| {
            for (piece, text) in pieces.iter().zip(texts) {
                let start = draft.text.len();
                draft.push::<8>(*piece);
                draft.push_if::<128>(true, *piece);
                draft.push_if::<8>(false, *piece);
                draft.push_str("|");
                assert_eq!(draft.text[start..], format!("{text}{text}|"));
            }
        })
        .unwrap();
        assert_eq!(out, texts.map(|text| format!("{text}{text}|")).concat());
    }
}
