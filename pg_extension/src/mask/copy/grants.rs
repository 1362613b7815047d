//! Who may do what with a copy. Its tables belong to the owners of the tables they are copies of, so
//! that code of their definitions (functions in checks, defaults and indexes) gets no other rights
//! than it has there, today or when autovacuum calls it. The caller gets the rows.

use pgrx::pg_sys::Oid;

use super::definition::Definition;
use super::source::{Source, namespace, oid_list, refuse_system_schema};
use crate::boundary::string;
use crate::error::raise;
use crate::mask::owner::AsOwner;
use crate::query::{execute, query, with_safe_path};
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys;
use pgrx::spi::quote_identifier;

/// Makes the target schema, or takes an empty one of the caller's; gives its OID.
pub fn open_schema(schema: &str, source: &Source) -> Oid {
    check_schema(schema, source);
    with_safe_path(|| {
        let name = quote_identifier(schema);
        if namespace(schema).is_none() {
            execute(&format!("CREATE SCHEMA {name}"), &[]);
        }
        for owner in owners(source) {
            execute(
                &format!("GRANT USAGE, CREATE ON SCHEMA {name} TO {owner}"),
                &[],
            );
        }
        namespace(schema).unwrap_or(Oid::INVALID)
    })
}

/// Refuses a schema that cannot be copied into.
pub fn check_schema(schema: &str, source: &Source) {
    refuse_system_schema(schema);
    if schema == source.schema {
        raise(
            ERRCODE_INVALID_PARAMETER_VALUE,
            "a schema cannot be copied into itself".to_owned(),
            Some("Name another target schema.".to_owned()),
        );
    }
    let Some(namespace) = namespace(schema) else {
        return;
    };
    // SAFETY: a catalog look-up.
    if !unsafe { pg_sys::pg_namespace_ownercheck(namespace, pg_sys::GetUserId()) } {
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of schema {}", quote_identifier(schema)),
            Some("Name a schema that does not exist, or an empty one of your own.".to_owned()),
        );
    }
    let object = query(
        "SELECT pg_describe_object(d.classid, d.objid, d.objsubid)
         FROM pg_depend d
         WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid = $1
         LIMIT 1",
        &[super::source::oid(namespace)],
        |row| row.get::<String>(1),
    );
    if let Some(object) = object.first() {
        raise(
            ERRCODE_DUPLICATE_OBJECT,
            format!("schema \"{schema}\" is not empty: it holds {object}"),
            Some(
                "A copy overwrites nothing: drop the schema, or name one that does not exist."
                    .to_owned(),
            ),
        );
    }
}

/// Gives the caller the rows of the copy, and takes back what owners needed while it was made.
pub fn close_schema(schema: &str, definition: &Definition) {
    with_safe_path(|| {
        let name = quote_identifier(schema);
        let caller = caller();
        // SAFETY: reads the backend's user.
        let user = unsafe { pg_sys::GetUserId() };
        for (&original, &copy) in &definition.copies {
            // SAFETY: a catalog look-up.
            if unsafe { pg_sys::pg_class_ownercheck(copy, user) } {
                continue;
            }
            let _owner = AsOwner::of(copy);
            let (rights, kind) = match definition.source().table(original) {
                Some(_) => ("SELECT, INSERT, UPDATE, DELETE, TRUNCATE", "TABLE"),
                None => ("ALL", "SEQUENCE"),
            };
            let copy = crate::boundary::relation_name(copy);
            execute(
                &format!("GRANT {rights} ON {kind} {copy} TO {caller} WITH GRANT OPTION"),
                &[],
            );
        }
        for owner in owners(definition.source()) {
            if owner != caller {
                execute(&format!("REVOKE CREATE ON SCHEMA {name} FROM {owner}"), &[]);
            }
        }
    });
}

/// An owner whose table refers to another owner's needs the right to.
pub fn references(definition: &Definition) {
    let (relids, copies): (Vec<Oid>, Vec<Oid>) =
        definition.copies.iter().map(|(a, b)| (*a, *b)).unzip();
    let pairs = query(
        "WITH copies (relid, copy) AS (SELECT * FROM unnest($1, $2))
         SELECT DISTINCT x.copy, quote_ident(pg_get_userbyid(c.relowner))
         FROM pg_constraint k
         JOIN copies x ON x.relid = k.confrelid
         JOIN pg_class p ON p.oid = k.confrelid
         JOIN pg_class c ON c.oid = k.conrelid
         WHERE k.contype = 'f' AND k.conrelid = ANY ($1) AND p.relowner <> c.relowner",
        &[oid_list(&relids), oid_list(&copies)],
        |row| Ok(row.get::<Oid>(1)?.zip(row.get::<String>(2)?)),
    );
    for (copy, owner) in pairs {
        let _owner = AsOwner::of(copy);
        let table = crate::boundary::relation_name(copy);
        execute(&format!("GRANT REFERENCES ON {table} TO {owner}"), &[]);
    }
}

/// The owners of a schema's tables and sequences, quoted.
fn owners(source: &Source) -> Vec<String> {
    query(
        "SELECT DISTINCT quote_ident(pg_get_userbyid(c.relowner))
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'S')",
        &[super::source::text(&source.schema)],
        |row| row.get::<String>(1),
    )
}

/// The current role, quoted.
fn caller() -> String {
    // SAFETY: the role exists while it is the current one.
    let name = unsafe { string(pg_sys::GetUserNameFromId(pg_sys::GetUserId(), false)) };
    quote_identifier(name)
}
