//! Values that know how they are written.

use super::Out;

/// A value of JSON.
pub trait Value {
    /// Writes it.
    fn write(&self, out: &mut impl Out);
}

/// An array.
impl<T: Value, const N: usize> Value for [T; N] {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.array(N, |_| true, |out, place| self[place].write(out));
    }
}

/// Whether text needs no escapes in JSON.
pub fn is_plain(text: &[u8]) -> bool {
    // Without an early end, so that it takes many bytes at a time.
    let escaped = (text.iter())
        .map(|&byte| matches!(byte, 0..0x20 | b'"' | b'\\'))
        .fold(0, |some, escaped| some | u8::from(escaped));
    escaped == 0
}

/// A string.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub(super) text: &'a str,
    pub(super) plain: bool,
}

impl<'a> Text<'a> {
    /// Text; `plain` if it is known to need no escapes.
    #[inline]
    pub const fn of(text: &'a str, plain: bool) -> Self {
        Self { text, plain }
    }

    /// What it says.
    #[inline]
    pub const fn text(self) -> &'a str {
        self.text
    }
}

impl Value for Text<'_> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        if self.plain {
            out.pieces([self.text.as_bytes()]);
        } else {
            out.joined(&[*self]);
        }
    }
}

/// A word of ours, which needs no escapes.
impl Value for &'static str {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.pieces([self.as_bytes()]);
    }
}

/// Texts as one string, with a blank between each two.
#[derive(Debug, Clone, Copy)]
pub struct Joined<'a, const N: usize>(pub [Text<'a>; N]);

impl<const N: usize> Value for Joined<'_, N> {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.joined(&self.0);
    }
}

impl Value for f64 {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.number(*self);
    }
}

impl Value for i32 {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.decimal((*self).into(), 0);
    }
}

impl Value for bool {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.boolean(*self);
    }
}

/// A UUID as it is written: hyphenated, in lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hyphenated(pub [u8; 36]);

impl Hyphenated {
    /// Writes the 16 bytes.
    #[inline]
    pub fn of(id: [u8; 16]) -> Self {
        let mut text = [0; 36];
        uuid::Uuid::from_bytes(id)
            .hyphenated()
            .encode_lower(&mut text);
        Self(text)
    }
}

impl Value for Hyphenated {
    #[inline]
    fn write(&self, out: &mut impl Out) {
        out.pieces([&self.0]);
    }
}
