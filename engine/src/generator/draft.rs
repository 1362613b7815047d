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
    start: u32,
    length: u32,
}

/// Texts one behind the other, of ASCII for the sake of speed.
#[derive(Debug, Default)]
pub(super) struct Pool(String);

impl Pool {
    /// Adds a piece: all that `write` writes.
    pub fn add(&mut self, write: impl FnOnce(&mut String)) -> Piece {
        let start = self.0.len();
        write(&mut self.0);
        // A pool has far less than 4 GB; what has not is cut short.
        let small = |number: usize| u32::try_from(number).unwrap_or(0);
        Piece {
            start: small(start),
            length: small(self.0.len() - start),
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
    pool: &'a [u8],
    /// What is written, and room behind it.
    text: Vec<u8>,
    length: usize,
}

impl Draft<'_> {
    /// Appends a piece of the pool in blocks of `BLOCK` bytes, best no fewer than most pieces have.
    #[inline]
    pub fn push<const BLOCK: usize>(&mut self, piece: Piece) {
        const { assert!(BLOCK <= LONGEST) }
        let (start, length) = (piece.start as usize, piece.length as usize);
        let mut done = 0;
        while done < length {
            let from = start + done;
            let block = &self.pool[from..from + BLOCK];
            write_at(&mut self.text, self.length + done, block);
            done += BLOCK;
        }
        self.length += length;
    }

    /// Appends a piece of at most `BLOCK` bytes if a condition holds, without a branch.
    #[inline]
    pub fn push_if<const BLOCK: usize>(&mut self, condition: bool, piece: Piece) {
        let length = piece.length * u32::from(condition);
        self.push::<BLOCK>(Piece { length, ..piece });
    }

    /// Appends a text that is always the same.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        write_at(&mut self.text, self.length, text.as_bytes());
        self.length += text.len();
    }
}

/// Writes bytes at a place of a text, which grows for it.
#[inline]
fn write_at(text: &mut Vec<u8>, at: usize, bytes: &[u8]) {
    let end = at + bytes.len();
    if end > text.len() {
        text.resize(end.next_power_of_two(), b' ');
    }
    text[at..end].copy_from_slice(bytes);
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
        static MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    /// More is given back.
    const KEPT: usize = 1 << 16;

    let mut draft = Draft {
        pool: pool.0.as_bytes(),
        text: MEMORY.take(),
        length: 0,
    };
    make(&mut draft);
    // Pieces are whole, so what they make is text.
    let text = std::str::from_utf8(&draft.text[..draft.length]).map_err(|_| fmt::Error)?;
    let written = out.write_str(text);
    if draft.text.len() <= KEPT {
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
                let start = draft.length;
                draft.push::<8>(*piece);
                draft.push_if::<128>(true, *piece);
                draft.push_if::<8>(false, *piece);
                draft.push_str("|");
                assert_eq!(
                    draft.text[start..draft.length],
                    *format!("{text}{text}|").as_bytes()
                );
            }
        })
        .unwrap();
        assert_eq!(out, texts.map(|text| format!("{text}{text}|")).concat());
    }
}
