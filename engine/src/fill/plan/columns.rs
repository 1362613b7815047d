//! Which columns are written, and from what: recognition, what the constraints leave, the wishes of
//! the caller.

use super::{ColumnReport, MAX_VARIANTS, Planner, Problem, Variant};
use crate::fill::cell;
use crate::fill::check::{self, Analysis, Check, Domain, Nullness, Relation};
use crate::fill::class::Class;
use crate::fill::domain::{Made, make};
use crate::fill::ordinal::Codec;
use crate::fill::recognize::{self, ordered_pairs, recognize};
use crate::fill::source::{Hints, Source};
use crate::fill::table::{Given, Values, mentions};

impl Planner {
    pub(super) fn recognise(&mut self) {
        for column in &self.table.columns {
            let class = match &column.class {
                Class::Array { element } => element,
                class => class,
            };
            let comment = Some(column.comment.as_str()).filter(|comment| !comment.is_empty());
            self.suited.push(recognize(&recognize::Column {
                table: &self.table.name,
                name: &column.name,
                comment,
                class,
            }));
        }
        let names: Vec<&str> = self.table.columns.iter().map(|c| c.name.as_str()).collect();
        self.soft = ordered_pairs(&names);
        self.soft.retain(|&(first, second, _)| {
            let codec = |column: usize| Codec::of(&self.table.columns[column].class, 0);
            let codecs = codec(first).zip(codec(second));
            first != second && codecs.is_some_and(|(a, b)| a == b || a.is_time() && b.is_time())
        });
    }

    /// Whether a column takes part in a key: then its values must be known.
    pub(super) fn is_constrained(&self, column: usize) -> bool {
        let table = &self.table;
        table.references.iter().any(|r| r.columns.contains(&column))
            || table.uniques.iter().any(|u| u.columns.contains(&column))
    }

    pub(super) fn choose_written(&mut self) {
        for place in 0..self.table.columns.len() {
            let constrained = self.is_constrained(place);
            let referring = self
                .table
                .references
                .iter()
                .any(|r| r.columns.contains(&place));
            let column = &self.table.columns[place];
            let wished = column.wish.values.is_some();
            let (written, generator, reason) = match (&column.wish.values, &column.default) {
                (_, Given::Generated(expression)) => {
                    if wished {
                        let message =
                            format!("column {} is generated, it cannot be written", column.name);
                        self.problem(None, &[place], message, "Leave it out of overrides.");
                        continue;
                    }
                    (
                        false,
                        expression.clone(),
                        "it is a generated column".to_owned(),
                    )
                }
                (Some(Values::Default), Given::Nothing) => (
                    false,
                    "NULL".to_owned(),
                    "overrides say so, and it has no default".to_owned(),
                ),
                (Some(Values::Default), given) => {
                    (false, default_text(given), "overrides say so".to_owned())
                }
                (None, Given::Sequence) if column.explicit || referring => {
                    (true, String::new(), String::new())
                }
                (None, Given::Sequence) => (
                    false,
                    "sequence".to_owned(),
                    "the database numbers it".to_owned(),
                ),
                (None, Given::Constant(text))
                    if self.suited[place].is_none()
                        && !constrained
                        && !column.explicit
                        && !matches!(column.class, Class::Boolean | Class::Enum { .. })
                        && Codec::of(&column.class, 0).is_none() =>
                {
                    (
                        false,
                        text.clone(),
                        "its default, since nothing else is known of it".to_owned(),
                    )
                }
                (None, Given::Expression(text))
                    if !referring
                        && !matches!(column.class, Class::Uuid)
                        && Codec::of(&column.class, 0).is_none_or(|codec| !codec.is_time()) =>
                {
                    (
                        false,
                        text.clone(),
                        "its default is an expression".to_owned(),
                    )
                }
                (None, given) if !cell::is_known(&column.class) && column.wish.values.is_none() => {
                    let refuses = column.not_null && *given == Given::Nothing;
                    if refuses {
                        let message = format!(
                            "no values are known for column {} of type {}, which must not be NULL",
                            column.name, column.type_name
                        );
                        self.problem(
                            None,
                            &[place],
                            message,
                            "Give values for it in overrides: {\"<column>\": {\"values\": [...]}}.",
                        );
                        continue;
                    }
                    let reason = format!("no values are known for type {}", column.type_name);
                    (false, default_text(given), reason)
                }
                _ => (true, String::new(), String::new()),
            };
            self.written[place] = written;
            self.report[place] = ColumnReport {
                generator,
                arguments: String::new(),
                reason,
            };
        }
    }

