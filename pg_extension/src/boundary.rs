//! Postgres functions that pgrx does not bind, and small wrappers used in more than one room.

#![allow(non_snake_case, reason = "the names of Postgres")]

use std::ffi::{CStr, c_char, c_void};

use pgrx::pg_sys::{self, Oid};

/// Declares a C function of the version-1 calling convention: the exported symbol and its
/// `pg_finfo_` companion.
macro_rules! sql_function {
    ($(#[$doc:meta])* $name:ident($fcinfo:ident) $body:block) => {
        pastey::paste! {
            #[doc(hidden)]
            #[unsafe(no_mangle)]
            pub extern "C" fn [<pg_finfo_ $name>]() -> &'static pgrx::pg_sys::Pg_finfo_record {
                const V1: pgrx::pg_sys::Pg_finfo_record =
                    pgrx::pg_sys::Pg_finfo_record { api_version: 1 };
                &V1
            }
        }

        $(#[$doc])*
        ///
        /// # Safety
        /// Called by Postgres with valid call information.
        #[unsafe(no_mangle)]
        pub unsafe extern "C-unwind" fn $name(
            fcinfo: pgrx::pg_sys::FunctionCallInfo,
        ) -> pgrx::pg_sys::Datum {
            fn body($fcinfo: pgrx::pg_sys::FunctionCallInfo) -> pgrx::pg_sys::Datum $body
            // SAFETY: turns a Rust panic into a Postgres error, after destructors have run.
            unsafe { pgrx::pg_sys::panic::pgrx_extern_c_guard(move || body(fcinfo)) }
        }
    };
}
pub(crate) use sql_function;

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    /// commands/cluster.h
    pub fn make_new_heap(
        old_heap: Oid,
        new_tablespace: Oid,
        new_access_method: Oid,
        relpersistence: c_char,
        lockmode: pg_sys::LOCKMODE,
    ) -> Oid;

    /// commands/cluster.h
    pub fn finish_heap_swap(
        old_heap: Oid,
        new_heap: Oid,
        is_system_catalog: bool,
        swap_toast_by_content: bool,
        check_constraints: bool,
        is_internal: bool,
        frozen_xid: pg_sys::TransactionId,
        min_multi: pg_sys::MultiXactId,
        newrelpersistence: c_char,
    );

    /// parser/parse_utilcmd.h
    pub fn generateClonedIndexStmt(
        heap_rel: *mut pg_sys::RangeVar,
        source_idx: pg_sys::Relation,
        attmap: *const pg_sys::AttrMap,
        constraint_oid: *mut Oid,
    ) -> *mut pg_sys::IndexStmt;

    /// storage/predicate.h
    pub fn TransferPredicateLocksToHeapRelation(relation: pg_sys::Relation);

    /// catalog/pg_inherits.h
    pub fn find_all_inheritors(
        parent: Oid,
        lockmode: pg_sys::LOCKMODE,
        numparents: *mut *mut pg_sys::List,
    ) -> *mut pg_sys::List;

    /// catalog/partition.h
    pub fn has_partition_attrs(
        rel: pg_sys::Relation,
        attnums: *mut pg_sys::Bitmapset,
        used_in_expr: *mut bool,
    ) -> bool;

    /// utils/datum.h
    pub fn datumCopy(value: pg_sys::Datum, typ_by_val: bool, typ_len: i32) -> pg_sys::Datum;

    /// executor/execPartition.h
    pub fn ExecSetupPartitionTupleRouting(
        estate: *mut pg_sys::EState,
        rel: pg_sys::Relation,
    ) -> *mut pg_sys::PartitionTupleRouting;

    /// executor/execPartition.h
    pub fn ExecFindPartition(
        mtstate: *mut pg_sys::ModifyTableState,
        root_result_rel_info: *mut pg_sys::ResultRelInfo,
        proute: *mut pg_sys::PartitionTupleRouting,
        slot: *mut pg_sys::TupleTableSlot,
        estate: *mut pg_sys::EState,
    ) -> *mut pg_sys::ResultRelInfo;

    /// executor/execPartition.h
    pub fn ExecCleanupTupleRouting(
        mtstate: *mut pg_sys::ModifyTableState,
        proute: *mut pg_sys::PartitionTupleRouting,
    );

    /// executor/nodeModifyTable.h
    pub fn ExecComputeStoredGenerated(
        result_rel_info: *mut pg_sys::ResultRelInfo,
        estate: *mut pg_sys::EState,
        slot: *mut pg_sys::TupleTableSlot,
        cmdtype: pg_sys::CmdType::Type,
    );
}

