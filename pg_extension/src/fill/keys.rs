//! The keys that references may point to, read from the tables they refer to.

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::SpiHeapTupleData;
use pgrx::{IntoDatum, PgSqlErrorCode};
use synth_engine::fill::{Keys, Reference};

use super::catalog::{Described, DescribedReference};
use super::filling::Round;
use super::gate::Reading;
use super::selection::Found;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::{Parameter, query};

/// Of a larger table a sample of about this many rows is referred to.
const MOST_KEYS: u64 = 1_000_000;

/// The references of a table with the keys that are there, as far as a round reads them.
///
/// `begun`: earlier rounds have written rows, or have found those that will be there.
pub fn references(
    described: &Described,
    round: &Round,
    begun: bool,
    found: &[Found],
    rows: u64,
    seed: u64,
) -> Vec<Reference> {
    described
        .references
        .iter()
        .filter(|reference| !reference.positions.is_empty())
        .map(|reference| {
            let one_to_one = described.table.uniques.iter().any(|unique| {
                unique
                    .columns
                    .iter()
                    .all(|column| reference.positions.contains(column))
                    && !unique.columns.is_empty()
            });
            let skipped = round.empty.contains(&reference.name)
                || round.own.contains(&reference.name)
                || round.foreseen.contains_key(&reference.name);
            // Keys that are foreseen are the same in all rounds.
            let begun = begun && !skipped;
            let unused_only = one_to_one && (begun || described.table.existing_rows > 0);
            let keys = if skipped {
                Keys::default()
            } else {
                let wanted = Wanted {
                    all: one_to_one,
                    unused_only,
                    found,
                    rows,
                    seed,
                };
                read(described, reference, &wanted)
            };
            Reference {
                name: reference.name.clone(),
                table: relation_name(reference.target()),
                columns: reference.positions.clone(),
                keys,
                unused_only,
                match_full: reference.match_full,
                foreseen: round.foreseen.contains_key(&reference.name),
                own: None,
            }
        })
        .collect()
}

/// The keys to read.
struct Wanted<'a> {
    /// Those of all rows, and not a sample.
    all: bool,
    /// Those that no row refers to.
    unused_only: bool,
    /// Rows that will be there.
    found: &'a [Found],
    rows: u64,
    seed: u64,
}

/// Raises the error for keys that the caller may not read.
fn refuse_unreadable(reference: &DescribedReference) {
    let readable = query(
        "SELECT bool_and(has_column_privilege($1, number, 'SELECT')) FROM unnest($2) u (number)",
        &[
            (pg_sys::OIDOID, reference.target().into_datum()),
            (
                pg_sys::INT2ARRAYOID,
                reference.their_numbers.clone().into_datum(),
            ),
        ],
        |row| row.get::<bool>(1),
    );
    if readable.first() == Some(&false) {
        let name = relation_name(reference.target());
        raise(
            PgSqlErrorCode::ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!(
                "permission denied for table {name}, which constraint {} refers to",
                reference.name
            ),
            Some(format!("GRANT SELECT ON {name}: keys are read from it.")),
        );
    }
}

/// Conditions that no row refers to a key whose columns these are, in the table or among rows that
/// will be there.
fn unused(
    described: &Described,
    reference: &DescribedReference,
    columns: &[String],
    found: &[Found],
    parameters: &mut Vec<Parameter>,
) -> Vec<String> {
    let positions = &reference.positions;
    let refers = |relation: &str, names: Vec<String>| {
        let pairs = columns.iter().zip(&reference.operators).zip(names);
        let equal: Vec<String> = pairs
            .map(|((column, operator), name)| format!("{column} {operator} c.{name}"))
            .collect();
        let equal = equal.join(" AND ");
        format!("NOT EXISTS (SELECT FROM {relation} c WHERE {equal})")
    };
    let names = positions.iter();
    let names = names.map(|&position| quoted(&described.table.columns[position].name));
    let mut conditions = vec![refers(&described.qualified, names.collect())];
    if !found.is_empty() {
        let taken = values(described, found, positions, u64::MAX);
        let taken = relation(described, positions, taken, parameters);
        let names = (0..positions.len()).map(|place| format!("k{place}"));
        conditions.push(refers(&taken, names.collect()));
    }
    conditions
}

/// The rows of a source `p` and their keys, and those of rows that will be there.
fn with_found(
    described: &Described,
    reference: &DescribedReference,
    source: &str,
    found: &[Found],
    most: u64,
    parameters: &mut Vec<Parameter>,
) -> String {
    let numbers = reference.their_numbers.iter();
    let positions: Vec<usize> = numbers
        .filter_map(|number| {
            let mut columns = described.columns.iter();
            columns.position(|column| column.number == *number)
        })
        .collect();
    let keys = values(described, found, &positions, most);
    let keys = relation(described, &positions, keys, parameters);
    let names = reference.their_columns.iter();
    let names: Vec<String> = names.map(|name| quoted(name)).collect();
    let names = names.join(", ");
    format!("(SELECT {names} FROM {source} UNION ALL SELECT * FROM {keys} k) p ({names})")
}

