//! The names of an object's members, and the order that `jsonb` has them in.

/// The names of an object's members, none of them twice.
#[derive(Debug)]
pub struct Shape {
    /// As they are written.
    pub(super) names: &'static [&'static str],
    /// Their places, shorter names first and then by their bytes.
    pub(super) order: &'static [u8],
}

impl Shape {
    /// Names, and the [order](order) of them.
    pub const fn new(names: &'static [&'static str], order: &'static [u8]) -> Self {
        Self { names, order }
    }
}

/// The places of names in the order that `jsonb` has them in.
///
/// # Panics
/// When it is compiled: if a name is there twice, or if there are more than 255.
#[expect(clippy::cast_possible_truncation, reason = "at most 255 names")]
pub const fn order<const N: usize>(names: &[&str]) -> [u8; N] {
    assert!(names.len() == N && N <= 255);
    let mut order = [0; N];
    let mut place = 0;
    while place < N {
        let mut at = place;
        while at > 0
            && precedes(
                names[place].as_bytes(),
                names[order[at - 1] as usize].as_bytes(),
            )
        {
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
