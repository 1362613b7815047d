//! Dictionary masks: a generator fed with the keyed hash of the original (law 1).

use arrow_array::ArrayRef;
use std::fmt::Write;

use super::{Mask, Target, check_width, map_text};
use crate::entropy::remix;
use crate::error::Result;
use crate::generator::{Bound, Generator};
use crate::registry::Entry;
use crate::secret::{DomainKey, Secret};

/// How often a value that is too long for the column is drawn anew before it is cut.
const REDRAWS: usize = 32;

struct Pseudonym {
    generator: Bound,
    key: DomainKey,
    max_chars: Option<usize>,
}

pub(super) fn build(
    entry: &'static Entry,
    generator: &'static Generator,
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    // Names have at least two letters and may be cut; a telephone number has one length.
    let needed = if entry.name == "phone" { 14 } else { 2 };
    check_width(entry.name, target, needed)?;
    Ok(Box::new(Pseudonym {
        generator: generator.bind(&[])?,
        key: secret.key(entry.name),
        max_chars: target.max_chars,
    }))
}

impl Mask for Pseudonym {
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef> {
        map_text(values, 16, |original, out| {
            let mut entropy = self.key.words(original.as_bytes())[0];
            let mut value = self.generator.value(entropy);
            if let Some(limit) = self.max_chars {
                for _ in 0..REDRAWS {
                    if value.chars().count() <= limit {
                        break;
                    }
                    entropy = remix(entropy);
                    value = self.generator.value(entropy);
                }
                if let Some((end, _)) = value.char_indices().nth(limit) {
                    value.truncate(end);
                }
            }
            out.write_str(&value)
        })
    }
}
