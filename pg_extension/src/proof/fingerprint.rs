//! The fingerprint of a table: which values its masked columns had, and control totals, taken while
//! it is masked.
//!
//! Before and after a batch of rows is masked, [`Fingerprint::before`] and [`Fingerprint::after`]
//! look at it; [`Fingerprint::store`] keeps what was seen in `synth.fingerprint`, in the transaction
//! of the masking. A table has one fingerprint, that of its last masking.

use std::collections::HashSet;

use pgrx::pg_sys::{self, Datum, Oid};
use pgrx::{IntoDatum, JsonB};
use serde_json::{Value, json};
use synth_engine::audit::hex;
use synth_engine::mask::Rule;
use synth_engine::proof::{Class, EXACT, ValueHash, ValueSet};
use synth_engine::secret::Secret;

use super::kind::Kind;
use crate::boundary::string;
use crate::mask::batch::{Batch, ColumnMask};
use crate::mask::owner::AsOwner;
use crate::mask::plan::Rules;
use crate::query::{execute, query};
use crate::{own, secret};

/// Bytes of a set in one row of `synth.fingerprint_chunk`.
const CHUNK: usize = 1 << 20;

/// A masked column.
pub struct MaskedColumn {
    /// Position among the table's attributes, from 0.
    pub index: usize,
    /// Name.
    pub name: String,
    /// How its values are hashed.
    pub kind: Kind,
    /// The rule's text.
    pub rule: String,
    /// The rule leaves some rows alone: what did not change in those is no original to look for.
    pub is_conditional: bool,
    /// The values that it had.
    pub originals: ValueSet,
    /// Values that came out of the mask as they went in, so many of them.
    pub kept: HashSet<u64>,
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
    /// Hashes of the batch, for each masked column.
    seen: Vec<Vec<Option<u64>>>,
}

impl Unmasked {
    /// # Safety
    /// `desc` is a tuple descriptor.
    pub unsafe fn new(desc: pg_sys::TupleDesc, masked: &[usize]) -> Self {
        // SAFETY: natts attributes follow.
        let attributes = unsafe { (*desc).attrs.as_slice((*desc).natts as usize) };
        let mut columns: Vec<(usize, Kind)> = attributes
            .iter()
            .enumerate()
            // Generated columns are computed anew from what is masked.
            .filter(|(index, a)| !a.attisdropped && a.attgenerated == 0 && !masked.contains(index))
            .map(|(index, attribute)| (index, Kind::of(attribute.atttypid)))
            .collect();
        // Rows may move between partitions, whose columns stand in other orders.
        columns
            .sort_by_key(|(index, _)| unsafe { string(attributes[*index].attname.data.as_ptr()) });
        Self {
            columns,
            scratch: Vec::new(),
        }
    }

