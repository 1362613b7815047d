//! Catalog queries: fixed text, parameters, and a search path that user objects cannot enter.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};
use synth_engine::mask::{self, Rule};

use super::rulebook::ColumnId;
use crate::boundary::relation_name;
use crate::query::query;

/// A masking rule as it is stored.
pub struct Label {
    /// The column that carries it.
    pub column: ColumnId,
    /// Its text.
    pub text: String,
}

/// A column of a table that rules may concern.
#[derive(Debug, Clone)]
pub struct Attribute {
    /// Name.
    pub name: String,
    /// Kind of its table, as in `pg_class`.
    pub relkind: u8,
}

/// Columns that refer to a key.
#[derive(Debug, Clone)]
pub struct Link {
    /// The foreign key; `None`: declared by `synth_reference`.
    pub constraint: Option<Oid>,
    /// The foreign key's name.
    pub name: String,
    /// The referring table.
    pub from: Oid,
    /// The table referred to.
    pub to: Oid,
    /// Referring columns and those they refer to.
    pub pairs: Vec<(i16, i16)>,
    /// A NULL in one column refers to nothing.
    pub match_simple: bool,
}

impl Link {
    /// As a message names it.
    pub fn describe(&self) -> String {
        match self.constraint {
            Some(_) => format!(
                "foreign key \"{}\" of {}",
                self.name,
                relation_name(self.from)
            ),
            None => format!(
                "the reference that synth_reference declared on {}",
                relation_name(self.from)
            ),
        }
    }
}

/// Every masking rule of the database.
pub fn labels() -> Vec<Label> {
    query(
        "SELECT l.objoid, l.objsubid::int2, l.label
         FROM pg_catalog.pg_seclabel l
         JOIN pg_catalog.pg_class c ON c.oid = l.objoid AND c.relkind IN ('r', 'p', 'f')
         WHERE l.provider = 'pg_synth' AND l.objsubid > 0
           AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass",
        &[],
        |row| {
            let (relid, attnum, text) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid
                .zip(attnum)
                .zip(text)
                .map(|(column, text)| Label { column, text }))
        },
    )
}

/// Child and parent of each inheritance or partitioning.
pub fn inherits() -> Vec<(Oid, Oid)> {
    query(
        "SELECT inhrelid, inhparent FROM pg_catalog.pg_inherits",
        &[],
        |row| Ok(row.get(1)?.zip(row.get(2)?)),
    )
}

/// The columns of these tables.
pub fn attributes(relids: &[Oid]) -> Vec<(ColumnId, Attribute)> {
    query_of(
        "SELECT a.attrelid, a.attnum, a.attname::text, c.relkind::text
         FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
         WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped
           AND c.relkind IN ('r', 'p', 'f')
         ORDER BY a.attrelid, a.attnum",
        relids,
        |row| {
            let (relid, attnum) = (row.get(1)?, row.get(2)?);
            let (name, relkind) = (row.get(3)?, row.get::<String>(4)?);
            Ok(relid
                .zip(attnum)
                .zip(name.zip(relkind))
                .map(|(column, (name, relkind))| {
                    let relkind = relkind.bytes().next().unwrap_or(b'r');
                    (column, Attribute { name, relkind })
                }))
        },
    )
}

