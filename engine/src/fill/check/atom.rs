//! Single tests, such as `x > 3` or `length(y) <= 10`, as domains and relations.

use super::constant::{column_against, is_computable, of_class};
use super::expression::{Expr, Operator};
use super::kind::Kind;
use super::linear;
use super::literal::Literal;
use super::normal::{Normal, Want, decided};
use super::parse::Scope;
use super::{Branch, Comparison, Domain, Nullness, Relation, measure, text};
use crate::fill::class::Class;

/// The ways in which a test gives what is wanted; `None` if it is not understood.
pub(super) fn alternatives(normal: &Normal<'_>, expr: &Expr, want: Want) -> Option<Vec<Branch>> {
    let mut found = match expr {
        Expr::Column(name) => {
            let wanted = Domain::one_of(vec![Literal::Boolean(want.truth)]);
            vec![Branch::of(name, wanted)]
        }
        Expr::Compare {
            operator,
            left,
            right,
        } => {
            let operator = if want.truth {
                *operator
            } else {
                operator.negated()
            };
            let want = Want {
                truth: true,
                ..want
            };
            if expr.columns().is_empty() {
                return match expr.evaluate(&|_| None)? {
                    // The comparison itself, before it was turned round.
                    Literal::Boolean(_) => {
                        let turned = Expr::compare(operator, (**left).clone(), (**right).clone());
                        Some(decided(
                            turned.evaluate(&|_| None)? == Literal::Boolean(true),
                        ))
                    }
                    Literal::Null => Some(decided(!want.strict)),
                    _ => None,
                };
            }
            if let Some(rewritten) = rewritten(normal, operator, left, right, want.strict) {
                return Some(normal.alternatives(&rewritten, want));
            }
            match compared(normal, operator, left, right) {
                Some(found) => found,
                None => compared(normal, operator.mirrored(), right, left)?,
            }
        }
        Expr::Call { name, arguments } => called(normal.scope, name, arguments, want.truth)?,
        _ => return None,
    };
    if want.strict {
        require_values(&mut found, &expr.columns());
    }
    Some(found)
}

/// All of `columns` have values; branches in which one has none are left out.
fn require_values(branches: &mut Vec<Branch>, columns: &[String]) {
    branches.retain_mut(|branch| {
        columns.iter().all(|name| {
            let domain = branch.columns.entry(name.clone()).or_default();
            let possible = domain.null != Nullness::MustBeNull;
            domain.null = Nullness::MustNotBeNull;
            possible
        })
    });
}

/// `left operator ANY (list)` or ALL, for lists of constants; `None` if it is anything else.
pub(super) fn listed(
    normal: &Normal<'_>,
    left: &Expr,
    operator: Comparison,
    list: &[Expr],
    all: bool,
    want: Want,
) -> Option<Vec<Branch>> {
    let Expr::Column(name) = left else {
        return None;
    };
    let class = normal.scope.columns.get(name.as_str())?.class;
    let mut values = Vec::new();
    let mut nulls = false;
    for element in list {
        match element.evaluate(&|_| None)? {
            Literal::Null => nulls = true,
            value => values.push(of_class(class, &value)?),
        }
    }
    let domain = match (operator, all) {
        // A comparison with NULL is NULL, so that ANY is never false.
        (Comparison::Equal, false) if nulls && !want.strict => return Some(decided(true)),
        (Comparison::Equal, false) => Domain::one_of(values),
        (Comparison::NotEqual, true) if nulls && want.strict => return Some(Vec::new()),
        (Comparison::NotEqual, true) => Domain {
            excluded: values,
            ..Domain::default()
        },
        _ => return None,
    };
    let mut found = vec![Branch::of(name, domain)];
    if want.strict {
        require_values(&mut found, std::slice::from_ref(name));
    }
    Some(found)
}