    /// The hash of a row's unmasked columns. Values out of line count with their length alone.
    ///
    /// # Safety
    /// The cells are those of a row of the relation.
    pub unsafe fn hash(&mut self, hash: &ValueHash, values: &[Datum], nulls: &[bool]) -> u64 {
        self.scratch.clear();
        for &(index, kind) in &self.columns {
            let cell = if nulls[index] {
                0
            } else if kind.is_varlena() && unsafe { is_external(values[index]) } {
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
            .map(|mask| MaskedColumn {
                index: mask.index,
                name: mask.column.name.clone(),
                kind: Kind::of(mask.column.type_oid),
                rule: rules
                    .get(&(relid, mask.column.name.clone()))
                    .map_or_else(String::new, Rule::to_string),
                is_conditional: rules
                    .get(&(relid, mask.column.name.clone()))
                    .is_some_and(|rule| rule.condition().is_some()),
                originals: ValueSet::new(rows),
                kept: HashSet::new(),
            })
            .collect();
        let indexes: Vec<usize> = masked.iter().map(|column| column.index).collect();
        Self {
            relid,
            key_version,
            hash: ValueHash::new(&secret),
            seen: vec![Vec::new(); masked.len()],
            masked,
            // SAFETY: the descriptor of an open relation.
            unmasked: unsafe { Unmasked::new(desc, &indexes) },
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
        for (column, seen) in self.masked.iter_mut().zip(&mut self.seen) {
            seen.clear();
            for row in 0..batch.rows {
                let (values, nulls) = batch.row(row);
                let value = (!nulls[column.index]).then(|| {
                    // SAFETY: by the caller's promise.
                    unsafe { column.kind.hash(&self.hash, values[column.index]) }
                });
                if let Some(hash) = value.filter(|_| !column.is_conditional) {
                    column.originals.insert(hash);
                }
                seen.push(value);
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
        for (column, seen) in self.masked.iter_mut().zip(&self.seen) {
            for (row, original) in seen.iter().enumerate().take(batch.rows) {
                let (values, nulls) = batch.row(row);
                let Some(original) = original else {
                    continue;
                };
                let now = (!nulls[column.index]).then(|| {
                    // SAFETY: by the caller's promise.
                    unsafe { column.kind.hash(&self.hash, values[column.index]) }
                });
                if column.is_conditional {
                    if now != Some(*original) {
                        column.originals.insert(*original);
                    }
                } else if now == Some(*original) && column.kept.len() < EXACT {
                    column.kept.insert(*original);
                }
            }
        }
        // SAFETY: by the caller's promise.
        unsafe { count(&mut self.after, &mut self.unmasked, &self.hash, batch) };
    }

    /// Keeps the fingerprint in place of the one before, unless no column is masked; gives the control totals before and after.
    pub fn store(self) -> (Value, Value) {
        let relid = self.relid;
        self.store_for(relid)
    }

    /// The same, for a masked copy of the table whose columns have the same names.
    pub fn store_for(self, relid: Oid) -> (Value, Value) {
        let (before, after) = (
            self.before.to_json(&self.names),
            self.after.to_json(&self.names),
        );
        if self.masked.is_empty() || !own::exists(c"fingerprint") {
            return (before, after);
        }
        let description = json!({
            "before": before,
            "after": after,
            "columns": self.masked.iter().map(|column| json!({
                "name": column.name,
                "rule": column.rule,
                "kept": column.kept.len(),
            })).collect::<Vec<_>>(),
        });
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
            for (number, column) in self.masked.iter().enumerate() {
                for (chunk, bytes) in column.originals.to_bytes().chunks(CHUNK).enumerate() {
                    crate::boundary::check_for_interrupts();
                    execute(
                        "INSERT INTO synth.fingerprint_chunk (relid, column_number, chunk, contents) VALUES ($1, $2, $3, $4)",
                        &[
                            oid(relid),
                            (pg_sys::INT4OID, (number as i32).into_datum()),
                            (pg_sys::INT4OID, (chunk as i32).into_datum()),
                            (pg_sys::BYTEAOID, Some(secret::bytea(bytes))),
                        ],
                    );
                }
            }
        });
        (before, after)
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

/// Control totals before and after the last masking of these tables, by table, for the audit.
pub fn totals(relids: &[Oid]) -> (Value, Value) {
    let mut before = serde_json::Map::new();
    let mut after = serde_json::Map::new();
    if !own::exists(c"fingerprint") {
        return (Value::Null, Value::Null);
    }
    let descriptions = {
        let _owner = AsOwner::of(own::relid(c"fingerprint"));
        query(
            "SELECT relid, description FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) ANY ($1)",
            &[(pg_sys::OIDARRAYOID, relids.to_vec().into_datum())],
            |row| Ok(row.get::<Oid>(1)?.zip(row.get::<JsonB>(2)?)),
        )
    };
    for (relid, description) in descriptions {
        let name = crate::boundary::relation_name(relid);
        before.insert(name.clone(), description.0["before"].clone());
        after.insert(name, description.0["after"].clone());
    }
    (Value::Object(before), Value::Object(after))
}

/// A column of a fingerprint that was kept.
pub struct StoredColumn {
    /// Name.
    pub name: String,
    /// The rule that held.
    pub rule: String,
    /// Distinct values that came out of the mask as they went in.
    pub kept: u64,
    /// The values that it had.
    pub originals: ValueSet,
}

/// A fingerprint that was kept.
pub struct Stored {
    /// The secret it was taken under.
    pub secret: Secret,
    /// Control totals before.
    pub before: Value,
    /// Masked columns.
    pub columns: Vec<StoredColumn>,
}

/// Reads the fingerprint of a table, if there is one.
pub fn load(relid: Oid) -> Option<Stored> {
    let _owner = AsOwner::of(own::relid(c"fingerprint"));
    let parameter = [(pg_sys::OIDOID, relid.into_datum())];
    let (key_version, description) = query(
        "SELECT key_version, description FROM synth.fingerprint WHERE relid OPERATOR(pg_catalog.=) $1",
        &parameter,
        |row| Ok(row.get::<i32>(1)?.zip(row.get::<JsonB>(2)?)),
    )
    .pop()?;
    let description = description.0;
    let mut columns = Vec::new();
    for (number, column) in description["columns"].as_array()?.iter().enumerate() {
        let mut bytes = Vec::new();
        for chunk in 0_i32.. {
            crate::boundary::check_for_interrupts();
            let found = query(
                "SELECT contents FROM synth.fingerprint_chunk WHERE relid OPERATOR(pg_catalog.=) $1
                 AND column_number OPERATOR(pg_catalog.=) $2 AND chunk OPERATOR(pg_catalog.=) $3",
                &[
                    parameter[0],
                    (pg_sys::INT4OID, (number as i32).into_datum()),
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
        columns.push(StoredColumn {
            name: column["name"].as_str()?.to_owned(),
            rule: column["rule"].as_str()?.to_owned(),
            kept: column["kept"].as_u64()?,
            originals: ValueSet::from_bytes(&bytes)?,
        });
    }
    Some(Stored {
        secret: secret::version(key_version),
        before: description["before"].clone(),
        columns,
    })
}
