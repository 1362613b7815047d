//! Loading where construction promises not everything: candidates pass through the constraints of
//! the table first, then INSERT passes over those that a unique or exclusion constraint refuses,
//! until there are as many rows as were asked for.

use arrow_array::{Array, StringArray};
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, PgSqlErrorCode::*};
use synth_engine::fill::{Batch, Given, Plan};

use super::catalog::Described;
use crate::boundary::check_for_interrupts;
use crate::error::raise_with_detail;
use crate::query::{Parameter, execute, query};
use crate::sqlstate::call;

/// Candidates looked at together.
const BATCH: u64 = 1_000;

/// So many candidates in a row without one that is accepted, and the search ends.
const PATIENCE: u64 = 20_000;

/// What the rows of a table have to pass, as SQL.
pub struct Gate {
    /// Name and condition.
    conditions: Vec<(String, String)>,
    /// Columns as the conditions read them.
    columns: Vec<String>,
    /// Generated columns, which are computed from the others.
    generated: Vec<String>,
}

impl Gate {
    /// The gate of a table; `policies` are conditions of row-level security.
    pub fn new(described: &Described, plan: &Plan, policies: &[String]) -> Self {
        let table = plan.table();
        let mut conditions: Vec<(String, String)> = table
            .checks
            .iter()
            .map(|(name, expression)| (name.clone(), format!("({expression}) IS NOT FALSE")))
            .collect();
        for policy in policies {
            // A policy lets a row pass only if it is true.
            conditions.push((
                super::policies::NAME.to_owned(),
                format!("({policy}) IS TRUE"),
            ));
        }
        if !described.partitions.is_empty() {
            let any: Vec<String> = described
                .partitions
                .iter()
                .map(|partition| format!("({partition})"))
                .collect();
            conditions.push((
                "the partitions".to_owned(),
                format!("({}) IS NOT FALSE", any.join(" OR ")),
            ));
        }
        for (position, column) in table.columns.iter().enumerate() {
            let name = pgrx::spi::quote_identifier(&column.name);
            for (check, expression) in &column.domain_checks {
                if plan.written.contains(&position) {
                    let condition = of_value(expression, &name);
                    conditions.push((check.clone(), format!("({condition}) IS NOT FALSE")));
                }
            }
        }
        let mut columns = Vec::new();
        let mut generated = Vec::new();
        for (position, column) in table.columns.iter().enumerate() {
            let name = pgrx::spi::quote_identifier(&column.name);
            // Domains give way to their base type: their checks refuse rows here, where a cast to
            // them would raise an error.
            let base = &described.columns[position].base;
            let number = plan.written.iter().position(|&written| written == position);
            columns.push(match (number, &column.default) {
                (Some(number), _) => format!("u.c{number}::{base} AS {name}"),
                (None, Given::Generated(expression)) => {
                    generated.push(format!("({expression})::{base} AS {name}"));
                    continue;
                }
                (None, Given::Constant(text) | Given::Expression(text)) => {
                    format!("({text})::{base} AS {name}")
                }
                (None, _) => format!("NULL::{base} AS {name}"),
            });
        }
        Self {
            conditions,
            columns,
            generated,
        }
    }

    /// Candidates as rows of the table.
    fn source(&self, columns: usize) -> String {
        let inner = format!(
            "SELECT {}{}u.synth_place FROM {}",
            self.columns.join(", "),
            if self.columns.is_empty() { "" } else { ", " },
            unnested(columns)
        );
        if self.generated.is_empty() {
            return format!("({inner}) t");
        }
        format!(
            "(SELECT g.*, {} FROM ({inner}) g) t",
            self.generated.join(", ")
        )
    }

    /// Which of the candidates pass.
    fn passing(&self, batch: &Batch, rows: u64) -> Vec<usize> {
        let columns = &batch.columns;
        if self.conditions.is_empty() {
            return (0..rows as usize)
                .filter(|&row| batch.is_row(row))
                .collect();
        }
        let conditions: Vec<&str> = self
            .conditions
            .iter()
            .map(|(_, condition)| condition.as_str())
            .collect();
        let sql = format!(
            "SELECT t.synth_place::bigint FROM {} WHERE {} ORDER BY 1",
            self.source(columns.len()),
            conditions.join(" AND ")
        );
        query(&sql, &parameters(columns, None), |row| row.get::<i64>(1))
            .into_iter()
            .map(|place| (place - 1) as usize)
            .filter(|&row| batch.is_row(row))
            .collect()
    }

    /// How many of the candidates each condition refuses.
    fn refusals(&self, columns: &[StringArray]) -> Vec<(String, i64)> {
        let counts: Vec<String> = self
            .conditions
            .iter()
            .map(|(_, condition)| format!("pg_catalog.count(*) FILTER (WHERE NOT ({condition}))"))
            .collect();
        if counts.is_empty() {
            return Vec::new();
        }
        let sql = format!(
            "SELECT ARRAY[{}] FROM {}",
            counts.join(", "),
            self.source(columns.len()),
        );
        let counts = query(&sql, &parameters(columns, None), |row| {
            row.get::<Vec<i64>>(1)
        });
        let names = self.conditions.iter().map(|(name, _)| name.clone());
        names.zip(counts.into_iter().flatten()).collect()
    }

