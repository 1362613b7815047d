//! Fingerprints as they are kept: a row of `synth.fingerprint` a table, with its sets in
//! `synth.fingerprint_chunk`.

use pgrx::pg_sys::{self, Oid};
use pgrx::{IntoDatum, JsonB};
use serde_json::Value;
use synth_engine::proof::ValueSet;
use synth_engine::secret::Secret;

use crate::mask::owner::AsOwner;
use crate::query::{execute, query, with_safe_path};
use crate::{own, secret};

/// Bytes of a set in one row of `synth.fingerprint_chunk`.
const CHUNK: usize = 1 << 20;
/// Numbers of sets in `synth.fingerprint_chunk`: those of originals are numbered as columns are, those
/// of what was given in their place from here on.
const GIVEN: i32 = 1_000_000;
/// How values are hashed. The first edition took arrays, JSON documents and numbers as they are stored.
pub const EDITION: u64 = 2;
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

/// Keeps the fingerprint of a table in place of the one before: for each masked column its originals,
/// and what was given in their place where that is to be known.
pub fn keep<'a>(
    relid: Oid,
    key_version: i32,
    description: Value,
    sets: impl Iterator<Item = (&'a ValueSet, Option<&'a ValueSet>)>,
) {
    let _owner = AsOwner::of(own::relid(c"fingerprint"));
    let oid = |oid: Oid| (pg_sys::OIDOID, oid.into_datum());
    with_safe_path(|| {
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
                (pg_sys::INT4OID, key_version.into_datum()),
                (pg_sys::JSONBOID, JsonB(description).into_datum()),
            ],
        );
        for (number, (originals, given)) in (0..).zip(sets) {
            store_set(relid, number, originals);
            if let Some(given) = given {
                store_set(relid, GIVEN + number, given);
            }
        }
    });
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
