//! A table whose rows belong to units: the encounters of patients, the transactions of customers.
//!
//! A table is a list of columns, each of which says in one place what it is called, what it holds and how
//! it is made, and a function that gives the rows of one unit. Rows of a unit depend on nothing but the
//! world (seed and day) and the number of the unit, so any range of units costs the same and tables of one
//! world join without having seen each other (laws 2 and 3).
//!
//! ```
//! use synth_engine::domain::linked::{Column, Linked};
//! use synth_engine::domain::{Table, FanOut};
//! use synth_engine::schema::TableSpec;
//!
//! // Unit 0 has no row, unit 1 has one, unit 2 has two.
//! let columns = vec![
//!     Column::big_int("child_id", "Key", |_: &(), row: &(u64, u64)| Some((row.0 * 8 + row.1) as i64)),
//!     Column::word("sex", "F or M", |_, row| Some(if row.1 == 0 { "F" } else { "M" })),
//! ];
//! let children = Linked::new("children", "Children.", (), columns, FanOut::Mean(1.0), |(), unit, _, out| {
//!     out.extend((0..unit).map(|k| (unit, k)));
//! });
//! assert_eq!(children.batch(0..3)?.num_rows(), 3);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, FixedSizeBinaryArray, Float64Array,
    Int16Array, Int32Array, Int64Array, RecordBatch, RecordBatchOptions, TimestampMicrosecondArray,
};
use arrow_buffer::NullBuffer;

use super::{FanOut, LAST_ROW, Table, check_units};
use crate::error::Result;
use crate::schema::{ColumnSpec, ColumnType, Constraint, DECIMAL_DIGITS, ForeignKey, TableSpec};

