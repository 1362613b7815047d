//! Where the values of one column come from, one kind of source a kind of column: numbers and
//! moments, text, a list, any other type. A source takes the entropy of a row, or an index where
//! values must differ, and writes the text of one value.

mod cell;
mod hint;
mod list;
mod ordered;
mod text;

pub(super) use cell::Cell;
pub(super) use hint::Hints;
pub(super) use list::List;
pub(super) use ordered::{Ordered, Spread, whole};
pub(super) use text::{Base, Case, Telling, Text};

use super::ordinal::Codec;
use crate::generator::Bound;

/// Values of one column.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// NULL in every row.
    Null,
    /// Numbers and moments.
    Ordered(Ordered),
    /// Text.
    Text(Text),
    /// One of a list.
    List(List),
    /// A value of any other type.
    Cell(Cell),
    /// Numbers and moments that a generator of the registry gives, as far as they are allowed.
    Drawn {
        bound: Bound,
        codec: Codec,
        low: i64,
        high: i64,
    },
}

impl Source {
    /// How many distinct values there are by index; `None` if there is no end to them.
    pub fn distinct(&self) -> Option<u64> {
        match self {
            // Values of a generator may repeat.
            Self::Null | Self::Drawn { .. } => Some(0),
            Self::Ordered(ordered) => Some(ordered.total()),
            Self::Text(text) => text.distinct(),
            Self::List(list) => Some(list.values.len() as u64),
            Self::Cell(cell) => cell.distinct(),
        }
    }
}

/// The fraction of rows below which a draw says NULL.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product lies in 0 to 2^53"
)]
pub(super) fn share(fraction: f64) -> u64 {
    (fraction.clamp(0.0, 1.0) * 9_007_199_254_740_992.0) as u64
}

/// Whether a row is among the share.
#[inline]
pub(super) fn is_among(share: u64, entropy: u64) -> bool {
    entropy >> 11 < share
}
