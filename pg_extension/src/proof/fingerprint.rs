//! The fingerprint of a table: which values its masked columns had, and control totals, taken while
//! it is masked.
//!
//! Before and after a batch of rows is masked, [`Fingerprint::before`] and [`Fingerprint::after`]
//! look at it; [`Fingerprint::store`] keeps what was seen in `synth.fingerprint`, in the transaction
//! of the masking. A table has one fingerprint, that of its last masking. What was written is compared
//! with the originals on the way: the verification of the run's own record, at no further cost.

use std::collections::HashSet;

use pgrx::pg_sys::{self, Datum, Oid};
use serde_json::{Value, json};
use synth_engine::mask::{Rule, SHUFFLE};
use synth_engine::proof::{Deal, EXACT, Sample, ValueHash, ValueSet};

use super::kind::Form;
use super::stored::{self, EDITION};
use super::totals::{Totals, Unmasked, count, names};
use crate::mask::batch::{Action, Batch, ColumnMask};
use crate::mask::plan::Rules;
use crate::{own, secret};

/// A masked column.
pub struct MaskedColumn {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    /// Name.
    pub name: String,
    /// How its values are hashed.
    pub form: Form,
    /// The rule's text.
    pub rule: String,
    /// The rule leaves some rows alone: what did not change in those is no original to look for.
    pub is_conditional: bool,
    /// The values that it had.
    pub originals: ValueSet,
    /// Values that came out of the mask as they went in, so many of them.
    pub kept: HashSet<u64>,
    /// Rows, or elements, that kept their value.
    kept_rows: u64,
    /// What was written in their place, where the mask cannot be tried under other secrets.
    given: Option<ValueSet>,
    /// How many rows would keep their value if results fell on them blindly; for the same masks.
    deal: Option<Deal>,
    /// Some of what was written.
    written: Sample,
    /// How many values were written.
    values: u64,
}

/// What is seen of a table while it is masked.
pub struct Fingerprint {
    relid: Oid,
    key_version: i32,
    hash: ValueHash,
    masked: Vec<MaskedColumn>,
    unmasked: Unmasked,
    /// Names of attributes; `None` where dropped.
    names: Vec<Option<String>>,
    before: Totals,
    after: Totals,
    /// Hashes of the batch, for each masked column: of whole values.
    seen: Vec<Vec<Option<u64>>>,
    /// The same of parts, where values are taken apart: a list a row.
    parts: Vec<Vec<Vec<u64>>>,
}

impl Fingerprint {
    /// A fingerprint of a table about to be masked by these rules.
    ///
    /// # Safety
    /// `relation` is open, and the masks are those of its columns.
    pub unsafe fn new(relation: pg_sys::Relation, masks: &[ColumnMask], rules: &Rules) -> Self {
        let (key_version, secret) = secret::current_version();
        // SAFETY: an open relation has a descriptor.
        let (relid, desc, rows) = unsafe {
            (
                (*relation).rd_id,
                (*relation).rd_att,
                estimated_rows(relation),
            )
        };
        let masked: Vec<MaskedColumn> = masks
            .iter()
            .map(|mask| {
                let rule = rules.get(&(relid, mask.column.name.clone()));
                let blind = rule.is_some_and(|rule| is_blind(rule, mask));
                MaskedColumn {
                    index: mask.index,
                    name: mask.column.name.clone(),
                    form: Form::ruled(mask.column.type_oid, rule),
                    rule: rule.map_or_else(String::new, Rule::to_string),
                    is_conditional: rule.is_some_and(|rule| rule.condition().is_some()),
                    originals: ValueSet::new(rows),
                    kept: HashSet::new(),
                    kept_rows: 0,
                    given: blind.then(|| ValueSet::new(rows)),
                    deal: rule.is_some_and(is_dealt).then(Deal::default),
                    written: Sample::default(),
                    values: 0,
                }
            })
            .collect();
        let indexes: Vec<usize> = masked.iter().map(|column| column.index).collect();
        Self {
            relid,
            key_version,
            hash: ValueHash::new(&secret),
            seen: vec![Vec::new(); masked.len()],
            parts: vec![Vec::new(); masked.len()],
            masked,
            // SAFETY: the descriptor of an open relation.
            unmasked: unsafe { Unmasked::new(desc, &indexes, EDITION) },
            // SAFETY: as above.
            names: unsafe { names(desc) },
            before: Totals::default(),
            after: Totals::default(),
        }
    }

