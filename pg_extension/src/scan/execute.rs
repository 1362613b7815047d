//! Executing: rows are made batch by batch as the node above asks for them.

use std::ffi::CStr;

use pgrx::pg_sys::{self, Datum};
use pgrx::{PgList, PgMemoryContexts};
use synth_engine::domain::{self, TableEntry};

use super::parallel::{self, Place};
use super::plan::{SEED_ARGUMENT, constant};
use super::rows::{Source, Wanted, clear, fill};
use super::{Static, explain};
use crate::batches::Batches;
use crate::boundary::{ExecScan, string};
use crate::error::defect;
use crate::generate::{Arguments, Request, remember_seed, request};
use crate::tuple::RowType;

/// As EXPLAIN shows it: `Custom Scan (pg_synth)`.
pub(super) const NAME: &CStr = c"pg_synth";

pub(super) static SCAN_METHODS: Static<pg_sys::CustomScanMethods> =
    Static(pg_sys::CustomScanMethods {
        CustomName: NAME.as_ptr(),
        CreateCustomScanState: Some(create_state),
    });

static EXEC_METHODS: Static<pg_sys::CustomExecMethods> = Static(pg_sys::CustomExecMethods {
    CustomName: NAME.as_ptr(),
    BeginCustomScan: Some(begin),
    ExecCustomScan: Some(exec),
    EndCustomScan: Some(end),
    ReScanCustomScan: Some(rescan),
    MarkPosCustomScan: None,
    RestrPosCustomScan: None,
    EstimateDSMCustomScan: Some(parallel::estimate),
    InitializeDSMCustomScan: Some(parallel::initialize),
    ReInitializeDSMCustomScan: Some(parallel::reinitialize),
    InitializeWorkerCustomScan: Some(parallel::initialize_worker),
    ShutdownCustomScan: Some(parallel::shutdown),
    ExplainCustomScan: Some(explain::explain),
});

/// The node's state: Postgres's part first.
#[repr(C)]
struct ScanState {
    custom: pg_sys::CustomScanState,
    /// Ours; freed with the query's memory.
    own: *mut Own,
}

pub(super) struct Own {
    pub table: &'static TableEntry,
    arguments: *mut pg_sys::List,
    /// Parameters of the query that the arguments depend on.
    parameters: *mut pg_sys::Bitmapset,
    /// The arguments hold subqueries, which may depend on further parameters.
    has_subqueries: bool,
    /// What the node above looks at.
    pub wanted: Wanted,
    /// What was asked for, kept so that a rescan gives the same rows.
    pub request: Option<Request>,
    /// Where the rows are dealt out, while other processes take part.
    pub shared: Option<Place>,
    source: Option<Source>,
    /// Batches of sources that are gone.
    pub batches: u64,
}

impl Own {
    /// The state of a node.
    ///
    /// # Safety
    /// `node` is one of our scans, begun and not ended; its state is used by one caller at a time.
    pub unsafe fn of<'a>(node: *mut pg_sys::CustomScanState) -> &'a mut Self {
        // SAFETY: set by `begin`.
        unsafe { &mut *(*node.cast::<ScanState>()).own }
    }

    /// The request of a scan that is about to be shared: known already, unless its arguments may
    /// have changed since. Whether they have is not known here, as rescans are put off until a node
    /// is asked for rows; so they are evaluated again, and only if they differ is a seed drawn anew.
    ///
    /// # Safety
    /// `node` is the node of this state.
    pub unsafe fn prepare(&mut self, node: *mut pg_sys::CustomScanState) -> Request {
        // SAFETY: by the caller's promise.
        let request = match &self.request {
            Some(known) if self.parameters.is_null() && !self.has_subqueries => known.clone(),
            known => unsafe {
                let drawn = known.as_ref().map(|request| request.arguments);
                let mut asked = self.evaluate(node.cast());
                if let Some(drawn) = drawn
                    && (Arguments {
                        seed: drawn.seed,
                        ..asked
                    }) == drawn
                {
                    asked.seed = asked.seed.or(drawn.seed);
                }
                request(self.table, &asked)
            },
        };
        self.request = Some(request.clone());
        request
    }

    /// Evaluates the arguments of the call.
    ///
    /// # Safety
    /// `node` is the node of this state.
    unsafe fn evaluate(&self, node: *mut pg_sys::ScanState) -> Arguments {
        // SAFETY: the arguments are the initialized expressions of the node; values are passed in
        // the Datum itself.
        unsafe {
            let context = (*node).ps.ps_ExprContext;
            let values: Vec<Option<Datum>> = PgList::<pg_sys::ExprState>::from_pg(self.arguments)
                .iter_ptr()
                .map(|state| {
                    let mut is_null = false;
                    let value = (*state)
                        .evalfunc
                        .map(|eval| eval(state, context, &raw mut is_null));
                    value.filter(|_| !is_null)
                })
                .collect();
            Arguments::read(|index| values.get(index).copied().flatten())
        }
    }

