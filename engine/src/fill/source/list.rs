//! One of a list of values, each with its weight.

use crate::dictionary::Weighted;
use crate::fill::ordinal::Codec;

/// One of a list; `None` is NULL.
#[derive(Debug, Clone)]
pub(in crate::fill) struct List {
    pub values: Vec<Option<String>>,
    /// The counts of the values, for a type with an order.
    pub counts: Vec<Option<i64>>,
    pub codec: Option<Codec>,
    table: Weighted,
}

impl List {
    /// A list with a weight for each value.
    pub fn new(values: Vec<(Option<String>, u64)>, codec: Option<Codec>) -> Self {
        let weights: Vec<u64> = values.iter().map(|(_, weight)| (*weight).max(1)).collect();
        let values: Vec<Option<String>> = values.into_iter().map(|(value, _)| value).collect();
        let counts = values
            .iter()
            .map(|value| Some(codec?.read(value.as_deref()?)?.0))
            .collect();
        Self {
            values,
            counts,
            codec,
            table: Weighted::new(&weights),
        }
    }

    /// The place of a value.
    #[inline]
    pub fn place(&self, entropy: u64, index: Option<u64>) -> usize {
        match index {
            Some(index) => usize::try_from(index).unwrap_or(0) % self.values.len().max(1),
            None => self.table.pick(entropy),
        }
    }
}
