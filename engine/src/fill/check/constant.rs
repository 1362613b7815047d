//! Columns against constants, and what can be computed at all.

use super::expression::{Expr, Operator};
use super::function;
use super::kind::Kind;
use super::literal::{Interval, Literal};
use super::parse::Scope;
use super::{Comparison, Domain};
use crate::calendar::MICROS_PER_DAY;
use crate::fill::class::Class;

/// The row's time zone may put a date so much earlier or later than UTC does: 16 hours.
const ZONE: Interval = Interval {
    months: 0,
    days: 0,
    micros: 57_600_000_000,
};

/// A constant as a value of a class; `None` if it is none whose equality is known.
pub(super) fn of_class(class: &Class, value: &Literal) -> Option<Literal> {
    match (class, value) {
        (Class::Date, Literal::Timestamp(micros)) if micros % MICROS_PER_DAY == 0 => {
            i32::try_from(micros / MICROS_PER_DAY)
                .ok()
                .map(Literal::Date)
        }
        (class, Literal::Number(_)) if class.is_number() => Some(value.clone()),
        (Class::Text { fixed: true, .. }, Literal::Text(text)) => {
            Some(Literal::Text(text.trim_end_matches(' ').to_owned()))
        }
        (class, Literal::Text(_)) if class.is_text() => Some(value.clone()),
        (Class::Enum { .. }, Literal::Text(text) | Literal::Other { text, .. }) => {
            Some(Literal::Text(text.clone()))
        }
        (Class::Date, Literal::Date(_) | Literal::Timestamp(_))
        | (Class::Timestamp | Class::TimestampTz, Literal::Timestamp(_))
        | (Class::Time, Literal::Time(_))
        | (Class::Interval, Literal::Interval(_))
        | (Class::Boolean, Literal::Boolean(_))
        | (
            Class::Uuid
            | Class::Inet
            | Class::Cidr
            | Class::MacAddr { .. }
            | Class::Bits { .. }
            | Class::Money
            | Class::Bytes
            | Class::TimeTz,
            Literal::Other { .. },
        ) => Some(value.clone()),
        (Class::Timestamp, Literal::Date(_)) => value.micros().map(Literal::Timestamp),
        _ => None,
    }
}

/// The values of a class that compare so with a constant.
pub(super) fn column_against(
    class: &Class,
    operator: Comparison,
    value: &Literal,
) -> Option<Domain> {
    // Infinity and NaN.
    if let Literal::Other { text, .. } = value
        && (class.is_number() || class.is_moment())
    {
        let special = matches!(
            text.to_ascii_lowercase().as_str(),
            "nan" | "infinity" | "-infinity" | "inf" | "-inf"
        );
        let above = matches!(operator, Comparison::Greater | Comparison::GreaterOrEqual);
        let below_all = text.starts_with('-') == above;
        return (special
            && (operator == Comparison::NotEqual || (operator != Comparison::Equal && below_all)))
            .then(|| Domain {
                finite: true,
                ..Domain::default()
            });
    }
    if *class == Class::TimestampTz && matches!(value, Literal::Date(_)) {
        // Midnight of the session's time zone: kept clear of.
        let midnight = Literal::Timestamp(value.micros()?);
        return match operator {
            Comparison::Less | Comparison::LessOrEqual => Some(Domain::compared(
                operator,
                midnight.minus(&Literal::Interval(ZONE))?,
            )),
            Comparison::Greater | Comparison::GreaterOrEqual => Some(Domain::compared(
                operator,
                midnight.plus(&Literal::Interval(ZONE))?,
            )),
            _ => None,
        };
    }
    let value = of_class(class, value)?;
    match class {
        Class::Enum { labels } => {
            let Literal::Text(text) = &value else {
                return None;
            };
            let place = labels.iter().position(|label| label == text)?;
            let kept = labels
                .iter()
                .enumerate()
                .filter(|(at, _)| operator.holds(at.cmp(&place)))
                .map(|(_, label)| Literal::Text(label.clone()))
                .collect();
            Some(Domain::one_of(kept))
        }
        class if class.is_number() || class.is_moment() => Some(Domain::compared(operator, value)),
        Class::Time | Class::Interval => Some(Domain::compared(operator, value)),
        _ => match operator {
            Comparison::NotEqual if value == Literal::Text(String::new()) => {
                let mut domain = Domain::compared(operator, value);
                domain.min_chars = Some(1);
                // Blanks only are what '' is padded to.
                domain.not_blank = matches!(class, Class::Text { fixed: true, .. });
                Some(domain)
            }
            Comparison::Equal | Comparison::NotEqual => Some(Domain::compared(operator, value)),
            _ => None,
        },
    }
}

/// Whether evaluation gives what Postgres would, whatever the row.
pub(super) fn is_computable(scope: Scope<'_>, expr: &Expr) -> bool {
    computable(scope, expr, false)
}

/// Whether it gives nearly that: it computes with decimals where Postgres does with floating point,
/// and knows no quotient that does not end.
pub(super) fn is_nearly_computable(scope: Scope<'_>, expr: &Expr) -> bool {
    computable(scope, expr, true)
}

fn computable(scope: Scope<'_>, expr: &Expr, nearly: bool) -> bool {
    let kind = |expr| scope.kind(expr);
    let itself = match expr {
        Expr::Column(name) => match scope.columns.get(name.as_str()).map(|column| column.class) {
            Some(Class::Text { fixed, .. }) => !fixed,
            Some(Class::Float { .. }) => nearly,
            Some(class) => matches!(
                class,
                Class::Boolean
                    | Class::Integer { .. }
                    | Class::Decimal { .. }
                    | Class::Date
                    | Class::Time
                    | Class::Timestamp
                    | Class::Interval
                    | Class::Enum { .. }
            ),
            None => false,
        },
        Expr::Literal(value) => !matches!(value, Literal::Other { .. }),
        Expr::Binary {
            operator,
            left,
            right,
        } => match operator {
            Operator::Concatenate => kind(left) == Kind::Text && kind(right) == Kind::Text,
            Operator::Multiply | Operator::Remainder | Operator::DivideWhole => true,
            // Unending quotients have no value here.
            Operator::Divide => nearly,
            Operator::Add | Operator::Subtract => !matches!(kind(left), Kind::Text | Kind::Other),
        },
        Expr::Compare {
            operator,
            left,
            right,
        } => {
            let ordered = |kind| {
                matches!(
                    kind,
                    Kind::Integer
                        | Kind::Decimal
                        | Kind::Date
                        | Kind::Timestamp
                        | Kind::Time
                        | Kind::Interval
                        | Kind::Boolean
                ) || nearly && kind == Kind::Float
            };
            matches!(operator, Comparison::Equal | Comparison::NotEqual)
                || (ordered(kind(left)) && ordered(kind(right)))
        }
        Expr::Quantified { operator, .. } => {
            matches!(operator, Comparison::Equal | Comparison::NotEqual)
        }
        Expr::Call { name, arguments } => match name.as_str() {
            "greatest" | "least" => arguments.iter().all(|part| {
                kind(part).is_number() || matches!(kind(part), Kind::Date | Kind::Timestamp)
            }),
            // The mapping of letters beyond ASCII is the collation's: no value then.
            name => function::is_computed(name),
        },
        _ => true,
    };
    itself
        && expr
            .parts()
            .into_iter()
            .all(|part| computable(scope, part, nearly))
}
