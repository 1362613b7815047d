//! Filling one table: in one go, or in rounds where rows refer to rows of the same table or of one
//! that is not filled yet.

use std::collections::{HashMap, HashSet};

use arrow_array::StringArray;
use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::{self, *};
use pgrx::pg_sys::{self, Oid};
use serde_json::{Map, Value};
use synth_engine::fill::ordinal::Codec;
use synth_engine::fill::{Given, Keys, Plan, Reference, Table, Values};

use super::catalog::{Described, describe};
use super::{copy, insert, keys, overrides, policies, privileges};
use crate::boundary::relation_name;
use crate::error::{raise, raise_with_detail};
use crate::query::query;

/// The most rows that a plan tries out.
const TRIED_OUT: u64 = 10_000;

/// Tables of up to this many pages are counted, larger ones estimated.
const COUNTED_PAGES: u32 = 16_384;

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
    seed: u64,
    /// The next candidate.
    next: u64,
    policies: Vec<String>,
}

/// How references are met in a round.
#[derive(Default)]
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
        for (column, in_database) in described.table.columns.iter().zip(&described.columns) {
            let needed = column.not_null && column.default == Given::Nothing;
            if needed && !writable.contains(&in_database.number) {
                privileges::refuse_column(relid, &column.name);
            }
        }
        read_state(&mut described);
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
            seed,
            next: 0,
            policies,
        }
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
                reference
                    .positions
                    .iter()
                    .all(|&p| !self.described.table.columns[p].not_null)
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
        let mut described_references =
            keys::references(&self.described, round, self.rows, self.seed);
        for reference in &mut described_references {
            self.meet(reference, round);
        }
        // Keys change from round to round: what is unique over them cannot be promised.
        let changing: Vec<usize> = described_references
            .iter()
            .filter(|reference| self.changes(&reference.name))
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

    fn changes(&self, name: &str) -> bool {
        self.self_references().iter().any(|own| own == name)
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
        if let Some(first) = plan.problems.first() {
            let all: Vec<String> = plan
                .problems
                .iter()
                .map(|p| format!("{}.", p.message))
                .collect();
            raise_with_detail(
                refusal(first.constraint.as_deref()),
                format!(
                    "{} cannot be filled: {}",
                    self.described.qualified, first.message
                ),
                all.join("\n"),
                &first.hint,
            );
        }
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

    /// The constraint that refuses all candidates, if one does.
    pub fn rehearse(&self, plan: &Plan) -> Option<String> {
        if plan.unproven.is_empty() && plan.searched.is_empty() && self.policies.is_empty() {
            return None;
        }
        insert::Gate::new(&self.described, plan, &self.policies).rehearse(plan, self.rows)
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
            let (arrived, next) = copy::copy(self.described.relid, plan, self.next, wanted);
            self.next = next;
            self.written += arrived;
            return;
        }
        let gate = insert::Gate::new(&self.described, plan, &self.policies);
        let (arrived, next) = insert::insert(&self.described, plan, &gate, self.next, wanted);
        self.next = next;
        self.written += arrived;
    }

    /// Fills the table: references to itself in rounds that grow tenfold, so that later rows refer
    /// to earlier ones. `round` says how other references are met.
    pub fn fill(&mut self, until: u64, round: &mut Round) {
        if self.rows == 0 {
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
        if !has_rows {
            for name in &own {
                if self.is_nullable(name) {
                    round.empty.insert(name.clone());
                } else {
                    round.own.insert(name.clone());
                    let numbers = self.their_numbers(name);
                    self.make_explicit(&numbers);
                }
            }
            let plan = self.plan(round);
            self.check(&plan);
            self.limit(&plan);
            self.write(&plan, 1.min(until).min(self.rows));
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
            self.write(&plan, mark.min(until).min(self.rows));
            if self.written == before {
                break;
            }
            mark = mark.saturating_mul(10);
        }
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

    fn their_numbers(&self, name: &str) -> Vec<i16> {
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
            let columns = self.columns_of(constraint);
            let note = format!("constraint {constraint}{columns} leaves room for {capacity} rows");
            if self.strict {
                insert::raise_full(&self.described, self.rows, *capacity, &note);
            }
            self.rows = *capacity;
            self.note = Some(note);
        }
    }

    /// The columns of a unique constraint, in parentheses.
    fn columns_of(&self, constraint: &str) -> String {
        let table = &self.described.table;
        let unique = table
            .uniques
            .iter()
            .find(|unique| unique.name == constraint);
        unique.map_or_else(String::new, |unique| {
            let names: Vec<&str> = unique
                .columns
                .iter()
                .map(|&c| table.columns[c].name.as_str())
                .collect();
            format!(" ({})", names.join(", "))
        })
    }

    /// After the last row: numbers that were written by hand are taken out of their sequences, and
    /// what is missing is noted.
    pub fn finish(&mut self) {
        self.advance_sequences();
        if self.written < self.rows && self.note.is_none() {
            self.note = Some(format!(
                "constraints or triggers of {} let no more rows pass",
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

/// The SQLSTATE of what refuses rows.
fn refusal(constraint: Option<&str>) -> PgSqlErrorCode {
    if constraint == Some(policies::NAME) {
        ERRCODE_INSUFFICIENT_PRIVILEGE
    } else {
        ERRCODE_CHECK_VIOLATION
    }
}

/// What the sequences of a table have left to give.
fn sequence_limits(described: &Described) -> Vec<(u64, String)> {
    let columns = described.table.columns.iter();
    columns
        .filter(|column| column.default == Given::Sequence && column.wish.values.is_none())
        .flat_map(|column| {
            query(
                "SELECT CASE WHEN s.increment_by > 0
                             THEN (s.max_value::numeric - coalesce(s.last_value, s.start_value - s.increment_by)) / s.increment_by
                             ELSE (s.min_value::numeric - coalesce(s.last_value, s.start_value - s.increment_by)) / s.increment_by
                        END::numeric(30)::text, 'sequence ' || s.sequencename
                 FROM pg_sequences s
                 JOIN pg_namespace n ON n.nspname = s.schemaname
                 JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = s.sequencename
                 WHERE c.oid = pg_get_serial_sequence($1, $2)::regclass
                   AND NOT s.cycle AND has_sequence_privilege(c.oid, 'USAGE, SELECT')",
                &[
                    (pg_sys::TEXTOID, described.qualified.as_str().into_datum()),
                    (pg_sys::TEXTOID, column.name.as_str().into_datum()),
                ],
                |row| {
                    let left = row.get::<String>(1)?.and_then(|text| text.parse::<i128>().ok());
                    Ok(left.map(|left| u64::try_from(left.max(0)).unwrap_or(u64::MAX)).zip(row.get::<String>(2)?))
                },
            )
        })
        .collect()
}

/// Reads what is in a table already: how many rows, and the largest values of unique columns.
fn read_state(described: &mut Described) {
    let relid = described.relid;
    let may_read = query(
        "SELECT pg_catalog.has_table_privilege($1, 'SELECT')",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<bool>(1),
    );
    // SAFETY: the relation is opened, measured and closed here; of a partitioned table the sizes
    // are those of its partitions, so it counts as large if it is read at all.
    described.table.limits = sequence_limits(described);
    let (pages, estimate) = keys::size(relid);
    if may_read.first() != Some(&true) {
        // Nothing may be known of the rows: the indexes have to say what is taken.
        described.table.existing_rows = if pages == 0 {
            0
        } else {
            estimate.max(1.0) as u64
        };
        return;
    }
    described.table.existing_rows = if pages <= COUNTED_PAGES {
        let sql = format!("SELECT pg_catalog.count(*) FROM {}", described.qualified);
        query(&sql, &[], |row| row.get::<i64>(1))
            .first()
            .map_or(0, |&count| count.cast_unsigned())
    } else {
        estimate.max(1.0) as u64
    };
    if described.table.existing_rows == 0 {
        return;
    }
    let uniques = described.table.uniques.clone();
    for unique in &uniques {
        let [position] = unique.columns[..] else {
            continue;
        };
        let column = &described.table.columns[position];
        if !unique.plain || Codec::of(&column.class, 0).is_none() {
            continue;
        }
        let name = pgrx::spi::quote_identifier(&column.name);
        let sql = format!(
            "SELECT pg_catalog.max({name})::pg_catalog.text FROM {}",
            described.qualified
        );
        let last = query(&sql, &[], |row| row.get::<String>(1)).pop();
        described.table.columns[position].last = last;
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

/// A row of what `synth_plan_fill` says.
#[derive(Default)]
pub struct PlanRow {
    /// The column; none: what holds for the table as a whole.
    pub column: Option<String>,
    /// Its type.
    pub data_type: Option<String>,
    /// Where values come from.
    pub generator: Option<String>,
    /// Its arguments.
    pub arguments: Option<String>,
    /// Why it was chosen.
    pub reason: Option<String>,
    /// What cannot be met.
    pub problem: Option<String>,
}

impl Filling {
    /// Whether triggers may drop rows, so that fewer than written down arrive.
    pub fn drops_rows(&self) -> bool {
        query(
            "SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t
             JOIN pg_catalog.pg_partition_tree($1::pg_catalog.regclass) p ON p.relid = t.tgrelid
             WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7
             UNION ALL
             SELECT pg_catalog.count(*) FROM pg_catalog.pg_trigger t
             WHERE t.tgrelid = $1 AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 7 = 7",
            &[(pg_sys::OIDOID, self.described.relid.into_datum())],
            |row| row.get::<i64>(1),
        )
        .iter()
        .any(|&count| count > 0)
    }

    /// Where uniqueness cannot be planned, only writing tells how many rows there is room for: a
    /// moderate number is written and undone.
    fn try_out(&mut self, plan: &Plan) -> Option<String> {
        // SAFETY: reads a variable of the backend.
        let read_only = unsafe { pg_sys::XactReadOnly };
        let unsure = plan.table().uniques.iter().map(|unique| &unique.name);
        let unsure = unsure.chain(
            plan.table()
                .exclusions
                .iter()
                .map(|exclusion| &exclusion.name),
        );
        if read_only
            || self.rows > TRIED_OUT
            || !unsure.into_iter().any(|name| plan.unproven.contains(name))
        {
            return None;
        }
        let rows = self.rows;
        let written = insert::undone(|| {
            self.write(plan, rows);
            self.written
        });
        (written < rows && !self.drops_rows()).then(|| {
            let names: Vec<&str> = plan.unproven.iter().map(String::as_str).collect();
            format!(
                "constraints leave room for {written} rows: {}",
                names.join(", ")
            )
        })
    }

    /// What is planned for each column, and what cannot be met.
    pub fn report(&mut self) -> Vec<PlanRow> {
        let mut round = Round::default();
        if self.described.table.existing_rows == 0 {
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
        let plan = self.plan(&round);
        let mut problems: Vec<(Vec<String>, String)> = plan
            .problems
            .iter()
            .map(|problem| {
                (
                    problem.columns.clone(),
                    format!("{}. {}", problem.message, problem.hint),
                )
            })
            .collect();
        if let Some((capacity, constraint)) = &plan.capacity {
            let table = plan.table();
            let about = table
                .uniques
                .iter()
                .find(|unique| unique.name == *constraint)
                .map(|unique| unique.columns.clone())
                .unwrap_or_default();
            problems.push((
                about
                    .iter()
                    .map(|&c| table.columns[c].name.clone())
                    .collect(),
                format!("constraint {constraint} leaves room for {capacity} rows"),
            ));
        }
        if plan.problems.is_empty()
            && let Some(refusing) = self.rehearse(&plan)
        {
            problems.push((
                Vec::new(),
                format!("no row was found that satisfies {refusing}"),
            ));
        }
        if problems.is_empty()
            && let Some(problem) = self.try_out(&plan)
        {
            problems.push((Vec::new(), problem));
        }
        let mut rows: Vec<PlanRow> = plan
            .table()
            .columns
            .iter()
            .zip(&plan.report)
            .map(|(column, report)| PlanRow {
                column: Some(column.name.clone()),
                data_type: Some(column.type_name.clone()),
                generator: Some(report.generator.clone()),
                arguments: Some(report.arguments.clone()).filter(|text| !text.is_empty()),
                reason: Some(report.reason.clone()),
                problem: problems
                    .iter()
                    .find(|(columns, _)| columns.contains(&column.name))
                    .map(|(_, message)| message.clone()),
            })
            .collect();
        rows.extend(
            problems
                .into_iter()
                .filter(|(columns, _)| columns.is_empty())
                .map(|(_, message)| PlanRow {
                    problem: Some(message),
                    ..PlanRow::default()
                }),
        );
        rows
    }
}
