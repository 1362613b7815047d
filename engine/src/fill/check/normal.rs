//! From expressions to alternatives: disjunctive normal form under three-valued logic.
//!
//! A constraint passes unless it is false. That is kept up by AND and OR (AND is false exactly if
//! a part is; OR if all are) and by NOT, moved inwards; a part of a larger test, such as the
//! condition of a CASE, must instead be true. The two readings are `strict` false and true.

use std::cell::Cell;

use super::atom;
use super::constant;
use super::expression::Expr;
use super::function;
use super::kind::Kind;
use super::literal::Literal;
use super::parse::Scope;
use super::{Branch, Comparison, Domain, Nullness, Relation};

/// Alternatives kept on the way.
const MAX_ALTERNATIVES: usize = 256;

/// Columns of which every pattern of NULLs is tried.
const MAX_PATTERN_COLUMNS: usize = 6;

pub(super) struct Normal<'a> {
    pub(super) scope: Scope<'a>,
    /// Position of the constraint.
    pub(super) check: usize,
    /// Whether alternatives were left out.
    pub(super) thinned: Cell<bool>,
}

/// What a constraint must give.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Want {
    /// True, or else false.
    pub(super) truth: bool,
    /// Nothing else; if not strict, NULL will do too.
    pub(super) strict: bool,
}

impl Want {
    fn opposite(self) -> Self {
        Self {
            truth: !self.truth,
            ..self
        }
    }
}

