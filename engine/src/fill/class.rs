//! The class of a column's type: what a planner needs to know of it, apart from names and OIDs.
//!
//! A domain is given as the class of its base type; its checks are constraints like any others.
//!
//! ```
//! use synth_engine::fill::class::Class;
//!
//! let tags = Class::Array { element: Box::new(Class::text()) };
//! assert!(!tags.is_text());
//! assert!(Class::Name.is_text());
//! ```

/// What kind of values a Postgres type holds.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Class {
    /// `boolean`.
    Boolean,
    /// `smallint`, `integer`, `bigint`.
    Integer {
        /// Width: 2, 4 or 8.
        bytes: u8,
    },
    /// `numeric`.
    Decimal {
        /// Declared number of digits.
        precision: Option<u32>,
        /// Declared number of digits after the point; may be negative.
        scale: Option<i32>,
    },
    /// `real`, `double precision`.
    Float {
        /// Width: 4 or 8.
        bytes: u8,
    },
    /// `text`, `varchar(n)`, `char(n)`, `citext`.
    Text {
        /// Declared length in characters.
        max_chars: Option<u32>,
        /// Whether the type is `char(n)`, which is padded with blanks.
        fixed: bool,
    },
    /// `bytea`.
    Bytes,
    /// `date`.
    Date,
    /// `time`.
    Time,
    /// `time with time zone`.
    TimeTz,
    /// `timestamp`.
    Timestamp,
    /// `timestamp with time zone`.
    TimestampTz,
    /// `interval`.
    Interval,
    /// `uuid`.
    Uuid,
    /// `json` or `jsonb`.
    Json {
        /// Whether it is `jsonb`.
        binary: bool,
    },
    /// `xml`.
    Xml,
    /// `inet`.
    Inet,
    /// `cidr`.
    Cidr,
    /// `macaddr`, `macaddr8`.
    MacAddr {
        /// Width: 6 or 8.
        bytes: u8,
    },
    /// `bit(n)`, `bit varying(n)`.
    Bits {
        /// Declared length in bits.
        length: Option<u32>,
        /// Whether shorter values are allowed.
        varying: bool,
    },
    /// `money`.
    Money,
    /// `point`.
    Point,
    /// `line`.
    Line,
    /// `lseg`.
    Segment,
    /// `box`.
    Box,
    /// `path`.
    Path,
    /// `polygon`.
    Polygon,
    /// `circle`.
    Circle,
    /// `tsvector`.
    TextSearchVector,
    /// `tsquery`.
    TextSearchQuery,
    /// `pg_lsn`.
    LogSequence,
    /// `oid`.
    ObjectId,
    /// `regclass`, `regtype` and their like.
    Registered(String),
    /// An enumerated type.
    Enum {
        /// Its labels in their order.
        labels: Vec<String>,
    },
    /// An array.
    Array {
        /// Class of an element.
        element: Box<Class>,
    },
    /// A composite type.
    Composite {
        /// Names and classes of its fields, in order.
        fields: Vec<(String, Class)>,
    },
    /// A range type.
    Range {
        /// Class of a bound.
        element: Box<Class>,
        /// Name of the type, such as `int4range`.
        name: String,
    },
    /// A multirange type.
    MultiRange {
        /// Class of a bound.
        element: Box<Class>,
        /// Name of the type, such as `int4multirange`.
        name: String,
    },
    /// `name`.
    Name,
    /// `"char"`: one byte.
    Char1,
    /// `tid`, `xid`, `cid` and other types of the system's own.
    SystemIdentifiers,
    /// A type not known here.
    Other {
        /// Its name.
        name: String,
        /// `typcategory` of `pg_type`.
        category: char,
    },
}

impl Class {
    /// `text` without a declared length.
    pub const fn text() -> Self {
        Self::Text {
            max_chars: None,
            fixed: false,
        }
    }

    /// `integer`.
    pub const fn integer() -> Self {
        Self::Integer { bytes: 4 }
    }

    /// Whether values are character strings.
    pub const fn is_text(&self) -> bool {
        matches!(self, Self::Text { .. } | Self::Name | Self::Char1)
    }

    /// Whether values are numbers that compare as decimals do.
    pub const fn is_number(&self) -> bool {
        matches!(
            self,
            Self::Integer { .. } | Self::Decimal { .. } | Self::Float { .. } | Self::ObjectId
        )
    }

    /// Whether values are dates or timestamps.
    pub const fn is_moment(&self) -> bool {
        matches!(self, Self::Date | Self::Timestamp | Self::TimestampTz)
    }
}
