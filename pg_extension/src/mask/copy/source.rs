//! What is to be copied, as the catalogs have it: the tables of a schema, their references, and what
//! of the schema a copy leaves out.

use std::collections::HashMap;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::quote_identifier;

use super::inheritance::equality;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::mask::catalog;
use crate::query::{Parameter, query};

/// A table of the source schema; partitions are tables, too.
pub struct Table {
    pub relid: Oid,
    pub name: String,
    /// Partitioned: it has no rows of its own.
    pub is_partitioned: bool,
    /// The table it is a partition of.
    pub parent: Option<Oid>,
    /// About how many rows it has; none if nobody has counted yet.
    pub estimate: Option<i64>,
}

/// A foreign key within the schema.
pub struct Reference {
    pub child: Oid,
    pub parent: Oid,
    /// Column of the child, column of the parent, and the operator that finds the parent's value
    /// equal to the child's, as SQL.
    pub columns: Vec<(String, String, String)>,
}

/// Something that a copy does not have.
pub struct LeftOut {
    pub what: String,
    pub note: String,
}

/// A schema to be copied.
pub struct Source {
    pub schema: String,
    /// By name.
    pub tables: Vec<Table>,
    pub references: Vec<Reference>,
    pub left_out: Vec<LeftOut>,
    places: HashMap<Oid, usize>,
}

/// A list of OIDs as a parameter.
pub fn oid_list(relids: &[Oid]) -> Parameter {
    (pg_sys::OIDARRAYOID, relids.to_vec().into_datum())
}

/// An OID as a parameter.
pub fn oid(relid: Oid) -> Parameter {
    (pg_sys::OIDOID, relid.into_datum())
}

/// A name as a parameter of type text.
pub fn text(name: &str) -> Parameter {
    (pg_sys::TEXTOID, name.into_datum())
}

/// The OID of a schema; none if there is none of that name.
pub fn namespace(schema: &str) -> Option<Oid> {
    query(
        "SELECT oid FROM pg_namespace WHERE nspname = $1",
        &[text(schema)],
        |row| row.get(1),
    )
    .pop()
}

