//! Other relations of the database with the same values: materialized views of the table, and
//! tables that have nothing to do with it.

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, PgMemoryContexts};
use synth_engine::proof::{Class, ValueHash};

use super::chance::Sought;
use super::kind::Form;
use super::places::{self, Look};
use super::report::{Line, Tally};
use crate::boundary::{check_for_interrupts, relation_name};
use crate::query::query;

/// Columns with fewer distinct originals say little about where a value is from: they are compared
/// with columns of their own name only, and so are dates and numbers.
const TELLING: u64 = 100;

struct Candidate {
    relid: Oid,
    columns: Vec<(usize, String, Form)>,
}

/// Looks through tables and materialized views that the user may read; `views` depend on the tables
/// that were masked.
pub fn search(
    tree: &[Oid],
    views: &[Oid],
    other_tables: bool,
    all: &[&Sought],
    hash: &ValueHash,
) -> Vec<Line> {
    let mut lines = Vec::new();
    for candidate in candidates(tree) {
        check_for_interrupts();
        let is_view = views.contains(&candidate.relid);
        if !is_view && !other_tables {
            continue;
        }
        let looks: Vec<(Look<'_>, String)> = candidate
            .columns
            .into_iter()
            .map(|(index, name, form)| {
                // The other parts of documents of the table itself are none of the mask's business.
                let like = all
                    .iter()
                    .find(|sought| is_view && sought.name == name && sought.form.is_like(&form));
                let form = like.map_or(form, |sought| sought.form.clone());
                let sought = all
                    .iter()
                    .copied()
                    .filter(|sought| sought.form.class() == form.class())
                    .filter(|sought| is_view || is_telling(sought) || sought.name == name)
                    .collect();
                (
                    Look {
                        index,
                        form,
                        sought,
                    },
                    name,
                )
            })
            .filter(|(look, _)| !look.sought.is_empty())
            .collect();
        if looks.is_empty() {
            continue;
        }
        lines.extend(look_through(candidate.relid, is_view, looks, hash));
    }
    lines
}

fn is_telling(sought: &Sought) -> bool {
    sought.form.class() == Class::Text && sought.originals.distinct() >= TELLING
}

/// Tables and materialized views outside of the tree whose rows the user sees in full.
fn candidates(tree: &[Oid]) -> Vec<Candidate> {
    let rows = query(
        "SELECT c.oid, a.attnum, a.attname::text, a.atttypid
         FROM pg_catalog.pg_class c
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
         WHERE c.relkind IN ('r', 'm') AND c.oid <> ALL ($1)
           AND (c.relkind = 'r' OR c.relispopulated)
           AND n.nspname <> ALL (ARRAY['pg_catalog', 'information_schema', 'pg_toast', 'synth'])
           AND NOT pg_catalog.pg_is_other_temp_schema(n.oid)
           AND pg_catalog.has_column_privilege(c.oid, a.attnum, 'SELECT')
           AND (NOT c.relrowsecurity
                OR pg_catalog.pg_has_role(c.relowner, 'USAGE') AND NOT c.relforcerowsecurity
                OR (SELECT r.rolsuper OR r.rolbypassrls FROM pg_catalog.pg_roles r
                    WHERE r.rolname = CURRENT_USER))
         ORDER BY n.nspname, c.relname, a.attnum",
        &[(pg_sys::OIDARRAYOID, tree.to_vec().into_datum())],
        |row| {
            let (relid, attnum): (Option<Oid>, Option<i16>) = (row.get(1)?, row.get(2)?);
            let (name, type_oid): (Option<String>, Option<Oid>) = (row.get(3)?, row.get(4)?);
            Ok(relid.zip(attnum).zip(name.zip(type_oid)))
        },
    );
    let mut out: Vec<Candidate> = Vec::new();
    for ((relid, attnum), (name, type_oid)) in rows {
        if out.last().is_none_or(|last| last.relid != relid) {
            out.push(Candidate {
                relid,
                columns: Vec::new(),
            });
        }
        if let Some(last) = out.last_mut() {
            let index = usize::from(attnum.unsigned_abs()) - 1;
            let form = Form::documents(type_oid).unwrap_or_else(|| Form::of(type_oid));
            last.columns.push((index, name, form));
        }
    }
    out
}

fn look_through(
    relid: Oid,
    is_view: bool,
    looks: Vec<(Look<'_>, String)>,
    hash: &ValueHash,
) -> Vec<Line> {
    let name = relation_name(relid);
    let place = if is_view {
        "materialized view"
    } else {
        "other table"
    };
    let lock = pg_sys::AccessShareLock as i32;
    // SAFETY: opened under a lock that is not waited for, and closed here.
    unsafe {
        if !pg_sys::ConditionalLockRelationOid(relid, lock) {
            return vec![Line::not_checked(place, &name, None, "it is locked")];
        }
        let relation = pg_sys::try_relation_open(relid, pg_sys::NoLock as i32);
        if relation.is_null() {
            pg_sys::UnlockRelationOid(relid, lock);
            return Vec::new();
        }
        let (looks, names): (Vec<Look<'_>>, Vec<String>) = looks.into_iter().unzip();
        let owns = pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId());
        let mut tallies = if is_view && owns {
            places::heap(relation, hash, &looks).0
        } else {
            vec![Tally::default(); looks.len()]
        };
        // Values out of line are seen through the rows.
        let live = rows(relation, hash, &looks);
        for (tally, live) in tallies.iter_mut().zip(live) {
            if live.surviving() > tally.surviving() || !(is_view && owns) {
                *tally = live;
            }
        }
        pg_sys::relation_close(relation, lock);
        looks
            .iter()
            .zip(&names)
            .zip(tallies)
            .map(|((look, column), tally)| {
                if is_view {
                    Line::of(place, &name, Some(column), &tally, &look.sought)
                } else {
                    Line::elsewhere(&name, column, &tally, &look.sought)
                }
            })
            .collect()
    }
}

/// Reads the rows of a relation.
///
/// # Safety
/// `relation` is open.
unsafe fn rows(relation: pg_sys::Relation, hash: &ValueHash, looks: &[Look<'_>]) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); looks.len()];
    // SAFETY: by the caller's promise.
    unsafe {
        each_row(relation, |values, nulls| {
            for (look, tally) in looks.iter().zip(&mut tallies) {
                if !nulls[look.index] {
                    look.form.each(hash, values[look.index], |part| {
                        tally.see(part, &look.sought);
                    });
                }
            }
        });
    }
    tallies
}

/// Begins a scan that leaves pages as they are: one that goes page by page would clear them of dead
/// tuples, and with them what is looked for.
///
/// # Safety
/// `relation` is open, the snapshot registered; the scan is ended by the caller.
pub unsafe fn begin_quiet_scan(
    relation: pg_sys::Relation,
    snapshot: pg_sys::Snapshot,
) -> pg_sys::TableScanDesc {
    // SAFETY: the flag is looked at when rows are fetched; tuple by tuple works for any snapshot.
    unsafe {
        let scan = pg_sys::table_beginscan(relation, snapshot, 0, std::ptr::null_mut());
        (*scan).rs_flags &= !pg_sys::ScanOptions::SO_ALLOW_PAGEMODE;
        scan
    }
}

/// Reads every row of a relation as it is now. Values are fetched into a context that is emptied
/// now and then.
///
/// # Safety
/// `relation` is open.
pub unsafe fn each_row(relation: pg_sys::Relation, mut read: impl FnMut(&[Datum], &[bool])) {
    const ROWS: u64 = 256;
    let mut memory = PgMemoryContexts::new("pg_synth verification row");
    // SAFETY: what is made here is freed here; a slot with all attributes has a cell for each.
    unsafe {
        let columns = (*(*relation).rd_att).natts as usize;
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = begin_quiet_scan(relation, snapshot);
        let slot = pg_sys::table_slot_create(relation, std::ptr::null_mut());
        let forward = pg_sys::ScanDirection::ForwardScanDirection;
        let mut count = 0;
        while pg_sys::table_scan_getnextslot(scan, forward, slot) {
            pg_sys::slot_getsomeattrs_int(slot, columns as i32);
            let values = std::slice::from_raw_parts((*slot).tts_values, columns);
            let nulls = std::slice::from_raw_parts((*slot).tts_isnull, columns);
            memory.switch_to(|_| read(values, nulls));
            count += 1;
            if count % ROWS == 0 {
                memory.reset();
                check_for_interrupts();
            }
        }
        pg_sys::ExecDropSingleTupleTableSlot(slot);
        pg_sys::table_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
    }
}
