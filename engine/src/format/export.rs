//! Formats that are more than a table: bundles, messages, sets of files.
//!
//! What a unit (a patient, a customer) adds to each file of a format is a function of its number, as rows
//! of tables are, so any range can be written alone, and files of two ranges put one after the other
//! are the file of both.

use std::ops::Range;
use std::sync::Arc;

use super::fhir;
use crate::domain::TableOptions;
use crate::error::{Error, Result};

/// A file of a format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExportFile {
    /// Its name, as `Patient.ndjson`.
    pub name: &'static str,
    /// What stands before the first unit's part, as the header line of a CSV file.
    pub head: &'static str,
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
pub static EXPORTS: &[&ExportEntry] = &[&fhir::RESOURCES, &fhir::BUNDLES];

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
    use super::*;

    /// Two ranges written one after the other are the whole, whoever writes them.
    #[test]
    fn exports_are_seekable() {
        for entry in EXPORTS {
            let options = TableOptions {
                seed: 3,
                ..TableOptions::default()
            };
            for (start, cut, end) in [(0, 3, 9), (4_096, 4_098, 4_103)] {
                let write = |ranges: &[Range<u64>]| {
                    let made = (entry.build)(&options).unwrap();
                    let mut out = vec![Vec::new(); made.files().len()];
                    let mut count = 0;
                    for range in ranges {
                        count += made.write(range.clone(), &mut out).unwrap();
                    }
                    (out, count)
                };
                let whole = write(&[start..end]);
                assert!(whole.1 > 0, "{} writes nothing", entry.name);
                assert_eq!(whole, write(&[start..cut, cut..end]), "{}", entry.name);
            }
        }
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
