//! Catalog queries: fixed text, parameters, and a search path that user objects cannot enter.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};

/// A column that a rule holds for.
pub struct RuledColumn {
    /// The table.
    pub relid: Oid,
    /// The column's name.
    pub column: String,
    /// The rule's text.
    pub rule: String,
    /// The table that carries the label: this one, or one above or below it.
    pub labelled: Oid,
}

/// All tables connected to one by inheritance or partitioning, itself included.
pub fn tree(relid: Oid) -> Vec<Oid> {
    query(
        "WITH RECURSIVE tree (relid) AS (
            SELECT pg_catalog.unnest($1)
          UNION
            SELECT CASE WHEN i.inhrelid = tree.relid THEN i.inhparent ELSE i.inhrelid END
            FROM tree JOIN pg_catalog.pg_inherits i
              ON i.inhrelid = tree.relid OR i.inhparent = tree.relid
         )
         SELECT t.relid FROM tree t JOIN pg_catalog.pg_class c ON c.oid = t.relid
         WHERE c.relkind IN ('r', 'p', 'f')",
        &[relid],
        |row| row.get(1),
    )
}

/// These tables and those above them: queries of the latter read rows of the former.
pub fn ancestors(relids: &[Oid]) -> Vec<Oid> {
    query(
        "WITH RECURSIVE above (relid) AS (
            SELECT pg_catalog.unnest($1)
          UNION
            SELECT i.inhparent FROM above JOIN pg_catalog.pg_inherits i ON i.inhrelid = above.relid
         )
         SELECT a.relid FROM above a JOIN pg_catalog.pg_class c ON c.oid = a.relid
         WHERE c.relkind IN ('r', 'p', 'f')",
        relids,
        |row| row.get(1),
    )
}

/// What the masking rules on columns of these tables hold for: a rule holds up and down the tree as
/// far as the column is inherited. Columns of one name in two branches, without one above, are two.
pub fn ruled_columns(tree: &[Oid]) -> Vec<RuledColumn> {
    query(
        "WITH RECURSIVE ruled (relid, name, rule, labelled) AS (
            SELECT l.objoid, a.attname, l.label, l.objoid
            FROM pg_catalog.pg_seclabel l
            JOIN pg_catalog.pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid
            WHERE l.provider = 'pg_synth' AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND l.objoid = ANY ($1) AND NOT a.attisdropped
          UNION
            SELECT a.attrelid, ruled.name, ruled.rule, ruled.labelled
            FROM ruled
            JOIN pg_catalog.pg_inherits i ON ruled.relid IN (i.inhrelid, i.inhparent)
            JOIN pg_catalog.pg_attribute a
              ON a.attrelid = CASE WHEN i.inhrelid = ruled.relid THEN i.inhparent ELSE i.inhrelid END
             AND a.attname = ruled.name AND NOT a.attisdropped
         )
         SELECT relid, name::text, rule, labelled FROM ruled ORDER BY name, relid, labelled",
        tree,
        |row| {
            let (relid, column) = (row.get(1)?, row.get(2)?);
            let (rule, labelled) = (row.get(3)?, row.get(4)?);
            Ok(relid.zip(column).zip(rule.zip(labelled)).map(
                |((relid, column), (rule, labelled))| RuledColumn {
                    relid,
                    column,
                    rule,
                    labelled,
                },
            ))
        },
    )
}

/// Columns of these tables that take part in a foreign key, on either side: table, column, name of
/// the constraint.
pub fn foreign_keys(relids: &[Oid]) -> Vec<(Oid, String, String)> {
    query(
        "SELECT a.attrelid, a.attname::text, k.conname::text
         FROM pg_catalog.pg_constraint k
         JOIN pg_catalog.pg_attribute a
           ON (a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey))
           OR (a.attrelid = k.confrelid AND a.attnum = ANY (k.confkey))
         WHERE k.contype = 'f' AND a.attrelid = ANY ($1)
         ORDER BY a.attname, k.conname",
        relids,
        column_and_name,
    )
}

/// Unique indexes on one column: table, column, name of the index.
pub fn unique_columns(relids: &[Oid]) -> Vec<(Oid, String, String)> {
    query(
        "SELECT a.attrelid, a.attname::text, c.relname::text
         FROM pg_catalog.pg_index i
         JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
         JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
         WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indrelid = ANY ($1)
         ORDER BY a.attname, c.relname",
        relids,
        column_and_name,
    )
}

/// Reads a table, a column and a name.
fn column_and_name(row: &SpiHeapTupleData) -> Result<Option<(Oid, String, String)>> {
    let (relid, column, name) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(relid
        .zip(column)
        .zip(name)
        .map(|((relid, column), name)| (relid, column, name)))
}

/// Materialized views that read these tables, directly or through other views, each after those it
/// reads; and whether they are filled.
pub fn materialized_views(relids: &[Oid]) -> Vec<(Oid, bool)> {
    query(
        "WITH RECURSIVE reads (reader, source) AS (
            SELECT DISTINCT r.ev_class, d.refobjid
            FROM pg_catalog.pg_depend d
            JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
            WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND r.ev_class <> d.refobjid
         ), dependents (relid, depth) AS (
            SELECT pg_catalog.unnest($1), 0
          UNION
            SELECT reads.reader, dependents.depth + 1
            FROM dependents JOIN reads ON reads.source = dependents.relid
         )
         SELECT c.oid, c.relispopulated
         FROM pg_catalog.pg_class c JOIN dependents ON dependents.relid = c.oid
         WHERE c.relkind = 'm'
         GROUP BY c.oid, c.relispopulated
         ORDER BY pg_catalog.max(dependents.depth), c.oid",
        relids,
        |row| Ok(row.get(1)?.zip(row.get(2)?)),
    )
}

/// Runs a query with one list of OIDs as parameter and reads each row.
fn query<T>(
    sql: &str,
    relids: &[Oid],
    read: impl Fn(&SpiHeapTupleData) -> Result<Option<T>>,
) -> Vec<T> {
    let parameter = (pg_sys::OIDARRAYOID, relids.to_vec().into_datum());
    crate::query::query(sql, &[parameter], read)
}
