//! What holds for any constraint: a row that keeps to a branch passes, and a row that passes keeps
//! to a branch.

use proptest::prelude::*;

use super::*;
use crate::fill::check::parse::{Scope, parse};

const NAMES: [&str; 4] = ["a", "b", "c", "flag"];

type Row = [Literal; 4];

fn value(row: &Row, name: &str) -> Option<Literal> {
    let at = NAMES.iter().position(|known| *known == name)?;
    Some(row[at].clone())
}

fn comparison() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["<", "<=", "=", "<>", ">=", ">"])
}

/// One test over integer columns, as Postgres prints it.
fn atom() -> impl Strategy<Value = String> {
    let column = || prop::sample::select(vec!["a", "b", "c"]);
    let number = || {
        (-6_i32..7).prop_map(|number| match number {
            negative @ ..0 => format!("'{negative}'::integer"),
            number => number.to_string(),
        })
    };
    let list = || prop::collection::vec(number(), 1..4).prop_map(|list| list.join(", "));
    prop_oneof![
        4 => (column(), comparison(), number()).prop_map(|(x, op, n)| format!("({x} {op} {n})")),
        3 => (column(), comparison(), column()).prop_map(|(x, op, y)| format!("({x} {op} {y})")),
        1 => (number(), comparison(), column()).prop_map(|(n, op, x)| format!("({n} {op} {x})")),
        2 => column().prop_map(|x| format!("({x} IS NULL)")),
        2 => column().prop_map(|x| format!("({x} IS NOT NULL)")),
        1 => (column(), list()).prop_map(|(x, list)| format!("({x} = ANY (ARRAY[{list}]))")),
        1 => (column(), list()).prop_map(|(x, list)| format!("({x} <> ALL (ARRAY[{list}]))")),
        1 => (column(), list()).prop_map(|(x, list)| format!("({x} = ANY (ARRAY[NULL::integer, {list}]))")),
        1 => (column(), list()).prop_map(|(x, list)| format!("({x} <> ALL (ARRAY[{list}, NULL::integer]))")),
        1 => (column(), comparison(), list()).prop_map(|(x, op, list)| format!("({x} {op} ALL (ARRAY[{list}]))")),
        1 => (column(), number(), comparison(), column())
            .prop_map(|(x, n, op, y)| format!("(({x} + {n}) {op} {y})")),
        1 => (column(), number(), comparison(), number())
            .prop_map(|(x, n, op, m)| format!("((({n} * {x}) - 1) {op} {m})")),
        1 => (column(), column(), comparison(), number())
            .prop_map(|(x, y, op, n)| format!("(({x} + {y}) {op} {n})")),
        1 => (column(), 1..4, comparison(), 0..3)
            .prop_map(|(x, m, op, r)| format!("(({x} % {m}) {op} {r})")),
        1 => (comparison(), 0..3).prop_map(|(op, n)| format!("(num_nonnulls(a, b) {op} {n})")),
        1 => (column(), number(), comparison(), number())
            .prop_map(|(x, n, op, m)| format!("(COALESCE({x}, {n}) {op} {m})")),
        1 => (column(), comparison(), number()).prop_map(|(x, op, n)| format!("(abs({x}) {op} {n})")),
        1 => (comparison(), number()).prop_map(|(op, n)| format!("(GREATEST(a, b) {op} {n})")),
        1 => (comparison(), number()).prop_map(|(op, n)| format!("(LEAST(a, b, c) {op} {n})")),
        1 => (column(), column()).prop_map(|(x, y)| format!("({x} IS DISTINCT FROM {y})")),
        1 => (column(), number()).prop_map(|(x, n)| format!("(NOT ({x} IS DISTINCT FROM {n}))")),
        1 => (column(), number()).prop_map(|(x, n)| format!("(NULLIF({x}, {n}) IS NULL)")),
        1 => Just("(COALESCE(a, b) IS NOT NULL)".to_owned()),
        1 => Just("((a + b) IS NULL)".to_owned()),
        1 => Just("flag".to_owned()),
        1 => Just("(c = (a + b))".to_owned()),
        1 => Just("(c = ((a * 2) - b))".to_owned()),
    ]
}

fn constraint() -> impl Strategy<Value = String> {
    atom().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" AND "))),
            3 => prop::collection::vec(inner.clone(), 2..4).prop_map(|all| format!("({})", all.join(" OR "))),
            2 => inner.clone().prop_map(|one| format!("(NOT {one})")),
            1 => inner.clone().prop_map(|one| format!("({one} IS TRUE)")),
            1 => inner.clone().prop_map(|one| format!("({one} IS NOT FALSE)")),
            1 => inner.clone().prop_map(|one| format!("({one} IS NULL)")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} = {b})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} <> {b})")),
            1 => (inner.clone(), inner.clone(), inner.clone())
                .prop_map(|(a, b, c)| format!("CASE WHEN {a} THEN {b} ELSE {c} END")),
            1 => (inner.clone(), inner)
                .prop_map(|(a, b)| format!("(CASE WHEN {a} THEN a WHEN {b} THEN 3 END > 1)")),
        ]
    })
}

fn row() -> impl Strategy<Value = Row> {
    let number = || {
        prop_oneof![
            1 => Just(Literal::Null),
            4 => (-8_i128..9).prop_map(Literal::whole),
        ]
    };
    let flag = prop_oneof![
        Just(Literal::Null),
        any::<bool>().prop_map(Literal::Boolean)
    ];
    (number(), number(), number(), flag).prop_map(|(a, b, c, flag)| [a, b, c, flag])
}

