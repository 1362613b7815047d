//! Rules that no longer agree with the schema: a job that masks is refused before it runs, and its
//! history says why.
//!
//! What a command masks is told by its calls of masking functions with constant arguments, wherever
//! in the statement they stand: `SELECT synth_mask_table('people')`, `SELECT * FROM
//! synth_mask_schema('clinic')`, `CALL synth_mask_table_online('people')`, `CREATE TABLE AS` from one of
//! them. A call inside of a function or a DO block is not looked at: the masking function refuses by
//! itself there.

use std::ffi::{CStr, c_void};

use pgrx::pg_sys::{self, Const, FuncExpr, List, NamedArgExpr, Node, NodeTag, Oid};
use pgrx::{FromDatum, IntoDatum, PgList};

use super::run::End;
use crate::boundary::string;
use crate::query::query;

/// The tables that are masked, with those below and above them, whose rules hold for them as well.
const TARGETS: &str = "
    WITH RECURSIVE tree (relid) AS (
        SELECT t.relid FROM (
            SELECT pg_catalog.unnest($1)
            UNION
            SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = ANY ($2)) AS t (relid)
      UNION
        SELECT CASE WHEN i.inhrelid = tree.relid THEN i.inhparent ELSE i.inhrelid END
        FROM tree JOIN pg_catalog.pg_inherits i
          ON i.inhrelid = tree.relid OR i.inhparent = tree.relid
     ), target AS (
        SELECT n.nspname::text AS schema_name, c.relname::text AS table_name
        FROM tree JOIN pg_catalog.pg_class c ON c.oid = tree.relid
        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     ) ";

/// What a command masks: tables by their OIDs, schemas by their names.
#[derive(Default)]
struct Targets {
    tables: Vec<Oid>,
    schemas: Vec<String>,
}

/// What a command does to them.
#[derive(Default)]
struct Work {
    in_place: Targets,
    copied: Targets,
}

/// What stands against masking in place, and not against a copy.
const IN_PLACE: [&str; 2] = ["materialized_view", "owner"];

/// Why a command must not run, if so.
///
/// # Safety
/// `queries` is a list of analyzed queries.
pub unsafe fn problem(queries: *mut List) -> Option<End> {
    let mut calls: Vec<*mut FuncExpr> = Vec::new();
    let mut work = Work::default();
    // SAFETY: by the caller's promise; the walk ends before `calls` does.
    unsafe {
        for query in PgList::<Node>::from_pg(queries).iter_ptr() {
            collect(query, (&raw mut calls).cast());
        }
        for call in calls {
            note(call, &mut work);
        }
    }
    let (message, hint) =
        against(&work.in_place, &[]).or_else(|| against(&work.copied, &IN_PLACE))?;
    let mut end = End::because("refused", "55000", message);
    end.hint = Some(hint);
    Some(end)
}

fn against(targets: &Targets, except: &[&str]) -> Option<(String, String)> {
    if targets.tables.is_empty() && targets.schemas.is_empty() {
        return None;
    }
    unfit_rule(targets).or_else(|| finding(targets, except))
}

/// Collects the calls in a tree. Gives false, so that the walk goes on.
///
/// # Safety
/// `node` is NULL or a node of an analyzed query; `calls` is a vector of calls.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn collect(node: *mut Node, calls: *mut c_void) -> bool {
    if node.is_null() {
        return false;
    }
    // SAFETY: nodes are of the type that their tags say. Postgres's walkers visit what is below.
    unsafe {
        match (*node).type_ {
            NodeTag::T_Query => {
                let query = node.cast::<pg_sys::Query>();
                let inner = inner_of((*query).utilityStmt);
                collect(inner, calls) || pg_sys::query_tree_walker(query, Some(collect), calls, 0)
            }
            tag => {
                if tag == NodeTag::T_FuncExpr {
                    (*calls.cast::<Vec<*mut FuncExpr>>()).push(node.cast());
                }
                pg_sys::expression_tree_walker(node, Some(collect), calls)
            }
        }
    }
}

/// What a utility statement runs: a call, or a query; NULL for all others.
///
/// # Safety
/// `statement` is NULL or the utility statement of an analyzed query.
unsafe fn inner_of(statement: *mut Node) -> *mut Node {
    if statement.is_null() {
        return statement;
    }
    // SAFETY: as above; analysis has put queries into these statements.
    unsafe {
        match (*statement).type_ {
            NodeTag::T_CallStmt => (*statement.cast::<pg_sys::CallStmt>()).funcexpr.cast(),
            NodeTag::T_CreateTableAsStmt => (*statement.cast::<pg_sys::CreateTableAsStmt>()).query,
            NodeTag::T_ExplainStmt => (*statement.cast::<pg_sys::ExplainStmt>()).query,
            NodeTag::T_DeclareCursorStmt => (*statement.cast::<pg_sys::DeclareCursorStmt>()).query,
            _ => std::ptr::null_mut(),
        }
    }
}

