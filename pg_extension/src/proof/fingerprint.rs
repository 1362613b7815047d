//! The fingerprint of a table: which values its masked columns had, and control totals, taken while
//! it is masked.
//!
//! Before and after a batch of rows is masked, [`Fingerprint::before`] and [`Fingerprint::after`]
//! look at it; [`Fingerprint::store`] keeps what was seen in `synth.fingerprint`, in the transaction
//! of the masking. A table has one fingerprint, that of its last masking. What was written is compared
//! with the originals on the way: the verification of the run's own record, at no further cost.

use std::collections::HashSet;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, JsonB};
use serde_json::{Value, json};
use synth_engine::audit::hex;
use synth_engine::mask::{Rule, SHUFFLE};
use synth_engine::proof::{Class, Deal, EXACT, Sample, ValueHash, ValueSet};
use synth_engine::secret::Secret;

use super::kind::{Form, Kind};
use crate::boundary::string;
use crate::mask::batch::{Action, Batch, ColumnMask};
use crate::mask::owner::AsOwner;
use crate::mask::plan::Rules;
use crate::query::{execute, query};
use crate::{own, secret};

/// Bytes of a set in one row of `synth.fingerprint_chunk`.
const CHUNK: usize = 1 << 20;
/// Numbers of sets in `synth.fingerprint_chunk`: those of originals are numbered as columns are, those
/// of what was given in their place from here on.
const GIVEN: i32 = 1_000_000;
/// How values are hashed. The first edition took arrays, JSON documents and numbers as they are stored.
const EDITION: u64 = 2;
/// Values that take more bytes count in the checksum with their length alone, wherever they stand.
const CHECKED_BYTES: usize = 1024;

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

/// Counts that masking must not change, or that tell what it changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Rows.
    pub rows: u64,
    /// NULLs in each attribute, dropped ones included.
    pub nulls: Vec<u64>,
    /// The sum, modulo 2^64, of a keyed hash of each row's unmasked columns.
    pub checksum: u64,
}

/// The columns that masking leaves as they are.
pub struct Unmasked {
    columns: Vec<(usize, Kind)>,
    scratch: Vec<u8>,
    edition: u64,
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

impl Unmasked {
    /// # Safety
    /// `desc` is a tuple descriptor.
    pub unsafe fn new(desc: pg_sys::TupleDesc, masked: &[usize], edition: u64) -> Self {
        let kind = if edition < EDITION {
            Kind::of_first_edition
        } else {
            Kind::of
        };
        // SAFETY: natts attributes follow.
        let attributes = unsafe { (*desc).attrs.as_slice((*desc).natts as usize) };
        let mut columns: Vec<(usize, Kind)> = attributes
            .iter()
            .enumerate()
            // Generated columns are computed anew from what is masked.
            .filter(|(index, a)| !a.attisdropped && a.attgenerated == 0 && !masked.contains(index))
            .map(|(index, attribute)| (index, kind(attribute.atttypid)))
            .collect();
        // Rows may move between partitions, whose columns stand in other orders.
        columns
            .sort_by_key(|(index, _)| unsafe { string(attributes[*index].attname.data.as_ptr()) });
        Self {
            columns,
            scratch: Vec::new(),
            edition,
        }
    }

    /// Whether a varlena counts with its length alone. Whether it stands out of line may depend on
    /// the columns beside it, which are masked: its size does not.
    ///
    /// # Safety
    /// The value is a varlena.
    unsafe fn is_long(&self, value: Datum) -> bool {
        // SAFETY: by the caller's promise.
        unsafe {
            if self.edition < EDITION {
                is_external(value)
            } else {
                pg_sys::toast_raw_datum_size(value) > CHECKED_BYTES
            }
        }
    }

    /// The hash of a row's unmasked columns. Long values count with their length alone.
    ///
    /// # Safety
    /// The cells are those of a row of the relation.
    pub unsafe fn hash(&mut self, hash: &ValueHash, values: &[Datum], nulls: &[bool]) -> u64 {
        self.scratch.clear();
        for &(index, kind) in &self.columns {
            let cell = if nulls[index] {
                0
            } else if kind.is_varlena() && unsafe { self.is_long(values[index]) } {
                // SAFETY: a varlena by its kind.
                unsafe { pg_sys::toast_raw_datum_size(values[index]) as u64 }
            } else {
                // SAFETY: by the caller's promise.
                unsafe { kind.hash(hash, values[index]) }
            };
            self.scratch.extend(cell.to_le_bytes());
        }
        hash.value(Class::Other(0), &self.scratch)
    }
}

/// Whether a varlena stands in a TOAST table.
///
/// # Safety
/// The value is a varlena.
pub unsafe fn is_external(value: Datum) -> bool {
    // SAFETY: by the caller's promise.
    unsafe { pgrx::varatt_is_1b_e(value.cast_mut_ptr()) }
}

impl Totals {
    /// Counts a row.
    pub fn add(&mut self, nulls: &[bool], checksum: u64) {
        self.rows += 1;
        self.nulls.resize(nulls.len().max(self.nulls.len()), 0);
        for (count, null) in self.nulls.iter_mut().zip(nulls) {
            *count += u64::from(*null);
        }
        self.checksum = self.checksum.wrapping_add(checksum);
    }

