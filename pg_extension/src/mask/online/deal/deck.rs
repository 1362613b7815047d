//! Dealing: what rows take from decks, give back and add to them.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};

use crate::boundary::{check_for_interrupts, datumCopy, relation_name};
use crate::error::raise;
use crate::mask::batch::{Action, ColumnMask, Deal};
use crate::mask::online::state::{self, Part};
use crate::mask::online::{copy, map, setup};
use crate::mask::other::prepared;
use crate::mask::shuffle::Shuffle;

use super::{HASH, KEY, State, VALUE, hash_function, states};

/// The values of one column, open.
pub(super) struct Deck {
    pub(super) state: State,
    /// The table that is masked.
    relid: Oid,
    relation: pg_sys::Relation,
    indexes: pg_sys::CatalogIndexState,
    /// Reads the deck from where it has been dealt to.
    scan: Option<pg_sys::TableScanDesc>,
    /// Where the column is unique: a hash function of its type, and a collation.
    hash: Option<(*mut pg_sys::FmgrInfo, Oid)>,
    by_value: bool,
    length: i16,
    /// What rows have given back.
    hand: Option<Shuffle>,
    /// Hashes of values that have joined in this step.
    joined: HashSet<i64>,
    /// Rows that have been promised a value.
    promised: u64,
}

impl Deck {
    /// # Safety
    /// The table is open, and the state and the mask are those of one of its columns.
    pub(super) unsafe fn open(
        part: &Part,
        table: pg_sys::Relation,
        mask: &ColumnMask,
        state: State,
    ) -> Self {
        if !state::exists(state.deck) {
            copy::changed(part.relid);
        }
        // SAFETY: by the caller's promise; closed by `close`. The function's memory is the step's.
        unsafe {
            let attribute = (*(*table).rd_att).attrs.as_slice(mask.index + 1)[mask.index];
            let relation = pg_sys::table_open(state.deck, pg_sys::RowExclusiveLock as i32);
            let hash = hash_function(mask).filter(|_| state.is_unique);
            Self {
                relid: part.relid,
                relation,
                indexes: pg_sys::CatalogOpenIndexes(relation),
                scan: None,
                hash: hash.map(|function| (prepared(function), attribute.attcollation)),
                by_value: attribute.attbyval,
                length: attribute.attlen,
                hand: None,
                joined: HashSet::new(),
                promised: 0,
                state,
            }
        }
    }

    pub(super) fn close(self) {
        // SAFETY: opened by `open` and `next`.
        unsafe {
            if let Some(scan) = self.scan {
                pg_sys::heap_endscan(scan);
            }
            pg_sys::CatalogCloseIndexes(self.indexes);
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
        }
        self.state.save(self.relid);
    }

    /// The hash of a value, where the column is unique.
    ///
    /// # Safety
    /// The value is of the column's type.
    pub(super) unsafe fn hash(&self, value: Datum) -> Option<i64> {
        let (function, collation) = self.hash?;
        // SAFETY: by the caller's promise. The seed 0 gives the hashes that indexes use.
        let hash =
            unsafe { pg_sys::FunctionCall2Coll(function, collation, value, Datum::from(0_u64)) };
        Some(hash.value() as i64)
    }

    /// Puts a value behind the others.
    ///
    /// # Safety
    /// The value is of the column's type.
    pub(super) unsafe fn add(&mut self, key: Option<i64>, hash: Option<i64>, value: Datum) {
        self.state.cards += 1;
        // SAFETY: by the caller's promise.
        unsafe { self.insert(key, hash, Some(value)) };
    }

