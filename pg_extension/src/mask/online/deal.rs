//! `shuffle` while the table is used: the values of a column lie in a deck, a table of the extension's
//! own, and each row that is masked takes one.
//!
//! A random permutation, whose key lies in a table that goes with the run, says which: a value that is
//! read in one place is dealt to a row in any other. What is dealt when is known from a counter that
//! commits with the batch, so a killed run goes on where it was.
//!
//! Rows that change meanwhile give back what they were dealt, and take of what was given back. Where
//! that is too little, since rows have been added, their own values are dealt too, together with those
//! of some other rows. So each value is there as often as before; in a unique column never twice.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;

use pgrx::IntoDatum;
use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use synth_engine::secret::{Cipher, Secret};

use super::super::batch::{Action, ColumnMask, Deal, column_masks};
use super::super::catalog;
use super::super::other::prepared;
use super::super::owner::AsOwner;
use super::super::plan::{Plan, Rules};
use super::super::random::Random;
use super::super::shuffle::Shuffle;
use super::state::{self, Part, bigint, oid};
use super::{copy, setup};
use crate::boundary::{check_for_interrupts, datumCopy};
use crate::error::raise;

/// Columns of a deck. A value that is dealt has a position. The hash is there where the column is
/// unique, to find a value by.
const POSITION: usize = 0;
const HASH: usize = 1;
const VALUE: usize = 2;

/// What is known of one column: a row of the table `online_deal_<number>`.
struct State {
    attnum: i16,
    deck: Oid,
    positions: Oid,
    hashes: Oid,
    key: [u8; 32],
    is_unique: bool,
    /// The first block of the table whose values have not been read.
    next_block: u32,
    /// How many have been read.
    gathered: u64,
    /// How many have come back later.
    added: u64,
    /// How many are with rows.
    dealt: u64,
}

/// Of a table that is masked, what deals its columns' values; empty where no column is shuffled.
fn states(relid: Oid) -> Vec<State> {
    let name = state::name_of("deal", relid);
    if setup::named(&name) == pg_sys::InvalidOid {
        return Vec::new();
    }
    state::read(
        &format!(
            "SELECT attnum, deck, positions, hashes, key, is_unique, next_block, gathered, added, dealt
             FROM synth.{name} ORDER BY attnum"
        ),
        &[],
        |row| {
            let id =
                |column| Ok::<_, pgrx::spi::Error>(row.get(column)?.unwrap_or(pg_sys::InvalidOid));
            let number =
                |column| Ok::<_, pgrx::spi::Error>(row.get::<i64>(column)?.unwrap_or(0) as u64);
            let key = row.get::<Vec<u8>>(5)?.unwrap_or_default();
            Ok(Some(State {
                attnum: row.get(1)?.unwrap_or(0),
                deck: id(2)?,
                positions: id(3)?,
                hashes: id(4)?,
                key: key.try_into().unwrap_or([0; 32]),
                is_unique: row.get(6)?.unwrap_or(false),
                next_block: number(7)? as u32,
                gathered: number(8)?,
                added: number(9)?,
                dealt: number(10)?,
            }))
        },
    )
}

impl State {
    fn save(&self, relid: Oid) {
        state::run(
            &format!(
                "UPDATE synth.{} SET next_block = $2, gathered = $3, added = $4, dealt = $5 WHERE attnum = $1",
                state::name_of("deal", relid)
            ),
            &[
                (pg_sys::INT2OID, self.attnum.into_datum()),
                bigint(i64::from(self.next_block)),
                bigint(self.gathered as i64),
                bigint(self.added as i64),
                bigint(self.dealt as i64),
            ],
        );
    }
}

/// The shuffled columns of a plan that are unique, as text for its definition.
pub fn unique_columns(plan: &Plan) -> Vec<String> {
    catalog::unique_columns(&plan.tables)
        .into_iter()
        .map(|(relid, column, _)| (relid, column))
        .filter(|column| plan.rules.get(column).is_some_and(catalog::is_shuffle))
        .map(|(relid, column)| format!("{} {column} is unique", relid.to_u32()))
        .collect()
}

