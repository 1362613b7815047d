//! `synth_verify_masked`: looks for originals wherever Postgres keeps values.

use std::collections::{BTreeSet, HashMap};

use pgrx::PgSqlErrorCode::*;
use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Oid};
use pgrx::{name, pg_extern};
use serde_json::Value;
use synth_engine::proof::{Class, ValueHash};

use super::chance::{self, Sought};
use super::report::{Counts, Line, NOT_JUDGED, SURVIVING, Tally, summary};
use super::statistics::{self, Subject};
use super::stored;
use super::totals::{self, Totals, Unmasked};
use super::{elsewhere, indexes, kind::Form, kind::Kind, places, places::Look};
use crate::audit;
use crate::boundary::{find_all_inheritors, oids, relation_name, require_utf8};
use crate::error::{raise, raise_null};
use crate::mask::catalog;
use crate::mask::owner::require_ownership;

/// In trees of up to so many tables, originals of each are looked for in all.
const FAMILY: usize = 64;

/// A table of the tree, and what is looked for in it.
struct Subtable {
    relid: Oid,
    hash: ValueHash,
    sought: Vec<Sought>,
    /// Columns of the fingerprint that are no longer there.
    missing: Vec<String>,
    before: Value,
    edition: u64,
}

/// `synth_verify_masked(target regclass, other_tables boolean)`: a row for each place and column.
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_verify_masked(
    target: Option<Oid>,
    other_tables: Option<bool>,
) -> TableIterator<
    'static,
    (
        name!(place, String),
        name!(object, String),
        name!(column_name, Option<String>),
        name!(checked, Option<i64>),
        name!(surviving, Option<i64>),
        name!(coincident, Option<i64>),
        name!(expected, Option<f64>),
        name!(verdict, String),
    ),
> {
    let target = target.unwrap_or_else(|| raise_null("target"));
    require_utf8();
    // It leaves a record.
    // SAFETY: raises an error or does nothing.
    unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_verify_masked()".as_ptr()) };
    let lines = verify(target, other_tables.unwrap_or(true));
    leave_record(target, &lines);
    TableIterator::new(lines.into_iter().map(|line| {
        (
            line.place.to_owned(),
            line.object,
            line.column,
            line.checked,
            line.surviving,
            line.coincident,
            line.expected,
            line.verdict,
        )
    }))
}

fn leave_record(target: Oid, lines: &[Line]) {
    audit::record(&audit::Run {
        verification: summary(lines),
        ..audit::Run::about("verify_masked", relation_name(target))
    });
}

/// Looks for originals everywhere but in other tables, and leaves a record.
pub fn verify_and_record(target: Oid) {
    let lines = verify(target, false);
    leave_record(target, &lines);
}

/// What `synth_verify_masked` finds, in short, for the record of a run; statistics are left out, of
/// which the transaction that replaces them cannot clear the dead rows.
pub fn summary_of(target: Oid) -> Value {
    let mut lines = verify(target, false);
    lines.retain(|line| !line.place.ends_with("statistics"));
    summary(&lines)
}

/// Looks for originals of a table and those below it, for its owner.
pub fn verify(target: Oid, other_tables: bool) -> Vec<Line> {
    require_ownership(target);
    let lock = pg_sys::AccessShareLock as i32;
    // SAFETY: locks the table and its descendants for this transaction.
    let members = unsafe {
        pg_sys::LockRelationOid(target, lock);
        oids(find_all_inheritors(target, lock, std::ptr::null_mut()))
    };
    let subtables: Vec<Subtable> = members
        .iter()
        .inspect(|relid| require_ownership(**relid))
        .filter_map(|relid| subtable(*relid))
        .collect();
    if subtables.is_empty() {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("{} has no fingerprint", relation_name(target)),
            Some(
                "A fingerprint is taken while a table is masked: mask it with synth_mask_table."
                    .to_owned(),
            ),
        );
    }
    let mut lines = Vec::new();
    for &relid in &members {
        // SAFETY: catalog look-up.
        let stores = unsafe { pg_sys::get_rel_relkind(relid) } as u8 == pg_sys::RELKIND_RELATION;
        if stores && subtables.iter().all(|table| table.relid != relid) {
            let why = "it has no fingerprint: it was not masked";
            let name = relation_name(relid);
            lines.push(Line::not_checked("heap", &name, None, why));
        }
    }
    let mut totals = Vec::new();
    for table in &subtables {
        // Rows may have moved between partitions: originals of one are looked for in all.
        let family: Vec<&Subtable> = if subtables.len() <= FAMILY {
            let same = |other: &&Subtable| other.probe() == table.probe();
            subtables.iter().filter(same).collect()
        } else {
            Vec::new()
        };
        let (found, now) = table.verify(&family);
        lines.extend(found);
        totals.push((now, table.before.clone()));
    }
    lines.extend(control_totals(&relation_name(target), &subtables, &totals));
    // Statistics of a parent are of the rows below it.
    let affected = catalog::ancestors(&members);
    for table in &subtables {
        lines.extend(table.statistics(&affected));
    }
    let views: Vec<Oid> = catalog::materialized_views(&affected)
        .into_iter()
        .map(|(view, _)| view)
        .collect();
    // Sets of one secret are looked for in one go; those of others would need another hash.
    let mut rest: Vec<&Subtable> = subtables.iter().collect();
    while let Some(first) = rest.first().copied() {
        let (same, others): (Vec<_>, Vec<_>) = rest
            .into_iter()
            .partition(|table| table.probe() == first.probe());
        let all: Vec<&Sought> = same.iter().flat_map(|table| &table.sought).collect();
        let hash = &first.hash;
        lines.extend(elsewhere::search(
            &members,
            &views,
            other_tables,
            &all,
            hash,
        ));
        rest = others;
    }
    lines
}

