//! What a catalog says of a table that is to be filled. Postgres's catalog fills it in today;
//! nothing in it is particular to Postgres but the class of a column.

use std::sync::Arc;

use arrow_array::{Array, StringArray};

use super::class::Class;

/// A table to fill.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Name, for messages and for entropy: two tables of one name get the same values.
    pub name: String,
    /// Columns in order.
    pub columns: Vec<Column>,
    /// CHECK constraints: name, and expression as the database prints it.
    pub checks: Vec<(String, String)>,
    /// The source of functions of the user's that CHECKs call: name of the CHECK, and source.
    pub bodies: Vec<(String, String)>,
    /// Unique constraints and indexes.
    pub uniques: Vec<Unique>,
    /// Exclusion constraints.
    pub exclusions: Vec<Exclusion>,
    /// Foreign keys, with the keys that are there to refer to.
    pub references: Vec<Reference>,
    /// What each partition that can take rows demands; empty if there are no partitions or if one
    /// takes any row.
    pub partitions: Vec<String>,
    /// Why no row can be added at all.
    pub unfillable: Option<String>,
    /// Limits on the number of rows that are in no constraint, as what a sequence has left: how
    /// many, and what limits them.
    pub limits: Vec<(u64, String)>,
    /// Numbers that a constraint refuses some of are drawn from at least so many times as many as there
    /// are rows.
    pub room: u64,
    /// How many rows there are already.
    pub existing_rows: u64,
    /// The first candidate of this plan, where others have been written from an earlier one that knew
    /// fewer keys to refer to.
    pub begun: u64,
    /// Microseconds since 1970-01-01 that `now()` in a constraint stands for.
    pub now: i64,
}

impl Table {
    /// The CHECKs that mention a column, those of its domains first, by name.
    pub fn checks_about(&self, place: usize) -> Vec<String> {
        let column = &self.columns[place];
        let of_domain = column.domain_checks.iter();
        let of_table = self.checks.iter();
        of_domain
            .chain(of_table.filter(|(_, expression)| mentions(expression, &column.name)))
            .map(|(name, _)| name.clone())
            .collect()
    }
}

/// Whether an expression mentions a column: its name stands there as a word.
pub fn mentions(expression: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    expression.match_indices(name).any(|(at, _)| {
        !expression[..at].ends_with(part) && !expression[at + name.len()..].starts_with(part)
    })
}

/// A column.
#[derive(Debug, Clone)]
pub struct Column {
    /// Name.
    pub name: String,
    /// Comment; empty if there is none.
    pub comment: String,
    /// The type as SQL.
    pub type_name: String,
    /// The class of the type, domains looked through.
    pub class: Class,
    /// Whether it refuses NULL.
    pub not_null: bool,
    /// Checks of the domains it is of: name and expression over `VALUE`.
    pub domain_checks: Vec<(String, String)>,
    /// What the database puts there if nothing is given.
    pub default: Given,
    /// The largest value there is, as text; for columns with an order in a unique constraint.
    pub last: Option<String>,
    /// What the caller asked for.
    pub wish: Wish,
    /// Whether no row has one of the values of the list asked for.
    pub untaken: bool,
    /// Whether the column must be written here although the database would number it.
    pub explicit: bool,
}

/// What the database gives to a column of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// NULL.
    Nothing,
    /// A constant, as SQL.
    Constant(String),
    /// The next number of a sequence, or an identity.
    Sequence,
    /// What an expression gives, as SQL, such as `now()`.
    Expression(String),
    /// A generated column: it cannot be written.
    Generated(String),
}

/// What the caller asked for in a column.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Wish {
    /// Where values come from; none: as recognised.
    pub values: Option<Values>,
    /// Share of rows that are NULL, 0 to 1.
    pub null_fraction: Option<f64>,
}

/// Values asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// A generator or distribution of the registry, with its arguments.
    Generator {
        /// Name.
        name: String,
        /// Arguments by parameter.
        arguments: Vec<(String, String)>,
    },
    /// One of these, with weights; `None` is NULL.
    List(Vec<(Option<String>, u64)>),
    /// What the database gives.
    Default,
}

/// A unique constraint or index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unique {
    /// Name.
    pub name: String,
    /// Columns; the plain ones of an index that has expressions too.
    pub columns: Vec<usize>,
    /// Whether it is of plain columns and holds for all rows: neither expressions nor a predicate.
    pub plain: bool,
    /// Whether it is of plain columns and holds for some rows only.
    pub partial: bool,
    /// Whether NULLs count as equal.
    pub nulls_equal: bool,
}

/// An exclusion constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exclusion {
    /// Name.
    pub name: String,
    /// What is compared, and how.
    pub elements: Vec<Element>,
    /// All columns, those of expressions too.
    pub columns: Vec<usize>,
    /// Whether it holds for all rows.
    pub plain: bool,
}

/// What an exclusion constraint compares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// The column; none where it is an expression.
    pub column: Option<usize>,
    /// The column or expression as the database prints it.
    pub expression: String,
    /// The operator that may not be true of all elements of two rows.
    pub operator: String,
}

/// A foreign key.
#[derive(Debug, Clone)]
pub struct Reference {
    /// Name.
    pub name: String,
    /// The table referred to, for messages.
    pub table: String,
    /// Columns here.
    pub columns: Vec<usize>,
    /// The keys to choose from.
    pub keys: Keys,
    /// Whether keys are only those that no row refers to yet.
    pub unused_only: bool,
    /// Whether columns are NULL together or not at all (MATCH FULL). Otherwise one that is NULL
    /// makes the reference none.
    pub match_full: bool,
    /// Whether the keys will be there at the end of the transaction only.
    pub foreseen: bool,
    /// Rows refer to themselves: the columns of this table that are referred to, in the order of
    /// [`Reference::columns`].
    pub own: Option<Vec<usize>>,
}

/// Keys of rows that may be referred to: one array a column, in the order of
/// [`Reference::columns`], as text.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    parts: Vec<Arc<StringArray>>,
    /// Whether these are all there are, and not a sample.
    pub complete: bool,
}

impl Keys {
    /// Keys from their columns, which are of one length.
    pub fn new(parts: Vec<StringArray>, complete: bool) -> Self {
        Self {
            parts: parts.into_iter().map(Arc::new).collect(),
            complete,
        }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.parts.first().map_or(0, |part| part.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A column of a key.
    pub fn part(&self, part: usize, key: usize) -> &str {
        self.parts
            .get(part)
            .filter(|values| key < values.len())
            .map_or("", |values| values.value(key))
    }
}

impl Column {
    /// A nullable column without anything special, to start from.
    pub fn new(name: &str, type_name: &str, class: Class) -> Self {
        Self {
            name: name.to_owned(),
            comment: String::new(),
            type_name: type_name.to_owned(),
            class,
            not_null: false,
            domain_checks: Vec::new(),
            default: Given::Nothing,
            last: None,
            wish: Wish::default(),
            untaken: false,
            explicit: false,
        }
    }
}
