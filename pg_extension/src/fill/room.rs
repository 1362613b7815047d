//! How many rows there is room for where uniqueness cannot be planned: the candidates' keys are
//! compared without writing them, as the load would.
//!
//! Keys are compared by hashes of 64 bits. As many as fit into memory are looked at in one pass,
//! each candidate taken or refused as the load does. For more there are several passes over the
//! same candidates, each of which looks at the keys whose hash has one remainder: memory stays the
//! same, whatever the number of rows.

use std::collections::HashSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::ERRCODE_UNDEFINED_FUNCTION;
use pgrx::pg_sys;
use pgrx::spi::SpiHeapTupleData;
use synth_engine::fill::{Batch, Plan};

use super::catalog::Described;
use super::gate::{BATCH, Gate};
use super::insert::PATIENCE;
use super::privileges::may_read;
use super::subtransaction::attempt;
use crate::boundary::check_for_interrupts;
use crate::query::{query, scan};

/// So many keys are kept in memory, at about 20 bytes each.
const MOST_KEYS: u64 = 4_000_000;

/// Candidates are looked at up to so many times the rows asked for, where several passes are needed.
const MOST_CANDIDATES: u64 = 4;

/// Where several passes are needed, so many rows are looked for in one first.
const LEAST: u64 = 100_000;

/// What was found.
pub enum Room {
    /// There is room for so many rows, fewer than asked for; and the index that refuses most.
    For(u64, String),
    /// There is room for all.
    Enough,
    /// There is room for so many at least; how many more was not found out.
    Atleast(u64),
}

/// A unique index as an expression over a row: the hash of its key, NULL where it does not hold.
struct Key {
    name: String,
    columns: Vec<String>,
    condition: String,
}

impl Key {
    fn hash(&self, function: &str) -> String {
        format!(
            "CASE WHEN {} THEN {} END",
            self.condition,
            function.replace("{}", &format!("ROW({})", self.columns.join(", ")))
        )
    }
}

/// Hashes of keys; of types that have no hash function, of their text.
const OF_VALUES: &str = "pg_catalog.hash_record_extended({}, 0)";
const OF_TEXT: &str = "pg_catalog.hashtextextended({}::pg_catalog.text, 0)";

/// How many of `rows` rows the unproven unique indexes of a table let pass; in at most `passes`
/// passes over the candidates.
pub fn room(described: &Described, plan: &Plan, gate: &Gate, rows: u64, passes: u64) -> Room {
    let Some(search) = Search::new(described, plan, gate) else {
        return Room::Enough;
    };
    match search.in_one_pass(rows) {
        Some(room) => room,
        None => search.in_passes(rows, passes),
    }
}

fn hashes(row: &SpiHeapTupleData) -> pgrx::spi::Result<Option<Vec<Option<i64>>>> {
    row.get::<Vec<Option<i64>>>(1)
}

/// A search for candidates whose keys differ.
struct Search<'a> {
    described: &'a Described,
    plan: &'a Plan,
    gate: &'a Gate,
    keys: Vec<Key>,
    /// The hashes of all keys of a row, as SQL.
    output: String,
}

/// Candidates whose keys no row has: where the database would have to be asked about one candidate
/// after the other, since it does not pass over conflicts of constraints that may be deferred.
pub struct Fresh<'a> {
    search: Search<'a>,
    taken: Vec<HashSet<i64>>,
}

impl<'a> Fresh<'a> {
    /// Reads the keys that are there; none where there are too many, or no index to look at.
    pub fn new(
        described: &'a Described,
        plan: &'a Plan,
        gate: &'a Gate,
        rows: u64,
    ) -> Option<Self> {
        let search = Search::new(described, plan, gate)?;
        if search.passes(rows) > 1 || !may_read(described.relid) {
            return None;
        }
        let mut taken: Vec<HashSet<i64>> = search.keys.iter().map(|_| HashSet::new()).collect();
        search.written(&mut taken);
        Some(Self { search, taken })
    }

    /// Those of a batch that pass the gate and have new keys, which count as taken from then on.
    pub fn passing(&mut self, batch: &Batch, rows: u64) -> Vec<usize> {
        let (gate, output) = (self.search.gate, &self.search.output);
        let mut fresh = Vec::new();
        for (row, hashes) in gate.select(output, batch, rows, &hashes) {
            let mut pairs = hashes.iter().zip(&self.taken);
            let clash = pairs.any(|(hash, taken)| hash.is_some_and(|hash| taken.contains(&hash)));
            if !clash {
                for (hash, taken) in hashes.into_iter().zip(&mut self.taken) {
                    taken.extend(hash);
                }
                fresh.push(row);
            }
        }
        fresh
    }
}

