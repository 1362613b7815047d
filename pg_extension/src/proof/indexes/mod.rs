//! Indexes of the other access methods than B-trees, read as they are stored.
//!
//! What an index holds is not always the value: GIN holds elements, hash indexes codes, GiST
//! compressed keys, SP-GiST pieces along a path, BRIN bounds of ranges of blocks. So there are two
//! checks. Keys of the column's own type are looked for among the originals, as everywhere. And
//! for GIN, GiST and hash, every key has to be one that the method makes of a row that is there now:
//! a key of no row may be of an original, or of a row that was changed since.
//!
//! | method | keys |
//! |---|---|
//! | GIN | entry tree, inner pages too, and the pending list |
//! | hash | codes of buckets and overflow pages |
//! | GiST | leaves; keys of inner pages have to be the union of what is below them |
//! | SP-GiST | values put together from their paths, as a scan of all rows does |
//! | BRIN | minima, maxima and inclusions; values in minmax-multi summaries |

#![allow(non_snake_case, reason = "the names of Postgres")]

use std::collections::HashMap;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::proof::{Class, ValueHash, ValueSet};

use super::elsewhere::begin_quiet_scan;
use super::kind::{Form, Kind};
use super::pages;
use super::places::Look;
use super::report::{Line, Tally};
use super::walk;
use crate::boundary::{check_for_interrupts, string};
use crate::mask::owner::AsOwner;
use crate::own;

/// OIDs of access methods (catalog/pg_am.dat).
const HASH: u32 = 405;
const GIST: u32 = 783;
const GIN: u32 = 2742;
const SPGIST: u32 = 4000;
const BRIN: u32 = 3580;
/// The largest key number (pg_config_manual.h).
const MOST_KEYS: usize = 32;
/// Inner keys of so many GiST pages are remembered at a time.
const MOST_DOWNLINKS: usize = 1 << 20;
/// A page of GiST that is no longer in use (access/gist.h).
const GIST_DELETED: u16 = 2;
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

/// The beginning of `GISTSTATE`, access/gist_private.h.
#[repr(C)]
struct GistState {
    scan_context: pg_sys::MemoryContext,
    temporary_context: pg_sys::MemoryContext,
    leaf: pg_sys::TupleDesc,
    inner: pg_sys::TupleDesc,
}

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
    fn _hash_convert_tuple(
        index: pg_sys::Relation,
        values: *mut Datum,
        nulls: *mut bool,
        index_values: *mut Datum,
        index_nulls: *mut bool,
    ) -> bool;
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
    fn brin_build_desc(index: pg_sys::Relation) -> *mut BrinDesc;
    fn brin_free_desc(desc: *mut BrinDesc);
    fn brin_deform_tuple(
        desc: *mut BrinDesc,
        tuple: *mut std::ffi::c_void,
        into: *mut BrinTuple,
    ) -> *mut BrinTuple;
}

