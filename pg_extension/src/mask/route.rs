//! Masking a partitioned table whose partition key is masked: each row goes to the partition of its
//! new value, by Postgres's own tuple routing, into that partition's new heap.

use std::collections::HashMap;
use std::rc::Rc;

use pgrx::pg_sys::{self, Oid};

use super::batch::{ColumnMask, column_masks};
use super::demands::result_info;
use super::owner::AsOwner;
use super::plan::Rules;
use super::reading::{Progress, read_masked};
use super::rewrite::Rewrite;
use super::writer::Writer;
use crate::boundary::{ExecCleanupTupleRouting, ExecFindPartition, ExecSetupPartitionTupleRouting};

/// With more partitions than this, none keeps a page pinned between batches.
pub const PINNED_PARTITIONS: usize = 64;

/// A partition, its new heap and how rows get there.
struct Leaf {
    rewrite: Rewrite,
    writer: Writer,
    masks: Rc<Vec<ColumnMask>>,
    rows: i64,
}

/// Masks the partitions of a table; their locks are held. Gives the rows of each afterwards.
pub fn rewrite_tree(top: Oid, leaves: &[Oid], rules: &Rules, progress: bool) -> Vec<(Oid, i64)> {
    // SAFETY: all that is opened or made here is closed or freed in reverse order; after an error
    // the transaction's end does it.
    unsafe {
        let mut parts: Vec<Leaf> = leaves
            .iter()
            .map(|&relid| {
                let rewrite = Rewrite::begin(relid);
                let masks = {
                    let _owner = AsOwner::of(relid);
                    Rc::new(column_masks(rewrite.old, rules))
                };
                Leaf {
                    writer: Writer::new(rewrite.old, rewrite.new),
                    rewrite,
                    masks,
                    rows: 0,
                }
            })
            .collect();
        let root = pg_sys::table_open(top, pg_sys::NoLock as i32);
        {
            let _owner = AsOwner::of(top);
            let mut router = Router::new(root);
            let by_oid: HashMap<Oid, usize> = leaves
                .iter()
                .enumerate()
                .map(|(index, relid)| (*relid, index))
                .collect();
            for source in 0..parts.len() {
                move_rows(source, &mut parts, &by_oid, &mut router, rules, progress);
            }
            router.finish();
        }
        pg_sys::table_close(root, pg_sys::NoLock as i32);
        parts
            .into_iter()
            .map(|leaf| {
                leaf.writer.finish();
                let masked = (leaf.rewrite.finish(), leaf.rows);
                Progress::end();
                masked
            })
            .collect()
    }
}

/// Reads one partition, masks its rows and writes each where it belongs.
///
/// # Safety
/// All partitions are open; the router is that of their table.
unsafe fn move_rows(
    source: usize,
    parts: &mut [Leaf],
    by_oid: &HashMap<Oid, usize>,
    router: &mut Router,
    rules: &Rules,
    progress: bool,
) {
    let old = parts[source].rewrite.old;
    let masks = Rc::clone(&parts[source].masks);
    // SAFETY: by the caller's promise; the slot is made and freed here.
    unsafe {
        let masked =
            pg_sys::MakeSingleTupleTableSlot((*old).rd_att, &raw const pg_sys::TTSOpsVirtual);
        let to_root = pg_sys::convert_tuples_by_name((*old).rd_att, (*router.root).rd_att);
        read_masked(old, &masks, rules, progress, |batch, _| {
            for row in 0..batch.rows {
                let (values, nulls) = batch.row(row);
                (*(*masked).tts_ops).clear.inspect(|clear| clear(masked));
                std::ptr::copy_nonoverlapping(values.as_ptr(), (*masked).tts_values, values.len());
                std::ptr::copy_nonoverlapping(nulls.as_ptr(), (*masked).tts_isnull, nulls.len());
                pg_sys::ExecStoreVirtualTuple(masked);
                let (target, placed) = router.place(masked, to_root);
                let Some(leaf) = by_oid.get(&target).map(|&index| &mut parts[index]) else {
                    continue;
                };
                let columns = (*(*leaf.rewrite.old).rd_att).natts as usize;
                let values = std::slice::from_raw_parts((*placed).tts_values, columns);
                let nulls = std::slice::from_raw_parts((*placed).tts_isnull, columns);
                leaf.writer.write((values, nulls), &leaf.masks);
                leaf.rows += 1;
                router.reset();
            }
            if parts.len() > PINNED_PARTITIONS {
                for part in parts.iter() {
                    part.writer.unpin();
                }
            }
        });
        if !to_root.is_null() {
            pg_sys::free_conversion_map(to_root);
        }
        pg_sys::ExecDropSingleTupleTableSlot(masked);
    }
}