/// Comparisons that say the same as an expression of simpler ones.
fn rewritten(
    normal: &Normal<'_>,
    operator: Comparison,
    left: &Expr,
    right: &Expr,
    strict: bool,
) -> Option<Expr> {
    let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
    let boolean = |expr: &Expr| normal.kind(expr) == Kind::Boolean;
    if equality && (boolean(left) || boolean(right)) {
        let equal = operator == Comparison::Equal;
        return Some(match (left, right) {
            (other, Expr::Literal(Literal::Boolean(value)))
            | (Expr::Literal(Literal::Boolean(value)), other) => {
                let same = *value == equal;
                if same {
                    other.clone()
                } else {
                    other.clone().negate()
                }
            }
            _ => {
                let right = if equal {
                    right.clone()
                } else {
                    right.clone().negate()
                };
                Expr::Or(vec![
                    Expr::And(vec![left.clone(), right.clone()]),
                    Expr::And(vec![left.clone().negate(), right.negate()]),
                ])
            }
        });
    }
    rewritten_side(operator, left, right, strict)
        .or_else(|| rewritten_side(operator.mirrored(), right, left, strict))
}

fn rewritten_side(operator: Comparison, side: &Expr, other: &Expr, strict: bool) -> Option<Expr> {
    let test = |side: &Expr| Expr::compare(operator, side.clone(), other.clone());
    match side {
        Expr::Case { arms, otherwise } => Some(Expr::Case {
            arms: arms
                .iter()
                .map(|(condition, result)| (condition.clone(), test(result)))
                .collect(),
            otherwise: Box::new(test(otherwise)),
        }),
        Expr::Call { name, arguments } => match (name.as_str(), arguments.as_slice()) {
            // They pass over NULL, so that not every part must be true.
            ("greatest" | "least", _) if strict => None,
            ("coalesce", [first, rest @ ..]) => {
                let otherwise = match rest {
                    [] => Expr::Literal(Literal::Null),
                    _ => Expr::call("coalesce", rest.to_vec()),
                };
                Some(Expr::Case {
                    arms: vec![(Expr::IsNull(Box::new(first.clone())).negate(), test(first))],
                    otherwise: Box::new(test(&otherwise)),
                })
            }
            ("greatest" | "least", _) => {
                let below = matches!(operator, Comparison::Less | Comparison::LessOrEqual);
                let above = matches!(operator, Comparison::Greater | Comparison::GreaterOrEqual);
                let each = (name == "greatest" && below) || (name == "least" && above);
                (each && arguments.len() < 16)
                    .then(|| Expr::And(arguments.iter().map(test).collect()))
            }
            ("abs", [of]) => match (operator, other) {
                (Comparison::Less | Comparison::LessOrEqual, Expr::Literal(value)) => {
                    let low = Expr::Literal(value.negated()?);
                    Some(Expr::And(vec![
                        test(of),
                        Expr::compare(operator.mirrored(), of.clone(), low),
                    ]))
                }
                (Comparison::Greater | Comparison::GreaterOrEqual, Expr::Literal(value)) => {
                    let low = Expr::Literal(value.negated()?);
                    Some(Expr::Or(vec![
                        test(of),
                        Expr::compare(operator.mirrored(), of.clone(), low),
                    ]))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

fn compared(
    normal: &Normal<'_>,
    operator: Comparison,
    left: &Expr,
    right: &Expr,
) -> Option<Vec<Branch>> {
    let scope = normal.scope;
    if right.columns().is_empty() {
        if let (
            Expr::Column(name),
            Expr::Call {
                name: array,
                arguments,
            },
        ) = (left, right)
            && array == "array"
            && arguments.is_empty()
        {
            return Some(vec![Branch::of(name, items_against_none(operator)?)]);
        }
        let value = right.evaluate(&|_| None)?;
        return against(normal, left, operator, &value);
    }
    match (left, right) {
        (Expr::Column(a), Expr::Column(b)) if a == b => {
            let holds = operator.holds(std::cmp::Ordering::Equal);
            // Of NULL it is NULL.
            return Some(vec![if holds {
                Branch::default()
            } else {
                Branch::of(a, Domain::nothing())
            }]);
        }
        (Expr::Column(a), Expr::Column(b)) => {
            let equality = matches!(operator, Comparison::Equal | Comparison::NotEqual);
            let (class_a, class_b) = (class_of(scope, a)?, class_of(scope, b)?);
            let ordered = (class_a.is_number() && class_b.is_number())
                || (class_a.is_moment() && class_b.is_moment() && !mixes_zones(class_a, class_b))
                || (class_a == class_b
                    && matches!(class_a, Class::Time | Class::Interval | Class::Money));
            let same = class_a == class_b || (class_a.is_text() && class_b.is_text());
            return (ordered || (equality && same)).then(|| {
                vec![Branch::related(Relation::Compare {
                    left: a.clone(),
                    operator,
                    right: b.clone(),
                    offset: None,
                })]
            });
        }
        _ => {}
    }
    if let Some(domain) = against_itself(operator, left, right) {
        return Some(vec![Branch::of(&domain.0, domain.1)]);
    }
    if let Some(found) = linear::shifted(scope, operator, left, right) {
        return Some(vec![found]);
    }
    if operator == Comparison::Equal
        && let Expr::Column(name) = left
        && !right.columns().contains(name)
        && is_computable(scope, right)
    {
        return Some(vec![linear::computed(normal, name, right)]);
    }
    linear::compared(normal, operator, left, right)
}

fn class_of<'a>(scope: Scope<'a>, name: &str) -> Option<&'a Class> {
    scope.columns.get(name).map(|column| column.class)
}

fn mixes_zones(a: &Class, b: &Class) -> bool {
    (*a == Class::TimestampTz) != (*b == Class::TimestampTz)
}

/// `lower(x) = x` and the like.
fn against_itself(operator: Comparison, left: &Expr, right: &Expr) -> Option<(String, Domain)> {
    let (Expr::Call { name, arguments }, Expr::Column(column), Comparison::Equal) =
        (left, right, operator)
    else {
        return None;
    };
    if arguments.first()? != right {
        return None;
    }
    let mut domain = Domain::default();
    match (name.as_str(), &arguments[1..]) {
        ("lower", []) => domain.lower_case = true,
        ("upper", []) => domain.upper_case = true,
        ("btrim", []) => domain.trimmed = true,
        ("round" | "trunc" | "floor" | "ceil", []) => domain.max_scale = Some(0),
        ("round" | "trunc", [Expr::Literal(Literal::Number(digits))]) => {
            domain.max_scale = Some(u32::try_from(digits.rescaled(0)?.units).ok()?);
        }
        _ => return None,
    }
    Some((column.clone(), domain))
}

fn items_against_none(operator: Comparison) -> Option<Domain> {
    let mut domain = Domain::default();
    match operator {
        Comparison::NotEqual | Comparison::Greater => domain.min_items = Some(1),
        Comparison::Equal | Comparison::LessOrEqual => domain.max_items = Some(0),
        _ => return None,
    }
    Some(domain)
}

/// A test of an expression against a constant.
fn against(
    normal: &Normal<'_>,
    left: &Expr,
    operator: Comparison,
    value: &Literal,
) -> Option<Vec<Branch>> {
    if *value == Literal::Null {
        return None;
    }
    match left {
        Expr::Column(name) => {
            let domain = column_against(class_of(normal.scope, name)?, operator, value)?;
            Some(vec![Branch::of(name, domain)])
        }
        Expr::Call { name, arguments } => {
            if let Some((column, domains)) =
                measure::of(normal.scope, name, arguments, operator, value)
            {
                return Some(
                    domains
                        .into_iter()
                        .map(|domain| Branch::of(&column, domain))
                        .collect(),
                );
            }
            let zero = Expr::Literal(value.clone());
            linear::compared(normal, operator, left, &zero)
        }
        Expr::Binary {
            operator: Operator::Subtract,
            left: a,
            right: b,
        } if normal.kind(a) != Kind::Integer && !normal.kind(a).is_number() => {
            linear::difference(normal.scope, a, b, operator, value).map(|found| vec![found])
        }
        Expr::Binary {
            operator: Operator::Remainder,
            left: of,
            right: divisor,
        } => {
            let (column, domain) = measure::remainder(normal.scope, of, divisor, operator, value)?;
            Some(vec![Branch::of(&column, domain)])
        }
        _ => {
            let value = Expr::Literal(value.clone());
            linear::shifted(normal.scope, operator, left, &value)
                .map(|found| vec![found])
                .or_else(|| linear::compared(normal, operator, left, &value))
        }
    }
}

/// Functions and operators that give a truth value.
fn called(scope: Scope<'_>, name: &str, arguments: &[Expr], truth: bool) -> Option<Vec<Branch>> {
    let mut domain = Domain::default();
    let (Some(Expr::Column(column)), rest) = (arguments.first(), arguments.get(1..)?) else {
        return match (name, arguments) {
            (
                "each" | "some",
                [
                    Expr::Compare {
                        operator,
                        left,
                        right,
                    },
                ],
            ) => {
                let Expr::Column(column) = &**left else {
                    return None;
                };
                let Class::Array { element } = class_of(scope, column)? else {
                    return None;
                };
                let value = right.evaluate(&|_| None)?;
                match (name, truth) {
                    ("each", true) => {
                        domain.element =
                            Some(Box::new(column_against(element, *operator, &value)?));
                    }
                    ("some", true) if *operator == Comparison::Equal => {
                        domain.contains.push(of_class(element, &value)?);
                    }
                    ("some", false) => {
                        let operator = operator.negated();
                        domain.element = Some(Box::new(column_against(element, operator, &value)?));
                    }
                    _ => return None,
                }
                Some(vec![Branch::of(column, domain)])
            }
            _ => None,
        };
    };
    let class = class_of(scope, column)?;
    match (name, rest) {
        ("~" | "~*" | "~~" | "~~*", [pattern]) if class.is_text() => {
            let (operator, text) = pattern_text(name, pattern)?;
            domain
                .patterns
                .push(text::pattern(operator, &text, !truth)?);
        }
        ("starts_with", [Expr::Literal(Literal::Text(start))]) => {
            let pattern = text::literal(start) + "%";
            domain.patterns.push(text::pattern("~~", &pattern, !truth)?);
        }
        ("isfinite", []) if truth => domain.finite = true,
        ("isempty", []) if !truth => domain.not_empty = true,
        ("?", [Expr::Literal(Literal::Text(key))]) if truth => {
            domain.json_types.push("object".to_owned());
            domain.json_keys.push(key.clone());
        }
        (
            "<@" | "@>",
            [
                Expr::Call {
                    name: array,
                    arguments,
                },
            ],
        ) if array == "array" && truth => {
            let Class::Array { element } = class else {
                return None;
            };
            let values = arguments
                .iter()
                .map(|part| of_class(element, &part.evaluate(&|_| None)?))
                .collect::<Option<Vec<_>>>()?;
            if name == "<@" {
                domain.element = Some(Box::new(Domain {
                    // NULL is contained in nothing.
                    null: Nullness::MustNotBeNull,
                    ..Domain::one_of(values)
                }));
            } else {
                domain.contains = values;
            }
        }
        _ => return None,
    }
    Some(vec![Branch::of(column, domain)])
}

/// A pattern's operator and text, without escape characters of its own.
fn pattern_text<'a>(operator: &'a str, pattern: &Expr) -> Option<(&'a str, String)> {
    match pattern {
        Expr::Literal(Literal::Text(text)) => Some((operator, text.clone())),
        Expr::Call { name, arguments } => {
            let (Expr::Literal(Literal::Text(text)), rest) = (arguments.first()?, &arguments[1..])
            else {
                return None;
            };
            let escape = match rest {
                [] => Some('\\'),
                [Expr::Literal(Literal::Text(escape))] => escape.chars().next(),
                _ => return None,
            };
            match name.as_str() {
                "like_escape" => Some((operator, text::like(text, escape))),
                "similar_to_escape" => Some((operator, text::similar(text, escape)?)),
                _ => None,
            }
        }
        _ => None,
    }
}
