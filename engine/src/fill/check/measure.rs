//! Tests of a column through a function: its length, its year, its type of JSON.

use super::constant::column_against;
use super::expression::Expr;
use super::literal::Literal;
use super::parse::Scope;
use super::{Comparison, Domain, Modulus, text};
use crate::calendar;
use crate::fill::class::Class;

/// The largest divisor of a remainder that is combined with others.
const MAX_DIVISOR: i128 = 10_000;

/// `name(arguments) operator value` as alternative domains of the column in it.
#[expect(clippy::too_many_lines, reason = "one arm for each function")]
pub(super) fn of(
    scope: Scope<'_>,
    name: &str,
    arguments: &[Expr],
    operator: Comparison,
    value: &Literal,
) -> Option<(String, Vec<Domain>)> {
    // `length(btrim(x))`
    if let (
        "length" | "char_length",
        [
            Expr::Call {
                name: trim,
                arguments: inner,
            },
        ],
    ) = (name, arguments)
        && trim == "btrim"
        && let [Expr::Column(column)] = inner.as_slice()
    {
        return Some((column.clone(), trimmed_length(operator, value)?));
    }
    if let ("extract", [Expr::Literal(Literal::Text(field)), Expr::Column(column)]) =
        (name, arguments)
    {
        let class = scope.columns.get(column.as_str())?.class;
        return (field == "year")
            .then(|| year(class, operator, value))
            .flatten()
            .map(|domain| (column.clone(), vec![domain]));
    }
    if let ("position", [Expr::Literal(Literal::Text(part)), Expr::Column(column)])
    | ("strpos", [Expr::Column(column), Expr::Literal(Literal::Text(part))]) = (name, arguments)
    {
        let found = match (operator, value.clone()) {
            (Comparison::Greater | Comparison::NotEqual, zero) if zero == Literal::whole(0) => true,
            (Comparison::GreaterOrEqual, one) if one == Literal::whole(1) => true,
            (Comparison::Equal, zero) if zero == Literal::whole(0) => false,
            _ => return None,
        };
        let pattern = format!("%{}%", text::literal(part));
        let domain = Domain {
            patterns: vec![text::pattern("~~", &pattern, !found)?],
            ..Domain::default()
        };
        return Some((column.clone(), vec![domain]));
    }
    let (Expr::Column(column), rest) = (arguments.first()?, &arguments[1..]) else {
        return None;
    };
    let class = scope.columns.get(column.as_str())?.class;
    let domains = match (name, rest) {
        ("length" | "char_length", []) if class.is_text() => {
            counts(operator, value, |least, most| Domain {
                min_chars: least,
                max_chars: most,
                ..Domain::default()
            })?
        }
        ("length" | "octet_length", []) if class.is_text() || *class == Class::Bytes => {
            counts(operator, value, |least, most| Domain {
                min_bytes: least,
                max_bytes: most,
                ..Domain::default()
            })?
        }
        ("cardinality", []) => counts(operator, value, items)?,
        ("array_length", [Expr::Literal(one)]) if *one == Literal::whole(1) => {
            // Of an empty array it is NULL.
            counts(operator, value, |least, most| {
                items(Some(least.unwrap_or(0).max(1)), most)
            })?
            .into_iter()
            .filter(|domain| domain.max_items != Some(0))
            .collect()
        }
        ("btrim", []) => match (operator, value) {
            (Comparison::NotEqual, Literal::Text(text)) if text.is_empty() => vec![Domain {
                not_blank: true,
                min_chars: Some(1),
                ..Domain::default()
            }],
            (Comparison::Equal, Literal::Text(_)) => vec![Domain::one_of(vec![value.clone()])],
            _ => return None,
        },
        ("lower" | "upper", []) => {
            let (Comparison::Equal, Literal::Text(text)) = (operator, value) else {
                return None;
            };
            let (lower, upper) = (text.to_ascii_lowercase(), text.to_ascii_uppercase());
            let fits = text.is_ascii() && *text == if name == "lower" { &*lower } else { &*upper };
            let mut forms = vec![value.clone()];
            let other = if name == "lower" { upper } else { lower };
            if other != *text {
                forms.push(Literal::Text(other));
            }
            vec![fits.then(|| Domain::one_of(forms))?]
        }
        ("left" | "right", [Expr::Literal(Literal::Number(count))]) => {
            let Literal::Text(part) = value else {
                return None;
            };
            let whole = count.rescaled(0)?.units == i128::try_from(part.chars().count()).ok()?;
            let negated = match operator {
                Comparison::Equal => false,
                Comparison::NotEqual => true,
                _ => return None,
            };
            let part = text::literal(part);
            let pattern = if name == "left" {
                part + "%"
            } else {
                format!("%{part}")
            };
            whole.then_some(())?;
            vec![Domain {
                patterns: vec![text::pattern("~~", &pattern, negated)?],
                ..Domain::default()
            }]
        }
        ("jsonb_typeof", []) => vec![json_type(operator, value)?],
        ("family", []) => {
            let (Comparison::Equal, Literal::Number(family)) = (operator, value) else {
                return None;
            };
            vec![Domain {
                family: Some(u8::try_from(family.rescaled(0)?.units).ok()?),
                ..Domain::default()
            }]
        }
        ("scale", []) => {
            let (_, most) = range(operator, value)?;
            vec![Domain {
                max_scale: Some(most?),
                ..Domain::default()
            }]
        }
        ("mod", [divisor]) => {
            let (_, domain) = remainder(scope, &arguments[0], divisor, operator, value)?;
            vec![domain]
        }
        _ => return None,
    };
    Some((column.clone(), domains))
}

