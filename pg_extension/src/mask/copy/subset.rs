//! A consistent subset: rows to start from, closed over the references.
//!
//! Chosen rows are held by their place (table and ctid, which do not change under one snapshot) in a
//! temporary table, so that Postgres plans the joins and spills what does not fit into memory.
//! First the rows that refer to chosen ones are added, as far as asked for; then, until nothing is
//! missing, the rows that chosen ones refer to. Circles end because a row is added once.

use std::collections::{BTreeMap, BinaryHeap, HashSet};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::spi::quote_identifier;

use super::request::{Request, Start};
use super::snapshot::{Place, Snapshot};
use super::source::{Reference, Source, from, qualified};
use crate::error::raise;
use crate::query::{Parameter, execute, query, with_safe_path, with_settings};

/// The temporary table of chosen rows.
const CHOSEN: &str = "pg_temp.synth_subset";

/// The domain of the keyed hash that decides which rows a share consists of.
const DOMAIN: &str = "subset";

/// Places written at a time.
const CHUNK: usize = 10_000;

/// The chosen rows of a subset.
pub struct Subset<'a> {
    source: &'a Source,
    snapshot: &'a Snapshot,
}

impl<'a> Subset<'a> {
    /// Chooses the rows that a request asks for.
    pub fn choose(
        source: &'a Source,
        snapshot: &'a Snapshot,
        starts: &BTreeMap<String, Start>,
        request: &Request,
    ) -> Self {
        let subset = Self { source, snapshot };
        with_safe_path(|| {
            for statement in [
                format!(
                    "CREATE TEMPORARY TABLE {CHOSEN} (rel oid NOT NULL, tid tid NOT NULL, step integer NOT NULL) ON COMMIT DROP"
                ),
                format!("CREATE UNIQUE INDEX ON {CHOSEN} (rel, tid)"),
                format!("CREATE INDEX ON {CHOSEN} (step)"),
            ] {
                execute(&statement, &[]);
            }
        });
        let mut begun = HashSet::new();
        for (name, start) in starts {
            let table = source.tops().find(|table| table.name == *name);
            let Some(table) = table else {
                raise(
                    ERRCODE_UNDEFINED_TABLE,
                    format!(
                        "subset names table {name}, which schema {} does not have",
                        source.schema
                    ),
                    Some(format!("Tables: {}.", source.names())),
                )
            };
            if subset.start(table.relid, start) > 0 {
                begun.insert(table.relid);
            }
        }
        let mut step = subset.follow(begun, 0, request.children, Direction::Down);
        let all = source.tops().map(|table| table.relid).collect();
        step = subset.follow(all, step, u32::MAX, Direction::Up);
        debug_assert!(step < i32::MAX as u32);
        subset
    }

    /// Chooses the rows of a table to start from.
    fn start(&self, relid: Oid, start: &Start) -> u64 {
        let Some(table) = self.source.table(relid) else {
            return 0;
        };
        let name = quote_identifier(&table.name);
        let rows = from(&self.source.schema, table);
        let condition = start.condition.as_ref();
        let filter = if condition.is_some() { " WHERE $1" } else { "" };
        if start.percent.is_none() && start.rows.is_none() {
            let sql = format!(
                "INSERT INTO {CHOSEN} (rel, tid, step) SELECT {name}.tableoid, {name}.ctid, 0 FROM {rows}{filter}"
            );
            return self.snapshot.execute(&sql, &[], condition);
        }
        let key = crate::secret::current().key(DOMAIN);
        let sql = format!(
            "SELECT {name}.tableoid, {name}.ctid, {} FROM {rows}{filter}",
            identity(relid, &table.name)
        );
        // Of all hashes, a share of p percent lies below p percent of the highest.
        let below = start
            .percent
            .map(|percent| (percent / 100.0 * 2f64.powi(64)) as u128);
        let most = start.rows.unwrap_or(usize::MAX);
        let mut chosen: BinaryHeap<(u64, u32, u64)> = BinaryHeap::new();
        let mut waiting: Vec<Place> = Vec::new();
        let mut written = 0;
        // Keys are written alike in every session.
        let settings = [
            (c"DateStyle", c"ISO"),
            (c"extra_float_digits", c"1"),
            (c"bytea_output", c"hex"),
        ];
        let each = |place, text: Option<&[u8]>| {
            let hash = key.words(text.unwrap_or_default())[0];
            if below.is_some_and(|below| u128::from(hash) >= below) {
                return;
            }
            if start.rows.is_none() {
                waiting.push(place);
                if waiting.len() == CHUNK {
                    written += self.add(&waiting);
                    waiting.clear();
                }
            } else if chosen.len() < most {
                chosen.push((hash, place.relid.to_u32(), place.tid));
            } else if let Some(mut last) = chosen.peek_mut()
                && hash < last.0
            {
                *last = (hash, place.relid.to_u32(), place.tid);
            }
        };
        with_settings(&settings, || self.snapshot.rows(&sql, condition, each));
        waiting.extend(chosen.into_iter().map(|(_, relid, tid)| Place {
            relid: Oid::from(relid),
            tid,
        }));
        for chunk in waiting.chunks(CHUNK) {
            written += self.add(chunk);
        }
        written
    }

