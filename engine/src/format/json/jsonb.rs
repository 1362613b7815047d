//! JSON as Postgres stores it: the bytes of a `jsonb` after its length word.
//!
//! The layout is that of Postgres's `utils/jsonb.h` and has been the same since 9.4. A container is a
//! word with its kind and how many members it has, a word for each key and each value with its type and
//! length (every 32nd has where it ends instead), and then the keys and values themselves. Keys are in
//! order, shorter ones first; containers and numbers begin at a multiple of four bytes, and what fills
//! the gap before counts as theirs. Words are in the byte order of the machine.
//!
//! What is in a container is collected in a level of its own and put together in the level above when it
//! ends, so that each byte is copied once for each container around it, and nothing is allocated for a
//! value.

use super::{Out, Shape, Text};
use crate::error::{Error, Result};
use crate::format::text::{ten_thousandths, write_float};

mod numeric;

/// Kinds of containers, in their first word.
const ARRAY: u32 = 0x4000_0000;
const OBJECT: u32 = 0x2000_0000;
/// Types of values, in their words.
const STRING: u32 = 0x0000_0000;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const CONTAINER: u32 = 0x5000_0000;
/// Instead of a type: nothing was written.
const ABSENT: u32 = u32::MAX;
/// A word that has an end, not a length.
const HAS_END: u32 = 0x8000_0000;
/// How many words lie between two that have ends.
const STRIDE: usize = 32;
/// The longest that a container may be.
const LONGEST: usize = 0x0FFF_FFFF;

/// A value in its level.
#[derive(Debug, Clone, Copy)]
struct Entry {
    kind: u32,
    start: usize,
    end: usize,
}

impl Entry {
    /// Whether it begins at a multiple of four bytes.
    fn is_aligned(self) -> bool {
        matches!(self.kind, NUMERIC | CONTAINER)
    }
}

/// The values of a container that has begun.
#[derive(Debug, Default)]
struct Level {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
}

impl Level {
    /// Appends a value that `write` appends.
    #[inline]
    fn value(&mut self, kind: u32, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.bytes.len();
        write(&mut self.bytes);
        self.entries.push(Entry {
            kind,
            start,
            end: self.bytes.len(),
        });
    }

    #[inline]
    fn align(&mut self) {
        align(&mut self.bytes);
    }
}

/// Fills up to the next multiple of four bytes.
#[inline]
fn align(bytes: &mut Vec<u8>) {
    let filler = bytes.len().wrapping_neg() % 4;
    bytes.extend_from_slice(&[0; 4][..filler]);
}

/// A number of bytes or members as a word; what does not fit is found by [`Jsonb::check`].
#[inline]
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The words of a container that is being put together: where the next one goes, and what lies behind.
struct Words {
    at: usize,
    index: usize,
    total: usize,
}

impl Words {
    /// Makes room for the words of a container behind its first one.
    #[inline]
    fn begin(bytes: &mut Vec<u8>, first: u32, count: usize) -> Self {
        bytes.extend_from_slice(&first.to_ne_bytes());
        let at = bytes.len();
        bytes.resize(at + 4 * count, 0);
        Self {
            at,
            index: 0,
            total: 0,
        }
    }

    /// Sets the next word.
    #[inline]
    fn push(&mut self, bytes: &mut [u8], kind: u32, length: usize) {
        self.total += length;
        let value = if self.index.is_multiple_of(STRIDE) {
            kind | HAS_END | word(self.total)
        } else {
            kind | word(length)
        };
        if let Some(place) = bytes.get_mut(self.at..self.at + 4) {
            place.copy_from_slice(&value.to_ne_bytes());
        }
        self.at += 4;
        self.index += 1;
    }
}

/// Writes documents one after the other; each is an object or an array.
#[derive(Debug)]
pub struct Jsonb {
    /// The containers that have begun, outermost first; below them, the documents that have ended.
    levels: Vec<Level>,
    depth: usize,
    /// Whether something was written that cannot be stored.
    failed: bool,
}

impl Default for Jsonb {
    fn default() -> Self {
        Self {
            levels: vec![Level::default()],
            depth: 0,
            failed: false,
        }
    }
}

