//! `synth_audit_verify`: reads the chain from its first record to the head and says where it is
//! broken.

use pgrx::IntoDatum;
use pgrx::iter::TableIterator;
use pgrx::prelude::*;
use pgrx::spi::{Result, SpiHeapTupleData};
use synth_engine::audit::{FIRST, HASH_LENGTH, hex, record_hash};

use super::chain::{self, Seal};
use crate::boundary::check_for_interrupts;
use crate::mask::owner::AsOwner;
use crate::own;
use crate::query::query;

/// A record, checked in itself.
struct Checked {
    id: i64,
    previous: Option<[u8; HASH_LENGTH]>,
    hash: Option<[u8; HASH_LENGTH]>,
    /// Its hash is that of its text.
    whole: bool,
    /// It says that the head it was built upon had a broken seal.
    on_broken_head: bool,
}

/// `synth_audit_verify(anchor_id bigint, anchor_hash text)`: a row for each break; none means that
/// the chain is whole. The anchor is a record's hash as the server log or another place outside the
/// database has it.
#[pg_extern(sql = false)]
fn synth_audit_verify(
    anchor_id: Option<i64>,
    anchor_hash: Option<String>,
) -> TableIterator<'static, (name!(id, Option<i64>), name!(problem, String))> {
    let anchor = anchor_id.zip(anchor_hash.map(|hash| hash.trim().to_ascii_lowercase()));
    TableIterator::new(breaks(anchor.as_ref()))
}

fn breaks(anchor: Option<&(i64, String)>) -> Vec<(Option<i64>, String)> {
    let mut out = Vec::new();
    let (mut last, mut last_hash) = (0, Some(FIRST));
    let mut anchored = anchor.is_none();
    let mut page = read_after(0);
    // Nothing is locked, as verifying must not hold up anybody: what is appended meanwhile is read,
    // too, until the head is no further.
    let head = loop {
        check_for_interrupts();
        for record in &page {
            if record.id > last + 1 {
                out.push((Some(last + 1), missing(last + 1, record.id - 1)));
            } else if record.whole && record.previous != last_hash {
                out.push((
                    Some(record.id),
                    "does not follow the record before it".to_owned(),
                ));
            }
            if !record.whole {
                out.push((
                    Some(record.id),
                    "has been changed: its hash is another".to_owned(),
                ));
            }
            if record.on_broken_head {
                out.push((
                    Some(record.id),
                    "was appended to a head whose seal was broken".to_owned(),
                ));
            }
            if let Some((id, hash)) = anchor
                && *id == record.id
            {
                anchored = true;
                if record.hash.map(|own| hex(&own)).as_ref() != Some(hash) {
                    out.push((
                        Some(*id),
                        "does not have the hash that was expected".to_owned(),
                    ));
                }
            }
            (last, last_hash) = (record.id, record.hash);
        }
        let head = chain::head();
        page = read_after(last);
        if page.is_empty() {
            break head;
        }
    };
    if let (false, Some((id, _))) = (anchored, anchor) {
        out.push((Some(*id), "is missing, and was expected".to_owned()));
    }
    match head {
        None if last > 0 => out.push((None, "the head of the chain is missing".to_owned())),
        None => {}
        Some(head) => {
            if head.id > last {
                out.push((
                    Some(last + 1),
                    format!("{}, the last ones", missing(last + 1, head.id)),
                ));
            } else if head.id < last {
                out.push((Some(last), "stands after the head of the chain".to_owned()));
            } else if Some(head.hash) != last_hash {
                out.push((
                    Some(last),
                    "does not have the hash that the head says".to_owned(),
                ));
            }
            match head.check() {
                Seal::Whole => {}
                Seal::Broken => out.push((
                    None,
                    "the head of the chain has been changed: its seal is broken".to_owned(),
                )),
                Seal::UnknownKey => pgrx::notice!(
                    "the head of the audit is sealed with a secret that this database does not have: restored from a dump, shredded, or altered. Compare the last hash with that in the server log of the time."
                ),
            }
        }
    }
    out
}

fn missing(from: i64, to: i64) -> String {
    if from == to {
        "is missing".to_owned()
    } else {
        format!("is missing, and those up to {to}")
    }
}

/// The next records, some at a time.
fn read_after(id: i64) -> Vec<Checked> {
    let _owner = AsOwner::of(own::relid(c"audit"));
    query(
        "SELECT id, record, previous, hash FROM synth.audit WHERE id OPERATOR(pg_catalog.>) $1 ORDER BY id LIMIT 1000",
        &[(pg_sys::INT8OID, id.into_datum())],
        checked,
    )
}

fn checked(row: &SpiHeapTupleData) -> Result<Option<Checked>> {
    let id: i64 = row.get(1)?.unwrap_or_default();
    let record: String = row.get(2)?.unwrap_or_default();
    let bytes = |bytes: Option<Vec<u8>>| bytes.and_then(|bytes| bytes.try_into().ok());
    let previous: Option<[u8; HASH_LENGTH]> = bytes(row.get(3)?);
    let hash = bytes(row.get(4)?);
    let value: Option<serde_json::Value> = serde_json::from_str(&record).ok();
    Ok(Some(Checked {
        id,
        whole: previous.map(|previous| record_hash(id, &previous, &record)) == hash
            && hash.is_some(),
        previous,
        hash,
        on_broken_head: value.is_some_and(|value| value["head_seal"] == Seal::Broken.name()),
    }))
}