/// Every foreign key, and every reference declared by `synth_reference`.
pub fn links() -> Vec<Link> {
    let mut links = query(
        "SELECT k.oid, k.conname::text, k.conrelid, k.confrelid, k.conkey, k.confkey,
                k.confmatchtype = 's'
         FROM pg_catalog.pg_constraint k WHERE k.contype = 'f' ORDER BY k.conname, k.oid",
        &[],
        link,
    );
    // The library may serve the objects of an earlier version.
    if super::references::table().is_some() {
        links.extend(query(
            "SELECT NULL::oid, '', r.from_table::oid, r.to_table::oid, f.numbers, t.numbers, true
             FROM synth.reference r
             CROSS JOIN LATERAL (SELECT CASE WHEN r.from_table::oid = r.from_oid THEN r.from_numbers ELSE
                (SELECT pg_catalog.array_agg(a.attnum ORDER BY u.ord)
                 FROM pg_catalog.unnest(r.from_columns) WITH ORDINALITY u (name, ord)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = r.from_table AND a.attname = u.name
                 WHERE NOT a.attisdropped) END) f (numbers)
             CROSS JOIN LATERAL (SELECT CASE WHEN r.to_table::oid = r.to_oid THEN r.to_numbers ELSE
                (SELECT pg_catalog.array_agg(a.attnum ORDER BY u.ord)
                 FROM pg_catalog.unnest(r.to_columns) WITH ORDINALITY u (name, ord)
                 JOIN pg_catalog.pg_attribute a ON a.attrelid = r.to_table AND a.attname = u.name
                 WHERE NOT a.attisdropped) END) t (numbers)
             WHERE pg_catalog.cardinality(f.numbers) = pg_catalog.cardinality(t.numbers)
             ORDER BY r.from_table, r.to_table, f.numbers",
            &[],
            link,
        ));
    }
    links
}

fn link(row: &SpiHeapTupleData) -> Result<Option<Link>> {
    let (from, to) = (row.get(3)?, row.get(4)?);
    let (own, theirs): (Option<Vec<i16>>, Option<Vec<i16>>) = (row.get(5)?, row.get(6)?);
    Ok(from
        .zip(to)
        .zip(own.zip(theirs))
        .map(|((from, to), (own, theirs))| Link {
            constraint: row.get(1).ok().flatten(),
            name: row.get(2).ok().flatten().unwrap_or_default(),
            from,
            to,
            pairs: own.into_iter().zip(theirs).collect(),
            match_simple: row.get(7).ok().flatten().unwrap_or(true),
        }))
}

/// These tables and those above them: queries of the latter read rows of the former.
pub fn ancestors(relids: &[Oid]) -> Vec<Oid> {
    query_of(
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

/// The partitioned table at the top of a tree of partitions; the table itself outside of one.
pub fn topmost(relid: Oid) -> Oid {
    let top = query_of(
        "SELECT coalesce(pg_catalog.pg_partition_root(t.relid::pg_catalog.regclass)::oid, t.relid)
         FROM pg_catalog.unnest($1) t (relid)",
        &[relid],
        |row| row.get(1),
    );
    top.first().copied().unwrap_or(relid)
}

/// Those of these tables that are in a schema.
pub fn tables_in(schema: Oid, relids: &[Oid]) -> Vec<Oid> {
    query(
        "SELECT c.oid FROM pg_catalog.pg_class c
         WHERE c.oid = ANY ($1) AND c.relnamespace = $2 AND c.relkind IN ('r', 'p')
         ORDER BY c.relname",
        &[
            (pg_sys::OIDARRAYOID, relids.to_vec().into_datum()),
            (pg_sys::OIDOID, schema.into_datum()),
        ],
        |row| row.get(1),
    )
}

/// These tables and those below them.
pub fn descendants(relids: &[Oid]) -> Vec<Oid> {
    query_of(
        "WITH RECURSIVE below (relid) AS (
            SELECT pg_catalog.unnest($1)
          UNION
            SELECT i.inhrelid FROM below JOIN pg_catalog.pg_inherits i ON i.inhparent = below.relid
         )
         SELECT b.relid FROM below b JOIN pg_catalog.pg_class c ON c.oid = b.relid
         WHERE c.relkind IN ('r', 'p', 'f') ORDER BY b.relid",
        relids,
        |row| row.get(1),
    )
}

/// The columns of these tables that are theirs, neither generated nor only inherited from one of
/// them: each column once.
pub fn plain_columns(relids: &[Oid]) -> Vec<(ColumnId, String)> {
    query_of(
        "SELECT a.attrelid, a.attnum, a.attname::text
         FROM pg_catalog.pg_attribute a
         WHERE a.attrelid = ANY ($1) AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
           AND NOT EXISTS (
                SELECT FROM pg_catalog.pg_inherits i
                JOIN pg_catalog.pg_attribute above
                  ON above.attrelid = i.inhparent AND above.attname = a.attname AND NOT above.attisdropped
                WHERE i.inhrelid = a.attrelid AND i.inhparent = ANY ($1))
         ORDER BY a.attrelid, a.attnum",
        relids,
        |row| {
            let (relid, attnum, name) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid.zip(attnum).zip(name))
        },
    )
}

