//! Protected tables: no column of theirs goes without a decision.
//!
//! Protection is the label `PROTECTED` on a table, which pg_dump carries as it does rules, and holds
//! for the tables below it. A column without a rule and without `NOT MASKED` then makes masking,
//! masked copies and jobs refuse; an event trigger says so as soon as the column is there.

use std::collections::HashSet;

use pgrx::PgLogLevel;
use pgrx::PgSqlErrorCode::*;
use pgrx::fcinfo::pg_getarg;
use pgrx::function_name;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::pg_sys::{self, Datum, Oid};

use super::rulebook::{ColumnId, Rulebook};
use super::{catalog, references};
use crate::boundary::{relation_name, sql_function};
use crate::error::{raise, raise_null};
use crate::query::query;
use crate::rule::set_label;

/// What the label says.
const PROTECTED: &str = "PROTECTED";

/// Whether a label's text is that of protection.
pub fn is_protection(label: &str) -> bool {
    label.trim().eq_ignore_ascii_case(PROTECTED)
}

/// Raises an error for what cannot be protected.
pub fn check_table(relid: Oid) {
    // SAFETY: catalog look-ups.
    let (kind, is_catalog) = unsafe {
        (
            pg_sys::get_rel_relkind(relid) as u8,
            pg_sys::IsCatalogRelationOid(relid),
        )
    };
    let is_table = [pg_sys::RELKIND_RELATION, pg_sys::RELKIND_PARTITIONED_TABLE].contains(&kind);
    if !is_table || is_catalog {
        raise(
            ERRCODE_WRONG_OBJECT_TYPE,
            format!("{} cannot be protected", relation_name(relid)),
            Some("Protect the table that stores the columns.".to_owned()),
        );
    }
}

/// A column that nobody has decided on.
pub struct Undecided {
    /// The column.
    pub column: ColumnId,
    /// Its name.
    pub name: String,
}

impl Undecided {
    fn display(&self) -> String {
        format!("{}.{}", relation_name(self.column.0), self.name)
    }
}

/// The protected tables, those below labelled ones included.
pub fn tables() -> Vec<Oid> {
    query(
        "WITH RECURSIVE protected (relid) AS (
            SELECT l.objoid FROM pg_catalog.pg_seclabel l
            WHERE l.provider = 'pg_synth' AND l.objsubid = 0
              AND l.classoid = 'pg_catalog.pg_class'::pg_catalog.regclass
              AND pg_catalog.upper(pg_catalog.btrim(l.label)) = 'PROTECTED'
          UNION
            SELECT i.inhrelid FROM protected JOIN pg_catalog.pg_inherits i ON i.inhparent = protected.relid
         )
         SELECT p.relid FROM protected p JOIN pg_catalog.pg_class c ON c.oid = p.relid
         WHERE c.relkind IN ('r', 'p', 'f') ORDER BY p.relid",
        &[],
        |row| row.get(1),
    )
}

/// The columns of these tables without a rule, a carried one included, and without `NOT MASKED`.
/// Generated columns need none: they are computed anew.
pub fn undecided(relids: &[Oid], book: &Rulebook) -> Vec<Undecided> {
    catalog::plain_columns(relids)
        .into_iter()
        .filter(|(column, _)| book.rule(*column).is_none())
        .map(|(column, name)| Undecided { column, name })
        .collect()
}

/// Raises an error if one of these tables, or one below, is protected and has a column without a
/// decision. What reads or masks whole tables calls this before it touches a row.
pub fn require_decided(relids: &[Oid]) {
    let protected = tables();
    if protected.is_empty() {
        return;
    }
    let wanted: HashSet<Oid> = catalog::descendants(relids).into_iter().collect();
    let concerned: Vec<Oid> = protected
        .into_iter()
        .filter(|relid| wanted.contains(relid))
        .collect();
    if concerned.is_empty() {
        return;
    }
    refuse(&undecided(&concerned, &Rulebook::read()));
}

fn refuse(undecided: &[Undecided]) {
    let Some(first) = undecided.first() else {
        return;
    };
    let others = match undecided.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    raise(
        ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
        format!(
            "column {} of a protected table has no masking rule and no NOT MASKED{others}",
            first.display()
        ),
        Some(HINT.to_owned()),
    );
}

const HINT: &str = "Decide with synth_set_rule on each: a mask, or NOT MASKED. synth_validate_rules() lists the columns.";

/// Tells of undecided columns without refusing.
fn warn(undecided: &[Undecided]) {
    for column in undecided {
        ErrorReport::new(
            ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
            format!(
                "column {} of a protected table has no masking rule and no NOT MASKED",
                column.display()
            ),
            function_name!(),
        )
        .set_detail("Masking, masked copies and jobs refuse the table until it has.")
        .set_hint(HINT)
        .report(PgLogLevel::WARNING);
    }
}

sql_function! {
    /// `synth_protect(target regclass) RETURNS void`
    synth_protect(fcinfo) {
        // SAFETY: the argument type is the one declared in SQL.
        let target: Oid = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_else(|| raise_null("target"));
        set_label(target, None, Some(PROTECTED));
        warn(&undecided(&catalog::descendants(&[target]), &Rulebook::read()));
        Datum::null()
    }
}

sql_function! {
    /// `synth_unprotect(target regclass) RETURNS void`
    synth_unprotect(fcinfo) {
        // SAFETY: the argument type is the one declared in SQL.
        let target: Oid = unsafe { pg_getarg(fcinfo, 0) }.unwrap_or_else(|| raise_null("target"));
        set_label(target, None, None);
        Datum::null()
    }
}

sql_function! {
    /// `synth.table_changed() RETURNS event_trigger`: after each change of a table's definition.
    synth_table_changed(fcinfo) {
        // SAFETY: the context is a node or NULL.
        let is_event = unsafe {
            let context = (*fcinfo).context;
            !context.is_null() && (*context).type_ == pg_sys::NodeTag::T_EventTriggerData
        };
        if !is_event {
            raise(
                ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED,
                "synth.table_changed() is called by its event trigger only".to_owned(),
                Some("SELECT * FROM synth_validate_rules() tells the same.".to_owned()),
            );
        }
        references::refresh();
        let protected: HashSet<Oid> = tables().into_iter().collect();
        if !protected.is_empty() {
            let mut changed: Vec<Oid> = query(
                "SELECT DISTINCT c.objid FROM pg_catalog.pg_event_trigger_ddl_commands() c
                 WHERE c.classid = 'pg_catalog.pg_class'::pg_catalog.regclass",
                &[],
                |row| row.get(1),
            );
            changed.retain(|relid| protected.contains(relid));
            if !changed.is_empty() {
                warn(&undecided(&changed, &Rulebook::read()));
            }
        }
        Datum::null()
    }
}
