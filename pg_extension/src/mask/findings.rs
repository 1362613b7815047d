//! What the catalogs know about masked columns: one query a subject, over all columns at once.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};

use super::rulebook::ColumnId;
use crate::query::query;

/// Something that masking breaks or may break.
#[derive(Debug)]
pub struct Finding {
    /// The table; none: the database.
    pub relid: Option<Oid>,
    /// The column; none: the table.
    pub column: Option<String>,
    /// It is refused; otherwise it may fail or surprise.
    pub is_error: bool,
    /// The subject.
    pub check: &'static str,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: String,
}

/// A masked column.
#[derive(Debug, Clone)]
pub struct Masked {
    /// The column.
    pub column: ColumnId,
    /// Distinct values stay distinct.
    pub injective: bool,
}

/// A masked column and a named object that it touches.
pub struct Touched {
    /// The column.
    pub column: ColumnId,
    /// Name of the object.
    pub name: String,
    /// Properties, as each query says.
    pub flags: [bool; 4],
}

/// Runs a query over the masked columns `m (relid, attnum, injective)`; it gives a table, a column
/// number, a name and four truth values.
fn touched(masked: &[Masked], sql: &str) -> Vec<Touched> {
    let relids: Vec<Oid> = masked.iter().map(|column| column.column.0).collect();
    let attnums: Vec<i16> = masked.iter().map(|column| column.column.1).collect();
    let injective: Vec<bool> = masked.iter().map(|column| column.injective).collect();
    query(
        &format!(
            "WITH m (relid, attnum, injective) AS MATERIALIZED (
                SELECT * FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) u
             ) {sql} ORDER BY 1, 2, 3"
        ),
        &[
            (pg_sys::OIDARRAYOID, relids.into_datum()),
            (pg_sys::INT2ARRAYOID, attnums.into_datum()),
            (pg_sys::BOOLARRAYOID, injective.into_datum()),
        ],
        read,
    )
}

fn read(row: &SpiHeapTupleData) -> Result<Option<Touched>> {
    let (relid, attnum, name) = (row.get(1)?, row.get(2)?, row.get::<String>(3)?);
    let mut flags = [false; 4];
    for (index, flag) in flags.iter_mut().enumerate() {
        *flag = row.get(index + 4)?.unwrap_or(false);
    }
    Ok(relid.zip(attnum).zip(name).map(|(column, name)| Touched {
        column,
        name,
        flags,
    }))
}

/// Unique and exclusion indexes: exclusion; the column itself is a key column; it is the only one;
/// the mask is injective.
pub fn indexes(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT m.relid, m.attnum, c.relname::text, i.indisexclusion,
                m.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1]), i.indnkeyatts = 1, m.injective
         FROM m JOIN pg_index i ON i.indrelid = m.relid JOIN pg_class c ON c.oid = i.indexrelid
         WHERE (i.indisunique OR i.indisexclusion) AND NOT c.relispartition
           AND (m.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])
             OR (i.indexprs IS NOT NULL OR i.indpred IS NOT NULL) AND EXISTS (
                SELECT FROM pg_depend d
                WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = m.relid AND d.refobjsubid = m.attnum
                  AND (d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
                    OR d.classid = 'pg_constraint'::regclass AND d.objid IN (
                        SELECT k.oid FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.conrelid = m.relid))))",
    )
}

/// CHECK constraints.
pub fn checks(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT m.relid, m.attnum, k.conname::text, false, false, false, false
         FROM m JOIN pg_constraint k ON k.conrelid = m.relid AND k.contype = 'c' AND m.attnum = ANY (k.conkey)
         WHERE k.conislocal",
    )
}

