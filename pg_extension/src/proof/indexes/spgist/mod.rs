//! SP-GiST: leaves hold pieces of values, which are put together along their paths.
//!
//! VACUUM removes leaves, and leaves the path to them: the prefixes and labels of inner tuples spell
//! pieces of values that may be of no row any more. So each path has to lead to a value. What operator
//! classes for points and ranges keep in inner tuples are centroids, made of several values.
//!
//! Classes that cannot give values back keep something made of each value, such as the bounding box
//! of a polygon: that has to be made of a row that is there.

#![allow(non_snake_case, reason = "the names of Postgres")]

mod layout;
mod walk;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::proof::ValueHash;

use super::{Found, Keys, Look, OF_NO_ROW, each_entry, key};
use crate::boundary::check_for_interrupts;
use crate::proof::kind::{Form, Kind};
use crate::proof::pages::{self, Page};
use layout::{Cache, LEAF_HEADER, LEAF_PAGE, LIVE, NULLS_PAGE, ROOT, TypeDesc, datum, word};
use walk::{Path, Step, Walk};

/// Numbers of the support functions (access/spgist.h).
const INNER_CONSISTENT: u16 = 4;
const LEAF_CONSISTENT: u16 = 5;
const COMPRESS: u16 = 6;
/// A page has no more tuples than this.
const MOST_TUPLES: u64 = 2048;

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn spgGetCache(index: pg_sys::Relation) -> *mut Cache;
    fn getSpGistTupleDesc(index: pg_sys::Relation, key: *mut TypeDesc) -> pg_sys::TupleDesc;
    fn spgDeformLeafTuple(
        tuple: *mut u8,
        desc: pg_sys::TupleDesc,
        values: *mut Datum,
        nulls: *mut bool,
        key_is_null: bool,
    );
}

