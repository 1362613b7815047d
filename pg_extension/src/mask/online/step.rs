//! Steps of a run: each is a transaction. Locks are waited for with patience and given up with
//! tact: nobody queues behind a run for longer than its `lock_timeout`.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::ffi::CString;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use pgrx::{PgMemoryContexts, PgTryBuilder};

use super::state;
use crate::boundary::{check_for_interrupts, relation_name};
use crate::error::raise;
use crate::query::with_settings;
use crate::sqlstate::call;

/// The first pause after a lock was not to be had; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How often a standby's lag is looked at.
const LAG_PAUSE: Duration = Duration::from_millis(500);

/// What the caller allows.
pub struct Limits {
    /// Rows a batch.
    pub batch_rows: usize,
    /// Rows a second; none is unlimited.
    pub rows_per_second: Option<u32>,
    /// How far a standby may be behind, in microseconds.
    pub max_replica_lag: Option<i64>,
    /// How long a lock is waited for, in milliseconds, at least 1.
    pub lock_timeout: i64,
    /// How often.
    pub lock_attempts: u32,
}

/// Makes the transaction that has just begun one that sees what others commit.
fn read_committed() {
    // SAFETY: a variable of the backend, set before the transaction has a snapshot.
    unsafe { pg_sys::XactIsoLevel = pg_sys::XACT_READ_COMMITTED as i32 };
}

/// Ends the transaction and begins the next, if the tables are still this session's to mask.
pub fn commit() {
    check_for_interrupts();
    require_claims();
    // SAFETY: SPI is connected as non-atomic, and no snapshot of ours is active.
    unsafe { pg_sys::SPI_commit() };
    read_committed();
}

fn rollback() {
    // SAFETY: as above; ends whatever an error has left open.
    unsafe { pg_sys::SPI_rollback() };
    read_committed();
}

/// Runs a step and commits it.
pub fn step<T>(work: impl FnOnce() -> T) -> T {
    let result = under_snapshot(work);
    commit();
    result
}

/// Runs a step without a commit.
pub fn under_snapshot<T>(work: impl FnOnce() -> T) -> T {
    // SAFETY: popped below; an error pops it with the transaction.
    unsafe { pg_sys::PushActiveSnapshot(pg_sys::GetTransactionSnapshot()) };
    // A run has many steps, and the memory around them lives as long as it does.
    let mut memory = PgMemoryContexts::new("pg_synth masking step");
    // SAFETY: what a step gives does not lie in Postgres's memory.
    let result = unsafe { memory.switch_to(|_| work()) };
    // SAFETY: pushed above.
    unsafe { pg_sys::PopActiveSnapshot() };
    result
}

/// What a step under locks says.
pub enum Outcome<T> {
    /// It is done, and is committed.
    Done(T),
    /// It is not to be done now: it is rolled back.
    Undo,
}

/// Runs a step under locks on these tables. Where they cannot be had in time, what was begun is
/// rolled back, and tried again after a pause.
pub fn locked_step<T>(
    target: Oid,
    limits: &Limits,
    tables: &[Oid],
    mode: u32,
    work: impl FnOnce() -> Outcome<T>,
) -> Option<T> {
    lock(target, limits, || {
        for &relid in tables {
            // SAFETY: waits for a lock of this transaction.
            unsafe { pg_sys::LockRelationOid(relid, mode as i32) };
        }
    });
    match under_snapshot(work) {
        Outcome::Done(result) => {
            commit();
            Some(result)
        }
        Outcome::Undo => {
            rollback();
            None
        }
    }
}