    /// The rows in progress, begun if they are not.
    ///
    /// # Safety
    /// `node` is the node of this state.
    #[inline]
    unsafe fn source(&mut self, node: *mut pg_sys::ScanState) -> &mut Source {
        if self.source.is_none() {
            // SAFETY: by the caller's promise; the query's context outlives the scan.
            unsafe {
                let request = match &self.request {
                    Some(request) => request.clone(),
                    None => request(self.table, &self.evaluate(node)),
                };
                self.request = Some(request.clone());
                let mut batches = Batches::new(request);
                if let Some(place) = self.shared {
                    batches = batches.share(place.next());
                }
                let mut memory = PgMemoryContexts::For((*(*node).ps.state).es_query_cxt);
                self.source =
                    Some(memory.switch_to(|_| {
                        Source::new(batches, &self.wanted, (*node).ss_ScanTupleSlot)
                    }));
            }
        }
        match &mut self.source {
            Some(source) => source,
            None => unreachable!("begun above"),
        }
    }

    /// Forgets how far the rows have been read.
    pub fn drop_source(&mut self) {
        if let Some(source) = self.source.take()
            // Shared ones are counted together.
            && self.shared.is_none()
        {
            self.batches += source.taken();
        }
    }

    /// All batches so far.
    pub fn all_batches(&self) -> u64 {
        self.batches + self.source.as_ref().map_or(0, Source::taken)
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn create_state(scan: *mut pg_sys::CustomScan) -> *mut pg_sys::Node {
    let _ = scan;
    // SAFETY: zeroed memory is a valid state; the tag makes it a node.
    unsafe {
        let state = pg_sys::palloc0(size_of::<ScanState>()).cast::<ScanState>();
        (*state).custom.ss.ps.type_ = pg_sys::NodeTag::T_CustomScanState;
        (*state).custom.methods = &raw const EXEC_METHODS.0;
        state.cast()
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn begin(
    node: *mut pg_sys::CustomScanState,
    estate: *mut pg_sys::EState,
    eflags: i32,
) {
    // SAFETY: the node was made by `create_state` for a plan made by `plan_path`.
    unsafe {
        let scan = (*node).ss.ps.plan.cast::<pg_sys::CustomScan>();
        let ps = &raw mut (*node).ss.ps;
        let own = Own {
            table: table(scan),
            arguments: pg_sys::ExecInitExprList((*scan).custom_exprs, node.cast()),
            parameters: pg_sys::pull_paramids((*scan).custom_exprs.cast()),
            has_subqueries: pg_sys::contain_subplans((*scan).custom_exprs.cast()),
            wanted: wanted(&raw mut (*node).ss),
            request: None,
            shared: None,
            source: None,
            batches: 0,
        };
        if matches!(own.wanted, Wanted::Tuples(_)) {
            // The slots that come out are not the virtual ones Postgres has announced.
            (*ps).resultopsset = true;
            (*ps).resultopsfixed = false;
            (*ps).resultops = &raw const pg_sys::TTSOpsHeapTuple;
        }
        // Workers may be the only ones to run a scan that is not shared; what they remember is lost.
        let planned = (*estate).es_plannedstmt;
        if (*ps).plan.as_ref().is_some_and(|plan| plan.parallel_safe)
            && eflags & pg_sys::EXEC_FLAG_EXPLAIN_ONLY as i32 == 0
            && planned
                .as_ref()
                .is_some_and(|planned| planned.parallelModeNeeded)
            && let Some(seed) = constant((*scan).custom_exprs, SEED_ARGUMENT)
        {
            remember_seed(seed.value() as i64);
        }
        (*node.cast::<ScanState>()).own =
            PgMemoryContexts::For((*estate).es_query_cxt).leak_and_drop_on_delete(own);
    }
}

/// What the node above looks at. Decided here and not when the plan is made, because Postgres may
/// still give the node another target list then.
///
/// # Safety
/// `node` is one of our scans, with its expressions initialized.
unsafe fn wanted(node: *mut pg_sys::ScanState) -> Wanted {
    // SAFETY: by the caller's promise; attribute numbers of the scan's columns start at 1.
    unsafe {
        let ps = &raw mut (*node).ps;
        let scan = (*ps).plan.cast::<pg_sys::CustomScan>();
        let desc = (*(*node).ss_ScanTupleSlot).tts_tupleDescriptor;
        let natts = (*desc).natts as usize;
        // The whole row is the column after the others; see `columns` in plan.rs.
        let has_whole_row = PgList::<pg_sys::Node>::from_pg((*scan).custom_private).len() > 1;
        let attributes = (*desc).attrs.as_slice(natts);
        if has_whole_row && let Some(last) = attributes.last() {
            return Wanted::CellsAndRow(last.atttypid);
        }
        if (*ps).qual.is_null() {
            if (*ps).ps_ProjInfo.is_null() {
                return Wanted::Tuples(RowType {
                    type_id: (*desc).tdtypeid,
                    typmod: (*desc).tdtypmod,
                    attributes: natts,
                });
            }
            if (*scan).scan.plan.targetlist.is_null() {
                return Wanted::Number;
            }
        }
        let mut used = std::ptr::null_mut();
        for list in [(*scan).scan.plan.targetlist, (*scan).scan.plan.qual] {
            pg_sys::pull_varattnos(
                list.cast(),
                pg_sys::INDEX_VAR.cast_unsigned(),
                &raw mut used,
            );
        }
        let is_used = |column: &usize| {
            let number = *column as i32 + 1 - pg_sys::FirstLowInvalidHeapAttributeNumber;
            pg_sys::bms_is_member(number, used)
        };
        Wanted::Cells((0..natts).filter(is_used).collect())
    }
}

/// # Safety
/// `scan` is a plan made by `plan_path`.
unsafe fn table(scan: *mut pg_sys::CustomScan) -> &'static TableEntry {
    // SAFETY: the first private item is a String node.
    let name = unsafe {
        let private = PgList::<pg_sys::String>::from_pg((*scan).custom_private);
        private
            .get_ptr(0)
            .map_or_else(String::new, |name| string((*name).sval))
    };
    domain::find(&name)
        .unwrap_or_else(|| defect(format!("a plan names a table that is not there: {name}")))
}

unsafe extern "C-unwind" fn exec(
    node: *mut pg_sys::CustomScanState,
) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: ExecScan filters and projects what `next` gives. Where there is nothing to filter or
    // project, which is what it looks at first, the call is spared: it costs more than the row.
    // An error in a filter passes this frame, which has nothing to clean up, as Postgres raised it.
    unsafe {
        let ready = pg_sys::panic::pgrx_extern_c_guard(|| next_ready(&raw mut (*node).ss));
        if ready.is_null() {
            ExecScan(&raw mut (*node).ss, Some(next), Some(recheck))
        } else {
            ready
        }
    }
}

/// The next row where the node above takes it as it is; NULL where it is to be filtered or
/// projected.
///
/// # Safety
/// `node` is the state of one of our scans.
#[inline]
unsafe fn next_ready(node: *mut pg_sys::ScanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: by the caller's promise; a scan without columns has a result slot without columns.
    unsafe {
        match Own::of(node.cast()).source(node) {
            Source::Cells(_) => std::ptr::null_mut(),
            Source::Tuples(source) => source.next(),
            Source::Number { batches, left } => {
                let slot = (*node).ps.ps_ResultTupleSlot;
                if *left == 0 {
                    *left = batches.next_count().unwrap_or(0);
                }
                if *left == 0 {
                    clear(slot);
                } else {
                    *left -= 1;
                    fill(slot);
                }
                slot
            }
        }
    }
}

/// The next row, in the scan's slot; an empty slot at the end.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn next(node: *mut pg_sys::ScanState) -> *mut pg_sys::TupleTableSlot {
    // SAFETY: ExecScan passes the node it was given; the slot has one cell a column.
    unsafe {
        let slot = (*node).ss_ScanTupleSlot;
        clear(slot);
        if let Source::Cells(source) = Own::of(node.cast()).source(node) {
            let memory = (*(*node).ps.ps_ExprContext).ecxt_per_tuple_memory;
            source.next(slot, memory);
        }
        slot
    }
}

/// The next row, as ExecScan calls it where a subquery is run again for a row that another session
/// has changed. Rows of such a scan stand for no row of the outer query (`offer_path` sees to it), so
/// there is nothing to check again.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn recheck(
    node: *mut pg_sys::ScanState,
    _slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    // SAFETY: as for `next`, which fills the same slot.
    unsafe { (*next(node)).tts_flags & pg_sys::TTS_FLAG_EMPTY as u16 == 0 }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn rescan(node: *mut pg_sys::CustomScanState) {
    // SAFETY: the node is ours.
    unsafe {
        let own = Own::of(node);
        own.drop_source();
        // Arguments are evaluated again only if they may have changed, as for a function scan: a
        // call without a seed gives the same rows each time it is read, whatever they are
        // compared with. A shared scan has its arguments from the leader.
        let changed = (*node).ss.ps.chgParam;
        let has_changed = pg_sys::bms_overlap(changed, own.parameters)
            || (own.has_subqueries && !changed.is_null());
        if has_changed && own.shared.is_none() {
            own.request = None;
        }
    }
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" fn end(node: *mut pg_sys::CustomScanState) {
    // SAFETY: the node is ours; what is left goes with the query's memory.
    unsafe {
        if let Some(own) = (*node.cast::<ScanState>()).own.as_mut() {
            own.source = None;
        }
    }
}
