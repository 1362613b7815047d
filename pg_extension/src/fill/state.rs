//! What is in a table already, and what its sequences have left to give.

use std::collections::BTreeSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::pg_sys;
use synth_engine::fill::ordinal::Codec;
use synth_engine::fill::{Element, Given, Table, Values};

use super::catalog::Described;
use super::gate::replace_word;
use super::subtransaction::attempt;
use super::{keys, privileges};
use crate::query::query;

/// Tables of up to this many pages are counted, larger ones estimated.
const COUNTED_PAGES: u32 = 16_384;

/// Reads what is in a table already: how many rows, the largest values of unique columns, and which
/// of the values asked for are taken; and what its sequences have left.
pub fn read(described: &mut Described) {
    read_rows(described);
    described.table.limits = sequence_limits(described);
}

fn read_rows(described: &mut Described) {
    let relid = described.relid;
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
    leave_out_taken(described);
}

/// Of the values asked for in a unique column, those that no row has.
fn leave_out_taken(described: &mut Described) {
    for unique in &described.table.uniques {
        let [position] = unique.columns[..] else {
            continue;
        };
        let column = &mut described.table.columns[position];
        let Some(Values::List(values)) = &mut column.wish.values else {
            continue;
        };
        if !unique.plain {
            continue;
        }
        let sql = format!(
            "SELECT u.place FROM pg_catalog.unnest($1) WITH ORDINALITY u (value, place)
             WHERE EXISTS (SELECT FROM {} t WHERE t.{} = u.value::{})",
            described.qualified,
            pgrx::spi::quote_identifier(&column.name),
            described.columns[position].base,
        );
        let texts: Vec<Option<String>> = values.iter().map(|(value, _)| value.clone()).collect();
        let parameters = [(pg_sys::TEXTARRAYOID, texts.into_datum())];
        let no_operator = |code| code == ERRCODE_UNDEFINED_FUNCTION;
        let found = attempt(
            || query(&sql, &parameters, |row| row.get::<i64>(1)),
            no_operator,
        );
        let Ok(taken) = found else {
            continue;
        };
        // All taken: how many rows there are says that there is no room.
        if taken.len() < values.len() {
            let mut place = 0;
            values.retain(|_| {
                place += 1;
                !taken.contains(&place)
            });
            column.untaken = true;
        }
    }
}

/// The columns whose values go on after the largest there is: unique ones, and those that ranges are
/// made of which may not overlap.
fn continued(table: &Table) -> BTreeSet<usize> {
    let mut positions: BTreeSet<usize> = table
        .uniques
        .iter()
        .filter(|unique| unique.plain || unique.partial)
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

/// What the sequences of a table have left to give. One that begins anew at its end is a limit to
/// unique columns only.
fn sequence_limits(described: &Described) -> Vec<(u64, String)> {
    let table = &described.table;
    let is_unique = |position: usize| {
        let mut uniques = table.uniques.iter();
        uniques.any(|unique| unique.plain && unique.columns[..] == [position])
    };
    let columns = table.columns.iter().zip(&described.columns).enumerate();
    columns
        .filter(|(_, (column, _))| {
            column.default == Given::Sequence && column.wish.values.is_none()
        })
        .flat_map(|(position, (_, in_database))| {
            let found = query(
                SEQUENCE_LEFT,
                &[
                    (pg_sys::OIDOID, described.relid.into_datum()),
                    (pg_sys::INT2OID, in_database.number.into_datum()),
                ],
                |row| {
                    let count = |text: Option<String>| {
                        let count = text.and_then(|text| text.parse::<i128>().ok())?;
                        Some(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
                    };
                    let left = count(row.get::<String>(1)?);
                    let all = count(row.get::<String>(2)?);
                    let name = row.get::<String>(3)?;
                    Ok(left.zip(all).zip(name).zip(row.get::<bool>(4)?))
                },
            );
            let is_unique = is_unique(position);
            found
                .into_iter()
                .filter_map(
                    move |(((left, all), name), cycles)| match (cycles, is_unique) {
                        (false, _) => Some((left, name)),
                        (true, true) => Some((all.saturating_sub(table.existing_rows), name)),
                        (true, false) => None,
                    },
                )
        })
        .collect()
}

/// Of the sequence that a column is numbered by: how many numbers are left, how many there are at
/// all, its name, and whether it begins anew at its end.
const SEQUENCE_LEFT: &str = "
SELECT trunc((s.end_ - coalesce(s.last_value, s.seqstart - s.seqincrement)) / s.seqincrement)::numeric(30)::text,
       (trunc((s.end_ - s.begin_) / s.seqincrement) + 1)::numeric(30)::text,
       'sequence ' || s.relname, s.seqcycle
FROM (
    SELECT q.*, c.relname, pg_sequence_last_value(q.seqrelid) AS last_value,
           CASE WHEN q.seqincrement > 0 THEN q.seqmax ELSE q.seqmin END::numeric AS end_,
           CASE WHEN q.seqincrement > 0 THEN q.seqmin ELSE q.seqmax END::numeric AS begin_
    FROM pg_sequence q
    JOIN pg_class c ON c.oid = q.seqrelid
    WHERE q.seqrelid = ANY (array(
              SELECT d.objid FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = $1 AND d.refobjsubid = $2 AND d.deptype = 'i'
              UNION
              SELECT d.refobjid FROM pg_attrdef a
              JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
              WHERE d.refclassid = 'pg_class'::regclass AND a.adrelid = $1 AND a.adnum = $2
          ))
      AND has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')
    OFFSET 0
) s";
