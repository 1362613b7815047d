//! A generator with its arguments: what makes values.
//!
//! ```
//! use synth_engine::generator;
//!
//! let dice = generator::find("uniform_integer")?.bind(&[("minimum", "1"), ("maximum", "6")])?;
//! let mut text = String::new();
//! dice.write(42, &mut text).unwrap();
//! assert!(("1"..="6").contains(&text.as_str()));
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::cell::Cell;
use std::fmt::{self, Write};
use std::sync::Arc;

use arrow_array::builder::{FixedSizeBinaryBuilder, StringBuilder};
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Float64Array, Int32Array, Int64Array,
    Time64MicrosecondArray, TimestampMicrosecondArray,
};

use crate::entropy::{Permutation, Stream};
use crate::format::text;
use crate::schema::ColumnType;

/// Writes the value of an element of entropy, or the value with an index.
pub type Writer = Arc<dyn Fn(u64, &mut dyn Write) -> fmt::Result + Send + Sync>;

/// Writes the text of an element of entropy, in UTF-8, at the beginning of memory that grows for it,
/// and gives how many bytes that is: what lies behind is of no account.
pub type Drafter = Arc<dyn Fn(u64, &mut Vec<u8>) -> usize + Send + Sync>;

/// Computes a value of a fixed size from entropy.
pub type Maker<T> = Arc<dyn Fn(u64) -> T + Send + Sync>;

/// How values are made, by type.
#[derive(Clone)]
pub(super) enum Source {
    Text(Writer),
    /// Long text.
    Draft(Drafter),
    /// The text of a JSON document.
    Json(Writer),
    Boolean(Maker<bool>),
    Integer(Maker<i32>),
    BigInt(Maker<i64>),
    Double(Maker<f64>),
    /// Days since 1970-01-01.
    Date(Maker<i32>),
    /// Microseconds since midnight.
    Time(Maker<i64>),
    /// Microseconds since 1970-01-01 00:00.
    Timestamp(Maker<i64>),
    /// Microseconds since 1970-01-01 00:00 UTC.
    TimestampTz(Maker<i64>),
    Uuid(Maker<[u8; 16]>),
}

/// The values of a generator that can be told apart by a number.
#[derive(Clone)]
pub(super) struct Counted {
    /// How many there are.
    pub count: u64,
    /// Writes the one with an index below `count`.
    pub nth: Writer,
}

/// A value of fixed size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar {
    /// True or false.
    Boolean(bool),
    /// 32 bits.
    Integer(i32),
    /// 64 bits.
    BigInt(i64),
    /// IEEE 754 double.
    Double(f64),
    /// Days since 1970-01-01.
    Date(i32),
    /// Microseconds since midnight.
    Time(i64),
    /// Microseconds since 1970-01-01 00:00.
    Timestamp(i64),
    /// Microseconds since 1970-01-01 00:00 UTC.
    TimestampTz(i64),
    /// 16 bytes.
    Uuid([u8; 16]),
}

/// A generator with its arguments bound.
#[derive(Clone)]
pub struct Bound {
    source: Source,
    counted: Option<Counted>,
}

impl fmt::Debug for Bound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bound")
            .field("output", &self.output())
            .field("distinct", &self.distinct())
            .finish_non_exhaustive()
    }
}

impl Bound {
    pub(super) fn new(source: Source) -> Self {
        Self {
            source,
            counted: None,
        }
    }

    /// Values that are text.
    pub fn text(
        write: impl Fn(u64, &mut dyn Write) -> fmt::Result + Send + Sync + 'static,
    ) -> Self {
        Self::new(Source::Text(Arc::new(write)))
    }

    /// Values that are text made in memory of their own.
    pub(super) fn draft(
        draft: impl Fn(u64, &mut Vec<u8>) -> usize + Send + Sync + 'static,
    ) -> Self {
        Self::new(Source::Draft(Arc::new(draft)))
    }

    /// Values that are JSON documents, written as text.
    pub fn json(
        write: impl Fn(u64, &mut dyn Write) -> fmt::Result + Send + Sync + 'static,
    ) -> Self {
        Self::new(Source::Json(Arc::new(write)))
    }

    /// Values that are true or false.
    pub fn boolean(make: impl Fn(u64) -> bool + Send + Sync + 'static) -> Self {
        Self::new(Source::Boolean(Arc::new(make)))
    }

    /// Values that are whole numbers of 32 bits.
    pub fn integer(make: impl Fn(u64) -> i32 + Send + Sync + 'static) -> Self {
        Self::new(Source::Integer(Arc::new(make)))
    }

    /// Values that are whole numbers of 64 bits.
    pub fn big_int(make: impl Fn(u64) -> i64 + Send + Sync + 'static) -> Self {
        Self::new(Source::BigInt(Arc::new(make)))
    }

