//! Conditions of row-level security that new rows of the caller have to meet.

use std::ffi::CString;

use pgrx::IntoDatum;
use pgrx::pg_sys::{self, Oid};

use crate::boundary::string;
use crate::query::{query, with_safe_path};

/// What the conditions are called in messages.
pub const NAME: &str = "row-level security";

/// The conditions, as SQL over the table's columns; empty if none binds the caller. Functions that
/// do not change within a transaction, such as `current_user`, are computed, so that a planner can
/// read what is asked for.
pub fn of(relid: Oid) -> Vec<String> {
    // SAFETY: a catalog look-up for the current role.
    let binds = unsafe { pg_sys::check_enable_rls(relid, Oid::INVALID, false) };
    if binds != pg_sys::CheckEnableRlsResult::RLS_ENABLED as i32 {
        return Vec::new();
    }
    let policies: Vec<(bool, String)> = query(
        "SELECT p.polpermissive, coalesce(p.polwithcheck, p.polqual)::text
         FROM pg_policy p
         WHERE p.polrelid = $1 AND p.polcmd IN ('a', '*')
           AND EXISTS (
               SELECT FROM unnest(p.polroles) r (id)
               WHERE r.id = 0 OR pg_has_role(r.id, 'USAGE')
           )
         ORDER BY p.polname",
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| Ok(row.get::<bool>(1)?.zip(row.get::<String>(2)?)),
    );
    let texts = |permissive: bool| -> Vec<String> {
        policies
            .iter()
            .filter(|(kind, _)| *kind == permissive)
            .map(|(_, tree)| computed(relid, tree))
            .collect()
    };
    let permissive = texts(true);
    let mut out = texts(false);
    out.push(match permissive.len() {
        // Without a policy that permits, nothing is permitted.
        0 => "false".to_owned(),
        1 => permissive[0].clone(),
        _ => permissive
            .iter()
            .map(|text| format!("({text})"))
            .collect::<Vec<_>>()
            .join(" OR "),
    });
    out
}

/// An expression of the catalog as SQL, what is constant in it computed.
fn computed(relid: Oid, tree: &str) -> String {
    let tree = CString::new(tree).unwrap_or_default();
    with_safe_path(|| {
        // SAFETY: the tree was stored by the server; what is made of it is palloc'd.
        unsafe {
            let node = pg_sys::stringToNode(tree.as_ptr()).cast::<pg_sys::Node>();
            // All it looks at is the list of parameters of a query, and there is none.
            let mut global = pg_sys::PlannerGlobal::default();
            let mut root = pg_sys::PlannerInfo {
                glob: &raw mut global,
                ..Default::default()
            };
            let node = pg_sys::estimate_expression_value(&raw mut root, node);
            let context = pg_sys::deparse_context_for(pg_sys::get_rel_name(relid), relid);
            string(pg_sys::deparse_expression(node, context, false, false))
        }
    })
}