/// Control totals of a table and those below it, together: rows may have moved between partitions.
fn control_totals(name: &str, tables: &[Subtable], totals: &[(Value, Value)]) -> Vec<Line> {
    let sum = |read: &dyn Fn(&Value) -> u64| {
        totals.iter().fold((0_u64, 0_u64), |sum, (now, before)| {
            (
                sum.0.wrapping_add(read(now)),
                sum.1.wrapping_add(read(before)),
            )
        })
    };
    let line = |place, column, (now, before): (u64, u64)| {
        Line::total(place, name, column, now, before, now == before)
    };
    let rows = sum(&|totals| totals["rows"].as_u64().unwrap_or_default());
    let mut lines = vec![line("rows", None, rows)];
    let columns: BTreeSet<&str> = tables
        .iter()
        .flat_map(|table| &table.sought)
        .map(|sought| sought.name.as_str())
        .collect();
    for column in columns {
        let nulls = sum(&|totals| totals["nulls"][column].as_u64().unwrap_or_default());
        lines.push(line("NULLs", Some(column), nulls));
    }
    let checksum = sum(&|totals| {
        let hex = totals["unmasked_columns"].as_str().unwrap_or_default();
        u64::from_str_radix(hex, 16).unwrap_or_default()
    });
    let equal = checksum.0 == checksum.1;
    let place = "unmasked columns";
    lines.push(Line::total(place, name, None, rows.0, rows.1, equal));
    lines
}

/// Statistics of a table above hold values of other tables below it.
fn owns(relid: Oid) -> bool {
    // SAFETY: catalog look-up.
    unsafe { pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) }
}

fn subtable(relid: Oid) -> Option<Subtable> {
    // SAFETY: catalog look-up.
    if unsafe { pg_sys::get_rel_relkind(relid) } as u8 != pg_sys::RELKIND_RELATION {
        return None;
    }
    let stored = stored::load(relid)?;
    let hash = ValueHash::new(&stored.secret);
    let before = stored.before.clone();
    let edition = stored.edition;
    let mut missing: Vec<String> = stored.columns.iter().map(|c| c.name.clone()).collect();
    // SAFETY: locked by the caller; opened and closed here.
    let sought = unsafe {
        let relation = pg_sys::table_open(relid, pg_sys::NoLock as i32);
        let sought = chance::sought(relation, stored, &hash);
        pg_sys::table_close(relation, pg_sys::NoLock as i32);
        sought
    };
    missing.retain(|name| sought.iter().all(|sought| sought.name != *name));
    Some(Subtable {
        relid,
        hash,
        sought,
        missing,
        before,
        edition,
    })
}

impl Subtable {
    /// Equal for tables whose values are hashed under one key.
    fn probe(&self) -> u64 {
        self.hash.value(Class::Text, b"")
    }

