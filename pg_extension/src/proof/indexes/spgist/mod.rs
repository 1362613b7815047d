//! Walking an SP-GiST index from its root: leaves hold pieces of values, which the functions of the
//! operator class put together along the path, as they do for an index-only scan of all rows.

#![allow(non_snake_case, reason = "the names of Postgres")]

use pgrx::PgMemoryContexts;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::proof::ValueHash;

use super::kind::Form;
use super::pages::{self, Page};
use super::places::Look;
use super::report::Tally;
use crate::boundary::check_for_interrupts;

/// Pages of the root (access/spgist_private.h); that of NULLs holds no values.
const ROOT: u32 = 1;
const LEAF_PAGE: u16 = 1 << 2;
const LIVE: u32 = 0;
const REDIRECT: u32 = 1;
const INNER_CONSISTENT: u16 = 4;
const LEAF_CONSISTENT: u16 = 5;
/// A page has no more tuples than this.
const MOST_TUPLES: u64 = 2048;

/// access/spgist.h
#[repr(C)]
struct Config {
    prefix_type: Oid,
    label_type: Oid,
    leaf_type: Oid,
    can_return_data: bool,
    long_values_ok: bool,
}

/// access/spgist_private.h
#[repr(C)]
#[derive(Clone, Copy)]
struct TypeDesc {
    oid: Oid,
    length: i16,
    by_value: bool,
    align: std::ffi::c_char,
    storage: std::ffi::c_char,
}

/// The beginning of `SpGistCache`.
#[repr(C)]
struct Cache {
    config: Config,
    value: TypeDesc,
    leaf: TypeDesc,
    prefix: TypeDesc,
    label: TypeDesc,
}

/// access/spgist.h
#[repr(C)]
struct InnerIn {
    scankeys: *mut std::ffi::c_void,
    orderbys: *mut std::ffi::c_void,
    nkeys: i32,
    norderbys: i32,
    reconstructed: Datum,
    traversal: *mut std::ffi::c_void,
    traversal_context: pg_sys::MemoryContext,
    level: i32,
    return_data: bool,
    all_the_same: bool,
    has_prefix: bool,
    prefix: Datum,
    nodes: i32,
    labels: *mut Datum,
}

#[repr(C)]
struct InnerOut {
    nodes: i32,
    numbers: *mut i32,
    level_adds: *mut i32,
    reconstructed: *mut Datum,
    traversal: *mut *mut std::ffi::c_void,
    distances: *mut *mut f64,
}

#[repr(C)]
struct LeafIn {
    scankeys: *mut std::ffi::c_void,
    orderbys: *mut std::ffi::c_void,
    nkeys: i32,
    norderbys: i32,
    reconstructed: Datum,
    traversal: *mut std::ffi::c_void,
    level: i32,
    return_data: bool,
    datum: Datum,
}

#[repr(C)]
struct LeafOut {
    value: Datum,
    recheck: bool,
    recheck_distances: bool,
    distances: *mut f64,
}

#[pgrx::pg_guard]
unsafe extern "C-unwind" {
    fn spgGetCache(index: pg_sys::Relation) -> *mut Cache;
}

/// A place to go to, and what is known on the way there.
#[derive(Clone, Copy)]
struct Step {
    block: u32,
    line: u16,
    level: i32,
    reconstructed: Datum,
    traversal: *mut std::ffi::c_void,
}

/// What the walk needs.
struct Walk {
    cache: *const Cache,
    inner: *mut pg_sys::FmgrInfo,
    leaf: *mut pg_sys::FmgrInfo,
    collation: Oid,
    todo: Vec<Step>,
}

/// Looks for originals among the values of an index; the error says why it cannot be read.
///
/// # Safety
/// `index` is an open SP-GiST index; the look is that of its column.
pub unsafe fn spgist(
    index: pg_sys::Relation,
    hash: &ValueHash,
    look: &Look<'_>,
    tally: &mut Tally,
) -> Result<(), String> {
    let mut memory = PgMemoryContexts::new("pg_synth verification path");
    let mut scratch = PgMemoryContexts::new("pg_synth verification leaf");
    // SAFETY: the cache lives as long as the index is open; pages are copied; what the operator class
    // makes for inner tuples lives in `memory` until the walk ends.
    unsafe {
        let cache = spgGetCache(index);
        if !(*cache).config.can_return_data {
            return Err(
                "its operator class cannot give values back; REINDEX builds it anew".into(),
            );
        }
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
                    let value = walk.value_of(&step, datum);
                    form.each(hash, value, |part| tally.see(part, &look.sought));
                }
            });
            scratch.reset();
        }
    }
    Ok(())
}