    /// # Safety
    /// The value is of the column's type.
    unsafe fn insert(&self, key: Option<i64>, hash: Option<i64>, value: Option<Datum>) {
        let mut values = [Datum::null(); 3];
        values[KEY] = key.map_or_else(Datum::null, Datum::from);
        values[HASH] = hash.map_or_else(Datum::null, Datum::from);
        values[VALUE] = value.unwrap_or_else(Datum::null);
        let mut nulls = [key.is_none(), hash.is_none(), value.is_none()];
        // SAFETY: by the caller's promise; the tuple is formed for this table.
        unsafe {
            let desc = (*self.relation).rd_att;
            let tuple = pg_sys::heap_form_tuple(desc, values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::CatalogTupleInsertWithInfo(self.relation, tuple, self.indexes);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Whether the deck has a row with this hash.
    ///
    /// # Safety
    /// The deck is complete, and its column unique.
    unsafe fn has_hash(&self, hash: i64) -> bool {
        // SAFETY: the key compares a bigint. Nobody else writes here, and what this step has written is
        // seen.
        unsafe {
            let mut key = pg_sys::ScanKeyData::default();
            pg_sys::ScanKeyInit(
                &raw mut key,
                HASH as i16 + 1,
                pg_sys::BTEqualStrategyNumber as u16,
                pg_sys::F_INT8EQ.into(),
                Datum::from(hash),
            );
            let (deck, index) = (self.relation, self.state.hashes);
            let snapshot = &raw mut pg_sys::SnapshotSelfData;
            let scan = pg_sys::systable_beginscan(deck, index, true, snapshot, 1, &raw mut key);
            let found = !pg_sys::systable_getnext(scan).is_null();
            pg_sys::systable_endscan(scan);
            found
        }
    }

    /// Takes the next value of the deck, in the current memory context; none where all are dealt.
    fn deal(&mut self) -> Option<Datum> {
        // SAFETY: the scan is closed by `close`; the value is copied before its row is let go of.
        unsafe {
            let scan = *self.scan.get_or_insert_with(|| {
                let snapshot = &raw mut pg_sys::SnapshotSelfData;
                let none = std::ptr::null_mut();
                let flags =
                    pg_sys::ScanOptions::SO_TYPE_SEQSCAN | pg_sys::ScanOptions::SO_ALLOW_STRAT;
                // It outlives the batch.
                PgMemoryContexts::TopTransactionContext.switch_to(|_| {
                    let scan = pg_sys::heap_beginscan(
                        self.relation,
                        snapshot,
                        0,
                        none,
                        std::ptr::null_mut(),
                        flags,
                    );
                    let main = pg_sys::ForkNumber::MAIN_FORKNUM;
                    let blocks = pg_sys::RelationGetNumberOfBlocksInFork(self.relation, main);
                    let first = self.state.last.0.min(blocks);
                    pg_sys::heap_setscanlimits(scan, first, blocks - first);
                    scan
                })
            });
            loop {
                let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
                if tuple.is_null() {
                    return None;
                }
                let place = map::parts((*tuple).t_self);
                if place <= self.state.last {
                    continue;
                }
                let mut values = [Datum::null(); 3];
                let mut nulls = [true; 3];
                let desc = (*self.relation).rd_att;
                pg_sys::heap_deform_tuple(tuple, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
                if !nulls[VALUE] {
                    self.state.last = place;
                    self.state.dealt += 1;
                    let length = i32::from(self.length);
                    return Some(datumCopy(values[VALUE], self.by_value, length));
                }
            }
        }
    }

    /// Whether a value is among those that are dealt, where the column is unique.
    ///
    /// # Safety
    /// The value is of the column's type.
    unsafe fn knows(&self, value: Datum) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            self.hash(value)
                .is_none_or(|hash| self.joined.contains(&hash) || self.has_hash(hash))
        }
    }

    /// How many values no row has, and none has been promised.
    fn left(&self) -> u64 {
        let hand = self.hand.as_ref().map_or(0, |hand| hand.left);
        (hand + self.state.cards).saturating_sub(self.state.dealt + self.promised)
    }

    /// Takes a value back.
    ///
    /// # Safety
    /// The value is of the column's type.
    unsafe fn give_back(&mut self, value: Datum) {
        // SAFETY: by the caller's promise.
        unsafe {
            if let Some(hand) = &mut self.hand {
                hand.add(value);
            }
        }
    }

    /// Has the own value of a row that is to be dealt one be among those that are dealt, where there
    /// are too few for so many rows, or where it is not there yet, and has to be unique. Gives whether it joins.
    ///
    /// # Safety
    /// The value is of the column's type.
    unsafe fn join(&mut self, value: Datum, wanted: u64) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            let hash = self.hash(value);
            let joins = match hash {
                Some(_) => !self.knows(value),
                None => self.left() < wanted,
            };
            if joins {
                self.give_back(value);
                if hash.is_some() {
                    self.insert(None, hash, None);
                    self.joined.extend(hash);
                }
            }
            joins
        }
    }

