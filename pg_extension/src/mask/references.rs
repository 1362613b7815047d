//! References that no foreign key declares: `synth_reference` and `synth_drop_reference`.
//!
//! They are kept in `synth.reference` by table and column number, so that they follow renames, and
//! by name, so that they survive dump and restore: pg_dump writes a table's OID as its name, and a
//! restored table has other OIDs than the row remembers, which tells that its column numbers are
//! those of another database and the names count.

use std::ffi::CStr;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{Array as PgArray, IntoDatum};

use super::owner::{AsOwner, require_ownership};
use super::rulebook::integer_width;
use crate::boundary::{relation_name, sql_function};
use crate::error::{raise, raise_null};
use crate::query::{Parameter, execute, query, with_safe_path};
use crate::rule::Column;

/// The most columns of a reference: as many as an index has at most.
const MOST_COLUMNS: usize = 32;

/// The table `synth.reference`; none where the extension's objects are of an earlier version.
pub fn table() -> Option<Oid> {
    // SAFETY: catalog look-ups by name.
    let relid = unsafe {
        let schema = pg_sys::get_namespace_oid(c"synth".as_ptr(), true);
        pg_sys::get_relname_relid(c"reference".as_ptr(), schema)
    };
    (relid != pg_sys::InvalidOid).then_some(relid)
}

/// One side of a reference.
struct Side {
    relid: Oid,
    columns: Vec<Column>,
}

impl Side {
    /// # Safety
    /// The arguments at `at` and the next position are a regclass and a `name[]`.
    unsafe fn of(fcinfo: pg_sys::FunctionCallInfo, at: usize, names: [&str; 2]) -> Self {
        // SAFETY: by the caller's promise.
        let (relid, columns) = unsafe {
            let relid: Oid = pg_getarg(fcinfo, at).unwrap_or_else(|| raise_null(names[0]));
            require_ownership(relid);
            let columns: PgArray<&CStr> =
                pg_getarg(fcinfo, at + 1).unwrap_or_else(|| raise_null(names[1]));
            let columns: Vec<Column> = columns
                .iter()
                .map(|name| column(relid, name.unwrap_or_else(|| raise_null(names[1]))))
                .collect();
            (relid, columns)
        };
        if columns.is_empty() || columns.len() > MOST_COLUMNS {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("{} must name 1 to {MOST_COLUMNS} columns", names[1]),
                Some(
                    "Example: synth_reference('orders', '{customer}', 'customers', '{id}')."
                        .to_owned(),
                ),
            );
        }
        Self { relid, columns }
    }

    fn numbers(&self) -> Vec<i16> {
        self.columns.iter().map(|column| column.attnum).collect()
    }

    fn names(&self) -> Vec<String> {
        self.columns.iter().map(|c| c.name.clone()).collect()
    }
}

/// A column by name.
fn column(relid: Oid, name: &CStr) -> Column {
    // SAFETY: catalog look-up of a NUL-terminated name.
    let attnum = unsafe { pg_sys::get_attnum(relid, name.as_ptr()) };
    if attnum <= 0 {
        raise(
            ERRCODE_UNDEFINED_COLUMN,
            format!(
                "column \"{}\" of {} does not exist",
                name.to_string_lossy(),
                relation_name(relid)
            ),
            Some("Name columns of the table, as they are spelt in the catalog.".to_owned()),
        );
    }
    Column::of(relid, attnum)
}

/// The values that decide which reference is meant.
fn key(from: &Side, to: &Side) -> Vec<Parameter> {
    vec![
        (pg_sys::OIDOID, from.relid.into_datum()),
        (pg_sys::INT2ARRAYOID, from.numbers().into_datum()),
        (pg_sys::OIDOID, to.relid.into_datum()),
        (pg_sys::INT2ARRAYOID, to.numbers().into_datum()),
        (pg_sys::TEXTARRAYOID, from.names().into_datum()),
        (pg_sys::TEXTARRAYOID, to.names().into_datum()),
    ]
}