unsafe extern "C-unwind" {
    /// executor/executor.h. Without a guard, which would cost more than a row, and which would take
    /// from an error what pgrx does not know: SQLSTATEs of the user's own, and the context.
    pub fn ExecScan(
        node: *mut pg_sys::ScanState,
        access: pg_sys::ExecScanAccessMtd,
        recheck: pg_sys::ExecScanRecheckMtd,
    ) -> *mut pg_sys::TupleTableSlot;

    /// utils/palloc.h. Without a guard: see [`allocate`].
    fn palloc_extended(size: usize, flags: i32) -> *mut c_void;
}

/// Memory in the current context. As palloc, but a guard against its errors would cost more than
/// a value: here it raises none, and gives NULL instead.
pub fn allocate(size: usize) -> *mut u8 {
    /// `MaxAllocSize` of utils/memutils.h.
    const MOST: usize = 0x3fff_ffff;
    let memory = if size <= MOST {
        // SAFETY: of a size that is allowed; without memory the flag has it give NULL.
        unsafe { palloc_extended(size, pg_sys::MCXT_ALLOC_NO_OOM as i32) }
    } else {
        std::ptr::null_mut()
    };
    if memory.is_null() {
        crate::error::raise(
            pgrx::PgSqlErrorCode::ERRCODE_OUT_OF_MEMORY,
            format!("out of memory: {size} bytes are not to be had"),
            Some("Ask for shorter values.".to_owned()),
        );
    }
    memory.cast()
}

/// Copies a C string; an empty string for NULL.
///
/// # Safety
/// `text` is NULL or NUL-terminated.
pub unsafe fn string(text: *const c_char) -> String {
    if text.is_null() {
        return String::new();
    }
    // SAFETY: NUL-terminated by the caller's promise.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// The name of a relation as a user would write it: schema and name, quoted where needed.
pub fn relation_name(relid: Oid) -> String {
    // SAFETY: catalog look-ups that give palloc'd strings or NULL; quoting takes the non-NULL ones.
    unsafe {
        let name = pg_sys::get_rel_name(relid);
        let schema = pg_sys::get_namespace_name(pg_sys::get_rel_namespace(relid));
        if name.is_null() || schema.is_null() {
            return format!("relation {}", relid.to_u32());
        }
        string(pg_sys::quote_qualified_identifier(schema, name))
    }
}

/// The OIDs of a list.
///
/// # Safety
/// `list` is NIL or a list of OIDs.
pub unsafe fn oids(list: *mut pg_sys::List) -> Vec<Oid> {
    // SAFETY: pgrx checks the list's tag and copies nothing out of bounds.
    unsafe { pgrx::PgList::<Oid>::from_pg(list).iter_oid().collect() }
}

/// Lets Ctrl-C and `statement_timeout` act.
#[inline]
pub fn check_for_interrupts() {
    pgrx::check_for_interrupts!();
}

/// Refuses to read text from a database whose encoding the engine does not know.
pub fn require_utf8() {
    // SAFETY: reads a variable of the backend.
    let encoding = unsafe { pg_sys::GetDatabaseEncoding() };
    if encoding != pg_sys::pg_enc::PG_UTF8 as i32 {
        crate::error::raise(
            pgrx::PgSqlErrorCode::ERRCODE_FEATURE_NOT_SUPPORTED,
            "masks need a database in encoding UTF8".to_owned(),
            Some("Create the database with ENCODING 'UTF8' TEMPLATE template0.".to_owned()),
        );
    }
}
