//! Linked tables of a field, one folder per domain and one file per table.
//!
//! Everything in a domain is a function of a range of *units*, the rows of its root table: patients,
//! customers, subscribers, students. The encounters of patients 500 to 1000 are the same whoever asks for
//! them, and refer only to what comes with patients up to there. What many units share (the providers of
//! patients, the merchants of customers) comes in blocks: a table of providers has 128 rows with each
//! first patient of 4,096, and a patient refers to those of the own block.

pub mod days;
pub mod education;
pub mod finance;
pub mod healthcare;
pub mod linked;
pub mod population;
pub mod resident;
pub mod retail;
mod single;
mod tax;
pub mod telecom;

use std::ops::Range;
use std::sync::Arc;

use arrow_array::RecordBatch;

use crate::calendar::{AS_OF_RANGE, REFERENCE_DATE};
use crate::error::{Error, Result};
use crate::registry::{self, Entry, Kind, Parameter, ParameterType};
use crate::schema::TableSpec;

/// The largest row number of any table.
pub const LAST_ROW: u64 = i64::MAX.unsigned_abs();

/// The largest unit of tables whose keys are whole numbers made of the unit and a number within it.
pub const LAST_UNIT: u64 = (1 << 40) - 1;

/// How many rows a unit has.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FanOut {
    /// One: units are rows.
    One,
    /// Any number, on average this: for estimates, and the size of batches.
    Mean(f64),
}

impl FanOut {
    /// Rows a unit, on average.
    pub const fn mean(self) -> f64 {
        match self {
            Self::One => 1.0,
            Self::Mean(mean) => mean,
        }
    }

    /// How many units make about so many rows; at least one.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an estimate, bounded on both sides"
    )]
    pub fn units_of(self, rows: u64) -> u64 {
        match self {
            Self::One => rows.max(1),
            Self::Mean(mean) => (rows as f64 / mean.max(1e-6)).clamp(1.0, 1e9) as u64,
        }
    }

    /// About how many rows so many units have.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "an estimate, bounded on both sides"
    )]
    pub fn rows_of(self, units: usize) -> usize {
        match self {
            Self::One => units,
            Self::Mean(mean) => (units as f64 * mean * 1.1).clamp(0.0, 1e6) as usize,
        }
    }
}

/// A generated table: rows are a function of the number of their unit (law 2). Most tables have one
/// row a unit.
///
/// `batch(a..c)` equals `batch(a..b)` followed by `batch(b..c)`, so a load can be split, resumed and
/// spread over threads.
pub trait Table: Send + Sync {
    /// Columns and constraints.
    fn spec(&self) -> &TableSpec;

    /// How many rows a unit has.
    fn fan_out(&self) -> FanOut {
        FanOut::One
    }

    /// The largest unit that there is.
    fn last_unit(&self) -> u64 {
        LAST_ROW
    }

    /// The rows of a range of units, as Arrow columns in the order of [`Self::spec`].
    ///
    /// Memory is in proportion to the range: callers ask for some thousands of rows at a time.
    fn batch(&self, units: Range<u64>) -> Result<RecordBatch> {
        let all: Vec<usize> = (0..self.spec().columns.len()).collect();
        self.project(units, &all)
    }

    /// The same rows with some columns only, given by their places in [`Self::spec`], in this order.
    /// A column does not depend on which others are asked for: `project(units, columns)` equals
    /// `batch(units)` projected, and takes only the time that the columns need. Without columns it is
    /// a batch that has a number of rows and nothing else.
    fn project(&self, units: Range<u64>, columns: &[usize]) -> Result<RecordBatch>;
}

/// How many parameters of its own a table may have, besides units, seed, start and day.
pub const OWN_PARAMETERS: usize = 2;

/// What decides the content of a table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TableOptions {
    /// Seed: the same seed gives the same rows.
    pub seed: u64,
    /// The last day that the data may mention, in days since 1970-01-01.
    pub as_of: i32,
    /// The values of the table's own parameters, in their order; none: the default.
    pub own: [Option<f64>; OWN_PARAMETERS],
}

impl Default for TableOptions {
    fn default() -> Self {
        Self {
            seed: 0,
            as_of: REFERENCE_DATE,
            own: [None; OWN_PARAMETERS],
        }
    }
}

impl TableOptions {
    /// Checks that `as_of` lies in [`AS_OF_RANGE`].
    pub fn check_day(&self, entry: &'static str) -> Result<()> {
        if AS_OF_RANGE.contains(&self.as_of) {
            return Ok(());
        }
        Err(Error::Argument {
            entry,
            problem: "as_of must lie between 1900-01-01 and 2199-12-31".to_owned(),
        })
    }
}