    /// Values that are doubles.
    pub fn double(make: impl Fn(u64) -> f64 + Send + Sync + 'static) -> Self {
        Self::new(Source::Double(Arc::new(make)))
    }

    /// Values that are dates: days since 1970-01-01.
    pub fn date(make: impl Fn(u64) -> i32 + Send + Sync + 'static) -> Self {
        Self::new(Source::Date(Arc::new(make)))
    }

    /// Values that are times of day: microseconds since midnight.
    pub fn time(make: impl Fn(u64) -> i64 + Send + Sync + 'static) -> Self {
        Self::new(Source::Time(Arc::new(make)))
    }

    /// Values that are dates with time: microseconds since 1970-01-01 00:00.
    pub fn timestamp(make: impl Fn(u64) -> i64 + Send + Sync + 'static) -> Self {
        Self::new(Source::Timestamp(Arc::new(make)))
    }

    /// Values that are instants: microseconds since 1970-01-01 00:00 UTC.
    pub fn timestamp_tz(make: impl Fn(u64) -> i64 + Send + Sync + 'static) -> Self {
        Self::new(Source::TimestampTz(Arc::new(make)))
    }

    /// Says how many distinct values there are (`u64::MAX` for that many or more), and how to
    /// write the one with an index below that; distinct indexes must give distinct values.
    #[must_use]
    pub fn counted(
        mut self,
        count: u64,
        nth: impl Fn(u64, &mut dyn Write) -> fmt::Result + Send + Sync + 'static,
    ) -> Self {
        self.counted = Some(Counted {
            count,
            nth: Arc::new(nth),
        });
        self
    }

    /// The type of the values.
    pub fn output(&self) -> ColumnType {
        match self.source {
            Source::Text(_) | Source::Draft(_) => ColumnType::Text,
            Source::Json(_) => ColumnType::Json,
            Source::Boolean(_) => ColumnType::Boolean,
            Source::Integer(_) => ColumnType::Integer,
            Source::BigInt(_) => ColumnType::BigInt,
            Source::Double(_) => ColumnType::Double,
            Source::Date(_) => ColumnType::Date,
            Source::Time(_) => ColumnType::Time,
            Source::Timestamp(_) => ColumnType::Timestamp,
            Source::TimestampTz(_) => ColumnType::TimestampTz,
            Source::Uuid(_) => ColumnType::Uuid,
        }
    }

    /// One value for each element of `entropy`, never NULL.
    pub fn values(&self, entropy: &[u64]) -> ArrayRef {
        let all = entropy.iter();
        match &self.source {
            Source::Text(_) | Source::Draft(_) | Source::Json(_) => {
                let mut out = StringBuilder::with_capacity(entropy.len(), entropy.len() * 24);
                for &bits in all {
                    // A StringBuilder accepts every write.
                    let _ = self.write(bits, &mut out);
                    out.append_value("");
                }
                Arc::new(out.finish())
            }
            Source::Boolean(make) => {
                Arc::new(all.map(|&e| Some(make(e))).collect::<BooleanArray>())
            }
            Source::Integer(make) => Arc::new(Int32Array::from_iter_values(all.map(|&e| make(e)))),
            Source::BigInt(make) => Arc::new(Int64Array::from_iter_values(all.map(|&e| make(e)))),
            Source::Double(make) => Arc::new(Float64Array::from_iter_values(all.map(|&e| make(e)))),
            Source::Date(make) => Arc::new(Date32Array::from_iter_values(all.map(|&e| make(e)))),
            Source::Time(make) => Arc::new(Time64MicrosecondArray::from_iter_values(
                all.map(|&e| make(e)),
            )),
            Source::Timestamp(make) => Arc::new(TimestampMicrosecondArray::from_iter_values(
                all.map(|&e| make(e)),
            )),
            Source::TimestampTz(make) => Arc::new(
                TimestampMicrosecondArray::from_iter_values(all.map(|&e| make(e)))
                    .with_timezone("UTC"),
            ),
            Source::Uuid(make) => {
                let mut out = FixedSizeBinaryBuilder::with_capacity(entropy.len(), 16);
                for &bits in all {
                    // 16 bytes into a builder of width 16.
                    let _ = out.append_value(make(bits));
                }
                Arc::new(out.finish())
            }
        }
    }

    /// The value of one element of entropy; `None` for text and JSON, which are written.
    #[inline]
    pub fn scalar(&self, entropy: u64) -> Option<Scalar> {
        Some(match &self.source {
            Source::Text(_) | Source::Draft(_) | Source::Json(_) => return None,
            Source::Boolean(make) => Scalar::Boolean(make(entropy)),
            Source::Integer(make) => Scalar::Integer(make(entropy)),
            Source::BigInt(make) => Scalar::BigInt(make(entropy)),
            Source::Double(make) => Scalar::Double(make(entropy)),
            Source::Date(make) => Scalar::Date(make(entropy)),
            Source::Time(make) => Scalar::Time(make(entropy)),
            Source::Timestamp(make) => Scalar::Timestamp(make(entropy)),
            Source::TimestampTz(make) => Scalar::TimestampTz(make(entropy)),
            Source::Uuid(make) => Scalar::Uuid(make(entropy)),
        })
    }

