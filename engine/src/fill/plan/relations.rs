//! What holds between columns: comparisons, computations, conditions, and the order in which columns
//! are made.

use std::collections::BTreeSet;

use super::{Bind, Planned, Planner};
use crate::fill::check::{Comparison, Expr, Literal, Relation};
use crate::fill::source::Source;

/// A comparison of two columns.
struct Compared {
    left: usize,
    comparison: Comparison,
    right: usize,
    offset: Option<Literal>,
}

/// What holds between columns.
struct Found {
    /// By variant.
    compared: Vec<Vec<Compared>>,
    /// For each column those that have to be made before it.
    after: Vec<BTreeSet<usize>>,
    /// Columns of what cannot be met by construction.
    unproven: Vec<String>,
}

impl Planner {
    /// Comparisons and computations between columns, and the order in which columns are made.
    pub(super) fn relate(&mut self, columns: &mut [Planned]) -> Vec<usize> {
        let mut found = self.collect(columns);
        self.compute(columns);
        self.follow(columns, &mut found);
        for (column, copied) in self.copies.iter().enumerate() {
            found.after[column].extend(copied);
        }
        self.follow_slots(columns, &mut found.after);
        let order = in_order(columns, &found.after);
        self.bind(columns, &order, &mut found);
        let order = in_order(columns, &found.after);
        found.unproven.extend(self.predicates(columns, &order));
        self.leave_room(columns);
        for about in found.unproven {
            self.unproven.insert(format!("constraint on {about}"));
        }
        order
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.table
            .columns
            .iter()
            .position(|column| column.name == name)
    }

    /// What the constraints compare and compute.
    fn collect(&self, columns: &mut [Planned]) -> Found {
        let mut found = Found {
            compared: Vec::new(),
            after: vec![BTreeSet::new(); columns.len()],
            unproven: Vec::new(),
        };
        for variant in &self.variants {
            let mut here = Vec::new();
            for relation in &variant.relations {
                match relation {
                    Relation::Compare {
                        left,
                        operator,
                        right,
                        offset,
                    } => {
                        let places = self.place(left).zip(self.place(right));
                        let Some((left, right)) =
                            places.filter(|&(a, b)| self.written[a] && self.written[b])
                        else {
                            found.unproven.push(format!("{left} and {right}"));
                            continue;
                        };
                        let ordered =
                            columns[left].codec.is_some() && columns[right].codec.is_some();
                        let both_fixed = is_fixed(&columns[left]) && is_fixed(&columns[right]);
                        if ordered && !both_fixed {
                            here.push(Compared {
                                left,
                                comparison: *operator,
                                right,
                                offset: offset.clone(),
                            });
                        } else {
                            part(columns, left, *operator, right);
                            let about = format!("{} and {}", self.name(left), self.name(right));
                            found.unproven.push(about);
                        }
                    }
                    Relation::Computed { column, expression } => {
                        match self.place(column).filter(|&place| self.written[place]) {
                            Some(column) if !is_fixed(&columns[column]) => {
                                let others = expression.columns();
                                let others = others.iter().filter_map(|other| self.place(other));
                                found.after[column].extend(others);
                            }
                            _ => found.unproven.push(column.clone()),
                        }
                    }
                    // Looked at once the order is known.
                    Relation::Predicate { .. } => {}
                }
            }
            for name in variant.domains.keys() {
                if self.place(name).is_some_and(|place| !self.written[place]) {
                    found.unproven.push(name.clone());
                }
            }
            found.compared.push(here);
        }
        found
    }

    /// Columns that are what an expression gives.
    fn compute(&self, columns: &mut [Planned]) {
        let count = self.variants.len();
        for (number, variant) in self.variants.iter().enumerate() {
            for relation in &variant.relations {
                if let Relation::Computed { column, expression } = relation
                    && let Some(column) = self.place(column)
                    && !is_fixed(&columns[column])
                {
                    columns[column].computed.resize(count, None);
                    columns[column].computed[number] = Some(expression.clone());
                }
            }
        }
    }