    /// Takes a row back.
    pub fn remove(&mut self, nulls: &[bool], checksum: u64) {
        self.rows = self.rows.saturating_sub(1);
        for (count, null) in self.nulls.iter_mut().zip(nulls) {
            *count = count.saturating_sub(u64::from(*null));
        }
        self.checksum = self.checksum.wrapping_sub(checksum);
    }

    /// As JSON, columns by name.
    pub fn to_json(&self, names: &[Option<String>]) -> Value {
        let nulls: serde_json::Map<String, Value> = names
            .iter()
            .enumerate()
            .filter_map(|(index, name)| {
                let count = self.nulls.get(index).copied().unwrap_or(0);
                Some((name.clone()?, json!(count)))
            })
            .collect();
        json!({
            "rows": self.rows,
            "nulls": nulls,
            "unmasked_columns": hex(&self.checksum.to_be_bytes()),
        })
    }
}

/// Names of attributes; `None` where dropped.
///
/// # Safety
/// `desc` is a tuple descriptor.
pub unsafe fn names(desc: pg_sys::TupleDesc) -> Vec<Option<String>> {
    // SAFETY: natts attributes follow; names are NUL-terminated.
    unsafe {
        (*desc)
            .attrs
            .as_slice((*desc).natts as usize)
            .iter()
            .map(|a| (!a.attisdropped).then(|| string(a.attname.data.as_ptr())))
            .collect()
    }
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
        let _owner = AsOwner::of(own::relid(c"fingerprint"));
        let oid = |oid: Oid| (pg_sys::OIDOID, oid.into_datum());
        crate::query::with_safe_path(|| {
            // Tables that are gone leave nothing.
            execute(
                "DELETE FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) $1
                 OR NOT EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) relid)",
                &[oid(relid)],
            );
            execute(
                "INSERT INTO synth.fingerprint (relid, key_version, description) VALUES ($1, $2, $3)",
                &[
                    oid(relid),
                    (pg_sys::INT4OID, self.key_version.into_datum()),
                    (pg_sys::JSONBOID, JsonB(description).into_datum()),
                ],
            );
            for (number, column) in (0..).zip(&self.masked) {
                store_set(relid, number, &column.originals);
                if let Some(given) = &column.given {
                    store_set(relid, GIVEN + number, given);
                }
            }
        });
        (before, after)
    }
}

