//! What the catalogs say of a table, for the engine to plan with.

use std::collections::HashSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use synth_engine::fill::class::Class;
use synth_engine::fill::{Column, Element, Exclusion, Given, Table, Unique};

use super::implied::{implied_checks, without_generated};
use super::inline::CatalogCheck;
use super::partitions;
use super::privileges::refuse_missing;
use super::types::Types;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::query;

/// A table of the catalog.
#[derive(Clone)]
pub struct Described {
    /// Its OID.
    pub relid: Oid,
    /// Schema and name, quoted.
    pub qualified: String,
    /// What the engine plans with; references are without keys as yet.
    pub table: Table,
    /// Its columns in the database, in the order of the table's.
    pub columns: Vec<DescribedColumn>,
    /// Its foreign keys.
    pub references: Vec<DescribedReference>,
    /// Names of unique and exclusion constraints that are checked at the end of a statement or
    /// transaction, so that a conflict cannot be passed over row by row.
    pub deferrable: Vec<String>,
    /// Partition constraints, one of which a row has to meet; empty if any row finds its place.
    pub partitions: Vec<String>,
}

/// A column in the database.
#[derive(Clone)]
pub struct DescribedColumn {
    /// Its number.
    pub number: i16,
    /// Its type, qualified and quoted, without modifiers.
    pub cast: String,
    /// The type under its domains, with modifier, as SQL under the safe search path.
    pub base: String,
    /// The numbers that its sequence gives, where that may be known.
    pub numbers: Option<Numbers>,
}

/// What a sequence gives, as it stood when it was read; numbers as SQL.
#[derive(Clone)]
pub struct Numbers {
    /// The number before the next one.
    pub last: String,
    pub step: String,
    /// None is given after this one.
    pub end: String,
}

/// A foreign key.
#[derive(Debug, Clone, Deserialize)]
pub struct DescribedReference {
    /// Its name.
    pub name: String,
    /// Columns here, by number.
    columns: Vec<i16>,
    table_id: u32,
    /// Columns there.
    pub their_columns: Vec<String>,
    /// The same, by number.
    pub their_numbers: Vec<i16>,
    /// Operators that compare theirs with ours.
    pub operators: Vec<String>,
    /// Whether it may be checked at the end of the transaction.
    pub deferrable: bool,
    /// Whether its columns are NULL together or not at all.
    pub match_full: bool,
    /// Columns here, by position.
    #[serde(skip)]
    pub positions: Vec<usize>,
}

impl DescribedReference {
    /// The table referred to.
    pub fn target(&self) -> Oid {
        Oid::from(self.table_id)
    }
}

/// A table as the catalogs have it.
#[derive(Debug, Deserialize)]
pub struct CatalogTable {
    schema: String,
    name: String,
    pub kind: char,
    pub columns: Vec<CatalogColumn>,
    checks: Vec<CatalogCheck>,
    uniques: Vec<CatalogUnique>,
    exclusions: Vec<CatalogExclusion>,
    references: Vec<DescribedReference>,
    pub partitions: Vec<Partition>,
    /// Indexes on expressions, as SQL.
    pub definitions: Vec<String>,
    pub own_partition: Option<String>,
}

/// A column as the catalogs have it.
#[derive(Debug, Deserialize)]
pub struct CatalogColumn {
    pub name: String,
    number: i16,
    #[serde(rename = "type")]
    type_name: String,
    pub type_id: u32,
    pub typmod: i32,
    pub not_null: bool,
    identity: String,
    pub generated: String,
    pub default: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "the columns of a query")]
struct CatalogUnique {
    name: String,
    columns: Vec<i16>,
    plain: bool,
    partial: bool,
    nulls_equal: bool,
    immediate: bool,
}

#[derive(Debug, Deserialize)]
struct CatalogExclusion {
    name: String,
    plain: bool,
    immediate: bool,
    /// Column or 0, operator, and what is compared as SQL.
    elements: Vec<(i16, String, String)>,
    columns: Vec<i16>,
}

/// A partition, or the partitioned table itself.
#[derive(Debug, Deserialize)]
pub struct Partition {
    pub id: u32,
    pub parent: Option<u32>,
    pub leaf: bool,
    pub strategy: Option<char>,
    pub bound: Option<String>,
    pub constraint: Option<String>,
    pub checks: Vec<String>,
}

/// Reads a document that a query of ours made.
pub fn document<T: DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_else(|error| {
        raise(
            ERRCODE_INTERNAL_ERROR,
            format!("could not read what the catalogs say: {error}"),
            None,
        )
    })
}

/// Reads a table from the catalogs. Raises an error for what is not a table.
pub fn describe(relid: Oid) -> Described {
    let found: Option<CatalogTable> = query(
        include_str!("catalog.sql"),
        &[(pg_sys::OIDOID, relid.into_datum())],
        |row| Ok(row.get::<String>(1)?.map(|text| document(&text))),
    )
    .pop();
    let Some(found) = found else {
        refuse_missing(relid);
    };
    check_kind(relid, found.kind);
    let ids: Vec<u32> = found.columns.iter().map(|column| column.type_id).collect();
    let types = Types::read(&ids);
    let partitions = partitions::demands(&found);
    let mut deferrable: Vec<String> = Vec::new();
    let uniques = found.uniques.iter().filter(|unique| !unique.immediate);
    deferrable.extend(uniques.map(|unique| unique.name.clone()));
    let exclusions = found
        .exclusions
        .iter()
        .filter(|exclusion| !exclusion.immediate);
    deferrable.extend(exclusions.map(|exclusion| exclusion.name.clone()));
    Described {
        relid,
        qualified: format!(
            "{}.{}",
            pgrx::spi::quote_identifier(&found.schema),
            pgrx::spi::quote_identifier(&found.name)
        ),
        columns: found
            .columns
            .iter()
            .map(|column| DescribedColumn {
                number: column.number,
                cast: types.qualified(column.type_id),
                base: types.base(column.type_id, column.typmod),
                numbers: None,
            })
            .collect(),
        references: references(&found),
        table: engine_table(relid, &found, &types, partitions.clone()),
        deferrable,
        partitions,
    }
}