impl<'a> Search<'a> {
    /// None where no index has to be looked at.
    fn new(described: &'a Described, plan: &'a Plan, gate: &'a Gate) -> Option<Self> {
        let keys = keys(described, plan);
        if keys.is_empty() {
            return None;
        }
        let arrays = |function: &str| {
            let hashes: Vec<String> = keys.iter().map(|key| key.hash(function)).collect();
            format!("ARRAY[{}]::pg_catalog.int8[]", hashes.join(", "))
        };
        let mut output = arrays(OF_VALUES);
        let first = plan.batch(0..1);
        let no_function = |code| code == ERRCODE_UNDEFINED_FUNCTION;
        if attempt(|| gate.select(&output, &first, 1, &hashes), no_function).is_err() {
            output = arrays(OF_TEXT);
        }
        Some(Self {
            described,
            plan,
            gate,
            keys,
            output,
        })
    }

    /// How many passes it takes to look at so many candidates.
    fn passes(&self, candidates: u64) -> u64 {
        let existing = self.described.table.existing_rows;
        let keys = existing
            .saturating_add(candidates)
            .saturating_mul(self.keys.len() as u64);
        keys.div_ceil(MOST_KEYS).max(1)
    }

    /// The keys of rows that are there, as far as the caller sees them.
    fn existing(&self, read: impl FnMut(Vec<Option<i64>>)) {
        if self.described.table.existing_rows > 0 {
            self.stored(read);
        }
    }

    /// Adds the keys of rows that are there to a set for each index.
    fn written(&self, taken: &mut [HashSet<i64>]) {
        self.stored(|hashes| {
            for (hash, taken) in hashes.into_iter().zip(taken.iter_mut()) {
                taken.extend(hash);
            }
        });
    }

    fn stored(&self, mut read: impl FnMut(Vec<Option<i64>>)) {
        let sql = format!("SELECT {} FROM {} t", self.output, self.described.qualified);
        scan(&sql, |row| {
            if let Some(hashes) = hashes(row)? {
                read(hashes);
            }
            Ok(())
        });
    }

    /// The keys of candidates that pass the gate, in order, while `read` asks for more.
    fn candidates(&self, mut read: impl FnMut(Vec<Option<i64>>) -> bool) {
        let end = self.plan.candidates.unwrap_or(u64::MAX);
        let (mut next, mut fruitless) = (0, 0);
        while next < end && fruitless < PATIENCE {
            check_for_interrupts();
            let batch_end = end.min(next + BATCH);
            let batch = self.plan.batch(next..batch_end);
            let passing = self
                .gate
                .select(&self.output, &batch, batch_end - next, &hashes);
            fruitless = if passing.is_empty() {
                fruitless + BATCH
            } else {
                0
            };
            for (_, hashes) in passing {
                if !read(hashes) {
                    return;
                }
            }
            next = batch_end;
        }
    }

    /// Takes each candidate whose keys are all new, as the load does; none where there are more
    /// keys than fit into memory.
    fn in_one_pass(&self, rows: u64) -> Option<Room> {
        let needed = self.passes(rows);
        if needed > 1 && self.passes(LEAST) > 1 {
            return None;
        }
        // If all would fit, that is known. If not, few may be enough to see that there is no room.
        let most = if needed > 1 { LEAST } else { rows };
        let mut taken: Vec<HashSet<i64>> = self.keys.iter().map(|_| HashSet::new()).collect();
        self.existing(|hashes| {
            for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                taken.extend(hash);
            }
        });
        let mut refusals = vec![0_u64; self.keys.len()];
        let (mut fitting, mut fruitless) = (0_u64, 0_u64);
        if rows > 0 {
            self.candidates(|hashes| {
                let clash = hashes
                    .iter()
                    .zip(&taken)
                    .position(|(hash, taken)| hash.is_some_and(|hash| taken.contains(&hash)));
                if let Some(index) = clash {
                    refusals[index] += 1;
                    fruitless += 1;
                } else {
                    for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                        taken.extend(hash);
                    }
                    fitting += 1;
                    fruitless = 0;
                }
                fitting < most && fruitless < PATIENCE
            });
        }
        if fitting >= rows {
            return Some(Room::Enough);
        }
        if fitting >= most {
            return None;
        }
        let worst = (0..self.keys.len()).max_by_key(|&index| refusals[index]);
        let name = worst.map(|index| self.keys[index].name.clone());
        Some(Room::For(fitting, name.unwrap_or_default()))
    }

    /// The same for more keys than fit into memory: more candidates until there are enough, or no
    /// new keys come.
    fn in_passes(&self, rows: u64, passes: u64) -> Room {
        let mut candidates = rows;
        let mut before: Option<Distinct> = None;
        loop {
            if self.passes(candidates) > passes {
                // As far as the first pass looked, if there was one.
                let first = if self.passes(LEAST) > 1 {
                    0
                } else {
                    LEAST.min(rows)
                };
                return Room::Atleast(before.map_or(first, |found| found.clean));
            }
            let found = self.distinct(candidates);
            if found.clean >= rows {
                return Room::Enough;
            }
            let grown = before
                .as_ref()
                .map_or(u64::MAX, |before| found.most.saturating_sub(before.most));
            let looked = found.candidates - before.map_or(0, |before| before.candidates);
            let ended = found.candidates < candidates || grown < looked / PATIENCE;
            if ended && found.most < rows {
                return Room::For(found.most, self.keys[found.index].name.clone());
            }
            if ended || candidates >= rows.saturating_mul(MOST_CANDIDATES) {
                return Room::Atleast(found.clean);
            }
            candidates = candidates.saturating_mul(2);
            before = Some(found);
        }
    }

    /// Counts the keys of so many candidates.
    fn distinct(&self, candidates: u64) -> Distinct {
        let passes = self.passes(candidates);
        let mut counts = vec![0_u64; self.keys.len()];
        // A bit for each candidate: whether another has one of its keys before it.
        let mut repeated: Vec<u64> = Vec::new();
        let mut seen = 0_u64;
        for pass in 0..passes {
            let mut taken: Vec<HashSet<i64>> = self.keys.iter().map(|_| HashSet::new()).collect();
            let is_here = |hash: i64| hash.cast_unsigned() % passes == pass;
            self.existing(|hashes| {
                for (hash, taken) in hashes.into_iter().zip(&mut taken) {
                    taken.extend(hash.filter(|&hash| is_here(hash)));
                }
            });
            let mut place = 0_u64;
            self.candidates(|hashes| {
                for ((hash, taken), count) in hashes.into_iter().zip(&mut taken).zip(&mut counts) {
                    let is_new = match hash {
                        None => pass == 0,
                        Some(hash) if !is_here(hash) => continue,
                        Some(hash) => taken.insert(hash),
                    };
                    if is_new {
                        *count += 1;
                    } else if hash.is_some() {
                        mark(&mut repeated, place);
                    }
                }
                place += 1;
                place < candidates
            });
            seen = place;
        }
        let (index, most) = (0..counts.len())
            .map(|index| (index, counts[index]))
            .min_by_key(|&(_, count)| count)
            .unwrap_or((0, seen));
        let repeated: u64 = repeated
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum();
        Distinct {
            candidates: seen,
            clean: seen - repeated,
            most,
            index,
        }
    }
}

