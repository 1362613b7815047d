//! The places of one relation where values stand: heap pages, TOAST and indexes.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{PgMemoryContexts, PgTryBuilder};
use synth_engine::proof::ValueHash;

use super::chance::Sought;
use super::kind::{Form, Kind};
use super::pages;
use super::report::Tally;
use super::totals::is_external;
use crate::boundary::oids;

/// TOAST values put together at a time, in bytes.
const TOAST_BYTES: usize = 64 << 20;
/// Flags of a B-tree tuple (access/nbtree.h and access/itup.h).
const INDEX_ALT_TID: u16 = 0x2000;
const BT_POSTING: u16 = 0x2000;
const BT_OFFSETS: u16 = 0x0FFF;

/// What is looked for in a column: its position, how it is hashed, and which sets.
pub struct Look<'a> {
    /// Position among the attributes, from 0.
    pub index: usize,
    /// How its values are hashed.
    pub form: Form,
    /// What is looked for there, by number.
    pub sought: Vec<&'a Sought>,
}

/// Reads every tuple version of a heap, dead ones too. Gives a tally for each of the looks, and the
/// bytes that no tuple owns any more.
///
/// # Safety
/// `relation` is an open heap.
pub unsafe fn heap(
    relation: pg_sys::Relation,
    hash: &ValueHash,
    looks: &[Look<'_>],
) -> (Vec<Tally>, u64) {
    let mut tallies = vec![Tally::default(); looks.len()];
    let mut residue = 0;
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: tuples lie within their page's copy, whose line pointers were checked; values out of
    // line are not fetched, as those of dead tuples may be gone.
    unsafe {
        let desc = (*relation).rd_att;
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        pages::each(relation, |block, page| {
            residue += page.residue();
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    let header = bytes.as_mut_ptr().cast::<pg_sys::HeapTupleHeaderData>();
                    if bytes.len() < size_of::<pg_sys::HeapTupleHeaderData>()
                        || usize::from((*header).t_hoff) > bytes.len()
                    {
                        continue;
                    }
                    let mut tuple = pg_sys::HeapTupleData {
                        t_len: bytes.len() as u32,
                        t_tableOid: (*relation).rd_id,
                        t_data: header,
                        ..Default::default()
                    };
                    tuple.t_self.ip_blkid.bi_hi = (block >> 16) as u16;
                    tuple.t_self.ip_blkid.bi_lo = block as u16;
                    tuple.t_self.ip_posid = item.offset;
                    pg_sys::heap_deform_tuple(
                        &raw mut tuple,
                        desc,
                        values.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                    );
                    for (look, tally) in looks.iter().zip(&mut tallies) {
                        let value = values[look.index];
                        if !(nulls[look.index] || look.form.is_varlena() && is_external(value)) {
                            look.form
                                .each(hash, value, |part| tally.see(part, &look.sought));
                        }
                    }
                }
            });
            memory.reset();
        });
    }
    (tallies, residue)
}

/// Reads every chunk of a TOAST table, puts values together and looks for each, as it is and
/// decompressed.
///
/// # Safety
/// `relation` is an open TOAST table.
pub unsafe fn toast(
    relation: pg_sys::Relation,
    hash: &ValueHash,
    kinds: &[(Kind, Vec<&Sought>)],
) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); kinds.len()];
    let mut pieces: HashMap<u32, Vec<(i32, Vec<u8>)>> = HashMap::new();
    let mut held = 0;
    let mut memory = PgMemoryContexts::new("pg_synth verification chunk");
    // SAFETY: as for `heap`; a chunk is (oid, integer, bytea), and stands in its page.
    unsafe {
        let desc = (*relation).rd_att;
        let (mut values, mut nulls) = ([Datum::null(); 3], [true; 3]);
        pages::each(relation, |_, page| {
            for item in page.items() {
                let bytes = page.item(item);
                let header = bytes.as_mut_ptr().cast::<pg_sys::HeapTupleHeaderData>();
                if bytes.len() < size_of::<pg_sys::HeapTupleHeaderData>()
                    || usize::from((*header).t_hoff) > bytes.len()
                {
                    continue;
                }
                let mut tuple = pg_sys::HeapTupleData {
                    t_len: bytes.len() as u32,
                    t_data: header,
                    ..Default::default()
                };
                let (values, nulls) = (values.as_mut_ptr(), nulls.as_mut_ptr());
                pg_sys::heap_deform_tuple(&raw mut tuple, desc, values, nulls);
                let (id, sequence) = ((*values).value() as u32, (*values.add(1)).value() as i32);
                let data = memory.switch_to(|_| crate::own::bytes(*values.add(2)).to_vec());
                memory.reset();
                // A value of that number begins anew: what was there before is another's.
                let known = pieces.entry(id).or_default();
                if known.iter().any(|(other, _)| *other == sequence) {
                    let old = std::mem::take(known);
                    held -= old.iter().map(|(_, data)| data.len()).sum::<usize>();
                    see_whole(old, hash, kinds, &mut tallies);
                }
                held += data.len();
                pieces.entry(id).or_default().push((sequence, data));
            }
            if held > TOAST_BYTES {
                held = 0;
                for (_, value) in pieces.drain() {
                    see_whole(value, hash, kinds, &mut tallies);
                }
            }
        });
    }
    for (_, value) in pieces {
        see_whole(value, hash, kinds, &mut tallies);
    }
    tallies
}

