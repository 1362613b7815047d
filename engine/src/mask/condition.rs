//! The condition of a rule: one column of the row compared to a literal.
//!
//! The engine reads and prints it; whoever holds the rows compares, by the order of the column's type.

use std::cmp::Ordering;
use std::fmt;

use super::rule::Literal;

/// When a rule holds for a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The column that is looked at, before anything is masked.
    pub column: String,
    /// What must hold of its value.
    pub test: Test,
}

/// What must hold of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Test {
    /// It is NULL.
    IsNull,
    /// It is not NULL.
    IsNotNull,
    /// It is not NULL and compares so to a literal, which is not NULL either.
    Compare(Comparison, Literal),
}

/// How a value compares to a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    /// `=`
    Equal,
    /// `<>`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Comparison {
    /// How each is written, longer ones before those that they begin with.
    pub const SYMBOLS: &'static [(&'static str, Self)] = &[
        ("<>", Self::NotEqual),
        ("!=", Self::NotEqual),
        ("<=", Self::LessOrEqual),
        (">=", Self::GreaterOrEqual),
        ("=", Self::Equal),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    /// Whether it holds for a value in this order to the literal.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }

    fn symbol(self) -> &'static str {
        Self::SYMBOLS
            .iter()
            .find(|(_, comparison)| *comparison == self)
            .map_or("=", |(symbol, _)| symbol)
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let column = identifier(&self.column);
        match &self.test {
            Test::IsNull => write!(f, "{column} IS NULL"),
            Test::IsNotNull => write!(f, "{column} IS NOT NULL"),
            Test::Compare(comparison, literal) => {
                write!(f, "{column} {} {literal}", comparison.symbol())
            }
        }
    }
}

/// An identifier as the rules' grammar reads it: in double quotes unless it is a plain lower-case
/// word.
pub(super) fn identifier(name: &str) -> String {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && name.starts_with(|c: char| !c.is_ascii_digit());
    if plain {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}
