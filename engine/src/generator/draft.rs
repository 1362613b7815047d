//! Long texts put together of many short pieces.
//!
//! Copying a piece costs little; what costs is a call for each, and the processor's wrong guesses of
//! its length. So pieces lie one behind the other in a pool and are copied in blocks of a fixed
//! size, of which what lies behind the piece is written over again; the text is handed on whole.

/// The longest block, in bytes.
const LONGEST: usize = 128;

/// Where a piece lies in its pool, in bytes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece {
    start: u32,
    length: u32,
}

impl Piece {
    /// The piece without so many bytes at its beginning, if a condition holds.
    #[inline]
    pub fn without_if(self, bytes: usize, condition: bool) -> Self {
        let bytes = u32::try_from(bytes).unwrap_or(0) * u32::from(condition);
        Self {
            start: self.start + bytes,
            length: self.length - bytes,
        }
    }
}

/// Texts one behind the other, and behind the last what fills a block.
#[derive(Debug, Default)]
pub(super) struct Pool(String);

impl Pool {
    /// Adds a piece: all that `write` writes.
    pub fn add(&mut self, write: impl FnOnce(&mut String)) -> Piece {
        let start = self.0.len().saturating_sub(LONGEST);
        self.0.truncate(start);
        write(&mut self.0);
        let end = self.0.len();
        self.0.extend([' '; LONGEST]);
        // A pool has far less than 4 GB; what has not is cut short.
        let small = |number: usize| u32::try_from(number).unwrap_or(0);
        Piece {
            start: small(start),
            length: small(end - start),
        }
    }

    /// Adds a piece of some parts, one behind the other.
    pub fn join(&mut self, parts: &[&str]) -> Piece {
        self.add(|pool| pool.extend(parts.iter().copied()))
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
            .map(|text| self.join(&[before, text.as_ref(), behind]))
            .collect()
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
    /// Appends a piece of the pool as a block of `BLOCK` bytes, best no fewer than pieces have.
    #[inline]
    pub fn push<const BLOCK: usize>(&mut self, piece: Piece) {
        const { assert!(BLOCK <= LONGEST) }
        let (start, length) = (piece.start as usize, piece.length as usize);
        let block = self
            .pool
            .get(start..start + BLOCK)
            .and_then(<[u8]>::first_chunk);
        let place = self.text.get_mut(self.length..);
        match (block, place.and_then(<[u8]>::first_chunk_mut::<BLOCK>)) {
            (Some(block), Some(place)) if length <= BLOCK => {
                *place = *block;
                self.length += length;
            }
            _ => self.push_long(start, length),
        }
    }

    /// Appends a piece of the pool if a condition holds, without a branch.
    #[inline]
    pub fn push_if<const BLOCK: usize>(&mut self, condition: bool, piece: Piece) {
        let length = piece.length * u32::from(condition);
        self.push::<BLOCK>(Piece { length, ..piece });
    }

    /// Appends the first `length` of some bytes, which are ASCII.
    #[inline]
    pub fn push_ascii<const BLOCK: usize>(&mut self, bytes: [u8; BLOCK], length: usize) {
        let place = self.text.get_mut(self.length..);
        match place.and_then(<[u8]>::first_chunk_mut) {
            Some(place) => {
                *place = bytes;
                self.length += length;
            }
            None => self.push_bytes(&bytes[..length]),
        }
    }

    /// Appends a text that is not of the pool.
    #[inline]
    pub fn push_str(&mut self, text: &str) {
        self.push_bytes(text.as_bytes());
    }

    /// Appends a piece of the pool that is more than a block, or for which there is no room yet.
    #[cold]
    fn push_long(&mut self, start: usize, length: usize) {
        self.push_bytes(&self.pool[start..start + length]);
    }

    /// Appends bytes, with room for a block behind them.
    #[inline(never)]
    fn push_bytes(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if end + LONGEST > self.text.len() {
            self.text.resize((end + LONGEST).next_power_of_two(), b' ');
        }
        self.text[self.length..end].copy_from_slice(bytes);
        self.length = end;
    }
}

/// Writes what `make` makes of the pieces of a pool at the beginning of `memory`, which grows for
/// it; gives how many bytes that is. They are whole pieces, so they are text.
#[inline]
pub(super) fn draft(pool: &Pool, memory: &mut Vec<u8>, make: impl FnOnce(&mut Draft<'_>)) -> usize {
    let mut draft = Draft {
        pool: pool.0.as_bytes(),
        text: std::mem::take(memory),
        length: 0,
    };
    make(&mut draft);
    *memory = draft.text;
    draft.length
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
        let mut memory = Vec::new();
        let length = draft(&pool, &mut memory, |draft| {
            for (piece, text) in pieces.iter().zip(texts) {
                let start = draft.length;
                draft.push::<8>(*piece);
                draft.push_if::<128>(true, *piece);
                draft.push_if::<8>(false, *piece);
                draft.push_str("|");
                draft.push_ascii(*b".,;", 2);
                assert_eq!(
                    draft.text[start..draft.length],
                    *format!("{text}{text}|.,").as_bytes()
                );
            }
        });
        assert_eq!(
            std::str::from_utf8(&memory[..length]).unwrap(),
            texts.map(|text| format!("{text}{text}|.,")).concat()
        );
    }
}
