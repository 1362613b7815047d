//! How many rows there is room for under exclusion constraints over expressions: what they compare
//! goes into a temporary table with the same indexes, which refuses what the table would refuse.
//! The table itself is not written: no trigger runs, no sequence moves.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::catalog::Described;
use super::gate::{BATCH, Gate};
use super::insert::PATIENCE;
use super::privileges;
use super::room::Room;
use super::subtransaction::undone;
use crate::boundary::check_for_interrupts;
use crate::query::{execute, query, with_safe_path};

/// The temporary table; it is gone when the answer is known.
const TABLE: &str = "pg_temp.synth_apart";

/// An index that the plan does not promise.
struct Index {
    name: String,
    method: String,
    is_exclusion: bool,
    /// What is compared, as SQL over a row.
    elements: Vec<String>,
    /// Collation and operator class of each, and in an exclusion the operator.
    kinds: Vec<String>,
    nulls_equal: bool,
    /// The rows it holds for.
    condition: Option<String>,
}

/// Whether the caller may make a temporary table now.
pub fn is_possible(described: &Described) -> bool {
    // SAFETY: reads variables of the backend.
    if unsafe { pg_sys::XactReadOnly || pg_sys::InSecurityRestrictedOperation() } {
        return false;
    }
    if described.table.existing_rows > 0 && !privileges::may_read(described.relid) {
        return false;
    }
    let may = query(
        "SELECT has_database_privilege(current_database(), 'TEMP')
                AND to_regclass('pg_temp.synth_apart') IS NULL",
        &[],
        |row| row.get::<bool>(1),
    );
    may.first() == Some(&true)
}

/// How many of `rows` rows the unproven exclusion constraints and unique indexes let pass.
pub fn room(described: &Described, plan: &Plan, gate: &Gate, rows: u64) -> Room {
    let indexes = indexes(described, plan);
    if indexes.is_empty() || rows == 0 {
        return Room::Enough;
    }
    let written = undone(|| with_safe_path(|| write(described, plan, gate, &indexes, rows)));
    if written >= rows {
        return Room::Enough;
    }
    let names: Vec<&str> = indexes.iter().map(|index| index.name.as_str()).collect();
    Room::For(written, names.join(" and "))
}

/// Writes what candidates compare; gives how many rows fit.
fn write(described: &Described, plan: &Plan, gate: &Gate, indexes: &[Index], rows: u64) -> u64 {
    let outputs = outputs(indexes);
    execute(
        &format!(
            "CREATE TEMPORARY TABLE {TABLE} AS SELECT {outputs}, NULL::pg_catalog.int8 AS synth_place FROM {} t",
            described.qualified
        ),
        &[],
    );
    for (number, index) in indexes.iter().enumerate() {
        execute(&definition(number, index), &[]);
    }
    let end = plan.candidates.unwrap_or(u64::MAX);
    let (mut next, mut fruitless, mut written) = (0, 0, 0);
    while written < rows && next < end && fruitless < PATIENCE {
        check_for_interrupts();
        let batch_end = end.min(next + BATCH.min(rows - written));
        let batch = plan.batch(next..batch_end);
        let arrived = gate.insert(TABLE, &outputs, &batch, batch_end - next);
        fruitless = if arrived == 0 {
            fruitless + (batch_end - next)
        } else {
            0
        };
        written += arrived;
        next = batch_end;
    }
    written
}

/// What the indexes compare, and for which rows, as columns.
fn outputs(indexes: &[Index]) -> String {
    let mut outputs = Vec::new();
    for (number, index) in indexes.iter().enumerate() {
        for (place, element) in index.elements.iter().enumerate() {
            outputs.push(format!("({element}) AS e{number}_{place}"));
        }
        if let Some(condition) = &index.condition {
            outputs.push(format!("({condition}) AS w{number}"));
        }
    }
    outputs.join(", ")
}

