//! The plan of filling a table: for each column where its values come from and why, and, before a
//! row is made, what cannot be met.
//!
//! Constraints are met by construction. CHECKs become alternatives of domains and relations
//! ([`crate::fill::check`]); of a partitioned table each partition is an alternative too. A row belongs
//! to one alternative, and takes its values from what that allows. Unique columns take values by
//! index ([`crate::fill::unique`]), references by the place of a key. What construction cannot promise is
//! named in [`Plan::unproven`]: the database has to be asked about each row.

mod columns;
mod exclusions;
mod page;
mod references;
mod relations;
mod uniques;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::entropy::{Stream, remix};
use crate::fill::check::{Comparison, Domain, Expr, Literal, Nullness, Relation};
use crate::fill::class::Class;
use crate::fill::domain::Made;
use crate::fill::ordinal::Codec;
use crate::fill::recognize::{Recognition, Recognized, TimeRole};
use crate::fill::source::{Source, share};
use crate::fill::table::{Table, Values, mentions};
use crate::fill::unique::Digit;
use crate::generator;

/// Share of NULLs in a column that may be NULL, if nothing else is said and rows are not too wide.
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
    /// Whether numbers are drawn from a part of what they may be, so that more may find room.
    pub is_cut: bool,
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
    /// Whether it is what the caller asked for that does not fit.
    pub of_wish: bool,
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
    /// Counts that are added to the other column's.
    pub ahead: i64,
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
    counted: Vec<uniques::Counted>,
    verified: Vec<Vec<Expr>>,
    searched: BTreeSet<String>,
    /// How many of the values by index existing rows have, though it is not known which.
    taken: u64,
    /// Whether numbers are drawn from a part of what they may be.
    is_cut: bool,
    /// Ranges over columns that are laid out next to each other.
    slots: Vec<exclusions::Slot>,
    /// Share of NULLs in a column that may be NULL, if nothing else is said.
    null_fraction: f64,
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
            counted: Vec::new(),
            verified: Vec::new(),
            searched: BTreeSet::new(),
            taken: 0,
            is_cut: false,
            slots: Vec::new(),
            null_fraction: NULL_FRACTION,
            table,
        }
    }

    fn plan(mut self) -> Plan {
        if let Some(message) = self.table.unfillable.clone() {
            self.problem(None, &[], message, "Add a partition.");
        }
        self.recognise();
        self.choose_written();
        self.null_fraction = self.null_fraction_of_wide_rows();
        self.analyse();
        self.leave_out_equal_nulls();
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
            of_wish: false,
        });
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

    fn describe(&mut self, column: usize, generator: &str, reason: &str) {
        self.report[column] = ColumnReport {
            generator: generator.to_owned(),
            arguments: String::new(),
            reason: reason.to_owned(),
        };
    }

    fn finish(mut self, choice: Choice) -> Plan {
        let count = self.table.columns.len();
        let mut columns = Vec::with_capacity(count);
        for place in 0..count {
            columns.push(self.planned(place));
        }
        let order = self.relate(&mut columns);
        let limit = self.capacity.as_ref().map(|(capacity, _)| *capacity);
        let limit = self.go_around(&mut columns, &choice, limit);
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
            is_cut: self.is_cut,
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
            // Of others the database says which rows it takes.
            .any(|unique| unique.plain && unique.nulls_equal && unique.columns.contains(&place));
        // A range without an end overlaps every later one.
        let ends_range = || {
            let mut exclusions = self.table.exclusions.iter();
            exclusions.any(|exclusion| {
                exclusion.columns.contains(&place)
                    && exclusion.elements.iter().any(|element| {
                        element.operator == "&&"
                            && element.expression.contains("range(")
                            && mentions(&element.expression, &column.name)
                    })
            })
        };
        let in_slot = self.slots.iter().any(|slot| slot.has(place));
        if equal_nulls || in_slot || column.wish.null_fraction.is_none() && ends_range() {
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
            _ => self.null_fraction,
        };
        share(fraction)
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
