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
    /// A pattern cannot be read, or is too large.
    #[error("pattern at character {position}: {problem}")]
    Pattern {
        /// One-based position in the pattern.
        position: usize,
        /// What is wrong there.
        problem: String,
    },
    /// A mask whose results cannot be turned back was asked to.
    #[error("mask {mask} cannot be undone")]
    NotReversible {
        /// The mask's name.
        mask: &'static str,
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
    /// Postgres's `jsonb` cannot hold a document: 256 MiB or more, or the character U+0000 in it.
    #[error(
        "a document cannot be stored as jsonb: it has 256 MiB or more, or the character U+0000"
    )]
    Jsonb,
    /// Arrow refused a batch; a defect here, not in the input.
    #[error("could not build a batch: {0}")]
    Arrow(String),
}

impl From<arrow_schema::ArrowError> for Error {
    fn from(error: arrow_schema::ArrowError) -> Self {
        Self::Arrow(error.to_string())
    }
}

/// Up to three of the known names that are spelt nearly like one.
fn near<'a>(name: &str, known: &'a str) -> Vec<&'a str> {
    // Nobody mistypes a name into a text of this length.
    if name.chars().count() > 64 {
        return Vec::new();
    }
    let name = name.to_lowercase().replace(['-', ' '], "_");
    let mut near: Vec<(usize, &str)> = known
        .split([',', ';', ':'])
        .map(str::trim)
        .filter(|word| !word.is_empty() && !word.contains(' '))
        .filter_map(|word| {
            let contained =
                name.len() >= 4 && word.contains(&name) || word.len() >= 4 && name.contains(word);
            let edits = edits(&name, &word.to_lowercase());
            let most = (name.chars().count().min(word.chars().count()) / 3).max(1);
            (edits <= most || contained).then_some((edits, word))
        })
        .collect();
    near.sort_unstable();
    near.dedup();
    near.truncate(3);
    near.into_iter().map(|(_, word)| word).collect()
}

/// The known names as far as a person reads them, and where the rest are.
fn listing(known: &str) -> String {
    /// Of a longer list nobody reads to the end.
    const MOST: usize = 40;

    let (short, long): (Vec<&str>, Vec<&str>) = known
        .split(';')
        .map(str::trim)
        .partition(|list| list.split(',').count() <= MOST);
    let mut sentences = Vec::new();
    if !short.is_empty() {
        sentences.push(format!("Known: {}.", short.join("; ")));
    }
    if !long.is_empty() {
        sentences
            .push("All names: SELECT name FROM synth.registry in SQL, or synthd list.".to_owned());
    }
    sentences.join(" ")
}

/// How many characters to insert, delete, replace or swap with the next to make one word of the
/// other (optimal string alignment).
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last = None;
    for (i, x) in a.chars().enumerate() {
        let above = row.clone();
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
            if j > 0 && last == Some(*y) && b[j - 1] == x && x != *y {
                row[j + 1] = row[j + 1].min(before[j - 1] + 1);
            }
        }
        before = above;
        last = Some(x);
    }
    row[b.len()]
}

impl Error {
    /// What the user can do about it, as one sentence, where there is something.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unknown { name, known, .. } => Some(match near(name, known).as_slice() {
                [] => listing(known),
                near => format!("Did you mean {}? {}", near.join(" or "), listing(known)),
            }),
            Self::MaskType { fitting, .. } => Some(format!("Masks that fit: {fitting}.")),
            Self::Rule { .. } => Some(
                "A rule is MASKED WITH <mask>[(literal, ...)], MASKED WITH VALUE <literal> or MASKED WITH FUNCTION <schema>.<name>[(literal, ...)], each with WHEN <column> <comparison> <literal> if need be; or NOT MASKED."
                    .to_owned(),
            ),
            Self::Pattern { .. } => Some(
                "A pattern is a regular expression such as [A-Z]{3}-\\d{4}, without look-around, back references and word boundaries, of at most 2000 bytes for at most 10000 characters."
                    .to_owned(),
            ),
            Self::Argument { .. } => Some(
                "Parameters and their ranges: view synth.registry in SQL, or synthd list.".to_owned(),
            ),
            Self::NotReversible { .. } => Some(
                "Masks that can be undone are those with reversible in synth.registry.".to_owned(),
            ),
            Self::RowRange { last, .. } => Some(format!("Rows are numbered from 0 to {last}.")),
            Self::Jsonb | Self::Arrow(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_name_gets_a_suggestion() {
        let hint = |name: &str| {
            Error::Unknown {
                kind: "generator",
                name: name.to_owned(),
                known: "email, first_name, iban, last_name".to_owned(),
            }
            .hint()
            .unwrap()
        };
        assert!(hint("ibann").starts_with("Did you mean iban? "));
        assert!(hint("emial").starts_with("Did you mean email? "));
        assert!(hint("First-Name").starts_with("Did you mean first_name"));
        assert!(hint("name").starts_with("Did you mean "));
        assert!(hint("quaternion").starts_with("Known: "));
        assert!(hint(&"x".repeat(1_000_000)).starts_with("Known: "));
    }

    #[test]
    fn long_lists_are_not_repeated() {
        let hint = |name: &str| crate::generator::find(name).unwrap_err().hint().unwrap();
        let all = "All names: SELECT name FROM synth.registry in SQL, or synthd list.";
        assert_eq!(hint("ibann"), format!("Did you mean iban? {all}"));
        assert_eq!(hint(""), all);
    }
}