    /// Ends the call rather than leave a row as it is.
    fn none_left(&self) -> ! {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!(
                "no value is left to be dealt to a row of {}",
                relation_name(self.relid)
            ),
            Some(format!(
                "The table is unchanged. SELECT synth_mask_online_abort({0}); then call again, or SELECT synth_mask_table({0}).",
                setup::quoted(self.relid)
            )),
        )
    }

    /// Keeps what is left in the hand for rows to come.
    fn keep_rest(&mut self) {
        let Some(mut hand) = self.hand.take() else {
            return;
        };
        let mut memory = PgMemoryContexts::new("pg_synth deck");
        while hand.left > 0 {
            check_for_interrupts();
            // SAFETY: values of the hand are of the column's type, and are copied.
            unsafe {
                memory.switch_to(|_| {
                    let value = hand.next();
                    self.add(None, None, value);
                });
                memory.reset();
            }
        }
    }
}

impl Deal for Deck {
    fn next(&mut self, _own: Datum) -> Datum {
        self.promised = self.promised.saturating_sub(1);
        if let Some(hand) = &mut self.hand
            && hand.left > 0
        {
            return hand.next();
        }
        self.deal().unwrap_or_else(|| self.none_left())
    }
}

/// What deals the shuffled columns of a table: the decks, each with the number of its mask.
pub struct Deals(Vec<(usize, Rc<RefCell<Deck>>)>);

