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
//! | SP-GiST | values put together from their paths, as a scan of all rows does; paths have to lead to a value |
//! | BRIN | minima, maxima and inclusions; values in minmax-multi summaries |

mod brin;
mod gin;
mod gist;
mod hash;
mod spgist;

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum};
use synth_engine::proof::{Class, ValueHash, ValueSet};

use super::elsewhere::begin_quiet_scan;
use super::kind::Kind;
use super::places::Look;
use super::report::{Line, Tally};
use crate::boundary::{check_for_interrupts, string};
use crate::mask::owner::AsOwner;

/// OIDs of access methods (catalog/pg_am.dat).
const HASH: u32 = 405;
const GIST: u32 = 783;
const GIN: u32 = 2742;
const SPGIST: u32 = 4000;
const BRIN: u32 = 3580;
/// The access method of contrib/bloom.
const BLOOM: &str = "bloom";
/// The largest key number (pg_config_manual.h).
const MOST_KEYS: usize = 32;

/// What was found in an index.
pub struct Found {
    /// What was found of originals, for each look.
    pub tallies: Vec<Tally>,
    /// Keys that were compared with those of the rows.
    pub keys: u64,
    /// Keys that cannot be explained, and what they are.
    pub foreign: Vec<(u64, &'static str)>,
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
pub struct Keys {
    /// The hashes.
    pub set: ValueSet,
}

impl Keys {
    /// For a table of about so many rows.
    pub fn new(rows: f32) -> Self {
        Self {
            set: ValueSet::new((f64::from(rows.max(0.0)) * 4.0) as u64),
        }
    }
}

/// The hash of a key of a column of the index.
///
/// # Safety
/// The value is of the kind.
pub unsafe fn key(kind: Kind, column: usize, hash: &ValueHash, value: Datum) -> u64 {
    // SAFETY: by the caller's promise the value is of the kind.
    let found = unsafe { kind.hash(hash, value) };
    hash.value(Class::Other(column as u32 + 1), &found.to_le_bytes())
}

/// What a key that no row has is called.
pub const OF_NO_ROW: &str = "keys of no row that is there";

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
            GIN => gin::gin(relation, index, hash, looks),
            HASH => hash::hashed(relation, index, hash, looks),
            GIST => gist::gist(relation, index, hash, looks),
            BRIN => brin::brin(index, hash, looks),
            SPGIST => {
                let mut found = Found::new(looks);
                let read = spgist::spgist(relation, index, hash, looks, &mut found);
                if let Err(why) = read {
                    return vec![Line::not_checked("index", name, None, &why)];
                }
                found
            }
            _ => {
                let method = string(pg_sys::get_am_name((*(*index).rd_rel).relam));
                let why = if method == BLOOM {
                    "an index of method bloom holds signatures made of hashes and no value, and they are not compared; REINDEX builds it anew".to_owned()
                } else {
                    format!("indexes of method {method} are not read; REINDEX builds it anew")
                };
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
pub unsafe fn each_entry(
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
