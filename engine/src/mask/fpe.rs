//! `fpe`: encrypts the characters of an alphabet and keeps all others where they are.

use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef};

use super::Mask;
use super::arguments::Arguments;
use super::map::text_of;
use crate::error::Result;
use crate::registry::{Parameter, ParameterType};
use crate::secret::{Alphabet, FormatPreserving, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "alphabet",
    parameter_type: ParameterType::Text,
    default: Some("'digits'"),
    summary: "What is encrypted, and kept within itself: 'digits', 'alphanumeric' (digits among digits, small letters among small and capital ones among capital ones), 'mixed' (any letter or digit for any other), 'upper' (digits and capital letters) or 'lower' (digits and small letters).",
}];

struct Encrypted {
    /// One after the other, over characters that the others do not take.
    ciphers: Vec<FormatPreserving>,
}

pub(super) fn build(arguments: &Arguments<'_>, secret: &Secret) -> Result<Box<dyn Mask>> {
    let alphabets = arguments.choice::<&[Alphabet]>(
        "alphabet",
        &[
            ("digits", &[Alphabet::Digits]),
            (
                "alphanumeric",
                &[Alphabet::Digits, Alphabet::Upper, Alphabet::Lower],
            ),
            ("mixed", &[Alphabet::Alphanumeric]),
            ("upper", &[Alphabet::UpperAlphanumeric]),
            ("lower", &[Alphabet::LowerAlphanumeric]),
        ],
    )?;
    let ciphers = alphabets
        .iter()
        .map(|&alphabet| secret.format_preserving(&format!("fpe/{alphabet:?}"), alphabet))
        .collect();
    Ok(Box::new(Encrypted { ciphers }))
}

impl Encrypted {
    fn run(
        &self,
        values: &ArrayRef,
        cipher: impl Fn(&FormatPreserving, &mut [u8]),
    ) -> Result<ArrayRef> {
        let text = text_of(values)?;
        let mut out = StringBuilder::with_capacity(text.len(), text.value_data().len());
        let mut bytes = Vec::new();
        for value in text {
            let Some(value) = value else {
                out.append_null();
                continue;
            };
            bytes.clear();
            bytes.extend_from_slice(value.as_bytes());
            for part in &self.ciphers {
                cipher(part, &mut bytes);
            }
            // ASCII characters have changed into ASCII characters.
            out.append_value(std::str::from_utf8(&bytes).unwrap_or_default());
        }
        Ok(Arc::new(out.finish()))
    }
}

impl Mask for Encrypted {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, FormatPreserving::encrypt)
    }

    fn unmask(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, FormatPreserving::decrypt)
    }
}