/// A word of a tuple.
fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).unwrap_or(&[0; 4]);
    u32::from_ne_bytes([four[0], four[1], four[2], four[3]])
}

fn half(bytes: &[u8], at: usize) -> u16 {
    let two = bytes.get(at..at + 2).unwrap_or(&[0; 2]);
    u16::from_ne_bytes([two[0], two[1]])
}

/// The place that stands at some bytes of a tuple.
fn place(bytes: &[u8], at: usize) -> (u32, u16) {
    let block = u32::from(half(bytes, at)) << 16 | u32::from(half(bytes, at + 2));
    (block, half(bytes, at + 4))
}

impl Walk {
    /// The tuple on a line; the first, for line 0.
    fn tuple(copy: &mut Page, line: u16) -> Option<(&mut [u8], u16)> {
        let items = copy.items();
        let item = items
            .iter()
            .find(|item| item.offset == line || line == 0)
            .copied()?;
        Some((copy.item(item), item.offset))
    }

    /// Goes on to what an inner tuple leads to.
    ///
    /// # Safety
    /// The page is a copy of the step's; the current memory context lives as long as the walk.
    unsafe fn descend(&mut self, step: &Step, copy: &mut Page) {
        const HEADER: usize = 8;
        let Some((bytes, _)) = Self::tuple(copy, step.line) else {
            return;
        };
        let head = word(bytes, 0);
        if head & 3 == REDIRECT {
            let (block, line) = place(bytes, 6);
            self.todo.push(Step {
                block,
                line,
                ..*step
            });
            return;
        }
        if head & 3 != LIVE {
            return;
        }
        let (nodes, prefix_size) = ((head >> 3 & 0x1FFF) as usize, (head >> 16) as usize);
        // SAFETY: the layout is that of access/spgist_private.h; offsets stay within the tuple.
        unsafe {
            let cache = &*self.cache;
            // What the operator class keeps may point into the tuple: it is copied to stay.
            let stay = pg_sys::palloc(bytes.len()).cast::<u8>();
            std::ptr::copy_nonoverlapping(bytes.as_ptr(), stay, bytes.len());
            let bytes = std::slice::from_raw_parts(stay, bytes.len());
            let datum = |at: usize, kind: &TypeDesc| {
                if kind.by_value {
                    let low = u64::from(word(bytes, at));
                    Datum::from(low | u64::from(word(bytes, at + 4)) << 32)
                } else {
                    Datum::from(bytes.as_ptr().add(at.min(bytes.len())))
                }
            };
            let prefix = if prefix_size > 0 {
                datum(HEADER, &cache.prefix)
            } else {
                Datum::null()
            };
            let (mut places, mut labels) = (Vec::new(), Vec::new());
            let mut at = HEADER + prefix_size;
            let mut labelled = true;
            for _ in 0..nodes {
                let info = half(bytes, at + 6);
                let size = usize::from(info & 0x1FFF);
                if size < HEADER || at + size > bytes.len() {
                    return;
                }
                labelled &= info & 0x8000 == 0;
                places.push(place(bytes, at));
                labels.push(if labelled {
                    datum(at + HEADER, &cache.label)
                } else {
                    Datum::null()
                });
                at += size;
            }
            let mut input = InnerIn {
                scankeys: std::ptr::null_mut(),
                orderbys: std::ptr::null_mut(),
                nkeys: 0,
                norderbys: 0,
                reconstructed: step.reconstructed,
                traversal: step.traversal,
                traversal_context: pg_sys::CurrentMemoryContext,
                level: step.level,
                return_data: true,
                all_the_same: head & 4 != 0,
                has_prefix: prefix_size > 0,
                prefix,
                nodes: nodes as i32,
                labels: if labelled {
                    labels.as_mut_ptr()
                } else {
                    std::ptr::null_mut()
                },
            };
            let mut output = InnerOut {
                nodes: 0,
                numbers: std::ptr::null_mut(),
                level_adds: std::ptr::null_mut(),
                reconstructed: std::ptr::null_mut(),
                traversal: std::ptr::null_mut(),
                distances: std::ptr::null_mut(),
            };
            pg_sys::FunctionCall2Coll(
                self.inner,
                self.collation,
                Datum::from(&raw mut input),
                Datum::from(&raw mut output),
            );
            self.visit(step, &places, &output);
        }
    }

