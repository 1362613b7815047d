//! Who may alter a job: its role, members of it and superusers. What it runs is for its role alone.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use super::tables::{Tables, home, text};
use crate::error::{raise, raise_null};

/// A job as far as its role is concerned.
pub struct Job {
    /// The number of the role.
    pub owner: Oid,
    owner_name: String,
    at_home: bool,
}

/// A job, locked until the end of the transaction.
pub fn lock(tables: &Tables, name: &str) -> Option<Job> {
    let found = tables.run(
        "SELECT owner_oid, owner::text, home = $2 FROM synth.job WHERE name = $1 FOR UPDATE",
        &[text(name), text(&home())],
        |row| {
            Ok(Some(Job {
                owner: row.get(1)?.unwrap_or(pg_sys::InvalidOid),
                owner_name: row.get(2)?.unwrap_or_default(),
                at_home: row.get(3)?.unwrap_or_default(),
            }))
        },
    );
    found.into_iter().next()
}

/// The tables and the name of a job that the caller may alter: as its owner, a member of that role,
/// or a superuser.
pub fn authorized(name: Option<&str>) -> (Tables, &str) {
    let name = name.unwrap_or_else(|| raise_null("name"));
    refuse_restricted();
    let tables = Tables::open();
    let Some(job) = lock(&tables, name) else {
        raise(
            ERRCODE_UNDEFINED_OBJECT,
            format!("there is no job {name:?}"),
            Some("SELECT name FROM synth.jobs shows yours.".to_owned()),
        );
    };
    // The number of a role in the cluster that a dump came from says nothing here.
    let owner = if job.at_home {
        job.owner
    } else {
        let owner = std::ffi::CString::new(job.owner_name).unwrap_or_default();
        // SAFETY: a catalog look-up of a NUL-terminated name.
        unsafe { pg_sys::get_role_oid(owner.as_ptr(), true) }
    };
    // SAFETY: catalog look-ups; a role that is not there has no members but superusers.
    let may = unsafe {
        let user = pg_sys::GetUserId();
        pg_sys::superuser_arg(user)
            || (owner != pg_sys::InvalidOid && pg_sys::is_member_of_role(user, owner))
    };
    if !may {
        not_yours(name, "of another role");
    }
    (tables, name)
}

/// Refuses a job that is another role's.
pub fn not_yours(name: &str, whose: &str) -> ! {
    raise(
        ERRCODE_INSUFFICIENT_PRIVILEGE,
        format!("job {name:?} is {whose}"),
        Some("Choose another name, or act as that role: SET ROLE.".to_owned()),
    )
}

/// What runs as somebody else for the moment, such as a function of an index, leaves nothing behind.
fn refuse_restricted() {
    // SAFETY: reads the backend's state.
    if unsafe { pg_sys::InSecurityRestrictedOperation() } {
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            "jobs cannot be altered within a security-restricted operation".to_owned(),
            Some("Call the function directly.".to_owned()),
        );
    }
}

/// The current role, if jobs can run as it.
pub fn require_schedulable_role() -> Oid {
    refuse_restricted();
    // SAFETY: catalog look-ups of the current role.
    unsafe {
        let role = pg_sys::GetUserId();
        let may_connect = pg_sys::pg_database_aclcheck(
            pg_sys::MyDatabaseId,
            role,
            pg_sys::ACL_CONNECT as pg_sys::AclMode,
        ) == pg_sys::AclResult::ACLCHECK_OK;
        let tuple = pg_sys::SearchSysCache1(
            pg_sys::SysCacheIdentifier::AUTHOID as i32,
            pg_sys::Datum::from(role),
        );
        let may_log_in = !tuple.is_null() && {
            let form = pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_authid>();
            let may = (*form).rolcanlogin;
            pg_sys::ReleaseSysCache(tuple);
            may
        };
        if !may_connect || !may_log_in {
            raise(
                ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                "the current role may not log in, so no job can run as it".to_owned(),
                Some(
                    "Schedule the job as a role with LOGIN and CONNECT on this database."
                        .to_owned(),
                ),
            );
        }
        role
    }
}