impl Jsonb {
    /// How many documents have ended.
    pub fn len(&self) -> usize {
        self.levels.first().map_or(0, |level| level.entries.len())
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of a document, without a length word.
    pub fn document(&self, number: usize) -> Option<&[u8]> {
        let level = self.levels.first()?;
        let entry = level.entries.get(number)?;
        level.bytes.get(entry.start..entry.end)
    }

    /// Forgets all documents; the memory is kept for the next ones.
    pub fn clear(&mut self) {
        for level in &mut self.levels {
            level.bytes.clear();
            level.entries.clear();
        }
        self.depth = 0;
        self.failed = false;
    }

    /// Whether all that was written can be stored.
    ///
    /// # Errors
    /// A document of 256 MiB or more, or a string with the character U+0000, which `jsonb` cannot hold.
    pub fn check(&self) -> Result<()> {
        if self.failed {
            return Err(Error::Jsonb);
        }
        Ok(())
    }

    /// The level of the innermost container.
    #[inline]
    fn level(&mut self) -> &mut Level {
        &mut self.levels[self.depth]
    }

    /// Begins a container.
    #[inline]
    fn open(&mut self) {
        self.depth += 1;
        if self.depth == self.levels.len() {
            self.levels.push(Level::default());
        }
    }

    /// Puts a container together in the level above with `write`, which is given its values.
    #[inline]
    fn close(&mut self, write: impl FnOnce(&Level, &mut Vec<u8>)) {
        let Some((below, above)) = self.levels.split_at_mut_checked(self.depth) else {
            return;
        };
        let (Some(outer), Some(level)) = (below.last_mut(), above.first_mut()) else {
            return;
        };
        outer.align();
        outer.value(CONTAINER, |bytes| write(level, bytes));
        let length = outer
            .entries
            .last()
            .map_or(0, |entry| entry.end - entry.start);
        self.failed |= length > LONGEST;
        level.bytes.clear();
        level.entries.clear();
        self.depth -= 1;
    }
}

impl Out for Jsonb {
    #[inline]
    fn open_object(&mut self) {
        self.open();
    }

    #[inline]
    fn name(&mut self, _: &'static str) {}

    #[inline]
    fn absent(&mut self) {
        self.level().value(ABSENT, |_| ());
    }

    fn close_object(&mut self, shape: &'static Shape) {
        self.close(|level, bytes| {
            debug_assert_eq!(level.entries.len(), shape.names.len());
            let members = || {
                (shape.order.iter()).filter_map(|&place| {
                    let place = usize::from(place);
                    let entry = level.entries.get(place)?;
                    (entry.kind != ABSENT).then_some((shape.names[place], entry))
                })
            };
            let count = members().count();
            let mut words = Words::begin(bytes, OBJECT | word(count), 2 * count);
            for (name, _) in members() {
                bytes.extend_from_slice(name.as_bytes());
                words.push(bytes, STRING, name.len());
            }
            for (_, entry) in members() {
                let start = bytes.len();
                if entry.is_aligned() {
                    align(bytes);
                }
                bytes.extend_from_slice(&level.bytes[entry.start..entry.end]);
                let length = bytes.len() - start;
                words.push(bytes, entry.kind, length);
            }
        });
    }

    #[inline]
    fn open_array(&mut self) {
        self.open();
    }

    #[inline]
    fn element(&mut self) {}

    fn close_array(&mut self) {
        self.close(|level, bytes| {
            let elements = || level.entries.iter().filter(|entry| entry.kind != ABSENT);
            let count = elements().count();
            let mut words = Words::begin(bytes, ARRAY | word(count), count);
            let mut before = 0;
            for entry in elements() {
                words.push(bytes, entry.kind, entry.end - before);
                before = entry.end;
            }
            // In the order they are in, and aligned as they are: words are four bytes each.
            bytes.extend_from_slice(&level.bytes);
        });
    }

    #[inline]
    fn pieces<const N: usize>(&mut self, pieces: [&[u8]; N]) {
        self.level().value(STRING, |bytes| {
            for piece in pieces {
                bytes.extend_from_slice(piece);
            }
        });
    }

    #[inline]
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.level().value(STRING, write);
    }

    fn joined(&mut self, texts: &[Text<'_>]) {
        self.failed |= texts
            .iter()
            .any(|text| !text.plain && text.text.contains('\0'));
        self.level().value(STRING, |bytes| {
            for (place, text) in texts.iter().enumerate() {
                if place > 0 {
                    bytes.push(b' ');
                }
                bytes.extend_from_slice(text.text.as_bytes());
            }
        });
    }

    fn number(&mut self, number: f64) {
        if let Some(mut units) = ten_thousandths(number) {
            let mut places = 4;
            while places > 0 && units % 10 == 0 {
                units /= 10;
                places -= 1;
            }
            return self.decimal(units, places);
        }
        let level = self.level();
        level.align();
        level.value(NUMERIC, |bytes| {
            let mut text = Vec::new();
            write_float(if number.is_finite() { number } else { 0.0 }, &mut text);
            numeric::write_text(&text, bytes);
        });
    }

    fn decimal(&mut self, units: i64, places: u8) {
        let level = self.level();
        level.align();
        level.value(NUMERIC, |bytes| numeric::write(units, places, bytes));
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.level().value(if value { TRUE } else { FALSE }, |_| ());
    }
}
