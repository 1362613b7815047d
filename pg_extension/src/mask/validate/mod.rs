//! `synth_validate_rules`: what masking by the rules would break, told before a row is touched.
//!
//! A handful of queries over all tables at once, so that a thousand tables take no longer than the
//! catalogs take to read.

mod demands;
mod rules;
mod surroundings;

use std::collections::{HashMap, HashSet};

use pgrx::iter::TableIterator;
use pgrx::pg_sys::{self, Oid};
use pgrx::prelude::*;

use super::findings::{self, Finding, Masked, Table};
use super::rulebook::{ColumnId, Rulebook, gives_null, is_injective};
use crate::error::raise;

/// `synth_validate_rules(schema name)`
#[pg_extern(sql = false)]
#[allow(
    clippy::type_complexity,
    reason = "the columns of the function's result"
)]
fn synth_validate_rules(
    schema: Option<&std::ffi::CStr>,
) -> TableIterator<
    'static,
    (
        name!(schema_name, Option<String>),
        name!(table_name, Option<String>),
        name!(column_name, Option<String>),
        name!(severity, Option<&'static str>),
        name!(check_name, Option<&'static str>),
        name!(message, Option<String>),
        name!(hint, Option<String>),
    ),
> {
    let schema = schema.map(|schema| {
        require_schema(schema);
        schema.to_string_lossy().into_owned()
    });
    let mut validation = Validation::new(schema.as_deref());
    validation.run();
    TableIterator::new(validation.sorted().into_iter().map(|(place, finding)| {
        let (schema, table) = place.unzip();
        (
            schema,
            table,
            finding.column,
            Some(if finding.is_error { "error" } else { "warning" }),
            Some(finding.check),
            Some(finding.message),
            Some(finding.hint),
        )
    }))
}

fn require_schema(schema: &std::ffi::CStr) {
    // SAFETY: catalog look-up by a NUL-terminated name.
    let oid = unsafe { pg_sys::get_namespace_oid(schema.as_ptr(), true) };
    if oid == pg_sys::InvalidOid {
        raise(
            PgSqlErrorCode::ERRCODE_INVALID_SCHEMA_NAME,
            format!("schema \"{}\" does not exist", schema.to_string_lossy()),
            Some("Give the schema's name as the catalog has it, or none for all.".to_owned()),
        );
    }
}

/// Rules, the tables they concern and what has been found.
struct Validation {
    book: Rulebook,
    /// Tables in question, by OID.
    tables: HashMap<Oid, Table>,
    masked: Vec<Masked>,
    findings: Vec<Finding>,
    /// Findings told, by table tree, so that each partition does not repeat them.
    told: HashSet<(usize, &'static str)>,
}

impl Validation {
    fn new(schema: Option<&str>) -> Self {
        let book = Rulebook::read();
        let tables: HashMap<Oid, Table> = findings::tables()
            .into_iter()
            .filter(|table| schema.is_none_or(|schema| table.schema == schema))
            .map(|table| (table.relid, table))
            .collect();
        let masked = book
            .masked()
            .filter(|(column, _)| tables.contains_key(&column.0))
            .map(|(column, rule)| Masked {
                column,
                injective: is_injective(rule) || gives_null(rule),
            })
            .collect();
        Self {
            book,
            tables,
            masked,
            findings: Vec::new(),
            told: HashSet::new(),
        }
    }

    fn run(&mut self) {
        self.encoding();
        self.problems();
        self.fit();
        self.indexes();
        self.values();
        self.computed();
        self.triggers();
        self.partition_keys();
        self.security();
        self.replicas();
        self.owners();
        self.undecided();
    }

    /// Each finding with the schema and name of its table, in their order.
    fn sorted(self) -> Vec<(Option<(String, String)>, Finding)> {
        let tables = self.tables;
        let mut findings: Vec<_> = self
            .findings
            .into_iter()
            .map(|finding| {
                let table = finding.relid.and_then(|relid| tables.get(&relid));
                let place = table.map(|table| (table.schema.clone(), table.name.clone()));
                (place, finding)
            })
            .collect();
        findings.sort_by(|(place, a), (other, b)| {
            (place, &a.column, !a.is_error, a.check, &a.message).cmp(&(
                other,
                &b.column,
                !b.is_error,
                b.check,
                &b.message,
            ))
        });
        findings
    }

    fn column(
        &mut self,
        column: ColumnId,
        check: &'static str,
        is_error: bool,
        texts: [String; 2],
    ) {
        let [message, hint] = texts;
        self.findings.push(Finding {
            relid: Some(column.0),
            column: Some(self.book.name(column).to_owned()),
            is_error,
            check,
            message,
            hint,
        });
    }

    fn table(&mut self, relid: Oid, check: &'static str, is_error: bool, texts: [String; 2]) {
        let [message, hint] = texts;
        self.findings.push(Finding {
            relid: Some(relid),
            column: None,
            is_error,
            check,
            message,
            hint,
        });
    }

    /// The tables with a masked column, in order.
    fn ruled(&self) -> Vec<Oid> {
        let mut relids: Vec<Oid> = self.masked.iter().map(|masked| masked.column.0).collect();
        relids.dedup();
        relids.sort_by_key(|relid| relid.to_u32());
        relids.dedup();
        relids
    }
}
