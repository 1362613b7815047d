//! JSON as text, without blanks, appended to bytes.

use super::{Out, Shape, Text};
use crate::format::text::{write_decimal, write_float};

/// Appends what separates a member or an element from what stands before it.
#[inline]
fn separated<'a>(out: &[u8], with_comma: &'a str) -> &'a str {
    // A value never ends with an opening bracket: a string ends with its quote.
    match out.last() {
        Some(b'{' | b'[') => &with_comma[1..],
        _ => with_comma,
    }
}

impl Out for Vec<u8> {
    #[inline]
    fn open_object(&mut self) {
        self.push(b'{');
    }

    #[inline]
    fn name(&mut self, name: &'static str) {
        let name = separated(self, name);
        self.extend_from_slice(name.as_bytes());
    }

    #[inline]
    fn absent(&mut self) {}

    #[inline]
    fn close_object(&mut self, _: &'static Shape) {
        self.push(b'}');
    }

    #[inline]
    fn open_array(&mut self) {
        self.push(b'[');
    }

    #[inline]
    fn element(&mut self) {
        let comma = separated(self, ",");
        self.extend_from_slice(comma.as_bytes());
    }

    #[inline]
    fn close_array(&mut self) {
        self.push(b']');
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