/// Refuses columns whose values cannot be dealt while others change them.
pub fn check(relid: Oid, masks: &[ColumnMask]) {
    for mask in masks.iter().filter(|mask| mask.deals()) {
        let problem = if let Some(constraint) =
            catalog::exclusion_constraint(relid, mask.column.attnum)
        {
            format!(
                "takes part in constraint \"{constraint}\", which values that others change meanwhile could break"
            )
        } else if is_unique(relid, mask) && hash_function(mask).is_none() {
            "is unique, and its type has no hash function to look values up by".to_owned()
        } else {
            continue;
        };
        raise(
            ERRCODE_FEATURE_NOT_SUPPORTED,
            format!(
                "column {} {problem}: it cannot be shuffled online",
                mask.column.display()
            ),
            Some(format!(
                "SELECT synth_mask_table({}), which locks the table until it has committed; or use another mask.",
                setup::quoted(relid)
            )),
        );
    }
}

fn is_unique(relid: Oid, mask: &ColumnMask) -> bool {
    catalog::unique_columns(&[relid])
        .iter()
        .any(|(_, column, _)| *column == mask.column.name)
}

/// What hashes values of the column so that equal ones have equal hashes.
fn hash_function(mask: &ColumnMask) -> Option<Oid> {
    let kind = pg_sys::TYPECACHE_HASH_EXTENDED_PROC as i32;
    // SAFETY: the type exists while the column does; the cache entry is permanent.
    let function =
        unsafe { (*pg_sys::lookup_type_cache(mask.column.base_oid, kind)).hash_extended_proc };
    (function != pg_sys::InvalidOid).then_some(function)
}

/// Makes the decks of a table that a run begins on; gives whether there is any. Autovacuum keeps off,
/// which would have ANALYZE put values into the statistics.
pub fn begin(relid: Oid, masks: &[ColumnMask], unlogged: &str) -> bool {
    let shuffled: Vec<&ColumnMask> = masks.iter().filter(|mask| mask.deals()).collect();
    if shuffled.is_empty() {
        return false;
    }
    let deal = state::name_of("deal", relid);
    state::run(
        &format!(
            "CREATE {unlogged}TABLE synth.{deal} (attnum smallint PRIMARY KEY, deck oid NOT NULL,
                positions oid NOT NULL DEFAULT 0, hashes oid NOT NULL DEFAULT 0, key bytea NOT NULL, is_unique boolean NOT NULL,
                next_block bigint NOT NULL DEFAULT 0, gathered bigint NOT NULL DEFAULT 0,
                added bigint NOT NULL DEFAULT 0, dealt bigint NOT NULL DEFAULT 0) WITH (autovacuum_enabled = off)"
        ),
        &[],
    );
    let mut made = vec![setup::named(&deal)];
    let mut random = Random::new();
    for mask in shuffled {
        let attnum = mask.column.attnum;
        let name = deck_name(relid, attnum);
        state::run(
            &format!(
                "CREATE {unlogged}TABLE synth.{name} (position bigint, hash bigint, value {}) WITH (autovacuum_enabled = off)",
                catalog::column_definition(relid, attnum)
            ),
            &[],
        );
        let deck = setup::named(&name);
        made.push(deck);
        let key: Vec<u8> = (0..4).flat_map(|_| random.next().to_ne_bytes()).collect();
        state::run(
            &format!(
                "INSERT INTO synth.{deal} (attnum, deck, key, is_unique) VALUES ($1, $2, $3, $4)"
            ),
            &[
                (pg_sys::INT2OID, attnum.into_datum()),
                oid(deck),
                (pg_sys::BYTEAOID, key.into_datum()),
                (pg_sys::BOOLOID, is_unique(relid, mask).into_datum()),
            ],
        );
    }
    for made in made {
        setup::goes_with(made, relid);
        setup::keep_from_subscribers(made, relid);
    }
    true
}

fn deck_name(relid: Oid, attnum: i16) -> String {
    format!("{}_{attnum}", state::name_of("deck", relid))
}