    /// Columns of which the names say that one comes after the other.
    fn follow(&self, columns: &[Planned], found: &mut Found) {
        for &(first, second, _) in &self.soft {
            let free = |c: usize| self.written[c] && columns[c].computed.is_empty();
            let related = found.compared.iter().flatten().any(|compared| {
                let pair = (compared.left, compared.right);
                pair == (first, second) || pair == (second, first)
            });
            if related || !free(first) || !free(second) || is_fixed(&columns[second]) {
                continue;
            }
            for here in &mut found.compared {
                here.push(Compared {
                    left: second,
                    comparison: Comparison::GreaterOrEqual,
                    right: first,
                    offset: None,
                });
            }
            found.after[second].insert(first);
        }
    }

    /// The end of a range that is laid out lies within the slot that its beginning opens.
    fn follow_slots(&self, columns: &mut [Planned], after: &mut [BTreeSet<usize>]) {
        let ranges = self.slots.iter().filter(|slot| slot.lower != slot.upper);
        for slot in ranges {
            after[slot.upper].insert(slot.lower);
            columns[slot.lower].keep_counts = true;
            let bind = |comparison, ahead| Bind {
                other: slot.lower,
                comparison,
                offset: None,
                ahead,
            };
            let binds = &mut columns[slot.upper].binds;
            binds.resize(self.variants.len(), Vec::new());
            for here in binds {
                here.push(bind(Comparison::GreaterOrEqual, slot.least));
                here.push(bind(Comparison::LessOrEqual, slot.width));
            }
        }
    }

    /// Of two compared columns the later one gives way.
    fn bind(&self, columns: &mut [Planned], order: &[usize], found: &mut Found) {
        let mut rank = vec![0; columns.len()];
        for (at, &column) in order.iter().enumerate() {
            rank[column] = at;
        }
        for (variant, here) in found.compared.iter().enumerate() {
            for compared in here {
                let Compared {
                    left,
                    comparison,
                    right,
                    offset,
                } = compared;
                let left_gives_way =
                    rank[*left] > rank[*right] || offset.is_some() && !is_fixed(&columns[*left]);
                let (column, bind) = if left_gives_way {
                    let bind = Bind {
                        other: *right,
                        comparison: *comparison,
                        offset: offset.clone(),
                        ahead: 0,
                    };
                    (*left, bind)
                } else {
                    let bind = Bind {
                        other: *left,
                        comparison: comparison.mirrored(),
                        offset: offset.as_ref().and_then(negated),
                        ahead: 0,
                    };
                    (*right, bind)
                };
                if rank[bind.other] > rank[column] {
                    found.after[column].insert(bind.other);
                }
                columns[bind.other].keep_counts = true;
                let binds = &mut columns[column].binds;
                binds.resize(self.variants.len(), Vec::new());
                binds[variant].push(bind);
            }
        }
    }

    /// Conditions over several columns: the last of these that is free is drawn until they hold, and
    /// each row is looked at in the end. Gives the columns of those that cannot be computed.
    pub(super) fn predicates(&mut self, columns: &mut [Planned], order: &[usize]) -> Vec<String> {
        let mut unproven = Vec::new();
        let count = self.variants.len();
        self.verified = vec![Vec::new(); count];
        for (number, variant) in self.variants.iter().enumerate() {
            for relation in &variant.relations {
                let (expression, exact) = match relation {
                    Relation::Predicate {
                        expression, exact, ..
                    } => (expression.clone(), *exact),
                    Relation::Computed { column, expression } => {
                        let equal = Expr::Compare {
                            operator: Comparison::Equal,
                            left: Box::new(Expr::Column(column.clone())),
                            right: Box::new(expression.clone()),
                        };
                        (equal, true)
                    }
                    Relation::Compare { .. } => continue,
                };
                let places: Option<Vec<usize>> = expression
                    .columns()
                    .iter()
                    .map(|name| {
                        let place = self.table.columns.iter().position(|c| c.name == *name);
                        place.filter(|&place| self.written[place])
                    })
                    .collect();
                let Some(places) = places else {
                    unproven.push(expression.columns().join(", "));
                    continue;
                };
                if exact {
                    self.verified[number].push(expression.clone());
                }
                let last = order
                    .iter()
                    .rev()
                    .find(|column| places.contains(column) && !is_fixed(&columns[**column]));
                if let (Some(&last), Relation::Predicate { .. }) = (last, relation) {
                    columns[last].predicates.resize(count, Vec::new());
                    columns[last].predicates[number].push(expression);
                }
            }
        }
        unproven
    }

