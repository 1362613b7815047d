//! Appending to the chain.
//!
//! `synth.audit_head` holds one row: number and hash of the last record, so that removing the last
//! ones is noticed, and a seal over both under the masking secret, so that a head put in its place
//! by somebody without the secret is, too. The head's lock makes appending one at a time.

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Datum};
use serde_json::{Value, json};
use synth_engine::audit::{FIRST, HASH_LENGTH, hex, record_hash};
use synth_engine::secret::{DomainKey, Secret};

use crate::own::{self, OwnTable};
use crate::secret;

/// How many bytes tell a seal's key.
const KEY_ID: usize = 8;

/// The last record, as the head has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 if there is none.
    pub id: i64,
    /// Its hash.
    pub hash: [u8; HASH_LENGTH],
    /// Which key it is sealed with: independent of the version's number, which another database
    /// gives to another secret. Empty for a database without a secret.
    pub key_id: Vec<u8>,
    /// The seal.
    pub seal: Vec<u8>,
}

/// What a seal says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// The head is as pg_synth wrote it.
    Whole,
    /// It is not.
    Broken,
    /// Its key is not in this database: restored from a dump, or shredded.
    UnknownKey,
}

impl Seal {
    /// For records and messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "whole",
            Self::Broken => "broken",
            Self::UnknownKey => "key unknown",
        }
    }
}

impl Head {
    fn empty() -> Self {
        Self {
            id: 0,
            hash: FIRST,
            key_id: Vec::new(),
            seal: Vec::new(),
        }
    }

    fn message(&self) -> Vec<u8> {
        [&self.id.to_be_bytes()[..], &self.hash].concat()
    }

    fn seal(&mut self, secret: Option<&Secret>) {
        let (key_id, seal) = secret.map_or_else(Default::default, |secret| {
            let key = seal_key(secret);
            (key_id(&key), key.digest(&self.message()).to_vec())
        });
        self.key_id = key_id;
        self.seal = seal;
    }

    /// Checks the seal under every secret that there is.
    pub fn check(&self) -> Seal {
        let keys = secret::versions()
            .into_iter()
            .filter_map(|(_, secret)| secret)
            .map(|secret| seal_key(&secret));
        for key in keys {
            if key_id(&key) == self.key_id {
                let good = key.digest(&self.message()).to_vec() == self.seal;
                return if good { Seal::Whole } else { Seal::Broken };
            }
        }
        Seal::UnknownKey
    }
}

fn seal_key(secret: &Secret) -> DomainKey {
    secret.key("pg_synth audit seal")
}

fn key_id(key: &DomainKey) -> Vec<u8> {
    key.digest(b"key id")[..KEY_ID].to_vec()
}

fn open_head(lock: u32) -> OwnTable {
    use pg_sys::{BOOLOID, BYTEAOID, INT8OID};
    OwnTable::open(
        c"audit_head",
        &[BOOLOID, INT8OID, BYTEAOID, BYTEAOID, BYTEAOID],
        lock,
    )
}

/// Reads the head; where it stands, if it does.
fn read(table: &OwnTable) -> Option<(pg_sys::ItemPointerData, Head)> {
    let mut found = None;
    table.scan(|place, cells| {
        // SAFETY: bytea by the types that were checked.
        let bytes = |index: usize| cells[index].map(|datum| unsafe { own::bytes(datum) }.to_vec());
        let head = Head {
            id: cells[1].map_or(0, |id| id.value() as i64),
            hash: bytes(2)
                .and_then(|hash| hash.try_into().ok())
                .unwrap_or(FIRST),
            key_id: bytes(3).unwrap_or_default(),
            seal: bytes(4).unwrap_or_default(),
        };
        found = Some((place, head));
    });
    found
}

/// Keeps others from appending until the transaction ends: for those who will hold what appending
/// needs, and append in the end.
pub fn lock() {
    // SAFETY: locks a table that exists.
    unsafe { pg_sys::LockRelationOid(own::relid(c"audit_head"), pg_sys::ExclusiveLock as i32) };
}

/// The head as it is now.
pub fn head() -> Option<Head> {
    read(&open_head(pg_sys::AccessShareLock)).map(|(_, head)| head)
}

/// Appends records; gives a line for the log for each.
pub fn append(records: impl Iterator<Item = Value>) -> Vec<String> {
    use pg_sys::{BYTEAOID, INT8OID, TEXTOID};
    // Held to the end of the transaction: whoever appends next follows on what is committed.
    let head_table = open_head(pg_sys::ExclusiveLock);
    let audit = OwnTable::open(
        c"audit",
        &[INT8OID, TEXTOID, BYTEAOID, BYTEAOID],
        pg_sys::RowExclusiveLock,
    );
    let found = read(&head_table);
    let (place, mut head) = match found {
        Some((place, head)) => (Some(place), head),
        None => (None, Head::empty()),
    };
    // What the head was when it was built upon is written down: the new seal would hide it.
    let seal = place.map(|_| head.check().name());
    let mut lines = Vec::new();
    for mut record in records {
        if let Some(fields) = record.as_object_mut() {
            fields.insert("head_seal".to_owned(), json!(seal));
        }
        let text = record.to_string();
        let id = head.id + 1;
        let hash = record_hash(id, &head.hash, &text);
        audit.insert(&[
            Some(Datum::from(id)),
            text.into_datum(),
            Some(secret::bytea(&head.hash)),
            Some(secret::bytea(&hash)),
        ]);
        (head.id, head.hash) = (id, hash);
        lines.push(format!("pg_synth audit record {id}: {}", hex(&hash)));
    }
    head.seal(secret::newest().map(|(_, secret)| secret).as_ref());
    let cells = [
        Some(Datum::from(true)),
        Some(Datum::from(head.id)),
        Some(secret::bytea(&head.hash)),
        Some(secret::bytea(&head.key_id)),
        Some(secret::bytea(&head.seal)),
    ];
    match place {
        Some(place) => head_table.update(place, &cells),
        None => head_table.insert(&cells),
    }
    lines
}
