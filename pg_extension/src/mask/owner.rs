//! Running as the owner of a table, in a security-restricted operation (the rule that ANALYZE and
//! REINDEX follow): code that belongs to the table, such as CHECK functions, gets no more rights
//! than its owner has, whoever calls.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};

use crate::boundary::relation_name;
use crate::error::raise;

/// Until dropped, the current user is the owner of a table.
pub struct AsOwner {
    user: Oid,
    context: i32,
    guc_level: i32,
}

impl AsOwner {
    /// Becomes the owner of a table.
    pub fn of(relid: Oid) -> Self {
        // SAFETY: reads and sets the backend's user; Drop restores it, and so does an abort.
        unsafe {
            let tuple = pg_sys::SearchSysCache1(
                pg_sys::SysCacheIdentifier::RELOID as i32,
                pg_sys::Datum::from(relid),
            );
            if tuple.is_null() {
                raise(
                    ERRCODE_UNDEFINED_TABLE,
                    format!("relation with OID {} does not exist", relid.to_u32()),
                    Some("It may have been dropped meanwhile.".to_owned()),
                );
            }
            let owner = (*pg_sys::GETSTRUCT(tuple).cast::<pg_sys::FormData_pg_class>()).relowner;
            pg_sys::ReleaseSysCache(tuple);
            let (mut user, mut context) = (pg_sys::InvalidOid, 0);
            pg_sys::GetUserIdAndSecContext(&raw mut user, &raw mut context);
            pg_sys::SetUserIdAndSecContext(
                owner,
                context | pg_sys::SECURITY_RESTRICTED_OPERATION as i32,
            );
            Self {
                user,
                context,
                guc_level: pg_sys::NewGUCNestLevel(),
            }
        }
    }
}

impl Drop for AsOwner {
    fn drop(&mut self) {
        // SAFETY: undoes what `of` did; settings changed meanwhile are rolled back.
        unsafe {
            pg_sys::AtEOXact_GUC(false, self.guc_level);
            pg_sys::SetUserIdAndSecContext(self.user, self.context);
        }
    }
}

/// Raises an error unless the current user owns the table (superusers own everything).
pub fn require_ownership(relid: Oid) {
    // SAFETY: catalog look-up.
    let owns = unsafe { pg_sys::pg_class_ownercheck(relid, pg_sys::GetUserId()) };
    if !owns {
        raise(
            ERRCODE_INSUFFICIENT_PRIVILEGE,
            format!("must be owner of table {}", relation_name(relid)),
            Some("Masking and its rules follow the ownership of the table.".to_owned()),
        );
    }
}