    /// The value of one element of entropy, where it is a number.
    #[inline]
    #[expect(
        clippy::cast_precision_loss,
        reason = "whole numbers beyond 2^53 are rounded"
    )]
    pub fn number(&self, entropy: u64) -> Option<f64> {
        match self.scalar(entropy)? {
            Scalar::Integer(value) => Some(f64::from(value)),
            Scalar::BigInt(value) => Some(value as f64),
            Scalar::Double(value) => Some(value),
            _ => None,
        }
    }

    /// Writes the value of one element of entropy in its text form, which Postgres reads whatever
    /// the type: ISO 8601 for dates and times, shortest decimals, `true` and `false`.
    #[inline]
    pub fn write(&self, entropy: u64, out: &mut dyn Write) -> fmt::Result {
        match &self.source {
            Source::Text(write) | Source::Json(write) => write(entropy, out),
            Source::Draft(draft) => write_draft(draft, entropy, out),
            _ => match self.scalar(entropy) {
                Some(scalar) => scalar.write(out),
                None => Ok(()),
            },
        }
    }

    /// Writes the value of one element of entropy at the beginning of `memory`, which grows for it
    /// and is best used again, and gives its length in bytes of UTF-8. `None` where values are not
    /// long texts: those are written.
    #[inline]
    pub fn draft_in(&self, entropy: u64, memory: &mut Vec<u8>) -> Option<usize> {
        match &self.source {
            Source::Draft(draft) => Some(draft(entropy, memory)),
            _ => None,
        }
    }

    /// The value of one element of entropy as text.
    pub fn value(&self, entropy: u64) -> String {
        let mut out = String::new();
        // A String accepts every write.
        let _ = self.write(entropy, &mut out);
        out
    }

    /// How many distinct values there are, where they can be enumerated: [`Self::nth`] writes each
    /// once. `u64::MAX` stands for that many or more.
    pub fn distinct(&self) -> Option<u64> {
        self.counted.as_ref().map(|counted| counted.count)
    }

    /// Writes the value with an index below [`Self::distinct`], in text form; distinct indexes give
    /// distinct values. Fails where there is no such value.
    pub fn nth(&self, index: u64, out: &mut dyn Write) -> fmt::Result {
        match &self.counted {
            Some(counted) if index < counted.count => (counted.nth)(index, out),
            _ => Err(fmt::Error),
        }
    }

    /// The order in which rows take the distinct values, under a key: row i takes
    /// `nth(order.apply(i))`. `None` where values cannot be enumerated.
    pub fn order(&self, key: Stream) -> Option<Permutation> {
        self.distinct().map(|count| Permutation::new(count, key))
    }
}

/// Writes what is made in memory.
fn write_draft(draft: &Drafter, entropy: u64, out: &mut dyn Write) -> fmt::Result {
    thread_local! {
        /// Memory that the next text reuses.
        static MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
    }
    /// More is given back.
    const KEPT: usize = 1 << 16;

    let mut memory = MEMORY.take();
    let length = draft(entropy, &mut memory);
    let text = memory.get(..length).map(std::str::from_utf8);
    let written = match text {
        Some(Ok(text)) => out.write_str(text),
        _ => Err(fmt::Error),
    };
    if memory.len() <= KEPT {
        MEMORY.set(memory);
    }
    written
}

impl Scalar {
    /// Writes the text form.
    pub fn write(self, out: &mut dyn Write) -> fmt::Result {
        let mut bytes = Vec::new();
        match self {
            Self::Boolean(value) => return out.write_str(if value { "true" } else { "false" }),
            Self::Integer(value) => return out.write_str(itoa::Buffer::new().format(value)),
            Self::BigInt(value) => return out.write_str(itoa::Buffer::new().format(value)),
            Self::Uuid(value) => {
                let mut buffer = [0; uuid::fmt::Hyphenated::LENGTH];
                let uuid = uuid::Uuid::from_bytes(value);
                return out.write_str(uuid.hyphenated().encode_lower(&mut buffer));
            }
            Self::Double(value) => text::write_float(value, &mut bytes),
            Self::Date(days) => text::write_date(days, &mut bytes),
            Self::Time(micros) => text::write_time(micros, &mut bytes),
            Self::Timestamp(micros) => text::write_timestamp(micros, &mut bytes),
            Self::TimestampTz(micros) => {
                text::write_timestamp(micros, &mut bytes);
                bytes.push(b'Z');
            }
        }
        // Digits and separators are ASCII.
        out.write_str(std::str::from_utf8(&bytes).unwrap_or_default())
    }
}