/// Takes locks, and tries again while they cannot be had.
pub fn lock<T>(target: Oid, limits: &Limits, take: impl Fn() -> T) -> T {
    let timeout = CString::new(format!("{}ms", limits.lock_timeout)).unwrap_or_default();
    let mut pause = FIRST_PAUSE;
    for attempt in 1.. {
        let locked = AssertUnwindSafe(|| with_settings(&[(c"lock_timeout", &timeout)], &take));
        let taken = PgTryBuilder::new(move || Some(call(locked)))
            .catch_when(ERRCODE_LOCK_NOT_AVAILABLE, |_| None)
            .catch_when(ERRCODE_T_R_DEADLOCK_DETECTED, |_| None)
            .execute();
        if let Some(taken) = taken {
            return taken;
        }
        rollback();
        if attempt >= limits.lock_attempts {
            raise(
                ERRCODE_LOCK_NOT_AVAILABLE,
                format!(
                    "could not lock {} in {attempt} attempts",
                    relation_name(target)
                ),
                Some(
                    "Others use it without a pause. What is done is kept: the same call goes on from there."
                        .to_owned(),
                ),
            );
        }
        step(|| state::waiting(target, Some("lock")));
        sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
    unreachable!("attempts end with an error")
}

/// Sleeps, and wakes for a cancel.
pub fn sleep(duration: Duration) {
    let until = Instant::now() + duration;
    loop {
        check_for_interrupts();
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        let events = pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH;
        // SAFETY: the latch of this process.
        unsafe {
            pg_sys::WaitLatch(
                pg_sys::MyLatch,
                events as i32,
                left.as_millis().clamp(1, 10_000) as _,
                pg_sys::PG_WAIT_EXTENSION,
            );
            pg_sys::ResetLatch(pg_sys::MyLatch);
        }
    }
}

/// Keeps a run to its speed.
pub struct Throttle {
    begun: Instant,
    rows: u64,
    /// Where the server wrote its log at some times in the past, the oldest first.
    written: VecDeque<(Instant, i64)>,
}

/// So many times are remembered within the lag that is allowed.
const TIMES: u32 = 32;

impl Throttle {
    /// Counts from now.
    pub fn new() -> Self {
        Self {
            begun: Instant::now(),
            rows: 0,
            written: VecDeque::new(),
        }
    }

    /// Whether a standby has not replayed yet what was written so long ago.
    fn is_behind(&mut self, lag: Duration) -> bool {
        let now = Instant::now();
        let standbys = step(state::standbys);
        let last = self.written.back().map(|(time, _)| *time);
        if last.is_none_or(|last| now - last >= lag / TIMES) {
            self.written.push_back((now, standbys.written));
        }
        // The youngest that is old enough stays.
        while self
            .written
            .get(1)
            .is_some_and(|(time, _)| now - *time >= lag)
        {
            self.written.pop_front();
        }
        let due = self.written.front().filter(|(time, _)| now - *time >= lag);
        due.zip(standbys.replayed)
            .is_some_and(|((_, written), replayed)| replayed < *written)
    }

    /// Pauses after so many rows, as long as the limits ask for.
    pub fn pause(&mut self, target: Oid, limits: &Limits, rows: usize) {
        self.rows += rows as u64;
        if let Some(rate) = limits.rows_per_second {
            let due = Duration::from_secs_f64(self.rows as f64 / f64::from(rate));
            let left = due.saturating_sub(self.begun.elapsed());
            if !left.is_zero() {
                sleep(left);
            }
        }
        if let Some(lag) = limits.max_replica_lag {
            let lag = Duration::from_micros(lag.unsigned_abs());
            let mut waited = false;
            while self.is_behind(lag) {
                if !waited {
                    step(|| state::waiting(target, Some("replica")));
                    waited = true;
                }
                sleep(LAG_PAUSE);
            }
            if waited {
                step(|| state::waiting(target, None));
                // Time lost is not made up for.
                (self.begun, self.rows) = (Instant::now(), 0);
            }
        }
    }
}

/// That a table is masked by this session and no other; given up when dropped. Held across
/// transactions, and by nothing that a user could take: the lock's class is our own table.
///
/// Code of the user's that masking runs can give it up all the same, by `pg_advisory_unlock_all()`:
/// what a step has done is committed only if the claim is still held.
pub struct Claim(pg_sys::LOCKTAG);

thread_local! {
    /// The claims of this session, each with its table.
    static CLAIMS: RefCell<Vec<(Oid, pg_sys::LOCKTAG)>> = const { RefCell::new(Vec::new()) };
}

/// Raises an error unless all claims are held.
fn require_claims() {
    let lost = CLAIMS.with_borrow(|claims| {
        let lost = claims.iter().find(|(_, tag)| !is_held(tag));
        lost.map(|(relid, _)| *relid)
    });
    let Some(relid) = lost else {
        return;
    };
    raise(
        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!(
            "the claim on {} has been given up while it was masked",
            relation_name(relid)
        ),
        Some(
            "A check, a function or a view of the table calls pg_advisory_unlock_all(), so that another session could have masked it at the same time. Once it does not, the same call goes on from the last batch."
                .to_owned(),
        ),
    )
}

fn is_held(tag: &pg_sys::LOCKTAG) -> bool {
    // SAFETY: looks up the locks of this backend.
    unsafe { pg_sys::LockHeldByMe(tag, pg_sys::ExclusiveLock as i32) }
}

impl Claim {
    /// Claims a table; an error if another session has.
    pub fn new(relid: Oid) -> Self {
        let tag = claim(relid, true);
        CLAIMS.with_borrow_mut(|claims| claims.push((relid, tag)));
        Self(tag)
    }

    /// The same until the transaction ends.
    pub fn in_transaction(relid: Oid) {
        claim(relid, false);
    }
}

fn claim(relid: Oid, session: bool) -> pg_sys::LOCKTAG {
    // SAFETY: catalog look-up, and a lock that is not waited for.
    unsafe {
        let class = pg_sys::get_relname_relid(c"online_run".as_ptr(), state::schema());
        let tag = pg_sys::LOCKTAG {
            locktag_field1: pg_sys::MyDatabaseId.to_u32(),
            locktag_field2: class.to_u32(),
            locktag_field3: relid.to_u32(),
            locktag_field4: 0,
            locktag_type: pg_sys::LockTagType::LOCKTAG_OBJECT as u8,
            locktag_lockmethodid: pg_sys::USER_LOCKMETHOD as u8,
        };
        // Of the user's method, as advisory locks are: a rollback, after a lock that could not be
        // had, leaves it.
        let mode = pg_sys::ExclusiveLock as i32;
        let taken = pg_sys::LockAcquire(&raw const tag, mode, session, true);
        if taken != pg_sys::LockAcquireResult::LOCKACQUIRE_NOT_AVAIL {
            return tag;
        }
    }
    let process = state::run_of(relid).and_then(state::holder).map_or_else(
        || "Another session".to_owned(),
        |pid| format!("Process {pid}"),
    );
    raise(
        ERRCODE_OBJECT_IN_USE,
        format!("{} is being masked online", relation_name(relid)),
        Some(format!(
            "{process} does it: see synth.progress. Let it end, or cancel it first."
        )),
    )
}

impl Drop for Claim {
    fn drop(&mut self) {
        let table = self.0.locktag_field3;
        CLAIMS.with_borrow_mut(|claims| claims.retain(|(relid, _)| relid.to_u32() != table));
        if is_held(&self.0) {
            // SAFETY: held by this session.
            unsafe { pg_sys::LockRelease(&raw const self.0, pg_sys::ExclusiveLock as i32, true) };
        }
    }
}