/// A table of a domain.
pub struct TableEntry {
    /// Its registry entry: parameters are the number of units, [`SEED`], [`START`], [`AS_OF`], and up
    /// to [`OWN_PARAMETERS`] numbers of its own.
    pub entry: Entry,
    /// What one row is called: the SQL row type is `synth_<row>`.
    pub row: &'static str,
    /// How many rows a unit has.
    pub fan_out: FanOut,
    /// The number of units at a scale of the domain: the scale itself, but for tables whose units are
    /// not the domain's root.
    pub units_at: fn(scale: u64) -> u64,
    /// Makes the table.
    pub build: fn(&TableOptions) -> Result<Arc<dyn Table>>,
}

/// [`TableEntry::units_at`] of tables whose units are the rows of the domain's root.
pub fn units_of_root(scale: u64) -> u64 {
    scale
}

/// Tables that join.
pub struct Domain {
    /// Name.
    pub name: &'static str,
    /// One sentence.
    pub summary: &'static str,
    /// What the scale counts, in the plural: the root table.
    pub root: &'static str,
    /// Its tables, each after those that it refers to.
    pub tables: &'static [&'static TableEntry],
}

/// The domains, in alphabetical order.
pub static DOMAINS: &[&Domain] = &[
    &education::DOMAIN,
    &finance::DOMAIN,
    &healthcare::DOMAIN,
    &retail::DOMAIN,
    &telecom::DOMAIN,
];

/// The domain of a name.
pub fn domain(name: &str) -> Result<&'static Domain> {
    let known = || DOMAINS.iter().map(|domain| domain.name).collect::<Vec<_>>();
    let found = DOMAINS.iter().find(|domain| domain.name == name);
    found.copied().ok_or_else(|| Error::Unknown {
        kind: "domain",
        name: name.to_owned(),
        known: known().join(", "),
    })
}

/// The tables of all domains.
pub fn tables() -> impl Iterator<Item = &'static TableEntry> {
    DOMAINS.iter().flat_map(|domain| domain.tables).copied()
}

/// The parameter of a root table: how many rows.
pub const ROWS: Parameter = Parameter {
    name: "rows",
    parameter_type: ParameterType::Integer,
    default: None,
    summary: "How many rows, 0 or more.",
};

/// The parameter of a table that belongs to the rows of a root: how many of them.
pub const fn units(root: &'static str, summary: &'static str) -> Parameter {
    Parameter {
        name: root,
        parameter_type: ParameterType::Integer,
        default: None,
        summary,
    }
}

/// Parameter of every table.
pub const SEED: Parameter = Parameter {
    name: "seed",
    parameter_type: ParameterType::Integer,
    default: Some("NULL"),
    summary: "The same seed gives the same rows; NULL draws a fresh one.",
};

/// Parameter of every table.
pub const START: Parameter = Parameter {
    name: "start",
    parameter_type: ParameterType::Integer,
    default: Some("0"),
    summary: "Number of the first one: any range costs the same.",
};

/// Parameter of every table.
pub const AS_OF: Parameter = Parameter {
    name: "as_of",
    parameter_type: ParameterType::Date,
    default: Some("NULL"),
    summary: "The last day the data may mention, 1900 to 2199; NULL is 2026-01-01, whatever today is.",
};

/// The registry entry of a table.
pub const fn table_entry(
    name: &'static str,
    summary: &'static str,
    parameters: &'static [Parameter],
) -> Entry {
    Entry {
        kind: Kind::Table,
        name,
        summary,
        parameters,
        output: None,
        mask: None,
    }
}

/// The table of a domain, by the name of its entry.
pub fn find(name: &str) -> Option<&'static TableEntry> {
    tables().find(|table| table.entry.name == name)
}

/// The table, or the generator as a table of one column, of this name.
pub fn table(name: &str, options: &TableOptions) -> Result<Arc<dyn Table>> {
    if let Some(table) = find(name) {
        options.check_day(table.entry.name)?;
        return (table.build)(options);
    }
    match crate::generator::find(name) {
        Ok(generator) => Ok(Arc::new(single::SingleColumn::new(generator, options)?)),
        Err(_) => Err(Error::Unknown {
            kind: "table",
            name: name.to_owned(),
            known: format!(
                "{}; as a table of one column: {}",
                registry::names(Kind::Table),
                registry::names(Kind::Generator)
            ),
        }),
    }
}

/// Checks that a range of rows ends at [`LAST_ROW`] or before.
pub(crate) fn check_range(rows: &Range<u64>) -> Result<usize> {
    check_units(rows, LAST_ROW)
}

/// Checks that a range ends at `last` or before, and gives its length.
pub(crate) fn check_units(units: &Range<u64>, last: u64) -> Result<usize> {
    let length = units.end.saturating_sub(units.start);
    let too_far = || Error::RowRange {
        start: units.start,
        end: units.end,
        last,
    };
    if units.end > last + 1 {
        return Err(too_far());
    }
    usize::try_from(length).map_err(|_| too_far())
}

#[cfg(test)]
mod tests;
