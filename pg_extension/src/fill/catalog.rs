//! What the catalogs say of a table, for the engine to plan with.

use std::collections::HashSet;

use pgrx::IntoDatum;
use pgrx::PgSqlErrorCode::*;
use pgrx::pg_sys::{self, Oid};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use synth_engine::fill::class::Class;
use synth_engine::fill::{Column, Exclusion, Given, Table, Unique};

use super::insert::replace_word;
use super::types::Types;
use crate::boundary::relation_name;
use crate::error::raise;
use crate::query::query;

/// A table of the catalog.
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
pub struct DescribedColumn {
    /// Its number.
    pub number: i16,
    /// Its type, qualified and quoted, without modifiers.
    pub cast: String,
    /// The type under its domains, with modifier, as SQL under the safe search path.
    pub base: String,
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

#[derive(Debug, Deserialize)]
struct CatalogTable {
    schema: String,
    name: String,
    kind: char,
    columns: Vec<CatalogColumn>,
    checks: Vec<(String, String)>,
    uniques: Vec<CatalogUnique>,
    exclusions: Vec<CatalogExclusion>,
    references: Vec<DescribedReference>,
    partitions: Vec<Partition>,
    /// Indexes on expressions, as SQL.
    definitions: Vec<String>,
    own_partition: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CatalogColumn {
    name: String,
    number: i16,
    #[serde(rename = "type")]
    type_name: String,
    type_id: u32,
    typmod: i32,
    not_null: bool,
    identity: String,
    generated: String,
    default: Option<String>,
    comment: Option<String>,
}

#[derive(Debug, Deserialize)]
struct CatalogUnique {
    name: String,
    columns: Vec<i16>,
    plain: bool,
    nulls_equal: bool,
    immediate: bool,
}

#[derive(Debug, Deserialize)]
struct CatalogExclusion {
    name: String,
    plain: bool,
    immediate: bool,
    elements: Vec<(i16, String)>,
}

#[derive(Debug, Deserialize)]
struct Partition {
    id: u32,
    parent: Option<u32>,
    leaf: bool,
    strategy: Option<char>,
    bound: Option<String>,
    constraint: Option<String>,
    checks: Vec<String>,
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
        raise(
            ERRCODE_UNDEFINED_TABLE,
            format!("there is no table with OID {}", relid.to_u32()),
            Some("The table may have been dropped meanwhile.".to_owned()),
        );
    };
    check_kind(relid, found.kind);
    let ids: Vec<u32> = found.columns.iter().map(|column| column.type_id).collect();
    let types = Types::read(&ids);
    let position = |number: i16| {
        found
            .columns
            .iter()
            .position(|column| column.number == number)
    };
    let positions = |numbers: &[i16]| {
        numbers
            .iter()
            .filter_map(|&number| position(number))
            .collect::<Vec<_>>()
    };
    let partitions = effective_partitions(&found);
    let mut deferrable: Vec<String> = Vec::new();
    deferrable.extend(
        found
            .uniques
            .iter()
            .filter(|u| !u.immediate)
            .map(|u| u.name.clone()),
    );
    deferrable.extend(
        found
            .exclusions
            .iter()
            .filter(|x| !x.immediate)
            .map(|x| x.name.clone()),
    );
    let table = Table {
        name: found.name.clone(),
        columns: found
            .columns
            .iter()
            .map(|column| engine_column(column, &types))
            .collect(),
        checks: {
            let own = found
                .checks
                .iter()
                .map(|(name, text)| (name.clone(), without_generated(&found, text)));
            own.chain(implied_checks(&found, &types)).collect()
        },
        unfillable: (found.kind == 'p' && !has_places(&found)).then(|| {
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
                columns: positions(&unique.columns),
                plain: unique.plain,
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
                    .map(|(number, operator)| (position(*number), operator.clone()))
                    .collect(),
                plain: exclusion.plain,
            })
            .collect(),
        references: Vec::new(),
        limits: Vec::new(),
        partitions: partitions.clone(),
        existing_rows: 0,
        now: now(),
    };
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
            })
            .collect(),
        references: {
            let mut seen = HashSet::new();
            let all = found.references.iter().cloned().map(|mut reference| {
                reference.positions = positions(&reference.columns);
                reference
            });
            // Partitions repeat what they all refer to.
            all.filter(|reference| {
                seen.insert((
                    reference.positions.clone(),
                    reference.table_id,
                    reference.their_numbers.clone(),
                ))
            })
            .collect()
        },
        table,
        deferrable,
        partitions,
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