impl Normal<'_> {
    /// The ways in which an expression gives what is wanted.
    pub(super) fn alternatives(&self, expr: &Expr, want: Want) -> Vec<Branch> {
        match expr {
            Expr::And(parts) if want.truth => self.every(parts, want),
            Expr::Or(parts) if !want.truth => self.every(parts, want),
            Expr::And(parts) | Expr::Or(parts) => self.any(parts, want),
            Expr::Not(inner) => self.alternatives(inner, want.opposite()),
            Expr::IsTrue(inner) => self.alternatives(
                inner,
                Want {
                    truth: want.truth,
                    // Not true is false or NULL.
                    strict: want.truth,
                },
            ),
            Expr::IsNull(inner) => self.null_test(inner, want.truth, expr, want),
            Expr::Same(left, right) => self.same(left, right, expr, want),
            Expr::Case { arms, otherwise } => self.case(arms, otherwise, want),
            Expr::Literal(Literal::Boolean(value)) => decided(*value == want.truth),
            Expr::Literal(Literal::Null) => decided(!want.strict),
            Expr::Quantified {
                left,
                operator,
                list,
                all,
            } => self.quantified(left, *operator, list, *all, want),
            Expr::Compare { .. } if self.null_pattern(expr, want).is_some() => {
                self.null_pattern(expr, want).unwrap_or_default()
            }
            _ => match atom::alternatives(self, expr, want) {
                Some(found) => found,
                None => self.remainder(expr, want),
            },
        }
    }

    /// What is not understood: tested by evaluation if that is possible, else by the database.
    fn remainder(&self, expr: &Expr, want: Want) -> Vec<Branch> {
        let exact = constant::is_computable(self.scope, expr);
        if !exact && !constant::is_nearly_computable(self.scope, expr) {
            return vec![Branch::unproven(self.check)];
        }
        let expression = if want.truth {
            expr.clone()
        } else {
            expr.clone().negate()
        };
        let mut branch = Branch::related(Relation::Predicate {
            exact,
            check: self.check,
            columns: expr.columns(),
            expression: if want.strict {
                Expr::IsTrue(Box::new(expression))
            } else {
                expression
            },
        });
        if !exact {
            branch.unproven.push(self.check);
        }
        vec![branch]
    }

    fn every(&self, parts: &[Expr], want: Want) -> Vec<Branch> {
        let mut product = vec![Branch::default()];
        for part in parts {
            product = self.product(&product, &self.alternatives(part, want));
        }
        product
    }

    fn any(&self, parts: &[Expr], want: Want) -> Vec<Branch> {
        let mut union: Vec<Branch> = Vec::new();
        for part in parts {
            for branch in self.alternatives(part, want) {
                if !union.contains(&branch) {
                    union.push(branch);
                }
            }
        }
        self.thin(union)
    }

    /// Each of `a` with each of `b`, where they do not exclude each other.
    pub(super) fn product(&self, a: &[Branch], b: &[Branch]) -> Vec<Branch> {
        let mut product: Vec<Branch> = Vec::new();
        for left in a {
            for right in b {
                if let Some(met) = left.meet(right, self.scope.columns)
                    && !product.contains(&met)
                {
                    product.push(met);
                }
            }
            if product.len() > 4 * MAX_ALTERNATIVES {
                product = self.thin(product);
            }
        }
        self.thin(product)
    }

    fn thin(&self, branches: Vec<Branch>) -> Vec<Branch> {
        if branches.len() <= MAX_ALTERNATIVES {
            return branches;
        }
        self.thinned.set(true);
        spread(branches, MAX_ALTERNATIVES)
    }

    fn case(&self, arms: &[(Expr, Expr)], otherwise: &Expr, want: Want) -> Vec<Branch> {
        let certainly = |truth| Want {
            truth,
            strict: true,
        };
        let not_true = Want {
            truth: false,
            strict: false,
        };
        let mut found = Vec::new();
        let mut earlier = vec![Branch::default()];
        for (condition, result) in arms {
            let here = self.product(&earlier, &self.alternatives(condition, certainly(true)));
            found.extend(self.product(&here, &self.alternatives(result, want)));
            earlier = self.product(&earlier, &self.alternatives(condition, not_true));
        }
        found.extend(self.product(&earlier, &self.alternatives(otherwise, want)));
        self.thin(found)
    }

    fn null_test(&self, inner: &Expr, null: bool, whole: &Expr, want: Want) -> Vec<Branch> {
        // IS NULL is never NULL itself.
        let want = Want {
            truth: null,
            strict: want.strict,
        };
        let rewritten = match inner {
            Expr::Column(name) => {
                let null = if null {
                    Nullness::MustBeNull
                } else {
                    Nullness::MustNotBeNull
                };
                let domain = Domain {
                    null,
                    ..Domain::default()
                };
                return match Branch::of(name, domain).settled(self.scope.columns) {
                    Some(_) => vec![Branch::of(
                        name,
                        Domain {
                            null,
                            ..Domain::default()
                        },
                    )],
                    None => Vec::new(),
                };
            }
            Expr::Literal(value) => return decided((*value == Literal::Null) == null),
            Expr::Call { name, arguments } if name == "coalesce" => {
                Expr::And(arguments.iter().map(is_null).collect())
            }
            Expr::Call { name, arguments } if name == "nullif" && arguments.len() == 2 => {
                let equal = Expr::compare(
                    Comparison::Equal,
                    arguments[0].clone(),
                    arguments[1].clone(),
                );
                Expr::Or(vec![is_null(&arguments[0]), Expr::IsTrue(Box::new(equal))])
            }
            _ if gives_null_only_for_null(inner) => Expr::Or(
                inner
                    .columns()
                    .iter()
                    .map(|name| is_null(&Expr::column(name)))
                    .collect(),
            ),
            _ => return self.remainder(whole, want),
        };
        self.alternatives(&rewritten, want)
    }

    fn same(&self, left: &Expr, right: &Expr, whole: &Expr, want: Want) -> Vec<Branch> {
        let (left, right) = match (left, right) {
            (Expr::Literal(_), other) => (other, left),
            _ => (left, right),
        };
        if *right == Expr::Literal(Literal::Null) {
            return self.null_test(left, want.truth, whole, want);
        }
        let both_null = Expr::And(vec![is_null(left), is_null(right)]);
        let equal = Expr::compare(Comparison::Equal, left.clone(), right.clone());
        let rewritten = if want.truth {
            Expr::Or(vec![both_null, Expr::IsTrue(Box::new(equal))])
        } else {
            let different = Expr::compare(Comparison::NotEqual, left.clone(), right.clone());
            Expr::Or(vec![
                Expr::And(vec![is_null(left), is_null(right).negate()]),
                Expr::And(vec![is_null(left).negate(), is_null(right)]),
                Expr::IsTrue(Box::new(different)),
            ])
        };
        self.alternatives(
            &rewritten,
            Want {
                truth: true,
                strict: true,
            },
        )
    }

    fn quantified(
        &self,
        left: &Expr,
        operator: Comparison,
        list: &[Expr],
        all: bool,
        want: Want,
    ) -> Vec<Branch> {
        // NOT (x = ANY (list)) is x <> ALL (list).
        let (operator, all) = if want.truth {
            (operator, all)
        } else {
            (operator.negated(), !all)
        };
        let want = Want {
            truth: true,
            strict: want.strict,
        };
        if let Some(found) = atom::listed(self, left, operator, list, all, want) {
            return found;
        }
        let tests = list
            .iter()
            .map(|element| Expr::compare(operator, left.clone(), element.clone()))
            .collect();
        let whole = if all {
            Expr::And(tests)
        } else {
            Expr::Or(tests)
        };
        if list.len() > MAX_ALTERNATIVES {
            return self.remainder(&whole, want);
        }
        let found = self.alternatives(&whole, want);
        let tested = |branch: &Branch| {
            let predicate = |relation: &Relation| matches!(relation, Relation::Predicate { .. });
            !branch.unproven.is_empty() || branch.relations.iter().any(predicate)
        };
        // One test of all is as good as many alternatives with a test each.
        if found.iter().any(tested) {
            self.remainder(&whole, want)
        } else {
            found
        }
    }

    /// A comparison that asks of columns only whether they are NULL: every pattern is tried.
    fn null_pattern(&self, expr: &Expr, want: Want) -> Option<Vec<Branch>> {
        let columns = expr.columns();
        if columns.is_empty() || columns.len() > MAX_PATTERN_COLUMNS || !asks_only_null(expr) {
            return None;
        }
        let mut found = Vec::new();
        for pattern in 0..1_u32 << columns.len() {
            let is_null = |name: &str| {
                let at = columns.iter().position(|column| column == name)?;
                Some(pattern >> at & 1 == 0)
            };
            let row = |name: &str| {
                Some(if is_null(name)? {
                    Literal::Null
                } else {
                    Literal::Boolean(true)
                })
            };
            let passes = match expr.evaluate(&row)? {
                Literal::Boolean(value) => value == want.truth,
                Literal::Null => !want.strict,
                _ => return None,
            };
            if !passes {
                continue;
            }
            let mut branch = Branch::default();
            for name in &columns {
                let null = if is_null(name)? {
                    Nullness::MustBeNull
                } else {
                    Nullness::MustNotBeNull
                };
                branch.columns.insert(
                    name.clone(),
                    Domain {
                        null,
                        ..Domain::default()
                    },
                );
            }
            found.extend(branch.settled(self.scope.columns));
        }
        Some(found)
    }

    /// The kind of an expression.
    pub(super) fn kind(&self, expr: &Expr) -> Kind {
        self.scope.kind(expr)
    }
}

