//! What is known of a run: rows of `synth.online_run`, `synth.online_part` and `synth.online_index`,
//! which commit together with what they tell.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};

use super::super::plan::Plan;
use super::deal;
use crate::query::{Parameter, execute, query, with_settings};

/// Until dropped, the current user is the owner of the extension's schema: the tables of a run are
/// nobody else's. Only statements of our own run so.
pub struct AsExtension {
    user: Oid,
    context: i32,
}

impl AsExtension {
    /// Becomes that owner.
    pub fn become_it() -> Self {
        // SAFETY: reads and sets the backend's user; Drop restores it, and so does an abort.
        unsafe {
            let schema = schema();
            let tuple = pg_sys::SearchSysCache1(
                pg_sys::SysCacheIdentifier::NAMESPACEOID as i32,
                pg_sys::Datum::from(schema),
            );
            let owner =
                (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_namespace>()).nspowner;
            pg_sys::ReleaseSysCache(tuple);
            let (mut user, mut context) = (pg_sys::InvalidOid, 0);
            pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
            let local = pg_sys::SECURITY_LOCAL_USERID_CHANGE as i32;
            pg_sys::SetUserIdAndSecContext(owner, context | local);
            Self { user, context }
        }
    }
}

impl Drop for AsExtension {
    fn drop(&mut self) {
        // SAFETY: undoes what was done.
        unsafe { pg_sys::SetUserIdAndSecContext(self.user, self.context) };
    }
}

/// The schema `synth`; an error if it is not there.
pub fn schema() -> Oid {
    // SAFETY: catalog look-up.
    unsafe { pg_sys::get_namespace_oid(c"synth".as_ptr(), false) }
}

/// Runs a statement as the extension's owner, where nothing of a user's is found or set.
pub fn run(sql: &str, parameters: &[Parameter]) -> u64 {
    let _extension = AsExtension::become_it();
    let settings = [
        (c"search_path", c"pg_catalog, pg_temp"),
        (c"default_tablespace", c""),
        (c"default_table_access_method", c"heap"),
    ];
    with_settings(&settings, || execute(sql, parameters))
}

/// Reads rows as the extension's owner.
pub fn read<T>(
    sql: &str,
    parameters: &[Parameter],
    row: impl FnMut(&pgrx::spi::SpiHeapTupleData) -> pgrx::spi::Result<Option<T>>,
) -> Vec<T> {
    let _extension = AsExtension::become_it();
    query(sql, parameters, row)
}

/// Parameters of queries.
pub fn oid(value: Oid) -> Parameter {
    (pg_sys::OIDOID, value.into_datum())
}

pub fn oids(values: &[Oid]) -> Parameter {
    (pg_sys::OIDARRAYOID, values.to_vec().into_datum())
}

pub fn text(value: &str) -> Parameter {
    (pg_sys::TEXTOID, value.into_datum())
}

pub fn bigint(value: i64) -> Parameter {
    (pg_sys::INT8OID, value.into_datum())
}

/// Where a run is. Each begins when the one before has committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Values of shuffled columns are read, to be dealt.
    Deal,
    /// Rows are copied.
    Copy,
    /// Changes noted meanwhile are carried over, before there are indexes.
    Changes,
    /// Indexes are built.
    Index,
    /// Changes noted meanwhile are carried over, until few are left for the swap.
    CatchUp,
    /// The masked files are in place; materialized views are refreshed.
    Refresh,
    /// Nothing is left to do.
    Done,
}

impl Phase {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Deal, "deal"),
        (Self::Copy, "copy"),
        (Self::Changes, "changes"),
        (Self::Index, "index"),
        (Self::CatchUp, "catch up"),
        (Self::Refresh, "refresh"),
        (Self::Done, "done"),
    ];

    /// As `synth.progress` shows it.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(phase, _)| *phase == self)
            .map_or("", |(_, name)| name)
    }

    fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(_, known)| *known == name)
            .map(|(phase, _)| *phase)
    }
}

/// One table of a run.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The table.
    pub relid: Oid,
    /// The masked heap, until it takes the table's place.
    pub shadow: Oid,
    /// Which rows have changed since the run began.
    pub log: Oid,
    /// Where in the shadow each row of the table is, and the index on that.
    pub map: Oid,
    pub map_index: Oid,
    /// What fills the log.
    pub trigger: Oid,
    /// The table's file when the run began, and the shadow's.
    pub filenode: Oid,
    pub shadow_filenode: Oid,
    /// How many blocks it had then.
    pub blocks: u32,
    /// The first that is not copied.
    pub next_block: u32,
}

