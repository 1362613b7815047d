//! Planning: row estimates, and the path that replaces the function scan.

use std::ffi::CString;

use pgrx::PgList;
use pgrx::pg_sys::{self, Datum};

use super::{Static, execute, table_of};
use crate::boundary::sql_function;

/// Cost of a generated row in units of a fetched tuple: thirty columns take about as long as
/// reading fifteen tuples (`make bench`).
const ROW_COST: f64 = 0.15;

/// Positions of arguments that every generator of rows has.
const ROWS_ARGUMENT: usize = 0;
const SEED_ARGUMENT: usize = 1;

static PATH_METHODS: Static<pg_sys::CustomPathMethods> = Static(pg_sys::CustomPathMethods {
    CustomName: execute::NAME.as_ptr(),
    PlanCustomPath: Some(plan_path),
    ReparameterizeCustomPathByChild: None,
});

/// The hook that was there before; it is called first.
static mut PREVIOUS_HOOK: pg_sys::set_rel_pathlist_hook_type = None;

pub(super) fn install_hook() {
    // SAFETY: called once, from _PG_init, in a process with one thread.
    unsafe {
        PREVIOUS_HOOK = pg_sys::set_rel_pathlist_hook;
        pg_sys::set_rel_pathlist_hook = Some(offer_path);
    }
}

sql_function! {
    /// `synth.rows_support(internal) RETURNS internal`: the planner's question for the number of
    /// rows of a generator, which is its argument.
    synth_rows_support(fcinfo) {
        // SAFETY: the planner passes a node.
        unsafe {
            let request = pgrx::fcinfo::pg_getarg_datum_raw(fcinfo, 0)
                .cast_mut_ptr::<pg_sys::SupportRequestRows>();
            if (*request).type_ == pg_sys::NodeTag::T_SupportRequestRows
                && let Some(rows) = constant((*request).node, ROWS_ARGUMENT)
            {
                (*request).rows = (rows.value() as i64 as f64).max(0.0);
                return Datum::from(request);
            }
        }
        Datum::null()
    }
}

/// The value of a constant, non-null argument of a function call.
///
/// # Safety
/// `node` is NULL or a node.
unsafe fn constant(node: *mut pg_sys::Node, argument: usize) -> Option<Datum> {
    // SAFETY: tags are looked at before a node is taken for what it is.
    unsafe {
        if node.is_null() || (*node).type_ != pg_sys::NodeTag::T_FuncExpr {
            return None;
        }
        let arguments = PgList::<pg_sys::Node>::from_pg((*node.cast::<pg_sys::FuncExpr>()).args);
        let argument = arguments.get_ptr(argument)?;
        if (*argument).type_ != pg_sys::NodeTag::T_Const {
            return None;
        }
        let constant = argument.cast::<pg_sys::Const>();
        (!(*constant).constisnull).then_some((*constant).constvalue)
    }
}

