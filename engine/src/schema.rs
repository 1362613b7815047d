//! One portable description of a table, whichever catalog it came from.

use std::sync::Arc;

use arrow_schema::{DataType, Field, Schema, SchemaRef, TimeUnit};

/// Digits of a decimal number: as many as a 64-bit integer holds.
pub const DECIMAL_DIGITS: u8 = 18;

/// The type of a column, by meaning. Each has one Arrow type; connectors map it to SQL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ColumnType {
    /// UTF-8 text.
    Text,
    /// Signed 16-bit integer.
    SmallInt,
    /// Signed 32-bit integer.
    Integer,
    /// Signed 64-bit integer.
    BigInt,
    /// IEEE 754 single.
    Real,
    /// IEEE 754 double.
    Double,
    /// Calendar date, days since 1970-01-01.
    Date,
    /// Date and time of day without zone, microseconds since 1970-01-01 00:00.
    Timestamp,
    /// Instant, microseconds since 1970-01-01 00:00 UTC.
    TimestampTz,
    /// 16 bytes.
    Uuid,
    /// True or false.
    Boolean,
    /// Time of day without zone, microseconds since midnight.
    Time,
    /// A JSON document as text.
    Json,
    /// A decimal number of any size, as text: `-12.50`.
    Numeric,
    /// A decimal number of up to 18 digits, with this many after the point: money has two.
    Decimal(u8),
    /// Bytes.
    Bytes,
    /// An IP address with the length of its network, as text: `192.0.2.0/24`.
    Inet,
    /// One of a list of labels, as text.
    Enum,
}

impl ColumnType {
    /// The Arrow type that carries it.
    pub fn arrow(self) -> DataType {
        match self {
            Self::Text | Self::Json | Self::Numeric | Self::Inet | Self::Enum => DataType::Utf8,
            Self::Decimal(scale) => DataType::Decimal128(DECIMAL_DIGITS, scale.cast_signed()),
            Self::Bytes => DataType::Binary,
            Self::SmallInt => DataType::Int16,
            Self::Integer => DataType::Int32,
            Self::BigInt => DataType::Int64,
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Date => DataType::Date32,
            Self::Timestamp => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::TimestampTz => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Uuid => DataType::FixedSizeBinary(16),
            Self::Boolean => DataType::Boolean,
            Self::Time => DataType::Time64(TimeUnit::Microsecond),
        }
    }

    /// The SQL standard's name, as Postgres spells it.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::SmallInt => "smallint",
            Self::Integer => "integer",
            Self::BigInt => "bigint",
            Self::Real => "real",
            Self::Double => "double precision",
            Self::Date => "date",
            Self::Timestamp => "timestamp",
            Self::TimestampTz => "timestamptz",
            Self::Uuid => "uuid",
            Self::Boolean => "boolean",
            Self::Time => "time",
            Self::Json => "json",
            Self::Decimal(0) => "numeric(18,0)",
            Self::Decimal(1) => "numeric(18,1)",
            Self::Decimal(2) => "numeric(18,2)",
            Self::Decimal(3) => "numeric(18,3)",
            Self::Decimal(4) => "numeric(18,4)",
            Self::Decimal(6) => "numeric(18,6)",
            Self::Decimal(8) => "numeric(18,8)",
            Self::Numeric | Self::Decimal(_) => "numeric",
            Self::Bytes => "bytea",
            Self::Inet => "inet",
            Self::Enum => "enum",
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSpec {
    /// Name, in plain words.
    pub name: String,
    /// Type.
    pub column_type: ColumnType,
    /// Whether it may be NULL.
    pub nullable: bool,
    /// What it holds, with its unit.
    pub comment: String,
}

impl ColumnSpec {
    /// A column that is never NULL.
    pub fn new(name: &str, column_type: ColumnType, comment: &str) -> Self {
        Self {
            name: name.to_owned(),
            column_type,
            nullable: false,
            comment: comment.to_owned(),
        }
    }

    /// The same column, nullable.
    #[must_use]
    pub fn nullable(mut self) -> Self {
        self.nullable = true;
        self
    }
}

/// A rule that rows keep.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Constraint {
    /// These columns identify a row.
    PrimaryKey(Vec<String>),
    /// No two rows share these columns' values, NULLs aside.
    Unique(Vec<String>),
    /// These columns refer to a row of another table.
    ForeignKey(ForeignKey),
    /// Rows are looked for by these columns: no rule, but an index where the table is created.
    Index(Vec<String>),
}

/// A reference from columns of this table to columns of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignKey {
    /// Columns here.
    pub columns: Vec<String>,
    /// The table referred to.
    pub table: String,
    /// Its columns, in the same order.
    pub referenced: Vec<String>,
}

/// A table: columns in order, and what holds among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSpec {
    /// Name.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<ColumnSpec>,
    /// Constraints.
    pub constraints: Vec<Constraint>,
    /// What a row is.
    pub comment: String,
}

impl TableSpec {
    /// The Arrow schema of the table's batches.
    pub fn arrow_schema(&self) -> SchemaRef {
        let fields: Vec<Field> = self
            .columns
            .iter()
            .map(|c| Field::new(&c.name, c.column_type.arrow(), c.nullable))
            .collect();
        Arc::new(Schema::new(fields))
    }

    /// The columns' names in order.
    pub fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|c| c.name.as_str()).collect()
    }

    /// The primary key's columns; empty if there is none.
    pub fn primary_key(&self) -> &[String] {
        self.constraints
            .iter()
            .find_map(|constraint| match constraint {
                Constraint::PrimaryKey(columns) => Some(columns.as_slice()),
                _ => None,
            })
            .unwrap_or_default()
    }
}