/// The phase of a run, and the hash of what it was begun for.
pub fn find(target: Oid) -> Option<(Phase, String)> {
    read(
        "SELECT phase, definition FROM synth.online_run WHERE target = $1",
        &[oid(target)],
        |row| {
            let (phase, definition) = (row.get::<String>(1)?, row.get(2)?);
            Ok(phase
                .and_then(|name| Phase::from_name(&name))
                .zip(definition))
        },
    )
    .pop()
}

/// The tables of a run, in their order.
pub fn parts(target: Oid) -> Vec<Part> {
    read(
        "SELECT relid, shadow, log, map, map_index, trigger, filenode, blocks, next_block, shadow_filenode
         FROM synth.online_part WHERE target = $1 ORDER BY place",
        &[oid(target)],
        |row| {
            let id =
                |column| Ok::<_, pgrx::spi::Error>(row.get(column)?.unwrap_or(pg_sys::InvalidOid));
            let block =
                |column| Ok::<_, pgrx::spi::Error>(row.get::<i64>(column)?.unwrap_or(0) as u32);
            Ok(Some(Part {
                relid: id(1)?,
                shadow: id(2)?,
                log: id(3)?,
                map: id(4)?,
                map_index: id(5)?,
                trigger: id(6)?,
                filenode: id(7)?,
                blocks: block(8)?,
                next_block: block(9)?,
                shadow_filenode: id(10)?,
            }))
        },
    )
}

/// Which run a table takes part in.
pub fn run_of(relid: Oid) -> Option<Oid> {
    read(
        "SELECT target FROM synth.online_part WHERE relid = $1",
        &[oid(relid)],
        |row| row.get(1),
    )
    .pop()
}

/// Enters a phase.
pub fn enter(target: Oid, phase: Phase) {
    run(
        "UPDATE synth.online_run SET phase = $2, waiting_for = NULL, updated = pg_catalog.clock_timestamp() WHERE target = $1",
        &[oid(target), text(phase.name())],
    );
}

/// Says that a run is resumed by this process: the rate is counted from here.
pub fn resume(target: Oid) {
    run(
        "UPDATE synth.online_run SET pid = pg_catalog.pg_backend_pid(), waiting_for = NULL,
            resumed = pg_catalog.clock_timestamp(), updated = pg_catalog.clock_timestamp() WHERE target = $1",
        &[oid(target)],
    );
    run(
        "UPDATE synth.online_part SET resumed_rows = rows_done WHERE target = $1",
        &[oid(target)],
    );
}

/// Says what a run waits for.
pub fn waiting(target: Oid, what: Option<&str>) {
    run(
        "UPDATE synth.online_run SET waiting_for = $2, updated = pg_catalog.clock_timestamp() WHERE target = $1",
        &[oid(target), (pg_sys::TEXTOID, what.into_datum())],
    );
}

/// Notes how far a table is copied and how many rows its shadow has more.
pub fn advance(target: Oid, part: &Part, rows: i64) {
    run(
        "UPDATE synth.online_part SET next_block = $2, rows_done = rows_done + $3 WHERE relid = $1",
        &[
            oid(part.relid),
            bigint(i64::from(part.next_block)),
            bigint(rows),
        ],
    );
    run(
        "UPDATE synth.online_run SET waiting_for = NULL, updated = pg_catalog.clock_timestamp() WHERE target = $1",
        &[oid(target)],
    );
}

/// Whether there are extended statistics, which are not copied from a shadow.
pub fn has_statistics(relid: Oid) -> bool {
    !read(
        "SELECT true FROM pg_catalog.pg_statistic_ext WHERE stxrelid = $1 LIMIT 1",
        &[oid(relid)],
        |row| row.get::<bool>(1),
    )
    .is_empty()
}

/// How many rows a run has masked.
pub fn rows_done(target: Oid) -> i64 {
    read(
        "SELECT pg_catalog.sum(rows_done)::bigint FROM synth.online_part WHERE target = $1",
        &[oid(target)],
        |row| row.get(1),
    )
    .pop()
    .unwrap_or(0)
}

/// Forgets a run, and runs of tables that have been dropped.
pub fn forget(target: Oid) {
    run(
        "DELETE FROM synth.online_index i USING synth.online_part p WHERE i.relid = p.relid AND p.target = $1",
        &[oid(target)],
    );
    run(
        "DELETE FROM synth.online_part WHERE target = $1",
        &[oid(target)],
    );
    run(
        "DELETE FROM synth.online_run WHERE target = $1",
        &[oid(target)],
    );
    run(
        "WITH gone AS (
            DELETE FROM synth.online_run r
            WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = r.target) RETURNING r.target)
         DELETE FROM synth.online_part p
         WHERE p.target IN (SELECT target FROM gone)
            OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = p.relid)",
        &[],
    );
}

/// What a run keeps of rows: another edition's cannot be resumed.
const EDITION: u32 = 3;

