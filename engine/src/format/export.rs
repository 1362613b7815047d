//! Formats that are more than a table: bundles, messages, sets of files.
//!
//! What a unit (a patient, a customer) adds to each file of a format is a function of its number, as rows
//! of tables are, so any range can be written alone, and files of two ranges put one after the other
//! are the file of both. Documents that hold sums of what is in them cannot be put so: of them there is a
//! file a piece, which says the same as that range written alone.

use std::ops::Range;
use std::sync::Arc;

use super::{fhir, fix, hl7, pain001, sdtm};
use crate::domain::TableOptions;
use crate::error::{Error, Result};

/// A file of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportFile {
    /// Its name, as `Patient.ndjson`.
    pub name: &'static str,
    /// The columns of a CSV file, which stand before the first unit's part; empty for other files.
    pub columns: &'static [&'static str],
    /// Whether what is written for a range of units is a whole document: then each piece is a file of its
    /// own, under [`ExportFile::piece_name`].
    pub document: bool,
}

impl ExportFile {
    /// A file that what units add to it is put into one after the other.
    pub const fn joined(name: &'static str) -> Self {
        Self::csv(name, &[])
    }

    /// A CSV file.
    pub const fn csv(name: &'static str, columns: &'static [&'static str]) -> Self {
        Self {
            name,
            columns,
            document: false,
        }
    }

    /// A document a piece.
    pub const fn document(name: &'static str) -> Self {
        Self {
            name,
            columns: &[],
            document: true,
        }
    }

    /// What stands before the first unit's part: the header line of a CSV file.
    pub fn head(&self) -> Vec<u8> {
        let mut line = self.columns.join(",").into_bytes();
        if !line.is_empty() {
            line.push(b'\n');
        }
        line
    }

    /// The name of the file that holds the document of the piece that begins with a unit:
    /// `pain001-000000001000.xml` for `pain001.xml`.
    pub fn piece_name(&self, first: u64) -> String {
        let (stem, extension) = self.name.rsplit_once('.').unwrap_or((self.name, ""));
        format!("{stem}-{first:012}.{extension}")
    }
}

/// Writes a format under a seed.
pub trait Export: Send + Sync {
    /// The files, in a fixed order.
    fn files(&self) -> &[ExportFile];

    /// Appends to each file, in their order, what the units add to it; gives the number of documents
    /// (resources, messages, records) that were written.
    fn write(&self, units: Range<u64>, out: &mut [Vec<u8>]) -> Result<u64>;
}

/// A format of the registry.
pub struct ExportEntry {
    /// Name.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What its units are, in the plural.
    pub units: &'static str,
    /// The largest unit.
    pub last_unit: u64,
    /// About how many units to write at a time: some hundreds of kilobytes.
    pub batch_units: u64,
    /// Prepares it.
    pub build: fn(&TableOptions) -> Result<Arc<dyn Export>>,
}

/// The formats, in alphabetical order.
pub static EXPORTS: &[&ExportEntry] = &[
    &fhir::RESOURCES,
    &fhir::BUNDLES,
    &fix::REPORTS,
    &hl7::MESSAGES,
    &pain001::DOCUMENTS,
    &sdtm::DATASETS,
];

/// The format of a name.
pub fn export(name: &str) -> Result<&'static ExportEntry> {
    let found = EXPORTS.iter().find(|entry| entry.name == name);
    found.copied().ok_or_else(|| Error::Unknown {
        kind: "format",
        name: name.to_owned(),
        known: EXPORTS
            .iter()
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
            .join(", "),
    })
}

#[cfg(test)]
mod tests {
    use std::slice::from_ref;

    use super::*;

    /// What ranges of units give, one after the other, and the number of documents.
    fn written(entry: &ExportEntry, ranges: &[Range<u64>]) -> (Vec<Vec<u8>>, u64) {
        let options = TableOptions {
            seed: 3,
            ..TableOptions::default()
        };
        let made = (entry.build)(&options).unwrap();
        let mut out = vec![Vec::new(); made.files().len()];
        let mut count = 0;
        for range in ranges {
            count += made.write(range.clone(), &mut out).unwrap();
        }
        (out, count)
    }

    fn whole_documents(entry: &ExportEntry) -> bool {
        let made = (entry.build)(&TableOptions::default()).unwrap();
        made.files().iter().any(|file| file.document)
    }

    /// Two ranges written one after the other are the whole, whoever writes them.
    #[test]
    fn exports_are_seekable() {
        for entry in EXPORTS.iter().filter(|entry| !whole_documents(entry)) {
            for (start, cut, end) in [(0, 30, 60), (4_076, 4_098, 4_103)] {
                let whole = written(entry, from_ref(&(start..end)));
                assert!(whole.1 > 0, "{} writes nothing", entry.name);
                assert_eq!(
                    whole,
                    written(entry, &[start..cut, cut..end]),
                    "{}",
                    entry.name
                );
            }
        }
    }

    /// A document of a range does not depend on what was written before it.
    #[test]
    fn documents_stand_alone() {
        let mut seen = 0;
        for entry in EXPORTS.iter().filter(|entry| whole_documents(entry)) {
            seen += 1;
            let first = written(entry, from_ref(&(0..20))).0;
            let both = written(entry, &[0..20, 20..50]).0;
            let second = written(entry, from_ref(&(20..50))).0;
            assert_ne!(first, second, "{}", entry.name);
            for ((both, first), second) in both.iter().zip(&first).zip(&second) {
                assert_eq!(*both, [&first[..], second].concat(), "{}", entry.name);
            }
        }
        assert!(seen > 0);
    }

    #[test]
    fn pieces_have_names_in_order() {
        let file = ExportFile::document("pain001.xml");
        assert_eq!(file.piece_name(1_000), "pain001-000000001000.xml");
        assert_eq!(ExportFile::csv("DM.csv", &["A", "B"]).head(), b"A,B\n");
        assert!(ExportFile::joined("messages.hl7").head().is_empty());
    }

    #[test]
    fn exports_are_described_and_bounded() {
        assert!(EXPORTS.is_sorted_by(|a, b| a.name < b.name));
        for entry in EXPORTS {
            assert!(entry.summary.ends_with('.'), "{}", entry.name);
            let made = (entry.build)(&TableOptions::default()).unwrap();
            let mut out = vec![Vec::new(); made.files().len()];
            assert!(
                made.write(entry.last_unit..entry.last_unit + 2, &mut out)
                    .is_err(),
                "{}",
                entry.name
            );
            let early = TableOptions {
                as_of: i32::MIN,
                ..TableOptions::default()
            };
            assert!((entry.build)(&early).is_err(), "{}", entry.name);
        }
    }
}