/// Whether a mask cannot be tried under other secrets, so that what it gives is kept.
fn is_blind(rule: &Rule, mask: &ColumnMask) -> bool {
    rule.condition().is_some()
        || matches!(mask.action, Action::Function(_) | Action::Shuffle(_))
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

fn store_set(relid: Oid, number: i32, set: &ValueSet) {
    for (chunk, bytes) in (0_i32..).zip(set.to_bytes().chunks(CHUNK)) {
        crate::boundary::check_for_interrupts();
        execute(
            "INSERT INTO synth.fingerprint_chunk (relid, column_number, chunk, contents) VALUES ($1, $2, $3, $4)",
            &[
                (pg_sys::OIDOID, relid.into_datum()),
                (pg_sys::INT4OID, number.into_datum()),
                (pg_sys::INT4OID, chunk.into_datum()),
                (pg_sys::BYTEAOID, Some(secret::bytea(bytes))),
            ],
        );
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

/// # Safety
/// The batch is one of the table that `unmasked` was made for.
unsafe fn count(totals: &mut Totals, unmasked: &mut Unmasked, hash: &ValueHash, batch: &Batch) {
    for row in 0..batch.rows {
        let (values, nulls) = batch.row(row);
        // SAFETY: by the caller's promise.
        let checksum = unsafe { unmasked.hash(hash, values, nulls) };
        totals.add(nulls, checksum);
    }
}

/// What the last masking of some tables saw, for the audit.
#[derive(Default)]
pub struct Seen {
    /// Control totals before, by table.
    pub before: Value,
    /// Control totals after, by table.
    pub after: Value,
    /// What comparing each written value with the originals has shown.
    pub verification: Value,
}

/// What the last masking of these tables saw.
pub fn seen(relids: &[Oid]) -> Seen {
    let mut before = serde_json::Map::new();
    let mut after = serde_json::Map::new();
    if !own::exists(c"fingerprint") {
        return Seen::default();
    }
    let descriptions = {
        let _owner = AsOwner::of(own::relid(c"fingerprint"));
        query(
            "SELECT relid, description FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) ANY ($1)",
            &[(pg_sys::OIDARRAYOID, relids.to_vec().into_datum())],
            |row| Ok(row.get::<Oid>(1)?.zip(row.get::<JsonB>(2)?)),
        )
    };
    let mut written = Written::default();
    for (relid, description) in descriptions {
        let name = crate::boundary::relation_name(relid);
        written.add(&name, &description.0);
        before.insert(name.clone(), description.0["before"].clone());
        after.insert(name, description.0["after"].clone());
    }
    Seen {
        before: Value::Object(before),
        after: Value::Object(after),
        verification: written.summary(),
    }
}

/// The verification that the write pass is: every value was compared with its original as it was
/// written, a sample of distinct ones with all originals at the end, and rows were counted.
#[derive(Default)]
struct Written {
    clean: u64,
    not_judged: u64,
    columns: Vec<Value>,
    rows: (u64, u64),
    checksum: (u64, u64),
}

impl Written {
    fn add(&mut self, table: &str, description: &Value) {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let sum = |totals: &Value| {
            let hex = totals["unmasked_columns"].as_str().unwrap_or_default();
            u64::from_str_radix(hex, 16).unwrap_or_default()
        };
        let (before, after) = (&description["before"], &description["after"]);
        self.rows.0 += number(&before["rows"]);
        self.rows.1 += number(&after["rows"]);
        // Rows may have moved between partitions: the sums are compared.
        self.checksum.0 = self.checksum.0.wrapping_add(sum(before));
        self.checksum.1 = self.checksum.1.wrapping_add(sum(after));
        for column in description["columns"].as_array().into_iter().flatten() {
            let kept = number(&column["kept_rows"]);
            let found = number(&column["originals_among_them"]);
            let verdict = if kept == 0 && found == 0 {
                self.clean += 1;
                "clean"
            } else {
                self.not_judged += 1;
                "not judged: synth_verify_masked tells chance from survivors"
            };
            self.columns.push(json!({
                "table": table,
                "column": column["name"],
                "values": column["values"],
                "kept": kept,
                "distinct_compared": column["distinct_compared"],
                "originals_among_them": found,
                "verdict": verdict,
            }));
        }
    }

    fn summary(self) -> Value {
        let equal = |(one, other): (u64, u64)| if one == other { "equal" } else { "differs" };
        json!({
            "method": "written values",
            "clean": self.clean,
            "not_judged": self.not_judged,
            "rows": equal(self.rows),
            "unmasked_columns": equal(self.checksum),
            "columns": self.columns,
        })
    }
}

/// A column of a fingerprint that was kept.
pub struct StoredColumn {
    /// Name.
    pub name: String,
    /// The rule that held.
    pub rule: String,
    /// Distinct values that came out of the mask as they went in.
    pub kept: u64,
    /// Rows that kept their value, and how many would by chance; where the mask has no secret.
    pub dealt: Option<(u64, f64)>,
    /// The values that it had.
    pub originals: ValueSet,
    /// Originals that the mask gave to some row.
    pub given: Option<ValueSet>,
}

/// A fingerprint that was kept.
pub struct Stored {
    /// The secret it was taken under.
    pub secret: Secret,
    /// Control totals before.
    pub before: Value,
    /// Masked columns.
    pub columns: Vec<StoredColumn>,
    /// How values were hashed.
    pub edition: u64,
}

impl Stored {
    /// Whether values were hashed as they are now.
    pub fn is_current(&self) -> bool {
        self.edition >= EDITION
    }
}

/// Reads the fingerprint of a table, if there is one.
pub fn load(relid: Oid) -> Option<Stored> {
    let _owner = AsOwner::of(own::relid(c"fingerprint"));
    let (key_version, description) = query(
        "SELECT key_version, description FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) $1",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| Ok(row.get::<i32>(1)?.zip(row.get::<JsonB>(2)?)),
    )
    .pop()?;
    let description = description.0;
    let mut columns = Vec::new();
    for (number, column) in (0..).zip(description["columns"].as_array()?) {
        let kept_rows = column["kept_rows"].as_u64();
        columns.push(StoredColumn {
            name: column["name"].as_str()?.to_owned(),
            rule: column["rule"].as_str()?.to_owned(),
            kept: column["kept"].as_u64()?,
            dealt: kept_rows.zip(column["kept_rows_expected"].as_f64()),
            originals: load_set(relid, number)?,
            given: load_set(relid, GIVEN + number),
        });
    }
    Some(Stored {
        secret: secret::version(key_version),
        before: description["before"].clone(),
        columns,
        edition: description["edition"].as_u64().unwrap_or(1),
    })
}

fn load_set(relid: Oid, number: i32) -> Option<ValueSet> {
    let mut bytes = Vec::new();
    for chunk in 0_i32.. {
        crate::boundary::check_for_interrupts();
        let found = query(
            "SELECT contents FROM synth.fingerprint_chunk WHERE relid OPERATOR(pg_catalog.=) $1
             AND column_number OPERATOR(pg_catalog.=) $2 AND chunk OPERATOR(pg_catalog.=) $3",
            &[
                (pg_sys::OIDOID, relid.into_datum()),
                (pg_sys::INT4OID, number.into_datum()),
                (pg_sys::INT4OID, chunk.into_datum()),
            ],
            |row| row.get::<Vec<u8>>(1),
        )
        .pop();
        match found {
            Some(contents) => bytes.extend(contents),
            None => break,
        }
    }
    ValueSet::from_bytes(&bytes)
}
