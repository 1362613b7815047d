//! Expressions of constraints, as far as they are understood, and their evaluation.

use super::{Comparison, Literal};

/// An expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expr {
    /// A column of the row.
    Column(String),
    /// A constant.
    Literal(Literal),
    /// An operator between two expressions.
    Binary {
        /// The operator.
        operator: Operator,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `a = b` and its like.
    Compare {
        /// The comparison.
        operator: Comparison,
        /// Left side.
        left: Box<Expr>,
        /// Right side.
        right: Box<Expr>,
    },
    /// `AND` over any number of expressions.
    And(Vec<Expr>),
    /// `OR` over any number of expressions.
    Or(Vec<Expr>),
    /// `NOT`.
    Not(Box<Expr>),
    /// `IS NULL`.
    IsNull(Box<Expr>),
    /// `IS TRUE`.
    IsTrue(Box<Expr>),
    /// `IS NOT DISTINCT FROM`.
    Same(Box<Expr>, Box<Expr>),
    /// `left operator ANY (list)`, or ALL.
    Quantified {
        /// Left side.
        left: Box<Expr>,
        /// The comparison.
        operator: Comparison,
        /// The elements compared with.
        list: Vec<Expr>,
        /// ALL instead of ANY.
        all: bool,
    },
    /// `CASE WHEN condition THEN result .. ELSE otherwise END`.
    Case {
        /// Conditions and results.
        arms: Vec<(Expr, Expr)>,
        /// The result where no condition is true.
        otherwise: Box<Expr>,
    },
    /// A function.
    Call {
        /// Which.
        function: Function,
        /// Its arguments.
        arguments: Vec<Expr>,
    },
}

/// An operator that gives a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operator {
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/` between integers, which drops the fraction.
    DivideWhole,
    /// `/` between other numbers.
    Divide,
    /// `%`
    Remainder,
    /// `||` between texts.
    Concatenate,
}

/// A function.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Function {
    /// A function by its name in Postgres.
    Named(String),
}
