//! `partial`: shows the ends of a value.

use std::fmt::Write;

use arrow_array::ArrayRef;

use super::arguments::Arguments;
use super::map::map_text;
use super::{Mask, Target};
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};

pub(super) const PARAMETERS: &[Parameter] = &[
    Parameter {
        name: "prefix",
        parameter_type: ParameterType::Integer,
        default: None,
        summary: "Characters kept at the start, 0 to 1000.",
    },
    Parameter {
        name: "padding",
        parameter_type: ParameterType::Text,
        default: Some("'****'"),
        summary: "What stands for the rest, 1 to 100 characters.",
    },
    Parameter {
        name: "suffix",
        parameter_type: ParameterType::Integer,
        default: Some("0"),
        summary: "Characters kept at the end, 0 to 1000.",
    },
];

struct Partial {
    prefix: usize,
    padding: String,
    suffix: usize,
}

pub(super) fn build(arguments: &Arguments<'_>, target: &Target) -> Result<Box<dyn Mask>> {
    let prefix = arguments.count("prefix", 0..=1000)?;
    let padding = arguments.text("padding", 1..=100)?.to_owned();
    let suffix = arguments.count("suffix", 0..=1000)?;
    arguments.check_width(target, prefix + padding.chars().count() + suffix, "")?;
    Ok(Box::new(Partial {
        prefix,
        padding,
        suffix,
    }))
}

impl Mask for Partial {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        map_text(
            values,
            self.prefix + self.padding.len() + self.suffix,
            |original, out| {
                // Kept ends that cover the whole value would publish it.
                if original.chars().nth(self.prefix + self.suffix).is_none() {
                    return out.write_str(&self.padding);
                }
                let byte_of = |index: usize| {
                    original
                        .char_indices()
                        .nth(index)
                        .map_or(original.len(), |(at, _)| at)
                };
                out.write_str(&original[..byte_of(self.prefix)])?;
                out.write_str(&self.padding)?;
                let from = match self.suffix {
                    0 => original.len(),
                    n => original
                        .char_indices()
                        .rev()
                        .nth(n - 1)
                        .map_or(0, |(at, _)| at),
                };
                out.write_str(&original[from..])
            },
        )
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible { mask: "partial" })
    }
}
