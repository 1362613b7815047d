//! A walk from the root: leaves hold pieces of values, which the functions of the operator class put
//! together along the path, as they do for an index-only scan of all rows.

use pgrx::pg_sys::{self, Datum, Oid};

use super::layout::{
    Cache, InnerIn, InnerOut, LEAF_HEADER, LIVE, LeafIn, LeafOut, REDIRECT, ROOT, TypeDesc, datum,
    half, place, word,
};
use crate::proof::pages::Page;

/// A place to go to, and what is known on the way there.
#[derive(Clone, Copy)]
pub struct Step {
    pub block: u32,
    pub line: u16,
    pub level: i32,
    pub reconstructed: Datum,
    pub traversal: *mut std::ffi::c_void,
    /// The path that leads there, by number.
    pub path: usize,
}

/// A step of a path: what an inner tuple has to say of the values below it.
pub struct Path {
    /// The one before, by number.
    pub above: usize,
    /// It spells a piece of a value.
    pub spells: bool,
    /// Some value is below.
    pub has_value: bool,
}

/// What the walk needs.
pub struct Walk {
    pub cache: *const Cache,
    pub inner: *mut pg_sys::FmgrInfo,
    pub leaf: *mut pg_sys::FmgrInfo,
    pub collation: Oid,
    pub todo: Vec<Step>,
    pub paths: Vec<Path>,
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
    pub unsafe fn descend(&mut self, step: &Step, copy: &mut Page) {
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
            let all_the_same = head & 4 != 0;
            // Nodes without labels of their own spell what the tuple's prefix does.
            let each_spells = labelled && !all_the_same;
            let count = if each_spells { nodes } else { 1 };
            let first = self.begin_paths(step.path, count, labelled || prefix_size > 0);
            let path = |node: usize| first + if each_spells { node } else { 0 };
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
                all_the_same,
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
            self.visit(step, &places, path, &output);
        }
    }

    /// Notes the nodes that are to be visited next.
    ///
    /// # Safety
    /// What the operator class gave for the step, and the places of its nodes; `path` gives the path of
    /// a node.
    unsafe fn visit(
        &mut self,
        step: &Step,
        places: &[(u32, u16)],
        path: impl Fn(usize) -> usize,
        output: &InnerOut,
    ) {
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
                    path: path(number as usize),
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
    pub fn leaves(&mut self, step: &Step, copy: &mut Page) -> Vec<Datum> {
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
            if state == LIVE && bytes.len() > LEAF_HEADER {
                // SAFETY: the leaf's datum follows the header, within the tuple; the cache lives as
                // long as the index is open.
                out.push(unsafe { datum(&(*self.cache).leaf, &bytes[LEAF_HEADER..]) });
            }
            line = next;
            if step.block != ROOT && line == 0 {
                break;
            }
        }
        out
    }

    /// Begins so many paths that go on from one; gives the number of the first.
    fn begin_paths(&mut self, above: usize, count: usize, spells: bool) -> usize {
        let first = self.paths.len();
        let path = || Path {
            above,
            spells,
            has_value: false,
        };
        self.paths.resize_with(first + count, path);
        first
    }

    /// Notes that a path leads to a value.
    pub fn has_value(&mut self, path: usize) {
        let mut at = path;
        while !self.paths[at].has_value {
            self.paths[at].has_value = true;
            at = self.paths[at].above;
        }
    }

    /// The value that a leaf stands for.
    ///
    /// # Safety
    /// The datum is one of a leaf below the step.
    pub unsafe fn value_of(&self, step: &Step, datum: Datum) -> Datum {
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