/// Runs a statement on `synth.reference`, which nobody is granted to write, as its owner.
fn write(sql: &str, parameters: &[Parameter]) -> u64 {
    let Some(table) = table() else {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "the table synth.reference is missing".to_owned(),
            Some("Run ALTER EXTENSION pg_synth UPDATE in this database.".to_owned()),
        );
    };
    let _owner = AsOwner::of(table);
    with_safe_path(|| execute(sql, parameters))
}

const DELETE: &str = "DELETE FROM synth.reference r
     WHERE r.from_table::oid = $1 AND r.to_table::oid = $3
       AND CASE WHEN r.from_table::oid = r.from_oid THEN r.from_numbers = $2
                ELSE r.from_columns = $5::name[] END
       AND CASE WHEN r.to_table::oid = r.to_oid THEN r.to_numbers = $4
                ELSE r.to_columns = $6::name[] END";

sql_function! {
    /// `synth_reference(from_table regclass, from_columns name[], to_table regclass, to_columns
    /// name[]) RETURNS void`
    synth_reference(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        let (from, to) = unsafe {
            pg_sys::PreventCommandIfReadOnly(c"synth_reference()".as_ptr());
            (
                Side::of(fcinfo, 0, ["from_table", "from_columns"]),
                Side::of(fcinfo, 2, ["to_table", "to_columns"]),
            )
        };
        check(&from, &to);
        let parameters = key(&from, &to);
        purge();
        write(DELETE, &parameters);
        write(
            "INSERT INTO synth.reference
                (from_table, from_oid, from_columns, from_numbers, to_table, to_oid, to_columns, to_numbers)
             VALUES ($1::regclass, $1, $5::name[], $2, $3::regclass, $3, $6::name[], $4)",
            &parameters,
        );
        Datum::null()
    }
}

sql_function! {
    /// `synth_drop_reference(from_table regclass, from_columns name[], to_table regclass, to_columns
    /// name[]) RETURNS void`
    synth_drop_reference(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        let (from, to) = unsafe {
            pg_sys::PreventCommandIfReadOnly(c"synth_drop_reference()".as_ptr());
            (
                Side::of(fcinfo, 0, ["from_table", "from_columns"]),
                Side::of(fcinfo, 2, ["to_table", "to_columns"]),
            )
        };
        if write(DELETE, &key(&from, &to)) == 0 {
            raise(
                ERRCODE_UNDEFINED_OBJECT,
                format!(
                    "no reference of {} to {} by these columns was declared",
                    relation_name(from.relid),
                    relation_name(to.relid)
                ),
                Some("Those declared are in synth.reference; foreign keys are dropped by ALTER TABLE.".to_owned()),
            );
        }
        Datum::null()
    }
}

fn check(from: &Side, to: &Side) {
    if from.columns.len() != to.columns.len() {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!(
                "a reference pairs columns: {} and {} were given",
                from.columns.len(),
                to.columns.len()
            ),
            Some("Name as many columns on both sides, in the same order.".to_owned()),
        );
    }
    for (own, theirs) in from.columns.iter().zip(&to.columns) {
        if from.relid == to.relid && own.attnum == theirs.attnum {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("column {} cannot refer to itself", own.display()),
                Some("Name two columns.".to_owned()),
            );
        }
        let (a, b) = (own.target.column_type, theirs.target.column_type);
        let whole = |t: Option<_>| t.and_then(integer_width).is_some();
        if a != b && !(whole(a) && whole(b)) {
            raise(
                ERRCODE_DATATYPE_MISMATCH,
                format!(
                    "column {} of type {} cannot be masked like {} of type {}",
                    own.display(),
                    own.target.type_name,
                    theirs.display(),
                    theirs.target.type_name
                ),
                Some(
                    "Columns that refer to each other hold the same values: give them one type."
                        .to_owned(),
                ),
            );
        }
    }
}

