//! `MASKED WITH FUNCTION`: functions of the user's that a superuser has declared trusted.

use std::ffi::CString;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::mask::{Literal, Rule};

use super::other::{output_function, prepared};
use crate::error::raise;
use crate::rule::{Column, Refusal, read_as};

/// The most literals a function takes after the value.
const MOST_LITERALS: usize = 8;

/// A function and the types of its literals.
pub struct Found {
    oid: Oid,
    types: Vec<Oid>,
}

/// The trusted function of a rule that fits a column: it takes a value of the column's type and as
/// many literals as the rule has, and gives a value of the type.
pub fn find(column: &Column, rule: &Rule) -> Result<Found, Refusal> {
    let Rule::Function {
        schema,
        name,
        arguments,
    } = rule.action()
    else {
        return Err(Refusal::new(
            ERRCODE_INTERNAL_ERROR,
            "the rule names no function".to_owned(),
            "This is a defect of pg_synth: please report it.",
        ));
    };
    let about = || format!("function {schema}.{name}");
    if arguments.len() > MOST_LITERALS || arguments.contains(&Literal::Null) {
        return Err(Refusal::new(
            ERRCODE_INVALID_PARAMETER_VALUE,
            format!("{} cannot be called so", about()),
            "A masking function takes the value and up to 8 literals, none of them NULL.",
        ));
    }
    let found: Vec<(Oid, Vec<Oid>, bool)> = crate::query::query(
        "SELECT p.oid, p.proargtypes::pg_catalog.oid[], t.digest = synth.function_digest(p.oid)
         FROM synth.trusted_functions t
         JOIN pg_catalog.pg_proc p ON p.oid = t.function
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         WHERE n.nspname = $1 AND p.proname = $2 AND p.pronargs = $3
           AND p.prokind = 'f' AND NOT p.proretset
           AND (p.proargtypes[0], p.prorettype) = ($4, $4)",
        &[
            (pg_sys::TEXTOID, schema.as_str().into_datum()),
            (pg_sys::TEXTOID, name.as_str().into_datum()),
            (pg_sys::INT4OID, (arguments.len() as i32 + 1).into_datum()),
            (pg_sys::OIDOID, called_type(column).into_datum()),
        ],
        |row| {
            let (oid, types, unchanged) = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(match (oid, types, unchanged) {
                (Some(oid), Some(types), Some(unchanged)) => Some((oid, types, unchanged)),
                _ => None,
            })
        },
    );
    match found.as_slice() {
        [(oid, types, true)] => {
            // SAFETY: catalog look-up.
            let allowed = unsafe {
                let owner = table_owner(column.relid());
                pg_sys::pg_proc_aclcheck(*oid, owner, pg_sys::ACL_EXECUTE)
            };
            if allowed != pg_sys::AclResult::ACLCHECK_OK {
                return Err(Refusal::new(
                    ERRCODE_INSUFFICIENT_PRIVILEGE,
                    format!("the table's owner may not execute {}", about()),
                    "GRANT EXECUTE ON FUNCTION ... TO the owner: the function runs as the owner of the table.",
                ));
            }
            Ok(Found {
                oid: *oid,
                types: types[1..].to_vec(),
            })
        }
        [_] => Err(Refusal::new(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{} has changed since it was trusted", about()),
            "Let a superuser read it and run synth_trust_function again.",
        )),
        [] => Err(Refusal::new(
            ERRCODE_UNDEFINED_FUNCTION,
            format!(
                "no trusted {}(value {}, {} literals) that returns {}",
                about(),
                column.target.type_name,
                arguments.len(),
                column.target.type_name
            ),
            "A superuser trusts a function with SELECT synth_trust_function('schema.name(types)'). It takes a value of the column's type (text for varchar and char) and returns one.",
        )),
        _ => Err(Refusal::new(
            ERRCODE_AMBIGUOUS_FUNCTION,
            format!("more than one trusted {} fits", about()),
            "Take the trust from all but one with synth_distrust_function, or rename one.",
        )),
    }
}