impl Deals {
    /// Opens the decks of a table; none where no column is shuffled.
    ///
    /// # Safety
    /// The table is open, and the masks are those of its columns.
    pub unsafe fn open(part: &Part, table: pg_sys::Relation, masks: &[ColumnMask]) -> Self {
        if !masks.iter().any(ColumnMask::deals) {
            return Self(Vec::new());
        }
        let decks = states(part.relid).into_iter().filter_map(|state| {
            let number = masks
                .iter()
                .position(|mask| mask.column.attnum == state.attnum)?;
            // SAFETY: by the caller's promise.
            let deck = unsafe { Deck::open(part, table, &masks[number], state) };
            Some((number, Rc::new(RefCell::new(deck))))
        });
        Self(decks.collect())
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Has the masks take values from the decks.
    pub fn attach(&self, masks: &mut [ColumnMask]) {
        for (number, deck) in &self.0 {
            masks[*number].action = Action::Dealt(deck.clone());
        }
    }

    /// Promises a row a value for each column that gives it one; false if one has none left.
    ///
    /// # Safety
    /// The slot holds a row of the table.
    pub unsafe fn promise(&self, masks: &[ColumnMask], slot: *mut pg_sys::TupleTableSlot) -> bool {
        // SAFETY: by the caller's promise.
        let wants = |number: &usize| unsafe { masks[*number].dealt_value(slot).is_some() };
        let wanting = || self.0.iter().filter(|(number, _)| wants(number));
        let has_all = wanting().all(|(_, deck)| deck.borrow().left() > 0);
        if has_all {
            for (_, deck) in wanting() {
                deck.borrow_mut().promised += 1;
            }
        }
        has_all
    }

    /// Begins to take values back, for the rows of this step.
    ///
    /// # Safety
    /// The table is open.
    pub unsafe fn take_hands(&self, table: pg_sys::Relation, masks: &[ColumnMask]) {
        for (number, deck) in &self.0 {
            let index = masks[*number].index;
            // SAFETY: by the caller's promise. The sort outlives the step's memory.
            let hand = unsafe {
                PgMemoryContexts::TopTransactionContext.switch_to(|_| Shuffle::empty(table, index))
            };
            deck.borrow_mut().hand = Some(hand);
        }
    }

    /// Takes back what a row was dealt whose masked form is deleted. Where only some rows are dealt
    /// values, it is not known whether this one was.
    ///
    /// # Safety
    /// The cells are those of a masked row of the table.
    pub unsafe fn give_back(&self, masks: &[ColumnMask], values: &[Datum], nulls: &[bool]) {
        for (number, deck) in &self.0 {
            let mask = &masks[*number];
            if !nulls[mask.index] && !mask.is_conditional() {
                // SAFETY: by the caller's promise.
                unsafe { deck.borrow_mut().give_back(values[mask.index]) };
            }
        }
    }

    /// Takes back what a row was dealt under a condition: one that is there as it was, so that it is
    /// known whether it was dealt anything.
    ///
    /// # Safety
    /// The slot holds a row of the table, the cells are those of the same row, masked.
    pub unsafe fn take_back(
        &self,
        masks: &[ColumnMask],
        slot: *mut pg_sys::TupleTableSlot,
        values: &[Datum],
        nulls: &[bool],
    ) {
        for (number, deck) in &self.0 {
            let mask = &masks[*number];
            // SAFETY: by the caller's promise.
            unsafe {
                // A change that has not been carried over may have put a value where NULL was.
                if mask.is_conditional() && mask.dealt_value(slot).is_some() && !nulls[mask.index] {
                    deck.borrow_mut().give_back(values[mask.index]);
                }
            }
        }
    }

    /// Counts a row that is to be dealt values among `wanted`, and has its own values join where that
    /// is needed; gives whether one does.
    ///
    /// # Safety
    /// The slot holds a row of the table.
    pub unsafe fn count(
        &self,
        masks: &[ColumnMask],
        slot: *mut pg_sys::TupleTableSlot,
        wanted: &mut [u64],
    ) -> bool {
        let mut joins = false;
        for ((number, deck), wanted) in self.0.iter().zip(wanted) {
            // SAFETY: by the caller's promise.
            unsafe {
                if let Some(value) = masks[*number].dealt_value(slot) {
                    *wanted += 1;
                    joins |= deck.borrow_mut().join(value, *wanted);
                }
            }
        }
        joins
    }

    /// The number of decks.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts what has been taken back into random order.
    pub fn mix(&self) {
        for (_, deck) in &self.0 {
            if let Some(hand) = &mut deck.borrow_mut().hand {
                // SAFETY: the context that it was made in; called once a step.
                unsafe { PgMemoryContexts::TopTransactionContext.switch_to(|_| hand.sort()) };
            }
        }
    }

    /// Closes the decks, and notes what they have dealt. No mask takes values from them any more.
    pub fn close(self) {
        for (_, deck) in self.0 {
            if let Some(deck) = Rc::into_inner(deck) {
                let mut deck = deck.into_inner();
                deck.keep_rest();
                deck.close();
            }
        }
    }
}

/// Leaves values as they are: they are looked up where they have been written.
struct Kept;

impl Deal for Kept {
    fn next(&mut self, own: Datum) -> Datum {
        own
    }
}

/// Has shuffled columns stay as they are; gives their positions.
pub fn keep(masks: &mut [ColumnMask]) -> Vec<usize> {
    let mut kept = Vec::new();
    for mask in masks.iter_mut().filter(|mask| mask.deals()) {
        mask.action = Action::Dealt(Rc::new(RefCell::new(Kept)));
        kept.push(mask.index);
    }
    kept
}
