//! The database's secrets: the first is made by CREATE EXTENSION, all are kept in `synth.secret`,
//! which nobody is granted. Code here reads the table itself, after the caller has been authorized;
//! SQL cannot.

use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Datum};
use synth_engine::secret::{SECRET_LENGTH, Secret};

use crate::boundary::{require_utf8, sql_function};
use crate::error::raise;
use crate::own::{self, OwnTable};

sql_function! {
    /// `synth.random_secret() RETURNS bytea`: 32 bytes from the operating system.
    synth_random_secret(_fcinfo) {
        require_utf8();
        bytea(&random())
    }
}

/// 32 bytes from the operating system.
pub fn random() -> [u8; SECRET_LENGTH] {
    let mut bytes = [0_u8; SECRET_LENGTH];
    if let Err(error) = getrandom::fill(&mut bytes) {
        raise(
            ERRCODE_SYSTEM_ERROR,
            format!("could not draw a secret: {error}"),
            Some("The operating system gives no random bytes: ask its administrator.".to_owned()),
        );
    }
    bytes
}

/// A palloc'd bytea.
pub fn bytea(bytes: &[u8]) -> Datum {
    // SAFETY: palloc'd copy with a header, as bytea is.
    unsafe {
        let size = bytes.len() + pg_sys::VARHDRSZ;
        let bytea = pg_sys::palloc(size).cast::<pg_sys::varlena>();
        pgrx::set_varsize_4b(bytea, size as i32);
        std::ptr::copy_nonoverlapping(
            bytes.as_ptr(),
            bytea.cast::<u8>().add(pg_sys::VARHDRSZ),
            bytes.len(),
        );
        Datum::from(bytea)
    }
}

/// Every version that there is, with its secret unless that has been shredded, oldest first.
pub fn versions() -> Vec<(i32, Option<Secret>)> {
    let table = OwnTable::open(
        c"secret",
        &[pg_sys::INT4OID, pg_sys::BYTEAOID],
        pg_sys::AccessShareLock,
    );
    let mut versions = Vec::new();
    table.scan(|_, cells| {
        if let Some(version) = cells[0] {
            // SAFETY: a bytea by the type that was checked.
            let secret = cells[1].and_then(|key| unsafe { own::bytes(key) }.try_into().ok());
            versions.push((version.value() as i32, secret.map(Secret::new)));
        }
    });
    versions.sort_unstable_by_key(|(version, _)| *version);
    versions
}

/// The secret in use and its version: the highest that is not shredded.
pub fn newest() -> Option<(i32, Secret)> {
    versions()
        .into_iter()
        .rev()
        .find_map(|(version, secret)| secret.map(|secret| (version, secret)))
}

/// The secret in use, with its version; raises an error if there is none.
pub fn current_version() -> (i32, Secret) {
    newest().unwrap_or_else(|| {
        raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            "this database has no masking secret".to_owned(),
            Some("As a superuser: SELECT synth_rotate_secret().".to_owned()),
        )
    })
}

/// The secret in use.
pub fn current() -> Secret {
    current_version().1
}

/// The secret of a version; raises an error if there is none, or if it has been shredded.
pub fn version(wanted: i32) -> Secret {
    match versions()
        .into_iter()
        .find(|(version, _)| *version == wanted)
    {
        Some((_, Some(secret))) => secret,
        Some((_, None)) => raise(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!("secret version {wanted} has been shredded"),
            Some("What was masked under it can no longer be related to originals.".to_owned()),
        ),
        None => raise(
            ERRCODE_UNDEFINED_OBJECT,
            format!("there is no secret version {wanted}"),
            Some("See synth.secret_versions.".to_owned()),
        ),
    }
}