    /// Looks at rows about to be masked.
    ///
    /// # Safety
    /// The batch is one of the fingerprint's table.
    pub unsafe fn before(&mut self, batch: &Batch) {
        let lists = self.seen.iter_mut().zip(&mut self.parts);
        for (column, (seen, parts)) in self.masked.iter_mut().zip(lists) {
            seen.clear();
            parts.clear();
            let whole = column.form.whole();
            let is_whole = matches!(column.form, Form::Whole(_));
            for row in 0..batch.rows {
                let (values, nulls) = batch.row(row);
                let value = (!nulls[column.index]).then_some(values[column.index]);
                // SAFETY: by the caller's promise.
                let hash = value.map(|value| unsafe { whole.hash(&self.hash, value) });
                seen.push(hash);
                if is_whole {
                    if let Some(hash) = hash.filter(|_| !column.is_conditional) {
                        column.originals.insert(hash);
                    }
                    continue;
                }
                // SAFETY: as above.
                let found = unsafe { parts_of(&column.form, &self.hash, value) };
                if !column.is_conditional {
                    for part in &found {
                        column.originals.insert(*part);
                    }
                }
                parts.push(found);
            }
        }
        // SAFETY: by the caller's promise.
        unsafe { count(&mut self.before, &mut self.unmasked, &self.hash, batch) };
    }

    /// Looks at the same rows, masked.
    ///
    /// # Safety
    /// As for [`Fingerprint::before`], which has been called for this batch.
    pub unsafe fn after(&mut self, batch: &Batch) {
        let lists = self.seen.iter().zip(&self.parts);
        for (column, (seen, parts)) in self.masked.iter_mut().zip(lists) {
            let whole = column.form.whole();
            let is_whole = matches!(column.form, Form::Whole(_));
            for (row, original) in seen.iter().enumerate().take(batch.rows) {
                let (values, nulls) = batch.row(row);
                let value = (!nulls[column.index]).then_some(values[column.index]);
                // SAFETY: by the caller's promise.
                let now = value.map(|value| unsafe { whole.hash(&self.hash, value) });
                if is_whole {
                    column.compare(*original, now);
                    continue;
                }
                // SAFETY: as above.
                let found = unsafe { parts_of(&column.form, &self.hash, value) };
                let was = &parts[row];
                for at in 0..was.len().max(found.len()) {
                    column.compare(was.get(at).copied(), found.get(at).copied());
                }
                // A document as a whole is an original where something in it has changed.
                if let Some(original) = original.filter(|original| now != Some(*original)) {
                    column.originals.insert(original);
                }
            }
        }
        // SAFETY: by the caller's promise.
        unsafe { count(&mut self.after, &mut self.unmasked, &self.hash, batch) };
    }

    /// Counts rows anew as they are stored, by [`Fingerprint::stored`]: after an update whose triggers
    /// may have changed them once more.
    pub fn count_stored(&mut self) {
        self.after = Totals::default();
    }

    /// Counts a row that is stored, if its masked columns hold what their masks gave; else gives the
    /// name of one that does not.
    ///
    /// # Safety
    /// The cells are those of a row of the table; those given are of its masked columns, in order.
    pub unsafe fn stored(
        &mut self,
        given: (&[Datum], &[bool]),
        (values, nulls): (&[Datum], &[bool]),
    ) -> Result<(), String> {
        for (number, column) in self.masked.iter().enumerate() {
            let whole = column.form.whole();
            let hash = |value: Datum, null: bool| {
                // SAFETY: by the caller's promise.
                (!null).then(|| unsafe { whole.hash(&self.hash, value) })
            };
            if hash(given.0[number], given.1[number])
                != hash(values[column.index], nulls[column.index])
            {
                return Err(column.name.clone());
            }
        }
        // SAFETY: by the caller's promise.
        let checksum = unsafe { self.unmasked.hash(&self.hash, values, nulls) };
        self.after.add(nulls, checksum);
        Ok(())
    }

    /// Takes a row out of the control totals, as it was masked: it has changed since it was counted.
    /// NULLs in it are those of the masked row.
    ///
    /// # Safety
    /// The cells are those of a row with the table's columns.
    pub unsafe fn forget(&mut self, values: &[Datum], nulls: &[bool]) {
        // SAFETY: by the caller's promise.
        let checksum = unsafe { self.unmasked.hash(&self.hash, values, nulls) };
        self.before.remove(nulls, checksum);
        self.after.remove(nulls, checksum);
    }

