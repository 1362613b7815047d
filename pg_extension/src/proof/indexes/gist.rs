//! GiST: the keys of leaves have to be those of rows, keys of inner pages the union of what is below
//! them.

#![allow(non_snake_case, reason = "the names of Postgres")]

use std::collections::HashMap;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::proof::ValueHash;

use super::{Found, Keys, Look, MOST_KEYS, OF_NO_ROW, each_entry, key, kinds};
use crate::boundary::string;
use crate::proof::pages;

/// Inner keys of so many GiST pages are remembered at a time.
const MOST_DOWNLINKS: usize = 1 << 20;
/// A page of GiST that is no longer in use (access/gist.h).
const GIST_DELETED: u16 = 2;

/// The beginning of `GISTSTATE`, access/gist_private.h.
#[repr(C)]
struct GistState {
    scan_context: pg_sys::MemoryContext,
    temporary_context: pg_sys::MemoryContext,
    leaf: pg_sys::TupleDesc,
    inner: pg_sys::TupleDesc,
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn initGISTstate(index: pg_sys::Relation) -> *mut GistState;
    fn freeGISTstate(state: *mut GistState);
    fn gistCompressValues(
        state: *mut GistState,
        index: pg_sys::Relation,
        values: *mut Datum,
        nulls: *mut bool,
        is_leaf: bool,
        compressed: *mut Datum,
    );
    fn gistunion(
        index: pg_sys::Relation,
        tuples: *mut pg_sys::IndexTuple,
        count: i32,
        state: *mut GistState,
    ) -> pg_sys::IndexTuple;
}

/// Compares keys with those of the rows and of the pages below, and values with originals.
///
/// # Safety
/// As for `lines`.
pub unsafe fn gist(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    hash: &ValueHash,
    looks: &[Look<'_>],
) -> Found {
    const LEAF: u16 = 1;
    let mut found = Found::new(looks);
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: the state is made and freed by Postgres; tuples lie within their page's copy.
    unsafe {
        let state = initGISTstate(index);
        let leaf = (*state).leaf;
        let kinds = kinds(leaf);
        let columns = kinds.len();
        let key_columns = usize::from((*(*index).rd_index).indnkeyatts.unsigned_abs());
        let mut keys = Keys::new((*(*relation).rd_rel).reltuples);
        let mut compressed = [Datum::null(); MOST_KEYS];
        each_entry(relation, index, |values, nulls| {
            let (cells, flags) = (values.as_mut_ptr(), nulls.as_mut_ptr());
            gistCompressValues(state, index, cells, flags, true, compressed.as_mut_ptr());
            for column in (0..key_columns).filter(|column| !nulls[*column]) {
                let kind = kinds[column];
                keys.set.insert(key(kind, column, hash, compressed[column]));
            }
        });
        let (mut values, mut nulls) = ([Datum::null(); MOST_KEYS], [true; MOST_KEYS]);
        let mut downlinks: HashMap<u32, Vec<u8>> = HashMap::new();
        let (mut foreign, mut forgotten) = (0, 0);
        pages::each(index, |_, page| {
            let flags = page.word_before_end(4);
            if flags & GIST_DELETED != 0 {
                return;
            }
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    if flags & LEAF == 0 {
                        if downlinks.len() < MOST_DOWNLINKS {
                            downlinks.insert(downlink(bytes), content(bytes).to_vec());
                        } else {
                            forgotten += 1;
                        }
                        continue;
                    }
                    let tuple = bytes.as_mut_ptr().cast::<pg_sys::IndexTupleData>();
                    let (cells, flags) = (values.as_mut_ptr(), nulls.as_mut_ptr());
                    pg_sys::index_deform_tuple(tuple, leaf, cells, flags);
                    for column in (0..key_columns).filter(|column| !nulls[*column]) {
                        found.keys += 1;
                        let stored = key(kinds[column], column, hash, values[column]);
                        foreign += u64::from(!keys.set.may_contain(stored));
                    }
                    let own = looks.iter().zip(&mut found.tallies);
                    for (look, tally) in own.filter(|(look, _)| look.index < columns) {
                        if !nulls[look.index] {
                            let value = values[look.index];
                            look.form
                                .each(hash, value, |part| tally.see(part, &look.sought));
                        }
                    }
                }
            });
            memory.reset();
        });
        let wide = wider_than_below(index, state, &downlinks);
        freeGISTstate(state);
        found.foreign.push((foreign, OF_NO_ROW));
        found
            .foreign
            .push((wide, "inner keys are wider than what is below them"));
        found
            .foreign
            .push((forgotten, "inner keys are more than are compared"));
    }
    found
}

/// How many inner keys are not the union of the keys of the page that they lead to.
///
/// # Safety
/// The state is that of the index, the keys those of its inner pages.
unsafe fn wider_than_below(
    index: pg_sys::Relation,
    state: *mut GistState,
    downlinks: &HashMap<u32, Vec<u8>>,
) -> u64 {
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    let mut wide = 0;
    // SAFETY: by the caller's promise; tuples lie within their page's copy.
    unsafe {
        let has_spare_bit = (*(*state).leaf)
            .attrs
            .as_slice((*(*state).leaf).natts as usize)
            .iter()
            .any(|attribute| string(pg_sys::format_type_be(attribute.atttypid)).ends_with("gtrgm"));
        pages::each(index, |block, page| {
            let Some(above) = downlinks.get(&block) else {
                return;
            };
            if page.word_before_end(4) & GIST_DELETED != 0 {
                return;
            }
            memory.switch_to(|_| {
                let mut below: Vec<pg_sys::IndexTuple> = page
                    .items()
                    .into_iter()
                    .map(|item| page.item(item).as_mut_ptr().cast())
                    .collect();
                let count = below.len() as i32;
                let is_union = count > 0 && {
                    let union = gistunion(index, below.as_mut_ptr(), count, state);
                    let size = usize::from((*union).t_info & SIZE);
                    let union = content(std::slice::from_raw_parts(union.cast::<u8>(), size));
                    union == above || has_spare_bit && differs_in_one_bit(union, above)
                };
                wide += u64::from(!is_union);
            });
            memory.reset();
        });
    }
    wide
}

/// Signatures of trigrams that a split makes have their last bit set, which stands for nothing, and
/// unions have not (`makesign` and `unionkey`, contrib/pg_trgm/trgm_gist.c).
fn differs_in_one_bit(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len()
        && one
            .iter()
            .zip(other)
            .map(|(a, b)| (a ^ b).count_ones())
            .sum::<u32>()
            <= 1
}

/// The bits of `t_info` that are a tuple's size (access/itup.h).
const SIZE: u16 = 0x1FFF;

/// The page that an inner tuple leads to.
fn downlink(bytes: &[u8]) -> u32 {
    let half = |at: usize| {
        let pair = bytes.get(at..at + 2).unwrap_or(&[0, 0]);
        u32::from(u16::from_ne_bytes([pair[0], pair[1]]))
    };
    half(0) << 16 | half(2)
}

/// A tuple without the place that it leads to.
fn content(bytes: &[u8]) -> &[u8] {
    let info = bytes.get(6..8).unwrap_or(&[0, 0]);
    let size = usize::from(u16::from_ne_bytes([info[0], info[1]]) & SIZE);
    bytes.get(6..size.min(bytes.len())).unwrap_or_default()
}
