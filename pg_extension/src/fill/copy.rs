//! Loading through COPY inside the server: the engine's text goes through the same code as a file
//! would, with its multi-insert, partition routing, triggers, defaults and constraints.

use std::cell::RefCell;
use std::ffi::{CString, c_int, c_void};
use std::rc::Rc;

use arrow_array::Array;
use pgrx::pg_sys::{self, Oid};
use pgrx::{PgList, pg_guard};
use synth_engine::fill::{Batch, Plan};

use super::selection::Selection;
use crate::boundary::check_for_interrupts;

/// Rows made at a time.
const BATCH: u64 = 2_048;

/// Rows on their way into a table.
struct Feed {
    plan: Plan,
    /// The candidates to give; none: all that are rows.
    selection: Option<Rc<Selection>>,
    /// The next candidate, and where candidates end.
    next: u64,
    end: u64,
    /// Rows still to give.
    wanted: u64,
    bytes: Vec<u8>,
    position: usize,
}

thread_local! {
    /// What COPY is reading; loads nest where a trigger fills another table.
    static FEEDS: RefCell<Vec<Feed>> = const { RefCell::new(Vec::new()) };
}

/// Takes the feed away, also when an error ends the load.
struct Feeding;

impl Drop for Feeding {
    fn drop(&mut self) {
        FEEDS.with_borrow_mut(Vec::pop);
    }
}

/// So many batches without a row, and there is none to be found.
const PATIENCE: u32 = 50;

/// Rows of one COPY: what triggers have yet to look at is remembered until its end, so that the
/// memory that takes does not grow with the number of rows.
const CHUNK: u64 = 1 << 17;

/// Writes `rows` rows of a plan into its table, from candidate `start` on, those of a selection where
/// there is one; gives how many arrived, which is fewer where a trigger drops some, and the next
/// candidate.
pub fn copy(
    relid: Oid,
    plan: &Plan,
    selection: Option<&Rc<Selection>>,
    start: u64,
    rows: u64,
) -> (u64, u64) {
    let mut written = 0;
    let mut next = start;
    let mut left = rows;
    while left > 0 {
        let chunk = left.min(CHUNK);
        let (arrived, after) = copy_chunk(relid, plan, selection, next, chunk);
        written += arrived;
        left -= chunk;
        if after == next {
            break;
        }
        next = after;
    }
    (written, next)
}

fn copy_chunk(
    relid: Oid,
    plan: &Plan,
    selection: Option<&Rc<Selection>>,
    start: u64,
    rows: u64,
) -> (u64, u64) {
    FEEDS.with_borrow_mut(|feeds| {
        feeds.push(Feed {
            plan: plan.clone(),
            selection: selection.cloned(),
            next: start,
            end: match selection {
                Some(selection) => selection.end,
                None => plan.candidates.unwrap_or(u64::MAX),
            },
            wanted: rows,
            bytes: Vec::new(),
            position: 0,
        });
    });
    let feeding = Feeding;
    let names: Vec<CString> = plan
        .written
        .iter()
        .map(|&column| CString::new(plan.table().columns[column].name.as_str()).unwrap_or_default())
        .collect();
    // SAFETY: as the server's own users of COPY with a callback do: a range table entry with the
    // permissions to check, then begin, run and end. Names live until the end of the block.
    let written = unsafe {
        let relation = pg_sys::table_open(relid, pg_sys::RowExclusiveLock as i32);
        let state = pg_sys::make_parsestate(std::ptr::null_mut());
        let item = pg_sys::addRangeTableEntryForRelation(
            state,
            relation,
            pg_sys::RowExclusiveLock as i32,
            std::ptr::null_mut(),
            false,
            false,
        );
        let entry = (*item).p_rte;
        (*entry).requiredPerms = pg_sys::ACL_INSERT;
        let mut attributes = PgList::<pg_sys::Node>::new();
        for (name, &column) in names.iter().zip(&plan.written) {
            attributes.push(pg_sys::makeString(pg_sys::pstrdup(name.as_ptr())).cast());
            let number = number_of(relation, &plan.table().columns[column].name);
            (*entry).insertedCols = pg_sys::bms_add_member(
                (*entry).insertedCols,
                i32::from(number) - pg_sys::FirstLowInvalidHeapAttributeNumber,
            );
        }
        pg_sys::ExecCheckRTPerms((*state).p_rtable, true);
        let mut options = PgList::<pg_sys::DefElem>::new();
        let encoding = pg_sys::makeString(pg_sys::pstrdup(c"UTF8".as_ptr()));
        options.push(pg_sys::makeDefElem(
            pg_sys::pstrdup(c"encoding".as_ptr()),
            encoding.cast(),
            -1,
        ));
        let copy = pg_sys::BeginCopyFrom(
            state,
            relation,
            std::ptr::null_mut(),
            std::ptr::null(),
            false,
            Some(read),
            attributes.into_pg(),
            options.into_pg(),
        );
        let written = pg_sys::CopyFrom(copy);
        pg_sys::EndCopyFrom(copy);
        pg_sys::free_parsestate(state);
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        pg_sys::CommandCounterIncrement();
        written
    };
    let next = FEEDS.with_borrow(|feeds| feeds.last().map_or(start, |feed| feed.next));
    drop(feeding);
    (written, next)
}