    /// Alternatives: branches of the constraints, for each partition.
    pub(super) fn analyse(&mut self) {
        let table = &self.table;
        let columns: Vec<check::Column<'_>> = table
            .columns
            .iter()
            .map(|column| check::Column {
                name: &column.name,
                class: &column.class,
                not_null: column.not_null,
            })
            .collect();
        let mut checks: Vec<Check> = table
            .checks
            .iter()
            .map(|(name, expression)| Check::of_table(name, expression))
            .collect();
        for column in &table.columns {
            let domains = column.domain_checks.iter();
            checks.extend(
                domains.map(|(name, expression)| Check::of_domain(name, expression, &column.name)),
            );
        }
        let mut analyses: Vec<Analysis> = Vec::new();
        if table.partitions.is_empty() {
            analyses.push(check::analyse(&checks, &columns, table.now));
        }
        for partition in &table.partitions {
            let mut checks = checks.clone();
            checks.push(Check::of_table("the partition", partition));
            analyses.push(check::analyse(&checks, &columns, table.now));
        }
        let mut contradictions = Vec::new();
        for analysis in analyses {
            contradictions.extend(analysis.contradictions);
            for branch in analysis.branches {
                for &unproven in &branch.unproven {
                    let name = checks
                        .get(unproven)
                        .map_or("partition", |check| &check.name);
                    self.unproven.insert(name.to_owned());
                }
                for relation in &branch.relations {
                    if let Relation::Predicate { check, .. } = relation
                        && let Some(check) = checks.get(*check)
                    {
                        self.searched.insert(check.name.clone());
                    }
                }
                if self.variants.len() < MAX_VARIANTS {
                    self.variants.push(Variant {
                        domains: branch.columns,
                        relations: branch.relations,
                    });
                }
            }
        }
        if self.variants.is_empty() {
            for contradiction in contradictions {
                let place = |name: &String| columns.iter().position(|c| c.name == name);
                let about: Vec<String> = contradiction
                    .columns
                    .iter()
                    .filter(|name| place(name).is_some())
                    .cloned()
                    .collect();
                let problem = Problem {
                    constraint: contradiction
                        .checks
                        .first()
                        .and_then(|&check| checks.get(check))
                        .map(|check| check.name.clone()),
                    columns: about,
                    message: contradiction.sentence.trim_end_matches('.').to_owned(),
                    hint: "No row can satisfy these constraints together.".to_owned(),
                    of_wish: false,
                };
                // Partitions may fail for the same reason.
                if !self.problems.contains(&problem) {
                    self.problems.push(problem);
                }
            }
            self.variants.push(Variant::default());
        }
    }

    pub(super) fn make_sources(&mut self) {
        self.refuse_wrong_wishes();
        for place in 0..self.table.columns.len() {
            if !self.written[place] || self.keys[place].is_some() || self.copies[place].is_some() {
                self.made.push(Vec::new());
                continue;
            }
            let mut made: Vec<Made> = Vec::new();
            let mut wrong: Option<String> = None;
            let mut previous: Option<Domain> = None;
            for variant in 0..self.variants.len() {
                let domain = self.domain(variant, place);
                if previous.as_ref() == Some(&domain)
                    && let Some(last) = made.last().cloned()
                {
                    made.push(last);
                    continue;
                }
                let result = if domain.null == Nullness::MustBeNull {
                    Ok(null())
                } else {
                    make(
                        &self.table.columns[place],
                        &domain,
                        self.suited[place].as_ref(),
                    )
                };
                match result {
                    Ok(one) => made.push(one),
                    Err(message) if domain.null == Nullness::Free => {
                        wrong.get_or_insert(message);
                        made.push(null());
                    }
                    Err(message) => {
                        wrong.get_or_insert(message);
                        made.push(Made {
                            proven: false,
                            ..null()
                        });
                    }
                }
                previous = Some(domain);
            }
            let column = &self.table.columns[place];
            let only_null = made.iter().all(|made| matches!(made.source, Source::Null));
            let known = self
                .problems
                .iter()
                .any(|problem| problem.of_wish && problem.columns.contains(&column.name));
            if let Some(message) = wrong.filter(|_| only_null && column.not_null && !known) {
                let checks = self.checks_about(place);
                let message = match checks.first().filter(|name| !name.starts_with("column ")) {
                    Some(check) => {
                        format!("constraint {check} on column {}: {message}", column.name)
                    }
                    None => format!("column {}: {message}", column.name),
                };
                self.problem(
                    checks.first().map(String::as_str),
                    &[place],
                    message,
                    "Give values for it in overrides, or change the constraint.",
                );
            }
            if made.iter().any(|made| !made.proven) {
                let checks = self.checks_about(place);
                self.unproven.extend(checks);
            }
            self.round(place, &mut made);
            if let Some(first) = made
                .iter()
                .find(|made| !matches!(made.source, Source::Null))
                .or(made.first())
            {
                self.report[place] = ColumnReport {
                    generator: first.generator.clone(),
                    arguments: first.arguments.clone(),
                    reason: first.reason.clone(),
                };
            }
            self.made.push(made);
        }
    }

