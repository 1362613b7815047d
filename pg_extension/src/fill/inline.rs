//! CHECKs that call functions of the user's: the server puts in their place what a function in SQL
//! says, as it does when it plans a query, so that the condition can be read. Of other functions the
//! source is kept: its constants often say what is asked for.

use std::ffi::CString;

use pgrx::pg_sys::{self, Oid};
use serde::Deserialize;

use crate::boundary::string;
use crate::query::with_safe_path;

/// A CHECK as the catalogs have it.
#[derive(Debug, Clone, Deserialize)]
pub struct CatalogCheck {
    /// Its name.
    pub name: String,
    /// Its expression as SQL.
    text: String,
    /// The same as the server stores it, where it calls functions of the user's.
    tree: Option<String>,
    /// The source of these functions.
    bodies: Vec<String>,
}

impl CatalogCheck {
    /// The expression as SQL, over columns of a table; of a domain without.
    pub fn expression(&self, relid: Option<Oid>) -> String {
        match &self.tree {
            None => self.text.clone(),
            Some(tree) => inlined(relid, tree),
        }
    }

    /// The source of functions it calls, with its name.
    pub fn bodies(&self) -> impl Iterator<Item = (String, String)> {
        let bodies = self.bodies.iter();
        bodies.map(|body| (self.name.clone(), body.clone()))
    }
}

/// An expression of the catalog as SQL, functions in SQL put in place.
fn inlined(relid: Option<Oid>, tree: &str) -> String {
    let tree = CString::new(tree).unwrap_or_default();
    with_safe_path(|| {
        // SAFETY: the tree was stored by the server; what is made of it is palloc'd.
        unsafe {
            let node = pg_sys::stringToNode(tree.as_ptr()).cast::<pg_sys::Expr>();
            let node = pg_sys::expression_planner(node).cast::<pg_sys::Node>();
            let context = match relid {
                Some(relid) => pg_sys::deparse_context_for(pg_sys::get_rel_name(relid), relid),
                None => std::ptr::null_mut(),
            };
            string(pg_sys::deparse_expression(node, context, false, false))
        }
    })
}
