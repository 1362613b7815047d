//! CSV (RFC 4180, `\n` line ends) as Postgres's COPY reads it: NULL is empty, empty text is `""`.
//!
//! Columns are rendered one at a time and then woven into lines; text is copied straight out of
//! the Arrow buffer. This is hand-written since it is the physical floor of every bulk load.
//!
//! ```
//! use synth_engine::domain::{TableOptions, table};
//! use synth_engine::format::csv;
//!
//! let uuids = table("uuid", &TableOptions::default())?;
//! let mut out = Vec::new();
//! csv::write_header(&uuids.spec().arrow_schema(), &mut out);
//! csv::write_batch(&uuids.batch(0..2)?, &mut out)?;
//! assert_eq!(String::from_utf8(out).unwrap().lines().count(), 3);
//! # Ok::<(), synth_engine::Error>(())
//! ```

use std::borrow::Cow;

use arrow_array::RecordBatch;
use arrow_schema::Schema;

use super::text::{TextColumn, text_column};
use crate::error::Result;

/// How many bytes a short copy moves at once; the ends of source and target are padded for it.
const CHUNK: usize = 16;

/// Appends the line of column names.
pub fn write_header(schema: &Schema, out: &mut Vec<u8>) {
    for (i, field) in schema.fields().iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        let name = field.name().as_bytes();
        if needs_quotes(name) {
            quote(name, out);
        } else {
            out.extend_from_slice(name);
        }
    }
    out.push(b'\n');
}

/// Appends one line a row.
pub fn write_batch(batch: &RecordBatch, out: &mut Vec<u8>) -> Result<()> {
    let columns: Vec<TextColumn<'_>> = batch
        .columns()
        .iter()
        .map(|array| text_column(array).map(quoted))
        .collect::<Result<_>>()?;
    let bytes: usize = columns.iter().map(|c| span(c, 0, batch.num_rows()).1).sum();
    let mut position = out.len();
    // Every value, a separator after each, and room for the last chunk to overshoot.
    out.resize(
        position + bytes + columns.len().max(1) * batch.num_rows() + CHUNK,
        0,
    );
    for row in 0..batch.num_rows() {
        for column in &columns {
            let (start, end) = span(column, row, row + 1);
            // NULL slots may span bytes that are not theirs.
            let present = column.nulls.is_none_or(|nulls| nulls.is_valid(row));
            let length = if present { end - start } else { 0 };
            if length <= CHUNK && start + CHUNK <= column.bytes.len() {
                let chunk = &column.bytes[start..start + CHUNK];
                out[position..position + CHUNK].copy_from_slice(chunk);
            } else {
                out[position..position + length]
                    .copy_from_slice(&column.bytes[start..start + length]);
            }
            position += length;
            out[position] = b',';
            position += 1;
        }
        if columns.is_empty() {
            position += 1;
        }
        out[position - 1] = b'\n';
    }
    out.truncate(position);
    Ok(())
}

/// Where the values of a range of rows start, and where they end.
#[inline]
fn span(column: &TextColumn<'_>, from: usize, to: usize) -> (usize, usize) {
    let at = |row: usize| usize::try_from(column.offsets[row]).unwrap_or(0);
    (at(from), at(to))
}

/// Whether a value must stand in quotes: it is empty, or holds a separator, quote or line end.
fn needs_quotes(value: &[u8]) -> bool {
    value.is_empty() || value.iter().any(|&byte| is_special(byte))
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b',' | b'\n' | b'\r')
}

fn quote(value: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    for &byte in value {
        if byte == b'"' {
            out.push(b'"');
        }
        out.push(byte);
    }
    out.push(b'"');
}

/// Rewrites a text column whose values need quotes; most columns have none and are left alone.
fn quoted(column: TextColumn<'_>) -> TextColumn<'_> {
    if !column.is_text {
        return column;
    }
    let rows = column.offsets.len().saturating_sub(1);
    let (start, end) = (span(&column, 0, 0).0, span(&column, 0, rows).1);
    let empties = column.offsets.windows(2).enumerate().any(|(row, window)| {
        window[0] == window[1] && column.nulls.is_none_or(|nulls| nulls.is_valid(row))
    });
    // Every byte is looked at, since a loop without an early end runs on vectors.
    let special = column.bytes[start..end]
        .iter()
        .fold(false, |found, b| found | is_special(*b));
    if !empties && !special {
        return column;
    }
    let mut bytes = Vec::with_capacity(end - start + 2 * rows);
    let mut offsets = Vec::with_capacity(rows + 1);
    offsets.push(0);
    for row in 0..rows {
        let (start, end) = span(&column, row, row + 1);
        if column.nulls.is_none_or(|nulls| nulls.is_valid(row)) {
            let value = &column.bytes[start..end];
            if needs_quotes(value) {
                quote(value, &mut bytes);
            } else {
                bytes.extend_from_slice(value);
            }
        }
        offsets.push(i32::try_from(bytes.len()).unwrap_or(i32::MAX));
    }
    TextColumn {
        bytes: Cow::Owned(bytes),
        offsets: Cow::Owned(offsets),
        ..column
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{ArrayRef, Int64Array, StringArray};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn render(columns: Vec<(&str, ArrayRef)>) -> String {
        let batch = RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, array)| (name, array, true)),
        )
        .unwrap();
        let mut out = Vec::new();
        write_header(&batch.schema(), &mut out);
        write_batch(&batch, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn null_and_empty_differ_and_specials_are_quoted() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            Some("plain"),
            None,
            Some(""),
            Some("a,b"),
            Some("say \"hi\"\n"),
        ]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![
            Some(1),
            Some(-2),
            None,
            Some(i64::MIN),
            Some(0),
        ]));
        assert_eq!(
            render(vec![("t", text), ("n", numbers)]),
            "t,n\nplain,1\n,-2\n\"\",\n\"a,b\",-9223372036854775808\n\"say \"\"hi\"\"\n\",0\n"
        );
    }

    proptest! {
        /// Whatever text goes in, a CSV reader gets it back; slices too.
        #[test]
        fn a_reader_reads_back(
            rows in proptest::collection::vec((".{0,40}", any::<i64>()), 1..30),
            skip in 0_usize..30,
        ) {
            let skip = skip.min(rows.len());
            let text: ArrayRef = Arc::new(StringArray::from_iter_values(rows.iter().map(|r| &r.0)));
            let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(rows.iter().map(|r| r.1)));
            let left = rows.len() - skip;
            let out = render(vec![("t", text.slice(skip, left)), ("n", numbers.slice(skip, left))]);
            let mut reader = csv::Reader::from_reader(out.as_bytes());
            let back: Vec<(String, i64)> = reader.deserialize().collect::<std::result::Result<_, _>>().unwrap();
            prop_assert_eq!(&back, &rows[skip..]);
        }
    }
}
