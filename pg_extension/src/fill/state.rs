//! What is in a table already, and what its sequences have left to give.

use std::collections::BTreeSet;

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::ordinal::Codec;
use synth_engine::fill::{Element, Given, Table};

use super::catalog::Described;
use super::gate::replace_word;
use super::{keys, privileges};
use crate::query::query;

/// Tables of up to this many pages are counted, larger ones estimated.
const COUNTED_PAGES: u32 = 16_384;

/// Reads what is in a table already: how many rows, and the largest values of unique columns.
pub fn read(described: &mut Described) {
    let relid = described.relid;
    // SAFETY: the relation is opened, measured and closed here; of a partitioned table the sizes
    // are those of its partitions, so it counts as large if it is read at all.
    described.table.limits = sequence_limits(described);
    let (pages, estimate) = keys::size(relid);
    if !privileges::may_read(relid) {
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
    for position in continued(&described.table) {
        let name = pgrx::spi::quote_identifier(&described.table.columns[position].name);
        let sql = format!(
            "SELECT pg_catalog.max({name})::pg_catalog.text FROM {}",
            described.qualified
        );
        let last = query(&sql, &[], |row| row.get::<String>(1)).pop();
        described.table.columns[position].last = last;
    }
}

/// The columns whose values go on after the largest there is: unique ones, and those that ranges are
/// made of which may not overlap.
fn continued(table: &Table) -> BTreeSet<usize> {
    let mut positions: BTreeSet<usize> = table
        .uniques
        .iter()
        .filter(|unique| unique.plain)
        .filter_map(|unique| match unique.columns[..] {
            [position] => Some(position),
            _ => None,
        })
        .collect();
    for exclusion in &table.exclusions {
        let overlap = |element: &Element| element.operator == "&&";
        if exclusion.elements.iter().any(overlap) {
            let beside: Vec<usize> = exclusion.elements.iter().filter_map(|e| e.column).collect();
            let inner = exclusion.columns.iter().filter(|c| !beside.contains(c));
            positions.extend(inner);
            for &column in &beside {
                // A generated range: the columns it is made of.
                if let Given::Generated(expression) = &table.columns[column].default {
                    positions.extend((0..table.columns.len()).filter(|&other| {
                        let name = pgrx::spi::quote_identifier(&table.columns[other].name);
                        other != column && replace_word(expression, &name, "") != *expression
                    }));
                }
            }
        }
    }
    positions.retain(|&position| Codec::of(&table.columns[position].class, 0).is_some());
    positions
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
