//! Decks: which columns can have one, and how one is made, filled and put into random order.

use pgrx::IntoDatum;
use pgrx::PgMemoryContexts;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use crate::error::raise;
use crate::mask::batch::{ColumnMask, column_masks};
use crate::mask::catalog;
use crate::mask::online::state::{self, Part, oid};
use crate::mask::online::{copy, setup};
use crate::mask::owner::AsOwner;
use crate::mask::plan::{Plan, Rules};
use crate::mask::random::Random;

use super::deck::Deck;
use super::{deck_name, hash_function, states};

/// The shuffled columns of a plan that are unique, as text for its definition.
pub fn unique_columns(plan: &Plan) -> Vec<String> {
    catalog::wholly_unique_columns(&plan.tables)
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
    catalog::wholly_unique_columns(&[relid])
        .iter()
        .any(|(_, column, _)| *column == mask.column.name)
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
                hashes oid NOT NULL DEFAULT 0, is_unique boolean NOT NULL, is_complete boolean NOT NULL DEFAULT false,
                next_block bigint NOT NULL DEFAULT 0, cards bigint NOT NULL DEFAULT 0, dealt bigint NOT NULL DEFAULT 0,
                last_block bigint NOT NULL DEFAULT 0, last_line bigint NOT NULL DEFAULT 0) WITH (autovacuum_enabled = off)"
        ),
        &[],
    );
    let mut made = vec![setup::named(&deal)];
    for mask in shuffled {
        let attnum = mask.column.attnum;
        let name = deck_name(relid, attnum);
        state::run(
            &format!(
                "CREATE {unlogged}TABLE synth.{name} (key bigint, hash bigint, value {}) WITH (autovacuum_enabled = off)",
                catalog::column_definition(relid, attnum)
            ),
            &[],
        );
        let deck = setup::named(&name);
        made.push(deck);
        state::run(
            &format!("INSERT INTO synth.{deal} (attnum, deck, is_unique) VALUES ($1, $2, $3)"),
            &[
                (pg_sys::INT2OID, attnum.into_datum()),
                oid(deck),
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
        let mut random = Random::new();
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
                        let hash = deck.hash(value);
                        deck.add(Some(random.next() as i64), hash, value);
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

/// Puts the decks of a table, which have all their values, into random order.
pub fn complete(relid: Oid) {
    for mut state in states(relid).into_iter().filter(|state| !state.is_complete) {
        let deck = deck_name(relid, state.attnum);
        if state.is_unique {
            // What was read twice, since it moved from one row to another while the table was read.
            state.cards -= state::run(
                &format!(
                    "DELETE FROM synth.{deck} WHERE ctid IN (SELECT place FROM (
                        SELECT ctid AS place, pg_catalog.row_number() OVER (PARTITION BY hash ORDER BY key) AS number
                        FROM synth.{deck}) d WHERE number > 1)"
                ),
                &[],
            );
        }
        for sql in [
            format!("CREATE INDEX {deck}_key ON synth.{deck} (key)"),
            format!("CLUSTER synth.{deck} USING {deck}_key"),
            format!("DROP INDEX synth.{deck}_key"),
        ] {
            state::run(&sql, &[]);
        }
        if state.is_unique {
            let index = format!("{deck}_hash");
            state::run(&format!("CREATE INDEX {index} ON synth.{deck} (hash)"), &[]);
            state.hashes = setup::named(&index);
        }
        state.is_complete = true;
        state.save(relid);
    }
}
