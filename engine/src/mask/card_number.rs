//! `card_number`: another card number of the same layout.

use std::fmt::Write;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::{Array, ArrayRef};

use super::arguments::Arguments;
use super::map::text_of;
use super::pseudonym::like;
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::generator::{self, Bound};
use crate::registry::{Parameter, ParameterType};
use crate::secret::{Alphabet, DomainKey, FormatPreserving, Secret};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "keep_bin",
    parameter_type: ParameterType::Boolean,
    default: Some("false"),
    summary: "Whether the first six digits, the issuer's, are kept: the rest is encrypted, and results can be real numbers. Otherwise results are under published test BINs.",
}];

/// Digits of the issuer.
const BIN: usize = 6;

pub(super) fn build(
    arguments: &Arguments<'_>,
    target: &Target,
    secret: &Secret,
) -> Result<Box<dyn Mask>> {
    if arguments.boolean("keep_bin")? {
        let cipher = |alphabet| secret.format_preserving("card_number", alphabet);
        return Ok(Box::new(KeepBin {
            digits: cipher(Alphabet::Digits),
            letters: cipher(Alphabet::Letters),
        }));
    }
    arguments.check_width(target, 16, "")?;
    let brands = [
        ("34", "amex"),
        ("37", "amex"),
        ("4", "visa"),
        ("5", "mastercard"),
        ("2", "mastercard"),
        ("6011", "discover"),
        ("65", "discover"),
        ("62", "unionpay"),
        ("35", "jcb"),
        ("30", "diners"),
        ("38", "diners"),
    ];
    let number = generator::find("credit_card_number")?;
    let brands = brands
        .into_iter()
        .map(|(prefix, brand)| Ok((prefix, number.bind(&[("brand", brand)])?)))
        .collect::<Result<_>>()?;
    Ok(Box::new(TestNumber {
        key: secret.key("card_number"),
        brands,
        any: number.bind(&[])?,
    }))
}

/// The digit that makes digits without one pass Luhn's check.
fn luhn(digits: &[u8]) -> u8 {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit - b'0');
            match (place % 2, digit) {
                (0, 5..) => digit * 2 - 9,
                (0, _) => digit * 2,
                _ => digit,
            }
        })
        .sum();
    u8::try_from((10 - sum % 10) % 10).unwrap_or(0)
}

struct TestNumber {
    key: DomainKey,
    /// What a number of a brand begins with, and what makes others.
    brands: Vec<(&'static str, Bound)>,
    any: Bound,
}

impl Mask for TestNumber {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let mut number = String::new();
        super::map::map_text(values, 19, |original, out| {
            let digits: String = original.chars().filter(char::is_ascii_digit).collect();
            // The digits decide: with and without separators it is one card.
            let entropy = self.key.words(digits.as_bytes())[0];
            let entropy = if digits.is_empty() {
                self.key.words(original.as_bytes())[0]
            } else {
                entropy
            };
            let brand = self
                .brands
                .iter()
                .find(|(prefix, _)| digits.starts_with(prefix))
                .map_or(&self.any, |(_, brand)| brand);
            number.clear();
            brand.write(entropy, &mut number)?;
            out.write_str(&like(original, &number))
        })
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible {
            mask: "card_number",
        })
    }
}

struct KeepBin {
    digits: FormatPreserving,
    /// For what is no card number.
    letters: FormatPreserving,
}

impl KeepBin {
    fn run(
        &self,
        values: &ArrayRef,
        cipher: impl Fn(&FormatPreserving, &mut [u8]),
    ) -> Result<ArrayRef> {
        let text = text_of(values)?;
        let mut out = StringBuilder::with_capacity(text.len(), text.value_data().len());
        for value in text {
            let Some(value) = value else {
                out.append_null();
                continue;
            };
            let mut bytes = value.as_bytes().to_vec();
            let places: Vec<usize> = (0..bytes.len())
                .filter(|&at| bytes[at].is_ascii_digit())
                .collect();
            let is_card = (12..=19).contains(&places.len())
                && value
                    .bytes()
                    .all(|b| b.is_ascii_digit() || matches!(b, b' ' | b'-' | b'.'));
            if is_card {
                let mut digits: Vec<u8> = places.iter().map(|&at| bytes[at]).collect();
                let last = digits.len() - 1;
                // A wrong check digit stays as wrong as it was, so distinct numbers stay distinct.
                let wrong = (digits[last] - b'0' + 10 - luhn(&digits[..last])) % 10;
                cipher(&self.digits, &mut digits[BIN..last]);
                digits[last] = b'0' + (luhn(&digits[..last]) + wrong) % 10;
                for (&at, digit) in places.iter().zip(digits) {
                    bytes[at] = digit;
                }
            } else {
                cipher(&self.digits, &mut bytes);
                cipher(&self.letters, &mut bytes);
            }
            // ASCII characters have changed into ASCII characters.
            out.append_value(std::str::from_utf8(&bytes).unwrap_or_default());
        }
        Ok(Arc::new(out.finish()))
    }
}

impl Mask for KeepBin {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, FormatPreserving::encrypt)
    }

    fn unmask(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        self.run(values, FormatPreserving::decrypt)
    }
}
