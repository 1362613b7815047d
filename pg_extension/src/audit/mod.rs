//! The audit: a record of each run that masked, copied or unmasked, in a hash chain.
//!
//! Records are queued while a transaction works and written when it commits: the chain's lock is
//! held for that moment only, so that a masking of hours does not hold up others, and two
//! transactions that each mask several tables cannot block each other. What is rolled back leaves
//! no record, as it left no other trace.
//!
//! | file | subject |
//! |---|---|
//! | `chain` | appending records to `synth.audit` |
//! | `apart` | records in a transaction of their own |
//! | `verify` | `synth_audit_verify` |

mod apart;
mod chain;
mod verify;

use std::cell::RefCell;

use pgrx::pg_sys;
use serde_json::{Value, json};
use synth_engine::audit::{hex, rules_hash};

use crate::boundary::string;
use crate::query::query;

pub use apart::record_now;
pub use chain::lock;

/// What a run did.
pub struct Run {
    /// What was asked for, as in `mask_table`.
    pub operation: &'static str,
    /// What it was done to: `schema.table`, or several.
    pub target: String,
    /// The rules that held: `schema.table.column`, and the rule's text.
    pub rules: Vec<(String, String)>,
    /// Version of the secret.
    pub key_version: Option<i32>,
    /// Rows that were touched.
    pub rows: i64,
    /// Control totals before. No values: whoever reads the audit reads them.
    pub before: Value,
    /// Control totals after.
    pub after: Value,
    /// What a verification found; null for none.
    pub verification: Value,
}

impl Run {
    /// Of these rules, under the secret that is in use; no totals and no verification yet.
    pub fn masking(
        operation: &'static str,
        target: String,
        rules: Vec<(String, String)>,
        rows: i64,
    ) -> Self {
        Self {
            rules,
            key_version: crate::secret::newest().map(|(version, _)| version),
            rows,
            ..Self::about(operation, target)
        }
    }

    /// Of no rule and no row.
    pub fn about(operation: &'static str, target: String) -> Self {
        Self {
            operation,
            target,
            rules: Vec::new(),
            key_version: None,
            rows: 0,
            before: Value::Null,
            after: Value::Null,
            verification: Value::Null,
        }
    }
}

thread_local! {
    /// Records of this transaction, each with the subtransaction that made it.
    static QUEUE: RefCell<Vec<(pg_sys::SubTransactionId, Value)>> = const { RefCell::new(Vec::new()) };
    /// Lines for the server log, once the transaction has committed.
    static WRITTEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Has a record appended to the chain when the transaction commits. Who and when are added.
pub fn record(run: &Run) {
    if !crate::own::exists(c"audit") {
        return;
    }
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    QUEUE.with_borrow_mut(|queue| queue.push((subtransaction, describe(run))));
}

fn describe(run: &Run) -> Value {
    let mut record = json!({
        "operation": run.operation,
        "target": run.target,
        "rules": run.rules.iter().map(|(column, rule)| json!([column, rule])).collect::<Vec<_>>(),
        "rules_sha256": hex(&rules_hash(&run.rules)),
        "key_version": run.key_version,
        "rows": run.rows,
        "before": run.before,
        "after": run.after,
        "verification": run.verification,
        "pg_synth": env!("CARGO_PKG_VERSION"),
    });
    if let Some(fields) = record.as_object_mut() {
        fields.extend(who_and_when());
    }
    record
}

/// Session user, current role, address of the client, and the time of the clock in UTC.
fn who_and_when() -> Vec<(String, Value)> {
    // SAFETY: both users exist as long as the session; names are palloc'd.
    let (session_user, role) = unsafe {
        (
            string(pg_sys::GetUserNameFromId(pg_sys::GetSessionUserId(), true)),
            string(pg_sys::GetUserNameFromId(pg_sys::GetUserId(), true)),
        )
    };
    let row = query(
        "SELECT pg_catalog.to_char(pg_catalog.clock_timestamp() AT TIME ZONE 'UTC',
                                   'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'),
                pg_catalog.host(pg_catalog.inet_client_addr())",
        &[],
        |row| Ok(Some((row.get::<String>(1)?, row.get::<String>(2)?))),
    );
    let (at, client) = row.into_iter().next().unwrap_or_default();
    [
        ("session_user", json!(session_user)),
        ("role", json!(role)),
        ("client", json!(client)),
        ("at", json!(at)),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// Has the queue written at the end of transactions. Called once a process, from `_PG_init`.
pub fn register() {
    // SAFETY: the functions below are never unloaded.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_transaction_end), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_subtransaction_end), std::ptr::null_mut());
    }
}

/// # Safety
/// Called by Postgres.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn at_transaction_end(
    event: pg_sys::XactEvent::Type,
    _arg: *mut std::ffi::c_void,
) {
    use pg_sys::XactEvent::{
        XACT_EVENT_ABORT, XACT_EVENT_COMMIT, XACT_EVENT_PRE_COMMIT, XACT_EVENT_PRE_PREPARE,
        XACT_EVENT_PREPARE,
    };
    match event {
        XACT_EVENT_PRE_COMMIT | XACT_EVENT_PRE_PREPARE => {
            let queue = QUEUE.take();
            if !queue.is_empty() {
                let lines = chain::append(queue.into_iter().map(|(_, record)| record));
                WRITTEN.set(lines);
            }
        }
        XACT_EVENT_COMMIT => {
            for line in WRITTEN.take() {
                // What the log holds cannot be changed from inside the database.
                pgrx::log!("{line}");
            }
        }
        XACT_EVENT_PREPARE => {
            // It may be rolled back yet, by any session: no anchor. If it is committed, the hash of the
            // next record covers it.
            for line in WRITTEN.take() {
                pgrx::log!(
                    "{}",
                    line.replacen(" record ", " record, prepared and not committed, ", 1)
                );
            }
        }
        XACT_EVENT_ABORT => {
            QUEUE.take();
            WRITTEN.take();
        }
        _ => {}
    }
}

/// # Safety
/// Called by Postgres.
#[pgrx::pg_guard]
unsafe extern "C-unwind" fn at_subtransaction_end(
    event: pg_sys::SubXactEvent::Type,
    own: pg_sys::SubTransactionId,
    _parent: pg_sys::SubTransactionId,
    _arg: *mut std::ffi::c_void,
) {
    if event == pg_sys::SubXactEvent::SUBXACT_EVENT_ABORT_SUB {
        // While a subtransaction is open, all that is queued is its own or of those within it,
        // whose numbers are higher.
        QUEUE.with_borrow_mut(|queue| queue.retain(|(subtransaction, _)| *subtransaction < own));
    }
}