/// Takes down what a call is about, if it masks.
///
/// # Safety
/// `call` is a call in an analyzed query.
unsafe fn note(call: *mut FuncExpr, work: &mut Work) {
    // SAFETY: nodes are of the type that their tags say; constants of these types point to what
    // their type says.
    unsafe {
        let Some(function) = masking_function((*call).funcid) else {
            return;
        };
        for (position, argument) in PgList::<Node>::from_pg((*call).args).iter_ptr().enumerate() {
            let (argument, position) = if (*argument).type_ == NodeTag::T_NamedArgExpr {
                let named = argument.cast::<NamedArgExpr>();
                let number = usize::try_from((*named).argnumber).unwrap_or_default();
                ((*named).arg.cast::<Node>(), number)
            } else {
                (argument, position)
            };
            // Texts that are put together, or cast, are constants all the same.
            let argument = pg_sys::eval_const_expressions(std::ptr::null_mut(), argument);
            if position != 0 || (*argument).type_ != NodeTag::T_Const {
                continue;
            }
            let constant = argument.cast::<Const>();
            if (*constant).constisnull {
                continue;
            }
            let value = (*constant).constvalue;
            match (*constant).consttype {
                pg_sys::REGCLASSOID => {
                    work.in_place.tables.push(Oid::from(value.value() as u32));
                }
                pg_sys::NAMEOID if function == "synth_mask_schema" => {
                    let name = value.cast_mut_ptr::<pg_sys::NameData>();
                    work.in_place.schemas.push(string((*name).data.as_ptr()));
                }
                pg_sys::TEXTOID if function == "synth_copy_masked" => {
                    work.copied.schemas.extend(String::from_datum(value, false));
                }
                _ => {}
            }
        }
    }
}

/// The name of a function, if it is one of ours that masks.
fn masking_function(oid: Oid) -> Option<String> {
    let names = query(
        "SELECT p.proname::text
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_depend d
           ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
         JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
         WHERE p.oid = $1 AND (p.proname ~ '^synth_mask_' OR p.proname = 'synth_copy_masked')",
        &[(pg_sys::OIDOID, oid.into_datum())],
        |row| row.get::<String>(1),
    );
    names.into_iter().next()
}

/// A rule that no longer fits its column, by `synth.rules`.
fn unfit_rule(targets: &Targets) -> Option<(String, String)> {
    let found = query(
        &format!(
            "{TARGETS} SELECT pg_catalog.format('the rule of column %I.%I.%I does not fit any more: %s', r.schema_name, r.table_name, r.column_name, r.problem),
                    'Set another rule by synth_set_rule.'
             FROM synth.rules r
             JOIN target t ON t.schema_name = r.schema_name AND t.table_name = r.table_name
             WHERE r.problem IS NOT NULL"
        ),
        &parameters(targets),
        |row| Ok(row.get::<String>(1)?.zip(row.get::<String>(2)?)),
    );
    found.into_iter().next()
}

/// An error that `synth_validate_rules` finds, where the extension has that function.
fn finding(targets: &Targets, except: &[&str]) -> Option<(String, String)> {
    let schemas = query(
        "SELECT n.nspname::text
         FROM pg_catalog.pg_proc p
         JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
         JOIN pg_catalog.pg_depend d
           ON d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND d.objid = p.oid
          AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.deptype = 'e'
         JOIN pg_catalog.pg_extension e ON e.oid = d.refobjid AND e.extname = 'pg_synth'
         WHERE p.proname = 'synth_validate_rules'
           AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')",
        &[],
        |row| row.get::<String>(1),
    );
    let schema = std::ffi::CString::new(schemas.into_iter().next()?).ok()?;
    // SAFETY: quotes a NUL-terminated name.
    let schema = unsafe { string(pg_sys::quote_identifier(CStr::as_ptr(&schema))) };
    let [tables, schemas] = parameters(targets);
    let except: Vec<String> = except.iter().map(|check| (*check).to_owned()).collect();
    let found = query(
        &format!(
            "{TARGETS} SELECT f.message, f.hint FROM {schema}.synth_validate_rules() f
             JOIN target t ON t.schema_name = f.schema_name AND t.table_name = f.table_name
             WHERE f.severity = 'error' AND f.check_name <> ALL ($3) LIMIT 1"
        ),
        &[tables, schemas, (pg_sys::TEXTARRAYOID, except.into_datum())],
        |row| {
            let hint = row.get::<String>(2)?.unwrap_or_default();
            Ok(row.get::<String>(1)?.map(|message| (message, hint)))
        },
    );
    found.into_iter().next()
}

fn parameters(targets: &Targets) -> [crate::query::Parameter; 2] {
    [
        (pg_sys::OIDARRAYOID, targets.tables.clone().into_datum()),
        (pg_sys::TEXTARRAYOID, targets.schemas.clone().into_datum()),
    ]
}
