//! Carrying over what has changed since the run began.
//!
//! For each place that the log names, what the shadow holds for it is deleted, and what the table
//! holds there now, if anything, is masked and inserted. That depends on the state of the table and
//! not on the order of changes, and doing it twice does no harm. A place that has been vacuumed and
//! taken by another row is no exception.

use std::collections::{BTreeMap, BTreeSet};

use pgrx::pg_sys::{self, Datum};
use pgrx::{FromDatum, PgMemoryContexts};

use super::super::batch::{Batch, ColumnMask, column_masks};
use super::super::owner::AsOwner;
use super::super::plan::Rules;
use super::super::random::Random;
use super::capture;
use super::copy;
use super::count::Counting;
use super::deal::Deals;
use super::destination::Destination;
use super::group::Group;
use super::map::{self, Map, Place};
use super::shadows::Shadows;
use super::state::Part;
use crate::boundary::check_for_interrupts;

/// What was carried over.
pub struct Applied {
    /// Entries of the logs.
    pub entries: usize,
    /// Rows that the shadows have more, for each part that they are of.
    pub rows: Vec<i64>,
}

/// Rows that are dealt again with each that is added, so that it cannot be told which is whose.
const COMPANIONS: usize = 16;
/// With so many rows, they are enough for each other.
const MOST_COMPANIONS: usize = 1_000;

/// Carries over at most so many entries of the logs of a group. Where shadows have unique indexes, all
/// entries are to be carried over at once: in between, two rows could have one key.
///
/// Fingerprints that are being made, or were before, learn of what has changed since: what the rows hold
/// now are originals as well, and the control totals are those of the rows that are there.
pub fn apply(
    group: &Group,
    rules: &Rules,
    most: usize,
    mut counting: Option<&mut Counting>,
) -> Applied {
    let mut entries = 0;
    let mut logs: Vec<PlacesByBlock> = group
        .parts
        .iter()
        .map(|part| {
            let (places, taken) = take_log(part, most - entries);
            entries += taken;
            places
        })
        .collect();
    let mut rows = vec![0; logs.len()];
    if entries == 0 {
        return Applied { entries, rows };
    }
    let mut sources: Vec<Option<Source>> = logs
        .iter()
        .enumerate()
        .map(|(number, places)| {
            // SAFETY: closed below.
            (!places.is_empty()).then(|| unsafe { Source::open(group, number, rules) })
        })
        .collect();
    for (number, source) in sources.iter().enumerate() {
        if let Some(source) = source {
            rows[number] -= source.delete(&logs[number], counting.as_deref_mut());
        }
    }
    // SAFETY: makes visible to what follows what was done; and below.
    unsafe { pg_sys::CommandCounterIncrement() };
    for (number, source) in sources.iter().enumerate() {
        if let Some(source) = source.as_ref().filter(|source| !source.deals.is_empty()) {
            let companions = source.prepare_deals(&logs[number]);
            rows[number] -= source.delete(&companions, counting.as_deref_mut());
            for (block, lines) in companions {
                logs[number].entry(block).or_default().extend(lines);
            }
            source.deals.mix();
        }
    }
    // SAFETY: as above.
    unsafe { pg_sys::CommandCounterIncrement() };
    // With entries left, what a row needs may still be another's.
    let is_complete = entries < most;
    for (number, source) in sources.iter_mut().enumerate() {
        if let Some(source) = source.take() {
            rows[number] += source.insert(&logs[number], is_complete, counting.as_deref_mut());
        }
    }
    Applied { entries, rows }
}

/// Lines by block.
type PlacesByBlock = BTreeMap<u32, BTreeSet<u16>>;