/// `count` of the items at even distances.
pub(super) fn spread<T>(items: Vec<T>, count: usize) -> Vec<T> {
    let all = items.len();
    items
        .into_iter()
        .enumerate()
        .filter(|(at, _)| all <= count || at * count % all < count)
        .map(|(_, item)| item)
        .collect()
}

pub(super) fn decided(holds: bool) -> Vec<Branch> {
    if holds {
        vec![Branch::default()]
    } else {
        Vec::new()
    }
}

fn is_null(expr: &Expr) -> Expr {
    Expr::IsNull(Box::new(expr.clone()))
}

/// Whether the expression is NULL exactly if one of its columns is.
fn gives_null_only_for_null(expr: &Expr) -> bool {
    let itself = match expr {
        Expr::Column(_) | Expr::Binary { .. } | Expr::Compare { .. } => true,
        Expr::Literal(value) => *value != Literal::Null,
        Expr::Call { name, .. } => function::is_computed(name) && function::is_strict(name),
        _ => false,
    };
    itself && expr.parts().into_iter().all(gives_null_only_for_null)
}

/// Whether columns occur only where it matters nothing but whether they are NULL.
fn asks_only_null(expr: &Expr) -> bool {
    match expr {
        Expr::Column(_) => false,
        Expr::IsNull(inner) if matches!(**inner, Expr::Column(_)) => true,
        Expr::Call { name, arguments } if name == "num_nulls" || name == "num_nonnulls" => {
            arguments.iter().all(|part| matches!(part, Expr::Column(_)))
        }
        _ => expr.parts().into_iter().all(asks_only_null),
    }
}
