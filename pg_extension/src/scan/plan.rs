//! Planning: row estimates, and the paths that replace the function scan.

use std::ffi::CString;

use pgrx::PgList;
use pgrx::pg_sys::{self, Datum};
use synth_engine::domain::{FanOut, TableEntry};

use super::{Static, execute, table_of};
use crate::batches;
use crate::boundary::sql_function;

/// Cost of making one column of a row, in units of a fetched page, and of a row of at least one: the
/// thirty columns of a patient take about as long as reading sixteen tuples (`make bench`).
const COLUMN_COST: f64 = 0.005;
const ROW_COST: f64 = 0.01;

/// What remains of that where the helper thread makes rows while others are used.
const COST_WITH_HELPER: f64 = 0.6;

/// Size of a tuple's header, for the number of pages that the rows would fill.
const TUPLE_HEADER: i32 = 24;

/// Positions of arguments that every generator of rows has.
pub(super) const ROWS_ARGUMENT: usize = 0;
pub(super) const SEED_ARGUMENT: usize = 1;
pub(super) const START_ARGUMENT: usize = 2;

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
                && (*(*request).node).type_ == pg_sys::NodeTag::T_FuncExpr
            {
                let call = (*request).node.cast::<pg_sys::FuncExpr>();
                allow_workers((*request).root, call);
                let table = table_of((*call).funcid);
                if let (Some(table), Some(units)) = (table, constant((*call).args, ROWS_ARGUMENT)) {
                    let units = (units.value() as i64 as f64).max(0.0);
                    (*request).rows = (units * table.fan_out.mean()).ceil();
                    return Datum::from(request);
                }
            }
        }
        Datum::null()
    }
}

/// The value of a constant, non-null argument of a function call.
///
/// # Safety
/// `arguments` are expressions.
pub(super) unsafe fn constant(arguments: *mut pg_sys::List, position: usize) -> Option<Datum> {
    // SAFETY: tags are looked at before a node is taken for what it is.
    unsafe {
        let argument = PgList::<pg_sys::Node>::from_pg(arguments).get_ptr(position)?;
        if (*argument).type_ != pg_sys::NodeTag::T_Const {
            return None;
        }
        let constant = argument.cast::<pg_sys::Const>();
        (!(*constant).constisnull).then_some((*constant).constvalue)
    }
}

/// The only function of an entry in FROM, without ordinality.
///
/// # Safety
/// `rte` is a range table entry.
unsafe fn only_call(rte: *mut pg_sys::RangeTblEntry) -> Option<*mut pg_sys::FuncExpr> {
    // SAFETY: tags are looked at before a node is taken for what it is.
    unsafe {
        if (*rte).rtekind != pg_sys::RTEKind::RTE_FUNCTION || (*rte).funcordinality {
            return None;
        }
        let functions = PgList::<pg_sys::RangeTblFunction>::from_pg((*rte).functions);
        let call = (*functions.get_ptr(0).filter(|_| functions.len() == 1)?).funcexpr;
        let is_call = !call.is_null() && (*call).type_ == pg_sys::NodeTag::T_FuncExpr;
        is_call.then(|| call.cast())
    }
}