/// Domains with conditions: refuses NULL; has a CHECK.
pub fn domains(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT m.relid, m.attnum, d.typname::text, d.typnotnull, k.oid IS NOT NULL, false, false
         FROM m
         JOIN pg_attribute a ON a.attrelid = m.relid AND a.attnum = m.attnum
         JOIN LATERAL (
            WITH RECURSIVE below (oid) AS (
                SELECT a.atttypid
              UNION
                SELECT t.typbasetype FROM below JOIN pg_type t ON t.oid = below.oid AND t.typtype = 'd'
            )
            SELECT t.oid, t.typname, t.typnotnull FROM below JOIN pg_type t ON t.oid = below.oid AND t.typtype = 'd'
         ) d ON true
         LEFT JOIN LATERAL (
            SELECT k.oid FROM pg_constraint k WHERE k.contypid = d.oid AND k.contype = 'c' LIMIT 1) k ON true
         WHERE d.typnotnull OR k.oid IS NOT NULL",
    )
}

/// Generated columns computed from masked ones.
pub fn generated(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT DISTINCT m.relid, m.attnum, a.attname::text, false, false, false, false
         FROM m
         JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.relid AND d.refobjsubid = m.attnum
         JOIN pg_attribute a ON a.attrelid = m.relid AND a.attgenerated <> ''
         LEFT JOIN pg_attrdef f ON f.adrelid = a.attrelid AND f.adnum = a.attnum
         WHERE d.classid = 'pg_class'::regclass AND d.objid = m.relid AND d.objsubid = a.attnum
            OR d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid",
    )
}

/// Identity columns and those that own a sequence, with the sequence.
pub fn identities(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT m.relid, m.attnum, s.relname::text, false, false, false, false
         FROM m
         JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.relid AND d.refobjsubid = m.attnum
          AND d.classid = 'pg_class'::regclass AND d.deptype IN ('a', 'i')
         JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'",
    )
}

/// Row-level security policies that read masked columns.
pub fn policies(masked: &[Masked]) -> Vec<Touched> {
    touched(
        masked,
        "SELECT m.relid, m.attnum, p.polname::text, false, false, false, false
         FROM m
         JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = m.relid AND d.refobjsubid = m.attnum
          AND d.classid = 'pg_policy'::regclass
         JOIN pg_policy p ON p.oid = d.objid",
    )
}

/// What is known of a table as a whole.
pub struct Table {
    /// The table.
    pub relid: Oid,
    /// Its schema.
    pub schema: String,
    /// Its name.
    pub name: String,
    /// Policies hold for the owner, too.
    pub forces_policies: bool,
    /// Its changes go to subscribers.
    pub is_published: bool,
    /// Its rows are elsewhere.
    pub is_foreign: bool,
    /// It is a part of another table.
    pub is_partition: bool,
}

/// The tables that are users' own: not of the system, of an extension, of this one or of another
/// session.
pub fn tables() -> Vec<Table> {
    query(
        "SELECT c.oid, n.nspname::text, c.relname::text, c.relrowsecurity AND c.relforcerowsecurity,
                EXISTS (SELECT FROM pg_publication p WHERE p.puballtables)
                OR EXISTS (SELECT FROM pg_publication_rel r WHERE r.prrelid = c.oid)
                OR EXISTS (SELECT FROM pg_publication_namespace s WHERE s.pnnspid = c.relnamespace),
                c.relkind = 'f', c.relispartition
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p', 'f') AND NOT pg_is_other_temp_schema(n.oid)
           AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast', 'synth')
           AND NOT EXISTS (
                SELECT FROM pg_depend d
                WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')",
        &[],
        |row| {
            let (relid, schema, name) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let mut flags = [false; 4];
            for (index, flag) in flags.iter_mut().enumerate() {
                *flag = row.get(index + 4)?.unwrap_or(false);
            }
            let [forces_policies, is_published, is_foreign, is_partition] = flags;
            Ok(relid.zip(schema).zip(name).map(|((relid, schema), name)| Table {
                relid,
                schema,
                name,
                forces_policies,
                is_published,
                is_foreign,
                is_partition,
            }))
        },
    )
}