fn mark(bits: &mut Vec<u64>, place: u64) {
    let word = (place / 64) as usize;
    if bits.len() <= word {
        bits.resize(word + 1, 0);
    }
    bits[word] |= 1 << (place % 64);
}

/// What several passes found.
struct Distinct {
    /// So many candidates were looked at.
    candidates: u64,
    /// So many share no key with one before them.
    clean: u64,
    /// So many keys differ under the index that has the fewest: no more rows can be taken.
    most: u64,
    /// That index.
    index: usize,
}

/// The unique indexes that the plan does not promise, on the table or a partition, and exclusion
/// constraints that ask for equality alone.
fn keys(described: &Described, plan: &Plan) -> Vec<Key> {
    let names: Vec<String> = plan.unproven.iter().cloned().collect();
    query(
        "SELECT ic.relname::text,
                (SELECT array_agg(pg_get_indexdef(i.indexrelid, k, false) ORDER BY k)
                 FROM generate_series(1, i.indnkeyatts) k),
                pg_get_expr(i.indpred, i.indrelid),
                i.indnullsnotdistinct,
                pg_get_partition_constraintdef(i.indrelid)
         FROM pg_index i
         CROSS JOIN LATERAL (SELECT * FROM pg_class ic WHERE ic.oid = i.indexrelid OFFSET 0) ic
         WHERE (i.indisunique OR i.indisexclusion AND NOT EXISTS (
                   SELECT FROM pg_constraint k
                   JOIN unnest(k.conexclop) e (operator) ON true
                   JOIN pg_operator o ON o.oid = e.operator
                   WHERE k.conrelid = i.indrelid AND k.conindid = i.indexrelid AND k.contype = 'x' AND o.oprname <> '='))
           AND ic.relname = ANY ($2)
           AND i.indrelid = ANY (array(SELECT relid::oid FROM pg_partition_tree($1) UNION SELECT $1))
         ORDER BY 1",
        &[
            (pg_sys::OIDOID, described.relid.into_datum()),
            (pg_sys::TEXTARRAYOID, names.into_datum()),
        ],
        |row| {
            let Some(columns) = row.get::<Vec<String>>(2)? else {
                return Ok(None);
            };
            let mut conditions = vec!["true".to_owned()];
            if row.get::<bool>(4)? != Some(true) {
                let columns = columns.join(", ");
                conditions.push(format!("pg_catalog.num_nulls({columns}) = 0"));
            }
            for condition in [row.get::<String>(3)?, row.get::<String>(5)?] {
                conditions.extend(condition.map(|condition| format!("({condition})")));
            }
            Ok(row.get::<String>(1)?.map(|name| Key {
                name,
                columns,
                condition: conditions.join(" AND "),
            }))
        },
    )
}
