//! Filling a whole schema: tables after those they refer to, and circles of references opened where
//! a reference may be NULL or may be checked later.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use serde_json::{Map, Value};

use super::filling::{Filling, Round};
use super::overrides;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::error::{raise, raise_with_detail};
use crate::query::{execute, query};
use crate::scratch::freed;

/// One tenth of the rows of a table in a circle come first, with NULL where the circle is opened.
const FIRST_SHARE: u64 = 10;

/// The most rows whose keys are foreseen for a circle of references one to one.
const MOST_FORESEEN: u64 = 100_000;

/// A row of the result.
pub struct Filled {
    /// The table.
    pub relid: Oid,
    /// Rows asked for.
    pub asked: u64,
    /// Rows written.
    pub written: u64,
    /// Why there are fewer.
    pub note: Option<String>,
}

/// Fills all tables of a schema.
pub fn fill(schema: &str, rows: u64, seed: u64, overrides: &Map<String, Value>) -> Vec<Filled> {
    let relids = tables(schema);
    let mut tables: BTreeMap<usize, Filling> = BTreeMap::new();
    let mut asked = Vec::new();
    let names: Vec<String> = relids.iter().map(|relid| bare_name(*relid)).collect();
    for name in overrides.keys() {
        if !names.contains(name) {
            raise(
                ERRCODE_UNDEFINED_TABLE,
                format!("overrides name table {name}, which schema {schema} does not have"),
                Some(format!("Tables: {}.", names.join(", "))),
            );
        }
    }
    for (place, &relid) in relids.iter().enumerate() {
        let mut wishes = overrides
            .get(&names[place])
            .map(overrides::object)
            .unwrap_or_default();
        let here = match wishes.remove("rows") {
            None => rows,
            Some(value) => value.as_u64().unwrap_or_else(|| {
                raise(
                    ERRCODE_INVALID_PARAMETER_VALUE,
                    format!(
                        "overrides of table {}: rows must be a number of 0 or more",
                        names[place]
                    ),
                    Some("Write {\"<table>\": {\"rows\": 100}}.".to_owned()),
                )
            }),
        };
        asked.push(here);
        tables.insert(place, freed(|| Filling::new(relid, here, seed, &wishes)));
    }
    let mut order = Order::new(&relids, tables);
    order.set_aside();
    order.fill();
    relids
        .iter()
        .zip(asked)
        .enumerate()
        .map(|(place, (&relid, asked))| {
            let table = &order.tables[&place];
            Filled {
                relid,
                asked,
                written: table.written,
                // What a round had no room for, a later one may have had.
                note: table.note.clone().filter(|_| table.written < asked),
            }
        })
        .collect()
}

/// The order in which tables are filled.
struct Order {
    tables: BTreeMap<usize, Filling>,
    /// Places of tables by OID; partitions stand for the table they are of.
    places: HashMap<Oid, usize>,
    /// Tables with at least one row to refer to, or none to come.
    begun: BTreeSet<usize>,
    done: BTreeSet<usize>,
    /// Keys that were promised, by the table that has to keep the promise.
    promised: HashMap<usize, Vec<i16>>,
    /// Whether a table keeps what it promises: no candidate of it can be refused.
    certain: HashMap<usize, bool>,
    deferred: Vec<String>,
}

impl Order {
    fn new(relids: &[Oid], tables: BTreeMap<usize, Filling>) -> Self {
        let places = relids.iter().enumerate();
        Self {
            places: places
                .flat_map(|(place, &relid)| {
                    let partitions = query(
                        "SELECT relid::oid FROM pg_partition_tree($1)",
                        &[(pg_sys::OIDOID, relid.into_datum())],
                        |row| row.get::<Oid>(1),
                    );
                    let tree = partitions.into_iter().chain([relid]);
                    tree.map(move |relid| (relid, place))
                })
                .collect(),
            tables,
            begun: BTreeSet::new(),
            done: BTreeSet::new(),
            promised: HashMap::new(),
            certain: HashMap::new(),
            deferred: Vec::new(),
        }
    }

    /// References of a table to others of the schema that have no rows as yet: name and place.
    fn waits(&self, place: usize) -> impl Iterator<Item = (&str, usize)> {
        let references = self.tables[&place].described.references.iter();
        references.filter_map(move |reference| {
            let other = *self.places.get(&reference.target())?;
            let waits = other != place && !self.begun.contains(&other);
            waits.then_some((reference.name.as_str(), other))
        })
    }

    fn waiting(&self, place: usize) -> Vec<(String, usize)> {
        let named = |(name, other): (&str, usize)| (name.to_owned(), other);
        self.waits(place).map(named).collect()
    }

