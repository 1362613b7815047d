//! Segments, field by field: delimiters, escapes and the data types that are used.

use std::fmt::{self, Write};

use crate::format::fhir::element::{Day, Instant};
use crate::format::json::Hyphenated;
use crate::format::text::write_float;

/// Names under which identifiers are issued: reserved for documentation (RFC 2606).
pub const MRN: Authority = Authority("MRN", "mrn.example.org");
pub const SSN: Authority = Authority("SSN", "ssn.example.org");
pub const NPI: Authority = Authority("NPI", "npi.example.org");
pub const EHR: Authority = Authority("PGSYNTH", "ehr.example.org");
pub const LABORATORY: Authority = Authority("LAB", "lab.example.org");
pub const RECEIVER: Authority = Authority("RECEIVER", "receiver.example.org");

/// Who issues identifiers: a namespace and its DNS name.
#[derive(Clone, Copy)]
pub struct Authority(pub &'static str, pub &'static str);

/// A segment that is being written; it ends when it is dropped.
///
/// A value is put by its place; places rise, and what lies between stays empty.
pub struct Segment<'a> {
    out: &'a mut Vec<u8>,
    field: u8,
    component: u8,
    subcomponent: u8,
}

impl Drop for Segment<'_> {
    fn drop(&mut self) {
        self.out.push(b'\r');
    }
}

/// What a field, component or part of one can hold.
pub trait Value {
    /// Appends it, escaped.
    fn write(self, out: &mut Vec<u8>);
}

impl Value for &str {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        // Without an early end, so that it takes many bytes at a time.
        let delimits = |byte| matches!(byte, b'|' | b'^' | b'&' | b'~' | b'\\' | b'\r' | b'\n');
        let delimiters = (self.bytes()).fold(0, |some, byte| some | u8::from(delimits(byte)));
        if delimiters == 0 {
            out.extend_from_slice(self.as_bytes());
        } else {
            let _ = Escaped(out).write_str(self);
        }
    }
}

/// The canonical text of a UUID.
impl Value for [u8; 16] {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&Hyphenated::of(self).0);
    }
}

impl Value for u32 {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

impl Value for i32 {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

impl Value for usize {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

impl Value for u64 {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        out.extend_from_slice(itoa::Buffer::new().format(self).as_bytes());
    }
}

/// The shortest decimal.
impl Value for f64 {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        write_float(self, out);
    }
}

/// YYYYMMDD.
impl Value for Day {
    #[inline]
    fn write(self, out: &mut Vec<u8>) {
        let (year, month, day) = self.parts();
        let (century, year) = (year / 100, year % 100);
        put_digits(
            [century.unsigned_abs(), year.unsigned_abs(), month, day],
            out,
        );
    }
}

/// Two digits of each number.
#[inline]
fn put_digits<const N: usize>(numbers: [u32; N], out: &mut Vec<u8>) {
    for number in numbers {
        out.extend_from_slice(&[b'0' + (number / 10 % 10) as u8, b'0' + (number % 10) as u8]);
    }
}

/// Escapes what is written: the delimiters, and what would end a segment.
struct Escaped<'a>(&'a mut Vec<u8>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for &byte in text.as_bytes() {
            let escape: &[u8] = match byte {
                b'|' => b"\\F\\",
                b'^' => b"\\S\\",
                b'&' => b"\\T\\",
                b'~' => b"\\R\\",
                b'\\' => b"\\E\\",
                b'\r' => b"\\X0D\\",
                b'\n' => b"\\X0A\\",
                _ => {
                    self.0.push(byte);
                    continue;
                }
            };
            self.0.extend_from_slice(escape);
        }
        Ok(())
    }
}

impl<'a> Segment<'a> {
    /// A segment of a name.
    pub fn new(name: &str, out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(name.as_bytes());
        Self {
            out,
            field: 0,
            component: 1,
            subcomponent: 1,
        }
    }

    /// A segment that has come as far as a field already.
    pub fn resumed(field: u8, out: &'a mut Vec<u8>) -> Self {
        Self {
            out,
            field,
            component: 1,
            subcomponent: 1,
        }
    }

    /// What there is of it, without its end.
    pub fn unfinished(self) {
        let _ = std::mem::ManuallyDrop::new(self);
    }