/// Whether the decks of a table are still there: those of an unlogged one are empty after a crash.
pub fn is_left(relid: Oid) -> bool {
    let deal = setup::named(&state::name_of("deal", relid));
    deal == pg_sys::InvalidOid || !states(relid).is_empty()
}

/// Drops what was made for a table.
pub fn drop_all(relid: Oid) {
    for deck in catalog::tables_named(
        state::schema(),
        &format!("{}_", state::name_of("deck", relid)),
    ) {
        setup::drop_relation(deck);
    }
    let deal = setup::named(&state::name_of("deal", relid));
    if deal != pg_sys::InvalidOid {
        setup::drop_relation(deal);
    }
}

/// Reads the values of the next blocks, until so many rows are read; gives their number, or nothing
/// where all have been read before. Blocks are read whole.
pub fn gather(part: &Part, rules: &Rules, rows: usize) -> Option<usize> {
    let mut states = states(part.relid);
    let first = states.first()?.next_block;
    if first >= part.blocks {
        return None;
    }
    let mut read = 0;
    // SAFETY: all is opened and closed here; after an error the transaction's end does it.
    unsafe {
        let table = copy::open_table(part);
        let owner = AsOwner::of(part.relid);
        let masks = column_masks(table, rules);
        let mut memory = PgMemoryContexts::new("pg_synth deck");
        let mut decks: Vec<(Deck, &ColumnMask)> = states
            .drain(..)
            .filter_map(|state| {
                let mask = masks.iter().find(|m| m.column.attnum == state.attnum)?;
                Some((Deck::open(part, table, mask, state), mask))
            })
            .collect();
        let end = copy::scan_blocks(table, first, part.blocks, |slot, is_further| {
            if is_further && read >= rows {
                return false;
            }
            read += 1;
            for (deck, mask) in &mut decks {
                memory.switch_to(|_| {
                    if let Some(value) = mask.dealt_value(slot) {
                        let position = deck.state.gathered;
                        deck.state.gathered += 1;
                        let hash = deck.hash(value);
                        deck.insert(Some(position), hash, Some(value));
                    }
                });
            }
            memory.reset();
            true
        });
        drop(owner);
        for (mut deck, _) in decks {
            deck.state.next_block = end;
            deck.close();
        }
        pg_sys::table_close(table, pg_sys::NoLock as i32);
    }
    Some(read)
}

/// Builds the indexes of the decks of a table, which have all their values.
pub fn build_indexes(relid: Oid) {
    let deal = state::name_of("deal", relid);
    for deck in states(relid)
        .iter()
        .filter(|deck| deck.positions == pg_sys::InvalidOid)
    {
        let name = deck_name(relid, deck.attnum);
        let build = |column: &str, unique: &str| {
            let index = format!("{name}_{column}");
            state::run(
                &format!("CREATE {unique}INDEX {index} ON synth.{name} ({column})"),
                &[],
            );
            setup::named(&index)
        };
        let note = |column: &str, index: Oid| {
            state::run(
                &format!("UPDATE synth.{deal} SET {column} = $2 WHERE attnum = $1"),
                &[(pg_sys::INT2OID, deck.attnum.into_datum()), oid(index)],
            );
        };
        note("positions", build("position", "UNIQUE "));
        if deck.is_unique {
            note("hashes", build("hash", ""));
            let gathered = drop_doubles(&name, deck.gathered);
            state::run(
                &format!("UPDATE synth.{deal} SET gathered = $2 WHERE attnum = $1"),
                &[
                    (pg_sys::INT2OID, deck.attnum.into_datum()),
                    bigint(gathered as i64),
                ],
            );
        }
    }
}

/// Takes out of a deck what was read twice, since it moved from one row to another while the table was
/// read, and closes the gaps; gives how many are left.
fn drop_doubles(deck: &str, gathered: u64) -> u64 {
    let doubles = state::read(
        &format!(
            "SELECT position FROM (
                SELECT position, pg_catalog.row_number() OVER (PARTITION BY hash ORDER BY position) AS number
                FROM synth.{deck}) p
             WHERE number > 1 ORDER BY position DESC"
        ),
        &[],
        |row| row.get::<i64>(1),
    );
    let mut left = gathered;
    for double in doubles {
        check_for_interrupts();
        left -= 1;
        state::run(
            &format!("DELETE FROM synth.{deck} WHERE position = $1"),
            &[bigint(double)],
        );
        // Where the double was the last, there is none to move.
        state::run(
            &format!("UPDATE synth.{deck} SET position = $1 WHERE position = $2"),
            &[bigint(double), bigint(left as i64)],
        );
    }
    left
}

