//! Arrays value by value; NULL stays NULL.

use std::fmt;
use std::sync::Arc;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};

use crate::error::{Error, Result};

/// The text of an array.
pub(super) fn text_of(values: &ArrayRef) -> Result<&StringArray> {
    values
        .as_string_opt::<i32>()
        .ok_or_else(|| Error::Arrow(format!("expected text, not {}", values.data_type())))
}

/// Maps text to text; `width` is about how many bytes a result has.
pub(super) fn map_text(
    values: &ArrayRef,
    width: usize,
    mut write: impl FnMut(&str, &mut StringBuilder) -> fmt::Result,
) -> Result<ArrayRef> {
    let text = text_of(values)?;
    let mut out = StringBuilder::with_capacity(text.len(), text.len() * width);
    for value in text {
        match value {
            Some(value) => {
                // A StringBuilder accepts every write.
                let _ = write(value, &mut out);
                out.append_value("");
            }
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The same, where a value can fail.
pub(super) fn try_map_text(
    values: &ArrayRef,
    width: usize,
    mut write: impl FnMut(&str, &mut String) -> Result<()>,
) -> Result<ArrayRef> {
    let text = text_of(values)?;
    let mut out = StringBuilder::with_capacity(text.len(), text.len() * width);
    let mut buffer = String::new();
    for value in text {
        match value {
            Some(value) => {
                buffer.clear();
                write(value, &mut buffer)?;
                out.append_value(&buffer);
            }
            None => out.append_null(),
        }
    }
    Ok(Arc::new(out.finish()))
}

/// The beginning of a text, at most so many characters.
pub(super) fn cut(text: &str, chars: Option<usize>) -> &str {
    match chars.and_then(|limit| text.char_indices().nth(limit)) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// A type that a mask was not built for: a defect, since building looks at the type.
pub(super) fn unexpected(mask: &str, values: &ArrayRef) -> Error {
    Error::Arrow(format!("{mask} cannot take {}", values.data_type()))
}
