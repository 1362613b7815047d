//! Hash indexes: the codes of buckets and overflow pages. A code is no value, but says what value was
//! there to whoever guesses it.

use pgrx::pg_sys::{self, Datum};
use synth_engine::proof::{Class, ValueHash};

use super::{Found, Keys, Look, each_entry};
use crate::proof::pages;

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn _hash_convert_tuple(
        index: pg_sys::Relation,
        values: *mut Datum,
        nulls: *mut bool,
        index_values: *mut Datum,
        index_nulls: *mut bool,
    ) -> bool;
}

/// Compares codes with those of the rows.
///
/// # Safety
/// As for `lines`.
pub unsafe fn hashed(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    hash: &ValueHash,
    looks: &[Look<'_>],
) -> Found {
    const BUCKET_OR_OVERFLOW: u16 = 3;
    let mut found = Found::new(looks);
    // SAFETY: a tuple of one code, which is an integer.
    unsafe {
        let code = |value: Datum| hash.value(Class::Integer, &(value.value() as u32).to_le_bytes());
        let mut keys = Keys::new((*(*relation).rd_rel).reltuples);
        each_entry(relation, index, |values, nulls| {
            let (mut made, mut none) = ([Datum::null()], [true]);
            let (values, nulls) = (values.as_mut_ptr(), nulls.as_mut_ptr());
            if _hash_convert_tuple(index, values, nulls, made.as_mut_ptr(), none.as_mut_ptr()) {
                keys.set.insert(code(made[0]));
            }
        });
        let mut foreign = 0;
        let desc = (*index).rd_att;
        pages::each(index, |_, page| {
            if page.word_before_end(4) & BUCKET_OR_OVERFLOW == 0 {
                return;
            }
            for item in page.items() {
                let tuple = page
                    .item(item)
                    .as_mut_ptr()
                    .cast::<pg_sys::IndexTupleData>();
                let (mut value, mut null) = ([Datum::null()], [true]);
                pg_sys::index_deform_tuple(tuple, desc, value.as_mut_ptr(), null.as_mut_ptr());
                found.keys += 1;
                foreign += u64::from(!keys.set.may_contain(code(value[0])));
            }
        });
        found
            .foreign
            .push((foreign, "codes of no row that is there"));
    }
    found
}