/// What the types of generated columns demand of the columns they are computed from.
fn implied_checks(table: &CatalogTable, types: &Types) -> Vec<(String, String)> {
    let mut out = Vec::new();
    let generated = table
        .columns
        .iter()
        .filter(|column| column.generated == "s");
    let expressions = generated.filter_map(|column| column.default.as_deref());
    for expression in expressions.chain(table.definitions.iter().map(String::as_str)) {
        for (low, high) in range_bounds(expression) {
            out.push((
                format!("range of {low} and {high}"),
                format!("({low} <= {high})"),
            ));
        }
    }
    for column in &table.columns {
        let (Some(expression), "s") = (&column.default, column.generated.as_str()) else {
            continue;
        };
        let shape = types.shape(column.type_id, column.typmod);
        let limit = match shape.class {
            Class::Decimal {
                precision: Some(precision),
                scale,
            } => {
                let whole = i64::from(precision) - i64::from(scale.unwrap_or(0));
                // One less than the power of ten: what is computed is rounded on assignment.
                usize::try_from(whole)
                    .ok()
                    .map(|digits| "9".repeat(digits.max(1)))
            }
            Class::Integer { bytes: 2 } => Some(i16::MAX.to_string()),
            Class::Integer { bytes: 4 } => Some(i32::MAX.to_string()),
            _ => None,
        };
        let name = format!("type of column {}", column.name);
        if let Some(limit) = limit {
            out.push((
                name,
                format!("((({expression}) <= ({limit})::numeric) AND (({expression}) >= ('-{limit}')::numeric))"),
            ));
        } else if let Class::Text {
            max_chars: Some(chars),
            ..
        } = shape.class
        {
            // What a text is made of is as long at most, however it is put together.
            let parts: Vec<String> = table
                .columns
                .iter()
                .filter(|part| part.name != column.name)
                .filter(|part| types.shape(part.type_id, part.typmod).class.is_text())
                .map(|part| pgrx::spi::quote_identifier(&part.name))
                .filter(|part| replace_word(expression, part, "") != *expression)
                .collect();
            for part in &parts {
                let share = (chars as usize / parts.len()).max(1);
                out.push((name.clone(), format!("(length(({part})::text) <= {share})")));
            }
            out.push((name, format!("(length(({expression})::text) <= {chars})")));
        }
        if column.not_null {
            out.push((
                format!("column {}", column.name),
                format!("(({expression}) IS NOT NULL)"),
            ));
        }
    }
    out
}

/// A constraint with generated columns replaced by what they are computed from.
fn without_generated(table: &CatalogTable, expression: &str) -> String {
    let mut out = expression.to_owned();
    for column in &table.columns {
        if let (Some(generated), "s") = (&column.default, column.generated.as_str()) {
            let name = pgrx::spi::quote_identifier(&column.name);
            out = replace_word(&out, &name, &format!("({generated})"));
        }
    }
    out
}

/// Whether any partition can take rows.
fn has_places(table: &CatalogTable) -> bool {
    table
        .partitions
        .iter()
        .any(|partition| partition.leaf && partition.strategy.is_none())
}

/// The columns that a range is made of, as in `tstzrange(a, b)`: the first may not be above the
/// second.
fn range_bounds(expression: &str) -> Vec<(String, String)> {
    let mut out = Vec::new();
    for (at, _) in expression.match_indices("range(") {
        let rest = &expression[at + "range(".len()..];
        let Some(end) = rest.find([')', '(']) else {
            continue;
        };
        let mut parts = rest[..end].split(", ");
        if let (Some(low), Some(high)) = (parts.next(), parts.next()) {
            let is_name = |text: &str| {
                let plain = !text.contains(['\'', ' ', ':']);
                let digit = text.starts_with(|c: char| c.is_ascii_digit());
                !text.is_empty() && !digit && (text.starts_with('"') || plain)
            };
            if is_name(low) && is_name(high) {
                out.push((low.to_owned(), high.to_owned()));
            }
        }
    }
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

/// What the partitions that can take rows demand, each as one expression. A complete set of hash
/// partitions demands nothing. A default partition is passed over where there are others.
fn effective_partitions(table: &CatalogTable) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let own = table.own_partition.clone().filter(|text| !text.is_empty());
    if let Some(root) = table.partitions.iter().find(|partition| {
        !table
            .partitions
            .iter()
            .any(|other| Some(other.id) == partition.parent)
    }) {
        if root.leaf {
            return own.into_iter().collect();
        }
        collect(root, &table.partitions, &mut out);
    } else {
        out.extend(own);
    }
    if out.iter().any(String::is_empty) {
        return Vec::new();
    }
    out
}

fn collect(node: &Partition, all: &[Partition], out: &mut Vec<String>) {
    let children: Vec<&Partition> = all.iter().filter(|p| p.parent == Some(node.id)).collect();
    let bound = |partition: &Partition| partition.bound.clone().unwrap_or_default();
    let only_default = children.iter().all(|child| bound(child) == "DEFAULT");
    if node.leaf || (only_default && !children.is_empty()) || is_complete(node, &children) {
        let mut conditions: Vec<String> = node
            .constraint
            .iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .collect();
        conditions.extend(node.checks.iter().map(|check| format!("({check})")));
        out.push(match conditions.len() {
            0 => String::new(),
            1 => conditions.remove(0),
            _ => format!("({})", conditions.join(" AND ")),
        });
        return;
    }
    for child in children {
        if bound(child) != "DEFAULT" {
            collect(child, all, out);
        }
    }
}

/// Whether hash partitions cover every remainder.
fn is_complete(node: &Partition, children: &[&Partition]) -> bool {
    if node.strategy != Some('h') || children.iter().any(|child| !child.leaf) {
        return false;
    }
    // FOR VALUES WITH (modulus 4, remainder 0)
    let moduli: Option<Vec<u64>> = children
        .iter()
        .map(|child| {
            let bound = child.bound.as_deref()?;
            let (_, rest) = bound.split_once("modulus ")?;
            rest.split(',').next()?.trim().parse().ok()
        })
        .collect();
    let Some(moduli) = moduli else { return false };
    let largest = moduli.iter().copied().max().unwrap_or(0);
    largest > 0 && moduli.iter().map(|modulus| largest / modulus).sum::<u64>() == largest
}