/// The statement that makes the same index over the temporary table.
fn definition(number: usize, index: &Index) -> String {
    let kinds = index.kinds.iter().enumerate();
    let elements: Vec<String> = kinds
        .map(|(place, kind)| format!("e{number}_{place} {kind}"))
        .collect();
    let elements = elements.join(", ");
    let condition = match index.condition {
        Some(_) => format!(" WHERE (w{number})"),
        None => String::new(),
    };
    let method = pgrx::spi::quote_identifier(&index.method);
    if index.is_exclusion {
        return format!("ALTER TABLE {TABLE} ADD EXCLUDE USING {method} ({elements}){condition}");
    }
    let nulls = if index.nulls_equal {
        " NULLS NOT DISTINCT"
    } else {
        ""
    };
    format!("CREATE UNIQUE INDEX ON {TABLE} USING {method} ({elements}){nulls}{condition}")
}

/// The indexes that the plan does not promise, on the table or a partition.
fn indexes(described: &Described, plan: &Plan) -> Vec<Index> {
    let names: Vec<String> = plan.unproven.iter().cloned().collect();
    query(
        "SELECT ic.relname::text, am.amname::text, i.indisexclusion, i.indnullsnotdistinct,
                pg_get_expr(i.indpred, i.indrelid), pg_get_partition_constraintdef(i.indrelid),
                (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, false) ORDER BY k)
                 FROM generate_series(1, i.indnkeyatts) k),
                (SELECT array_agg(
                            CASE WHEN l.oid IS NULL THEN ''
                                 ELSE format('COLLATE %I.%I ', l.collnamespace::regnamespace::text, l.collname) END
                            || format('%I.%I', cn.nspname, c.opcname)
                            || CASE WHEN o.oid IS NULL THEN ''
                                    ELSE format(' WITH OPERATOR(%I.%s)', on_.nspname, o.oprname) END
                            ORDER BY k.place)
                 FROM unnest(i.indclass::oid[], i.indcollation::oid[]) WITH ORDINALITY k (class, collation_, place)
                 JOIN pg_opclass c ON c.oid = k.class
                 JOIN pg_namespace cn ON cn.oid = c.opcnamespace
                 LEFT JOIN pg_collation l ON l.oid = k.collation_
                 LEFT JOIN pg_operator o ON o.oid = x.conexclop[k.place::integer]
                 LEFT JOIN pg_namespace on_ ON on_.oid = o.oprnamespace
                 WHERE k.place <= i.indnkeyatts)
         FROM pg_index i
         JOIN pg_class ic ON ic.oid = i.indexrelid
         JOIN pg_am am ON am.oid = ic.relam
         LEFT JOIN pg_constraint x ON x.conrelid = i.indrelid AND x.conindid = i.indexrelid AND x.contype = 'x'
         WHERE (i.indisunique OR i.indisexclusion) AND ic.relname = ANY ($2)
           AND i.indrelid = ANY (array(SELECT relid::oid FROM pg_partition_tree($1) UNION SELECT $1))
         ORDER BY 1",
        &[
            (pg_sys::OIDOID, described.relid.into_datum()),
            (pg_sys::TEXTARRAYOID, names.into_datum()),
        ],
        |row| {
            let conditions: Vec<String> = [row.get::<String>(5)?, row.get::<String>(6)?]
                .into_iter()
                .flatten()
                .map(|condition| format!("({condition})"))
                .collect();
            let elements = row.get::<Vec<String>>(7)?;
            let kinds = row.get::<Vec<String>>(8)?;
            let named = row.get::<String>(1)?.zip(row.get::<String>(2)?);
            let is_exclusion = row.get::<bool>(3)? == Some(true);
            let nulls_equal = row.get::<bool>(4)? == Some(true);
            Ok(named
                .zip(elements.zip(kinds))
                .map(|((name, method), (elements, kinds))| Index {
                    name,
                    method,
                    is_exclusion,
                    elements,
                    kinds,
                    nulls_equal,
                    condition: (!conditions.is_empty()).then(|| conditions.join(" AND ")),
                }))
        },
    )
}
