//! Filling one table: in one go, or in rounds where rows refer to rows of the same table or of one
//! that is not filled yet.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use arrow_array::{Array, StringArray};
use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::{self, Oid};
use serde_json::{Map, Value};
use synth_engine::fill::{Batch, Given, Keys, Plan, Problem, Reference, Table, Values, mentions};

use super::catalog::{Described, DescribedReference, describe};
use super::gate::{BATCH, Gate};
use super::selection::{self, Selection, Wanted};
use super::shortage::{cause, columns_of, refused_by_conditions, unmade_for};
use super::subtransaction::{attempt, is_data_error, is_of_row};
use super::{copy, insert, keys, overrides, policies, privileges, state};
use crate::boundary::relation_name;
use crate::error::{raise, raise_with_detail};
use crate::sqlstate::rethrow;

/// A table that is being filled.
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
    used: HashSet<String>,
    /// Conditions of row-level security.
    pub policies: Vec<String>,
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
        }
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
        let gate = Gate::new(&self.described, plan, &self.policies);
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
            let mut passing = gate.passing(&batch, BATCH);
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

    /// References to the table itself.
    pub fn self_references(&self) -> Vec<String> {
        let own = self.described.relid;
        let references = self.described.references.iter();
        references
            .filter(|r| r.target() == own)
            .map(|r| r.name.clone())
            .collect()
    }

    /// Whether a reference may be NULL.
    pub fn is_nullable(&self, name: &str) -> bool {
        self.described
            .references
            .iter()
            .find(|reference| reference.name == name)
            .is_some_and(|reference| {
                let mut positions = reference.positions.iter();
                let nullable = |&p: &usize| !self.described.table.columns[p].not_null;
                if reference.match_full {
                    positions.all(nullable)
                } else {
                    positions.any(nullable)
                }
            })
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
        let mut described_references =
            keys::references(&self.described, round, begun, self.rows, self.seed);
        // Keys that are foreseen go on with the rows.
        let begins = begun && round.foreseen.is_empty();
        table.begun = if begins { self.next } else { 0 };
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
        Gate::new(&self.described, plan, &self.policies).rehearse(plan, self.rows)
    }

    /// Writes rows until there are `until` of them.
    pub fn write(&mut self, plan: &Plan, until: u64) {
        let wanted = until.saturating_sub(self.written);
        if wanted == 0 {
            return;
        }
        if plan.written.is_empty() {
            self.written += insert::defaults(&self.described, wanted);
            return;
        }
        if plan.unproven.is_empty() && self.policies.is_empty() {
            self.load(plan, None, wanted);
            return;
        }
        let gate = Gate::new(&self.described, plan, &self.policies);
        let selection = self.select(plan, &gate, wanted).map(Rc::new);
        if let Some(selection) = &selection
            && self.policies.is_empty()
        {
            self.load(plan, Some(selection), selection.count);
        } else {
            let selected = selection.as_deref();
            let start = self.next;
            let (arrived, next) =
                insert::insert(&self.described, plan, &gate, selected, start, wanted, false);
            self.next = next;
            self.written += arrived;
        }
        if self.written < until {
            self.explain(plan, &gate);
        }
    }

    /// Writes a round of rows that refer to each other; where it has no room for all, the next may.
    fn write_round(&mut self, plan: &Plan, until: u64) {
        let strict = std::mem::replace(&mut self.strict, false);
        self.write(plan, until);
        self.strict = strict;
    }

    /// The candidates that the table takes, where they can be known before one is written. Where fewer
    /// than asked for are an error and there are fewer, this raises it.
    fn select(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        let selection = self.find(plan, gate, rows)?;
        if selection.count < rows && self.strict {
            let why = self.short(plan, gate, &selection);
            self.refuse_shortage(selection.count, &why);
        }
        Some(selection)
    }

    /// Looks for rows that the table takes, without writing one. What triggers make of rows is not
    /// known then.
    pub fn find(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        if self.drops_rows() {
            return None;
        }
        self.find_without_triggers(plan, gate, rows)
    }

    /// The same as if triggers left all rows as they are.
    pub fn find_without_triggers(&self, plan: &Plan, gate: &Gate, rows: u64) -> Option<Selection> {
        let existing = self.described.table.existing_rows;
        let wanted = Wanted {
            start: self.next,
            rows,
            existing: existing.saturating_add(self.written),
            end: u64::MAX,
        };
        selection::find(&self.described, plan, gate, wanted)
    }

    /// Why a selection holds fewer rows than are wanted.
    pub fn short(&self, plan: &Plan, gate: &Gate, selection: &Selection) -> String {
        let refused = refused_by_conditions(plan, gate, selection.end);
        let index = selection.refusing().map(|index| {
            let columns = columns_of(&self.described, index);
            let most = selection.count;
            format!("constraint {index}{columns} leaves room for {most} rows")
        });
        let said: Vec<String> = index.into_iter().chain(refused).collect();
        if said.is_empty() {
            return "the values that the constraints leave were all tried".to_owned();
        }
        said.join("; ")
    }

    /// Where fewer rows than asked for are an error, raises it before a row is written.
    fn refuse_shortage(&self, more: u64, why: &str) {
        if self.strict {
            let most = self.written + more;
            insert::raise_full(&self.described, self.rows, most, why);
        }
    }

    /// Notes why fewer rows arrived than were to be written.
    fn explain(&mut self, plan: &Plan, gate: &Gate) {
        if self.note.is_none() {
            let triggers = self.row_triggers();
            let (why, dropped) = cause(&self.described, plan, gate, self.next, &triggers);
            self.note = Some(why);
            self.dropped |= dropped;
        }
    }

    /// Loads rows that satisfy every constraint, by construction or by selection. An expression of the
    /// table may still raise an error for some of them, say a generated column that divides, and
    /// others may write meanwhile: then rows are found one by one.
    fn load(&mut self, plan: &Plan, selection: Option<&Rc<Selection>>, wanted: u64) {
        let (relid, start) = (self.described.relid, self.next);
        // What a trigger makes of a row may be refused, too.
        let of_row = selection.is_some() || has_expressions(plan.table()) || self.drops_rows();
        let expected = if of_row { is_of_row } else { is_data_error };
        let copy = || copy::copy(relid, plan, selection, start, wanted);
        let loaded = attempt(
            || {
                if selection.is_some() && !self.described.deferrable.is_empty() {
                    insert::immediately(&self.described, copy)
                } else {
                    copy()
                }
            },
            expected,
        );
        let (arrived, next) = match loaded {
            Ok((arrived, next)) => (arrived, selection.map_or(next, |selection| selection.end)),
            Err(refused) => {
                let gate = Gate::new(&self.described, plan, &self.policies);
                let (arrived, next) =
                    insert::insert(&self.described, plan, &gate, None, start, wanted, true);
                if arrived == 0 {
                    rethrow(refused);
                }
                (arrived, next)
            }
        };
        self.next = next;
        self.written += arrived;
        if arrived == wanted || selection.is_some() {
            return;
        }
        let triggers = self.row_triggers();
        if triggers.is_empty() {
            let gate = Gate::new(&self.described, plan, &self.policies);
            self.explain(plan, &gate);
        } else {
            let names = triggers.join(", ");
            let note = format!("trigger {names} let {arrived} of {wanted} rows pass");
            self.note.get_or_insert(note);
            self.dropped = true;
        }
    }

    /// Fills the table: references to itself in rounds that grow tenfold, so that later rows refer
    /// to earlier ones. `round` says how other references are met.
    pub fn fill(&mut self, until: u64, round: &mut Round) {
        let references = self.described.references.iter();
        let met: Vec<String> = references
            .map(|reference| reference.name.clone())
            .filter(|name| !round.empty.contains(name))
            .collect();
        self.fill_in_rounds(until, round);
        if self.written > 0 {
            self.used.extend(met);
        }
    }

    fn fill_in_rounds(&mut self, until: u64, round: &mut Round) {
        if self.written >= self.rows.min(until) {
            return;
        }
        let own = self.self_references();
        if own
            .iter()
            .any(|name| !self.is_nullable(name) && self.is_one_to_one(name))
        {
            // Each row refers to itself: to other rows there is one reference only.
            for name in &own {
                round.own.insert(name.clone());
                let numbers = self.their_numbers(name);
                self.make_explicit(&numbers);
            }
        }
        if own.is_empty() || own.iter().all(|name| round.own.contains(name)) {
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            self.write(&plan, until.min(self.rows));
            return;
        }
        let has_rows = self.described.table.existing_rows > 0 || self.written > 0;
        self.foresee(round);
        if !has_rows {
            self.open(round);
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            self.write_round(&plan, 1.min(until).min(self.rows));
            for name in &own {
                round.empty.remove(name);
                round.own.remove(name);
            }
        }
        let mut mark = 10;
        while mark <= self.written {
            mark = mark.saturating_mul(10);
        }
        while self.written < until.min(self.rows) {
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            let before = self.written;
            self.write_round(&plan, mark.min(until).min(self.rows));
            if self.written == before {
                break;
            }
            mark = mark.saturating_mul(10);
        }
    }

    /// Says how references to the table itself are met where it has no rows.
    pub fn open(&mut self, round: &mut Round) {
        for name in self.self_references() {
            if self.is_nullable(&name) {
                round.empty.insert(name);
            } else {
                let numbers = self.their_numbers(&name);
                self.make_explicit(&numbers);
                round.own.insert(name);
            }
        }
    }

    /// Looks for all rows of a table that refers to itself before the first round is written, as far
    /// as what they refer to does not matter.
    fn foresee(&mut self, round: &Round) {
        if !self.strict || self.written > 0 {
            return;
        }
        let mut round = round.clone();
        if self.described.table.existing_rows == 0 {
            self.open(&mut round);
        }
        let plan = self.plan(&round);
        self.check(&plan);
        self.limit(&plan);
        if !plan.unproven.is_empty() && self.is_foreseeable(&plan) {
            let gate = Gate::new(&self.described, &plan, &self.policies);
            self.select(&plan, &gate, self.rows);
        }
    }

    /// Whether nothing that refuses rows looks at what they refer to in the same table.
    pub fn is_foreseeable(&self, plan: &Plan) -> bool {
        let own = self.self_references();
        let references = self.described.references.iter();
        let columns: HashSet<usize> = references
            .filter(|reference| own.contains(&reference.name))
            .flat_map(|reference| reference.positions.clone())
            .collect();
        let table = plan.table();
        let checks = table.checks.iter().map(|(_, check)| check);
        let generated = table
            .columns
            .iter()
            .filter_map(|column| match &column.default {
                Given::Generated(expression) => Some(expression),
                _ => None,
            });
        let whole = format!("{}.*", pgrx::spi::quote_identifier(&table.name));
        let mut expressions = checks.chain(&self.described.partitions).chain(generated);
        let mentioned = expressions.any(|expression| {
            let mut names = columns.iter().map(|&column| &table.columns[column].name);
            // A row as a whole has them, too.
            expression.contains(&whole) || names.any(|name| mentions(expression, name))
        });
        // Where they are NULL, an index refuses no row for them.
        let mut uniques = table.uniques.iter().filter(|unique| unique.nulls_equal);
        columns.is_empty()
            || !mentioned
                && !uniques.any(|unique| unique.columns.iter().any(|c| columns.contains(c)))
    }

    /// Whether no two rows may refer to the same one.
    pub fn is_one_to_one(&self, name: &str) -> bool {
        let references = &self.described.references;
        references
            .iter()
            .find(|reference| reference.name == name)
            .is_some_and(|reference| {
                self.described.table.uniques.iter().any(|unique| {
                    unique.plain
                        && !unique.columns.is_empty()
                        && unique
                            .columns
                            .iter()
                            .all(|c| reference.positions.contains(c))
                })
            })
    }

    pub fn their_numbers(&self, name: &str) -> Vec<i16> {
        self.described
            .references
            .iter()
            .find(|reference| reference.name == name)
            .map(|reference| reference.their_numbers.clone())
            .unwrap_or_default()
    }

    /// Asks for no more rows than the table can hold, and notes why.
    fn limit(&mut self, plan: &Plan) {
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
fn has_expressions(table: &Table) -> bool {
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
