//! `synth_mask_table_online`: masks a table while it is used, in batches that commit.
//!
//! The rows are not updated where they are, which would leave the originals in dead tuples, bloat
//! the table, and could not tell after a crash which rows have been masked. Instead they are copied,
//! masked, into a shadow heap; a trigger notes the places of rows that change meanwhile, and these
//! are carried over; in the end the files of heap, TOAST and indexes are swapped under a short lock.
//! Until then readers and writers see originals, and giving up costs nothing.
//!
//! | file | subject |
//! |---|---|
//! | `state` | what is known of a run, in tables of the extension's own |
//! | `step` | transactions, locks, limits of speed |
//! | `setup` | what a run puts into the database, and takes away |
//! | `capture` | the trigger that notes changes |
//! | `map` | where in the shadow each row is |
//! | `group` | tables that are dealt with together |
//! | `deal` | values of shuffled columns, to be dealt to other rows |
//! | `copy` | blocks of the table into the shadow |
//! | `destination` | which shadow a masked row goes to |
//! | `shadow` | masked rows into the shadow, checked |
//! | `shadows` | masked rows read where they have been written |
//! | `changes` | carrying over what has changed |
//! | `count` | fingerprints and control totals of the originals |
//! | `index` | the shadow's indexes and statistics |
//! | `swap` | the shadow's files take the table's place |

mod capture;
mod changes;
mod copy;
mod count;
mod deal;
mod destination;
mod group;
mod index;
mod map;
mod setup;
mod shadow;
mod shadows;
mod state;
mod step;
mod swap;

use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::{pg_arg_is_null, pg_getarg, pg_getarg_datum_raw};
use pgrx::pg_sys::{self, Datum, Oid};

use super::dependents;
use super::owner::require_ownership;
use super::plan::{self, Plan};
use super::table::{Verify, record};
use super::verify;
use super::withheld::withholding_details;
use crate::boundary::{relation_name, require_utf8, sql_function};
use crate::error::{raise, raise_null};
use crate::proof;
use count::Counting;
use group::{Group, groups};
use state::{Part, Phase};
use step::{Claim, Limits, Outcome, Throttle, locked_step, step};

/// Entries of the log that are carried over in one transaction, where that may be divided.
const ENTRIES: usize = 50_000;
/// With so few left, the swap is worth its lock.
const FEW_ENTRIES: usize = 1_000;
/// Rounds of catching up after which the swap is tried with more.
const ROUNDS: usize = 20;
/// With more than so many under the lock of the swap, it is given up for another round.
const TOO_MANY_ENTRIES: usize = 100_000;

sql_function! {
    /// `synth_mask_table_online(target regclass, batch_rows integer, rows_per_second integer,
    /// max_replica_lag interval, lock_timeout interval, lock_attempts integer)`, a procedure.
    synth_mask_table_online(fcinfo) {
        // SAFETY: the argument types are those declared in SQL.
        let (target, limits) = unsafe {
            let target: Oid = pg_getarg(fcinfo, 0).unwrap_or_else(|| raise_null("target"));
            (target, limits(fcinfo))
        };
        require_utf8();
        Verify::wanted(&[]);
        // SAFETY: a call's context is of the type that its tag says; SPI is connected until the end.
        unsafe {
            let context = (*fcinfo).context.cast::<pg_sys::CallContext>();
            if context.is_null()
                || (*context).type_ != pg_sys::NodeTag::T_CallContext
                || (*context).atomic
            {
                raise(
                    ERRCODE_INVALID_TRANSACTION_TERMINATION,
                    "synth_mask_table_online commits its batches, and cannot run inside a transaction"
                        .to_owned(),
                    Some("CALL it on its own, outside of BEGIN and of functions; or use synth_mask_table().".to_owned()),
                );
            }
            pg_sys::PreventCommandIfReadOnly(c"synth_mask_table_online()".as_ptr());
            pg_sys::PreventCommandDuringRecovery(c"synth_mask_table_online()".as_ptr());
            pg_sys::SPI_connect_ext(pg_sys::SPI_OPT_NONATOMIC as i32);
        }
        run(target, &limits);
        // SAFETY: connected above.
        unsafe { pg_sys::SPI_finish() };
        Datum::null()
    }
}

