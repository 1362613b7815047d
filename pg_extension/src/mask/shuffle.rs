//! `shuffle`: the values of a column dealt out to other rows. Postgres sorts them by a random key, on
//! disk where memory does not hold them, and rows take them in that order.

use pgrx::pg_sys::{self, Datum};

use super::other::Tester;
use super::random::Random;
use crate::boundary::{check_for_interrupts, datumCopy};
use crate::error::raise;

/// The values of a column that are not NULL, in random order.
pub struct Shuffle {
    sort: *mut pg_sys::Tuplesortstate,
    slot: *mut pg_sys::TupleTableSlot,
    by_value: bool,
    length: i16,
    random: Random,
    /// Values that have not been dealt.
    pub left: u64,
}

impl Shuffle {
    /// Reads the whole column of a table, where the condition holds, and sorts it by random keys.
    ///
    /// # Safety
    /// The relation is open and locked so that nobody writes it; the sort lives in the current memory
    /// context.
    pub unsafe fn new(
        relation: pg_sys::Relation,
        index: usize,
        condition: Option<&Tester>,
    ) -> Self {
        // SAFETY: a scan and a slot made and freed here.
        unsafe {
            let mut shuffle = Self::empty(relation, index);
            let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
            let scan = pg_sys::table_beginscan(relation, snapshot, 0, std::ptr::null_mut());
            let row = pg_sys::table_slot_create(relation, std::ptr::null_mut());
            let forward = pg_sys::ScanDirection::ForwardScanDirection;
            while pg_sys::table_scan_getnextslot(scan, forward, row) {
                check_for_interrupts();
                shuffle.gather(row, index, condition);
            }
            pg_sys::ExecDropSingleTupleTableSlot(row);
            pg_sys::table_endscan(scan);
            pg_sys::UnregisterSnapshot(snapshot);
            shuffle.sort();
            shuffle
        }
    }

    /// For the values of a column of a table, of which none has been gathered yet.
    ///
    /// # Safety
    /// The relation is open; the sort lives in the current memory context.
    pub unsafe fn empty(relation: pg_sys::Relation, index: usize) -> Self {
        // SAFETY: a descriptor of two columns, which the sort and the slot keep.
        unsafe {
            let attribute = (*(*relation).rd_att).attrs.as_slice(index + 1)[index];
            let desc = pg_sys::CreateTemplateTupleDesc(2);
            let name = c"value".as_ptr();
            pg_sys::TupleDescInitEntry(desc, 1, c"key".as_ptr(), pg_sys::INT8OID, -1, 0);
            let (value_type, typmod) = (attribute.atttypid, attribute.atttypmod);
            pg_sys::TupleDescInitEntry(desc, 2, name, value_type, typmod, attribute.attndims);
            let mut keys: [pg_sys::AttrNumber; 1] = [1];
            let mut operators = [pg_sys::Oid::from(pg_sys::Int8LessOperator)];
            let mut collations = [pg_sys::InvalidOid];
            let mut nulls_first = [false];
            let sort = pg_sys::tuplesort_begin_heap(
                desc,
                1,
                keys.as_mut_ptr(),
                operators.as_mut_ptr(),
                collations.as_mut_ptr(),
                nulls_first.as_mut_ptr(),
                pg_sys::work_mem,
                std::ptr::null_mut(),
                pg_sys::TUPLESORT_NONE as i32,
            );
            Self {
                sort,
                slot: pg_sys::MakeSingleTupleTableSlot(desc, &raw const pg_sys::TTSOpsVirtual),
                by_value: attribute.attbyval,
                length: attribute.attlen,
                random: Random::new(),
                left: 0,
            }
        }
    }

    /// Takes over a row's value, if it is not NULL and the condition holds.
    ///
    /// # Safety
    /// The slot holds a row of the relation that this was made for, and nothing has been sorted yet.
    pub unsafe fn gather(
        &mut self,
        row: *mut pg_sys::TupleTableSlot,
        index: usize,
        condition: Option<&Tester>,
    ) {
        // SAFETY: by the caller's promise.
        unsafe {
            if let Some(value) = dealt_value(row, index, condition) {
                self.add(value);
            }
        }
    }

    /// Takes over a value.
    ///
    /// # Safety
    /// It is of the column's type, and nothing has been sorted yet.
    pub unsafe fn add(&mut self, value: Datum) {
        self.left += 1;
        let key = self.random.next();
        let slot = self.slot;
        // SAFETY: by the caller's promise; the sort copies what it is given.
        unsafe {
            (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
            *(*slot).tts_values = Datum::from(key);
            *(*slot).tts_values.add(1) = value;
            *(*slot).tts_isnull = false;
            *(*slot).tts_isnull.add(1) = false;
            pg_sys::ExecStoreVirtualTuple(slot);
            pg_sys::tuplesort_puttupleslot(self.sort, slot);
        }
    }

    /// Sorts what was gathered, to be dealt out.
    ///
    /// # Safety
    /// Called once, in the memory context that the sort lives in.
    pub unsafe fn sort(&mut self) {
        // SAFETY: a slot for what the sort gives takes the place of the one it was fed with, and has
        // the same descriptor.
        unsafe {
            pg_sys::tuplesort_performsort(self.sort);
            let desc = (*self.slot).tts_tupleDescriptor;
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            self.slot =
                pg_sys::MakeSingleTupleTableSlot(desc, &raw const pg_sys::TTSOpsMinimalTuple);
        }
    }

    /// The next value, in the current memory context.
    pub fn next(&mut self) -> Datum {
        // SAFETY: sort and slot are those of `new`.
        unsafe {
            let more = pg_sys::tuplesort_gettupleslot(
                self.sort,
                true,
                false,
                self.slot,
                std::ptr::null_mut(),
            );
            if !more {
                raise(
                    pgrx::PgSqlErrorCode::ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                    "shuffle met more rows than there were when it began".to_owned(),
                    Some("Mask the table when nobody writes it.".to_owned()),
                );
            }
            self.left -= 1;
            pg_sys::slot_getsomeattrs_int(self.slot, 2);
            let value = *(*self.slot).tts_values.add(1);
            datumCopy(value, self.by_value, i32::from(self.length))
        }
    }
}

/// The value of a column that is dealt to another row: one that is not NULL, where the condition holds.
///
/// # Safety
/// The slot holds a row of the relation that column and condition are of.
pub unsafe fn dealt_value(
    row: *mut pg_sys::TupleTableSlot,
    index: usize,
    condition: Option<&Tester>,
) -> Option<Datum> {
    // SAFETY: by the caller's promise.
    unsafe {
        let cell = |index: usize| {
            pg_sys::slot_getsomeattrs_int(row, index as i32 + 1);
            (!*(*row).tts_isnull.add(index)).then(|| *(*row).tts_values.add(index))
        };
        let value = cell(index)?;
        condition
            .is_none_or(|tester| tester.holds(cell(tester.index)))
            .then_some(value)
    }
}

impl Drop for Shuffle {
    fn drop(&mut self) {
        // After an error the transaction's end frees both, and the slot may be gone.
        if std::thread::panicking() {
            return;
        }
        // SAFETY: made by `new` in a context that lives as long as the masks.
        unsafe {
            pg_sys::ExecDropSingleTupleTableSlot(self.slot);
            pg_sys::tuplesort_end(self.sort);
        }
    }
}
