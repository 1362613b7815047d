//! The keys that references may point to, read from the tables they refer to.

use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, PgSqlErrorCode};
use synth_engine::fill::{Keys, Reference};

use super::catalog::{Described, DescribedReference};
use super::filling::Round;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::query;

/// Of a larger table a sample of about this many rows is referred to.
const MOST_KEYS: u64 = 1_000_000;

/// The references of a table with the keys that are there, as far as a round reads them.
///
/// `begun`: earlier rounds have written rows.
pub fn references(
    described: &Described,
    round: &Round,
    begun: bool,
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
                read(described, reference, one_to_one, unused_only, rows, seed)
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

fn read(
    described: &Described,
    reference: &DescribedReference,
    all: bool,
    unused_only: bool,
    rows: u64,
    seed: u64,
) -> Keys {
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
    let most = if all { MOST_KEYS.max(rows) } else { MOST_KEYS };
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
    if unused_only {
        let equal: Vec<String> = reference
            .positions
            .iter()
            .zip(columns.iter().zip(&reference.operators))
            .map(|(&position, (column, operator))| {
                let own = quoted(&described.table.columns[position].name);
                format!("{column} {operator} c.{own}")
            })
            .collect();
        conditions.push(format!(
            "NOT EXISTS (SELECT FROM {} c WHERE {})",
            described.qualified,
            equal.join(" AND ")
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
    let complete = count
        .first()
        .is_none_or(|&count| count.cast_unsigned() <= most);
    let sample = if complete || all {
        String::new()
    } else {
        let estimate = size(reference.target()).1.max(2.0 * most as f64);
        let percent = (100.0 * most as f64 / estimate).clamp(0.001, 100.0);
        format!(
            "TABLESAMPLE SYSTEM ({percent}) REPEATABLE ({})",
            seed % 1_000_000
        )
    };
    let texts: Vec<String> = columns
        .iter()
        .map(|column| format!("{column}::pg_catalog.text"))
        .collect();
    let sql = format!(
        "SELECT {} FROM {target} p {sample} WHERE {} ORDER BY {} LIMIT {most}",
        texts.join(", "),
        conditions.join(" AND "),
        columns.join(", "),
    );
    let mut parts: Vec<arrow_array::builder::StringBuilder> = columns
        .iter()
        .map(|_| arrow_array::builder::StringBuilder::new())
        .collect();
    query(&sql, &[], |row| {
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
