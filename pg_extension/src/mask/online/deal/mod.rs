//! `shuffle` while the table is used: the values of a column lie in a deck, a table of the extension's
//! own, and each row that is masked takes one.
//!
//! The deck is put into random order once it is complete, and is dealt from its beginning; how far,
//! commits with the batch, so a killed run goes on where it was.
//!
//! Rows that change meanwhile give back what they were dealt, and take of what was given back. Where
//! that is too little, since rows have been added, their own values are dealt too, together with those
//! of some other rows. So each value is there as often as before; in a unique column never twice.

mod deck;
mod prepare;

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};

use super::super::batch::ColumnMask;
use super::setup;
use super::state::{self, bigint, oid};
pub use deck::{Deals, keep};
pub use prepare::{begin, check, complete, drop_all, gather, is_left, unique_columns};

/// Columns of a deck: what it is sorted by; in a unique column, a hash to find a value by; and the
/// value. Values that have joined later have a hash of their own row, without the value.
const KEY: usize = 0;
const HASH: usize = 1;
const VALUE: usize = 2;

/// What is known of one column: a row of the table `online_deal_<number>`.
struct State {
    attnum: i16,
    deck: Oid,
    /// The index on hashes, where the column is unique and the deck complete.
    hashes: Oid,
    is_unique: bool,
    is_complete: bool,
    /// The first block of the table whose values have not been read.
    next_block: u32,
    /// How many values the deck has got.
    cards: u64,
    /// How many of them have been dealt.
    dealt: u64,
    /// The place of the last that has been.
    last: (u32, u16),
}

/// Of a table that is masked, what deals its columns' values; empty where no column is shuffled.
fn states(relid: Oid) -> Vec<State> {
    let name = state::name_of("deal", relid);
    if setup::named(&name) == pg_sys::InvalidOid {
        return Vec::new();
    }
    state::read(
        &format!(
            "SELECT attnum, deck, hashes, is_unique, is_complete, next_block, cards, dealt, last_block, last_line
             FROM synth.{name} ORDER BY attnum"
        ),
        &[],
        |row| {
            let id =
                |column| Ok::<_, pgrx::spi::Error>(row.get(column)?.unwrap_or(pg_sys::InvalidOid));
            let number =
                |column| Ok::<_, pgrx::spi::Error>(row.get::<i64>(column)?.unwrap_or(0) as u64);
            Ok(Some(State {
                attnum: row.get(1)?.unwrap_or(0),
                deck: id(2)?,
                hashes: id(3)?,
                is_unique: row.get(4)?.unwrap_or(false),
                is_complete: row.get(5)?.unwrap_or(false),
                next_block: number(6)? as u32,
                cards: number(7)?,
                dealt: number(8)?,
                last: (number(9)? as u32, number(10)? as u16),
            }))
        },
    )
}

impl State {
    fn save(&self, relid: Oid) {
        // An invalid OID is handed over as NULL.
        state::run(
            &format!(
                "UPDATE synth.{} SET hashes = COALESCE($2, 0::oid), is_complete = $3, next_block = $4, cards = $5,
                    dealt = $6, last_block = $7, last_line = $8 WHERE attnum = $1",
                state::name_of("deal", relid)
            ),
            &[
                (pg_sys::INT2OID, self.attnum.into_datum()),
                oid(self.hashes),
                (pg_sys::BOOLOID, self.is_complete.into_datum()),
                bigint(i64::from(self.next_block)),
                bigint(self.cards as i64),
                bigint(self.dealt as i64),
                bigint(i64::from(self.last.0)),
                bigint(i64::from(self.last.1)),
            ],
        );
    }
}

fn deck_name(relid: Oid, attnum: i16) -> String {
    format!("{}_{attnum}", state::name_of("deck", relid))
}

/// What hashes values of the column so that equal ones have equal hashes.
fn hash_function(mask: &ColumnMask) -> Option<Oid> {
    let kind = pg_sys::TYPECACHE_HASH_EXTENDED_PROC as i32;
    // SAFETY: the type exists while the column does; the cache entry is permanent.
    let function =
        unsafe { (*pg_sys::lookup_type_cache(mask.column.base_oid, kind)).hash_extended_proc };
    (function != pg_sys::InvalidOid).then_some(function)
}