/// Foreign keys by position of their columns; partitions repeat what they all refer to.
fn references(found: &CatalogTable) -> Vec<DescribedReference> {
    let mut seen = HashSet::new();
    let all = found.references.iter().cloned().map(|mut reference| {
        reference.positions = found.positions(&reference.columns);
        reference
    });
    all.filter(|reference| {
        seen.insert((
            reference.positions.clone(),
            reference.table_id,
            reference.their_numbers.clone(),
        ))
    })
    .collect()
}

/// What the engine plans with.
fn engine_table(relid: Oid, found: &CatalogTable, types: &Types, partitions: Vec<String>) -> Table {
    let own = found.checks.iter().map(|check| {
        let expression = check.expression(Some(relid));
        (check.name.clone(), without_generated(found, &expression))
    });
    let of_domains = found.columns.iter();
    let of_domains = of_domains.flat_map(|column| types.bodies(column.type_id));
    let bodies = found.checks.iter().flat_map(CatalogCheck::bodies);
    Table {
        name: found.name.clone(),
        columns: found
            .columns
            .iter()
            .map(|column| engine_column(column, types))
            .collect(),
        checks: own.chain(implied_checks(found, types)).collect(),
        bodies: bodies.chain(of_domains).collect(),
        unfillable: (found.kind == 'p' && !partitions::can_take_rows(found)).then(|| {
            format!(
                "partitioned table {} has no partitions that could take rows",
                found.name
            )
        }),
        uniques: found
            .uniques
            .iter()
            .map(|unique| Unique {
                name: unique.name.clone(),
                columns: found.positions(&unique.columns),
                plain: unique.plain,
                partial: unique.partial,
                nulls_equal: unique.nulls_equal,
            })
            .collect(),
        exclusions: found
            .exclusions
            .iter()
            .map(|exclusion| Exclusion {
                name: exclusion.name.clone(),
                elements: exclusion
                    .elements
                    .iter()
                    .map(|(number, operator, expression)| Element {
                        column: found.position(*number),
                        expression: expression.clone(),
                        operator: operator.clone(),
                    })
                    .collect(),
                columns: exclusion
                    .columns
                    .iter()
                    .filter_map(|number| found.position(*number))
                    .collect(),
                plain: exclusion.plain,
            })
            .collect(),
        references: Vec::new(),
        limits: Vec::new(),
        partitions,
        room: 0,
        existing_rows: 0,
        begun: 0,
        now: now(),
    }
}

impl CatalogTable {
    /// Where a column stands, by its number.
    fn position(&self, number: i16) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.number == number)
    }

    fn positions(&self, numbers: &[i16]) -> Vec<usize> {
        numbers
            .iter()
            .filter_map(|&number| self.position(number))
            .collect()
    }
}

/// Microseconds since 1970-01-01 at which the transaction began.
fn now() -> i64 {
    // SAFETY: reads the clock of the transaction.
    let now = unsafe { pg_sys::GetCurrentTransactionStartTimestamp() };
    crate::column::timestamp_from_postgres(now)
}

fn check_kind(relid: Oid, kind: char) {
    // The catalogs, and what initdb makes besides, as the information schema.
    let is_catalog = relid.to_u32() < pg_sys::FirstNormalObjectId;
    if matches!(kind, 'r' | 'p') && !is_catalog {
        return;
    }
    let hint = match kind {
        'r' | 'p' => "The catalogs are the server's own.",
        'v' | 'm' => "Fill the tables that the view reads.",
        'f' => "Fill a foreign table on its own server.",
        _ => "Name a table.",
    };
    raise(
        ERRCODE_WRONG_OBJECT_TYPE,
        format!("{} is not a table that can be filled", relation_name(relid)),
        Some(hint.to_owned()),
    );
}

fn engine_column(column: &CatalogColumn, types: &Types) -> Column {
    let shape = types.shape(column.type_id, column.typmod);
    let mut out = Column::new(&column.name, &column.type_name, shape.class);
    out.comment = column.comment.clone().unwrap_or_default();
    out.not_null = column.not_null || shape.not_null;
    out.domain_checks = shape.checks;
    out.default = match (
        &column.default,
        column.generated.as_str(),
        column.identity.as_str(),
    ) {
        (Some(expression), "s", _) => Given::Generated(expression.clone()),
        (_, _, "a" | "d") => Given::Sequence,
        (Some(expression), ..) if expression.starts_with("nextval(") => Given::Sequence,
        (Some(expression), ..) if is_constant(expression, &out.class) => {
            Given::Constant(expression.clone())
        }
        (Some(expression), ..) => Given::Expression(expression.clone()),
        (None, ..) => Given::Nothing,
    };
    out
}

/// Whether a default is a literal: it reads the same in every row.
fn is_constant(expression: &str, class: &Class) -> bool {
    let quoted = expression.starts_with('\'') && !expression.contains('(');
    let number = expression
        .trim_start_matches(['(', '-'])
        .starts_with(|c: char| c.is_ascii_digit());
    quoted || number || matches!((expression, class), ("true" | "false", Class::Boolean))
}
