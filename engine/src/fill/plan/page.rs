//! Rows have to fit into a page: of a table with hundreds of columns more are NULL than usual.

use super::{NULL_FRACTION, Planner};
use crate::fill::class::Class;

/// Bytes of a row that are filled by expectation: a page of 8,192 bytes less its header, the row's
/// header and a bit for each of 1,600 columns, and room for rows that are wider than others.
const ROOM: f64 = 7_000.0;

impl Planner {
    /// The share of NULLs in columns that may be NULL, so that rows fit into a page.
    pub(super) fn null_fraction_of_wide_rows(&self) -> f64 {
        let (mut always, mut optional) = (0.0, 0.0);
        for (column, written) in self.table.columns.iter().zip(&self.written) {
            match (written, column.not_null) {
                (true, false) => optional += width(&column.class),
                _ => always += width(&column.class),
            }
        }
        if optional <= 0.0 {
            return NULL_FRACTION;
        }
        ((always + optional - ROOM) / optional).clamp(NULL_FRACTION, 1.0)
    }
}

/// About how many bytes a value takes, with what aligns it; of long ones no more than remains in
/// the row when the rest is stored elsewhere.
fn width(class: &Class) -> f64 {
    match class {
        Class::Boolean | Class::Char1 => 1.0,
        Class::Integer { bytes: 2 } => 3.0,
        Class::Integer { bytes: 4 }
        | Class::Float { bytes: 4 }
        | Class::Date
        | Class::Enum { .. }
        | Class::ObjectId
        | Class::Registered(_) => 5.0,
        Class::Integer { .. }
        | Class::Float { .. }
        | Class::Time
        | Class::Timestamp
        | Class::TimestampTz
        | Class::Money
        | Class::LogSequence
        | Class::Decimal { .. }
        | Class::MacAddr { .. } => 10.0,
        Class::Text {
            max_chars: Some(chars),
            ..
        } => f64::from(*chars).min(14.0) + 1.0,
        Class::Text { .. } | Class::TimeTz => 15.0,
        Class::Uuid | Class::Interval | Class::Point => 18.0,
        Class::Name => 64.0,
        _ => 24.0,
    }
}
