//! What is known of an object when it is compiled: its names as text has them, and the beginning that
//! `jsonb` has of it.

use super::jsonb::{HAS_END, OBJECT, STRIDE};

/// The names of an object's members, none of them twice.
#[derive(Debug)]
pub struct Shape {
    /// The names, in the order of the text.
    pub(super) names: &'static [&'static str],
    /// The same as members of text begin, as in `,"name":`.
    pub(super) quoted: &'static [&'static str],
    /// The places of the names in the order of `jsonb`: shorter ones first, and then by their bytes.
    pub(super) order: &'static [u8],
    /// With which `jsonb` begins if no member is absent: the words, those of values still 0, and the names.
    pub(super) head: &'static [u8],
}

impl Shape {
    /// Names, and what follows from them by [`order`] and [`head`].
    pub const fn new(
        names: &'static [&'static str],
        quoted: &'static [&'static str],
        order: &'static [u8],
        head: &'static [u8],
    ) -> Self {
        Self {
            names,
            quoted,
            order,
            head,
        }
    }
}

/// The places of names in the order that `jsonb` has them in.
///
/// # Panics
/// When it is compiled: if a name is there twice, or if there are more than 255.
#[expect(clippy::cast_possible_truncation, reason = "at most 255 names")]
pub const fn order<const N: usize>(names: &[&str]) -> [u8; N] {
    assert!(names.len() == N && N <= 255, "at most 255 names");
    let mut order = [0; N];
    let mut place = 0;
    while place < N {
        let name = names[place].as_bytes();
        let mut at = place;
        while at > 0 && precedes(name, names[order[at - 1] as usize].as_bytes()) {
            order[at] = order[at - 1];
            at -= 1;
        }
        order[at] = place as u8;
        place += 1;
    }
    order
}

/// Whether a name stands before another one.
const fn precedes(name: &[u8], other: &[u8]) -> bool {
    if name.len() != other.len() {
        return name.len() < other.len();
    }
    let mut at = 0;
    while at < name.len() {
        if name[at] != other[at] {
            return name[at] < other[at];
        }
        at += 1;
    }
    panic!("a name is there twice");
}

/// How long the [`head`] of names is.
pub const fn head_length(names: &[&str]) -> usize {
    let mut length = 4 + 8 * names.len();
    let mut place = 0;
    while place < names.len() {
        length += names[place].len();
        place += 1;
    }
    length
}

/// What `jsonb` begins with for names in an order.
///
/// # Panics
/// When it is compiled: if `N` is not the [`head_length`] of the names.
#[expect(clippy::cast_possible_truncation, reason = "at most 255 short names")]
pub const fn head<const N: usize>(names: &[&str], order: &[u8]) -> [u8; N] {
    assert!(head_length(names) == N, "the length of the head");
    let mut head = [0; N];
    set(&mut head, 0, OBJECT | names.len() as u32);
    let mut end = 0;
    let mut index = 0;
    while index < order.len() {
        let name = names[order[index] as usize].as_bytes();
        let start = 4 + 8 * names.len() + end;
        let mut at = 0;
        while at < name.len() {
            head[start + at] = name[at];
            at += 1;
        }
        end += name.len();
        // Strings have type 0.
        let word = if index.is_multiple_of(STRIDE) {
            HAS_END | end as u32
        } else {
            name.len() as u32
        };
        set(&mut head, 4 + 4 * index, word);
        index += 1;
    }
    head
}

/// Sets four bytes to a word.
const fn set(bytes: &mut [u8], at: usize, word: u32) {
    let word = word.to_ne_bytes();
    let mut byte = 0;
    while byte < 4 {
        bytes[at + byte] = word[byte];
        byte += 1;
    }
}