/// `(x % divisor) = value`.
pub(super) fn remainder(
    scope: Scope<'_>,
    of: &Expr,
    divisor: &Expr,
    operator: Comparison,
    value: &Literal,
) -> Option<(String, Domain)> {
    let (
        Expr::Column(column),
        Expr::Literal(Literal::Number(divisor)),
        Comparison::Equal,
        Literal::Number(remainder),
    ) = (of, divisor, operator, value)
    else {
        return None;
    };
    let class = scope.columns.get(column.as_str())?.class;
    let (divisor, remainder) = (divisor.rescaled(0)?.units, remainder.rescaled(0)?.units);
    let fits = matches!(class, Class::Integer { .. } | Class::Decimal { .. })
        && (1..=MAX_DIVISOR).contains(&divisor)
        && (0..divisor).contains(&remainder);
    fits.then_some(())?;
    let mut domain = if remainder == 0 {
        Domain::default()
    } else {
        Domain::compared(Comparison::GreaterOrEqual, Literal::whole(0))
    };
    domain.multiple_of = Some(Modulus { divisor, remainder });
    Some((column.clone(), domain))
}

fn items(least: Option<u32>, most: Option<u32>) -> Domain {
    Domain {
        min_items: least,
        max_items: most,
        ..Domain::default()
    }
}

/// The smallest and largest count that compare so with a number. `None` if it is no number, if
/// there is no such count or if the counts have a gap.
fn range(operator: Comparison, value: &Literal) -> Option<(Option<u32>, Option<u32>)> {
    let Literal::Number(number) = value else {
        return None;
    };
    let number = number.normalized();
    let whole = number.scale == 0;
    let floor = number.floor();
    let clamp = |count: i128| u32::try_from(count.clamp(0, i128::from(i32::MAX))).ok();
    match operator {
        Comparison::Equal if whole && floor >= 0 => Some((clamp(floor), clamp(floor))),
        Comparison::Less | Comparison::LessOrEqual => {
            let most = if whole && operator == Comparison::Less {
                floor - 1
            } else {
                floor
            };
            (most >= 0).then_some(())?;
            Some((None, clamp(most)))
        }
        Comparison::Greater | Comparison::GreaterOrEqual => {
            let least = if whole && operator == Comparison::GreaterOrEqual {
                floor
            } else {
                floor + 1
            };
            Some((clamp(least), None))
        }
        Comparison::NotEqual if whole && floor == 0 => Some((Some(1), None)),
        _ => None,
    }
}

fn counts(
    operator: Comparison,
    value: &Literal,
    domain: impl Fn(Option<u32>, Option<u32>) -> Domain,
) -> Option<Vec<Domain>> {
    if operator == Comparison::NotEqual && *value != Literal::whole(0) {
        let (_, below) = range(Comparison::Less, value)?;
        let (above, _) = range(Comparison::Greater, value)?;
        return Some(vec![domain(above, None), domain(None, below)]);
    }
    let (least, most) = range(operator, value)?;
    Some(vec![domain(least, most)])
}

fn trimmed_length(operator: Comparison, value: &Literal) -> Option<Vec<Domain>> {
    let (least, most) = range(operator, value)?;
    Some(vec![Domain {
        min_chars: least,
        max_chars: most,
        trimmed: least.is_some_and(|least| least > 1),
        not_blank: least == Some(1),
        ..Domain::default()
    }])
}

/// `EXTRACT(year FROM x)`; with a time zone the turn of the year is not known.
fn year(class: &Class, operator: Comparison, value: &Literal) -> Option<Domain> {
    let Literal::Number(number) = value else {
        return None;
    };
    let year = i32::try_from(number.rescaled(0)?.units).ok()?;
    let new_year = |year: i32| {
        let day = calendar::days_from_date(year, 1, 1)?;
        let day = Literal::Date(day);
        if *class == Class::Date {
            Some(day)
        } else {
            day.micros().map(Literal::Timestamp)
        }
    };
    matches!(class, Class::Date | Class::Timestamp).then_some(())?;
    let next = year.checked_add(1)?;
    let at_least = |year| column_against(class, Comparison::GreaterOrEqual, &new_year(year)?);
    let before = |year| column_against(class, Comparison::Less, &new_year(year)?);
    match operator {
        Comparison::GreaterOrEqual => at_least(year),
        Comparison::Greater => at_least(next),
        Comparison::Less => before(year),
        Comparison::LessOrEqual => before(next),
        Comparison::Equal => Some(Domain {
            lower: at_least(year)?.lower,
            ..before(next)?
        }),
        Comparison::NotEqual => None,
    }
}

fn json_type(operator: Comparison, value: &Literal) -> Option<Domain> {
    const TYPES: [&str; 6] = ["object", "array", "string", "number", "boolean", "null"];
    let Literal::Text(name) = value else {
        return None;
    };
    let wanted = match operator {
        Comparison::Equal => true,
        Comparison::NotEqual => false,
        _ => return None,
    };
    let types: Vec<_> = TYPES
        .iter()
        .filter(|known| (**known == name) == wanted)
        .map(|known| (*known).to_owned())
        .collect();
    (!types.is_empty()).then(|| Domain {
        json_types: types,
        ..Domain::default()
    })
}
