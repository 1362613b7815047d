//! Expressions of constraints, as far as they are understood, and their evaluation.

use std::collections::BTreeSet;

use super::{Comparison, Literal, function};

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
        /// Its name in Postgres, or that of a construct that acts like one.
        name: String,
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

impl Expr {
    pub(super) fn column(name: &str) -> Self {
        Self::Column(name.to_owned())
    }

    pub(super) fn compare(operator: Comparison, left: Self, right: Self) -> Self {
        Self::Compare {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        }
    }

    pub(super) fn binary(operator: Operator, left: Self, right: Self) -> Self {
        Self::Binary {
            operator,
            left: Box::new(left),
            right: Box::new(right),
        }
    }

    pub(super) fn call(name: &str, arguments: Vec<Self>) -> Self {
        Self::Call {
            name: name.to_owned(),
            arguments,
        }
    }

    pub(super) fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// The parts of which this expression consists.
    pub fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Column(_) | Self::Literal(_) => Vec::new(),
            Self::Binary { left, right, .. }
            | Self::Compare { left, right, .. }
            | Self::Same(left, right) => vec![left, right],
            Self::And(parts) | Self::Or(parts) => parts.iter().collect(),
            Self::Not(inner) | Self::IsNull(inner) | Self::IsTrue(inner) => vec![inner],
            Self::Quantified { left, list, .. } => std::iter::once(&**left).chain(list).collect(),
            Self::Case { arms, otherwise } => arms
                .iter()
                .flat_map(|(condition, result)| [condition, result])
                .chain([&**otherwise])
                .collect(),
            Self::Call { arguments, .. } => arguments.iter().collect(),
        }
    }

    /// The columns in it, each once, in the order of the alphabet.
    pub fn columns(&self) -> Vec<String> {
        fn visit(expr: &Expr, found: &mut BTreeSet<String>) {
            if let Expr::Column(name) = expr {
                found.insert(name.clone());
            }
            for part in expr.parts() {
                visit(part, found);
            }
        }
        let mut found = BTreeSet::new();
        visit(self, &mut found);
        found.into_iter().collect()
    }

    /// The value it has in a row, by the rules of Postgres. `row` gives the value of a column.
    /// `None` where it cannot be computed here, or where Postgres would raise an error.
    pub fn evaluate(&self, row: &dyn Fn(&str) -> Option<Literal>) -> Option<Literal> {
        match self {
            Self::Column(name) => row(name),
            Self::Literal(value) => Some(value.clone()),
            Self::Binary {
                operator,
                left,
                right,
            } => {
                let (left, right) = (left.evaluate(row)?, right.evaluate(row)?);
                if left == Literal::Null || right == Literal::Null {
                    return Some(Literal::Null);
                }
                compute(*operator, &left, &right)
            }
            Self::Compare {
                operator,
                left,
                right,
            } => compare(*operator, &left.evaluate(row)?, &right.evaluate(row)?),
            Self::And(parts) => all(parts, row, false),
            Self::Or(parts) => all(parts, row, true),
            Self::Not(inner) => match inner.evaluate(row)? {
                Literal::Boolean(value) => Some(Literal::Boolean(!value)),
                Literal::Null => Some(Literal::Null),
                _ => None,
            },
            Self::IsNull(inner) => Some(Literal::Boolean(inner.evaluate(row)? == Literal::Null)),
            Self::IsTrue(inner) => Some(Literal::Boolean(
                inner.evaluate(row)? == Literal::Boolean(true),
            )),
            Self::Same(left, right) => {
                let (left, right) = (left.evaluate(row)?, right.evaluate(row)?);
                match (&left, &right) {
                    (Literal::Null, _) | (_, Literal::Null) => {
                        Some(Literal::Boolean(left == right))
                    }
                    _ => left.equals(&right).map(Literal::Boolean),
                }
            }
            Self::Quantified {
                left,
                operator,
                list,
                all,
            } => {
                let left = left.evaluate(row)?;
                let mut result = Literal::Boolean(*all);
                for element in list {
                    match compare(*operator, &left, &element.evaluate(row)?)? {
                        Literal::Boolean(value) if value != *all => {
                            return Some(Literal::Boolean(value));
                        }
                        Literal::Null => result = Literal::Null,
                        _ => {}
                    }
                }
                Some(result)
            }
            Self::Case { arms, otherwise } => {
                for (condition, result) in arms {
                    if condition.evaluate(row)? == Literal::Boolean(true) {
                        return result.evaluate(row);
                    }
                }
                otherwise.evaluate(row)
            }
            Self::Call { name, arguments } => {
                let mut values = Vec::with_capacity(arguments.len());
                for argument in arguments {
                    values.push(argument.evaluate(row)?);
                }
                function::call(name, &values)
            }
        }
    }
}

/// AND (`stop` false) or OR (`stop` true).
fn all(parts: &[Expr], row: &dyn Fn(&str) -> Option<Literal>, stop: bool) -> Option<Literal> {
    let mut result = Some(Literal::Boolean(!stop));
    for part in parts {
        match part.evaluate(row) {
            Some(Literal::Boolean(value)) if value == stop => return Some(Literal::Boolean(stop)),
            Some(Literal::Boolean(_)) => {}
            Some(Literal::Null) => result = result.and(Some(Literal::Null)),
            _ => result = None,
        }
    }
    result
}

fn compare(operator: Comparison, left: &Literal, right: &Literal) -> Option<Literal> {
    if *left == Literal::Null || *right == Literal::Null {
        return Some(Literal::Null);
    }
    let holds = match operator {
        Comparison::Equal => left.equals(right)?,
        Comparison::NotEqual => !left.equals(right)?,
        _ => operator.holds(left.compare(right)?),
    };
    Some(Literal::Boolean(holds))
}

fn compute(operator: Operator, left: &Literal, right: &Literal) -> Option<Literal> {
    match (operator, left, right) {
        (Operator::Add, _, _) => left.plus(right),
        (Operator::Subtract, _, _) => left.minus(right),
        (Operator::Multiply, Literal::Number(a), Literal::Number(b)) => {
            a.times(*b).map(Literal::Number)
        }
        (Operator::DivideWhole, Literal::Number(a), Literal::Number(b)) => {
            let (a, b) = (a.rescaled(0)?.units, b.rescaled(0)?.units);
            a.checked_div(b).map(Literal::whole)
        }
        (Operator::Divide, Literal::Number(a), Literal::Number(b)) => {
            a.quotient(*b).map(Literal::Number)
        }
        (Operator::Remainder, Literal::Number(a), Literal::Number(b)) => {
            a.remainder(*b).map(Literal::Number)
        }
        (Operator::Concatenate, _, _) => {
            let text = |value: &Literal| match value {
                Literal::Text(text) => Some(text.clone()),
                Literal::Number(number) => Some(number.to_string()),
                Literal::Date(_) => Some(value.to_string()),
                _ => None,
            };
            Some(Literal::Text(text(left)? + &text(right)?))
        }
        _ => None,
    }
}