/// What was found in an index.
struct Found {
    tallies: Vec<Tally>,
    /// Keys that were compared with those of the rows.
    keys: u64,
    /// Keys that cannot be explained, and what they are.
    foreign: Vec<(u64, &'static str)>,
}

impl Found {
    fn new(looks: &[Look<'_>]) -> Self {
        Self {
            tallies: vec![Tally::default(); looks.len()],
            keys: 0,
            foreign: Vec::new(),
        }
    }
}

/// Keys that an access method makes of the rows that are there, as hashes.
struct Keys {
    set: ValueSet,
}

impl Keys {
    fn new(rows: f32) -> Self {
        Self {
            set: ValueSet::new((f64::from(rows.max(0.0)) * 4.0) as u64),
        }
    }
}

/// The hash of a key of a column of the index.
unsafe fn key(kind: Kind, column: usize, hash: &ValueHash, value: Datum) -> u64 {
    // SAFETY: by the caller's promise the value is of the kind.
    let found = unsafe { kind.hash(hash, value) };
    hash.value(Class::Other(column as u32 + 1), &found.to_le_bytes())
}

/// What a key that no row has is called.
const OF_NO_ROW: &str = "keys of no row that is there";

/// Reads an index of another method than B-tree: a line for each look, or one that says why not.
///
/// # Safety
/// Both are open; the looks are those of columns of the index.
pub unsafe fn lines(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    name: &str,
    hash: &ValueHash,
    looks: &[Look<'_>],
) -> Vec<Line> {
    // Opclasses and expressions may be code of users: it runs as the owner, as when the index is built.
    // SAFETY: an open relation has a descriptor and a catalog row.
    unsafe {
        let _owner = AsOwner::of((*relation).rd_id);
        let found = match (*(*index).rd_rel).relam.to_u32() {
            GIN => gin(relation, index, hash, looks),
            HASH => hashed(relation, index, hash, looks),
            GIST => gist(relation, index, hash, looks),
            BRIN => brin(index, hash, looks),
            SPGIST => {
                let mut found = Found::new(looks);
                if looks.iter().any(|look| look.index > 0) {
                    let why = "included columns of SP-GiST are not read; REINDEX builds it anew";
                    return vec![Line::not_checked("index", name, None, why)];
                }
                if let Err(why) = walk::spgist(index, hash, &looks[0], &mut found.tallies[0]) {
                    return vec![Line::not_checked("index", name, None, &why)];
                }
                found
            }
            _ => {
                let method = string(pg_sys::get_am_name((*(*index).rd_rel).relam));
                let why =
                    format!("indexes of method {method} are not read; REINDEX builds it anew");
                return vec![Line::not_checked("index", name, None, &why)];
            }
        };
        let attributes = (*(*index).rd_att)
            .attrs
            .as_slice((*(*index).rd_att).natts as usize);
        let mut lines: Vec<Line> = looks
            .iter()
            .zip(&found.tallies)
            .filter(|(look, tally)| !look.sought.is_empty() && tally.checked > 0)
            .map(|(look, tally)| {
                let column = string(attributes[look.index].attname.data.as_ptr());
                Line::of("index", name, Some(&column), tally, &look.sought)
            })
            .collect();
        let column = match looks {
            [only] => Some(string(attributes[only.index].attname.data.as_ptr())),
            _ => None,
        };
        let unexplained = found.foreign.iter().filter(|(count, _)| *count > 0);
        for (count, what) in unexplained.clone() {
            lines.push(Line::foreign_keys(
                name,
                column.as_deref(),
                found.keys,
                *count,
                what,
            ));
        }
        if unexplained.count() == 0 && found.keys > 0 {
            let column = column.as_deref();
            lines.push(Line::foreign_keys(name, column, found.keys, 0, OF_NO_ROW));
        }
        lines
    }
}

/// Gives what an index is made of for each row that is there: values of its columns.
///
/// # Safety
/// Both are open.
unsafe fn each_entry(
    relation: pg_sys::Relation,
    index: pg_sys::Relation,
    mut read: impl FnMut(&mut [Datum], &mut [bool]),
) {
    const ROWS: u64 = 64;
    let mut memory = PgMemoryContexts::new("pg_synth verification row");
    // SAFETY: what is made here is freed here; expressions are evaluated in a context of the
    // executor state, of which the slot is the row.
    unsafe {
        let info = pg_sys::BuildIndexInfo(index);
        let estate = pg_sys::CreateExecutorState();
        let context = pg_sys::MakePerTupleExprContext(estate);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = begin_quiet_scan(relation, snapshot);
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        (*context).ecxt_scantuple = slot;
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let (mut values, mut nulls) = ([Datum::null(); MOST_KEYS], [true; MOST_KEYS]);
        let mut count = 0;
        pg_sys::PushActiveSnapshot(snapshot);
        while pg_sys::table_scan_getnextslot(scan, forward, slot) {
            memory.switch_to(|_| {
                pg_sys::FormIndexDatum(info, slot, estate, values.as_mut_ptr(), nulls.as_mut_ptr());
                read(&mut values, &mut nulls);
            });
            pg_sys::MemoryContextReset((*context).ecxt_per_tuple_memory);
            count += 1;
            if count % ROWS == 0 {
                memory.reset();
                check_for_interrupts();
            }
        }
        pg_sys::PopActiveSnapshot();
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::FreeExecutorState(estate);
    }
}

/// The kinds of an index's attributes.
///
/// # Safety
/// `desc` is a tuple descriptor.
unsafe fn kinds(desc: pg_sys::TupleDesc) -> Vec<Kind> {
    // SAFETY: natts attributes follow.
    unsafe {
        (*desc)
            .attrs
            .as_slice((*desc).natts as usize)
            .iter()
            .map(|attribute| Kind::of(attribute.atttypid))
            .collect()
    }
}

/// # Safety
/// As for `lines`.
unsafe fn gin(
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

/// # Safety
/// As for `lines`.
unsafe fn hashed(
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

/// # Safety
/// As for `lines`.
unsafe fn gist(
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

/// # Safety
/// As for `lines`.
unsafe fn brin(index: pg_sys::Relation, hash: &ValueHash, looks: &[Look<'_>]) -> Found {
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
