//! How the values of a column are hashed: equal values of types that can be compared have equal
//! hashes, wherever they stand.

use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::proof::{Class, ValueHash};

use crate::own;

/// What a type's values are, as far as hashing goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kind {
    /// Values of one class can be equal.
    pub class: Class,
    layout: Layout,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Layout {
    /// text and varchar.
    Text,
    /// char(n): blanks at the end do not count.
    PaddedText,
    /// name.
    Name,
    Int2,
    Int4,
    Int8,
    /// So many bytes in the Datum itself.
    ByValue(usize),
    /// So many bytes at an address.
    Fixed(usize),
    /// With a length word: the bytes after it.
    Varlena,
    /// Up to a NUL.
    CString,
}

impl Kind {
    /// The kind of a type, possibly a domain.
    pub fn of(type_oid: Oid) -> Self {
        // SAFETY: catalog look-ups.
        let (base, length, by_value) = unsafe {
            let base = pg_sys::getBaseType(type_oid);
            let (mut length, mut by_value) = (0, false);
            pg_sys::get_typlenbyval(base, &raw mut length, &raw mut by_value);
            (base, length, by_value)
        };
        let (class, layout) = match base {
            pg_sys::TEXTOID | pg_sys::VARCHAROID => (Class::Text, Layout::Text),
            pg_sys::BPCHAROID => (Class::Text, Layout::PaddedText),
            pg_sys::NAMEOID => (Class::Text, Layout::Name),
            pg_sys::INT2OID => (Class::Integer, Layout::Int2),
            pg_sys::INT4OID => (Class::Integer, Layout::Int4),
            pg_sys::INT8OID => (Class::Integer, Layout::Int8),
            other => {
                let layout = match (by_value, length) {
                    (true, length) => Layout::ByValue(usize::try_from(length).unwrap_or(8)),
                    (false, -1) => Layout::Varlena,
                    (false, -2) => Layout::CString,
                    (false, length) => Layout::Fixed(usize::try_from(length).unwrap_or(0)),
                };
                (Class::Other(other.to_u32()), layout)
            }
        };
        Self { class, layout }
    }

    /// Whether values may stand outside of their tuple, or compressed.
    pub fn is_varlena(self) -> bool {
        matches!(
            self.layout,
            Layout::Text | Layout::PaddedText | Layout::Varlena
        )
    }

    /// Hashes a value; what is compressed or out of line is fetched into the current context.
    ///
    /// # Safety
    /// The value is of the kind's type.
    #[inline]
    pub unsafe fn hash(self, hash: &ValueHash, value: Datum) -> u64 {
        // SAFETY: by the caller's promise the Datum has the kind's layout.
        unsafe {
            match self.layout {
                Layout::Int2 => self.integer(hash, i64::from(value.value() as i16)),
                Layout::Int4 => self.integer(hash, i64::from(value.value() as i32)),
                Layout::Int8 => self.integer(hash, value.value() as i64),
                Layout::ByValue(length) => {
                    hash.value(self.class, &value.value().to_le_bytes()[..length.min(8)])
                }
                Layout::Fixed(length) => hash.value(
                    self.class,
                    std::slice::from_raw_parts(value.cast_mut_ptr::<u8>(), length),
                ),
                Layout::Name | Layout::CString => hash.value(
                    self.class,
                    std::ffi::CStr::from_ptr(value.cast_mut_ptr()).to_bytes(),
                ),
                Layout::Text | Layout::PaddedText | Layout::Varlena => {
                    let stored = value.cast_mut_ptr::<pg_sys::varlena>();
                    let varlena = pg_sys::pg_detoast_datum_packed(stored);
                    let found = self.bytes(hash, own::bytes(Datum::from(varlena)));
                    // A batch of these may be a thousand times the size of its rows.
                    if varlena != stored {
                        pg_sys::pfree(varlena.cast());
                    }
                    found
                }
            }
        }
    }

    fn integer(self, hash: &ValueHash, value: i64) -> u64 {
        hash.value(self.class, &value.to_le_bytes())
    }

    /// Hashes the content of a varlena.
    pub fn bytes(self, hash: &ValueHash, bytes: &[u8]) -> u64 {
        let bytes = if self.layout == Layout::PaddedText {
            bytes.trim_ascii_end_blanks()
        } else {
            bytes
        };
        hash.value(self.class, bytes)
    }
}

trait TrimBlanks {
    fn trim_ascii_end_blanks(&self) -> &[u8];
}

impl TrimBlanks for [u8] {
    fn trim_ascii_end_blanks(&self) -> &[u8] {
        let end = self
            .iter()
            .rposition(|byte| *byte != b' ')
            .map_or(0, |at| at + 1);
        &self[..end]
    }
}
