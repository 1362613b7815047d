//! BRIN: minima, maxima, inclusions, and the values in summaries of minmax-multi.

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::proof::{Class, ValueHash};

use super::{Found, Look};
use crate::own;
use crate::proof::kind::{Form, Kind};
use crate::proof::pages;

/// access/brin_internal.h
#[repr(C)]
struct BrinDesc {
    context: pg_sys::MemoryContext,
    index: pg_sys::Relation,
    descriptor: pg_sys::TupleDesc,
    stored_descriptor: pg_sys::TupleDesc,
    stored: i32,
    columns: [*const BrinColumn; 0],
}

#[repr(C)]
struct BrinColumn {
    stored: u16,
    regular_nulls: bool,
    private: *mut std::ffi::c_void,
    types: [*const pg_sys::TypeCacheEntry; 0],
}

/// access/brin_tuple.h
#[repr(C)]
struct BrinValues {
    number: i16,
    has_nulls: bool,
    all_nulls: bool,
    values: *mut Datum,
    expanded: Datum,
    context: pg_sys::MemoryContext,
    serialize: *const std::ffi::c_void,
}

#[repr(C)]
struct BrinTuple {
    is_placeholder: bool,
    is_empty: bool,
    block: u32,
    context: pg_sys::MemoryContext,
    values: *mut Datum,
    all_nulls: *mut bool,
    has_nulls: *mut bool,
    columns: [BrinValues; 0],
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn brin_build_desc(index: pg_sys::Relation) -> *mut BrinDesc;
    fn brin_free_desc(desc: *mut BrinDesc);
    fn brin_deform_tuple(
        desc: *mut BrinDesc,
        tuple: *mut std::ffi::c_void,
        into: *mut BrinTuple,
    ) -> *mut BrinTuple;
}

/// Compares values with originals.
///
/// # Safety
/// As for `lines`.
pub unsafe fn brin(index: pg_sys::Relation, hash: &ValueHash, looks: &[Look<'_>]) -> Found {
    const REGULAR: u16 = 0xF093;
    let mut found = Found::new(looks);
    let mut blooms = 0;
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: the description is made and freed by Postgres; tuples lie within their page's copy.
    unsafe {
        let desc = brin_build_desc(index);
        let columns = (*desc).columns.as_ptr();
        pages::each(index, |_, page| {
            if page.word_before_end(2) != REGULAR {
                return;
            }
            memory.switch_to(|_| {
                for item in page.items() {
                    let stored = page.item(item).as_mut_ptr().cast();
                    let tuple = brin_deform_tuple(desc, stored, std::ptr::null_mut());
                    if (*tuple).is_placeholder {
                        continue;
                    }
                    for (look, tally) in looks.iter().zip(&mut found.tallies) {
                        let summary = &*(*tuple).columns.as_ptr().add(look.index);
                        if summary.all_nulls {
                            continue;
                        }
                        let column = &**columns.add(look.index);
                        for at in 0..usize::from(column.stored) {
                            let kind = (**column.types.as_ptr().add(at)).type_id;
                            let value = *summary.values.add(at);
                            match kind {
                                pg_sys::PG_BRIN_BLOOM_SUMMARYOID => blooms += 1,
                                pg_sys::PG_BRIN_MINMAX_MULTI_SUMMARYOID => {
                                    each_of_ranges(value, hash, |class, part| {
                                        if class == look.form.class() {
                                            tally.see(part, &look.sought);
                                        }
                                    });
                                }
                                kind => {
                                    let form = Form::of(kind);
                                    if form.class() == look.form.class() {
                                        form.each(hash, value, |part| {
                                            tally.see(part, &look.sought);
                                        });
                                    }
                                }
                            }
                        }
                    }
                }
            });
            memory.reset();
        });
        brin_free_desc(desc);
    }
    found.foreign.push((
        blooms,
        "bloom filters, which hold hashes and no values, cannot be compared",
    ));
    if blooms > 0 {
        found.keys = blooms;
    }
    found
}

/// The values in a summary of minmax-multi: type, numbers of ranges and of single values, most
/// values, and the values without alignment (`SerializedRanges`, access/brin/brin_minmax_multi.c).
///
/// # Safety
/// The value is such a summary.
unsafe fn each_of_ranges(value: Datum, hash: &ValueHash, mut see: impl FnMut(Class, u64)) {
    // SAFETY: by the caller's promise a varlena; its content is read within its bounds.
    unsafe {
        let bytes = own::bytes(value);
        let number = |at: usize| {
            let four = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
            u32::from_ne_bytes([four[0], four[1], four[2], four[3]])
        };
        let element = Oid::from(number(0));
        let count = u64::from(number(4)) * 2 + u64::from(number(8));
        let (mut length, mut by_value) = (0, false);
        pg_sys::get_typlenbyval(element, &raw mut length, &raw mut by_value);
        let kind = Kind::of(element);
        let mut rest = bytes.get(16..).unwrap_or_default();
        for _ in 0..count {
            let size = match length {
                -1 if !rest.is_empty() => pgrx::varsize_any(rest.as_ptr().cast()),
                -2 => rest
                    .iter()
                    .position(|byte| *byte == 0)
                    .map_or(0, |at| at + 1),
                length => usize::try_from(length).unwrap_or_default(),
            };
            if size == 0 || size > rest.len() {
                return;
            }
            let (own, after) = rest.split_at(size);
            rest = after;
            // Aligned as the type may demand.
            let mut aligned = vec![0_u64; size.div_ceil(8)];
            let start = aligned.as_mut_ptr().cast::<u8>();
            std::ptr::copy_nonoverlapping(own.as_ptr(), start, size);
            let datum = if by_value {
                Datum::from(aligned[0])
            } else {
                Datum::from(start)
            };
            see(kind.class, kind.hash(hash, datum));
        }
    }
}