/// Lets workers take part in a scan of a generator.
///
/// The functions are PARALLEL RESTRICTED: called in a worker, one that draws a seed would keep it to
/// itself. A scan draws it in the leader. The planner has just decided by the function's label; it
/// asks for the number of rows right after, which is here, and before it decides about the parent of
/// a UNION ALL.
///
/// # Safety
/// `root` is NULL or the state of a query's planning.
unsafe fn allow_workers(root: *mut pg_sys::PlannerInfo, call: *mut pg_sys::FuncExpr) {
    // SAFETY: both arrays have the given size; entry 0 and those of joins are NULL.
    unsafe {
        if root.is_null() || (*root).simple_rel_array.is_null() || !(*(*root).glob).parallelModeOK {
            return;
        }
        for index in 1..(*root).simple_rel_array_size as usize {
            let rel = *(*root).simple_rel_array.add(index);
            let rte = *(*root).simple_rte_array.add(index);
            if !rel.is_null() && !rte.is_null() && only_call(rte) == Some(call) {
                let target = (*(*rel).reltarget).exprs;
                (*rel).consider_parallel = [(*call).args, (*rel).baserestrictinfo, target]
                    .into_iter()
                    .all(|list| pg_sys::is_parallel_safe(root, list.cast()));
            }
        }
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
        let Some(call) = only_call(rte) else {
            return;
        };
        let Some(table) = table_of((*call).funcid) else {
            return;
        };
        // A row that may have to be found again, after another session has changed the row that it is
        // joined to: Postgres knows how for a function scan.
        let marks = PgList::<pg_sys::PlanRowMark>::from_pg((*root).rowMarks);
        if marks.iter_ptr().any(|mark| (*mark).rti == rti) {
            return;
        }
        (*rel).pathlist = std::ptr::null_mut();
        (*rel).partial_pathlist = std::ptr::null_mut();
        let making = if batches::may_have_helper((*rel).tuples) {
            COST_WITH_HELPER
        } else {
            1.0
        };
        let serial = path(root, rel, call, table, making);
        // Without a seed each worker that ran the whole scan would draw its own.
        serial.path.parallel_safe =
            (*rel).consider_parallel && constant((*call).args, SEED_ARGUMENT).is_some();
        let serial = std::ptr::from_mut(serial).cast();
        pg_sys::add_path(rel, serial);
        if !(*rel).consider_parallel || !(*rel).lateral_relids.is_null() {
            return;
        }

        let workers = workers(rel, call);
        if workers <= 0 {
            return;
        }
        let shared = path(root, rel, call, table, 1.0);
        shared.path.parallel_safe = true;
        shared.path.parallel_aware = true;
        shared.path.parallel_workers = workers;
        let share = share_of_one(workers);
        shared.path.rows = pg_sys::clamp_row_est(shared.path.rows / share);
        shared.path.total_cost =
            shared.path.startup_cost + (shared.path.total_cost - shared.path.startup_cost) / share;
        pg_sys::add_partial_path(rel, std::ptr::from_mut(shared).cast());
    }
}

/// The path of a scan by one process. `making` scales the cost of making rows.
///
/// # Safety
/// `call` is the function that `rel` stands for.
unsafe fn path<'a>(
    root: *mut pg_sys::PlannerInfo,
    rel: *mut pg_sys::RelOptInfo,
    call: *mut pg_sys::FuncExpr,
    table: &TableEntry,
    making: f64,
) -> &'a mut pg_sys::CustomPath {
    // SAFETY: a new node in the planner's context.
    unsafe {
        let mut path = pgrx::PgBox::<pg_sys::CustomPath>::alloc_node(pg_sys::NodeTag::T_CustomPath);
        path.path.pathtype = pg_sys::NodeTag::T_CustomScan;
        path.path.parent = rel;
        path.path.pathtarget = (*rel).reltarget;
        path.path.param_info = pg_sys::get_baserel_parampathinfo(root, rel, (*rel).lateral_relids);
        path.path.rows = match path.path.param_info.as_ref() {
            Some(parameters) => parameters.ppi_rows,
            None => (*rel).rows,
        };
        let columns = match used(rel) {
            used if pg_sys::bms_is_member(place(0), used) => i32::from((*rel).max_attr),
            used => pg_sys::bms_num_members(used),
        };
        let target = (*(*rel).reltarget).cost;
        let row_cost = match columns {
            // Nothing is made: a row is a number counted down.
            0 if table.fan_out == FanOut::One => pg_sys::cpu_operator_cost,
            _ => making * (ROW_COST + COLUMN_COST * f64::from(columns)) + pg_sys::cpu_tuple_cost,
        } + (*rel).baserestrictcost.per_tuple;
        path.path.startup_cost = (*rel).baserestrictcost.startup + target.startup;
        path.path.total_cost = path.path.startup_cost
            + (*rel).tuples.max((*rel).rows) * row_cost
            + target.per_tuple * path.path.rows;
        path.flags = pg_sys::CUSTOMPATH_SUPPORT_PROJECTION;
        let name = CString::new(table.entry.name).unwrap_or_default();
        let private = pg_sys::makeString(pg_sys::pstrdup(name.as_ptr()));
        path.custom_private = pg_sys::lappend(std::ptr::null_mut(), private.cast());
        path.custom_private = pg_sys::lappend(path.custom_private, call.cast());
        path.methods = &raw const PATH_METHODS.0;
        &mut *path.into_pg()
    }
}

