//! JSON as Postgres stores it: the bytes of a `jsonb` after its length word.
//!
//! The layout is that of Postgres's `utils/jsonb.h` and has been the same since 9.4. A container is a
//! word with its kind and how many members it has, a word for each key and each value with its type and
//! length (every 32nd has where it ends instead), and then the keys and values themselves. Keys are in
//! order, shorter ones first, and values in the order of their keys; containers and numbers begin at a
//! multiple of four bytes, and what fills the gap before counts as theirs. Words are in the byte order
//! of the machine.
//!
//! Every byte is written once, in its place: words are filled in when what they tell of has been written.

use super::{Out, Shape, Text};
use crate::error::{Error, Result};
use crate::format::text::{ten_thousandths, write_float};

mod numeric;

/// Kinds of containers, in their first word.
const ARRAY: u32 = 0x4000_0000;
pub(super) const OBJECT: u32 = 0x2000_0000;
/// Types of values, in their words.
const STRING: u32 = 0x0000_0000;
const NUMERIC: u32 = 0x1000_0000;
const FALSE: u32 = 0x2000_0000;
const TRUE: u32 = 0x3000_0000;
const CONTAINER: u32 = 0x5000_0000;
/// A word that has an end, not a length.
pub(super) const HAS_END: u32 = 0x8000_0000;
/// How many words lie between two that have ends.
pub(super) const STRIDE: usize = 32;
/// The longest that a container may be.
const LONGEST: usize = 0x0FFF_FFFF;

