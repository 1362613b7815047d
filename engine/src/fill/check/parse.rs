//! From the text of a constraint to an expression.

use std::collections::BTreeMap;

use sqlparser::ast::{
    self, BinaryOperator as Sql, DataType, FunctionArg, FunctionArgExpr, FunctionArguments,
    TrimWhereField, UnaryOperator, Value,
};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::decimal::Decimal;
use super::expression::{Expr, Operator};
use super::kind::Kind;
use super::literal::Literal;
use super::{Column, Comparison};
use crate::calendar::MICROS_PER_DAY;

/// Longest text that is read, in bytes.
const MAX_LENGTH: usize = 1 << 17;

/// Levels of nesting that are followed.
const MAX_DEPTH: usize = 100;

/// Operators in a row, as in `a OR b OR c`: a chain is a tree as deep as it is long, and what walks
/// or drops that tree may need the stack for each level.
const MAX_CHAIN: usize = 2_000;

/// What names in an expression mean.
#[derive(Clone, Copy)]
pub(super) struct Scope<'a> {
    pub(super) columns: &'a BTreeMap<&'a str, Column<'a>>,
    /// The column that `VALUE` means.
    pub(super) value: Option<&'a str>,
    /// Microseconds since 1970.
    pub(super) now: i64,
}

/// Reads an expression; `None` if it has anything that is not known here.
pub(super) fn parse(text: &str, scope: Scope<'_>) -> Option<Expr> {
    scope.lower(&syntax(text)?, 0)
}

/// Reads a constraint: as many of the conditions joined by AND as are known here, and whether these
/// are all.
pub(super) fn parse_conditions(text: &str, scope: Scope<'_>) -> (Option<Expr>, bool) {
    let Some(tree) = syntax(text) else {
        return (None, false);
    };
    if let Some(whole) = scope.lower(&tree, 0) {
        return (Some(whole), true);
    }
    let mut known = Vec::new();
    scope.conditions(&tree, 0, &mut known);
    let read = match known.len() {
        0 | 1 => known.pop(),
        _ => Some(Expr::And(known)),
    };
    (read, false)
}

/// The syntax tree of an expression.
fn syntax(text: &str) -> Option<ast::Expr> {
    if text.len() > MAX_LENGTH {
        return None;
    }
    let text = text.trim();
    let text = text.strip_prefix("CHECK ").map_or(text, |rest| {
        let rest = rest.trim_end();
        rest.strip_suffix(" NOT VALID").unwrap_or(rest)
    });
    let text = text.strip_suffix(" NO INHERIT").unwrap_or(text);
    let dialect = PostgreSqlDialect {};
    let tokens = Tokenizer::new(&dialect, text)
        .tokenize_with_location()
        .ok()?;
    if longest_chain(&tokens) > MAX_CHAIN {
        return None;
    }
    let mut parser = Parser::new(&dialect)
        .with_recursion_limit(MAX_DEPTH)
        .with_tokens_with_locations(tokens);
    let tree = parser.parse_expr().ok()?;
    if parser.peek_token().token != Token::EOF {
        return None;
    }
    Some(tree)
}

/// The most tokens between two brackets or commas, those within further brackets not counted: a
/// chain has no more operators than that.
fn longest_chain(tokens: &[TokenWithSpan]) -> usize {
    let mut open = vec![0_usize];
    let mut longest = 0;
    for token in tokens {
        match token.token {
            Token::LParen | Token::LBracket => open.push(0),
            Token::RParen | Token::RBracket if open.len() > 1 => {
                open.pop();
            }
            Token::Comma => {
                if let Some(here) = open.last_mut() {
                    *here = 0;
                }
            }
            Token::Whitespace(_) => {}
            _ => {
                if let Some(here) = open.last_mut() {
                    *here += 1;
                    longest = longest.max(*here);
                }
            }
        }
    }
    longest
}