impl Source {
    /// Reads a schema's tables and locks them against changes of their definition. Raises an error
    /// for what cannot be copied, and for what the caller may not read.
    pub fn of(schema: &str) -> Self {
        refuse_system_schema(schema);
        let Some(namespace) = namespace(schema) else {
            raise(
                ERRCODE_INVALID_SCHEMA_NAME,
                format!("schema \"{schema}\" does not exist"),
                Some("Write the schema's name as it is stored, without quotes.".to_owned()),
            )
        };
        let tables = tables(namespace);
        if tables.is_empty() {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("schema \"{schema}\" has no tables to copy"),
                Some("Name the schema that holds the tables.".to_owned()),
            );
        }
        let places = (0..tables.len()).map(|place| (tables[place].relid, place));
        let mut source = Self {
            schema: schema.to_owned(),
            places: places.collect(),
            tables,
            references: Vec::new(),
            left_out: Vec::new(),
        };
        for top in source.tops() {
            require_select(top.relid);
        }
        for table in &source.tables {
            // SAFETY: held until the end of the transaction.
            unsafe { pg_sys::LockRelationOid(table.relid, pg_sys::AccessShareLock as i32) };
        }
        source.refuse_partitions_elsewhere();
        source.references = source.read_references();
        source.left_out = left_out(namespace, &source.relids());
        source
    }

    /// The tables' OIDs.
    pub fn relids(&self) -> Vec<Oid> {
        self.tables.iter().map(|table| table.relid).collect()
    }

    /// A table by OID; none if it is not of the schema.
    pub fn table(&self, relid: Oid) -> Option<&Table> {
        self.places.get(&relid).map(|&place| &self.tables[place])
    }

    /// Tables that are no partitions of a table that is copied with them.
    pub fn tops(&self) -> impl Iterator<Item = &Table> {
        let inner = |table: &Table| table.parent.is_some_and(|p| self.places.contains_key(&p));
        self.tables.iter().filter(move |table| !inner(table))
    }

    /// The topmost table that a table is a partition of, or itself.
    pub fn top_of(&self, relid: Oid) -> Oid {
        let mut at = relid;
        while let Some(parent) = self.table(at).and_then(|table| table.parent) {
            if !self.places.contains_key(&parent) {
                break;
            }
            at = parent;
        }
        at
    }

    /// The tables that store the rows of a topmost table.
    pub fn leaves(&self, top: Oid) -> Vec<Oid> {
        self.tables
            .iter()
            .filter(|table| !table.is_partitioned && self.top_of(table.relid) == top)
            .map(|table| table.relid)
            .collect()
    }

    /// How many levels of partitioning lie above a table.
    pub fn depth(&self, table: &Table) -> usize {
        let above = table.parent.and_then(|parent| self.table(parent));
        above.map_or(0, |parent| 1 + self.depth(parent))
    }

    /// Names of tables, for messages.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.tops().map(|table| table.name.as_str()).collect();
        names.join(", ")
    }

    /// A partitioned table is copied with all of its partitions, or with rows missing.
    fn refuse_partitions_elsewhere(&self) {
        let elsewhere = query(
            "SELECT i.inhrelid, c.relkind = 'f'
             FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
             WHERE i.inhparent = ANY ($1) AND c.relispartition
               AND (c.relkind = 'f' OR i.inhrelid <> ALL ($1))",
            &[oid_list(&self.relids())],
            |row| Ok(row.get::<Oid>(1)?.zip(row.get::<bool>(2)?)),
        );
        if let Some(&(relid, is_foreign)) = elsewhere.first() {
            let (why, hint) = if is_foreign {
                (
                    "a foreign table",
                    "Detach it, or mask it where its rows are.",
                )
            } else {
                (
                    "in another schema",
                    "Move it with ALTER TABLE ... SET SCHEMA, or detach it.",
                )
            };
            raise(
                ERRCODE_FEATURE_NOT_SUPPORTED,
                format!(
                    "{} is a partition of a table of schema \"{}\" and {why}",
                    relation_name(relid),
                    self.schema
                ),
                Some(hint.to_owned()),
            );
        }
    }

    /// Adds references that no foreign key declares, also between tables without a rule.
    pub fn add_declared(&mut self) {
        let links = catalog::links();
        let links = links.iter().filter(|link| {
            let known = |relid| self.table(relid).is_some();
            link.constraint.is_none() && known(link.from) && known(link.to)
        });
        let declared: Vec<Reference> = links
            .map(|link| Reference {
                child: link.from,
                parent: link.to,
                columns: link
                    .pairs
                    .iter()
                    .map(|&(child, parent)| {
                        let equals = equality((link.to, parent), (link.from, child));
                        (column(link.from, child), column(link.to, parent), equals)
                    })
                    .collect(),
            })
            .collect();
        self.references.extend(declared);
    }

    fn read_references(&self) -> Vec<Reference> {
        query(
            "SELECT k.conrelid, k.confrelid,
                    array_agg(a.attname::text ORDER BY u.place),
                    array_agg(b.attname::text ORDER BY u.place),
                    array_agg(format('OPERATOR(%I.%s)', n.nspname, o.oprname) ORDER BY u.place)
             FROM pg_constraint k
             CROSS JOIN LATERAL ROWS FROM (unnest(k.conkey), unnest(k.confkey), unnest(k.conpfeqop))
                  WITH ORDINALITY u (child, parent, operator, place)
             JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.child
             JOIN pg_attribute b ON b.attrelid = k.confrelid AND b.attnum = u.parent
             JOIN pg_operator o ON o.oid = u.operator
             JOIN pg_namespace n ON n.oid = o.oprnamespace
             WHERE k.contype = 'f' AND k.conparentid = 0
               AND k.conrelid = ANY ($1) AND k.confrelid = ANY ($1)
             GROUP BY k.oid
             ORDER BY k.conname, k.oid",
            &[oid_list(&self.relids())],
            |row| {
                let (child, parent) = (row.get(1)?, row.get(2)?);
                let children: Vec<String> = row.get(3)?.unwrap_or_default();
                let parents: Vec<String> = row.get(4)?.unwrap_or_default();
                let operators: Vec<String> = row.get(5)?.unwrap_or_default();
                let columns = children.into_iter().zip(parents).zip(operators);
                let columns = columns.map(|((child, parent), operator)| (child, parent, operator));
                Ok(child.zip(parent).map(|(child, parent)| Reference {
                    child,
                    parent,
                    columns: columns.collect(),
                }))
            },
        )
    }
}

/// The name of a column.
fn column(relid: Oid, attnum: i16) -> String {
    // SAFETY: a catalog look-up, which gives NULL for a column that is gone.
    unsafe { crate::boundary::string(pg_sys::get_attname(relid, attnum, true)) }
}

/// A table's rows in FROM: with its partitions, without its inheritance children.
pub fn from(schema: &str, table: &Table) -> String {
    let only = if table.is_partitioned { "" } else { "ONLY " };
    format!("{only}{}", qualified(schema, &table.name))
}

/// A quoted name.
pub fn qualified(schema: &str, name: &str) -> String {
    format!("{}.{}", quote_identifier(schema), quote_identifier(name))
}

