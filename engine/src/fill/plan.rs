//! The plan of filling a table: for each column where its values come from and why, and, before a
//! row is made, what cannot be met.
//!
//! Constraints are met by construction. CHECKs become alternatives of domains and relations
//! ([`super::check`]); of a partitioned table each partition is an alternative too. A row belongs
//! to one alternative, and takes its values from what that allows. Unique columns take values by
//! index ([`super::unique`]), references by the place of a key. What construction cannot promise is
//! named in [`Plan::unproven`]: the database has to be asked about each row.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::cell;
use super::check::{self, Analysis, Check, Comparison, Domain, Expr, Literal, Nullness, Relation};
use super::class::Class;
use super::domain::{KeyTest, Made, make};
use super::ordinal::Codec;
use super::recognize::{self, Recognition, Recognized, TimeRole, ordered_pairs, recognize};
use super::source::{Source, Telling, share};
use super::table::{Given, Table, Values};
use super::unique::{Component, Digit, Member, scheme};
use crate::entropy::{Stream, remix};
use crate::generator;

/// Share of NULLs in a column that may be NULL, if nothing else is said.
const NULL_FRACTION: f64 = 0.1;

/// The most alternatives a plan keeps: partitions times branches of the constraints.
const MAX_VARIANTS: usize = 4096;

/// A plan.
#[derive(Debug, Clone)]
pub struct Plan {
    pub(super) table: Table,
    pub(super) variants: Vec<Variant>,
    pub(super) choice: Choice,
    pub(super) columns: Vec<Planned>,
    pub(super) references: Vec<PlannedReference>,
    pub(super) order: Vec<usize>,
    /// Conditions by variant that rows are looked at for.
    pub(super) verified: Vec<Vec<Expr>>,
    /// Columns that get values, by position; the others are left to the database.
    pub written: Vec<usize>,
    /// What is said of each column, in their order.
    pub report: Vec<ColumnReport>,
    /// What cannot be met. If there is anything, nothing can be written.
    pub problems: Vec<Problem>,
    /// The most rows that can be added, and the constraint that limits them.
    pub capacity: Option<(u64, String)>,
    /// How many candidates there are: beyond it unique columns have no values. None: no end.
    pub candidates: Option<u64>,
    /// Constraints that construction does not promise, by name.
    pub unproven: BTreeSet<String>,
    /// Constraints for which values are drawn until they hold, by name.
    pub searched: BTreeSet<String>,
}

/// What is said of a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnReport {
    /// Where values come from.
    pub generator: String,
    /// Its arguments.
    pub arguments: String,
    /// Why.
    pub reason: String,
}

/// Something that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The constraint, if it is one.
    pub constraint: Option<String>,
    /// The columns it is about.
    pub columns: Vec<String>,
    /// What is wrong, as a sentence without its end.
    pub message: String,
    /// What can be done about it.
    pub hint: String,
}

/// One way to satisfy all constraints.
#[derive(Debug, Clone, Default)]
pub(super) struct Variant {
    domains: BTreeMap<String, Domain>,
    relations: Vec<Relation>,
}

/// How a row gets its alternative.
#[derive(Debug, Clone)]
pub(super) enum Choice {
    Only,
    Drawn(Stream),
    /// By the index of a unique column whose values lie elsewhere in each alternative.
    ByIndex {
        start: u64,
        ends: Vec<u64>,
    },
}

/// A column of the plan.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    pub choices: Vec<SourceChoice>,
    /// Which of the choices each variant takes; empty: the first.
    pub of_variant: Vec<usize>,
    pub stream: Stream,
    pub remixes: u8,
    pub digit: Option<Digit>,
    /// The reference it is part of, and which part of the key.
    pub key: Option<(usize, usize)>,
    pub copy_of: Option<usize>,
    pub computed: Vec<Option<Expr>>,
    pub binds: Vec<Vec<Bind>>,
    /// Conditions by variant that this column is drawn for until they hold.
    pub predicates: Vec<Vec<Expr>>,
    pub codec: Option<Codec>,
    pub keep_counts: bool,
    pub nullable: bool,
    pub plain_type: &'static str,
}

impl Planned {
    #[inline]
    pub fn entropy(&self, row: u64) -> u64 {
        let mut entropy = self.stream.draw(row);
        for _ in 0..self.remixes {
            entropy = remix(entropy);
        }
        entropy
    }
}

/// A source and how often there is NULL instead.
#[derive(Debug, Clone)]
pub(super) struct SourceChoice {
    pub source: Source,
    pub nulls: u64,
}

/// A comparison with a column that is made earlier.
#[derive(Debug, Clone)]
pub(super) struct Bind {
    pub other: usize,
    /// This column stands on the left.
    pub comparison: Comparison,
    pub offset: Option<Literal>,
}

/// A reference of the plan.
#[derive(Debug, Clone)]
pub(super) struct PlannedReference {
    /// Position in [`Table::references`].
    pub place: usize,
    pub stream: Stream,
    pub digit: Option<Digit>,
    /// Share of NULLs by variant.
    pub nulls: Vec<u64>,
    /// The keys each variant may use; none: all.
    pub allowed: Vec<Option<Vec<u32>>>,
    /// Columns that an earlier reference has set.
    pub shared: Vec<Shared>,
    /// Keys by their shared parts.
    pub groups: HashMap<String, Vec<u32>>,
}

/// A column that two references set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shared {
    /// Position of the earlier one among the plan's references.
    pub reference: usize,
    pub their_part: usize,
    pub our_part: usize,
}