/// Reads what the caller allows.
///
/// # Safety
/// The arguments are those of the procedure.
unsafe fn limits(fcinfo: pg_sys::FunctionCallInfo) -> Limits {
    let bounded = |name: &str, value: Option<i32>, most: i32| {
        let value = value.unwrap_or_else(|| raise_null(name));
        if !(1..=most).contains(&value) {
            raise(
                ERRCODE_INVALID_PARAMETER_VALUE,
                format!("{name} must be between 1 and {most}, not {value}"),
                Some(format!("Leave {name} out for a good value.")),
            );
        }
        value as u32
    };
    // SAFETY: by the caller's promise.
    unsafe {
        let interval = |number, name: &str, least: i64| {
            (!pg_arg_is_null(fcinfo, number)).then(|| {
                let length = state::microseconds(pg_getarg_datum_raw(fcinfo, number));
                if !(least..=86_400_000_000).contains(&length) {
                    raise(
                        ERRCODE_INVALID_PARAMETER_VALUE,
                        format!("{name} must be positive, and at most a day"),
                        Some(format!("For instance: {name} => '10 seconds'.")),
                    );
                }
                length
            })
        };
        let rate: Option<i32> = pg_getarg(fcinfo, 2);
        let rate = rate.map(|rate| bounded("rows_per_second", Some(rate), i32::MAX));
        let batch = bounded("batch_rows", pg_getarg(fcinfo, 1), 1_000_000);
        Limits {
            // A batch is at most a second's work, so that the pauses are short.
            batch_rows: batch.min(rate.unwrap_or(u32::MAX)) as usize,
            rows_per_second: rate,
            max_replica_lag: interval(3, "max_replica_lag", 1),
            lock_timeout: interval(4, "lock_timeout", 1_000)
                .unwrap_or_else(|| raise_null("lock_timeout"))
                / 1000,
            lock_attempts: bounded("lock_attempts", pg_getarg(fcinfo, 5), 1_000_000),
        }
    }
}

/// Begins or resumes a run and leads it to its end.
fn run(target: Oid, limits: &Limits) {
    // The statement's own transaction may have another isolation level.
    step::commit();
    let (plan, _claims) = prepare(target, limits);
    let mut throttle = Throttle::new();
    loop {
        let Some((phase, _)) = step(|| state::find(target)) else {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("the masking of {} has been given up", relation_name(target)),
                Some("The same call begins anew.".to_owned()),
            );
        };
        match phase {
            Phase::Deal => read_decks(target, &plan, limits, &mut throttle),
            Phase::Copy => copy_all(target, &plan, limits, &mut throttle),
            Phase::Changes => carry_over(target, &plan, limits, &mut throttle),
            Phase::Index => build_indexes(target, limits),
            Phase::CatchUp => finish(target, &plan, limits, &mut throttle),
            Phase::Refresh => refresh(target, &plan),
            Phase::Done => return,
        }
    }
}

/// Plans, claims the tables, and begins a run where there is none that can be resumed.
fn prepare(target: Oid, limits: &Limits) -> (Plan, Vec<Claim>) {
    let share = pg_sys::AccessShareLock as i32;
    let plan = step::lock(target, limits, || {
        step::under_snapshot(|| plan::plan_under(&[target], share))
    });
    let begun = step::under_snapshot(|| {
        setup::check(&plan);
        dependents::materialized_views(&plan.affected);
        let claims: Vec<Claim> = std::iter::once(target)
            .chain(plan.tables.iter().copied().filter(|&relid| relid != target))
            .map(Claim::new)
            .collect();
        for &relid in &plan.tables {
            refuse_if_part_of_another(target, relid);
        }
        claims
    });
    let resumed = step::under_snapshot(|| resumable(target, &plan));
    step::commit();
    if resumed {
        step(|| state::resume(target));
        return (plan, begun);
    }
    give_up(target, limits);
    let tables = plan.tables.clone();
    let plan = locked_step(
        target,
        limits,
        &tables,
        pg_sys::ShareRowExclusiveLock,
        || {
            let plan = plan::plan_under(&[target], share);
            if plan.tables != tables {
                return Outcome::Undo;
            }
            state::forget(target);
            let definition = state::definition(&plan);
            setup::begin(target, &plan, &definition);
            Outcome::Done(plan)
        },
    );
    match plan {
        Some(plan) => (plan, begun),
        None => raise(
            ERRCODE_OBJECT_IN_USE,
            format!(
                "{} has been altered while masking began",
                relation_name(target)
            ),
            Some("Call again.".to_owned()),
        ),
    }
}