    /// Whether a table has no others to wait for.
    fn is_ready(&self, place: usize) -> bool {
        self.waits(place).next().is_none()
    }

    /// Tables that can hold no row get none, and say why: those without a partition to take rows,
    /// and those whose rows would have to refer to one of them.
    fn set_aside(&mut self) {
        let mut reasons: Vec<(usize, String)> = self
            .tables
            .iter()
            .filter_map(|(&place, table)| Some((place, table.described.table.unfillable.clone()?)))
            .collect();
        while let Some((place, reason)) = reasons.pop() {
            let Some(table) = self.tables.get_mut(&place) else {
                continue;
            };
            table.rows = 0;
            table.note = Some(reason);
            self.begun.insert(place);
            if !self.done.insert(place) || table.described.table.existing_rows > 0 {
                continue;
            }
            let empty = relation_name(table.described.relid);
            for (&other, referring) in &self.tables {
                let references = referring.described.references.iter();
                let mut needed = references.filter(|reference| {
                    self.places.get(&reference.target()) == Some(&place)
                        && !referring.is_nullable(&reference.name)
                });
                if let Some(reference) = needed.next().filter(|_| !self.done.contains(&other)) {
                    let name = &reference.name;
                    let why =
                        format!("constraint {name} refers to {empty}, which can hold no rows");
                    reasons.push((other, why));
                }
            }
        }
    }

    fn fill(&mut self) {
        loop {
            check_for_interrupts();
            let open: Vec<usize> = self
                .tables
                .keys()
                .copied()
                .filter(|place| !self.done.contains(place))
                .collect();
            if open.is_empty() {
                break;
            }
            // Tables whose references are all complete come first, so that circles are opened late
            // and completed early.
            if let Some(&place) = open.iter().find(|&&place| self.is_ready(place)) {
                self.complete(place);
            } else {
                self.open_circle(&open);
            }
        }
        if !self.deferred.is_empty() {
            let names = self.deferred.join(", ");
            // Checks what was put off, now.
            execute(&format!("SET CONSTRAINTS {names} IMMEDIATE"), &[]);
        }
    }

    fn complete(&mut self, place: usize) {
        if let (Some(numbers), Some(table)) =
            (self.promised.remove(&place), self.tables.get_mut(&place))
        {
            table.make_explicit(&numbers);
        }
        if let Some(table) = self.tables.get_mut(&place) {
            freed(|| {
                table.fill(u64::MAX, &mut Round::default());
                table.finish();
            });
        }
        self.begun.insert(place);
        self.done.insert(place);
    }

    /// No table is without a reference to one that waits: some rows of one of them come first.
    fn open_circle(&mut self, open: &[usize]) {
        let begins: Vec<usize> = open
            .iter()
            .copied()
            .filter(|place| !self.begun.contains(place))
            .collect();
        let opening = begins
            .into_iter()
            .filter_map(|place| {
                let waiting = self.waiting(place);
                let table = &self.tables[&place];
                let nullable = waiting
                    .iter()
                    .filter(|(name, _)| table.is_nullable(name))
                    .count();
                let deferrable = waiting
                    .iter()
                    .filter(|(name, _)| !table.is_nullable(name) && is_deferrable(table, name))
                    .count();
                if nullable + deferrable < waiting.len() {
                    return None;
                }
                let promised = self.promised_at_risk(place, &waiting);
                Some((promised, deferrable, waiting.len(), place))
            })
            .min();
        let Some((_, _, _, place)) = opening else {
            self.refuse_circle(open);
        };
        let mut round = Round::default();
        let mut foreseen = u64::MAX;
        for (name, other) in self.waiting(place) {
            if self.tables[&place].is_nullable(&name) {
                round.empty.insert(name);
                continue;
            }
            let count = self.promises(place, &name, other);
            let keys = self.foresee(place, &name, other, count);
            foreseen = foreseen.min(keys.first().map_or(0, Vec::len) as u64);
            round.foreseen.insert(name.clone(), keys);
            let schema = bare_schema(self.tables[&place].described.relid);
            let constraint = format!(
                "{}.{}",
                pgrx::spi::quote_identifier(schema),
                pgrx::spi::quote_identifier(&name)
            );
            execute(&format!("SET CONSTRAINTS {constraint} DEFERRED"), &[]);
            self.deferred.push(constraint);
        }
        if let Some(table) = self.tables.get_mut(&place) {
            let first = if round.foreseen.is_empty() {
                table.rows.div_ceil(FIRST_SHARE)
            } else {
                // As many as there are rows foreseen to refer to.
                foreseen
            };
            freed(|| table.fill(first, &mut round));
        }
        self.begun.insert(place);
    }

