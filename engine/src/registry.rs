//! The one list of what there is: tables, generators and masks, each with parameters and types.
//! SQL, MCP schemas, documentation and the property tests are driven from it.
//!
//! ```
//! use synth_engine::registry::{self, Kind};
//!
//! let email = registry::find(Kind::Mask, "email").unwrap();
//! assert!(email.mask.unwrap().injective);
//! ```

use std::sync::LazyLock;

use crate::schema::ColumnType;

/// What an entry does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Generates rows.
    Table,
    /// Generates the values of one column.
    Generator,
    /// Replaces the values of one column.
    Mask,
}

impl Kind {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Table => "table",
            Self::Generator => "generator",
            Self::Mask => "mask",
        }
    }
}

/// The type of a parameter's literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParameterType {
    /// A whole number.
    Integer,
    /// Quoted text.
    Text,
    /// `YYYY-MM-DD`.
    Date,
    /// A number, with or without a fraction.
    Number,
    /// `true` or `false`.
    Boolean,
    /// An instant as RFC 3339 writes it.
    Timestamp,
    /// A JSON document.
    Json,
    /// Any literal that the column's type reads.
    Literal,
}

impl ParameterType {
    /// Lower-case name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Text => "text",
            Self::Date => "date",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Timestamp => "timestamp",
            Self::Json => "json",
            Self::Literal => "literal",
        }
    }
}

/// A parameter of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameter {
    /// Name.
    pub name: &'static str,
    /// Type of its literal.
    pub parameter_type: ParameterType,
    /// The default, as a literal; `None`: it must be given.
    pub default: Option<&'static str>,
    /// Meaning, with unit and range.
    pub summary: &'static str,
}

/// What holds of a mask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "independent properties, each a column of synth.registry"
)]
pub struct MaskProperties {
    /// Column types it takes; empty: any.
    pub accepts: &'static [ColumnType],
    /// Distinct values stay distinct (up to collisions of a keyed hash of at least 65 bits), so
    /// unique constraints survive.
    pub injective: bool,
    /// The same value gives the same result wherever the secret is shared. False: the result
    /// does not depend on the value.
    pub consistent: bool,
    /// Whoever holds the secret can recompute pseudonyms from guesses: still personal data.
    pub pseudonymous: bool,
    /// Whoever holds the secret can compute the value from the result.
    pub reversible: bool,
}

/// An entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// What it does.
    pub kind: Kind,
    /// Name, unique within its kind.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// Parameters in order.
    pub parameters: &'static [Parameter],
    /// Type of the values; `None`: rows, or the type of the masked column.
    pub output: Option<ColumnType>,
    /// Properties, for masks.
    pub mask: Option<MaskProperties>,
}

static TABLES: LazyLock<Vec<&'static Entry>> = LazyLock::new(|| {
    let mut tables: Vec<_> = crate::domain::tables().map(|table| &table.entry).collect();
    tables.sort_by_key(|entry| entry.name);
    tables
});

/// All entries: tables, then generators, then masks, each in alphabetical order.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLES
        .iter()
        .copied()
        .chain(crate::generator::GENERATORS.iter().map(|g| &g.entry))
        .chain(crate::mask::ENTRIES.iter())
}

/// The entry of a kind with this name.
pub fn find(kind: Kind, name: &str) -> Option<&'static Entry> {
    entries().find(|entry| entry.kind == kind && entry.name == name)
}

/// The names of a kind, comma separated, for messages.
pub fn names(kind: Kind) -> String {
    let names: Vec<&str> = entries()
        .filter(|entry| entry.kind == kind)
        .map(|entry| entry.name)
        .collect();
    names.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_named_once_sorted_and_described() {
        for kind in [Kind::Table, Kind::Generator, Kind::Mask] {
            let names: Vec<&str> = entries()
                .filter(|e| e.kind == kind)
                .map(|e| e.name)
                .collect();
            assert!(!names.is_empty());
            assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
        }
        for entry in entries() {
            assert!(entry.summary.ends_with('.'), "{}", entry.name);
            assert_eq!(
                entry.mask.is_some(),
                entry.kind == Kind::Mask,
                "{}",
                entry.name
            );
            for parameter in entry.parameters {
                assert!(
                    parameter.summary.ends_with('.'),
                    "{}: {}",
                    entry.name,
                    parameter.name
                );
            }
        }
    }
}