/// The type a function is called with: text for all text.
fn called_type(column: &Column) -> Oid {
    match column.base_oid {
        pg_sys::VARCHAROID | pg_sys::BPCHAROID => pg_sys::TEXTOID,
        other => other,
    }
}

fn table_owner(relid: Oid) -> Oid {
    // SAFETY: syscache look-up, released at once.
    unsafe {
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::RELOID as i32,
            Datum::from(relid),
        );
        if tuple.is_null() {
            return pg_sys::InvalidOid;
        }
        let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relowner;
        pg_sys::ReleaseSysCache(tuple);
        owner
    }
}

/// A function ready to be called with its literals.
pub struct Call {
    function: *mut pg_sys::FmgrInfo,
    literals: Vec<Datum>,
    collation: Oid,
    /// Writes and reads results of types whose modifier bounds them.
    coercion: Option<(*mut pg_sys::FmgrInfo, Oid, i32)>,
}

impl Call {
    /// Prepares the function of a rule.
    ///
    /// # Safety
    /// What is prepared lives in the current memory context.
    pub unsafe fn new(column: &Column, rule: &Rule) -> Self {
        let found = find(column, rule).unwrap_or_else(|refusal| refusal.raise());
        let Rule::Function { arguments, .. } = rule.action() else {
            unreachable!("find refuses other rules")
        };
        // SAFETY: the function and its types exist.
        unsafe {
            let literals = arguments
                .iter()
                .zip(&found.types)
                .map(|(literal, &type_oid)| {
                    let text = literal.as_input().unwrap_or_default();
                    read_as(type_oid, -1, &CString::new(text).unwrap_or_default())
                })
                .collect();
            let coercion = (column.base_typmod >= 0).then(|| {
                let called = called_type(column);
                (output_function(called), column.base_oid, column.base_typmod)
            });
            Self {
                function: prepared(found.oid),
                literals,
                collation: pg_sys::get_typcollation(column.base_oid),
                coercion,
            }
        }
    }

    /// The function's result for a value.
    ///
    /// # Safety
    /// The value is of the column's type.
    pub unsafe fn run(&self, value: Datum) -> Datum {
        let (f, c) = (self.function, self.collation);
        // SAFETY: as many arguments as the function has, of its types.
        unsafe {
            let result = match self.literals.as_slice() {
                [] => pg_sys::FunctionCall1Coll(f, c, value),
                &[a] => pg_sys::FunctionCall2Coll(f, c, value, a),
                &[a, b] => pg_sys::FunctionCall3Coll(f, c, value, a, b),
                &[a, b, d] => pg_sys::FunctionCall4Coll(f, c, value, a, b, d),
                &[a, b, d, e] => pg_sys::FunctionCall5Coll(f, c, value, a, b, d, e),
                &[a, b, d, e, g] => pg_sys::FunctionCall6Coll(f, c, value, a, b, d, e, g),
                &[a, b, d, e, g, h] => pg_sys::FunctionCall7Coll(f, c, value, a, b, d, e, g, h),
                &[a, b, d, e, g, h, i] => {
                    pg_sys::FunctionCall8Coll(f, c, value, a, b, d, e, g, h, i)
                }
                &[a, b, d, e, g, h, i, j] => {
                    pg_sys::FunctionCall9Coll(f, c, value, a, b, d, e, g, h, i, j)
                }
                _ => raise(
                    ERRCODE_TOO_MANY_ARGUMENTS,
                    "a masking function takes up to 8 literals".to_owned(),
                    Some("Put them into one literal.".to_owned()),
                ),
            };
            match self.coercion {
                None => result,
                Some((output, type_oid, typmod)) => {
                    let text = pg_sys::OutputFunctionCall(output, result);
                    read_as(type_oid, typmod, std::ffi::CStr::from_ptr(text))
                }
            }
        }
    }
}