/// A hash of all that decides what the masked tables hold: the tables' files, columns and
/// constraints, the bounds of partitions, the rules, and which secret is in use. Not the indexes, which are compared one by one.
pub fn definition(plan: &Plan) -> String {
    let mut rules: Vec<String> = plan
        .rules
        .iter()
        .map(|((relid, column), rule)| format!("{} {column} {rule}", relid.to_u32()))
        .collect();
    rules.extend(deal::unique_columns(plan));
    rules.sort();
    read(
        "SELECT pg_catalog.md5(pg_catalog.string_agg(part, '|' ORDER BY part) || $2) FROM (
            SELECT pg_catalog.concat_ws(',', 'table', oid, relfilenode, relowner, relam, reltablespace, relpersistence, reloptions::text)
            FROM pg_catalog.pg_class WHERE oid = ANY ($1)
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'column', attrelid, attnum, attname, atttypid, atttypmod, attnotnull,
                attgenerated, attisdropped, attcollation, attstorage, attcompression)
            FROM pg_catalog.pg_attribute WHERE attrelid = ANY ($1) AND attnum > 0
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'constraint', conrelid, contype, conname, convalidated, pg_catalog.pg_get_constraintdef(oid))
            FROM pg_catalog.pg_constraint WHERE conrelid = ANY ($1) AND contype IN ('c', 'f')
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'domain', k.oid, k.convalidated, pg_catalog.pg_get_constraintdef(k.oid))
            FROM pg_catalog.pg_constraint k JOIN pg_catalog.pg_attribute a ON a.atttypid = k.contypid
            WHERE a.attrelid = ANY ($1) AND NOT a.attisdropped AND k.contypid <> 0
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'generated', adrelid, adnum, adbin::text)
            FROM pg_catalog.pg_attrdef WHERE adrelid = ANY ($1)
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'bound', oid, pg_catalog.pg_get_expr(relpartbound, oid), pg_catalog.pg_get_partkeydef(oid))
            FROM pg_catalog.pg_class WHERE oid = ANY ($3) AND (relispartition OR relkind = 'p')
          UNION ALL
            SELECT pg_catalog.concat_ws(',', 'secret', version, xmin::text) FROM synth.secret
         ) AS parts (part)",
        &[
            oids(&plan.tables),
            text(&format!("{EDITION} {}", rules.join("|"))),
            oids(&plan.affected),
        ],
        |row| row.get(1),
    )
    .pop()
    .unwrap_or_default()
}

/// The name of the table in the schema `synth` that belongs to one that is masked.
pub fn name_of(what: &str, relid: Oid) -> String {
    format!("online_{what}_{}", relid.to_u32())
}

/// Whether the relation is there.
pub fn exists(relid: Oid) -> bool {
    // SAFETY: catalog look-up; gives 0 for what is not there.
    unsafe { pg_sys::get_rel_relkind(relid) != 0 }
}

/// An interval in microseconds, months counted as 30 days.
pub fn microseconds(interval: pg_sys::Datum) -> i64 {
    // SAFETY: the argument is an interval by its declaration.
    let interval = unsafe { &*interval.cast_mut_ptr::<pg_sys::Interval>() };
    let days = i64::from(interval.day) + 30 * i64::from(interval.month);
    interval
        .time
        .saturating_add(days.saturating_mul(86_400_000_000))
}

/// The process that resumed a run last.
pub fn holder(target: Oid) -> Option<i32> {
    read(
        "SELECT pid FROM synth.online_run WHERE target = $1",
        &[oid(target)],
        |row| row.get(1),
    )
    .pop()
}

/// How standbys are doing.
pub struct Standbys {
    /// Where the server writes its log, in bytes.
    pub written: i64,
    /// How far the slowest standby has replayed it; none if no standby is connected.
    pub replayed: Option<i64>,
}

/// How standbys are doing. The lag that they report is that of the last record that they replayed,
/// and stays as it is while replay is paused: positions do not.
pub fn standbys() -> Standbys {
    read(
        "SELECT pg_catalog.pg_current_wal_lsn() - '0/0'::pg_lsn,
                (SELECT pg_catalog.min(replay_lsn) - '0/0'::pg_lsn
                 FROM pg_catalog.pg_stat_replication WHERE state = 'streaming')",
        &[],
        |row| {
            let bytes = |column| {
                let number = row.get::<pgrx::AnyNumeric>(column)?;
                Ok::<_, pgrx::spi::Error>(number.and_then(|number| i64::try_from(number).ok()))
            };
            Ok(bytes(1)?.map(|written| (written, bytes(2))))
        },
    )
    .pop()
    .map_or(
        Standbys {
            written: 0,
            replayed: None,
        },
        |(written, replayed)| Standbys {
            written,
            replayed: replayed.ok().flatten(),
        },
    )
}
