//! `hash`: the keyed hash of the original.

use std::fmt::Write;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray};
use arrow_schema::DataType;

use super::arguments::Arguments;
use super::map::map_text;
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};
use crate::secret::{DomainKey, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "length",
    parameter_type: ParameterType::Integer,
    default: Some("64"),
    summary: "Hexadecimal digits kept (bytea: half as many bytes), 20 to 64: with fewer, large tables would meet collisions.",
}];

struct Hash {
    key: DomainKey,
    length: usize,
}

pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    let length = arguments.count("length", 20..=64)?;
    arguments.check_width(target, length, "; give a shorter length")?;
    Ok(Box::new(Hash {
        key: secret.key("hash"),
        length,
    }))
}

impl Mask for Hash {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        if values.data_type() == &DataType::Binary {
            let hashes = values.as_binary::<i32>().iter().map(|value| {
                let mut digest = value.map(|value| self.key.digest(value).to_vec());
                if let Some(digest) = &mut digest {
                    digest.truncate(self.length.div_ceil(2));
                }
                digest
            });
            return Ok(Arc::new(hashes.collect::<BinaryArray>()));
        }
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

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "hash" })
    }
}