impl Plan {
    /// Plans to add `rows` rows to a table.
    pub fn new(table: Table, rows: u64, seed: u64) -> Self {
        Planner::new(table, rows, seed).plan()
    }

    /// The rows asked for, as far as the table can hold them.
    pub fn rows(&self, asked: u64) -> u64 {
        self.capacity
            .as_ref()
            .map_or(asked, |(capacity, _)| asked.min(*capacity))
    }

    /// The table.
    pub fn table(&self) -> &Table {
        &self.table
    }
}

struct Planner {
    table: Table,
    rows: u64,
    seed: u64,
    variants: Vec<Variant>,
    suited: Vec<Option<Recognized>>,
    soft: Vec<(usize, usize, String)>,
    written: Vec<bool>,
    /// The source of each column in each variant, or what is wrong.
    made: Vec<Vec<Made>>,
    report: Vec<ColumnReport>,
    references: Vec<PlannedReference>,
    keys: Vec<Option<(usize, usize)>>,
    digits: Vec<Option<Digit>>,
    copies: Vec<Option<usize>>,
    problems: Vec<Problem>,
    capacity: Option<(u64, String)>,
    unproven: BTreeSet<String>,
    verified: Vec<Vec<Expr>>,
    searched: BTreeSet<String>,
    /// How many of the values by index existing rows have, though it is not known which.
    taken: u64,
}

impl Planner {
    fn new(table: Table, rows: u64, seed: u64) -> Self {
        let count = table.columns.len();
        Self {
            rows,
            seed,
            variants: Vec::new(),
            suited: Vec::new(),
            soft: Vec::new(),
            written: vec![false; count],
            made: Vec::new(),
            report: vec![ColumnReport::default(); count],
            references: Vec::new(),
            keys: vec![None; count],
            digits: vec![None; count],
            copies: vec![None; count],
            problems: Vec::new(),
            capacity: None,
            unproven: BTreeSet::new(),
            verified: Vec::new(),
            searched: BTreeSet::new(),
            taken: 0,
            table,
        }
    }

    fn plan(mut self) -> Plan {
        if let Some(message) = self.table.unfillable.clone() {
            self.problem(None, &[], message, "Add a partition.");
        }
        self.recognise();
        self.choose_written();
        self.analyse();
        self.resolve_references();
        self.make_sources();
        self.meet_exclusions();
        let choice = self.meet_uniques();
        self.restrict_references();
        self.finish(choice)
    }

    fn name(&self, column: usize) -> &str {
        &self.table.columns[column].name
    }

    fn stream(&self, name: &str) -> Stream {
        Stream::new(self.seed, &self.table.name, name)
    }

    fn problem(
        &mut self,
        constraint: Option<&str>,
        columns: &[usize],
        message: String,
        hint: &str,
    ) {
        let columns = columns.iter().map(|&c| self.name(c).to_owned()).collect();
        self.problems.push(Problem {
            constraint: constraint.map(str::to_owned),
            columns,
            message,
            hint: hint.to_owned(),
        });
    }

    fn recognise(&mut self) {
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
    fn is_constrained(&self, column: usize) -> bool {
        let table = &self.table;
        table.references.iter().any(|r| r.columns.contains(&column))
            || table.uniques.iter().any(|u| u.columns.contains(&column))
    }

    fn choose_written(&mut self) {
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
    fn analyse(&mut self) {
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
                self.problems.push(Problem {
                    constraint: contradiction
                        .checks
                        .first()
                        .and_then(|&check| checks.get(check))
                        .map(|check| check.name.clone()),
                    columns: about,
                    message: contradiction.sentence.trim_end_matches('.').to_owned(),
                    hint: "No row can satisfy these constraints together.".to_owned(),
                });
            }
            self.variants.push(Variant::default());
        }
    }

    fn domain(&self, variant: usize, column: usize) -> Domain {
        let column = &self.table.columns[column];
        let mut domain = self.variants[variant]
            .domains
            .get(&column.name)
            .cloned()
            .unwrap_or_default();
        if column.not_null && domain.null == Nullness::Free {
            domain.null = Nullness::MustNotBeNull;
        }
        domain
    }

    /// References in order, widest first; a column belongs to the first that has it.
    fn resolve_references(&mut self) {
        let mut places: Vec<usize> = (0..self.table.references.len()).collect();
        places.sort_by_key(|&place| std::cmp::Reverse(self.table.references[place].columns.len()));
        for place in places {
            let reference = self.table.references[place].clone();
            let wished = reference
                .columns
                .iter()
                .any(|&c| self.table.columns[c].wish.values.is_some() || !self.written[c]);
            if let Some(own) = &reference.own {
                for (&column, &source) in reference.columns.iter().zip(own) {
                    if self.keys[column].is_none() && column != source {
                        self.copies[column] = Some(source);
                        self.describe(column, "its own key", "the row refers to itself");
                    }
                }
                continue;
            }
            if wished {
                // Values that the caller gives, or the database, are the caller's to get right.
                self.unproven.insert(reference.name.clone());
                continue;
            }
            let refuses: Vec<usize> = reference
                .columns
                .iter()
                .copied()
                .filter(|&c| self.table.columns[c].not_null)
                .collect();
            if reference.keys.is_empty() && !refuses.is_empty() {
                let message = format!(
                    "constraint {} on column {} refers to {}, which has no rows to refer to",
                    reference.name,
                    self.name(refuses[0]),
                    reference.table
                );
                let hint = format!(
                    "Fill {} first, or fill both with synth_fill_schema.",
                    reference.table
                );
                self.problem(Some(&reference.name), &reference.columns, message, &hint);
                continue;
            }
            let here = self.references.len();
            let mut shared = Vec::new();
            for (part, &column) in reference.columns.iter().enumerate() {
                match self.keys[column] {
                    Some((earlier, their_part)) => shared.push(Shared {
                        reference: earlier,
                        their_part,
                        our_part: part,
                    }),
                    None => self.keys[column] = Some((here, part)),
                }
            }
            let mut groups: HashMap<String, Vec<u32>> = HashMap::new();
            if !shared.is_empty() {
                for (number, key) in (0_u32..).zip(0..reference.keys.len()) {
                    let parts: Vec<&str> = shared
                        .iter()
                        .map(|shared| reference.keys.part(shared.our_part, key))
                        .collect();
                    groups.entry(parts.join("\u{1f}")).or_default().push(number);
                }
            }
            for &column in &reference.columns {
                let reason = format!("{} refers to {}", reference.name, reference.table);
                self.describe(column, "key of a row referred to", &reason);
            }
            self.references.push(PlannedReference {
                place,
                stream: self.stream(&format!("reference {}", reference.name)),
                digit: None,
                nulls: Vec::new(),
                allowed: Vec::new(),
                shared,
                groups,
            });
        }
    }