/// These tables without partitions of others among them: what runs on a partitioned table runs on its
/// partitions, too.
pub fn without_partitions(relids: &[Oid]) -> Vec<Oid> {
    query_of(
        "SELECT c.oid FROM pg_catalog.pg_class c
         WHERE c.oid = ANY ($1) AND c.relkind IN ('r', 'p')
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i
                           WHERE i.inhrelid = c.oid AND i.inhparent = ANY ($1) AND c.relispartition)
         ORDER BY c.oid",
        relids,
        |row| row.get(1),
    )
}

/// A trigger of the user's.
pub struct Trigger {
    /// Its table.
    pub relid: Oid,
    /// Its name.
    pub name: String,
    /// The columns it watches; none: all.
    pub columns: Vec<String>,
}

/// The enabled triggers of these tables that an update fires.
pub fn update_triggers(relids: &[Oid]) -> Vec<Trigger> {
    query_of(
        "SELECT t.tgrelid, t.tgname::text,
                ARRAY(SELECT a.attname::text FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = t.tgrelid AND a.attnum = ANY (t.tgattr::int2[]))
         FROM pg_catalog.pg_trigger t
         WHERE t.tgrelid = ANY ($1) AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgtype & 16 = 16
         ORDER BY t.tgrelid, t.tgname",
        relids,
        |row| {
            let (relid, name) = (row.get(1)?, row.get(2)?);
            let columns: Vec<String> = row.get(3)?.unwrap_or_default();
            Ok(relid
                .zip(name)
                .map(|(relid, name)| Trigger { relid, name, columns }))
        },
    )
}

/// Columns of these tables that take part in a foreign key, on either side.
pub fn referencing_columns(relids: &[Oid]) -> Vec<(Oid, String)> {
    query_of(
        "SELECT a.attrelid, a.attname::text
         FROM (SELECT conrelid AS relid, pg_catalog.unnest(conkey) AS attnum
               FROM pg_catalog.pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1)
             UNION
               SELECT confrelid, pg_catalog.unnest(confkey)
               FROM pg_catalog.pg_constraint WHERE contype = 'f' AND confrelid = ANY ($1)) k
         JOIN pg_catalog.pg_attribute a ON a.attrelid = k.relid AND a.attnum = k.attnum
         ORDER BY 1, 2",
        relids,
        |row| Ok(row.get(1)?.zip(row.get(2)?)),
    )
}

/// Unique indexes on one column: table, column, name of the index.
pub fn unique_columns(relids: &[Oid]) -> Vec<(Oid, String, String)> {
    unique_columns_where("true", relids)
}

/// The same without columns that are unique in some rows only.
pub fn wholly_unique_columns(relids: &[Oid]) -> Vec<(Oid, String, String)> {
    unique_columns_where("i.indpred IS NULL", relids)
}

fn unique_columns_where(condition: &str, relids: &[Oid]) -> Vec<(Oid, String, String)> {
    query_of(
        &format!(
            "SELECT a.attrelid, a.attname::text, c.relname::text
             FROM pg_catalog.pg_index i
             JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
             JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indisunique AND i.indnkeyatts = 1 AND i.indrelid = ANY ($1) AND {condition}
             ORDER BY a.attname, c.relname"
        ),
        relids,
        column_and_name,
    )
}