    /// Tries candidates without writing: what refuses all of them, if something does.
    pub fn rehearse(&self, plan: &Plan, rows: u64) -> Option<String> {
        let tried = rows.clamp(1, BATCH);
        let columns = plan.batch(0..tried);
        if columns.columns.is_empty() || !self.passing(&columns, tried).is_empty() {
            return None;
        }
        let more = plan.batch(tried..tried + 10 * BATCH);
        if !self.passing(&more, 10 * BATCH).is_empty() {
            return None;
        }
        let worst = self
            .refusals(&columns.columns)
            .into_iter()
            .max_by_key(|(_, count)| *count);
        Some(worst.map_or_else(String::new, |(name, _)| name))
    }
}

/// The check of a domain over a column: `VALUE` outside of quotes is the column.
pub fn of_value(expression: &str, column: &str) -> String {
    replace_word(expression, "VALUE", column)
}

/// SQL with a word replaced wherever it stands outside of quotes; the word may itself be a quoted
/// name.
pub fn replace_word(expression: &str, word: &str, by: &str) -> String {
    let mut out = String::with_capacity(expression.len());
    let mut quote: Option<char> = None;
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let starts_word = out
            .chars()
            .last()
            .is_none_or(|last| !last.is_alphanumeric() && last != '_');
        if quote.is_none()
            && starts_word
            && let Some(after) = rest.strip_prefix(word)
            && !after.starts_with(|next: char| next.is_alphanumeric() || next == '_')
        {
            out.push_str(by);
            rest = after;
            continue;
        }
        match quote {
            Some(open) if open == c => quote = None,
            None if c == '\'' || c == '"' => quote = Some(c),
            _ => {}
        }
        out.push(c);
        rest = &rest[c.len_utf8()..];
    }
    out
}

/// `ROWS FROM (unnest($1), unnest($2)) WITH ORDINALITY u (c0, c1, synth_place)`
fn unnested(columns: usize) -> String {
    let arrays: Vec<String> = (1..=columns)
        .map(|number| format!("pg_catalog.unnest(${number})"))
        .collect();
    let names: Vec<String> = (0..columns).map(|number| format!("c{number}")).collect();
    format!(
        "ROWS FROM ({}) WITH ORDINALITY u ({}, synth_place)",
        arrays.join(", "),
        names.join(", ")
    )
}

/// Columns as arrays of text; of all rows or of some.
fn parameters(columns: &[StringArray], rows: Option<&[usize]>) -> Vec<Parameter> {
    columns
        .iter()
        .map(|column| {
            let value = |row: usize| column.is_valid(row).then(|| column.value(row));
            let values: Vec<Option<&str>> = match rows {
                Some(rows) => rows.iter().map(|&row| value(row)).collect(),
                None => (0..column.len()).map(value).collect(),
            };
            (pg_sys::TEXTARRAYOID, values.into_datum())
        })
        .collect::<Vec<(Oid, Option<Datum>)>>()
}

/// Writes up to `rows` rows of a plan, from candidate `start` on; gives how many arrived, and the
/// next candidate.
pub fn insert(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    start: u64,
    rows: u64,
) -> (u64, u64) {
    let table = plan.table();
    let names: Vec<String> = plan
        .written
        .iter()
        .map(|&column| pgrx::spi::quote_identifier(&table.columns[column].name))
        .collect();
    let values: Vec<String> = plan
        .written
        .iter()
        .enumerate()
        .map(|(number, &column)| format!("u.c{number}::{}", described.columns[column].cast))
        .collect();
    let halving = !described.deferrable.is_empty();
    let deferred = if halving {
        make_immediate(described)
    } else {
        Vec::new()
    };
    let conflict = if halving || table.uniques.is_empty() && table.exclusions.is_empty() {
        ""
    } else {
        "ON CONFLICT DO NOTHING"
    };
    let sql = format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} {conflict}",
        described.qualified,
        names.join(", "),
        values.join(", "),
        unnested(names.len()),
    );
    let mut written = 0;
    let mut next = start;
    let mut refused = 0;
    // Candidates of unique columns end where their values do.
    let end = plan.candidates.unwrap_or(u64::MAX);
    while written < rows && next < end && refused < PATIENCE.max(10 * BATCH) {
        check_for_interrupts();
        let wanted = (rows - written)
            .saturating_add((rows - written) / 8 + 8)
            .min(BATCH);
        let batch_end = end.min(next + wanted);
        let batch = plan.batch(next..batch_end);
        let mut passing = gate.passing(&batch, batch_end - next);
        let room = (rows - written) as usize;
        let used = match passing.get(room.wrapping_sub(1)) {
            // Candidates beyond the last one needed keep for later.
            Some(&last) if passing.len() > room => last as u64 + 1,
            _ => batch_end - next,
        };
        passing.truncate(room);
        next += used;
        let arrived = if passing.is_empty() {
            0
        } else if halving {
            insert_halving(&sql, &batch.columns, &passing)
        } else {
            execute(&sql, &parameters(&batch.columns, Some(&passing)))
        };
        written += arrived;
        refused = if arrived == 0 { refused + wanted } else { 0 };
    }
    if !deferred.is_empty() {
        execute(
            &format!("SET CONSTRAINTS {} DEFERRED", deferred.join(", ")),
            &[],
        );
    }
    (written, next)
}