/// The values of one column, open.
struct Deck {
    state: State,
    /// The table that is masked.
    relid: Oid,
    relation: pg_sys::Relation,
    indexes: pg_sys::CatalogIndexState,
    permutation: Cipher,
    /// Where the column is unique: a hash function of its type.
    hash: Option<(*mut pg_sys::FmgrInfo, Oid, u64)>,
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
    unsafe fn open(part: &Part, table: pg_sys::Relation, mask: &ColumnMask, state: State) -> Self {
        if !state::exists(state.deck) {
            copy::changed(part.relid);
        }
        // SAFETY: by the caller's promise; closed by `close`. The function's memory is the step's.
        unsafe {
            let attribute = (*(*table).rd_att).attrs.as_slice(mask.index + 1)[mask.index];
            let relation = pg_sys::table_open(state.deck, pg_sys::RowExclusiveLock as i32);
            let secret = Secret::new(state.key);
            let seed = secret.cipher("hashes of a deck").encrypt([0; 16]);
            let hash = hash_function(mask).filter(|_| state.is_unique);
            Self {
                relid: part.relid,
                relation,
                indexes: pg_sys::CatalogOpenIndexes(relation),
                permutation: secret.cipher("order of a deck"),
                hash: hash.map(|function| {
                    let seed = u64::from_ne_bytes(seed.as_chunks::<8>().0[0]);
                    (prepared(function), attribute.attcollation, seed)
                }),
                by_value: attribute.attbyval,
                length: attribute.attlen,
                hand: None,
                joined: HashSet::new(),
                promised: 0,
                state,
            }
        }
    }

    fn close(self) {
        // SAFETY: opened by `open`.
        unsafe {
            pg_sys::CatalogCloseIndexes(self.indexes);
            pg_sys::table_close(self.relation, pg_sys::NoLock as i32);
        }
        self.state.save(self.relid);
    }

    /// The hash of a value, where the column is unique.
    ///
    /// # Safety
    /// The value is of the column's type.
    unsafe fn hash(&self, value: Datum) -> Option<i64> {
        let (function, collation, seed) = self.hash?;
        // SAFETY: by the caller's promise.
        let hash =
            unsafe { pg_sys::FunctionCall2Coll(function, collation, value, Datum::from(seed)) };
        Some(hash.value() as i64)
    }

    /// # Safety
    /// The value is of the column's type.
    unsafe fn insert(&mut self, position: Option<u64>, hash: Option<i64>, value: Option<Datum>) {
        let position = position.map(|position| position as i64);
        let mut values = [Datum::null(); 3];
        values[POSITION] = position.map_or_else(Datum::null, Datum::from);
        values[HASH] = hash.map_or_else(Datum::null, Datum::from);
        values[VALUE] = value.unwrap_or_else(Datum::null);
        let mut nulls = [position.is_none(), hash.is_none(), value.is_none()];
        // SAFETY: by the caller's promise; the tuple is formed for this table.
        unsafe {
            let desc = (*self.relation).rd_att;
            let tuple = pg_sys::heap_form_tuple(desc, values.as_mut_ptr(), nulls.as_mut_ptr());
            pg_sys::CatalogTupleInsertWithInfo(self.relation, tuple, self.indexes);
            pg_sys::heap_freetuple(tuple);
        }
    }