fn refuse_if_part_of_another(target: Oid, relid: Oid) {
    let other = state::run_of(relid).filter(|&other| other != target && state::exists(other));
    let going_on =
        other.filter(|&other| state::find(other).is_some_and(|(phase, _)| phase != Phase::Done));
    match (going_on, other) {
        (Some(other), _) => raise(
            ERRCODE_OBJECT_IN_USE,
            format!(
                "{} is being masked online together with {}",
                relation_name(relid),
                relation_name(other)
            ),
            Some(format!(
                "CALL synth_mask_table_online('{}') resumes that, synth_mask_online_abort('{0}') gives it up.",
                relation_name(other)
            )),
        ),
        (None, Some(done)) => state::forget(done),
        (None, None) => {}
    }
}

/// Whether there is a run that goes on from where it was.
fn resumable(target: Oid, plan: &Plan) -> bool {
    let Some((phase, definition)) = state::find(target) else {
        return false;
    };
    match phase {
        Phase::Done => return false,
        // The files are in place: only views are left.
        Phase::Refresh => return true,
        _ => {}
    }
    let complete = state::parts(target).iter().all(|part| {
        [part.shadow, part.log, part.map, part.map_index]
            .iter()
            .all(|&relid| state::exists(relid))
            && setup::notes_changes(part)
            && deal::is_left(part.relid)
    });
    let same = complete && definition == state::definition(plan);
    if !same {
        pgrx::ereport!(
            pgrx::PgLogLevel::NOTICE,
            ERRCODE_WARNING,
            format!(
                "{} has changed since masking was interrupted: it begins anew",
                relation_name(target)
            )
        );
    }
    same
}

/// Takes away what an earlier run has left.
fn give_up(target: Oid, limits: &Limits) {
    let parts = step(|| {
        let mut parts = state::parts(target);
        parts.retain(setup::is_left);
        parts
    });
    let tables: Vec<Oid> = parts.iter().map(|part| part.relid).collect();
    locked_step(target, limits, &tables, pg_sys::AccessExclusiveLock, || {
        for part in &parts {
            setup::drop_part(part);
        }
        state::forget(target);
        Outcome::Done(())
    });
}

fn read_decks(target: Oid, plan: &Plan, limits: &Limits, throttle: &mut Throttle) {
    let share = pg_sys::AccessShareLock;
    for part in step(|| state::parts(target)) {
        let read = || {
            locked_step(target, limits, &[part.relid], share, || {
                commit_soon();
                let rows = limits.batch_rows;
                Outcome::Done(withholding_details(|| {
                    deal::gather(&part, &plan.rules, rows)
                }))
            })
        };
        while let Some(rows) = read().flatten() {
            throttle.pause(target, limits, rows);
        }
        step(|| deal::complete(part.relid));
    }
    step(|| state::enter(target, Phase::Copy));
}

fn copy_all(target: Oid, plan: &Plan, limits: &Limits, throttle: &mut Throttle) {
    for mut group in step(|| groups(target, plan)) {
        for number in 0..group.parts.len() {
            while group.parts[number].next_block < group.parts[number].blocks {
                let done = locked_step(target, limits, &group.tables, group.lock(), || {
                    let (part, copied) = withholding_details(|| {
                        copy::copy_batch(&group, number, &plan.rules, limits.batch_rows)
                    });
                    state::advance(target, &part, copied as i64);
                    commit_soon();
                    Outcome::Done((part, copied))
                });
                let Some((part, copied)) = done else {
                    continue;
                };
                group.parts[number] = part;
                throttle.pause(target, limits, copied);
            }
        }
    }
    step(|| state::enter(target, Phase::Changes));
}