/// Writes rows that consist of defaults only.
pub fn defaults(described: &Described, rows: u64) -> u64 {
    let Some(column) = described
        .table
        .columns
        .iter()
        .find(|column| !matches!(column.default, Given::Generated(_)))
        .map(|column| pgrx::spi::quote_identifier(&column.name))
    else {
        let sql = format!(
            "INSERT INTO {} SELECT FROM pg_catalog.generate_series(1, $1)",
            described.qualified
        );
        return execute(&sql, &[(pg_sys::INT8OID, rows.cast_signed().into_datum())]);
    };
    let mut written = 0;
    let mut left = rows;
    while left > 0 {
        check_for_interrupts();
        let here = left.min(BATCH);
        let values = vec!["(DEFAULT)"; here as usize].join(", ");
        let sql = format!(
            "INSERT INTO {} ({column}) VALUES {values}",
            described.qualified
        );
        written += execute(&sql, &[]);
        left -= here;
    }
    written
}

/// Raises the error for a table that took fewer rows than asked for.
pub fn raise_full(described: &Described, asked: u64, written: u64, constraints: &str) -> ! {
    raise_with_detail(
        ERRCODE_CARDINALITY_VIOLATION,
        format!(
            "{} can hold at most {written} of the {asked} rows asked for",
            described.qualified
        ),
        format!("Its constraints leave no room for more: {constraints}. Nothing was written."),
        "Ask for fewer rows, or add rows to the tables it refers to.",
    )
}

/// Constraints that are checked at the end of the statement or transaction cannot be passed over
/// by INSERT: they are made immediate meanwhile. Gives those that have to be put off again.
pub fn make_immediate(described: &Described) -> Vec<String> {
    let constraints = query(
        "SELECT format('%I.%I', n.nspname, k.conname), k.condeferred
         FROM pg_constraint k
         JOIN pg_namespace n ON n.oid = k.connamespace
         WHERE k.conrelid = $1 AND k.condeferrable AND k.contype IN ('p', 'u', 'x')",
        &[(pg_sys::OIDOID, described.relid.into_datum())],
        |row| Ok(row.get::<String>(1)?.zip(row.get::<bool>(2)?)),
    );
    if !constraints.is_empty() {
        let names: Vec<&str> = constraints.iter().map(|(name, _)| name.as_str()).collect();
        execute(
            &format!("SET CONSTRAINTS {} IMMEDIATE", names.join(", ")),
            &[],
        );
    }
    constraints
        .into_iter()
        .filter(|(_, deferred)| *deferred)
        .map(|(name, _)| name)
        .collect()
}

/// Inserts candidates without those that a unique or exclusion constraint refuses: a batch that is
/// refused is halved until the row is found.
fn insert_halving(sql: &str, columns: &[StringArray], rows: &[usize]) -> u64 {
    check_for_interrupts();
    if rows.is_empty() {
        return 0;
    }
    match attempt(sql, &parameters(columns, Some(rows))) {
        Some(written) => written,
        None if rows.len() == 1 => 0,
        None => {
            let (first, second) = rows.split_at(rows.len() / 2);
            insert_halving(sql, columns, first) + insert_halving(sql, columns, second)
        }
    }
}

/// Runs a statement in a subtransaction; none if a unique or exclusion constraint refused it.
fn attempt(sql: &str, parameters: &[Parameter]) -> Option<u64> {
    // SAFETY: as PL/pgSQL does for a block with an exception clause: the subtransaction is released
    // or rolled back below, and memory context and resource owner are put back; any other error
    // ends it with the transaction.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let run = std::panic::AssertUnwindSafe(|| Some(execute(sql, parameters)));
        let written = pgrx::PgTryBuilder::new(move || call(run))
            .catch_when(ERRCODE_UNIQUE_VIOLATION, |_| None)
            .catch_when(ERRCODE_EXCLUSION_VIOLATION, |_| None)
            .execute();
        if written.is_some() {
            pg_sys::ReleaseCurrentSubTransaction();
        } else {
            pg_sys::RollbackAndReleaseCurrentSubTransaction();
        }
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        written
    }
}

/// Runs a closure whose writes are undone.
pub fn undone<T>(run: impl FnOnce() -> T) -> T {
    // SAFETY: as above.
    unsafe {
        let context = pg_sys::CurrentMemoryContext;
        let owner = pg_sys::CurrentResourceOwner;
        pg_sys::BeginInternalSubTransaction(std::ptr::null());
        pg_sys::MemoryContextSwitchTo(context);
        let result = run();
        pg_sys::RollbackAndReleaseCurrentSubTransaction();
        pg_sys::MemoryContextSwitchTo(context);
        pg_sys::CurrentResourceOwner = owner;
        result
    }
}