    /// Narrows what is made first, so that what follows finds a value: `a <= b` and `b <= 10` give
    /// `a <= 10`.
    pub(super) fn leave_room(&self, columns: &mut [Planned]) {
        for _ in 0..4 {
            for variant in 0..self.variants.len() {
                for column in 0..columns.len() {
                    let binds = columns[column]
                        .binds
                        .get(variant)
                        .cloned()
                        .unwrap_or_default();
                    for bind in binds {
                        narrow(columns, variant, column, &bind);
                    }
                }
            }
        }
    }
}

/// Whether a column's values are not free to follow another's.
fn is_fixed(planned: &Planned) -> bool {
    planned.key.is_some() || planned.copy_of.is_some() || planned.digit.is_some()
}

/// Two columns that count through their values in step: the larger one starts one later.
fn part(columns: &mut [Planned], left: usize, comparison: Comparison, right: usize) {
    let (smaller, larger) = match comparison {
        Comparison::Less | Comparison::NotEqual => (left, right),
        Comparison::Greater => (right, left),
        _ => return,
    };
    let ends = |planned: &Planned| match (&planned.digit, &planned.choices[0].source) {
        (Some(_), Source::Ordered(ordered)) => Some(ordered.ends()),
        _ => None,
    };
    let (Some(below), Some(above)) = (ends(&columns[smaller]), ends(&columns[larger])) else {
        return;
    };
    if above.0 > below.0 {
        return;
    }
    for choice in &mut columns[larger].choices {
        if let Source::Ordered(ordered) = &mut choice.source {
            *ordered = ordered.within(below.0.saturating_add(1), above.1);
        }
    }
}

/// Narrows the column that a bind looks at to what leaves room for the one that follows it.
fn narrow(columns: &mut [Planned], variant: usize, column: usize, bind: &Bind) {
    let source = |planned: &Planned| {
        let choice = planned.of_variant.get(variant).copied().unwrap_or(0);
        match &planned.choices[choice].source {
            Source::Ordered(ordered) => Some((choice, ordered.clone())),
            _ => None,
        }
    };
    if is_fixed(&columns[bind.other]) || bind.offset.is_some() {
        return;
    }
    let (Some((_, own)), Some((choice, other))) =
        (source(&columns[column]), source(&columns[bind.other]))
    else {
        return;
    };
    let (mut low, mut high) = own.ends();
    if own.codec != other.codec {
        let convert = |count: i64| {
            let mut text = String::new();
            own.codec.write(count, &mut text);
            other.codec.read(&text).map(|(count, _)| count)
        };
        let (Some(a), Some(b)) = (convert(low), convert(high)) else {
            return;
        };
        (low, high) = (a, b);
    }
    let (first, last) = other.ends();
    let narrowed = match bind.comparison {
        Comparison::Greater => other.within(first, high.saturating_sub(1)),
        Comparison::GreaterOrEqual => other.within(first, high),
        Comparison::Less => other.within(low.saturating_add(1), last),
        Comparison::LessOrEqual => other.within(low, last),
        Comparison::Equal => other.within(low, high),
        Comparison::NotEqual => return,
    };
    if !narrowed.is_empty() {
        columns[bind.other].choices[choice].source = Source::Ordered(narrowed);
    }
}

/// Columns so that each comes after those it needs; keys and unique ones first.
fn in_order(columns: &[Planned], after: &[BTreeSet<usize>]) -> Vec<usize> {
    let mut left: Vec<usize> = (0..columns.len()).collect();
    left.sort_by_key(|&column| (!is_fixed(&columns[column]), column));
    let mut order: Vec<usize> = Vec::with_capacity(columns.len());
    while !left.is_empty() {
        let ready = left
            .iter()
            .position(|&column| after[column].iter().all(|other| order.contains(other)))
            // A circle: any of them.
            .unwrap_or(0);
        order.push(left.remove(ready));
    }
    order
}

fn negated(offset: &Literal) -> Option<Literal> {
    Some(match offset {
        Literal::Number(number) => Literal::Number(number.negated()),
        Literal::Interval(interval) => Literal::Interval(interval.negated()),
        _ => return None,
    })
}