    /// Reads the first row of the deck that an index finds.
    ///
    /// # Safety
    /// The index is one on the column, which is a bigint.
    unsafe fn find<T>(
        &self,
        index: Oid,
        column: usize,
        key: i64,
        read: impl FnOnce(Datum) -> T,
    ) -> Option<T> {
        // SAFETY: by the caller's promise; the tuple is read before the scan ends. Nobody else writes
        // here, and what this step has written is seen.
        unsafe {
            let mut scan_key = pg_sys::ScanKeyData::default();
            pg_sys::ScanKeyInit(
                &raw mut scan_key,
                column as i16 + 1,
                pg_sys::BTEqualStrategyNumber as u16,
                pg_sys::F_INT8EQ.into(),
                Datum::from(key),
            );
            let snapshot = &raw mut pg_sys::SnapshotSelfData;
            let scan = pg_sys::systable_beginscan(
                self.relation,
                index,
                true,
                snapshot,
                1,
                &raw mut scan_key,
            );
            let tuple = pg_sys::systable_getnext(scan);
            let found = (!tuple.is_null()).then(|| {
                let mut values = [Datum::null(); 3];
                let mut nulls = [true; 3];
                let desc = (*self.relation).rd_att;
                pg_sys::heap_deform_tuple(tuple, desc, values.as_mut_ptr(), nulls.as_mut_ptr());
                read(values[VALUE])
            });
            pg_sys::systable_endscan(scan);
            found
        }
    }

    /// Whether a value is among those that are dealt, where the column is unique.
    ///
    /// # Safety
    /// The value is of the column's type.
    unsafe fn knows(&self, value: Datum) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            self.hash(value).is_none_or(|hash| {
                self.joined.contains(&hash)
                    || self.find(self.state.hashes, HASH, hash, |_| ()).is_some()
            })
        }
    }

    /// How many values no row has, and none has been promised.
    fn left(&self) -> u64 {
        let hand = self.hand.as_ref().map_or(0, |hand| hand.left);
        (hand + self.state.gathered + self.state.added)
            .saturating_sub(self.state.dealt + self.promised)
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
                    let position = self.state.gathered + self.state.added;
                    self.state.added += 1;
                    self.insert(Some(position), None, Some(value));
                });
                memory.reset();
            }
        }
    }
}

impl Deal for Deck {
    fn next(&mut self, own: Datum) -> Datum {
        self.promised = self.promised.saturating_sub(1);
        if let Some(hand) = &mut self.hand
            && hand.left > 0
        {
            return hand.next();
        }
        let State {
            dealt,
            gathered,
            added,
            positions,
            ..
        } = self.state;
        if dealt >= gathered + added {
            return own;
        }
        self.state.dealt += 1;
        let position = if dealt < gathered {
            let place = self
                .permutation
                .permute(u128::from(gathered), u128::from(dealt), 0);
            place as i64
        } else {
            dealt as i64
        };
        // SAFETY: the value is copied before its row is let go of.
        let value = unsafe {
            self.find(positions, POSITION, position, |value| {
                datumCopy(value, self.by_value, i32::from(self.length))
            })
        };
        value.unwrap_or_else(|| copy::changed(self.relid))
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

    /// Promises a row a value for each column that gives it one; false if one has none left, or, in a
    /// unique column, the row's own is not among those that are dealt.
    ///
    /// # Safety
    /// The slot holds a row of the table.
    pub unsafe fn promise(&self, masks: &[ColumnMask], slot: *mut pg_sys::TupleTableSlot) -> bool {
        let wanting = self.wanting(masks, slot);
        // SAFETY: by the caller's promise.
        let has = |(deck, value): &(&Rc<RefCell<Deck>>, Datum)| unsafe {
            let deck = deck.borrow();
            deck.left() > 0 && deck.knows(*value)
        };
        if !wanting.iter().all(has) {
            return false;
        }
        for (deck, _) in wanting {
            deck.borrow_mut().promised += 1;
        }
        true
    }

    /// The decks of which a row takes a value, with its own.
    fn wanting(
        &self,
        masks: &[ColumnMask],
        slot: *mut pg_sys::TupleTableSlot,
    ) -> Vec<(&Rc<RefCell<Deck>>, Datum)> {
        let decks = self.0.iter();
        decks
            .filter_map(|(number, deck)| {
                // SAFETY: by the promise of the callers.
                let value = unsafe { masks[*number].dealt_value(slot) };
                value.map(|value| (deck, value))
            })
            .collect()
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