/// Reads entries of the log and deletes them.
fn take_log(part: &Part, most: usize) -> (PlacesByBlock, usize) {
    let mut places = PlacesByBlock::new();
    let mut entries = 0;
    // SAFETY: the log is a table of the extension's own, with two columns of type tid.
    unsafe {
        let log = pg_sys::table_open(part.log, pg_sys::RowExclusiveLock as i32);
        let none = std::ptr::null_mut();
        let scan = pg_sys::table_beginscan(log, pg_sys::GetActiveSnapshot(), 0, none);
        while entries < most {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            check_for_interrupts();
            let mut values = [Datum::null(); 2];
            let mut nulls = [true; 2];
            pg_sys::heap_deform_tuple(
                tuple,
                (*log).rd_att,
                values.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            for (value, null) in values.iter().zip(nulls) {
                if let Some(tid) = pg_sys::ItemPointerData::from_datum(*value, null) {
                    let (block, line) = map::parts(tid);
                    places.entry(block).or_default().insert(line);
                }
            }
            let mut place = (*tuple).t_self;
            pg_sys::simple_heap_delete(log, &raw mut place);
            entries += 1;
        }
        pg_sys::table_endscan(scan);
        pg_sys::table_close(log, pg_sys::NoLock as i32);
    }
    (places, entries)
}

/// A table whose changes are carried over, open.
struct Source<'a> {
    group: &'a Group,
    number: usize,
    table: pg_sys::Relation,
    masks: Vec<ColumnMask>,
    deals: Deals,
}

impl<'a> Source<'a> {
    /// # Safety
    /// The group's tables are locked. It is closed by `insert`.
    unsafe fn open(group: &'a Group, number: usize, rules: &Rules) -> Self {
        let part = &group.parts[number];
        // SAFETY: by the caller's promise.
        unsafe {
            let table = copy::open_table(part);
            let owner = AsOwner::of(group.top.unwrap_or(part.relid));
            let mut masks = column_masks(table, rules);
            drop(owner);
            let deals = Deals::open(part, table, &masks);
            deals.take_hands(table, &masks);
            deals.attach(&mut masks);
            Self {
                group,
                number,
                table,
                masks,
                deals,
            }
        }
    }

    fn part(&self) -> &Part {
        &self.group.parts[self.number]
    }

    /// Deletes what shadows hold for these places of the table; gives the number of rows.
    fn delete(&self, places: &PlacesByBlock, mut counting: Option<&mut Counting>) -> i64 {
        let part = self.part();
        let mut deleted = 0;
        // SAFETY: opened and closed here; only this run writes to the shadows.
        unsafe {
            let mut map = Map::open(part.map, part.map_index);
            let mut shadows = Shadows::new(self.group, self.table);
            for (&block, lines) in places {
                check_for_interrupts();
                let mut fingerprint = counting
                    .as_deref_mut()
                    .and_then(|counting| counting.told(self.number, block));
                let mut known = map.find(block);
                let mut changed = false;
                for &line in lines {
                    let Some(place) = known.find(line) else {
                        continue;
                    };
                    let Some(shadow) = shadows.relation(place.part) else {
                        continue;
                    };
                    if fingerprint.is_some() || !self.deals.is_empty() {
                        let mut memory = PgMemoryContexts::new("pg_synth changed row");
                        memory.switch_to(|_| {
                            shadows.read(place, |values, nulls| {
                                if let Some(fingerprint) = fingerprint.as_deref_mut() {
                                    fingerprint.forget(values, nulls);
                                }
                                self.deals.give_back(&self.masks, values, nulls);
                            });
                        });
                    }
                    let Place { mut tid, .. } = place;
                    pg_sys::simple_heap_delete(shadow, &raw mut tid);
                    known.set(line, None);
                    changed = true;
                    deleted += 1;
                }
                if changed {
                    map.put(block, &known);
                }
            }
            shadows.close();
            map.close();
        }
        deleted
    }

    /// Has the decks hold enough for the rows at these places; gives others that are to be dealt again
    /// with them.
    fn prepare_deals(&self, places: &PlacesByBlock) -> PlacesByBlock {
        let part = self.part();
        let mut companions = PlacesByBlock::new();
        // SAFETY: opened and closed here.
        unsafe {
            let _owner = AsOwner::of(self.group.top.unwrap_or(part.relid));
            let joined = self.count(places);
            if joined > 0 {
                let map = Map::open(part.map, part.map_index);
                let count = joined.clamp(COMPANIONS, MOST_COMPANIONS);
                companions = self.choose(&map, places, count);
                self.take_back(&map, &companions);
                map.close();
            }
        }
        companions
    }

