//! Rules that no longer agree with the schema: a job that masks is refused before it runs, and its
//! history says why.
//!
//! What a command masks is told by its call of a masking function with constant arguments, as in
//! `SELECT synth_mask_table('people')` and `CALL synth_mask_table_online('people')`. A call inside
//! of a function or a DO block is not looked at: the masking function refuses by itself there.

use std::ffi::CStr;

use pgrx::pg_sys::{self, CallStmt, CmdType, Const, FuncExpr, List, Node, NodeTag, Oid};
use pgrx::{IntoDatum, PgList};

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

/// Why a command must not run, if so.
///
/// # Safety
/// `queries` is a list of analyzed queries.
pub unsafe fn problem(queries: *mut List) -> Option<End> {
    // SAFETY: by the caller's promise.
    let targets = unsafe { targets(queries) };
    if targets.tables.is_empty() && targets.schemas.is_empty() {
        return None;
    }
    let (message, hint) = unfit_rule(&targets).or_else(|| finding(&targets))?;
    let mut end = End::because("refused", "55000", message);
    end.hint = Some(hint);
    Some(end)
}

/// # Safety
/// `queries` is a list of analyzed queries.
unsafe fn targets(queries: *mut List) -> Targets {
    let mut targets = Targets::default();
    // SAFETY: nodes are of the type that their tags say.
    unsafe {
        for query in PgList::<pg_sys::Query>::from_pg(queries).iter_ptr() {
            if (*query).commandType == CmdType::CMD_UTILITY {
                let statement = (*query).utilityStmt;
                if (*statement).type_ == NodeTag::T_CallStmt {
                    look_at(
                        (*statement.cast::<CallStmt>()).funcexpr.cast(),
                        &mut targets,
                    );
                }
                continue;
            }
            for entry in PgList::<pg_sys::TargetEntry>::from_pg((*query).targetList).iter_ptr() {
                look_at((*entry).expr.cast(), &mut targets);
            }
        }
    }
    targets
}

/// Takes down what a call of a masking function is about.
///
/// # Safety
/// `node` is an expression.
unsafe fn look_at(node: *mut Node, targets: &mut Targets) {
    // SAFETY: nodes are of the type that their tags say; constants of these types point to what
    // their type says.
    unsafe {
        if node.is_null() || (*node).type_ != NodeTag::T_FuncExpr {
            return;
        }
        let call = node.cast::<FuncExpr>();
        let Some(function) = masking_function((*call).funcid) else {
            return;
        };
        for argument in PgList::<Node>::from_pg((*call).args).iter_ptr() {
            if (*argument).type_ != NodeTag::T_Const {
                continue;
            }
            let constant = argument.cast::<Const>();
            if (*constant).constisnull {
                continue;
            }
            let value = (*constant).constvalue;
            match (*constant).consttype {
                pg_sys::REGCLASSOID => targets.tables.push(Oid::from(value.value() as u32)),
                pg_sys::NAMEOID if function == "synth_mask_schema" => {
                    let name = value.cast_mut_ptr::<pg_sys::NameData>();
                    targets.schemas.push(string((*name).data.as_ptr()));
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
fn finding(targets: &Targets) -> Option<(String, String)> {
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
    let found = query(
        &format!(
            "{TARGETS} SELECT f.message, f.hint FROM {schema}.synth_validate_rules() f
             JOIN target t ON t.schema_name = f.schema_name AND t.table_name = f.table_name
             WHERE f.severity = 'error' LIMIT 1"
        ),
        &parameters(targets),
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
