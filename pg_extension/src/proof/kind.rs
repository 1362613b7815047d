//! How the values of a column are hashed: equal values of types that can be compared have equal
//! hashes, wherever they stand. Arrays are taken apart into elements, JSON documents into what the
//! paths of their rule find: [`Form`].

use std::rc::Rc;

use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::mask::{JsonPaths, Rule};
use synth_engine::proof::{Class, ValueHash};

use crate::{boundary, own};

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
    /// numeric: digits count, not how many zeros at the end are shown.
    Numeric,
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
            pg_sys::NUMERICOID => (Class::Other(pg_sys::NUMERICOID.to_u32()), Layout::Numeric),
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
            Layout::Text | Layout::PaddedText | Layout::Varlena | Layout::Numeric
        )
    }

    /// As the first edition of fingerprints hashed it: numbers with the zeros at their end.
    pub fn of_first_edition(type_oid: Oid) -> Self {
        let kind = Self::of(type_oid);
        if kind.layout == Layout::Numeric {
            return Self {
                layout: Layout::Varlena,
                ..kind
            };
        }
        kind
    }

    /// Whether the first edition hashed it otherwise.
    pub fn is_new(self) -> bool {
        self.layout == Layout::Numeric
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
                Layout::Text | Layout::PaddedText | Layout::Varlena | Layout::Numeric => {
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
        if self.layout == Layout::Numeric {
            return hash.value(self.class, &canonical(bytes));
        }
        let bytes = if self.layout == Layout::PaddedText {
            bytes.trim_ascii_end_blanks()
        } else {
            bytes
        };
        hash.value(self.class, bytes)
    }
}

/// The content of a numeric without its display scale (utils/adt/numeric.c): sign, weight, digits.
fn canonical(bytes: &[u8]) -> Vec<u8> {
    const SIGN_MASK: u16 = 0xC000;
    const SHORT: u16 = 0x8000;
    const SPECIAL: u16 = 0xC000;
    let word = |at: usize| {
        let pair = bytes.get(at..at + 2)?;
        Some(u16::from_ne_bytes([pair[0], pair[1]]))
    };
    let Some(header) = word(0) else {
        return bytes.to_vec();
    };
    let (negative, weight, digits) = match header & SIGN_MASK {
        SPECIAL => return bytes.to_vec(),
        SHORT => {
            let weight = i16::from((header & 0x3F) as u8);
            let weight = if header & 0x40 == 0 {
                weight
            } else {
                weight - 64
            };
            (header & 0x2000 != 0, weight, 2)
        }
        sign => (sign == 0x4000, word(2).unwrap_or_default() as i16, 4),
    };
    let digits = bytes.get(digits..).unwrap_or_default();
    let mut out = Vec::with_capacity(digits.len() + 3);
    out.push(u8::from(negative));
    // Zero has no digits, and any weight.
    out.extend(if digits.is_empty() { 0 } else { weight }.to_le_bytes());
    out.extend(digits);
    out
}

/// What of a column's values is hashed.
#[derive(Clone)]
pub enum Form {
    /// The value.
    Whole(Kind),
    /// Each element of an array that is not NULL.
    Elements(Elements),
    /// Strings and numbers in a JSON document, as text.
    Leaves {
        /// Where they stand.
        paths: Rc<JsonPaths>,
        /// jsonb, and not json.
        is_binary: bool,
        /// How a document is hashed.
        whole: Kind,
    },
}

/// The elements of an array.
#[derive(Debug, Clone, Copy)]
pub struct Elements {
    kind: Kind,
    whole: Kind,
    type_oid: Oid,
    length: i16,
    by_value: bool,
    align: std::ffi::c_char,
}

impl Form {
    /// What of the values of a type can be looked at anywhere: arrays by elements, all else whole.
    pub fn of(type_oid: Oid) -> Self {
        // SAFETY: catalog look-ups.
        let base = unsafe { pg_sys::getBaseType(type_oid) };
        let (element, is_array) = crate::rule::element_of(base);
        if !is_array {
            return Self::Whole(Kind::of(base));
        }
        let (mut length, mut by_value, mut align) = (0, false, 0);
        // SAFETY: the type of elements exists.
        unsafe {
            pg_sys::get_typlenbyvalalign(
                element,
                &raw mut length,
                &raw mut by_value,
                &raw mut align,
            );
        }
        Self::Elements(Elements {
            kind: Kind::of(element),
            whole: Kind::of(base),
            type_oid: element,
            length,
            by_value,
            align,
        })
    }

