//! A condition of the caller's: one expression, parsed by itself, which enters a statement as a
//! node and never as text.

use std::ffi::{CString, c_void};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, NodeTag};
use pgrx::{PgList, pg_guard};

use crate::error::raise;

/// A parsed expression; it lives as long as the memory context it was read in.
pub struct Condition {
    /// What `$1` of a statement stands for.
    expression: *mut pg_sys::Node,
}

impl Condition {
    /// Reads an expression; raises an error if the text is anything else. `about` says in messages
    /// where it was given.
    pub fn parse(about: &str, text: &str) -> Self {
        let Ok(source) = CString::new(text) else {
            refuse(about)
        };
        // SAFETY: the text is NUL-terminated; the parser gives a list of nodes, whose tags are looked
        // at before they are cast.
        let expression = unsafe {
            let mode = pg_sys::RawParseMode::RAW_PARSE_PLPGSQL_EXPR;
            let statements =
                PgList::<pg_sys::Node>::from_pg(pg_sys::raw_parser(source.as_ptr(), mode));
            match (statements.len(), statements.get_ptr(0)) {
                (1, Some(statement)) => only_expression(statement),
                _ => None,
            }
        };
        Self {
            expression: expression.unwrap_or_else(|| refuse(about)),
        }
    }

    /// The argument for [`setup`].
    pub fn as_argument(&self) -> *mut c_void {
        std::ptr::from_ref(self).cast_mut().cast()
    }
}

/// The expression of a statement that `SELECT <expression>` would be, and nothing else.
///
/// # Safety
/// `node` is what the raw parser made of an expression.
unsafe fn only_expression(node: *mut pg_sys::Node) -> Option<*mut pg_sys::Node> {
    // SAFETY: tags are checked before each cast.
    unsafe {
        let raw = node.cast::<pg_sys::RawStmt>();
        if (*node).type_ != NodeTag::T_RawStmt || (*(*raw).stmt).type_ != NodeTag::T_SelectStmt {
            return None;
        }
        let select = &*(*raw).stmt.cast::<pg_sys::SelectStmt>();
        let clauses = [
            select.distinctClause,
            select.fromClause,
            select.groupClause,
            select.windowClause,
            select.valuesLists,
            select.sortClause,
            select.lockingClause,
        ];
        let nodes = [
            select.whereClause,
            select.havingClause,
            select.limitOffset,
            select.limitCount,
        ];
        let bare = clauses.iter().all(|clause| clause.is_null())
            && nodes.iter().all(|node| node.is_null())
            && select.intoClause.is_null()
            && select.withClause.is_null()
            && select.op == pg_sys::SetOperation::SETOP_NONE;
        let targets = PgList::<pg_sys::ResTarget>::from_pg(select.targetList);
        let target = targets.get_ptr(0)?;
        let named = !(*target).name.is_null() || !(*target).indirection.is_null();
        (bare && targets.len() == 1 && !named && !is_star((*target).val)).then_some((*target).val)
    }
}

/// Whether a target is `*`, which is a list of columns and no expression.
///
/// # Safety
/// `node` is a target of a parsed statement.
unsafe fn is_star(node: *mut pg_sys::Node) -> bool {
    // SAFETY: the tag is checked before the cast; a column reference has at least one field.
    unsafe {
        if (*node).type_ != NodeTag::T_ColumnRef {
            return false;
        }
        let fields = (*node.cast::<pg_sys::ColumnRef>()).fields;
        PgList::<pg_sys::Node>::from_pg(fields)
            .iter_ptr()
            .any(|field| (*field).type_ == NodeTag::T_A_Star)
    }
}

/// For `SPI_prepare_params`: `$1` stands for the condition. Called by the parser before it begins,
/// also when a plan is made anew.
#[pg_guard]
pub unsafe extern "C-unwind" fn setup(state: *mut pg_sys::ParseState, condition: *mut c_void) {
    // SAFETY: a fresh parse state; the condition outlives the plan.
    unsafe {
        (*state).p_paramref_hook = Some(expression);
        (*state).p_ref_hook_state = condition;
    }
}

/// Called by the parser for `$n`. While the condition is analyzed the hook is off, so that a
/// parameter inside of it finds nothing.
#[pg_guard]
unsafe extern "C-unwind" fn expression(
    state: *mut pg_sys::ParseState,
    _parameter: *mut pg_sys::ParamRef,
) -> *mut pg_sys::Node {
    // SAFETY: set by `setup`. The parser writes into the nodes it reads, so it gets a copy.
    unsafe {
        let condition = &*(*state).p_ref_hook_state.cast::<Condition>();
        let node = pg_sys::copyObjectImpl(condition.expression.cast()).cast();
        (*state).p_paramref_hook = None;
        let source = (*state).p_sourcetext;
        // Places in the condition are not places in the statement.
        (*state).p_sourcetext = std::ptr::null();
        let expression = pg_sys::transformExpr(state, node, (*state).p_expr_kind);
        (*state).p_sourcetext = source;
        (*state).p_paramref_hook = Some(self::expression);
        expression
    }
}

fn refuse(about: &str) -> ! {
    raise(
        ERRCODE_SYNTAX_ERROR,
        format!("{about}: the condition is not one expression"),
        Some(
            "Write what could stand after WHERE: birth_date > '1990-01-01' AND active.".to_owned(),
        ),
    )
}
