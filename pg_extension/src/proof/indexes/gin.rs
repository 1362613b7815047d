//! GIN: the keys of the entry tree, of its inner pages too, and of the pending list.

#![allow(non_snake_case, reason = "the names of Postgres")]

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::proof::{Class, ValueHash};

use super::{Found, Keys, Look, MOST_KEYS, OF_NO_ROW, each_entry, key, kinds};
use crate::own;
use crate::proof::pages;

/// `gin_extract_jsonb` (catalog/pg_proc.dat): its keys are text behind a byte that says of what kind.
const EXTRACT_JSONB: u32 = 3482;

/// access/gin_private.h
#[repr(C)]
struct GinState {
    index: pg_sys::Relation,
    one_column: bool,
    original: pg_sys::TupleDesc,
    descriptors: [pg_sys::TupleDesc; MOST_KEYS],
    compare: [pg_sys::FmgrInfo; MOST_KEYS],
    extract_value: [pg_sys::FmgrInfo; MOST_KEYS],
    others: [[pg_sys::FmgrInfo; MOST_KEYS]; 4],
    can_partial_match: [bool; MOST_KEYS],
    collation: [Oid; MOST_KEYS],
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn initGinState(state: *mut GinState, index: pg_sys::Relation);
    fn gintuple_get_attrnum(state: *mut GinState, tuple: pg_sys::IndexTuple) -> u16;
    fn gintuple_get_key(
        state: *mut GinState,
        tuple: pg_sys::IndexTuple,
        category: *mut i8,
    ) -> Datum;
    fn ginExtractEntries(
        state: *mut GinState,
        number: u16,
        value: Datum,
        is_null: bool,
        count: *mut i32,
        categories: *mut *mut i8,
    ) -> *mut Datum;
}

/// Compares keys with those of the rows, and elements with originals.
///
/// # Safety
/// As for `lines`.
pub unsafe fn gin(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    hash: &ValueHash,
    looks: &[Look<'_>],
) -> Found {
    const DATA: u16 = 1;
    const META: u16 = 8;
    const IS_KEY: i8 = 0;
    let mut found = Found::new(looks);
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: the state is zeroed memory of its size, filled by Postgres; tuples lie within their
    // page's copy.
    unsafe {
        let state = pg_sys::palloc0(size_of::<GinState>()).cast::<GinState>();
        initGinState(state, index);
        let kinds = kinds((*index).rd_att);
        let columns = kinds.len();
        let is_document: Vec<bool> = (0..columns)
            .map(|column| (*state).extract_value[column].fn_oid.to_u32() == EXTRACT_JSONB)
            .collect();
        let mut keys = Keys::new((*(*relation).rd_rel).reltuples);
        each_entry(relation, index, |values, nulls| {
            for column in 0..columns {
                let (mut count, mut categories) = (0, std::ptr::null_mut());
                let entries = ginExtractEntries(
                    state,
                    column as u16 + 1,
                    values[column],
                    nulls[column],
                    &raw mut count,
                    &raw mut categories,
                );
                for at in 0..count as usize {
                    if *categories.add(at) == IS_KEY {
                        let entry = *entries.add(at);
                        keys.set.insert(key(kinds[column], column, hash, entry));
                    }
                }
            }
        });
        let mut foreign = 0;
        pages::each(index, |_, page| {
            if page.word_before_end(2) & (DATA | META) != 0 {
                return;
            }
            memory.switch_to(|_| {
                for item in page.items() {
                    let tuple = page
                        .item(item)
                        .as_mut_ptr()
                        .cast::<pg_sys::IndexTupleData>();
                    let column = usize::from(gintuple_get_attrnum(state, tuple)).wrapping_sub(1);
                    let mut category = IS_KEY;
                    let value = gintuple_get_key(state, tuple, &raw mut category);
                    if category != IS_KEY || column >= columns {
                        continue;
                    }
                    found.keys += 1;
                    let kind = kinds[column];
                    let is_foreign = !keys.set.may_contain(key(kind, column, hash, value));
                    foreign += u64::from(is_foreign);
                    let own = looks.iter().zip(&mut found.tallies);
                    for (look, tally) in own.filter(|(look, _)| look.index == column) {
                        if !is_document[column] {
                            look.form
                                .each(hash, value, |part| tally.see(part, &look.sought));
                        } else if is_foreign {
                            // What other parts of a document hold is none of the mask's business.
                            let text = own::bytes(value).get(1..).unwrap_or_default();
                            tally.see(hash.value(Class::Text, text), &look.sought);
                        }
                    }
                }
            });
            memory.reset();
        });
        found.foreign.push((foreign, OF_NO_ROW));
        pg_sys::pfree(state.cast());
    }
    found
}
