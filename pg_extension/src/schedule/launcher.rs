//! The launcher: one process a cluster, connected to no database. It knows when each database wants
//! to be looked at, starts a pass over its jobs then, and starts the runs that passes ask for.
//!
//! It is told when jobs change (`shared`); a database that is new is looked at once. So a database
//! without jobs costs nothing, and one with jobs nothing between two of their times.

use std::collections::HashMap;

use pgrx::pg_sys::{self, BackgroundWorkerHandle, Oid};

use super::process::{self, Task};
use super::shared::{self, Slot};
use super::tables::now;

/// How often the list of databases is read, in seconds.
const LIST_EVERY: i64 = 60;

/// How soon a pass that failed is made again, in seconds; doubled each time.
const PASS_AGAIN: i64 = 5;

/// The longest time until then.
const PASS_AGAIN_AT_MOST: i64 = 600;

/// How soon a process is asked for again when the server had none left, in seconds.
const NO_PROCESS: i64 = 1;

/// What the launcher knows of a database.
#[derive(Clone, Copy, Default)]
struct Database {
    /// When to look: seconds since 1970; never if None.
    wake: Option<i64>,
    /// Passes that failed in a row.
    failures: u32,
    /// Whether a run waits for a slot.
    starved: bool,
}

#[derive(Default)]
struct Launcher {
    databases: HashMap<u32, Database>,
    listed: i64,
    pass: Option<(u32, *mut BackgroundWorkerHandle)>,
    runs: HashMap<usize, *mut BackgroundWorkerHandle>,
    short_of_processes: bool,
}

/// The process of the launcher.
///
/// # Safety
/// Called by Postgres in a background worker.
#[pgrx::pg_guard]
#[unsafe(no_mangle)]
pub unsafe extern "C-unwind" fn synth_schedule_launcher(_argument: pg_sys::Datum) {
    process::connect(pg_sys::InvalidOid, pg_sys::InvalidOid);
    shared::launcher_begins();
    let mut launcher = Launcher::default();
    loop {
        let wake = launcher.step();
        let pause = (wake - now()).clamp(0, LIST_EVERY) * 1000;
        if sleep(pause) {
            launcher.settings_changed();
        }
    }
}

/// Sleeps until it is time or somebody wakes the process; whether the settings were read anew.
fn sleep(milliseconds: i64) -> bool {
    let mut reloaded = false;
    // SAFETY: the process's own latch; the postmaster's end ends the process.
    unsafe {
        pg_sys::WaitLatch(
            pg_sys::MyLatch,
            (pg_sys::WL_LATCH_SET | pg_sys::WL_TIMEOUT | pg_sys::WL_EXIT_ON_PM_DEATH) as i32,
            milliseconds,
            pg_sys::PG_WAIT_EXTENSION,
        );
        pg_sys::ResetLatch(pg_sys::MyLatch);
        if pg_sys::ConfigReloadPending != 0 {
            pg_sys::ConfigReloadPending = 0;
            pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP);
            reloaded = true;
        }
    }
    crate::boundary::check_for_interrupts();
    reloaded
}

impl Launcher {
    /// Does what there is to do; gives the time of the next step.
    fn step(&mut self) -> i64 {
        self.short_of_processes = false;
        self.hear_of_changes();
        if now() - self.listed >= LIST_EVERY || now() < self.listed {
            self.list();
        }
        self.see_passes_end();
        self.see_runs_end();
        self.start_runs();
        self.start_pass();
        let soonest = self
            .databases
            .values()
            .filter_map(|database| database.wake)
            .min();
        let mut wake = self.listed + LIST_EVERY;
        if self.pass.is_none() {
            wake = wake.min(soonest.unwrap_or(i64::MAX));
        }
        if self.short_of_processes {
            wake = wake.min(now() + NO_PROCESS);
        }
        wake
    }

    /// More runs may be allowed than before; and whoever reloads the settings expects the databases
    /// to be looked for anew.
    fn settings_changed(&mut self) {
        self.listed = 0;
        for database in self.databases.values_mut().filter(|d| d.starved) {
            database.wake = Some(now());
        }
    }

    fn hear_of_changes(&mut self) {
        let now = now();
        if let Some(changed) = shared::take_changed() {
            for database in changed {
                let database = self.databases.entry(database).or_default();
                database.wake = Some(now);
                database.failures = 0;
            }
        } else {
            for database in self.databases.values_mut() {
                database.wake = Some(now);
            }
            self.listed = 0;
        }
    }