fn see_whole(
    mut pieces: Vec<(i32, Vec<u8>)>,
    hash: &ValueHash,
    kinds: &[(Kind, Vec<&Sought>)],
    tallies: &mut [Tally],
) {
    pieces.sort_unstable_by_key(|(sequence, _)| *sequence);
    let stored: Vec<u8> = pieces.into_iter().flat_map(|(_, data)| data).collect();
    let unpacked = decompressed(&stored);
    for ((kind, sought), tally) in kinds.iter().zip(tallies) {
        let value = unpacked.as_deref().unwrap_or(&stored);
        tally.see(kind.bytes(hash, value), sought);
    }
}

/// What a value kept out of line is, if it was compressed: it begins with its size and method.
fn decompressed(stored: &[u8]) -> Option<Vec<u8>> {
    let (word, _) = stored.split_first_chunk::<4>()?;
    let word = u32::from_le_bytes(*word);
    let (size, method) = ((word & 0x3FFF_FFFF) as usize, word >> 30);
    // pglz and lz4 make at most some 300 bytes of one; else this is a value as it is.
    if method > 1 || size <= stored.len() || size / 300 > stored.len() {
        return None;
    }
    let mut packed = vec![0_u64; (stored.len() + 4).div_ceil(8)];
    let total = (stored.len() + 4) as u32;
    // SAFETY: the vector has room for a length word and the value; a compressed varlena is what it
    // holds then, and what cannot be unpacked raises an error that is caught: nothing is held.
    unsafe {
        let start = packed.as_mut_ptr().cast::<u8>();
        std::ptr::copy_nonoverlapping((total << 2 | 2).to_le_bytes().as_ptr(), start, 4);
        std::ptr::copy_nonoverlapping(stored.as_ptr(), start.add(4), stored.len());
        PgTryBuilder::new(AssertUnwindSafe(|| {
            let value = pg_sys::pg_detoast_datum(start.cast());
            let bytes = crate::own::bytes(Datum::from(value)).to_vec();
            pg_sys::pfree(value.cast());
            Some(bytes)
        }))
        .catch_others(|_| None)
        .execute()
    }
}

/// The indexes of a relation, each with whether its tuples can be read.
///
/// # Safety
/// `relation` is open.
pub unsafe fn indexes(relation: pg_sys::Relation) -> Vec<Oid> {
    // SAFETY: the list is the relation's own.
    unsafe { oids(pg_sys::RelationGetIndexList(relation)) }
}

/// Reads every tuple of a B-tree, dead ones and those of inner pages too.
///
/// # Safety
/// `index` is an open B-tree.
pub unsafe fn btree(index: pg_sys::Relation, hash: &ValueHash, looks: &[Look<'_>]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); looks.len()];
    let mut memory = PgMemoryContexts::new("pg_synth verification page");
    // SAFETY: tuples lie within their page's copy; only the attributes that a tuple has are read.
    unsafe {
        let desc = pg_sys::CreateTupleDescCopy((*index).rd_att);
        let columns = (*desc).natts as usize;
        let (mut values, mut nulls) = (vec![Datum::null(); columns], vec![true; columns]);
        pages::each(index, |block, page| {
            // The first page is the tree's description.
            if block == 0 {
                return;
            }
            memory.switch_to(|_| {
                for item in page.items() {
                    let bytes = page.item(item);
                    if bytes.len() < size_of::<pg_sys::IndexTupleData>() {
                        continue;
                    }
                    let tuple = bytes.as_mut_ptr().cast::<pg_sys::IndexTupleData>();
                    let position = (*tuple).t_tid.ip_posid;
                    // Tuples of inner pages have some of the attributes, or none.
                    let present =
                        if (*tuple).t_info & INDEX_ALT_TID != 0 && position & BT_POSTING == 0 {
                            usize::from(position & BT_OFFSETS).min(columns)
                        } else {
                            columns
                        };
                    (*desc).natts = present as i32;
                    pg_sys::index_deform_tuple(
                        tuple,
                        desc,
                        values.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                    );
                    for (look, tally) in looks.iter().zip(&mut tallies) {
                        if look.index < present && !nulls[look.index] {
                            look.form.each(hash, values[look.index], |part| {
                                tally.see(part, &look.sought);
                            });
                        }
                    }
                }
            });
            memory.reset();
        });
    }
    tallies
}