/// Has this transaction's commit not wait for the disk: a batch that a crash takes back takes its
/// progress along.
fn commit_soon() {
    // SAFETY: set for the rest of this transaction, as SET LOCAL does.
    unsafe {
        pg_sys::set_config_option(
            c"synchronous_commit".as_ptr(),
            c"off".as_ptr(),
            pg_sys::GucContext::PGC_USERSET,
            pg_sys::GucSource::PGC_S_SESSION,
            pg_sys::GucAction::GUC_ACTION_LOCAL,
            true,
            0,
            false,
        );
    }
}

/// Carries over at most so many changes to a group; gives the number of entries.
fn apply(
    target: Oid,
    group: &Group,
    plan: &Plan,
    most: usize,
    counting: Option<&mut Counting>,
) -> usize {
    let applied = withholding_details(|| changes::apply(group, &plan.rules, most, counting));
    for (part, rows) in group.parts.iter().zip(applied.rows) {
        if rows != 0 || group.top.is_none() {
            state::advance(target, part, rows);
        }
    }
    applied.entries
}

/// The same in a step of its own.
fn catch_up(
    target: Oid,
    group: &Group,
    plan: &Plan,
    limits: &Limits,
    most: usize,
    counting: Option<&mut Counting>,
) -> usize {
    locked_step(target, limits, &group.tables, group.lock(), || {
        let entries = apply(target, group, plan, most, counting);
        commit_soon();
        Outcome::Done(entries)
    })
    .unwrap_or(0)
}

fn carry_over(target: Oid, plan: &Plan, limits: &Limits, throttle: &mut Throttle) {
    for group in step(|| groups(target, plan)) {
        loop {
            let most = ENTRIES.min(limits.batch_rows);
            let entries = catch_up(target, &group, plan, limits, most, None);
            throttle.pause(target, limits, entries);
            if entries < most {
                break;
            }
        }
    }
    step(|| state::enter(target, Phase::Index));
}

fn build_indexes(target: Oid, limits: &Limits) {
    for part in step(|| state::parts(target)) {
        let share = pg_sys::AccessShareLock;
        while locked_step(target, limits, &[part.relid], share, || {
            Outcome::Done(withholding_details(|| index::build_next(&part)))
        }) == Some(true)
        {}
        step(|| index::analyze(&part));
    }
    step(|| state::enter(target, Phase::CatchUp));
}

/// Takes fingerprints of the originals, while they are there, for the proof and the audit: some blocks in
/// each transaction, with all changes before it, so that the shadows hold what is counted. What changes
/// in a block from then on is told to them as it is carried over.
fn take_fingerprints(
    target: Oid,
    group: &Group,
    plan: &Plan,
    limits: &Limits,
    throttle: &mut Throttle,
) -> Option<Counting> {
    let mut counting = step(|| Counting::new(group, &plan.rules));
    for number in 0..group.parts.len() {
        while !counting.is_complete(number) {
            let rows = locked_step(target, limits, &group.tables, group.lock(), || {
                apply(target, group, plan, usize::MAX, Some(&mut counting));
                commit_soon();
                let most = limits.batch_rows;
                Outcome::Done(withholding_details(|| {
                    counting.count_batch(group, number, &plan.rules, most)
                }))
            })?;
            throttle.pause(target, limits, rows);
        }
    }
    Some(counting)
}