/// Replaces the paths of a generator in FROM by the custom scan.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn offer_path(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
    rti: pg_sys::Index,
    rte: *mut pg_sys::RangeTblEntry,
) {
    // SAFETY: the planner passes valid nodes; those made here live in its context.
    unsafe {
        if let Some(previous) = PREVIOUS_HOOK {
            previous(root, rel, rti, rte);
        }
        if (*rte).rtekind != pg_sys::RTEKind::RTE_FUNCTION || (*rte).funcordinality {
            return;
        }
        let functions = PgList::<pg_sys::RangeTblFunction>::from_pg((*rte).functions);
        let call = match (functions.len(), functions.get_ptr(0)) {
            (1, Some(function)) => (*function).funcexpr,
            _ => return,
        };
        if call.is_null() || (*call).type_ != pg_sys::NodeTag::T_FuncExpr {
            return;
        }
        let Some(table) = table_of((*call.cast::<pg_sys::FuncExpr>()).funcid) else {
            return;
        };

        // Generators are PARALLEL SAFE, since a seed decides their rows. Without one, each worker
        // would draw its own, make other rows, and keep the seed to itself.
        if constant(call, SEED_ARGUMENT).is_none() {
            (*rel).consider_parallel = false;
            for path in PgList::<pg_sys::Path>::from_pg((*rel).pathlist).iter_ptr() {
                (*path).parallel_safe = false;
            }
        }

        // LATERAL arguments and whole-row references are left to the function scan.
        let whole_row = *(*rel).attr_needed.offset(-((*rel).min_attr as isize));
        if !(*rel).lateral_relids.is_null() || !whole_row.is_null() {
            return;
        }
        let mut path = pgrx::PgBox::<pg_sys::CustomPath>::alloc_node(pg_sys::NodeTag::T_CustomPath);
        path.path.pathtype = pg_sys::NodeTag::T_CustomScan;
        path.path.parent = rel;
        path.path.pathtarget = (*rel).reltarget;
        path.path.parallel_safe = (*rel).consider_parallel;
        path.path.rows = (*rel).rows;
        path.path.startup_cost = (*rel).baserestrictcost.startup;
        path.path.total_cost = path.path.startup_cost
            + (*rel).tuples.max((*rel).rows)
                * (ROW_COST + pg_sys::cpu_tuple_cost + (*rel).baserestrictcost.per_tuple);
        path.flags = pg_sys::CUSTOMPATH_SUPPORT_PROJECTION;
        let name = CString::new(table).unwrap_or_default();
        let private = pg_sys::makeString(pg_sys::pstrdup(name.as_ptr()));
        path.custom_private = pg_sys::lappend(std::ptr::null_mut(), private.cast());
        path.custom_private = pg_sys::lappend(path.custom_private, call.cast());
        path.methods = &raw const PATH_METHODS.0;
        (*rel).pathlist = std::ptr::null_mut();
        (*rel).partial_pathlist = std::ptr::null_mut();
        pg_sys::add_path(rel, path.into_pg().cast());
    }
}

/// Makes the plan node of a chosen path.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn plan_path(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
    best_path: *mut pg_sys::CustomPath,
    tlist: *mut pg_sys::List,
    clauses: *mut pg_sys::List,
    _custom_plans: *mut pg_sys::List,
) -> *mut pg_sys::Plan {
    // SAFETY: the planner passes valid nodes; private data is what `offer_path` put there.
    unsafe {
        let private = PgList::<pg_sys::Node>::from_pg((*best_path).custom_private);
        let (Some(name), Some(call)) = (private.get_ptr(0), private.get_ptr(1)) else {
            return std::ptr::null_mut();
        };
        let mut scan = pgrx::PgBox::<pg_sys::CustomScan>::alloc_node(pg_sys::NodeTag::T_CustomScan);
        scan.scan.plan.targetlist = tlist;
        scan.scan.plan.qual = pg_sys::extract_actual_clauses(clauses, false);
        scan.flags = (*best_path).flags;
        scan.custom_exprs = (*call.cast::<pg_sys::FuncExpr>()).args;
        scan.custom_private = pg_sys::lappend(std::ptr::null_mut(), name.cast());
        scan.custom_scan_tlist = columns(root, rel);
        scan.methods = &raw const execute::SCAN_METHODS.0;
        scan.into_pg().cast()
    }
}

/// What the scan gives: every column of the function's row type.
///
/// # Safety
/// `rel` is the relation of a function in FROM.
unsafe fn columns(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
) -> *mut pg_sys::List {
    let mut list = std::ptr::null_mut();
    // SAFETY: by the caller's promise; the row type was checked when the query was parsed.
    unsafe {
        let rte = *(*root).simple_rte_array.add((*rel).relid as usize);
        let functions = PgList::<pg_sys::RangeTblFunction>::from_pg((*rte).functions);
        let Some(function) = functions.get_ptr(0) else {
            return list;
        };
        let mut desc = std::ptr::null_mut();
        pg_sys::get_expr_result_type((*function).funcexpr, std::ptr::null_mut(), &raw mut desc);
        let attributes = (*desc).attrs.as_slice((*desc).natts as usize);
        for (index, attribute) in attributes.iter().enumerate() {
            let number = index as pg_sys::AttrNumber + 1;
            let var = pg_sys::makeVar(
                (*rel).relid as i32,
                number,
                attribute.atttypid,
                attribute.atttypmod,
                attribute.attcollation,
                0,
            );
            let entry = pg_sys::makeTargetEntry(var.cast(), number, std::ptr::null_mut(), false);
            list = pg_sys::lappend(list, entry.cast());
        }
    }
    list
}