    fn describe(&mut self, column: usize, generator: &str, reason: &str) {
        self.report[column] = ColumnReport {
            generator: generator.to_owned(),
            arguments: String::new(),
            reason: reason.to_owned(),
        };
    }

    /// The keys of a reference that a variant may use, by the domains of its columns and by what
    /// other references over the same columns have; and its share of NULLs.
    fn restrict_references(&mut self) {
        for here in 0..self.references.len() {
            let reference = self.table.references[self.references[here].place].clone();
            let mut usable: Option<Vec<u32>> = None;
            for later in &self.references {
                let shared: Vec<&Shared> = later
                    .shared
                    .iter()
                    .filter(|shared| shared.reference == here)
                    .collect();
                if shared.is_empty() || shared.len() != later.shared.len() {
                    continue;
                }
                let keep = |key: &u32| {
                    let parts: Vec<&str> = shared
                        .iter()
                        .map(|shared| reference.keys.part(shared.their_part, *key as usize))
                        .collect();
                    later.groups.contains_key(&parts.join("\u{1f}"))
                };
                let all = usable.take().unwrap_or_else(|| {
                    (0..u32::try_from(reference.keys.len()).unwrap_or(u32::MAX)).collect()
                });
                let nullable = self.table.references[later.place]
                    .columns
                    .iter()
                    .any(|&c| !self.table.columns[c].not_null);
                let kept: Vec<u32> = all.iter().copied().filter(keep).collect();
                usable = Some(if kept.is_empty() && nullable {
                    all
                } else {
                    kept
                });
            }
            for variant in 0..self.variants.len() {
                let mut allowed = usable.clone();
                let mut nulls = share(self.null_fraction(&reference.columns));
                for (part, &column) in reference.columns.iter().enumerate() {
                    if self.keys[column] != Some((here, part)) {
                        continue;
                    }
                    let domain = self.domain(variant, column);
                    match domain.null {
                        Nullness::MustBeNull => nulls = u64::MAX,
                        Nullness::MustNotBeNull if nulls != u64::MAX => nulls = 0,
                        _ => {}
                    }
                    if let Some(test) = KeyTest::new(&self.table.columns[column].class, &domain) {
                        let all = allowed.take().unwrap_or_else(|| {
                            (0..u32::try_from(reference.keys.len()).unwrap_or(u32::MAX)).collect()
                        });
                        let keep =
                            |key: &u32| test.allows(reference.keys.part(part, *key as usize));
                        allowed = Some(all.into_iter().filter(keep).collect());
                    }
                }
                if reference.keys.is_empty() {
                    nulls = u64::MAX;
                }
                self.references[here].nulls.push(nulls);
                self.references[here].allowed.push(allowed);
            }
            let digit = self.references[here].digit.is_some();
            let none_left = |(allowed, nulls): (&Option<Vec<u32>>, &u64)| {
                allowed.as_ref().is_some_and(Vec::is_empty) && *nulls != u64::MAX
            };
            let planned = &self.references[here];
            let restricted = planned.allowed.iter().any(Option::is_some);
            if digit && restricted {
                self.unproven.insert(reference.name.clone());
            }
            if planned.allowed.iter().zip(&planned.nulls).all(none_left)
                && !planned.allowed.is_empty()
                && reference
                    .columns
                    .iter()
                    .all(|&c| self.table.columns[c].not_null)
            {
                let message = format!(
                    "constraint {} on column {}: no row of {} has a key that the other constraints allow",
                    reference.name,
                    self.name(reference.columns[0]),
                    reference.table
                );
                self.problem(
                    Some(&reference.name),
                    &reference.columns,
                    message,
                    "Add rows to the table referred to that suit.",
                );
            }
        }
    }

    fn null_fraction(&self, columns: &[usize]) -> f64 {
        if columns.iter().any(|&c| self.table.columns[c].not_null) {
            return 0.0;
        }
        columns
            .iter()
            .find_map(|&c| self.table.columns[c].wish.null_fraction)
            .unwrap_or(NULL_FRACTION)
    }