    /// Adds places to the rows to start from.
    fn add(&self, places: &[Place]) -> u64 {
        let sql = format!(
            "INSERT INTO {CHOSEN} (rel, tid, step)
             SELECT u.rel, u.tid, 0
             FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) u (rel, tid)"
        );
        self.snapshot.execute(&sql, &arrays(places), None)
    }

    /// Follows references from the rows of steps 0 to `step`, at most so many times; gives the last
    /// step.
    fn follow(&self, begun: HashSet<Oid>, step: u32, times: u32, direction: Direction) -> u32 {
        let mut changed = begun;
        let mut steps = (0, step);
        let mut done = 0;
        while !changed.is_empty() && done < times {
            let next = steps.1 + 1;
            let mut grown = HashSet::new();
            for reference in &self.source.references {
                let child = self.source.top_of(reference.child);
                let parent = self.source.top_of(reference.parent);
                let (known, new) = match direction {
                    Direction::Up => (child, parent),
                    Direction::Down => (parent, child),
                };
                if changed.contains(&known) && self.reach(reference, steps, next, direction) > 0 {
                    grown.insert(new);
                }
            }
            changed = grown;
            steps = (next, next);
            done += 1;
        }
        steps.1
    }

    /// Adds what a reference leads to from the rows of some steps.
    fn reach(
        &self,
        reference: &Reference,
        steps: (u32, u32),
        next: u32,
        direction: Direction,
    ) -> u64 {
        let table = |relid| self.source.table(relid);
        let (Some(child), Some(parent)) = (table(reference.child), table(reference.parent)) else {
            return 0;
        };
        let schema = &self.source.schema;
        let (child, parent) = (from(schema, child), from(schema, parent));
        let matches: Vec<String> = reference
            .columns
            .iter()
            .map(|(referring, key, operator)| {
                let (key, referring) = (quote_identifier(key), quote_identifier(referring));
                format!("p.{key} {operator} c.{referring}")
            })
            .collect();
        let (new, new_rows, known, known_rows) = match direction {
            Direction::Up => ("p", parent, "c", child),
            Direction::Down => ("c", child, "p", parent),
        };
        let sql = format!(
            "INSERT INTO {CHOSEN} (rel, tid, step)
             SELECT {new}.tableoid, {new}.ctid, {next} FROM {new_rows} {new}
             WHERE EXISTS (
                 SELECT FROM {known_rows} {known}
                 JOIN {CHOSEN} x ON x.rel OPERATOR(pg_catalog.=) {known}.tableoid
                                AND x.tid OPERATOR(pg_catalog.=) {known}.ctid
                 WHERE x.step OPERATOR(pg_catalog.>=) {} AND x.step OPERATOR(pg_catalog.<=) {}
                   AND {})
             ON CONFLICT (rel, tid) DO NOTHING",
            steps.0,
            steps.1,
            matches.join(" AND ")
        );
        self.snapshot.execute(&sql, &[], None)
    }

    /// How many rows of a table are chosen.
    pub fn count(&self, top: Oid) -> i64 {
        let sql = format!("SELECT count(*) FROM {CHOSEN} WHERE rel = ANY ($1)");
        let leaves = super::source::oid_list(&self.source.leaves(top));
        query(&sql, &[leaves], |row| row.get(1)).pop().unwrap_or(0)
    }

    /// Forgets what was chosen.
    pub fn end() {
        with_safe_path(|| execute(&format!("DROP TABLE {CHOSEN}"), &[]));
    }
}

