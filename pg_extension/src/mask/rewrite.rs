//! Masking one table: rows are read once and written, masked, to a new heap, which then takes the
//! old one's place, as ALTER TABLE does: no dead tuple and no TOAST chunk keeps an original, indexes
//! are built anew, constraints are checked, and triggers do not fire. Transactions that started
//! before and have not read the table yet will find it empty, as after any rewriting ALTER TABLE.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::batch::{Batch, ColumnMask, column_masks};
use super::owner::AsOwner;
use super::plan::Rules;
use super::reading::{self, Progress};
use super::writer::Writer;
use crate::boundary::{finish_heap_swap, make_new_heap};
use crate::error::raise;

/// A table and the new heap that will take its place.
pub struct Rewrite {
    relid: Oid,
    new_relid: Oid,
    persistence: std::ffi::c_char,
    /// The table as it is.
    pub old: pg_sys::Relation,
    /// The heap to be written.
    pub new: pg_sys::Relation,
}

impl Rewrite {
    /// Makes the new heap.
    ///
    /// # Safety
    /// The table is locked; `finish` is called unless an error ends the transaction.
    pub unsafe fn begin(relid: Oid) -> Self {
        let lock = pg_sys::AccessExclusiveLock as i32;
        // SAFETY: the order of calls is that of ATRewriteTables and ATRewriteTable in tablecmds.c.
        unsafe {
            let old = pg_sys::table_open(relid, pg_sys::NoLock as i32);
            let form = &*(*old).rd_rel;
            if form.relpersistence as u8 == pg_sys::RELPERSISTENCE_TEMP && !(*old).rd_islocaltemp {
                raise(
                    ERRCODE_FEATURE_NOT_SUPPORTED,
                    "cannot mask temporary tables of other sessions".to_owned(),
                    Some("Mask it in the session that made it.".to_owned()),
                );
            }
            pg_sys::CheckTableNotInUse(old, c"synth_mask_table".as_ptr());
            let (tablespace, method, persistence) =
                (form.reltablespace, form.relam, form.relpersistence);
            let new_relid = make_new_heap(relid, tablespace, method, persistence, lock);
            Self {
                relid,
                new_relid,
                persistence,
                old,
                new: pg_sys::table_open(new_relid, lock),
            }
        }
    }

    /// Puts the new heap in the old one's place, and builds the indexes. Gives the table.
    ///
    /// # Safety
    /// Every row has been written; neither relation is used any more.
    pub unsafe fn finish(self) -> Oid {
        // SAFETY: by the caller's promise.
        unsafe {
            pg_sys::table_close(self.new, pg_sys::NoLock as i32);
            pg_sys::table_close(self.old, pg_sys::NoLock as i32);
            finish_heap_swap(
                self.relid,
                self.new_relid,
                false,
                false,
                true,
                true,
                pg_sys::RecentXmin,
                pg_sys::ReadNextMultiXactId(),
                self.persistence,
            );
        }
        self.relid
    }
}

/// Masks one table; its lock is held. Gives the number of rows.
pub fn rewrite(relid: Oid, rules: &Rules, progress: bool) -> i64 {
    // SAFETY: the lock is held; an error ends the transaction.
    unsafe {
        let rewrite = Rewrite::begin(relid);
        let rows = {
            let _owner = AsOwner::of(relid);
            copy_masked(rewrite.old, rewrite.new, rules, progress)
        };
        rewrite.finish();
        Progress::end();
        rows
    }
}

/// Reads every row of `old` and writes it masked to `new`.
///
/// # Safety
/// Both are open and locked, with the same columns.
unsafe fn copy_masked(
    old: pg_sys::Relation,
    new: pg_sys::Relation,
    rules: &Rules,
    progress: bool,
) -> i64 {
    // SAFETY: by the caller's promise; the writer is ended once every row has been written.
    unsafe {
        let mut writer = Writer::new(old, new);
        let rows = read_masked(old, rules, progress, |batch, masks| {
            for row in 0..batch.rows {
                writer.write(batch.row(row), masks);
            }
        });
        writer.finish();
        rows
    }
}

/// Reads every row of a table and masks it, and keeps a fingerprint of the originals; `each` gets
/// the masked rows, a batch at a time. Gives the number of rows.
///
/// # Safety
/// The table is open and locked.
unsafe fn read_masked(
    old: pg_sys::Relation,
    rules: &Rules,
    progress: bool,
    mut each: impl FnMut(&Batch, &[ColumnMask]),
) -> i64 {
    // SAFETY: by the caller's promise.
    unsafe {
        let masks = column_masks(old, rules);
        reading::read_masked(old, &masks, rules, progress, |batch, _| {
            each(batch, &masks);
        })
    }
}