    /// The head of a message, which declares the delimiters.
    pub fn head(out: &'a mut Vec<u8>) -> Self {
        out.extend_from_slice(b"MSH|^~\\&");
        Self {
            out,
            field: 2,
            component: 1,
            subcomponent: 1,
        }
    }

    /// Goes on to a field.
    pub fn field(&mut self, number: u8) -> &mut Self {
        while self.field < number {
            self.out.push(b'|');
            self.field += 1;
        }
        self.component = 1;
        self.subcomponent = 1;
        self
    }

    /// Begins a repetition of the field.
    pub fn again(&mut self) -> &mut Self {
        self.out.push(b'~');
        self.component = 1;
        self.subcomponent = 1;
        self
    }

    /// Goes on to a component of the field.
    pub fn component(&mut self, number: u8) -> &mut Self {
        while self.component < number {
            self.out.push(b'^');
            self.component += 1;
        }
        self.subcomponent = 1;
        self
    }

    fn subcomponent(&mut self, number: u8) -> &mut Self {
        while self.subcomponent < number {
            self.out.push(b'&');
            self.subcomponent += 1;
        }
        self
    }

    /// A value where the segment stands.
    #[inline]
    pub fn value(&mut self, value: impl Value) -> &mut Self {
        value.write(self.out);
        self
    }

    /// Text where the segment stands.
    #[inline]
    pub fn text(&mut self, text: &str) -> &mut Self {
        self.value(text)
    }

    /// The parts of a field, empty ones left out.
    pub fn parts(&mut self, field: u8, parts: &[(u8, &str)]) -> &mut Self {
        self.field(field).components(parts)
    }

    /// Components of the field or repetition that has begun.
    pub fn components(&mut self, parts: &[(u8, &str)]) -> &mut Self {
        for &(number, text) in parts {
            if !text.is_empty() {
                self.component(number).text(text);
            }
        }
        self
    }

    /// A field of one component.
    pub fn set(&mut self, field: u8, value: impl Value) -> &mut Self {
        self.field(field).value(value)
    }

    /// CE or CWE: a code of a code system of HL7 table 0396, with its text.
    pub fn coded(&mut self, field: u8, code: &str, text: &str, system: &str) -> &mut Self {
        self.parts(field, &[(1, code), (2, text), (3, system)])
    }

    /// TS: an instant, in UTC.
    pub fn instant(&mut self, field: u8, at: Instant) -> &mut Self {
        let (hour, minute, second) = at.clock();
        let clock = [hour, minute, second].map(|part| u32::try_from(part).unwrap_or(0));
        self.field(field).value(at.day());
        put_digits(clock, self.out);
        self.text("+0000")
    }

    /// DT, or TS to the day.
    pub fn day(&mut self, field: u8, day: Day) -> &mut Self {
        self.set(field, day)
    }

    /// HD as a component: a namespace under a reserved name.
    pub fn authority(&mut self, component: u8, authority: Authority) -> &mut Self {
        self.component(component)
            .text(authority.0)
            .subcomponent(2)
            .text(authority.1)
            .subcomponent(3)
            .text("DNS")
    }

    /// HD as a component: who is known by a UUID.
    pub fn unnamed(&mut self, component: u8, id: [u8; 16]) -> &mut Self {
        self.component(component)
            .subcomponent(2)
            .value(id)
            .subcomponent(3)
            .text("UUID")
    }

    /// HD as a field.
    pub fn party(&mut self, field: u8, authority: Authority) -> &mut Self {
        self.parts(field, &[(1, authority.0), (2, authority.1), (3, "DNS")])
    }

    /// CX in the field or repetition that has begun: an identifier with who issued it and its kind.
    pub fn identifier(&mut self, id: impl Value, authority: Authority, kind: &str) -> &mut Self {
        self.value(id)
            .authority(4, authority)
            .component(5)
            .text(kind)
    }

    /// EI: an order, known by a key and what is ordered.
    pub fn order(&mut self, field: u8, number: Order, authority: Authority) -> &mut Self {
        self.field(field)
            .value(number.of)
            .text(number.suffix)
            .components(&[(2, authority.0), (3, authority.1), (4, "DNS")])
    }
}

/// The number of an order.
#[derive(Clone, Copy)]
pub struct Order {
    /// Key of the encounter or the medication.
    pub of: [u8; 16],
    /// What is ordered, where a key has several orders.
    pub suffix: &'static str,
}