/// Whether a rule deals the values of the column to other rows.
pub fn is_shuffle(rule: &Rule) -> bool {
    matches!(rule.action(), Rule::Mask { name, .. } if name == mask::SHUFFLE)
}

/// An exclusion constraint of a table that a column takes part in.
pub fn exclusion_constraint(relid: Oid, attnum: i16) -> Option<String> {
    query(
        "SELECT conname::text FROM pg_catalog.pg_constraint
         WHERE conrelid = $1 AND contype = 'x' AND $2 = ANY (conkey) ORDER BY conname LIMIT 1",
        &[
            (pg_sys::OIDOID, relid.into_datum()),
            (pg_sys::INT2OID, attnum.into_datum()),
        ],
        |row| row.get(1),
    )
    .pop()
}

/// The type of a column with its collation, for a statement that makes a column alike.
pub fn column_definition(relid: Oid, attnum: i16) -> String {
    query(
        "SELECT pg_catalog.format_type(a.atttypid, a.atttypmod)
            || COALESCE(' COLLATE ' || pg_catalog.quote_ident(n.nspname) || '.' || pg_catalog.quote_ident(c.collname), '')
         FROM pg_catalog.pg_attribute a
         LEFT JOIN pg_catalog.pg_collation c ON c.oid = a.attcollation
         LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.collnamespace
         WHERE a.attrelid = $1 AND a.attnum = $2",
        &[
            (pg_sys::OIDOID, relid.into_datum()),
            (pg_sys::INT2OID, attnum.into_datum()),
        ],
        |row| row.get(1),
    )
    .pop()
    .unwrap_or_default()
}

/// The tables of a schema whose names begin so.
pub fn tables_named(schema: Oid, beginning: &str) -> Vec<Oid> {
    query(
        "SELECT oid FROM pg_catalog.pg_class
         WHERE relnamespace = $1 AND relkind = 'r' AND pg_catalog.starts_with(relname::text, $2) ORDER BY oid",
        &[
            (pg_sys::OIDOID, schema.into_datum()),
            (pg_sys::TEXTOID, beginning.into_datum()),
        ],
        |row| row.get(1),
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
    query_of(
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

/// How large a table is.
pub struct Size {
    /// The table.
    pub relid: Oid,
    /// Estimated rows; none: nobody has counted yet.
    pub rows: Option<i64>,
    /// Bytes with indexes and TOAST.
    pub bytes: i64,
}

/// Sizes of those of these tables that store rows.
pub fn sizes(relids: &[Oid]) -> Vec<Size> {
    query_of(
        "SELECT c.oid, CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END,
                pg_catalog.pg_total_relation_size(c.oid::pg_catalog.regclass)
         FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1) AND c.relkind = 'r' ORDER BY c.oid",
        relids,
        |row| {
            let (relid, rows, bytes) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(relid.map(|relid| Size {
                relid,
                rows,
                bytes: bytes.unwrap_or(0),
            }))
        },
    )
}

/// The tables that a view reads, directly or through other views.
pub fn sources(view: Oid) -> Vec<Oid> {
    query_of(
        "WITH RECURSIVE below (relid) AS (
            SELECT pg_catalog.unnest($1)
          UNION
            SELECT d.refobjid FROM below
            JOIN pg_catalog.pg_rewrite r ON r.ev_class = below.relid
            JOIN pg_catalog.pg_depend d ON d.objid = r.oid
              AND d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass
              AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
         )
         SELECT relid FROM below ORDER BY relid",
        &[view],
        |row| row.get(1),
    )
}

/// Runs a query with one list of OIDs as parameter and reads each row.
fn query_of<T>(
    sql: &str,
    relids: &[Oid],
    read: impl Fn(&SpiHeapTupleData) -> Result<Option<T>>,
) -> Vec<T> {
    let parameter = (pg_sys::OIDARRAYOID, relids.to_vec().into_datum());
    query(sql, &[parameter], read)
}
