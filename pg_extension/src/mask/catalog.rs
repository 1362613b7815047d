//! Catalog queries: fixed text, parameters, and a search path that user objects cannot enter.

use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, Spi, SpiHeapTupleData};

/// A rule somewhere in an inheritance or partition tree.
pub struct LabelledColumn {
    /// The table that carries the label.
    pub relid: Oid,
    /// The column's name, which is the same throughout the tree.
    pub column: String,
    /// The rule's text.
    pub rule: String,
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

/// The masking rules on columns of these tables.
pub fn labels(relids: &[Oid]) -> Vec<LabelledColumn> {
    query(
        "SELECT l.objoid, a.attname::text, l.label
         FROM pg_catalog.pg_seclabel l
         JOIN pg_catalog.pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid
         WHERE l.provider = 'pg_synth' AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
           AND l.objoid = ANY ($1) AND NOT a.attisdropped
         ORDER BY a.attname, l.objoid",
        relids,
        |row| {
            let (relid, column, rule) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(column)
                .zip(rule)
                .map(|((relid, column), rule)| LabelledColumn {
                    relid,
                    column,
                    rule,
                }))
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
        |row| {
            let (relid, column, constraint) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(column)
                .zip(constraint)
                .map(|((relid, column), constraint)| (relid, column, constraint)))
        },
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
        |row| {
            let (relid, column, index) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(column)
                .zip(index)
                .map(|((relid, column), index)| (relid, column, index)))
        },
    )
}

/// Materialized views that read these tables, directly or through other views, each after those it
/// reads, and whether it is filled.
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
    // SAFETY: the nest level is closed below; an error closes it with the transaction.
    let level = unsafe {
        let level = pg_sys::NewGUCNestLevel();
        pg_sys::set_config_option(
            c"search_path".as_ptr(),
            c"pg_catalog, pg_temp".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_SAVE,
            true,
            0,
            false,
        );
        level
    };
    let rows = Spi::connect(|client| {
        let mut out = Vec::new();
        for row in client.select(sql, None, &[relids.to_vec().into()])? {
            out.extend(read(&row)?);
        }
        Ok::<_, pgrx::spi::Error>(out)
    });
    // SAFETY: opened above.
    unsafe { pg_sys::AtEOXact_GUC(false, level) };
    rows.unwrap_or_else(|error| {
        crate::error::raise(
            pgrx::PgSqlErrorCode::ERRCODE_INTERNAL_ERROR,
            format!("could not read the catalogs: {error}"),
            None,
        )
    })
}