/// Looks for originals in an index; the error says why it cannot be read.
///
/// # Safety
/// `relation` is open, `index` one of its SP-GiST indexes; the looks are those of its columns.
pub unsafe fn spgist(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    hash: &ValueHash,
    looks: &[Look<'_>],
    found: &mut Found,
) -> Result<(), String> {
    // SAFETY: by the caller's promise; the cache lives as long as the index is open.
    unsafe {
        let cache = spgGetCache(index);
        for (number, look) in looks.iter().enumerate() {
            if look.index > 0 {
                continue;
            }
            if (*cache).config.can_return_data {
                values(index, cache, hash, number, look, found);
            } else {
                compressed(relation, index, cache, hash, found)?;
            }
        }
        if looks.iter().any(|look| look.index > 0) {
            included(index, cache, hash, looks, found);
        }
    }
    Ok(())
}

/// Puts together the values of the key's column, and counts paths that lead to none.
///
/// # Safety
/// The cache is that of the index, the look that of its key.
unsafe fn values(
    index: pg_sys::Relation,
    cache: *mut Cache,
    hash: &ValueHash,
    number: usize,
    look: &Look<'_>,
    found: &mut Found,
) {
    let mut memory = PgMemoryContexts::new("pg_synth verification path");
    let mut scratch = PgMemoryContexts::new("pg_synth verification leaf");
    let tally = &mut found.tallies[number];
    // SAFETY: pages are copied; what the operator class makes for inner tuples lives in `memory` until
    // the walk ends.
    unsafe {
        let form = Form::of((*cache).value.oid);
        let mut walk = Walk {
            cache,
            inner: pg_sys::index_getprocinfo(index, 1, INNER_CONSISTENT),
            leaf: pg_sys::index_getprocinfo(index, 1, LEAF_CONSISTENT),
            collation: *(*index).rd_indcollation,
            todo: vec![Step {
                block: ROOT,
                line: 0,
                level: 0,
                reconstructed: Datum::null(),
                traversal: std::ptr::null_mut(),
                path: 0,
            }],
            paths: vec![Path {
                above: 0,
                spells: false,
                has_value: false,
            }],
        };
        let main = pg_sys::ForkNumber::MAIN_FORKNUM;
        let blocks = pg_sys::RelationGetNumberOfBlocksInFork(index, main);
        let mut left = u64::from(blocks) * MOST_TUPLES;
        let mut copy = Page::empty();
        let mut at = pg_sys::InvalidBlockNumber;
        while let Some(step) = walk.todo.pop() {
            check_for_interrupts();
            // Pages are read one after the other while others write: what leads nowhere ends.
            if left == 0 || step.block >= blocks {
                continue;
            }
            left -= 1;
            if at != step.block {
                pages::copy(index, step.block, std::ptr::null_mut(), &mut copy);
                at = step.block;
            }
            if copy.word_before_end(8) & LEAF_PAGE == 0 {
                memory.switch_to(|_| walk.descend(&step, &mut copy));
                continue;
            }
            scratch.switch_to(|_| {
                for datum in walk.leaves(&step, &mut copy) {
                    walk.has_value(step.path);
                    let value = walk.value_of(&step, datum);
                    form.each(hash, value, |part| tally.see(part, &look.sought));
                }
            });
            scratch.reset();
        }
        let spelling = walk.paths.iter().filter(|path| path.spells);
        found.keys += spelling.clone().count() as u64;
        let empty = spelling.filter(|path| !path.has_value).count() as u64;
        let what = "pieces of values, on paths that lead to none any more";
        found.foreign.push((empty, what));
    }
}

/// Compares what the operator class has made of values with what it makes of the rows that are there.
///
/// # Safety
/// As for `values`; `relation` is the index's table, and open.
unsafe fn compressed(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    cache: *mut Cache,
    hash: &ValueHash,
    found: &mut Found,
) -> Result<(), String> {
    // SAFETY: by the caller's promise; leaves lie within their page's copy.
    unsafe {
        if pg_sys::index_getprocid(index, 1, COMPRESS) == pg_sys::InvalidOid {
            return Err(
                "its operator class cannot give values back; REINDEX builds it anew".into(),
            );
        }
        let compress = pg_sys::index_getprocinfo(index, 1, COMPRESS);
        let collation = *(*index).rd_indcollation;
        let leaf = (*cache).leaf;
        let kind = Kind::of(leaf.oid);
        let mut keys = Keys::new((*(*relation).rd_rel).reltuples);
        each_entry(relation, index, |values, nulls| {
            if !nulls[0] {
                let made = pg_sys::FunctionCall1Coll(compress, collation, values[0]);
                keys.set.insert(key(kind, 0, hash, made));
            }
        });
        let mut foreign = 0;
        each_leaf(index, |bytes, of_nulls| {
            if !of_nulls && bytes.len() > LEAF_HEADER {
                let stored = key(kind, 0, hash, datum(&leaf, &bytes[LEAF_HEADER..]));
                found.keys += 1;
                foreign += u64::from(!keys.set.may_contain(stored));
            }
        });
        found.foreign.push((foreign, OF_NO_ROW));
    }
    Ok(())
}

/// Looks at the included columns, which stand in the leaves as they are.
///
/// # Safety
/// As for `values`.
unsafe fn included(
    index: pg_sys::Relation,
    cache: *mut Cache,
    hash: &ValueHash,
    looks: &[Look<'_>],
    found: &mut Found,
) {
    // SAFETY: a leaf is formed by this descriptor; it lies within its page's copy.
    unsafe {
        let mut leaf = (*cache).leaf;
        let desc = getSpGistTupleDesc(index, &raw mut leaf);
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        each_leaf(index, |bytes, of_nulls| {
            let (cells, flags) = (values.as_mut_ptr(), nulls.as_mut_ptr());
            spgDeformLeafTuple(bytes.as_mut_ptr(), desc, cells, flags, of_nulls);
            let own = looks.iter().zip(&mut found.tallies);
            for (look, tally) in own.filter(|(look, _)| look.index > 0 && !nulls[look.index]) {
                look.form.each(hash, values[look.index], |part| {
                    tally.see(part, &look.sought);
                });
            }
        });
    }
}

/// Gives every live leaf tuple, and whether it is one of those whose key is NULL.
///
/// # Safety
/// `index` is an open SP-GiST index.
unsafe fn each_leaf(index: pg_sys::Relation, mut read: impl FnMut(&mut [u8], bool)) {
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: by the caller's promise.
    unsafe {
        pages::each(index, |_, page| {
            let flags = page.word_before_end(8);
            if flags & LEAF_PAGE == 0 {
                return;
            }
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    if bytes.len() >= LEAF_HEADER && word(bytes, 0) & 3 == LIVE {
                        read(bytes, flags & NULLS_PAGE != 0);
                    }
                }
            });
            memory.reset();
        });
    }
}
