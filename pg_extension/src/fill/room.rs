//! How many rows there is room for where uniqueness cannot be planned: the candidates' keys are
//! compared without writing them, as the load would.

use std::collections::HashSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::pg_sys;
use synth_engine::fill::Plan;

use super::catalog::Described;
use super::gate::{BATCH, Gate};
use super::insert::PATIENCE;
use super::subtransaction::attempt;
use crate::boundary::check_for_interrupts;
use crate::query::query;

/// So many keys of an index are kept in memory, 16 bytes each.
const MOST_KEYS: u64 = 4_000_000;

/// What was found.
pub enum Room {
    /// There is room for so many rows, fewer than asked for; and the index that refuses most.
    For(u64, String),
    /// There is room for all.
    Enough,
    /// There is room for so many, which is as many as were looked at.
    Atleast(u64),
}

/// A unique index as an expression over a row: the hash of its key, NULL where it does not hold.
struct Key {
    name: String,
    columns: Vec<String>,
    condition: String,
}

impl Key {
    fn hash(&self, function: &str) -> String {
        format!(
            "CASE WHEN {} THEN {} END",
            self.condition,
            function.replace("{}", &format!("ROW({})", self.columns.join(", ")))
        )
    }
}

/// Hashes of keys; of types that have no hash function, of their text.
const OF_VALUES: &str = "pg_catalog.hash_record_extended({}, 0)";
const OF_TEXT: &str = "pg_catalog.hashtextextended({}::pg_catalog.text, 0)";

/// How many of `rows` rows the unproven unique indexes of a table let pass.
pub fn room(described: &Described, plan: &Plan, gate: &Gate, rows: u64) -> Room {
    let keys = keys(described, plan);
    if keys.is_empty() {
        return Room::Enough;
    }
    let arrays = |function: &str| {
        let hashes: Vec<String> = keys.iter().map(|key| key.hash(function)).collect();
        format!("ARRAY[{}]::pg_catalog.int8[]", hashes.join(", "))
    };
    let mut output = arrays(OF_VALUES);
    let first = plan.batch(0..1);
    let no_function = |code| code == ERRCODE_UNDEFINED_FUNCTION;
    let read = |row: &pgrx::spi::SpiHeapTupleData| row.get::<Vec<Option<i64>>>(1);
    if attempt(|| gate.select(&output, &first, 1, &read), no_function).is_err() {
        output = arrays(OF_TEXT);
    }
    let mut taken: Vec<HashSet<i64>> = keys.iter().map(|_| HashSet::new()).collect();
    let mut refusals = vec![0_u64; keys.len()];
    let existing = described.table.existing_rows;
    if existing > MOST_KEYS {
        return Room::Atleast(0);
    }
    if existing > 0 {
        let sql = format!("SELECT {output} FROM {} t", described.qualified);
        for hashes in query(&sql, &[], read) {
            for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                taken.extend(hash);
            }
        }
    }
    let wanted = rows.min(MOST_KEYS - existing);
    let end = plan.candidates.unwrap_or(u64::MAX);
    let (mut fitting, mut next, mut fruitless) = (0, 0, 0);
    while fitting < wanted && next < end && fruitless < PATIENCE {
        check_for_interrupts();
        let batch_end = end.min(next + BATCH);
        let batch = plan.batch(next..batch_end);
        let before = fitting;
        for (_, hashes) in gate.select(&output, &batch, batch_end - next, &read) {
            let clash = hashes
                .iter()
                .zip(&taken)
                .position(|(hash, taken)| hash.is_some_and(|hash| taken.contains(&hash)));
            if let Some(index) = clash {
                refusals[index] += 1;
                continue;
            }
            for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                taken.extend(hash);
            }
            fitting += 1;
        }
        fruitless = if fitting == before {
            fruitless + BATCH
        } else {
            0
        };
        next = batch_end;
    }
    if fitting >= rows {
        return Room::Enough;
    }
    if fitting >= wanted {
        return Room::Atleast(fitting);
    }
    let worst = (0..keys.len()).max_by_key(|&index| refusals[index]);
    let name = worst.map(|index| keys[index].name.clone());
    Room::For(fitting, name.unwrap_or_default())
}

/// The unique indexes that the plan does not promise, on the table or a partition.
fn keys(described: &Described, plan: &Plan) -> Vec<Key> {
    let names: Vec<String> = plan.unproven.iter().cloned().collect();
    query(
        "SELECT ic.relname::text,
                (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, false) ORDER BY k)
                 FROM generate_series(1, i.indnkeyatts) k),
                pg_get_expr(i.indpred, i.indrelid),
                i.indnullsnotdistinct,
                pg_get_partition_constraintdef(i.indrelid)
         FROM pg_index i
         JOIN pg_class ic ON ic.oid = i.indexrelid
         WHERE (i.indisunique OR i.indisexclusion) AND ic.relname = ANY ($2)
           AND (i.indrelid = $1 OR i.indrelid IN (SELECT relid FROM pg_partition_tree($1)))
         ORDER BY 1",
        &[
            (pg_sys::OIDOID, described.relid.into_datum()),
            (pg_sys::TEXTARRAYOID, names.into_datum()),
        ],
        |row| {
            let Some(columns) = row.get::<Vec<String>>(2)? else {
                return Ok(None);
            };
            let mut conditions = vec!["true".to_owned()];
            if row.get::<bool>(4)? != Some(true) {
                let columns = columns.join(", ");
                conditions.push(format!("pg_catalog.num_nulls({columns}) = 0"));
            }
            for condition in [row.get::<String>(3)?, row.get::<String>(5)?] {
                conditions.extend(condition.map(|condition| format!("({condition})")));
            }
            Ok(row.get::<String>(1)?.map(|name| Key {
                name,
                columns,
                condition: conditions.join(" AND "),
            }))
        },
    )
}
