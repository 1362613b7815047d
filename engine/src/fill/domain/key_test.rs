//! Whether values that are given fit what a domain allows.

use super::{count_of, is_silent, literal_text};
use crate::fill::check::{Domain, Literal};
use crate::fill::class::Class;
use crate::fill::ordinal::Codec;

/// Whether a value that is given, as text, fits what a domain allows.
pub(in crate::fill) struct KeyTest {
    codec: Option<Codec>,
    low: i64,
    high: i64,
    allowed: Option<Vec<String>>,
    excluded: Vec<String>,
}

impl KeyTest {
    /// None if the domain says nothing of values.
    pub(in crate::fill) fn new(class: &Class, domain: &Domain) -> Option<Self> {
        if is_silent(domain) {
            return None;
        }
        let codec = Codec::of(class, 9);
        let end = |literal: &Literal| codec.and_then(|codec| count_of(&codec, literal));
        let low = domain.lower.as_ref().and_then(|bound| {
            end(&bound.value).map(|(count, exact)| count + i64::from(!exact || !bound.inclusive))
        });
        let high = domain.upper.as_ref().and_then(|bound| {
            end(&bound.value).map(|(count, exact)| count - i64::from(exact && !bound.inclusive))
        });
        Some(Self {
            codec,
            low: low.unwrap_or(i64::MIN),
            high: high.unwrap_or(i64::MAX),
            allowed: domain
                .allowed
                .as_ref()
                .map(|allowed| allowed.iter().filter_map(literal_text).collect()),
            excluded: domain.excluded.iter().filter_map(literal_text).collect(),
        })
    }

    pub(in crate::fill) fn allows(&self, key: &str) -> bool {
        let same = |text: &String| {
            let codec = self.codec.as_ref();
            text == key
                || codec.is_some_and(|codec| {
                    codec
                        .read(text)
                        .is_some_and(|count| Some(count) == codec.read(key))
                })
        };
        if self
            .allowed
            .as_ref()
            .is_some_and(|allowed| !allowed.iter().any(same))
            || self.excluded.iter().any(same)
        {
            return false;
        }
        match self.codec.and_then(|codec| codec.read(key)) {
            Some((count, _)) => (self.low..=self.high).contains(&count),
            None => true,
        }
    }
}