/// Catalogs, temporary tables and the extension's own tables are not copied, nor copied into.
pub fn refuse_system_schema(schema: &str) {
    if schema.starts_with("pg_") || ["information_schema", "synth"].contains(&schema) {
        raise(
            ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{schema}\" belongs to the system and takes no part in copies"),
            Some("Name a schema of your own.".to_owned()),
        );
    }
}

fn tables(namespace: Oid) -> Vec<Table> {
    query(
        "SELECT c.oid, c.relname::text, c.relkind = 'p', i.inhparent, c.reltuples::bigint
         FROM pg_class c
         LEFT JOIN pg_inherits i ON i.inhrelid = c.oid AND c.relispartition
         WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p')
           AND NOT EXISTS (
               SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
           )
         ORDER BY c.relname",
        &[oid(namespace)],
        |row| {
            let (relid, name, partitioned) = (row.get(1)?, row.get(2)?, row.get(3)?);
            let (parent, estimate) = (row.get(4)?, row.get::<i64>(5)?);
            Ok(relid
                .zip(name)
                .zip(partitioned)
                .map(|((relid, name), is_partitioned)| Table {
                    relid,
                    name,
                    is_partitioned,
                    parent,
                    estimate: estimate.filter(|&rows| rows >= 0 && !is_partitioned),
                }))
        },
    )
}

/// The caller has to be able to read every column.
fn require_select(relid: Oid) {
    let missing = query(
        "SELECT a.attname::text FROM pg_attribute a
         WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
           AND NOT has_column_privilege($1, a.attnum, 'SELECT')
         UNION ALL SELECT '' WHERE NOT has_any_column_privilege($1, 'SELECT')
           AND NOT has_table_privilege($1, 'SELECT')
         LIMIT 1",
        &[oid(relid)],
        |row| row.get::<String>(1),
    );
    if let Some(column) = missing.first() {
        let name = relation_name(relid);
        let what = if column.is_empty() {
            format!("table {name}")
        } else {
            format!("column {column} of table {name}")
        };
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("permission denied for {what}"),
            Some(format!("GRANT SELECT ON {name} to the role that copies.")),
        );
    }
}

/// What a copy does not have, object by object.
fn left_out(namespace: Oid, relids: &[Oid]) -> Vec<LeftOut> {
    query(
        "SELECT what, note FROM (
            SELECT 1 AS place, pg_describe_object('pg_class'::regclass, c.oid, 0) AS what,
                   CASE WHEN c.relkind IN ('r', 'p') THEN 'belongs to an extension'
                        ELSE 'only tables and sequences are copied' END AS note
            FROM pg_class c
            WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
              AND c.oid <> ALL ($2)
          UNION ALL
            SELECT 2, pg_describe_object('pg_constraint'::regclass, k.oid, 0),
                   'refers to a table outside of the schema: ' || k.confrelid::regclass
            FROM pg_constraint k
            WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid = ANY ($2)
              AND k.confrelid <> ALL ($2)
          UNION ALL
            SELECT 3, pg_describe_object('pg_class'::regclass, i.indexrelid, 0), 'index is not valid'
            FROM pg_index i WHERE i.indrelid = ANY ($2) AND NOT i.indisvalid
          UNION ALL
            SELECT 4, pg_describe_object('pg_trigger'::regclass, t.oid, 0), 'triggers are not copied'
            FROM pg_trigger t
            WHERE t.tgrelid = ANY ($2) AND NOT t.tgisinternal AND t.tgparentid = 0
          UNION ALL
            SELECT 5, pg_describe_object('pg_policy'::regclass, p.oid, 0),
                   'row-level security is not copied: whoever may read the copy reads all of it'
            FROM pg_policy p WHERE p.polrelid = ANY ($2)
          UNION ALL
            SELECT 6, pg_describe_object('pg_rewrite'::regclass, r.oid, 0), 'rules are not copied'
            FROM pg_rewrite r WHERE r.ev_class = ANY ($2)
          UNION ALL
            SELECT 7, pg_describe_object('pg_proc'::regclass, f.oid, 0),
                   'functions are not copied: defaults and checks of the copy call this one'
            FROM pg_proc f WHERE f.pronamespace = $1
          UNION ALL
            SELECT 8, pg_describe_object('pg_type'::regclass, t.oid, 0),
                   'types are not copied: columns of the copy are of this one'
            FROM pg_type t
            LEFT JOIN pg_class c ON c.oid = t.typrelid
            WHERE t.typnamespace = $1 AND t.typtype IN ('c', 'd', 'e', 'r')
              AND coalesce(c.relkind, 'c') = 'c'
         ) s ORDER BY place, what",
        &[oid(namespace), oid_list(relids)],
        |row| {
            let (what, note) = (row.get(1)?, row.get(2)?);
            Ok(what.zip(note).map(|(what, note)| LeftOut { what, note }))
        },
    )
}
