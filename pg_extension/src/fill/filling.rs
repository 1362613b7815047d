//! Filling one table: what is known of it, its plan, and what is said before a row is written.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use arrow_array::{Array, StringArray};
use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::{self, Oid};
use serde_json::{Map, Value};
use synth_engine::fill::{Batch, Given, Keys, Plan, Problem, Reference, Table, Values};

use super::catalog::{Described, DescribedReference, describe};
use super::gate::{BATCH, Candidates, Gate};
use super::rounds::Rehearsal;
use super::selection::Selection;
use super::shortage::{columns_of, unmade_for};
use super::{insert, keys, overrides, policies, privileges, state};
use crate::boundary::relation_name;
use crate::error::{raise, raise_with_detail};

/// A table that is being filled.
#[derive(Clone)]
pub struct Filling {
    /// What the catalogs say, with the state before the first row was written.
    pub described: Described,
    /// Rows asked for.
    pub rows: u64,
    /// Rows that arrived.
    pub written: u64,
    /// Why there are fewer than asked for.
    pub note: Option<String>,
    /// Fewer than asked for are an error.
    pub strict: bool,
    /// Whether triggers dropped rows, or may have.
    pub dropped: bool,
    seed: u64,
    /// The next candidate.
    pub next: u64,
    /// References that rows of earlier rounds have keys of.
    pub used: HashSet<String>,
    /// Conditions of row-level security.
    pub policies: Vec<String>,
    /// Numbers that a constraint refuses some of are drawn from at least so many times as many as there
    /// are rows.
    room: u64,
    /// Rows that were found for the rounds to come, in order.
    pub selections: VecDeque<Rc<Selection>>,
    /// Where rounds are gone through without writing them: what they found.
    pub rehearsal: Option<Rehearsal>,
}

/// How references are met in a round.
#[derive(Default, Clone)]
pub struct Round {
    /// References that are NULL for now.
    pub empty: HashSet<String>,
    /// References to keys that will be there at the end of the transaction.
    pub foreseen: HashMap<String, Vec<Vec<String>>>,
    /// References to the row itself.
    pub own: HashSet<String>,
}

impl Filling {
    /// Locks a table, checks that the caller may write it, and reads what the catalogs say.
    pub fn new(relid: Oid, rows: u64, seed: u64, wishes: &Map<String, Value>) -> Self {
        // Before the lock: who may not write must not be able to block.
        let writable = privileges::writable_columns(relid);
        // SAFETY: waits for the lock that INSERT takes; the table cannot change its shape after.
        unsafe { pg_sys::LockRelationOid(relid, pg_sys::RowExclusiveLock as i32) };
        let mut described = describe(relid);
        privileges::refuse_foreign_temporary(relid);
        for (column, in_database) in described.table.columns.iter_mut().zip(&described.columns) {
            if !writable.contains(&in_database.number) {
                column.wish.values = Some(Values::Default);
            }
        }
        overrides::apply(&mut described.table, wishes);
        overrides::check_values(&described);
        for (column, in_database) in described.table.columns.iter().zip(&described.columns) {
            let needed = column.not_null && column.default == Given::Nothing;
            if needed && !writable.contains(&in_database.number) {
                privileges::refuse_column(relid, &column.name);
            }
        }
        state::read(&mut described);
        let policies = policies::of(relid);
        for policy in &policies {
            let check = format!("(({policy}) IS TRUE)");
            described
                .table
                .checks
                .push((policies::NAME.to_owned(), check));
        }
        Self {
            described,
            rows,
            written: 0,
            note: None,
            strict: false,
            dropped: false,
            seed,
            next: 0,
            used: HashSet::new(),
            policies,
            room: 1,
            selections: VecDeque::new(),
            rehearsal: None,
        }
    }

    /// Where a plan found room for too few rows, with numbers from a part of what they may be: takes
    /// more of that for the next plan; whether there is more.
    pub fn make_room(&mut self, plan: &Plan) -> bool {
        // Sums and products of numbers as large as their type leave it, so that is the last resort.
        let more = plan.is_cut && self.room < u64::MAX;
        if more {
            self.room = if self.room == 1 { 1 << 12 } else { u64::MAX };
        }
        more
    }

    /// What the rows of a plan have to pass.
    pub fn gate(&self, plan: &Plan) -> Gate {
        Gate::new(&self.described, plan, &self.policies, self.written)
    }

    /// A round that does not look at what references refer to, which may not be there yet.
    pub fn blind(&self) -> Round {
        let references = self.described.references.iter();
        let unknown = |reference: &DescribedReference| {
            let key = vec![vec!["1".to_owned()]; reference.their_columns.len()];
            (reference.name.clone(), key)
        };
        Round {
            foreseen: references.map(unknown).collect(),
            ..Round::default()
        }
    }