fn read(described: &Described, reference: &DescribedReference, wanted: &Wanted) -> Keys {
    refuse_unreadable(reference);
    let most = if wanted.all {
        MOST_KEYS.max(wanted.rows)
    } else {
        MOST_KEYS
    };
    let target = relation_name(reference.target());
    let columns: Vec<String> = reference
        .their_columns
        .iter()
        .map(|name| format!("p.{}", quoted(name)))
        .collect();
    let mut conditions: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} IS NOT NULL"))
        .collect();
    let mut parameters = Vec::new();
    if wanted.unused_only {
        let found = wanted.found;
        conditions.extend(unused(
            described,
            reference,
            &columns,
            found,
            &mut parameters,
        ));
    }
    let count = query(
        &format!(
            "SELECT pg_catalog.count(*) FROM (SELECT FROM {target} LIMIT {}) t",
            most + 1
        ),
        &[],
        |row| row.get::<i64>(1),
    );
    let own = reference.target() == described.relid;
    let found = wanted.found.iter().filter(|_| own);
    let found: u64 = found.map(|found| found.selection.count).sum();
    let complete = count
        .first()
        .is_none_or(|&count| count.cast_unsigned() + found <= most);
    let sample = if complete || wanted.all {
        String::new()
    } else {
        let estimate = (size(reference.target()).1 + found as f64).max(2.0 * most as f64);
        let percent = (100.0 * most as f64 / estimate).clamp(0.001, 100.0);
        format!(
            "TABLESAMPLE SYSTEM ({percent}) REPEATABLE ({})",
            wanted.seed % 1_000_000
        )
    };
    let texts: Vec<String> = columns
        .iter()
        .map(|column| format!("{column}::pg_catalog.text"))
        .collect();
    let mut source = format!("{target} p {sample}");
    if found > 0 {
        let found = wanted.found;
        source = with_found(described, reference, &source, found, most, &mut parameters);
    }
    let sql = format!(
        "SELECT {} FROM {source} WHERE {} ORDER BY {} LIMIT {most}",
        texts.join(", "),
        conditions.join(" AND "),
        columns.join(", "),
    );
    let mut parts: Vec<arrow_array::builder::StringBuilder> = columns
        .iter()
        .map(|_| arrow_array::builder::StringBuilder::new())
        .collect();
    query(&sql, &parameters, |row| {
        for (number, part) in (1..).zip(&mut parts) {
            part.append_value(row.get::<&str>(number)?.unwrap_or_default());
        }
        Ok(None::<()>)
    });
    Keys::new(
        parts.into_iter().map(|mut part| part.finish()).collect(),
        complete,
    )
}

/// What rows that will be there have in some columns, which none of them is NULL in; of more rows than
/// `most`, of a part of them.
fn values(
    described: &Described,
    found: &[Found],
    positions: &[usize],
    most: u64,
) -> Vec<Vec<String>> {
    let count: u64 = found.iter().map(|found| found.selection.count).sum();
    let every = count.div_ceil(most.max(1)).max(1);
    let texts: Vec<String> = positions
        .iter()
        .map(|&position| {
            let name = quoted(&described.table.columns[position].name);
            format!("t.{name}::pg_catalog.text")
        })
        .collect();
    let reading = Reading {
        computed: format!("ARRAY[{}] AS texts", texts.join(", ")),
        read: "synth_new.texts".to_owned(),
        unless: Vec::new(),
    };
    let read = |row: &SpiHeapTupleData| row.get::<Vec<Option<String>>>(1);
    let mut columns = vec![Vec::new(); positions.len()];
    let mut number = 0;
    for found in found {
        found.read(&reading, &read, |texts| {
            number += 1;
            let whole: Option<Vec<String>> = texts.into_iter().collect();
            if let Some(texts) = whole.filter(|_| number % every == 0) {
                for (column, text) in columns.iter_mut().zip(texts) {
                    column.push(text);
                }
            }
        });
    }
    columns
}

/// A relation with these columns, `k0` and so on, as the object of FROM; they become parameters.
fn relation(
    described: &Described,
    positions: &[usize],
    columns: Vec<Vec<String>>,
    parameters: &mut Vec<Parameter>,
) -> String {
    let first = parameters.len() + 1;
    let count = columns.len();
    for column in columns {
        parameters.push((pg_sys::TEXTARRAYOID, column.into_datum()));
    }
    let arrays: Vec<String> = (first..first + count)
        .map(|number| format!("pg_catalog.unnest(${number})"))
        .collect();
    let names: Vec<String> = (0..count).map(|place| format!("u{place}")).collect();
    let typed: Vec<String> = positions
        .iter()
        .zip(&names)
        .enumerate()
        .map(|(place, (&position, name))| {
            let base = &described.columns[position].base;
            format!("v.{name}::{base} AS k{place}")
        })
        .collect();
    format!(
        "(SELECT {} FROM ROWS FROM ({}) v ({}))",
        typed.join(", "),
        arrays.join(", "),
        names.join(", ")
    )
}

fn quoted(name: &str) -> String {
    pgrx::spi::quote_identifier(name)
}

/// Pages of a table, and how many rows the planner believes there to be. A partitioned table has
/// none of its own.
pub fn size(relid: Oid) -> (u32, f64) {
    // SAFETY: the relation is opened and closed here; the sizes are written to locals.
    unsafe {
        let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
        let (mut pages, mut rows, mut visible) = (0, 0.0, 0.0);
        if (*(*relation).rd_rel).relkind as u8 == pg_sys::RELKIND_RELATION {
            pg_sys::estimate_rel_size(
                relation,
                std::ptr::null_mut(),
                &raw mut pages,
                &raw mut rows,
                &raw mut visible,
            );
        }
        pg_sys::table_close(relation, pg_sys::AccessShareLock as i32);
        (pages, rows)
    }
}