/// Whether a value is in a domain; for what integers and truth values can have.
fn allows(domain: &Domain, value: &Literal) -> bool {
    if *value == Literal::Null {
        return domain.null != Nullness::MustNotBeNull;
    }
    let above = domain.lower.as_ref().is_none_or(|bound| {
        let order = value.compare(&bound.value).unwrap();
        order.is_gt() || (order.is_eq() && bound.inclusive)
    });
    let below = domain.upper.as_ref().is_none_or(|bound| {
        let order = value.compare(&bound.value).unwrap();
        order.is_lt() || (order.is_eq() && bound.inclusive)
    });
    let listed = |list: &[Literal]| list.iter().any(|item| item.equals(value) == Some(true));
    let divides = domain.multiple_of.is_none_or(|modulus| match value {
        Literal::Number(number) => number.units % modulus.divisor == modulus.remainder,
        _ => false,
    });
    domain.null != Nullness::MustBeNull
        && above
        && below
        && divides
        && domain.allowed.as_deref().is_none_or(listed)
        && !listed(&domain.excluded)
}

fn keeps_to(branch: &Branch, row: &Row) -> bool {
    let columns = branch
        .columns
        .iter()
        .all(|(name, domain)| allows(domain, &value(row, name).unwrap()));
    columns
        && branch.relations.iter().all(|relation| match relation {
            Relation::Compare {
                left,
                operator,
                right,
                offset,
            } => {
                let (left, right) = (value(row, left).unwrap(), value(row, right).unwrap());
                if left == Literal::Null || right == Literal::Null {
                    return true;
                }
                let right = match offset {
                    Some(offset) => right.plus(offset).unwrap(),
                    None => right,
                };
                operator.holds(left.compare(&right).unwrap())
            }
            Relation::Computed { column, expression } => {
                let (left, right) = (
                    value(row, column).unwrap(),
                    expression.evaluate(&|name| value(row, name)).unwrap(),
                );
                left == Literal::Null || right == Literal::Null || left.equals(&right) == Some(true)
            }
            Relation::Predicate { expression, .. } => {
                expression.evaluate(&|name| value(row, name)) != Some(Literal::Boolean(false))
            }
        })
}

fn with_columns<T>(not_null: [bool; 3], then: impl FnOnce(&[Column<'_>]) -> T) -> T {
    let (integer, boolean) = (Class::integer(), Class::Boolean);
    let columns: Vec<Column<'_>> = NAMES
        .iter()
        .enumerate()
        .map(|(at, name)| Column {
            name,
            class: if at == 3 { &boolean } else { &integer },
            not_null: not_null.get(at).copied().unwrap_or(false),
        })
        .collect();
    then(&columns)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn branches_hold_exactly_the_rows_that_pass(
        texts in prop::collection::vec(constraint(), 1..4),
        not_null in any::<[bool; 3]>(),
        rows in prop::collection::vec(row(), 60),
    ) {
        let checks: Vec<Check> = texts.iter().map(|text| Check::of_table("c", text)).collect();
        with_columns(not_null, |columns| {
            let analysis = analyse(&checks, columns, 0);
            let by_name: BTreeMap<&str, Column<'_>> =
                columns.iter().map(|column| (column.name, *column)).collect();
            let scope = Scope { columns: &by_name, value: None, now: 0 };
            let read: Vec<Expr> = texts
                .iter()
                .map(|text| parse(text, scope).unwrap_or_else(|| panic!("not read: {text}")))
                .collect();
            prop_assert_eq!(analysis.branches.is_empty(), !analysis.contradictions.is_empty());
            for row in &rows {
                if (0..3).any(|at| not_null[at] && row[at] == Literal::Null) {
                    continue;
                }
                let passes: Vec<bool> = read
                    .iter()
                    .map(|expr| expr.evaluate(&|name| value(row, name)).unwrap() != Literal::Boolean(false))
                    .collect();
                let mut kept = false;
                for branch in analysis.branches.iter().filter(|branch| keeps_to(branch, row)) {
                    kept = true;
                    for (at, passes) in passes.iter().enumerate() {
                        prop_assert!(
                            *passes || branch.unproven.contains(&at),
                            "{:?} keeps to {:?} but fails {}", row, branch, texts[at]
                        );
                    }
                }
                // A full house may have left something out.
                if analysis.branches.len() < 16 && passes.iter().all(|passes| *passes) {
                    prop_assert!(kept, "{:?} passes {:?} but keeps to no branch of {:?}", row, texts, analysis);
                }
            }
            Ok(())
        })?;
    }
}

/// For `psql`: each line must give true. By hand:
/// `cargo test ... as_postgres_evaluates -- --ignored --nocapture | grep ^SELECT | psql`.
#[test]
#[ignore = "prints statements to be run by a server"]
fn as_postgres_evaluates() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..3000 {
        let text = constraint().new_tree(&mut runner).unwrap().current();
        let row = row().new_tree(&mut runner).unwrap().current();
        let result = with_columns([false; 3], |columns| {
            let columns = columns
                .iter()
                .map(|column| (column.name, *column))
                .collect();
            let scope = Scope {
                columns: &columns,
                value: None,
                now: 0,
            };
            parse(&text, scope)
                .unwrap()
                .evaluate(&|name| value(&row, name))
                .unwrap()
        });
        let [a, b, c, flag] = &row;
        println!(
            "SELECT ({text}) IS NOT DISTINCT FROM {result} FROM (SELECT {a}::int a, {b}::int b, {c}::int c, {flag}::boolean flag) r;"
        );
    }
}