    fn make_sources(&mut self) {
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
            if let Some(message) = wrong.filter(|_| only_null && column.not_null) {
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
        self.refuse_wrong_wishes();
    }

    /// Moments under a constraint that is not understood are round ones more often than not.
    fn round(&self, place: usize, made: &mut [Made]) {
        let about = self.checks_about(place);
        let open = |name: &String| self.unproven.contains(name) || self.searched.contains(name);
        if !about.iter().any(open) {
            return;
        }
        let parts = self.constants(&about);
        for made in made {
            match &mut made.source {
                Source::Ordered(ordered) => {
                    ordered.rounded = ordered.codec.is_time() && ordered.codec.grain() > 1;
                }
                Source::Text(text) => text.parts.clone_from(&parts),
                _ => {}
            }
        }
    }

    /// The quoted constants in constraints that are not understood.
    fn constants(&self, names: &[String]) -> Vec<String> {
        let domains = self
            .table
            .columns
            .iter()
            .flat_map(|column| &column.domain_checks);
        let mut out: Vec<String> = Vec::new();
        for (name, expression) in self.table.checks.iter().chain(domains) {
            let open = self.unproven.contains(name) || self.searched.contains(name);
            if names.contains(name) && open {
                let quoted = expression.split('\'').skip(1).step_by(2);
                let texts = quoted.filter(|text| !text.is_empty() && text.chars().count() <= 64);
                out.extend(texts.map(str::to_owned));
            }
        }
        out.sort_unstable();
        out.dedup();
        out
    }

    /// A wish that does not fit is the caller's error, also where NULL would be allowed.
    fn refuse_wrong_wishes(&mut self) {
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
                continue;
            }
            if asks && let Err(message) = make(column, &Domain::default(), None) {
                let message = format!("column {}: {message}", column.name);
                self.problem(None, &[place], message, "Correct the entry in overrides.");
            }
        }
    }

    /// The constraints that mention a column, or are of its domain.
    fn checks_about(&self, place: usize) -> Vec<String> {
        let column = &self.table.columns[place];
        let mut names: Vec<String> = column
            .domain_checks
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        names.extend(
            self.table
                .checks
                .iter()
                .filter(|(_, expression)| Self::mentions(expression, &column.name))
                .map(|(name, _)| name.clone()),
        );
        if names.is_empty() {
            names.push(format!("column {}", column.name));
        }
        names
    }

    /// Whether an expression mentions a column: its name stands there as a word.
    fn mentions(expression: &str, name: &str) -> bool {
        let part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        expression.match_indices(name).any(|(at, _)| {
            !expression[..at].ends_with(part) && !expression[at + name.len()..].starts_with(part)
        })
    }

    /// Ranges and shapes that must not overlap are laid out next to each other by index.
    fn meet_exclusions(&mut self) {
        for exclusion in self.table.exclusions.clone() {
            let apart = exclusion.elements.iter().find_map(|(column, operator)| {
                let column = (*column)?;
                let suits = match &self.table.columns[column].class {
                    Class::Range { element, .. } => {
                        Codec::of(element, 0).is_some() && operator == "&&"
                    }
                    Class::Box | Class::Circle | Class::Cidr | Class::Inet => operator == "&&",
                    _ => operator == "=",
                };
                let free = self.written[column] && self.keys[column].is_none();
                (suits && free && operator == "&&").then_some(column)
            });
            let equal_only = exclusion
                .elements
                .iter()
                .all(|(column, operator)| column.is_some() && operator == "=");
            if equal_only {
                self.table.uniques.push(super::table::Unique {
                    name: exclusion.name,
                    columns: exclusion.elements.iter().filter_map(|(c, _)| *c).collect(),
                    plain: exclusion.plain,
                    nulls_equal: false,
                });
                continue;
            }
            let sure = |column: usize| {
                self.made[column]
                    .iter()
                    .all(|made| made.proven && matches!(made.source, Source::Cell(_)))
                    && self
                        .variants
                        .iter()
                        .all(|variant| !variant.domains.contains_key(self.name(column)))
            };
            match apart {
                Some(column) if self.table.existing_rows == 0 && sure(column) => {
                    self.digits[column].get_or_insert(Digit::whole(0, None));
                }
                _ => {
                    self.unproven.insert(exclusion.name);
                }
            }
        }
    }

    /// Indexes for unique columns; gives how rows choose their variant.
    fn meet_uniques(&mut self) -> Choice {
        let mut choice = match self.variants.len() {
            1 => Choice::Only,
            _ => Choice::Drawn(self.stream("variant")),
        };
        let mut uniques = self.table.uniques.clone();
        // Narrow ones first: they leave the wider ones nothing to do.
        uniques.sort_by_key(|unique| (!unique.plain, unique.columns.len()));
        for unique in uniques {
            let written: Vec<usize> = unique
                .columns
                .iter()
                .copied()
                .filter(|&c| self.written[c])
                .collect();
            let by_database = unique
                .columns
                .iter()
                .any(|&c| !self.written[c] && self.table.columns[c].default == Given::Sequence);
            let alone = |&c: &usize| self.is_unique_alone(c);
            if unique.plain && (by_database || written.iter().any(alone)) {
                continue;
            }
            if !unique.plain || written.len() != unique.columns.len() {
                self.tell_apart(&unique);
                self.unproven.insert(unique.name);
                continue;
            }
            if let Some(by_index) = self.meet_unique(&unique) {
                choice = by_index;
            }
        }
        choice
    }

    /// Under an index on expressions or for some rows only: texts that differ help, whatever is made
    /// of them.
    fn tell_apart(&mut self, unique: &super::table::Unique) {
        let mut columns = unique.columns.clone();
        for &column in &unique.columns {
            if let Given::Generated(expression) = &self.table.columns[column].default {
                columns.extend((0..self.table.columns.len()).filter(|&other| {
                    other != column && Self::mentions(expression, self.name(other))
                }));
            }
        }
        let text = columns.into_iter().find(|&column| {
            self.written[column]
                && self.keys[column].is_none()
                && self.digits[column].is_none()
                && self.made[column]
                    .iter()
                    .all(|made| matches!(made.source, Source::Text(_)))
        });
        if let Some(column) = text {
            self.make_unique(column, &unique.name);
            let limit = self.made[column]
                .first()
                .and_then(|made| made.source.distinct());
            self.digits[column] = Some(Digit::whole(self.table.existing_rows, limit));
        }
    }

    fn is_unique_alone(&self, column: usize) -> bool {
        if let Some(copied) = self.copies[column] {
            return self.is_unique_alone(copied);
        }
        match (self.digits[column], self.keys[column]) {
            (Some(digit), _) => digit.modulus.is_none() && digit.divisor == 1,
            (None, Some((reference, _))) => self.references[reference].digit.is_some_and(|digit| {
                digit.modulus.is_none()
                    && digit.divisor == 1
                    && self.table.references[self.references[reference].place]
                        .columns
                        .len()
                        == 1
            }),
            (None, None) => false,
        }
    }

    fn meet_unique(&mut self, unique: &super::table::Unique) -> Option<Choice> {
        let mut members = Vec::new();
        for &column in &unique.columns {
            let member = match self.keys[column] {
                Some((reference, _)) => Member::Reference(reference),
                None => Member::Column(column),
            };
            if !members.contains(&member) {
                members.push(member);
            }
        }
        let existing = self.table.existing_rows;
        let mut components = Vec::new();
        for &member in &members {
            let Some(component) = self.component(member, unique, members.len() == 1) else {
                self.unproven.insert(unique.name.clone());
                return None;
            };
            components.push(component);
        }
        // Numbers go on after the largest there is: they need no other start.
        let continues = matches!(&members[..], [Member::Column(column)] if self.goes_on(*column));
        // Of few values those that are left may be anywhere among them.
        let few = |component: &Component| {
            component
                .distinct
                .is_some_and(|count| count / 4 < existing.saturating_add(self.rows))
        };
        let start = if continues || components.iter().all(few) {
            0
        } else {
            existing
        };
        if existing > 0 && !continues && !self.is_fresh(&members) {
            self.unproven.insert(unique.name.clone());
        }
        let key = self.stream(&format!("unique {}", unique.name));
        let scheme = scheme(&components, start, self.rows, key);
        let nullable = !unique.nulls_equal
            && unique
                .columns
                .iter()
                .any(|&column| !self.table.columns[column].not_null && self.can_be_null(column));
        let mut by_index = None;
        for (member, digit) in scheme.digits {
            match member {
                Member::Reference(reference) => self.references[reference].digit = Some(digit),
                Member::Column(column) => {
                    by_index = self.assign(column, digit, start, unique).or(by_index);
                }
            }
        }
        let mut capacity = scheme.capacity;
        // One row more has NULL where NULLs count as equal, if none has it yet.
        let one_null = unique.nulls_equal
            && existing == 0
            && matches!(&members[..], [Member::Column(column)]
                if !self.table.columns[*column].not_null && self.can_be_null(*column));
        if one_null {
            capacity = capacity.map(|capacity| capacity + 1);
        }
        if let (0, Some(all), true) = (start, capacity, existing > 0 && !continues) {
            self.taken = self.taken.max(existing.min(all));
        }
        if let Some(Choice::ByIndex { ends, .. }) = &by_index {
            capacity = ends.last().map(|end| end.saturating_sub(start));
        }
        if let Some(capacity) = capacity
            && !nullable
            && self
                .capacity
                .as_ref()
                .is_none_or(|(least, _)| capacity < *least)
        {
            self.capacity = Some((capacity, unique.name.clone()));
        }
        by_index
    }

    fn can_be_null(&self, column: usize) -> bool {
        (0..self.variants.len()).all(|variant| self.domain(variant, column).null == Nullness::Free)
    }

    /// Values by index that no existing row can have.
    fn is_fresh(&self, members: &[Member]) -> bool {
        members.iter().any(|member| match member {
            // Keys that are still free are all that was read.
            Member::Reference(reference) => {
                members.len() == 1
                    && self.table.references[self.references[*reference].place].unused_only
            }
            Member::Column(_) => false,
        })
    }

    /// Whether a column's values go on after the largest existing one.
    fn goes_on(&self, column: usize) -> bool {
        self.table.columns[column].last.is_some()
            && self.made[column]
                .iter()
                .all(|made| matches!(made.source, Source::Ordered(_)))
    }

    fn component(
        &mut self,
        member: Member,
        unique: &super::table::Unique,
        single: bool,
    ) -> Option<Component> {
        match member {
            Member::Reference(reference) => {
                let planned = &self.references[reference];
                let keys = &self.table.references[planned.place];
                // All columns of the reference, or its keys repeat.
                let whole = keys.columns.iter().all(|c| unique.columns.contains(c));
                if !whole || planned.digit.is_some() || !planned.shared.is_empty() {
                    return None;
                }
                Some(Component {
                    member,
                    distinct: Some(keys.keys.len() as u64),
                    ordered: false,
                    alone: false,
                })
            }
            Member::Column(column) => {
                if self.digits[column].is_some() || self.copies[column].is_some() {
                    return None;
                }
                if single {
                    self.widen(column);
                }
                let made = &self.made[column];
                let varies = made
                    .windows(2)
                    .any(|pair| !same_values(&pair[0].source, &pair[1].source));
                let first = made.first()?;
                let ordered = matches!(first.source, Source::Ordered(_));
                if matches!(first.source, Source::Drawn { .. } | Source::Null) {
                    return None;
                }
                if varies && !(ordered && single) {
                    return None;
                }
                self.make_unique(column, &unique.name);
                let source = &self.made[column].first()?.source;
                if let Source::Text(text) = source
                    && matches!(text.telling, Telling::Drawn)
                {
                    return None;
                }
                Some(Component {
                    member,
                    distinct: source.distinct(),
                    ordered,
                    alone: matches!(source, Source::Text(_))
                        || matches!(self.table.columns[column].class, Class::Uuid),
                })
            }
        }
    }

    /// Numbers of a unique column may use all of their domain, from the largest existing on; those
    /// of a key begin at one.
    fn widen(&mut self, column: usize) {
        let rows = self.rows.saturating_add(self.table.existing_rows);
        for variant in 0..self.variants.len() {
            let domain = self.domain(variant, column);
            let definition = self.table.columns[column].clone();
            let Some(Made {
                source: Source::Ordered(ordered),
                ..
            }) = self.made[column].get(variant)
            else {
                continue;
            };
            let codec = ordered.codec;
            let after = definition
                .last
                .as_deref()
                .and_then(|last| codec.read(last))
                .map(|(count, _)| count.saturating_add(1));
            let narrow = ordered.total() < rows || after.is_some() || !codec.is_time();
            if !narrow {
                continue;
            }
            let Ok(wide) = make(&definition, &domain, Some(&everything())) else {
                continue;
            };
            let Source::Ordered(wide_source) = wide.source else {
                continue;
            };
            let (low, high) = wide_source.ends();
            let natural = if codec.is_time() {
                ordered.ends().0
            } else {
                codec.counts(1)
            };
            let from = after.unwrap_or(natural).max(low);
            let tail = wide_source.within(from, high);
            let enough = tail.total() >= self.rows;
            let source =
                if enough || (after.is_some() && !tail.is_empty() && self.variants.len() > 1) {
                    tail
                } else {
                    // No room above: the whole domain, and the database says what is taken.
                    self.table.columns[column].last = None;
                    wide_source
                };
            let (mut a, mut b) = (String::new(), String::new());
            let (low, high) = source.ends();
            codec.write(low, &mut a);
            codec.write(high, &mut b);
            let report = &mut self.report[column];
            "numbers in order".clone_into(&mut report.generator);
            report.arguments = format!("{a} to {b}");
            self.made[column][variant].source = Source::Ordered(source);
        }
    }

    fn make_unique(&mut self, column: usize, unique: &str) {
        let values = self.rows.saturating_add(self.table.existing_rows);
        let key = self.stream("unique value");
        let mut sure = true;
        for made in &mut self.made[column] {
            match &mut made.source {
                Source::Text(text) => {
                    text.make_unique(values, key);
                    sure &= text.is_sure_when_unique();
                }
                Source::Cell(cell) => cell.generator = None,
                _ => {}
            }
        }
        if !sure {
            let checks = self.checks_about(column);
            self.unproven.extend(checks);
        }
        let report = &mut self.report[column];
        if !report.reason.contains("unique") {
            report.reason = format!("{}; made unique for {unique}", report.reason);
        }
    }

    fn assign(
        &mut self,
        column: usize,
        digit: Digit,
        start: u64,
        unique: &super::table::Unique,
    ) -> Option<Choice> {
        let made = &self.made[column];
        let varies = made
            .windows(2)
            .any(|pair| !same_values(&pair[0].source, &pair[1].source));
        if !varies {
            self.digits[column] = Some(digit);
            return None;
        }
        // Each variant has values of its own, as partitions by range do: rows go through them one
        // after the other, in the order of the values.
        let mut order: Vec<usize> = (0..self.variants.len()).collect();
        order.sort_by_key(|&variant| match &self.made[column][variant].source {
            Source::Ordered(ordered) => ordered.ends().0,
            _ => i64::MIN,
        });
        self.variants = order
            .iter()
            .map(|&v| std::mem::take(&mut self.variants[v]))
            .collect();
        for made in &mut self.made {
            if made.len() == order.len() {
                *made = order.iter().map(|&v| made[v].clone()).collect();
            }
        }
        let mut ends = Vec::new();
        let mut whole: Vec<(i64, i64)> = Vec::new();
        let mut sum = 0_u64;
        let mut overlap = false;
        for made in &self.made[column] {
            if let Source::Ordered(ordered) = &made.source {
                if !ordered.is_empty() {
                    let (low, high) = ordered.ends();
                    overlap |= whole.last().is_some_and(|last| last.1 >= low);
                    whole.push((low, high));
                }
                sum = sum.saturating_add(ordered.total());
            }
            ends.push(sum);
        }
        if overlap {
            self.unproven.insert(unique.name.clone());
            return None;
        }
        if let Some(Made {
            source: Source::Ordered(first),
            ..
        }) = self.made[column].first()
        {
            let joined = super::source::Ordered::new(first.codec, whole, 1, first.spread);
            for made in &mut self.made[column] {
                made.source = Source::Ordered(joined.clone());
            }
        }
        self.digits[column] = Some(Digit {
            limit: Some(sum),
            ..digit
        });
        Some(Choice::ByIndex { start, ends })
    }

    fn finish(mut self, choice: Choice) -> Plan {
        let count = self.table.columns.len();
        let mut columns = Vec::with_capacity(count);
        for place in 0..count {
            columns.push(self.planned(place));
        }
        let order = self.relate(&mut columns);
        let limit = self.capacity.as_ref().map(|(capacity, _)| *capacity);
        for (least, name) in self.table.limits.clone() {
            if self
                .capacity
                .as_ref()
                .is_none_or(|(capacity, _)| least < *capacity)
            {
                self.capacity = Some((least, name));
            }
        }
        if let Some((capacity, _)) = &mut self.capacity {
            *capacity -= self.taken.min(*capacity);
        }
        if self
            .capacity
            .as_ref()
            .is_some_and(|(capacity, _)| *capacity >= self.rows)
        {
            self.capacity = None;
        }
        let written = (0..count).filter(|&place| self.written[place]).collect();
        Plan {
            candidates: limit,
            table: self.table,
            variants: self.variants,
            choice,
            columns,
            references: self.references,
            order,
            verified: self.verified,
            written,
            report: self.report,
            problems: self.problems,
            capacity: self.capacity,
            unproven: self.unproven,
            searched: self.searched,
        }
    }

    fn planned(&self, place: usize) -> Planned {
        let column = &self.table.columns[place];
        let made = self.made.get(place).map_or(&[][..], Vec::as_slice);
        let mut choices = Vec::new();
        let mut of_variant = Vec::new();
        for (variant, made) in made.iter().enumerate() {
            let same = variant > 0
                && self.domain(variant, place) == self.domain(variant - 1, place)
                && same_values(&made.source, &self.made[place][variant - 1].source);
            if !same {
                choices.push(SourceChoice {
                    source: made.source.clone(),
                    nulls: self.nulls(variant, place),
                });
            }
            of_variant.push(choices.len() - 1);
        }
        if choices.is_empty() {
            choices.push(SourceChoice {
                source: Source::Null,
                nulls: 0,
            });
        }
        let group = made.iter().find_map(|made| made.group.clone());
        let name = made.first().map(|made| made.generator.as_str());
        let remixes = name
            .filter(|_| group.is_some())
            .and_then(|name| generator::find(name).ok())
            .map_or(0, |generator| generator.remixes);
        let stream = match &group {
            Some(group) => self.stream(group),
            None => self.stream(&column.name),
        };
        let codec = made
            .iter()
            .find_map(|made| match &made.source {
                Source::Ordered(ordered) => Some(ordered.codec),
                Source::Drawn { codec, .. } => Some(*codec),
                Source::List(list) => list.codec,
                _ => None,
            })
            .or_else(|| Codec::of(&column.class, 6));
        Planned {
            choices,
            of_variant,
            stream,
            remixes,
            digit: self.digits[place],
            key: self.keys[place],
            copy_of: self.copies[place],
            computed: Vec::new(),
            binds: Vec::new(),
            predicates: Vec::new(),
            codec,
            keep_counts: false,
            nullable: !column.not_null,
            plain_type: plain_type(&column.class),
        }
    }

    fn nulls(&self, variant: usize, place: usize) -> u64 {
        let column = &self.table.columns[place];
        if self.domain(variant, place).null != Nullness::Free {
            return 0;
        }
        let equal_nulls = self
            .table
            .uniques
            .iter()
            .any(|unique| unique.nulls_equal && unique.columns.contains(&place));
        if equal_nulls {
            return 0;
        }
        let fraction = match (&self.suited[place], column.wish.null_fraction) {
            (_, Some(fraction)) => fraction,
            (
                Some(Recognized {
                    recognition:
                        Recognition::Time {
                            role: TimeRole::Deleted | TimeRole::Death,
                        },
                    ..
                }),
                None,
            ) => 0.9,
            _ if matches!(column.wish.values, Some(Values::List(_))) => 0.0,
            _ => NULL_FRACTION,
        };
        share(fraction)
    }

    /// Comparisons and computations between columns, and the order in which columns are made.
    fn relate(&mut self, columns: &mut [Planned]) -> Vec<usize> {
        let count = columns.len();
        let place = |name: &str| self.table.columns.iter().position(|c| c.name == name);
        let mut compared: Vec<Vec<(usize, Comparison, usize, Option<Literal>)>> = Vec::new();
        let mut after: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); count];
        let mut unproven = Vec::new();
        for variant in &self.variants {
            let mut here = Vec::new();
            for relation in &variant.relations {
                match relation {
                    Relation::Compare {
                        left,
                        operator,
                        right,
                        offset,
                    } => match place(left).zip(place(right)) {
                        Some((left, right))
                            if columns[left].codec.is_some()
                                && columns[right].codec.is_some()
                                && self.written[left]
                                && self.written[right]
                                && !(is_fixed(&columns[left]) && is_fixed(&columns[right])) =>
                        {
                            here.push((left, *operator, right, offset.clone()));
                        }
                        Some((left, right)) if self.written[left] && self.written[right] => {
                            part(columns, left, *operator, right);
                            unproven.push(format!("{} and {}", self.name(left), self.name(right)));
                        }
                        _ => unproven.push(format!("{left} and {right}")),
                    },
                    Relation::Computed { column, expression } => {
                        if let Some(column) = place(column)
                            && self.written[column]
                            && !is_fixed(&columns[column])
                        {
                            for other in expression.columns() {
                                after[column].extend(place(&other));
                            }
                        } else {
                            unproven.push(column.clone());
                        }
                    }
                    // Looked at once the order is known.
                    Relation::Predicate { .. } => {}
                }
            }
            compared.push(here);
        }
        for (number, variant) in self.variants.iter().enumerate() {
            for relation in &variant.relations {
                if let Relation::Computed { column, expression } = relation
                    && let Some(column) = place(column)
                    && !is_fixed(&columns[column])
                {
                    columns[column].computed.resize(self.variants.len(), None);
                    columns[column].computed[number] = Some(expression.clone());
                }
            }
        }
        for variant in &self.variants {
            for name in variant.domains.keys() {
                if place(name).is_some_and(|place| !self.written[place]) {
                    unproven.push(name.clone());
                }
            }
        }
        for (first, second, _) in &self.soft {
            let (first, second) = (*first, *second);
            let free = |c: usize| self.written[c] && columns[c].computed.is_empty();
            let related = compared
                .iter()
                .flatten()
                .any(|(a, _, b, _)| (*a == first && *b == second) || (*a == second && *b == first));
            if !related && free(first) && free(second) && !is_fixed(&columns[second]) {
                for here in &mut compared {
                    here.push((second, Comparison::GreaterOrEqual, first, None));
                }
                after[second].insert(first);
            }
        }
        for (column, copied) in self.copies.iter().enumerate() {
            after[column].extend(copied);
        }
        let mut order = in_order(columns, &after);
        // Of two compared columns the later one gives way.
        let mut rank = vec![0; count];
        for (at, &column) in order.iter().enumerate() {
            rank[column] = at;
        }
        for (variant, here) in compared.iter().enumerate() {
            for (left, comparison, right, offset) in here {
                let later_is_left = rank[*left] > rank[*right];
                let (column, bind) =
                    if later_is_left || offset.is_some() && !is_fixed(&columns[*left]) {
                        let bind = Bind {
                            other: *right,
                            comparison: *comparison,
                            offset: offset.clone(),
                        };
                        (*left, bind)
                    } else {
                        let bind = Bind {
                            other: *left,
                            comparison: comparison.mirrored(),
                            offset: offset.as_ref().and_then(negated),
                        };
                        (*right, bind)
                    };
                if rank[bind.other] > rank[column] {
                    after[column].insert(bind.other);
                }
                columns[bind.other].keep_counts = true;
                columns[column]
                    .binds
                    .resize(self.variants.len(), Vec::new());
                columns[column].binds[variant].push(bind);
            }
        }
        order = in_order(columns, &after);
        unproven.extend(self.predicates(columns, &order));
        self.leave_room(columns);
        for about in unproven {
            self.unproven.insert(format!("constraint on {about}"));
        }
        order
    }

    /// Conditions over several columns: the last of these that is free is drawn until they hold, and
    /// each row is looked at in the end. Gives the columns of those that cannot be computed.
    fn predicates(&mut self, columns: &mut [Planned], order: &[usize]) -> Vec<String> {
        let mut unproven = Vec::new();
        let count = self.variants.len();
        self.verified = vec![Vec::new(); count];
        for (number, variant) in self.variants.iter().enumerate() {
            for relation in &variant.relations {
                let expression = match relation {
                    Relation::Predicate { expression, .. } => expression.clone(),
                    Relation::Computed { column, expression } => Expr::Compare {
                        operator: Comparison::Equal,
                        left: Box::new(Expr::Column(column.clone())),
                        right: Box::new(expression.clone()),
                    },
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
                self.verified[number].push(expression.clone());
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
    fn leave_room(&self, columns: &mut [Planned]) {
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

/// A recognition that asks for everything the type holds.
fn everything() -> Recognized {
    Recognized {
        recognition: Recognition::Number {
            low: -9.0e18,
            high: 9.0e18,
            distribution: recognize::Distribution::Uniform,
        },
        reason: "it is unique".to_owned(),
        confidence: recognize::Confidence::High,
    }
}

fn same_values(a: &Source, b: &Source) -> bool {
    match (a, b) {
        (Source::Null, Source::Null) => true,
        (Source::Ordered(a), Source::Ordered(b)) => a.ends() == b.ends() && a.total() == b.total(),
        (Source::List(a), Source::List(b)) => a.values == b.values,
        (Source::Text(a), Source::Text(b)) => format!("{a:?}") == format!("{b:?}"),
        (Source::Cell(a), Source::Cell(b)) => format!("{a:?}") == format!("{b:?}"),
        (
            Source::Drawn { low, high, .. },
            Source::Drawn {
                low: l, high: h, ..
            },
        ) => low == l && high == h,
        _ => false,
    }
}

fn default_text(given: &Given) -> String {
    match given {
        Given::Nothing => "NULL".to_owned(),
        Given::Sequence => "sequence".to_owned(),
        Given::Constant(text) | Given::Expression(text) | Given::Generated(text) => text.clone(),
    }
}

/// The name under which literals of a class are read.
fn plain_type(class: &Class) -> &'static str {
    match class {
        Class::Boolean => "boolean",
        Class::Integer { .. } | Class::ObjectId => "bigint",
        Class::Decimal { .. } | Class::Float { .. } | Class::Money => "numeric",
        Class::Date => "date",
        Class::Time => "time",
        Class::Timestamp => "timestamp",
        Class::TimestampTz => "timestamptz",
        Class::Interval => "interval",
        class if class.is_text() => "text",
        _ => "",
    }
}
