//! `hash`: the keyed hash of the original.

use std::fmt::Write;

use arrow_array::ArrayRef;

use super::{Literal, Mask, Target, check_width, integer, map_text};
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "length",
    parameter_type: ParameterType::Integer,
    default: Some("64"),
    summary: "Hexadecimal digits kept, 20 to 64: with fewer, large tables would meet collisions.",
}];

struct Hash {
    key: DomainKey,
    length: usize,
}

pub(super) fn build(
    arguments: &[Literal],
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let length = arguments.first().unwrap_or(&Literal::Null);
    let length = integer("hash", "length", length, 20..=64)?;
    let length = usize::try_from(length).unwrap_or(64);
    check_width("hash", target, length)?;
    Ok(Box::new(Hash {
        key: secret.key("hash"),
        length,
    }))
}

impl Mask for Hash {
    fn apply(&self, values: &ArrayRef) -> Result<ArrayRef> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        map_text(values, self.length, |original, out| {
            let digest = self.key.digest(original.as_bytes());
            let mut hex = [0_u8; 64];
            for (pair, byte) in hex.as_chunks_mut::<2>().0.iter_mut().zip(digest) {
                *pair = [
                    DIGITS[usize::from(byte >> 4)],
                    DIGITS[usize::from(byte & 15)],
                ];
            }
            out.write_str(std::str::from_utf8(&hex[..self.length]).unwrap_or_default())
        })
    }
}
