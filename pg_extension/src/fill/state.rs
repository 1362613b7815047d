//! What is in a table already, and what its sequences have left to give.

use pgrx::IntoDatum;
use pgrx::pg_sys;
use synth_engine::fill::Given;
use synth_engine::fill::ordinal::Codec;

use super::catalog::Described;
use super::keys;
use crate::query::query;

/// Tables of up to this many pages are counted, larger ones estimated.
const COUNTED_PAGES: u32 = 16_384;

/// Reads what is in a table already: how many rows, and the largest values of unique columns.
pub fn read(described: &mut Described) {
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