    /// What the first candidates of a blind plan that pass the constraints have in some of the written
    /// columns; where none passes, what the first have.
    pub fn first_values(&self, plan: &Plan, places: &[usize], count: u64) -> Vec<Vec<String>> {
        let gate = self.gate(plan);
        let references = self.described.references.iter();
        let referring: HashSet<usize> = references.flat_map(|r| r.positions.clone()).collect();
        let mut out = vec![Vec::new(); places.len()];
        let take = |batch: &Batch, rows: &[usize], out: &mut Vec<Vec<String>>| {
            for (values, &place) in out.iter_mut().zip(places) {
                let column = &batch.columns[place];
                let valid = rows.iter().filter(|&&row| column.is_valid(row));
                values.extend(valid.map(|&row| column.value(row).to_owned()));
            }
        };
        let (mut next, mut found, mut fruitless) = (0, 0, 0);
        while found < count && fruitless < insert::PATIENCE {
            let mut batch = plan.batch(next..next + BATCH);
            // What these refer to is not known: as if it were nothing.
            for (values, column) in batch.columns.iter_mut().zip(&plan.written) {
                if referring.contains(column) && !places.iter().any(|&p| plan.written[p] == *column)
                {
                    *values = StringArray::new_null(values.len());
                }
            }
            let mut passing = gate.passing(&Candidates::first(&batch, BATCH, found));
            passing.truncate((count - found) as usize);
            take(&batch, &passing, &mut out);
            found += passing.len() as u64;
            fruitless = if passing.is_empty() {
                fruitless + BATCH
            } else {
                0
            };
            next += BATCH;
        }
        if found == 0 {
            let rows: Vec<usize> = (0..count as usize).collect();
            take(&plan.batch(0..count), &rows, &mut out);
        }
        out
    }

    /// Writes these columns although the database would number them: their values must be foreseen.
    pub fn make_explicit(&mut self, numbers: &[i16]) {
        for (place, column) in self.described.columns.iter().enumerate() {
            if numbers.contains(&column.number) {
                self.described.table.columns[place].explicit = true;
            }
        }
    }

    /// The plan of a round.
    pub fn plan(&self, round: &Round) -> Plan {
        let mut table: Table = self.described.table.clone();
        let begun = self.written > 0;
        let mut described_references = keys::references(
            &self.described,
            round,
            begun,
            self.found(),
            self.rows,
            self.seed,
        );
        // Keys that are foreseen go on with the rows.
        let begins = begun && round.foreseen.is_empty();
        table.begun = if begins { self.next } else { 0 };
        table.room = self.room;
        for reference in &mut described_references {
            self.meet(reference, round);
        }
        // Keys change from round to round: what is unique over them cannot be promised.
        let changing: Vec<usize> = described_references
            .iter()
            .filter(|reference| self.changes(reference))
            .flat_map(|reference| reference.columns.clone())
            .collect();
        for unique in &mut table.uniques {
            unique.plain &= !unique
                .columns
                .iter()
                .any(|column| changing.contains(column));
        }
        table.references = described_references;
        Plan::new(table, self.rows, self.seed)
    }

    /// Whether rows are written that may have any of the keys of a reference.
    fn changes(&self, reference: &Reference) -> bool {
        let own = self.self_references().contains(&reference.name);
        (own || self.used.contains(&reference.name)) && !reference.unused_only
    }

    fn meet(&self, reference: &mut Reference, round: &Round) {
        let described = self
            .described
            .references
            .iter()
            .find(|r| r.name == reference.name);
        if let Some(key) = round.foreseen.get(&reference.name) {
            let parts = key
                .iter()
                .map(|part| StringArray::from(part.clone()))
                .collect();
            reference.keys = Keys::new(parts, true);
        }
        if let Some(described) = described
            && round.own.contains(&reference.name)
        {
            let positions = described
                .their_numbers
                .iter()
                .filter_map(|number| {
                    self.described
                        .columns
                        .iter()
                        .position(|column| column.number == *number)
                })
                .collect();
            reference.own = Some(positions);
        }
    }

    /// Says what is wrong with a plan, if anything is, before a row is written.
    pub fn check(&self, plan: &Plan) {
        self.refuse(plan.problems.iter());
        if let Some(refusing) = self.rehearse(plan) {
            raise_with_detail(
                refusal(Some(&refusing)),
                format!(
                    "{} cannot be filled: no row was found that satisfies {refusing}",
                    self.described.qualified
                ),
                "Thousands of rows were tried without writing them.".to_owned(),
                "Give values for its columns in overrides.",
            );
        }
    }

    /// Raises the error for what cannot be met, apart from references: these are met later.
    pub fn check_without_references(&self, plan: &Plan) {
        let of_reference = |name: &str| self.described.references.iter().any(|r| r.name == name);
        let problems = plan.problems.iter();
        self.refuse(
            problems.filter(|problem| !problem.constraint.as_deref().is_some_and(of_reference)),
        );
    }