/// How the values of a column come out of a row. A function that gives an `Option` makes NULLs.
enum Make<W, R> {
    Word(fn(&W, &R) -> Option<&'static str>),
    /// Writes text; false: NULL.
    Text(fn(&W, &R, &mut StringBuilder) -> std::result::Result<bool, fmt::Error>),
    SmallInt(fn(&W, &R) -> Option<i16>),
    Integer(fn(&W, &R) -> Option<i32>),
    BigInt(fn(&W, &R) -> Option<i64>),
    Double(fn(&W, &R) -> Option<f64>),
    Date(fn(&W, &R) -> Option<i32>),
    /// Microseconds since 1970-01-01 00:00 UTC.
    Instant(fn(&W, &R) -> Option<i64>),
    Uuid(fn(&W, &R) -> Option<[u8; 16]>),
    Boolean(fn(&W, &R) -> Option<bool>),
    /// In units of the last decimal place.
    Decimal(u8, fn(&W, &R) -> Option<i64>),
}

/// A column: its description, and how it is made from a row.
pub struct Column<W, R> {
    spec: ColumnSpec,
    needs: u32,
    make: Make<W, R>,
}

/// A text column's target: `write!` into it.
pub type Text = StringBuilder;

macro_rules! constructors {
    ($($(#[$doc:meta])* $name:ident, $variant:ident, $column_type:ident, $value:ty;)*) => {
        $(
            $(#[$doc])*
            pub fn $name(name: &str, comment: &str, make: fn(&W, &R) -> Option<$value>) -> Self {
                Self::of(name, ColumnType::$column_type, comment, Make::$variant(make))
            }
        )*
    };
}

/// Constructors by type. Each takes a function that gives `Some` value, or `None` for NULL: then the
/// column must be made [`nullable`](Self::nullable).
impl<W, R> Column<W, R> {
    fn of(name: &str, column_type: ColumnType, comment: &str, make: Make<W, R>) -> Self {
        Self {
            spec: ColumnSpec::new(name, column_type, comment),
            needs: 0,
            make,
        }
    }

    constructors! {
        /// Text out of a list.
        word, Word, Text, &'static str;
        /// 16-bit integer.
        small_int, SmallInt, SmallInt, i16;
        /// 32-bit integer.
        integer, Integer, Integer, i32;
        /// 64-bit integer.
        big_int, BigInt, BigInt, i64;
        /// Double.
        double, Double, Double, f64;
        /// Days since 1970-01-01.
        date, Date, Date, i32;
        /// Microseconds since 1970-01-01 00:00 UTC.
        instant, Instant, TimestampTz, i64;
        /// 16 bytes.
        uuid, Uuid, Uuid, [u8; 16];
        /// True or false.
        boolean, Boolean, Boolean, bool;
    }

    /// Text that is written, with `write!`; the function says whether there is a value.
    pub fn text(
        name: &str,
        comment: &str,
        make: fn(&W, &R, &mut Text) -> std::result::Result<bool, fmt::Error>,
    ) -> Self {
        Self::of(name, ColumnType::Text, comment, Make::Text(make))
    }

    /// Money: two decimal places, given in hundredths.
    pub fn money(name: &str, comment: &str, make: fn(&W, &R) -> Option<i64>) -> Self {
        Self::decimal(name, 2, comment, make)
    }

    /// A decimal number with `scale` places, given in units of the last.
    pub fn decimal(name: &str, scale: u8, comment: &str, make: fn(&W, &R) -> Option<i64>) -> Self {
        let column_type = ColumnType::Decimal(scale);
        Self::of(name, column_type, comment, Make::Decimal(scale, make))
    }

    /// The same column, which may be NULL.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.spec = self.spec.nullable();
        self
    }

    /// What the function that makes rows has to work out for this column, as bits of the table's own
    /// choice: it is given the bits of all wanted columns.
    #[must_use]
    pub fn needs(mut self, facts: u32) -> Self {
        self.needs = facts;
        self
    }

    fn array(&self, world: &W, rows: &[R]) -> Result<ArrayRef> {
        macro_rules! primitive {
            ($array:ty, $make:expr) => {
                if self.spec.nullable {
                    rows.iter().map(|row| $make(world, row)).collect::<$array>()
                } else {
                    <$array>::from_iter_values(
                        rows.iter().map(|row| $make(world, row).unwrap_or_default()),
                    )
                }
            };
        }
        Ok(match self.make {
            Make::Word(make) => {
                let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 12);
                for row in rows {
                    out.append_option(make(world, row));
                }
                Arc::new(out.finish())
            }
            Make::Text(make) => {
                let mut out = StringBuilder::with_capacity(rows.len(), rows.len() * 16);
                for row in rows {
                    // Writing into a StringBuilder cannot fail; a failure would show as NULL.
                    if make(world, row, &mut out).unwrap_or(false) {
                        out.append_value("");
                    } else {
                        out.append_null();
                    }
                }
                Arc::new(out.finish())
            }
            Make::SmallInt(make) => Arc::new(primitive!(Int16Array, make)),
            Make::Integer(make) => Arc::new(primitive!(Int32Array, make)),
            Make::BigInt(make) => Arc::new(primitive!(Int64Array, make)),
            Make::Double(make) => Arc::new(primitive!(Float64Array, make)),
            Make::Date(make) => Arc::new(primitive!(Date32Array, make)),
            Make::Instant(make) => {
                let array = primitive!(TimestampMicrosecondArray, make);
                Arc::new(array.with_timezone("UTC"))
            }
            Make::Boolean(make) => Arc::new(
                rows.iter()
                    .map(|row| make(world, row))
                    .collect::<BooleanArray>(),
            ),
            Make::Uuid(make) => {
                let mut known = Vec::with_capacity(rows.len());
                let uuids = rows.iter().map(|row| {
                    let uuid = make(world, row);
                    if self.spec.nullable {
                        known.push(uuid.is_some());
                    }
                    uuid.unwrap_or_default()
                });
                let uuids = uuids.collect::<Vec<_>>().into_flattened();
                let nulls = known.contains(&false).then(|| NullBuffer::from(known));
                Arc::new(FixedSizeBinaryArray::try_new(16, uuids.into(), nulls)?)
            }
            Make::Decimal(scale, make) => {
                let wide = |world, row| make(world, row).map(i128::from);
                let array = primitive!(Decimal128Array, wide);
                Arc::new(array.with_precision_and_scale(DECIMAL_DIGITS, scale.cast_signed())?)
            }
        })
    }
}

/// Gives the rows of a unit. The bits say what the wanted columns need; what nobody needs may be left
/// out, but not rows.
pub type Rows<W, R> = fn(&W, unit: u64, needs: u32, out: &mut Vec<R>);

/// Gives the first unit, from the given one on, that may have rows, and a later unit before which no other
/// has.
pub type Next<W> = fn(&W, unit: u64) -> (u64, u64);

/// The [`Next`] of what units share in blocks: rows come with the first unit of each.
pub const fn first_of_block<const BLOCK: u64>(unit: u64) -> (u64, u64) {
    let first = unit.next_multiple_of(BLOCK);
    (first, first + 1)
}

/// A table of units.
pub struct Linked<W, R> {
    spec: TableSpec,
    world: W,
    columns: Vec<Column<W, R>>,
    fan_out: FanOut,
    last_unit: u64,
    rows: Rows<W, R>,
    next: Option<Next<W>>,
}

impl<W, R> Linked<W, R> {
    /// A table without constraints.
    pub fn new(
        name: &str,
        comment: &str,
        world: W,
        columns: Vec<Column<W, R>>,
        fan_out: FanOut,
        rows: Rows<W, R>,
    ) -> Self {
        Self {
            spec: TableSpec {
                name: name.to_owned(),
                columns: columns.iter().map(|column| column.spec.clone()).collect(),
                constraints: Vec::new(),
                comment: comment.to_owned(),
            },
            world,
            columns,
            fan_out,
            last_unit: LAST_ROW,
            rows,
            next: None,
        }
    }

    /// For a table of which few units have rows: the others are passed over without being asked. Which
    /// ones `next` gives depends on the world alone, not on where it begins.
    #[must_use]
    pub fn only(mut self, next: Next<W>) -> Self {
        self.next = Some(next);
        self
    }

    /// The largest unit number, where keys leave no room for more.
    #[must_use]
    pub fn up_to(mut self, last_unit: u64) -> Self {
        self.last_unit = last_unit;
        self
    }

    /// Adds the primary key.
    #[must_use]
    pub fn primary_key(self, columns: &[&str]) -> Self {
        self.with(Constraint::PrimaryKey(owned(columns)))
    }

    /// Adds a unique constraint.
    #[must_use]
    pub fn unique(self, columns: &[&str]) -> Self {
        self.with(Constraint::Unique(owned(columns)))
    }

    /// Adds a reference to columns of another table of the domain, by the name that it has there.
    #[must_use]
    pub fn references(self, columns: &[&str], table: &str, referenced: &[&str]) -> Self {
        self.with(Constraint::ForeignKey(ForeignKey {
            columns: owned(columns),
            table: table.to_owned(),
            referenced: owned(referenced),
        }))
    }

    /// Adds an index.
    #[must_use]
    pub fn index(self, columns: &[&str]) -> Self {
        self.with(Constraint::Index(owned(columns)))
    }

    fn with(mut self, constraint: Constraint) -> Self {
        self.spec.constraints.push(constraint);
        self
    }
}

fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

impl<W: Send + Sync, R: Send + Sync> Table for Linked<W, R> {
    fn spec(&self) -> &TableSpec {
        &self.spec
    }

    fn fan_out(&self) -> FanOut {
        self.fan_out
    }

    fn last_unit(&self) -> u64 {
        self.last_unit
    }

    fn project(&self, units: Range<u64>, columns: &[usize]) -> Result<RecordBatch> {
        let count = check_units(&units, self.last_unit)?;
        let schema = Arc::new(self.spec.arrow_schema().project(columns)?);
        let wanted = || columns.iter().filter_map(|&place| self.columns.get(place));
        let needs = wanted().fold(0, |needs, column| needs | column.needs);
        let mut rows = Vec::with_capacity(self.fan_out.rows_of(count));
        if let Some(next) = self.next {
            let (mut unit, mut later) = next(&self.world, units.start);
            while unit < units.end {
                (self.rows)(&self.world, unit, needs, &mut rows);
                (unit, later) = next(&self.world, later.max(unit + 1));
            }
        } else {
            for unit in units {
                (self.rows)(&self.world, unit, needs, &mut rows);
            }
        }
        let arrays = wanted().map(|column| column.array(&self.world, &rows));
        let arrays = arrays.collect::<Result<_>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        Ok(RecordBatch::try_new_with_options(schema, arrays, &options)?)
    }
}
