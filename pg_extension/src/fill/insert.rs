//! Loading where construction promises not everything: candidates pass through the constraints of
//! the table first, then INSERT passes over those that a unique or exclusion constraint refuses,
//! until there are as many rows as were asked for.

use arrow_array::StringArray;
use pgrx::pg_sys;
use pgrx::{IntoDatum, PgSqlErrorCode::*};
use synth_engine::fill::{Given, Plan};

use super::catalog::Described;
use super::gate::{BATCH, Candidates, Gate, parameters, unnested};
use super::selection::Selection;
use super::subtransaction::{attempt, is_data_error, is_of_row};
use crate::boundary::check_for_interrupts;
use crate::error::raise_with_detail;
use crate::query::{execute, query};
use crate::scratch::freed;

/// So many candidates in a row without one that is accepted, and the search ends.
pub const PATIENCE: u64 = 20_000;

/// Writes up to `rows` rows of a plan, from candidate `start` on: those of a selection where there is
/// one, and what passes the gate after it. Gives how many arrived, and the next candidate.
/// `one_by_one`: a batch that raises an error is halved until the row is found.
pub fn insert(
    described: &Described,
    plan: &Plan,
    gate: &Gate,
    selection: Option<&Selection>,
    start: u64,
    rows: u64,
    one_by_one: bool,
) -> (u64, u64) {
    let table = plan.table();
    let deferrable = !described.deferrable.is_empty();
    let halving = deferrable || one_by_one;
    let conflict = if halving || table.uniques.is_empty() && table.exclusions.is_empty() {
        ""
    } else {
        "ON CONFLICT DO NOTHING"
    };
    let sql = statement(described, plan, conflict);
    let selected = selection.map_or(start, |selection| selection.end);
    // Candidates of unique columns end where their values do.
    let end = plan.candidates.unwrap_or(u64::MAX);
    let (mut written, mut next, mut refused) = (0, start, 0);
    let mut write = || {
        while written < rows && next < end && refused < PATIENCE {
            check_for_interrupts();
            let wanted = (rows - written)
                .saturating_add((rows - written) / 8 + 8)
                .min(BATCH);
            let mut batch_end = end.min(next + wanted);
            if next < selected {
                batch_end = batch_end.min(selected);
            }
            let batch = plan.batch(next..batch_end);
            let mut passing = match selection {
                Some(selection) if next < selected => (next..batch_end)
                    .zip(0..)
                    .filter(|&(candidate, _)| selection.holds(candidate))
                    .map(|(_, row)| row)
                    .collect(),
                _ => gate.passing(&Candidates::first(&batch, batch_end - next, written)),
            };
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
                // An expression of an index may raise an error for some of the rows.
                let run = || write_rows(&sql, &batch.columns, &passing);
                attempt(run, is_data_error)
                    .unwrap_or_else(|_| insert_halving(&sql, &batch.columns, &passing))
            };
            written += arrived;
            refused = if arrived == 0 && next > selected {
                refused + wanted
            } else {
                0
            };
        }
    };
    if deferrable {
        immediately(described, write);
    } else {
        write();
    }
    (written, next)
}

/// Runs a load with the unique and exclusion constraints of a table checked at once, which are put
/// off again after it where they were: INSERT cannot pass over rows that these refuse later.
pub fn immediately<T>(described: &Described, load: impl FnOnce() -> T) -> T {
    let deferred = make_immediate(described);
    let loaded = load();
    if !deferred.is_empty() {
        execute(
            &format!("SET CONSTRAINTS {} DEFERRED", deferred.join(", ")),
            &[],
        );
    }
    loaded
}

/// The statement that writes candidates, given as one array for each column.
pub fn statement(described: &Described, plan: &Plan, conflict: &str) -> String {
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
    format!(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} {conflict}",
        described.qualified,
        names.join(", "),
        values.join(", "),
        unnested(names.len()),
    )
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

/// Inserts candidates; gives how many arrived.
fn write_rows(sql: &str, columns: &[StringArray], rows: &[usize]) -> u64 {
    freed(|| execute(sql, &parameters(columns, Some(rows))))
}

/// Inserts candidates without those that a unique or exclusion constraint refuses: a batch that is
/// refused is halved until the row is found.
fn insert_halving(sql: &str, columns: &[StringArray], rows: &[usize]) -> u64 {
    check_for_interrupts();
    if rows.is_empty() {
        return 0;
    }
    match attempt(|| write_rows(sql, columns, rows), is_of_row) {
        Ok(written) => written,
        Err(_) if rows.len() == 1 => 0,
        Err(_) => {
            let (first, second) = rows.split_at(rows.len() / 2);
            insert_halving(sql, columns, first) + insert_halving(sql, columns, second)
        }
    }
}