    /// Reads the list of databases. One that is new is looked at: it may be a copy of one with jobs.
    fn list(&mut self) {
        self.listed = now();
        let listed = process::transaction(databases);
        let gone = |oid: &u32| !listed.contains(oid);
        self.databases.retain(|oid, _| !gone(oid));
        for oid in listed {
            self.databases.entry(oid).or_insert(Database {
                wake: Some(self.listed),
                ..Database::default()
            });
        }
    }

    fn see_passes_end(&mut self) {
        let Some((oid, handle)) = self.pass else {
            return;
        };
        if !process::ended(handle) {
            return;
        }
        self.pass = None;
        let report = shared::take_report();
        let Some(database) = self.databases.get_mut(&oid) else {
            return;
        };
        if report.database == oid {
            database.failures = 0;
            database.starved = report.starved;
            if database.wake.is_none() && report.wake != 0 {
                database.wake = Some(report.wake);
            }
        } else {
            let pause = PASS_AGAIN << database.failures.min(10);
            database.failures += 1;
            database.wake = Some(now() + pause.min(PASS_AGAIN_AT_MOST));
        }
    }

    /// Frees the slots of runs whose process has ended, and looks after what they left.
    fn see_runs_end(&mut self) {
        let slots = shared::slots();
        let mut freed = false;
        self.runs.retain(|place, handle| {
            let ended = process::ended(*handle);
            if ended {
                freed = true;
                shared::set_slot(*place, Slot::default());
                if let Some(database) = self.databases.get_mut(&slots[*place].database) {
                    database.wake = Some(now());
                }
            }
            !ended
        });
        if freed {
            for database in self.databases.values_mut().filter(|d| d.starved) {
                database.wake = Some(now());
            }
        }
    }

    fn start_runs(&mut self) {
        let slots = shared::slots();
        for (place, slot) in slots.into_iter().enumerate() {
            if slot.run_id == 0 || slot.taken {
                continue;
            }
            let task = Task {
                database: Oid::from(slot.database),
                role: Oid::from(slot.role),
                run_id: slot.run_id,
            };
            let worker = process::dynamic("pg_synth job", c"synth_schedule_run", task);
            match process::start(worker) {
                Some(handle) => {
                    self.runs.insert(place, handle);
                    shared::set_slot(
                        place,
                        Slot {
                            taken: true,
                            ..slot
                        },
                    );
                }
                None => self.short_of_processes = true,
            }
        }
    }

    /// Starts a pass over the database that has waited longest, one at a time.
    fn start_pass(&mut self) {
        if self.pass.is_some() {
            return;
        }
        let due = self
            .databases
            .iter_mut()
            .filter_map(|(oid, database)| Some((database.wake?, *oid, database)))
            .filter(|(wake, ..)| *wake <= now())
            .min_by_key(|(wake, oid, _)| (*wake, *oid));
        let Some((_, oid, database)) = due else {
            return;
        };
        let task = Task {
            database: Oid::from(oid),
            ..Task::default()
        };
        let worker = process::dynamic("pg_synth schedule", c"synth_schedule_pass", task);
        match process::start(worker) {
            Some(handle) => {
                database.wake = None;
                self.pass = Some((oid, handle));
            }
            None => self.short_of_processes = true,
        }
    }
}

/// The databases that one can connect to. Templates are left alone: a process in one would be in
/// the way of CREATE DATABASE.
fn databases() -> Vec<u32> {
    let mut found = Vec::new();
    // SAFETY: scans a shared catalog under a snapshot of the catalogs, and closes what it opened;
    // an error ends the process.
    unsafe {
        let relation = pg_sys::table_open(
            pg_sys::DatabaseRelationId,
            pg_sys::AccessShareLock as pg_sys::LOCKMODE,
        );
        let scan = pg_sys::table_beginscan_catalog(relation, 0, std::ptr::null_mut());
        loop {
            let tuple = pg_sys::heap_getnext(scan, pg_sys::ScanDirection::ForwardScanDirection);
            if tuple.is_null() {
                break;
            }
            let database = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_database>();
            // A limit of -2 marks a database whose removal was interrupted.
            if (*database).datallowconn
                && !(*database).datistemplate
                && (*database).datconnlimit != -2
            {
                found.push((*database).oid.to_u32());
            }
        }
        pg_sys::table_endscan(scan);
        pg_sys::table_close(relation, pg_sys::AccessShareLock as pg_sys::LOCKMODE);
    }
    found
}
