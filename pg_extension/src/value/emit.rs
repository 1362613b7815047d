//! Values as Datums.

use std::ffi::c_char;
use std::fmt;
use std::sync::OnceLock;

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::generator::{Bound, Scalar};
use synth_engine::schema::ColumnType;

use crate::boundary::allocate;
use crate::column::{date_to_postgres, timestamp_to_postgres};
use crate::error::raise;

/// The longest text of one value.
const MOST_BYTES: usize = 64 << 20;

/// Text of one value, in memory that the next one reuses.
#[derive(Default)]
pub struct Buffer(Vec<u8>);

impl fmt::Write for Buffer {
    #[inline]
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > MOST_BYTES {
            return Err(fmt::Error);
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

impl Buffer {
    /// The value of an element of entropy in its text form, as a `text` Datum.
    #[inline]
    pub fn text_of(&mut self, bound: &Bound, entropy: u64) -> Datum {
        if let Some(length) = bound.draft_in(entropy, &mut self.0) {
            return text(&self.0[..length]);
        }
        self.fill(|out| bound.write(entropy, out));
        self.text()
    }

    /// Takes a text: what `write` gives.
    pub fn fill(&mut self, write: impl FnOnce(&mut Self) -> fmt::Result) {
        self.0.clear();
        if write(self).is_err() {
            raise(
                ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                "the value would be too long".to_owned(),
                Some("Ask for a shorter value.".to_owned()),
            );
        }
    }

    /// The text as a `text` Datum.
    pub fn text(&self) -> Datum {
        text(&self.0)
    }

    /// The text as a value of another type, read by that type's input function.
    fn read_as(&mut self, function: unsafe fn(pg_sys::FunctionCallInfo) -> Datum) -> Datum {
        self.0.push(0);
        // SAFETY: an input function of one argument, a string that ends in NUL.
        unsafe {
            pgrx::direct_function_call_as_datum(function, &[Some(Datum::from(self.0.as_ptr()))])
                .unwrap_or_else(|| Datum::from(0_usize))
        }
    }
}

/// A text in UTF-8 as a `text` Datum, palloc'd.
#[inline]
fn text(text: &[u8]) -> Datum {
    if is_utf8() {
        return varlena(text);
    }
    // SAFETY: there are as many bytes as are said; the server converts them to its encoding and
    // gives its argument back where nothing is to be done, else a string that ends in NUL.
    unsafe {
        let own = text.as_ptr().cast::<c_char>();
        let utf8 = pg_sys::pg_enc::PG_UTF8 as i32;
        let converted = pg_sys::pg_any_to_server(own, text.len() as i32, utf8);
        if converted == own.cast_mut() {
            return varlena(text);
        }
        varlena(std::ffi::CStr::from_ptr(converted).to_bytes())
    }
}

/// Bytes behind the header of a `text`, palloc'd.
#[inline]
fn varlena(text: &[u8]) -> Datum {
    const HEADER: usize = 4;
    let size = HEADER + text.len();
    let memory = allocate(size);
    // SAFETY: there are as many bytes as asked for; a header of four bytes, in native order, holds
    // the length shifted by two.
    unsafe {
        memory.cast::<u32>().write((size as u32) << 2);
        std::ptr::copy_nonoverlapping(text.as_ptr(), memory.add(HEADER), text.len());
    }
    Datum::from(memory)
}

/// Whether texts of the engine are those of the database, whose encoding never changes.
fn is_utf8() -> bool {
    static UTF8: OnceLock<bool> = OnceLock::new();
    // SAFETY: reads a variable of the backend.
    *UTF8.get_or_init(|| unsafe { pg_sys::GetDatabaseEncoding() == pg_sys::pg_enc::PG_UTF8 as i32 })
}

/// The SQL type of a generator's output.
pub fn type_oid(output: ColumnType) -> Oid {
    match output {
        ColumnType::SmallInt => pg_sys::INT2OID,
        ColumnType::Integer => pg_sys::INT4OID,
        ColumnType::BigInt => pg_sys::INT8OID,
        ColumnType::Real => pg_sys::FLOAT4OID,
        ColumnType::Double => pg_sys::FLOAT8OID,
        ColumnType::Date => pg_sys::DATEOID,
        ColumnType::Time => pg_sys::TIMEOID,
        ColumnType::Timestamp => pg_sys::TIMESTAMPOID,
        ColumnType::TimestampTz => pg_sys::TIMESTAMPTZOID,
        ColumnType::Uuid => pg_sys::UUIDOID,
        ColumnType::Boolean => pg_sys::BOOLOID,
        ColumnType::Json => pg_sys::JSONOID,
        _ => pg_sys::TEXTOID,
    }
}

/// The value of an element of entropy, in its own type.
#[inline]
pub fn typed(bound: &Bound, entropy: u64, buffer: &mut Buffer) -> Datum {
    let Some(scalar) = bound.scalar(entropy) else {
        // What is not of a fixed size is text, or a document, which is text in the form that JSON
        // has: it is made so.
        return buffer.text_of(bound, entropy);
    };
    match scalar {
        Scalar::Boolean(value) => Datum::from(value),
        Scalar::Integer(value) => Datum::from(value),
        Scalar::BigInt(value) | Scalar::Time(value) => Datum::from(value),
        Scalar::Double(value) => Datum::from(value.to_bits()),
        Scalar::Date(days) => Datum::from(date_to_postgres(days)),
        Scalar::Timestamp(micros) | Scalar::TimestampTz(micros) => {
            Datum::from(timestamp_to_postgres(micros))
        }
        // SAFETY: 16 bytes into 16 bytes.
        Scalar::Uuid(bytes) => unsafe {
            let out = allocate(bytes.len());
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), out, bytes.len());
            Datum::from(out)
        },
    }
}

/// A text in `buffer` as a value of a type.
pub fn finish(output: ColumnType, buffer: &mut Buffer) -> Datum {
    match output {
        ColumnType::Text | ColumnType::Json => buffer.text(),
        ColumnType::Uuid => buffer.read_as(pg_sys::uuid_in),
        ColumnType::BigInt => buffer.read_as(pg_sys::int8in),
        ColumnType::Integer => buffer.read_as(pg_sys::int4in),
        other => raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!("values of type {} cannot be enumerated", other.sql()),
            Some("Ask without unique.".to_owned()),
        ),
    }
}
