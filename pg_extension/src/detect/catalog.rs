//! The columns of a schema, as far as detection is concerned.

use std::collections::{HashMap, HashSet};

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use synth_engine::detect::Kind;
use synth_engine::mask::Target;

use crate::error::raise;
use crate::query::query;
use crate::rule;

/// A table.
pub struct Table {
    /// Its OID.
    pub relid: Oid,
    /// Its name.
    pub name: String,
    /// Rows that the planner believes in; below 0: not known.
    pub rows: f32,
    /// Whether a part of it is a foreign table: it is not read, for that would read elsewhere.
    pub is_elsewhere: bool,
}

/// A column.
#[expect(
    clippy::struct_excessive_bools,
    reason = "what the catalogs say of it, each its own"
)]
pub struct Column {
    /// Its number.
    pub attnum: i16,
    /// Its name.
    pub name: String,
    /// Its type, with modifier.
    pub type_name: String,
    /// Its comment.
    pub comment: Option<String>,
    /// The kind of its type.
    pub kind: Kind,
    /// How its value is read as text.
    pub reading: Reading,
    /// What a rule has to fit; `None`: it can carry none.
    pub target: Option<Target>,
    /// Why it can carry no rule.
    pub refusal: Option<String>,
    /// Whether the caller may read it.
    pub is_readable: bool,
    /// Whether a unique index is over it alone.
    pub unique: bool,
    /// Whether foreign keys refer to it.
    pub referenced: bool,
    /// What it refers to, as `schema.table.column`.
    pub follows: Option<String>,
    /// Whether it is part of the partition key.
    pub in_partition_key: bool,
    /// The rule on it.
    pub rule: Option<String>,
}

impl Column {
    /// Why its values were not looked at.
    pub fn unreadable(&self) -> Option<String> {
        (!self.is_readable).then(|| "no SELECT privilege: judged by its name".to_owned())
    }
}

/// How a value is read.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// Its text, cut.
    Text,
    /// Its text as a whole, unless it is very large.
    Whole,
    /// The elements of an array, some of the first.
    Element,
    /// Not: its type may run code of somebody's.
    Not,
}

/// Tables and partitioned tables of a schema, partitions left to the tables they are of.
#[expect(clippy::too_many_lines, reason = "one query and how its rows are read")]
pub fn tables(schema: &str) -> Vec<(Table, Vec<Column>)> {
    let namespace = query(
        "SELECT oid FROM pg_namespace WHERE nspname = $1",
        &[(pg_sys::TEXTOID, schema.into_datum())],
        |row| row.get::<Oid>(1),
    );
    let Some(namespace) = namespace.first().copied() else {
        raise(
            ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{schema}\" does not exist"),
            Some("Name a schema of this database; names keep their case.".to_owned()),
        );
    };
    let by_namespace = [(pg_sys::OIDOID, namespace.into_datum())];
    let uniques: HashSet<(Oid, i16)> = query(
        "SELECT i.indrelid, i.indkey[0] FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
         WHERE c.relnamespace = $1 AND i.indisunique AND i.indnkeyatts = 1
           AND i.indpred IS NULL AND i.indexprs IS NULL",
        &by_namespace,
        |row| Ok(row.get::<Oid>(1)?.zip(row.get::<i16>(2)?)),
    )
    .into_iter()
    .collect();
    let mut follows: HashMap<(Oid, i16), String> = HashMap::new();
    let mut referenced: HashSet<(Oid, i16)> = HashSet::new();
    query(
        "SELECT o.conrelid, k.ours, o.confrelid, k.theirs,
                format('%I.%I.%I', n.nspname, f.relname, a.attname)
         FROM pg_constraint o
         CROSS JOIN LATERAL unnest(o.conkey, o.confkey) AS k (ours, theirs)
         JOIN pg_class c ON c.oid = o.conrelid
         JOIN pg_class f ON f.oid = o.confrelid
         JOIN pg_namespace n ON n.oid = f.relnamespace
         JOIN pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = k.theirs
         WHERE o.contype = 'f' AND (c.relnamespace = $1 OR f.relnamespace = $1)",
        &by_namespace,
        |row| {
            let ours = row.get::<Oid>(1)?.zip(row.get::<i16>(2)?);
            let theirs = row.get::<Oid>(3)?.zip(row.get::<i16>(4)?);
            if let (Some(ours), Some(theirs), Some(name)) = (ours, theirs, row.get::<String>(5)?)
                && ours != theirs
            {
                follows.insert(ours, name);
                referenced.insert(theirs);
            }
            Ok(None::<()>)
        },
    );
    let mut rules: HashMap<(Oid, i16), String> = query(
        "SELECT l.objoid, l.objsubid::int2, l.label FROM pg_seclabel l
         JOIN pg_class c ON c.oid = l.objoid
         WHERE l.provider = 'pg_synth' AND l.classoid = 'pg_class'::regclass
           AND c.relnamespace = $1 AND l.objsubid > 0",
        &by_namespace,
        |row| {
            let place = row.get::<Oid>(1)?.zip(row.get::<i16>(2)?);
            Ok(place.zip(row.get::<String>(3)?))
        },
    )
    .into_iter()
    .collect();
    let mut tables: Vec<(Table, Vec<Column>)> = Vec::new();
    let rows = query(
        "SELECT c.oid, c.relname::text, c.reltuples,
                a.attnum, a.attname::text, a.atttypid, a.atttypmod,
                format_type(a.atttypid, a.atttypmod), col_description(c.oid, a.attnum),
                has_column_privilege(c.oid, a.attnum, 'SELECT'),
                coalesce(a.attnum = ANY (p.partattrs::int2[]), false),
                EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid)
         FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         LEFT JOIN pg_partitioned_table p ON p.partrelid = c.oid
         WHERE c.relnamespace = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
           AND NOT EXISTS (
               SELECT FROM pg_depend d
               WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
           )
         ORDER BY c.relname, a.attnum",
        &by_namespace,
        |row| {
            let relid: Oid = row.get(1)?.unwrap_or(pg_sys::InvalidOid);
            let table = Table {
                relid,
                name: row.get(2)?.unwrap_or_default(),
                rows: row.get(3)?.unwrap_or(-1.0),
                is_elsewhere: row.get(12)?.unwrap_or(false),
            };
            let attnum: i16 = row.get(4)?.unwrap_or(0);
            let type_oid: Oid = row.get(6)?.unwrap_or(pg_sys::InvalidOid);
            let typmod: i32 = row.get(7)?.unwrap_or(-1);
            let (kind, reading) = kind(type_oid, typmod);
            let place = (relid, attnum);
            let column = Column {
                attnum,
                name: row.get(5)?.unwrap_or_default(),
                type_name: row.get(8)?.unwrap_or_default(),
                comment: row.get(9)?,
                kind,
                reading,
                target: None,
                refusal: None,
                is_readable: row.get(10)?.unwrap_or(false),
                unique: uniques.contains(&place),
                referenced: referenced.contains(&place),
                follows: follows.remove(&place),
                in_partition_key: row.get(11)?.unwrap_or(false),
                rule: rules.remove(&place),
            };
            Ok(Some((table, column)))
        },
    );
    for (mut table, mut column) in rows {
        match rule::Column::find(table.relid, column.attnum) {
            Ok(found) => column.target = Some(found.target),
            Err(refusal) => column.refusal = Some(refusal.message().to_owned()),
        }
        match tables.last_mut() {
            Some((last, columns)) if last.relid == table.relid => columns.push(column),
            _ => {
                table.is_elsewhere = table.is_elsewhere && has_foreign_parts(table.relid);
                tables.push((table, vec![column]));
            }
        }
    }
    tables
}