    fn refuse<'a>(&self, problems: impl Iterator<Item = &'a Problem> + Clone) {
        if let Some(first) = problems.clone().next() {
            let all: Vec<String> = problems.map(|p| format!("{}.", p.message)).collect();
            raise_with_detail(
                if first.of_wish {
                    ERRCODE_INVALID_PARAMETER_VALUE
                } else {
                    refusal(first.constraint.as_deref())
                },
                format!(
                    "{} cannot be filled: {}",
                    self.described.qualified, first.message
                ),
                all.join("\n"),
                &first.hint,
            );
        }
    }

    /// The constraint that refuses all candidates, if one does.
    pub fn rehearse(&self, plan: &Plan) -> Option<String> {
        if plan.unproven.is_empty()
            && plan.searched.is_empty()
            && self.policies.is_empty()
            && !has_expressions(plan.table())
        {
            // All is promised, unless a text is looked for in vain.
            let looked = self.rows.clamp(1, BATCH);
            let batch = plan.batch(0..looked);
            let none = (0..looked as usize).all(|row| !batch.is_row(row));
            return none.then(|| unmade_for(plan, &batch));
        }
        self.gate(plan).rehearse(plan, self.rows)
    }

    /// Asks for no more rows than the table can hold, and notes why.
    pub fn limit(&mut self, plan: &Plan) {
        if let Some((capacity, constraint)) = &plan.capacity
            && *capacity < self.rows
        {
            let columns = columns_of(&self.described, constraint);
            let note = format!("constraint {constraint}{columns} leaves room for {capacity} rows");
            if self.strict {
                insert::raise_full(&self.described, self.rows, *capacity, &note);
            }
            self.rows = *capacity;
            self.note = Some(note);
        }
    }

    /// After the last row: numbers that were written by hand are taken out of their sequences, and
    /// what is missing is noted.
    pub fn finish(&mut self) {
        self.advance_sequences();
        if self.written < self.rows && self.note.is_none() {
            self.note = Some(format!(
                "{} has no more values that its constraints allow",
                self.described.table.name
            ));
        }
    }

    fn advance_sequences(&self) {
        for (column, described) in self
            .described
            .table
            .columns
            .iter()
            .zip(&self.described.columns)
        {
            if !column.explicit || column.default != Given::Sequence {
                continue;
            }
            let name = pgrx::spi::quote_identifier(&column.name);
            crate::query::with_safe_path(|| {
                crate::query::execute(
                    &format!(
                        "SELECT pg_catalog.setval(s.id, m.largest) \
                         FROM (SELECT pg_catalog.pg_get_serial_sequence($1, $2)::pg_catalog.regclass AS id) s, \
                              (SELECT pg_catalog.max({name})::bigint AS largest FROM {}) m \
                         WHERE s.id IS NOT NULL AND m.largest IS NOT NULL",
                        self.described.qualified
                    ),
                    &[
                        (
                            pg_sys::TEXTOID,
                            self.described.qualified.as_str().into_datum(),
                        ),
                        (pg_sys::TEXTOID, column.name.as_str().into_datum()),
                    ],
                )
            });
            let _ = described;
        }
    }
}

/// Whether the database computes columns from others, which may fail.
pub fn has_expressions(table: &Table) -> bool {
    let mut columns = table.columns.iter();
    columns.any(|column| matches!(column.default, Given::Generated(_)))
}

/// Conditions that the values of references exist, where these are the caller's or the database's
/// and not drawn from the keys: name and condition over a candidate `t`.
pub fn given_references(described: &Described, plan: &Plan) -> Vec<(String, String)> {
    let quoted = |name: &str| pgrx::spi::quote_identifier(name);
    let table = plan.table();
    let planned = table.references.iter().filter(|reference| {
        plan.unproven.contains(&reference.name) && !reference.foreseen && reference.own.is_none()
    });
    planned
        .filter_map(|planned| {
            let mut references = described.references.iter();
            references.find(|reference| reference.name == planned.name)
        })
        // What a table refers to in itself may come with the same statement.
        .filter(|reference| reference.target() != described.relid)
        .map(|reference| {
            let ours: Vec<String> = reference
                .positions
                .iter()
                .map(|&position| format!("t.{}", quoted(&table.columns[position].name)))
                .collect();
            let equal: Vec<String> = reference
                .their_columns
                .iter()
                .zip(&reference.operators)
                .zip(&ours)
                .map(|((theirs, operator), ours)| format!("p.{} {operator} {ours}", quoted(theirs)))
                .collect();
            let condition = format!(
                "(pg_catalog.num_nulls({}) > 0 OR EXISTS (SELECT FROM {} p WHERE {}))",
                ours.join(", "),
                relation_name(reference.target()),
                equal.join(" AND ")
            );
            (reference.name.clone(), condition)
        })
        .collect()
}

/// The SQLSTATE of what refuses rows.
fn refusal(constraint: Option<&str>) -> PgSqlErrorCode {
    if constraint == Some(policies::NAME) {
        ERRCODE_INSUFFICIENT_PRIVILEGE
    } else {
        ERRCODE_CHECK_VIOLATION
    }
}

/// Refuses a negative number of rows.
pub fn row_count(rows: Option<i64>) -> u64 {
    let rows = rows.unwrap_or_else(|| crate::error::raise_null("rows"));
    u64::try_from(rows).unwrap_or_else(|_| {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("rows must not be negative, got {rows}"),
            Some("Pass 0 or more for rows.".to_owned()),
        )
    })
}

/// The name of a table, for messages.
pub fn name(relid: Oid) -> String {
    relation_name(relid)
}