    /// Shows each row that the table has at these places.
    ///
    /// # Safety
    /// The slot is gone after the call; so is the memory that is current in it.
    unsafe fn each_row(
        &self,
        places: &PlacesByBlock,
        mut show: impl FnMut(*mut pg_sys::TupleTableSlot, (u32, u16)),
    ) {
        // SAFETY: the table is open; the slot is made and freed here.
        unsafe {
            let mut memory = PgMemoryContexts::new("pg_synth deck");
            let slot = pg_sys::table_slot_create(self.table, std::ptr::null_mut());
            for (block, line) in self.stored(places) {
                check_for_interrupts();
                let mut tuple = pg_sys::HeapTupleData {
                    t_self: map::tid(block, line),
                    ..Default::default()
                };
                memory.switch_to(|_| {
                    if fetch(self.table, &raw mut tuple, slot) {
                        show(slot, (block, line));
                        (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
                    }
                });
                memory.reset();
            }
            pg_sys::ExecDropSingleTupleTableSlot(slot);
        }
    }

    /// Counts the rows at these places, and has their values join where that is needed; gives how many
    /// do.
    ///
    /// # Safety
    /// The current user is the table's owner.
    unsafe fn count(&self, places: &PlacesByBlock) -> usize {
        let mut wanted = vec![0; self.deals.len()];
        let mut joined = 0;
        // SAFETY: by the caller's promise.
        unsafe {
            self.each_row(places, |slot, _| {
                joined += usize::from(self.deals.count(&self.masks, slot, &mut wanted));
            });
        }
        joined
    }

    /// Takes back what the rows at these places, which have not changed, were dealt under a condition.
    ///
    /// # Safety
    /// The current user is the table's owner; the map is the table's.
    unsafe fn take_back(&self, map: &Map, places: &PlacesByBlock) {
        // SAFETY: by the caller's promise; opened and closed here.
        unsafe {
            let mut shadows = Shadows::new(self.group, self.table);
            self.each_row(places, |slot, (block, line)| {
                if let Some(place) = map.find(block).find(line) {
                    shadows.read(place, |values, nulls| {
                        self.deals.take_back(&self.masks, slot, values, nulls);
                    });
                }
            });
            shadows.close();
        }
    }

    /// Rows of the table that are masked, chosen at random among those at other places.
    ///
    /// # Safety
    /// The map is that of the table.
    unsafe fn choose(&self, map: &Map, places: &PlacesByBlock, count: usize) -> PlacesByBlock {
        let mut chosen = PlacesByBlock::new();
        let mut random = Random::new();
        // SAFETY: the table is open.
        let blocks = u64::from(unsafe { blocks_of(self.table) });
        // Blocks may be empty, and rows be chosen twice.
        for _ in 0..2 * count {
            let block = random.below(blocks) as u32;
            let lines: Vec<u16> = map.find(block).lines().collect();
            let Some(&line) = lines.get(random.below(lines.len() as u64) as usize) else {
                continue;
            };
            let is_among = |places: &PlacesByBlock| {
                places
                    .get(&block)
                    .is_some_and(|lines| lines.contains(&line))
            };
            if !is_among(places) && !is_among(&chosen) {
                chosen.entry(block).or_default().insert(line);
            }
        }
        chosen
    }

    /// The places among these where the table may have a row.
    fn stored<'p>(&self, places: &'p PlacesByBlock) -> impl Iterator<Item = (u32, u16)> + 'p {
        // SAFETY: the table is open.
        let blocks = unsafe { blocks_of(self.table) };
        places
            .range(..blocks)
            .flat_map(|(&block, lines)| lines.iter().map(move |&line| (block, line)))
    }

    /// Masks what the table holds at these places, and inserts it; gives the number of rows. Rows that
    /// cannot be dealt a value yet are noted once more, unless all changes are carried over.
    fn insert(
        self,
        places: &PlacesByBlock,
        is_complete: bool,
        mut counting: Option<&mut Counting>,
    ) -> i64 {
        let mut inserted = 0;
        let part = self.part();
        // SAFETY: as for `copy_batch`.
        unsafe {
            let owner = AsOwner::of(self.group.top.unwrap_or(part.relid));
            let table = self.table;
            let masks = &self.masks;
            let log = pg_sys::table_open(part.log, pg_sys::RowExclusiveLock as i32);
            let mut writer = Destination::open(self.group, self.number, table, false);
            let mut map = Map::open(part.map, part.map_index);
            let mut batch = Batch::new(table, masks);
            let mut memory = PgMemoryContexts::new("pg_synth masking batch");
            let slot = pg_sys::table_slot_create(table, std::ptr::null_mut());
            let mut todo = self.stored(places).peekable();
            let mut lines: Vec<(u32, u16)> = Vec::new();
            while let Some(&(first, _)) = todo.peek() {
                check_for_interrupts();
                // Rows of one batch are told to the fingerprint, or none of them.
                let end = counting
                    .as_deref()
                    .map_or(u32::MAX, |counting| counting.end_of(self.number, first));
                memory.switch_to(|_| {
                    while !batch.is_full()
                        && let Some((block, line)) = todo.next_if(|(block, _)| *block <= end)
                    {
                        let mut tuple = pg_sys::HeapTupleData {
                            t_self: map::tid(block, line),
                            ..Default::default()
                        };
                        if !fetch(table, &raw mut tuple, slot) {
                            continue;
                        }
                        if self.deals.is_empty() || self.deals.promise(masks, slot) || is_complete {
                            lines.push((block, line));
                            batch.push(slot);
                        } else {
                            capture::write(log, None, Some(map::tid(block, line)));
                        }
                        (*(*slot).tts_ops).clear.inspect(|clear| clear(slot));
                    }
                    let mut fingerprint = counting
                        .as_deref_mut()
                        .and_then(|counting| counting.told(self.number, first));
                    if let Some(fingerprint) = fingerprint.as_deref_mut() {
                        fingerprint.before(&batch);
                    }
                    batch.mask(masks);
                    if let Some(fingerprint) = fingerprint {
                        fingerprint.after(&batch);
                    }
                    let new = writer.write(&batch, masks);
                    let mut at = 0;
                    while at < lines.len() {
                        let block = lines[at].0;
                        let mut known = map.find(block);
                        while at < lines.len() && lines[at].0 == block {
                            known.set(lines[at].1, Some(new[at]));
                            at += 1;
                        }
                        map.put(block, &known);
                    }
                });
                // A block may go on in the next batch, which reads its places again.
                pg_sys::CommandCounterIncrement();
                inserted += batch.rows as i64;
                lines.clear();
                batch.clear();
                memory.reset();
            }
            drop(todo);
            pg_sys::ExecDropSingleTupleTableSlot(slot);
            map.close();
            writer.finish();
            drop(owner);
            drop(self.masks);
            self.deals.close();
            pg_sys::table_close(log, pg_sys::NoLock as i32);
            pg_sys::table_close(table, pg_sys::NoLock as i32);
        }
        inserted
    }
}

/// # Safety
/// The table is open.
unsafe fn blocks_of(table: pg_sys::Relation) -> u32 {
    // SAFETY: by the caller's promise.
    unsafe { pg_sys::RelationGetNumberOfBlocksInFork(table, pg_sys::ForkNumber::MAIN_FORKNUM) }
}

/// Puts the row at the tuple's place into a slot, if there is one now.
///
/// # Safety
/// The slot is one of the table's, and is cleared before the tuple's header goes out of scope.
unsafe fn fetch(
    table: pg_sys::Relation,
    tuple: pg_sys::HeapTuple,
    slot: *mut pg_sys::TupleTableSlot,
) -> bool {
    // SAFETY: by the caller's promise; the slot takes a pin of its own, ours is released.
    unsafe {
        let mut buffer = 0;
        let snapshot = pg_sys::GetActiveSnapshot();
        let found = pg_sys::heap_fetch(table, snapshot, tuple, &raw mut buffer, false);
        if found {
            (*slot).tts_tableOid = (*table).rd_id;
            pg_sys::ExecStoreBufferHeapTuple(tuple, slot, buffer);
            pg_sys::ReleaseBuffer(buffer);
        }
        found
    }
}