/// # Safety
/// The relation is open.
unsafe fn number_of(relation: pg_sys::Relation, name: &str) -> i16 {
    let name = CString::new(name).unwrap_or_default();
    // SAFETY: a catalog look-up by a NUL-terminated name.
    unsafe { pg_sys::get_attnum((*relation).rd_id, name.as_ptr()) }
}

/// Called by COPY for more bytes: between `least` and `most` of them, or fewer at the end.
#[pg_guard]
unsafe extern "C-unwind" fn read(out: *mut c_void, least: c_int, most: c_int) -> c_int {
    let mut given = 0_usize;
    let (least, most) = (least.max(0) as usize, most.max(0) as usize);
    FEEDS.with_borrow_mut(|feeds| {
        let Some(feed) = feeds.last_mut() else {
            return;
        };
        while given < least.max(1) {
            if feed.position == feed.bytes.len() && !feed.load() {
                return;
            }
            let take = (feed.bytes.len() - feed.position).min(most - given);
            // SAFETY: COPY's buffer has room for `most` bytes.
            unsafe {
                std::ptr::copy_nonoverlapping(
                    feed.bytes.as_ptr().add(feed.position),
                    out.cast::<u8>().add(given),
                    take,
                );
            }
            feed.position += take;
            given += take;
        }
    });
    check_for_interrupts();
    given as c_int
}

impl Feed {
    /// Makes the next rows; false at the end.
    fn load(&mut self) -> bool {
        let mut fruitless = 0;
        while self.wanted > 0 && self.next < self.end && fruitless < PATIENCE {
            let selection = self.selection.as_deref();
            // Of a selection, rows may lie far apart.
            let looked = selection.map_or(BATCH.min(self.wanted), |_| BATCH);
            let end = self.end.min(self.next + looked);
            let batch = self.plan.batch(self.next..end);
            self.bytes.clear();
            self.position = 0;
            let is_given = |row: &usize| match selection {
                Some(selection) => selection.holds(self.next + *row as u64),
                None => batch.is_row(*row),
            };
            let mut rows: Vec<usize> = (0..(end - self.next) as usize).filter(is_given).collect();
            rows.truncate(usize::try_from(self.wanted).unwrap_or(usize::MAX));
            encode(&batch, &rows, &mut self.bytes);
            let given = rows.len() as u64;
            self.next = match rows.last() {
                Some(&last) if given == self.wanted => self.next + last as u64 + 1,
                _ => end,
            };
            self.wanted -= given;
            if given > 0 {
                return true;
            }
            fruitless += 1;
        }
        false
    }
}

/// Rows in the text format of COPY.
fn encode(batch: &Batch, rows: &[usize], out: &mut Vec<u8>) {
    let columns = &batch.columns;
    let special = |byte: &u8| matches!(byte, b'\\' | b'\t' | b'\n' | b'\r');
    let plain: Vec<bool> = columns
        .iter()
        .map(|column| !column.value_data().iter().any(special))
        .collect();
    for &row in rows {
        for (place, column) in columns.iter().enumerate() {
            if place > 0 {
                out.push(b'\t');
            }
            if column.is_null(row) {
                out.extend_from_slice(b"\\N");
            } else if plain[place] {
                out.extend_from_slice(column.value(row).as_bytes());
            } else {
                escape(column.value(row), out);
            }
        }
        out.push(b'\n');
    }
}

fn escape(value: &str, out: &mut Vec<u8>) {
    for byte in value.bytes() {
        match byte {
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            byte => out.push(byte),
        }
    }
}