    /// How many keys of a table have to be foreseen for another to begin.
    fn promises(&self, place: usize, name: &str, other: usize) -> u64 {
        if !self.tables[&place].is_one_to_one(name) {
            return 1;
        }
        let rows = self.tables[&other].rows.min(self.tables[&place].rows);
        rows.min(MOST_FORESEEN)
    }

    /// How many keys would be foreseen for a table that may not come, since candidates may be refused.
    fn promised_at_risk(&mut self, place: usize, waiting: &[(String, usize)]) -> u64 {
        let mut at_risk = 0;
        for (name, other) in waiting {
            if !self.tables[&place].is_nullable(name) && !self.is_certain(*other) {
                at_risk += self.promises(place, name, *other);
            }
        }
        at_risk
    }

    fn is_certain(&mut self, place: usize) -> bool {
        if let Some(&certain) = self.certain.get(&place) {
            return certain;
        }
        let table = &self.tables[&place];
        let plan = table.plan(&table.blind());
        let certain = plan.unproven.is_empty() && table.policies.is_empty();
        self.certain.insert(place, certain);
        certain
    }

    /// The keys that the first rows of a table will have, by column.
    fn foresee(&mut self, place: usize, name: &str, other: usize, count: u64) -> Vec<Vec<String>> {
        // By name: a partition may number its columns otherwise than the table it is of.
        let their_columns: Vec<String> = self.tables[&place]
            .described
            .references
            .iter()
            .find(|reference| reference.name == name)
            .map(|reference| reference.their_columns.clone())
            .unwrap_or_default();
        let described = &self.tables[&other].described;
        let numbered = described.table.columns.iter().zip(&described.columns);
        let numbers: Vec<i16> = their_columns
            .iter()
            .filter_map(|name| {
                let mut columns = numbered.clone();
                columns.find(|(column, _)| column.name == *name)
            })
            .map(|(_, described)| described.number)
            .collect();
        self.promised.entry(other).or_default().extend(&numbers);
        let Some(table) = self.tables.get_mut(&other) else {
            return Vec::new();
        };
        table.make_explicit(&numbers);
        let plan = table.plan(&table.blind());
        table.check_without_references(&plan);
        let places: Vec<usize> = numbers
            .iter()
            .filter_map(|number| {
                let mut columns = table.described.columns.iter();
                let column = columns.position(|column| column.number == *number)?;
                plan.written.iter().position(|&written| written == column)
            })
            .collect();
        freed(|| table.first_values(&plan, &places, count))
    }

    fn refuse_circle(&self, open: &[usize]) -> ! {
        let circle: Vec<String> = open
            .iter()
            .flat_map(|&place| {
                let table = &self.tables[&place];
                self.waiting(place).into_iter().map(move |(name, other)| {
                    let from = relation_name(table.described.relid);
                    let to = relation_name(self.tables[&other].described.relid);
                    format!("{name}: {from} refers to {to}")
                })
            })
            .collect();
        raise_with_detail(
            ERRCODE_FOREIGN_KEY_VIOLATION,
            "tables refer to each other in a circle that no row can begin".to_owned(),
            circle.join("\n"),
            "Make one of the references nullable or DEFERRABLE.",
        );
    }
}

fn is_deferrable(table: &Filling, name: &str) -> bool {
    table
        .described
        .references
        .iter()
        .any(|reference| reference.name == name && reference.deferrable)
}

fn bare_schema(relid: Oid) -> String {
    // SAFETY: a catalog look-up that gives a palloc'd string or NULL.
    unsafe { crate::boundary::string(pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relid))) }
}

/// The tables of a schema, partitions left to the tables they are of.
fn tables(schema: &str) -> Vec<Oid> {
    let known = query(
        "SELECT count(*) FROM pg_namespace WHERE nspname = $1",
        &[(pg_sys::TEXTOID, schema.into_datum())],
        |row| row.get::<i64>(1),
    );
    if known.first() != Some(&1) {
        raise(
            ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{schema}\" does not exist"),
            Some("Name a schema of this database; names keep their case.".to_owned()),
        );
    }
    query(
        "SELECT c.oid FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND NOT EXISTS (
               SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
           )
         ORDER BY c.relname",
        &[(pg_sys::TEXTOID, schema.into_datum())],
        |row| row.get::<Oid>(1),
    )
}

fn bare_name(relid: Oid) -> String {
    // SAFETY: a catalog look-up that gives a palloc'd string or NULL.
    unsafe { crate::boundary::string(pg_sys::get_rel_name(relid)) }
}