    /// Notes the nodes that are to be visited next.
    ///
    /// # Safety
    /// What the operator class gave for the step, and the places of its nodes.
    unsafe fn visit(&mut self, step: &Step, places: &[(u32, u16)], output: &InnerOut) {
        // SAFETY: by the caller's promise; lists that are there have an entry for each node.
        unsafe {
            for visit in 0..output.nodes.max(0) as usize {
                let number = *output.numbers.add(visit);
                let Some(&(block, line)) = places.get(number as usize) else {
                    continue;
                };
                // A node without anything below it.
                if line == 0 {
                    continue;
                }
                let add = if output.level_adds.is_null() {
                    0
                } else {
                    *output.level_adds.add(visit)
                };
                self.todo.push(Step {
                    block,
                    line,
                    level: step.level + add,
                    reconstructed: if output.reconstructed.is_null() {
                        Datum::null()
                    } else {
                        *output.reconstructed.add(visit)
                    },
                    traversal: if output.traversal.is_null() {
                        std::ptr::null_mut()
                    } else {
                        *output.traversal.add(visit)
                    },
                });
            }
        }
    }

    /// The data of a chain of leaf tuples; of all, where the root is a leaf.
    fn leaves(&mut self, step: &Step, copy: &mut Page) -> Vec<Datum> {
        const HEADER: usize = 16;
        let mut out = Vec::new();
        let lines: Vec<u16> = copy.items().iter().map(|item| item.offset).collect();
        let mut line = step.line;
        for &next in &lines {
            if step.block == ROOT {
                line = next;
            }
            let Some((bytes, _)) = Self::tuple(copy, line) else {
                break;
            };
            if line == 0 {
                break;
            }
            let state = word(bytes, 0) & 3;
            if state == REDIRECT {
                let (block, line) = place(bytes, 6);
                self.todo.push(Step {
                    block,
                    line,
                    ..*step
                });
                break;
            }
            let next = half(bytes, 4) & 0x3FFF;
            if state == LIVE && bytes.len() > HEADER {
                // SAFETY: the leaf's datum follows the header, within the tuple.
                out.push(unsafe { self.datum(&bytes[HEADER..]) });
            }
            line = next;
            if step.block != ROOT && line == 0 {
                break;
            }
        }
        out
    }

    /// # Safety
    /// The bytes are those of a leaf's datum, in a page that stays.
    unsafe fn datum(&self, bytes: &[u8]) -> Datum {
        // SAFETY: the cache lives as long as the index is open.
        let kind = unsafe { (*self.cache).leaf };
        if !kind.by_value {
            return Datum::from(bytes.as_ptr());
        }
        let mut value = [0_u8; 8];
        let length = usize::try_from(kind.length)
            .unwrap_or(8)
            .min(8)
            .min(bytes.len());
        value[..length].copy_from_slice(&bytes[..length]);
        Datum::from(u64::from_le_bytes(value))
    }

    /// The value that a leaf stands for.
    ///
    /// # Safety
    /// The datum is one of a leaf below the step.
    unsafe fn value_of(&self, step: &Step, datum: Datum) -> Datum {
        let mut input = LeafIn {
            scankeys: std::ptr::null_mut(),
            orderbys: std::ptr::null_mut(),
            nkeys: 0,
            norderbys: 0,
            reconstructed: step.reconstructed,
            traversal: step.traversal,
            level: step.level,
            return_data: true,
            datum,
        };
        let mut output = LeafOut {
            value: datum,
            recheck: false,
            recheck_distances: false,
            distances: std::ptr::null_mut(),
        };
        // SAFETY: the operator class's own function; without keys every leaf is consistent.
        unsafe {
            pg_sys::FunctionCall2Coll(
                self.leaf,
                self.collation,
                Datum::from(&raw mut input),
                Datum::from(&raw mut output),
            );
        }
        output.value
    }
}