impl Scope<'_> {
    /// The conditions joined by AND that are known here.
    fn conditions(self, tree: &ast::Expr, depth: usize, known: &mut Vec<Expr>) {
        if depth > MAX_DEPTH {
            return;
        }
        let mut rest = tree;
        while let ast::Expr::BinaryOp {
            left,
            op: Sql::And,
            right,
        } = rest
        {
            self.conditions(right, depth + 1, known);
            rest = left;
        }
        match rest {
            ast::Expr::Nested(inner) => self.conditions(inner, depth + 1, known),
            rest => known.extend(self.lower(rest, depth + 1)),
        }
    }

    #[expect(clippy::too_many_lines, reason = "one arm for each kind of node")]
    fn lower(self, tree: &ast::Expr, depth: usize) -> Option<Expr> {
        if depth > MAX_DEPTH {
            return None;
        }
        let lower = |tree: &ast::Expr| self.lower(tree, depth + 1);
        let boxed = |tree: &ast::Expr| lower(tree).map(Box::new);
        Some(match tree {
            ast::Expr::Nested(inner) => return lower(inner),
            ast::Expr::Identifier(name) => self.column(name)?,
            ast::Expr::Value(value) => Expr::Literal(match &value.value {
                Value::Number(text, _) => Literal::Number(Decimal::parse(text)?),
                Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => {
                    Literal::Text(text.clone())
                }
                Value::Boolean(value) => Literal::Boolean(*value),
                Value::Null => Literal::Null,
                _ => return None,
            }),
            ast::Expr::IsTrue(inner) => Expr::IsTrue(boxed(inner)?),
            ast::Expr::IsNotTrue(inner) => Expr::IsTrue(boxed(inner)?).negate(),
            ast::Expr::IsFalse(inner) => Expr::IsTrue(Box::new(lower(inner)?.negate())),
            ast::Expr::IsNotFalse(inner) => Expr::IsTrue(Box::new(lower(inner)?.negate())).negate(),
            ast::Expr::IsNull(inner) | ast::Expr::IsUnknown(inner) => {
                self.is_null(inner, depth, true)?
            }
            ast::Expr::IsNotNull(inner) | ast::Expr::IsNotUnknown(inner) => {
                self.is_null(inner, depth, false)?
            }
            ast::Expr::IsDistinctFrom(a, b) => Expr::Same(boxed(a)?, boxed(b)?).negate(),
            ast::Expr::IsNotDistinctFrom(a, b) => Expr::Same(boxed(a)?, boxed(b)?),
            ast::Expr::UnaryOp { op, expr } => match op {
                UnaryOperator::Not => lower(expr)?.negate(),
                UnaryOperator::Plus => return lower(expr),
                UnaryOperator::Minus => match lower(expr)? {
                    Expr::Literal(value) => Expr::Literal(value.negated()?),
                    other => Expr::call("negate", vec![other]),
                },
                _ => return None,
            },
            ast::Expr::BinaryOp { op, .. } if matches!(op, Sql::And | Sql::Or) => {
                // A chain is as deep as it is long; it is walked, not descended.
                let mut parts = Vec::new();
                let mut rest = tree;
                while let ast::Expr::BinaryOp {
                    left,
                    op: inner,
                    right,
                } = rest
                    && inner == op
                {
                    parts.push(lower(right)?);
                    rest = left;
                }
                parts.push(lower(rest)?);
                parts.reverse();
                if *op == Sql::And {
                    Expr::And(parts)
                } else {
                    Expr::Or(parts)
                }
            }
            ast::Expr::BinaryOp { left, op, right } => {
                let fractions = *op == Sql::Divide && {
                    let sides = format!("{left} {right}").to_ascii_lowercase();
                    sides.contains("numeric") || sides.contains("double")
                };
                self.binary(lower(left)?, op, lower(right)?, fractions)?
            }
            ast::Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } => self.quantified(left, compare_op, right, false, depth)?,
            ast::Expr::AllOp {
                left,
                compare_op,
                right,
            } => self.quantified(left, compare_op, right, true, depth)?,
            ast::Expr::Cast {
                expr, data_type, ..
            } => self.cast(lower(expr)?, data_type)?,
            ast::Expr::Case {
                operand,
                conditions,
                else_result,
                ..
            } => {
                let mut arms = Vec::new();
                for arm in conditions {
                    let mut condition = lower(&arm.condition)?;
                    if let Some(operand) = operand {
                        condition = Expr::compare(Comparison::Equal, lower(operand)?, condition);
                    }
                    arms.push((condition, lower(&arm.result)?));
                }
                let otherwise = match else_result {
                    Some(tree) => boxed(tree)?,
                    None => Box::new(Expr::Literal(Literal::Null)),
                };
                Expr::Case { arms, otherwise }
            }
            ast::Expr::Extract { field, expr, .. } => {
                Self::extract(&field.to_string(), lower(expr)?)
            }
            ast::Expr::Trim {
                trim_where,
                trim_what,
                expr,
                trim_characters: None,
            } => {
                let name = match trim_where {
                    None | Some(TrimWhereField::Both) => "btrim",
                    Some(TrimWhereField::Leading) => "ltrim",
                    Some(TrimWhereField::Trailing) => "rtrim",
                };
                let mut arguments = vec![lower(expr)?];
                if let Some(what) = trim_what {
                    arguments.push(lower(what)?);
                }
                Expr::call(name, arguments)
            }
            ast::Expr::Position { expr, r#in } => {
                Expr::call("position", vec![lower(expr)?, lower(r#in)?])
            }
            ast::Expr::Substring {
                expr,
                substring_from,
                substring_for,
                ..
            } => {
                let mut arguments = vec![lower(expr)?, lower(substring_from.as_deref()?)?];
                if let Some(length) = substring_for {
                    arguments.push(lower(length)?);
                }
                Expr::call("substring", arguments)
            }
            ast::Expr::Collate { expr, .. } => Expr::call("collate", vec![lower(expr)?]),
            ast::Expr::Array(array) => {
                let elements = array.elem.iter().map(lower).collect::<Option<_>>()?;
                Expr::call("array", elements)
            }
            ast::Expr::Function(function) => self.function(function, depth)?,
            _ => return None,
        })
    }

    fn column(self, name: &ast::Ident) -> Option<Expr> {
        if name.quote_style.is_none() {
            let now = Literal::Timestamp(self.now);
            match name.value.to_ascii_uppercase().as_str() {
                "VALUE" if self.value.is_some() => return self.value.map(Expr::column),
                "CURRENT_DATE" => return Some(Expr::Literal(self.today()?)),
                "CURRENT_TIMESTAMP" | "LOCALTIMESTAMP" => return Some(Expr::Literal(now)),
                _ => {}
            }
        }
        self.columns
            .contains_key(name.value.as_str())
            .then(|| Expr::Column(name.value.clone()))
    }

    fn today(self) -> Option<Literal> {
        i32::try_from(self.now.div_euclid(MICROS_PER_DAY))
            .ok()
            .map(Literal::Date)
    }

    fn is_null(self, tree: &ast::Expr, depth: usize, wanted: bool) -> Option<Expr> {
        let mut tree = tree;
        while let ast::Expr::Nested(inner) = tree {
            tree = inner;
        }
        let row = match tree {
            ast::Expr::Tuple(fields) => Some(fields.clone()),
            ast::Expr::Function(function) if function.name.to_string() == "ROW" => {
                Some(arguments(function)?.into_iter().cloned().collect())
            }
            _ => None,
        };
        let Some(fields) = row else {
            let test = Expr::IsNull(Box::new(self.lower(tree, depth + 1)?));
            return Some(if wanted { test } else { test.negate() });
        };
        // Of a row, IS NULL and IS NOT NULL each ask every field.
        let mut tests = Vec::new();
        for field in &fields {
            tests.push(self.is_null(field, depth + 1, wanted)?);
        }
        Some(Expr::And(tests))
    }

    /// `fractions`: a side has a cast that keeps a quotient from being a whole number.
    fn binary(self, left: Expr, operator: &Sql, right: Expr, fractions: bool) -> Option<Expr> {
        if let Some(operator) = comparison(operator) {
            return Some(Expr::compare(operator, left, right));
        }
        let whole = self.kind(&left) == Kind::Integer && self.kind(&right) == Kind::Integer;
        let arithmetic = match operator {
            Sql::Plus => Some(Operator::Add),
            Sql::Minus => Some(Operator::Subtract),
            Sql::Multiply => Some(Operator::Multiply),
            Sql::Divide if whole && !fractions => Some(Operator::DivideWhole),
            Sql::Divide => Some(Operator::Divide),
            Sql::Modulo => Some(Operator::Remainder),
            Sql::StringConcat => Some(Operator::Concatenate),
            _ => None,
        };
        if let Some(operator) = arithmetic {
            return Some(Expr::binary(operator, left, right));
        }
        let pattern = |name: &str| Expr::call(name, vec![left.clone(), right.clone()]);
        Some(match operator {
            Sql::PGRegexMatch => pattern("~"),
            Sql::PGRegexIMatch => pattern("~*"),
            Sql::PGRegexNotMatch => pattern("~").negate(),
            Sql::PGRegexNotIMatch => pattern("~*").negate(),
            Sql::PGLikeMatch => pattern("~~"),
            Sql::PGILikeMatch => pattern("~~*"),
            Sql::PGNotLikeMatch => pattern("~~").negate(),
            Sql::PGNotILikeMatch => pattern("~~*").negate(),
            Sql::PGStartsWith => pattern("starts_with"),
            Sql::Question => pattern("?"),
            Sql::AtArrow => pattern("@>"),
            Sql::ArrowAt => pattern("<@"),
            _ => return None,
        })
    }

    fn quantified(
        self,
        left: &ast::Expr,
        operator: &Sql,
        right: &ast::Expr,
        all: bool,
        depth: usize,
    ) -> Option<Expr> {
        let operator = comparison(operator)?;
        let left = self.lower(left, depth + 1)?;
        match self.lower(right, depth + 1)? {
            Expr::Call { name, arguments } if name == "array" => Some(Expr::Quantified {
                left: Box::new(left),
                operator,
                list: arguments,
                all,
            }),
            array @ Expr::Column(_) => {
                // `3 < ALL (array)`: every element above three.
                let element = Expr::compare(operator.mirrored(), array, left);
                Some(Expr::call(if all { "each" } else { "some" }, vec![element]))
            }
            _ => None,
        }
    }

    /// A cast that keeps the value is left out; one that is known becomes a function.
    fn cast(self, inner: Expr, target: &DataType) -> Option<Expr> {
        let target = type_name(target);
        if let Expr::Literal(value) = &inner {
            return match value {
                Literal::Text(text) if target.ends_with("[]") => {
                    let element = target.trim_end_matches("[]");
                    let elements = array_elements(text)?
                        .into_iter()
                        .map(|text| Expr::Literal(Literal::typed(&text, element)))
                        .collect();
                    Some(Expr::call("array", elements))
                }
                Literal::Text(text) => Some(Expr::Literal(Literal::typed(text, &target))),
                Literal::Null => Some(inner),
                Literal::Number(number) => match target.as_str() {
                    "smallint" | "integer" | "bigint" => number.is_whole().then_some(inner),
                    // The scale tells evaluation a decimal from an integer no further.
                    "numeric" | "double precision" => Some(inner),
                    _ => None,
                },
                Literal::Date(day) if target.starts_with("timestamp without") => Some(
                    Expr::Literal(Literal::Timestamp(i64::from(*day) * MICROS_PER_DAY)),
                ),
                _ => None,
            };
        }
        if let Expr::Call { name, arguments } = &inner
            && name == "array"
            && target.ends_with("[]")
        {
            // Elements are converted one by one.
            let literals = arguments
                .iter()
                .all(|part| matches!(part, Expr::Literal(_)));
            return literals.then_some(inner);
        }
        let kept = match (self.kind(&inner), target.as_str()) {
            (Kind::Text | Kind::Enum, "text" | "character varying" | "bpchar")
            | (Kind::Integer, "numeric" | "bigint" | "integer")
            | (Kind::Float, "double precision")
            | (Kind::Decimal, "numeric")
            | (Kind::Date, "timestamp without time zone" | "date")
            | (Kind::Timestamp, "timestamp without time zone")
            | (Kind::Boolean, "boolean") => true,
            (Kind::Integer | Kind::Decimal, "text" | "character varying") => {
                return Some(Expr::call("text", vec![inner]));
            }
            (Kind::Boolean, "integer") => return Some(Expr::call("int4", vec![inner])),
            (Kind::Decimal, "integer" | "bigint") => {
                return Some(Expr::call("round", vec![inner]));
            }
            (Kind::Timestamp, "date") => return Some(Expr::call("date", vec![inner])),
            _ => false,
        };
        kept.then_some(inner)
    }

    fn extract(field: &str, of: Expr) -> Expr {
        let field = Literal::Text(field.to_ascii_lowercase());
        Expr::call("extract", vec![Expr::Literal(field), of])
    }

    fn function(self, function: &ast::Function, depth: usize) -> Option<Expr> {
        if function.over.is_some() || function.filter.is_some() {
            return None;
        }
        let name = function.name.to_string();
        let name = name.trim_matches('"').to_ascii_lowercase();
        match name.as_str() {
            "now"
            | "current_timestamp"
            | "localtimestamp"
            | "transaction_timestamp"
            | "statement_timestamp"
            | "clock_timestamp" => {
                return Some(Expr::Literal(Literal::Timestamp(self.now)));
            }
            "current_date" => return self.today().map(Expr::Literal),
            _ => {}
        }
        let mut lowered = Vec::new();
        for argument in arguments(function)? {
            lowered.push(self.lower(argument, depth + 1)?);
        }
        if name == "date_part" {
            let of = lowered.pop()?;
            return match lowered.pop()? {
                Expr::Literal(Literal::Text(field)) => Some(Self::extract(&field, of)),
                _ => None,
            };
        }
        let name = match name.as_str() {
            "substr" => "substring",
            "character_length" => "char_length",
            "json_typeof" => "jsonb_typeof",
            "ceiling" => "ceil",
            other => other,
        };
        Some(Expr::call(name, lowered))
    }
}

fn comparison(operator: &Sql) -> Option<Comparison> {
    Some(match operator {
        Sql::Lt => Comparison::Less,
        Sql::LtEq => Comparison::LessOrEqual,
        Sql::Eq => Comparison::Equal,
        Sql::NotEq => Comparison::NotEqual,
        Sql::GtEq => Comparison::GreaterOrEqual,
        Sql::Gt => Comparison::Greater,
        _ => return None,
    })
}

fn arguments(function: &ast::Function) -> Option<Vec<&ast::Expr>> {
    match &function.args {
        FunctionArguments::None => Some(Vec::new()),
        FunctionArguments::List(list) => list
            .args
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect(),
        FunctionArguments::Subquery(_) => None,
    }
}

/// The type as Postgres prints it.
fn type_name(target: &DataType) -> String {
    let name = target.to_string().to_ascii_lowercase();
    match name.as_str() {
        "timestamp" => "timestamp without time zone".to_owned(),
        "time" => "time without time zone".to_owned(),
        _ => name,
    }
}

/// The elements of an array of one dimension in its text form; `None` if it is not one.
fn array_elements(text: &str) -> Option<Vec<String>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    let mut elements = Vec::new();
    let mut chars = inner.chars().peekable();
    while chars.peek().is_some() {
        let mut element = String::new();
        if chars.next_if_eq(&'"').is_some() {
            loop {
                match chars.next()? {
                    '"' => break,
                    '\\' => element.push(chars.next()?),
                    char => element.push(char),
                }
            }
        } else {
            while let Some(char) = chars.next_if(|char| *char != ',') {
                if matches!(char, '{' | '}' | '\\' | '"') {
                    return None;
                }
                element.push(char);
            }
            if element.eq_ignore_ascii_case("null") {
                return None;
            }
        }
        elements.push(element);
        match chars.next() {
            Some(',') if chars.peek().is_some() => {}
            None => break,
            _ => return None,
        }
    }
    Some(elements)
}