fn has_foreign_parts(relid: Oid) -> bool {
    query(
        "WITH RECURSIVE tree (relid) AS (
             SELECT $1::oid
             UNION SELECT i.inhrelid FROM pg_inherits i JOIN tree t ON t.relid = i.inhparent
         )
         SELECT EXISTS (SELECT FROM tree t JOIN pg_class c ON c.oid = t.relid WHERE c.relkind = 'f')",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| row.get::<bool>(1),
    )
    .contains(&true)
}

/// The kind of a type, and how to read it so that no code of a user's runs: types of the system
/// itself, domains over them, and those that are text but for the name.
fn kind(type_oid: Oid, typmod: i32) -> (Kind, Reading) {
    let mut typmod = typmod;
    // SAFETY: syscache look-ups that cope with any OID.
    let (base, element) = unsafe {
        let base = pg_sys::getBaseTypeAndTypmod(type_oid, &raw mut typmod);
        (base, pg_sys::get_element_type(base))
    };
    if element != pg_sys::InvalidOid {
        return match plain_kind(element) {
            (kind, Reading::Text) => (kind, Reading::Element),
            (kind, _) => (kind, Reading::Not),
        };
    }
    match plain_kind(base) {
        (Kind::Other, _) if is_text(base) => (Kind::Text, Reading::Text),
        known => known,
    }
}

fn plain_kind(base: Oid) -> (Kind, Reading) {
    match base {
        pg_sys::TEXTOID | pg_sys::VARCHAROID | pg_sys::BPCHAROID | pg_sys::NAMEOID => {
            (Kind::Text, Reading::Text)
        }
        pg_sys::INT2OID
        | pg_sys::INT4OID
        | pg_sys::INT8OID
        | pg_sys::NUMERICOID
        | pg_sys::FLOAT4OID
        | pg_sys::FLOAT8OID => (Kind::Number, Reading::Text),
        pg_sys::DATEOID | pg_sys::TIMESTAMPOID | pg_sys::TIMESTAMPTZOID => {
            (Kind::Moment, Reading::Text)
        }
        pg_sys::JSONOID | pg_sys::JSONBOID => (Kind::Json, Reading::Whole),
        pg_sys::INETOID | pg_sys::CIDROID => (Kind::Inet, Reading::Text),
        pg_sys::MACADDROID | pg_sys::MACADDR8OID => (Kind::Mac, Reading::Text),
        pg_sys::BYTEAOID => (Kind::Bytes, Reading::Not),
        pg_sys::BOOLOID => (Kind::Boolean, Reading::Not),
        pg_sys::POINTOID => (Kind::Point, Reading::Not),
        _ => (Kind::Other, Reading::Not),
    }
}

/// Whether a type is text but for its name, as citext is: the cast runs no function.
fn is_text(base: Oid) -> bool {
    query(
        "SELECT EXISTS (SELECT FROM pg_cast
                        WHERE castsource = $1 AND casttarget = 'text'::regtype AND castmethod = 'b')",
        &[(pg_sys::OIDOID, base.into_datum())],
        |row| row.get::<bool>(1),
    )
    .contains(&true)
}