    /// Keeps the fingerprint in place of the one before, unless no column is masked; gives the control totals before and after.
    pub fn store(self) -> (Value, Value) {
        let relid = self.relid;
        self.store_for(relid)
    }

    /// The same, for a masked copy of the table whose columns have the same names.
    pub fn store_for(mut self, relid: Oid) -> (Value, Value) {
        let (before, after) = (
            self.before.to_json(&self.names),
            self.after.to_json(&self.names),
        );
        if self.masked.is_empty() || !own::exists(c"fingerprint") {
            return (before, after);
        }
        let description = json!({
            "edition": EDITION,
            "before": before,
            "after": after,
            "columns": self.masked.iter().map(MaskedColumn::description).collect::<Vec<_>>(),
        });
        for column in &mut self.masked {
            if let Some(given) = &mut column.given {
                given.keep_common(&column.originals);
            }
        }
        let sets = self.masked.iter();
        let sets = sets.map(|column| (&column.originals, column.given.as_ref()));
        stored::keep(relid, self.key_version, description, sets);
        (before, after)
    }
}

/// Whether a mask cannot be tried under other secrets, so that what it gives is kept.
fn is_blind(rule: &Rule, mask: &ColumnMask) -> bool {
    rule.condition().is_some()
        || mask.deals()
        || matches!(mask.action, Action::Function(_))
        || mask.reads_others()
}

/// Whether the rows that keep their value are compared with those that would by chance: of a mask
/// that has no secret.
fn is_dealt(rule: &Rule) -> bool {
    match rule {
        Rule::Function { .. } => true,
        Rule::Mask { name, .. } => name == SHUFFLE,
        _ => false,
    }
}

/// # Safety
/// The value is of the form's type.
unsafe fn parts_of(form: &Form, hash: &ValueHash, value: Option<Datum>) -> Vec<u64> {
    let mut parts = Vec::new();
    if let Some(value) = value {
        // SAFETY: by the caller's promise.
        unsafe { form.each(hash, value, |part| parts.push(part)) };
    }
    parts
}

impl MaskedColumn {
    /// Compares a value, or a part of one, with what stands in its place.
    #[inline]
    fn compare(&mut self, original: Option<u64>, now: Option<u64>) {
        if let Some(now) = now {
            self.values += 1;
            self.written.insert(now);
            if let Some(given) = &mut self.given {
                given.insert(now);
            }
        }
        if let Some(deal) = &mut self.deal {
            deal.count(original, now);
        }
        let Some(original) = original else {
            return;
        };
        if self.is_conditional {
            if now != Some(original) {
                self.originals.insert(original);
            }
        } else if now == Some(original) {
            self.kept_rows += 1;
            if self.kept.len() < EXACT {
                self.kept.insert(original);
            }
        }
    }

    fn description(&self) -> Value {
        json!({
            "name": self.name,
            "rule": self.rule,
            "kept": self.kept.len(),
            "kept_rows": self.kept_rows,
            "kept_rows_expected": self.deal.as_ref().map(Deal::expected),
            "is_conditional": self.is_conditional,
            "values": self.values,
            "distinct_compared": self.written.len(),
            "originals_among_them": self.written.common(&self.originals),
        })
    }
}

/// About how many rows a table has: what ANALYZE or VACUUM counted, or from its size.
///
/// # Safety
/// `relation` is open.
unsafe fn estimated_rows(relation: pg_sys::Relation) -> u64 {
    /// Rows of about 80 bytes.
    const ROWS_A_PAGE: u64 = 100;
    // SAFETY: an open relation has a catalog row and storage.
    unsafe {
        let fork = pg_sys::ForkNumber::MAIN_FORKNUM;
        let pages = u64::from(pg_sys::RelationGetNumberOfBlocksInFork(relation, fork));
        let form = &*(*relation).rd_rel;
        let density = if form.reltuples > 0.0 && form.relpages > 0 {
            f64::from(form.reltuples) / f64::from(form.relpages)
        } else {
            ROWS_A_PAGE as f64
        };
        (pages as f64 * density) as u64
    }
}
