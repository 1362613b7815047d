//! JSON as text, without blanks, appended to bytes.

use super::{Out, Shape, Text};
use crate::format::text::{write_decimal, write_float};

impl Out for Vec<u8> {
    #[inline]
    fn object(
        &mut self,
        shape: &'static Shape,
        present: impl Fn(usize) -> bool,
        mut member: impl FnMut(&mut Self, usize),
    ) {
        // The first member has the brace in place of the comma.
        let mut brace = 1;
        self.push(b'{');
        for (place, name) in shape.quoted.iter().enumerate() {
            if present(place) {
                self.extend_from_slice(&name.as_bytes()[brace..]);
                brace = 0;
                member(self, place);
            }
        }
        self.push(b'}');
    }

    #[inline]
    fn array(
        &mut self,
        places: usize,
        present: impl Fn(usize) -> bool,
        mut element: impl FnMut(&mut Self, usize),
    ) {
        self.list(|out| {
            for place in (0..places).filter(|&place| present(place)) {
                out.item(|out| element(out, place));
            }
        });
    }

    #[inline]
    fn list(&mut self, write: impl FnOnce(&mut Self)) {
        self.push(b'[');
        write(self);
        self.push(b']');
    }

    #[inline]
    fn item(&mut self, write: impl FnOnce(&mut Self)) {
        // No value ends with an opening bracket: a string ends with its quote.
        if self.last() != Some(&b'[') {
            self.push(b',');
        }
        write(self);
    }

    #[inline]
    fn pieces<const N: usize>(&mut self, pieces: [&[u8]; N]) {
        self.push(b'"');
        for piece in pieces {
            self.extend_from_slice(piece);
        }
        self.push(b'"');
    }

    #[inline]
    fn written(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.push(b'"');
        write(self);
        self.push(b'"');
    }

    fn joined(&mut self, texts: &[Text<'_>]) {
        for (place, text) in texts.iter().enumerate() {
            // The quotes between two strings become a blank.
            if place > 0 {
                self.pop();
            }
            let start = self.len();
            if text.plain {
                self.pieces([text.text.as_bytes()]);
            } else {
                // Writing to memory does not fail.
                _ = serde_json::to_writer(&mut *self, text.text);
            }
            if place > 0 {
                self[start] = b' ';
            }
        }
    }

    #[inline]
    fn number(&mut self, number: f64) {
        write_float(if number.is_finite() { number } else { 0.0 }, self);
    }

    #[inline]
    fn decimal(&mut self, units: i64, places: u8) {
        if places == 0 {
            self.extend_from_slice(itoa::Buffer::new().format(units).as_bytes());
        } else {
            write_decimal(units.into(), places.into(), self);
        }
    }

    #[inline]
    fn boolean(&mut self, value: bool) {
        self.extend_from_slice(if value { b"true" } else { b"false" });
    }
}