    /// Moments under a constraint that is not understood are round ones more often than not.
    pub(super) fn round(&self, place: usize, made: &mut [Made]) {
        let about = self.checks_about(place);
        let open = |name: &String| self.unproven.contains(name) || self.searched.contains(name);
        if !about.iter().any(open) {
            return;
        }
        let hints = self.hints(&about);
        let short = |text: &&String| text.chars().count() <= 64;
        let parts: Vec<String> = hints.texts.iter().filter(short).cloned().collect();
        for made in made {
            match &mut made.source {
                Source::Ordered(ordered) => {
                    ordered.rounded = ordered.codec.is_time() && ordered.codec.grain() > 1;
                }
                Source::Text(text) => {
                    text.parts.clone_from(&parts);
                    text.forms = hints.patterns();
                }
                Source::Cell(cell) => cell.hints = hints.clone(),
                _ => {}
            }
        }
    }

    /// The constants in constraints that are not understood, and in the functions that they call.
    fn hints(&self, names: &[String]) -> Hints {
        let table = &self.table;
        let domains = table
            .columns
            .iter()
            .flat_map(|column| &column.domain_checks);
        let all = table.checks.iter().chain(domains).chain(&table.bodies);
        let open = all.filter(|(name, _)| {
            let open = self.unproven.contains(name) || self.searched.contains(name);
            open && names.contains(name)
        });
        Hints::read(open.map(|(_, expression)| expression.as_str()))
    }

    /// A wish that does not fit is the caller's error, also where NULL would be allowed.
    pub(super) fn refuse_wrong_wishes(&mut self) {
        for place in 0..self.table.columns.len() {
            let column = &self.table.columns[place];
            let asks = matches!(
                column.wish.values,
                Some(Values::Generator { .. } | Values::List(_))
            );
            if asks
                && column.default != Given::Nothing
                && matches!(column.default, Given::Generated(_))
            {
                continue;
            }
            if column.not_null && column.wish.null_fraction.is_some_and(|share| share > 0.0) {
                let message = format!(
                    "column {}: overrides ask for NULL, which it refuses",
                    column.name
                );
                self.problem(None, &[place], message, "Leave out null_fraction.");
                self.blame_wish();
                continue;
            }
            if asks && let Err(message) = make(column, &Domain::default(), None) {
                let message = format!("column {}: {message}", column.name);
                self.problem(None, &[place], message, "Correct the entry in overrides.");
                self.blame_wish();
            }
        }
    }

    /// The last problem is one of what was asked for.
    fn blame_wish(&mut self) {
        if let Some(problem) = self.problems.last_mut() {
            problem.of_wish = true;
        }
    }

    pub(super) fn checks_about(&self, place: usize) -> Vec<String> {
        let names = self.table.checks_about(place);
        if names.is_empty() {
            return vec![format!("column {}", self.name(place))];
        }
        names
    }

    pub(super) fn mentions(expression: &str, name: &str) -> bool {
        mentions(expression, name)
    }
}

fn null() -> Made {
    Made {
        source: Source::Null,
        generator: "NULL".to_owned(),
        arguments: String::new(),
        reason: "its constraints ask for it".to_owned(),
        proven: true,
        group: None,
    }
}

fn default_text(given: &Given) -> String {
    match given {
        Given::Nothing => "NULL".to_owned(),
        Given::Sequence => "sequence".to_owned(),
        Given::Constant(text) | Given::Expression(text) | Given::Generated(text) => text.clone(),
    }
}
