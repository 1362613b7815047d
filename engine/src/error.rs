//! What can go wrong in the engine.

/// A result with the engine's error.
pub type Result<T> = std::result::Result<T, Error>;

/// Why the engine refused. Messages never carry a value out of a row or a secret.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No table, generator or mask has this name; `known` lists what there is.
    #[error("unknown {kind} \"{name}\"")]
    Unknown {
        /// What was looked for: `table`, `generator` or `mask`.
        kind: &'static str,
        /// The name asked for.
        name: String,
        /// The names there are, comma separated.
        known: String,
    },
    /// An argument of a mask or generator is missing, surplus or out of range.
    #[error("{entry}: {problem}")]
    Argument {
        /// The registry entry.
        entry: &'static str,
        /// What is wrong and what would fit.
        problem: String,
    },
    /// The text of a masking rule does not follow the grammar.
    #[error("masking rule at character {position}: {problem}")]
    Rule {
        /// One-based position in the rule's text.
        position: usize,
        /// What was expected.
        problem: String,
    },
    /// A mask does not fit the type of the column.
    #[error("mask {mask} does not fit type {column}")]
    MaskType {
        /// The mask's name.
        mask: &'static str,
        /// The column's type.
        column: String,
        /// Masks that would fit.
        fitting: String,
    },
    /// A range of rows ends beyond what the table can number.
    #[error("rows {start} to {end} are beyond the last row number {last}")]
    RowRange {
        /// First row asked for.
        start: u64,
        /// One past the last row asked for.
        end: u64,
        /// The largest row number.
        last: u64,
    },
    /// Arrow refused a batch; a defect here, not in the input.
    #[error("could not build a batch: {0}")]
    Arrow(String),
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Arrow(error.to_string())
    }
}

impl Error {
    /// What the user can do about it, as one sentence, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { known, .. } => Some(format!("Known: {known}.")),
            Self::MaskType { fitting, .. } => Some(format!("Masks that fit: {fitting}.")),
            Self::Rule { .. } => Some(
                "A rule is MASKED WITH <mask>[(literal, ...)], MASKED WITH VALUE <literal> or NOT MASKED."
                    .to_owned(),
            ),
            Self::Argument { .. } => Some(
                "Parameters and their ranges: view synth.registry in SQL, or synthd list.".to_owned(),
            ),
            Self::RowRange { last, .. } => Some(format!("Rows are numbered from 0 to {last}.")),
            Self::Arrow(_) => None,
        }
    }
}