/// A number of bytes or members as a word; what does not fit is found by [`Jsonb::check`].
#[inline]
fn word(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// The words of a container that is being written: where the next one stands, and what it tells of.
struct Words {
    at: usize,
    index: usize,
    total: usize,
}

impl Words {
    /// Sets the next word.
    #[inline]
    fn set(&mut self, bytes: &mut [u8], kind: u32, length: usize) {
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
#[derive(Debug, Default)]
pub struct Jsonb {
    bytes: Vec<u8>,
    /// Where documents begin and end.
    documents: Vec<(usize, usize)>,
    /// How many containers have begun.
    depth: usize,
    /// The type of the value that was written last.
    kind: u32,
    /// The types and lengths of the items of lists that have begun.
    items: Vec<(u32, usize)>,
    /// Whether something was written that cannot be stored.
    failed: bool,
}

impl Jsonb {
    /// How many documents have ended.
    pub fn len(&self) -> usize {
        self.documents.len()
    }

    /// Whether none has.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// The bytes of a document, without a length word.
    pub fn document(&self, number: usize) -> Option<&[u8]> {
        let &(start, end) = self.documents.get(number)?;
        self.bytes.get(start..end)
    }

    /// Forgets all documents; the memory is kept for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.documents.clear();
        self.items.clear();
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

    /// Fills up to the next multiple of four bytes.
    #[inline]
    fn align(&mut self) {
        let filler = self.bytes.len().wrapping_neg() % 4;
        self.bytes.extend_from_slice(&[0; 4][..filler]);
    }

    /// Writes a container.
    #[inline]
    fn container(&mut self, write: impl FnOnce(&mut Self)) {
        self.align();
        let start = self.bytes.len();
        self.depth += 1;
        write(self);
        self.depth -= 1;
        self.kind = CONTAINER;
        let end = self.bytes.len();
        self.failed |= end - start > LONGEST;
        if self.depth == 0 {
            self.documents.push((start, end));
        }
    }

    /// Writes a value and gives its type and length.
    #[inline]
    fn measured(&mut self, write: impl FnOnce(&mut Self)) -> (u32, usize) {
        let start = self.bytes.len();
        write(self);
        (self.kind, self.bytes.len() - start)
    }

    /// Writes the beginning of a container, with room for its words.
    #[inline]
    fn begin(&mut self, kind: u32, count: usize, words: usize) -> Words {
        let first = kind | word(count);
        self.bytes.extend_from_slice(&first.to_ne_bytes());
        let at = self.bytes.len();
        self.bytes.resize(at + 4 * words, 0);
        Words {
            at,
            index: 0,
            total: 0,
        }
    }

    /// Writes the beginning of an object, up to the first value.
    #[inline]
    fn begin_object(&mut self, shape: &'static Shape, present: impl Fn(usize) -> bool) -> Words {
        let all = shape.names.len();
        let count = (0..all).filter(|&place| present(place)).count();
        if count == all {
            let at = self.bytes.len() + 4 + 4 * all;
            self.bytes.extend_from_slice(shape.head);
            return Words {
                at,
                index: all,
                total: shape.head.len() - 4 - 8 * all,
            };
        }
        let mut words = self.begin(OBJECT, count, 2 * count);
        for &place in shape.order {
            let place = usize::from(place);
            if present(place) {
                let name = shape.names[place].as_bytes();
                self.bytes.extend_from_slice(name);
                words.set(&mut self.bytes, STRING, name.len());
            }
        }
        words
    }
}

impl Out for Jsonb {
    #[inline]
    fn object(
        &mut self,
        shape: &'static Shape,
        present: impl Fn(usize) -> bool,
        mut member: impl FnMut(&mut Self, usize),
    ) {
        self.container(|out| {
            let mut words = out.begin_object(shape, &present);
            for &place in shape.order {
                let place = usize::from(place);
                if present(place) {
                    let (kind, length) = out.measured(|out| member(out, place));
                    words.set(&mut out.bytes, kind, length);
                }
            }
        });
    }

    #[inline]
    fn array(
        &mut self,
        places: usize,
        present: impl Fn(usize) -> bool,
        mut element: impl FnMut(&mut Self, usize),
    ) {
        self.container(|out| {
            let count = (0..places).filter(|&place| present(place)).count();
            let mut words = out.begin(ARRAY, count, count);
            for place in (0..places).filter(|&place| present(place)) {
                let (kind, length) = out.measured(|out| element(out, place));
                words.set(&mut out.bytes, kind, length);
            }
        });
    }

    fn list(&mut self, write: impl FnOnce(&mut Self)) {
        self.container(|out| {
            let (start, first) = (out.bytes.len(), out.items.len());
            write(out);
            // Room is made before the items; it is words, so they stay aligned.
            let count = out.items.len() - first;
            let (end, room) = (out.bytes.len(), 4 + 4 * count);
            out.bytes.resize(end + room, 0);
            out.bytes.copy_within(start..end, start + room);
            let head = ARRAY | word(count);
            if let Some(place) = out.bytes.get_mut(start..start + 4) {
                place.copy_from_slice(&head.to_ne_bytes());
            }
            let mut words = Words {
                at: start + 4,
                index: 0,
                total: 0,
            };
            for (kind, length) in out.items.drain(first..) {
                words.set(&mut out.bytes, kind, length);
            }
        });
    }

    #[inline]
    fn item(&mut self, write: impl FnOnce(&mut Self)) {
        let item = self.measured(write);
        self.items.push(item);
    }

    #[inline]
    fn pieces<const N: usize>(&mut self, pieces: [&[u8]; N]) {
        for piece in pieces {
            self.bytes.extend_from_slice(piece);
        }
        self.kind = STRING;
    }

    #[inline]
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.kind = STRING;
    }

    fn joined(&mut self, texts: &[Text<'_>]) {
        for (place, text) in texts.iter().enumerate() {
            if place > 0 {
                self.bytes.push(b' ');
            }
            self.bytes.extend_from_slice(text.text.as_bytes());
            self.failed |= !text.plain && text.text.contains('\0');
        }
        self.kind = STRING;
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
        let mut text = Vec::new();
        write_float(if number.is_finite() { number } else { 0.0 }, &mut text);
        self.align();
        numeric::write_text(&text, &mut self.bytes);
        self.kind = NUMERIC;
    }

    fn decimal(&mut self, units: i64, places: u8) {
        self.align();
        numeric::write(units, places, &mut self.bytes);
        self.kind = NUMERIC;
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.kind = if value { TRUE } else { FALSE };
    }
}
