//! The tables `synth.job` and `synth.job_run`, which nobody is granted to write: code here does, as
//! their owner, after the caller has been authorized.

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use pgrx::spi::{Result, SpiHeapTupleData};

use crate::error::raise;
use crate::mask::owner::AsOwner;
use crate::query::{Parameter, query, with_settings, write};

/// The tables, locked until the end of the transaction, so that their names stay theirs.
pub struct Tables {
    job: Oid,
}

impl Tables {
    /// Locks them; None in a database without them. A table that merely has the name, in a schema
    /// that somebody made in place of the extension's, is not one of them: its triggers would run
    /// with rights that its owner does not have.
    pub fn find() -> Option<Self> {
        let members = members()?;
        for relid in members {
            // SAFETY: waits for the lock; the transaction's end gives it back.
            unsafe {
                pg_sys::LockRelationOid(relid, pg_sys::RowExclusiveLock as pg_sys::LOCKMODE);
            }
        }
        (self::members()? == members).then_some(Self { job: members[0] })
    }

    /// The same, or an error that says what is missing.
    pub fn open() -> Self {
        Self::find().unwrap_or_else(|| {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the tables synth.job and synth.job_run are missing".to_owned(),
                Some("Run CREATE EXTENSION pg_synth, or ALTER EXTENSION pg_synth UPDATE, in this database.".to_owned()),
            )
        })
    }

    /// Runs a statement as the owner of the tables, under a search path that holds nothing of a
    /// user's, and reads the rows it returns.
    pub fn run<T>(
        &self,
        sql: &str,
        parameters: &[Parameter],
        read: impl FnMut(&SpiHeapTupleData) -> Result<Option<T>>,
    ) -> Vec<T> {
        let owner = AsOwner::of(self.job);
        let rows = with_settings(
            &[
                (c"search_path", c"pg_catalog, pg_temp"),
                (c"lock_timeout", c"5s"),
                (c"row_security", c"on"),
            ],
            || write(sql, parameters, read),
        );
        drop(owner);
        rows
    }

    /// Runs a statement that returns nothing.
    pub fn change(&self, sql: &str, parameters: &[Parameter]) {
        self.run(sql, parameters, |_| Ok(None::<()>));
    }
}

/// Both tables, if they belong to the extension.
fn members() -> Option<[Oid; 2]> {
    let found: Vec<Oid> = query(
        "SELECT c.oid
         FROM pg_catalog.pg_extension e
         JOIN pg_catalog.pg_depend d
           ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
          AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'
         JOIN pg_catalog.pg_class c ON c.oid = d.objid
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
         WHERE e.extname = 'pg_synth' AND n.nspname = 'synth' AND c.relkind = 'r'
           AND c.relname IN ('job', 'job_run')
         ORDER BY c.relname",
        &[],
        |row| row.get(1),
    );
    found.try_into().ok()
}

/// What identifies this database among all: jobs that arrived by a dump are not at home.
pub fn home() -> String {
    // SAFETY: reads values that are set once.
    unsafe {
        format!(
            "{}/{}",
            pg_sys::GetSystemIdentifier(),
            pg_sys::MyDatabaseId.to_u32()
        )
    }
}

/// A text parameter.
pub fn text(value: &str) -> Parameter {
    (pg_sys::TEXTOID, value.into_datum())
}

/// A text parameter that may be NULL.
pub fn text_or_null(value: Option<&str>) -> Parameter {
    (pg_sys::TEXTOID, value.into_datum())
}

/// A bigint parameter.
pub fn number(value: i64) -> Parameter {
    (pg_sys::INT8OID, value.into_datum())
}

/// An oid parameter.
pub fn oid(value: Oid) -> Parameter {
    (pg_sys::OIDOID, value.into_datum())
}

/// 2000-01-01, from which Postgres counts: seconds since 1970.
pub const POSTGRES_EPOCH: i64 = 946_684_800;

/// The time: seconds since 1970.
pub fn now() -> i64 {
    // SAFETY: reads the clock; microseconds since 2000-01-01.
    let micros = unsafe { pg_sys::GetCurrentTimestamp() };
    micros.div_euclid(1_000_000) + POSTGRES_EPOCH
}