    /// What of a column's values its rule masks.
    pub fn ruled(type_oid: Oid, rule: Option<&Rule>) -> Self {
        match rule.and_then(JsonPaths::of) {
            Some(paths) => Self::leaves(type_oid, paths).unwrap_or_else(|| Self::of(type_oid)),
            None => Self::of(type_oid),
        }
    }

    /// Every string and number, where the type is json or jsonb.
    pub fn documents(type_oid: Oid) -> Option<Self> {
        Self::leaves(type_oid, JsonPaths::all())
    }

    fn leaves(type_oid: Oid, paths: JsonPaths) -> Option<Self> {
        // SAFETY: catalog look-up.
        let base = unsafe { pg_sys::getBaseType(type_oid) };
        let is_binary = base == pg_sys::JSONBOID;
        (is_binary || base == pg_sys::JSONOID).then(|| Self::Leaves {
            paths: Rc::new(paths),
            is_binary,
            whole: Kind::of(base),
        })
    }

    /// The class of what is hashed.
    pub fn class(&self) -> Class {
        match self {
            Self::Whole(kind) => kind.class,
            Self::Elements(elements) => elements.kind.class,
            Self::Leaves { .. } => Class::Text,
        }
    }

    /// Whether values may stand outside of their tuple, or compressed.
    pub fn is_varlena(&self) -> bool {
        match self {
            Self::Whole(kind) => kind.is_varlena(),
            _ => true,
        }
    }

    /// Whether two forms take the same apart in the same way.
    pub fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two))
            | (Self::Leaves { whole: one, .. }, Self::Leaves { whole: two, .. }) => one == two,
            (Self::Elements(one), Self::Elements(two)) => one.kind == two.kind,
            _ => false,
        }
    }

    /// Gives the hash of all that is looked at in a value.
    ///
    /// # Safety
    /// The value is of the form's type; what is fetched goes to the current memory context.
    #[inline]
    pub unsafe fn each(&self, hash: &ValueHash, value: Datum, mut see: impl FnMut(u64)) {
        // SAFETY: by the caller's promise.
        unsafe {
            match self {
                Self::Whole(kind) => see(kind.hash(hash, value)),
                Self::Elements(elements) => elements.each(hash, value, &mut see),
                Self::Leaves {
                    paths, is_binary, ..
                } => {
                    let text = if *is_binary {
                        let stored = pg_sys::pg_detoast_datum(value.cast_mut_ptr());
                        let document = stored.cast::<pg_sys::Jsonb>();
                        let length = pgrx::varsize_any_exhdr(stored) as i32;
                        let root = &raw mut (*document).root;
                        boundary::string(pg_sys::JsonbToCString(std::ptr::null_mut(), root, length))
                    } else {
                        String::from_utf8_lossy(own::bytes(value)).into_owned()
                    };
                    // A document that cannot be read was not masked either.
                    for leaf in paths.values(&text).unwrap_or_default() {
                        see(hash.value(Class::Text, leaf.as_bytes()));
                    }
                }
            }
        }
    }

    /// How whole values are hashed, as they stand in a TOAST table: bytes of unknown origin are not
    /// taken apart.
    pub fn whole(&self) -> Kind {
        match self {
            Self::Whole(kind) => *kind,
            Self::Elements(elements) => elements.whole,
            Self::Leaves { whole, .. } => *whole,
        }
    }
}

impl Elements {
    /// # Safety
    /// The value is an array of these elements.
    unsafe fn each(&self, hash: &ValueHash, value: Datum, see: &mut impl FnMut(u64)) {
        // SAFETY: by the caller's promise.
        unsafe {
            let array = pg_sys::pg_detoast_datum(value.cast_mut_ptr()).cast::<pg_sys::ArrayType>();
            if (*array).elemtype != self.type_oid {
                return;
            }
            let (mut cells, mut nulls, mut count) = (std::ptr::null_mut(), std::ptr::null_mut(), 0);
            pg_sys::deconstruct_array(
                array,
                self.type_oid,
                i32::from(self.length),
                self.by_value,
                self.align,
                &raw mut cells,
                &raw mut nulls,
                &raw mut count,
            );
            for index in 0..count as usize {
                if !*nulls.add(index) {
                    see(self.kind.hash(hash, *cells.add(index)));
                }
            }
        }
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
