//! What is in a table already, and what its sequences have left to give.

use std::collections::BTreeSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::pg_sys;
use pgrx::spi::SpiHeapTupleData;
use synth_engine::fill::ordinal::Codec;
use synth_engine::fill::{Element, Given, Table, Values};

use super::catalog::{Described, Numbers};
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
    read_sequences(described);
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

/// What the sequence of a column has left to give.
struct Left {
    /// How many numbers; unknown to whom the sequence may not tell.
    count: Option<u64>,
    /// How many numbers it gives in all.
    all: u64,
    /// What it is called in messages.
    name: String,
    /// Whether it begins anew at its end.
    cycles: bool,
}

/// Reads what the sequences of a table have left to give. One that begins anew at its end is a limit
/// to unique columns only.
fn read_sequences(described: &mut Described) {
    let mut limits = Vec::new();
    for position in 0..described.columns.len() {
        if described.table.columns[position].default != Given::Sequence {
            continue;
        }
        let Some((left, numbers)) = sequence(described, position) else {
            continue;
        };
        described.columns[position].numbers = Some(numbers);
        let table = &described.table;
        let is_given = matches!(
            table.columns[position].wish.values,
            None | Some(Values::Default)
        );
        let mut uniques = table.uniques.iter();
        let is_unique = uniques.any(|unique| unique.plain && unique.columns[..] == [position]);
        let count = match (left.count, left.cycles) {
            (Some(count), false) => count,
            (Some(_), true) if is_unique => left.all.saturating_sub(table.existing_rows),
            _ => continue,
        };
        if is_given {
            limits.push((count, left.name));
        }
    }
    described.table.limits = limits;
}

/// The sequence of a column: what it has left, and the numbers that come next.
fn sequence(described: &Described, position: usize) -> Option<(Left, Numbers)> {
    let number = described.columns[position].number;
    let largest = described.table.columns[position].last.as_deref();
    let largest: Option<i64> = largest.and_then(|largest| largest.parse().ok());
    let of_column = [
        (pg_sys::OIDOID, described.relid.into_datum()),
        (pg_sys::INT2OID, number.into_datum()),
        // Where the sequence may not tell, its numbers are taken to go on after these.
        (pg_sys::INT8OID, largest.into_datum()),
    ];
    let read = |row: &SpiHeapTupleData| {
        let count = |text: Option<String>| {
            let count = text.and_then(|text| text.parse::<i128>().ok())?;
            Some(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
        };
        let left = Left {
            count: count(row.get(1)?),
            all: count(row.get(2)?).unwrap_or(u64::MAX),
            name: row.get(3)?.unwrap_or_default(),
            cycles: row.get(4)? == Some(true),
        };
        let (last, step, end) = (row.get(5)?, row.get(6)?, row.get(7)?);
        let numbers = last.zip(step).zip(end);
        Ok(numbers.map(|((last, step), end)| (left, Numbers { last, step, end })))
    };
    query(SEQUENCE, &of_column, read).pop()
}

/// Of the sequence that a column is numbered by: how many numbers are left, how many there are at
/// all, its name, whether it begins anew at its end, the last number that it gave, its step and its
/// last number.
const SEQUENCE: &str = "
SELECT CASE WHEN s.may_tell THEN trunc((s.end_ - s.last) / s.seqincrement)::numeric(30)::text END,
       (trunc((s.end_ - s.begin_) / s.seqincrement) + 1)::numeric(30)::text,
       'sequence ' || s.relname, s.seqcycle, s.last::text, s.seqincrement::text, s.end_::text
FROM (
    SELECT q.*, c.relname, t.may_tell,
           CASE WHEN t.may_tell THEN coalesce(pg_sequence_last_value(q.seqrelid), q.seqstart::numeric - q.seqincrement)
                ELSE coalesce($3, q.seqstart::numeric - q.seqincrement) END AS last,
           CASE WHEN q.seqincrement > 0 THEN q.seqmax ELSE q.seqmin END::numeric AS end_,
           CASE WHEN q.seqincrement > 0 THEN q.seqmin ELSE q.seqmax END::numeric AS begin_
    FROM pg_sequence q
    JOIN pg_class c ON c.oid = q.seqrelid
    CROSS JOIN LATERAL (SELECT has_sequence_privilege(q.seqrelid, 'USAGE, SELECT')) t (may_tell)
    WHERE q.seqrelid = ANY (array(
              SELECT d.objid FROM pg_depend d
              WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
                AND d.refobjid = $1 AND d.refobjsubid = $2 AND d.deptype = 'i'
              UNION
              SELECT d.refobjid FROM pg_attrdef a
              JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = a.oid
              WHERE d.refclassid = 'pg_class'::regclass AND a.adrelid = $1 AND a.adnum = $2
          ))
    OFFSET 0
) s";