/// Removes references of tables that are gone.
fn purge() {
    let gone = "FROM synth.reference r
         WHERE NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r.from_table::oid)
            OR NOT EXISTS (SELECT FROM pg_class c WHERE c.oid = r.to_table::oid)";
    let any = query(&format!("SELECT true {gone} LIMIT 1"), &[], |row| {
        row.get::<bool>(1)
    });
    if !any.is_empty() {
        write(&format!("DELETE {gone}"), &[]);
    }
}

/// Brings the names in `synth.reference` up to date after a definition has changed, so that the next
/// dump carries those that hold.
pub fn refresh() {
    // SAFETY: reads a variable of the backend.
    if table().is_none() || unsafe { pg_sys::XactReadOnly } {
        return;
    }
    let current = "CROSS JOIN LATERAL (SELECT array_agg(a.attname ORDER BY u.ord)
            FROM unnest(r.from_numbers) WITH ORDINALITY u (number, ord)
            JOIN pg_attribute a ON a.attrelid = r.from_oid AND a.attnum = u.number
            WHERE NOT a.attisdropped) f (names)
         CROSS JOIN LATERAL (SELECT array_agg(a.attname ORDER BY u.ord)
            FROM unnest(r.to_numbers) WITH ORDINALITY u (number, ord)
            JOIN pg_attribute a ON a.attrelid = r.to_oid AND a.attnum = u.number
            WHERE NOT a.attisdropped) t (names)
         WHERE r.from_table::oid = r.from_oid AND r.to_table::oid = r.to_oid
           AND (f.names, t.names) IS DISTINCT FROM (r.from_columns, r.to_columns)
           AND cardinality(f.names) = cardinality(r.from_columns)
           AND cardinality(t.names) = cardinality(r.to_columns)";
    purge();
    adopt();
    let stale = query(
        &format!("SELECT true FROM synth.reference r {current} LIMIT 1"),
        &[],
        |row| row.get::<bool>(1),
    );
    if !stale.is_empty() {
        write(
            &format!(
                "UPDATE synth.reference old SET from_columns = new.from_names, to_columns = new.to_names
                 FROM (SELECT r.ctid AS at, f.names AS from_names, t.names AS to_names
                       FROM synth.reference r {current}) new
                 WHERE old.ctid = new.at"
            ),
            &[],
        );
    }
}

/// Makes restored rows this database's own: finds the columns by their names.
fn adopt() {
    let restored = "CROSS JOIN LATERAL (SELECT array_agg(a.attnum ORDER BY u.ord)
            FROM unnest(r.from_columns) WITH ORDINALITY u (name, ord)
            JOIN pg_attribute a ON a.attrelid = r.from_table AND a.attname = u.name
            WHERE NOT a.attisdropped) f (numbers)
         CROSS JOIN LATERAL (SELECT array_agg(a.attnum ORDER BY u.ord)
            FROM unnest(r.to_columns) WITH ORDINALITY u (name, ord)
            JOIN pg_attribute a ON a.attrelid = r.to_table AND a.attname = u.name
            WHERE NOT a.attisdropped) t (numbers)
         WHERE (r.from_table::oid <> r.from_oid OR r.to_table::oid <> r.to_oid)
           AND cardinality(f.numbers) = cardinality(r.from_columns)
           AND cardinality(t.numbers) = cardinality(r.to_columns)";
    let any = query(
        &format!("SELECT true FROM synth.reference r {restored} LIMIT 1"),
        &[],
        |row| row.get::<bool>(1),
    );
    if !any.is_empty() {
        write(
            &format!(
                "UPDATE synth.reference old SET from_oid = old.from_table::oid, to_oid = old.to_table::oid,
                    from_numbers = new.from_numbers, to_numbers = new.to_numbers
                 FROM (SELECT r.ctid AS at, f.numbers AS from_numbers, t.numbers AS to_numbers
                       FROM synth.reference r {restored}) new
                 WHERE old.ctid = new.at"
            ),
            &[],
        );
    }
}
