//! CHECK constraints, read as Postgres prints them and turned into what each column may hold.
//!
//! A planner that fills a table wants to know, before it draws a value, which values a constraint
//! lets pass. [`analyse`] reads the text of all constraints of a table (`pg_get_expr` of
//! `conbin`; also `pg_get_constraintdef`), brings them into disjunctive normal form and gives
//! alternatives, [`Branch`]es: in each of them every column has a [`Domain`], and [`Relation`]s
//! hold between columns. A row that keeps to one branch passes every constraint, apart from those
//! that the branch lists as `unproven`: these were not understood, and the
//! database has to be asked about the row.
//!
//! A CHECK passes when it is true *or NULL*. Hence a domain says what a value must be if there is
//! one, and [`Domain::null`] says whether there must be one; a relation binds only a row in which
//! none of its columns is NULL.
//!
//! ```
//! use synth_engine::fill::check::{Check, Column, Nullness, analyse};
//! use synth_engine::fill::class::Class;
//!
//! let text = Class::text();
//! let date = Class::Date;
//! let columns = [
//!     Column { name: "state", class: &text, not_null: true },
//!     Column { name: "shipped", class: &date, not_null: false },
//! ];
//! let checks = [Check::of_table(
//!     "shipped_when_sent",
//!     "(((state = 'sent'::text) AND (shipped IS NOT NULL)) OR ((state <> 'sent'::text) AND (shipped IS NULL)))",
//! )];
//! let analysis = analyse(&checks, &columns, 0);
//! assert_eq!(analysis.branches.len(), 2);
//! assert_eq!(analysis.branches[0].columns["shipped"].null, Nullness::MustNotBeNull);
//! ```

mod atom;
mod constant;
pub(crate) mod decimal;
mod domain;
mod expression;
mod function;
mod kind;
mod linear;
mod literal;
mod measure;
mod normal;
mod parse;
mod simplify;
mod table;
mod text;

use std::collections::BTreeMap;

pub use decimal::Decimal;
pub use expression::{Expr, Operator};
pub use literal::{Interval, Literal};

use super::class::Class;

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// Its expression as Postgres prints it, with or without the word CHECK before it.
    pub expression: String,
    /// The check of a domain: the column that `VALUE` stands for.
    pub value: Option<String>,
}

impl Check {
    /// A constraint of a table.
    pub fn of_table(name: impl Into<String>, expression: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            expression: expression.into(),
            value: None,
        }
    }

    /// A constraint of a domain that is the type of a column.
    pub fn of_domain(
        name: impl Into<String>,
        expression: impl Into<String>,
        column: impl Into<String>,
    ) -> Self {
        Self {
            name: name.into(),
            expression: expression.into(),
            value: Some(column.into()),
        }
    }
}

/// A column that constraints may speak of.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its name.
    pub name: &'a str,
    /// The class of its type.
    pub class: &'a Class,
    /// Whether it refuses NULL.
    pub not_null: bool,
}

/// What the constraints of a table allow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analysis {
    /// The alternatives, at most [`MAX_BRANCHES`]; where there would be more, a selection in which
    /// every alternative of every constraint still occurs where possible. Without any constraint
    /// one branch that demands nothing. Empty exactly if there are contradictions.
    pub branches: Vec<Branch>,
    /// Constraints that no row can satisfy.
    pub contradictions: Vec<Contradiction>,
}

/// The largest number of [`Analysis::branches`].
pub const MAX_BRANCHES: usize = 64;

/// Constraints that cannot hold together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// Their positions in the input.
    pub checks: Vec<usize>,
    /// The columns they are about.
    pub columns: Vec<String>,
    /// What is wrong, in a sentence that names constraints and columns.
    pub sentence: String,
}

/// One way to satisfy all constraints.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Branch {
    /// What columns may hold; a column that is missing may hold anything.
    pub columns: BTreeMap<String, Domain>,
    /// What must hold between columns.
    pub relations: Vec<Relation>,
    /// Positions of the constraints that this branch does not fully express, ascending.
    pub unproven: Vec<usize>,
}

/// What a column may hold. All that is said of values binds only where the column is not NULL.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a property on its own"
)]
pub struct Domain {
    /// Smallest value.
    pub lower: Option<Bound>,
    /// Largest value.
    pub upper: Option<Bound>,
    /// The only values allowed, without repetition and in their order of appearance; they respect
    /// everything else that is said here as far as it is known.
    pub allowed: Option<Vec<Literal>>,
    /// Values not allowed.
    pub excluded: Vec<Literal>,
    /// Whether there may be NULL.
    pub null: Nullness,
    /// Least number of characters.
    pub min_chars: Option<u32>,
    /// Largest number of characters.
    pub max_chars: Option<u32>,
    /// Least number of bytes (`octet_length`, or `length` of `bytea`).
    pub min_bytes: Option<u32>,
    /// Largest number of bytes.
    pub max_bytes: Option<u32>,
    /// Patterns the text must match, all of them.
    pub patterns: Vec<TextPattern>,
    /// `value % divisor = remainder`.
    pub multiple_of: Option<Modulus>,
    /// Largest number of digits after the point.
    pub max_scale: Option<u32>,
    /// Equal to its lower-case form.
    pub lower_case: bool,
    /// Equal to its upper-case form.
    pub upper_case: bool,
    /// Without blanks at either end.
    pub trimmed: bool,
    /// Not empty and not only blanks.
    pub not_blank: bool,
    /// Least number of elements of an array, which is then of one dimension.
    pub min_items: Option<u32>,
    /// Largest number of elements of an array.
    pub max_items: Option<u32>,
    /// What each element of an array may hold.
    pub element: Option<Box<Domain>>,
    /// Elements an array must contain.
    pub contains: Vec<Literal>,
    /// A JSON value of one of these types, as `jsonb_typeof` names them; empty: of any.
    pub json_types: Vec<String>,
    /// Keys a JSON object must have.
    pub json_keys: Vec<String>,
    /// A range that is not empty.
    pub not_empty: bool,
    /// A date or timestamp or number that is finite.
    pub finite: bool,
    /// An address of this family: 4 or 6.
    pub family: Option<u8>,
}