/// How many workers a scan is worth: as many as for a table of that size.
///
/// # Safety
/// `call` is the function that `rel` stands for.
unsafe fn workers(rel: *mut pg_sys::RelOptInfo, call: *mut pg_sys::FuncExpr) -> i32 {
    // SAFETY: the descriptor is that of the function's row type.
    unsafe {
        let desc = row_type(call);
        let attributes = (*desc).attrs.as_slice((*desc).natts as usize);
        let width = attributes.iter().fold(TUPLE_HEADER, |width, attribute| {
            width + pg_sys::get_typavgwidth(attribute.atttypid, attribute.atttypmod)
        });
        let pages = (*rel).tuples * f64::from(width) / f64::from(pg_sys::BLCKSZ);
        pg_sys::compute_parallel_worker(
            rel,
            pages.ceil(),
            -1.0,
            pg_sys::max_parallel_workers_per_gather,
        )
    }
}

/// By how much the work of one process shrinks, as `get_parallel_divisor` of costsize.c has it: the
/// leader takes part, less so the more workers it has to read from.
///
/// # Safety
/// Reads a setting of the backend.
unsafe fn share_of_one(workers: i32) -> f64 {
    let workers = f64::from(workers);
    // SAFETY: by the caller's promise.
    if unsafe { pg_sys::parallel_leader_participation } {
        workers + (1.0 - 0.3 * workers).max(0.0)
    } else {
        workers
    }
}

/// Where a column's number is in a set of columns.
const fn place(column: i32) -> i32 {
    column - pg_sys::FirstLowInvalidHeapAttributeNumber
}

/// The columns of a relation that the query looks at; 0 is the whole row.
///
/// # Safety
/// `rel` is the relation of a function in FROM.
unsafe fn used(rel: *mut pg_sys::RelOptInfo) -> *mut pg_sys::Bitmapset {
    let mut used = std::ptr::null_mut();
    // SAFETY: lists of expressions.
    unsafe {
        let conditions = pg_sys::extract_actual_clauses((*rel).baserestrictinfo, false);
        for list in [(*(*rel).reltarget).exprs, conditions] {
            pg_sys::pull_varattnos(list.cast(), (*rel).relid, &raw mut used);
        }
    }
    used
}

/// The row type that a function returns.
///
/// # Safety
/// `call` returns rows, as was checked when the query was parsed.
unsafe fn row_type(call: *mut pg_sys::FuncExpr) -> pg_sys::TupleDesc {
    let mut desc = std::ptr::null_mut();
    // SAFETY: by the caller's promise.
    unsafe { pg_sys::get_expr_result_type(call.cast(), std::ptr::null_mut(), &raw mut desc) };
    desc
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
        scan.custom_scan_tlist = columns(rel, call.cast());
        if pg_sys::bms_is_member(place(0), used(rel)) {
            // The whole row comes last; a second private item says so.
            let rte = *(*root).simple_rte_array.add((*rel).relid as usize);
            let var = pg_sys::makeWholeRowVar(rte, (*rel).relid as i32, 0, false);
            let number = PgList::<pg_sys::TargetEntry>::from_pg(scan.custom_scan_tlist).len() + 1;
            let number = number as pg_sys::AttrNumber;
            let entry = pg_sys::makeTargetEntry(var.cast(), number, std::ptr::null_mut(), false);
            scan.custom_scan_tlist = pg_sys::lappend(scan.custom_scan_tlist, entry.cast());
            scan.custom_private = pg_sys::lappend(
                scan.custom_private,
                pg_sys::makeString(pg_sys::pstrdup(c"whole row".as_ptr())).cast(),
            );
        }
        scan.methods = &raw const execute::SCAN_METHODS.0;
        scan.into_pg().cast()
    }
}

/// What the scan gives: every column of the function's row type.
///
/// # Safety
/// `call` is the function that `rel` stands for.
unsafe fn columns(rel: *mut pg_sys::RelOptInfo, call: *mut pg_sys::FuncExpr) -> *mut pg_sys::List {
    let mut list = std::ptr::null_mut();
    // SAFETY: by the caller's promise.
    unsafe {
        let desc = row_type(call);
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
