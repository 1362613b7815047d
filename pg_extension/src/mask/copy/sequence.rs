//! Sequences of the copy: its own, with the right next values.

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::quote_identifier;

use super::definition::Definition;
use super::source::{oid_list, qualified};
use crate::mask::owner::AsOwner;
use crate::query::{execute, query};

/// A sequence of the source.
struct Sequence {
    relid: Oid,
    name: String,
    /// `AS integer INCREMENT BY ...`, without the type for an identity column.
    options: String,
    /// The column it belongs to: table and name.
    column: Option<(Oid, String)>,
}

/// Makes the sequences of a schema that do not belong to an identity column.
pub fn create(definition: &mut Definition) {
    for sequence in sequences(definition, "d.deptype IS DISTINCT FROM 'i'") {
        let _owner = AsOwner::of(sequence.relid);
        let name = qualified(definition.schema(), &sequence.name);
        execute(&format!("CREATE SEQUENCE {name} {}", sequence.options), &[]);
        definition.remember(sequence.relid, &sequence.name);
    }
}

/// Ties sequences to their columns, once the tables are there, and makes those of identity columns.
pub fn identities(definition: &mut Definition) {
    for sequence in sequences(definition, "d.deptype = 'a'") {
        let Some((relid, column)) = sequence.column else {
            continue;
        };
        let Some(table) = definition.source().table(relid) else {
            continue;
        };
        let _owner = AsOwner::of(sequence.relid);
        let sql = format!(
            "ALTER SEQUENCE {} OWNED BY {}.{}",
            qualified(definition.schema(), &sequence.name),
            qualified(definition.schema(), &table.name),
            quote_identifier(&column)
        );
        execute(&sql, &[]);
    }
    for sequence in sequences(definition, "d.deptype = 'i'") {
        let Some((relid, column)) = sequence.column else {
            continue;
        };
        let Some(table) = definition.source().table(relid) else {
            continue;
        };
        let _owner = AsOwner::of(relid);
        let sql = format!(
            "ALTER TABLE ONLY {} ALTER {} ADD GENERATED {} AS IDENTITY (SEQUENCE NAME {} {})",
            qualified(definition.schema(), &table.name),
            quote_identifier(&column),
            identity(relid, &column),
            qualified(definition.schema(), &sequence.name),
            sequence.options
        );
        execute(&sql, &[]);
        definition.remember(sequence.relid, &sequence.name);
    }
}

/// Sets the next values: those of the source, or, where copied values lie beyond them or the caller
/// may not read the sequence, the next after the values that were copied.
pub fn set_values(definition: &Definition) {
    for sequence in sequences(definition, "true") {
        let Some(&copy) = definition.copies.get(&sequence.relid) else {
            continue;
        };
        let known = last_value(&sequence, definition);
        let copied = sequence
            .column
            .as_ref()
            .and_then(|(relid, column)| furthest(definition, *relid, column));
        let ascending = ascending(sequence.relid);
        let further = |a: i64, b: i64| if ascending { a > b } else { a < b };
        let value = match (known, copied) {
            (Some((last, called)), Some(copied))
                if further(copied, last) || !called && copied == last =>
            {
                Some((copied, true))
            }
            (Some(known), _) => Some(known),
            (None, copied) => copied.map(|copied| (copied, true)),
        };
        let Some((last, called)) = value else {
            continue;
        };
        let _owner = AsOwner::of(copy);
        // A masked value may lie outside of the sequence's range.
        query(
            "SELECT setval($1::regclass, least(greatest($2, s.seqmin), s.seqmax), $3)
             FROM pg_sequence s WHERE s.seqrelid = $1",
            &[
                super::source::oid(copy),
                (pg_sys::INT8OID, pgrx::IntoDatum::into_datum(last)),
                (pg_sys::BOOLOID, pgrx::IntoDatum::into_datum(called)),
            ],
            |row| row.get::<i64>(1),
        );
    }
}