/// One end of an interval of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bound {
    /// The value.
    pub value: Literal,
    /// Whether the value itself is allowed.
    pub inclusive: bool,
}

/// Whether a column may be NULL.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Nullness {
    /// As the column's definition says.
    #[default]
    Free,
    /// NULL in every row.
    MustBeNull,
    /// A value in every row.
    MustNotBeNull,
}

/// Remainder of a division.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Modulus {
    /// The divisor, above zero.
    pub divisor: i128,
    /// The remainder, at least zero and below the divisor. Of a negative number Postgres gives a
    /// negative remainder; unless it is zero, the domain has a lower bound of zero.
    pub remainder: i128,
}

/// A pattern for text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextPattern {
    /// A regular expression as Postgres writes them. It may match anywhere in the text unless it
    /// is anchored. `SIMILAR TO` is given in this form too.
    Regex {
        /// The expression.
        text: String,
        /// Whether letters match in either case.
        case_insensitive: bool,
        /// Whether the text must not match.
        negated: bool,
    },
    /// `LIKE`, matching the whole text: `%` for any characters, `_` for one, and a backslash
    /// before a character that stands for itself.
    Like {
        /// The pattern.
        text: String,
        /// Whether letters match in either case.
        case_insensitive: bool,
        /// Whether the text must not match.
        negated: bool,
    },
}

/// What must hold between columns, in a row where none of them is NULL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// `left operator right + offset`.
    Compare {
        /// A column.
        left: String,
        /// The comparison.
        operator: Comparison,
        /// Another column.
        right: String,
        /// Added to `right` by [`Literal::plus`]: a number, a number of days to a date, an
        /// interval to a timestamp.
        offset: Option<Literal>,
    },
    /// A column is what an expression over other columns gives. [`Expr::evaluate`] computes it;
    /// if that gives NULL, the column may hold anything.
    Computed {
        /// The column.
        column: String,
        /// The expression, which does not contain the column.
        expression: Expr,
    },
    /// An expression over several columns that [`Expr::evaluate`] must find true or NULL. Rows can
    /// be drawn until it holds.
    Predicate {
        /// Whether evaluation gives what the database would. Otherwise, as with floating point, it
        /// is near enough to draw by, and the constraint is unproven besides.
        exact: bool,
        /// Position of the constraint it comes from.
        check: usize,
        /// The columns in it.
        columns: Vec<String>,
        /// The expression.
        expression: Expr,
    },
}

/// An order relation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `>=`
    GreaterOrEqual,
    /// `>`
    Greater,
}

impl Comparison {
    /// The operator that holds exactly where this one does not.
    #[must_use]
    pub const fn negated(self) -> Self {
        match self {
            Self::Less => Self::GreaterOrEqual,
            Self::LessOrEqual => Self::Greater,
            Self::Equal => Self::NotEqual,
            Self::NotEqual => Self::Equal,
            Self::GreaterOrEqual => Self::Less,
            Self::Greater => Self::LessOrEqual,
        }
    }

    /// The operator with its sides exchanged.
    #[must_use]
    pub const fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::GreaterOrEqual => Self::LessOrEqual,
            Self::Greater => Self::Less,
            same => same,
        }
    }

    /// Whether it holds for sides that compare as `ordering`.
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Less => ordering.is_lt(),
            Self::LessOrEqual => ordering.is_le(),
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::GreaterOrEqual => ordering.is_ge(),
            Self::Greater => ordering.is_gt(),
        }
    }
}

/// Reads constraints and says what they allow.
///
/// `now` stands for `now()` and `CURRENT_DATE`, in microseconds since 1970-01-01 00:00 UTC.
/// Nothing is an error: a constraint that is not understood is unproven in every branch.
pub fn analyse(checks: &[Check], columns: &[Column<'_>], now: i64) -> Analysis {
    table::analyse(checks, columns, now)
}

/// Reads an expression over a row; `None` if it has anything that is not known here.
pub(crate) fn expression(text: &str, columns: &[Column<'_>], now: i64) -> Option<Expr> {
    let columns: BTreeMap<&str, Column<'_>> = columns
        .iter()
        .map(|column| (column.name, *column))
        .collect();
    let scope = parse::Scope {
        columns: &columns,
        value: None,
        now,
    };
    parse::parse(text, scope)
}

#[cfg(test)]
mod laws;
#[cfg(test)]
mod tests;