    /// Heap, TOAST, indexes and values that were kept, and control totals as they are. Rows may have
    /// moved between the tables of a family.
    fn verify(&self, family: &[&Self]) -> (Vec<Line>, Value) {
        let name = relation_name(self.relid);
        let mut lines = Vec::new();
        // SAFETY: locked by the caller; relations are opened and closed here.
        unsafe {
            let relation = pg_sys::table_open(self.relid, pg_sys::NoLock as i32);
            // OID of the access method heap (catalog/pg_am.dat).
            if (*(*relation).rd_rel).relam != Oid::from(2) {
                let why = "its access method is not heap";
                lines.push(Line::not_checked("heap", &name, None, why));
                pg_sys::table_close(relation, pg_sys::NoLock as i32);
                return (lines, self.before.clone());
            }
            let looks: Vec<Look<'_>> =
                self.sought
                    .iter()
                    .map(|own| Look {
                        index: own.index,
                        form: own.form.clone(),
                        sought: std::iter::once(own)
                            .chain(
                                family
                                    .iter()
                                    .filter(|other| other.relid != self.relid)
                                    .flat_map(|other| {
                                        other.sought.iter().filter(|s| {
                                            s.name == own.name && s.form.is_like(&own.form)
                                        })
                                    }),
                            )
                            .collect(),
                    })
                    .collect();
            for column in &self.missing {
                let why = "the column has been renamed or dropped since";
                lines.push(Line::not_checked("heap", &name, Some(column), why));
            }
            for column in self.sought.iter().filter(|sought| sought.is_outdated) {
                let why = "its fingerprint is of an earlier version; mask the table again";
                lines.push(Line::not_checked("heap", &name, Some(&column.name), why));
            }
            let (tallies, residue) = places::heap(relation, &self.hash, &looks);
            for (look, tally) in looks.iter().zip(tallies) {
                let column = &look.sought[0].name;
                lines.push(Line::of("heap", &name, Some(column), &tally, &look.sought));
            }
            if residue > 0 {
                let why = format!(
                    "{residue} bytes of removed rows are left between tuples; VACUUM FULL clears them"
                );
                lines.push(Line::not_checked("free space", &name, None, &why));
            }
            lines.extend(self.toast(relation));
            for index in places::indexes(relation) {
                lines.extend(self.index(relation, index));
            }
            let (kept, now) = self.totals(relation, &name);
            lines.extend(kept);
            pg_sys::table_close(relation, pg_sys::NoLock as i32);
            (lines, now)
        }
    }

    /// # Safety
    /// `relation` is the open table.
    unsafe fn toast(&self, relation: pg_sys::Relation) -> Option<Line> {
        let varlena: Vec<&Sought> = self.sought.iter().filter(|s| s.form.is_varlena()).collect();
        // SAFETY: an open relation has a catalog row; the TOAST table is closed here.
        unsafe {
            let relid = (*(*relation).rd_rel).reltoastrelid;
            if relid == pg_sys::InvalidOid || varlena.is_empty() {
                return None;
            }
            let lock = pg_sys::AccessShareLock as i32;
            let toast = pg_sys::table_open(relid, lock);
            // Columns of one kind are looked for together.
            let mut kinds: Vec<(Kind, Vec<&Sought>)> = Vec::new();
            for sought in &varlena {
                let whole = sought.form.whole();
                match kinds.iter_mut().find(|(kind, _)| *kind == whole) {
                    Some((_, list)) => list.push(sought),
                    None => kinds.push((whole, vec![sought])),
                }
            }
            let tallies = places::toast(toast, &self.hash, &kinds);
            pg_sys::table_close(toast, lock);
            let mut sum = Tally::default();
            for tally in tallies {
                sum.join(tally);
            }
            let name = relation_name(relid);
            Some(Line::of("TOAST", &name, None, &sum, &varlena))
        }
    }