/// Catches up until few changes are left, and swaps.
fn finish(target: Oid, plan: &Plan, limits: &Limits, throttle: &mut Throttle) {
    let groups = step(|| groups(target, plan));
    let mut countings = Vec::new();
    for group in &groups {
        match take_fingerprints(target, group, plan, limits, throttle) {
            Some(counting) => countings.push(counting),
            None => return,
        }
    }
    for _ in 0..ROUNDS {
        let entries: usize = groups
            .iter()
            .zip(&mut countings)
            .map(|(group, counting)| {
                catch_up(target, group, plan, limits, usize::MAX, Some(counting))
            })
            .sum();
        if entries <= FEW_ENTRIES {
            break;
        }
    }
    let parts: Vec<Part> = groups
        .iter()
        .flat_map(|group| group.parts.iter().copied())
        .collect();
    let exclusive = pg_sys::AccessExclusiveLock;
    // The shadows first: autovacuum may be at work there, and nobody waits for it meanwhile.
    let shadows = parts.iter().map(|part| part.shadow);
    let tables: Vec<Oid> = shadows.chain(parts.iter().map(|part| part.relid)).collect();
    let mut missing_index = false;
    locked_step(target, limits, &tables, exclusive, || {
        let now = plan::plan_under(&[target], pg_sys::AccessShareLock as i32);
        let definition = state::find(target).map(|(_, definition)| definition);
        let noted = parts.iter().all(setup::notes_changes);
        if definition != Some(state::definition(&now)) || !noted {
            copy::changed(target);
        }
        let mut pairs = Vec::new();
        for part in &parts {
            let Some(found) = swap::pairs(part) else {
                missing_index = true;
                return Outcome::Undo;
            };
            pairs.push(found);
        }
        for (group, counting) in groups.iter().zip(&mut countings) {
            let entries = apply(target, group, plan, TOO_MANY_ENTRIES, Some(counting));
            if entries >= TOO_MANY_ENTRIES {
                return Outcome::Undo;
            }
        }
        let views = dependents::materialized_views(&now.affected);
        dependents::remove_statistics(&now, &views);
        for (part, indexes) in parts.iter().zip(&pairs) {
            swap::swap_part(part, indexes);
        }
        state::enter(target, Phase::Refresh);
        if parts.len() > 1 {
            // Keys are masked with what refers to them.
            verify::foreign_keys(&now.tables);
        }
        let rows = state::rows_done(target);
        for fingerprint in countings
            .into_iter()
            .flat_map(|counting| counting.fingerprints)
        {
            fingerprint.store();
        }
        let verify = match Verify::wanted(&[]) {
            // Not under this lock.
            Verify::Searched(_) => Verify::Later,
            verify => verify,
        };
        let name = relation_name(target);
        record("mask_table_online", name, &now, rows, verify);
        Outcome::Done(())
    });
    if missing_index {
        step(|| state::enter(target, Phase::Index));
    }
}

fn refresh(target: Oid, plan: &Plan) {
    step(|| {
        let views = dependents::materialized_views(&plan.affected);
        withholding_details(|| dependents::refresh(&views));
        for &(view, _) in &views {
            // SAFETY: statistics of all columns; the view is locked by the refresh.
            unsafe { pg_sys::RemoveStatistics(view, 0) };
        }
        // The tables got those of their shadows.
        let mut tables = plan.affected.clone();
        tables.retain(|relid| !plan.tables.contains(relid) || state::has_statistics(*relid));
        withholding_details(|| dependents::analyze(&tables, &views));
    });
    // What ANALYZE knew of the originals: its dead rows, once nobody sees them any more.
    proof::purge::purge(|work| Some(step(work)));
    if matches!(Verify::wanted(&[]), Verify::Searched(_)) {
        step(|| withholding_details(|| proof::verify_and_record(target)));
    }
    step(|| state::enter(target, Phase::Done));
}

sql_function! {
    /// `synth_mask_online_abort(target regclass) RETURNS boolean`: whether there was a run.
    synth_mask_online_abort(fcinfo) {
        // SAFETY: the argument type is the one declared in SQL.
        let target: Oid = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_else(|| raise_null("target"));
        // SAFETY: raises an error or does nothing.
        unsafe { pg_sys::PreventCommandIfReadOnly(c"synth_mask_online_abort()".as_ptr()) };
        require_ownership(target);
        Claim::in_transaction(target);
        match state::find(target) {
            None => return Datum::from(false),
            Some((Phase::Refresh, _)) => raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("{} is masked already", relation_name(target)),
                Some("Only materialized views are left: the same call refreshes them.".to_owned()),
            ),
            Some((Phase::Done, _)) => {
                state::forget(target);
                return Datum::from(false);
            }
            Some(_) => {}
        }
        for part in state::parts(target) {
            require_ownership(part.relid);
            // SAFETY: waits for a lock of this transaction.
            unsafe { pg_sys::LockRelationOid(part.relid, pg_sys::AccessExclusiveLock as i32) };
            setup::drop_part(&part);
        }
        state::forget(target);
        Datum::from(true)
    }
}