/// The places of a table's rows that belong to the copy, as a query of the caller's: row-level
/// security has the last word, whatever stands among the chosen rows.
pub fn places(schema: &str, table: &super::source::Table, chosen: bool) -> String {
    let rows = from(schema, table);
    let join = if chosen {
        format!(
            " JOIN {CHOSEN} x ON x.rel OPERATOR(pg_catalog.=) t.tableoid AND x.tid OPERATOR(pg_catalog.=) t.ctid"
        )
    } else {
        String::new()
    };
    format!("SELECT t.tableoid, t.ctid FROM {rows} t{join}")
}

/// How many rows of a table the caller sees.
pub fn count_visible(snapshot: &Snapshot, source: &Source, top: Oid) -> i64 {
    let Some(table) = source.table(top) else {
        return 0;
    };
    let rows = from(&source.schema, table);
    snapshot.number(&format!("SELECT pg_catalog.count(*) FROM {rows}"))
}

#[derive(Clone, Copy)]
enum Direction {
    /// From a row to those it refers to.
    Up,
    /// From a row to those that refer to it.
    Down,
}

/// What a row is recognized by, as SQL of type text: its primary key, or all of it.
fn identity(relid: Oid, table: &str) -> String {
    let columns = query(
        "SELECT a.attname::text
         FROM pg_index i
         CROSS JOIN LATERAL unnest(i.indkey::smallint[]) WITH ORDINALITY k (attnum, place)
         JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE i.indrelid = $1 AND i.indisprimary AND k.place <= i.indnkeyatts
         ORDER BY k.place",
        &[super::source::oid(relid)],
        |row| row.get::<String>(1),
    );
    let table = quote_identifier(table);
    if columns.is_empty() {
        return format!("ROW({table}.*)::pg_catalog.text");
    }
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("{table}.{}", quote_identifier(column)))
        .collect();
    format!("ROW({})::pg_catalog.text", columns.join(", "))
}

/// Places as two arrays.
fn arrays(places: &[Place]) -> Vec<Parameter> {
    let mut relids: Vec<Datum> = places
        .iter()
        .map(|place| Datum::from(place.relid))
        .collect();
    let mut pointers: Vec<pg_sys::ItemPointerData> = places
        .iter()
        .map(|place| {
            let mut pointer = pg_sys::ItemPointerData::default();
            pgrx::itemptr::u64_to_item_pointer(place.tid, &mut pointer);
            pointer
        })
        .collect();
    let mut tids: Vec<Datum> = pointers
        .iter_mut()
        .map(|pointer| Datum::from(std::ptr::from_mut(pointer)))
        .collect();
    let count = places.len() as i32;
    let size = size_of::<pg_sys::ItemPointerData>() as i32;
    // SAFETY: the elements are of these types and sizes; the arrays hold copies of them.
    unsafe {
        let relids = pg_sys::construct_array(
            relids.as_mut_ptr(),
            count,
            pg_sys::OIDOID,
            4,
            true,
            b'i' as _,
        );
        let tids = pg_sys::construct_array(
            tids.as_mut_ptr(),
            count,
            pg_sys::TIDOID,
            size,
            false,
            b's' as _,
        );
        vec![
            (pg_sys::OIDARRAYOID, Some(Datum::from(relids))),
            (pg_sys::TIDARRAYOID, Some(Datum::from(tids))),
        ]
    }
}

/// A table's full name, for messages.
pub fn display(source: &Source, name: &str) -> String {
    qualified(&source.schema, name)
}