    /// # Safety
    /// `relation` is the open table, and the index one of its own.
    unsafe fn index(&self, relation: pg_sys::Relation, index: Oid) -> Vec<Line> {
        // SAFETY: opened and closed here; attributes are those of open relations.
        unsafe {
            let lock = pg_sys::AccessShareLock as i32;
            let open = pg_sys::index_open(index, lock);
            let name = relation_name(index);
            let form = &*(*open).rd_index;
            let keys = form.indkey.values.as_slice(form.indnatts as usize);
            let attributes = (*(*open).rd_att)
                .attrs
                .as_slice((*(*open).rd_att).natts as usize);
            // OID of the access method btree (catalog/pg_am.dat).
            let is_btree = (*(*open).rd_rel).relam == Oid::from(403);
            let looks: Vec<Look<'_>> = keys
                .iter()
                .zip(attributes)
                .enumerate()
                .filter_map(|(position, (key, attribute))| {
                    let is_own = |sought: &&Sought| i64::from(*key) == sought.index as i64 + 1;
                    let own = self.sought.iter().find(is_own);
                    // 0 stands for an expression, computed from any column.
                    if own.is_none() && *key != 0 {
                        return None;
                    }
                    let form = match own.map(|own| &own.form) {
                        // B-trees of documents hold them whole.
                        Some(form @ Form::Leaves { .. }) if is_btree => form.clone(),
                        _ => Form::of(attribute.atttypid),
                    };
                    let fits = |sought: &&Sought| {
                        (is_own(sought) || *key == 0) && sought.form.class() == form.class()
                    };
                    Some(Look {
                        index: position,
                        sought: self.sought.iter().filter(fits).collect(),
                        form,
                    })
                })
                // What another method stores need not be of the column's type.
                .filter(|look| !is_btree || !look.sought.is_empty())
                .collect();
            let lines = if looks.is_empty() {
                Vec::new()
            } else if is_btree {
                let tallies = places::btree(open, &self.hash, &looks);
                looks
                    .iter()
                    .zip(tallies)
                    .map(|(look, tally)| {
                        let column =
                            crate::boundary::string(attributes[look.index].attname.data.as_ptr());
                        Line::of("index", &name, Some(&column), &tally, &look.sought)
                    })
                    .collect()
            } else {
                indexes::lines(relation, open, &name, &self.hash, &looks)
            };
            pg_sys::index_close(open, lock);
            lines
        }
    }

    /// Values that were kept, and control totals as they are.
    ///
    /// # Safety
    /// `relation` is the open table.
    unsafe fn totals(&self, relation: pg_sys::Relation, name: &str) -> (Vec<Line>, Value) {
        let masked: Vec<usize> = self.sought.iter().map(|sought| sought.index).collect();
        let mut now = Totals::default();
        // SAFETY: an open relation has a descriptor; rows are its own.
        let names = unsafe {
            let desc = (*relation).rd_att;
            let mut unmasked = Unmasked::new(desc, &masked, self.edition);
            elsewhere::each_row(relation, |values, nulls| {
                let checksum = unmasked.hash(&self.hash, values, nulls);
                now.add(nulls, checksum);
            });
            totals::names(desc)
        };
        let mut lines = Vec::new();
        for sought in &self.sought {
            let column = Some(sought.name.as_str());
            let originals = &sought.originals;
            let distinct = originals.distinct() as f64 / originals.looks_for();
            // Of masks without a secret rows are counted, of others distinct values.
            let (kept, expected, bound) = match sought.dealt {
                Some((rows, expected)) => (rows, expected, expected),
                None => (
                    sought.kept,
                    distinct * sought.kept_chance,
                    distinct * sought.kept_bound,
                ),
            };
            let tally = Counts {
                checked: now.rows,
                surviving: kept,
                coincident: 0,
            };
            let mut line = Line::judged("same row", name, column, tally, expected, bound);
            if !sought.measured && line.verdict == SURVIVING {
                line.expected = None;
                NOT_JUDGED.clone_into(&mut line.verdict);
            }
            lines.push(line);
        }
        (lines, now.to_json(&names))
    }

    fn statistics(&self, affected: &[Oid]) -> Vec<Line> {
        let all: Vec<&Sought> = self.sought.iter().collect();
        let mut subjects = Vec::new();
        let own = [self.relid];
        for &relid in own
            .iter()
            .chain(affected.iter().filter(|a| **a != self.relid && owns(**a)))
        {
            // SAFETY: look-ups by name; 0 for a column that is not there.
            let columns: HashMap<i16, &Sought> = self
                .sought
                .iter()
                .filter_map(|sought| {
                    let name = std::ffi::CString::new(sought.name.as_str()).ok()?;
                    let attnum = unsafe { pg_sys::get_attnum(relid, name.as_ptr()) };
                    (attnum > 0).then_some((attnum, sought))
                })
                .collect();
            // SAFETY: catalog look-up; opened and closed here.
            let indexes = unsafe {
                let relation = pg_sys::table_open(relid, pg_sys::AccessShareLock as i32);
                let indexes = places::indexes(relation);
                pg_sys::table_close(relation, pg_sys::NoLock as i32);
                indexes
            };
            subjects.push(Subject {
                relid,
                columns,
                all: Vec::new(),
            });
            subjects.extend(indexes.into_iter().map(|index| Subject {
                relid: index,
                columns: HashMap::new(),
                all: all.clone(),
            }));
        }
        let mut lines = statistics::columns(&subjects, &self.hash);
        for subject in &mut subjects {
            subject.all.clone_from(&all);
        }
        lines.extend(statistics::extended(&subjects, &self.hash));
        lines
    }
}