/// Postgres's tuple routing, set up as COPY does.
pub struct Router {
    root: pg_sys::Relation,
    estate: *mut pg_sys::EState,
    state: *mut pg_sys::ModifyTableState,
    routing: *mut pg_sys::PartitionTupleRouting,
    slot: *mut pg_sys::TupleTableSlot,
}

impl Router {
    /// # Safety
    /// `root` is an open partitioned table.
    pub unsafe fn new(root: pg_sys::Relation) -> Self {
        // SAFETY: as CopyFrom in copyfrom.c; nodes live in the current memory context.
        unsafe {
            let estate = pg_sys::CreateExecutorState();
            let result = result_info(root);
            let mut state = pgrx::PgBox::<pg_sys::ModifyTableState>::alloc_node(
                pg_sys::NodeTag::T_ModifyTableState,
            );
            state.ps.state = estate;
            state.operation = pg_sys::CmdType::CMD_INSERT;
            state.mt_nrels = 1;
            state.resultRelInfo = result;
            state.rootResultRelInfo = result;
            Self {
                root,
                estate,
                state: state.into_pg(),
                routing: ExecSetupPartitionTupleRouting(estate, root),
                slot: pg_sys::MakeSingleTupleTableSlot(
                    (*root).rd_att,
                    &raw const pg_sys::TTSOpsVirtual,
                ),
            }
        }
    }

    /// The partition that a row belongs to, and the row in that partition's layout.
    ///
    /// # Safety
    /// The slot holds a row of a partition, and the map leads from its layout to the root's.
    pub unsafe fn place(
        &mut self,
        row: *mut pg_sys::TupleTableSlot,
        to_root: *mut pg_sys::TupleConversionMap,
    ) -> (Oid, *mut pg_sys::TupleTableSlot) {
        // SAFETY: by the caller's promise.
        unsafe {
            let in_root = if to_root.is_null() {
                row
            } else {
                pg_sys::execute_attr_map_slot((*to_root).attrMap, row, self.slot)
            };
            let target = ExecFindPartition(
                self.state,
                (*self.state).rootResultRelInfo,
                self.routing,
                in_root,
                self.estate,
            );
            let map = (*target).ri_RootToPartitionMap;
            let placed = if map.is_null() {
                in_root
            } else {
                pg_sys::execute_attr_map_slot(
                    (*map).attrMap,
                    in_root,
                    (*target).ri_PartitionTupleSlot,
                )
            };
            ((*(*target).ri_RelationDesc).rd_id, placed)
        }
    }

    /// # Safety
    /// No value of the last row is used any more.
    pub unsafe fn reset(&mut self) {
        // SAFETY: the executor state is ours.
        unsafe {
            let per_tuple = (*self.estate).es_per_tuple_exprcontext;
            if !per_tuple.is_null() {
                pg_sys::MemoryContextReset((*per_tuple).ecxt_per_tuple_memory);
            }
        }
    }

    /// # Safety
    /// Called once.
    pub unsafe fn finish(self) {
        // SAFETY: closes the partitions and indexes that routing has opened.
        unsafe {
            ExecCleanupTupleRouting(self.state, self.routing);
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::ExecResetTupleTable((*self.estate).es_tupleTable, false);
            pg_sys::FreeExecutorState(self.estate);
        }
    }
}
