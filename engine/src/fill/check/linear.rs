//! Comparisons of sums: of numbers with factors, and of moments with spans of time.

use std::collections::BTreeMap;

use super::decimal::Decimal;
use super::expression::{Expr, Operator};
use super::kind::Kind;
use super::literal::Literal;
use super::normal::Normal;
use super::parse::Scope;
use super::{Branch, Comparison, Domain, Relation};
use crate::fill::class::Class;

/// `a + b` as columns with factors, and a constant.
#[derive(Default)]
struct Sum {
    factors: BTreeMap<String, Decimal>,
    constant: Decimal,
}

impl Sum {
    fn plus(mut self, other: Self, sign: i128) -> Option<Self> {
        let sign = Decimal::whole(sign);
        self.constant = self.constant.plus(other.constant.times(sign)?)?;
        for (name, factor) in other.factors {
            let before = self.factors.get(&name).copied().unwrap_or_default();
            self.factors.insert(name, before.plus(factor.times(sign)?)?);
        }
        self.factors.retain(|_, factor| factor.units != 0);
        Some(self)
    }

    fn times(mut self, by: Decimal) -> Option<Self> {
        self.constant = self.constant.times(by)?;
        for factor in self.factors.values_mut() {
            *factor = factor.times(by)?;
        }
        Some(self)
    }

