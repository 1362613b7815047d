//! The types of expressions, as far as they matter.

use super::expression::{Expr, Operator};
use super::literal::Literal;
use super::parse::Scope;
use crate::fill::class::Class;

/// What is known of an expression's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Boolean,
    Integer,
    Decimal,
    Float,
    Text,
    Enum,
    Date,
    Time,
    Timestamp,
    TimestampTz,
    Interval,
    Other,
}

impl Kind {
    pub(super) fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Decimal | Self::Float)
    }
}

impl Scope<'_> {
    /// The type of an expression, as far as it is known.
    pub(super) fn kind(self, expr: &Expr) -> Kind {
        match expr {
            Expr::Column(name) => self
                .columns
                .get(name.as_str())
                .map_or(Kind::Other, |column| match column.class {
                    Class::Boolean => Kind::Boolean,
                    Class::Integer { .. } => Kind::Integer,
                    Class::Decimal { .. } => Kind::Decimal,
                    Class::Float { .. } => Kind::Float,
                    Class::Enum { .. } => Kind::Enum,
                    Class::Date => Kind::Date,
                    Class::Time => Kind::Time,
                    Class::Timestamp => Kind::Timestamp,
                    Class::TimestampTz => Kind::TimestampTz,
                    Class::Interval => Kind::Interval,
                    class if class.is_text() => Kind::Text,
                    _ => Kind::Other,
                }),
            Expr::Literal(value) => match value {
                Literal::Number(number) if number.scale == 0 => Kind::Integer,
                Literal::Number(_) => Kind::Decimal,
                Literal::Text(_) => Kind::Text,
                Literal::Boolean(_) => Kind::Boolean,
                Literal::Date(_) => Kind::Date,
                Literal::Time(_) => Kind::Time,
                Literal::Timestamp(_) => Kind::Timestamp,
                Literal::Interval(_) => Kind::Interval,
                Literal::Null | Literal::Other { .. } => Kind::Other,
            },
            Expr::Binary {
                operator: Operator::Concatenate,
                ..
            } => Kind::Text,
            Expr::Binary { left, right, .. } => match (self.kind(left), self.kind(right)) {
                (Kind::Float, _) | (_, Kind::Float) => Kind::Float,
                (Kind::Integer, Kind::Integer) => Kind::Integer,
                (Kind::Integer | Kind::Decimal, Kind::Integer | Kind::Decimal) => Kind::Decimal,
                _ => Kind::Other,
            },
            Expr::Compare { .. }
            | Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::IsNull(_)
            | Expr::IsTrue(_)
            | Expr::Same(..)
            | Expr::Quantified { .. } => Kind::Boolean,
            Expr::Case { otherwise, arms } => match &**otherwise {
                Expr::Literal(Literal::Null) => {
                    arms.first().map_or(Kind::Other, |arm| self.kind(&arm.1))
                }
                other => self.kind(other),
            },
            Expr::Call { name, arguments } => match name.as_str() {
                "lower" | "upper" | "btrim" | "ltrim" | "rtrim" | "left" | "right"
                | "substring" | "replace" | "text" | "concat" | "collate" | "jsonb_typeof"
                    if arguments
                        .first()
                        .is_none_or(|of| self.kind(of) != Kind::Other)
                        || name == "jsonb_typeof" =>
                {
                    Kind::Text
                }
                "length" | "char_length" | "octet_length" | "position" | "strpos"
                | "cardinality" | "array_length" | "num_nulls" | "num_nonnulls" | "int4"
                | "scale" => Kind::Integer,
                "extract" => Kind::Decimal,
                "round" | "abs" | "negate" | "mod" | "sign" | "coalesce" | "nullif"
                | "greatest" | "least" => arguments.first().map_or(Kind::Other, |of| self.kind(of)),
                "date" => Kind::Date,
                "starts_with" | "isfinite" | "isempty" | "~" | "~*" | "~~" | "~~*" | "?" | "@>"
                | "<@" | "each" | "some" => Kind::Boolean,
                _ => Kind::Other,
            },
        }
    }
}