/// Sequences of the source for which a fixed condition on `pg_depend d`, which ties them to a
/// column, holds.
fn sequences(definition: &Definition, which: &str) -> Vec<Sequence> {
    query(
        &format!(
            "SELECT c.oid, c.relname::text,
                    CASE WHEN d.deptype IS DISTINCT FROM 'i'
                         THEN 'AS ' || format_type(s.seqtypid, NULL) || ' ' ELSE '' END
                    || format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s CACHE %s %s',
                              s.seqincrement, s.seqmin, s.seqmax, s.seqstart, s.seqcache,
                              CASE WHEN s.seqcycle THEN 'CYCLE' ELSE 'NO CYCLE' END),
                    d.refobjid, a.attname::text
             FROM pg_class c
             JOIN pg_sequence s ON s.seqrelid = c.oid
             JOIN pg_namespace n ON n.oid = c.relnamespace
             LEFT JOIN pg_depend d
               ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.objsubid = 0
              AND d.refclassid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
             LEFT JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
             WHERE n.nspname = $1 AND {which}
               AND (d.refobjid IS NULL OR d.refobjid = ANY ($2))
               AND NOT EXISTS (SELECT FROM pg_depend e
                               WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid
                                 AND e.deptype = 'e')
             ORDER BY c.relname"
        ),
        &[
            super::source::text(&definition.source().schema),
            oid_list(&definition.source().relids()),
        ],
        |row| {
            let (relid, name, options) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let column = row.get::<Oid>(4)?.zip(row.get::<String>(5)?);
            Ok(relid
                .zip(name)
                .zip(options)
                .map(|((relid, name), options)| Sequence {
                    relid,
                    name,
                    options,
                    column,
                }))
        },
    )
}

/// `ALWAYS` or `BY DEFAULT`.
fn identity(relid: Oid, column: &str) -> String {
    query(
        "SELECT CASE attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END
         FROM pg_attribute WHERE attrelid = $1 AND attname = $2",
        &[super::source::oid(relid), super::source::text(column)],
        |row| row.get::<String>(1),
    )
    .pop()
    .unwrap_or_default()
}

fn ascending(relid: Oid) -> bool {
    query(
        "SELECT seqincrement > 0 FROM pg_sequence WHERE seqrelid = $1",
        &[super::source::oid(relid)],
        |row| row.get::<bool>(1),
    ) == [true]
}

/// The last value of a sequence of the source and whether it has been given out, if the caller may
/// read it.
fn last_value(sequence: &Sequence, definition: &Definition) -> Option<(i64, bool)> {
    let readable = query(
        "SELECT has_sequence_privilege($1, 'SELECT')",
        &[super::source::oid(sequence.relid)],
        |row| row.get::<bool>(1),
    );
    if readable != [true] {
        return None;
    }
    let name = qualified(&definition.source().schema, &sequence.name);
    query(
        &format!("SELECT last_value, is_called FROM {name}"),
        &[],
        |row| Ok(row.get::<i64>(1)?.zip(row.get::<bool>(2)?)),
    )
    .pop()
}

/// The furthest value that a column of the copy holds, in the direction of the sequence.
fn furthest(definition: &Definition, relid: Oid, column: &str) -> Option<i64> {
    let table = definition.source().table(relid)?;
    let copy = definition.copies.get(&relid)?;
    let _owner = AsOwner::of(*copy);
    let sequence_ascends = query(
        "SELECT s.seqincrement > 0
         FROM pg_depend d JOIN pg_sequence s ON s.seqrelid = d.objid
         JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
         WHERE d.refobjid = $1 AND a.attname = $2 AND d.deptype IN ('a', 'i')",
        &[super::source::oid(relid), super::source::text(column)],
        |row| row.get::<bool>(1),
    );
    let aggregate = if sequence_ascends == [false] {
        "min"
    } else {
        "max"
    };
    let sql = format!(
        "SELECT {aggregate}({})::bigint FROM {}",
        quote_identifier(column),
        qualified(definition.schema(), &table.name)
    );
    query(&sql, &[], |row| row.get::<i64>(1)).pop()
}