    /// Reads an expression in which nothing is rounded: no floating point, no division.
    fn read(scope: Scope<'_>, expr: &Expr) -> Option<Self> {
        match expr {
            Expr::Column(name) => match scope.columns.get(name.as_str())?.class {
                Class::Integer { .. } | Class::Decimal { .. } => Some(Self {
                    factors: BTreeMap::from([(name.clone(), Decimal::whole(1))]),
                    ..Self::default()
                }),
                _ => None,
            },
            Expr::Literal(Literal::Number(number)) => Some(Self {
                constant: *number,
                ..Self::default()
            }),
            Expr::Call { name, arguments } if name == "negate" => {
                Self::read(scope, arguments.first()?)?.times(Decimal::whole(-1))
            }
            Expr::Binary {
                operator,
                left,
                right,
            } => {
                let (left, right) = (Self::read(scope, left)?, Self::read(scope, right)?);
                match operator {
                    Operator::Add => left.plus(right, 1),
                    Operator::Subtract => left.plus(right, -1),
                    Operator::Multiply if right.factors.is_empty() => left.times(right.constant),
                    Operator::Multiply if left.factors.is_empty() => right.times(left.constant),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Comparisons between sums of numbers; `None` if the sides are none.
pub(super) fn compared(
    normal: &Normal<'_>,
    operator: Comparison,
    left: &Expr,
    right: &Expr,
) -> Option<Vec<Branch>> {
    let scope = normal.scope;
    let sum = Sum::read(scope, left)?.plus(Sum::read(scope, right)?, -1)?;
    let factors: Vec<_> = sum.factors.iter().collect();
    match *factors.as_slice() {
        [(name, factor)] => {
            let operator = if factor.units < 0 {
                operator.mirrored()
            } else {
                operator
            };
            let limit = sum.constant.negated().quotient(*factor)?;
            Some(vec![Branch::of(
                name,
                Domain::compared(operator, Literal::Number(limit.normalized())),
            )])
        }
        [(a, first), (b, second)] if first.plus(*second)?.units == 0 => {
            let operator = if first.units < 0 {
                operator.mirrored()
            } else {
                operator
            };
            let offset = sum.constant.negated().quotient(*first)?.normalized();
            Some(vec![Branch::related(Relation::Compare {
                left: a.clone(),
                operator,
                right: b.clone(),
                offset: (offset.units != 0).then_some(Literal::Number(offset)),
            })])
        }
        _ if operator == Comparison::Equal => {
            // The last column with a factor of one is computed from the others.
            let (name, factor) = factors
                .iter()
                .rev()
                .find(|(_, factor)| factor.normalized().units.abs() == 1 && factor.is_whole())?;
            let mut rest = sum_without(&sum, name)?;
            if factor.units > 0 {
                rest = rest.times(Decimal::whole(-1))?;
            }
            Some(vec![computed(normal, name, &rest.expression())])
        }
        _ => None,
    }
}

fn sum_without(sum: &Sum, name: &str) -> Option<Sum> {
    let mut rest = Sum {
        factors: sum.factors.clone(),
        constant: sum.constant,
    };
    rest.factors.remove(name)?;
    Some(rest)
}

impl Sum {
    fn expression(self) -> Expr {
        let mut expr = Expr::Literal(Literal::Number(self.constant));
        for (name, factor) in self.factors {
            let column = Expr::Column(name);
            let size = Decimal {
                units: factor.units.abs(),
                ..factor
            };
            let term = if size == Decimal::whole(1) {
                column
            } else {
                Expr::binary(
                    Operator::Multiply,
                    column,
                    Expr::Literal(Literal::Number(size)),
                )
            };
            let operator = if factor.units < 0 {
                Operator::Subtract
            } else {
                Operator::Add
            };
            expr = Expr::binary(operator, expr, term);
        }
        expr
    }
}

/// `column = expression`; the database is asked too where storing may round the result.
pub(super) fn computed(normal: &Normal<'_>, column: &str, expression: &Expr) -> Branch {
    let mut branch = Branch::related(Relation::Computed {
        column: column.to_owned(),
        expression: expression.clone(),
    });
    let room = match normal.scope.columns.get(column).map(|column| column.class) {
        // Of floating point every result is rounded.
        Some(Class::Integer { .. } | Class::Float { .. }) => Some(0),
        Some(Class::Decimal {
            scale: Some(scale), ..
        }) => Some((*scale).try_into().unwrap_or(0)),
        _ => None,
    };
    let rounds = room.is_some_and(|room: u32| {
        scale(normal.scope, expression).is_none_or(|digits| digits > room)
    });
    if rounds {
        branch.unproven.push(normal.check);
    }
    branch
}

/// The most digits after the point an expression can have.
fn scale(scope: Scope<'_>, expr: &Expr) -> Option<u32> {
    match expr {
        Expr::Column(name) => match scope.columns.get(name.as_str())?.class {
            Class::Integer { .. } => Some(0),
            Class::Decimal { scale, .. } => (*scale).map(|scale| scale.try_into().unwrap_or(0)),
            _ => None,
        },
        Expr::Literal(Literal::Number(number)) => Some(number.normalized().scale),
        Expr::Binary {
            operator,
            left,
            right,
        } => {
            let (left, right) = (scale(scope, left)?, scale(scope, right)?);
            match operator {
                Operator::Add | Operator::Subtract => Some(left.max(right)),
                Operator::Multiply => left.checked_add(right),
                Operator::DivideWhole => Some(0),
                _ => None,
            }
        }
        Expr::Call { name, arguments } => match (name.as_str(), arguments.as_slice()) {
            ("round", [_, Expr::Literal(Literal::Number(digits))]) => {
                u32::try_from(digits.rescaled(0)?.units).ok()
            }
            ("round" | "length" | "char_length" | "extract" | "int4", _) => Some(0),
            ("abs" | "negate", [of]) => scale(scope, of),
            ("coalesce" | "greatest" | "least", all) => all
                .iter()
                .try_fold(0, |most, part| Some(most.max(scale(scope, part)?))),
            _ => None,
        },
        _ => None,
    }
}

/// A moment with a span added: `start + '1 day'`.
fn shifted_column(scope: Scope<'_>, expr: &Expr) -> Option<(String, Option<Literal>)> {
    match expr {
        Expr::Column(name) => scope
            .columns
            .get(name.as_str())?
            .class
            .is_moment()
            .then(|| (name.clone(), None)),
        Expr::Binary {
            operator,
            left,
            right,
        } => {
            let (column, span, negative) = match (operator, &**left, &**right) {
                (Operator::Add, Expr::Column(name), Expr::Literal(span))
                | (Operator::Add, Expr::Literal(span), Expr::Column(name)) => (name, span, false),
                (Operator::Subtract, Expr::Column(name), Expr::Literal(span)) => (name, span, true),
                _ => return None,
            };
            scope
                .columns
                .get(column.as_str())?
                .class
                .is_moment()
                .then_some(())?;
            let span = if negative {
                span.negated()?
            } else {
                span.clone()
            };
            matches!(span, Literal::Number(_) | Literal::Interval(_)).then_some(())?;
            Some((column.clone(), Some(span)))
        }
        _ => None,
    }
}

/// Comparisons of moments with spans added: to a column, or to a constant.
pub(super) fn shifted(
    scope: Scope<'_>,
    operator: Comparison,
    left: &Expr,
    right: &Expr,
) -> Option<Branch> {
    let (a, shift_a) = shifted_column(scope, left)?;
    let class = scope.columns.get(a.as_str())?.class;
    if let Expr::Literal(value) = right {
        // `x + span >= constant`: months do not subtract exactly.
        let span = shift_a?;
        if matches!(&span, Literal::Interval(span) if span.months != 0) {
            return None;
        }
        let limit = value.minus(&span)?;
        let domain = super::constant::column_against(class, operator, &limit)?;
        return Some(Branch::of(&a, domain));
    }
    let (b, shift_b) = shifted_column(scope, right)?;
    let zones = |name: &str| {
        scope
            .columns
            .get(name)
            .is_some_and(|column| *column.class == Class::TimestampTz)
    };
    if a == b || zones(&a) != zones(&b) {
        return None;
    }
    let (left, operator, right, offset) = match (shift_a, shift_b) {
        (None, offset) => (a, operator, b, offset),
        (offset, None) => (b, operator.mirrored(), a, offset),
        _ => return None,
    };
    Some(Branch::related(Relation::Compare {
        left,
        operator,
        right,
        offset,
    }))
}

/// `(a - b) operator value` for moments.
pub(super) fn difference(
    scope: Scope<'_>,
    a: &Expr,
    b: &Expr,
    operator: Comparison,
    value: &Literal,
) -> Option<Branch> {
    let (Expr::Column(left), Expr::Column(right)) = (a, b) else {
        return None;
    };
    let (kind_a, kind_b) = (scope.kind(a), scope.kind(b));
    let fits = match value {
        Literal::Number(_) => kind_a == Kind::Date && kind_b == Kind::Date,
        // A month is 30 days to a comparison of intervals, but not to an addition.
        Literal::Interval(span) => {
            span.months == 0
                && kind_a == kind_b
                && matches!(kind_a, Kind::Timestamp | Kind::TimestampTz)
        }
        _ => false,
    };
    fits.then(|| {
        let zero = match value {
            Literal::Number(number) => number.units == 0,
            Literal::Interval(span) => span.span() == 0,
            _ => false,
        };
        Branch::related(Relation::Compare {
            left: left.clone(),
            operator,
            right: right.clone(),
            offset: (!zero).then(|| value.clone()),
        })
    })
}
