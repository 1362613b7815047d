//! Pages of a relation as they are stored: every line pointer that has storage, whether its tuple
//! is alive, dead, or of a transaction that was rolled back.

use pgrx::pg_sys;

use crate::boundary::check_for_interrupts;

const PAGE: usize = pg_sys::BLCKSZ as usize;
const HEADER: usize = std::mem::offset_of!(pg_sys::PageHeaderData, pd_linp);

/// A copy of a page, aligned as pages are.
#[repr(C, align(8))]
pub struct Page([u8; PAGE]);

/// Where an item stands in its page.
#[derive(Debug, Clone, Copy)]
pub struct Item {
    /// Line pointer, from 1.
    pub offset: u16,
    start: usize,
    /// Length in bytes.
    pub length: usize,
}

impl Page {
    /// A page to copy into.
    pub fn empty() -> Box<Self> {
        Box::new(Self([0; PAGE]))
    }

    /// The word that begins so many bytes before the page's end: access methods keep flags there.
    pub fn word_before_end(&self, bytes: usize) -> u16 {
        self.word(PAGE - bytes) as u16
    }

    /// The bytes of an item. They are the copy's own: Postgres may be given a pointer to them.
    pub fn item(&mut self, item: Item) -> &mut [u8] {
        &mut self.0[item.start..item.start + item.length]
    }

    fn word(&self, at: usize) -> usize {
        usize::from(u16::from_ne_bytes([self.0[at], self.0[at + 1]]))
    }

    fn lower(&self) -> usize {
        self.word(std::mem::offset_of!(pg_sys::PageHeaderData, pd_lower))
    }

    fn upper(&self) -> usize {
        self.word(std::mem::offset_of!(pg_sys::PageHeaderData, pd_upper))
    }

    /// The items that have storage, within the page's bounds.
    pub fn items(&self) -> Vec<Item> {
        let end = self.lower().min(PAGE);
        let mut items = Vec::new();
        for (index, at) in (HEADER..end).step_by(4).enumerate() {
            let Some(bytes) = self.0.get(at..at + 4).and_then(|b| b.try_into().ok()) else {
                break;
            };
            // ItemIdData: 15 bits of offset, 2 of flags, 15 of length.
            let word = u32::from_ne_bytes(bytes);
            let (start, length) = ((word & 0x7FFF) as usize, (word >> 17) as usize);
            if length > 0 && start >= end && start + length <= PAGE {
                items.push(Item {
                    offset: (index + 1) as u16,
                    start,
                    length,
                });
            }
        }
        items
    }

    /// How many bytes of the unused middle are not zero: what pruning left of tuples, whose bounds
    /// are lost.
    pub fn residue(&self) -> u64 {
        let (lower, upper) = (self.lower(), self.upper());
        self.0.get(lower..upper).map_or(0, |hole| {
            hole.iter().filter(|byte| **byte != 0).count() as u64
        })
    }
}

/// Reads every page of a relation's main fork.
///
/// # Safety
/// `relation` is open and has storage.
pub unsafe fn each(relation: pg_sys::Relation, mut read: impl FnMut(u32, &mut Page)) {
    let mut page = Page::empty();
    // SAFETY: buffers are locked, copied and released one at a time; an error releases them.
    unsafe {
        let fork = pg_sys::ForkNumber::MAIN_FORKNUM;
        let strategy = pg_sys::GetAccessStrategy(pg_sys::BufferAccessStrategyType::BAS_BULKREAD);
        let blocks = pg_sys::RelationGetNumberOfBlocksInFork(relation, fork);
        for block in 0..blocks {
            check_for_interrupts();
            copy(relation, block, strategy, &mut page);
            if page.upper() != 0 {
                read(block, &mut page);
            }
        }
        pg_sys::FreeAccessStrategy(strategy);
    }
}

/// Copies a page.
///
/// # Safety
/// `relation` is open, and has the page.
pub unsafe fn copy(
    relation: pg_sys::Relation,
    block: u32,
    strategy: pg_sys::BufferAccessStrategy,
    page: &mut Page,
) {
    // SAFETY: the buffer is locked while it is copied; an error releases it.
    unsafe {
        let fork = pg_sys::ForkNumber::MAIN_FORKNUM;
        let mode = pg_sys::ReadBufferMode::RBM_NORMAL;
        let buffer = pg_sys::ReadBufferExtended(relation, fork, block, mode, strategy);
        pg_sys::LockBuffer(buffer, pg_sys::BUFFER_LOCK_SHARE as i32);
        let source = pg_sys::BufferGetPage(buffer).cast::<u8>();
        std::ptr::copy_nonoverlapping(source, page.0.as_mut_ptr(), PAGE);
        pg_sys::UnlockReleaseBuffer(buffer);
    }
}
