//! `placeholder`: a small document in the place of bytes.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{ArrayRef, BinaryArray};

use super::Mask;
use super::arguments::Arguments;
use super::map::unexpected;
use crate::error::{Error, Result};
use crate::registry::{Parameter, ParameterType};

pub(super) const PARAMETERS: &[Parameter] = &[Parameter {
    name: "kind",
    parameter_type: ParameterType::Text,
    default: Some("'empty'"),
    summary: "What stands there: 'empty' (no bytes), 'png' (a grey pixel), 'pdf' (an empty page) or 'text' (the word masked).",
}];

/// One grey pixel.
const PNG: &[u8] = b"\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x00\x00\x00\x00\x3a\x7e\x9b\x55\x00\x00\x00\x0a\x49\x44\x41\x54\x78\xda\x63\x68\x00\x00\x00\x82\x00\x81\xda\x45\x08\x3b\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82";

/// A page without content; readers rebuild the table of references that is left out.
const PDF: &[u8] = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n";

struct Placeholder(&'static [u8]);

pub(super) fn build(arguments: &Arguments<'_>) -> Result<Box<dyn Mask>> {
    let bytes = arguments.choice::<&'static [u8]>(
        "kind",
        &[
            ("empty", b""),
            ("png", PNG),
            ("pdf", PDF),
            ("text", b"masked"),
        ],
    )?;
    Ok(Box::new(Placeholder(bytes)))
}

impl Mask for Placeholder {
    fn apply(&self, values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        let bytes = values
            .as_binary_opt::<i32>()
            .ok_or_else(|| unexpected("placeholder", values))?;
        let masked = bytes.iter().map(|value| value.map(|_| self.0));
        Ok(Arc::new(masked.collect::<BinaryArray>()))
    }

    fn unmask(&self, _values: &ArrayRef, _companions: &[ArrayRef]) -> Result<ArrayRef> {
        Err(Error::NotReversible {
            mask: "placeholder",
        })
    }
}
